//! The ladder of verdicts (rule 4): a line of which every cause holds at once, and each rung takes
//! exactly one cause away.

#![allow(clippy::unwrap_used, reason = "a test's helper may fail the test")]

use feebook_kernel::{
    BasisRule, Cover, Decided, Effect, Flagged, Line, Minor, Outcome, Ppm, Rate, Reason, Rounding,
    Silent, State, Terms, Verdict, evaluate,
};

/// The entries of the terms, by their place in the file.
const LOST: u16 = 0;
const BAND: u16 = 1;
const PLUGIN: u16 = 2;
const PERCENT: u16 = 3;
const FLAT: u16 = 4;
const NOT_THERE: u16 = 5;

fn minor(value: i64) -> Minor {
    Minor::new(value).unwrap()
}

fn ppm(value: u32) -> Ppm {
    Ppm::new(value).unwrap()
}

fn rates() -> [Rate; 5] {
    [
        Rate::Unknown,
        Rate::Band { min: ppm(8_000), max: ppm(700_000) },
        Rate::Plugin,
        Rate::Percent(ppm(63_000)),
        Rate::Flat(minor(100)),
    ]
}

fn flagged(effect: Effect) -> Flagged {
    Flagged { effect, entry: Some(7) }
}

/// A line to which everything happened.
fn worst() -> Line {
    Line {
        price: Some(minor(10_000)),
        refunded: minor(10_000),
        unexchanged: true,
        paid_in_other_currency: true,
        lag: Some(259_201),
        window: Some(259_200),
        flag: Some(flagged(Effect::Disqualify)),
        exclusion: Some(9),
        undecided: Some(8),
        rate: None,
        reported_rate: None,
        ..Line::new(State::Declined)
    }
}

fn outcome(cover: Cover<'_>, line: &Line) -> Outcome {
    let mut outcomes = [Outcome::default()];
    evaluate(cover, &[*line], &mut outcomes, &mut Silent);
    outcomes[0]
}

/// One rung: what is taken away from the line above, how, and what then holds.
struct Rung(&'static str, fn(&mut Line), Verdict, Reason, Decided);

/// The rungs below `uncovered`, which is not a fact of the line.
#[rustfmt::skip]
const RUNGS: [Rung; 18] = [
    Rung("uncovered", |_| {}, Verdict::Declined, Reason::Declined, Decided::Qualified),
    Rung("declined", |line| line.state = State::Reversed,
        Verdict::Declined, Reason::Reversed, Decided::Qualified),
    Rung("reversed", |line| line.state = State::Settled,
        Verdict::Declined, Reason::FullyRefunded, Decided::Qualified),
    // The refund stays; but without an amount it is neither full nor partial.
    Rung("the amount that is refunded", |line| line.price = None,
        Verdict::Disqualified, Reason::Flag, Decided::Flag(Some(7))),
    Rung("disqualified", |line| line.flag = Some(flagged(Effect::Hold)),
        Verdict::OutsideWindow, Reason::LateOrder, Decided::Window),
    Rung("one second too late", |line| line.lag = Some(259_200),
        Verdict::Excluded, Reason::ExcludeEntry, Decided::Exclude(9)),
    Rung("the exclusion", |line| line.exclusion = None,
        Verdict::Excluded, Reason::PaidCurrency, Decided::Currency),
    Rung("the currency paid in", |line| line.paid_in_other_currency = false,
        Verdict::Held, Reason::NoExchangeRate, Decided::Flag(Some(7))),
    Rung("held", |line| line.flag = Some(flagged(Effect::WithholdBonus)),
        Verdict::Unverifiable, Reason::NoExchangeRate, Decided::Currency),
    Rung("no exchange rate", |line| line.unexchanged = false,
        Verdict::Unverifiable, Reason::MissingFact, Decided::Rate(8)),
    Rung("the missing fact", |line| line.undecided = None,
        Verdict::Unverifiable, Reason::NoRate, Decided::Nothing),
    Rung("no entry, but one that the terms do not have", |line| line.rate = Some(NOT_THERE),
        Verdict::Unverifiable, Reason::NoRate, Decided::Nothing),
    Rung("no rate", |line| line.rate = Some(LOST),
        Verdict::Unverifiable, Reason::RateLost, Decided::Rate(LOST)),
    Rung("the lost rate", |line| line.rate = Some(BAND),
        Verdict::Unverifiable, Reason::BandWithoutReport, Decided::Rate(BAND)),
    Rung("no reported rate", |line| line.reported_rate = Some(ppm(700_001)),
        Verdict::Unverifiable, Reason::BandExceeded, Decided::Rate(BAND)),
    Rung("outside the band, but a plugin", |line| line.rate = Some(PLUGIN),
        Verdict::Unverifiable, Reason::PluginSilent, Decided::Rate(PLUGIN)),
    Rung("the plugin", |line| line.rate = Some(PERCENT),
        Verdict::Unverifiable, Reason::NoAmount, Decided::Rate(PERCENT)),
    Rung("no amount", |line| line.price = Some(minor(20_000)),
        Verdict::Commissionable, Reason::Percent, Decided::Rate(PERCENT)),
];

#[test]
fn each_rung_takes_one_cause_away() {
    let rates = rates();
    let terms = Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates);
    let mut line = worst();
    let covered = outcome(Cover::Uncovered, &line);
    let expected = Outcome { reason: Reason::NoCover, ..Outcome::default() };
    assert_eq!((covered.verdict, covered), (Verdict::Uncovered, expected));

    let mut verdicts = vec![Verdict::Uncovered];
    for Rung(takes, change, verdict, reason, decided) in RUNGS {
        change(&mut line);
        let found = outcome(Cover::Terms(&terms), &line);
        let expected = (verdict, reason, decided);
        assert_eq!((found.verdict, found.reason, found.decided), expected, "without {takes}");
        let earns = verdict == Verdict::Commissionable;
        assert_eq!((found.computed, found.total() > 0), (earns, earns), "without {takes}");
        verdicts.push(verdict);
    }
    // 200.00 less the refund of 100.00 that has been there all along, at 6.3 %.
    assert_eq!(outcome(Cover::Terms(&terms), &line).total(), 630);

    let mut sorted = verdicts.clone();
    sorted.sort_unstable();
    assert_eq!(verdicts, sorted, "the ladder goes by the order of Verdict");
    sorted.dedup();
    assert_eq!(sorted, Verdict::ALL, "the ladder passes every verdict");
}

#[test]
fn the_ladder_and_what_earns_pass_every_reason() {
    let rates = rates();
    let terms = Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates);
    let mut reasons: Vec<Reason> = RUNGS.iter().map(|rung| rung.3).collect();
    let fine = Line {
        price: Some(minor(10_000)),
        reported_rate: Some(ppm(90_000)),
        ..Line::new(State::Pending)
    };
    for (rate, reason, total) in [
        (PERCENT, Reason::Percent, 630),
        (FLAT, Reason::Flat, 100),
        (BAND, Reason::BandReported, 900),
    ] {
        let found = outcome(Cover::Terms(&terms), &Line { rate: Some(rate), ..fine });
        let expected = (Verdict::Commissionable, reason, total);
        assert_eq!((found.verdict, found.reason, found.total()), expected);
        reasons.push(reason);
    }
    let mut priced = outcome(Cover::Terms(&terms), &Line { rate: Some(PLUGIN), ..fine });
    assert!(priced.set_commission(minor(750)));
    assert_eq!((priced.verdict, priced.reason), (Verdict::Commissionable, Reason::Plugin));
    reasons.extend([priced.reason, Reason::NoCover, Reason::NotYetGoverned]);
    reasons.push(outcome(Cover::NoTerms, &fine).reason);

    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons, Reason::ALL);
}

#[test]
fn a_held_line_keeps_every_cause_below_it() {
    let rates = rates();
    let terms = Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates);
    let mut line = worst();
    let mut passed = 0;
    for Rung(takes, change, verdict, ..) in RUNGS {
        change(&mut line);
        if verdict > Verdict::Held {
            let free = outcome(Cover::Terms(&terms), &Line { flag: None, ..line });
            let flag = Some(flagged(Effect::Hold));
            let held = outcome(Cover::Terms(&terms), &Line { flag, ..line });
            let decided = Decided::Flag(Some(7));
            let expected = Outcome { verdict: Verdict::Held, decided, ..free };
            assert_eq!(held, expected, "without {takes}");
            passed += 1;
        }
    }
    assert_eq!(passed, 10);
}

#[test]
fn without_the_governing_instant_a_line_is_declined_or_unverifiable() {
    let mut line = worst();
    let rest = Rung(
        "the full refund: everything else still holds, and cannot be said without terms",
        |line| line.refunded = minor(9_999),
        Verdict::Unverifiable,
        Reason::NotYetGoverned,
        Decided::Nothing,
    );
    let [first, second, third, ..] = RUNGS;
    for Rung(takes, change, verdict, reason, decided) in [first, second, third, rest] {
        change(&mut line);
        let found = outcome(Cover::NotYetGoverned, &line);
        let expected = Outcome { verdict, reason, decided, ..Outcome::default() };
        assert_eq!(found, expected, "without {takes}");
        let reason = if reason == Reason::NotYetGoverned { Reason::NoTerms } else { reason };
        let expected = Outcome { reason, ..expected };
        assert_eq!(outcome(Cover::NoTerms, &line), expected, "without {takes} and terms");
    }
}
