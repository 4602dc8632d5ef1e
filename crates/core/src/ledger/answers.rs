//! What plugins said, as rows: appended with a run's results, read again when a result is shown.
//!
//! Owns the tables `plugin` and `plugin_answer`; the build that answered stands with the result.
//! Refuses to ask a plugin.

use std::sync::Arc;

use feebook_kernel::Minor;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::lines::{self, Key};
use super::results::RunId;
use super::scan::OrderRecord;
use super::seals::RowBytes;
use super::{Ledger, Result, damaged, sql};
use crate::answers::{Answer, AnsweredBy, Answers};
use crate::fact::No;

impl Ledger {
    /// Returns what a plugin said of an order in a run.
    ///
    /// # Errors
    ///
    /// When none was asked: the run found the order under other terms than those that it stored.
    pub fn answers(&self, order: &OrderRecord, run_id: RunId) -> Result<Answers> {
        let key = Key(&order.order_no);
        let by = self
            .conn
            .prepare_cached(
                "SELECT p.name, p.version, p.sha256
                 FROM result r JOIN plugin p ON p.id = r.plugin_id
                 WHERE r.program_id = ?1 AND r.order_no = ?2 AND r.run_id = ?3",
            )
            .and_then(|mut s| {
                s.query_row(params![order.program_id, key, run_id], |row| {
                    Ok(AnsweredBy { name: row.get(0)?, version: row.get(1)?, sha256: row.get(2)? })
                })
                .optional()
            })
            .map_err(sql)?;
        let by = by.ok_or_else(|| damaged("a result without what its plugin said"))?;
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT line_no, commission, incentive, reason FROM plugin_answer
                 WHERE program_id = ?1 AND order_no = ?2 AND run_id = ?3",
            )
            .map_err(sql)?;
        let mut rows = select.query(params![order.program_id, key, run_id]).map_err(sql)?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            lines.push(read(row)?);
        }
        lines.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Answers { by: Arc::new(by), lines })
    }
}

fn read(row: &Row<'_>) -> Result<(No, Answer)> {
    let line_no = lines::no(row.get_ref(0).map_err(sql)?)?;
    let commission: Option<i64> = row.get(1).map_err(sql)?;
    let incentive: Option<i64> = row.get(2).map_err(sql)?;
    let amount = |minor: i64| {
        Minor::new(minor).ok_or_else(|| damaged("an amount of a plugin out of bounds"))
    };
    let answer = Answer {
        commission: commission.map(amount).transpose()?,
        incentive: incentive.map(amount).transpose()?,
        reason: row.get(3).map_err(sql)?,
    };
    Ok((line_no, answer))
}

/// Appends what a plugin said of an order whose result was appended before.
pub(super) fn insert(
    ledger: &Ledger,
    (program_id, order_no, run_id): (Option<i64>, &No, RunId),
    answers: &Answers,
) -> Result<()> {
    if answers.lines.is_empty() {
        return Ok(());
    }
    let mut row = RowBytes::default();
    let mut insert = ledger
        .conn
        .prepare_cached(
            "INSERT INTO plugin_answer
             (program_id, order_no, run_id, line_no, commission, incentive, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .map_err(sql)?;
    let order_no = Key(order_no);
    for (line_no, Answer { commission, incentive, reason }) in &answers.lines {
        let (commission, incentive) = (commission.map(Minor::get), incentive.map(Minor::get));
        let line_no = Key(line_no);
        let values = params![program_id, order_no, run_id, line_no, commission, incentive, reason];
        for (column, value) in (0..).zip(values) {
            row.bound(column, *value)?;
        }
        ledger.tally("plugin_answer", row.digest());
        insert.execute(values).map_err(sql)?;
    }
    Ok(())
}

/// The number of a build, a new one if it never answered.
pub(super) fn plugin_id(conn: &Connection, by: &AnsweredBy) -> Result<i64> {
    let known = conn
        .prepare_cached("SELECT id FROM plugin WHERE sha256 = ?1 AND name = ?2 AND version = ?3")
        .and_then(|mut s| {
            s.query_row(params![by.sha256, by.name, by.version], |row| row.get(0)).optional()
        })
        .map_err(sql)?;
    if let Some(id) = known {
        return Ok(id);
    }
    conn.execute(
        "INSERT INTO plugin (sha256, name, version) VALUES (?1, ?2, ?3)",
        params![by.sha256, by.name, by.version],
    )
    .map_err(sql)?;
    Ok(conn.last_insert_rowid())
}
