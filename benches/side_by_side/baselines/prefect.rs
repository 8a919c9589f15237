//! Prefect's server as it comes: SQLite, its own scheduler and web interface, nothing in it. In a venv of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::processes;

const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Its parts end one after the other when it is told to.
const ENDING: Duration = Duration::from_secs(20);

pub(crate) struct Prefect {
    process: Child,
    /// From its start until it answered.
    pub(crate) took: Duration,
}

impl Prefect {
    /// In this folder, which may have been used by it before. Returns once it answers.
    pub(crate) async fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let port = free_port();
        let log = File::create(folder.join("output")).expect("a file");
        let begun = Instant::now();
        let process = Command::new(super::named("PYTASK_BENCH_PREFECT"))
            .args([
                "server",
                "start",
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
            ])
            .env("PREFECT_HOME", folder)
            .env("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
            .env("DO_NOT_TRACK", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same file"))
            .stderr(log)
            .spawn()
            .expect("prefect");
        let mut prefect = Self {
            process,
            took: Duration::ZERO,
        };
        pytask_manager::app::install_tls();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let health = format!("http://127.0.0.1:{port}/api/health");
        while !http
            .get(&health)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            let ended = prefect.process.try_wait().expect("our child");
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "Prefect does not answer; {ended:?}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        prefect.took = begun.elapsed();
        prefect
    }

    /// All that it consists of.
    pub(crate) fn processes(&self) -> Vec<u32> {
        processes::family(self.process.id())
    }
}

impl Drop for Prefect {
    fn drop(&mut self) {
        let all = self.processes();
        let signal = |process: &u32, name: rustix::process::Signal| {
            let process = rustix::process::Pid::from_raw(process.cast_signed()).expect("a process");
            let _ = rustix::process::kill_process(process, name);
        };
        signal(&self.process.id(), rustix::process::Signal::TERM);
        let asked = Instant::now();
        while self.process.try_wait().expect("our child").is_none() && asked.elapsed() < ENDING {
            std::thread::sleep(LOOK_EVERY);
        }
        // What it has left behind; these were its own a moment ago.
        for process in all
            .iter()
            .filter(|process| processes::parent(**process).is_some())
        {
            signal(process, rustix::process::Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}
