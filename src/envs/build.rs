//! The build of an environment, as a command for a container that has Python and uv.
//!
//! The container has the network and the package cache, and neither the script's files nor any secret but the logins of
//! package indexes. Nothing of a package is executed: wheels only, and bytecode is compiled afterwards by the image's own
//! interpreter, which does not read the new environment's `.pth` files. uv hard-links files out of its cache, which needs cache and
//! environment under one mount; so the build happens beside the cache and is moved when it is whole. A build that
//! may execute a package's code, to build it from source, has a cache of its own, sees nobody else's, and is told no
//! login; where one is needed it says so and fails, because to leave that index out would be to take a package of the
//! same name from another.

use std::collections::{BTreeMap, BTreeSet};

use super::index::{self, Logins};
use crate::model::build::{Build, BuildAction, Policy, Upgrade};
use crate::model::indexes::Indexes;

/// Where the cache is mounted in the build's container.
pub const CACHE: &str = "/cache";
/// Where a run finds its environment.
pub const ENVIRONMENT: &str = "/env";

/// Files in the build's folder.
pub const REQUIREMENTS_IN: &str = "requirements.in";
pub const LOCK: &str = "requirements.lock";
pub const INSTALLED: &str = "installed.json";
pub const VENV: &str = "venv";
/// The venv's files as they were made; the controller writes it.
pub const MANIFEST: &str = "manifest.json";
pub const EXTRA_CA: &str = "extra-ca.pem";
/// Names, one a line. Without a file everything is allowed and nothing is denied.
pub const ALLOWED: &str = "allowed.txt";
pub const DENIED: &str = "denied.txt";
/// Of a check: the newest release of each package, in the form of a lock.
pub const NEWEST: &str = "newest.txt";
/// Hashes of locks that are installed somewhere already, one a line.
pub const KNOWN_LOCKS: &str = "known-locks.txt";
/// Left by a build that ended without a venv, because its lock is one of those.
pub const REUSE: &str = "reuse";
/// In an environment's folder: its bytecode is complete.
pub const COMPILED: &str = "compiled";
/// The cache of a build that runs foreign code, in its folder; gone before the build ends.
const OWN_CACHE: &str = "uv-cache";

/// Far above any real lock; what is larger is not ours.
pub const LARGEST_LOCK: u64 = 16 * 1024 * 1024;

const SCRIPT: &str = include_str!("../../runner-image/build-environment.sh");
const COMPILE: &str = include_str!("../../runner-image/compile-bytecode.sh");

/// The build's folder, inside its container.
pub fn folder(run_id: &str) -> String {
    format!("{CACHE}/builds/{run_id}")
}

pub fn command() -> Vec<String> {
    shell(SCRIPT, "build-environment")
}

/// Compiles what is at [`ENVIRONMENT`], writable for once.
pub fn compile_command() -> Vec<String> {
    shell(COMPILE, "compile-bytecode")
}

fn shell(script: &str, name: &str) -> Vec<String> {
    ["/bin/sh", "-c", script, name].map(str::to_owned).to_vec()
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
pub fn variables(
    image: &BTreeMap<String, String>,
    indexes: &Indexes,
    run_id: &str,
    build: &Build,
) -> BTreeMap<String, String> {
    let policy = &build.policy;
    let mut variables = image_variables(image);
    variables.extend(index::variables(indexes, logins(build)));
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    for (name, value) in [
        ("HOME", "/tmp"),
        ("UV_CACHE_DIR", "/cache/uv"),
        ("UV_LINK_MODE", "hardlink"),
        ("UV_NO_CONFIG", "1"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_NO_PROGRESS", "1"),
    ] {
        set(name, value.to_owned());
    }
    if let Some(instant) = policy.exclude_newer {
        set("UV_EXCLUDE_NEWER", instant.to_string());
    }
    set("PYTASK_ACTION", action(build.action).to_owned());
    // Normalised names hold no white space, and none of them is a star.
    match &build.upgrade {
        Upgrade::Nothing => {}
        Upgrade::Everything => drop(set("PYTASK_UPGRADE", "*".to_owned())),
        Upgrade::Packages(names) => drop(set("PYTASK_UPGRADE", names.join(" "))),
    }
    if policy.runs_foreign_code() {
        let cache = format!("{}/{OWN_CACHE}", folder(run_id));
        set("UV_CACHE_DIR", cache.clone());
        set("PYTASK_OWN_CACHE", cache);
        set("PYTASK_FROM_SOURCE", policy.build_from_source.join(" "));
    }
    variables
}

/// Names of those whose values are secret.
pub fn secrets(indexes: &Indexes, build: &Build) -> BTreeSet<String> {
    index::variables(indexes, logins(build))
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("UV_INDEX_") && name.ends_with(index::PASSWORD))
        .collect()
}

fn logins(build: &Build) -> Logins {
    if build.policy.runs_foreign_code() {
        Logins::Withheld
    } else {
        Logins::Told
    }
}

fn action(action: BuildAction) -> &'static str {
    match action {
        BuildAction::Install => "install",
        BuildAction::Update => "update",
        BuildAction::Rebuild => "rebuild",
        BuildAction::Check => "check",
    }
}

/// The lists that the build holds its lock against.
pub fn lists(policy: &Policy) -> Vec<(&'static str, String)> {
    [(ALLOWED, &policy.allow), (DENIED, &policy.deny)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(file, names)| (file, requirements_in(names)))
        .collect()
}

pub fn requirements_in(requirements: &[String]) -> String {
    requirements.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::indexes::{Index, Login};
    use crate::model::secret::Secret;

    #[test]
    fn the_policy_reaches_the_installer() {
        let mut build = Build::default();
        let image = BTreeMap::new();
        let plain = variables(&image, &Indexes::default(), "r", &build);
        assert_eq!(plain["UV_CACHE_DIR"], "/cache/uv");
        for absent in [
            "UV_EXCLUDE_NEWER",
            "UV_INDEX",
            "PYTASK_OWN_CACHE",
            "PYTASK_FROM_SOURCE",
            "PYTASK_UPGRADE",
        ] {
            assert!(!plain.contains_key(absent), "{absent}");
        }
        assert!(lists(&build.policy).is_empty());

        assert_eq!(plain["PYTASK_ACTION"], "install");

        build.action = BuildAction::Update;
        build.upgrade = Upgrade::Packages(vec!["idna".to_owned(), "six".to_owned()]);
        build.policy = Policy {
            exclude_newer: Some("2026-11-17T10:11:00Z".parse().expect("a time")),
            deny: vec!["evil".to_owned()],
            extra_index_urls: vec![],
            build_from_source: vec!["docopt".to_owned(), "six".to_owned()],
            allow: vec![],
        };
        let held = variables(&image, &Indexes::default(), "r", &build);
        for (name, value) in [
            ("UV_EXCLUDE_NEWER", "2026-11-17T10:11:00Z"),
            ("PYTASK_FROM_SOURCE", "docopt six"),
            ("PYTASK_ACTION", "update"),
            ("PYTASK_UPGRADE", "idna six"),
            ("UV_CACHE_DIR", "/cache/builds/r/uv-cache"),
        ] {
            assert_eq!(held[name], value);
        }
        assert_eq!(lists(&build.policy), [(DENIED, "evil\n".to_owned())]);
    }

    #[test]
    fn who_runs_code_of_packages_is_told_no_login() {
        let login = Login {
            username: "ann".to_owned(),
            password: Secret::new("hunter2".to_owned()),
        };
        let indexes = Indexes {
            extra: vec![Index {
                address: "https://a.example/simple".to_owned(),
                login: Some(login),
            }],
            main: None,
        };
        let mut build = Build::default();
        let knows = |build: &Build| {
            let variables = variables(&BTreeMap::new(), &indexes, "r", build);
            assert_eq!(variables["PYTASK_LOGINS"], "https://a.example/simple");
            variables.values().any(|value| value.contains("hunter2"))
        };
        assert!(knows(&build));
        build.policy.build_from_source = vec!["docopt".to_owned()];
        assert!(!knows(&build));
    }
}
