//! One report while it is being read: its rows, and what they came to.
//!
//! Owns the counting and the way of a row to the sink. Refuses to know the kind of file.

use std::rc::Rc;

use feebook_kernel::Minor;
use feebook_schedule::diagnostic::Diagnostic;

use super::cell::Cells;
use super::codes;
use super::mapping::Format;
use super::row::{Problem, RowReader, shown_up_to};
use super::{Advertiser, Context, PassedOver, ReadSummary, Shape, Sink};
use crate::error::Result;
use crate::fact::LineFact;

/// Takes the rows of a file.
pub(super) trait Rows {
    /// Returns the file as the user knows it.
    fn shown(&self) -> &str;

    /// Returns what the reading has come to.
    fn summary(&mut self) -> &mut ReadSummary;

    /// Hands on a problem of a row that is not imported.
    fn tell(&mut self, problem: Diagnostic);

    /// Keeps a row that is not imported as it stands in the file, with all its problems.
    fn quarantine(&mut self, raw: &[u8], problems: &[Diagnostic]) -> Result<()>;

    /// Is told, before the first row, how rows stand in their file.
    fn shaped(&mut self, shape: Shape);

    /// Whether what stands where a header does is a row: it has an amount or an instant, which no header
    /// has.
    fn is_row<C: Cells>(&self, _cells: &C) -> bool {
        false
    }

    /// Is told of a first line that was taken for a header without being asked for its names.
    fn passed_over(&mut self, line: u64, words: &str) {
        let (file, words) = (self.shown().to_owned(), shown_up_to(200, words));
        self.summary().headers.push(PassedOver { file, line, words });
    }

    /// Takes a row; returns what is wrong with it, if anything, for the caller to place and to
    /// [`reject`](Self::reject).
    fn row<C: Cells>(&mut self, cells: &C) -> Result<Vec<Problem>>;

    /// Takes a row that was read and what is wrong with it.
    fn reject(&mut self, raw: &[u8], problems: Vec<Diagnostic>) -> Result<()> {
        self.summary().rejected += 1;
        self.quarantine(raw, &problems)?;
        for problem in problems {
            self.tell(problem);
        }
        Ok(())
    }

    /// Takes a row that could not even be taken apart.
    fn reject_unread(&mut self, raw: &[u8], problem: Diagnostic) -> Result<()> {
        self.summary().rows += 1;
        self.reject(raw, vec![problem])
    }
}

/// A report while it is being read.
pub(super) struct Report<'a> {
    /// The file as the user knows it.
    pub(super) shown: Rc<str>,
    format: &'a Format,
    context: Context,
    rows: RowReader<'a>,
    /// The advertiser of the row before, where rows say whose they are.
    advertiser: Option<String>,
    /// Rows before the file of an archive that is read now; none where it is no archive.
    before_file: Option<u64>,
    sink: &'a mut dyn Sink,
    pub(super) summary: ReadSummary,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        format: &'a Format,
        shown: &str,
        context: Context,
        sink: &'a mut dyn Sink,
    ) -> Self {
        let rows = RowReader::new(format, context);
        let summary = ReadSummary::default();
        let (advertiser, before_file) = (None, None);
        Self { shown: shown.into(), format, context, rows, advertiser, before_file, sink, summary }
    }

    pub(super) fn finish(mut self) -> ReadSummary {
        self.end_file();
        self.summary.left_out = self.rows.left_out;
        self.summary.unknown_words =
            std::mem::take(&mut self.rows.unknown_words).into_iter().collect();
        self.summary
    }
}

impl Report<'_> {
    /// Goes on with a file, one of several in an archive.
    pub(super) fn begin_file(&mut self, name: &str) {
        self.end_file();
        self.before_file = Some(self.summary.rows);
        self.shown = name.into();
        self.rows.begin_file();
    }

    /// Notes a file without rows: of one of many, a sum would not tell.
    fn end_file(&mut self) {
        if self.before_file == Some(self.summary.rows) {
            self.summary.without_rows.push(self.shown.to_string());
        }
    }

    /// What is wrong with a row that takes a line back: a part of a line, or more than it has, is no
    /// state that a line can have.
    fn part_taken_back(&mut self, fact: &LineFact) -> Result<Option<Problem>> {
        let Some(taken) = self.rows.taken_back else { return Ok(None) };
        let originals = self.sink.originals(fact)?;
        let Some(original) = originals.last() else {
            self.summary.unmatched += 1;
            return Ok(None);
        };
        let differ = |taken: Option<i64>, had: Option<i64>| {
            taken.zip(had).is_some_and(|(taken, had)| taken != had.abs())
        };
        let paid = |fact: &LineFact| fact.paid_amount.map(Minor::get);
        let (sale, commission) = (paid(fact), taken.commission);
        let whole = |had: &LineFact| {
            !differ(sale, paid(had)) && !differ(commission, had.reported_commission)
        };
        if originals.iter().any(whole) {
            return Ok(None);
        }
        let written = |minor: Option<i64>| match (minor, taken.currency) {
            (Some(minor), Some(currency)) => format!("{} {currency}", currency.written(minor)),
            _ => "nothing".to_owned(),
        };
        let (what, less, had) = if differ(sale, paid(original)) {
            ("", sale, paid(original))
        } else {
            (" of commission", commission, original.reported_commission)
        };
        let message = format!(
            "the row takes back {}{what}, and line {} of order {} has {}",
            written(less),
            fact.line_no,
            fact.order_no,
            written(had)
        );
        let hint = "a mapping can say that such rows correct others, with `correction` under [fields]; \
                    by this one a line is taken back as a whole or not at all";
        Ok(Some(Problem {
            code: &codes::PART_TAKEN_BACK,
            slot: taken.slot,
            message,
            hint: Some(hint.to_owned()),
        }))
    }

    /// Has the sink say to which program a row's advertiser belongs, when it is another than that
    /// of the row before.
    fn seat<C: Cells>(&mut self, cells: &C) -> Result<()> {
        let Some((number, name)) = self.rows.advertiser(cells) else { return Ok(()) };
        if self.advertiser.as_ref() == Some(&number) {
            return Ok(());
        }
        let advertiser = Advertiser { number: &number, name: name.as_deref() };
        let context = self.sink.advertiser(&advertiser)?;
        self.rows.set_context(context);
        self.advertiser = Some(number);
        Ok(())
    }
}

impl Rows for Report<'_> {
    fn shown(&self) -> &str {
        &self.shown
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

    fn is_row<C: Cells>(&self, cells: &C) -> bool {
        RowReader::new(self.format, self.context).has_figures(cells)
    }

    fn row<C: Cells>(&mut self, cells: &C) -> Result<Vec<Problem>> {
        self.summary.rows += 1;
        self.seat(cells)?;
        let Some(fact) = self.rows.read(cells, self.sink.words()) else {
            return Ok(std::mem::take(&mut self.rows.problems));
        };
        if let Some(problem) = self.part_taken_back(&fact)? {
            return Ok(vec![problem]);
        }
        self.summary.accepted += 1;
        self.summary.doubtful_times += u64::from(fact.doubtful_time);
        self.sink.accept(fact)?;
        Ok(Vec::new())
    }
}
