//! Feebook beside what its users would pick instead: import, recompute and a month's totals, all in one
//! interleaved run, every result held to the cent. `cargo bench-peers`; see docs/performance.md.
//!
//! Owns the order of the jobs and what each must print. Refuses to time a job whose result is wrong, and to
//! fail for a peer that is not there: it is left out with a word.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a harness tells what it measured")]

mod chart;
mod generate;
mod jobs;
mod measure;
mod scale;
mod terms;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use jobs::Bench;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Lines of a report.
    pub(crate) lines: u64,
    /// How often each job is run.
    pub(crate) rounds: usize,
    /// Where everything is made; kept, so that a second run finds the peers installed.
    pub(crate) work: PathBuf,
    /// The release binary; built unless it is named.
    pub(crate) feebook: PathBuf,
    /// Only jobs whose group contains this.
    pub(crate) only: Option<String>,
    /// Instead of all that: so many lines into one ledger, in parts of `lines`.
    pub(crate) scale: Option<u64>,
    /// Only feebook itself: for sizes at which a peer is of no interest.
    pub(crate) alone: bool,
}

const USAGE: &str = "cargo bench-peers [--lines N] [--rounds N] [--work DIR] [--feebook FILE] \
    [--only GROUP] [--alone] [--scale N]";

fn main() -> ExitCode {
    let Some(mut asked) = asked() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&mut asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(told) => {
            eprintln!("error: {told}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Option<Asked> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // The bench lies in <target>/<profile>/deps.
    let target = std::env::current_exe().ok()?.parent()?.parent()?.parent()?.to_owned();
    let mut asked = Asked {
        lines: 1_000_000,
        rounds: 3,
        work: target.join("bench-peers"),
        feebook: target.join("release").join(format!("feebook{}", std::env::consts::EXE_SUFFIX)),
        only: None,
        scale: None,
        alone: false,
    };
    let (mut named, mut args) = (false, std::env::args().skip(1));
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--lines" => asked.lines = args.next()?.parse().ok()?,
            "--rounds" => asked.rounds = args.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            "--work" => asked.work = args.next()?.into(),
            "--feebook" => (named, asked.feebook) = (true, args.next()?.into()),
            "--only" => asked.only = Some(args.next()?),
            "--scale" => asked.scale = Some(args.next()?.parse().ok()?),
            "--alone" => asked.alone = true,
            // Cargo says so to every bench.
            "--bench" => {}
            _ => return None,
        }
    }
    if !named {
        let built = Command::new("cargo")
            .args(["build", "--release", "--locked", "--bin", "feebook"])
            .current_dir(root)
            .status();
        built.ok().filter(std::process::ExitStatus::success)?;
    }
    Some(asked)
}

fn run(asked: &mut Asked) -> Result<(), String> {
    let absolute =
        |path: &PathBuf| std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()));
    asked.work = absolute(&asked.work)?;
    asked.feebook = absolute(&asked.feebook)?;
    std::fs::create_dir_all(&asked.work).map_err(|e| format!("{}: {e}", asked.work.display()))?;
    let asked = &*asked;
    if let Some(lines) = asked.scale {
        return scale::run(asked, lines);
    }
    let bench = Bench::prepare(asked)?;
    let results = measure::interleaved(&bench.jobs(asked), asked.rounds)?;
    let table = measure::table(&results);
    println!("{}\n\n{table}", measure::circumstances(asked));
    let write = |name: &str, text: &str| {
        let path = asked.work.join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    };
    write("results.json", &measure::json(asked, &results))?;
    write("results.svg", &chart::svg(&results))?;
    println!("\nas JSON and as a chart: {}", asked.work.join("results.{json,svg}").display());
    Ok(())
}
