//! What the ledger has of the rows of a batch: looked for before they are written.
//!
//! Owns the choice between reading what lies between the first and the last of a batch, looking at keys only,
//! and looking up each line. Refuses to judge whether a row is new.

use rusqlite::{Connection, ToSql, params};

use super::imports::{PendingImport, kind_of};
use super::lines::{self, Filled, Key, Revision};
use super::{Result, sql};
use crate::fact::{LineFact, No};

/// How many stored lines are looked at to see whether most of them are reported again.
const PROBE: usize = 1_024;

/// How many stored lines may lie between those of a batch, for each of its rows, before each row is better
/// looked up by itself.
const BETWEEN: usize = 16;

impl PendingImport<'_> {
    /// The stored revisions of the orders of a batch, in order of their numbers, and perhaps of others
    /// between them. None where none of the batch can be stored, or where so many others lie between that
    /// each line is better looked up by itself.
    pub(super) fn stored_between(
        &self,
        batch: &[Revision],
        order: &[usize],
    ) -> Result<Option<Vec<Revision>>> {
        let number = |at: &usize| &batch[*at].fact.order_no;
        let Some(last) = order.last().map(number) else { return Ok(None) };
        let Some(first) = order.iter().map(number).find(|no| self.may_be_stored(no)) else {
            return Ok(None);
        };
        // In the ledger all digits come before all other text.
        if !order.iter().all(|at| kind_of(number(at)) == kind_of(last)) {
            return Ok(None);
        }
        let mut numbers: Vec<&No> = order.iter().map(number).collect();
        numbers.dedup();
        match self.reported_again((first, last), &numbers, BETWEEN * order.len())? {
            Again::Most => self.all_between((first, last), 2 * order.len()),
            Again::These(orders) => {
                let conn = &self.ledger.conn;
                let stored = orders.into_iter().map(|no| stored_order(conn, self.program_id, no));
                let stored: Vec<Vec<Revision>> = stored.collect::<Result<_>>()?;
                Ok(Some(stored.into_iter().flatten().collect()))
            }
            Again::TooFarApart => Ok(None),
        }
    }

    /// Which of some orders, in order of their numbers, the ledger has: looks at keys only.
    fn reported_again<'n>(
        &self,
        (first, last): (&No, &No),
        numbers: &[&'n No],
        most: usize,
    ) -> Result<Again<'n>> {
        let mut select = self
            .ledger
            .conn
            .prepare_cached(
                "SELECT order_no FROM order_line WHERE program_id = ?1 AND order_no BETWEEN ?2 AND ?3
                 ORDER BY order_no",
            )
            .map_err(sql)?;
        let mut rows =
            select.query(params![self.program_id, Key(first), Key(last)]).map_err(sql)?;
        let (mut left, mut found) = (numbers, Vec::new());
        let (mut looked_at, mut again) = (0_usize, 0_usize);
        while let Some(row) = rows.next().map_err(sql)? {
            let stored = lines::no(row.get_ref(0).map_err(sql)?)?;
            looked_at += 1;
            while let Some((number, rest)) = left.split_first()
                && **number < stored
            {
                left = rest;
            }
            if let Some(number) = left.first().filter(|number| ***number == stored) {
                again += 1;
                if found.last() != Some(number) {
                    found.push(*number);
                }
            }
            if looked_at == PROBE && 2 * again > looked_at {
                return Ok(Again::Most);
            }
            if looked_at > most {
                return Ok(Again::TooFarApart);
            }
        }
        Ok(if 2 * again > looked_at { Again::Most } else { Again::These(found) })
    }

    /// All stored revisions of some orders and of those between them; none where there are too many.
    fn all_between(&self, (first, last): (&No, &No), most: usize) -> Result<Option<Vec<Revision>>> {
        // What no row fills need not be read: neither of earlier imports nor of this one.
        let filled = self.ledger.filled_before(self.program_id, self.id)?.or(self.filled);
        let mut select = self
            .ledger
            .conn
            .prepare_cached(&format!(
                "SELECT {} FROM order_line WHERE program_id = ?1 AND order_no BETWEEN ?2 AND ?3
                 ORDER BY order_no, line_no, seq",
                filled.columns()
            ))
            .map_err(sql)?;
        let mut rows =
            select.query(params![self.program_id, Key(first), Key(last)]).map_err(sql)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            found.push(lines::read(row, filled)?);
            if found.len() > most {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }
}

/// Which of the orders of a batch the ledger has.
enum Again<'n> {
    /// Most of what lies between them is theirs.
    Most,
    /// These; most of what lies between is others'.
    These(Vec<&'n No>),
    /// So many others lie between that looking stopped.
    TooFarApart,
}

/// Stored revisions in order of their orders, asked for in that order.
pub(super) struct Stored<'s>(pub(super) &'s [Revision]);

impl<'s> Stored<'s> {
    /// The revisions of the line of a fact.
    pub(super) fn of(&mut self, fact: &LineFact) -> impl Iterator<Item = &'s Revision> {
        let before = |revision: &Revision| revision.fact.order_no < fact.order_no;
        while let Some((first, rest)) = self.0.split_first()
            && before(first)
        {
            self.0 = rest;
        }
        let left = self.0;
        let (order_no, line_no) = (fact.order_no.clone(), fact.line_no.clone());
        left.iter()
            .take_while(move |revision| revision.fact.order_no == order_no)
            .filter(move |revision| revision.fact.line_no == line_no)
    }
}

/// All revisions of the line of a fact.
pub(super) fn stored_line(
    conn: &Connection,
    program_id: i64,
    fact: &LineFact,
) -> Result<Vec<Revision>> {
    let query = format!(
        "SELECT {} FROM order_line
         WHERE program_id = ?1 AND order_no = ?2 AND line_no = ?3 ORDER BY seq",
        Filled::ALL.columns()
    );
    let (order_no, line_no) = (Key(&fact.order_no), Key(&fact.line_no));
    revisions(conn, &query, params![program_id, order_no, line_no])
}

/// All revisions of the lines of an order.
pub(super) fn stored_order(
    conn: &Connection,
    program_id: i64,
    order_no: &No,
) -> Result<Vec<Revision>> {
    let query = format!(
        "SELECT {} FROM order_line WHERE program_id = ?1 AND order_no = ?2 ORDER BY line_no, seq",
        Filled::ALL.columns()
    );
    revisions(conn, &query, params![program_id, Key(order_no)])
}

fn revisions(conn: &Connection, query: &str, of: &[&dyn ToSql]) -> Result<Vec<Revision>> {
    let mut select = conn.prepare_cached(query).map_err(sql)?;
    let mut rows = select.query(of).map_err(sql)?;
    let mut revisions = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        revisions.push(lines::read(row, Filled::ALL)?);
    }
    Ok(revisions)
}
