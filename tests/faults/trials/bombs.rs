//! Row 6: scripts that take whatever they can get, all at once. Each stays within its limits, and its outcome names the
//! one that it reached; meanwhile the API answers as if nothing were.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::figures::Tally;
use crate::form::either;
use crate::gauge::Gauge;
use crate::product::{Product, words};

const ANSWERS_WITHIN: Duration = Duration::from_millis(300);
const SPINNERS: usize = 8;
const MIB: u64 = 1 << 20;

struct Bomb {
    name: &'static str,
    limits: Value,
    program: &'static str,
    /// The outcome's kind.
    ends: &'static str,
    /// The limit that stops it.
    limit: &'static str,
}

fn bombs() -> Vec<Bomb> {
    let eat = "hoard = []\nwhile True:\n    hoard.append(b'x' * (4 << 20))\n";
    let feed = "\
import subprocess, sys
child = subprocess.run([sys.executable, '-c', \"hoard = []\\nwhile True: hoard.append(b'x' * (4 << 20))\"])
sys.exit(1 if child.returncode else 0)
";
    let fork = "\
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
";
    let spin = "while True:\n    pass\n";
    let open = "\
hoard = []
while True:
    hoard.append(open('/dev/null'))
";
    let grow = "\
with open('/script/big', 'wb') as big:
    while True:
        big.write(bytes(1 << 20))
        big.flush()
";
    let fill = "\
import time
for number in range(64):
    with open(f'/script/{number}', 'wb') as file:
        file.write(bytes(1 << 20))
time.sleep(600)
";
    let leave = "\
import os, time
for number in range(64):
    with open(os.environ['PYTASK_ARTIFACTS'] + f'/{number}', 'wb') as file:
        file.write(bytes(1 << 20))
time.sleep(600)
";
    let memory = json!({ "memory_bytes": 64 * MIB, "tmp_bytes": MIB });
    let seconds = either(6, 30);
    let mut bombs = vec![
        Bomb {
            name: "eater",
            limits: memory.clone(),
            program: eat,
            ends: "out_of_memory",
            limit: "memory_bytes",
        },
        Bomb {
            name: "feeder",
            limits: memory,
            program: feed,
            ends: "out_of_memory",
            limit: "memory_bytes",
        },
        Bomb {
            name: "forker",
            limits: json!({ "pids": 24, "cpus": 0.5, "run_seconds": seconds, "stop_grace_seconds": 1 }),
            program: fork,
            ends: "timed_out",
            limit: "pids",
        },
        Bomb {
            name: "opener",
            limits: json!({ "nofile": 64 }),
            program: open,
            ends: "failed",
            limit: "nofile",
        },
        Bomb {
            name: "grower",
            limits: json!({ "fsize_bytes": 32 * MIB, "log_bytes": MIB }),
            program: grow,
            ends: "failed",
            limit: "fsize_bytes",
        },
        Bomb {
            name: "filler",
            limits: json!({ "disk_bytes": 16 * MIB, "stop_grace_seconds": 1 }),
            program: fill,
            ends: "failed",
            limit: "disk_bytes",
        },
        Bomb {
            name: "leaver",
            limits: json!({ "artifacts_bytes": 16 * MIB, "stop_grace_seconds": 1 }),
            program: leave,
            ends: "failed",
            limit: "artifacts_bytes",
        },
    ];
    bombs.extend(["0", "1", "2", "3", "4", "5", "6", "7"].map(|name| Bomb {
        name,
        limits: json!({ "cpus": 0.2, "run_seconds": seconds, "stop_grace_seconds": 1, "memory_bytes": 32 * MIB, "tmp_bytes": MIB }),
        program: spin,
        ends: "timed_out",
        limit: "cpus",
    }));
    bombs
}

fn many_files(files: usize) -> String {
    format!(
        "import os\nfor number in range({files}):\n    os.close(os.open(f'/script/{{number}}', os.O_CREAT | os.O_WRONLY))\nprint('made')\n"
    )
}

pub(super) async fn all_at_once() {
    let mut tally = Tally::new(6, "bombs of every kind at once");
    let product = Product::start_with(&[("PYTASK_MAX_RUNS", "20")]).await;
    let files = either(20_000, 1_000_000);
    let maker = product
        .limited(
            "maker",
            json!({ "memory_bytes": 64 * MIB, "tmp_bytes": MIB }),
            &many_files(files),
        )
        .await;
    let bombs = bombs();
    assert_eq!(bombs.iter().filter(|bomb| bomb.limit == "cpus").count(), SPINNERS);
    let mut scripts = Vec::new();
    for bomb in &bombs {
        scripts.push(
            product
                .limited(bomb.name, bomb.limits.clone(), bomb.program)
                .await,
        );
    }
    let making = product.submit(&maker).await;
    let gauge = Gauge::start(&product, &maker, &making);
    let mut lit = Vec::new();
    for (bomb, script) in bombs.iter().zip(&scripts) {
        lit.push((bomb, script, product.submit(script).await));
    }
    tally.figures.injected = lit.len() as u64 + 1;
    tally.figures.runs = tally.figures.injected;
    stays_within(&product, &lit, &mut tally).await;
    for (bomb, script, run) in &lit {
        let finished = product.finished(run).await;
        judge(&product, bomb, script, &finished, &mut tally).await;
    }
    let made = product.finished(&making).await;
    tally.check(made["outcome"]["kind"] == "succeeded", || {
        format!("{files} files: {made:#}")
    });
    listing_is_bounded(&product, &maker, &mut tally).await;
    gauge.stop(ANSWERS_WITHIN, &mut tally);
    product.no_container_stays().await;
    tally.close();
}

/// While the fork bomb burns its container never has more processes than it may.
async fn stays_within(product: &Product, lit: &[(&Bomb, &String, String)], tally: &mut Tally) {
    let (bomb, _, run) = lit
        .iter()
        .find(|(bomb, _, _)| bomb.limit == "pids")
        .expect("a fork bomb");
    let most = bomb.limits["pids"].as_u64().expect("a number") as usize;
    let container = product.container(run);
    let mut peak = 0;
    product
        .until("the fork bomb is full", async || {
            // It may not have begun yet, and it may be over on a machine with so much to do.
            let listed = product
                .engine()
                .try_docker(&["top", &container, "-eo", "pid"])
                .unwrap_or_default();
            peak = peak.max(listed.lines().count().saturating_sub(1));
            let over = product.get(&format!("/runs/{run}")).await["state"] == "finished";
            if peak + 4 > most || over {
                Ok(())
            } else {
                Err(peak)
            }
        })
        .await;
    tally.check(peak <= most, || {
        format!("{peak} processes where {most} are allowed")
    });
}

async fn judge(product: &Product, bomb: &Bomb, script: &str, run: &Value, tally: &mut Tally) {
    let kind = &run["outcome"]["kind"];
    tally.check(*kind == bomb.ends, || {
        format!("{} should be {}: {run:#}", bomb.name, bomb.ends)
    });
    // A machine with so much to do may not even give a spinner what it is allowed.
    if bomb.limit != "cpus" {
        tally.names(run, bomb.limit);
    }
    if bomb.ends == "timed_out" {
        tally.names(run, "run_seconds");
    }
    match bomb.limit {
        "memory_bytes" => {
            let (peak, most) = (
                run["peak_memory_bytes"].as_u64(),
                bomb.limits["memory_bytes"].as_u64(),
            );
            tally.check(peak.is_some() && peak <= most, || {
                format!("{} had {peak:?} of {most:?}", bomb.name)
            });
        }
        "cpus" => {
            let used = run["cpu_ms"].as_f64().expect("measured") / 1000.0;
            let allowed = bomb.limits["cpus"].as_f64().expect("a number") * seconds_of(run);
            // The kernel shares out in slices of a tenth of a second.
            tally.check(used <= allowed + 0.3, || {
                format!("{} used {used} s of {allowed} s", bomb.name)
            });
            if used >= 0.95 * allowed {
                tally.names(run, "cpus");
            }
        }
        "fsize_bytes" => {
            let big = product.files(script).await.join("big");
            let size = std::fs::metadata(big).map(|big| big.len()).ok();
            let most = bomb.limits["fsize_bytes"].as_u64();
            tally.check(size == most, || format!("the file has {size:?} of {most:?}"));
        }
        "nofile" => {
            let said = run["outcome"].to_string();
            tally.check(said.contains("Too many open files"), || {
                format!("the reason is not in {said}")
            });
        }
        _ => {}
    }
}

fn seconds_of(run: &Value) -> f64 {
    let time = |field: &str| words(&run[field]).parse::<jiff::Timestamp>().expect("a time");
    (time("finished_at") - time("started_at"))
        .total(jiff::Unit::Second)
        .expect("seconds")
}

/// A folder with so many files is not listed to its end, and nobody waits for it.
async fn listing_is_bounded(product: &Product, script: &str, tally: &mut Tally) {
    let asked = Instant::now();
    let listing = product.get(&format!("/scripts/{script}/files")).await;
    let took = asked.elapsed();
    let listed = listing["items"].as_array().map_or(0, Vec::len);
    tally.check(took < Duration::from_secs(3), || {
        format!("the listing took {took:?}")
    });
    let note = format!(
        "the folder's listing took {} ms and has {listed} entries",
        took.as_millis()
    );
    tally.figures.note = note;
}
