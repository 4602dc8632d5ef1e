//! The publisher's own click log, in CSV: `sub_id, clicked_at, placement, country, url, referrer`,
//! in any order; `sub_id` must be there.
//!
//! Owns the reading of its rows. An instant that is not given is taken from an `aff_trace_key` in
//! the url, else in the referrer. Refuses to match clicks with orders.

use std::cell::Cell;
use std::io::Read;
use std::path::Path;

use chrono_tz::Tz;
use feebook_schedule::diagnostic::{Code, Diagnostic};
use feebook_schedule::{Program, iso};
use sha2::{Digest, Sha256};

use super::cell::Cells;
use super::csv;
use super::intake::{self, IntoLedger, Keeping, TakenIn, Watch};
use super::looked::Looked;
use super::mapping::CsvLayout;
use super::moment::{self, Days, TimeFormat, Zones};
use super::report::Rows;
use super::row::{Problem, shown};
use super::{Context, ReadSummary, Shape, Sink, codes, refused};
use crate::click::{Click, traced_at};
use crate::error::Result;
use crate::ledger::{Begun, Ledger, NewImport};

/// The name under which the ledger lists imports of clicks.
pub const FORMAT: &str = "clicks";

/// The columns; each is asked for by its number.
const COLUMNS: [&str; 6] = ["sub_id", "clicked_at", "placement", "country", "url", "referrer"];
const SUB_ID: usize = 0;
const CLICKED_AT: usize = 1;
const PLACEMENT: usize = 2;
const COUNTRY: usize = 3;
const URL: usize = 4;
const REFERRER: usize = 5;

/// Reads a click log into the ledger, whole or not at all.
///
/// # Errors
///
/// When the file cannot be read, is no click log, or the ledger fails; then nothing is kept.
pub fn take_in(
    path: &Path,
    program: &Program,
    ledger: &mut Ledger,
    keeping: &Keeping,
    watch: &mut dyn Watch,
) -> Result<TakenIn> {
    let shown = path.display().to_string();
    let file = Looked::at(path)?;
    let file_digest = file.digest;
    let new = NewImport {
        program: program.id(),
        file: &shown,
        file_digest,
        format: FORMAT,
        format_digest: format_digest(),
        as_of: keeping.as_of,
        imported_at: keeping.now,
    };
    let (id, rejected) = match ledger.begin_import(&new)? {
        Begun::Already { id, rejected } => (id, rejected),
        Begun::Started(pending) => {
            let count = Cell::new(0);
            let mut into = IntoLedger::new(*pending, watch, &count, Context::of(program));
            let mut again = file.again(&count)?;
            let summary = read(&mut again, &shown, program.zone(), &mut into)?;
            again.finish()?;
            let IntoLedger { pending, .. } = into;
            return intake::kept(pending, program.id(), summary, keeping, &file);
        }
    };
    let archived = intake::archived_late(ledger, keeping, &file)?;
    let programs = vec![program.id().to_owned()];
    Ok(TakenIn::Already { id, programs, rejected, archived })
}

/// The digest that stands for the columns, which are fixed.
pub(super) fn format_digest() -> [u8; 32] {
    Sha256::digest(COLUMNS.join(",")).into()
}

/// Takes clicks, and rows that are none.
pub(super) trait ClickSink: Sink {
    /// Takes a row that was understood.
    fn click(&mut self, click: Click) -> Result<()>;
}

/// Reads a click log.
pub(super) fn read<S: ClickSink>(
    input: impl Read,
    shown: &str,
    zone: Tz,
    sink: &mut S,
) -> Result<ReadSummary> {
    let formats = [TimeFormat::Rfc3339, TimeFormat::Plain];
    let mut log =
        Log { shown, zone, formats, days: Days::default(), sink, summary: ReadSummary::default() };
    let layout = CsvLayout::plain(vec![COLUMNS[SUB_ID].to_owned()]);
    csv::read(&COLUMNS.map(str::to_owned), &layout, input, &mut log)?;
    let Log { summary, .. } = log;
    if summary.unread.iter().any(|column| column.name == "order_no") {
        let message = "the header has `order_no`: this is a report of orders, not a click log";
        let problem = Diagnostic::whole(&codes::ORDERS_AS_CLICKS, shown, message);
        return Err(refused(problem.hint("`feebook import` takes it")));
    }
    Ok(summary)
}

/// A click log while it is being read.
struct Log<'w, S> {
    shown: &'w str,
    zone: Tz,
    formats: [TimeFormat; 2],
    days: Days,
    sink: &'w mut S,
    summary: ReadSummary,
}

impl<S: ClickSink> Rows for Log<'_, S> {
    fn shown(&self) -> &str {
        self.shown
    }

    fn summary(&mut self) -> &mut ReadSummary {
        &mut self.summary
    }

    fn tell(&mut self, problem: Diagnostic) {
        self.sink.reject(problem);
    }

    fn quarantine(&mut self, raw: &[u8], problems: &[Diagnostic]) -> Result<()> {
        self.sink.quarantine(raw, problems)
    }

    fn shaped(&mut self, shape: Shape) {
        self.sink.shaped(shape);
    }

    fn row<C: Cells>(&mut self, cells: &C) -> Result<Vec<Problem>> {
        self.summary.rows += 1;
        let mut problems = Vec::new();
        let click = self.click(cells, &mut problems);
        if let (Some(click), true) = (click, problems.is_empty()) {
            self.summary.accepted += 1;
            self.sink.click(click)?;
        }
        Ok(problems)
    }
}

impl<S: ClickSink> Log<'_, S> {
    /// Reads a row; none when it cannot be a click, which is then among the problems.
    fn click<C: Cells>(&mut self, cells: &C, problems: &mut Vec<Problem>) -> Option<Click> {
        let text = |slot: usize| cells.text(slot).map(str::trim).filter(|text| !text.is_empty());
        let clicked_at = self.clicked_at(&text, problems);
        if text(SUB_ID).is_none() && text(PLACEMENT).is_none() {
            let message = "the row has neither a `sub_id` nor a `placement`".to_owned();
            problems.push(Problem {
                code: &codes::EMPTY_CLICK,
                slot: None,
                message,
                hint: Some(
                    "a click leads to orders by its sub_id, and counts for its placement".into(),
                ),
            });
        }
        let country = text(COUNTRY).map(str::to_ascii_uppercase);
        if let Some(code) = country.as_deref().filter(|code| !iso::is_country(code)) {
            let expected = "an ISO 3166 code of two letters";
            problems.push(unexpected(&codes::UNKNOWN_COUNTRY, COUNTRY, code, expected));
        }
        let words = self.sink.words();
        Some(Click {
            sub_id: text(SUB_ID).unwrap_or_default().into(),
            clicked_at: clicked_at?,
            placement: text(PLACEMENT).map(|placement| words.intern(placement)),
            country: country.map(|country| words.intern(&country)),
            url: text(URL).map(Into::into),
            referrer: text(REFERRER).map(Into::into),
        })
    }

    /// The instant as it is written, else that of an `aff_trace_key`.
    fn clicked_at<'t>(
        &mut self,
        text: &impl Fn(usize) -> Option<&'t str>,
        problems: &mut Vec<Problem>,
    ) -> Option<i64> {
        let Some(written) = text(CLICKED_AT) else {
            let traced =
                text(URL).and_then(traced_at).or_else(|| text(REFERRER).and_then(traced_at));
            if traced.is_none() {
                let message = "the row has no `clicked_at`".to_owned();
                let hint = "it may be empty where the url or the referrer has an aff_trace_key";
                let hint = Some(hint.to_owned());
                problems.push(Problem { code: &codes::NO_CLICK_TIME, slot: None, message, hint });
            }
            return traced;
        };
        let zones = Zones { zone: self.zone, abbreviations: &[] };
        let at = moment::instant(written, &self.formats, zones, &mut self.days);
        let Some((at, doubtful)) = at else {
            let traced = traced_at(written);
            if traced.is_none() {
                let expected = "RFC 3339, YYYY-MM-DD HH:MM:SS or an aff_trace_key";
                problems.push(unexpected(&codes::BAD_TIME, CLICKED_AT, written, expected));
            }
            return traced;
        };
        self.summary.doubtful_times += u64::from(doubtful);
        Some(at)
    }
}

fn unexpected(code: &'static Code, slot: usize, text: &str, expected: &str) -> Problem {
    let message = format!("`{}` is \"{}\", expected {expected}", COLUMNS[slot], shown(text));
    Problem { code, slot: Some(slot), message, hint: None }
}
