//! Draws what a publisher records beside the reports, close to what would change a line.
//!
//! Owns what is recorded and when; the lines come first, so that clicks and periods can lie on their
//! instants. Decides nothing about a line.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime, SecondsFormat, TimeDelta};

use super::beside::{About, Beside, Bound, Click, Dated, Fact, Flag, ordered_at};
use super::generate::{CAMPAIGNS, CLICKED, PLACEMENTS, PRODUCTS, lag, time_cell};
use super::line::Line;
use super::pools::{LISTS, Pools, fact_days, named};
use super::random::Random;
use super::terms::{Instant, Program, Version, from_local, text};

/// How many click logs there are; the last is taken back.
pub(crate) const LOGS: usize = 3;

const EFFECTS: [&str; 3] = ["disqualify", "hold", "withhold_bonus"];

/// Draws what is known beside those lines.
pub(crate) fn beside(program: &Program, pools: &Pools, lines: &[Line], seed: u64) -> Beside {
    let mut draw = Draw { program, lines, pools, random: Random::new(!seed) };
    let clicks = draw.clicks();
    let mut dated = draw.channels();
    dated.extend(draw.marks());
    dated.extend(draw.kinds());
    Beside { clicks, undone: BTreeSet::from([LOGS - 1]), flags: draw.flags(), dated }
}

/// Returns all kinds of flags that a program names.
pub(crate) fn flag_kinds(program: &Program) -> Vec<String> {
    let entries = program.versions.iter().flat_map(|version| version.entries("flag"));
    let kinds: BTreeSet<String> = entries.map(|entry| text(entry, "kind").to_owned()).collect();
    kinds.into_iter().collect()
}

struct Draw<'p> {
    program: &'p Program,
    lines: &'p [Line],
    pools: &'p Pools,
    random: Random,
}

impl Draw<'_> {
    /// Draws several clicks each for a third of the sub-ids; of the campaigns only one is clicked.
    fn clicks(&mut self) -> BTreeMap<String, Vec<Click>> {
        let mut by_sub_id: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in self.lines {
            by_sub_id.entry(&line.sub_id).or_default().push(line);
        }
        let mut clicks = BTreeMap::new();
        for (sub_id, lines) in by_sub_id {
            let clicked = if CAMPAIGNS.contains(&sub_id) {
                sub_id == CLICKED
            } else {
                self.random.chance(35)
            };
            if clicked {
                clicks.insert(sub_id.to_owned(), self.clicks_of(&lines));
            }
        }
        clicks
    }

    /// Draws clicks of one sub-id, never two of one instant but for those that stand in two logs.
    fn clicks_of(&mut self, lines: &[&Line]) -> Vec<Click> {
        let mut instants = BTreeSet::new();
        let mut clicks = Vec::new();
        for _ in 0..self.random.between(1, 5) {
            let line = *self.random.pick(lines);
            let Some(ordered) = ordered_at(self.program, line) else {
                continue;
            };
            let click = self.click(line, ordered);
            if !instants.insert(click.at) {
                continue;
            }
            if click.log == LOGS - 1 && self.random.chance(30) {
                clicks.push(Click { log: 0, ..click.clone() });
            }
            clicks.push(click);
        }
        clicks
    }

    fn click(&mut self, line: &Line, ordered: Instant) -> Click {
        let by = TimeDelta::seconds(lag(&mut self.random, &self.pools.windows));
        let at = if self.random.chance(15) { self.edge_before(ordered) } else { ordered - by };
        let clicked_at = time_cell(&mut self.random, self.program, at);
        let country = match self.random.between(1, 4) {
            1 => String::new(),
            2 => line.ship_to.clone(),
            _ => self.random.pick(&self.pools.countries).clone(),
        };
        Click {
            log: *self.random.pick(&[0, 0, 0, 1, 1, LOGS - 1]),
            at: self.program.instant(&clicked_at).expect("a filled cell"),
            clicked_at,
            // A click of no sub-id and no placement is no click.
            placement: if line.sub_id.is_empty() || self.random.chance(80) {
                self.placement()
            } else {
                String::new()
            },
            country,
        }
    }

    /// Draws an instant at which something changed not long before an order: a version, mostly.
    fn edge_before(&mut self, ordered: Instant) -> Instant {
        let long_ago = ordered - TimeDelta::days(40);
        let near = |at: &&Instant| (long_ago..=ordered).contains(*at);
        let edges: Vec<Instant> = self.pools.edges.iter().filter(near).copied().collect();
        if edges.is_empty() { ordered } else { *self.random.pick(&edges) }
    }

    fn placement(&mut self) -> String {
        self.random.text(&PLACEMENTS[..PLACEMENTS.len() - 1])
    }

    /// Draws flags: each kind on a campaign or a placement, then more of them on whatever there is.
    fn flags(&mut self) -> Vec<Flag> {
        let mut kinds = flag_kinds(self.program);
        let mut flags = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            let about = match CAMPAIGNS.get(at) {
                Some(campaign) => About::SubId((*campaign).to_owned()),
                None => self.period(40),
            };
            flags.push(Flag { kind: kind.clone(), about, effect: None, removed: false });
        }
        kinds.push("unheard_of".to_owned());
        for at in 0..8 {
            let about = match at {
                0..=1 => About::Order(self.random.pick(self.lines).order_no.clone()),
                2..=3 => About::SubId(CAMPAIGNS[CAMPAIGNS.len() - 1].to_owned()),
                _ => self.period(100),
            };
            let decided = matches!(at, 1 | 3 | 5..=6);
            let effect = decided.then(|| EFFECTS[at % 3]);
            let kind = self.random.pick(&kinds).clone();
            flags.push(Flag { kind, about, effect, removed: matches!(at, 3 | 7) });
        }
        flags
    }

    /// Draws a placement and a period of so many days at most that begins or ends where a line has
    /// its click, or is governed.
    fn period(&mut self, days: i64) -> About {
        let line = self.random.pick(self.lines);
        let at = self.program.instant(&line.clicked_at).or(ordered_at(self.program, line));
        let at = at.unwrap_or(self.pools.from);
        let other = at + TimeDelta::seconds(self.random.between(86_400, days * 86_400));
        let (from, until) = match self.random.between(1, 6) {
            1 => (None, Some(self.bound(at))),
            2 => (Some(self.bound(at)), None),
            3..=4 => (Some(self.bound(at)), Some(self.bound(other))),
            _ => (Some(self.bound(at - (other - at))), Some(self.bound(at))),
        };
        let named = line.placement.trim();
        let name = if named.is_empty() { self.placement() } else { named.to_owned() };
        About::Placement(name, from, until)
    }

    /// Writes an end of a period as an instant, or as the day that it lies on.
    fn bound(&mut self, at: Instant) -> Bound {
        if self.random.chance(40) {
            let day = self.program.day(at);
            let at = from_local(self.program.zone, day.and_time(NaiveTime::MIN));
            return Bound { cell: day.to_string(), at };
        }
        let local = at.with_timezone(&self.program.zone);
        Bound { cell: local.to_rfc3339_opts(SecondsFormat::Secs, false), at }
    }

    /// Gives the account, in each version that asks, each channel it names, in the last also one that it
    /// does not, and the last it names again; the first days of the program know none. One day has two,
    /// one entry is taken back, and the later half is recorded before the earlier.
    fn channels(&mut self) -> Vec<Dated> {
        let mut dated = Vec::new();
        let asking = |version: &&Version| !named_by(version, "channel").is_empty();
        let last_asking = self.program.versions.iter().rfind(asking);
        let last_asking = last_asking.map_or("", |version| &version.name);
        for version in &self.program.versions {
            let mut channels = named_by(version, "channel");
            if channels.is_empty() {
                continue;
            }
            if version.name == last_asking {
                let last = channels[channels.len() - 1].clone();
                channels.extend(["of_another_program".to_owned(), last]);
            }
            let days = fact_days(self.program, version);
            let step = days.len() / (channels.len() + 1);
            for (at, channel) in channels.into_iter().enumerate() {
                dated.push(holding(days[(at + 1) * step], Fact::Channel(channel)));
            }
        }
        if let Some(last) = dated.last().cloned() {
            let half = dated.len() / 2;
            dated.rotate_left(half);
            let at = self.random.place(dated.len());
            let removed = Dated { removed: true, ..last.clone() };
            dated.insert(at, Dated { from: dated[at].from, ..last });
            dated.push(Dated { from: dated[0].from, ..removed });
        }
        dated
    }

    /// Marks a product in each version that asks for other marks than the one before, then gives and
    /// takes marks here and there.
    fn marks(&mut self) -> Vec<Dated> {
        let all = named(self.program, &["marks"]);
        let days = self.days("marks");
        let mut dated = Vec::new();
        let mut before = Vec::new();
        for version in &self.program.versions {
            let marks = named_by(version, "marks");
            let from = fact_days(self.program, version)[1];
            for (at, mark) in marks.iter().enumerate().filter(|_| marks != before) {
                let product = PRODUCTS[at % PRODUCTS.len()].to_owned();
                let fact = Fact::Mark { product, mark: mark.clone(), holds: true };
                dated.push(holding(from, fact));
            }
            before = marks;
        }
        for at in 0..if all.is_empty() { 0 } else { 5 } {
            let (product, mark) = (self.random.text(PRODUCTS), self.random.pick(&all).clone());
            let (from, holds) = (*self.random.pick(&days), self.random.chance(50));
            let fact = |holds| Fact::Mark { product: product.clone(), mark: mark.clone(), holds };
            if at == 0 {
                dated.push(holding(from, fact(!holds)));
            }
            dated.push(Dated { removed: at == 1, ..holding(from, fact(holds)) });
        }
        dated
    }

    /// Says in each version that asks what kind some placements are, and here and there another.
    fn kinds(&mut self) -> Vec<Dated> {
        let days = self.days("placement_kind");
        let mut dated = Vec::new();
        for version in &self.program.versions {
            let from = fact_days(self.program, version)[1];
            for (at, kind) in named_by(version, "placement_kind").into_iter().enumerate() {
                dated.push(holding(from, kind_of(at, kind)));
            }
        }
        let all = named(self.program, &["placement_kind"]);
        for at in 0..if all.is_empty() { 0 } else { 3 } {
            let from = *self.random.pick(&days);
            let fact = kind_of(at, self.random.pick(&all).clone());
            if at == 0 {
                dated.push(holding(from, kind_of(at, "coupon".to_owned())));
            }
            dated.push(Dated { removed: at == 1, ..holding(from, fact) });
        }
        dated
    }

    /// Returns the days of the versions that ask for something.
    fn days(&self, condition: &str) -> Vec<NaiveDate> {
        let versions = self.program.versions.iter();
        let asking = versions.filter(|version| !named_by(version, condition).is_empty());
        asking.flat_map(|version| fact_days(self.program, version)).collect()
    }
}

fn kind_of(at: usize, kind: String) -> Fact {
    Fact::Kind { placement: PLACEMENTS[at % 4].to_owned(), kind }
}

fn holding(from: NaiveDate, fact: Fact) -> Dated {
    Dated { from, fact, removed: false }
}

/// Returns what the entries of one version name in a condition, each once, the last named last.
fn named_by(version: &Version, condition: &str) -> Vec<String> {
    let entries = LISTS.into_iter().flat_map(|list| version.entries(list));
    let lists = entries.filter_map(|entry| entry.get(condition));
    let mut found: Vec<String> = Vec::new();
    for name in lists.flat_map(|list| version.members(list)) {
        found.retain(|one| *one != name);
        found.push(name);
    }
    found
}
