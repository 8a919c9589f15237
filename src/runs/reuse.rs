//! Builds that have nothing to build: an environment that is there already has the same lock on the same image, be it
//! another script's. Its files get second names in the new environment, which costs neither space nor time.
//!
//! Known in two ways. A build that resolves to a lock that is here says so, and ends before it installs
//! ([`build::KNOWN_LOCKS`], [`build::REUSE`]). And a build that asks for exactly what another one resolved moments ago
//! need not resolve: the package index itself lets its answers be kept for that long. Then there is nothing to do in a
//! container, and the controller leaves in the run directory what a supervisor would have left.
//!
//! Builds that execute code of packages share nothing. Environments are mounted read-only, or else who writes to one
//! would write to all of its kind.

use jiff::SignedDuration;

use super::Error;
use super::context::Context;
use super::directory::{self, Facts};
use super::environments::MOST_FILES;
use crate::envs::{build, lock};
use crate::files::{self, DataDir, ErrorKind, Folder, Owner, RelPath, layout, on_disk};
use crate::model::build::{Build, BuildAction, SameAs};
use crate::model::environment::Environment;
use crate::model::run::Run;
use crate::store;

/// For so long PyPI lets the list of a package's releases be kept (`Cache-Control: max-age=600`).
const RESOLUTION_HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// Under this name the files are gathered, until all are there.
const UNFINISHED: &str = "venv.unfinished";

/// Hashes of the locks that need not be installed for this build.
pub(super) async fn known_locks(cx: &Context, run: &Run) -> Result<Vec<String>, Error> {
    let (Some(asked), Some(digest)) = (&run.build, run.launch.image_digest.clone()) else {
        return Ok(Vec::new());
    };
    if !may_share(asked) {
        return Ok(Vec::new());
    }
    let there = cx
        .store
        .read(move |c| store::environments::on_image(c, &digest))
        .await;
    let there = there.map_err(Error::Store)?;
    let mut hashes: Vec<_> = there
        .into_iter()
        .map(|environment| environment.lock_hash)
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    Ok(hashes)
}

/// A check installs nothing, and a rebuild is asked for because what is there is not trusted.
fn may_share(asked: &Build) -> bool {
    matches!(asked.action, BuildAction::Install | BuildAction::Update) && !asked.policy.runs_foreign_code()
}

/// The environment for which the same was resolved moments ago.
pub(super) async fn resolved_just_now(
    cx: &Context,
    run: &Run,
    image_digest: &str,
) -> Result<Option<SameAs>, Error> {
    let Some(asked) = run
        .build
        .clone()
        .filter(|asked| may_share(asked) && asked.resolves_anew())
    else {
        return Ok(None);
    };
    let (digest, since) = (image_digest.to_owned(), cx.clock.now() - RESOLUTION_HOLDS);
    let wish = run.requirements.clone();
    let found = cx.store.read(move |c| {
        let there = store::environments::on_image(c, &digest)?;
        let recent = there
            .into_iter()
            .take_while(|environment| environment.created_at >= since);
        for environment in recent.filter(|environment| environment.requirements == wish) {
            let made = store::runs::get(c, &environment.run_id)?.and_then(|run| run.build);
            if made.is_some_and(|made| is_resolution_of(&made, &asked)) {
                return Ok(Some(SameAs {
                    script_id: environment.script_id,
                    key: environment.key,
                }));
            }
        }
        Ok::<_, store::Error>(None)
    });
    found.await.map_err(Error::Store)
}

/// Whether what one build has resolved is what the other would. One that took over a resolution is none itself: it
/// would make it last for ever.
fn is_resolution_of(made: &Build, asked: &Build) -> bool {
    made.same_as.is_none() && made.resolves_anew() && made.policy.at_no_time() == asked.policy.at_no_time()
}

/// Does in the controller what the run's container would have done: leaves lock and environment in the build's folder,
/// then log and facts in the run directory. Safe to repeat.
pub(super) async fn take_over(cx: &Context, run: &Run, same: &SameAs) -> Result<(), Error> {
    let begun = cx.clock.now();
    let source = slug_of(cx, same).await?;
    let (data, row, key, owner) = (
        cx.data.clone(),
        run.clone(),
        same.key.clone(),
        cx.installation.owner(),
    );
    let slug = source.clone();
    on_disk(move || {
        data.remove_tree(&layout::build(row.id.as_str()))?;
        let folder = data.create_build(row.id.as_str(), owner)?;
        let home = data.folder(&layout::env(&slug, &key), Owner::Controller)?;
        let place = RelPath::parse(build::LOCK)?;
        let lock = home.read(&place, build::LARGEST_LOCK)?;
        folder.write(&place, &lock.bytes)?;
        link(&folder, &home, owner)
    })
    .await?;
    let facts = Facts {
        said: vec![
            "The same was resolved moments ago; its lock is taken".to_owned(),
            "The same lock is installed already on this image; its files are linked".to_owned(),
            "Done".to_owned(),
        ],
        begun,
        ended: cx.clock.now(),
    };
    let (data, row) = (cx.data.clone(), run.clone());
    on_disk(move || directory::leave_facts(&data, &row, &facts)).await?;
    Ok(())
}

/// Of the environment's script, be it in the trash.
async fn slug_of(cx: &Context, same: &SameAs) -> Result<String, Error> {
    let id = same.script_id.clone();
    let script = cx.store.read(move |c| store::scripts::get(c, &id)).await;
    Ok(script.map_err(Error::Store)?.ok_or(Error::ScriptNotFound)?.slug)
}

/// Completes a build that ended before it installed, because its lock is known. Any other stays as it is.
pub(super) async fn complete(cx: &Context, run: &Run) -> Result<(), super::builds::Error> {
    let (data, build) = (cx.data.clone(), layout::build(run.id.as_str()));
    let owner = cx.installation.owner();
    let resolved = on_disk(move || resolved_to_known(&data, &build, owner)).await?;
    let (Some(hash), Some(digest)) = (resolved, run.launch.image_digest.clone()) else {
        return Ok(());
    };
    let there = cx
        .store
        .read(move |c| store::environments::on_image(c, &digest))
        .await?;
    for source in there.iter().filter(|environment| environment.lock_hash == hash) {
        if link_from(cx, run, source).await? {
            return Ok(());
        }
    }
    Err(super::builds::Error::Result {
        what: "environment",
        reason: "the one that it was to share is gone meanwhile; install again".to_owned(),
    })
}

/// The hash of the lock, by our own count, if the build ended with it and has no venv yet.
fn resolved_to_known(data: &DataDir, build: &str, owner: Owner) -> files::Result<Option<String>> {
    let folder = match data.folder(build, owner) {
        // Put in place before we were cut short.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match folder.open_file(&RelPath::parse(build::REUSE)?) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        other => drop(other?),
    }
    let lock = folder.read(&RelPath::parse(build::LOCK)?, build::LARGEST_LOCK)?;
    Ok(Some(lock::hash(&lock.bytes)))
}

/// Whether the source was still there.
async fn link_from(cx: &Context, run: &Run, source: &Environment) -> Result<bool, super::builds::Error> {
    let (script, key) = (source.script_id.clone(), source.key.clone());
    let slug = cx.store.read(move |c| store::scripts::get(c, &script)).await?;
    let Some(slug) = slug.map(|script| script.slug) else {
        return Ok(false);
    };
    let (data, build, owner) = (
        cx.data.clone(),
        layout::build(run.id.as_str()),
        cx.installation.owner(),
    );
    let linked = on_disk(move || {
        let home = match data.folder(&layout::env(&slug, &key), Owner::Controller) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        link(&data.folder(&build, owner)?, &home, owner).map(|()| true)
    });
    Ok(linked.await?)
}

/// The venv of an environment, and the list of what is in it, into a build's folder.
fn link(folder: &Folder, home: &Folder, owner: Owner) -> files::Result<()> {
    let (unfinished, venv) = (RelPath::parse(UNFINISHED)?, RelPath::parse(build::VENV)?);
    folder.remove_tree(&unfinished)?;
    folder.remove_tree(&venv)?;
    // Looked at before: what is compiled meanwhile may be linked in part.
    let was_compiled = is_compiled(home)?;
    let source = home.open_folder(&venv, Owner::Controller)?;
    folder
        .create_folder(&unfinished, owner)?
        .link_all_of(&source, MOST_FILES)?;
    let list = RelPath::parse(build::INSTALLED)?;
    let installed = home.read(&list, build::LARGEST_LOCK)?;
    folder.write(&list, &installed.bytes)?;
    let compiled = RelPath::parse(build::COMPILED)?;
    if was_compiled {
        folder.write(&compiled, b"")?;
    }
    folder.rename(&unfinished, &venv)
}

/// Whether the bytecode of an environment is complete, as the mark in its folder says.
pub(super) fn is_compiled(home: &Folder) -> files::Result<bool> {
    match home.open_file(&RelPath::parse(build::COMPILED)?) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::build::{Policy, Upgrade};
    use crate::model::ids::ScriptId;

    #[test]
    fn a_resolution_is_shared_by_those_who_ask_for_the_same_and_keep_nothing() {
        let fresh = Build::default();
        let keeping = Build {
            from: Some("k".to_owned()),
            ..Build::default()
        };
        let moving = Build {
            action: BuildAction::Update,
            upgrade: Upgrade::Everything,
            ..keeping.clone()
        };
        let denying = Build {
            policy: Policy {
                deny: vec!["evil".to_owned()],
                ..Policy::default()
            },
            ..Build::default()
        };
        let taken_over = Build {
            same_as: Some(SameAs {
                script_id: ScriptId::generate(),
                key: "k".to_owned(),
            }),
            ..Build::default()
        };
        let table = [
            (&fresh, &fresh, true),
            (&moving, &fresh, true),
            (&keeping, &fresh, false),
            (&denying, &fresh, false),
            (&taken_over, &fresh, false),
        ];
        for (number, (made, asked, expected)) in table.into_iter().enumerate() {
            assert_eq!(is_resolution_of(made, asked), expected, "case {number}");
        }
    }

    #[test]
    fn checks_rebuilds_and_builds_from_source_share_nothing() {
        let of = |action| Build {
            action,
            ..Build::default()
        };
        assert!(may_share(&of(BuildAction::Install)) && may_share(&of(BuildAction::Update)));
        assert!(!may_share(&of(BuildAction::Check)) && !may_share(&of(BuildAction::Rebuild)));
        let mut from_source = of(BuildAction::Install);
        from_source.policy.build_from_source = vec!["docopt".to_owned()];
        assert!(!may_share(&from_source));
    }
}
