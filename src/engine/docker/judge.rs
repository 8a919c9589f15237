//! What the supervisor saw inside the test container, held against what was asked. Pure.

use pytask_protocol::Probe;

use crate::engine::{ResourceCaps, UnenforcedLimit};

/// SETUID, SETGID and KILL as bits of `CapEff`.
const CAPABILITY_BITS: u64 = 1 << 5 | 1 << 6 | 1 << 7;
const PAGE: u64 = 4096;

/// An error says what makes this engine unfit; otherwise the limits that were not found inside.
pub(super) fn judge(
    report: &Probe,
    mark: &str,
    asked: &ResourceCaps,
) -> Result<Vec<UnenforcedLimit>, String> {
    if let Some(error) = &report.listing_error {
        return Err(format!("a container cannot read its own folder: {error}"));
    }
    if !report.listing.iter().any(|name| name == mark) {
        return Err(format!(
            "a container is given another folder than its own (it sees {:?})",
            report.listing
        ));
    }
    let foreign: Vec<_> = report.listing.iter().filter(|name| *name != mark).collect();
    if !foreign.is_empty() {
        return Err(format!("a container sees more than its own folder ({foreign:?})"));
    }
    let hardening = [
        (
            report.uid == 0,
            "a container's supervisor is not root, so it could not drop to the script's user",
        ),
        (
            report.cap_eff & CAPABILITY_BITS == CAPABILITY_BITS,
            "a container lacks capabilities it was given",
        ),
        (
            report.cap_eff & !CAPABILITY_BITS == 0,
            "a container has capabilities it was not given",
        ),
        (report.no_new_privs, "no-new-privileges does not hold"),
        (report.seccomp == 2, "no seccomp filter is in force"),
        (report.read_only_root, "the root file system is writable"),
        (
            !report.docker_socket_visible,
            "the engine's socket is visible in a container",
        ),
    ];
    if let Some((_, broken)) = hardening.iter().find(|(holds, _)| !holds) {
        return Err((*broken).to_owned());
    }
    // Kernels round to pages, and a quota to microseconds.
    let at_most =
        |found: Option<u64>, wanted: u64| found.is_some_and(|found| found <= wanted.next_multiple_of(PAGE));
    let limits = [
        (
            "memory",
            at_most(report.memory_limit_bytes, asked.memory),
            show(report.memory_limit_bytes),
        ),
        (
            "memory_swap",
            at_most(report.memory_swap_limit_bytes, asked.memory),
            show(report.memory_swap_limit_bytes),
        ),
        (
            "pids",
            report.pids_limit.is_some_and(|found| found <= asked.pids.into()),
            show(report.pids_limit),
        ),
        (
            "cpus",
            report.cpu_limit.is_some_and(|found| found <= asked.cpus * 1.01),
            show(report.cpu_limit),
        ),
        (
            "nofile",
            report
                .nofile_limit
                .is_some_and(|found| found <= asked.nofile.into()),
            show(report.nofile_limit),
        ),
        (
            "fsize",
            at_most(report.fsize_limit, asked.fsize),
            show(report.fsize_limit),
        ),
        (
            "tmp",
            at_most(report.tmp_bytes, asked.tmp),
            show(report.tmp_bytes),
        ),
        // A core file would be written into the script's folder, or wherever the host sends them.
        ("core", report.core_limit == Some(0), show(report.core_limit)),
    ];
    let broken = limits
        .into_iter()
        .filter(|(_, holds, _)| !holds)
        .map(|(limit, _, found)| UnenforcedLimit {
            limit: limit.into(),
            reason: format!("a test container was found to have {found}"),
        });
    Ok(broken.collect())
}

fn show(limit: Option<impl std::fmt::Display>) -> String {
    limit.map_or_else(
        || "no such limit".to_owned(),
        |limit| format!("a limit of {limit}"),
    )
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    const MARK: &str = "canary-1";

    fn fit() -> Probe {
        Probe {
            version: pytask_protocol::VERSION,
            listing: vec![MARK.to_owned()],
            listing_error: None,
            parent_listing_error: None,
            uid: 0,
            cap_eff: 0xe0,
            no_new_privs: true,
            seccomp: 2,
            cgroup_version: Some(2),
            memory_limit_bytes: Some(64 << 20),
            memory_swap_limit_bytes: Some(64 << 20),
            pids_limit: Some(32),
            cpu_limit: Some(0.5),
            nofile_limit: Some(256),
            fsize_limit: Some(1 << 20),
            core_limit: Some(0),
            tmp_bytes: Some(1 << 20),
            read_only_root: true,
            docker_socket_visible: false,
            python: None,
            uv: None,
        }
    }

    fn caps() -> ResourceCaps {
        ResourceCaps {
            memory: 64 << 20,
            cpus: 0.5,
            pids: 32,
            nofile: 256,
            fsize: 1 << 20,
            tmp: 1 << 20,
        }
    }

    fn judged(change: impl FnOnce(&mut Probe)) -> Result<Vec<Cow<'static, str>>, String> {
        let mut report = fit();
        change(&mut report);
        judge(&report, MARK, &caps()).map(|limits| limits.into_iter().map(|limit| limit.limit).collect())
    }

    #[test]
    fn a_fit_engine_passes() {
        assert_eq!(judged(|_| {}), Ok(vec![]));
    }

    #[test]
    fn what_makes_an_engine_unfit() {
        type Change = fn(&mut Probe);
        let table: [(Change, &str); 11] = [
            (
                |report| report.listing = vec!["mine".into(), "theirs".into()],
                "another folder",
            ),
            (|report| report.listing = vec![], "another folder"),
            (|report| report.listing.push("theirs".into()), "more than its own"),
            (
                |report| report.listing_error = Some("permission denied".into()),
                "permission denied",
            ),
            (|report| report.uid = 1000, "not root"),
            (|report| report.cap_eff = 0, "lacks capabilities"),
            (|report| report.cap_eff |= 1 << 21, "was not given"),
            (|report| report.no_new_privs = false, "no-new-privileges"),
            (|report| report.seccomp = 0, "seccomp"),
            (|report| report.read_only_root = false, "writable"),
            (|report| report.docker_socket_visible = true, "socket"),
        ];
        for (change, expected) in table {
            let answer = judged(change).expect_err(expected);
            assert!(answer.contains(expected), "{answer}");
        }
    }

    #[test]
    fn limits_that_do_not_hold_are_named() {
        type Change = fn(&mut Probe);
        let table: [(Change, &str); 12] = [
            (|report| report.memory_limit_bytes = None, "memory"),
            (
                |report| report.memory_swap_limit_bytes = Some(128 << 20),
                "memory_swap",
            ),
            (|report| report.pids_limit = None, "pids"),
            (|report| report.cpu_limit = Some(2.0), "cpus"),
            (|report| report.nofile_limit = None, "nofile"),
            (|report| report.nofile_limit = Some(257), "nofile"),
            (|report| report.fsize_limit = None, "fsize"),
            (|report| report.fsize_limit = Some((1 << 20) + 1), "fsize"),
            (|report| report.tmp_bytes = None, "tmp"),
            (|report| report.tmp_bytes = Some((1 << 20) + PAGE), "tmp"),
            (|report| report.core_limit = None, "core"),
            (|report| report.core_limit = Some(1), "core"),
        ];
        for (change, expected) in table {
            assert_eq!(judged(change), Ok(vec![expected.into()]));
        }
    }

    #[test]
    fn a_limit_may_be_lower_or_rounded_up_to_a_page() {
        let odd = ResourceCaps {
            tmp: PAGE + 1,
            fsize: PAGE - 1,
            ..caps()
        };
        let mut report = fit();
        (report.tmp_bytes, report.fsize_limit) = (Some(2 * PAGE), Some(PAGE));
        assert_eq!(judge(&report, MARK, &odd), Ok(vec![]));
        assert_eq!(judged(|report| report.nofile_limit = Some(16)), Ok(vec![]));
        assert_eq!(judged(|report| report.tmp_bytes = Some(PAGE)), Ok(vec![]));
    }
}
