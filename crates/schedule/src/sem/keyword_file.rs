//! Reads a list of keywords: a CSV of one's own, or what the editors of ad platforms export.
//!
//! Owns the columns and the words in them. Recognises columns by their English headers, whatever
//! their order, capitals, blanks and underscores, which is how Google Ads Editor reads them, and the
//! bulk files of Microsoft Advertising. Refuses to judge a keyword.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::codes;
use crate::diagnostic::{Code, Diagnostic, Place};

/// How a keyword is matched with a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchType {
    /// The search has the words, or means the same.
    Broad,
    /// The search has the words in this order.
    Phrase,
    /// The search is the words.
    Exact,
}

impl MatchType {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Broad => "broad",
            Self::Phrase => "phrase",
            Self::Exact => "exact",
        }
    }

    /// Finds the match type that a cell names.
    fn named_in(cell: &str) -> Option<Self> {
        let cell = cell.to_lowercase();
        let all = [Self::Broad, Self::Phrase, Self::Exact];
        all.into_iter().find(|kind| cell.contains(kind.word()))
    }

    /// Writes a keyword in the signs that ad platforms read its match type from.
    pub fn written(self, keyword: &str) -> String {
        match self {
            Self::Broad => keyword.to_owned(),
            Self::Phrase => format!("\"{keyword}\""),
            Self::Exact => format!("[{keyword}]"),
        }
    }
}

/// What a negative keyword is negative for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Every campaign of the account.
    Account,
    /// Its campaign.
    Campaign,
    /// Its ad group.
    AdGroup,
    /// The campaigns that share the list it is in, which the file does not name.
    SharedList,
}

/// A keyword that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword {
    /// The text, without the signs of its match type.
    pub text: String,
    /// How it is matched.
    pub matched: MatchType,
    /// What it is negative for; none for a bid.
    pub negative: Option<Level>,
    /// Its campaign; empty where the row names none.
    pub campaign: String,
    /// Its ad group; empty where the row names none.
    pub ad_group: String,
    /// Where the cell stands.
    pub place: Place,
}

/// A campaign that is named in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// Where it is named first.
    pub place: Place,
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Keyword,
    Campaign,
    AdGroup,
    MatchType,
    CriterionType,
    Type,
    Negative,
    Status,
    CampaignStatus,
    AdGroupStatus,
    CampaignType,
}

/// The headers that are known, without blanks, underscores and hyphens.
const HEADERS: &[(&str, Column)] = &[
    ("keyword", Column::Keyword),
    ("campaign", Column::Campaign),
    ("campaignname", Column::Campaign),
    ("adgroup", Column::AdGroup),
    ("adgroupname", Column::AdGroup),
    ("matchtype", Column::MatchType),
    ("criteriontype", Column::CriterionType),
    ("type", Column::Type),
    ("negative", Column::Negative),
    ("status", Column::Status),
    ("keywordstatus", Column::Status),
    ("campaignstatus", Column::CampaignStatus),
    ("adgroupstatus", Column::AdGroupStatus),
    ("campaigntype", Column::CampaignType),
];

/// How many lines may stand before the header: a title, a range of days.
const BEFORE_HEADER: usize = 10;

/// The header of a list.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Each known column with its header as written, in the order of the file.
    pub(crate) columns: Vec<(Column, String, usize)>,
    /// The row that says the version of a bulk file: its cells by their headers.
    pub(crate) format_version: Vec<(String, String)>,
    names: Vec<String>,
}

impl Header {
    pub(crate) fn has(&self, column: Column) -> bool {
        self.columns.iter().any(|(known, ..)| *known == column)
    }

    /// Whether the file is a bulk file: its rows are of many types, a keyword has a match type.
    pub(crate) fn is_bulk(&self) -> bool {
        self.has(Column::Type) && self.has(Column::MatchType)
    }

    fn at(&self, column: Column) -> Option<usize> {
        self.columns.iter().find(|(known, ..)| *known == column).map(|(.., at)| *at)
    }
}

/// A list of keywords as far as it could be read.
#[derive(Debug)]
pub struct KeywordFile {
    pub(crate) header: Header,
    /// The keywords in use, in the order of the file.
    pub keywords: Vec<Keyword>,
    /// The search campaigns, in the order of the file.
    pub campaigns: Vec<Campaign>,
    /// How many bids are paused, by themselves or with their ad group or campaign.
    pub paused: usize,
    /// Whether the file can say that a keyword is negative; a report of bids alone cannot.
    pub tells_negatives: bool,
}

/// Reads a list of keywords and tells everything that is wrong with it. Rows that are not
/// understood are left out; none when the file as a whole cannot be read.
pub fn read(file: &str, bytes: &[u8]) -> (Option<KeywordFile>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let Some(text) = decoded(bytes) else {
        let message = "the file is neither UTF-8 nor UTF-16";
        let hint = "save it as \"CSV UTF-8\", or take the editor's export as it is";
        problems.push(Diagnostic::whole(&codes::TEXT, file, message).hint(hint));
        return (None, problems);
    };
    let Some(delimiter) = delimiter(&text) else {
        problems.push(no_header(file, &text));
        return (None, problems);
    };
    let mut rows = Rows::new(file, &text, delimiter);
    rows.read(&mut problems);
    (rows.finished(&mut problems), problems)
}

/// The text of a file: by its byte order mark, by the zero bytes of UTF-16, else UTF-8.
fn decoded(bytes: &[u8]) -> Option<String> {
    let zeros =
        |odd: usize| bytes.iter().take(64).skip(odd).step_by(2).filter(|b| **b == 0).count();
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if zeros(1) > 8 => UTF_16LE,
        None if zeros(0) > 8 => UTF_16BE,
        None => UTF_8,
    };
    let (text, _, broken) = encoding.decode(bytes);
    (!broken && !text.contains('\0')).then(|| text.into_owned())
}

fn plain(header: &str) -> String {
    header.to_lowercase().chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect()
}

fn column(header: &str) -> Option<Column> {
    let plain = plain(header.trim());
    HEADERS.iter().find(|(known, _)| *known == plain).map(|(_, column)| *column)
}

/// The delimiter that makes a header of one of the first lines, with the most known columns.
fn delimiter(text: &str) -> Option<u8> {
    let known = |delimiter: u8| {
        let mut reader = reader(text, delimiter);
        let records = reader.records().flatten().take(BEFORE_HEADER);
        let headers = records.filter(is_header);
        headers.map(|record| record.iter().filter_map(column).count()).max()
    };
    let fitting = [b'\t', b',', b';'].into_iter().filter_map(|d| known(d).map(|count| (count, d)));
    fitting.max_by_key(|(count, _)| *count).map(|(_, delimiter)| delimiter)
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true);
    builder.from_reader(text.as_bytes())
}

fn is_header(record: &csv::StringRecord) -> bool {
    record.iter().any(|cell| column(cell) == Some(Column::Keyword))
}

fn no_header(file: &str, text: &str) -> Diagnostic {
    if text.trim().is_empty() {
        let hint = "export the keywords again";
        return Diagnostic::whole(&codes::EMPTY, file, "the file is empty").hint(hint);
    }
    let first = text.lines().next().unwrap_or("");
    let shown: String = first.chars().take(60).collect();
    let message = format!("no column `keyword`; the file begins \"{shown}\"");
    let place = Place { file: file.to_owned(), line: 1, column: 1 };
    let told = Diagnostic { place, ..Diagnostic::whole(&codes::COLUMNS, file, message) };
    told.hint("the header names keyword, campaign, match type and negative, in English")
}

/// The rows of a list, read one after the other.
struct Rows<'t> {
    file: &'t str,
    text: &'t str,
    delimiter: u8,
    header: Option<Header>,
    header_line: u32,
    /// Where the row that is read begins: its byte and its line.
    start: usize,
    line: u32,
    keywords: Vec<Keyword>,
    campaigns: Vec<Campaign>,
    /// Campaigns that are removed, or show no search ads.
    without: Vec<String>,
    paused: usize,
    bad: usize,
    negative_words: bool,
}

/// What a row says of being in use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InUse {
    Yes,
    Paused,
    Removed,
}

impl<'t> Rows<'t> {
    fn new(file: &'t str, text: &'t str, delimiter: u8) -> Self {
        Self {
            file,
            text,
            delimiter,
            header: None,
            header_line: 0,
            start: 0,
            line: 1,
            keywords: Vec::new(),
            campaigns: Vec::new(),
            without: Vec::new(),
            paused: 0,
            bad: 0,
            negative_words: false,
        }
    }

    fn read(&mut self, problems: &mut Vec<Diagnostic>) {
        for record in reader(self.text, self.delimiter).into_records().flatten() {
            self.advance(&record);
            let Some(header) = &self.header else {
                if is_header(&record) {
                    self.header_line = self.line;
                    self.header = Some(read_header(&record));
                }
                continue;
            };
            let cell =
                |column| header.at(column).and_then(|at| record.get(at)).unwrap_or("").trim();
            if cell(Column::Type).eq_ignore_ascii_case("format version") {
                let cells = header.names.iter().zip(record.iter());
                let filled = cells.filter(|(_, cell)| !cell.is_empty());
                let version = filled.map(|(name, cell)| (name.clone(), cell.to_owned())).collect();
                if let Some(header) = &mut self.header {
                    header.format_version = version;
                }
                continue;
            }
            let row = Row::of(&cell);
            self.row(&row, problems);
        }
    }

    fn row(&mut self, row: &Row, problems: &mut Vec<Diagnostic>) {
        let place = Place { file: self.file.to_owned(), line: self.line, column: 1 };
        self.campaign(row, &place);
        // A report ends with its totals, whose keyword is a dash; `[]` asks an editor to erase.
        let none = bare(&row.keyword).trim_start_matches(['-', ' ']).is_empty();
        if none || !row.is_keyword || row.in_use == InUse::Removed {
            return;
        }
        let at = self.header.as_ref().and_then(|header| header.at(Column::Keyword)).unwrap_or(0);
        match row.keyword(self.place(at)) {
            Ok(keyword) => {
                self.negative_words |= keyword.negative.is_some();
                match (keyword.negative, row.in_use) {
                    (None, InUse::Paused) => self.paused += 1,
                    _ => self.keywords.push(keyword),
                }
            }
            Err((code, message, hint)) => {
                self.bad += 1;
                let place = self.place(at);
                let told = Diagnostic { place, ..Diagnostic::whole(code, self.file, message) };
                problems.push(told.hint(hint));
            }
        }
    }

    /// Notes the campaign that a row names.
    fn campaign(&mut self, row: &Row, place: &Place) {
        let campaign = |known: &Campaign| known.name == row.campaign;
        if row.campaign.is_empty() {
            return;
        }
        if row.campaign_gone && !self.without.contains(&row.campaign) {
            self.without.push(row.campaign.clone());
        }
        if !self.campaigns.iter().any(campaign) {
            self.campaigns.push(Campaign { name: row.campaign.clone(), place: place.clone() });
        }
    }

    /// Notes where a row begins. The reader's own position may be before the line's end that it
    /// still has to pass.
    fn advance(&mut self, record: &csv::StringRecord) {
        let at = record.position().and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(0);
        let rest = self.text.get(at..).unwrap_or("");
        let start = at + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let passed = self.text.get(self.start..start).unwrap_or("").matches('\n').count();
        self.line += u32::try_from(passed).unwrap_or(0);
        self.start = start;
    }

    /// The place of a cell, its column counted in characters.
    fn place(&self, at: usize) -> Place {
        let text = self.text.get(self.start..).unwrap_or("");
        let mut quoted = false;
        let cell = text.char_indices().filter(|(_, c)| {
            quoted ^= *c == '"';
            !quoted && *c == char::from(self.delimiter)
        });
        let offset = match at.checked_sub(1) {
            None => Some(0),
            Some(before) => cell.map(|(byte, _)| byte + 1).nth(before),
        };
        let before = offset.and_then(|offset| text.get(..offset)).unwrap_or("");
        let column = u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX);
        Place { file: self.file.to_owned(), line: self.line, column }
    }

    fn finished(self, problems: &mut Vec<Diagnostic>) -> Option<KeywordFile> {
        let header = self.header?;
        let place = Place { file: self.file.to_owned(), line: self.header_line, column: 1 };
        let tell = |code, message: String, hint: &str| {
            let whole = Diagnostic::whole(code, self.file, message);
            Diagnostic { place: place.clone(), ..whole }.hint(hint)
        };
        let types = [Column::MatchType, Column::CriterionType, Column::Type];
        let mut missing = Vec::new();
        if !header.has(Column::Campaign) {
            missing.push("`campaign`");
        }
        if !types.into_iter().any(|column| header.has(column)) {
            missing.push("`match type`");
        }
        if !missing.is_empty() {
            let message = format!("no column {}", missing.join(" and no column "));
            let hint = "the header names keyword, campaign and match type (or criterion type, or \
                        type); export these columns too";
            problems.retain(|problem| !std::ptr::eq(problem.code, &raw const codes::MATCH_TYPE));
            problems.push(tell(&codes::COLUMNS, message, hint));
            return None;
        }
        if self.keywords.is_empty() && self.paused == 0 && self.bad == 0 {
            let message = "no row has a keyword".to_owned();
            problems.push(tell(&codes::EMPTY, message, "export the keywords too"));
            return None;
        }
        let told = [Column::Negative, Column::CriterionType, Column::Type];
        let tells_negatives =
            self.negative_words || told.into_iter().any(|column| header.has(column));
        let without = self.without;
        let runs = |campaign: &str| !without.iter().any(|gone| gone == campaign);
        let mut keywords = self.keywords;
        keywords.retain(|keyword| runs(&keyword.campaign));
        let mut campaigns = self.campaigns;
        campaigns.retain(|campaign| runs(&campaign.name));
        let paused = self.paused;
        Some(KeywordFile { header, keywords, campaigns, paused, tells_negatives })
    }
}

fn read_header(record: &csv::StringRecord) -> Header {
    let names: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
    let mut columns: Vec<(Column, String, usize)> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(column) = column(name)
            && !columns.iter().any(|(known, ..)| *known == column)
        {
            columns.push((column, name.clone(), at));
        }
    }
    Header { columns, format_version: Vec::new(), names }
}

/// The cells of a row.
struct Row {
    keyword: String,
    campaign: String,
    ad_group: String,
    /// What says the match type.
    matched: String,
    /// What says the level and that it is negative.
    kind: String,
    negative: String,
    is_keyword: bool,
    in_use: InUse,
    /// The campaign is removed, or shows no search ads.
    campaign_gone: bool,
}

impl Row {
    fn of<'c>(cell: &dyn Fn(Column) -> &'c str) -> Self {
        let kind = [cell(Column::Type), cell(Column::CriterionType), cell(Column::MatchType)];
        let kind = kind.join(" ").to_lowercase();
        let matched = [cell(Column::MatchType), cell(Column::CriterionType), cell(Column::Type)];
        let matched = matched.into_iter().find(|cell| MatchType::named_in(cell).is_some());
        let matched = matched.unwrap_or_else(|| cell(Column::MatchType));
        let row_type = cell(Column::Type).to_lowercase();
        let other_type = !row_type.is_empty()
            && !row_type.contains("keyword")
            && MatchType::named_in(&row_type).is_none()
            && !row_type.contains("negative");
        let is = |column, words: &[&str]| {
            let cell = cell(column).to_lowercase();
            words.iter().any(|word| cell.contains(word))
        };
        let all = [Column::Status, Column::AdGroupStatus, Column::CampaignStatus];
        let any = |words: &[&str]| all.into_iter().any(|column| is(column, words));
        let (removed, paused) = (&["removed", "deleted"], &["paused"]);
        let in_use = match (any(removed), any(paused)) {
            (true, _) => InUse::Removed,
            (_, true) => InUse::Paused,
            _ => InUse::Yes,
        };
        let campaign_row = row_type == "campaign" && is(Column::Status, removed);
        let campaign_type = cell(Column::CampaignType).to_lowercase();
        let elsewhere = campaign_type.starts_with("display") || campaign_type.starts_with("video");
        Self {
            keyword: cell(Column::Keyword).to_owned(),
            campaign: cell(Column::Campaign).to_owned(),
            ad_group: cell(Column::AdGroup).to_owned(),
            matched: matched.to_owned(),
            kind,
            negative: cell(Column::Negative).to_lowercase(),
            is_keyword: !other_type,
            in_use,
            campaign_gone: campaign_row || elsewhere || is(Column::CampaignStatus, removed),
        }
    }

    /// The keyword, or what is wrong with its row.
    fn keyword(&self, place: Place) -> Result<Keyword, (&'static Code, String, &'static str)> {
        if self.keyword.contains('\n') {
            let shown: String =
                self.keyword.lines().next().unwrap_or("").chars().take(40).collect();
            let message = format!("the keyword that begins \"{shown}\" goes on in the next line");
            return Err((&codes::OPEN_QUOTE, message, "close the quote, or double the one inside"));
        }
        let negative = self.is_negative()?;
        let matched = MatchType::named_in(&self.matched).ok_or_else(|| {
            let message = match self.matched.as_str() {
                "" => format!("keyword \"{}\" has no match type", self.keyword),
                other => format!("match type \"{other}\" of keyword \"{}\"", self.keyword),
            };
            (&codes::MATCH_TYPE, message, "write broad, phrase or exact")
        })?;
        Ok(Keyword {
            text: bare(&self.keyword),
            matched,
            negative: negative.then(|| self.level()),
            campaign: self.campaign.clone(),
            ad_group: self.ad_group.clone(),
            place,
        })
    }

    fn is_negative(&self) -> Result<bool, (&'static Code, String, &'static str)> {
        match self.negative.as_str() {
            "y" | "yes" | "true" | "1" => Ok(true),
            "" | "n" | "no" | "false" | "0" => Ok(self.kind.contains("negative")),
            other => {
                let message = format!("`negative` of keyword \"{}\" is \"{other}\"", self.keyword);
                Err((&codes::YES_OR_NO, message, "write y or n"))
            }
        }
    }

    fn level(&self) -> Level {
        if self.kind.contains("account")
            || (self.campaign.is_empty() && !self.kind.contains("shared"))
        {
            Level::Account
        } else if self.kind.contains("shared") {
            Level::SharedList
        } else if self.kind.contains("ad group") {
            Level::AdGroup
        } else if self.ad_group.is_empty() || self.kind.contains("campaign") {
            Level::Campaign
        } else {
            Level::AdGroup
        }
    }
}

/// A keyword without the signs of its match type: quotes, brackets, plus.
fn bare(keyword: &str) -> String {
    let inner = keyword.trim_matches(['"', '[', ']']);
    let words = inner.split_whitespace().map(|word| word.trim_start_matches('+'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
