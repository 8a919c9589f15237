//! Secrets of a run on the real engine: in the script's environment, and in nothing that anybody can look at.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{Product, expect, words};

/// Nothing else on this machine has these bytes.
const SECRET: &str = "quince-51c7-harbour/&=\"é";
const EVERY: &str = "walnut-b02d-meadow";

/// Says its secrets in every way that a program is likely to, in pieces of one byte as well, then stays for a look.
const TALKS: &str = r#"
import base64, json, os, sys, time, urllib.parse
secret, every = os.environ["KEY"], os.environ["EVERY"]
assert os.environ["REGION"] == "eu"
print("plain", secret, every)
print("json", json.dumps({"k": secret}), json.dumps(secret, ensure_ascii=False), repr(secret), secret.encode())
print("url", urllib.parse.quote(secret), urllib.parse.quote_plus(secret), urllib.parse.quote(secret, safe=""))
for shift in range(3):
    data = b"x" * shift + secret.encode()
    print("base64", base64.b64encode(data + b"yz").decode(), base64.urlsafe_b64encode(data).decode())
sys.stdout.flush()
raw = secret.encode()
for cut in range(1, len(raw)):
    os.write(1, b"<" + raw[:cut])
    time.sleep(0.005)
    os.write(1, raw[cut:] + b">\n")
for byte in raw:
    os.write(2, bytes([byte]))
os.write(2, b"\n")
open("/artifacts/mine", "w").write("an artifact is not looked through")
print("ready", flush=True)
while not os.path.exists("/script/go"):
    time.sleep(0.05)
raise ValueError("wrong password: " + every)
"#;

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

/// Parts of the secrets that no form of them changes.
fn is_told(bytes: &[u8]) -> bool {
    holds(bytes, "quince-51c7") || holds(bytes, "walnut-b02d")
}

fn files_that_tell(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(files_that_tell(&path));
        } else if !path.ends_with("ballast") && is_told(&std::fs::read(&path).unwrap_or_default()) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Every container of this instance, as the engine describes it.
fn no_container_tells(product: &Product) -> usize {
    let containers = product.engine().containers_of(&product.instance);
    for container in &containers {
        if let Ok(described) = product.engine().try_docker(&["inspect", container]) {
            assert!(!is_told(described.as_bytes()), "{described}");
            assert!(
                !described.contains("\"KEY"),
                "not even that there is one: {described}"
            );
        }
        if let Ok(said) = product.engine().try_docker(&["logs", container]) {
            assert!(!is_told(said.as_bytes()), "{said}");
        }
    }
    containers.len()
}

#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_script_s_environment() {
    let product = Product::start().await;
    let script = product.script("Talks", TALKS).await;
    let put = |path: &str, items: Value| {
        product
            .request(Method::PUT, path)
            .json(&json!({ "items": items }))
    };
    let every =
        json!([{ "name": "EVERY", "value": EVERY, "secret": true }, { "name": "REGION", "value": "eu" }]);
    expect(200, put("/variables", every)).await;
    let own = json!([{ "name": "KEY", "value": SECRET, "secret": true }]);
    expect(200, put(&format!("/scripts/{script}/variables"), own)).await;

    product.require(&script, &["six"]).await;
    let run = product.submit(&script).await;
    // A build of its environment comes first; the containers of both are looked at for as long as there are some.
    let mut seen = 0;
    product
        .until("the script has said everything", async || {
            seen += no_container_tells(&product);
            let text = product.stdout(&run).await;
            if text.contains("ready\n") {
                Ok(())
            } else {
                Err(text)
            }
        })
        .await;
    assert!(seen > 0 && no_container_tells(&product) > 0);
    let environment = std::fs::read(
        product
            .run_directory(&run)
            .expect("a run directory")
            .join("spec.json"),
    );
    assert!(environment.is_err(), "the spec is gone once it is read");
    product.put_file(&script, "go", "").await;
    let ended = product.finished(&run).await;
    assert_eq!(ended["outcome"]["kind"], "failed");
    let message = words(&ended["outcome"]["message"]);
    assert!(message.contains("ValueError: wrong password: ***"), "{message}");
    assert!(!is_told(ended.to_string().as_bytes()));

    let out = product.stdout(&run).await;
    assert!(out.starts_with("plain *** ***\n"), "{out}");
    assert!(out.contains(&"<***>\n".repeat(SECRET.len() - 1)), "{out}");
    assert!(product.stderr(&run).await.starts_with("***\n"));
    // Nothing of any form is left but the letters of base64 that are not the secret's alone.
    for line in out.lines().filter(|line| line.starts_with("base64 ")) {
        assert!(line.len() < "base64 ".len() + 2 * 14, "{line}");
    }
    assert!(
        !out.contains("harbour") && !out.contains("%26") && !out.contains("u00e9"),
        "{out}"
    );
    for path in ["", "/log", "/log?format=ndjson", "/artifacts", "/changes"] {
        let answer = product.request(Method::GET, &format!("/runs/{run}{path}")).send();
        let body = answer.await.expect("an answer").bytes().await.expect("a body");
        assert!(!is_told(&body), "/runs/{run}{path}");
    }
    assert_eq!(files_that_tell(&product.data), Vec::<String>::new());
    product.no_container_stays().await;
}
