//! Negative keywords to be added, in the forms in which ad platforms take them.
//!
//! Owns those forms. Refuses to escape a cell for spreadsheets: an import must find the campaign by
//! the very name that the list gave it.

use super::keyword_file::{Column, Header, KeywordFile, MatchType};
use super::{Checked, ToAdd};

/// Writes the keywords to be added for people to paste: one campaign after the other, each keyword
/// in the signs of a phrase.
pub(super) fn text(checked: &Checked) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut campaign = None;
    for add in &checked.to_add {
        if campaign != Some(&add.campaign) {
            if campaign.is_some() {
                lines.push(String::new());
            }
            lines.push(format!("# campaign {}", add.campaign));
            campaign = Some(&add.campaign);
        }
        lines.push(MatchType::Phrase.written(&add.term));
    }
    lines.join("\n")
}

/// Writes the keywords to be added as a CSV in the columns of the list, to be imported.
pub(super) fn csv(checked: &Checked, list: &KeywordFile) -> String {
    let header = &list.header;
    let mut columns: Vec<(Option<Column>, &str)> = header
        .columns
        .iter()
        .filter(|(column, ..)| wanted(*column, header))
        .map(|(column, name, _)| (Some(*column), name.as_str()))
        .collect();
    for (name, _) in &header.format_version {
        if !columns.iter().any(|(_, known)| known == name) {
            columns.push((None, name));
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        // A writer to memory cannot fail, and all rows have as many cells.
        let _ = writer.write_record(cells);
    };
    write(columns.iter().map(|(_, name)| (*name).to_owned()).collect());
    if !header.format_version.is_empty() {
        let version = |name: &str| header.format_version.iter().find(|(known, _)| known == name);
        let cell = |name| version(name).map_or(String::new(), |(_, cell)| cell.clone());
        write(columns.iter().map(|(_, name)| cell(name)).collect());
    }
    for add in &checked.to_add {
        write(columns.iter().map(|(column, _)| cell(*column, add, header)).collect());
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

/// Whether an import needs the column.
fn wanted(column: Column, header: &Header) -> bool {
    match column {
        Column::Status => header.is_bulk(),
        Column::CampaignStatus | Column::AdGroupStatus | Column::CampaignType => false,
        _ => true,
    }
}

fn cell(column: Option<Column>, add: &ToAdd, header: &Header) -> String {
    let text = match column {
        Some(Column::Keyword) => &add.term,
        Some(Column::Campaign) => &add.campaign,
        Some(Column::Type) if header.is_bulk() => "Campaign Negative Keyword",
        Some(Column::CriterionType | Column::Type) => "Campaign Negative Phrase",
        Some(Column::MatchType) if by_match_type_alone(header) => "Campaign negative phrase",
        Some(Column::MatchType) => "Phrase",
        Some(Column::Negative) => "y",
        Some(Column::Status) => "Active",
        _ => "",
    };
    text.to_owned()
}

/// Whether only the match type can say that a keyword is negative.
fn by_match_type_alone(header: &Header) -> bool {
    let others = [Column::Negative, Column::CriterionType, Column::Type];
    !others.into_iter().any(|column| header.has(column))
}
