//! `doctor`: examines, prints, and says by its exit code how it came out.
//!
//! Where an application has the data folder, it is asked: it knows more, and two must not prove one engine at a time.
//! Where it does not answer, that is the first thing found.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use crate::app;
use crate::config::ServeConfig;
use crate::doctor::{Check, CheckState, Report};

const LOOK_EVERY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Debug, Args)]
pub struct Examine {
    #[command(flatten)]
    config: ServeConfig,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,

    /// API token, where the running application wants one.
    #[arg(long, env = "PYTASK_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Examine {
    pub async fn run(self) -> anyhow::Result<()> {
        let report = match app::examine(&self.config, app::engine(&self.config)).await? {
            Some(report) => report,
            None => self
                .ask()
                .await
                .context("an application has the data folder, and could not be asked")?,
        };
        print(&report, self.json)?;
        std::process::exit(exit_code(report.worst()));
    }

    /// The application that runs on this data folder.
    async fn ask(&self) -> anyhow::Result<Report> {
        // Whatever it listens on, it answers to this name.
        let url = format!("http://127.0.0.1:{}/api/v1/doctor", self.config.listen.port());
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        let authorised = |request: reqwest::RequestBuilder| match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let begun = authorised(client.post(&url)).json(&serde_json::json!({})).send();
        answered(begun.await?).await?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = answered(authorised(client.get(&url)).send().await?).await?;
            if seen["running"].is_null() && !seen["ran_at"].is_null() {
                return Ok(serde_json::from_value(seen)?);
            }
            if tokio::time::Instant::now() > deadline {
                bail!("its examination takes more than {} seconds", PATIENCE.as_secs());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn answered(response: reqwest::Response) -> anyhow::Result<serde_json::Value> {
    let status = response.status();
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    if !status.is_success() {
        bail!(
            "it answers {status}: {}",
            body["message"].as_str().unwrap_or("nothing more")
        );
    }
    Ok(body)
}

fn exit_code(worst: CheckState) -> i32 {
    match worst {
        CheckState::Ok => 0,
        CheckState::Unknown | CheckState::Warning => 1,
        CheckState::Problem => 2,
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this verb is for")]
fn print(report: &Report, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        println!("{}", text(report, std::io::stdout().is_terminal()));
    }
    Ok(())
}

/// For people: a line each, what mends it below.
fn text(report: &Report, coloured: bool) -> String {
    let width = report
        .checks
        .iter()
        .map(|check| check.title.chars().count())
        .max();
    let width = width.unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    for check in &report.checks {
        lines.push(format!(
            "{}  {:width$}  {}",
            mark(check.state, coloured),
            check.title,
            check.what
        ));
        lines.extend(
            more(check)
                .into_iter()
                .map(|line| format!("{:1$}{line}", "", width + 13)),
        );
    }
    let count = |state| report.count(state);
    lines.push(format!(
        "\n{} checks in {:.1} s: {} well, {} not known, {} to watch, {} that do not work",
        report.checks.len(),
        report.took_ms as f64 / 1_000.0,
        count(CheckState::Ok),
        count(CheckState::Unknown),
        count(CheckState::Warning),
        count(CheckState::Problem),
    ));
    lines.join("\n")
}

fn more(check: &Check) -> Vec<String> {
    let mut lines: Vec<String> = match check.state {
        CheckState::Ok => vec![],
        _ => check.details.clone(),
    };
    if let Some(mend) = &check.mend {
        lines.push(format!("→ {}", mend.what));
        lines.extend(mend.command.iter().map(|command| format!("    {command}")));
    }
    lines
}

/// A word, so that it says the same without colours.
fn mark(state: CheckState, coloured: bool) -> String {
    let (word, colour) = match state {
        CheckState::Ok => ("ok       ", 32),
        CheckState::Unknown => ("not known", 90),
        CheckState::Warning => ("watch    ", 33),
        CheckState::Problem => ("PROBLEM  ", 31),
    };
    if coloured {
        format!("\x1b[{colour}m{word}\x1b[0m")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Mend;
    use jiff::Timestamp;

    fn check(id: &str, state: CheckState, mend: Option<Mend>) -> Check {
        Check {
            id: id.to_owned(),
            title: id.to_owned(),
            state,
            what: "It is so.".to_owned(),
            mend,
            details: vec!["more".to_owned()],
        }
    }

    #[test]
    fn a_report_is_read_from_top_to_bottom() {
        let mend = Mend {
            what: "Do that.".to_owned(),
            command: Some("that --now".to_owned()),
        };
        let report = Report {
            ran_at: Timestamp::UNIX_EPOCH,
            took_ms: 1_250,
            checks: vec![
                check("disk", CheckState::Ok, None),
                check("database", CheckState::Problem, Some(mend)),
            ],
        };
        assert_eq!(
            text(&report, false),
            "ok         disk      It is so.\n\
             PROBLEM    database  It is so.\n\
             \x20                    more\n\
             \x20                    → Do that.\n\
             \x20                        that --now\n\n\
             2 checks in 1.2 s: 1 well, 0 not known, 0 to watch, 1 that do not work"
        );
        assert_eq!(exit_code(report.worst()), 2);
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst() {
        use CheckState::{Ok, Problem, Unknown, Warning};
        let codes = [Ok, Unknown, Warning, Problem].map(exit_code);
        assert_eq!(codes, [0, 1, 1, 2]);
    }
}
