//! One version of a program's terms: its dates, policies and entries, each with its place and
//! clause.
//!
//! Refuses: to read files (`version_file` does), to match lines (`matching` does), and to compute
//! amounts (the kernel does).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{BasisRule, Cap, Decided, Effect, Minor, Rate, Rounding, ServiceFee, Terms};

use crate::condition::{Condition, Group};
use crate::diagnostic::Place;
use crate::dimension::Dimension;
use crate::iso::Currency;
use crate::matcher::Matcher;
use crate::plugin_file::PluginUse;
use crate::source::Source;
use crate::tree::Tree;

/// Whether the terms say what the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As the source states it.
    Confirmed,
    /// The notice said "about", or a date is inferred.
    Estimated,
}

impl Status {
    /// Returns the word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Estimated => "estimated",
        }
    }
}

/// The day whose exchange rate converts amounts (`policy.fx_on`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FxOn {
    /// The order's governing day.
    Governing,
    /// The day the line was settled.
    Settled,
    /// The day of the payout.
    PaidOut,
}

impl FxOn {
    /// Returns the word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Governing => "governing",
            Self::Settled => "settled",
            Self::PaidOut => "paid_out",
        }
    }
}

/// Something the prose leaves open, and why the file says what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The key, such as `policy.rounding`.
    pub key: String,
    /// A word why.
    pub why: String,
    /// The other reading that the file states, as its TOML says it, in one line.
    pub or: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// One `[[exclude]]`, `[[rate]]`, `[[bonus]]` or `[[flag]]`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The clause of the source.
    pub clause: Option<String>,
    /// The reason, the rate (`6.3%`, `band 0.8%..70%`, `unknown`, `plugin`, `flat 1.00`), the
    /// bonus amount, or the kind of flag.
    pub label: String,
    /// Where the entry begins.
    pub place: Place,
    /// The groups it names.
    pub groups: Vec<String>,
    /// The conditions in words; empty when it holds for all.
    pub words: String,
    pub(crate) conditions: Vec<Condition>,
}

impl Entry {
    /// Returns the facts that the entry asks for.
    pub fn dimensions(&self) -> Vec<Dimension> {
        let asks = |d: &Dimension| self.conditions.iter().any(|c| c.dimension == *d);
        Dimension::ALL.into_iter().filter(asks).collect()
    }
}

/// What the head of a version says about the file itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    pub(crate) announced_on: Option<NaiveDate>,
    pub(crate) learned_on: Option<NaiveDate>,
    pub(crate) checked_on: Option<NaiveDate>,
    pub(crate) supersedes: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) note: String,
    pub(crate) tree: Option<String>,
}

/// `[policy]`, and the fee's countries in words.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) basis: BasisRule,
    pub(crate) currency: Currency,
    pub(crate) rounding: Rounding,
    pub(crate) window: Option<i64>,
    pub(crate) service_fee: Option<ServiceFee>,
    pub(crate) fee_countries: Vec<Condition>,
    pub(crate) fx_on: Option<FxOn>,
    pub(crate) bonus_without_commission: bool,
    pub(crate) expires_after: Option<i64>,
}

/// One version of a program's terms.
#[derive(Clone, Debug)]
pub struct Version {
    pub(crate) id: String,
    pub(crate) source: Source,
    pub(crate) header: Header,
    pub(crate) start: i64,
    pub(crate) own_end: Option<i64>,
    pub(crate) end: Option<i64>,
    pub(crate) policy: Policy,
    pub(crate) groups: Vec<Group>,
    pub(crate) excludes: Vec<Entry>,
    pub(crate) rates: Vec<Entry>,
    pub(crate) bonuses: Vec<Entry>,
    pub(crate) flags: Vec<Entry>,
    pub(crate) rate_values: Vec<Rate>,
    pub(crate) bonus_values: Vec<Minor>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) cap: Option<Cap>,
    pub(crate) cap_clause: Option<String>,
    pub(crate) plugin: Option<PluginUse>,
    pub(crate) clauses: Vec<(String, String)>,
    pub(crate) assumed: Vec<Assumed>,
    pub(crate) places: BTreeMap<String, Place>,
    pub(crate) tree: Option<Arc<Tree>>,
    pub(crate) matcher: Arc<Matcher>,
}

impl Version {
    /// Returns the file's name without `.toml`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the instant the version takes effect, in seconds since 1970-01-01T00:00:00Z.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Returns the local day it takes effect, which its name begins with, also where a what-if has it
    /// in force at all times; none for a file read by itself under another name.
    pub fn named_day(&self) -> Option<NaiveDate> {
        self.id.get(..10)?.parse().ok()
    }

    /// Returns the exclusive end: its own, else the start of the next version; none is open.
    pub fn end(&self) -> Option<i64> {
        self.end
    }

    /// Returns the exclusive end that the file itself states.
    pub fn own_end(&self) -> Option<i64> {
        self.own_end
    }

    /// Returns the day publishers were told.
    pub fn announced_on(&self) -> Option<NaiveDate> {
        self.header.announced_on
    }

    /// Returns the day we learned of an amendment.
    pub fn learned_on(&self) -> Option<NaiveDate> {
        self.header.learned_on
    }

    /// Returns the day a person last compared the file with its source.
    pub fn checked_on(&self) -> Option<NaiveDate> {
        self.header.checked_on
    }

    /// Returns whether the version is confirmed or estimated.
    pub fn status(&self) -> Option<Status> {
        self.header.status
    }

    /// Returns what the file says about its source.
    pub fn source_note(&self) -> &str {
        &self.header.note
    }

    /// Returns the id of the version that this one replaces.
    pub fn supersedes(&self) -> Option<&str> {
        self.header.supersedes.as_deref()
    }

    /// Returns the currency of the terms, in which the kernel computes.
    pub fn currency(&self) -> Currency {
        self.policy.currency
    }

    /// Returns the attribution window in seconds.
    pub fn window(&self) -> Option<i64> {
        self.policy.window
    }

    /// Returns the day whose exchange rate converts amounts.
    pub fn fx_on(&self) -> Option<FxOn> {
        self.policy.fx_on
    }

    /// Returns how many seconds after its governing instant a line that is not settled is void.
    pub fn expires_after(&self) -> Option<i64> {
        self.policy.expires_after
    }

    /// Returns the plugin that the version names.
    pub fn plugin(&self) -> Option<&PluginUse> {
        self.plugin.as_ref()
    }

    /// Returns the groups in file order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the names of the groups that the countries of `policy.service_fee` are taken from.
    pub fn fee_groups(&self) -> Vec<String> {
        let written = self.policy.fee_countries.iter().flat_map(|countries| &countries.written);
        written.filter_map(|name| name.strip_prefix('@')).map(str::to_owned).collect()
    }

    /// Returns the category tree in use.
    pub fn tree(&self) -> Option<&Tree> {
        self.tree.as_deref()
    }

    /// Returns the name of the category tree that the file asks for.
    pub fn tree_name(&self) -> Option<&str> {
        self.header.tree.as_deref()
    }

    /// Whether the version has a category tree.
    pub fn has_tree(&self) -> bool {
        self.tree.is_some()
    }

    /// Whether the tree in use lists a category; false when there is no tree.
    pub fn knows_category(&self, id: &str) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.contains(id))
    }

    /// Returns the `[[exclude]]` entries in file order.
    pub fn excludes(&self) -> &[Entry] {
        &self.excludes
    }

    /// Returns the `[[rate]]` entries in file order.
    pub fn rates(&self) -> &[Entry] {
        &self.rates
    }

    /// Returns the categories that `[[rate]]` entries name.
    pub fn rate_categories(&self) -> BTreeSet<&str> {
        let conditions = self.rates.iter().flat_map(|entry| &entry.conditions);
        let of_category = conditions.filter(|condition| condition.dimension == Dimension::Category);
        of_category.filter_map(Condition::values).flatten().map(String::as_str).collect()
    }

    /// Returns the `[[bonus]]` entries in file order.
    pub fn bonuses(&self) -> &[Entry] {
        &self.bonuses
    }

    /// Returns the `[[flag]]` entries in file order.
    pub fn flags(&self) -> &[Entry] {
        &self.flags
    }

    /// Returns the effects of the `[[flag]]` entries in file order.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Returns the terms as the kernel takes them.
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            basis: self.policy.basis,
            rounding: self.policy.rounding,
            service_fee: self.policy.service_fee,
            rates: &self.rate_values,
            bonuses: &self.bonus_values,
            cap: self.cap,
            bonus_without_commission: self.policy.bonus_without_commission,
        }
    }
}

/// Places, clauses and assumptions.
impl Version {
    /// Returns the clause to cite for what decided a line.
    pub fn clause(&self, decided: Decided) -> Option<&str> {
        match decided {
            Decided::Nothing | Decided::Flag(None) => None,
            Decided::Qualified => self.policy_clause("qualified"),
            Decided::Window => self.policy_clause("attribution_window"),
            Decided::Currency => self.policy_clause("currency"),
            Decided::Flag(Some(at)) => entry(&self.flags, at)?.clause.as_deref(),
            Decided::Exclude(at) => entry(&self.excludes, at)?.clause.as_deref(),
            Decided::Rate(at) => entry(&self.rates, at)?.clause.as_deref(),
        }
    }

    /// Returns the place of what decided a line: the entry, the line of `[policy.clauses]`, else
    /// the policy's own key.
    pub fn place(&self, decided: Decided) -> Option<&Place> {
        let policy = |key: &str| {
            let cited = self.place_of(&format!("policy.clauses.{key}"));
            cited.or_else(|| self.place_of(&format!("policy.{key}")))
        };
        match decided {
            Decided::Nothing | Decided::Flag(None) => None,
            Decided::Qualified => policy("qualified"),
            Decided::Window => policy("attribution_window"),
            Decided::Currency => policy("currency"),
            Decided::Flag(Some(at)) => entry(&self.flags, at).map(|entry| &entry.place),
            Decided::Exclude(at) => entry(&self.excludes, at).map(|entry| &entry.place),
            Decided::Rate(at) => entry(&self.rates, at).map(|entry| &entry.place),
        }
    }

    /// Returns the clause under `[policy.clauses]` for a policy key, such as `service_fee`.
    pub fn policy_clause(&self, key: &str) -> Option<&str> {
        self.clauses.iter().find(|(known, _)| known == key).map(|(_, clause)| clause.as_str())
    }

    /// Returns the clause of the cap.
    pub fn cap_clause(&self) -> Option<&str> {
        self.cap_clause.as_deref()
    }

    /// Returns the place of the cap.
    pub fn cap_place(&self) -> Option<&Place> {
        self.place_of("cap")
    }

    /// Returns the place of a key by its dotted path, such as `policy.rounding`; a list of
    /// entries (`rate`) has the place of its first.
    pub fn place_of(&self, key: &str) -> Option<&Place> {
        self.places.get(key)
    }

    /// Returns what the file lists as assumed, in file order.
    pub fn assumed(&self) -> &[Assumed] {
        &self.assumed
    }

    /// Returns the assumption about a key or about a table that it is in: asked for `cap.covers`,
    /// that key, else `cap`.
    pub fn assumption(&self, key: &str) -> Option<&Assumed> {
        find_assumed(&self.assumed, key)
    }
}

impl Assumed {
    /// Says why, and the other reading where the file states one.
    pub fn words(&self) -> String {
        match &self.or {
            Some(or) => format!("{}; or {or}", self.why),
            None => self.why.clone(),
        }
    }
}

/// Finds the assumption about a key or the nearest table above it.
pub(crate) fn find_assumed<'a>(assumed: &'a [Assumed], key: &str) -> Option<&'a Assumed> {
    let mut asked = key;
    loop {
        if let Some(found) = assumed.iter().find(|known| known.key == asked) {
            return Some(found);
        }
        asked = asked.rsplit_once('.')?.0;
    }
}

/// The entry at an index of its list.
pub(crate) fn entry(entries: &[Entry], at: u16) -> Option<&Entry> {
    entries.get(usize::from(at))
}
