//! Every code of the crate is reached by a file, with its place.

use std::collections::BTreeSet;

use crate::testing::{PROGRAM, TREE, sources, told, version, version_with};
use crate::{Book, codes, lint};

const DAY: &str = "effective_on = 2024-01-01";
const RATE: &str = "[[rate]]\nrate = \"5%\"\n";

/// Problems and warnings of these files beside program.toml and the tree.
fn all_of(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = files.to_vec();
    for (path, text) in [("program.toml", PROGRAM), ("categories.csv", TREE)] {
        if !files.iter().any(|(known, _)| *known == path) {
            all.push((path, text));
        }
    }
    let (book, mut problems) = Book::load(&sources(&all));
    problems.extend(lint(&book, "2026-01-01".parse().unwrap()));
    told(&problems)
}

/// The problems of one version of 2024-01-01.
fn of_version(text: &str) -> Vec<String> {
    all_of(&[("2024-01-01.toml", text)])
}

/// The problems of one version with this policy line, in line 8.
fn of_policy(policy: &str) -> Vec<String> {
    of_version(&version_with(DAY, policy, RATE))
}

/// The problems of one version with these entries, from line 9.
fn of_entries(entries: &str) -> Vec<String> {
    of_version(&version_with(DAY, "", entries))
}

/// The problems of a rate with these conditions, from line 11.
fn of_rate(conditions: &str) -> Vec<String> {
    of_entries(&format!("[[rate]]\nrate = \"5%\"\n{conditions}"))
}

/// The problems of a program file.
fn of_program(text: &str) -> Vec<String> {
    all_of(&[("program.toml", text)])
}

#[test]
fn a_version_that_does_not_parse_is_told_and_nothing_else() {
    let found = of_version("format = 1\nsource = \"x\nrate = 5.0\n");
    assert!(found.iter().all(|line| line.starts_with("S001 2024-01-01.toml:2:")), "{found:?}");
}

#[test]
fn each_problem_of_a_version_has_its_code_and_place() {
    let cases = [
        (of_entries(""), "S003 2024-01-01.toml:1:1 the version has no [[rate]]"),
        (
            of_version(&version("")),
            "S003 2024-01-01.toml:1:1 the version has neither `effective_on` nor `effective_at`",
        ),
        (
            of_version(&version("effective_on = 2024-01-01\neffective_at = 2024-01-01T00:00:00Z")),
            "S018 2024-01-01.toml:4:1 the version has both `effective_on` and `effective_at`",
        ),
        (
            of_version(&version(
                "effective_on = 2024-01-01\nends_on = 2024-02-01\nends_at = 2024-02-01T00:00:00Z",
            )),
            "S018 2024-01-01.toml:5:1 the version has both `ends_on` and `ends_at`",
        ),
        (
            of_version(&version("effective_at = 2024-01-01T00:00:00")),
            "S007 2024-01-01.toml:3:16 `effective_at` is \"2024-01-01T00:00:00\", which \
             is no instant with an offset",
        ),
        (
            of_version(&version(&format!("{DAY}\nstatus = \"sure\""))),
            "S006 2024-01-01.toml:4:10 `status` is \"sure\", expected one of confirmed, estimated",
        ),
        (
            of_version(&version(DAY).replace("format = 1", "format = 2")),
            "S013 2024-01-01.toml:1:10 `format` is 2, this feebook reads 1",
        ),
        (
            of_version(&version(DAY).replace("\"USD\"", "\"usd\"")),
            "S021 2024-01-01.toml:6:12 \"usd\" is no currency",
        ),
        (
            of_policy("attribution_window = \"3D\""),
            "S008 2024-01-01.toml:8:22 `attribution_window` is \"3D\", which is no span of days or \
             hours",
        ),
        (
            of_policy("bonus_without_commission = \"no\""),
            "S004 2024-01-01.toml:8:28 `bonus_without_commission` is a string, expected true or \
             false",
        ),
        (
            of_policy("[policy.clauses]\nroundin = \"1\""),
            "S002 2024-01-01.toml:9:1 unknown key `roundin` in [policy.clauses]",
        ),
        (
            of_policy("service_fee = { ship_to = [\"DE\"], max = \"8\" }"),
            "S009 2024-01-01.toml:8:41 `max` is \"8\", which is no rate from 0% to 100%",
        ),
        (
            of_version(&version_with(
                "effective_on = 2024-01-01\ncategory_tree = \"2018\"",
                "",
                RATE,
            )),
            "S030 2024-01-01.toml:4:17 the program has no tree \"2018\"",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, [expected]);
    }
}

#[test]
fn each_problem_of_an_entry_has_its_code_and_place() {
    let cases = [
        (
            of_entries("[[rate]]\nrate = \"5%\"\namount = \"1.00\"\n"),
            "S018 2024-01-01.toml:9:1 the entry has both of `rate` and `amount`, expected one",
        ),
        (
            of_entries("[[rate]]\namount = \"1.005\"\n"),
            "S010 2024-01-01.toml:10:10 `amount` is \"1.005\", which is no amount with at \
             most 2 decimals",
        ),
        (
            of_entries("[[rate]]\nrate = { min = \"7%\", max = \"5%\" }\n"),
            "S025 2024-01-01.toml:10:8 `min` 7% is above `max` 5%",
        ),
        (
            of_entries("[[rate]]\nrate = \"plugin\"\n"),
            "S026 2024-01-01.toml:10:8 `rate` is \"plugin\", but the version has no [plugin]",
        ),
        (
            of_entries(&format!("[groups]\nall = [\"@eu\"]\n{RATE}")),
            "S032 2024-01-01.toml:10:8 group `all` names the group `@eu`",
        ),
        (
            of_entries(&format!(
                "{RATE}[[bonus]]\nfor = \"new_buyer\"\nbuyer = \"returning\"\namount = \"1\"\n"
            )),
            "S034 2024-01-01.toml:12:7 `for` is \"new_buyer\" and `buyer` is \"returning\"",
        ),
        (
            of_entries(&format!("{RATE}[cap]\nper_order = \"1\"\ncovers = []\n")),
            "S024 2024-01-01.toml:13:10 `covers` is an empty list",
        ),
        (
            of_entries(&format!("{RATE}[[flag]]\nkind = \"fraud\"\neffect = \"stop\"\n")),
            "S006 2024-01-01.toml:13:10 `effect` is \"stop\", expected one of disqualify, hold, \
             withhold_bonus",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, [expected]);
    }
}

#[test]
fn each_problem_of_a_condition_has_its_code_and_place() {
    let many = "[[rate]]\nrate = \"5%\"\nstores = [1]\n".repeat(4_097);
    let marks: Vec<String> = (0..13).map(|n| format!("\"m{n}\"")).collect();
    let cases = [
        (of_rate("ship_to = [\"UK\"]"), "S020 2024-01-01.toml:11:12 \"UK\" is no country"),
        (of_rate("ship_to = []"), "S024 2024-01-01.toml:11:11 `ship_to` is an empty list"),
        (
            of_rate("stores = \"1\""),
            "S004 2024-01-01.toml:11:10 `stores` is a string, expected a list",
        ),
        (
            of_rate("stores = [\"\"]"),
            "S033 2024-01-01.toml:11:11 `stores` names \"\", which is no name",
        ),
        (
            of_rate("channel = \"A B\""),
            "S033 2024-01-01.toml:11:11 `channel` names \"A B\", which is no name",
        ),
        (
            of_rate("buyer = \"old\""),
            "S006 2024-01-01.toml:11:9 `buyer` is \"old\", expected one of new, returning",
        ),
        (
            of_rate("ship_to = [\"@eu\"]"),
            "S023 2024-01-01.toml:11:12 group `@eu` is not under [groups]",
        ),
        (
            of_rate("price_from = \"5\"\nprice_below = \"5\""),
            "S025 2024-01-01.toml:12:15 `price_below` 5.00 is not above `price_from` 5.00",
        ),
        (of_entries(&many), "S031 2024-01-01.toml:1:1 4098 entries, at most 4096"),
        (
            of_rate(&format!("marks = [{}]", marks.join(", "))),
            "S031 2024-01-01.toml:1:1 13 marks, at most 12",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, [expected]);
    }
}

#[test]
fn a_group_with_a_bad_member_is_told_once_at_the_member() {
    let found = of_entries(&format!(
        "[groups]\neu = [\"DE\", \"XX\"]\n{RATE}ship_to = [\"@eu\"]\n\
         [[exclude]]\nnot_ship_to = [\"@eu\"]\n"
    ));
    assert_eq!(found, ["S020 2024-01-01.toml:10:13 \"XX\" is no country"]);
}

#[test]
fn a_missing_entry_of_a_program_is_told_at_its_head() {
    let found = of_program("format = 1\nname = \"x\"\ntimezone = \"Europe/Oslo\"\n");
    assert_eq!(
        found,
        [
            "S003 program.toml:1:1 the program has no `governed_by`",
            "S003 program.toml:1:1 the program has no `payout_currency`",
        ]
    );
    let found = of_program(&format!("{PROGRAM}[policies]\nsem = \"maybe\"\n"));
    assert_eq!(
        found,
        [
            "S006 program.toml:8:7 `sem` is \"maybe\", expected one of allowed, limited, by_approval, \
          not_allowed"
        ]
    );
}

#[test]
fn a_template_of_links_is_an_address_with_a_place_for_the_page() {
    let of_links = |text: &str| of_program(&format!("{PROGRAM}[links]\n{text}\n"));
    let hosts = "hosts = [\"shop.example\"]\n";
    for (template, problem) in [
        (
            "https://go.example/?u={page}",
            "a brace that stands for nothing; known are {base}, {url}, {placement}, {sub_id}",
        ),
        ("https://go.example/?s={sub_id}", "no place for the page that is linked to"),
        ("https://go.example/{base}?u={url}", "{base} elsewhere than at its beginning"),
        ("go.example/?u={url}", "no address of the web"),
        ("ftp://go.example/?u={url}", "no address of the web"),
    ] {
        let found = of_links(&format!("{hosts}template = \"{template}\""));
        assert_eq!(
            found,
            [format!("S049 program.toml:9:12 `template` \"{template}\" has {problem}")]
        );
    }
    assert_eq!(
        of_links("template = \"https://go.example/?u={url}\"\nhome = \"shop\"\nsub_id_max = 0"),
        [
            "S049 program.toml:8:12 `template` without `hosts`: what may be linked to is not said",
            "S049 program.toml:9:8 \"shop\" does not begin with https:// or http://",
            "S049 program.toml:10:14 `sub_id_max` is no number of characters",
        ]
    );
    let found = of_links("hosts = [\"https://shop.example\"]\n[links.short]\nsub_id = \"dp\"");
    assert_eq!(
        found,
        [
            "S033 program.toml:8:9 \"https://shop.example\" is no host",
            "S003 program.toml:9:1 [links.short] has no `hosts`",
        ]
    );
}

#[test]
fn an_assumption_about_nothing_is_a_warning() {
    let found = of_entries(&format!(
        "{RATE}[assumed]\n\"policy.roundin\" = \"why\"\n\"policy.rounding\" = \"why\"\nrate = \"lost\"\n"
    ));
    assert_eq!(
        found,
        ["S036 2024-01-01.toml:12:1 `policy.roundin` is assumed, but the file has no such key"]
    );
}

#[test]
fn lints_look_within_a_version() {
    let head = "effective_on = 2024-01-01\nannounced_on = 2023-12-20\nchecked_on = 2024-11-26\n\
                status = \"confirmed\"\n[assumed]\neffective_on = \"inferred\"";
    let entries = "[[rate]]\nrate = \"1%\"\ncategories = [11, 98, 99]\n\
                   [[rate]]\nrate = \"2%\"\ncategories = [12]\nship_to = [\"NO\"]\n\
                   [[rate]]\nrate = \"3%\"\non_until = 2024-01-01\n\
                   [[rate]]\nrate = \"4%\"\nship_to = [\"NO\"]\nnot_ship_to = [\"NO\", \"SE\"]\n\
                   [[rate]]\nrate = \"5%\"\n[[rate]]\nrate = \"6%\"\nbuyer = \"new\"\n\
                   [[flag]]\nkind = \"a\"\neffect = \"hold\"\n\
                   [[flag]]\nkind = \"b\"\neffect = \"hold\"\n\
                   [[flag]]\nkind = \"a\"\neffect = \"hold\"\nbuyer = \"new\"\n";
    assert_eq!(
        of_version(&version_with(head, "", entries)),
        [
            "S038 2024-01-01.toml:4:1 announced on 2023-12-20, 12 days before it takes effect on \
             2024-01-01; 14 days are promised",
            "S043 2024-01-01.toml:5:1 compared with its source 401 days ago, on 2024-11-26",
            "S044 2024-01-01.toml:8:1 `effective_on` is assumed, but the version is confirmed",
            "S042 2024-01-01.toml:14:1 categories.csv does not list categories 98, 99",
            "S041 2024-01-01.toml:17:1 the entry at 2024-01-01.toml:14:1 matches whatever this one \
             does",
            "S041 2024-01-01.toml:21:1 it holds before 2024-01-01, and the version from 2024-01-01",
            "S041 2024-01-01.toml:24:1 `not_ship_to` takes all of `ship_to` out",
            "S041 2024-01-01.toml:30:1 the entry at 2024-01-01.toml:28:1 matches whatever this one \
             does",
            "S041 2024-01-01.toml:39:1 the entry at 2024-01-01.toml:33:1 matches whatever this one \
             does",
        ]
    );
}

#[test]
fn lints_look_across_versions() {
    let before = version_with(
        "effective_on = 2024-01-01\nends_on = 2024-02-01",
        "",
        "[[rate]]\nrate = \"4%\"\ncategories = [10, 20]\n[[rate]]\nrate = \"1%\"\nship_to = [\"NO\"]\n\
         [[rate]]\namount = \"2.00\"\n",
    );
    let after = version_with(
        "effective_on = 2024-03-01",
        "",
        "[[rate]]\nrate = \"3%\"\ncategories = [10]\n[[rate]]\nrate = \"2%\"\nship_to = [\"SE\"]\n\
         [[rate]]\namount = \"0.99\"\n",
    );
    assert_eq!(
        all_of(&[("2024-01-01.toml", &before), ("2024-03-01.toml", &after)]),
        [
            "S037 2024-01-01.toml:4:1 ends at 2024-02-01T00:00:00+01:00, and 2024-03-01.toml takes \
             effect only at 2024-03-01T00:00:00+01:00",
            "S039 2024-03-01.toml:3:1 2024-01-01.toml named category 20, this version does not",
            "S039 2024-03-01.toml:3:1 2024-01-01.toml named country NO, this version does not",
            "S040 2024-03-01.toml:15:1 flat 2.00 in 2024-01-01.toml, now flat 0.99",
        ]
    );
}

#[test]
fn what_was_copied_in_a_hurry_is_looked_at() {
    let before = version_with(
        "effective_on = 2024-01-01",
        "attribution_window = \"P3D\"",
        "[[rate]]\nrate = \"4%\"\nchannel = \"default\"\n[[rate]]\nrate = \"1%\"\n\
         [cap]\nper_order = \"9.00\"\ncovers = [\"commission\"]\n",
    );
    let entries = "[[rate]]\nrate = \"4%\"\nchannel = \"defualt\"\n\
                   [[rate]]\nrate = \"3%\"\nship_to = [\"NO\", \"SE\"]\n\
                   [[rate]]\nrate = \"2%\"\nship_to = [\"SE\", \"DK\"]\n";
    let after = version_with(
        "effective_on = 2024-03-01",
        "[assumed]\n\"policy.rounding\" = \"OPEN: still so?\"",
        entries,
    )
    .replace("floor", "half_up")
    .replace("USD", "EUR");
    assert_eq!(
        all_of(&[("2024-01-01.toml", &before), ("2024-03-01.toml", &after)]),
        [
            "S039 2024-03-01.toml:3:1 2024-01-01.toml named channel default, this version does not",
            "S046 2024-03-01.toml:4:1 `cap` in 2024-01-01.toml: on commission per order at 9.00; \
             here it is gone",
            "S046 2024-03-01.toml:4:1 `policy.attribution_window` in 2024-01-01.toml: 3 days from \
             click to order; exactly that still counts; here it is gone",
            "S046 2024-03-01.toml:6:1 `policy.currency` in 2024-01-01.toml: USD; what is paid in \
             another one is excluded; here: EUR; what is paid in another one is excluded",
            "S048 2024-03-01.toml:9:1 `policy.rounding` is still open",
            "S045 2024-03-01.toml:12:11 no other version names the channel \"defualt\"",
            "S047 2024-03-01.toml:16:1 the entry at 2024-03-01.toml:13:1 takes ship to SE before \
             this one",
        ]
    );
}

/// The bad parameter files that openfisca-core tests its loader with
/// (`tests/core/parameter_validation`), by their names there, each with what the same mistake is
/// in our files. All of ours are told in one run, each with its place.
///
/// | there | here |
/// |---|---|
/// | `indentation`: structure broken by a slip of layout | a quote that is not closed |
/// | `duplicate_key` | a key twice |
/// | `wrong_scale`: a misspelt key in a bracket | a misspelt key in a rate |
/// | `wrong_value`: `1A` for a number | `1A%` for a rate |
/// | `wrong_date`: an instant that no calendar has | a day that no month has |
/// | `unexpected_key_in_parameter` | an unknown key in the head |
/// | `unexpected_key_in_value_history`: a word where instants stand | a word for a date |
/// | `unexpected_key_in_value_at_instant` | an unknown key in `[policy]` |
/// | `unexpected_key_in_scale` | an unknown key in `[cap]` |
/// | `wrong_type_in_parameter`, `array_type`: not an object | a list for `[policy]` |
/// | `wrong_type_in_value_history`: a text for a history | a text for `[groups]` |
/// | `wrong_type_in_scale`: a text for a scale | a text for `[cap]` |
/// | `wrong_type_in_brackets`: not an array | a table for `[[rate]]` |
/// | `wrong_type_in_bracket`: a text among brackets | a text among rates |
/// | `missing_value` | a bonus without its amount |
const BAD_FILES: &[(&str, &str, &[&str])] = &[
    ("indentation", "format = 1\nsource = \"test\neffective_on = 2024-01-01\n", &["S001 2:15"]),
    ("duplicate_key", "format = 1\nformat = 1\n", &["S001 2:1"]),
    ("wrong_scale", "HEAD[[rate]]\nrate = \"1%\"\nprice_frm = \"5.00\"\n", &["S002 11:1"]),
    ("wrong_value", "HEAD[[rate]]\nrate = \"1A%\"\n", &["S009 10:8"]),
    ("wrong_date", "START effective_on = 2015-02-29", &["S001 3:16"]),
    (
        "unexpected_key_in_parameter",
        "unexpected_key = 1\nHEAD[[rate]]\nrate = \"1%\"\n",
        &["S002 1:1"],
    ),
    ("unexpected_key_in_value_history", "START effective_on = \"soon\"", &["S007 3:16"]),
    (
        "unexpected_key_in_value_at_instant",
        "HEADunexpected_key = 1\n[[rate]]\nrate = \"1%\"\n",
        &["S002 9:1"],
    ),
    (
        "unexpected_key_in_scale",
        "HEAD[[rate]]\nrate = \"1%\"\n[cap]\nper_order = \"1.00\"\ncovers = [\"bonus\"]\nunexpected_key = 1\n",
        &["S002 14:1"],
    ),
    (
        "wrong_type_in_parameter",
        "format = 1\nsource = \"test\"\neffective_on = 2024-01-01\npolicy = []\n[[rate]]\nrate = \"1%\"\n",
        &["S004 4:10"],
    ),
    (
        "wrong_type_in_value_history",
        "groups = \"1A\"\nHEAD[[rate]]\nrate = \"1%\"\n",
        &["S004 1:10"],
    ),
    ("wrong_type_in_scale", "cap = \"1A\"\nHEAD[[rate]]\nrate = \"1%\"\n", &["S004 1:7"]),
    ("wrong_type_in_brackets", "HEAD[rate]\nrate = \"1%\"\n", &["S004 9:1"]),
    ("wrong_type_in_bracket", "rate = [\"1A\"]\nHEAD", &["S004 1:9"]),
    (
        "missing_value",
        "HEAD[[rate]]\nrate = \"1%\"\n[[bonus]]\nfor = \"new_buyer\"\n",
        &["S003 11:1"],
    ),
];

#[test]
fn the_bad_files_of_openfisca_have_counterparts_all_told_in_one_run() {
    let head = version_with(DAY, "", "");
    let name = |at: usize| format!("2024-01-{:02}.toml", at + 1);
    let texts: Vec<(String, String)> = BAD_FILES
        .iter()
        .enumerate()
        .map(|(at, (_, text, _))| {
            let text = match text.strip_prefix("START ") {
                Some(start) => version(start),
                None => text.replace("HEAD", &head),
            };
            (
                name(at),
                text.replace(
                    "effective_on = 2024-01-01",
                    &format!("effective_on = {}", &name(at)[..10]),
                ),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let found = all_of(&files);
    for (at, (case, _, expected)) in BAD_FILES.iter().enumerate() {
        let name = name(at);
        let of_file: Vec<String> = found
            .iter()
            .filter(|told| told.contains(&format!(" {name}:")))
            .map(|told| {
                told.splitn(3, ' ')
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(" ")
                    .replace(&format!("{name}:"), "")
            })
            .collect();
        assert_eq!(of_file, *expected, "{case}: {found:#?}");
    }
}

/// The codes that these tests and those of `book`, `tree`, `plugin_file` reach, read from their texts.
#[test]
fn every_code_is_reached_by_a_test() {
    let texts = [
        include_str!("diagnostic_tests.rs"),
        include_str!("book.rs"),
        include_str!("tree.rs"),
        include_str!("plugin_file.rs"),
    ];
    let reached: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| text.match_indices("\"S0").map(|(at, _)| &text[at + 1..at + 5]))
        .collect();
    let numbers: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    for (at, number) in numbers.iter().enumerate() {
        assert_eq!(*number, format!("S{:03}", at + 1), "numbers count up");
        assert!(reached.contains(number), "no test reaches {number}");
    }
}
