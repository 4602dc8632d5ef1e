//! What a file holds: a report as it is, one that is compressed, or an archive of several.
//!
//! Owns the unpacking, in memory and as far as it is read; nothing is written to a disk, so the
//! paths within an archive lead nowhere. Refuses what unpacks to far more than a report can be.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::formats::Head;
use super::looked::Looked;
use super::sheet::{self, Sheet};
use super::{HEAD, codes, refused};
use crate::error::{Error, Result};

/// Each byte of a compressed report may become this many.
const RATIO: u64 = 300;
/// So much may come of any file, however small.
const FREE: u64 = 16 << 20;
/// The most that is read out of one archive.
const UNPACKED_LIMIT: u64 = 64 << 30;

/// How long an entry of an archive's list of files is, without the name and what follows it.
const ENTRY: usize = 46;

/// How many files an archive may have.
const MEMBERS_LIMIT: usize = 10_000;

/// Takes one report out of a file: its name for messages, and its bytes. False: no more.
pub(super) type Take<'t> = dyn FnMut(&str, &mut dyn Read) -> Result<bool> + 't;

/// Calls with each report that a file holds; `count` is how many of the file's bytes were read.
///
/// # Errors
///
/// When the file cannot be read, or when all of it was taken and it is not what it was when it was
/// looked at.
pub(super) fn each(
    file: &Looked,
    shown: &str,
    count: &Cell<u64>,
    take: &mut Take<'_>,
) -> Result<()> {
    match file.head.get(..4).unwrap_or(&file.head) {
        [0x1F, 0x8B, ..] => {
            let mut again = file.again(count)?;
            let inner = MultiGzDecoder::new(BufReader::with_capacity(HEAD, &mut again));
            let mut input = Bounded { inner, read: 0, packed: Packed::Read(count) };
            if unpacked(take, shown, &mut input)? { again.finish() } else { Ok(()) }
        }
        b"PK\x05\x06" => Err(no_report(shown, "the archive is empty".to_owned())),
        b"PK\x03\x04" => {
            let input = BufReader::with_capacity(HEAD, file.seeking(count)?);
            let broken = |e: &zip::result::ZipError| broken_archive(shown, &e.to_string());
            let mut archive = ZipArchive::new(input).map_err(|e| broken(&e))?;
            let more = if sheet::is_workbook(&archive) {
                take(shown, &mut file.seeking(count)?)?
            } else {
                let start = archive.central_directory_start();
                let uncounted = Cell::new(0);
                let directory = BufReader::with_capacity(HEAD, file.seeking(&uncounted)?);
                if let Some(name) = name_twice(directory, start).map_err(|e| failed(shown, e))? {
                    return Err(two_of_one_name(shown, &name));
                }
                members(&mut archive, shown, take)?
            };
            if more { file.unchanged() } else { Ok(()) }
        }
        _ => {
            let mut again = file.again(count)?;
            let more = take(shown, &mut BufReader::with_capacity(HEAD, &mut again))?;
            if more { again.finish() } else { Ok(()) }
        }
    }
}

/// Finds a name that two files of an archive have, in the list of them at its end: the reader of archives
/// keeps one of the two.
fn name_twice(mut archive: impl Read + Seek, start: u64) -> io::Result<Option<String>> {
    archive.seek(SeekFrom::Start(start))?;
    let mut names = BTreeSet::new();
    loop {
        let mut entry = [0_u8; ENTRY];
        if fill(&mut archive, &mut entry)? < ENTRY || !entry.starts_with(b"PK\x01\x02") {
            return Ok(None);
        }
        let [.., n0, n1, e0, e1, c0, c1, _, _, _, _, _, _, _, _, _, _, _, _] = entry;
        let [name, extra, comment] =
            [[n0, n1], [e0, e1], [c0, c1]].map(u16::from_le_bytes).map(usize::from);
        let mut rest = vec![0; name + extra + comment];
        archive.read_exact(&mut rest)?;
        rest.truncate(name);
        if !rest.ends_with(b"/") && !names.insert(rest.clone()) {
            return Ok(Some(String::from_utf8_lossy(&rest).into_owned()));
        }
    }
}

fn two_of_one_name(shown: &str, name: &str) -> Error {
    let message = format!("the archive has two files named {}", super::row::shown(name));
    refused(
        Diagnostic::whole(&codes::BAD_ARCHIVE, shown, message)
            .hint("pack each under a name of its own, or import them one by one"),
    )
}

/// Calls with each report in an archive; whether all of it was taken.
fn members<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    shown: &str,
    take: &mut Take<'_>,
) -> Result<bool> {
    if archive.len() > MEMBERS_LIMIT {
        let message = format!("the archive has {} files, {MEMBERS_LIMIT} at most", archive.len());
        let problem = Diagnostic::whole(&codes::UNPACKS_TOO_LARGE, shown, message);
        return Err(refused(problem.hint("unpack it and import what is a report")));
    }
    // What is free is free once: many small files together may not swell to more than one can.
    let (mut read, mut packed) = (0_u64, 0_u64);
    let mut any = false;
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|e| broken_archive(shown, &e.to_string()))?;
        let name = member.name().map_err(|e| broken_archive(shown, &e.to_string()))?.into_owned();
        // What other programs put beside the files.
        let file = name.rsplit('/').next().unwrap_or_default();
        if file.is_empty() || file.starts_with('.') || name.starts_with("__MACOSX/") {
            continue;
        }
        any = true;
        packed = packed.saturating_add(member.compressed_size());
        let mut input = Bounded { inner: member, read, packed: Packed::Whole(packed) };
        let more = unpacked(take, &format!("{shown}:{}", super::row::shown(&name)), &mut input)?;
        read = input.read;
        if !more {
            return Ok(false);
        }
    }
    let count = archive.len();
    let message = || format!("the archive holds no report: {count} folders or hidden files");
    if any { Ok(true) } else { Err(no_report(shown, message())) }
}

/// Takes what was unpacked, unless it is packed again. A zip within can be a spreadsheet: its reader
/// tells.
fn unpacked(take: &mut Take<'_>, shown: &str, input: &mut dyn Read) -> Result<bool> {
    let (start, mut input) = peeked(input).map_err(|e| failed(shown, e))?;
    if start.starts_with(&[0x1F, 0x8B]) || start.starts_with(b"PK\x05\x06") {
        return Err(packed_twice(shown));
    }
    take(shown, &mut input)
}

/// Refuses an archive within an archive.
pub(super) fn packed_twice(shown: &str) -> Error {
    let message = "the file is an archive within an archive, or compressed twice";
    let problem = Diagnostic::whole(&codes::PACKED_TWICE, shown, message);
    refused(problem.hint("unpack the outer one and import what is in it"))
}

fn no_report(shown: &str, message: String) -> Error {
    refused(Diagnostic::whole(&codes::EMPTY_REPORT, shown, message))
}

/// Reads the beginning of the first report that a file holds and that is not empty.
pub(super) fn head(file: &Looked, shown: &str) -> Result<Head> {
    let mut head = Head::default();
    each(file, shown, &Cell::new(0), &mut |name, input| {
        let mut start = vec![0; HEAD];
        let length = fill(input, &mut start).map_err(|e| failed(name, e))?;
        start.truncate(length);
        if start.is_empty() && name != shown {
            // One of several: the next may say what it is.
            return Ok(true);
        }
        if sheet::may_be(&start) {
            let sheet = Sheet::read(start.chain(input), name)?;
            head = Head { text: Vec::new(), names: Some(sheet.names()), rows: sheet.first_rows() };
        } else {
            head = Head { text: start, ..Head::default() };
        }
        Ok(false)
    })?;
    Ok(head)
}

/// Reads until a buffer is full or the input ends.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Returns the first bytes of an input, and the input with them.
pub(super) fn peeked<R: Read>(mut input: R) -> io::Result<(Vec<u8>, impl Read)> {
    let mut start = vec![0; 8];
    let length = fill(&mut input, &mut start)?;
    start.truncate(length);
    Ok((start.clone(), io::Cursor::new(start).chain(input)))
}

/// What became of a reading that the operating system, or the unpacking, stopped.
pub(super) fn failed(shown: &str, error: io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Swollen>()) {
        Some(Swollen(message)) => {
            let problem = Diagnostic::whole(&codes::UNPACKS_TOO_LARGE, shown, message.clone());
            refused(problem.hint("unpack it yourself if you trust it"))
        }
        None if matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
        ) =>
        {
            broken_archive(shown, &error.to_string())
        }
        None => Error::file(Path::new(shown), "read", error),
    }
}

fn broken_archive(shown: &str, why: &str) -> Error {
    let message = format!("the archive cannot be unpacked: {}", super::row::shown(why));
    refused(
        Diagnostic::whole(&codes::BAD_ARCHIVE, shown, message)
            .hint("get the report again, or unpack it and import what was in it"),
    )
}

/// Why a reading was stopped that would go on for ever.
#[derive(Debug)]
struct Swollen(String);

impl std::fmt::Display for Swollen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Swollen {}

/// How many bytes something was unpacked from.
enum Packed<'c> {
    /// As many as were read so far.
    Read(&'c Cell<u64>),
    /// So many, with the files of the archive before this one.
    Whole(u64),
}

/// Stops what unpacks to too much.
struct Bounded<'c, R> {
    inner: R,
    read: u64,
    packed: Packed<'c>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read = self.read.saturating_add(u64::try_from(length).unwrap_or(0));
        let packed = match &self.packed {
            Packed::Read(count) => count.get(),
            Packed::Whole(bytes) => *bytes,
        };
        let most = FREE.saturating_add(packed.saturating_mul(RATIO)).min(UNPACKED_LIMIT);
        if self.read > most {
            let message = format!(
                "{packed} bytes have unpacked to {} already, more than a report does",
                self.read
            );
            return Err(io::Error::other(Swollen(message)));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_swells_is_stopped_and_told_from_a_broken_disk() {
        let count = Cell::new(1_000);
        let mut input = Bounded { inner: io::repeat(b'a'), read: 0, packed: Packed::Read(&count) };
        let stopped = io::copy(&mut input, &mut io::sink()).unwrap_err();
        assert_eq!(failed("x.gz", stopped).problems()[0].code.id, codes::UNPACKS_TOO_LARGE.id);
        assert_eq!(failed("x", io::Error::other("disk")).code().id, "L006");
    }

    #[test]
    fn many_small_files_swell_no_further_than_one() {
        let packed = |files: u64, bytes: usize| {
            let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default();
            for file in 0..files {
                archive.start_file(format!("{file}.csv"), options).unwrap();
                io::Write::write_all(&mut archive, &vec![b'a'; bytes]).unwrap();
            }
            ZipArchive::new(archive.finish().unwrap()).unwrap()
        };
        let read = |mut archive: ZipArchive<io::Cursor<Vec<u8>>>| {
            members(&mut archive, "x.zip", &mut |name, input| {
                io::copy(input, &mut io::sink()).map_err(|e| failed(name, e))?;
                Ok(true)
            })
        };
        assert!(read(packed(1, 15 << 20)).unwrap(), "one is free");
        let swollen = read(packed(3, 15 << 20)).unwrap_err();
        assert_eq!(swollen.problems()[0].code.id, codes::UNPACKS_TOO_LARGE.id);
        let many = read(packed(10_001, 1)).unwrap_err();
        assert!(many.problems()[0].message.contains("10001 files"), "{many}");
    }
}
