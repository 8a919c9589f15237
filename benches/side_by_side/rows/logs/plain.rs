//! The same script both ways: as a run of the product, whose log a client follows over a WebSocket, and in a plain container
//! with the engine's own log, which `docker logs --follow` follows. Both begin when a file appears in their folder, which
//! both have at the same place, and get the same limits.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::machine;
use crate::processes;
use crate::product::Product;

/// Appears in the script's folder when it is to begin.
const GO: &str = "go";
pub(super) const WAIT_FOR_GO: &str =
    "import os, time\nwhile not os.path.exists('/script/go'):\n    time.sleep(0.005)\n";
/// Until a script that has been started waits.
const STARTING: Duration = Duration::from_secs(1);

/// A run that waits for its go.
pub(super) struct Ours {
    pub(super) run: String,
    files: PathBuf,
}

impl Ours {
    pub(super) async fn start(product: &Product, script: &str) -> Self {
        let files = product.files(script).await;
        let _ = std::fs::remove_file(files.join(GO));
        let run = product.submit(script).await;
        product
            .run_until(&run, "the script runs", |run| run["state"] == "running")
            .await;
        tokio::time::sleep(STARTING).await;
        Self { run, files }
    }

    pub(super) fn go(&self) {
        std::fs::write(self.files.join(GO), "").expect("a file");
    }

    pub(super) async fn end(self, product: &Product) {
        product.cancel(&self.run).await;
        product.finished(&self.run).await;
    }
}

/// A plain container that waits for its go, and its log's reader.
pub(super) struct Plain {
    pub(super) container: String,
    folder: PathBuf,
    client: Child,
}

impl Plain {
    pub(super) async fn start(folder: &Path, program: &str) -> Self {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(folder.join("main.py"), program).expect("a program");
        let mounted = format!("{}:/script:ro", folder.display());
        let image = machine::runner_image();
        let container = machine::docker(&[
            "run",
            "--detach",
            "--log-driver",
            "json-file",
            "--network",
            "none",
            "--memory",
            "512m",
            "--cpus",
            "1",
            "--pids-limit",
            "128",
            "--env",
            "PYTHONUNBUFFERED=1",
            "--volume",
            &mounted,
            "--entrypoint",
            "python3",
            &image,
            "/script/main.py",
        ]);
        let client = Command::new("docker")
            .args(["logs", "--follow", &container])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the docker command");
        tokio::time::sleep(STARTING).await;
        Self {
            container,
            folder: folder.to_owned(),
            client,
        }
    }

    pub(super) fn go(&self) {
        std::fs::write(self.folder.join(GO), "").expect("a file");
    }

    pub(super) fn output(&mut self) -> ChildStdout {
        self.client.stdout.take().expect("piped, and taken once")
    }

    pub(super) fn client(&self) -> u32 {
        self.client.id()
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        let _ = machine::try_docker(&["rm", "--force", "--volumes", &self.container]);
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// The engine's processes that have to do with one container, and the container's first.
pub(super) struct Engine {
    daemons: Vec<u32>,
    pub(super) first: u32,
}

impl Engine {
    pub(super) fn around(container: &str) -> Self {
        let first = machine::docker(&["inspect", "--format", "{{.State.Pid}}", container]);
        let first = first.parse().expect("a process");
        let mut daemons = [processes::named("dockerd"), processes::named("containerd")].concat();
        assert!(!daemons.is_empty(), "the engine is on this machine");
        daemons.extend(processes::parent(first));
        Self { daemons, first }
    }

    pub(super) fn processor_time(&self) -> Duration {
        self.daemons.iter().copied().map(processes::processor_time).sum()
    }
}
