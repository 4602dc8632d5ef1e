//! One row of our own report format, as plain cells.
//!
//! Owns the column names and how rows are written. Knows no rule: a cell is text until `judge` asks.

use rust_decimal::Decimal;

macro_rules! line {
    ($($column:ident),* $(,)?) => {
        /// The cells of one row; empty means unknown.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Line {
            $(pub(crate) $column: String,)*
        }

        /// The columns, in the order in which they are written.
        pub(crate) const COLUMNS: &[&str] = &[$(stringify!($column)),*];

        impl Line {
            /// Returns the cells in the order of `COLUMNS`.
            pub(crate) fn cells(&self) -> Vec<&str> {
                vec![$(self.$column.as_str()),*]
            }
        }
    };
}

line!(
    order_no,
    line_no,
    paid_at,
    product_price,
    quantity,
    status,
    placement,
    sub_id,
    clicked_at,
    click_country,
    ordered_at,
    finished_at,
    updated_at,
    category,
    product,
    store,
    ship_to,
    seller_country,
    host,
    currency,
    amount_currency,
    service_fee,
    paid_amount,
    final_amount,
    refunded,
    new_buyer,
    hot,
    affiliate,
    platform,
    link,
    coupon,
    reported_rate,
    reported_commission,
    reported_incentive,
    reported_bonus,
);

/// Writes lines as one CSV document.
pub(crate) fn to_csv(lines: &[Line]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect("a header");
    for line in lines {
        writer.write_record(line.cells()).expect("a row");
    }
    String::from_utf8(writer.into_inner().expect("all rows are written")).expect("UTF-8")
}

/// Shows the filled cells of a line.
pub(crate) fn shown(line: &Line) -> String {
    let filled = COLUMNS.iter().zip(line.cells()).filter(|(_, cell)| !cell.is_empty());
    filled.map(|(column, cell)| format!("{column}={cell}")).collect::<Vec<_>>().join(" ")
}

/// Reads an amount or a number; empty is unknown.
pub(crate) fn decimal(cell: &str) -> Option<Decimal> {
    let filled = Some(cell).filter(|cell| !cell.is_empty())?;
    Some(filled.parse().expect("a decimal number"))
}

/// Orders numbers of orders and lines: shorter first, then bytewise.
pub(crate) fn number_order(number: &str) -> (usize, &str) {
    (number.len(), number)
}
