//! Everything that needs the ledger: facts, import, run, explain, statement, check.
//!
//! Owns the way of one order line: report bytes, record, mapped row, fact (import, one transaction
//! per file); then facts by order, classified, rated, settled, compared with what is posted, and
//! the difference posted (run). `import` and `run` never call each other: they meet in the ledger.
//!
//! Refuses the terminal, the environment and the clock (the binary has those), SQL outside
//! [`ledger`], and the calculation itself, which is the kernel's.

pub mod allot;
pub mod answers;
pub mod assumptions;
pub mod check;
pub mod click;
pub mod closing;
pub mod comparison;
mod correction;
pub mod dispute;
pub mod due;
pub mod error;
pub mod exchange;
pub mod explain;
pub mod fact;
pub mod import;
pub mod journal;
pub mod ledger;
pub mod lines;
pub mod payout;
pub mod plan;
pub mod plugins;
pub mod postings;
pub mod preview;
pub mod program;
pub mod reconcile;
pub mod run;
pub mod side_by_side;
pub mod standing;
pub mod statement;
pub mod words;
