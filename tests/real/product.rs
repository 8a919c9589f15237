//! The product as it is shipped: `pytask-manager serve` as a child process, on a data directory and an instance of its
//! own, on the real engine. Killed, stopped and started again at will.
//!
//! Whatever happens in the test, its containers, networks and volume are gone at its end. A controller that logged an
//! error or panicked fails the test even if nothing else did.

mod client;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::machine;
pub(crate) use client::{Frame, Record, bytes, expect, words};

/// No wait is longer; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks at a condition.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a user's shell may say of these is not what the tests mean.
const OURS: [&str; 6] = [
    "PYTASK_ALLOWED_HOSTS",
    "PYTASK_DATA_VOLUME",
    "PYTASK_MAX_RUNS",
    "PYTASK_RUN_UID",
    "PYTASK_LOG",
    "PYTASK_SUPERVISOR",
];

pub(crate) struct Product {
    pub(crate) data: PathBuf,
    pub(crate) instance: String,
    settings: Vec<(String, String)>,
    address: String,
    client: reqwest::Client,
    controller: Option<Controller>,
    /// Everything that controllers of this product have logged.
    log: Log,
    forgiven: Vec<&'static str>,
    volume: Option<String>,
    _folder: Option<tempfile::TempDir>,
}

type Log = Arc<Mutex<Vec<String>>>;

struct Controller {
    process: Child,
    reader: std::thread::JoinHandle<()>,
}

impl Product {
    /// On a folder of this machine, with the engine found fit.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let product = Self::serving(settings).await;
        product.engine_ready().await;
        product
    }

    /// As soon as it serves: its engine may not be there at all.
    pub(crate) async fn serving(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let mut product = Self::new(data, settings);
        product._folder = Some(folder);
        product.boot().await;
        product
    }

    /// In a folder that is the test's own.
    pub(crate) async fn start_in(data: PathBuf) -> Self {
        let mut product = Self::new(data, &[]);
        product.boot().await;
        product.engine_ready().await;
        product
    }

    /// What the test provokes is no alarm.
    pub(crate) fn forgive(&mut self, message: &'static str) {
        self.forgiven.push(message);
    }

    /// On a named volume of the engine's.
    pub(crate) async fn start_on_volume() -> Self {
        let volume = format!("pytask-real-{}", uuid::Uuid::now_v7().simple());
        machine::docker(&["volume", "create", &volume]);
        let mut product = Self::new(PathBuf::new(), &[("PYTASK_DATA_VOLUME", &volume)]);
        product.volume = Some(volume.clone());
        let place = machine::docker(&["volume", "inspect", "--format", "{{.Mountpoint}}", &volume]);
        product.data = place.into();
        product.boot().await;
        product.engine_ready().await;
        product
    }

    fn new(data: PathBuf, settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        Self {
            data,
            instance: String::new(),
            settings: settings.collect(),
            address: String::new(),
            client: reqwest::Client::builder().no_proxy().build().expect("a client"),
            controller: None,
            log: Log::default(),
            forgiven: Vec::new(),
            volume: None,
            _folder: None,
        }
    }

    /// Starts a controller on the data that is there; returns once it serves, whatever the engine does.
    pub(crate) async fn boot(&mut self) {
        assert!(self.controller.is_none(), "one controller at a time");
        let mut process = self.command().spawn().expect("the binary starts");
        let stderr = process.stderr.take().expect("piped");
        let (tell, told) = tokio::sync::oneshot::channel();
        let log = Arc::clone(&self.log);
        let reader = std::thread::spawn(move || {
            let mut tell = Some(tell);
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let (Some(address), true) = (serving_at(&line), tell.is_some()) {
                    let _ = tell.take().map(|tell| tell.send(address));
                }
                log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        self.controller = Some(Controller { process, reader });
        let told = tokio::time::timeout(PATIENCE, told)
            .await
            .expect("serves in time");
        self.address = told.expect("the controller serves; its log says why not");
        let instance = words(&self.get("/system").await["instance"]);
        assert!(
            self.instance.is_empty() || self.instance == instance,
            "the instance is in the data"
        );
        self.instance = instance;
    }

    /// The command line that a controller of this product is started with.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pytask-manager"));
        for name in OURS {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("PYTASK_LISTEN", "127.0.0.1:0")
            .env("PYTASK_DATA_DIR", &self.data)
            .env("PYTASK_SUPERVISOR", machine::supervisor())
            .env("PYTASK_LOG_FORMAT", "json")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    async fn engine_ready(&self) {
        self.until("the engine is fit", async || {
            let system = self.get("/system").await;
            (system["engine"]["state"] == "ready").then_some(()).ok_or(system)
        })
        .await;
    }

    /// `kill -9`: nothing in the process gets another chance.
    pub(crate) fn kill(&mut self) {
        if let Some(mut controller) = self.controller.take() {
            let _ = controller.process.kill();
            let _ = controller.process.wait();
            let _ = controller.reader.join();
        }
    }

    /// SIGTERM, and how it ended.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let mut controller = self.controller.take().expect("a controller");
        let pid = rustix::process::Pid::from_child(&controller.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a process");
        let ended = self
            .until("the controller ends", async || {
                controller
                    .process
                    .try_wait()
                    .expect("our child")
                    .ok_or("still there")
            })
            .await;
        controller.reader.join().expect("read to the end");
        ended
    }

    /// Looks until what is looked for is there; the failure shows what was there instead.
    pub(crate) async fn until<T, E: std::fmt::Debug>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<T, E>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match look().await {
                Ok(found) => return found,
                Err(instead) => assert!(Instant::now() < deadline, "never: {what}; instead: {instead:#?}"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) fn port(&self) -> &str {
        self.address.rsplit_once(':').expect("an address with a port").1
    }

    /// The container of a run.
    pub(crate) fn container(&self, run: &str) -> String {
        format!("pytask-{}-{run}", self.instance)
    }

    /// The folder of a run, found without knowing how it is placed by time.
    pub(crate) fn run_directory(&self, run: &str) -> Option<PathBuf> {
        let runs = self.data.join("runs");
        let months = folders(&runs).into_iter().flat_map(|year| folders(&year));
        months.map(|month| month.join(run)).find(|place| place.is_dir())
    }

    /// The script's own folder.
    pub(crate) async fn files(&self, script: &str) -> PathBuf {
        let slug = words(&self.get(&format!("/scripts/{script}")).await["slug"]);
        self.data.join("scripts").join(slug).join("files")
    }

    /// Finished runs leave no container behind.
    pub(crate) async fn no_container_stays(&self) {
        self.until("no container stays", async || {
            let left = machine::containers_of(&self.instance);
            if left.is_empty() { Ok(()) } else { Err(left) }
        })
        .await;
    }
}

pub(crate) fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn serving_at(line: &str) -> Option<String> {
    let fields = serde_json::from_str::<Value>(line).ok()?["fields"].take();
    (fields["message"] == "serving").then(|| fields["address"].as_str().map(str::to_owned))?
}

impl Drop for Product {
    #[expect(
        clippy::print_stderr,
        reason = "a failed test shows what the controller had to say"
    )]
    fn drop(&mut self) {
        self.kill();
        // Empty if it never served; then it has made nothing either.
        if !self.instance.is_empty() {
            machine::remove_everything_of(&self.instance);
        }
        if let Some(volume) = &self.volume {
            machine::docker(&["volume", "rm", volume]);
        }
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if std::thread::panicking() {
            eprintln!("controller's log:\n{}", log.join("\n"));
            return;
        }
        let alarming = |line: &&String| line.contains(r#""level":"ERROR""#) || line.contains("panicked at");
        let forgiven = |line: &&String| self.forgiven.iter().any(|message| line.contains(message));
        let alarms: Vec<_> = log
            .iter()
            .filter(alarming)
            .filter(|line| !forgiven(line))
            .collect();
        assert!(alarms.is_empty(), "the controller logged {alarms:#?}");
    }
}
