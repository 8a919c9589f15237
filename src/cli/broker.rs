//! `broker`: holds the engine's socket for a controller that has none, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::mounted::{ENGINE_PATIENCE, EXIT_ENGINE_LOST, is_mounted_here};
use super::serve::start_logging;
use crate::broker::{Config, Server};
use crate::config::BrokerConfig;
use crate::engine::Error;
use crate::engine::docker::{Docker, DockerConfig};

const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) async fn broker(config: &BrokerConfig) -> anyhow::Result<()> {
    start_logging(&config.log)?;
    let settings = Config {
        socket: config.socket.clone(),
        state: config.state.clone(),
    };
    let of_docker = config.clone();
    let server = Server::bind(
        &settings,
        Box::new(move |instance, supervisor| {
            Arc::new(Docker::connect(DockerConfig {
                host: of_docker.docker_host.clone(),
                instance: instance.to_owned(),
                data_dir: of_docker.data_dir.clone(),
                data_volume: of_docker.data_volume.clone(),
                supervisor_dir: supervisor.to_owned(),
            }))
        }),
    )
    .with_context(|| format!("cannot take calls on {}", config.socket.display()))?;
    tracing::info!(socket = %config.socket.display(), "holding the engine");
    let mut stop = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        served = Arc::clone(&server).serve() => served?,
        _ = stop.recv() => {}
        _ = interrupt.recv() => {}
        () = engine_is_lost(&server), if is_mounted_here(&config.docker_host) => {
            tracing::error!("the engine is gone for good from here; leaving, to be started with its new socket");
            std::process::exit(EXIT_ENGINE_LOST);
        }
    }
    tracing::info!("stopped; runs go on in their containers");
    Ok(())
}

/// Returns once the engine has not answered for a while.
async fn engine_is_lost(server: &Server) {
    let mut away_for = Duration::ZERO;
    while away_for < ENGINE_PATIENCE {
        tokio::time::sleep(LOOK_EVERY).await;
        match server.ping().await {
            Err(Error::Away(_)) => away_for += LOOK_EVERY,
            _ => away_for = Duration::ZERO,
        }
    }
}
