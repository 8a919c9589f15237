//! How far the work on an image is: kept in memory, bounded, and told to whoever watches, though not too often.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::Progress;
use crate::events::{Events, News};

const LINES: usize = 200;
const TELL_EVERY: Duration = Duration::from_millis(300);

/// What is being done at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Waiting,
    /// `part` and `whole` are bytes, as far as the layers are known.
    Pulling,
    /// `part` and `whole` are steps.
    Building,
    Examining,
    Removing,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = ImageProgress)]
pub struct Report {
    pub phase: Phase,
    pub part: u64,
    /// 0 while unknown.
    pub whole: u64,
    /// The last lines of what the engine said.
    pub lines: Vec<String>,
}

pub(super) struct Work {
    state: Mutex<State>,
    events: Events,
}

#[derive(Default)]
struct State {
    phase: Phase,
    part: u64,
    whole: u64,
    lines: VecDeque<String>,
    told_at: Option<Instant>,
}

impl Work {
    pub(super) fn new(events: Events) -> Self {
        Self {
            state: Mutex::default(),
            events,
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        let mut state = self.state();
        (state.phase, state.part, state.whole) = (phase, 0, 0);
        drop(state);
        self.events.publish(News::Images);
    }

    pub(super) fn hear(&self, progress: Progress) {
        let mut state = self.state();
        match progress {
            Progress::Done { part, whole } => (state.part, state.whole) = (part, whole),
            Progress::Said(line) => {
                if state.lines.len() == LINES {
                    state.lines.pop_front();
                }
                state.lines.push_back(line);
            }
        }
        if state.told_at.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            state.told_at = Some(Instant::now());
            drop(state);
            self.events.publish(News::Images);
        }
    }

    pub(super) fn report(&self) -> Report {
        let state = self.state();
        Report {
            phase: state.phase,
            part: state.part,
            whole: state.whole,
            lines: state.lines.iter().cloned().collect(),
        }
    }

    /// What was said last, for the sentence about a failure.
    pub(super) fn last_lines(&self, count: usize) -> Vec<String> {
        let state = self.state();
        let skipped = state.lines.len().saturating_sub(count);
        state.lines.iter().skip(skipped).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_watchers_are_not_flooded() {
        let events = Events::default();
        let mut heard = events.subscribe();
        let work = Work::new(events);
        work.enter(Phase::Pulling);
        for n in 0..1_000 {
            work.hear(Progress::Said(n.to_string()));
            work.hear(Progress::Done {
                part: n,
                whole: 1_000,
            });
        }
        let report = work.report();
        assert_eq!(
            (report.part, report.whole, report.lines.len()),
            (999, 1_000, LINES)
        );
        assert_eq!(report.lines.last().map(String::as_str), Some("999"));
        assert_eq!(work.last_lines(2), ["998", "999"]);
        let mut told = 0;
        while heard.try_recv().is_ok() {
            told += 1;
        }
        assert!((2..20).contains(&told), "{told}");
        work.enter(Phase::Building);
        assert_eq!(work.report().part, 0);
    }
}
