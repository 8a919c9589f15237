//! Text in the scripts' own files, as they are on disk: no code is kept in the database.
//!
//! Bounded in files, bytes and time, so that whoever types gets an answer; what there was no time for is said. Only text
//! files that can be edited are looked at, through the same confined paths as everything else.

use std::time::{Duration, Instant};

use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};

use super::{Error, Result, Scripts};
use crate::files::{DataDir, EntryKind, ListLimits, Owner, RelPath, layout, on_disk};
use crate::model::ids::ScriptId;
use crate::pattern::Pattern;
use crate::store;
use crate::store::scripts::Place;

const MOST_FILES: usize = 200;
const MOST_BYTES: u64 = 1024 * 1024;
const MOST_SCRIPTS: usize = 500;
const MOST_LINES: usize = 3;
/// Looked at to find files, per script.
const MOST_ENTRIES: usize = 2_000;
const PATIENCE: Duration = Duration::from_millis(500);

/// A script with what was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub script: ScriptId,
    /// Lines that have it.
    pub matches: usize,
    /// The first of them.
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub path: String,
    /// From 1.
    pub number: u64,
    pub text: String,
    pub ranges: Vec<[usize; 2]>,
}

impl Scripts {
    /// By the scripts' names, and whether there was more than could be searched.
    pub async fn search(&self, pattern: Pattern) -> Result<(Vec<Found>, bool)> {
        let places = self
            .store
            .read(store::scripts::places)
            .await
            .map_err(Error::Store)?;
        let (data, owner) = (self.data.clone(), self.owner);
        on_disk(move || {
            let mut work = Work {
                data,
                owner,
                pattern,
                until: Instant::now() + PATIENCE,
                truncated: false,
            };
            let mut all = Vec::new();
            for place in places {
                if Instant::now() >= work.until || all.len() == MOST_SCRIPTS {
                    work.truncated = true;
                    break;
                }
                let found = work.one(place);
                all.extend((found.matches > 0).then_some(found));
            }
            Ok((all, work.truncated))
        })
        .await
    }
}

struct Work {
    data: DataDir,
    owner: Owner,
    pattern: Pattern,
    until: Instant,
    truncated: bool,
}

impl Work {
    /// What of a folder cannot be read is not searched; somebody may be moving it about.
    fn one(&mut self, place: Place) -> Found {
        let mut found = Found {
            script: place.id,
            matches: 0,
            lines: Vec::new(),
        };
        let limits = ListLimits {
            entries: MOST_ENTRIES,
            ..ListLimits::default()
        };
        let Ok(folder) = self.data.folder(&layout::script_files(&place.slug), self.owner) else {
            return found;
        };
        let Ok(listing) = folder.list(&limits) else {
            return found;
        };
        self.truncated |= listing.truncated;
        let is_text = |entry: &&crate::files::Entry| {
            entry.kind == EntryKind::File && entry.text && entry.size <= MOST_BYTES
        };
        let mut files: Vec<_> = listing.entries.iter().filter(is_text).collect();
        files.sort_by_key(|entry| entry.path != place.entry_point);
        self.truncated |= files.len() > MOST_FILES;
        for entry in files.into_iter().take(MOST_FILES) {
            if Instant::now() >= self.until {
                self.truncated = true;
                break;
            }
            let contents = RelPath::parse(&entry.path)
                .ok()
                .and_then(|path| folder.read(&path, MOST_BYTES).ok());
            let Some(contents) = contents else { continue };
            let mut hits = Hits {
                pattern: &self.pattern,
                path: &entry.path,
                found: &mut found,
            };
            // Cannot fail: it reads from memory, and the sink takes everything.
            let _ = searcher().search_slice(self.pattern.matcher(), &contents.bytes, &mut hits);
        }
        found
    }
}

fn searcher() -> Searcher {
    SearcherBuilder::new()
        .line_number(true)
        .binary_detection(BinaryDetection::none())
        .build()
}

struct Hits<'a> {
    pattern: &'a Pattern,
    path: &'a str,
    found: &'a mut Found,
}

impl Sink for Hits<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, hit: &SinkMatch<'_>) -> std::io::Result<bool> {
        self.found.matches += 1;
        if self.found.lines.len() < MOST_LINES {
            let (text, ranges) = self.pattern.excerpt(hit.bytes());
            self.found.lines.push(Line {
                path: self.path.to_owned(),
                number: hit.line_number().unwrap_or(1),
                text,
                ranges,
            });
        }
        Ok(true)
    }
}
