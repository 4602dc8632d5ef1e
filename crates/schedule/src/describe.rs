//! The terms of a version in plain words, one line per policy and entry.
//!
//! Owns the normal form that snapshots keep. Refuses to judge: see `lint`.

use feebook_kernel::{BasisRule, Cap, CapScope, Rounding, WhenUnknown};

use crate::condition::{in_full, in_words};
use crate::program::Program;
use crate::version::{Entry, FxOn, Status, Version};
use crate::zone;

/// Writes the terms of a version: dates, policies, groups, entries, assumptions. A line that rests
/// on an assumption ends in `(assumed)`; the assumptions themselves stand at the end.
pub fn version_text(program: &Program, version: &Version) -> String {
    let successor = program.successor(version);
    text(program, version, &Telling { full: false, end: version.end(), successor })
}

/// Writes the terms of a version as its own file states them, for review: the end is the file's
/// own, so that the text does not change when a later version is added, and no list is cut short.
pub fn terms_text(program: &Program, version: &Version) -> String {
    text(program, version, &Telling { full: true, end: version.own_end(), successor: None })
}

/// How much is told.
struct Telling<'v> {
    /// Every value of every condition, however many; groups by their names.
    full: bool,
    /// The end of the period.
    end: Option<i64>,
    /// The version that replaced it.
    successor: Option<&'v Version>,
}

impl Telling<'_> {
    fn words(&self, entry: &Entry) -> String {
        let words = if self.full { in_full(&entry.conditions) } else { entry.words.clone() };
        if words.is_empty() { "all".to_owned() } else { words }
    }
}

fn text(program: &Program, version: &Version, telling: &Telling<'_>) -> String {
    let mut lines = vec![format!("{} {}", program.id(), version.id())];
    head(program, version, telling, &mut lines);
    lines.push(program_line(program));
    lines.extend(policies(version).into_iter().map(|policy| policy_line(version, &policy)));
    for group in version.groups() {
        let mark = mark(version, &[&format!("groups.{}", group.name)]);
        lines.push(format!("group @{}: {}{mark}", group.name, group.members.join(", ")));
    }
    entries(version, telling, &mut lines);
    if let Some(plugin) = version.plugin() {
        lines.push(format!("plugin {}", plugin.name));
        let told = plugin
            .aggregates
            .iter()
            .map(|one| format!("  is told: {}", crate::plugin_file::words(*one)));
        lines.extend(told);
        lines.extend(plugin.config.lines().map(|line| format!("  {line}")));
    }
    for assumed in version.assumed() {
        lines.push(format!("assumed {}: {}", assumed.key, assumed.words()));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A policy as people read it: its key, its value in words.
pub(crate) struct PolicyWords {
    pub(crate) key: &'static str,
    pub(crate) words: String,
}

fn policy_line(version: &Version, policy: &PolicyWords) -> String {
    let path = format!("policy.{}", policy.key);
    let prefix = format!("{path}.");
    let inner = version.assumed().iter().any(|assumed| assumed.key.starts_with(&prefix));
    let mark = if inner { " (assumed)" } else { mark(version, &[&path]) };
    let clause = clause(version.policy_clause(policy.key));
    format!("{}: {}{clause}{mark}", policy.key.replace('_', " "), policy.words)
}

fn head(program: &Program, version: &Version, telling: &Telling<'_>, lines: &mut Vec<String>) {
    let from = zone::written(program.zone(), version.start());
    let until = match telling.end {
        Some(end) => format!("until {}, exclusive", zone::written(program.zone(), end)),
        None => "until further notice".to_owned(),
    };
    let dates = mark(version, &["effective_on", "effective_at", "ends_on", "ends_at"]);
    match telling.successor {
        None => lines.push(format!("in force from {from} {until}{dates}")),
        Some(next) => {
            let since = next.learned_on().map_or(String::new(), |day| format!(" since {day}"));
            lines.push(format!("not in force: superseded by {}{since}", next.id()));
            lines.push(format!("by its own text in force from {from} {until}{dates}"));
        }
    }
    let day =
        |day: Option<chrono::NaiveDate>| day.map_or("not known".to_owned(), |d| d.to_string());
    lines.push(format!(
        "status {}; announced {}; checked {}",
        version.status().map_or("not stated", Status::word),
        day(version.announced_on()),
        day(version.checked_on())
    ));
    if let (Some(old), Some(learned)) = (version.supersedes(), version.learned_on()) {
        lines.push(format!("supersedes {old}, learned on {learned}"));
    }
    lines.push(format!("source: {}", version.source_note()));
    if let Some(tree) = version.tree() {
        let name = version.tree_name().map_or(String::new(), |name| format!(" {name}"));
        let mark = mark(version, &["category_tree"]);
        lines.push(format!("category tree{name} of {} categories{mark}", tree.categories().len()));
    }
}

/// What the program says that decides which version an order takes.
fn program_line(program: &Program) -> String {
    let mark = |key: &str| if program.assumption(key).is_some() { " (assumed)" } else { "" };
    format!(
        "governed by the instant {}{}; time zone {}{}; payouts in {}{}",
        program.governed_by().word(),
        mark("governed_by"),
        program.zone().name(),
        mark("timezone"),
        program.payout_currency(),
        mark("payout_currency"),
    )
}

/// The policies that a version states, in the order of the file format.
pub(crate) fn policies(version: &Version) -> Vec<PolicyWords> {
    let policy = &version.policy;
    let basis = match policy.basis {
        BasisRule::ProductPrice => "unit price x quantity, else the paid amount, less refunds",
        BasisRule::PaidAmount => "the paid amount, less refunds",
    };
    let rounding = match policy.rounding {
        Rounding::Floor => "fractions of the minor unit are cut off",
        Rounding::HalfUp => "to the nearest minor unit, a half goes up",
        Rounding::HalfEven => "to the nearest minor unit, a half goes to the even one",
    };
    let currency = format!("{}; what is paid in another one is excluded", policy.currency);
    let mut all = vec![
        PolicyWords { key: "basis", words: basis.to_owned() },
        PolicyWords { key: "currency", words: currency },
        PolicyWords { key: "rounding", words: rounding.to_owned() },
    ];
    let mut add = |key, words: Option<String>| {
        all.extend(words.map(|words| PolicyWords { key, words }));
    };
    let window =
        |window| format!("{} from click to order; exactly that still counts", span(window));
    add("attribution_window", policy.window.map(window));
    add("service_fee", service_fee(version));
    add("fx_on", policy.fx_on.map(|day| fx_words(day).to_owned()));
    add("bonus_without_commission", bonus_without_commission(version));
    let expires = |after| format!("void if not settled within {}", span(after));
    add("expires_after", policy.expires_after.map(expires));
    let qualified =
        "a line that is declined, reversed or refunded in full earns nothing".to_owned();
    add("qualified", version.policy_clause("qualified").map(|_| qualified));
    all
}

/// Told where it is so, and where the terms or an assumption speak of it.
fn bonus_without_commission(version: &Version) -> Option<String> {
    let key = "bonus_without_commission";
    let spoken_of = version.policy_clause(key).is_some()
        || version.assumption(&format!("policy.{key}")).is_some();
    if version.policy.bonus_without_commission {
        Some("yes: the order needs no commission for its bonus".to_owned())
    } else {
        spoken_of.then(|| "no: a bonus needs a line that earns its commission".to_owned())
    }
}

fn service_fee(version: &Version) -> Option<String> {
    let fee = version.policy.service_fee?;
    let countries = in_words(&version.policy.fee_countries, version.groups());
    let countries = if countries.is_empty() { "all buyers".to_owned() } else { countries };
    let unknown = match fee.when_unknown {
        WhenUnknown::None => "nothing is",
        WhenUnknown::Max => "the maximum is",
    };
    let max = crate::iso::percent(fee.max);
    Some(format!(
        "at most {max} for {countries}; never in the basis; if unknown, {unknown} taken out"
    ))
}

fn fx_words(day: FxOn) -> &'static str {
    match day {
        FxOn::Governing => "exchanged at the rate of the order's governing day",
        FxOn::Settled => "exchanged at the rate of the day of settlement",
        FxOn::PaidOut => "exchanged at the rate of the day of payout",
    }
}

fn entries(version: &Version, telling: &Telling<'_>, lines: &mut Vec<String>) {
    let currency = version.currency();
    let mut add = |list: &[Entry], key: &str, label: &dyn Fn(usize, &Entry) -> String| {
        let mark = mark(version, &[key]);
        for (at, entry) in list.iter().enumerate() {
            let words = telling.words(entry);
            let clause = clause(entry.clause.as_deref());
            lines.push(format!("{}: {words}{clause}{mark}", label(at, entry)));
        }
    };
    add(version.excludes(), "exclude", &|at, entry| format!("exclude {} {}", at + 1, entry.label));
    add(version.rates(), "rate", &|at, entry| format!("rate {} {}", at + 1, entry.label));
    add(version.bonuses(), "bonus", &|at, entry| {
        format!("bonus {} {} {currency}", at + 1, entry.label)
    });
    add(version.flags(), "flag", &|at, entry| {
        let effect = version.effects().get(at).map_or("", |effect| effect.word());
        format!("flag {} {} {effect}", at + 1, entry.label)
    });
    if let Some(cap) = &version.cap {
        let mark = mark(version, &["cap.per_order", "cap.covers", "cap.scope"]);
        let clause = clause(version.cap_clause());
        lines.push(format!("cap {} {currency}{clause}{mark}", cap_words(version, cap)));
    }
}

/// The components that a cap covers.
pub(crate) fn covers_words(cap: &Cap) -> String {
    let covers = [
        (cap.covers.commission, "commission"),
        (cap.covers.incentive, "incentive"),
        (cap.covers.bonus, "bonus"),
    ];
    let named: Vec<&str> = covers.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    named.join(" and ")
}

/// What a cap is counted over.
pub(crate) fn scope_word(cap: &Cap) -> &'static str {
    match cap.scope {
        CapScope::Order => "order",
        CapScope::Line => "line",
    }
}

pub(crate) fn cap_words(version: &Version, cap: &Cap) -> String {
    let limit = version.currency().written(cap.limit.get());
    format!("on {} per {} at {limit}", covers_words(cap), scope_word(cap))
}

fn clause(clause: Option<&str>) -> String {
    clause.map_or(String::new(), |clause| format!("; clause {clause}"))
}

/// The mark of a line that rests on an assumption.
fn mark(version: &Version, keys: &[&str]) -> &'static str {
    let assumed = keys.iter().any(|key| version.assumption(key).is_some());
    if assumed { " (assumed)" } else { "" }
}

/// Writes a span of seconds in days of 24 hours, else in hours.
pub(crate) fn span(seconds: i64) -> String {
    let (count, unit) =
        if seconds % 86_400 == 0 { (seconds / 86_400, "day") } else { (seconds / 3_600, "hour") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{program, version_with};

    #[test]
    fn terms_in_words_mark_what_is_assumed() {
        let text = version_with(
            "effective_on = 2024-01-01\nannounced_on = 2023-12-01",
            "attribution_window = \"PT36H\"",
            "[policy.clauses]\ncurrency = \"3.d\"\n[groups]\neu = [\"DE\", \"FR\", \"IT\", \"ES\", \"NL\"]\n\
             [[exclude]]\nclause = \"3.a\"\nreason = \"virtual\"\nmarks = [\"virtual\"]\n\
             [[rate]]\nrate = { min = \"0.8%\", max = \"70%\" }\nship_to = [\"@eu\"]\n\
             [[rate]]\nrate = \"plugin\"\n\
             [cap]\nper_order = \"50.00\"\ncovers = [\"commission\", \"bonus\"]\n\
             [plugin]\nname = \"tiers\"\n[plugin.config]\nsteps = [\"1%\", \"2%\"]\nlevel.gold = 3\n\
             [assumed]\n\"policy.rounding\" = \"not stated\"\n\"cap.scope\" = \"each order\"\n",
        );
        let program = program(&[("2024-01-01.toml", &text)]);
        assert_eq!(
            version_text(&program, &program.versions()[0]).lines().collect::<Vec<_>>(),
            [
                "p 2024-01-01",
                "in force from 2024-01-01T00:00:00+01:00 until further notice",
                "status not stated; announced 2023-12-01; checked not known",
                "source: test",
                "category tree of 4 categories",
                "governed by the instant paid; time zone Europe/Oslo; payouts in NOK",
                "basis: unit price x quantity, else the paid amount, less refunds",
                "currency: USD; what is paid in another one is excluded; clause 3.d",
                "rounding: fractions of the minor unit are cut off (assumed)",
                "attribution window: 36 hours from click to order; exactly that still counts",
                "group @eu: DE, FR, IT, ES, NL",
                "exclude 1 virtual: marks virtual; clause 3.a",
                "rate 1 band 0.8%..70%: ship-to @eu (DE, FR …)",
                "rate 2 plugin: all",
                "cap on commission and bonus per order at 50.00 USD (assumed)",
                "plugin tiers",
                "  steps = [\"1%\", \"2%\"]",
                "  level.gold = 3",
                "assumed policy.rounding: not stated",
                "assumed cap.scope: each order",
            ]
        );
    }
}
