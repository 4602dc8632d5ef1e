//! Makes order reports to measure with: any number of lines, the same bytes for the same arguments.
//!
//! Owns their shape: 1.4 lines an order, 24 months, one order in twenty with its last line some rows
//! later, prices with a long tail, 12 % of lines that earn nothing by their status. Refuses chance: the
//! numbers come from a counter that is mixed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use chrono::DateTime;

/// What is to be made.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) lines: u64,
    /// Order numbers in no order instead of rising with time.
    pub(crate) random_ids: bool,
    /// Of so many lines one is repeated at the end with a later status; 0 for none.
    pub(crate) repeat_every: u64,
    /// Of so many lines one cannot be read; 0 for none.
    pub(crate) bad_every: u64,
    /// Of so many lines one has another status than the same line of a report without this; 0 for none.
    pub(crate) changed_every: u64,
    /// Which part of how many it is: later parts have later orders.
    pub(crate) part: (u64, u64),
}

impl Report {
    pub(crate) fn plain(lines: u64) -> Self {
        Self {
            lines,
            random_ids: false,
            repeat_every: 0,
            bad_every: 0,
            changed_every: 0,
            part: (0, 1),
        }
    }
}

/// 2023-01-01T00:00:00Z, and two years.
const BEGIN: u64 = 1_672_531_200;
const SECONDS: u64 = 731 * 86_400 - 3_600;

const HEADER: &str = "order_id,sub_order_id,click_id,paid_at,completed_at,status,category_id,\
    ship_to_country,buyer_is_new,seller_country,storefront_host,currency,product_price,service_fee,\
    quantity,tracking_id";
/// With weights; see [`weighted`].
const STATUS: &[(&str, u64)] =
    &[("completed", 88), ("paid", 4), ("cancelled", 4), ("refunded", 3), ("fraud", 1)];
const SELLER: &[(&str, u64)] =
    &[("CN", 960), ("RU", 20), ("TR", 8), ("ES", 6), ("FR", 3), ("US", 3)];
const HOST: &[(&str, u64)] = &[
    ("www.aliexpress.com", 60),
    ("m.aliexpress.com", 22),
    ("es.aliexpress.com", 6),
    ("ru.aliexpress.com", 5),
    ("fr.aliexpress.com", 4),
    ("tmall.aliexpress.com", 2),
    ("plaza.aliexpress.com", 1),
];
const CURRENCY: &[(&str, u64)] = &[("USD", 97), ("EUR", 2), ("RUB", 1)];
const QUANTITY: &[(&str, u64)] = &[("1", 80), ("2", 13), ("3", 4), ("5", 2), ("10", 1)];
const COUNTRY: &[(&str, u64)] = &[
    ("RU", 160),
    ("US", 120),
    ("ES", 90),
    ("BR", 90),
    ("FR", 80),
    ("PL", 60),
    ("DE", 40),
    ("NL", 30),
    ("IT", 30),
    ("UA", 30),
    ("IL", 30),
    ("KR", 30),
    ("GB", 30),
    ("SA", 20),
    ("TR", 20),
    ("BE", 12),
    ("NO", 12),
    ("SE", 12),
    ("DK", 12),
    ("FI", 12),
    ("AE", 12),
    ("CA", 12),
    ("AU", 12),
    ("MX", 12),
    ("CL", 12),
    ("CH", 12),
    ("NZ", 6),
    ("JP", 6),
    ("IN", 6),
    ("ZA", 6),
    ("PT", 6),
    ("AT", 6),
    ("CZ", 6),
    ("IE", 6),
    ("GR", 6),
    ("HU", 6),
    ("RO", 6),
    ("SK", 6),
    ("KZ", 6),
    ("GE", 6),
];
/// Two to the sixteenths, times 65,536.
const ROOTS: [u64; 16] = [
    65_536, 68_438, 71_468, 74_632, 77_936, 81_386, 84_990, 88_752, 92_682, 96_785, 101_070,
    105_545, 110_218, 115_098, 120_194, 125_515,
];

/// Mixes a counter into numbers that look like chance.
struct Mixed(u64);

impl Mixed {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn of(&mut self, choices: &[(&'static str, u64)]) -> &'static str {
        let mut at = self.below(choices.iter().map(|(_, weight)| weight).sum());
        for (choice, weight) in choices {
            if at < *weight {
                return choice;
            }
            at -= weight;
        }
        ""
    }

    /// Cents around 12.00, each sixteenth of an octave away less likely.
    fn price(&mut self) -> u64 {
        let sum: u64 = (0..6).map(|_| self.below(37)).sum();
        let (octaves, rest) = (sum / 16, usize::try_from(sum % 16).unwrap_or(0));
        (((1_200 * ROOTS[rest]) << octaves) >> 22) * 59 / 100 + 1
    }

    fn category(&mut self) -> u64 {
        // Low numbers often, 90 to 95 in two lines of a hundred.
        match self.below(50) {
            0 => 90 + self.below(6),
            _ => 1 + self.below(200) * self.below(200) / 200,
        }
    }
}

/// Writes a report.
pub(crate) fn report(path: &Path, asked: Report) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(out, "{HEADER}")?;
    let (part, parts) = asked.part;
    let (mut chance, mut late, mut repeated) = (Mixed(20_240_507 + part), Vec::new(), Vec::new());
    let (mut made, mut order) = (0, 0);
    let span = SECONDS / parts;
    let step = span * 14 / 10;
    while made < asked.lines {
        let at = BEGIN + part * span + order * step / asked.lines % span;
        let lines = (1 + u64::from(chance.below(100) < 26) * (1 + chance.below(5) / 3))
            .min(asked.lines - made);
        let head = Head::new(&mut chance, asked.random_ids, part * asked.lines + order, at);
        order += 1;
        for number in 0..lines {
            let line = head.line(&mut chance, number, asked, made);
            if asked.repeat_every > 0 && made.is_multiple_of(asked.repeat_every) {
                repeated.push(line.replace(",completed,", ",refunded,"));
            }
            if number > 0 && chance.below(20) == 0 {
                late.push((made + chance.below(2_000), line));
            } else {
                writeln!(out, "{line}")?;
            }
            made += 1;
        }
        if late.first().is_some_and(|(due, _)| *due <= made) {
            writeln!(out, "{}", late.remove(0).1)?;
        }
    }
    for line in late.into_iter().map(|(_, line)| line).chain(repeated) {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// What the lines of an order have in common.
struct Head {
    number: u64,
    at: u64,
    click: String,
    country: &'static str,
    new: u64,
    host: &'static str,
    currency: &'static str,
    placement: u64,
}

impl Head {
    fn new(chance: &mut Mixed, random_ids: bool, order: u64, at: u64) -> Self {
        let low = chance.below(10_000);
        // An odd factor makes of 36 bits other 36 bits, each of them once.
        let mixed = order.wrapping_mul(0x9_e377_9b97) & 0xf_ffff_ffff;
        let above = if random_ids { mixed * 10_000 } else { order * 10_000_000 + low * 1_000 };
        let placement = chance.below(200) * chance.below(200) / 200;
        Self {
            number: 8_000_000_000_000_000 + above,
            at,
            click: format!("{:014X}", chance.next() >> 8),
            country: chance.of(COUNTRY),
            new: u64::from(chance.below(100) < 8),
            host: chance.of(HOST),
            currency: chance.of(CURRENCY),
            placement,
        }
    }

    fn line(&self, chance: &mut Mixed, line: u64, asked: Report, made: u64) -> String {
        let mut status = chance.of(STATUS);
        let done = chance.below(3_456_000);
        let done = match status {
            "completed" | "refunded" => time(self.at + 432_000 + done),
            _ => String::new(),
        };
        if asked.changed_every > 0 && made.is_multiple_of(asked.changed_every) {
            status = if status == "completed" { "refunded" } else { "completed" };
        }
        let (number, price) = (self.number, chance.price());
        let fee = price * chance.below(80) / 1_000;
        let (category, seller) = (chance.category(), chance.of(SELLER));
        let price = format!("{}.{:02}", price / 100, price % 100);
        let bad = asked.bad_every > 0 && made % asked.bad_every == 1;
        let price = if bad { format!("-{price}") } else { price };
        format!(
            "{number},{},{},{},{done},{status},{category},{},{},{seller},{},{},{price},{}.{:02},{},site_{:03}",
            number + line,
            self.click,
            time(self.at),
            self.country,
            self.new,
            self.host,
            self.currency,
            fee / 100,
            fee % 100,
            chance.of(QUANTITY),
            self.placement
        )
    }
}

fn time(at: u64) -> String {
    let at = DateTime::from_timestamp(i64::try_from(at).unwrap_or(0), 0).unwrap_or_default();
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}
