//! `plugin new`: a crate for a new plugin, with the author's side of this very feebook in it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::Path;

use feebook_core::error::{self, Error};
use feebook_schedule::names;

use crate::commands::shown;
use crate::exit::{DONE, Outcome, say};

/// Path below crates/ and text of the author's side.
static AUTHORS_SIDE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/authors_side.rs"));

/// The crate's own files, in which NAME is the plugin's name.
static TEMPLATE: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../../plugin/template/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("../../../plugin/template/lib.rs.txt")),
    ("feebook-plugin/Cargo.toml", include_str!("../../../plugin/template/feebook-plugin.toml.txt")),
    ("feebook-kernel/Cargo.toml", include_str!("../../../plugin/template/feebook-kernel.toml.txt")),
];

/// The crates that come with it, and that they need.
const OWN_CRATES: [&str; 3] = ["feebook-plugin", "feebook-kernel", "toml"];

pub(super) fn new(name: &str, dir: Option<&Path>) -> Outcome<u8> {
    if !names::is_name(name) || name.len() > 31 {
        let message = format!("\"{name}\" is no name for a plugin");
        let hint =
            if name.len() > 31 { "at most 31 letters".to_owned() } else { names::as_name(name) };
        return Err(Error::new(&error::NOT_A_NAME, message).hint(hint).into());
    }
    if OWN_CRATES.contains(&name) {
        let message = format!("\"{name}\" is a crate that the new one is built with");
        let hint = "a plugin needs a name of its own";
        return Err(Error::new(&error::NOT_A_NAME, message).hint(hint).into());
    }
    let dir = dir.unwrap_or(Path::new(name));
    if dir.exists() {
        let message = format!("{} is there already", shown(dir));
        let hint = "name another folder with --dir; nothing was written";
        return Err(Error::new(&error::FOLDER_TAKEN, message).hint(hint).into());
    }
    for (path, text) in TEMPLATE {
        write(dir, path, &text.replace("NAME", name))?;
    }
    for (path, text) in AUTHORS_SIDE {
        write(dir, &format!("feebook-{path}"), text)?;
    }
    say(&format!(
        "wrote the crate {}; the rule is in {}",
        shown(dir),
        shown(&dir.join("src/lib.rs"))
    ));
    let library = format!("{DLL_PREFIX}{}{DLL_SUFFIX}", name.replace('-', "_"));
    let library = dir.join("target/release").join(library);
    say(&format!(
        "next: cd {} && cargo test && cargo build --release\n\
         then: a version with [plugin] name = \"{name}\" and [plugin.config] share = \"2%\", and, in this \
         folder again,\n      feebook plugin stamp {name} {}",
        shown(dir),
        shown(&library)
    ));
    Ok(DONE)
}

fn write(dir: &Path, path: &str, text: &str) -> Result<(), Error> {
    let target = dir.join(path);
    let failed = |e| Error::file(&target, "write", e);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(&target, text).map_err(failed)
}
