//! Totals of what is earned, by month, category, country, placement or schedule.
//!
//! Owns the grouping. Refuses to add amounts of different currencies, and to compute: it adds up
//! the rows of [`crate::lines`].

use std::collections::BTreeMap;

use feebook_kernel::{State, Verdict};
use feebook_schedule::zone::Month;

use crate::error::Result;
use crate::ledger::Ledger;
use crate::lines::{LineRow, lines};
use crate::run::{Progress, Scope, Terms};

/// What a statement groups by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The order's month.
    Month,
    /// The line's category.
    Category,
    /// Where the line is sent.
    Country,
    /// Where the link stands.
    Placement,
    /// The version of the terms.
    Schedule,
}

/// One group's totals, in minor units of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines in the group.
    pub lines: u64,
    /// Lines of which we cannot say what they earn, and lines that no run has seen.
    pub unknown: u64,
    /// Earned, not yet confirmed.
    pub pending: i64,
    /// Earned and confirmed.
    pub approved: i64,
    /// Earned and released for payout.
    pub settled: i64,
    /// Held back by a flag.
    pub held: i64,
    /// Paid out.
    pub paid: i64,
}

impl Totals {
    /// Returns what is due and not paid: approved and settled less paid.
    pub fn open(&self) -> i64 {
        self.approved + self.settled - self.paid
    }

    fn add(&mut self, row: &LineRow<'_>) {
        self.lines += 1;
        let Some((verdict, amounts)) = row
            .found
            .as_ref()
            .and_then(|found| found.amounts().map(|amounts| (found.outcome.verdict, amounts)))
        else {
            self.unknown += 1;
            return;
        };
        let total = amounts.total();
        match (verdict, row.state()) {
            (Verdict::Held, _) => self.held += total,
            (_, State::Pending) => self.pending += total,
            (_, State::Approved) => self.approved += total,
            (_, State::Settled) => self.settled += total,
            (_, State::Declined | State::Reversed) => {}
        }
    }
}

/// The key of a group; a statement is sorted by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKey {
    /// The program.
    pub program: String,
    /// The currency's code; empty where no terms say one.
    pub currency: String,
    /// Sorts the groups: months by time, ids shorter first.
    order: (usize, String),
    /// The group as it is shown; empty where the lines do not say.
    pub group: String,
}

/// A statement: groups in order.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// The groups with their totals.
    pub groups: Vec<(GroupKey, Totals, u32)>,
    /// Lines that wait for a recompute.
    pub waiting: u64,
}

/// Adds up the lines in scope.
///
/// # Errors
///
/// When the ledger fails or a stored text of the terms no longer loads.
pub fn statement(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    by: By,
    progress: &mut dyn Progress,
) -> Result<Statement> {
    let mut groups: BTreeMap<GroupKey, (Totals, u32)> = BTreeMap::new();
    let waiting = lines(ledger, terms, scope, progress, &mut |row| {
        let decimals = row.found.as_ref().map_or(2, super::lines::Found::decimals);
        let (totals, _) =
            groups.entry(key(row, by)).or_insert_with(|| (Totals::default(), decimals));
        totals.add(row);
        Ok(())
    })?;
    let groups = groups.into_iter().map(|(key, (totals, decimals))| (key, totals, decimals));
    Ok(Statement { groups: groups.collect(), waiting })
}

fn key(row: &LineRow<'_>, by: By) -> GroupKey {
    let found = row.found.as_ref();
    let group = match by {
        By::Month => row.day.map(|day| Month::of(day).to_string()),
        By::Country => row.text(row.fact.ship_to).map(str::to_owned),
        By::Placement => row.text(row.fact.placement).map(str::to_owned),
        By::Schedule => found.and_then(|found| found.schedule).map(str::to_owned),
        By::Category => row.text(row.fact.category).map(|id| {
            let name = found.and_then(|found| found.category_name);
            name.map_or_else(|| id.to_owned(), |name| format!("{id} {name}"))
        }),
    }
    .unwrap_or_default();
    let sorted_as = match by {
        By::Category => row.text(row.fact.category).unwrap_or_default(),
        _ => &group,
    };
    let length = if by == By::Category { sorted_as.len() } else { 0 };
    GroupKey {
        program: row.program.to_owned(),
        currency: found.and_then(|f| f.currency).map_or_else(String::new, |c| c.to_string()),
        order: (length, sorted_as.to_owned()),
        group,
    }
}
