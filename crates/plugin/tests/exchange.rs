//! A plugin in the same process: what it is told, what is taken from it, and what is refused. A
//! loaded one goes the same way.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use feebook_plugin::author::{Answers, Config, Order, Plugin, Setup as View};
use feebook_plugin::exchange::{Batch, Entry, Instance, LineInput, OrderInput, Setup};
use feebook_plugin::kernel::{
    Cover, Line, Minor, Outcome, Ppm, Rate, Rounding, Silent, State, Terms, rate,
};
use feebook_plugin::{Aggregate, Figure, Of, Period, Refusal, kernel};

const TURNOVER: Aggregate =
    Aggregate { figure: Figure::Turnover, of: Of::Program, period: Period::Month, back: 1 };

fn setup(config: &str) -> Setup<'_> {
    Setup {
        program: "shop",
        terms: "2024-01-01",
        config,
        currency: "USD",
        decimals: 2,
        rounding: Rounding::Floor,
        entries: &[
            Entry { clause: Some("1"), by_plugin: false },
            Entry { clause: Some("2"), by_plugin: true },
        ],
        aggregates: &[TURNOVER],
    }
}

fn minor(amount: i64) -> Minor {
    Minor::new(amount).expect("an amount")
}

/// Two orders: one line of a percent; a line of the plugin's, and a declined one of the plugin's.
struct Orders {
    lines: Vec<Line>,
    outcomes: Vec<Outcome>,
}

const RATES: [Rate; 2] = [Rate::Flat(Minor::ZERO), Rate::Plugin];

impl Orders {
    fn new() -> Self {
        let line = |entry, state| Line {
            price: Minor::new(100_00),
            rate: Some(entry),
            ..Line::new(state)
        };
        let lines =
            vec![line(0, State::Approved), line(1, State::Settled), line(1, State::Declined)];
        let mut outcomes = vec![Outcome::default(); 3];
        let terms = Terms::new(kernel::BasisRule::ProductPrice, Rounding::Floor, &RATES);
        rate(Cover::Terms(&terms), &lines, &mut outcomes, &mut Silent);
        Self { lines, outcomes }
    }

    fn fill(&self, batch: &mut Batch, figure: Option<i64>) {
        batch.clear();
        for (order, range) in [(1, 0..1), (2, 1..3)] {
            batch.order(&OrderInput {
                at: order,
                day: 738_000,
                month: 24_294,
                day_of_month: 12,
                figures: &[figure],
            });
            for index in range {
                let entry = usize::from(self.lines[index].rate.expect("an entry"));
                let by_plugin = RATES[entry] == Rate::Plugin;
                batch.line(&LineInput {
                    category: Some("1509"),
                    product: Some(&index),
                    hot: Some(true),
                    ..LineInput::new(&self.lines[index], &self.outcomes[index], by_plugin)
                });
            }
        }
    }
}

/// 5 % of the plugin's lines, and an incentive of 1.00 on every earning line where the turnover is
/// known, else no word of what it earns; what it is told goes into the reasons.
struct Usual {
    share: Ppm,
    rounding: Rounding,
    turnover: usize,
}

impl Plugin for Usual {
    fn new(setup: &View<'_>, config: &mut Config) -> Option<Self> {
        let turnover = setup.aggregate(TURNOVER);
        assert_eq!(
            (setup.program(), setup.terms(), setup.currency()),
            ("shop", "2024-01-01", "USD")
        );
        assert_eq!(setup.entries().filter(|entry| entry.by_plugin).count(), 1);
        Some(Self { share: config.rate("share")?, rounding: setup.rounding(), turnover: turnover? })
    }

    fn order(&mut self, order: &Order<'_>, answers: &mut Answers<'_>) -> Result<(), String> {
        for line in order.lines() {
            if let (true, Some(basis)) = (line.waits(), line.basis()) {
                let amount = basis.share(self.share, self.rounding);
                let (category, product) = (line.category(), line.product());
                let why = format!("{category:?} {product:?} {:?} {:?}", line.hot(), line.coupon());
                answers.commission(&line, amount, &why)?;
            } else if line.earns() {
                match order.figure(self.turnover) {
                    Some(turnover) => {
                        answers.incentive(&line, minor(1_00), &format!("turnover {turnover}"))?;
                    }
                    None => answers.unknown(&line, "turnover not known")?,
                }
            }
        }
        Ok(())
    }
}

#[test]
fn a_plugin_prices_its_lines_and_adds_to_others() {
    let orders = Orders::new();
    let mut usual = Instance::of::<Usual>(&setup("share = \"5%\"\n")).unwrap();
    let mut batch = usual.batch();
    orders.fill(&mut batch, Some(7));
    usual.call(&mut batch).unwrap();
    assert_eq!(batch.said(0).reason, Some("turnover 7"));
    assert_eq!(batch.said(1).reason, Some(r#"Some("1509") Some("1") Some(true) None"#));
    assert_eq!((batch.said(2).commission, batch.said(2).reason), (None, None));
    let said = |line| (batch.said(line).commission, batch.said(line).incentive);
    let none = Some(Minor::ZERO);
    assert_eq!(
        [said(0), said(1), said(2)],
        [(None, Minor::new(1_00)), (Minor::new(5_00), none), (None, none)]
    );

    // A batch is used again; what was said before is gone.
    orders.fill(&mut batch, None);
    assert_eq!((batch.said(0).reason, batch.len()), (None, 3));
    usual.call_twice(&mut batch).unwrap();
    assert_eq!((batch.said(0).incentive, batch.said(0).reason), (None, Some("turnover not known")));
}

#[test]
fn a_config_is_refused_with_its_keys() {
    let refused = Instance::of::<Usual>(&setup("share = 5\nshares = \"1%\"\n")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "error[P020]: the plugin refuses its config: 2 problems\n  \
         share: is an integer, expected a percent string such as \"6.3%\"\n  \
         shares: is a key that the plugin does not know"
    );
}

/// What a plugin does that it should not, by its config.
struct Bad(String, u32);

impl Plugin for Bad {
    const READS_TEXTS: bool = false;

    fn new(_: &View<'_>, config: &mut Config) -> Option<Self> {
        let what = config.text("what")?;
        assert!(what != "panic at once", "cannot be set up");
        (what != "nothing").then_some(Self(what, 0))
    }

    fn order(&mut self, order: &Order<'_>, answers: &mut Answers<'_>) -> Result<(), String> {
        self.1 += 1;
        for line in order.lines() {
            match self.0.as_str() {
                "fail" => return Err(format!("no table for {:?}", line.category())),
                "panic" => assert_eq!(line.quantity(), 2, "a mistake of its author"),
                "foreign" => answers.commission(&line, minor(5), "mine")?,
                "reasons" => {
                    for number in 0..300 {
                        answers.incentive(&line, minor(1), &format!("reason {number}"))?;
                    }
                }
                "long" => answers.incentive(&line, minor(1), &"x".repeat(500))?,
                "two lines" => answers.incentive(&line, minor(1), "a\nb")?,
                "counter" => answers.incentive(&line, minor(i64::from(self.1)), "again")?,
                "fickle" => answers.incentive(&line, minor(1), &format!("call {}", self.1))?,
                "both" if line.waits() => {
                    answers.unknown(&line, "no table")?;
                    answers.commission(&line, minor(5), "a guess")?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn refusal(what: &str) -> Refusal {
    let config = format!("what = \"{what}\"\n");
    let mut bad = match Instance::of::<Bad>(&setup(&config)) {
        Ok(bad) => bad,
        Err(refusal) => return refusal,
    };
    let mut batch = bad.batch();
    Orders::new().fill(&mut batch, None);
    let refused = bad.call_twice(&mut batch).expect_err("a refusal");
    assert_eq!(batch.said(0).reason, None, "nothing is left of what was refused");
    refused
}

#[test]
fn what_a_plugin_may_not_do_is_refused_in_its_own_words() {
    let mut said = String::new();
    for what in [
        "panic at once",
        "nothing",
        "fail",
        "foreign",
        "reasons",
        "long",
        "two lines",
        "counter",
        "fickle",
        "both",
    ] {
        let refused = refusal(what);
        writeln!(said, "{what}: {:?} {refused}", refused.line()).expect("a string takes it");
    }
    let panicked = refusal("panic").to_string();
    assert!(panicked.contains("P022") && panicked.contains("tests/exchange.rs:"), "{panicked}");
    let said: Vec<&str> = said.lines().filter(|line| !line.starts_with("hint:")).collect();
    let place = said[0].split(" at ").last().unwrap();
    assert!(place.starts_with("crates/plugin/tests/exchange.rs"), "{place}");
    assert_eq!(
        said[1..],
        [
            "nothing: None error[P021]: the plugin cannot go on: the plugin made no rule and said nothing",
            "fail: None error[P021]: the plugin cannot go on: no table for None",
            "foreign: Some(0) error[P025]: the plugin sets a commission of 5 minor units on a line whose \
             rate entry 1 says otherwise",
            "reasons: None error[P021]: the plugin cannot go on: more reasons than a call holds, at \"reason 256\"",
            "long: None error[P027]: reason 1 of 1 has 500 bytes, at most 400",
            "two lines: None error[P027]: reason 1 of 1 is not one line of plain text: its byte 2 is \"\\n\"",
            "counter: Some(0) error[P028]: asked twice the same, the plugin gives incentive 1 minor units, \
             then 3 minor units",
            "fickle: Some(0) error[P028]: asked twice the same, the plugin gives reason \"call 1\", then \"call 3\"",
            "both: Some(1) error[P024]: the plugin gives a commission of 5 minor units, and cannot say what the \
             line earns",
        ]
    );
}

#[test]
fn a_batch_of_an_instance_that_is_told_other_things_is_refused() {
    let mut bad = Instance::of::<Bad>(&setup("what = \"-\"\n")).unwrap();
    let usual = Instance::of::<Usual>(&setup("share = \"5%\"\n")).unwrap();
    let with_texts = usual.batch();
    let without = Setup { aggregates: &[], ..setup("what = \"-\"\n") };
    let without_figures = Instance::of::<Bad>(&without).unwrap().batch();
    let told = [with_texts, without_figures].map(|mut batch| {
        Orders::new().fill(&mut batch, Some(1));
        let refused = bad.call(&mut batch).expect_err("of another");
        format!("{} {}", refused.code().id, refused.message())
    });
    assert_eq!(
        told,
        [
            "P031 the batch has 1 figures per order and texts, and the plugin is told 1 figures per order and no texts",
            "P031 the batch has 0 figures per order and no texts, and the plugin is told 1 figures per order and no texts",
        ]
    );
}

#[test]
fn a_call_of_which_nothing_was_said_says_so() {
    let mut usual = Instance::of::<Usual>(&setup("share = \"5%\"\n")).unwrap();
    let mut silent = Instance::of::<Bad>(&setup("what = \"-\"\n")).unwrap();
    let (mut of_usual, mut of_silent) = (usual.batch(), silent.batch());
    Orders::new().fill(&mut of_usual, Some(1));
    Orders::new().fill(&mut of_silent, Some(1));
    usual.call(&mut of_usual).unwrap();
    silent.call(&mut of_silent).unwrap();
    assert_eq!((of_usual.is_silent(), of_silent.is_silent()), (false, true));
    // Of what was said before nothing is left, in a shorter call and a longer one.
    for orders in [1, 3] {
        of_usual.clear();
        assert!(of_usual.is_silent());
        for _ in 0..orders {
            let figures = &[Some(1)];
            of_usual.order(&OrderInput { at: 0, day: 0, month: 0, day_of_month: 1, figures });
            let declined = Line::new(State::Declined);
            of_usual.line(&LineInput::new(&declined, &Outcome::default(), false));
        }
        usual.call(&mut of_usual).unwrap();
        assert!(of_usual.is_silent(), "{orders}");
        assert_eq!(of_usual.said(0).reason, None);
    }
}

#[test]
fn a_plugin_that_panicked_is_never_called_again() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    static DROPS: AtomicU32 = AtomicU32::new(0);

    struct Once;
    impl Plugin for Once {
        fn new(_: &View<'_>, _: &mut Config) -> Option<Self> {
            Some(Self)
        }
        fn order(&mut self, _: &Order<'_>, _: &mut Answers<'_>) -> Result<(), String> {
            // The first order is answered; the panic's message has a line of its own.
            assert_eq!(CALLS.fetch_add(1, Ordering::Relaxed), 0, "half done");
            Ok(())
        }
    }
    impl Drop for Once {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }

    let mut once = Instance::of::<Once>(&setup("")).unwrap();
    let mut batch = once.batch();
    Orders::new().fill(&mut batch, None);
    let first = once.call(&mut batch).expect_err("a panic");
    assert_eq!((first.code().id, CALLS.load(Ordering::Relaxed)), ("P022", 2));
    // What a terminal would obey is spelt out: it stays one line.
    assert!(first.message().contains("half done\\n  left: 1"), "{first}");
    assert_eq!(first.to_string().lines().count(), 2, "{first}");

    let second = once.call(&mut batch).expect_err("no second call");
    assert_eq!((second.code().id, CALLS.load(Ordering::Relaxed)), ("P022", 2));
    assert!(
        second.message().contains("not called again") && second.message().contains("half done")
    );
    drop(once);
    assert_eq!(DROPS.load(Ordering::Relaxed), 0, "nothing of what is half done runs");
}

#[test]
fn every_refusal_of_a_call_says_the_way_out() {
    for what in
        ["panic at once", "nothing", "fail", "panic", "foreign", "reasons", "long", "counter"]
    {
        let refused = refusal(what);
        assert!(refused.what_to_do().is_some_and(|hint| hint.len() > 20), "{what}: {refused}");
    }
}

#[test]
fn a_rate_that_may_be_unknown_is_asked_for_as_such() {
    let mut config = Config::parse("known = \"5%\"\nlost = \"unknown\"\nwrong = 5\n");
    let ppm = |rate: Option<Ppm>| rate.map(Ppm::get);
    assert_eq!(ppm(config.rate_or_unknown("known")), Some(50_000));
    assert_eq!((ppm(config.rate_or_unknown("lost")), config.has_problems()), (None, false));
    assert_eq!(ppm(config.rate_or_unknown("wrong")), None);
    assert_eq!(ppm(config.rate_or_unknown("missing")), None);
    let shown = format!("{config:?}");
    for part in [
        r#"is an integer, expected a percent string such as \"6.3%\", or \"unknown\""#,
        r#"`missing` is missing, expected a percent string such as \"6.3%\", or \"unknown\""#,
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}
