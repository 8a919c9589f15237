//! What is written down of a run's resources, while it runs and in its facts.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::{Run, Seen, wait_for};

const UNTIL_TOLD: &str = "while ! [ -e go ]; do sleep 0.02; done";

fn tell(run: &Run) {
    fs::write(run.script_dir().join("go"), "").expect("write");
}

fn assert_sound(seen: &Seen) {
    let (first, last) = (seen.samples.first(), seen.samples.last());
    let (first, last) = first.zip(last).expect("samples");
    assert!(seen.samples.len() >= 2, "one at the start, one at the end");
    assert!(seen.samples.is_sorted_by_key(|sample| sample.elapsed_ms));
    assert!(seen.samples.is_sorted_by_key(|sample| sample.cpu_us));
    assert!(first.at_ms >= seen.exit.started_at_ms);
    assert_eq!(
        last.at_ms, seen.exit.finished_at_ms,
        "the last one is that of the end"
    );
    let most = seen.samples.iter().map(|sample| sample.pids).max();
    assert_eq!(most.filter(|pids| *pids > 0), seen.exit.peak_pids);
    if let Some(cpu_ms) = seen.exit.cpu_ms {
        assert!(last.cpu_us / 1_000 <= cpu_ms, "{last:?}, {cpu_ms} in all");
    }
    if memory_is_readable() {
        for sample in &seen.samples {
            // No more than a machine may have, no less than a supervisor needs.
            assert!((64 << 10..1 << 50).contains(&sample.memory_bytes), "{sample:?}");
        }
    }
}

/// As it is for a supervisor outside of a container.
fn memory_is_readable() -> bool {
    let own = fs::read_to_string("/proc/self/cgroup").expect("our own cgroup");
    let v1 = Path::new("/sys/fs/cgroup/memory");
    let (mount, controllers, name) = if v1.exists() {
        (v1, "memory", "memory.usage_in_bytes")
    } else {
        (Path::new("/sys/fs/cgroup"), "", "memory.current")
    };
    let path = own.lines().find_map(|line| {
        let (names, path) = line.split_once(':')?.1.split_once(':')?;
        (names == controllers).then(|| path.trim_start_matches('/'))
    });
    mount.join(path.unwrap_or_default()).join(name).exists()
}

#[test]
fn a_short_run_has_its_start_and_its_end() {
    let run = Run::new();
    assert_sound(&run.complete(&run.spec(&["true"])));
}

#[test]
fn samples_come_while_the_script_runs() {
    let run = Run::new();
    run.give(&run.shell(UNTIL_TOLD));
    let supervisor = run.start();
    wait_for("samples", || (run.samples().len() >= 4).then_some(()));
    tell(&run);
    supervisor.wait();
    let seen = run.seen();
    assert_sound(&seen);
    // The last one comes when the run ends, whenever that is.
    let regular = &seen.samples[..seen.samples.len() - 1];
    for pair in regular.windows(2) {
        assert!(pair[1].elapsed_ms - pair[0].elapsed_ms >= 249, "{pair:?}");
    }
}

#[test]
fn a_program_that_cannot_start_is_no_exception() {
    let run = Run::new();
    assert_sound(&run.complete(&run.spec(&["no-such-program"])));
}

#[test]
fn without_a_tmp_of_its_own_a_run_has_no_figure_for_it() {
    let device = |path| fs::metadata(path).expect("there").dev();
    let run = Run::new();
    let seen = run.complete(&run.spec(&["true"]));
    assert_eq!(seen.exit.tmp_peak_bytes.is_some(), device("/tmp") != device("/"));
}
