//! Terms as dated TOML files: read, checked, compiled to integers, and looked up by date.
pub mod codes;
pub mod diagnostic;
pub mod document;
pub mod iso;
pub mod zone;
