//! Plugins: fee rules that TOML cannot express, native, behind a C boundary of plain bytes.
//!
//! Owns both sides of it. [`abi`] is what crosses; [`author`] is a trait and the macro
//! [`export_plugin!`], with which a plugin is written without unsafe code; [`exchange`] is the call
//! itself with all its checks, which an author's tests use as well; `host` (a feature) finds, checks
//! and loads a plugin's file.
//!
//! Refuses: to know of schedules and ledgers, to believe anything that a plugin wrote before it is
//! checked, to load what was not allowed, and to unload. It is the only crate with unsafe code;
//! every such block says why it is sound.

pub mod abi;
pub mod author;
pub mod codes;
pub mod exchange;
#[cfg(feature = "host")]
pub mod host;
mod refusal;

pub use feebook_kernel as kernel;
pub use feebook_kernel::{Aggregate, Figure, Of, Period};
pub use refusal::{ConfigProblem, Refusal};
