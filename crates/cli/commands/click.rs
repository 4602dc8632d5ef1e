//! `click`: the publisher's own click log, imported, listed, taken back.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use feebook_core::error::{self, Error};
use feebook_core::import::{Beside, Formats, Keeping, TakenIn, clicks};
use feebook_schedule::{Program, zone};

use super::facts::only_program;
use super::import::{self, Watcher};
use super::{imports, known_program, now, open, open_to_answer, shown, terms};
use crate::args::{Click, Global, Scoped};
use crate::beside;
use crate::exit::{self, DONE, Outcome, ROWS};
use crate::output::{Cell, Output, Sheet};

pub(crate) fn run(global: &Global, output: &Output, args: &Click) -> Outcome<u8> {
    match args {
        Click::Import { files, program, strict } => {
            take_in(global, output, files, program.as_deref(), *strict)
        }
        Click::List { scope, sub_id, placement } => {
            list(global, output, scope, sub_id.as_deref(), placement.as_deref())
        }
        Click::Undo { id } => undo(global, *id),
    }
}

fn take_in(
    global: &Global,
    output: &Output,
    files: &[PathBuf],
    program: Option<&str>,
    strict: bool,
) -> Outcome<u8> {
    let terms = terms(global)?;
    let named = program.map(|name| known_program(&terms, name)).transpose()?;
    let mut ledger = import::open_or_make(global, false)?;
    let program = match named {
        Some(program) => program,
        None => known_program(&terms, &only_program(&ledger)?)?,
    };
    let mut sheet = output.sheet(&["file", "program", "added", "unchanged", "rejected"])?;
    let beside = {
        let (formats, _) = Formats::load(&terms.sources);
        beside::read(&global.ledger, Some((&terms.book, &formats)))?
    };
    let archive = import::archives(&beside)?;
    let mut code = DONE;
    for file in files {
        let keeping = Keeping { as_of: None, now: now(), strict, archive };
        let mut watcher = Watcher::new(global, None);
        let taken = clicks::take_in(file, program, &mut ledger, &keeping, &mut watcher);
        watcher.finish();
        let this = match taken {
            Ok(taken) => tell(&mut sheet, file, program.id(), taken, &beside)?,
            Err(failed) => exit::told(&failed.into(), global),
        };
        code = code.max(this);
    }
    sheet.finish()?;
    Ok(code)
}

fn tell(
    sheet: &mut Sheet<'_>,
    file: &Path,
    program: &str,
    taken: TakenIn,
    beside: &Beside,
) -> Outcome<u8> {
    let (portions, rejected) = import::tell_taken(file, program, taken, false, beside);
    let totals = portions.first().map(|portion| portion.totals).unwrap_or_default();
    sheet.row(vec![
        Cell::Text(shown(file)),
        Cell::Text(program.to_owned()),
        Cell::Count(totals.added),
        Cell::Count(totals.unchanged),
        Cell::Count(totals.rejected),
    ])?;
    Ok(if rejected { ROWS } else { DONE })
}

fn list(
    global: &Global,
    output: &Output,
    scope: &Scoped,
    sub_id: Option<&str>,
    placement: Option<&str>,
) -> Outcome<u8> {
    let scope = scope.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let seq = ledger.last_seq()?;
    let mut sheet = output.sheet(&[
        "program",
        "sub_id",
        "clicked_at",
        "placement",
        "country",
        "url",
        "referrer",
        "import",
    ])?;
    let mut stopped = Ok(());
    for name in ledger.programs()?.into_iter().filter(|name| scope.includes_program(name)) {
        let zone = terms.book.program(&name).map_or(Tz::UTC, Program::zone);
        ledger.clicks(&name, seq, &mut |stored| {
            let click = &stored.click;
            let text = |word: Option<_>| word.map(|word| ledger.words().text(word));
            let asked = scope.includes_day(Some(zone::day(zone, click.clicked_at)))
                && sub_id.is_none_or(|sub_id| sub_id == &*click.sub_id)
                && placement.is_none_or(|placement| text(click.placement) == Some(placement));
            if asked && stopped.is_ok() {
                stopped = sheet.row(vec![
                    Cell::Text(name.clone()),
                    Cell::text(Some(click.sub_id.to_string()).filter(|sub_id| !sub_id.is_empty())),
                    Cell::Text(zone::written(zone, click.clicked_at)),
                    Cell::text(text(click.placement)),
                    Cell::text(text(click.country)),
                    Cell::text(click.url.as_deref()),
                    Cell::text(click.referrer.as_deref()),
                    Cell::Figure(stored.import_id.to_string()),
                ]);
            }
            Ok(())
        })?;
    }
    stopped?;
    sheet.finish()?;
    Ok(DONE)
}

fn undo(global: &Global, id: i64) -> Outcome<u8> {
    let ledger = open(global)?;
    let known = ledger.imports()?.into_iter().find(|import| import.id == id);
    if let Some(import) = known
        && import.format != clicks::FORMAT
    {
        let message = format!("import {id} is of orders, from {}", import.file);
        let hint = format!("`feebook imports undo {id}` takes it back");
        return Err(Error::new(&error::NO_IMPORT, message).hint(hint).into());
    }
    drop(ledger);
    imports::undo(global, id)
}
