//! `schedule test`: the terms in words against what the user accepted.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::error::Error;
use feebook_schedule::review::{self, Review};
use feebook_schedule::{Program, Source};
use similar::TextDiff;

use crate::args::{Form, Global};
use crate::commands::{counted, known_program, shown};
use crate::exit::{DONE, FINDINGS, Outcome, say};
use crate::output::{Cell, Output};
use crate::shipped;

/// The ending of the files with what was accepted.
const ENDING: &str = "expected";

pub(super) fn run(
    global: &Global,
    output: &Output,
    program: Option<&str>,
    accept: bool,
) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let terms = shipped::terms(sources)?;
    let folder = shipped::own_folder(global)?;
    let programs: Vec<&Program> = if let Some(name) = program {
        vec![known_program(&terms, name)?]
    } else {
        let own = own_programs(&terms.sources);
        terms.book.programs().iter().filter(|program| own.contains(program.id())).collect()
    };
    let mut cases = Vec::new();
    for program in programs {
        let reviews = review::of(program);
        cases.extend(orphans(&folder, program, &reviews)?);
        for review in reviews {
            cases.push(Case::of(&folder, &review, &terms.sources, accept)?);
        }
    }
    write(output, &cases)?;
    tell(&cases, program);
    Ok(if cases.iter().all(|case| case.verdict.is_fine()) { DONE } else { FINDINGS })
}

/// The programs that have a file of the user's own.
fn own_programs(sources: &[Source]) -> BTreeSet<&str> {
    let own = sources.iter().filter(|source| !shipped::is_built_in(source));
    own.filter_map(|source| source.path().split('/').next()).collect()
}

/// What came of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The terms say what was accepted.
    Same,
    /// They say something else.
    Differs,
    /// Nothing was accepted yet.
    Missing,
    /// The version is gone.
    Orphan,
    /// Written anew.
    Accepted,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Orphan => "orphan",
            Self::Accepted => "accepted",
        }
    }

    fn is_fine(self) -> bool {
        matches!(self, Self::Same | Self::Accepted)
    }
}

/// A version, or a file of a version that is gone.
struct Case {
    program: String,
    version: String,
    file: PathBuf,
    verdict: Verdict,
    /// What differs, or, where nothing was accepted yet, the whole text.
    diff: String,
}

impl Case {
    /// Compares a version with its file, or writes the file.
    fn of(folder: &Path, review: &Review<'_>, sources: &[Source], accept: bool) -> Outcome<Self> {
        let (program, version) = (review.program.id().to_owned(), review.version.id().to_owned());
        let below = folder.join(&program);
        let file = below.join(format!("{version}.{ENDING}"));
        let text = review.text(sources);
        let accepted = match fs::read_to_string(&file) {
            Ok(accepted) => Some(accepted.replace("\r\n", "\n")),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => None,
            Err(failed) => return Err(Error::file(&file, "read", failed).into()),
        };
        let verdict = match &accepted {
            Some(accepted) if *accepted == text => Verdict::Same,
            _ if accept => Verdict::Accepted,
            Some(_) => Verdict::Differs,
            None => Verdict::Missing,
        };
        if verdict == Verdict::Accepted {
            let unwritable = |e| Error::file(&file, "write", e);
            fs::create_dir_all(&below).map_err(unwritable)?;
            fs::write(&file, &text).map_err(unwritable)?;
        }
        let diff = match (verdict, accepted) {
            (Verdict::Same, _) => String::new(),
            (_, Some(accepted)) => difference(&accepted, &text),
            (_, None) => text,
        };
        Ok(Self { program, version, file, verdict, diff })
    }
}

/// Both texts where they differ, with the lines around: `-` accepted, `+` now.
fn difference(accepted: &str, now: &str) -> String {
    let diff = TextDiff::from_lines(accepted, now);
    diff.unified_diff().context_radius(2).to_string()
}

/// Accepted texts of versions that are gone.
fn orphans(folder: &Path, program: &Program, reviews: &[Review<'_>]) -> Outcome<Vec<Case>> {
    let below = folder.join(program.id());
    let entries = match fs::read_dir(&below) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(failed) => return Err(Error::file(&below, "read", failed).into()),
    };
    let mut orphans = Vec::new();
    for entry in entries {
        let file = entry.map_err(|e| Error::file(&below, "read", e))?.path();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let known = reviews.iter().any(|review| review.version.id() == stem);
        if known || file.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        let (program, verdict) = (program.id().to_owned(), Verdict::Orphan);
        orphans.push(Case { program, version: stem, file, verdict, diff: String::new() });
    }
    orphans.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(orphans)
}

fn write(output: &Output, cases: &[Case]) -> Outcome<()> {
    if output.form == Form::Text {
        let text: Vec<String> = cases.iter().filter_map(in_words).collect();
        return if text.is_empty() { Ok(()) } else { output.text(text.join("\n\n").trim_end()) };
    }
    let mut sheet = output.sheet(&["program", "schedule", "file", "result", "difference"])?;
    for case in cases {
        sheet.row(vec![
            Cell::Text(case.program.clone()),
            Cell::Text(case.version.clone()),
            Cell::Text(shown(&case.file)),
            Cell::Text(case.verdict.word().to_owned()),
            Cell::text(Some(case.diff.clone()).filter(|diff| !diff.is_empty())),
        ])?;
    }
    sheet.finish()
}

/// What a person reads of a case; nothing where the terms are as accepted.
fn in_words(case: &Case) -> Option<String> {
    let (file, diff) = (shown(&case.file), case.diff.trim_end());
    match case.verdict {
        Verdict::Same => None,
        Verdict::Differs => {
            Some(format!("{file} is not what the terms say now (-accepted +now)\n{diff}"))
        }
        Verdict::Missing => Some(format!("{file} is missing; the terms say\n{diff}")),
        Verdict::Accepted => Some(format!("{file} written")),
        Verdict::Orphan => {
            let (program, version) = (&case.program, &case.version);
            Some(format!("{file} has no version: {program} has no {version}.toml; remove the file"))
        }
    }
}

/// Says on stderr how many there are of each, and what to type.
fn tell(cases: &[Case], program: Option<&str>) {
    if cases.is_empty() {
        say("no program has a file of your own; name one to test it");
        return;
    }
    let count = |verdict: Verdict| {
        let count = cases.iter().filter(|case| case.verdict == verdict).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    };
    let mut told = format!("{} as accepted", counted(count(Verdict::Same), "version"));
    for (verdict, words) in [
        (Verdict::Accepted, "accepted now"),
        (Verdict::Differs, "not as accepted"),
        (Verdict::Missing, "never accepted"),
        (Verdict::Orphan, "without a version"),
    ] {
        if count(verdict) > 0 {
            // Writing to a string cannot fail.
            let _ = write!(told, ", {} {words}", count(verdict));
        }
    }
    say(&told);
    if count(Verdict::Differs) + count(Verdict::Missing) > 0 {
        let program = program.map_or_else(String::new, |name| format!(" {name}"));
        say(&format!(
            "read what is shown, then accept it: feebook schedule test{program} --accept"
        ));
    }
}
