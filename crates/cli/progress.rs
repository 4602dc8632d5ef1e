//! Progress on stderr: on a terminal only, and only for work that takes longer than a second.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use feebook_core::run::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::{Global, When};

/// A bar that appears once the work has taken a second.
pub(crate) struct Bar {
    what: &'static str,
    total: Option<u64>,
    wanted: bool,
    since: Instant,
    done: u64,
    shown: Option<ProgressBar>,
}

impl Bar {
    /// Prepares a bar; `total` is in the units of `what`, none when it is not known.
    pub(crate) fn new(global: &Global, what: &'static str, total: Option<u64>) -> Self {
        let wanted = match global.color {
            When::Never => false,
            When::Auto | When::Always => std::io::stderr().is_terminal(),
        };
        Self { what, total, wanted, since: Instant::now(), done: 0, shown: None }
    }

    /// Tells how much is done in all.
    pub(crate) fn set(&mut self, done: u64) {
        self.done = done;
        if !self.wanted || self.since.elapsed() < Duration::from_secs(1) {
            return;
        }
        let (what, total) = (self.what, self.total);
        let bar = self.shown.get_or_insert_with(|| {
            let bar = match total {
                Some(total) => ProgressBar::new(total),
                None => ProgressBar::new_spinner(),
            };
            bar.set_draw_target(ProgressDrawTarget::stderr());
            let template = match (total.is_some(), what) {
                (true, "bytes") => "{bar:30} {bytes}/{total_bytes} {eta}",
                (true, _) => "{bar:30} {human_pos}/{human_len} {msg} {eta}",
                (false, _) => "{spinner} {human_pos} {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.with_message(what)
        });
        bar.set_position(done);
    }
}

impl Progress for Bar {
    fn advance(&mut self, orders: u64) {
        self.set(self.done + orders);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
