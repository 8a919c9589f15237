//! `schedule`: has a script run by itself, lists what does so, and removes it.

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use reqwest::Method;
use serde_json::{Value, json};

use super::failure::Failure;
use super::http::Server;
use super::list::{self, SchedulesArgs};
use super::run::variable;
use super::table::local;
use super::wire::ScheduleSeen;
use super::{Done, Reach, exit, names, print};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ScheduleArgs {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    new: New,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List schedules.
    List(SchedulesArgs),
    /// Remove a schedule. What it has fired stays in the history.
    Remove(Remove),
}

#[derive(Debug, Args)]
struct New {
    /// Name of the script, or its id.
    #[arg(required = true)]
    script: Option<String>,

    /// When: five fields of cron, six with seconds in front, or a nickname such as @daily. One argument, so in quotes.
    #[arg(required = true, value_name = "CRON")]
    expression: Option<String>,

    /// Time zone whose clocks count, such as Europe/Berlin; default: this machine's.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,

    /// What the schedule is called.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,

    /// An argument for the script; as often as needed, in order.
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    args: Vec<String>,

    /// A variable for the script; as often as needed.
    #[arg(long = "env", short = 'e', value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,

    /// Switched off, to be switched on later.
    #[arg(long)]
    off: bool,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Args)]
struct Remove {
    /// Id of the schedule, or its name.
    schedule: String,

    #[command(flatten)]
    reach: Reach,
}

pub async fn run(args: ScheduleArgs) -> Done {
    match args.what {
        None => add(args.new).await,
        Some(What::List(args)) => list::schedules(args).await,
        Some(What::Remove(args)) => remove(args).await,
    }
}

async fn add(new: New) -> Done {
    let server = Server::new(&new.reach)?;
    let script = names::script(&server, new.script.as_deref().unwrap_or_default()).await?;
    let expression = new.expression.unwrap_or_default();
    let zone = new.timezone.unwrap_or_else(own_zone);
    let env: serde_json::Map<String, Value> = new
        .env
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let wish = json!({
        "when": { "kind": "cron", "expression": expression, "zone": zone },
        "name": new.name,
        "args": new.args,
        "env": env,
        "enabled": !new.off,
    });
    let made = server
        .post(server.path(&["scripts", &script.id, "schedules"]), &wish)
        .await
        .map_err(|failure| pointed(failure, &expression))?;
    if new.reach.json {
        print::json(&made)?;
        return Ok(exit::OK);
    }
    let schedule: ScheduleSeen = server.read(&made).await?;
    print::line(&schedule.id)?;
    let next = match schedule.next.first() {
        Some(fire) => format!("next at {}", local(fire.at)),
        None => "it rests for now".to_owned(),
    };
    print::note(&format!(
        "{} ({zone}): {}; {next}",
        script.name, schedule.description
    ));
    Ok(exit::OK)
}

async fn remove(args: Remove) -> Done {
    let server = Server::new(&args.reach)?;
    let found = names::schedule(&server, &args.schedule).await?;
    let id = found["id"].as_str().unwrap_or_default();
    let request = server.request(Method::DELETE, server.path(&["schedules", id]));
    server.value(request).await?;
    if args.reach.json {
        print::json(&found)?;
    } else {
        print::note(&format!("schedule {id} is removed"));
    }
    Ok(exit::OK)
}

/// Clocks on the wall here, if they are anybody's that can be named.
fn own_zone() -> String {
    let zone = TimeZone::system();
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// A refusal of an expression shows where in it.
fn pointed(failure: Failure, expression: &str) -> Failure {
    let Failure::Refused {
        code,
        message,
        details,
    } = failure
    else {
        return failure;
    };
    let place = |name: &str| {
        details[name]
            .as_u64()
            .and_then(|place| usize::try_from(place).ok())
    };
    let message = match (place("begin"), place("end")) {
        (Some(begin), Some(end)) if code == "invalid_expression" => {
            format!("{message}\n  {expression}\n  {}", mark(expression, begin, end))
        }
        _ => message,
    };
    Failure::Refused {
        code,
        message,
        details,
    }
}

/// Places are counted in bytes, and characters are what is seen.
fn mark(text: &str, begin: usize, end: usize) -> String {
    let chars = |to: usize| text.char_indices().filter(|(at, _)| *at < to).count();
    let (before, to) = (chars(begin), chars(end));
    format!(
        "{}{}",
        " ".repeat(before),
        "^".repeat(to.saturating_sub(before).max(1))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_expression_is_shown_with_the_place() {
        let refused = |code: &str, details: Value| Failure::Refused {
            code: code.to_owned(),
            message: "There is no hour 25".to_owned(),
            details,
        };
        let told = pointed(
            refused("invalid_expression", json!({ "begin": 2, "end": 4 })),
            "0 25 * * *",
        );
        assert_eq!(told.to_string(), "There is no hour 25\n  0 25 * * *\n    ^^");
        let other = pointed(refused("invalid_field", json!({})), "0 25 * * *");
        assert_eq!(other.to_string(), "There is no hour 25");
        assert_eq!(mark("é 7", 3, 4), "  ^");
        assert_eq!(mark("", 0, 0), "^");
        assert_eq!(mark("ab", 9, 12), "  ^");
    }
}
