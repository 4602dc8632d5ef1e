//! Random sets of versions against a slow rule: at any instant exactly one version is in force, or
//! one named refusal says why none is.
//!
//! The rule here knows nothing of the book's: it reads no TOML, sorts nothing, and finds civil
//! midnight by walking through the instants of a day.

use std::fmt::Write as _;

use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::program::NoCover;
use crate::testing::{PROGRAM, sources, told, version};
use crate::{Book, Diagnostic};

/// Zones with the day before which files begin: their clocks change within the next fortnight, in
/// São Paulo at midnight, which then does not exist, in Havana so that midnight occurs twice.
const ZONES: [(&str, &str); 6] = [
    ("Europe/Oslo", "2024-03-24"),
    ("Europe/Oslo", "2024-10-20"),
    ("America/Los_Angeles", "2024-03-04"),
    ("America/Sao_Paulo", "2018-10-28"),
    ("America/Havana", "2024-10-28"),
    ("Asia/Tokyo", "2024-01-01"),
];

const QUARTER: i64 = 15 * 60;

/// One file: its days count from the zone's.
#[derive(Clone, Debug)]
struct File {
    day: u64,
    /// A start at an instant, in quarters of an hour after midnight; none is the day.
    quarters: Option<i64>,
    /// An own end so many days after the start, and quarters of an hour after that midnight.
    end: Option<(u64, Option<i64>)>,
    /// Which earlier file it replaces, and the day that was learned.
    amends: Option<(prop::sample::Index, u64)>,
}

fn file() -> impl Strategy<Value = File> {
    // Few times of day, so that starts and ends come close to one another.
    let quarters = || prop::option::weighted(0.4, prop::sample::select(vec![0_i64, 1, 2, 44, 91]));
    let end = prop::option::weighted(0.4, (1_u64..6, quarters()));
    let amends = prop::option::weighted(0.3, (any::<prop::sample::Index>(), 0_u64..20));
    (0_u64..16, quarters(), end, amends).prop_map(|(day, quarters, end, amends)| File {
        day,
        quarters,
        end,
        amends,
    })
}

/// A file as the slow rule sees it.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    start: i64,
    end: Option<i64>,
    amends: Option<(usize, NaiveDate)>,
}

fn local(zone: Tz, at: i64) -> chrono::NaiveDateTime {
    DateTime::from_timestamp(at, 0).unwrap().with_timezone(&zone).naive_local()
}

fn utc(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap().to_rfc3339()
}

/// The first instant of a day: the first that reads midnight, else the first after the clocks
/// jumped over it.
fn first_instant(zone: Tz, day: NaiveDate) -> i64 {
    let noon_before = day.and_time(NaiveTime::MIN).and_utc().timestamp() - 14 * 3600;
    let instants = (0..(28 * 4)).map(|quarter| noon_before + quarter * QUARTER);
    let mut of_day = instants.filter(|at| local(zone, *at).date() == day);
    of_day.next().unwrap()
}

/// Puts a set of files into the zone: what the rule knows of them, and their texts.
fn placed(zone: Tz, base: NaiveDate, files: &[File]) -> (Vec<Known>, Vec<String>) {
    let (mut known, mut texts): (Vec<Known>, Vec<String>) = (Vec::new(), Vec::new());
    for (at, file) in files.iter().enumerate() {
        let day = base + Days::new(file.day);
        let start = first_instant(zone, day) + file.quarters.unwrap_or(0) * QUARTER;
        let mut head = match file.quarters {
            None => format!("effective_on = {day}\n"),
            Some(_) => format!("effective_at = {}\n", utc(start)),
        };
        let start_day = local(zone, start).date();
        let end = file.end.map(|(days, quarters)| {
            let day = start_day + Days::new(days);
            let end = first_instant(zone, day) + quarters.unwrap_or(0) * QUARTER;
            let (key, written) = match quarters {
                None => ("ends_on", day.to_string()),
                Some(_) => ("ends_at", utc(end)),
            };
            let _ = writeln!(head, "{key} = {written}");
            end
        });
        let amends = file
            .amends
            .as_ref()
            .filter(|_| at > 0)
            .map(|(index, learned)| (index.index(at), base + Days::new(*learned)))
            // Nobody replaces what is not known yet.
            .map(|(old, learned): (usize, NaiveDate)| {
                let before = known[old].amends.map_or(learned, |(_, before)| before);
                (old, learned.max(before))
            });
        if let Some((old, learned)) = amends {
            let old = &known[old].name;
            let _ = writeln!(head, "supersedes = \"{old}\"\nlearned_on = {learned}");
        }
        let name = format!("{start_day}-f{at}.toml");
        known.push(Known { name, start, end, amends });
        texts.push(version(&head));
    }
    (known, texts)
}

/// The files in the book on a day.
fn in_book(known: &[Known], known_on: Option<NaiveDate>) -> Vec<&Known> {
    let learned = |file: &Known| {
        file.amends.is_none_or(|(_, learned)| known_on.is_none_or(|day| learned <= day))
    };
    let gone = |at: usize| {
        known.iter().any(|file| learned(file) && file.amends.is_some_and(|(old, _)| old == at))
    };
    known
        .iter()
        .enumerate()
        .filter(|(at, file)| learned(file) && !gone(*at))
        .map(|(_, f)| f)
        .collect()
}

/// Pairs of files that cannot stand together: one start, or an end after the next start.
fn conflicts<'k>(book: &[&'k Known]) -> Vec<(&'static str, &'k str, &'k str)> {
    let mut found = Vec::new();
    for (at, one) in book.iter().enumerate() {
        for other in &book[at + 1..] {
            if one.start == other.start {
                found.push(("S015", one.name.as_str(), other.name.as_str()));
            }
        }
        let next = book.iter().filter(|other| other.start > one.start).min_by_key(|o| o.start);
        // With two that start at once, which of them the end runs into is nobody's question.
        let twice = book.iter().filter(|other| other.start == one.start).count() > 1;
        if let Some(next) = next.filter(|next| one.end.is_some_and(|end| end > next.start))
            && !twice
            && book.iter().filter(|other| other.start == next.start).count() == 1
        {
            found.push(("S016", one.name.as_str(), next.name.as_str()));
        }
    }
    found
}

/// What the slow rule says: the version, or the refusal.
fn expected(book: &[&Known], at: i64) -> String {
    let next = |from: i64| book.iter().filter(|f| f.start > from).min_by_key(|f| f.start);
    let ends = |file: &Known| file.end.or_else(|| next(file.start).map(|next| next.start));
    let holds = |file: &&&Known| file.start <= at && ends(file).is_none_or(|end| at < end);
    let holding: Vec<&str> = book.iter().filter(holds).map(|file| file.name.as_str()).collect();
    match holding.as_slice() {
        [one] => (*one).to_owned(),
        [] if book.is_empty() => "no versions".to_owned(),
        [] => {
            let before = book.iter().filter(|file| file.start <= at).max_by_key(|file| file.start);
            let after = next(at).map_or("none", |file| file.name.as_str());
            before.map_or_else(
                || format!("before {after}"),
                |before| format!("after {} at {:?}, before {after}", before.name, before.end),
            )
        }
        several => panic!("{several:?} hold at {at}"),
    }
}

/// What the book says, in the same words.
fn found(program: &crate::Program, at: i64) -> String {
    match program.in_force(at) {
        Ok(version) => format!("{}.toml", version.id()),
        Err(NoCover::NoVersions) => "no versions".to_owned(),
        Err(NoCover::BeforeFirst { first }) => format!("before {}.toml", first.version),
        Err(NoCover::Gap { after, before }) => {
            let next = before.map_or("none".to_owned(), |edge| format!("{}.toml", edge.version));
            format!("after {}.toml at {:?}, before {next}", after.version, Some(after.at))
        }
    }
}

/// Whether some problem of a code names both files.
fn names_both(problems: &[Diagnostic], (code, one, other): (&str, &str, &str)) -> bool {
    problems.iter().any(|problem| {
        let told = problem.to_string();
        problem.code.id == code && told.contains(one) && told.contains(other)
    })
}

/// Whether a problem of a code names a file at all.
fn names(problems: &[Diagnostic], code: &str, file: &str) -> bool {
    problems.iter().any(|problem| problem.code.id == code && problem.to_string().contains(file))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_any_instant_one_version_holds_or_one_refusal_says_why(
        zone in prop::sample::select(ZONES.to_vec()),
        files in prop::collection::vec(file(), 0..6),
        known_on in prop::option::of(0_u64..20),
        seconds in prop::collection::vec(-200_000_i64..2_500_000, 8),
    ) {
        let (name, base) = zone;
        let (zone, base): (Tz, NaiveDate) = (name.parse().unwrap(), base.parse().unwrap());
        let (known, texts) = placed(zone, base, &files);
        let program = PROGRAM.replace("Europe/Oslo", name);
        let mut all = vec![("program.toml", program.as_str())];
        all.extend(known.iter().zip(&texts).map(|(file, text)| (file.name.as_str(), text.as_str())));
        let known_on = known_on.map(|days| base + Days::new(days));
        let (loaded, problems) = Book::load_known_on(&sources(&all), known_on);
        let book = in_book(&known, known_on);
        // All files must go together today, before it is asked what was known earlier.
        let today = conflicts(&in_book(&known, None));
        let conflicts = if today.is_empty() { conflicts(&book) } else { today };
        let Some(program) = loaded.program("p") else {
            prop_assert!(!conflicts.is_empty(), "{:?}", told(&problems));
            for conflict in conflicts {
                let (code, one, other) = conflict;
                let both = names(&problems, code, one) && names(&problems, code, other);
                prop_assert!(both, "{conflict:?} {:?}", told(&problems));
                prop_assert!(code == "S015" || names_both(&problems, conflict), "{conflict:?}");
            }
            return Ok(());
        };
        prop_assert!(conflicts.is_empty(), "{conflicts:?} loaded");
        let edges = known.iter().flat_map(|file| [Some(file.start), file.end]).flatten();
        let edges = edges.flat_map(|edge| [edge - 1, edge, edge + 1]);
        let start = base.and_time(NaiveTime::MIN).and_utc().timestamp();
        for at in edges.chain(seconds.iter().map(|second| start + second)) {
            prop_assert_eq!(found(program, at), expected(&book, at), "at {}", local(zone, at));
        }
    }
}

#[test]
fn the_slow_rule_finds_midnight_where_the_clocks_change() {
    for (zone, day, expected) in [
        ("Europe/Oslo", "2024-03-31", "2024-03-30T23:00:00+00:00"),
        // 00:00 was skipped: the day began at 01:00, three hours behind no longer but two.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00+00:00"),
        // 00:00 came twice; the first is meant, while summer time still holds.
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00+00:00"),
    ] {
        let (zone, day) = (zone.parse().unwrap(), day.parse().unwrap());
        let at = DateTime::from_timestamp(first_instant(zone, day), 0).unwrap();
        assert_eq!(at.to_rfc3339(), expected);
    }
}
