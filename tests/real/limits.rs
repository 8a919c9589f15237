//! Every limit, reached on purpose: it holds, and the outcome names it, with what was allowed and what was found.

use serde_json::{Value, json};

use crate::product::{Product, words};

/// The limits that an outcome names.
fn hits(run: &Value) -> Vec<String> {
    let hits = run["outcome"]["limits_hit"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    hits.iter()
        .map(|hit| {
            assert!(words(&hit["message"]).len() > 10, "{hit}");
            words(&hit["limit"])
        })
        .collect()
}

struct Case {
    name: &'static str,
    limits: Value,
    program: &'static str,
    outcome: &'static str,
    hits: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "open files",
            limits: json!({ "nofile": 64 }),
            program: "kept = []\nwhile True:\n    kept.append(open('/script/main.py'))",
            outcome: "failed",
            hits: &["nofile"],
        },
        Case {
            name: "file size",
            limits: json!({ "fsize_bytes": 4 << 20, "log_bytes": 1 << 20 }),
            program: "with open('/script/big', 'wb') as big:\n    while True:\n        big.write(bytes(1 << 20))",
            outcome: "failed",
            hits: &["fsize_bytes"],
        },
        Case {
            name: "processes",
            limits: json!({ "pids": 16 }),
            program: "
refused = 0
for _ in range(40):
    try:
        if os.fork() == 0:
            os.read(os.pipe()[0], 1)
    except BlockingIOError:
        refused += 1
print(refused)",
            outcome: "succeeded",
            hits: &["pids"],
        },
        Case {
            name: "tmp",
            limits: json!({ "tmp_bytes": 2 << 20 }),
            program: "
try:
    with open('/tmp/full', 'wb') as full:
        while True:
            full.write(bytes(1 << 16))
            full.flush()
except OSError:
    pass
import time
# Long enough for a sample; afterwards nothing of it is left.
time.sleep(0.6)
os.remove('/tmp/full')",
            outcome: "succeeded",
            hits: &["tmp_bytes"],
        },
        Case {
            name: "log",
            limits: json!({ "log_bytes": 65536 }),
            program: "print('x' * 1_000_000)",
            outcome: "succeeded",
            hits: &["log_bytes"],
        },
        Case {
            name: "time and grace",
            limits: json!({ "run_seconds": 1, "stop_grace_seconds": 1 }),
            program: "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
            outcome: "timed_out",
            hits: &["run_seconds", "stop_grace_seconds"],
        },
        Case {
            name: "memory",
            limits: json!({ "memory_bytes": 32 << 20, "tmp_bytes": 1 << 20 }),
            program: "kept = []\nwhile True:\n    kept.append(bytearray(1 << 20))",
            outcome: "out_of_memory",
            hits: &["memory_bytes"],
        },
        Case {
            name: "CPU",
            // So little that it is the limit that holds it back, however busy the machine is.
            limits: json!({ "cpus": 0.05 }),
            program: "
import time
while time.process_time() < 0.25:
    pass",
            outcome: "succeeded",
            hits: &["cpus"],
        },
    ]
}

#[tokio::test]
async fn every_limit_that_is_reached_is_named() {
    let product = Product::start().await;
    let mut runs = Vec::new();
    for case in cases() {
        let program = format!("import os\n{}", case.program);
        let script = product.limited(case.name, case.limits.clone(), &program).await;
        runs.push((case, product.submit(&script).await));
    }
    for (case, run) in runs {
        let run = product.finished(&run).await;
        assert_eq!(run["outcome"]["kind"], case.outcome, "{}: {run:#}", case.name);
        assert_eq!(hits(&run), case.hits, "{}: {run:#}", case.name);
        let hit = &run["outcome"]["limits_hit"][0];
        if let Some(allowed) = hit["allowed"].as_u64() {
            let limit = words(&hit["limit"]);
            assert_eq!(run["limits"][&limit], allowed, "{}: {hit}", case.name);
        }
        if case.name == "processes" {
            let counted = product.stdout(&words(&run["id"])).await;
            assert_eq!(hit["found"].to_string(), counted.trim(), "as the script counted");
            assert_eq!(run["usage"]["pids_refused"].to_string(), counted.trim());
        }
    }
    product.no_container_stays().await;
}

/// Over HTTP afterwards and over the live log meanwhile: the same curve, from one writer.
#[tokio::test]
async fn a_runs_use_of_memory_and_cpu_is_sampled() {
    let product = Product::start().await;
    let program = "
import time
kept = bytearray(48 << 20)
end = time.monotonic() + 1.2
while time.process_time() < 0.7 or time.monotonic() < end:
    pass
";
    let script = product
        .limited("Sampled", json!({ "memory_bytes": 128 << 20 }), program)
        .await;
    let run = product.submit(&script).await;
    let frames = product.live_with_samples(&run).await.all().await;
    let live: Vec<Value> = frames
        .into_iter()
        .filter_map(|frame| frame.samples())
        .flatten()
        .collect();
    let finished = product.finished(&run).await;
    let stats = product.get(&format!("/runs/{run}/stats")).await;
    let samples = stats["samples"].as_array().expect("a list");
    assert_eq!(&live, samples, "what was told live is what is kept");
    assert!(samples.len() >= 4, "{stats:#}");
    let number = |sample: &Value, field: &str| sample[field].as_u64().expect("a number");
    assert!(samples.is_sorted_by_key(|sample| number(sample, "elapsed_ms")));
    assert!(samples.is_sorted_by_key(|sample| number(sample, "cpu_ms")));
    let most = samples.iter().map(|sample| number(sample, "memory_bytes")).max();
    assert!(
        ((48 << 20)..(128 << 20)).contains(&most.expect("some")),
        "{stats:#}"
    );
    let last = samples.last().expect("some");
    assert!(number(last, "cpu_ms") >= 700, "{last}");
    assert!(
        number(last, "cpu_ms") <= finished["cpu_ms"].as_u64().expect("measured") + 100,
        "{finished:#}"
    );
    assert_eq!(stats["memory_limit_bytes"], 128 << 20);
}
