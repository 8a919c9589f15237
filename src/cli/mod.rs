//! The command line: one binary, its verbs.

mod healthcheck;
pub mod serve;
mod token;

use clap::{Parser, Subcommand};

use crate::api;
use crate::config::ServeConfig;

#[derive(Debug, Parser)]
#[command(
    name = "pytask-manager",
    version,
    about = "Keep, schedule and run Python scripts in containers"
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the application.
    Serve(Box<ServeConfig>),
    /// Exit with 0 if the application on this machine answers.
    Healthcheck(healthcheck::Healthcheck),
    /// Print the API's OpenAPI document.
    Openapi,
    /// Make, list and remove access tokens.
    Token(token::Token),
}

impl Cli {
    pub async fn run(self) -> anyhow::Result<()> {
        // Before the first HTTP client is made; if somebody was faster, theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        match self.verb {
            Verb::Serve(config) => serve::serve(&config).await,
            Verb::Healthcheck(check) => check.run().await,
            Verb::Openapi => print_document(),
            Verb::Token(token) => token.run().await,
        }
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this verb is for")]
fn print_document() -> anyhow::Result<()> {
    println!("{}", api::document().to_pretty_json()?);
    Ok(())
}
