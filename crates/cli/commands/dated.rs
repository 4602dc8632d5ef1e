//! `product`, `placement` and `account`: facts that hold from a day on.

use feebook_core::error::{self, Error};
use feebook_core::ledger::Recorded;
use feebook_core::standing::{About, CHANNEL, DatedFact, KIND, MARKED, NOT_MARKED};
use feebook_schedule::diagnostic::nearest;
use feebook_schedule::{Dimension, Program, names};

use super::facts::{HISTORY, Recording, check_name, history, removal, tell_next, tell_unnamed};
use super::{known_program, now, open, terms};
use crate::args::{Account, Dated, Global, Mark, Placement, Product, Remove};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output, Sheet};

pub(crate) fn product(global: &Global, output: &Output, args: &Product) -> Outcome<u8> {
    match args {
        Product::Mark(mark) => set_mark(global, output, mark, MARKED),
        Product::Unmark(mark) => set_mark(global, output, mark, NOT_MARKED),
        Product::List { program } => list(global, output, About::Product, program.as_deref()),
        Product::Remove(remove) => take_back(global, About::Product, remove),
    }
}

pub(crate) fn placement(global: &Global, output: &Output, args: &Placement) -> Outcome<u8> {
    match args {
        Placement::Set { placement, kind, dated } => {
            set_kind(global, output, placement, kind, dated)
        }
        Placement::List { program } => list(global, output, About::Placement, program.as_deref()),
        Placement::Remove(remove) => take_back(global, About::Placement, remove),
    }
}

pub(crate) fn account(global: &Global, output: &Output, args: &Account) -> Outcome<u8> {
    match args {
        // The channel is all that terms ask of an account.
        Account::Set { aspect: _, value, dated } => set_channel(global, output, value, dated),
        Account::List { program } => list(global, output, About::Account, program.as_deref()),
        Account::Remove(remove) => take_back(global, About::Account, remove),
    }
}

fn set_mark(global: &Global, output: &Output, args: &Mark, value: &str) -> Outcome<u8> {
    check_name("mark", &args.name)?;
    let recording = Recording::open(global, args.dated.program.as_deref())?;
    let program = recording.program()?;
    tell_unnamed(program, "mark", &args.name, &program.names(Dimension::Mark));
    let says = (args.product.as_str(), args.name.as_str(), value);
    record(recording, output, About::Product, says, &args.dated)
}

fn set_kind(
    global: &Global,
    output: &Output,
    placement: &str,
    kind: &str,
    dated: &Dated,
) -> Outcome<u8> {
    if !names::PLACEMENT_KINDS.contains(&kind) {
        let message = format!("\"{kind}\" is no kind of placement");
        let near = nearest(kind, names::PLACEMENT_KINDS.iter().copied());
        let known = names::PLACEMENT_KINDS.join(", ");
        let hint = near.map_or(known, |near| format!("did you mean `{near}`?"));
        return Err(Error::new(&error::NOT_A_NAME, message).hint(hint).into());
    }
    let recording = Recording::open(global, dated.program.as_deref())?;
    tell_leave(recording.program()?, kind);
    record(recording, output, About::Placement, (placement, KIND, kind), dated)
}

/// Warns of a kind that the program does not allow, or allows within limits only.
fn tell_leave(program: &Program, kind: &str) {
    let Some(told) = program.placement_leave(kind) else {
        say(&format!("note: {} says nothing of placements of kind {kind}", program.id()));
        return;
    };
    let said_by = told.words().map_or_else(String::new, |words| format!(": {words}"));
    match told.leave.is_allowed() {
        Some(true) => {}
        None => say(&format!("note: {} allows {kind} within limits{said_by}", program.id())),
        Some(false) => {
            say(&format!("warning: {} does not allow {kind}{said_by}", program.id()));
        }
    }
}

fn set_channel(global: &Global, output: &Output, value: &str, dated: &Dated) -> Outcome<u8> {
    check_name("channel", value)?;
    let recording = Recording::open(global, dated.program.as_deref())?;
    let program = recording.program()?;
    tell_unnamed(program, "channel", value, &program.names(Dimension::Channel));
    record(recording, output, About::Account, ("", CHANNEL, value), dated)
}

fn record(
    mut recording: Recording,
    output: &Output,
    about: About,
    (subject, aspect, value): (&str, &str, &str),
    dated: &Dated,
) -> Outcome<u8> {
    output.check()?;
    // Reports are read without blanks around their values.
    let subject = subject.trim();
    if about != About::Account && subject.is_empty() {
        let message = "what the fact is about has an empty name";
        return Err(Error::new(&error::NOT_A_NAME, message).into());
    }
    let fact = DatedFact {
        id: 0,
        about,
        subject: subject.to_owned(),
        aspect: aspect.to_owned(),
        value: value.to_owned(),
        from_on: dated.from,
        reason: dated.reason.clone(),
        who: dated.who.clone(),
    };
    let name = recording.name().to_owned();
    let id = recording.ledger.add_dated_fact(&name, &fact, now())?;
    let mut sheet = begun(output, about)?;
    for recorded in recording.ledger.dated_facts()?.iter().filter(|known| known.fact.id == id) {
        sheet.row(row(recorded))?;
    }
    sheet.finish()?;
    tell_next();
    Ok(DONE)
}

fn list(global: &Global, output: &Output, about: About, program: Option<&str>) -> Outcome<u8> {
    let ledger = open(global)?;
    if let Some(name) = program {
        known_program(&terms(global)?, name)?;
    }
    let mut sheet = begun(output, about)?;
    for recorded in ledger.dated_facts()? {
        let asked = program.is_none_or(|name| name == recorded.program);
        if asked && recorded.fact.about == about {
            sheet.row(row(&recorded))?;
        }
    }
    sheet.finish()?;
    Ok(DONE)
}

fn begun(output: &Output, about: About) -> Outcome<Sheet<'_>> {
    let own: [&'static str; 3] = match about {
        About::Product => ["product", "mark", "holds"],
        About::Placement => ["placement", "aspect", "value"],
        About::Account => ["account", "aspect", "value"],
    };
    let columns = [&["entry", "program"][..], &own, &["from_on", "reason", "who"], &HISTORY];
    output.sheet(&columns.concat())
}

fn row(recorded: &Recorded<DatedFact>) -> Vec<Cell> {
    let fact = &recorded.fact;
    let mut cells = vec![
        Cell::Figure(fact.id.to_string()),
        Cell::Text(recorded.program.clone()),
        Cell::text(Some(fact.subject.clone()).filter(|subject| !subject.is_empty())),
        Cell::Text(fact.aspect.clone()),
        Cell::Text(fact.value.clone()),
        Cell::Text(fact.from_on.to_string()),
        Cell::text(fact.reason.clone()),
        Cell::text(fact.who.clone()),
    ];
    cells.extend(history(recorded));
    cells
}

fn take_back(global: &Global, about: About, args: &Remove) -> Outcome<u8> {
    let mut ledger = open(global)?;
    let known = ledger.dated_facts()?;
    let of_another =
        known.iter().any(|known| known.fact.id == args.id && known.fact.about != about);
    if of_another {
        let noun = match about {
            About::Product => "a product",
            About::Placement => "a placement",
            About::Account => "the account",
        };
        let message = format!("entry {} is not about {noun}", args.id);
        return Err(Error::new(&error::NO_FACT, message).hint("`list` shows the entries").into());
    }
    ledger.remove_dated_fact(args.id, &removal(args))?;
    say(&format!("entry {} no longer counts; it stays in the list", args.id));
    tell_next();
    Ok(DONE)
}
