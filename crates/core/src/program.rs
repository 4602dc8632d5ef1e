//! Programs by name, and what is asked of one without a ledger, for whoever typed it.
//!
//! Owns the failures of such a question: a name that no program has, a link that cannot be made, a
//! policy that is not stated. Refuses to read schedules: the book has them.

use feebook_schedule::diagnostic::nearest;
use feebook_schedule::{Asked, Book, Leave, Link, Program, Why};

use crate::error::{self, Error, Result};

/// Finds a program by its name, which is that of its folder.
///
/// # Errors
///
/// When there is none; with the nearest name there is.
pub fn named<'b>(book: &'b Book, name: &str) -> Result<&'b Program> {
    book.program(name).ok_or_else(|| {
        let hint = match nearest(name, book.programs().iter().map(Program::id)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`feebook program list` shows the programs".to_owned(),
        };
        Error::new(&error::NO_PROGRAM, format!("there is no program `{name}`")).hint(hint)
    })
}

/// Makes a link of a program.
///
/// # Errors
///
/// When the program has no template or no deep links, the address is not one of its shop, or a tag
/// cannot be carried.
pub fn link(program: &Program, asked: &Asked<'_>) -> Result<Link> {
    program.link(asked).map_err(|refusal| {
        let failure = match refusal.why {
            Why::NoTemplate => &error::NO_TEMPLATE,
            Why::NoDeepLinks => &error::NO_DEEP_LINKS,
            Why::BadUrl => &error::BAD_URL,
            Why::OtherHost => &error::OTHER_HOST,
            Why::BadTag => &error::BAD_TAG,
            Why::Missing => &error::LINK_NEEDS,
            Why::NoPlace => &error::NO_PLACE_IN_LINK,
        };
        Error::new(failure, refusal.message).hint(refusal.hint)
    })
}

/// What a program says of search ads.
///
/// # Errors
///
/// When it says too little for a list of keywords to be judged.
pub fn sem_policy(program: &Program) -> Result<Leave> {
    let (id, file) = (program.id(), program.source().shown());
    let refuse = |key: &str, message: String| {
        let hint = program.to_state(key);
        Err(Error::new(&error::NO_SEM_POLICY, message).hint(hint))
    };
    match program.policies().sem {
        None => {
            let message = format!("{file} has no policies.sem: what `{id}` allows is not known");
            refuse("policies.sem", message)
        }
        Some(Leave::Limited | Leave::ByApproval) if program.brand_terms().is_empty() => {
            let message =
                format!("{file} has no sem.brand_terms: the brand of `{id}` is not known");
            refuse("sem.brand_terms", message)
        }
        Some(leave) => Ok(leave),
    }
}
