//! The connection to the engine: opened when first needed, dropped when the engine goes away.
//!
//! Owns the timeouts and the translation of the client's errors into ours. The distinction that everything
//! above relies on is made here: *away* (nothing is known, ask again) against *refused* (an answer, final).

use std::error::Error as _;
use std::future::Future;
use std::time::{Duration, Instant};

use bollard::errors::Error as ClientError;
use tokio::sync::Mutex;

use crate::engine::Error;

/// For the round trip that only asks whether somebody is there.
pub(super) const PING: Duration = Duration::from_secs(3);
/// For the first answer of an engine; a starting daemon accepts connections before it answers.
const HELLO: Duration = Duration::from_secs(10);
/// For everything that is not waiting by nature. Creating and starting take seconds on a loaded machine.
pub(super) const ORDINARY: Duration = Duration::from_secs(90);
/// What a stop may take beyond its grace, and what one round of waiting takes before it is asked anew.
pub(super) const PATIENT: Duration = Duration::from_secs(300);

/// An engine that has answered, and the version of the API it is spoken to in.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) client: bollard::Docker,
    pub(super) engine_version: String,
    pub(super) api: ApiVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApiVersion(pub(super) usize, pub(super) usize);

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Link {
    /// The client with another patience for response headers; connections and version are shared.
    pub(super) fn patient(&self, patience: Duration) -> bollard::Docker {
        self.client.clone().with_timeout(patience)
    }
}

/// Holds at most one link. After the engine was away the version is negotiated anew: it may be another engine.
pub(super) struct Line {
    host: String,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    link: Option<Link>,
    /// When the last attempt failed, and why.
    failure: Option<(Instant, String)>,
}

impl Line {
    pub(super) fn new(host: String) -> Self {
        Self {
            host,
            held: Mutex::default(),
        }
    }

    pub(super) async fn link(&self) -> Result<Link, Error> {
        let asked_at = Instant::now();
        let mut held = self.held.lock().await;
        if let Some(link) = &held.link {
            return Ok(link.clone());
        }
        // Whoever waited for somebody else's attempt shares its failure: an engine that hangs costs its callers
        // one patience, not one each in turn.
        if let Some((failed_at, why)) = &held.failure
            && *failed_at > asked_at
        {
            return Err(Error::Away(why.clone()));
        }
        match open(&self.host).await {
            Ok(link) => {
                held.link = Some(link.clone());
                Ok(link)
            }
            Err(error) => {
                if let Error::Away(why) = &error {
                    held.failure = Some((Instant::now(), why.clone()));
                }
                Err(error)
            }
        }
    }

    /// Translates, and hangs up if the engine is away.
    pub(super) async fn failed(&self, error: ClientError) -> Error {
        let error = translate(error);
        if matches!(error, Error::Away(_)) {
            self.held.lock().await.link = None;
        }
        error
    }
}

async fn open(host: &str) -> Result<Link, Error> {
    let client = bollard::Docker::connect_with_host(host)
        .map_err(translate)?
        .with_timeout(ORDINARY);
    let client = within(HELLO, client.negotiate_version())
        .await
        .map_err(translate)?;
    let version = within(HELLO, client.version()).await.map_err(translate)?;
    let spoken = client.client_version();
    Ok(Link {
        engine_version: version.version.unwrap_or_else(|| "unknown".to_owned()),
        api: ApiVersion(spoken.major_version, spoken.minor_version),
        client,
    })
}

/// Bounds a whole call; the client's own timeout ends with the response's headers.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    tokio::time::timeout(limit, call)
        .await
        .unwrap_or(Err(ClientError::RequestTimeoutError))
}

/// The engine's status code, if it answered with an error.
pub(super) fn status(error: &ClientError) -> Option<u16> {
    match error {
        ClientError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

pub(super) fn translate(error: ClientError) -> Error {
    match error {
        ClientError::DockerResponseServerError { status_code, message } => {
            let message = if message.is_empty() {
                format!("status {status_code}")
            } else {
                message
            };
            match status_code {
                // What stands before an engine says so when the engine itself does not answer.
                502..=504 => Error::Away(message),
                500 if is_going_down(&message) => Error::Away(message),
                _ => Error::Refused(message),
            }
        }
        ClientError::DockerStreamError { error } => Error::Refused(error),
        ClientError::RequestTimeoutError => Error::Away("no answer in time".to_owned()),
        ClientError::SocketNotFoundError(path) => Error::Away(format!("there is no socket at {path}")),
        error @ (ClientError::IOError { .. }
        | ClientError::HyperResponseError { .. }
        | ClientError::HyperLegacyError { .. }) => Error::Away(with_sources(&error)),
        // An answer that was cut short is an engine that went away in the middle of it.
        ClientError::JsonDataError { message, .. } if message.starts_with("EOF") => Error::Away(message),
        error => Error::Refused(with_sources(&error)),
    }
}

/// An engine on its way out fails requests for reasons that have nothing to do with them.
fn is_going_down(message: &str) -> bool {
    const SIGNS: [&str; 4] = [
        "context canceled",
        "connection is closing",
        "error while dialing",
        "daemon is shutting down",
    ];
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// The outer text alone ("client error (Connect)") names no cause.
fn with_sources(error: &ClientError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status_code: u16, message: &str) -> ClientError {
        ClientError::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        }
    }

    #[test]
    fn an_answer_is_a_refusal_and_silence_is_away() {
        let refused = [
            answer(400, "bad"),
            answer(404, "no such thing"),
            answer(409, "taken"),
            answer(500, "x"),
        ];
        for error in refused {
            let text = error.to_string();
            assert!(matches!(translate(error), Error::Refused(_)), "{text}");
        }
        let away = [
            answer(503, "starting"),
            answer(500, "rpc error: code = Canceled desc = context canceled"),
            answer(
                500,
                "connection error: desc = \"transport: Error while dialing: dial unix /run/x.sock\"",
            ),
            ClientError::RequestTimeoutError,
            ClientError::SocketNotFoundError("/x".to_owned()),
            ClientError::IOError {
                err: std::io::Error::other("reset"),
            },
            ClientError::JsonDataError {
                message: "EOF while parsing".to_owned(),
                column: 1,
            },
        ];
        for error in away {
            let text = error.to_string();
            assert!(matches!(translate(error), Error::Away(_)), "{text}");
        }
    }

    #[test]
    fn an_answer_without_words_still_says_something() {
        assert!(translate(answer(500, "")).to_string().ends_with("status 500"));
    }

    #[tokio::test]
    async fn a_missing_socket_is_away_and_an_unknown_scheme_is_not() {
        let missing = Line::new("unix:///nonexistent/docker.sock".to_owned());
        assert!(matches!(missing.link().await, Err(Error::Away(_))));
        let unknown = Line::new("carrier-pigeon://roof".to_owned());
        assert!(matches!(unknown.link().await, Err(Error::Refused(_))));
    }

    /// A socket that accepts and never answers, as a stopped daemon's does.
    #[tokio::test(start_paused = true)]
    async fn callers_of_a_hanging_engine_share_one_patience() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("docker.sock");
        let _silent = tokio::net::UnixListener::bind(&path).expect("a socket");
        let line = Line::new(format!("unix://{}", path.display()));
        let begun = tokio::time::Instant::now();
        let answers = futures_util::future::join_all((0..10).map(|_| line.link())).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Away(_)))));
        assert!(begun.elapsed() < HELLO * 2, "{:?}", begun.elapsed());
    }
}
