//! Packs logs of finished runs, one at a time, when nobody needs the machine.
//!
//! A log is packed a day after its run's end; sooner, oldest first, while all that are not packed take more than a budget. Which
//! they are stands in a list (`store::raw_logs`), so a look costs the same however many runs there were. A thread of its
//! own does the work at the lowest priority; it is told to stop between blocks, and a kill loses nothing
//! (`logs::pack`).
//!
//! Never packs the log of a run that has a driver, nor where it would leave less free space than the floor: for a moment
//! a log and its packed form lie side by side.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::context::Context;
use super::{Error, directory};
use crate::files::on_disk;
use crate::logs::{self, Packing, Summary};
use crate::model::run::Run;
use crate::store::{self, raw_logs::RawLog};

/// For as long a log is looked at more than it lies about, and is followed and searched at the speed of plain bytes.
const KEEP_RAW: SignedDuration = SignedDuration::from_hours(24);
/// What all raw logs may take together: sixteen of the longest that the default limit allows, and a few per cent of a
/// small server's disk.
const BUDGET: u64 = 4 * 1024 * 1024 * 1024;
/// After one that could not be packed.
const TRY_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Runs that finish wake the packer; this finds what has merely become old.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Above it nothing is niced further (setpriority(2)). The priority at the disk follows from it (ioprio_set(2)).
const LOWEST_PRIORITY: i32 = 19;

/// What is to be listed of a run that finishes now, if its log is worth packing.
pub(super) fn listed(run: &Run, log: &Summary, now: Timestamp) -> Option<RawLog> {
    let bytes = log.log_bytes();
    let pack_at = run.finished_at.unwrap_or(now).checked_add(KEEP_RAW).ok()?;
    (bytes >= logs::SMALLEST_PACKED).then(|| RawLog {
        run: run.id.clone(),
        bytes,
        pack_at,
    })
}

/// Why nothing is packed now, or that something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    NotYet,
    NoRoom,
    Pack,
}

/// `free` and `floor`: bytes of the disk.
fn decide(first: &RawLog, total: u64, now: Timestamp, (free, floor): (u64, u64)) -> Decision {
    if first.pack_at > now && total <= BUDGET {
        Decision::NotYet
    } else if free.saturating_sub(first.bytes) < floor {
        Decision::NoRoom
    } else {
        Decision::Pack
    }
}

pub(super) async fn keep(cx: Arc<Context>) {
    while !cx.stopping.is_cancelled() {
        let more = match round(&cx).await {
            Ok(more) => more,
            Err(e) => {
                tracing::warn!(error = %e, "logs are not packed for now");
                false
            }
        };
        if !more {
            tokio::select! {
                () = cx.stopping.cancelled() => {}
                () = cx.to_pack.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

/// Packs at most one. Whether the next may follow at once.
async fn round(cx: &Context) -> Result<bool, Error> {
    // Held until what was done is stored: a stop waits for that.
    let _packing = cx.packing.lock().await;
    let seen = cx
        .store
        .read(|c| Ok::<_, store::Error>((store::raw_logs::first(c)?, store::raw_logs::total(c)?)));
    let (Some(first), total) = seen.await.map_err(Error::Store)? else {
        return Ok(false);
    };
    let data = cx.data.clone();
    let free = on_disk(move || data.space()).await?.free_bytes;
    let floor = cx.settings.in_force().min_free_bytes;
    if decide(&first, total, cx.clock.now(), (free, floor)) != Decision::Pack {
        return Ok(false);
    }
    let run = cx.load(&first.run).await?;
    if !run.is_finished() || cx.drivers().contains_key(&run.id) {
        return Ok(false);
    }
    let Some(packing) = on_a_quiet_thread(cx, &run).await else {
        return Ok(false);
    };
    let again = cx.clock.now().checked_add(TRY_AGAIN).ok();
    let postponed = match packing {
        Ok(Packing::Stopped) => return Ok(false),
        Ok(Packing::Packed { before, after }) => {
            tracing::debug!(run = %run.id, before, after, "packed a log");
            None
        }
        Ok(Packing::NotWorthIt) => None,
        Ok(Packing::StillWritten) => {
            tracing::warn!(run = %run.id, "somebody writes the log of a finished run; it is not packed");
            again
        }
        Err(e) => {
            tracing::warn!(run = %run.id, error = %e, "a log could not be packed and stays as it is");
            again
        }
    };
    let id = run.id.clone();
    let stored = cx.store.write(move |tx| match postponed {
        Some(to) => store::raw_logs::postpone(tx, &id, to),
        None => store::raw_logs::remove(tx, &id),
    });
    stored.await.map_err(Error::Store)?;
    // After a failure others have their turn, but not in a circle.
    Ok(postponed.is_none())
}

/// `None` if the thread could not be had, or died.
async fn on_a_quiet_thread(cx: &Context, run: &Run) -> Option<logs::Result<Packing>> {
    let directory = cx.data.path().join(directory::place(run));
    let stopping = cx.stopping.clone();
    let (tell, told) = oneshot::channel();
    // Not one of the runtime's: a priority that was lowered cannot be raised again.
    let thread = std::thread::Builder::new().name("log packer".to_owned());
    let started = thread.spawn(move || {
        if let Err(e) = rustix::process::setpriority_process(None, LOWEST_PRIORITY) {
            tracing::debug!(error = %e, "logs are packed at the usual priority");
        }
        let _ = tell.send(logs::pack(&directory, |_| !stopping.is_cancelled()));
    });
    if let Err(e) = started {
        tracing::warn!(error = %e, "no thread to pack a log on");
        return None;
    }
    told.await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::State;
    use crate::runs::tests_support::run_in;

    const MIB: u64 = 1024 * 1024;

    fn raw(bytes: u64, pack_at: i64) -> RawLog {
        RawLog {
            run: run_in(State::Queued).id,
            bytes,
            pack_at: Timestamp::from_second(pack_at).expect("a time"),
        }
    }

    #[test]
    fn a_log_is_packed_when_it_is_old_or_there_are_too_many_and_there_is_room() {
        let now = Timestamp::from_second(1_000).expect("a time");
        let floor = 512 * MIB;
        let table = [
            // Due at; all together, free; decision.
            (1_000, MIB, 10 * floor, Decision::Pack),
            (1_001, MIB, 10 * floor, Decision::NotYet),
            (1_001, BUDGET, 10 * floor, Decision::NotYet),
            (1_001, BUDGET + 1, 10 * floor, Decision::Pack),
            (1_000, MIB, floor + MIB, Decision::Pack),
            (1_000, MIB, floor + MIB - 1, Decision::NoRoom),
            (1_001, BUDGET + 1, floor, Decision::NoRoom),
            (1_000, MIB, 0, Decision::NoRoom),
        ];
        for (pack_at, total, free, expected) in table {
            let decision = decide(&raw(MIB, pack_at), total, now, (free, floor));
            assert_eq!(decision, expected, "{pack_at} {total} {free}");
        }
    }

    #[test]
    fn short_logs_are_not_listed() {
        let mut run = run_in(State::Queued);
        run.finished_at = Some(Timestamp::UNIX_EPOCH);
        let summary = |stdout_bytes, records| Summary {
            stdout_bytes,
            records,
            ..Summary::default()
        };
        let listed = |log| listed(&run, &log, Timestamp::UNIX_EPOCH).map(|log| (log.bytes, log.pack_at));
        assert_eq!(listed(summary(65_495, 1)), None);
        let after_a_day = Timestamp::UNIX_EPOCH + KEEP_RAW;
        assert_eq!(listed(summary(65_496, 1)), Some((65_536, after_a_day)));
    }
}
