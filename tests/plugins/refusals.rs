//! What a plugin's file may not be: each refusal as `plugin check` prints it, and none of the
//! file's code has run by then.

use std::fmt::Write as _;
use std::fs;
use std::mem::offset_of;

use feebook_plugin::abi::{Handshake, MAGIC};

use super::super::support::Sandbox;
use super::{built, holds, lay, shop, stamped, stamped_for, with_config};

/// What the case is, and how the sandbox gets there.
type Case = (&'static str, fn(&Sandbox, &[u8]));

/// Puts bytes over those of the handshake in a library.
fn patched(library: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    // The name tells the handshake from the other places with these first bytes.
    let name = offset_of!(Handshake, name);
    let start = library
        .windows(name + 6)
        .position(|window| window.starts_with(&MAGIC) && window.ends_with(b"tiers\0"));
    let start = start.expect("a handshake") + at;
    let mut library = library.to_vec();
    library[start..start + bytes.len()].copy_from_slice(bytes);
    library
}

const CASES: &[Case] = &[
    ("plugins are not allowed", |sandbox, library| lay(sandbox, "tiers", library)),
    ("no line in plugins.toml", |_, _| {}),
    ("a build of later days only", |sandbox, library| {
        let text = stamped("tiers", "plugins/it.so", library).replace("2024-01-01", "2024-06-01");
        sandbox.write("schedules/shop/plugins.toml", &text);
    }),
    ("the library is gone", |sandbox, library| {
        sandbox.write("schedules/shop/plugins.toml", &stamped("tiers", "plugins/it.so", library));
    }),
    ("a bare name", |sandbox, library| {
        sandbox.write("schedules/shop/plugins.toml", &stamped("tiers", "libc.so.6", library));
    }),
    ("a path that leads out of the folder", |sandbox, library| {
        fs::write(sandbox.path("it.so"), library).expect("the library can be written");
        sandbox.write("schedules/shop/plugins.toml", &stamped("tiers", "../../it.so", library));
    }),
    ("a folder", |sandbox, library| {
        lay(sandbox, "tiers", library);
        fs::remove_file(sandbox.path("schedules/shop/plugins/it.so")).expect("removed");
        fs::create_dir(sandbox.path("schedules/shop/plugins/it.so")).expect("made");
    }),
    ("another file than was stamped", |sandbox, library| {
        lay(sandbox, "tiers", library);
        fs::write(sandbox.path("schedules/shop/plugins/it.so"), "else").expect("written");
    }),
    ("a text", |sandbox, _| lay(sandbox, "tiers", b"no library\n")),
    ("an empty file", |sandbox, _| lay(sandbox, "tiers", b"")),
    ("half a library", |sandbox, library| lay(sandbox, "tiers", &library[..library.len() / 2])),
    ("a program", |sandbox, library| {
        // e_type: ET_EXEC.
        let mut program = library.to_vec();
        program[16] = 2;
        lay(sandbox, "tiers", &program);
    }),
    ("a library for another processor", |sandbox, library| {
        // e_machine: EM_AARCH64.
        let mut other = library.to_vec();
        other[18..20].copy_from_slice(&183_u16.to_le_bytes());
        lay(sandbox, "tiers", &other);
    }),
    ("a library of 32 bits", |sandbox, _| lay(sandbox, "tiers", &elf32())),
    ("a library without a handshake", |sandbox, library| {
        let at = library.windows(14).position(|part| part == b"FEEBOOK_PLUGIN").expect("a name");
        let mut other = library.to_vec();
        // The first is the name among the dynamic symbols.
        other[at..at + 14].copy_from_slice(b"FEEBOOK_PLUGAN");
        lay(sandbox, "tiers", &other);
    }),
    ("other first bytes", |sandbox, library| {
        lay(sandbox, "tiers", &patched(library, offset_of!(Handshake, magic), b"FEEBOOK\n"));
    }),
    ("another edition", |sandbox, library| {
        let abi = 2_u32.to_ne_bytes();
        lay(sandbox, "tiers", &patched(library, offset_of!(Handshake, abi), &abi));
    }),
    ("another size of a line", |sandbox, library| {
        let size = 88_u32.to_ne_bytes();
        lay(sandbox, "tiers", &patched(library, offset_of!(Handshake, line_size), &size));
    }),
    ("a flag of later", |sandbox, library| {
        let flags = 5_u32.to_ne_bytes();
        lay(sandbox, "tiers", &patched(library, offset_of!(Handshake, flags), &flags));
    }),
    ("another name", |sandbox, library| {
        lay(sandbox, "tiers", &patched(library, offset_of!(Handshake, name), b"tears"));
    }),
    ("an unreadable version", |sandbox, library| {
        lay(sandbox, "tiers", &patched(library, offset_of!(Handshake, version), b"\x07"));
    }),
    ("a config that the plugin refuses", |sandbox, library| {
        let path = sandbox.path("schedules/shop/2024-01-01.toml");
        let text = fs::read_to_string(&path).expect("a version");
        let text = text.replace("rate = \"2%\" }", "share = \"2%\" }").replace("above", "abov");
        fs::write(path, text).expect("written");
        lay(sandbox, "tiers", library);
    }),
];

/// The least that is a library of 32 bits for x86.
fn elf32() -> Vec<u8> {
    let mut elf = vec![0; 52];
    elf[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
    elf[16] = 3;
    elf[18] = 3;
    elf[20] = 1;
    elf[40] = 52;
    elf
}

#[test]
fn every_refusal_is_told_as_expected() {
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return;
    }
    let library = fs::read(built("tiers")).expect("a library");
    let mut told = String::new();
    for (case, prepare) in CASES {
        let sandbox = shop();
        prepare(&sandbox, &library);
        let allow = if case.contains("not allowed") { "" } else { " --allow-plugins" };
        let ran = sandbox.run(&format!("plugin check shop{allow}"));
        let place = fs::canonicalize(sandbox.path("")).expect("a folder").display().to_string();
        writeln!(told, "# {case}: exit {}\n{}", ran.code, ran.err.replace(&place, "SANDBOX"))
            .expect("a string takes it");
        assert!(!ran.out.contains("taken"), "{case}: {}", ran.out);
    }
    holds("refusals.txt", &Sandbox::new(), &told);
}

#[test]
#[cfg(unix)]
fn a_link_out_of_the_folder_is_not_followed() {
    let (sandbox, library) = (shop(), fs::read(built("tiers")).expect("a library"));
    lay(&sandbox, "tiers", &library);
    let inside = sandbox.path("schedules/shop/plugins/it.so");
    fs::rename(&inside, sandbox.path("it.so")).expect("moved");
    std::os::unix::fs::symlink(sandbox.path("it.so"), &inside).expect("a link");
    let told = sandbox.run("plugin check shop --allow-plugins").expect(5).err;
    assert!(
        told.contains("error[P004]") && told.contains("outside the schedules folder"),
        "{told}"
    );
    // Within the folder it may lie behind a link, and elsewhere by an absolute path.
    fs::remove_file(&inside).expect("removed");
    fs::rename(sandbox.path("it.so"), sandbox.path("schedules/it.so")).expect("moved");
    std::os::unix::fs::symlink(sandbox.path("schedules/it.so"), &inside).expect("a link");
    sandbox.run("plugin check shop --allow-plugins").expect(0);
    let absolute = built("tiers").display().to_string();
    sandbox.write("schedules/shop/plugins.toml", &stamped("tiers", &absolute, &library));
    sandbox.run("plugin check shop --allow-plugins").expect(0);
}

#[test]
#[cfg(unix)]
fn a_pipe_is_not_waited_for() {
    let (sandbox, library) = (shop(), fs::read(built("tiers")).expect("a library"));
    lay(&sandbox, "tiers", &library);
    let path = sandbox.path("schedules/shop/plugins/it.so");
    fs::remove_file(&path).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let told = sandbox.run("plugin check shop --allow-plugins").expect(5).err;
    assert!(told.contains("error[P005]") && told.contains("neither a file nor a folder"), "{told}");
}

const HERE: &str = "Elf x86_64, 64 bits";
const ARM: &str = "Elf aarch64, 64 bits";

/// A library that says that it is for another processor.
fn for_arm(library: &[u8]) -> Vec<u8> {
    let mut other = library.to_vec();
    other[18..20].copy_from_slice(&183_u16.to_le_bytes());
    other
}

/// Lays two builds of one day, the second of them for another machine.
fn two_machines(first: Option<&str>, second: Option<&str>) -> Sandbox {
    let (sandbox, library) = (shop(), fs::read(built("tiers")).expect("a library"));
    lay(&sandbox, "tiers", &library);
    let other = for_arm(&library);
    fs::write(sandbox.path("schedules/shop/plugins/arm.so"), &other).expect("written");
    let line = |file: &str, bytes: &[u8], machine: Option<&str>| match machine {
        Some(machine) => stamped_for("tiers", file, bytes, machine),
        None => stamped("tiers", file, bytes),
    };
    let lines = line("plugins/it.so", &library, first) + &line("plugins/arm.so", &other, second);
    sandbox.write("schedules/shop/plugins.toml", &lines);
    sandbox
}

fn is_x86_linux() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

#[test]
fn the_last_build_for_this_machine_serves() {
    if !is_x86_linux() {
        return;
    }
    for (first, second) in [(Some(HERE), Some(ARM)), (None, Some(ARM)), (None, None)] {
        let sandbox = two_machines(first, second);
        let told = sandbox.run("plugin check shop --allow-plugins -O csv").expect(0).out;
        assert!(told.contains(",tiers,0.1.0,taken\n"), "{told}");
        // Trust is asked of the build that serves, and of no other.
        let told = sandbox.run("plugin check shop").expect(5).err;
        assert!(told.contains("error[P001]") && told.contains("plugins/it.so"), "{told}");
        with_config(&sandbox, &["plugin", "trust", "schedules/shop/plugins/it.so"]).expect(0);
        with_config(&sandbox, &["plugin", "check", "shop"]).expect(0);
    }
    // The other machine's file need not be here, if its line says whose it is.
    let sandbox = two_machines(Some(HERE), Some(ARM));
    fs::remove_file(sandbox.path("schedules/shop/plugins/arm.so")).expect("removed");
    sandbox.run("plugin check shop --allow-plugins").expect(0);
    let listed = sandbox.run("plugin list -O csv").expect(0).rows();
    let cells =
        |row: usize| (listed[row].get("machine").to_owned(), listed[row].get("file").to_owned());
    assert_eq!(cells(0), (HERE.to_owned(), "ready".to_owned()));
    assert_eq!(cells(1), (ARM.to_owned(), "P008: library for another machine".to_owned()));
}

#[test]
fn a_build_that_is_gone_is_not_replaced_by_the_one_before() {
    if !is_x86_linux() {
        return;
    }
    let library = fs::read(built("tiers")).expect("a library");
    let mut newer = library.clone();
    newer.push(0);
    for machine in [None, Some(HERE)] {
        let sandbox = shop();
        lay(&sandbox, "tiers", &library);
        let line = |bytes: &[u8], file: &str| match machine {
            Some(machine) => stamped_for("tiers", file, bytes, machine),
            None => stamped("tiers", file, bytes),
        };
        let lines = line(&library, "plugins/it.so") + &line(&newer, "plugins/newer.so");
        sandbox.write("schedules/shop/plugins.toml", &lines);
        let told = sandbox.run("plugin check shop --allow-plugins").expect(5).err;
        assert!(told.contains("error[P003]") && told.contains("plugins/newer.so"), "{told}");
    }
}

#[test]
fn builds_for_other_machines_alone_are_listed() {
    if !is_x86_linux() {
        return;
    }
    let (sandbox, library) = (shop(), fs::read(built("tiers")).expect("a library"));
    lay(&sandbox, "tiers", &library);
    let arm = for_arm(&library);
    let lines = stamped_for("tiers", "plugins/it.so", &library, "MachO aarch64, 64 bits")
        + &stamped_for("tiers", "plugins/arm.so", &arm, ARM);
    sandbox.write("schedules/shop/plugins.toml", &lines);
    // Not P001: no trust would help.
    let told = sandbox.run("plugin check shop").expect(5).err;
    assert!(
        told.contains(
            "error[P008]: schedules/shop/2024-01-01.toml: no build of the plugin `tiers` is for this machine, \
             Elf x86_64, 64 bits: schedules/shop/plugins.toml:1:1: plugins/it.so is for MachO aarch64, 64 bits; \
             schedules/shop/plugins.toml:7:1: plugins/arm.so is for Elf aarch64, 64 bits\n"
        ),
        "{told}"
    );
}

#[test]
fn a_library_for_another_machine_can_be_stamped_and_trusted() {
    if !is_x86_linux() {
        return;
    }
    let sandbox = shop();
    let library = fs::read(built("tiers")).expect("a library");
    fs::write(sandbox.path("here.so"), &library).expect("written");
    fs::write(sandbox.path("arm.so"), for_arm(&library)).expect("written");
    let run = |words: &[&str]| with_config(&sandbox, words);
    let told = run(&["plugin", "trust", "arm.so"]).expect(0).err;
    assert!(
        told.contains("built for Elf aarch64, 64 bits, this machine takes Elf x86_64"),
        "{told}"
    );
    let stamp = |file: &str| {
        let words = ["plugin", "stamp", "tiers", file, "--program", "shop", "--from", "2024-01-01"];
        run(&words).expect(0).err
    };
    stamp("here.so");
    assert!(stamp("arm.so").contains("on Elf aarch64, 64 bits"));
    let text = fs::read_to_string(sandbox.path("schedules/shop/plugins.toml")).expect("a list");
    assert!(text.contains("machine = \"Elf x86_64, 64 bits\"") && text.contains(ARM), "{text}");
    run(&["plugin", "check", "shop", "--allow-plugins"]).expect(0);
    // A build that was replaced is stamped anew by a line behind it.
    let mut newer = library.clone();
    newer.push(0);
    fs::write(sandbox.path("newer.so"), &newer).expect("written");
    stamp("newer.so");
    assert!(stamp("newer.so").contains("nothing was changed"));
    assert!(stamp("here.so").contains("serves orders"));
    assert!(stamp("here.so").contains("nothing was changed"));
}
