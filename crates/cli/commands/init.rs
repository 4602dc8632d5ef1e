//! `init`: makes a ledger. Doing it twice changes nothing.

use feebook_core::ledger::Ledger;

use crate::args::Global;
use crate::exit::{DONE, Outcome, say};
use crate::output::Output;

pub(crate) fn run(global: &Global, output: &Output) -> Outcome<u8> {
    let path = &global.ledger;
    if path.exists() {
        // Opening refuses whatever is not a ledger, and brings an older one up to date.
        let ledger = super::open(global)?;
        let programs = ledger.programs()?;
        let unchanged = if ledger.kept_copy().is_none() { "; nothing was changed" } else { "" };
        say(&format!("{} is a ledger already{unchanged}", path.display()));
        if !programs.is_empty() {
            say(&format!("it has orders of {}", programs.join(", ")));
        }
        return Ok(DONE);
    }
    Ledger::create(path)?;
    output.text(&format!(
        "made the ledger {}\nnext: feebook import REPORT --program PROGRAM   (feebook program list shows the programs)",
        path.display()
    ))?;
    Ok(DONE)
}
