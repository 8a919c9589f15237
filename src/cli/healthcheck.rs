//! `healthcheck`: for the container's health check, which has no other HTTP client.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

#[derive(Debug, Args)]
pub struct Healthcheck {
    /// Where the application listens.
    #[arg(long, env = "PYTASK_LISTEN", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
}

impl Healthcheck {
    pub async fn run(self) -> anyhow::Result<()> {
        // Whatever it listens on, it answers to this name.
        let url = format!("http://127.0.0.1:{}/healthz", self.listen.port());
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()?;
        let response = client
            .get(&url)
            .send()
            .await
            .with_context(|| format!("{url} does not answer"))?;
        if !response.status().is_success() {
            bail!("{url} answers {}", response.status());
        }
        Ok(())
    }
}
