//! The engine's socket in the hands of a broker: the product does its work without a way to the engine of its own, and
//! neither a dead broker nor a dead controller costs a run.

use pytask_manager::engine::ResourceCaps;

use crate::machine;
use crate::product::{Product, words};
use crate::template;

const WAITS: &str = "\
import os, six, time
print('hello', flush=True)
while not os.path.exists('/script/go'):
    time.sleep(0.05)
print('done', six.__version__ > '1')
";

/// A script's that does not say otherwise.
fn caps() -> ResourceCaps {
    ResourceCaps {
        memory: 512 << 20,
        cpus: 1.0,
        pids: 128,
        nofile: 1024,
        fsize: 1 << 30,
        tmp: 256 << 20,
    }
}

#[tokio::test]
async fn the_main_job_is_done_and_the_broker_may_die() {
    let mut product = Product::start_behind_a_broker().await;
    let script = product.script("Behind", WAITS).await;
    product.require(&script, &["six"]).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "hello").await;
    let described = machine::described(&product.container(&run));
    let host_config = &described["HostConfig"];
    let asked = template::host_config(
        &caps(),
        &words(&host_config["NetworkMode"]),
        host_config["Mounts"].clone(),
    );
    template::assert_host_config(host_config, &asked);

    product.replace_the_broker();
    product.put_file(&script, "go", "").await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    assert_eq!(product.stdout(&run).await, "hello\ndone True\n");

    // And another one, with both of them new.
    product.kill();
    product.replace_the_broker();
    product.boot().await;
    product.engine_ready().await;
    let run = product.submit(&script).await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    product.no_container_stays().await;
}
