//! Fires: the instants at which an expression is due in a zone, through every change of its clocks.
//!
//! Vixie cron's rule. An expression whose minute and hour name times (neither begins with `*`) means *once on that
//! day*: a time that the clock jumps over is due right after the jump, several of them together, and a time that comes
//! twice is due the first time. Any other expression means *elapsed time*: nothing is due for what did not happen, and
//! what happens twice is due twice. A field of seconds changes nothing about that. Pure; the fires of (a, b] and of
//! (b, c] are together those of (a, c].

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::calendar;
use super::expression::Expression;
use super::zone::{Stretch, timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fire {
    /// A whole second.
    pub at: Timestamp,
    pub mark: Mark,
}

/// What a change of the clocks has to do with a fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Nothing.
    Usual,
    /// The clock jumps over the time; it is due right after the jump.
    Moved,
    /// The time comes twice, and is due the first time only.
    OnceOfTwo,
    /// The time comes twice and is due twice; this is the first.
    FirstPass,
    /// This is the second.
    SecondPass,
}

/// The fires after an instant, one by one, up to the end of the calendar.
pub struct Walk<'a> {
    expression: &'a Expression,
    zone: &'a TimeZone,
    stretch: Stretch,
    /// Civil time in this stretch that has been dealt with.
    done: i64,
}

impl<'a> Walk<'a> {
    pub fn after(expression: &'a Expression, zone: &'a TimeZone, instant: Timestamp) -> Self {
        let instant = instant.as_second();
        let stretch = Stretch::at(zone, instant);
        let done = (instant + stretch.offset).max(skipped(expression, &stretch));
        Self {
            expression,
            zone,
            stretch,
            done,
        }
    }

    /// Goes over the change of the clocks at the end of the stretch, and answers that stretch.
    fn cross(&mut self) -> Stretch {
        let left = self.stretch;
        self.stretch = Stretch::at(self.zone, left.until);
        self.done = (left.resumes() - 1).max(skipped(self.expression, &self.stretch));
        left
    }

    /// What is due right after the change takes with it what is due at that very second anyway.
    fn merge(&mut self, change: &Stretch) {
        self.done = self.done.max(change.resumes());
    }
}

impl Iterator for Walk<'_> {
    type Item = Fire;

    fn next(&mut self) -> Option<Fire> {
        let calendar = self.expression.calendar();
        let mut civil = calendar.after(self.done)?;
        while civil >= self.stretch.end() {
            let left = self.cross();
            if self.expression.fields().is_fixed() && civil < left.resumes() {
                self.merge(&left);
                return Some(Fire {
                    at: timestamp(left.until),
                    mark: Mark::Moved,
                });
            }
            let turned_back = left.resumes() < left.end();
            if turned_back || civil <= self.done {
                civil = calendar.after(self.done)?;
            }
        }
        self.done = civil;
        Some(Fire {
            at: timestamp(civil - self.stretch.offset),
            mark: mark(self.expression, &self.stretch, civil),
        })
    }
}

/// How many fires there are after the one instant and until the other, without going through them.
pub fn count(expression: &Expression, zone: &TimeZone, after: Timestamp, until: Timestamp) -> u64 {
    let calendar = expression.calendar();
    let until = until.as_second();
    let mut walk = Walk::after(expression, zone, after);
    let mut count = 0;
    while walk.stretch.until <= until.min(calendar::END) {
        count += calendar.count(walk.done, walk.stretch.end() - 1);
        let left = walk.cross();
        let in_gap = calendar.count(left.end() - 1, left.resumes() - 1);
        if expression.fields().is_fixed() && in_gap > 0 {
            count += 1;
            walk.merge(&left);
        }
    }
    count + calendar.count(walk.done, until.saturating_add(walk.stretch.offset))
}

/// Civil time before this belongs to the stretch before, if it comes twice and is due once.
fn skipped(expression: &Expression, stretch: &Stretch) -> i64 {
    if expression.fields().is_fixed() {
        stretch.news().saturating_sub(1)
    } else {
        i64::MIN
    }
}

fn mark(expression: &Expression, stretch: &Stretch, civil: i64) -> Mark {
    if civil >= stretch.resumes() {
        if expression.fields().is_fixed() {
            Mark::OnceOfTwo
        } else {
            Mark::FirstPass
        }
    } else if civil < stretch.news() {
        Mark::SecondPass
    } else {
        Mark::Usual
    }
}

#[cfg(test)]
#[path = "fires_tests.rs"]
mod tests;
