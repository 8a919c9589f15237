//! `serve`: runs the application until it is told to stop. Stopping it never stops runs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::app;
use crate::config::{LogConfig, LogFormat, ServeConfig};
use crate::runs::EngineStatus;

/// Streams that stay open longer than this after the signal are cut.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// An engine that restarts makes a new socket, and who has mounted the old one, as a container does, never sees it.
/// Leaving has the restart policy mount the new one; runs are not touched.
const EXIT_ENGINE_LOST: i32 = 70;
const ENGINE_PATIENCE: Duration = Duration::from_secs(30);

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
    serve_on(config, app::Surroundings::default(), app::docker(config)).await
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
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let socket_is_mounted = is_mounted(&config.docker_host, &mounts);
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

/// Whether a socket is a mount of its own, according to `/proc/self/mountinfo`. That this is a container would not tell:
/// there the whole folder may be mounted, and its marks lie about on machines that were made from an image.
fn is_mounted(host: &str, mountinfo: &str) -> bool {
    let Some(socket) = host.strip_prefix("unix://") else {
        return false;
    };
    // Mount points are told without links; `/var/run` is one nearly everywhere.
    let place = std::fs::canonicalize(socket).unwrap_or_else(|_| socket.into());
    let mut mount_points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    mount_points.any(|point| place == std::path::Path::new(point))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_socket_that_is_mounted_itself_can_be_left_behind() {
        let mount =
            |point: &str| format!("36 35 98:0 /somewhere {point} rw,noatime master:1 - ext4 /dev/root rw\n");
        let itself = mount("/") + &mount("/engine.sock");
        assert!(is_mounted("unix:///engine.sock", &itself));
        assert!(!is_mounted("unix:///other.sock", &itself));
        assert!(!is_mounted("unix:///engine.sock", &mount("/")));
        assert!(!is_mounted("unix:///engine/docker.sock", &mount("/engine")));
        assert!(!is_mounted("tcp://engine:2375", &itself));
    }

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
