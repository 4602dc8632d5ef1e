//! The journal for plain-text accounting: one transaction per entry, balanced in each currency.
//!
//! Owns the dialects of hledger and beancount, and the names of accounts in them. Refuses to add up:
//! the entries are the journal's, and the accounting program sums them.

use std::fmt::Write as _;

use feebook_core::journal::{Account, Entry, Kind};
use feebook_schedule::iso::Currency;

/// A dialect of plain-text accounting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// hledger, which ledger reads as well.
    Hledger,
    /// beancount.
    Beancount,
}

/// The first line of a file.
pub(super) const HEAD: &str = "; feebook: one transaction per order and run, and per payout\n";

/// Before it no account is opened: older than any program.
const OPENED: &str = "1970-01-01";

impl Dialect {
    /// What stands before a program's transactions: every account it can have.
    pub(super) fn accounts(self, program: &str) -> String {
        let mut accounts = String::new();
        for account in Account::ALL {
            let name = self.name(program, account);
            let _ = match self {
                Self::Hledger => writeln!(accounts, "account {name}"),
                Self::Beancount => writeln!(accounts, "{OPENED} open {name}"),
            };
        }
        accounts
    }

    /// What stands before the first transaction in a currency: how its amounts are written.
    pub(super) fn commodity(self, currency: Currency) -> String {
        match self {
            Self::Hledger => format!("commodity {} {currency}\n", form(currency)),
            Self::Beancount => format!("{OPENED} commodity {currency}\n"),
        }
    }

    /// One entry as a transaction, after a blank line.
    pub(super) fn transaction(self, entry: &Entry<'_>) -> String {
        let on = entry.dated.on;
        let source = entry.source;
        let order = entry.order_no.map(ToString::to_string);
        let mut text = match self {
            Self::Hledger => {
                let code =
                    order.as_deref().map_or_else(String::new, |no| format!("({}) ", plain(no)));
                format!("\n{on} {code}{} | {source}", plain(entry.program))
            }
            Self::Beancount => {
                format!("\n{on} * \"{}\" \"{source}\"", plain(entry.program))
            }
        };
        let adjusts = entry.dated.adjusts.map(|month| month.to_string());
        for (tag, value) in [("order", order), ("adjusts", adjusts)] {
            let Some(value) = value else { continue };
            let _ = match self {
                Self::Hledger if tag == "order" => Ok(()),
                Self::Hledger => write!(text, "  ; {tag}: {}", plain(&value)),
                Self::Beancount => write!(text, "\n  {tag}: \"{}\"", plain(&value)),
            };
        }
        text.push('\n');
        for leg in &entry.legs {
            let account = self.name(entry.program, leg.account);
            let amount = leg.currency.written(leg.amount);
            let _ = writeln!(text, "    {account}  {amount} {}", leg.currency);
        }
        text
    }

    /// The name of a program's account, below the kind that the dialect's reports go by.
    fn name(self, program: &str, account: Account) -> String {
        let kind = match account.kind() {
            Kind::Asset => "assets",
            Kind::Liability => "liabilities",
            Kind::Income => "income",
            Kind::Expense => "expenses",
            Kind::Trading => "equity",
        };
        // What the kind says already is not said twice.
        let own = account.name();
        let own = own.strip_prefix("income:").unwrap_or(own);
        let name = format!("{kind}:{program}:{own}");
        match self {
            Self::Hledger => name,
            Self::Beancount => name.split(':').map(capital).collect::<Vec<_>>().join(":"),
        }
    }
}

/// How amounts of a currency are written, for hledger.
fn form(currency: Currency) -> String {
    let places = usize::try_from(currency.decimals()).unwrap_or_default();
    if places == 0 { "1000.".to_owned() } else { format!("1000.{}", "0".repeat(places)) }
}

/// A part of an account's name as beancount has it: letters, digits and dashes, a capital first.
fn capital(part: &str) -> String {
    let mut letters = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A text of the network's as neither dialect takes it for something else.
fn plain(text: &str) -> String {
    let kept = |c: char| match c {
        '"' | '\\' | ';' | '|' | '(' | ')' => '_',
        c if c.is_control() => '_',
        c => c,
    };
    text.chars().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_stand_below_what_reports_go_by() {
        let names = |dialect: Dialect| {
            [Account::Approved, Account::Commission, Account::Fees, Account::Exchange]
                .map(|account| dialect.name("aliexpress-nordic", account))
        };
        assert_eq!(
            names(Dialect::Hledger),
            [
                "assets:aliexpress-nordic:receivable:approved",
                "income:aliexpress-nordic:commission",
                "expenses:aliexpress-nordic:fees",
                "equity:aliexpress-nordic:exchange"
            ]
        );
        assert_eq!(
            names(Dialect::Beancount),
            [
                "Assets:Aliexpress-nordic:Receivable:Approved",
                "Income:Aliexpress-nordic:Commission",
                "Expenses:Aliexpress-nordic:Fees",
                "Equity:Aliexpress-nordic:Exchange"
            ]
        );
    }

    #[test]
    fn no_text_of_the_networks_ends_its_line() {
        assert_eq!(plain("A\"1;\n2)"), "A_1__2_");
    }
}
