//! The first minutes: the demo, a ledger, help, and what a wrong command says.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use super::super::support::Sandbox;
use super::{HEADER, ORDERS, evaluated, import, lines, report};

/// What the demo says, with the name of its folder replaced.
fn demo(sandbox: &Sandbox) -> (String, String) {
    let ran = sandbox.run("demo").expect(0);
    let first = ran.out.lines().next().expect("the demo says something");
    let folder = first.rsplit(' ').next().expect("the demo names its folder").to_owned();
    (ran.out.replace(&folder, "FOLDER"), folder)
}

#[test]
fn the_demo_needs_nothing_and_leaves_a_ledger_to_look_at() {
    let sandbox = Sandbox::new();
    let (told, folder) = demo(&sandbox);
    let ledger = format!("{folder}/feebook.db");
    let again = sandbox.run_words(&["-f", &ledger, "lines", "-O", "csv"]).expect(0);
    assert_eq!(again.rows().len(), 27);
    sandbox.run_words(&["-f", &ledger, "check"]).expect(1);
    assert!(!sandbox.path("feebook.db").exists(), "the demo keeps to its own folder");
    assert!(told.contains("The demo's ledger stays in FOLDER"), "{told}");
}

#[test]
fn the_demo_ignores_the_callers_ledger() {
    let sandbox = evaluated();
    let before = lines(&sandbox);
    let ledger = sandbox.path("feebook.db");
    let demo = sandbox.command().env("FEEBOOK_LEDGER", ledger).arg("demo").output();
    assert_eq!(demo.expect("the binary runs").status.code(), Some(0));
    assert_eq!(lines(&sandbox), before);
    sandbox.run("demo -o told.txt").expect(2);
}

#[test]
#[expect(clippy::too_many_lines, reason = "they are the demo's")]
fn the_demo_shows_the_main_job_step_by_step() {
    let (told, _) = demo(&Sandbox::new());
    insta::assert_snapshot!(told, @r"
    A publisher's ledger, from reports to answers, in FOLDER
    The program `example` and all orders are invented.

    # A ledger, and two reports of two programs.
    $ feebook init
    made the ledger feebook.db
    next: feebook import REPORT --program PROGRAM   (feebook program list shows the programs)
    $ feebook import orders.csv --program example
    file        program  format   added  revised  unchanged  rejected
    orders.csv  example  feebook     23        0          0         0
    $ feebook import aliexpress.json --program aliexpress-nordic
    file             program            format      added  revised  unchanged  rejected
    aliexpress.json  aliexpress-nordic  aliexpress      4        0          0         0

    # What should each order earn under the terms in force on its day?
    $ feebook recompute
    24 orders with 27 lines evaluated: 24 for the first time, 0 changed
    lines: 16 commissionable, 2 unverifiable, 6 excluded, 1 outside_window, 1 declined, 1 uncovered
    posted as run 1:
      aliexpress-nordic +54.70 USD
      example +144.73 USD
    $ feebook lines --program example --from 2024-07
    program  order_no  line_no  schedule    status    verdict         clause   basis  rate  commission  incentive  bonus  withheld  total
    example  1012      1        2024-07-01  approved  commissionable  5.9      40.00  5.5%        2.20       0.00   2.50      0.00   4.70
    example  1013      1        2024-07-01  approved  commissionable  5.12    400.00    7%       28.00       0.00   3.50      5.05  26.45
    example  1013      2        2024-07-01  approved  commissionable  5.9     250.00  5.5%       13.75       0.00   0.00      2.20  11.55
    example  1013      3        2024-07-01  approved  excluded        4.1       0.00              0.00       0.00   0.00      0.00   0.00
    example  1014      1        2024-07-01  approved  outside_window  1.2       0.00              0.00       0.00   0.00      0.00   0.00
    example  1015      1        2024-07-01  approved  commissionable  5.9      50.00  5.5%        2.75       0.00   0.00      0.00   2.75
    example  1016      1        2024-07-01  approved  excluded        4.3       0.00              0.00       0.00   0.00      0.00   0.00
    example  1017      1        2024-07-01  pending   commissionable  5.1      19.90   18%        3.58       0.00   0.00      0.00   3.58
    example  1018      1        2024-07-01  pending   excluded        3.3       0.00              0.00       0.00   0.00      0.00   0.00
    example  1019      1        2024-07-01  pending   commissionable  5.9     120.00  5.5%        6.60       0.00   0.00      0.00   6.60
    example  1020      1        2024-07-01  pending   commissionable  5.4     192.00    8%       15.36       0.00   3.00      0.00  18.36
    example  1021      1                    pending   unverifiable

    # What is that by month?
    $ feebook statement
    program            month    currency  lines  unknown  pending  approved  settled  held  paid   open  trend
    aliexpress-nordic  2024-06  USD           1        0     0.00      0.00     0.70  0.00  0.00   0.70  █▁▁▁▁
    aliexpress-nordic  2024-08  USD           2        0     0.00     54.00     0.00  0.00  0.00  54.00  ▁█▁▁▁
    aliexpress-nordic  2024-09  USD           1        0     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁
    example            2022-12  USD           1        1     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁
    example            2023-02  USD           1        0     0.00      0.00     4.49  0.00  0.00   4.49  █▁▁▁▁
    example            2023-05  USD           1        0     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁
    example            2023-06  USD           1        0     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁
    example            2023-08  USD           1        1     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁
    example            2023-09  USD           1        0     0.00      0.00     3.73  0.00  0.00   3.73  ▁▁▁▁█
    example            2023-10  USD           1        0     0.00      0.00     3.74  0.00  0.00   3.74  █▁▁▁▁
    example            2024-01  USD           1        0     0.00      0.00    50.00  0.00  0.00  50.00  ▁▁█▁▁
    example            2024-03  USD           1        0     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁
    example            2024-04  USD           1        0     0.00      6.38     0.00  0.00  0.00   6.38  ▁▁█▁▁
    example            2024-06  USD           1        0     0.00      2.40     0.00  0.00  0.00   2.40  ▁▁▁▁█
    example            2024-07  USD           1        0     0.00      4.70     0.00  0.00  0.00   4.70  █▁▁▁▁
    example            2024-08  USD           4        0     0.00     38.00     0.00  0.00  0.00  38.00  ▁█▁▁▁
    example            2024-09  USD           2        0     0.00      2.75     0.00  0.00  0.00   2.75  █▁▁▁▁
    example            2024-10  USD           4        0    28.54      0.00     0.00  0.00  0.00   0.00  ▂▃▁█▁
    example            2024-11  USD           1        1     0.00      0.00     0.00  0.00  0.00   0.00  ▁▁▁▁▁

    # Why does order 1013 earn what it earns?
    $ feebook explain 1013
    order 1013 of example
                  paid at 2024-08-14T21:41:30+02:00
                  example/program.toml:9:1
                  assumed timezone: not stated; the network's office is in Oslo
                  version 2024-07-01 in force since 2024-07-01T00:00:00+02:00, confirmed
                  example/2024-07-01.toml:3:1

    line 1  approved  commissionable
                  commissionable: rate 7% for categories 101; ship-to @eu (AT, BE …)
                  basis 400.00 (product price 400.00 x 1)
                  clause 3.1, example/2024-07-01.toml:13:1
          +28.00  7% of 400.00, rounded half to even (before 5.5% for all lines)
                  clause 5.12, example/2024-07-01.toml:99:1
           +3.50  bonus, once for the order (ship-to @bonus_two (ES, FR, NL, BE); buyer new)
                  clause 6, example/2024-07-01.toml:115:1
           -5.05  cap of 38.00 per order over commission and bonus: 45.25 covered, 7.25 withheld, of it 5.05 from this line's 31.50
                  clause 7, example/2024-07-01.toml:133:1
                  assumed cap.scope: 'per purchase' is read as the order, also where it splits into lines
           26.45  = line

    line 2  approved  commissionable
                  commissionable: rate 5.5% for all lines
                  basis 250.00 (product price 250.00 x 1)
                  clause 3.1, example/2024-07-01.toml:13:1
          +13.75  5.5% of 250.00, rounded half to even
                  clause 5.9, example/2024-07-01.toml:105:1
           -2.20  cap of 38.00 per order over commission and bonus: 45.25 covered, 7.25 withheld, of it 2.20 from this line's 13.75
                  clause 7, example/2024-07-01.toml:133:1
                  assumed cap.scope: 'per purchase' is read as the order, also where it splits into lines
           11.55  = line

    line 3  approved  excluded
                  excluded: virtual_product (categories 90)
                  clause 4.1, example/2024-07-01.toml:42:1
            0.00  = line

           38.00  = order

    # A later report: one line approved, one declined.
    $ feebook import orders_later.csv --program example
    file              program  format   added  revised  unchanged  rejected
    orders_later.csv  example  feebook      0        2          0         0
    $ feebook recompute
    24 orders with 27 lines evaluated: 0 for the first time, 2 changed (2 lines)
    lines: 15 commissionable, 2 unverifiable, 6 excluded, 1 outside_window, 2 declined, 1 uncovered
    posted as run 2:
      example -3.58 USD

    program  order_no  line_no  why           schedule_before  schedule    status_before  status    verdict_before  verdict         total_before  total
    example  1017      1        new revision  2024-07-01       2024-07-01  pending        declined  commissionable  declined                3.58   0.00
    example  1019      1        new revision  2024-07-01       2024-07-01  pending        approved  commissionable  commissionable          6.60   6.60

    # The terms change on 1 October: one more file. Earlier orders keep their terms.
    $ $EDITOR schedules/example/2024-10-01.toml
    $ feebook schedule diff example 2024-07-01 2024-10-01
    example: from 2024-07-01 to 2024-10-01

    When
      takes effect at 2024-10-01T00:00:00+02:00
      announced on 2024-09-12, 19 days before; 14 days are promised

    Rates
      all lines that nothing before names: lowered from 5.5% to 4% (clause 5.9)

    # What would they have cost on the last three months? Nothing is posted.
    $ feebook schedule preview schedules/example/2024-10-01.toml
    example 2024-10-01 takes effect at 2024-10-01T00:00:00+02:00 (schedules/example/2024-10-01.toml)
    7 orders from 2024-09-01 to 2024-11-30: 3 months back from 2024-11, the last month with orders
    before: by the terms in force on each order's day, without this file
    after: as if the file had always been in force; nothing is posted

    In all
    currency  lines  before  after  difference  unknown
    USD           6   27.71  25.16       -2.55        1

    By category
    category             currency  lines  before  after  difference  unknown
    97 Pens              USD           1    6.60   4.80       -1.80        0
    163 Screwdrivers     USD           4    2.75   2.00       -0.75        1
    22 Women's Clothing  USD           1   18.36  18.36        0.00        0

    By country shipped to
    country  currency  lines  before  after  difference  unknown
    NO       USD           3    6.60   4.80       -1.80        1
    DE       USD           1    2.75   2.00       -0.75        0
    GB       USD           1    0.00   0.00        0.00        0
    PL       USD           1   18.36  18.36        0.00        0

    The orders that move most
    program  order_no  currency  before  after  difference  unknown  cause
    example  1019      USD         6.60   4.80       -1.80        0  5.9 (5.5%) -> 5.9 (4%)
    example  1015      USD         2.75   2.00       -0.75        0  5.9 (5.5%) -> 5.9 (4%)

    Week by week; delay_worth: what you keep if the terms take effect so many weeks later
    week  from        until       currency  lines  before  after  difference  unknown  delay_worth
       1  2024-09-01  2024-09-01  USD           0    0.00   0.00        0.00        0         0.00
       2  2024-09-02  2024-09-08  USD           1    2.75   2.00       -0.75        0         0.75
       3  2024-09-09  2024-09-15  USD           1    0.00   0.00        0.00        0         0.75
       4  2024-09-16  2024-09-22  USD           0    0.00   0.00        0.00        0         0.75
       5  2024-09-23  2024-09-29  USD           0    0.00   0.00        0.00        0         0.75
       6  2024-09-30  2024-10-06  USD           1    0.00   0.00        0.00        0         0.75
       7  2024-10-07  2024-10-13  USD           2    6.60   4.80       -1.80        0         2.55
       8  2024-10-14  2024-10-20  USD           0    0.00   0.00        0.00        0         2.55
       9  2024-10-21  2024-10-27  USD           0    0.00   0.00        0.00        0         2.55
      10  2024-10-28  2024-11-03  USD           1   18.36  18.36        0.00        1         2.55
      11  2024-11-04  2024-11-10  USD           0    0.00   0.00        0.00        0         2.55
      12  2024-11-11  2024-11-17  USD           0    0.00   0.00        0.00        0         2.55
      13  2024-11-18  2024-11-24  USD           0    0.00   0.00        0.00        0         2.55
      14  2024-11-25  2024-11-30  USD           0    0.00   0.00        0.00        0         2.55

    # And now for good.
    $ feebook schedule list example
    program  schedule    from                       until                      announced_on  checked_on  status     rates  assumed  superseded_by
    example  2023-01-01  2023-01-01T00:00:00+01:00  2023-10-01T00:00:00+02:00  2022-12-12    2026-11-22  confirmed      9        3
    example  2023-10-01  2023-10-01T00:00:00+02:00  2024-07-01T00:00:00+02:00  2023-09-11    2026-11-22  confirmed      9        1
    example  2024-07-01  2024-07-01T00:00:00+02:00  2024-10-01T00:00:00+02:00  2024-06-10    2026-11-22  confirmed     10        1
    example  2024-10-01  2024-10-01T00:00:00+02:00                             2024-09-12    2026-11-22  confirmed     10        1
    $ feebook recompute
    24 orders with 27 lines evaluated: 0 for the first time, 4 changed (1 line)
    lines: 15 commissionable, 2 unverifiable, 6 excluded, 1 outside_window, 2 declined, 1 uncovered
    posted as run 3:
      example -1.80 USD

    program  order_no  line_no  why                schedule_before  schedule    status_before  status    verdict_before  verdict         total_before  total
    example  1019      1        new schedule text  2024-07-01       2024-10-01  approved       approved  commissionable  commissionable          6.60   4.80

    # What did the network report, and why is it something else?
    $ feebook reconcile --program example --on 2024-12-01
    Difference: reported less expected, paid less reported; below zero is less than is due
    Totals: expected, reported and difference are of the lines that are compared

    Totals
    program  currency  lines  compared  expected  reported  difference  within_tolerance  not_reported  unknown  other_currency  declined  paid
    example  USD          23        15    131.13    142.84      +11.71                 0             3        2               1         2  0.00

    Confirmed and not paid, by days since the validation
    program  currency  status    age    lines   open
    example  USD       approved  31-60      1   6.60
    example  USD       approved  61-90      1   2.97
    example  USD       approved  91+        6  60.18

    Reported otherwise than the terms give
    code  program  order_no  line_no  currency  expected  reported  difference  also_fits  finding
    D21   example  1001      1        USD                     3.15                         reported 3.15, expected not known: uncovered: the first version, 2023-01-01, takes effect at 2023-01-01T00:00:00+01:00
    D21   example  1005      1        USD                     8.38                         reported 8.38, expected not known: unverifiable: rate_lost
    D01   example  1007      1        USD           3.74      3.73       -0.01  D02 D03    reported 3.73, expected 3.74 USD: it is as if it were cut off, not rounded half up
    D03   example  1008      1        USD          50.00     54.00       +4.00  D12        reported 54.00, expected 50.00 USD: it is as if version 2023-01-01 were in force, not 2023-10-01: 6%, clause 5.9 of 2023-01-01
    D04   example  1010      1        USD           6.38      6.00       -0.38             reported 6.00, expected 6.38 USD: it is as if version 2024-07-01 were in force, not 2023-10-01: 8%, clause 5.4 of 2024-07-01
    D02   example  1012      1        USD           4.70      2.40       -2.30  D03        reported 2.40, expected 4.70 USD: it is as if days began in America/Los_Angeles, not in Europe/Oslo: 6%, clause 5.9 of 2023-10-01
    D10   example  1013      1        USD          26.45     31.50       +5.05  D11        reported 31.50, expected 26.45 USD: it is as if there were no cap of 38.00
    D10   example  1013      2        USD          11.55     13.75       +2.20  D11        reported 13.75, expected 11.55 USD: it is as if there were no cap of 38.00
    D17   example  1014      1        USD           0.00      4.13       +4.13             reported 4.13, expected 0.00 USD: the line is outside_window: late_order
    D14   example  1015      1        USD           2.75      2.97       +0.22             reported 2.97, expected 2.75 USD: it is as if no service fee were taken out
    D03   example  1019      1        USD           4.80      6.60       +1.80             reported 6.60, expected 4.80 USD: it is as if version 2024-07-01 were in force, not 2024-10-01: 5.5%, clause 5.9 of 2024-07-01
    D08   example  1020      1        USD          18.36     15.36       -3.00             reported 15.36, expected 18.36 USD: it is as if there were no bonus

    Late, short or too much
    code  program  order_no  line_no  currency  expected  reported  difference  days  finding
    D32   example  1010      1        USD           6.38      6.00       -6.00   224  approved and not settled: reported 6.00 USD, 224 days since 2024-04-21
    D32   example  1011      1        USD           2.40      2.40       -2.40   154  approved and not settled: reported 2.40 USD, 154 days since 2024-06-30
    D32   example  1012      1        USD           4.70      2.40       -2.40   153  approved and not settled: reported 2.40 USD, 153 days since 2024-07-01
    D32   example  1013      1        USD          26.45     31.50      -31.50   109  approved and not settled: reported 31.50 USD, 109 days since 2024-08-14
    D32   example  1013      2        USD          11.55     13.75      -13.75   109  approved and not settled: reported 13.75 USD, 109 days since 2024-08-14
    D32   example  1014      1        USD           0.00      4.13       -4.13   103  approved and not settled: reported 4.13 USD, 103 days since 2024-08-20

    Notes
    code  program  order_no  finding
    D42   example  1006      paid at 2023-09-30T23:59:59+02:00; version 2023-10-01 takes effect at 2023-10-01T00:00:00+02:00
    D42   example  1007      paid at 2023-10-01T00:00:00+02:00; version 2023-10-01 takes effect at 2023-10-01T00:00:00+02:00
    D42   example  1011      paid at 2024-06-30T22:10:00+02:00; version 2024-07-01 takes effect at 2024-07-01T00:00:00+02:00
    D42   example  1012      paid at 2024-07-01T06:10:00+02:00; version 2024-07-01 takes effect at 2024-07-01T00:00:00+02:00

    D01 rounded otherwise: 1 time
    D02 day read in another zone: 1 time
    D03 priced under an earlier version: 2 times
    D04 priced under a later version: 1 time
    D08 bonus missing: 1 time
    D10 cap not applied: 2 times
    D14 service fee left in the basis, or taken out where none is known: 1 time
    D17 the network gives what the terms exclude: 1 time
    D21 the terms do not let us say: 2 times
    D32 approved and not settled: 6 times
    D42 within a day of a change of terms: 4 times

    # Next, in your own folder:
    #   feebook init
    #   feebook program list
    #   feebook import YOUR-REPORT --program PROGRAM
    #   feebook recompute
    #   feebook explain ORDER
    #   feebook reconcile
    # The demo's ledger stays in FOLDER
    ");
}

#[test]
fn a_ledger_is_made_once() {
    let sandbox = Sandbox::new();
    let first = sandbox.run("init").expect(0);
    insta::assert_snapshot!(first.out, @r"
    made the ledger feebook.db
    next: feebook import REPORT --program PROGRAM   (feebook program list shows the programs)
    ");
    import(&sandbox, "orders.csv", &report(&ORDERS));
    let before = lines(&sandbox);
    let second = sandbox.run("init").expect(0);
    assert_eq!(second.out, "");
    insta::assert_snapshot!(second.err, @r"
    feebook.db is a ledger already; nothing was changed
    it has orders of example
    ");
    assert_eq!(lines(&sandbox), before);
}

#[test]
fn a_first_import_makes_the_ledger_and_says_so() {
    let sandbox = Sandbox::new();
    let first = import(&sandbox, "orders.csv", &report(&ORDERS));
    insta::assert_snapshot!(first.err, @r"
    made the ledger feebook.db
    orders.csv: import 1
    ");
    let second = import(&sandbox, "more.csv", &report(&["9,1,2024-08-01 10:00:00,1.00,pending"]));
    assert!(!second.err.contains("made the ledger"), "{}", second.err);
}

#[test]
fn the_ledger_is_named_by_f_else_by_the_environment() {
    let sandbox = Sandbox::new();
    sandbox.write("orders.csv", &report(&ORDERS));
    let with = |words: &[&str]| {
        let mut command = sandbox.command();
        let output = command.env("FEEBOOK_LEDGER", sandbox.path("env.db")).args(words).output();
        assert_eq!(output.expect("the binary runs").status.code(), Some(0), "{words:?}");
    };
    with(&["import", "orders.csv", "--program", "example"]);
    with(&["init", "-f", "named.db"]);
    let there = |name: &str| sandbox.path(name).exists();
    assert_eq!((there("env.db"), there("named.db"), there("feebook.db")), (true, true, false));
    assert_eq!(sandbox.run("lines -f env.db -O csv").expect(0).rows().len(), 4);
    assert_eq!(sandbox.run("lines -f named.db -O csv").expect(0).rows().len(), 0);
}

#[test]
fn a_question_to_a_ledger_that_is_not_there_names_init() {
    let sandbox = Sandbox::new();
    for question in
        ["lines", "explain 1", "statement", "recompute", "check", "imports list", "imports undo 1"]
    {
        let ran = sandbox.run(question).expect(6);
        assert_eq!(ran.out, "", "{question}");
        assert_eq!(
            ran.err,
            "error[L001]: there is no ledger at feebook.db\n\
             hint: make one with `feebook init`, or name another with -f\n",
            "{question}"
        );
        assert!(!sandbox.path("feebook.db").exists(), "{question} made a ledger");
    }
}

#[test]
fn a_file_that_is_no_ledger_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("feebook.db", "a diary, not a ledger; it is long enough to be looked at");
    sandbox.write("orders.csv", &report(&ORDERS));
    for command in ["init", "lines", "import orders.csv --program example"] {
        let ran = sandbox.run(command).expect(6);
        assert!(ran.err.starts_with("error[L002]"), "{command}: {}", ran.err);
    }
    let diary = std::fs::read_to_string(sandbox.path("feebook.db")).expect("the diary");
    assert!(diary.starts_with("a diary"));
}

#[test]
fn every_exit_code_means_one_thing() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.csv", &format!("{HEADER}1,1,yesterday,1.00,,,,,,,,\n"));
    sandbox.write("broken/example/2024-09-01.toml", "format = 1\n");
    let code = |line: &str| sandbox.run(line).code;
    assert_eq!(code("lines"), 6);
    assert_eq!(code("init"), 0);
    assert_eq!(code("check"), 0);
    assert_eq!(code("import bad.csv --program example"), 4);
    import(&sandbox, "early.csv", &report(&["1,1,2020-01-01 10:00:00,1.00,pending"]));
    assert_eq!(code("check"), 1, "the order is uncovered");
    assert_eq!(code("recompute"), 0, "an uncovered order is no failure");
    assert_eq!(code("lines"), 0);
    assert_eq!(code("statement"), 0);
    assert_eq!(code("explain 1"), 0);
    assert_eq!(code("explain 2"), 2);
    assert_eq!(code("recompute --schedules broken"), 3);
    assert_eq!(code("schedule check --schedules broken"), 3);
    assert_eq!(code("lines -o missing/lines.csv"), 6);
}

#[test]
fn a_wrong_command_line_is_a_matter_of_usage() {
    let sandbox = Sandbox::with_ledger();
    for line in [
        "",
        "lines --colour",
        "recompose",
        "explain",
        "import",
        "lines --month 2024-13",
        "lines --month 2024-5",
        "lines --from 2024-02-30",
        "lines --month 2024-05 --to 2024-06",
        "recompute --all --month 2024-05",
        "statement --by colour",
        "lines -O xml",
        "imports undo one",
        "imports undo 1",
        "lines --program nobody",
        "recompute --program nobody",
        "completions tcsh",
    ] {
        let ran = sandbox.run(line).expect(2);
        assert_eq!(ran.out, "", "`feebook {line}` wrote to stdout");
        assert!(!ran.err.is_empty(), "`feebook {line}` said nothing");
    }
}

#[test]
fn help_says_what_each_command_does() {
    let sandbox = Sandbox::new();
    let commands = [
        "",
        "demo",
        "init",
        "import",
        "imports",
        "imports list",
        "imports undo",
        "program",
        "program list",
        "program show",
        "schedule",
        "schedule list",
        "schedule show",
        "schedule at",
        "schedule check",
        "schedule export",
        "sem",
        "sem check",
        "link",
        "recompute",
        "lines",
        "explain",
        "statement",
        "check",
        "completions",
        "man",
    ];
    for command in commands {
        let help = sandbox.run(&format!("{command} --help")).expect(0);
        assert_eq!(help.err, "");
        assert!(help.out.contains("Usage: feebook"), "{command}: {}", help.out);
        assert!(help.out.lines().next().is_some_and(|line| line.len() > 10), "{command}");
        for placeholder in ["TODO", "FIXME", "TBD", "lorem", "not yet", "unimplemented", "{"] {
            assert!(!help.out.contains(placeholder), "{command} has {placeholder}: {}", help.out);
        }
    }
}

#[test]
fn the_shells_are_completed_and_the_manual_is_written() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = sandbox.run(&format!("completions {shell}")).expect(0);
        assert!(script.out.contains("recompute") && script.out.contains("as-of"), "{shell}");
        assert_eq!(script.err, "");
    }
    let page = sandbox.run("man").expect(0);
    assert!(page.out.contains(".TH feebook") && page.out.contains("recompute"), "{}", page.out);
    let pages = sandbox.run("man pages").expect(0);
    assert_eq!(pages.out, "");
    for name in ["feebook.1", "feebook-import.1", "feebook-schedule-check.1"] {
        assert!(sandbox.path("pages").join(name).exists(), "{name}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let sandbox = Sandbox::new();
    // More than a pipe holds.
    let orders: Vec<String> =
        (1..4000).map(|order| format!("{order},1,2024-08-01 10:00:00,10.00,pending")).collect();
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    import(&sandbox, "orders.csv", &report(&orders));
    sandbox.run("recompute").expect(0);
    for form in ["csv", "json", "text"] {
        let mut command = sandbox.command();
        command.args(["lines", "-O", form]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut reader = BufReader::with_capacity(64, child.stdout.take().expect("its stdout"));
        let mut first = String::new();
        reader.read_line(&mut first).expect("a first line");
        drop(reader);
        let (mut said, status) = (String::new(), child.wait().expect("it ends"));
        child.stderr.take().expect("its stderr").read_to_string(&mut said).expect("UTF-8");
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{form}");
    }
}
