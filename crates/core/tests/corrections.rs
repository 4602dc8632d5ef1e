//! Rows that correct others: whatever the order in which they come and however they are split into
//! files, a line earns what is left of it; what is taken back never was; past runs stand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use feebook_core::fact::{Corrects, LineFact, No};
use feebook_core::ledger::{Begun, ImportTotals, Ledger, NewImport};
use feebook_core::lines::lines;
use feebook_core::run::{Scope, Terms, Unwatched, recompute, verify};
use feebook_kernel::{Minor, State};
use feebook_schedule::{Book, Source};
use proptest::prelude::*;

const PROGRAM: &str = "example";

/// Terms of which every line earns a tenth of its basis.
fn terms() -> Terms {
    let program = "format = 1\nname = \"X\"\ntimezone = \"UTC\"\npayout_currency = \"USD\"\n\
                   governed_by = \"paid\"\n";
    let version = "format = 1\neffective_on = 2024-01-01\nsource = \"x\"\n[policy]\n\
                   basis = \"product_price\"\ncurrency = \"USD\"\nrounding = \"floor\"\n[[rate]]\n\
                   rate = \"10%\"\n";
    let source = |name: &str, text: &str| {
        Source::new(format!("{PROGRAM}/{name}"), name.to_owned(), text.to_owned())
    };
    let sources = vec![source("program.toml", program), source("2024-01-01.toml", version)];
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Terms { book: Arc::new(book), sources: sources.into(), plugins: None }
}

/// A row of a report: a line, or what corrects one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    order: u8,
    /// The number of the row among those of its kind.
    number: u8,
    /// Of a correction: the line that it names.
    corrects: Option<u8>,
    /// What it takes, else adds, in minor units; of a line what was paid.
    amount: i64,
    takes: bool,
    updated_at: i64,
}

impl Row {
    fn fact(&self, words: &mut feebook_core::words::Words) -> LineFact {
        let sign = if self.corrects.is_some() { "-" } else { "" };
        let number = |text: String| No::parse(&text).expect("not empty");
        let state = if self.takes { State::Reversed } else { State::Approved };
        let line_no = number(format!("{sign}{}", self.number));
        let mut fact = LineFact::new(number(self.order.to_string()), line_no, state);
        fact.paid_at = Some(1_705_000_000);
        fact.updated_at = Some(self.updated_at);
        fact.paid_amount = Minor::new(self.amount);
        let reported = self.amount / 20;
        fact.reported_commission = Some(if self.takes { -reported } else { reported });
        fact.amount_currency = Some(words.intern("USD"));
        fact.corrects =
            self.corrects.map(|line| Box::new(Corrects::Line(number(line.to_string()))));
        fact
    }
}

fn import(ledger: &mut Ledger, name: u8, rows: &[Row]) -> Option<ImportTotals> {
    import_facts(ledger, name, rows, &|_| ())
}

/// Imports rows as something makes of them; none when the ledger knows them.
fn import_facts(
    ledger: &mut Ledger,
    name: u8,
    rows: &[Row],
    make: &dyn Fn(&mut LineFact),
) -> Option<ImportTotals> {
    let new = NewImport {
        program: PROGRAM,
        file: "report.csv",
        file_digest: [name; 32],
        format: "x",
        format_digest: [0; 32],
        as_of: None,
        imported_at: 0,
    };
    match ledger.begin_import(&new).expect("the import begins") {
        Begun::Already { .. } => None,
        Begun::Started(mut pending) => {
            for row in rows {
                let mut fact = row.fact(pending.words());
                make(&mut fact);
                pending.append(fact).expect("appended");
            }
            Some(pending.keep().expect("kept"))
        }
    }
}

fn run(ledger: &mut Ledger, terms: &Terms) {
    recompute(ledger, terms, &Scope::default(), 0, &mut Unwatched, &mut |_| {}).expect("a run");
}

/// What a line is: its state, what is left of it, what is reported for it, what it earns.
type Told = BTreeMap<(String, String), (State, i64, i64, i64)>;

fn told(ledger: &Ledger, terms: &Terms) -> Told {
    let mut told = Told::new();
    lines(ledger, terms, &Scope::default(), &mut Unwatched, &mut |row| {
        let fact = row.fact();
        let minor = |amount: Option<Minor>| amount.map_or(0, Minor::get);
        let left = match row.state() {
            State::Reversed => 0,
            _ => minor(fact.paid_amount) - minor(fact.refunded),
        };
        let found = row.found.as_ref().and_then(feebook_core::lines::Found::amounts);
        let earned = found.map_or(-1, |amounts| amounts.total());
        let key = (row.order_no().to_string(), row.line_no().to_string());
        let said = (row.state(), left, fact.reported().unwrap_or(0), earned);
        assert_eq!(told.insert(key, said), None, "a line is told once");
        Ok(())
    })
    .expect("lines");
    told
}

/// The same from the rows themselves, whatever ledger they are in.
fn wanted(rows: &BTreeSet<Row>) -> Told {
    let mut latest: BTreeMap<(u8, bool, u8), &Row> = BTreeMap::new();
    for row in rows {
        let held = latest.entry((row.order, row.corrects.is_some(), row.number)).or_insert(row);
        if held.updated_at < row.updated_at {
            *held = row;
        }
    }
    let signed = |row: &Row| if row.takes { -row.amount } else { row.amount };
    let reported = |row: &Row| if row.takes { -(row.amount / 20) } else { row.amount / 20 };
    let mut wanted = Told::new();
    for row in latest.values() {
        let Some(line) = row.corrects else { continue };
        if !latest.contains_key(&(row.order, false, line)) {
            let key = (row.order.to_string(), format!("-{}", row.number));
            wanted.insert(key, (State::Reversed, 0, reported(row), 0));
        }
    }
    for line in latest.values().filter(|row| row.corrects.is_none()) {
        let of_it = |row: &&&Row| row.order == line.order && row.corrects == Some(line.number);
        let by: Vec<&&Row> = latest.values().filter(of_it).collect();
        let left = line.amount + by.iter().map(|row| signed(row)).sum::<i64>();
        let said = reported(line) + by.iter().map(|row| reported(row)).sum::<i64>();
        let state = if left <= 0 { State::Reversed } else { State::Approved };
        let left = left.max(0);
        let key = (line.order.to_string(), line.number.to_string());
        wanted.insert(key, (state, left, said, left / 10));
    }
    wanted
}

fn rows() -> impl Strategy<Value = BTreeSet<Row>> {
    let row = (0..3_u8, 0..3_u8, proptest::option::of(0..3_u8), 1..6_i64, any::<bool>()).prop_map(
        |(order, number, corrects, amount, takes)| Row {
            order,
            number,
            corrects,
            amount: amount * 1_000,
            takes: takes && corrects.is_some(),
            updated_at: 0,
        },
    );
    // Every report of a row is later than the one before: contradictions are another test's.
    proptest::collection::vec(row, 1..14)
        .prop_map(|rows| (0..).zip(rows).map(|(at, row)| Row { updated_at: at, ..row }).collect())
}

/// Rows in an order and in files that a seed decides; some of them in two files.
fn split(rows: &BTreeSet<Row>, seed: u64) -> Vec<Vec<Row>> {
    let mut state = seed | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("small") % below
    };
    let mut rows: Vec<Row> = rows.iter().cloned().collect();
    for at in (1..rows.len()).rev() {
        rows.swap(at, next(at + 1));
    }
    let mut files = vec![Vec::new(); 1 + next(4)];
    for row in rows {
        let (first, second) = (next(files.len()), next(files.len()));
        files[first].push(row.clone());
        if second % 3 == 0 && second != first {
            files[second].push(row);
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_line_earns_what_is_left_of_it_whatever_the_order_and_the_files(
        rows in rows(),
        seed in any::<u64>(),
    ) {
        let terms = terms();
        let mut ledger = Ledger::in_memory().expect("a ledger");
        for (name, rows) in (1..).zip(split(&rows, seed)) {
            import(&mut ledger, name, &rows);
            run(&mut ledger, &terms);
        }
        prop_assert_eq!(told(&ledger, &terms), wanted(&rows));
        // Every run along the way is replayed as it was.
        let mut breaches = Vec::new();
        let mut note = |breach: feebook_core::run::Breach| breaches.push(breach.text);
        verify(&ledger, None, &Scope::default(), &mut Unwatched, &mut note).expect("read");
        prop_assert_eq!(breaches, Vec::<String>::new());
    }

    #[test]
    fn what_is_taken_back_never_was(rows in rows(), seed in any::<u64>(), mask in any::<u8>()) {
        let terms = terms();
        let files = split(&rows, seed);
        let is_kept = |name: u8| mask >> (name % 8) & 1 == 0;
        let mut ledger = Ledger::in_memory().expect("a ledger");
        let mut kept = BTreeSet::new();
        for (name, rows) in (1..).zip(&files) {
            import(&mut ledger, name, rows);
            if is_kept(name) {
                kept.extend(rows.iter().cloned());
            }
        }
        run(&mut ledger, &terms);
        for (name, _) in (1..).zip(&files).filter(|(name, _)| !is_kept(*name)) {
            ledger.withdraw(i64::from(name), 0).expect("taken back");
        }
        run(&mut ledger, &terms);
        prop_assert_eq!(told(&ledger, &terms), wanted(&kept));
    }
}

/// A line of order 1, and what corrects its line 1.
fn line(number: u8, amount: i64) -> Row {
    Row { order: 1, number, corrects: None, amount, takes: false, updated_at: 1 }
}

fn takes(number: u8, amount: i64) -> Row {
    Row { order: 1, number, corrects: Some(1), amount, takes: true, updated_at: 2 }
}

#[test]
fn a_correction_waits_for_its_line_and_is_counted_while_it_does() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    let first = import(&mut ledger, 1, &[takes(1, 2_000)]).expect("new");
    assert_eq!((first.added, first.alone), (1, 1));
    // Whole batches lie between, and the line is of the same file: not alone.
    let mut many: Vec<Row> = vec![takes(2, 1_000)];
    many.extend((0..40_000_u32).map(|at| Row {
        order: u8::try_from(2 + at % 200).expect("small"),
        number: u8::try_from(at / 200).expect("small"),
        ..line(1, 100)
    }));
    many.push(line(1, 10_000));
    let second = import(&mut ledger, 2, &many).expect("new");
    assert_eq!((second.added, second.alone), (40_002, 0));
    run(&mut ledger, &terms);
    let key = ("1".to_owned(), "1".to_owned());
    assert_eq!(told(&ledger, &terms)[&key], (State::Approved, 7_000, 350, 700));
    ledger.withdraw(1, 0).expect("taken back");
    run(&mut ledger, &terms);
    assert_eq!(told(&ledger, &terms)[&key], (State::Approved, 9_000, 450, 900));
}

#[test]
fn a_row_that_names_no_line_is_of_the_only_one_or_of_the_one_of_its_amount() {
    let terms = terms();
    let earned = |facts: &dyn Fn(&mut LineFact)| {
        let mut ledger = Ledger::in_memory().expect("a ledger");
        import(&mut ledger, 1, &[line(1, 10_000), line(2, 6_000), line(3, 6_000)]);
        let rows = [takes(1, 6_000), takes(2, 6_000), takes(3, 6_000), takes(4, 2_000)];
        let alone = import_facts(&mut ledger, 2, &rows, &|fact| {
            fact.corrects = Some(Box::new(Corrects::OfOrder));
            facts(fact);
        });
        let alone = alone.expect("new").alone;
        run(&mut ledger, &terms);
        let earned = told(&ledger, &terms).into_iter().map(|(_, (.., earned))| earned);
        (alone, earned.collect::<Vec<_>>())
    };
    // Two take the two lines of 60.00; for the third there is none, and one of 20.00 can be of any.
    assert_eq!(earned(&|_| ()), (2, vec![0, 0, 1_000, 0, 0]));
    // Amounts in another currency are of none of them.
    assert_eq!(earned(&|fact| fact.amount_currency = None).0, 4);
}

/// What becomes of lines 1 and 2 of an order, and of rows of a later file that `make` makes of `takes`.
fn told_of(
    lines: &dyn Fn(&mut LineFact),
    corrections: &[Row],
    make: &dyn Fn(&mut LineFact),
) -> Vec<(State, i64, i64, i64)> {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import_facts(&mut ledger, 1, &[line(1, 10_000), line(2, 10_000)], lines);
    import_facts(&mut ledger, 2, corrections, make);
    run(&mut ledger, &terms);
    let told = told(&ledger, &terms).into_iter();
    told.filter(|((_, line_no), _)| !line_no.starts_with('-')).map(|(_, said)| said).collect()
}

fn of_order(fact: &mut LineFact) {
    fact.corrects = Some(Box::new(Corrects::OfOrder));
}

#[test]
fn what_takes_from_an_unnamed_line_takes_from_one_that_earns() {
    let declined = |fact: &mut LineFact| {
        if fact.line_no == No::Digits(1) {
            fact.state = State::Declined;
        }
    };
    // The whole of either, and a part that only one of them can be meant by.
    let whole = told_of(&declined, &[takes(1, 10_000)], &of_order);
    assert_eq!(whole[1], (State::Reversed, 0, 0, 0));
    let part = told_of(&declined, &[takes(1, 4_000)], &of_order);
    assert_eq!(part[1], (State::Approved, 6_000, 300, 600));
    assert_eq!(part[0].0, State::Declined);
}

#[test]
fn a_line_that_a_row_takes_by_name_is_no_other_rows() {
    for named in [1, 2] {
        let told = told_of(&|_| (), &[takes(1, 10_000), takes(2, 10_000)], &|fact| {
            if fact.line_no != No::parse(&format!("-{named}")).expect("a number") {
                of_order(fact);
            }
        });
        assert!(told.iter().all(|said| *said == (State::Reversed, 0, 0, 0)), "{told:?}");
    }
}

#[test]
fn what_is_added_is_no_further_than_the_row_that_adds_it() {
    let adds = Row { takes: false, ..takes(1, 5_000) };
    let settled = |fact: &mut LineFact| fact.state = State::Settled;
    for state in [State::Pending, State::Approved, State::Settled] {
        let told = told_of(&settled, std::slice::from_ref(&adds), &|fact| fact.state = state);
        assert_eq!(told[0], (state, 15_000, 750, 1_500));
    }
    // A line that was declined stays so.
    let declined = |fact: &mut LineFact| fact.state = State::Declined;
    let told = told_of(&declined, &[adds], &|_| ());
    assert_eq!((told[0].0, told[0].3), (State::Declined, 0));
}

#[test]
fn what_was_refunded_before_cannot_be_taken_again() {
    let refunded = |fact: &mut LineFact| fact.refunded = Minor::new(3_000);
    let told = told_of(&refunded, &[takes(1, 6_000)], &|_| ());
    assert_eq!((told[0].0, told[0].1, told[0].3), (State::Approved, 1_000, 100));
    let told = told_of(&refunded, &[takes(1, 8_000)], &|_| ());
    assert_eq!((told[0].0, told[0].3), (State::Reversed, 0));
}

#[test]
fn what_is_added_is_no_price_of_a_piece() {
    let three = |fact: &mut LineFact| {
        fact.quantity = 3;
        (fact.product_price, fact.paid_amount) = (Minor::new(1_000), None);
    };
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import_facts(&mut ledger, 1, &[line(1, 0)], &three);
    import(&mut ledger, 2, &[Row { takes: false, ..takes(1, 30) }]);
    run(&mut ledger, &terms);
    lines(&ledger, &terms, &Scope::default(), &mut Unwatched, &mut |row| {
        let fact = row.fact();
        assert_eq!((fact.product_price, fact.paid_amount), (None, Minor::new(3_030)));
        let found = row.found.as_ref().and_then(feebook_core::lines::Found::amounts);
        assert_eq!(found.map(|amounts| amounts.total()), Some(303));
        Ok(())
    })
    .expect("lines");
}

#[test]
fn a_row_that_waits_for_its_line_places_no_order() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import(&mut ledger, 1, &[line(2, 10_000)]);
    // Of a line that is not there, and of the year before the first version.
    import_facts(&mut ledger, 2, &[takes(1, 2_000)], &|fact| fact.paid_at = Some(1_690_000_000));
    run(&mut ledger, &terms);
    assert_eq!(told(&ledger, &terms)[&("1".to_owned(), "2".to_owned())].3, 1_000);
    lines(&ledger, &terms, &Scope::default(), &mut Unwatched, &mut |row| {
        assert_eq!(row.day.map(|day| day.to_string()).as_deref(), Some("2024-01-11"));
        Ok(())
    })
    .expect("lines");
}

#[test]
fn only_a_correction_has_more_bytes_than_rows_had_before_there_were_any() {
    let words = feebook_core::words::Words::default();
    let mut fact = line(1, 10_000).fact(&mut feebook_core::words::Words::default());
    fact.amount_currency = None;
    let bytes = |fact: &LineFact| {
        let mut bytes = Vec::new();
        fact.canonical(&words, &mut bytes);
        bytes
    };
    let before = bytes(&fact);
    fact.corrects = Some(Box::new(Corrects::OfOrder));
    assert_eq!(bytes(&fact).split_at(before.len()), (&before[..], &b"C\0"[..]));
}

/// Puts one order of very many lines into a ledger, and as many rows that each take one of them back
/// without naming it; returns how many of these are alone.
fn fill(ledger: &mut Ledger, many: i64) -> u64 {
    let new = NewImport {
        program: PROGRAM,
        file: "many.csv",
        file_digest: [1; 32],
        format: "x",
        format_digest: [0; 32],
        as_of: None,
        imported_at: 0,
    };
    let Begun::Started(mut pending) = ledger.begin_import(&new).expect("begun") else {
        return u64::MAX;
    };
    for at in 0..2 * many {
        let (number, takes) = (at / 2, at % 2 == 1);
        let kind = if takes { "correction-" } else { "" };
        let state = if takes { State::Reversed } else { State::Approved };
        let line_no = No::parse(&format!("{kind}{number}")).expect("not empty");
        let mut fact = LineFact::new(No::Digits(1), line_no, state);
        // Three of each amount.
        fact.paid_amount = Minor::new(number / 3 + 1);
        fact.corrects = takes.then(|| Box::new(Corrects::OfOrder));
        pending.append(fact).expect("appended");
    }
    pending.keep().expect("kept").alone
}

#[test]
fn an_order_of_very_many_rows_is_joined_without_comparing_each_with_each() {
    let (mut ledger, many) = (Ledger::in_memory().expect("a ledger"), 60_000);
    assert_eq!(fill(&mut ledger, many), 0);
    let order = ledger.order(PROGRAM, &No::Digits(1)).expect("read").expect("an order");
    for _ in 0..3 {
        let lines = ledger.counting(&order, i64::MAX).expect("joined");
        assert_eq!(lines.len(), usize::try_from(many).expect("small"));
        assert!(lines.iter().all(|line| line.revision.fact.state == State::Reversed));
    }
}
