//! `close`: closes a month, lists what is closed.

use chrono_tz::Tz;
use feebook_core::closing::{ToClose, close};
use feebook_core::error::{self, Error};
use feebook_schedule::{Program, zone};

use super::{known_program, now, open, open_scoped, terms};
use crate::args::{self, Close, Global};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, output: &Output, args: &Close) -> Outcome<u8> {
    match (&args.command, args.month) {
        (Some(args::Closings::List { program }), _) => list(global, output, program.as_deref()),
        (None, Some(month)) => {
            let (mut ledger, terms) = open_scoped(global, args.program.as_deref())?;
            let mut bar = Bar::new(global, "orders", None);
            let asked = ToClose {
                month,
                program: args.program.as_deref(),
                who: args.who.clone(),
                note: args.note.clone(),
                now: now(),
            };
            let closed = close(&mut ledger, &terms, &asked, &mut bar)?;
            drop(bar);
            for program in closed {
                say(&format!(
                    "{month} of {program} is closed, and all before it: what changes there is posted \
                     in a month that is open"
                ));
            }
            Ok(DONE)
        }
        (None, None) => Err(Error::new(&error::BROKEN, "neither a month nor a list").into()),
    }
}

fn list(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let (ledger, terms) = (open(global)?, terms(global)?);
    if let Some(name) = program {
        known_program(&terms, name)?;
    }
    let columns = ["program", "month", "closed_at", "last_run", "who", "note"];
    let mut sheet = output.sheet(&columns)?;
    for closing in ledger.closings()? {
        if program.is_none_or(|name| name == closing.program) {
            let zone = terms.book.program(&closing.program).map_or(Tz::UTC, Program::zone);
            sheet.row(vec![
                Cell::Text(closing.program),
                Cell::Text(closing.month.to_string()),
                Cell::Text(zone::written(zone, closing.closed_at)),
                Cell::text(closing.run_id.map(|run| format!("run {run}"))),
                Cell::text(closing.who),
                Cell::text(closing.note),
            ])?;
        }
    }
    sheet.finish()?;
    Ok(DONE)
}
