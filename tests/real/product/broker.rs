//! A broker's process: started, killed, replaced.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::machine;

pub(crate) struct Broker {
    process: Child,
    data: PathBuf,
    volume: String,
    /// Its socket, and what it remembers.
    folder: tempfile::TempDir,
}

impl Broker {
    pub(crate) fn start(data: &Path, volume: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            process: spawn(folder.path(), data, volume),
            data: data.to_owned(),
            volume: volume.to_owned(),
            folder,
        }
    }

    pub(crate) fn socket(&self) -> String {
        self.folder.path().join("broker.sock").display().to_string()
    }

    pub(crate) fn replace(&mut self) {
        self.end();
        self.process = spawn(self.folder.path(), &self.data, &self.volume);
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(folder: &Path, data: &Path, volume: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pytask-manager"));
    command
        .arg("broker")
        .env("PYTASK_BROKER", folder.join("broker.sock"))
        .env("PYTASK_BROKER_STATE", folder.join("state"))
        .env("PYTASK_DATA_DIR", data)
        .env("PYTASK_DATA_VOLUME", volume)
        .envs(
            machine::Engine::default()
                .host()
                .map(|host| ("DOCKER_HOST", host)),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("the broker's program")
}
