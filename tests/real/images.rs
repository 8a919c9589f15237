//! Images other than the instance's own: another Python, built here, and what cannot be one. Needs the base image
//! `python:3.11-slim-bookworm`, here or to be had.

use reqwest::Method;
use serde_json::{Value, json};

use crate::machine::{docker, try_docker};
use crate::product::{Product, expect, words};

const OTHER_PYTHON: &str = "python:3.11-slim-bookworm";
const WHICH_PYTHON: &str = "import sys, six; print(*sys.version_info[:2], sys.prefix)";

impl Product {
    async fn image(&self, name: &str) -> Value {
        let mut listed = self.get("/images").await["items"].take();
        let items = listed.as_array_mut().expect("a list").iter_mut();
        let found = items.filter(|image| image["name"] == name).map(Value::take);
        found.last().unwrap_or(Value::Null)
    }

    async fn image_in(&self, name: &str, state: &str) -> Value {
        self.until(&format!("{name} is {state}"), async || {
            let image = self.image(name).await;
            if image["state"] == state {
                Ok(image)
            } else {
                Err(image)
            }
        })
        .await
    }

    async fn use_image(&self, script: &str, image: Value) -> Value {
        let patch = self.request(Method::PATCH, &format!("/scripts/{script}"));
        expect(200, patch.json(&json!({ "image": image }))).await
    }

    async fn installed(&self, script: &str) {
        let install = format!("/scripts/{script}/dependencies/install");
        let build = words(&self.post(202, &install, json!({})).await["run"]["id"]);
        let built = self.finished(&build).await;
        assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    }

    async fn printed(&self, script: &str) -> String {
        let run = self.outcome(script).await;
        assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
        self.stdout(&words(&run["id"])).await
    }
}

#[tokio::test]
async fn scripts_side_by_side_have_their_own_python() {
    let mut product = Product::start().await;
    let own = product.image_in(&crate::machine::runner_image(), "ready").await;
    assert!(words(&own["python"]).starts_with("3.13."), "{own:#}");
    product
        .post(202, "/images", json!({ "base": OTHER_PYTHON, "name": "old" }))
        .await;
    // What was begun is brought to its end by whoever comes after.
    product.kill();
    product.boot().await;
    let old = product.image_in("old", "ready").await;
    assert!(words(&old["python"]).starts_with("3.11."), "{old:#}");
    assert_eq!(old["origin"], "built");
    assert!(
        old["uv"].is_string() && old["size_bytes"].as_u64() > Some(1 << 20),
        "{old:#}"
    );

    let (here, there) = (
        product.script("Here", WHICH_PYTHON).await,
        product.script("There", WHICH_PYTHON).await,
    );
    for script in [&here, &there] {
        product.require(script, &["six"]).await;
    }
    product.use_image(&there, json!("old")).await;
    for script in [&here, &there] {
        product.installed(script).await;
    }
    assert_eq!(product.printed(&here).await, "3 13 /env\n");
    assert_eq!(product.printed(&there).await, "3 11 /env\n");

    // Runs keep the environment they have, and so its Python, until there is one for the other.
    let moved = product.use_image(&there, Value::Null).await;
    assert_eq!(moved["environment"]["state"], "needs_install", "{moved:#}");
    assert_eq!(product.printed(&there).await, "3 11 /env\n");
    let remove = || product.request(Method::DELETE, "/images/old");
    assert_eq!(
        expect(409, remove()).await["details"]["scripts"],
        json!(["There"])
    );
    product.installed(&there).await;
    assert_eq!(product.printed(&there).await, "3 13 /env\n");

    expect(202, remove()).await;
    product
        .until("the image is gone", async || {
            let image = product.image("old").await;
            if image.is_null() { Ok(()) } else { Err(image) }
        })
        .await;
    let reference = words(&old["reference"]);
    assert!(
        try_docker(&["image", "inspect", &reference]).is_err(),
        "{reference} stays"
    );
    assert!(
        !docker(&["image", "inspect", OTHER_PYTHON]).is_empty(),
        "it was here before"
    );
    product.no_container_stays().await;
}

#[tokio::test]
async fn what_is_no_python_and_what_nobody_has_is_refused() {
    let product = Product::start().await;
    // Nobody listens there, which is said at once.
    let nobodys = "127.0.0.1:1/nobody/python:3";
    for (base, why) in [("debian:trixie-slim", "no `python3`"), (nobodys, "127.0.0.1:1")] {
        product.post(202, "/images", json!({ "base": base })).await;
        let image = product.image_in(base, "failed").await;
        assert!(words(&image["message"]).contains(why), "{image:#}");
    }
    product
        .post(
            202,
            "/images",
            json!({ "base": OTHER_PYTHON, "system_packages": ["no-such-package-of-debian"] }),
        )
        .await;
    let image = product
        .image_in(&format!("{OTHER_PYTHON}+no-such-package-of-debian"), "failed")
        .await;
    assert!(
        words(&image["message"]).contains("Unable to locate package no-such-package-of-debian"),
        "{image:#}"
    );
    product.no_container_stays().await;
}
