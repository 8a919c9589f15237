//! The loop that carries clean-ups out: takes up what was cut short, has what is due begin, and goes through a list in
//! small batches, intent before each act and facts after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::acts::{self, Done};
use super::schedule::{self, Turn};
use super::{Context, Error, Running, Wish};
use crate::events::News;
use crate::model::cleanup::{CleanedGroup, Failure, Kind, Report, Trigger};
use crate::store;
use crate::store::cleanups::{self, ItemRow, Progress};

const MOST_FAILURES: usize = 50;
/// A clock that is set is noticed after so long.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// After a batch, so many times what it took; at most [`LONGEST_PAUSE`], and more while something runs.
const PAUSE: u32 = 1;
const PAUSE_WHILE_BUSY: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// What is missed is made up for at the start, when the engine may not have answered yet.
const PATIENCE_WITH_ENGINE: Duration = Duration::from_secs(30);

/// How far it is by what is stored.
pub(super) fn far(found: &cleanups::Running, rows: &[ItemRow]) -> Running {
    let gone = |row: &&ItemRow| row.progress == Progress::Gone;
    let open = |row: &&ItemRow| matches!(row.progress, Progress::Pending | Progress::Acting);
    Running {
        id: found.id,
        trigger: found.trigger,
        started_at: found.started_at,
        continued: found.continued,
        items: rows.len() as u64,
        done: (rows.len() - rows.iter().filter(open).count()) as u64,
        bytes: rows.iter().map(|row| row.bytes).sum(),
        freed_bytes: rows.iter().filter(gone).map(|row| row.bytes).sum(),
        kind: rows.iter().find(open).map(|row| row.kind),
    }
}

pub(super) async fn keep(cx: Arc<Context>) {
    let mut settings = cx.parts.settings.subscribe();
    let mut taken_up = false;
    loop {
        let pause = match round(&cx, &mut taken_up).await {
            Ok(()) => LOOK_EVERY,
            Err(e) => {
                tracing::warn!(error = %e, "a clean-up could not go on; trying again");
                LOOK_AGAIN
            }
        };
        tokio::select! {
            () = cx.wake.notified() => {}
            _ = settings.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn round(cx: &Context, taken_up: &mut bool) -> Result<(), Error> {
    let first = !std::mem::replace(taken_up, true);
    if let Some(found) = cx.parts.store.read(cleanups::running).await? {
        let found = if first {
            tracing::info!(id = found.id, "a clean-up was cut short and goes on");
            let id = found.id;
            cx.parts.store.write(move |tx| cleanups::take_up(tx, id)).await?;
            cleanups::Running {
                continued: found.continued + 1,
                ..found
            }
        } else {
            found
        };
        carry_out(cx, &found).await?;
    }
    let settings = cx.parts.settings.in_force().cleanup;
    let now = cx.parts.clock.now();
    let cursor = cx.parts.store.read(schedule::cursor).await?;
    let turn = schedule::turn(cursor.as_ref(), &settings, now);
    if turn == Turn::Due {
        if first {
            cx.parts.runs.until_engine_is_ready(PATIENCE_WITH_ENGINE).await;
        }
        let wish = Wish {
            fingerprint: None,
            kinds: Some(settings.kinds.clone()),
        };
        match cx.begin(wish, Trigger::Schedule).await {
            // Somebody's own is as good.
            Ok(_) | Err(Error::Running) => {}
            Err(e) => return Err(e),
        }
    }
    if turn == Turn::Due || turn == Turn::Begin {
        let cursor = schedule::here(&settings, now);
        cx.parts
            .store
            .write(move |tx| schedule::set_cursor(tx, &cursor))
            .await?;
    }
    Ok(())
}

/// Goes through its list from where it is to the end, and stores the report.
async fn carry_out(cx: &Context, found: &cleanups::Running) -> Result<(), Error> {
    let id = found.id;
    let mut rows = cx.parts.store.read(move |c| cleanups::items(c, id)).await?;
    cx.set_running(Some(far(found, &rows)));
    let asks_engine = |row: &ItemRow| matches!(row.kind, Kind::Images | Kind::Containers | Kind::Supervisors);
    if rows.iter().any(asks_engine) {
        cx.parts.runs.until_engine_is_ready(PATIENCE_WITH_ENGINE).await;
    }
    let mut at = 0;
    while at < rows.len() {
        let kind = rows[at].kind;
        let same = rows[at..].iter().take_while(|row| row.kind == kind).count();
        let end = at + same.min(acts::batch(kind));
        let begun = Instant::now();
        carry_out_batch(cx, id, &mut rows[at..end]).await?;
        cx.set_running(Some(far(found, &rows)));
        at = end;
        let times = if cx.parts.runs.are_busy().await? {
            PAUSE_WHILE_BUSY
        } else {
            PAUSE
        };
        tokio::time::sleep((begun.elapsed() * times).min(LONGEST_PAUSE)).await;
    }
    let report = report(found, &rows, cx.parts.clock.now());
    tracing::info!(
        freed = report.freed_bytes,
        failures = report.failures.len(),
        "a clean-up has ended"
    );
    let stored = report.clone();
    cx.parts
        .store
        .write(move |tx| cleanups::finish(tx, &stored))
        .await?;
    cx.set_running(None);
    cx.parts.runs.look_at_disk();
    cx.parts.events.publish(News::System);
    Ok(())
}

/// Intent, act, facts.
async fn carry_out_batch(cx: &Context, id: i64, rows: &mut [ItemRow]) -> Result<(), Error> {
    let open = |row: &ItemRow| matches!(row.progress, Progress::Pending | Progress::Acting);
    let todo: Vec<ItemRow> = rows.iter().filter(|row| open(row)).cloned().collect();
    let Some(kind) = todo.first().map(|row| row.kind) else {
        return Ok(());
    };
    let positions: Vec<i64> = todo.iter().map(|row| row.position).collect();
    cx.parts
        .store
        .write(move |tx| {
            for position in positions {
                cleanups::set_progress(tx, id, position, (Progress::Acting, None))?;
            }
            Ok::<_, store::Error>(())
        })
        .await?;
    let done = acts::act(cx, kind, &todo).await;
    let mut facts = Vec::new();
    for (row, done) in todo.into_iter().zip(done) {
        let (progress, reason) = match done {
            Done::Gone => (Progress::Gone, None),
            // It was on its way out when we were killed: that was us.
            Done::NotThere if row.progress == Progress::Acting => (Progress::Gone, None),
            Done::NotThere => (Progress::Left, Some("it had gone already".to_owned())),
            Done::Left(why) => (Progress::Left, Some(why)),
        };
        facts.push((row.position, progress, reason));
    }
    for (position, progress, reason) in &facts {
        if let Some(row) = rows.iter_mut().find(|row| row.position == *position) {
            (row.progress, row.reason) = (*progress, reason.clone());
        }
    }
    cx.parts
        .store
        .write(move |tx| {
            for (position, progress, reason) in facts {
                cleanups::set_progress(tx, id, position, (progress, reason.as_deref()))?;
            }
            Ok::<_, store::Error>(())
        })
        .await?;
    Ok(())
}

fn report(found: &cleanups::Running, rows: &[ItemRow], now: Timestamp) -> Report {
    let mut groups: BTreeMap<Kind, CleanedGroup> = BTreeMap::new();
    let mut failures = Vec::new();
    for row in rows {
        let group = groups.entry(row.kind).or_insert(CleanedGroup {
            kind: row.kind,
            items: 0,
            bytes: 0,
            left: 0,
        });
        if row.progress == Progress::Gone {
            group.items += 1;
            group.bytes += row.bytes;
            continue;
        }
        group.left += 1;
        if failures.len() < MOST_FAILURES {
            failures.push(Failure {
                kind: row.kind,
                what: row.what.clone(),
                reason: row.reason.clone().unwrap_or_default(),
            });
        }
    }
    let groups: Vec<CleanedGroup> = groups.into_values().collect();
    Report {
        id: found.id,
        trigger: found.trigger,
        started_at: found.started_at,
        finished_at: now,
        continued: found.continued,
        freed_bytes: groups.iter().map(|group| group.bytes).sum(),
        groups,
        failures,
    }
}
