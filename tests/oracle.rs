//! An independent oracle: recomputes orders from DESIGN, TOML and `Decimal`, and compares with the program.
//!
//! Shares no code with the program and was written without reading it. Refuses to know how the program
//! works: it sees a CSV go in and a CSV come out.
//!
//! What is known beside the reports (clicks, flags, marks, channels, kinds of placements) goes in by the
//! program's commands.
//!
//! `FEEBOOK_ORACLE_SEED` and `FEEBOOK_ORACLE_ORDERS` (per program) override what is drawn,
//! `FEEBOOK_ORACLE_PROGRAM` narrows it to one program.

mod beside;
mod conditions;
mod entered;
mod exchange;
mod generate;
mod invented;
mod judge;
mod line;
mod pools;
mod random;
mod recorded;
mod terms;
mod totals;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;

use rust_decimal::Decimal;

use self::beside::Beside;
use self::judge::{Outcome, PRINTED, Printed};
use self::line::Line;
use self::pools::Pools;
use self::terms::{Program, Version};
use crate::support::{Ran, Sandbox, root};

const SEED: u64 = 20_240_502;
const ORDERS: usize = 2_400;
const PROGRAMS: [&str; 5] =
    ["aliexpress-nordic", "aliexpress-portal", "example", "oracle-bazaar", "oracle-yen"];
/// Those with clicks, flags and dated facts; `example` has none, though it shares sub-ids, placements and
/// orders' numbers with the others.
const RECORDED: [&str; 4] =
    ["aliexpress-nordic", "aliexpress-portal", "oracle-bazaar", "oracle-yen"];
const RECORDED_IN_PARTS: [&str; 1] = ["oracle-bazaar"];
const SHOWN: usize = 10;

/// A program with what is drawn for it.
struct Case {
    program: Program,
    lines: Vec<Line>,
    beside: Beside,
}

type Cases = BTreeMap<&'static str, Case>;

/// A line of a case, and what it earns.
type Judged<'c> = (&'c Case, &'c Line, Outcome);

impl Case {
    fn draw(sandbox: &Sandbox, name: &str, seed: u64, orders: usize, recorded: &[&str]) -> Self {
        let program = read(sandbox, name);
        let pools = Pools::of(&program);
        let mut lines = generate::lines(&program, &pools, seed, orders);
        exchange::foreign(&mut lines, terms::text(program.versions[0].policy(), "currency"));
        let beside = if recorded.contains(&name) {
            recorded::beside(&program, &pools, &lines, seed)
        } else {
            Beside::default()
        };
        Self { program, lines, beside }
    }

    /// Judges all lines, in the order in which they are printed.
    fn judge(&self) -> Vec<Judged<'_>> {
        let judged = judge::judge(&self.program, &self.beside, &self.lines);
        judged.into_iter().map(|(line, outcome)| (self, line, outcome)).collect()
    }
}

#[test]
fn the_program_agrees_with_the_oracle() {
    let (seed, orders) =
        (number("FEEBOOK_ORACLE_SEED", SEED), number("FEEBOOK_ORACLE_ORDERS", ORDERS));
    let only = env::var("FEEBOOK_ORACLE_PROGRAM").ok();
    let sandbox = Sandbox::with_ledger();
    write_invented(&sandbox);
    let mut cases = Cases::new();
    for name in PROGRAMS.into_iter().filter(|name| only.as_deref().is_none_or(|only| only == *name))
    {
        let case = Case::draw(&sandbox, name, seed, orders, &RECORDED);
        // What a flag is on need not be there yet.
        let back = entered::record(&sandbox, name, &case.beside);
        entered::take_back(&sandbox, &back);
        sandbox.write("all.csv", &line::to_csv(&case.lines));
        sandbox.run(&format!("import all.csv --program {name}")).expect(0);
        if RECORDED.contains(&name) {
            let back = entered::import_clicks(&sandbox, name, &case.beside);
            entered::take_back(&sandbox, &back);
        }
        cases.insert(name, case);
    }
    import_rates(&sandbox);
    sandbox.run("recompute").expect(0);
    let report = compare(&sandbox, &cases, "placement");
    assert!(
        report.is_empty(),
        "FEEBOOK_ORACLE_SEED={seed} FEEBOOK_ORACLE_ORDERS={orders}\n{report}"
    );
}

#[test]
fn orders_and_what_bears_on_them_may_come_in_parts() {
    let sandbox = Sandbox::with_ledger();
    write_invented(&sandbox);
    let mut cases = Cases::new();
    for (seed, name) in (SEED..).zip(PROGRAMS) {
        let case = Case::draw(&sandbox, name, seed, ORDERS / 10, &RECORDED_IN_PARTS);
        cases.insert(name, case);
    }
    let mut back = entered::TakeBack::new();
    for part in 0..3 {
        for (name, case) in &cases {
            let lines: Vec<Line> = case.lines.iter().skip(part).step_by(3).cloned().collect();
            sandbox.write("part.csv", &line::to_csv(&lines));
            sandbox.run(&format!("import part.csv --program {name}")).expect(0);
            if part == 1 && RECORDED_IN_PARTS.contains(name) {
                back.extend(entered::record(&sandbox, name, &case.beside));
            }
            if part == 2 && RECORDED_IN_PARTS.contains(name) {
                back.extend(entered::import_clicks(&sandbox, name, &case.beside));
            }
        }
        sandbox.run("recompute").expect(0);
    }
    entered::take_back(&sandbox, &back);
    import_rates(&sandbox);
    sandbox.run("recompute").expect(0);
    let report = compare(&sandbox, &cases, "month");
    assert!(report.is_empty(), "{report}");
}

#[test]
fn every_kind_of_row_is_drawn() {
    let sandbox = Sandbox::new();
    write_invented(&sandbox);
    let mut missed = String::new();
    // What became of amounts in another currency.
    let mut exchanged = BTreeSet::new();
    let mut anywhere = vec![
        Kind::Held(true),
        Kind::Held(false),
        Kind::Decided("disqualified"),
        Kind::Decided("held"),
    ];
    for name in PROGRAMS {
        let case = Case::draw(&sandbox, name, SEED, ORDERS, &RECORDED);
        let judged = case.judge();
        let rows: Vec<Printed> = judged
            .iter()
            .map(|(case, line, outcome)| judge::print(&case.program, line, outcome))
            .collect();
        for kind in kinds(&case.program, !case.beside.flags.is_empty()) {
            if !rows.iter().any(|row| kind.is(row)) {
                writeln!(missed, "{name}: {kind:?}").expect("a text grows");
            }
        }
        let in_kroner = judged.iter().filter(|(_, line, _)| line.amount_currency == "NOK");
        exchanged.extend(in_kroner.map(|(_, _, outcome)| (name, outcome.verdict)));
        anywhere.retain(|kind| !rows.iter().any(|row| kind.is(row)));
    }
    for kind in anywhere {
        writeln!(missed, "no program: {kind:?}").expect("a text grows");
    }
    for name in ["oracle-bazaar", "oracle-yen"] {
        for verdict in ["commissionable", "unverifiable"] {
            assert!(exchanged.contains(&(name, verdict)), "{name}: no line in kroner is {verdict}");
        }
    }
    assert!(missed.is_empty(), "the generator never drew:\n{missed}");
}

#[test]
fn the_invented_programs_ask_everywhere_for_what_is_recorded() {
    let sandbox = Sandbox::new();
    write_invented(&sandbox);
    let programs = ["oracle-bazaar", "oracle-yen"].map(|name| read(&sandbox, name));
    let versions = || programs.iter().flat_map(|program| &program.versions);
    for list in pools::LISTS {
        for key in ["marks", "channel", "placement_kind", "click_countries", "click_country"] {
            let mut entries = versions().flat_map(|version| version.entries(list));
            assert!(entries.any(|entry| entry.contains_key(key)), "no {list} by {key}");
        }
    }
    for effect in ["disqualify", "hold", "withhold_bonus"] {
        let mut flags = versions().flat_map(|version| version.entries("flag"));
        assert!(flags.any(|entry| terms::text(entry, "effect") == effect), "no flag to {effect}");
    }
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

/// Compares all lines, and what the statement makes of them.
fn compare(sandbox: &Sandbox, cases: &Cases, by: &str) -> String {
    let judged: Vec<Judged<'_>> = cases.values().flat_map(Case::judge).collect();
    let expected: Vec<Printed> = judged
        .iter()
        .map(|(case, line, outcome)| judge::print(&case.program, line, outcome))
        .collect();
    let printed = read_printed(&sandbox.run("lines -O csv").expect(0));
    let statement = sandbox.run(&format!("statement --by {by} -O csv")).expect(0);
    differences(&expected, &printed, cases) + &totals::differences(by, &statement, &judged)
}

fn import_rates(sandbox: &Sandbox) {
    sandbox.write("rates.csv", &exchange::to_csv());
    sandbox.run("fx import rates.csv").expect(0);
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
    let mut reader = csv::Reader::from_reader(ran.out.as_bytes());
    assert_eq!(reader.headers().expect("a header"), &PRINTED[..], "the columns of lines");
    let rows = reader.records().map(|row| row.expect("a CSV row"));
    rows.map(|row| std::array::from_fn(|at| row[at].to_owned())).collect()
}

/// Shows rows that differ, one of each shape first, each with its order as it was imported.
fn differences(expected: &[Printed], printed: &[Printed], cases: &Cases) -> String {
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
        let case = &cases[row[0].as_str()];
        for line in case.lines.iter().filter(|line| line.order_no == row[1]) {
            let click = case.beside.click_of(&case.program, line);
            writeln!(report, "         {} {click:?}", line::shown(line)).expect("a text grows");
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
    /// A held line with its amounts, or without as they cannot be computed.
    Held(bool),
    /// A verdict by the program's own decision.
    Decided(&'static str),
}

impl Kind {
    fn is(&self, row: &Printed) -> bool {
        let (schedule, verdict, clause) = (&row[3], &row[5], &row[6]);
        match self {
            Self::Decided(kind) => verdict == kind && clause.is_empty(),
            Self::Held(known) => verdict == "held" && row[9].is_empty() != *known,
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

fn kinds(program: &Program, flagged: bool) -> Vec<Kind> {
    let mut kinds =
        vec![Kind::Bare("uncovered"), Kind::Bare("declined"), Kind::Bare("unverifiable")];
    kinds.extend(program.versions.iter().flat_map(kinds_of_version));
    if flagged {
        kinds.extend(program.versions.iter().flat_map(kinds_of_flags));
    }
    kinds
}

/// Each entry that disqualifies or holds.
fn kinds_of_flags(version: &Version) -> Vec<Kind> {
    let verdict = |entry: &toml::Table| match terms::text(entry, "effect") {
        "disqualify" => Some("disqualified"),
        "hold" => Some("held"),
        _ => None,
    };
    let entries = version.entries("flag").into_iter();
    let kinds = entries.filter_map(|entry| {
        Some(Kind::Clause(version.name.clone(), verdict(entry)?, judge::clause(entry)))
    });
    kinds.collect()
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
