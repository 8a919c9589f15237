//! The binary: nothing but the command line.

use std::process::ExitCode;

use clap::Parser;
use pytask_manager::cli::Cli;

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    pytask_manager::app::install_tls();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(cli.run())
}
