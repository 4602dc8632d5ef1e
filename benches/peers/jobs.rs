//! What is timed, and what each must have as its result.
//!
//! Owns the files that jobs start from and the commands. Refuses to leave out a check: a job whose result
//! differs ends the bench.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::generate::{self, Report};
use crate::measure::Job;
use crate::{Asked, terms};

/// The table that the sqlite3 shell imports into.
const TYPED: &str = "CREATE TABLE o (order_id INTEGER NOT NULL, sub_order_id INTEGER NOT NULL, \
    click_id TEXT, paid_at TEXT, completed_at TEXT, status TEXT, category_id INTEGER, \
    ship_to_country TEXT, buyer_is_new INTEGER, seller_country TEXT, storefront_host TEXT, \
    currency TEXT, product_price TEXT, service_fee TEXT, quantity INTEGER, tracking_id TEXT, \
    PRIMARY KEY (order_id, sub_order_id)) STRICT, WITHOUT ROWID;";
const MONTH: &str = "2024-03";
/// Where a command names the file of a journal.
const FILE: &str = "FILE";

/// The files that jobs start from, and the results that they must have.
pub(crate) struct Bench {
    work: PathBuf,
    feebook: PathBuf,
    lines: u64,
    /// Orders, and the sum of what they earn in cents.
    orders: String,
    sum: String,
    /// The sum as feebook writes it.
    written: String,
    python: Option<PathBuf>,
    sqlite: bool,
    /// The first order.
    order: String,
}

impl Bench {
    /// Makes reports, ledgers and the peers' environment, as far as they are not there yet.
    pub(crate) fn prepare(asked: &Asked) -> Result<Self, String> {
        let (work, lines) = (asked.work.clone(), asked.lines);
        let plain = Report::plain(lines);
        for (name, report) in [
            ("rising", plain),
            ("random", Report { random_ids: true, ..plain }),
            ("changed", Report { changed_every: 100, ..plain }),
            ("spoilt", Report { repeat_every: 100, bad_every: 1_000, ..plain }),
        ] {
            let path = work.join(format!("{name}-{lines}.csv"));
            if !path.exists() {
                eprintln!("making {}", path.display());
                generate::report(&path, report).map_err(|e| e.to_string())?;
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        terms::write(&root.join("schedules/example/categories.csv"), &work.join("terms.csv"))?;
        let mut bench = Self {
            work,
            feebook: asked.feebook.clone(),
            lines,
            orders: String::new(),
            sum: String::new(),
            written: String::new(),
            python: None,
            sqlite: false,
            order: String::new(),
        };
        bench.ledgers()?;
        if !asked.alone {
            bench.python = bench.environment(root);
            bench.sqlite = there("sqlite3");
        }
        Ok(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    fn report(&self, name: &str) -> String {
        self.path(&format!("{name}-{}.csv", self.lines)).display().to_string()
    }

    /// A command of feebook's on a ledger.
    fn ours(&self, ledger: &str, args: &[&str]) -> Vec<String> {
        let ledger = self.path(ledger).display().to_string();
        let mut command = vec![self.feebook.display().to_string(), "-f".to_owned(), ledger];
        command.extend(args.iter().map(|arg| (*arg).to_owned()));
        command
    }

    /// Makes a ledger with the report, and one in which it was evaluated; notes what that came to.
    fn ledgers(&mut self) -> Result<(), String> {
        remove(&self.path("base.db"))?;
        said(&self.ours("base.db", &["init"]))?;
        let report = self.report("rising");
        said(&self.ours("base.db", &["import", &report, "--program", "example"]))?;
        copy(&self.path("base.db"), &self.path("done.db"))?;
        let text = said(&self.ours("done.db", &["recompute"]))?;
        let number = |end: &str| text.split(end).next().map(|head| head.trim().to_owned());
        self.orders = number(" orders with").ok_or("no number of orders")?;
        let sum = text.split(" +").nth(1).and_then(|rest| rest.split(' ').next());
        sum.ok_or("no sum")?.clone_into(&mut self.written);
        self.sum = self.written.replace('.', "");
        // Read no further: what this process has had in memory would count as each job's own peak.
        let file = fs::File::open(&report).map_err(|e| e.to_string())?;
        let second = BufReader::new(file).lines().nth(1).transpose().map_err(|e| e.to_string())?;
        let first = second.as_deref().and_then(|line| line.split(',').next());
        first.ok_or("an empty report")?.clone_into(&mut self.order);
        Ok(())
    }

    /// Makes the environment of the Python peers once; none where that cannot be done.
    fn environment(&self, root: &Path) -> Option<PathBuf> {
        let venv = self.path("venv");
        let python = venv.join("bin/python");
        if !venv.join("ready").exists() {
            let requirements = root.join("benches/peers/requirements.txt");
            let made = ["-m", "venv"].map(str::to_owned);
            let python3 =
                [&["python3".to_owned()], &made[..], &[venv.display().to_string()]].concat();
            let install = ["-m", "pip", "install", "-q", "-r"].map(str::to_owned);
            let python = [python.display().to_string()];
            let install = [&python, &install[..], &[requirements.display().to_string()]].concat();
            if let Err(told) = said(&python3).and_then(|_| said(&install)) {
                eprintln!("left out, DuckDB and polars are not there: {told}");
                return None;
            }
            fs::write(venv.join("ready"), "").ok()?;
        }
        Some(python)
    }

    /// All jobs, in the order in which they are run.
    pub(crate) fn jobs(&self, asked: &Asked) -> Vec<Job> {
        let mut jobs = self.imports();
        jobs.extend(self.again());
        jobs.extend(self.recomputes());
        jobs.extend(self.answers());
        jobs.extend(self.journals());
        if let Some(only) = &asked.only {
            jobs.retain(|job| job.group.contains(only.as_str()));
        }
        jobs
    }

    fn import(&self, group: &'static str, report: &str) -> Job {
        let (feebook, ledger) = (self.ours("new.db", &["init"]), self.path("new.db"));
        let added = format!(",{},", self.lines);
        let report = self.report(report);
        Job {
            group,
            name: "feebook".to_owned(),
            before: Box::new(move || {
                remove(&ledger)?;
                said(&feebook).map(drop)
            }),
            command: self.ours("new.db", &["import", &report, "--program", "example", "-O", "csv"]),
            right: Box::new(move |text| text.contains(&added)),
        }
    }

    fn imports(&self) -> Vec<Job> {
        let mut jobs = vec![self.import("import", "rising")];
        let report = self.report("rising");
        let bare = format!(".import --csv {report} o\nSELECT count(*) FROM o;\n");
        jobs.extend(self.shell("import", "sqlite3 .import, bare", "", &bare));
        let keyed = format!(
            "PRAGMA journal_mode = WAL;\n{TYPED}\n.import --csv --skip 1 {report} o\n\
             SELECT count(*) FROM o;\n"
        );
        jobs.extend(self.shell("import", "sqlite3 .import, STRICT, key", "", &keyed));
        for (job, name) in [("ctas", "DuckDB, CREATE TABLE AS"), ("typed", "DuckDB, typed, key")] {
            jobs.extend(self.python("import", name, ["duckdb", job, "new.duckdb"], "rising", true));
        }
        let polars = ["polars", "read", "-"];
        jobs.extend(self.python("import", "polars, read into memory", polars, "rising", true));
        jobs.push(self.import("import, random ids", "random"));
        let ctas = ["duckdb", "ctas", "new.duckdb"];
        let name = "DuckDB, CREATE TABLE AS";
        jobs.extend(self.python("import, random ids", name, ctas, "random", true));
        jobs
    }

    /// Reports that come a second time.
    fn again(&self) -> Vec<Job> {
        let (rising, changed) = (self.report("rising"), self.report("changed"));
        let import = |report: &str| {
            self.ours("again.db", &["import", report, "--program", "example", "-O", "csv"])
        };
        let same = self.from("same file again", "base.db", "again.db", import(&rising), |_| true);
        let most = (self.lines - self.lines.div_ceil(100)).to_string();
        let right = move |text: &str| text.contains(&format!(",{most},"));
        let one = self.from("1 % changed", "base.db", "again.db", import(&changed), right);
        let mut jobs = vec![same, one];
        let load = format!("{TYPED}\n.import --csv --skip 1 {rising} o\n");
        let upsert = format!(
            "CREATE TEMP TABLE s AS SELECT * FROM o WHERE 0;\n.import --csv --skip 1 {changed} temp.s\n\
             INSERT INTO o SELECT * FROM s WHERE true ON CONFLICT DO UPDATE SET \
             status = excluded.status, completed_at = excluded.completed_at, \
             product_price = excluded.product_price, quantity = excluded.quantity;\n\
             SELECT count(*) FROM o;\n"
        );
        jobs.extend(self.shell("1 % changed", "sqlite3, upsert", &load, &upsert));
        jobs
    }

    fn recomputes(&self) -> Vec<Job> {
        let (written, all) = (self.written.clone(), self.ours("run.db", &["recompute"]));
        let right = move |text: &str| text.contains(&written);
        let mut jobs = vec![self.from("recompute", "base.db", "run.db", all.clone(), right)];
        let database = ["duckdb", "recompute", "keep.duckdb"];
        jobs.extend(self.python("recompute", "DuckDB, tuned SQL", database, "rising", false));
        let parquet = ["polars", "recompute", "keep.parquet"];
        jobs.extend(self.python("recompute", "polars, tuned", parquet, "rising", false));
        let sql = include_str!("recompute.sql").replace("IDIV", "/").replace("INSTANT'", "'");
        let sql = sql
            .replace("LEAST", "min")
            .replace("PRICE", "(CAST(replace(product_price, '.', '') AS INTEGER))");
        let report = self.report("rising");
        let load = format!(
            "{TYPED}\n.import --csv --skip 1 {report} o\n\
             CREATE TABLE x (version INTEGER, category INTEGER, excluded INTEGER, camp TEXT, dear TEXT, \
             flat TEXT, nordic TEXT, eu TEXT, base TEXT);\n.import --csv --skip 1 {} x\n\
             CREATE TABLE t (version INTEGER, category INTEGER, excluded INTEGER, camp INTEGER, \
             dear INTEGER, flat INTEGER, nordic INTEGER, eu INTEGER, base INTEGER, \
             PRIMARY KEY (version, category)) WITHOUT ROWID;\n\
             INSERT INTO t SELECT version, category, excluded, nullif(camp, ''), nullif(dear, ''), \
             nullif(flat, ''), nullif(nordic, ''), nullif(eu, ''), nullif(base, '') FROM x;\nANALYZE;\n",
            self.path("terms.csv").display()
        );
        let run = format!(
            "DROP TABLE IF EXISTS r;\n{sql};\nSELECT count(*) || ' ' || sum(total) FROM r;\n"
        );
        jobs.extend(self.shell("recompute", "SQLite, tuned SQL", &load, &run));
        let nothing = |text: &str| text.contains("nothing to post");
        jobs.push(self.from("recompute, nothing changed", "done.db", "run.db", all, nothing));
        let month = self.ours("run.db", &["recompute", "--month", MONTH]);
        jobs.push(self.from("recompute of a month", "base.db", "run.db", month, |text| {
            text.contains("posted as run 1")
        }));
        jobs
    }

    fn answers(&self) -> Vec<Job> {
        let plain = |group, args: &[&str], right: &str| {
            let right = right.to_owned();
            Job {
                group,
                name: "feebook".to_owned(),
                before: Box::new(|| Ok(())),
                command: self.ours("done.db", args),
                right: Box::new(move |text| text.contains(&right)),
            }
        };
        vec![
            plain("statement of a month", &["statement", "--month", MONTH], MONTH),
            plain("explain an order", &["explain", &self.order], &self.order),
            plain("--version", &["--version"], "feebook"),
        ]
    }

    /// A month's balance by plain-text accounting, of the journal of that month.
    fn journals(&self) -> Vec<Job> {
        let help = self.ours("done.db", &["export", "--help"]);
        if said(&help).is_err() {
            eprintln!("left out, plain-text accounting: this feebook has no `export`");
            return Vec::new();
        }
        let asked = self.ours("done.db", &["statement", "--month", MONTH, "-O", "csv"]);
        let text = said(&asked).unwrap_or_default();
        // What is pending and what is approved: every tool must come to these.
        let amounts: Vec<String> = text
            .lines()
            .last()
            .map(|row| row.split(',').skip(5).take(2).map(str::to_owned).collect())
            .unwrap_or_default();
        let job = |name: &str, command| {
            let (before, amounts) = (Box::new(|| Ok(())), amounts.clone());
            let right = move |text: &str| amounts.iter().all(|amount| text.contains(amount));
            let (group, name, right) = ("balance of a month", name.to_owned(), Box::new(right));
            Job { group, name, before, command, right }
        };
        let mut jobs = vec![job("feebook, statement", asked)];
        let bean_query = self.path("venv/bin/bean-query").display().to_string();
        let sums = "SELECT account, sum(position) GROUP BY account";
        for (name, tool, to, args) in [
            ("hledger", "hledger", "hledger", &["balance", "-M", "-f", FILE][..]),
            ("ledger", "ledger", "hledger", &["register", "--monthly", "-f", FILE][..]),
            ("beancount, bean-query", &bean_query, "beancount", &[FILE, sums][..]),
        ] {
            let file = self.path(&format!("journal.{to}")).display().to_string();
            let export = ["export", "--to", to, "--month", MONTH, "-o", &file];
            if !there(tool) || said(&self.ours("done.db", &export)).is_err() {
                eprintln!("left out, {name}: it, or the journal for it, is not there");
                continue;
            }
            let mut command = vec![tool.to_owned()];
            let arg = |arg: &&str| if *arg == FILE { file.clone() } else { (*arg).to_owned() };
            command.extend(args.iter().map(arg));
            jobs.push(job(name, command));
        }
        jobs
    }

    /// A job of feebook's that begins with a copy of a ledger.
    fn from(
        &self,
        group: &'static str,
        ledger: &str,
        to: &str,
        command: Vec<String>,
        right: impl Fn(&str) -> bool + 'static,
    ) -> Job {
        let (ledger, to) = (self.path(ledger), self.path(to));
        let before = Box::new(move || copy(&ledger, &to));
        Job { group, name: "feebook".to_owned(), before, command, right: Box::new(right) }
    }

    /// A script for the sqlite3 shell, on a new file that another script makes ready once.
    fn shell(&self, group: &'static str, name: &str, load: &str, script: &str) -> Option<Job> {
        if !self.sqlite {
            eprintln!("left out, {name}: there is no sqlite3");
            return None;
        }
        let slug: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let (kept, new) = (self.path(&format!("{slug}.db")), self.path("new-shell.db"));
        let (load_file, file) = (format!("{slug}.load.sql"), format!("{slug}.sql"));
        let (load_file, file) = (self.path(&load_file), self.path(&file));
        fs::write(&load_file, load).ok()?;
        fs::write(&file, script).ok()?;
        let read = |database: &Path, file: &Path| {
            let (database, read) =
                (database.display().to_string(), format!(".read {}", file.display()));
            vec!["sqlite3".to_owned(), "-bail".to_owned(), database, read]
        };
        remove(&kept).ok()?;
        said(&read(&kept, &load_file))
            .map_err(|told| eprintln!("left out, {name}: {told}"))
            .ok()?;
        let command = read(&new, &file);
        let right = if group == "recompute" {
            format!("{} {}", self.orders, self.sum)
        } else {
            self.lines.to_string()
        };
        Some(Job {
            group,
            name: name.to_owned(),
            before: Box::new(move || copy(&kept, &new)),
            command,
            right: Box::new(move |text| text.lines().any(|line| line == right)),
        })
    }

    /// A job of a Python peer, on a new store or on one that holds the report already.
    fn python(
        &self,
        group: &'static str,
        name: &str,
        [engine, job, store]: [&str; 3],
        report: &str,
        new: bool,
    ) -> Option<Job> {
        let python = self.python.as_ref()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peer.py");
        let (store, report) = (self.path(store), self.report(report));
        let run = |job: &str| -> Vec<String> {
            let terms = self.path("terms.csv");
            let parts = [&python.display(), &script.display(), &store.display(), &terms.display()];
            let [python, script, store, terms] = parts.map(ToString::to_string);
            vec![python, script, engine.to_owned(), job.to_owned(), store, report.clone(), terms]
        };
        if !new {
            let load = if engine == "duckdb" { "ctas" } else { "parquet" };
            remove(&store).ok()?;
            said(&run(load)).map_err(|told| eprintln!("left out, {name}: {told}")).ok()?;
        }
        let command = run(job);
        let right =
            if new { self.lines.to_string() } else { format!("{} {}", self.orders, self.sum) };
        Some(Job {
            group,
            name: name.to_owned(),
            before: Box::new(move || if new { remove(&store) } else { Ok(()) }),
            command,
            right: Box::new(move |text| text.trim() == right),
        })
    }
}

/// Runs a command and returns what it printed.
fn said(command: &[String]) -> Result<String, String> {
    let (program, args) = command.split_first().ok_or("no command")?;
    // Not where a folder of schedules is: those that the binary carries are meant.
    let elsewhere = std::env::temp_dir();
    let done = Command::new(program)
        .args(args)
        .current_dir(elsewhere)
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    if !done.status.success() {
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(format!("{}: {told}", command.join(" ")));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
}

/// Takes a database away, with what belongs to it.
fn remove(path: &Path) -> Result<(), String> {
    for ending in ["", "-wal", "-shm", ".wal"] {
        let file = PathBuf::from(format!("{}{ending}", path.display()));
        if file.exists() {
            fs::remove_file(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    remove(to)?;
    if from.exists() {
        fs::copy(from, to).map_err(|e| format!("{}: {e}", from.display()))?;
    }
    Ok(())
}
