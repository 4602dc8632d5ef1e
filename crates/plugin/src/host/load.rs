//! The loading of bytes that were checked, and of no others.
//!
//! Owns the libraries of the process. On Linux the bytes go into a sealed file in memory, which
//! nobody can change and which has no name that could lead elsewhere; on other systems into a file
//! in a fresh folder that only this user can enter. Refuses to unload.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::Arc;

use super::Digest;
use super::handshake::{HEAD, Head};
use crate::abi::{Handshake, SYMBOL};
use crate::codes;
use crate::exchange::{BeatOf, Instance, Pulse, Setup};
use crate::refusal::{AUTHOR, Refusal};

/// A library of the process. It stays for as long as the process runs.
pub struct Loaded {
    handshake: Handshake,
    head: Head,
    digest: Digest,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("name", &self.head.name_text()).finish_non_exhaustive()
    }
}

impl Loaded {
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn start(&self, setup: &Setup<'_>, pulse: &Arc<Pulse>) -> Result<Instance, Refusal> {
        let terms = Some(format!("{}/{}", setup.program, setup.terms));
        let beat = pulse.beat(BeatOf { terms, ..beat_of(&self.head, self.digest) });
        // SAFETY: the handshake is that of a library whose every field fits this boundary; that its
        // functions keep to it is what whoever allowed the plugin vouches for, and cannot be
        // checked of native code. The library is never unloaded: `load` never drops it.
        unsafe { Instance::start(&self.handshake, setup, beat) }
    }
}

/// Whose code runs while a library is loaded.
pub(super) fn beat_of(head: &Head, digest: Digest) -> BeatOf {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let plugin = format!("`{}` {}", text(head.name_text()), text(head.version_text()));
    BeatOf { plugin, digest: Some(digest), terms: None }
}

/// Loads a library from its bytes, whose digest and handshake were checked.
pub(super) fn load(bytes: &[u8], expected: &Head, digest: Digest) -> Result<Loaded, Refusal> {
    let path = place(bytes).map_err(|e| refused(&e.to_string()))?;
    // Never unloaded, whatever is found below: its initialisers ran, and threads, thread-locals and
    // pointers of the plugin may outlive any use of it.
    let library = ManuallyDrop::new(open(&path).map_err(|e| refused(&said(&e, &path)))?);
    // SAFETY: the symbol is taken for a pointer's target, and only its address is taken here. The bytes that
    // were loaded have a handshake of this name; should the system's search lead to another library's
    // symbol, the comparison below finds its bytes to be others.
    let symbol = unsafe { library.get::<*const Handshake>(SYMBOL.as_bytes()) };
    let address = *symbol.map_err(|e| refused(&said(&e, &path)))?;
    if address.is_null() || !address.is_aligned() {
        let (at, align) = (address.addr(), align_of::<Handshake>());
        let what = format!(
            "it lies {} bytes behind an address that a handshake can have, of which each is a \
            multiple of {align}",
            at % align
        );
        return Err(changed(&if at == 0 {
            "it lies nowhere, at address 0".to_owned()
        } else {
            what
        }));
    }
    // SAFETY: the address is that of a symbol of a loaded library, aligned; the library stays loaded, and
    // nobody writes to a handshake. That it is one, and this one, is compared below, byte by byte with the
    // file's, before anything of it is used.
    let handshake = unsafe { *address };
    let there = [handshake.init.is_some(), handshake.call.is_some(), handshake.free.is_some()];
    let head = Head::new(head_bytes(&handshake), there);
    if head != *expected {
        let what = expected.difference(&head);
        return Err(changed(&what.unwrap_or_else(|| "the bytes behind a text differ".to_owned())));
    }
    Ok(Loaded { handshake, head, digest })
}

/// The bytes of a handshake before its functions.
pub(super) fn head_bytes(handshake: &Handshake) -> [u8; HEAD] {
    let start = (&raw const *handshake).cast::<[u8; HEAD]>();
    // SAFETY: a handshake begins with `HEAD` bytes of integers without padding
    // (tests/layout.rs adds them up), so they are initialised; an array of bytes has no alignment to keep.
    unsafe { *start }
}

/// Opens a library: all its symbols at once, so that a missing one is told now, and visible to
/// nobody else.
#[cfg(unix)]
fn open(path: &std::path::Path) -> Result<libloading::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: opening runs the library's initialisers, which is native code that we cannot judge:
    // whoever allowed the plugin by its digest vouches for it, and these are the bytes that have
    // that digest.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}

#[cfg(not(unix))]
fn open(path: &std::path::Path) -> Result<libloading::Library, libloading::Error> {
    // SAFETY: as above.
    unsafe { libloading::Library::new(path) }
}

/// Puts bytes where the system's loader can open them and nobody can change them.
#[cfg(target_os = "linux")]
fn place(bytes: &[u8]) -> io::Result<PathBuf> {
    use std::io::Write as _;
    use std::os::fd::IntoRawFd as _;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use rustix::io::Errno;

    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let made = match memfd_create("feebook-plugin", flags | MemfdFlags::EXEC) {
        // A kernel before 6.3 does not know the flag, and needs none.
        Err(Errno::INVAL) => memfd_create("feebook-plugin", flags),
        made => made,
    };
    let mut file = std::fs::File::from(made?);
    file.write_all(bytes)?;
    fcntl_add_seals(
        &file,
        SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
    )?;
    // The descriptor stays open for good. The loader knows a library again by its path: a later one
    // with the same number would be taken for this one.
    Ok(PathBuf::from(format!("/proc/self/fd/{}", file.into_raw_fd())))
}

/// Puts bytes where the system's loader can open them and only this user can change them.
#[cfg(not(target_os = "linux"))]
fn place(bytes: &[u8]) -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("feebook-plugin").tempdir()?;
    let path = folder.path().join(libloading::library_filename("plugin"));
    std::fs::write(&path, bytes)?;
    // Left behind for the system to clear: a loaded library cannot be removed everywhere.
    let _ = folder.keep();
    Ok(path)
}

/// The loader's own words. The name of the file in memory says nothing to anybody.
fn said(refused: &libloading::Error, path: &std::path::Path) -> String {
    let own = refused.source().map_or_else(|| refused.to_string(), ToString::to_string);
    own.replace(&format!("{}: ", path.display()), "")
}

fn refused(why: &str) -> Refusal {
    Refusal::new(&codes::NOT_LOADED, format!("the system does not load it: {why}")).hint(
        "`feebook plugin inspect` lists the other libraries that it needs: install them, or build the \
         plugin without them and stamp that build",
    )
}

fn changed(what: &str) -> Refusal {
    let message = format!("its handshake in memory is not the one in its file: {what}");
    Refusal::new(&codes::CHANGED, message).hint(AUTHOR)
}
