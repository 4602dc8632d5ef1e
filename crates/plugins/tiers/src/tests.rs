//! Tiers to the cent on both sides of a bound, and the day from which one bites.

use feebook_plugin::exchange::{Entry, Instance, LineInput, OrderInput, Setup};
use feebook_plugin::kernel::{Line, Minor, Outcome, Reason, Rounding, State};
use feebook_plugin::{Aggregate, Figure, Of, Period, Refusal};

use super::Tiers;

const fn turnover(back: u8) -> Aggregate {
    Aggregate { figure: Figure::Turnover, of: Of::Program, period: Period::Month, back }
}

/// The tiers of a page of 2019: 80, 84 and 90 % of 3 %.
const SHARES: &str = "gives = \"commission\"\nbites_on = 1\nbase.phones = \"3%\"\n\
    tiers = [{ below = \"200000.00\", rate = \"80%\" }, { below = \"500000.00\", rate = \"84%\" }, \
    { rate = \"90%\" }]\n";

/// What is known of 2016: 2 % more from 400,000 on, from the 10th of the month after.
const MORE: &str = "gives = \"incentive\"\nbites_on = 10\nbound = \"above\"\nbase.phones = \"8%\"\n\
    tiers = [{ below = \"400000.00\", rate = \"unknown\" }, { rate = \"2%\" }]\n";

fn started(config: &str, aggregates: &[Aggregate]) -> Result<Instance, Refusal> {
    Instance::of::<Tiers>(&Setup {
        program: "shop",
        terms: "2019-09-17",
        config,
        currency: "USD",
        decimals: 2,
        rounding: Rounding::Floor,
        entries: &[
            Entry { clause: Some("phones"), by_plugin: true },
            Entry { clause: Some("other"), by_plugin: false },
        ],
        aggregates,
    })
}

/// Commission, incentive and reason of a line of 1,000.00.
fn said(config: &str, day: u32, figures: &[Option<i64>], entry: u16) -> String {
    let backs = [turnover(1), turnover(2)];
    let mut tiers = started(config, &backs[..figures.len()]).unwrap();
    let mut batch = tiers.batch();
    let line = Line { rate: Some(entry), ..Line::new(State::Approved) };
    let basis = Minor::new(1_000_00);
    let outcome = match entry {
        0 => Outcome { basis, reason: Reason::PluginSilent, ..Outcome::default() },
        _ => Outcome { basis, computed: true, reason: Reason::Percent, ..Outcome::default() },
    };
    let october = 2019 * 12 + 9;
    batch.order(&OrderInput { at: 0, day: 0, month: october, day_of_month: day, figures });
    batch.line(&LineInput::new(&line, &outcome, entry == 0));
    tiers.call_twice(&mut batch).unwrap();
    let said = batch.said(0);
    let amount = |amount: Option<Minor>| match amount {
        Some(amount) => amount.get().to_string(),
        None => "none".to_owned(),
    };
    let (commission, incentive) = (amount(said.commission), amount(said.incentive));
    format!("{commission} + {incentive} {}", said.reason.unwrap_or("without a word"))
}

#[test]
fn a_bound_belongs_to_the_side_that_the_config_says() {
    let above = format!("bound = \"above\"\n{SHARES}");
    let below = format!("bound = \"below\"\n{SHARES}");
    for (turnover, at_above, at_below) in [
        (0, 24_00, 24_00),
        (199_999_99, 24_00, 24_00),
        (200_000_00, 25_20, 24_00),
        (200_000_01, 25_20, 25_20),
        (500_000_00, 27_00, 25_20),
        (500_000_01, 27_00, 27_00),
    ] {
        for (config, expected) in [(&above, at_above), (&below, at_below)] {
            let found = said(config, 1, &[Some(turnover)], 0);
            assert!(found.starts_with(&format!("{expected} + 0 ")), "{turnover} {config}: {found}");
        }
    }
    assert_eq!(
        said(&above, 1, &[Some(200_000_00)], 0),
        "2520 + 0 84% of 3%: turnover 200000.00 in 2019-09"
    );
    assert_eq!(said(&above, 1, &[Some(200_000_00)], 1), "none + 0 without a word", "not its line");
}

#[test]
fn two_percent_more_from_the_tenth_on() {
    // September 2016 came to 400,000.00, August to less.
    let october = [Some(400_000_00), Some(399_999_99)];
    assert_eq!(
        said(MORE, 10, &october, 0),
        "8000 + 2000 8% and 2% more: turnover 400000.00 in 2019-09"
    );
    assert_eq!(said(MORE, 10, &october, 1), "none + 2000 2% more: turnover 400000.00 in 2019-09");
    // On the 9th August counts, and what its tier adds is lost: nothing can be said.
    let open = "none + none turnover 399999.99 in 2019-08; what that tier gives is lost";
    assert_eq!(said(MORE, 9, &october, 0), open);
    assert_eq!(said(MORE, 9, &october, 1), open, "what its entry gives is not all that it earns");
}

#[test]
fn what_the_program_stated_of_a_period_comes_before_what_was_counted() {
    // A tier bites on the 10th.
    let stated = |months: &str| format!("{MORE}stated = {{ {months} }}\n");
    let counted = [Some(0), Some(400_000_00)];
    let december = stated("\"-001-12\" = \"400000.00\"");
    assert!(started(&december, &[turnover(1), turnover(2)]).is_err(), "no such month");
    let of = |config: &str, month: i32, day: u32| {
        let mut tiers = started(config, &[turnover(1), turnover(2)]).unwrap();
        let mut batch = tiers.batch();
        let line = Line { rate: Some(1), ..Line::new(State::Approved) };
        let basis = Minor::new(1_000_00);
        let earns =
            Outcome { basis, computed: true, reason: Reason::Percent, ..Outcome::default() };
        batch.order(&OrderInput { at: 0, day: 0, month, day_of_month: day, figures: &counted });
        batch.line(&LineInput::new(&line, &earns, false));
        tiers.call_twice(&mut batch).unwrap();
        batch.said(0).incentive.map(Minor::get)
    };
    let october = 2016 * 12 + 9;
    let september = stated("\"2016-09\" = \"400000.00\"");
    assert_eq!(of(&september, october, 10), Some(20_00), "September, stated");
    assert_eq!(of(&september, october, 9), Some(20_00), "August, counted");
    let august = stated("\"2016-08\" = \"1.00\", \"2016-10\" = \"400000.00\"");
    assert_eq!(of(&august, october, 9), None, "August, stated: its number is lost");
    assert_eq!(of(&august, october + 1, 10), Some(20_00), "October, stated");
    assert_eq!(of(&august, october + 1, 9), Some(20_00), "September, counted");
}

#[test]
fn a_figure_that_is_not_known_is_no_zero() {
    let config = format!("bound = \"above\"\n{SHARES}");
    let open = "none + none turnover in 2019-09: not known; `stated` can say it";
    assert_eq!(said(&config, 1, &[None], 0), open);
    assert_eq!(said(MORE, 10, &[None, Some(0)], 1), open);
}

#[test]
fn a_line_without_an_amount_is_left_open() {
    let mut tiers = started(MORE, &[turnover(1), turnover(2)]).unwrap();
    let mut batch = tiers.batch();
    let figures = [Some(400_000_00); 2];
    batch.order(&OrderInput { at: 0, day: 0, month: 24_234, day_of_month: 10, figures: &figures });
    let line = Line { rate: Some(1), ..Line::new(State::Approved) };
    let flat = Outcome { computed: true, reason: Reason::Flat, ..Outcome::default() };
    batch.line(&LineInput::new(&line, &flat, false));
    tiers.call(&mut batch).unwrap();
    let said = batch.said(0);
    assert_eq!(
        (said.incentive, said.reason),
        (None, Some("the report has no amount to take a share of"))
    );
}

#[test]
fn a_number_of_orders_is_counted_and_a_share_of_a_share_is_rounded_once() {
    let orders = Aggregate { figure: Figure::Orders, ..turnover(1) };
    let config = "gives = \"commission\"\nbites_on = 1\nbound = \"above\"\nbase.phones = \"6.3333%\"\n\
        tiers = [{ below = 3, rate = \"80%\" }, { rate = \"84%\" }]\nstated = { \"2019-08\" = 3 }\n";
    let mut tiers = started(config, &[orders]).unwrap();
    let mut batch = tiers.batch();
    let september = 2019 * 12 + 8;
    batch.order(&OrderInput {
        at: 0,
        day: 0,
        month: september,
        day_of_month: 1,
        figures: &[Some(2)],
    });
    let line = Line { rate: Some(0), ..Line::new(State::Approved) };
    let basis = Minor::new(10_000_000_00);
    let waits = Outcome { basis, reason: Reason::PluginSilent, ..Outcome::default() };
    batch.line(&LineInput::new(&line, &waits, true));
    tiers.call(&mut batch).unwrap();
    // 84 % of 6.3333 % is 5.319972 %.
    assert_eq!(batch.said(0).commission, Minor::new(531_997_20));
    assert_eq!(batch.said(0).reason, Some("84% of 6.3333%: orders 3 in 2019-08, as stated"));
    assert!(started(&config.replace("below = 3", "below = \"3\""), &[orders]).is_err(), "no text");
}

#[test]
fn a_config_that_would_do_nothing_or_the_wrong_thing_is_refused() {
    let nothing = Setup {
        program: "shop",
        terms: "2019-09-17",
        config: &format!(
            "bound = \"above\"\n{}",
            SHARES.replace("base.phones = \"3%\"\n", "base = {}\n")
        ),
        currency: "USD",
        decimals: 2,
        rounding: Rounding::Floor,
        entries: &[Entry { clause: Some("other"), by_plugin: false }],
        aggregates: &[turnover(1)],
    };
    let told = Instance::of::<Tiers>(&nothing).unwrap_err().to_string();
    assert!(
        told.contains("gives: is \"commission\", and no rate entry says rate = \"plugin\""),
        "{told}"
    );
    let by_placement = Aggregate { of: Of::Placement, ..turnover(1) };
    let stated = format!("bound = \"above\"\n{SHARES}stated = {{ \"2019-08\" = \"1.00\" }}\n");
    let told = started(&stated, &[by_placement]).unwrap_err().to_string();
    assert!(told.contains("stated: is one figure for all"), "{told}");
    let day10 = Aggregate { period: Period::Day10, ..turnover(1) };
    let told = started(MORE, &[day10, Aggregate { back: 2, ..day10 }]).unwrap_err().to_string();
    assert!(told.contains("bites_on: is more than 1"), "{told}");
}

#[test]
fn a_config_is_refused_with_its_keys() {
    let config = "gives = \"comission\"\nbites_on = 10\nboundary = \"above\"\nbase.tablets = \"3%\"\n\
        tiers = [{ below = \"2.00\", rate = \"80%\" }, { below = \"1.00\", rate = \"84\" }]\n";
    let refusal = started(config, &[turnover(1)]).unwrap_err().to_string();
    let keys = refusal.lines().skip(1).filter(|line| !line.starts_with("hint: "));
    let told: Vec<&str> = keys.map(str::trim).collect();
    assert_eq!(
        told,
        [
            "gives: is \"comission\", expected one of commission, incentive",
            "`bound` is missing, expected one of above, below",
            "bites_on: is 10, for which plugin.aggregates lists one figure twice, with back = 1 and then with \
             back = 2; it lists 1, with back = 1",
            "tiers[1].below: is 1.00, not more than 2.00 of the tier before",
            "tiers[1]: the last tier must have no `below`, and it has 1.00",
            "tiers[1].rate: is \"84\", which is no rate from 0% to 100%; write \"84%\"",
            "base: has no rate for \"phones\", the clause of rate entry 1, which says \"plugin\"",
            "base.tablets: is the clause of no rate entry that says \"plugin\"",
            "boundary: is a key that the plugin does not know",
        ]
    );
}
