//! Finds lines in a log, newest or oldest first, some megabytes at a time, on a few threads.
//!
//! Whoever takes what is found can end the search at any time. Memory is bounded: a few stretches of the log, and as many
//! hits as are listed. What a carriage return wrote over is searched, too; of a line beyond 16 MiB the rest is not.

mod text;

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use grep_searcher::{Searcher, SearcherBuilder, Sink, SinkMatch};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::index::Index;
use super::text::LogStream;
use super::{Error, Filter, Result, Stream};
use crate::pattern::Pattern;
use text::{Places, Text, Texts};

/// Marks to a stretch: about 4 MiB of log.
const STRETCH: usize = 16;
/// No more threads than this for one search, however many cores there are.
const MOST_THREADS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    #[default]
    Newest,
    Oldest,
}

#[derive(Debug, Clone)]
pub struct Search {
    pub pattern: Pattern,
    pub filter: Filter,
    pub order: Order,
    /// Lines that are listed; those beyond are only counted.
    pub limit: usize,
    /// Only lines with numbers above and below these.
    pub after: u64,
    pub before: u64,
}

/// A line that has what was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LogMatch)]
pub struct Match {
    /// Among the lines of all streams, from 1.
    pub line: u64,
    /// Among the lines of the stream that was asked for, from 1.
    pub position: u64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub stream: LogStream,
    /// The line, or what of it is around the first match.
    pub text: String,
    /// Where the matches are in `text`, each from and to, in units of UTF-16.
    pub ranges: Vec<[usize; 2]>,
}

/// How far a search has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SearchProgress)]
pub struct Progress {
    /// Of the log.
    pub searched_bytes: u64,
    pub total_bytes: u64,
    /// Lines with a match so far.
    pub matches: u64,
    /// Of these, how many were listed.
    pub listed: u64,
}

/// Searches a run's log as far as it is there. `tell` hears of lines in their order, and how far the search is, some times
/// a second at least; the last of it is the answer.
pub fn search(
    run_dir: &Path,
    search: &Search,
    mut tell: impl FnMut(Vec<Match>, Progress) -> ControlFlow<()>,
) -> Result<Progress> {
    let (log, index) = match Index::load(run_dir) {
        Err(Error::NotFound) => return Ok(Progress::default()),
        other => other?,
    };
    let mut progress = Progress {
        total_bytes: log.len()?,
        ..Progress::default()
    };
    let stretches = stretches(&index, search);
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS));
    for round in stretches.chunks(threads) {
        let room = search.limit
            - usize::try_from(progress.listed)
                .unwrap_or(search.limit)
                .min(search.limit);
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = round
                .iter()
                .map(|marks| scope.spawn(|| in_stretch(run_dir, &index, marks.clone(), search, room)))
                .collect();
            threads.into_iter().map(join).collect::<Result<Vec<_>>>()
        })?;
        let mut listed = Vec::new();
        for (marks, (count, hits)) in round.iter().zip(found) {
            progress.searched_bytes += bytes_of(&index, marks, progress.total_bytes);
            progress.matches += count;
            listed.extend(hits.into_iter().take(room - listed.len()));
        }
        progress.listed += listed.len() as u64;
        if tell(listed, progress).is_break() {
            break;
        }
    }
    Ok(progress)
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Those that can have lines within the bounds, in order.
fn stretches(index: &Index, search: &Search) -> Vec<Range<usize>> {
    let marks = index.marks();
    let count = marks.len();
    let mut all: Vec<Range<usize>> = (0..count)
        .step_by(STRETCH)
        .map(|begin| begin..(begin + STRETCH).min(count))
        .filter(|stretch| {
            let begins = marks[stretch.start].before.lines();
            let ends = marks
                .get(stretch.end)
                .map_or(u64::MAX, |mark| mark.before.lines());
            begins + 1 < search.before && ends > search.after
        })
        .collect();
    if search.order == Order::Newest {
        all.reverse();
    }
    all
}

fn bytes_of(index: &Index, marks: &Range<usize>, total: u64) -> u64 {
    let at = |mark: usize| index.marks().get(mark).map_or(total, |mark| mark.offset);
    at(marks.end).saturating_sub(at(marks.start))
}

/// How many lines have a match, and those that are listed.
fn in_stretch(
    run_dir: &Path,
    index: &Index,
    marks: Range<usize>,
    search: &Search,
    room: usize,
) -> Result<(u64, Vec<Match>)> {
    let texts = Texts::gather(run_dir, index, marks)?;
    let (mut count, mut matches) = (0, Vec::new());
    for (stream, text) in texts.streams().filter(|(stream, _)| search.filter.takes(*stream)) {
        let mut hits = Hits {
            search,
            stream,
            text,
            places: text.places(),
            room,
            count: 0,
            kept: VecDeque::new(),
        };
        searcher().search_slice(search.pattern.matcher(), &text.bytes, &mut hits)?;
        count += hits.count;
        matches.extend(hits.shown());
    }
    match search.order {
        Order::Oldest => matches.sort_by_key(|found| found.line),
        Order::Newest => matches.sort_by_key(|found| std::cmp::Reverse(found.line)),
    }
    matches.truncate(room);
    Ok((count, matches))
}

fn searcher() -> Searcher {
    // What is printed may be anything: neither a byte order mark nor a NUL means something here.
    SearcherBuilder::new()
        .line_number(false)
        .bom_sniffing(false)
        .build()
}

/// Takes hits of one stream's text as they come, which is oldest first.
struct Hits<'t> {
    search: &'t Search,
    stream: Stream,
    text: &'t Text,
    places: Places<'t>,
    room: usize,
    count: u64,
    kept: VecDeque<(text::Place, Range<usize>)>,
}

impl Sink for &mut Hits<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> std::io::Result<bool> {
        let start = usize::try_from(found.absolute_byte_offset()).map_err(std::io::Error::other)?;
        let place = self.places.of(start);
        if place.line <= self.search.after || place.line >= self.search.before {
            return Ok(true);
        }
        self.count += 1;
        if self.kept.len() == self.room {
            match self.search.order {
                Order::Oldest => return Ok(true),
                Order::Newest => self.kept.pop_front(),
            };
        }
        if self.room > 0 {
            self.kept.push_back((place, start..start + found.bytes().len()));
        }
        Ok(true)
    }
}

impl Hits<'_> {
    fn shown(self) -> impl Iterator<Item = Match> {
        let Self {
            search,
            stream,
            text,
            kept,
            ..
        } = self;
        kept.into_iter().map(move |(place, range)| {
            let (excerpt, ranges) = search.pattern.excerpt(&text.bytes[range]);
            Match {
                line: place.line,
                position: match search.filter {
                    Filter::All => place.line,
                    Filter::Only(_) => place.own,
                },
                at: Timestamp::from_microsecond(place.wall_us).unwrap_or(Timestamp::UNIX_EPOCH),
                stream: stream.into(),
                text: excerpt,
                ranges,
            }
        })
    }
}

#[cfg(test)]
mod tests;
