//! The verbs that are a client of a running application: of its HTTP API and nothing else.
//!
//! None of them reads the data folder, so they work from any machine that reaches the application. What a script writes goes
//! to stdout and stderr as it is; what this command line has to say itself goes to stderr. With `--json` every line on stdout is one
//! JSON value, in the shapes of the API. What a verb exits with is decided in [`exit`].

mod exit;
mod failure;
mod follow;
mod http;
mod interrupts;
mod list;
mod live;
mod logs;
mod names;
mod print;
mod push;
mod run;
mod schedule;
mod screen;
mod table;
mod wire;
mod words;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a script; with --wait show its output and end as it does.
    #[command(after_help = exit::HELP)]
    Run(run::RunArgs),
    /// Print what a run has written, or follow what it writes.
    Logs(logs::LogsArgs),
    /// List scripts, runs or schedules.
    List(list::ListArgs),
    /// Make a script of a folder, or bring one up to date.
    Push(push::PushArgs),
    /// Have a script run by itself; list or remove what does.
    Schedule(schedule::ScheduleArgs),
}

/// Where the application is and how it is spoken to; the same for all verbs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection and output")]
pub struct Reach {
    /// Address of the application.
    #[arg(long, env = "PYTASK_URL", default_value = "http://127.0.0.1:8420")]
    pub url: String,

    /// Token to be let in with. The variable is the better place: others on this machine see what a command is started with.
    #[arg(long, env = "PYTASK_TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// Print JSON, one value per line, in the shapes of the API.
    #[arg(long)]
    pub json: bool,
}

/// What a verb comes to: an exit code, or what went wrong.
type Done = Result<u8, Failure>;

pub async fn run(verb: Verb) -> ExitCode {
    let done = match verb {
        Verb::Run(args) => run::run(args).await,
        Verb::Logs(args) => logs::run(args).await,
        Verb::List(args) => list::run(args).await,
        Verb::Push(args) => push::run(args).await,
        Verb::Schedule(args) => schedule::run(args).await,
    };
    match done {
        Ok(code) => code.into(),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                print::note(&failure.to_string());
            }
            exit::of_failure(&failure).into()
        }
    }
}
