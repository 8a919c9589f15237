//! Carries one run from its admission to its end: looks, asks `recovery::decide`, acts, looks again.
//!
//! One task per active run. It holds nothing that is not stored, so it may be killed at any point and begun again by
//! the next controller. What it does is idempotent; hints (directory events, the engine's wait, a nudge) only make
//! it look sooner than its poll would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::context::Context;
use super::ending::{collect, release};
use super::recovery::{Act, Directory, ExitFile, Seen, decide};
use super::starting::{launch, prepare};
use super::{Error, directory, spec};
use crate::files::{Watch, on_disk};
use crate::model::ids::RunId;
use crate::model::run::{Ending, Event, Facts, Run, State, StopReason, Usage};

/// Backstop behind every hint.
const LOOK_EVERY: Duration = Duration::from_secs(5);
pub(super) const LOOK_SOON: Duration = Duration::from_millis(500);
/// A log that grows all the time wakes us no more often than this.
const LOG_CALM: Duration = Duration::from_millis(10);

pub(super) async fn drive(cx: Arc<Context>, id: RunId, nudge: Arc<Notify>) {
    let mut memory = Memory::default();
    loop {
        match turn(&cx, &id, &nudge, &mut memory).await {
            Ok(Turn::Again) => {}
            Ok(Turn::Done) => return,
            Err(Error::NotFound) => return,
            Err(e) => {
                // A full disk, a database that is busy: what is recorded stays, and it is tried again.
                tracing::error!(run = %id, error = %e, "a run could not be taken further; trying again");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

enum Turn {
    Again,
    Done,
}

/// What one driver remembers; nothing that a new one could not do without.
#[derive(Default)]
struct Memory {
    launches: u32,
    /// Since when the run has been seen running or stopping.
    running_since: Option<Instant>,
}

async fn turn(cx: &Context, id: &RunId, nudge: &Notify, memory: &mut Memory) -> Result<Turn, Error> {
    let run = cx.load(id).await?;
    // Subscribed before looking, so that what happens in between is not missed.
    let mut changes = cx.watcher.subscribe(&cx.data.path().join(directory::place(&run)));
    let mut seen = look(cx, &run).await?;
    if matches!(run.state, State::Running | State::Stopping { .. }) {
        let seen_for = memory.running_since.get_or_insert_with(Instant::now).elapsed();
        let mark = seen.directory.mark.as_ref();
        let marked = mark.and_then(|mark| mark.elapsed(cx.clock.boot_id(), cx.clock.monotonic_us()));
        seen.going_for = marked.unwrap_or(seen_for);
    }
    match decide(&run, &seen) {
        Act::Leave => return Ok(Turn::Done),
        Act::Prepare => prepare(cx, &run).await?,
        Act::Launch => {
            // An engine that says yes and does nothing is asked again, but not all the time.
            if memory.launches > 0 {
                tokio::time::sleep(LOOK_SOON).await;
            }
            memory.launches += 1;
            launch(cx, &run).await?;
        }
        Act::Record(event) => record(cx, &run, event).await?,
        Act::Stop => stop(cx, &run).await,
        Act::Watch => watch(cx, &run, &seen, &mut changes, nudge).await,
        Act::Collect => collect(cx, &run).await?,
        Act::Release => {
            release(cx, &run).await;
            return Ok(Turn::Done);
        }
    }
    Ok(Turn::Again)
}

/// The directory alone tells most; the engine is asked only when it does not, and then before a second look.
async fn look(cx: &Context, run: &Run) -> Result<Seen, Error> {
    let first = look_at_directory(cx, run).await?;
    let settled = matches!(
        run.state,
        State::Queued | State::Collecting { .. } | State::Finished { .. }
    );
    let news = first.started && matches!(run.state, State::Starting);
    if settled || news || first.exit != ExitFile::Absent {
        return Ok(Seen {
            job: None,
            directory: first,
            going_for: Duration::ZERO,
        });
    }
    let job = match cx.engine.inspect(&cx.job_name(run)).await {
        Ok(job) => Some(job),
        Err(e) => {
            tracing::warn!(run = %run.id, error = %e, "the engine did not say how a run is doing");
            None
        }
    };
    Ok(Seen {
        job,
        directory: look_at_directory(cx, run).await?,
        going_for: Duration::ZERO,
    })
}

async fn look_at_directory(cx: &Context, run: &Run) -> Result<Directory, Error> {
    let (data, run) = (cx.data.clone(), run.clone());
    Ok(on_disk(move || directory::look(&data, &run)).await?)
}

pub(super) async fn record(cx: &Context, run: &Run, event: Event) -> Result<(), Error> {
    let now = cx.clock.now();
    let measured = match &event {
        Event::Ended {
            ending: Ending::Exited { exit },
        } => Some(exit.clone()),
        _ => None,
    };
    let started = event == Event::Started;
    let fill = move |run: &mut Run| {
        if started {
            run.started_at.get_or_insert(now);
        }
        let Some(exit) = measured else { return };
        let at = |ms: i64| jiff::Timestamp::from_millisecond(ms).ok();
        run.started_at = at(exit.started_at_ms).or(run.started_at);
        run.finished_at = at(exit.finished_at_ms);
        run.facts = Facts {
            exit_code: exit.code,
            signal: exit.signal,
            peak_memory_bytes: exit.peak_memory_bytes,
            cpu_ms: exit.cpu_ms,
            usage: Some(Usage {
                cpu_throttled_ms: exit.cpu_throttled_ms,
                peak_pids: exit.peak_pids,
                pids_refused: exit.pids_refused,
                tmp_peak_bytes: exit.tmp_peak_bytes,
            }),
            log: None,
            artifacts: None,
        };
    };
    cx.record_with(&run.id, event, fill, |_, _| Ok(())).await?;
    Ok(())
}

async fn stop(cx: &Context, run: &Run) {
    let grace = match &run.state {
        State::Stopping {
            why: StopReason::Overdue,
        } => Duration::ZERO,
        _ => Duration::from_secs(run.limits.stop_grace_seconds),
    };
    if let Err(e) = cx
        .engine
        .stop(&cx.job_name(run), grace + spec::SUPERVISOR_MARGIN)
        .await
    {
        tracing::warn!(run = %run.id, error = %e, "a run could not be stopped yet");
        tokio::time::sleep(LOOK_SOON).await;
    }
}

/// Until something may have changed.
async fn watch(cx: &Context, run: &Run, seen: &Seen, changes: &mut Watch, nudge: &Notify) {
    let name = cx.job_name(run);
    let ended = async {
        match seen.job {
            // Its answer, or the lack of one, is looked at by the next turn.
            Some(_) if cx.engine.wait(&name).await.is_ok() => {}
            _ => std::future::pending().await,
        }
    };
    let before = seen.directory.clone();
    let told = async {
        loop {
            changes.changed().await;
            // The log grows all the time; only the supervisor's two marks concern us.
            match look_at_directory(cx, run).await {
                Ok(now) if now == before => tokio::time::sleep(LOG_CALM).await,
                _ => return,
            }
        }
    };
    tokio::select! {
        () = ended => {}
        () = told => {}
        () = nudge.notified() => {}
        () = tokio::time::sleep(LOOK_EVERY) => {}
    }
}
