//! Carries one run from its admission to its end: looks, asks `recovery::decide`, acts, looks again.
//!
//! One task per active run. It holds nothing that is not stored, so it may be killed at any point and begun again by
//! the next controller. What it does is idempotent; hints (directory events, the engine's wait, a nudge) only make
//! it look sooner than its poll would.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::context::Context;
use super::recovery::{Act, Directory, Seen, decide};
use super::spec::{self, Identity, Places, Surroundings};
use super::{Error, builds, directory};
use crate::engine::{self, JobName};
use crate::files;
use crate::files::on_disk;
use crate::logs;
use crate::model::environment::Environment;
use crate::model::ids::RunId;
use crate::model::outcome::{Outcome, verdict};
use crate::model::run::{Ending, Event, Facts, Launch, LogSummary, Run, RunKind, State, StopReason};
use crate::store;

/// Backstop behind every hint.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_SOON: Duration = Duration::from_millis(500);
/// A log that grows all the time wakes us no more often than this.
const LOG_CALM: Duration = Duration::from_millis(10);
/// Lines of stderr kept as evidence of a failure.
const EVIDENCE_LINES: usize = 20;

pub(super) async fn drive(cx: Arc<Context>, id: RunId, nudge: Arc<Notify>) {
    let mut launches = 0;
    loop {
        match turn(&cx, &id, &nudge, &mut launches).await {
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

async fn turn(cx: &Context, id: &RunId, nudge: &Notify, launches: &mut u32) -> Result<Turn, Error> {
    let run = cx.load(id).await?;
    // Subscribed before looking, so that what happens in between is not missed.
    let mut changes = cx.watcher.subscribe(&cx.data.path().join(directory::place(&run)));
    let seen = look(cx, &run).await?;
    match decide(&run, &seen, cx.clock.now()) {
        Act::Leave => return Ok(Turn::Done),
        Act::Prepare => prepare(cx, &run).await?,
        Act::Launch => {
            // An engine that says yes and does nothing is asked again, but not all the time.
            if *launches > 0 {
                tokio::time::sleep(LOOK_SOON).await;
            }
            *launches += 1;
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

fn job_name(cx: &Context, run: &Run) -> JobName {
    spec::job_name(&cx.settings.instance, run)
}

/// The directory alone tells most; the engine is asked only when it does not, and then before a second look.
async fn look(cx: &Context, run: &Run) -> Result<Seen, Error> {
    let first = look_at_directory(cx, run).await?;
    let settled = matches!(
        run.state,
        State::Queued | State::Collecting { .. } | State::Finished { .. }
    );
    let news = first.started && matches!(run.state, State::Starting);
    if settled || news || first.exit != super::recovery::ExitFile::Absent {
        return Ok(Seen {
            job: None,
            directory: first,
        });
    }
    let job = match cx.engine.inspect(&job_name(cx, run)).await {
        Ok(job) => Some(job),
        Err(e) => {
            tracing::warn!(run = %run.id, error = %e, "the engine did not say how a run is doing");
            None
        }
    };
    Ok(Seen {
        job,
        directory: look_at_directory(cx, run).await?,
    })
}

async fn look_at_directory(cx: &Context, run: &Run) -> Result<Directory, Error> {
    let (data, run) = (cx.data.clone(), run.clone());
    Ok(on_disk(move || directory::look(&data, &run)).await?)
}

async fn prepare(cx: &Context, run: &Run) -> Result<(), Error> {
    let script = match cx.scripts.get(&run.script_id).await {
        Ok(script) => script,
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let image = match cx.engine.ensure_image(&run.image).await {
        Ok(image) => image,
        Err(engine::Error::Away(why)) => return pause(cx, run, &why).await,
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let mut settled = Launch {
        image_digest: Some(image.id),
        ..Launch::default()
    };
    if run.kind == RunKind::Script {
        settled.revision = match cx.scripts.capture(&script.id).await {
            Ok(revision) => Some(revision),
            Err(e) => return give_up(cx, run, e.to_string()).await,
        };
        if let Some(key) = script.environment_key.filter(|_| !script.requirements.is_empty()) {
            let (script_id, wanted) = (script.id.clone(), key.clone());
            let found = cx
                .store
                .read(move |c| store::environments::get(c, &script_id, &wanted))
                .await;
            settled.lock_hash = found
                .map_err(Error::Store)?
                .map(|environment| environment.lock_hash);
            settled.environment_key = Some(key);
        }
    }
    let launch = settled.clone();
    let fill = move |run: &mut Run| run.launch = settled;
    cx.record_with(&run.id, Event::Prepared { launch }, fill, |_, _| Ok(()))
        .await?;
    Ok(())
}

async fn launch(cx: &Context, run: &Run) -> Result<(), Error> {
    let script = match cx.scripts.get(&run.script_id).await {
        Ok(script) => script,
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let settings = &cx.settings;
    let identity = Identity {
        instance: &settings.instance,
        uid: settings.run_uid,
        index_url: settings.index_url.as_deref(),
    };
    let environment = run.launch.environment_key.as_deref();
    let places = Places {
        run_directory: directory::place(run).into(),
        supervisor: settings.supervisor_folder.clone().into(),
        files: files::layout::script_files(&script.slug).into(),
        environment: environment.map(|key| files::layout::env_venv(&script.slug, key).into()),
        cache: "cache".into(),
    };
    let reference = run.launch.image_digest.as_deref().unwrap_or(&run.image);
    let image = match cx.engine.ensure_image(reference).await {
        Ok(image) => image,
        Err(engine::Error::Away(why)) => return pause(cx, run, &why).await,
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let around = Surroundings {
        entry_point: &script.entry_point,
        has_environment: environment.is_some(),
        image_env: &image.env,
    };
    let job = spec::job(run, &places, &identity);
    let process = spec::process(run, &around, &identity);
    let (data, row, owner, extra_ca) = (
        cx.data.clone(),
        run.clone(),
        settings.owner(),
        settings.extra_ca.clone(),
    );
    let written = on_disk(move || {
        if row.kind == RunKind::Build {
            builds::prepare(&data, &row, owner, extra_ca.as_deref().map(Vec::as_slice))?;
        }
        directory::write_spec(&data, &row, &process)
    });
    written.await?;
    match cx.engine.launch(&job).await {
        Ok(()) => Ok(()),
        Err(engine::Error::Away(why)) => pause(cx, run, &why).await,
        Err(e) => give_up(cx, run, e.to_string()).await,
    }
}

/// Waits for the engine without forgetting the run.
async fn pause(cx: &Context, run: &Run, why: &str) -> Result<(), Error> {
    tracing::warn!(run = %run.id, why, "the engine is away; the run waits for it");
    let mut status = cx.status.clone();
    tokio::select! {
        _ = status.changed() => {}
        () = tokio::time::sleep(LOOK_SOON) => {}
    }
    Ok(())
}

/// The engine or the disk said no for good, before user code was started.
async fn give_up(cx: &Context, run: &Run, detail: String) -> Result<(), Error> {
    record(
        cx,
        run,
        Event::Ended {
            ending: Ending::LaunchFailed { detail },
        },
    )
    .await
}

async fn record(cx: &Context, run: &Run, event: Event) -> Result<(), Error> {
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
            log: None,
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
        .stop(&job_name(cx, run), grace + spec::SUPERVISOR_MARGIN)
        .await
    {
        tracing::warn!(run = %run.id, error = %e, "a run could not be stopped yet");
        tokio::time::sleep(LOOK_SOON).await;
    }
}

/// Until something may have changed.
async fn watch(cx: &Context, run: &Run, seen: &Seen, changes: &mut logs::Watch, nudge: &Notify) {
    let name = job_name(cx, run);
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

/// Seals the log, gives the verdict and stores both with everything that follows from them.
async fn collect(cx: &Context, run: &Run) -> Result<(), Error> {
    let State::Collecting { ending, stop } = &run.state else {
        return Ok(());
    };
    let directory = cx.data.path().join(directory::place(run));
    let (summary, stderr_tail) = on_disk(move || -> Result<_, logs::Error> {
        let summary = logs::seal(&directory)?;
        let tail = logs::last_stderr_lines(&directory, EVIDENCE_LINES)?;
        Ok((summary, tail))
    })
    .await?;
    let mut outcome = verdict(ending, stop.as_ref(), &run.limits, stderr_tail);
    let mut live = None;
    if run.kind == RunKind::Build && outcome.is_success() {
        match put_environment_in_place(cx, run).await {
            Ok(key) => live = Some(key),
            Err(builds::Error::Result { what, reason }) => {
                outcome = Outcome::engine_error(format!("the build left no usable {what}: {reason}"));
            }
            Err(builds::Error::Files(e)) => return Err(e.into()),
            Err(builds::Error::Store(e)) => return Err(Error::Store(e)),
        }
    }
    let log = LogSummary {
        stdout_bytes: summary.stdout_bytes,
        stderr_bytes: summary.stderr_bytes,
        dropped_bytes: summary.dropped_bytes,
        records: summary.records,
        last_seq: summary.last_seq,
    };
    let event = Event::Concluded { outcome };
    let fill = move |run: &mut Run| run.facts.log = Some(log);
    let installed = live.is_some();
    let also = move |c: &rusqlite::Connection, run: &Run| match &live {
        Some(key) => store::environments::make_live(c, &run.script_id, key),
        None => Ok(()),
    };
    cx.record_with(&run.id, event, fill, also).await?;
    if installed || run.kind == RunKind::Build {
        cx.events
            .publish(crate::events::News::Script(run.script_id.clone()));
    }
    Ok(())
}

async fn put_environment_in_place(cx: &Context, run: &Run) -> Result<String, builds::Error> {
    let (script, build) = (run.script_id.clone(), run.id.clone());
    let known = cx
        .store
        .read(move |c| store::environments::key_of_build(c, &script, &build))
        .await?;
    let key = match known {
        Some(key) => key,
        None => {
            let (data, row, owner, now) = (cx.data.clone(), run.clone(), cx.settings.owner(), cx.clock.now());
            let environment: Environment = on_disk(move || builds::examine(&data, &row, owner, now)).await?;
            let key = environment.key.clone();
            cx.store
                .write(move |tx| store::environments::insert(tx, &environment))
                .await?;
            key
        }
    };
    let script_id = run.script_id.clone();
    let script = cx.store.read(move |c| store::scripts::get(c, &script_id)).await?;
    let Some(script) = script else {
        return Err(builds::Error::Result {
            what: "environment",
            reason: "its script is gone".to_owned(),
        });
    };
    let (data, row, wanted) = (cx.data.clone(), run.clone(), key.clone());
    on_disk(move || builds::put_in_place(&data, &row, &script.slug, &wanted)).await?;
    Ok(key)
}

/// Clean-up, after everything is recorded. What cannot be removed now is found again by the sweep.
async fn release(cx: &Context, run: &Run) {
    if let Err(e) = cx.engine.remove(&job_name(cx, run)).await {
        tracing::warn!(run = %run.id, error = %e, "a finished run's container stays for now");
    }
    let (data, row) = (cx.data.clone(), run.clone());
    let cleaned = on_disk(move || {
        directory::remove_spec(&data, &row)?;
        if row.kind == RunKind::Build {
            builds::discard(&data, &row)
        } else {
            Ok(())
        }
    });
    if let Err(e) = cleaned.await {
        tracing::warn!(run = %run.id, error = %e, "a finished run's leftovers stay for now");
    }
}
