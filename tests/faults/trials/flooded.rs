//! Row 4: a script writes far more than its log may hold, as lines and as one line without end, while its controller is
//! killed and comes back and somebody watches. The script is never blocked, head and tail are exact, every dropped byte
//! is counted, and the controller needs hardly more memory than idle.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::figures::Tally;
use crate::form::either;
use crate::gauge::Gauge;
use crate::product::{Product, words};
use crate::readers;
use crate::writers::wrong_bytes;

const MIB: usize = 1 << 20;
/// What the supervisor keeps of the end.
const TAIL: usize = 64 << 10;
/// A script whose write takes longer was kept waiting by its log.
const UNBLOCKED: f64 = 1.0;
const MEMORY_KIB: u64 = 32 << 10;
const ANSWERS_WITHIN: Duration = Duration::from_millis(300);

/// Pieces of a megabyte out of a store of two, each from another place of it and known byte for byte. A piece goes as fast
/// as the pipe takes it; they are spread over some seconds, because otherwise nothing could happen meanwhile. Says at the
/// end how it fared.
const FLOOD: &str = "\
import hashlib, json, os, sys, time
pieces, last, seconds = int(sys.argv[1]), chr(int(sys.argv[2])), float(sys.argv[3])
store = ''.join(hashlib.sha256(b'%d' % number).hexdigest()[:63] + last for number in range(32768))
store, size = memoryview(store.encode()), 1 << 20
longest, busy, began = 0.0, 0.0, time.monotonic()
for number in range(pieces):
    time.sleep(max(0, began + seconds * number / pieces - time.monotonic()))
    piece = store[number * 4099 % size:][:size]
    while piece:
        before = time.monotonic()
        piece = piece[os.write(1, piece):]
        took = time.monotonic() - before
        longest, busy = max(longest, took), busy + took
account = {'longest': longest, 'writing': busy}
with open('/script/account', 'w') as file:
    json.dump(account, file)
";

/// The same pieces, from here.
struct Flood(Vec<u8>);

impl Flood {
    fn new(last: char) -> Self {
        let mut store = Vec::with_capacity(2 * MIB);
        for number in 0..32768 {
            let hash = Sha256::digest(number.to_string());
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            store.extend_from_slice(&hex.as_bytes()[..63]);
            store.push(last as u8);
        }
        Self(store)
    }

    fn piece(&self, number: usize) -> &[u8] {
        &self.0[number * 4099 % MIB..][..MIB]
    }
}

pub(super) async fn with_lines() {
    let tally = Tally::new(4, "flood of lines, controller killed meanwhile");
    flooded(either(100, 1024), either(24, 256), '\n', tally).await;
}

pub(super) async fn without_a_newline() {
    let tally = Tally::new(4, "flood without a newline, controller killed meanwhile");
    flooded(either(20, 100), either(8, 32), '.', tally).await;
}

async fn flooded(pieces: usize, kept: usize, last: char, mut tally: Tally) {
    let mut product = Product::start().await;
    let limits = json!({ "log_bytes": kept * MIB, "fsize_bytes": 1 << 30, "memory_bytes": 64 * MIB, "tmp_bytes": MIB });
    let script = product.limited("Flood", limits, FLOOD).await;
    let folder = product.files(&script).await;
    // Everything that it does for the first time is behind it.
    for path in ["/dashboard", "/runs", "/scripts"] {
        product.get(path).await;
    }
    let idle = product.memory().resident;
    product.forget_peak();

    let body = json!({ "args": [pieces.to_string(), u32::from(last).to_string(), either("4", "20")] });
    let run = words(&product.post(201, &format!("/scripts/{script}/runs"), body).await["id"]);
    let watcher = readers::on_a_thread(product.client(), &run, |_| {});
    let gauge = Gauge::start(&product, &script, &run);
    let directory = product
        .until("a run directory", async || {
            product.run_directory(&run).ok_or("none")
        })
        .await;
    let mut most = 0;
    // While the head fills, and when it is full and everything more is dropped.
    for fill in [kept / 4, kept] {
        until_logged(&product, &directory, fill * MIB).await;
        gauge.pause(true);
        most = most.max(product.memory().peak);
        product.kill();
        tally.figures.injected += 1;
        product.boot().await;
        tally.back_after(product.since().elapsed());
        gauge.pause(false);
    }
    let finished = product.finished(&run).await;
    tally.figures.runs = 1;
    let watched = watcher.join().expect("it read to the end");
    let logged = product.raw(&run, Some("stdout")).await;
    gauge.stop(ANSWERS_WITHIN, &mut tally);
    most = most.max(product.memory().peak);
    let growth = most.saturating_sub(idle);
    tally.figures.memory_growth_kib = Some(growth);
    tally.check(growth < MEMORY_KIB, || {
        format!("the controller grew by {growth} KiB")
    });

    tally.check(finished["outcome"]["kind"] == "succeeded", || {
        format!("{finished:#}")
    });
    tally.names(&finished, "log_bytes");
    exact(&Flood::new(last), (pieces, kept), &logged, &finished, &mut tally);
    let same = watched.stdout == logged && watched.jumps == 0;
    tally.check(same, || {
        format!(
            "watched live: {} bytes, {} jumps",
            watched.stdout.len(),
            watched.jumps
        )
    });
    unblocked(&folder, pieces, &mut tally);
    product.no_container_stays().await;
    tally.close();
}

async fn until_logged(product: &Product, directory: &Path, bytes: usize) {
    product
        .until("the log grows", async || {
            match std::fs::metadata(directory.join("log")) {
                Ok(log) if log.len() >= bytes as u64 => Ok(()),
                other => Err(other.map(|log| log.len()).ok()),
            }
        })
        .await;
}

/// Head, tail, and the count of what is missing between.
fn exact(flood: &Flood, (pieces, kept): (usize, usize), logged: &[u8], run: &Value, tally: &mut Tally) {
    let head = (0..kept).flat_map(|number| flood.piece(number));
    let tail = &flood.piece(pieces - 1)[MIB - TAIL..];
    let expected: Vec<u8> = head.chain(tail).copied().collect();
    let wrong = wrong_bytes(logged, &expected, expected.len());
    tally.figures.wrong_bytes = wrong;
    tally.check(wrong == 0, || format!("{wrong} bytes wrong of {}", logged.len()));
    let dropped = pieces * MIB - expected.len();
    tally.check(run["log"]["dropped_bytes"] == dropped, || {
        format!("{dropped} bytes were dropped: {}", run["log"])
    });
}

fn unblocked(folder: &Path, pieces: usize, tally: &mut Tally) {
    let account = std::fs::read(folder.join("account")).expect("the script's account");
    let account: Value = serde_json::from_slice(&account).expect("JSON");
    let number = |field: &str| account[field].as_f64().expect("a number");
    let (longest, seconds) = (number("longest"), number("writing"));
    tally.check(longest < UNBLOCKED, || format!("one write took {longest} s"));
    tally.figures.note = format!(
        "taken at {:.0} MB/s, longest write {:.0} ms",
        pieces as f64 / seconds,
        longest * 1000.0
    );
}
