//! The open questions of terms, each with its other readings as loadable terms.
//!
//! Owns what another reading of an assumption is: the other members of a closed set, or what the
//! file itself states with `or`. A reading is the program's files with one key edited; it is loaded
//! and evaluated like any other, so there is no second way to understand terms. Refuses ledgers and
//! amounts.

use chrono::NaiveDate;
use chrono_tz::Tz;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, TableLike, Value};

use crate::book::Book;
use crate::diagnostic::{Diagnostic, Place};
use crate::program::Program;
use crate::source::Source;
use crate::version::{Assumed, Version};
use crate::zone;

/// Something that the terms leave open, and how else it can be read.
#[derive(Clone, Debug)]
pub struct Question {
    /// The version that assumes it; none for `program.toml`.
    pub version: Option<String>,
    /// The key, why the file says what it says, and where.
    pub assumed: Assumed,
    /// What the file says, as TOML; none where it leaves the key out.
    pub now: Option<String>,
    /// Whether another reading may move an order to another version, or to another window, or change what
    /// the plugin of another version is told of earlier periods: then it matters to orders that the
    /// version does not govern.
    pub reaches_all: bool,
    /// The other readings; if there is none, the reason.
    pub readings: Result<Vec<Reading>, &'static str>,
}

/// Another reading of one key.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The key's value in this reading, as TOML; none where the key is left out.
    pub value: Option<String>,
    /// Where the file states it with `or`, and that line; none for a member of a closed set.
    stated: Option<(Place, String)>,
    /// All files of the program in this reading.
    sources: Vec<Source>,
}

impl Reading {
    /// Whether the file states it with `or`.
    pub fn is_stated(&self) -> bool {
        self.stated.is_some()
    }

    /// Loads the terms in this reading, or tells every error: a value of `or` that cannot stand for
    /// the key, or dates that collide. What the file states is told where it states it.
    pub fn load(&self) -> Result<Book, Vec<Diagnostic>> {
        let (book, mut problems) = Book::load(&self.sources);
        problems.retain(Diagnostic::is_error);
        if let Some((place, line)) = &self.stated {
            for problem in &mut problems {
                problem.message = format!("as `or` has it, {}", problem.message);
                problem.excerpt = Some((line.clone(), line.trim().chars().count()));
                problem.place = place.clone();
            }
        }
        if problems.is_empty() { Ok(book) } else { Err(problems) }
    }
}

/// Says that no reading is known.
const UNSTATED: &str = "no other reading is stated; write one with `or = …`";
/// Says that the key moves nothing.
const IDLE: &str = "no order's amount rests on it";
/// Says how to state other rates.
const SEVERAL: &str = "`or` of several entries is the list of all of them";

/// Keys that describe the program or the file and enter no calculation.
const IDLE_KEYS: &[&str] = &[
    "name",
    "advertiser",
    "network",
    "notice",
    "started_on",
    "payout_currency",
    "announced_on",
    "learned_on",
    "checked_on",
    "status",
    "source",
    "supersedes",
];
const IDLE_TABLES: &[&str] = &["sem.", "listing.", "payouts.", "policies.", "policy.clauses."];

/// Lists the open questions of a program and of its versions in the book, in the order of the
/// files. `sources` holds at least all files of the program.
pub fn questions(program: &Program, sources: &[Source]) -> Vec<Question> {
    let folder = format!("{}/", program.id());
    let sources: Vec<Source> =
        sources.iter().filter(|source| source.path().starts_with(&folder)).cloned().collect();
    let mut questions = Vec::new();
    let of_program = program.assumed().iter().map(|assumed| (None, program.source(), assumed));
    let of_versions = program.versions().iter().flat_map(|version| {
        let source = version.source();
        version.assumed().iter().map(move |assumed| (Some(version), source, assumed))
    });
    for (version, source, assumed) in of_program.chain(of_versions) {
        // What loaded parses.
        let Ok(text) = source.text().parse::<DocumentMut>() else { continue };
        let asked = Asked { program, version, source, sources: &sources, assumed, text };
        questions.push(asked.question());
    }
    questions
}

/// One key while its readings are made.
struct Asked<'p> {
    program: &'p Program,
    version: Option<&'p Version>,
    source: &'p Source,
    sources: &'p [Source],
    assumed: &'p Assumed,
    text: DocumentMut,
}

impl Asked<'_> {
    fn question(&self) -> Question {
        Question {
            version: self.version.map(|version| version.id().to_owned()),
            assumed: self.assumed.clone(),
            now: self.now(),
            reaches_all: self.version.is_none()
                || REACH_ALL.contains(&self.key())
                || counts_earlier(self.program),
            readings: self.readings(),
        }
    }

    fn key(&self) -> &str {
        &self.assumed.key
    }

    fn readings(&self) -> Result<Vec<Reading>, &'static str> {
        if let Some(stated) = self.stated() {
            return Ok(vec![self.reading(Some(stated), true)?]);
        }
        let key = self.key();
        if IDLE_KEYS.contains(&key) || IDLE_TABLES.iter().any(|table| key.starts_with(table)) {
            return Err(IDLE);
        }
        let others = self.others()?;
        others.into_iter().map(|value| self.reading(value, false)).collect()
    }

    /// The value of `or`.
    fn stated(&self) -> Option<Value> {
        let assumed = self.text.get("assumed")?.as_table_like()?.get(self.key())?;
        assumed.as_table_like()?.get("or")?.clone().into_value().ok()
    }

    /// What the file says for the key.
    fn now(&self) -> Option<String> {
        let item = find(self.text.as_table(), self.key())?;
        let value = item.clone().into_value().ok()?;
        let Some(entries) = entries_of(self.key(), &value) else { return Some(written(&value)) };
        match (self.key(), entries.as_slice()) {
            ("rate", [only]) => rate_of(only).map(written),
            (_, [_]) => Some("1 entry".to_owned()),
            _ => Some(format!("{} entries", entries.len())),
        }
    }

    /// The other members of the key's closed set; none of them stands for a key left out.
    fn others(&self) -> Result<Vec<Option<Value>>, &'static str> {
        let word = |words: &[&str], absent: &str| {
            let now = find(self.text.as_table(), self.key()).and_then(Item::as_str);
            let now = now.unwrap_or(absent);
            words.iter().filter(|word| **word != now).map(|word| Some(Value::from(*word))).collect()
        };
        let policy = |key: &str| find(self.text.as_table(), key).is_some();
        match self.key() {
            "governed_by" => Ok(word(&["ordered", "paid", "finished"], "")),
            "timezone" => Ok(word(zones(self.program.zone()), self.program.zone().name())),
            "policy.rounding" => Ok(word(&["floor", "half_up", "half_even"], "")),
            "policy.basis" => Ok(word(&["product_price", "paid_amount"], "")),
            "policy.service_fee.when_unknown" if policy("policy.service_fee") => {
                Ok(word(&["none", "max"], "none"))
            }
            "policy.bonus_without_commission" => {
                let now = find(self.text.as_table(), self.key()).and_then(Item::as_bool);
                Ok(vec![Some(Value::from(!now.unwrap_or(false)))])
            }
            "policy.attribution_window" if policy(self.key()) => Ok(vec![None]),
            "policy.fx_on" => Ok(word(&["governing", "settled", "paid_out"], "")),
            "cap.scope" if policy("cap") => Ok(word(&["order", "line"], "order")),
            "cap.covers" if policy("cap") => Ok(self.other_covers()),
            "category_tree" => {
                let names: Vec<&str> = self.program.trees().map(|(name, _)| name).collect();
                let others: Vec<Option<Value>> = word(&names, "");
                if others.is_empty() { Err(UNSTATED) } else { Ok(others) }
            }
            _ => Err(UNSTATED),
        }
    }

    /// The commission with or without the bonus, and, where a plugin may give one, the incentive.
    fn other_covers(&self) -> Vec<Option<Value>> {
        let Some(cap) = self.version.and_then(|version| version.cap) else { return Vec::new() };
        let now = [cap.covers.commission, cap.covers.incentive, cap.covers.bonus];
        let plugin = self.version.is_some_and(|version| version.plugin().is_some());
        let mut others = Vec::new();
        for (incentive, bonus) in [(false, false), (false, true), (true, false), (true, true)] {
            let incentive = if plugin { incentive } else { now[1] };
            let covers = [now[0], incentive, bonus];
            let words = ["commission", "incentive", "bonus"].into_iter().zip(covers);
            let list: Vec<&str> = words.filter(|(_, on)| *on).map(|(word, _)| word).collect();
            if covers != now && !list.is_empty() && !others.contains(&list) {
                others.push(list);
            }
        }
        others.into_iter().map(|list| Some(Value::from_iter(list))).collect()
    }

    /// Edits the key's file; a date takes the file's name with it.
    fn reading(&self, value: Option<Value>, stated: bool) -> Result<Reading, &'static str> {
        let mut text = self.text.clone();
        let shown = value.as_ref().map(written);
        put(&mut text, self.key(), value.clone())?;
        let edited = Source::new(self.source.path(), self.source.shown(), text.to_string());
        let swap = |source: &Source| {
            if source.path() == edited.path() { edited.clone() } else { source.clone() }
        };
        let sources: Vec<Source> = self.sources.iter().map(swap).collect();
        let sources = value.map_or(sources.clone(), |value| self.renamed(sources, &value));
        let stated = stated.then(|| (self.assumed.place.clone(), self.line()));
        Ok(Reading { value: shown, stated, sources })
    }

    /// The line of the file that the assumption stands on.
    fn line(&self) -> String {
        let row = usize::try_from(self.assumed.place.line).unwrap_or(1).saturating_sub(1);
        self.source.text().lines().nth(row).unwrap_or_default().to_owned()
    }

    /// A version is named after the local day it takes effect: a reading of that day, or of the zone
    /// it is counted in, renames it.
    fn renamed(&self, sources: Vec<Source>, value: &Value) -> Vec<Source> {
        let text = value.as_str().map_or_else(|| written(value), str::to_owned);
        let zone = self.program.zone();
        match (self.key(), self.version) {
            ("effective_on", Some(version)) if text.parse::<NaiveDate>().is_ok() => {
                rename(&sources, version, &text)
            }
            ("effective_at", Some(version)) => match chrono::DateTime::parse_from_rfc3339(&text) {
                Ok(at) => rename(&sources, version, &zone::day(zone, at.timestamp()).to_string()),
                Err(_) => sources,
            },
            ("timezone", None) => {
                let Some(zone) = zone::parse(&text) else { return sources };
                named_in(self.program, sources, zone)
            }
            _ => sources,
        }
    }
}

/// Keys of a version that matter to orders of other versions: periods, and the window, which is
/// that of the version in force at the click.
const REACH_ALL: &[&str] =
    &["effective_on", "effective_at", "ends_on", "ends_at", "policy.attribution_window"];

/// Whether any version's plugin is told of earlier periods, in which other versions may govern.
fn counts_earlier(program: &Program) -> bool {
    let plugins = program.versions().iter().filter_map(Version::plugin);
    plugins.into_iter().any(|plugin| !plugin.aggregates.is_empty())
}

/// The zones that a zone may be mistaken for: that of the world's clocks, and for Los Angeles the
/// winter time that "PST" says.
fn zones(now: Tz) -> &'static [&'static str] {
    match now {
        Tz::America__Los_Angeles => &["UTC", "Etc/GMT+8"],
        _ => &["UTC"],
    }
}

/// Names the versions that begin at an instant after their day in another zone.
fn named_in(program: &Program, sources: Vec<Source>, zone: Tz) -> Vec<Source> {
    let versions = program.versions().iter().chain(program.superseded());
    let at = versions.filter(|version| version.place_of("effective_at").is_some());
    at.fold(sources, |sources, version| {
        let day = zone::day(zone, version.start()).to_string();
        rename(&sources, version, &day)
    })
}

/// Returns a program's terms with one key of one version, or of `program.toml`, edited: `value` as
/// TOML writes it, or nothing where the key is left out. None where the terms would not load.
/// `sources` holds at least all files of the program.
pub fn edited(
    program: &Program,
    sources: &[Source],
    version: Option<&Version>,
    key: &str,
    value: Option<&str>,
) -> Option<Book> {
    let file = version.map_or(program.source(), Version::source);
    let mut text: DocumentMut = file.text().parse().ok()?;
    let parsed = value.map(str::parse::<Value>).transpose().ok()?;
    put(&mut text, key, parsed).ok()?;
    let folder = format!("{}/", program.id());
    let of_program = sources.iter().filter(|source| source.path().starts_with(&folder));
    let swap = |source: &Source| {
        let text = || Source::new(source.path(), source.shown(), text.to_string());
        if source.path() == file.path() { text() } else { source.clone() }
    };
    let mut edited: Vec<Source> = of_program.map(swap).collect();
    if let (None, "timezone", Some(zone)) =
        (version, key, value.and_then(|name| zone::parse(name.trim_matches('"'))))
    {
        edited = named_in(program, edited, zone);
    }
    let (book, problems) = Book::load(&edited);
    (!problems.iter().any(Diagnostic::is_error)).then_some(book)
}

/// Gives a version's file the name of another day, also where others name it.
fn rename(sources: &[Source], version: &Version, day: &str) -> Vec<Source> {
    let slug = version.id().get(10..).unwrap_or_default();
    let (old, new) = (version.source().path(), format!("{day}{slug}"));
    let name = |source: &Source| {
        if source.path() == old {
            let folder = old.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Source::new(format!("{folder}/{new}.toml"), source.shown(), source.text());
        }
        let Ok(mut text) = source.text().parse::<DocumentMut>() else { return source.clone() };
        let replaced = text.get("supersedes").and_then(Item::as_str);
        let stem = replaced.map(|file| file.strip_suffix(".toml").unwrap_or(file));
        if stem != Some(version.id()) {
            return source.clone();
        }
        text.insert("supersedes", Item::Value(Value::from(new.as_str())));
        Source::new(source.path(), source.shown(), text.to_string())
    };
    sources.iter().map(name).collect()
}

/// Finds a key by its dotted path.
fn find<'t>(root: &'t dyn TableLike, key: &str) -> Option<&'t Item> {
    let mut table = root;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let item = table.get(part).filter(|item| !item.is_none())?;
        if parts.peek().is_none() {
            return Some(item);
        }
        table = item.as_table_like()?;
    }
    None
}

/// Puts a value in the place of a key, or takes the key out.
fn put(text: &mut DocumentMut, key: &str, value: Option<Value>) -> Result<(), &'static str> {
    let now = find(text.as_table(), key).and_then(|item| item.clone().into_value().ok());
    let value = match (value, now) {
        (Some(value), Some(now)) if key == "rate" && !value.is_array() => {
            Some(with_rate(&now, value)?)
        }
        (value, _) => value,
    };
    let (above, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut table: &mut dyn TableLike = text.as_table_mut();
    for part in above.split('.').filter(|part| !part.is_empty()) {
        let item = table.entry(part).or_insert_with(|| Item::Table(toml_edit::Table::new()));
        table = item.as_table_like_mut().ok_or(UNSTATED)?;
    }
    match value {
        Some(value) => _ = table.insert(last, Item::Value(plain(&value))),
        None => _ = table.remove(last),
    }
    Ok(())
}

/// The only entry of a list of rates with another rate or amount.
fn with_rate(list: &Value, value: Value) -> Result<Value, &'static str> {
    let entries = entries_of("rate", list).unwrap_or_default();
    let [only] = entries.as_slice() else { return Err(SEVERAL) };
    let mut entry = (*only).clone();
    let amount = value.as_str().is_some_and(|text| text.parse::<rust_decimal::Decimal>().is_ok());
    entry.remove("rate");
    entry.remove("amount");
    entry.insert(if amount { "amount" } else { "rate" }, value);
    Ok(Value::from_iter([Value::from(entry)]))
}

fn rate_of(entry: &InlineTable) -> Option<&Value> {
    entry.get("rate").or_else(|| entry.get("amount"))
}

/// The entries of a list of tables.
fn entries_of<'v>(key: &str, value: &'v Value) -> Option<Vec<&'v InlineTable>> {
    let list = value.as_array().filter(|_| ["exclude", "rate", "bonus", "flag"].contains(&key))?;
    list.iter().map(Value::as_inline_table).collect()
}

/// The value as people write it in one line, without the space and the comments it stood among.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Array = list.iter().map(plain).collect();
            list.fmt();
            Value::from(list)
        }
        Value::InlineTable(table) => {
            let pairs = table.iter().map(|(key, value)| (Key::new(key), plain(value)));
            let mut table: InlineTable = pairs.collect();
            table.fmt();
            Value::from(table)
        }
        _ => value.clone().decorated("", ""),
    }
}

/// Writes a value as TOML in one line.
fn written(value: &Value) -> String {
    plain(value).decorated("", "").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::terms_text;
    use crate::testing::{PROGRAM, TREE, sources, told, version, version_with};

    /// The questions of a program with one version that has these policies and further lines.
    fn questions_of(of_program: &str, policy: &str, rest: &str) -> Vec<Question> {
        let text = version_with("effective_on = 2024-03-01", policy, rest);
        asked(&[("program.toml", &format!("{PROGRAM}{of_program}")), ("2024-03-01.toml", &text)])
    }

    fn asked(files: &[(&str, &str)]) -> Vec<Question> {
        let sources = sources(&[&[("categories.csv", TREE)], files].concat());
        let (book, problems) = Book::load(&sources);
        assert_eq!(told(&problems), [""; 0]);
        questions(book.program("p").unwrap(), &sources)
    }

    /// Each question as its key, what the file says, and the other readings or the reason why
    /// there is none. All readings load.
    fn told_all(questions: &[Question]) -> Vec<String> {
        let or_absent = |value: &Option<String>| value.clone().unwrap_or("absent".to_owned());
        let line = |question: &Question| {
            let others = match &question.readings {
                Err(note) => (*note).to_owned(),
                Ok(readings) => {
                    assert!(readings.iter().all(|reading| reading.load().is_ok()));
                    let all = readings.iter().map(|reading| or_absent(&reading.value));
                    all.collect::<Vec<_>>().join(" | ")
                }
            };
            format!("{}: {} -> {others}", question.assumed.key, or_absent(&question.now))
        };
        questions.iter().map(line).collect()
    }

    /// The name and the terms of the last version under the first question's only reading.
    fn read_otherwise(questions: &[Question]) -> (String, String) {
        let readings = questions[0].readings.as_ref().unwrap();
        assert!(readings.len() == 1 && readings[0].is_stated());
        let book = readings[0].load().unwrap();
        let program = book.program("p").unwrap();
        let version = program.versions().last().unwrap();
        (version.id().to_owned(), terms_text(program, version))
    }

    #[test]
    fn a_closed_set_has_its_other_members() {
        let of_program = "[assumed]\ngoverned_by = \"x\"\ntimezone = \"x\"\nnotice = \"x\"\n";
        let policy = "attribution_window = \"P3D\"\nfx_on = \"settled\"\n\
                      service_fee = { max = \"8%\" }";
        let rest = "[cap]\nper_order = \"50.00\"\ncovers = [\"commission\"]\n\
                    [[rate]]\nrate = \"5%\"\n[groups]\neu = [\n  \"DE\", # one\n  \"FR\",\n]\n\
                    [assumed]\n\"policy.rounding\" = \"x\"\n\"policy.basis\" = \"x\"\n\
                    \"policy.service_fee.when_unknown\" = \"x\"\n\"cap.covers\" = \"x\"\n\
                    \"cap.scope\" = \"x\"\n\"policy.bonus_without_commission\" = \"x\"\n\
                    \"policy.fx_on\" = \"x\"\n\"policy.attribution_window\" = \"x\"\n\
                    \"policy.currency\" = \"x\"\n\"groups.eu\" = \"x\"\n\"rate\" = \"x\"\n\
                    \"exclude\" = \"x\"\n\"source\" = \"x\"\n";
        let questions = questions_of(of_program, policy, rest);
        assert_eq!(
            told_all(&questions),
            [
                "governed_by: \"paid\" -> \"ordered\" | \"finished\"",
                "timezone: \"Europe/Oslo\" -> \"UTC\"",
                "notice: \"P14D\" -> no order's amount rests on it",
                "policy.rounding: \"floor\" -> \"half_up\" | \"half_even\"",
                "policy.basis: \"product_price\" -> \"paid_amount\"",
                "policy.service_fee.when_unknown: absent -> \"max\"",
                "cap.covers: [\"commission\"] -> [\"commission\", \"bonus\"]",
                "cap.scope: absent -> \"line\"",
                "policy.bonus_without_commission: absent -> true",
                "policy.fx_on: \"settled\" -> \"governing\" | \"paid_out\"",
                "policy.attribution_window: \"P3D\" -> absent",
                &format!("policy.currency: \"USD\" -> {UNSTATED}"),
                &format!("groups.eu: [\"DE\", \"FR\"] -> {UNSTATED}"),
                &format!("rate: \"5%\" -> {UNSTATED}"),
                &format!("exclude: absent -> {UNSTATED}"),
                "source: \"test\" -> no order's amount rests on it",
            ]
        );
        let of_all = questions.iter().filter(|question| question.reaches_all);
        let keys: Vec<&str> = of_all.map(|question| question.assumed.key.as_str()).collect();
        assert_eq!(keys, ["governed_by", "timezone", "notice", "policy.attribution_window"]);
    }

    #[test]
    fn what_a_plugin_is_told_of_earlier_periods_rests_on_all_versions() {
        let rate = "[[rate]]\nrate = \"5%\"\n";
        let assumed = format!("{rate}[assumed]\n\"policy.basis\" = \"x\"\n");
        let plugin = |told: &str| format!("{rate}[plugin]\nname = \"tiers\"\n{told}");
        let told = "aggregates = [{ figure = \"orders\", of = \"program\", period = \"month\", back = 1 }]\n";
        for (told, reaches_all) in [("", false), (told, true)] {
            let questions = asked(&[
                ("program.toml", PROGRAM),
                ("2024-03-01.toml", &version_with("effective_on = 2024-03-01", "", &assumed)),
                ("2024-06-01.toml", &version_with("effective_on = 2024-06-01", "", &plugin(told))),
            ]);
            assert_eq!(questions[0].reaches_all, reaches_all, "{told}");
        }
    }

    #[test]
    fn pacific_time_may_be_without_summer() {
        let file = PROGRAM.replace("Europe/Oslo", "America/Los_Angeles");
        // In Los Angeles the evening of the 29th, elsewhere the 1st of March.
        let at = version("effective_at = 2024-02-29T23:30:00-08:00");
        let questions = asked(&[
            ("program.toml", &format!("{file}assumed = {{ timezone = \"x\" }}\n")),
            ("2024-02-29.toml", &at),
        ]);
        assert_eq!(
            told_all(&questions),
            ["timezone: \"America/Los_Angeles\" -> \"UTC\" | \"Etc/GMT+8\""]
        );
        let book = questions[0].readings.as_ref().unwrap()[0].load().unwrap();
        assert_eq!(book.program("p").unwrap().versions()[0].id(), "2024-03-01");
    }

    #[test]
    fn a_file_states_the_other_reading_itself() {
        let rest = "[[rate]]\nclause = \"1\"\nrate = \"5%\"\n[groups]\neu = [\"DE\"]\n";
        for (key, or, expected) in [
            ("rate", "\"unknown\"", "rate 1 unknown: all; clause 1 (assumed)"),
            ("rate", "\"1.50\"", "rate 1 flat 1.50: all; clause 1 (assumed)"),
            (
                "rate",
                "{ min = \"1%\", max = \"9%\" }",
                "rate 1 band 1%..9%: all; clause 1 (assumed)",
            ),
            (
                "rate",
                "[{ rate = \"6%\", ship_to = [\"@eu\"] }, { rate = \"7%\" }]",
                "rate 2 7%: all (assumed)",
            ),
            ("groups.eu", "[\"DE\", \"CH\"]", "group @eu: DE, CH (assumed)"),
            (
                "policy.rounding",
                "\"half_up\"",
                "rounding: to the nearest minor unit, a half goes up (assumed)",
            ),
            (
                "policy.attribution_window",
                "\"P30D\"",
                "attribution window: 30 days from click to order; exactly that still counts (assumed)",
            ),
            (
                "policy.service_fee",
                "{ max = \"8%\" }",
                "service fee: at most 8% for all buyers; never in the basis; if unknown, nothing is taken out (assumed)",
            ),
            (
                "exclude",
                "[{ reason = \"virtual\", categories = [10] }]",
                "exclude 1 virtual: categories 10 (assumed)",
            ),
            (
                "cap",
                "{ per_order = \"50.00\", covers = [\"commission\"] }",
                "cap on commission per order at 50.00 USD (assumed)",
            ),
        ] {
            let assumed = format!("{rest}[assumed]\n\"{key}\" = {{ why = \"x\", or = {or} }}\n");
            let questions = questions_of("", "", &assumed);
            let (_, terms) = read_otherwise(&questions);
            let lines: Vec<&str> = terms.lines().collect();
            assert!(lines.contains(&expected), "{key} = {or}\n{terms}");
            assert_eq!(questions[0].assumed.or.as_deref(), Some(or));
            assert!(terms.contains(&format!("assumed {key}: x; or {or}\n")), "{terms}");
        }
    }

    #[test]
    fn another_day_renames_the_file_also_where_others_name_it() {
        let head = "effective_on = 2024-03-01\nassumed = { effective_on = { why = \"about\", or = 2024-04-15 } }";
        let moved = "effective_on = 2024-05-01\nsupersedes = \"2024-03-01-x.toml\"\nlearned_on = 2024-02-01";
        let files = [
            ("program.toml", PROGRAM),
            ("2024-03-01-x.toml", &*version(head)),
            ("2024-02-01.toml", &version("effective_on = 2024-02-01")),
        ];
        let (id, terms) = read_otherwise(&asked(&files));
        assert_eq!(id, "2024-04-15-x");
        assert!(terms.contains("in force from 2024-04-15T00:00:00+02:00"), "{terms}");
        // An amendment that rests on the day, and what it replaced.
        let amendment =
            format!("{moved}\nassumed = {{ effective_on = {{ why = \"x\", or = 2024-05-02 }} }}");
        let files = [
            ("program.toml", PROGRAM),
            ("2024-03-01-x.toml", &*version("effective_on = 2024-03-01")),
            ("2024-05-01.toml", &version(&amendment)),
        ];
        assert_eq!(read_otherwise(&asked(&files)).0, "2024-05-02");
    }

    #[test]
    fn a_reading_that_cannot_stand_for_the_key_says_why() {
        let rates = "[[rate]]\nrate = \"5%\"\n";
        for (key, or, expected) in [
            ("policy.rounding", "\"up\"", "S006"),
            ("policy.attribution_window", "3.5", "S005"),
            ("cap", "{ covers = [\"commission\"] }", "S003"),
            ("effective_on", "\"soon\"", "S007"),
        ] {
            let assumed = format!("{rates}[assumed]\n\"{key}\" = {{ why = \"x\", or = {or} }}\n");
            let questions = questions_of("", "", &assumed);
            let problems = questions[0].readings.as_ref().unwrap()[0].load().unwrap_err();
            assert!(told(&problems)[0].starts_with(expected), "{}", told(&problems).join("\n"));
        }
        let two = format!("{rates}{rates}[assumed]\nrate = {{ why = \"x\", or = \"6%\" }}\n");
        assert_eq!(
            told_all(&questions_of("", "", &two)),
            [format!("rate: 2 entries -> {SEVERAL}")]
        );
    }

    #[test]
    fn one_key_is_edited_and_the_rest_stays() {
        let rest = "[[rate]]\nrate = \"5%\"\n[[bonus]]\nfor = \"new_buyer\"\namount = \"2.00\"\n\
                    [cap]\nper_order = \"50.00\"\ncovers = [\"commission\"]\n";
        let text = version_with("effective_at = 2024-02-29T23:30:00+01:00", "", rest);
        let files = [("program.toml", PROGRAM), ("2024-02-29.toml", &text)];
        let sources = sources(&files);
        let (book, _) = Book::load(&sources);
        let program = book.program("p").unwrap();
        let version = program.versions().first();
        let terms = |version: Option<&Version>, key: &str, value: Option<&str>| {
            let book = edited(program, &sources, version, key, value)?;
            let program = book.program("p").unwrap();
            Some(terms_text(program, &program.versions()[0]))
        };
        let shown = terms(version, "cap", None).unwrap();
        assert!(!shown.contains("cap on") && shown.contains("bonus"), "{shown}");
        let shown = terms(version, "cap.covers", Some("[\"commission\", \"bonus\"]")).unwrap();
        assert!(shown.contains("cap on commission and bonus"), "{shown}");
        let shown = terms(version, "bonus", None).unwrap();
        assert!(!shown.contains("bonus"), "{shown}");
        let shown = terms(None, "timezone", Some("\"Asia/Shanghai\"")).unwrap();
        assert!(shown.contains("2024-03-01"), "{shown}");
        assert_eq!(terms(version, "policy.rounding", Some("\"up\"")), None);
        assert_eq!(terms(version, "policy.rounding", Some("= up")), None);
    }

    #[test]
    fn a_dotted_key_without_quotes_is_told() {
        let text = version_with(
            "effective_on = 2024-03-01",
            "",
            "[[rate]]\nrate = \"5%\"\n[assumed]\npolicy.rounding = \"x\"\n\
             \"policy.basis\" = { why = \"x\", other = 1 }\n",
        );
        let (_, problems) = crate::testing::load(&[("2024-03-01.toml", &text)]);
        assert_eq!(
            told(&problems),
            [
                "S003 2024-03-01.toml:12:1 the assumption about `policy` has no `why`",
                "S002 2024-03-01.toml:13:31 unknown key `other` in the assumption",
            ]
        );
    }
}
