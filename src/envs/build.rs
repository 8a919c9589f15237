//! The build of an environment, as a command for a container that has Python and uv.
//!
//! The container has the network and the package cache, and neither the script's files nor any secret. Nothing
//! of a package is executed: wheels only, and bytecode is compiled by the image's own interpreter, which does
//! not read the new environment's `.pth` files. uv hard-links files out of its cache, which needs cache and
//! environment under one mount; so the build happens beside the cache and is moved when it is whole.

use std::collections::BTreeMap;

/// Where the cache is mounted in the build's container.
pub const CACHE: &str = "/cache";
/// Where a run finds its environment.
pub const ENVIRONMENT: &str = "/env";

/// Files in the build's folder.
pub const REQUIREMENTS_IN: &str = "requirements.in";
pub const LOCK: &str = "requirements.lock";
pub const INSTALLED: &str = "installed.json";
pub const VENV: &str = "venv";
pub const EXTRA_CA: &str = "extra-ca.pem";

/// Far above any real lock; what is larger is not ours.
pub const LARGEST_LOCK: u64 = 16 * 1024 * 1024;

const SCRIPT: &str = include_str!("../../runner-image/build-environment.sh");

/// The build's folder, inside its container.
pub fn folder(run_id: &str) -> String {
    format!("{CACHE}/builds/{run_id}")
}

pub fn command() -> Vec<String> {
    ["/bin/sh", "-c", SCRIPT, "build-environment"]
        .map(str::to_owned)
        .to_vec()
}

/// What an image sets for its processes, with a search path and a language where it has none.
pub fn image_variables(image: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut variables = image.clone();
    let mut fall_back = |name: &str, value: &str| {
        variables
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
    };
    fall_back("PATH", "/usr/local/bin:/usr/bin:/bin");
    fall_back("LANG", "C.UTF-8");
    variables
}

/// The whole environment of the build's process.
pub fn variables(image: &BTreeMap<String, String>, index_url: Option<&str>) -> BTreeMap<String, String> {
    let mut variables = image_variables(image);
    for (name, value) in [
        ("HOME", "/tmp"),
        ("UV_CACHE_DIR", "/cache/uv"),
        ("UV_LINK_MODE", "hardlink"),
        ("UV_NO_CONFIG", "1"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_NO_PROGRESS", "1"),
        ("PYTASK_ENVIRONMENT", ENVIRONMENT),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    if let Some(url) = index_url {
        variables.insert("UV_DEFAULT_INDEX".to_owned(), url.to_owned());
    }
    variables
}

pub fn requirements_in(requirements: &[String]) -> String {
    requirements.iter().map(|line| format!("{line}\n")).collect()
}
