//! `dispute`: what was reported or paid short, as a folder that can be sent.
//!
//! Owns the layout. What a report says is escaped, so that no product title becomes markup or a
//! formula. The folder is written under another name and then given its own: whoever finds it finds all
//! of it. Orders are written one after the other, and none is held. Refuses what is nobody else's: our
//! runs and what they posted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use feebook_core::dispute::{Claimed, ClaimedLine, ClaimedOrder, Dispute, Evidence, dispute, sums};
use feebook_core::error::{self, Error};
use feebook_core::fact::No;
use feebook_core::ledger::Ledger;
use feebook_core::reconcile::{Diagnosis, Finding};
use feebook_schedule::Currency;
use serde_json::{Value, json};

use super::reconcile::{COLUMNS, asked, records, row, signed};
use super::{counted, explain, open_to_answer};
use crate::args::{self, Form, Global};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, args: &args::Dispute) -> Outcome<u8> {
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
    write_folder(global, &folder, &ledger, &claim, &on)?;
    let orders = counted(u64::try_from(claim.orders.len()).unwrap_or(u64::MAX), "order");
    let output = Output::new(&Global { output: None, ..global.clone() });
    output.text(&format!(
        "wrote {}: {orders} of {}, {}\n\
         next: read README.md, fill in who claims, then send the folder to the network",
        folder.display(),
        claim.program,
        in_all(&claim)
    ))?;
    for order_no in &claim.nothing_of {
        say(&format!("nothing of order {order_no} was reported or paid short: it is left out"));
    }
    super::lines::tell_waiting(claim.waiting, None);
    Ok(DONE)
}

/// What is claimed in all.
fn in_all(claim: &Dispute) -> String {
    if claim.totals.is_empty() {
        return "missing from a later report".to_owned();
    }
    format!("reported and paid less what is due {}", amounts(&claim.totals).join(", "))
}

/// The folder: that of -o, else one named after what is claimed.
fn folder(global: &Global, args: &args::Dispute, claim: &Dispute) -> PathBuf {
    if let Some(folder) = &global.output {
        return folder.clone();
    }
    let what = match (args.month, args.orders.as_slice()) {
        (Some(month), _) => month.to_string(),
        (None, [only]) => plain(only),
        (None, orders) => format!("{}-orders", orders.len()),
    };
    PathBuf::from(format!("dispute-{}-{what}", claim.program))
}

/// A number as part of a file's name: two numbers never give the same.
fn plain(number: &str) -> String {
    let mut name = String::with_capacity(number.len());
    for c in number.chars() {
        if c.is_ascii_alphanumeric() || c == '-' {
            name.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(name, "_{:x}_", u32::from(c));
        }
    }
    name
}

/// Writes the folder whole, or not at all.
fn write_folder(
    global: &Global,
    folder: &Path,
    ledger: &Ledger,
    claim: &Dispute,
    on: &str,
) -> Outcome<()> {
    if folder.exists() {
        let message = format!("{} is there already", folder.display());
        return Err(Error::new(&error::FOLDER_TAKEN, message)
            .hint("nothing was written; name another folder with -o")
            .into());
    }
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let making = folder.with_file_name(name);
    let written = write_files(global, &making, ledger, claim, on).and_then(|()| {
        fs::rename(&making, folder).map_err(|e| Error::file(folder, "write", e))?;
        Ok(())
    });
    if written.is_err() {
        // What was written in part is not left behind; the failure is the one to tell.
        let _ = fs::remove_dir_all(&making);
    }
    written
}

/// A file of the folder that grows order by order.
struct Growing {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Growing {
    fn new(path: PathBuf) -> Outcome<Self> {
        let file = File::create(&path).map_err(|e| Error::file(&path, "write", e))?;
        Ok(Self { path, file: BufWriter::new(file) })
    }

    fn push(&mut self, text: &str) -> Outcome<()> {
        self.file.write_all(text.as_bytes()).map_err(|e| Error::file(&self.path, "write", e))?;
        Ok(())
    }

    fn end(mut self, text: &str) -> Outcome<()> {
        self.push(text)?;
        self.file.flush().map_err(|e| Error::file(&self.path, "write", e))?;
        Ok(())
    }
}

fn write_files(
    global: &Global,
    folder: &Path,
    ledger: &Ledger,
    claim: &Dispute,
    on: &str,
) -> Outcome<()> {
    fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make", e))?;
    let mut evidence = Evidence::new(ledger, &claim.program)?;
    let mut readme = Growing::new(folder.join("README.md"))?;
    readme.push(&head(claim, on))?;
    let mut claim_json = Growing::new(folder.join("claim.json"))?;
    // The orders are the last member of the document.
    let document = pretty(&document(claim, on));
    claim_json.push(document.trim_end_matches("\n}"))?;
    claim_json.push(",\n  \"orders\": [")?;
    for (at, (order_no, findings)) in claim.orders.iter().enumerate() {
        let order = evidence.order(order_no, findings)?;
        let mut text = String::new();
        push_order(&mut text, &order, findings);
        readme.push(&text)?;
        let record = pretty(&order_document(&order, findings)).replace('\n', "\n    ");
        claim_json.push(&format!("{}\n    {record}", if at == 0 { "" } else { "," }))?;
    }
    readme.end("")?;
    claim_json.end("\n  ]\n}\n")?;
    for source in evidence.quoted() {
        let path = folder.join("terms").join(source.path());
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(|e| Error::file(above, "make", e))?;
        }
        fs::write(&path, source.text()).map_err(|e| Error::file(&path, "write", e))?;
    }
    let to =
        Global { form: Some(Form::Csv), output: Some(folder.join("lines.csv")), ..global.clone() };
    let output = Output::new(&to);
    output.settle(lines(&output, claim), Ok(())).map(drop)
}

/// The differences that are claimed, as `reconcile` writes them.
fn lines(output: &Output, claim: &Dispute) -> Outcome<u8> {
    let mut sheet = output.sheet(&COLUMNS)?;
    for finding in claim.orders.values().flatten() {
        sheet.row(row(finding))?;
    }
    sheet.finish()?;
    Ok(DONE)
}

/// A value as JSON that people read.
fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

fn amounts(sums: &BTreeMap<Currency, i64>) -> Vec<String> {
    let each = sums.iter();
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

/// What comes before the orders.
fn head(claim: &Dispute, on: &str) -> String {
    let network = claim
        .network
        .as_deref()
        .map_or_else(String::new, |network| format!(", network {}", md(network)));
    let in_all = if claim.totals.is_empty() {
        "No amount is claimed yet: the orders are missing from a later report.".to_owned()
    } else {
        format!(
            "In all, what was reported and paid less what the terms give: **{}**. Below zero is what \
             is claimed.",
            amounts(&claim.totals).join(", ")
        )
    };
    let mut text = format!(
        "# Commissions reported or paid short: {}\n\n\
         Claimant (name, publisher account): ______________________\n\n\
         Program {} ({}{network}), as of {on}.\n\n\
         {in_all}\n\n\
         We ask you to correct the report or the payment of each order below, or to name the clause \
         on which its amount rests.\n\n\
         | order | differs by | because |\n|---|---:|---|\n",
        md(&claim.name),
        md(&claim.name),
        md(&claim.program),
    );
    // Writing to a string cannot fail.
    for (order_no, findings) in &claim.orders {
        let (differs, because) = (amounts(&sums(findings)), because(findings));
        let differs =
            if differs.is_empty() { "not subtracted".to_owned() } else { differs.join(", ") };
        let _ = writeln!(text, "| {} | {differs} | {} |", md(&order_no.to_string()), md(&because));
    }
    text.push_str(
        "\nA difference is what was reported less what the terms give, or what was paid less what was \
         reported. `lines.csv` and `claim.json` hold the same figures; `terms/` holds the terms that \
         were applied, word for word as they are on record.\n\n## Codes\n\n| code | says |\n|---|---|\n",
    );
    let came_up: BTreeSet<Diagnosis> =
        claim.orders.values().flatten().map(|finding| finding.diagnosis).collect();
    for diagnosis in came_up {
        let _ = writeln!(text, "| {} | {} |", diagnosis.code(), diagnosis.title());
    }
    text
}

/// Why an order differs, each reason once.
fn because(findings: &[Finding]) -> String {
    let mut told: Vec<&str> = Vec::new();
    for finding in findings {
        let why = finding.because.as_deref().unwrap_or(finding.diagnosis.title());
        if !told.contains(&why) {
            told.push(why);
        }
    }
    told.join("; ")
}

fn push_order(text: &mut String, order: &ClaimedOrder, findings: &[Finding]) {
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
    for finding in findings {
        push_finding(text, finding);
    }
    text.push_str("\n### Lines as reported\n");
    push_facts(text, order, |line| Some(&line.facts));
    if !order.as_if_not_taken_back.is_empty() {
        text.push_str("\n### Lines as reported before they were taken back\n");
        push_facts(text, order, |line| line.before.as_ref());
    }
    let lines: Vec<String> =
        order.as_if_not_taken_back.iter().map(|line_no| md(&line_no.to_string())).collect();
    let as_if = if lines.is_empty() {
        String::new()
    } else {
        format!(", as if not taken back: line {}", lines.join(", "))
    };
    let arithmetic = fenced("text", &explain::text(&order.explanation));
    let _ = write!(text, "\n### Arithmetic{as_if}\n\n{arithmetic}\n### Clauses\n");
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

fn push_facts(
    text: &mut String,
    order: &ClaimedOrder,
    of: impl Fn(&ClaimedLine) -> Option<&Vec<(&'static str, String)>>,
) {
    text.push_str("\n| line | fact | value |\n|---|---|---|\n");
    for line in &order.lines {
        for (name, value) in of(line).into_iter().flatten() {
            let _ =
                writeln!(text, "| {} | {name} | {} |", md(&line.line_no.to_string()), md(value));
        }
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

/// The evidence of an order. Our runs and postings are no part of it.
fn order_document(order: &ClaimedOrder, findings: &[Finding]) -> Value {
    let rows: Vec<Vec<Cell>> = findings.iter().map(row).collect();
    let facts = |facts: &Vec<(&'static str, String)>| -> serde_json::Map<String, Value> {
        facts.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect()
    };
    let lines = order.lines.iter().map(|line| {
        json!({
            "line_no": line.line_no.to_string(),
            "facts": facts(&line.facts),
            "facts_before_taken_back": line.before.as_ref().map(facts),
        })
    });
    let clauses = order.clauses.iter().map(|clause| {
        json!({
            "clause": clause.clause,
            "file": clause.file,
            "line": clause.line,
            "text": clause.text,
        })
    });
    let mut explanation = explain::document(&order.explanation);
    if let Some(members) = explanation.as_object_mut() {
        members.retain(|name, _| name != "run" && name != "postings");
    }
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
        "because": because(findings),
        "findings": records(&COLUMNS, &rows),
        "lines": lines.collect::<Vec<_>>(),
        "as_if_not_taken_back": order.as_if_not_taken_back.iter()
            .map(ToString::to_string).collect::<Vec<_>>(),
        "explanation": explanation,
        "clauses": clauses.collect::<Vec<_>>(),
    })
}

/// The claim without its orders.
fn document(claim: &Dispute, on: &str) -> Value {
    let totals = claim.totals.iter().map(|(currency, minor)| {
        json!({ "currency": currency.to_string(), "difference": signed(Some(*currency), *minor) })
    });
    json!({
        "program": claim.program,
        "name": claim.name,
        "network": claim.network,
        "on": on,
        "totals": totals.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_numbers_have_one_folder() {
        assert_eq!(plain("A-1"), "A-1");
        assert_ne!(plain("A/1"), plain("A_1"));
        assert_ne!(plain("/1"), plain("_2f1"));
        assert_ne!(plain("_2f_"), plain("/"));
    }

    #[test]
    fn text_of_others_stays_text() {
        assert_eq!(md("a|b\n# <b>[x](y)"), "a\\|b \\# \\<b\\>\\[x\\](y)");
        assert_eq!(fenced("text", "a\n```\nb"), "````text\na\n```\nb\n````\n");
        assert_eq!(fenced("", "a\u{1b}[1m"), "```\na\\u{1b}[1m\n```\n");
    }
}
