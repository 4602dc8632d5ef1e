//! What crosses the boundary: C structs of fixed-width integers, and one exported symbol.
//!
//! Owns the layout, as `include/feebook_plugin.h` has it (tests/layout.rs compares the two). Refuses meaning
//! beyond the layout, and Rust types that C does not know. Nothing here is ever changed without a
//! new [`ABI`].
//!
//! An amount is in minor units (cents). A text is a span of bytes in the area of texts that comes
//! with it, UTF-8, not terminated. Every pointer but that of an instance is good for the call in which it
//! is handed over, and no longer. No struct has hidden padding, so that all its bytes can be
//! compared.

use std::ffi::c_void;

/// The first bytes of every handshake.
pub const MAGIC: [u8; 8] = *b"feebook\n";
/// The edition of this boundary; it counts up with every change of a struct or of its meaning.
pub const ABI: u32 = 1;
/// The name of the exported symbol: a [`Handshake`].
pub const SYMBOL: &str = "FEEBOOK_PLUGIN";
/// An amount that is not known, or that the plugin does not give.
pub const NONE: i64 = i64::MIN;
/// No rate is reported.
pub const NO_RATE: u32 = u32::MAX;
/// No rate entry holds.
pub const NO_ENTRY: u16 = u16::MAX;
/// Neither yes (1) nor no (0).
pub const UNKNOWN: u8 = 255;
/// Set in [`Handshake::flags`] by a plugin that does not read the texts of lines: they are then
/// not handed over, and the call is cheaper.
pub const FLAG_WITHOUT_TEXTS: u32 = 1;
/// All flags that this edition knows.
pub const FLAGS: u32 = FLAG_WITHOUT_TEXTS;

/// Done.
pub const STATUS_OK: i32 = 0;
/// The config is refused; the report says which keys and why.
pub const STATUS_CONFIG: i32 = 1;
/// The plugin cannot go on; the report says why.
pub const STATUS_FAILED: i32 = 2;
/// The plugin panicked; the report says where.
pub const STATUS_PANICKED: i32 = 3;

/// Bytes of the longest reason.
pub const LONGEST_REASON: u32 = 400;

/// Makes an instance out of a setup.
pub type Init = unsafe extern "C" fn(
    setup: *const Setup,
    report: *mut Report,
    instance: *mut *mut c_void,
) -> i32;
/// Answers a batch of orders.
pub type Call = unsafe extern "C" fn(
    instance: *mut c_void,
    batch: *const Batch,
    answers: *mut Answers,
    report: *mut Report,
) -> i32;
/// Frees an instance.
pub type Free = unsafe extern "C" fn(instance: *mut c_void);

/// What a plugin says of itself. The host reads all but the functions from the file, before any
/// code of the plugin runs, and compares every field.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Handshake {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`ABI`].
    pub abi: u32,
    /// Size of this struct.
    pub handshake_size: u32,
    /// Size of [`Setup`].
    pub setup_size: u32,
    /// Size of [`Batch`].
    pub batch_size: u32,
    /// Size of [`Order`].
    pub order_size: u32,
    /// Size of [`Line`].
    pub line_size: u32,
    /// Size of [`Answers`].
    pub answers_size: u32,
    /// Size of [`Answer`].
    pub answer_size: u32,
    /// Size of [`Report`].
    pub report_size: u32,
    /// Size of [`Problem`].
    pub problem_size: u32,
    /// Size of [`Text`].
    pub text_size: u32,
    /// Size of [`LineTexts`].
    pub line_texts_size: u32,
    /// Size of [`Entry`].
    pub entry_size: u32,
    /// Size of [`Declared`].
    pub declared_size: u32,
    /// Of [`FLAGS`].
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// The plugin's name, as schedules say it, with zero bytes behind it.
    pub name: [u8; 32],
    /// The plugin's version, with zero bytes behind it.
    pub version: [u8; 32],
    /// Makes an instance.
    pub init: Option<Init>,
    /// Answers a batch.
    pub call: Option<Call>,
    /// Frees an instance.
    pub free: Option<Free>,
}

/// A span of an area of texts; `at` is the greatest number where nothing is known.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// First byte.
    pub at: u32,
    /// Bytes.
    pub len: u32,
}

impl Text {
    /// Nothing is known.
    pub const NONE: Self = Self { at: u32::MAX, len: 0 };
}

/// What an instance is made of.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The area of texts.
    pub texts: *const u8,
    /// The `[[rate]]` entries in file order.
    pub entries: *const Entry,
    /// What `plugin.aggregates` declares, in file order.
    pub aggregates: *const Declared,
    /// Bytes in the area of texts.
    pub text_len: u32,
    /// Number of entries.
    pub entry_count: u32,
    /// Number of aggregates.
    pub aggregate_count: u32,
    /// The table `[plugin.config]` as TOML, one `dotted.key = value` per line.
    pub config: Text,
    /// The program.
    pub program: Text,
    /// The version of the terms.
    pub terms: Text,
    /// The policy's currency: ISO 4217.
    pub currency: Text,
    /// Decimals of the currency.
    pub decimals: u8,
    /// The policy's rounding: 0 floor, 1 half up, 2 half to even.
    pub rounding: u8,
    /// Zero.
    pub reserved: [u8; 2],
}

/// A `[[rate]]` entry.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its clause.
    pub clause: Text,
    /// 1 if it says `rate = "plugin"`.
    pub by_plugin: u8,
    /// Zero.
    pub reserved: [u8; 3],
}

/// A figure of an earlier period that the schedule asks for.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// 0 turnover in minor units, 1 orders, 2 orders of new buyers; confirmed ones only.
    pub figure: u8,
    /// 0 of the program, 1 of the order's placement.
    pub of: u8,
    /// 0 calendar months, 1 from the 10th to the 9th.
    pub period: u8,
    /// How many periods before that of the order.
    pub back: u8,
}

/// Orders to be answered.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The orders.
    pub orders: *const Order,
    /// The lines of all orders, those of one order together.
    pub lines: *const Line,
    /// The texts of the lines, one per line; null for a plugin with [`FLAG_WITHOUT_TEXTS`].
    pub line_texts: *const LineTexts,
    /// Per order as many numbers as aggregates were declared; [`NONE`] where not known.
    pub figures: *const i64,
    /// The area of texts.
    pub texts: *const u8,
    /// Number of orders.
    pub order_count: u32,
    /// Number of lines.
    pub line_count: u32,
    /// Aggregates per order.
    pub figure_count: u32,
    /// Bytes in the area of texts.
    pub text_len: u32,
}

/// One order.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The governing instant, in seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Its civil day in the program's zone: day 1 is the first of January of the year 1.
    pub day: i32,
    /// Its month in the program's zone: 12 x year + month - 1.
    pub month: i32,
    /// Index of its first line.
    pub first_line: u32,
    /// Number of its lines.
    pub line_count: u32,
    /// The day of the month: 1 to 31.
    pub day_of_month: u32,
    /// Zero.
    pub reserved: u32,
}

/// One order line, after verdict and rate and before bonus and cap.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The commissionable amount, or [`NONE`].
    pub basis: i64,
    /// What the rate entry gave, or [`NONE`] where that cannot be said (or the line waits).
    pub commission: i64,
    /// The price of one unit, or [`NONE`].
    pub unit_price: i64,
    /// Units.
    pub quantity: u32,
    /// The rate that the network reports, in parts per million, or [`NO_RATE`].
    pub reported_rate: u32,
    /// Index of the `[[rate]]` entry that holds, or [`NO_ENTRY`].
    pub entry: u16,
    /// 0 pending, 1 approved, 2 settled, 3 declined, 4 reversed.
    pub state: u8,
    /// 0 uncovered, 1 declined, 2 disqualified, 3 outside the window, 4 excluded, 5 held,
    /// 6 unverifiable, 7 commissionable.
    pub verdict: u8,
    /// 1 if the entry says `rate = "plugin"`: the commission is the plugin's to give.
    pub by_plugin: u8,
    /// 1 if the line waits for the plugin's commission: nothing refuses it.
    pub waits: u8,
    /// The buyer had never ordered before: 0, 1 or [`UNKNOWN`].
    pub new_buyer: u8,
    /// The item is on the program's hot list: 0, 1 or [`UNKNOWN`].
    pub hot: u8,
    /// The item takes part in the program: 0, 1 or [`UNKNOWN`].
    pub affiliate: u8,
    /// A coupon was used: 0, 1 or [`UNKNOWN`].
    pub coupon: u8,
    /// Zero.
    pub reserved: [u8; 6],
}

/// What of a line is text. Apart from the rest, so that a plugin which reads none of it costs nothing
/// for it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LineTexts {
    /// The category's id.
    pub category: Text,
    /// The buyer's country.
    pub ship_to: Text,
    /// Where the link stands.
    pub placement: Text,
    /// The publisher's tag on the click.
    pub sub_id: Text,
    /// The product's id.
    pub product: Text,
}

impl LineTexts {
    /// Nothing is known.
    pub const NONE: Self = Self {
        category: Text::NONE,
        ship_to: Text::NONE,
        placement: Text::NONE,
        sub_id: Text::NONE,
        product: Text::NONE,
    };
}

/// Where a plugin writes its answers. All areas are the host's; the plugin writes lines and
/// reasons, and the two counts at the end.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// One per line of the batch, in its order.
    pub lines: *mut Answer,
    /// Reasons in words, as spans of `texts`. What is not counted is left as it was found, here and in
    /// `texts`.
    pub reasons: *mut Text,
    /// The area of the reasons' texts.
    pub texts: *mut u8,
    /// Number of lines.
    pub line_count: u32,
    /// How many reasons there may be.
    pub reason_capacity: u32,
    /// How many bytes of texts there may be.
    pub text_capacity: u32,
    /// How many reasons there are: the plugin counts it up.
    pub reason_count: u32,
    /// How many bytes of texts there are: the plugin counts it up.
    pub text_len: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a plugin says of one line.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The commission, of a line whose entry says `rate = "plugin"`; else left at [`NONE`].
    pub commission: i64,
    /// What is added to the commission; [`NONE`] where it cannot be said what the line earns, which
    /// is then left open, whatever its entry gives.
    pub incentive: i64,
    /// 0, or n for the n-th reason.
    pub reason: u32,
    /// Zero.
    pub reserved: u32,
}

/// Where a plugin says what is wrong. All areas are the host's.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The area of texts.
    pub texts: *mut u8,
    /// What is wrong.
    pub problems: *mut Problem,
    /// How many bytes of texts there may be.
    pub text_capacity: u32,
    /// How many problems there may be.
    pub problem_capacity: u32,
    /// How many bytes of texts there are: the plugin counts it up.
    pub text_len: u32,
    /// How many problems there are: the plugin counts it up.
    pub problem_count: u32,
}

/// One thing that is wrong.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key below `[plugin.config]`, such as `tiers[1].share`; [`Text::NONE`] for none.
    pub key: Text,
    /// A sentence.
    pub message: Text,
}

/// Returns the size of a struct as the handshake has it.
///
/// # Panics
///
/// Where it is evaluated, which is on compiling, for a type that is no struct of the boundary.
pub const fn size_of_struct<T>() -> u32 {
    let size = size_of::<T>();
    assert!(size < 65_536, "a struct of the boundary is small");
    // The only way to narrow in a constant without a cast.
    let bytes = size.to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
