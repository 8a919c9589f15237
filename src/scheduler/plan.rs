//! What is to be done about schedules at this moment: pure.
//!
//! For each schedule, everything that has come due since its cursor gets a decision, and the cursor moves over it. Both
//! belong into one transaction, which compares with what was [`Seen`] here; carried out or not at all, a step may be
//! asked for again. So every due instant of a version ends in exactly one decision, whatever is cut short.
//!
//! Instants are those of the timetable. A schedule's jitter delays all of them alike, so it is as if its clock went
//! slow by that much. Whether unfinished runs are in the way is not decided here but where runs are admitted.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fires::Fire;
use super::jitter::jitter;
use super::timetable::Timetable;
use super::zone::timestamp;
use crate::model::ids::ScheduleId;
use crate::model::schedule::{Missed, Schedule, When};

/// A fire that is not later than this is nothing special.
pub const NORMAL: SignedDuration = SignedDuration::from_secs(60);
/// Instants of one schedule that are decided on one by one; more are summed up.
pub const LISTED: usize = 1_000;
/// Missed fires that are made up for at once, where all of them are.
pub const MADE_UP: usize = 100;
/// A cursor may be so far ahead of the clock, which is set right by a little now and then.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

pub struct Entry<'a> {
    pub schedule: &'a Schedule,
    pub timetable: &'a Timetable,
    pub script: Script,
}

/// Whether the schedule's script takes part at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Active,
    /// Its fires are due, and skipped.
    Paused,
    /// So are those of all scripts.
    AllPaused,
}

impl Script {
    fn pause(self) -> Option<SkipReason> {
        match self {
            Self::Active => None,
            Self::Paused => Some(SkipReason::Paused),
            Self::AllPaused => Some(SkipReason::AllPaused),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// When something is due next, if ever.
    pub wake: Option<Timestamp>,
}

/// One transaction: to be carried out if everything still is as it was seen, and otherwise to be planned again.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub seen: Seen,
    pub change: Change,
}

/// What a step was planned for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub schedule: ScheduleId,
    pub version: i64,
    pub cursor: Timestamp,
    pub script: Script,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Everything between the cursor and `until` is decided; the cursor is there now.
    Cover {
        until: Timestamp,
        /// What came before the decisions, if that was too much.
        summary: Option<Summary>,
        /// In order.
        decisions: Vec<Decision>,
    },
    /// The clock was set back for longer than could be waited for: as the next version the schedule begins anew at
    /// `to`, and what it has fired in the time that is to come now, it may fire again. Worth telling.
    BeginAnew { to: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub fire: Fire,
    /// Since its moment, jitter included.
    pub lateness: SignedDuration,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Submit,
    Skip(SkipReason),
}

/// Why a fire did not become a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its script was paused.
    Paused,
    /// All schedules were.
    AllPaused,
    /// It was missed, and the schedule makes up for nothing.
    NotMadeUp,
    /// It was missed for longer than its schedule allows.
    MissedDeadline,
    /// It was missed, and a later one runs for it.
    Coalesced,
    /// It was missed, and as many later ones run as may at once.
    TooMany,
}

impl SkipReason {
    /// For people: the end of a sentence that begins with "Skipped".
    pub fn words(self) -> &'static str {
        match self {
            Self::Paused => "the script was paused when it was due",
            Self::AllPaused => "all schedules were paused when it was due",
            Self::NotMadeUp => "it was missed, and this schedule does not make up for missed fires",
            Self::MissedDeadline => "it was missed for longer than this schedule makes up for",
            Self::Coalesced => "it was missed, and a later fire runs for it",
            Self::TooMany => "it was missed, and no more than the latest hundred are made up for",
        }
    }
}

/// Fires that have no row of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// They lie after this instant,
    pub after: Timestamp,
    /// and not after this one.
    pub until: Timestamp,
    pub count: u64,
    /// As of the latest of them.
    pub reason: SkipReason,
}

pub fn plan(now: Timestamp, entries: &[Entry<'_>]) -> Plan {
    let mut plan = Plan::default();
    for entry in entries.iter().filter(|entry| entry.schedule.terms.enabled) {
        let jitter = jitter(entry.schedule, entry.timetable);
        let (change, next) = look(now, later(now, -jitter), entry);
        plan.steps.extend(change.map(|change| entry.step(change)));
        let due = next.map(|fire| later(fire.at, jitter));
        plan.wake = plan.wake.into_iter().chain(due).min();
    }
    plan
}

/// What has to be decided before a schedule is changed or deleted, or its script paused or taken up again: everything
/// up to now, without waiting for jitter. Belongs into the same transaction, before the change.
pub fn settle(now: Timestamp, entry: &Entry<'_>) -> Option<Step> {
    if !entry.schedule.terms.enabled {
        return None;
    }
    let (change, _) = look(now, now, entry);
    change.map(|change| entry.step(change))
}

impl Entry<'_> {
    pub fn seen(&self) -> Seen {
        Seen {
            schedule: self.schedule.id.clone(),
            version: self.schedule.version,
            cursor: self.schedule.cursor,
            script: self.script,
        }
    }

    fn step(&self, change: Change) -> Step {
        Step {
            seen: self.seen(),
            change,
        }
    }
}

/// What has come due until then, and the first fire after it.
fn look(now: Timestamp, until: Timestamp, entry: &Entry<'_>) -> (Option<Change>, Option<Fire>) {
    let (timetable, cursor) = (entry.timetable, entry.schedule.cursor);
    if is_stranded(now, entry) {
        return (Some(Change::BeginAnew { to: now }), timetable.next(now));
    }
    let next = timetable.next(cursor);
    if next.is_none_or(|next| next.at > until) {
        return (None, next);
    }
    let start = start_of_list(timetable, cursor, until);
    let decisions = decide(now, entry, &timetable.first(start, until, LISTED));
    let summed_up = timetable.count(cursor, start);
    let summary = (summed_up > 0).then(|| Summary {
        after: cursor,
        until: start,
        count: summed_up,
        reason: reason_before(now, entry, start),
    });
    let change = Change::Cover {
        until,
        summary,
        decisions,
    };
    (Some(change), timetable.next(until))
}

/// Whether the clock went back for so long that waiting for it would be an outage of its own.
fn is_stranded(now: Timestamp, entry: &Entry<'_>) -> bool {
    let ahead = entry.schedule.cursor.duration_since(now);
    if ahead <= AHEAD || matches!(entry.schedule.terms.when, When::Once { .. }) {
        return false;
    }
    let next = |after| entry.timetable.next(after).map(|fire| fire.at);
    let period = next(now).and_then(|first| Some(next(first)?.duration_since(first)));
    period.is_some_and(|period| ahead > period)
}

/// The earliest instant after which there are no more fires than can be listed.
fn start_of_list(timetable: &Timetable, cursor: Timestamp, until: Timestamp) -> Timestamp {
    let fits = |start| timetable.count(start, until) <= LISTED as u64;
    if fits(cursor) {
        return cursor;
    }
    let (mut too_early, mut fitting) = (cursor.as_second(), until.as_second());
    while fitting - too_early > 1 {
        let middle = too_early + (fitting - too_early) / 2;
        if fits(timestamp(middle)) {
            fitting = middle;
        } else {
            too_early = middle;
        }
    }
    timestamp(fitting)
}

fn decide(now: Timestamp, entry: &Entry<'_>, fires: &[Fire]) -> Vec<Decision> {
    let terms = &entry.schedule.terms;
    let jitter = jitter(entry.schedule, entry.timetable);
    let decide = |(index, fire): (usize, &Fire)| {
        let lateness = now
            .duration_since(later(fire.at, jitter))
            .max(SignedDuration::ZERO);
        let later_ones = fires.len() - 1 - index;
        let verdict = if let Some(paused) = entry.script.pause() {
            Verdict::Skip(paused)
        } else if lateness <= NORMAL {
            Verdict::Submit
        } else {
            match terms.missed {
                Missed::None => Verdict::Skip(SkipReason::NotMadeUp),
                _ if lateness > terms.start_deadline() => Verdict::Skip(SkipReason::MissedDeadline),
                Missed::Latest if later_ones > 0 => Verdict::Skip(SkipReason::Coalesced),
                Missed::All if later_ones >= MADE_UP => Verdict::Skip(SkipReason::TooMany),
                Missed::Latest | Missed::All => Verdict::Submit,
            }
        };
        Decision {
            fire: *fire,
            lateness,
            verdict,
        }
    };
    fires.iter().enumerate().map(decide).collect()
}

/// Of fires up to this instant, each of which has many after it.
fn reason_before(now: Timestamp, entry: &Entry<'_>, until: Timestamp) -> SkipReason {
    let terms = &entry.schedule.terms;
    match (entry.script, terms.missed) {
        (Script::Paused, _) => SkipReason::Paused,
        (Script::AllPaused, _) => SkipReason::AllPaused,
        (_, Missed::None) => SkipReason::NotMadeUp,
        _ if now.duration_since(until) > terms.start_deadline() => SkipReason::MissedDeadline,
        (_, Missed::Latest) => SkipReason::Coalesced,
        (_, Missed::All) => SkipReason::TooMany,
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
