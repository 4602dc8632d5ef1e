//! What bears on a line beside its report, as bytes to compare.
//!
//! Owns their order in a fingerprint. Refuses to find them: the evaluator does.

/// What bears on a line beside its report, as bytes that are equal when it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Our own click that led to it.
    pub(crate) click: Vec<u8>,
    /// The flags on it.
    pub(crate) flags: Vec<u8>,
    /// Marks, the kind of placement and the account's channel.
    pub(crate) dated: Vec<u8>,
    /// The rate of exchange that its amounts are converted by.
    pub(crate) exchange: Vec<u8>,
}

impl Beside {
    /// Writes all of it with the line's index; nothing where there is nothing.
    pub(super) fn canonical(&self, index: u64, out: &mut Vec<u8>) {
        let parts =
            [(b'K', &self.click), (b'L', &self.flags), (b'D', &self.dated), (b'X', &self.exchange)];
        for (tag, bytes) in parts {
            if !bytes.is_empty() {
                out.push(tag);
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
}
