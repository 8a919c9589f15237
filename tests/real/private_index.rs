//! Package indexes of somebody's own: one that wants a name and a password, and one that says no dates. A small index
//! over https, in a container on this machine's own network, stands for both.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::machine::{docker, try_docker};
use crate::product::{Product, expect, folders, words};

const PROGRAM: &str = include_str!("private_index/index.py");
/// What the index has, and what a script that uses it says: the package looks around before it is asked anything.
const PACKAGE: &str = "pytask-sample";
const SAID: &str = "the package looked around and found []\nfrom the private index\n";
const USER: &str = "ann";
/// With everything in it that an address or a shell would trip over.
const PASSWORD: &str = "p@ss w:rd%41/?#\"$x'-7d1f";
const WRONG: &str = "wrong-horse-9c2e";

struct TestIndex {
    container: String,
    address: String,
    certificate: PathBuf,
    _folder: tempfile::TempDir,
}

impl TestIndex {
    fn start(user: &str, password: &str, dates: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // This machine, as every container sees it.
        let gateway = "{{(index .IPAM.Config 0).Gateway}}";
        let host = docker(&["network", "inspect", "bridge", "--format", gateway]);
        let container = format!("pytask-test-index-{}", uuid::Uuid::now_v7().simple());
        let image = crate::machine::runner_image();
        docker(
            &[
                &[
                    "run",
                    "--detach",
                    "--name",
                    &container,
                    "--network",
                    "host",
                    &image,
                ][..],
                &["python3", "-c", PROGRAM, &host, user, password, dates],
            ]
            .concat(),
        );
        let mut index = Self {
            container,
            address: String::new(),
            certificate: folder.path().join("ca.pem"),
            _folder: folder,
        };
        let said = loop {
            let said = index.said();
            if said.contains("\nport ") {
                break said;
            }
            let running = docker(&["inspect", "--format", "{{.State.Running}}", &index.container]);
            assert_eq!(running, "true", "the index has ended: {said}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        };
        let (certificate, rest) = said.split_once("port ").expect("a port");
        std::fs::write(&index.certificate, certificate).expect("written");
        index.address = format!("https://{host}:{}/simple", rest.lines().next().expect("a number"));
        index
    }

    fn said(&self) -> String {
        docker(&["logs", &self.container])
    }

    /// From now on it answers.
    fn open(&self) {
        docker(&["exec", &self.container, "touch", "/tmp/open"]);
    }

    /// Which of these words stands in what was asked, and with which answer.
    fn answered(&self, status: &str) -> bool {
        self.said()
            .lines()
            .any(|line| line.starts_with("GET") && line.ends_with(status))
    }

    async fn product(&self) -> Product {
        let certificate = self.certificate.to_str().expect("UTF-8");
        let product = Product::start_with(&[("PYTASK_EXTRA_CA", certificate)]).await;
        product
            .set(json!({ "packages": { "extra_index_urls": [self.address] } }))
            .await;
        product
    }
}

impl Drop for TestIndex {
    fn drop(&mut self) {
        let _ = try_docker(&["rm", "--force", &self.container]);
    }
}

impl Product {
    async fn set(&self, settings: Value) -> Value {
        expect(200, self.request(Method::PATCH, "/settings").json(&settings)).await
    }

    async fn install(&self, script: &str) -> String {
        let path = format!("/scripts/{script}/dependencies/install");
        words(&self.post(202, &path, json!({})).await["run"]["id"])
    }

    /// What a build said that has to fail.
    async fn refusal(&self, script: &str) -> String {
        let build = self.install(script).await;
        let built = self.finished(&build).await;
        assert_eq!(built["outcome"]["kind"], "failed", "{built:#}");
        self.stderr(&build).await
    }
}

/// Files below that have any of these in them; but for the reserve, which is room and nothing else.
fn holding(folder: &Path, sought: &[String]) -> Vec<PathBuf> {
    let has = |content: &[u8], text: &String| {
        content
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    let mut found: Vec<_> = folders(folder)
        .iter()
        .filter(|below| !below.is_symlink())
        .flat_map(|below| holding(below, sought))
        .collect();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let content = std::fs::read(entry.path()).unwrap_or_default();
        if sought.iter().any(|text| has(&content, text)) {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test]
async fn a_private_index_is_signed_in_to_and_its_password_stays_out_of_sight() {
    let index = TestIndex::start(USER, PASSWORD, "dated");
    let product = index.product().await;
    let address = &index.address;
    let signs_in = async |password: &str| {
        let credentials = json!({ "username": USER, "password": password });
        product
            .set(json!({ "index_credentials": { address: credentials } }))
            .await
    };
    let script = product
        .script("Private", "import pytask_sample; print(pytask_sample.word)")
        .await;
    product.require(&script, &[PACKAGE]).await;

    // Held up by the index, so that its container can be looked at.
    signs_in(PASSWORD).await;
    let build = product.install(&script).await;
    product
        .run_until(&build, "the build runs", |run| run["state"] == "running")
        .await;
    let container = docker(&["inspect", &product.container(&build)]);
    let processes = docker(&["top", &product.container(&build), "-eo", "pid,args"]);
    let spec = product.run_directory(&build).expect("a folder").join("spec.json");
    assert!(!spec.exists(), "read and removed");
    index.open();
    let built = product.finished(&build).await;
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    let run = product.outcome(&script).await;
    assert_eq!(product.stdout(&words(&run["id"])).await, SAID);

    let header = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let secrets = [PASSWORD.to_owned(), header];
    let dependencies = product.get(&format!("/scripts/{script}/dependencies")).await;
    let log = product.text(&build).await;
    for seen in [
        container,
        processes,
        dependencies.to_string(),
        log,
        built.to_string(),
    ] {
        assert!(
            seen.len() > 10 && !secrets.iter().any(|secret| seen.contains(secret)),
            "{seen}"
        );
    }
    // The spec, the lock, the package cache, the log, the database: all of the volume.
    assert_eq!(holding(&product.data, &secrets), Vec::<PathBuf>::new());
    assert!(
        !holding(&product.data, std::slice::from_ref(address)).is_empty(),
        "the files were read"
    );

    // Asked anew, because what is cached would do.
    let other = product.script("Refused", "").await;
    product.require(&other, &["no-such-package-here"]).await;
    signs_in(WRONG).await;
    let said = product.refusal(&other).await;
    let refused =
        format!("hint: the index refused the user name or password of {address}; Settings, Packages");
    assert!(said.contains(&refused) && !said.contains(WRONG), "{said}");
    assert!(index.answered("401"));
    let state = product.get(&format!("/scripts/{other}")).await["environment"].take();
    assert!(
        words(&state["message"]).contains("refused the user name"),
        "{state:#}"
    );

    product
        .set(json!({ "index_credentials": { address: null } }))
        .await;
    let said = product.refusal(&other).await;
    let wanted = format!("hint: the index {address} wants a user name and a password");
    assert!(said.contains(&wanted), "{said}");
}

/// Code of packages could read a password that its build knows, so it knows none, and says so before it asks anybody.
#[tokio::test]
async fn what_is_built_from_source_does_without_a_private_index() {
    let index = TestIndex::start(USER, PASSWORD, "dated");
    index.open();
    let product = index.product().await;
    let credentials = json!({ "username": USER, "password": PASSWORD });
    let address = index.address.as_str();
    product
        .set(json!({ "index_credentials": { address: credentials } }))
        .await;
    let script = product.script("Sources", "").await;
    let put = product.request(Method::PUT, &format!("/scripts/{script}/dependencies"));
    let wish = json!({ "requirements": ["docopt"], "build_from_source": ["docopt"] });
    expect(200, put.json(&wish)).await;
    let said = product.refusal(&script).await;
    assert!(
        said.starts_with(&format!(
            "error: {address} wants a user name and a password, and a build that runs"
        )) && said.lines().count() == 1,
        "{said}"
    );
    assert!(!index.said().contains("GET"), "{}", index.said());
}

/// What has no date counts as too young; the build says that it is the index that says none.
#[tokio::test]
async fn an_index_without_dates_and_the_cool_down_exclude_each_other() {
    let index = TestIndex::start("", "", "undated");
    index.open();
    let product = index.product().await;
    let script = product
        .script("Undated", "import pytask_sample; print(pytask_sample.word)")
        .await;
    product.require(&script, &[PACKAGE]).await;
    let said = product.refusal(&script).await;
    assert!(
        said.contains("hint: an index does not say when its files were published")
            && said.contains("pytask_sample-1.0-py3-none-any.whl")
            && said.contains("0 days")
            && !said.contains("hint: only releases"),
        "{said}"
    );
    product.set(json!({ "packages": { "cool_down_days": 0 } })).await;
    let build = product.install(&script).await;
    let built = product.finished(&build).await;
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    assert_eq!(
        product
            .stderr(&build)
            .await
            .lines()
            .filter(|line| line.starts_with("hint"))
            .count(),
        0
    );
    let run = product.outcome(&script).await;
    assert_eq!(product.stdout(&words(&run["id"])).await, SAID);
}

/// A package that acts as soon as an interpreter starts in its environment: that is when the script runs, with what the
/// script has, and nothing else of ours is there to be seen.
#[tokio::test]
async fn a_hostile_package_sees_its_script_and_nothing_else() {
    let index = TestIndex::start("", "", "dated");
    index.open();
    let product = index.product().await;
    let neighbour = product.script("Neighbour", "").await;
    product
        .put_file(&neighbour, "neighbour.txt", "the neighbour's secret")
        .await;
    let script = product
        .script("Host", "import os; print(sorted(os.listdir('/script')))")
        .await;
    product.require(&script, &[PACKAGE]).await;
    let build = product.install(&script).await;
    let built = product.finished(&build).await;
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    let compiled = format!("/runs?script={script}&kind=compile&state=finished");
    let compiled = product
        .until("its bytecode is compiled", async || {
            let runs = product.get(&compiled).await["items"].take();
            runs[0]["id"].as_str().map(str::to_owned).ok_or(runs)
        })
        .await;
    // Neither the installer nor the compiler has executed it.
    for run in [&build, &compiled] {
        let said = product.text(run).await;
        assert!(said.contains("Done") && !said.contains("looked around"), "{said}");
    }
    let wish = json!({ "env": { "PORTS": product.port() } });
    let run = words(&product.post(201, &format!("/scripts/{script}/runs"), wish).await["id"]);
    assert_eq!(product.finished(&run).await["outcome"]["kind"], "succeeded");
    assert_eq!(
        product.stdout(&run).await,
        "the package looked around and found []\n['main.py']\n"
    );
}
