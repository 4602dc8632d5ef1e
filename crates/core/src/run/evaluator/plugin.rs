//! What can be said of an order's plugin without asking it: which build serves, which was refused, and
//! why a figure of an earlier period is not known.
//!
//! Refuses to ask it: the evaluation does.

use std::sync::Arc;

use feebook_kernel::Aggregate;

use super::super::plugins::Answering;
use super::{Evaluator, Governing};
use crate::answers::AnsweredBy;
use crate::error::Result;
use crate::ledger::{CountingLine, Ledger};

impl Evaluator {
    /// Takes what another evaluator of the same run counted of earlier periods.
    pub(in crate::run) fn count_as(&mut self, other: &Self) {
        if self.confirmed.is_none() {
            self.confirmed.clone_from(&other.confirmed);
        }
    }

    /// Returns the build that would be asked about an order; started, unless it was, and not asked. None
    /// where no plugin is named, or where answers were recalled.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub(in crate::run) fn serving(
        &mut self,
        facts: &[CountingLine<'_>],
    ) -> Result<Option<Arc<AnsweredBy>>> {
        let governing = self.governing(facts);
        let covering = self.covering(governing.map(|governing| governing.at))?;
        let under = self.under_plugin(&covering, governing);
        let program = &self.book.programs()[self.program];
        let (Some((index, Governing { day, .. })), Answering::Live(live)) =
            (under, &mut self.answering)
        else {
            return Ok(None);
        };
        Ok(live.plugin(program, index, day)?.map(|running| Arc::clone(&running.by)))
    }

    /// Returns the digest of the build that was refused when it was set up for an order's version.
    pub(in crate::run) fn refused_build(
        &self,
        facts: &[CountingLine<'_>],
    ) -> Result<Option<[u8; 32]>> {
        let governing = self.governing(facts);
        let covering = self.covering(governing.map(|governing| governing.at))?;
        let under = self.under_plugin(&covering, governing);
        let (Some((index, Governing { day, .. })), Answering::Live(live)) =
            (under, &self.answering)
        else {
            return Ok(None);
        };
        Ok(live.refused_build(self.program(), index, day))
    }

    /// Says of each figure of earlier periods that the plugin of an order's version is not told why it
    /// is not known.
    pub(crate) fn not_told(
        &mut self,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<Vec<String>> {
        let governing = self.governing(facts);
        let covering = self.covering(governing.map(|governing| governing.at))?;
        self.figures(&covering, governing, facts, ledger)?;
        let Some((index, Governing { day, .. })) = self.under_plugin(&covering, governing) else {
            return Ok(Vec::new());
        };
        let version = &self.program().versions()[index];
        let (Some(confirmed), Some(plugin)) = (&self.confirmed, version.plugin()) else {
            return Ok(Vec::new());
        };
        let why = |aggregate: &Aggregate| {
            let figure = confirmed.figure(*aggregate, day, facts, version.currency());
            Some(format!(
                "{}: not known; {}",
                feebook_schedule::told_in_words(*aggregate),
                figure.err()?
            ))
        };
        Ok(plugin.aggregates.iter().filter_map(why).collect())
    }
}
