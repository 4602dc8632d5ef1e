//! The author's way: a crate from `plugin new` builds, passes its tests and is a plugin.

use std::fs;
use std::path::Path;
use std::process::Command;

use feebook_plugin::kernel::Minor;

use super::super::support::Sandbox;
use super::{batch, load, shop, start};

/// Runs cargo in a folder, with the registry that this build used and no network.
fn cargo(folder: &Path, words: &[&str]) -> (bool, String) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-new");
    let ran = Command::new(env!("CARGO"))
        .args(words)
        .args(["--offline", "--quiet"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    (ran.status.success(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

#[test]
fn a_new_crate_builds_passes_its_tests_and_is_a_plugin() {
    let sandbox = shop();
    let told = sandbox.run("plugin new my-rule").expect(0).err;
    assert!(told.contains("wrote the crate my-rule"), "{told}");
    assert!(sandbox.run("plugin new my-rule").expect(2).err.contains("error[U052]"));

    let folder = sandbox.path("my-rule");
    let text = fs::read_to_string(folder.join("src/lib.rs")).expect("a crate");
    assert!(!text.contains("unsafe"), "an author needs none");
    let (passed, said) = cargo(&folder, &["test"]);
    assert!(passed, "{said}");
    let (built, said) = cargo(&folder, &["build"]);
    assert!(built, "{said}");

    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-new/debug").join(format!(
        "{}my_rule{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    let loaded = load(&sandbox, "my-rule", &library).expect("a plugin");
    let mut rule = start(&loaded, "share = \"2%\"\n").expect("a config");
    let mut batch = batch(&rule);
    rule.call_twice(&mut batch).expect("an answer");
    let said = (batch.said(0).incentive.map(Minor::get), batch.said(0).reason);
    assert_eq!(said, (Some(2_00), Some("extra share")));

    // A panic of a library with a standard library of its own is told, and ends nothing.
    let marked = "answers.incentive(&line";
    assert!(text.contains(marked), "the template has changed");
    let panics = format!("let _: u8 = \"many\".parse().expect(\"a number\");\n{marked}");
    let panics = text.replace(marked, &panics);
    fs::write(folder.join("src/lib.rs"), panics).expect("written");
    let (built, said) = cargo(&folder, &["build"]);
    assert!(built, "{said}");
    let loaded = load(&sandbox, "my-rule", &library).expect("a plugin");
    let mut panics = start(&loaded, "share = \"2%\"\n").expect("a config");
    let refused = panics.call(&mut batch).expect_err("a panic").to_string();
    assert!(
        refused.starts_with("error[P022]: the plugin panicked: a number: ParseIntError"),
        "{refused}"
    );
    assert!(refused.contains(" at src/lib.rs:"), "{refused}");
    assert_eq!(
        batch.said(0).incentive,
        Some(Minor::ZERO),
        "nothing is left of what it said before"
    );
}

#[test]
fn a_new_plugin_has_a_name_that_schedules_can_say() {
    let sandbox = Sandbox::new();
    for (name, what) in [
        ("My-Rule", "lowercase word"),
        ("a23456789012345678901234567890123", "31 letters"),
        ("feebook-plugin", "a name of its own"),
    ] {
        let told = sandbox.run(&format!("plugin new {name}")).expect(2).err;
        assert!(told.contains("error[U042]") && told.contains(what), "{told}");
    }
}
