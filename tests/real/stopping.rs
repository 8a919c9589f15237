//! Runs that are stopped by their user, wherever they are.

use serde_json::json;

use crate::product::Product;

const POLITE: &str = "\
import signal, sys, time
def leave(*_):
    print('tidied up', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print('working', flush=True)
time.sleep(600)
";

const DEAF: &str = "\
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('working', flush=True)
while True:
    time.sleep(600)
";

#[tokio::test]
async fn a_running_script_may_tidy_up_and_is_cancelled() {
    let product = Product::start().await;
    let script = product.script("Polite", POLITE).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "working").await;

    let answer = product.cancel(&run).await;
    assert!(
        ["stopping", "collecting", "finished"]
            .iter()
            .any(|state| answer["state"] == *state),
        "{answer:#}"
    );
    // Again and again changes nothing, before the end and after it.
    product.cancel(&run).await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "cancelled", "{finished:#}");
    assert_eq!(finished["outcome"]["by"], "user");
    assert_eq!(product.cancel(&run).await, finished);
    assert_eq!(product.stdout(&run).await, "working\ntidied up\n");
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_script_that_does_not_listen_is_killed_after_its_grace() {
    let product = Product::start().await;
    let script = product
        .limited("Deaf", json!({ "stop_grace_seconds": 1 }), DEAF)
        .await;
    let run = product.submit(&script).await;
    product.until_written(&run, "working").await;
    product.cancel(&run).await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "cancelled", "{finished:#}");
    assert_eq!(finished["signal"], 9);
    assert!(
        product
            .text(&run)
            .await
            .contains("Still running 1 s after SIGTERM: killed.")
    );
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_run_that_waits_its_turn_is_cancelled_without_a_container() {
    let product = Product::start_with(&[("PYTASK_MAX_RUNS", "1")]).await;
    let first = product.script("First", POLITE).await;
    let second = product.script("Second", "print('never')").await;
    let running = product.submit(&first).await;
    product.until_written(&running, "working").await;
    let waiting = product.submit(&second).await;
    let seen = product
        .run_until(&waiting, "it waits for the other", |run| {
            run["wait_reason"]["kind"] == "global_cap"
        })
        .await;
    assert_eq!(seen["state"], "queued");

    product.cancel(&waiting).await;
    let finished = product.finished(&waiting).await;
    assert_eq!(finished["outcome"]["kind"], "cancelled", "{finished:#}");
    assert_eq!(
        (&finished["started_at"], &finished["exit_code"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(product.raw(&waiting, None).await, b"");
    assert!(
        product.run_directory(&waiting).is_none(),
        "nothing was prepared for it"
    );
    // The other one goes on.
    assert_eq!(product.get(&format!("/runs/{running}")).await["state"], "running");
    product.cancel(&running).await;
    assert_eq!(product.finished(&running).await["outcome"]["kind"], "cancelled");
}

/// Between the submission and the script's first instruction lie many steps; a wish to stop is kept at each.
#[tokio::test]
async fn a_cancel_at_any_moment_ends_the_run() {
    let product = Product::start().await;
    let script = product.script("Endless", POLITE).await;
    for moment in [0, 10, 30, 60, 120, 250, 400, 600] {
        let run = product.submit(&script).await;
        // Not a wait for anything: the moments themselves are what is tried.
        tokio::time::sleep(std::time::Duration::from_millis(moment)).await;
        product.cancel(&run).await;
        let finished = product.finished(&run).await;
        assert_eq!(
            finished["outcome"]["kind"], "cancelled",
            "after {moment} ms: {finished:#}"
        );
    }
    product.no_container_stays().await;
}

/// A controller that dies over a stop has not forgotten it.
#[tokio::test]
async fn a_cancel_outlives_the_controller() {
    let mut product = Product::start().await;
    let script = product
        .limited("Deaf", json!({ "stop_grace_seconds": 2 }), DEAF)
        .await;
    let run = product.submit(&script).await;
    product.until_written(&run, "working").await;
    product.cancel(&run).await;
    product.kill();
    product.boot().await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "cancelled", "{finished:#}");
    product.no_container_stays().await;
}
