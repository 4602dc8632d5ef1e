//! `sem check`: a list of keywords against what a program says of search ads.

use std::fs;
use std::path::Path;

use feebook_core::error::Error;
use feebook_core::program::sem_policy;
use feebook_schedule::sem::{self, Checked, Finding, KeywordFile, Level, MatchType};
use feebook_schedule::{Leave, Program};
use serde_json::{Value, json};

use super::{counted, known_program, shown, terms};
use crate::args::{Form, Global, Sem};
use crate::exit::{DONE, FINDINGS, Outcome, ROWS, problems, say};
use crate::output::Output;

/// The keys that say which words are meant.
const TERMS: [&str; 2] = ["sem.brand_terms", "sem.negative_terms"];

pub(crate) fn run(global: &Global, output: &Output, args: &Sem) -> Outcome<u8> {
    let terms = terms(global)?;
    match args {
        Sem::Check { program, file } => check(output, known_program(&terms, program)?, file),
    }
}

fn check(output: &Output, program: &Program, file: &Path) -> Outcome<u8> {
    let leave = sem_policy(program)?;
    let bytes = fs::read(file).map_err(|e| Error::file(file, "read", e))?;
    let (list, bad) = sem::read(&shown(file), &bytes);
    problems(&bad);
    let Some(list) = list else { return Ok(ROWS) };
    let checked = sem::check(program, leave, &list);
    let told: Vec<_> = checked.findings.iter().map(|finding| finding.told.clone()).collect();
    problems(&told);
    say(&summary(program, leave, &list, &checked));
    if !bad.is_empty() {
        say(&format!("{} not understood and left out", counted(count(bad.len()), "row")));
    }
    match output.form {
        Form::Text if checked.to_add.is_empty() => {}
        Form::Text => output.text(&checked.to_paste())?,
        Form::Csv => output.text(&checked.to_import(&list))?,
        Form::Json => output.json(&document(program, leave, file, &list, &checked))?,
    }
    Ok(match (bad.is_empty(), checked.findings.is_empty()) {
        (false, _) => ROWS,
        (true, false) => FINDINGS,
        (true, true) => DONE,
    })
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// How many bids, and how many negative keywords, a list has.
fn bids_and_negatives(list: &KeywordFile) -> (u64, u64) {
    let negative = list.keywords.iter().filter(|keyword| keyword.negative.is_some()).count();
    (count(list.keywords.len() - negative), count(negative))
}

/// What was looked at, and what was not.
fn summary(program: &Program, leave: Leave, list: &KeywordFile, checked: &Checked) -> String {
    let (bids, negatives) = bids_and_negatives(list);
    let mut lines = vec![format!(
        "{}, {}, {}; policies.sem of {} is {}",
        counted(count(list.campaigns.len()), "campaign"),
        counted(bids, "bid"),
        counted(negatives, "negative keyword"),
        program.id(),
        leave.word()
    )];
    if leave == Leave::Allowed {
        lines.push("nothing to find: every keyword may be bid on".to_owned());
    } else {
        let found = counted(count(checked.findings.len()), "finding");
        let to_add = counted(count(checked.to_add.len()), "negative keyword");
        lines.push(format!("{found}; {to_add} to add"));
    }
    if leave == Leave::ByApproval {
        lines.push(
            "search ads need the program's approval; the list was checked as `limited`".into(),
        );
    }
    if list.paused > 0 {
        lines.push(format!("{} not looked at: paused", counted(count(list.paused), "bid")));
    }
    let judged = matches!(leave, Leave::Limited | Leave::ByApproval);
    if judged && !list.tells_negatives {
        lines.push(
            "negative keywords not looked for: no column of the list says which are".to_owned(),
        );
    }
    let shared = list.keywords.iter().filter(|k| k.negative == Some(Level::SharedList)).count();
    if judged && shared > 0 {
        lines.push(format!(
            "{} of shared lists not counted: the list does not say for which campaigns",
            counted(count(shared), "negative keyword")
        ));
    }
    if judged {
        let assumed = TERMS.iter().filter_map(|key| program.assumption(key));
        lines.extend(assumed.map(|assumed| format!("assumed {}: {}", assumed.key, assumed.why)));
    }
    lines.join("\n")
}

fn document(
    program: &Program,
    leave: Leave,
    file: &Path,
    list: &KeywordFile,
    checked: &Checked,
) -> Value {
    let (bids, negatives) = bids_and_negatives(list);
    let to_add = checked.to_add.iter().map(|add| {
        json!({
            "campaign": add.campaign,
            "keyword": add.term,
            "match_type": MatchType::Phrase.word(),
        })
    });
    json!({
        "program": program.id(),
        "file": shown(file),
        "policy": leave.word(),
        "campaigns": list.campaigns.len(),
        "bids": bids,
        "negative_keywords": negatives,
        "paused": list.paused,
        "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
        "to_add": to_add.collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding) -> Value {
    let keyword = finding.keyword.as_ref();
    let near = finding.resemblance.as_ref();
    json!({
        "code": finding.told.code.id,
        "file": finding.told.place.file,
        "line": finding.told.place.line,
        "column": finding.told.place.column,
        "campaign": finding.campaign,
        "ad_group": keyword.map(|keyword| &keyword.ad_group).filter(|group| !group.is_empty()),
        "keyword": keyword.map(|keyword| &keyword.text),
        "match_type": keyword.map(|keyword| keyword.matched.word()),
        "brand_term": near.map(|near| &near.term),
        "part": near.map(|near| &near.part),
        "distance": near.map(|near| near.distance),
        "limit": near.map(|near| near.limit),
        "message": finding.told.message,
        "hint": finding.told.hint,
    })
}
