//! Which column of a report may be which field, by its name and by what stands in it.
//!
//! Owns the words by which networks name things. Refuses a column whose values its field could not
//! take: a proposal reads the file that it was made of.

use std::fmt::Write as _;

use feebook_kernel::Rounding;
use feebook_schedule::iso::{self, Currency};

use super::advertisers::toml_text as quoted;
use super::field::FIELDS;
use super::number::Notation;
use super::proposal_seen::{Column, Seen};
use super::proposal_status as status;
use super::proposal_times as times;

/// The columns that our own report must have.
const OWN: [&str; 4] = ["order_no", "line_no", "paid_at", "product_price"];
/// Fields of our own report that feebook itself may have escaped.
const ESCAPED: [&str; 5] = ["order_no", "line_no", "placement", "sub_id", "store"];
/// Marks of currencies, and what spreadsheets put before a text.
const STRIPPED: [char; 4] = ['$', '€', '£', '\''];
/// Last steps of a path that say what something is only with the step before.
const VAGUE: &[&str] =
    &["amount", "value", "id", "name", "currency", "code", "number", "no", "date"];

/// What a column of a field must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Texts,
    Times,
    Amounts,
    Countries,
    Flags,
    Counts,
    Rates,
}

/// A field, the words by which networks name it, the likelier first, and what its column holds.
type Wanted = (&'static str, &'static [&'static str], Holds);

/// Fields that take any column of their name.
const NAMES: &[Wanted] = &[
    (
        "ordered_at",
        &[
            "orderedat",
            "orderdate",
            "ordertime",
            "transactiondate",
            "transactiontime",
            "conversiondate",
            "conversiondatetime",
            "eventdate",
            "timeofevent",
            "timeoftransaction",
            "actiondate",
            "registrationdate",
            "createdat",
            "createdtime",
            "publicactiondatatransactiondate",
            "date",
            "dato",
            "datum",
        ],
        Holds::Times,
    ),
    (
        "paid_at",
        &["paidat", "paidtime", "paidutc", "completedpaymentstime", "effectpaytime"],
        Holds::Times,
    ),
    (
        "clicked_at",
        &[
            "clickedat",
            "clickdate",
            "clicktime",
            "clickdatetime",
            "dateclick",
            "timeofvisit",
            "timeoflastclick",
            "originatingclickdate",
            "referringdate",
            "clickthroughtime",
            "publicclickdatacreatedat",
            "click",
        ],
        Holds::Times,
    ),
    (
        "finished_at",
        &[
            "finishedat",
            "finishedtime",
            "finishedutc",
            "completedat",
            "completedreceipttime",
            "validationdate",
            "confirmationdate",
            "closingdate",
            "lockingdate",
            "assessmentdate",
        ],
        Holds::Times,
    ),
    (
        "settled_at",
        &[
            "settledat",
            "completedsettlementtime",
            "completedsettlementutc",
            "datepaid",
            "cleareddate",
        ],
        Holds::Times,
    ),
    (
        "updated_at",
        &[
            "updatedat",
            "lastmodified",
            "datemodified",
            "timeoflastmodified",
            "lastupdated",
            "statusupdated",
            "processdate",
            "postingdate",
            "lastseenutc",
        ],
        Holds::Times,
    ),
    (
        "sub_id",
        &[
            "subid",
            "subid1",
            "clickref",
            "clickid",
            "epi",
            "epi1",
            "sid",
            "u1",
            "uid",
            "campaignkey",
            "reference",
            "sub",
        ],
        Holds::Texts,
    ),
    (
        "placement",
        &["placement", "trackingid", "siteid", "websiteid", "channelid", "sitename", "creative"],
        Holds::Texts,
    ),
    (
        "product",
        &["productid", "productnumber", "product", "itemid", "skunumber", "sku", "varenr"],
        Holds::Texts,
    ),
    ("category", &["categoryid", "category"], Holds::Texts),
    ("store", &["sellerid", "storeid", "shopid", "store"], Holds::Texts),
    ("host", &["storefronthost", "host"], Holds::Texts),
    (
        "ship_to",
        &["shipto", "shiptocountry", "deliverycountry", "country", "region"],
        Holds::Countries,
    ),
    ("seller_country", &["sellercountry"], Holds::Countries),
    ("click_country", &["clickcountry"], Holds::Countries),
    (
        "new_buyer",
        &["newbuyer", "isnewbuyer", "buyerisnew", "newcustomer", "isnewcustomer"],
        Holds::Flags,
    ),
    ("hot", &["hot", "ishotproduct", "hotproduct"], Holds::Flags),
    (
        "affiliate",
        &["affiliate", "isaffiliateproduct", "isaffiliateitem", "affiliateproduct"],
        Holds::Flags,
    ),
    ("coupon", &["coupon", "couponused", "vouchercodeused"], Holds::Flags),
    ("quantity", &["quantity", "qty", "productcount", "itemcount"], Holds::Counts),
    ("reported_rate", &["reportedrate", "commissionrate", "rate"], Holds::Rates),
    ("product_price", &["productprice", "unitprice", "itemprice"], Holds::Amounts),
    ("service_fee", &["servicefee"], Holds::Amounts),
    ("final_amount", &["finalamount", "finishedamount"], Holds::Amounts),
    ("refunded", &["refunded", "refundamount", "refundedamount"], Holds::Amounts),
    (
        "reported_incentive",
        &[
            "reportedincentive",
            "incentivecommission",
            "estimatedincentivefinishedcommission",
            "estimatedincentivepaidcommission",
        ],
        Holds::Amounts,
    ),
    (
        "reported_bonus",
        &["reportedbonus", "newbuyerbonus", "newbuyerbonuscommission"],
        Holds::Amounts,
    ),
    (
        "advertiser_name",
        &[
            "advertisername",
            "programname",
            "campaignname",
            "advcampaignname",
            "merchantname",
            "program",
            "merchant",
            "name",
            "offer",
        ],
        Holds::Texts,
    ),
];
const ORDERS: &[&str] = &[
    "orderno",
    "parentorderid",
    "parentordernumber",
    "orderid",
    "ordernumber",
    "ordernr",
    "orderref",
    "orderreference",
    "ordrenr",
    "bestellnummer",
    "oid",
    "purchaseid",
    "affiliatemarketingid",
];
/// Numbers of what is bought without an order.
const LEADS: &[&str] = &["leadno", "leadnr", "leadnumber"];
const LINES: &[&str] = &[
    "lineno",
    "suborderid",
    "subordernumber",
    "transactionid",
    "conversionid",
    "originalactionid",
    "actionid",
    "uniqueid",
    "commissionid",
    "eventid",
    "id",
];
const ADVERTISERS: &[&str] = &[
    "advertiserid",
    "advertiserprogramid",
    "programid",
    "campaignid",
    "advcampaignid",
    "merchantid",
    "mid",
    "offerid",
    "cid",
];
const PAID: &[&str] = &[
    "paidamount",
    "ordervalue",
    "saleamount",
    "salesamount",
    "orderamount",
    "salevalue",
    "conversionvalue",
    "saleamountusd",
    "completedpaymentsamount",
    "transactionamount",
    "cart",
    "revenue",
    "turnover",
    "omsaetning",
    "omsattning",
    "umsatz",
    "sales",
    "basket",
];
const COMMISSION: &[&str] = &[
    "reportedcommission",
    "commission",
    "commissionamount",
    "commissions",
    "affiliatecommission",
    "publishercommission",
    "commissionfee",
    "payout",
    "payment",
    "provision",
    "amountaffiliate",
];
/// Parts of names of amounts beside the commission itself.
const NO_COMMISSION: &[&str] = &[
    "rate",
    "id",
    "group",
    "type",
    "status",
    "currency",
    "sharing",
    "old",
    "original",
    "incentive",
    "bonus",
    "date",
    "time",
    "reason",
    "name",
    "percent",
];
const CURRENCY: &[&str] = &[
    "amountcurrency",
    "currency",
    "currencycode",
    "salecurrency",
    "transactioncurrency",
    "ordercurrency",
    "settledcurrency",
    "reportcurrencycode",
];

/// What is made of a report's columns.
pub(super) struct Guessed<'s> {
    seen: &'s Seen,
    /// The fields with their sources, as a mapping has them.
    pub(super) fields: Vec<(&'static str, String)>,
    /// The columns that are read.
    pub(super) taken: Vec<&'s str>,
    /// The columns that hold times or amounts.
    pub(super) times: Vec<Vec<String>>,
    pub(super) amounts: Vec<&'s Column>,
    /// How its amounts are written.
    pub(super) notation: Notation,
    /// A country that is not named as ISO names it.
    pub(super) has_uk: bool,
}

impl<'s> Guessed<'s> {
    /// Guesses what the columns of a report are.
    pub(super) fn of(seen: &'s Seen) -> Self {
        let mut guessed = Self {
            seen,
            fields: Vec::new(),
            taken: Vec::new(),
            times: Vec::new(),
            amounts: Vec::new(),
            notation: Notation::default(),
            has_uk: false,
        };
        if OWN.iter().all(|own| seen.columns.iter().any(|column| column.name == *own)) {
            guessed.own();
        } else {
            guessed.network();
        }
        guessed
    }

    /// Whether a field was found.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(known, _)| *known == field)
    }

    fn own(&mut self) {
        let seen = self.seen;
        for field in FIELDS {
            let Some(column) = seen.columns.iter().find(|column| column.name == field.name) else {
                continue;
            };
            if field.is_amount() {
                self.amounts.push(column);
            }
            let source = match field.name {
                name if ESCAPED.contains(&name) => {
                    format!("{{ column = {}, strip = \"'\" }}", quoted(name))
                }
                name => quoted(name),
            };
            if field.name.ends_with("_at") {
                self.times.push(column.values.clone());
            }
            self.take(field.name, column, source);
        }
        self.notation = notation(&self.amounts, self.seen.kind);
    }

    fn network(&mut self) {
        self.numbers();
        if let Some(column) = self.find(ADVERTISERS, Holds::Texts) {
            self.take("advertiser", column, quoted(&column.name));
        }
        let (paid, commission) = (self.paid(), self.commission());
        let (paid, commission) = self.by_size(paid, commission);
        self.amounts.extend(paid.iter().chain(&commission).copied());
        for (field, words, holds) in NAMES.iter().filter(|(.., holds)| *holds == Holds::Amounts) {
            let known =
                |column: &&Column| self.amounts.iter().any(|known| known.name == column.name);
            if let Some(column) = self.find(words, *holds).filter(|column| !known(column)) {
                self.amounts.push(column);
                self.take(field, column, amount(column, "zero", None));
            }
        }
        self.notation = notation(&self.amounts, self.seen.kind);
        self.status(paid, commission);
        self.currency(paid);
        if let Some(column) = paid {
            let source = amount(column, "magnitude", None);
            self.take("paid_amount", column, source);
        }
        if let Some(column) = commission {
            let own = self.currency_of(column).filter(|own| self.is_another(own));
            self.taken.extend(own.map(|own| own.name.as_str()));
            let source = amount(column, "zero", own);
            let more = self.finished(column);
            let source = more.map_or(source.clone(), |more| {
                format!("[{}, {source}]", amount(more, "zero", None))
            });
            self.take("reported_commission", column, source);
        }
        self.others();
    }

    fn take(&mut self, field: &'static str, column: &'s Column, source: String) {
        self.taken.push(&column.name);
        self.fields.push((field, source));
    }

    /// The first column of some names that is not read yet and holds what it must.
    fn find(&self, words: &[&str], holds: Holds) -> Option<&'s Column> {
        let free = |column: &&Column| !self.taken.contains(&column.name.as_str());
        let fits = |word: &&str| {
            let mut columns = self.seen.columns.iter().filter(free);
            columns
                .find(|column| self.names(column).iter().any(|n| n == *word) && held(column, holds))
        };
        words.iter().find_map(fits)
    }

    /// What a column is called: small letters and digits only. Of a path, its last step; where that
    /// says too little, with the one before.
    fn names(&self, column: &Column) -> Vec<String> {
        if self.seen.before.is_none() {
            return vec![plain(&column.name)];
        }
        let within = self.seen.parts.as_ref().map(|key| format!("{key}."));
        let name =
            within.and_then(|key| column.name.strip_prefix(key.as_str())).unwrap_or(&column.name);
        let steps: Vec<String> = name.split('.').map(plain).collect();
        match steps.as_slice() {
            [.., outer, last] if VAGUE.contains(&last.as_str()) => {
                let whole = [outer.as_str(), last].concat();
                // An object that is an amount is named itself.
                let is_amount = matches!(last.as_str(), "amount" | "value");
                if is_amount { vec![outer.clone(), whole] } else { vec![whole] }
            }
            [.., outer, last] => vec![last.clone(), [outer.as_str(), last].concat()],
            [last] => vec![last.clone()],
            [] => Vec::new(),
        }
    }

    /// The numbers of order and line. Where a number is missing in some rows, another takes its place.
    fn numbers(&mut self) {
        let mut orders = self.all(ORDERS);
        if let Some(full) = orders.iter().position(|column| is_full(column)) {
            orders.truncate(full + 1);
        }
        let order = orders.first().copied();
        orders.extend(self.find(LEADS, Holds::Texts));
        let lines = self.all(LINES);
        let alone = |column: &&&Column| {
            let values: Vec<_> = column.values.iter().map(|value| ("", value.as_str())).collect();
            is_full(column) && are_unique(values)
        };
        let within = |line: &&&Column| {
            let order = |at| order.and_then(|o| o.values.get(at)).map_or("", String::as_str);
            let keys = line.values.iter().enumerate().map(|(at, line)| (order(at), line.as_str()));
            !line.is_empty() && are_unique(keys.collect())
        };
        let line = lines.iter().find(alone).or_else(|| lines.iter().find(within)).copied();
        if let Some(line) = line
            && (orders.is_empty() || alone(&&line))
            && !orders.iter().any(|order| order.name == line.name)
        {
            orders.push(line);
        }
        let others = orders.iter().filter(|order| line.is_some_and(|line| line.name != order.name));
        let lines: Vec<&Column> = match line {
            Some(line) if !is_full(line) => [line].into_iter().chain(others.copied()).collect(),
            line => line.into_iter().collect(),
        };
        let order_no = listed(&orders);
        let order_no =
            order_no.unwrap_or_else(|| "\"?\"  # which column has the order's number?".to_owned());
        let line_no = listed(&lines).unwrap_or_else(|| {
            "{ constant = \"1\", occurrence = true }  # no number of lines was found".to_owned()
        });
        self.taken.extend(orders.iter().chain(&lines).map(|column| column.name.as_str()));
        self.fields.extend([("order_no", order_no), ("line_no", line_no)]);
    }

    /// All columns of some names, in the order of these.
    fn all(&self, words: &[&str]) -> Vec<&'s Column> {
        words.iter().filter_map(|word| self.find(&[*word], Holds::Texts)).collect()
    }

    fn paid(&self) -> Option<&'s Column> {
        self.find(PAID, Holds::Amounts)
    }

    fn commission(&self) -> Option<&'s Column> {
        self.find(COMMISSION, Holds::Amounts).or_else(|| {
            let named = |column: &&Column| {
                let parts = parts(&column.name);
                ["commission", "provision"].iter().any(|word| parts.iter().any(|part| part == word))
                    && !parts.iter().any(|part| NO_COMMISSION.contains(&part.as_str()))
            };
            let mut columns = self.seen.columns.iter().filter(named);
            columns.find(|column| held(column, Holds::Amounts) && !column.is_empty())
        })
    }

    /// Takes what is merely called an amount by its size: a sale is more than its commission.
    fn by_size(
        &self,
        paid: Option<&'s Column>,
        commission: Option<&'s Column>,
    ) -> (Option<&'s Column>, Option<&'s Column>) {
        let named = |column: &&Column| {
            column.name.rsplit('.').next().is_some_and(|last| plain(last) == "amount")
        };
        let other = |column: &&Column| {
            let is = |known: Option<&Column>| known.is_some_and(|known| known.name == column.name);
            !is(paid) && !is(commission)
        };
        let mut amounts: Vec<&Column> = self
            .seen
            .columns
            .iter()
            .filter(named)
            .filter(other)
            .filter(|column| held(column, Holds::Amounts) && !column.is_empty())
            .collect();
        amounts.sort_by_key(|column| size(column));
        let paid = paid.or_else(|| amounts.pop());
        (paid, commission.or_else(|| amounts.first().copied()))
    }

    /// The column of the final commission, where there is one of a first estimate.
    fn finished(&mut self, commission: &Column) -> Option<&'s Column> {
        let estimate = plain(&commission.name);
        let of = ["paid", "payments"].iter().find(|word| estimate.contains(**word))?;
        let finished = estimate.replace(of, "finished");
        let found = self.find(&[&finished], Holds::Amounts)?;
        self.taken.push(&found.name);
        Some(found)
    }

    /// The column with the currency of an amount: beside it in an object, or named after it.
    fn currency_of(&self, amount: &Column) -> Option<&'s Column> {
        let beside = amount.name.rsplit_once('.').map(|(path, _)| format!("{path}.currency"));
        let named = format!("{}currency", plain(&amount.name));
        let mut columns = self.seen.columns.iter().filter(|column| holds_currencies(column));
        columns.find(|column| {
            self.seen.before.is_some() && Some(&column.name) == beside.as_ref()
                || plain(&column.name) == named
        })
    }

    /// Whether an amount's own currency is told in another column than that of all.
    fn is_another(&self, own: &Column) -> bool {
        let of_all = self.fields.iter().find(|(field, _)| *field == "amount_currency");
        of_all.is_some_and(|(_, source)| *source != quoted(&own.name))
    }

    fn currency(&mut self, paid: Option<&Column>) {
        let found = paid.and_then(|paid| self.currency_of(paid));
        let found =
            found.or_else(|| self.find(CURRENCY, Holds::Texts).filter(|c| holds_currencies(c)));
        if let Some(column) = found {
            self.take("amount_currency", column, quoted(&column.name));
        }
    }

    fn status(&mut self, paid: Option<&'s Column>, commission: Option<&'s Column>) {
        let free: Vec<&Column> =
            self.seen.columns.iter().filter(|c| !self.taken.contains(&c.name.as_str())).collect();
        let signed =
            [commission, paid].into_iter().flatten().filter(|c| is_negative(c)).collect::<Vec<_>>();
        let (read, source) = status::source(&free, &signed);
        if let Some(source) = source {
            self.fields.push(("status", source));
        }
        self.taken.extend(read);
    }

    fn others(&mut self) {
        for (field, words, holds) in NAMES.iter().filter(|(.., holds)| *holds != Holds::Amounts) {
            // A name alone leads to no program.
            if *field == "advertiser_name" && !self.has("advertiser") {
                continue;
            }
            let Some(column) = self.find(words, *holds) else { continue };
            let source = match holds {
                Holds::Times => self.time(column),
                Holds::Flags => {
                    let (yes, no) =
                        ("\"Y\", \"yes\", \"true\", \"1\"", "\"N\", \"no\", \"false\", \"0\"");
                    format!("{{ column = {}, yes = [{yes}], no = [{no}] }}", quoted(&column.name))
                }
                Holds::Rates if !column.values.iter().any(|value| value.ends_with('%')) => {
                    let percent = column.filled().any(|value| !value.starts_with("0."));
                    let unit = if percent { "percent" } else { "fraction" };
                    format!(
                        "{{ column = {}, rate_unit = \"{unit}\" }}  # is it?",
                        quoted(&column.name)
                    )
                }
                Holds::Countries => {
                    self.has_uk |= column.filled().any(|value| value.eq_ignore_ascii_case("uk"));
                    quoted(&column.name)
                }
                _ => quoted(&column.name),
            };
            self.take(field, column, source);
        }
    }

    /// A time; where the column has the day alone and the next one the time of day, both.
    fn time(&mut self, column: &'s Column) -> String {
        let at = self.seen.columns.iter().position(|known| known.name == column.name);
        let next = at.and_then(|at| self.seen.columns.get(at + 1));
        let clock = next.filter(|next| times::are_days(column) && times::are_times_of_day(next));
        let Some(clock) = clock else {
            self.times.push(column.values.clone());
            return quoted(&column.name);
        };
        let pairs = column.values.iter().zip(&clock.values);
        self.times.push(pairs.map(|(day, time)| format!("{day} {time}")).collect());
        self.taken.push(&clock.name);
        format!("{{ columns = [{}, {}] }}", quoted(&column.name), quoted(&clock.name))
    }
}

/// Whether something stands in a column in every row.
fn is_full(column: &Column) -> bool {
    column.filled().count() == column.values.len()
}

fn are_unique(mut keys: Vec<(&str, &str)>) -> bool {
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair.first() != pair.last())
}

/// A source of some columns, of which the first that is filled counts.
fn listed(columns: &[&Column]) -> Option<String> {
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    match names.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

/// Small letters and digits only.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The words that a name is made of, in small letters.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (small && c.is_uppercase());
        if begins {
            parts.push(String::new());
        }
        small = c.is_lowercase();
        if let Some(part) = parts.last_mut().filter(|_| c.is_alphanumeric()) {
            part.extend(c.to_lowercase());
        }
    }
    parts
}

/// Whether a column holds what a field must; an empty one could hold anything.
fn held(column: &Column, holds: Holds) -> bool {
    let all = |is: &dyn Fn(&str) -> bool| column.filled().all(is);
    match holds {
        Holds::Texts => true,
        Holds::Times => all(&times::is_time),
        Holds::Amounts => NOTATIONS.iter().any(|marks| reads(*marks, true, &[column])),
        Holds::Countries => all(&|value| {
            let capitals = value.to_ascii_uppercase();
            capitals == "UK" || iso::is_country(&capitals)
        }),
        Holds::Flags => all(&|value| {
            let small = value.to_ascii_lowercase();
            ["y", "n", "yes", "no", "true", "false", "1", "0"].contains(&small.as_str())
        }),
        Holds::Counts => all(&|value| value.parse::<u32>().is_ok_and(|count| count > 0)),
        Holds::Rates => all(&|value| {
            let number = value.trim_end_matches('%').trim_end();
            number.parse::<rust_decimal::Decimal>().is_ok_and(|rate| {
                rate >= rust_decimal::Decimal::ZERO && rate <= rust_decimal::Decimal::ONE_HUNDRED
            })
        }),
    }
}

fn holds_currencies(column: &Column) -> bool {
    let is_currency = |value: &str| Currency::parse(&value.to_ascii_uppercase()).is_some();
    column.filled().all(is_currency)
}

pub(super) fn is_negative(column: &Column) -> bool {
    column.filled().any(|value| value.trim_start_matches(STRIPPED).starts_with('-'))
}

/// Decimal marks and thousands marks, the likelier first.
const NOTATIONS: [(char, Option<char>); 6] = [
    ('.', None),
    ('.', Some(',')),
    (',', None),
    (',', Some('.')),
    ('.', Some(' ')),
    (',', Some(' ')),
];

/// Whether amounts are written with some marks; `loosely`: with any number of decimals.
fn reads(
    (decimal_mark, thousands_mark): (char, Option<char>),
    loosely: bool,
    columns: &[&Column],
) -> bool {
    let rounding = loosely.then_some(Rounding::HalfUp);
    let notation = Notation { decimal_mark, thousands_mark, rounding, ..Notation::default() };
    let read =
        |value: &str| notation.amount(value.trim_start_matches(STRIPPED).trim_start(), 2).is_ok();
    columns.iter().flat_map(|column| column.filled()).all(read)
}

/// How the amounts of a report are written. What JSON has as numbers has a point.
fn notation(columns: &[&Column], kind: &str) -> Notation {
    let comma = columns.iter().flat_map(|column| column.filled()).any(|value| value.contains(','));
    let possible =
        |marks: &&(char, Option<char>)| kind != "json" || comma || **marks == ('.', None);
    for loosely in [false, true] {
        let mut marks = NOTATIONS.iter().filter(possible);
        if let Some(marks) = marks.find(|marks| reads(**marks, loosely, columns)) {
            let rounding = loosely.then_some(Rounding::HalfUp);
            let (decimal_mark, thousands_mark) = *marks;
            return Notation { decimal_mark, thousands_mark, rounding, ..Notation::default() };
        }
    }
    Notation::default()
}

/// The sum of a column without signs, in hundredths.
fn size(column: &Column) -> i64 {
    let notation = notation(&[column], "csv");
    let amounts = column.filled().filter_map(|value| notation.amount(value, 2).ok());
    amounts.fold(0, |sum: i64, amount| sum.saturating_add(amount.saturating_abs()))
}

/// The option that drops the marks before a column's amounts.
pub(super) fn stripped(column: &Column) -> String {
    let begins = |mark: &char| column.filled().any(|value| value.starts_with(*mark));
    let strip: String = STRIPPED.into_iter().filter(begins).collect();
    if strip.is_empty() { strip } else { format!(", strip = {}", quoted(&strip)) }
}

/// The source of an amount; `negative` is what is left of one below zero.
fn amount(column: &Column, negative: &str, own: Option<&Column>) -> String {
    let mut options = stripped(column);
    if is_negative(column) {
        let _ = write!(options, ", negative = \"{negative}\"");
    }
    if let Some(own) = own {
        let _ = write!(options, ", currency_of = {}", quoted(&own.name));
    }
    if options.is_empty() {
        return quoted(&column.name);
    }
    format!("{{ column = {}{options} }}", quoted(&column.name))
}
