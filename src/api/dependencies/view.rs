//! What a script asks for, has, and could have, put together from rows, lock, settings and the last check. One answer
//! for all routes of [`super`], so that whoever changes something sees what is now true.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::lookalikes;
use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::Json;
use crate::api::scripts::{EnvironmentStatus, Whole};
use crate::envs::{build, lock, policy, requirements};
use crate::files::{self, Owner, RelPath, on_disk};
use crate::model::build::LockChanges;
use crate::model::environment::Environment;
use crate::model::packages::Lookalike;
use crate::model::run::Run;
use crate::model::script::{InlineState, Script};
use crate::scripts::Inline;
use crate::store;

#[derive(Debug, Serialize, ToSchema)]
pub struct Dependencies {
    /// PEP 508, one package each.
    pub requirements: Vec<String>,
    /// What it gets besides, from the settings: the defaults whose package it does not name itself.
    pub default_requirements: Vec<String>,
    /// Names of packages that are built from their source, which runs their code.
    pub build_from_source: Vec<String>,
    pub environment: EnvironmentStatus,
    /// By name: everything that is asked for or installed.
    pub packages: Vec<PackageView>,
    /// The lock of the environment that runs use, with hashes.
    pub lock: Option<String>,
    pub check: Option<CheckView>,
    /// The one that runs use and those that can be gone back to; which was in use last comes first.
    pub environments: Vec<EnvironmentView>,
    /// Names among `requirements` and `default_requirements` to be looked at twice.
    pub warnings: Vec<Lookalike>,
    /// The metadata block of the entry file (PEP 723); `null` if it has none.
    pub inline: Option<InlineView>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Package)]
pub struct PackageView {
    pub name: String,
    /// The requirement, if the script or the settings ask for this package itself.
    pub asked: Option<String>,
    /// Whether that requirement is a default of the settings.
    pub default: bool,
    pub locked: Option<String>,
    pub installed: Option<String>,
    /// The newest release that the policy lets through, as the last check found.
    pub newest: Option<String>,
    /// Whether it is asked for itself, as the lock has it.
    pub direct: bool,
    /// Packages of the lock that need it.
    pub required_by: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inline)]
pub struct InlineView {
    /// How the block stands to the list; `conflict` waits for somebody to resolve it.
    pub state: InlineState,
    /// What the block asks for; empty if it cannot be read.
    pub in_file: Vec<String>,
    pub in_list: Vec<String>,
    /// Why it cannot be read.
    pub message: Option<String>,
    /// Where in the entry file; from 0.
    pub line: Option<usize>,
    pub column: Option<usize>,
}

impl InlineView {
    fn new(inline: Inline, list: &[String]) -> Self {
        let unreadable = inline.unreadable.as_ref();
        Self {
            state: inline.state,
            in_list: list.to_vec(),
            message: unreadable.map(|unreadable| unreadable.message.clone()),
            line: unreadable.map(|unreadable| unreadable.line),
            column: unreadable.map(|unreadable| unreadable.column),
            in_file: inline.in_file,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentView {
    pub key: String,
    pub lock_hash: String,
    pub created_at: Timestamp,
    /// When runs last began to use it.
    pub live_at: Option<Timestamp>,
    pub live: bool,
    /// How many packages are installed.
    pub packages: usize,
    pub requirements: Vec<String>,
    /// What going back to it would change.
    pub changes: LockChanges,
    /// What was found to be wrong with its files.
    pub damage: Option<String>,
}

impl EnvironmentView {
    fn new(environment: Environment, live: Option<&Environment>) -> Self {
        let now = live.map_or(&[][..], |live| &live.packages);
        Self {
            live: live.is_some_and(|live| live.key == environment.key),
            packages: environment.packages.len(),
            changes: lock::changes(now, &environment.packages),
            key: environment.key,
            lock_hash: environment.lock_hash,
            created_at: environment.created_at,
            live_at: environment.live_at,
            requirements: environment.requirements,
            damage: environment.damage,
        }
    }
}

/// What the last check found; a new environment does not change it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    pub run_id: String,
    pub finished_at: Option<Timestamp>,
    /// Whether it was made against the environment that runs use now.
    pub current: bool,
    pub changes: LockChanges,
}

pub async fn show(api: &Api, script: Script) -> Result<Json<Dependencies>, ApiError> {
    let inline = api.scripts.inline(&script).await?;
    let inline = inline.map(|inline| InlineView::new(inline, &script.requirements));
    let (whole, checked, environments) = api
        .store
        .read(move |c| {
            let checked = store::runs::newest_check(c, &script.id)?;
            let environments = store::environments::of_script(c, &script.id)?;
            Ok::<_, store::Error>((Whole::read(c, script)?, checked, environments))
        })
        .await?;
    let live = environments
        .iter()
        .find(|environment| whole.script.environment_key.as_ref() == Some(&environment.key))
        .cloned();
    let environment = whole.environment_status(api);
    let lock = match &live {
        Some(live) => read_lock(api, &whole.script.slug, &live.key).await?,
        None => None,
    };
    let mut packages: BTreeMap<String, PackageView> = BTreeMap::new();
    let named = |name: &str| PackageView {
        name: name.to_owned(),
        ..PackageView::default()
    };
    let settings = api.settings.in_force().packages;
    let defaults = policy::defaults_for(&whole.script.requirements, &settings.default_requirements);
    let effective = policy::effective(&whole.script.requirements, &settings.default_requirements);
    let warnings = lookalikes(api, &effective).await?;
    for (asked, default) in [(&whole.script.requirements, false), (&defaults, true)] {
        for asked in asked {
            if let Some(name) = requirements::package_name(asked) {
                let package = packages.entry(name.clone()).or_insert_with(|| named(&name));
                package.asked = Some(asked.clone());
                package.default = default;
            }
        }
    }
    for locked in lock::locked(lock.as_deref().unwrap_or("")) {
        let package = packages
            .entry(locked.name.clone())
            .or_insert_with(|| named(&locked.name));
        package.locked = Some(locked.version);
        package.direct = locked.direct;
        package.required_by = locked.required_by;
    }
    for package in live.iter().flat_map(|live| &live.packages) {
        let installed = Some(package.version.clone());
        packages
            .entry(package.name.clone())
            .or_insert_with(|| named(&package.name))
            .installed = installed;
    }
    let found = |run: &Run| run.build.as_ref().and_then(|build| build.found.clone());
    for newest in checked.iter().filter_map(found).flat_map(|found| found.newest) {
        if let Some(package) = packages.get_mut(&newest.name) {
            package.newest = Some(newest.version);
        }
    }
    let check = checked.and_then(|run| check_view(run, whole.script.environment_key.as_deref()));
    let live = live.as_ref();
    // What was never live is on its way to be, or to be removed.
    let usable = environments
        .into_iter()
        .filter(|environment| environment.live_at.is_some());
    let environments = usable.map(|environment| EnvironmentView::new(environment, live));
    Ok(Json(Dependencies {
        environments: environments.collect(),
        warnings,
        inline,
        requirements: whole.script.requirements,
        default_requirements: defaults,
        build_from_source: whole.script.build_from_source,
        environment,
        packages: packages.into_values().collect(),
        lock,
        check,
    }))
}

fn check_view(run: Run, live: Option<&str>) -> Option<CheckView> {
    let build = run.build?;
    Some(CheckView {
        run_id: run.id.to_string(),
        finished_at: run.finished_at,
        current: build.from.as_deref() == live,
        changes: build.found?.changes,
    })
}

/// The lock is a file beside the environment; without it there is still the list of what is installed.
async fn read_lock(api: &Api, slug: &str, key: &str) -> Result<Option<String>, ApiError> {
    let (data, folder) = (api.data.clone(), files::layout::env(slug, key));
    let read = on_disk(move || {
        data.folder(&folder, Owner::Controller)?
            .read(&RelPath::parse(build::LOCK)?, build::LARGEST_LOCK)
    });
    match read.await {
        Ok(contents) => Ok(String::from_utf8(contents.bytes).ok()),
        Err(e) if e.kind() == files::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.into()),
    }
}
