//! The loop around a started process: pipes into the log, signals, deadlines, reaping; then the drain.
//!
//! Invariants: one thread, one `ppoll`; nothing here waits for the disk except the log's own writes; the log gets
//! the bytes in the order of reading, nothing added to them. After the main process has ended, what it left
//! behind is killed, and the pipes are read until they end or [`DRAIN_US`] is over. Writes no facts.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use pytask_protocol::frame::{MAX_PAYLOAD, Stream};
use pytask_protocol::{ExitCause, SpecLimits};

use crate::child::{Child, StartFailure};
use crate::ending::{Act, Ending};
use crate::log::{Log, Moment, Sink};
use crate::pace::Pace;
use crate::processes::Processes;
use crate::sys;

/// How long output may still come after the main process has ended.
const DRAIN_US: u64 = 2_000_000;
/// Workers that end with their parent (a pool's, a resource tracker) need this moment to notice.
const LEAVE_US: u64 = 100_000;
/// How long the next piece of an unfinished line is waited for, and how many pieces at most.
const PIECE_GAP: Duration = Duration::from_micros(100);
const MOST_PIECES: usize = 8;

/// What became of the process.
pub(crate) struct Ended {
    pub cause: ExitCause,
    /// Raw wait status of the main process.
    pub status: i32,
    pub start_failure: Option<StartFailure>,
    /// When the main process was found ended.
    pub at: Moment,
}

pub(crate) fn now() -> Moment {
    Moment {
        wall_us: sys::wall_us(),
        mono_us: sys::monotonic_us(),
    }
}

pub(crate) struct Supervision<'a, S> {
    signals: BorrowedFd<'a>,
    log: &'a mut Log<S>,
    limits: &'a SpecLimits,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    report: Option<OwnedFd>,
    start_failure: Option<StartFailure>,
    processes: Processes,
    ending: Ending,
    pace: Pace,
    ended_at: Option<Moment>,
}

impl<'a, S: Sink> Supervision<'a, S> {
    pub(crate) fn new(
        child: Child,
        started: Moment,
        limits: &'a SpecLimits,
        signals: BorrowedFd<'a>,
        log: &'a mut Log<S>,
    ) -> Self {
        Supervision {
            signals,
            log,
            limits,
            stdout: Some(child.stdout),
            stderr: Some(child.stderr),
            report: Some(child.report),
            start_failure: None,
            processes: Processes::new(child.pid),
            ending: Ending::new(limits, started.mono_us),
            pace: Pace::new(),
            ended_at: None,
        }
    }

    /// Until the main process has ended and its output is drained.
    pub(crate) fn until_ended(mut self) -> Ended {
        let mut buffer = vec![0; MAX_PAYLOAD];
        loop {
            let timeout = match self.ended_at {
                None => self.act_in_time(),
                Some(ended_at) => match self.drained(ended_at) {
                    Some(ended) => return ended,
                    None => Some(self.next_look(ended_at)),
                },
            };
            let now_us = sys::monotonic_us();
            let pause = self.pace.pause_until(now_us).filter(|_| self.ended_at.is_none());
            let pipes = |pipe: &'_ Option<OwnedFd>| pause.is_none() && pipe.is_some();
            let (read_out, read_err) = (pipes(&self.stdout), pipes(&self.stderr));
            let wake_at = [timeout, pause].into_iter().flatten().min();
            let [signalled, reported, out, err] = sys::wait_readable(
                [
                    Some(self.signals),
                    self.report.as_ref().map(AsFd::as_fd),
                    self.stdout.as_ref().filter(|_| read_out).map(AsFd::as_fd),
                    self.stderr.as_ref().filter(|_| read_err).map(AsFd::as_fd),
                ],
                wake_at.map(|at| Duration::from_micros(at.saturating_sub(now_us))),
            )
            // A wait that fails means trying everything; nothing here blocks.
            .unwrap_or([true; 4]);
            // What was written to stdout before something appeared on stderr goes first: the traceback after its
            // output. Bounded by what is there now, so that a flood cannot starve stderr.
            let mut ahead = if err {
                self.stdout.as_ref().map_or(0, sys::bytes_waiting)
            } else {
                0
            };
            if out || ahead > 0 {
                loop {
                    let count = pump(
                        &mut self.stdout,
                        Stream::Stdout,
                        &mut buffer,
                        &mut self.pace,
                        self.log,
                    );
                    ahead = ahead.saturating_sub(count);
                    if count == 0 || ahead == 0 {
                        break;
                    }
                }
            }
            if err {
                pump(
                    &mut self.stderr,
                    Stream::Stderr,
                    &mut buffer,
                    &mut self.pace,
                    self.log,
                );
            }
            if reported {
                self.read_report();
            }
            if signalled {
                self.take_signals();
            }
        }
    }

    /// Does what is due and tells when to look again.
    fn act_in_time(&mut self) -> Option<u64> {
        let now = now();
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
        self.ending.next()
    }

    fn take_signals(&mut self) {
        while let Some(signal) = sys::next_signal(self.signals) {
            if signal != libc::SIGCHLD {
                self.ending.stop();
            }
        }
        self.processes.reap();
        if self.processes.main_status().is_some() && self.ended_at.is_none() {
            self.ended_at = Some(now());
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
        let silent = self.stdout.is_none() && self.stderr.is_none();
        let now = now();
        let done = silent && !self.processes.any_left();
        if !done && now.mono_us < ended_at.mono_us + DRAIN_US {
            return None;
        }
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
        })
    }
}

/// Reads once and writes one record; tells its length. At the end of the pipe its descriptor is closed.
fn pump<S: Sink>(
    pipe: &mut Option<OwnedFd>,
    stream: Stream,
    buffer: &mut [u8],
    pace: &mut Pace,
    log: &mut Log<S>,
) -> usize {
    let Some(fd) = pipe else { return 0 };
    match sys::read(fd.as_fd(), buffer) {
        Ok(count) if count > 0 => {
            let at = now();
            let count = gather(fd.as_fd(), buffer, count);
            log.output(stream, at, &buffer[..count]);
            pace.has_read(at.mono_us, count);
            return count;
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        // The end, or nothing can be read from here any more.
        _ => *pipe = None,
    }
    0
}

/// An unbuffered Python writes a line in several pieces, its end by itself. They make one record if they follow
/// each other closely; a prompt without a line end is held back by no more than [`PIECE_GAP`].
fn gather(pipe: BorrowedFd, buffer: &mut [u8], mut count: usize) -> usize {
    for _ in 0..MOST_PIECES {
        let small = count < buffer.len() / 16;
        if !small || buffer[count - 1] == b'\n' {
            break;
        }
        match sys::wait_readable([Some(pipe)], Some(PIECE_GAP)) {
            Ok([true]) => {}
            _ => break,
        }
        match sys::read(pipe, &mut buffer[count..]) {
            Ok(more) if more > 0 => count += more,
            // The end is seen again, and dealt with, by the next read.
            _ => break,
        }
    }
    count
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
    use std::fs::File;
    use std::io::Write;

    use super::*;

    /// A buffer that begins with `read`, and a pipe in which `waiting` is still to be read.
    fn gathered(read: &[u8], waiting: &[u8]) -> Vec<u8> {
        let (from, to) = sys::pipe().expect("a pipe");
        File::from(to).write_all(waiting).expect("it fits into the pipe");
        let mut buffer = vec![0; MAX_PAYLOAD];
        buffer[..read.len()].copy_from_slice(read);
        let count = gather(from.as_fd(), &mut buffer, read.len());
        buffer.truncate(count);
        buffer
    }

    #[test]
    fn the_pieces_of_a_line_are_gathered_and_nothing_more() {
        assert_eq!(gathered(b"line", b"\n"), b"line\n");
        assert_eq!(gathered(b"line\n", b"next"), b"line\n");
        assert_eq!(gathered(b"prompt: ", b""), b"prompt: ");
        assert_eq!(
            gathered(&[b'x'; 10_000], b"\n"),
            [b'x'; 10_000],
            "a flood needs no gathering"
        );
    }

    #[test]
    fn durations_are_told_in_whole_seconds_where_they_are() {
        assert_eq!(
            (seconds(10_000).as_str(), seconds(1_500).as_str()),
            ("10 s", "1500 ms")
        );
    }
}
