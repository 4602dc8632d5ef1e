//! The files of the terms as they were when a run used them.
//!
//! Owns the store of documents and of books. Refuses to understand them: a book is rebuilt by the
//! schedule crate from the very texts.

use std::sync::Arc;

use feebook_schedule::Source;
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{Ledger, Result, sql};

/// The number of a book of terms.
pub type BookId = i64;

impl Ledger {
    /// Stores all files of a book, unless they are there, and returns the book's number.
    pub(super) fn store_book(&self, sources: &[Source]) -> Result<BookId> {
        let mut digest = Sha256::new();
        for source in sources {
            digest.update(source.path().as_bytes());
            digest.update([0]);
            digest.update(source.digest());
        }
        let digest: [u8; 32] = digest.finalize().into();
        let known = self
            .conn
            .query_row("SELECT id FROM book WHERE digest = ?1", [digest], |row| row.get(0))
            .optional()
            .map_err(sql)?;
        if let Some(book_id) = known {
            return Ok(book_id);
        }
        self.conn.execute("INSERT INTO book (digest) VALUES (?1)", [digest]).map_err(sql)?;
        let book_id = self.conn.last_insert_rowid();
        for source in sources {
            let document_id = self.store_document(source)?;
            self.conn
                .execute("INSERT INTO book_document VALUES (?1, ?2)", [book_id, document_id])
                .map_err(sql)?;
        }
        Ok(book_id)
    }

    fn store_document(&self, source: &Source) -> Result<i64> {
        if let Some(id) = self.document_id(source)? {
            return Ok(id);
        }
        self.conn
            .execute(
                "INSERT INTO document (path, digest, text) VALUES (?1, ?2, ?3)",
                params![source.path(), source.digest(), source.text()],
            )
            .map_err(sql)?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Returns the number of a stored file.
    pub(crate) fn document_id(&self, source: &Source) -> Result<Option<i64>> {
        self.conn
            .prepare_cached("SELECT id FROM document WHERE path = ?1 AND digest = ?2")
            .and_then(|mut s| {
                s.query_row(params![source.path(), source.digest()], |row| row.get(0)).optional()
            })
            .map_err(sql)
    }

    /// Returns all files of a book, in order of their paths.
    pub fn book_sources(&self, book_id: BookId) -> Result<Vec<Source>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT d.path, d.text FROM book_document b JOIN document d ON d.id = b.document_id
                 WHERE b.book_id = ?1 ORDER BY d.path",
            )
            .map_err(sql)?;
        let rows = select
            .query_map([book_id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let mut sources = Vec::new();
        for row in rows.map_err(sql)? {
            let (path, text) = row.map_err(sql)?;
            sources.push(Source::new(path.clone(), path, Arc::from(text)));
        }
        Ok(sources)
    }
}
