//! `payout`: what was paid, recorded, imported, matched with lines, listed, taken back; and when to
//! withdraw.

use std::path::{Path, PathBuf};

use feebook_core::allot::{Allotted, Choice, Claim, NamedLine, claims, pay, pay_more};
use feebook_core::error::{self, Error, Result};
use feebook_core::exchange::RateUsed;
use feebook_core::fact::No;
use feebook_core::import::payouts::{self, PayoutRows};
use feebook_core::import::table::money;
use feebook_core::ledger::{Ledger, Recorded};
use feebook_core::payout::{Payout, PayoutId, Split, Transfer, rate_of, shortfall, split};
use feebook_core::plan::{Frequency, open_by_month, withdrawals};
use feebook_core::run::Terms;
use feebook_kernel::{Exchange, Minor};
use feebook_schedule::{Currency, MinimumIs, Withdrawal};

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
    let (program, payout) = (known.id().to_owned(), payout(args, known.withdrawal())?);
    let choice = choice(&args.lines, payout.currency)?;
    let made = pay(&mut ledger, &terms, &program, &[(payout, choice)], now())?;
    let mut sheet = begun(output)?;
    for (id, allotted) in &made {
        told_of(&mut sheet, &ledger, &terms, *id)?;
        let payout = ledger.payout(*id)?.fact;
        tell_allotted(&payout, allotted);
    }
    sheet.finish()?;
    Ok(DONE)
}

fn payout(args: &PayoutAdd, rules: Option<&Withdrawal>) -> Result<Payout> {
    let unit = currency(&args.currency)?;
    let amount = amount("--amount", &args.amount, unit)?;
    if amount == Minor::ZERO {
        return Err(no_amount("--amount", &args.amount, unit));
    }
    let received_in = args.received_currency.as_deref().map_or(Ok(unit), currency)?;
    let received = args.received.as_deref().map(|text| amount_of("--received", text, received_in));
    let fee = args.fee.as_deref().map(|text| self::amount("--fee", text, unit)).transpose()?;
    Ok(Payout {
        id: 0,
        payout_no: args.no.clone(),
        paid_on: args.on,
        transfer: if args.failed { Transfer::Failed } else { Transfer::Arrived },
        amount,
        currency: unit,
        received: received.transpose()?,
        fee: fee.or_else(|| fee_of_failure(args.failed, rules, unit)).unwrap_or_default(),
        covers: args.lines.days(),
        note: args.note.clone(),
        file: args.lines.orders.as_deref().map(shown),
        seq: 0,
    })
}

/// What the program says that a failed transfer costs.
fn fee_of_failure(failed: bool, rules: Option<&Withdrawal>, unit: Currency) -> Option<Minor> {
    let stated = |rules: &&Withdrawal| failed && rules.fee_on_failure && rules.currency == unit;
    rules.filter(stated).map(|rules| rules.fee)
}

fn amount_of(what: &str, text: &str, unit: Currency) -> Result<(Minor, Currency)> {
    amount(what, text, unit).map(|amount| (amount, unit))
}

fn amount(what: &str, text: &str, unit: Currency) -> Result<Minor> {
    money(text, unit).ok_or_else(|| no_amount(what, text, unit))
}

fn no_amount(what: &str, text: &str, unit: Currency) -> Error {
    let message = format!("{what} is \"{text}\", which is no amount of {unit}");
    let hint = format!("write a plain decimal such as {}", unit.written(12_500));
    Error::new(&error::BAD_MONEY, message).hint(hint)
}

/// Which lines are meant: those that are named, else those of the days covered.
fn choice(lines: &Matched, unit: Currency) -> Result<Choice> {
    if let Some(file) = &lines.orders {
        return payouts::read_statement(file, unit).map(Choice::Named);
    }
    if !lines.order.is_empty() {
        let named = lines.order.iter().map(|text| named(text)).collect::<Result<_>>()?;
        return Ok(Choice::Named(named));
    }
    Ok(lines.days().map_or(Choice::Nothing, |(from, to)| Choice::Period(from, to)))
}

/// `ORDER`, or `ORDER/LINE`.
fn named(text: &str) -> Result<NamedLine> {
    let (order, line) = match text.split_once('/') {
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
fn tell_allotted(payout: &Payout, allotted: &Allotted) {
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
    if allotted.other_currency > 0 {
        let lines = counted(allotted.other_currency, "line");
        say(&format!(
            "payout {id}: {lines} passed over, due in another currency than {unit}; name amounts in a statement file (--orders)"
        ));
    }
    if allotted.unknown > 0 {
        let lines = counted(allotted.unknown, "line");
        say(&format!(
            "payout {id}: {lines} passed over: nothing is reported, and what is earned cannot be said"
        ));
    }
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
            Err(failed) => exit::told(&failed.into()),
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
    let rows = payouts::read(file, &known, &mut |problem| exit::problems(&[problem]))?;
    let chosen: Vec<(Payout, Choice)> = rows
        .new
        .iter()
        .map(|payout| {
            let period = |(from, to)| Choice::Period(from, to);
            (payout.clone(), payout.covers.map_or(Choice::Nothing, period))
        })
        .collect();
    for (id, allotted) in pay(ledger, terms, program, &chosen, now())? {
        tell_allotted(&ledger.payout(id)?.fact, &allotted);
    }
    if rows.rejected > 0 {
        say(&format!("{}: {} rejected", shown(file), counted(rows.rejected, "row")));
    }
    Ok(rows)
}

fn match_more(global: &Global, output: &Output, id: PayoutId, lines: &Matched) -> Outcome<u8> {
    let (mut ledger, terms) = (open(global)?, terms(global)?);
    let payout = ledger.payout(id)?.fact;
    let chosen = match choice(lines, payout.currency)? {
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
    tell_allotted(&payout, &allotted);
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
    let mut known: Option<(String, Vec<Claim>)> = None;
    for recorded in ledger.payouts()? {
        if program.is_some_and(|name| name != recorded.program) {
            continue;
        }
        if known.as_ref().is_none_or(|(name, _)| *name != recorded.program) {
            let claims = claims_of(&ledger, &terms, &recorded.program)?;
            known = Some((recorded.program.clone(), claims));
        }
        let claims = known.as_ref().map_or(&[][..], |(_, claims)| claims.as_slice());
        sheet.row(row(&ledger, &recorded, claims)?)?;
    }
    sheet.finish()?;
    Ok(DONE)
}

/// The lines of a program; none where there are no terms of it any more.
fn claims_of(ledger: &Ledger, terms: &Terms, program: &str) -> Result<Vec<Claim>> {
    if terms.book.program(program).is_none() {
        return Ok(Vec::new());
    }
    claims(ledger, terms, program)
}

fn told_of(sheet: &mut Sheet<'_>, ledger: &Ledger, terms: &Terms, id: PayoutId) -> Outcome<()> {
    let recorded = ledger.payout(id)?;
    let claims = claims_of(ledger, terms, &recorded.program)?;
    sheet.row(row(ledger, &recorded, &claims)?)?;
    Ok(())
}

fn row(ledger: &Ledger, recorded: &Recorded<Payout>, claims: &[Claim]) -> Result<Vec<Cell>> {
    let payout = &recorded.fact;
    let payments = ledger.payments_of(payout.id)?;
    let counts = recorded.removal.is_none();
    let matched: i64 = if counts { payments.iter().map(|paid| paid.amount).sum() } else { 0 };
    let unit = payout.currency;
    let money = |minor: i64| Cell::Figure(unit.written(minor));
    let unmatched = if counts { payout.payable().get() - matched } else { 0 };
    let lines = if counts { count(payments.len()) } else { 0 };
    let short = Some(shortfall(payout, &payments, claims)).filter(|_| counts && lines > 0);
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
    let implied = split.and_then(|split| split.implied).and_then(Exchange::billionths);
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
    let claims = claims_of(&ledger, &terms, &recorded.program)?;
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
        let key = (&payment.order_no, &payment.line_no);
        let found = claims
            .binary_search_by(|claim| (&claim.order_no, &claim.line_no).cmp(&key))
            .ok()
            .and_then(|at| claims.get(at));
        let due = found.and_then(|claim| claim.due);
        sheet.row(vec![
            Cell::Text(payment.order_no.to_string()),
            Cell::Text(payment.line_no.to_string()),
            Cell::text(found.map(|claim| claim.state.word())),
            Cell::text(found.and_then(|claim| claim.on).map(|on| on.to_string())),
            Cell::Text(payout.currency.to_string()),
            Cell::figure(due.map(|due| due.currency.written(due.amount))),
            Cell::text(due.map(|due| due.by.word())),
            Cell::Figure(payout.currency.written(payment.amount)),
        ])?;
    }
    sheet.finish()?;
    tell_payout(&ledger, &recorded, &claims)?;
    Ok(DONE)
}

/// Says what became of a payout: what of it is matched, and the way of the money.
fn tell_payout(ledger: &Ledger, recorded: &Recorded<Payout>, claims: &[Claim]) -> Result<()> {
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
    let short = shortfall(payout, &payments, claims);
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
    let Some(split) = split(payout, rate.as_ref()) else {
        let on = payout.paid_on;
        say(&format!(
            "payout {id}: {} arrived; no rate is known for {on}, so nothing is expected (`feebook fx import`)",
            sum(received.get())
        ));
        return Ok(());
    };
    if let Some(rate) = &split.rate {
        say(&format!("payout {id}: {}", rate.in_words()));
    }
    let implied = split.implied.and_then(Exchange::billionths).map(feebook_core::exchange::written);
    let implied = implied.map_or_else(String::new, |implied| format!(", a rate of {implied}"));
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
        let Some(rules) = known.and_then(feebook_schedule::Program::withdrawal) else {
            say(&format!(
                "{name}: what a withdrawal takes and costs is not stated ([payouts] of its program.toml)"
            ));
            continue;
        };
        let claims = claims(&ledger, &terms, &name)?;
        let by_month = open_by_month(&claims, rules.currency);
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
        tell_balance(&name, rules, balance);
    }
    sheet.finish()?;
    Ok(DONE)
}

/// Says whether the balance can be withdrawn now, and what would arrive.
fn tell_balance(program: &str, rules: &Withdrawal, balance: i64) {
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
