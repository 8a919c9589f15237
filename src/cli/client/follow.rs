//! Following a run to its end, whatever happens to the connection: each record once and in order, by its number.
//!
//! A record counts as had once it is on its way to the screen; a lost connection is opened again after the last of these. Why a run
//! waits is told when it changes.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::failure::Failure;
use super::http::Server;
use super::interrupts::{Interrupts, Press};
use super::live::{Heard, Live};
use super::screen::{Piece, Screen};
use super::wire::{FrameSeen, RecordSeen, RunSeen};

/// How long a server that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Reasons for waiting change without a step of the run.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// What of a run is wanted, and how.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub run: String,
    /// The number of the last record that is had already.
    pub after: u64,
    pub shape: Shape,
    pub stream: Option<Stream>,
    /// Nothing of our own on stderr.
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The script's bytes, each stream to its own.
    Bytes,
    /// Records and states as JSON lines.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

pub enum Stopped {
    Ended(Box<RunSeen>),
    Pressed(Press),
}

pub struct Following<'a> {
    server: &'a Server,
    wanted: Wanted,
    pub screen: Screen,
    /// Read and not yet on its way to the screen, with the number of its record.
    held: VecDeque<(Option<u64>, Piece)>,
    waiting: Waiting,
    /// As the server has said on this connection. A finished run is told of before its log and behind it, so only the word
    /// of farewell makes it the end.
    ended: Option<RunSeen>,
}

impl<'a> Following<'a> {
    pub fn new(server: &'a Server, wanted: Wanted) -> Self {
        Self {
            server,
            wanted,
            screen: Screen::open(),
            held: VecDeque::new(),
            waiting: Waiting::default(),
            ended: None,
        }
    }

    /// A sentence of our own, if any is wanted.
    pub async fn note(&self, note: impl Into<String>) {
        if !self.wanted.quiet {
            self.screen.note(note.into()).await;
        }
    }

    /// To the run's end, or until somebody wants something. It may be called again afterwards, and goes on where it was.
    pub async fn follow(&mut self, interrupts: &mut Interrupts) -> Result<Stopped, Failure> {
        loop {
            // What was had before somebody wanted something.
            if let Some(press) = self.put(interrupts).await? {
                return Ok(Stopped::Pressed(press));
            }
            self.ended = None;
            let mut live = tokio::select! {
                press = interrupts.pressed() => return Ok(Stopped::Pressed(press)),
                live = connect(self.server, &self.wanted, &self.screen) => live?,
            };
            if let Some(stopped) = self.listen(&mut live, interrupts).await? {
                return Ok(stopped);
            }
        }
    }

    /// `None` if the connection is to be opened again.
    async fn listen(
        &mut self,
        live: &mut Live,
        interrupts: &mut Interrupts,
    ) -> Result<Option<Stopped>, Failure> {
        let mut ask = tokio::time::interval_at(Instant::now() + ASK_EVERY, ASK_EVERY);
        loop {
            if let Some(press) = self.put(interrupts).await? {
                return Ok(Some(Stopped::Pressed(press)));
            }
            let heard = tokio::select! {
                press = interrupts.pressed() => return Ok(Some(Stopped::Pressed(press))),
                heard = live.next() => heard,
                _ = ask.tick(), if self.waiting.waits => {
                    let url = self.server.path(&["runs", &self.wanted.run]);
                    // The connection tells if there is trouble.
                    if let Ok(run) = self.server.get(url).await {
                        let run: RunSeen = self.server.read(&run).await?;
                        self.tell_waiting(&run);
                    }
                    continue;
                }
            };
            match heard {
                Heard::Frame(frame) => self.take(frame).await?,
                Heard::Closed => {
                    let ended = self.ended.take();
                    return Ok(ended.map(|run| Stopped::Ended(Box::new(run))));
                }
                Heard::Lost(why) => {
                    self.note(format!("the connection is lost ({why}); it is opened again"))
                        .await;
                    return Ok(None);
                }
            }
        }
    }

    /// Hands on what is held, until somebody wants something.
    async fn put(&mut self, interrupts: &mut Interrupts) -> Result<Option<Press>, Failure> {
        while !self.held.is_empty() {
            let room = tokio::select! {
                press = interrupts.pressed() => return Ok(Some(press)),
                room = self.screen.room() => room?,
            };
            let Some((seq, piece)) = self.held.pop_front() else {
                break;
            };
            room.send(piece);
            self.wanted.after = seq.unwrap_or(self.wanted.after);
        }
        Ok(None)
    }

    async fn take(&mut self, frame: FrameSeen) -> Result<(), Failure> {
        match frame {
            FrameSeen::Records { records } => {
                let had = self.held.iter().rev().find_map(|(seq, _)| *seq);
                let after = had.unwrap_or(self.wanted.after);
                self.held.extend(pieces(records, after, &self.wanted));
            }
            FrameSeen::State { run } => {
                if self.wanted.shape == Shape::Json {
                    let line = json!({ "type": "state", "run": run });
                    self.held.push_back((None, Piece::Out(json_line(&line))));
                }
                let run: RunSeen = self.server.read(&run).await?;
                self.tell_waiting(&run);
                self.ended = Some(run).filter(RunSeen::is_finished);
            }
            FrameSeen::Other => {}
        }
        Ok(())
    }

    fn tell_waiting(&mut self, run: &RunSeen) {
        let news = self.waiting.news(run);
        if let Some(news) = news.filter(|_| !self.wanted.quiet) {
            self.held.push_back((None, Piece::Note(news)));
        }
    }
}

/// Opens the connection, again and again while the server is only away.
async fn connect(server: &Server, wanted: &Wanted, screen: &Screen) -> Result<Live, Failure> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match Live::open(server, &wanted.run, wanted.after).await {
            Ok(live) => return Ok(live),
            Err(failure) if !failure.is_passing() => return Err(failure),
            Err(failure) if started.elapsed() > PATIENCE => {
                return Err(Failure::Lost {
                    url: server.url(),
                    why: failure.to_string(),
                    again: again(&wanted.run),
                });
            }
            Err(failure) => {
                if pause == FIRST_PAUSE && !wanted.quiet {
                    screen.note(format!("{failure}. Trying again")).await;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// How a run is followed from the shell.
pub fn again(run: &str) -> String {
    format!("pytask-manager logs --follow {run}")
}

/// What is to be written of records after one of a number: neighbours of one stream together.
fn pieces(records: Vec<RecordSeen>, after: u64, wanted: &Wanted) -> Vec<(Option<u64>, Piece)> {
    let mut pieces: Vec<(Option<u64>, Piece)> = Vec::new();
    // One that is had already comes again from a server that was asked for more than it should.
    for record in records.into_iter().filter(|record| record.seq > after) {
        let seq = Some(record.seq);
        let Some(piece) = piece(record, wanted) else {
            continue;
        };
        match (pieces.last_mut(), piece) {
            (Some((last, Piece::Out(bytes))), Piece::Out(more))
            | (Some((last, Piece::Err(bytes))), Piece::Err(more)) => {
                bytes.extend(more);
                *last = seq;
            }
            (_, piece) => pieces.push((seq, piece)),
        }
    }
    pieces
}

/// What is to be written of a record, if anything.
pub fn piece(record: RecordSeen, wanted: &Wanted) -> Option<Piece> {
    if wanted
        .stream
        .is_some_and(|stream| stream.as_str() != record.stream)
    {
        return None;
    }
    if wanted.shape == Shape::Json {
        let mut line = json!(record);
        line["type"] = "record".into();
        return Some(Piece::Out(json_line(&line)));
    }
    match record.stream.as_str() {
        "stdout" => Some(Piece::Out(bytes(record))),
        "stderr" => Some(Piece::Err(bytes(record))),
        // A sentence of the application's own.
        _ if wanted.quiet => None,
        _ => Some(Piece::Note(record.text.trim_end().to_owned())),
    }
}

/// As the script wrote them.
fn bytes(record: RecordSeen) -> Vec<u8> {
    let exact = record.base64.and_then(|exact| STANDARD.decode(exact).ok());
    exact.unwrap_or_else(|| record.text.into_bytes())
}

fn json_line(value: &Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}

/// What was last told of why a run waits. Pure.
#[derive(Debug, Default)]
struct Waiting {
    waits: bool,
    told: Option<String>,
}

impl Waiting {
    /// The sentence to tell now, if there is a new one.
    fn news(&mut self, run: &RunSeen) -> Option<String> {
        self.waits = run.state == "queued";
        if !self.waits {
            self.told = None;
            return None;
        }
        let reason = run
            .wait_reason
            .as_ref()
            .map_or("", |reason| reason.message.as_str());
        // What every run is for a moment is no news.
        let just_now = "It has just been queued";
        if reason.is_empty() || reason == just_now || self.told.as_deref() == Some(reason) {
            return None;
        }
        self.told = Some(reason.to_owned());
        Some(format!("run {} waits: {reason}", run.number))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::wire::Reason;
    use super::*;

    fn wanted(shape: Shape) -> Wanted {
        Wanted {
            run: "r".to_owned(),
            after: 0,
            shape,
            stream: None,
            quiet: false,
        }
    }

    fn record(seq: u64, stream: &str, text: &str) -> RecordSeen {
        RecordSeen {
            seq,
            at: Timestamp::UNIX_EPOCH,
            stream: stream.to_owned(),
            text: text.to_owned(),
            base64: None,
        }
    }

    #[test]
    fn each_stream_keeps_its_bytes_and_nothing_comes_twice() {
        let exact = RecordSeen {
            base64: Some("Yf9i".to_owned()),
            ..record(5, "stderr", "a\u{fffd}b")
        };
        let records = vec![
            record(1, "stdout", "had"),
            record(2, "stdout", "had"),
            record(3, "stdout", "a"),
            record(4, "stdout", "b\n"),
            exact,
            record(6, "system", "3 bytes of output are missing here.\n"),
            record(7, "stdout", "c"),
        ];
        let put = pieces(records.clone(), 2, &wanted(Shape::Bytes));
        let missing = "3 bytes of output are missing here.".to_owned();
        assert_eq!(
            put,
            [
                (Some(4), Piece::Out(b"ab\n".to_vec())),
                (Some(5), Piece::Err(b"a\xffb".to_vec())),
                (Some(6), Piece::Note(missing)),
                (Some(7), Piece::Out(b"c".to_vec())),
            ]
        );
        let only = Wanted {
            stream: Some(Stream::Stderr),
            ..wanted(Shape::Bytes)
        };
        assert_eq!(pieces(records.clone(), 0, &only).len(), 1);
        let quiet = Wanted {
            quiet: true,
            ..wanted(Shape::Bytes)
        };
        assert_eq!(pieces(records, 4, &quiet).len(), 2);
    }

    #[test]
    fn as_json_every_record_is_a_line() {
        let records = vec![record(1, "stdout", "a\nb"), record(2, "system", "s")];
        let put = pieces(records, 0, &wanted(Shape::Json));
        let [(Some(2), Piece::Out(bytes))] = &put[..] else {
            panic!("{put:?}")
        };
        let lines: Vec<Value> = bytes
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("JSON"))
            .collect();
        assert_eq!(lines[0]["type"], "record");
        assert_eq!(
            (&lines[0]["text"], &lines[1]["stream"]),
            (&json!("a\nb"), &json!("system"))
        );
    }

    #[test]
    fn why_it_waits_is_told_when_it_changes() {
        let run = |state: &str, reason: Option<&str>| RunSeen {
            id: "r".to_owned(),
            number: 7,
            script_name: "s".to_owned(),
            state: state.to_owned(),
            kind: "script".to_owned(),
            outcome: None,
            trigger: None,
            queued_at: Timestamp::UNIX_EPOCH,
            started_at: None,
            finished_at: None,
            wait_reason: reason.map(|message| Reason {
                message: message.to_owned(),
            }),
        };
        let mut waiting = Waiting::default();
        assert_eq!(
            waiting.news(&run("queued", Some("It has just been queued"))),
            None
        );
        let told = waiting.news(&run("queued", Some("2 runs are before it")));
        assert_eq!(told.as_deref(), Some("run 7 waits: 2 runs are before it"));
        assert_eq!(waiting.news(&run("queued", Some("2 runs are before it"))), None);
        assert!(
            waiting
                .news(&run("queued", Some("The environment is built")))
                .is_some()
        );
        assert!(waiting.waits);
        assert_eq!(waiting.news(&run("running", None)), None);
        assert!(!waiting.waits);
    }
}
