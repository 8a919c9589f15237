//! `run`: submits a run and, if it is waited for, shows its output and ends as it does.
//!
//! The request carries an idempotency key, so that repeating it after a torn connection starts nothing twice. Ctrl+C stops the
//! showing and not the run; pressed again within two seconds it cancels the run, whose end is then waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::failure::Failure;
use super::follow::{Following, Shape, Stopped, Wanted, again};
use super::http::Server;
use super::interrupts::{Interrupts, Press};
use super::wire::{RunSeen, ScriptSeen};
use super::{Done, Reach, exit, names, print, words};

/// Between two presses of Ctrl+C that belong together.
const TWICE: Duration = Duration::from_secs(2);
/// How long a request is repeated whose answer did not arrive.
const INSIST: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Name of the script, or its id.
    name: String,

    /// Show its output, wait for its end, and exit with its code.
    #[arg(long, short)]
    wait: bool,

    /// An argument for the script; as often as needed, in order.
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    args: Vec<String>,

    /// A variable for the script; as often as needed.
    #[arg(long = "env", short = 'e', value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,

    /// What to do about unfinished runs of the same script, instead of what the script says.
    #[arg(long, value_enum)]
    overlap: Option<Overlap>,

    /// A key of your own: the same key for the same script is the same run, however often it is asked for.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,

    /// Nothing on stderr but the script's own output and errors of this command line.
    #[arg(long, short)]
    quiet: bool,

    /// More arguments for the script, after `--`.
    #[arg(last = true, value_name = "ARGS")]
    rest: Vec<String>,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Overlap {
    /// Do not run, be recorded as skipped.
    Skip,
    /// Wait until they have finished.
    Queue,
    /// Stop them, then run.
    Replace,
    /// Run beside them.
    Allow,
}

/// `NAME=VALUE`.
pub fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is written NAME=VALUE".to_owned()),
    }
}

pub async fn run(args: RunArgs) -> Done {
    let server = Server::new(&args.reach)?;
    let script = names::script(&server, &args.name).await?;
    // From here on there may be a run.
    let mut interrupts = Interrupts::listen()?;
    let submitted = tokio::select! {
        submitted = submit(&server, &script, &args) => submitted?,
        _ = interrupts.pressed() => {
            return Err(Failure::Interrupted(format!(
                "interrupted before the answer: `pytask-manager list runs --script '{}'` shows whether it was started",
                script.name
            )));
        }
    };
    let run: RunSeen = server.read(&submitted).await?;
    match (args.wait, args.reach.json) {
        (false, true) => print::json(&submitted)?,
        (false, false) => print::line(&run.id)?,
        (true, _) => return wait(&server, &run, &args, interrupts).await,
    }
    Ok(exit::OK)
}

async fn submit(server: &Server, script: &ScriptSeen, args: &RunArgs) -> Result<Value, Failure> {
    let key = args
        .idempotency_key
        .clone()
        .unwrap_or_else(|| uuid::Uuid::now_v7().simple().to_string());
    let env: BTreeMap<_, _> = args.env.iter().cloned().collect();
    let all: Vec<&String> = args.args.iter().chain(&args.rest).collect();
    let mut wish = json!({ "args": all, "env": env });
    if let Some(overlap) = args.overlap.and_then(|overlap| overlap.to_possible_value()) {
        wish["overlap"] = overlap.get_name().into();
    }
    let started = Instant::now();
    let mut pause = Duration::from_millis(200);
    loop {
        let request = server
            .request(Method::POST, server.path(&["scripts", &script.id, "runs"]))
            .header("idempotency-key", &key)
            .json(&wish);
        match server.value(request).await {
            Err(failure) if failure.is_passing() && started.elapsed() < INSIST => {
                if !args.quiet {
                    print::note(&format!("{failure}. Trying again"));
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            answer => return answer,
        }
    }
}

async fn wait(server: &Server, run: &RunSeen, args: &RunArgs, mut interrupts: Interrupts) -> Done {
    let shape = if args.reach.json {
        Shape::Json
    } else {
        Shape::Bytes
    };
    let wanted = Wanted {
        run: run.id.clone(),
        after: 0,
        shape,
        stream: None,
        quiet: args.quiet,
    };
    let mut following = Following::new(server, wanted);
    let mut cancelled = false;
    loop {
        let press = match following.follow(&mut interrupts).await? {
            Stopped::Ended(ended) => {
                following.note(words::epitaph(&ended)).await;
                following.screen.finish().await?;
                return Ok(code_of(&ended, cancelled));
            }
            Stopped::Pressed(press) => press,
        };
        if press == Press::Terminate || cancelled {
            following.note(goes_on(run)).await;
            following.screen.leave().await?;
            return Ok(match press {
                Press::Terminate => exit::TERMINATED,
                Press::Interrupt => exit::INTERRUPTED,
            });
        }
        let offer = format!("{}. Ctrl+C again within two seconds cancels it", goes_on(run));
        following.note(offer).await;
        match tokio::time::timeout(TWICE, interrupts.pressed()).await {
            Ok(Press::Interrupt) => {
                let url = server.path(&["runs", &run.id, "cancel"]);
                server.post(url, &json!({})).await?;
                following.note(format!("run {} is cancelled", run.number)).await;
                cancelled = true;
            }
            Ok(Press::Terminate) | Err(_) => {
                following.screen.leave().await?;
                return Ok(exit::INTERRUPTED);
            }
        }
    }
}

/// A run that has ended by itself after all ends as it does.
fn code_of(run: &RunSeen, cancelled: bool) -> u8 {
    let Some(outcome) = &run.outcome else {
        return exit::of_outcome(&Default::default());
    };
    if cancelled && outcome.kind == "cancelled" {
        exit::INTERRUPTED
    } else {
        exit::of_outcome(outcome)
    }
}

fn goes_on(run: &RunSeen) -> String {
    format!(
        "run {} goes on; `{}` follows it again",
        run.number,
        again(&run.id)
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::wire::OutcomeSeen;
    use super::*;

    #[test]
    fn variables_have_a_name_and_perhaps_a_value() {
        assert_eq!(variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert_eq!(variable("A="), Ok(("A".into(), String::new())));
        for bad in ["", "A", "=b"] {
            assert!(variable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_was_cancelled_by_two_presses_ends_so_unless_it_had_ended() {
        let ended = |kind: &str| RunSeen {
            id: "r".to_owned(),
            number: 12,
            script_name: "Report".to_owned(),
            state: "finished".to_owned(),
            kind: "script".to_owned(),
            outcome: Some(OutcomeSeen {
                kind: kind.to_owned(),
                message: "So it ended.".to_owned(),
                exit_code: Some(3),
                signal: None,
            }),
            trigger: None,
            queued_at: Timestamp::UNIX_EPOCH,
            started_at: Some(Timestamp::UNIX_EPOCH),
            finished_at: Timestamp::from_millisecond(1500).ok(),
            wait_reason: None,
        };
        assert_eq!(code_of(&ended("cancelled"), true), 130);
        assert_eq!(code_of(&ended("cancelled"), false), 70);
        assert_eq!(code_of(&ended("failed"), true), 3);
        assert_eq!(
            words::epitaph(&ended("failed")),
            "run 12 of Report: So it ended (1.5 s)"
        );
    }
}
