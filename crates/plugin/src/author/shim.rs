//! The three functions of a plugin as C sees them, for any [`Plugin`].
//!
//! Owns the step from pointers to views, and the guard: no panic leaves a plugin. All of the
//! author's side that is unsafe is here.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::Plugin;
use super::config::Config;
use super::views::{Answers, Order, Setup, write_problems};
use crate::abi;
use crate::refusal::ConfigProblem;

/// A slice at a pointer; empty when there is nothing.
///
/// # Safety
///
/// `length` items lie at `pointer` and are not written to for `'b`, or `length` is 0.
unsafe fn slice<'b, T>(pointer: *const T, length: u32) -> &'b [T] {
    let length = usize::try_from(length).unwrap_or(0);
    if length == 0 || pointer.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise; the pointer is not null.
    unsafe { std::slice::from_raw_parts(pointer, length) }
}

/// A slice to write into; empty when there is none.
///
/// # Safety
///
/// `length` items lie at `pointer` and nobody else touches them for `'b`, or `length` is 0.
unsafe fn slice_mut<'b, T>(pointer: *mut T, length: u32) -> &'b mut [T] {
    let length = usize::try_from(length).unwrap_or(0);
    if length == 0 || pointer.is_null() {
        return &mut [];
    }
    // SAFETY: the caller's promise; the pointer is not null.
    unsafe { std::slice::from_raw_parts_mut(pointer, length) }
}

/// Makes an instance of a plugin: see [`abi::Init`].
///
/// # Safety
///
/// The pointers are those of live structs, whose areas are as long as their counts say; nobody else
/// touches report and instance during the call.
pub(super) unsafe extern "C" fn init<P: Plugin>(
    setup: *const abi::Setup,
    report: *mut abi::Report,
    instance: *mut *mut c_void,
) -> i32 {
    let made = guarded(|| {
        // SAFETY: the caller's promise.
        let setup = unsafe { setup_of(setup) };
        let mut config = Config::parse(setup.config_text());
        let plugin = P::new(&setup, &mut config);
        let problems = config.finish();
        match plugin {
            Some(plugin) if problems.is_empty() => Ok(Box::new(plugin)),
            None if problems.is_empty() => Err(failed("the plugin made no rule and said nothing")),
            _ => Err((abi::STATUS_CONFIG, problems)),
        }
    });
    match made {
        Ok(plugin) => {
            // SAFETY: `instance` points to a place of the host's for the handle.
            unsafe { instance.write(Box::into_raw(plugin).cast::<c_void>()) };
            abi::STATUS_OK
        }
        // SAFETY: the caller's promise about the report.
        Err(wrong) => unsafe { tell(wrong, report) },
    }
}

/// Answers a batch: see [`abi::Call`].
///
/// # Safety
///
/// As for [`init`]; `instance` is what it gave, not freed, and no other call is under way with it.
pub(super) unsafe extern "C" fn call<P: Plugin>(
    instance: *mut c_void,
    batch: *const abi::Batch,
    answers: *mut abi::Answers,
    report: *mut abi::Report,
) -> i32 {
    let answered = guarded(|| {
        // SAFETY: `instance` came out of `init::<P>`, so it is a `P`, and nobody else has it now.
        let plugin = unsafe { &mut *instance.cast::<P>() };
        // SAFETY: the caller's promise.
        let batch = unsafe { &*batch };
        // SAFETY: the caller's promise.
        let raw = unsafe { &mut *answers };
        // SAFETY: the caller's promise; the view does not outlive this call.
        let input = unsafe { Input::of(batch) };
        // SAFETY: the caller's promise; the view does not outlive this call.
        let mut views = unsafe { answers_of(raw) };
        let done = input.orders().try_for_each(|order| plugin.order(&order, &mut views));
        let counts = u32::try_from(views.reason_count).ok().zip(u32::try_from(views.text_len).ok());
        (raw.reason_count, raw.text_len) = counts.unwrap_or_default();
        done.map_err(|message| failed(&message))
    });
    match answered {
        Ok(()) => abi::STATUS_OK,
        // SAFETY: the caller's promise about the report.
        Err(wrong) => unsafe { tell(wrong, report) },
    }
}

/// Frees an instance: see [`abi::Free`].
///
/// # Safety
///
/// `instance` is what [`init`] gave; it is not used again.
pub(super) unsafe extern "C" fn free<P: Plugin>(instance: *mut c_void) {
    let freed = guarded(|| {
        // SAFETY: `instance` is the box that `init::<P>` gave away, and comes back once.
        drop(unsafe { Box::from_raw(instance.cast::<P>()) });
        Ok(())
    });
    // There is nobody to tell of a plugin that panics when it is dropped.
    let _ = freed;
}

/// What went wrong: a status and sentences.
type Wrong = (i32, Vec<ConfigProblem>);

fn failed(message: &str) -> Wrong {
    (abi::STATUS_FAILED, vec![ConfigProblem { key: None, message: message.to_owned() }])
}

/// # Safety
///
/// `setup` points to a live setup, whose areas are as long as their counts say.
unsafe fn setup_of<'s>(setup: *const abi::Setup) -> Setup<'s> {
    // SAFETY: the caller's promise.
    let raw = unsafe { &*setup };
    // SAFETY: the caller's promise.
    let texts = unsafe { slice(raw.texts, raw.text_len) };
    // SAFETY: the caller's promise.
    let entries = unsafe { slice(raw.entries, raw.entry_count) };
    // SAFETY: the caller's promise.
    let aggregates = unsafe { slice(raw.aggregates, raw.aggregate_count) };
    Setup { raw, texts, entries, aggregates }
}

/// A batch as slices.
struct Input<'b> {
    orders: &'b [abi::Order],
    lines: &'b [abi::Line],
    line_texts: &'b [abi::LineTexts],
    figures: &'b [i64],
    texts: &'b [u8],
    figure_count: usize,
}

impl<'b> Input<'b> {
    /// # Safety
    ///
    /// The areas are as long as their counts say, and are not written to for `'b`.
    unsafe fn of(raw: &'b abi::Batch) -> Self {
        let figures = raw.order_count.saturating_mul(raw.figure_count);
        // SAFETY: the caller's promise.
        let orders = unsafe { slice(raw.orders, raw.order_count) };
        // SAFETY: the caller's promise.
        let lines = unsafe { slice(raw.lines, raw.line_count) };
        // SAFETY: the caller's promise: as many as lines, or null.
        let line_texts = unsafe { slice(raw.line_texts, raw.line_count) };
        // SAFETY: the caller's promise.
        let figures = unsafe { slice(raw.figures, figures) };
        // SAFETY: the caller's promise.
        let texts = unsafe { slice(raw.texts, raw.text_len) };
        let figure_count = usize::try_from(raw.figure_count).unwrap_or(0);
        Self { orders, lines, line_texts, figures, texts, figure_count }
    }

    fn orders(&self) -> impl Iterator<Item = Order<'b>> {
        let Self { lines, line_texts, figures, texts, figure_count, .. } = *self;
        let with_index = self.orders.iter().enumerate();
        with_index.map(move |(index, raw)| {
            let first = usize::try_from(raw.first_line).unwrap_or(usize::MAX);
            let length = usize::try_from(raw.line_count).unwrap_or(0);
            let start = index.saturating_mul(figure_count);
            let end = first.saturating_add(length);
            Order {
                raw,
                lines: lines.get(first..end).unwrap_or_default(),
                line_texts: line_texts.get(first..end).unwrap_or_default(),
                figures: figures.get(start..start + figure_count).unwrap_or_default(),
                texts,
                first,
            }
        })
    }
}

/// # Safety
///
/// The areas are as long as their counts say, and nobody else touches them for `'b`.
unsafe fn answers_of<'b>(raw: &abi::Answers) -> Answers<'b> {
    // SAFETY: the caller's promise; the three areas do not overlap.
    let lines = unsafe { slice_mut(raw.lines, raw.line_count) };
    // SAFETY: the caller's promise.
    let reasons = unsafe { slice_mut(raw.reasons, raw.reason_capacity) };
    // SAFETY: the caller's promise.
    let texts = unsafe { slice_mut(raw.texts, raw.text_capacity) };
    Answers { lines, reasons, texts, reason_count: 0, text_len: 0 }
}

/// Writes what went wrong and returns its status.
///
/// # Safety
///
/// `report` points to a live report, whose areas are as long as their capacities say.
unsafe fn tell((status, problems): Wrong, report: *mut abi::Report) -> i32 {
    // SAFETY: the caller's promise.
    let raw = unsafe { &mut *report };
    // SAFETY: the caller's promise; the two areas do not overlap.
    let texts = unsafe { slice_mut(raw.texts, raw.text_capacity) };
    // SAFETY: the caller's promise.
    let rows = unsafe { slice_mut(raw.problems, raw.problem_capacity) };
    (raw.text_len, raw.problem_count) = write_problems(&problems, texts, rows);
    status
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs an author's code. A panic becomes a status with its message and place; nothing is printed.
fn guarded<T>(work: impl FnOnce() -> Result<T, Wrong>) -> Result<T, Wrong> {
    note_places();
    GUARDED.set(true);
    // Nothing that a panic may have left half done is used again: the host drops the instance.
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    done.unwrap_or_else(|payload| {
        let message = in_words(payload.as_ref());
        // Dropping the payload could panic once more.
        std::mem::forget(payload);
        let place = PLACE.take().map_or_else(String::new, |place| format!(" at {place}"));
        let message = format!("{message}{place}");
        Err((abi::STATUS_PANICKED, vec![ConfigProblem { key: None, message }]))
    })
}

/// Notes where an author's code panics, once per library, instead of printing it.
fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if GUARDED.get() {
                PLACE.set(panicked.location().map(ToString::to_string));
            } else {
                before(panicked);
            }
        }));
    });
}

fn in_words(payload: &(dyn Any + Send)) -> String {
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    words.unwrap_or("a panic without a message").to_owned()
}
