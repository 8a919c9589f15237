//! A Docker Engine of a trial's own, to be killed at will: a `dockerd` beside the machine's, which must not notice.
//!
//! It lives in namespaces of its own. Network, because two daemons in one delete each other's bridge and rules. Processes
//! and mounts, because with their first process everything in them dies: containers, their shims, mounts. So nothing
//! stays, however the trial ends. Its folders are seen by both sides, so a controller outside shares its data with the
//! runs inside. It starts a containerd of its own, and should the machine have one for all, keeps to names of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::machine::{Engine, docker, runner_image};
use crate::product::{LOOK_EVERY, PATIENCE};

pub(crate) struct PrivateEngine {
    live_restore: bool,
    /// Holds the namespaces: `unshare`, whose only child is their first process.
    holder: Child,
    /// `nsenter`, whose only child is the daemon.
    daemon: Option<Child>,
    folder: tempfile::TempDir,
}

impl PrivateEngine {
    /// With the runner image loaded.
    pub(crate) async fn start(live_restore: bool) -> Self {
        let holder = Command::new("setpriv")
            // Should this process die without a word, they go with it.
            .args(["--pdeathsig", "KILL"])
            .args("unshare --mount --net --pid --fork --kill-child --mount-proc".split(' '))
            // The first process has to reap whatever is left to it.
            .args(["sh", "-c", "sleep infinity & wait"])
            .stdin(Stdio::null())
            .spawn()
            .expect("setpriv and unshare");
        let mut engine = Self {
            live_restore,
            holder,
            daemon: None,
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        engine.begin().await;
        engine.answers().await;
        engine.load(&runner_image());
        engine
    }

    /// Through its own client.
    pub(crate) fn engine(&self) -> Engine {
        Engine::at(self.folder.path().join("docker.sock"))
    }

    /// Starts the daemon; [`PrivateEngine::answers`] waits for it.
    pub(crate) async fn begin(&mut self) {
        assert!(self.daemon.is_none(), "one daemon at a time");
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let first = only_child(&self.holder).await.as_raw_nonzero().to_string();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(at("log"));
        let log = log.expect("a log file");
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &first, "--mount", "--net", "--pid", "dockerd"])
            .args([
                "--data-root",
                &at("data"),
                "--exec-root",
                &at("exec"),
                "--pidfile",
                &at("docker.pid"),
            ])
            .args(["--host", &format!("unix://{}", at("docker.sock"))])
            // systemd would look for the containers' processes among its own.
            .args(["--exec-opt", "native.cgroupdriver=cgroupfs"])
            .args([
                "--containerd-namespace",
                "pytask-faults",
                "--containerd-plugins-namespace",
                "pytask-faults-plugins",
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        if self.live_restore {
            command.arg("--live-restore");
        }
        self.daemon = Some(command.spawn().expect("nsenter"));
    }

    /// Until the daemon answers.
    pub(crate) async fn answers(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.engine().try_docker(&["version"]).is_err() {
            assert!(
                Instant::now() < deadline,
                "the private engine does not answer: {}",
                self.last_words()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Sends the daemon a signal and waits until it is gone. What becomes of the containers is its own affair.
    pub(crate) async fn end(&mut self, signal: Signal) {
        let mut daemon = self.daemon.take().expect("a daemon");
        kill_process(only_child(&daemon).await, signal).expect("the daemon is there");
        let deadline = Instant::now() + PATIENCE;
        while daemon.try_wait().expect("our child").is_none() {
            assert!(
                Instant::now() < deadline,
                "the daemon outlives {signal:?}: {}",
                self.last_words()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn load(&self, image: &str) {
        let save = Command::new("docker")
            .args(["save", image])
            .stdout(Stdio::piped())
            .spawn();
        let mut save = save.expect("the docker command");
        let mut load = self.engine().command();
        let loaded = load
            .arg("load")
            .stdin(save.stdout.take().expect("piped"))
            .output()
            .expect("the docker command");
        assert!(
            loaded.status.success(),
            "{}",
            String::from_utf8_lossy(&loaded.stderr)
        );
        assert!(save.wait().expect("our child").success(), "docker save {image}");
        let id = |said: String| said.trim().to_owned();
        let (here, there) = (["image", "inspect", "--format", "{{.Id}}", image], self.engine());
        assert_eq!(id(docker(&here)), id(there.docker(&here)), "the same image");
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let from = log.lines().count().saturating_sub(30);
        log.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for PrivateEngine {
    #[expect(
        clippy::print_stderr,
        reason = "a failed trial shows what the engine had to say"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the private engine's log:\n{}", self.last_words());
        }
        // Asked first, so that no cgroup stays behind; then everything at once.
        let pid = self.daemon.as_ref().and_then(|daemon| children(daemon).pop());
        if let (Some(pid), Some(mut daemon)) = (pid, self.daemon.take()) {
            let _ = kill_process(pid, Signal::TERM);
            let deadline = Instant::now() + Duration::from_secs(20);
            while daemon.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline {
                std::thread::sleep(LOOK_EVERY);
            }
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// As soon as there is one.
async fn only_child(of: &Child) -> Pid {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let [only] = children(of)[..] {
            return only;
        }
        assert!(Instant::now() < deadline, "process {} has no child", of.id());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn children(of: &Child) -> Vec<Pid> {
    let listed = Path::new("/proc").join(format!("{0}/task/{0}/children", of.id()));
    let listed = std::fs::read_to_string(listed).unwrap_or_default();
    let pids = listed.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter_map(Pid::from_raw).collect()
}
