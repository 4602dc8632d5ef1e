//! Imported files kept whole, packed, by their digest.
//!
//! Owns the rows of `archive` and `archive_part`. A file is kept once, whoever imports it again, and is
//! given back byte for byte or not at all. Refuses to interpret files.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest as _, Sha256};

use super::imports::PendingImport;
use super::{ImportId, Ledger, Result, damaged, integer, sql};
use crate::error::{self, Error};

/// How long a part is, packed.
const PART: usize = 1 << 20;

/// A file on its way into the ledger.
pub struct Archiving<'c> {
    encoder: GzEncoder<Parts<'c>>,
    digest: Sha256,
    bytes: usize,
    now: i64,
}

/// Cuts what is packed into parts and stores them; the file's own row comes last, with their number.
struct Parts<'c> {
    conn: &'c Connection,
    archive_id: i64,
    part: usize,
    waiting: Vec<u8>,
}

impl Parts<'_> {
    fn store(&mut self, length: usize) -> rusqlite::Result<()> {
        let packed = self.waiting.get(..length).unwrap_or(&self.waiting);
        self.conn
            .prepare_cached(
                "INSERT INTO archive_part (archive_id, part, packed) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![self.archive_id, integer(self.part), packed])?;
        self.part += 1;
        self.waiting.drain(..length.min(self.waiting.len()));
        Ok(())
    }
}

impl Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() >= PART {
            self.store(PART).map_err(io::Error::other)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl PendingImport<'_> {
    /// Begins to keep the file of this import; none where it is kept already.
    pub fn archive(&self, file_digest: &[u8; 32], now: i64) -> Result<Option<Archiving<'_>>> {
        Archiving::begin(&self.ledger.conn, file_digest, now)
    }
}

impl<'c> Archiving<'c> {
    fn begin(conn: &'c Connection, file_digest: &[u8; 32], now: i64) -> Result<Option<Self>> {
        if archived(conn, file_digest)?.is_some() {
            return Ok(None);
        }
        let archive_id = conn
            .query_row("SELECT coalesce(max(id), 0) + 1 FROM archive", [], |row| row.get(0))
            .map_err(sql)?;
        let parts = Parts { conn, archive_id, part: 0, waiting: Vec::new() };
        let encoder = GzEncoder::new(parts, Compression::default());
        Ok(Some(Self { encoder, digest: Sha256::new(), bytes: 0, now }))
    }
}

impl Archiving<'_> {
    /// Takes the next bytes of the file.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.digest.update(bytes);
        self.bytes += bytes.len();
        self.encoder.write_all(bytes).map_err(failed)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// When it is not the one of this digest: it was changed meanwhile.
    pub fn finish(self, file_digest: &[u8; 32]) -> Result<()> {
        let found: [u8; 32] = self.digest.finalize().into();
        if found != *file_digest {
            let message = "the file was changed while it was archived; nothing was kept";
            return Err(Error::new(&error::FILE, message).hint("import it again"));
        }
        let mut parts = self.encoder.finish().map_err(failed)?;
        if !parts.waiting.is_empty() {
            parts.store(parts.waiting.len()).map_err(sql)?;
        }
        let values = params![
            parts.archive_id,
            file_digest,
            integer(self.bytes),
            integer(parts.part),
            self.now
        ];
        parts
            .conn
            .execute("INSERT INTO archive VALUES (?1, ?2, ?3, ?4, ?5)", values)
            .map_err(sql)?;
        Ok(())
    }
}

/// A failure of the database comes through the encoder as one of writing.
fn failed(failed: io::Error) -> Error {
    let message = format!("the file could not be archived: {failed}");
    Error::new(&error::DATABASE, message).because(failed)
}

impl Ledger {
    /// Keeps a file that was imported before without being kept; `feed` gives its bytes. False where it
    /// is kept already.
    ///
    /// # Errors
    ///
    /// When it is not the file of this digest any more, or the ledger fails; then nothing is kept.
    pub fn archive_late(
        &mut self,
        file_digest: &[u8; 32],
        now: i64,
        feed: &dyn Fn(&mut Archiving<'_>) -> Result<()>,
    ) -> Result<bool> {
        self.begin()?;
        let kept = match Archiving::begin(&self.conn, file_digest, now) {
            Ok(Some(mut archiving)) => {
                feed(&mut archiving).and_then(|()| archiving.finish(file_digest)).map(|()| true)
            }
            Ok(None) => Ok(false),
            Err(failed) => Err(failed),
        };
        match kept.and_then(|kept| self.commit().map(|()| kept)) {
            Ok(kept) => Ok(kept),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }

    /// Writes the file of an import as it was, and returns its length.
    ///
    /// # Errors
    ///
    /// When it is not kept, or when what is kept is not that file any more.
    pub fn archived_file(&self, import: ImportId, out: &mut dyn Write) -> Result<u64> {
        let digest: Option<Vec<u8>> = self
            .conn
            .query_row("SELECT file_digest FROM import WHERE id = ?1", [import], |row| row.get(0))
            .optional()
            .map_err(sql)?;
        let digest = digest.ok_or_else(|| {
            Error::new(&error::NO_IMPORT, format!("there is no import {import}"))
                .hint("`feebook imports list` shows them")
        })?;
        let Some((archive_id, bytes)) = archived(&self.conn, &digest)? else {
            let message = format!("the file of import {import} is not in the ledger");
            return Err(Error::new(&error::NO_ARCHIVE, message).hint(
                "files are kept by `import --archive`, or with `archive = true` in feebook.toml beside \
                 the ledger; import it again with it",
            ));
        };
        let found = self.unpack(archive_id, &digest, out)?;
        if found != bytes {
            return Err(damaged("an archived file of another length"));
        }
        Ok(found)
    }

    /// Unpacks an archived file and compares its digest.
    fn unpack(&self, archive_id: i64, digest: &[u8], out: &mut dyn Write) -> Result<u64> {
        let reader = PartReader { conn: &self.conn, archive_id, part: 0, bytes: Vec::new(), at: 0 };
        let mut decoder = GzDecoder::new(reader);
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut block = vec![0; 1 << 16];
        loop {
            let length =
                decoder.read(&mut block).map_err(|_| damaged("a damaged archived file"))?;
            let read = block.get(..length).unwrap_or_default();
            if length == 0 {
                break;
            }
            hash.update(read);
            bytes += u64::try_from(length).unwrap_or(0);
            out.write_all(read).map_err(|failed| {
                let message = format!("the file cannot be written: {failed}");
                Error::new(&error::FILE, message).because(failed)
            })?;
        }
        if hash.finalize().as_slice() != digest {
            return Err(damaged("an archived file that is not the one that was imported"));
        }
        Ok(bytes)
    }

    /// Finds the archived files that cannot be given back as they were.
    pub fn broken_archives(&self) -> Result<Vec<String>> {
        let mut select = self
            .conn
            .prepare("SELECT id, file_digest, bytes FROM archive ORDER BY id")
            .map_err(sql)?;
        let rows = select
            .query_map([], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, u64>(2)?))
            })
            .map_err(sql)?;
        let mut broken = Vec::new();
        for row in rows {
            let (id, digest, bytes) = row.map_err(sql)?;
            match self.unpack(id, &digest, &mut io::sink()) {
                Ok(found) if found == bytes => {}
                Ok(found) => {
                    broken.push(format!("archived file {id} has {found} bytes instead of {bytes}"));
                }
                Err(failed) => broken.push(format!("archived file {id}: {}", failed.message())),
            }
        }
        Ok(broken)
    }
}

/// The number and length of an archived file.
fn archived(conn: &Connection, digest: &[u8]) -> Result<Option<(i64, u64)>> {
    conn.prepare_cached("SELECT id, bytes FROM archive WHERE file_digest = ?1")
        .and_then(|mut select| {
            select.query_row([digest], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(sql)
}

/// Reads the parts one after another.
struct PartReader<'c> {
    conn: &'c Connection,
    archive_id: i64,
    part: i64,
    bytes: Vec<u8>,
    at: usize,
}

impl Read for PartReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.bytes.len() {
            let next = self
                .conn
                .prepare_cached(
                    "SELECT packed FROM archive_part WHERE archive_id = ?1 AND part = ?2",
                )
                .and_then(|mut select| {
                    select.query_row([self.archive_id, self.part], |row| row.get(0)).optional()
                })
                .map_err(io::Error::other)?;
            let Some(next) = next else { return Ok(0) };
            (self.bytes, self.at, self.part) = (next, 0, self.part + 1);
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        Ok(length)
    }
}
