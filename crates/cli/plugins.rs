//! Which plugins may run, and the watch over those that do.
//!
//! Owns the user's config file of trusted plugins and the clock that a plugin is held to: its loading
//! and every call.
//! Refuses to load anything: the plugin crate's host does.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use feebook_core::error::{self, Error, Result};
use feebook_core::plugins::{Plugins, Start, days};
use feebook_plugin::exchange::{Beat, Pulse, Setup};
use feebook_plugin::host::{
    Build as Wanted, Digest, Head, Host, Trust, check, hex, leave, watch_the_end,
};
use feebook_plugin::{Refusal, codes};
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::document::{Reader, Table};
use feebook_schedule::{Build, Program, codes as terms_codes, parse_digest, quoted};

use crate::args::Global;
use crate::{exit, shipped};

/// Looks at the library of a build that the terms name, and runs none of its code.
pub(crate) fn looked_at(
    folder: &Path,
    program: &Program,
    build: &Build,
) -> std::result::Result<Head, Refusal> {
    let (place, days) = (build.place.to_string(), days(program, build));
    let wanted = Wanted {
        library: &build.library,
        sha256: build.sha256,
        machine: build.machine.as_deref(),
        place: &place,
        days: &days,
    };
    check(folder, program.id(), &build.name, &wanted)
}

/// How long one call may take, unless the config file says otherwise.
const SECONDS_PER_CALL: u64 = 30;
/// The longest that it may be given.
const MOST_SECONDS: i64 = 86_400;

/// What the user's config file says.
#[derive(Debug)]
pub(crate) struct Config {
    /// The trusted plugins in file order.
    pub(crate) trusted: Vec<Trusted>,
    seconds_per_call: u64,
    /// Whether imported files are kept in the ledger.
    pub(crate) archive: bool,
}

/// A plugin that the user trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trusted {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) sha256: Digest,
    pub(crate) since: NaiveDate,
    /// How long one call of it may take; as all may where it is not said.
    pub(crate) seconds_per_call: Option<u64>,
}

/// The plugins that are installed here. Nothing is read before the first one is wanted: most commands
/// want none.
#[derive(Debug)]
pub(crate) struct Installed {
    global: Global,
    host: OnceLock<Host>,
}

impl Installed {
    pub(crate) fn new(global: &Global) -> Arc<Self> {
        Arc::new(Self { global: global.clone(), host: OnceLock::new() })
    }

    fn host(&self) -> Result<&Host> {
        if let Some(host) = self.host.get() {
            return Ok(host);
        }
        let made = host(&self.global)?;
        Ok(self.host.get_or_init(|| made))
    }
}

impl Plugins for Installed {
    fn start(
        &self,
        program: &Program,
        plugin: &str,
        day: NaiveDate,
        setup: &Setup<'_>,
    ) -> Result<Start> {
        self.host()?.start(program, plugin, day, setup)
    }
}

/// The host of this process: plugins of the schedules folder, those that may run. From here on a
/// call that takes too long ends the process.
fn host(global: &Global) -> Result<Host> {
    let config = config()?;
    let digests = config.trusted.iter().map(|trusted| trusted.sha256).collect();
    let trust = Trust { all: global.allow_plugins, digests };
    let host = Host::new(shipped::own_folder(global)?, trust);
    watch_the_end(host.pulse(), ended);
    watch(Arc::clone(host.pulse()), Limits::of(&config));
    Ok(host)
}

/// How long one call may take.
struct Limits {
    all: Duration,
    by_digest: BTreeMap<Digest, Duration>,
}

impl Limits {
    fn of(config: &Config) -> Self {
        let own = config.trusted.iter().filter_map(|trusted| {
            Some((trusted.sha256, Duration::from_secs(trusted.seconds_per_call?)))
        });
        Self { all: Duration::from_secs(config.seconds_per_call), by_digest: own.collect() }
    }

    fn of_beat(&self, beat: &Beat) -> Duration {
        let own = beat.of().digest.and_then(|digest| self.by_digest.get(&digest));
        own.copied().unwrap_or(self.all)
    }

    fn shortest(&self) -> Duration {
        self.by_digest.values().copied().fold(self.all, Duration::min)
    }
}

/// Tells of a plugin that ends the process while it is at work.
fn ended(beat: &Beat) -> u8 {
    let message = format!("the plugin {} ended feebook{}", beat.of().plugin, about(beat));
    let refusal = Refusal::new(&codes::ENDED, message)
        .hint("nothing was posted; tell the plugin's author, and stamp a build that comes back");
    exit::say(&Error::from(refusal).to_string());
    exit::PLUGIN
}

/// What it was about, as far as that is known: the version of the terms, and the order's instant.
fn about(beat: &Beat) -> String {
    let terms = beat.of().terms.as_ref();
    let terms = terms.map_or(" while it was loaded".to_owned(), |terms| format!(", for {terms}"));
    let order = beat.asked_at().and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    let order = order.map_or_else(String::new, |at| {
        format!(", asked about an order of {}", at.format("%Y-%m-%dT%H:%M:%SZ"))
    });
    format!("{terms}{order}")
}

/// Watches what plugins do, their libraries' initialisers too. Native code cannot be stopped from outside, so the process ends;
/// the ledger stays as it was, as after any interruption.
fn watch(pulse: Arc<Pulse>, limits: Limits) {
    let each = limits.shortest().min(Duration::from_secs(1)) / 4;
    let begun = Arc::new(Barrier::new(2));
    let watching = Arc::clone(&begun);
    thread::spawn(move || {
        watching.wait();
        // The count of each and since when it stands.
        let mut seen: BTreeMap<u64, (u64, Instant)> = BTreeMap::new();
        loop {
            thread::sleep(each);
            let beats = pulse.beats();
            seen.retain(|id, _| beats.iter().any(|beat| beat.id() == *id));
            for beat in beats {
                let count = beat.count();
                let (last, since) =
                    seen.entry(beat.id()).or_insert_with(|| (count, Instant::now()));
                let limit = limits.of_beat(&beat);
                if *last != count {
                    (*last, *since) = (count, Instant::now());
                } else if Beat::at_work(count) && since.elapsed() >= limit {
                    exit::say(&Error::from(slow(&beat, limit)).to_string());
                    leave(exit::PLUGIN);
                }
            }
        }
    });
    // A thread that begins takes a lock of the system's loader, which is held while a library's
    // initialisers run: begun only then, it would wait for what it is to watch.
    begun.wait();
}

fn slow(beat: &Beat, limit: Duration) -> Refusal {
    let seconds = limit.as_secs();
    let limit = if seconds == 1 { "1 second".to_owned() } else { format!("{seconds} seconds") };
    let plugin = &beat.of().plugin;
    let message = format!("the plugin {plugin} has not come back for {limit}{}", about(beat));
    Refusal::new(&codes::SLOW, message).hint(
        "nothing was posted; tell the plugin's author, or give it more time in your config file: \
         `seconds_per_call` at its top, or below the plugin's [[trusted]]",
    )
}

/// The path of the user's config file; none where there is no place for one.
pub(crate) fn config_path() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let beside = |folder: PathBuf| folder.join("feebook").join("plugins.toml");
    set("FEEBOOK_CONFIG")
        .or_else(|| set("XDG_CONFIG_HOME").map(beside))
        .or_else(|| set("HOME").map(|home| beside(home.join(".config"))))
        .or_else(|| set("APPDATA").map(beside))
}

/// Reads the user's config file; one that is not there says nothing.
pub(crate) fn config() -> Result<Config> {
    let nothing =
        Config { trusted: Vec::new(), seconds_per_call: SECONDS_PER_CALL, archive: false };
    let Some(path) = config_path() else { return Ok(nothing) };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(nothing),
        Err(e) => return Err(Error::file(&path, "read", e)),
    };
    let shown = path.display().to_string();
    let (mut reader, root) = Reader::parse(&shown, &text);
    let mut config = nothing;
    if reader.problems.is_empty() {
        read(&mut reader, &root, &mut config);
    }
    let problems: Vec<Diagnostic> =
        reader.problems.into_iter().filter(Diagnostic::is_error).collect();
    if problems.is_empty() {
        return Ok(config);
    }
    let message = format!("{shown} cannot be used");
    let hint = "mend the places above; no plugin is trusted meanwhile";
    Err(Error::new(&error::TERMS, message).with(problems).hint(hint))
}

fn read(reader: &mut Reader<'_>, root: &Table, config: &mut Config) {
    reader.known(root, "the config file", &["archive", "seconds_per_call", "trusted"]);
    let archive = root.get("archive").and_then(|node| reader.boolean(node, "archive"));
    config.archive = archive.unwrap_or(false);
    if let Some(seconds) = read_seconds(reader, root) {
        config.seconds_per_call = seconds;
    }
    let list = root.get("trusted").and_then(|node| reader.list(node, "trusted"));
    for node in list.unwrap_or_default() {
        if let Some(table) = reader.table(node, "trusted") {
            config.trusted.extend(read_trusted(reader, table));
        }
    }
}

fn read_seconds(reader: &mut Reader<'_>, table: &Table) -> Option<u64> {
    let node = table.get("seconds_per_call")?;
    let seconds = reader.integer(node, "seconds_per_call")?;
    let fits = u64::try_from(seconds).ok().filter(|_| (1..=MOST_SECONDS).contains(&seconds));
    if fits.is_none() {
        let message = format!("`seconds_per_call` is {seconds}, expected 1 to {MOST_SECONDS}");
        reader.problem(&terms_codes::BAD_DURATION, node.span.clone(), message);
    }
    fits
}

fn read_trusted(reader: &mut Reader<'_>, table: &Table) -> Option<Trusted> {
    const WHAT: &str = "[[trusted]]";
    reader.known(table, WHAT, &["name", "version", "sha256", "trusted_on", "seconds_per_call"]);
    let mut text = |key: &str| {
        let node = reader.required(table, WHAT, key)?;
        reader.text_of(node, key).map(str::to_owned)
    };
    let (name, version) = (text("name"), text("version"));
    let sha256 = reader.required(table, WHAT, "sha256").and_then(|node| {
        let text = reader.text_of(node, "sha256")?;
        let digest = parse_digest(text);
        if digest.is_none() {
            let message = format!("`sha256` is \"{text}\", which is no SHA-256");
            let hint = "`feebook plugin trust` writes the line";
            reader.problem_hint(&terms_codes::BAD_DIGEST, node.span.clone(), message, hint);
        }
        digest
    });
    let day = reader.required(table, WHAT, "trusted_on");
    let since = day.and_then(|node| reader.date(node, "trusted_on"));
    let seconds_per_call = read_seconds(reader, table);
    let (name, version) = (name?, version?);
    Some(Trusted { name, version, sha256: sha256?, since: since?, seconds_per_call })
}

/// Adds a plugin to the user's config file and returns its path.
pub(crate) fn trust(trusted: &Trusted) -> Result<PathBuf> {
    let Some(path) = config_path() else {
        let nowhere =
            std::io::Error::new(std::io::ErrorKind::NotFound, "set FEEBOOK_CONFIG to its path");
        return Err(Error::file(&PathBuf::from("your config file"), "find", nowhere));
    };
    let unwritable = |e| Error::file(&path, "write", e);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let Trusted { name, version, sha256, since, .. } = trusted;
    let line = format!(
        "[[trusted]]\nname = {}\nversion = {}\nsha256 = \"{}\"\ntrusted_on = {since}\n",
        quoted(name),
        quoted(version),
        hex(sha256)
    );
    append(
        &path,
        "# Plugins that may run without --allow-plugins: native code, known by its digest.\n",
        &line,
    )
    .map_err(unwritable)?;
    Ok(path)
}

/// Adds an entry to a file that is only ever appended to, with a blank line before it; a new file
/// gets a head.
pub(crate) fn append(path: &Path, head: &str, entry: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let begun = file.metadata()?.len() > 0;
    // In one write, so that an interruption leaves no half of it.
    let text = if begun { format!("\n{entry}") } else { format!("{head}\n{entry}") };
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
