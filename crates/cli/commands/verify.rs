//! `verify`: every posted result, evaluated again on the facts, terms and plugin of its run.

use feebook_core::run::verify;

use super::findings::Findings;
use super::{counted, open_to_answer};
use crate::args::{Global, Scoped};
use crate::exit::{Outcome, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

const COLUMNS: &[&str] = &["check", "program", "order_no", "run", "finding"];

pub(crate) fn run(global: &Global, output: &Output, args: &Scoped) -> Outcome<u8> {
    let scope = args.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let mut findings = Findings::new(output, COLUMNS)?;
    let verified = verify(&ledger, terms.plugins.as_ref(), &scope, &mut bar, &mut |breach| {
        let (order_no, run_id) = breach.result.unzip();
        findings.tell(vec![
            Cell::Text(breach.held.name().to_owned()),
            Cell::Text(breach.program),
            Cell::text(order_no.map(|number| number.to_string())),
            Cell::text(run_id.map(|id| id.to_string())),
            Cell::Text(breach.text),
        ]);
    })?;
    drop(bar);
    let asked = match verified.asked {
        0 => String::new(),
        asked => format!(", for {asked} of them the plugin was asked again"),
    };
    say(&format!("{} evaluated again{asked}", counted(verified.results, "result")));
    findings.finish()
}
