//! `list`: scripts, runs and schedules, narrowed as the API narrows them, page by page.

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Url;
use serde_json::Value;

use super::failure::Failure;
use super::http::Server;
use super::table::{Cell, Looks, Table, Tone, local};
use super::wire::{RunSeen, ScheduleSeen, ScriptSeen, WhenSeen};
use super::{Done, Reach, exit, names, print, words};

/// That the API gives at once.
const PAGE: u32 = 200;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ListArgs {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    scripts: ScriptsArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Scripts, by name; the default.
    Scripts(ScriptsArgs),
    /// Runs, newest first.
    Runs(RunsArgs),
    /// Schedules, oldest first.
    Schedules(SchedulesArgs),
}

#[derive(Debug, Args)]
struct ScriptsArgs {
    /// Only scripts with this tag; several have all to be there.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,

    /// Only scripts whose last run ended so, such as failed,timed_out; `none` for those that never ran.
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    outcome: Vec<String>,

    /// Only scripts with this text in name, description or tags.
    #[arg(long, short = 's', value_name = "TEXT")]
    search: Option<String>,

    /// Only scripts that are paused.
    #[arg(long)]
    paused: bool,

    /// In which order.
    #[arg(long, value_enum, default_value_t = Sort::Name)]
    sort: Sort,

    /// At most so many; 0 for all.
    #[arg(long, short = 'n', default_value_t = 50)]
    limit: u32,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Sort {
    Name,
    /// Newest first.
    LastRun,
    /// Soonest first.
    NextFire,
    /// Newest first.
    Updated,
}

#[derive(Debug, Args)]
struct RunsArgs {
    /// Only runs of this script, by its name or id.
    #[arg(long, value_name = "NAME")]
    script: Option<String>,

    /// Only runs of scripts with this tag.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,

    /// Only runs that ended so, such as failed,timed_out.
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    outcome: Vec<String>,

    /// Only runs in this state.
    #[arg(long, value_enum)]
    state: Option<State>,

    /// Only runs that came about so.
    #[arg(long, value_name = "TRIGGER")]
    trigger: Option<String>,

    /// Builds of environments as well.
    #[arg(long)]
    builds: bool,

    /// At most so many; 0 for all.
    #[arg(long, short = 'n', default_value_t = 20)]
    limit: u32,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Queued,
    Starting,
    Running,
    Stopping,
    Collecting,
    Finished,
}

#[derive(Debug, Args)]
pub struct SchedulesArgs {
    /// Only schedules of this script, by its name or id.
    #[arg(long, value_name = "NAME")]
    script: Option<String>,

    /// At most so many; 0 for all.
    #[arg(long, short = 'n', default_value_t = 50)]
    limit: u32,

    #[command(flatten)]
    reach: Reach,
}

pub async fn run(args: ListArgs) -> Done {
    match args.what {
        None => scripts(args.scripts).await,
        Some(What::Scripts(args)) => scripts(args).await,
        Some(What::Runs(args)) => runs(args).await,
        Some(What::Schedules(args)) => schedules(args).await,
    }
}

async fn scripts(args: ScriptsArgs) -> Done {
    let server = Server::new(&args.reach)?;
    let mut pages = Pages::of(&server, &["scripts"])
        .with("sort", &word(args.sort))
        .most(args.limit);
    for (name, values) in [("tag", &args.tag), ("outcome", &args.outcome)] {
        if !values.is_empty() {
            pages = pages.with(name, &values.join(","));
        }
    }
    if let Some(text) = &args.search {
        pages = pages.with("q", text);
    }
    if args.paused {
        pages = pages.with("paused", "true");
    }
    let header = ["NAME", "LAST RUN", "WHEN", "NEXT", "PACKAGES", "TAGS"];
    show::<ScriptSeen>(&server, pages, &args.reach, &header, script_row).await
}

async fn runs(args: RunsArgs) -> Done {
    let server = Server::new(&args.reach)?;
    let mut pages = Pages::of(&server, &["runs"]).most(args.limit);
    if let Some(name) = &args.script {
        pages = pages.with("script", &names::script(&server, name).await?.id);
    }
    if let Some(tag) = &args.tag {
        pages = pages.with("tag", tag);
    }
    if !args.outcome.is_empty() {
        pages = pages.with("outcome", &args.outcome.join(","));
    }
    if let Some(state) = args.state {
        pages = pages.with("state", &word(state));
    }
    if let Some(trigger) = &args.trigger {
        pages = pages.with("trigger", trigger);
    }
    if !args.builds {
        pages = pages.with("kind", "script");
    }
    let header = ["RUN", "SCRIPT", "OUTCOME", "STARTED", "TOOK", "BY", "ID"];
    show::<RunSeen>(&server, pages, &args.reach, &header, run_row).await
}

pub async fn schedules(args: SchedulesArgs) -> Done {
    let server = Server::new(&args.reach)?;
    let mut pages = Pages::of(&server, &["schedules"]).most(args.limit);
    if let Some(name) = &args.script {
        pages = pages.with("script", &names::script(&server, name).await?.id);
    }
    let header = ["SCRIPT", "WHEN", "ZONE", "NEXT", "LAST", "NAME", "ID"];
    show::<ScheduleSeen>(&server, pages, &args.reach, &header, schedule_row).await
}

fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// As a table, or each item as JSON as soon as it is there.
async fn show<T: serde::de::DeserializeOwned>(
    server: &Server,
    mut pages: Pages<'_>,
    reach: &Reach,
    header: &[&str],
    row: fn(&T) -> Vec<Cell>,
) -> Done {
    let mut table = Table::new(header);
    while let Some(page) = pages.next().await? {
        for item in &page {
            if reach.json {
                print::json(item)?;
            } else {
                table.add(row(&server.read(item).await?));
            }
        }
    }
    if !reach.json {
        if table.is_empty() {
            print::note("nothing there is fits");
            return Ok(exit::OK);
        }
        print::text(&table.render(Looks::of_stdout()))?;
        if pages.has_more {
            print::note("there are more; --limit 0 shows all");
        }
    }
    Ok(exit::OK)
}

fn script_row(script: &ScriptSeen) -> Vec<Cell> {
    let (outcome, when) = match &script.last_run {
        None => (Cell::new("never", Tone::Faint), Cell::plain("")),
        Some(run) => (outcome_cell(run), Cell::plain(local(run.queued_at))),
    };
    let next = match (&script.next_fire, script.paused) {
        (_, true) => Cell::new("paused", Tone::Warn),
        (Some(fire), false) => Cell::plain(local(fire.at)),
        (None, false) => Cell::plain(""),
    };
    let environment = script
        .environment
        .as_ref()
        .map_or("", |environment| environment.state.as_str());
    let tone = match environment {
        "failed" | "broken" => Tone::Bad,
        "building" | "stale" => Tone::Warn,
        _ => Tone::Plain,
    };
    vec![
        Cell::plain(&script.name),
        outcome,
        when,
        next,
        Cell::new(environment, tone),
        Cell::new(script.tags.join(","), Tone::Faint),
    ]
}

/// The outcome, or else how far it is.
fn outcome_cell(run: &RunSeen) -> Cell {
    let Some(outcome) = &run.outcome else {
        return Cell::new(&run.state, Tone::Warn);
    };
    let text = match outcome.exit_code {
        Some(code) if outcome.kind == "failed" => format!("failed ({code})"),
        _ => outcome.kind.replace('_', " "),
    };
    let tone = match outcome.kind.as_str() {
        "succeeded" => Tone::Good,
        "skipped" | "cancelled" => Tone::Warn,
        _ => Tone::Bad,
    };
    Cell::new(text, tone)
}

fn run_row(run: &RunSeen) -> Vec<Cell> {
    let took = match (run.started_at, run.finished_at) {
        (Some(started), Some(finished)) => words::duration(started, finished),
        _ => String::new(),
    };
    let name = match run.kind.as_str() {
        "script" | "" => run.script_name.clone(),
        kind => format!("{} ({kind})", run.script_name),
    };
    vec![
        Cell::plain(run.number.to_string()),
        Cell::plain(name),
        outcome_cell(run),
        Cell::plain(local(run.started_at.unwrap_or(run.queued_at))),
        Cell::plain(took),
        Cell::plain(run.trigger.as_ref().map_or("", |trigger| trigger.kind.as_str())),
        Cell::new(&run.id, Tone::Faint),
    ]
}

fn schedule_row(schedule: &ScheduleSeen) -> Vec<Cell> {
    let (when, zone) = match &schedule.when {
        WhenSeen::Cron { expression, zone } => (expression.clone(), zone.clone()),
        WhenSeen::Once { at } => (format!("once, {}", local(*at)), String::new()),
        WhenSeen::Other => (schedule.description.clone(), String::new()),
    };
    let next = match schedule.next.first() {
        _ if schedule.done => Cell::new("done", Tone::Faint),
        _ if !schedule.enabled => Cell::new("off", Tone::Warn),
        _ if schedule.script_paused => Cell::new("script paused", Tone::Warn),
        Some(fire) => Cell::plain(local(fire.at)),
        None => Cell::new("paused", Tone::Warn),
    };
    let last = match &schedule.last {
        None => Cell::plain(""),
        Some(last) => match last.outcome_kind.as_deref() {
            None => Cell::new("under way", Tone::Warn),
            Some("succeeded") => Cell::new("succeeded", Tone::Good),
            Some(kind @ ("skipped" | "cancelled")) => Cell::new(kind, Tone::Warn),
            Some(kind) => Cell::new(kind.replace('_', " "), Tone::Bad),
        },
    };
    vec![
        Cell::plain(&schedule.script_name),
        Cell::plain(when),
        Cell::plain(zone),
        next,
        last,
        Cell::plain(&schedule.name),
        Cell::new(&schedule.id, Tone::Faint),
    ]
}

/// A list, page by page.
pub struct Pages<'a> {
    server: &'a Server,
    url: Url,
    /// Of those that are still wanted; `None`: all.
    left: Option<u32>,
    cursor: Cursor,
    /// There is more than was wanted.
    pub has_more: bool,
}

enum Cursor {
    Start,
    After(String),
    End,
}

impl<'a> Pages<'a> {
    pub fn of(server: &'a Server, path: &[&str]) -> Self {
        Self {
            server,
            url: server.path(path),
            left: Some(PAGE),
            cursor: Cursor::Start,
            has_more: false,
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub fn all(mut self) -> Self {
        self.left = None;
        self
    }

    /// 0 is all.
    pub fn most(mut self, limit: u32) -> Self {
        self.left = Some(limit).filter(|limit| *limit > 0);
        self
    }

    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        let mut url = self.url.clone();
        match &self.cursor {
            Cursor::Start => {}
            Cursor::After(cursor) => drop(url.query_pairs_mut().append_pair("cursor", cursor)),
            Cursor::End => return Ok(None),
        }
        let size = self.left.map_or(PAGE, |left| left.min(PAGE));
        url.query_pairs_mut().append_pair("limit", &size.to_string());
        let mut page = self.server.get(url).await?;
        let mut items: Vec<Value> = match page["items"].take() {
            Value::Array(items) => items,
            // It says what to do.
            other => self.server.read(&other).await?,
        };
        items.truncate(size as usize);
        let cursor = page["next_cursor"].as_str().map(str::to_owned);
        self.left = self.left.map(|left| left.saturating_sub(items.len() as u32));
        let enough = self.left == Some(0);
        self.has_more = enough && cursor.is_some();
        self.cursor = match cursor {
            Some(cursor) if !enough => Cursor::After(cursor),
            _ => Cursor::End,
        };
        Ok(Some(items))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(cells: Vec<Cell>) -> Vec<String> {
        cells.into_iter().map(|cell| cell.text).collect()
    }

    #[test]
    fn rows_say_what_people_look_for() {
        let run = json!({
            "id": "r1", "number": 12, "script_name": "Report", "state": "finished", "kind": "script",
            "outcome": { "kind": "failed", "message": "m", "exit_code": 3 },
            "trigger": { "kind": "schedule" },
            "queued_at": "2026-03-01T06:00:00Z", "started_at": "2026-03-01T06:00:01Z",
            "finished_at": "2026-03-01T06:00:03.500Z"
        });
        let run: RunSeen = serde_json::from_value(run).expect("a run");
        let row = texts(run_row(&run));
        assert_eq!(
            (row[0].as_str(), row[1].as_str(), row[2].as_str()),
            ("12", "Report", "failed (3)")
        );
        assert_eq!((row[4].as_str(), row[5].as_str()), ("2.5 s", "schedule"));

        let script = json!({ "id": "s1", "name": "Report", "paused": true, "tags": ["a", "b"],
            "next_fire": { "at": "2026-03-01T06:00:00Z" }, "environment": { "state": "broken" } });
        let script: ScriptSeen = serde_json::from_value(script).expect("a script");
        let row = texts(script_row(&script));
        assert_eq!(
            (row[1].as_str(), row[3].as_str(), row[5].as_str()),
            ("never", "paused", "a,b")
        );

        let schedule = json!({ "id": "x1", "script_name": "Report", "enabled": false,
            "when": { "kind": "cron", "expression": "0 6 * * *", "zone": "UTC" },
            "last": { "slot": "2026-03-01T06:00:00Z", "outcome_kind": "timed_out" } });
        let schedule: ScheduleSeen = serde_json::from_value(schedule).expect("a schedule");
        let row = texts(schedule_row(&schedule));
        assert_eq!(
            (row[1].as_str(), row[3].as_str(), row[4].as_str()),
            ("0 6 * * *", "off", "timed out")
        );
    }
}
