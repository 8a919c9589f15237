//! The engine's contract held by a real Docker Engine, and what only a real one can show.
//!
//! Needs an engine at `DOCKER_HOST` whose storage this process can reach (so: on this machine), the runner image
//! and the supervisor's static binary in `PYTASK_SUPERVISOR`. Fails, never skips, where one of them is missing.

mod bench;
#[path = "../engine/contract.rs"]
mod contract;
mod launching;
mod proof;
mod template;
mod wire;

use bench::{DockerBench, StorageMode};

contract::clauses!(DockerBench::proved(StorageMode::HostPath));

#[tokio::test]
async fn a_missing_image_is_named() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    // `.invalid` never resolves, so no registry is asked.
    contract::a_missing_image_is_named(&bench, "registry.invalid/pytask/none:1").await;
}
