//! Whole-program tests: one binary, one module per feature. `tidy` checks that every file here is
//! a module of it.

#![allow(clippy::panic, reason = "a test that fails panics, also in what its tests share")]

mod cases;
mod gallery;
mod oracle;
mod plugins;
mod readme;
mod reconcile;
mod reports;
mod schedules;
mod schemas;
mod stories;
mod support;
mod tidy;
