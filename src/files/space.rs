//! What a file takes, and what is left of the file system it is on: one call each, however much lies there.

use std::os::fd::AsFd;

use rustix::fs::Stat;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub total_bytes: u64,
    /// That an unprivileged program could still write. What is left beyond it for root is nobody's to plan with.
    pub free_bytes: u64,
    /// How many more files there may be; `None` where the file system has no such bound (btrfs, some tmpfs).
    pub free_inodes: Option<u64>,
}

pub(super) fn of(folder: impl AsFd) -> rustix::io::Result<Space> {
    let stat = rustix::fs::fstatvfs(folder)?;
    Ok(Space {
        total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        free_inodes: (stat.f_files > 0).then_some(stat.f_favail),
    })
}

/// Bytes of the blocks that a file has on disk: less than its size if it has holes.
pub(super) fn taken(stat: &Stat) -> u64 {
    u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_says_what_it_has() {
        let temp = tempfile::tempdir().unwrap();
        let space = of(std::fs::File::open(temp.path()).unwrap()).unwrap();
        assert!(
            space.free_bytes > 0 && space.free_bytes <= space.total_bytes,
            "{space:?}"
        );
    }
}
