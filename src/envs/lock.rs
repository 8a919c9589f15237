//! What a build leaves behind: the lock with hashes, which also says who needs whom, and the list of what is installed.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::build::{Build, BuildAction, LockChanges, VersionChange};
use crate::model::environment::Package;

/// One package of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    pub name: String,
    /// Or the address, of one that was asked for by its address.
    pub version: String,
    /// Names of packages in the same lock that need it, sorted.
    pub required_by: Vec<String>,
    /// Whether it is asked for itself.
    pub direct: bool,
}

impl From<Locked> for Package {
    fn from(locked: Locked) -> Self {
        Self {
            name: locked.name,
            version: locked.version,
        }
    }
}

/// The entries of a lock that uv wrote, in its order. Under each stand its hashes, and then `# via` and what needs it,
/// on the same line or one a line; `-r` is the list that was asked for.
pub fn locked(lock: &str) -> Vec<Locked> {
    let mut packages: Vec<Locked> = Vec::new();
    for line in lock.lines() {
        if let Some(comment) = line.trim_start().strip_prefix('#') {
            if let Some(package) = packages.last_mut() {
                needed_by(package, comment);
            }
        } else if !line.starts_with([' ', '\t', '-']) {
            packages.extend(entry(line));
        }
    }
    for package in &mut packages {
        package.required_by.sort_unstable();
        package.required_by.dedup();
    }
    packages
}

/// Names and versions alone.
pub fn packages(lock: &str) -> Vec<Package> {
    locked(lock).into_iter().map(Package::from).collect()
}

/// `name==version ; marker \` or `name @ address \`.
fn entry(line: &str) -> Option<Locked> {
    let (name, rest) = line.split_once("==").or_else(|| line.split_once(" @ "))?;
    let version = rest.split([' ', ';', '\\']).next().unwrap_or_default();
    (!version.is_empty()).then(|| Locked {
        name: name.trim().to_owned(),
        version: version.to_owned(),
        required_by: Vec::new(),
        direct: false,
    })
}

fn needed_by(package: &mut Locked, comment: &str) {
    let comment = comment.trim();
    let named = comment
        .strip_prefix("via")
        .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        .unwrap_or(comment);
    for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name.starts_with("-r ") {
            package.direct = true;
        } else {
            package.required_by.push(name.to_owned());
        }
    }
}

/// What is different in `to`, by name.
pub fn changes(from: &[Package], to: &[Package]) -> LockChanges {
    let versions = |packages: &[Package]| -> BTreeMap<String, String> {
        let named = packages
            .iter()
            .map(|package| (package.name.clone(), package.version.clone()));
        named.collect()
    };
    let (mut before, after) = (versions(from), versions(to));
    let mut changes = LockChanges::default();
    for (name, version) in after {
        match before.remove(&name) {
            None => changes.added.push(Package { name, version }),
            Some(old) if old != version => changes.changed.push(VersionChange {
                name,
                from: old,
                to: version,
            }),
            Some(_) => {}
        }
    }
    let gone = before
        .into_iter()
        .map(|(name, version)| Package { name, version });
    changes.removed = gone.collect();
    changes
}

/// What `uv pip list --format json` says is in the environment.
pub fn installed(json: &[u8]) -> Result<Vec<Package>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Listed {
        name: String,
        version: String,
    }
    let listed: Vec<Listed> = serde_json::from_slice(json)?;
    Ok(listed
        .into_iter()
        .map(|p| Package {
            name: p.name,
            version: p.version,
        })
        .collect())
}

/// Equal hashes are equal locks: same packages, same files.
pub fn hash(lock: &[u8]) -> String {
    hex(Sha256::digest(lock).as_slice())
}

/// The environment's name: equal for equal lock, image and platform, built in the same way. One that is rebuilt has a
/// name of its own: what has the old one is not trusted.
pub fn environment_key(lock_hash: &str, image_digest: &str, build: &Build, run_id: &str) -> String {
    let mut hasher = Sha256::new();
    // A lock names the files of a package, but not which of them is taken.
    let sources = build.policy.build_from_source.iter().map(String::as_str);
    let again = (build.action == BuildAction::Rebuild).then_some(run_id);
    let parts = [lock_hash, image_digest, std::env::consts::ARCH];
    for part in parts.into_iter().chain(sources).chain(again) {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let mut key = hex(hasher.finalize().as_slice());
    key.truncate(24);
    key
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As uv 0.13 wrote it for `requests`, `uvicorn[standard]` and `requests-oauthlib`, with fewer hashes.
    const REAL: &str = include_str!("lock/example.lock");

    #[test]
    fn a_real_lock_says_who_needs_whom() {
        let lock = locked(REAL);
        assert_eq!(lock.len(), 18);
        let of = |name: &str| {
            let package = lock.iter().find(|package| package.name == name).expect(name);
            (
                package.version.as_str(),
                package.direct,
                package.required_by.join(" "),
            )
        };
        assert_eq!(of("idna"), ("3.20", false, "anyio requests".to_owned()));
        assert_eq!(of("requests"), ("2.34.2", true, "requests-oauthlib".to_owned()));
        assert_eq!(of("requests-oauthlib"), ("2.0.0", true, String::new()));
        assert_eq!(of("uvicorn"), ("0.54.0", true, String::new()));
        assert_eq!(of("certifi"), ("2026.10.19.post1", false, "requests".to_owned()));
        let names: Vec<_> = lock.iter().map(|package| package.name.as_str()).collect();
        let known = |package: &Locked| package.required_by.iter().all(|by| names.contains(&by.as_str()));
        assert!(lock.iter().all(known));
    }

    #[test]
    fn other_forms_of_entries_are_read() {
        let lock = "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:cc\n    # via click, -r requirements.in\n\
                    six @ https://example.org/six.whl \\\n    --hash=sha256:aa\n    # via\n    #   via-something\n";
        let got: Vec<_> = locked(lock)
            .into_iter()
            .map(|p| (p.name, p.version, p.direct, p.required_by.join(" ")))
            .collect();
        let expected = [
            ("colorama", "0.4.6", true, "click"),
            ("six", "https://example.org/six.whl", false, "via-something"),
        ];
        assert_eq!(
            got,
            expected.map(|(name, version, direct, by)| (
                name.to_owned(),
                version.to_owned(),
                direct,
                by.to_owned()
            ))
        );
    }

    #[test]
    fn what_is_different_between_two_locks() {
        let (old, new) = (packages("a==1\nb==1\nc==1\n"), packages("b==2\nc==1\nd==1\n"));
        let changes = changes(&old, &new);
        let package = |name: &str| Package {
            name: name.to_owned(),
            version: "1".to_owned(),
        };
        assert_eq!(
            (changes.added, changes.removed),
            (vec![package("d")], vec![package("a")])
        );
        let moved = VersionChange {
            name: "b".to_owned(),
            from: "1".to_owned(),
            to: "2".to_owned(),
        };
        assert_eq!(changes.changed, [moved]);
        assert_eq!(super::changes(&new, &new), LockChanges::default());
    }

    #[test]
    fn the_key_names_lock_and_image() {
        let wheels = Build::default();
        let mut source = Build::default();
        source.policy.build_from_source = vec!["six".to_owned()];
        let again = Build {
            action: BuildAction::Rebuild,
            ..Build::default()
        };
        let key = environment_key("a", "sha256:1", &wheels, "r");
        assert_eq!(key, environment_key("a", "sha256:1", &wheels, "s"));
        for other in [
            environment_key("a", "sha256:1", &source, "r"),
            environment_key("a", "sha256:1", &again, "r"),
            environment_key("b", "sha256:1", &wheels, "r"),
            environment_key("a", "sha256:2", &wheels, "r"),
        ] {
            assert_ne!(key, other);
        }
        assert_ne!(
            environment_key("a", "sha256:1", &again, "r"),
            environment_key("a", "sha256:1", &again, "s")
        );
        assert_ne!(
            environment_key("ab", "c", &wheels, "r"),
            environment_key("a", "bc", &wheels, "r")
        );
        assert_eq!(key.len(), 24);
    }
}
