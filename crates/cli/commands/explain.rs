//! `explain`: each step with its place and clause; the steps sum to the amount.

use std::fmt::Write as _;

use chrono_tz::Tz;
use feebook_core::error::{self, Error};
use feebook_core::explain::{ExplainedLine, ExplainedStep, Explanation, explain};
use feebook_core::fact::No;
use feebook_core::postings::{Part, Posting};
use feebook_schedule::iso::written;
use feebook_schedule::zone;
use serde_json::{Value, json};

use super::open_to_answer;
use crate::args::{Explain, Form, Global};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};

pub(crate) fn run(global: &Global, output: &Output, args: &Explain) -> Outcome<u8> {
    let (ledger, terms) = open_to_answer(global, args.program.as_deref())?;
    let Some(order_no) = No::parse(&args.order) else {
        return Err(Error::new(&error::NO_ORDER, "an order number is never empty").into());
    };
    let mut explanation = explain(&ledger, &terms, args.program.as_deref(), &order_no)?;
    if let Some(line) = &args.line {
        explanation.lines.retain(|known| known.line_no.to_string() == *line);
        if explanation.lines.is_empty() {
            let message = format!("order {order_no} has no line {line}");
            return Err(Error::new(&error::NO_ORDER, message)
                .hint("leave --line out to see all its lines")
                .into());
        }
    }
    if explanation.run_id.is_none() {
        say("no run has seen this order: shown as `feebook recompute` would find it now");
    } else if explanation.stale {
        say("what is known of this order, or its terms, changed since: it waits for `feebook \
             recompute`; shown as last computed");
    }
    match output.form {
        Form::Text => output.text(&text(&explanation))?,
        Form::Json => output.json(&document(&explanation))?,
        Form::Csv => table(output, &explanation)?,
    }
    Ok(DONE)
}

/// The steps as people read them.
pub(super) fn text(explanation: &Explanation) -> String {
    // A number that ends its line would end whatever the text stands in.
    let shown = |no: &No| Cell::Text(no.to_string()).in_text();
    let mut text = format!("order {} of {}\n", shown(&explanation.order_no), explanation.program);
    for step in &explanation.order_steps {
        push_step(&mut text, step, explanation.decimals);
    }
    for line in &explanation.lines {
        let (line_no, verdict) = (shown(&line.line_no), line.verdict.word());
        let _ = write!(text, "\nline {line_no}  {}  {verdict}\n", line.status);
        for step in &line.steps {
            push_step(&mut text, step, explanation.decimals);
        }
        push_sum(&mut text, &total(explanation, line.total), "line");
    }
    if explanation.lines.len() > 1 {
        text.push('\n');
        push_sum(&mut text, &total(explanation, known_total(explanation)), "order");
    }
    // One posting is the sum above; several are a story. A run that found the same is no part of it.
    let moved = |posting: &&Posting| posting.parts.iter().any(|part| !part.by_state.is_empty());
    let told: Vec<&Posting> = explanation.postings.iter().filter(moved).collect();
    if told.len() > 1 {
        text.push_str("\nposted\n");
        for posting in told {
            push_posting(&mut text, posting);
        }
    }
    text.trim_end().to_owned()
}

/// A posting, with a line for each currency that it touched.
fn push_posting(text: &mut String, posting: &Posting) {
    let runs: Vec<String> = posting.reverses.iter().map(|run| format!("run {run}")).collect();
    let reversal = if runs.is_empty() {
        String::new()
    } else {
        format!(", a reversal of {}", runs.join(" and "))
    };
    let adjusts = posting.adjusts.map_or_else(String::new, |dated| {
        let month = dated.adjusts.map_or_else(String::new, |month| format!(" for {month}"));
        format!(", an adjustment{month}, which is closed, dated {}", dated.on)
    });
    let several = posting.parts.len() > 1;
    for part in posting.parts.iter().filter(|part| !several || !part.by_state.is_empty()) {
        let signed = |minor: i64| {
            let sign = if minor >= 0 { "+" } else { "" };
            format!("{sign}{}", part.written(minor))
        };
        let currency = part.currency.filter(|_| several);
        let currency = currency.map_or_else(String::new, |currency| format!(" {currency}"));
        let amount = signed(part.difference);
        let moved: Vec<String> = part
            .by_state
            .iter()
            .map(|(state, minor)| format!("{state} {}", signed(*minor)))
            .collect();
        let (run, because, moved) = (posting.run_id, &posting.because, moved.join(", "));
        let _ = writeln!(
            text,
            "{amount:>12}{currency}  run {run}{reversal}{adjusts}: {moved} ({because})"
        );
    }
}

/// What the order earns; none where that cannot be said of any of its lines.
fn known_total(explanation: &Explanation) -> Option<i64> {
    let known = explanation.lines.iter().any(|line| line.total.is_some());
    known.then(|| explanation.total())
}

fn total(explanation: &Explanation, minor: Option<i64>) -> String {
    minor.map_or_else(|| "not known".to_owned(), |minor| money(explanation, minor))
}

fn money(explanation: &Explanation, minor: i64) -> String {
    written(minor, explanation.decimals)
}

/// Amounts stand in a column of their own, so that the eye can add them up.
fn push_step(text: &mut String, step: &ExplainedStep, decimals: u32) {
    let amount = step.amount.map_or_else(String::new, |minor| signed(minor, decimals));
    let _ = writeln!(text, "{amount:>12}  {}", step.text);
    let mut sources = Vec::new();
    if let Some(clause) = &step.clause {
        sources.push(format!("clause {clause}"));
    }
    if let Some(place) = &step.place {
        sources.push(place.to_string());
    }
    if !sources.is_empty() {
        let _ = writeln!(text, "{:>14}{}", "", sources.join(", "));
    }
    for (key, why) in &step.assumed {
        let _ = writeln!(text, "{:>14}assumed {key}: {why}", "");
    }
}

fn push_sum(text: &mut String, total: &str, what: &str) {
    let _ = writeln!(text, "{total:>12}  = {what}");
}

fn signed(minor: i64, decimals: u32) -> String {
    let sign = if minor >= 0 { "+" } else { "" };
    format!("{sign}{}", written(minor, decimals))
}

/// The steps as a document.
pub(super) fn document(explanation: &Explanation) -> Value {
    let step = |step: &ExplainedStep| {
        json!({
            "text": step.text,
            "amount": step.amount.map(|minor| money(explanation, minor)),
            "clause": step.clause,
            "place": step.place.as_ref().map(ToString::to_string),
            "assumed": step.assumed.iter().map(|(key, why)| json!({"key": key, "why": why}))
                .collect::<Vec<_>>(),
        })
    };
    let line = |line: &ExplainedLine| {
        json!({
            "line_no": line.line_no.to_string(),
            "status": line.status,
            "verdict": line.verdict.word(),
            "reason": line.reason,
            "steps": line.steps.iter().map(step).collect::<Vec<_>>(),
            "total": line.total.map(|minor| money(explanation, minor)),
        })
    };
    let part = |part: &Part| {
        json!({
            "currency": part.currency.map(|currency| currency.to_string()),
            "difference": part.written(part.difference),
            "by_state": part.by_state.iter()
                .map(|(state, minor)| ((*state).to_owned(), part.written(*minor).into()))
                .collect::<serde_json::Map<_, Value>>(),
        })
    };
    let posting = |posting: &Posting| {
        json!({
            "run": posting.run_id,
            "ran_at": zone::written(Tz::UTC, posting.ran_at),
            "parts": posting.parts.iter().map(part).collect::<Vec<_>>(),
            "reverses": posting.reverses,
            "adjusts": posting.adjusts.and_then(|dated| dated.adjusts).map(|month| month.to_string()),
            "dated": posting.adjusts.map(|dated| dated.on.to_string()),
            "because": posting.because,
        })
    };
    json!({
        "program": explanation.program,
        "order_no": explanation.order_no.to_string(),
        "run": explanation.run_id,
        "schedule": explanation.schedule,
        "currency": explanation.currency.map(|currency| currency.to_string()),
        "steps": explanation.order_steps.iter().map(step).collect::<Vec<_>>(),
        "lines": explanation.lines.iter().map(line).collect::<Vec<_>>(),
        "total": known_total(explanation).map(|minor| money(explanation, minor)),
        "postings": explanation.postings.iter().map(posting).collect::<Vec<_>>(),
    })
}

fn table(output: &Output, explanation: &Explanation) -> Outcome<()> {
    let mut sheet =
        output.sheet(&["order_no", "line_no", "step", "amount", "clause", "place", "assumed"])?;
    let order_no = explanation.order_no.to_string();
    let of_order = explanation.order_steps.iter().map(|step| (None, step));
    let of_lines = explanation
        .lines
        .iter()
        .flat_map(|line| line.steps.iter().map(move |step| (Some(&line.line_no), step)));
    for (line_no, step) in of_order.chain(of_lines) {
        let assumed: Vec<&str> = step.assumed.iter().map(|(key, _)| key.as_str()).collect();
        sheet.row(vec![
            Cell::Text(order_no.clone()),
            Cell::text(line_no.map(ToString::to_string)),
            Cell::Text(step.text.clone()),
            Cell::figure(step.amount.map(|minor| money(explanation, minor))),
            Cell::text(step.clause.clone()),
            Cell::text(step.place.as_ref().map(ToString::to_string)),
            Cell::text(Some(assumed.join(" ")).filter(|keys| !keys.is_empty())),
        ])?;
    }
    sheet.finish()
}
