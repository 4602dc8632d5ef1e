//! An instance: a plugin set up for one version of the terms, and the calls to it.

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::answers::elsewhere;
use super::batch::Batch;
use super::report::ReportArea;
use super::setup::{Crossing, Setup};
use crate::abi::{self, Handshake};
use crate::author::{self, Plugin};
use crate::codes;
use crate::refusal::{AUTHOR, Refusal};

/// Tells another thread whether a plugin is at work: the count is odd while its library is being
/// loaded or one of its functions runs, and another number the next time. Whoever has a clock sees so
/// that one takes too long.
#[derive(Debug, Default)]
pub struct Pulse {
    count: AtomicU64,
    /// Whose call it is or was: an index of `names`.
    at: AtomicUsize,
    names: Mutex<Vec<String>>,
}

impl Pulse {
    /// Returns the count.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether a call was under way at a count.
    pub fn at_work(count: u64) -> bool {
        count % 2 == 1
    }

    /// Returns the name of the plugin whose call is under way, or was last.
    pub fn name(&self) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(self.at.load(Ordering::Relaxed)).cloned().unwrap_or_default()
    }

    /// Makes a number for a plugin.
    fn number(&self, name: &str) -> usize {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
    }

    /// Does work that runs code of a plugin.
    #[cfg(feature = "host")]
    pub(crate) fn during<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        self.begin(self.number(name));
        let done = work();
        self.end();
        done
    }

    fn begin(&self, number: usize) {
        self.at.store(number, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A plugin set up for one version of the terms. Calls are made one after the other.
pub struct Instance {
    handle: *mut c_void,
    call: abi::Call,
    free: abi::Free,
    report: ReportArea,
    figures: usize,
    with_texts: bool,
    pulse: Arc<Pulse>,
    /// The plugin's number with the pulse.
    number: usize,
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
        unsafe { Self::start("test", &handshake, setup, &Arc::new(Pulse::default())) }
    }

    /// Sets up an instance.
    ///
    /// # Safety
    ///
    /// The functions of the handshake keep to the boundary as the C header states it,
    /// and stay loaded for as long as the process runs.
    pub(crate) unsafe fn start(
        name: &str,
        handshake: &Handshake,
        setup: &Setup<'_>,
        pulse: &Arc<Pulse>,
    ) -> Result<Self, Refusal> {
        let functions = (handshake.init, handshake.call, handshake.free);
        let (Some(init), Some(call), Some(free)) = functions else {
            return Err(no_function(handshake));
        };
        let mut crossing = Crossing::of(setup);
        if !crossing.fits() {
            return Err(too_large());
        }
        let mut report = ReportArea::new();
        let (raw, mut written) = (crossing.raw(), report.raw());
        let mut handle: *mut c_void = ptr::null_mut();
        let number = pulse.number(name);
        pulse.begin(number);
        // SAFETY: by the caller's promise `init` keeps to the boundary. All pointers are those of
        // live values of ours that outlive the call; the areas behind them are as long as the
        // counts beside them say.
        let status = unsafe { init(&raw const raw, &raw mut written, &raw mut handle) };
        pulse.end();
        let empty = report.raw();
        told(status, &report, &written, &empty)?;
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
            pulse: Arc::clone(pulse),
            number,
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

    /// Has the plugin answer a batch twice, and refuses it if the answers differ.
    ///
    /// # Errors
    ///
    /// As [`Self::call`], and when the second answer is another.
    pub fn call_twice(&mut self, batch: &mut Batch) -> Result<(), Refusal> {
        self.call(batch)?;
        let first = batch.answers.kept();
        self.call(batch)?;
        let compared = batch.answers.same_as(&first);
        if compared.is_err() {
            batch.answers.clear();
        }
        compared
    }

    fn call_unchecked(&mut self, batch: &mut Batch) -> Result<(), Refusal> {
        if !batch.fits() {
            return Err(too_large());
        }
        batch.keep();
        let lines = batch.len();
        let (given, given_answers) = (batch.raw(), batch.answers.raw(lines));
        let given_report = self.report.raw();
        let (mut input, mut answers, mut report) = (given, given_answers, given_report);
        self.pulse.begin(self.number);
        // SAFETY: `call` keeps to the boundary (promised where the instance was made) and its
        // library is never unloaded; `handle` is what its `init` gave and was not freed. The
        // pointers are those of live values of ours, made from mutable borrows, that outlive the
        // call; the areas behind them are as long as the counts beside them say.
        let status =
            unsafe { (self.call)(self.handle, &raw mut input, &raw mut answers, &raw mut report) };
        self.pulse.end();
        if status == abi::STATUS_PANICKED {
            self.panicked = Some(String::new());
        }
        batch.answers.note(&answers);
        if input != given {
            return Err(elsewhere("into the struct of the batch, which it is given to read"));
        }
        if let Some((what, line)) = batch.changed() {
            let refusal = elsewhere(&format!("into the {what}, which it is given to read"));
            return Err(line.into_iter().fold(refusal, Refusal::of_line));
        }
        told(status, &self.report, &report, &given_report)?;
        let Batch { lines, answers: area, .. } = batch;
        area.check(&given_answers, &answers, lines)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.panicked.is_some() {
            // Whatever it left half done stays where it is: it is not called again.
            return;
        }
        self.pulse.begin(self.number);
        // SAFETY: `free` belongs to the `init` that gave `handle`, the library is never unloaded,
        // and this is the only place that frees it.
        unsafe { (self.free)(self.handle) };
        self.pulse.end();
    }
}

/// Takes a status and what was reported with it.
fn told(
    status: i32,
    area: &ReportArea,
    written: &abi::Report,
    given: &abi::Report,
) -> Result<(), Refusal> {
    let counts =
        abi::Report { text_len: given.text_len, problem_count: given.problem_count, ..*written };
    if counts != *given {
        return Err(elsewhere("beyond the area for its report"));
    }
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
    let Some(problems) = area.read(written) else {
        let message = format!("the plugin returned status {status}, and no readable report");
        return Err(Refusal::new(&codes::REPORT, message).hint(AUTHOR));
    };
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
    Err(Refusal::new(code, format!("the plugin cannot go on: {said}")).hint(
        "mend what it names, or tell its author; until then --program and --month reach orders that do \
         not need it",
    ))
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

/// A handshake without one of its functions.
pub(crate) fn no_function(handshake: &Handshake) -> Refusal {
    let named = [
        ("init", handshake.init.is_none()),
        ("call", handshake.call.is_none()),
        ("free", handshake.free.is_none()),
    ];
    let missing: Vec<&str> =
        named.iter().filter(|(_, none)| *none).map(|(name, _)| *name).collect();
    let message = format!("the handshake has no function {}", missing.join(", "));
    Refusal::new(&codes::NO_FUNCTION, message)
        .hint("a plugin has init, call and free; tell its author, and stamp a build that has them")
}

fn too_large() -> Refusal {
    Refusal::new(&codes::TOO_LARGE, "the batch is larger than one call holds")
        .hint("this is a mistake of feebook's; please report it")
}
