//! `supervisor probe <out-dir> <look-dir>`: writes down what this container looks like from inside, so that the
//! controller can prove that mounts and limits hold. Judges nothing.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use pytask_protocol::{PROBE_FILE, Probe, VERSION, exit_code};

use crate::cgroup::Cgroup;
use crate::durable::Reserved;
use crate::sys;
use crate::tmp::Tmp;

/// Where engines keep their socket.
const SOCKETS: [&str; 4] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
];

/// The supervisor's exit code.
pub(crate) fn probe(out: &Path, look: &Path) -> i32 {
    let written = Reserved::new(out, PROBE_FILE)
        .and_then(|file| file.commit(&serde_json::to_vec(&look_around(look)).map_err(io::Error::other)?));
    match written {
        Ok(()) => exit_code::DONE,
        Err(error) => {
            eprintln!("supervisor: the probe cannot be written: {error}");
            exit_code::CANNOT_RECORD
        }
    }
}

fn look_around(look: &Path) -> Probe {
    let (listing, listing_error) = match names(look) {
        Ok(names) => (names, None),
        Err(error) => (Vec::new(), Some(sys::reason(&error))),
    };
    let parent = look.parent().unwrap_or(look);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let cgroup = Cgroup::find();
    let limits = cgroup.as_ref().map(Cgroup::limits).unwrap_or_default();
    Probe {
        version: VERSION,
        listing,
        listing_error,
        parent_listing_error: names(parent).err().as_ref().map(sys::reason),
        uid: sys::effective_uid(),
        cap_eff: field(&status, "CapEff")
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .unwrap_or(u64::MAX),
        no_new_privs: field(&status, "NoNewPrivs") == Some("1"),
        seccomp: field(&status, "Seccomp")
            .and_then(|mode| mode.parse().ok())
            .unwrap_or_default(),
        cgroup_version: cgroup.as_ref().map(Cgroup::version),
        memory_limit_bytes: limits.memory_bytes,
        memory_swap_limit_bytes: limits.memory_swap_bytes,
        pids_limit: limits.pids,
        cpu_limit: limits.cpus,
        nofile_limit: sys::hard_limit(libc::RLIMIT_NOFILE),
        fsize_limit: sys::hard_limit(libc::RLIMIT_FSIZE),
        core_limit: sys::hard_limit(libc::RLIMIT_CORE),
        tmp_bytes: Tmp::find().and_then(|tmp| tmp.size()),
        read_only_root: fs::read_to_string("/proc/self/mountinfo")
            .is_ok_and(|mounts| root_is_read_only(&mounts)),
        docker_socket_visible: SOCKETS
            .iter()
            .any(|path| Path::new(path).symlink_metadata().is_ok()),
        python: version_of("python3"),
        uv: version_of("uv"),
    }
}

/// Whom a program of the image is run as: nobody in particular, and without our capabilities.
const STRANGER: u32 = 1000;

/// What `program --version` says: "Python 3.13.5", "uv 0.13.9 (…)".
fn version_of(program: &str) -> Option<String> {
    let asked = Command::new(program)
        .arg("--version")
        .uid(STRANGER)
        .gid(STRANGER)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let words = String::from_utf8(asked.stdout).ok()?;
    version_in(&words).filter(|_| asked.status.success())
}

/// The word after the program's name, as far as it can be a version.
fn version_in(words: &str) -> Option<String> {
    let version = words.split_whitespace().nth(1)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
    (version.len() <= 32 && version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(fits))
        .then(|| version.to_owned())
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(dir)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// The value of a line `name:<tab>value` in proc(5)'s status.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// proc(5), mountinfo: the fifth field is the mount point, the sixth its options. The last mount on `/` counts.
fn root_is_read_only(mounts: &str) -> bool {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(4);
            (fields.next()? == "/").then_some(fields.next()?)
        })
        .next_back()
        .is_some_and(|options| options.split(',').any(|option| option == "ro"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_word_after_the_name() {
        let table = [
            ("Python 3.13.5\n", Some("3.13.5")),
            ("Python 3.14.0rc1+\n", Some("3.14.0rc1+")),
            ("uv 0.13.9 (x86_64)\n", Some("0.13.9")),
            ("Python", None),
            ("Python <script>", None),
            ("", None),
        ];
        for (words, expected) in table {
            assert_eq!(version_in(words).as_deref(), expected, "{words:?}");
        }
        assert_eq!(version_of("no-such-program"), None);
    }

    #[test]
    fn fields_and_mounts() {
        let status =
            "Name:\tCapEff\nCapEff:\t00000000000000e0\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
        assert_eq!(field(status, "CapEff"), Some("00000000000000e0"));
        assert_eq!(field(status, "Seccomp"), Some("2"));
        assert_eq!(field(status, "Missing"), None);
        let writable = "21 1 8:1 / / rw,relatime - ext4 /dev/root rw\n22 21 0:5 / /proc ro - proc proc ro\n";
        assert!(!root_is_read_only(writable));
        assert!(root_is_read_only(
            "21 1 0:40 / / ro,relatime master:1 - overlay overlay rw\n"
        ));
        assert!(!root_is_read_only(""));
    }
}
