//! `tiers`: what a line earns by the tier that an earlier period's turnover (or number of orders)
//! reached.
//!
//! Owns the choice of the tier: on which day of the month a new one begins to bite, and to which of
//! two tiers their common bound belongs. Refuses to guess: a tier whose number is lost, or a figure
//! that is not known, leaves a line of the plugin's without an amount, and is never 0.
//!
//! ```toml
//! [plugin]
//! name = "tiers"
//! aggregates = [{ figure = "turnover", of = "program", period = "month", back = 1 }]
//! [plugin.config]
//! gives    = "commission"            # a share of the base rate; "incentive": base rate and a rate on top
//! bound    = "above"                 # exactly 200,000.00 is in the tier above; or "below"
//! bites_on = 1                       # day of the month; from 2 on, the figure two periods back is needed as well
//! tiers    = [{ below = "200000.00", rate = "80%" }, { rate = "90%" }]     # or rate = "unknown"; a number of orders is no text: below = 3
//! base     = { "4.1" = "3%" }        # per clause of the entries that say rate = "plugin"
//! stated   = { "2019-08" = "250000.00" }   # the program's own word, by the month in which the period begins
//! ```

use std::collections::BTreeMap;

use feebook_plugin::author::{Answers, Config, Line, Order, Plugin, Setup, decimal, percent};
use feebook_plugin::kernel::{Minor, Ppm, Rounding};
use feebook_plugin::{Aggregate, Figure, Of, Period};

/// What the tier's rate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    /// A share of the base rate, together the commission.
    Commission,
    /// A rate of its own on the basis, beside the commission.
    Incentive,
}

/// A tier: from the bound of the one before to its own.
#[derive(Clone, Debug)]
struct Tier {
    /// The figure at which it ends; none for the last.
    below: Option<i64>,
    /// Its rate; none when it is lost.
    rate: Option<Ppm>,
}

/// The rule of one version.
#[derive(Debug)]
struct Tiers {
    gives: Gives,
    /// A figure on the bound is in the tier above.
    bound_above: bool,
    bites_on: u32,
    steps: Vec<Tier>,
    /// Base rates by place of the rate entry.
    bases: Vec<Option<Ppm>>,
    rounding: Rounding,
    decimals: u8,
    figure: Figure,
    of: Of,
    period: Period,
    /// What the program itself said of periods, by the month (12 x year + month - 1) in which they
    /// begin: for those that the ledger does not hold whole, or sees otherwise.
    stated: BTreeMap<i32, i64>,
}

impl Plugin for Tiers {
    const READS_TEXTS: bool = false;

    fn new(setup: &Setup<'_>, config: &mut Config) -> Option<Self> {
        let words = [("commission", Gives::Commission), ("incentive", Gives::Incentive)];
        let gives = config.word("gives", &words);
        let bound_above = config.word("bound", &[("above", true), ("below", false)]);
        let bites_on = config.integer("bites_on", 1, 28);
        let bites_on = bites_on.and_then(|day| u32::try_from(day).ok());
        let counted = counted(setup, config, bites_on.unwrap_or(1));
        let decimals = match counted.map(|counted| counted.figure) {
            Some(Figure::Turnover) | None => setup.decimals(),
            Some(Figure::Orders | Figure::NewBuyers) => 0,
        };
        let tiers = tiers(config, counted, decimals);
        let stated = stated(config, counted, decimals);
        let bases = config.rates_by_clause("base", setup);
        if gives == Some(Gives::Commission) && !setup.entries().any(|entry| entry.by_plugin) {
            config.problem("gives", "is \"commission\", and no rate entry says rate = \"plugin\"");
        }
        Some(Self {
            gives: gives?,
            bound_above: bound_above?,
            bites_on: bites_on?,
            steps: tiers?,
            bases,
            rounding: setup.rounding(),
            decimals,
            figure: counted?.figure,
            of: counted?.of,
            period: counted?.period,
            stated,
        })
    }

    fn order(&mut self, order: &Order<'_>, answers: &mut Answers<'_>) -> Result<(), String> {
        let (figure, reached) = self.reached(order);
        let rate = figure.and_then(|figure| self.tier(figure)?.rate);
        for line in order.lines() {
            if !line.waits() && (!line.earns() || self.gives == Gives::Commission) {
                continue;
            }
            match (rate, line.basis()) {
                (Some(rate), Some(basis)) => {
                    self.answer(&line, basis, (rate, &reached), answers)?;
                }
                (Some(_), None) => {
                    answers.unknown(&line, "the report has no amount to take a share of")?;
                }
                (None, _) => answers.unknown(&line, &reached)?,
            }
        }
        Ok(())
    }
}

impl Tiers {
    /// The figure that an order's tier goes by, and what to say of it: that of the period before, once
    /// its tier bites.
    fn reached(&self, order: &Order<'_>) -> (Option<i64>, String) {
        let earlier = order.day_of_month() < self.bites_on;
        let in_running = self.period == Period::Day10 && order.day_of_month() < 10;
        let month = order.month() - 1 - i32::from(earlier) - i32::from(in_running);
        let stated = self.stated.get(&month).copied();
        let figure = stated.or_else(|| order.figure(usize::from(earlier)));
        let what = match self.figure {
            Figure::Turnover => "turnover",
            Figure::Orders => "orders",
            Figure::NewBuyers => "orders of new buyers",
        };
        let begins = year_month(month);
        let period = match self.period {
            Period::Month => format!("in {begins}"),
            Period::Day10 => format!("from {begins}-10 to the 9th"),
        };
        let said = match figure {
            None if self.of == Of::Program => {
                format!("{what} {period}: not known; `stated` can say it")
            }
            None => format!("{what} {period}: not known"),
            Some(figure) => {
                let lost = self.tier(figure).is_some_and(|tier| tier.rate.is_none());
                let by = if stated.is_some() { ", as stated" } else { "" };
                let figure = decimal(figure, self.decimals);
                let why = if lost { "; what that tier gives is lost" } else { "" };
                format!("{what} {figure} {period}{by}{why}")
            }
        };
        (figure, said)
    }

    fn tier(&self, figure: i64) -> Option<&Tier> {
        self.steps.iter().find(|tier| {
            tier.below.is_none_or(|bound| figure < bound || (figure == bound && !self.bound_above))
        })
    }

    fn answer(
        &self,
        line: &Line<'_>,
        basis: Minor,
        (rate, reached): (Ppm, &str),
        answers: &mut Answers<'_>,
    ) -> Result<(), String> {
        let base = line.entry().and_then(|entry| self.bases.get(entry).copied().flatten());
        let (of_basis, of_base) = (percent(rate), base.map(percent).unwrap_or_default());
        match (self.gives, base.filter(|_| line.waits())) {
            (Gives::Commission, Some(base)) => {
                let amount = basis.share_of_rate(base, rate, self.rounding);
                answers.commission(line, amount, &format!("{of_basis} of {of_base}: {reached}"))
            }
            (Gives::Incentive, Some(base)) => {
                let why = format!("{of_base} and {of_basis} more: {reached}");
                answers.commission(line, basis.share(base, self.rounding), &why)?;
                answers.incentive(line, basis.share(rate, self.rounding), &why)
            }
            (Gives::Incentive, None) => {
                let why = format!("{of_basis} more: {reached}");
                answers.incentive(line, basis.share(rate, self.rounding), &why)
            }
            // Each entry that leaves the commission to the plugin has a base, or the config is refused.
            (Gives::Commission, None) => Ok(()),
        }
    }
}

/// What is counted, by what the schedule asks for: the period before, and the one before that where
/// a tier bites later than on the first.
fn counted(setup: &Setup<'_>, config: &mut Config, bites_on: u32) -> Option<Aggregate> {
    let declared: Vec<Option<Aggregate>> = setup.aggregates().collect();
    let periods = if bites_on > 1 { 2 } else { 1 };
    let first = declared.first().copied().flatten();
    let all = first.is_some_and(|first| {
        declared.len() == periods
            && (1..).zip(&declared).all(|(back, one)| *one == Some(Aggregate { back, ..first }))
    });
    if !all {
        let backs = if periods == 2 {
            "one figure twice, with back = 1 and then with back = 2"
        } else {
            "one figure, with back = 1"
        };
        let message = match declared.len() {
            0 => format!("is {bites_on}, for which plugin.aggregates lists {backs}; it lists none"),
            count => format!(
                "is {bites_on}, for which plugin.aggregates lists {backs}; it lists {count}, with back = {}",
                declared
                    .iter()
                    .flatten()
                    .map(|one| one.back.to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        config.problem("bites_on", message);
        return None;
    }
    if bites_on > 1 && first.is_some_and(|first| first.period == Period::Day10) {
        let message = "is more than 1, and periods from the 10th on begin to bite when they end";
        config.problem("bites_on", message);
        return None;
    }
    first
}

/// What the program itself said of a period's figure.
fn stated(config: &mut Config, counted: Option<Aggregate>, decimals: u8) -> BTreeMap<i32, i64> {
    if config.has("stated") && counted.is_some_and(|counted| counted.of == Of::Placement) {
        config.problem("stated", "is one figure for all, and plugin.aggregates asks by placement");
    }
    let months = config.by_month("stated").into_iter();
    months
        .filter_map(|(month, path)| Some((month, figure(config, &path, counted, decimals)?)))
        .collect()
}

/// A turnover, or a number of orders.
fn figure(
    config: &mut Config,
    path: &str,
    counted: Option<Aggregate>,
    decimals: u8,
) -> Option<i64> {
    match counted.map(|counted| counted.figure) {
        Some(Figure::Orders | Figure::NewBuyers) => config.integer(path, 0, i64::MAX),
        Some(Figure::Turnover) | None => config.amount(path, decimals),
    }
}

/// `YYYY-MM`.
fn year_month(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

fn tiers(config: &mut Config, counted: Option<Aggregate>, decimals: u8) -> Option<Vec<Tier>> {
    let items = config.list("tiers")?;
    let last = items.last().cloned();
    let mut tiers: Vec<Tier> = Vec::new();
    for path in &items {
        let below = if Some(path) == last.as_ref() && !config.has(&format!("{path}.below")) {
            None
        } else {
            figure(config, &format!("{path}.below"), counted, decimals)
        };
        let before = tiers.last().and_then(|tier| tier.below);
        if let (Some(before), Some(below)) = (before, below)
            && below <= before
        {
            let amount = |figure| decimal(figure, decimals);
            let message = format!(
                "is {}, not more than {} of the tier before",
                amount(below),
                amount(before)
            );
            config.problem(&format!("{path}.below"), message);
        }
        if Some(path) == last.as_ref() && below.is_some() {
            let below = below.map(|below| decimal(below, decimals)).unwrap_or_default();
            let message = format!("the last tier must have no `below`, and it has {below}");
            config.problem(path, message);
        }
        tiers.push(Tier { below, rate: config.rate_or_unknown(&format!("{path}.rate")) });
    }
    if tiers.is_empty() {
        config.problem("tiers", "is empty");
    }
    Some(tiers)
}

feebook_plugin::export_plugin!(Tiers, "tiers");

#[cfg(test)]
mod tests;
