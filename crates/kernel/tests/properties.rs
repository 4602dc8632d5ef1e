//! What must hold of every order, on random ones. Without a dependency: a small generator with a
//! fixed seed per order; a failure prints the seed and the order.
//!
//! `FEEBOOK_SEED` (one seed, decimal) runs one order again, `FEEBOOK_ORDERS` sets how many.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use feebook_kernel::{
    BasisRule, Cap, CapScope, Cover, Covers, Effect, FeeCountry, Flagged, Line, Minor, Observer,
    Outcome, Ppm, Rate, Rounding, ServiceFee, Silent, State, Step, Terms, Verdict, WhenUnknown,
    evaluate, rate, settle,
};

// ---------------------------------------------------------------------------------------------
// Random orders.

/// Marsaglia's xorshift with a multiplied output: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Spread the seeds, so that neighbours do not give similar orders; zero would stay zero.
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Returns a number below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(((self.next() >> 32) * u64::from(bound)) >> 32).unwrap()
    }

    fn one_in(&mut self, bound: u32) -> bool {
        self.below(bound) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = self.below(u32::try_from(choices.len()).unwrap());
        choices[usize::try_from(at).unwrap()]
    }

    /// Returns an entry of a list of that length, rarely one beyond it.
    fn entry(&mut self, length: usize) -> u16 {
        u16::try_from(self.below(u32::try_from(length).unwrap() + 1)).unwrap()
    }

    fn maybe<T>(&mut self, one_in: u32, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(one_in).then(|| make(self))
    }

    /// Returns an amount: of cents, of everyday size, or up to the bound.
    fn money(&mut self) -> Minor {
        let amount = match self.below(16) {
            0 => 0,
            1..=4 => i64::from(self.below(10)),
            5..=13 => i64::from(self.below(200_000)),
            14 => i64::from(self.below(u32::MAX)),
            _ => Minor::MAX.get() - i64::from(self.below(3)),
        };
        Minor::new(amount).unwrap()
    }

    fn ppm(&mut self) -> Ppm {
        let ppm = match self.below(4) {
            0 => self.below(1_000_001),
            1 => 1_000_000 / self.of(&[1, 1, 2, 4]),
            _ => self.below(101) * 1_000,
        };
        Ppm::new(ppm).unwrap()
    }

    fn rate(&mut self) -> Rate {
        match self.below(14) {
            0 => Rate::Flat(self.money()),
            1 => Rate::Unknown,
            2 => Rate::Plugin,
            3 | 4 => {
                let (a, b) = (self.ppm(), self.ppm());
                Rate::Band { min: a.min(b), max: a.max(b) }
            }
            _ => Rate::Percent(self.ppm()),
        }
    }

    fn service_fee(&mut self) -> ServiceFee {
        let when_unknown = self.of(&[WhenUnknown::None, WhenUnknown::Max]);
        ServiceFee { max: self.ppm(), when_unknown }
    }

    fn cap(&mut self) -> Cap {
        let mut yes = || !self.one_in(3);
        let covers = Covers { commission: yes(), incentive: yes(), bonus: yes() };
        let limit = match self.below(4) {
            0 => self.money(),
            _ => Minor::new(i64::from(self.below(30_000))).unwrap(),
        };
        Cap { limit, covers, scope: self.of(&[CapScope::Order, CapScope::Line]) }
    }

    fn flag(&mut self) -> Flagged {
        let effect = self.of(&[Effect::Disqualify, Effect::Hold, Effect::WithholdBonus]);
        Flagged { effect, entry: self.maybe(2, |random| random.entry(9)) }
    }

    /// Returns a line of which most earn, and of which any cause of a refusal may hold.
    fn line(&mut self, rates: usize, bonuses: usize) -> Line {
        let earning = [State::Pending, State::Approved, State::Settled];
        let state = if self.one_in(10) {
            self.of(&[State::Declined, State::Reversed])
        } else {
            self.of(&earning)
        };
        Line {
            price: if self.one_in(4) { None } else { Some(self.money()) },
            quantity: if self.one_in(40) { u32::MAX } else { self.of(&[1, 1, 1, 1, 2, 3, 0]) },
            paid: self.maybe(2, Self::money),
            final_amount: self.maybe(4, Self::money),
            refunded: if self.one_in(10) { self.money() } else { Minor::ZERO },
            service_fee: self.maybe(4, Self::money),
            fee_country: self.of(&[FeeCountry::Unknown, FeeCountry::Inside, FeeCountry::Outside]),
            reported_rate: self.maybe(2, Self::ppm),
            unexchanged: self.one_in(40),
            paid_in_other_currency: self.one_in(30),
            lag: self.maybe(2, |random| i64::from(random.below(500_000)) - 1_000),
            window: self.maybe(2, |random| i64::from(random.of(&[0_u32, 259_200, 499_000]))),
            flag: self.maybe(8, Self::flag),
            exclusion: self.maybe(15, |random| random.entry(9)),
            rate: if self.one_in(30) {
                None
            } else if self.one_in(2) {
                Some(0)
            } else {
                Some(self.entry(rates))
            },
            undecided: self.maybe(30, |random| random.entry(rates)),
            bonus: self.maybe(2, |random| random.entry(bonuses)),
            ..Line::new(state)
        }
    }

    fn case(&mut self) -> Case {
        let rates: Vec<Rate> = (0..=self.below(4)).map(|_| self.rate()).collect();
        let bonuses: Vec<Minor> = (0..self.below(3)).map(|_| self.money()).collect();
        let many = if self.one_in(20) { 60 } else { 7 };
        let mut lines: Vec<Line> =
            (0..=self.below(many)).map(|_| self.line(rates.len(), bonuses.len())).collect();
        // Equal lines give the ties that a random draw hardly ever gives.
        for at in 1..lines.len() {
            if self.one_in(3) {
                lines[at] = lines[at - 1];
            }
        }
        let plugin = lines.iter().map(|_| self.maybe(2, Self::money)).collect();
        let incentives = lines.iter().map(|_| self.maybe(3, Self::money)).collect();
        let service_fee = self.maybe(2, Self::service_fee);
        let cap = if self.one_in(4) { None } else { Some(self.cap()) };
        Case {
            basis: self.of(&[BasisRule::ProductPrice, BasisRule::PaidAmount]),
            rounding: self.of(&[Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven]),
            cover: Governed::Terms,
            bonus_without_commission: self.one_in(3),
            rates,
            bonuses,
            service_fee,
            cap,
            lines,
            plugin,
            incentives,
        }
        .covered(self.below(20))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Governed {
    Terms,
    Uncovered,
    NotYet,
}

/// An order, its terms, and what a plugin does to it.
#[derive(Clone, Debug)]
struct Case {
    basis: BasisRule,
    rounding: Rounding,
    cover: Governed,
    rates: Vec<Rate>,
    bonuses: Vec<Minor>,
    service_fee: Option<ServiceFee>,
    cap: Option<Cap>,
    bonus_without_commission: bool,
    lines: Vec<Line>,
    plugin: Vec<Option<Minor>>,
    incentives: Vec<Option<Minor>>,
}

impl Case {
    fn covered(self, draw: u32) -> Self {
        let cover = match draw {
            0 => Governed::Uncovered,
            1 => Governed::NotYet,
            _ => Governed::Terms,
        };
        Self { cover, ..self }
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            service_fee: self.service_fee,
            bonuses: &self.bonuses,
            cap: self.cap,
            bonus_without_commission: self.bonus_without_commission,
            ..Terms::new(self.basis, self.rounding, &self.rates)
        }
    }

    fn cover<'t>(&self, terms: &'t Terms<'t>) -> Cover<'t> {
        match self.cover {
            Governed::Terms => Cover::Terms(terms),
            Governed::Uncovered => Cover::Uncovered,
            Governed::NotYet => Cover::NotYetGoverned,
        }
    }

    /// Puts in what the plugin sets and adds.
    fn speak(&self, outcomes: &mut [Outcome]) {
        for ((outcome, plugin), incentive) in
            outcomes.iter_mut().zip(&self.plugin).zip(&self.incentives)
        {
            if let Some(commission) = *plugin {
                outcome.set_commission(commission);
            }
            outcome.incentive = incentive.unwrap_or_default();
        }
    }

    /// Evaluates with the plugin between the passes, on outcomes that hold what `before` left.
    fn evaluated<O: Observer>(&self, before: Outcome, observer: &mut O) -> Vec<Outcome> {
        let terms = self.terms();
        let mut outcomes = vec![before; self.lines.len()];
        rate(self.cover(&terms), &self.lines, &mut outcomes, observer);
        self.speak(&mut outcomes);
        settle(self.cover(&terms), &self.lines, &mut outcomes, observer);
        outcomes
    }

    /// Returns the order with its lines in another order.
    fn permuted(&self, places: &[usize]) -> Self {
        Self {
            lines: places.iter().map(|&at| self.lines[at]).collect(),
            plugin: places.iter().map(|&at| self.plugin[at]).collect(),
            incentives: places.iter().map(|&at| self.incentives[at]).collect(),
            ..self.clone()
        }
    }

    /// Returns the groups of lines that the cap is counted over, and their covered amounts.
    fn capped(&self, outcomes: &[Outcome]) -> Vec<(Cap, std::ops::Range<usize>, Vec<i64>)> {
        let (Some(cap), Governed::Terms) = (self.cap, self.cover) else { return Vec::new() };
        let groups: Vec<_> = match cap.scope {
            CapScope::Order => std::iter::once(0..outcomes.len()).collect(),
            CapScope::Line => (0..outcomes.len()).map(|at| at..at + 1).collect(),
        };
        let amounts = |group: &std::ops::Range<usize>| {
            outcomes[group.clone()].iter().map(|outcome| covered(&cap, outcome)).collect()
        };
        groups.into_iter().map(|group| (cap, group.clone(), amounts(&group))).collect()
    }
}

/// What the cap covers of a line.
fn covered(cap: &Cap, outcome: &Outcome) -> i64 {
    if !outcome.computed {
        return 0;
    }
    [
        (cap.covers.commission, outcome.commission),
        (cap.covers.incentive, outcome.incentive),
        (cap.covers.bonus, outcome.bonus),
    ]
    .iter()
    .map(|(counts, amount)| if *counts { amount.get() } else { 0 })
    .sum()
}

/// Records the steps.
#[derive(Default)]
struct Trail(Vec<(usize, Step)>);

impl Observer for Trail {
    fn step(&mut self, line: usize, step: Step) {
        self.0.push((line, step));
    }
}

// ---------------------------------------------------------------------------------------------
// Running them.

/// The seeds to run: one, or so many.
fn seeds() -> std::ops::Range<u64> {
    let read = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match read("FEEBOOK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..read("FEEBOOK_ORDERS").unwrap_or(20_000),
    }
}

/// Runs a property on many orders; a failure prints the seed and the order.
fn for_orders(property: impl Fn(&mut Random, &Case)) {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let case = random.case();
        let run = catch_unwind(AssertUnwindSafe(|| property(&mut random, &case)));
        if let Err(panic) = run {
            eprintln!("FEEBOOK_SEED={seed}\n{case:#?}");
            resume_unwind(panic);
        }
    }
}

/// Orders on which nothing happens prove nothing.
#[test]
fn the_orders_are_varied() {
    let mut seen = [0_u32; 8];
    let (mut bites, mut shared, mut bonus, mut plugin, mut incentive) = (0, 0, 0, 0, 0);
    for seed in 0..20_000 {
        let case = Random::new(seed).case();
        let outcomes = case.evaluated(Outcome::default(), &mut Silent);
        for outcome in &outcomes {
            let at = Verdict::ALL.iter().position(|verdict| *verdict == outcome.verdict);
            seen[at.unwrap()] += 1;
        }
        let count = |holds: fn(&Outcome) -> bool| outcomes.iter().filter(|o| holds(o)).count();
        bites += u32::from(count(|outcome| outcome.withheld > Minor::ZERO) > 0);
        shared += u32::from(count(|outcome| outcome.withheld > Minor::ZERO) > 1);
        bonus += u32::from(count(|outcome| outcome.bonus > Minor::ZERO) > 0);
        plugin += count(|outcome| outcome.reason.word() == "plugin");
        incentive += count(|outcome| outcome.incentive > Minor::ZERO);
    }
    println!(
        "{seen:?}; cap bites {bites}, shares {shared}, bonus {bonus}, plugin {plugin}, incentive {incentive}"
    );
    assert!(seen.iter().all(|&count| count > 1_000), "{seen:?}");
    assert!(
        bites > 2_000 && shared > 1_000 && bonus > 1_000 && plugin > 1_000 && incentive > 1_000
    );
}

// ---------------------------------------------------------------------------------------------
// Properties.

#[test]
fn who_looks_on_changes_nothing() {
    for_orders(|_, case| {
        let silent = case.evaluated(Outcome::default(), &mut Silent);
        assert_eq!(case.evaluated(Outcome::default(), &mut Trail::default()), silent);
    });
}

#[test]
fn the_steps_sum_to_the_total() {
    for_orders(|_, case| {
        let mut trail = Trail::default();
        let outcomes = case.evaluated(Outcome::default(), &mut trail);
        for (index, outcome) in outcomes.iter().enumerate() {
            let steps = || trail.0.iter().filter(|(at, _)| *at == index).map(|(_, step)| *step);
            let sum: i64 = steps().map(|step| adds(&step)).sum();
            assert_eq!(sum, outcome.total(), "line {index}");
            let mut told = steps().filter_map(|step| match step {
                Step::Verdict { verdict, reason, decided } => Some((verdict, reason, decided)),
                _ => None,
            });
            let last = (outcome.verdict, outcome.reason, outcome.decided);
            assert_eq!(told.next_back(), Some(last), "line {index}");
            let basis = steps().find_map(|step| match step {
                Step::Basis { basis, .. } => Some(basis),
                _ => None,
            });
            assert_eq!(basis, outcome.basis, "line {index}");
        }
    });
}

/// What a step adds to what its line earns.
fn adds(step: &Step) -> i64 {
    match *step {
        Step::Verdict { .. } | Step::Basis { .. } | Step::CapMightBite => 0,
        Step::Commission { commission, .. } => commission.get(),
        Step::Incentive { incentive } => incentive.get(),
        Step::Bonus { bonus, .. } => bonus.get(),
        Step::Cap { line_withheld, .. } => -line_withheld.get(),
    }
}

#[test]
fn the_basis_step_adds_up() {
    for_orders(|_, case| {
        let mut trail = Trail::default();
        case.evaluated(Outcome::default(), &mut trail);
        for (_, step) in trail.0 {
            if let Step::Basis { gross, fee, refunded, basis, .. } = step {
                assert_eq!(gross.less(fee).less(refunded), basis);
                assert!(fee <= gross);
            }
        }
    });
}

#[test]
fn the_cap_is_kept_and_shared_exactly() {
    for_orders(|_, case| {
        let outcomes = case.evaluated(Outcome::default(), &mut Silent);
        let groups = case.capped(&outcomes);
        if groups.is_empty() {
            assert!(outcomes.iter().all(|outcome| outcome.withheld == Minor::ZERO));
        }
        for (cap, group, amounts) in groups {
            let withheld: Vec<i64> =
                outcomes[group].iter().map(|outcome| outcome.withheld.get()).collect();
            check_shares(cap.limit.get(), &amounts, &withheld);
            assert_eq!(withheld, by_sorting(cap.limit.get(), &amounts));
        }
    });
}

/// Checks what is withheld against the rule, not against another way to compute it.
fn check_shares(limit: i64, amounts: &[i64], withheld: &[i64]) {
    let whole: i64 = amounts.iter().sum();
    let excess = (whole - limit).max(0);
    assert_eq!(withheld.iter().sum::<i64>(), excess, "the parts sum to the excess");
    assert!(whole - withheld.iter().sum::<i64>() <= limit, "the cap is kept");
    for (&amount, &part) in amounts.iter().zip(withheld) {
        assert!((0..=amount).contains(&part), "{part} withheld of {amount}");
        // |part - amount x excess / whole| < 1, without a fraction.
        let apart = i128::from(part) * i128::from(whole) - i128::from(amount) * i128::from(excess);
        assert!(
            excess == 0 || apart.abs() < i128::from(whole),
            "{part} of {amount} is not its share"
        );
    }
}

/// Largest remainder as the textbook has it: sort the remainders, a tie by the place.
fn by_sorting(limit: i64, amounts: &[i64]) -> Vec<i64> {
    let whole: i64 = amounts.iter().sum();
    let excess = (whole - limit).max(0);
    if excess == 0 {
        return vec![0; amounts.len()];
    }
    let product = |amount: i64| i128::from(amount) * i128::from(excess);
    let mut parts: Vec<i64> = amounts
        .iter()
        .map(|&amount| i64::try_from(product(amount) / i128::from(whole)).unwrap())
        .collect();
    let mut places: Vec<usize> = (0..amounts.len()).collect();
    places.sort_by_key(|&at| (-(product(amounts[at]) % i128::from(whole)), at));
    let left = usize::try_from(excess - parts.iter().sum::<i64>()).unwrap();
    for &at in &places[..left] {
        parts[at] += 1;
    }
    parts
}

#[test]
fn what_earns_nothing_is_nothing_and_nobody_owes() {
    for_orders(|_, case| {
        for (line, outcome) in
            case.lines.iter().zip(case.evaluated(Outcome::default(), &mut Silent))
        {
            assert!(outcome.total() >= 0);
            let may_earn = match outcome.verdict {
                Verdict::Commissionable => true,
                Verdict::Held => outcome.computed,
                _ => false,
            };
            assert_eq!(outcome.computed, may_earn);
            // The bonus without a commission is all that an excluded line can have.
            let bonus = outcome.verdict == Verdict::Excluded && case.bonus_without_commission;
            if !may_earn {
                let nothing = Outcome {
                    verdict: outcome.verdict,
                    reason: outcome.reason,
                    decided: outcome.decided,
                    basis: outcome.basis.filter(|_| outcome.reason.word() == "plugin_silent"),
                    bonus: if bonus { outcome.bonus } else { Minor::ZERO },
                    bonus_entry: outcome.bonus_entry.filter(|_| bonus),
                    ..Outcome::default()
                };
                assert_eq!(outcome, nothing);
            }
            if line.flag.is_some_and(|flag| flag.effect == Effect::WithholdBonus) {
                assert_eq!((outcome.bonus, outcome.incentive), (Minor::ZERO, Minor::ZERO));
            }
        }
    });
}

#[test]
fn there_is_one_bonus() {
    for_orders(|_, case| {
        let outcomes = case.evaluated(Outcome::default(), &mut Silent);
        let with: Vec<usize> =
            (0..outcomes.len()).filter(|&at| outcomes[at].bonus_entry.is_some()).collect();
        assert!(with.len() <= 1);
        assert!(outcomes.iter().all(|o| o.bonus_entry.is_some() || o.bonus == Minor::ZERO));
        let Some(&at) = with.first() else { return };
        assert_eq!(outcomes[at].bonus_entry, case.lines[at].bonus);
        let earns = |outcome: &Outcome| outcome.computed;
        let excluded = |outcome: &Outcome| outcome.verdict == Verdict::Excluded;
        let first = outcomes.iter().position(earns);
        assert_eq!(Some(at), first.or(outcomes.iter().position(excluded)));
    });
}

#[test]
fn what_stood_in_the_outcomes_before_does_not_matter() {
    let mut before = Outcome::default();
    for seed in seeds() {
        let case = Random::new(seed).case();
        let clean = case.evaluated(Outcome::default(), &mut Silent);
        assert_eq!(case.evaluated(before, &mut Silent), clean, "FEEBOOK_SEED={seed}");
        before = clean[0];
    }
}

#[test]
fn orders_may_share_a_batch() {
    for_orders(|random, case| {
        // The lines of several orders under the same terms, one after the other.
        let terms = case.terms();
        let cover = case.cover(&terms);
        let mut cuts: Vec<usize> = vec![0, case.lines.len()];
        for _ in 0..random.below(4) {
            let at = random.below(u32::try_from(case.lines.len()).unwrap() + 1);
            cuts.push(usize::try_from(at).unwrap());
        }
        cuts.sort_unstable();
        let orders: Vec<_> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();

        let mut alone = vec![Outcome::default(); case.lines.len()];
        for order in &orders {
            let (lines, outcomes) = (&case.lines[order.clone()], &mut alone[order.clone()]);
            evaluate(cover, lines, outcomes, &mut Silent);
        }
        let mut batch = vec![Outcome::default(); case.lines.len()];
        rate(cover, &case.lines, &mut batch, &mut Silent);
        for order in orders.iter().rev() {
            settle(cover, &case.lines[order.clone()], &mut batch[order.clone()], &mut Silent);
        }
        assert_eq!(batch, alone, "cut at {cuts:?}");
    });
}

#[test]
fn the_order_of_lines_decides_ties_and_the_bonus_only() {
    let compared = std::cell::Cell::new(0);
    for_orders(|random, case| {
        let case = Case { bonuses: Vec::new(), ..case.clone() };
        let outcomes = case.evaluated(Outcome::default(), &mut Silent);
        if has_ties(&case, &outcomes) {
            return;
        }
        let mut places: Vec<usize> = (0..case.lines.len()).collect();
        for at in (1..places.len()).rev() {
            let other = random.below(u32::try_from(at).unwrap() + 1);
            places.swap(at, usize::try_from(other).unwrap());
        }
        let permuted = case.permuted(&places).evaluated(Outcome::default(), &mut Silent);
        let expected: Vec<Outcome> = places.iter().map(|&at| outcomes[at]).collect();
        assert_eq!(permuted, expected, "in the order {places:?}");
        compared.set(compared.get() + u64::from(places.len() > 1));
    });
    let orders = seeds().end - seeds().start;
    assert!(orders == 1 || compared.get() > orders / 4, "{compared:?} of {orders} compared");
}

/// Whether two lines under one cap have the same remainder and not the same part.
fn has_ties(case: &Case, outcomes: &[Outcome]) -> bool {
    case.capped(outcomes).iter().any(|(cap, _, amounts)| {
        let whole: i64 = amounts.iter().sum();
        let excess = whole - cap.limit.get();
        if excess <= 0 {
            return false;
        }
        let remainder = |amount: &i64| i128::from(*amount) * i128::from(excess) % i128::from(whole);
        let mut remainders: Vec<i128> = amounts.iter().map(remainder).filter(|&r| r > 0).collect();
        let all = remainders.len();
        remainders.sort_unstable();
        remainders.dedup();
        remainders.len() < all
    })
}

#[test]
fn a_line_alone_is_as_in_its_order_but_for_bonus_and_cap() {
    for_orders(|_, case| {
        let terms = case.terms();
        let mut together = vec![Outcome::default(); case.lines.len()];
        rate(case.cover(&terms), &case.lines, &mut together, &mut Silent);
        for (line, expected) in case.lines.iter().zip(together) {
            let mut alone = [Outcome::default()];
            rate(case.cover(&terms), &[*line], &mut alone, &mut Silent);
            assert_eq!(alone[0], expected);
        }
    });
}

#[test]
fn the_reported_rate_counts_for_a_band_only() {
    for_orders(|_, case| {
        let unreported = |line: &Line| {
            let entry = line.rate.and_then(|entry| case.rates.get(usize::from(entry)));
            match entry {
                Some(Rate::Band { .. }) => *line,
                _ => Line { reported_rate: None, ..*line },
            }
        };
        let lines = case.lines.iter().map(unreported).collect();
        let without = Case { lines, ..case.clone() };
        assert_eq!(
            without.evaluated(Outcome::default(), &mut Silent),
            case.evaluated(Outcome::default(), &mut Silent)
        );
    });
}

#[test]
fn settling_twice_is_settling_once() {
    for_orders(|_, case| {
        let terms = case.terms();
        let once = case.evaluated(Outcome::default(), &mut Silent);
        let mut twice = once.clone();
        settle(case.cover(&terms), &case.lines, &mut twice, &mut Silent);
        assert_eq!(twice, once);
    });
}

// ---------------------------------------------------------------------------------------------
// One order of a hundred thousand lines.

/// Returns an order of so many lines at 100 %, capped at `limit`, priced by `price`.
fn large(lines: u32, limit: i64, price: impl FnMut(u32) -> i64) -> (Vec<i64>, Vec<i64>) {
    let rates = [Rate::Percent(Ppm::ONE)];
    let terms = Terms {
        cap: Some(Cap {
            limit: Minor::new(limit).unwrap(),
            covers: Covers { commission: true, incentive: false, bonus: false },
            scope: CapScope::Order,
        }),
        ..Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates)
    };
    let lines: Vec<Line> = (0..lines)
        .map(price)
        .map(|price| Line { price: Minor::new(price), rate: Some(0), ..Line::new(State::Pending) })
        .collect();
    let mut outcomes = vec![Outcome::default(); lines.len()];
    let start = std::time::Instant::now();
    evaluate(Cover::Terms(&terms), &lines, &mut outcomes, &mut Silent);
    println!("{} lines in {:?}", lines.len(), start.elapsed());
    let amounts = outcomes.iter().map(|outcome| outcome.commission.get()).collect();
    (amounts, outcomes.iter().map(|outcome| outcome.withheld.get()).collect())
}

#[test]
fn a_hundred_thousand_lines_of_all_sizes_share_exactly() {
    let mut random = Random::new(1);
    let limit = 5_000_000;
    let (amounts, withheld) = large(100_000, limit, |_| i64::from(random.below(100_000)));
    check_shares(limit, &amounts, &withheld);
    assert_eq!(withheld, by_sorting(limit, &amounts));
}

#[test]
fn a_hundred_thousand_equal_lines_give_the_cents_to_the_lowest() {
    let limit = 12_345_678;
    let (amounts, withheld) = large(100_000, limit, |_| 1_999);
    check_shares(limit, &amounts, &withheld);
    assert!(withheld.is_sorted_by(|lower, higher| lower >= higher));
}

#[test]
fn a_hundred_thousand_lines_of_the_greatest_amount_share_exactly() {
    let limit = Minor::MAX.get() - 1;
    let (amounts, withheld) = large(100_000, limit, |at| Minor::MAX.get() - i64::from(at % 7));
    check_shares(limit, &amounts, &withheld);
    assert_eq!(withheld, by_sorting(limit, &amounts));
}

#[test]
fn more_than_an_integer_can_sum_neither_panics_nor_wraps() {
    let rates = [Rate::Percent(Ppm::ONE)];
    let terms = Terms {
        cap: Some(Cap {
            limit: Minor::MAX,
            covers: Covers { commission: true, incentive: true, bonus: true },
            scope: CapScope::Order,
        }),
        ..Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates)
    };
    let line = Line { price: Some(Minor::MAX), rate: Some(0), ..Line::new(State::Pending) };
    let lines = vec![line; 1_200_000];
    let mut outcomes = vec![Outcome::default(); lines.len()];
    rate(Cover::Terms(&terms), &lines, &mut outcomes, &mut Silent);
    for outcome in &mut outcomes {
        outcome.incentive = Minor::MAX;
    }
    settle(Cover::Terms(&terms), &lines, &mut outcomes, &mut Silent);
    let total: i128 = outcomes.iter().map(|outcome| i128::from(outcome.total())).sum();
    assert!(outcomes.iter().all(|outcome| outcome.total() >= 0));
    assert_eq!(total, i128::from(Minor::MAX.get()));
}
