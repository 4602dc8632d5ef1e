//! A statement as a workbook: amounts are numbers that a spreadsheet adds up, text is text.
//!
//! Owns the layout of the sheet. Refuses formulas: every sum is ours.

use feebook_core::error::Result;
use feebook_core::statement::{Statement, Totals};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::unwritten;
use crate::commands::statement::TOTALS;

/// Writes a statement into a workbook and returns its bytes.
pub(super) fn of_statement(statement: &Statement, group: &str) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let written = write(&mut workbook, statement, group);
    written.and_then(|()| workbook.save_to_buffer()).map_err(|failed| unwritten("workbook", failed))
}

fn write(
    workbook: &mut Workbook,
    statement: &Statement,
    group: &str,
) -> std::result::Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(format!("By {group}"))?;
    let bold = Format::new().set_bold();
    let header = ["program", group].into_iter().chain(TOTALS);
    for (column, name) in (0_u16..).zip(header) {
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    for (row, (key, totals, decimals)) in (1_u32..).zip(&statement.groups) {
        sheet.write_string(row, 0, &key.program)?;
        sheet.write_string(row, 1, &key.group)?;
        sheet.write_string(row, 2, &key.currency)?;
        write_totals(sheet, row, totals, *decimals)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    Ok(())
}

fn write_totals(
    sheet: &mut Worksheet,
    row: u32,
    totals: &Totals,
    decimals: u32,
) -> std::result::Result<(), XlsxError> {
    let places = usize::try_from(decimals).unwrap_or_default();
    let point = if places == 0 { "" } else { "." };
    let money = Format::new().set_num_format(format!("#,##0{point}{}", "0".repeat(places)));
    for (column, count) in [(3, totals.lines), (4, totals.unknown)] {
        sheet.write(row, column, Decimal::from(count))?;
    }
    let amounts =
        [totals.pending, totals.approved, totals.settled, totals.held, totals.paid, totals.open()];
    for (column, minor) in (5_u16..).zip(amounts) {
        sheet.write_with_format(row, column, Decimal::new(minor, decimals), &money)?;
    }
    Ok(())
}
