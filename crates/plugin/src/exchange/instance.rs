//! An instance: a plugin set up for one version of the terms, and the calls to it.

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::sync::Arc;

use super::answers::{another_number, elsewhere};
use super::batch::{Batch, Changed};
use super::pulse::{Beat, BeatOf, Pulse};
use super::report::ReportArea;
use super::setup::{Crossing, Setup};
use crate::abi::{self, Handshake};
use crate::author::{self, Plugin};
use crate::codes;
use crate::refusal::{AUTHOR, Refusal};

/// A plugin set up for one version of the terms. Calls are made one after the other.
pub struct Instance {
    handle: *mut c_void,
    call: abi::Call,
    free: abi::Free,
    report: ReportArea,
    figures: usize,
    with_texts: bool,
    beat: Arc<Beat>,
    /// What it said when it panicked: what it left half done is not used again.
    panicked: Option<String>,
}

// SAFETY: the boundary (include/feebook_plugin.h) lets the host use an instance from any thread,
// though from one at a time, which `&mut self` of every call sees to; a plugin in Rust is `Send`.
// Nothing else in here is bound to a thread: the areas are our own memory.
unsafe impl Send for Instance {}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("figures", &self.figures).finish_non_exhaustive()
    }
}

impl Instance {
    /// Sets up a plugin of the calling crate, for its tests: the way of a loaded one, without a
    /// file.
    pub fn of<P: Plugin>(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let handshake = const { author::handshake::<P>("test", "0") };
        // SAFETY: the functions are those of the author's side, which keep to the boundary.
        unsafe { Self::start(&handshake, setup, Pulse::default().beat(BeatOf::default())) }
    }

    /// Sets up an instance.
    ///
    /// # Safety
    ///
    /// The functions of the handshake keep to the boundary as the C header states it,
    /// and stay loaded for as long as the process runs.
    pub(crate) unsafe fn start(
        handshake: &Handshake,
        setup: &Setup<'_>,
        beat: Arc<Beat>,
    ) -> Result<Self, Refusal> {
        let functions = (handshake.init, handshake.call, handshake.free);
        let (Some(init), Some(call), Some(free)) = functions else {
            return Err(no_function(&[
                ("init", handshake.init.is_some()),
                ("call", handshake.call.is_some()),
                ("free", handshake.free.is_some()),
            ]));
        };
        let mut crossing = Crossing::of(setup);
        if !crossing.fits() {
            return Err(too_large("the version of the terms", &crossing.sizes()));
        }
        let mut report = ReportArea::new();
        let given = crossing.raw();
        let given_report = report.raw();
        let (mut raw, mut written) = (given, given_report);
        let mut handle: *mut c_void = ptr::null_mut();
        // SAFETY: by the caller's promise `init` keeps to the boundary. All pointers are those of
        // live values of ours, made from mutable borrows, that outlive the call; the areas behind them
        // are as long as the counts beside them say.
        let run = || unsafe { init(&raw mut raw, &raw mut written, &raw mut handle) };
        let status = beat.during(None, run);
        let kept = raw == given;
        if let Some(what) = Crossing::of(setup).difference(&crossing) {
            return Err(elsewhere(&format!(
                "into the {what} of the setup, which it is given to read"
            )));
        }
        if !kept {
            return Err(elsewhere("into the struct of the setup, which it is given to read"));
        }
        report.check_guards(&given_report, &written)?;
        told(status, &mut report, &written)?;
        if handle.is_null() {
            let message = "the plugin says that all went well, and gives no instance";
            return Err(Refusal::new(&codes::STATUS, message).hint(AUTHOR));
        }
        Ok(Self {
            handle,
            call,
            free,
            report,
            figures: setup.aggregates.len(),
            with_texts: handshake.flags & abi::FLAG_WITHOUT_TEXTS == 0,
            beat,
            panicked: None,
        })
    }

    /// Makes a batch for calls to this instance.
    pub fn batch(&self) -> Batch {
        Batch::new(self.figures, self.with_texts)
    }

    /// Has the plugin answer a batch, and checks every answer. The batch then says what it said.
    ///
    /// # Errors
    ///
    /// When the plugin fails or panics, or when anything that it wrote does not hold; then nothing
    /// of what it said is to be used. One that panicked is never called again.
    pub fn call(&mut self, batch: &mut Batch) -> Result<(), Refusal> {
        if let Some(said) = &self.panicked {
            batch.answers.clear();
            return Err(panicked_before(said));
        }
        let called = self.call_unchecked(batch);
        if let Err(refusal) = &called {
            batch.answers.clear();
            if let Some(said) = &mut self.panicked {
                refusal.message().clone_into(said);
            }
        }
        called
    }

    /// Has the plugin answer a batch twice, and refuses it if the answers differ. Neither call finds
    /// anything of an earlier one.
    ///
    /// # Errors
    ///
    /// As [`Self::call`], and when the second answer is another.
    pub fn call_twice(&mut self, batch: &mut Batch) -> Result<(), Refusal> {
        batch.answers.wipe_all();
        self.call(batch)?;
        let first = batch.answers.kept();
        batch.answers.wipe_all();
        self.call(batch)?;
        let compared = batch.answers.same_as(&first);
        if compared.is_err() {
            batch.answers.clear();
        }
        compared
    }

    fn call_unchecked(&mut self, batch: &mut Batch) -> Result<(), Refusal> {
        if (batch.figure_count, batch.with_texts) != (self.figures, self.with_texts) {
            return Err(of_another(batch, self));
        }
        if !batch.fits() {
            return Err(too_large("the batch", &batch.sizes()));
        }
        batch.keep();
        let lines = batch.len();
        let (given, given_answers) = (batch.raw(), batch.answers.raw(lines));
        let given_report = self.report.raw();
        let (mut input, mut answers, mut report) = (given, given_answers, given_report);
        // SAFETY: `call` keeps to the boundary (promised where the instance was made) and its
        // library is never unloaded; `handle` is what its `init` gave and was not freed. The
        // pointers are those of live values of ours, made from mutable borrows, that outlive the
        // call; the areas behind them are as long as the counts beside them say.
        let run = || unsafe {
            (self.call)(self.handle, &raw mut input, &raw mut answers, &raw mut report)
        };
        let status = self.beat.during(batch.first_at(), run);
        if status == abi::STATUS_PANICKED {
            self.panicked = Some(String::new());
        }
        batch.answers.note(&answers);
        if input != given {
            return Err(elsewhere(&another_batch(&given, &input)));
        }
        if let Some(Changed { what, at, kept, now, line }) = batch.changed() {
            let place = format!(
                "{now:#04x} over {kept:#04x} in byte {} of the {what}, which it is given to read",
                at + 1
            );
            return Err(line.into_iter().fold(elsewhere(&place), Refusal::of_line));
        }
        batch.answers.check_guards(&given_answers, &answers)?;
        self.report.check_guards(&given_report, &report)?;
        told(status, &mut self.report, &report)?;
        let Batch { lines, answers: area, .. } = batch;
        area.check(&answers, lines)
    }
}

/// What of the struct of a batch is not as it was given.
fn another_batch(given: &abi::Batch, now: &abi::Batch) -> String {
    let numbers = [
        ("order_count", given.order_count, now.order_count),
        ("line_count", given.line_count, now.line_count),
        ("figure_count", given.figure_count, now.figure_count),
        ("text_len", given.text_len, now.text_len),
    ];
    let what = another_number("batch", &numbers);
    let what = what.unwrap_or_else(|| "another address into the struct of the batch".to_owned());
    format!("{what}, which it is given to read")
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.panicked.is_some() {
            // Whatever it left half done stays where it is: it is not called again.
            return;
        }
        // SAFETY: `free` belongs to the `init` that gave `handle`, the library is never unloaded,
        // and this is the only place that frees it.
        self.beat.during(None, || unsafe { (self.free)(self.handle) });
    }
}

/// Takes a status and what was reported with it; the guards of the report stand.
fn told(status: i32, area: &mut ReportArea, written: &abi::Report) -> Result<(), Refusal> {
    let code = match status {
        abi::STATUS_OK => return Ok(()),
        abi::STATUS_CONFIG => &codes::CONFIG,
        abi::STATUS_FAILED => &codes::FAILED,
        abi::STATUS_PANICKED => &codes::PANICKED,
        other => {
            let message = format!("the plugin returned status {other}; there are 0 to 3");
            return Err(Refusal::new(&codes::STATUS, message).hint(AUTHOR));
        }
    };
    let problems = area.read(written);
    // A plugin that counts and does not write shows nothing of it the next time.
    area.wipe();
    let problems = problems.map_err(|why| {
        let message = format!("the plugin returned status {status}, and no readable report: {why}");
        Refusal::new(&codes::REPORT, message).hint(AUTHOR)
    })?;
    if status == abi::STATUS_CONFIG {
        let message = format!("the plugin refuses its config: {}", problem_count(problems.len()));
        // What to do about it is said with the places of these keys, which only a schedule has.
        return Err(Refusal::new(code, message).with(problems));
    }
    let said: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    let said = if said.is_empty() { "no word why".to_owned() } else { said.join("; ") };
    if status == abi::STATUS_PANICKED {
        return Err(Refusal::new(code, format!("the plugin panicked: {said}")).hint(AUTHOR));
    }
    Err(Refusal::new(code, format!("the plugin cannot go on: {said}"))
        .hint("mend what it names, or tell its author"))
}

fn panicked_before(said: &str) -> Refusal {
    let message = format!("it is not called again after an earlier call: {said}");
    Refusal::new(&codes::PANICKED, message).hint(AUTHOR)
}

fn problem_count(count: usize) -> String {
    match count {
        0 => "no word why".to_owned(),
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    }
}

/// A handshake without one of its functions: each by name, and whether it is there.
pub(crate) fn no_function(functions: &[(&str, bool); 3]) -> Refusal {
    let of = |there: bool| {
        let names = functions.iter().filter(|(_, is)| *is == there).map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    };
    let has =
        if functions.iter().any(|(_, is)| *is) { of(true) } else { "none of them".to_owned() };
    let message = format!("the handshake has no function {}; it has {has}", of(false));
    Refusal::new(&codes::NO_FUNCTION, message)
        .hint("a plugin has init, call and free; tell its author, and stamp a build that has them")
}

fn too_large(what: &str, sizes: &[(&'static str, usize)]) -> Refusal {
    let beyond = sizes.iter().find(|(_, size)| u32::try_from(*size).is_err());
    let has = beyond.map_or_else(String::new, |(of, size)| format!("{size} {of}"));
    let message = format!("{what} has {has}; a call holds {}", u32::MAX);
    Refusal::new(&codes::TOO_LARGE, message).hint(OURS)
}

/// A batch that was made for an instance which is told other things.
fn of_another(batch: &Batch, instance: &Instance) -> Refusal {
    let told = |figures: usize, texts: bool| {
        format!("{figures} figures per order and {}", if texts { "texts" } else { "no texts" })
    };
    let message = format!(
        "the batch has {}, and the plugin is told {}",
        told(batch.figure_count, batch.with_texts),
        told(instance.figures, instance.with_texts)
    );
    Refusal::new(&codes::TOO_LARGE, message).hint(OURS)
}

const OURS: &str = "each instance makes its own batches; in a run this is a mistake of feebook's, please \
    report it";
