//! Plugins of another toolchain, built by the C compiler that is at hand; without one these tests
//! are skipped, unless the environment says that this is a run that counts (CI).

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use feebook_plugin::kernel::Minor;

use super::super::support::{Sandbox, root};
use super::{batch, batch_with_texts, holds, lay, load, shop, start, version, with_config};

/// Compiles a plugin of this folder; none where there is no compiler.
fn compiled(sandbox: &Sandbox, source: &str, does: u32) -> Option<PathBuf> {
    let library = sandbox.path(&format!("{source}-{does}.so"));
    let ran = Command::new("cc")
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-unused-function",
            "-O1",
            "-shared",
            "-fPIC",
        ])
        .arg(format!("-DDO={does}"))
        .arg(format!("-DMARK=\"{}\"", sandbox.path("unloaded").display()))
        .arg("-D_DEFAULT_SOURCE")
        .arg("-I")
        .arg(root().join("crates/plugin/include"))
        .arg("-o")
        .arg(&library)
        .arg(root().join("tests/plugins").join(source))
        .output();
    let Ok(ran) = ran else {
        assert!(
            std::env::var_os("CI").is_none(),
            "no `cc`, and CI is set: no plugin in C is tested"
        );
        return None;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(library)
}

#[test]
fn a_plugin_in_c_answers_as_one_in_rust() {
    let sandbox = shop();
    let Some(file) = compiled(&sandbox, "flat.c", 0) else { return };
    let library = load(&sandbox, "flat", &file).expect("a plugin");
    assert_eq!((library.name(), library.version()), ("flat", "1.0"));
    let mut flat = start(&library, "amount = 25\n").expect("a config");
    let mut batch = batch(&flat);
    flat.call_twice(&mut batch).expect("an answer");
    assert_eq!(batch.said(0).incentive.map(Minor::get), Some(25));
    assert_eq!(batch.said(0).reason, Some("flat amount per line"));
    assert_eq!((batch.said(1).incentive, batch.said(1).reason), (Some(Minor::ZERO), None));

    // Two instances of one library have each their own config.
    let mut more = start(&library, "amount = 7\n").expect("a config");
    more.call(&mut batch).expect("an answer");
    assert_eq!(batch.said(0).incentive.map(Minor::get), Some(7));

    let refused = start(&library, "amount = \"25\"\n").expect_err("no number");
    assert_eq!(
        refused.to_string(),
        "error[P020]: the plugin refuses its config: 1 problem\n  amount: is no number of cents"
    );
}

#[test]
fn a_config_refused_by_c_is_shown_in_the_schedule() {
    let sandbox = shop();
    let Some(file) = compiled(&sandbox, "flat.c", 0) else { return };
    sandbox.write("schedules/shop/2024-01-01.toml", &version("flat", "amount = \"25\"\n"));
    lay(&sandbox, "flat", &fs::read(file).expect("a library"));
    let told = sandbox.run("plugin check shop --allow-plugins").expect(3).err;
    assert!(
        told.contains("error[S050]: schedules/shop/2024-01-01.toml:18:1\n18 | amount = \"25\""),
        "{told}"
    );
}

/// What each does is said in `misbehaving.c`; `free` is called of those that were set up.
const LOADING: [(u32, &str); 5] = [
    (1, "no init"),
    (2, "a handshake that changes on loading"),
    (3, "needs what is nowhere"),
    (23, "a handshake where none can lie"),
    (24, "a symbol with an underscore in front"),
];
const CALLED: [(u32, &str); 25] = [
    (5, "no instance"),
    (6, "status 9"),
    (7, "fails without a word"),
    (8, "a report beyond its area"),
    (9, "a negative amount"),
    (10, "too great an amount"),
    (11, "a commission on a line of others"),
    (12, "changes a line"),
    (13, "changes a figure"),
    (14, "writes behind the answers"),
    (15, "writes behind the reasons' texts"),
    (16, "moves an area"),
    (17, "names a reason that it did not write"),
    (18, "a reason that is no text"),
    (19, "more reasons than there may be"),
    (20, "another answer the second time"),
    (21, "fails"),
    (28, "writes what is reserved"),
    (29, "a report that a terminal would obey"),
    (30, "counts a reason of the call before"),
    (33, "changes the batch"),
    (34, "changes the setup"),
    (35, "writes behind its report"),
    (36, "fails, and has written behind its answers"),
    (40, "counts far behind what it wrote in this call"),
];

#[test]
fn what_a_native_plugin_may_not_do_is_refused() {
    // The loader's words and the assembler's are those of Linux.
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let sandbox = shop();
    let mut told = String::new();
    for (does, what) in LOADING {
        let Some(file) = compiled(&sandbox, "misbehaving.c", does) else { return };
        let refused = load(&sandbox, "bad", &file).expect_err(what);
        writeln!(told, "# {what}\n{refused}\n").expect("a string takes it");
    }
    for (does, what) in CALLED.into_iter().chain([(22, "changes what it may say")]) {
        let Some(file) = compiled(&sandbox, "misbehaving.c", does) else { return };
        let library = load(&sandbox, "bad", &file).expect(what);
        let refused = start(&library, "").and_then(|mut bad| {
            let mut batch = batch(&bad);
            let called = bad.call_twice(&mut batch);
            assert_eq!(batch.said(0).incentive, Some(Minor::ZERO), "{what}: nothing is left of it");
            called
        });
        let refused = refused.expect_err(what);
        writeln!(
            told,
            "# {what}{}\n{refused}\n",
            refused.line().map_or(String::new(), |line| format!(" (line {line})"))
        )
        .expect("a string takes it");
    }
    // The names of the compiled files say nothing.
    holds("refusals-in-c.txt", &sandbox, &told);
}

#[test]
fn a_text_of_the_batch_that_was_changed_is_refused() {
    let sandbox = shop();
    let Some(file) = compiled(&sandbox, "misbehaving.c", 32) else { return };
    let mut bad = load(&sandbox, "bad", &file).and_then(|bad| start(&bad, "")).expect("a plugin");
    let mut batch = batch_with_texts(&bad);
    let refused = bad.call(&mut batch).expect_err("refused");
    assert_eq!(
        refused.message(),
        "the plugin wrote 0x78 over 0x37 in byte 1 of the texts, which it is given to read"
    );
}

#[test]
fn what_was_written_and_not_counted_is_gone_at_the_next_call() {
    let sandbox = shop();
    let Some(file) = compiled(&sandbox, "misbehaving.c", 37) else { return };
    let mut bad = load(&sandbox, "bad", &file).and_then(|bad| start(&bad, "")).expect("a plugin");
    let mut batch = batch(&bad);
    bad.call(&mut batch).expect("three bytes are counted and written");
    let refused = bad.call(&mut batch).expect_err("nothing was written");
    assert_eq!(
        (refused.code().id, refused.message()),
        ("P027", "reason 1 of 1 is not one line of plain text: its byte 1 is \"\\u{0}\"")
    );
}

#[test]
fn none_of_a_librarys_code_runs_before_it_is_known_and_allowed() {
    let Some(sandbox) = to_compute(39) else { return };
    let (library, mark) = (sandbox.path("misbehaving.c-39.so"), sandbox.path("unloaded"));
    let file = library.to_str().expect("UTF-8");
    let stamped = fs::read_to_string(sandbox.path("schedules/shop/plugins.toml")).expect("a list");
    let check = |text: &str, code: &str, allow: &[&str]| {
        sandbox.write("schedules/shop/plugins.toml", text);
        let words = [allow, &["plugin", "check", "shop"]].concat();
        let told = with_config(&sandbox, &words).expect(5).err;
        assert!(told.contains(&format!("error[{code}]")), "{told}");
    };
    let allow = &["--allow-plugins"][..];
    with_config(&sandbox, &["plugin", "inspect", file]).expect(0);
    with_config(&sandbox, &["plugin", "list"]).expect(0);
    check(&stamped, "P001", &[]);
    let bytes = fs::read(&library).expect("a library");
    let other = stamped.replace(&super::hex(&bytes), &"0".repeat(64));
    check(&other, "P006", allow);
    let at = bytes.windows(8).position(|part| part == b"feebook\n").expect("a handshake");
    for (offset, byte, code) in [(8, 9, "P011"), (72, b'x', "P014")] {
        let mut changed = bytes.clone();
        changed[at + offset] = byte;
        lay(&sandbox, "bad", &changed);
        let told = with_config(&sandbox, &["--allow-plugins", "plugin", "check", "shop"]).expect(5);
        assert!(told.err.contains(&format!("error[{code}]")), "{}", told.err);
    }
    lay(&sandbox, "bad", &bytes);
    with_config(
        &sandbox,
        &["plugin", "stamp", "bad", file, "--program", "shop", "--from", "2025-01-01"],
    )
    .expect(0);
    with_config(&sandbox, &["plugin", "trust", file]).expect(0);
    assert!(!mark.exists(), "its constructor ran");
    // The mark is one: where it may run, it is there.
    with_config(&sandbox, &["plugin", "check", "shop"]).expect(0);
    assert!(mark.exists(), "its constructor says that it ran");
}

#[test]
fn a_plugin_that_ends_the_process_does_not_end_it_well() {
    let Some(sandbox) = to_compute(38) else { return };
    let ran = sandbox.run("recompute --allow-plugins").expect(5);
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        (
            "",
            "error[P032]: the plugin `bad` 1.0 ended feebook, for shop/2024-01-01, asked about an order of \
             2024-02-01T10:30:00Z\nhint: nothing was posted; tell the plugin's author, and stamp a build that \
             comes back\n"
        )
    );
}

#[test]
fn a_config_refused_in_a_call_keeps_its_keys() {
    let sandbox = shop();
    let Some(file) = compiled(&sandbox, "misbehaving.c", 31) else { return };
    let mut bad = load(&sandbox, "bad", &file).and_then(|bad| start(&bad, "")).expect("a plugin");
    let mut batch = batch(&bad);
    let refused = bad.call(&mut batch).expect_err("a config refused");
    let problems: Vec<_> =
        refused.problems().iter().map(|one| (one.key.as_deref(), one.message.as_str())).collect();
    assert_eq!(refused.code().id, "P020");
    assert_eq!(problems, [(Some("amount"), "is too much")]);
}

#[test]
fn a_library_that_ran_is_never_unloaded() {
    // The loader's words and the assembler's are those of Linux.
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let sandbox = shop();
    let Some(file) = compiled(&sandbox, "misbehaving.c", 23) else { return };
    load(&sandbox, "bad", &file).expect_err("a handshake where none can lie");
    assert!(!sandbox.path("unloaded").exists(), "its destructors ran");
}

/// Lays a program that needs the plugin `bad`, with an order to be computed by it.
fn to_compute(does: u32) -> Option<Sandbox> {
    let sandbox = shop();
    let file = compiled(&sandbox, "misbehaving.c", does)?;
    sandbox.write("schedules/shop/2024-01-01.toml", &version("bad", ""));
    lay(&sandbox, "bad", &fs::read(file).expect("a library"));
    sandbox.write("config.toml", "seconds_per_call = 1\n");
    sandbox.write(
        "orders.csv",
        "order_no,line_no,paid_at,product_price,quantity,status,currency\n\
         1,1,2024-02-01 10:30:00,100.00,1,approved,USD\n",
    );
    sandbox.run("init").expect(0);
    sandbox.run("import orders.csv --program shop").expect(0);
    Some(sandbox)
}

#[test]
fn a_plugin_that_does_not_come_back_ends_the_run() {
    let hint = "hint: nothing was posted; tell the plugin's author, or give it more time in your config file: \
                `seconds_per_call` at its top, or below the plugin's [[trusted]]\n";
    // In its constructor, init, call and free.
    let order = ", for shop/2024-01-01, asked about an order of 2024-02-01T10:30:00Z";
    for (does, words, about) in [
        (25, "--allow-plugins plugin check shop", " while it was loaded"),
        (4, "--allow-plugins plugin check shop", ", for shop/2024-01-01"),
        (26, "--allow-plugins recompute", order),
        (27, "--allow-plugins plugin check shop", ", for shop/2024-01-01"),
    ] {
        let Some(sandbox) = to_compute(does) else { return };
        let words: Vec<&str> = words.split(' ').collect();
        let ran = with_config(&sandbox, &words).expect(5);
        let told = format!(
            "error[P029]: the plugin `bad` 1.0 has not come back for 1 second{about}\n{hint}"
        );
        assert!(ran.err.ends_with(&told), "{does}: {}", ran.err);
    }
    // A limit of the plugin's own comes before that of all.
    let Some(sandbox) = to_compute(26) else { return };
    sandbox.write("config.toml", "");
    let file = sandbox.path("misbehaving.c-26.so");
    with_config(&sandbox, &["plugin", "trust", file.to_str().expect("UTF-8")]).expect(0);
    let trusted = fs::read_to_string(sandbox.path("config.toml")).expect("a config");
    sandbox.write("config.toml", &format!("{trusted}seconds_per_call = 1\n"));
    let ran = with_config(&sandbox, &["recompute"]).expect(5);
    assert!(ran.err.contains("has not come back for 1 second"), "{}", ran.err);
}
