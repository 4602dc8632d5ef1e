//! The author's side: a trait, the views that it is given, and the macro that exports it.
//!
//! Owns the conversion between C and Rust and the guard against panics. Refuses to make an author
//! write unsafe code: everything here is checked, and all that is unsafe is in `shim`.
//!
//! ```
//! use feebook_plugin::author::{Answers, Config, Order, Plugin, Setup};
//! use feebook_plugin::kernel::{Ppm, Rounding};
//!
//! /// Adds a share of the basis on every line.
//! struct Extra { share: Ppm, rounding: Rounding }
//!
//! impl Plugin for Extra {
//!     fn new(setup: &Setup<'_>, config: &mut Config) -> Option<Self> {
//!         Some(Self { share: config.rate("share")?, rounding: setup.rounding() })
//!     }
//!     fn order(&mut self, order: &Order<'_>, answers: &mut Answers<'_>) -> Result<(), String> {
//!         for line in order.lines() {
//!             let Some(basis) = line.basis() else { continue };
//!             answers.incentive(&line, basis.share(self.share, self.rounding), "extra")?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! feebook_plugin::export_plugin!(Extra, "extra");
//! ```

mod config;
mod path;
mod shim;
mod views;
mod words;

pub use config::Config;
pub use views::{Answers, Entry, Line, Order, Setup};
pub use words::{decimal, percent};

use crate::abi::{self, Handshake};

/// A fee rule. It is pure: no clock, no files, no network, nothing kept from call to call, and the
/// same answer to the same order.
pub trait Plugin: Sized + Send {
    /// Whether the rule reads texts of lines: category, country, placement, sub-id, product. If
    /// not, they are absent and the call is cheaper.
    const READS_TEXTS: bool = true;

    /// Sets the rule up for one version of the terms. What is missing or wrong in the config is
    /// noted by `config` as it is read, a key that was never asked for as well; the schedule's
    /// author sees it at its place in the file. None when there can be no rule.
    fn new(setup: &Setup<'_>, config: &mut Config) -> Option<Self>;

    /// Answers the lines of one order.
    ///
    /// # Errors
    ///
    /// A sentence, when there can be no answer; then the run stops and nothing is posted.
    fn order(&mut self, order: &Order<'_>, answers: &mut Answers<'_>) -> Result<(), String>;
}

/// Makes the handshake of a plugin. Name and version are printable ASCII of at most 31 bytes;
/// anything else does not compile.
///
/// # Panics
///
/// On compiling, with another name or version.
pub const fn handshake<P: Plugin>(name: &str, version: &str) -> Handshake {
    Handshake {
        magic: abi::MAGIC,
        abi: abi::ABI,
        handshake_size: abi::size_of_struct::<Handshake>(),
        setup_size: abi::size_of_struct::<abi::Setup>(),
        batch_size: abi::size_of_struct::<abi::Batch>(),
        order_size: abi::size_of_struct::<abi::Order>(),
        line_size: abi::size_of_struct::<abi::Line>(),
        answers_size: abi::size_of_struct::<abi::Answers>(),
        answer_size: abi::size_of_struct::<abi::Answer>(),
        report_size: abi::size_of_struct::<abi::Report>(),
        problem_size: abi::size_of_struct::<abi::Problem>(),
        text_size: abi::size_of_struct::<abi::Text>(),
        line_texts_size: abi::size_of_struct::<abi::LineTexts>(),
        entry_size: abi::size_of_struct::<abi::Entry>(),
        declared_size: abi::size_of_struct::<abi::Declared>(),
        flags: if P::READS_TEXTS { 0 } else { abi::FLAG_WITHOUT_TEXTS },
        reserved: 0,
        name: padded(name),
        version: padded(version),
        init: Some(shim::init::<P>),
        call: Some(shim::call::<P>),
        free: Some(shim::free::<P>),
    }
}

const fn padded(text: &str) -> [u8; 32] {
    let bytes = text.as_bytes();
    assert!(!bytes.is_empty() && bytes.len() < 32, "from 1 to 31 bytes");
    let mut padded = [0; 32];
    let mut at = 0;
    while at < bytes.len() {
        assert!(bytes[at].is_ascii_graphic(), "printable ASCII without blanks");
        padded[at] = bytes[at];
        at += 1;
    }
    padded
}

/// Exports a [`Plugin`](crate::author::Plugin) under a name. The version is that of the author's
/// crate. Used once in a crate with `crate-type = ["cdylib"]`.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty, $name:literal) => {
        const _: () = {
            #[cfg(panic = "abort")]
            compile_error!("a plugin is built with panic = \"unwind\": its panics must be caught");

            #[unsafe(no_mangle)]
            pub static FEEBOOK_PLUGIN: $crate::abi::Handshake =
                $crate::author::handshake::<$plugin>($name, env!("CARGO_PKG_VERSION"));
        };
    };
}
