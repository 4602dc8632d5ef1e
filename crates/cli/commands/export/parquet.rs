//! Lines as a Parquet table: money as decimals of four places, rates of six, so that no reader sees
//! a float.
//!
//! Owns the layout of the columns. A row group is written as soon as it is full, so memory does not
//! grow with the ledger.

use std::io::Write;
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_core::error::Result;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use rust_decimal::Decimal;

use super::columns::{COLUMNS, Kind, Value};
use super::unwritten;

/// How many rows a row group has.
const ROWS: usize = 65_536;

/// Decimals of money: as many as any currency has.
const MONEY_SCALE: u32 = 4;

/// A table under way.
pub(super) struct Table {
    writer: SerializedFileWriter<Box<dyn Write + Send>>,
    columns: Vec<Column>,
    rows: usize,
}

/// One column of the row group under way.
struct Column {
    values: Values,
    /// 1 where there is a value, 0 where nothing is known.
    known: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Long(Vec<i64>),
    Short(Vec<i32>),
}

impl Table {
    /// Begins a table.
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("feebook {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = schema()
            .and_then(|schema| SerializedFileWriter::new(writer, schema, Arc::new(properties)))
            .map_err(|failed| unwritten("Parquet file", failed))?;
        let columns = COLUMNS.iter().map(|(_, kind)| Column::new(*kind)).collect();
        Ok(Self { writer, columns, rows: 0 })
    }

    /// Adds a row, one value per column.
    pub(super) fn row(&mut self, values: Vec<Value>) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
        self.rows += 1;
        if self.rows == ROWS { self.write_group() } else { Ok(()) }
    }

    /// Ends the table.
    pub(super) fn finish(mut self) -> Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.close().map_err(|failed| unwritten("Parquet file", failed))?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<()> {
        let written = self.write_columns();
        written.map_err(|failed| unwritten("Parquet file", failed))?;
        self.rows = 0;
        Ok(())
    }

    fn write_columns(&mut self) -> std::result::Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        Ok(())
    }
}

impl Column {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Money | Kind::Count | Kind::Instant => Values::Long(Vec::new()),
            Kind::Rate | Kind::Day => Values::Short(Vec::new()),
        };
        Self { values, known: Vec::new() }
    }

    fn push(&mut self, value: Value) {
        let known = match (&mut self.values, value) {
            (Values::Text(column), Value::Text(text)) => {
                push(column, text.map(|text| ByteArray::from(text.into_bytes())))
            }
            (Values::Long(column), Value::Money(minor, decimals)) => {
                push(column, minor.and_then(|minor| scaled(minor, decimals)))
            }
            (Values::Long(column), Value::Count(count)) => push(column, Some(count.into())),
            (Values::Long(column), Value::Instant(at)) => {
                push(column, at.and_then(|at| at.checked_mul(1_000)))
            }
            (Values::Short(column), Value::Rate(rate)) => {
                push(column, rate.and_then(|rate| i32::try_from(rate.get()).ok()))
            }
            (Values::Short(column), Value::Day(day)) => push(column, day.and_then(days_since_1970)),
            // A value of another kind than its column's: nothing is known rather than a wrong value.
            _ => false,
        };
        self.known.push(i16::from(known));
    }

    fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> std::result::Result<(), ParquetError> {
        match &mut self.values {
            Values::Text(values) => write::<ByteArrayType, W>(group, values, &self.known)?,
            Values::Long(values) => write::<Int64Type, W>(group, values, &self.known)?,
            Values::Short(values) => write::<Int32Type, W>(group, values, &self.known)?,
        }
        self.known.clear();
        Ok(())
    }
}

/// Adds a value to a column and says whether there is one.
fn push<T>(column: &mut Vec<T>, value: Option<T>) -> bool {
    let known = value.is_some();
    column.extend(value);
    known
}

fn write<D: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &mut Vec<D::T>,
    known: &[i16],
) -> std::result::Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("a column is missing in the schema".to_owned()));
    };
    column.typed::<D>().write_batch(values, Some(known), None)?;
    column.close()?;
    values.clear();
    Ok(())
}

/// An amount with [`MONEY_SCALE`] decimals: the same amount, more zeros.
fn scaled(minor: i64, decimals: u32) -> Option<i64> {
    let mut amount = Decimal::new(minor, decimals);
    amount.rescale(MONEY_SCALE);
    i64::try_from(amount.mantissa()).ok()
}

fn days_since_1970(day: NaiveDate) -> Option<i32> {
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).ok()
}

fn schema() -> std::result::Result<Arc<Type>, ParquetError> {
    let scale = i32::try_from(MONEY_SCALE).unwrap_or_default();
    let mut fields = Vec::with_capacity(COLUMNS.len());
    for (name, kind) in COLUMNS {
        let (physical, logical, decimal) = match kind {
            Kind::Text => (Physical::BYTE_ARRAY, LogicalType::String, None),
            Kind::Money => (Physical::INT64, LogicalType::decimal(scale, 18), Some((scale, 18))),
            Kind::Rate => (Physical::INT32, LogicalType::decimal(6, 9), Some((6, 9))),
            Kind::Count => (Physical::INT64, LogicalType::integer(64, true), None),
            Kind::Day => (Physical::INT32, LogicalType::Date, None),
            Kind::Instant => {
                (Physical::INT64, LogicalType::timestamp(true, TimeUnit::MILLIS), None)
            }
        };
        let mut field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(Some(logical));
        if let Some((scale, precision)) = decimal {
            field = field.with_scale(scale).with_precision(precision);
        }
        fields.push(Arc::new(field.build()?));
    }
    Ok(Arc::new(Type::group_type_builder("lines").with_fields(fields).build()?))
}
