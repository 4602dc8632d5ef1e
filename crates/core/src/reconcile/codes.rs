//! What a difference can be diagnosed as: a closed set with stable codes.
//!
//! Owns the order of preference, which is that of the codes: where several explain a difference, the
//! first is told and the others are named beside it. Refuses to look for anything.

/// What kind of finding a diagnosis is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The report says another amount than the terms give.
    Reported,
    /// The money is late, short or too much.
    Paid,
    /// Worth knowing; no money is at stake by itself.
    Note,
}

impl Kind {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Paid => "paid",
            Self::Note => "note",
        }
    }
}

macro_rules! diagnoses {
    ($($variant:ident = $kind:ident $code:literal, $name:literal, $title:literal, $help:literal;)*) => {
        /// Why what was reported or paid differs from what the terms give.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Diagnosis {
            $(#[doc = $title] $variant,)*
        }

        impl Diagnosis {
            /// All of them, in order of preference.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the code; it keeps its meaning for good.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the name, a word for scripts.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns what it says in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Returns how it is found and what to do.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            /// Returns what kind of finding it is about.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

diagnoses! {
    Rounding = Reported "D01", "rounding", "rounded otherwise",
        "Evaluated with `policy.rounding` set to the other modes. Ask for the mode that the terms name; a minor unit a line adds up.";
    Zone = Reported "D02", "zone", "day read in another zone",
        "Evaluated with `timezone` set to other zones, for an order within 26 hours of a change of terms, or where an entry has its own days: the order falls under other terms there.";
    VersionBefore = Reported "D03", "version_before", "priced under an earlier version",
        "Evaluated as if an earlier version were in force always, the nearest first. The network went on with old terms, or changed late.";
    VersionAfter = Reported "D04", "version_after", "priced under a later version",
        "Evaluated as if a later version were in force always, the nearest first. The network applied new terms to an order from before them.";
    EstimateNotFinal = Reported "D05", "estimate_not_final", "estimate instead of the final amount",
        "Evaluated without `final_amount`: the report's commission still rests on what was paid at first.";
    RefundNotTaken = Reported "D06", "refund_not_taken", "refund not taken out",
        "Evaluated without the refund. Expect the network to correct it against you.";
    RefundTwice = Reported "D07", "refund_twice", "refund taken out twice",
        "Evaluated with the refund doubled.";
    BonusMissing = Reported "D08", "bonus_missing", "bonus missing",
        "Evaluated without the `[[bonus]]` entries. A bonus that the terms give is not in the report.";
    BonusNotDue = Reported "D09", "bonus_not_due", "bonus that is not due",
        "Commission and incentive agree; the bonus is one that the terms do not give, or not in that amount, or that a returning buyer does not bring.";
    CapNotApplied = Reported "D10", "cap_not_applied", "cap not applied",
        "Evaluated without the `[cap]`. Often the report shows amounts before the cap, and the payment does not.";
    CapScope = Reported "D11", "cap_scope", "cap counted over lines instead of the order, or the reverse",
        "Evaluated with the other `cap.scope`.";
    CapCovers = Reported "D12", "cap_covers", "cap with the bonus inside instead of outside, or the reverse",
        "Evaluated with `bonus` added to `cap.covers`, or taken from it.";
    SharedOtherwise = Reported "D13", "shared_otherwise", "same sum, shared otherwise",
        "The order's sum agrees; only its parts do not: what the cap withholds or the bonus stands on another line, or under another component. No money is missing.";
    ServiceFee = Reported "D14", "service_fee", "service fee left in the basis, or taken out where none is known",
        "Evaluated with the fee left in the basis, with a fee of `policy.service_fee.max` taken out, and on the paid amount with the fee in it.";
    PaidBasis = Reported "D15", "paid_basis", "paid amount instead of the product price, or the reverse",
        "Evaluated with the other `policy.basis`: a coupon or a discount may lie between the two.";
    OtherCategory = Reported "D16", "other_category", "priced as another category",
        "Evaluated with the line in each category that a `[[rate]]` entry names, and in none of them. Which category the network saw is told; ask it to look at the product.";
    ExcludedPaid = Reported "D17", "excluded_paid", "the network gives what the terms exclude",
        "Our verdict is excluded, disqualified or outside the window, with the clause; the report has an amount. Expect the network to correct it.";
    NothingGiven = Reported "D18", "nothing_given", "the network gives nothing for a line that earns",
        "The report says 0, and the terms find the line commissionable. Ask for the reason and its clause.";
    TakenBack = Reported "D19", "taken_back", "declined after it had been approved",
        "The line was approved or settled in an earlier report, and is declined or reversed now without a refund that covers it. A line declined while it was pending is no finding.";
    OtherCurrency = Reported "D20", "other_currency", "reported in another currency",
        "The row's amounts are in another currency than the terms. Both are told; they are never subtracted.";
    UnknownTerms = Reported "D21", "unknown_terms", "the terms do not let us say",
        "Our verdict is uncovered or unverifiable, with the reason; the report has an amount. Add the version, the rate or the fact that is missing, then `feebook recompute`.";
    LeftOut = Reported "D22", "left_out", "missing from a later report",
        "A later report spans the order's instant, lists nine in ten of the lines known there, ten or more, and not this one, which is pending or approved. Ask what became of it.";
    Unexplained = Reported "D23", "unexplained", "unexplained",
        "None of the hypotheses gives the reported amount. `feebook explain ORDER` shows ours step by step.";
    Expired = Paid "D31", "expired", "void under the terms: not settled in time",
        "The line is not settled, and `policy.expires_after` has passed since its governing instant. The terms may let the network keep it.";
    NotSettled = Paid "D32", "not_settled", "approved and not settled",
        "Overdue, counted from the validation (`settled_at`, else `finished_at`, else the governing instant) to --on. Only where the program's reports settle lines at all.";
    NotPaid = Paid "D33", "not_paid", "settled and not paid",
        "Overdue, counted likewise. Only where payouts of the program are recorded.";
    PaidInPart = Paid "D34", "paid_in_part", "paid in part",
        "Payouts pay less of the line than was reported, or, where nothing was, than the terms give.";
    Overpaid = Paid "D35", "overpaid", "paid too much",
        "Payouts pay more of the line than was reported, or, where nothing was, than the terms give. Expect it to be set off.";
    PaidOtherCurrency = Paid "D36", "paid_other_currency", "paid in another currency",
        "The payouts that pay the line are in another currency than its terms. Both are told; they are never subtracted.";
    Gap = Note "D41", "gap", "days without any order",
        "Days between the first and the last order without any, spanned by no single import: three or more, and three times as long as nine in ten of the program's pauses. A report may not have been imported.";
    NearChange = Note "D42", "near_change", "within a day of a change of terms",
        "The governing instant is less than a day away from the start or the end of a version: a zone or a delay would put it under other terms.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_of_one_diagnosis_each_and_codes_go_up() {
        let codes: Vec<&str> = Diagnosis::ALL.iter().map(|known| known.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        let mut names: Vec<&str> = Diagnosis::ALL.iter().map(|known| known.name()).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
