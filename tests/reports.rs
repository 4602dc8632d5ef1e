//! Every shipped report mapping against its samples in tests/reports: the file, and what became of
//! each of its rows.
//!
//! A sample is named after its format, `<format>.csv` or `<format>-what.csv`. Finds mappings and
//! samples itself, so a new format is one mapping, one sample and one accepted snapshot. A field
//! that a mapping reads and no sample fills fails: nobody would have seen it work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::error::Result;
use feebook_core::fact::{Corrects, LineFact, Link, Platform};
use feebook_core::import::{Advertiser, Context, Format, Formats, Head, Sink, proposal, read_file};
use feebook_core::words::{Word, Words};
use feebook_kernel::Minor;
use feebook_schedule::iso::{Currency, percent};
use feebook_schedule::{Diagnostic, Source, zone};

use super::support::{holds, orphans, root};

const SAMPLES: &str = "tests/reports";
const SNAPSHOTS: &str = "tests/snapshots/reports";

/// A shipped mapping: its file below the root, its text, and what it reads.
struct Mapping {
    path: String,
    text: String,
    name: String,
    /// The program that has the format for itself.
    program: Option<String>,
}

impl Mapping {
    /// What the names of its samples begin with.
    fn stem(&self) -> String {
        self.program.as_ref().map_or(self.name.clone(), |own| format!("{own}__{}", self.name))
    }

    /// The fields that it reads.
    fn fields(&self) -> BTreeSet<String> {
        let table: toml::Table = self.text.parse().expect("a mapping is TOML");
        let fields = table.get("fields").and_then(toml::Value::as_table).expect("[fields]");
        fields.keys().cloned().collect()
    }
}

/// All mappings, shared ones and those of single programs.
fn mappings() -> (Formats, Vec<Mapping>) {
    let schedules = root().join("schedules");
    let programs = entries(&schedules).into_iter().map(|folder| folder.join("reports"));
    let folders = programs.chain([schedules.join("reports")]).filter(|folder| folder.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    let sources: Vec<Source> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "toml"))
        .map(|file| {
            let path = below(&file, &schedules);
            let text = fs::read_to_string(&file).expect("a text");
            Source::new(path.clone(), path, text)
        })
        .collect();
    let (formats, problems) = Formats::load(&sources);
    let problems: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    let mappings = formats.iter().map(|format| mapping(format, &sources)).collect();
    (formats, mappings)
}

fn mapping(format: &Format, sources: &[Source]) -> Mapping {
    let source = sources.iter().find(|source| source.shown() == format.shown);
    let source = source.expect("a format comes from a file");
    Mapping {
        path: format!("schedules/{}", source.path()),
        text: source.text().to_owned(),
        name: format.name.clone(),
        program: format.program.clone(),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| folder.ends_with("reports") || path.is_dir());
    paths.sort();
    paths
}

fn below(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).expect("below the folder").to_string_lossy().replace('\\', "/")
}

/// The samples of each mapping by its stem. A sample belongs to the longest stem that fits.
fn samples(mappings: &[Mapping]) -> BTreeMap<String, Vec<PathBuf>> {
    let mut samples: BTreeMap<String, Vec<PathBuf>> =
        mappings.iter().map(|mapping| (mapping.stem(), Vec::new())).collect();
    for file in entries(&root().join(SAMPLES)) {
        let name = stem(&file);
        let fits = |format: &&String| {
            let rest = name.strip_prefix(format.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if let Some(format) = samples.keys().filter(fits).max_by_key(|f| f.len()).cloned() {
            samples.entry(format).or_default().push(file);
        }
    }
    samples
}

fn stem(file: &Path) -> String {
    file.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// A sink that keeps everything in order.
#[derive(Default)]
struct Kept {
    words: Words,
    facts: Vec<LineFact>,
    problems: Vec<Diagnostic>,
    /// The advertiser of the rows that follow, and of each fact.
    advertiser: Option<String>,
    advertisers: Vec<Option<String>>,
}

/// A program in Los Angeles whose policy is in USD.
fn context() -> Context {
    let usd = Currency::parse("USD");
    Context { zone: chrono_tz::America::Los_Angeles, default_currency: usd, unknown: false }
}

impl Sink for Kept {
    fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    fn advertiser(&mut self, advertiser: &Advertiser<'_>) -> Result<Context> {
        let name = advertiser.name.map_or(String::new(), |name| format!(" ({name})"));
        self.advertiser = Some(format!("{}{name}", advertiser.number));
        Ok(context())
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.advertisers.push(self.advertiser.clone());
        self.facts.push(fact);
        Ok(())
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }
}

/// What people see of a fact: each known field with its value.
struct Known<'k> {
    words: &'k Words,
    currency: Currency,
    fields: Vec<(&'static str, String)>,
}

impl Known<'_> {
    fn add(&mut self, name: &'static str, value: Option<String>) {
        self.fields.extend(value.map(|value| (name, value)));
    }

    fn word(&mut self, name: &'static str, word: Option<Word>) {
        let words = self.words;
        self.add(name, word.map(|word| words.text(word).to_owned()));
    }

    fn at(&mut self, name: &'static str, instant: Option<i64>) {
        self.add(name, instant.map(|at| zone::written(chrono_tz::UTC, at)));
    }

    fn minor(&mut self, name: &'static str, minor: Option<i64>) {
        let currency = self.currency;
        self.add(name, minor.map(|minor| currency.written(minor)));
    }

    fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        self.add(name, flag.map(|yes| if yes { "Y" } else { "N" }.to_owned()));
    }
}

/// Lists the known fields of a fact under the names of our own report.
fn known(fact: &LineFact, words: &Words, policy: Currency) -> Vec<(&'static str, String)> {
    let text = |word: Option<Word>| word.map(|word| words.text(word));
    let own = text(fact.amount_currency).or(text(fact.currency)).and_then(Currency::parse);
    let mut known = Known { words, currency: own.unwrap_or(policy), fields: Vec::new() };
    known.add("order_no", Some(fact.order_no.to_string()));
    known.add("line_no", Some(fact.line_no.to_string()));
    known.add(
        "corrects",
        fact.corrects.as_deref().map(|corrects| match corrects {
            Corrects::Line(line_no) => line_no.to_string(),
            Corrects::OfOrder => "a line of its order".to_owned(),
        }),
    );
    let network = text(fact.status_word).map_or(String::new(), |word| format!(" ({word})"));
    known.add("status", Some(format!("{}{network}", fact.state.word())));
    known.at("ordered_at", fact.ordered_at);
    known.at("paid_at", fact.paid_at);
    known.at("finished_at", fact.finished_at);
    known.at("settled_at", fact.settled_at);
    known.at("updated_at", fact.updated_at);
    known.add("doubtful_time", fact.doubtful_time.then(|| "yes".to_owned()));
    known.at("clicked_at", fact.clicked_at);
    known.word("click_country", fact.click_country);
    known.word("placement", fact.placement);
    known.add("sub_id", fact.sub_id.as_deref().map(str::to_owned));
    known.word("category", fact.category);
    known.add("product", fact.product.as_ref().map(ToString::to_string));
    known.word("store", fact.store);
    known.word("ship_to", fact.ship_to);
    known.word("seller_country", fact.seller_country);
    known.word("host", fact.host);
    known.word("currency", fact.currency);
    known.word("amount_currency", fact.amount_currency);
    known.add("quantity", Some(fact.quantity.to_string()));
    amounts(fact, &mut known);
    known.fields
}

/// The rest of the fields: amounts, flags, what the network reports.
fn amounts(fact: &LineFact, known: &mut Known<'_>) {
    let minor = |amount: Option<Minor>| amount.map(Minor::get);
    known.minor("product_price", minor(fact.product_price));
    known.minor("service_fee", minor(fact.service_fee));
    known.minor("paid_amount", minor(fact.paid_amount));
    known.minor("final_amount", minor(fact.final_amount));
    known.minor("refunded", minor(fact.refunded));
    known.flag("new_buyer", fact.new_buyer);
    known.flag("hot", fact.hot);
    known.flag("affiliate", fact.affiliate);
    known.add("platform", fact.platform.map(Platform::word).map(str::to_owned));
    known.add("link", fact.link.map(Link::word).map(str::to_owned));
    known.flag("coupon", fact.coupon);
    known.add("reported_rate", fact.reported_rate.map(percent));
    known.minor("reported_commission", fact.reported_commission);
    known.minor("reported_incentive", fact.reported_incentive);
    known.minor("reported_bonus", fact.reported_bonus);
}

/// Reads a sample as an import would, for a program in Los Angeles whose policy is in USD.
fn snapshot(format: &Format, file: &Path, seen: &mut BTreeSet<&'static str>) -> String {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let bytes = fs::read(file).expect("a sample");
    let usd = Currency::parse("USD").expect("a currency");
    let mut kept = Kept::default();
    let count = std::cell::Cell::new(0);
    let read = read_file(format, (file, &name), &context(), &mut kept, &count);
    // Of a file that is no text, what was read of it says enough.
    let shown =
        if bytes.contains(&0) { "(not a text)".into() } else { String::from_utf8_lossy(&bytes) };
    let mut text = format!("{name}:\n\n{}\n", shown.trim_end());
    let _ = match &read {
        Ok(summary) => writeln!(
            text,
            "\nread as {}: {} rows, {} accepted, {} rejected, {} doubtful times, {} amounts left out",
            format.name,
            summary.rows,
            summary.accepted,
            summary.rejected,
            summary.doubtful_times,
            summary.left_out
        )
        .and_then(|()| {
            let mut words = summary.unknown_words.iter();
            words.try_for_each(|(word, count)| writeln!(text, "unknown word {word}: {count} rows"))
        }),
        Err(error) => writeln!(text, "\nread as {}: refused", format.name).and_then(|()| {
            error.problems().iter().try_for_each(|problem| writeln!(text, "\n{problem}"))
        }),
    };
    let facts: &[LineFact] = if read.is_ok() { &kept.facts } else { &[] };
    for (number, fact) in facts.iter().enumerate() {
        let _ = writeln!(text, "\nfact {}:", number + 1);
        if let Some(advertiser) = &kept.advertisers[number] {
            seen.extend(
                ["advertiser", "advertiser_name"]
                    .iter()
                    .take(1 + usize::from(advertiser.contains('('))),
            );
            let _ = writeln!(text, "advertiser={advertiser}");
        }
        for (field, value) in known(fact, &kept.words, usd) {
            seen.insert(field);
            if field == "corrects" {
                seen.extend(["correction", "correction_no"]);
            }
            let _ = writeln!(text, "{field}={value}");
        }
    }
    for problem in &kept.problems {
        let _ = writeln!(text, "\n{problem}");
    }
    text
}

#[test]
fn every_mapping_reads_its_samples_as_accepted() {
    let (formats, mappings) = mappings();
    let samples = samples(&mappings);
    let mut findings = Vec::new();
    for mapping in &mappings {
        let (stem_of, path) = (mapping.stem(), &mapping.path);
        let files = &samples[&stem_of];
        if files.is_empty() {
            findings.push(format!(
                "{path} has no sample: add {SAMPLES}/{stem_of}.csv (or .json, anonymised, a few \
                 rows that fill every field of the mapping) and accept its snapshot"
            ));
            continue;
        }
        let format = formats.by_name(&mapping.name, mapping.program.as_deref());
        let format = format.expect("a format that was loaded");
        let mut seen = BTreeSet::new();
        for file in files {
            let text = snapshot(format, file, &mut seen);
            let (name, about) = (stem(file), format!("A sample report read through {path}"));
            if !holds("report", &name, "snapshots/reports", &about, &text) {
                findings.push(format!("{SNAPSHOTS}/report@{name}.snap is not as accepted, or new"));
            }
        }
        let unseen = mapping.fields().into_iter().filter(|field| !seen.contains(field.as_str()));
        let unseen: Vec<String> = unseen.collect();
        if !unseen.is_empty() {
            let unseen = unseen.join(", ");
            findings.push(format!("{path} reads {unseen}, which no row of its samples fills"));
        }
    }
    assert!(
        findings.is_empty(),
        "\n{}\nread the differences above; INSTA_UPDATE=always accepts them",
        findings.join("\n")
    );
}

#[test]
fn every_sample_is_recognised_as_its_format() {
    let (formats, mappings) = mappings();
    let samples = samples(&mappings);
    for mapping in &mappings {
        for file in &samples[&mapping.stem()] {
            let program = mapping.program.as_deref();
            let head = Head::of_file(file).expect("a sample");
            let found = formats.recognise(&head, &stem(file), program);
            if mapping.text.contains("named = true") {
                assert!(found.is_err(), "{} must be named", file.display());
                continue;
            }
            let name = found.map(|format| format.name.clone());
            assert_eq!(name.as_ref(), Ok(&mapping.name), "{}", file.display());
        }
    }
}

/// What a proposal must find.
const FOUND: [&str; 4] = ["order_no", "paid_amount", "reported_commission", "status"];

/// What a format makes of a sample: of each fact the fields that a proposal must find.
fn found(format: &Format, file: &Path) -> Option<Vec<Vec<String>>> {
    let usd = Currency::parse("USD").expect("a currency");
    let mut kept = Kept::default();
    read_file(format, (file, "sample"), &context(), &mut kept, &std::cell::Cell::new(0)).ok()?;
    let found = |fact: &LineFact| {
        let known = known(fact, &kept.words, usd);
        let value = |field: &&str| {
            let known = known.iter().find(|(name, _)| name == field);
            // Of a status ours; the network's own word stands behind it.
            let ours = known.and_then(|(_, value)| value.split(" (").next());
            ours.unwrap_or_default().to_owned()
        };
        FOUND.iter().map(value).collect()
    };
    Some(kept.facts.iter().map(found).collect())
}

/// How a proposal of a sample differs from its mapping, field by field.
fn differing(format: &Format, file: &Path) -> Option<Vec<String>> {
    let ours = found(format, file).filter(|facts| !facts.is_empty())?;
    let proposed = match proposal::propose(file, "proposed") {
        Ok(proposed) => proposed.text,
        Err(none) => return Some(vec![none.to_string()]),
    };
    let path = "reports/proposed.toml";
    let (formats, problems) = Formats::load(&[Source::new(path, path, proposed.clone())]);
    assert!(problems.is_empty(), "{}\n{proposed}\n{}", file.display(), problems[0]);
    let theirs = found(formats.iter().next().expect("a format"), file).unwrap_or_default();
    if theirs.len() != ours.len() {
        let same = ours.iter().filter(|fact| theirs.contains(fact)).count();
        let (theirs, ours) = (theirs.len(), ours.len());
        return Some(vec![format!("{theirs} facts where there are {ours}, {same} the same")]);
    }
    let field = |(at, field): (usize, &&str)| {
        let mut pairs = ours.iter().zip(&theirs).map(|(ours, theirs)| (&ours[at], &theirs[at]));
        let (ours, theirs) = pairs.find(|(ours, theirs)| ours != theirs)?;
        Some(format!("{field} {ours:?} is {theirs:?}"))
    };
    Some(FOUND.iter().enumerate().filter_map(field).collect())
}

#[test]
fn a_proposal_reads_what_the_mapping_reads() {
    let (formats, mappings) = mappings();
    let samples = samples(&mappings);
    let (mut text, mut agreed, mut all) = (String::new(), 0, 0);
    for mapping in &mappings {
        let format = formats.by_name(&mapping.name, mapping.program.as_deref());
        let format = format.expect("a format that was loaded");
        for file in &samples[&mapping.stem()] {
            let Some(differing) = differing(format, file) else { continue };
            all += 1;
            agreed += usize::from(differing.is_empty());
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let what = if differing.is_empty() { "same".to_owned() } else { differing.join("; ") };
            writeln!(text, "{name}: {what}").expect("a string takes everything");
        }
    }
    writeln!(text, "\n{agreed} of {all} samples").expect("a string takes everything");
    let about =
        "What a proposal reads otherwise than the mapping of the format: order, amounts, status";
    assert!(
        holds("proposals", "samples", "snapshots/proposals", about, &text),
        "read the difference"
    );
}

#[test]
fn every_snapshot_has_its_sample() {
    let (_, mappings) = mappings();
    let files = samples(&mappings).into_values().flatten();
    let names: BTreeSet<String> =
        files.map(|file| format!("report@{}.snap", stem(&file))).collect();
    let orphans = orphans(SNAPSHOTS, &names);
    assert!(orphans.is_empty(), "their sample is gone; remove {}", orphans.join(", "));
}
