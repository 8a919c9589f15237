//! The loop around a started process: output, signals, deadlines, samples, reaping; then the drain.
//!
//! Invariants: one thread, one `ppoll`; nothing here waits for the disk except the writes of log and samples. After the main
//! process has ended, what it left behind is killed, and the pipes are read until they end or [`DRAIN_US`] is over.
//! Writes no facts.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use pytask_protocol::{ExitCause, SpecLimits};

use crate::child::{Child, StartFailure};
use crate::ending::{Act, Ending};
use crate::log::{Log, Moment, Sink};
use crate::mask::Mask;
use crate::output::Output;
use crate::processes::Processes;
use crate::samples::{Peaks, Samples};
use crate::sys;

/// How long output may still come after the main process has ended.
const DRAIN_US: u64 = 2_000_000;
/// Workers that end with their parent (a pool's, a resource tracker) need this moment to notice.
const LEAVE_US: u64 = 100_000;

/// What became of the process.
pub(crate) struct Ended {
    pub cause: ExitCause,
    /// Raw wait status of the main process.
    pub status: i32,
    pub start_failure: Option<StartFailure>,
    /// When the main process was found ended.
    pub at: Moment,
    pub killed_after_grace: bool,
    pub peaks: Peaks,
}

/// What a supervision listens to, keeps to and writes to.
pub(crate) struct Means<'a, S> {
    pub signals: BorrowedFd<'a>,
    pub limits: &'a SpecLimits,
    pub log: &'a mut Log<S>,
    pub samples: Samples,
    pub mask: Option<&'a Mask>,
}

pub(crate) struct Supervision<'a, S> {
    signals: BorrowedFd<'a>,
    log: &'a mut Log<S>,
    limits: &'a SpecLimits,
    samples: Samples,
    output: Output,
    report: Option<OwnedFd>,
    start_failure: Option<StartFailure>,
    processes: Processes,
    ending: Ending,
    ended_at: Option<Moment>,
}

impl<'a, S: Sink> Supervision<'a, S> {
    pub(crate) fn new(child: Child, started: Moment, means: Means<'a, S>) -> Self {
        let Means {
            signals,
            limits,
            log,
            samples,
            mask,
        } = means;
        Supervision {
            signals,
            log,
            limits,
            samples,
            output: Output::new(child.stdout, child.stderr, mask),
            report: Some(child.report),
            start_failure: None,
            processes: Processes::new(child.pid),
            ending: Ending::new(limits, started.mono_us),
            ended_at: None,
        }
    }

    /// Until the main process has ended and its output is drained.
    pub(crate) fn until_ended(mut self) -> Ended {
        loop {
            let next = match self.ended_at {
                None => self.act_in_time(),
                Some(ended_at) => match self.drained(ended_at) {
                    Some(ended) => return ended,
                    None => self.next_look(ended_at),
                },
            };
            let now_us = sys::monotonic_us();
            let pause = self
                .output
                .pause_until(now_us)
                .filter(|_| self.ended_at.is_none());
            let [stdout, stderr] = match pause {
                None => self.output.pipes(),
                Some(_) => [None, None],
            };
            let wake_at = pause.map_or(next, |pause| pause.min(next));
            let [signalled, reported, out, err] = sys::wait_readable(
                [
                    Some(self.signals),
                    self.report.as_ref().map(AsFd::as_fd),
                    stdout,
                    stderr,
                ],
                Some(Duration::from_micros(wake_at.saturating_sub(now_us))),
            )
            // A wait that fails means trying everything; nothing here blocks.
            .unwrap_or([true; 4]);
            self.output.read([out, err], self.log);
            if reported {
                self.read_report();
            }
            if signalled {
                self.take_signals();
            }
        }
    }

    /// Does what is due and tells when to look again.
    fn act_in_time(&mut self) -> u64 {
        let now = Moment::now();
        self.samples.take_if_due(now);
        while let Some(act) = self.ending.due(now.mono_us) {
            match act {
                Act::Ask => {
                    let why = match self.ending.cause() {
                        ExitCause::TimeLimit => {
                            format!("The run-time limit of {} is reached", seconds(self.limits.run_ms))
                        }
                        _ => "A stop was requested".to_owned(),
                    };
                    let grace = seconds(self.limits.stop_grace_ms);
                    self.log.note(
                        now,
                        &format!("{why}: SIGTERM sent, SIGKILL follows after {grace}."),
                    );
                    self.processes.ask_to_stop();
                }
                Act::Kill => {
                    let grace = seconds(self.limits.stop_grace_ms);
                    self.log
                        .note(now, &format!("Still running {grace} after SIGTERM: killed."));
                    self.processes.kill_all();
                }
                Act::KillAgain => self.processes.kill_all(),
            }
        }
        let sample_at = self.samples.next();
        self.ending.next().map_or(sample_at, |at| at.min(sample_at))
    }

    fn take_signals(&mut self) {
        while let Some(signal) = sys::next_signal(self.signals) {
            if signal != libc::SIGCHLD {
                self.ending.stop();
            }
        }
        self.processes.reap();
        if self.processes.main_status().is_some() && self.ended_at.is_none() {
            let now = Moment::now();
            self.ended_at = Some(now);
            self.samples.take(now);
            // An exec that failed was reported before the end.
            self.read_report();
        }
    }

    fn read_report(&mut self) {
        if let Some(report) = &self.report
            && let Some(outcome) = StartFailure::read(report)
        {
            self.start_failure = outcome.err();
            self.report = None;
        }
    }

    /// What the script left may leave by itself, for a moment, if the end was its own.
    fn may_leave(&self, ended_at: Moment) -> bool {
        self.ending.cause() == ExitCause::Own && sys::monotonic_us() < ended_at.mono_us + LEAVE_US
    }

    /// When something is to be done after the end, if nothing happens before.
    fn next_look(&self, ended_at: Moment) -> u64 {
        let waits = self.processes.any_left() && self.may_leave(ended_at);
        ended_at.mono_us + if waits { LEAVE_US } else { DRAIN_US }
    }

    /// Kills what does not leave; the result once there is nothing to wait for any more, or time is over.
    fn drained(&mut self, ended_at: Moment) -> Option<Ended> {
        self.processes.reap();
        if self.processes.any_left() && !self.may_leave(ended_at) {
            self.processes.kill_all();
            self.processes.reap();
        }
        let now = Moment::now();
        let done = self.output.is_over() && !self.processes.any_left();
        if !done && now.mono_us < ended_at.mono_us + DRAIN_US {
            return None;
        }
        self.output.close(self.log);
        match self.processes.left_behind() {
            // When we ended the run, that much is expected.
            _ if self.ending.cause() != ExitCause::Own => {}
            0 => {}
            1 => self
                .log
                .note(now, "One process that the script left behind was killed."),
            count => self.log.note(
                now,
                &format!("{count} processes that the script left behind were killed."),
            ),
        }
        Some(Ended {
            cause: if self.start_failure.is_some() {
                ExitCause::StartFailed
            } else {
                self.ending.cause()
            },
            status: self.processes.main_status().unwrap_or_default(),
            start_failure: self.start_failure,
            at: ended_at,
            killed_after_grace: self.ending.has_killed(),
            peaks: self.samples.peaks(),
        })
    }
}

fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1_000) {
        format!("{} s", ms / 1_000)
    } else {
        format!("{ms} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_whole_seconds_where_they_are() {
        assert_eq!(
            (seconds(10_000).as_str(), seconds(1_500).as_str()),
            ("10 s", "1500 ms")
        );
    }
}
