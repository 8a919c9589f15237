//! The two forms of the suite: short, as a part of `make test`; full, as `make faults` runs it.

use crate::machine;

/// `full` asks for the full form; anything else, or nothing, means the short one.
const VARIABLE: &str = "PYTASK_FAULTS";

/// One of two, by the form.
pub(crate) fn either<T>(short: T, full: T) -> T {
    if is_full() { full } else { short }
}

pub(crate) fn is_full() -> bool {
    machine::variable(VARIABLE).is_some_and(|form| form == "full")
}
