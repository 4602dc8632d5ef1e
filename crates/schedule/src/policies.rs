//! What a program lets its publishers do: `[policies]` of program.toml.
//!
//! Owns the words of a leave and which policy speaks of which kind of placement. Refuses to judge a
//! placement: that a kind is not allowed is for a person to know, and changes no amount.

use crate::diagnostic::Place;
use crate::program::Program;

/// How far a program lets its publishers do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Without conditions.
    Allowed,
    /// Within limits that the program states; for search ads: not on the brand.
    Limited,
    /// Only for whom the program approved.
    ByApproval,
    /// Not at all.
    NotAllowed,
}

impl Leave {
    /// Every leave, with the word for it in the file.
    pub(crate) const WORDS: &'static [(&'static str, Self)] = &[
        ("allowed", Self::Allowed),
        ("limited", Self::Limited),
        ("by_approval", Self::ByApproval),
        ("not_allowed", Self::NotAllowed),
    ];

    /// Returns the word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Limited => "limited",
            Self::ByApproval => "by_approval",
            Self::NotAllowed => "not_allowed",
        }
    }

    /// Whether it may be done; none where that depends on what the file cannot know: the limits, or
    /// an approval.
    pub const fn is_allowed(self) -> Option<bool> {
        match self {
            Self::Allowed => Some(true),
            Self::Limited | Self::ByApproval => None,
            Self::NotAllowed => Some(false),
        }
    }
}

/// `[policies]`. What the file does not say is none: unknown, neither yes nor no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Whether links may lead to any page of the shop.
    pub deeplinking: Option<bool>,
    /// Whether a sub-id may be added to a link.
    pub references: Option<bool>,
    /// Search ads.
    pub sem: Option<Leave>,
    /// Sites that pass part of the commission on to buyers.
    pub cashback: Option<Leave>,
    /// Sites that publish discount codes.
    pub discount_codes: Option<Leave>,
    /// Browser extensions.
    pub extensions: Option<Leave>,
}

/// What a program says about a kind of placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacementLeave<'p> {
    /// The leave.
    pub leave: Leave,
    /// The key of program.toml that says so and where it stands; none for `content`, which needs no
    /// leave of its own.
    pub said_by: Option<(&'static str, &'p Place)>,
}

impl PlacementLeave<'_> {
    /// Says what the file says and where, such as `policies.cashback is not_allowed, FILE:8:1`; none
    /// for `content`.
    pub fn words(&self) -> Option<String> {
        self.said_by.map(|(key, place)| format!("{key} is {}, {place}", self.leave.word()))
    }
}

impl Program {
    /// Returns `[policies]`.
    pub fn policies(&self) -> &Policies {
        &self.header.policies
    }

    /// Returns what the program says about a kind of placement (`content`, `cashback`, `coupon`,
    /// `sem`, `extension`); none where it says nothing, and for every other kind. Content is what a
    /// program is for, so it is always allowed.
    pub fn placement_leave(&self, kind: &str) -> Option<PlacementLeave<'_>> {
        let policies = self.policies();
        let (leave, key) = match kind {
            "content" => return Some(PlacementLeave { leave: Leave::Allowed, said_by: None }),
            "cashback" => (policies.cashback?, "policies.cashback"),
            "coupon" => (policies.discount_codes?, "policies.discount_codes"),
            "sem" => (policies.sem?, "policies.sem"),
            "extension" => (policies.extensions?, "policies.extensions"),
            _ => return None,
        };
        Some(PlacementLeave { leave, said_by: self.place_of(key).map(|place| (key, place)) })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::program_with;

    #[test]
    fn each_kind_of_placement_has_its_policy() {
        let program = program_with(
            "[policies]\nsem = \"limited\"\ncashback = \"by_approval\"\n\
             discount_codes = \"not_allowed\"\nextensions = \"allowed\"\n",
        );
        let told = |kind: &str| {
            program.placement_leave(kind).map(|told| {
                let place = told.said_by.map(|(key, place)| format!("{key} line {}", place.line));
                (told.leave.word(), told.leave.is_allowed(), place.unwrap_or_default())
            })
        };
        let at = |text: &str| text.to_owned();
        assert_eq!(told("content"), Some(("allowed", Some(true), String::new())));
        assert_eq!(told("sem"), Some(("limited", None, at("policies.sem line 8"))));
        assert_eq!(told("cashback"), Some(("by_approval", None, at("policies.cashback line 9"))));
        let coupon = ("not_allowed", Some(false), at("policies.discount_codes line 10"));
        assert_eq!(told("coupon"), Some(coupon));
        let extension = ("allowed", Some(true), at("policies.extensions line 11"));
        assert_eq!(told("extension"), Some(extension));
        assert_eq!(told("email"), None);
        let silent = program_with("");
        assert_eq!(silent.placement_leave("cashback"), None);
        assert!(silent.placement_leave("content").is_some());
    }
}
