//! Everything that needs the ledger.
pub mod error;
pub mod fact;
pub mod words;
