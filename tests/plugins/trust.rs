//! From a library to one that may run: inspect, stamp, trust.

use std::fs;

use super::super::support::Sandbox;
use super::{built, lay, shop, with_config};

/// A sandbox with the library beside it.
fn with_library() -> Sandbox {
    let sandbox = shop();
    fs::copy(built("tiers"), sandbox.path("tiers.so")).expect("copied");
    sandbox
}

#[test]
fn a_plugin_runs_once_it_is_stamped_and_trusted() {
    let sandbox = with_library();
    let run = |words: &[&str]| with_config(&sandbox, words);
    assert!(run(&["plugin", "check", "shop"]).expect(5).err.contains("error[P002]"));
    let stamped = run(&["plugin", "stamp", "tiers", "tiers.so", "--program", "shop"]).expect(0).err;
    assert!(stamped.contains("serves orders of shop from 2024-01-01 on"), "{stamped}");
    let refused = run(&["plugin", "check", "shop", "-O", "csv", "-o", "checked.csv"]).expect(5);
    assert!(refused.err.contains("error[P001]"), "{}", refused.err);
    let checked = fs::read_to_string(sandbox.path("checked.csv")).expect("an output");
    assert_eq!(
        checked,
        "program,schedule,from,plugin,version,config\n\
         shop,2024-01-01,2024-01-01,tiers,,P001: schedule needs a plugin\n"
    );
    run(&["--allow-plugins", "plugin", "check", "shop"]).expect(0);
    run(&["plugin", "trust", "tiers.so"]).expect(0);
    run(&["plugin", "check", "shop"]).expect(0);
    let listed = run(&["plugin", "list", "-O", "csv"]).expect(0).rows();
    let cells = ["plugin", "program", "from", "file", "may_run", "version"]
        .map(|key| listed[0].get(key).to_owned());
    assert_eq!(cells, ["tiers", "shop", "2024-01-01", "ready", "trusted", "0.1.0"]);
    assert_eq!(listed[0].get("trusted_on").len(), "2024-01-01".len());

    // Trust is in a build's bytes, not in its name, which is there for whoever reads the file.
    let config = sandbox.path("config.toml");
    let noted = fs::read_to_string(&config).expect("a config file");
    fs::write(&config, noted.replace("\"tiers\"", "\"levels\"")).expect("written");
    let told = run(&["plugin", "list", "-O", "csv"]).expect(0);
    assert_eq!(told.rows()[0].get("may_run"), "trusted");
    assert!(told.err.contains("is called `levels` in "), "{}", told.err);
    let mut other = fs::read(sandbox.path("tiers.so")).expect("a library");
    other.push(0);
    lay(&sandbox, "tiers", &other);
    assert!(run(&["plugin", "check", "shop"]).expect(5).err.contains("error[P001]"));
    assert_eq!(run(&["plugin", "list", "-O", "csv"]).expect(0).rows().len(), 2);
}

#[test]
fn a_stamp_is_appended_and_says_nothing_of_this_machine() {
    let sandbox = with_library();
    let list = sandbox.path("schedules/shop/plugins.toml");
    let stamp = |file: &str, more: &[&str]| {
        let words = ["plugin", "stamp", "tiers", file, "--program", "shop"];
        with_config(&sandbox, &[&words, more].concat())
    };
    stamp("tiers.so", &[]).expect(0);
    let first = fs::read_to_string(&list).expect("a list");
    let place = sandbox.path("").display().to_string();
    assert!(
        !first.contains(place.trim_end_matches('/')) && first.contains("\"plugins/tiers-"),
        "{first}"
    );

    // The file comes first in other commands, and the name here.
    let swapped = ["plugin", "stamp", "tiers.so", "tiers", "--program", "shop"];
    let refused = with_config(&sandbox, &swapped).expect(2).err;
    assert!(
        refused.contains("tiers is no file, and tiers.so is one")
            && refused.contains("hint: feebook plugin stamp tiers tiers.so --program shop"),
        "{refused}"
    );

    // The same again changes nothing; another build must say which orders it is for.
    assert!(stamp("tiers.so", &[]).expect(0).err.contains("nothing was changed"));
    let mut other = fs::read(sandbox.path("tiers.so")).expect("a library");
    other.push(0);
    fs::write(sandbox.path("newer.so"), &other).expect("written");
    assert!(stamp("newer.so", &[]).expect(2).err.contains("error[U050]"));
    assert_eq!(fs::read_to_string(&list).expect("a list"), first);
    stamp("newer.so", &["--from", "2024-07-01"]).expect(0);
    let both = fs::read_to_string(&list).expect("a list");
    assert!(both.starts_with(&first) && both.matches("[[plugin]]").count() == 2, "{both}");
    // The old build is kept for the old months.
    assert_eq!(fs::read_dir(sandbox.path("schedules/shop/plugins")).expect("a folder").count(), 2);
    assert!(sandbox.run("plugin check shop --allow-plugins").expect(0).out.contains("taken"));
}

#[test]
fn a_library_within_the_schedules_is_copied_all_the_same() {
    let sandbox = with_library();
    let beside = sandbox.path("schedules/shop/tiers.so");
    fs::rename(sandbox.path("tiers.so"), &beside).expect("moved");
    sandbox.run("plugin stamp tiers schedules/shop/tiers.so --program shop").expect(0);
    let list = sandbox.path("schedules/shop/plugins.toml");
    let text = fs::read_to_string(&list).expect("a list");
    assert!(text.contains("library = \"plugins/tiers-"), "{text}");
    // The next build goes over the file, and the old months keep theirs.
    fs::write(&beside, "a build under way").expect("written");
    sandbox.run("plugin check shop --allow-plugins").expect(0);

    // What lies under the program's plugins stays where it is, whatever its name.
    fs::remove_file(&list).expect("removed");
    let named = sandbox.path("schedules/shop/plugins/my \"own\".so");
    fs::copy(built("tiers"), &named).expect("copied");
    let words = ["plugin", "stamp", "tiers", named.to_str().expect("UTF-8"), "--program", "shop"];
    sandbox.run_words(&words).expect(0);
    let text = fs::read_to_string(&list).expect("a list");
    assert!(text.contains(r#"library = "plugins/my \"own\".so""#), "{text}");
    sandbox.run("plugin check shop --allow-plugins").expect(0);
}

#[test]
fn what_a_library_needs_is_told() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let sandbox = with_library();
    let about = sandbox.run("plugin inspect tiers.so -O json").expect(0).out;
    assert!(about.contains("\"needs\": [") && about.contains("\"libc.so.6\""), "{about}");
    let rows = sandbox.run("plugin inspect tiers.so -O csv").expect(0).rows();
    let needs = rows.iter().find(|row| row.get("key") == "needs").expect("a row");
    assert!(needs.get("value").split(", ").any(|library| library == "libc.so.6"));
    let told = with_config(&sandbox, &["plugin", "trust", "tiers.so"]).expect(0).err;
    assert!(
        told.contains("the SHA-256 does not cover them: ") && told.contains("libc.so.6"),
        "{told}"
    );
}

#[test]
fn a_version_with_quotes_leaves_the_config_file_whole() {
    let sandbox = shop();
    let mut library = fs::read(built("tiers")).expect("a library");
    let at = library.windows(6).position(|part| part == b"0.1.0\0").expect("a version");
    library[at..at + 5].copy_from_slice(b"0\"\\.0");
    fs::write(sandbox.path("quoted.so"), &library).expect("written");
    with_config(&sandbox, &["plugin", "trust", "quoted.so"]).expect(0);
    let text = fs::read_to_string(sandbox.path("config.toml")).expect("a config");
    assert!(text.contains(r#"version = "0\"\\.0""#), "{text}");
    with_config(&sandbox, &["plugin", "list"]).expect(0);
}

#[test]
fn a_stamp_is_for_a_plugin_that_a_schedule_names() {
    let sandbox = with_library();
    let told = |line: &str, code: i32| sandbox.run(line).expect(code).err;
    let unnamed = told("plugin stamp tears tiers.so", 2);
    assert!(
        unnamed.contains("error[U051]") && unnamed.contains("did you mean `tiers`?"),
        "{unnamed}"
    );
    assert!(told("plugin stamp tiers tiers.so --program example", 2).contains("error[U051]"));
    // The shipped program names it, too.
    assert!(told("plugin stamp tiers tiers.so", 2).contains("error[U002]"));
    let levels = built("levels").display().to_string();
    let other = told(&format!("plugin stamp tiers {levels} --program shop"), 5);
    assert!(other.contains("error[P014]") && other.contains("is the plugin `levels`"), "{other}");
    assert!(!sandbox.path("schedules/shop/plugins.toml").exists());
}

#[test]
fn a_library_is_inspected_without_being_run() {
    let sandbox = with_library();
    let about = sandbox.run("plugin inspect tiers.so -O json").expect(0).out;
    for part in
        ["\"plugin\": \"tiers\"", "\"version\": \"0.1.0\"", "\"boundary\": 1", "\"trusted\": false"]
    {
        assert!(about.contains(part), "{about}");
    }
    sandbox.write("note.txt", "no library");
    let text = sandbox.run("plugin inspect note.txt").expect(5);
    assert!(text.out.contains("fits_this_feebook  no") && text.err.contains("error[P007]"));
    assert!(sandbox.run("plugin inspect nowhere.so").expect(5).err.contains("error[P019]"));
    assert!(
        sandbox
            .run("plugin trust note.txt")
            .expect(5)
            .err
            .contains("note.txt: is not a shared library")
    );
}

#[test]
fn a_config_file_that_cannot_be_read_trusts_nothing() {
    let sandbox = with_library();
    sandbox.write(
        "config.toml",
        "seconds_per_call = 0\n[[trusted]]\nname = \"tiers\"\nsha = \"ab\"\nsha256 = \"ab\"\nversion = \"1\"\n",
    );
    let told = with_config(&sandbox, &["plugin", "list"]).expect(3).err;
    for part in
        ["error[S008]", "error[S053]", "unknown key `sha`", "[[trusted]] has no `trusted_on`"]
    {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn every_build_that_serves_some_day_of_a_version_is_checked() {
    let sandbox = with_library();
    let run = |words: &[&str]| with_config(&sandbox, words);
    let stamp = ["plugin", "stamp", "tiers", "tiers.so", "--program", "shop"];
    run(&stamp).expect(0);
    // The same build for earlier days too, once it is said; else nothing is to be done.
    let told = run(&stamp).expect(0).err;
    assert!(
        told.contains("for orders from 2024-01-01 on; nothing was changed\n--from DAY"),
        "{told}"
    );
    let mut other = fs::read(sandbox.path("tiers.so")).expect("a library");
    other.push(0);
    fs::write(sandbox.path("newer.so"), &other).expect("written");
    let later =
        ["plugin", "stamp", "tiers", "newer.so", "--program", "shop", "--from", "2024-07-01"];
    run(&later).expect(0);
    let told = sandbox.run("plugin check shop --allow-plugins -O csv").expect(0).out;
    for day in ["2024-01-01", "2024-07-01"] {
        let taken = format!("shop,2024-01-01,{day},tiers,0.1.0,taken\n");
        assert!(told.contains(&taken), "{told}");
    }
    // A name that is nearly one of which builds are stamped.
    let path = sandbox.path("schedules/shop/2024-01-01.toml");
    let text = fs::read_to_string(&path).expect("a version");
    fs::write(&path, text.replace("\"tiers\"", "\"tier\"")).expect("written");
    let told = sandbox.run("plugin check shop --allow-plugins").expect(5).err;
    assert!(told.contains("error[P002]") && told.contains("did you mean `tiers`"), "{told}");
    assert!(told.contains("plugins.toml has no build of it"), "{told}");
    fs::write(&path, text).expect("written");
    // The later one is gone: that is found before an order needs it.
    let folder = fs::read_dir(sandbox.path("schedules/shop/plugins")).expect("a folder");
    for file in folder.map(|entry| entry.expect("an entry").path()) {
        if fs::read(&file).expect("a library") == other {
            fs::remove_file(file).expect("removed");
        }
    }
    let ran = sandbox.run("plugin check shop --allow-plugins -O csv").expect(5);
    let told = ran.err;
    assert!(
        told.contains("error[P003]") && told.contains("orders from 2024-07-01 on are"),
        "{told}"
    );
    assert!(ran.out.contains("shop,2024-01-01,2024-01-01,tiers,0.1.0,taken\n"), "{}", ran.out);
}

#[test]
fn a_stamped_file_that_was_changed_is_no_matter_of_trust() {
    let sandbox = with_library();
    let mut changed = fs::read(sandbox.path("tiers.so")).expect("a library");
    lay(&sandbox, "tiers", &changed);
    changed.push(0);
    fs::write(sandbox.path("schedules/shop/plugins/it.so"), changed).expect("written");
    let told = with_config(&sandbox, &["plugin", "check", "shop"]).expect(5).err;
    assert!(told.contains("error[P006]"), "no trust would help: {told}");
    let words = ["plugin", "trust", "schedules/shop/plugins/it.so"];
    let told = with_config(&sandbox, &words).expect(0).err;
    assert!(
        told.contains("warning: schedules/shop/plugins.toml:1:1 names this very file with SHA-256"),
        "{told}"
    );
    assert!(
        told.contains("next: feebook plugin stamp tiers") && told.contains("--program PROGRAM")
    );
}

#[test]
fn a_plugin_has_time_of_its_own() {
    let sandbox = with_library();
    lay(&sandbox, "tiers", &fs::read(sandbox.path("tiers.so")).expect("a library"));
    with_config(&sandbox, &["plugin", "trust", "tiers.so"]).expect(0);
    let trusted = fs::read_to_string(sandbox.path("config.toml")).expect("a config");
    // At the end of the file it is the last plugin's.
    sandbox.write("config.toml", &format!("{trusted}seconds_per_call = 60\n"));
    with_config(&sandbox, &["plugin", "check", "shop"]).expect(0);
    sandbox.write("config.toml", &format!("{trusted}seconds_per_call = 0\n"));
    let told = with_config(&sandbox, &["plugin", "check", "shop"]).expect(3).err;
    assert!(told.contains("`seconds_per_call` is 0, expected 1 to 86400"), "{told}");
}
