//! The machine that the suite runs on: what its environment says, and the engine's own client as a second pair of
//! eyes, which owes nothing to our code. Knows neither jobs nor runs.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What is being removed may still be coming into being: a create that was under way when its caller was killed.
const CLEARING: Duration = Duration::from_secs(20);

/// The suite looks into what its containers leave, so the engine is on this machine.
pub(crate) fn socket() -> PathBuf {
    let host = variable("DOCKER_HOST").unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned());
    host.strip_prefix("unix://")
        .expect("DOCKER_HOST is a local engine's socket")
        .into()
}

pub(crate) fn runner_image() -> String {
    variable("PYTASK_RUNNER_IMAGE").unwrap_or_else(|| "pytask-runner:3.13".to_owned())
}

/// Its absolute path: tests and what they start have different working directories.
pub(crate) fn supervisor() -> PathBuf {
    let named = variable("PYTASK_SUPERVISOR").expect("PYTASK_SUPERVISOR names the supervisor's binary");
    std::fs::canonicalize(named).expect("PYTASK_SUPERVISOR is a file")
}

/// An engine on this machine, through its own client: the one that the environment names, or one of a test's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Engine {
    own: Option<PathBuf>,
}

impl Engine {
    /// The one that listens on this socket.
    pub(crate) fn at(socket: PathBuf) -> Self {
        Self { own: Some(socket) }
    }

    /// As `DOCKER_HOST` names it; nothing where the environment's is meant.
    pub(crate) fn host(&self) -> Option<String> {
        let own = self.own.as_ref()?;
        Some(format!("unix://{}", own.display()))
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("docker");
        command.envs(self.host().map(|host| ("DOCKER_HOST", host)));
        command
    }

    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        match self.try_docker(arguments) {
            Ok(said) => said,
            Err(_) if std::thread::panicking() => String::new(),
            Err(said) => panic!("docker {arguments:?}: {said}"),
        }
    }

    pub(crate) fn try_docker(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self
            .command()
            .args(arguments)
            .output()
            .expect("the docker command");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(said(&output.stdout))
        } else {
            Err(said(&output.stderr))
        }
    }

    /// Ids of an instance's containers.
    pub(crate) fn containers_of(&self, instance: &str) -> Vec<String> {
        self.listed(&["ps", "-aq"], instance)
    }

    /// Takes an instance apart: containers first, then the networks they hung on and the images it has built.
    pub(crate) fn remove_everything_of(&self, instance: &str) {
        let deadline = Instant::now() + CLEARING;
        loop {
            let mut refused = Vec::new();
            for container in self.containers_of(instance) {
                refused.extend(self.try_docker(&["rm", "-fv", &container]).err());
            }
            for network in self.networks_of(instance) {
                refused.extend(self.try_docker(&["network", "rm", &network]).err());
            }
            for image in self.images_of(instance) {
                refused.extend(self.try_docker(&["image", "rm", "--force", &image]).err());
            }
            if refused.is_empty() && self.containers_of(instance).is_empty() {
                return;
            }
            if Instant::now() > deadline {
                assert!(
                    std::thread::panicking(),
                    "leftovers of {instance} stay: {refused:?}"
                );
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// None where the engine is the test's own: they go with it, and a daemon that was away while a container ended will
    /// not let go of the network that it hung on.
    fn networks_of(&self, instance: &str) -> Vec<String> {
        match self.own {
            Some(_) => Vec::new(),
            None => self.listed(&["network", "ls", "-q"], instance),
        }
    }

    fn images_of(&self, instance: &str) -> Vec<String> {
        let mut images = self.listed(&["image", "ls", "-q"], instance);
        images.dedup();
        images
    }

    fn listed(&self, what: &[&str], instance: &str) -> Vec<String> {
        let ours = format!("label=pytask.instance={instance}");
        let ids = self.docker(&[what, &["--filter", &ours]].concat());
        ids.lines().map(str::to_owned).collect()
    }
}

/// The environment's engine.
pub(crate) fn docker(arguments: &[&str]) -> String {
    Engine::default().docker(arguments)
}

pub(crate) fn try_docker(arguments: &[&str]) -> Result<String, String> {
    Engine::default().try_docker(arguments)
}

/// Its description of a container.
pub(crate) fn described(container: &str) -> Value {
    let text = docker(&["inspect", "--type", "container", container]);
    let mut described: Value = serde_json::from_str(&text).expect("JSON");
    described[0].take()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the suite is told by its environment what to test"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
