//! `levels`: what a line earns by the level of the account, which is set anew every month.
//!
//! Owns the choice of the level: by what the month before came to, or as the program itself assigned
//! it, from a day of the month on. Refuses to guess: of a level whose number is lost, or when a
//! figure is not known, a line of the plugin's has no amount, never 0.
//!
//! ```toml
//! [plugin]
//! name = "levels"
//! aggregates = [                       # of the month before, then of the one before that
//!     { figure = "turnover", of = "program", period = "month", back = 1 },
//!     { figure = "turnover", of = "program", period = "month", back = 2 },
//! ]
//! [plugin.config]
//! bites_on = 10                        # from this day on the level of the month before holds
//! base     = { "4.1" = "3%" }          # per clause of the entries that say rate = "plugin"
//! levels   = [                         # the last of which all needs are met; levels may be skipped.
//!                                      # Above the first, one that states no need is assigned only
//!     { name = "bronze", adds = "0%" },
//!     { name = "gold", turnover = "50000.00", new_buyers = 10, adds = "1%" },   # or adds = "unknown"
//! ]
//! assigned = { "2017-11" = "gold" }    # what the program said, by the month in which it begins to bite
//! ```

use std::collections::BTreeMap;

use feebook_plugin::author::{Answers, Config, Line, Order, Plugin, Setup, percent};
use feebook_plugin::kernel::{Minor, Ppm, Rounding};
use feebook_plugin::{Aggregate, Figure, Of, Period};

/// What a level can need, by its key.
const NEEDS: [(&str, Figure); 3] =
    [("turnover", Figure::Turnover), ("orders", Figure::Orders), ("new_buyers", Figure::NewBuyers)];

/// A need: at least so much of a figure.
#[derive(Clone, Copy, Debug)]
struct Need {
    least: i64,
    /// The figure's place among the aggregates: of the month before, of the one before that.
    places: [usize; 2],
}

#[derive(Clone, Debug)]
struct Level {
    name: String,
    needs: Vec<Need>,
    /// None when it is lost.
    adds: Option<Ppm>,
}

/// The rule of one version.
#[derive(Debug)]
struct Levels {
    bites_on: u32,
    steps: Vec<Level>,
    /// Level by month (12 x year + month - 1).
    assigned: BTreeMap<i32, usize>,
    bases: Vec<Option<Ppm>>,
    rounding: Rounding,
}

impl Plugin for Levels {
    const READS_TEXTS: bool = false;

    fn new(setup: &Setup<'_>, config: &mut Config) -> Option<Self> {
        let bites_on = config.integer("bites_on", 1, 28);
        let bites_on = bites_on.and_then(|day| u32::try_from(day).ok());
        let levels = levels(setup, config, bites_on.unwrap_or(1));
        let assigned = assigned(config, levels.as_deref().unwrap_or_default());
        let bases = config.rates_by_clause("base", setup);
        let rounding = setup.rounding();
        let steps = levels?;
        Some(Self { bites_on: bites_on?, steps, assigned, bases, rounding })
    }

    fn order(&mut self, order: &Order<'_>, answers: &mut Answers<'_>) -> Result<(), String> {
        let (level, by) = self.level(order);
        for line in order.lines().filter(|line| line.waits() || line.earns()) {
            match (level.and_then(|level| Some((level, level.adds?))), line.basis()) {
                (Some((level, adds)), Some(basis)) => {
                    let why = format!("level {} ({by})", level.name);
                    self.answer(&line, basis, (adds, &why), answers)?;
                }
                (Some(_), None) => {
                    answers.unknown(&line, "the report has no amount to take a share of")?;
                }
                (None, _) => {
                    answers.unknown(&line, &cannot_say(level, &by, self.assigned_only()))?;
                }
            }
        }
        Ok(())
    }
}

impl Levels {
    /// A level above the first of which no need is stated: only what the program assigned tells.
    fn assigned_only(&self) -> Option<&str> {
        let above = self.steps.iter().skip(1);
        above.into_iter().find(|level| level.needs.is_empty()).map(|level| level.name.as_str())
    }

    /// The level that holds for an order, none when that is not known; and by what.
    fn level(&self, order: &Order<'_>) -> (Option<&Level>, String) {
        let earlier = order.day_of_month() < self.bites_on;
        let month = order.month() - i32::from(earlier);
        if let Some(level) = self.assigned.get(&month) {
            return (self.steps.get(*level), format!("assigned for {}", year_month(month)));
        }
        let by = format!("by {}", year_month(month - 1));
        if self.assigned_only().is_some() {
            return (None, by);
        }
        let met = |need: &Need| {
            let [last, before] = need.places;
            order.figure(if earlier { before } else { last }).map(|figure| figure >= need.least)
        };
        for level in self.steps.iter().rev() {
            let needs: Vec<Option<bool>> = level.needs.iter().map(met).collect();
            if needs.iter().all(|met| *met == Some(true)) {
                return (Some(level), by);
            }
            if !needs.contains(&Some(false)) {
                break;
            }
        }
        (None, by)
    }

    fn answer(
        &self,
        line: &Line<'_>,
        basis: Minor,
        (adds, level): (Ppm, &str),
        answers: &mut Answers<'_>,
    ) -> Result<(), String> {
        let base = line.entry().and_then(|entry| self.bases.get(entry).copied().flatten());
        let mut why = format!("{level}: {} more", percent(adds));
        if let (Some(base), true) = (base, line.waits()) {
            why = format!("{level}: {} and {} more", percent(base), percent(adds));
            answers.commission(line, basis.share(base, self.rounding), &why)?;
        }
        answers.incentive(line, basis.share(adds, self.rounding), &why)
    }
}

/// Why it cannot be said what a line earns.
fn cannot_say(level: Option<&Level>, by: &str, assigned_only: Option<&str>) -> String {
    match level {
        Some(level) => format!("what level {} ({by}) adds is lost", level.name),
        None => match assigned_only {
            Some(name) => format!(
                "level {name} can only be assigned, and none is assigned for the month: `assigned` can say it"
            ),
            None => format!("the level is not assigned, and {by} it is not known"),
        },
    }
}

/// `YYYY-MM`.
fn year_month(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

fn levels(setup: &Setup<'_>, config: &mut Config, bites_on: u32) -> Option<Vec<Level>> {
    let items = config.list("levels")?;
    let mut levels = Vec::new();
    for path in &items {
        let name = config.text(&format!("{path}.name"));
        let adds = config.rate_or_unknown(&format!("{path}.adds"));
        let mut needs = Vec::new();
        for (key, figure) in NEEDS {
            let key = format!("{path}.{key}");
            if !config.has(&key) {
                continue;
            }
            if levels.is_empty() {
                config.problem(
                    &key,
                    "is needed by the first level, so nothing says what holds below it",
                );
            }
            let least = match figure {
                Figure::Turnover => config.amount(&key, setup.decimals()),
                Figure::Orders | Figure::NewBuyers => config.integer(&key, 0, i64::MAX),
            };
            let places = places(setup, config, &key, figure, bites_on);
            needs.extend(least.zip(places).map(|(least, places)| Need { least, places }));
        }
        rises(config, path, &levels, &needs);
        if name.as_deref() == Some("") {
            config.problem(&format!("{path}.name"), "is empty");
        }
        let name = name.unwrap_or_default();
        if !name.is_empty() && levels.iter().any(|level: &Level| level.name == name) {
            config.problem(&format!("{path}.name"), format!("is \"{name}\", as of a level before"));
        }
        levels.push(Level { name, needs, adds });
    }
    if levels.is_empty() {
        config.problem("levels", "is empty");
    }
    Some(levels)
}

/// Notes a need that is not more than that of a level before: the order would hide that level.
fn rises(config: &mut Config, path: &str, levels: &[Level], needs: &[Need]) {
    for need in needs {
        let before = levels.iter().flat_map(|level| &level.needs);
        let most =
            before.filter(|before| before.places == need.places).map(|before| before.least).max();
        if most.is_some_and(|most| need.least <= most) {
            config.problem(
                path,
                "needs no more than a level before it; levels stand in rising order",
            );
        }
    }
}

/// Where the schedule has a figure of the month before, and, if levels bite later than on the first,
/// of the one before that.
fn places(
    setup: &Setup<'_>,
    config: &mut Config,
    key: &str,
    figure: Figure,
    bites_on: u32,
) -> Option<[usize; 2]> {
    let of_back =
        |back| setup.aggregate(Aggregate { figure, of: Of::Program, period: Period::Month, back });
    let last = of_back(1);
    let before = if bites_on > 1 { of_back(2) } else { last };
    if last.is_none() || before.is_none() {
        let backs = if bites_on > 1 { "back = 1 and back = 2" } else { "back = 1" };
        let message = format!(
            "needs a figure that plugin.aggregates does not list: of = \"program\", period = \"month\", {backs}"
        );
        config.problem(key, message);
    }
    Some([last?, before?])
}

/// What the program assigned itself, by month.
fn assigned(config: &mut Config, levels: &[Level]) -> BTreeMap<i32, usize> {
    let words: Vec<(&str, usize)> =
        levels.iter().enumerate().map(|(at, level)| (level.name.as_str(), at)).collect();
    let months = config.by_month("assigned").into_iter();
    months.filter_map(|(month, path)| Some((month, config.word(&path, &words)?))).collect()
}

feebook_plugin::export_plugin!(Levels, "levels");

#[cfg(test)]
mod tests;
