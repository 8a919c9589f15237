//! What takes room on the data disk, by what it is. Files that environments and the package cache share count once, for
//! the environments.

use std::collections::HashSet;

use crate::files::{self, DataDir, Weight, layout};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RoomKind)]
pub enum Room {
    /// What scripts keep in their folders.
    Files,
    Revisions,
    Environments,
    /// Logs and artifacts.
    Runs,
    /// What no environment shares.
    PackageCache,
    Database,
    Backups,
    /// Supervisors, what is being made, the reserve.
    Rest,
}

const MOST_NAMES: usize = 200_000;

/// Bytes of blocks. A long look at a full disk.
pub(super) fn room(data: &DataDir) -> files::Result<Vec<(Room, u64)>> {
    let mut counted = HashSet::new();
    let mut of = |paths: &[String]| -> files::Result<u64> {
        let mut bytes: u64 = 0;
        for path in paths {
            bytes = bytes.saturating_add(once(data.weigh(path)?, &mut counted));
        }
        Ok(bytes)
    };
    let slugs: Vec<String> = data
        .names(Some(layout::SCRIPTS), MOST_NAMES)?
        .entries
        .into_iter()
        .map(|entry| entry.path)
        .collect();
    let each =
        |part: &dyn Fn(&str) -> String| -> Vec<String> { slugs.iter().map(|slug| part(slug)).collect() };
    let one = |path: &str| vec![path.to_owned()];
    Ok(vec![
        (Room::Environments, of(&each(&layout::script_envs))?),
        (Room::Files, of(&each(&layout::script_files))?),
        (
            Room::Revisions,
            of(&each(&|slug| format!("{}/revisions", layout::script(slug))))?,
        ),
        (Room::Runs, of(&one(layout::RUNS))?),
        (Room::PackageCache, of(&one(layout::UV_CACHE))?),
        (Room::Database, of(&one("db"))?),
        (Room::Backups, of(&one(layout::BACKUPS))?),
        (
            Room::Rest,
            of(&[
                layout::BIN,
                layout::BUILDS,
                layout::STAGING,
                layout::TOOLS,
                layout::BALLAST,
            ]
            .map(str::to_owned))?,
        ),
    ])
}

fn once(weight: Weight, counted: &mut HashSet<u64>) -> u64 {
    let shared = weight
        .shared
        .iter()
        .filter(|file| counted.insert(file.inode))
        .map(|file| file.bytes);
    weight.bytes.saturating_add(shared.sum())
}
