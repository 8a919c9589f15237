//! A schedule: when a script is due, and what is done about fires that were missed or failed.
//!
//! What somebody decides about it are its [`Terms`]; each change of them is a new version. How far it has been dealt
//! with is its cursor: every fire up to it has its row. Whether expression and zone can be read is not known here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arguments;
use super::ids::{ScheduleId, ScriptId};
use super::limits::{OutOfBounds, within};
use super::run::Overlap;
use super::script::Invalid;

const NAME_CHARS: usize = 100;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Where the calendar ends: nothing is due from here on.
pub const END: Timestamp = Timestamp::constant(4_133_980_800, 0);

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub script_id: ScriptId,
    /// Grows with every change of its terms, and when it is begun anew since the clock was set back. A fire is named by
    /// schedule, version and instant.
    pub version: i64,
    pub terms: Terms,
    /// Fires up to here have been dealt with; those of this version lie after it.
    pub cursor: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What somebody decides about a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    /// May be empty; people then call it by its time.
    #[serde(default)]
    pub name: String,
    pub when: When,
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Instead of what the script says about unfinished runs.
    #[serde(default)]
    pub overlap: Option<Overlap>,
    #[serde(default)]
    pub missed: Missed,
    /// How late a missed fire may still be made up for.
    #[serde(default = "default_start_deadline")]
    pub start_deadline_seconds: u64,
    /// Every fire is delayed by the same time, at most this. Which it is follows from the schedule's id.
    #[serde(default)]
    pub jitter_seconds: u64,
    #[serde(default)]
    pub retry: Retry,
    pub enabled: bool,
}

const fn default_start_deadline() -> u64 {
    HOUR
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum When {
    /// Again and again.
    Cron {
        expression: String,
        /// The IANA name of the zone whose clocks count.
        zone: String,
    },
    /// At one instant.
    Once { at: Timestamp },
}

/// What becomes of fires that are more than a minute late, because nobody was there or the clock jumped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// They are skipped.
    None,
    /// The latest one runs for all of them.
    #[default]
    Latest,
    /// All run, in order, up to a hundred.
    All,
}

/// Whether and when a run that went wrong is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Runs for one fire, at most; 1 means that nothing is tried again.
    pub attempts: u32,
    /// Before the second attempt.
    pub delay_seconds: u64,
    pub backoff: Backoff,
    /// No delay is longer.
    pub longest_delay_seconds: u64,
    pub after_lost: AfterLost,
}

/// How the delay goes on from attempt to attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// The same each time.
    Fixed,
    /// Twice as long each time.
    #[default]
    Doubling,
}

/// What follows a run of which nobody knows how far it came, because the machine or the engine went down under it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterLost {
    /// Nothing: it may have done its work.
    #[default]
    Fail,
    /// Another run at once, even where nothing else is tried again.
    Rerun,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            delay_seconds: 60,
            backoff: Backoff::default(),
            longest_delay_seconds: HOUR,
            after_lost: AfterLost::default(),
        }
    }
}

impl Schedule {
    /// As it is after a change at `now`. Nothing that was due before is due under the new terms.
    pub fn changed(&self, terms: Terms, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            terms,
            // What has fired while the clock was a little ahead does not fire again.
            cursor: self.cursor.max(now),
            updated_at: now,
            ..self.clone()
        }
    }

    /// Whether it never fires again.
    pub fn is_done(&self) -> bool {
        matches!(self.terms.when, When::Once { at } if at <= self.cursor)
    }
}

impl Terms {
    /// What holds where somebody says no more than when.
    pub fn of(when: When) -> Self {
        Self {
            name: String::new(),
            when,
            args: Vec::new(),
            env: BTreeMap::new(),
            overlap: None,
            missed: Missed::default(),
            start_deadline_seconds: default_start_deadline(),
            jitter_seconds: 0,
            retry: Retry::default(),
            enabled: true,
        }
    }

    pub fn start_deadline(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.start_deadline_seconds).unwrap_or(i64::MAX))
    }

    /// Refuses the first that is out of bounds, saying which and what is allowed.
    pub fn check(&self) -> Result<(), Invalid> {
        let invalid = |field, message: String| Err(Invalid { field, message });
        if self.name.chars().count() > NAME_CHARS {
            return invalid("name", format!("A name may have at most {NAME_CHARS} characters"));
        }
        if self.name.chars().any(char::is_control) {
            return invalid("name", "A name may not contain control characters".to_owned());
        }
        if let When::Once { at } = self.when
            && !(Timestamp::UNIX_EPOCH..END).contains(&at)
        {
            return invalid("at", "The time must lie before the year 2101".to_owned());
        }
        arguments::check(&self.args, &self.env)?;
        within(
            "start_deadline_seconds",
            Some(self.start_deadline_seconds),
            60,
            31 * DAY,
        )?;
        within("jitter_seconds", Some(self.jitter_seconds), 0, DAY - 1)?;
        let retry = &self.retry;
        within("attempts", Some(retry.attempts.into()), 1, 10)?;
        within("delay_seconds", Some(retry.delay_seconds), 1, DAY)?;
        within(
            "longest_delay_seconds",
            Some(retry.longest_delay_seconds),
            retry.delay_seconds,
            7 * DAY,
        )?;
        Ok(())
    }
}

impl From<OutOfBounds> for Invalid {
    fn from(OutOfBounds { field, message }: OutOfBounds) -> Self {
        Self { field, message }
    }
}

/// Values that tests start from.
#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    pub(crate) fn schedule(when: When, cursor: Timestamp) -> Schedule {
        Schedule {
            id: ScheduleId::generate(),
            script_id: ScriptId::generate(),
            version: 1,
            terms: Terms::of(when),
            cursor,
            created_at: cursor,
            updated_at: cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn nightly() -> Terms {
        Terms::of(When::Cron {
            expression: "0 2 * * *".to_owned(),
            zone: "UTC".to_owned(),
        })
    }

    #[test]
    fn who_says_only_when_gets_the_defaults() {
        let json = r#"{"when": {"kind": "cron", "expression": "0 2 * * *", "zone": "UTC"}, "enabled": true}"#;
        assert_eq!(serde_json::from_str::<Terms>(json).expect("terms"), nightly());
        assert_eq!(nightly().check(), Ok(()));
    }

    #[test]
    fn terms_out_of_bounds_are_named() {
        let with = |change: fn(&mut Terms)| {
            let mut terms = nightly();
            change(&mut terms);
            terms
        };
        let table = [
            (with(|t| t.name = "x".repeat(101)), "name"),
            (with(|t| t.name = "a\nb".to_owned()), "name"),
            (with(|t| t.args = vec!["\0".to_owned()]), "args"),
            (
                with(|t| t.env = [("A-B".to_owned(), String::new())].into()),
                "env",
            ),
            (with(|t| t.when = When::Once { at: Timestamp::MAX }), "at"),
            (with(|t| t.when = When::Once { at: Timestamp::MIN }), "at"),
            (with(|t| t.start_deadline_seconds = 59), "start_deadline_seconds"),
            (with(|t| t.jitter_seconds = DAY), "jitter_seconds"),
            (with(|t| t.retry.attempts = 0), "attempts"),
            (with(|t| t.retry.delay_seconds = 0), "delay_seconds"),
            (
                with(|t| t.retry.longest_delay_seconds = 59),
                "longest_delay_seconds",
            ),
        ];
        for (terms, field) in table {
            assert_eq!(terms.check().expect_err(field).field, field);
        }
    }

    #[test]
    fn a_change_begins_now_and_never_earlier_than_what_has_fired() {
        let schedule = tests_support::schedule(nightly().when, at(1_000));
        let later = schedule.changed(nightly(), at(2_000));
        assert_eq!((later.version, later.cursor), (2, at(2_000)));
        let clock_went_back = schedule.changed(nightly(), at(995));
        assert_eq!((clock_went_back.version, clock_went_back.cursor), (2, at(1_000)));
    }

    #[test]
    fn what_happens_once_is_done_when_its_time_is_covered() {
        let once = When::Once { at: at(1_000) };
        assert!(!tests_support::schedule(once.clone(), at(999)).is_done());
        assert!(tests_support::schedule(once, at(1_000)).is_done());
        assert!(!tests_support::schedule(nightly().when, at(1_000)).is_done());
    }
}
