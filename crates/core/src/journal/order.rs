//! One order's leaf in the books: the balances that should stand after each event, as a function of
//! what its runs found and what was paid. Entries are the difference to the balances before: what the
//! event itself moves on its own day, and what it moves of the payments on the day of the last of them.
//!
//! Owns which account an amount stands on, what counts as taken away again, and what becomes of an
//! order that moves to another month. Refuses to read the ledger.

use chrono::NaiveDate;
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;

use super::account::Account;
use super::dating::{Dated, Dating, last_day};
use crate::ledger::{Amounts, RunId};

/// An amount on an account: a debit positive, a credit negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The account.
    pub account: Account,
    /// The currency.
    pub currency: Currency,
    /// Minor units.
    pub amount: i64,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A run found what it earns.
    Found(Found),
    /// A payout paid for it.
    Paid(Paid),
    /// A payment was taken back with its payout.
    Back(Back),
}

/// What a run found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) run_id: RunId,
    /// The highest sequence number that the run saw.
    pub(super) seq: i64,
    pub(super) ran_at: i64,
    /// None where no version governs: nothing is earned.
    pub(super) currency: Option<Currency>,
    pub(super) day: Option<NaiveDate>,
    pub(super) month: Option<Month>,
    pub(super) amounts: Amounts,
}

/// What was paid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paid {
    pub(super) seq: i64,
    pub(super) recorded_at: i64,
    /// The day of the payout.
    pub(super) on: NaiveDate,
    pub(super) currency: Currency,
    pub(super) amount: i64,
}

/// What was taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    pub(super) seq: i64,
    pub(super) recorded_at: i64,
    /// The sequence number of the payment.
    pub(super) of: i64,
}

impl Event {
    /// Sorts events by the ledger's time: a run comes after all that it saw.
    pub(super) fn time(&self) -> (i64, RunId) {
        match self {
            Self::Paid(paid) => (paid.seq, RunId::MIN),
            Self::Back(back) => (back.seq, RunId::MIN),
            Self::Found(found) => (found.seq, found.run_id),
        }
    }

    /// When it was recorded.
    pub(super) fn recorded_at(&self) -> i64 {
        match self {
            Self::Paid(paid) => paid.recorded_at,
            Self::Back(back) => back.recorded_at,
            Self::Found(found) => found.ran_at,
        }
    }
}

/// What of one component was confirmed (approved or settled, or held after that), and what of that
/// was taken away again.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    confirmed: i64,
    reversed: i64,
}

/// What stands for an order in one currency.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    amounts: Amounts,
    paid: i64,
    /// Of commission, incentive and bonus.
    kept: [Kept; 3],
}

/// The accounts on which orders stand.
const ON_ORDERS: [Account; 12] = [
    Account::Pending,
    Account::Approved,
    Account::Settled,
    Account::Held,
    Account::Difference,
    Account::Commission,
    Account::CommissionReversed,
    Account::Incentive,
    Account::IncentiveReversed,
    Account::Bonus,
    Account::BonusReversed,
    Account::Withheld,
];

type Balances = [i64; ON_ORDERS.len()];

impl Position {
    /// Takes over what a later run found.
    ///
    /// A component that earns less than before was reversed by what of it had been confirmed and no
    /// longer is; the rest of the fall had never been confirmed and just goes. A rise first takes
    /// back what was reversed. What the cap takes is as it was found last: it is no income of its own.
    fn find(&mut self, amounts: &Amounts) {
        let pairs = parts(&self.amounts).into_iter().zip(parts(amounts));
        for (kept, (old, new)) in self.kept.iter_mut().zip(pairs) {
            let confirmed = new.confirmed.max(kept.confirmed.min(new.confirmed + new.held));
            let change = new.total() - old.total();
            if change < 0 {
                kept.reversed += (kept.confirmed - confirmed).clamp(0, -change);
            } else {
                kept.reversed -= change.min(kept.reversed);
            }
            kept.confirmed = confirmed;
        }
        self.amounts = *amounts;
    }

    /// Returns what should stand on each account of [`ON_ORDERS`] when so much is paid.
    fn balances(&self, mut paid: i64) -> Balances {
        let Amounts { pending, approved, settled, held } = &self.amounts;
        let withheld = [pending, approved, settled, held].map(|part| part.withheld);
        // What was taken back by more than was paid is owed again.
        let mut open = |earned: i64| {
            let taken = paid.min(earned.max(0));
            paid -= taken;
            earned - taken
        };
        let settled = open(settled.total());
        let approved = open(approved.total());
        let pending = open(pending.total());
        let held = open(held.total());
        let [commission, incentive, bonus] = parts(&self.amounts).map(Part::total);
        let [c, i, b] = self.kept.map(|kept| kept.reversed);
        [
            pending,
            approved,
            settled,
            held,
            -paid,
            -(commission + c),
            c,
            -(incentive + i),
            i,
            -(bonus + b),
            b,
            withheld.into_iter().sum(),
        ]
    }
}

/// One component by state.
#[derive(Clone, Copy)]
struct Part {
    pending: i64,
    confirmed: i64,
    held: i64,
}

impl Part {
    fn total(self) -> i64 {
        self.pending + self.confirmed + self.held
    }
}

/// Commission, incentive and bonus.
fn parts(amounts: &Amounts) -> [Part; 3] {
    let Amounts { pending, approved, settled, held } = amounts;
    let part = |of: fn(&crate::ledger::Components) -> i64| Part {
        pending: of(pending),
        confirmed: of(approved) + of(settled),
        held: of(held),
    };
    [part(|c| c.commission), part(|c| c.incentive), part(|c| c.bonus)]
}

/// One order, event by event.
#[derive(Debug, Default)]
pub(super) struct Folio {
    positions: Vec<(Currency, Position)>,
    /// The currency and the day on which the latest result stands.
    stands: Option<(Currency, NaiveDate)>,
    /// The payments that count, and what each posted.
    payments: Vec<Posted>,
    /// The last day on which anything of a payment stands.
    paid_to: Option<NaiveDate>,
}

/// A payment, and what it posted.
#[derive(Debug)]
struct Posted {
    paid: Paid,
    legs: Vec<Leg>,
}

impl Folio {
    /// Takes an event and tells the entries that follow: none where nothing moved, several where the
    /// order goes to another month or currency, or where it was paid.
    pub(super) fn take(
        &mut self,
        event: &Event,
        dating: &Dating,
        tell: &mut impl FnMut(Dated, Vec<Leg>),
    ) {
        match event {
            Event::Paid(paid) => {
                let dated = dating.date(paid.on, paid.recorded_at, paid.seq);
                let (_, moved) = self.moved(paid.currency, |position| position.paid += paid.amount);
                let mut legs = legs(paid.currency, &moved);
                legs.push(Leg {
                    account: Account::Unmatched,
                    currency: paid.currency,
                    amount: paid.amount,
                });
                self.paid_to = self.paid_to.max(Some(dated.on));
                self.payments.push(Posted { paid: *paid, legs: legs.clone() });
                tell(dated, legs);
            }
            Event::Back(back) => self.take_back(back, dating, tell),
            Event::Found(found) => self.find(found, dating, tell),
        }
    }

    /// Mirrors what a payment posted. What runs moved since on account of it goes back beside that.
    fn take_back(&mut self, back: &Back, dating: &Dating, tell: &mut impl FnMut(Dated, Vec<Leg>)) {
        let Some(at) = self.payments.iter().position(|posted| posted.paid.seq == back.of) else {
            return;
        };
        let Posted { paid, legs: posted } = self.payments.remove(at);
        let dated = dating.date(paid.on, back.recorded_at, back.seq);
        self.paid_to = self.paid_to.max(Some(dated.on));
        let (_, mut moved) = self.moved(paid.currency, |position| position.paid -= paid.amount);
        for (account, amount) in ON_ORDERS.into_iter().zip(&mut moved) {
            let of = posted.iter().filter(|leg| leg.account == account);
            *amount += of.map(|leg| leg.amount).sum::<i64>();
        }
        let mirrored = posted.into_iter().map(|leg| Leg { amount: -leg.amount, ..leg });
        tell(dated, mirrored.collect());
        self.settle(dated, legs(paid.currency, &moved), tell);
    }

    fn find(&mut self, found: &Found, dating: &Dating, tell: &mut impl FnMut(Dated, Vec<Leg>)) {
        let stood = self.stands;
        let Some(currency) = found.currency.or(stood.map(|(currency, _)| currency)) else { return };
        let day = own_day(found, stood.map(|(_, day)| day), dating);
        let mut post = |day: NaiveDate, legs: Vec<Leg>| {
            let dated = dating.date(day, found.ran_at, found.seq);
            let posts = !legs.is_empty();
            if posts {
                tell(dated, legs);
            }
            (dated, posts)
        };
        let (mut of_payments, mut left) = (Vec::new(), None);
        if let Some((old, on)) = stood
            && (old != currency || Month::of(on) != Month::of(day))
        {
            // It stands elsewhere now: what it came to is taken off whole, and put there anew.
            let (earned, rest) = self.moved(old, |position| {
                *position = Position { paid: position.paid, ..Position::default() }
            });
            left = Some(post(on, legs(old, &earned)));
            of_payments.push((old, rest));
        }
        let (earned, rest) = self.moved(currency, |position| position.find(&found.amounts));
        let arrived = post(day, legs(currency, &earned));
        match of_payments.last_mut() {
            Some((old, sum)) if *old == currency => *sum = less(sum, &rest.map(|moved| -moved)),
            _ => of_payments.push((currency, rest)),
        }
        self.stands = Some((currency, day));
        let rest = of_payments.iter().flat_map(|(currency, moved)| legs(*currency, moved));
        // Where it came to nothing, what was paid moves because of what it left.
        let (dated, _) = left.filter(|(_, posts)| *posts && !arrived.1).unwrap_or(arrived);
        self.settle(dated, rest.collect(), tell);
    }

    /// Tells what moved on account of payments: not before these stand.
    fn settle(&self, dated: Dated, legs: Vec<Leg>, tell: &mut impl FnMut(Dated, Vec<Leg>)) {
        if !legs.is_empty() {
            let on = self.paid_to.map_or(dated.on, |paid_to| dated.on.max(paid_to));
            tell(Dated { on, ..dated }, legs);
        }
    }

    /// Changes what stands in a currency. Returns what that moves of what is earned, and what it moves
    /// because of what was paid.
    fn moved(
        &mut self,
        currency: Currency,
        change: impl FnOnce(&mut Position),
    ) -> (Balances, Balances) {
        let at = self.positions.iter().position(|(known, _)| *known == currency);
        let at = at.unwrap_or_else(|| {
            self.positions.push((currency, Position::default()));
            self.positions.len() - 1
        });
        let position = &mut self.positions[at].1;
        let before = (position.balances(0), position.balances(position.paid));
        change(position);
        let earned = less(&position.balances(0), &before.0);
        let all = less(&position.balances(position.paid), &before.1);
        (earned, less(&all, &earned))
    }
}

fn less(a: &Balances, b: &Balances) -> Balances {
    std::array::from_fn(|at| a[at] - b[at])
}

/// What is not nothing of some differences.
fn legs(currency: Currency, moved: &Balances) -> Vec<Leg> {
    let pairs = ON_ORDERS.into_iter().zip(moved);
    let legs = pairs.map(|(account, amount)| Leg { account, currency, amount: *amount });
    legs.filter(|leg| leg.amount != 0).collect()
}

/// The day that a result belongs to. Results of before have only their month, those of an order
/// whose reports were taken back stand where it stood.
fn own_day(found: &Found, stood: Option<NaiveDate>, dating: &Dating) -> NaiveDate {
    let same_month = stood.filter(|day| found.month.is_none_or(|month| Month::of(*day) == month));
    let of_month = found.month.map(last_day);
    found.day.or(same_month).or(of_month).unwrap_or_else(|| dating.day(found.ran_at, found.seq))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;

    use super::super::dating::Closed;
    use super::*;
    use crate::ledger::Components;

    fn usd() -> Currency {
        Currency::parse("USD").unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A commission in one state.
    fn commission(state: &str, commission: i64) -> Amounts {
        with(state, Components { commission, ..Components::default() })
    }

    fn with(state: &str, part: Components) -> Amounts {
        let mut amounts = Amounts::default();
        *match state {
            "pending" => &mut amounts.pending,
            "approved" => &mut amounts.approved,
            "settled" => &mut amounts.settled,
            _ => &mut amounts.held,
        } = part;
        amounts
    }

    fn found(run_id: RunId, on: &str, amounts: Amounts) -> Event {
        let day = day(on);
        Event::Found(Found {
            run_id,
            seq: run_id * 10,
            ran_at: 1_733_007_600, // 2024-12-01T00:00:00+01:00
            currency: Some(usd()),
            day: Some(day),
            month: Some(Month::of(day)),
            amounts,
        })
    }

    fn paid(seq: i64, amount: i64) -> Event {
        let on = day("2024-10-15");
        Event::Paid(Paid { seq, recorded_at: 1_733_007_600, on, currency: usd(), amount })
    }

    fn back(seq: i64, of: i64) -> Event {
        Event::Back(Back { seq, recorded_at: 1_733_007_600, of })
    }

    /// The entries of some events as `date account amount, …`; each is balanced.
    fn entries(closed: &[(&str, i64)], events: &[Event]) -> Vec<String> {
        let zone = Tz::Europe__Oslo;
        let month = |text| Month::parse(text).unwrap();
        let closed =
            closed.iter().map(|(text, seq)| Closed { month: month(text), seq: *seq, zone });
        let dating = Dating::new(zone, closed.collect());
        let mut folio = Folio::default();
        let mut entries = Vec::new();
        for event in events {
            folio.take(event, &dating, &mut |dated, legs| {
                let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
                for leg in &legs {
                    *sums.entry(leg.currency).or_default() += leg.amount;
                }
                assert!(sums.values().all(|sum| *sum == 0), "{legs:?}");
                let legs = legs.iter().map(|leg| format!("{} {}", leg.account.name(), leg.amount));
                let legs = legs.collect::<Vec<_>>().join(", ");
                let adjusts = dated.adjusts.map_or_else(String::new, |m| format!(" for {m}"));
                entries.push(format!("{}{adjusts} {legs}", dated.on));
            });
        }
        entries
    }

    const ON: &str = "2024-08-10";

    #[test]
    fn what_is_earned_stands_on_its_state_and_moves_with_it() {
        let events = [
            found(1, ON, commission("pending", 500)),
            found(2, ON, commission("approved", 500)),
            found(3, ON, commission("settled", 550)),
            found(4, ON, commission("settled", 550)),
        ];
        assert_eq!(
            entries(&[], &events),
            [
                "2024-08-10 receivable:pending 500, income:commission -500",
                "2024-08-10 receivable:pending -500, receivable:approved 500",
                "2024-08-10 receivable:approved -500, receivable:settled 550, income:commission -50",
            ]
        );
    }

    #[test]
    fn what_the_cap_took_is_an_account_of_its_own() {
        let part = Components { commission: 4_175, incentive: 100, bonus: 350, withheld: 725 };
        assert_eq!(
            entries(&[], &[found(1, ON, with("approved", part))]),
            [
                "2024-08-10 receivable:approved 3900, income:commission -4175, income:incentive -100, \
              income:bonus -350, income:withheld 725"
            ]
        );
    }

    #[test]
    fn what_was_confirmed_and_is_taken_away_is_reversed() {
        let capped = Components { commission: 4_000, withheld: 200, ..Components::default() };
        let reversed = [
            "2024-08-10 receivable:approved 3800, income:commission -4000, income:withheld 200",
            "2024-08-10 receivable:approved -3800, income:commission:reversed 4000, income:withheld -200",
        ];
        let events = [found(1, ON, with("approved", capped)), found(2, ON, Amounts::default())];
        assert_eq!(entries(&[], &events), reversed);
        // What was only pending just goes, also beside what is confirmed.
        let mut both = commission("approved", 500);
        both.pending.commission = 300;
        let events = [found(1, ON, both), found(2, ON, commission("approved", 500))];
        assert_eq!(
            entries(&[], &events)[1],
            "2024-08-10 receivable:pending -300, income:commission 300"
        );
        // What was held after it was confirmed had been confirmed.
        let events = [
            found(1, ON, commission("approved", 500)),
            found(2, ON, commission("held", 500)),
            found(3, ON, Amounts::default()),
            found(4, ON, commission("approved", 600)),
        ];
        assert_eq!(
            entries(&[], &events)[1..],
            [
                "2024-08-10 receivable:approved -500, receivable:held 500",
                "2024-08-10 receivable:held -500, income:commission:reversed 500",
                "2024-08-10 receivable:approved 600, income:commission -100, income:commission:reversed -500",
            ]
        );
    }

    #[test]
    fn a_cap_that_takes_less_reverses_nothing() {
        let part = |withheld| {
            with("approved", Components { commission: 4_000, withheld, ..Components::default() })
        };
        assert_eq!(
            entries(&[], &[found(1, ON, part(200)), found(2, ON, part(50))])[1],
            "2024-08-10 receivable:approved 150, income:withheld -150"
        );
    }

    #[test]
    fn payments_come_off_what_is_settled_first_and_the_rest_is_a_difference() {
        let mut amounts = commission("settled", 500);
        amounts.approved.commission = 300;
        let events = [found(1, ON, amounts), paid(11, 600), paid(12, 250), paid(13, -250)];
        assert_eq!(
            entries(&[], &events)[1..],
            [
                "2024-10-15 receivable:approved -100, receivable:settled -500, unmatched 600",
                "2024-10-15 receivable:approved -200, difference -50, unmatched 250",
                "2024-10-15 receivable:approved 200, difference 50, unmatched -250",
            ]
        );
    }

    #[test]
    fn a_paid_order_that_is_reversed_is_owed_back() {
        let events = [
            found(1, ON, commission("settled", 500)),
            paid(11, 500),
            found(2, ON, Amounts::default()),
        ];
        assert_eq!(
            entries(&[], &events)[2..],
            [
                "2024-08-10 receivable:settled -500, income:commission:reversed 500",
                "2024-10-15 receivable:settled 500, difference -500",
            ]
        );
    }

    #[test]
    fn a_payment_before_any_run_waits_for_what_is_earned() {
        let events = [paid(5, 500), found(1, ON, commission("settled", 500))];
        assert_eq!(
            entries(&[], &events),
            [
                "2024-10-15 difference -500, unmatched 500",
                "2024-08-10 receivable:settled 500, income:commission -500",
                "2024-10-15 receivable:settled -500, difference 500",
            ]
        );
    }

    #[test]
    fn a_payment_taken_back_is_mirrored_and_what_followed_from_it_goes_beside() {
        let events = [
            found(1, ON, commission("settled", 550)),
            paid(11, 550),
            found(2, ON, commission("settled", 440)),
            back(21, 11),
            found(3, ON, commission("settled", 400)),
        ];
        assert_eq!(
            entries(&[], &events),
            [
                "2024-08-10 receivable:settled 550, income:commission -550",
                "2024-10-15 receivable:settled -550, unmatched 550",
                "2024-08-10 receivable:settled -110, income:commission:reversed 110",
                "2024-10-15 receivable:settled 110, difference -110",
                "2024-10-15 receivable:settled 550, unmatched -550",
                "2024-10-15 receivable:settled -110, difference 110",
                "2024-08-10 receivable:settled -40, income:commission:reversed 40",
            ]
        );
    }

    #[test]
    fn after_the_closing_it_is_an_adjustment_in_the_open_month() {
        let events = [
            found(1, ON, commission("settled", 500)),
            found(2, ON, commission("settled", 400)),
            paid(25, 400),
        ];
        assert_eq!(
            entries(&[("2024-08", 15), ("2024-10", 24)], &events),
            [
                "2024-08-10 receivable:settled 500, income:commission -500",
                "2024-12-01 for 2024-08 receivable:settled -100, income:commission:reversed 100",
                "2024-12-01 for 2024-10 receivable:settled -400, unmatched 400",
            ]
        );
    }

    #[test]
    fn an_order_that_moves_to_another_month_is_taken_off_and_put_there() {
        let events = [
            found(1, ON, commission("approved", 500)),
            found(2, "2024-09-02", commission("approved", 450)),
        ];
        let anew = "2024-09-02 receivable:approved 450, income:commission -450";
        assert_eq!(
            entries(&[], &events)[1..],
            ["2024-08-10 receivable:approved -500, income:commission 500", anew]
        );
        assert_eq!(
            entries(&[("2024-08", 15)], &events)[1..],
            ["2024-12-01 for 2024-08 receivable:approved -500, income:commission 500", anew]
        );
    }

    #[test]
    fn another_currency_of_the_terms_is_never_added() {
        let nok = Currency::parse("NOK").unwrap();
        let Event::Found(other) = found(2, ON, commission("approved", 5_000)) else { return };
        let events = [
            found(1, ON, commission("approved", 500)),
            Event::Found(Found { currency: Some(nok), ..other }),
        ];
        assert_eq!(
            entries(&[], &events)[1..],
            [
                "2024-08-10 receivable:approved -500, income:commission 500",
                "2024-08-10 receivable:approved 5000, income:commission -5000",
            ]
        );
    }

    #[test]
    fn a_result_of_before_days_were_kept_stands_on_the_last_of_its_month() {
        let Event::Found(old) = found(1, ON, commission("approved", 500)) else { return };
        let old = Event::Found(Found { day: None, ..old });
        let gone = Found { run_id: 2, seq: 20, amounts: Amounts::default(), ..as_found(&old) };
        let gone = Event::Found(Found { currency: None, ..gone });
        assert_eq!(
            entries(&[], &[old, gone]),
            [
                "2024-08-31 receivable:approved 500, income:commission -500",
                "2024-08-31 receivable:approved -500, income:commission:reversed 500",
            ]
        );
    }

    fn as_found(event: &Event) -> Found {
        match event {
            Event::Found(found) => *found,
            Event::Paid(_) | Event::Back(_) => panic!("a result"),
        }
    }

    #[test]
    fn a_run_comes_after_all_that_it_saw() {
        let mut events = [
            found(2, ON, Amounts::default()),
            paid(21, 1),
            paid(20, 1),
            found(1, ON, Amounts::default()),
        ];
        events.sort_by_key(Event::time);
        assert_eq!(events.map(|event| event.time().0), [10, 20, 20, 21]);
        assert!(matches!(events[1], Event::Paid(_)));
    }
}
