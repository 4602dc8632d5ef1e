//! The journal's promises, whatever comes in whatever order: it is balanced and comes to what the
//! results and payments say, nothing of it ever changes, and a closed month stays as it was closed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_core::closing::{ToClose, close};
use feebook_core::comparison::{Compared, compare};
use feebook_core::error::ErrorKind;
use feebook_core::exchange::PublishedRate;
use feebook_core::fact::{LineFact, No};
use feebook_core::journal::{Account, Journal, Kind, Leg, Source, journal};
use feebook_core::ledger::{
    Amounts, Begun, Ledger, NewImport, NewRates, Removal, RunId, Scan, StoredResult,
};
use feebook_core::payout::{Allotment, Payment, Payout, Transfer};
use feebook_core::run::{Scope, Terms, Unwatched, recompute};
use feebook_core::standing::{Flag, FlagSubject};
use feebook_core::statement::{By, statement};
use feebook_kernel::{Effect, Minor, State};
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;
use feebook_schedule::{Book, Source as Text};
use proptest::prelude::*;

const PROGRAM: &str = "example";
const DAY: i64 = 86_400;
/// 2024-08-01T12:00:00+02:00.
const AUGUST: i64 = 1_722_506_400;

/// The shipped example program, with some of its newest version replaced.
fn terms(changes: &[(&str, &str)]) -> Terms {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schedules").join(PROGRAM);
    let mut sources = Vec::new();
    for entry in fs::read_dir(&folder).expect("the example program is there") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let mut text = fs::read_to_string(&path).expect("a text");
            if name == "2024-07-01.toml" {
                for (old, new) in changes {
                    text = text.replace(old, new);
                }
            }
            sources.push(Text::new(format!("{PROGRAM}/{name}"), name, text));
        }
    }
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Terms { book: Arc::new(book), sources: sources.into(), plugins: None }
}

fn no(number: u8) -> No {
    No::parse(&number.to_string()).expect("a number")
}

/// A line as a report has it.
#[derive(Clone, Debug)]
struct Row {
    order: u8,
    line: u8,
    state: State,
    price: i64,
    /// Days after 1 August 2024.
    day: i64,
}

/// A step.
#[derive(Clone, Debug)]
enum Step {
    Import(Vec<Row>),
    TakeBack(i64),
    Flag(u8, Effect),
    /// With the first rate of the terms, in percent with one decimal.
    Recompute(u8),
    /// The next month, or one so many later.
    Close(u8),
    /// Amounts by order and line, what is left over, the fee, whether it is exchanged.
    Pay(Vec<(u8, u8, i64)>, i64, i64, bool),
    /// A payout that is there pays more: an order and line, and an amount.
    Match(i64, u8, u8, i64),
    Fail(i64),
    Remove(i64),
    /// What a dollar is worth from August on, in hundredths of a krone.
    Rates(i64),
}

/// A ledger and the hour.
struct Desk {
    ledger: Ledger,
    terms: Terms,
    now: i64,
    imports: u8,
    next_close: Month,
}

impl Desk {
    fn new() -> Self {
        let ledger = Ledger::in_memory().expect("a ledger");
        let next_close = Month::parse("2024-08").expect("a month");
        Self { ledger, terms: terms(&[]), now: AUGUST + 40 * DAY, imports: 0, next_close }
    }

    fn import(&mut self, rows: &[Row]) {
        self.imports += 1;
        let new = NewImport {
            program: PROGRAM,
            file: "report.csv",
            file_digest: [self.imports; 32],
            format: "feebook",
            format_digest: [0; 32],
            as_of: Some(self.now),
            imported_at: self.now,
        };
        let begun = self.ledger.begin_import(&new).expect("begins");
        let Begun::Started(mut pending) = begun else { return };
        for row in rows {
            let mut fact = LineFact::new(no(row.order), no(row.line), row.state);
            let words = pending.words();
            fact.paid_at = Some(AUGUST + row.day * DAY);
            fact.product_price = Minor::new(row.price);
            fact.currency = Some(words.intern("USD"));
            fact.seller_country = Some(words.intern("CN"));
            fact.host = Some(words.intern("www.example.com"));
            fact.ship_to = Some(words.intern("ES"));
            fact.category = Some(words.intern("163"));
            fact.new_buyer = Some(row.order % 2 == 0);
            pending.append(fact).expect("appended");
        }
        pending.keep().expect("kept");
    }

    /// Every order that a run says it adjusts has an entry that does, and no other has.
    fn recompute(&mut self) -> Option<RunId> {
        let (ledger, all) = (&mut self.ledger, Scope::default());
        let report = recompute(ledger, &self.terms, &all, self.now, &mut Unwatched, &mut |_| {});
        let report = report.expect("recomputed");
        let adjusted = report.adjusted.iter().map(|adjusted| (adjusted.month, adjusted.orders));
        let adjusted: BTreeMap<Month, u64> = adjusted.collect();
        let mut entries: BTreeMap<Month, BTreeSet<No>> = BTreeMap::new();
        journal(&self.ledger, &self.terms, &all, &mut Unwatched, &mut |entry| {
            let run = report.run_id.map(Source::Run);
            if let (Some(month), Some(order)) = (entry.dated.adjusts, entry.order_no)
                && run == Some(entry.source)
            {
                entries.entry(month).or_default().insert(order.clone());
            }
            Ok(())
        })
        .expect("a journal");
        let entries: BTreeMap<Month, u64> = entries
            .iter()
            .map(|(month, orders)| (*month, u64::try_from(orders.len()).unwrap_or(u64::MAX)))
            .collect();
        assert_eq!(adjusted, entries);
        report.run_id
    }

    fn publish(&mut self, hundredths: i64) {
        self.imports += 1;
        let rate = |days: i64| PublishedRate {
            base: currency_usd(),
            quote: currency("NOK"),
            on: day(AUGUST + days * DAY),
            rate: hundredths * 10_000_000,
            source: "a bank".to_owned(),
        };
        let rates: Vec<PublishedRate> = (0..60).map(|week| rate(week * 7)).collect();
        let new = NewRates {
            file: "rates.csv",
            file_digest: [self.imports; 32],
            format: "feebook",
            imported_at: self.now,
            rejected: 0,
        };
        self.ledger.add_rates(&new, &rates).expect("published");
    }

    /// Closes the next month, or one so many later, if that may be.
    fn close(&mut self, over: u8) -> bool {
        let (month, now) = (Month::from_index(self.next_close.index() + i32::from(over)), self.now);
        let asked = ToClose { month, program: Some(PROGRAM), who: None, note: None, now };
        match close(&mut self.ledger, &self.terms, &asked, &mut Unwatched) {
            Ok(_) => {
                self.next_close = Month::from_index(month.index() + 1);
                true
            }
            Err(refused) => {
                assert_eq!(refused.kind(), ErrorKind::Usage, "{refused}");
                false
            }
        }
    }

    fn pay(&mut self, pays: &[(u8, u8, i64)], left: i64, fee: i64, exchanged: bool) {
        let sum: i64 = pays.iter().map(|(_, _, amount)| amount).sum();
        let amount = sum.max(0) + left + fee + 1;
        let net = Minor::new(amount - fee).expect("an amount");
        let nok = (Minor::new(net.get() * 10 + 7).expect("an amount"), currency("NOK"));
        let payout = Payout {
            received: Some(if exchanged { nok } else { (net, currency("USD")) }),
            ..payout(amount, fee, self.now)
        };
        let allotments: Vec<Allotment> = pays
            .iter()
            .filter(|(_, _, amount)| *amount != 0)
            .map(|(order, line, amount)| Allotment {
                order_no: no(*order),
                line_no: no(*line),
                amount: *amount,
            })
            .collect();
        self.ledger.add_payout(PROGRAM, &payout, self.now, |_| Ok(allotments)).expect("paid");
    }

    fn step(&mut self, step: &Step) {
        self.now += 9 * DAY;
        match step {
            Step::Import(rows) => self.import(rows),
            // One that there is not, or that was taken back, is refused.
            Step::TakeBack(id) => drop(self.ledger.withdraw(*id, self.now)),
            Step::Flag(order, effect) => {
                let flag = Flag {
                    id: 0,
                    subject: FlagSubject::Order(no(*order)),
                    kind: "fraud".to_owned(),
                    effect: Some(*effect),
                    reason: "a story".to_owned(),
                    flagged_on: day(self.now),
                    who: None,
                };
                self.ledger.add_flag(PROGRAM, &flag, self.now).expect("flagged");
            }
            Step::Recompute(rate) => {
                let rate = format!("rate = \"{}.{}%\"", rate / 10, rate % 10);
                self.terms = terms(&[("rate = \"5.5%\"", &rate)]);
                self.recompute();
            }
            Step::Close(over) => drop(self.close(*over)),
            Step::Pay(pays, left, fee, exchanged) => self.pay(pays, *left, *fee, *exchanged),
            Step::Match(id, order, line, amount) => {
                let (now, amount) = (self.now, *amount);
                let paid = self.ledger.add_payments(*id, now, |_, _, left| {
                    let amount = amount.min(left.get());
                    let allotment = Allotment { order_no: no(*order), line_no: no(*line), amount };
                    Ok(if amount == 0 { Vec::new() } else { vec![allotment] })
                });
                // One that there is not, or that was taken back, is refused.
                drop(paid);
            }
            Step::Rates(hundredths) => self.publish(*hundredths),
            Step::Fail(fee) => {
                let failed =
                    Payout { transfer: Transfer::Failed, ..payout(fee + 1, *fee, self.now) };
                self.ledger
                    .add_payout(PROGRAM, &failed, self.now, |_| Ok(Vec::new()))
                    .expect("told");
            }
            Step::Remove(id) => {
                let reason = "a story".to_owned();
                let removal = Removal { removed_at: self.now, reason, who: None };
                drop(self.ledger.remove_payout(*id, &removal));
            }
        }
    }

    /// What the ledger has, to be compared with what it has after another step.
    fn seen(&self) -> Seen {
        let mut entries = Vec::new();
        let mut of_payouts: BTreeMap<_, Vec<Vec<Leg>>> = BTreeMap::new();
        let scope = Scope::default();
        journal(&self.ledger, &self.terms, &scope, &mut Unwatched, &mut |entry| {
            let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
            for leg in &entry.legs {
                *sums.entry(leg.currency).or_default() += leg.amount;
            }
            assert!(sums.values().all(|sum| *sum == 0), "{entry:?}");
            if let Some(order_no) = entry.order_no {
                let key = (entry.source, order_no.clone());
                of_payouts.entry(key).or_default().push(entry.legs.clone());
            }
            let is_run = matches!(entry.source, Source::Run(_));
            let text = format!("{:?}", (entry.order_no, entry.source, entry.dated, &entry.legs));
            let legs = entry.legs.iter().map(|leg| (leg.account, leg.currency, leg.amount));
            let time = (entry.seq, is_run, entry.source);
            entries.push((time, text, entry.dated.on, legs.collect()));
            Ok(())
        })
        .expect("a journal");
        entries.sort_by_key(|(time, ..)| *time);
        assert_mirrored(&of_payouts);
        let mut scan = Scan::new(&self.ledger, PROGRAM).expect("a scan");
        let mut rows = BTreeMap::new();
        let mut earned = [0; 4];
        while let Some(order) = scan.next(&self.ledger).expect("an order") {
            if let Some(result) = order.results.last() {
                let Amounts { pending, approved, settled, held } = &result.amounts;
                for part in [pending, approved, settled, held] {
                    let of = [part.commission, part.incentive, part.bonus, -part.withheld];
                    earned = std::array::from_fn(|at| earned[at] + of[at]);
                }
            }
            rows.insert(order.order_no, (order.results, order.payments));
        }
        let payouts = self.ledger.payouts().expect("the payouts");
        let counting = payouts.iter().filter(|payout| payout.removal.is_none());
        let pays = |id| self.ledger.payments_of(id).expect("the payments").into_iter();
        let paid = counting.flat_map(|payout| pays(payout.fact.id)).map(|paid| paid.amount).sum();
        Seen { entries, rows, earned, paid }
    }
}

/// What a payout posted of an order is mirrored, entry by entry, where it was taken back.
fn assert_mirrored(posted: &BTreeMap<(Source, No), Vec<Vec<Leg>>>) {
    for ((source, order_no), removed) in posted {
        let Source::Removal(id) = source else { continue };
        for legs in &posted[&(Source::Payout(*id), order_no.clone())] {
            let mirrored = legs.iter().map(|leg| Leg { amount: -leg.amount, ..*leg });
            let mirrored: Vec<Leg> = mirrored.collect();
            assert!(removed.contains(&mirrored), "{mirrored:?} of {removed:?}");
        }
    }
}

type Legs = Vec<(Account, Currency, i64)>;

/// The ledger's time of an entry: a run comes after all that it saw.
type Time = (i64, bool, Source);

/// Amounts by account.
type Sums = BTreeMap<(Account, Currency), i64>;

/// What the ledger had at a time.
struct Seen {
    /// The entries by the ledger's time: as text, with their days and amounts.
    entries: Vec<(Time, String, NaiveDate, Legs)>,
    rows: BTreeMap<No, (Vec<StoredResult>, Vec<Payment>)>,
    /// What the latest results say, in minor units: commission, incentive, bonus, and what the cap took
    /// of them below zero.
    earned: [i64; 4],
    /// What was paid and counts.
    paid: i64,
}

impl Seen {
    fn sum(&self, of: impl Fn(Account) -> bool) -> i64 {
        let legs = self.entries.iter().flat_map(|(_, _, _, legs)| legs);
        let usd = legs.filter(|(account, currency, _)| of(*account) && *currency == currency_usd());
        usd.map(|(_, _, amount)| amount).sum()
    }

    /// What stands at the end of a month, by account.
    fn at_the_end_of(&self, month: Month) -> Sums {
        let mut sums = BTreeMap::new();
        for (_, _, on, legs) in &self.entries {
            for (account, currency, amount) in legs.iter().filter(|_| Month::of(*on) <= month) {
                *sums.entry((*account, *currency)).or_default() += amount;
            }
        }
        sums
    }
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn currency_usd() -> Currency {
    currency("USD")
}

fn day(at: i64) -> NaiveDate {
    feebook_schedule::zone::day(chrono_tz::Tz::Europe__Oslo, at)
}

fn payout(amount: i64, fee: i64, now: i64) -> Payout {
    Payout {
        id: 0,
        payout_no: None,
        // Told of a month late.
        paid_on: day(now - 31 * DAY),
        transfer: Transfer::Arrived,
        amount: Minor::new(amount).expect("an amount"),
        currency: currency_usd(),
        received: None,
        fee: Minor::new(fee).expect("a fee"),
        covers: None,
        note: None,
        file: None,
        seq: 0,
    }
}

/// The accounts of each part of what is earned, in the order of [`Seen::earned`].
const INCOME: [&[Account]; 4] = [
    &[Account::Commission, Account::CommissionReversed],
    &[Account::Incentive, Account::IncentiveReversed],
    &[Account::Bonus, Account::BonusReversed],
    &[Account::Withheld],
];

fn is_owed(account: Account) -> bool {
    use Account::{Approved, Difference, Held, Pending, Settled};
    matches!(account, Pending | Approved | Settled | Held | Difference)
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..5_usize, 1..=4_u8, 1..=2_u8, 1..=1_500_i64, 0..100_i64);
    let row = row.prop_map(|(state, order, line, euros, day)| Row {
        order,
        line,
        state: [State::Pending, State::Approved, State::Settled, State::Declined, State::Reversed]
            [state],
        price: euros * 100,
        day,
    });
    prop::collection::vec(row, 1..5)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let effect =
        prop::sample::select(vec![Effect::Hold, Effect::Disqualify, Effect::WithholdBonus]);
    let pays = prop::collection::vec((1..=4_u8, 1..=2_u8, -500..4_000_i64), 0..3);
    let step = prop_oneof![
        3 => rows().prop_map(Step::Import),
        1 => (1..6_i64).prop_map(Step::TakeBack),
        1 => (1..=4_u8, effect).prop_map(|(order, effect)| Step::Flag(order, effect)),
        4 => prop::sample::select(vec![55_u8, 55, 40, 70]).prop_map(Step::Recompute),
        3 => prop::sample::select(vec![0_u8, 0, 1]).prop_map(Step::Close),
        2 => (pays, 0..500_i64, 0..1_500_i64, any::<bool>())
            .prop_map(|(pays, left, fee, exchanged)| Step::Pay(pays, left, fee, exchanged)),
        1 => (1..1_500_i64).prop_map(Step::Fail),
        1 => (1..5_i64).prop_map(Step::Remove),
        2 => (1..5_i64, 1..=4_u8, 1..=2_u8, 1..400_i64)
            .prop_map(|(id, order, line, amount)| Step::Match(id, order, line, amount)),
        1 => (900..1_100_i64).prop_map(Step::Rates),
    ];
    prop::collection::vec(step, 4..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_journal_is_balanced_ties_and_only_grows(steps in steps()) {
        let mut desk = Desk::new();
        let mut before = desk.seen();
        let mut closed: BTreeMap<Month, (Option<RunId>, Sums)> = BTreeMap::new();
        for step in &steps {
            let open = desk.next_close;
            desk.step(step);
            let after = desk.seen();
            // Nothing of the past changes.
            prop_assert!(after.entries.len() >= before.entries.len());
            for (old, new) in before.entries.iter().zip(&after.entries) {
                prop_assert_eq!(&old.1, &new.1, "{:?}", step);
            }
            for (order_no, (results, payments)) in &before.rows {
                let (new_results, new_payments) = &after.rows[order_no];
                prop_assert_eq!(&new_results[..results.len()], &results[..]);
                for payment in payments {
                    prop_assert!(new_payments.contains(payment));
                }
            }
            // It ties to the results, part by part, and to the payments.
            for (accounts, earned) in INCOME.iter().zip(after.earned) {
                prop_assert_eq!(after.sum(|one| accounts.contains(&one)), -earned, "{:?}", accounts);
            }
            let earned = after.earned.iter().sum::<i64>();
            prop_assert_eq!(after.sum(|account| account.kind() == Kind::Income), -earned);
            prop_assert_eq!(after.sum(is_owed), earned - after.paid);
            // What stands at the end of a closed month stands so for ever.
            for month in (open.index()..desk.next_close.index()).map(Month::from_index) {
                let sums = after.at_the_end_of(month);
                closed.insert(month, (desk.ledger.last_run().expect("a run"), sums));
            }
            for (month, (_, sums)) in &closed {
                prop_assert_eq!(&after.at_the_end_of(*month), sums, "{} after {:?}", month, step);
            }
            before = after;
        }
        // What changed in a closed month from one run to another was posted as adjustments.
        let runs = desk.ledger.runs().expect("the runs");
        for (month, (closing_run, _)) in &closed {
            for a in runs.iter().filter(|run| Some(run.id) >= *closing_run) {
                for b in runs.iter().filter(|run| run.id > a.id) {
                    let asked = Compared {
                        before: a.id,
                        after: b.id,
                        program: None,
                        month: Some(*month),
                    };
                    let (ledger, terms) = (&desk.ledger, &desk.terms);
                    let totals =
                        compare(ledger, terms, &asked, &mut Unwatched, &mut |_, _| Ok(()));
                    for (_, total) in totals.expect("compared") {
                        prop_assert_eq!(total.after - total.before, total.adjusted);
                    }
                }
            }
        }
    }
}

fn row(order: u8, state: State, price: i64, day: i64) -> Row {
    Row { order, line: 1, state, price, day }
}

#[test]
fn what_was_paid_of_an_order_that_comes_to_nothing_moves_where_it_stood() {
    let mut desk = Desk::new();
    desk.step(&Step::Import(vec![row(3, State::Pending, 100, 31)]));
    desk.step(&Step::Recompute(55));
    desk.step(&Step::Close(0));
    assert_eq!(Some(desk.next_close), Month::parse("2024-09"), "August is closed");
    desk.step(&Step::Pay(vec![(3, 1, 1)], 0, 0, false));
    // It goes from September into August, where nothing is earned: no order of August is adjusted,
    // and `recompute` asserts that the journal says so too.
    let moved = [row(3, State::Declined, 100, 0), row(1, State::Declined, 100, 1)];
    desk.step(&Step::Import(moved.to_vec()));
    desk.step(&Step::Recompute(55));
}

/// What a statement by month says as of a day: month, approved, settled, paid.
fn said(desk: &Desk, as_of: Option<&str>) -> Vec<(String, i64, i64, i64)> {
    let as_of = as_of.map(|text| text.parse().expect("a day"));
    let scope = Scope { as_of, ..Scope::default() };
    let statement = statement(&desk.ledger, &desk.terms, &scope, By::Month, &mut Unwatched);
    let groups = statement.expect("a statement").groups.into_iter();
    groups
        .map(|(key, totals, _)| (key.group, totals.approved, totals.settled, totals.paid))
        .collect()
}

#[test]
fn a_closed_month_is_adjusted_and_what_was_said_then_can_be_said_again() {
    let mut desk = Desk::new();
    desk.now = AUGUST + 35 * DAY; // 5 September
    desk.import(&[row(1, State::Approved, 100_00, 5), row(3, State::Pending, 50_00, 35)]);
    assert_eq!(desk.recompute(), Some(1));
    assert!(desk.close(0), "August is over and computed");
    assert!(!desk.close(0), "September is not over");
    desk.now = AUGUST + 50 * DAY; // 20 September
    desk.pay(&[(1, 1, 5_50)], 0, 0, false);
    desk.now = AUGUST + 65 * DAY; // 5 October
    desk.import(&[row(1, State::Reversed, 100_00, 5), row(5, State::Settled, 20_00, 6)]);
    assert!(desk.close(0), "September is over, and what waits is of August, which is closed");
    assert_eq!(desk.recompute(), Some(2));

    let august = |approved, settled, paid| ("2024-08".to_owned(), approved, settled, paid);
    let september = ("2024-09".to_owned(), 0, 0, 0);
    assert_eq!(said(&desk, None), [august(0, 1_10, 5_50), september.clone()]);
    assert_eq!(said(&desk, Some("2024-10-04")), [august(5_50, 0, 5_50), september.clone()]);
    assert_eq!(said(&desk, Some("2024-09-19")), [august(5_50, 0, 0), september]);
    assert_eq!(said(&desk, Some("2024-09-04")), []);

    let mut adjustments = Vec::new();
    let scope = Scope::default();
    journal(&desk.ledger, &desk.terms, &scope, &mut Unwatched, &mut |entry| {
        if let Some(month) = entry.dated.adjusts {
            let income = entry.legs.iter().filter(|leg| leg.account.kind() == Kind::Income);
            let income = income.map(|leg| -leg.amount).sum::<i64>();
            adjustments.push((entry.source, month.to_string(), entry.dated.on, income));
        }
        Ok(())
    })
    .expect("a journal");
    // What was paid in August was told of after it was closed, too.
    let of_august = |source, on: &str, earned| {
        (source, "2024-08".to_owned(), on.parse::<NaiveDate>().expect("a day"), earned)
    };
    assert_eq!(
        adjustments,
        [
            of_august(Source::Payout(1), "2024-09-20", 0),
            of_august(Source::Run(2), "2024-10-05", -5_50),
            // It was paid: what was paid is owed back.
            of_august(Source::Run(2), "2024-10-05", 0),
            of_august(Source::Run(2), "2024-10-05", 1_10),
            of_august(Source::Payout(1), "2024-09-20", 0),
        ]
    );
}

#[test]
fn a_payment_is_said_from_the_day_on_which_it_was_matched() {
    let mut desk = Desk::new();
    desk.now = AUGUST + 35 * DAY; // 5 September
    desk.import(&[row(1, State::Settled, 100_00, 5)]);
    desk.recompute();
    desk.now = AUGUST + 50 * DAY; // 20 September
    desk.pay(&[], 9_00, 0, false);
    desk.now = AUGUST + 65 * DAY; // 5 October
    desk.step(&Step::Match(1, 1, 1, 4_00)); // 14 October
    let paid = |as_of| said(&desk, as_of).into_iter().map(|(.., paid)| paid).collect::<Vec<_>>();
    assert_eq!(paid(None), [4_00]);
    assert_eq!(paid(Some("2024-10-14")), [4_00]);
    assert_eq!(paid(Some("2024-10-13")), [0]);
    assert_eq!(paid(Some("2024-09-20")), [0]);
    assert!(desk.close(0));
    // The payout was told of in time, what it pays was not.
    desk.step(&Step::Match(1, 1, 1, 1_00));
    let mut days = Vec::new();
    let scope = Scope::default();
    journal(&desk.ledger, &desk.terms, &scope, &mut Unwatched, &mut |entry| {
        days.push((entry.source, entry.dated.on.to_string()));
        Ok(())
    })
    .expect("a journal");
    let on = |source, day: &str| (source, day.to_owned());
    assert_eq!(
        days,
        [
            on(Source::Run(1), "2024-08-06"),
            on(Source::Payout(1), "2024-08-20"),
            on(Source::Payout(1), "2024-10-23"),
            on(Source::Payout(1), "2024-08-20"),
        ]
    );
}

#[test]
fn a_rate_that_comes_after_a_payout_is_booked_when_it_comes() {
    let mut desk = Desk::new();
    desk.import(&[row(1, State::Settled, 100_00, 5)]);
    desk.pay(&[], 9_00, 0, true);
    let result = |desk: &Desk| {
        let mut results = Vec::new();
        let scope = Scope::default();
        journal(&desk.ledger, &desk.terms, &scope, &mut Unwatched, &mut |entry| {
            let of = entry.legs.iter().filter(|leg| leg.account == Account::ExchangeResult);
            results.push(of.map(|leg| leg.amount).sum::<i64>());
            Ok(())
        })
        .expect("a journal");
        results
    };
    // 9.01 USD were paid out and 90.17 NOK arrived.
    assert_eq!(result(&desk), [0]);
    desk.step(&Step::Rates(10_50));
    assert_eq!(result(&desk), [0, 94_61 - 90_17]);
    desk.step(&Step::Rates(10_00));
    assert_eq!(result(&desk), [0, 94_61 - 90_17, 90_10 - 94_61]);
    desk.step(&Step::Remove(1));
    assert_eq!(result(&desk).into_iter().sum::<i64>(), 0);
    desk.step(&Step::Rates(9_00));
    assert_eq!(result(&desk).len(), 4, "what was taken back moves no more");
}

#[test]
fn an_entry_of_an_order_without_results_is_told_too() {
    let mut desk = Desk::new();
    desk.import(&[row(1, State::Approved, 100_00, 5)]);
    desk.pay(&[(1, 1, 1_00), (4, 1, 2_00)], 0, 0, false);
    let mut told = Vec::new();
    let mut of = Journal::new(&desk.ledger, &desk.terms, PROGRAM).expect("a journal");
    of.walk(&desk.ledger, &mut Unwatched, &mut |entry| {
        told.push(entry.order_no.cloned());
        Ok(())
    })
    .expect("told");
    assert_eq!(told, [Some(no(1)), Some(no(4)), None]);
}
