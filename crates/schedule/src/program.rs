//! A program: what outlives a change of terms, and its versions by date.
//!
//! Owns the choice of the version in force. Refuses a default: before the first version and in a
//! gap there is none.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::diagnostic::{Diagnostic, Place};
use crate::iso::Currency;
use crate::links::Links;
use crate::payout_terms::PayoutTerms;
use crate::plugin_file::{self, Build};
use crate::policies::Policies;
use crate::source::Source;
use crate::tree::Tree;
use crate::version::{Assumed, Version, find_assumed};
use crate::version_file::{self, Surroundings};
use crate::zone;

/// The instant of an order that picks the version (rule 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GovernedBy {
    /// When it was ordered.
    Ordered,
    /// When it was paid.
    Paid,
    /// When it was finished.
    Finished,
}

impl GovernedBy {
    /// All of them; a ledger numbers them so.
    pub const ALL: [Self; 3] = [Self::Ordered, Self::Paid, Self::Finished];

    /// Returns the word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Paid => "paid",
            Self::Finished => "finished",
        }
    }
}

/// A version named in a sentence, with an instant at its edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The version.
    pub version: String,
    /// Its start or end, in seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The program's zone.
    pub zone: Tz,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&zone::written(self.zone, self.at))
    }
}

/// Why no version is in force at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCover {
    /// The instant lies before the first version.
    BeforeFirst {
        /// The first version and its start.
        first: Edge,
    },
    /// The instant lies after the end of a version and before the start of another.
    Gap {
        /// The version before and its end.
        after: Edge,
        /// The version after and its start, if there is one.
        before: Option<Edge>,
    },
    /// The program has no versions.
    NoVersions,
}

impl fmt::Display for NoCover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeFirst { first } => {
                write!(f, "the first version, {}, takes effect at {first}", first.version)
            }
            Self::Gap { after, before: Some(before) } => write!(
                f,
                "version {} ended at {after} and {} takes effect at {before}",
                after.version, before.version
            ),
            Self::Gap { after, before: None } => {
                write!(f, "version {} ended at {after} and no other follows", after.version)
            }
            Self::NoVersions => f.write_str("the program has no versions"),
        }
    }
}

/// A program: advertiser, network and terms.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) id: String,
    pub(crate) source: Source,
    pub(crate) header: ProgramHeader,
    pub(crate) trees: BTreeMap<String, Arc<Tree>>,
    pub(crate) versions: Vec<Version>,
    pub(crate) superseded: Vec<Version>,
    pub(crate) builds: Vec<Build>,
}

/// What `program.toml` says.
#[derive(Clone, Debug)]
pub(crate) struct ProgramHeader {
    pub(crate) name: String,
    pub(crate) advertiser: Option<String>,
    pub(crate) network: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) payout_currency: Currency,
    pub(crate) withdrawal: Option<PayoutTerms>,
    pub(crate) zone: Tz,
    pub(crate) governed_by: GovernedBy,
    pub(crate) notice: Option<i64>,
    pub(crate) started_on: Option<NaiveDate>,
    pub(crate) listing: Vec<(String, String)>,
    pub(crate) policies: Policies,
    pub(crate) brand_terms: Vec<String>,
    pub(crate) negative_terms: Vec<String>,
    pub(crate) ordinary_terms: Vec<String>,
    pub(crate) links: Links,
    pub(crate) assumed: Vec<Assumed>,
    pub(crate) places: BTreeMap<String, Place>,
}

impl Program {
    /// Returns the program's folder, which is its key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns `program.toml`.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the name people use.
    pub fn name(&self) -> &str {
        &self.header.name
    }

    /// Returns the advertiser.
    pub fn advertiser(&self) -> Option<&str> {
        self.header.advertiser.as_deref()
    }

    /// Returns the network.
    pub fn network(&self) -> Option<&str> {
        self.header.network.as_deref()
    }

    /// Returns the program's status as its file states it.
    pub fn status(&self) -> Option<&str> {
        self.header.status.as_deref()
    }

    /// Returns the currency of payouts.
    pub fn payout_currency(&self) -> Currency {
        self.header.payout_currency
    }

    /// Returns what a withdrawal takes and costs; none where the file does not say.
    pub fn payout_terms(&self) -> Option<&PayoutTerms> {
        self.header.withdrawal.as_ref()
    }

    /// Returns the zone in which days and months begin.
    pub fn zone(&self) -> Tz {
        self.header.zone
    }

    /// Returns which instant of an order picks the version.
    pub fn governed_by(&self) -> GovernedBy {
        self.header.governed_by
    }

    /// Returns the promised notice of a change, in seconds.
    pub fn notice(&self) -> Option<i64> {
        self.header.notice
    }

    /// Returns the day the program started.
    pub fn started_on(&self) -> Option<NaiveDate> {
        self.header.started_on
    }

    /// Returns `[listing]` as key and text, in file order.
    pub fn listing(&self) -> &[(String, String)] {
        &self.header.listing
    }

    /// Returns the words that are the brand: no bids on them.
    pub fn brand_terms(&self) -> &[String] {
        &self.header.brand_terms
    }

    /// Returns the words that must be negative keywords.
    pub fn negative_terms(&self) -> &[String] {
        &self.header.negative_terms
    }

    /// Returns words that come near the brand and are no misspelling of it.
    pub fn ordinary_terms(&self) -> &[String] {
        &self.header.ordinary_terms
    }

    /// Returns what the file lists as assumed, in file order.
    pub fn assumed(&self) -> &[Assumed] {
        &self.header.assumed
    }

    /// Returns the assumption about a key or about a table that it is in.
    pub fn assumption(&self, key: &str) -> Option<&Assumed> {
        find_assumed(&self.header.assumed, key)
    }

    /// Returns the place of a key of `program.toml` by its dotted path.
    pub fn place_of(&self, key: &str) -> Option<&Place> {
        self.header.places.get(key)
    }

    /// Returns the category trees by name; the one of `categories.csv` has an empty name.
    pub fn trees(&self) -> impl Iterator<Item = (&str, &Tree)> {
        self.trees.iter().map(|(name, tree)| (name.as_str(), &**tree))
    }

    /// Returns the versions in the book, in order of their starts.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Finds a version in the book by its id.
    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id() == id)
    }

    /// Returns the lines of `plugins.toml` in file order.
    pub fn builds(&self) -> &[Build] {
        &self.builds
    }

    /// Returns the builds of a plugin that may serve orders of a day, the best last: those of the
    /// latest `from` that the day has reached, in file order.
    pub fn plugin_builds(&self, plugin: &str, day: NaiveDate) -> Vec<&Build> {
        plugin_file::serving(&self.builds, plugin, day)
    }

    /// Returns the versions that left the book for an amendment, in order of their starts.
    pub fn superseded(&self) -> &[Version] {
        &self.superseded
    }

    /// Returns the version that replaced another one.
    pub fn successor(&self, superseded: &Version) -> Option<&Version> {
        let all = self.versions.iter().chain(&self.superseded);
        all.into_iter().find(|version| version.supersedes() == Some(superseded.id()))
    }

    /// Reads a version of this program by itself, wherever its file lies and whatever the file is
    /// called. It is not in the book.
    ///
    /// # Errors
    ///
    /// All problems of the file, if one of them is an error.
    pub fn read_version(&self, source: &Source) -> Result<Version, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let around = Surroundings {
            zone: Some(self.header.zone),
            trees: &self.trees,
            broken_trees: &[],
            in_folder: false,
        };
        let read = version_file::read(source, &around, &mut problems);
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        read.version.ok_or(problems)
    }

    /// Returns the version in force at an instant: the one whose half-open period holds it.
    pub fn in_force(&self, at: i64) -> Result<&Version, NoCover> {
        let next = self.versions.partition_point(|version| version.start <= at);
        let version = next.checked_sub(1).and_then(|last| self.versions.get(last));
        match version {
            Some(version) if version.end.is_none_or(|end| at < end) => Ok(version),
            _ => Err(self.no_cover(version, self.versions.get(next))),
        }
    }

    /// Why an instant between two versions has none; `before` has ended.
    fn no_cover(&self, before: Option<&Version>, after: Option<&Version>) -> NoCover {
        let edge = |version: &Version, at: i64| Edge {
            version: version.id.clone(),
            at,
            zone: self.header.zone,
        };
        let after = after.map(|version| edge(version, version.start));
        match (before, after) {
            (Some(before), after) => NoCover::Gap {
                after: edge(before, before.end.unwrap_or(before.start)),
                before: after,
            },
            (None, Some(first)) => NoCover::BeforeFirst { first },
            (None, None) => NoCover::NoVersions,
        }
    }

    /// Returns the civil day of an instant in the program's zone.
    pub fn day(&self, at: i64) -> NaiveDate {
        zone::day(self.header.zone, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, program, version};

    fn in_force(program: &Program, instant: &str) -> String {
        match program.in_force(at(instant)) {
            Ok(version) => version.id().to_owned(),
            Err(no_cover) => no_cover.to_string(),
        }
    }

    #[test]
    fn a_period_is_half_open_in_the_programs_zone() {
        // Midnight in Oslo is 22:00Z in summer and 23:00Z in winter.
        let program = program(&[
            ("2024-03-31.toml", &version("effective_on = 2024-03-31")),
            ("2024-10-28.toml", &version("effective_on = 2024-10-28")),
        ]);
        for (instant, expected) in [
            (
                "2024-03-30T22:59:59Z",
                "the first version, 2024-03-31, takes effect at 2024-03-31T00:00:00+01:00",
            ),
            ("2024-03-30T23:00:00Z", "2024-03-31"),
            ("2024-10-27T22:59:59Z", "2024-03-31"),
            ("2024-10-27T23:00:00Z", "2024-10-28"),
            ("2090-01-01T00:00:00Z", "2024-10-28"),
        ] {
            assert_eq!(in_force(&program, instant), expected, "{instant}");
        }
        assert_eq!(program.versions()[0].end(), Some(program.versions()[1].start()));
        assert_eq!(program.versions()[1].end(), None);
    }

    #[test]
    fn an_instant_with_an_offset_is_taken_as_it_stands() {
        let program = program(&[
            ("2020-01-01.toml", &version("effective_on = 2020-01-01")),
            ("2020-02-20-cis.toml", &version("effective_at = 2020-02-20T11:00:00+03:00")),
        ]);
        assert_eq!(in_force(&program, "2020-02-20T07:59:59Z"), "2020-01-01");
        assert_eq!(in_force(&program, "2020-02-20T08:00:00Z"), "2020-02-20-cis");
    }

    #[test]
    fn after_an_end_nothing_is_in_force_until_the_next_start() {
        let program = program(&[
            ("2024-01-01.toml", &version("effective_on = 2024-01-01\nends_on = 2024-02-01")),
            (
                "2024-03-01.toml",
                &version("effective_on = 2024-03-01\nends_at = 2024-03-02T00:00:00+01:00"),
            ),
        ]);
        assert_eq!(in_force(&program, "2024-01-31T22:59:59Z"), "2024-01-01");
        assert_eq!(
            in_force(&program, "2024-01-31T23:00:00Z"),
            "version 2024-01-01 ended at 2024-02-01T00:00:00+01:00 and 2024-03-01 takes effect \
             at 2024-03-01T00:00:00+01:00"
        );
        assert_eq!(
            in_force(&program, "2024-03-01T23:00:00Z"),
            "version 2024-03-01 ended at 2024-03-02T00:00:00+01:00 and no other follows"
        );
        assert_eq!(
            in_force(&crate::testing::program(&[]), "2024-01-01T00:00:00Z"),
            "the program has no versions"
        );
    }

    #[test]
    fn days_begin_in_the_programs_zone() {
        let program = program(&[]);
        assert_eq!(program.day(at("2024-06-30T22:00:00Z")).to_string(), "2024-07-01");
        assert_eq!(program.day(at("2024-06-30T21:59:59Z")).to_string(), "2024-06-30");
    }
}
