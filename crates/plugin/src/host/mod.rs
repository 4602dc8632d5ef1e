//! The loader: from a line of plugins.toml to a plugin that may be called.
//!
//! Owns which line serves on this machine, and the order of the checks: the path, the file, the digest
//! of its bytes, the kind of library, the handshake as it stands in the file, whether it may run; only
//! then are those very bytes loaded, so that no code of a plugin runs before it was known. Refuses to take another build where the one that serves is gone, and to unload: a library
//! that has run cannot be taken away soundly.

mod file;
mod handshake;
mod image;
mod leave;
mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::codes;
use crate::exchange::{Instance, Pulse, Setup};
use crate::refusal::Refusal;

pub use handshake::Head;
pub use image::{Machine, here};
pub use leave::{leave, watch_the_end};
pub use load::Loaded;

/// The SHA-256 of a file.
pub type Digest = [u8; 32];

/// Which plugins may run.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// All whose digest is that of plugins.toml (`--allow-plugins`).
    pub all: bool,
    /// These, by digest.
    pub digests: BTreeSet<Digest>,
}

impl Trust {
    /// Whether a plugin of this digest may run.
    pub fn allows(&self, digest: &Digest) -> bool {
        self.all || self.digests.contains(digest)
    }
}

/// A line of plugins.toml.
#[derive(Clone, Copy, Debug)]
pub struct Build<'b> {
    /// The library's path, as the line has it.
    pub library: &'b str,
    /// The library's digest.
    pub sha256: Digest,
    /// What the library was built for, as [`Machine`] is displayed; none where the line does not
    /// say.
    pub machine: Option<&'b str>,
    /// Where the line stands, for messages.
    pub place: &'b str,
    /// The days whose orders it serves, in words: "from 2024-01-01 on".
    pub days: &'b str,
}

/// The plugin that a version of the terms needs.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The program, which is the name of its folder.
    pub program: &'w str,
    /// The plugin's name.
    pub plugin: &'w str,
    /// The builds that may serve, of which the last one for this machine does: those of plugins.toml
    /// with the latest day that the order's has reached.
    pub builds: &'w [Build<'w>],
    /// The first day for which a build is wanted, as it is written.
    pub day: &'w str,
    /// All lines of the plugin, of whatever day.
    pub lines: &'w [Build<'w>],
    /// Another plugin that lines name and that is nearly called so.
    pub near: Option<&'w str>,
}

/// Finds, checks and loads plugins. One for the whole process.
#[derive(Debug)]
pub struct Host {
    folder: PathBuf,
    trust: Trust,
    loaded: Mutex<BTreeMap<Digest, Arc<Loaded>>>,
    pulse: Arc<Pulse>,
}

/// A loaded plugin.
#[derive(Clone, Debug)]
pub struct Library {
    loaded: Arc<Loaded>,
    pulse: Arc<Pulse>,
}

impl Host {
    /// Makes a host for the plugins of a schedules folder.
    pub fn new(folder: impl Into<PathBuf>, trust: Trust) -> Self {
        Self {
            folder: folder.into(),
            trust,
            loaded: Mutex::default(),
            pulse: Arc::new(Pulse::default()),
        }
    }

    /// Returns the beat of all calls, for whoever watches that they end.
    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// Loads the plugin that a version needs, once per digest.
    ///
    /// # Errors
    ///
    /// When no build is for this machine, or the one that serves is not allowed, not there, or not
    /// what was stamped: an earlier line is never a stand-in for it.
    pub fn load(&self, wanted: &Wanted<'_>) -> Result<Library, Refusal> {
        let build = serving(&self.folder, wanted)?;
        let loaded = self.load_build(wanted, build)?;
        Ok(Library { loaded, pulse: Arc::clone(&self.pulse) })
    }

    fn load_build(&self, wanted: &Wanted<'_>, build: &Build<'_>) -> Result<Arc<Loaded>, Refusal> {
        // Whoever panicked with the lock held left the map whole: entries are put in complete.
        let mut known = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = known.get(&build.sha256) {
            handshake::check_name(loaded.head(), wanted.plugin)?;
            return Ok(Arc::clone(loaded));
        }
        let (bytes, head) = checked(&self.folder, wanted, build)?;
        // Asked last: what is wrong with the file is not mended by trust.
        if !self.trust.allows(&build.sha256) {
            return Err(not_allowed(&self.folder, wanted, build, &head));
        }
        // Loading runs the library's initialisers: they are watched as calls are.
        let beat = self.pulse.beat(load::beat_of(&head, build.sha256));
        let loaded = beat.during(None, || load::load(&bytes, &head, build.sha256));
        let loaded = Arc::new(loaded.map_err(|refusal| refusal.about(&named(build)))?);
        known.insert(build.sha256, Arc::clone(&loaded));
        Ok(loaded)
    }
}

/// The line that serves on this machine: the last of those that are for it. Only a line that does not
/// say its machine is left for the one before, where the library that was stamped is for another.
fn serving<'b>(folder: &Path, wanted: &Wanted<'b>) -> Result<&'b Build<'b>, Refusal> {
    if wanted.builds.is_empty() {
        return Err(no_build(folder, wanted));
    }
    let here = here();
    let mut others = Vec::new();
    for build in wanted.builds.iter().rev() {
        let machine = match build.machine {
            Some(machine) => Some(machine.to_owned()),
            None => machine_of(folder, wanted, build),
        };
        match machine {
            Some(machine) if machine != here.to_string() => others.push((build, machine)),
            _ => return Ok(build),
        }
    }
    Err(other_machines(wanted, &others, here))
}

/// What the library of a line was built for, from its bytes; none where they are not those that were
/// stamped or cannot be read, which is then told of the line.
fn machine_of(folder: &Path, wanted: &Wanted<'_>, build: &Build<'_>) -> Option<String> {
    let bytes = file::read(folder, wanted, build).ok()?;
    let stamped = file::digest(&bytes) == build.sha256;
    let machine = image::machine(&bytes).ok().filter(|_| stamped);
    machine.map(|machine| machine.to_string())
}

/// The bytes of a build that may be loaded, and the handshake in them.
fn checked(
    folder: &Path,
    wanted: &Wanted<'_>,
    build: &Build<'_>,
) -> Result<(Vec<u8>, Head), Refusal> {
    let bytes = file::read(folder, wanted, build)?;
    let found = file::digest(&bytes);
    if found != build.sha256 {
        return Err(another_file(build, &found));
    }
    let about = |refusal: Refusal| refusal.about(&named(build));
    let head = image::read(&bytes).map_err(about)?;
    handshake::check(&head, wanted.plugin).map_err(about)?;
    Ok((bytes, head))
}

/// A library as its refusals name it.
fn named(build: &Build<'_>) -> String {
    format!("{}: {}", build.place, build.library)
}

/// Checks whether a build of a program's plugin could be loaded, and loads nothing; returns what its
/// file says of itself.
///
/// # Errors
///
/// As [`Host::load`], but for plugins not being allowed and what only the loading itself shows.
pub fn check(
    folder: &Path,
    program: &str,
    plugin: &str,
    build: &Build<'_>,
) -> Result<Head, Refusal> {
    let builds = std::slice::from_ref(build);
    let wanted = Wanted { program, plugin, builds, day: build.days, lines: builds, near: None };
    let build = serving(folder, &wanted)?;
    checked(folder, &wanted, build).map(|(_, head)| head)
}

impl Library {
    /// Returns the plugin's name.
    pub fn name(&self) -> &str {
        self.loaded.head().name_text().unwrap_or_default()
    }

    /// Returns the plugin's version.
    pub fn version(&self) -> &str {
        self.loaded.head().version_text().unwrap_or_default()
    }

    /// Returns the digest of the bytes that were loaded.
    pub fn digest(&self) -> Digest {
        self.loaded.digest()
    }

    /// Sets the plugin up for a version of the terms.
    ///
    /// # Errors
    ///
    /// When the plugin refuses its config, fails or panics.
    pub fn start(&self, setup: &Setup<'_>) -> Result<Instance, Refusal> {
        self.loaded.start(setup, &self.pulse)
    }
}

/// What a file says of itself, without any of its code having run.
#[derive(Debug)]
pub struct Inspection {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: usize,
    /// What it was built for; none when it is no library.
    pub machine: Option<Machine>,
    /// The handshake; none when there is none that can be read.
    pub head: Option<Head>,
    /// The libraries that the system's loader would load with it, as the file names them; its digest
    /// says nothing of them.
    pub needs: Vec<String>,
    /// Why feebook would not load it here.
    pub refusal: Option<Refusal>,
    /// Why it is no plugin on any machine.
    pub unfit: Option<Refusal>,
}

/// Reads what a file says of itself, and runs none of its code.
///
/// # Errors
///
/// When the file cannot be read at all.
pub fn inspect(path: &Path) -> Result<Inspection, Refusal> {
    let bytes = file::read_any(path)?;
    let head = image::head(&bytes);
    let machine = image::machine(&bytes);
    let unfit = match (&machine, &head) {
        (Err(refusal), _) | (_, Err(refusal)) => Some(refusal.clone()),
        (Ok(_), Ok(head)) => handshake::check_plain(head).err(),
    };
    let checked = image::read(&bytes).and_then(|head| {
        let name = head.name_text().unwrap_or_default();
        handshake::check(&head, name)
    });
    Ok(Inspection {
        digest: file::digest(&bytes),
        size: bytes.len(),
        machine: machine.ok(),
        head: head.ok(),
        needs: image::needs(&bytes),
        refusal: checked.err(),
        unfit,
    })
}

/// Writes a digest as plugins.toml has it.
pub fn hex(digest: &Digest) -> String {
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // A write to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn other_machines(wanted: &Wanted<'_>, others: &[(&Build<'_>, String)], here: Machine) -> Refusal {
    let plugin = wanted.plugin;
    let lines: Vec<String> = others
        .iter()
        .rev()
        .map(|(build, machine)| format!("{}: {} is for {machine}", build.place, build.library))
        .collect();
    let message = format!(
        "no build of the plugin `{plugin}` is for this machine, {here}: {}",
        lines.join("; ")
    );
    Refusal::new(&codes::OTHER_MACHINE, message).hint(format!(
        "build the plugin here, and stamp that build as well, from the same day: feebook plugin stamp \
         {plugin} LIBRARY --program {} --from DAY",
        wanted.program
    ))
}

fn no_build(folder: &Path, wanted: &Wanted<'_>) -> Refusal {
    let Wanted { program, plugin, day, lines, near, .. } = wanted;
    let list = folder.join(program).join("plugins.toml");
    let message = if !lines.is_empty() {
        let builds = lines.iter().map(|build| format!("{} {}", build.place, build.days));
        let builds: Vec<String> = builds.collect();
        format!(
            "the builds of the plugin `{plugin}` serve later orders only: {}",
            builds.join("; ")
        )
    } else if list.exists() {
        format!("the plugin `{plugin}` is needed, and {} has no build of it", list.display())
    } else {
        format!("the plugin `{plugin}` is needed, and there is no {}", list.display())
    };
    let library = lines.first().map_or_else(
        || "LIBRARY".to_owned(),
        |build| path_of(folder, wanted, build).display().to_string(),
    );
    let stamp = format!("feebook plugin stamp {plugin} {library} --program {program} --from {day}");
    Refusal::new(&codes::NO_BUILD, message).hint(match near {
        Some(near) => format!("did you mean `{near}`, of which builds are stamped? Else: {stamp}"),
        None => stamp,
    })
}

/// The path of a build's library as it can be typed.
fn path_of(folder: &Path, wanted: &Wanted<'_>, build: &Build<'_>) -> PathBuf {
    // An absolute path takes the place of what it is joined to.
    folder.join(wanted.program).join(build.library)
}

fn no_library(folder: &Path, wanted: &Wanted<'_>, build: &Build<'_>) -> Refusal {
    let Build { sha256, place, days, .. } = build;
    let message = format!(
        "{place}: orders {days} are computed by the plugin `{}` with SHA-256 {}, and there is no file {}",
        wanted.plugin,
        hex(sha256),
        path_of(folder, wanted, build).display()
    );
    Refusal::new(&codes::NO_LIBRARY, message).hint(
        "put that very file back; results that were posted can be read without it, and orders that have \
         not changed since need none",
    )
}

fn not_allowed(folder: &Path, wanted: &Wanted<'_>, build: &Build<'_>, head: &Head) -> Refusal {
    let message = format!(
        "{}: the plugin `{}` {} with SHA-256 {} is needed, and plugins are not allowed",
        build.place,
        wanted.plugin,
        head.version_text().unwrap_or_default(),
        hex(&build.sha256)
    );
    let library = path_of(folder, wanted, build).display().to_string();
    Refusal::new(&codes::NOT_ALLOWED, message).hint(format!(
        "a plugin is native code that can do whatever you can. If you know where this one comes from: \
         feebook plugin trust {library}, or give --allow-plugins to this one command"
    ))
}

fn another_file(build: &Build<'_>, found: &Digest) -> Refusal {
    let message = format!(
        "{} has SHA-256 {}, and was stamped with {}",
        named(build),
        hex(found),
        hex(&build.sha256)
    );
    Refusal::new(&codes::DIGEST, message).hint(
        "put the stamped file back; if this is a build that you made, `feebook plugin stamp` it with \
         the day from which it holds",
    )
}
