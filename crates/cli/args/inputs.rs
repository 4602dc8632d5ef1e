//! The files that a command reads, as its arguments name them.
//!
//! Owns the list by which no output is written over one of them. Refuses to list what is found by
//! itself, as the schedules are.

use std::path::{Path, PathBuf};

use super::{Click, Command, FormatsOf, Fx, Matched, Payout, Plugin, Schedule, Sem};

impl Command {
    /// Returns the files that are named to be read.
    pub(crate) fn inputs(&self) -> Vec<&Path> {
        match self {
            Self::Import(args) => paths(&args.files),
            Self::Click(Click::Import { files, .. })
            | Self::Fx(Fx::Import { files, .. })
            | Self::Payout(Payout::Import { files, .. }) => paths(files),
            Self::Payout(Payout::Add(args)) => of_lines(&args.lines),
            Self::Payout(Payout::Match { lines, .. }) => of_lines(lines),
            Self::Formats(FormatsOf::Sniff { file, .. } | FormatsOf::New { file, .. })
            | Self::Sem(Sem::Check { file, .. })
            | Self::Plugin(Plugin::Inspect { file } | Plugin::Trust { file }) => vec![file],
            Self::Plugin(Plugin::Stamp(args)) => vec![&args.library],
            Self::Schedule(Schedule::Preview(args)) => vec![&args.file],
            _ => Vec::new(),
        }
    }
}

/// The list of the lines that a payout pays.
fn of_lines(lines: &Matched) -> Vec<&Path> {
    paths(lines.orders.as_slice())
}

fn paths(files: &[PathBuf]) -> Vec<&Path> {
    files.iter().map(PathBuf::as_path).collect()
}
