//! One connection to a run's live log. It ends by the server's word, or is lost; going on is [`super::follow`]'s.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::failure::Failure;
use super::http::Server;
use super::wire::FrameSeen;

/// After so long without a word the server is asked whether it is there.
const QUIET: Duration = Duration::from_secs(15);
/// So many questions go without an answer.
const UNANSWERED: u32 = 2;

pub struct Live {
    socket: WebSocketStream<Upgraded>,
    unanswered: u32,
}

pub enum Heard {
    Frame(FrameSeen),
    /// The server has said farewell.
    Closed,
    Lost(String),
}

impl Live {
    /// What comes after the record of this number.
    pub async fn open(server: &Server, run: &str, after: u64) -> Result<Self, Failure> {
        let mut url = server.path(&["runs", run, "live"]);
        url.query_pairs_mut().append_pair("after", &after.to_string());
        Ok(Self {
            socket: server.upgrade(url).await?,
            unanswered: 0,
        })
    }

    /// May be cancelled without loss.
    pub async fn next(&mut self) -> Heard {
        loop {
            let heard = tokio::time::timeout(QUIET, self.socket.next()).await;
            let message = match heard {
                Err(_) if self.unanswered >= UNANSWERED => {
                    return Heard::Lost("nothing is heard any more".to_owned());
                }
                Err(_) => {
                    self.unanswered += 1;
                    match self.socket.send(Message::Ping(Default::default())).await {
                        Ok(()) => continue,
                        Err(e) => return Heard::Lost(e.to_string()),
                    }
                }
                Ok(message) => message,
            };
            self.unanswered = 0;
            match message {
                Some(Ok(Message::Close(_))) => return Heard::Closed,
                None => return Heard::Lost("it has ended".to_owned()),
                Some(Err(e)) => return Heard::Lost(e.to_string()),
                Some(Ok(Message::Text(text))) => {
                    return match serde_json::from_str(&text) {
                        Ok(frame) => Heard::Frame(frame),
                        Err(e) => Heard::Lost(format!("a frame cannot be read ({e})")),
                    };
                }
                Some(Ok(_)) => {}
            }
        }
    }
}
