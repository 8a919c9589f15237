//! Environments after they were made: whether they are whole, going back to an earlier one, removing what nobody needs.
//!
//! Of each script the live one and the one before it are kept, and whatever an unfinished run uses. Rows go before
//! folders: a folder without a row is nobody's. Making live, going back and removing exclude each other
//! ([`Context::environments`]), so what is checked to be whole is still there when it becomes live.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::{Error, submit};
use crate::envs::build;
use crate::envs::manifest::{File, Manifest};
use crate::events::News;
use crate::files::{self, DataDir, EntryKind, ErrorKind, ListLimits, Owner, RelPath, layout, on_disk};
use crate::model::environment::{ABSENT, Environment};
use crate::model::ids::ScriptId;
use crate::model::run::{Run, RunKind, State, Trigger};
use crate::store;

const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// Of a script, beside the live one.
const EARLIER_ONES: usize = 1;
/// Above any real environment; one that is larger is not checked.
pub(super) const MOST_FILES: usize = 500_000;
const LARGEST_MANIFEST: u64 = 256 * 1024 * 1024;

/// Has the bytecode of live environments compiled, once each: what failed or was cancelled is not tried again.
pub(super) async fn keep_compiled(cx: Arc<Context>) {
    loop {
        if let Err(e) = compile_all(&cx).await {
            tracing::warn!(error = %e, "environments whose bytecode is missing could not be looked for");
        }
        tokio::select! {
            () = cx.to_compile.notified() => {}
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
    }
}

async fn compile_all(cx: &Context) -> Result<(), Error> {
    let wanted = cx
        .store
        .read(store::environments::to_compile)
        .await
        .map_err(Error::Store)?;
    for (script, key) in wanted {
        submit::compile(cx, &script, key).await?;
    }
    Ok(())
}

pub(super) async fn keep(cx: Arc<Context>) {
    if let Err(e) = check_all(&cx).await {
        tracing::warn!(error = %e, "not all environments could be checked");
    }
    if let Err(e) = build_absent(&cx).await {
        tracing::warn!(error = %e, "not all environments that are missing could be built again");
    }
    loop {
        if let Err(e) = sweep(&cx).await {
            tracing::warn!(error = %e, "environments that nobody needs could not be looked for");
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Has environments built again whose files are not there, each from its lock: once at every start.
async fn build_absent(cx: &Context) -> Result<(), Error> {
    let absent = cx.store.read(store::environments::absent).await;
    for script in absent.map_err(Error::Store)? {
        match submit::build(cx, &script, submit::Wish::default(), Trigger::System).await {
            Ok(run) => tracing::info!(%script, build = %run.id, "building an environment that is missing"),
            Err(Error::NothingToInstall | Error::ScriptNotFound) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The venv in this folder as it is. `None` if there is too much of it, or no venv at all.
pub(super) fn take_stock(home: &files::Folder) -> files::Result<Option<Manifest>> {
    let venv = match home.open_folder(&RelPath::parse(build::VENV)?, Owner::Controller) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let listing = venv.list(&ListLimits {
        entries: MOST_FILES,
        ..ListLimits::default()
    })?;
    let files = listing
        .entries
        .into_iter()
        .filter(|entry| entry.kind != EntryKind::Directory)
        .map(|entry| File {
            path: entry.path,
            size: entry.size,
            modified_at_ms: entry.modified_at_ms,
        });
    Ok((!listing.truncated).then(|| Manifest::new(files.collect())))
}

/// What is wrong with an environment; `None` if it is whole, or nobody knows what it was like.
pub(super) fn damage(data: &DataDir, slug: &str, key: &str) -> files::Result<Option<String>> {
    let home = match data.folder(&layout::env(slug, key), Owner::Controller) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Some(ABSENT.to_owned())),
        other => other?,
    };
    match home.open_folder(&RelPath::parse(build::VENV)?, Owner::Controller) {
        // What a backup has of it: the lock, and what was asked for.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Some(ABSENT.to_owned())),
        _ => {}
    }
    let made = match home.read(&RelPath::parse(build::MANIFEST)?, LARGEST_MANIFEST) {
        Ok(contents) => Manifest::from_json(&contents.bytes),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let Some(made) = made else {
        return Ok(None);
    };
    let now = take_stock(&home)?.unwrap_or_default();
    Ok(made.damage(&now))
}

/// Looks at the live environment of every script.
async fn check_all(cx: &Context) -> Result<(), Error> {
    let owners = cx
        .store
        .read(store::environments::owners)
        .await
        .map_err(Error::Store)?;
    for script in owners {
        check(cx, &script).await?;
    }
    Ok(())
}

/// Looks whether the script's live environment is whole, and remembers it.
pub(super) async fn check(cx: &Context, script: &ScriptId) -> Result<(), Error> {
    let id = script.clone();
    let found = cx
        .store
        .read(move |c| {
            let Some(script) = store::scripts::get(c, &id)? else {
                return Ok(None);
            };
            let live = match &script.environment_key {
                Some(key) => store::environments::get(c, &id, key)?,
                None => None,
            };
            Ok::<_, store::Error>(live.map(|live| (script, live)))
        })
        .await?;
    let Some((script, live)) = found else {
        return Ok(());
    };
    let (data, slug, key) = (cx.data.clone(), script.slug, live.key.clone());
    let damage = on_disk(move || damage(&data, &slug, &key)).await?;
    if damage == live.damage {
        return Ok(());
    }
    if let Some(damage) = &damage {
        tracing::warn!(script = %script.id, environment = %live.key, damage, "an environment is damaged");
    }
    let (id, key) = (script.id.clone(), live.key);
    cx.store
        .write(move |tx| store::environments::set_damage(tx, &id, &key, damage.as_deref()))
        .await
        .map_err(Error::Store)?;
    cx.events.publish(News::Script(script.id));
    Ok(())
}

/// Makes an earlier environment the live one, if it is whole.
pub(super) async fn roll_back(cx: &Context, script: &ScriptId, key: &str) -> Result<(), Error> {
    let _alone = cx.environments.lock().await;
    let (id, wanted) = (script.clone(), key.to_owned());
    let found = cx
        .store
        .read(move |c| {
            let script = store::scripts::get(c, &id)?.filter(|script| script.deleted_at.is_none());
            Ok::<_, store::Error>((script, store::environments::get(c, &id, &wanted)?))
        })
        .await?;
    let (Some(owner), environment) = found else {
        return Err(Error::ScriptNotFound);
    };
    let environment = environment.ok_or(Error::EnvironmentNotFound)?;
    let (data, at) = (cx.data.clone(), environment.key.clone());
    if let Some(damage) = on_disk(move || damage(&data, &owner.slug, &at)).await? {
        return Err(Error::EnvironmentDamaged { damage });
    }
    let (id, now) = (script.clone(), cx.clock.now());
    cx.store
        .write(move |tx| store::environments::make_live(tx, &id, &environment.key, now))
        .await
        .map_err(Error::Store)?;
    cx.events.publish(News::Script(script.clone()));
    Ok(())
}

async fn sweep(cx: &Context) -> Result<(), Error> {
    let owners = cx
        .store
        .read(store::environments::owners)
        .await
        .map_err(Error::Store)?;
    for script in owners {
        let _alone = cx.environments.lock().await;
        let kept = cx
            .store
            .write(move |tx| {
                let Some(script) = store::scripts::get(tx, &script)? else {
                    return Ok(None);
                };
                let mut environments = store::environments::of_script(tx, &script.id)?;
                let unfinished = store::runs::unfinished(tx)?;
                let live = script.environment_key.as_deref();
                let gone = superfluous(&environments, live, &unfinished);
                for key in &gone {
                    store::environments::remove(tx, &script.id, key)?;
                }
                environments.retain(|environment| !gone.contains(&environment.key));
                Ok::<_, store::Error>(Some((script.slug, environments)))
            })
            .await?;
        let Some((slug, kept)) = kept else { continue };
        let data = cx.data.clone();
        on_disk(move || remove_folders_without_row(&data, &slug, &kept)).await?;
    }
    Ok(())
}

/// An environment that no script needs, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unneeded {
    pub script: ScriptId,
    pub script_name: String,
    pub slug: String,
    pub key: String,
    /// Otherwise its folder is all there is.
    pub recorded: bool,
}

/// What the next rounds would remove.
pub(super) async fn unneeded(cx: &Context) -> Result<Vec<Unneeded>, Error> {
    let scripts = cx.store.read(store::scripts::all).await.map_err(Error::Store)?;
    let mut found = Vec::new();
    for script in scripts {
        let _alone = cx.environments.lock().await;
        found.extend(unneeded_of(cx, &script.id).await?);
    }
    Ok(found)
}

/// To be called with `cx.environments` held.
async fn unneeded_of(cx: &Context, script: &ScriptId) -> Result<Vec<Unneeded>, Error> {
    let id = script.clone();
    let seen = cx.store.read(move |c| {
        let Some(script) = store::scripts::get(c, &id)? else {
            return Ok(None);
        };
        let environments = store::environments::of_script(c, &script.id)?;
        let unfinished = store::runs::unfinished(c)?;
        let gone = superfluous(&environments, script.environment_key.as_deref(), &unfinished);
        let keys: HashSet<String> = environments.into_iter().map(|made| made.key).collect();
        Ok::<_, store::Error>(Some((script, keys, gone)))
    });
    let Some((script, recorded, gone)) = seen.await? else {
        return Ok(Vec::new());
    };
    let (data, slug) = (cx.data.clone(), script.slug.clone());
    let folders = on_disk(move || data.names(Some(&layout::script_envs(&slug)), 10_000)).await?;
    let strays = folders
        .entries
        .into_iter()
        .map(|entry| entry.path)
        .filter(|key| !recorded.contains(key));
    let of = |key: String, recorded: bool| Unneeded {
        script: script.id.clone(),
        script_name: script.name.clone(),
        slug: script.slug.clone(),
        key,
        recorded,
    };
    let gone = gone.into_iter().map(|key| of(key, true));
    Ok(gone.chain(strays.map(|key| of(key, false))).collect())
}

/// Removes it if nobody needs it still. Whether it was there and has gone.
pub(super) async fn remove_unneeded(cx: &Context, script: &ScriptId, key: &str) -> Result<bool, Error> {
    let _alone = cx.environments.lock().await;
    let found = unneeded_of(cx, script).await?;
    let Some(gone) = found.into_iter().find(|unneeded| unneeded.key == key) else {
        return Ok(false);
    };
    if gone.recorded {
        let (id, key) = (script.clone(), key.to_owned());
        cx.store
            .write(move |tx| store::environments::remove(tx, &id, &key))
            .await
            .map_err(Error::Store)?;
    }
    let data = cx.data.clone();
    on_disk(move || data.remove_tree(&layout::env(&gone.slug, &gone.key))).await?;
    Ok(true)
}

fn remove_folders_without_row(data: &DataDir, slug: &str, kept: &[Environment]) -> files::Result<()> {
    let folder = match data.folder(&layout::script_envs(slug), Owner::Controller) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let listing = folder.list(&ListLimits {
        entries: 10_000,
        depth: 1,
    })?;
    for entry in listing.entries {
        if !kept.iter().any(|environment| environment.key == entry.path) {
            tracing::info!(environment = %entry.path, "removing an environment that nobody needs");
            data.remove_tree(&layout::env(slug, &entry.path))?;
        }
    }
    Ok(())
}

/// Keys of the environments of one script that may go. `environments` were live last first.
fn superfluous(environments: &[Environment], live: Option<&str>, unfinished: &[Run]) -> Vec<String> {
    let Some(script) = environments.first().map(|environment| &environment.script_id) else {
        return Vec::new();
    };
    let mine = || unfinished.iter().filter(|run| run.script_id == *script);
    // One that is being started may have looked for its environment and not yet said which it is.
    if mine().any(|run| {
        run.kind == RunKind::Script && run.state == State::Starting && run.launch == Default::default()
    }) {
        return Vec::new();
    }
    let mut needed: HashSet<&str> = live.into_iter().collect();
    for run in mine() {
        needed.extend(run.launch.environment_key.as_deref());
        needed.extend(run.build.as_ref().and_then(|build| build.from.as_deref()));
        // What it has made, and not yet made live.
        let made = environments
            .iter()
            .filter(|environment| environment.run_id == run.id);
        needed.extend(made.map(|environment| environment.key.as_str()));
    }
    let earlier = environments
        .iter()
        .filter(|environment| Some(environment.key.as_str()) != live && environment.live_at.is_some());
    needed.extend(
        earlier
            .take(EARLIER_ONES)
            .map(|environment| environment.key.as_str()),
    );
    let rest = environments
        .iter()
        .filter(|environment| !needed.contains(environment.key.as_str()));
    rest.map(|environment| environment.key.clone()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::build::Build;
    use crate::model::ids::RunId;
    use crate::runs::tests_support::run_in;

    #[test]
    fn the_live_one_the_one_before_and_what_is_in_use_stay() {
        let script = ScriptId::generate();
        let made = |key: &str, live_at: Option<i64>| Environment {
            script_id: script.clone(),
            key: key.to_owned(),
            lock_hash: String::new(),
            requirements: vec![],
            image: String::new(),
            image_digest: String::new(),
            packages: vec![],
            run_id: RunId::generate(),
            created_at: Timestamp::UNIX_EPOCH,
            live_at: live_at.and_then(|at| Timestamp::from_second(at).ok()),
            damage: None,
            compiled_at: None,
        };
        // Last live first; the one that never was, at the end.
        let all = [
            made("d", Some(4)),
            made("c", Some(3)),
            made("b", Some(2)),
            made("a", Some(1)),
            made("never", None),
        ];
        let mine = |state| Run {
            script_id: script.clone(),
            ..run_in(state)
        };
        let mut running = mine(State::Running);
        running.launch.environment_key = Some("a".to_owned());
        let mut rebuilding = mine(State::Queued);
        rebuilding.kind = RunKind::Build;
        rebuilding.build = Some(Build {
            from: Some("b".to_owned()),
            ..Build::default()
        });
        let mut making = mine(State::Running);
        (making.kind, making.id) = (RunKind::Build, all[4].run_id.clone());
        let starting = mine(State::Starting);
        let strangers = run_in(State::Starting);
        type Case<'a> = (Option<&'a str>, &'a [Run], &'a [&'a str]);
        let (running, rebuilding, making) = ([running], [rebuilding], [making]);
        let table: [Case<'_>; 8] = [
            (Some("d"), &[], &["b", "a", "never"]),
            // Gone back: the one that was live until then is the one before.
            (Some("b"), &[], &["c", "a", "never"]),
            (None, &[], &["c", "b", "a", "never"]),
            (Some("d"), &running, &["b", "never"]),
            (Some("d"), &rebuilding, &["a", "never"]),
            (Some("d"), &making, &["b", "a"]),
            (Some("d"), std::slice::from_ref(&starting), &[]),
            (Some("d"), std::slice::from_ref(&strangers), &["b", "a", "never"]),
        ];
        for (number, (live, unfinished, expected)) in table.into_iter().enumerate() {
            assert_eq!(superfluous(&all, live, unfinished), expected, "case {number}");
        }
        assert!(superfluous(&[], None, &[]).is_empty());
    }
}
