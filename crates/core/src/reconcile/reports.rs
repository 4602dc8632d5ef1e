//! What the reports leave out: lines that a later report should have, and days without any order.
//!
//! Owns the rules that keep from crying wolf. A report counts as whole where it lists nine in ten of
//! the lines known between its first and its last instant, ten or more. Refuses to hold what cannot
//! become a finding.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use feebook_schedule::Program;

use super::Finding;
use crate::error::Result;
use crate::ledger::{Coverage, Ledger, Revision};

/// A report needs so many rows to be taken for whole.
const LEAST_ROWS: u64 = 10;

/// A gap has so many days.
const LEAST_DAYS: i64 = 3;

/// The reports of one program while its orders are scanned.
#[derive(Debug)]
pub(super) struct Reports {
    /// By what the network said when, the latest first.
    coverages: Vec<Coverage>,
    /// Lines that each of them leaves out; none once those are too many for a whole report.
    left_out: Vec<Option<Vec<Finding>>>,
    /// How many lines each leaves out.
    missing: Vec<u64>,
    days: BTreeSet<NaiveDate>,
}

impl Reports {
    pub(super) fn new(ledger: &Ledger, program: Option<&Program>, id: &str) -> Result<Self> {
        let mut coverages = match program {
            Some(program) => ledger.coverages(id, program.governed_by())?,
            None => Vec::new(),
        };
        coverages.sort_by_key(|coverage| std::cmp::Reverse((coverage.said_at, coverage.import_id)));
        let left_out = coverages.iter().map(|_| Some(Vec::new())).collect();
        let missing = vec![0; coverages.len()];
        Ok(Self { coverages, left_out, missing, days: BTreeSet::new() })
    }

    /// Notes the day of an order.
    pub(super) fn day(&mut self, day: NaiveDate) {
        self.days.insert(day);
    }

    /// Returns which of the reports leave a line out: those that were said after all that have it, and
    /// that span its instant.
    pub(super) fn leaving_out(&self, reports: &[&Revision], at: i64) -> Vec<usize> {
        let has = |coverage: &Coverage| reports.iter().any(|report| coverage.has(report.seq));
        let later = self.coverages.iter().enumerate().take_while(|(_, coverage)| !has(coverage));
        let known_at = self.coverages.iter().find(|coverage| has(coverage));
        let Some(known_at) = known_at.map(|coverage| coverage.said_at) else { return Vec::new() };
        later
            .filter(|(_, coverage)| coverage.said_at > known_at && coverage.spans(at))
            .map(|(index, _)| index)
            .collect()
    }

    /// Whether there is a report that could leave out what another has.
    pub(super) fn are_several(&self) -> bool {
        self.coverages.len() > 1
    }

    /// Counts a line that reports leave out, whatever its state and whoever asks: a report that leaves
    /// out many was not meant to be whole.
    pub(super) fn count(&mut self, leaving: &[usize]) {
        for index in leaving {
            let (Some(missing), Some(coverage)) =
                (self.missing.get_mut(*index), self.coverages.get(*index))
            else {
                continue;
            };
            *missing += 1;
            let whole = coverage.rows >= LEAST_ROWS && *missing * 9 <= coverage.rows;
            if let Some(kept) = self.left_out.get_mut(*index).filter(|_| !whole) {
                *kept = None;
            }
        }
    }

    /// Notes a finding for each report that leaves a line out; the first of them would tell it.
    pub(super) fn note(&mut self, leaving: &[usize], finding: impl Fn(i64) -> Finding) {
        for index in leaving {
            if let Some((Some(kept), coverage)) =
                self.left_out.get_mut(*index).zip(self.coverages.get(*index))
            {
                kept.push(finding(coverage.import_id));
            }
        }
    }

    /// Returns the lines that a whole report leaves out, each once.
    pub(super) fn left_out(&mut self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.left_out.iter_mut().filter_map(Option::take).flatten().collect();
        let key = |finding: &Finding| (finding.order_no.clone(), finding.line_no.clone());
        findings.sort_by_key(key);
        findings.dedup_by_key(|finding| key(finding));
        findings
    }

    /// Returns the days without any order that look like a report that was not imported, each run of
    /// them with both ends.
    pub(super) fn gaps(&self, program: &Program) -> Vec<(NaiveDate, NaiveDate)> {
        let days: Vec<NaiveDate> = self.days.iter().copied().collect();
        let pause = |pair: &[NaiveDate]| (pair[1] - pair[0]).num_days() - 1;
        let mut pauses: Vec<i64> = days.windows(2).map(pause).collect();
        pauses.sort_unstable();
        let usual = pauses.get(pauses.len().saturating_sub(1) * 9 / 10).copied().unwrap_or(0);
        if pauses.len() < 9 {
            return Vec::new();
        }
        let spanned = |first: NaiveDate, last: NaiveDate| {
            self.coverages.iter().any(|coverage| {
                program.day(coverage.first) < first && program.day(coverage.last) > last
            })
        };
        let gap = |pair: &[NaiveDate]| {
            let (first, last) = (pair[0].checked_add_days(Days::new(1))?, pair[1].pred_opt()?);
            let long = pause(pair) >= LEAST_DAYS && pause(pair) > usual * 3;
            (long && !spanned(first, last)).then_some((first, last))
        };
        days.windows(2).filter_map(gap).collect()
    }
}
