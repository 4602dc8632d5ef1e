//! The end of the process while a plugin is at work.
//!
//! Owns one call of the system's. Refuses to tidy up: what is tidied on an ordinary exit takes locks
//! that a plugin may hold, such as the loader's while a library's initialisers run, and waits for it.

use std::ffi::c_int;

// SAFETY: the declaration is that of C's library on every system that plugins are loaded on.
unsafe extern "C" {
    fn _exit(status: c_int) -> !;
}

/// Ends the process at once. Nothing that a run wrote is half there by that: the ledger is as after
/// any interruption.
pub fn leave(code: u8) -> ! {
    // SAFETY: it takes any number, touches none of our memory and does not return.
    unsafe { _exit(c_int::from(code)) }
}
