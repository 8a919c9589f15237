//! How a run begins: spec, at most once, what the process finds.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use pytask_protocol::{ExitCause, Probe, STARTED_FILE, StartMark, VERSION, exit_code};

use crate::support::{PATIENCE, Run, Supervisor, supervisor, wait_for};

#[test]
fn user_code_starts_at_most_once() {
    let run = Run::new();
    let spec = run.shell("echo once >> count");
    run.complete(&spec);
    run.give(&spec);
    assert_eq!(run.start().wait().code(), Some(exit_code::ALREADY_STARTED));
    assert!(run.has("spec.json"), "a spec that is not ours is left alone");
    assert_eq!(
        fs::read_to_string(run.script_dir().join("count")).expect("read"),
        "once\n"
    );
}

#[test]
fn the_start_mark_tells_for_how_long_the_run_has_been_going() {
    let run = Run::new();
    let seen = run.complete(&run.shell("echo later"));
    let mark = fs::read(run.dir().join(STARTED_FILE)).expect("the mark is there");
    let mark = StartMark::parse(&mark).expect("the mark can be read");
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("this boot");
    assert_eq!((mark.version, mark.boot_id.as_str()), (VERSION, boot_id.trim()));
    assert!(mark.started_at_ms <= seen.exit.started_at_ms);
    // A record's time is of the clock that a later controller has.
    let elapsed = mark
        .elapsed(&boot_id, seen.records[0].mono_us)
        .expect("this boot");
    assert!(elapsed < PATIENCE, "{elapsed:?}");
    assert_eq!(mark.elapsed("another boot", seen.records[0].mono_us), None);
}

#[test]
fn of_many_supervisors_one_starts() {
    let run = Run::new();
    let rivals: Vec<Supervisor> = (0..8).map(|_| run.start()).collect();
    run.give(&run.shell("echo once >> count"));
    let codes: Vec<_> = rivals.into_iter().map(|rival| rival.wait().code()).collect();
    let done = codes
        .iter()
        .filter(|code| **code == Some(exit_code::DONE))
        .count();
    let refused = codes
        .iter()
        .filter(|code| **code == Some(exit_code::ALREADY_STARTED))
        .count();
    assert_eq!((done, refused), (1, 7), "{codes:?}");
    run.seen();
    assert_eq!(
        fs::read_to_string(run.script_dir().join("count")).expect("read"),
        "once\n"
    );
}

#[test]
fn a_spec_may_come_later() {
    let run = Run::new();
    let mut supervisor = run.start();
    wait_for("the supervisor to wait for its spec", || {
        watches(supervisor.pid()).then_some(())
    });
    assert!(supervisor.is_running());
    assert!(!run.was_started());
    run.give(&run.shell("echo at last"));
    assert_eq!(supervisor.wait().code(), Some(0));
    assert_eq!(run.seen().stdout(), b"at last\n");
}

#[test]
fn stopped_before_a_spec_came() {
    for signal in ["TERM", "INT"] {
        let run = Run::new();
        let supervisor = run.start();
        wait_for("the supervisor to wait for its spec", || {
            watches(supervisor.pid()).then_some(())
        });
        supervisor.signal(signal);
        assert_eq!(supervisor.wait().code(), Some(exit_code::DONE));
        assert_eq!(
            fs::read_dir(run.dir()).expect("list").count(),
            0,
            "nothing was started"
        );
    }
}

/// Whether a process has an inotify descriptor.
fn watches(pid: i32) -> bool {
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
        .any(|target| target.ends_with("anon_inode:inotify"))
}

#[test]
fn what_is_no_spec_is_refused() {
    let refused = |run: &Run| {
        assert_eq!(run.start().wait().code(), Some(exit_code::SPEC_REFUSED));
        assert!(!run.was_started());
    };
    let run = Run::new();
    fs::write(run.dir().join("spec.json"), "{}").expect("write");
    refused(&run);
    let run = Run::new();
    fs::write(run.dir().join("spec.json"), vec![b' '; 5 << 20]).expect("write");
    refused(&run);
    let run = Run::new();
    run.give(&run.shell("true"));
    fs::rename(run.dir().join("spec.json"), run.script_dir().join("elsewhere")).expect("rename");
    symlink(run.script_dir().join("elsewhere"), run.dir().join("spec.json")).expect("link");
    refused(&run);
    let run = Run::new();
    fs::create_dir(run.dir().join("spec.json")).expect("create");
    refused(&run);
}

#[test]
fn the_environment_is_exactly_the_specs() {
    let run = Run::new();
    let mut spec = run.spec(&["env"]);
    spec.env.insert("EMPTY".to_owned(), String::new());
    spec.env.insert("ODD".to_owned(), "a=b \u{e4}\n\"'$".to_owned());
    let expected: String = spec
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    assert_eq!(
        String::from_utf8(run.complete(&spec).stdout()).expect("text"),
        expected
    );
}

#[test]
fn arguments_working_directory_input_and_descriptors() {
    let run = Run::new();
    let script = r#"printf '[%s]' "$@"; echo; pwd; cat; ls /proc/self/fd | tr '\n' ' '"#;
    let seen = run.complete(&run.spec(&["sh", "-c", script, "sh", "a b", "", "*"]));
    let cwd = run.script_dir().canonicalize().expect("a real path");
    // 3 is the directory that `ls` itself reads.
    let expected = format!("[a b][][*]\n{}\n0 1 2 3 ", cwd.display());
    assert_eq!(String::from_utf8(seen.stdout()).expect("text"), expected);
}

#[test]
fn no_signal_is_blocked_or_ignored_and_no_privilege_can_be_gained() {
    let run = Run::new();
    let seen = run.complete(&run.spec(&["grep", "-E", "^(SigBlk|SigIgn|NoNewPrivs)", "/proc/self/status"]));
    let expected = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n";
    assert_eq!(String::from_utf8(seen.stdout()).expect("text"), expected);
}

#[test]
fn another_user_without_any_capability_or_a_plain_refusal() {
    let run = Run::new();
    let mut spec = run.spec(&[
        "grep",
        "-E",
        "^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb))",
        "/proc/self/status",
    ]);
    let privileged = spec.uid == 0;
    (spec.uid, spec.gid) = (64_999, 64_998);
    spec.cwd = "/".to_owned();
    let seen = run.complete(&spec);
    if privileged {
        let text = String::from_utf8(seen.stdout())
            .expect("text")
            .replace(" \n", "\n");
        let expected = "Uid:\t64999\t64999\t64999\t64999\nGid:\t64998\t64998\t64998\t64998\nGroups:\t\n\
            CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n";
        assert_eq!(text.replace("Groups:\n", "Groups:\t\n"), expected);
    } else {
        assert_eq!(seen.exit.cause, ExitCause::StartFailed);
        let error = seen.exit.error.expect("a sentence");
        assert!(
            error.starts_with("cannot become user 64999 and group 64998: Operation not permitted"),
            "{error}"
        );
    }
}

#[test]
fn what_cannot_start_says_why() {
    let run = Run::new();
    let plain = run.script_dir().join("plain");
    fs::write(&plain, "not a program").expect("write");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).expect("chmod");
    let cases = [
        (
            vec!["no-such-program"],
            None,
            "cannot start no-such-program: No such file",
        ),
        (
            vec!["/no/such/program"],
            None,
            "cannot start /no/such/program: No such file",
        ),
        (vec!["./plain"], None, "cannot start ./plain: Permission denied"),
        (
            vec!["true"],
            Some("/no/such/dir"),
            "cannot enter the working directory /no/such/dir: No such file",
        ),
    ];
    for (argv, cwd, expected) in cases {
        let other = Run::new();
        let mut spec = other.spec(&argv);
        spec.cwd = cwd.map_or(run.script_dir().to_string_lossy().into_owned(), str::to_owned);
        let seen = other.complete(&spec);
        assert_eq!(seen.exit.cause, ExitCause::StartFailed);
        let error = seen.exit.error.clone().expect("a sentence");
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(seen.notes(), error, "the log says it too");
    }
}

#[test]
fn a_probe_writes_down_what_it_sees() {
    let run = Run::new();
    fs::write(run.script_dir().join("b"), "").expect("write");
    fs::create_dir(run.script_dir().join("a")).expect("create");
    let status = Supervisor::start(supervisor().arg("probe").arg(run.dir()).arg(run.script_dir())).wait();
    assert!(status.success());
    let probe = fs::read(run.dir().join("probe.json")).expect("the probe is there");
    let probe: Probe = serde_json::from_slice(&probe).expect("the probe can be read");
    assert_eq!(probe.listing, ["a", "b"]);
    assert_eq!((probe.listing_error, probe.parent_listing_error), (None, None));
    assert_eq!(probe.uid, run.spec(&["x"]).uid);
    assert!(
        probe.nofile_limit.is_some_and(|limit| limit > 0),
        "no kernel leaves it unlimited"
    );
    let nowhere = run.script_dir().join("none/none");
    Supervisor::start(supervisor().arg("probe").arg(run.dir()).arg(nowhere)).wait();
    let probe = fs::read(run.dir().join("probe.json")).expect("the probe is there");
    let probe: Probe = serde_json::from_slice(&probe).expect("the probe can be read");
    assert!(probe.listing_error.is_some() && probe.parent_listing_error.is_some());
}

#[test]
fn a_probe_knows_the_limits_of_its_process() {
    let run = Run::new();
    let mut limited = Command::new("sh");
    limited
        .args([
            "-c",
            "ulimit -n 64; ulimit -f 2000; ulimit -c 0; exec \"$0\" probe \"$1\" \"$1\"",
            env!("CARGO_BIN_EXE_supervisor"),
        ])
        .arg(run.dir());
    assert!(Supervisor::start(&mut limited).wait().success());
    let probe = fs::read(run.dir().join("probe.json")).expect("the probe is there");
    let probe: Probe = serde_json::from_slice(&probe).expect("the probe can be read");
    // The shell counts a file's size in blocks of 512 bytes.
    let found = (probe.nofile_limit, probe.fsize_limit, probe.core_limit);
    assert_eq!(found, (Some(64), Some(2_000 * 512), Some(0)));
}

#[test]
fn wrong_use_is_told() {
    for args in [&[][..], &["run"], &["probe", "x"], &["fly"]] {
        assert_eq!(
            Supervisor::start(supervisor().args(args)).wait().code(),
            Some(exit_code::USAGE)
        );
    }
    let output = supervisor().arg("--version").output().expect("it runs");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("supervisor {}\n", env!("CARGO_PKG_VERSION"))
    );
}
