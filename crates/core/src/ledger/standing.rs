//! Flags and dated facts as rows: recorded, taken back, listed with their history, and read as they
//! stood at a sequence number.
//!
//! Owns the tables `flag` and `dated_fact` and what takes their rows back. Refuses to say what a
//! flag does.

use chrono::{Datelike as _, NaiveDate};
use feebook_kernel::Effect;
use rusqlite::{OptionalExtension, Row, params};

use super::{Ledger, Result, damaged, last_seq, sql};
use crate::error::{self, Error};
use crate::fact::No;
use crate::standing::{About, DatedFact, Flag, FlagSubject, Standing};

/// A row that was taken back: when, why, by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// When, in seconds since 1970-01-01T00:00:00Z.
    pub removed_at: i64,
    /// Why.
    pub reason: String,
    /// By whom.
    pub who: Option<String>,
}

/// A fact with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<T> {
    /// The program.
    pub program: String,
    /// The fact.
    pub fact: T,
    /// When it was recorded, in seconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
    /// Set when it was taken back.
    pub removal: Option<Removal>,
}

/// What can be taken back by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Flag,
    DatedFact,
}

const FLAG_COLUMNS: &str = "f.id, f.about, f.subject, f.from_at, f.until_at, f.kind, f.effect, \
    f.reason, f.flagged_on, f.who";
const DATED_COLUMNS: &str =
    "f.id, f.about, f.subject, f.aspect, f.value, f.from_on, f.reason, f.who";
const HISTORY_COLUMNS: &str = "p.name, f.recorded_at, r.removed_at, r.reason, r.who";

impl Ledger {
    /// Records a flag and returns its number; the one in `flag` is not looked at.
    pub fn add_flag(&mut self, program: &str, flag: &Flag, now: i64) -> Result<i64> {
        self.recording(|ledger| {
            let (program_id, seq) = (ledger.ensure_program(program)?, last_seq(&ledger.conn)? + 1);
            let (about, subject, from, until) = match &flag.subject {
                FlagSubject::Order(no) => (0, no.to_string(), None, None),
                FlagSubject::SubId(sub_id) => (1, sub_id.to_string(), None, None),
                FlagSubject::Placement { name, from, until } => {
                    (2, name.to_string(), *from, *until)
                }
            };
            ledger
                .conn
                .execute(
                    "INSERT INTO flag (program_id, seq, about, subject, from_at, until_at, kind,
                                       effect, reason, flagged_on, who, recorded_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                    params![
                        program_id,
                        seq,
                        about,
                        subject,
                        from,
                        until,
                        flag.kind,
                        flag.effect.map(effect_rank),
                        flag.reason,
                        flag.flagged_on.num_days_from_ce(),
                        flag.who,
                        now
                    ],
                )
                .map_err(sql)?;
            Ok(ledger.conn.last_insert_rowid())
        })
    }

    /// Takes a flag back; it stays in the history.
    ///
    /// # Errors
    ///
    /// When there is no such flag, or when it was taken back before.
    pub fn remove_flag(&mut self, id: i64, removal: &Removal) -> Result<()> {
        self.remove(Kind::Flag, id, removal)
    }

    /// Records a dated fact and returns its number; the one in `fact` is not looked at.
    pub fn add_dated_fact(&mut self, program: &str, fact: &DatedFact, now: i64) -> Result<i64> {
        self.recording(|ledger| {
            let (program_id, seq) = (ledger.ensure_program(program)?, last_seq(&ledger.conn)? + 1);
            let about =
                About::ALL.iter().position(|about| *about == fact.about).map(super::integer);
            ledger
                .conn
                .execute(
                    "INSERT INTO dated_fact (program_id, seq, about, subject, aspect, value,
                                             from_on, reason, who, recorded_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        program_id,
                        seq,
                        about,
                        fact.subject,
                        fact.aspect,
                        fact.value,
                        fact.from_on.num_days_from_ce(),
                        fact.reason,
                        fact.who,
                        now
                    ],
                )
                .map_err(sql)?;
            Ok(ledger.conn.last_insert_rowid())
        })
    }

    /// Takes a dated fact back; it stays in the history.
    ///
    /// # Errors
    ///
    /// When there is no such fact, or when it was taken back before.
    pub fn remove_dated_fact(&mut self, id: i64, removal: &Removal) -> Result<()> {
        self.remove(Kind::DatedFact, id, removal)
    }

    /// Returns all flags ever recorded, in order of their numbers.
    pub fn flags(&self) -> Result<Vec<Recorded<Flag>>> {
        let query = format!(
            "SELECT {FLAG_COLUMNS}, {HISTORY_COLUMNS} FROM flag f
             JOIN program p ON p.id = f.program_id
             LEFT JOIN flag_removal r ON r.flag_id = f.id ORDER BY f.id"
        );
        self.recorded(&query, read_flag, 10)
    }

    /// Returns all dated facts ever recorded, in order of their numbers.
    pub fn dated_facts(&self) -> Result<Vec<Recorded<DatedFact>>> {
        let query = format!(
            "SELECT {DATED_COLUMNS}, {HISTORY_COLUMNS} FROM dated_fact f
             JOIN program p ON p.id = f.program_id
             LEFT JOIN dated_fact_removal r ON r.dated_fact_id = f.id ORDER BY f.id"
        );
        self.recorded(&query, read_dated, 8)
    }

    /// Returns what is known of a program's orders beside their reports, as of a sequence number.
    pub fn standing(&self, program: &str, seq: i64) -> Result<Standing> {
        let flags = self.as_of_seq(
            &format!(
                "SELECT {FLAG_COLUMNS} FROM flag f JOIN program p ON p.id = f.program_id
                 LEFT JOIN flag_removal r ON r.flag_id = f.id
                 WHERE p.name = ?1 AND f.seq <= ?2 AND (r.seq IS NULL OR r.seq > ?2) ORDER BY f.id"
            ),
            (program, seq),
            read_flag,
        )?;
        let dated = self.as_of_seq(
            &format!(
                "SELECT {DATED_COLUMNS} FROM dated_fact f JOIN program p ON p.id = f.program_id
                 LEFT JOIN dated_fact_removal r ON r.dated_fact_id = f.id
                 WHERE p.name = ?1 AND f.seq <= ?2 AND (r.seq IS NULL OR r.seq > ?2) ORDER BY f.id"
            ),
            (program, seq),
            read_dated,
        )?;
        Ok(Standing::new(flags, dated))
    }

    fn as_of_seq<T>(
        &self,
        query: &str,
        (program, seq): (&str, i64),
        read: fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut select = self.conn.prepare_cached(query).map_err(sql)?;
        let mut rows = select.query(params![program, seq]).map_err(sql)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// Reads facts with their history, whose columns begin at `at`.
    pub(super) fn recorded<T>(
        &self,
        query: &str,
        read: fn(&Row<'_>) -> Result<T>,
        at: usize,
    ) -> Result<Vec<Recorded<T>>> {
        let mut select = self.conn.prepare(query).map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let removed_at: Option<i64> = row.get(at + 2).map_err(sql)?;
            let removal = match removed_at {
                None => None,
                Some(removed_at) => Some(Removal {
                    removed_at,
                    reason: row.get(at + 3).map_err(sql)?,
                    who: row.get(at + 4).map_err(sql)?,
                }),
            };
            found.push(Recorded {
                program: row.get(at).map_err(sql)?,
                fact: read(row)?,
                recorded_at: row.get(at + 1).map_err(sql)?,
                removal,
            });
        }
        Ok(found)
    }

    fn remove(&mut self, kind: Kind, id: i64, removal: &Removal) -> Result<()> {
        self.recording(|ledger| {
            ledger.refuse_removal(kind, id)?;
            let (table, column) = kind.removals();
            let seq = last_seq(&ledger.conn)? + 1;
            let query = format!(
                "INSERT INTO {table} ({column}, seq, reason, who, removed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)"
            );
            let values = params![id, seq, removal.reason, removal.who, removal.removed_at];
            ledger.conn.execute(&query, values).map_err(sql)?;
            Ok(())
        })
    }

    /// Refuses to take back what is not there or was taken back before.
    fn refuse_removal(&self, kind: Kind, id: i64) -> Result<()> {
        let (removals, column) = kind.removals();
        let found: Option<bool> = self
            .conn
            .query_row(
                &format!(
                    "SELECT EXISTS (SELECT 1 FROM {removals} WHERE {column} = ?1)
                     FROM {} WHERE id = ?1",
                    kind.table()
                ),
                [id],
                |row| row.get(0),
            )
            .optional()
            .map_err(sql)?;
        let (noun, list) = kind.words();
        match found {
            Some(false) => Ok(()),
            Some(true) => {
                let message = format!("{noun} {id} was taken back before");
                Err(Error::new(&error::ALREADY_REMOVED, message))
            }
            None => {
                let message = format!("there is no {noun} {id}");
                Err(Error::new(&error::NO_FACT, message).hint(format!("{list} shows them")))
            }
        }
    }

    /// Does one append in a transaction of its own.
    pub(super) fn recording<T>(&mut self, append: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.begin()?;
        let appended = self.reload().and_then(|()| append(self));
        match appended.and_then(|done| self.commit().map(|()| done)) {
            Ok(done) => Ok(done),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }
}

impl Kind {
    const fn table(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::DatedFact => "dated_fact",
        }
    }

    const fn removals(self) -> (&'static str, &'static str) {
        match self {
            Self::Flag => ("flag_removal", "flag_id"),
            Self::DatedFact => ("dated_fact_removal", "dated_fact_id"),
        }
    }

    /// What a person calls it, and where the numbers are found.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Flag => ("flag", "`feebook flag list`"),
            Self::DatedFact => {
                ("dated fact", "`feebook product list`, `placement list` or `account list`")
            }
        }
    }
}

fn read_flag(row: &Row<'_>) -> Result<Flag> {
    let subject: String = row.get(2).map_err(sql)?;
    let about: i64 = row.get(1).map_err(sql)?;
    let subject = match about {
        0 => No::parse(&subject).map(FlagSubject::Order),
        1 => Some(FlagSubject::SubId(subject.into())),
        2 => Some(FlagSubject::Placement {
            name: subject.into(),
            from: row.get(3).map_err(sql)?,
            until: row.get(4).map_err(sql)?,
        }),
        _ => None,
    };
    let effect: Option<usize> = row.get(6).map_err(sql)?;
    Ok(Flag {
        id: row.get(0).map_err(sql)?,
        subject: subject.ok_or_else(|| damaged("a flag on nothing"))?,
        kind: row.get(5).map_err(sql)?,
        effect: effect.and_then(|rank| EFFECTS.get(rank).copied()),
        reason: row.get(7).map_err(sql)?,
        flagged_on: day(row, 8)?,
        who: row.get(9).map_err(sql)?,
    })
}

fn read_dated(row: &Row<'_>) -> Result<DatedFact> {
    let about: usize = row.get(1).map_err(sql)?;
    Ok(DatedFact {
        id: row.get(0).map_err(sql)?,
        about: About::ALL.get(about).copied().ok_or_else(|| damaged("a fact about nothing"))?,
        subject: row.get(2).map_err(sql)?,
        aspect: row.get(3).map_err(sql)?,
        value: row.get(4).map_err(sql)?,
        from_on: day(row, 5)?,
        reason: row.get(6).map_err(sql)?,
        who: row.get(7).map_err(sql)?,
    })
}

pub(super) fn day(row: &Row<'_>, at: usize) -> Result<NaiveDate> {
    let days: i32 = row.get(at).map_err(sql)?;
    NaiveDate::from_num_days_from_ce_opt(days).ok_or_else(|| damaged("a day out of bounds"))
}

/// The effects in the order in which the ledger numbers them.
const EFFECTS: [Effect; 3] = [Effect::Disqualify, Effect::Hold, Effect::WithholdBonus];

fn effect_rank(effect: Effect) -> Option<i64> {
    EFFECTS.iter().position(|known| *known == effect).map(super::integer)
}
