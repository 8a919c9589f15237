//! A tools container as the engine is asked for it: pure. The template is that of runs; what is here is what it sees and
//! what it may take.
//!
//! It sees the script's folder, its environment and the supervisor, all of them read-only, and a folder of its own in
//! which the supervisor listens. It has no network.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pytask_protocol::tools::TOOLS_SOCKET;

use crate::engine::{JobName, JobSpec, Mount, Network, Priority, ResourceCaps};
use crate::files::layout;
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::runs::spec::{KIND_TOOLS, LABEL_KIND, LABEL_SCRIPT, SUPERVISOR_DIRECTORY};

/// Where runs have them, so that a path means the same to an editor and to a run.
pub const SCRIPT: &str = crate::runs::spec::SCRIPT_FOLDER;
pub const ENVIRONMENT: &str = crate::envs::build::ENVIRONMENT;
/// 0700 and root's: the programs cannot enter it.
pub const TOOLS_DIRECTORY: &str = "/pytask/tools";

const CAPS: ResourceCaps = ResourceCaps {
    memory: 1 << 30,
    cpus: 1.0,
    pids: 128,
    nofile: 1024,
    fsize: 64 << 20,
    tmp: 64 << 20,
};

pub(super) const SOCKET: &str = TOOLS_SOCKET;

pub(super) fn name(instance: &str, script: &ScriptId) -> JobName {
    JobName(format!("pytask-{instance}-tools-{script}"))
}

pub(super) fn job(
    instance: &str,
    script: &Script,
    environment: Option<&str>,
    image: &str,
    bin: &str,
) -> JobSpec {
    let mount = |source: PathBuf, target: &str, read_only| Mount {
        source,
        target: target.to_owned(),
        read_only,
    };
    let mut mounts = vec![
        mount(layout::tools(script.id.as_str()).into(), TOOLS_DIRECTORY, false),
        mount(Path::new(bin).to_owned(), SUPERVISOR_DIRECTORY, true),
        mount(layout::script_files(&script.slug).into(), SCRIPT, true),
    ];
    if let Some(key) = environment {
        mounts.push(mount(
            layout::env_venv(&script.slug, key).into(),
            ENVIRONMENT,
            true,
        ));
    }
    let labels = [(LABEL_KIND, KIND_TOOLS), (LABEL_SCRIPT, script.id.as_str())];
    JobSpec {
        name: name(instance, &script.id),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        image: image.to_owned(),
        command: [
            &format!("{SUPERVISOR_DIRECTORY}/supervisor"),
            "tools",
            TOOLS_DIRECTORY,
        ]
        .map(str::to_owned)
        .to_vec(),
        mounts,
        caps: CAPS,
        network: Network::None,
        priority: Priority::Normal,
        stop_grace: Duration::from_secs(2),
    }
}
