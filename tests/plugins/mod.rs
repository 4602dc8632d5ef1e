//! Plugins as the binary and the host meet them: libraries built with these tests, bytes of them
//! changed, and libraries in C where there is a compiler.
//!
//! `refusals.txt` and `refusals-in-c.txt` hold every refusal as it is printed; `FEEBOOK_ACCEPT=1`
//! writes them anew. Read the difference before you commit it.

mod crates;
mod in_c;
mod refusals;
mod shipped;
mod trust;

use std::fs;
use std::path::{Path, PathBuf};

use feebook_plugin::exchange::{Batch, Entry, Instance, LineInput, OrderInput, Setup};
use feebook_plugin::host::{Build, Digest, Host, Library, Trust, Wanted};
use feebook_plugin::kernel::{Line, Minor, Outcome, Reason, Rounding, State, Verdict};
use feebook_plugin::{Aggregate, Figure, Of, Period, Refusal};
use sha2::Digest as _;

use super::support::{Ran, Sandbox, root};

/// The library of a plugin of this workspace; built with these tests, which depend on it.
pub(super) fn built(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("the tests' own path");
    let folder = tests.parent().expect("a folder");
    let file =
        format!("{}feebook_{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = folder.join(file);
    assert!(library.is_file(), "no {}", library.display());
    library
}

fn digest(bytes: &[u8]) -> Digest {
    sha2::Sha256::digest(bytes).into()
}

fn hex(bytes: &[u8]) -> String {
    feebook_plugin::host::hex(&digest(bytes))
}

/// A version of the program `shop` that needs a plugin.
fn version(plugin: &str, config: &str) -> String {
    format!(
        "format = 1\neffective_on = 2024-01-01\nsource = \"The shop's terms\"\n\n[policy]\n\
         basis = \"product_price\"\ncurrency = \"USD\"\nrounding = \"floor\"\n\n[[rate]]\n\
         clause = \"1\"\nrate = \"5%\"\n\n[plugin]\nname = \"{plugin}\"\n\n[plugin.config]\n{config}"
    )
}

/// A line of plugins.toml.
fn stamped(plugin: &str, library: &str, bytes: &[u8]) -> String {
    format!(
        "[[plugin]]\nname = \"{plugin}\"\nlibrary = \"{library}\"\nsha256 = \"{}\"\nfrom = 2024-01-01\n",
        hex(bytes)
    )
}

/// A line of plugins.toml that says its machine.
fn stamped_for(plugin: &str, library: &str, bytes: &[u8], machine: &str) -> String {
    format!("{}machine = \"{machine}\"\n", stamped(plugin, library, bytes))
}

/// A sandbox whose program `shop` needs the plugin `tiers`.
fn shop() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "schedules/shop/program.toml",
        "format = 1\nname = \"Shop\"\ntimezone = \"UTC\"\npayout_currency = \"USD\"\ngoverned_by = \"paid\"\n",
    );
    sandbox.write(
        "schedules/shop/2024-01-01.toml",
        &version("tiers", "gives = \"incentive\"\nbound = \"above\"\nbites_on = 1\ntiers = [{ rate = \"2%\" }]\n")
            .replace("[plugin.config]", "aggregates = [{ figure = \"turnover\", of = \"program\", period = \"month\", back = 1 }]\n\n[plugin.config]"),
    );
    sandbox
}

/// Puts a library into the shop's folder, as it was stamped.
fn lay(sandbox: &Sandbox, plugin: &str, bytes: &[u8]) {
    let library = sandbox.write("schedules/shop/plugins/it.so", "");
    fs::write(library, bytes).expect("the library can be written");
    sandbox.write("schedules/shop/plugins.toml", &stamped(plugin, "plugins/it.so", bytes));
}

/// Runs a command of a sandbox with a config file of the sandbox's.
fn with_config(sandbox: &Sandbox, words: &[&str]) -> Ran {
    let mut command = sandbox.command();
    command.env("FEEBOOK_CONFIG", sandbox.path("config.toml")).args(words);
    let output = command.output().expect("the binary runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Loads a library through a host that allows all.
fn load(sandbox: &Sandbox, plugin: &str, file: &Path) -> Result<Library, Refusal> {
    let bytes = fs::read(file).expect("a library");
    let host = Host::new(sandbox.path("schedules"), Trust { all: true, ..Trust::default() });
    let library = file.to_str().expect("a path in UTF-8");
    let (sha256, place) = (digest(&bytes), "plugins.toml:1:1");
    let (days, day) = ("from 2024-01-01 on", "2024-01-01");
    let builds = [Build { library, sha256, machine: None, place, days }];
    let lines = &builds;
    host.load(&Wanted { program: "shop", plugin, builds: &builds, day, lines, near: None })
}

/// Sets a plugin up for a version of one entry of 5 %.
fn start(library: &Library, config: &str) -> Result<Instance, Refusal> {
    library.start(&Setup {
        program: "shop",
        terms: "2024-01-01",
        config,
        currency: "USD",
        decimals: 2,
        rounding: Rounding::Floor,
        entries: &[Entry { clause: Some("1"), by_plugin: false }],
        aggregates: &[Aggregate {
            figure: Figure::Turnover,
            of: Of::Program,
            period: Period::Month,
            back: 1,
        }],
    })
}

/// A batch of one order of two lines of 100.00 at 5 %, the second of them declined.
fn batch(instance: &Instance) -> Batch {
    let mut batch = instance.batch();
    let line = Line { rate: Some(0), ..Line::new(State::Approved) };
    let earns = Outcome {
        verdict: Verdict::Commissionable,
        reason: Reason::Percent,
        basis: Minor::new(100_00),
        computed: true,
        commission: Minor::new(5_00).expect("an amount"),
        ..Outcome::default()
    };
    let declined =
        Outcome { verdict: Verdict::Declined, reason: Reason::Declined, ..Outcome::default() };
    batch.order(&OrderInput {
        at: 1_704_103_200,
        day: 738_886,
        month: 24_288,
        day_of_month: 1,
        figures: &[Some(7)],
    });
    batch.line(&LineInput::new(&line, &earns, false));
    batch.line(&LineInput::new(&line, &declined, false));
    batch
}

/// A batch of one order of one line, with the text of its category.
fn batch_with_texts(instance: &Instance) -> Batch {
    let mut batch = instance.batch();
    let (line, outcome) = (Line::new(State::Approved), Outcome::default());
    let figures = &[Some(7)];
    batch.order(&OrderInput { at: 0, day: 1, month: 0, day_of_month: 1, figures });
    batch.line(&LineInput { category: Some("7"), ..LineInput::new(&line, &outcome, false) });
    batch
}

/// Compares what was told with an accepted text, in which digests and the place are not those of
/// this run.
#[track_caller]
fn holds(name: &str, sandbox: &Sandbox, told: &str) {
    let place = fs::canonicalize(sandbox.path("")).expect("a folder").display().to_string();
    let place = place.trim_end_matches('/');
    let mut text = String::new();
    for word in told.replace(place, "SANDBOX").split_inclusive([' ', '\n', ')', ',']) {
        let plain = word.trim_end_matches([' ', '\n', ')', ',']);
        let is_digest = plain.len() == 64 && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
        let shown = if is_digest { word.replace(plain, "<sha256>") } else { word.to_owned() };
        text.push_str(&shown);
    }
    let path = root().join("tests/plugins").join(name);
    if std::env::var_os("FEEBOOK_ACCEPT").is_some_and(|value| value == "1") {
        fs::write(path, text).expect("the file can be written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (number, (expected, found)) in expected.lines().zip(text.lines()).enumerate() {
        assert_eq!(expected, found, "line {} of {name}", number + 1);
    }
    assert_eq!(expected.lines().count(), text.lines().count(), "lines of {name}:\n{text}");
}
