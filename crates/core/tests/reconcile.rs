//! Every diagnosis is seeded among ten thousand orders that agree, and found; nothing else is.
//!
//! The amounts of the seeds are worked out by hand from the invented terms; those of the others are
//! what a run finds, reported and paid to the cent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use feebook_core::fact::{LineFact, No};
use feebook_core::ledger::{Begun, Ledger, NewImport};
use feebook_core::lines::{Found, lines};
use feebook_core::payout::{Allotment, Payout, Transfer};
use feebook_core::reconcile::{Asked, Diagnosis, Finding, Kind, Reconciled, Tolerance, reconcile};
use feebook_core::run::{Scope, Terms, Unwatched, recompute};
use feebook_core::words::Words;
use feebook_kernel::{Minor, State};
use feebook_schedule::{Book, Currency, Source, zone};

const PROGRAM: &str = "example";

/// The shipped example program; lines of its second edition are void after 180 days.
fn terms() -> Terms {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schedules").join(PROGRAM);
    let mut sources = Vec::new();
    for entry in fs::read_dir(&folder).expect("the example program is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut text = fs::read_to_string(&path).expect("a text");
        if name == "2023-10-01.toml" {
            let key = "attribution_window = \"P3D\"\n";
            assert!(text.contains(key));
            text = text.replacen(key, &format!("{key}expires_after = \"P180D\"\n"), 1);
        }
        sources.push(Source::new(format!("{PROGRAM}/{name}"), name, text));
    }
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Terms { book: Arc::new(book), sources: sources.into(), plugins: None }
}

fn at(text: &str) -> i64 {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").expect("a time");
    zone::instant(zone::parse("Europe/Oslo").expect("a zone"), local).0
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// One reported line.
#[derive(Clone, Debug)]
struct Reported {
    order: i64,
    line: i64,
    state: State,
    paid_at: i64,
    updated_at: Option<i64>,
    price: Option<i64>,
    paid_amount: Option<i64>,
    final_amount: Option<i64>,
    refunded: Option<i64>,
    fee: Option<i64>,
    category: &'static str,
    ship_to: &'static str,
    seller: &'static str,
    amount_currency: &'static str,
    new_buyer: bool,
    commission: Option<i64>,
    bonus: Option<i64>,
}

impl Reported {
    /// An approved line of 100.00 that earns 5.50 under the third edition.
    fn new(order: i64, paid_at: &str) -> Self {
        Self {
            order,
            line: 1,
            state: State::Approved,
            paid_at: at(paid_at),
            updated_at: None,
            price: Some(100_00),
            paid_amount: None,
            final_amount: None,
            refunded: None,
            fee: None,
            category: "163",
            ship_to: "NO",
            seller: "CN",
            amount_currency: "USD",
            new_buyer: false,
            commission: None,
            bonus: None,
        }
    }

    fn gives(self, commission: i64) -> Self {
        Self { commission: Some(commission), ..self }
    }

    fn fact(&self, words: &mut Words) -> LineFact {
        let mut fact = LineFact::new(No::Digits(self.order), No::Digits(self.line), self.state);
        let minor = |amount: Option<i64>| amount.and_then(Minor::new);
        fact.paid_at = Some(self.paid_at);
        fact.updated_at = self.updated_at;
        fact.product_price = minor(self.price);
        fact.paid_amount = minor(self.paid_amount);
        fact.final_amount = minor(self.final_amount);
        fact.refunded = minor(self.refunded);
        fact.service_fee = minor(self.fee);
        fact.category = Some(words.intern(self.category));
        fact.ship_to = Some(words.intern(self.ship_to));
        fact.seller_country = Some(words.intern(self.seller));
        fact.host = Some(words.intern("www.example.com"));
        fact.currency = Some(words.intern("USD"));
        fact.amount_currency = Some(words.intern(self.amount_currency));
        fact.new_buyer = Some(self.new_buyer);
        fact.reported_commission = self.commission;
        fact.reported_bonus = self.bonus;
        fact
    }
}

fn import(ledger: &mut Ledger, name: u8, rows: &[Reported]) {
    let new = NewImport {
        program: PROGRAM,
        file: "report.csv",
        file_digest: [name; 32],
        format: "feebook",
        format_digest: [0; 32],
        as_of: None,
        imported_at: 0,
    };
    match ledger.begin_import(&new).expect("the import begins") {
        Begun::Already { .. } => unreachable!("another file"),
        Begun::Started(mut pending) => {
            for row in rows {
                let fact = row.fact(pending.words());
                pending.append(fact).expect("appended");
            }
            pending.keep().expect("kept");
        }
    }
}

fn run(ledger: &mut Ledger, terms: &Terms) {
    let all = Scope::default();
    recompute(ledger, terms, &all, 0, &mut Unwatched, &mut |_| {}).expect("recomputed");
}

/// The same throws every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<const N: usize, T: Copy>(&mut self, words: [T; N]) -> T {
        let sides = u64::try_from(N).expect("a few words");
        words[usize::try_from(self.roll(sides)).expect("a few words")]
    }
}

/// Orders of one to three lines on every day from 10 July to 30 September 2024, but for 20 to 25 August.
fn ordinary(orders: i64) -> Vec<Reported> {
    let mut dice = Dice(0x5eed);
    let mut all = Vec::new();
    let first = day("2024-07-10");
    for order in 1..=orders {
        let mut days = u64::try_from(order).expect("a number") % 77;
        if days >= 41 {
            days += 6;
        }
        let on = first + chrono::Days::new(days);
        let paid_at = format!("{on} {:02}:30:00", dice.roll(24));
        let (ship_to, new_buyer) =
            (dice.of(["NO", "SE", "ES", "RU", "PL", "BR"]), dice.roll(4) == 0);
        let state = dice.of([State::Pending, State::Approved, State::Settled, State::Declined]);
        for line in 1..=i64::try_from(dice.roll(3)).expect("few") + 1 {
            let price = i64::try_from(dice.roll(70_000)).expect("a price") + 50;
            let refunded = dice.of([None, None, Some(5_00)]);
            let category = dice.of(["163", "22", "137", "91", "47", "61", "101", "42"]);
            all.push(Reported {
                line,
                state,
                price: Some(price),
                refunded,
                category,
                ship_to,
                new_buyer,
                seller: dice.of(["CN", "CN", "CN", "US", "ES"]),
                ..Reported::new(order, &paid_at)
            });
        }
    }
    all
}

/// What a run finds of lines, as commission and bonus after the cap.
fn earned(terms: &Terms, rows: &[Reported]) -> BTreeMap<(No, No), (i64, i64)> {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    import(&mut ledger, 1, rows);
    run(&mut ledger, terms);
    let mut earned = BTreeMap::new();
    lines(&ledger, terms, &Scope::default(), &mut Unwatched, &mut |row| {
        if let Some(amounts) = row.found.as_ref().and_then(Found::amounts) {
            let commission = amounts.total() - amounts.bonus;
            let key = (row.order_no().clone(), row.line_no().clone());
            earned.insert(key, (commission, amounts.bonus));
        }
        Ok(())
    })
    .expect("lines");
    earned
}

/// A seeded line with the codes that it must be found under.
type Seed = (Reported, &'static [&'static str]);

const AUGUST: &str = "2024-08-10 10:00:00";

/// What is reported otherwise than the terms give.
fn reported() -> Vec<Seed> {
    let line = |order| Reported::new(order, AUGUST);
    let second = |order| Reported { line: 2, ..line(order) };
    vec![
        // 5.5 % of 10.10 is 0.5555: 0.56 half to even, 0.55 cut off.
        (Reported { price: Some(10_10), ..line(20_001) }.gives(55), &["D01"]),
        // 1 July began in Oslo; in UTC it is still June, at 6 %.
        (
            Reported { state: State::Settled, ..Reported::new(20_002, "2024-07-01 00:30:00") }
                .gives(6_00),
            &["D02", "D42"],
        ),
        (line(20_003).gives(6_00), &["D03"]),
        (
            Reported { state: State::Settled, ..Reported::new(20_004, "2024-04-15 10:00:00") }
                .gives(5_50),
            &["D04"],
        ),
        (
            Reported {
                price: None,
                paid_amount: Some(100_00),
                final_amount: Some(80_00),
                ..line(20_005)
            }
            .gives(5_50),
            &["D05"],
        ),
        (Reported { refunded: Some(20_00), ..line(20_006) }.gives(5_50), &["D06"]),
        (Reported { refunded: Some(20_00), ..line(20_007) }.gives(3_30), &["D07"]),
        (Reported { ship_to: "ES", new_buyer: true, ..line(20_008) }.gives(5_50), &["D08"]),
        (Reported { bonus: Some(3_50), ..line(20_009) }.gives(5_50), &["D09"]),
        (Reported { ship_to: "ES", bonus: Some(3_50), ..line(20_109) }.gives(5_50), &["D09"]),
        // 55.00 are over the cap of 38.00.
        (Reported { price: Some(1000_00), ..line(20_010) }.gives(55_00), &["D10"]),
        (Reported { price: Some(1000_00), ..line(20_011) }.gives(38_00), &["D11"]),
        (Reported { price: Some(200_00), ..second(20_011) }.gives(11_00), &["D11"]),
        (
            Reported {
                price: Some(1000_00),
                ship_to: "ES",
                new_buyer: true,
                bonus: Some(3_50),
                ..line(20_012)
            }
            .gives(38_00),
            &["D12"],
        ),
        // 27.50 each, 38.00 together: 19.00 each.
        (Reported { price: Some(500_00), ..line(20_013) }.gives(27_50), &["D13"]),
        (Reported { price: Some(500_00), ..second(20_013) }.gives(10_50), &["D13"]),
        (
            Reported {
                price: None,
                paid_amount: Some(108_00),
                fee: Some(8_00),
                ship_to: "DE",
                ..line(20_014)
            }
            .gives(5_94),
            &["D14"],
        ),
        (Reported { paid_amount: Some(90_00), ..line(20_015) }.gives(4_95), &["D15"]),
        // 7 % is that of category 137.
        (line(20_016).gives(7_00), &["D16"]),
        (Reported { seller: "US", ..line(20_017) }.gives(5_50), &["D17"]),
        (line(20_018).gives(0), &["D18"]),
        (Reported { amount_currency: "EUR", ..line(20_020) }.gives(5_00), &["D20"]),
        // The rate of 137 in the first edition is lost.
        (
            Reported {
                category: "137",
                state: State::Settled,
                ..Reported::new(20_021, "2023-03-01 10:00:00")
            }
            .gives(8_38),
            &["D21"],
        ),
        (line(20_023).gives(1_23), &["D23"]),
        // Two causes in one order: each line is told its own.
        (line(20_123).gives(6_00), &["D03"]),
        (Reported { paid_amount: Some(90_00), ..second(20_123) }.gives(4_95), &["D15"]),
    ]
}

/// What is late, short or too much: all agree with the terms.
fn late() -> Vec<Seed> {
    let settled = |order| {
        Reported { state: State::Settled, ..Reported::new(order, "2024-07-03 10:00:00") }
            .gives(5_50)
    };
    let pending = |order, paid_at| {
        Reported { state: State::Pending, ..Reported::new(order, paid_at) }.gives(6_00)
    };
    vec![
        // 181 and 180 days before 5 October.
        (pending(20_031, "2024-04-07 12:00:00"), &["D31"]),
        (pending(20_131, "2024-04-08 12:00:00"), &[]),
        (Reported::new(20_032, "2024-07-03 10:00:00").gives(5_50), &["D32"]),
        (settled(20_033), &["D33"]),
        (settled(20_034), &["D34"]),
        (settled(20_035), &["D35"]),
        (settled(20_036), &["D36"]),
    ]
}

/// Twelve orders within a minute; the later report lists all but the last.
fn listed_again() -> (Vec<Reported>, Vec<Reported>) {
    let line = |second: i64| {
        let paid_at = at("2024-09-05 10:00:00") + second;
        Reported { paid_at, state: State::Pending, ..Reported::new(20_200 + second, AUGUST) }
            .gives(5_50)
    };
    let first: Vec<Reported> = (0..12).map(line).collect();
    let again =
        |row: &Reported| Reported { updated_at: Some(at("2024-10-02 10:00:00")), ..row.clone() };
    // The last one of the minute is there, the one before it is not.
    let later = first.iter().filter(|row| row.order != 20_210).map(again).collect();
    (first, later)
}

/// A line that was approved, and is declined in a later report.
fn taken_back() -> (Reported, Reported) {
    let before = Reported::new(20_019, AUGUST).gives(5_50);
    let after = Reported {
        state: State::Declined,
        updated_at: Some(at("2024-09-01 10:00:00")),
        ..before.clone()
    };
    (before, after.gives(0))
}

/// Pays lines of the program in one payout.
fn pay(ledger: &mut Ledger, in_currency: &str, lines: &[(i64, i64, i64)]) {
    let allotment = |(order, line, amount): &(i64, i64, i64)| Allotment {
        order_no: No::Digits(*order),
        line_no: No::Digits(*line),
        amount: *amount,
    };
    let allotted: Vec<Allotment> = lines.iter().map(allotment).collect();
    let amount = lines.iter().map(|(_, _, amount)| *amount).sum();
    let payout = Payout {
        id: 0,
        payout_no: None,
        paid_on: day("2024-10-01"),
        transfer: Transfer::Arrived,
        amount: Minor::new(amount).expect("an amount"),
        currency: currency(in_currency),
        received: None,
        fee: Minor::ZERO,
        covers: None,
        note: None,
        file: None,
        seq: 0,
    };
    ledger.add_payout(PROGRAM, &payout, 0, |_| Ok(allotted)).expect("paid");
}

/// A ledger of so many ordinary orders with all seeds, and what must be found.
fn seeded(orders: i64, terms: &Terms) -> (Ledger, BTreeSet<(i64, i64, &'static str)>) {
    let mut rows = ordinary(orders);
    let earned = earned(terms, &rows);
    for row in &mut rows {
        if let Some((commission, bonus)) =
            earned.get(&(No::Digits(row.order), No::Digits(row.line)))
        {
            row.commission = Some(*commission);
            row.bonus = (*bonus > 0).then_some(*bonus);
        }
    }
    let seeds = [reported(), late()].concat();
    let (mut expected, mut paid) = (BTreeSet::new(), Vec::new());
    for (line, codes) in &seeds {
        expected.extend(
            codes.iter().map(|code| (line.order, line.line * i64::from(*code != "D42"), *code)),
        );
    }
    expected.extend([(20_019, 1, "D19"), (20_210, 1, "D22"), (0, 0, "D41")]);
    rows.extend(seeds.into_iter().map(|(line, _)| line));
    let (before, after) = taken_back();
    let (first, later) = listed_again();
    rows.push(before);
    rows.extend(first);
    for row in rows.iter().filter(|row| row.state == State::Settled) {
        let amount = row.commission.unwrap_or(0) + row.bonus.unwrap_or(0);
        match row.order {
            20_033 | 20_036 => {}
            20_034 => paid.push((row.order, row.line, 2_00)),
            20_035 => paid.push((row.order, row.line, 6_00)),
            _ if amount > 0 => paid.push((row.order, row.line, amount)),
            _ => {}
        }
    }
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let gap = at("2024-08-20 00:00:00");
    let (early, late): (Vec<Reported>, Vec<Reported>) =
        rows.into_iter().partition(|row| row.paid_at < gap);
    import(&mut ledger, 1, &early);
    import(&mut ledger, 2, &late);
    import(&mut ledger, 3, &[after]);
    import(&mut ledger, 4, &later);
    run(&mut ledger, terms);
    pay(&mut ledger, "USD", &paid);
    pay(&mut ledger, "NOK", &[(20_036, 1, 58_00)]);
    (ledger, expected)
}

fn asked() -> Asked {
    let on = day("2024-10-05");
    Asked { scope: Scope::default(), on, tolerance: Tolerance::default() }
}

fn found(ledger: &Ledger, terms: &Terms, asked: &Asked) -> Reconciled {
    reconcile(ledger, terms, asked, &mut Unwatched).expect("reconciled")
}

fn key(finding: &Finding) -> (i64, i64, &'static str) {
    let number = |no: &Option<No>| match no {
        Some(No::Digits(digits)) => *digits,
        _ => 0,
    };
    (number(&finding.order_no), number(&finding.line_no), finding.diagnosis.code())
}

#[test]
fn every_diagnosis_is_found_among_ten_thousand_orders_and_nothing_else() {
    let terms = terms();
    let (ledger, expected) = seeded(10_000, &terms);
    let found = found(&ledger, &terms, &asked());
    let told: BTreeSet<_> = found.findings.iter().map(key).collect();
    let texts = |keys: Vec<&(i64, i64, &str)>| {
        let of = |key: &&(i64, i64, &str)| {
            let finding = found.findings.iter().find(|finding| self::key(finding) == **key);
            format!("{key:?} {}", finding.map_or("", |finding| finding.text.as_str()))
        };
        keys.iter().take(20).map(of).collect::<Vec<_>>().join("\n")
    };
    let missing: Vec<_> = expected.difference(&told).collect();
    let more: Vec<_> = told.difference(&expected).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "not found:\n{}\nfound beside them:\n{}",
        texts(missing),
        texts(more)
    );
    assert_eq!(told.len(), found.findings.len(), "each once");
    let seen: BTreeSet<Diagnosis> =
        found.findings.iter().map(|finding| finding.diagnosis).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), Diagnosis::ALL, "all of them");
    assert_eq!(found.waiting, 0);
}

#[test]
fn a_difference_has_its_sign_and_no_two_currencies_are_subtracted() {
    let terms = terms();
    let (ledger, _) = seeded(20, &terms);
    let found = found(&ledger, &terms, &asked());
    let difference = |order: i64, line: i64| {
        let of = |finding: &&Finding| {
            let (at, of_line, _) = key(finding);
            (at, of_line) == (order, line)
        };
        found.findings.iter().find(of).expect("a finding").difference
    };
    for (order, expected) in [
        (20_001, Some(-1)),
        (20_003, Some(50)),
        (20_008, Some(-3_50)),
        (20_010, Some(17_00)),
        (20_018, Some(-5_50)),
        (20_019, Some(-5_50)),
        (20_020, None),
        (20_021, None),
        (20_033, Some(-5_50)),
        (20_034, Some(-3_50)),
        (20_035, Some(50)),
        (20_036, None),
    ] {
        assert_eq!(difference(order, 1), expected, "{order}");
    }
    let usd = found.totals.get(&(PROGRAM.to_owned(), currency("USD"))).expect("totals");
    let summed: i64 = found
        .findings
        .iter()
        // What is late was reported right.
        .filter(|finding| finding.diagnosis.kind() == Kind::Reported)
        .filter_map(|finding| finding.difference)
        .sum();
    assert_eq!(usd.difference(), summed, "the totals are the sum of the differences");
    for totals in found.totals.values() {
        let counted = totals.compared
            + totals.silent
            + totals.unknown
            + totals.other_currency
            + totals.declined;
        assert_eq!(counted, totals.lines, "each line counts once: {totals:?}");
    }
    assert!(usd.declined > 0 && usd.other_currency == 1, "{usd:?}");
}

#[test]
fn the_preferred_diagnosis_names_what_else_fits() {
    let terms = terms();
    let (ledger, _) = seeded(20, &terms);
    let found = found(&ledger, &terms, &asked());
    let of = |order: i64| {
        found.findings.iter().find(|finding| key(finding).0 == order && finding.is_finding())
    };
    let zone = of(20_002).expect("a finding");
    assert_eq!(zone.also, [Diagnosis::VersionBefore]);
    assert!(zone.text.contains("days began in UTC, not in Europe/Oslo: 6%"), "{}", zone.text);
    let category = of(20_016).expect("a finding");
    let says = "it is as if the category were 137 Health Devices: 7%, clause 5.8";
    assert!(category.text.ends_with(says), "{}", category.text);
}

#[test]
fn a_tolerance_lets_small_differences_agree() {
    let terms = terms();
    let (ledger, _) = seeded(20, &terms);
    let tolerance =
        Tolerance { absolute: "0.50".parse().expect("an amount"), ..Tolerance::default() };
    let found = found(&ledger, &terms, &Asked { tolerance, ..asked() });
    let codes: BTreeSet<&str> =
        found.findings.iter().map(|finding| finding.diagnosis.code()).collect();
    assert!(!codes.contains("D01") && !codes.contains("D14") && codes.contains("D08"), "{codes:?}");
    let usd = found.totals.get(&(PROGRAM.to_owned(), currency("USD"))).expect("totals");
    assert!(usd.tolerated >= 3, "{usd:?}");
}

/// A payout's currency, and what it pays: order, line, amount.
type Pays<'p> = (&'p str, &'p [(i64, i64, i64)]);
/// Order, code and difference of a finding.
type Told = (i64, &'static str, Option<i64>);

/// Reports of a few lines, run and paid; what is found, as order, code and difference.
fn told(rows: &[Reported], payouts: &[Pays<'_>]) -> (Reconciled, Vec<Told>) {
    let terms = terms();
    let mut ledger = Ledger::in_memory().expect("a ledger");
    import(&mut ledger, 1, rows);
    run(&mut ledger, &terms);
    for (currency, lines) in payouts {
        pay(&mut ledger, currency, lines);
    }
    let found = found(&ledger, &terms, &asked());
    let told = found.findings.iter().map(|finding| {
        let (order, _, code) = key(finding);
        (order, code, finding.difference)
    });
    let told = told.collect();
    (found, told)
}

#[test]
fn what_no_payout_pays_is_not_overpaid() {
    let line = Reported::new(1, AUGUST).gives(-5_50);
    let other = Reported { state: State::Settled, ..Reported::new(2, AUGUST) }.gives(5_50);
    let (_, told) = told(&[line, other], &[("USD", &[(2, 1, 5_50)])]);
    assert_eq!(told, [(1, "D23", Some(-11_00))], "5.50 are due and -5.50 reported");
}

#[test]
fn what_is_pending_and_paid_in_part_is_not_short() {
    let pending = Reported { state: State::Pending, ..Reported::new(1, AUGUST) }.gives(5_50);
    let settled = Reported { state: State::Settled, ..Reported::new(2, AUGUST) }.gives(5_50);
    let paid: &[(i64, i64, i64)] = &[(1, 1, 2_00), (2, 1, 2_00)];
    let (_, told) = told(&[pending, settled], &[("USD", paid)]);
    assert_eq!(told, [(2, "D34", Some(-3_50))]);
}

#[test]
fn what_is_paid_in_the_currency_of_the_report_is_compared_in_it() {
    let line = |order| {
        let row = Reported { amount_currency: "EUR", ..Reported::new(order, AUGUST) };
        Reported { state: State::Settled, ..row }.gives(5_00)
    };
    let paid: &[(i64, i64, i64)] = &[(1, 1, 4_00), (2, 1, 5_00), (3, 1, 6_00)];
    let (found, told) = told(&[line(1), line(2), line(3)], &[("EUR", paid)]);
    let late: Vec<_> = told.iter().filter(|(_, code, _)| *code != "D20").collect();
    assert_eq!(late, [&(1, "D34", Some(-1_00)), &(3, "D35", Some(1_00))]);
    let eur = found.totals.get(&(PROGRAM.to_owned(), currency("EUR"))).expect("what was paid");
    assert_eq!(eur.paid, 15_00);
}

#[test]
fn payouts_in_several_currencies_are_each_told_with_their_amount() {
    let line = Reported { state: State::Settled, ..Reported::new(1, AUGUST) }.gives(5_50);
    let payouts: [Pays<'_>; 2] = [("EUR", &[(1, 1, 4_50)]), ("USD", &[(1, 1, 1_00)])];
    let (found, told) = told(&[line], &payouts);
    assert_eq!(told, [(1, "D36", None)]);
    let says = "paid 4.50 EUR and 1.00 USD, where the terms are in USD: two currencies are not \
                subtracted";
    let finding = found.findings.first().expect("a finding");
    assert_eq!(finding.text, says);
    let figures = finding.figures.as_ref().expect("figures");
    assert_eq!((figures.paid, figures.paid_in), (Some(4_50), Some(currency("EUR"))));
}

#[test]
fn an_amount_is_written_in_its_own_currency() {
    let line = Reported { amount_currency: "JPY", ..Reported::new(1, AUGUST) }.gives(1_000);
    let (found, told) = told(&[line], &[]);
    assert_eq!(told, [(1, "D20", None)]);
    let text = &found.findings.first().expect("a finding").text;
    assert!(text.starts_with("reported 1000 JPY, expected"), "{text}");
}

#[test]
fn a_line_that_no_version_covers_is_in_its_own_currency() {
    let before = Reported::new(1, "2022-12-01 10:00:00");
    let line = Reported { amount_currency: "EUR", ..before }.gives(3_00);
    let (found, told) = told(&[line], &[("EUR", &[(1, 1, 3_00)])]);
    assert_eq!(told, [(1, "D21", None)]);
    assert_eq!(found.findings.first().expect("a finding").currency, Some(currency("EUR")));
    let eur = found.totals.get(&(PROGRAM.to_owned(), currency("EUR"))).expect("totals");
    assert_eq!((eur.lines, eur.unknown, eur.paid), (1, 1, 3_00));
}

#[test]
fn a_line_taken_back_counts_as_given_nothing_and_once() {
    let terms = terms();
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let before = Reported { state: State::Settled, ..Reported::new(1, AUGUST) }.gives(5_50);
    let updated_at = Some(at("2024-09-01 10:00:00"));
    let after = Reported { state: State::Reversed, updated_at, ..before.clone() };
    import(&mut ledger, 1, &[before]);
    import(&mut ledger, 2, &[after]);
    run(&mut ledger, &terms);
    pay(&mut ledger, "USD", &[(1, 1, 5_50)]);
    let found = found(&ledger, &terms, &asked());
    let told: Vec<_> = found
        .findings
        .iter()
        .map(|finding| {
            let ours = finding.figures.as_ref().and_then(|figures| figures.expected);
            let ours = ours.map(|ours| ours.total());
            (finding.diagnosis.code(), ours, finding.difference)
        })
        .collect();
    assert_eq!(told, [("D19", Some(5_50), Some(-5_50)), ("D35", Some(0), Some(5_50))]);
    let usd = found.totals.get(&(PROGRAM.to_owned(), currency("USD"))).expect("totals");
    assert_eq!((usd.compared, usd.expected, usd.reported, usd.difference()), (1, 5_50, 0, -5_50));
}

#[test]
fn what_is_left_out_before_the_scope_keeps_a_report_from_counting_as_whole() {
    let terms = terms();
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let line = |order: i64, paid_at: &str, state| {
        Reported { state, ..Reported::new(order, paid_at) }.gives(5_50)
    };
    // The later report lists what is settled: July and August are spanned, half of them is missing.
    let july = |order| line(order, "2024-07-20 10:00:00", State::Settled);
    let mut rows = vec![line(100, "2024-07-10 10:00:00", State::Settled)];
    rows.extend((101..120).map(july));
    rows.push(line(120, AUGUST, State::Pending));
    rows.push(line(121, "2024-08-11 10:00:00", State::Settled));
    let again =
        |row: &Reported| Reported { updated_at: Some(at("2024-10-02 10:00:00")), ..row.clone() };
    let listed = |row: &&Reported| row.order < 111 || row.order == 121;
    let later: Vec<Reported> = rows.iter().filter(listed).map(again).collect();
    import(&mut ledger, 1, &rows);
    import(&mut ledger, 2, &later);
    run(&mut ledger, &terms);
    let days = Some((day("2024-08-01"), day("2024-12-31")));
    let scope = Scope { days, ..Scope::default() };
    let found = found(&ledger, &terms, &Asked { scope, ..asked() });
    assert!(found.findings.iter().all(|finding| finding.diagnosis.code() != "D22"));
}

#[test]
fn what_is_known_of_a_line_comes_before_what_fits_only_by_the_tolerance() {
    // 5.50 for what the terms exclude; 10 % allow 6.00 under the version before.
    let excluded = Reported { seller: "US", ..Reported::new(1, AUGUST) }.gives(5_80);
    let terms = terms();
    let mut ledger = Ledger::in_memory().expect("a ledger");
    import(&mut ledger, 1, &[excluded]);
    run(&mut ledger, &terms);
    let tolerance = Tolerance {
        relative: feebook_kernel::Ppm::new(100_000).expect("a share"),
        ..Tolerance::default()
    };
    let found = found(&ledger, &terms, &Asked { tolerance, ..asked() });
    let codes: Vec<&str> = found.findings.iter().map(|finding| finding.diagnosis.code()).collect();
    assert_eq!(codes, ["D17"]);
}
