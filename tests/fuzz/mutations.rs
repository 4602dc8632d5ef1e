//! Good files, changed at random.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use feebook_core::import::{
    Advertisers, Beside, Formats, Head, Intake, Keeping, Known, Watch, clicks, proposal, rates,
};
use feebook_core::ledger::Ledger;
use feebook_plugin::host::inspect;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::sem;
use feebook_schedule::{Book, Source};

use super::support::root;
use super::{book, formats, measured, peak, read_as, shipped};

/// How long one input may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest input.
const LONGEST: usize = 1 << 17;
/// The most memory that all of it may take, in KiB.
const MEMORY: u64 = 1 << 20;

/// What breaks readers, and is found by chance too seldom.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xFE\xFF",
    b"\xC3\x28",
    b"\xED\xA0\x80",
    b"\r",
    b"\r\n",
    b"\n\n\n",
    b"\"",
    b"\"\"",
    b"'",
    b",",
    b";",
    b"\t",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"null",
    b"true",
    b"-",
    b"-1",
    b"0",
    b"1e999999",
    b"1e-999999",
    b"0.000000000000000000000000000001",
    b"999999999999999999999999999999",
    b"-999999999999999999999999999999.99",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551616",
    b"NaN",
    b"inf",
    b"0000-00-00 00:00:00",
    b"0000-01-01 00:00:00",
    b"9999-12-31 23:59:59",
    b"2024-02-30",
    b"2024-03-10 02:30:00",
    b"2024-11-03 01:30:00",
    b"+23:59",
    b"%s%n%d",
    b"../../../../etc/passwd",
    b"=cmd|' /C calc'!A0",
    "\u{202e}\u{200d}\u{feff}".as_bytes(),
    "😀ß\u{301}".as_bytes(),
    b"\\u0000",
    b"\\ud800",
    b"'''",
    b"\"\"\"",
    b"#",
    b" = ",
    b"[[rate]]\n",
    b"rate = \"unknown\"\n",
    b"P99999999999D",
    b"100.0001%",
];

/// Numbers of no meaning, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).expect("a bound");
        usize::try_from(self.next() % bound).expect("below the bound")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[3]
    }

    /// A range of a text.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 40 };
        from..(from + self.below(most)).min(length)
    }

    /// Changes a text in a few places.
    fn changed(&mut self, text: &[u8], other: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for _ in 0..=self.below(6) {
            let range = self.range(text.len());
            let at = range.start;
            match self.below(8) {
                0 => {
                    if let Some(byte) = text.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
                1 => text.insert(at, self.byte()),
                2 => drop(text.drain(range)),
                3 => {
                    let again = text[range].to_vec();
                    let times = if self.below(20) == 0 { 2_000 } else { 1 + self.below(4) };
                    text.splice(at..at, again.repeat(times));
                }
                4 => {
                    let from = self.range(other.len());
                    text.splice(range, other[from].iter().copied());
                }
                5 => {
                    let piece = PIECES[self.below(PIECES.len())];
                    text.splice(range, piece.iter().copied());
                }
                6 => {
                    let piece = PIECES[self.below(PIECES.len())];
                    let times = if self.below(20) == 0 { 3_000 } else { 1 };
                    text.splice(at..at, piece.repeat(times));
                }
                _ => text.truncate(at),
            }
            text.truncate(LONGEST);
        }
        text
    }
}

/// Reads an input and drops what it gives.
type Read<'r> = Box<dyn Fn(&[u8]) + 'r>;

/// A reader, and the good files that are changed for it.
struct Reader<'r> {
    name: &'r str,
    good: Vec<Vec<u8>>,
    read: Read<'r>,
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Files below tests/ whose names end so.
fn samples(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let wanted = paths.iter().filter(|path| path.to_string_lossy().ends_with(ending));
    wanted.map(|path| fs::read(path).expect("a file")).collect()
}

struct Nobody;

impl Watch for Nobody {
    fn problem(&mut self, _problem: Diagnostic) {}
    fn read(&mut self, _bytes: u64) {}
}

/// Reads a changed file of terms among those of its program.
fn load_book(all: &[Source], path: &str, bytes: &[u8]) {
    let text = text_of(bytes);
    let changed = |source: &Source| {
        if source.path() == path { Source::new(path, path, text.clone()) } else { source.clone() }
    };
    let (book, problems) = Book::load(&all.iter().map(changed).collect::<Vec<_>>());
    drop(problems.iter().map(ToString::to_string).collect::<Vec<_>>());
    drop(book);
}

/// A reader of tabs, with the marks and the encoding of another country.
fn of_tabs<'r>() -> Reader<'r> {
    let place = "reports/tabs.toml";
    let (formats, problems) = Formats::load(&[Source::new(
        place,
        place,
        "format = 1\nname = \"tabs\"\nkind = \"csv\"\n[csv]\ndelimiter = \"\\t\"\nencoding = \"windows-1252\"\n\
         [recognise]\ncolumns = [\"id\"]\n[times]\nformats = [\"%d.%m.%Y\"]\n[money]\ndecimal_mark = \",\"\n\
         thousands_mark = \".\"\n[fields]\norder_no = \"id\"\nline_no = \"id\"\npaid_at = \"day\"\n\
         paid_amount = \"paid\"\n",
    )]);
    assert!(problems.is_empty());
    let good = b"id\tday\tpaid\n1\t15.01.2026\t1.234,56\n2\t\t\"5,00\"\n\xC6\t16.01.2026\t0,10\n";
    Reader {
        name: "tabs",
        good: vec![good.to_vec()],
        read: Box::new(move |bytes| drop(read_as(&formats, "tabs", bytes))),
    }
}

/// The readers of reports and click logs.
fn of_reports<'r>(formats: &'r Formats, folder: &'r std::path::Path) -> Vec<Reader<'r>> {
    let by = |name: &'static str, good: Vec<Vec<u8>>| Reader {
        name,
        good,
        read: Box::new(move |bytes| {
            let (summary, sink) = read_as(formats, name, bytes);
            if let Ok(summary) = summary {
                // Nothing that was in the file is lost without a trace.
                let rejected = usize::try_from(summary.rejected).expect("a count");
                assert_eq!(sink.raw.len(), rejected, "each rejected row is kept");
                assert_eq!(summary.rows, summary.accepted + summary.rejected);
            }
            let _ = formats.recognise(&Head::of_text(bytes), "report", None);
        }),
    };
    let book = book();
    let log = b"sub_id,clicked_at,placement,country,url,referrer\n\
        tag,2024-08-09 10:00:00,blog,NO,https://a.example/?aff_trace_key=x-1723190400000-y,\n\
        \"t,\"\"2\",2024-08-09T10:00:00+02:00,,se,,\n";
    let clicks = Reader {
        name: "click log",
        good: vec![log.to_vec()],
        read: Box::new(move |bytes| {
            let path = folder.join("clicks.csv");
            fs::write(&path, bytes).expect("a file");
            let mut ledger = Ledger::in_memory().expect("a ledger");
            let program = book.program("example").expect("a program");
            let keeping = Keeping { as_of: None, now: 1, strict: false, archive: false };
            let _ = clicks::take_in(&path, program, &mut ledger, &keeping, &mut Nobody);
        }),
    };
    let proposal = Reader {
        name: "proposal",
        good: samples("tests/reports", ""),
        read: Box::new(move |bytes| {
            let path = folder.join("proposed");
            fs::write(&path, bytes).expect("a file");
            let Ok(proposed) = proposal::propose(&path, "proposed") else { return };
            let place = "reports/proposed.toml";
            let (_, problems) = Formats::load(&[Source::new(place, place, proposed.text.as_str())]);
            assert!(problems.is_empty(), "{}\n{}", problems[0], proposed.text);
        }),
    };
    vec![
        proposal,
        by(
            "feebook",
            [samples("tests/reports", "feebook.csv"), samples("tests/reports", "full.csv")]
                .concat(),
        ),
        by("generator", samples("tests/reports", "generator.csv")),
        of_tabs(),
        by("aliexpress", samples("tests/reports", ".json")),
        by("cj", samples("tests/reports", "cj.xml")),
        by("tradedoubler", samples("tests/reports", "tradedoubler.xml")),
        by("tradetracker", samples("tests/reports", "tradetracker.xml")),
        clicks,
    ]
}

/// The readers of what holds a report: spreadsheets, compressed files, archives; and of rates.
fn of_packed<'r>(formats: &'r Formats, folder: &'r std::path::Path) -> Vec<Reader<'r>> {
    let by = |name: &'static str, file: &'static str| {
        let book = book();
        let ending = file.rsplit_once('.').expect("an ending").1;
        let sample = fs::read(root().join("tests/reports").join(file)).expect("a sample");
        Reader {
            name,
            // What was made to swell is changed as well.
            good: [vec![sample], samples("tests/fuzz/corpus", ending)].concat(),
            read: Box::new(move |bytes| {
                let path = folder.join(file);
                fs::write(&path, bytes).expect("a file");
                let advertisers = Advertisers::default();
                let known = Known { formats, book: &book, advertisers: &advertisers };
                let mut ledger = Ledger::in_memory().expect("a ledger");
                let keeping = Keeping { as_of: None, now: 1, strict: false, archive: true };
                let name = file.split(['-', '.']).next();
                let intake = Intake::open(&path, known, name, Some("example"));
                if let Ok(intake) = intake {
                    let _ = intake.take_in(&mut ledger, &keeping, &mut Nobody);
                }
                drop(Head::of_file(&path));
            }),
        }
    };
    let rates = Reader {
        name: "rates",
        good: [
            "date,base,quote,rate,source\n2024-08-01,USD,NOK,10.8421,bank\n",
            "Date,USD,JPY,NOK,\n2024-08-02,1.0836,160.33,11.8105,\n2024-08-01,1.0789,N/A,11.7880,\n",
            "FREQ;BASE_CUR;QUOTE_CUR;TENOR;DECIMALS;CALCULATED;UNIT_MULT;COLLECTION;TIME_PERIOD;OBS_VALUE\n\
             B;SEK;NOK;SP;2;false;2;C;2024-08-01;102,44\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        read: Box::new(move |bytes| {
            let path = folder.join("rates.csv");
            fs::write(&path, bytes).expect("a file");
            let mut ledger = Ledger::in_memory().expect("a ledger");
            let _ = rates::take_in(&path, None, &mut ledger, 1, &mut |_| {});
        }),
    };
    vec![
        by("spreadsheet", "feebook-xlsx.xlsx"),
        by("xlsb", "feebook-xlsb.xlsb"),
        by("xls", "feebook-xls.xls"),
        by("open document", "feebook-ods.ods"),
        by("gzip", "belboon-gz.csv.gz"),
        by("zip", "daisycon-zip.zip"),
        rates,
    ]
}

/// The readers of what users write: mappings, terms, lists of keywords; and of libraries.
fn of_files(folder: &std::path::Path) -> Vec<Reader<'_>> {
    let all = shipped(&["toml", "csv"]);
    let of = |path: &str| -> Vec<Source> {
        let program = path.split('/').next().expect("a folder").to_owned() + "/";
        all.iter().filter(|source| source.path().starts_with(&program)).cloned().collect()
    };
    let terms = |name: &'static str, path: &'static str| {
        let sources = of(path);
        let good = sources.iter().filter(|source| source.path() == path);
        let good: Vec<Vec<u8>> = good.map(|source| source.text().as_bytes().to_vec()).collect();
        assert_eq!(good.len(), 1, "{path}");
        Reader { name, good, read: Box::new(move |bytes| load_book(&sources, path, bytes)) }
    };
    let mappings = all.iter().filter(|source| source.path().starts_with("reports/"));
    let mapping = Reader {
        name: "mapping",
        good: mappings.map(|source| source.text().as_bytes().to_vec()).collect(),
        read: Box::new(|bytes| {
            let path = "reports/changed.toml";
            let (_, problems) = Formats::load(&[Source::new(path, path, text_of(bytes))]);
            drop(problems.iter().map(ToString::to_string).collect::<Vec<_>>());
        }),
    };
    let beside = Reader {
        name: "feebook.toml",
        good: vec![
            b"format = 1\narchive = true\n[programs.awin]\n\"6378\" = \"example\"\n\"*\" = \"\"\n"
                .to_vec(),
        ],
        read: Box::new(|bytes| {
            let (_, problems) =
                Beside::read("feebook.toml", &text_of(bytes), Some(&Book::default()), None);
            drop(problems.iter().map(ToString::to_string).collect::<Vec<_>>());
        }),
    };
    let sources = of("example/");
    let digest = "0".repeat(64);
    let plugins = Reader {
        name: "plugins.toml",
        good: vec![
            format!(
                "[[build]]\nname = \"tiers\"\nlibrary = \"libtiers.so\"\nsha256 = \"{digest}\"\n\
                 from = 2024-07-01\n"
            )
            .into_bytes(),
        ],
        read: Box::new(move |bytes| {
            let path = "example/plugins.toml";
            let mut sources = sources.clone();
            sources.push(Source::new(path, path, text_of(bytes)));
            drop(Book::load(&sources));
        }),
    };
    let keywords = Reader {
        name: "keyword list",
        good: vec![b"keyword,campaign,match type,negative\nali express,c,exact,n\n".to_vec()],
        read: Box::new(|bytes| drop(sem::read("list", bytes))),
    };
    // Its head is enough: what is behind it is never run.
    let library = fs::read(std::env::current_exe().expect("this binary")).expect("a binary");
    let library = Reader {
        name: "plugin library",
        good: vec![library[..LONGEST.min(library.len())].to_vec(), b"\x7FELF\x02\x01\x01".to_vec()],
        read: Box::new(move |bytes| {
            let path = folder.join("library.so");
            fs::write(&path, bytes).expect("a file");
            drop(inspect(&path));
        }),
    };
    vec![
        mapping,
        terms("program.toml", "aliexpress-nordic/program.toml"),
        terms("schedule", "aliexpress-nordic/2024-05-07.toml"),
        terms("category tree", "aliexpress-nordic/categories/2018.csv"),
        plugins,
        beside,
        keywords,
        library,
    ]
}

/// The time that this thread has had of a processor: a busy machine makes no reader slow. Where the
/// system does not tell, the time of day.
fn had(since: Instant) -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let had = told.and_then(|text| text.split(' ').next()?.parse().ok());
    had.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// Reads a changed file; what went wrong, if anything did.
fn attempt(reader: &Reader<'_>, input: &[u8]) -> Result<(), String> {
    let since = Instant::now();
    let before = had(since);
    let read = catch_unwind(AssertUnwindSafe(|| (reader.read)(input)));
    if read.is_err() {
        return Err("panicked".to_owned());
    }
    let took = had(since).saturating_sub(before);
    if took > LIMIT { Err(format!("took {} s", took.as_secs())) } else { Ok(()) }
}

#[test]
fn no_mutation_panics_hangs_or_grows() {
    let _measured = measured();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("FEEBOOK_FUZZ_SECONDS");
    let seed = number("FEEBOOK_FUZZ_SEED").unwrap_or(0x00C0_FFEE);
    let folder = tempfile::tempdir().expect("a folder");
    let formats = formats();
    let mut readers = of_reports(&formats, folder.path());
    readers.extend(of_packed(&formats, folder.path()));
    readers.extend(of_files(folder.path()));
    // One of them alone, by a part of its name.
    let only = std::env::var("FEEBOOK_FUZZ_ONLY").unwrap_or_default();
    readers.retain(|reader| only.is_empty() || only.split(',').any(|name| name == reader.name));
    let each =
        Duration::from_secs(seconds.unwrap_or(0)) / u32::try_from(readers.len()).unwrap_or(1);
    let mut total = 0_u64;
    for reader in &readers {
        assert!(!reader.good.is_empty(), "{} has no good file", reader.name);
        for good in &reader.good {
            attempt(reader, good).expect("a good file");
        }
        let (mut dice, since, mut inputs) = (Dice(seed | 1), Instant::now(), 0_u64);
        while inputs < 60 || since.elapsed() < each {
            let good = &reader.good[dice.below(reader.good.len())];
            let other = &reader.good[dice.below(reader.good.len())];
            let input = dice.changed(good, other);
            if let Err(how) = attempt(reader, &input) {
                let kept = std::env::temp_dir().join(format!("feebook-fuzz-{inputs}"));
                let _ = fs::write(&kept, &input);
                panic!("{} {how}: {} (seed {seed})", reader.name, kept.display());
            }
            inputs += 1;
        }
        total += inputs;
        let took = since.elapsed().as_secs();
        let most = peak().unwrap_or(0) >> 10;
        super::say(&format!("{}: {inputs} inputs in {took} s, at most {most} MiB", reader.name));
    }
    let peak = peak().unwrap_or(0);
    super::say(&format!("{total} inputs, at most {} MiB", peak >> 10));
    assert!(peak < MEMORY, "{peak} KiB");
}
