//! The command line against arguments that nobody would type: no panic, always an exit code of ours.

use super::support::Sandbox;

/// Words of the command line and words that are none.
const WORDS: &[&str] = &[
    "import",
    "imports",
    "list",
    "undo",
    "archive",
    "quarantine",
    "show",
    "export",
    "retry",
    "close",
    "click",
    "flag",
    "add",
    "remove",
    "product",
    "mark",
    "placement",
    "account",
    "set",
    "program",
    "schedule",
    "at",
    "diff",
    "new",
    "check",
    "preview",
    "plugin",
    "inspect",
    "sem",
    "link",
    "recompute",
    "lines",
    "explain",
    "statement",
    "verify",
    "assumptions",
    "backup",
    "rebuild",
    "doctor",
    "init",
    "--program",
    "example",
    "aliexpress-nordic",
    "--month",
    "2024-13",
    "0000-01",
    "2024-08",
    "--from",
    "--to",
    "9999-12-31",
    "0000-01-01",
    "-262144-01-01",
    "--at",
    "--by",
    "category",
    "-O",
    "csv",
    "json",
    "-o",
    "out",
    "--as-of",
    "--as",
    "feebook",
    "--strict",
    "--dry-run",
    "orders.csv",
    "0",
    "-1",
    "99999999999999999999",
    "1",
    "",
    " ",
    "\u{202e}",
    "é",
    "--reason",
    "=1+1",
    "'; DROP TABLE import; --",
    "../../x",
    "--effective",
    "2024-02-30",
    "--",
    "--help",
    "--order",
    "--sub-id",
    "--import",
    "--row",
    "--all",
    "--months",
    "1200",
    "--base",
    "http://[::1",
    "https://example.com/x y",
];

#[test]
fn no_command_line_panics() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("orders.csv", "order_no,line_no,paid_at,product_price\n1,1,2024-08-01,1.00\n");
    let mut dice = 0x0dd_ba11_u64;
    let mut below = |bound: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % u64::try_from(bound).expect("a bound")).expect("below the bound")
    };
    let times = if std::env::var_os("FEEBOOK_FUZZ_SECONDS").is_some() { 5_000 } else { 150 };
    for _ in 0..times {
        let count = 1 + below(7);
        let words: Vec<&str> = (0..count).map(|_| WORDS[below(WORDS.len())]).collect();
        if words.contains(&"\0") {
            continue;
        }
        let ran = sandbox.run_words(&words);
        assert!([0, 1, 2, 3, 4, 5, 6].contains(&ran.code), "{words:?}: {} {}", ran.code, ran.err);
        assert!(!ran.err.contains("panicked"), "{words:?}: {}", ran.err);
    }
    sandbox.run("check").expect(0);
}
