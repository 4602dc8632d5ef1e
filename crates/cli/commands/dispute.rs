//! `dispute`: what was reported or paid short, as a folder that can be sent.
//!
//! Owns the layout. What a report says is escaped, so that no product title becomes markup or a
//! formula. The folder is written under another name and then given its own: whoever finds it finds all
//! of it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::dispute::{Claim, Claimed, ClaimedOrder, dispute};
use feebook_core::error::{self, Error};
use feebook_core::fact::No;
use feebook_core::reconcile::Finding;
use feebook_schedule::Currency;
use serde_json::{Value, json};

use super::reconcile::{COLUMNS, asked, records, row, signed};
use super::{counted, explain, open_to_answer};
use crate::args::{Dispute, Form, Global};
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, args: &Dispute) -> Outcome<u8> {
    let asked = asked(args.scope(), &args.bounds);
    let (ledger, terms) = open_to_answer(global, asked.scope.program.as_deref())?;
    let claimed = if args.month.is_some() {
        Claimed::Short
    } else {
        let orders: Option<Vec<No>> = args.orders.iter().map(|order| No::parse(order)).collect();
        let orders =
            orders.ok_or_else(|| Error::new(&error::NO_ORDER, "an order number is never empty"))?;
        Claimed::Orders(orders)
    };
    let mut bar = Bar::new(global, "orders", None);
    let claim = dispute(&ledger, &terms, &asked, &claimed, &mut bar)?;
    drop(bar);
    let folder = folder(global, args, &claim);
    let on = asked.on.to_string();
    write_folder(global, &folder, &claim, &on)?;
    let orders = counted(u64::try_from(claim.orders.len()).unwrap_or(u64::MAX), "order");
    let output = Output::new(&Global { output: None, ..global.clone() });
    let totals = totals(&claim).join(", ");
    output.text(&format!(
        "wrote {}: {orders} of {}, reported and paid less what is due {totals}\n\
         next: read README.md, then send the folder to the network",
        folder.display(),
        claim.program
    ))?;
    super::lines::tell_waiting(claim.waiting, None);
    Ok(DONE)
}

/// The folder: that of -o, else one named after what is claimed.
fn folder(global: &Global, args: &Dispute, claim: &Claim) -> PathBuf {
    if let Some(folder) = &global.output {
        return folder.clone();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let what = match (args.month, args.orders.as_slice()) {
        (Some(month), _) => month.to_string(),
        (None, [only]) => only.chars().map(plain).collect(),
        (None, orders) => format!("{}-orders", orders.len()),
    };
    PathBuf::from(format!("dispute-{}-{what}", claim.program))
}

/// Writes the folder whole, or not at all.
fn write_folder(global: &Global, folder: &Path, claim: &Claim, on: &str) -> Outcome<()> {
    if folder.exists() {
        let message = format!("{} is there already", folder.display());
        return Err(Error::new(&error::FOLDER_TAKEN, message)
            .hint("nothing was written; name another folder with -o")
            .into());
    }
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let making = folder.with_file_name(name);
    let written = write_files(global, &making, claim, on).and_then(|()| {
        fs::rename(&making, folder).map_err(|e| Error::file(folder, "write", e))?;
        Ok(())
    });
    if written.is_err() {
        // What was written in part is not left behind; the failure is the one to tell.
        let _ = fs::remove_dir_all(&making);
    }
    written
}

fn write_files(global: &Global, folder: &Path, claim: &Claim, on: &str) -> Outcome<()> {
    let write = |name: &str, text: &str| -> Outcome<()> {
        let path = folder.join(name);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(|e| Error::file(above, "make", e))?;
        }
        fs::write(&path, text).map_err(|e| Error::file(&path, "write", e))?;
        Ok(())
    };
    write("README.md", &readme(claim, on))?;
    let claim_json = serde_json::to_string_pretty(&document(claim, on))
        .map_err(|e| Error::file(&folder.join("claim.json"), "write", e.into()))?;
    write("claim.json", &format!("{claim_json}\n"))?;
    for source in &claim.quoted {
        write(&format!("terms/{}", source.path()), source.text())?;
    }
    let to =
        Global { form: Some(Form::Csv), output: Some(folder.join("lines.csv")), ..global.clone() };
    let output = Output::new(&to);
    let mut sheet = output.sheet(&COLUMNS)?;
    for finding in claim.orders.iter().flat_map(|order| &order.findings) {
        sheet.row(row(finding))?;
    }
    sheet.finish()
}

fn totals(claim: &Claim) -> Vec<String> {
    let each = claim.totals.iter();
    each.map(|(currency, minor)| format!("{} {currency}", signed(Some(*currency), *minor)))
        .collect()
}

/// Text of whoever wrote it, so that Markdown takes it for text: on one line, without markup.
fn md(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A block that no line of it can end.
fn fenced(kind: &str, text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.into() }
    };
    let text: String = text.chars().map(plain).collect();
    let (mut longest, mut run) = (2, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}{kind}\n{}\n{fence}\n", text.trim_end())
}

fn readme(claim: &Claim, on: &str) -> String {
    let network = claim
        .network
        .as_deref()
        .map_or_else(String::new, |network| format!(", network {}", md(network)));
    let mut text = format!(
        "# Commissions reported or paid short: {}\n\n\
         Program {} ({}{network}), as of {on}.\n\n\
         In all, what was reported and paid less what the terms give: **{}**. Below zero is what is \
         claimed.\n\n\
         | order | differs by | because |\n|---|---:|---|\n",
        md(&claim.name),
        md(&claim.name),
        md(&claim.program),
        totals(claim).join(", ")
    );
    // Writing to a string cannot fail.
    for order in &claim.orders {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            md(&order.explanation.order_no.to_string()),
            sum(order),
            md(&titles(order))
        );
    }
    text.push_str(
        "\nA difference is what was reported less what the terms give, or what was paid less what was \
         reported. `lines.csv` and `claim.json` hold the same figures; `terms/` holds the terms that \
         were applied, word for word as they are on record.\n",
    );
    for order in &claim.orders {
        push_order(&mut text, order);
    }
    text
}

/// What the findings of an order sum to, by currency.
fn sum(order: &ClaimedOrder) -> String {
    let mut sums: std::collections::BTreeMap<Currency, i64> = std::collections::BTreeMap::new();
    for finding in &order.findings {
        if let (Some(currency), Some(minor)) = (finding.currency, finding.difference) {
            *sums.entry(currency).or_default() += minor;
        }
    }
    let each = sums
        .iter()
        .map(|(currency, minor)| format!("{} {currency}", signed(Some(*currency), *minor)));
    let all: Vec<String> = each.collect();
    if all.is_empty() { "not subtracted".to_owned() } else { all.join(", ") }
}

fn titles(order: &ClaimedOrder) -> String {
    let mut titles: Vec<&str> =
        order.findings.iter().map(|finding| finding.diagnosis.title()).collect();
    titles.dedup();
    titles.join("; ")
}

fn push_order(text: &mut String, order: &ClaimedOrder) {
    let _ = write!(text, "\n## Order {}\n\n", md(&order.explanation.order_no.to_string()));
    if let Some(version) = &order.version {
        let told = |what: &str, day: Option<&String>| {
            day.map_or_else(String::new, |day| format!(", {what} {day}"))
        };
        let _ = writeln!(
            text,
            "Terms: version {}, in force since {}{}{}{}. Source: {}.\n",
            md(&version.id),
            version.effective_at,
            told("announced", version.announced_on.as_ref()),
            told("learned of", version.learned_on.as_ref()),
            told("compared with its source", version.checked_on.as_ref()),
            md(&version.source)
        );
    }
    text.push_str("### Differences\n\n");
    text.push_str("| line | code | expected | reported | paid | difference | age | finding |\n");
    text.push_str("|---|---|---:|---:|---:|---:|---|---|\n");
    for finding in &order.findings {
        push_finding(text, finding);
    }
    text.push_str("\n### Lines as reported\n\n| line | fact | value |\n|---|---|---|\n");
    for line in &order.lines {
        for (name, value) in &line.facts {
            let _ =
                writeln!(text, "| {} | {name} | {} |", md(&line.line_no.to_string()), md(value));
        }
    }
    let _ = write!(
        text,
        "\n### Arithmetic\n\n{}\n### Clauses\n",
        fenced("text", &explain::text(&order.explanation))
    );
    for clause in &order.clauses {
        let number = clause.clause.as_deref();
        let number = number.map_or_else(String::new, |clause| format!("Clause {}, ", md(clause)));
        let _ = write!(
            text,
            "\n{number}{} line {}:\n\n{}",
            md(&clause.file),
            clause.line,
            fenced("toml", &clause.text)
        );
    }
}

fn push_finding(text: &mut String, finding: &Finding) {
    let cells = row(finding);
    let shown = |name: &str| {
        let at = COLUMNS.iter().position(|column| *column == name);
        at.and_then(|at| cells.get(at)).map_or_else(String::new, |cell| md(&cell.shown()))
    };
    let amount = |name: &str, currency: &str| {
        let (amount, currency) = (shown(name), shown(currency));
        if amount.is_empty() { amount } else { format!("{amount} {currency}") }
    };
    let days = finding.age.map_or_else(String::new, |age| format!("{} days", age.days));
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {days} | {} |",
        shown("line_no"),
        shown("code"),
        amount("expected", "currency"),
        amount("reported", "reported_currency"),
        amount("paid", "paid_currency"),
        amount("difference", "currency"),
        shown("finding")
    );
}

fn document(claim: &Claim, on: &str) -> Value {
    let order = |order: &ClaimedOrder| {
        let rows: Vec<Vec<Cell>> = order.findings.iter().map(row).collect();
        let lines = order.lines.iter().map(|line| {
            let facts = line.facts.iter();
            let facts: serde_json::Map<String, Value> = facts
                .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
                .collect();
            json!({ "line_no": line.line_no.to_string(), "facts": facts })
        });
        let clauses = order.clauses.iter().map(|clause| {
            json!({
                "clause": clause.clause,
                "file": clause.file,
                "line": clause.line,
                "text": clause.text,
            })
        });
        json!({
            "order_no": order.explanation.order_no.to_string(),
            "version": order.version.as_ref().map(|version| json!({
                "schedule": version.id,
                "source": version.source,
                "effective_at": version.effective_at,
                "announced_on": version.announced_on,
                "learned_on": version.learned_on,
                "checked_on": version.checked_on,
            })),
            "findings": records(&COLUMNS, &rows),
            "lines": lines.collect::<Vec<_>>(),
            "explanation": explain::document(&order.explanation),
            "clauses": clauses.collect::<Vec<_>>(),
        })
    };
    let totals = claim.totals.iter().map(|(currency, minor)| {
        json!({ "currency": currency.to_string(), "difference": signed(Some(*currency), *minor) })
    });
    json!({
        "program": claim.program,
        "name": claim.name,
        "network": claim.network,
        "on": on,
        "totals": totals.collect::<Vec<_>>(),
        "orders": claim.orders.iter().map(order).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_stays_text() {
        assert_eq!(md("a|b\n# <b>[x](y)"), "a\\|b \\# \\<b\\>\\[x\\](y)");
        assert_eq!(fenced("text", "a\n```\nb"), "````text\na\n```\nb\n````\n");
        assert_eq!(fenced("", "a\u{1b}[1m"), "```\na\\u{1b}[1m\n```\n");
    }
}
