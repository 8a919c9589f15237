//! For what this instance does by itself by a cron expression, beside scripts: which timetable that is, and up to when what
//! was due by it has been dealt with. What is done about a fire, or about one that was missed, is whose it is to say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::timetable::{Timetable, Unusable};
use crate::model::schedule::When;

/// Up to when what was due has been dealt with, and by which timetable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub expression: String,
    pub timezone: String,
    pub at: Timestamp,
}

impl Cursor {
    pub fn new(expression: &str, timezone: &str, at: Timestamp) -> Self {
        Self {
            expression: expression.to_owned(),
            timezone: timezone.to_owned(),
            at,
        }
    }

    /// A changed timetable is another one.
    pub fn is_of(&self, expression: &str, timezone: &str) -> bool {
        self.expression == expression && self.timezone == timezone
    }
}

pub fn timetable(expression: &str, timezone: &str) -> Result<Timetable, Unusable> {
    Timetable::of(&When::Cron {
        expression: expression.to_owned(),
        zone: timezone.to_owned(),
    })
}
