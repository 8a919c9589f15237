//! The command line: one binary, its verbs.

mod backup;
mod healthcheck;
pub mod serve;

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
    /// Make a backup, of a running application or of a data folder that nobody uses.
    Backup(Box<backup::Backup>),
    /// Restore a backup onto an empty data folder.
    Restore(backup::Restore),
    /// Print the API's OpenAPI document.
    Openapi,
}

impl Cli {
    pub async fn run(self) -> anyhow::Result<()> {
        match self.verb {
            Verb::Serve(config) => serve::serve(&config).await,
            Verb::Healthcheck(check) => check.run().await,
            Verb::Backup(backup) => backup.run().await,
            Verb::Restore(restore) => restore.run().await,
            Verb::Openapi => print_document(),
        }
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this verb is for")]
fn print_document() -> anyhow::Result<()> {
    println!("{}", api::document().to_pretty_json()?);
    Ok(())
}
