//! What a schedule's plugin said of an order: the answers that a run took in, and that a replay takes
//! from the ledger, so that what was posted stays readable when the plugin is gone.
//!
//! Owns their form. Refuses to ask a plugin, which the run does, and to judge an answer, which was
//! checked before it came here.

use std::fmt::Write as _;
use std::sync::Arc;

use feebook_kernel::Minor;

use crate::fact::No;

/// A plugin, as it is told beside its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredBy {
    /// The name that the schedule gives it.
    pub name: String,
    /// The version that it gives itself.
    pub version: String,
    /// The SHA-256 of its library.
    pub sha256: [u8; 32],
}

impl AnsweredBy {
    /// Names it with its digest.
    pub fn in_words(&self) -> String {
        let digest = self.sha256.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // A write to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        format!("plugin {} {}, SHA-256 {digest}", self.name, self.version)
    }
}

/// What a plugin said of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The commission, where it is the plugin's to give and it gave one.
    pub commission: Option<Minor>,
    /// What it adds to the commission; none where it cannot say what the line earns.
    pub incentive: Option<Minor>,
    /// Why, in its words.
    pub reason: Option<String>,
}

impl Answer {
    /// Says it in words, amounts in minor units.
    pub fn in_words(&self) -> String {
        let amount = |amount: Option<Minor>| match amount {
            Some(amount) => amount.get().to_string(),
            None => "none".to_owned(),
        };
        let reason = self.reason.as_ref().map_or_else(String::new, |why| format!(" (\"{why}\")"));
        let (commission, incentive) = (amount(self.commission), amount(self.incentive));
        format!("commission {commission}, incentive {incentive}{reason}")
    }

    /// Whether it says nothing: no amount, and no word why.
    pub fn is_silent(&self) -> bool {
        let Self { commission, incentive, reason } = self;
        commission.is_none() && *incentive == Some(Minor::ZERO) && reason.is_none()
    }
}

/// What a plugin said of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The plugin.
    pub by: Arc<AnsweredBy>,
    /// The lines of which it said anything, in order of their numbers.
    pub lines: Vec<(No, Answer)>,
}

impl Answers {
    /// Returns what was said of a line; none where nothing was.
    pub fn of(&self, line_no: &No) -> Option<&Answer> {
        self.lines.iter().find(|(number, _)| number == line_no).map(|(_, answer)| answer)
    }
}
