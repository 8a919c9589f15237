//! A call starts a run, and what it brought is there for the script: the very bytes, to be read and not to be written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{Product, expect, words};

const READS_ITS_BODY: &str = r#"
import hashlib, json, os

def attempt(what):
    try:
        return repr(what())
    except OSError:
        return "refused"

path = os.environ["PYTASK_TRIGGER_BODY"]
body = open(path, "rb").read()
print(json.dumps({
    "path": path,
    "kind": os.environ.get("PYTASK_TRIGGER_CONTENT_TYPE"),
    "bytes": len(body),
    "sha256": hashlib.sha256(body).hexdigest(),
    "beside": os.listdir(os.path.dirname(path)),
    "write": attempt(lambda: open(path, "r+b")),
    "add": attempt(lambda: open("/trigger/mine", "w")),
    "remove": attempt(lambda: os.remove(path)),
    "run_directory": attempt(lambda: os.listdir("/pytask/run")),
}))
"#;

#[tokio::test]
async fn a_run_reads_what_its_call_brought() {
    let mut product = Product::start().await;
    let script = product.script("Called", READS_ITS_BODY).await;
    let trigger = product.request(Method::PUT, &format!("/scripts/{script}/trigger"));
    let trigger = expect(200, trigger.json(&json!({}))).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let call = |product: &Product, body: Vec<u8>| {
        let url = format!(
            "http://127.0.0.1:{}{}",
            product.port(),
            words(&trigger["url_path"])
        );
        client
            .post(url)
            .header("content-type", "application/x-anything")
            .body(body)
    };
    let hostile: Vec<u8> = (0..=255).cycle().take(1024 * 1024).collect();
    // Its SHA-256, by another program.
    let expected = "fbbab289f7f94b25736c58be46a994c441fd02552cc6022352e3d86d2fab7c83";
    let called = expect(202, call(&product, hostile)).await;
    let run = words(&called["run_id"]);
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    let told: Value = serde_json::from_str(&product.stdout(&run).await).expect("JSON");
    assert_eq!(
        told,
        json!({
            "path": "/trigger/body", "kind": "application/x-anything", "bytes": 1024 * 1024, "sha256": expected,
            "beside": ["body"], "write": "refused", "add": "refused", "remove": "refused",
            "run_directory": "refused",
        })
    );

    // It waits for its turn over the death of the controller, and has its body then.
    let one = json!({ "max_runs": 1 });
    expect(200, product.request(Method::PATCH, "/settings").json(&one)).await;
    let busy = product
        .script("Busy", "import time\nprint('here', flush=True)\ntime.sleep(5)\n")
        .await;
    let first = product.submit(&busy).await;
    product.until_written(&first, "here").await;
    let called = expect(202, call(&product, b"patient".to_vec())).await;
    let run = words(&called["run_id"]);
    product.kill();
    product.boot().await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    let told: Value = serde_json::from_str(&product.stdout(&run).await).expect("JSON");
    assert_eq!(
        (&told["bytes"], &told["path"]),
        (&json!(7), &json!("/trigger/body"))
    );

    let directory = product.run_directory(&run).expect("a run directory");
    expect(204, product.request(Method::DELETE, &format!("/runs/{run}"))).await;
    product
        .until("its body went with it", async || {
            if directory.exists() {
                Err("still there")
            } else {
                Ok(())
            }
        })
        .await;
}
