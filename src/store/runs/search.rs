//! Pages of history, newest first, by keyset, under any combination of filters.
//!
//! A filter becomes a set of lists, each in the order of numbers and answered by an index: shapes, or shelves if it names
//! scripts or a schedule ([`super::filing`]); unfinished runs, which are few; a range of durations. The lists exclude
//! each other, so the page is their merge: a look into each, then one per row, whatever the history holds. Where very
//! many scripts are named, the runs of all are looked through first, for so few will do. Instants become bounds of
//! numbers. Errors are found by their own index, and narrowed by the same set.

use std::collections::{BinaryHeap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value};

use super::filing::{WITHOUT_ERROR, error_text, span, span_edges};
use super::history::by_number;
use super::{ms, word};
use crate::model::ids::ScriptId;
use crate::model::run::{Run, RunKind, RunState};
use crate::store::{Error, meta};

/// How far behind an earlier run one was ever queued: a clock was put back.
const DISORDER: &str = "queued_disorder_ms";
/// From so many scripts on, if they are at least one of so many of all, runs of all are looked through before those of
/// each.
const MANY_SCRIPTS: usize = 16;
const MOST_OF_ALL: usize = 4;
/// How many are looked through then.
const GLANCE: usize = 300;
/// Up to so many runs of a step of duration are sorted; more are dense enough to be met on the way.
const FEW_DURATIONS: usize = 3_000;
/// So many runs that said what is looked for are gone through before the runs themselves are read.
const FEW_FOUND: usize = 300;
/// So many runs are read for what they said, where they are at most one of so many of those that said something. More
/// are dense enough to be met among those that have the text.
const FEW_CANDIDATES: usize = 200;
const NARROW: u64 = 8;

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub script: Option<ScriptId>,
    /// Of the script.
    pub tag: Option<String>,
    /// Part of the script's name.
    pub text: Option<String>,
    /// Id of a schedule.
    pub schedule: Option<String>,
    pub kind: Option<RunKind>,
    pub state: Option<RunState>,
    /// Any of these kinds; empty: any at all, or none yet.
    pub outcomes: Vec<String>,
    /// The trigger's kind.
    pub trigger: Option<String>,
    /// Queued in `[from, to)`.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// From start to end, in milliseconds: `[at_least, below)`.
    pub at_least_ms: Option<i64>,
    pub below_ms: Option<i64>,
    pub only_kept: bool,
    /// In what was said at the end; three characters at least.
    pub error: Option<String>,
    /// The number after which (downwards) the page begins.
    pub before: Option<i64>,
    pub limit: u32,
}

impl Filter {
    fn names_scripts(&self) -> bool {
        self.script.is_some() || self.tag.is_some() || self.text.is_some() || self.schedule.is_some()
    }

    fn duration(&self) -> Option<(i64, i64)> {
        let (from, to) = (self.at_least_ms, self.below_ms);
        (from.is_some() || to.is_some()).then(|| (from.unwrap_or(0).max(0), to.unwrap_or(i64::MAX)))
    }

    /// Whether runs that have not finished may be among what is looked for.
    fn takes_unfinished(&self) -> bool {
        self.outcomes.is_empty()
            && self.error.is_none()
            && self.duration().is_none()
            && self.state != Some(RunState::Finished)
    }

    fn takes_finished(&self) -> bool {
        self.state.is_none_or(|state| state == RunState::Finished)
    }

    /// Whether nothing matters but whose it is, its kind and time.
    fn is_plain(&self) -> bool {
        self.schedule.is_none()
            && self.state.is_none()
            && self.trigger.is_none()
            && !self.only_kept
            && self.takes_unfinished()
    }

    /// The same for the runs of all scripts.
    fn of_all_scripts(&self) -> Self {
        Self {
            script: None,
            tag: None,
            text: None,
            ..self.clone()
        }
    }
}

/// Newest first.
pub fn list(connection: &Connection, filter: &Filter) -> Result<Vec<Run>, Error> {
    let bounds = Bounds::of(connection, filter)?;
    let limit = filter.limit as usize;
    if bounds.above.saturating_add(1) >= bounds.below {
        return Ok(Vec::new());
    }
    let mut page = Page {
        connection,
        bounds,
        limit,
        runs: Vec::new(),
    };
    let mine = scripts(connection, filter)?;
    if let Some(mine) = mine.as_ref().filter(|mine| mine.len() >= MANY_SCRIPTS)
        && mine.len() * MOST_OF_ALL >= count_scripts(connection)?
    {
        let all = sources(connection, &filter.of_all_scripts(), &page.bounds, None)?;
        let of_error = filter.error.is_some();
        if !of_error && page.glance(all, &mine.iter().map(String::as_str).collect())? {
            return Ok(page.runs);
        }
    }
    if let Some(error) = &filter.error {
        if !filter.takes_finished() {
            return Ok(page.runs);
        }
        let sets = Sets::of(connection, filter)?;
        page.with_error(&sets, error, filter)?;
    } else {
        let sources = sources(connection, filter, &page.bounds, mine.as_deref())?;
        page.merge(sources)?;
    }
    Ok(page.runs)
}

/// The lists whose merge is what fits. `scripts` are those that the filter names, if it does.
fn sources(
    connection: &Connection,
    filter: &Filter,
    bounds: &Bounds,
    scripts: Option<&[String]>,
) -> Result<Vec<Source>, Error> {
    if filter.is_plain() {
        let kind = filter.kind.as_ref().map(word).transpose()?;
        return Ok(match (scripts, kind) {
            (None, None) => vec![Source::All],
            (None, Some(kind)) => vec![Source::Kind(kind)],
            (Some(scripts), kind) => {
                let kinds = kind.map_or_else(|| KINDS.map(str::to_owned).into(), |kind| vec![kind]);
                let of = |script: &String| {
                    let of = |kind: &String| Source::Script(script.clone(), kind.clone());
                    kinds.iter().map(of).collect::<Vec<_>>()
                };
                scripts.iter().flat_map(of).collect()
            }
        });
    }
    let mut sources = Vec::new();
    if filter.takes_unfinished() {
        sources.push(Source::Listed(unfinished(connection, filter, bounds)?));
    }
    if filter.takes_finished() {
        sources.extend(Sets::of(connection, filter)?.sources(connection, filter)?);
    }
    Ok(sources)
}

/// All kinds of runs.
const KINDS: [&str; 3] = ["script", "build", "compile"];

/// Ids of the scripts that the filter names by id, tag or text; none if it names none.
fn scripts(connection: &Connection, filter: &Filter) -> Result<Option<Vec<String>>, Error> {
    if filter.script.is_none() && filter.tag.is_none() && filter.text.is_none() {
        return Ok(None);
    }
    let mut conditions = vec!["TRUE".to_owned()];
    let mut values = Vec::new();
    let mut with = |condition: &str, value: String| {
        values.push(Value::Text(value));
        conditions.push(condition.replace("??", &format!("?{}", values.len())));
    };
    if let Some(script) = &filter.script {
        with("id = ??", script.as_str().to_owned());
    }
    if let Some(tag) = &filter.tag {
        with(&TAGGED.replace("{}", "id"), tag.to_lowercase());
    }
    if let Some(text) = &filter.text {
        with("instr(lower(name), lower(??)) > 0", text.clone());
    }
    let sql = format!("SELECT id FROM scripts WHERE {}", conditions.join(" AND "));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

fn count_scripts(connection: &Connection) -> Result<usize, Error> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM scripts")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

const TAGGED: &str = "{} IN (SELECT script_id FROM script_tags WHERE tag = ??)";

/// Numbers between which everything lies, both excluded, and what has to be true besides.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    above: i64,
    below: i64,
    from_ms: i64,
    to_ms: i64,
}

impl Bounds {
    fn of(connection: &Connection, filter: &Filter) -> Result<Self, Error> {
        let mut bounds = Self {
            above: 0,
            below: filter.before.unwrap_or(i64::MAX),
            from_ms: filter.from.map_or(i64::MIN, ms),
            to_ms: filter.to.map_or(i64::MAX, ms),
        };
        if filter.from.is_none() && filter.to.is_none() {
            return Ok(bounds);
        }
        // Whatever has a smaller number than one from before `from`, by more than the clock was ever put back, is
        // from before it as well; and likewise at the other end.
        let disorder = disorder(connection)?;
        if filter.from.is_some() {
            let last: Option<i64> = connection
                .prepare_cached(LAST_QUEUED_BEFORE)?
                .query_row([bounds.from_ms.saturating_sub(disorder)], |row| row.get(0))
                .optional()?;
            bounds.above = last.unwrap_or(0);
        }
        if filter.to.is_some() {
            bounds.below = bounds.below.min(first_queued_from(connection, bounds.to_ms)?);
        }
        Ok(bounds)
    }
}

/// A number such that no run from it on was queued before the instant.
pub(super) fn first_queued_from(connection: &Connection, at_ms: i64) -> Result<i64, Error> {
    let first: Option<i64> = connection
        .prepare_cached(FIRST_QUEUED_FROM)?
        .query_row([at_ms.saturating_add(disorder(connection)?)], |row| row.get(0))
        .optional()?;
    Ok(first.unwrap_or(i64::MAX))
}

const LAST_QUEUED_BEFORE: &str =
    "SELECT number FROM runs WHERE queued_at < ?1 ORDER BY queued_at DESC, number DESC LIMIT 1";
const FIRST_QUEUED_FROM: &str =
    "SELECT number FROM runs WHERE queued_at >= ?1 ORDER BY queued_at, number LIMIT 1";

fn disorder(connection: &Connection) -> Result<i64, Error> {
    let stored = meta::get(connection, DISORDER)?;
    Ok(stored.and_then(|ms| ms.parse().ok()).unwrap_or(0))
}

/// Has to know of every run before it is inserted.
pub(super) fn note_order(connection: &Connection, queued_at: Timestamp) -> Result<(), Error> {
    let latest: Option<i64> = connection
        .prepare_cached("SELECT max(queued_at) FROM runs")?
        .query_row([], |row| row.get(0))?;
    let behind = latest.map_or(0, |latest| latest.saturating_sub(ms(queued_at)));
    if behind > 0 && behind > disorder(connection)? {
        meta::set(connection, DISORDER, &behind.to_string())?;
    }
    Ok(())
}

/// A list of numbers, and how the next smaller one is found.
enum Source {
    All,
    Kind(String),
    /// Of this script and kind.
    Script(String, String),
    Shape(i64, Option<(i64, i64)>),
    Shelf(i64, Option<(i64, i64)>),
    /// Ascending.
    Listed(Vec<i64>),
}

const ALL: &str = "SELECT max(number) FROM runs WHERE number < ?1 AND number > ?2";
const OF_KIND: &str = "SELECT max(number) FROM runs WHERE kind = ?3 AND number < ?1 AND number > ?2";
const OF_SCRIPT: &str =
    "SELECT max(number) FROM runs WHERE script_id = ?3 AND kind = ?4 AND number < ?1 AND number > ?2";
const OF_SHAPE: &str = "SELECT max(number) FROM filed_runs WHERE shape = ?3 AND number < ?1 AND number > ?2";
const OF_SHELF: &str = "SELECT max(number) FROM filed_runs WHERE shelf = ?3 AND number < ?1 AND number > ?2";
const OF_SHAPE_WITHIN: &str = "SELECT number FROM filed_runs WHERE shape = ?3 AND number < ?1 AND number > ?2 \
     AND duration_ms >= ?4 AND duration_ms < ?5 ORDER BY number DESC LIMIT 1";
const OF_SHELF_WITHIN: &str = "SELECT number FROM filed_runs WHERE shelf = ?3 AND number < ?1 AND number > ?2 \
     AND duration_ms >= ?4 AND duration_ms < ?5 ORDER BY number DESC LIMIT 1";

impl Source {
    /// The largest number of the list in between.
    fn next(&mut self, connection: &Connection, below: i64, above: i64) -> Result<Option<i64>, Error> {
        let one = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(0);
        Ok(match self {
            Self::Listed(numbers) => {
                while numbers.last().is_some_and(|number| *number >= below) {
                    numbers.pop();
                }
                numbers.last().copied().filter(|number| *number > above)
            }
            Self::All => connection
                .prepare_cached(ALL)?
                .query_row(params![below, above], one)?,
            Self::Kind(kind) => connection
                .prepare_cached(OF_KIND)?
                .query_row(params![below, above, &*kind], one)?,
            Self::Script(script, kind) => connection
                .prepare_cached(OF_SCRIPT)?
                .query_row(params![below, above, &*script, &*kind], one)?,
            Self::Shape(id, None) => connection
                .prepare_cached(OF_SHAPE)?
                .query_row(params![below, above, *id], one)?,
            Self::Shelf(id, None) => connection
                .prepare_cached(OF_SHELF)?
                .query_row(params![below, above, *id], one)?,
            Self::Shape(id, Some((from, to))) => connection
                .prepare_cached(OF_SHAPE_WITHIN)?
                .query_row(params![below, above, *id, *from, *to], one)
                .optional()?
                .flatten(),
            Self::Shelf(id, Some((from, to))) => connection
                .prepare_cached(OF_SHELF_WITHIN)?
                .query_row(params![below, above, *id, *from, *to], one)
                .optional()?
                .flatten(),
        })
    }
}

/// One shape or shelf that fits.
struct Fitting {
    id: i64,
    span: i64,
    runs: u64,
}

/// All that fit.
struct Sets {
    /// Of shelves, or else of shapes.
    by_shelf: bool,
    lists: Vec<Fitting>,
}

impl Sets {
    fn of(connection: &Connection, filter: &Filter) -> Result<Self, Error> {
        let by_shelf = filter.names_scripts();
        let (sql, values) = fitting(filter)?;
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| {
            Ok(Fitting {
                id: row.get(0)?,
                span: row.get(1)?,
                runs: row.get(2)?,
            })
        })?;
        Ok(Self {
            by_shelf,
            lists: rows.collect::<Result<_, _>>()?,
        })
    }

    fn ids(&self) -> HashSet<i64> {
        self.lists.iter().map(|list| list.id).collect()
    }

    fn column(&self) -> &'static str {
        if self.by_shelf { "shelf" } else { "shape" }
    }

    fn sources(&self, connection: &Connection, filter: &Filter) -> Result<Vec<Source>, Error> {
        let source = |list: &Fitting, within| match self.by_shelf {
            true => Source::Shelf(list.id, within),
            false => Source::Shape(list.id, within),
        };
        let Some((from, to)) = filter.duration() else {
            return Ok(self.lists.iter().map(|list| source(list, None)).collect());
        };
        let whole = |span: i64| {
            let (begin, end) = span_edges(span);
            from <= begin && end <= to
        };
        let (inside, cut): (Vec<_>, Vec<_>) = self.lists.iter().partition(|list| whole(list.span));
        let mut sources: Vec<Source> = inside.into_iter().map(|list| source(list, None)).collect();
        let spans: HashSet<i64> = cut.iter().map(|list| list.span).collect();
        for span in spans {
            let (begin, end) = span_edges(span);
            let (from, to) = (from.max(begin), to.min(end));
            let mine = || cut.iter().filter(|list| list.span == span);
            let ids: HashSet<i64> = mine().map(|list| list.id).collect();
            match self.few_within(connection, (from, to), &ids)? {
                Some(numbers) => sources.push(Source::Listed(numbers)),
                None => sources.extend(mine().map(|list| source(list, Some((from, to))))),
            }
        }
        Ok(sources)
    }

    /// Numbers of the runs that took so long and stand in these sets, unless there are many that took so long.
    fn few_within(
        &self,
        connection: &Connection,
        (from, to): (i64, i64),
        ids: &HashSet<i64>,
    ) -> Result<Option<Vec<i64>>, Error> {
        let mut statement = connection.prepare_cached(&within(self.column()))?;
        let mut rows = statement.query(params![from, to, FEW_DURATIONS as i64 + 1])?;
        let (mut numbers, mut seen) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            seen += 1;
            if ids.contains(&row.get(1)?) {
                numbers.push(row.get(0)?);
            }
        }
        if seen > FEW_DURATIONS {
            return Ok(None);
        }
        numbers.sort_unstable();
        Ok(Some(numbers))
    }
}

fn within(column: &str) -> String {
    format!(
        "SELECT number, {column} FROM filed_runs WHERE duration_ms >= ?1 AND duration_ms < ?2 \
         AND duration_ms IS NOT NULL LIMIT ?3"
    )
}

/// Shapes or shelves that fit: id, step of duration, how many runs.
fn fitting(filter: &Filter) -> Result<(String, Vec<Value>), Error> {
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut with = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace("??", &format!("?{}", values.len())));
    };
    if let Some(kind) = &filter.kind {
        with("shape.kind = ??", Value::Text(word(kind)?));
    }
    if let Some(trigger) = &filter.trigger {
        with("shape.trigger = ??", Value::Text(trigger.clone()));
    }
    if let Some(script) = &filter.script {
        with("shelf.script_id = ??", Value::Text(script.as_str().to_owned()));
    }
    if let Some(schedule) = &filter.schedule {
        with("shelf.schedule_id = ??", Value::Text(schedule.clone()));
    }
    if let Some(tag) = &filter.tag {
        with(
            &TAGGED.replace("{}", "shelf.script_id"),
            Value::Text(tag.to_lowercase()),
        );
    }
    if let Some(text) = &filter.text {
        with(NAMED, Value::Text(text.clone()));
    }
    if let Some((from, to)) = filter.duration() {
        with("shape.span >= ??", Value::Integer(span(from)));
        with(
            "shape.span <= ??",
            Value::Integer(if to > from { span(to - 1) } else { -1 }),
        );
    }
    if !filter.outcomes.is_empty() {
        let outcomes = serde_json::to_string(&filter.outcomes)?;
        with(
            "shape.outcome IN (SELECT value FROM json_each(??))",
            Value::Text(outcomes),
        );
    }
    if filter.only_kept {
        conditions.push("shape.kept = 1".to_owned());
    }
    if filter.error.is_some() {
        let without = WITHOUT_ERROR.map(|outcome| format!("'{outcome}'")).join(", ");
        conditions.push(format!("shape.outcome NOT IN ({without})"));
    }
    let (columns, from, counted) = if filter.names_scripts() {
        (
            "shelf.id, shape.span, shelf.runs",
            "run_shelves AS shelf CROSS JOIN run_shapes AS shape ON shape.id = shelf.shape",
            "shelf.runs > 0",
        )
    } else {
        (
            "shape.id, shape.span, shape.runs",
            "run_shapes AS shape",
            "shape.runs > 0",
        )
    };
    conditions.push(counted.to_owned());
    let sql = format!("SELECT {columns} FROM {from} WHERE {}", conditions.join(" AND "));
    Ok((sql, values))
}

const NAMED: &str = "shelf.script_id IN (SELECT id FROM scripts WHERE instr(lower(name), lower(??)) > 0)";

/// Unfinished runs that fit, ascending.
fn unfinished(connection: &Connection, filter: &Filter, bounds: &Bounds) -> Result<Vec<i64>, Error> {
    let mut conditions = vec!["state <> 'finished' AND number < ?1 AND number > ?2".to_owned()];
    let mut values = vec![Value::Integer(bounds.below), Value::Integer(bounds.above)];
    let mut with = |condition: &str, value: String| {
        values.push(Value::Text(value));
        conditions.push(condition.replace("??", &format!("?{}", values.len())));
    };
    if let Some(script) = &filter.script {
        with("script_id = ??", script.as_str().to_owned());
    }
    if let Some(schedule) = &filter.schedule {
        with("schedule_id = ??", schedule.clone());
    }
    if let Some(kind) = &filter.kind {
        with("kind = ??", word(kind)?);
    }
    if let Some(state) = filter.state {
        with("state = ??", state.as_str().to_owned());
    }
    if let Some(trigger) = &filter.trigger {
        with("trigger ->> '$.kind' = ??", trigger.clone());
    }
    if let Some(tag) = &filter.tag {
        with(&TAGGED.replace("{}", "script_id"), tag.to_lowercase());
    }
    if let Some(text) = &filter.text {
        with(&NAMED.replace("shelf.", ""), text.clone());
    }
    if filter.only_kept {
        conditions.push("kept".to_owned());
    }
    let sql = format!(
        "SELECT number FROM runs INDEXED BY runs_unfinished WHERE {} ORDER BY number",
        conditions.join(" AND ")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Numbers of several lists, which exclude each other, largest first.
struct Merge<'c> {
    connection: &'c Connection,
    above: i64,
    sources: Vec<Source>,
    heads: BinaryHeap<(i64, usize)>,
}

impl<'c> Merge<'c> {
    fn of(connection: &'c Connection, mut sources: Vec<Source>, bounds: &Bounds) -> Result<Self, Error> {
        let mut heads = BinaryHeap::with_capacity(sources.len());
        for (which, source) in sources.iter_mut().enumerate() {
            let head = source.next(connection, bounds.below, bounds.above)?;
            heads.extend(head.map(|number| (number, which)));
        }
        Ok(Self {
            connection,
            above: bounds.above,
            sources,
            heads,
        })
    }

    fn next(&mut self) -> Result<Option<i64>, Error> {
        let Some((number, which)) = self.heads.pop() else {
            return Ok(None);
        };
        let next = self.sources[which].next(self.connection, number, self.above)?;
        self.heads.extend(next.map(|number| (number, which)));
        Ok(Some(number))
    }
}

const SCRIPT_OF: &str = "SELECT script_id FROM runs WHERE number = ?1";

/// A page that is being filled.
struct Page<'c> {
    connection: &'c Connection,
    bounds: Bounds,
    limit: usize,
    runs: Vec<Run>,
}

impl Page<'_> {
    /// Adds the run of this number, if it is within the time.
    fn add(&mut self, number: i64) -> Result<(), Error> {
        let run = by_number(self.connection, number)?;
        let within = |run: &Run| (self.bounds.from_ms..self.bounds.to_ms).contains(&ms(run.queued_at));
        self.runs.extend(run.filter(within));
        self.bounds.below = number;
        Ok(())
    }

    fn merge(&mut self, sources: Vec<Source>) -> Result<(), Error> {
        let mut merge = Merge::of(self.connection, sources, &self.bounds)?;
        while let Some(number) = merge.next()? {
            self.add(number)?;
            if self.runs.len() == self.limit {
                break;
            }
        }
        Ok(())
    }

    /// Looks through the newest runs of all scripts, which is enough where many are of these. Whether it was.
    fn glance(&mut self, sources: Vec<Source>, scripts: &HashSet<&str>) -> Result<bool, Error> {
        let mut merge = Merge::of(self.connection, sources, &self.bounds)?;
        for _ in 0..GLANCE {
            let Some(number) = merge.next()? else {
                return Ok(true);
            };
            let mut statement = self.connection.prepare_cached(SCRIPT_OF)?;
            let script: Option<String> = statement.query_row([number], |row| row.get(0)).optional()?;
            if script.is_some_and(|script| scripts.contains(script.as_str())) {
                self.add(number)?;
            }
            self.bounds.below = number;
            if self.runs.len() == self.limit {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those whose error holds this text.
    fn with_error(&mut self, sets: &Sets, error: &str, filter: &Filter) -> Result<(), Error> {
        if sets.lists.is_empty() {
            return Ok(());
        }
        // What is said rarely is found at once.
        if self.find_errors(sets, error, (filter, FEW_FOUND))? {
            return Ok(());
        }
        let candidates: u64 = sets.lists.iter().map(|list| list.runs).sum();
        let all: u64 = self
            .connection
            .prepare_cached(ALL_ERRORS)?
            .query_row([], |row| row.get(0))?;
        // What is said often, by few of many: most of these few will have said it.
        if candidates.saturating_mul(NARROW) <= all {
            let sources = sets.sources(self.connection, filter)?;
            if self.read_errors(sources, error)? {
                return Ok(());
            }
        }
        self.find_errors(sets, error, (filter, usize::MAX))?;
        Ok(())
    }

    /// Through the index of texts, so many at most. Whether that was enough.
    fn find_errors(
        &mut self,
        sets: &Sets,
        error: &str,
        (filter, most): (&Filter, usize),
    ) -> Result<bool, Error> {
        let phrase = format!("\"{}\"", error.replace('"', "\"\""));
        let (ids, duration) = (sets.ids(), filter.duration());
        let mut statement = self.connection.prepare_cached(&with_error(sets.column()))?;
        let mut found = statement.query(params![phrase, self.bounds.below, self.bounds.above])?;
        for _ in 0..most {
            let Some(row) = found.next()? else {
                return Ok(true);
            };
            let number = row.get(0)?;
            if ids.contains(&row.get(1)?) && fits(duration, row.get(2)?) {
                self.add(number)?;
            }
            self.bounds.below = number;
            if self.runs.len() == self.limit {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads what the newest of these said at their end. Whether that was enough.
    fn read_errors(&mut self, sources: Vec<Source>, error: &str) -> Result<bool, Error> {
        let error = error.to_lowercase();
        let mut merge = Merge::of(self.connection, sources, &self.bounds)?;
        for _ in 0..FEW_CANDIDATES {
            let Some(number) = merge.next()? else {
                return Ok(true);
            };
            let run = by_number(self.connection, number)?;
            if run.is_some_and(|run| error_text(&run).to_lowercase().contains(&error)) {
                self.add(number)?;
            }
            self.bounds.below = number;
            if self.runs.len() == self.limit {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

const ALL_ERRORS: &str =
    "SELECT coalesce(sum(runs), 0) FROM run_shapes WHERE outcome NOT IN ('succeeded', 'skipped')";

fn with_error(column: &str) -> String {
    format!(
        "SELECT e.rowid, f.{column}, f.duration_ms FROM run_errors AS e CROSS JOIN filed_runs AS f ON f.number = e.rowid \
         WHERE e.run_errors MATCH ?1 AND e.rowid < ?2 AND e.rowid > ?3 ORDER BY e.rowid DESC"
    )
}

fn fits(duration: Option<(i64, i64)>, took: Option<i64>) -> bool {
    duration.is_none_or(|(from, to)| took.is_some_and(|took| (from..to).contains(&took)))
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
