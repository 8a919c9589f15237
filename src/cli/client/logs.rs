//! `logs`: what a run has written, or is writing.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use super::failure::Failure;
use super::follow::{Following, Shape, Stopped, Stream, Wanted, piece};
use super::http::Server;
use super::interrupts::{Interrupts, Press};
use super::screen::Screen;
use super::wire::{RecordSeen, RunSeen};
use super::{Done, Reach, exit, names, words};
use crate::clock::Clock;

#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Id or number of a run, or the name of a script: then its last run.
    run: String,

    /// Go on with what is written, to the end of the run.
    #[arg(long, short)]
    follow: bool,

    /// Only the last so many lines, and what follows.
    #[arg(long, short = 'n', value_name = "LINES", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    tail: Option<u32>,

    /// Only what was written since: a time such as 2026-03-01T06:00:00Z, or so long ago, such as 10m or 2h30m.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Only one of the streams.
    #[arg(long, value_enum)]
    stream: Option<Stream>,

    /// With --follow: exit as `run --wait` would have, instead of with 0.
    #[arg(long, requires = "follow")]
    exit_code: bool,

    /// Nothing on stderr but the script's own output and errors of this command line.
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    reach: Reach,
}

pub async fn run(args: LogsArgs) -> Done {
    let since = args
        .since
        .as_deref()
        .map(|since| moment(since, Clock::default().now()));
    let since = since.transpose()?;
    let server = Server::new(&args.reach)?;
    let run = names::run(&server, &args.run).await?;
    let wanted = Wanted {
        run: run.id.clone(),
        after: 0,
        shape: if args.reach.json {
            Shape::Json
        } else {
            Shape::Bytes
        },
        stream: args.stream,
        quiet: args.quiet,
    };
    let whole = args.tail.is_none() && since.is_none();
    let mut screen = Screen::open();
    let last = if args.follow && whole {
        0
    } else {
        let part = Part {
            tail: args.tail,
            since,
        };
        read(&server, &wanted, &part, &mut screen).await?
    };
    if !args.follow {
        screen.finish().await?;
        return Ok(exit::OK);
    }
    screen.finish().await?;
    let wanted = Wanted {
        after: last,
        ..wanted
    };
    follow(&server, &run, wanted, args.exit_code).await
}

/// What of a log is wanted.
struct Part {
    tail: Option<u32>,
    since: Option<Timestamp>,
}

/// Writes what there is, and answers the number of the last record, whether it was wanted or not.
async fn read(server: &Server, wanted: &Wanted, part: &Part, screen: &mut Screen) -> Result<u64, Failure> {
    let mut url = server.path(&["runs", &wanted.run, "log"]);
    url.query_pairs_mut().append_pair("format", "ndjson");
    if let Some(tail) = part.tail {
        // Of none the end is looked at all the same, for what follows it.
        url.query_pairs_mut()
            .append_pair("tail", &tail.max(1).to_string());
    }
    if let Some(stream) = wanted.stream {
        url.query_pairs_mut().append_pair("stream", stream.as_str());
    }
    let mut response = server.send(server.request(Method::GET, url)).await?;
    let mut lines = Lines::default();
    let mut last = 0;
    while let Some(bytes) = response.chunk().await.map_err(|e| server.no_answer(&e))? {
        for line in lines.take(&bytes) {
            let record: RecordSeen = match serde_json::from_slice(&line) {
                Ok(record) => record,
                // It says what to do.
                Err(_) => server.read(&serde_json::Value::Null).await?,
            };
            last = record.seq;
            if part.tail == Some(0) || part.since.is_some_and(|since| record.at < since) {
                continue;
            }
            if let Some(piece) = piece(record, wanted) {
                screen.room().await?.send(piece);
            }
        }
    }
    Ok(last)
}

async fn follow(server: &Server, run: &RunSeen, wanted: Wanted, exit_code: bool) -> Done {
    let mut interrupts = Interrupts::listen()?;
    let mut following = Following::new(server, wanted);
    match following.follow(&mut interrupts).await? {
        Stopped::Ended(ended) => {
            following.note(words::epitaph(&ended)).await;
            following.screen.finish().await?;
            Ok(match ended.outcome.filter(|_| exit_code) {
                Some(outcome) => exit::of_outcome(&outcome),
                None => exit::OK,
            })
        }
        Stopped::Pressed(press) => {
            following.note(format!("run {} goes on", run.number)).await;
            following.screen.leave().await?;
            Ok(match press {
                Press::Interrupt => exit::INTERRUPTED,
                Press::Terminate => exit::TERMINATED,
            })
        }
    }
}

/// Lines of what comes in pieces. Pure.
#[derive(Debug, Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.begun.extend_from_slice(&rest[..end]);
            lines.push(std::mem::take(&mut self.begun));
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        lines.retain(|line| !line.is_empty());
        lines
    }
}

/// An instant, or so long before now.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let ago = text.parse::<SignedDuration>().ok();
    let ago = ago.and_then(|ago| now.checked_sub(ago.abs()).ok());
    ago.ok_or_else(|| {
        Failure::Usage(format!(
            "--since {text:?} is neither a time such as 2026-03-01T06:00:00Z nor a duration such as 10m or 2h30m"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_come() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"a\nb"), [b"a".to_vec()]);
        assert_eq!(lines.take(b""), Vec::<Vec<u8>>::new());
        assert_eq!(lines.take(b"c\n\nd\n"), [b"bc".to_vec(), b"d".to_vec()]);
        assert_eq!(lines.take(b"e"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn since_is_a_time_or_so_long_ago() {
        let now: Timestamp = "2026-03-01T06:00:00Z".parse().expect("a time");
        let at = |text: &str| moment(text, now).map(|moment| moment.to_string());
        assert_eq!(
            at("2026-01-01T00:00:00+01:00").expect("a time"),
            "2025-12-31T23:00:00Z"
        );
        for (text, expected) in [
            ("10m", "2026-03-01T05:50:00Z"),
            ("2h30m", "2026-03-01T03:30:00Z"),
            ("90 s", "2026-03-01T05:58:30Z"),
        ] {
            assert_eq!(at(text).expect(text), expected, "{text}");
        }
        for bad in ["", "yesterday", "10", "5 parsecs"] {
            assert!(matches!(moment(bad, now), Err(Failure::Usage(_))), "{bad}");
        }
    }
}
