//! Pictures of a statement by month: what is earned by state, and what was expected beside what was
//! reported.
//!
//! Owns the drawing, as SVG or PNG from the same strokes. Refuses to compute: it is handed amounts in
//! minor units, and an axis writes them as every other command does.

use std::fmt::Display;

use feebook_core::error::{Error, FILE, Result};
use feebook_schedule::iso::written;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordi64;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    BLACK, Color as _, FontStyle, FontTransform, IntoFont as _, RGBColor, WHITE, register_font,
};

/// The one font: of the picture's own, so that it looks the same on every machine.
const FONT: &str = "feebook";
/// Width of a picture in pixels, and the height of one currency's row.
const WIDTH: u32 = 1_280;
const ROW: u32 = 400;
/// A month's width on the time axis, in units that divide well.
const MONTH: i64 = 100;
/// The most months whose names stand under an axis.
const NAMES: usize = 12;

const PAID: RGBColor = RGBColor(38, 115, 77);
const OPEN: RGBColor = RGBColor(240, 165, 40);
const PENDING: RGBColor = RGBColor(160, 190, 220);
const HELD: RGBColor = RGBColor(170, 60, 60);
const EXPECTED: RGBColor = RGBColor(50, 90, 150);
const REPORTED: RGBColor = RGBColor(150, 150, 150);

/// One month's amounts in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Month {
    /// `2024-08`.
    pub(crate) name: String,
    /// Paid out.
    pub(crate) paid: i64,
    /// Confirmed and not paid.
    pub(crate) open: i64,
    /// Not yet confirmed.
    pub(crate) pending: i64,
    /// Held back.
    pub(crate) held: i64,
    /// What the lines earn of which the network reports what they earn.
    pub(crate) expected: i64,
    /// What it reports of those.
    pub(crate) reported: i64,
}

/// The months of one currency, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The currency's code.
    pub(crate) currency: String,
    /// Its decimals.
    pub(crate) decimals: u32,
    /// Its months.
    pub(crate) months: Vec<Month>,
}

/// Draws an SVG picture.
///
/// # Errors
///
/// When the drawing library fails.
pub(crate) fn svg(title: &str, rows: &[Row]) -> Result<Vec<u8>> {
    let mut picture = String::new();
    let size = size(rows);
    draw(&SVGBackend::with_string(&mut picture, size).into_drawing_area(), title, rows)?;
    Ok(picture.into_bytes())
}

/// Draws a PNG picture.
///
/// # Errors
///
/// When the drawing library or the encoder fails.
pub(crate) fn png(title: &str, rows: &[Row]) -> Result<Vec<u8>> {
    let (width, height) = size(rows);
    let bytes = u64::from(width) * u64::from(height) * 3;
    let mut pixels = vec![0_u8; usize::try_from(bytes).map_err(failed)?];
    draw(
        &BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area(),
        title,
        rows,
    )?;
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(picture)
}

fn size(rows: &[Row]) -> (u32, u32) {
    (WIDTH, u32::try_from(rows.len().max(1)).unwrap_or(1).saturating_mul(ROW) + 50)
}

/// A failure of the drawing library.
fn failed(failed: impl Display) -> Error {
    Error::new(&FILE, format!("cannot draw the picture: {failed}"))
}

fn draw<B: DrawingBackend>(area: &DrawingArea<B, Shift>, title: &str, rows: &[Row]) -> Result<()> {
    register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| failed("the font is not one"))?;
    area.fill(&WHITE).map_err(failed)?;
    let area = area.margin(12, 0, 0, 0).titled(title, (FONT, 24)).map_err(failed)?;
    for (part, row) in area.split_evenly((rows.len().max(1), 1)).iter().zip(rows) {
        let panels = part.split_evenly((1, 2));
        let (Some(states), Some(accounts)) = (panels.first(), panels.get(1)) else { continue };
        draw_states(states, row)?;
        draw_accounts(accounts, row)?;
    }
    area.present().map_err(failed)
}

/// What each month came to, by state.
fn draw_states<B: DrawingBackend>(area: &DrawingArea<B, Shift>, row: &Row) -> Result<()> {
    let title = format!("Earned by month and state, {}", row.currency);
    let mut axes = axes(area, row, &title)?;
    let states =
        [("paid", PAID), ("confirmed, not paid", OPEN), ("pending", PENDING), ("held", HELD)];
    let amounts = |month: &Month| [month.paid, month.open, month.pending, month.held];
    let mut floors = vec![0; row.months.len()];
    for (state, (name, color)) in states.into_iter().enumerate() {
        let mut bars = Vec::new();
        for (at, (month, floor)) in (0..).zip(row.months.iter().zip(&mut floors)) {
            let amount = amounts(month)[state];
            bars.push(bar(at, (15, 85), (*floor, *floor + amount), color));
            *floor += amount;
        }
        add(&mut axes, bars, name, color)?;
    }
    finish(&mut axes)
}

/// What was expected of each month, beside what was reported.
fn draw_accounts<B: DrawingBackend>(area: &DrawingArea<B, Shift>, row: &Row) -> Result<()> {
    let title = format!("Expected and reported, {}", row.currency);
    let mut axes = axes(area, row, &title)?;
    let bars = |side: (i64, i64), color, amount: fn(&Month) -> i64| {
        let months = (0..).zip(&row.months);
        months.map(|(at, month)| bar(at, side, (0, amount(month)), color)).collect::<Vec<_>>()
    };
    let expected = bars((12, 49), EXPECTED, |month| month.expected);
    add(&mut axes, expected, "expected under the terms", EXPECTED)?;
    let reported = bars((51, 88), REPORTED, |month| month.reported);
    add(&mut axes, reported, "reported by the network", REPORTED)?;
    finish(&mut axes)
}

type Axes<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordi64, RangedCoordi64>>;

/// The greatest amount of either panel: both have one scale, so that their bars can be compared.
fn top(row: &Row) -> i64 {
    let highest = |month: &Month| {
        let states = month.paid + month.open + month.pending + month.held;
        states.max(month.expected).max(month.reported)
    };
    row.months.iter().map(highest).max().unwrap_or_default().max(1)
}

/// Axes of months and amounts, with the months' names. Above the bars there is room for the legend.
fn axes<'a, B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    row: &Row,
    title: &str,
) -> Result<Axes<'a, B>> {
    let months = i64::try_from(row.months.len().max(1)).map_err(failed)?;
    let top = top(row);
    let decimals = row.decimals;
    let mut axes = ChartBuilder::on(area)
        .caption(title, (FONT, 17))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(80)
        .build_cartesian_2d(0..months * MONTH, 0..top + top / 2 + 1)
        .map_err(failed)?;
    axes.configure_mesh()
        .disable_x_mesh()
        .x_labels(2)
        .x_label_formatter(&|_| String::new())
        .y_labels(6)
        .y_label_formatter(&|minor| written(*minor, decimals))
        .label_style((FONT, 13))
        .set_tick_mark_size(LabelAreaPosition::Bottom, 0)
        .light_line_style(BLACK.mix(0.06))
        .bold_line_style(BLACK.mix(0.15))
        .draw()
        .map_err(failed)?;
    name_months(area, &axes, row)?;
    Ok(axes)
}

/// Writes the months' names under their bars; of many only some.
fn name_months<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    axes: &Axes<'_, B>,
    row: &Row,
) -> Result<()> {
    let step = row.months.len().div_ceil(NAMES).max(1);
    let style = (FONT, 13).into_font().transform(FontTransform::None);
    let style = plotters::style::TextStyle::from(style).pos(Pos::new(HPos::Center, VPos::Top));
    let (left, top) = area.get_base_pixel();
    for (at, month) in (0_i64..).zip(&row.months).step_by(step) {
        let (x, y) = axes.plotting_area().map_coordinate(&(at * MONTH + MONTH / 2, 0));
        let place = (x - left, y - top + 8);
        area.draw(&Text::new(month.name.clone(), place, style.clone())).map_err(failed)?;
    }
    Ok(())
}

type Bar = Rectangle<(i64, i64)>;

/// A month's bar between two amounts; `side` is its left and right within the month.
fn bar(at: i64, (left, right): (i64, i64), (low, high): (i64, i64), color: RGBColor) -> Bar {
    let start = at * MONTH;
    Rectangle::new([(start + left, low), (start + right, high)], color.filled())
}

fn add<B: DrawingBackend>(
    axes: &mut Axes<'_, B>,
    bars: Vec<Bar>,
    name: &str,
    color: RGBColor,
) -> Result<()> {
    axes.draw_series(bars)
        .map_err(failed)?
        .label(name)
        .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    Ok(())
}

fn finish<'a, B: DrawingBackend + 'a>(axes: &mut Axes<'a, B>) -> Result<()> {
    axes.configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 13))
        .draw()
        .map_err(failed)
}
