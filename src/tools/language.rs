//! An editor's talk with a language server: messages one way and the other.
//!
//! The two directions are two values, so that neither waits for the other: a server that writes before it reads, or reads
//! before it writes, does not hold up both. Invariants: one message is held in each direction, of bounded size; a server
//! that dies, says what is no message, says too much, or never answers ends the talk with its reason.

use std::sync::Arc;
use std::time::Duration;

use pytask_protocol::tools::{Ended, Reply};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::framing::{self, Broken, Decoder};
use super::messages::{Outgoing, outgoing};
use super::plan::Why;
use super::wire::{Connection, Output};

/// For a server to answer the first request, and to take a message.
const PATIENCE: Duration = Duration::from_secs(30);
/// A server's words: at once, and in the long run.
const BURST_BYTES: u64 = 64 * 1024 * 1024;
const BYTES_PER_SECOND: u64 = 4 * 1024 * 1024;
/// Answers of our own that wait for the editor.
const OWN_ANSWERS: usize = 16;

/// The container that a talk takes place in.
pub(super) trait Presence: Send + Sync {
    /// It is in use now.
    fn touch(&self);
    /// Why it was ended, if it was by us.
    fn ended(&self) -> Option<Why>;
}

/// Why a talk is over that the editor has not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    #[error("{}", why_ended(*.0))]
    Ended(Why),
    #[error("the language server died{}", how(.0.as_ref()))]
    Died(Option<Ended>),
    #[error("the language server is broken: {0}")]
    Broken(#[from] Broken),
    #[error("the language server says too much")]
    Flood,
    #[error("the language server does not answer")]
    Silent,
}

fn why_ended(why: Why) -> &'static str {
    match why {
        Why::Idle => "nothing was asked for some minutes",
        Why::EnvironmentChanged => "the script's environment has changed",
        Why::ScriptGone => "the script is gone",
        Why::Died => "the tools container is gone",
        Why::Displaced => "other scripts needed the room",
        Why::ControllerStops => "the controller is stopping",
    }
}

fn how(ended: Option<&Ended>) -> String {
    match ended {
        Some(Ended { error: Some(why), .. }) => format!(": {why}"),
        Some(Ended { signal: Some(9), .. }) => " (killed, perhaps for memory)".to_owned(),
        Some(Ended {
            signal: Some(signal), ..
        }) => format!(" (signal {signal})"),
        Some(Ended { code: Some(code), .. }) => format!(" (exit code {code})"),
        _ => String::new(),
    }
}

/// Both directions of one talk.
pub struct Session {
    pub editor: FromEditor,
    pub server: FromServer,
}

/// What goes to the server.
pub struct FromEditor {
    input: OwnedWriteHalf,
    initialization: Value,
    used: Arc<dyn Presence>,
    answers: mpsc::Sender<String>,
    opened: watch::Sender<Option<Instant>>,
}

/// What comes from it.
pub struct FromServer {
    output: Output,
    decoder: Decoder,
    allowance: Allowance,
    begun: Instant,
    used: Arc<dyn Presence>,
    answers: mpsc::Receiver<String>,
    opened: watch::Receiver<Option<Instant>>,
    answered: bool,
}

impl Session {
    pub(super) fn new(connection: Connection, used: Arc<dyn Presence>, initialization: Value) -> Self {
        let (answers, owed) = mpsc::channel(OWN_ANSWERS);
        let (opened, opening) = watch::channel(None);
        Self {
            editor: FromEditor {
                input: connection.input,
                initialization,
                used: Arc::clone(&used),
                answers,
                opened,
            },
            server: FromServer {
                output: connection.output,
                decoder: Decoder::default(),
                allowance: Allowance::new(BURST_BYTES, BYTES_PER_SECOND),
                begun: Instant::now(),
                used,
                answers: owed,
                opened: opening,
                answered: false,
            },
        }
    }
}

impl FromEditor {
    /// One message of the editor's, as it came.
    pub async fn tell(&mut self, message: String) -> Result<(), Closed> {
        self.used.touch();
        match outgoing(message, &self.initialization) {
            Outgoing::Drop => Ok(()),
            Outgoing::Answer(answer) => {
                // The other half has ended, and says why.
                let _ = self.answers.send(answer).await;
                Ok(())
            }
            Outgoing::Pass { message, opens } => {
                let frame = framing::encode(&message);
                match tokio::time::timeout(PATIENCE, self.input.write_all(&frame)).await {
                    Ok(Ok(())) => {}
                    // How it ended, the other half hears.
                    Ok(Err(_)) => return std::future::pending().await,
                    Err(_) => return Err(Closed::Silent),
                }
                if opens {
                    self.opened.send_replace(Some(Instant::now()));
                }
                Ok(())
            }
        }
    }
}

impl FromServer {
    /// The next message for the editor. May be cancelled without loss.
    pub async fn next(&mut self) -> Result<String, Closed> {
        loop {
            if let Some(message) = self.decoder.message()? {
                self.answered = true;
                return Ok(message);
            }
            let reply = tokio::select! {
                reply = self.output.next() => reply,
                Some(answer) = self.answers.recv() => return Ok(answer),
                () = overdue(self.opened.clone()), if !self.answered => return Err(Closed::Silent),
            };
            match reply {
                Ok(Reply::Stdout(bytes)) => {
                    if !self.allowance.take(bytes.len() as u64, self.begun.elapsed()) {
                        return Err(Closed::Flood);
                    }
                    self.decoder.push(&bytes);
                }
                Ok(Reply::Stderr(bytes)) => {
                    if !self.allowance.take(bytes.len() as u64, self.begun.elapsed()) {
                        return Err(Closed::Flood);
                    }
                    tracing::trace!(said = %String::from_utf8_lossy(&bytes), "a language server's own words");
                }
                Ok(Reply::Ended(ended)) => return Err(self.over(Some(ended))),
                Err(_) => return Err(self.over(None)),
            }
        }
    }

    fn over(&self, ended: Option<Ended>) -> Closed {
        match self.used.ended() {
            Some(why) => Closed::Ended(why),
            None => Closed::Died(ended),
        }
    }
}

/// Returns when the answer to the first request should have come.
async fn overdue(mut opened: watch::Receiver<Option<Instant>>) {
    let since = opened
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|since| *since);
    match since {
        Some(since) => tokio::time::sleep_until(since + PATIENCE).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use serde_json::json;
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    use super::*;

    #[derive(Default)]
    struct Here(OnceLock<Why>);

    impl Presence for Here {
        fn touch(&self) {}

        fn ended(&self) -> Option<Why> {
            self.0.get().copied()
        }
    }

    /// A talk, and the supervisor's end of it.
    fn talk() -> (Session, UnixStream, Arc<Here>) {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let here = Arc::new(Here::default());
        let session = Session::new(Connection::over(ours), Arc::clone(&here) as _, json!({}));
        (session, theirs, here)
    }

    async fn opens(session: &mut Session) {
        let message = json!({ "id": 0, "method": "initialize" }).to_string();
        session.editor.tell(message).await.expect("taken");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_answers_is_not_awaited_for_ever() {
        let (mut session, theirs, _) = talk();
        opens(&mut session).await;
        assert_eq!(session.server.next().await, Err(Closed::Silent));
        drop(theirs);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_nothing_is_not_awaited_for_ever() {
        let (mut session, theirs, _) = talk();
        let large = "x".repeat(8 << 20);
        assert_eq!(session.editor.tell(large).await, Err(Closed::Silent));
        drop(theirs);
    }

    #[tokio::test]
    async fn one_that_has_answered_may_be_silent_and_ends_with_its_reason() {
        let (mut session, mut theirs, here) = talk();
        opens(&mut session).await;
        let mut header = [0; 16];
        theirs.read_exact(&mut header).await.expect("a frame");
        assert_eq!(&header, b"Content-Length: ");
        let mut frame = Vec::new();
        Reply::Stdout(framing::encode("{}")).encode_into(&mut frame);
        theirs.write_all(&frame).await.expect("taken");
        assert_eq!(session.server.next().await, Ok("{}".to_owned()));
        here.0.set(Why::EnvironmentChanged).expect("once");
        drop(theirs);
        assert_eq!(
            session.server.next().await,
            Err(Closed::Ended(Why::EnvironmentChanged))
        );
    }

    #[tokio::test]
    async fn what_is_no_supervisor_is_a_death() {
        let (mut session, mut theirs, _) = talk();
        theirs.write_all(b"HTTP/1.1 400").await.expect("taken");
        assert_eq!(session.server.next().await, Err(Closed::Died(None)));
    }
}
