//! The last acts of a driver: the verdict with everything that follows from it, then the clean-up.
//!
//! Facts are stored before anything is cleaned up. Both acts are safe to repeat; what the clean-up cannot remove now is
//! found again by the sweep.

use super::context::Context;
use super::{Error, artifacts, builds, directory, packer, reuse};
use crate::envs::{build, imports};
use crate::events::News;
use crate::files::{Owner, RelPath, layout, on_disk};
use crate::logs;
use crate::model::build::{Build, BuildAction, Found};
use crate::model::environment::Environment;
use crate::model::evidence::{Evidence, MissingModule};
use crate::model::outcome::Outcome;
use crate::model::run::{ArtifactsSummary, Ending, Event, LogSummary, Run, RunKind, State};
use crate::model::script::Script;
use crate::model::traceback::Traceback;
use crate::model::verdict::verdict;
use crate::store;

/// Lines of stderr that are looked at for evidence: enough for a deep traceback.
const LINES_TO_EXPLAIN: usize = 400;

/// Seals the log, gives the verdict and stores both with everything that follows from them.
pub(super) async fn collect(cx: &Context, run: &Run) -> Result<(), Error> {
    let State::Collecting { ending, stop } = &run.state else {
        return Ok(());
    };
    let directory = cx.data.path().join(directory::place(run));
    let (summary, stderr) = on_disk(move || -> Result<_, logs::Error> {
        let summary = logs::seal(&directory)?;
        let stderr = logs::last_stderr_lines(&directory, LINES_TO_EXPLAIN)?;
        Ok((summary, stderr))
    })
    .await?;
    let artifacts = count_artifacts(cx, run).await;
    let evidence = Evidence::of(ending, stop.as_ref(), &run.limits, &stderr);
    let mut evidence = evidence.with_artifacts(&run.limits, artifacts);
    if let Some(took) = size_of_build(cx, run).await? {
        evidence = evidence.with_environment(&run.limits, took);
    }
    evidence.missing_module = missing_module(cx, run, evidence.traceback.as_ref())
        .await
        .map(Box::new);
    let mut outcome = verdict(ending, stop.as_ref(), &run.limits, evidence);
    let mut result = None;
    let _alone = match run.kind {
        RunKind::Build | RunKind::Compile => Some(cx.environments.lock().await),
        RunKind::Script => None,
    };
    if run.kind != RunKind::Script && outcome.is_success() {
        match result_of(cx, run).await {
            Ok(made) => result = Some(made),
            Err(builds::Error::Result { what, reason }) => {
                outcome = Outcome::engine_error(format!("the build left no usable {what}: {reason}"));
            }
            Err(builds::Error::Files(e)) => return Err(e.into()),
            Err(builds::Error::Store(e)) => return Err(Error::Store(e)),
        }
    }
    let exit = match ending {
        Ending::Exited { exit } => Some(exit),
        _ => None,
    };
    let log = LogSummary {
        stdout_bytes: summary.stdout_bytes,
        stderr_bytes: summary.stderr_bytes,
        // On a disk that stayed full not even the mark of what is missing could be written; the facts know.
        dropped_bytes: exit
            .map_or(0, |exit| exit.dropped_bytes)
            .max(summary.dropped_bytes),
        records: summary.records,
        last_seq: summary.last_seq,
        error: exit.and_then(|exit| exit.log_error.clone()),
    };
    let event = Event::Concluded { outcome };
    let found = match &mut result {
        Some(Made::Found(found)) => Some(std::mem::take(found)),
        _ => None,
    };
    let fill = move |run: &mut Run| {
        run.facts.log = Some(log);
        run.facts.artifacts = artifacts;
        if let (Some(build), Some(found)) = (&mut run.build, found) {
            build.found = Some(found);
        }
    };
    let now = cx.clock.now();
    let also = move |c: &rusqlite::Connection, run: &Run| {
        if let Some(log) = packer::listed(run, &summary, now) {
            store::raw_logs::insert(c, &log)?;
        }
        match &result {
            Some(Made::Environment(key)) => store::environments::make_live(c, &run.script_id, key, now),
            Some(Made::Bytecode(key)) => store::environments::set_compiled(c, &run.script_id, key, now),
            Some(Made::Found(_)) | None => Ok(()),
        }
    };
    cx.record_with(&run.id, event, fill, also).await?;
    cx.to_pack.notify_one();
    if run.kind == RunKind::Build {
        cx.events.publish(News::Script(run.script_id.clone()));
        cx.to_compile.notify_one();
    }
    Ok(())
}

async fn size_of_build(cx: &Context, run: &Run) -> Result<Option<u64>, Error> {
    match run.kind {
        RunKind::Script | RunKind::Compile => Ok(None),
        RunKind::Build => {
            let (data, row) = (cx.data.clone(), run.clone());
            Ok(on_disk(move || builds::size(&data, &row)).await?)
        }
    }
}

/// Not to know it is no reason to withhold the verdict.
async fn count_artifacts(cx: &Context, run: &Run) -> Option<ArtifactsSummary> {
    let (data, row) = (cx.data.clone(), run.clone());
    match on_disk(move || artifacts::summary(&data, &row)).await {
        Ok(summary) => summary,
        Err(e) => {
            tracing::warn!(run = %run.id, error = %e, "what a run has left could not be counted");
            None
        }
    }
}

/// The package that would bring what could not be imported. Merely an offer, so what cannot be looked at now makes none.
async fn missing_module(cx: &Context, run: &Run, traceback: Option<&Traceback>) -> Option<MissingModule> {
    let traceback = traceback.filter(|_| run.kind == RunKind::Script)?;
    imports::missing(traceback, &[], &[])?;
    let listing = cx.scripts.list_files(&run.script_id).await.ok()?;
    let own: Vec<String> = listing.entries.into_iter().map(|entry| entry.path).collect();
    let (script, key) = (run.script_id.clone(), run.launch.environment_key.clone());
    let environment = cx.store.read(move |c| match key {
        Some(key) => store::environments::get(c, &script, &key),
        None => Ok(None),
    });
    let installed = environment
        .await
        .ok()?
        .map_or_else(Vec::new, |environment| environment.packages);
    imports::missing(traceback, &own, &installed)
}

/// What a build comes to that has succeeded.
enum Made {
    /// The key of an environment that is in its place.
    Environment(String),
    /// The key of an environment whose bytecode is complete.
    Bytecode(String),
    Found(Found),
}

async fn result_of(cx: &Context, run: &Run) -> Result<Made, builds::Error> {
    let script_id = run.script_id.clone();
    let script = cx.store.read(move |c| store::scripts::get(c, &script_id)).await?;
    let Some(script) = script else {
        return Err(builds::Error::Result {
            what: "environment",
            reason: "its script is gone".to_owned(),
        });
    };
    if run.kind == RunKind::Compile {
        let key = run.launch.environment_key.clone().unwrap_or_default();
        let (data, home) = (cx.data.clone(), layout::env(&script.slug, &key));
        on_disk(move || {
            let home = data.folder(&home, Owner::Shared)?;
            home.write(&RelPath::parse(build::COMPILED)?, b"")
        })
        .await?;
        return Ok(Made::Bytecode(key));
    }
    let checks = |build: &Build| build.action == BuildAction::Check;
    if run.build.as_ref().is_some_and(checks) {
        let (data, row, owner) = (cx.data.clone(), run.clone(), cx.installation.owner());
        let found = on_disk(move || builds::found(&data, &row, &script.slug, owner)).await?;
        return Ok(Made::Found(found));
    }
    Ok(Made::Environment(
        put_environment_in_place(cx, run, script).await?,
    ))
}

async fn put_environment_in_place(cx: &Context, run: &Run, script: Script) -> Result<String, builds::Error> {
    let (owner, build) = (run.script_id.clone(), run.id.clone());
    let known = cx
        .store
        .read(move |c| store::environments::key_of_build(c, &owner, &build))
        .await?;
    let key = match known {
        Some(key) => key,
        None => {
            reuse::complete(cx, run).await?;
            let (data, row, slug, owner, now) = (
                cx.data.clone(),
                run.clone(),
                script.slug.clone(),
                cx.installation.owner(),
                cx.clock.now(),
            );
            let environment: Environment =
                on_disk(move || builds::examine(&data, &row, &slug, owner, now)).await?;
            let key = environment.key.clone();
            cx.store
                .write(move |tx| store::environments::insert(tx, &environment))
                .await?;
            key
        }
    };
    let (data, row, wanted) = (cx.data.clone(), run.clone(), key.clone());
    on_disk(move || builds::put_in_place(&data, &row, &script.slug, &wanted)).await?;
    Ok(key)
}

/// Clean-up, after everything is recorded.
pub(super) async fn release(cx: &Context, run: &Run) {
    if let Err(e) = cx.engine.remove(&cx.job_name(run)).await {
        tracing::warn!(run = %run.id, error = %e, "a finished run's container stays for now");
        cx.leftovers.notify_one();
    }
    let (data, row) = (cx.data.clone(), run.clone());
    let cleaned = on_disk(move || {
        directory::remove_spec(&data, &row)?;
        match row.kind {
            RunKind::Script => artifacts::discard_empty(&data, &row),
            RunKind::Build => builds::discard(&data, &row),
            RunKind::Compile => Ok(()),
        }
    });
    if let Err(e) = cleaned.await {
        tracing::warn!(run = %run.id, error = %e, "a finished run's leftovers stay for now");
    }
}
