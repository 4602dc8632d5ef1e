//! A plugin in a run: what it adds is capped and withheld like all else, what it is told of earlier
//! periods, what is shown again without it, and that nothing is posted where it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::NaiveDate;
use feebook_core::answers::AnsweredBy;
use feebook_core::assumptions::assumptions;
use feebook_core::click::Click;
use feebook_core::error::{ErrorKind, Result};
use feebook_core::explain::explain;
use feebook_core::fact::{LineFact, No};
use feebook_core::ledger::{Begun, Ledger, NewImport, Scan};
use feebook_core::lines::lines;
use feebook_core::plugins::{Plugins, Start, Started};
use feebook_core::run::{
    Breach, Change, Evaluator, Held, Recomputed, Scope, Terms, Unwatched, Verified, Why, recompute,
    verify,
};
use feebook_core::standing::{Flag, FlagSubject};
use feebook_kernel::{Minor, Ppm, Rounding, Silent, State};
use feebook_plugin::Refusal;
use feebook_plugin::author::{Answers, Config, Order, Plugin, Setup as View};
use feebook_plugin::exchange::{Instance, Setup};
use feebook_schedule::zone::midnight;
use feebook_schedule::{Book, Program, Source};

/// Sets the commission of its lines, adds to all others twice as much once the first figure has
/// reached 100.00, and says what figures it was told.
struct Rule {
    share: Ppm,
    add: Minor,
    rounding: Rounding,
    figures: usize,
}

impl Plugin for Rule {
    fn new(setup: &View<'_>, config: &mut Config) -> Option<Self> {
        let (share, add) = (config.rate("share"), config.amount("add", setup.decimals()));
        Some(Self {
            share: share?,
            add: Minor::new(add?)?,
            rounding: setup.rounding(),
            figures: setup.aggregates().count(),
        })
    }

    fn order(
        &mut self,
        order: &Order<'_>,
        answers: &mut Answers<'_>,
    ) -> std::result::Result<(), String> {
        let figure = |at| order.figure(at).map_or("?".to_owned(), |figure| figure.to_string());
        let told: Vec<String> = (0..self.figures).map(figure).collect();
        let told = format!("told {}", told.join(" "));
        let reached = self.figures > 0 && order.figure(0) >= Some(100_00);
        let add = if reached { self.add.times(2).unwrap_or(self.add) } else { self.add };
        for line in order.lines() {
            if line.placement() == Some("unknown-to-the-plugin") {
                return Err("no table for this placement".to_owned());
            }
            match line.basis() {
                Some(basis) if line.waits() => {
                    answers.commission(&line, basis.share(self.share, self.rounding), &told)?;
                }
                _ => answers.incentive(&line, add, &told)?,
            }
        }
        Ok(())
    }
}

/// The rule, in this process, under the digest that plugins.toml has.
#[derive(Debug)]
struct InProcess;

impl Plugins for InProcess {
    fn start(
        &self,
        program: &Program,
        plugin: &str,
        day: NaiveDate,
        setup: &Setup<'_>,
    ) -> Result<Start> {
        let build = program.plugin_builds(plugin, day).pop().expect("a build that serves the day");
        let by = AnsweredBy {
            name: plugin.to_owned(),
            version: "1.2.0".to_owned(),
            sha256: build.sha256,
        };
        Ok(Instance::of::<Rule>(setup).map(|instance| Started { instance, by }))
    }
}

/// A rule that counts its calls and says the number: of a call, or of a process's instances.
struct Counting {
    instance: bool,
    calls: i64,
}

static INSTANCES: AtomicI64 = AtomicI64::new(0);

impl Plugin for Counting {
    fn new(_: &View<'_>, config: &mut Config) -> Option<Self> {
        let (_, _) = (config.rate("share"), config.amount("add", 2));
        let instance = config.has("per_instance") && config.boolean("per_instance")?;
        let calls = if instance { INSTANCES.fetch_add(1, Ordering::Relaxed) } else { 0 };
        Some(Self { instance, calls })
    }

    fn order(
        &mut self,
        order: &Order<'_>,
        answers: &mut Answers<'_>,
    ) -> std::result::Result<(), String> {
        self.calls += i64::from(!self.instance);
        let amount = Minor::new(self.calls).ok_or("counted")?;
        order.lines().try_for_each(|line| answers.incentive(&line, amount, "counted"))
    }
}

/// [`Counting`], in this process.
#[derive(Debug)]
struct CountsInProcess;

impl Plugins for CountsInProcess {
    fn start(
        &self,
        program: &Program,
        plugin: &str,
        day: NaiveDate,
        setup: &Setup<'_>,
    ) -> Result<Start> {
        let build = program.plugin_builds(plugin, day).pop().expect("a build that serves the day");
        let (name, version) = (plugin.to_owned(), "1".to_owned());
        let by = AnsweredBy { name, version, sha256: build.sha256 };
        Ok(Instance::of::<Counting>(setup).map(|instance| Started { instance, by }))
    }
}

fn verified(ledger: &Ledger, terms: &Terms) -> Result<(Verified, Vec<Breach>)> {
    let mut breaches = Vec::new();
    let (all, plugins) = (Scope::default(), terms.plugins.as_ref());
    let verified = verify(ledger, plugins, &all, &mut Unwatched, &mut |b| breaches.push(b))?;
    Ok((verified, breaches))
}

/// Starts a plugin for a schedule.
type Begin = fn(&Setup<'_>) -> std::result::Result<Instance, Refusal>;

#[test]
fn a_plugin_is_asked_again_when_results_are_verified() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms(MONTH, "", BUILDS));
    let rows = [
        ("0", "2024-01-31", 20_00, State::Pending, "SE"),
        ("1", "2024-02-05", 200_00, State::Approved, "SE"),
        ("2", "2024-03-05", 20_00, State::Pending, "NO"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    import(&mut ledger, 2, &[("1", "2024-02-05", 200_00, State::Declined, "SE")]);
    run(&mut ledger, &terms);
    // The second order was found twice: with February's turnover, and without.
    let (count, breaches) = verified(&ledger, &terms).expect("verified");
    assert_eq!((count, breaches.as_slice()), (Verified { results: 5, asked: 5 }, [].as_slice()));

    let (count, breaches) = verified(&ledger, &without_plugins(&terms)).expect("verified");
    assert_eq!(count, Verified { results: 5, asked: 0 });
    let told: Vec<(Held, &str)> = breaches.iter().map(|b| (b.held, b.text.as_str())).collect();
    let [(Held::PluginAsked, text)] = told[..] else { panic!("{told:?}") };
    assert!(
        text.starts_with("plugin rule 1.2.0, SHA-256 aaaa") && text.contains("not asked again")
    );
}

#[test]
fn a_plugin_with_two_answers_is_refused_and_one_that_says_otherwise_is_told() {
    let counts = |rest: &str| {
        let mut terms = terms("", "", BUILDS);
        let sources: Vec<Source> = terms
            .sources
            .iter()
            .map(|source| {
                let text =
                    source.text().replace("add = \"1.00\"\n", &format!("add = \"1.00\"\n{rest}"));
                Source::new(source.path().to_owned(), source.path().to_owned(), text)
            })
            .collect();
        terms.book = Arc::new(Book::load(&sources).0);
        terms.sources = sources.into();
        terms.plugins = Some(Arc::new(CountsInProcess));
        terms
    };
    let rows = [("1", "2024-03-05", 20_00, State::Pending, "SE")];

    let (mut ledger, fickle) = (Ledger::in_memory().expect("a ledger"), counts(""));
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &fickle);
    let (count, breaches) = verified(&ledger, &fickle).expect("verified");
    assert_eq!(count, Verified { results: 1, asked: 1 });
    let told: Vec<(Held, &str)> = breaches.iter().map(|b| (b.held, b.text.as_str())).collect();
    let [(Held::Plugin, text)] = told[..] else { panic!("{told:?}") };
    assert!(
        text.starts_with("plugin rule 1, SHA-256 aaaa") && text.contains(": P028 shop/"),
        "{text}"
    );
    assert!(text.contains("order 1, line 1: asked twice the same"), "{text}");

    let (mut ledger, other) =
        (Ledger::in_memory().expect("a ledger"), counts("per_instance = true\n"));
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &other);
    let (count, breaches) = verified(&ledger, &other).expect("verified");
    assert_eq!(count, Verified { results: 1, asked: 1 });
    let told: Vec<(Held, &str)> = breaches.iter().map(|b| (b.held, b.text.as_str())).collect();
    let said = "line 1: rule said commission none, incentive 0 (\"counted\"), and says commission none, \
        incentive 1 (\"counted\") now";
    assert_eq!(told, [(Held::Plugin, said)]);
}

/// Whatever plugin is asked for is set up so, under this digest.
struct Instead(fn(&Setup<'_>) -> std::result::Result<Instance, Refusal>, [u8; 32]);

impl std::fmt::Debug for Instead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Instead")
    }
}

impl Plugins for Instead {
    fn start(&self, _: &Program, plugin: &str, _: NaiveDate, setup: &Setup<'_>) -> Result<Start> {
        let by = AnsweredBy { name: plugin.into(), version: "1.2.0".into(), sha256: self.1 };
        let started = self.0(setup).map_err(|refusal| refusal.of_build(self.1));
        Ok(started.map(|instance| Started { instance, by }))
    }
}

/// The digest of [`BUILDS`].
const SAME: [u8; 32] = [0xaa; 32];

/// Terms whose plugin is another one.
fn instead(
    terms: &Terms,
    start: fn(&Setup<'_>) -> std::result::Result<Instance, Refusal>,
    digest: [u8; 32],
) -> Terms {
    Terms { plugins: Some(Arc::new(Instead(start, digest))), ..terms.clone() }
}

/// Refuses its config, whatever it is.
struct Refuses;

impl Plugin for Refuses {
    fn new(_: &View<'_>, config: &mut Config) -> Option<Self> {
        let _ = (config.rate("share"), config.amount("add", 2));
        config.problem("add", "is not for this build");
        None
    }

    fn order(&mut self, _: &Order<'_>, _: &mut Answers<'_>) -> std::result::Result<(), String> {
        Ok(())
    }
}

/// Panics at every order.
struct Panics;

impl Plugin for Panics {
    fn new(_: &View<'_>, config: &mut Config) -> Option<Self> {
        let _ = (config.rate("share"), config.amount("add", 2));
        Some(Self)
    }

    fn order(&mut self, order: &Order<'_>, _: &mut Answers<'_>) -> std::result::Result<(), String> {
        assert_eq!(order.lines().count(), 0, "a mistake of its author");
        Ok(())
    }
}

#[test]
fn what_a_build_does_on_being_asked_again_is_told_of_that_build_and_once() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms("", "", BUILDS));
    let day = "2024-03-05";
    let row = |order| (order, day, 20_00, State::Pending, "SE");
    import(&mut ledger, 1, &[row("1"), row("2"), row("3")]);
    run(&mut ledger, &terms);
    let told = |terms: &Terms| {
        let (count, breaches) =
            verified(&ledger, terms).expect("a finding, and no end of the command");
        let told: Vec<(Held, String)> = breaches.into_iter().map(|b| (b.held, b.text)).collect();
        (count.asked, told)
    };

    // It refuses its config now: asked it was, and the run goes on.
    let (asked, refuses) = told(&instead(&terms, Instance::of::<Refuses>, SAME));
    assert_eq!((asked, refuses.len()), (3, 3), "{refuses:?}");
    let [(Held::Plugin, text), ..] = &refuses[..] else { panic!("{refuses:?}") };
    assert!(
        text.contains(": S050 shop/2020-01-01.toml") && text.contains("`add` is not for"),
        "{text}"
    );

    // It panics: an instance that did is not called again, which is said once.
    let (asked, panics) = told(&instead(&terms, Instance::of::<Panics>, SAME));
    let kinds: Vec<Held> = panics.iter().map(|(held, _)| *held).collect();
    assert_eq!((asked, kinds), (1, vec![Held::Plugin, Held::PluginAsked]), "{panics:?}");
    assert!(panics[1].1.ends_with("about later orders of run 1: it panicked"), "{panics:?}");

    // Another build panics, or refuses: that is no word of the one that answered.
    let starts: [Begin; 2] = [Instance::of::<Panics>, Instance::of::<Refuses>];
    for start in starts {
        let (asked, other) = told(&instead(&terms, start, [0xbb; 32]));
        let kinds: Vec<Held> = other.iter().map(|(held, _)| *held).collect();
        assert_eq!((asked, kinds), (0, vec![Held::PluginAsked]), "{other:?}");
        let text = &other[0].1;
        assert!(text.contains("serves here"), "{text}");
    }
}

#[test]
fn orders_of_which_nothing_changed_need_no_plugin() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms(MONTH, "", BUILDS));
    let row = |order, day, state| (order, day, 20_00, state, "SE");
    let first = [
        row("1", "2024-01-31", State::Pending),
        row("2", "2024-02-05", State::Approved),
        row("3", "2024-03-05", State::Pending),
    ];
    import(&mut ledger, 1, &first);
    let (found, _) = run(&mut ledger, &terms);
    let gone = instead(
        &terms,
        |_| Err(Refusal::new(&feebook_plugin::codes::NO_LIBRARY, "there is no file it.so")),
        SAME,
    );
    let (again, changes) = run(&mut ledger, &gone);
    assert_eq!((again.run_id, again.orders, again.lines), (None, 3, 3));
    assert_eq!((again.verdicts, changes.len()), (found.verdicts, 0));
    // February has changed, and with it what the plugin is told of it in March.
    import(&mut ledger, 2, &[row("2", "2024-02-05", State::Declined)]);
    let refused = try_run(&mut ledger, &gone).expect_err("refused");
    assert_eq!((refused.kind(), refused.code().id), (ErrorKind::Plugin, "P003"));
    let told = "shop/2020-01-01.toml: there is no file it.so";
    assert_eq!(refused.message(), told);
    assert_eq!(ledger.runs().expect("runs").len(), 1, "nothing was posted");
}

#[test]
fn a_reading_that_the_plugin_refuses_leaves_the_others_priced() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms("", "", BUILDS));
    let terms = edited(
        &terms,
        "source = \"invented\"\n",
        "source = \"invented\"\n[assumed]\n\
        \"plugin.config.add\" = { why = \"not stated\", or = \"much\" }\n\
        \"policy.rounding\" = \"not stated\"\n",
    );
    import(&mut ledger, 1, &[("1", "2024-03-05", 20_15, State::Pending, "SE")]);
    let open = assumptions(&ledger, &terms, &Scope::default(), &mut Unwatched).expect("priced");
    let of = |key: &str| {
        let open = open.iter().find(|open| open.assumed.key == key).expect("a question");
        open.readings.as_ref().expect("readings")
    };
    let refused = of("plugin.config.add")[0].tallies.as_ref().expect_err("refused");
    assert!(refused.contains("`add` is \"much\", which is no amount"), "{refused}");
    assert!(of("policy.rounding").iter().all(|priced| priced.tallies.is_ok()));
}

const BUILDS: &str = "[[plugin]]\nname = \"rule\"\nlibrary = \"rule/a.so\"\nfrom = 2020-01-01\n\
    sha256 = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n";
const OTHER_BUILD: &str = "\n[[plugin]]\nname = \"rule\"\nlibrary = \"rule/b.so\"\nfrom = 2024-03-15\n\
    sha256 = \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n";
const MONTH: &str =
    "aggregates = [{ figure = \"turnover\", of = \"program\", period = \"month\", back = 1 }]\n";

/// One program: 10 % on everything, but in Norway what the plugin says.
fn terms(aggregates: &str, rest: &str, builds: &str) -> Terms {
    let program = "format = 1\nname = \"Shop\"\ntimezone = \"Europe/Oslo\"\npayout_currency = \"USD\"\n\
        governed_by = \"paid\"\n";
    let version = format!(
        "format = 1\neffective_on = 2020-01-01\nsource = \"invented\"\n[policy]\n\
         basis = \"product_price\"\ncurrency = \"USD\"\nrounding = \"floor\"\n\
         [[rate]]\nclause = \"1\"\nrate = \"plugin\"\nship_to = [\"NO\"]\n\
         [[rate]]\nclause = \"2\"\nrate = \"10%\"\n{rest}\
         [plugin]\nname = \"rule\"\n{aggregates}[plugin.config]\nshare = \"5%\"\nadd = \"1.00\"\n"
    );
    let files = [("program", program), ("2020-01-01", &version), ("plugins", builds)];
    let sources: Vec<Source> = files
        .into_iter()
        .map(|(name, text)| {
            let path = format!("shop/{name}.toml");
            Source::new(path.clone(), path, text.to_owned())
        })
        .collect();
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Terms { book: Arc::new(book), sources: sources.into(), plugins: Some(Arc::new(InProcess)) }
}

fn without_plugins(terms: &Terms) -> Terms {
    Terms { plugins: None, ..terms.clone() }
}

/// An order line before words are numbered: number, day, price, state, country.
type Row<'r> = (&'r str, &'r str, i64, State, &'r str);

/// Imports rows; a country after a slash is followed by the placement.
fn import(ledger: &mut Ledger, name: u8, rows: &[Row<'_>]) {
    let new = NewImport {
        program: "shop",
        file: "report.csv",
        file_digest: [name; 32],
        format: "feebook",
        format_digest: [0; 32],
        as_of: Some(i64::from(name)),
        imported_at: 0,
    };
    let started = match ledger.begin_import(&new).expect("the import begins") {
        Begun::Started(pending) => Some(pending),
        Begun::Already { .. } => None,
    };
    let mut pending = started.expect("a new file");
    for (number, day, price, state, place) in rows {
        let (order, line) = number.split_once('/').unwrap_or((number, "1"));
        let (ship_to, placement) = place.split_once('/').unwrap_or((place, ""));
        let number = |text| No::parse(text).expect("not empty");
        let mut fact = LineFact::new(number(order), number(line), *state);
        let day: NaiveDate = day.parse().expect("a day");
        fact.paid_at = Some(midnight(chrono_tz::Europe::Oslo, day));
        fact.product_price = Minor::new(*price);
        fact.new_buyer = Some(placement == "new");
        fact.sub_id = Some(format!("tag-{order}").into());
        fact.ship_to = Some(pending.words().intern(ship_to));
        if !placement.is_empty() {
            fact.placement = Some(pending.words().intern(placement));
        }
        pending.append(fact).expect("appended");
    }
    pending.keep().expect("kept");
}

/// Imports a click of our own.
fn click(ledger: &mut Ledger, sub_id: &str, day: &str, placement: &str) {
    let new = NewImport {
        program: "shop",
        file: "clicks.csv",
        file_digest: [99; 32],
        format: "clicks",
        format_digest: [0; 32],
        as_of: None,
        imported_at: 0,
    };
    let started = match ledger.begin_import(&new).expect("the import begins") {
        Begun::Started(pending) => Some(pending),
        Begun::Already { .. } => None,
    };
    let mut pending = started.expect("a new file");
    let day: NaiveDate = day.parse().expect("a day");
    let placement = Some(pending.words().intern(placement));
    let clicked_at = midnight(chrono_tz::Europe::Oslo, day);
    let click = Click {
        sub_id: sub_id.into(),
        clicked_at,
        placement,
        country: None,
        url: None,
        referrer: None,
    };
    pending.append_click(click).expect("appended");
    pending.keep().expect("kept");
}

fn try_run(ledger: &mut Ledger, terms: &Terms) -> Result<(Recomputed, Vec<Change>)> {
    let mut changes = Vec::new();
    let all = Scope::default();
    let report = recompute(ledger, terms, &all, 0, &mut Unwatched, &mut |c| changes.push(c))?;
    Ok((report, changes))
}

fn run(ledger: &mut Ledger, terms: &Terms) -> (Recomputed, Vec<Change>) {
    try_run(ledger, terms).expect("recomputed")
}

/// Each line with commission, incentive, what is withheld, and the verdict; and how many wait.
fn shown(ledger: &Ledger, terms: &Terms) -> (Vec<String>, u64) {
    let mut shown = Vec::new();
    let waiting = lines(ledger, terms, &Scope::default(), &mut Unwatched, &mut |row| {
        let found = row.found.as_ref().expect("seen");
        let amounts = found.amounts().map(|a| (a.commission, a.incentive, a.withheld));
        let verdict = found.outcome.verdict.word();
        shown.push(format!("{}/{} {amounts:?} {verdict}", row.order_no(), row.line_no()));
        Ok(())
    });
    (shown, waiting.expect("lines"))
}

/// What the plugin says that it was told, for an order.
fn told(ledger: &Ledger, terms: &Terms, order: &str) -> String {
    let no = No::parse(order).expect("a number");
    let explanation = explain(ledger, terms, Some("shop"), &no).expect("explained");
    let steps = explanation.lines.iter().flat_map(|line| &line.steps);
    let mut said = steps.filter_map(|step| step.text.split_once("told ")).map(|(_, told)| told);
    said.next_back().expect("the plugin spoke").to_owned()
}

#[test]
fn a_plugin_sets_what_is_its_own_and_adds_to_the_rest_under_the_cap() {
    let cap = "[cap]\nper_order = \"5.00\"\ncovers = [\"commission\", \"incentive\"]\n";
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms("", cap, BUILDS));
    let day = "2024-03-05";
    let rows = [
        ("1/1", day, 20_00, State::Pending, "NO"),
        ("1/2", day, 20_00, State::Pending, "SE"),
        ("2", day, 90_00, State::Pending, "SE"),
        ("3", day, 90_00, State::Declined, "NO"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    let (lines, waiting) = shown(&ledger, &terms);
    assert_eq!(
        lines,
        [
            "1/1 Some((100, 0, 0)) commissionable",
            "1/2 Some((200, 100, 0)) commissionable",
            "2/1 Some((900, 100, 500)) commissionable",
            "3/1 Some((0, 0, 0)) declined",
        ]
    );
    assert_eq!(waiting, 0);
    assert_eq!(run(&mut ledger, &terms).0.run_id, None, "the same is not posted again");
}

#[test]
fn a_flag_that_withholds_the_bonus_takes_the_incentive_too() {
    let flag = "[[flag]]\nkind = \"spam\"\neffect = \"withhold_bonus\"\n";
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms("", flag, BUILDS));
    import(&mut ledger, 1, &[("1", "2024-03-05", 20_00, State::Pending, "SE")]);
    let flag = Flag {
        id: 0,
        subject: FlagSubject::Order(No::parse("1").expect("a number")),
        kind: "spam".to_owned(),
        effect: None,
        reason: "a letter".to_owned(),
        flagged_on: "2024-03-06".parse().expect("a day"),
        who: None,
    };
    ledger.add_flag("shop", &flag, 0).expect("recorded");
    run(&mut ledger, &terms);
    assert_eq!(shown(&ledger, &terms).0, ["1/1 Some((200, 0, 0)) commissionable"]);
    let no = No::parse("1").expect("a number");
    let explanation = explain(&ledger, &terms, None, &no).expect("explained");
    let steps = &explanation.lines[0].steps;
    let unheeded = steps.iter().find(|step| step.text.contains("not given")).expect("is told");
    assert_eq!(unheeded.text, "the plugin's incentive of 1.00 is not given: told ");
    assert_eq!(unheeded.amount, None);
}

#[test]
fn explain_names_the_plugin_and_gives_its_reason() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms(MONTH, "", BUILDS));
    let day = "2024-03-05";
    let rows = [
        ("1/1", day, 20_00, State::Pending, "NO"),
        ("1/2", day, 20_00, State::Pending, "SE"),
        ("1/3", day, 20_00, State::Declined, "SE"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    let no = No::parse("1").expect("a number");
    let explanation = explain(&ledger, &without_plugins(&terms), None, &no).expect("explained");
    let by = &explanation.order_steps.last().expect("a step");
    assert_eq!(by.text, format!("plugin rule 1.2.0, SHA-256 {}", "a".repeat(64)));
    assert!(by.place.as_ref().is_some_and(|place| place.file == "shop/2020-01-01.toml"));
    let steps: Vec<(&str, Option<i64>)> = explanation
        .lines
        .iter()
        .flat_map(|line| &line.steps)
        .filter(|step| step.text.contains("plugin"))
        .map(|step| (step.text.as_str(), step.amount))
        .collect();
    assert_eq!(
        steps,
        [
            ("commissionable: the rate is set by the plugin, for ship-to NO", None),
            (
                "commission set by the schedule's plugin (before 10% for all lines): told ?",
                Some(1_00),
            ),
            ("incentive of the schedule's plugin: told ?", Some(1_00)),
            ("the plugin's incentive of 1.00 is not given: told ?", None),
        ]
    );
    for line in &explanation.lines {
        let sum: i64 = line.steps.iter().filter_map(|step| step.amount).sum();
        assert_eq!(Some(sum), line.total);
    }
}

#[test]
fn what_is_posted_is_shown_again_without_the_plugin_and_nothing_new_is() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms(MONTH, "", BUILDS));
    import(&mut ledger, 1, &[("1", "2024-03-05", 20_00, State::Pending, "NO")]);
    run(&mut ledger, &terms);
    let gone = without_plugins(&terms);
    assert_eq!(shown(&ledger, &gone), shown(&ledger, &terms));
    assert_eq!(shown(&ledger, &gone).1, 0);
    import(&mut ledger, 2, &[("2", "2024-03-06", 20_00, State::Pending, "NO")]);
    let refused = try_run(&mut ledger, &gone).expect_err("refused");
    assert_eq!((refused.kind(), refused.code().id), (ErrorKind::Plugin, "P001"));
    assert_eq!(ledger.runs().expect("runs").len(), 1, "nothing was posted");
    let unseen = No::parse("2").expect("a number");
    assert!(explain(&ledger, &gone, None, &unseen).is_err(), "no run has seen it");
    assert!(explain(&ledger, &terms, None, &unseen).is_ok());
}

#[test]
fn a_refusal_names_the_order_and_posts_nothing() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms("", "", BUILDS));
    let day = "2024-03-05";
    let rows = [
        ("1", day, 20_00, State::Pending, "NO"),
        ("2", day, 20_00, State::Pending, "NO/unknown-to-the-plugin"),
    ];
    import(&mut ledger, 1, &rows);
    let refused = try_run(&mut ledger, &terms).expect_err("refused");
    assert_eq!((refused.kind(), refused.code().id), (ErrorKind::Plugin, "P021"));
    let sentence = "shop/2020-01-01.toml: the plugin `rule` 1.2.0, order 2: the plugin cannot go on: no table \
        for this placement";
    assert_eq!(refused.message(), sentence);
    assert!(ledger.runs().expect("runs").is_empty());
}

#[test]
fn a_month_and_a_period_from_the_10th_count_what_is_confirmed() {
    let aggregates = "aggregates = [\
        { figure = \"turnover\", of = \"program\", period = \"month\", back = 1 },\
        { figure = \"orders\", of = \"program\", period = \"day10\", back = 1 },\
        { figure = \"turnover\", of = \"program\", period = \"day10\", back = 1 },\
        { figure = \"new_buyers\", of = \"program\", period = \"month\", back = 2 }]\n";
    let (mut ledger, terms) =
        (Ledger::in_memory().expect("a ledger"), terms(aggregates, "", BUILDS));
    let rows = [
        ("1", "2023-12-31", 1_00, State::Pending, "SE"),
        ("2", "2024-01-31", 2_00, State::Settled, "SE/new"),
        ("3", "2024-02-01", 4_00, State::Approved, "SE"),
        ("4", "2024-02-09", 8_00, State::Approved, "SE"),
        // The plugin says what is paid on it, and it counts whatever that is.
        ("5/1", "2024-02-10", 16_00, State::Approved, "NO"),
        ("5/2", "2024-02-10", 32_00, State::Pending, "SE"),
        ("6", "2024-02-29", 64_00, State::Declined, "SE"),
        ("7", "2024-03-09", 128_00, State::Settled, "SE"),
        ("8", "2024-03-10", 1_00, State::Pending, "SE"),
        ("9", "2024-04-05", 1_00, State::Pending, "SE"),
        ("10", "2024-01-05", 1_00, State::Pending, "SE"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    let told = |order| told(&ledger, &terms, order);
    assert_eq!(told("7"), "2800 3 1400 1", "February; 10 January to 9 February; January");
    assert_eq!(told("8"), "2800 2 14400 1", "February; 10 February to 9 March; January");
    assert_eq!(told("9"), "12800 2 14400 0", "March; 10 February to 9 March; February");
    assert_eq!(told("2"), "? ? ? ?", "no period that began before the first order is known");
    assert_eq!(told("3"), "200 ? ? ?", "January is known: December has an order");
}

/// The terms with a text of the version replaced.
fn edited(terms: &Terms, from: &str, to: &str) -> Terms {
    let edit = |source: &Source| {
        let text = source.text().replace(from, to);
        Source::new(source.path().to_owned(), source.path().to_owned(), text)
    };
    let sources: Vec<Source> = terms.sources.iter().map(edit).collect();
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Terms { book: Arc::new(book), sources: sources.into(), ..terms.clone() }
}

#[test]
fn a_figure_that_may_be_too_small_is_not_known() {
    let aggregates = "aggregates = [\
        { figure = \"turnover\", of = \"program\", period = \"month\", back = 1 },\
        { figure = \"orders\", of = \"program\", period = \"month\", back = 1 }]\n";
    let lost = "[[rate]]\nrate = \"unknown\"\nship_to = [\"FI\"]\n\
        [[rate]]\namount = \"1.00\"\nship_to = [\"DK\"]\n[[rate]]\nclause = \"2\"\n";
    let terms = edited(&terms(aggregates, "", BUILDS), "[[rate]]\nclause = \"2\"\n", lost);
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let approved = State::Approved;
    let rows = [
        // The terms begin on 2020-01-01, so what December came to cannot be said.
        ("1", "2019-11-30", 1_00, State::Pending, "SE"),
        ("2", "2019-12-20", 5_00, approved, "SE"),
        ("3", "2020-01-05", 5_00, approved, "SE"),
        // February has a line whose rate is lost; March one without an amount; April is missing.
        ("4/1", "2020-02-05", 5_00, approved, "SE"),
        ("4/2", "2020-02-05", 5_00, approved, "FI"),
        // An amount below 0 is none.
        ("5", "2020-03-05", -1, approved, "DK"),
        ("6", "2020-03-06", 3_00, approved, "SE"),
        ("7", "2020-04-30", 3_00, State::Declined, "SE"),
        ("8", "2020-05-05", 3_00, State::Pending, "SE"),
        ("9", "2020-07-05", 3_00, State::Pending, "SE"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    let told = |order| told(&ledger, &terms, order);
    assert_eq!(told("3"), "? ?", "December: no terms cover a confirmed order");
    assert_eq!(told("4"), "500 1", "January");
    assert_eq!(told("6"), "? ?", "February: what the terms pay on a confirmed line is lost");
    assert_eq!(told("7"), "? 2", "March: a line that counts has no amount");
    assert_eq!(told("8"), "0 0", "April: nothing was confirmed, and a report is there");
    assert_eq!(told("9"), "? ?", "June: no report at all");
}

#[test]
fn other_readings_and_announced_terms_ask_the_plugin_too() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms("", "", BUILDS));
    let terms = edited(
        &terms,
        "source = \"invented\"\n",
        "source = \"invented\"\n[assumed]\n\
        \"plugin.config.add\" = { why = \"not stated\", or = \"3.00\" }\n",
    );
    import(&mut ledger, 1, &[("1", "2024-03-05", 20_00, State::Pending, "SE")]);
    let open = assumptions(&ledger, &terms, &Scope::default(), &mut Unwatched).expect("priced");
    let [open] = open.as_slice() else { panic!("{open:#?}") };
    let [priced] = open.readings.as_deref().expect("a reading") else { panic!("{open:#?}") };
    let tallies = priced.tallies.as_ref().expect("priced");
    let tally = tallies.values().next().expect("an order");
    assert_eq!((tally.before, tally.after), (3_00, 5_00), "2.00 and 1.00, or 3.00");

    // A version of 2024-04-01 with a build from then on prices March's order with that build.
    let announced = terms.sources.iter().find(|source| source.path().contains("2020-01-01"));
    let text = announced.expect("a version").text().replace("2020-01-01", "2024-04-01");
    let path = "shop/2024-04-01.toml".to_owned();
    let text =
        text.replace("\"plugin.config.add\" = { why = \"not stated\", or = \"3.00\" }\n", "");
    let mut sources = terms.sources.to_vec();
    sources.push(Source::new(path.clone(), path, text.replace("\"rule\"", "\"late\"")));
    let late = BUILDS.replace("\"rule\"", "\"late\"").replace("2020-01-01", "2024-04-01");
    let builds = sources.iter().position(|source| source.path().ends_with("plugins.toml"));
    let path = "shop/plugins.toml".to_owned();
    sources[builds.expect("builds")] = Source::new(path.clone(), path, format!("{BUILDS}\n{late}"));
    sources.sort_by(|a, b| a.path().cmp(b.path()));
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    let always = book.as_if_always("shop", "2024-04-01").expect("the version");
    let standing = Arc::new(ledger.standing("shop", i64::MAX).expect("what is known"));
    let mut evaluator = Evaluator::new(&Arc::new(always), "shop", &standing)
        .expect("a program")
        .as_of(i64::MAX, terms.plugins.as_ref());
    let mut scan = Scan::new(&ledger, "shop").expect("a scan");
    let order = scan.next(&ledger).expect("read").expect("an order");
    let facts = ledger.counting(&order, i64::MAX).expect("facts");
    let found = evaluator.evaluate(&facts, &ledger, &mut Silent).expect("asked");
    assert_eq!(found.answers.expect("answers").by.name, "late");
}

#[test]
fn a_click_that_tells_the_placement_is_part_of_what_a_result_depends_on() {
    let aggregates = "aggregates = [{ figure = \"orders\", of = \"placement\", period = \"month\", back = 1 }]\n";
    let (mut ledger, terms) =
        (Ledger::in_memory().expect("a ledger"), terms(aggregates, "", BUILDS));
    let rows = [
        ("1", "2024-01-31", 1_00, State::Pending, "SE"),
        ("2", "2024-02-03", 2_00, State::Settled, "SE/blog"),
        ("3", "2024-03-05", 2_00, State::Pending, "SE"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    assert_eq!(told(&ledger, &terms, "3"), "?");
    click(&mut ledger, "tag-3", "2024-03-04", "blog");
    let (report, _) = run(&mut ledger, &terms);
    assert_eq!((report.changed, told(&ledger, &terms, "3").as_str()), (1, "1"));
}

#[test]
fn figures_of_a_placement_are_those_of_the_orders_first_lines() {
    let aggregates = "aggregates = [\
        { figure = \"orders\", of = \"placement\", period = \"month\", back = 1 },\
        { figure = \"orders\", of = \"program\", period = \"month\", back = 1 }]\n";
    let (mut ledger, terms) =
        (Ledger::in_memory().expect("a ledger"), terms(aggregates, "", BUILDS));
    let rows = [
        ("1", "2024-01-31", 1_00, State::Pending, "SE"),
        ("2", "2024-02-03", 2_00, State::Settled, "SE/blog"),
        ("3/1", "2024-02-04", 2_00, State::Settled, "SE/blog"),
        ("3/2", "2024-02-04", 2_00, State::Settled, "SE/list"),
        // Of no known placement, and not confirmed: it counts nowhere.
        ("4", "2024-02-05", 2_00, State::Pending, "SE"),
        ("5", "2024-03-01", 2_00, State::Pending, "SE/blog"),
        ("6", "2024-03-01", 2_00, State::Pending, "SE/list"),
        ("7", "2024-03-01", 2_00, State::Pending, "SE"),
        // One that counts may be any placement's, so none is known.
        ("8", "2024-03-02", 2_00, State::Settled, "SE"),
        ("9", "2024-03-03", 2_00, State::Settled, "SE/blog"),
        ("10", "2024-04-01", 2_00, State::Pending, "SE/blog"),
        ("11", "2024-04-01", 2_00, State::Pending, "SE/list"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    let told = |order| told(&ledger, &terms, order);
    assert_eq!([told("5"), told("6"), told("7")], ["2 2", "0 2", "? 2"]);
    assert_eq!([told("10"), told("11")], ["? 2", "? 2"]);
}

#[test]
fn other_figures_are_posted_and_named_as_the_reason() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms(MONTH, "", BUILDS));
    let rows = [
        ("1", "2024-01-31", 1_00, State::Pending, "SE"),
        ("2", "2024-02-05", 150_00, State::Pending, "SE"),
        ("3", "2024-03-05", 20_00, State::Pending, "SE"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &terms);
    let before = shown(&ledger, &terms);
    assert_eq!(before.0[2], "3/1 Some((200, 100, 0)) commissionable");
    import(&mut ledger, 2, &[("2", "2024-02-05", 150_00, State::Approved, "SE")]);
    let (unchanged, waiting) = shown(&ledger, &without_plugins(&terms));
    assert_eq!((unchanged, waiting), (before.0, 2), "order 3 waits as well: February has changed");
    let (report, changes) = run(&mut ledger, &terms);
    assert_eq!(report.changed, 2);
    let why: Vec<_> = changes.iter().map(|c| (c.order_no.to_string(), c.why.clone())).collect();
    assert_eq!(
        why,
        [("2".to_owned(), vec![Why::NewRevision]), ("3".to_owned(), vec![Why::NewFigures])]
    );
    assert_eq!(shown(&ledger, &terms).0[2], "3/1 Some((200, 200, 0)) commissionable");
    assert_eq!(run(&mut ledger, &terms).0.run_id, None);
}

#[test]
fn another_build_is_asked_again_from_its_day_on() {
    let (mut ledger, first) = (Ledger::in_memory().expect("a ledger"), terms("", "", BUILDS));
    let rows = [
        ("1", "2024-03-14", 20_00, State::Pending, "SE"),
        ("2", "2024-03-15", 20_00, State::Pending, "SE"),
    ];
    import(&mut ledger, 1, &rows);
    run(&mut ledger, &first);
    let stamped = terms("", "", &format!("{BUILDS}{OTHER_BUILD}"));
    assert_eq!(shown(&ledger, &stamped).1, 1, "only the order of its day on waits");
    let (report, changes) = run(&mut ledger, &stamped);
    assert_eq!((report.changed, changes.len()), (1, 0), "it says the same, and that is noted");
    let of = |order| {
        let no = No::parse(order).expect("a number");
        let explanation = explain(&ledger, &stamped, None, &no).expect("explained");
        explanation.order_steps.last().expect("a step").text.clone()
    };
    assert!(of("1").ends_with(&"a".repeat(64)) && of("2").ends_with(&"b".repeat(64)));
}
