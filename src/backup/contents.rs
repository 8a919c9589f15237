//! What a backup holds and how it is called there: pure.
//!
//! A backup is a tar archive in one zstd frame, and a seal behind it ([`super::seal`]). The first entry is the
//! [`Header`], the last the manifest: a line of JSON for each entry before it, in their order, and the [`Account`]. Between
//! them is whatever [`Place`] knows, and nothing else: a name that is no place is refused before anything is written.
//!
//! Not in it, because it is made anew from what is: environments but for their locks, the package cache, images. Not in
//! it, because whoever has it can open what is sealed: the key to stored secrets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::files::archives::{Kind, shown};
use crate::files::{ContentHash, RelPath, layout};

pub const PRODUCT: &str = "pytask-manager";
/// Grows when an older version could not read what a newer one writes.
pub const FORMAT: u32 = 1;

pub const HEADER: &str = "backup.json";
pub const MANIFEST: &str = "manifest.jsonl";

/// What is kept of an environment: enough to build the same again.
pub const OF_AN_ENVIRONMENT: [&str; 3] = ["requirements.in", "requirements.lock", "installed.json"];
/// Of a run's log, in this order: a log that is packed meanwhile is found under its second name.
pub const OF_A_LOG: [&str; 4] = ["log", "log.index", "log.zst", "samples"];
/// Of a run that has finished, as well.
pub const OF_AN_END: [&str; 2] = ["started", "exit.json"];

const MOST_EXAMPLES: usize = 10;

/// Why it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupCause)]
pub enum Cause {
    /// Somebody asked for it; it stays until somebody deletes it.
    Manual,
    /// It was due; it goes when enough newer ones are there.
    Schedule,
}

/// What is in it beside database, scripts and settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BackupWish)]
pub struct Wish {
    /// What runs have written.
    pub logs: bool,
    /// What runs have left in `$PYTASK_ARTIFACTS`.
    pub artifacts: bool,
}

/// Who made it, and what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub product: String,
    pub format: u32,
    /// Of PyTask-Manager.
    pub version: String,
    /// Of the database.
    pub schema: u32,
    pub instance: String,
    pub made_at: Timestamp,
    pub cause: Cause,
    pub logs: bool,
    pub artifacts: bool,
}

/// What a header of any format says.
#[derive(Debug, Deserialize)]
pub struct AnyHeader {
    pub product: String,
    pub format: u32,
    #[serde(default)]
    pub version: String,
}

/// What an entry is beside its contents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct About {
    pub executable: bool,
    /// Unix seconds.
    pub modified_at: u64,
}

impl About {
    pub fn modified(ms: i64) -> Self {
        Self {
            executable: false,
            modified_at: u64::try_from(ms / 1000).unwrap_or(0),
        }
    }
}

/// An entry as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub path: String,
    pub size: u64,
    /// None of a folder.
    pub sha256: Option<ContentHash>,
    pub executable: bool,
    pub modified_at: u64,
}

/// The manifest's last line: what it all comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BackupAccount)]
pub struct Account {
    pub entries: u64,
    /// Of all files, unpacked.
    pub bytes: u64,
    /// Links, devices, second names and impossible names in the folders of scripts and runs.
    pub left_out: u64,
    /// Files that somebody was writing while they were copied: perhaps neither the old nor the new.
    pub changing: u64,
    /// Files of ours that were not as they were written, or missing.
    pub damaged: u64,
    /// Some of these.
    pub examples: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastLine {
    pub account: Account,
}

impl Account {
    pub fn left_out(&mut self, path: &str) {
        self.left_out += 1;
        self.example(path);
    }

    pub fn changing(&mut self, path: &str) {
        self.changing += 1;
        self.example(path);
    }

    pub fn damaged(&mut self, path: &str) {
        self.damaged += 1;
        self.example(path);
    }

    fn example(&mut self, path: &str) {
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(path.to_owned());
        }
    }
}

/// Where an entry belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Header,
    Manifest,
    Database,
    /// A file of ours; its path on the volume.
    Ours(RelPath),
    /// In a folder that a script or a run writes to: that folder, and what is in it; none is the folder itself.
    Theirs {
        folder: RelPath,
        path: Option<RelPath>,
    },
}

impl Place {
    /// `None`: nothing of that name belongs into a backup.
    pub fn parse(raw: &[u8], kind: Kind) -> Option<Self> {
        let name = std::str::from_utf8(raw).ok()?;
        let is_folder = kind == Kind::Folder || name.ends_with('/');
        let name = name.strip_suffix('/').unwrap_or(name);
        let mut parts = name.splitn(6, '/');
        let parts: [Option<&str>; 6] = std::array::from_fn(|_| parts.next());
        let place = match parts {
            [Some(HEADER), None, ..] => Self::Header,
            [Some(MANIFEST), None, ..] => Self::Manifest,
            [Some("db"), Some("pytask.sqlite"), None, ..] => Self::Database,
            [Some("scripts"), Some(slug), Some("files"), ..] if is_word(slug) => {
                Self::theirs(&layout::script_files(slug), name)?
            }
            [
                Some("scripts"),
                Some(slug),
                Some("revisions"),
                Some(shelf),
                Some(file),
                None,
            ] if is_word(slug) && is_of_revisions(shelf, file) => Self::Ours(RelPath::parse(name).ok()?),
            [
                Some("scripts"),
                Some(slug),
                Some("envs"),
                Some(key),
                Some(file),
                None,
            ] if is_word(slug) && is_word(key) && OF_AN_ENVIRONMENT.contains(&file) => {
                Self::Ours(RelPath::parse(name).ok()?)
            }
            [
                Some("runs"),
                Some(year),
                Some(month),
                Some(run),
                Some("artifacts"),
                ..,
            ] if is_month(year, month) && is_word(run) => {
                Self::theirs(&format!("runs/{year}/{month}/{run}/artifacts"), name)?
            }
            [Some("runs"), Some(year), Some(month), Some(run), Some(file), None]
                if is_month(year, month)
                    && is_word(run)
                    && (OF_A_LOG.contains(&file) || OF_AN_END.contains(&file)) =>
            {
                Self::Ours(RelPath::parse(name).ok()?)
            }
            _ => return None,
        };
        let may_be_folder = matches!(place, Self::Theirs { .. });
        let has_to_be = matches!(place, Self::Theirs { path: None, .. });
        ((!is_folder || may_be_folder) && (is_folder || !has_to_be)).then_some(place)
    }

    /// `name` is the folder's own, or lies in it.
    fn theirs(folder: &str, name: &str) -> Option<Self> {
        let path = match name.strip_prefix(folder)? {
            "" => None,
            inside => Some(RelPath::parse(inside.strip_prefix('/')?).ok()?),
        };
        let folder = RelPath::parse(folder).ok()?;
        Some(Self::Theirs { folder, path })
    }
}

/// A name for people, who did not choose it.
pub fn printable(raw: &[u8]) -> String {
    shown(raw)
}

fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(is_plain)
}

fn is_number(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_month(year: &str, month: &str) -> bool {
    is_number(year, 4..=4) && is_number(month, 2..=2)
}

fn is_of_revisions(shelf: &str, file: &str) -> bool {
    match shelf {
        "objects" => ContentHash::parse(file).is_some(),
        "manifests" => file
            .strip_suffix(".json")
            .is_some_and(|number| is_number(number, 1..=19)),
        _ => false,
    }
}

/// The name of a backup says when it was made and why, so that what is to go can be told from a list of names.
pub fn file_name(made_at: Timestamp, cause: Cause) -> String {
    let at = made_at.strftime("%Y%m%dT%H%M%SZ");
    match cause {
        Cause::Manual => format!("pytask-{at}.tar.zst"),
        Cause::Schedule => format!("pytask-{at}-scheduled.tar.zst"),
    }
}

/// When and why a file of this name was made, if it is a backup's.
pub fn read_name(name: &str) -> Option<(Timestamp, Cause)> {
    let rest = name.strip_prefix("pytask-")?.strip_suffix(".tar.zst")?;
    let (at, cause) = match rest.strip_suffix("-scheduled") {
        Some(at) => (at, Cause::Schedule),
        None => (rest, Cause::Manual),
    };
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", at).ok()?;
    let made_at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    (file_name(made_at, cause) == name).then_some((made_at, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_into_a_backup_has_its_place_and_nothing_else_has() {
        let hash = ContentHash::of(b"x").to_string();
        let ours = [
            format!("scripts/a-1/revisions/objects/{hash}"),
            "scripts/a-1/revisions/manifests/12.json".to_owned(),
            "scripts/a-1/envs/0123abcd/requirements.lock".to_owned(),
            "runs/2026/11/0190aa/log.zst".to_owned(),
            "runs/2026/11/0190aa/exit.json".to_owned(),
        ];
        for name in ours {
            let place = Place::parse(name.as_bytes(), Kind::File);
            assert!(matches!(place, Some(Place::Ours(_))), "{name}");
            assert_eq!(Place::parse(name.as_bytes(), Kind::Folder), None, "{name}");
        }
        let theirs = |name: &str, kind| match Place::parse(name.as_bytes(), kind) {
            Some(Place::Theirs { folder, path }) => (folder.to_string(), path.map(|path| path.to_string())),
            other => panic!("{name}: {other:?}"),
        };
        let files = "scripts/a/files".to_owned();
        assert_eq!(theirs("scripts/a/files/", Kind::Folder), (files.clone(), None));
        assert_eq!(
            theirs("scripts/a/files/data/x y.csv", Kind::File),
            (files, Some("data/x y.csv".to_owned()))
        );
        assert_eq!(
            theirs("runs/2026/11/r/artifacts/deep/er/plot.png", Kind::File)
                .1
                .as_deref(),
            Some("deep/er/plot.png")
        );
        for name in [
            "",
            "/etc/passwd",
            "../x",
            "scripts/../files/x",
            "scripts/a/files/../../../x",
            "scripts/a/files//x",
            "scripts/a/filesx/y",
            "scripts/a/envs/k/venv/bin/python",
            "scripts/a/revisions/objects/abc",
            "scripts/a/revisions/manifests/x.json",
            "scripts/.hidden/files/x",
            "runs/2026/11/r/spec.json",
            "runs/26/11/r/log",
            "runs/2026/11/../log",
            "db/pytask.sqlite-wal",
            "db/pytask.sqlite/x",
            "secrets.key",
            "lock",
            "backup.json/x",
        ] {
            assert_eq!(Place::parse(name.as_bytes(), Kind::File), None, "{name}");
        }
        assert_eq!(Place::parse(b"scripts/a/files", Kind::File), None);
        assert_eq!(Place::parse(b"scripts/a/files/\xff", Kind::File), None);
        assert_eq!(Place::parse(b"backup.json/", Kind::Folder), None);
    }

    #[test]
    fn a_name_tells_when_and_why() {
        let at: Timestamp = "2026-11-25T07:05:09Z".parse().expect("a time");
        for cause in [Cause::Manual, Cause::Schedule] {
            assert_eq!(read_name(&file_name(at, cause)), Some((at, cause)));
        }
        for name in [
            "pytask-20261125T070509.tar.zst",
            "pytask-20261345T070509Z.tar.zst",
            "before-schema-3.sqlite",
            "../pytask-20261125T070509Z.tar.zst",
            "pytask-20261125T070509Z.tar.zst.new",
        ] {
            assert_eq!(read_name(name), None, "{name}");
        }
    }
}
