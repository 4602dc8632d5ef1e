//! Where a library may lie, and its bytes.
//!
//! Owns the rules of the path. Opens a file once; everything later is about the bytes read here.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::{Build, Digest, Wanted, named, no_library};
use crate::codes;
use crate::refusal::Refusal;

/// The largest library in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Reads the library of a build.
pub(super) fn read(
    folder: &Path,
    wanted: &Wanted<'_>,
    build: &Build<'_>,
) -> Result<Vec<u8>, Refusal> {
    let path = resolve(folder, wanted, build)?;
    read_path(&path, &named(build)).map_err(|refusal| match refusal {
        // Gone between the two looks.
        None => no_library(folder, wanted, build),
        Some(refusal) => refusal,
    })
}

/// Reads any file, by the path that a person typed.
pub(super) fn read_any(path: &Path) -> Result<Vec<u8>, Refusal> {
    let shown = path.display().to_string();
    let real = fs::canonicalize(path).map_err(|e| unreadable(&shown, &e))?;
    read_path(&real, &shown).map_err(|refusal| {
        refusal.unwrap_or_else(|| unreadable(&shown, &io::ErrorKind::NotFound.into()))
    })
}

/// The real path of a build's library: under the schedules folder, or absolute.
fn resolve(folder: &Path, wanted: &Wanted<'_>, build: &Build<'_>) -> Result<PathBuf, Refusal> {
    let library = Path::new(build.library);
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => no_library(folder, wanted, build),
            _ => unreadable(&named(build), &e),
        })
    };
    if library.is_absolute() {
        return real(library);
    }
    if library.components().count() < 2 {
        let message = format!("{}: \"{}\" is a bare name", build.place, build.library);
        return Err(Refusal::new(&codes::PATH, message)
            .hint(format!("write \"./{}\" for a library beside plugins.toml", build.library)));
    }
    let path = real(&folder.join(wanted.program).join(library))?;
    let folder = real(folder)?;
    if !path.starts_with(&folder) {
        let message = format!(
            "{}: \"{}\" leads to {}, outside the schedules folder {}",
            build.place,
            build.library,
            path.display(),
            folder.display()
        );
        return Err(Refusal::new(&codes::PATH, message)
            .hint("copy the library into the program's folder, or name it by its absolute path"));
    }
    Ok(path)
}

/// Reads a file by its real path; none when it is gone. The path was resolved, so a link at its end
/// has been put there since and is not followed.
fn read_path(path: &Path, shown: &str) -> Result<Vec<u8>, Option<Refusal>> {
    let gone = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => None,
        _ => Some(unreadable(shown, &e)),
    };
    let mut file = open(path).map_err(gone)?;
    let about = file.metadata().map_err(gone)?;
    if !about.is_file() {
        let kind = if about.is_dir() { "a folder" } else { "neither a file nor a folder" };
        let message = format!("{shown} is {kind}");
        return Err(Some(
            Refusal::new(&codes::NOT_A_FILE, message).hint("name the library itself"),
        ));
    }
    if about.len() > LARGEST {
        let message = format!("{shown} has {} bytes, at most {LARGEST} are read", about.len());
        return Err(Some(Refusal::new(&codes::NOT_A_FILE, message).hint("strip its symbols")));
    }
    let mut bytes = Vec::new();
    // A file that grows under our eyes is cut, and has another digest then.
    let read = Read::by_ref(&mut file).take(LARGEST).read_to_end(&mut bytes);
    read.map_err(gone)?;
    Ok(bytes)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // NONBLOCK: the opening of a pipe would wait for somebody to write into it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = rustix::fs::open(path, flags, Mode::empty())?;
    Ok(File::from(descriptor))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder"));
    }
    File::open(path)
}

fn unreadable(shown: &str, refused: &io::Error) -> Refusal {
    Refusal::new(&codes::UNREADABLE, format!("cannot read {shown}: {refused}"))
        .hint("look at its path and permissions")
}

pub(super) fn digest(bytes: &[u8]) -> Digest {
    sha2::Sha256::digest(bytes).into()
}
