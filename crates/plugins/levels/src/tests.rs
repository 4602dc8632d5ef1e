//! Levels month by month, on the edge of the day they bite.

use feebook_plugin::exchange::{Entry, Instance, LineInput, OrderInput, Setup};
use feebook_plugin::kernel::{Line, Minor, Outcome, Reason, Rounding, State};
use feebook_plugin::{Aggregate, Figure, Of, Period, Refusal};

use super::Levels;

const fn of_month(figure: Figure, back: u8) -> Aggregate {
    Aggregate { figure, of: Of::Program, period: Period::Month, back }
}

const AGGREGATES: [Aggregate; 4] = [
    of_month(Figure::Turnover, 1),
    of_month(Figure::Turnover, 2),
    of_month(Figure::NewBuyers, 1),
    of_month(Figure::NewBuyers, 2),
];

const CONFIG: &str = "bites_on = 10\nbase.\"4.1\" = \"3%\"\n\
    levels = [{ name = \"bronze\", adds = \"0%\" },\
    { name = \"silver\", turnover = \"1000.00\", adds = \"0.5%\" },\
    { name = \"gold\", turnover = \"50000.00\", new_buyers = 10, adds = \"1%\" },\
    { name = \"lost\", turnover = \"100000.00\", adds = \"unknown\" }]\n";

fn started(config: &str) -> Result<Instance, Refusal> {
    Instance::of::<Levels>(&Setup {
        program: "shop",
        terms: "2017-10-16",
        config,
        currency: "USD",
        decimals: 2,
        rounding: Rounding::Floor,
        entries: &[
            Entry { clause: Some("4.1"), by_plugin: true },
            Entry { clause: Some("4.2"), by_plugin: false },
        ],
        aggregates: &AGGREGATES,
    })
}

/// Commission, incentive and reason of a line of 100.00 on a day of November 2017.
fn said(config: &str, day: u32, figures: [Option<i64>; 4], entry: u16) -> String {
    let mut levels = started(config).unwrap();
    let mut batch = levels.batch();
    let line = Line { rate: Some(entry), ..Line::new(State::Approved) };
    let basis = Minor::new(100_00);
    let outcome = match entry {
        0 => Outcome { basis, reason: Reason::PluginSilent, ..Outcome::default() },
        _ => Outcome { basis, computed: true, reason: Reason::Percent, ..Outcome::default() },
    };
    let november = 2017 * 12 + 10;
    batch.order(&OrderInput {
        at: 0,
        day: 0,
        month: november,
        day_of_month: day,
        figures: &figures,
    });
    batch.line(&LineInput::new(&line, &outcome, entry == 0));
    levels.call_twice(&mut batch).unwrap();
    let said = batch.said(0);
    let amount = |amount: Option<Minor>| match amount {
        Some(amount) => amount.get().to_string(),
        None => "none".to_owned(),
    };
    let (commission, incentive) = (amount(said.commission), amount(said.incentive));
    format!("{commission} + {incentive} {}", said.reason.unwrap_or("without a word"))
}

#[test]
fn a_level_bites_on_the_tenth_and_not_before() {
    // October: 60,000.00 and 12 new buyers; September: 999.99 and none.
    let figures = [Some(60_000_00), Some(999_99), Some(12), Some(0)];
    assert_eq!(said(CONFIG, 9, figures, 0), "300 + 0 level bronze (by 2017-09): 3% and 0% more");
    assert_eq!(said(CONFIG, 10, figures, 0), "300 + 100 level gold (by 2017-10): 3% and 1% more");
    assert_eq!(said(CONFIG, 10, figures, 1), "none + 100 level gold (by 2017-10): 1% more");
}

#[test]
fn all_needs_are_met_or_the_next_lower_level_holds() {
    let october = |turnover, new_buyers| [turnover, Some(0), new_buyers, Some(0)];
    let silver = "300 + 50 level silver (by 2017-10): 3% and 0.5% more";
    assert_eq!(said(CONFIG, 10, october(Some(50_000_00), Some(9)), 0), silver);
    assert_eq!(said(CONFIG, 10, october(Some(1_000_00), Some(10)), 0), silver);
    assert_eq!(said(CONFIG, 10, october(Some(49_999_99), None), 0), silver, "gold fails anyway");
}

#[test]
fn what_is_not_known_is_no_zero() {
    let october = |turnover, new_buyers| [turnover, Some(0), new_buyers, Some(0)];
    let unknown = "none + none the level is not assigned, and by 2017-10 it is not known";
    assert_eq!(said(CONFIG, 10, october(Some(60_000_00), None), 0), unknown);
    assert_eq!(said(CONFIG, 10, october(None, Some(5)), 0), unknown);
    let lost = "none + none what level lost (by 2017-10) adds is lost";
    assert_eq!(said(CONFIG, 10, october(Some(100_000_00), Some(50)), 0), lost);
    assert_eq!(
        said(CONFIG, 10, october(Some(100_000_00), Some(50)), 1),
        lost,
        "what its entry gives is not all that it earns"
    );
}

#[test]
fn what_the_program_assigned_wins_from_its_month_on() {
    let config =
        format!("{CONFIG}assigned = {{ \"2017-11\" = \"gold\", \"2017-10\" = \"silver\" }}\n");
    let figures = [None; 4];
    assert_eq!(
        said(&config, 10, figures, 1),
        "none + 100 level gold (assigned for 2017-11): 1% more"
    );
    assert_eq!(
        said(&config, 9, figures, 1),
        "none + 50 level silver (assigned for 2017-10): 0.5% more"
    );
}

#[test]
fn a_level_of_unknown_needs_is_assigned_or_nothing_can_be_said() {
    let lost = "bites_on = 10\nbase.\"4.1\" = \"3%\"\nlevels = [{ name = \"bronze\", adds = \"0%\" },\
        { name = \"silver\", adds = \"0.5%\" }, { name = \"gold\", turnover = \"1.00\", adds = \"1%\" }]\n\
        assigned = { \"2017-11\" = \"silver\" }\n";
    let figures = [Some(60_000_00); 4];
    assert_eq!(
        said(lost, 10, figures, 0),
        "300 + 50 level silver (assigned for 2017-11): 3% and 0.5% more"
    );
    assert_eq!(
        said(lost, 9, figures, 0),
        "none + none level silver can only be assigned, and none is assigned for the month: `assigned` can say it"
    );
}

#[test]
fn a_config_is_refused_with_its_keys() {
    let config = "bites_on = 31\nbase.\"4.2\" = \"3%\"\nassigned = { \"2017-13\" = \"gould\" }\n\
        levels = [{ name = \"gold\", orders = 5, adds = \"1\" }, { name = \"best\", turnover = \"5.00\", adds = \"1%\" }, \
        { name = \"gold\", turnover = \"4.00\", adds = \"2%\" }]\n";
    let refusal = started(config).unwrap_err().to_string();
    let keys = refusal.lines().skip(1).filter(|line| !line.starts_with("hint: "));
    let told: Vec<&str> = keys.map(str::trim).collect();
    assert_eq!(
        told,
        [
            "bites_on: is 31, expected 1 to 28",
            "levels[0].adds: is \"1\", which is no rate from 0% to 100%; write \"1%\"",
            "levels[0].orders: is needed by the first level, so nothing says what holds below it",
            "levels[0].orders: needs a figure that plugin.aggregates does not list: of = \"program\", \
             period = \"month\", back = 1",
            "levels[2]: needs no more than a level before it; levels stand in rising order",
            "levels[2].name: is \"gold\", as of a level before",
            "assigned.2017-13: is no month; write \"YYYY-MM\"",
            "base: has no rate for \"4.1\", the clause of rate entry 1, which says \"plugin\"",
            "base.\"4.2\": is the clause of no rate entry that says \"plugin\"",
        ]
    );
}
