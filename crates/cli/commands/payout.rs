//! `payout`: what was paid, recorded, imported, matched with lines, listed, taken back; and when to
//! withdraw.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use feebook_core::allot::{Allotted, Choice, NamedLine, PayableLine, pay, pay_more, payable_lines};
use feebook_core::error::{self, Error, Result};
use feebook_core::exchange::RateUsed;
use feebook_core::fact::No;
use feebook_core::import::payouts::{self, PayoutRows};
use feebook_core::import::table::money;
use feebook_core::ledger::{Ledger, Recorded};
use feebook_core::payout::{
    Payment, Payout, PayoutId, Split, Transfer, fee_of, rate_of, shortfall, split,
};
use feebook_core::plan::{Frequency, left_unmatched, open_by_month, take_off, withdrawals};
use feebook_core::run::Terms;
use feebook_kernel::{Exchange, Minor};
use feebook_schedule::{Currency, MinimumIs, PayoutTerms, Program};

use super::facts::{HISTORY, history, only_program, removal};
use super::fx::currency;
use super::{counted, known_program, now, open, open_scoped, open_to_answer, shown, terms};
use crate::args::{self, Global, Matched, PayoutAdd, Remove};
use crate::exit::{self, DONE, Outcome, ROWS, say};
use crate::output::{Cell, Output, Sheet};

pub(crate) fn run(global: &Global, output: &Output, args: &args::Payout) -> Outcome<u8> {
    match args {
        args::Payout::Add(add) => record(global, output, add),
        args::Payout::Import { files, program } => {
            take_in(global, output, files, program.as_deref())
        }
        args::Payout::Match { id, lines } => match_more(global, output, *id, lines),
        args::Payout::List { program } => list(global, output, program.as_deref()),
        args::Payout::Show { id } => show(global, output, *id),
        args::Payout::Remove(remove) => take_back(global, remove),
        args::Payout::Plan { program } => plan(global, output, program.as_deref()),
    }
}

fn record(global: &Global, output: &Output, args: &PayoutAdd) -> Outcome<u8> {
    let (mut ledger, terms) = (open(global)?, terms(global)?);
    output.check()?;
    let known = known_program(&terms, &args.program)?;
    let (program, payout) = (known.id().to_owned(), payout(args, known.payout_terms())?);
    let choice = choice((&ledger, &program), &args.lines, payout.currency)?;
    warn_of_future(known, &payout);
    let made = pay(&mut ledger, &terms, &program, &[(payout, choice)], now())?;
    let mut sheet = begun(output)?;
    for (id, allotted) in &made {
        told_of(&mut sheet, &ledger, &terms, *id)?;
        let payout = ledger.payout(*id)?.fact;
        tell_allotted(&payout, allotted, payout.covers);
    }
    sheet.finish()?;
    Ok(DONE)
}

/// A day after today may be right, and more often is a slip.
fn warn_of_future(program: &Program, payout: &Payout) {
    let (on, today) = (payout.paid_on, program.day(now()));
    if on > today {
        let no = payout.payout_no.as_deref().map_or_else(String::new, |no| format!(" {no}"));
        say(&format!("warning: payout{no} is of {on}, and today is {today}"));
    }
}

fn payout(args: &PayoutAdd, rules: Option<&PayoutTerms>) -> Result<Payout> {
    let unit = currency(&args.currency)?;
    let amount = amount("--amount", &args.amount, unit)?;
    if amount == Minor::ZERO {
        return Err(no_amount("--amount", &args.amount, unit));
    }
    let received_in = args.received_currency.as_deref().map_or(Ok(unit), currency)?;
    let received = args.received.as_deref().map(|text| amount_of("--received", text, received_in));
    let fee = args.fee.as_deref().map(|text| self::amount("--fee", text, unit)).transpose()?;
    let transfer = if args.failed { Transfer::Failed } else { Transfer::Arrived };
    Ok(Payout {
        id: 0,
        payout_no: args.no.clone(),
        paid_on: args.on,
        transfer,
        amount,
        currency: unit,
        received: received.transpose()?,
        fee: fee_of(transfer, fee, unit, rules),
        covers: args.lines.days(),
        note: args.note.clone(),
        file: args.lines.orders.as_deref().map(shown),
        seq: 0,
    })
}

fn amount_of(what: &str, text: &str, unit: Currency) -> Result<(Minor, Currency)> {
    amount(what, text, unit).map(|amount| (amount, unit))
}

fn amount(what: &str, text: &str, unit: Currency) -> Result<Minor> {
    money(text, unit).ok_or_else(|| {
        if text.trim().chars().all(|c| c.is_ascii_digit()) && !text.trim().is_empty() {
            let message = format!("{what} is \"{text}\", which is too large");
            let most = Minor::MAX.get();
            let hint = format!("the greatest amount is {} {unit}", unit.written(most));
            return Error::new(&error::BAD_MONEY, message).hint(hint);
        }
        no_amount(what, text, unit)
    })
}

fn no_amount(what: &str, text: &str, unit: Currency) -> Error {
    let message = format!("{what} is \"{text}\", which is no amount of {unit}");
    let hint = format!("write a plain decimal such as {}", unit.written(12_500));
    Error::new(&error::BAD_MONEY, message).hint(hint)
}

/// Which lines are meant: those that are named, else those of the days covered.
fn choice(of: (&Ledger, &str), lines: &Matched, unit: Currency) -> Result<Choice> {
    if let Some(file) = &lines.orders {
        return payouts::read_statement(file, unit).map(Choice::Named);
    }
    if !lines.order.is_empty() {
        let named = lines.order.iter().map(|text| named(of, text)).collect::<Result<_>>()?;
        return Ok(Choice::Named(named));
    }
    Ok(lines.days().map_or(Choice::Nothing, |(from, to)| Choice::Period(from, to)))
}

/// `ORDER`, or `ORDER/LINE`; an order's number may have a slash of its own.
fn named((ledger, program): (&Ledger, &str), text: &str) -> Result<NamedLine> {
    let is_order = match No::parse(text.trim()) {
        Some(order_no) => ledger.order(program, &order_no)?.is_some(),
        None => false,
    };
    let (order, line) = match text.rsplit_once('/').filter(|_| !is_order) {
        Some((order, line)) => (order, Some(line)),
        None => (text, None),
    };
    let parsed = |text: &str| {
        No::parse(text.trim()).ok_or_else(|| {
            let message = format!("--order is \"{text}\", which names no order");
            Error::new(&error::NO_ORDER, message).hint("write ORDER, or ORDER/LINE")
        })
    };
    let line_no = line.map(parsed).transpose()?;
    Ok(NamedLine { order_no: parsed(order)?, line_no, amount: None })
}

/// Says what a payout pays, and what of it does not.
fn tell_allotted(payout: &Payout, allotted: &Allotted, days: Option<(NaiveDate, NaiveDate)>) {
    let unit = payout.currency;
    let sum = |minor: i64| format!("{} {unit}", unit.written(minor));
    let id = payout.id;
    if payout.transfer == Transfer::Failed {
        let fee = sum(payout.fee.get());
        return say(&format!("payout {id}: the transfer failed; it pays nothing and cost {fee}"));
    }
    let paid: i64 = allotted.allotments.iter().map(|allotment| allotment.amount).sum();
    let lines = counted(count(allotted.allotments.len()), "line");
    let by = [
        (allotted.reported, "as the network reported"),
        (allotted.computed, "as we computed, where it reported nothing"),
        (allotted.named, "as the statement says"),
    ];
    let by: Vec<String> = by
        .iter()
        .filter(|(lines, _)| *lines > 0)
        .map(|(lines, words)| format!("{lines} {words}"))
        .collect();
    let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
    say(&format!("payout {id}: pays {lines} with {}{by}", sum(paid)));
    tell_passed(payout, allotted, days);
    if allotted.left > 0 {
        say(&format!(
            "payout {id}: {} pays nothing yet; `feebook payout match {id}` can have it pay",
            sum(allotted.left)
        ));
    }
    if let Some((lines, open)) = allotted.unpaid {
        let (lines, open) = (counted(lines, "line"), sum(open));
        say(&format!(
            "payout {id}: the money ends before {lines} of the period; {open} stays open"
        ));
    }
}

/// Says which lines are not paid, and why; where none is, why none.
fn tell_passed(payout: &Payout, allotted: &Allotted, days: Option<(NaiveDate, NaiveDate)>) {
    let (id, unit) = (payout.id, payout.currency);
    let other =
        format!("due in another currency than {unit}; name amounts in a statement file (--orders)");
    let passed = [
        (allotted.paid_before, "paid in full before"),
        (allotted.taken_back, "declined or reversed, so nothing is due"),
        (allotted.nothing_due, "earning nothing, so nothing is due"),
        (allotted.other_currency, &other),
        (allotted.unknown, "nothing is reported, and what is earned cannot be said"),
    ];
    let mut any = !allotted.allotments.is_empty() || allotted.unpaid.is_some();
    for (lines, why) in passed.into_iter().filter(|(lines, _)| *lines > 0) {
        any = true;
        say(&format!("payout {id}: {} passed over: {why}", counted(lines, "line")));
    }
    if any {
        return;
    }
    let why = match days {
        Some((from, to)) => format!("no settled line became payable from {from} to {to}"),
        None => "it covers no days, and no lines are named".to_owned(),
    };
    say(&format!("payout {id}: {why}"));
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn take_in(
    global: &Global,
    output: &Output,
    files: &[PathBuf],
    program: Option<&str>,
) -> Outcome<u8> {
    let (mut ledger, terms) = (open(global)?, terms(global)?);
    let program = match program {
        Some(name) => known_program(&terms, name)?.id().to_owned(),
        None => only_program(&ledger)?,
    };
    let mut sheet = output.sheet(&["file", "program", "added", "unchanged", "rejected"])?;
    let mut code = DONE;
    for file in files {
        let this = match take_file(&mut ledger, &terms, &program, file) {
            Ok(rows) => {
                sheet.row(vec![
                    Cell::Text(shown(file)),
                    Cell::Text(program.clone()),
                    Cell::Count(count(rows.new.len())),
                    Cell::Count(rows.unchanged),
                    Cell::Count(rows.rejected),
                ])?;
                if rows.rejected > 0 { ROWS } else { DONE }
            }
            Err(failed) => exit::told(&failed.into(), global),
        };
        code = code.max(this);
    }
    sheet.finish()?;
    Ok(code)
}

/// One file is one transaction: its payouts pay the lines of the days that they cover.
fn take_file(ledger: &mut Ledger, terms: &Terms, program: &str, file: &Path) -> Result<PayoutRows> {
    let known = ledger.payouts()?.into_iter();
    let counts = |known: &Recorded<Payout>| known.removal.is_none() && known.program == program;
    let known: Vec<Recorded<Payout>> = known.filter(counts).collect();
    let of_program = terms.book.program(program);
    let rules = of_program.and_then(Program::payout_terms);
    let rows = payouts::read(file, &known, rules, &mut |problem| exit::problems(&[problem]))?;
    if let Some(of_program) = of_program {
        rows.new.iter().for_each(|payout| warn_of_future(of_program, payout));
    }
    let chosen: Vec<(Payout, Choice)> = rows
        .new
        .iter()
        .map(|payout| {
            let period = |(from, to)| Choice::Period(from, to);
            (payout.clone(), payout.covers.map_or(Choice::Nothing, period))
        })
        .collect();
    for (id, allotted) in pay(ledger, terms, program, &chosen, now())? {
        let payout = ledger.payout(id)?.fact;
        tell_allotted(&payout, &allotted, payout.covers);
    }
    if rows.rejected > 0 {
        say(&format!("{}: {} rejected", shown(file), counted(rows.rejected, "row")));
    }
    Ok(rows)
}

fn match_more(global: &Global, output: &Output, id: PayoutId, lines: &Matched) -> Outcome<u8> {
    let (mut ledger, terms) = (open(global)?, terms(global)?);
    let Recorded { fact: payout, program, .. } = ledger.payout(id)?;
    let chosen = match choice((&ledger, &program), lines, payout.currency)? {
        // Without a word, the days that it covers.
        Choice::Nothing => payout.covers.map(|(from, to)| Choice::Period(from, to)),
        chosen => Some(chosen),
    };
    let chosen = chosen.ok_or_else(|| {
        let message = format!("payout {id} covers no days, and no lines are named");
        Error::new(&error::NO_LINES_NAMED, message)
            .hint("say --month, --covers, --orders FILE or --order ORDER/LINE")
    })?;
    let allotted = pay_more(&mut ledger, &terms, id, &chosen, now())?;
    let mut sheet = begun(output)?;
    told_of(&mut sheet, &ledger, &terms, id)?;
    sheet.finish()?;
    let days = match chosen {
        Choice::Period(from, to) => Some((from, to)),
        Choice::Nothing | Choice::Named(_) => None,
    };
    tell_allotted(&payout, &allotted, days);
    Ok(DONE)
}

const COLUMNS: [&str; 22] = [
    "payout",
    "program",
    "payout_no",
    "paid_on",
    "status",
    "currency",
    "amount",
    "fee",
    "matched",
    "unmatched",
    "lines",
    "shortfall",
    "received_currency",
    "expected",
    "received",
    "fee_worth",
    "exchange",
    "rate",
    "rate_implied",
    "covers_from",
    "covers_to",
    "note",
];

fn begun(output: &Output) -> Outcome<Sheet<'_>> {
    output.sheet(&[&COLUMNS[..], &HISTORY].concat())
}

fn list(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let (ledger, terms) = open_to_answer(global, program)?;
    let mut sheet = begun(output)?;
    let mut known: Option<(String, Vec<PayableLine>)> = None;
    let mut orphans = Vec::new();
    for recorded in ledger.payouts()? {
        if program.is_some_and(|name| name != recorded.program) {
            continue;
        }
        if known.as_ref().is_none_or(|(name, _)| *name != recorded.program) {
            let payables = payable_of(&ledger, &terms, &recorded.program)?;
            known = Some((recorded.program.clone(), payables));
        }
        let payables = known.as_ref().map_or(&[][..], |(_, payables)| payables.as_slice());
        sheet.row(row(&ledger, &recorded, payables)?)?;
        orphans.extend(without_report(&ledger, &recorded, payables)?);
    }
    sheet.finish()?;
    for words in &orphans {
        say(words);
    }
    Ok(DONE)
}

/// Says what of a payout pays lines whose reports were taken back.
fn without_report(
    ledger: &Ledger,
    recorded: &Recorded<Payout>,
    payables: &[PayableLine],
) -> Result<Option<String>> {
    if recorded.removal.is_some() || payables.is_empty() {
        return Ok(None);
    }
    let payments = ledger.payments_of(recorded.fact.id)?;
    let known = |payment: &&Payment| line_of(payables, payment).is_none();
    let orphans: Vec<&Payment> = payments.iter().filter(known).collect();
    let sum: i64 = orphans.iter().map(|payment| payment.amount).sum();
    let (id, unit) = (recorded.fact.id, recorded.fact.currency);
    let lines = counted(count(orphans.len()), "payment");
    Ok((!orphans.is_empty()).then(|| {
        format!(
            "payout {id}: {} {unit} in {lines} pays lines that no report has any more (`feebook check` names them)",
            unit.written(sum)
        )
    }))
}

/// The line that a payment pays; none where no report has it.
fn line_of<'l>(payables: &'l [PayableLine], payment: &Payment) -> Option<&'l PayableLine> {
    let key = (&payment.order_no, &payment.line_no);
    let at = payables.binary_search_by(|line| (&line.order_no, &line.line_no).cmp(&key));
    at.ok().and_then(|at| payables.get(at))
}

/// The lines of a program; none where there are no terms of it any more.
fn payable_of(ledger: &Ledger, terms: &Terms, program: &str) -> Result<Vec<PayableLine>> {
    if terms.book.program(program).is_none() {
        return Ok(Vec::new());
    }
    payable_lines(ledger, terms, program, &|_| true)
}

fn told_of(sheet: &mut Sheet<'_>, ledger: &Ledger, terms: &Terms, id: PayoutId) -> Outcome<()> {
    let recorded = ledger.payout(id)?;
    let payments = ledger.payments_of(id)?;
    let covers = recorded.fact.covers;
    let known = terms.book.program(&recorded.program).is_some();
    let payables = if payments.is_empty() || !known {
        Vec::new()
    } else {
        let paid: BTreeSet<&No> = payments.iter().map(|payment| &payment.order_no).collect();
        payable_lines(ledger, terms, &recorded.program, &|payable| {
            paid.contains(&payable.order_no)
                || covers.is_some_and(|days| payable.became_payable(days))
        })?
    };
    sheet.row(row(ledger, &recorded, &payables)?)?;
    Ok(())
}

fn row(
    ledger: &Ledger,
    recorded: &Recorded<Payout>,
    payables: &[PayableLine],
) -> Result<Vec<Cell>> {
    let payout = &recorded.fact;
    let payments = ledger.payments_of(payout.id)?;
    let counts = recorded.removal.is_none();
    let matched: i64 = if counts { payments.iter().map(|paid| paid.amount).sum() } else { 0 };
    let unit = payout.currency;
    let money = |minor: i64| Cell::Figure(unit.written(minor));
    let unmatched = if counts { payout.payable().get() - matched } else { 0 };
    let lines = if counts { count(payments.len()) } else { 0 };
    let short = Some(shortfall(payout, &payments, payables)).filter(|_| counts && lines > 0);
    let rate = rate_of(ledger, payout, ledger.last_seq()?)?;
    let split = split(payout, rate.as_ref());
    let mut cells = vec![
        Cell::Figure(payout.id.to_string()),
        Cell::Text(recorded.program.clone()),
        Cell::text(payout.payout_no.clone()),
        Cell::Text(payout.paid_on.to_string()),
        Cell::Text(payout.transfer.word().to_owned()),
        Cell::Text(unit.to_string()),
        money(payout.amount.get()),
        money(payout.fee.get()),
        money(matched),
        money(unmatched),
        Cell::Count(lines),
        short.map_or(Cell::Empty, money),
    ];
    cells.extend(split_cells(payout, split.as_ref()));
    cells.push(Cell::text(payout.covers.map(|(from, _)| from.to_string())));
    cells.push(Cell::text(payout.covers.map(|(_, to)| to.to_string())));
    cells.push(Cell::text(payout.note.clone()));
    cells.extend(history(recorded));
    Ok(cells)
}

/// What arrived, against the rate of the day.
fn split_cells(payout: &Payout, split: Option<&Split>) -> [Cell; 7] {
    let received = payout.received.map(|(amount, unit)| (amount.get(), unit));
    let in_unit = |minor: Option<i64>| {
        let pair = minor.zip(received);
        Cell::figure(pair.map(|(minor, (_, unit))| unit.written(minor)))
    };
    let rate = split.and_then(|split| split.rate.as_ref());
    let implied = payout.implied_rate().and_then(Exchange::billionths);
    [
        Cell::text(received.map(|(_, unit)| unit.to_string())),
        in_unit(split.map(|split| split.expected.get())),
        in_unit(received.map(|(amount, _)| amount)),
        in_unit(split.map(|split| split.fee_worth.get())),
        in_unit(split.map(|split| split.exchange)),
        Cell::figure(rate.map(RateUsed::written)),
        Cell::figure(implied.map(feebook_core::exchange::written)),
    ]
}

fn show(global: &Global, output: &Output, id: PayoutId) -> Outcome<u8> {
    let (ledger, terms) = open_scoped(global, None)?;
    let recorded = ledger.payout(id)?;
    let payout = &recorded.fact;
    let payables = payable_of(&ledger, &terms, &recorded.program)?;
    let mut sheet = output.sheet(&[
        "order_no",
        "line_no",
        "state",
        "payable_on",
        "currency",
        "due",
        "by",
        "paid",
    ])?;
    let payments = ledger.payments_of(id)?;
    for payment in &payments {
        let found = line_of(&payables, payment);
        let due = found.and_then(|payable| payable.due);
        sheet.row(vec![
            Cell::Text(payment.order_no.to_string()),
            Cell::Text(payment.line_no.to_string()),
            Cell::text(found.map(|payable| payable.state.word())),
            Cell::text(found.and_then(|payable| payable.on).map(|on| on.to_string())),
            Cell::Text(payout.currency.to_string()),
            Cell::figure(due.map(|due| due.currency.written(due.amount))),
            Cell::text(due.map(|due| due.by.word())),
            Cell::Figure(payout.currency.written(payment.amount)),
        ])?;
    }
    sheet.finish()?;
    tell_payout(&ledger, &recorded, &payables)?;
    Ok(DONE)
}

/// Says what became of a payout: what of it is matched, and the way of the money.
fn tell_payout(
    ledger: &Ledger,
    recorded: &Recorded<Payout>,
    payables: &[PayableLine],
) -> Result<()> {
    let payout = &recorded.fact;
    let (id, unit) = (payout.id, payout.currency);
    let sum = |minor: i64| format!("{} {unit}", unit.written(minor));
    if let Some(removal) = &recorded.removal {
        say(&format!("payout {id} was taken back ({}): none of this counts", removal.reason));
        return Ok(());
    }
    let payments = ledger.payments_of(id)?;
    let matched: i64 = payments.iter().map(|paid| paid.amount).sum();
    let (amount, left) = (sum(payout.amount.get()), sum(payout.payable().get() - matched));
    let (on, word) = (payout.paid_on, payout.transfer.word());
    say(&format!("payout {id}: {amount} {word} on {on}, {} matched, {left} not", sum(matched)));
    let short = shortfall(payout, &payments, payables);
    if !payments.is_empty() && short != 0 {
        let words = if short > 0 { "short of" } else { "over" };
        say(&format!("payout {id}: {} {words} what its lines are due", sum(short.abs())));
    }
    if payout.fee > Minor::ZERO {
        say(&format!("payout {id}: the transfer cost {}", sum(payout.fee.get())));
    }
    tell_received(ledger, payout)
}

fn tell_received(ledger: &Ledger, payout: &Payout) -> Result<()> {
    let Some((received, unit)) = payout.received else { return Ok(()) };
    let id = payout.id;
    let sum = |minor: i64| format!("{} {unit}", unit.written(minor));
    let rate = rate_of(ledger, payout, ledger.last_seq()?)?;
    let implied = payout.implied_rate().and_then(Exchange::billionths);
    let implied = implied.map(feebook_core::exchange::written);
    let implied = implied.map_or_else(String::new, |implied| format!(", a rate of {implied}"));
    let Some(split) = split(payout, rate.as_ref()) else {
        let on = payout.paid_on;
        say(&format!(
            "payout {id}: {} arrived{implied}; no rate is known for {on}, so nothing is expected (`feebook fx import`)",
            sum(received.get())
        ));
        return Ok(());
    };
    if let Some(rate) = &split.rate {
        say(&format!("payout {id}: {}", rate.in_words()));
    }
    say(&format!(
        "payout {id}: {} expected after the fee ({}), {} arrived{implied}; exchange {}",
        sum(split.expected.get()),
        sum(split.fee_worth.get()),
        sum(received.get()),
        sum(split.exchange)
    ));
    Ok(())
}

fn take_back(global: &Global, args: &Remove) -> Outcome<u8> {
    open(global)?.remove_payout(args.id, &removal(args))?;
    let id = args.id;
    say(&format!("payout {id} and what it paid no longer count; they stay in the history"));
    Ok(DONE)
}

fn plan(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let (ledger, terms) = open_to_answer(global, program)?;
    let mut sheet = output.sheet(&[
        "program",
        "currency",
        "open",
        "plan",
        "withdrawals",
        "withdrawn",
        "fees",
        "net",
        "left",
    ])?;
    for name in ledger.programs()? {
        if program.is_some_and(|only| only != name) {
            continue;
        }
        let known = terms.book.program(&name);
        let Some(rules) = known.and_then(Program::payout_terms) else {
            say(&format!(
                "{name}: what a withdrawal takes and costs is not stated ([payouts] of its program.toml)"
            ));
            continue;
        };
        let payables = payable_lines(&ledger, &terms, &name, &|_| true)?;
        let mut by_month = open_by_month(&payables, rules.currency);
        let gone = left_unmatched(&ledger, &name, rules.currency)?;
        take_off(&mut by_month, gone);
        let balance: i64 = by_month.values().sum();
        for frequency in Frequency::ALL {
            let made = withdrawals(&by_month, rules, frequency);
            let money = |minor: i64| Cell::Figure(rules.currency.written(minor));
            sheet.row(vec![
                Cell::Text(name.clone()),
                Cell::Text(rules.currency.to_string()),
                money(balance),
                Cell::Text(frequency.word().to_owned()),
                Cell::Figure(made.count.to_string()),
                money(made.withdrawn),
                money(made.fees),
                money(made.net()),
                money(made.left),
            ])?;
        }
        if gone > 0 {
            let gone = format!("{} {}", rules.currency.written(gone), rules.currency);
            say(&format!(
                "{name}: {gone} left the balance and pays no line (unmatched payouts, fees of failed transfers); it is taken off what is open"
            ));
        }
        tell_balance(&name, rules, balance);
    }
    sheet.finish()?;
    Ok(DONE)
}

/// Says whether the balance can be withdrawn now, and what would arrive.
fn tell_balance(program: &str, rules: &PayoutTerms, balance: i64) {
    let unit = rules.currency;
    let sum = |minor: i64| format!("{} {unit}", unit.written(minor));
    let open = sum(balance);
    let minimum = sum(rules.minimum.get());
    let words = match (rules.net(balance), rules.minimum_is) {
        (Some(net), _) => {
            let fee = sum(rules.fee.get());
            format!("{open} is open; withdrawn now it costs {fee} and leaves {}", sum(net))
        }
        (None, MinimumIs::AtLeast) => {
            format!("{open} is open, under the minimum of {minimum}: none can be withdrawn")
        }
        (None, MinimumIs::Above) => {
            format!("{open} is open, and more than {minimum} is asked for: none can be withdrawn")
        }
    };
    say(&format!("{program}: {words}"));
}
