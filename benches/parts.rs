//! What the parts cost by themselves: the kernel, the matcher with few and with many entries, a report read
//! into facts, one `explain` in process. `cargo bench --bench parts`.
//!
//! Owns medians of rounds taken in turn. Asserts nothing of time.

#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono_tz::Tz;
use feebook_core::error::Result;
use feebook_core::explain::Explainer;
use feebook_core::fact::{LineFact, No};
use feebook_core::import::{Advertiser, Context, Formats, Sink, read};
use feebook_core::ledger::{Begun, Ledger, NewImport};
use feebook_core::run::{Scope, Terms, Unwatched, recompute};
use feebook_core::words::Words;
use feebook_kernel::{
    BasisRule, Cover, Line, Minor, Outcome, Ppm, Rate, Rounding, Silent, State, evaluate,
};
use feebook_schedule::{Amounts, Book, Classes, Currency, Diagnostic, Dimension, Matching, Source};

const LINES: u32 = 200_000;
const ROUNDS: usize = 9;

/// What is timed, how often it does it, and the doing.
type Work<'w> = (&'static str, u32, Box<dyn FnMut() + 'w>);

fn main() {
    println!("ns, medians of {ROUNDS} rounds in turn");
    let (terms, few, many) = (kernel_lines(), book(3), book(300));
    let report = report(",");
    let quoted = report.replace(",80,", ",\"80\",");
    let (ledger, terms_of_runs) = ledger(&report);
    let mut explainer = Explainer::new(&ledger, &terms_of_runs).expect("a ledger");
    let mut works: Vec<Work<'_>> = vec![
        ("kernel, per line", LINES, Box::new(|| kernel(&terms))),
        ("matcher, 3 entries, per line", LINES, Box::new(|| matcher(&few))),
        ("matcher, 300 entries, per line", LINES, Box::new(|| matcher(&many))),
        ("report read, plain, per line", LINES, Box::new(|| facts(&report))),
        ("report read, with quotes, per line", LINES, Box::new(|| facts(&quoted))),
        ("explain, per order", 50, Box::new(|| explained(&mut explainer))),
    ];
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..=ROUNDS {
        for ((_, count, work), times) in works.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            work();
            times.push(begun.elapsed().as_nanos() * 10 / u128::from(*count));
        }
    }
    for ((what, ..), times) in works.iter().zip(&mut times) {
        // The first round warms up.
        times.remove(0);
        times.sort_unstable();
        let tenths = times[times.len() / 2];
        println!("{what:<36} {:>8}.{}", tenths / 10, tenths % 10);
    }
}

fn kernel_lines() -> Vec<Line> {
    (0..LINES)
        .map(|number| Line {
            price: Minor::new(1_000 + i64::from(number) * 7_919 % 50_000),
            rate: Some(0),
            ..Line::new(State::Approved)
        })
        .collect()
}

fn kernel(lines: &[Line]) {
    let rates = [Rate::Percent(Ppm::new(63_000).expect("a rate"))];
    let terms = feebook_kernel::Terms::new(BasisRule::ProductPrice, Rounding::HalfEven, &rates);
    let mut outcomes = [Outcome::default(); 2];
    for order in lines.chunks_exact(2) {
        evaluate(Cover::Terms(&terms), order, &mut outcomes, &mut Silent);
        black_box(&outcomes);
    }
}

/// A program whose only version has so many rates by category.
fn book(entries: u32) -> Book {
    let program = "format = 1\nname = \"Shop\"\npayout_currency = \"USD\"\ntimezone = \"UTC\"\n\
                   governed_by = \"paid\"\n";
    let mut version = "format = 1\neffective_on = 2020-01-01\nsource = \"none\"\n[policy]\n\
                       basis = \"product_price\"\ncurrency = \"USD\"\nrounding = \"floor\"\n"
        .to_owned();
    for entry in 1..entries {
        let _ = write!(version, "[[rate]]\nrate = \"{}%\"\ncategories = [{entry}]\n", entry % 90);
    }
    version.push_str("[[rate]]\nrate = \"5%\"\n");
    let source = |path: &str, text: &str| Source::new(path, path, text);
    let sources = [source("shop/2020-01-01.toml", &version), source("shop/program.toml", program)];
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(Diagnostic::is_error), "{problems:#?}");
    book
}

fn matcher(book: &Book) {
    let version = &book.programs()[0].versions()[0];
    let categories: Vec<_> =
        (0..64).map(|id: u32| version.class_of(Dimension::Category, &id.to_string())).collect();
    let (mut matching, amounts) = (Matching::new(), Amounts::new(State::Approved));
    let mut classes = Classes::missing();
    for (number, _) in (0..LINES).enumerate() {
        classes.set(Dimension::Category, categories[number % 64]);
        black_box(version.line(&amounts, &classes, &mut matching));
    }
}

fn report(delimiter: &str) -> String {
    let mut text =
        String::from("order_no,line_no,paid_at,product_price,category,status,currency\n");
    for number in 0..LINES {
        let (minute, second) = (number / 60 % 60, number % 60);
        let _ = writeln!(
            text,
            "{},80,2024-08-{:02} 10:{minute:02}:{second:02},{}.{:02},97,approved,USD",
            1_000_000 + number,
            1 + number % 28,
            number % 900,
            number % 100
        );
    }
    text.replace(',', delimiter)
}

/// Counts facts.
#[derive(Default)]
struct Counted {
    words: Words,
    facts: u32,
}

impl Sink for Counted {
    fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    fn advertiser(&mut self, _advertiser: &Advertiser<'_>) -> Result<Context> {
        Ok(context())
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        black_box(fact);
        self.facts += 1;
        Ok(())
    }

    fn reject(&mut self, problem: Diagnostic) {
        assert!(!problem.is_error(), "{problem:?}");
    }
}

fn context() -> Context {
    let default_currency = Currency::parse("USD");
    Context { zone: Tz::Europe__Oslo, default_currency, unknown: false }
}

fn read_into(report: &str, sink: &mut dyn Sink) {
    let path = "reports/feebook.toml";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schedules").join(path);
    let text = std::fs::read_to_string(file).expect("the shipped mapping");
    let (formats, _) = Formats::load(&[Source::new(path, path, text)]);
    let format = formats.by_name("feebook", None).expect("our own format");
    read(format, report.as_bytes(), "report", &context(), sink).expect("a report");
}

fn facts(report: &str) {
    let mut counted = Counted::default();
    read_into(report, &mut counted);
    assert_eq!(counted.facts, LINES);
}

/// The terms of the shipped program `example`.
fn terms() -> Terms {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schedules/example");
    let entries = std::fs::read_dir(folder).expect("the shipped schedules");
    let mut sources: Vec<Source> = entries
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            let name = format!("example/{}", path.file_name()?.to_str()?);
            Some(Source::new(name.clone(), name, std::fs::read_to_string(&path).ok()?))
        })
        .collect();
    sources.sort_by(|a, b| a.path().cmp(b.path()));
    let (book, _) = Book::load(&sources);
    Terms { book: Arc::new(book), sources: sources.into(), plugins: None }
}

/// A ledger and its terms, with the lines of a report evaluated.
fn ledger(report: &str) -> (Ledger, Terms) {
    struct All<'l>(feebook_core::ledger::PendingImport<'l>);
    impl Sink for All<'_> {
        fn words(&mut self) -> &mut Words {
            self.0.words()
        }

        fn advertiser(&mut self, _advertiser: &Advertiser<'_>) -> Result<Context> {
            Ok(context())
        }

        fn accept(&mut self, fact: LineFact) -> Result<()> {
            self.0.append(fact)
        }

        fn reject(&mut self, problem: Diagnostic) {
            assert!(!problem.is_error(), "{problem:?}");
        }
    }
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let new = NewImport {
        program: "example",
        file: "report",
        file_digest: [1; 32],
        format: "feebook",
        format_digest: [0; 32],
        as_of: None,
        imported_at: 0,
    };
    if let Begun::Started(pending) = ledger.begin_import(&new).expect("an import") {
        let mut all = All(*pending);
        read_into(report, &mut all);
        all.0.keep().expect("kept");
    }
    let terms = terms();
    recompute(&mut ledger, &terms, &Scope::default(), 0, &mut Unwatched, &mut |_| ())
        .expect("a run");
    (ledger, terms)
}

fn explained(explainer: &mut Explainer<'_>) {
    for number in 0..50_u32 {
        let order = No::parse(&(1_000_000 + number * 3_999).to_string()).expect("a number");
        let explanation = explainer.explain(Some("example"), &order).expect("an order");
        black_box(explanation.total());
    }
}
