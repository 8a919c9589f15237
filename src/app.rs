//! Wires everything: from a configuration to a running application.
//!
//! The only module that knows all the others. Opening the data directory, the database and the watch happens here
//! once; after that everything is handed on by value.

mod exposure;
mod shims;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use sha2::{Digest, Sha256};

use crate::access::{self, Access};
use crate::api::{self, Api, guard::AllowedHosts};
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::engine::Engine;
use crate::engine::docker::{Docker, DockerConfig};
use crate::envs::index;
use crate::events::Events;
use crate::files::{DataDir, DataLock, Owner, Reserve, Watcher, layout};
use crate::images::{self, Images};
use crate::model::ids::RunId;
use crate::model::settings::InForce;
use crate::runs::{self, Installation, Relief, Runs};
use crate::scheduler::{self, Scheduler};
use crate::scripts::{self, Scripts};
use crate::settings;
use crate::store::{self, Place, Store, Witness};
use crate::tools::{self, Tools};
use crate::triggers::{self, Triggers};
use crate::vault::{Contents, KeyFile, Vault};
use crate::webhooks::{self, Webhooks};

/// A running application. Dropping it stops its loops with the runtime; runs go on in their containers.
pub struct App {
    pub router: Router,
    pub runs: Runs,
    pub scripts: Scripts,
    pub scheduler: Scheduler,
    pub store: Store,
    pub tools: Tools,
    pub webhooks: Webhooks,
    _lock: DataLock,
}

impl App {
    /// The end of a clean stop. What the loops may still write after it costs a check at the next start, at most.
    pub async fn stop(&self) {
        self.tools.stop().await;
        self.runs.stop().await;
        if let Err(e) = self.store.stop_cleanly().await {
            tracing::warn!(error = %e, "the next start will check the database");
        }
    }
}

/// What the engine has to know to be made.
pub struct EngineWiring {
    pub instance: String,
    pub data_dir: PathBuf,
    /// Relative to the data directory.
    pub supervisor_folder: PathBuf,
}

/// What else an application is made of: the system's clock and nobody who watches its writes, unless told otherwise.
#[derive(Clone, Default)]
pub struct Surroundings {
    pub clock: Clock,
    pub witnesses: Vec<Arc<dyn Witness>>,
}

/// How an engine comes into being, once it is known what it has to know.
pub type MakeEngine = Box<dyn FnOnce(EngineWiring) -> Arc<dyn Engine> + Send>;

/// Docker, at the address that the configuration names.
pub fn docker(config: &ServeConfig) -> MakeEngine {
    let docker_host = config.docker_host.clone();
    let data_volume = config.data_volume.clone();
    Box::new(move |wiring| {
        Arc::new(Docker::connect(DockerConfig {
            host: docker_host,
            instance: wiring.instance,
            data_dir: wiring.data_dir,
            data_volume,
            supervisor_dir: wiring.supervisor_folder,
        }))
    })
}

/// Who does the cryptography of TLS. Before anything makes a client for HTTPS, and harmless to repeat.
pub fn install_tls() {
    // Only the first call can fail not to be first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The application on any engine, in any surroundings.
pub async fn start_on(
    config: &ServeConfig,
    Surroundings { clock, mut witnesses }: Surroundings,
    make_engine: MakeEngine,
) -> anyhow::Result<App> {
    install_tls();
    let exposure = exposure::of(config)?;
    let owner = Owner::Script {
        uid: config.run_uid,
        gid: config.run_uid,
    };
    let data = DataDir::open(&config.data_dir)
        .with_context(|| format!("the data directory {} cannot be used", config.data_dir.display()))?;
    if let Some(kind) = data.remote_file_system()? {
        bail!(
            "{} is on a network file system ({kind}), on which SQLite's locks cannot be trusted; use a local disk",
            data.path().display()
        );
    }
    let Some(lock) = data.try_lock()? else {
        bail!(
            "another PyTask-Manager is using {}; stop it first",
            data.path().display()
        );
    };
    let reserve = Reserve::open(&data)?;
    // Even a start needs a little room.
    reserve.release_if_full()?;
    data.create_all(owner)?;
    let supervisor_folder = install_supervisor(&data, &config.supervisor)?;
    let extra_ca = match &config.extra_ca {
        Some(path) => {
            let pem = std::fs::read(path).with_context(|| format!("PYTASK_EXTRA_CA: {}", path.display()))?;
            Some(Arc::new(pem))
        }
        None => None,
    };

    let main_index = match &config.index_url {
        Some(url) => Some(index::configured(url).context("PYTASK_INDEX_URL")?),
        None => None,
    };

    let place = Place {
        database: data.path().join(layout::DATABASE),
        backups: data.path().join(layout::BACKUPS),
    };
    witnesses.push(Arc::new(Relief(reserve.clone())));
    let store = Store::open(place, witnesses)
        .await
        .context("the database cannot be opened")?;
    let fresh = RunId::generate().as_str()[20..].to_owned();
    let instance = store
        .write(move |tx| store::meta::get_or_set(tx, "instance", &fresh))
        .await?;
    let events = Events::default();
    let access = Access::open(
        access::Parts {
            store: store.clone(),
            clock: clock.clone(),
            exposure,
            always_required: config.require_token,
            instance: instance.clone(),
        },
        &data.path().join(layout::LOCAL_KEY),
    )
    .await
    .context("who may ask cannot be known")?;
    if exposure.is_wide() {
        exposure::warn(&access);
    }
    let vault = open_vault(config, &data, &store).await?;
    let settings = settings::Keeper::open(settings::Parts {
        store: store.clone(),
        clock: clock.clone(),
        events: events.clone(),
        vault: vault.clone(),
        built_in: InForce::built_in(config.max_runs()),
        main_index,
    })
    .await?;
    let watcher = Watcher::start()?;
    let scripts = Scripts::new(scripts::Parts {
        store: store.clone(),
        data: data.clone(),
        clock: clock.clone(),
        events: events.clone(),
        settings: settings.clone(),
        owner,
        watcher: watcher.clone(),
    });
    scripts.sweep().await.context("what an earlier stop cut short")?;
    let engine = make_engine(EngineWiring {
        instance: instance.clone(),
        data_dir: data.path().to_owned(),
        supervisor_folder: supervisor_folder.clone().into(),
    });
    let images = Images::start(images::Parts {
        store: store.clone(),
        engine: Arc::clone(&engine),
        clock: clock.clone(),
        events: events.clone(),
        instance: instance.clone(),
        own: config.runner_image.clone(),
        index_url: config.index_url.clone(),
        extra_ca: extra_ca.clone(),
    })
    .await?;
    let runs = Runs::start(runs::Parts {
        store: store.clone(),
        engine: Arc::clone(&engine),
        data: data.clone(),
        reserve,
        clock: clock.clone(),
        events: events.clone(),
        scripts: scripts.clone(),
        watcher,
        settings: settings.clone(),
        installation: Installation {
            instance,
            image: config.runner_image.clone(),
            supervisor_folder,
            run_uid: config.run_uid,
            extra_ca: extra_ca.clone(),
        },
    });
    let scheduler = Scheduler::start(scheduler::Parts {
        store: store.clone(),
        runs: runs.clone(),
        clock: clock.clone(),
        events: events.clone(),
        settings: settings.clone(),
    });
    let webhooks = Webhooks::start(webhooks::Parts {
        store: store.clone(),
        clock: clock.clone(),
        events: events.clone(),
        settings: settings.clone(),
        vault: vault.clone(),
        extra_ca,
    });
    let triggers = Triggers::new(triggers::Parts {
        store: store.clone(),
        clock: clock.clone(),
        runs: runs.clone(),
        vault,
    });
    let bounded = scripts.clone();
    runs::keep_alive("revisions", move || bounded.clone().keep_revisions_bounded());
    let tools = Tools::start(tools::Parts {
        store: store.clone(),
        engine,
        data: data.clone(),
        events: events.clone(),
        runs: runs.clone(),
        image: config.tools_image.clone(),
        idle: Duration::from_secs(config.tools_idle_seconds),
    });
    let api = Api {
        store: store.clone(),
        data,
        clock,
        events,
        scripts: scripts.clone(),
        settings,
        images,
        runs: runs.clone(),
        scheduler: scheduler.clone(),
        tools: tools.clone(),
        webhooks: webhooks.clone(),
        access,
        triggers,
    };
    let router = api::router(api, AllowedHosts::new(&config.allowed_hosts));
    Ok(App {
        router,
        runs,
        scripts,
        scheduler,
        store,
        tools,
        webhooks,
        _lock: lock,
    })
}

/// The key to stored secrets. Without it they are of no use, and everything else works.
async fn open_vault(config: &ServeConfig, data: &DataDir, store: &Store) -> anyhow::Result<Vault> {
    let stored = store.read(store::index_credentials::all).await?;
    let file = match &config.secrets_key_file {
        Some(path) => KeyFile::Given(path.clone()),
        None => KeyFile::OnVolume(data.path().join(layout::SECRETS_KEY)),
    };
    let webhooks = store.read(store::webhooks::count).await?;
    let of_triggers = store.read(store::triggers::secrets).await?;
    let contents = if stored.is_empty() && webhooks == 0 && of_triggers.is_empty() {
        Contents::Empty
    } else {
        Contents::Sealed
    };
    let vault = Vault::open(&file, contents).context("stored secrets cannot be kept")?;
    for lost in stored {
        let place = store::index_credentials::place(&lost.address);
        if let Err(e) = vault.unseal(&place, &lost.password) {
            tracing::error!(index = lost.address, error = %e, "the password for a package index cannot be read");
        }
    }
    for (script, lost) in of_triggers {
        if let Err(e) = vault.unseal(&store::triggers::place(&script), &lost) {
            tracing::error!(%script, error = %e, "what calls to a trigger are signed with cannot be read");
        }
    }
    Ok(vault)
}

/// Puts the supervisor and what stands for pip on the volume, in a folder named by their content: containers that run
/// with older ones keep them. Answers the folder.
fn install_supervisor(data: &DataDir, from: &Path) -> anyhow::Result<String> {
    let binary = std::fs::read(from).with_context(|| {
        format!(
            "the supervisor {} cannot be read; PYTASK_SUPERVISOR names its place",
            from.display()
        )
    })?;
    let mut hasher = Sha256::new();
    hasher.update(&binary);
    for (path, _, content) in shims::files() {
        hasher.update(path);
        hasher.update(content);
    }
    let hash: String = hasher
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let folder = layout::supervisor_folder(&hash);
    data.create(&folder, Owner::Shared)?;
    let place = data.path().join(&folder).join("supervisor");
    if std::fs::read(&place).is_ok_and(|there| there == binary) {
        return Ok(folder);
    }
    // Before the supervisor, whose presence says that all is there.
    shims::install(&data.path().join(&folder))?;
    // The folder is ours alone, so a plain temporary file beside it will do.
    let staged = place.with_extension("new");
    std::fs::write(&staged, &binary)?;
    std::fs::set_permissions(&staged, std::fs::Permissions::from_mode(0o755))?;
    std::fs::File::open(&staged)?.sync_all()?;
    std::fs::rename(&staged, &place)?;
    Ok(folder)
}
