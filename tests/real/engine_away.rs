//! A controller without an engine: it serves, says what is wrong, keeps what it is given, and goes on by itself.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::machine;
use crate::product::{Product, words};

#[tokio::test]
async fn what_is_submitted_without_an_engine_runs_when_it_comes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("engine.sock");
    let host = format!("unix://{}", socket.display());
    let mut product = Product::serving(&[("DOCKER_HOST", &host)]).await;
    let system = product
        .until("the engine is known to be away", async || {
            let system = product.get("/system").await;
            if system["engine"]["state"] == "away" {
                Ok(system)
            } else {
                Err(system)
            }
        })
        .await;
    let message = words(&system["engine"]["message"]);
    assert!(
        message.contains(&socket.display().to_string()),
        "it names what is missing: {message}"
    );
    assert_eq!(system["engine"]["storage"], json!(null));

    let script = product.script("Patient", "print('at last')").await;
    let run = product.submit(&script).await;
    let waits = |run: &serde_json::Value| run["wait_reason"]["kind"] == "engine_away";
    let waiting = product.run_until(&run, "it waits for the engine", waits).await;
    assert_eq!(waiting["state"], "queued");
    // It is not forgotten over a restart.
    product.kill();
    product.boot().await;
    product.run_until(&run, "it still waits", waits).await;

    symlink(machine::socket(), &socket).expect("a link to the engine's socket");
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    assert_eq!(product.stdout(&run).await, "at last\n");
    assert_eq!(product.get("/system").await["engine"]["state"], "ready");
    product.no_container_stays().await;
}
