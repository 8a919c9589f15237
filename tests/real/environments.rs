//! Environments on the real installer: shared where they are equal, intact whoever dies while the next one is built.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::machine::docker;
use crate::product::{Product, folders, words};

const USES_PANDAS: &str = "\
import os, pandas, requests
print(os.path.exists(pandas.__cached__), pandas.DataFrame({'a': [1, 2]})['a'].sum())
";

impl Product {
    async fn begin_install(&self, script: &str) -> String {
        let install = format!("/scripts/{script}/dependencies/install");
        words(&self.post(202, &install, json!({})).await["run"]["id"])
    }

    /// Installs, and says how long that took.
    async fn ready_after(&self, script: &str) -> (String, Duration) {
        let begun = Instant::now();
        let build = self.begin_install(script).await;
        let built = self.finished(&build).await;
        assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
        (build, begun.elapsed())
    }

    async fn number_of(&self, kind: &str) -> usize {
        let runs = self.get(&format!("/runs?kind={kind}&limit=200")).await;
        runs["items"].as_array().map_or(0, Vec::len)
    }

    async fn environment(&self, script: &str) -> Value {
        self.get(&format!("/scripts/{script}")).await["environment"].take()
    }

    async fn prints(&self, script: &str) -> String {
        let run = self.outcome(script).await;
        assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
        self.stdout(&words(&run["id"])).await
    }

    async fn until_state(&self, run: &str, state: &str) {
        self.run_until(run, state, |run| {
            run["state"] == state || run["state"] == "finished"
        })
        .await;
    }
}

#[tokio::test]
async fn equal_environments_are_installed_and_compiled_once() {
    let mut product = Product::start().await;
    let (first, second) = (
        product.script("First", USES_PANDAS).await,
        product.script("Second", USES_PANDAS).await,
    );
    for script in [&first, &second] {
        product.require(script, &["pandas", "requests"]).await;
    }
    let (_, from_nothing) = product.ready_after(&first).await;
    let compiled = format!("/runs?script={first}&kind=compile&state=finished");
    product
        .until("its bytecode is compiled", async || {
            let runs = product.get(&compiled).await["items"].take();
            if runs[0]["outcome"]["kind"] == "succeeded" {
                Ok(())
            } else {
                Err(runs)
            }
        })
        .await;
    let (build, at_once) = product.ready_after(&second).await;
    println!("ready after {from_nothing:?} from nothing, after {at_once:?} as the second");
    let said = product.stdout(&build).await;
    assert!(said.contains("resolved moments ago"), "{said}");
    assert_eq!(product.number_of("compile").await, 1);
    for script in [&first, &second] {
        assert_eq!(product.prints(script).await, "True 3\n");
    }
    // Another wish that comes to the same lock is resolved, and not installed.
    let third = product.script("Third", USES_PANDAS).await;
    product.require(&third, &["pandas>1", "requests"]).await;
    let (build, _) = product.ready_after(&third).await;
    let said = product.stdout(&build).await;
    assert!(said.contains("installed already on this image"), "{said}");
    assert_eq!(product.prints(&third).await, "True 3\n");

    let mut modules = Vec::new();
    for script in [&first, &second, &third] {
        let envs = product.files(script).await.with_file_name("envs");
        let module = folders(&envs)[0].join("venv/lib/python3.13/site-packages/pandas/__init__.py");
        modules.push(std::fs::metadata(module).expect("pandas is there").ino());
    }
    assert!(modules.windows(2).all(|pair| pair[0] == pair[1]), "{modules:?}");

    // A restart installs nothing and finds all of them whole.
    let builds = product.number_of("build").await;
    product.kill();
    product.boot().await;
    product.engine_ready().await;
    for script in [&first, &second, &third] {
        assert_eq!(product.environment(script).await["state"], "in_step");
        assert_eq!(product.prints(script).await, "True 3\n");
    }
    assert_eq!(
        (
            product.number_of("build").await,
            product.number_of("compile").await
        ),
        (builds, 1)
    );
    product.no_container_stays().await;
}

#[tokio::test]
async fn whoever_dies_in_a_build_the_live_environment_is_intact() {
    let mut product = Product::start().await;
    let script = product
        .script("Versions", "import six; print(six.__version__)")
        .await;
    product.require(&script, &["six==1.16.0"]).await;
    product.ready_after(&script).await;

    // The controller dies, and the build's container with it.
    product.require(&script, &["six==1.17.0", "numpy"]).await;
    let build = product.begin_install(&script).await;
    product.until_state(&build, "running").await;
    let container = product.container(&build);
    product.kill();
    docker(&["rm", "--force", &container]);
    product.boot().await;
    let lost = product.finished(&build).await;
    assert_eq!(lost["outcome"]["kind"], "lost", "{lost:#}");
    assert_eq!(product.prints(&script).await, "1.16.0\n");
    let environment = product.environment(&script).await;
    assert_eq!(environment["state"], "failed", "{environment:#}");

    // The controller alone: whoever comes after brings it to its end.
    let build = product.begin_install(&script).await;
    product.until_state(&build, "running").await;
    product.kill();
    product.boot().await;
    let built = product.finished(&build).await;
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    assert_eq!(product.prints(&script).await, "1.17.0\n");
    assert!(
        folders(&product.data.join("cache/builds")).is_empty(),
        "no build leaves anything"
    );
    product.no_container_stays().await;
}
