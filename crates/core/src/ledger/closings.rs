//! Closed months as rows.
//!
//! Owns the table `closing`, and what was in the ledger at an instant. Refuses to say whether a
//! month may be closed.

use chrono_tz::Tz;
use feebook_schedule::zone::Month;
use rusqlite::params;

use super::{Ledger, Result, RunId, damaged, last_seq, sql};

/// A month that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The program.
    pub program: String,
    /// The month.
    pub month: Month,
    /// The ledger's number of this row: what has it, or a greater one, came after the closing.
    pub seq: i64,
    /// The last run when it was closed; none where there was none.
    pub run_id: Option<RunId>,
    /// By whom.
    pub who: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// When, in seconds since 1970-01-01T00:00:00Z.
    pub closed_at: i64,
    /// The program's zone at that time.
    pub zone: Tz,
}

impl Ledger {
    /// Returns all closed months, by program and month.
    pub fn closings(&self) -> Result<Vec<Closing>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT p.name, c.month, c.seq, c.run_id, c.who, c.note, c.closed_at,
                        c.zone
                 FROM closing c JOIN program p ON p.id = c.program_id ORDER BY p.name, c.month",
            )
            .map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        let mut closings = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let zone = row.get_ref(7).and_then(|value| Ok(value.as_str()?)).map_err(sql)?;
            closings.push(Closing {
                program: row.get(0).map_err(sql)?,
                month: Month::from_index(row.get(1).map_err(sql)?),
                seq: row.get(2).map_err(sql)?,
                run_id: row.get(3).map_err(sql)?,
                who: row.get(4).map_err(sql)?,
                note: row.get(5).map_err(sql)?,
                closed_at: row.get(6).map_err(sql)?,
                zone: zone.parse().map_err(|_| damaged("a closing in no time zone"))?,
            });
        }
        Ok(closings)
    }

    /// Closes the months that `decide` names; their sequence numbers and runs are not looked at. What
    /// it decides by stays as it is until that is done.
    pub fn close(&mut self, decide: impl FnOnce(&Self) -> Result<Vec<Closing>>) -> Result<()> {
        self.recording(|ledger| {
            let closings = decide(ledger)?;
            let (first, run_id) = (last_seq(&ledger.conn)? + 1, ledger.last_run()?);
            for (seq, closing) in (first..).zip(closings) {
                let program_id = ledger.ensure_program(&closing.program)?;
                let month = closing.month.index();
                let Closing { who, note, closed_at, zone, .. } = closing;
                ledger
                    .conn
                    .execute(
                        "INSERT INTO closing (program_id, month, seq, run_id, who, note, closed_at,
                                              zone)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        params![program_id, month, seq, run_id, who, note, closed_at, zone.name()],
                    )
                    .map_err(sql)?;
            }
            Ok(())
        })
    }

    /// Returns the highest sequence number of what was recorded before an instant: the last before
    /// anything that was recorded then or later.
    pub fn seq_before(&self, at: i64) -> Result<i64> {
        let later: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT min(seq) FROM (
                     SELECT first_seq AS seq FROM import_summary s JOIN import i ON i.id = s.import_id
                         WHERE i.imported_at >= ?1
                     UNION ALL SELECT seq FROM withdrawal WHERE withdrawn_at >= ?1
                     UNION ALL SELECT seq FROM flag WHERE recorded_at >= ?1
                     UNION ALL SELECT seq FROM flag_removal WHERE removed_at >= ?1
                     UNION ALL SELECT seq FROM dated_fact WHERE recorded_at >= ?1
                     UNION ALL SELECT seq FROM dated_fact_removal WHERE removed_at >= ?1
                     UNION ALL SELECT min(e.seq) FROM exchange_rate e
                         JOIN rate_import i ON i.id = e.rate_import_id WHERE i.imported_at >= ?1
                     UNION ALL SELECT seq FROM payout WHERE recorded_at >= ?1
                     UNION ALL SELECT min(seq) FROM payment WHERE recorded_at >= ?1
                     UNION ALL SELECT seq FROM payout_removal WHERE removed_at >= ?1
                     UNION ALL SELECT seq FROM closing WHERE closed_at >= ?1)",
            )
            .and_then(|mut s| s.query_row([at], |row| row.get(0)))
            .map_err(sql)?;
        match later {
            Some(seq) => Ok(seq - 1),
            None => last_seq(&self.conn),
        }
    }

    /// Returns the number of the last run.
    pub fn last_run(&self) -> Result<Option<RunId>> {
        self.conn
            .prepare_cached("SELECT max(id) FROM run")
            .and_then(|mut s| s.query_row([], |row| row.get(0)))
            .map_err(sql)
    }
}
