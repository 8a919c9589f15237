//! What a client does with the product: HTTP, and the live log over a WebSocket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use futures_util::StreamExt;
use jiff::Timestamp;
use pytask_manager::clock::Clock;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::{PATIENCE, Product};

/// Speaks to whichever controller of a product there is. Clones follow it from one to the next.
#[derive(Clone)]
pub(crate) struct Client {
    address: Arc<Mutex<String>>,
    http: reqwest::Client,
}

impl Default for Client {
    fn default() -> Self {
        pytask_manager::app::install_tls();
        Self {
            address: Arc::default(),
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
        }
    }
}

impl Client {
    pub(crate) fn goes_to(&self, address: &str) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address.to_owned();
    }

    /// For another thread: connections belong to the runtime that opened them.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            address: Arc::clone(&self.address),
            ..Self::default()
        }
    }

    fn address(&self) -> String {
        self.address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn port(&self) -> String {
        let address = self.address();
        address
            .rsplit_once(':')
            .expect("an address with a port")
            .1
            .to_owned()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}/api/v1{path}", self.address());
        self.http.request(method, url).timeout(PATIENCE)
    }

    /// Where there may be no controller: the answer, if there was one and it was a success.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Value> {
        answered(self.request(Method::GET, path)).await?.1
    }

    /// Whether the wish to stop a run was answered.
    pub(crate) async fn try_cancel(&self, run: &str) -> bool {
        let request = self.request(Method::POST, &format!("/runs/{run}/cancel"));
        matches!(answered(request.json(&json!({}))).await, Some((200, _)))
    }

    /// The live log of a run, or `None` where no controller answers.
    pub(crate) async fn try_live(&self, run: &str, query: &str) -> Option<Live> {
        self.try_live_over(TcpSocket::new_v4().ok()?, run, query).await
    }

    /// Over a socket of the caller's making.
    pub(crate) async fn try_live_over(&self, socket: TcpSocket, run: &str, query: &str) -> Option<Live> {
        let address = self.address();
        let url = format!("ws://{address}/api/v1/runs/{run}/live?{query}");
        let mut request = url.into_client_request().expect("a request");
        let origin = format!("http://{address}").parse().expect("an origin");
        request.headers_mut().insert("origin", origin);
        let stream = socket.connect(address.parse().expect("an address")).await.ok()?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.ok()?;
        Some(Live {
            socket,
            held: VecDeque::new(),
        })
    }
}

/// Status and body of an answer, where there may be none: the controller may be killed over it. No body if it is not
/// JSON or not a success.
pub(crate) async fn answered(request: RequestBuilder) -> Option<(u16, Option<Value>)> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let body = response.bytes().await.ok()?;
    let body = status.is_success().then(|| serde_json::from_slice(&body).ok());
    Some((status.as_u16(), body.flatten()))
}

impl Product {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        expect(200, self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, status: u16, path: &str, body: Value) -> Value {
        expect(status, self.request(Method::POST, path).json(&body)).await
    }

    /// A script with this program.
    pub(crate) async fn script(&self, name: &str, program: &str) -> String {
        let script = self.post(201, "/scripts", json!({ "name": name })).await;
        let id = words(&script["id"]);
        self.put_file(&id, "main.py", program).await;
        id
    }

    /// A script with this program and these limits.
    pub(crate) async fn limited(&self, name: &str, limits: Value, program: &str) -> String {
        let script = self.script(name, program).await;
        let patch = self.request(Method::PATCH, &format!("/scripts/{script}"));
        expect(200, patch.json(&json!({ "limits": limits }))).await;
        script
    }

    pub(crate) async fn put_file(&self, script: &str, path: &str, content: &str) {
        let put = self.request(Method::PUT, &format!("/scripts/{script}/files/{path}"));
        expect(200, put.body(content.to_owned())).await;
    }

    pub(crate) async fn file(&self, script: &str, path: &str) -> Vec<u8> {
        bytes(self.request(Method::GET, &format!("/scripts/{script}/files/{path}"))).await
    }

    pub(crate) async fn require(&self, script: &str, requirements: &[&str]) -> Value {
        let put = self.request(Method::PUT, &format!("/scripts/{script}/dependencies"));
        expect(200, put.json(&json!({ "requirements": requirements }))).await
    }

    pub(crate) async fn submit(&self, script: &str) -> String {
        words(
            &self
                .post(201, &format!("/scripts/{script}/runs"), json!({}))
                .await["id"],
        )
    }

    pub(crate) async fn cancel(&self, run: &str) -> Value {
        self.post(200, &format!("/runs/{run}/cancel"), json!({})).await
    }

    /// The run once it is as asked for. One that is finished before is a failure at once.
    pub(crate) async fn run_until(&self, run: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.until(what, async || {
            let seen = self.get(&format!("/runs/{run}")).await;
            if condition(&seen) {
                return Ok(seen);
            }
            assert_ne!(seen["state"], "finished", "instead of {what}: {seen:#}");
            Err(seen)
        })
        .await
    }

    pub(crate) async fn finished(&self, run: &str) -> Value {
        self.run_until(run, "the run finishes", |run| run["state"] == "finished")
            .await
    }

    /// The run once it has finished, or `None` if there is no such run.
    pub(crate) async fn try_finished(&self, run: &str) -> Option<Value> {
        self.until("the run finishes", async || {
            let seen = self.client.try_get(&format!("/runs/{run}")).await;
            match &seen {
                Some(seen) if seen["state"] != "finished" => Err(seen.clone()),
                _ => Ok(seen),
            }
        })
        .await
    }

    /// Runs a script once, to its end.
    pub(crate) async fn outcome(&self, script: &str) -> Value {
        let run = self.submit(script).await;
        self.finished(&run).await
    }

    /// What the script wrote, byte for byte: to `stdout`, to `stderr`, or to both in order.
    pub(crate) async fn raw(&self, run: &str, stream: Option<&str>) -> Vec<u8> {
        let stream = stream
            .map(|stream| format!("&stream={stream}"))
            .unwrap_or_default();
        bytes(self.request(Method::GET, &format!("/runs/{run}/log?format=raw{stream}"))).await
    }

    pub(crate) async fn stdout(&self, run: &str) -> String {
        String::from_utf8(self.raw(run, Some("stdout")).await).expect("text")
    }

    pub(crate) async fn stderr(&self, run: &str) -> String {
        String::from_utf8(self.raw(run, Some("stderr")).await).expect("text")
    }

    /// The log as people read it.
    pub(crate) async fn text(&self, run: &str) -> String {
        let text = bytes(self.request(Method::GET, &format!("/runs/{run}/log"))).await;
        String::from_utf8(text).expect("text")
    }

    /// Until the script has written this to one of its streams.
    pub(crate) async fn until_written(&self, run: &str, sought: &str) {
        self.until(sought, async || {
            let text = self.text(run).await;
            if text.contains(sought) { Ok(()) } else { Err(text) }
        })
        .await;
    }

    /// The run's log and states from the record after `after` on.
    pub(crate) async fn live(&self, run: &str, after: u64) -> Live {
        self.watch(run, &format!("after={after}")).await
    }

    /// The same from the beginning, with samples of CPU and memory.
    pub(crate) async fn live_with_samples(&self, run: &str) -> Live {
        self.watch(run, "samples=true").await
    }

    async fn watch(&self, run: &str, query: &str) -> Live {
        self.client.try_live(run, query).await.expect("a socket")
    }
}

/// The body of an answer that must have this status.
pub(crate) async fn expect(status: u16, request: RequestBuilder) -> Value {
    let body = answer(status, request).await.text().await.expect("a body");
    if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&body).expect("JSON")
    }
}

pub(crate) async fn bytes(request: RequestBuilder) -> Vec<u8> {
    answer(200, request).await.bytes().await.expect("a body").into()
}

async fn answer(status: u16, request: RequestBuilder) -> Response {
    let response = request.send().await.expect("an answer");
    let (got, url) = (response.status().as_u16(), response.url().clone());
    if got != status {
        panic!("{url}: {got}: {}", response.text().await.expect("a body"));
    }
    response
}

pub(crate) fn words(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is a string"))
        .to_owned()
}

/// The wall clock that scripts read as well: containers have no other.
pub(crate) fn now() -> Timestamp {
    Clock::system().now()
}

pub(crate) struct Live {
    socket: WebSocketStream<TcpStream>,
    /// Of the message that came last, those that were not given yet.
    held: VecDeque<Frame>,
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) seq: u64,
    pub(crate) stream: String,
    pub(crate) bytes: Vec<u8>,
    /// When this client had it.
    pub(crate) arrived: Timestamp,
}

#[derive(Debug)]
pub(crate) enum Frame {
    Record(Record),
    State(Value),
    Samples(Vec<Value>),
}

impl Live {
    /// `None`: the server has closed as it should.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let next = self.try_next().await;
        next.unwrap_or_else(|e| panic!("the live log broke: {e}"))
    }

    /// The same, where the controller may be killed over it.
    pub(crate) async fn try_next(&mut self) -> Result<Option<Frame>, String> {
        loop {
            if let Some(frame) = self.held.pop_front() {
                return Ok(Some(frame));
            }
            let message = tokio::time::timeout(PATIENCE, self.socket.next());
            match message.await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => self.held = parse(&text),
                Some(Ok(Message::Close(_))) => return Ok(None),
                Some(Ok(_)) => {}
                Some(Err(e)) => return Err(e.to_string()),
                None => return Err("ended without a close".to_owned()),
            }
        }
    }

    /// Every frame until then.
    pub(crate) async fn all(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

fn parse(text: &str) -> VecDeque<Frame> {
    let mut message: Value = serde_json::from_str(text).expect("JSON");
    if message["type"] == "state" {
        return [Frame::State(message["run"].take())].into();
    }
    if let Some(samples) = message["samples"].as_array_mut() {
        return [Frame::Samples(std::mem::take(samples))].into();
    }
    assert_eq!(message["type"], "records", "{message}");
    let records = message["records"].as_array().expect("records");
    records
        .iter()
        .map(|record| Frame::Record(record_in(record)))
        .collect()
}

fn record_in(record: &Value) -> Record {
    let bytes = match record["base64"].as_str() {
        Some(exact) => base64::engine::general_purpose::STANDARD
            .decode(exact)
            .expect("base64"),
        None => words(&record["text"]).into_bytes(),
    };
    Record {
        seq: record["seq"].as_u64().expect("a number"),
        stream: words(&record["stream"]),
        bytes,
        arrived: now(),
    }
}

impl Frame {
    pub(crate) fn record(self) -> Option<Record> {
        match self {
            Self::Record(record) => Some(record),
            Self::State(_) | Self::Samples(_) => None,
        }
    }

    pub(crate) fn samples(self) -> Option<Vec<Value>> {
        match self {
            Self::Samples(samples) => Some(samples),
            Self::Record(_) | Self::State(_) => None,
        }
    }
}
