//! What program and version files have in common: the format number, places by dotted key,
//! `[assumed]`.
//!
//! Refuses: keys of one of the two only.

use std::collections::BTreeMap;

use crate::codes;
use crate::diagnostic::{Place, nearest};
use crate::document::{Node, Reader, Table, Value};
use crate::version::Assumed;

/// Demands `format = 1`.
pub(crate) fn check_format(reader: &mut Reader<'_>, root: &Table, what: &str) {
    let Some(node) = reader.required(root, what, "format") else { return };
    if let Some(format) = reader.integer(node, "format")
        && format != 1
    {
        let message = format!("`format` is {format}, this feebook reads 1");
        let hint = "write `format = 1`, or use the feebook that the file was written for";
        reader.problem_hint(&codes::FORMAT, node.span.clone(), message, hint);
    }
}

/// Finds the place of every key by its dotted path; a list of tables has the place of its first.
pub(crate) fn places(reader: &Reader<'_>, root: &Table) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    collect(reader, root, "", &mut places);
    places
}

fn collect(reader: &Reader<'_>, table: &Table, above: &str, places: &mut BTreeMap<String, Place>) {
    for (key, node) in &table.entries {
        let path =
            if above.is_empty() { key.name.clone() } else { format!("{above}.{}", key.name) };
        match &node.value {
            // What is assumed is told by its own list; the plugin's config is nobody's key here.
            Value::Table(_) if path == "assumed" => continue,
            Value::Table(inner) => collect(reader, inner, &path, places),
            _ => {}
        }
        // A table under its own head begins at the bracket, as the entries of a list do.
        let head = first_table(&node.value).map(|inner| inner.span.start);
        let headed = head.filter(|start| reader.text[*start..].starts_with('['));
        let start = headed.unwrap_or(key.span.start);
        places.insert(path, Place::of(reader.file, reader.text, start));
    }
}

fn first_table(value: &Value) -> Option<&Table> {
    match value {
        Value::Table(table) => Some(table),
        Value::Array(list) => first_table(&list.first()?.value),
        _ => None,
    }
}

/// Reads `[assumed]`: dotted key and a word why, or a table of why and the other reading. A key
/// that names nothing is told; `more` are keys that may be assumed although the file leaves them
/// out, because absence means something.
pub(crate) fn read_assumed(
    reader: &mut Reader<'_>,
    root: &Table,
    places: &BTreeMap<String, Place>,
    more: &[&str],
) -> Vec<Assumed> {
    let Some(table) = root.get("assumed").and_then(|node| reader.table(node, "assumed")) else {
        return Vec::new();
    };
    let mut assumed = Vec::new();
    for (key, node) in &table.entries {
        let Some((why, or)) = read_why(reader, &key.name, node) else { continue };
        if !places.contains_key(&key.name) && !more.contains(&key.name.as_str()) {
            let message = format!("`{}` is assumed, but the file has no such key", key.name);
            let known = places.keys().map(String::as_str).chain(more.iter().copied());
            let hint = match nearest(&key.name, known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "name a key by its path, such as \"policy.rounding\"".to_owned(),
            };
            reader.problem_hint(&codes::ASSUMED_NOTHING, key.span.clone(), message, hint);
        }
        let place = Place::of(reader.file, reader.text, key.span.start);
        assumed.push(Assumed { key: key.name.clone(), why, or, place });
    }
    assumed
}

/// Reads one assumption: `"why"`, or `{ why = "…", or = … }`. What `or` may be is for whoever puts
/// it in the place of the key.
fn read_why(reader: &mut Reader<'_>, key: &str, node: &Node) -> Option<(String, Option<String>)> {
    let Value::Table(table) = &node.value else {
        return reader.text_of(node, key).map(|why| (why.to_owned(), None));
    };
    let Some(why) = table.get("why") else {
        let message = format!("the assumption about `{key}` has no `why`");
        let hint = format!(
            "write \"{key}\" = {{ why = \"…\", or = … }}; a key with a dot stands in quotes, such as \
             \"policy.rounding\""
        );
        reader.problem_hint(&codes::MISSING_KEY, node.span.clone(), message, hint);
        return None;
    };
    reader.known(table, "the assumption", &["why", "or"]);
    let or = table.get("or").and_then(|node| reader.text.get(node.span.clone()));
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    reader.text_of(why, "why").map(|why| (why.to_owned(), or.map(one_line)))
}

/// Takes an optional text.
pub(crate) fn optional_text(reader: &mut Reader<'_>, table: &Table, key: &str) -> Option<String> {
    let node = table.get(key)?;
    reader.text_of(node, key).map(str::to_owned)
}

/// Takes a text that must be there and must not be blank.
pub(crate) fn required_text(
    reader: &mut Reader<'_>,
    table: &Table,
    what: &str,
    key: &str,
) -> Option<String> {
    let node = reader.required(table, what, key)?;
    let text = reader.text_of(node, key)?;
    if text.trim().is_empty() {
        let message = format!("`{key}` is empty");
        reader.problem_hint(&codes::BAD_NAME, node.span.clone(), message, "fill it");
        return None;
    }
    Some(text.to_owned())
}
