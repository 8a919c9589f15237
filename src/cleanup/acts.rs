//! Taking away what a plan names: one small act per kind, each safe to repeat.
//!
//! Every act looks once more: what stands otherwise than it did, or is needed since, stays. Files and folders leave their
//! place in one step and are removed out of sight; whatever a kill leaves of them goes at the next start. What has a row
//! goes by its own module's way, row first.

use std::fs::File;
use std::time::Duration;

use super::{Context, Error};
use crate::files::{self, DataDir, Discarded, ErrorKind, Owner, RelPath, layout, on_disk};
use crate::images::Removal;
use crate::model::cleanup::Kind;
use crate::model::ids::{RunId, ScriptId};
use crate::runs;
use crate::store::cleanups::ItemRow;
use crate::store::runs::removal;
use crate::store::{self, strays};

/// What has come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Done {
    Gone,
    /// Somebody else was quicker, or we were, and were killed before we could say so.
    NotThere,
    /// Why it is still there.
    Left(String),
}

/// So many of a kind go together.
pub(super) fn batch(kind: Kind) -> usize {
    match kind {
        Kind::Runs => 20,
        Kind::UnusedPackages | Kind::PackageCache => 50,
        _ => 1,
    }
}

/// Of one kind, at most as many as its batch. An answer for each.
pub(super) async fn act(cx: &Context, kind: Kind, items: &[ItemRow]) -> Vec<Done> {
    let done = match kind {
        Kind::Runs => runs_of(cx, items).await,
        Kind::UnusedPackages | Kind::PackageCache => packages(cx, kind, items).await,
        _ => {
            let mut done = Vec::with_capacity(items.len());
            for item in items {
                done.push(one(cx, item).await.unwrap_or_else(|e| Done::Left(e.to_string())));
            }
            Ok(done)
        }
    };
    done.unwrap_or_else(|e| vec![Done::Left(e.to_string()); items.len()])
}

async fn one(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    match item.kind {
        Kind::Trash => trash(cx, item).await,
        Kind::RunDirectories => run_directory(cx, item).await,
        Kind::Folders => folder(cx, item).await,
        Kind::Environments => environment(cx, item).await,
        Kind::Leftovers => leftover(cx, item).await,
        Kind::DatabaseCopies => path(cx, item).await,
        Kind::Supervisors => supervisor(cx, item).await,
        Kind::Images => Ok(match cx.parts.images.remove_unused(&item.key).await? {
            Removal::Gone => Done::Gone,
            Removal::NotThere => Done::NotThere,
            Removal::Left(why) => Done::Left(why),
        }),
        Kind::Containers => Ok(match cx.parts.runs.remove_leftover_container(&item.key).await? {
            Ok(true) => Done::Gone,
            Ok(false) => Done::NotThere,
            Err(why) => Done::Left(why),
        }),
        // They go together ([`act`]).
        Kind::Runs | Kind::UnusedPackages | Kind::PackageCache => Ok(Done::NotThere),
    }
}

fn changed() -> Done {
    Done::Left("it has changed since it was looked at".to_owned())
}

async fn trash(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    let id = ScriptId::parse(&item.key);
    let wanted = id.clone();
    let seen = cx.parts.store.read(move |c| {
        let Some(script) = store::scripts::get(c, &wanted)? else {
            return Ok(None);
        };
        let (_, kept) = removal::count_of(c, &wanted)?;
        Ok::<_, store::Error>(Some((script, kept)))
    });
    let Some((script, kept)) = seen.await? else {
        return Ok(Done::NotThere);
    };
    // The history may have lost runs since then, be it by us before we were killed; when it was thrown away is the same.
    let deleted_at = script.deleted_at.map(|at| at.as_millisecond().to_string());
    if deleted_at.as_deref() != item.mark.split(' ').next() {
        return Ok(Done::Left("it is not in the trash any more".to_owned()));
    }
    if kept > 0 {
        return Ok(Done::Left("some of its runs are marked to be kept".to_owned()));
    }
    match cx.parts.runs.remove_script(&id).await {
        Ok(()) => {}
        Err(runs::Error::Scripts(e)) => return Ok(Done::Left(e.to_string())),
        Err(e) => return Err(e.into()),
    }
    let (data, folder) = (cx.parts.data.clone(), layout::script(&script.slug));
    Ok(match on_disk(move || data.standing(&folder)).await? {
        None => Done::Gone,
        Some(_) => Done::Left("its folder could not be removed yet; the next start tries again".to_owned()),
    })
}

async fn runs_of(cx: &Context, items: &[ItemRow]) -> Result<Vec<Done>, Error> {
    let numbers: Vec<i64> = items.iter().filter_map(|item| item.key.parse().ok()).collect();
    let asked = numbers.clone();
    let there = cx
        .parts
        .store
        .read(move |c| removal::directories(c, &asked))
        .await?;
    let mine: Vec<i64> = there
        .iter()
        .filter(|run| {
            let number = run.number.to_string();
            items
                .iter()
                .any(|item| item.key == number && item.mark == run.id.as_str())
        })
        .map(|run| run.number)
        .collect();
    let gone = cx.parts.runs.remove_expired(mine).await?;
    let done = items.iter().map(|item| {
        let number = item.key.parse().unwrap_or_default();
        if gone.contains(&number) {
            Done::Gone
        } else if there.iter().any(|run| run.number == number) {
            Done::Left("it is to be kept since".to_owned())
        } else {
            Done::NotThere
        }
    });
    Ok(done.collect())
}

async fn run_directory(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    let id = RunId::parse(item.key.rsplit('/').next().unwrap_or_default());
    if !cx.parts.runs.unknown(vec![id.clone()]).await?.contains(&id) {
        return Ok(Done::Left("a run has it".to_owned()));
    }
    path(cx, item).await
}

async fn folder(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    let slug = item.key.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = slug.clone();
    let owned = cx
        .parts
        .store
        .read(move |c| {
            let scripts = store::scripts::all(c)?;
            Ok::<_, store::Error>(scripts.iter().any(|script| script.slug == wanted))
        })
        .await?;
    if owned {
        return Ok(Done::Left("a script has it".to_owned()));
    }
    let done = path(cx, item).await?;
    if done == Done::Gone {
        cx.parts.store.write(move |tx| strays::forget(tx, &slug)).await?;
    }
    Ok(done)
}

async fn environment(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    let Some((script, key)) = item.key.split_once('/') else {
        return Ok(Done::NotThere);
    };
    let id = ScriptId::parse(script);
    let wanted = id.clone();
    let script = cx
        .parts
        .store
        .read(move |c| store::scripts::get(c, &wanted))
        .await?;
    let Some(script) = script else {
        return Ok(Done::NotThere);
    };
    let (data, place) = (cx.parts.data.clone(), layout::env(&script.slug, key));
    let standing = on_disk(move || data.standing(&place)).await?;
    match standing {
        Some(standing) if standing.to_string() != item.mark => return Ok(changed()),
        None if item.mark != "no folder" => return Ok(Done::NotThere),
        _ => {}
    }
    Ok(match cx.parts.runs.remove_unneeded_environment(&id, key).await? {
        true => Done::Gone,
        false => Done::Left("it is needed since".to_owned()),
    })
}

async fn leftover(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    if let Some(id) = item.key.strip_prefix(layout::BUILDS) {
        let id = RunId::parse(id.trim_start_matches('/'));
        let run = cx.parts.store.read(move |c| store::runs::get(c, &id)).await?;
        if run.is_some_and(|run| !run.is_finished()) {
            return Ok(Done::Left("a build works in it".to_owned()));
        }
    }
    path(cx, item).await
}

async fn supervisor(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    let started = cx.started_at.as_second();
    if item.key == cx.parts.runs.installation().supervisor_folder {
        return Ok(Done::Left("it is in use".to_owned()));
    }
    if cx.parts.runs.has_container_older_than(started).await {
        return Ok(Done::Left("a container may use it".to_owned()));
    }
    path(cx, item).await
}

/// A file or folder that nobody else knows of.
async fn path(cx: &Context, item: &ItemRow) -> Result<Done, Error> {
    let (data, key, mark) = (cx.parts.data.clone(), item.key.clone(), item.mark.clone());
    on_disk(move || {
        Ok(match take_away(&data, &key, &mark)? {
            Ok(discarded) => remove(discarded),
            Err(done) => done,
        })
    })
    .await
}

/// Out of its place, if it stands as it did.
fn take_away(data: &DataDir, path: &str, mark: &str) -> files::Result<Result<Discarded, Done>> {
    match data.standing(path)? {
        None => return Ok(Err(Done::NotThere)),
        Some(standing) if standing.to_string() != mark => return Ok(Err(changed())),
        Some(_) => {}
    }
    match data.discard(path) {
        Ok(discarded) => Ok(Ok(discarded)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Err(Done::NotThere)),
        Err(e) => Err(e),
    }
}

fn remove(discarded: Discarded) -> Done {
    match discarded.remove() {
        Ok(()) => Done::Gone,
        Err(e) => Done::Left(format!("it is out of the way and goes at the next start: {e}")),
    }
}

const LOCK: &str = ".lock";
/// A build holds the lock while it resolves and installs.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// Under uv's own lock for those who clean its cache: builds wait for it, and it waits for them. It is held while things
/// leave their places, and not while they are removed.
async fn packages(cx: &Context, kind: Kind, items: &[ItemRow]) -> Result<Vec<Done>, Error> {
    let mut tries = TRIES;
    loop {
        let (data, wanted) = (cx.parts.data.clone(), items.to_vec());
        let done = on_disk(move || {
            let Ok(_lock) = lock_cache(&data)? else {
                return Ok(None);
            };
            let taken: Vec<_> = wanted
                .iter()
                .map(|item| take_package(&data, kind, item))
                .collect();
            Ok::<_, Error>(Some(taken))
        })
        .await?;
        if let Some(taken) = done {
            let removed = on_disk(move || {
                let done = taken.into_iter().map(|taken| match taken {
                    Ok(Ok(discarded)) => remove(discarded),
                    Ok(Err(done)) => done,
                    Err(e) => Done::Left(e.to_string()),
                });
                Ok::<_, Error>(done.collect())
            });
            return removed.await;
        }
        tries -= 1;
        if tries == 0 {
            let why = Done::Left("a build is using the package cache".to_owned());
            return Ok(vec![why; items.len()]);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

fn take_package(data: &DataDir, kind: Kind, item: &ItemRow) -> files::Result<Result<Discarded, Done>> {
    if kind == Kind::UnusedPackages && data.weigh(&item.key)?.is_used_elsewhere() {
        return Ok(Err(Done::Left("an environment has it since".to_owned())));
    }
    take_away(data, &item.key, &item.mark)
}

/// `Err` while somebody else holds it. Without the file nobody has used the cache yet, or uv is an old one.
fn lock_cache(data: &DataDir) -> files::Result<Result<Option<File>, ()>> {
    let cache = data.folder(layout::UV_CACHE, Owner::Controller)?;
    let file = match cache.open_file(&RelPath::parse(LOCK)?) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Ok(None)),
        other => other?.file,
    };
    Ok(match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(_) => Err(()),
    })
}
