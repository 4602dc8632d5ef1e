//! `schedule preview`: what announced terms come to on the user's own last months of orders.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use feebook_core::error::{self, Error};
use feebook_core::preview::{Asked, Books, CountedFrom, Group, Preview as Previewed, preview};
use feebook_core::run::Terms;
use feebook_core::side_by_side::{Currencies, Tally};
use feebook_schedule::{Program, Source, Version, zone};
use serde_json::{Map, Value};

use crate::args::{Form, Global, Preview};
use crate::commands::{counted, known_program, open, shown};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output, text_table};
use crate::plugins::Installed;
use crate::progress::Bar;
use crate::shipped;

pub(super) fn run(global: &Global, output: &Output, args: &Preview) -> Outcome<u8> {
    let announced = Announced::read(global, args)?;
    let version = announced.version()?;
    if version.asks_day() {
        say(&format!(
            "{}: entries with on_from or on_until keep their dates, also as if the file had always \
             been in force",
            announced.source.shown()
        ));
    }
    let asked = Asked {
        program: announced.program.clone(),
        version: version.id().to_owned(),
        months: args.months,
        on: args.on,
    };
    let books = announced.books(&asked)?;
    let mut ledger = open(global)?;
    ledger.hold_still()?;
    let mut bar = Bar::new(global, "orders", None);
    let found = preview(&ledger, &books, &asked, &mut bar)?;
    drop(bar);
    let head = head(&announced, version, &asked, &found);
    write(output, &head, &sections(&asked, &found))?;
    tell_apart(&found);
    Ok(DONE)
}

/// The announced file among all terms.
struct Announced {
    program: String,
    source: Source,
    /// All terms, with the file.
    with: Terms,
    /// The terms at hand, if the file is not one of them.
    without: Option<Terms>,
}

impl Announced {
    /// Reads the file and checks it together with all others.
    fn read(global: &Global, args: &Preview) -> Outcome<Self> {
        let unreadable = |e| Error::file(&args.file, "read", e);
        let text = fs::read_to_string(&args.file).map_err(unreadable)?;
        let real = fs::canonicalize(&args.file).map_err(unreadable)?;
        let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sources = shipped::sources(global)?;
        let program = program_of(&sources, &real, args)?;
        let source = Source::new(format!("{program}/{name}"), shown(&args.file), text);
        if ["program.toml", "plugins.toml"].contains(&name.as_str()) {
            return Err(not_a_version(&source).into());
        }
        let is_it = |known: &Source| {
            known.path() == source.path()
                && fs::canonicalize(known.shown()).is_ok_and(|known| known == real)
        };
        let at_hand = sources.iter().any(is_it);
        let instead = |other: Source| {
            let mut sources = sources.clone();
            sources.retain(|known| known.path() != other.path());
            sources.push(other);
            shipped::terms(sources)
        };
        let with = Terms { plugins: Some(Installed::new(global)), ..instead(source.clone())? };
        known_program(&with, &program)?;
        // A file of the user's own that stands for a shipped one: without it the shipped one holds.
        let without = match shipped::built_in(source.path()) {
            Some(shipped) if at_hand => Some(instead(shipped)?),
            None if at_hand => None,
            _ => Some(shipped::terms(sources)?),
        };
        Ok(Self { program, source, with, without })
    }

    fn program(&self) -> Result<&Program, Error> {
        known_program(&self.with, &self.program)
    }

    fn version(&self) -> Result<&Version, Error> {
        let program = self.program()?;
        let mut versions = program.versions().iter().chain(program.superseded());
        let found = versions.find(|version| version.source().path() == self.source.path());
        found.ok_or_else(|| not_a_version(&self.source))
    }

    fn books(&self, asked: &Asked) -> Result<Books, Error> {
        let book = &self.with.book;
        let always = book.as_if_always(&asked.program, &asked.version);
        let always = always.ok_or_else(|| not_a_version(&self.source))?;
        let without = match &self.without {
            Some(terms) => Arc::clone(&terms.book),
            None => Arc::new(book.without(&asked.program, &asked.version)),
        };
        let plugins = self.with.plugins.clone();
        Ok(Books { without, always: Arc::new(always), plugins })
    }
}

fn not_a_version(source: &Source) -> Error {
    let message = format!("{} is not named as a version is", source.shown());
    Error::new(&error::NOT_A_VERSION, message)
        .hint("name it YYYY-MM-DD.toml, after the day the terms take effect")
}

/// The program that is named, else the one that the file's folder is named after.
fn program_of(sources: &[Source], file: &Path, args: &Preview) -> Result<String, Error> {
    if let Some(program) = &args.program {
        return Ok(program.clone());
    }
    let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let file_of_it = format!("{folder}/program.toml");
    if sources.iter().any(|source| source.path() == file_of_it) {
        return Ok(folder.into_owned());
    }
    let message =
        format!("{} is in the folder `{folder}`, which is no program", args.file.display());
    Err(Error::new(&error::WHOSE_VERSION, message).hint("name the program with --program"))
}

/// What the document begins with: key, value.
fn head(
    announced: &Announced,
    version: &Version,
    asked: &Asked,
    found: &Previewed,
) -> Vec<(&'static str, Cell)> {
    let zone = announced.program().map_or(chrono_tz::UTC, Program::zone);
    let counted_from = match found.window.counted_from {
        CountedFrom::LastOrders(month) => format!("{month}, the last month with orders"),
        CountedFrom::Day(day) => format!("{day}, as asked"),
    };
    vec![
        ("program", Cell::Text(asked.program.clone())),
        ("schedule", Cell::Text(asked.version.clone())),
        ("file", Cell::Text(announced.source.shown().to_owned())),
        ("effective_at", Cell::Text(zone::written(zone, version.start()))),
        ("months", Cell::Count(u64::from(asked.months))),
        ("counted_back_from", Cell::Text(counted_from)),
        ("from", Cell::Text(found.window.first.to_string())),
        ("until", Cell::Text(found.window.last.to_string())),
        ("orders", Cell::Count(found.orders)),
    ]
}

/// One part of the answer.
struct Section {
    /// Its name in CSV and JSON.
    name: &'static str,
    /// What it says, for people.
    title: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// The columns of amounts.
const AMOUNTS: [&str; 6] = ["currency", "lines", "before", "after", "difference", "unknown"];

fn sections(asked: &Asked, found: &Previewed) -> Vec<Section> {
    let total = found.total.iter().map(|(currencies, tally)| amounts(*currencies, tally));
    let section = |name, title, first: &[&'static str], rows| {
        let columns = first.iter().chain(&AMOUNTS).copied().collect();
        Section { name, title, columns, rows }
    };
    vec![
        section("total", "In all", &[], total.collect()),
        verdicts(found),
        section("category", "By category", &["category"], groups(&found.categories)),
        section("country", "By country shipped to", &["country"], groups(&found.countries)),
        orders(asked, found),
        weeks(found),
    ]
}

/// The cells of [`AMOUNTS`].
fn amounts(currencies: Currencies, tally: &Tally) -> Vec<Cell> {
    let common = currencies.common();
    let difference = common.map(|currency| currency.written(tally.difference()));
    vec![
        Cell::Text(currency(currencies)),
        Cell::Count(tally.lines),
        Cell::Figure(currencies.before.written(tally.before)),
        Cell::Figure(currencies.after.written(tally.after)),
        Cell::figure(difference),
        Cell::Count(tally.not_compared()),
    ]
}

fn currency(currencies: Currencies) -> String {
    match currencies.common() {
        Some(currency) => currency.to_string(),
        None => format!("{} -> {}", currencies.before, currencies.after),
    }
}

fn groups(groups: &[Group]) -> Vec<Vec<Cell>> {
    let row = |group: &Group| {
        let key = Cell::text(Some(group.key.clone()).filter(|key| !key.is_empty()));
        [vec![key], amounts(group.currencies, &group.tally)].concat()
    };
    groups.iter().map(row).collect()
}

fn verdicts(found: &Previewed) -> Section {
    let rows = found.verdicts.iter().map(|change| {
        let (before, after) = (change.currencies.before, change.currencies.after);
        vec![
            Cell::Text(change.before.word().to_owned()),
            Cell::Text(change.after.word().to_owned()),
            Cell::Text(currency(change.currencies)),
            Cell::Count(change.lines),
            Cell::figure(change.earned_before.map(|minor| before.written(minor))),
            Cell::figure(change.earned_after.map(|minor| after.written(minor))),
        ]
    });
    Section {
        name: "verdict",
        title: "Lines whose verdict changes",
        columns: vec!["verdict_before", "verdict_after", "currency", "lines", "before", "after"],
        rows: rows.collect(),
    }
}

fn orders(asked: &Asked, found: &Previewed) -> Section {
    let rows = found.moved.iter().map(|moved| {
        let money = |minor: i64| Cell::Figure(moved.currency.written(minor));
        vec![
            Cell::Text(asked.program.clone()),
            Cell::Text(moved.order_no.to_string()),
            Cell::Text(moved.currency.to_string()),
            money(moved.tally.before),
            money(moved.tally.after),
            money(moved.tally.difference()),
            Cell::Count(moved.tally.not_compared()),
            Cell::Text(moved.cause.clone()),
        ]
    });
    let columns =
        ["program", "order_no", "currency", "before", "after", "difference", "unknown", "cause"];
    Section {
        name: "order",
        title: "The orders that move most",
        columns: columns.to_vec(),
        rows: rows.collect(),
    }
}

fn weeks(found: &Previewed) -> Section {
    let mut passed = 0;
    let mut last = None;
    let rows = found.weeks.iter().map(|week| {
        // Amounts of another pair of currencies are another row of the same week.
        passed += u64::from(last != Some(week.first));
        last = Some(week.first);
        let delay = week.currencies.common().zip(week.delay_worth);
        let cells = vec![
            Cell::Count(passed),
            Cell::Text(week.first.to_string()),
            Cell::Text(week.last.to_string()),
        ];
        let worth = Cell::figure(delay.map(|(currency, minor)| currency.written(minor)));
        [cells, amounts(week.currencies, &week.tally), vec![worth]].concat()
    });
    let columns = ["week", "from", "until"].into_iter().chain(AMOUNTS).chain(["delay_worth"]);
    Section {
        name: "week",
        title: "Week by week; delay_worth: what you keep if the terms take effect so many weeks later",
        columns: columns.collect(),
        rows: rows.collect(),
    }
}

fn write(output: &Output, head: &[(&'static str, Cell)], sections: &[Section]) -> Outcome<()> {
    match output.form {
        Form::Text => output.text(text(head, sections).trim_end()),
        Form::Json => output.json(&json(head, sections)),
        Form::Csv => csv(output, sections),
    }
}

fn text(head: &[(&'static str, Cell)], sections: &[Section]) -> String {
    let shown = |key: &str| {
        let cell = head.iter().find(|(known, _)| *known == key);
        cell.map_or_else(String::new, |(_, cell)| cell.shown())
    };
    let orders = counted(shown("orders").parse().unwrap_or(0), "order");
    let months = counted(shown("months").parse().unwrap_or(0), "month");
    let mut text = format!(
        "{} {} takes effect at {} ({})\n\
         {orders} from {} to {}: {months} back from {}\n\
         before: by the terms in force on each order's day, without this file\n\
         after: as if the file had always been in force; nothing is posted\n",
        shown("program"),
        shown("schedule"),
        shown("effective_at"),
        shown("file"),
        shown("from"),
        shown("until"),
        shown("counted_back_from"),
    );
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        let numeric: Vec<bool> =
            section.columns.iter().map(|column| !TEXTS.contains(column)).collect();
        let table = text_table(&section.columns, &section.rows, &numeric);
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}\n{table}", section.title);
    }
    text
}

/// Columns that are read from the left.
const TEXTS: [&str; 10] = [
    "category",
    "country",
    "verdict_before",
    "verdict_after",
    "program",
    "order_no",
    "from",
    "until",
    "currency",
    "cause",
];

fn json(head: &[(&'static str, Cell)], sections: &[Section]) -> Value {
    let record = |columns: &[&'static str], cells: &[Cell]| -> Map<String, Value> {
        let cells = columns.iter().zip(cells);
        cells.map(|(name, cell)| ((*name).to_owned(), cell.in_json())).collect()
    };
    let mut document: Map<String, Value> =
        head.iter().map(|(key, cell)| ((*key).to_owned(), cell.in_json())).collect();
    for section in sections {
        let rows = section.rows.iter().map(|row| Value::Object(record(&section.columns, row)));
        document.insert(section.name.to_owned(), rows.collect());
    }
    Value::Object(document)
}

/// One sheet: the columns of all sections, those of the others empty.
fn csv(output: &Output, sections: &[Section]) -> Outcome<()> {
    let columns = [
        "section",
        "category",
        "country",
        "verdict_before",
        "verdict_after",
        "program",
        "order_no",
        "week",
        "from",
        "until",
        "currency",
        "lines",
        "before",
        "after",
        "difference",
        "unknown",
        "delay_worth",
        "cause",
    ];
    let mut sheet = output.sheet(&columns)?;
    for section in sections {
        for row in &section.rows {
            let cell = |column: &&str| {
                let at = section.columns.iter().position(|known| known == column);
                at.and_then(|at| row.get(at)).cloned().unwrap_or(Cell::Empty)
            };
            let name = Cell::Text(section.name.to_owned());
            sheet.row(std::iter::once(name).chain(columns[1..].iter().map(cell)).collect())?;
        }
    }
    sheet.finish()
}

/// Says on stderr what is in no sum, and what was not subtracted.
fn tell_apart(found: &Previewed) {
    let all = |count: fn(&Tally) -> u64| found.total.values().map(count).sum::<u64>();
    let parts = [
        (all(|tally| tally.lost), "under the announced terms"),
        (all(|tally| tally.gained), "before them"),
        (all(|tally| tally.unknown), "under both"),
    ];
    let told: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, when)| format!("of {} {when}", counted(*count, "line")))
        .collect();
    if !told.is_empty() {
        say(&format!("unknown, and in no sum: what is earned {}", told.join(", ")));
    }
    for currencies in found.total.keys().filter(|currencies| currencies.common().is_none()) {
        say(&format!(
            "the terms of some orders are in {}, the announced ones in {}: amounts of two currencies \
             are not subtracted",
            currencies.before, currencies.after
        ));
    }
}
