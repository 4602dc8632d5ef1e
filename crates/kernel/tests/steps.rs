//! What an observer is told, step by step and in order: `explain` makes its sentences of this.

#![allow(clippy::unwrap_used, reason = "a test's helper may fail the test")]

use feebook_kernel::{
    BasisRule, BasisSource, Cap, CapScope, Cover, Covers, Decided, Effect, FeeCountry, Flagged,
    Line, Minor, Observer, Outcome, Ppm, Rate, Reason, Rounding, ServiceFee, State, Step, Terms,
    Verdict, WhenUnknown, rate, settle,
};

#[derive(Default)]
struct Trail(Vec<(usize, Step)>);

impl Observer for Trail {
    fn step(&mut self, line: usize, step: Step) {
        self.0.push((line, step));
    }
}

fn minor(value: i64) -> Minor {
    Minor::new(value).unwrap()
}

fn ppm(value: u32) -> Ppm {
    Ppm::new(value).unwrap()
}

fn verdict(verdict: Verdict, reason: Reason, decided: Decided) -> Step {
    Step::Verdict { verdict, reason, decided }
}

fn basis(source: BasisSource, gross: i64, fee: (i64, bool), refunded: i64, left: i64) -> Step {
    Step::Basis {
        source,
        gross: minor(gross),
        fee: minor(fee.0),
        fee_assumed: fee.1,
        fee_country: FeeCountry::Inside,
        refunded: minor(refunded),
        basis: minor(left),
    }
}

fn cap_step(line_covered: i64, line_withheld: i64) -> Step {
    Step::Cap {
        limit: minor(3_000),
        covered: 4_075,
        withheld: 1_075,
        line_covered,
        line_withheld: minor(line_withheld),
    }
}

/// 10 %, a plugin's lines, a lost rate, a flat amount of nothing.
fn rates() -> [Rate; 4] {
    [Rate::Percent(ppm(100_000)), Rate::Plugin, Rate::Unknown, Rate::Flat(Minor::ZERO)]
}

#[test]
fn an_order_with_everything_is_told_in_order() {
    let rates = rates();
    let bonuses = [minor(200)];
    let terms = Terms {
        service_fee: Some(ServiceFee { max: ppm(80_000), when_unknown: WhenUnknown::Max }),
        bonuses: &bonuses,
        cap: Some(Cap {
            limit: minor(3_000),
            covers: Covers { commission: true, incentive: true, bonus: false },
            scope: CapScope::Order,
        }),
        ..Terms::new(BasisRule::PaidAmount, Rounding::Floor, &rates)
    };
    let line = Line {
        fee_country: FeeCountry::Inside,
        rate: Some(0),
        bonus: Some(0),
        ..Line::new(State::Approved)
    };
    let lines = [
        Line { exclusion: Some(3), paid: Some(minor(9_900)), ..line },
        // 108.00 less the greatest fee, less 10.00: 90.00, of it 9.00, and 10.00 by the plugin.
        Line { paid: Some(minor(10_800)), refunded: minor(1_000), ..line },
        // A fee that is reported: 200.00, of it 20.00; held.
        Line {
            final_amount: Some(minor(20_100)),
            service_fee: Some(minor(100)),
            flag: Some(Flagged { effect: Effect::Hold, entry: None }),
            ..line
        },
        Line { rate: Some(1), paid: Some(minor(5_400)), ..line },
        Line { rate: Some(2), paid: Some(minor(5_400)), ..line },
        // A flat amount of nothing: the cap covers it, and has nothing to say of it.
        Line { rate: Some(3), ..line },
    ];
    let mut outcomes = [Outcome::default(); 6];
    let mut trail = Trail::default();
    rate(Cover::Terms(&terms), &lines, &mut outcomes, &mut trail);
    outcomes[1].incentive = minor(1_000);
    assert!(outcomes[3].set_commission(minor(175)));
    settle(Cover::Terms(&terms), &lines, &mut outcomes, &mut trail);

    let (earns, held, lost) = (Verdict::Commissionable, Verdict::Held, Verdict::Unverifiable);
    let commission =
        |entry, rate, commission| Step::Commission { entry, rate, commission: minor(commission) };
    let ten = Some(ppm(100_000));
    let expected = [
        (0, verdict(Verdict::Excluded, Reason::ExcludeEntry, Decided::Exclude(3))),
        (1, basis(BasisSource::Paid, 10_800, (800, true), 1_000, 9_000)),
        (1, commission(0, ten, 900)),
        (1, verdict(earns, Reason::Percent, Decided::Rate(0))),
        (2, basis(BasisSource::Final, 20_100, (100, false), 0, 20_000)),
        (2, commission(0, ten, 2_000)),
        (2, verdict(held, Reason::Percent, Decided::Flag(None))),
        (3, basis(BasisSource::Paid, 5_400, (400, true), 0, 5_000)),
        (3, verdict(lost, Reason::PluginSilent, Decided::Rate(1))),
        (4, verdict(lost, Reason::RateLost, Decided::Rate(2))),
        (5, commission(3, None, 0)),
        (5, verdict(earns, Reason::Flat, Decided::Rate(3))),
        // The plugin has spoken.
        (1, Step::Incentive { incentive: minor(1_000) }),
        (3, verdict(earns, Reason::Plugin, Decided::Rate(1))),
        (3, commission(1, None, 175)),
        (1, Step::Bonus { entry: 0, bonus: minor(200) }),
        (4, Step::CapMightBite),
        // 10.75 of 40.75: 5.0123, 5.2761, 0.4617.
        (1, cap_step(1_900, 501)),
        (2, cap_step(2_000, 528)),
        (3, cap_step(175, 46)),
    ];
    for (at, (found, expected)) in trail.0.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "step {at}");
    }
    assert_eq!(trail.0.len(), expected.len());
}

#[test]
fn a_price_has_no_fee_within_it() {
    let rates = [Rate::Percent(ppm(100_000))];
    let terms = Terms {
        service_fee: Some(ServiceFee { max: ppm(80_000), when_unknown: WhenUnknown::Max }),
        ..Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates)
    };
    let line = Line {
        price: Some(minor(5_000)),
        quantity: 2,
        fee_country: FeeCountry::Inside,
        rate: Some(0),
        ..Line::new(State::Pending)
    };
    let mut trail = Trail::default();
    rate(Cover::Terms(&terms), &[line], &mut [Outcome::default()], &mut trail);
    assert_eq!(trail.0[0], (0, basis(BasisSource::Price, 10_000, (0, false), 0, 10_000)));
}

#[test]
fn without_terms_only_the_verdict_is_told() {
    let line = Line { price: Some(minor(5_000)), rate: Some(0), ..Line::new(State::Pending) };
    let (uncovered, not_yet) = (Verdict::Uncovered, Verdict::Unverifiable);
    for (cover, expected) in [
        (Cover::Uncovered, verdict(uncovered, Reason::NoCover, Decided::Nothing)),
        (Cover::NotYetGoverned, verdict(not_yet, Reason::NotYetGoverned, Decided::Nothing)),
    ] {
        let (mut trail, mut outcomes) = (Trail::default(), [Outcome::default()]);
        rate(cover, &[line], &mut outcomes, &mut trail);
        settle(cover, &[line], &mut outcomes, &mut trail);
        assert_eq!(trail.0, [(0, expected)]);
    }
}

#[test]
fn a_plugin_may_speak_twice_but_only_of_its_own_lines() {
    let rates = rates();
    let terms = Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates);
    let line = Line { price: Some(minor(5_000)), ..Line::new(State::Pending) };
    let mut outcomes = [Outcome::default(); 2];
    let lines = [Line { rate: Some(1), ..line }, Line { rate: Some(2), ..line }];
    rate(Cover::Terms(&terms), &lines, &mut outcomes, &mut Trail::default());
    let before = outcomes[1];
    assert!(outcomes[0].set_commission(minor(1)) && outcomes[0].set_commission(minor(2)));
    assert!(!outcomes[1].set_commission(minor(1)));
    assert_eq!((outcomes[0].commission, outcomes[1]), (minor(2), before));
}

#[test]
fn what_a_plugin_leaves_open_is_no_zero_and_takes_no_part_in_bonus_and_cap() {
    let rates = rates();
    let bonuses = [minor(200)];
    let covers = Covers { commission: true, incentive: true, bonus: true };
    let terms = Terms {
        bonuses: &bonuses,
        cap: Some(Cap { limit: minor(300), covers, scope: CapScope::Order }),
        ..Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates)
    };
    let line = Line { price: Some(minor(5_000)), bonus: Some(0), ..Line::new(State::Pending) };
    let hold = Some(Flagged { effect: Effect::Hold, entry: None });
    let lines = [
        Line { rate: Some(0), ..line },
        Line { rate: Some(0), flag: hold, ..line },
        Line { rate: Some(1), ..line },
        Line { rate: Some(2), ..line },
        Line { rate: Some(0), exclusion: Some(0), ..line },
        Line { rate: Some(0), ..line },
    ];
    let mut outcomes = [Outcome::default(); 6];
    let mut trail = Trail::default();
    rate(Cover::Terms(&terms), &lines, &mut outcomes, &mut trail);
    assert!(outcomes[2].set_commission(minor(175)));
    for outcome in &mut outcomes {
        outcome.incentive = minor(10);
    }
    let left = outcomes[..5].iter_mut().map(Outcome::leave_open).collect::<Vec<_>>();
    assert_eq!(left, [true, true, true, false, false]);
    trail.0.clear();
    settle(Cover::Terms(&terms), &lines, &mut outcomes, &mut trail);

    let (lost, silent) = (Verdict::Unverifiable, Reason::PluginSilent);
    let found = outcomes.map(|outcome| (outcome.verdict, outcome.reason, outcome.total()));
    assert_eq!(
        found,
        [
            (lost, silent, 0),
            (Verdict::Held, silent, 0),
            (lost, silent, 0),
            (lost, Reason::RateLost, 0),
            (Verdict::Excluded, Reason::ExcludeEntry, 0),
            // 5.00 and 0.10 of its own, and the bonus that no line before it can have; 3.00 at most.
            (Verdict::Commissionable, Reason::Percent, 300),
        ]
    );
    assert_eq!(
        outcomes.map(|outcome| outcome.is_known()),
        [false, false, false, false, true, true]
    );
    assert_eq!(outcomes[0].basis, Some(minor(5_000)), "it is told what the plugin could not price");
    let told = trail.0.iter().filter(|(at, _)| *at < 3);
    let told: Vec<_> = told.copied().collect();
    assert_eq!(
        told[..2],
        [
            (0, verdict(lost, silent, Decided::Rate(0))),
            (1, verdict(Verdict::Held, silent, Decided::Flag(None)))
        ],
        "a line of the plugin's own said so before"
    );
}

#[test]
fn a_new_line_is_one_unit_of_which_nothing_is_known() {
    let expected = Line {
        state: State::Pending,
        price: None,
        quantity: 1,
        gross: None,
        paid: None,
        final_amount: None,
        refunded: Minor::ZERO,
        fully_refunded: None,
        service_fee: None,
        fee_country: FeeCountry::Unknown,
        reported_rate: None,
        unexchanged: false,
        paid_in_other_currency: false,
        lag: None,
        window: None,
        flag: None,
        exclusion: None,
        rate: None,
        undecided: None,
        bonus: None,
    };
    assert_eq!(Line::new(State::Pending), expected);
}

#[test]
fn a_share_of_a_rate_is_rounded_once() {
    let (amount, rate, share) = (minor(10_000_000_00), ppm(63_333), ppm(840_000));
    // 84 % of 6.3333 % is 5.319972 %, which no rate in parts per million is.
    assert_eq!(amount.share_of_rate(rate, share, Rounding::Floor), minor(531_997_20));
    assert_eq!(minor(50).share_of_rate(ppm(500_000), ppm(500_000), Rounding::Floor), minor(12));
    assert_eq!(minor(50).share_of_rate(ppm(500_000), ppm(500_000), Rounding::HalfUp), minor(13));
    assert_eq!(minor(50).share_of_rate(ppm(500_000), ppm(500_000), Rounding::HalfEven), minor(12));
    assert_eq!(Minor::MAX.share_of_rate(Ppm::ONE, Ppm::ONE, Rounding::HalfUp), Minor::MAX);
}
