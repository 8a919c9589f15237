//! Removing runs that are older, more or larger than settings and their script want kept.
//!
//! One loop: at the start, every hour, and when somebody has changed what is kept. What goes is decided by [`plan`], in
//! the transaction that removes the rows, so that nothing that has become needed meanwhile is lost. A batch is small and
//! followed by a pause several times as long, so runs do not wait for the writer. The directories of removed runs are
//! remembered in the same transaction, and removed after it; a controller that is killed in between finds them at its
//! next start. Knows no policy but the bounds it is given, and removes nothing that has not finished.

mod plan;
mod preview;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::Error;
use super::context::Context;
use crate::events::News;
use crate::files::{layout, on_disk};
use crate::model::ids::{RunId, ScriptId};
use crate::model::retention::Retention;
use crate::model::run::RunKind;
use crate::scripts;
use crate::store;
use crate::store::runs::removal::{self, Filed, Stretch};
use plan::Rules;

pub use preview::{Preview, PreviewOfScript};
pub(super) use preview::{Question, preview, preview_with_numbers};

const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// After a directory had to be left to the run's driver.
const LOOK_SOON: Duration = Duration::from_secs(1);
/// A transaction of so many takes a few milliseconds.
const BATCH: usize = 20;
/// After a batch, so many times what it took.
const PAUSE: u32 = 4;
const LEAST_PAUSE: Duration = Duration::from_millis(5);
/// By so much the clock may run ahead of the time that has passed; beyond it, age is not believed for a while.
const LEAP: SignedDuration = SignedDuration::from_mins(30);
const KINDS: [RunKind; 3] = [RunKind::Script, RunKind::Build, RunKind::Compile];

pub(super) async fn keep(cx: Arc<Context>) {
    let mut settings = cx.settings.subscribe();
    let mut before: Option<(Timestamp, Instant)> = None;
    loop {
        let bounds = settings.borrow_and_update().retention;
        let now = (cx.clock.now(), Instant::now());
        let leapt = before.is_some_and(|before| has_leapt(before, now));
        if leapt {
            tracing::warn!("the clock has leapt ahead; for now, no run is removed for its age");
        }
        before = Some(now);
        let pause = match round(&cx, &bounds, (!leapt).then_some(now.0)).await {
            Ok(Directories::Gone) => LOOK_EVERY,
            Ok(Directories::InUse) => LOOK_SOON,
            Err(e) => {
                tracing::warn!(error = %e, "runs that need not be kept could not all be removed");
                LOOK_EVERY
            }
        };
        let other_bounds = async {
            while settings.borrow_and_update().retention == bounds {
                if settings.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = other_bounds => {}
            () = cx.retention.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// A clock that is wrong for a moment must not cost a history. (A machine that slept looks the same, and loses an hour.)
fn has_leapt(before: (Timestamp, Instant), now: (Timestamp, Instant)) -> bool {
    let passed = SignedDuration::try_from(now.1.saturating_duration_since(before.1));
    now.0.duration_since(before.0) > passed.unwrap_or(SignedDuration::MAX).saturating_add(LEAP)
}

/// `now` is what age is counted from; without it, age does not matter.
async fn round(cx: &Context, settings: &Retention, now: Option<Timestamp>) -> Result<Directories, Error> {
    let directories = remove_directories(cx).await?;
    let scripts = cx.store.read(store::scripts::all).await.map_err(Error::Store)?;
    let mut gone = 0;
    for script in &scripts {
        for kind in KINDS {
            gone += remove_by_rules(cx, (&script.id, kind), settings, now).await?;
        }
        if script.retention.max_bytes.is_some() {
            gone += free(cx, Some(&script.id), settings).await?;
        }
    }
    if settings.max_bytes.is_some() {
        gone += free(cx, None, settings).await?;
    }
    if gone > 0 {
        tracing::info!(runs = gone, "removed runs that need not be kept");
        cx.events.publish(News::System);
    }
    Ok(directories)
}

/// What has become of the directories of removed runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directories {
    Gone,
    /// A driver is still cleaning up behind its run.
    InUse,
}

/// What a script's runs of one kind are held against, and above which number nothing of it goes by that.
fn rules(
    c: &Connection,
    (script, kind): (&ScriptId, RunKind),
    bounds: &Retention,
    now: Option<Timestamp>,
) -> Result<(Rules, i64), store::Error> {
    let finished_before = now.and_then(|now| plan::finished_before(bounds.max_age_days, now));
    let newest_from = match bounds.max_runs {
        Some(most) => removal::newest_from(c, script, kind, most)?,
        None => 0,
    };
    // What finished before was queued before.
    let young_from = match finished_before {
        Some(before) => removal::queued_from(c, before)?,
        None => 0,
    };
    let rules = Rules {
        finished_before,
        newest_from,
        needed: removal::needed(c, script)?,
    };
    let below = newest_from.max(young_from);
    Ok((rules, below))
}

/// What the script wants kept, as it says at this moment.
fn bounds_of(c: &Connection, script: &ScriptId, settings: &Retention) -> Result<Retention, store::Error> {
    let script = store::scripts::get(c, script)?;
    Ok(script
        .map_or_else(Default::default, |script| script.retention)
        .of_script(settings))
}

/// Whether somebody has decided otherwise since the round began: nothing more goes by what held then.
fn is_outdated(cx: &Context, settings: &Retention) -> bool {
    cx.settings.in_force().retention != *settings
}

async fn remove_by_rules(
    cx: &Context,
    (script, kind): (&ScriptId, RunKind),
    settings: &Retention,
    now: Option<Timestamp>,
) -> Result<usize, Error> {
    let (mut above, mut gone) = (0, 0);
    let settings = *settings;
    while !is_outdated(cx, &settings) {
        let script = script.clone();
        let page = move |c: &Connection| {
            let bounds = bounds_of(c, &script, &settings)?;
            let (rules, below) = rules(c, (&script, kind), &bounds, now)?;
            let stretch = Stretch {
                script,
                kind,
                above,
                below,
            };
            let page = removal::oldest(c, &stretch, BATCH)?;
            let go: Vec<i64> = page
                .iter()
                .filter(|run| rules.goes(run))
                .map(|run| run.number)
                .collect();
            Ok::<_, store::Error>((go, page.last().map(|run| run.number)))
        };
        let (go, last) = cx.store.read(page.clone()).await.map_err(Error::Store)?;
        let Some(last) = last else { break };
        if !go.is_empty() {
            // Once more, in the transaction: something may have become needed, or be kept for longer.
            gone += remove(cx, move |c| Ok(page(c)?.0)).await?;
        }
        above = last;
    }
    Ok(gone)
}

/// Removes the oldest until no more bytes are taken than may be: by the runs of a script, or by all.
async fn free(cx: &Context, script: Option<&ScriptId>, settings: &Retention) -> Result<usize, Error> {
    let (mut above, mut gone) = (0, 0);
    let settings = *settings;
    while !is_outdated(cx, &settings) {
        let script = script.cloned();
        let page = move |c: &Connection| {
            let most = match &script {
                Some(script) => bounds_of(c, script, &settings)?.max_bytes,
                None => settings.max_bytes,
            };
            let taken = removal::bytes(c, script.as_ref())?;
            let excess = most.map_or(0, |most| taken.saturating_sub(most));
            if excess == 0 {
                return Ok((Vec::new(), None));
            }
            let page = oldest_that_take_room(c, script.as_ref(), above)?;
            let last = page.last().map(|(run, _)| run.number);
            let may_go = page.iter().filter(|(_, may_go)| *may_go).map(|(run, _)| run);
            let (go, _) = plan::free(may_go, excess);
            Ok::<_, store::Error>((go, last))
        };
        let (go, last) = cx.store.read(page.clone()).await.map_err(Error::Store)?;
        let Some(last) = last else { break };
        if !go.is_empty() {
            gone += remove(cx, move |c| Ok(page(c)?.0)).await?;
        }
        above = last;
    }
    Ok(gone)
}

/// With whether they may go.
fn oldest_that_take_room(
    c: &Connection,
    script: Option<&ScriptId>,
    above: i64,
) -> Result<Vec<(Filed, bool)>, store::Error> {
    let only = |needed: HashSet<i64>| Rules {
        finished_before: None,
        newest_from: 0,
        needed,
    };
    if let Some(script) = script {
        let stretch = Stretch {
            script: script.clone(),
            kind: RunKind::Script,
            above,
            below: i64::MAX,
        };
        let rules = only(removal::needed(c, script)?);
        let page = removal::oldest(c, &stretch, BATCH)?;
        return Ok(page
            .into_iter()
            .map(|run| (run.clone(), rules.may_go(&run)))
            .collect());
    }
    let mut known = HashMap::new();
    let mut page = Vec::new();
    for (run, script, _) in removal::oldest_with_bytes(c, above, BATCH)? {
        if !known.contains_key(&script) {
            known.insert(script.clone(), only(removal::needed(c, &script)?));
        }
        let may_go = known.get(&script).is_some_and(|rules| rules.may_go(&run));
        page.push((run, may_go));
    }
    Ok(page)
}

/// Removes the runs that are chosen in the same transaction, then their directories. How many.
async fn remove(
    cx: &Context,
    choose: impl FnOnce(&Connection) -> Result<Vec<i64>, store::Error> + Send + 'static,
) -> Result<usize, Error> {
    let begun = Instant::now();
    let gone = cx
        .store
        .write(move |tx| {
            let chosen = choose(tx)?;
            let mut gone = 0;
            for number in chosen {
                gone += usize::from(removal::remove(tx, number)?);
            }
            Ok::<_, store::Error>(gone)
        })
        .await?;
    let took = begun.elapsed();
    remove_directories(cx).await?;
    tokio::time::sleep((took * PAUSE).max(LEAST_PAUSE)).await;
    Ok(gone)
}

/// Of these runs, removes those that need not be kept at this moment either. Their numbers.
pub(super) async fn remove_some(cx: &Context, numbers: Vec<i64>) -> Result<Vec<i64>, Error> {
    let (settings, now) = (cx.settings.in_force().retention, cx.clock.now());
    let gone = cx
        .store
        .write(move |tx| {
            let mut gone = Vec::new();
            for number in numbers {
                let Some((script, kind)) = removal::whose(tx, number)? else {
                    continue;
                };
                let bounds = bounds_of(tx, &script, &settings)?;
                let (rules, _) = rules(tx, (&script, kind), &bounds, Some(now))?;
                let stretch = Stretch {
                    script: script.clone(),
                    kind,
                    above: number - 1,
                    below: number + 1,
                };
                let Some(run) = removal::oldest(tx, &stretch, 1)?.pop() else {
                    continue;
                };
                let beyond = |most: Option<u64>, of: Option<&ScriptId>| -> Result<bool, store::Error> {
                    let Some(most) = most else { return Ok(false) };
                    Ok(removal::bytes(tx, of)? > most)
                };
                let takes_too_much = run.bytes > 0
                    && rules.may_go(&run)
                    && (beyond(settings.max_bytes, None)?
                        || kind == RunKind::Script && beyond(bounds.max_bytes, Some(&script))?);
                if (rules.goes(&run) || takes_too_much) && removal::remove(tx, number)? {
                    gone.push(number);
                }
            }
            Ok::<_, store::Error>(gone)
        })
        .await?;
    if !gone.is_empty() {
        remove_directories(cx).await?;
        cx.events.publish(News::System);
    }
    Ok(gone)
}

/// Removes a finished run at somebody's wish.
pub(super) async fn remove_one(cx: &Context, id: &RunId) -> Result<(), Error> {
    let wanted = id.clone();
    cx.store
        .write(move |tx| {
            let run = store::runs::get(tx, &wanted)?.ok_or(Error::NotFound)?;
            if !run.is_finished() {
                return Err(Error::Unfinished);
            }
            if run.kept {
                return Err(Error::Kept);
            }
            if removal::made_an_environment(tx, &run.script_id, &run.id)? {
                return Err(Error::InUse);
            }
            removal::remove(tx, run.number)?;
            Ok(())
        })
        .await?;
    cx.events.publish(News::System);
    // The row is gone; what cannot be removed now is removed later.
    match remove_directories(cx).await {
        Ok(Directories::Gone) => {}
        Ok(Directories::InUse) => cx.retention.notify_one(),
        Err(e) => tracing::warn!(run = %id, error = %e, "the directory of a removed run stays for now"),
    }
    Ok(())
}

/// Removes every run of a script that is in the trash, whatever is to be kept, a batch at a time.
pub(super) async fn remove_all_of(cx: &Context, script: &ScriptId) -> Result<(), Error> {
    loop {
        let wanted = script.clone();
        let gone = cx
            .store
            .write(move |tx| {
                // Each time: somebody may have taken it out of the trash.
                let script = store::scripts::get(tx, &wanted)?.ok_or(Error::ScriptNotFound)?;
                if script.deleted_at.is_none() {
                    return Err(Error::Scripts(scripts::Error::NotInTrash));
                }
                let unfinished = store::runs::unfinished(tx)?;
                let mine = unfinished.iter().filter(|run| run.script_id == wanted);
                let runs: Vec<String> = mine.map(|run| run.id.to_string()).collect();
                if !runs.is_empty() {
                    return Err(Error::Scripts(scripts::Error::Busy { runs }));
                }
                let some = removal::some_of(tx, &wanted, BATCH)?;
                for number in &some {
                    removal::remove(tx, *number)?;
                }
                Ok::<_, Error>(some.len())
            })
            .await?;
        if gone == 0 {
            break;
        }
    }
    cx.events.publish(News::System);
    // Their rows are gone; what cannot be removed now is removed later.
    match remove_directories(cx).await {
        Ok(Directories::Gone) => {}
        Ok(Directories::InUse) => cx.retention.notify_one(),
        Err(e) => tracing::warn!(%script, error = %e, "directories of removed runs stay for now"),
    }
    Ok(())
}

/// Of removed runs. One that cannot be removed now is left for the next round.
async fn remove_directories(cx: &Context) -> Result<Directories, Error> {
    let _alone = cx.removing.lock().await;
    let mut directories = Directories::Gone;
    let mut after = String::new();
    let mut any = false;
    loop {
        let from = after.clone();
        let page = cx
            .store
            .read(move |c| removal::removals(c, &from, BATCH))
            .await
            .map_err(Error::Store)?;
        let Some((last, _)) = page.last() else { break };
        after = last.as_str().to_owned();
        let mut gone = Vec::new();
        for (id, queued_at) in page {
            // Its driver is still cleaning up behind it, or it is about to get its row.
            if cx.drivers().contains_key(&id) || cx.arriving().contains(&id) {
                directories = Directories::InUse;
                continue;
            }
            // It may have got it since the page was read. After the look above, so that none falls between the two.
            let wanted = id.clone();
            let is_noted = cx.store.read(move |c| removal::is_noted(c, &wanted)).await;
            if !is_noted.map_err(Error::Store)? {
                continue;
            }
            let (data, run) = (cx.data.clone(), id.clone());
            let removed = on_disk(move || {
                data.remove_tree(&layout::build(run.as_str()))?;
                data.remove_tree(&layout::run(queued_at, run.as_str()))
            });
            match removed.await {
                Ok(()) => gone.push(id),
                Err(e) => {
                    tracing::warn!(run = %id, error = %e, "the directory of a removed run stays for now")
                }
            }
        }
        any |= !gone.is_empty();
        if !gone.is_empty() {
            cx.store
                .write(move |tx| removal::removed(tx, &gone))
                .await
                .map_err(Error::Store)?;
        }
    }
    if any {
        cx.look_at_disk.notify_one();
    }
    Ok(directories)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_leaps_is_not_believed() {
        let at = |minutes: i64| Timestamp::from_second(minutes * 60).expect("a time");
        let begin = Instant::now();
        let later = |minutes: u64| begin + Duration::from_secs(minutes * 60);
        assert!(!has_leapt((at(0), begin), (at(60), later(60))));
        assert!(!has_leapt((at(0), begin), (at(80), later(60))));
        assert!(has_leapt((at(0), begin), (at(100), later(60))));
        assert!(!has_leapt((at(100), begin), (at(0), later(60))));
    }
}
