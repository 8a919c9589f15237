//! From a run to what the engine and the supervisor are told: pure.
//!
//! A script's container sees its own folder, a folder for what it leaves, its environment (read-only), its run directory
//! and the supervisor; a build's sees the package cache with its own folder in it, the run directory and the supervisor;
//! one that may execute code of packages sees its own folder alone; what compiles an environment sees that, writable.
//! Never a parent of any of these.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use pytask_protocol::{Spec, SpecLimits, VERSION};

use crate::engine::{self, JobName, JobSpec, Mount, Priority, ResourceCaps};
use crate::envs::build;
use crate::model::build::Build;
use crate::model::indexes::Indexes;
use crate::model::limits::{Limits, Network};
use crate::model::run::{Run, RunKind, Trigger};
use crate::model::variable::Given;

pub const RUN_DIRECTORY: &str = "/pytask/run";
pub const SUPERVISOR_DIRECTORY: &str = "/pytask/bin";
pub const SCRIPT_FOLDER: &str = "/script";
pub const ARTIFACTS: &str = "/artifacts";
/// Of a run that was started by a call.
pub const TRIGGER: &str = "/trigger";
/// The file in it that holds the call's body.
pub const TRIGGER_BODY: &str = "body";
/// Beside the supervisor: what stands where pip would be.
const SHIMS: &str = "/pytask/bin/shims";

pub const LABEL_RUN: &str = "pytask.run";
pub const LABEL_SCRIPT: &str = "pytask.script";
pub const LABEL_KIND: &str = "pytask.kind";
/// A kind of which no job is a run: `tools` starts and ends them.
pub const KIND_TOOLS: &str = "tools";

/// Folders on the data volume, relative to it.
#[derive(Debug, Clone)]
pub struct Places {
    pub run_directory: PathBuf,
    pub supervisor: PathBuf,
    /// Of a script run.
    pub files: PathBuf,
    /// Of a script run.
    pub artifacts: PathBuf,
    /// Of a script run that was started by a call.
    pub trigger: Option<PathBuf>,
    /// Of a script run that has an environment.
    pub environment: Option<PathBuf>,
    /// Of builds.
    pub cache: PathBuf,
    /// Of this build.
    pub build: PathBuf,
}

/// What stays the same for all runs.
pub struct Identity<'a> {
    pub instance: &'a str,
    pub uid: u32,
}

pub fn job_name(instance: &str, run: &Run) -> JobName {
    JobName(format!("pytask-{instance}-{}", run.id))
}

/// What the engine is asked to execute.
pub fn job(run: &Run, places: &Places, identity: &Identity<'_>) -> JobSpec {
    let mut mounts = vec![
        mount(&places.run_directory, RUN_DIRECTORY, false),
        mount(&places.supervisor, SUPERVISOR_DIRECTORY, true),
    ];
    match run.kind {
        RunKind::Script => {
            mounts.push(mount(&places.files, SCRIPT_FOLDER, false));
            mounts.push(mount(&places.artifacts, ARTIFACTS, false));
            if let Some(trigger) = &places.trigger {
                mounts.push(mount(trigger, TRIGGER, true));
            }
            if let Some(environment) = &places.environment {
                mounts.push(mount(environment, build::ENVIRONMENT, true));
            }
        }
        RunKind::Build if build_of(run).policy.runs_foreign_code() => {
            let folder = build::folder(run.id.as_str());
            mounts.push(mount(&places.build, &folder, false));
        }
        RunKind::Build => mounts.push(mount(&places.cache, build::CACHE, false)),
        // The one job that may write to an environment; it executes nothing of it.
        RunKind::Compile => {
            let environment = places.environment.iter();
            mounts.extend(environment.map(|place| mount(place, build::ENVIRONMENT, false)));
        }
    }
    let kind = match run.kind {
        RunKind::Script => "script",
        RunKind::Build => "build",
        RunKind::Compile => "compile",
    };
    let labels = [
        (LABEL_RUN, run.id.as_str()),
        (LABEL_SCRIPT, run.script_id.as_str()),
        (LABEL_KIND, kind),
    ];
    JobSpec {
        name: job_name(identity.instance, run),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        // What was settled, and not what has the name meanwhile.
        image: run.image_to_start().to_owned(),
        command: [
            &format!("{SUPERVISOR_DIRECTORY}/supervisor"),
            "run",
            RUN_DIRECTORY,
        ]
        .map(str::to_owned)
        .to_vec(),
        mounts,
        caps: caps(&run.limits),
        priority: match run.kind {
            RunKind::Script | RunKind::Build => Priority::Normal,
            RunKind::Compile => Priority::Low,
        },
        network: match run.limits.network {
            Network::None => engine::Network::None,
            Network::Bridge => engine::Network::Bridge,
        },
        stop_grace: Duration::from_secs(run.limits.stop_grace_seconds) + SUPERVISOR_MARGIN,
    }
}

/// What the supervisor needs after its own grace to drain the pipes and write the exit facts.
pub const SUPERVISOR_MARGIN: Duration = Duration::from_secs(10);

fn mount(source: &std::path::Path, target: &str, read_only: bool) -> Mount {
    Mount {
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    }
}

fn caps(limits: &Limits) -> ResourceCaps {
    ResourceCaps {
        memory: limits.memory_bytes,
        cpus: limits.cpus,
        pids: limits.pids,
        nofile: limits.nofile,
        fsize: limits.fsize_bytes,
        tmp: limits.tmp_bytes,
    }
}

/// What is known when the process is described.
pub struct Surroundings<'a> {
    /// Relative to the script's folder.
    pub entry_point: &'a str,
    pub has_environment: bool,
    /// What the image sets for its processes; the supervisor passes on nothing by itself.
    pub image_env: &'a BTreeMap<String, String>,
    /// Of a build.
    pub indexes: &'a Indexes,
    /// Of a script run.
    pub variables: &'a Given,
}

/// What the supervisor is asked to start.
pub fn process(run: &Run, around: &Surroundings<'_>, identity: &Identity<'_>) -> Spec {
    let secrets = secrets(run, around);
    let (argv, env, cwd) = match run.kind {
        RunKind::Script => (
            script_command(run, around),
            script_variables(run, around),
            SCRIPT_FOLDER.to_owned(),
        ),
        RunKind::Build => (
            build::command(),
            build::variables(around.image_env, around.indexes, run.id.as_str(), &build_of(run)),
            build::folder(run.id.as_str()),
        ),
        RunKind::Compile => (
            build::compile_command(),
            build::image_variables(around.image_env),
            build::ENVIRONMENT.to_owned(),
        ),
    };
    Spec {
        version: VERSION,
        run_id: run.id.to_string(),
        argv,
        env,
        cwd,
        uid: identity.uid,
        gid: identity.uid,
        limits: SpecLimits {
            run_ms: run.limits.run_seconds.saturating_mul(1000),
            stop_grace_ms: run.limits.stop_grace_seconds.saturating_mul(1000),
            log_bytes: run.limits.log_bytes,
        },
        secrets,
    }
}

/// Names of variables whose values are kept out of the log. What a run has of its own is stored with it for everybody
/// to see, and is no secret, whatever it is called.
fn secrets(run: &Run, around: &Surroundings<'_>) -> BTreeSet<String> {
    match run.kind {
        RunKind::Script => {
            let names = around.variables.secret.keys();
            names
                .filter(|name| !run.env.contains_key(*name))
                .cloned()
                .collect()
        }
        RunKind::Build => build::secrets(around.indexes, &build_of(run)),
        RunKind::Compile => BTreeSet::new(),
    }
}

fn build_of(run: &Run) -> Build {
    run.build.clone().unwrap_or_default()
}

fn script_command(run: &Run, around: &Surroundings<'_>) -> Vec<String> {
    let python = if around.has_environment {
        format!("{}/bin/python", build::ENVIRONMENT)
    } else {
        "python3".to_owned()
    };
    let mut argv = vec![python, format!("{SCRIPT_FOLDER}/{}", around.entry_point)];
    argv.extend(run.args.iter().cloned());
    argv
}

/// The image's variables, then what a run needs, then the user's (of all scripts, of this one, of the run), then ours: what the run's place in the world is,
/// nobody can claim otherwise.
fn script_variables(run: &Run, around: &Surroundings<'_>) -> BTreeMap<String, String> {
    let mut variables = build::image_variables(around.image_env);
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("HOME", "/tmp".to_owned());
    set("PYTHONUNBUFFERED", "1".to_owned());
    set("PYTHONDONTWRITEBYTECODE", "1".to_owned());
    if around.has_environment {
        set("VIRTUAL_ENV", build::ENVIRONMENT.to_owned());
        put_first(&mut variables, "PATH", &format!("{}/bin", build::ENVIRONMENT));
    }
    put_first(&mut variables, "PATH", SHIMS);
    let Given { plain, secret } = around.variables;
    variables.extend(plain.iter().map(|(name, value)| (name.clone(), value.clone())));
    let secret = secret.iter();
    variables.extend(secret.map(|(name, value)| (name.clone(), value.reveal().to_owned())));
    variables.extend(run.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    put_first(&mut variables, "PYTHONPATH", &format!("{SHIMS}/python"));
    variables.insert("PYTASK_RUN_ID".to_owned(), run.id.to_string());
    variables.insert("PYTASK_SCRIPT_ID".to_owned(), run.script_id.to_string());
    variables.insert("PYTASK_ARTIFACTS".to_owned(), ARTIFACTS.to_owned());
    if let Trigger::Webhook { content_type, .. } = &run.trigger {
        let body = format!("{TRIGGER}/{TRIGGER_BODY}");
        variables.insert("PYTASK_TRIGGER_BODY".to_owned(), body);
        if let Some(content_type) = content_type {
            variables.insert("PYTASK_TRIGGER_CONTENT_TYPE".to_owned(), content_type.clone());
        }
    }
    variables
}

/// In a list of folders.
fn put_first(variables: &mut BTreeMap<String, String>, name: &str, folder: &str) {
    let list = match variables.get(name) {
        Some(rest) if !rest.is_empty() => format!("{folder}:{rest}"),
        _ => folder.to_owned(),
    };
    variables.insert(name.to_owned(), list);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::State;
    use crate::model::secret::Secret;
    use crate::runs::tests_support::run_in;

    fn places() -> Places {
        Places {
            run_directory: "runs/2026/11/r".into(),
            supervisor: "bin/abc".into(),
            files: "scripts/s/files".into(),
            artifacts: "runs/2026/11/r/artifacts".into(),
            trigger: None,
            environment: Some("scripts/s/envs/k/venv".into()),
            cache: "cache".into(),
            build: "cache/builds/r".into(),
        }
    }

    fn around<'a>(
        entry_point: &'a str,
        has_environment: bool,
        image_env: &'a BTreeMap<String, String>,
    ) -> Surroundings<'a> {
        Surroundings {
            entry_point,
            has_environment,
            image_env,
            indexes: &NO_INDEXES,
            variables: &NOTHING,
        }
    }

    static NOTHING: Given = Given {
        plain: BTreeMap::new(),
        secret: BTreeMap::new(),
    };

    static NO_INDEXES: Indexes = Indexes {
        extra: vec![],
        main: None,
    };

    const IDENTITY: Identity<'static> = Identity {
        instance: "i1",
        uid: 1000,
    };

    #[test]
    fn a_script_sees_its_own_and_nothing_else() {
        let run = run_in(State::Starting);
        let job = job(&run, &places(), &IDENTITY);
        let mounts: Vec<_> = job
            .mounts
            .iter()
            .map(|m| (m.source.display().to_string(), m.target.as_str(), m.read_only))
            .collect();
        let expected = [
            ("runs/2026/11/r", "/pytask/run", false),
            ("bin/abc", "/pytask/bin", true),
            ("scripts/s/files", "/script", false),
            ("runs/2026/11/r/artifacts", "/artifacts", false),
            ("scripts/s/envs/k/venv", "/env", true),
        ];
        assert_eq!(
            mounts,
            expected.map(|(source, target, ro)| (source.to_owned(), target, ro))
        );
        assert_eq!(job.name.0, format!("pytask-i1-{}", run.id));
        assert_eq!(job.labels[LABEL_KIND], "script");
    }

    #[test]
    fn what_a_call_brought_is_there_to_be_read_and_named() {
        let mut run = run_in(State::Starting);
        run.trigger = Trigger::Webhook {
            content_type: Some("application/json".to_owned()),
            body_bytes: 2,
        };
        let brought = Places {
            trigger: Some("runs/2026/11/r/trigger".into()),
            ..places()
        };
        let mounted = job(&run, &brought, &IDENTITY).mounts.remove(4);
        assert_eq!((mounted.target.as_str(), mounted.read_only), ("/trigger", true));
        run.env = [("PYTASK_TRIGGER_BODY".to_owned(), "forged".to_owned())].into();
        let none = BTreeMap::new();
        let spec = process(&run, &around("main.py", false, &none), &IDENTITY);
        assert_eq!(spec.env["PYTASK_TRIGGER_BODY"], "/trigger/body");
        assert_eq!(spec.env["PYTASK_TRIGGER_CONTENT_TYPE"], "application/json");
        // The build that such a run waits for is told nothing.
        run.kind = RunKind::Build;
        let spec = process(&run, &around("main.py", false, &none), &IDENTITY);
        assert!(!spec.env.contains_key("PYTASK_TRIGGER_BODY"), "{:?}", spec.env);
        assert!(
            job(&run, &brought, &IDENTITY)
                .mounts
                .iter()
                .all(|m| m.target != "/trigger")
        );
    }

    #[test]
    fn a_build_sees_the_cache_and_no_script() {
        let mut run = run_in(State::Starting);
        run.kind = RunKind::Build;
        let job = job(&run, &places(), &IDENTITY);
        assert!(
            job.mounts.iter().all(|m| !m.source.starts_with("scripts")),
            "{:?}",
            job.mounts
        );
        let spec = process(&run, &around("main.py", false, &BTreeMap::new()), &IDENTITY);
        assert_eq!(spec.cwd, format!("/cache/builds/{}", run.id));
    }

    #[test]
    fn a_build_that_runs_foreign_code_sees_its_own_folder_alone() {
        let mut run = run_in(State::Starting);
        run.kind = RunKind::Build;
        let mut asked = Build::default();
        asked.policy.build_from_source = vec!["docopt".to_owned()];
        run.build = Some(asked);
        let job = job(&run, &places(), &IDENTITY);
        let sources: Vec<_> = job
            .mounts
            .iter()
            .map(|m| m.source.display().to_string())
            .collect();
        assert_eq!(sources, ["runs/2026/11/r", "bin/abc", "cache/builds/r"]);
        let spec = process(&run, &around("main.py", false, &BTreeMap::new()), &IDENTITY);
        assert!(spec.env["UV_CACHE_DIR"].starts_with(&spec.cwd), "{:?}", spec.env);
        assert_eq!(job.mounts[2].target, spec.cwd);
    }

    #[test]
    fn a_script_gets_its_words_and_its_environment() {
        let mut run = run_in(State::Starting);
        run.args = vec!["--since".into(), "a b; rm -rf /".into()];
        run.env = [
            ("NAME".to_owned(), "x".to_owned()),
            ("PYTHONPATH".to_owned(), "/script/lib".to_owned()),
            ("PYTASK_RUN_ID".to_owned(), "forged".to_owned()),
        ]
        .into();
        let image_env = [
            ("PATH", "/opt/bin:/bin"),
            ("HOME", "/root"),
            ("LD_PRELOAD", "x.so"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let spec = process(&run, &around("jobs/main.py", true, &image_env), &IDENTITY);
        assert_eq!(
            spec.argv,
            [
                "/env/bin/python",
                "/script/jobs/main.py",
                "--since",
                "a b; rm -rf /"
            ]
        );
        assert_eq!(spec.env["NAME"], "x");
        assert_eq!(spec.env["PYTASK_RUN_ID"], run.id.as_str());
        assert_eq!(spec.env["PYTASK_ARTIFACTS"], "/artifacts");
        assert_eq!(spec.env["PYTHONUNBUFFERED"], "1");
        assert_eq!(spec.env["PATH"], "/pytask/bin/shims:/env/bin:/opt/bin:/bin");
        assert_eq!(spec.env["PYTHONPATH"], "/pytask/bin/shims/python:/script/lib");
        assert_eq!(
            (spec.env["HOME"].as_str(), spec.env["LD_PRELOAD"].as_str()),
            ("/tmp", "x.so")
        );
        assert!(spec.secrets.is_empty());
        let bare = process(&run, &around("main.py", false, &BTreeMap::new()), &IDENTITY);
        assert_eq!(bare.argv[0], "python3");
        assert!(!bare.env.contains_key("VIRTUAL_ENV"));
    }

    #[test]
    fn what_a_script_is_given_is_under_its_own_and_over_the_image_s() {
        let mut run = run_in(State::Starting);
        run.env = [("KEY", "shown"), ("OWN", "run")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let image_env = [("REGION".to_owned(), "image".to_owned())].into();
        let secret = |value: &str| Secret::new(value.to_owned());
        let given = Given {
            plain: [
                ("REGION".to_owned(), "eu".to_owned()),
                ("OWN".to_owned(), "script".to_owned()),
            ]
            .into(),
            secret: [
                ("KEY".to_owned(), secret("hidden")),
                ("TOKEN".to_owned(), secret("hunter2")),
            ]
            .into(),
        };
        let spec = process(
            &run,
            &Surroundings {
                variables: &given,
                ..around("main.py", false, &image_env)
            },
            &IDENTITY,
        );
        assert_eq!(
            ["REGION", "OWN", "KEY", "TOKEN"].map(|name| spec.env[name].as_str()),
            ["eu", "run", "shown", "hunter2"]
        );
        assert_eq!(spec.secrets, ["TOKEN".to_owned()].into());
        let job = format!("{:?}", job(&run, &places(), &IDENTITY));
        assert!(
            !job.contains("hunter2") && !job.contains("TOKEN"),
            "the engine is told nothing: {job}"
        );
        run.kind = RunKind::Build;
        let build = process(
            &run,
            &Surroundings {
                variables: &given,
                ..around("main.py", false, &image_env)
            },
            &IDENTITY,
        );
        assert!(!build.env.contains_key("TOKEN") && build.secrets.is_empty());
    }
}
