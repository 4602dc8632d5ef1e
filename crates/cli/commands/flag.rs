//! `flag`: violations and findings of fraud, recorded, listed, taken back.

use chrono_tz::Tz;
use feebook_core::error::{self, Error};
use feebook_core::fact::No;
use feebook_core::ledger::Recorded;
use feebook_core::standing::{Flag, FlagSubject};
use feebook_kernel::Effect;
use feebook_schedule::{Program, zone};

use super::facts::{HISTORY, Recording, check_name, history, removal, tell_next, tell_unnamed};
use super::{instant, known_program, now, open, terms};
use crate::args::{self, FlagAdd, Global, Remove};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output, Sheet};

const COLUMNS: [&str; 11] = [
    "flag",
    "program",
    "about",
    "subject",
    "from",
    "until",
    "kind",
    "effect",
    "reason",
    "flagged_on",
    "who",
];

pub(crate) fn run(global: &Global, output: &Output, args: &args::Flag) -> Outcome<u8> {
    match args {
        args::Flag::Add(add) => record(global, output, add),
        args::Flag::List { program } => list(global, output, program.as_deref()),
        args::Flag::Remove(remove) => take_back(global, remove),
    }
}

fn record(global: &Global, output: &Output, args: &FlagAdd) -> Outcome<u8> {
    check_name("kind of flag", &args.kind)?;
    let mut recording = Recording::open(global, args.program.as_deref())?;
    output.check()?;
    let program = recording.program()?;
    if args.effect.is_none() {
        tell_unnamed(program, "kind of flag", &args.kind, &program.flag_kinds());
    }
    let flag = Flag {
        id: 0,
        subject: subject(program, args)?,
        kind: args.kind.clone(),
        effect: args.effect.map(args::FlagEffect::effect),
        reason: args.reason.clone(),
        flagged_on: args.on.unwrap_or_else(|| program.day(now())),
        who: args.who.clone(),
    };
    if let FlagSubject::Order(order_no) = &flag.subject
        && recording.ledger.order(recording.name(), order_no)?.is_none()
    {
        say(&format!("note: the ledger has no order {order_no} of {} yet", recording.name()));
    }
    let says_the_same = |known: &&Recorded<Flag>| {
        let Flag { subject, kind, effect, .. } = &known.fact;
        let same = (subject, kind, effect) == (&flag.subject, &flag.kind, &flag.effect);
        same && known.removal.is_none() && known.program == recording.name()
    };
    if let Some(twin) = recording.ledger.flags()?.iter().find(says_the_same) {
        say(&format!("note: flag {} says the same and still counts", twin.fact.id));
    }
    let name = recording.name().to_owned();
    let id = recording.ledger.add_flag(&name, &flag, now())?;
    let mut sheet = begun(output)?;
    for recorded in recording.ledger.flags()?.iter().filter(|recorded| recorded.fact.id == id) {
        sheet.row(row(recorded, recording.program()?.zone()))?;
    }
    sheet.finish()?;
    tell_next();
    Ok(DONE)
}

fn subject(program: &Program, args: &FlagAdd) -> Outcome<FlagSubject> {
    // Reports are read without blanks around their values.
    let given = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if let Some(order_no) = given(&args.subject.order).and_then(|text| No::parse(&text)) {
        return Ok(FlagSubject::Order(order_no));
    }
    if let Some(sub_id) = given(&args.subject.sub_id) {
        return Ok(FlagSubject::SubId(sub_id.into()));
    }
    let Some(name) = given(&args.subject.placement) else {
        let message = "what is flagged has an empty name";
        return Err(Error::new(&error::NOT_A_NAME, message)
            .hint("--order, --sub-id and --placement take the name as the report writes it")
            .into());
    };
    let at = |text: &Option<String>| text.as_ref().map(|text| instant(program, text)).transpose();
    let (from, until) = (at(&args.from)?, at(&args.until)?);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        let written = |at: i64| zone::written(program.zone(), at);
        let message = format!("no instant is from {} and before {}", written(from), written(until));
        return Err(Error::new(&error::EMPTY_PERIOD, message)
            .hint("--until is the first day or instant that no longer belongs to it")
            .into());
    }
    Ok(FlagSubject::Placement { name: name.into(), from, until })
}

fn list(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let (ledger, terms) = (open(global)?, terms(global)?);
    if let Some(name) = program {
        known_program(&terms, name)?;
    }
    let mut sheet = begun(output)?;
    for recorded in ledger.flags()? {
        if program.is_none_or(|name| name == recorded.program) {
            let zone = terms.book.program(&recorded.program).map_or(Tz::UTC, Program::zone);
            sheet.row(row(&recorded, zone))?;
        }
    }
    sheet.finish()?;
    Ok(DONE)
}

fn begun(output: &Output) -> Outcome<Sheet<'_>> {
    output.sheet(&[&COLUMNS[..], &HISTORY].concat())
}

fn row(recorded: &Recorded<Flag>, zone: Tz) -> Vec<Cell> {
    let flag = &recorded.fact;
    let (about, subject, from, until) = match &flag.subject {
        FlagSubject::Order(order_no) => ("order", order_no.to_string(), None, None),
        FlagSubject::SubId(sub_id) => ("sub_id", sub_id.to_string(), None, None),
        FlagSubject::Placement { name, from, until } => {
            ("placement", name.to_string(), *from, *until)
        }
    };
    let at = |at: Option<i64>| Cell::text(at.map(|at| zone::written(zone, at)));
    let mut cells = vec![
        Cell::Figure(flag.id.to_string()),
        Cell::Text(recorded.program.clone()),
        Cell::Text(about.to_owned()),
        Cell::Text(subject),
        at(from),
        at(until),
        Cell::Text(flag.kind.clone()),
        Cell::text(flag.effect.map(Effect::word)),
        Cell::Text(flag.reason.clone()),
        Cell::Text(flag.flagged_on.to_string()),
        Cell::text(flag.who.clone()),
    ];
    cells.extend(history(recorded));
    cells
}

fn take_back(global: &Global, args: &Remove) -> Outcome<u8> {
    open(global)?.remove_flag(args.id, &removal(args))?;
    say(&format!("flag {} no longer counts; it stays in `feebook flag list`", args.id));
    tell_next();
    Ok(DONE)
}
