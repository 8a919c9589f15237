//! Schedules: when scripts are due, and what is to be done about it.
//!
//! Everything here is pure: text becomes an [`expression`], with a zone a [`timetable`], that gives [`fires`]; from
//! these and a moment, [`plan`] decides what is submitted, what is skipped and why. The rules are those of
//! `docs/schedules.md`. Knows no clock and no database; whoever carries out a plan brings both.

pub mod calendar;
pub mod expression;
pub mod fires;
pub mod jitter;
pub mod notes;
pub mod plan;
pub mod retry;
#[cfg(test)]
mod simulation;
pub mod timetable;
pub mod words;
pub mod zone;
