//! `schedule diff`: what changed from one version to another, in words a publisher reads.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use feebook_core::error::{self, Error};
use feebook_core::run::Terms;
use feebook_schedule::diff::{Change, Section, changes, difference};
use feebook_schedule::{Program, Source, Version};

use super::named;
use crate::args::Form;
use crate::commands::{known_program, shown};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};

pub(super) fn diff(
    output: &Output,
    terms: &Terms,
    program: &str,
    before: &str,
    after: &str,
) -> Outcome<u8> {
    let program = known_program(terms, program)?;
    let (before, after) = (either(program, before)?, either(program, after)?);
    let same = changes(&before, &after).is_empty();
    let all = difference(program, &before, &after);
    let told = format!("{} and {} have the same terms", before.id(), after.id());
    if output.form == Form::Text {
        let heading = format!("{}: from {} to {}", program.id(), before.id(), after.id());
        let same = same.then_some(told.as_str());
        output.text(text(&heading, same, &all).trim_end())?;
    } else {
        sheet(output, &all)?;
        if same {
            say(&told);
        }
    }
    Ok(DONE)
}

/// A version of the program by its name; otherwise a file that is in no folder of terms yet.
fn either(program: &Program, name: &str) -> Result<Version, Error> {
    let version = named(program, name);
    let path = Path::new(name);
    if version.is_ok() || !path.is_file() {
        return version.cloned();
    }
    let text = fs::read_to_string(path).map_err(|e| Error::file(path, "read", e))?;
    let source = Source::new(name.replace('\\', "/"), shown(path), text);
    program.read_version(&source).map_err(|problems| {
        let message = format!("{} does not load", shown(path));
        Error::new(&error::TERMS, message)
            .with(problems)
            .hint("mend the places above; nothing was compared")
    })
}

/// The changes under the headings of their sections.
fn text(heading: &str, same: Option<&str>, all: &[Change]) -> String {
    let mut text = format!("{heading}\n");
    let mut section: Option<Section> = None;
    for change in all {
        if section != Some(change.section) {
            let _ = writeln!(text, "\n{}", change.section.title());
            section = Some(change.section);
        }
        let _ = writeln!(text, "  {}", change.words);
    }
    if let Some(same) = same {
        let _ = writeln!(text, "\n{same}");
    }
    text
}

fn sheet(output: &Output, all: &[Change]) -> Outcome<()> {
    let mut sheet =
        output.sheet(&["section", "subject", "change", "before", "after", "in_words"])?;
    let some = |text: &str| Cell::text((!text.is_empty()).then(|| text.to_owned()));
    for change in all {
        sheet.row(vec![
            Cell::Text(change.section.word().to_owned()),
            Cell::Text(change.subject.clone()),
            Cell::Text(change.kind.word().to_owned()),
            some(&change.before),
            some(&change.after),
            Cell::Text(change.words.clone()),
        ])?;
    }
    sheet.finish()
}
