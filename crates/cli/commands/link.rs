//! `link`: a link that the network counts.

use feebook_core::program::link;
use feebook_schedule::{Asked, Program};
use serde_json::json;

use super::{known_program, now, terms};
use crate::args::{Form, Global, Link};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};

pub(crate) fn run(global: &Global, output: &Output, args: &Link) -> Outcome<u8> {
    let terms = terms(global)?;
    let program = known_program(&terms, &args.program)?;
    let asked = Asked {
        url: args.url.as_deref(),
        base: args.base.as_deref(),
        placement: args.placement.as_deref(),
        sub_id: args.sub_id.as_deref(),
    };
    let link = link(program, &asked)?;
    if !link.stripped.is_empty() {
        say(&format!(
            "left out of the address, as left there by an earlier click: {}",
            link.stripped.join(", ")
        ));
    }
    tell_excluded(program, &link.host);
    match output.form {
        Form::Text => output.text(&link.link)?,
        Form::Json => output.json(&json!({
            "program": program.id(),
            "link": link.link,
            "url": link.url,
            "host": link.host,
            "placement": args.placement,
            "sub_id": args.sub_id,
            "left_out": link.stripped,
        }))?,
        Form::Csv => {
            let mut sheet = output.sheet(&[
                "program",
                "link",
                "url",
                "host",
                "placement",
                "sub_id",
                "left_out",
            ])?;
            sheet.row(vec![
                Cell::Text(program.id().to_owned()),
                Cell::Text(link.link),
                Cell::Text(link.url),
                Cell::Text(link.host),
                Cell::text(args.placement.as_deref()),
                Cell::text(args.sub_id.as_deref()),
                Cell::Text(link.stripped.join(" ")),
            ])?;
            sheet.finish()?;
        }
    }
    Ok(DONE)
}

/// Says when the terms in force pay nothing for what is sold on a host.
fn tell_excluded(program: &Program, host: &str) {
    let Ok(version) = program.in_force(now()) else { return };
    if let Some(entry) = version.excluded_host(host) {
        let clause = entry.clause.as_deref().map_or(String::new(), |c| format!(", clause {c}"));
        say(&format!(
            "note: nothing sold on {host} earns anything ({} of {}{clause}, {})",
            entry.label,
            version.id(),
            entry.place
        ));
    }
}
