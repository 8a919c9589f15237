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
use crate::backup::{self, Backups};
use crate::broker;
use crate::cleanup::{self, Cleanup};
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::doctor::{self, Doctor};
use crate::engine::Engine;
use crate::engine::docker::{Docker, DockerConfig};
use crate::envs::index;
use crate::events::Events;
use crate::files::{DataDir, DataLock, Owner, Reserve, Watcher, layout};
use crate::images::{self, Images};
use crate::keys::Keys;
use crate::metrics::{Commits, Measured, Metrics};
use crate::model::ids::RunId;
use crate::model::settings::InForce;
use crate::runs::{self, Installation, Relief, Runs};
use crate::scheduler::{self, Scheduler};
use crate::scripts::{self, Scripts};
use crate::settings;
use crate::store::{self, Place, Store, Witness};
use crate::tools::{self, Tools};
use crate::triggers::{self, Triggers};
use crate::variables::Variables;
use crate::vault::KeyFile;
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

/// What the configuration names: a broker, or Docker itself.
pub fn engine(config: &ServeConfig) -> MakeEngine {
    if let Some(socket) = config.broker.clone() {
        return Box::new(move |wiring| {
            Arc::new(broker::Client::new(
                socket,
                wiring.instance,
                &wiring.supervisor_folder,
            ))
        });
    }
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
    if data.path().join(layout::RESTORING).exists() {
        bail!(
            "a backup was being restored to {} and that was cut short; run the restore again",
            data.path().display()
        );
    }
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
    let metrics = Metrics::new(clock.now());
    witnesses.push(Arc::new(Relief(reserve.clone())));
    witnesses.push(Arc::new(Commits::new(metrics.clone())));
    let store = Store::open(place, witnesses)
        .await
        .context("the database cannot be opened")?;
    backup::settle::settle(&store, &clock)
        .await
        .context("what a restore left to be settled")?;
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
    let keys = Keys::open(store.clone(), key_file(config, &data))
        .await
        .context("stored secrets cannot be kept")?;
    let variables = Variables::new(store.clone(), clock.clone(), events.clone(), keys.vault().clone());
    let settings = settings::Keeper::open(settings::Parts {
        store: store.clone(),
        clock: clock.clone(),
        events: events.clone(),
        vault: keys.vault().clone(),
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
        variables: variables.clone(),
        owner,
        watcher: watcher.clone(),
    });
    scripts.sweep().await.context("what an earlier stop cut short")?;
    let engine = make_engine(EngineWiring {
        instance: instance.clone(),
        data_dir: data.path().to_owned(),
        supervisor_folder: supervisor_folder.clone().into(),
    });
    let engine: Arc<dyn Engine> = Arc::new(Measured::new(engine, metrics.clone()));
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
        metrics: metrics.clone(),
        variables: variables.clone(),
        installation: Installation {
            instance: instance.clone(),
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
        vault: keys.vault().clone(),
        metrics: metrics.clone(),
        extra_ca: extra_ca.clone(),
    });
    let triggers = Triggers::new(triggers::Parts {
        store: store.clone(),
        clock: clock.clone(),
        runs: runs.clone(),
        vault: keys.vault().clone(),
    });
    let bounded = scripts.clone();
    runs::keep_alive("revisions", move || bounded.clone().keep_revisions_bounded());
    let doctor = Doctor::new(doctor::Parts {
        ground: doctor::Ground::Running(Box::new(doctor::Running {
            runs: runs.clone(),
            settings: settings.clone(),
            keys: keys.clone(),
            events: events.clone(),
            metrics: metrics.clone(),
        })),
        clock: clock.clone(),
        ..examination(config, &data, instance, Arc::clone(&engine), extra_ca)
    });
    if config.examine_at_start {
        doctor.begin();
    }
    let settled = metrics.clone();
    runs::keep_alive("metrics", move || settled.clone().keep_settled());
    let backups = Backups::new(backup::Parts {
        store: store.clone(),
        data: data.clone(),
        clock: clock.clone(),
        events: events.clone(),
        settings: settings.clone(),
        scripts: scripts.clone(),
        instance: runs.installation().instance.clone(),
        restored: store.read(backup::settle::restored).await?,
    });
    let due = backups.clone();
    runs::keep_alive("backups", move || due.clone().keep_schedule());
    let tools = Tools::start(tools::Parts {
        store: store.clone(),
        engine,
        data: data.clone(),
        events: events.clone(),
        runs: runs.clone(),
        image: config.tools_image.clone(),
        idle: Duration::from_secs(config.tools_idle_seconds),
    });
    let cleanup = Cleanup::start(cleanup::Parts {
        store: store.clone(),
        data: data.clone(),
        clock: clock.clone(),
        events: events.clone(),
        settings: settings.clone(),
        images: images.clone(),
        runs: runs.clone(),
    });
    let api = Api {
        store: store.clone(),
        data,
        clock,
        events,
        scripts: scripts.clone(),
        settings,
        doctor,
        metrics,
        images,
        cleanup,
        runs: runs.clone(),
        scheduler: scheduler.clone(),
        tools: tools.clone(),
        webhooks: webhooks.clone(),
        access,
        triggers,
        backups,
        variables,
        keys,
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

/// What `doctor` reports where no application runs on this data folder; `None` if one does, which is to be asked then.
pub async fn examine(
    config: &ServeConfig,
    make_engine: MakeEngine,
) -> anyhow::Result<Option<doctor::Report>> {
    let data = DataDir::open(&config.data_dir)
        .with_context(|| format!("the data directory {} cannot be used", config.data_dir.display()))?;
    let Some(_lock) = data.try_lock()? else {
        return Ok(None);
    };
    let supervisor_folder = install_supervisor(&data, &config.supervisor)?;
    let database = data.path().join(layout::DATABASE);
    let known = store::examination::instance(&database);
    // What does not belong to an application yet belongs to the examination.
    let instance = known.clone().unwrap_or_else(|| "doctor".to_owned());
    let engine = make_engine(EngineWiring {
        instance: instance.clone(),
        data_dir: data.path().to_owned(),
        supervisor_folder: supervisor_folder.into(),
    });
    let extra_ca = config.extra_ca.as_ref().and_then(|path| std::fs::read(path).ok());
    let extra_ca = extra_ca.map(Arc::new);
    let doctor = Doctor::new(examination(
        config,
        &data,
        instance,
        Arc::clone(&engine),
        extra_ca,
    ));
    let report = doctor.examined().await;
    // An application keeps its network.
    if known.is_none() {
        // What cannot be removed is used again by the next examination.
        let _ = engine.remove_network().await;
    }
    Ok(Some(report))
}

/// What is examined, by the configuration alone.
fn examination(
    config: &ServeConfig,
    data: &DataDir,
    instance: String,
    engine: Arc<dyn Engine>,
    extra_ca: Option<Arc<Vec<u8>>>,
) -> doctor::Parts {
    doctor::Parts {
        engine,
        engine_address: config.docker_host.clone(),
        instance,
        runner_image: config.runner_image.clone(),
        tools_image: config.tools_image.clone(),
        data: data.clone(),
        clock: Clock::default(),
        listen: config.listen,
        guarded: config.require_token || exposure::of(config).is_ok_and(|exposure| exposure.is_wide()),
        key: match &config.secrets_key_file {
            Some(path) => doctor::Key::Given(path.clone()),
            None => doctor::Key::OnVolume(data.path().join(layout::SECRETS_KEY)),
        },
        extra_ca,
        ground: doctor::Ground::Alone {
            main_index: config
                .index_url
                .as_deref()
                .and_then(|url| index::configured(url).ok()),
        },
    }
}

/// Where the key to stored secrets is.
fn key_file(config: &ServeConfig, data: &DataDir) -> KeyFile {
    match &config.secrets_key_file {
        Some(path) => KeyFile::Given {
            path: path.clone(),
            old: config.secrets_old_key_file.clone(),
        },
        None => KeyFile::OnVolume(data.path().join(layout::SECRETS_KEY)),
    }
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
