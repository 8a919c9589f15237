//! The product as it is shipped: `pytask-manager serve` as a child process, on a data directory and an instance of its
//! own, on the real engine. Killed, stopped and started again at will.
//!
//! Whatever happens in the test, its containers, networks and volume are gone at its end. A controller that logged an
//! error or panicked fails the test even if nothing else did.

// Named, because the suite `faults` takes this module from here.
#[path = "product/broker.rs"]
mod broker;
#[path = "product/client.rs"]
mod client;
#[path = "product/controller.rs"]
mod controller;
#[path = "product/setup.rs"]
mod setup;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::machine;
use broker::Broker;
#[allow(
    unused_imports,
    reason = "the suites `real` and `faults` use different parts of it"
)]
pub(crate) use client::{Client, Frame, Live, Record, answered, bytes, expect, now, words};
#[allow(unused_imports, reason = "likewise")]
pub(crate) use controller::Memory;
use controller::{Controller, Log};
pub(crate) use setup::Setup;

/// No wait is longer; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks at a condition.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct Product {
    pub(crate) data: PathBuf,
    pub(crate) instance: String,
    setup: Setup,
    client: Client,
    controller: Option<Controller>,
    log: Log,
    volume: Option<String>,
    broker: Option<Broker>,
    _folder: Option<tempfile::TempDir>,
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
        let mut product = Self::new(Setup::with(settings));
        product.boot().await;
        product
    }

    /// In a folder that is the test's own.
    pub(crate) async fn start_in(data: PathBuf) -> Self {
        let mut setup = Setup::default();
        setup.data = Some(data);
        let mut product = Self::new(setup);
        product.boot().await;
        product.engine_ready().await;
        product
    }

    /// What the test provokes is no alarm.
    pub(crate) fn forgive(&mut self, message: &'static str) {
        self.setup.forgiven.push(message);
    }

    /// On a named volume of the engine's.
    pub(crate) async fn start_on_volume() -> Self {
        let mut product = Self::on_volume();
        product.boot().await;
        product.engine_ready().await;
        product
    }

    /// Likewise, with a broker that holds the engine: the controller is told of none.
    pub(crate) async fn start_behind_a_broker() -> Self {
        let mut product = Self::on_volume();
        let volume = product.volume.clone().expect("it is on one");
        let broker = Broker::start(&product.data, &volume);
        product.setup.set("PYTASK_BROKER", &broker.socket());
        product.setup.set("DOCKER_HOST", "unix:///nowhere.sock");
        product.broker = Some(broker);
        product.boot().await;
        product.engine_ready().await;
        product
    }

    /// `kill -9` of the broker, and another one in its place.
    pub(crate) fn replace_the_broker(&mut self) {
        self.broker.as_mut().expect("there is one").replace();
    }

    fn on_volume() -> Self {
        let volume = format!("pytask-real-{}", uuid::Uuid::now_v7().simple());
        machine::docker(&["volume", "create", &volume]);
        let mut setup = Setup::with(&[("PYTASK_DATA_VOLUME", &volume)]);
        let place = machine::docker(&["volume", "inspect", "--format", "{{.Mountpoint}}", &volume]);
        setup.data = Some(place.into());
        let mut product = Self::new(setup);
        product.volume = Some(volume);
        product
    }

    /// Not started yet.
    pub(crate) fn new(setup: Setup) -> Self {
        let (data, folder) = match setup.data.clone() {
            Some(data) => (data, None),
            None => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                (folder.path().join("data"), Some(folder))
            }
        };
        Self {
            data,
            instance: String::new(),
            setup,
            client: Client::default(),
            controller: None,
            log: Log::default(),
            volume: None,
            broker: None,
            _folder: folder,
        }
    }

    /// Starts a controller on the data that is there; returns once it serves, whatever the engine does.
    pub(crate) async fn boot(&mut self) {
        self.begin(&[]);
        assert!(self.serves().await, "the controller serves; its log says why not");
    }

    /// Starts a controller, told this beside its settings, and waits for nothing.
    pub(crate) fn begin(&mut self, told: &[(&str, &str)]) {
        assert!(self.controller.is_none(), "one controller at a time");
        let mut command = self.command();
        command.envs(told.iter().copied());
        self.controller = Some(Controller::start(command, &self.log));
    }

    /// Whether the controller came to serve, or else ended before.
    pub(crate) async fn serves(&mut self) -> bool {
        let Some(address) = self.controller_now().serves().await else {
            return false;
        };
        self.client.goes_to(&address);
        let Some(system) = self.client.try_get("/system").await else {
            return false;
        };
        let instance = words(&system["instance"]);
        assert!(
            self.instance.is_empty() || self.instance == instance,
            "the instance is in the data"
        );
        self.instance = instance;
        true
    }

    /// The command line that a controller of this product is started with.
    pub(crate) fn command(&self) -> Command {
        self.setup.command_on(&self.data)
    }

    pub(crate) fn engine(&self) -> &machine::Engine {
        &self.setup.engine
    }

    fn controller_now(&mut self) -> &mut Controller {
        self.controller.as_mut().expect("a controller")
    }

    /// When the controller was started.
    pub(crate) fn since(&mut self) -> Instant {
        self.controller_now().since
    }

    pub(crate) fn memory(&mut self) -> Memory {
        self.controller_now().memory()
    }

    /// The controller's memory peak counts from now on.
    pub(crate) fn forget_peak(&mut self) {
        self.controller_now().forget_peak();
    }

    pub(crate) async fn engine_ready(&self) {
        self.until("the engine is fit", async || {
            let system = self.get("/system").await;
            (system["engine"]["state"] == "ready").then_some(()).ok_or(system)
        })
        .await;
    }

    /// `kill -9`: nothing in the process gets another chance.
    pub(crate) fn kill(&mut self) {
        if let Some(controller) = self.controller.take() {
            controller.kill();
        }
    }

    /// SIGTERM, and how it ended.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.controller_now().signal(Signal::TERM);
        self.ended().await
    }

    /// How the controller ended, once it has by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let mut controller = self.controller.take().expect("a controller");
        let ended = self
            .until("the controller ends", async || {
                controller.ended().ok_or("still there")
            })
            .await;
        controller.heard_out();
        ended
    }

    /// How the controller ended, if it has by itself.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        let ended = self.controller_now().ended()?;
        self.controller.take().expect("it is there").heard_out();
        Some(ended)
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

    pub(crate) fn port(&self) -> String {
        self.client.port()
    }

    /// For whoever asks beside the test, and goes on asking whatever controller there is.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
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
            let left = self.engine().containers_of(&self.instance);
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

impl Drop for Product {
    #[expect(
        clippy::print_stderr,
        reason = "a failed test shows what the controller had to say"
    )]
    fn drop(&mut self) {
        self.kill();
        // Empty if it never served; then it has made nothing either.
        if !self.instance.is_empty() {
            self.engine().remove_everything_of(&self.instance);
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
        let forgiven = |line: &&String| self.setup.forgiven.iter().any(|message| line.contains(message));
        let alarms: Vec<_> = log
            .iter()
            .filter(|line| alarming(line) && !forgiven(line))
            .collect();
        assert!(alarms.is_empty(), "the controller logged {alarms:#?}");
    }
}
