//! How a run ends: by itself, stopped, out of time; and what is left of it.

use std::time::{Duration, Instant};

use pytask_protocol::ExitCause;
use pytask_protocol::frame::Stream;

use crate::support::{Run, bytes_of, process, wait_for};

#[test]
fn exit_codes_and_signals_are_the_processs_own() {
    for code in [0, 1, 42, 255] {
        let run = Run::new();
        let seen = run.complete(&run.shell(&format!("exit {code}")));
        assert_eq!(
            (seen.exit.cause, seen.exit.code, seen.exit.signal),
            (ExitCause::Own, Some(code), None)
        );
        assert!(seen.exit.finished_at_ms >= seen.exit.started_at_ms);
        assert!(!seen.exit.killed_after_grace);
        assert_eq!((seen.exit.run_id.as_str(), seen.exit.log_error), ("run-1", None));
    }
    for (name, number) in [("KILL", 9), ("SEGV", 11), ("TERM", 15), ("PIPE", 13)] {
        let run = Run::new();
        let seen = run.complete(&run.shell(&format!("ulimit -c 0; kill -s {name} $$")));
        assert_eq!(
            (seen.exit.cause, seen.exit.code, seen.exit.signal),
            (ExitCause::Own, None, Some(number))
        );
        assert!(!seen.exit.killed_after_grace, "not by us");
    }
}

#[test]
fn a_stop_lets_the_script_finish_its_work() {
    for signal in ["TERM", "INT"] {
        let run = Run::new();
        run.give(&run.shell("trap 'echo tidied; exit 7' TERM; echo ready; while :; do sleep 0.02; done"));
        let supervisor = run.start();
        run.wait_for_output("ready");
        supervisor.signal(signal);
        assert_eq!(supervisor.wait().code(), Some(0));
        let seen = run.seen();
        assert_eq!(
            (seen.exit.cause, seen.exit.code),
            (ExitCause::StopRequested, Some(7))
        );
        assert!(!seen.exit.killed_after_grace);
        assert!(String::from_utf8_lossy(&seen.stdout()).ends_with("tidied\n"));
        assert!(
            seen.notes()
                .contains("A stop was requested: SIGTERM sent, SIGKILL follows after 1 s.")
        );
    }
}

#[test]
fn a_stubborn_script_is_killed_after_the_grace() {
    let run = Run::new();
    let mut spec = run.shell("trap '' TERM; echo ready; while :; do sleep 0.02; done");
    spec.limits.stop_grace_ms = 300;
    run.give(&spec);
    let supervisor = run.start();
    run.wait_for_output("ready");
    let asked = Instant::now();
    supervisor.signal("TERM");
    supervisor.signal("TERM");
    supervisor.wait();
    assert!(
        asked.elapsed() >= Duration::from_millis(300),
        "the grace was given"
    );
    let seen = run.seen();
    assert_eq!(
        (seen.exit.cause, seen.exit.signal),
        (ExitCause::StopRequested, Some(9))
    );
    assert!(seen.exit.killed_after_grace);
    assert!(
        seen.notes()
            .ends_with("Still running 300 ms after SIGTERM: killed."),
        "{}",
        seen.notes()
    );
}

#[test]
fn a_stopped_process_can_still_be_ended() {
    let run = Run::new();
    run.give(&run.shell("echo ready; kill -s STOP $$; echo never"));
    let supervisor = run.start();
    run.wait_for_output("ready");
    supervisor.signal("TERM");
    supervisor.wait();
    let seen = run.seen();
    assert_eq!(
        (seen.exit.cause, seen.exit.signal),
        (ExitCause::StopRequested, Some(15))
    );
    assert_eq!(seen.stdout(), b"ready\n");
}

#[test]
fn what_a_script_leaves_behind_is_killed_and_holds_nothing_up() {
    let run = Run::new();
    // Own session, both pipes held open, deaf to SIGTERM.
    let script = r#"setsid sh -c 'trap "" TERM; echo $$; : > up; while :; do sleep 0.02; done' &
        while ! [ -e up ]; do sleep 0.02; done; echo done"#;
    let start = Instant::now();
    let seen = run.complete(&run.shell(script));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!((seen.exit.cause, seen.exit.code), (ExitCause::Own, Some(0)));
    assert!(!seen.exit.killed_after_grace, "nobody was given a grace");
    let text = String::from_utf8(seen.stdout()).expect("text");
    assert!(text.ends_with("done\n"), "{text:?}");
    let orphan = text
        .lines()
        .next()
        .and_then(|line| line.parse().ok())
        .expect("the orphan's id");
    wait_for("the orphan's end", || process(orphan).is_none().then_some(()));
    assert!(seen.notes().contains("left behind"), "{}", seen.notes());
}

#[test]
fn orphans_are_reaped_while_the_run_lives() {
    let run = Run::new();
    run.give(&run.shell(
        "i=0; while [ $i -lt 30 ]; do (true &); i=$((i+1)); done; echo ready; while ! [ -e go ]; do sleep 0.02; done",
    ));
    let supervisor = run.start();
    run.wait_for_output("ready");
    wait_for("all zombies reaped", || {
        let zombies = std::fs::read_dir("/proc")
            .expect("list")
            .filter_map(|entry| process(entry.ok()?.file_name().to_str()?.parse().ok()?))
            .filter(|found| *found == ('Z', supervisor.pid()))
            .count();
        (zombies == 0).then_some(())
    });
    std::fs::write(run.script_dir().join("go"), "").expect("write");
    supervisor.wait();
    assert_eq!(run.seen().exit.code, Some(0));
}

#[test]
fn a_line_is_in_the_log_at_once() {
    let run = Run::new();
    run.give(&run.shell("printf first; while ! [ -e go ]; do sleep 0.02; done; echo second"));
    let supervisor = run.start();
    run.wait_for_output("first");
    assert_eq!(bytes_of(&run.log_so_far(), Stream::Stdout), b"first");
    std::fs::write(run.script_dir().join("go"), "").expect("write");
    supervisor.wait();
    assert_eq!(run.seen().stdout(), b"firstsecond\n");
}
