//! The matcher against a naive one on random entries and lines, and rule 6 case by case.

use feebook_kernel::{FeeCountry, Minor, State};

use crate::testing::{program_of, version_with};
use crate::{Amounts, Class, Classes, Dimension, List, Matching, Program, Version};

/// A line as a report has it; empty means unknown.
#[derive(Clone, Copy, Debug, Default)]
struct Facts<'f> {
    category: &'f str,
    ship_to: &'f str,
    click: &'f str,
    seller: &'f str,
    host: &'f str,
    store: &'f str,
    product: &'f str,
    marks: &'f [&'f str],
    currency: &'f str,
    new_buyer: bool,
    hot: bool,
    affiliate: bool,
    platform: &'f str,
    coupon: &'f str,
    channel: &'f str,
    price: Option<i64>,
    day: &'f str,
}

fn classes(version: &Version, facts: &Facts<'_>) -> Classes {
    let mut classes = Classes::missing();
    for (dimension, value) in [
        (Dimension::Category, facts.category),
        (Dimension::ShipTo, facts.ship_to),
        (Dimension::ClickCountry, facts.click),
        (Dimension::SellerCountry, facts.seller),
        (Dimension::Host, facts.host),
        (Dimension::Store, facts.store),
        (Dimension::Product, facts.product),
        (Dimension::Currency, facts.currency),
        (Dimension::Platform, facts.platform),
        (Dimension::Coupon, facts.coupon),
        (Dimension::Channel, facts.channel),
    ] {
        classes.set(dimension, version.class_of(dimension, value));
    }
    classes.set(Dimension::SameCountry, version.class_of_same(same(facts)));
    classes.set(Dimension::Mark, version.class_of_marks(facts.marks));
    classes.set(Dimension::Buyer, version.class_of_buyer(facts.new_buyer));
    classes.set(Dimension::Item, version.class_of_item(facts.hot, facts.affiliate));
    let price = facts.price.and_then(Minor::new);
    classes.set(Dimension::Price, version.class_of_price(price));
    let day = if facts.day.is_empty() { "2024-06-01" } else { facts.day };
    classes.set(Dimension::Day, version.class_of_day(day.parse().unwrap()));
    classes
}

fn same(facts: &Facts<'_>) -> Option<bool> {
    let known = !facts.click.is_empty() && !facts.ship_to.is_empty();
    known.then(|| facts.click == facts.ship_to)
}

fn find(program: &Program, facts: &Facts<'_>) -> Matching {
    let version = &program.versions()[0];
    let mut found = Matching::new();
    version.find(&classes(version, facts), &mut found);
    found
}

fn rates(program: &Program, facts: &Facts<'_>) -> Vec<u16> {
    find(program, facts).rates().collect()
}

#[test]
fn the_first_rate_wins_and_the_others_are_shadowed() {
    let program = program_of(
        "[[rate]]\nrate=\"1%\"\nship_to=[\"NO\"]\n[[rate]]\nrate=\"2%\"\nhosts=[\"A.example\"]\n\
         [[rate]]\nrate=\"3%\"\n",
    );
    let facts = Facts { ship_to: "NO", host: "a.EXAMPLE", ..Facts::default() };
    assert_eq!(rates(&program, &facts), [0, 1, 2]);
    assert_eq!(rates(&program, &Facts { ship_to: "SE", ..facts }), [1, 2]);
    assert_eq!(rates(&program, &Facts { host: "b.example", ..facts }), [0, 2]);
}

#[test]
fn a_category_brings_what_is_above_it() {
    let program = program_of(
        "[[exclude]]\ncategories=[10]\nnot_categories=[12]\n\
         [[exclude]]\ncategories=[99]\n[[rate]]\nrate=\"3%\"\n",
    );
    let excluded = |category| -> Vec<u16> {
        find(&program, &Facts { category, ..Facts::default() }).exclusions().collect()
    };
    assert_eq!(excluded("10"), [0]);
    assert_eq!(excluded("11"), [0]);
    assert_eq!(excluded("12"), []);
    assert_eq!(excluded("20"), []);
    assert_eq!(excluded("99"), [1], "an id that the tree does not list is only itself");
    assert_eq!(excluded("98"), []);
    assert_eq!(excluded(""), []);
    let version = &program.versions()[0];
    assert!(version.knows_category("12") && !version.knows_category("99") && version.has_tree());
}

#[test]
fn neither_form_of_a_condition_holds_on_a_missing_fact() {
    let program = program_of(
        "[[exclude]]\nseller_countries=[\"CN\"]\n[[exclude]]\nnot_seller_countries=[\"CN\"]\n\
         [[exclude]]\nclick_country=\"same\"\n[[exclude]]\nprice_below=\"5.00\"\n\
         [[rate]]\nrate=\"3%\"\n",
    );
    let excluded = |facts: Facts<'_>| -> Vec<u16> { find(&program, &facts).exclusions().collect() };
    let none = Facts::default();
    assert_eq!(excluded(none), []);
    assert_eq!(excluded(Facts { seller: "CN", ..none }), [0]);
    assert_eq!(excluded(Facts { seller: "HK", ..none }), [1]);
    assert_eq!(excluded(Facts { click: "NO", ..none }), []);
    assert_eq!(excluded(Facts { click: "NO", ship_to: "NO", ..none }), [2]);
    assert_eq!(excluded(Facts { click: "NO", ship_to: "SE", ..none }), []);
    assert_eq!(excluded(Facts { price: Some(4_99), ..none }), [3]);
    assert_eq!(excluded(Facts { price: Some(5_00), ..none }), []);
}

#[test]
fn a_missing_fact_leaves_a_rate_undecided_only_if_it_could_change_it() {
    let program = program_of(
        "[[rate]]\nrate=\"3%\"\nplatform=\"web\"\n[[rate]]\nrate=\"1%\"\nship_to=[\"NO\"]\n\
         seller_countries=[\"CN\"]\n[[rate]]\nrate=\"3%\"\n[[rate]]\nrate=\"9%\"\nstores=[1]\n",
    );
    let undecided = |facts: Facts<'_>| {
        let found = find(&program, &facts);
        let missing = |at| found.missing_facts(List::Rate, at);
        (found.rates().next(), found.undecided().map(|at| (at, missing(at))))
    };
    let none = Facts::default();
    // Entry 0 has the winner's value, entry 3 comes after it.
    assert_eq!(
        undecided(none),
        (Some(2), Some((1, vec![Dimension::ShipTo, Dimension::SellerCountry])))
    );
    assert_eq!(
        undecided(Facts { ship_to: "NO", ..none }),
        (Some(2), Some((1, vec![Dimension::SellerCountry])))
    );
    // A fact that is known and fails settles it.
    assert_eq!(undecided(Facts { ship_to: "SE", ..none }), (Some(2), None));
    assert_eq!(
        undecided(Facts { ship_to: "NO", seller: "CN", ..none }),
        (Some(1), Some((0, vec![Dimension::Platform])))
    );
}

#[test]
fn without_a_winner_any_possible_rate_is_undecided() {
    let program = program_of("[[rate]]\nrate=\"3%\"\nship_to=[\"NO\"]\n");
    let found = find(&program, &Facts::default());
    assert_eq!((found.rates().next(), found.undecided()), (None, Some(0)));
    let found = find(&program, &Facts { ship_to: "SE", ..Facts::default() });
    assert_eq!((found.rates().next(), found.undecided()), (None, None));
}

#[test]
fn an_empty_buyer_item_or_mark_means_no() {
    let program = program_of(
        "[[rate]]\nrate=\"1%\"\nbuyer=\"new\"\n[[rate]]\nrate=\"2%\"\nitem=\"hot\"\n\
         [[rate]]\nrate=\"3%\"\nmarks=[\"virtual\", \"gift\"]\n\
         [[rate]]\nrate=\"4%\"\nbuyer=\"returning\"\nitem=\"not_affiliate\"\n[[rate]]\nrate=\"5%\"\n",
    );
    let version = &program.versions()[0];
    let mut found = Matching::new();
    // Left as missing by the caller, or said to be no: the same.
    version.find(&Classes::missing(), &mut found);
    assert_eq!((found.rates().collect::<Vec<_>>(), found.undecided()), (vec![3, 4], None));
    assert_eq!(rates(&program, &Facts::default()), [3, 4]);
    assert_eq!(rates(&program, &Facts { new_buyer: true, ..Facts::default() }), [0, 4]);
    assert_eq!(rates(&program, &Facts { hot: true, affiliate: true, ..Facts::default() }), [1, 4]);
    assert_eq!(rates(&program, &Facts { marks: &["x", "gift"], ..Facts::default() }), [2, 3, 4]);
}

#[test]
fn prices_and_days_are_half_open() {
    let program = program_of(
        "[[rate]]\nrate=\"1%\"\nprice_from=\"10.00\"\nprice_below=\"20.00\"\n\
         [[rate]]\nrate=\"2%\"\non_from=2024-11-11\non_until=2024-11-12\n[[rate]]\nrate=\"3%\"\n",
    );
    let won =
        |price, day| rates(&program, &Facts { price: Some(price), day, ..Facts::default() })[0];
    for (price, day, winner) in [
        (9_99, "2024-01-01", 2),
        (10_00, "2024-01-01", 0),
        (19_99, "2024-01-01", 0),
        (20_00, "2024-01-01", 2),
        (0, "2024-11-10", 2),
        (0, "2024-11-11", 1),
        (0, "2024-11-12", 2),
    ] {
        assert_eq!(won(price, day), winner, "{price} {day}");
    }
}

#[test]
fn a_line_knows_its_fee_country_and_a_foreign_currency() {
    let text = version_with(
        "effective_on = 2024-01-01",
        "service_fee = { max = \"8%\", ship_to = [\"@eu\"] }",
        "[groups]\neu = [\"DE\", \"FR\"]\n[[rate]]\nrate=\"3%\"\n",
    );
    let program = crate::testing::program(&[("2024-01-01.toml", &text)]);
    let version = &program.versions()[0];
    let mut found = Matching::new();
    let mut line = |ship_to, currency| {
        let facts = Facts { ship_to, currency, ..Facts::default() };
        let line =
            version.line(&Amounts::new(State::Pending), &classes(version, &facts), &mut found);
        (line.fee_country, line.paid_in_other_currency)
    };
    assert_eq!(line("DE", "USD"), (FeeCountry::Inside, false));
    assert_eq!(line("NO", "NOK"), (FeeCountry::Outside, true));
    assert_eq!(line("", ""), (FeeCountry::Unknown, false));
    assert!(version.uses(Dimension::ShipTo) && !version.uses(Dimension::Store));
    assert_eq!(version.class_of(Dimension::Store, "1"), Class::MISSING);
}

#[test]
fn a_flag_takes_the_first_entry_of_its_kind_that_holds() {
    let program = program_of(
        "[[rate]]\nrate=\"3%\"\n[[flag]]\nkind=\"fraud\"\neffect=\"disqualify\"\nbuyer=\"new\"\n\
         [[flag]]\nkind=\"spam\"\neffect=\"withhold_bonus\"\n\
         [[flag]]\nkind=\"fraud\"\neffect=\"hold\"\n",
    );
    let version = &program.versions()[0];
    let entry = |new_buyer, kind| {
        let found = find(&program, &Facts { new_buyer, ..Facts::default() });
        version.flagged(kind, &found).and_then(|flagged| flagged.entry)
    };
    assert_eq!(
        [entry(true, "fraud"), entry(false, "fraud"), entry(false, "spam"), entry(true, "x")],
        [Some(0), Some(2), Some(1), None]
    );
}

#[test]
fn a_matching_serves_several_versions_in_turn() {
    let one = program_of("[[rate]]\nrate=\"1%\"\nship_to=[\"NO\"]\n");
    let many: Vec<String> =
        (0..200).map(|n| format!("[[rate]]\nrate=\"1%\"\nstores=[{n}]\n")).collect();
    let many = program_of(&many.concat());
    let mut found = Matching::new();
    for _ in 0..2 {
        let version = &many.versions()[0];
        let facts = Facts { store: "150", ..Facts::default() };
        version.find(&classes(version, &facts), &mut found);
        assert_eq!(found.rates().collect::<Vec<_>>(), [150]);
        let version = &one.versions()[0];
        let facts = Facts { ship_to: "NO", ..Facts::default() };
        version.find(&classes(version, &facts), &mut found);
        assert_eq!(found.rates().collect::<Vec<_>>(), [0]);
    }
}

/// A generator of numbers that are the same on every run.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound).unwrap()
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u64::try_from(all.len()).unwrap())]
    }
}

const CATEGORIES: [&str; 6] = ["", "10", "11", "12", "20", "77"];
const COUNTRIES: [&str; 5] = ["", "NO", "SE", "DE", "CN"];
const PLATFORMS: [&str; 3] = ["", "app", "web"];
const ITEMS: [&str; 3] = ["hot", "affiliate", "not_affiliate"];
const PRICES: [i64; 3] = [1_00, 2_00, 3_00];

/// A random condition of an entry: key and values.
type Asked = (&'static str, Vec<&'static str>);

fn random_entry(random: &mut Xorshift) -> Vec<Asked> {
    let keys: [(&str, &[&str]); 9] = [
        ("categories", &CATEGORIES[1..]),
        ("not_categories", &CATEGORIES[1..]),
        ("ship_to", &COUNTRIES[1..]),
        ("not_ship_to", &COUNTRIES[1..]),
        ("not_seller_countries", &COUNTRIES[1..]),
        ("platform", &PLATFORMS[1..]),
        ("item", &ITEMS),
        ("marks", &["a", "b"]),
        ("price_from", &["1.00", "2.00", "3.00"]),
    ];
    let mut entry: Vec<Asked> = Vec::new();
    for _ in 0..random.below(4) {
        let (key, values) = random.pick(&keys);
        if entry.iter().any(|(known, _)| *known == key) {
            continue;
        }
        let mut chosen = vec![random.pick(values)];
        if key != "price_from" && random.below(2) == 0 {
            chosen.push(random.pick(values));
        }
        entry.push((key, chosen));
    }
    entry
}

fn written(entries: &[Vec<Asked>]) -> String {
    let mut lines = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        // Four values in turn, so that an undecided entry often has the winner's.
        lines.push(format!("[[rate]]\nrate=\"{}%\"\n", at % 4));
        lines.extend(entry.iter().map(|(key, values)| match *key {
            "price_from" => format!("price_from=\"{}\"\n", values[0]),
            _ => format!("{key}={values:?}\n"),
        }));
    }
    lines.concat()
}

/// Whether a condition holds; none when its fact is missing.
fn naive(asked: &Asked, facts: &Facts<'_>) -> Option<bool> {
    let (key, values) = asked;
    let among = |fact: &str| (!fact.is_empty()).then(|| values.contains(&fact));
    let above = match facts.category {
        "11" => vec!["11", "10"],
        "12" => vec!["12", "11", "10"],
        other => vec![other],
    };
    let in_tree = || {
        (!facts.category.is_empty()).then(|| above.iter().any(|category| values.contains(category)))
    };
    match *key {
        "categories" => in_tree(),
        "not_categories" => in_tree().map(|within| !within),
        "ship_to" => among(facts.ship_to),
        "not_ship_to" => among(facts.ship_to).map(|within| !within),
        "not_seller_countries" => among(facts.seller).map(|within| !within),
        "platform" => among(facts.platform),
        "item" => Some(values.iter().any(|word| match *word {
            "hot" => facts.hot,
            "affiliate" => facts.affiliate,
            _ => !facts.affiliate,
        })),
        "marks" => Some(values.iter().any(|mark| facts.marks.contains(mark))),
        _ => {
            let from = i64::from(values[0].as_bytes()[0] - b'0') * 100;
            facts.price.map(|price| price >= from)
        }
    }
}

#[test]
fn the_matcher_says_what_a_naive_one_says() {
    let mut random = Xorshift(0x2545_F491_4F6C_DD1D);
    for round in 0..60 {
        let count = if round % 10 == 0 { 150 } else { 1 + random.below(12) };
        let entries: Vec<Vec<Asked>> = (0..count).map(|_| random_entry(&mut random)).collect();
        let program = program_of(&written(&entries));
        for _ in 0..200 {
            let facts = Facts {
                category: random.pick(&CATEGORIES),
                ship_to: random.pick(&COUNTRIES),
                seller: random.pick(&COUNTRIES),
                platform: random.pick(&PLATFORMS),
                hot: random.below(2) == 0,
                affiliate: random.below(2) == 0,
                marks: random.pick(&[&[][..], &["a"], &["b", "c"], &["a", "b"]]),
                price: random.pick(&[None, Some(99), Some(PRICES[0]), Some(PRICES[1] + 1)]),
                ..Facts::default()
            };
            let holds: Vec<Vec<Option<bool>>> = entries
                .iter()
                .map(|entry| entry.iter().map(|asked| naive(asked, &facts)).collect())
                .collect();
            let matching: Vec<usize> =
                (0..count).filter(|at| holds[*at].iter().all(|held| *held == Some(true))).collect();
            let winner = matching.first().copied();
            let undecided = (0..winner.unwrap_or(count)).find(|at| {
                let might = holds[*at].iter().all(|held| *held != Some(false));
                might && !matching.contains(at) && winner.is_none_or(|won| won % 4 != at % 4)
            });
            let found = find(&program, &facts);
            let ours: Vec<usize> = found.rates().map(usize::from).collect();
            assert_eq!(ours, matching, "{facts:?} {}", written(&entries));
            assert_eq!(found.undecided().map(usize::from), undecided, "{facts:?}");
        }
    }
}
