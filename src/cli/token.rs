//! `token`: makes, lists and removes access tokens, by asking the running application.
//!
//! On the machine that it runs on nobody needs a token for that: being able to read the data folder's local key is enough,
//! which is how an instance comes to its first token (`docker compose exec pytask-manager pytask-manager token create …`).
//! There is one writer to the database, and it is not this process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::Table;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::files::layout;

#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    verb: Verb,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token. It is printed once and stored nowhere.
    Create {
        /// Whom or what it is for.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value_t = Scope::Full)]
        scope: Scope,
        /// When it expires, such as 2027-01-31T00:00:00Z; default: never.
        #[arg(long, value_name = "TIME")]
        expires: Option<jiff::Timestamp>,
    },
    /// List the tokens there are.
    List {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Take a token back; browsers that have signed in with it are signed out.
    Remove {
        /// Its name or its id.
        #[arg(value_name = "TOKEN")]
        wanted: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scope {
    Full,
    Read,
}

/// Whom to ask, and as whom.
#[derive(Debug, Args)]
struct Reach {
    /// Address of the application; default: the one on this machine.
    #[arg(long, env = "PYTASK_URL", global = true)]
    url: Option<String>,

    /// An access token; default: the local key in the data folder, if it can be read.
    #[arg(long, env = "PYTASK_TOKEN", hide_env_values = true, global = true)]
    token: Option<String>,

    /// Where the application on this machine listens.
    #[arg(long, env = "PYTASK_LISTEN", default_value = "127.0.0.1:8420", global = true)]
    listen: SocketAddr,

    /// The data folder of the application on this machine.
    #[arg(long, env = "PYTASK_DATA_DIR", default_value = "./data", global = true)]
    data_dir: PathBuf,
}

impl Token {
    pub async fn run(self) -> anyhow::Result<()> {
        let door = Door::open(&self.reach)?;
        match self.verb {
            Verb::Create { name, scope, expires } => create(&door, &name, scope, expires).await,
            Verb::List { json } => list(&door, json).await,
            Verb::Remove { wanted } => remove(&door, &wanted).await,
        }
    }
}

/// The application, as it is asked.
struct Door {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Door {
    fn open(reach: &Reach) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()?;
        // Whatever it listens on, it answers to this name.
        let here = format!("http://127.0.0.1:{}", reach.listen.port());
        let url = reach.url.clone().unwrap_or(here);
        let local_key = || std::fs::read_to_string(reach.data_dir.join(layout::LOCAL_KEY)).ok();
        // The key opens this machine's application and is nobody else's business.
        let token = match (&reach.token, &reach.url) {
            (Some(token), _) => Some(token.clone()),
            (None, None) => local_key(),
            (None, Some(_)) => None,
        };
        Ok(Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// What it answers, or what it says instead.
    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let answer = request
            .send()
            .await
            .with_context(|| format!("PyTask-Manager does not answer at {}; is it running?", self.url))?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let body: Value = serde_json::from_slice(&body)
            .with_context(|| format!("what answers at {} is not PyTask-Manager", self.url))?;
        if !status.is_success() {
            bail!(
                "{}",
                body["message"]
                    .as_str()
                    .unwrap_or("it refused and did not say why")
            );
        }
        Ok(body)
    }
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the token alone goes to stdout, for whoever stores it"
)]
async fn create(
    door: &Door,
    name: &str,
    scope: Scope,
    expires: Option<jiff::Timestamp>,
) -> anyhow::Result<()> {
    let scope = match scope {
        Scope::Full => "full",
        Scope::Read => "read",
    };
    let wish = json!({ "name": name, "scope": scope, "expires_at": expires });
    let made = door
        .ask(door.request(Method::POST, "/tokens").json(&wish))
        .await?;
    eprintln!("This is the only time that it can be seen:");
    println!("{}", made["token"].as_str().unwrap_or_default());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "printing is what this verb is for")]
async fn list(door: &Door, json: bool) -> anyhow::Result<()> {
    let tokens = door.ask(door.request(Method::GET, "/tokens")).await?;
    if json {
        println!("{tokens:#}");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["NAME", "BEGINS WITH", "SCOPE", "LAST USED", "EXPIRES", "ID"]);
    for token in tokens["items"].as_array().into_iter().flatten() {
        let text = |field: &str, otherwise: &str| token[field].as_str().unwrap_or(otherwise).to_owned();
        let expires = match token["expired"].as_bool() {
            Some(true) => "expired".to_owned(),
            _ => text("expires_at", "never"),
        };
        table.add_row([
            text("name", ""),
            format!("pytask_{}…", text("hint", "")),
            text("scope", ""),
            text("last_used_at", "never"),
            expires,
            text("id", ""),
        ]);
    }
    println!("{table}");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "what was done, for people")]
async fn remove(door: &Door, wanted: &str) -> anyhow::Result<()> {
    let tokens = door.ask(door.request(Method::GET, "/tokens")).await?;
    let items = tokens["items"].as_array().into_iter().flatten();
    let mut found = items.filter(|token| {
        token["id"] == wanted
            || token["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    });
    let Some(id) = found.next().and_then(|token| token["id"].as_str()) else {
        bail!("there is no token {wanted:?}; `pytask-manager token list` shows them");
    };
    door.ask(door.request(Method::DELETE, &format!("/tokens/{id}")))
        .await?;
    eprintln!("Removed");
    Ok(())
}
