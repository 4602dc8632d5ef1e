//! A file that is read twice, for its digest and for its rows.
//!
//! Owns that both are of the same bytes. Refuses a file that was changed in between.

use std::cell::Cell;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use feebook_schedule::diagnostic::Diagnostic;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;

use super::{HEAD, codes};
use crate::error::{Error, Result};

/// How much of a pipe is copied.
const PIPE_LIMIT: u64 = 8 << 30;

/// A file that was looked at once: what is read of it again must be the same.
#[derive(Debug)]
pub(super) struct Looked {
    /// Open all the time, so that a file that takes its name meanwhile is not read.
    file: File,
    path: PathBuf,
    /// The beginning.
    pub(super) head: Vec<u8>,
    /// The length.
    pub(super) bytes: u64,
    /// SHA-256 of the bytes.
    pub(super) digest: [u8; 32],
    /// A quicker digest of them, by which what is read again is known. It finds accidents, such as a file
    /// that is written while it is read; it is no proof against somebody who wants to deceive, and is not
    /// kept: what is stored is the SHA-256.
    again: u128,
    /// What it begins with, another one for each file.
    seed: u64,
}

impl Looked {
    /// Reads a file once. What can be read only once, such as a pipe, is copied first.
    pub(super) fn at(path: &Path) -> Result<Self> {
        let unreadable = |e| Error::file(path, "read", e);
        let mut file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() && !metadata.is_dir() {
            return Self::piped(&mut file, path);
        }
        Self::of(file, path)
    }

    /// Reads what can be read only once: it is copied first. `path` is what it is called.
    pub(super) fn piped(input: &mut dyn Read, path: &Path) -> Result<Self> {
        let unreadable = |e| Error::file(path, "read", e);
        let mut copy = tempfile::tempfile().map_err(|e| uncopied(path, e))?;
        let copied = copied(&mut input.take(PIPE_LIMIT + 1), &mut copy, path)?;
        if copied > PIPE_LIMIT {
            let over =
                format!("it has over {PIPE_LIMIT} bytes; write it to a file and import that");
            return Err(unreadable(io::Error::other(over)));
        }
        Self::of(copy, path)
    }

    fn of(file: File, path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let seed = RandomState::new().hash_one(());
        let (head, digest) = (Vec::new(), [0; 32]);
        let mut looked = Self { file, path, head, bytes: 0, digest, again: 0, seed };
        let (mut digest, mut head, mut bytes) = (Sha256::new(), Vec::new(), 0_u64);
        let mut again = Xxh3::with_seed(seed);
        looked.each_block(&mut |block| {
            digest.update(block);
            again.update(block);
            bytes += u64::try_from(block.len()).unwrap_or(0);
            let room = HEAD.saturating_sub(head.len()).min(block.len());
            head.extend_from_slice(block.get(..room).unwrap_or_default());
            Ok(())
        })?;
        (looked.head, looked.bytes) = (head, bytes);
        (looked.digest, looked.again) = (digest.finalize().into(), again.digest128());
        Ok(looked)
    }

    /// Begins to read the file again.
    pub(super) fn again<'c>(&'c self, count: &'c Cell<u64>) -> Result<Again<'c>> {
        self.rewound()?;
        Ok(Again { looked: self, count, digest: Xxh3::with_seed(self.seed) })
    }

    /// Reads the file again wherever it is wanted, as archives are; [`unchanged`](Self::unchanged) says
    /// whether that was the same file.
    pub(super) fn seeking<'c>(&'c self, count: &'c Cell<u64>) -> Result<Seeking<'c>> {
        self.rewound()?;
        Ok(Seeking { file: &self.file, count })
    }

    /// Refuses a file that was changed since it was looked at.
    pub(super) fn unchanged(&self) -> Result<()> {
        self.again(&Cell::new(0))?.finish()
    }

    fn rewound(&self) -> Result<()> {
        let mut file = &self.file;
        let rewound = file.seek(SeekFrom::Start(0));
        rewound.map(drop).map_err(|e| Error::file(&self.path, "read", e))
    }

    /// Calls with all bytes, block by block.
    pub(super) fn each_block(&self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.rewound()?;
        let mut file = &self.file;
        let mut block = vec![0; HEAD];
        loop {
            match file.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(length) => each(block.get(..length).unwrap_or_default())?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::file(&self.path, "read", e)),
            }
        }
    }
}

/// Copies all of an input, called `path`, and returns its length.
fn copied(input: &mut impl Read, copy: &mut impl Write, path: &Path) -> Result<u64> {
    let (mut block, mut bytes) = (vec![0; HEAD], 0_u64);
    loop {
        let length = match input.read(&mut block) {
            Ok(0) => return Ok(bytes),
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Error::file(path, "read", e)),
        };
        let written = copy.write_all(block.get(..length).unwrap_or_default());
        written.map_err(|e| uncopied(path, e))?;
        bytes += u64::try_from(length).unwrap_or(0);
    }
}

/// An input that could be read, and of which no copy could be written.
fn uncopied(path: &Path, failed: io::Error) -> Error {
    let doing = format!("write a copy of {} into the temporary folder", path.display());
    Error::file(&tempfile::env::temp_dir(), &doing, failed)
        .hint("name a folder with room for it in TMPDIR, or write it to a file and import that")
}

/// A file that is read again, from its beginning.
pub(super) struct Again<'c> {
    looked: &'c Looked,
    count: &'c Cell<u64>,
    digest: Xxh3,
}

impl Again<'_> {
    /// Refuses a file that was changed since it was looked at: what is stored as its digest would be
    /// that of other rows.
    pub(super) fn finish(mut self) -> Result<()> {
        let path = &self.looked.path;
        // What a reader had no use for was not read yet.
        io::copy(&mut self, &mut io::sink()).map_err(|e| Error::file(path, "read", e))?;
        let (bytes, before) = (self.count.get(), self.looked.bytes);
        if self.digest.digest128() == self.looked.again {
            return Ok(());
        }
        let how = if bytes == before {
            format!("of its {bytes} bytes some are others now")
        } else {
            format!("it had {before} bytes and then {bytes}")
        };
        let shown = path.display().to_string();
        let message = format!("the file was changed while it was read: {how}");
        Err(super::refused(
            Diagnostic::whole(&codes::FILE_CHANGED, &shown, message)
                .hint("wait until whatever writes it is done, then import it"),
        ))
    }
}

impl Read for Again<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = &self.looked.file;
        let length = file.read(buffer)?;
        self.digest.update(buffer.get(..length).unwrap_or_default());
        self.count.set(self.count.get() + u64::try_from(length).unwrap_or(0));
        Ok(length)
    }
}

/// A file that is read in any order.
pub(super) struct Seeking<'c> {
    file: &'c File,
    count: &'c Cell<u64>,
}

impl Read for Seeking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.count.set(self.count.get().saturating_add(u64::try_from(length).unwrap_or(0)));
        Ok(length)
    }
}

impl Seek for Seeking<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing and gives nothing.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Full {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_pipe_that_breaks_and_a_copy_that_does_not_fit_are_told_apart() {
        let stdin = Path::new("stdin");
        let unread = copied(&mut Full, &mut Vec::new(), stdin).unwrap_err().to_string();
        assert!(unread.contains("cannot read stdin"), "{unread}");
        let unwritten = copied(&mut &b"order_no"[..], &mut Full, stdin).unwrap_err().to_string();
        let folder = tempfile::env::temp_dir();
        let says =
            format!("cannot write a copy of stdin into the temporary folder {}", folder.display());
        assert!(unwritten.contains(&says), "{unwritten}");
        let mut copy = Vec::new();
        assert_eq!(copied(&mut &b"order_no"[..], &mut copy, stdin).unwrap(), 8);
        assert_eq!(copy, b"order_no");
    }
}
