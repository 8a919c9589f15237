//! Requests to the application and what becomes of its answers: a value, or a [`Failure`] that says what to do.
//!
//! HTTP/1.1 throughout, since the live log is an upgrade of the same connection; proxies of the environment are not used, and
//! redirects not followed, for a token goes nowhere but to the address it was given for.

use std::time::Duration;

use reqwest::header::{self, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Upgraded, Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::Reach;
use super::failure::Failure;
use super::wire::ErrorSeen;

const CONNECT: Duration = Duration::from_secs(10);
/// For answers that are no streams.
const ANSWER: Duration = Duration::from_secs(60);
const OURS: &str = env!("CARGO_PKG_VERSION");

pub struct Server {
    base: Url,
    http: reqwest::Client,
    token: Option<HeaderValue>,
}

impl Server {
    pub fn new(reach: &Reach) -> Result<Self, Failure> {
        let base = address(&reach.url)?;
        let token = reach
            .token
            .as_deref()
            .map(str::trim)
            .filter(|token| !token.is_empty());
        let token = token.map(authorisation).transpose()?;
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(format!("pytask-manager/{OURS}"));
        if base.scheme() == "http" {
            // No certificate is looked at, so none need be there.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|e| Failure::Unreachable {
            url: base.to_string(),
            why: cause(&e),
        })?;
        Ok(Self { base, http, token })
    }

    pub fn url(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// Of the API; each part may be anybody's words.
    pub fn path(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(parts);
        }
        url
    }

    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, token),
            None => request,
        }
    }

    /// The answer, if it is a success.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|e| self.no_answer(&e))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refusal(response).await)
    }

    pub async fn value(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.send(request.timeout(ANSWER)).await?;
        let bytes = response.bytes().await.map_err(|e| self.no_answer(&e))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| Failure::Stranger {
            url: self.url(),
            why: "the answer is no JSON".to_owned(),
        })
    }

    pub async fn get(&self, url: Url) -> Result<Value, Failure> {
        self.value(self.request(Method::GET, url)).await
    }

    pub async fn post(&self, url: Url, body: &Value) -> Result<Value, Failure> {
        self.value(self.request(Method::POST, url).json(body)).await
    }

    /// What of an answer this version reads.
    pub async fn read<T: DeserializeOwned>(&self, value: &Value) -> Result<T, Failure> {
        match T::deserialize(value) {
            Ok(read) => Ok(read),
            Err(e) => Err(self
                .other_version(format!("an answer cannot be read ({e})"))
                .await),
        }
    }

    /// The connection as a WebSocket.
    pub async fn upgrade(&self, url: Url) -> Result<WebSocketStream<Upgraded>, Failure> {
        let key = generate_key();
        let expected = derive_accept_key(key.as_bytes());
        let request = self
            .request(Method::GET, url)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key)
            .header(header::ORIGIN, self.base.origin().ascii_serialization());
        let answer = tokio::time::timeout(ANSWER, request.send()).await;
        let response = match answer {
            Ok(sent) => sent.map_err(|e| self.no_answer(&e))?,
            Err(_) => return Err(self.unreachable("the answer takes too long")),
        };
        let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS if accepted.is_some_and(|accepted| *accepted == expected) => {}
            status if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS => {
                return Err(Failure::Stranger {
                    url: self.url(),
                    why: "it opens no WebSocket (a proxy in between has to let them pass)".to_owned(),
                });
            }
            _ => return Err(self.refusal(response).await),
        }
        let upgraded = response.upgrade().await.map_err(|e| self.no_answer(&e))?;
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
    }

    fn unreachable(&self, why: &str) -> Failure {
        Failure::Unreachable {
            url: self.url(),
            why: why.to_owned(),
        }
    }

    pub fn no_answer(&self, error: &reqwest::Error) -> Failure {
        let why = if error.is_timeout() {
            "it takes too long".to_owned()
        } else {
            cause(error)
        };
        self.unreachable(&why)
    }

    async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        let goes_to = response.headers().get(header::LOCATION).cloned();
        let body = response.bytes().await.unwrap_or_default();
        let Ok(error) = serde_json::from_slice::<ErrorSeen>(&body) else {
            let why = match goes_to.as_ref().and_then(|to| to.to_str().ok()) {
                Some(to) if status.is_redirection() => format!("it sends us to {to}"),
                _ => format!("it answers {status}"),
            };
            return match status {
                StatusCode::UNAUTHORIZED => token_needed(format!("{} lets nobody in unknown", self.url())),
                // A proxy, before an application that is being started.
                status if status.is_server_error() => self.unreachable(&why),
                _ => Failure::Stranger { url: self.url(), why },
            };
        };
        if error.code == "no_such_route" {
            return self.other_version(error.message).await;
        }
        judge(self.url(), status, error)
    }

    /// Whether it is because of that, or else that it is not known why.
    async fn other_version(&self, why: String) -> Failure {
        let url = self.url();
        // Not by `get`, which may come to ask this again.
        let asked = self.request(Method::GET, self.path(&["system"])).timeout(ANSWER);
        let answer = match asked.send().await {
            Ok(answer) => answer.json::<Value>().await.unwrap_or_default(),
            Err(_) => Value::Null,
        };
        match answer["version"].as_str() {
            Some(theirs) if theirs != OURS => Failure::OtherVersion {
                url,
                theirs: theirs.to_owned(),
                ours: OURS,
                why,
            },
            _ => Failure::Stranger { url, why },
        }
    }
}

/// What an answer means that is no success. Pure.
fn judge(url: String, status: StatusCode, error: ErrorSeen) -> Failure {
    let message = error.message;
    match status {
        StatusCode::UNAUTHORIZED => token_needed(message),
        StatusCode::FORBIDDEN => Failure::NotAllowed { message },
        StatusCode::NOT_FOUND => Failure::NotFound(message),
        status if status.is_server_error() => Failure::Server {
            url,
            message,
            request_id: error.request_id,
        },
        _ => Failure::Refused {
            code: error.code,
            message,
            details: error.details,
        },
    }
}

fn token_needed(message: String) -> Failure {
    let message = message.trim_end_matches('.').to_owned();
    Failure::TokenNeeded { message }
}

fn address(text: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("{text:?} is no address of an application: {why}"));
    let url = Url::parse(text).map_err(|e| wrong(&format!("{e}; it looks like http://127.0.0.1:8420")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("it begins with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it ends with host, port or path"));
    }
    Ok(url)
}

fn authorisation(token: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value =
        value.map_err(|_| Failure::Usage("the token has characters that no token has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The innermost, which says it without the layers around it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Server {
        crate::app::install_tls();
        let reach = Reach {
            url: url.to_owned(),
            token: Some("pytask_x".to_owned()),
            json: false,
        };
        Server::new(&reach).expect("a server")
    }

    #[test]
    fn addresses_are_addresses() {
        for bad in [
            "",
            "localhost:8420",
            "127.0.0.1",
            "ftp://x",
            "http://",
            "http://x/?a=1",
            "unix:///x",
        ] {
            let refused = address(bad).expect_err(bad);
            assert!(matches!(refused, Failure::Usage(_)), "{bad}");
        }
        for good in [
            "http://127.0.0.1:8420",
            "https://tasks.example.org/",
            "http://[::1]:1",
            "http://x/below",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn paths_are_made_of_anybodys_words() {
        let url = |base: &str, parts: &[&str]| server(base).path(parts).to_string();
        assert_eq!(
            url("http://x:1", &["scripts", "a/b ?#ä", "files"]),
            "http://x:1/api/v1/scripts/a%2Fb%20%3F%23%C3%A4/files"
        );
        assert_eq!(url("http://x/below/", &["runs"]), "http://x/below/api/v1/runs");
        assert_eq!(server("http://x:80/").url(), "http://x");
    }

    #[test]
    fn a_token_is_sent_and_never_shown() {
        let server = server("http://127.0.0.1:1");
        let request = server
            .request(Method::GET, server.path(&["runs"]))
            .build()
            .expect("a request");
        assert_eq!(request.headers()[header::AUTHORIZATION], "Bearer pytask_x");
        assert!(!format!("{request:?}").contains("pytask_x"));
        assert!(matches!(authorisation("a\nb"), Err(Failure::Usage(_))));
    }

    #[test]
    fn each_status_says_what_to_do() {
        let judged = |status: u16| {
            let error = ErrorSeen {
                code: "c".to_owned(),
                message: "So it is.".to_owned(),
                request_id: "r1".to_owned(),
                ..ErrorSeen::default()
            };
            let status = StatusCode::from_u16(status).expect("a status");
            judge("http://x".to_owned(), status, error)
        };
        let token = judged(401).to_string();
        assert!(
            token.starts_with("So it is. A token") && token.contains("PYTASK_TOKEN"),
            "{token}"
        );
        assert!(matches!(judged(403), Failure::NotAllowed { .. }));
        assert!(matches!(judged(404), Failure::NotFound(_)));
        for refused in [400, 409, 412, 413, 415, 421, 422] {
            assert!(matches!(judged(refused), Failure::Refused { .. }), "{refused}");
        }
        let failing = judged(507);
        assert!(
            failing.is_passing() && failing.to_string().contains("request r1"),
            "{failing}"
        );
    }
}
