//! What a publisher records beside the reports, and what of it bears on a line.
//!
//! Owns which of our clicks is a line's, which flags it has, and what held on a day. Refuses to weigh
//! them: what a flag does is for `judge`, what a mark means for `conditions`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::line::Line;
use super::terms::{Instant, Program};

/// All that was recorded about one program, in the order of recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    /// Our own clicks by sub-id, those taken back too.
    pub(crate) clicks: BTreeMap<String, Vec<Click>>,
    /// The logs that were taken back.
    pub(crate) undone: BTreeSet<usize>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) dated: Vec<Dated>,
}

/// One click of our own.
#[derive(Clone, Debug)]
pub(crate) struct Click {
    /// In which log it stands.
    pub(crate) log: usize,
    /// As the log writes it.
    pub(crate) clicked_at: String,
    pub(crate) at: Instant,
    pub(crate) placement: String,
    pub(crate) country: String,
}

/// A violation or a finding of fraud.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) kind: String,
    pub(crate) about: About,
    /// The program's own decision.
    pub(crate) effect: Option<&'static str>,
    pub(crate) removed: bool,
}

/// What a flag is on.
#[derive(Clone, Debug)]
pub(crate) enum About {
    Order(String),
    SubId(String),
    /// With the first instant of its period and the first one after it.
    Placement(String, Option<Bound>, Option<Bound>),
}

/// An end of a period: a day or an instant.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// As it is given to the program.
    pub(crate) cell: String,
    pub(crate) at: Instant,
}

/// A fact that holds from a day on.
#[derive(Clone, Debug)]
pub(crate) struct Dated {
    pub(crate) from: NaiveDate,
    pub(crate) fact: Fact,
    pub(crate) removed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// Whether a product has a mark.
    Mark { product: String, mark: String, holds: bool },
    /// The account's channel.
    Channel(String),
    /// What kind a placement is.
    Kind { placement: String, kind: String },
}

/// Returns when a line was ordered, as attribution counts it.
pub(crate) fn ordered_at(program: &Program, line: &Line) -> Option<Instant> {
    program.instant(&line.ordered_at).or(program.instant(&line.paid_at))
}

impl Beside {
    /// Returns our own click that a line is attributed to, where its row names none (rule 12).
    pub(crate) fn click_of(&self, program: &Program, line: &Line) -> Option<&Click> {
        if line.sub_id.is_empty() || !line.clicked_at.is_empty() {
            return None;
        }
        let ordered = ordered_at(program, line)?;
        let clicks = self.clicks.get(&line.sub_id)?.iter();
        clicks
            .filter(|click| !self.undone.contains(&click.log) && click.at <= ordered)
            .max_by_key(|click| click.at)
    }

    /// Returns the flags that a line of that placement has at that instant.
    pub(crate) fn flags_on(&self, line: &Line, placement: &str, at: Instant) -> Vec<&Flag> {
        let bears = |flag: &&Flag| match &flag.about {
            _ if flag.removed => false,
            About::Order(order_no) => *order_no == line.order_no,
            About::SubId(sub_id) => *sub_id == line.sub_id,
            About::Placement(name, from, until) => {
                name == placement
                    && from.as_ref().is_none_or(|from| from.at <= at)
                    && until.as_ref().is_none_or(|until| at < until.at)
            }
        };
        self.flags.iter().filter(bears).collect()
    }

    /// Tells whether a product has a mark on a day.
    pub(crate) fn is_marked(&self, product: &str, mark: &str, on: NaiveDate) -> bool {
        let said = self.latest(on, |fact| match fact {
            Fact::Mark { product: of, mark: named, holds } if of == product && named == mark => {
                Some(*holds)
            }
            _ => None,
        });
        said == Some(true)
    }

    /// Returns the account's channel on a day.
    pub(crate) fn channel(&self, on: NaiveDate) -> Option<&str> {
        self.latest(on, |fact| match fact {
            Fact::Channel(channel) => Some(channel.as_str()),
            _ => None,
        })
    }

    /// Returns the kind of a placement on a day.
    pub(crate) fn kind(&self, of: &str, on: NaiveDate) -> Option<&str> {
        self.latest(on, |fact| match fact {
            Fact::Kind { placement, kind } if placement == of => Some(kind.as_str()),
            _ => None,
        })
    }

    /// Returns what was said last for a day; of two facts of one day the one recorded later counts.
    fn latest<'b, T>(&'b self, on: NaiveDate, said: impl Fn(&'b Fact) -> Option<T>) -> Option<T> {
        let until = self.dated.iter().filter(|dated| !dated.removed && dated.from <= on);
        let facts = until.filter_map(|dated| Some((dated.from, said(&dated.fact)?)));
        facts.max_by_key(|(from, _)| *from).map(|(_, said)| said)
    }
}
