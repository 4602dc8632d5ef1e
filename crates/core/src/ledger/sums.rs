//! The rows of reports and clicks against the digest that their import stored, also those on which no
//! result depends.
//!
//! Owns one scan over all of them. A row belongs to the sequence numbers of its import, or is a copy
//! that a withdrawal appended. Refuses to stop at the first that does not fit.

use std::collections::BTreeMap;

use rusqlite::Row;
use xxhash_rust::xxh3::xxh3_128;

use super::clicks::{self, click_digest};
use super::imports::fact_digest;
use super::lines::{self, COLUMNS};
use super::seals::Tally;
use super::{ImportId, Ledger, Result, sql};

/// What an import or a withdrawal wrote, and what is found of it.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    program_id: i64,
    first_seq: i64,
    last_seq: i64,
    /// How many rows were written.
    due: i64,
    digest: u128,
    rows: i64,
    seqs: i128,
    found: u128,
}

impl Block {
    fn add(&mut self, seq: i64, digest: u128) {
        self.rows += 1;
        self.seqs += i128::from(seq);
        self.found = self.found.wrapping_add(digest);
    }
}

/// What the scan gathers.
struct Sums {
    imports: BTreeMap<ImportId, Block>,
    /// By the sequence number of the withdrawal, which comes after those of its copies.
    withdrawals: BTreeMap<i64, Block>,
    copied: BTreeMap<&'static str, Tally>,
    broken: Vec<String>,
}

/// A row with what places it.
struct Placed {
    table: &'static str,
    program_id: i64,
    seq: i64,
    import_id: ImportId,
}

impl Ledger {
    /// Finds the imports and withdrawals whose rows are not those that were written.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn broken_sums(&self) -> Result<Vec<String>> {
        let mut sums = self.summed(true)?;
        for (id, block) in &sums.imports {
            if block.rows != block.due {
                let text =
                    format!("import {id} has {} rows, {} were written", block.rows, block.due);
                sums.broken.push(text);
            } else if block.found != block.digest {
                sums.broken.push(format!("a row of import {id} is not what was written"));
            }
        }
        let misplaced = misplaced(&sums.imports);
        sums.broken.extend(misplaced);
        for (seq, block) in &sums.withdrawals {
            if block.found != block.digest {
                let text = format!(
                    "a row that the withdrawal of number {seq} left to another import is not what \
                     was written"
                );
                sums.broken.push(text);
            }
        }
        Ok(sums.broken)
    }

    /// The rows that withdrawals appended again, summed up.
    pub(super) fn copied_rows(&self) -> Result<BTreeMap<&'static str, Tally>> {
        if self.imports.values().all(|import| import.withdrawn.is_none()) {
            return Ok(BTreeMap::new());
        }
        Ok(self.summed(false)?.copied)
    }

    /// Notes a row that a withdrawal appends again.
    pub(super) fn tally_copy(
        &self,
        table: &'static str,
        (program_id, seq, import_id): (i64, i64, ImportId),
        digest: u128,
    ) {
        self.tally(table, copy_digest(&Placed { table, program_id, seq, import_id }, digest));
    }

    /// Scans all rows; all are summed, or only those that a withdrawal appended.
    fn summed(&self, all: bool) -> Result<Sums> {
        let mut sums = Sums {
            imports: self.blocks(
                "SELECT s.import_id, i.program_id, s.first_seq, s.last_seq, s.fact_digest,
                        s.added + s.revised
                 FROM import_summary s JOIN import i ON i.id = s.import_id",
            )?,
            withdrawals: self.blocks(
                "SELECT w.seq, i.program_id, w.seq, w.seq, w.fact_digest, 0
                 FROM withdrawal w JOIN import i ON i.id = w.import_id",
            )?,
            copied: BTreeMap::new(),
            broken: Vec::new(),
        };
        self.sum_lines(&mut sums, all)?;
        self.sum_clicks(&mut sums, all)?;
        Ok(sums)
    }

    fn blocks(&self, query: &str) -> Result<BTreeMap<i64, Block>> {
        let mut select = self.conn.prepare(query).map_err(sql)?;
        let rows = select.query_map([], |row| {
            let digest: [u8; 16] = row.get(4)?;
            let block = Block {
                program_id: row.get(1)?,
                first_seq: row.get(2)?,
                last_seq: row.get(3)?,
                due: row.get(5)?,
                digest: u128::from_be_bytes(digest),
                ..Block::default()
            };
            Ok((row.get(0)?, block))
        });
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    fn sum_lines(&self, sums: &mut Sums, all: bool) -> Result<()> {
        let query = format!("SELECT {COLUMNS} FROM order_line");
        let mut select = self.conn.prepare(&query).map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let placed = placed("order_line", row, 0, 3)?;
            if !all && sums.is_own(&placed) {
                continue;
            }
            let digest = lines::read(row).and_then(|revision| {
                lines::is_as_written(row, &revision)?;
                Ok(fact_digest(&revision.fact, &self.words))
            });
            sums.add(&placed, digest);
        }
        Ok(())
    }

    fn sum_clicks(&self, sums: &mut Sums, all: bool) -> Result<()> {
        let query = format!("SELECT {}, program_id FROM click", clicks::COLUMNS);
        let mut select = self.conn.prepare(&query).map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let placed = placed("click", row, 8, 2)?;
            if !all && sums.is_own(&placed) {
                continue;
            }
            let digest = clicks::read(row).map(|stored| click_digest(&stored.click, &self.words));
            sums.add(&placed, digest);
        }
        Ok(())
    }
}

/// Finds imports whose rows have other sequence numbers than they were given. Together, the imports of
/// one file, of which each can have rows anywhere among those of the others, have all from the first to
/// the last; so has an import alone.
fn misplaced(imports: &BTreeMap<ImportId, Block>) -> Vec<String> {
    let mut blocks: Vec<(&ImportId, &Block)> =
        imports.iter().filter(|(_, block)| block.first_seq <= block.last_seq).collect();
    blocks.sort_by_key(|(id, block)| (block.first_seq, **id));
    let mut broken = Vec::new();
    let mut rest = blocks.as_slice();
    while let Some((_, first)) = rest.first() {
        let mut last_seq = first.last_seq;
        let together = rest
            .iter()
            .take_while(|(_, block)| {
                let overlaps = block.first_seq <= last_seq;
                last_seq = last_seq.max(block.last_seq);
                overlaps
            })
            .count();
        let (group, others) = rest.split_at(together);
        rest = others;
        let last_seq = group.iter().map(|(_, block)| block.last_seq).max().unwrap_or(0);
        let rows = i128::from(last_seq - first.first_seq + 1);
        let due = (i128::from(first.first_seq) + i128::from(last_seq)) * rows / 2;
        let whole = group.iter().all(|(_, block)| block.rows == block.due);
        if whole && group.iter().map(|(_, block)| block.seqs).sum::<i128>() != due {
            let ids: Vec<String> = group.iter().map(|(id, _)| id.to_string()).collect();
            let ids = ids.join(", ");
            broken.push(format!("a row of import {ids} is not where it was written"));
        }
    }
    broken
}

/// Reads what places a row: the program, then sequence number and import beside each other.
fn placed(table: &'static str, row: &Row<'_>, program: usize, seq: usize) -> Result<Placed> {
    Ok(Placed {
        table,
        program_id: row.get(program).map_err(sql)?,
        seq: row.get(seq).map_err(sql)?,
        import_id: row.get(seq + 1).map_err(sql)?,
    })
}

fn copy_digest(placed: &Placed, digest: u128) -> u128 {
    let mut bytes = Vec::with_capacity(40);
    for number in [placed.program_id, placed.seq, placed.import_id] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(digest.to_be_bytes());
    xxh3_128(&bytes)
}

impl Sums {
    /// Whether the row was written by its own import.
    fn is_own(&self, placed: &Placed) -> bool {
        self.imports
            .get(&placed.import_id)
            .is_some_and(|block| (block.first_seq..=block.last_seq).contains(&placed.seq))
    }

    fn add(&mut self, placed: &Placed, digest: Result<u128>) {
        let Placed { table, program_id, seq, import_id } = *placed;
        let own = self.is_own(placed);
        let digest = match digest {
            Ok(digest) => digest,
            Err(failed) => {
                let text = format!("row {seq} of `{table}`: {}", failed.message());
                self.broken.push(text);
                0
            }
        };
        let Some(import) = self.imports.get_mut(&import_id) else {
            self.broken.push(format!(
                "row {seq} of `{table}` is of import {import_id}, which is not there"
            ));
            return;
        };
        if import.program_id != program_id {
            self.broken
                .push(format!("row {seq} of `{table}` is of another program than its import"));
        }
        if own {
            import.add(seq, digest);
            return;
        }
        self.copied.entry(table).or_default().add(copy_digest(placed, digest));
        match self.withdrawals.range_mut(seq..).next() {
            Some((_, block)) => block.add(seq, digest),
            None => self.broken.push(format!(
                "row {seq} of `{table}` is of import {import_id}, which did not write it"
            )),
        }
    }
}
