//! `backup` and `rebuild`: a copy that was read again; what is derived, made again.

use std::path::Path;

use super::{counted, open, shown};
use crate::args::Global;
use crate::exit::{DONE, Outcome, say};

/// Copies the ledger while others use it.
pub(crate) fn backup(global: &Global, file: &Path) -> Outcome<u8> {
    let made = open(global)?.backup(file)?;
    say(&format!(
        "{}: {} bytes, facts up to number {}; read again, and every digest in it holds",
        shown(file),
        made.bytes,
        made.seq
    ));
    Ok(DONE)
}

/// Drops what is derived from facts and results, and makes it again.
pub(crate) fn rebuild(global: &Global) -> Outcome<u8> {
    let rebuilt = open(global)?.rebuild()?;
    if rebuilt.is_empty() {
        say("nothing in this ledger is derived: there is nothing to make again");
    }
    for (table, rows) in rebuilt {
        say(&format!("{table}: {} made again", counted(rows, "row")));
    }
    Ok(DONE)
}
