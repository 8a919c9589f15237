//! The first acts of a driver: settle what a run is started with, write its spec, have it launched.
//!
//! Both acts are safe to repeat. An engine that is away, a full disk, a busy database: the run stays where it is and the
//! act is taken again. Only what cannot become better ends the run, and then before any user code was started.

use super::context::Context;
use super::driver::{LOOK_SOON, record};
use super::spec::{self, Identity, Places, Surroundings};
use super::{Error, arrivals, artifacts, builds, directory, reuse};
use crate::engine;
use crate::envs::policy;
use crate::files::{self, ErrorKind, on_disk};
use crate::model::environment::Environment;
use crate::model::indexes::Indexes;
use crate::model::run::{Ending, Event, Launch, Run, RunKind};
use crate::model::script::Script;
use crate::model::variable::{Given, Used};
use crate::scripts;
use crate::settings;
use crate::store;
use crate::variables;

pub(super) async fn prepare(cx: &Context, run: &Run) -> Result<(), Error> {
    let script = match cx.scripts.get(&run.script_id).await {
        Ok(script) => script,
        Err(e) => return refused_or_later(cx, run, e).await,
    };
    let environment = environment_of(cx, run, &script).await?;
    if run.kind == RunKind::Compile && environment.is_none() {
        return give_up(cx, run, "the environment is gone".to_owned()).await;
    }
    // An environment belongs to the image it was built on, whatever has that image's name by now.
    let image = environment
        .as_ref()
        .map_or(&run.image, |environment| &environment.image_digest);
    let image = match cx.engine.ensure_image(image).await {
        Ok(image) => image,
        Err(engine::Error::Away(why)) => return pause(cx, run, &why).await,
        Err(engine::Error::Image { .. }) if environment.is_some() => {
            let detail = "the image its environment was built on is gone; install its dependencies again";
            return give_up(cx, run, detail.to_owned()).await;
        }
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let same_as = match run.kind {
        RunKind::Build => reuse::resolved_just_now(cx, run, &image.id).await?,
        _ => None,
    };
    let revision = match run.kind {
        RunKind::Build | RunKind::Compile => None,
        RunKind::Script => match cx.scripts.capture(&script.id).await {
            Ok(revision) => Some(revision),
            Err(e) => return refused_or_later(cx, run, e).await,
        },
    };
    let variables = match run.kind {
        RunKind::Build | RunKind::Compile => None,
        RunKind::Script => Some(cx.variables.used(&script.id, &run.env).await?),
    };
    let launch = Launch {
        variables,
        revision,
        lock_hash: environment
            .as_ref()
            .map(|environment| environment.lock_hash.clone()),
        environment_key: environment.map(|environment| environment.key),
        image_digest: Some(image.id),
    };
    let settled = launch.clone();
    let fill = move |run: &mut Run| {
        run.launch = settled;
        if let Some(build) = &mut run.build {
            build.same_as = same_as;
        }
    };
    cx.record_with(&run.id, Event::Prepared { launch }, fill, |_, _| Ok(()))
        .await?;
    Ok(())
}

/// Of the environment that the script's runs have: none if it asks for no packages.
pub(super) fn environment_key(cx: &Context, script: &Script) -> Option<String> {
    let packages = cx.settings.in_force().packages;
    let asked = policy::effective(&script.requirements, &packages.default_requirements);
    if asked.is_empty() {
        None
    } else {
        script.environment_key.clone()
    }
}

/// The environment that a run is given: a script's none if it asks for no packages, a build's none.
async fn environment_of(cx: &Context, run: &Run, script: &Script) -> Result<Option<Environment>, Error> {
    let key = match run.kind {
        RunKind::Script => environment_key(cx, script),
        RunKind::Build => None,
        RunKind::Compile => run.build.as_ref().and_then(|build| build.from.clone()),
    };
    let Some(key) = key else {
        return Ok(None);
    };
    let id = script.id.clone();
    Ok(cx
        .store
        .read(move |c| store::environments::get(c, &id, &key))
        .await?)
}

/// What cannot become better ends the run; a full disk or a busy database is tried again.
async fn refused_or_later(cx: &Context, run: &Run, error: scripts::Error) -> Result<(), Error> {
    match &error {
        scripts::Error::NotFound => give_up(cx, run, "its script is gone".to_owned()).await,
        scripts::Error::Files(e) if !matches!(e.kind(), ErrorKind::Io | ErrorKind::NoSpace) => {
            give_up(cx, run, format!("its files cannot be read: {e}")).await
        }
        _ => Err(error.into()),
    }
}

pub(super) async fn launch(cx: &Context, run: &Run) -> Result<(), Error> {
    if let Some(same) = run.build.as_ref().and_then(|build| build.same_as.as_ref()) {
        return match reuse::take_over(cx, run, same).await {
            Err(Error::Files(e)) if !matches!(e.kind(), ErrorKind::Io | ErrorKind::NoSpace) => {
                let detail =
                    format!("the environment that it was to share cannot be used ({e}); install again");
                give_up(cx, run, detail).await
            }
            Err(Error::Scripts(e)) => refused_or_later(cx, run, e).await,
            done => done,
        };
    }
    let script = match cx.scripts.get(&run.script_id).await {
        Ok(script) => script,
        Err(e) => return refused_or_later(cx, run, e).await,
    };
    let installation = &cx.installation;
    let identity = Identity {
        instance: &installation.instance,
        uid: installation.run_uid,
    };
    let environment = run.launch.environment_key.as_deref();
    let places = Places {
        run_directory: directory::place(run).into(),
        supervisor: installation.supervisor_folder.clone().into(),
        files: files::layout::script_files(&script.slug).into(),
        artifacts: artifacts::place(run).into(),
        trigger: arrivals::place(run),
        environment: environment.map(|key| files::layout::env_venv(&script.slug, key).into()),
        cache: files::layout::CACHE.into(),
        build: files::layout::build(run.id.as_str()).into(),
    };
    let image = match cx.engine.ensure_image(run.image_to_start()).await {
        Ok(image) => image,
        Err(engine::Error::Away(why)) => return pause(cx, run, &why).await,
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let (used, given) = match given_to(cx, run).await {
        Ok(given) => given,
        Err(variables::Error::Store(e)) => return Err(e.into()),
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    if used != run.launch.variables {
        return settle_variables(cx, run, used).await;
    }
    let indexes = match indexes_of(cx, run).await {
        Ok(indexes) => indexes,
        Err(settings::Error::Store(e)) => return Err(e.into()),
        Err(e) => return give_up(cx, run, e.to_string()).await,
    };
    let around = Surroundings {
        entry_point: &script.entry_point,
        has_environment: environment.is_some(),
        image_env: &image.env,
        indexes: &indexes,
        variables: &given,
    };
    let job = spec::job(run, &places, &identity);
    let process = spec::process(run, &around, &identity);
    let (data, row, owner, extra_ca) = (
        cx.data.clone(),
        run.clone(),
        installation.owner(),
        installation.extra_ca.clone(),
    );
    let known_locks = match run.kind {
        RunKind::Build => reuse::known_locks(cx, run).await?,
        _ => Vec::new(),
    };
    let written = on_disk(move || {
        let given = builds::Given {
            owner,
            extra_ca: extra_ca.as_deref().map(Vec::as_slice),
            known_locks: &known_locks,
        };
        match row.kind {
            RunKind::Script => artifacts::prepare(&data, &row, owner)?,
            RunKind::Build => builds::prepare(&data, &row, &script.slug, &given)?,
            RunKind::Compile => {}
        }
        directory::write_spec(&data, &row, &process)
    });
    written.await?;
    match cx.engine.launch(&job).await {
        Ok(()) => Ok(()),
        Err(engine::Error::Away(why)) => pause(cx, run, &why).await,
        Err(e) => give_up(cx, run, e.to_string()).await,
    }
}

/// Variables that a script's run is given, and which they are.
async fn given_to(cx: &Context, run: &Run) -> Result<(Option<Vec<Used>>, Given), variables::Error> {
    match run.kind {
        RunKind::Build | RunKind::Compile => Ok((None, Given::default())),
        RunKind::Script => {
            let (used, given) = cx.variables.given(&run.script_id, &run.env).await?;
            Ok((Some(used), given))
        }
    }
}

/// They were changed since the run was prepared: what is remembered of it has to be what it gets.
async fn settle_variables(cx: &Context, run: &Run, used: Option<Vec<Used>>) -> Result<(), Error> {
    let launch = Launch {
        variables: used,
        ..run.launch.clone()
    };
    let settled = launch.clone();
    let fill = move |run: &mut Run| run.launch = settled;
    cx.record_with(&run.id, Event::Prepared { launch }, fill, |_, _| Ok(()))
        .await?;
    Ok(())
}

/// Where a build's packages come from, with who signs in there by now.
async fn indexes_of(cx: &Context, run: &Run) -> Result<Indexes, settings::Error> {
    match (run.kind, &run.build) {
        (RunKind::Script | RunKind::Compile, _) => Ok(Indexes::default()),
        (RunKind::Build, build) => {
            let extra = build
                .as_ref()
                .map(|build| build.policy.extra_index_urls.as_slice());
            cx.settings.indexes_for(extra.unwrap_or_default()).await
        }
    }
}

/// Waits for the engine without forgetting the run.
async fn pause(cx: &Context, run: &Run, why: &str) -> Result<(), Error> {
    tracing::warn!(run = %run.id, why, "the engine is away; the run waits for it");
    let mut status = cx.status.clone();
    // A clone remembers only what the original has seen; what is known now is no news.
    status.mark_unchanged();
    tokio::select! {
        _ = status.changed() => {}
        () = tokio::time::sleep(LOOK_SOON) => {}
    }
    Ok(())
}

/// The engine or the disk said no for good, before user code was started.
async fn give_up(cx: &Context, run: &Run, detail: String) -> Result<(), Error> {
    record(
        cx,
        run,
        Event::Ended {
            ending: Ending::LaunchFailed { detail },
        },
    )
    .await
}
