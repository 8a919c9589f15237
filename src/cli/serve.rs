//! `serve`: runs the application until it is told to stop. Stopping it never stops runs.

use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::app;
use crate::config::{LogConfig, LogFormat, ServeConfig};

/// Streams that stay open longer than this after the signal are cut.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

pub async fn serve(config: &ServeConfig) -> anyhow::Result<()> {
    start_logging(&config.log)?;
    if !config.listen.ip().is_loopback() && !is_container() {
        tracing::warn!(listen = %config.listen, "listening beyond loopback: whoever reaches this address can run code");
    }
    let app = app::start(config).await?;
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
    let server = axum::serve(listener, app.router.clone()).with_graceful_shutdown(signals);
    let patience = async move {
        let _ = told.wait_for(|asked| *asked).await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = server => served?,
        () = patience => {}
    }
    app.stop().await;
    tracing::info!("stopped; runs go on in their containers");
    Ok(())
}

fn is_container() -> bool {
    std::path::Path::new("/.dockerenv").exists() || std::path::Path::new("/run/.containerenv").exists()
}

fn start_logging(config: &LogConfig) -> anyhow::Result<()> {
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
