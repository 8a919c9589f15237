//! What is there: facts for the plan, and what its candidates weigh.
//!
//! Looks and changes nothing. What is listed on the disk is read before the rows that explain it, or looked at once more,
//! so that what is being made at this moment is not taken for something that nobody knows.

use std::collections::HashSet;

use jiff::Timestamp;

use super::plan::{ARCHIVES, Candidate, Facts, Found, LeftAlone, RunKnown, ScriptFact, candidates, known};
use super::{Context, Error};
use crate::files::{DataDir, ErrorKind, Weight, layout, on_disk};
use crate::model::ids::{RunId, ScriptId};
use crate::store;
use crate::store::runs::removal;

/// Runs that go at a time; the rest goes with retention's own rounds.
const MOST_RUNS: usize = 20_000;
const MOST_NAMES: usize = 200_000;
const IDS_AT_A_TIME: usize = 2_000;

/// What could go, weighed, and what is left alone.
pub(super) struct Survey {
    pub candidates: Vec<Candidate>,
    pub left_alone: Vec<LeftAlone>,
    pub now: Timestamp,
    pub trash_days: Option<u32>,
}

pub(super) async fn survey(cx: &Context) -> Result<Survey, Error> {
    let facts = facts(cx).await?;
    let (candidates, mut left_alone) = candidates(&facts);
    let (now, trash_days) = (facts.now, facts.trash_days);
    let candidates = with_runs_of_trash(cx, candidates).await?;
    let data = cx.parts.data.clone();
    let (candidates, unreadable) = on_disk(move || Ok::<_, Error>(weigh_all(&data, candidates))).await?;
    left_alone.extend(unreadable);
    Ok(Survey {
        candidates,
        left_alone,
        now,
        trash_days,
    })
}

async fn facts(cx: &Context) -> Result<Facts, Error> {
    let parts = &cx.parts;
    let data = parts.data.clone();
    let seen = on_disk(move || Seen::of(&data)).await?;
    let images = parts.images.unused().await?;
    let containers = parts.runs.leftover_containers().await?;
    let old_containers = parts
        .runs
        .has_container_older_than(cx.started_at.as_second())
        .await;
    let expired = parts.runs.expired(MOST_RUNS).await?;
    let unneeded = parts.runs.unneeded_environments().await?;
    let ids: Vec<RunId> = seen
        .run_directories
        .iter()
        .filter_map(|found| found.name.rsplit('/').next())
        .chain(seen.builds.iter().map(|found| found.name.as_str()))
        .map(RunId::parse)
        .filter(|id| !id.as_str().is_empty())
        .collect();
    let mut unknown = HashSet::new();
    for some in ids.chunks(IDS_AT_A_TIME) {
        unknown.extend(parts.runs.unknown(some.to_vec()).await?);
    }
    let rows = parts.store.read(|c| {
        let mut scripts = Vec::new();
        let unfinished: HashSet<ScriptId> = store::runs::unfinished(c)?
            .into_iter()
            .map(|run| run.script_id)
            .collect();
        for script in store::scripts::all(c)? {
            let (runs, kept) = match script.deleted_at {
                Some(_) => removal::count_of(c, &script.id)?,
                None => (0, 0),
            };
            scripts.push(ScriptFact {
                unfinished: unfinished.contains(&script.id),
                id: script.id,
                name: script.name,
                slug: script.slug,
                deleted_at: script.deleted_at,
                runs,
                kept,
            });
        }
        let strays: HashSet<String> = store::strays::all(c)?.into_iter().collect();
        Ok::<_, store::Error>((scripts, strays))
    });
    let (scripts, strays) = rows.await?;
    let now = parts.clock.now();
    let raw_logs = parts
        .store
        .read(move |c| store::raw_logs::overdue(c, now))
        .await?;
    let (data, slugs) = (
        parts.data.clone(),
        scripts.iter().map(|script| script.slug.clone()),
    );
    let slugs: Vec<String> = slugs.collect();
    let (environments, script_folders) = on_disk(move || {
        let mut environments = Vec::new();
        for unneeded in unneeded {
            let standing = data.standing(&layout::env(&unneeded.slug, &unneeded.key))?;
            environments.push((unneeded, standing));
        }
        let mut folders = seen.script_folders;
        let listed: HashSet<String> = folders.iter().map(|found| found.name.clone()).collect();
        for name in slugs.into_iter().filter(|slug| !listed.contains(slug)) {
            if let Some(standing) = data.standing(&layout::script(&name))? {
                folders.push(Found { name, standing });
            }
        }
        Ok::<_, Error>((environments, folders))
    })
    .await?;
    let builds = with_known_builds(cx, seen.builds, &unknown).await?;
    let run_directories = seen.run_directories.into_iter().map(|found| {
        let known = found
            .name
            .rsplit('/')
            .next()
            .map_or(RunKnown::NoRun, |id| known(id, &unknown));
        (found, known)
    });
    Ok(Facts {
        now,
        trash_days: parts.settings.in_force().cleanup.trash_days,
        scripts,
        script_folders,
        strays,
        environments,
        expired: expired.directories,
        run_directories: run_directories.collect(),
        staging: seen.staging,
        probe: seen.probe,
        builds,
        backups: seen.backups,
        supervisors: seen.supervisors,
        supervisor: parts.runs.installation().supervisor_folder.clone(),
        old_containers,
        archives: seen.archives,
        cache: seen.cache,
        images,
        containers,
        top: seen.top,
        raw_logs,
    })
}

async fn with_known_builds(
    cx: &Context,
    builds: Vec<Found>,
    unknown: &HashSet<RunId>,
) -> Result<Vec<(Found, RunKnown)>, Error> {
    let mut with_known = Vec::new();
    for found in builds {
        let mut known = known(&found.name, unknown);
        if known == RunKnown::Needed {
            let id = RunId::parse(&found.name);
            let run = cx.parts.store.read(move |c| store::runs::get(c, &id)).await?;
            // Its driver may still be at it, and removes it then.
            let is_over = run
                .and_then(|run| run.finished_at)
                .is_some_and(|at| cx.parts.clock.now().duration_since(at).as_hours() >= 1);
            if is_over {
                known = RunKnown::Finished;
            }
        }
        with_known.push((found, known));
    }
    Ok(with_known)
}

/// What a script in the trash takes is its folder and the directories of its runs.
async fn with_runs_of_trash(cx: &Context, mut candidates: Vec<Candidate>) -> Result<Vec<Candidate>, Error> {
    for candidate in &mut candidates {
        if candidate.kind != crate::model::cleanup::Kind::Trash {
            continue;
        }
        let script = ScriptId::parse(&candidate.key);
        let runs = cx
            .parts
            .store
            .read(move |c| removal::directories_of(c, &script, MOST_RUNS))
            .await?;
        candidate
            .paths
            .extend(runs.iter().map(|run| layout::run(run.queued_at, run.id.as_str())));
    }
    Ok(candidates)
}

/// One that cannot be weighed is left alone.
fn weigh_all(data: &DataDir, candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<LeftAlone>) {
    let (mut weighed, mut unreadable) = (Vec::new(), Vec::new());
    for mut candidate in candidates {
        match weigh(data, &candidate.paths) {
            Ok(weight) => {
                candidate.weight = weight;
                weighed.push(candidate);
            }
            Err(e) => unreadable.push(LeftAlone {
                what: candidate.what,
                why: format!("It cannot be looked at: {e}"),
            }),
        }
    }
    (weighed, unreadable)
}

fn weigh(data: &DataDir, paths: &[String]) -> crate::files::Result<Weight> {
    let mut weight = Weight::default();
    for path in paths {
        weight.add(data.weigh(path)?);
    }
    Ok(weight)
}

/// What lies on the disk, by names alone.
struct Seen {
    top: Vec<Found>,
    script_folders: Vec<Found>,
    run_directories: Vec<Found>,
    staging: Vec<Found>,
    probe: Vec<Found>,
    builds: Vec<Found>,
    backups: Vec<Found>,
    supervisors: Vec<Found>,
    archives: Vec<Found>,
    cache: Vec<Found>,
}

impl Seen {
    fn of(data: &DataDir) -> Result<Self, Error> {
        let in_folder = |folder: &str| found_in(data, Some(folder));
        let mut run_directories = Vec::new();
        for year in in_folder(layout::RUNS)? {
            let year = format!("{}/{}", layout::RUNS, year.name);
            if !ends_in_digits(&year, 4) {
                run_directories.extend(stranger(data, &year)?);
                continue;
            }
            for month in in_folder(&year)? {
                let month = format!("{year}/{}", month.name);
                if !ends_in_digits(&month, 2) {
                    run_directories.extend(stranger(data, &month)?);
                    continue;
                }
                let runs = in_folder(&month)?.into_iter().map(|found| Found {
                    name: format!("{month}/{}", found.name),
                    ..found
                });
                run_directories.extend(runs);
            }
        }
        Ok(Self {
            top: found_in(data, None)?,
            script_folders: in_folder(layout::SCRIPTS)?,
            run_directories,
            staging: in_folder(layout::STAGING)?,
            probe: in_folder(layout::PROBE)?,
            builds: in_folder(layout::BUILDS)?,
            backups: in_folder(layout::BACKUPS)?,
            supervisors: in_folder(layout::BIN)?,
            archives: in_folder(&format!("{}/{ARCHIVES}", layout::UV_CACHE))?,
            cache: in_folder(layout::UV_CACHE)?,
        })
    }
}

fn ends_in_digits(path: &str, digits: usize) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    name.len() == digits && name.chars().all(|c| c.is_ascii_digit())
}

/// Where there should be a month of runs, and is something else.
fn stranger(data: &DataDir, path: &str) -> Result<Option<Found>, Error> {
    Ok(data.standing(path)?.map(|standing| Found {
        name: path.to_owned(),
        standing,
    }))
}

/// A name that is no path of ours cannot be one that we gave; it is not looked at.
fn found_in(data: &DataDir, folder: Option<&str>) -> Result<Vec<Found>, Error> {
    let listing = match data.names(folder, MOST_NAMES) {
        // Something else has the folder's name.
        Err(e) if matches!(e.kind(), ErrorKind::NotAFile | ErrorKind::Unsafe) => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in listing.entries {
        let path = match folder {
            Some(folder) => format!("{folder}/{}", entry.path),
            None => entry.path.clone(),
        };
        if let Ok(Some(standing)) = data.standing(&path) {
            found.push(Found {
                name: entry.path,
                standing,
            });
        }
    }
    Ok(found)
}
