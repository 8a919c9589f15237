//! Row 5: readers of a live log who come and go, and readers who hardly read. All get the same bytes in the end, and one
//! who reads as things come is not kept waiting by the others.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::figures::Tally;
use crate::form::either;
use crate::percentile::percentile;
use crate::product::{Product, Record, words};
use crate::readers::{self, Manner, Reader};

/// From the moment a line was printed until the fast reader has it.
const LIVE_WITHIN: Duration = Duration::from_secs(1);

/// Lines that say when they were printed, three hundred kilobytes a second, to both streams and to files that are the account
/// of it.
const CHATTY: &str = "\
import os, sys, time
accounts = [open('/script/account.' + name, 'wb', 0) for name in ('stdout', 'stderr')]
began = time.time()
for number in range(int(sys.argv[1])):
    time.sleep(max(0, began + number / 300 - time.time()))
    line = b'%d %.6f ' % (number, time.time()) + b'x' * 1000 + b'\\n'
    accounts[number % 2].write(line)
    os.write(1 + number % 2, line)
";

pub(super) async fn by_many() {
    let (lines, slow, reconnects) = either((1_800, 6, 10), (6_000, 20, 50));
    let mut tally = Tally::new(5, "slow and reconnecting readers");
    let product = Product::start().await;
    let script = product.script("Chatty", CHATTY).await;
    let body = json!({ "args": [lines.to_string()] });
    let run = words(&product.post(201, &format!("/scripts/{script}/runs"), body).await["id"]);
    tally.figures.runs = 1;

    let lags = Arc::new(Mutex::new(Vec::new()));
    let fast = readers::on_a_thread(product.client(), &run, {
        let lags = Arc::clone(&lags);
        move |record| {
            lags.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(lag(record))
        }
    });
    // A sixth as fast as it comes, for as long as it comes: the server has to wait for each.
    let slow = (0..slow).map(|_| Manner::Slow(Duration::from_millis(20), lines / 6));
    let pieces = Manner::InPieces(lines / reconnects / 2);
    let all: Vec<Manner> = slow.chain([pieces]).collect();
    tally.figures.injected = (all.len() - 1) as u64;
    let client = product.client();
    let others = all
        .into_iter()
        .map(|manner| Reader::new(client.clone(), &run, manner).read(|_| {}));
    let mut all = join_all(others).await;
    let reconnecting = all.last().map_or(0, |reader| reader.connections);
    tally.check(reconnecting >= reconnects, || {
        format!("only {reconnecting} connections")
    });
    tally.figures.injected += reconnecting as u64;
    all.push(fast.join().expect("it read to the end"));

    let finished = product.finished(&run).await;
    tally.check(finished["outcome"]["kind"] == "succeeded", || {
        format!("{finished:#}")
    });
    let folder = product.files(&script).await;
    type Of = fn(&Reader) -> &Vec<u8>;
    let streams: [(&str, Of); 2] = [
        ("stdout", |reader| &reader.stdout),
        ("stderr", |reader| &reader.stderr),
    ];
    for (name, of) in streams {
        let account = std::fs::read(folder.join(format!("account.{name}"))).expect("the script's account");
        let logged = product.raw(&run, Some(name)).await;
        tally.check(logged == account, || {
            format!("{name}: {} bytes of {}", logged.len(), account.len())
        });
        for reader in &all {
            let same = *of(reader) == account && reader.jumps == 0;
            tally.figures.wrong_bytes += crate::writers::wrong_bytes(of(reader), &account, account.len());
            tally.check(same, || {
                format!(
                    "{name} live: {} bytes of {}, {} jumps",
                    of(reader).len(),
                    account.len(),
                    reader.jumps
                )
            });
        }
    }
    let lags = std::mem::take(&mut *lags.lock().unwrap_or_else(PoisonError::into_inner));
    let p95 = percentile(&lags, 95).unwrap_or_default();
    let most = lags.iter().max().copied().unwrap_or_default();
    let (p95_ms, most_ms) = (p95.as_millis(), most.as_millis());
    tally.figures.note = format!("a fast reader has a line after {p95_ms} ms (p95), {most_ms} ms (max)");
    tally.check(!lags.is_empty() && p95 <= LIVE_WITHIN, || {
        format!("the fast reader was {p95:?} late")
    });
    product.no_container_stays().await;
    tally.close();
}

/// How old the newest whole line of a record was when it came.
fn lag(record: &Record) -> Option<Duration> {
    let text = std::str::from_utf8(&record.bytes).ok()?;
    let line = text.lines().rev().find(|line| line.len() > 1000)?;
    let printed: f64 = line.split(' ').nth(1)?.parse().ok()?;
    let arrived = record.arrived.as_microsecond() as f64 / 1e6;
    Some(Duration::from_secs_f64((arrived - printed).max(0.0)))
}
