//! The ledger's promises: what is imported in whatever order and however often gives one ledger,
//! what is taken back is as if it had never come, and a run posts differences only.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use feebook_core::fact::{LineFact, No};
use feebook_core::ledger::{Begun, ImportTotals, Ledger, NewImport, OrderRecord, Scan};
use feebook_core::lines::lines;
use feebook_core::run::{Change, Recomputed, Scope, Terms, Unwatched, Why, recompute};
use feebook_core::standing::{Flag, FlagSubject};
use feebook_core::statement::{By, Statement, statement};
use feebook_kernel::{Effect, Minor, State};
use feebook_schedule::{Book, Source};
use proptest::prelude::*;

const PROGRAM: &str = "example";

/// The shipped example program.
fn terms() -> Terms {
    terms_with("")
}

/// The same with something behind each version, which makes other texts of them.
fn terms_with(more: &str) -> Terms {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schedules").join(PROGRAM);
    let mut sources = Vec::new();
    for entry in fs::read_dir(&folder).expect("the example program is there") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let mut text = fs::read_to_string(&path).expect("a text");
            if name.starts_with("20") {
                text.push_str(more);
            }
            sources.push(Source::new(format!("{PROGRAM}/{name}"), name, text));
        }
    }
    let (book, problems) = Book::load(&sources);
    assert!(!problems.iter().any(feebook_schedule::Diagnostic::is_error), "{problems:#?}");
    Terms { book: Arc::new(book), sources: sources.into(), plugins: None }
}

/// A report of one line, before words are numbered.
#[derive(Clone, Debug)]
struct Reported {
    order_no: &'static str,
    line_no: &'static str,
    state: State,
    price: i64,
    refunded: Option<i64>,
    updated_at: Option<i64>,
}

impl Reported {
    fn new(order_no: &'static str, line_no: &'static str, state: State, price: i64) -> Self {
        Self { order_no, line_no, state, price, refunded: None, updated_at: None }
    }

    fn fact(&self, words: &mut feebook_core::words::Words) -> LineFact {
        let number = |text| No::parse(text).expect("not empty");
        let mut fact = LineFact::new(number(self.order_no), number(self.line_no), self.state);
        let early = self.order_no == EARLY;
        fact.paid_at = Some(if early { 1_600_000_000 } else { 1_705_000_000 }); // 2024-01-11
        fact.product_price = Minor::new(self.price);
        fact.refunded = self.refunded.and_then(Minor::new);
        fact.updated_at = self.updated_at;
        fact.currency = Some(words.intern("USD"));
        fact.seller_country = Some(words.intern("CN"));
        fact.host = Some(words.intern("www.example.com"));
        fact.ship_to = Some(words.intern("NO"));
        fact.category = Some(words.intern("22"));
        fact
    }
}

/// A report file.
#[derive(Clone, Debug)]
struct File {
    name: u8,
    as_of: Option<i64>,
    rows: Vec<Reported>,
}

fn file(name: u8, rows: &[Reported]) -> File {
    File { name, as_of: None, rows: rows.to_vec() }
}

/// Imports a file; none when the ledger knows it.
fn import(ledger: &mut Ledger, file: &File) -> Option<ImportTotals> {
    let new = NewImport {
        program: PROGRAM,
        file: "report.csv",
        file_digest: [file.name; 32],
        format: "feebook",
        format_digest: [0; 32],
        as_of: file.as_of,
        imported_at: 0,
    };
    match ledger.begin_import(&new).expect("the import begins") {
        Begun::Already { .. } => None,
        Begun::Started(mut pending) => {
            for row in &file.rows {
                let fact = row.fact(pending.words());
                pending.append(fact).expect("appended");
            }
            Some(pending.keep().expect("kept"))
        }
    }
}

fn run(ledger: &mut Ledger, terms: &Terms) -> (Recomputed, Vec<Change>) {
    let mut changes = Vec::new();
    let all = Scope::default();
    let report = recompute(ledger, terms, &all, 0, &mut Unwatched, &mut |c| changes.push(c));
    (report.expect("recomputed"), changes)
}

/// What `lines` shows, as text that does not depend on the order of imports.
fn shown(ledger: &Ledger, terms: &Terms) -> Vec<String> {
    let mut shown = Vec::new();
    lines(ledger, terms, &Scope::default(), &mut Unwatched, &mut |row| {
        let total = row
            .found
            .as_ref()
            .and_then(feebook_core::lines::Found::amounts)
            .map(|amounts| amounts.total());
        shown.push(format!("{} {} {:?} {total:?}", row.order_no(), row.line_no(), row.state()));
        Ok(())
    })
    .expect("lines");
    shown
}

/// The statement by month: of all orders, of a month, and of days that are none.
fn months(ledger: &Ledger, terms: &Terms) -> Vec<Statement> {
    let day = |text: &str| text.parse().expect("a day");
    [None, Some(("2024-01-01", "2024-01-31")), Some(("2024-01-01", "2024-01-30"))]
        .map(|days| {
            let days = days.map(|(first, last)| (day(first), day(last)));
            let scope = Scope { days, ..Scope::default() };
            statement(ledger, terms, &scope, By::Month, &mut Unwatched).expect("a statement")
        })
        .to_vec()
}

fn orders(ledger: &Ledger) -> Vec<OrderRecord> {
    let mut scan = Scan::new(ledger, PROGRAM).expect("a scan");
    std::iter::from_fn(|| scan.next(ledger).expect("the next order")).collect()
}

const A: &str = "1001";
/// The number of an order of 2020, before the first version.
const EARLY: &str = "7";

#[test]
fn the_same_rows_twice_change_nothing() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let rows =
        [Reported::new(A, "1", State::Pending, 10_00), Reported::new(A, "2", State::Pending, 5_00)];
    let first = import(&mut ledger, &file(1, &rows)).expect("new");
    assert_eq!(first, ImportTotals { added: 2, ..ImportTotals::default() });
    assert_eq!(import(&mut ledger, &file(1, &rows)), None, "the same bytes");
    let again = import(&mut ledger, &file(2, &rows)).expect("other bytes, same rows");
    assert_eq!(again, ImportTotals { unchanged: 2, ..ImportTotals::default() });
    assert_eq!(orders(&ledger)[0].revisions.len(), 2);
}

#[test]
fn a_line_that_changes_state_keeps_its_history() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    for (name, state) in [(1, State::Pending), (2, State::Settled), (3, State::Approved)] {
        import(&mut ledger, &file(name, &[Reported::new(A, "1", state, 10_00)]));
    }
    let order = &orders(&ledger)[0];
    assert_eq!(order.revisions.len(), 3);
    let counting = ledger.counting(order, i64::MAX).expect("a ledger");
    assert_eq!(counting[0].revision.fact.state, State::Settled);
    assert!(!counting[0].conflict);
}

#[test]
fn two_reports_that_nothing_orders_are_a_conflict() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    import(&mut ledger, &file(1, &[Reported::new(A, "1", State::Pending, 10_00)]));
    import(&mut ledger, &file(2, &[Reported::new(A, "1", State::Pending, 11_00)]));
    let order = &orders(&ledger)[0];
    assert!(ledger.counting(order, i64::MAX).expect("a ledger")[0].conflict);
}

#[test]
fn as_of_decides_over_the_state() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let row = |state| vec![Reported::new(A, "1", state, 10_00)];
    import(&mut ledger, &File { name: 1, as_of: Some(200), rows: row(State::Pending) });
    import(&mut ledger, &File { name: 2, as_of: Some(100), rows: row(State::Settled) });
    let order = &orders(&ledger)[0];
    assert_eq!(
        ledger.counting(order, i64::MAX).expect("a ledger")[0].revision.fact.state,
        State::Pending
    );
}

#[test]
fn a_dropped_or_discarded_import_leaves_nothing() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let words = ledger.words().len();
    for discard in [false, true] {
        let new = NewImport {
            program: PROGRAM,
            file: "x",
            file_digest: [9; 32],
            format: "f",
            format_digest: [0; 32],
            as_of: None,
            imported_at: 0,
        };
        let Begun::Started(mut pending) = ledger.begin_import(&new).expect("begins") else {
            panic!("never imported");
        };
        let fact = Reported::new(A, "1", State::Pending, 10_00).fact(pending.words());
        pending.append(fact).expect("appended");
        if discard {
            assert_eq!(pending.discard().expect("discarded").added, 1);
        }
    }
    assert_eq!((ledger.words().len(), ledger.last_seq().expect("seq")), (words, 0));
    assert!(ledger.programs().expect("programs").is_empty());
    assert!(ledger.imports().expect("imports").is_empty());
}

#[test]
fn a_second_recompute_posts_nothing() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import(&mut ledger, &file(1, &[Reported::new(A, "1", State::Approved, 10_00)]));
    let (first, _) = run(&mut ledger, &terms);
    assert_eq!((first.first_time, first.run_id), (1, Some(1)));
    let (second, changes) = run(&mut ledger, &terms);
    assert_eq!((second.run_id, second.first_time, second.changed), (None, 0, 0));
    assert!(changes.is_empty());
}

#[test]
fn a_run_says_which_lines_changed_and_why() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import(&mut ledger, &file(1, &[Reported::new(A, "1", State::Pending, 10_00)]));
    run(&mut ledger, &terms);
    import(&mut ledger, &file(2, &[Reported::new(A, "1", State::Declined, 10_00)]));
    let (report, changes) = run(&mut ledger, &terms);
    assert_eq!(report.changed, 1);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].why, [Why::NewRevision]);
    let total = |seen: &Option<feebook_core::run::Seen>| {
        seen.as_ref().and_then(|s| s.amounts).map(|amounts| amounts.total())
    };
    assert!(total(&changes[0].before) > Some(0));
    assert_eq!(total(&changes[0].after), Some(0));
    assert_eq!(report.posted[0].difference, -total(&changes[0].before).expect("known"));
}

#[test]
fn an_import_taken_back_is_as_if_it_had_never_come() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import(&mut ledger, &file(1, &[Reported::new(A, "1", State::Pending, 10_00)]));
    run(&mut ledger, &terms);
    let before = shown(&ledger, &terms);
    let rows = [
        Reported::new(A, "1", State::Settled, 10_00),
        Reported::new("1002", "1", State::Settled, 7_00),
    ];
    import(&mut ledger, &file(2, &rows));
    let (there, _) = run(&mut ledger, &terms);
    ledger.withdraw(2, 0).expect("taken back");
    let (back, changes) = run(&mut ledger, &terms);
    assert_eq!(shown(&ledger, &terms), before);
    assert_eq!(there.posted[0].difference, -back.posted[0].difference);
    assert!(changes.iter().any(|change| change.why == [Why::Withdrawn] && change.after.is_none()));
    assert!(ledger.withdraw(2, 0).is_err(), "a second time");
    assert!(ledger.withdraw(77, 0).is_err(), "no such import");
    let again = import(&mut ledger, &file(2, &rows)).expect("it can come again");
    assert_eq!((again.added, again.revised), (1, 1));
}

#[test]
fn a_row_that_two_imports_reported_outlives_the_first() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    let row = [Reported::new(A, "1", State::Pending, 10_00)];
    for name in 1..=3 {
        import(&mut ledger, &file(name, &row));
    }
    for id in [1, 2] {
        ledger.withdraw(id, 0).expect("taken back");
        assert_eq!(shown(&ledger, &terms).len(), 1, "after undoing {id}");
    }
    ledger.withdraw(3, 0).expect("taken back");
    assert!(shown(&ledger, &terms).is_empty());
}

#[test]
fn orders_come_shorter_first_then_bytewise() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let numbers = ["B-2", "10", "9", "AB", "007", "A", "1000000", "99999999999999999999999"];
    let rows: Vec<Reported> =
        numbers.into_iter().map(|n| Reported::new(n, "1", State::Pending, 1_00)).collect();
    import(&mut ledger, &file(1, &rows));
    let order: Vec<String> = orders(&ledger).iter().map(|o| o.order_no.to_string()).collect();
    assert_eq!(order, ["9", "A", "10", "AB", "007", "B-2", "1000000", "99999999999999999999999"]);
}

#[test]
fn a_ledger_file_is_opened_again_and_foreign_ones_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    let mut ledger = Ledger::create(&path).expect("made");
    import(&mut ledger, &file(1, &[Reported::new(A, "1", State::Pending, 10_00)]));
    drop(ledger);
    let ledger = Ledger::open(&path).expect("opened");
    assert_eq!(orders(&ledger).len(), 1);
    assert!(Ledger::create(&path).is_err(), "it exists");
    let text = folder.path().join("text.db");
    fs::write(&text, "not a database, but long enough to be read as a header of one ....")
        .expect("written");
    assert_eq!(Ledger::open(&text).expect_err("refused").code().id, "L002");
    let nowhere = Ledger::open(&folder.path().join("no.db")).expect_err("refused");
    assert_eq!(nowhere.code().id, "L001");
    let path = folder.path().join("nowhere").join("a.db");
    let told = Ledger::create(&path).expect_err("refused").to_string();
    let (path, folder) = (path.display(), folder.path().join("nowhere"));
    let folder = folder.display();
    let says = format!("cannot create {path}: there is no folder {folder}");
    assert!(told.contains(&says), "{told}");
}

/// A few lines, many reports of them.
fn reports() -> impl Strategy<Value = Vec<File>> {
    let row = (
        0..3_usize,
        0..3_usize,
        0..5_usize,
        1..4_i64,
        proptest::option::of(0..3_i64),
        proptest::option::of(0..3_i64),
    )
        .prop_map(|(order, line, state, price, refunded, updated_at)| Reported {
            order_no: ["1001", "1002", "X-1"][order],
            line_no: ["1", "2", "b"][line],
            state: State::ALL[state],
            price: price * 1_000,
            refunded: refunded.map(|r| r * 500),
            updated_at,
        });
    let rows = proptest::collection::vec(row, 1..6);
    proptest::collection::vec((proptest::option::of(0..3_i64), rows), 1..6).prop_map(|files| {
        let numbered = (1_u8..).zip(files);
        numbered.map(|(name, (as_of, rows))| File { name, as_of, rows }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Files in any order, some of them twice: the same lines, and the same amounts.
    #[test]
    fn the_order_of_imports_does_not_matter(
        files in reports(),
        seed in any::<u64>(),
    ) {
        let terms = terms();
        let mut one = Ledger::in_memory().expect("a ledger");
        for file in &files {
            import(&mut one, file);
        }
        run(&mut one, &terms);
        let mut shuffled = files.clone();
        shuffled.extend(files.iter().take(2).cloned());
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let other = usize::try_from(state >> 33).expect("small") % (at + 1);
            shuffled.swap(at, other);
        }
        let mut other = Ledger::in_memory().expect("a ledger");
        for file in &shuffled {
            import(&mut other, file);
            run(&mut other, &terms);
        }
        prop_assert_eq!(shown(&one, &terms), shown(&other, &terms));
        let (settled, _) = run(&mut other, &terms);
        prop_assert_eq!(settled.run_id, None);
    }

    /// Taking imports back leaves what the others alone would have given.
    #[test]
    fn what_is_taken_back_never_was(files in reports(), mask in any::<u8>()) {
        let terms = terms();
        let kept = |file: &&File| mask >> (file.name % 8) & 1 == 0;
        let mut all = Ledger::in_memory().expect("a ledger");
        for file in &files {
            import(&mut all, file);
        }
        run(&mut all, &terms);
        for file in files.iter().filter(|file| !kept(file)) {
            all.withdraw(i64::from(file.name), 0).expect("taken back");
        }
        run(&mut all, &terms);
        let mut some = Ledger::in_memory().expect("a ledger");
        for file in files.iter().filter(kept) {
            import(&mut some, file);
        }
        run(&mut some, &terms);
        prop_assert_eq!(shown(&all, &terms), shown(&some, &terms));
    }
}

/// What can be done to a ledger between two runs of all orders.
#[derive(Clone, Debug)]
enum Step {
    /// Two lines, the second of them in another month.
    Import(u8),
    Undo(usize),
    /// Of all orders, or of one month.
    Run {
        other_terms: bool,
        all: bool,
    },
    Flag,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u8..9).prop_map(Step::Import),
        (0_usize..4).prop_map(Step::Undo),
        any::<(bool, bool)>().prop_map(|(other_terms, all)| Step::Run { other_terms, all }),
        Just(Step::Flag),
    ]
}

fn take(ledger: &mut Ledger, step: &Step, [terms, other]: [&Terms; 2]) {
    match step {
        Step::Import(name) => {
            let order = ["1001", "1002", "1003"][usize::from(name % 3)];
            let mut row = Reported::new(order, "1", State::Pending, i64::from(*name) * 100);
            row.updated_at = Some(i64::from(*name));
            import(ledger, &file(*name, &[row]));
        }
        Step::Undo(at) => {
            let imports = ledger.imports().expect("imports");
            let standing = imports.iter().filter(|import| import.withdrawn_at.is_none());
            if let Some(id) = standing.map(|import| import.id).nth(*at) {
                ledger.withdraw(id, 0).expect("withdrawn");
            }
        }
        Step::Run { other_terms, all } => {
            let day = NaiveDate::from_ymd_opt(2024, 1, 11).expect("a day");
            let scope = Scope { days: (!all).then_some((day, day)), ..Scope::default() };
            let terms = if *other_terms { other } else { terms };
            recompute(ledger, terms, &scope, 0, &mut Unwatched, &mut |_| {}).expect("recomputed");
        }
        Step::Flag => {
            let imported = ledger.programs().expect("programs").contains(&PROGRAM.to_owned());
            if imported {
                let flag = Flag {
                    id: 0,
                    subject: FlagSubject::Order(No::parse(A).expect("a number")),
                    kind: "fraud".to_owned(),
                    effect: Some(Effect::Disqualify),
                    reason: "told".to_owned(),
                    flagged_on: NaiveDate::from_ymd_opt(2024, 2, 1).expect("a day"),
                    who: None,
                };
                ledger.add_flag(PROGRAM, &flag, 0).expect("flagged");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_run_that_need_not_read_says_what_one_that_reads_says(
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let (terms, other) = (terms(), terms_with("\n# other\n"));
        let mut ledger = Ledger::in_memory().expect("a ledger");
        for step in &steps {
            take(&mut ledger, step, [&terms, &other]);
        }
        run(&mut ledger, &terms);
        let (known, _) = run(&mut ledger, &terms);
        let (shown_known, months_known) = (shown(&ledger, &terms), months(&ledger, &terms));
        // Forgets what was known as a whole, so that all is read.
        ledger.rebuild().expect("rebuilt");
        prop_assert_eq!(months_known, months(&ledger, &terms));
        let (read, changes) = run(&mut ledger, &terms);
        prop_assert_eq!((known.run_id, read.run_id, changes.len()), (None, None, 0));
        prop_assert_eq!((known.orders, known.lines), (read.orders, read.lines));
        prop_assert_eq!(known.verdicts, read.verdicts);
        prop_assert_eq!(shown_known, shown(&ledger, &terms));
    }
}

#[test]
fn a_run_that_changes_nothing_reads_no_order() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import(&mut ledger, &file(1, &[Reported::new(A, "1", State::Pending, 10_00)]));
    let mut counts = Vec::new();
    for _ in 0..2 {
        let mut watched = Counting(0);
        let all = Scope::default();
        let done = recompute(&mut ledger, &terms, &all, 0, &mut watched, &mut |_| {});
        counts.push((watched.0, done.expect("recomputed").lines));
    }
    assert_eq!(counts, [(1, 1), (0, 1)], "orders read, lines told");
    // Nor does a statement by month; one of days that are no month reads what lies in it.
    for (days, reads) in [(None, 0), (Some("2024-01-30"), 1)] {
        let day = |text: &str| text.parse().expect("a day");
        let scope =
            Scope { days: days.map(|last| (day("2024-01-01"), day(last))), ..Scope::default() };
        let mut watched = Counting(0);
        let known = statement(&ledger, &terms, &scope, By::Month, &mut watched).expect("totals");
        assert_eq!((watched.0, known.groups[0].1.lines), (reads, 1), "{days:?}");
    }
}

#[test]
fn months_are_kept_beside_orders_that_no_version_covers_and_such_as_were_taken_back() {
    let (mut ledger, terms) = (Ledger::in_memory().expect("a ledger"), terms());
    import(&mut ledger, &file(1, &[Reported::new(EARLY, "1", State::Approved, 10_00)]));
    import(&mut ledger, &file(2, &[Reported::new("8", "1", State::Approved, 10_00)]));
    run(&mut ledger, &terms);
    ledger.withdraw(2, 0).expect("taken back");
    run(&mut ledger, &terms);
    import(&mut ledger, &file(3, &[Reported::new(A, "1", State::Approved, 10_00)]));
    run(&mut ledger, &terms);
    let mut watched = Counting(0);
    let all = Scope::default();
    let known = statement(&ledger, &terms, &all, By::Month, &mut watched).expect("totals");
    assert_eq!((watched.0, known.groups.len()), (0, 2));
    ledger.rebuild().expect("rebuilt");
    let read = statement(&ledger, &terms, &all, By::Month, &mut Unwatched).expect("totals");
    assert_eq!(known, read);
}

/// Counts the orders that are read.
struct Counting(u64);

impl feebook_core::run::Progress for Counting {
    fn advance(&mut self, orders: u64) {
        self.0 += orders;
    }
}
