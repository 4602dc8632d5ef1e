//! A new version begun as a copy of another: re-dated, with what only a person can answer opened
//! as a question.
//!
//! Owns what is taken over and what is not. Everything of the terms is, with its comments; what
//! the old file says of itself (its dates, its source, who compared it) is not. Refuses files: the
//! caller writes the text.

use chrono::{DateTime, FixedOffset, NaiveDate};
use toml_edit::{DocumentMut, Item, Key, Table, TableLike, TomlError, Value, value};

use crate::diagnostic::Place;
use crate::program::Program;
use crate::version::Version;
use crate::zone;

/// What a text begins with that a person has still to answer.
pub const OPEN: &str = "OPEN: ";

/// Keys by which a file speaks of itself, in the order in which a new one has them.
const OF_ITSELF: &[&str] = &[
    "effective_on",
    "effective_at",
    "ends_on",
    "ends_at",
    "announced_on",
    "checked_on",
    "status",
    "source",
    "supersedes",
    "learned_on",
];

/// When a version takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the beginning of a day in the program's zone.
    On(NaiveDate),
    /// At an instant.
    At(DateTime<FixedOffset>),
}

impl Start {
    /// Returns the instant, in seconds since 1970-01-01T00:00:00Z.
    pub fn instant(self, program: &Program) -> i64 {
        match self {
            Self::On(day) => zone::midnight(program.zone(), day),
            Self::At(instant) => instant.timestamp(),
        }
    }
}

/// What a person says of the new version.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When it takes effect.
    pub start: Start,
    /// When publishers were told.
    pub announced_on: Option<NaiveDate>,
    /// What its name has after the day.
    pub slug: Option<String>,
    /// The version that it replaces, and the day that was learned.
    pub amends: Option<(String, NaiveDate)>,
}

impl Plan {
    /// Returns the id of the new version: its local day, and the slug.
    pub fn id(&self, program: &Program) -> String {
        let day = program.day(self.start.instant(program));
        self.slug.as_ref().map_or_else(|| day.to_string(), |slug| format!("{day}-{slug}"))
    }
}

/// Whether a text can stand after the day in the name of a version.
pub fn is_slug(text: &str) -> bool {
    crate::book::is_slug(text)
}

/// Writes the text of a new version, as a copy of another.
///
/// # Errors
///
/// When the editor of TOML does not read what the reader of versions did.
pub fn draft(from: &Version, plan: &Plan) -> Result<String, TomlError> {
    let mut document: DocumentMut = from.source().text().parse()?;
    let root = document.as_table_mut();
    let values: Vec<String> =
        root.iter().filter(|(_, item)| item.is_value()).map(|(key, _)| key.to_owned()).collect();
    let entries = values.iter().filter_map(|key| root.remove_entry(key));
    let (own, kept): (Vec<_>, Vec<_>) =
        entries.partition(|(key, _)| OF_ITSELF.contains(&key.get()));
    let mut kept = kept.into_iter();
    // The file's first key carries the comment at its head, whichever it is.
    let first = kept.next();
    let width = first.as_ref().map_or(0, |(key, _)| width(key));
    if let Some((key, item)) = first {
        root.insert_formatted(&key, item);
    }
    write_of_itself(root, from, plan, width, &own);
    for (key, item) in kept {
        root.insert_formatted(&key, item);
    }
    if let Some(assumed) = root.get_mut("assumed").and_then(Item::as_table_like_mut) {
        open(assumed);
    }
    Ok(document.to_string())
}

/// The keys by which the new file speaks of itself.
fn write_of_itself(
    root: &mut Table,
    from: &Version,
    plan: &Plan,
    width: usize,
    own: &[(Key, Item)],
) {
    let mut put = |key: &str, above: &str, what: Value, note: &str| {
        let mut key = Key::new(key);
        let padding = " ".repeat(width.saturating_sub(key.get().len()).max(1));
        key.leaf_decor_mut().set_prefix(above);
        key.leaf_decor_mut().set_suffix(padding);
        let mut item = value(what);
        if let (Some(value), false) = (item.as_value_mut(), note.is_empty()) {
            value.decor_mut().set_suffix(format!("  # {note}"));
        }
        root.insert_formatted(&key, item);
    };
    let head = own.iter().find(|(key, _)| key.get().starts_with("effective"));
    let head = head.and_then(|(key, _)| key.leaf_decor().prefix()?.as_str()).unwrap_or_default();
    match plan.start {
        Start::On(day) => put("effective_on", head, toml_day(day), ""),
        Start::At(instant) => {
            let written = instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            put("effective_at", head, toml_value(&written), "");
        }
    }
    let mut above = String::new();
    match plan.announced_on {
        Some(day) => put("announced_on", "", toml_day(day), ""),
        None => above.push_str("# announced_on = YYYY-MM-DD  # when publishers were told\n"),
    }
    above.push_str(
        "# checked_on = YYYY-MM-DD  # when you have compared this file with its source\n",
    );
    put("status", &above, "estimated".into(), "\"confirmed\" once the source says so");
    let source = format!("{OPEN}where are these terms written? (copied from {}.toml)", from.id());
    put("source", "", source.into(), "");
    if let Some((id, learned)) = &plan.amends {
        put("supersedes", "", format!("{id}.toml").into(), "");
        put("learned_on", "", toml_day(*learned), "");
    }
}

/// How wide the keys of the file's head are, with the blanks before the equals sign.
fn width(key: &Key) -> usize {
    let blanks = key.leaf_decor().suffix().and_then(|suffix| suffix.as_str()).map_or(1, str::len);
    key.get().len() + blanks
}

fn toml_day(day: NaiveDate) -> Value {
    toml_value(&day.to_string())
}

/// A date or an instant as TOML has it; as text where it has none, which the reader then tells.
fn toml_value(written: &str) -> Value {
    written.parse::<toml_edit::Datetime>().map_or_else(|_| written.into(), Value::from)
}

/// Makes a question of every assumption; those about the old file's own dates go.
fn open(assumed: &mut dyn TableLike) {
    let keys: Vec<String> = assumed.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        if OF_ITSELF.contains(&key.as_str()) {
            assumed.remove(&key);
        } else if let Some(why) = assumed.get_mut(&key).and_then(why_of)
            && let Some(text) = why.as_str().filter(|text| !text.starts_with(OPEN))
        {
            let decor = why.decor().clone();
            *why = Value::from(format!("{OPEN}{text}"));
            *why.decor_mut() = decor;
        }
    }
}

/// The words of an assumption: the value itself, or `why` beside another reading.
fn why_of(assumption: &mut Item) -> Option<&mut Value> {
    let stated = assumption.as_table_like().is_some_and(|table| table.contains_key("why"));
    if stated {
        return assumption.as_table_like_mut()?.get_mut("why")?.as_value_mut();
    }
    assumption.as_value_mut()
}

/// Something that a person has still to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The key, such as `source` or `policy.rounding`.
    pub key: String,
    /// What is asked, or what was assumed so far.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// Returns what a version leaves open, in file order.
pub fn questions(version: &Version) -> Vec<Question> {
    let question = |key: &str, text: &str, place: &Place| {
        let text = text.strip_prefix(OPEN)?.to_owned();
        Some(Question { key: key.to_owned(), text, place: place.clone() })
    };
    let source = version.place_of("source");
    let source = source.and_then(|place| question("source", version.source_note(), place));
    let assumed = version.assumed().iter();
    let assumed = assumed.filter_map(|known| question(&known.key, &known.why, &known.place));
    source.into_iter().chain(assumed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{program, version_with};

    fn plan(start: &str) -> Plan {
        let start = match start.parse() {
            Ok(day) => Start::On(day),
            Err(_) => Start::At(start.parse().unwrap()),
        };
        Plan { start, announced_on: None, slug: None, amends: None }
    }

    #[test]
    fn a_copy_keeps_the_terms_and_asks_about_itself() {
        let text = "# What this program pays.\n\
             format       = 1\n\
             effective_on = 2024-01-01     # from the mail\n\
             ends_on      = 2024-06-01\n\
             announced_on = 2023-12-01\n\
             checked_on   = 2024-01-02\n\
             status       = \"confirmed\"\n\
             source       = \"a mail\"\n\
             \n\
             [assumed]                     # what the mail leaves open\n\
             \"ends_on\" = \"about June\"\n\
             \"policy.rounding\" = \"not stated\"  # ask\n\
             \n\
             [policy]\n\
             basis = \"product_price\"  # 1.1\n\
             currency = \"USD\"\n\
             rounding = \"floor\"\n\
             \n\
             [[rate]]                      # all\n\
             rate = \"5%\"\n";
        let program = program(&[("2024-01-01.toml", text)]);
        let from = &program.versions()[0];
        let told = Plan { announced_on: "2024-05-20".parse().ok(), ..plan("2024-06-01") };
        assert_eq!(
            draft(from, &told).unwrap(),
            "# What this program pays.\n\
             format       = 1\n\
             effective_on = 2024-06-01\n\
             announced_on = 2024-05-20\n\
             # checked_on = YYYY-MM-DD  # when you have compared this file with its source\n\
             status       = \"estimated\"  # \"confirmed\" once the source says so\n\
             source       = \"OPEN: where are these terms written? (copied from 2024-01-01.toml)\"\n\
             \n\
             [assumed]                     # what the mail leaves open\n\
             \"policy.rounding\" = \"OPEN: not stated\"  # ask\n\
             \n\
             [policy]\n\
             basis = \"product_price\"  # 1.1\n\
             currency = \"USD\"\n\
             rounding = \"floor\"\n\
             \n\
             [[rate]]                      # all\n\
             rate = \"5%\"\n"
        );
    }

    #[test]
    fn whatever_is_copied_loads_and_lists_its_questions() {
        let text = version_with(
            "effective_at = 2024-01-01T12:00:00+01:00\nsupersedes = \"2024-01-01.toml\"\n\
             learned_on = 2024-01-02\nassumed = { \"policy.rounding\" = \"not stated\", \
             effective_at = \"noon?\" }",
            "",
            "[[rate]]\nrate = \"5%\"\n",
        );
        let first = crate::testing::version("effective_on = 2024-01-01");
        let program = program(&[("2024-01-01.toml", &first), ("2024-01-01-noon.toml", &text)]);
        let from = &program.versions()[0];
        for (start, id) in [
            ("2024-03-01", "2024-03-01"),
            ("2024-03-01T23:30:00Z", "2024-03-02"),
            ("2024-03-01T23:30:00.5-07:00", "2024-03-02"),
        ] {
            let plan = plan(start);
            assert_eq!(plan.id(&program), id, "{start}");
            let text = draft(from, &plan).unwrap();
            let source = crate::Source::new(format!("p/{id}.toml"), "new", text);
            let version = program.read_version(&source).unwrap();
            assert_eq!(version.start(), plan.start.instant(&program));
            assert_eq!((version.supersedes(), version.learned_on()), (None, None));
            let asked: Vec<String> = questions(&version).into_iter().map(|q| q.key).collect();
            assert_eq!(asked, ["source", "policy.rounding"]);
            assert_eq!(draft(&version, &plan).unwrap().matches(OPEN).count(), 2, "asked once");
        }
        let amends = Some(("2024-01-01-noon".to_owned(), "2024-02-01".parse().unwrap()));
        let text = draft(from, &Plan { amends, ..plan("2024-01-01") }).unwrap();
        assert!(text.contains("supersedes = \"2024-01-01-noon.toml\"\nlearned_on = 2024-02-01\n"));
    }

    #[test]
    fn a_slug_is_a_word_of_a_file_name() {
        for (text, fits) in [
            ("raised", true),
            ("2", true),
            ("b-2", true),
            ("", false),
            ("A", false),
            ("a/b", false),
        ] {
            assert_eq!(is_slug(text), fits, "{text}");
        }
    }
}
