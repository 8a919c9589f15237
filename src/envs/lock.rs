//! What a build leaves behind: the lock with hashes, and the list of what is installed.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::build::Policy;
use crate::model::environment::Package;

/// The `name==version` entries of a lock that uv wrote, in its order.
pub fn locked(lock: &str) -> Vec<Package> {
    lock.lines()
        .filter(|line| !line.starts_with([' ', '\t', '#', '-']))
        .filter_map(|line| line.split_once("=="))
        .map(|(name, rest)| {
            let version = rest.split([' ', ';', '\\']).next().unwrap_or_default();
            Package {
                name: name.trim().to_owned(),
                version: version.to_owned(),
            }
        })
        .filter(|package| !package.version.is_empty())
        .collect()
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

/// The environment's name: equal for equal lock, image and platform, built in the same way.
pub fn environment_key(lock_hash: &str, image_digest: &str, policy: &Policy) -> String {
    let mut hasher = Sha256::new();
    // A lock names the files of a package, but not which of them is taken.
    let sources = policy.build_from_source.iter().map(String::as_str);
    for part in [lock_hash, image_digest, std::env::consts::ARCH]
        .into_iter()
        .chain(sources)
    {
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

    #[test]
    fn reads_a_lock_with_hashes() {
        let lock = "certifi==2026.1.4 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via requests\n\
                    colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:cc\n";
        let got: Vec<_> = locked(lock).into_iter().map(|p| (p.name, p.version)).collect();
        let expected =
            [("certifi", "2026.1.4"), ("colorama", "0.4.6")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(got, expected);
    }

    #[test]
    fn the_key_names_lock_and_image() {
        let wheels = Policy::default();
        let source = Policy {
            build_from_source: vec!["six".to_owned()],
            ..Policy::default()
        };
        let key = environment_key("a", "sha256:1", &wheels);
        assert_eq!(key, environment_key("a", "sha256:1", &wheels));
        assert_ne!(key, environment_key("a", "sha256:1", &source));
        assert_ne!(key, environment_key("b", "sha256:1", &wheels));
        assert_ne!(key, environment_key("a", "sha256:2", &wheels));
        assert_ne!(
            environment_key("ab", "c", &wheels),
            environment_key("a", "bc", &wheels)
        );
        assert_eq!(key.len(), 24);
    }
}
