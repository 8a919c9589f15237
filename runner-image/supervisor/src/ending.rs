//! When a run is ended by us, and how: first asked, then, after the grace, killed. The first cause counts.
//!
//! Pure: times are arguments, in microseconds of one monotonic clock, so that clock jumps end nothing.

use pytask_protocol::{ExitCause, SpecLimits};

/// While the main process does not go, everything is killed again so often (what is killed may have forked).
const KILL_AGAIN_US: u64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// SIGTERM to the script's process group.
    Ask,
    /// SIGKILL to everything, for the first time.
    Kill,
    /// The same once more.
    KillAgain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Asked { kill_at: u64 },
    Killed { again_at: u64 },
}

pub(crate) struct Ending {
    phase: Phase,
    cause: ExitCause,
    stop_wanted: bool,
    limit_at: Option<u64>,
    grace_us: u64,
}

impl Ending {
    /// For a process started at `start`.
    pub(crate) fn new(limits: &SpecLimits, start: u64) -> Ending {
        let run_us = limits.run_ms.saturating_mul(1_000);
        Ending {
            phase: Phase::Running,
            cause: ExitCause::Own,
            stop_wanted: false,
            limit_at: (run_us > 0).then(|| start.saturating_add(run_us)),
            grace_us: limits.stop_grace_ms.saturating_mul(1_000),
        }
    }

    /// Somebody wants the run stopped. Takes effect with the next [`Ending::due`]; more than once is once.
    pub(crate) fn stop(&mut self) {
        self.stop_wanted = true;
    }

    /// What is to be done now. Ask again until `None`.
    pub(crate) fn due(&mut self, now: u64) -> Option<Act> {
        match self.phase {
            Phase::Running => {
                self.cause = match self.limit_at {
                    _ if self.stop_wanted => ExitCause::StopRequested,
                    Some(limit_at) if now >= limit_at => ExitCause::TimeLimit,
                    _ => return None,
                };
                self.phase = Phase::Asked {
                    kill_at: now.saturating_add(self.grace_us),
                };
                Some(Act::Ask)
            }
            Phase::Asked { kill_at } if now >= kill_at => {
                self.phase = Phase::Killed {
                    again_at: now + KILL_AGAIN_US,
                };
                Some(Act::Kill)
            }
            Phase::Killed { again_at } if now >= again_at => {
                self.phase = Phase::Killed {
                    again_at: now + KILL_AGAIN_US,
                };
                Some(Act::KillAgain)
            }
            Phase::Asked { .. } | Phase::Killed { .. } => None,
        }
    }

    /// When [`Ending::due`] has to be asked again at the latest.
    pub(crate) fn next(&self) -> Option<u64> {
        match self.phase {
            Phase::Running => self.limit_at,
            Phase::Asked { kill_at } => Some(kill_at),
            Phase::Killed { again_at } => Some(again_at),
        }
    }

    pub(crate) fn cause(&self) -> ExitCause {
        self.cause
    }

    /// Whether the grace was over and the run still there.
    pub(crate) fn has_killed(&self) -> bool {
        matches!(self.phase, Phase::Killed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(run_ms: u64, stop_grace_ms: u64) -> SpecLimits {
        SpecLimits {
            run_ms,
            stop_grace_ms,
            log_bytes: 0,
        }
    }

    #[test]
    fn the_limit_asks_then_kills_then_kills_again() {
        let mut ending = Ending::new(&limits(10, 5), 1_000);
        assert_eq!(
            (ending.due(10_999), ending.next(), ending.cause()),
            (None, Some(11_000), ExitCause::Own)
        );
        assert_eq!(ending.due(11_000), Some(Act::Ask));
        assert_eq!((ending.due(15_999), ending.next()), (None, Some(16_000)));
        assert!(!ending.has_killed());
        assert_eq!(ending.due(16_000), Some(Act::Kill));
        assert!(ending.has_killed());
        assert_eq!(ending.due(16_000 + KILL_AGAIN_US), Some(Act::KillAgain));
        assert_eq!(ending.cause(), ExitCause::TimeLimit);
    }

    #[test]
    fn the_first_cause_counts_and_a_second_stop_changes_nothing() {
        let mut ending = Ending::new(&limits(10, 5), 0);
        ending.stop();
        assert_eq!(ending.due(1_000), Some(Act::Ask));
        ending.stop();
        assert_eq!((ending.due(5_999), ending.next()), (None, Some(6_000)));
        assert_eq!(ending.due(20_000), Some(Act::Kill));
        assert_eq!(ending.cause(), ExitCause::StopRequested);
    }

    #[test]
    fn no_limit_and_no_grace() {
        let mut ending = Ending::new(&limits(0, 0), 7);
        assert_eq!((ending.due(u64::MAX / 2), ending.next()), (None, None));
        ending.stop();
        assert_eq!(ending.due(9), Some(Act::Ask));
        assert_eq!(ending.due(9), Some(Act::Kill));
        let mut forever = Ending::new(&limits(u64::MAX, u64::MAX), 7);
        forever.stop();
        assert_eq!(forever.due(9), Some(Act::Ask));
        assert_eq!(forever.due(u64::MAX / 2), None);
    }
}
