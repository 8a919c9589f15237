//! One controller's process: started, listened to, killed, measured. Knows nothing of what it does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::sync::oneshot;

use super::PATIENCE;

/// Everything that the controllers of one product have logged.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

pub(crate) struct Controller {
    process: Child,
    reader: JoinHandle<()>,
    address: Option<oneshot::Receiver<String>>,
    /// When it was started.
    pub(crate) since: Instant,
}

/// What the kernel counts of a process's memory, in KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The most it ever was, or was since [`Controller::forget_peak`].
    pub(crate) peak: u64,
}

impl Controller {
    pub(crate) fn start(mut command: Command, log: &Log) -> Self {
        let since = Instant::now();
        let mut process = command.spawn().expect("the controller's program");
        let stderr = process.stderr.take().expect("piped");
        let (tell, told) = oneshot::channel();
        let log = Arc::clone(log);
        let reader = std::thread::spawn(move || {
            let mut tell = Some(tell);
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let (Some(address), true) = (serving_at(&line), tell.is_some()) {
                    let _ = tell.take().map(|tell| tell.send(address));
                }
                log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self {
            process,
            reader,
            address: Some(told),
            since,
        }
    }

    /// Where it serves, as soon as it does; `None` if it ends before.
    pub(crate) async fn serves(&mut self) -> Option<String> {
        let told = self.address.take().expect("asked once");
        let told = tokio::time::timeout(PATIENCE, told).await;
        told.expect("it serves in time, or ends").ok()
    }

    /// `kill -9`: nothing in the process gets another chance.
    pub(crate) fn kill(mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = self.reader.join();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a process");
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("our child")
    }

    /// Everything it said is in the log.
    pub(crate) fn heard_out(self) {
        self.reader.join().expect("read to the end");
    }

    pub(crate) fn memory(&self) -> Memory {
        let place = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let status = std::fs::read_to_string(place).unwrap_or_default();
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            number.unwrap_or(0)
        };
        Memory {
            resident: kib("VmRSS:"),
            peak: kib("VmHWM:"),
        }
    }

    /// The peak counts from now on.
    pub(crate) fn forget_peak(&self) {
        let place = format!("/proc/{}/clear_refs", self.pid().as_raw_nonzero());
        std::fs::write(place, "5").expect("the kernel forgets the peak");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

fn serving_at(line: &str) -> Option<String> {
    let fields = serde_json::from_str::<Value>(line).ok()?["fields"].take();
    (fields["message"] == "serving").then(|| fields["address"].as_str().map(str::to_owned))?
}
