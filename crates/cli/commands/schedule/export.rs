//! `schedule export`: a program's files written into a folder, over nothing that is there.

use std::path::Path;

use feebook_core::error::Error;
use feebook_schedule::Source;

use super::{folder, write_new};
use crate::args::Global;
use crate::commands::{known_program, shown, terms};
use crate::exit::{DONE, Outcome, say};
use crate::shipped;

pub(super) fn export(global: &Global, name: &str, dir: &Path) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let belongs = |source: &&Source| folder(source) == name;
    let files: Vec<&Source> = sources.iter().filter(belongs).collect();
    if files.is_empty() || name == "reports" {
        known_program(&terms(global)?, name)?;
    }
    // Nothing of the user's is written over: all targets are looked at before any is made.
    for source in &files {
        let target = dir.join(source.path());
        if target.exists() {
            let taken = std::io::ErrorKind::AlreadyExists;
            let taken = std::io::Error::new(taken, "it exists already; nothing was written");
            return Err(Error::file(&target, "write", taken).into());
        }
    }
    for source in &files {
        let target = dir.join(source.path());
        write_new(&target, source.text())?;
        say(&format!("wrote {}", shown(&target)));
    }
    if files.iter().any(|source| source.path().ends_with("/plugins.toml")) {
        say(
            "plugins.toml names libraries, which are not copied: bring the files, or stamp builds of your own",
        );
    }
    Ok(DONE)
}
