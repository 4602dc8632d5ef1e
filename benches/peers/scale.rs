//! One large ledger: imported part by part, evaluated as a whole, asked.
//!
//! Owns the parts, of which only one is on the disk at a time, and the ledger, which is gone at the end
//! whatever failed. Order numbers ascend from part to part, so every import appends; one whose orders fall
//! among those that are there is not measured. Refuses to compare: a peer would need the disk that the
//! ledger needs.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use crate::Asked;
use crate::generate::{self, Report};
use crate::measure::{self, Job};

/// Makes, imports and evaluates so many lines and tells what each step used.
pub(crate) fn run(asked: &Asked, lines: u64) -> Result<(), String> {
    let parts = lines.div_ceil(asked.lines).max(1);
    let _files = Files::of(&asked.work);
    let (ledger, report) = (asked.work.join(LEDGER), asked.work.join(REPORT));
    let ours = |args: &[&str]| {
        let mut command = vec![asked.feebook.display().to_string(), "-f".to_owned()];
        command.push(ledger.display().to_string());
        command.extend(args.iter().map(|arg| (*arg).to_owned()));
        command
    };
    let step = |what: &'static str, count: Option<u64>, args: &[&str], right: Right| {
        let code = i32::from(matches!(right, Right::Finds(_)));
        let right = Box::new(move |text: &str| match right {
            Right::Says(part) => text.contains(part),
            Right::Finds(check) => {
                text.lines().count() > 1 && text.lines().skip(1).all(|line| line.starts_with(check))
            }
        });
        let before = Box::new(|| Ok(()));
        let job =
            Job { group: what, name: "feebook".to_owned(), before, command: ours(args), right };
        let used = measure::once_ending(&job, code)?;
        let a_line = count.map(|count| used.cpu * 1_000 / u128::from(count.max(1)));
        let (count, a_line) = (shown(count), shown(a_line));
        let (cpu, wall) = (measure::seconds(used.cpu), measure::seconds(used.wall));
        let (peak, size) = (used.memory / 1_000_000, megabytes(&ledger));
        println!("| {what} | {count} | {cpu} | {a_line} | {wall} | {peak} | {size} |");
        Ok::<_, String>(())
    };
    println!("{}", measure::circumstances(asked));
    println!("\n| step | lines | CPU s | ns a line | wall s | peak MB | ledger MB |");
    println!("|---|---|---|---|---|---|---|");
    step("init", None, &["init"], Right::Says("made the ledger "))?;
    for part in 0..parts {
        let asked = Report { part: (part, parts), ..Report::plain(asked.lines) };
        generate::report(&report, asked).map_err(|e| e.to_string())?;
        let path = report.display().to_string();
        let import = ["import", &path, "--program", "example", "-O", "csv"];
        step("import", Some(asked.lines), &import, Right::Says("scale.csv,example,"))?;
    }
    let order = first_order(&report).map_err(|e| e.to_string())?;
    fs::remove_file(&report).map_err(|e| e.to_string())?;
    let all = Some(parts * asked.lines);
    let nothing = Right::Says("nothing to post");
    step("recompute", all, &["recompute"], Right::Says("posted as run 1"))?;
    step("recompute, nothing changed", all, &["recompute"], nothing)?;
    step("statement, all months", all, &["statement", "-O", "csv"], Right::Says("2024-03"))?;
    // How many lines a month and a day have is not counted.
    step("recompute of a month", None, &["recompute", "--month", "2024-03"], nothing)?;
    step(
        "lines of a day",
        None,
        &["lines", "--from", "2024-03-05", "--to", "2024-03-05"],
        Right::Says("example"),
    )?;
    step("explain an order", None, &["explain", &order], Right::Says("clause"))?;
    // Reports are made with fees on buyers anywhere; whatever else were found would be wrong.
    step("check", all, &["check", "-O", "csv"], Right::Finds("fee_outside_countries,"))?;
    Ok(())
}

const LEDGER: &str = "scale.db";
const REPORT: &str = "scale.csv";

/// What a step must print to be right, beside that it ends well.
#[derive(Clone, Copy)]
enum Right {
    Says(&'static str),
    /// A table of findings of one check only, and the exit code of findings.
    Finds(&'static str),
}

/// The files of a run, taken away before it and after it: a ledger may have many gigabytes.
struct Files(Vec<PathBuf>);

impl Files {
    fn of(work: &Path) -> Self {
        let names = [LEDGER, "scale.db-wal", "scale.db-shm", REPORT];
        let files = Self(names.iter().map(|name| work.join(name)).collect());
        files.clear();
        files
    }

    fn clear(&self) {
        for file in &self.0 {
            let _ = fs::remove_file(file);
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A figure; nothing where there is none.
fn shown(figure: Option<impl ToString>) -> String {
    figure.map_or_else(String::new, |figure| figure.to_string())
}

/// The number of a report's first order.
fn first_order(report: &Path) -> io::Result<String> {
    let first = BufReader::new(File::open(report)?).lines().nth(1).transpose()?.unwrap_or_default();
    Ok(first.split(',').next().unwrap_or_default().to_owned())
}

fn megabytes(ledger: &Path) -> u64 {
    fs::metadata(ledger).map_or(0, |metadata| metadata.len() / 1_000_000)
}
