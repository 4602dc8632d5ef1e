//! An independent oracle: recomputes orders from DESIGN, TOML and `Decimal`, and compares with the program.
//!
//! Shares no code with the program and was written without reading it. Refuses to know how the program
//! works: it sees a CSV go in and a CSV come out.
//!
//! `FEEBOOK_ORACLE_SEED` and `FEEBOOK_ORACLE_ORDERS` (per program) override what is drawn,
//! `FEEBOOK_ORACLE_PROGRAM` narrows it to one program.

mod conditions;
mod generate;
mod invented;
mod judge;
mod line;
mod pools;
mod random;
mod terms;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;

use rust_decimal::Decimal;

use self::judge::{PRINTED, Printed};
use self::line::Line;
use self::terms::{Program, Version};
use crate::support::{Ran, Sandbox, root};

const SEED: u64 = 20_240_507;
const ORDERS: usize = 3_000;
const PROGRAMS: [&str; 4] = ["aliexpress-nordic", "example", "oracle-bazaar", "oracle-yen"];
const SHOWN: usize = 10;

/// Programs by name, each with the lines drawn for it.
type Imported = BTreeMap<&'static str, (Program, Vec<Line>)>;

#[test]
fn the_program_agrees_with_the_oracle() {
    let (seed, orders) =
        (number("FEEBOOK_ORACLE_SEED", SEED), number("FEEBOOK_ORACLE_ORDERS", ORDERS));
    let only = env::var("FEEBOOK_ORACLE_PROGRAM").ok();
    let sandbox = Sandbox::with_ledger();
    write_invented(&sandbox);
    let mut imported = BTreeMap::new();
    for name in PROGRAMS.into_iter().filter(|name| only.as_deref().is_none_or(|only| only == *name))
    {
        let program = read(&sandbox, name);
        let lines = generate::lines(&program, seed, orders);
        sandbox.write("all.csv", &line::to_csv(&lines));
        sandbox.run(&format!("import all.csv --program {name}")).expect(0);
        imported.insert(name, (program, lines));
    }
    sandbox.run("recompute").expect(0);
    let printed = read_printed(&sandbox.run("lines -O csv").expect(0));
    let report = differences(&judge_all(&imported), &printed, &imported);
    assert!(
        report.is_empty(),
        "FEEBOOK_ORACLE_SEED={seed} FEEBOOK_ORACLE_ORDERS={orders}\n{report}"
    );
}

#[test]
fn orders_may_come_in_parts() {
    let sandbox = Sandbox::with_ledger();
    write_invented(&sandbox);
    let mut imported = BTreeMap::new();
    for (seed, name) in (SEED..).zip(PROGRAMS) {
        let program = read(&sandbox, name);
        let lines = generate::lines(&program, seed, ORDERS / 10);
        imported.insert(name, (program, lines));
    }
    for part in 0..3 {
        for (name, (_, lines)) in &imported {
            let lines: Vec<Line> = lines.iter().skip(part).step_by(3).cloned().collect();
            sandbox.write("part.csv", &line::to_csv(&lines));
            sandbox.run(&format!("import part.csv --program {name}")).expect(0);
        }
        sandbox.run("recompute").expect(0);
    }
    let printed = read_printed(&sandbox.run("lines -O csv").expect(0));
    let report = differences(&judge_all(&imported), &printed, &imported);
    assert!(report.is_empty(), "{report}");
}

#[test]
fn every_kind_of_row_is_drawn() {
    let sandbox = Sandbox::new();
    write_invented(&sandbox);
    let mut missed = String::new();
    for name in PROGRAMS {
        let program = read(&sandbox, name);
        let rows = judge::judge(&program, &generate::lines(&program, SEED, ORDERS));
        for kind in kinds(&program) {
            if !rows.iter().any(|row| kind.is(row)) {
                writeln!(missed, "{name}: {kind:?}").expect("a text grows");
            }
        }
    }
    assert!(missed.is_empty(), "the generator never drew:\n{missed}");
}

#[test]
fn the_oracle_shares_by_largest_remainder() {
    let parts = |amount: i64, weights: &[i64]| -> Vec<Decimal> {
        let weights: Vec<Decimal> = weights.iter().map(|weight| Decimal::new(*weight, 2)).collect();
        judge::share(Decimal::new(amount, 2), &weights, 2)
    };
    let cents = |parts: &[i64]| -> Vec<Decimal> {
        parts.iter().map(|part| Decimal::new(*part, 2)).collect()
    };
    assert_eq!(parts(100, &[1_000, 1_000, 1_000]), cents(&[34, 33, 33]));
    assert_eq!(parts(5, &[1, 2, 3]), cents(&[1, 2, 2]));
    assert_eq!(parts(0, &[1, 2]), cents(&[0, 0]));
    assert_eq!(parts(1, &[0, 7, 7]), cents(&[0, 1, 0]));
}

fn number<T: std::str::FromStr>(variable: &str, default: T) -> T {
    let set = env::var(variable).ok();
    set.map_or(default, |text| text.parse().ok().expect("a whole number"))
}

fn judge_all(imported: &Imported) -> Vec<Printed> {
    imported.values().flat_map(|(program, lines)| judge::judge(program, lines)).collect()
}

fn write_invented(sandbox: &Sandbox) {
    for (path, text) in invented::FILES {
        sandbox.write(path, text);
    }
}

fn read(sandbox: &Sandbox, name: &str) -> Program {
    let own = sandbox.path("schedules");
    if own.join(name).exists() {
        return Program::read(&own, name);
    }
    Program::read(&root().join("schedules"), name)
}

fn read_printed(ran: &Ran) -> Vec<Printed> {
    ran.rows().iter().map(|row| PRINTED.map(|column| row.get(column).to_owned())).collect()
}

/// Shows rows that differ, one of each shape first, each with its order as it was imported.
fn differences(expected: &[Printed], printed: &[Printed], imported: &Imported) -> String {
    let key = |row: &Printed| [row[0].clone(), row[1].clone(), row[2].clone()];
    let by_key: BTreeMap<[String; 3], &Printed> =
        printed.iter().map(|row| (key(row), row)).collect();
    let mut shapes: BTreeMap<String, Vec<(&Printed, String)>> = BTreeMap::new();
    for row in expected {
        let got = by_key.get(&key(row));
        if got.is_none_or(|got| *got != row) {
            let shown = got.map_or("nothing".to_owned(), |got| got.join(","));
            shapes.entry(shape(row, got.copied())).or_default().push((row, shown));
        }
    }
    if shapes.is_empty() {
        return misplaced(expected, printed);
    }
    let mut report = String::new();
    for (shape, rows) in &shapes {
        writeln!(report, "{:6} rows: {shape}", rows.len()).expect("a text grows");
    }
    let longest = shapes.values().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..longest).flat_map(|at| shapes.values().filter_map(move |rows| rows.get(at)));
    for (row, got) in in_turn.take(SHOWN) {
        writeln!(report, "\nexpected {}\n     got {got}", row.join(",")).expect("a text grows");
        for line in imported[row[0].as_str()].1.iter().filter(|line| line.order_no == row[1]) {
            writeln!(report, "         {}", line::shown(line)).expect("a text grows");
        }
    }
    report
}

/// Names where a row differs, so that the same mistake is shown once.
fn shape(expected: &Printed, got: Option<&Printed>) -> String {
    let verdict = |row: &Printed| format!("{} {}", row[5], row[6]);
    let Some(got) = got else {
        return format!("{} {} is not there", expected[0], verdict(expected));
    };
    let columns: Vec<&str> =
        (0..PRINTED.len()).filter(|at| expected[*at] != got[*at]).map(|at| PRINTED[at]).collect();
    let (program, schedule) = (&expected[0], &expected[3]);
    format!("{program} {schedule}: {} -> {}: {columns:?}", verdict(expected), verdict(got))
}

fn misplaced(expected: &[Printed], printed: &[Printed]) -> String {
    if expected == printed {
        return String::new();
    }
    let (wanted, got) = (expected.len(), printed.len());
    let place = expected.iter().zip(printed).position(|(one, other)| one != other);
    format!("{wanted} rows expected, {got} printed, out of order or too many from {place:?} on\n")
}

/// A kind of row that must be drawn at least once.
#[derive(Debug)]
enum Kind {
    /// A verdict without a version.
    Bare(&'static str),
    /// A verdict and clause under a version.
    Clause(String, &'static str, String),
    /// A bonus of that amount under a version.
    Bonus(String, Decimal),
    /// Something withheld under a version.
    Withheld(String),
}

impl Kind {
    fn is(&self, row: &Printed) -> bool {
        let (schedule, verdict, clause) = (&row[3], &row[5], &row[6]);
        match self {
            Self::Bare(kind) => verdict == kind && schedule.is_empty(),
            Self::Clause(version, kind, cited) => {
                schedule == version && verdict == kind && clause == cited
            }
            Self::Bonus(version, amount) => schedule == version && cell(row, 11) == Some(*amount),
            Self::Withheld(version) => {
                schedule == version
                    && cell(row, 12).is_some_and(|withheld| withheld > Decimal::ZERO)
            }
        }
    }
}

fn cell(row: &Printed, at: usize) -> Option<Decimal> {
    line::decimal(&row[at])
}

fn kinds(program: &Program) -> Vec<Kind> {
    let mut kinds =
        vec![Kind::Bare("uncovered"), Kind::Bare("declined"), Kind::Bare("unverifiable")];
    kinds.extend(program.versions.iter().flat_map(kinds_of_version));
    kinds
}

fn kinds_of_version(version: &Version) -> Vec<Kind> {
    let name = || version.name.clone();
    let clause = |verdict, clause: String| Kind::Clause(name(), verdict, clause);
    let cited = |entry: &toml::Table| terms::text(entry, "clause").to_owned();
    let mut kinds = vec![
        clause("declined", version.policy_clause("qualified")),
        clause("excluded", version.policy_clause("currency")),
    ];
    if judge::window(version).is_some() {
        kinds.push(clause("outside_window", version.policy_clause("attribution_window")));
    }
    kinds.extend(
        version.entries("exclude").into_iter().map(|entry| clause("excluded", cited(entry))),
    );
    for entry in version.entries("rate") {
        let lost = entry.get("rate").and_then(toml::Value::as_str) == Some("unknown");
        let verdict = if lost { "unverifiable" } else { "commissionable" };
        kinds.push(clause(verdict, cited(entry)));
        if entry.get("rate").is_some_and(toml::Value::is_table) {
            kinds.push(clause("unverifiable", cited(entry)));
        }
    }
    for entry in version.entries("bonus") {
        kinds.push(Kind::Bonus(
            name(),
            line::decimal(terms::text(entry, "amount")).expect("an amount"),
        ));
    }
    if version.text.contains_key("cap") {
        kinds.push(Kind::Withheld(name()));
    }
    kinds
}
