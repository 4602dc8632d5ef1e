//! Enters what is known beside the reports into a ledger, by the program's own commands.
//!
//! Owns the commands and the click logs' text. Refuses to look at what they print but for the numbers
//! by which an entry is taken back.

use super::beside::{About, Beside, Click, Dated, Fact, Flag};
use super::recorded::LOGS;
use crate::support::Sandbox;

/// Commands that take back what was only recorded to be taken back.
pub(crate) type TakeBack = Vec<Vec<String>>;

/// Records flags and dated facts.
pub(crate) fn record(sandbox: &Sandbox, program: &str, beside: &Beside) -> TakeBack {
    let flags = beside.flags.iter().map(|flag| (flag_words(flag), flag.removed));
    let dated = beside.dated.iter().map(|dated| (dated_words(dated), dated.removed));
    let mut back = TakeBack::new();
    for (mut words, removed) in flags.chain(dated) {
        words.extend(["--program", program, "-O", "csv"].map(str::to_owned));
        let rows = run(sandbox, &words).rows();
        if removed {
            let number = rows[0].get(if words[0] == "flag" { "flag" } else { "entry" });
            back.push(texts(&[&words[0], "remove", number, "--reason", "a slip"]));
        }
    }
    back
}

/// Imports the click logs.
pub(crate) fn import_clicks(sandbox: &Sandbox, program: &str, beside: &Beside) -> TakeBack {
    let names: Vec<String> = (0..LOGS).map(|log| format!("{program}-clicks-{log}.csv")).collect();
    for (log, name) in names.iter().enumerate() {
        sandbox.write(name, &log_text(beside, log));
    }
    let mut words = texts(&["click", "import", "--program", program]);
    words.extend(names.iter().cloned());
    run(sandbox, &words);
    let imports = sandbox.run("imports list -O csv").expect(0).rows();
    let undone = beside.undone.iter().map(|log| {
        let import = imports.iter().find(|row| row.get("file") == names[*log]);
        texts(&["click", "undo", import.expect("the log is listed").get("import")])
    });
    undone.collect()
}

/// Runs what was kept for later.
pub(crate) fn take_back(sandbox: &Sandbox, commands: &TakeBack) {
    for words in commands {
        run(sandbox, words);
    }
}

fn run(sandbox: &Sandbox, words: &[String]) -> crate::support::Ran {
    sandbox.run_words(&words.iter().map(String::as_str).collect::<Vec<_>>()).expect(0)
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn flag_words(flag: &Flag) -> Vec<String> {
    let mut words = texts(&["flag", "add", &flag.kind, "--reason", "told"]);
    match &flag.about {
        About::Order(order_no) => words.extend(texts(&["--order", order_no])),
        About::SubId(sub_id) => words.extend(texts(&["--sub-id", sub_id])),
        About::Placement(name, from, until) => {
            words.extend(texts(&["--placement", name]));
            let from = from.iter().flat_map(|from| ["--from", &from.cell]);
            let until = until.iter().flat_map(|until| ["--until", &until.cell]);
            words.extend(from.chain(until).map(str::to_owned));
        }
    }
    words.extend(flag.effect.iter().flat_map(|effect| texts(&["--effect", effect])));
    words
}

fn dated_words(dated: &Dated) -> Vec<String> {
    let mut words = match &dated.fact {
        Fact::Mark { product, mark, holds } => {
            texts(&["product", if *holds { "mark" } else { "unmark" }, product, mark])
        }
        Fact::Channel(channel) => texts(&["account", "set", "channel", channel]),
        Fact::Kind { placement, kind } => texts(&["placement", "set", placement, kind]),
    };
    words.extend(texts(&["--from", &dated.from.to_string()]));
    words
}

fn log_text(beside: &Beside, log: usize) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["sub_id", "clicked_at", "placement", "country"]).expect("a header");
    for (sub_id, clicks) in &beside.clicks {
        for Click { clicked_at, placement, country, .. } in clicks.iter().filter(|c| c.log == log) {
            writer.write_record([sub_id, clicked_at, placement, country]).expect("a row");
        }
    }
    String::from_utf8(writer.into_inner().expect("all rows are written")).expect("UTF-8")
}
