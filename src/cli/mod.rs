//! The command line: one binary, its verbs. Those of [`client`] speak to an application that runs somewhere.

mod backup;
mod broker;
mod client;
mod completions;
mod doctor;
mod healthcheck;
mod mounted;
pub mod serve;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::api;
use crate::config::{BrokerConfig, ServeConfig};

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
    /// Hold the container engine for an application that has no way to it.
    Broker(Box<BrokerConfig>),
    /// Look what may be wrong with this installation, and how it is mended.
    ///
    /// Works whether the application runs or not: where it does, it is asked. Exits with 0 if all is well, with 1 if
    /// something may not be or could not be looked at, with 2 if something does not work.
    Doctor(Box<doctor::Examine>),
    /// Exit with 0 if the application on this machine answers.
    Healthcheck(healthcheck::Healthcheck),
    /// Make a backup, of a running application or of a data folder that nobody uses.
    Backup(Box<backup::Backup>),
    /// Restore a backup onto an empty data folder.
    Restore(backup::Restore),
    /// Print the API's OpenAPI document.
    Openapi,
    /// Make, list and remove access tokens.
    Token(token::Token),
    /// Print what a shell needs to complete this command line.
    Completions(completions::Completions),
    #[command(flatten)]
    Client(client::Verb),
}

impl Cli {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Client(verb) => return Ok(client::run(verb).await),
            Verb::Serve(config) => serve::serve(&config).await,
            Verb::Broker(config) => broker::broker(&config).await,
            Verb::Doctor(examine) => examine.run().await,
            Verb::Healthcheck(check) => check.run().await,
            Verb::Backup(backup) => backup.run().await,
            Verb::Restore(restore) => restore.run().await,
            Verb::Openapi => print_document(),
            Verb::Token(token) => token.run().await,
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
