//! A socket that is mounted into a container, and may be left behind there.
//!
//! An engine that restarts makes a new socket, and who has mounted the old one, as a container does, never sees it.
//! Leaving has the restart policy mount the new one; runs are not touched.

use std::path::Path;
use std::time::Duration;

pub(super) const EXIT_ENGINE_LOST: i32 = 70;
pub(super) const ENGINE_PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn is_mounted_here(host: &str) -> bool {
    is_mounted(
        host,
        &std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(),
    )
}

/// Whether a socket is a mount of its own, according to `/proc/self/mountinfo`. That this is a container would not tell:
/// there the whole folder may be mounted, and its marks lie about on machines that were made from an image.
fn is_mounted(host: &str, mountinfo: &str) -> bool {
    let Some(socket) = host.strip_prefix("unix://") else {
        return false;
    };
    // Mount points are told without links; `/var/run` is one nearly everywhere.
    let place = std::fs::canonicalize(socket).unwrap_or_else(|_| socket.into());
    let mut mount_points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    mount_points.any(|point| place == Path::new(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_socket_that_is_mounted_itself_can_be_left_behind() {
        let mount =
            |point: &str| format!("36 35 98:0 /somewhere {point} rw,noatime master:1 - ext4 /dev/root rw\n");
        let itself = mount("/") + &mount("/engine.sock");
        assert!(is_mounted("unix:///engine.sock", &itself));
        assert!(!is_mounted("unix:///other.sock", &itself));
        assert!(!is_mounted("unix:///engine.sock", &mount("/")));
        assert!(!is_mounted("unix:///engine/docker.sock", &mount("/engine")));
        assert!(!is_mounted("tcp://engine:2375", &itself));
    }
}
