//! What a product is set up with: its command, its settings, its data, its engine. What is not said is as it is shipped.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::machine;

/// What a user's shell may say of these is not what the tests mean.
const OURS: [&str; 14] = [
    "PYTASK_ALLOW_LAN",
    "PYTASK_ALLOWED_HOSTS",
    "PYTASK_BROKER",
    "PYTASK_DATA_VOLUME",
    "PYTASK_EXAMINE_AT_START",
    "PYTASK_MAX_RUNS",
    "PYTASK_PUBLISHED",
    "PYTASK_REQUIRE_TOKEN",
    "PYTASK_RUN_UID",
    "PYTASK_LOG",
    "PYTASK_SECRETS_KEY_FILE",
    "PYTASK_SECRETS_OLD_KEY_FILE",
    "PYTASK_SUPERVISOR",
    "PYTASK_TOOLS_IDLE_SECONDS",
];

pub(crate) struct Setup {
    settings: Vec<(String, String)>,
    /// The words that start a controller. What it is told beside them it is told by its environment.
    pub(crate) command: Vec<String>,
    /// Where its data is; a new folder for itself unless it is said.
    pub(crate) data: Option<PathBuf>,
    /// Where its runs are.
    pub(crate) engine: machine::Engine,
    /// What its controllers may log as an error, because the test provokes it.
    pub(crate) forgiven: Vec<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            // Its containers would come between those that are counted, and the calls of the engine that fail on purpose.
            settings: vec![("PYTASK_EXAMINE_AT_START".to_owned(), "false".to_owned())],
            command: [env!("CARGO_BIN_EXE_pytask-manager"), "serve"]
                .map(str::to_owned)
                .into(),
            data: None,
            engine: machine::Engine::default(),
            forgiven: Vec::new(),
        }
    }
}

impl Setup {
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let mut setup = Self::default();
        for (name, value) in settings {
            setup.set(name, value);
        }
        setup
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Ready to be started on this folder; its log comes through a pipe.
    pub(super) fn command_on(&self, data: &std::path::Path) -> Command {
        let (program, arguments) = self.command.split_first().expect("a program");
        let mut command = Command::new(program);
        for name in OURS {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .env("PYTASK_LISTEN", "127.0.0.1:0")
            .env("PYTASK_DATA_DIR", data)
            .env("PYTASK_SUPERVISOR", machine::supervisor())
            .env("PYTASK_LOG_FORMAT", "json")
            .envs(self.engine.host().map(|host| ("DOCKER_HOST", host)))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}
