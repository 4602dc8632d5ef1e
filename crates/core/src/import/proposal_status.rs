//! Which column of a report may be the status of its rows, and what its words may mean.
//!
//! Owns the words of many networks. Refuses to give a meaning to one that is not plain: such a row is
//! pending, and the word is told.

use super::advertisers::toml_text as quoted;
use super::proposal_fields::{plain, stripped};
use super::proposal_seen::Column;

/// How many words a status may have, and how long one may be.
const WORDS: usize = 20;
const LENGTH: usize = 40;
/// What a column of a status is called, and with what in its name it is another thing.
const NAMED: [&str; 3] = ["status", "state", "statut"];
const OTHERWISE: [&str; 8] =
    ["pay", "paid", "date", "time", "updated", "reason", "country", "original"];
/// Columns that say whether the network has paid.
const PAID_OUT: [&str; 3] = ["paidtopublisher", "paidout", "paymentstatus"];

/// What a word may mean; and whether it means that wherever it stands.
fn meaning(word: &str) -> Option<(&'static str, bool)> {
    let plain = match word.to_lowercase().as_str() {
        "pending" | "waiting" | "on hold" | "offen" | "payment completed" => "pending",
        "open" | "new" | "extended" | "delayed" | "potential" | "refund_request" => {
            return Some(("pending", false));
        }
        "approved"
        | "accepted"
        | "confirmed"
        | "validated"
        | "buyer confirmed receipt"
        | "bestätigt"
        | "godkänd"
        | "godkjent"
        | "godkendt" => "approved",
        "locked" | "completed" | "pay" => return Some(("approved", false)),
        "settled" | "completed settlement" | "payable" => "settled",
        "paid" | "closed" => return Some(("settled", false)),
        "declined" | "rejected" | "cancelled" | "canceled" | "denied" | "disapproved"
        | "deleted" | "voided" | "storniert" | "abgelehnt" | "avvist" | "afvist" | "avvisad" => {
            "declined"
        }
        "invalid" => return Some(("declined", false)),
        "reversed" | "refunded" | "refund" | "chargeback" => "reversed",
        "returned" => return Some(("reversed", false)),
        _ => return None,
    };
    Some((plain, true))
}

/// The letters by which a column that is called a status may say the same.
fn letter(word: &str) -> Option<&'static str> {
    match word {
        "A" => Some("approved"),
        "P" => Some("pending"),
        "D" => Some("declined"),
        _ => None,
    }
}

/// The words of a column, each once; none when they are too many or too long for a status.
fn words(column: &Column) -> Option<Vec<&str>> {
    let mut words: Vec<&str> = column.filled().collect();
    words.sort_unstable();
    words.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    let short = words.iter().all(|word| word.chars().count() <= LENGTH);
    (short && words.len() <= WORDS).then_some(words)
}

/// The source of the status and the columns that it reads. `signed` are amounts of which some are below
/// zero: their rows take others back.
pub(super) fn source<'s>(
    free: &[&'s Column],
    signed: &[&'s Column],
) -> (Vec<&'s str>, Option<String>) {
    let mut sources: Vec<String> = signed
        .iter()
        .map(|column| {
            let column = format!("{}{}", quoted(&column.name), stripped(column));
            format!("{{ column = {column}, by = \"sign\", words = {{ negative = \"reversed\" }}, unknown = \"next\" }}")
        })
        .collect();
    let mut read = Vec::new();
    let is_by_sign = !sources.is_empty();
    if let Some((column, words)) = column(free) {
        let name = quoted(&column.name);
        if let Some(paid_out) = paid_out(free, column) {
            let declined: Vec<String> =
                words.iter().filter(|word| word.ends_with("= \"declined\"")).cloned().collect();
            if !declined.is_empty() {
                sources.push(format!(
                    "{{ column = {name}, words = {{ {} }}, unknown = \"next\" }}",
                    declined.join(", ")
                ));
            }
            let yes_or_no = "true = \"settled\", 1 = \"settled\", false = \"next\", 0 = \"next\"";
            sources.push(format!(
                "{{ column = {}, words = {{ {yes_or_no} }} }}",
                quoted(&paid_out.name)
            ));
            read.push(paid_out.name.as_str());
        }
        let words = words.join(", ");
        sources.push(format!("{{ column = {name}, words = {{ {words} }}, unknown = \"keep\" }}"));
        read.push(column.name.as_str());
    } else if is_by_sign {
        sources.push("{ constant = \"pending\" }".to_owned());
    }
    let source = match sources.as_slice() {
        [] => None,
        [only] => Some(format!("{only}  # are these all words?")),
        several => {
            let several: Vec<String> =
                several.iter().map(|source| format!("    {source},\n")).collect();
            Some(format!("[  # are these all words?\n{}]", several.concat()))
        }
    };
    (read, source)
}

/// The column of the status, and its words with their meanings.
fn column<'s>(free: &[&'s Column]) -> Option<(&'s Column, Vec<String>)> {
    let named = |column: &&&Column| {
        let name = plain(&column.name);
        NAMED.iter().any(|word| name.ends_with(word))
            && !OTHERWISE.iter().any(|word| name.contains(word))
            && words(column).is_some()
    };
    // By its name one that has a word that is known; else by its words alone; else by its name alone.
    let known = |column: &&&Column| known(column, false) > 0;
    let by_name = free.iter().filter(named).find(known);
    let by_words = || {
        let by_words = free.iter().filter(|column| known_everywhere(column) > 0);
        by_words.max_by_key(|column| known_everywhere(column))
    };
    let column = by_name.or_else(by_words).or_else(|| free.iter().find(named))?;
    let letters = by_name.is_none() && words(column)?.iter().all(|word| letter(word).is_some());
    // An order that can be completed was paid by its buyer.
    let of_orders = words(column)?.iter().any(|word| word.eq_ignore_ascii_case("completed"));
    let meant = |word: &&str| {
        let meant = match meaning(word) {
            _ if letters => letter(word),
            Some(_) if of_orders && word.eq_ignore_ascii_case("paid") => Some("pending"),
            meant => meant.map(|(meant, _)| meant),
        };
        Some(format!("{} = \"{}\"", quoted(word), meant?))
    };
    Some((column, words(column)?.iter().filter_map(meant).collect()))
}

/// In how many rows a word of a column is known; or, `everywhere`, one that means the same wherever it
/// stands.
fn known(column: &Column, everywhere: bool) -> usize {
    let is_known = |word: &&str| meaning(word).is_some_and(|(_, plain)| plain || !everywhere);
    if words(column).is_some() { column.filled().filter(is_known).count() } else { 0 }
}

fn known_everywhere(column: &Column) -> usize {
    known(column, true)
}

/// The column that says whether the network has paid, with nothing in it but yes and no.
fn paid_out<'s>(free: &[&'s Column], status: &Column) -> Option<&'s Column> {
    let is_word = |word: &str| ["true", "false", "1", "0"].contains(&word.to_lowercase().as_str());
    let says = |column: &&&Column| {
        let name = plain(&column.name);
        PAID_OUT.contains(&name.as_str())
            && column.name != status.name
            && !column.is_empty()
            && column.filled().all(is_word)
    };
    free.iter().find(says).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column_of(name: &str, values: &[&str]) -> Column {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Column { name: name.to_owned(), values }
    }

    fn found(columns: &[Column]) -> Option<String> {
        let free: Vec<&Column> = columns.iter().collect();
        source(&free, &[]).1
    }

    #[test]
    fn a_status_is_found_by_its_name_or_by_its_words() {
        let odd = column_of("cState", &["Confirmed", "odd", "Rejected"]);
        let source = found(&[column_of("buyer", &["new", "old"]), odd]).unwrap();
        assert!(source.starts_with("{ column = \"cState\", words = { \"Confirmed\" = \"approved\", \"Rejected\" = \"declined\" }"), "{source}");
        let letters = found(&[column_of("pendingStatus", &["A", "P"])]).unwrap();
        assert!(letters.contains("\"A\" = \"approved\", \"P\" = \"pending\""), "{letters}");
        let numbers = found(&[column_of("state", &["1", "2"])]).unwrap();
        assert!(numbers.contains("words = {  }"), "{numbers}");
        assert_eq!(found(&[column_of("buyer", &["new", "old"])]), None);
        assert_eq!(found(&[column_of("paymentStatus", &["paid", "1"])]), None);
    }
}
