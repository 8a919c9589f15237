//! How a folder of the data directory reaches a sibling container.
//!
//! A mount is asked for in the engine's terms, not in ours: the controller may itself live in a container, and
//! then the path it knows means nothing to the engine. This module finds the controller's own container, the
//! mount that holds the data directory, and from it the [`StorageMap`]. What it finds is a conclusion, not a
//! proof; the proof is the canary's.

use std::path::{Path, PathBuf};

use bollard::models::{ContainerInspectResponse, MountPoint};

use super::link::ApiVersion;
use crate::engine::{Error, Storage};

/// From here on a volume's subpath can be mounted. Older engines drop the wish and mount the whole volume.
const SUBPATH_SINCE: ApiVersion = ApiVersion(1, 45);

/// The data directory in the engine's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StorageMap {
    /// `prefix` inside a named volume; empty if the data directory is the volume's root.
    Subpath { volume: String, prefix: PathBuf },
    /// A path on the engine's host.
    HostPath { root: PathBuf },
}

impl StorageMap {
    pub(super) fn kind(&self) -> Storage {
        match self {
            Self::Subpath { .. } => Storage::Subpath,
            Self::HostPath { .. } => Storage::HostPath,
        }
    }
}

/// The id of the container this process lives in, according to `/proc/self/mountinfo`: engines mount a file of
/// the container's own state folder over `/etc/hostname` and its like, and that folder is named by the id.
pub(super) fn own_container_id(mountinfo: &str) -> Option<String> {
    mountinfo.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, mount_point) = (fields.next()?, fields.next()?);
        if !matches!(mount_point, "/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf") {
            return None;
        }
        let is_id = |part: &&str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        root.split('/').find(is_id).map(str::to_owned)
    })
}

/// Where the data directory is, for a controller in the given container.
pub(super) fn of_container(
    own: &ContainerInspectResponse,
    data_dir: &Path,
    api: ApiVersion,
) -> Result<StorageMap, Error> {
    let holder = own.mounts.iter().flatten().filter_map(|mount| {
        let destination = Path::new(mount.destination.as_deref()?);
        Some((
            data_dir.strip_prefix(destination).ok()?,
            destination.components().count(),
            mount,
        ))
    });
    let Some((inside, _, mount)) = holder.max_by_key(|(_, depth, _)| *depth) else {
        return Err(Error::Unenforceable(format!(
            "the data directory {} is not on a volume of this container, so no other container can be given a \
             folder of it; mount a volume there",
            data_dir.display()
        )));
    };
    // The controller's own mount may be a part of a volume already; the engine reports that only as asked for.
    let prefix = match subpath_of(own, mount) {
        Some(subpath) => Path::new(subpath).join(inside),
        None => inside.to_owned(),
    };
    match (mount.typ.as_deref(), &mount.name) {
        (Some("volume"), Some(volume)) if api >= SUBPATH_SINCE => Ok(StorageMap::Subpath {
            volume: volume.clone(),
            prefix,
        }),
        (Some("volume"), _) => host_path(mount.source.as_deref(), &prefix),
        (Some("bind"), _) => host_path(mount.source.as_deref(), inside),
        (kind, _) => Err(Error::Unenforceable(format!(
            "the data directory {} is on a mount of type {}; a named volume or a folder of the host is needed",
            data_dir.display(),
            kind.unwrap_or("unknown"),
        ))),
    }
}

/// For a volume named by configuration, whose root is the data directory.
pub(super) fn of_volume(volume: &str, mountpoint: &str, api: ApiVersion) -> Result<StorageMap, Error> {
    if api >= SUBPATH_SINCE {
        Ok(StorageMap::Subpath {
            volume: volume.to_owned(),
            prefix: PathBuf::new(),
        })
    } else {
        host_path(Some(mountpoint), Path::new(""))
    }
}

fn host_path(source: Option<&str>, inside: &Path) -> Result<StorageMap, Error> {
    match source {
        Some(source) if source.starts_with('/') => Ok(StorageMap::HostPath {
            root: Path::new(source).join(inside),
        }),
        _ => Err(Error::Unenforceable(
            "the engine does not say where the data volume is on its host; use a named volume of the local \
             driver, or an engine with volume subpaths (API 1.45)"
                .to_owned(),
        )),
    }
}

fn subpath_of<'a>(own: &'a ContainerInspectResponse, mount: &MountPoint) -> Option<&'a str> {
    own.host_config
        .as_ref()?
        .mounts
        .iter()
        .flatten()
        .find(|asked| asked.target == mount.destination)?
        .volume_options
        .as_ref()?
        .subpath
        .as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

    #[test]
    fn the_own_container_is_found_by_the_files_engines_mount() {
        let docker = format!(
            "600 590 0:51 / / rw,relatime - overlay overlay rw\n\
             611 600 254:1 /var/lib/docker/containers/{ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n"
        );
        let podman = format!(
            "9 1 0:23 /containers/storage/overlay-containers/{ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw"
        );
        assert_eq!(own_container_id(&docker).as_deref(), Some(ID));
        assert_eq!(own_container_id(&podman).as_deref(), Some(ID));
    }

    #[test]
    fn a_host_has_no_own_container_even_if_it_shows_those_of_others() {
        let host = format!(
            "25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
             90 25 0:40 /{ID}/merged /var/lib/docker/overlay2/{ID}/merged rw - overlay overlay rw\n\
             91 25 254:1 /etc/hosts /etc/hosts rw - ext4 /dev/vda rw\n\
             \n garbage"
        );
        assert_eq!(own_container_id(&host), None);
    }

    fn own(mounts: serde_json::Value, asked: serde_json::Value) -> ContainerInspectResponse {
        serde_json::from_value(serde_json::json!({ "Mounts": mounts, "HostConfig": { "Mounts": asked } }))
            .expect("an inspect answer")
    }

    #[test]
    fn the_mount_that_holds_the_data_directory_decides() {
        let volume = serde_json::json!({
            "Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data", "Destination": "/data"
        });
        let bind = serde_json::json!({ "Type": "bind", "Source": "/srv/pytask", "Destination": "/data" });
        let outer = serde_json::json!({ "Type": "bind", "Source": "/srv", "Destination": "/" });
        let new = ApiVersion(1, 45);
        let old = ApiVersion(1, 44);
        let subpath = |prefix: &str| StorageMap::Subpath {
            volume: "data".to_owned(),
            prefix: prefix.into(),
        };
        let host = |root: &str| StorageMap::HostPath { root: root.into() };
        let none = serde_json::json!(null);
        let nested = serde_json::json!([{ "Target": "/data", "Type": "volume", "VolumeOptions": { "Subpath": "part" } }]);
        let table = [
            (vec![&volume], &none, "/data", new, subpath("")),
            (vec![&volume], &none, "/data/a/b", new, subpath("a/b")),
            (vec![&volume], &nested, "/data/a", new, subpath("part/a")),
            (
                vec![&volume],
                &none,
                "/data/a",
                old,
                host("/var/lib/docker/volumes/data/_data/a"),
            ),
            (
                vec![&volume],
                &nested,
                "/data/a",
                old,
                host("/var/lib/docker/volumes/data/_data/part/a"),
            ),
            (vec![&bind], &none, "/data", new, host("/srv/pytask")),
            (vec![&bind], &none, "/data/x", old, host("/srv/pytask/x")),
            (vec![&outer, &volume], &none, "/data", new, subpath("")),
            (vec![&volume, &outer], &none, "/data", new, subpath("")),
            (
                vec![&volume, &outer],
                &none,
                "/database",
                new,
                host("/srv/database"),
            ),
        ];
        for (mounts, asked, data_dir, api, expected) in table {
            let own = own(serde_json::json!(mounts), asked.clone());
            let found = of_container(&own, Path::new(data_dir), api).expect(data_dir);
            assert_eq!(found, expected, "{data_dir} with API {api}");
        }
    }

    #[test]
    fn a_data_directory_that_nobody_else_can_reach_is_an_error() {
        let tmpfs = serde_json::json!([{ "Type": "tmpfs", "Source": "", "Destination": "/data" }]);
        let plugin =
            serde_json::json!([{ "Type": "volume", "Name": "n", "Source": "", "Destination": "/data" }]);
        let other = serde_json::json!([{ "Type": "bind", "Source": "/srv", "Destination": "/other" }]);
        for mounts in [tmpfs, plugin, other] {
            let own = own(mounts, serde_json::json!(null));
            let answer = of_container(&own, Path::new("/data"), ApiVersion(1, 41));
            assert!(matches!(answer, Err(Error::Unenforceable(_))), "{answer:?}");
        }
    }

    #[test]
    fn a_named_volume_needs_no_searching() {
        assert_eq!(
            of_volume("data", "/m", ApiVersion(1, 45)).expect("a map"),
            StorageMap::Subpath {
                volume: "data".to_owned(),
                prefix: PathBuf::new()
            }
        );
        assert_eq!(
            of_volume("data", "/m", ApiVersion(1, 41)).expect("a map"),
            StorageMap::HostPath { root: "/m".into() }
        );
    }
}
