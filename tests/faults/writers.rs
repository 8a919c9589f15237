//! Runs whose every byte is known: a script that writes pieces made of its run's id to both streams in turn, and says in
//! its folder that it was started and which piece it is at. So there are two accounts of a run beside its log, and
//! neither passes through the product.
//!
//! Submissions carry an idempotency key and are repeated until they are answered: a controller may die over them.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::figures::Tally;
use crate::product::{Client, Product, answered, words};

const PROGRAM: &str = "\
import hashlib, os, sys, time
run, pieces, pause = os.environ['PYTASK_RUN_ID'], int(sys.argv[1]), float(sys.argv[2])
with open('/script/starts', 'a') as starts:
    starts.write(run + '\\n')
account = os.open('/script/account.' + run, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for number in range(pieces):
    piece = memoryview(hashlib.sha256(f'{run} {number}'.encode()).digest() * (1 + number % 40))
    os.write(account, b'%d\\n' % number)
    while piece:
        piece = piece[os.write(1 + number % 2, piece):]
    time.sleep(pause)
";

/// The same bytes, from here. Hashes have every byte value in them.
fn piece(run: &str, number: usize) -> Vec<u8> {
    Sha256::digest(format!("{run} {number}")).repeat(1 + number % 40)
}

/// What `pieces` pieces are on one stream.
fn stream(run: &str, parity: usize, pieces: usize) -> Vec<u8> {
    (parity..pieces)
        .step_by(2)
        .flat_map(|number| piece(run, number))
        .collect()
}

/// How a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself, with everything written.
    Whole,
    /// Stopped by its user: with everything that was written until then.
    Cancelled,
    /// With its container, at once: what was in the pipe may be gone.
    Torn,
    /// With its container, which was asked to end: with everything that was written until then.
    Evicted,
    /// As the engine pleases. What it says must be true all the same.
    Honest,
}

pub(crate) struct Writer {
    key: String,
    /// Known once the submission was answered.
    pub(crate) run: Option<String>,
    pieces: usize,
    pause: f64,
    pub(crate) end: End,
    /// So many pieces the log must have at least, whatever happens.
    pub(crate) at_least: usize,
    finished: bool,
}

pub(crate) struct Writers {
    script: String,
    folder: PathBuf,
    pub(crate) all: Vec<Writer>,
}

impl Writers {
    pub(crate) async fn new(product: &Product) -> Self {
        let limits =
            json!({ "cpus": 0.5, "memory_bytes": 64 << 20, "tmp_bytes": 1 << 20, "stop_grace_seconds": 5 });
        let script = product.limited("Writer", limits, PROGRAM).await;
        let folder = product.files(&script).await;
        Self {
            script,
            folder,
            all: Vec::new(),
        }
    }

    /// One more run, of which nobody knows yet; [`Writers::deliver`] tells the product.
    pub(crate) fn wish(&mut self, pieces: usize, pause: f64, end: End) -> usize {
        let key = format!("writer {}", self.all.len());
        self.all.push(Writer {
            key,
            run: None,
            pieces,
            pause,
            end,
            at_least: 0,
            finished: false,
        });
        self.all.len() - 1
    }

    /// Submits what is not known to be submitted. Whatever is not answered is tried again by the next call.
    pub(crate) async fn deliver(&mut self, client: &Client) {
        for writer in self.all.iter_mut().filter(|writer| writer.run.is_none()) {
            let body =
                json!({ "args": [writer.pieces.to_string(), writer.pause.to_string()], "overlap": "allow" });
            let request = client.request(Method::POST, &format!("/scripts/{}/runs", self.script));
            let request = request.header("Idempotency-Key", &writer.key).json(&body);
            if let Some((201, Some(run))) = answered(request).await {
                writer.run = Some(words(&run["id"]));
            }
        }
    }

    /// How many are submitted and not seen finished.
    pub(crate) async fn unfinished(&mut self, client: &Client) -> usize {
        for writer in self.all.iter_mut().filter(|writer| !writer.finished) {
            let Some(run) = &writer.run else { continue };
            if let Some(seen) = client.try_get(&format!("/runs/{run}")).await {
                writer.finished = seen["state"] == "finished";
            }
        }
        self.all.iter().filter(|writer| !writer.finished).count()
    }

    /// The newest run that is known to the product.
    pub(crate) fn newest(&self) -> Option<&str> {
        self.all.iter().rev().find_map(|writer| writer.run.as_deref())
    }

    /// How many pieces a run says that it has begun to write.
    pub(crate) fn begun(&self, writer: usize) -> usize {
        let run = self.all[writer].run.as_deref();
        run.map_or(0, |run| self.account(run))
    }

    /// How many scripts are writing at this moment, by their own accounts.
    pub(crate) fn writing(&self) -> usize {
        let begun = (0..self.all.len()).map(|writer| (self.begun(writer), self.all[writer].pieces));
        begun
            .filter(|(begun, pieces)| (1..*pieces).contains(begun))
            .count()
    }

    /// All pieces that were begun but the last have been in the pipe for certain: the log must have them from now on.
    pub(crate) fn hold_to_what_is_written(&mut self, writer: usize) {
        self.all[writer].at_least = self.begun(writer).saturating_sub(1);
    }

    fn account(&self, run: &str) -> usize {
        let account = std::fs::read_to_string(self.folder.join(format!("account.{run}")));
        account.unwrap_or_default().lines().count()
    }

    fn starts(&self, run: &str) -> usize {
        let starts = std::fs::read_to_string(self.folder.join("starts"));
        starts
            .unwrap_or_default()
            .lines()
            .filter(|line| *line == run)
            .count()
    }

    /// Waits for all, and holds each against its accounts.
    pub(crate) async fn settle(&mut self, product: &Product, tally: &mut Tally) {
        self.deliver(&product.client()).await;
        for writer in &self.all {
            tally.figures.runs += 1;
            let Some(run) = &writer.run else {
                tally.complain(format!("{} was never accepted", writer.key));
                continue;
            };
            let seen = product.try_finished(run).await;
            let Some(seen) = seen else {
                tally.figures.lost += 1;
                tally.complain(format!("run {run} is not known any more"));
                continue;
            };
            self.judge(product, tally, writer, &seen).await;
        }
        let known = self.known_runs(product).await;
        let answered = self.all.iter().filter(|writer| writer.run.is_some()).count();
        tally.check(known == answered, || {
            format!("{known} runs are known, {answered} were submitted")
        });
    }

    async fn judge(&self, product: &Product, tally: &mut Tally, writer: &Writer, seen: &Value) {
        let run = words(&seen["id"]);
        let kind = words(&seen["outcome"]["kind"]);
        let starts = self.starts(&run);
        tally.figures.doubled += starts.saturating_sub(1) as u64;
        // Cancelled may be before it began.
        let starts_expected = if writer.end == End::Cancelled {
            starts.min(1)
        } else {
            1
        };
        tally.check(starts == starts_expected, || {
            format!("run {run} was started {starts} times")
        });
        // Where the trial itself takes the container away, that is no loss but the plan.
        if kind == "lost" && writer.end != End::Torn {
            tally.figures.lost += 1;
        }
        let expected: &[&str] = match writer.end {
            End::Whole => &["succeeded"],
            End::Cancelled => &["cancelled"],
            End::Honest => &["succeeded", "lost"],
            End::Torn | End::Evicted => &["lost"],
        };
        tally.check(expected.contains(&kind.as_str()), || {
            format!("run {run} should be {expected:?}: {seen:#}")
        });
        let begun = self.account(&run);
        let (least, most) = match kind.as_str() {
            "succeeded" => (writer.pieces, writer.pieces),
            "cancelled" => (begun.saturating_sub(1), begun),
            _ if writer.end == End::Evicted => (begun.saturating_sub(1), begun),
            _ => (writer.at_least, begun),
        };
        for (name, parity) in [("stdout", 0), ("stderr", 1)] {
            let logged = product.raw(&run, Some(name)).await;
            let wrong = wrong_bytes(
                &logged,
                &stream(&run, parity, most),
                stream(&run, parity, least).len(),
            );
            tally.figures.wrong_bytes += wrong;
            tally.check(wrong == 0, || {
                format!("{name} of run {run} ({kind}): {wrong} bytes wrong of {}; at least {least} pieces, at most {most}", logged.len())
            });
        }
        let dropped = &seen["log"]["dropped_bytes"];
        tally.check(*dropped == 0, || format!("run {run} dropped {dropped} bytes"));
    }

    async fn known_runs(&self, product: &Product) -> usize {
        let (mut known, mut cursor) = (0, String::new());
        loop {
            let page = product
                .get(&format!("/runs?limit=500&script={}{cursor}", self.script))
                .await;
            known += page["items"].as_array().expect("runs").len();
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return known,
            }
        }
    }
}

/// How many bytes are not as they were written: the log must be the beginning of `written`, and have at least so many.
pub(crate) fn wrong_bytes(logged: &[u8], written: &[u8], at_least: usize) -> u64 {
    let same = logged.iter().zip(written).take_while(|(a, b)| a == b).count();
    (logged.len() - same + at_least.saturating_sub(logged.len())) as u64
}
