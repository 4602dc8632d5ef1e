//! The README and the guides do what they say: every `sh` block runs, in order, in one fresh
//! folder per document, with the built binary on the path.
//!
//! A fenced block whose info string names a file (`csv orders.csv`) is that file. `sh fails` must
//! fail, every other `sh` block must not. A `text` block right after is the stdout of the last
//! command; with `FEEBOOK_ACCEPT=1` it is rewritten to what the command prints, to be read in the
//! diff. `cargo` lines are not run: they must be the README's two set-up commands.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use feebook_kernel::{Reason, Verdict};

use super::support::{Sandbox, root};

/// The whole set-up, in order.
const SET_UP: [&str; 2] = ["cargo run --release -- demo", "cargo test"];

/// A fenced block of a document.
#[derive(Debug)]
struct Block {
    /// The line of its opening fence, from 1.
    line: usize,
    /// What follows the fence, in words.
    words: Vec<String>,
    text: String,
    /// Nothing but blank lines stands between it and the block before.
    right_after: bool,
}

impl Block {
    fn is(&self, kind: &str) -> bool {
        self.words.first().is_some_and(|word| word == kind)
    }

    /// The file that the block is.
    fn file(&self) -> Option<&str> {
        let named = !self.is("sh") && !self.is("text");
        self.words.get(1).filter(|_| named).map(String::as_str)
    }
}

/// The fenced blocks of a document.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut open, mut prose) = (false, true);
    for (at, line) in markdown.lines().enumerate() {
        match (open, line.strip_prefix("```")) {
            (false, Some(words)) => {
                let words = words.split_whitespace().map(str::to_owned).collect();
                blocks.push(Block {
                    line: at + 1,
                    words,
                    text: String::new(),
                    right_after: !prose,
                });
                (open, prose) = (true, false);
            }
            (true, Some(_)) => open = false,
            (true, None) => {
                let block = blocks.last_mut().expect("an open block");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (false, None) => prose |= !line.trim().is_empty(),
        }
    }
    assert!(!open, "the last block is not closed");
    blocks
}

/// The commands of a block, without comments; a line that ends in `\` goes on.
fn commands(block: &Block) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    let bare = joined.lines().map(|line| line.split(" #").next().unwrap_or(line).trim());
    bare.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// README.md and docs/*.md.
fn documents() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let docs = docs.map(|entry| entry.expect("an entry").path());
    let mut all: Vec<PathBuf> =
        docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    all.sort();
    all.insert(0, root().join("README.md"));
    all
}

fn read(document: &Path) -> Vec<Block> {
    blocks(&fs::read_to_string(document).expect("a document"))
}

/// Runs commands in a shell and returns whether they worked, the last one's stdout, and stderr.
fn run(sandbox: &Sandbox, commands: &[String]) -> (bool, String, String) {
    let (last, before) = commands.split_last().expect("a command");
    let script = format!("set -eu\n{{ :\n{}\n}} > .before\n{last}\n", before.join("\n"));
    let binary = Path::new(env!("CARGO_BIN_EXE_feebook"));
    let folder = binary.parent().expect("a folder").display();
    let ran = Command::new("sh")
        .args(["-c", &script])
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .env("TMPDIR", sandbox.path(""))
        .env("HOME", sandbox.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (ran.status.success(), text(ran.stdout), text(ran.stderr))
}

/// Writes what a command printed over what the document says it does.
fn accept(document: &Path, said: &str, shown: &str) {
    let text = fs::read_to_string(document).expect("a document");
    let block = |inner: &str| format!("\n```text\n{inner}```\n");
    fs::write(document, text.replacen(&block(said), &block(shown), 1)).expect("written");
}

/// Runs a document from top to bottom and tells what is not as it says.
fn follow(document: &Path, findings: &mut Vec<String>) {
    let name = document.file_name().expect("a name").to_string_lossy().into_owned();
    let sandbox = Sandbox::new();
    if name == "plugin-guide.md" {
        // What its `cargo build` leaves.
        let library = sandbox.write("target/release/libfeebook_tiers.so", "");
        fs::copy(super::support::built("tiers"), library).expect("copied");
    }
    let mut last: Option<String> = None;
    for block in read(document) {
        let place = format!("{name}:{}", block.line);
        if let Some(file) = block.file() {
            sandbox.write(file, &block.text);
        }
        if block.is("text") {
            match last.take().filter(|_| block.right_after) {
                Some(shown) if shown == block.text => {}
                Some(shown) if env::var_os("FEEBOOK_ACCEPT").is_some_and(|v| v == "1") => {
                    accept(document, &block.text, &shown);
                }
                Some(shown) => findings.push(format!("{place}: the command printed\n{shown}")),
                None => findings.push(format!("{place}: a text block without commands before it")),
            }
        }
        last = None;
        let mut commands = if block.is("sh") { commands(&block) } else { Vec::new() };
        commands.retain(|command| !command.starts_with("cargo "));
        if commands.is_empty() {
            continue;
        }
        let (worked, out, err) = run(&sandbox, &commands);
        let fails = block.words.get(1).is_some_and(|word| word == "fails");
        if worked == fails {
            let told = if worked { "worked" } else { "failed" };
            findings.push(format!("{place}: the commands {told}:\n{out}{err}"));
        }
        last = Some(out);
    }
}

#[test]
fn every_command_does_what_the_documents_say() {
    let mut findings = Vec::new();
    for document in documents() {
        follow(&document, &mut findings);
    }
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn set_up_is_two_commands_and_ci_runs_the_same_test() {
    // Who writes a plugin builds it: that is no set-up.
    let mut documents = documents();
    documents.retain(|document| !document.ends_with("plugin-guide.md"));
    let blocks = documents.iter().flat_map(|document| read(document));
    let cargo: Vec<String> = blocks
        .filter(|block| block.is("sh"))
        .flat_map(|block| commands(&block))
        .filter(|command| command.starts_with("cargo "))
        .collect();
    assert_eq!(cargo, SET_UP);
    let ci = fs::read_to_string(root().join(".ci/run")).expect("what runs before landing");
    let same = ci.lines().filter_map(|line| line.trim().strip_prefix(SET_UP[1]));
    assert!(same.into_iter().any(|rest| rest.is_empty() || rest.starts_with(" --")), "{ci}");
}

/// The words in double quotes of a source, from one text up to another.
fn quoted(file: &str, from: &str, to: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("crates/schedule/src").join(file)).expect("a source");
    let (_, rest) = text.split_once(from).expect(from);
    let (part, _) = rest.split_once(to).expect(to);
    part.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_terms_guide_names_every_key_condition_verdict_and_reason() {
    let guide = fs::read_to_string(root().join("docs/terms-guide.md")).expect("the guide");
    let mut words = quoted("version_file.rs", "const KEYS", "];");
    words.extend(quoted("version_file.rs", "const POLICY", "];"));
    words.extend(quoted("program_file.rs", "const KEYS", "];"));
    words.extend(quoted("condition.rs", "const PLACEMENT_KINDS", "];"));
    words.extend(quoted("condition.rs", "static KEYS", "];"));
    words.extend(Verdict::ALL.map(|verdict| verdict.word().to_owned()));
    let open = Reason::ALL.into_iter();
    let open = open.filter(|r| *r >= Reason::NotYetGoverned && *r < Reason::Percent);
    words.extend(open.map(|reason| reason.word().to_owned()));
    assert!(words.len() > 80, "{words:?}");
    let named = |word: &String| {
        [format!("`{word}`"), format!("`[{word}]`"), format!("`[[{word}]]`"), format!("`{word} =")]
            .into_iter()
            .chain([format!("`[policy.{word}]`"), format!("\"{word}\"")])
            .any(|form| guide.contains(&form))
    };
    words.retain(|word| !named(word));
    assert!(words.is_empty(), "docs/terms-guide.md says nothing of {}", words.join(", "));
}

#[test]
fn the_reader_of_documents_sees_what_people_see() {
    let markdown = "a\n```sh\nfirst \\\n  more   # why\n\n# only a comment\nlast\n```\n\n```text\nout\n```\n\
                    prose\n```text\nx\n```\n```csv a/b.csv\n1\n```\n```toml\n2\n```\n";
    let blocks = blocks(markdown);
    assert_eq!(commands(&blocks[0]), ["first    more", "last"]);
    let after: Vec<bool> = blocks.iter().map(|block| block.right_after).collect();
    assert_eq!(after, [false, true, false, true, true]);
    let files: Vec<Option<&str>> = blocks.iter().map(Block::file).collect();
    assert_eq!(files, [None, None, None, Some("a/b.csv"), None]);
}
