//! The JSON Schemas by which editors complete our TOML files say the same as the readers.
//!
//! A reader that is shown a key it cannot know lists those that it does: that list is what each
//! schema must have. So a key that is added to a reader alone, or to a schema alone, fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::import::{Beside, Formats};
use feebook_schedule::{Book, Diagnostic, Source};
use serde_json::Value;

use super::support::{Sandbox, root};

/// A key that is near none.
const STRANGE: &str = "zzqqxxvvww";

const MAPPING: &str =
    "format = 1\nname = \"x\"\nkind = \"KIND\"\nnetwork = \"x\"\n[recognise]\n[fields]\n";
const PROGRAM: &str = "format = 1\nname = \"X\"\ntimezone = \"UTC\"\npayout_currency = \"USD\"\ngoverned_by = \"paid\"\n";
const VERSION: &str = "format = 1\neffective_on = 2024-01-01\nsource = \"x\"\n[policy]\nbasis = \"paid_amount\"\ncurrency = \"USD\"\nrounding = \"floor\"\n[[rate]]\nrate = \"1%\"\n";

fn schema(name: &str) -> Value {
    let path = root().join("schemas").join(name);
    let text = fs::read_to_string(&path).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}

/// What a `$ref` refers to.
fn referred<'s>(schema: &'s Value, at: &'s Value) -> &'s Value {
    let name = at["$ref"].as_str().and_then(|path| path.strip_prefix("#/definitions/"));
    name.map_or(at, |name| &schema["definitions"][name])
}

/// The properties at a place of a schema: names of properties, and `[]` for the entries of a list.
fn properties(schema: &Value, place: &str) -> BTreeSet<String> {
    let mut at = schema;
    for step in place.split('.').filter(|step| !step.is_empty()) {
        at = if step == "[]" { &at["items"] } else { &at["properties"][step] };
        at = referred(schema, at);
        // Of several forms, the one with keys.
        if let Some(forms) = at["anyOf"].as_array() {
            let mut forms = forms.iter().map(|form| referred(schema, form));
            at = forms.find(|form| form["properties"].is_object()).expect("a form with keys");
        }
    }
    let known = at["properties"].as_object().expect("properties");
    assert_eq!(at["additionalProperties"], false, "{place} would accept any key");
    known.keys().cloned().collect()
}

/// What the readers say they know, of each strange key in some files.
fn known(problems: &[Diagnostic]) -> Vec<BTreeSet<String>> {
    let told = format!("unknown key `{STRANGE}`");
    let strange = problems.iter().filter(|problem| problem.message.starts_with(&told));
    strange
        .map(|problem| {
            let hint = problem.hint.as_deref().unwrap_or_default();
            let listed = hint.strip_prefix("known keys are ");
            let listed = listed.unwrap_or_else(|| panic!("no list of the known keys:\n{problem}"));
            listed.split(", ").map(str::to_owned).collect()
        })
        .collect()
}

#[track_caller]
fn same(schema_name: &str, places: &[&str], problems: &[Diagnostic]) {
    let (schema, known) = (schema(schema_name), known(problems));
    let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(known.len(), places.len(), "{schema_name} {places:?}\n{}", all.join("\n"));
    for (place, known) in places.iter().zip(known) {
        assert_eq!(properties(&schema, place), known, "{schema_name} at {place:?}");
    }
}

fn of_mapping(kind: &str, text: &str) -> Vec<Diagnostic> {
    let text = text.replace("KIND", kind);
    Formats::load(&[Source::new("reports/x.toml", "x.toml", text)]).1
}

fn of_book(version: &str, more: &[(&str, &str)]) -> Vec<Diagnostic> {
    let mut sources = vec![Source::new("x/2024-01-01.toml", "2024-01-01.toml", version)];
    sources.extend(more.iter().map(|(path, text)| Source::new(*path, *path, *text)));
    if !more.iter().any(|(path, _)| path.ends_with("program.toml")) {
        sources.push(Source::new("x/program.toml", "program.toml", PROGRAM));
    }
    Book::load(&sources).1
}

/// A TOML value as a schema sees it: a date is a text.
fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Boolean(yes) => Value::from(*yes),
        toml::Value::Datetime(at) => Value::from(at.to_string()),
        toml::Value::Float(_) => Value::Null,
        toml::Value::Array(list) => list.iter().map(as_json).collect(),
        toml::Value::Table(table) => {
            table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect()
        }
    }
}

/// The schema of a file of the schedules folder.
fn schema_of(path: &str) -> &'static str {
    match path.rsplit('/').next().expect("a name") {
        _ if path.split('/').any(|part| part == "reports") => "mapping.json",
        "program.toml" => "program.json",
        "plugins.toml" => "plugins.json",
        _ => "version.json",
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

#[test]
fn every_file_that_ships_is_as_its_schema_says() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let mut known_as = BTreeMap::new();
    for name in ["mapping.json", "program.json", "version.json", "plugins.json"] {
        let place = format!("schema:///{name}");
        compiler.add_resource(&place, schema(name)).expect("a schema");
        known_as.insert(name, compiler.compile(&place, &mut schemas).expect("a schema"));
    }
    let mut files = Vec::new();
    collect(&root().join("schedules"), &mut files);
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    assert!(files.len() > 50, "the files are looked at");
    let mut findings = Vec::new();
    for file in &files {
        let path = file.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(file).expect("a text");
        let table: toml::Table = text.parse().expect("TOML");
        let value = as_json(&toml::Value::Table(table));
        if let Err(problem) = schemas.validate(&value, known_as[schema_of(&path)]) {
            findings.push(format!("{path}: {problem}"));
        }
    }
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn the_binary_writes_its_schemas_out() {
    let sandbox = Sandbox::new();
    for name in ["mapping", "program", "version", "plugins", "feebook"] {
        let written = sandbox.run(&format!("formats schema {name}")).expect(0).out;
        let written: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(written, schema(&format!("{name}.json")));
    }
}

#[test]
fn the_schema_of_mappings_knows_the_readers_keys() {
    let strange = format!("{STRANGE} = 1\n");
    same("mapping.json", &[""], &of_mapping("csv", &format!("{strange}{MAPPING}")));
    for (section, kind) in [
        ("csv", "csv"),
        ("json", "json"),
        ("xml", "xml"),
        ("times", "csv"),
        ("money", "csv"),
        ("empty", "csv"),
    ] {
        let text = format!("{MAPPING}[{section}]\n{strange}");
        same("mapping.json", &[section], &of_mapping(kind, &text));
    }
    for section in ["recognise", "fields"] {
        let text = MAPPING.replace(&format!("[{section}]\n"), &format!("[{section}]\n{strange}"));
        same("mapping.json", &[section], &of_mapping("csv", &text));
    }
    let of =
        |key: &str| format!("{MAPPING}[json]\nrows = \".\"\n[json.{key}]\nat = \"a\"\n{strange}");
    same("mapping.json", &["json.error"], &of_mapping("json", &of("error")));
    same("mapping.json", &["json.status"], &of_mapping("json", &of("status")));
    let text = format!("{MAPPING}order_no = {{ column = \"a\", {STRANGE} = 1 }}\n");
    same("mapping.json", &["fields.order_no"], &of_mapping("csv", &text));
}

#[test]
fn the_schemas_of_terms_know_the_readers_keys() {
    let strange = format!("{STRANGE} = 1\n");
    same("version.json", &[""], &of_book(&format!("{strange}{VERSION}"), &[]));
    let policy = VERSION.replace("[policy]\n", &format!("[policy]\n{strange}"));
    same("version.json", &["policy"], &of_book(&policy, &[]));
    for (place, section) in [
        ("policy.clauses", "[policy.clauses]\n"),
        ("policy.service_fee", "[policy.service_fee]\nmax = \"8%\"\n"),
        ("cap", "[cap]\nper_order = \"1.00\"\ncovers = [\"commission\"]\n"),
        ("plugin", "[plugin]\nname = \"x\"\n"),
        ("exclude.[]", "[[exclude]]\n"),
        ("rate.[]", "[[rate]]\nrate = \"1%\"\n"),
        ("bonus.[]", "[[bonus]]\namount = \"1.00\"\n"),
        ("flag.[]", "[[flag]]\nkind = \"x\"\neffect = \"hold\"\n"),
    ] {
        same("version.json", &[place], &of_book(&format!("{VERSION}{section}{strange}"), &[]));
    }
    let program = format!("{strange}{PROGRAM}");
    same("program.json", &[""], &of_book(VERSION, &[("x/program.toml", &program)]));
    for place in ["listing", "policies", "sem", "links", "payouts"] {
        let program = format!("{PROGRAM}[{place}]\n{strange}");
        same("program.json", &[place], &of_book(VERSION, &[("x/program.toml", &program)]));
    }
    let builds = format!("{strange}[[plugin]]\nname = \"x\"\nlibrary = \"x\"\n{strange}");
    let problems = of_book(VERSION, &[("x/plugins.toml", &builds)]);
    same("plugins.json", &["", "plugin.[]"], &problems);
}

#[test]
fn the_schema_of_the_file_beside_the_ledger_knows_its_keys() {
    let text = format!("format = 1\n{STRANGE} = 1\n");
    let (_, problems) = Beside::read("feebook.toml", &text, Some(&Book::default()), None);
    same("feebook.json", &[""], &problems);
}
