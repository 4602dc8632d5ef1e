//! A mapping for a report that no format fits, proposed from its columns or keys, to be edited.
//!
//! Owns the guesses: which column may be which field, how times and amounts are written. Refuses to
//! be used unseen: what it writes is text for a person, and is checked like any mapping.

use std::fmt::Write as _;
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use serde_json::Value;

use super::formats::{Head, Looks};
use super::{codes, place, refused, xml};
use crate::error::Result;

/// Words by which networks name what is one of our fields, the likelier first.
const NAMES: &[(&str, &[&str])] = &[
    ("order_no", &["orderno", "orderid", "ordernumber", "orderref", "oid", "reference", "id"]),
    ("line_no", &["lineno", "suborderid", "transactionid", "conversionid", "actionid", "id"]),
    (
        "ordered_at",
        &[
            "orderedat",
            "orderdate",
            "transactiondate",
            "conversiondate",
            "eventdate",
            "createdat",
            "date",
        ],
    ),
    ("clicked_at", &["clickedat", "clickdate", "clicktime", "dateclick", "timeofvisit"]),
    ("updated_at", &["updatedat", "lastmodified", "datemodified", "lastupdated", "statusupdated"]),
    ("currency", &["currency", "currencycode"]),
    (
        "paid_amount",
        &[
            "paidamount",
            "ordervalue",
            "saleamount",
            "orderamount",
            "salevalue",
            "cart",
            "revenue",
            "amount",
        ],
    ),
    (
        "reported_commission",
        &["reportedcommission", "commission", "commissionamount", "payout", "payment", "provision"],
    ),
    ("status", &["status", "state", "commissionstatus", "transactionstatus", "actionstatus"]),
    ("sub_id", &["subid", "clickref", "epi", "sid", "sub"]),
    ("placement", &["placement", "trackingid", "siteid", "websiteid", "channelid"]),
    ("product", &["productid", "product"]),
    ("category", &["categoryid", "category"]),
    ("ship_to", &["shipto", "shiptocountry", "country"]),
    ("advertiser", &["advertiserid", "advertiserprogramid", "programid", "campaignid", "mid"]),
    ("advertiser_name", &["advertisername", "programname", "campaignname", "advertiser"]),
];
/// Patterns of times, and of which one a value is.
const TIMES: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y",
    "%d-%m-%Y",
];

/// What is seen of a report: its columns or paths, with some of their values.
struct Seen {
    columns: Vec<(String, Vec<String>)>,
    /// The kind of file.
    kind: &'static str,
    /// `[csv]`, `[json]` or `[xml]`, and what recognises it.
    head: String,
}

/// Proposes a mapping for a report.
///
/// # Errors
///
/// When the file cannot be read, or has neither columns nor keys.
pub fn propose(path: &Path, name: &str) -> Result<String> {
    let shown = path.display().to_string();
    let head = Head::of_file(path)?;
    let seen = match head.looks() {
        Looks::Json => of_json(&head),
        Looks::Xml => of_xml(&head),
        Looks::Table => of_table(&head),
    };
    let seen = seen.filter(|seen| !seen.columns.is_empty()).ok_or_else(|| {
        let message = "no columns, and no list of rows, were found in the beginning of the file";
        refused(Diagnostic::whole(&codes::NO_ROWS, &shown, message))
    })?;
    Ok(written(name, &seen))
}

fn of_table(head: &Head) -> Option<Seen> {
    if let Some(names) = &head.names {
        let names = names.iter().filter(|name| !name.is_empty());
        let columns: Vec<_> = names.map(|name| (name.clone(), Vec::new())).collect();
        let head = recognised("columns", &columns);
        return Some(Seen { columns, kind: "csv", head });
    }
    let (text, encoding) = text_of(&head.text);
    let first = text.lines().next()?;
    let count = |mark: &char| first.matches(*mark).count();
    let delimiter =
        [',', ';', '\t', '|'].into_iter().max_by_key(|mark| (count(mark), *mark == ','))?;
    let mut reader = csv::ReaderBuilder::new();
    reader.flexible(true).delimiter(u8::try_from(delimiter).ok()?);
    let mut reader = reader.from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().ok()?.iter().map(|n| n.trim().to_owned()).collect();
    let mut columns: Vec<(String, Vec<String>)> =
        names.into_iter().map(|name| (name, Vec::new())).collect();
    for record in reader.records().flatten().take(20) {
        for ((_, values), value) in columns.iter_mut().zip(record.iter()) {
            values.push(value.trim().to_owned());
        }
    }
    columns.retain(|(name, _)| !name.is_empty());
    let mut head = String::new();
    let shown = delimiter.escape_default();
    if delimiter != ',' || encoding != "utf-8" {
        let _ = write!(head, "[csv]\ndelimiter = \"{shown}\"\nencoding = \"{encoding}\"\n\n");
    }
    head.push_str(&recognised("columns", &columns));
    Some(Seen { columns, kind: "csv", head })
}

fn text_of(bytes: &[u8]) -> (String, &'static str) {
    // The head may end within a character.
    let end = bytes.len().saturating_sub(3);
    let is_utf8 =
        std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to() >= end, |_| true);
    let marked = encoding_rs::Encoding::for_bom(bytes).is_some();
    let encoding = if is_utf8 || marked { encoding_rs::UTF_8 } else { encoding_rs::WINDOWS_1252 };
    let mut text = Vec::new();
    let mut reader = place::decoded(bytes, encoding);
    drop(std::io::Read::read_to_end(&mut reader, &mut text));
    let label = if encoding == encoding_rs::UTF_8 { "utf-8" } else { "windows-1252" };
    (String::from_utf8_lossy(&text).into_owned(), label)
}

fn of_json(head: &Head) -> Option<Seen> {
    let (text, _) = text_of(&head.text);
    let mut documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let document = documents.next()?.ok()?;
    let (rows, row) = rows_of(&document, "")?;
    let mut columns = Vec::new();
    leaves(row, "", &mut columns);
    let key = columns.first().map_or(String::new(), |(name, _): &(String, _)| {
        if rows == "." { format!("*.{name}") } else { format!("{rows}.*.{name}") }
    });
    let head =
        format!("[json]\nrows = {}\n\n[recognise]\nkeys = [{}]\n", quoted(&rows), quoted(&key));
    Some(Seen { columns, kind: "json", head })
}

/// The path of the first list of objects, and the first of them.
fn rows_of<'v>(value: &'v Value, path: &str) -> Option<(String, &'v Value)> {
    match value {
        Value::Array(list) => {
            let first = list.first().filter(|first| first.is_object())?;
            Some((if path.is_empty() { ".".to_owned() } else { path.to_owned() }, first))
        }
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            rows_of(value, &path)
        }),
        _ => None,
    }
}

fn leaves(value: &Value, path: &str, columns: &mut Vec<(String, Vec<String>)>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(value, &path, columns);
            }
        }
        Value::Array(_) => {}
        Value::String(text) => columns.push((path.to_owned(), vec![text.clone()])),
        other => columns.push((path.to_owned(), vec![other.to_string()])),
    }
}

fn of_xml(head: &Head) -> Option<Seen> {
    let (rows, names) = xml::first_row(&head.text)?;
    let columns: Vec<(String, Vec<String>)> = names;
    let head = format!(
        "[xml]\nrows = {}\n\n[recognise]\nkeys = [{}]\n",
        quoted(&rows),
        quoted(&format!("{rows}.{}", columns.first().map_or("", |(name, _)| name)))
    );
    Some(Seen { columns, kind: "xml", head })
}

fn recognised(key: &str, columns: &[(String, Vec<String>)]) -> String {
    let names: Vec<String> = columns.iter().take(4).map(|(name, _)| quoted(name)).collect();
    format!("[recognise]\n{key} = [{}]\n", names.join(", "))
}

fn quoted(text: &str) -> String {
    super::advertisers::toml_text(text)
}

/// The name as it is compared: its last part, small letters and digits only.
fn plain(name: &str) -> String {
    let last = name.rsplit(['.', '@']).next().unwrap_or(name);
    last.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn written(name: &str, seen: &Seen) -> String {
    let mut taken: Vec<&str> = Vec::new();
    let mut fields = String::new();
    for (field, words) in NAMES {
        let find = |word: &&str| {
            let named = |(column, _): &&(String, Vec<String>)| plain(column) == **word;
            seen.columns.iter().find(named)
        };
        // A name alone leads to no program.
        if *field == "advertiser_name" && !fields.contains("\nadvertiser = ") {
            continue;
        }
        let Some((column, values)) = words.iter().find_map(find) else { continue };
        // An order and its line may have one number; any other column has one meaning.
        if taken.contains(&column.as_str()) && *field != "line_no" {
            continue;
        }
        taken.push(column);
        let _ = match *field {
            "status" => writeln!(fields, "{}", status(column, values)),
            _ => writeln!(fields, "{field} = {}", quoted(column)),
        };
    }
    let starts = |field: &str| fields.lines().find(|line| line.starts_with(field));
    let order_no = match (starts("order_no"), starts("line_no")) {
        (Some(_), _) => String::new(),
        (None, Some(line)) => format!("{}\n", line.replacen("line_no", "order_no", 1)),
        (None, None) => "order_no = \"?\"  # which column has the order's number?\n".to_owned(),
    };
    let line_no = match starts("line_no") {
        Some(_) => "",
        None => {
            "line_no = { constant = \"1\", occurrence = true }  # no number of lines was found\n"
        }
    };
    fields.insert_str(0, &format!("{order_no}{line_no}"));
    let network = fields.contains("\nadvertiser = ");
    let network = if network {
        "network = \"NETWORK\"  # as in [programs.NETWORK] of feebook.toml\n"
    } else {
        ""
    };
    let (times, money) = (times(seen), money(seen));
    let unread: Vec<String> = seen
        .columns
        .iter()
        .filter(|(column, _)| !taken.contains(&column.as_str()))
        .map(|(column, _)| column.clone())
        .collect();
    format!(
        "# Proposed from the columns of one report: look at every line, see docs/import-guide.md.\n\
         format = 1\nname = {}\nkind = \"{}\"\n{network}\n{}\n{times}{money}[fields]\n{fields}\
         # If orders are governed by another instant, map paid_at or finished_at too.\n\
         # Not read: {}\n",
        quoted(name),
        seen.kind,
        seen.head,
        if unread.is_empty() { "nothing".to_owned() } else { unread.join(", ") },
    )
}

fn status(column: &str, values: &[String]) -> String {
    let mut words: Vec<&str> =
        values.iter().map(String::as_str).filter(|v| !v.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    // A word whose meaning is not plain is kept as pending, and told.
    let meaning = |word: &str| match word.to_lowercase().as_str() {
        "pending" | "open" | "new" | "waiting" => Some("pending"),
        "approved" | "accepted" | "confirmed" | "validated" => Some("approved"),
        "paid" | "settled" | "payable" => Some("settled"),
        "declined" | "rejected" | "cancelled" | "canceled" | "invalid" | "denied" => {
            Some("declined")
        }
        "reversed" | "refunded" | "corrected" => Some("reversed"),
        _ => None,
    };
    let words: Vec<String> = words
        .iter()
        .filter_map(|word| Some(format!("{} = \"{}\"", quoted(word), meaning(word)?)))
        .collect();
    format!(
        "status = {{ column = {}, words = {{ {} }}, unknown = \"keep\" }}  # are these all words?",
        quoted(column),
        words.join(", ")
    )
}

/// The patterns that some value is written in.
fn times(seen: &Seen) -> String {
    let values = || seen.columns.iter().flat_map(|(_, values)| values);
    let fits = |pattern: &&&str| {
        let format = super::moment::TimeFormat::parse(pattern);
        let zones = super::moment::Zones { zone: chrono_tz::Tz::UTC, abbreviations: &[] };
        format.is_some_and(|format| {
            values().any(|value| {
                super::moment::instant(value, std::slice::from_ref(&format), zones).is_some()
            })
        })
    };
    let mut found: Vec<String> = TIMES.iter().filter(fits).map(|pattern| quoted(pattern)).collect();
    if found.is_empty() {
        found.push("\"rfc3339\"".to_owned());
    }
    format!(
        "[times]\nzone = \"program\"  # or an IANA name, if the network states one\nformats = [{}]\n\n",
        found.join(", ")
    )
}

/// The marks of amounts, where a comma stands before two last digits.
fn money(seen: &Seen) -> String {
    let comma = |value: &String| {
        let parts = value.rsplit_once(',');
        parts.is_some_and(|(whole, cents)| {
            cents.len() == 2
                && cents.bytes().all(|b| b.is_ascii_digit())
                && !whole.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-')
        })
    };
    if seen.columns.iter().flat_map(|(_, values)| values).any(comma) {
        "[money]\ndecimal_mark = \",\"\nthousands_mark = \".\"\n\n".to_owned()
    } else {
        String::new()
    }
}
