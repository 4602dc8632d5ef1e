//! What a plugin costs: the calculation of orders with one that does nothing, as a ratio to the same
//! without, taken in turn in one run. `cargo bench --bench plugin`.
//!
//! Pairs: the kernel alone on lines that lie in memory, with calls of many orders and, as a run makes
//! them, of one; an order's evaluation (which version, which entries, then the kernel); and what a run
//! does with an order of which nothing changed (read it, know it again by its fingerprint, evaluate it),
//! without and with a figure of an earlier period, for which all orders are read once more. Asserts
//! nothing of time.

#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono::NaiveDate;
use feebook_core::answers::AnsweredBy;
use feebook_core::error::Result;
use feebook_core::fact::{LineFact, No};
use feebook_core::ledger::{Begun, Ledger, NewImport, OrderRecord, Scan};
use feebook_core::plugins::{Plugins, Start, Started};
use feebook_core::run::Evaluator;
use feebook_kernel::{
    BasisRule, Cover, Line, Minor, Outcome, Ppm, Rate, Rounding, Silent, State, Terms, rate, settle,
};
use feebook_plugin::author::{Answers, Config, Order, Plugin, Setup as View};
use feebook_plugin::exchange::{Batch, Instance, LineInput, OrderInput, Setup};
use feebook_schedule::{Book, Program, Source};

const ORDERS: usize = 100_000;
/// Of every ten orders, so many have a second line.
const WITH_TWO: usize = 4;
/// A figure that the plugin is told.
const FIGURE: &str =
    "aggregates = [{ figure = \"turnover\", of = \"program\", period = \"month\", back = 1 }]\n";
const ROUNDS: usize = 15;

/// Says nothing of any line.
struct Nothing;

impl Plugin for Nothing {
    const READS_TEXTS: bool = false;

    fn new(_: &View<'_>, _: &mut Config) -> Option<Self> {
        Some(Self)
    }

    fn order(&mut self, order: &Order<'_>, _: &mut Answers<'_>) -> std::result::Result<(), String> {
        black_box(order.lines().count());
        Ok(())
    }
}

/// Starts [`Nothing`], whatever is asked for. A loaded plugin is called in the same way.
#[derive(Debug)]
struct Here;

impl Plugins for Here {
    fn start(&self, _: &Program, plugin: &str, _: NaiveDate, setup: &Setup<'_>) -> Result<Start> {
        let by = AnsweredBy { name: plugin.to_owned(), version: "1".to_owned(), sha256: [7; 32] };
        Ok(Instance::of::<Nothing>(setup).map(|instance| Started { instance, by }))
    }
}

fn main() {
    let lines = orders().map(|(_, lines)| lines).sum::<usize>();
    println!("{ORDERS} orders with {lines} lines; medians of {ROUNDS} rounds, each pair in turn\n");
    println!("{:<34} {:>10} {:>10} {:>7}", "ns per line", "without", "with", "speed");
    for (what, orders) in [
        ("kernel, calls of 256 orders", 256),
        ("kernel, calls of 64 orders", 64),
        ("kernel, calls of one order", 1),
    ] {
        tell(what, &kernel_pair(lines, orders));
    }
    let mut ledger = Ledger::in_memory().expect("a ledger");
    import(&mut ledger);
    tell("evaluation of an order", &evaluation_pair(&ledger, lines));
    tell("an order in a run", &run_pair(&ledger, lines, ""));
    tell("the same, with a figure", &run_pair(&ledger, lines, FIGURE));
}

/// Order numbers with their number of lines.
fn orders() -> impl Iterator<Item = (usize, usize)> {
    (0..ORDERS).map(|number| (number, 1 + usize::from(number % 10 < WITH_TWO)))
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).expect("a count")
}

/// Nanoseconds per line of every round.
#[derive(Default)]
struct Pair {
    without: Vec<u128>,
    with: Vec<u128>,
}

fn median(times: &[u128]) -> u128 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Writes a pair: tenths of a nanosecond, and the speed with the plugin as a share of that without.
fn tell(what: &str, pair: &Pair) {
    let tenths = |times: &[u128]| {
        let tenths = median(times);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let percent = median(&pair.without) * 100 / median(&pair.with).max(1);
    println!(
        "{what:<34} {:>10} {:>10} {:>4}.{:02}",
        tenths(&pair.without),
        tenths(&pair.with),
        percent / 100,
        percent % 100
    );
}

/// Tenths of a nanosecond per line.
fn timed(lines: usize, work: impl FnOnce()) -> u128 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() * 10 / u128::try_from(lines).expect("a count")
}

fn in_turn(lines: usize, mut without: impl FnMut(), mut with: impl FnMut()) -> Pair {
    without();
    with();
    let mut pair = Pair::default();
    for _ in 0..ROUNDS {
        pair.without.push(timed(lines, &mut without));
        pair.with.push(timed(lines, &mut with));
    }
    pair
}

const RATES: [Rate; 2] = [Rate::Flat(Minor::ZERO), Rate::Plugin];

fn kernel_pair(count: usize, orders_of_a_call: usize) -> Pair {
    let share = Rate::Percent(Ppm::new(63_000).expect("a rate"));
    let rates = [share, RATES[1]];
    let terms = Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates);
    let all: Vec<Line> = (0..count)
        .map(|number| Line {
            price: Minor::new(1_000 + (whole(number) * 7_919) % 50_000),
            rate: Some(0),
            ..Line::new(State::Approved)
        })
        .collect();
    let lengths: Vec<usize> = orders().map(|(_, lines)| lines).collect();
    let mut outcomes = vec![Outcome::default(); 2 * orders_of_a_call];
    let without = || {
        let mut rest = all.as_slice();
        for lengths in lengths.chunks(orders_of_a_call) {
            let mut done = 0;
            for length in lengths {
                let (lines, after) = rest.split_at(*length);
                let outcomes = &mut outcomes[done..done + length];
                rate(Cover::Terms(&terms), lines, outcomes, &mut Silent);
                settle(Cover::Terms(&terms), lines, outcomes, &mut Silent);
                (rest, done) = (after, done + length);
            }
            black_box(&outcomes);
        }
    };
    let mut instance = Instance::of::<Nothing>(&setup()).expect("a plugin");
    let mut batch = instance.batch();
    let mut outcomes = vec![Outcome::default(); 2 * orders_of_a_call];
    let with = || {
        let mut rest = all.as_slice();
        for lengths in lengths.chunks(orders_of_a_call) {
            let done = called(&terms, (rest, lengths), &mut outcomes, (&mut instance, &mut batch));
            rest = &rest[done..];
            black_box(&outcomes);
        }
    };
    in_turn(count, without, with)
}

/// The kernel with the plugin between its passes, for some orders; returns how many lines they have.
fn called(
    terms: &Terms<'_>,
    (all, lengths): (&[Line], &[usize]),
    outcomes: &mut [Outcome],
    (instance, batch): (&mut Instance, &mut Batch),
) -> usize {
    batch.clear();
    let mut first = 0;
    for length in lengths {
        let (lines, outcomes) = (&all[first..first + length], &mut outcomes[first..first + length]);
        rate(Cover::Terms(terms), lines, outcomes, &mut Silent);
        batch.order(&OrderInput {
            at: 0,
            day: 738_000,
            month: 24_288,
            day_of_month: 1,
            figures: &[],
        });
        for (line, outcome) in lines.iter().zip(outcomes.iter()) {
            batch.line(&LineInput::new(line, outcome, false));
        }
        first += length;
    }
    instance.call(batch).expect("an answer");
    let mut first = 0;
    for length in lengths {
        let (lines, outcomes) = (&all[first..first + length], &mut outcomes[first..first + length]);
        if !batch.is_silent() {
            for (index, outcome) in (first..).zip(outcomes.iter_mut()) {
                outcome.incentive = batch.said(index).incentive.unwrap_or_default();
            }
        }
        settle(Cover::Terms(terms), lines, outcomes, &mut Silent);
        first += length;
    }
    first
}

fn setup() -> Setup<'static> {
    Setup {
        program: "example",
        terms: "2024-07-01",
        config: "",
        currency: "USD",
        decimals: 2,
        rounding: Rounding::HalfEven,
        entries: &[],
        aggregates: &[],
    }
}

/// The terms of the shipped program `example`, each version with so much at its end.
fn book(more: &str) -> Arc<Book> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schedules/example");
    let entries = std::fs::read_dir(folder).expect("the shipped schedules");
    let mut sources: Vec<Source> = entries
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name()?.to_str()?.to_owned();
            let mut text = std::fs::read_to_string(&path).ok()?;
            if name.starts_with('2') {
                text.push_str(more);
            }
            let path = format!("example/{name}");
            Some(Source::new(path.clone(), path, text))
        })
        .collect();
    if !more.is_empty() {
        let builds = format!(
            "[[plugin]]\nname = \"nothing\"\nlibrary = \"./nothing.so\"\nsha256 = \"{}\"\nfrom = 2000-01-01\n",
            "07".repeat(32)
        );
        let path = "example/plugins.toml".to_owned();
        sources.push(Source::new(path.clone(), path, builds));
    }
    sources.sort_by(|a, b| a.path().cmp(b.path()));
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Arc::new(book)
}

/// Imports orders of the program `example`.
fn import(ledger: &mut Ledger) {
    let new = NewImport {
        program: "example",
        file: "orders.csv",
        file_digest: [1; 32],
        format: "feebook",
        format_digest: [0; 32],
        as_of: None,
        imported_at: 0,
    };
    let pending = match ledger.begin_import(&new).expect("the import begins") {
        Begun::Started(pending) => Some(pending),
        Begun::Already { .. } => None,
    };
    let mut pending = pending.expect("an empty ledger has no import");
    for (number, lines) in orders() {
        for line in 1..=lines {
            let no = |number: usize| No::parse(&number.to_string()).expect("a number");
            let mut fact = LineFact::new(no(number + 1), no(line), State::Approved);
            // From 1 July 2024 on, an order every five minutes.
            fact.paid_at = Some(1_719_792_000 + 300 * whole(number));
            fact.product_price = Minor::new(1_000 + (whole(number) * 7_919) % 50_000);
            fact.category =
                Some(pending.words().intern(["97", "163", "22", "5090301"][number % 4]));
            fact.ship_to = Some(pending.words().intern(["NO", "DE", "PL"][number % 3]));
            pending.append(fact).expect("appended");
        }
    }
    pending.keep().expect("kept");
}

/// An evaluator without a plugin, and one with.
fn evaluators(ledger: &Ledger, told: &str) -> [Evaluator; 2] {
    let standing = Arc::new(ledger.standing("example", i64::MAX).expect("what is known"));
    let plugins: Arc<dyn Plugins> = Arc::new(Here);
    [String::new(), format!("\n[plugin]\nname = \"nothing\"\n{told}")].map(|more| {
        let evaluator = Evaluator::new(&book(&more), "example", &standing).expect("a program");
        evaluator.as_of(i64::MAX, Some(&plugins))
    })
}

fn evaluation_pair(ledger: &Ledger, lines: usize) -> Pair {
    let mut scan = Scan::new(ledger, "example").expect("a scan");
    let mut records: Vec<OrderRecord> = Vec::new();
    while let Some(order) = scan.next(ledger).expect("an order") {
        records.push(order);
    }
    let [mut plain, mut plugged] = evaluators(ledger, "");
    let all = |evaluator: &mut Evaluator| {
        for record in &records {
            let facts = ledger.counting(record, i64::MAX).expect("facts");
            let found = evaluator.evaluate(&facts, ledger, &mut Silent).expect("an outcome");
            black_box(found.outcomes);
        }
    };
    in_turn(lines, || all(&mut plain), || all(&mut plugged))
}

fn run_pair(ledger: &Ledger, lines: usize, told: &str) -> Pair {
    let all = |evaluator: &mut Evaluator| {
        let mut scan = Scan::new(ledger, "example").expect("a scan");
        while let Some(order) = scan.next(ledger).expect("an order") {
            let facts = ledger.counting(&order, i64::MAX).expect("facts");
            black_box(evaluator.fingerprint(&facts, ledger).expect("a fingerprint"));
            let found = evaluator.evaluate(&facts, ledger, &mut Silent).expect("an outcome");
            black_box(found.amounts());
        }
    };
    // Evaluators of their own for each round, as each run has: what was counted is not kept.
    let of = |at: usize| {
        let [plain, plugged] = evaluators(ledger, told);
        if at == 0 { plain } else { plugged }
    };
    in_turn(lines, || all(&mut of(0)), || all(&mut of(1)))
}
