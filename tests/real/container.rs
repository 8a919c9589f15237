//! The container of a run, as the engine's own client describes it while it runs: the template, with the run's own
//! limits, exactly its own mounts, and labels that lead back to it. The suite `faults` counts the same.

use std::path::{Path, PathBuf};

use pytask_manager::engine::ResourceCaps;
use serde_json::{Value, json};

use crate::machine;
use crate::product::{Product, folders, words};
use crate::template::{assert_host_config, host_config};

/// Until a file appears in its folder.
const UNTIL_TOLD: &str = "\
import os, time
print('ready', flush=True)
while not os.path.exists('/script/go'):
    time.sleep(0.05)
";

fn caps(limits: &Value) -> ResourceCaps {
    let number = |field: &str| limits[field].as_u64().expect("a number");
    let small = |field: &str| u32::try_from(number(field)).expect("a small number");
    ResourceCaps {
        memory: number("memory_bytes"),
        cpus: limits["cpus"].as_f64().expect("a number"),
        pids: small("pids"),
        nofile: small("nofile"),
        fsize: number("fsize_bytes"),
        tmp: number("tmp_bytes"),
    }
}

fn only_folder(of: &Path) -> PathBuf {
    match &folders(of)[..] {
        [only] => only.clone(),
        found => panic!("{}: {found:?}", of.display()),
    }
}

fn bind(source: &Path, target: &str, read_only: bool) -> Value {
    let mut mount = json!({ "Type": "bind", "Source": source, "Target": target });
    if read_only {
        mount["ReadOnly"] = json!(true);
    }
    mount
}

/// For what a script's run leaves.
fn artifacts(product: &Product, run: &str) -> Value {
    let directory = product.run_directory(run).expect("a run directory");
    bind(&directory.join("artifacts"), "/artifacts", false)
}

/// Beside the image's own.
fn labels(container: &Value) -> Value {
    let all = |labels: &Value| labels.as_object().cloned().unwrap_or_default();
    let image = machine::docker(&[
        "image",
        "inspect",
        "--format",
        "{{json .Config.Labels}}",
        &words(&container["Image"]),
    ]);
    let image = all(&serde_json::from_str(&image).expect("JSON"));
    let ours = all(&container["Config"]["Labels"]);
    ours.into_iter()
        .filter(|(name, _)| !image.contains_key(name))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn assert_container(product: &Product, run: &str, network: &str, mounts: Vec<Value>) {
    let run = product
        .run_until(run, "the run runs", |run| run["state"] == "running")
        .await;
    let id = words(&run["id"]);
    let container = machine::described(&product.container(&id));
    let expected = host_config(&caps(&run["limits"]), network, json!(mounts));
    assert_host_config(&container["HostConfig"], &expected);
    assert_eq!(
        container["Mounts"].as_array().map(Vec::len),
        Some(mounts.len()),
        "no volume beside them: {:#}",
        container["Mounts"]
    );
    let expected = json!({
        "pytask.instance": product.instance, "pytask.run": id,
        "pytask.script": run["script_id"], "pytask.kind": run["kind"],
    });
    assert_eq!(labels(&container), expected);
    let config = &container["Config"];
    // The image that was settled, whatever has its name meanwhile.
    assert_eq!(config["Image"], run["image_digest"]);
    assert_eq!(container["Image"], run["image_digest"]);
    assert_eq!(config["User"], "0:0");
    assert_eq!(config["Entrypoint"], json!(["/pytask/bin/supervisor"]));
    assert_eq!(config["Cmd"], json!(["run", "/pytask/run"]));
    assert_eq!(config["Healthcheck"], json!({ "Test": ["NONE"] }));
    assert_eq!(
        [&config["Tty"], &config["OpenStdin"], &config["AttachStdout"]],
        [&json!(false); 3]
    );
    let grace = run["limits"]["stop_grace_seconds"].as_u64().expect("a number");
    let patience = config["StopTimeout"].as_u64().expect("a number");
    assert!(
        patience > grace,
        "the engine does not kill before the supervisor has had its grace"
    );
    // Nothing of the run's own wishes is in the container's description: they may hold what is not for everybody.
    assert!(!container.to_string().contains("for the script only"));
}

#[tokio::test]
async fn the_container_of_a_run_is_the_template() {
    assert_plain(&Product::start().await).await;
}

/// One container.
pub(crate) async fn assert_plain(product: &Product) {
    let script = product.script("Plain", UNTIL_TOLD).await;
    let wishes = json!({ "env": { "WISH": "for the script only" }, "args": ["for the script only"] });
    let run = words(
        &product
            .post(201, &format!("/scripts/{script}/runs"), wishes)
            .await["id"],
    );
    product.until_written(&run, "ready").await;
    let files = product.files(&script).await;
    let mounts = vec![
        bind(
            &product.run_directory(&run).expect("a run directory"),
            "/pytask/run",
            false,
        ),
        bind(&only_folder(&product.data.join("bin")), "/pytask/bin", true),
        bind(&files, "/script", false),
        artifacts(product, &run),
    ];
    let bridge = format!("pytask-{}-runs", product.instance);
    assert_container(product, &run, &bridge, mounts).await;
    let described = machine::docker(&["network", "inspect", &bridge]);
    let described: Value = serde_json::from_str(&described).expect("JSON");
    assert_eq!(
        described[0]["Options"]["com.docker.network.bridge.enable_icc"],
        "false"
    );

    product.put_file(&script, "go", "").await;
    assert_eq!(product.finished(&run).await["outcome"]["kind"], "succeeded");
    product.no_container_stays().await;
}

#[tokio::test]
async fn the_limits_of_a_script_and_its_environment_are_in_its_container() {
    assert_limited(&Product::start().await).await;
}

/// Two containers: a build's, and one with limits and an environment.
pub(crate) async fn assert_limited(product: &Product) {
    let limits = json!({
        "memory_bytes": 96 << 20, "cpus": 0.75, "pids": 40, "nofile": 200, "fsize_bytes": 40 << 20, "log_bytes": 1 << 20,
        "tmp_bytes": 8 << 20, "stop_grace_seconds": 3, "network": "none",
    });
    let script = product.limited("Limited", limits.clone(), UNTIL_TOLD).await;
    // A run that needs an environment has it built first; the build's container is of the same kind.
    product.require(&script, &["six"]).await;
    let run = product.submit(&script).await;
    let build = product
        .until("a build", async || {
            let builds = product.get(&format!("/runs?script={script}&kind=build")).await;
            builds["items"][0]["id"].as_str().map(str::to_owned).ok_or(builds)
        })
        .await;
    let bin = bind(&only_folder(&product.data.join("bin")), "/pytask/bin", true);
    product
        .until("the build's container", async || {
            machine::try_docker(&["inspect", "--type", "container", &product.container(&build)])
        })
        .await;
    let mounts = vec![
        bind(
            &product.run_directory(&build).expect("a run directory"),
            "/pytask/run",
            false,
        ),
        bin.clone(),
        bind(&product.data.join("cache"), "/cache", false),
    ];
    let bridge = format!("pytask-{}-runs", product.instance);
    assert_container(product, &build, &bridge, mounts).await;

    product.until_written(&run, "ready").await;
    let files = product.files(&script).await;
    let environments = files.with_file_name("envs");
    let mounts = vec![
        bind(
            &product.run_directory(&run).expect("a run directory"),
            "/pytask/run",
            false,
        ),
        bin,
        bind(&files, "/script", false),
        artifacts(product, &run),
        bind(&only_folder(&environments).join("venv"), "/env", true),
    ];
    assert_container(product, &run, "none", mounts).await;
    let held = product.get(&format!("/runs/{run}")).await["limits"].take();
    for (limit, wish) in limits.as_object().expect("limits") {
        assert_eq!(&held[limit], wish, "{limit}");
    }
    product.put_file(&script, "go", "").await;
    assert_eq!(product.finished(&run).await["outcome"]["kind"], "succeeded");
}
