//! What is worth a person's look: the ledger file itself, and facts that contradict the terms or
//! each other.
//!
//! Owns the named checks. All findings in one run; none is a verdict, and none changes an amount.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{FeeCountry, Minor, Rounding, State};
use feebook_schedule::iso::{percent, written};
use feebook_schedule::zone::Month;
use feebook_schedule::{Program, Version, zone};

use crate::correction;
use crate::due::amounts_in;
use crate::error::{ErrorKind, Result};
use crate::fact::{LineFact, No};
use crate::import::{Advertisers, Formats, advertisers};
use crate::journal::{Account, Journal, Kind};
use crate::ledger::{BookedScan, CountingLine, ImportId, Ledger, OrderRecord, Revision, Scan};
use crate::run::{Breach, Evaluator, Held, Progress, Scope, Terms, verify_results};
use crate::standing::{DatedFact, Flag};
use crate::statement::kept_differ;
use crate::words::Words;

/// A named check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The database is whole.
    Integrity,
    /// The tables and triggers are those that feebook made.
    Schema,
    /// Rows of reports and clicks are those that their import wrote.
    Facts,
    /// All other rows are those that were written.
    Seals,
    /// Archived files can be given back as they were.
    Archive,
    /// Rows that could not be read wait in quarantine.
    Quarantine,
    /// Results are those that the facts and terms of their runs give.
    Results,
    /// Two reports of a line differ and nothing but their bytes says which counts.
    Conflict,
    /// A category that the terms' tree does not know.
    UnknownCategory,
    /// A service fee above the policy's greatest.
    FeeAboveMaximum,
    /// A service fee on a buyer outside the fee's countries.
    FeeOutsideCountries,
    /// A local time that occurs twice or never.
    DoubtfulTime,
    /// An order no version covers.
    Uncovered,
    /// A program that has orders and no terms.
    NoTerms,
    /// A flag whose kind the version in force does not name, and without a decision of the program's.
    UnknownFlagKind,
    /// A placement whose kind the program's policies do not allow.
    PlacementNotAllowed,
    /// A line whose report names a click later than the order.
    ClickAfterOrder,
    /// A line that was ordered or paid more than a day from now.
    DatedAhead,
    /// A payout pays a line that no report has: its reports were taken back.
    PaidWithoutReport,
    /// A row corrects a line that is not there.
    CorrectionAlone,
    /// What corrects a line takes more than it has.
    CorrectedBeyond,
    /// A line that one format keeps under its order's number and another under its own.
    TwoNumbers,
    /// A status word that the mapping of its report does not know: the line is taken as pending.
    UnknownStatus,
    /// The journal of an order is not balanced, or comes to something else than its results.
    Journal,
}

impl Check {
    /// All checks.
    pub const ALL: [Self; 24] = [
        Self::Integrity,
        Self::Schema,
        Self::Facts,
        Self::Seals,
        Self::Archive,
        Self::Quarantine,
        Self::Results,
        Self::Conflict,
        Self::UnknownCategory,
        Self::FeeAboveMaximum,
        Self::FeeOutsideCountries,
        Self::DoubtfulTime,
        Self::Uncovered,
        Self::NoTerms,
        Self::UnknownFlagKind,
        Self::PlacementNotAllowed,
        Self::ClickAfterOrder,
        Self::DatedAhead,
        Self::PaidWithoutReport,
        Self::CorrectionAlone,
        Self::CorrectedBeyond,
        Self::TwoNumbers,
        Self::UnknownStatus,
        Self::Journal,
    ];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Schema => "schema",
            Self::Facts => "facts",
            Self::Seals => "seals",
            Self::Archive => "archive",
            Self::Quarantine => "quarantine",
            Self::Results => "results",
            Self::Conflict => "conflict",
            Self::UnknownCategory => "unknown_category",
            Self::FeeAboveMaximum => "fee_above_maximum",
            Self::FeeOutsideCountries => "fee_outside_countries",
            Self::DoubtfulTime => "doubtful_time",
            Self::Uncovered => "uncovered",
            Self::NoTerms => "no_terms",
            Self::UnknownFlagKind => "unknown_flag_kind",
            Self::PlacementNotAllowed => "placement_not_allowed",
            Self::ClickAfterOrder => "click_after_order",
            Self::DatedAhead => "dated_ahead",
            Self::PaidWithoutReport => "paid_without_report",
            Self::CorrectionAlone => "correction_alone",
            Self::CorrectedBeyond => "corrected_beyond",
            Self::TwoNumbers => "two_numbers",
            Self::UnknownStatus => "unknown_status",
            Self::Journal => "journal",
        }
    }
}

/// How far from now a line may be dated, in seconds: clocks and zones differ.
const DAY: i64 = 86_400;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub check: Check,
    /// The program; empty for a finding about the file.
    pub program: String,
    /// The order, where it is about one, and the line.
    pub line: Option<(No, Option<No>)>,
    /// What was found, with both values.
    pub text: String,
}

/// Runs all checks and tells `each` every finding. `mapped` are the advertisers that have a program by now,
/// which is in seconds since 1970.
///
/// # Errors
///
/// When the ledger cannot be read.
pub fn check(
    ledger: &Ledger,
    (terms, mapped): (&Terms, &Advertisers),
    scope: &Scope,
    now: i64,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    let mut whole = |check, text| each(Finding { check, program: String::new(), line: None, text });
    if !of_the_file(ledger, &mut whole)? {
        // Whatever else were told of a file that is not whole would be guesses.
        return Ok(());
    }
    match check_orders(ledger, (terms, mapped), scope, now, progress, each) {
        // The terms at hand have loaded: these are stored ones, and all that rests on them is in doubt.
        Err(failed) if failed.kind() == ErrorKind::Terms => {
            let first = failed.problems().first().map(|problem| format!(": {}", problem.message));
            let text = format!("{}{}", failed.message(), first.unwrap_or_default());
            each(Finding { check: Check::Results, program: String::new(), line: None, text });
            Ok(())
        }
        checked => checked,
    }
}

/// Runs the checks of results, of the journal and of facts.
fn check_orders(
    ledger: &Ledger,
    (terms, mapped): (&Terms, &Advertisers),
    scope: &Scope,
    now: i64,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    check_results(ledger, scope, progress, each)?;
    let seq = ledger.last_seq()?;
    let mappings = Mappings::of(ledger, terms)?;
    let unmapped = advertisers::without_program(ledger, terms)?;
    for program in ledger.programs()? {
        if !scope.includes_program(&program) {
            continue;
        }
        check_journal(ledger, terms, scope, &program, each)?;
        check_kept(ledger, terms, scope, &program, each)?;
        let standing = Arc::new(ledger.standing(&program, seq)?);
        let mut evaluator = Evaluator::new(&terms.book, &program, &standing);
        let (mut unknown, mut lines) = (BTreeMap::new(), 0);
        let mut pushed = Pushed::of(&mappings, &program);
        let mut scan = Scan::of_all_columns(ledger, &program)?;
        while let Some(order) = scan.next(ledger)? {
            let facts = ledger.counting(&order, seq)?;
            let day = evaluator.as_ref().map_or_else(|| day_in_utc(&facts), |e| e.day(&facts));
            if scope.includes_day(day) && !facts.is_empty() {
                lines += facts.len();
                if let Some(evaluator) = &mut evaluator {
                    check_order((ledger, now), evaluator, &program, &facts, each)?;
                }
                mappings.note_unknown(ledger.words(), &program, &facts, &mut unknown);
                pushed.note(&order.order_no, &facts);
            }
            // A line without a report has no day: it is told whatever month is asked for.
            check_paid((ledger, seq), &program, &order, &facts, each);
            progress.advance(1);
        }
        pushed.tell((ledger, seq), &program, each)?;
        let text = match unmapped.iter().find(|unmapped| unmapped.kept_as == program) {
            Some(unmapped) => {
                let count =
                    if lines == 1 { "1 line is".to_owned() } else { format!("{lines} lines are") };
                let (whose, to_do) = (unmapped.told(), unmapped.to_do(mapped));
                Some(format!("{whose}: {count} unverifiable; {to_do}"))
            }
            None if evaluator.is_none() || terms.is_unmapped(&program) => {
                Some(format!("the ledger has facts of `{program}`, and there are no terms of it"))
            }
            None => None,
        };
        if let Some(text) = text.filter(|_| lines > 0 || evaluator.is_none()) {
            each(Finding { check: Check::NoTerms, program: program.clone(), line: None, text });
        }
        tell_unknown(&program, unknown, each);
    }
    Ok(())
}

/// Adds up again what a run has kept of the months of a program.
fn check_kept(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    program: &str,
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    if scope.days.is_none() && kept_differ(ledger, terms, program)? {
        let text = "the months that `whole_run` keeps are not what the lines come to; \
                    see `feebook rebuild`";
        let (program, text) = (program.to_owned(), text.to_owned());
        each(Finding { check: Check::Facts, program, line: None, text });
    }
    Ok(())
}

/// Tells the status words that the mappings of their reports do not know.
fn tell_unknown(
    program: &str,
    unknown: BTreeMap<(&str, &str), u64>,
    each: &mut dyn FnMut(Finding),
) {
    for ((format, word), lines) in unknown {
        let lines = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
        let text = format!(
            "the status \"{word}\" is none of the words of the format {format}: {lines} taken as pending"
        );
        let program = program.to_owned();
        each(Finding { check: Check::UnknownStatus, program, line: None, text });
    }
}

/// The day of an order of a program that is not known, so that neither is its zone.
fn day_in_utc(facts: &[CountingLine<'_>]) -> Option<NaiveDate> {
    let earliest = facts.iter().flat_map(|line| line.revision.fact.instants()).min()?;
    Some(chrono::DateTime::from_timestamp(earliest, 0)?.date_naive())
}

/// The mappings of today, by the imports that were read with them.
struct Mappings {
    formats: Formats,
    /// The name of each import's format.
    imports: BTreeMap<ImportId, String>,
    /// The programs with reports of more than one format.
    of_several: BTreeSet<String>,
}

impl Mappings {
    fn of(ledger: &Ledger, terms: &Terms) -> Result<Self> {
        // One that does not load is told by whatever reads reports.
        let (formats, _) = Formats::load(&terms.sources);
        let (mut imports, mut by_program) = (BTreeMap::new(), BTreeMap::new());
        for import in ledger.imports()? {
            let formats: &mut BTreeSet<String> = by_program.entry(import.program).or_default();
            formats.insert(import.format.clone());
            imports.insert(import.id, import.format);
        }
        by_program.retain(|_, formats| formats.len() > 1);
        Ok(Self { formats, imports, of_several: by_program.into_keys().collect() })
    }

    /// Counts the lines that are pending by a word of which nobody has said what it means.
    fn note_unknown<'m>(
        &'m self,
        words: &'m Words,
        program: &str,
        facts: &[CountingLine<'_>],
        unknown: &mut BTreeMap<(&'m str, &'m str), u64>,
    ) {
        for line in facts.iter().filter(|line| line.revision.fact.state == State::Pending) {
            let Some(word) = line.revision.fact.status_word else { continue };
            let word = words.text(word);
            let Some(format) = self.imports.get(&line.revision.import_id) else { continue };
            let mapping = self.formats.by_name(format, Some(program));
            if mapping.is_ok_and(|mapping| mapping.keeps_as_unknown(word)) {
                *unknown.entry((format, word)).or_default() += 1;
            }
        }
    }
}

/// Orders of one line that has the order's number: a network's push of a line does not say which order it
/// is of. The same line in the network's report is then another, and counts twice.
struct Pushed<'m> {
    /// None where all reports are of one format.
    mappings: Option<&'m Mappings>,
    orders: HashMap<No, (ImportId, Payment)>,
}

/// When a line was paid, and how much: what tells a line from one that has its number by chance.
type Payment = (Option<i64>, Option<Minor>);

fn payment(fact: &LineFact) -> Payment {
    (fact.paid_at, fact.paid_amount.or(fact.product_price))
}

/// How many such orders are kept.
const PUSHED: usize = 1 << 22;

impl<'m> Pushed<'m> {
    fn of(mappings: &'m Mappings, program: &str) -> Self {
        let mappings = Some(mappings).filter(|known| known.of_several.contains(program));
        Self { mappings, orders: HashMap::new() }
    }

    fn note(&mut self, order_no: &No, facts: &[CountingLine<'_>]) {
        if let (Some(_), [line]) = (self.mappings, facts)
            && line.revision.fact.line_no == *order_no
            && line.revision.fact.state == State::Pending
            && self.orders.len() < PUSHED
        {
            let Revision { import_id, fact, .. } = line.revision;
            self.orders.insert(order_no.clone(), (*import_id, payment(fact)));
        }
    }

    /// Tells those that another format has as a line of another order.
    fn tell(
        &self,
        (ledger, seq): (&Ledger, i64),
        program: &str,
        each: &mut dyn FnMut(Finding),
    ) -> Result<()> {
        let Some(mappings) = self.mappings.filter(|_| !self.orders.is_empty()) else {
            return Ok(());
        };
        let mut scan = Scan::new(ledger, program)?;
        while let Some(order) = scan.next(ledger)? {
            for line in ledger.counting(&order, seq)? {
                let Revision { import_id, fact, .. } = line.revision;
                let Some((pushed, paid)) = self.orders.get(&fact.line_no) else { continue };
                let formats = [pushed, import_id].map(|id| mappings.imports.get(id));
                let [Some(pushed_in), Some(reported_in)] = formats else { continue };
                let (at, amount) = payment(fact);
                let alike =
                    (at.is_some() && at == paid.0) || (amount.is_some() && amount == paid.1);
                if fact.line_no == order.order_no || pushed_in == reported_in || !alike {
                    continue;
                }
                let text = format!(
                    "{pushed_in} (import {pushed}) has the same line as order {}, and it counts twice: \
                     take that import back once {reported_in} has all that it has",
                    fact.line_no
                );
                let line = Some((order.order_no.clone(), Some(fact.line_no.clone())));
                let program = program.to_owned();
                each(Finding { check: Check::TwoNumbers, program, line, text });
            }
        }
        Ok(())
    }
}

/// What is earned by the journal is what the latest results say, and what is owed is that less what
/// was paid.
fn check_journal(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    program: &str,
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    let mut journal = Journal::new(ledger, terms, program)?;
    let mut scan = BookedScan::new(ledger, program)?;
    while let Some(order) = scan.next(ledger)? {
        let last = order.results.last();
        let day = last.and_then(|(result, _)| result.day.or(result.month.map(Month::first_day)));
        if !scope.includes_day(day) {
            continue;
        }
        let (mut earned, mut owed, mut paid) = (0, 0, 0);
        let told = journal.order(ledger, &order, &mut |entry| {
            for leg in &entry.legs {
                match leg.account.kind() {
                    Kind::Income => earned -= leg.amount,
                    _ if leg.account == Account::Unmatched => paid += leg.amount,
                    _ => owed += leg.amount,
                }
            }
            Ok(())
        });
        let total = last.map_or(0, |(result, _)| result.amounts.total());
        let text = match told {
            Err(failed) if failed.kind() == ErrorKind::Internal => failed.message().to_owned(),
            Err(failed) => return Err(failed),
            Ok(()) if (earned, owed) == (total, total - paid) => continue,
            Ok(()) => format!(
                "in minor units, the journal has earned {earned}, owed {owed}; the latest result says \
                 {total}, of which {paid} was paid"
            ),
        };
        let line = Some((order.order_no.clone(), None));
        each(Finding { check: Check::Journal, program: program.to_owned(), line, text });
    }
    Ok(())
}

/// Results that are not what the facts and terms of their runs give.
fn check_results(
    ledger: &Ledger,
    scope: &Scope,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    let mut tell = |breach: Breach| {
        // Plugins are asked again by `verify` only.
        if matches!(breach.held, Held::Plugin | Held::PluginAsked) {
            return;
        }
        let (order, run) = breach.result.map_or((None, 0), |(order, run)| (Some(order), run));
        let order = order.map_or_else(String::new, |order| format!("order {order}, run {run}: "));
        let text = format!("{order}{}", breach.text);
        each(Finding { check: Check::Results, program: breach.program, line: None, text });
    };
    verify_results(ledger, None, scope, progress, &mut tell).map(drop)
}

/// What is wrong with the file as a whole, whatever the scope; whether the rest can be read at all.
fn of_the_file(ledger: &Ledger, tell: &mut dyn FnMut(Check, String)) -> Result<bool> {
    let mut whole = true;
    for text in ledger.integrity()? {
        whole = false;
        tell(Check::Integrity, text);
    }
    ledger.broken_schema()?.into_iter().for_each(|text| tell(Check::Schema, text));
    if !whole {
        return Ok(false);
    }
    ledger.broken_seals()?.into_iter().for_each(|text| tell(Check::Seals, text));
    ledger.broken_sums()?.into_iter().for_each(|text| tell(Check::Facts, text));
    ledger.broken_archives()?.into_iter().for_each(|text| tell(Check::Archive, text));
    for (import, file, rows) in ledger.waiting()? {
        let text = match rows {
            1 => format!("1 row of {file} (import {import}) could not be read and waits"),
            _ => format!("{rows} rows of {file} (import {import}) could not be read and wait"),
        };
        tell(Check::Quarantine, text);
    }
    Ok(true)
}

/// Payments never change, and reports can be taken back under them.
fn check_paid(
    (ledger, seq): (&Ledger, i64),
    program: &str,
    order: &OrderRecord,
    facts: &[CountingLine<'_>],
    each: &mut dyn FnMut(Finding),
) {
    let known = |line_no: &No| facts.iter().any(|line| line.revision.fact.line_no == *line_no);
    for paid in ledger.paid(order, seq).iter().filter(|paid| !known(&paid.line_no)) {
        let (currency, amount) = (paid.currency, paid.currency.written(paid.amount));
        let text = format!("{amount} {currency} was paid of the line, and no report has it");
        let line = Some((order.order_no.clone(), Some(paid.line_no.clone())));
        let program = program.to_owned();
        each(Finding { check: Check::PaidWithoutReport, program, line, text });
    }
}

fn check_order(
    (ledger, now): (&Ledger, i64),
    evaluator: &mut Evaluator,
    program: &str,
    facts: &[CountingLine<'_>],
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    let words = ledger.words();
    let (covering, governing_at, lines) = evaluator.classified(facts, ledger)?;
    let fee_countries: Vec<FeeCountry> = lines.iter().map(|line| line.fee_country).collect();
    let version = evaluator.version(&covering);
    for (line, fee_country) in facts.iter().zip(fee_countries) {
        let fact = &line.revision.fact;
        let mut tell = |check: Check, text: String| {
            each(Finding {
                check,
                program: program.to_owned(),
                line: Some((fact.order_no.clone(), Some(fact.line_no.clone()))),
                text,
            });
        };
        if line.conflict {
            let text = "two reports of the line differ, and neither --as-of, updated_at, state, \
                        instants nor refunds say which is later";
            tell(Check::Conflict, text.to_owned());
        }
        check_corrections(ledger, line, version, &mut tell);
        if fact.doubtful_time {
            let text = "a local time of the row occurs twice or never; the first, or the offset \
                        before the gap, was taken";
            tell(Check::DoubtfulTime, text.to_owned());
        }
        if let (Some(clicked_at), Some(ordered_at)) =
            (fact.clicked_at, fact.ordered_at.or(fact.paid_at))
            && clicked_at > ordered_at
        {
            let zone = evaluator.program().zone();
            let (click, order) = (zone::written(zone, clicked_at), zone::written(zone, ordered_at));
            tell(Check::ClickAfterOrder, format!("clicked at {click}, ordered at {order}"));
        }
        let dated = fact.ordered_at.max(fact.paid_at).filter(|at| *at > now.saturating_add(DAY));
        if let Some(dated) = dated {
            let zone = evaluator.program().zone();
            let (dated, now) = (zone::written(zone, dated), zone::written(zone, now));
            tell(Check::DatedAhead, format!("the order is of {dated}, and now it is {now}"));
        }
        if let crate::run::Covering::Uncovered(no_cover) = &covering {
            tell(Check::Uncovered, format!("no terms in force: {no_cover}"));
        }
        if let Some(version) = version {
            check_line(version, fact, fee_country, words, &mut tell);
        }
        if let (Some(version), Some(at)) = (version, governing_at) {
            let around = evaluator.circumstances(line, at, words);
            check_flags(version, &around.flags, &mut tell);
            check_placement(evaluator.program(), around.placement_kind, &mut tell);
        }
    }
    Ok(())
}

/// A correction that waits for its line, and corrections that take more than their line has.
fn check_corrections(
    ledger: &Ledger,
    line: &CountingLine<'_>,
    version: Option<&Version>,
    tell: &mut dyn FnMut(Check, String),
) {
    let policy = version.map(Version::currency);
    if line.is_alone() {
        tell(Check::CorrectionAlone, correction::told_alone(ledger, line, policy));
    }
    let Some(beyond) = line.corrected.and_then(|corrected| corrected.beyond) else { return };
    let currency = amounts_in(&line.revision.fact, ledger.words(), policy);
    let amount = written(beyond, currency.map_or(2, |currency| currency.decimals()));
    let text = format!(
        "what corrects the line takes {amount} more than it has: is one of the rows of another line?"
    );
    tell(Check::CorrectedBeyond, text);
}

fn check_line(
    version: &Version,
    fact: &LineFact,
    fee_country: FeeCountry,
    words: &Words,
    tell: &mut dyn FnMut(Check, String),
) {
    if let Some(category) = fact.category {
        let id = words.text(category);
        if version.has_tree() && !version.knows_category(id) {
            let tree = version.tree().map_or("", |tree| tree.source().shown());
            tell(Check::UnknownCategory, format!("category {id} is not in {tree}"));
        }
    }
    check_fee(version, fact, fee_country, words, tell);
}

/// Rule 11: a kind that the version does not name has no effect, and must not be overlooked.
fn check_flags(version: &Version, flags: &[&Flag], tell: &mut dyn FnMut(Check, String)) {
    for flag in flags.iter().filter(|flag| flag.effect.is_none()) {
        let mut kinds: Vec<&str> =
            version.flags().iter().map(|entry| entry.label.as_str()).collect();
        if kinds.contains(&flag.kind.as_str()) {
            continue;
        }
        kinds.sort_unstable();
        kinds.dedup();
        let names = if kinds.is_empty() { "no kind".to_owned() } else { kinds.join(", ") };
        let (id, kind, file) = (flag.id, &flag.kind, version.source().shown());
        let text = format!("flag {id} is of kind {kind} and has no effect: {file} names {names}");
        tell(Check::UnknownFlagKind, text);
    }
}

/// A placement of a kind that the program's policies forbid.
fn check_placement(
    program: &Program,
    kind: Option<&DatedFact>,
    tell: &mut dyn FnMut(Check, String),
) {
    let Some(fact) = kind else { return };
    let Some(told) = program.placement_leave(&fact.value) else { return };
    if told.leave.is_allowed() != Some(false) {
        return;
    }
    let said_by = told.words().map_or_else(String::new, |words| format!(": {words}"));
    let (placement, kind) = (&fact.subject, &fact.value);
    let text =
        format!("placement {placement} is of kind {kind}, which the program forbids{said_by}");
    tell(Check::PlacementNotAllowed, text);
}

/// Rule 7: a fee above the policy's greatest, or on a buyer outside its countries.
fn check_fee(
    version: &Version,
    fact: &LineFact,
    fee_country: FeeCountry,
    words: &Words,
    tell: &mut dyn FnMut(Check, String),
) {
    let declined = matches!(fact.state, State::Declined | State::Reversed);
    let Some(fee) = fact.service_fee.filter(|fee| *fee > Minor::ZERO && !declined) else { return };
    let Some(policy) = version.terms().service_fee else { return };
    let shown = |amount: Minor| written(amount.get(), version.currency().decimals());
    let price = fact
        .product_price
        .and_then(|price| price.times(fact.quantity))
        .or(fact.final_amount.or(fact.paid_amount).map(|paid| paid.less(fee)));
    if let Some(price) = price {
        let greatest = price.share(policy.max, Rounding::HalfUp);
        if fee > greatest {
            let max = percent(policy.max);
            let text = format!(
                "service fee {} is above {max} of {}, which is {}",
                shown(fee),
                shown(price),
                shown(greatest)
            );
            tell(Check::FeeAboveMaximum, text);
        }
    }
    if fee_country == FeeCountry::Outside {
        let ship_to = fact.ship_to.map_or("", |word| words.text(word));
        let text = format!("service fee {} on a buyer in {ship_to}, where none is due", shown(fee));
        tell(Check::FeeOutsideCountries, text);
    }
}
