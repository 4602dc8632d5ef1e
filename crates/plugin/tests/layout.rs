//! The layout of the boundary: no struct has hidden padding, and the C header says the same as the
//! Rust types, field by field and constant by constant.

use std::fmt::Write as _;
use std::mem::{align_of, offset_of, size_of};
use std::path::Path;
use std::process::{Command, Stdio};

use feebook_plugin::abi::{
    self, Answer, Answers, Batch, Declared, Entry, Handshake, Line, LineTexts, Order, Problem,
    Report, Setup, Text,
};

/// A struct as Rust lays it out.
struct Struct {
    /// Its name in C.
    name: &'static str,
    size: usize,
    fields: Vec<Field>,
}

struct Field {
    name: &'static str,
    at: usize,
    size: usize,
}

/// The size of a field's type.
fn size_by<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

/// All structs of the boundary. A field that is left out, or one too many, does not compile.
macro_rules! structs {
    ($($name:literal = $type:ident { $($field:ident),* };)*) => {
        vec![$({
            let _all_fields = |all: $type| {
                let $type { $($field: _),* } = all;
            };
            Struct {
                name: $name,
                size: size_of::<$type>(),
                fields: vec![$(Field {
                    name: stringify!($field),
                    at: offset_of!($type, $field),
                    size: size_by(|all: &$type| &all.$field),
                }),*],
            }
        }),*]
    };
}

fn structs() -> Vec<Struct> {
    structs! {
        "feebook_text" = Text { at, len };
        "feebook_entry" = Entry { clause, by_plugin, reserved };
        "feebook_declared" = Declared { figure, of, period, back };
        "feebook_setup" = Setup {
            texts, entries, aggregates, text_len, entry_count, aggregate_count, config, program,
            terms, currency, decimals, rounding, reserved
        };
        "feebook_order" = Order {
            at, day, month, first_line, line_count, day_of_month, reserved
        };
        "feebook_line" = Line {
            basis, commission, unit_price, quantity, reported_rate, entry, state, verdict, by_plugin,
            waits, new_buyer, hot, affiliate, coupon, reserved
        };
        "feebook_line_texts" = LineTexts { category, ship_to, placement, sub_id, product };
        "feebook_batch" = Batch {
            orders, lines, line_texts, figures, texts, order_count, line_count, figure_count,
            text_len
        };
        "feebook_answer" = Answer { commission, incentive, reason, reserved };
        "feebook_answers" = Answers {
            lines, reasons, texts, line_count, reason_capacity, text_capacity, reason_count,
            text_len, reserved
        };
        "feebook_problem" = Problem { key, message };
        "feebook_report" = Report {
            texts, problems, text_capacity, problem_capacity, text_len, problem_count
        };
        "feebook_handshake" = Handshake {
            magic, abi, handshake_size, setup_size, batch_size, order_size, line_size,
            answers_size, answer_size, report_size, problem_size, text_size, line_texts_size,
            entry_size, declared_size, flags, reserved, name, version, init, call, free
        };
    }
}

/// The constants of the header that are numbers, as Rust has them.
fn numbers() -> Vec<(&'static str, String)> {
    let number = |number: i64| number.to_string();
    vec![
        ("FEEBOOK_ABI", number(abi::ABI.into())),
        // Its digits alone are no number of C's: the minus is an operator.
        ("FEEBOOK_NONE", format!("({} - 1)", abi::NONE + 1)),
        ("FEEBOOK_NO_TEXT", number(Text::NONE.at.into())),
        ("FEEBOOK_NO_RATE", number(abi::NO_RATE.into())),
        ("FEEBOOK_NO_ENTRY", number(abi::NO_ENTRY.into())),
        ("FEEBOOK_UNKNOWN", number(abi::UNKNOWN.into())),
        ("FEEBOOK_WITHOUT_TEXTS", number(abi::FLAG_WITHOUT_TEXTS.into())),
        ("FEEBOOK_OK", number(abi::STATUS_OK.into())),
        ("FEEBOOK_CONFIG", number(abi::STATUS_CONFIG.into())),
        ("FEEBOOK_FAILED", number(abi::STATUS_FAILED.into())),
        ("FEEBOOK_PANICKED", number(abi::STATUS_PANICKED.into())),
        ("FEEBOOK_LONGEST_REASON", number(abi::LONGEST_REASON.into())),
    ]
}

fn include() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include")
}

fn header() -> String {
    std::fs::read_to_string(include().join("feebook_plugin.h")).expect("a header")
}

#[test]
fn no_struct_has_padding() {
    for Struct { name, size, fields } in structs() {
        let mut end = 0;
        for field in &fields {
            assert_eq!(field.at, end, "{name}: bytes lie unused before {}", field.name);
            end += field.size;
        }
        assert_eq!(end, size, "{name}: bytes lie unused at its end");
    }
}

#[test]
fn every_struct_is_a_whole_number_of_its_alignments() {
    // An array of a struct has no gaps either: what is compared of a batch are arrays.
    let sizes = [
        (size_of::<Order>(), align_of::<Order>()),
        (size_of::<Line>(), align_of::<Line>()),
        (size_of::<Answer>(), align_of::<Answer>()),
    ];
    for (size, align) in sizes {
        assert_eq!(size % align, 0);
        assert_eq!(align, 8, "an amount is at home at 8 bytes, as in C");
    }
}

#[test]
fn the_c_header_says_what_the_rust_types_say() {
    let mut source = String::from("#include <stddef.h>\n#include \"feebook_plugin.h\"\n");
    let mut hold = |what: String| {
        writeln!(source, "_Static_assert({what}, \"{}\");", what.replace('"', "'"))
            .expect("a string takes it");
    };
    for Struct { name, size, fields } in structs() {
        hold(format!("sizeof({name}) == {size}"));
        for Field { name: field, at, size } in fields {
            hold(format!("offsetof({name}, {field}) == {at}"));
            hold(format!("sizeof((({name} *)0)->{field}) == {size}"));
        }
    }
    for (name, number) in numbers() {
        hold(format!("{name} == {number}"));
    }
    hold(format!("sizeof((uint8_t[])FEEBOOK_MAGIC) == {}", abi::MAGIC.len()));
    compiles(&source, true);
    // The compiler is not taken at its word: of what is wrong it says so.
    compiles(&source.replace("FEEBOOK_OK == 0", "FEEBOOK_OK == 1"), false);
}

/// Has C's compiler look at a text. Without one nothing is checked, but for a run that must have one.
#[track_caller]
fn compiles(source: &str, well: bool) {
    let started = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-I"])
        .arg(include())
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut compiler) = started else {
        assert!(
            std::env::var_os("CI").is_none(),
            "no `cc`, and CI is set: the header goes unchecked"
        );
        return;
    };
    let mut input = compiler.stdin.take().expect("an input");
    std::io::Write::write_all(&mut input, source.as_bytes()).expect("written");
    drop(input);
    let done = compiler.wait_with_output().expect("the compiler ends");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.success(), well, "{said}");
}

#[test]
fn every_constant_of_the_header_is_compared() {
    let header = header();
    let defined: Vec<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define "))
        .filter_map(|line| line.split([' ', '(']).next())
        .collect();
    let mut compared: Vec<&str> = numbers().into_iter().map(|(name, _)| name).collect();
    // The guard, the magic (below) and what makes an exported symbol.
    let others = ["FEEBOOK_PLUGIN_H", "FEEBOOK_MAGIC", "FEEBOOK_VISIBLE", "FEEBOOK_EXTERN"];
    compared.extend(others);
    compared.push("FEEBOOK_EXPORT");
    for name in &defined {
        assert!(compared.contains(name), "{name} is compared with nothing");
    }
    for name in compared {
        assert!(defined.contains(&name), "{name} is not in the header");
    }
    // A list of characters is no constant of C's, so this one is compared as it is written.
    let bytes: Vec<String> =
        abi::MAGIC.iter().map(|byte| format!("'{}'", byte.escape_ascii())).collect();
    let magic = format!("#define FEEBOOK_MAGIC {{ {} }}\n", bytes.join(", "));
    assert!(header.contains(&magic), "the header does not have {magic}");
    assert!(header.contains(&format!("{} = {{", abi::SYMBOL)), "the symbol");
}
