//! The end of the process while a plugin is at work.
//!
//! Owns the two calls of the system's: to end at once, and to be told when somebody ends it. Refuses to tidy up: what is tidied on an ordinary exit takes locks
//! that a plugin may hold, such as the loader's while a library's initialisers run, and waits for it.

use std::ffi::c_int;
use std::sync::{Arc, OnceLock};

use crate::exchange::{Beat, Pulse};

// SAFETY: the declarations are those of C's library on every system that plugins are loaded on.
unsafe extern "C" {
    fn _exit(status: c_int) -> !;
    fn atexit(call: extern "C" fn()) -> c_int;
}

/// What is told when a plugin ends the process, and the code that it then ends with.
type Tell = fn(&Beat) -> u8;

/// The plugins that are looked at when the process ends.
static AT_THE_END: OnceLock<(Arc<Pulse>, Tell)> = OnceLock::new();

/// From here on a plugin that ends the process (by `exit`, of whatever language) does not end it as if
/// all were well: `tell` says so and gives the code. The first pulse of a process is watched.
pub fn watch_the_end(pulse: &Arc<Pulse>, tell: Tell) {
    if AT_THE_END.set((Arc::clone(pulse), tell)).is_ok() {
        // SAFETY: `at_the_end` is a function of this program, which is never unloaded; it takes nothing,
        // and no panic leaves it (an `extern "C"` function that would unwind aborts). What does not fit
        // in the system's list is not told: then the process ends as it would without us.
        let _ = unsafe { atexit(at_the_end) };
    }
}

/// Runs when the process ends by `exit`, on the thread that ends it. With no plugin at work it is our own
/// end, and nothing is done.
extern "C" fn at_the_end() {
    if let Some((pulse, tell)) = AT_THE_END.get()
        && let Some(beat) = pulse.at_work()
    {
        leave(tell(&beat));
    }
}

/// Ends the process at once. Nothing that a run wrote is half there by that: the ledger is as after
/// any interruption.
pub fn leave(code: u8) -> ! {
    // SAFETY: it takes any number, touches none of our memory and does not return.
    unsafe { _exit(c_int::from(code)) }
}
