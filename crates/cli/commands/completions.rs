//! `completions` and `man`: made from the arguments themselves, so they are never out of date.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use feebook_core::error::Error;

use super::shown;
use crate::args::Cli;
use crate::exit::{DONE, Outcome, say};
use crate::output::Output;

pub(crate) fn completions(output: &Output, shell: Shell) -> Outcome<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "feebook", &mut script);
    output.text(String::from_utf8_lossy(&script).trim_end())?;
    Ok(DONE)
}

pub(crate) fn man(output: &Output, dir: Option<&Path>) -> Outcome<u8> {
    let Some(dir) = dir else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
        rendered.map_err(|e| Error::file(Path::new("feebook.1"), "write", e))?;
        output.text(String::from_utf8_lossy(&page).trim_end())?;
        return Ok(DONE);
    };
    let unwritable = |e| Error::file(dir, "write", e);
    std::fs::create_dir_all(dir).map_err(unwritable)?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(unwritable)?;
    say(&format!("wrote the manual pages into {}", shown(dir)));
    Ok(DONE)
}
