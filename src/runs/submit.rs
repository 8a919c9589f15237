//! New runs: what is asked is checked, and recorded before anything else happens.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::context::Context;
use super::fires::MOST_WAITING;
use super::{Error, enforceable};
use crate::envs::{policy, requirements};
use crate::events::News;
use crate::model::arguments;
use crate::model::build::{Build, BuildAction, Upgrade};
use crate::model::environment::Environment;
use crate::model::ids::{RunId, ScriptId};
use crate::model::limits::Limits;
use crate::model::run::{Facts, Launch, Overlap, Run, RunKind, State, Trigger};
use crate::model::script::{Invalid, Script};
use crate::store;

const KEY_CHARS: usize = 200;

#[derive(Debug, Clone)]
pub struct Submission {
    pub script: ScriptId,
    pub trigger: Trigger,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    /// Instead of what the script says about unfinished runs.
    pub overlap: Option<Overlap>,
    /// The same key for the same script answers the same run.
    pub idempotency_key: Option<String>,
}

/// A run whose directory holds something already.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub id: RunId,
    pub at: Timestamp,
}

pub(super) async fn submit(cx: &Context, submission: Submission) -> Result<Run, Error> {
    record(cx, submission, None).await
}

/// Records it, as the run that has arrived if one has.
pub(super) async fn record(
    cx: &Context,
    submission: Submission,
    arrived: Option<Arrived>,
) -> Result<Run, Error> {
    check(&submission)?;
    let own_image = cx.installation.image.clone();
    let now = arrived.as_ref().map_or_else(|| cx.clock.now(), |run| run.at);
    let defaults = cx.settings.in_force().default_limits;
    let (run, fresh) = cx
        .store
        .write(move |tx| {
            let script = living(tx, &submission.script)?;
            let key = submission.idempotency_key.as_deref();
            if let Some(key) = key
                && let Some(run) = store::runs::by_idempotency_key(tx, &script.id, key)?
            {
                return Ok((run, false));
            }
            let mut run = new_run(&script, RunKind::Script, now);
            run.trigger = submission.trigger;
            run.overlap = submission.overlap.unwrap_or(script.overlap);
            if let Some(arrived) = arrived {
                let waiting = store::runs::count_queued(tx, &script.id)?;
                if run.overlap != Overlap::Skip && waiting >= MOST_WAITING {
                    return Err(Error::QueueFull { waiting });
                }
                run.id = arrived.id;
                store::runs::removal::removed(tx, std::slice::from_ref(&run.id))?;
            }
            run.parallel_limit = script.parallel_limit;
            run.args = submission.args;
            run.env = submission.env;
            run.limits = script.limits.over(&defaults);
            run.image = image_of(tx, &script, own_image)?;
            store::runs::insert(tx, &mut run, key)?;
            Ok::<_, Error>((run, true))
        })
        .await?;
    if fresh {
        announce(cx, &run);
    }
    Ok(run)
}

/// What somebody wants built.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub action: BuildAction,
    pub upgrade: Upgrade,
}

pub(super) async fn build(
    cx: &Context,
    script: &ScriptId,
    wish: Wish,
    trigger: Trigger,
) -> Result<Run, Error> {
    let (own_image, now, script) = (cx.installation.image.clone(), cx.clock.now(), script.clone());
    let packages = cx.settings.in_force().packages;
    let limits = Limits {
        run_seconds: packages.max_build_seconds,
        disk_bytes: Some(packages.max_environment_bytes),
        ..enforceable::within_machine(Limits::default_for_builds(), &cx.status.borrow())
    };
    let (run, fresh) = cx
        .store
        .write(move |tx| {
            let script = living(tx, &script)?;
            let live = match &script.environment_key {
                Some(key) => store::environments::get(tx, &script.id, key)?,
                None => None,
            };
            let requirements = match (wish.action, &live) {
                (BuildAction::Rebuild, None) => return Err(Error::NothingToRebuild),
                (BuildAction::Rebuild, Some(live)) => live.requirements.clone(),
                _ => policy::effective(&script.requirements, &packages.default_requirements),
            };
            if requirements.is_empty() {
                return Err(Error::NothingToInstall);
            }
            let known = known_packages(&requirements, live.as_ref());
            let build = Build {
                action: wish.action,
                upgrade: checked(wish.upgrade, &known)?,
                from: live.map(|live| live.key),
                same_as: None,
                policy: policy::of_build(&packages, &script.build_from_source, now),
                found: None,
            };
            let image = image_of(tx, &script, own_image)?;
            let same = |run: &Run| {
                let as_good = run
                    .build
                    .as_ref()
                    .is_some_and(|other| other.asks_the_same(&build));
                let for_the_same = run.requirements == requirements && run.image == image;
                run.script_id == script.id && for_the_same && as_good
            };
            if let Some(run) = store::runs::unfinished(tx)?.into_iter().find(same) {
                return Ok((run, false));
            }
            let mut run = new_run(&script, RunKind::Build, now);
            run.trigger = trigger;
            run.limits = limits;
            run.image = image;
            run.requirements = requirements;
            run.build = Some(build);
            store::runs::insert(tx, &mut run, None)?;
            Ok::<_, Error>((run, true))
        })
        .await?;
    if fresh {
        announce(cx, &run);
        cx.events.publish(News::Script(run.script_id.clone()));
    }
    Ok(run)
}

/// Records that the bytecode of an environment is to be compiled, after it has become live.
pub(super) async fn compile(cx: &Context, script: &ScriptId, key: String) -> Result<(), Error> {
    let (own_image, now, script) = (cx.installation.image.clone(), cx.clock.now(), script.clone());
    let limits = enforceable::within_machine(Limits::default_for_compiling(), &cx.status.borrow());
    let run = cx
        .store
        .write(move |tx| {
            let script = living(tx, &script)?;
            let mut run = new_run(&script, RunKind::Compile, now);
            run.trigger = Trigger::System;
            run.limits = limits;
            run.image = image_of(tx, &script, own_image)?;
            run.build = Some(Build {
                from: Some(key),
                ..Build::default()
            });
            store::runs::insert(tx, &mut run, None)?;
            Ok::<_, Error>(run)
        })
        .await?;
    announce(cx, &run);
    Ok(())
}

/// Names of what may be told to move: what is asked for, and what is there.
fn known_packages(requirements: &[String], live: Option<&Environment>) -> Vec<String> {
    let asked = requirements
        .iter()
        .filter_map(|line| requirements::package_name(line));
    let there = live
        .iter()
        .flat_map(|live| live.packages.iter().map(|package| package.name.clone()));
    asked.chain(there).collect()
}

/// The names normalised; one that nobody knows would be ignored by the installer, silently.
fn checked(upgrade: Upgrade, known: &[String]) -> Result<Upgrade, Invalid> {
    let Upgrade::Packages(names) = upgrade else {
        return Ok(upgrade);
    };
    let invalid = |message| Invalid {
        field: "packages",
        message,
    };
    let names = policy::names("packages", &names).map_err(|e| invalid(e.to_string()))?;
    match names.iter().find(|name| !known.contains(name)) {
        Some(stranger) => Err(invalid(format!(
            "{stranger} is neither asked for nor installed; add it to the requirements first"
        ))),
        None => Ok(Upgrade::Packages(names)),
    }
}

fn announce(cx: &Context, run: &Run) {
    cx.events.publish(News::Run(Box::new(run.clone())));
    cx.admission.notify_one();
}

fn living(connection: &rusqlite::Connection, id: &ScriptId) -> Result<Script, Error> {
    let script = store::scripts::get(connection, id)?.filter(|script| script.deleted_at.is_none());
    script.ok_or(Error::ScriptNotFound)
}

/// What its runs are started from. A name that is not on the list any more is left for the engine to judge.
pub(super) fn image_of(
    connection: &rusqlite::Connection,
    script: &Script,
    own: String,
) -> Result<String, store::Error> {
    let Some(name) = &script.image else {
        return Ok(own);
    };
    let image = store::images::get(connection, name)?;
    Ok(image.map_or_else(|| name.clone(), |image| image.to_start().to_owned()))
}

pub(super) fn new_run(script: &Script, kind: RunKind, now: jiff::Timestamp) -> Run {
    Run {
        id: RunId::generate(),
        number: 0,
        script_id: script.id.clone(),
        kind,
        state: State::Queued,
        version: 0,
        kept: false,
        trigger: Trigger::Manual,
        overlap: Overlap::Queue,
        parallel_limit: None,
        queued_at: now,
        not_before: None,
        retry: None,
        started_at: None,
        finished_at: None,
        args: Vec::new(),
        env: BTreeMap::new(),
        limits: Limits::default_for_scripts(),
        image: String::new(),
        requirements: Vec::new(),
        build: None,
        build_run_id: None,
        launch: Launch::default(),
        facts: Facts::default(),
    }
}

fn check(submission: &Submission) -> Result<(), Invalid> {
    arguments::check(&submission.args, &submission.env)?;
    if let Some(key) = &submission.idempotency_key
        && (key.is_empty() || key.chars().count() > KEY_CHARS)
    {
        return Err(Invalid {
            field: "Idempotency-Key",
            message: format!("An idempotency key has 1 to {KEY_CHARS} characters"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission() -> Submission {
        Submission {
            script: ScriptId::generate(),
            trigger: Trigger::Api,
            args: vec![],
            env: BTreeMap::new(),
            overlap: None,
            idempotency_key: None,
        }
    }

    #[test]
    fn only_known_packages_can_be_told_to_move() {
        let known = ["six".to_owned(), "flask-login".to_owned()];
        let names = |list: &[&str]| Upgrade::Packages(list.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(
            checked(names(&["Flask_Login"]), &known),
            Ok(names(&["flask-login"]))
        );
        assert_eq!(checked(Upgrade::Everything, &[]), Ok(Upgrade::Everything));
        for bad in ["requests", "--all", ""] {
            let checked = checked(names(&[bad, "sixx"]), &known);
            assert_eq!(checked.expect_err(bad).field, "packages");
        }
    }

    #[test]
    fn hostile_wishes_are_named() {
        let with_env = |name: &str, value: &str| Submission {
            env: [(name.to_owned(), value.to_owned())].into(),
            ..submission()
        };
        let cases = [
            (
                Submission {
                    args: vec!["a\0b".into()],
                    ..submission()
                },
                "args",
            ),
            (
                Submission {
                    args: vec![String::new(); 257],
                    ..submission()
                },
                "args",
            ),
            (with_env("", "x"), "env"),
            (with_env("A=B", "x"), "env"),
            (with_env("1A", "x"), "env"),
            (with_env("PYTASK_RUN_ID", "x"), "env"),
            (with_env("A", "x\0"), "env"),
            (
                Submission {
                    idempotency_key: Some(String::new()),
                    ..submission()
                },
                "Idempotency-Key",
            ),
        ];
        for (bad, field) in cases {
            assert_eq!(check(&bad).expect_err(field).field, field);
        }
        assert_eq!(check(&with_env("_ok1", "any\nvalue")), Ok(()));
    }
}
