//! The call: what is given to a plugin, what it answers, and every check in between.
//!
//! Owns instances, batches and the areas that a plugin writes into. Refuses to believe: inputs are
//! copies that are compared after the call, areas end in guards, and an answer is handed on
//! only when all of it holds. Nothing here loads a file, so an author's tests go the same way.

mod answers;
mod batch;
mod instance;
mod pulse;
mod report;
mod setup;
mod texts;

pub use answers::Said;
pub use batch::{Batch, LineInput, OrderInput};
pub use instance::Instance;
#[cfg(feature = "host")]
pub(crate) use instance::no_function;
pub use pulse::{Beat, BeatOf, Pulse};
pub(crate) use setup::aggregate;
pub use setup::{Entry, Setup};
pub(crate) use texts::text_at;
