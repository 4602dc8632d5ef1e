//! One large ledger: imported part by part, evaluated as a whole, asked.
//!
//! Owns the parts, of which only one is on the disk at a time. Refuses to compare: a peer would need the disk
//! that the ledger needs.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use crate::Asked;
use crate::generate::{self, Report};
use crate::measure::{self, Job};

/// Makes, imports and evaluates so many lines and tells what each step used.
pub(crate) fn run(asked: &Asked, lines: u64) -> Result<(), String> {
    let parts = lines.div_ceil(asked.lines).max(1);
    let (ledger, report) = (asked.work.join("scale.db"), asked.work.join("scale.csv"));
    for left in ["scale.db", "scale.db-wal", "scale.db-shm"] {
        let _ = fs::remove_file(asked.work.join(left));
    }
    let ours = |args: &[&str]| {
        let mut command = vec![asked.feebook.display().to_string(), "-f".to_owned()];
        command.push(ledger.display().to_string());
        command.extend(args.iter().map(|arg| (*arg).to_owned()));
        command
    };
    let step = |what: &'static str, count: u64, args: &[&str], right: &'static str| {
        let right = Box::new(move |text: &str| text.contains(right));
        let before = Box::new(|| Ok(()));
        let job =
            Job { group: what, name: "feebook".to_owned(), before, command: ours(args), right };
        let used = measure::once(&job)?;
        let a_line = used.cpu * 1_000 / u128::from(count.max(1));
        let (cpu, wall) = (measure::seconds(used.cpu), measure::seconds(used.wall));
        let (peak, size) = (used.memory / 1_000_000, megabytes(&ledger));
        println!("| {what} | {count} | {cpu} | {a_line} | {wall} | {peak} | {size} |");
        Ok::<_, String>(())
    };
    println!("{}", measure::circumstances(asked));
    println!("\n| step | lines | CPU s | ns a line | wall s | peak MB | ledger MB |");
    println!("|---|---|---|---|---|---|---|");
    step("init", 0, &["init"], "")?;
    for part in 0..parts {
        let asked = Report { part: (part, parts), ..Report::plain(asked.lines) };
        generate::report(&report, asked).map_err(|e| e.to_string())?;
        let path = report.display().to_string();
        let import = ["import", &path, "--program", "example", "-O", "csv"];
        step("import", asked.lines, &import, "scale.csv,example,")?;
    }
    let order = first_order(&report).map_err(|e| e.to_string())?;
    fs::remove_file(&report).map_err(|e| e.to_string())?;
    let all = parts * asked.lines;
    step("recompute", all, &["recompute"], "posted as run 1")?;
    step("recompute, nothing changed", all, &["recompute"], "nothing to post")?;
    step("statement, all months", all, &["statement", "-O", "csv"], "2024-03")?;
    step(
        "recompute of a month",
        all / 24,
        &["recompute", "--month", "2024-03"],
        "nothing to post",
    )?;
    step(
        "lines of a day",
        all / 731,
        &["lines", "--from", "2024-03-05", "--to", "2024-03-05"],
        "example",
    )?;
    step("explain an order", 1, &["explain", &order], "clause")?;
    step("check", all, &["check"], "")?;
    fs::remove_file(&ledger).map_err(|e| e.to_string())
}

/// The number of a report's first order.
fn first_order(report: &Path) -> io::Result<String> {
    let first = BufReader::new(File::open(report)?).lines().nth(1).transpose()?.unwrap_or_default();
    Ok(first.split(',').next().unwrap_or_default().to_owned())
}

fn megabytes(ledger: &Path) -> u64 {
    fs::metadata(ledger).map_or(0, |metadata| metadata.len() / 1_000_000)
}
