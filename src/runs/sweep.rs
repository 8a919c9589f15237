//! Containers and build folders that nobody drives: removed once it is certain that they are of no use.
//!
//! Only jobs of this instance are ever looked at. One whose run has finished goes at once. One without a row goes after
//! a grace: creating a container may succeed although the answer was lost, and its row may be in a backup. Tools containers
//! are no runs and somebody else's.

use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::context::Context;
use super::spec::{KIND_TOOLS, LABEL_KIND, LABEL_RUN};
use crate::engine::{JobName, ListedJob};
use crate::files::{ListLimits, Owner, layout, on_disk};
use crate::model::ids::RunId;
use crate::model::run::Run;
use crate::store;

const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// After something could not be removed: an engine may be away and back before anybody else notices.
const SWEEP_SOON: Duration = Duration::from_secs(5);
const GRACE_SECONDS: i64 = 300;

pub(super) async fn keep(cx: Arc<Context>) {
    let mut status = cx.status.clone();
    loop {
        let ready = status.borrow_and_update().is_ready();
        if let Err(e) = sweep(&cx, ready).await {
            tracing::warn!(error = %e, "leftovers could not be looked for");
        }
        tokio::select! {
            _ = status.changed() => {}
            () = cx.leftovers.notified() => tokio::time::sleep(SWEEP_SOON).await,
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
    }
}

async fn sweep(cx: &Context, engine_is_ready: bool) -> Result<(), Error> {
    sweep_build_folders(cx).await?;
    if engine_is_ready {
        sweep_containers(cx).await
    } else {
        Ok(())
    }
}

/// What a build leaves when the controller is killed between its verdict and its clean-up.
async fn sweep_build_folders(cx: &Context) -> Result<(), Error> {
    let data = cx.data.clone();
    let listed = on_disk(move || {
        let builds = data.folder(layout::BUILDS, Owner::Shared)?;
        builds.list(&ListLimits {
            entries: 10_000,
            depth: 1,
        })
    });
    for entry in listed.await?.entries {
        let id = RunId::parse(&entry.path);
        let run = cx
            .store
            .read(move |c| store::runs::get(c, &id))
            .await
            .map_err(Error::Store)?;
        if run.is_some_and(|run| run.is_finished()) {
            let data = cx.data.clone();
            on_disk(move || data.remove_tree(&layout::build(&entry.path))).await?;
        }
    }
    Ok(())
}

/// Containers of this instance that nobody needs: names.
pub(super) async fn leftovers(cx: &Context) -> Result<Result<Vec<JobName>, String>, Error> {
    let jobs = match cx.engine.list().await {
        Ok(jobs) => jobs,
        Err(e) => return Ok(Err(e.to_string())),
    };
    let mut found = Vec::new();
    for job in jobs {
        let run = run_of(cx, &job).await?;
        if is_leftover(&job, run.as_ref(), cx.clock.now().as_second())
            && !run.is_some_and(|run| cx.drivers().contains_key(&run.id))
        {
            found.push(job.name);
        }
    }
    Ok(Ok(found))
}

/// Removes it if nobody needs it still. Whether it was there and has gone; `Err`: why not.
pub(super) async fn remove_leftover(cx: &Context, name: &str) -> Result<Result<bool, String>, Error> {
    let name = match leftovers(cx).await? {
        Ok(found) => found.into_iter().find(|found| found.0 == name),
        Err(why) => return Ok(Err(why)),
    };
    let Some(name) = name else { return Ok(Ok(false)) };
    Ok(match cx.engine.remove(&name).await {
        Ok(()) => Ok(true),
        Err(e) => Err(e.to_string()),
    })
}

async fn run_of(cx: &Context, job: &ListedJob) -> Result<Option<Run>, Error> {
    let Some(id) = job.labels.get(LABEL_RUN).map(|id| RunId::parse(id)) else {
        return Ok(None);
    };
    let run = cx.store.read(move |c| store::runs::get(c, &id)).await;
    run.map_err(Error::Store)
}

async fn sweep_containers(cx: &Context) -> Result<(), Error> {
    let jobs = match cx.engine.list().await {
        Ok(jobs) => jobs,
        Err(e) => {
            tracing::warn!(error = %e, "the engine did not list its containers");
            cx.leftovers.notify_one();
            return Ok(());
        }
    };
    for job in jobs {
        let run = run_of(cx, &job).await?;
        if !is_leftover(&job, run.as_ref(), cx.clock.now().as_second()) {
            continue;
        }
        tracing::info!(container = %job.name, "removing a container that nobody needs");
        if let Err(e) = cx.engine.remove(&job.name).await {
            tracing::warn!(container = %job.name, error = %e, "a leftover container stays for now");
            cx.leftovers.notify_one();
        }
    }
    Ok(())
}

/// Pure.
fn is_leftover(job: &ListedJob, run: Option<&Run>, now: i64) -> bool {
    if job.labels.get(LABEL_KIND).is_some_and(|kind| kind == KIND_TOOLS) {
        return false;
    }
    match run {
        Some(run) => run.is_finished(),
        None => now.saturating_sub(job.created_at) > GRACE_SECONDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::JobName;
    use crate::model::evidence::Evidence;
    use crate::model::outcome::Outcome;
    use crate::model::run::State;
    use crate::runs::tests_support::run_in;

    #[test]
    fn only_what_is_certain_goes() {
        let job = ListedJob {
            name: JobName("j".into()),
            labels: Default::default(),
            running: true,
            created_at: 1_000,
        };
        let finished = run_in(State::Finished {
            outcome: Outcome::cancelled("user", None, Evidence::default()),
        });
        assert!(is_leftover(&job, Some(&finished), 1_001));
        for state in [State::Queued, State::Starting, State::Running] {
            assert!(!is_leftover(&job, Some(&run_in(state)), 1_000_000));
        }
        assert!(!is_leftover(&job, None, 1_000 + GRACE_SECONDS));
        assert!(is_leftover(&job, None, 1_001 + GRACE_SECONDS));
        assert!(
            !is_leftover(&job, None, 0),
            "a clock that went back removes nothing"
        );
        let tools = ListedJob {
            labels: [(LABEL_KIND.to_owned(), KIND_TOOLS.to_owned())].into(),
            ..job
        };
        assert!(!is_leftover(&tools, None, 1_000_000), "it is no run's");
    }
}
