//! Search ads: what a list of keywords must not hold, and what it must.
//!
//! Owns the judgement of a list by a program's policies and brand terms. Refuses the network: what
//! ads are shown in the end is for the platform to say.

mod brand;
#[cfg(test)]
mod brand_tests;
pub mod codes;
mod keyword_file;
#[cfg(test)]
mod keyword_tests;
mod paste;

use std::collections::{BTreeMap, BTreeSet};

pub use brand::{Resemblance, limit};
pub use keyword_file::{Campaign, Keyword, KeywordFile, Level, MatchType, read};

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::policies::Leave;
use crate::program::Program;
use brand::{Brand, folded};

/// What a list holds that it must not, or the other way round.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The finding in words.
    pub told: Diagnostic,
    /// The campaign it is about.
    pub campaign: String,
    /// The keyword it is about.
    pub keyword: Option<Keyword>,
    /// The brand term that the keyword resembles.
    pub resemblance: Option<Resemblance>,
}

/// A negative keyword to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToAdd {
    /// The campaign.
    pub campaign: String,
    /// The term, as a phrase.
    pub term: String,
}

/// What became of a list.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The findings, in the order of the list.
    pub findings: Vec<Finding>,
    /// The negative keywords to be added, by campaign in the order of the list.
    pub to_add: Vec<ToAdd>,
}

impl Checked {
    /// Writes the keywords to be added for people to paste.
    pub fn to_paste(&self) -> String {
        paste::text(self)
    }

    /// Writes the keywords to be added as a CSV in the columns of the list, to be imported.
    pub fn to_import(&self, list: &KeywordFile) -> String {
        paste::csv(self, list)
    }
}

/// Checks a list by what a program says of search ads. With `allowed` there is nothing to find;
/// with `limited` and `by_approval` no bid comes near the brand and every brand term is negative in
/// every campaign; with `not_allowed` there is no bid.
pub fn check(program: &Program, leave: Leave, list: &KeywordFile) -> Checked {
    let mut checked = Checked::default();
    if leave == Leave::Allowed {
        return checked;
    }
    let brands: Vec<Brand> =
        program.brand_terms().iter().filter_map(|term| Brand::new(term)).collect();
    let ordinary: Vec<Vec<String>> =
        program.ordinary_terms().iter().map(|term| folded(term)).collect();
    for keyword in list.keywords.iter().filter(|keyword| keyword.negative.is_none()) {
        let found = resemblance(&brands, &ordinary, &keyword.text);
        let (code, message, hint) = match &found {
            Some(found) => near(program, keyword, found),
            None if leave == Leave::NotAllowed => not_allowed(program, keyword),
            None => continue,
        };
        checked.findings.push(Finding {
            told: tell(code, &keyword.place, message).hint(hint),
            campaign: keyword.campaign.clone(),
            keyword: Some(keyword.clone()),
            resemblance: found,
        });
    }
    if leave != Leave::NotAllowed && list.tells_negatives {
        negatives(program, list, &mut checked);
    }
    checked.findings.sort_by_key(|finding| finding.told.place.line);
    checked
}

fn tell(code: &'static Code, place: &Place, message: String) -> Diagnostic {
    Diagnostic { place: place.clone(), ..Diagnostic::whole(code, &place.file, message) }
}

/// The nearest brand term; none for a keyword that holds only what is listed as ordinary.
fn resemblance(brands: &[Brand], ordinary: &[Vec<String>], keyword: &str) -> Option<Resemblance> {
    let words = folded(keyword);
    let found = brands.iter().filter_map(|brand| brand.resemblance(&words));
    let other_words = |found: &Resemblance| found.part != words_of(&found.term);
    let nearest = found.min_by_key(|found| (found.distance, other_words(found)))?;
    let part: Vec<&str> = nearest.part.split(' ').collect();
    let is_ordinary = nearest.distance > 0 && ordinary.iter().any(|term| *term == part);
    (!is_ordinary).then_some(nearest)
}

fn words_of(term: &str) -> String {
    folded(term).join(" ")
}

/// A bid by its text and match type.
fn bid(keyword: &Keyword) -> String {
    format!("\"{}\" ({})", keyword.text, keyword.matched.word())
}

/// The words that say where a bid is.
fn whereabouts(keyword: &Keyword) -> String {
    let group = match keyword.ad_group.as_str() {
        "" => String::new(),
        group => format!(", ad group \"{group}\""),
    };
    format!("campaign \"{}\"{group}", keyword.campaign)
}

fn said_by(program: &Program) -> String {
    let policy = program.placement_leave("sem").and_then(|told| told.said_by);
    policy.map_or(String::new(), |(key, place)| format!(" ({key}, {place})"))
}

fn near(
    program: &Program,
    keyword: &Keyword,
    found: &Resemblance,
) -> (&'static Code, String, String) {
    let Resemblance { term, part, distance, limit } = found;
    let (bid, place) = (bid(keyword), whereabouts(keyword));
    let (code, why) = if *distance == 0 {
        (&codes::BRAND, format!("\"{part}\" is the brand term \"{term}\""))
    } else {
        let edits = if *distance == 1 { "1 edit" } else { &format!("{distance} edits") };
        let why =
            format!("\"{part}\" is {edits} from the brand term \"{term}\", up to {limit} count");
        (&codes::MISSPELT, why)
    };
    let message = format!("{bid} is bid on in {place}: {why}{}", said_by(program));
    let hint = if *distance == 0 {
        "remove the keyword and make it a negative one".to_owned()
    } else {
        format!("remove it; if \"{part}\" is no misspelling, list it under sem.ordinary_terms")
    };
    (code, message, hint)
}

fn not_allowed(program: &Program, keyword: &Keyword) -> (&'static Code, String, String) {
    let (bid, place) = (bid(keyword), whereabouts(keyword));
    let message =
        format!("{bid} is bid on in {place}, and no search ads are allowed{}", said_by(program));
    (&codes::NOT_ALLOWED, message, "stop the campaign".to_owned())
}

/// The terms that must be negative keywords: the brand terms, and those listed as negative, each
/// once.
pub fn required_negatives(program: &Program) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = program.brand_terms().iter().chain(program.negative_terms());
    let terms = all.map(|term| words(term).join(" ")).filter(|term| !term.is_empty());
    terms.filter(|term| seen.insert(term.clone())).collect()
}

/// The words of a keyword as a platform compares negatives: no sign is folded away, because a
/// negative keyword is matched as it is written.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

/// How a negative keyword keeps ads away from a term.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blocks {
    /// From no search for it, or only from some.
    Nothing,
    /// From the search for the bare term.
    TheTerm,
    /// From every search that holds it.
    AllSearches,
}

fn blocks(negative: &Keyword, term: &[String]) -> Blocks {
    let own = words(&negative.text);
    let all = match negative.matched {
        MatchType::Broad => own.iter().all(|word| term.contains(word)),
        MatchType::Phrase => term.windows(own.len().max(1)).any(|run| run == own),
        MatchType::Exact if own == term => return Blocks::TheTerm,
        MatchType::Exact => false,
    };
    if all && !own.is_empty() { Blocks::AllSearches } else { Blocks::Nothing }
}

/// Finds, for every campaign, the required negatives that are missing or block too little.
fn negatives(program: &Program, list: &KeywordFile, checked: &mut Checked) {
    let required = required_negatives(program);
    for campaign in &list.campaigns {
        let guard = Guard::of(list, &campaign.name);
        let mut missing = Vec::new();
        for term in &required {
            let (blocked, by) = guard.blocks(&words(term));
            if blocked == Blocks::AllSearches {
                continue;
            }
            checked.to_add.push(ToAdd { campaign: campaign.name.clone(), term: term.clone() });
            match by.filter(|_| blocked == Blocks::TheTerm) {
                Some(negative) => checked.findings.push(exact_only(campaign, negative)),
                None => missing.push(format!("\"{term}\"")),
            }
        }
        if missing.is_empty() {
            continue;
        }
        let message = format!(
            "campaign \"{}\" lacks {} of {} required negative keywords: {}{}",
            campaign.name,
            missing.len(),
            required.len(),
            missing.join(", "),
            said_by(program)
        );
        let told = tell(&codes::MISSING, &campaign.place, message);
        let hint = "add them as phrases to the campaign; stdout has them ready to paste";
        let (campaign, told) = (campaign.name.clone(), told.hint(hint));
        checked.findings.push(Finding { told, campaign, keyword: None, resemblance: None });
    }
}

fn exact_only(campaign: &Campaign, negative: &Keyword) -> Finding {
    let written = negative.matched.written(&negative.text);
    let message = format!(
        "negative {written} of campaign \"{}\" blocks this search alone, not a longer one",
        campaign.name
    );
    let phrase = MatchType::Phrase.written(&negative.text);
    Finding {
        told: tell(&codes::EXACT_ONLY, &negative.place, message).hint(format!("add {phrase}")),
        campaign: campaign.name.clone(),
        keyword: Some(negative.clone()),
        resemblance: None,
    }
}

/// The negative keywords that count for a campaign.
struct Guard<'l> {
    /// Those of the account and of the campaign itself.
    wide: Vec<&'l Keyword>,
    /// Those of each ad group that has bids.
    groups: BTreeMap<&'l str, Vec<&'l Keyword>>,
}

impl<'l> Guard<'l> {
    fn of(list: &'l KeywordFile, campaign: &str) -> Self {
        let mut guard = Self { wide: Vec::new(), groups: BTreeMap::new() };
        let own = |keyword: &&Keyword| keyword.campaign == campaign;
        for bid in list.keywords.iter().filter(own).filter(|keyword| keyword.negative.is_none()) {
            guard.groups.entry(&bid.ad_group).or_default();
        }
        for keyword in &list.keywords {
            match keyword.negative {
                Some(Level::Account) => guard.wide.push(keyword),
                Some(Level::Campaign) if own(&keyword) => guard.wide.push(keyword),
                Some(Level::AdGroup) if own(&keyword) => {
                    if let Some(group) = guard.groups.get_mut(keyword.ad_group.as_str()) {
                        group.push(keyword);
                    }
                }
                _ => {}
            }
        }
        guard
    }

    /// How far ads are kept away from a term, and a negative keyword that does it. The ad groups do
    /// as much as the one of them that does least.
    fn blocks(&self, term: &[String]) -> (Blocks, Option<&'l Keyword>) {
        let best = |negatives: &[&'l Keyword]| {
            let graded = negatives.iter().map(|negative| (blocks(negative, term), *negative));
            let best = graded.max_by_key(|(blocked, _)| *blocked);
            best.map_or((Blocks::Nothing, None), |(blocked, by)| (blocked, Some(by)))
        };
        let wide = best(&self.wide);
        let groups = self.groups.values().map(|negatives| best(negatives));
        let narrow = groups.min_by_key(|(blocked, _)| *blocked);
        narrow.filter(|(blocked, _)| *blocked > wide.0).unwrap_or(wide)
    }
}
