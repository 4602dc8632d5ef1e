//! `reconcile`: expected, reported and paid; every difference with its sign and a diagnosis.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate};
use feebook_core::import::advertisers::{self, WithoutProgram};
use feebook_core::ledger::Components;
use feebook_core::reconcile::{
    Asked, Diagnosis, Figures, Finding, Given, Kind, Reconciled, reconcile,
};
use feebook_core::run::Scope;
use feebook_schedule::Currency;
use serde_json::{Map, Value, json};

use super::lines::tell_waiting;
use super::{counted, now, open_to_answer};
use crate::args::{Bounds, Form, Global, Reconcile};
use crate::beside;
use crate::exit::{DONE, FINDINGS, Outcome, say};
use crate::output::{Cell, Output, text_table};
use crate::progress::Bar;

/// The columns that scripts rely on.
pub(super) const COLUMNS: [&str; 41] = [
    "kind",
    "code",
    "diagnosis",
    "also_fits",
    "program",
    "order_no",
    "line_no",
    "day",
    "status",
    "schedule",
    "clause",
    "currency",
    "expected",
    "expected_commission",
    "expected_incentive",
    "expected_bonus",
    "expected_withheld",
    "reported",
    "reported_currency",
    "reported_commission",
    "reported_incentive",
    "reported_bonus",
    "reported_pending",
    "reported_pending_commission",
    "reported_pending_incentive",
    "reported_pending_bonus",
    "reported_approved",
    "reported_approved_commission",
    "reported_approved_incentive",
    "reported_approved_bonus",
    "reported_settled",
    "reported_settled_commission",
    "reported_settled_incentive",
    "reported_settled_bonus",
    "paid",
    "paid_currency",
    "difference",
    "since",
    "days",
    "age",
    "finding",
];

pub(crate) fn run(global: &Global, output: &Output, args: &Reconcile) -> Outcome<u8> {
    let asked = asked(args.scope.scope(), &args.bounds);
    let (ledger, terms) = open_to_answer(global, asked.scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let found = reconcile(&ledger, &terms, &asked, &mut bar)?;
    drop(bar);
    let mut without = advertisers::without_program(&ledger, &terms)?;
    without.retain(|advertiser| asked.scope.includes_program(&advertiser.kept_as));
    match output.form {
        Form::Text => output.text(text(&found).trim_end())?,
        Form::Json => output.json(&document(&found, &asked, &without))?,
        Form::Csv => {
            let mut sheet = output.sheet(&COLUMNS)?;
            for finding in &found.findings {
                sheet.row(row(finding))?;
            }
            sheet.finish()?;
        }
    }
    tell_without_program(global, &without);
    for program in &found.without_payouts {
        say(&format!("no payout of `{program}` is recorded: nothing is said of what it paid"));
    }
    tell_waiting(found.waiting, None);
    Ok(if found.has_findings() { FINDINGS } else { DONE })
}

/// Lists the advertisers of whose lines nothing can be expected, as lines that can be copied.
fn tell_without_program(global: &Global, without: &[WithoutProgram]) {
    if without.is_empty() {
        return;
    }
    // A file that does not load is told where it is needed.
    let beside = beside::read(&global.ledger, None).unwrap_or_default();
    let each = without.iter();
    let each = each.map(|known| (known.network.as_str(), known.number.as_str(), None));
    let lines = advertisers::to_paste(each, &beside);
    let files: BTreeSet<String> =
        without.iter().flat_map(|known| known.files.iter().cloned()).collect();
    let files = files.into_iter().collect::<Vec<_>>().join(", ");
    say(&format!(
        "{} without a program: of their lines nothing is known to compare with. To map them, fill in \
         and add to {}, and import again: {files}\n\n{lines}\n",
        counted(u64::try_from(without.len()).unwrap_or(0), "advertiser"),
        advertisers::FILE,
    ));
}

fn without_program(known: &WithoutProgram) -> Value {
    json!({
        "network": known.network,
        "advertiser": known.number,
        "kept_as": known.kept_as,
        "files": known.files,
    })
}

/// What is asked; ages run to today unless told otherwise.
pub(super) fn asked(scope: Scope, bounds: &Bounds) -> Asked {
    Asked { scope, on: bounds.on.unwrap_or_else(today), tolerance: bounds.tolerance() }
}

/// The day of the world's clocks: which of two days it is in a program's zone moves no age class by
/// more than one day.
pub(super) fn today() -> NaiveDate {
    DateTime::from_timestamp(now(), 0).unwrap_or_default().date_naive()
}

/// An amount with its sign.
pub(super) fn signed(currency: Option<Currency>, minor: i64) -> String {
    let sign = if minor >= 0 { "+" } else { "" };
    format!("{sign}{}", written(currency, minor))
}

fn written(currency: Option<Currency>, minor: i64) -> String {
    feebook_schedule::iso::written(minor, currency.map_or(2, |currency| currency.decimals()))
}

/// The cells of a finding, one per column.
pub(super) fn row(finding: &Finding) -> Vec<Cell> {
    let mut cells = about(finding);
    cells.extend(figures(finding));
    let age = finding.age;
    cells.extend([
        Cell::figure(finding.difference.map(|minor| signed(finding.currency, minor))),
        Cell::figure(age.map(|age| age.since.to_string())),
        age.map_or(Cell::Empty, |age| Cell::Count(u64::try_from(age.days).unwrap_or(0))),
        Cell::figure(age.map(|age| age.class.word())),
        Cell::Text(finding.text.clone()),
    ]);
    cells
}

fn about(finding: &Finding) -> Vec<Cell> {
    vec![
        Cell::Text(finding.diagnosis.kind().word().to_owned()),
        Cell::Text(finding.diagnosis.code().to_owned()),
        Cell::Text(finding.diagnosis.name().to_owned()),
        Cell::text(also(finding)),
        Cell::Text(finding.program.clone()),
        Cell::text(finding.order_no.as_ref().map(ToString::to_string)),
        Cell::text(finding.line_no.as_ref().map(ToString::to_string)),
        Cell::figure(finding.day.map(|day| day.to_string())),
        Cell::text(finding.state.map(feebook_kernel::State::word)),
        Cell::text(finding.schedule.clone()),
        Cell::text(finding.clause.clone()),
        Cell::text(finding.currency.map(|currency| currency.to_string())),
    ]
}

fn also(finding: &Finding) -> Option<String> {
    let codes: Vec<&str> = finding.also.iter().map(|other| other.code()).collect();
    Some(codes.join(" ")).filter(|codes| !codes.is_empty())
}

fn figures(finding: &Finding) -> Vec<Cell> {
    let Some(known) = &finding.figures else { return vec![Cell::Empty; 24] };
    let Figures { expected, reported, stages, .. } = known;
    let money = |currency: Option<Currency>, minor: Option<i64>| {
        Cell::figure(minor.map(|minor| written(currency, minor)))
    };
    let part =
        |part: &dyn Fn(&Components) -> i64| money(finding.currency, expected.as_ref().map(part));
    let given = |given: Option<&Given>| {
        let each = |minor: Option<i64>| money(given.map(|given| given.currency), minor);
        let part = |part: &dyn Fn(&Given) -> Option<i64>| each(given.and_then(part));
        [
            part(&Given::total),
            part(&|given| given.commission),
            part(&|given| given.incentive),
            part(&|given| given.bonus),
        ]
    };
    let [total, commission, incentive, bonus] = given(Some(reported));
    let reported_in = reported.total().map(|_| reported.currency.to_string());
    let mut cells = vec![
        part(&Components::total),
        part(&|ours| ours.commission),
        part(&|ours| ours.incentive),
        part(&|ours| ours.bonus),
        part(&|ours| ours.withheld),
        total,
        Cell::text(reported_in),
        commission,
        incentive,
        bonus,
    ];
    for stage in [&stages.pending, &stages.approved, &stages.settled] {
        cells.extend(given(stage.as_ref()));
    }
    cells.push(money(known.paid_in, known.paid));
    cells.push(Cell::text(known.paid_in.map(|currency| currency.to_string())));
    cells
}

/// The columns of the totals.
const TOTALS: [&str; 13] = [
    "program",
    "currency",
    "lines",
    "compared",
    "expected",
    "reported",
    "difference",
    "within_tolerance",
    "not_reported",
    "unknown",
    "other_currency",
    "declined",
    "paid",
];

fn totals(found: &Reconciled) -> Vec<Vec<Cell>> {
    let row =
        |((program, currency), totals): (&(String, Currency), &feebook_core::reconcile::Totals)| {
            let money = |minor| Cell::Figure(currency.written(minor));
            vec![
                Cell::Text(program.clone()),
                Cell::Text(currency.to_string()),
                Cell::Count(totals.lines),
                Cell::Count(totals.compared),
                money(totals.expected),
                money(totals.reported),
                Cell::Figure(signed(Some(*currency), totals.difference())),
                Cell::Count(totals.tolerated),
                Cell::Count(totals.silent),
                Cell::Count(totals.unknown),
                Cell::Count(totals.other_currency),
                Cell::Count(totals.declined),
                money(totals.paid),
            ]
        };
    found.totals.iter().map(row).collect()
}

/// The columns of what is owed, by age.
const OPEN: [&str; 6] = ["program", "currency", "status", "age", "lines", "open"];

fn open_by_age(found: &Reconciled) -> Vec<Vec<Cell>> {
    let mut rows: Vec<_> = found.open.iter().collect();
    rows.sort_by_key(|((program, currency, state, class), _)| {
        (program.clone(), *currency, state.rank(), *class)
    });
    rows.into_iter()
        .map(|((program, currency, state, class), open)| {
            vec![
                Cell::Text(program.clone()),
                Cell::Text(currency.to_string()),
                Cell::Text(state.word().to_owned()),
                Cell::Text(class.word().to_owned()),
                Cell::Count(open.lines),
                Cell::Figure(currency.written(open.amount)),
            ]
        })
        .collect()
}

/// The columns of the differences in text; the CSV has all.
const DIFFERENCES: [&str; 14] = [
    "code",
    "program",
    "order_no",
    "line_no",
    "currency",
    "expected",
    "reported",
    "reported_currency",
    "paid",
    "paid_currency",
    "difference",
    "days",
    "also_fits",
    "finding",
];

fn text(found: &Reconciled) -> String {
    let mut text = String::from(
        "Difference: reported less expected, paid less reported; below zero is less than is due\n\
         Totals: expected, reported and difference are of the lines that are compared\n\n",
    );
    push_table(&mut text, "Totals", &TOTALS, &totals(found));
    push_table(
        &mut text,
        "Confirmed and not paid, by days since the validation",
        &OPEN,
        &open_by_age(found),
    );
    for (kind, title) in [
        (Kind::Reported, "Reported otherwise than the terms give"),
        (Kind::Paid, "Late, short or too much"),
        (Kind::Note, "Notes"),
    ] {
        let of_kind = |finding: &&Finding| finding.diagnosis.kind() == kind;
        let rows = found.findings.iter().filter(of_kind).map(|finding| {
            let cells = row(finding);
            let cell = |name: &&str| {
                let at = COLUMNS.iter().position(|column| column == name);
                at.and_then(|at| cells.get(at)).cloned().unwrap_or(Cell::Empty)
            };
            let own = cell(&"currency");
            // Another currency is told where there is one.
            let told = |name: &&str| match (*name, cell(name)) {
                ("reported_currency" | "paid_currency", Cell::Text(other))
                    if own.shown() == other =>
                {
                    Cell::Empty
                }
                (_, cell) => cell,
            };
            DIFFERENCES.iter().map(told).collect()
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        push_table(&mut text, title, &DIFFERENCES, &rows);
    }
    push_legend(&mut text, found);
    text
}

fn push_table(text: &mut String, title: &str, columns: &[&str], rows: &[Vec<Cell>]) {
    if rows.is_empty() {
        return;
    }
    let full = |at: &usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(*at));
        cells.any(|cell| !matches!(cell, Cell::Empty))
    };
    let kept: Vec<usize> = (0..columns.len()).filter(full).collect();
    let numeric = |at: &usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(*at));
        cells.all(|cell| !matches!(cell, Cell::Text(_)))
    };
    let numeric: Vec<bool> = kept.iter().map(numeric).collect();
    let names: Vec<&str> = kept.iter().filter_map(|at| columns.get(*at).copied()).collect();
    let pick = |row: &Vec<Cell>| kept.iter().filter_map(|at| row.get(*at).cloned()).collect();
    let rows: Vec<Vec<Cell>> = rows.iter().map(pick).collect();
    // Writing to a string cannot fail.
    let _ = write!(text, "{title}\n{}\n", text_table(&names, &rows, &numeric));
}

/// What the codes that came up mean, each with its count.
fn push_legend(text: &mut String, found: &Reconciled) {
    for diagnosis in Diagnosis::ALL {
        let count = found.findings.iter().filter(|finding| finding.diagnosis == *diagnosis).count();
        if count > 0 {
            let times = counted(u64::try_from(count).unwrap_or(u64::MAX), "time");
            let _ = writeln!(text, "{} {}: {times}", diagnosis.code(), diagnosis.title());
        }
    }
    if found.findings.is_empty() {
        let compared = found.totals.values().map(|totals| totals.compared).sum::<u64>();
        text.push_str(match (found.orders, compared) {
            (0, _) => "There is no order in scope: nothing to compare.\n",
            (_, 0) => "No line has both amounts: nothing to compare.\n",
            _ => "What was reported agrees with the terms.\n",
        });
    }
}

/// Records of the rows of a table.
pub(super) fn records(columns: &[&str], rows: &[Vec<Cell>]) -> Value {
    let record = |row: &Vec<Cell>| {
        let pairs = columns.iter().zip(row);
        let map: Map<String, Value> =
            pairs.map(|(name, cell)| ((*name).to_owned(), cell.in_json())).collect();
        Value::Object(map)
    };
    Value::Array(rows.iter().map(record).collect())
}

fn document(found: &Reconciled, asked: &Asked, without: &[WithoutProgram]) -> Value {
    let rows: Vec<Vec<Cell>> = found.findings.iter().map(row).collect();
    json!({
        "on": asked.on.to_string(),
        "difference": "reported less expected, paid less reported",
        "totals": records(&TOTALS, &totals(found)),
        "open": records(&OPEN, &open_by_age(found)),
        "findings": records(&COLUMNS, &rows),
        "without_payouts": found.without_payouts,
        "without_program": without.iter().map(without_program).collect::<Vec<_>>(),
        "waiting": found.waiting,
    })
}
