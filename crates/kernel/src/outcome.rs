//! What a line earns and why: the verdict, the reason, what decided, and the amounts.
//!
//! Refuses: sentences. Words for people are made by whoever shows an outcome.

use crate::money::{Minor, Ppm};

/// Why a line earns what it earns, in order of precedence: the first that holds is the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// No version of the terms holds the order's governing instant.
    #[default]
    Uncovered = 0,
    /// Declined, fully refunded or reversed: earns 0.
    Declined = 1,
    /// A flag disqualifies the line: earns 0.
    Disqualified = 2,
    /// Ordered later after the click than the window allows: earns 0.
    OutsideWindow = 3,
    /// An exclusion of the terms: earns 0.
    Excluded = 4,
    /// Computed, but held back by a flag.
    Held = 5,
    /// The terms or the facts do not let us say; never a silent 0.
    Unverifiable = 6,
    /// Earns its commission.
    Commissionable = 7,
}

impl Verdict {
    /// All verdicts in order of precedence.
    pub const ALL: [Self; 8] = [
        Self::Uncovered,
        Self::Declined,
        Self::Disqualified,
        Self::OutsideWindow,
        Self::Excluded,
        Self::Held,
        Self::Unverifiable,
        Self::Commissionable,
    ];

    /// Returns the word for the verdict.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Uncovered => "uncovered",
            Self::Declined => "declined",
            Self::Disqualified => "disqualified",
            Self::OutsideWindow => "outside_window",
            Self::Excluded => "excluded",
            Self::Held => "held",
            Self::Unverifiable => "unverifiable",
            Self::Commissionable => "commissionable",
        }
    }
}

/// The cause behind a verdict. Numbers are stable and never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Reason {
    /// No version covers the governing instant.
    #[default]
    NoCover = 1,
    /// The network declined the line.
    Declined = 10,
    /// The network took the line back.
    Reversed = 11,
    /// The refunds leave no basis.
    FullyRefunded = 12,
    /// A flag.
    Flag = 20,
    /// The click is older than the attribution window.
    LateOrder = 30,
    /// An `[[exclude]]` entry; it carries the reason's own name.
    ExcludeEntry = 40,
    /// The buyer paid in another currency than the policy's.
    PaidCurrency = 41,
    /// No line of the order has the instant that picks the version.
    NotYetGoverned = 50,
    /// The amounts are in another currency and no exchange rate is known.
    NoExchangeRate = 51,
    /// The report has neither a price nor a paid amount that the policy's basis can use.
    NoAmount = 52,
    /// An earlier rate entry would decide otherwise if a fact were known.
    MissingFact = 53,
    /// No rate entry matches.
    NoRate = 54,
    /// The rate of the entry that matches is lost.
    RateLost = 55,
    /// The seller sets the rate and the report has none.
    BandWithoutReport = 56,
    /// The seller sets the rate and the reported one is outside the band.
    BandExceeded = 57,
    /// The plugin that sets the commission has not spoken.
    PluginSilent = 58,
    /// There are no terms of the program.
    NoTerms = 59,
    /// A percent of the basis.
    Percent = 70,
    /// A flat amount per line.
    Flat = 71,
    /// The reported rate, which lies inside the band of the terms.
    BandReported = 72,
    /// The plugin's amount.
    Plugin = 73,
}

impl Reason {
    /// All reasons, for tables and docs.
    pub const ALL: [Self; 22] = [
        Self::NoCover,
        Self::Declined,
        Self::Reversed,
        Self::FullyRefunded,
        Self::Flag,
        Self::LateOrder,
        Self::ExcludeEntry,
        Self::PaidCurrency,
        Self::NotYetGoverned,
        Self::NoExchangeRate,
        Self::NoAmount,
        Self::MissingFact,
        Self::NoRate,
        Self::RateLost,
        Self::BandWithoutReport,
        Self::BandExceeded,
        Self::PluginSilent,
        Self::NoTerms,
        Self::Percent,
        Self::Flat,
        Self::BandReported,
        Self::Plugin,
    ];

    /// Returns the word for the reason.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoCover => "no_cover",
            Self::Declined => "declined",
            Self::Reversed => "reversed",
            Self::FullyRefunded => "fully_refunded",
            Self::Flag => "flag",
            Self::LateOrder => "late_order",
            Self::ExcludeEntry => "exclusion",
            Self::PaidCurrency => "paid_currency",
            Self::NotYetGoverned => "not_yet_governed",
            Self::NoExchangeRate => "no_exchange_rate",
            Self::NoAmount => "no_amount",
            Self::MissingFact => "missing_fact",
            Self::NoRate => "no_rate",
            Self::RateLost => "rate_lost",
            Self::BandWithoutReport => "band_without_report",
            Self::BandExceeded => "band_exceeded",
            Self::PluginSilent => "plugin_silent",
            Self::NoTerms => "no_terms",
            Self::Percent => "percent",
            Self::Flat => "flat",
            Self::BandReported => "band_reported",
            Self::Plugin => "plugin",
        }
    }
}

/// The entry or policy whose clause is cited for a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Decided {
    /// Nothing in the terms: there are none, or none match.
    #[default]
    Nothing,
    /// `policy.clauses.qualified`.
    Qualified,
    /// A `[[flag]]` entry; none when the program decided by itself.
    Flag(Option<u16>),
    /// `policy.clauses.attribution_window`.
    Window,
    /// An `[[exclude]]` entry.
    Exclude(u16),
    /// `policy.clauses.currency`.
    Currency,
    /// A `[[rate]]` entry.
    Rate(u16),
}

/// What one line earns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The cause behind it. Of a held line `decided` names the flag, and this says how its
    /// commission came about or why it cannot be said.
    pub reason: Reason,
    /// What in the terms decided.
    pub decided: Decided,
    /// The commissionable amount; none where the verdict earns 0 or cannot say, but known of a
    /// line that waits for its plugin.
    pub basis: Option<Minor>,
    /// The rate used; none for a flat amount and for a plugin's.
    pub rate: Option<Ppm>,
    /// Whether the amounts below are known: commissionable, or held and computable.
    pub computed: bool,
    /// Rate x basis, before the cap.
    pub commission: Minor,
    /// The plugin's addition, before the cap.
    pub incentive: Minor,
    /// The bonus, before the cap.
    pub bonus: Minor,
    /// The `[[bonus]]` entry that gave it.
    pub bonus_entry: Option<u16>,
    /// What the cap took from this line.
    pub withheld: Minor,
}

impl Outcome {
    /// Takes the commission that the schedule's plugin set, between `rate` and `settle`.
    ///
    /// Only a line whose rate entry says `plugin`, and which nothing refuses, takes one: of any
    /// other it returns false and changes nothing. A held line stays held.
    pub fn set_commission(&mut self, commission: Minor) -> bool {
        if !matches!(self.reason, Reason::PluginSilent | Reason::Plugin) {
            return false;
        }
        if self.verdict == Verdict::Unverifiable {
            self.verdict = Verdict::Commissionable;
        }
        self.reason = Reason::Plugin;
        self.computed = true;
        self.commission = commission;
        true
    }

    /// Leaves open what the line earns, because the schedule's plugin cannot say what it adds or
    /// sets, between `rate` and `settle`.
    ///
    /// Only a line that would earn something can be left open: of any other it returns false and
    /// changes nothing. A held line stays held.
    pub fn leave_open(&mut self) -> bool {
        let silent = matches!(self.reason, Reason::PluginSilent | Reason::Plugin);
        if !self.computed && !silent {
            return false;
        }
        if self.verdict == Verdict::Commissionable {
            self.verdict = Verdict::Unverifiable;
        }
        self.reason = Reason::PluginSilent;
        self.computed = false;
        self.rate = None;
        self.commission = Minor::ZERO;
        self.incentive = Minor::ZERO;
        true
    }

    /// Whether it can be said what the line earns: an amount, or nothing.
    pub const fn is_known(&self) -> bool {
        match self.verdict {
            Verdict::Uncovered | Verdict::Unverifiable => false,
            Verdict::Held => self.computed,
            _ => true,
        }
    }

    /// Returns what the line earns in minor units: commission, incentive and bonus less what the
    /// cap withheld.
    pub const fn total(&self) -> i64 {
        self.commission.get() + self.incentive.get() + self.bonus.get() - self.withheld.get()
    }
}
