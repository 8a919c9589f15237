//! How runs end by themselves or at their limits: each ending has its own outcome, with evidence.

use serde_json::{Value, json};

use crate::product::{Product, expect, words};

/// What each ending must say beside its kind.
fn assert_outcome(run: &Value, expected: &Value) {
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(&run["outcome"][field], value, "{field} of {run:#}");
    }
    assert!(!words(&run["outcome"]["message"]).is_empty());
}

#[tokio::test]
async fn every_way_to_end_has_its_outcome() {
    let product = Product::start().await;
    let long = "import sys\nfor n in range(30): print('word', n, file=sys.stderr)\nsys.exit(3)";
    let tail: Vec<_> = (10..30).map(|n| format!("word {n}")).collect();
    let cases = [
        ("nothing", "", json!({ "kind": "succeeded" })),
        ("plain", "import sys; sys.exit(0)", json!({ "kind": "succeeded" })),
        (
            "three",
            long,
            json!({ "kind": "failed", "exit_code": 3, "stderr_tail": tail,
                "message": "Failed with exit code 3: word 29" }),
        ),
        (
            "text",
            "import sys; sys.exit('no such customer')",
            json!({ "kind": "failed", "exit_code": 1, "stderr_tail": ["no such customer"] }),
        ),
        (
            "signal",
            "import os; os.kill(os.getpid(), 11)",
            json!({ "kind": "signalled", "signal": 11, "message": "Killed by SIGSEGV" }),
        ),
        (
            "killed",
            "import os; os.kill(os.getpid(), 9)",
            json!({ "kind": "signalled", "signal": 9, "message": "Killed by SIGKILL" }),
        ),
        (
            "error",
            "{}['total']",
            json!({ "kind": "failed", "exit_code": 1, "message": "Failed with exit code 1: KeyError: 'total' (main.py, line 1)",
                "traceback": { "exception": "KeyError", "message": "'total'",
                    "frames": [{ "file": "/script/main.py", "line": 1, "function": "<module>", "code": "{}['total']",
                        "script_path": "main.py" }],
                    "location": { "path": "main.py", "line": 1 } } }),
        ),
        (
            "syntax",
            "def f(:\n    pass",
            json!({ "kind": "failed", "exit_code": 1, "message": "Failed with exit code 1: SyntaxError: invalid syntax (main.py, line 1)" }),
        ),
    ];
    for (name, program, expected) in cases {
        let script = product.script(name, program).await;
        let run = product.outcome(&script).await;
        assert_outcome(&run, &expected);
        let exit = if expected["kind"] == "signalled" {
            (json!(null), expected["signal"].clone())
        } else {
            (
                expected.get("exit_code").cloned().unwrap_or(json!(0)),
                json!(null),
            )
        };
        assert_eq!((run["exit_code"].clone(), run["signal"].clone()), exit, "{name}");
    }

    // The entry point is gone: Python's own words.
    let script = product.script("absent", "").await;
    let delete = product.request(
        reqwest::Method::DELETE,
        &format!("/scripts/{script}/files/main.py"),
    );
    expect(200, delete).await;
    let run = product.outcome(&script).await;
    assert_outcome(&run, &json!({ "kind": "failed", "exit_code": 2 }));
    let said = words(&run["outcome"]["stderr_tail"][0]);
    assert!(said.contains("can't open file '/script/main.py'"), "{said}");
    assert_eq!(product.stderr(&words(&run["id"])).await.trim_end(), said);
    product.no_container_stays().await;
}

#[tokio::test]
async fn the_run_time_limit_ends_a_run() {
    let product = Product::start().await;
    let limits = json!({ "run_seconds": 1, "stop_grace_seconds": 1 });
    let polite = "\
import signal, sys, time
def leave(*_):
    print('leaving', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print('working', flush=True)
time.sleep(600)
";
    let deaf = "\
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('working', flush=True)
while True:
    time.sleep(600)
";
    for (name, program, output) in [
        ("Polite", polite, "working\nleaving\n"),
        ("Deaf", deaf, "working\n"),
    ] {
        let script = product.limited(name, limits.clone(), program).await;
        let run = product.outcome(&script).await;
        assert_outcome(&run, &json!({ "kind": "timed_out", "limit_seconds": 1 }));
        let id = words(&run["id"]);
        assert_eq!(product.stdout(&id).await, output);
        assert!(
            product
                .text(&id)
                .await
                .contains("The run-time limit of 1 s is reached")
        );
    }
    product.no_container_stays().await;
}

/// The file size limit holds for the script, not for its log.
#[tokio::test]
async fn a_file_beyond_its_limit_is_not_written() {
    let product = Product::start().await;
    let program = "\
import os
with open('/script/big', 'wb') as big:
    try:
        for _ in range(64):
            big.write(bytes(1 << 20))
            big.flush()
    except OSError as error:
        print(error.strerror, os.path.getsize('/script/big'))
";
    let limits = json!({ "fsize_bytes": 8 << 20, "log_bytes": 1 << 20 });
    let script = product.limited("Big file", limits, program).await;
    let run = product.outcome(&script).await;
    assert_outcome(&run, &json!({ "kind": "succeeded" }));
    assert_eq!(
        product.stdout(&words(&run["id"])).await,
        "File too large 8388608\n"
    );
}
