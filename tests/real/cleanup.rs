//! Clean-up on a real engine and with a real package cache: what is the instance's own goes, what is anybody else's
//! stays, the bytes are those that were said, and uv copes with what is gone.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::machine::{docker, runner_image, try_docker};
use crate::product::{Product, expect, words};

/// Blocks of everything in it, each file once; without the database, which grows by what it is told.
fn taken(folder: &Path) -> u64 {
    fn walk(folder: &Path, seen: &mut HashSet<u64>) -> u64 {
        let mut bytes = 0;
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let meta = entry.path().symlink_metadata().expect("there");
            if entry.file_name() == "db" {
                continue;
            }
            if seen.insert(meta.ino()) {
                bytes += meta.blocks() * 512;
            }
            if meta.is_dir() {
                bytes += walk(&entry.path(), seen);
            }
        }
        bytes
    }
    walk(folder, &mut HashSet::new())
}

fn group<'a>(preview: &'a Value, kind: &str) -> &'a Value {
    let groups = preview["groups"].as_array().expect("groups");
    groups
        .iter()
        .find(|group| group["kind"] == kind)
        .expect("every kind")
}

impl Product {
    async fn clean_up(&self, preview: &Value) -> Value {
        let before = self.get("/cleanup").await["last_reports"]
            .as_array()
            .map_or(0, Vec::len);
        self.post(202, "/cleanup", json!({ "fingerprint": preview["fingerprint"] }))
            .await;
        self.until("the clean-up has ended", async || {
            let mut view = self.get("/cleanup").await;
            let reports = view["last_reports"].as_array().map_or(0, Vec::len);
            if reports > before {
                Ok(view["last_reports"][0].take())
            } else {
                Err(view)
            }
        })
        .await
    }

    async fn install_these(&self, script: &str, packages: &[&str]) {
        self.require(script, packages).await;
        let install = format!("/scripts/{script}/dependencies/install");
        let build = words(&self.post(202, &install, json!({})).await["run"]["id"]);
        let built = self.finished(&build).await;
        assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    }
}

impl Product {
    /// Nothing writes into environments any more: the bytecode of so many is there.
    async fn compiled(&self, script: &str, so_many: usize) {
        self.until("the bytecode is there", async || {
            let page = self.get(&format!("/runs?script={script}&kind=compile")).await;
            let runs = page["items"].as_array().expect("runs").clone();
            if runs.len() == so_many && runs.iter().all(|run| run["state"] == "finished") {
                Ok(())
            } else {
                Err(page)
            }
        })
        .await;
    }
}

/// Removes what the test has made beside the product, whatever comes of it.
struct Made(Vec<Vec<String>>);

impl Drop for Made {
    fn drop(&mut self) {
        for arguments in &self.0 {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let _ = try_docker(&arguments);
        }
    }
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|&argument| argument.to_owned()).collect()
}

#[tokio::test]
async fn containers_and_images_of_this_instance_alone_go() {
    let product = Product::start().await;
    let instance = product.instance.clone();
    let script = product.script("Once", "print('fine')").await;
    let run = words(&product.outcome(&script).await["id"]);
    let label = format!("pytask.instance={instance}");
    let (other, of_run) = ("pytask.instance=somebodyelse", format!("pytask.run={run}"));
    let names = ["lost", "foreign", "plain"].map(|name| format!("cleanup-{instance}-{name}"));
    let [lost, foreign, plain] = &names;
    let volume = format!("cleanup-{instance}");
    let image = runner_image();
    let _made = Made(
        names
            .iter()
            .map(|name| owned(&["rm", "-f", name]))
            .chain([owned(&["volume", "rm", "-f", &volume])])
            .collect(),
    );
    docker(&[
        "create", "--name", lost, "--label", &label, "--label", &of_run, &image, "true",
    ]);
    docker(&[
        "create", "--name", foreign, "--label", other, "--label", &of_run, &image, "true",
    ]);
    docker(&["create", "--name", plain, &image, "true"]);
    docker(&["volume", "create", "--label", &label, &volume]);

    // Images by import, which are labelled and share nothing.
    let import = |names: &[&str], label: &str| {
        let archive = product.data.join("import.tar");
        let mut tar = tar::Builder::new(std::fs::File::create(&archive).expect("created"));
        let mut header = tar::Header::new_gnu();
        header.set_size(3_000_000);
        header.set_mode(0o644);
        let content = names.first().map_or(b'x', |name| name.as_bytes()[name.len() - 1]);
        let bytes = vec![content; 3_000_000];
        tar.append_data(&mut header, "large", &bytes[..])
            .expect("written");
        tar.finish().expect("finished");
        let change = format!("LABEL {}", label.replacen('=', "=\"", 1) + "\"");
        let path = archive.display().to_string();
        let id = docker(&["import", "--change", &change, &path]).trim().to_owned();
        for name in names {
            docker(&["tag", &id, name]);
        }
        std::fs::remove_file(&archive).expect("removed");
        id
    };
    let old = format!("pytask-runner-{instance}:old-a");
    let (kept, theirs) = (
        format!("cleanup-{instance}:b"),
        format!("pytask-runner-{instance}:mine-c"),
    );
    let nameless = import(&[], &label);
    let gone = import(&[&old], &label);
    let tagged = import(&[&kept, &theirs], &label);
    let others = import(&[&format!("cleanup-{instance}-others:d")], other);
    let _images = Made(
        [&nameless, &gone, &tagged, &others]
            .map(|id| owned(&["rmi", "-f", id]))
            .to_vec(),
    );
    let database = Connection::open(product.data.join("db/pytask.sqlite")).expect("opens");
    let preview = product.get("/cleanup/preview?kinds=images,containers").await;
    assert_eq!(
        group(&preview, "images")["items_count"],
        1,
        "the nameless one is of nobody's making: {preview:#}"
    );
    database
        .execute("INSERT INTO built_images (id) VALUES (?1)", [&nameless])
        .expect("noted, as a build would");
    drop(database);

    let preview = product.get("/cleanup/preview?kinds=images,containers").await;
    assert_eq!(group(&preview, "images")["items_count"], 2, "{preview:#}");
    assert!(
        group(&preview, "images")["bytes"].as_u64() >= Some(6_000_000),
        "{preview:#}"
    );
    assert_eq!(group(&preview, "containers")["items_count"], 1, "{preview:#}");
    let report = product.clean_up(&preview).await;
    assert_eq!(report["failures"], json!([]), "{report:#}");
    for id in [&nameless, &gone] {
        assert!(try_docker(&["image", "inspect", id]).is_err(), "{id} stays");
    }
    for id in [&tagged, &others] {
        docker(&["image", "inspect", id]);
    }
    assert!(try_docker(&["container", "inspect", lost]).is_err());
    for name in [foreign, plain] {
        docker(&["container", "inspect", name]);
    }
    docker(&["volume", "inspect", &volume]);
    let preview = product.get("/cleanup/preview?kinds=images,containers").await;
    assert_eq!(preview["total_bytes"], 0, "{preview:#}");
}

#[tokio::test]
async fn packages_go_with_the_last_environment_that_has_them_and_come_back() {
    let product = Product::start().await;
    let script = product
        .script("Packages", "import six; print(six.__version__)")
        .await;
    for (number, packages) in [&["six"], &["idna"], &["certifi"]].into_iter().enumerate() {
        product.install_these(&script, packages).await;
        product.compiled(&script, number + 1).await;
    }
    // The first environment is neither live nor the one before; its package is in nobody else's.
    let preview = product
        .get("/cleanup/preview?kinds=environments,unused_packages")
        .await;
    assert_eq!(group(&preview, "environments")["items_count"], 1, "{preview:#}");
    assert_eq!(
        group(&preview, "unused_packages")["items_count"],
        1,
        "{preview:#}"
    );
    let before = taken(&product.data);
    let report = product.clean_up(&preview).await;
    assert_eq!(report["failures"], json!([]), "{report:#}");
    assert_eq!(report["freed_bytes"], preview["total_bytes"]);
    assert_eq!(
        report["freed_bytes"].as_u64(),
        Some(before - taken(&product.data)),
        "{report:#}"
    );
    let preview = product
        .get("/cleanup/preview?kinds=environments,unused_packages")
        .await;
    assert_eq!(preview["total_bytes"], 0, "{preview:#}");

    // What refers to the package in the cache is still there, and uv fetches it again.
    product.install_these(&script, &["six"]).await;
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");

    // The whole cache, and what is installed still works; so does what comes after.
    let preview = product.get("/cleanup/preview?kinds=package_cache").await;
    let before = taken(&product.data);
    let report = product.clean_up(&preview).await;
    assert_eq!(report["failures"], json!([]), "{report:#}");
    assert_eq!(
        report["freed_bytes"].as_u64(),
        Some(before - taken(&product.data)),
        "{report:#}"
    );
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    product.install_these(&script, &["six", "idna"]).await;
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    let folder = expect(200, product.request(Method::GET, &format!("/scripts/{script}"))).await;
    assert_eq!(folder["environment"]["state"], "in_step", "{folder:#}");
}
