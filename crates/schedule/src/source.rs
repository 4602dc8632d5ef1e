//! One file of the schedules folder as it was handed over, with its digest.
//!
//! Refuses: the file system. Whoever owns files and built-in copies makes the sources.

use std::sync::Arc;

use sha2::{Digest, Sha256};

/// One file: where it lies, how people call it, what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    path: String,
    shown: String,
    text: Arc<str>,
    digest: [u8; 32],
}

impl Source {
    /// Makes a source. `path` is `/`-separated below the schedules folder
    /// (`aliexpress-nordic/2024-05-07.toml`); `shown` is how diagnostics name the file.
    pub fn new(
        path: impl Into<String>,
        shown: impl Into<String>,
        text: impl Into<Arc<str>>,
    ) -> Self {
        let text = text.into();
        let digest = Sha256::digest(text.as_bytes()).into();
        Self { path: path.into(), shown: shown.into(), text, digest }
    }

    /// Returns the path below the schedules folder.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the name that diagnostics show.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the SHA-256 of the text.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Returns the last part of the path.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns the file's name without its ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_knows_its_name_and_digest() {
        let source = Source::new("p/2024-05-07-late.toml", "schedules/p/x", "abc");
        assert_eq!(
            (source.file_name(), source.stem()),
            ("2024-05-07-late.toml", "2024-05-07-late")
        );
        assert_eq!(source.digest()[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
