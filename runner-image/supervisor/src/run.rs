//! `supervisor run <run-dir>`: one run from its spec to its facts, in the order that makes them trustworthy.
//!
//! spec taken → `started`, `log` and room for the facts on the disk → process → its end → log durable → `exit.json`.
//! Whatever happens after `started`, the facts say it; if even they cannot be written, our own exit code does.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use pytask_protocol::{EXIT_FILE, Exit, ExitCause, Spec, VERSION, exit_code};

use crate::cgroup::{Cgroup, Usage};
use crate::child::{self, Program};
use crate::durable::{Reserved, sync_directory};
use crate::intake::{self, Refusal};
use crate::log::{Log, Moment, Totals};
use crate::logfile::LogFile;
use crate::mask::Mask;
use crate::samples::{Peaks, Samples};
use crate::supervise::{Ended, Means, Supervision};
use crate::sys;

/// A disk that refuses the facts is asked again, so often and with such pauses.
const FACTS_TRIES: u32 = 20;
const FACTS_PAUSE: Duration = Duration::from_millis(250);
/// The facts fit into their reserved room whatever a program is called: as JSON, a byte may become six.
const MAX_ERROR_BYTES: usize = 500;

/// The supervisor's exit code.
pub(crate) fn run(dir: &Path) -> i32 {
    match try_run(dir) {
        Ok(()) => exit_code::DONE,
        Err(Refusal::AlreadyStarted) => {
            eprintln!("supervisor: this run was started before");
            exit_code::ALREADY_STARTED
        }
        Err(Refusal::NotASpec(reason)) => {
            eprintln!("supervisor: the spec is refused: {reason}");
            exit_code::SPEC_REFUSED
        }
        Err(Refusal::Io(error)) => {
            eprintln!("supervisor: the run directory cannot be used: {error}");
            exit_code::CANNOT_RECORD
        }
    }
}

fn try_run(dir: &Path) -> Result<(), Refusal> {
    let signals = sys::listen_to_signals()?;
    sys::adopt_orphans()?;
    let Some(spec) = intake::await_spec(dir, signals.as_fd())? else {
        return Ok(());
    };
    let mask = Mask::of(&spec).map_err(Refusal::NotASpec)?;
    intake::claim(dir)?;
    let facts = Reserved::new(dir, EXIT_FILE)?;
    let mut log = Log::new(LogFile::create(dir)?, spec.limits.log_bytes);
    // One sync for all three, before user code: a started run is known to be one after any crash.
    sync_directory(dir)?;

    let cgroup = Cgroup::find();
    let usage_before = cgroup.as_ref().map(Cgroup::usage).unwrap_or_default();
    let started = Moment::now();
    let ending = start(&spec).map(|child| {
        // Opened while the child is on its way, so that nothing of it comes before the script.
        let cpu_us_before = usage_before.cpu_us.unwrap_or_default();
        let means = Means {
            signals: signals.as_fd(),
            limits: &spec.limits,
            log: &mut log,
            samples: Samples::new(dir, cgroup.as_ref(), cpu_us_before, started),
            mask: mask.as_ref(),
        };
        Supervision::new(child, started, means).until_ended()
    });
    let usage = cgroup
        .as_ref()
        .map(|cgroup| cgroup.usage().since(usage_before))
        .unwrap_or_default();
    let outcome = Outcome::of(ending, &spec, mask.as_ref());
    if let Some(error) = &outcome.error {
        log.note(outcome.at, error);
    }
    let (file, mut totals) = log.finish(Moment::now());
    if let Err(error) = file.sync() {
        totals.write_error.get_or_insert(sys::reason(&error));
    }
    record(&facts, &outcome.into_exit(&spec, started, usage, totals))?;
    Ok(())
}

fn start(spec: &Spec) -> io::Result<child::Child> {
    // The spec was checked for NULs when it was taken.
    let program = Program::new(&spec.into()).map_err(io::Error::other)?;
    child::spawn(&program)
}

/// How it ended, in the terms of the facts.
struct Outcome {
    cause: ExitCause,
    code: Option<i32>,
    signal: Option<i32>,
    error: Option<String>,
    at: Moment,
    killed_after_grace: bool,
    peaks: Peaks,
}

impl Outcome {
    fn of(ending: io::Result<Ended>, spec: &Spec, mask: Option<&Mask>) -> Outcome {
        let failed = |sentence: String, at| {
            // It quotes the program and where it was to run. Masked before it is cut, which might halve a secret.
            let sentence = mask.map_or(sentence.clone(), |mask| mask.text(&sentence));
            let end = sentence.floor_char_boundary(MAX_ERROR_BYTES);
            let error = Some(sentence[..end].to_owned());
            Outcome {
                cause: ExitCause::StartFailed,
                code: None,
                signal: None,
                error,
                at,
                killed_after_grace: false,
                peaks: Peaks::default(),
            }
        };
        match ending {
            Err(error) => failed(
                format!("cannot start a process: {}", sys::reason(&error)),
                Moment::now(),
            ),
            Ok(Ended {
                start_failure: Some(failure),
                at,
                ..
            }) => failed(failure.explain(&spec.into()), at),
            Ok(Ended {
                cause,
                status,
                at,
                killed_after_grace,
                peaks,
                ..
            }) => {
                let exited = libc::WIFEXITED(status);
                Outcome {
                    cause,
                    code: exited.then(|| libc::WEXITSTATUS(status)),
                    signal: (!exited).then(|| libc::WTERMSIG(status)),
                    error: None,
                    at,
                    killed_after_grace,
                    peaks,
                }
            }
        }
    }

    fn into_exit(self, spec: &Spec, started: Moment, usage: Usage, totals: Totals) -> Exit {
        Exit {
            version: VERSION,
            run_id: spec.run_id.clone(),
            cause: self.cause,
            code: self.code,
            signal: self.signal,
            error: self.error,
            started_at_ms: started.wall_us / 1_000,
            finished_at_ms: self.at.wall_us / 1_000,
            oom_kills: usage.oom_kills,
            peak_memory_bytes: usage.peak_memory_bytes,
            cpu_ms: usage.cpu_us.map(|us| us / 1_000),
            stdout_bytes: totals.stdout_bytes,
            stderr_bytes: totals.stderr_bytes,
            dropped_bytes: totals.dropped_bytes,
            last_seq: totals.last_seq,
            log_error: totals.write_error,
            killed_after_grace: self.killed_after_grace,
            pids_refused: usage.pids_refused,
            cpu_throttled_ms: usage.throttled_us.map(|us| us / 1_000),
            peak_pids: self.peaks.pids,
            tmp_peak_bytes: self.peaks.tmp_bytes,
        }
    }
}

fn record(facts: &Reserved, exit: &Exit) -> io::Result<()> {
    let json = serde_json::to_vec(exit).map_err(io::Error::other)?;
    let mut tries = 1;
    loop {
        match facts.commit(&json) {
            Err(_) if tries < FACTS_TRIES => {
                tries += 1;
                thread::sleep(FACTS_PAUSE);
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pytask_protocol::SpecLimits;

    use super::*;
    use crate::durable;

    #[test]
    fn the_longest_facts_fit_into_their_room() {
        let spec = Spec {
            version: VERSION,
            run_id: "0197f7c2-6f1e-7d3a-9c55-3b1d1c7f9a01".to_owned(),
            argv: vec!["\u{1}".repeat(10_000)],
            env: BTreeMap::new(),
            cwd: String::new(),
            uid: 0,
            gid: 0,
            limits: SpecLimits {
                run_ms: 0,
                stop_grace_ms: 0,
                log_bytes: 0,
            },
            secrets: Default::default(),
        };
        let longest = Moment {
            wall_us: i64::MIN,
            mono_us: u64::MAX,
        };
        let failure = io::Error::other(spec.argv[0].clone());
        let mut outcome = Outcome::of(Err(failure), &spec, None);
        outcome.at = longest;
        outcome.peaks = Peaks {
            pids: Some(u32::MAX),
            tmp_bytes: Some(u64::MAX),
        };
        let usage = Usage {
            oom_kills: Some(u64::MAX),
            peak_memory_bytes: Some(u64::MAX),
            cpu_us: Some(u64::MAX),
            throttled_us: Some(u64::MAX),
            pids_refused: Some(u64::MAX),
        };
        let totals = Totals {
            stdout_bytes: u64::MAX,
            stderr_bytes: u64::MAX,
            dropped_bytes: u64::MAX,
            last_seq: u64::MAX,
            write_error: Some("Invalid or incomplete multibyte or wide character".to_owned()),
        };
        let exit = outcome.into_exit(&spec, longest, usage, totals);
        let json = serde_json::to_vec(&exit).expect("JSON");
        assert!(json.len() <= durable::ROOM, "{} bytes", json.len());
    }
}
