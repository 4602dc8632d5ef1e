//! The results as a picture: a bar of CPU time for each row.
//!
//! Owns the drawing, in SVG. Refuses scales that are not from zero.

use std::fmt::Write as _;

use crate::measure::Timed;

const ROW: u128 = 22;
const LEFT: u128 = 330;
const WIDE: u128 = 420;

/// Draws the results; each group has its own scale.
pub(crate) fn svg(results: &[Timed]) -> String {
    let mut rows = String::new();
    let (mut y, mut group) = (8, "");
    for timed in results {
        if timed.group != group {
            group = timed.group;
            y += ROW;
            let _ =
                writeln!(rows, "<text x='8' y='{y}' font-weight='bold'>{}</text>", escaped(group));
            y += 8;
        }
        let most = results.iter().filter(|other| other.group == group).map(Timed::cpu).max();
        let wide = (timed.cpu() * WIDE / most.unwrap_or(1).max(1)).max(1);
        let colour = if timed.name.starts_with("feebook") { "#1f6f5c" } else { "#b9b4a6" };
        let (text, end) = (y + 15, LEFT + wide + 6);
        let (seconds, millis) = (timed.cpu() / 1_000_000, timed.cpu() / 1_000 % 1_000);
        let _ = writeln!(
            rows,
            "<text x='{}' y='{text}' text-anchor='end'>{}</text>\
             <rect x='{LEFT}' y='{y}' width='{wide}' height='17' fill='{colour}'/>\
             <text x='{end}' y='{text}'>{seconds}.{millis:03} s</text>",
            LEFT - 8,
            escaped(&timed.name),
        );
        y += ROW;
    }
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='840' height='{}' font-family='sans-serif' \
         font-size='12'>\n<title>CPU seconds, user and system</title>\n{rows}</svg>\n",
        y + 8
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
