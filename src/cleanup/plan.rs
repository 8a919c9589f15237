//! What could go: pure.
//!
//! What was found is held against what is needed: that gives candidates, and what is left alone with the reason. Once
//! they were weighed, [`account`](super::account) works out what removing them frees.
//!
//! What cannot be told to be ours is left alone: nothing goes because nobody knows what it is.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use crate::files::{Standing, Weight, layout};
use crate::images::Unused;
use crate::model::cleanup::Kind;
use crate::model::ids::{RunId, ScriptId};
use crate::runs::Unneeded;
use crate::store::runs::removal::Directory;

/// What was cut short is left for so long: somebody might still be at it.
const LEFTOVER_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Copies of the database from before its schema changed.
const KEPT_COPIES: usize = 3;

/// A script that has a row.
#[derive(Debug, Clone)]
pub struct ScriptFact {
    pub id: ScriptId,
    pub name: String,
    pub slug: String,
    pub deleted_at: Option<Timestamp>,
    pub runs: u64,
    /// Of those, marked to be kept.
    pub kept: u64,
    pub unfinished: bool,
}

/// Something in a folder of ours, by its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    pub standing: Standing,
}

/// A run as a folder's name says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKnown {
    /// It has not finished, or what is left of it is removed by somebody else.
    Needed,
    Finished,
    Unknown,
    /// The name is no run's.
    NoRun,
}

/// Everything that was found, whether it is needed or not.
#[derive(Debug, Clone)]
pub struct Facts {
    pub now: Timestamp,
    pub trash_days: Option<u32>,
    pub scripts: Vec<ScriptFact>,
    pub script_folders: Vec<Found>,
    /// Folders that were noted before they came into being, or before they lost their script.
    pub strays: HashSet<String>,
    /// With how their folders stand; a row without a folder has none.
    pub environments: Vec<(Unneeded, Option<Standing>)>,
    pub expired: Vec<Directory>,
    /// Under their paths.
    pub run_directories: Vec<(Found, RunKnown)>,
    pub staging: Vec<Found>,
    pub probe: Vec<Found>,
    pub builds: Vec<(Found, RunKnown)>,
    pub backups: Vec<Found>,
    pub supervisors: Vec<Found>,
    /// The folder that is in use.
    pub supervisor: String,
    /// Containers are there that may use an earlier one.
    pub old_containers: bool,
    pub archives: Vec<Found>,
    /// At the top of the package cache.
    pub cache: Vec<Found>,
    /// Or why the engine does not say.
    pub images: Result<Vec<Unused>, String>,
    pub containers: Result<Vec<String>, String>,
    /// At the top of the data folder.
    pub top: Vec<Found>,
    /// How many logs are past the time at which they are packed, and their bytes.
    pub raw_logs: (u64, u64),
}

/// Something that could go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub kind: Kind,
    /// What it is found by.
    pub key: String,
    /// What people call it.
    pub what: String,
    /// How it stands: what stands otherwise is another thing.
    pub mark: String,
    /// What goes with it.
    pub paths: Vec<String>,
    /// Beside those, at the engine.
    pub engine_bytes: u64,
    /// It goes with this script, should that go.
    pub of: Option<ScriptId>,
    /// Of its paths, once it was weighed.
    pub weight: Weight,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    pub what: String,
    pub why: String,
}

#[derive(Default)]
struct Sorting {
    candidates: Vec<Candidate>,
    left_alone: Vec<LeftAlone>,
}

impl Sorting {
    fn go(&mut self, kind: Kind, key: impl Into<String>, what: impl Into<String>) -> &mut Candidate {
        self.candidates.push(Candidate {
            kind,
            key: key.into(),
            what: what.into(),
            mark: String::new(),
            paths: Vec::new(),
            engine_bytes: 0,
            of: None,
            weight: Weight::default(),
        });
        let last = self.candidates.len() - 1;
        &mut self.candidates[last]
    }

    /// A file or folder of ours, which is its own key.
    fn go_path(&mut self, kind: Kind, path: String, standing: Standing) -> &mut Candidate {
        let candidate = self.go(kind, path.clone(), path.clone());
        candidate.mark = standing.to_string();
        candidate.paths.push(path);
        candidate
    }

    fn leave(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_alone.push(LeftAlone {
            what: what.into(),
            why: why.into(),
        });
    }
}

const NOT_OURS: &str = "It was not made here";

pub fn candidates(facts: &Facts) -> (Vec<Candidate>, Vec<LeftAlone>) {
    let mut sorting = Sorting::default();
    trash(facts, &mut sorting);
    for run in &facts.expired {
        let path = layout::run(run.queued_at, run.id.as_str());
        let candidate = sorting.go(Kind::Runs, run.number.to_string(), format!("Run {}", run.number));
        candidate.mark = run.id.to_string();
        candidate.paths.push(path);
        candidate.of = Some(run.script.clone());
    }
    run_directories(facts, &mut sorting);
    folders(facts, &mut sorting);
    for (unneeded, standing) in &facts.environments {
        let path = layout::env(&unneeded.slug, &unneeded.key);
        let what = format!("{}, {}", unneeded.script_name, short(&unneeded.key));
        let candidate = sorting.go(
            Kind::Environments,
            format!("{}/{}", unneeded.script, unneeded.key),
            what,
        );
        candidate.mark = standing.map_or_else(|| "no folder".to_owned(), |standing| standing.to_string());
        candidate.paths.push(path);
        candidate.of = Some(unneeded.script.clone());
    }
    leftovers(facts, &mut sorting);
    cache(facts, &mut sorting);
    copies(facts, &mut sorting);
    supervisors(facts, &mut sorting);
    engine(facts, &mut sorting);
    for found in &facts.top {
        if !layout::TOP.contains(&found.name.as_str()) {
            sorting.leave(&found.name, NOT_OURS);
        }
    }
    let (logs, bytes) = facts.raw_logs;
    if logs > 0 {
        let size = crate::model::evidence::bytes(bytes);
        sorting.leave(
            format!("{logs} logs that are not packed yet"),
            format!(
                "They take about {size} and are packed, one after the other, while nobody needs the machine"
            ),
        );
    }
    (sorting.candidates, sorting.left_alone)
}

fn short(key: &str) -> &str {
    key.get(..12).unwrap_or(key)
}

fn trash(facts: &Facts, sorting: &mut Sorting) {
    for script in &facts.scripts {
        let Some(deleted_at) = script.deleted_at else {
            continue;
        };
        let Some(days) = facts.trash_days else { continue };
        let age = SignedDuration::from_hours(24 * i64::from(days));
        if deleted_at.checked_add(age).is_ok_and(|due| due > facts.now) {
            continue;
        }
        if script.unfinished {
            sorting.leave(
                &script.name,
                "It is in the trash and has runs that have not finished",
            );
            continue;
        }
        if script.kept > 0 {
            sorting.leave(
                &script.name,
                format!(
                    "It is in the trash, and {} of its runs are marked to be kept",
                    script.kept
                ),
            );
            continue;
        }
        let runs = match script.runs {
            0 => "no runs".to_owned(),
            1 => "1 run".to_owned(),
            runs => format!("{runs} runs"),
        };
        let what = format!("{} with {runs}", script.name);
        let candidate = sorting.go(Kind::Trash, script.id.as_str(), what);
        candidate.mark = format!("{} {}", deleted_at.as_millisecond(), script.runs);
        candidate.paths.push(layout::script(&script.slug));
    }
}

fn run_directories(facts: &Facts, sorting: &mut Sorting) {
    for (found, known) in &facts.run_directories {
        match known {
            RunKnown::Unknown => {
                sorting.go_path(Kind::RunDirectories, found.name.clone(), found.standing);
            }
            RunKnown::NoRun => sorting.leave(&found.name, NOT_OURS),
            RunKnown::Needed | RunKnown::Finished => {}
        }
    }
}

/// Folders without a script, and scripts without a folder.
fn folders(facts: &Facts, sorting: &mut Sorting) {
    let slugs: HashSet<&str> = facts.scripts.iter().map(|script| script.slug.as_str()).collect();
    for found in &facts.script_folders {
        if slugs.contains(found.name.as_str()) {
            continue;
        }
        let path = layout::script(&found.name);
        if !is_old(&found.standing, facts.now) {
            // It may be a script's that is being made.
        } else if facts.strays.contains(&found.name) || (found.standing.is_folder && is_slug(&found.name)) {
            sorting.go_path(Kind::Folders, path, found.standing);
        } else {
            sorting.leave(path, NOT_OURS);
        }
    }
    let there: HashSet<&str> = facts
        .script_folders
        .iter()
        .map(|found| found.name.as_str())
        .collect();
    for script in &facts.scripts {
        if !there.contains(script.slug.as_str()) {
            sorting.leave(
                &script.name,
                "Its folder is gone; the script itself stays. Put files into it, restore a revision, or delete it",
            );
        }
    }
}

fn is_old(standing: &Standing, now: Timestamp) -> bool {
    let modified = Timestamp::from_millisecond(standing.modified_at_ms).unwrap_or(now);
    now.duration_since(modified) > LEFTOVER_AGE
}

/// As `model::script::slug` makes them.
fn is_slug(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let end = name.rsplit('-').next().unwrap_or("");
    name.contains('-')
        && name.chars().all(plain)
        && end.len() == SLUG_END
        && end.chars().all(|c| c.is_ascii_hexdigit())
}

const SLUG_END: usize = 8;

fn leftovers(facts: &Facts, sorting: &mut Sorting) {
    let is_old = |standing: &Standing| is_old(standing, facts.now);
    for (folder, found) in [(layout::STAGING, &facts.staging), (layout::PROBE, &facts.probe)] {
        for found in found.iter().filter(|found| is_old(&found.standing)) {
            let path = format!("{folder}/{}", found.name);
            sorting.go_path(Kind::Leftovers, path, found.standing);
        }
    }
    for (found, known) in &facts.builds {
        let path = layout::build(&found.name);
        match known {
            RunKnown::Needed => {}
            RunKnown::NoRun => sorting.leave(path, NOT_OURS),
            RunKnown::Finished => {
                sorting.go_path(Kind::Leftovers, path, found.standing);
            }
            RunKnown::Unknown if is_old(&found.standing) => {
                sorting.go_path(Kind::Leftovers, path, found.standing);
            }
            RunKnown::Unknown => {}
        }
    }
    for found in &facts.backups {
        let unfinished = found.name.strip_suffix(".new").and_then(schema_of_unfinished);
        if unfinished.is_some() && is_old(&found.standing) {
            let path = format!("{}/{}", layout::BACKUPS, found.name);
            sorting.go_path(Kind::Leftovers, path, found.standing);
        }
    }
}

fn schema_of_unfinished(name: &str) -> Option<u32> {
    name.strip_prefix("before-schema-")?.parse().ok()
}

fn schema_of(name: &str) -> Option<u32> {
    schema_of_unfinished(name.strip_suffix(".sqlite")?)
}

/// Every package that could go; which of them are unused is told by their weights.
fn cache(facts: &Facts, sorting: &mut Sorting) {
    for found in &facts.archives {
        let path = format!("{}/{ARCHIVES}/{}", layout::UV_CACHE, found.name);
        if found.standing.is_folder {
            sorting.go_path(Kind::UnusedPackages, path, found.standing);
        } else {
            sorting.leave(path, NOT_OURS);
        }
    }
    for found in &facts.cache {
        let path = format!("{}/{}", layout::UV_CACHE, found.name);
        if found.name == ARCHIVES || CACHE_MARKS.contains(&found.name.as_str()) {
        } else if found.standing.is_folder && is_bucket(&found.name) {
            sorting.go_path(Kind::PackageCache, path, found.standing);
        } else {
            sorting.leave(path, NOT_OURS);
        }
    }
}

/// Where uv keeps what it has unpacked: a folder for each, whose files environments share.
pub const ARCHIVES: &str = "archive-v0";
/// They stay, whatever goes: uv's lock, and what says that this is a cache.
const CACHE_MARKS: [&str; 3] = [".lock", ".gitignore", "CACHEDIR.TAG"];

/// As uv calls the parts of its cache: `wheels-v8`.
fn is_bucket(name: &str) -> bool {
    let Some((word, version)) = name.rsplit_once("-v") else {
        return false;
    };
    let plain = |c: char| c.is_ascii_lowercase() || c == '-';
    !word.is_empty()
        && word.chars().all(plain)
        && !version.is_empty()
        && version.chars().all(|c| c.is_ascii_digit())
}

fn copies(facts: &Facts, sorting: &mut Sorting) {
    let mut copies: Vec<(u32, &Found)> = facts
        .backups
        .iter()
        .filter(|found| !found.standing.is_folder)
        .filter_map(|found| Some((schema_of(&found.name)?, found)))
        .collect();
    copies.sort_by_key(|(schema, _)| std::cmp::Reverse(*schema));
    for (_, found) in copies.into_iter().skip(KEPT_COPIES) {
        let path = format!("{}/{}", layout::BACKUPS, found.name);
        sorting.go_path(Kind::DatabaseCopies, path, found.standing);
    }
}

fn supervisors(facts: &Facts, sorting: &mut Sorting) {
    for found in &facts.supervisors {
        let path = format!("{}/{}", layout::BIN, found.name);
        let hash = found.name.len() == 16 && found.name.chars().all(|c| c.is_ascii_hexdigit());
        if path == facts.supervisor {
        } else if !hash || !found.standing.is_folder {
            sorting.leave(path, NOT_OURS);
        } else if facts.old_containers {
            sorting.leave(
                path,
                "Containers are there that were started by an earlier version",
            );
        } else {
            sorting.go_path(Kind::Supervisors, path, found.standing);
        }
    }
}

fn engine(facts: &Facts, sorting: &mut Sorting) {
    match &facts.images {
        Err(why) => sorting.leave(
            "Images",
            format!("The engine does not say which there are: {why}"),
        ),
        Ok(images) => {
            for image in images {
                let id = image.id.trim_start_matches("sha256:");
                let what = match image.names.first() {
                    Some(name) => name.clone(),
                    None => format!("Nameless image {}", short(id)),
                };
                if image.foreign {
                    sorting.leave(
                        what,
                        "Somebody has built it on an image of this instance, or given it a name",
                    );
                    continue;
                }
                let candidate = sorting.go(Kind::Images, &image.id, what);
                candidate.mark = image.names.join(" ");
                candidate.engine_bytes = image.bytes;
            }
        }
    }
    match &facts.containers {
        Err(why) => sorting.leave(
            "Containers",
            format!("The engine does not say which there are: {why}"),
        ),
        Ok(names) => {
            for name in names {
                sorting.go(Kind::Containers, name, name);
            }
        }
    }
}

/// What a run's name says, for lists that hold many of them.
pub fn known(id: &str, unknown: &HashSet<RunId>) -> RunKnown {
    let parsed = RunId::parse(id);
    if parsed.as_str() != id || id.is_empty() {
        RunKnown::NoRun
    } else if unknown.contains(&parsed) {
        RunKnown::Unknown
    } else {
        RunKnown::Needed
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
