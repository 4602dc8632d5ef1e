//! A panic of a library that reads what others wrote: no end of ours, and no word of its own.
//!
//! Owns the catch. Refuses to be used around code of this project beyond the calls: its own panics are
//! mistakes, and are to be seen.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread will be caught, so that it need not be told.
pub fn is_contained() -> bool {
    WITHIN.get()
}

/// Runs a library; none when it panics.
pub(super) fn contained<T>(run: impl FnOnce() -> T) -> Option<T> {
    WITHIN.set(true);
    // What it leaves half-done goes with it.
    let ran = catch_unwind(AssertUnwindSafe(run));
    WITHIN.set(false);
    ran.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_known_to_be() {
        assert_eq!(contained(is_contained), Some(true));
        let nothing: [u8; 0] = std::hint::black_box([]);
        assert_eq!(contained(|| nothing[std::hint::black_box(1)]), None);
        assert!(!is_contained());
    }
}
