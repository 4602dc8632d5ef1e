//! Draws adversarial orders for a program.
//!
//! Owns what an order may look like. It asks the oracle only to steer (towards the cap), never to judge.

use std::collections::BTreeSet;

use chrono::{FixedOffset, SecondsFormat, TimeDelta};
use rust_decimal::{Decimal, RoundingStrategy};
use toml::Value;

use super::beside::Beside;
use super::judge::{Outcome, judge_order};
use super::line::{Line, decimal};
use super::pools::Pools;
use super::random::Random;
use super::terms::{Instant, Program, text};

/// Sub-ids of many orders each, to be flagged.
pub(crate) const CAMPAIGNS: &[&str] =
    &["s1", "kampanje=å;1", "q,5", "høst 2", "夏", "s.7", CLICKED, "s_8"];

/// The only one of them that is clicked; it differs from another by its case.
pub(crate) const CLICKED: &str = "S1";

/// Products of many lines each, to be marked.
pub(crate) const PRODUCTS: &[&str] = &["1005001", "42", "77-B", "1005009", "0042"];

pub(crate) const PLACEMENTS: &[&str] = &[
    "blog",
    "shop",
    "Blogg Ærøskøbing – høst",
    "日本語の記事",
    "комната \"4\", слева",
    "e\u{301}te\u{301}, 🛒",
    "מבצע",
    " padded ",
];

/// Draws the lines of so many orders, shuffled into one file.
pub(crate) fn lines(program: &Program, pools: &Pools, seed: u64, orders: usize) -> Vec<Line> {
    let mut draw = Draw {
        program,
        pools,
        random: Random::new(seed),
        numbers: BTreeSet::new(),
        sub_ids: i64::try_from(orders).expect("not so many"),
    };
    let mut lines: Vec<Line> = (0..orders).flat_map(|_| draw.order()).collect();
    draw.random.shuffle(&mut lines);
    lines
}

/// Draws a time from click to order, in seconds, mostly close to a window.
pub(crate) fn lag(random: &mut Random, windows: &[i64]) -> i64 {
    match random.between(1, 10) {
        1..=6 if !windows.is_empty() => random.pick(windows) + random.between(-1, 1),
        7 => 0,
        8 => -random.between(1, 3_600),
        _ => random.between(0, 40 * 86_400),
    }
}

/// Writes an instant in one of the accepted forms.
pub(crate) fn time_cell(random: &mut Random, program: &Program, at: Instant) -> String {
    let local = at.with_timezone(&program.zone);
    let odd = FixedOffset::east_opt(*random.pick(&[19_800, -12_600, 0, 50_400])).expect("valid");
    match random.between(1, 6) {
        1..=3 => local.format("%Y-%m-%d %H:%M:%S").to_string(),
        4 => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        5 => local.to_rfc3339_opts(SecondsFormat::Secs, false),
        _ => at.with_timezone(&odd).to_rfc3339_opts(SecondsFormat::Secs, false),
    }
}

struct Draw<'p> {
    program: &'p Program,
    pools: &'p Pools,
    random: Random,
    numbers: BTreeSet<String>,
    /// How many sub-ids there are beside the campaigns.
    sub_ids: i64,
}

impl Draw<'_> {
    fn order(&mut self) -> Vec<Line> {
        let mut lines = match self.random.between(1, 10) {
            1..=2 => self.capped_order(),
            _ => self.mixed_order(),
        };
        let order_no = self.order_no();
        let line_nos = self.line_nos(lines.len());
        for (line, line_no) in lines.iter_mut().zip(line_nos) {
            line.order_no.clone_from(&order_no);
            line.line_no = line_no;
        }
        lines
    }

    /// Lines that have little in common but the order.
    fn mixed_order(&mut self) -> Vec<Line> {
        let base = self.moment();
        let ungoverned = self.random.chance(3);
        let new = self.random.chance(55);
        let count = self.line_count();
        (0..count).map(|_| self.line(&base, ungoverned, new, false)).collect()
    }

    fn line_count(&mut self) -> i64 {
        match self.random.between(1, 10) {
            1..=4 => 1,
            5..=7 => self.random.between(2, 3),
            _ => self.random.between(4, 8),
        }
    }

    /// Lines whose commissions together fall on the cap, beside it or far above it, often in ties.
    fn capped_order(&mut self) -> Vec<Line> {
        let count = if self.random.chance(25) { 1 } else { self.random.between(2, 8) };
        let base = self.moment();
        let alike = self.random.chance(50);
        let first = self.earning_line(&base);
        let mut lines = Vec::new();
        for _ in 0..count {
            let line = if alike { first.clone() } else { self.earning_line(&base) };
            lines.push(line);
        }
        let factor = *self.random.pick(&[1, 1, 1, 2, 3, 7]);
        for line in &mut lines {
            self.price_at_cap(line, count, factor);
        }
        if let Some(line) = lines.first_mut().filter(|_| self.random.chance(50)) {
            "Y".clone_into(&mut line.new_buyer);
        }
        lines
    }

    /// Draws until the oracle finds a line with a rate.
    fn earning_line(&mut self, base: &str) -> Line {
        let mut line = Line::default();
        for _ in 0..30 {
            line = self.line(base, false, false, true);
            if self.outcome(&line).percent.is_some() {
                return line;
            }
        }
        line
    }

    fn outcome(&self, line: &Line) -> Outcome {
        judge_order(self.program, &Beside::default(), &[line]).remove(0)
    }

    fn price_at_cap(&mut self, line: &mut Line, count: i64, factor: i64) {
        let outcome = self.outcome(line);
        let version = self.program.versions.iter().find(|version| version.name == outcome.schedule);
        let cap = version.and_then(|version| version.text.get("cap")).and_then(Value::as_table);
        let (Some(percent), Some(cap)) = (outcome.percent.filter(|p| !p.is_zero()), cap) else {
            return;
        };
        let limit = decimal(text(cap, "per_order")).expect("an amount");
        let share =
            limit * Decimal::ONE_HUNDRED * Decimal::from(factor) / percent / Decimal::from(count);
        let price = share.round_dp_with_strategy(self.pools.decimals, RoundingStrategy::ToZero);
        let nudge = *self.random.pick(&[0, 0, 0, 0, 1, -1, 10, -10, 25]);
        let price = (price + Decimal::new(nudge, self.pools.decimals)).max(Decimal::ZERO);
        line.quantity.clear();
        line.refunded.clear();
        "0".clone_into(&mut line.service_fee);
        if line.product_price.is_empty() {
            line.final_amount.clear();
            line.paid_amount = price.to_string();
        } else {
            line.product_price = price.to_string();
            if !line.paid_amount.is_empty() {
                line.paid_amount = price.to_string();
                line.final_amount.clear();
            }
        }
    }

    /// Draws a line; a plain one mostly avoids whatever keeps it from earning.
    fn line(&mut self, base: &str, ungoverned: bool, new: bool, plain: bool) -> Line {
        let mut line = Line::default();
        self.set_times(&mut line, base, ungoverned, plain);
        self.set_amounts(&mut line, plain);
        self.set_places(&mut line, plain);
        self.set_kinds(&mut line, new);
        self.set_reported(&mut line);
        line.status = if plain {
            self.random.text(&["", "pending", "approved", "settled"])
        } else {
            self.random.text(&[
                "", "pending", "pending", "approved", "approved", "settled", "settled", "declined",
                "reversed", "approved", "settled", "pending",
            ])
        };
        line
    }

    fn set_times(&mut self, line: &mut Line, base: &str, ungoverned: bool, plain: bool) {
        let at = self.program.instant(base).expect("a filled cell");
        let governing = match self.random.between(1, 20) {
            _ if ungoverned => String::new(),
            1..=2 if !plain => String::new(),
            3 if !plain => self.beside(at, 1),
            4..=5 => {
                let by = self.random.between(0, 3 * 86_400);
                self.time_cell(at + TimeDelta::seconds(by))
            }
            _ => base.to_owned(),
        };
        line.ordered_at = self.sometime(at, -7_200, 0);
        line.paid_at = self.sometime(at, -3_600, 7_200);
        line.finished_at = self.sometime(at, 0, 20 * 86_400);
        line.updated_at = self.sometime(at, 0, 30 * 86_400);
        match self.program.governed_by.as_str() {
            "ordered" => line.ordered_at = governing,
            "paid" => line.paid_at = governing,
            _ => line.finished_at = governing,
        }
        if self.random.chance(if plain { 10 } else { 35 }) {
            line.clicked_at = self.click(line, at);
        }
    }

    fn click(&mut self, line: &Line, at: Instant) -> String {
        if self.random.chance(10) {
            return self.moment();
        }
        let ordered = self.program.instant(&line.ordered_at);
        let ordered = ordered.or(self.program.instant(&line.paid_at)).unwrap_or(at);
        let lag = lag(&mut self.random, &self.pools.windows);
        self.time_cell(ordered - TimeDelta::seconds(lag))
    }

    fn sometime(&mut self, at: Instant, from: i64, until: i64) -> String {
        if self.random.chance(25) {
            return String::new();
        }
        let by = self.random.between(from, until);
        self.time_cell(at + TimeDelta::seconds(by))
    }

    fn beside(&mut self, at: Instant, seconds: i64) -> String {
        let by = self.random.between(-seconds, seconds);
        self.time_cell(at + TimeDelta::seconds(by))
    }

    /// Draws an instant worth trying, as a cell.
    fn moment(&mut self) -> String {
        match self.random.between(1, 10) {
            1 => {
                let local = *self.random.pick(&self.pools.odd_locals);
                local.format("%Y-%m-%d %H:%M:%S").to_string()
            }
            2..=4 => {
                let edge = *self.random.pick(&self.pools.edges);
                self.time_cell(edge)
            }
            _ => {
                let (from, until) = *self.random.pick(&self.pools.spans);
                let length = (until - from).num_seconds();
                let at = from + TimeDelta::seconds(self.random.between(0, length));
                self.time_cell(at)
            }
        }
    }

    fn time_cell(&mut self, at: Instant) -> String {
        time_cell(&mut self.random, self.program, at)
    }

    fn set_amounts(&mut self, line: &mut Line, plain: bool) {
        line.quantity = self.random.text(&["", "", "", "", "1", "1", "2", "3", "10", "1000"]);
        let price = self.price();
        let paid = self.price();
        let shape = self.random.between(1, 20);
        if !matches!(shape, 1..=5) {
            line.product_price = self.money(price);
        }
        if matches!(shape, 2..=11) {
            line.paid_amount = self.money(paid);
        }
        if matches!(shape, 4..=6) {
            let last = self.price();
            line.final_amount = self.money(last);
        }
        if self.random.chance(40) {
            self.set_fee(line, paid);
        }
        if !plain && self.random.chance(25) {
            self.set_refund(line);
        }
    }

    fn set_fee(&mut self, line: &mut Line, paid: Decimal) {
        let percent = Decimal::from(*self.random.pick(&[0, 1, 5, 8]));
        let fee = paid * percent / Decimal::ONE_HUNDRED;
        let fee = fee.round_dp_with_strategy(self.pools.decimals, RoundingStrategy::ToZero);
        line.service_fee = self.money(fee);
    }

    fn set_refund(&mut self, line: &mut Line) {
        let price = decimal(&line.product_price)
            .map(|price| price * decimal(&line.quantity).unwrap_or(Decimal::ONE));
        let paid = decimal(&line.final_amount).or(decimal(&line.paid_amount));
        let whole = if self.random.chance(50) { price.or(paid) } else { paid.or(price) };
        let whole = whole.unwrap_or(Decimal::TEN);
        let smallest = Decimal::new(1, self.pools.decimals);
        let refund = match self.random.between(1, 8) {
            1 => Decimal::ZERO,
            2..=3 => whole,
            4 => whole - smallest,
            5 => smallest,
            6 => whole + smallest,
            _ => whole / Decimal::from(self.random.between(2, 9)),
        };
        let refund = refund.max(Decimal::ZERO);
        let refund = refund.round_dp_with_strategy(self.pools.decimals, RoundingStrategy::ToZero);
        line.refunded = self.money(refund);
    }

    fn price(&mut self) -> Decimal {
        let bounds = self.pools.price_bounds.clone();
        let smallest = Decimal::new(1, self.pools.decimals);
        let minor = match self.random.between(1, 20) {
            1..=4 if !bounds.is_empty() => {
                let nudge = Decimal::from(self.random.between(-1, 1));
                return self.random.pick(&bounds) + nudge * smallest;
            }
            1..=9 => self.random.between(0, 2_000),
            20 if self.random.chance(10) => self.random.between(1, self.largest_minor()),
            10..=17 => self.random.between(1, 50_000),
            _ => self.random.between(1, 2_000_000),
        };
        Decimal::new(minor, self.pools.decimals)
    }

    /// Returns what still can be taken a thousand times, were it in a currency with two decimals.
    fn largest_minor(&self) -> i64 {
        if self.pools.decimals == 0 { 40_000_000 } else { 4_000_000_000 }
    }

    /// Writes an amount, now and then without its trailing zeros.
    fn money(&mut self, amount: Decimal) -> String {
        let mut amount = amount;
        amount.rescale(self.pools.decimals);
        if self.random.chance(10) { amount.normalize().to_string() } else { amount.to_string() }
    }

    fn set_places(&mut self, line: &mut Line, plain: bool) {
        line.category = self.category();
        line.ship_to = self.named(|pools| &pools.countries, &["US", "JP", "NZ", "DE"], 70, 15);
        line.click_country = if self.random.chance(40) {
            line.ship_to.clone()
        } else {
            self.named(|pools| &pools.countries, &["US", "JP", "NZ", "DE"], 50, 30)
        };
        line.seller_country = self.named(|pools| &pools.seller_countries, &["US", "VN"], 78, 14);
        let named_hosts = if plain { 5 } else { 20 };
        line.host = self.named(|pools| &pools.hosts, &["www.example.org"], named_hosts, 40);
        line.store = self.named(|pools| &pools.stores, &["1", "77001"], 40, 30);
        let without = if self.pools.marked_rates { 0 } else { 20 };
        line.product = self.named(|pools| &pools.products, PRODUCTS, 30, without);
        self.set_currency(line, plain);
    }

    fn set_currency(&mut self, line: &mut Line, plain: bool) {
        let own = self.pools.currency.clone();
        line.currency = match self.random.between(1, 20) {
            1 if !plain => "EUR".to_owned(),
            2 if !plain => "NOK".to_owned(),
            3..=7 => String::new(),
            _ => own.clone(),
        };
        if self.random.chance(30) {
            line.amount_currency = own;
        }
    }

    fn category(&mut self) -> String {
        let pools = self.pools;
        let random = &mut self.random;
        match random.between(1, 20) {
            1..=8 if !pools.named_categories.is_empty() => {
                random.pick(&pools.named_categories).clone()
            }
            9..=13 if !pools.child_categories.is_empty() => {
                random.pick(&pools.child_categories).clone()
            }
            14 => "987654321".to_owned(),
            15..=17 => String::new(),
            _ => random.pick(&pools.all_categories).clone(),
        }
    }

    /// Draws what entries name, something else, or nothing, by parts in a hundred.
    fn named(
        &mut self,
        of: impl Fn(&Pools) -> &Vec<String>,
        others: &[&str],
        named: i64,
        nothing: i64,
    ) -> String {
        let drawn = self.random.between(1, 100);
        let list = of(self.pools);
        if drawn <= nothing {
            String::new()
        } else if drawn <= nothing + named && !list.is_empty() {
            self.random.pick(list).clone()
        } else {
            self.random.text(others)
        }
    }

    fn set_kinds(&mut self, line: &mut Line, new: bool) {
        line.new_buyer = self.random.text(if new { &["Y", "N", ""] } else { &["N", ""] });
        line.hot = self.random.text(&["", "", "", "N", "N", "Y"]);
        line.affiliate = self.random.text(&["", "N", "Y"]);
        line.platform = self.random.text(&["", "app", "app", "web"]);
        line.link = self.random.text(&["", "product", "product", "store", "other"]);
        line.coupon = self.random.text(&["", "Y", "N", "N"]);
        if self.random.chance(65) {
            line.placement = self.random.text(PLACEMENTS);
        }
        line.sub_id = match self.random.between(1, 10) {
            1..=3 => String::new(),
            4..=5 => self.random.text(CAMPAIGNS),
            _ => format!("c{}", self.random.between(1, self.sub_ids)),
        };
    }

    /// Reported figures are noise for all but a band.
    fn set_reported(&mut self, line: &mut Line) {
        let edges = self.pools.band_edges.clone();
        line.reported_rate = match self.random.between(1, 10) {
            1..=2 => String::new(),
            3..=6 if !edges.is_empty() => {
                let nudge = Decimal::new(self.random.between(-1, 1), 4);
                format!("{}%", (self.random.pick(&edges) + nudge).max(Decimal::ZERO))
            }
            _ => format!("{}%", Decimal::new(self.random.between(1, 1_000), 2)),
        };
        if self.random.chance(30) {
            let amount = self.price();
            line.reported_commission = self.money(amount);
            line.reported_incentive = self.money(Decimal::ONE);
            line.reported_bonus = self.money(Decimal::ONE);
        }
    }

    fn order_no(&mut self) -> String {
        loop {
            let number = self.any_number();
            if self.numbers.insert(number.clone()) {
                return number;
            }
        }
    }

    fn any_number(&mut self) -> String {
        let digits = self.random.between(0, 99_999);
        match self.random.between(1, 10) {
            1 => format!("{digits:07}"),
            2 => format!("A{digits}"),
            3 => format!("a{digits}"),
            4 => format!("{digits}x"),
            5 => format!("O-{digits:05}/Z"),
            6 => format!("81{digits:012}"),
            7 => format!("30123456789012{digits:05}"),
            _ => digits.to_string(),
        }
    }

    fn line_nos(&mut self, count: usize) -> Vec<String> {
        let start = *self.random.pick(&[1, 1, 1, 7, 98]);
        let style = self.random.between(1, 6);
        let mut numbers: Vec<String> = (start..)
            .take(count)
            .map(|at| match style {
                1 => format!("{at:02}"),
                2 if at % 2 == 0 => format!("b{at}"),
                3 => format!("3012345678901{at:05}"),
                _ => at.to_string(),
            })
            .collect();
        self.random.shuffle(&mut numbers);
        numbers
    }
}
