//! What a call brings to the run that it starts: its body, as a file in the run's directory.
//!
//! The file is there before the row, for a run must not be without it. Until the row is there, the directory is noted as
//! one that is to be removed, and the row's transaction strikes that out: whatever is cut short, a directory without a
//! run goes and a run has its body. It goes with the run, by whatever removes that.
//!
//! A run sees the folder read-only and nothing else of its directory. What is in the file is the caller's: nobody here
//! looks into it.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::context::Context;
use super::submit::{self, Arrived, Submission};
use super::{Error, spec};
use crate::files::{self, DataDir, Owner, RelPath, layout, on_disk};
use crate::model::ids::RunId;
use crate::model::run::{Run, RunKind, Trigger};
use crate::store::runs::removal;

/// Of a run that was started by a call: relative to the data directory.
pub(super) fn place(run: &Run) -> Option<PathBuf> {
    let called = run.kind == RunKind::Script && matches!(run.trigger, Trigger::Webhook { .. });
    called.then(|| layout::trigger(run.queued_at, run.id.as_str()).into())
}

/// Goes on to its end whether or not its caller waits for it: a directory must not lose its guard halfway.
pub(super) async fn submit(cx: &Arc<Context>, submission: Submission, body: Bytes) -> Result<Run, Error> {
    let cx = Arc::clone(cx);
    let submitted = tokio::spawn(async move {
        let arrived = Arrived {
            id: RunId::generate(),
            at: cx.clock.now(),
        };
        let guard = Guard::over(&cx, &arrived.id);
        let submitted = take(&cx, submission, arrived.clone(), body).await;
        drop(guard);
        // Refused, or the run of an earlier call: what was written for this one goes.
        if submitted.as_ref().map_or(true, |run| run.id != arrived.id) {
            cx.retention.notify_one();
        }
        submitted
    });
    match submitted.await {
        Ok(submitted) => submitted,
        Err(e) => match e.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Cancelled: the runtime is shutting down, and whoever waits goes with it.
            Err(_) => std::future::pending().await,
        },
    }
}

async fn take(cx: &Context, submission: Submission, arrived: Arrived, body: Bytes) -> Result<Run, Error> {
    let (id, at) = (arrived.id.clone(), arrived.at);
    cx.store
        .write(move |tx| removal::note(tx, &id, at))
        .await
        .map_err(Error::Store)?;
    let (data, run) = (cx.data.clone(), arrived.clone());
    on_disk(move || keep(&data, &run, &body)).await?;
    submit::record(cx, submission, Some(arrived)).await
}

fn keep(data: &DataDir, run: &Arrived, body: &[u8]) -> files::Result<()> {
    let folder = data.create(&layout::trigger(run.at, run.id.as_str()), Owner::Shared)?;
    folder.write(&RelPath::parse(spec::TRIGGER_BODY)?, body)?;
    Ok(())
}

/// Keeps retention from the directory of a run that has no row yet.
struct Guard<'a> {
    cx: &'a Context,
    id: RunId,
}

impl<'a> Guard<'a> {
    fn over(cx: &'a Context, id: &RunId) -> Self {
        cx.arriving().insert(id.clone());
        Self { cx, id: id.clone() }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.cx.arriving().remove(&self.id);
    }
}
