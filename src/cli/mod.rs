//! The command line: one binary, its verbs. Those of [`client`] speak to an application that runs somewhere.

mod client;
mod completions;
mod healthcheck;
pub mod serve;

use std::process::ExitCode;

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
    /// Print what a shell needs to complete this command line.
    Completions(completions::Completions),
    #[command(flatten)]
    Client(client::Verb),
}

impl Cli {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        // Before the first HTTP client is made; if somebody was faster, theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        match self.verb {
            Verb::Client(verb) => return Ok(client::run(verb).await),
            Verb::Serve(config) => serve::serve(&config).await,
            Verb::Healthcheck(check) => check.run().await,
            Verb::Openapi => print_document(),
            Verb::Completions(wanted) => wanted.print(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this verb is for")]
fn print_document() -> anyhow::Result<()> {
    println!("{}", api::document().to_pretty_json()?);
    Ok(())
}
