//! Runs jobs in turn and says what each used.
//!
//! Owns the clock, the medians and the table. Refuses a job that fails or prints another result than it must.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4 as _;

use crate::Asked;

/// One thing to time.
pub(crate) struct Job {
    /// What is done; the first job of a group is feebook's, which the others are held against.
    pub(crate) group: &'static str,
    pub(crate) name: String,
    /// Done before each timing, untimed.
    pub(crate) before: Box<dyn Fn() -> Result<(), String>>,
    pub(crate) command: Vec<String>,
    /// Whether what it printed is the right result.
    pub(crate) right: Box<dyn Fn(&str) -> bool>,
}

/// What one run of a job used: microseconds and bytes.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    pub(crate) cpu: u128,
    pub(crate) wall: u128,
    pub(crate) memory: u64,
}

/// What all runs of a job used.
pub(crate) struct Timed {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    runs: Vec<Used>,
}

impl Timed {
    fn median(&self, of: impl Fn(&Used) -> u128) -> u128 {
        let mut values: Vec<u128> = self.runs.iter().map(of).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or_default()
    }

    /// Microseconds of the processor, user and system.
    pub(crate) fn cpu(&self) -> u128 {
        self.median(|used| used.cpu)
    }

    fn wall(&self) -> u128 {
        self.median(|used| used.wall)
    }

    fn memory(&self) -> u64 {
        self.runs.iter().map(|used| used.memory).max().unwrap_or_default()
    }

    /// How far the runs lie apart, in percent of the median.
    fn spread(&self) -> u128 {
        let (least, most) = self
            .runs
            .iter()
            .fold((u128::MAX, 0), |(least, most), used| (least.min(used.cpu), most.max(used.cpu)));
        (most - least.min(most)) * 100 / self.cpu().max(1)
    }
}

/// Runs all jobs once a round, in turn, so that what else the machine does falls on all alike.
pub(crate) fn interleaved(jobs: &[Job], rounds: usize) -> Result<Vec<Timed>, String> {
    let mut timed: Vec<Timed> = jobs
        .iter()
        .map(|job| Timed { group: job.group, name: job.name.clone(), runs: Vec::new() })
        .collect();
    for round in 1..=rounds {
        for (job, timed) in jobs.iter().zip(&mut timed) {
            eprintln!("round {round} of {rounds}: {}: {}", job.group, job.name);
            timed.runs.push(once(job)?);
        }
    }
    Ok(timed)
}

/// Runs a job.
pub(crate) fn once(job: &Job) -> Result<Used, String> {
    once_ending(job, 0)
}

/// The same for a job that ends with another code when all is right.
pub(crate) fn once_ending(job: &Job, code: i32) -> Result<Used, String> {
    let failed = |what: String| format!("{}: {}: {what}", job.group, job.name);
    (job.before)().map_err(failed)?;
    let said = tempfile::NamedTempFile::new().map_err(|e| failed(e.to_string()))?;
    let out = || said.reopen().map_err(|e| failed(e.to_string()));
    let (program, args) = job.command.split_first().ok_or_else(|| failed("no command".into()))?;
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(out()?)
        .stderr(out()?)
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let done = child.wait4().map_err(|e| failed(e.to_string()))?;
    let wall = begun.elapsed().as_micros();
    let text = std::fs::read_to_string(said.path()).map_err(|e| failed(e.to_string()))?;
    if done.status.code() != Some(code) || !(job.right)(&text) {
        return Err(failed(format!("not the result that it must have:\n{text}")));
    }
    let cpu = (done.rusage.utime + done.rusage.stime).as_micros();
    Ok(Used { cpu, wall, memory: done.rusage.maxrss })
}

/// A quotient with two decimals.
fn ratio(of: u128, to: u128) -> String {
    let hundredths = (of * 100 + to / 2) / to.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

pub(crate) fn seconds(micros: u128) -> String {
    format!("{}.{:03}", micros / 1_000_000, micros / 1_000 % 1_000)
}

/// The first job of a group.
fn ours<'t>(results: &'t [Timed], of: &Timed) -> Option<&'t Timed> {
    results.iter().find(|timed| timed.group == of.group)
}

/// The table for people: `ours` is feebook's CPU as a part of the row's.
pub(crate) fn table(results: &[Timed]) -> String {
    let mut text = String::from(
        "| job | who | CPU s | spread | wall s | peak MB | feebook / this |\n|---|---|---|---|---|---|---|\n",
    );
    for timed in results {
        let held =
            ours(results, timed).map_or_else(String::new, |ours| ratio(ours.cpu(), timed.cpu()));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} % | {} | {} | {held} |",
            timed.group,
            timed.name,
            seconds(timed.cpu()),
            timed.spread(),
            seconds(timed.wall()),
            timed.memory() / 1_000_000,
        );
    }
    text
}

#[expect(clippy::disallowed_methods, reason = "a measurement has a date")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// When, on what, how many.
pub(crate) fn circumstances(asked: &Asked) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    format!(
        "{}: {} lines, {} rounds in turn, {} {}, {cores} cores, load {load} at the end",
        now().format("%Y-%m-%d %H:%M UTC"),
        asked.lines,
        asked.rounds,
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

/// The same for programs, in microseconds and bytes.
pub(crate) fn json(asked: &Asked, results: &[Timed]) -> String {
    let rows: Vec<serde_json::Value> = results
        .iter()
        .map(|timed| {
            let micros = |of: fn(&Used) -> u128| -> Vec<u64> {
                timed.runs.iter().map(|used| u64::try_from(of(used)).unwrap_or(u64::MAX)).collect()
            };
            serde_json::json!({
                "job": timed.group,
                "who": timed.name,
                "cpu_us": micros(|used| used.cpu),
                "wall_us": micros(|used| used.wall),
                "peak_bytes": timed.memory(),
                "feebook_to_this": ours(results, timed).map(|ours| ratio(ours.cpu(), timed.cpu())),
            })
        })
        .collect();
    let document = serde_json::json!({ "circumstances": circumstances(asked), "results": rows });
    format!("{document:#}\n")
}
