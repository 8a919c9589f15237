//! The engine's contract held by the fake, and the fake's stand-in for the supervisor.

mod contract;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::{Behaviour, Bench, exited, in_time};
use pytask_manager::engine::fake::{End, Fake, Gate, Launch, OnStop, Script, Step, least_job};
use pytask_manager::engine::{Engine, Error, JobSpec, JobState, Mount};
use pytask_protocol::frame::{Decoded, Stream, decode};
use pytask_protocol::{Exit, ExitCause, Spec, SpecLimits, VERSION};

struct FakeBench {
    engine: Fake,
    stranger: Fake,
    jobs: AtomicU64,
    data_dir: tempfile::TempDir,
}

impl FakeBench {
    fn new() -> Self {
        let data_dir = tempfile::tempdir().expect("a temporary directory");
        let engine = Fake::new("a", data_dir.path());
        Self {
            stranger: engine.beside("b"),
            engine,
            jobs: AtomicU64::new(0),
            data_dir,
        }
    }

    /// A job with a run directory, as the controller prepares it.
    fn run(&self, script: Script) -> JobSpec {
        let mut job = self.job(Behaviour::Exit(0));
        self.engine.script(&job.name.0, script);
        let source = Path::new("runs").join(&job.name.0);
        let directory = self.data_dir.path().join(&source);
        std::fs::create_dir_all(&directory).expect("a run directory");
        let spec = Spec {
            version: VERSION,
            run_id: job.name.0.clone(),
            argv: vec!["python3".to_owned()],
            env: Default::default(),
            cwd: "/script".to_owned(),
            uid: 1000,
            gid: 1000,
            limits: SpecLimits {
                run_ms: 0,
                stop_grace_ms: 0,
                log_bytes: 0,
            },
            secrets: Default::default(),
        };
        std::fs::write(
            directory.join("spec.json"),
            serde_json::to_vec(&spec).expect("JSON"),
        )
        .expect("written");
        job.mounts = vec![Mount {
            source,
            target: "/pytask/run".to_owned(),
            read_only: false,
        }];
        job
    }

    fn directory(&self, job: &JobSpec) -> std::path::PathBuf {
        self.data_dir.path().join(&job.mounts[0].source)
    }

    fn exit(&self, job: &JobSpec) -> Option<Exit> {
        let text = std::fs::read(self.directory(job).join("exit.json")).ok()?;
        Some(serde_json::from_slice(&text).expect("exit facts"))
    }

    fn log(&self, job: &JobSpec) -> Vec<(u64, Stream, Vec<u8>)> {
        let bytes = std::fs::read(self.directory(job).join("log")).expect("a log");
        let mut rest = bytes.as_slice();
        let mut records = vec![];
        while let Decoded::Record { record, consumed } = decode(rest) {
            records.push((record.seq, record.stream, record.payload.to_vec()));
            rest = &rest[consumed..];
        }
        assert!(rest.is_empty(), "the log has a torn tail");
        records
    }
}

impl Bench for FakeBench {
    fn engine(&self) -> &dyn Engine {
        &self.engine
    }

    fn stranger(&self) -> &dyn Engine {
        &self.stranger
    }

    fn job(&self, behaviour: Behaviour) -> JobSpec {
        let name = format!("pytask-a-{}", self.jobs.fetch_add(1, Ordering::Relaxed));
        let script = match behaviour {
            Behaviour::Exit(code) => Script {
                end: End::code(code),
                ..Default::default()
            },
            Behaviour::Hang => Script::hangs(),
            Behaviour::Deaf => Script {
                on_stop: OnStop::Ignores,
                ..Script::hangs()
            },
        };
        self.engine.script(&name, script);
        JobSpec {
            labels: [("pytask.run".to_owned(), name.clone())].into(),
            ..least_job(&name)
        }
    }
}

contract::clauses!(async { FakeBench::new() });

#[tokio::test]
async fn a_missing_image_is_named() {
    let bench = FakeBench::new();
    bench.engine.set_image_missing("none:1");
    contract::a_missing_image_is_named(&bench, "none:1").await;
}

#[tokio::test]
async fn a_run_leaves_what_the_supervisor_would() {
    let bench = FakeBench::new();
    let gate = Gate::default();
    let job = bench.run(Script {
        steps: vec![
            Step::Write(Stream::Stdout, b"one\n".to_vec()),
            Step::Pass(gate.clone()),
            Step::Write(Stream::Stderr, b"two".to_vec()),
        ],
        end: End::code(3),
        ..Default::default()
    });
    bench.engine.launch(&job).await.expect("launched");
    assert_eq!(
        bench.engine.inspect(&job.name).await.expect("seen"),
        JobState::Running
    );
    assert_eq!(bench.exit(&job), None, "no facts before the end");
    gate.open();
    // The supervisor ended well although the script did not.
    assert_eq!(
        in_time(bench.engine.wait(&job.name)).await.expect("waited"),
        exited(0)
    );

    let exit = bench.exit(&job).expect("facts");
    assert_eq!((exit.code, exit.cause), (Some(3), ExitCause::Own));
    assert_eq!((exit.stdout_bytes, exit.stderr_bytes, exit.last_seq), (4, 3, 2));
    let expected = [
        (1, Stream::Stdout, b"one\n".to_vec()),
        (2, Stream::Stderr, b"two".to_vec()),
    ];
    assert_eq!(bench.log(&job), expected);
    assert!(
        !bench.directory(&job).join("spec.json").exists(),
        "the spec is taken"
    );
}

#[tokio::test]
async fn user_code_starts_at_most_once() {
    let bench = FakeBench::new();
    let job = bench.run(Script::prints(&["hello"], 0));
    std::fs::write(bench.directory(&job).join("started"), "").expect("written");
    bench.engine.launch(&job).await.expect("launched");
    let ended = in_time(bench.engine.wait(&job.name)).await.expect("waited");
    assert_eq!(ended, exited(pytask_protocol::exit_code::ALREADY_STARTED.into()));
    assert_eq!(bench.exit(&job), None);
}

#[tokio::test]
async fn a_stop_is_told_in_the_facts_unless_it_is_ignored() {
    let bench = FakeBench::new();
    let willing = bench.run(Script::hangs());
    bench.engine.launch(&willing).await.expect("launched");
    in_time(async {
        while !bench.directory(&willing).join("started").exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    in_time(bench.engine.stop(&willing.name, Duration::from_secs(30)))
        .await
        .expect("stopped");
    let exit = bench.exit(&willing).expect("facts");
    assert_eq!((exit.cause, exit.signal), (ExitCause::StopRequested, Some(15)));

    let deaf = bench.run(Script {
        on_stop: OnStop::Ignores,
        ..Script::hangs()
    });
    bench.engine.launch(&deaf).await.expect("launched");
    in_time(bench.engine.stop(&deaf.name, Duration::from_millis(50)))
        .await
        .expect("stopped");
    assert_eq!(bench.exit(&deaf), None);
}

#[tokio::test]
async fn ends_without_facts() {
    let bench = FakeBench::new();
    let dies = bench.run(Script {
        end: End::Dies {
            code: 137,
            oom_killed: true,
        },
        ..Default::default()
    });
    bench.engine.launch(&dies).await.expect("launched");
    let ended = in_time(bench.engine.wait(&dies.name)).await.expect("waited");
    assert_eq!(
        ended,
        JobState::Exited {
            code: 137,
            oom_killed: true,
            error: None
        }
    );

    let vanishes = bench.run(Script {
        end: End::Vanishes,
        ..Default::default()
    });
    bench.engine.launch(&vanishes).await.expect("launched");
    assert_eq!(
        in_time(bench.engine.wait(&vanishes.name)).await.expect("waited"),
        JobState::Absent
    );
    assert_eq!((bench.exit(&dies), bench.exit(&vanishes)), (None, None));
}

#[tokio::test]
async fn the_answers_to_a_launch() {
    let bench = FakeBench::new();
    let with = |launch: Launch| {
        bench.run(Script {
            launch,
            ..Default::default()
        })
    };
    let refused = with(Launch::Refuse("no".to_owned()));
    assert!(matches!(
        bench.engine.launch(&refused).await,
        Err(Error::Refused(_))
    ));
    assert_eq!(
        bench.engine.inspect(&refused.name).await.expect("seen"),
        JobState::Created
    );

    let unenforceable = with(Launch::Unenforceable("no".to_owned()));
    assert!(matches!(
        bench.engine.launch(&unenforceable).await,
        Err(Error::Unenforceable(_))
    ));
    assert_eq!(
        bench.engine.inspect(&unenforceable.name).await.expect("seen"),
        JobState::Absent
    );

    let idle = with(Launch::NeverStart);
    bench.engine.launch(&idle).await.expect("launched");
    assert_eq!(
        in_time(bench.engine.wait(&idle.name)).await.expect("waited"),
        JobState::Created
    );
}

#[tokio::test]
async fn away_is_an_error_for_everybody_and_the_job_goes_on() {
    let bench = FakeBench::new();
    let gate = Gate::default();
    let job = bench.run(Script {
        steps: vec![Step::Pass(gate.clone())],
        ..Default::default()
    });
    bench.engine.launch(&job).await.expect("launched");
    let (waited, ()) = in_time(async {
        tokio::join!(bench.engine.wait(&job.name), async {
            bench.engine.set_away(true)
        })
    })
    .await;
    assert!(matches!(waited, Err(Error::Away(_))));
    assert!(matches!(bench.engine.ping().await, Err(Error::Away(_))));
    gate.open();
    in_time(bench.engine.until(&job.name, |state| *state == exited(0))).await;
    bench.engine.set_away(false);
    assert_eq!(bench.engine.inspect(&job.name).await.expect("seen"), exited(0));
}

#[tokio::test]
async fn a_lost_reply_is_healed_by_asking_again() {
    let bench = FakeBench::new();
    let job = bench.job(Behaviour::Hang);
    bench.engine.lose_next_reply();
    assert!(matches!(bench.engine.launch(&job).await, Err(Error::Away(_))));
    assert_eq!(
        bench.engine.inspect(&job.name).await.expect("seen"),
        JobState::Running
    );
    bench.engine.launch(&job).await.expect("adopted");
    assert_eq!(bench.engine.launches().len(), 2);
    assert_eq!(bench.engine.list().await.expect("listed").len(), 1);
}
