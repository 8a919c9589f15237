//! A running application on a temporary data directory, and clients for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use futures_util::StreamExt;
use pytask_manager::app::{self, App, MakeEngine, Surroundings};
use pytask_manager::broker;
use pytask_manager::config::ServeConfig;
use pytask_manager::engine::fake::Fake;
use pytask_manager::scheduler::Scheduler;
use pytask_manager::webhooks::Webhooks;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// No wait in these tests is longer; reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serve: ServeConfig,
}

pub struct TestApp {
    pub fake: Fake,
    pub data: PathBuf,
    address: String,
    client: reqwest::Client,
    running: Option<Running>,
    flags: Vec<String>,
    surroundings: Surroundings,
    /// Of the broker that stands before the engine, if one does.
    broker: Option<PathBuf>,
    _folder: tempfile::TempDir,
}

struct Running {
    server: JoinHandle<()>,
    runtime: tokio::runtime::Runtime,
    app: App,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(flags: &[&str]) -> Self {
        Self::start_in(Surroundings::default(), flags).await
    }

    /// The same product, on an engine that a broker holds.
    pub async fn start_behind_a_broker() -> Self {
        let mut app = Self::prepare(Surroundings::default(), &[]);
        app.hand_over_the_engine();
        app.boot().await;
        app
    }

    /// With another clock, or with others who watch the store's writes.
    pub async fn start_in(surroundings: Surroundings, flags: &[&str]) -> Self {
        Self::start_prepared(surroundings, flags, |_| {}).await
    }

    /// On a data folder that somebody has put something into; it is not there before.
    pub async fn start_prepared(
        surroundings: Surroundings,
        flags: &[&str],
        prepare: impl FnOnce(&std::path::Path),
    ) -> Self {
        let mut app = Self::prepare(surroundings, flags);
        prepare(&app.data);
        app.boot().await;
        app
    }

    fn prepare(surroundings: Surroundings, flags: &[&str]) -> Self {
        app::install_tls();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let supervisor = folder.path().join("supervisor");
        std::fs::write(&supervisor, "the fake engine executes nothing").expect("written");
        let data = folder.path().join("data");
        let mut all = vec![
            "serve".to_owned(),
            "--data-dir".to_owned(),
            data.display().to_string(),
        ];
        all.extend(["--supervisor".to_owned(), supervisor.display().to_string()]);
        all.extend(flags.iter().map(|&flag| flag.to_owned()));
        // Its container would be counted among those of runs.
        if !flags.contains(&"--examine-at-start") {
            all.extend(["--examine-at-start", "false"].map(str::to_owned));
        }
        Self {
            fake: Fake::new("unused", data.clone()),
            data,
            address: String::new(),
            client: reqwest::Client::builder().no_proxy().build().expect("a client"),
            running: None,
            flags: all,
            surroundings,
            broker: None,
            _folder: folder,
        }
    }

    /// It outlives the application, as a process of its own would.
    fn hand_over_the_engine(&mut self) {
        let socket = self._folder.path().join("broker.sock");
        let config = broker::Config {
            socket: socket.clone(),
            state: self._folder.path().join("broker"),
        };
        let fake = self.fake.clone();
        let server = broker::Server::bind(
            &config,
            Box::new(move |instance, _| Arc::new(fake.beside(instance))),
        );
        tokio::spawn(server.expect("a broker").serve());
        self.broker = Some(socket);
    }

    fn engine(&self) -> MakeEngine {
        let fake = self.fake.clone();
        match self.broker.clone() {
            None => Box::new(move |wiring| Arc::new(fake.beside(&wiring.instance))),
            Some(socket) => Box::new(move |wiring| {
                Arc::new(broker::Client::new(
                    socket,
                    wiring.instance,
                    &wiring.supervisor_folder,
                ))
            }),
        }
    }

    async fn boot(&mut self) {
        let config = Flags::parse_from(&self.flags).serve;
        let engine = self.engine();
        let surroundings = self.surroundings.clone();
        // A runtime of its own, so that stopping it stops every task at once, like a kill.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let started = runtime.spawn(async move {
            let app = app::start_on(&config, surroundings, engine)
                .await
                .expect("the application starts");
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port");
            (app, listener)
        });
        let (app, listener) = started.await.expect("no panic at start");
        self.address = listener.local_addr().expect("an address").to_string();
        let service = app
            .router
            .clone()
            .into_make_service_with_connect_info::<std::net::SocketAddr>();
        let server = runtime.spawn(async move {
            axum::serve(listener, service).await.expect("serves");
        });
        self.running = Some(Running { server, runtime, app });
    }

    /// Stops the application wherever it is, as a kill would.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.server.abort();
            running.runtime.shutdown_background();
        }
    }

    /// Kills it and starts it again on the same data and the same engine.
    pub async fn restart(&mut self) {
        self.kill();
        // The lock goes with the last task of the old one.
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let lock = std::fs::File::open(self.data.join("lock")).expect("the lock file");
            if lock.try_lock().is_ok() {
                break;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "the old application does not go away"
            );
            tokio::task::yield_now().await;
        }
        self.boot().await;
    }

    pub fn scheduler(&self) -> &Scheduler {
        &self.running.as_ref().expect("it runs").app.scheduler
    }

    pub fn webhooks(&self) -> &Webhooks {
        &self.running.as_ref().expect("it runs").app.webhooks
    }

    pub fn host(&self) -> &str {
        &self.address
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
            .timeout(PATIENCE)
    }

    pub async fn get(&self, path: &str) -> Value {
        expect(
            200,
            self.request(Method::GET, &format!("/api/v1{path}"))
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        let request = self.request(Method::POST, &format!("/api/v1{path}")).json(&body);
        request.send().await.expect("an answer")
    }

    pub async fn patch(&self, path: &str, body: Value) -> Value {
        self.patch_answered(200, path, body).await
    }

    /// The answer to a change that must have this status.
    pub async fn patch_answered(&self, status: u16, path: &str, body: Value) -> Value {
        let request = self.request(Method::PATCH, &format!("/api/v1{path}"));
        expect(status, request.json(&body).send().await.expect("an answer")).await
    }

    pub async fn script(&self, name: &str) -> String {
        let script = expect(201, self.post("/scripts", json!({ "name": name })).await).await;
        text(&script["id"])
    }

    pub async fn run(&self, script: &str) -> String {
        text(&self.submit(script, json!({})).await["id"])
    }

    /// A run as it is answered, queued.
    pub async fn submit(&self, script: &str, wish: Value) -> Value {
        expect(201, self.post(&format!("/scripts/{script}/runs"), wish).await).await
    }

    /// Where a run leaves what is to be kept.
    pub async fn artifacts(&self, run: &str) -> PathBuf {
        let queued = text(&self.get(&format!("/runs/{run}")).await["queued_at"]);
        let (year, month) = (&queued[..4], &queued[5..7]);
        self.data
            .join("runs")
            .join(year)
            .join(month)
            .join(run)
            .join("artifacts")
    }

    /// The run once it is as asked for.
    pub async fn run_until(&self, run: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = self.get(&format!("/runs/{run}")).await;
            if condition(&seen) {
                return seen;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "run never {what}: {seen:#}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Looks until it is so.
    pub async fn until(&self, what: &str, so: impl AsyncFn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !so(self).await {
            assert!(tokio::time::Instant::now() < deadline, "never: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn finished(&self, run: &str) -> Value {
        self.run_until(run, "finished", |run| run["state"] == "finished")
            .await
    }

    /// All frames of a run's live socket, until the server closes it.
    pub async fn live(&self, run: &str, query: &str) -> Vec<Value> {
        let url = format!("ws://{}/api/v1/runs/{run}/live?{query}", self.address);
        let mut request = url.into_client_request().expect("a request");
        let origin = format!("http://{}", self.address).parse().expect("an origin");
        request.headers_mut().insert("origin", origin);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
        let mut frames = Vec::new();
        loop {
            let frame = tokio::time::timeout(PATIENCE, socket.next())
                .await
                .expect("a frame in time");
            match frame {
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(_))) | None => return frames,
                Some(Ok(_)) => {}
                Some(Err(e)) => panic!("{e}"),
            }
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The body of an answer that must have this status.
pub async fn expect(status: u16, response: Response) -> Value {
    let (got, url) = (response.status().as_u16(), response.url().clone());
    let body = response.text().await.expect("a body");
    assert_eq!(got, status, "{url}: {body}");
    if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&body).expect("JSON")
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
