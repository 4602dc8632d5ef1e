//! Lists files for the binary to carry. Those under schedules/, so that the shipped programs and
//! report mappings are there without a folder: a file added there needs no change of Rust. And the
//! author's side of plugins, so that `plugin new` writes a crate that fits this very binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What an author's crate needs of ours.
const AUTHORS_SIDE: [(&str, &[&str]); 2] = [
    (
        "crates/plugin",
        &[
            "src/author",
            "src/exchange",
            "src/lib.rs",
            "src/abi.rs",
            "src/codes.rs",
            "src/refusal.rs",
            "include",
        ],
    ),
    ("crates/kernel", &["src"]),
];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = root.join("schedules");
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.retain(|file| {
        let ending = file.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("toml" | "csv"))
    });
    println!("cargo::rerun-if-changed={}", folder.display());
    write_list("built_in.rs", &folder, &files)?;
    let crates = root.join("crates");
    let mut files = Vec::new();
    for (one, parts) in AUTHORS_SIDE {
        for part in parts {
            let path = root.join(one).join(part);
            println!("cargo::rerun-if-changed={}", path.display());
            if path.is_dir() { collect(&path, &mut files)? } else { files.push(path) }
        }
    }
    write_list("authors_side.rs", &crates, &files)
}

/// Writes a list of paths below a folder, each with the text of its file.
fn write_list(name: &str, folder: &Path, files: &[PathBuf]) -> io::Result<()> {
    let mut files = files.to_vec();
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let below = file.strip_prefix(folder).map_err(io::Error::other)?;
        let path = below.to_string_lossy().replace('\\', "/");
        // A write to a String cannot fail.
        let _ = writeln!(list, "    ({path:?}, include_str!({:?})),", file.display().to_string());
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join(name), list)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
