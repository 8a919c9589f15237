//! `serve`: runs the application until it is told to stop. Stopping it never stops runs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::mounted::{self, ENGINE_PATIENCE, EXIT_ENGINE_LOST};
use crate::app;
use crate::config::{LogConfig, LogFormat, ServeConfig};
use crate::runs::EngineStatus;

/// Streams that stay open longer than this after the signal are cut.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// Returns once the engine has not answered for a while.
async fn engine_is_lost(mut status: watch::Receiver<EngineStatus>) {
    loop {
        let away = status
            .wait_for(|status| matches!(status, EngineStatus::Away(_)))
            .await
            .is_ok();
        if !away {
            return std::future::pending().await;
        }
        let back = status.wait_for(|status| !matches!(status, EngineStatus::Away(_)));
        if tokio::time::timeout(ENGINE_PATIENCE, back).await.is_err() {
            return;
        }
    }
}

pub async fn serve(config: &ServeConfig) -> anyhow::Result<()> {
    serve_on(config, app::Surroundings::default(), app::engine(config)).await
}

/// The whole verb, with an engine and surroundings of the caller's making.
pub async fn serve_on(
    config: &ServeConfig,
    surroundings: app::Surroundings,
    make_engine: app::MakeEngine,
) -> anyhow::Result<()> {
    start_logging(&config.log)?;
    let app = app::start_on(config, surroundings, make_engine).await?;
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, data = %config.data_dir.display(), "serving");

    let (asked, mut told) = tokio::sync::watch::channel(false);
    let mut stop = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let signals = async move {
        tokio::select! {
            _ = stop.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = asked.send(true);
    };
    let service = app
        .router
        .clone()
        .into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(signals);
    let patience = async move {
        let _ = told.wait_for(|asked| *asked).await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    let lost = engine_is_lost(app.runs.engine_changes());
    let socket_is_mounted = config.broker.is_none() && mounted::is_mounted_here(&config.docker_host);
    tokio::select! {
        served = server => served?,
        () = patience => {}
        () = lost, if socket_is_mounted => {
            tracing::error!("the engine is gone for good from here; leaving, to be started with its new socket");
            app.stop().await;
            std::process::exit(EXIT_ENGINE_LOST);
        }
    }
    app.stop().await;
    tracing::info!("stopped; runs go on in their containers");
    Ok(())
}

pub(super) fn start_logging(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).context("PYTASK_LOG is not a tracing filter")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Text => log
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_long_absence_counts() {
        let (status, seen) = watch::channel(EngineStatus::Connecting);
        let lost = tokio::spawn(engine_is_lost(seen));
        for (state, seconds) in [
            (EngineStatus::Unfit("no image".into()), 100),
            (EngineStatus::Away("gone".into()), 29),
            (EngineStatus::Connecting, 100),
        ] {
            status.send_replace(state);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            assert!(!lost.is_finished());
        }
        status.send_replace(EngineStatus::Away("gone".into()));
        tokio::time::sleep(Duration::from_secs(10)).await;
        status.send_replace(EngineStatus::Away("still gone".into()));
        tokio::time::sleep(Duration::from_secs(21)).await;
        assert!(lost.is_finished());
    }
}
