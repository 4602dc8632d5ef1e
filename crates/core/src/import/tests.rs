//! Whole reports through mapping files: the shapes of the three formats that ship, a mapping of
//! another network, and every code of this module.

mod every_code;
mod language;
mod networks;
mod shapes;
mod ways;

use chrono_tz::Tz;
use feebook_schedule::Source;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;

use super::{Advertiser, Context, Format, Formats, Head, ReadSummary, Shape, Sink, read};
use crate::error::{Error, Result};
use crate::fact::LineFact;
use crate::words::{Word, Words};

/// A sink that keeps everything.
#[derive(Default)]
struct Kept {
    words: Words,
    facts: Vec<LineFact>,
    problems: Vec<Diagnostic>,
    /// Rows that were not imported, as they stand in the file.
    raw: Vec<Vec<u8>>,
    shape: Shape,
}

impl Sink for Kept {
    fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    fn advertiser(&mut self, _advertiser: &Advertiser<'_>) -> Result<Context> {
        Ok(context())
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.facts.push(fact);
        Ok(())
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    fn quarantine(&mut self, raw: &[u8], _problems: &[Diagnostic]) -> Result<()> {
        self.raw.push(raw.to_vec());
        Ok(())
    }

    fn shaped(&mut self, shape: Shape) {
        self.shape = shape;
    }
}

impl Kept {
    fn text(&self, word: Option<Word>) -> &str {
        word.map_or("", |word| self.words.text(word))
    }

    /// Codes and places of the problems, as in `R016 7:3`.
    fn places(&self) -> Vec<String> {
        let place = |p: &Diagnostic| format!("{} {}:{}", p.code.id, p.place.line, p.place.column);
        self.problems.iter().map(place).collect()
    }
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, path, text)
}

/// The formats that ship.
fn shipped() -> Formats {
    let (formats, problems) = Formats::load(&[
        source("reports/feebook.toml", include_str!("../../../../schedules/reports/feebook.toml")),
        source(
            "reports/generator.toml",
            include_str!("../../../../schedules/reports/generator.toml"),
        ),
        source(
            "reports/aliexpress-openplatform.toml",
            include_str!("../../../../schedules/reports/aliexpress-openplatform.toml"),
        ),
    ]);
    assert_eq!(problems, []);
    formats
}

fn context() -> Context {
    let zone = Tz::America__Los_Angeles;
    Context { zone, default_currency: Currency::parse("USD"), unknown: false }
}

/// Reads a report of a program in Los Angeles whose policy's currency is the dollar.
fn import(format: &Format, report: &[u8]) -> (std::result::Result<ReadSummary, Error>, Kept) {
    let mut kept = Kept::default();
    let summary = read(format, report, "report", &context(), &mut kept);
    (summary, kept)
}

/// Recognises a report among the formats that ship, and reads it.
fn imported(report: &[u8]) -> (std::result::Result<ReadSummary, Error>, Kept) {
    let formats = shipped();
    import(formats.recognise(&Head::of_text(report), "report", None).unwrap(), report)
}

/// Reads a mapping that must load.
fn mapping(text: &str) -> Formats {
    let (formats, problems) = Formats::load(&[source("reports/test.toml", text)]);
    assert_eq!(problems, []);
    formats
}
