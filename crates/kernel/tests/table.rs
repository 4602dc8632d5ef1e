//! The calculation as tables that a bookkeeper can read: `tests/tables/*.txt`.
//!
//! A table opens with `== title`, then lines `terms key=value …`, then a header of columns with
//! `->` between what is told and what must come out, then one row per line of an order. `-` is
//! "not known" or "none"; a column that is left out has its default; rows of one order stand
//! together; ` # ` begins a remark. Each cell that differs is reported with its file, line and column; a table without
//! rows is an error, and so is a file that no test names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helper may fail the test")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use feebook_kernel::{
    BasisRule, BasisSource, Cap, CapScope, Cover, Covers, Decided, Effect, FeeCountry, Flagged,
    Line, Minor, Observer, Outcome, Ppm, Rate, Rounding, ServiceFee, State, Step, Terms,
    WhenUnknown, rate, settle,
};

/// Declares one test per file, and the list of files that the directory is compared with.
macro_rules! tables {
    ($($name:ident: $rows:literal,)+) => {
        const NAMED: &[&str] = &[$(stringify!($name)),+];
        $(
            #[test]
            fn $name() {
                check_file(stringify!($name), $rows);
            }
        )+
    };
}

// The number of rows is stated, so that a table can neither be lost nor be cut off unseen.
tables! {
    basis: 54,
    refunds: 29,
    rates: 51,
    rounding: 41,
    cap: 58,
    sharing: 71,
    bonus: 69,
    flags: 29,
    window: 19,
    plugin: 19,
    cover: 22,
    worked_cases: 21,
}

/// Reads and evaluates one file of tables.
fn check_file(name: &str, rows: usize) {
    let path = directory().join(name).with_extension("txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let tables = parse(&text).unwrap_or_else(|error| panic!("{name}.txt:{error}"));
    let differences: String =
        tables.iter().flat_map(differences).fold(String::new(), |mut all, difference| {
            writeln!(all, "{name}.txt:{difference}").unwrap();
            all
        });
    assert!(differences.is_empty(), "\n{differences}");
    let found: usize = tables.iter().map(|table| table.rows.len()).sum();
    assert_eq!(found, rows, "{name}.txt: rows found, rows stated in tests/table.rs");
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tables")
}

#[test]
fn every_file_is_named() {
    let found: BTreeSet<String> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let named: BTreeSet<String> = NAMED.iter().map(|name| format!("{name}.txt")).collect();
    assert_eq!(found, named);
}

// ---------------------------------------------------------------------------------------------
// The tables themselves.

const INPUTS: &[&str] = &[
    "order",
    "state",
    "price",
    "qty",
    "paid",
    "final",
    "refunded",
    "fee",
    "fee_country",
    "reported",
    "rate",
    "undecided",
    "flag",
    "excl",
    "currency",
    "lag",
    "window",
    "bonus_entry",
    "plugin",
    "incentive",
];
const OUTPUTS: &[&str] = &[
    "verdict",
    "reason",
    "decided",
    "source",
    "fee_out",
    "basis",
    "used",
    "commission",
    "incentive",
    "bonus",
    "bonus_of",
    "withheld",
    "total",
    "might_bite",
];

/// What a table is evaluated under, owned.
#[derive(Clone, Debug)]
struct Conditions {
    basis: BasisRule,
    rounding: Rounding,
    rates: Vec<Rate>,
    bonuses: Vec<Minor>,
    service_fee: Option<ServiceFee>,
    cap: Option<Cap>,
    bonus_without_commission: bool,
    cover: String,
}

impl Conditions {
    fn new() -> Self {
        Self {
            basis: BasisRule::ProductPrice,
            rounding: Rounding::Floor,
            rates: Vec::new(),
            bonuses: Vec::new(),
            service_fee: None,
            cap: None,
            bonus_without_commission: false,
            cover: "terms".to_owned(),
        }
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            service_fee: self.service_fee,
            bonuses: &self.bonuses,
            cap: self.cap,
            bonus_without_commission: self.bonus_without_commission,
            ..Terms::new(self.basis, self.rounding, &self.rates)
        }
    }

    /// Takes one `key=value` of a `terms` line.
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        let fee = ServiceFee { max: Ppm::default(), when_unknown: WhenUnknown::None };
        let cap = Cap {
            limit: Minor::ZERO,
            covers: Covers { commission: true, ..Covers::default() },
            scope: CapScope::Order,
        };
        match key {
            "basis" => self.basis = basis_rule(value)?,
            "rounding" => self.rounding = rounding_mode(value)?,
            "rates" => self.rates = list(value, rate_value)?,
            "bonuses" => self.bonuses = list(value, money)?,
            "fee_max" => self.service_fee.get_or_insert(fee).max = percent(value)?,
            "fee_unknown" => self.service_fee.get_or_insert(fee).when_unknown = unknown(value)?,
            "cap" => self.cap.get_or_insert(cap).limit = money(value)?,
            "cap_covers" => self.cap.get_or_insert(cap).covers = covers(value)?,
            "cap_scope" => self.cap.get_or_insert(cap).scope = scope(value)?,
            "bonus_without_commission" => self.bonus_without_commission = yes(value)?,
            "cover" => value.clone_into(&mut self.cover),
            _ => return None,
        }
        Some(())
    }
}

/// One row: the line of the order, what a plugin does to it, and what must come out.
#[derive(Clone, Debug)]
struct Row {
    at: usize,
    order: String,
    line: Line,
    plugin: Option<Minor>,
    incentive: Minor,
    expected: Vec<String>,
}

/// One table.
#[derive(Debug)]
struct Table {
    at: usize,
    title: String,
    conditions: Conditions,
    inputs: Vec<String>,
    outputs: Vec<String>,
    rows: Vec<Row>,
}

// ---------------------------------------------------------------------------------------------
// Reading.

/// Reads the tables of a file; an error is `LINE: what is wrong`.
fn parse(text: &str) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let at = index + 1;
        let line = line.split(" # ").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("== ") {
            tables.push(Table {
                at,
                title: title.to_owned(),
                conditions: Conditions::new(),
                inputs: Vec::new(),
                outputs: Vec::new(),
                rows: Vec::new(),
            });
            continue;
        }
        let table = tables.last_mut().ok_or(format!("{at}: a line before the first title"))?;
        table.take(at, line).map_err(|error| format!("{at}: {error}"))?;
    }
    if tables.is_empty() {
        return Err("1: no table".to_owned());
    }
    match tables.iter().find(|table| table.rows.is_empty()) {
        Some(empty) => Err(format!("{}: table `{}` has no rows", empty.at, empty.title)),
        None => Ok(tables),
    }
}

impl Table {
    /// Takes one line of the text: terms, the header, or a row.
    fn take(&mut self, at: usize, line: &str) -> Result<(), String> {
        if let Some(pairs) = line.strip_prefix("terms ") {
            return self.take_terms(pairs);
        }
        let (told, comes_out) = line.split_once("->").ok_or("no `->` in header or row")?;
        let words = |side: &str| side.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (told, comes_out) = (words(told), words(comes_out));
        if self.outputs.is_empty() {
            known_columns(&told, INPUTS)?;
            known_columns(&comes_out, OUTPUTS)?;
            (self.inputs, self.outputs) = (told, comes_out);
            return Ok(());
        }
        if told.len() != self.inputs.len() || comes_out.len() != self.outputs.len() {
            return Err(format!(
                "{} and {} cells under {} and {} columns",
                told.len(),
                comes_out.len(),
                self.inputs.len(),
                self.outputs.len()
            ));
        }
        self.take_row(at, &told, comes_out)
    }

    fn take_terms(&mut self, pairs: &str) -> Result<(), String> {
        if !self.outputs.is_empty() {
            return Err("terms below the header".to_owned());
        }
        for pair in pairs.split_whitespace() {
            let (key, value) = pair.split_once('=').ok_or(format!("`{pair}` has no `=`"))?;
            self.conditions.set(key, value).ok_or(format!("`{pair}` is not understood"))?;
        }
        Ok(())
    }

    fn take_row(
        &mut self,
        at: usize,
        told: &[String],
        expected: Vec<String>,
    ) -> Result<(), String> {
        let mut row = Row {
            at,
            order: String::new(),
            line: Line { rate: Some(0), ..Line::new(State::Pending) },
            plugin: None,
            incentive: Minor::ZERO,
            expected,
        };
        for (column, cell) in self.inputs.iter().zip(told) {
            row.set(column, cell).ok_or(format!("`{cell}` is not understood as {column}"))?;
        }
        let known = self.rows.iter().any(|other| other.order == row.order);
        let last = self.rows.last().is_some_and(|last| last.order == row.order);
        if known && !last {
            return Err(format!("the lines of order `{}` do not stand together", row.order));
        }
        self.rows.push(row);
        Ok(())
    }
}

impl Row {
    /// Takes the cell of one column.
    fn set(&mut self, column: &str, cell: &str) -> Option<()> {
        let line = &mut self.line;
        match column {
            "order" => cell.clone_into(&mut self.order),
            "state" => line.state = State::ALL.into_iter().find(|state| state.word() == cell)?,
            "price" => line.price = maybe(cell, money)?,
            "qty" => line.quantity = cell.parse().ok()?,
            "paid" => line.paid = maybe(cell, money)?,
            "final" => line.final_amount = maybe(cell, money)?,
            "refunded" => line.refunded = maybe(cell, money)?.unwrap_or_default(),
            "fee" => line.service_fee = maybe(cell, money)?,
            "fee_country" => line.fee_country = fee_country(cell)?,
            "reported" => line.reported_rate = maybe(cell, percent)?,
            "rate" => line.rate = maybe(cell, index)?,
            "undecided" => line.undecided = maybe(cell, index)?,
            "flag" => line.flag = maybe(cell, flagged)?,
            "excl" => line.exclusion = maybe(cell, index)?,
            "currency" => (line.paid_in_other_currency, line.unexchanged) = currency(cell)?,
            "lag" => line.lag = maybe(cell, seconds)?,
            "window" => line.window = maybe(cell, seconds)?,
            "bonus_entry" => line.bonus = maybe(cell, index)?,
            "plugin" => self.plugin = maybe(cell, money)?,
            "incentive" => self.incentive = maybe(cell, money)?.unwrap_or_default(),
            _ => return None,
        }
        Some(())
    }
}

fn known_columns(found: &[String], known: &[&str]) -> Result<(), String> {
    if found.is_empty() {
        return Err("no columns".to_owned());
    }
    let mut seen = BTreeSet::new();
    for column in found {
        if !known.contains(&column.as_str()) {
            return Err(format!("column `{column}` is not one of {known:?}"));
        }
        if !seen.insert(column) {
            return Err(format!("column `{column}` stands twice"));
        }
    }
    Ok(())
}

/// Reads a cell that may be `-`: the outer none is a cell that is not understood.
#[expect(clippy::option_option, reason = "not understood, and not known, are two things")]
fn maybe<T>(cell: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if cell == "-" { Some(None) } else { read(cell).map(Some) }
}

fn list<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(read).collect()
}

/// Reads a decimal with exactly so many digits after the point, or none, as an integer.
fn scaled(text: &str, digits: usize) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > digits || whole.is_empty() || text.ends_with('.') {
        return None;
    }
    let rest = format!("{rest:0<digits$}");
    let all = format!("{whole}{rest}");
    all.bytes().all(|byte| byte.is_ascii_digit()).then(|| all.parse().ok())?
}

fn money(text: &str) -> Option<Minor> {
    Minor::new(scaled(text, 2)?)
}

fn percent(text: &str) -> Option<Ppm> {
    Ppm::new(u32::try_from(scaled(text.strip_suffix('%')?, 4)?).ok()?)
}

/// Reads a lag or a window: `3d`, `3d+1s`, `3d-1s`.
fn seconds(text: &str) -> Option<i64> {
    let (days, rest) = text.split_once('d')?;
    let rest = match rest {
        "" => 0,
        rest => rest.strip_suffix('s')?.parse().ok()?,
    };
    Some(days.parse::<i64>().ok()? * 86_400 + rest)
}

fn index(text: &str) -> Option<u16> {
    text.parse().ok()
}

fn yes(text: &str) -> Option<bool> {
    (text == "yes").then_some(true)
}

fn rate_value(text: &str) -> Option<Rate> {
    Some(match text {
        "unknown" => Rate::Unknown,
        "plugin" => Rate::Plugin,
        _ => {
            if let Some((min, max)) = text.split_once("..") {
                Rate::Band { min: percent(min)?, max: percent(max)? }
            } else if text.ends_with('%') {
                Rate::Percent(percent(text)?)
            } else {
                Rate::Flat(money(text)?)
            }
        }
    })
}

fn basis_rule(text: &str) -> Option<BasisRule> {
    match text {
        "product_price" => Some(BasisRule::ProductPrice),
        "paid_amount" => Some(BasisRule::PaidAmount),
        _ => None,
    }
}

fn rounding_mode(text: &str) -> Option<Rounding> {
    match text {
        "floor" => Some(Rounding::Floor),
        "half_up" => Some(Rounding::HalfUp),
        "half_even" => Some(Rounding::HalfEven),
        _ => None,
    }
}

fn unknown(text: &str) -> Option<WhenUnknown> {
    match text {
        "none" => Some(WhenUnknown::None),
        "max" => Some(WhenUnknown::Max),
        _ => None,
    }
}

fn scope(text: &str) -> Option<CapScope> {
    match text {
        "order" => Some(CapScope::Order),
        "line" => Some(CapScope::Line),
        _ => None,
    }
}

fn covers(text: &str) -> Option<Covers> {
    let mut covers = Covers::default();
    for part in text.split('+') {
        match part {
            "nothing" => {}
            "commission" => covers.commission = true,
            "incentive" => covers.incentive = true,
            "bonus" => covers.bonus = true,
            _ => return None,
        }
    }
    Some(covers)
}

fn fee_country(text: &str) -> Option<FeeCountry> {
    match text {
        "in" => Some(FeeCountry::Inside),
        "out" => Some(FeeCountry::Outside),
        "-" => Some(FeeCountry::Unknown),
        _ => None,
    }
}

/// Reads whether the buyer paid in another currency, and whether the amounts are not exchanged.
fn currency(text: &str) -> Option<(bool, bool)> {
    match text {
        "own" => Some((false, false)),
        "other" => Some((true, false)),
        "no_fx" => Some((false, true)),
        "other+no_fx" => Some((true, true)),
        _ => None,
    }
}

/// Reads an effect with the entry that gives it: `hold#2`, or `hold` of the program itself.
fn flagged(text: &str) -> Option<Flagged> {
    let (effect, entry) = match text.split_once('#') {
        Some((effect, entry)) => (effect, Some(index(entry)?)),
        None => (text, None),
    };
    let effect = match effect {
        "disqualify" => Effect::Disqualify,
        "hold" => Effect::Hold,
        "withhold_bonus" => Effect::WithholdBonus,
        _ => return None,
    };
    Some(Flagged { effect, entry })
}

// ---------------------------------------------------------------------------------------------
// Evaluating and comparing.

/// Records the steps.
#[derive(Default)]
struct Trail(Vec<(usize, Step)>);

impl Observer for Trail {
    fn step(&mut self, line: usize, step: Step) {
        self.0.push((line, step));
    }
}

/// Evaluates a table, and says which cells differ.
fn differences(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for order in table.rows.chunk_by(|a, b| a.order == b.order) {
        let (outcomes, trail) = evaluated(&table.conditions, order);
        for (index, (row, outcome)) in order.iter().zip(&outcomes).enumerate() {
            let steps: Vec<Step> =
                trail.0.iter().filter(|(line, _)| *line == index).map(|(_, step)| *step).collect();
            for (column, expected) in table.outputs.iter().zip(&row.expected) {
                let actual = cell(column, outcome, &steps);
                if actual != *expected {
                    found.push(format!(
                        "{}: `{}`, order {} line {}, {column}: {expected} expected, {actual} found",
                        row.at,
                        table.title,
                        row.order,
                        index + 1
                    ));
                }
            }
        }
    }
    found
}

/// Evaluates one order, the plugin's amounts put in between the two passes.
fn evaluated(conditions: &Conditions, order: &[Row]) -> (Vec<Outcome>, Trail) {
    let terms = conditions.terms();
    let cover = match conditions.cover.as_str() {
        "uncovered" => Cover::Uncovered,
        "not_yet" => Cover::NotYetGoverned,
        _ => Cover::Terms(&terms),
    };
    let lines: Vec<Line> = order.iter().map(|row| row.line).collect();
    let mut outcomes = vec![Outcome::default(); lines.len()];
    let mut trail = Trail::default();
    rate(cover, &lines, &mut outcomes, &mut trail);
    for (row, outcome) in order.iter().zip(&mut outcomes) {
        if let Some(commission) = row.plugin {
            outcome.set_commission(commission);
        }
        outcome.incentive = row.incentive;
    }
    settle(cover, &lines, &mut outcomes, &mut trail);
    (outcomes, trail)
}

/// Writes what came out as the cell of a column.
fn cell(column: &str, outcome: &Outcome, steps: &[Step]) -> String {
    let none = || "-".to_owned();
    let amount = |minor: Minor| written(minor.get());
    let basis_step = steps.iter().find_map(|step| match *step {
        Step::Basis { source, fee, .. } => Some((source, fee)),
        _ => None,
    });
    match column {
        "verdict" => outcome.verdict.word().to_owned(),
        "reason" => outcome.reason.word().to_owned(),
        "decided" => decided(outcome.decided),
        "source" => basis_step.map_or_else(none, |(source, _)| source_word(source).to_owned()),
        "fee_out" => basis_step.map_or_else(none, |(_, fee)| amount(fee)),
        "basis" => outcome.basis.map_or_else(none, amount),
        "used" => outcome.rate.map_or_else(none, |rate| percent_written(rate.get())),
        "commission" => amount(outcome.commission),
        "incentive" => amount(outcome.incentive),
        "bonus" => amount(outcome.bonus),
        "bonus_of" => outcome.bonus_entry.map_or_else(none, |entry| entry.to_string()),
        "withheld" => amount(outcome.withheld),
        "total" => written(outcome.total()),
        "might_bite" => {
            if steps.contains(&Step::CapMightBite) {
                "yes".to_owned()
            } else {
                none()
            }
        }
        _ => format!("no column {column}"),
    }
}

/// Writes minor units with two decimals; nothing is `0`, so that what counts stands out.
fn written(minor: i64) -> String {
    if minor == 0 { "0".to_owned() } else { format!("{}.{:02}", minor / 100, minor % 100) }
}

fn percent_written(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn decided(decided: Decided) -> String {
    match decided {
        Decided::Nothing => "-".to_owned(),
        Decided::Qualified => "qualified".to_owned(),
        Decided::Flag(Some(entry)) => format!("flag#{entry}"),
        Decided::Flag(None) => "program".to_owned(),
        Decided::Window => "window".to_owned(),
        Decided::Exclude(entry) => format!("exclude#{entry}"),
        Decided::Currency => "currency".to_owned(),
        Decided::Rate(entry) => format!("rate#{entry}"),
    }
}

fn source_word(source: BasisSource) -> &'static str {
    match source {
        BasisSource::Price => "price",
        BasisSource::Paid => "paid",
        BasisSource::Final => "final",
    }
}

// ---------------------------------------------------------------------------------------------
// The tables are worth nothing if the reader of tables is wrong.

#[test]
fn a_cell_that_differs_is_named() {
    let text = "== rates\nterms rates=7%\norder price -> commission total\na 11.13 -> 0.78 0.77\n";
    let found: Vec<String> = parse(text).unwrap().iter().flat_map(differences).collect();
    assert_eq!(found, ["4: `rates`, order a line 1, commission: 0.78 expected, 0.77 found"]);
}

#[test]
fn a_table_that_cannot_be_read_is_refused() {
    let head = "== t\nterms rates=7%\norder price -> total";
    for (text, error) in [
        (String::new(), "1: no table"),
        ("order -> total".to_owned(), "1: a line before the first title"),
        (head.to_owned(), "1: table `t` has no rows"),
        (format!("{head}\na 1.00 -> 0.07\n== u"), "5: table `u` has no rows"),
        (format!("{head}\na 1.00 0.07"), "4: no `->` in header or row"),
        (format!("{head}\na 1.00 -> 0.07 0"), "4: 2 and 2 cells under 2 and 1 columns"),
        (format!("{head}\na 1.001 -> 0.07"), "4: `1.001` is not understood as price"),
        (format!("{head}\na x -> 0.07"), "4: `x` is not understood as price"),
        (
            format!("{head}\na 1 -> 0.07\nb 1 -> 0.07\na 1 -> 0.07"),
            "6: the lines of order `a` do not stand together",
        ),
        (format!("{head}\na 1 -> 0.07\nterms cap=1"), "5: terms below the header"),
        ("== t\nterms rate=7%".to_owned(), "2: `rate=7%` is not understood"),
        ("== t\nterms rates=7".to_owned() + "%x", "2: `rates=7%x` is not understood"),
        ("== t\norder order -> total".to_owned(), "2: column `order` stands twice"),
    ] {
        assert_eq!(parse(&text).unwrap_err(), error, "{text}");
    }
    assert!(parse("== t\norder prize -> total").unwrap_err().contains("column `prize`"));
}
