//! Ends runs that take more of the disk than they may: the limits that nobody in the container enforces.
//!
//! One task for all runs, one walk at a time, on a thread for it. A folder is measured when its run begins and at least
//! every half minute; sooner when so much of the file system's free space is gone since that the run may have used up
//! what it had left. A tree that takes long to walk is walked a twentieth of the time at most.
//!
//! Holds nothing that cannot be found out again: a new controller measures what its drivers carry. Blocks of a file
//! that was deleted and is still open have no name and are not found here; the floor is what stands behind that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Error;
use super::context::Context;
use crate::files::{self, DataDir, Enough, ErrorKind, LEAST_ENTRY, Owner, Space, layout, on_disk};
use crate::model::ids::RunId;
use crate::model::limits::LimitName;
use crate::model::run::{Event, Run, RunKind, State, StopReason};
use crate::store;

/// How often the file system is asked what is left of it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const MEASURE_EVERY: Duration = Duration::from_secs(30);
/// Of the time, walking one run's folders takes at most one part of so many.
const SHARE: u32 = 20;
/// Less free space than that may go anywhere, to logs say.
const LEAST_FALL: u64 = 1024 * 1024;
/// On a full disk the first tries may only have given the database room.
const TRIES: u32 = 4;

/// A folder of a run, and how much it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    place: String,
    limit: LimitName,
    allowed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Measured {
    ended: Instant,
    took: Duration,
    /// Of what it may take, before the nearest limit.
    left: u64,
    /// When the walk began.
    space: Space,
}

struct Watched {
    bounds: Vec<Bound>,
    last: Measured,
}

/// The folders of a run that have a limit.
fn bounds(run: &Run, slug: &str) -> Vec<Bound> {
    let disk = |place, limit| {
        let bound = |allowed| Bound {
            place,
            limit,
            allowed,
        };
        run.limits.disk_bytes.map(bound)
    };
    match run.kind {
        RunKind::Build => disk(layout::build(run.id.as_str()), LimitName::EnvironmentBytes)
            .into_iter()
            .collect(),
        // It writes less than the installer was let write.
        RunKind::Compile => Vec::new(),
        RunKind::Script => {
            let artifacts = Bound {
                place: layout::artifacts(run.queued_at, run.id.as_str()),
                limit: LimitName::ArtifactsBytes,
                allowed: run.limits.artifacts_bytes,
            };
            disk(layout::script_files(slug), LimitName::DiskBytes)
                .into_iter()
                .chain([artifacts])
                .collect()
        }
    }
}

fn is_due(last: &Measured, now: Instant, space: &Space) -> bool {
    let since = now.saturating_duration_since(last.ended);
    if since < last.took.saturating_mul(SHARE) {
        return false;
    }
    let fallen = last.space.free_bytes.saturating_sub(space.free_bytes);
    // Many small files fill a disk in another way.
    let more_files = match (last.space.free_inodes, space.free_inodes) {
        (Some(before), Some(now)) => before.saturating_sub(now),
        _ => 0,
    };
    let least = last.left.max(LEAST_FALL);
    since >= MEASURE_EVERY || fallen >= least || more_files.saturating_mul(LEAST_ENTRY) >= least
}

pub(super) async fn keep(cx: Arc<Context>) {
    let mut watched = HashMap::new();
    loop {
        // Every active run has a driver, and no other has.
        let active: Vec<RunId> = cx.drivers().keys().cloned().collect();
        watched.retain(|id, _| active.contains(id));
        for id in active {
            match attend(&cx, &id, watched.get(&id)).await {
                Ok(Attended::NotDue) => {}
                Ok(Attended::Measured(measured)) => drop(watched.insert(id, measured)),
                Ok(Attended::NotRunning) => drop(watched.remove(&id)),
                Err(e) => {
                    // Looked at anew, whatever was known.
                    watched.remove(&id);
                    tracing::warn!(run = %id, error = %e, "what a run takes on disk could not be looked at");
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

enum Attended {
    NotDue,
    Measured(Watched),
    /// Not yet, or not any more, or being ended by us.
    NotRunning,
}

async fn attend(cx: &Context, id: &RunId, known: Option<&Watched>) -> Result<Attended, Error> {
    let data = cx.data.clone();
    let space = on_disk(move || data.space()).await?;
    if known.is_some_and(|known| !is_due(&known.last, Instant::now(), &space)) {
        return Ok(Attended::NotDue);
    }
    let run = cx.load(id).await?;
    if run.state != State::Running {
        return Ok(Attended::NotRunning);
    }
    let bounds = match known {
        Some(known) => known.bounds.clone(),
        None => bounds(&run, &slug_of(cx, &run).await?),
    };
    let began = Instant::now();
    let (data, wanted) = (cx.data.clone(), bounds.clone());
    let found = on_disk(move || measure(&data, &wanted)).await?;
    let mut left = u64::MAX;
    for (bound, found) in bounds.iter().zip(found) {
        if found > bound.allowed {
            end(cx, id, bound, found).await?;
            return Ok(Attended::NotRunning);
        }
        left = left.min(bound.allowed - found);
    }
    let last = Measured {
        ended: Instant::now(),
        took: began.elapsed(),
        left,
        space,
    };
    Ok(Attended::Measured(Watched { bounds, last }))
}

async fn slug_of(cx: &Context, run: &Run) -> Result<String, Error> {
    let id = run.script_id.clone();
    let script = cx.store.read(move |c| store::scripts::get(c, &id)).await;
    Ok(script.map_err(Error::Store)?.ok_or(Error::ScriptNotFound)?.slug)
}

/// What each folder takes; no further than it has to be known.
fn measure(data: &DataDir, bounds: &[Bound]) -> files::Result<Vec<u64>> {
    let one = |bound: &Bound| {
        let enough = Enough {
            bytes: bound.allowed,
            entries: u64::MAX,
        };
        match data.folder(&bound.place, Owner::Controller) {
            Ok(folder) => Ok(folder.measure(enough)?.bytes),
            // A build was put in place, a script was deleted by hand.
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
            Err(e) => Err(e),
        }
    };
    bounds.iter().map(one).collect()
}

async fn end(cx: &Context, id: &RunId, bound: &Bound, found: u64) -> Result<(), Error> {
    let (limit, allowed) = (bound.limit, bound.allowed);
    tracing::info!(run = %id, ?limit, allowed, found, "a run takes more space than it may and is ended");
    let mut tries = 1;
    loop {
        let why = StopReason::LimitReached { limit, found };
        match cx.record(id, Event::StopRequested { why }).await {
            Ok(_) => break,
            // At once: what was released for us, the run takes in a moment.
            Err(Error::Store(e)) if e.is_disk_full() && tries < TRIES => tries += 1,
            Err(e) => return Err(e),
        }
    }
    cx.nudge(id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::tests_support::run_in;

    const MIB: u64 = 1024 * 1024;

    fn space(free: u64, inodes: Option<u64>) -> Space {
        Space {
            total_bytes: 1 << 40,
            free_bytes: free,
            free_inodes: inodes,
        }
    }

    #[test]
    fn a_run_is_measured_as_often_as_it_can_matter() {
        let start = Instant::now();
        let (free, files) = (1000 * MIB, 100_000);
        let last = |took_ms: u64, left: u64| Measured {
            ended: start,
            took: Duration::from_millis(took_ms),
            left,
            space: space(free, Some(files)),
        };
        let lost = |bytes: u64, inodes: u64| space(free - bytes, Some(files - inodes));
        let table = [
            // Took, left; after, with so much less; due.
            (1, 100 * MIB, 29_999, lost(0, 0), false),
            (1, 100 * MIB, 30_000, lost(0, 0), true),
            (1, 100 * MIB, 1_000, lost(100 * MIB - 1, 0), false),
            (1, 100 * MIB, 1_000, lost(100 * MIB, 0), true),
            (1, 0, 1_000, lost(LEAST_FALL - 1, 0), false),
            (1, 0, 1_000, lost(LEAST_FALL, 0), true),
            // Empty files: 25,600 of 4 KiB each.
            (1, 100 * MIB, 1_000, lost(0, 25_599), false),
            (1, 100 * MIB, 1_000, lost(0, 25_600), true),
            (1, 100 * MIB, 1_000, space(free, None), false),
            // A walk of ten seconds is not repeated for 200.
            (10_000, 100 * MIB, 199_999, lost(free, files), false),
            (10_000, 100 * MIB, 200_000, lost(0, 0), true),
            // There is more room than before.
            (1, 100 * MIB, 1_000, space(2 * free, Some(2 * files)), false),
        ];
        for (took, left, after, space, expected) in table {
            let now = start + Duration::from_millis(after);
            let due = is_due(&last(took, left), now, &space);
            assert_eq!(due, expected, "{took} {left} {after} {space:?}");
        }
    }

    #[test]
    fn each_kind_of_run_has_its_folders() {
        let mut run = run_in(State::Running);
        let names = |run: &Run| -> Vec<_> {
            let of = |bound: &Bound| (bound.place.clone(), bound.limit, bound.allowed);
            bounds(run, "s").iter().map(of).collect()
        };
        let artifacts = (
            format!("runs/1970/01/{}/artifacts", run.id),
            LimitName::ArtifactsBytes,
            run.limits.artifacts_bytes,
        );
        let files = ("scripts/s/files".to_owned(), LimitName::DiskBytes, 7);
        run.limits.disk_bytes = Some(7);
        assert_eq!(names(&run), [files, artifacts.clone()]);
        run.limits.disk_bytes = None;
        assert_eq!(names(&run), [artifacts]);
        run.kind = RunKind::Build;
        assert_eq!(names(&run), []);
        run.limits.disk_bytes = Some(7);
        let build = format!("cache/builds/{}", run.id);
        assert_eq!(names(&run), [(build, LimitName::EnvironmentBytes, 7)]);
    }
}
