//! `demo`: the main job on sample reports, in a folder of its own that is left behind to look at.
//! It types real commands; nothing here computes or prints what they do not.

use std::path::Path;
use std::{env, fs};

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use feebook_core::error::{self, Error};

use super::run as run_command;
use crate::args::{Cli, Global};
use crate::exit::{DONE, FINDINGS, Outcome};
use crate::output::Output;

/// The sample reports, and the file of a change of terms.
const FILES: [(&str, &str); 3] = [
    ("orders.csv", include_str!("../demo/orders.csv")),
    ("aliexpress.json", include_str!("../demo/aliexpress.json")),
    ("orders_later.csv", include_str!("../demo/orders_later.csv")),
];
const CHANGE: (&str, &str) =
    ("schedules/example/2024-10-01.toml", include_str!("../demo/terms_2024-10-01.toml"));

pub(crate) fn run(global: &Global, output: &Output) -> Outcome<u8> {
    if global.output.is_some() {
        // Its document is that of many commands.
        let refused = "the demo shows many documents; redirect it instead of -o";
        Cli::command().error(ErrorKind::ArgumentConflict, refused).exit();
    }
    // In the demo the talk is the document.
    let say = |text: &str| output.text(text);
    let folder = tempfile::Builder::new().prefix("feebook-demo-").tempdir();
    let folder = folder.map_err(|e| Error::file(&env::temp_dir(), "write to", e))?.keep();
    for (name, text) in FILES {
        write(&folder.join(name), text)?;
    }
    env::set_current_dir(&folder).map_err(|e| Error::file(&folder, "enter", e))?;
    say(&format!("A publisher's ledger, from reports to answers, in {}", folder.display()))?;
    say("The program `example` and all orders are invented.")?;
    step(output, "A ledger, and two reports of two programs.", &["init"])?;
    type_command(output, &["import", "orders.csv", "--program", "example"])?;
    type_command(output, &["import", "aliexpress.json", "--program", "aliexpress-nordic"])?;
    step(
        output,
        "What should each order earn under the terms in force on its day?",
        &["recompute"],
    )?;
    type_command(output, &["lines", "--program", "example", "--from", "2024-07"])?;
    step(output, "What is that by month?", &["statement"])?;
    step(output, "Why does order 1013 earn what it earns?", &["explain", "1013"])?;
    step(
        output,
        "A later report: one line approved, one declined.",
        &["import", "orders_later.csv", "--program", "example"],
    )?;
    type_command(output, &["recompute"])?;
    say("\n# The terms change on 1 October: one more file. Earlier orders keep their terms.")?;
    say(&format!("$ $EDITOR {}", CHANGE.0))?;
    let (path, text) = CHANGE;
    write(&folder.join(path), text)?;
    type_command(output, &["schedule", "diff", "example", "2024-07-01", "2024-10-01"])?;
    step(
        output,
        "What would they have cost on the last three months? Nothing is posted.",
        &["schedule", "preview", path],
    )?;
    say("\n# And now for good.")?;
    type_command(output, &["schedule", "list", "example"])?;
    type_command(output, &["recompute"])?;
    step(
        output,
        "What did the network report, and why is it something else?",
        &["reconcile", "--program", "example", "--on", "2024-12-01"],
    )?;
    say(&format!(
        "\n# Next, in your own folder:\n\
         #   feebook init\n\
         #   feebook program list\n\
         #   feebook import YOUR-REPORT --program PROGRAM\n\
         #   feebook recompute\n\
         #   feebook explain ORDER\n\
         #   feebook reconcile\n\
         # The demo's ledger stays in {}",
        folder.display()
    ))?;
    Ok(DONE)
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make", e))?;
    }
    fs::write(path, text).map_err(|e| Error::file(path, "write", e))?;
    Ok(())
}

fn step(output: &Output, title: &str, words: &[&str]) -> Outcome<()> {
    output.text(&format!("\n# {title}"))?;
    type_command(output, words)
}

/// Shows a command as it would be typed, and runs it.
fn type_command(output: &Output, words: &[&str]) -> Outcome<()> {
    output.text(&format!("$ feebook {}", words.join(" ")))?;
    let line = ["feebook", "-f", "feebook.db"].iter().chain(words);
    let cli = Cli::try_parse_from(line).map_err(|wrong| {
        Error::new(&error::BROKEN, format!("the demo types a wrong command: {wrong}"))
    })?;
    match run_command(&cli)? {
        // What `reconcile` finds is what the demo shows.
        DONE | FINDINGS => Ok(()),
        code => {
            let message = format!("`feebook {}` ended with {code}", words.join(" "));
            Err(Error::new(&error::BROKEN, message).into())
        }
    }
}
