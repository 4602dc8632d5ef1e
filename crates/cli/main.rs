//! The command line: the only place with a clock, an environment and a terminal.
//!
//! Owns arguments, files, the screen and exit codes. Refuses to compute: each command asks the
//! libraries and writes down what they say.

mod args;
mod beside;
mod chart;
mod commands;
mod disk;
mod exit;
mod output;
mod plugins;
mod progress;
mod shipped;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    quiet_where_contained();
    let cli = args::Cli::parse();
    let code = match commands::run(&cli) {
        Ok(code) => code,
        Err(failed) => exit::told(&failed, &cli.global),
    };
    // What is still buffered must be out before the process ends.
    let _ = std::io::stdout().flush();
    ExitCode::from(code)
}

/// Has a panic that a reader of reports catches be told by its error alone.
fn quiet_where_contained() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panicked| {
        if !feebook_core::import::is_contained() {
            told(panicked);
        }
    }));
}
