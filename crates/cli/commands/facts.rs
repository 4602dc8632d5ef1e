//! What the commands that record facts beside the reports have in common.
//!
//! Owns the choice of the program, the check of names, and the columns of a fact's history.

use std::collections::BTreeSet;

use feebook_core::error::{self, Error, Result};
use feebook_core::ledger::{Ledger, Recorded, Removal};
use feebook_core::run::Terms;
use feebook_schedule::diagnostic::nearest;
use feebook_schedule::{Program, names, zone};

use super::{known_program, now, open, terms};
use crate::args::{Global, Remove};
use crate::exit::say;
use crate::output::Cell;

/// The ledger and the terms, opened for a fact about one program.
pub(super) struct Recording {
    pub(super) ledger: Ledger,
    terms: Terms,
    program: String,
}

impl Recording {
    /// Opens both; the program is the one that is named, else the only one the ledger has.
    pub(super) fn open(global: &Global, program: Option<&str>) -> Result<Self> {
        let (ledger, terms) = (open(global)?, terms(global)?);
        let program = match program {
            Some(name) => known_program(&terms, name)?.id().to_owned(),
            None => only_program(&ledger)?,
        };
        known_program(&terms, &program)?;
        Ok(Self { ledger, terms, program })
    }

    /// The program.
    pub(super) fn program(&self) -> Result<&Program> {
        known_program(&self.terms, &self.program)
    }

    /// The program's name.
    pub(super) fn name(&self) -> &str {
        &self.program
    }
}

/// The only program of a ledger.
pub(super) fn only_program(ledger: &Ledger) -> Result<String> {
    let mut programs = ledger.programs()?;
    match (programs.pop(), programs.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            let known = programs.into_iter().chain(last).collect::<Vec<_>>().join(", ");
            let message = if known.is_empty() {
                "the ledger has facts of no program yet".to_owned()
            } else {
                format!("the ledger has several programs: {known}")
            };
            Err(Error::new(&error::WHICH_PROGRAM, message).hint("name one with --program"))
        }
    }
}

/// Refuses a word that cannot stand in the terms.
pub(super) fn check_name(what: &str, word: &str) -> Result<()> {
    if names::is_name(word) {
        return Ok(());
    }
    let message = format!("\"{word}\" is no name for a {what}");
    Err(Error::new(&error::NOT_A_NAME, message).hint(names::as_name(word)))
}

/// Says on stderr when no version of the terms names a word: it would have no effect.
pub(super) fn tell_unnamed(program: &Program, what: &str, word: &str, known: &BTreeSet<&str>) {
    if known.contains(word) {
        return;
    }
    let near = nearest(word, known.iter().copied());
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("they ask for no {what} at all"),
        None => format!("they know {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
    };
    say(&format!("note: no terms of {} name the {what} `{word}`; {hint}", program.id()));
}

/// The last columns of a list: when it was recorded, and whether it was taken back.
pub(super) const HISTORY: [&str; 4] =
    ["recorded_at", "taken_back_at", "taken_back_reason", "taken_back_by"];

/// The cells of those columns.
pub(super) fn history<T>(recorded: &Recorded<T>) -> [Cell; 4] {
    let at = |at: i64| Cell::Text(zone::written(chrono_tz::Tz::UTC, at));
    let removal = recorded.removal.as_ref();
    [
        at(recorded.recorded_at),
        removal.map_or(Cell::Empty, |removal| at(removal.removed_at)),
        Cell::text(removal.map(|removal| removal.reason.clone())),
        Cell::text(removal.and_then(|removal| removal.who.clone())),
    ]
}

/// What is noted of a removal.
pub(super) fn removal(args: &Remove) -> Removal {
    Removal { removed_at: now(), reason: args.reason.clone(), who: args.who.clone() }
}

/// Says what posts the difference that a fact makes.
pub(super) fn tell_next() {
    say("next: feebook recompute posts the difference");
}
