//! The data on a named volume of the engine's, as in the Compose file: folders reach the runs by subpath.

use serde_json::json;

use crate::machine;
use crate::product::{Product, words};

#[tokio::test]
async fn a_run_on_a_named_volume_gets_its_folders_by_subpath() {
    let mut product = Product::start_on_volume().await;
    let system = product.get("/system").await;
    assert_eq!(system["engine"]["storage"], "subpath", "{system:#}");

    let program = "\
import os, six, time
print('hello from', sorted(os.listdir('/script')), six.__version__ > '1', flush=True)
while not os.path.exists('/script/go'):
    time.sleep(0.05)
";
    let script = product.script("Volume", program).await;
    product.require(&script, &["six"]).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "hello").await;

    let container = machine::described(&product.container(&run));
    let mounts = container["HostConfig"]["Mounts"].as_array().expect("mounts");
    let subpaths: Vec<_> = mounts
        .iter()
        .map(|mount| {
            assert_eq!(
                (&mount["Type"], &mount["Source"]),
                (&json!("volume"), &system_volume(&container))
            );
            let subpath = words(&mount["VolumeOptions"]["Subpath"]);
            assert!(product.data.join(&subpath).is_dir(), "{subpath}");
            (
                words(&mount["Target"]),
                mount["ReadOnly"] == true,
                subpath.matches('/').count(),
            )
        })
        .collect();
    // Deep enough to be no parent of anybody else's.
    let expected = [
        ("/pytask/run", false, 3),
        ("/pytask/bin", true, 1),
        ("/script", false, 2),
        ("/artifacts", false, 4),
        ("/env", true, 4),
    ];
    assert_eq!(
        subpaths,
        expected.map(|(target, read_only, depth)| (target.to_owned(), read_only, depth))
    );

    // A new controller finds the same volume again.
    product.kill();
    product.boot().await;
    product.put_file(&script, "go", "").await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    assert_eq!(product.stdout(&run).await, "hello from ['main.py'] True\n");
    product.no_container_stays().await;
}

/// The one volume there is.
fn system_volume(container: &serde_json::Value) -> serde_json::Value {
    container["Mounts"][0]["Name"].clone()
}
