//! One file per command: arguments in, one document out, an exit code.

mod assumptions;
mod backup;
mod check;
mod click;
mod close;
mod completions;
mod dated;
mod demo;
mod dispute;
mod doctor;
mod explain;
mod export;
mod facts;
mod findings;
mod flag;
mod formats;
mod fx;
mod import;
mod imports;
mod init;
mod journal;
mod lines;
mod link;
mod payout;
mod plugin;
mod program;
mod quarantine;
mod recompute;
mod reconcile;
mod runs;
mod schedule;
mod sem;
mod statement;
mod verify;

use std::path::Path;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime};
use feebook_core::error::{self, Error, Result};
use feebook_core::ledger::{Ledger, Unheld};
use feebook_core::run::Terms;
use feebook_schedule::{Program, zone};

use crate::args::{Cli, Command, Global};
use crate::exit::{Outcome, Stop, say};
use crate::output::Output;
use crate::plugins::Installed;
use crate::shipped;

/// Runs a command and returns the exit code.
pub(crate) fn run(cli: &Cli) -> Outcome<u8> {
    let output = Output::new(&cli.global).sparing(cli.command.inputs());
    let done = output.refuse_taken().and_then(|()| one(cli, &output));
    let still = cli.global.unheld.get().map_or(Ok(()), Unheld::confirm);
    output.settle(done, still.map_err(Stop::from))
}

fn one(cli: &Cli, output: &Output) -> Outcome<u8> {
    let global = &cli.global;
    match &cli.command {
        Command::Demo => demo::run(global, output),
        Command::Init => init::run(global, output),
        Command::Import(args) => import::run(global, output, args),
        Command::Formats(args) => formats::run(global, output, args),
        Command::Imports(args) => imports::run(global, output, args),
        Command::Quarantine(args) => quarantine::run(global, output, args),
        Command::Click(args) => click::run(global, output, args),
        Command::Flag(args) => flag::run(global, output, args),
        Command::Product(args) => dated::product(global, output, args),
        Command::Placement(args) => dated::placement(global, output, args),
        Command::Account(args) => dated::account(global, output, args),
        Command::Program(args) => program::run(global, output, args),
        Command::Schedule(args) => schedule::run(global, output, args),
        Command::Plugin(args) => plugin::run(global, output, args),
        Command::Sem(args) => sem::run(global, output, args),
        Command::Link(args) => link::run(global, output, args),
        Command::Journal(args) => journal::run(global, output, args),
        Command::Balance(args) => journal::balance(global, output, args),
        Command::Close(args) => close::run(global, output, args),
        Command::Runs(args) => runs::run(global, output, args),
        Command::Payout(args) => payout::run(global, output, args),
        Command::Fx(args) => fx::run(global, output, args),
        Command::Recompute(args) => recompute::run(global, output, args),
        Command::Lines(args) => lines::run(global, output, args),
        Command::Explain(args) => explain::run(global, output, args),
        Command::Statement(args) => statement::run(global, output, args),
        Command::Export(args) => export::run(global, output, args),
        Command::Check(args) => check::run(global, output, args),
        Command::Verify(args) => verify::run(global, output, args),
        Command::Dispute(args) => dispute::run(global, args),
        Command::Reconcile(args) => reconcile::run(global, output, args),
        Command::Doctor => doctor::run(global, output),
        Command::Backup { file } => backup::backup(global, file),
        Command::Rebuild => backup::rebuild(global),
        Command::Assumptions(args) => assumptions::run(global, output, args),
        Command::Completions { shell } => completions::completions(output, *shell),
        Command::Man { dir } => completions::man(output, dir.as_deref()),
    }
}

/// Seconds since 1970-01-01T00:00:00Z, now.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// The terms at hand.
fn terms(global: &Global) -> Result<Terms> {
    let terms = shipped::terms(shipped::sources(global)?)?;
    Ok(Terms { plugins: Some(Installed::new(global)), ..terms })
}

/// The ledger, which must be there.
fn open(global: &Global) -> Result<Ledger> {
    let ledger = Ledger::open(&global.ledger)?;
    if let Some(unheld) = ledger.unheld() {
        global.unheld.get_or_init(|| unheld.clone());
    }
    if let Some(copy) = ledger.kept_copy() {
        let (ledger, copy) = (global.ledger.display(), copy.display());
        say(&format!(
            "{ledger} was made by an older feebook and is now brought up to date; as it was it is \
             kept in {copy}"
        ));
    }
    Ok(ledger)
}

/// The ledger and the terms of its programs, after refusing a program that neither it nor any terms know.
fn open_scoped(global: &Global, program: Option<&str>) -> Result<(Ledger, Terms)> {
    let ledger = open(global)?;
    let mut programs = ledger.programs()?;
    if let Some(name) = program
        && !programs.iter().any(|known| known == name)
    {
        known_program(&terms(global)?, name)?;
        programs.push(name.to_owned());
    }
    let sources = shipped::sources(global)?;
    let terms = shipped::terms(shipped::of_programs(sources, &programs))?;
    let terms = Terms { plugins: Some(Installed::new(global)), ..terms }.with_unmapped(&ledger)?;
    Ok((ledger, terms))
}

/// The same for an answer: one state of the ledger, whoever writes to it meanwhile.
fn open_to_answer(global: &Global, program: Option<&str>) -> Result<(Ledger, Terms)> {
    let (mut ledger, terms) = open_scoped(global, program)?;
    ledger.hold_still()?;
    Ok((ledger, terms))
}

/// A program by its name.
fn known_program<'t>(terms: &'t Terms, name: &str) -> Result<&'t Program> {
    feebook_core::program::named(&terms.book, name)
}

/// Reads an instant with an offset, or a local time or day in a program's zone.
fn instant(program: &Program, text: &str) -> Result<i64> {
    instant_in(program.zone(), text)
}

/// The same in a zone.
fn instant_in(zone: chrono_tz::Tz, text: &str) -> Result<i64> {
    // As for the times of reports: outside these years they are some program's default, or a slip.
    let years = |local: &NaiveDateTime| (1970..2200).contains(&local.year());
    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text)
        && years(&instant.naive_utc())
    {
        return Ok(instant.timestamp());
    }
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let midnight =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN));
    if let Some(local) = local.or(midnight.ok()).filter(years) {
        Ok(zone::instant(zone, local).0)
    } else {
        let message = format!("\"{text}\" is no instant from 1970 to 2199");
        Err(Error::new(&error::BAD_TIME, message)
            .hint("write 2024-05-07, \"2024-05-07 10:30:00\", or 2024-05-07T10:30:00-07:00"))
    }
}

/// Ends the work that a row came from when it could not be written, and keeps what stopped it: that
/// is what the command tells.
fn or_stop(written: Outcome<()>, stopped: &mut Option<Stop>) -> Result<()> {
    written.map_err(|stop| {
        *stopped = Some(stop);
        Error::new(&error::FILE, "nothing more can be written")
    })
}

/// A path as people see it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A count with its noun.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
