//! `supervisor run <run-dir>`: one run from its spec to its facts, in the order that makes them trustworthy.
//!
//! spec taken → `started`, `log` and room for the facts on the disk → process → its end → log durable → `exit.json`.
//! Whatever happens after `started`, the facts say it; if even they cannot be written, our own exit code does.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use pytask_protocol::{EXIT_FILE, Exit, ExitCause, LOG_FILE, Spec, VERSION, exit_code};

use crate::cgroup::{Cgroup, Usage};
use crate::child::{self, Program};
use crate::durable::{Reserved, sync_directory};
use crate::intake::{self, Refusal};
use crate::log::{Log, Moment, Totals};
use crate::logfile::LogFile;
use crate::supervise::{Ended, Supervision};
use crate::sys;

/// A disk that refuses the facts is asked again, so often and with such pauses.
const FACTS_TRIES: u32 = 20;
const FACTS_PAUSE: Duration = Duration::from_millis(250);
/// The facts fit into their reserved room whatever a program is called.
const MAX_ERROR_BYTES: usize = 1_000;

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
    intake::claim(dir)?;
    let facts = Reserved::new(dir, EXIT_FILE)?;
    let mut log = Log::new(LogFile::create(&dir.join(LOG_FILE))?, spec.limits.log_bytes);
    // One sync for all three, before user code: a started run is known to be one after any crash.
    sync_directory(dir)?;

    let cgroup = Cgroup::find();
    let usage_before = cgroup.as_ref().map(Cgroup::usage).unwrap_or_default();
    let started = Moment::now();
    let ending = start(&spec)
        .map(|child| Supervision::new(child, started, &spec.limits, signals.as_fd(), &mut log).until_ended());
    let usage = cgroup
        .as_ref()
        .map(|cgroup| cgroup.usage().since(usage_before))
        .unwrap_or_default();
    let outcome = Outcome::of(ending, &spec);
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
    let program = Program::from_spec(spec).map_err(io::Error::other)?;
    child::spawn(&program)
}

/// How it ended, in the terms of the facts.
struct Outcome {
    cause: ExitCause,
    code: Option<i32>,
    signal: Option<i32>,
    error: Option<String>,
    at: Moment,
}

impl Outcome {
    fn of(ending: io::Result<Ended>, spec: &Spec) -> Outcome {
        let failed = |sentence: String, at| {
            let end = sentence.floor_char_boundary(MAX_ERROR_BYTES);
            let error = Some(sentence[..end].to_owned());
            Outcome {
                cause: ExitCause::StartFailed,
                code: None,
                signal: None,
                error,
                at,
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
            }) => failed(failure.explain(spec), at),
            Ok(Ended {
                cause, status, at, ..
            }) => {
                let exited = libc::WIFEXITED(status);
                Outcome {
                    cause,
                    code: exited.then(|| libc::WEXITSTATUS(status)),
                    signal: (!exited).then(|| libc::WTERMSIG(status)),
                    error: None,
                    at,
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
            killed_after_grace: false,
            pids_refused: None,
            cpu_throttled_ms: None,
            peak_pids: None,
            tmp_peak_bytes: None,
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
