//! `backup` and `restore`.
//!
//! Whether a controller is running is told by the lock of the data folder: where one holds it, it is asked over its API; where
//! none does, the folder is read directly. `--url` says that it is somewhere else.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use futures_util::StreamExt;

use crate::backup::{self, Account, Cause, Wish, contents, restore};
use crate::clock::Clock;
use crate::files::{DataDir, Owner, layout};

#[derive(Debug, Args)]
pub struct Backup {
    /// Where to write it: a file, a folder, or `-` for standard output. Default: `backups/` in the data folder.
    #[arg(long)]
    to: Option<PathBuf>,

    /// Also what runs have written.
    #[arg(long)]
    logs: bool,

    /// Also what runs have left as artifacts.
    #[arg(long)]
    artifacts: bool,

    /// Folder of everything that lasts.
    #[arg(long, env = "PYTASK_DATA_DIR", default_value = "./data")]
    data_dir: PathBuf,

    /// Address of a running PyTask-Manager; default: the one that uses the data folder.
    #[arg(long, env = "PYTASK_URL")]
    url: Option<String>,

    /// API token, where one is needed.
    #[arg(long, env = "PYTASK_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Where the one that uses the data folder listens.
    #[arg(long, env = "PYTASK_LISTEN", default_value = "127.0.0.1:8420", hide = true)]
    listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// A backup.
    file: PathBuf,

    /// An empty folder, which becomes the data folder.
    #[arg(long, env = "PYTASK_DATA_DIR", default_value = "./data")]
    data_dir: PathBuf,

    /// The key to stored secrets (`secrets.key` of the old data folder), which is in no backup.
    #[arg(long)]
    key: Option<PathBuf>,

    /// User and group id of the scripts' processes inside their containers.
    #[arg(long, env = "PYTASK_RUN_UID", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    run_uid: u32,
}

const KEY_NOTE: &str = "The key to stored passwords and secrets is not in it. Keep secrets.key of the data folder \
     elsewhere: without it they have to be entered anew after a restore.";

impl Backup {
    pub async fn run(self) -> anyhow::Result<()> {
        let wish = Wish {
            logs: self.logs,
            artifacts: self.artifacts,
        };
        match (&self.url, self.is_in_use()?) {
            (Some(url), _) => self.ask(url.trim_end_matches('/'), wish).await,
            (None, true) => {
                let url = format!("http://127.0.0.1:{}", self.listen.port());
                self.ask(&url, wish).await
            }
            (None, false) => {
                let this = self;
                tokio::task::spawn_blocking(move || this.read_folder(wish)).await?
            }
        }
    }

    fn is_in_use(&self) -> anyhow::Result<bool> {
        if self.url.is_some() {
            return Ok(true);
        }
        let database = self.data_dir.join(layout::DATABASE);
        if !database.exists() {
            bail!(
                "{} holds no instance of PyTask-Manager; --data-dir names another folder, --url one that is running",
                self.data_dir.display()
            );
        }
        let data = DataDir::open(&self.data_dir)?;
        Ok(data.try_lock()?.is_none())
    }

    fn read_folder(&self, wish: Wish) -> anyhow::Result<()> {
        let make = |into: &mut dyn Write| -> anyhow::Result<()> {
            backup::of_folder(&self.data_dir, wish, &Clock::system(), into)?;
            Ok(())
        };
        match self.target(|| contents::file_name(Clock::system().now(), Cause::Manual)) {
            Target::Output => make(&mut io::stdout().lock()),
            Target::File(path) => {
                let mut partial = Partial::create(&path)?;
                make(&mut partial.file)?;
                partial.keep()
            }
        }
    }

    fn target(&self, name: impl FnOnce() -> String) -> Target {
        match &self.to {
            Some(to) if to.as_os_str() == "-" => Target::Output,
            Some(to) if to.is_dir() => Target::File(to.join(name())),
            Some(to) => Target::File(to.clone()),
            None => Target::File(self.data_dir.join(layout::BACKUPS).join(name())),
        }
    }

    async fn ask(&self, url: &str, wish: Wish) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        match &self.to {
            None => self.make_there(&client, url, wish).await,
            Some(_) => self.take(&client, url, wish).await,
        }
    }

    fn request(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Has it made and kept in the folder of backups there.
    async fn make_there(&self, client: &reqwest::Client, url: &str, wish: Wish) -> anyhow::Result<()> {
        let list = format!("{url}/api/v1/backups");
        let job: serde_json::Value = answer(self.request(client.post(&list).json(&wish)), url)
            .await?
            .json()
            .await?;
        let name = job["name"].as_str().unwrap_or_default().to_owned();
        loop {
            let seen: serde_json::Value = answer(self.request(client.get(&list)), url).await?.json().await?;
            if seen["job"]["name"].as_str() == Some(&*name) {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                continue;
            }
            if let Some(problem) = seen["last"]["problem"]
                .as_str()
                .filter(|_| seen["last"]["name"] == *name)
            {
                bail!("no backup was made: {problem}");
            }
            let folder = seen["folder"].as_str().unwrap_or_default();
            let items = seen["items"].as_array();
            let made = items.and_then(|items| items.iter().find(|item| item["name"] == *name));
            let made = made.with_context(|| format!("{name} is not there; its log says why"))?;
            say(&format!(
                "{folder}/{name}: {} bytes, read back",
                made["size_bytes"]
            ));
            say(KEY_NOTE);
            return Ok(());
        }
    }

    /// Has it sent, without that it is kept there.
    async fn take(&self, client: &reqwest::Client, url: &str, wish: Wish) -> anyhow::Result<()> {
        let asked = self.request(client.post(format!("{url}/api/v1/backups/send")).json(&wish));
        let mut pieces = answer(asked, url).await?.bytes_stream();
        match self.target(|| contents::file_name(Clock::system().now(), Cause::Manual)) {
            Target::Output => {
                let mut output = io::stdout();
                while let Some(piece) = pieces.next().await {
                    output.write_all(&piece.context("the backup broke off")?)?;
                }
                Ok(output.flush()?)
            }
            Target::File(path) => {
                let mut partial = Partial::create(&path)?;
                while let Some(piece) = pieces.next().await {
                    partial.file.write_all(&piece.context("the backup broke off")?)?;
                }
                partial.keep()
            }
        }
    }
}

enum Target {
    Output,
    File(PathBuf),
}

async fn answer(request: reqwest::RequestBuilder, url: &str) -> anyhow::Result<reqwest::Response> {
    let response = request
        .send()
        .await
        .with_context(|| format!("{url} does not answer"))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    match body["message"].as_str() {
        Some(message) => bail!("{message}"),
        None => bail!("{url} answers {status}"),
    }
}

/// A file that has its name once it is whole and was read back.
struct Partial {
    file: File,
    place: PathBuf,
    to: PathBuf,
    kept: bool,
}

impl Partial {
    fn create(to: &Path) -> anyhow::Result<Self> {
        if to.exists() {
            bail!("{} exists already", to.display());
        }
        let mut place = to.as_os_str().to_owned();
        place.push(".partial");
        let place = PathBuf::from(place);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&place)
            .with_context(|| format!("{} cannot be written", place.display()))?;
        Ok(Self {
            file,
            place,
            to: to.to_owned(),
            kept: false,
        })
    }

    fn keep(mut self) -> anyhow::Result<()> {
        self.file.sync_all()?;
        let account = read_back(&self.place)?;
        std::fs::rename(&self.place, &self.to)?;
        self.kept = true;
        let size = self.file.metadata()?.len();
        say(&format!(
            "{}: {size} bytes, {} files and folders, read back",
            self.to.display(),
            account.entries
        ));
        if account.left_out + account.changing + account.damaged > 0 {
            say(&format!(
                "Left out: {} (links and the like); written while they were copied: {}; missing or damaged: {}. Some of \
                 these: {}",
                account.left_out,
                account.changing,
                account.damaged,
                account.examples.join(", ")
            ));
        }
        say(KEY_NOTE);
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.place);
        }
    }
}

fn read_back(path: &Path) -> anyhow::Result<Account> {
    let mut index_place = path.as_os_str().to_owned();
    index_place.push(".list");
    let mut index = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&index_place)?;
    // Without a name it is gone with this process.
    std::fs::remove_file(&index_place)?;
    index.rewind()?;
    Ok(backup::verify_file(File::open(path)?, &mut index)?)
}

impl Restore {
    pub async fn run(self) -> anyhow::Result<()> {
        let done = tokio::task::spawn_blocking(move || {
            let wish = restore::Wish {
                backup: &self.file,
                data_dir: &self.data_dir,
                owner: Owner::Script {
                    uid: self.run_uid,
                    gid: self.run_uid,
                },
                key: self.key.as_deref(),
            };
            restore::restore(&wish, &Clock::system(), &mut |_| Ok(()))
        });
        let done = done.await??;
        let (header, account) = (&done.found.header, &done.found.account);
        say(&format!(
            "Restored the backup of {} (PyTask-Manager {}): {} files and folders, {} bytes, all read back.",
            header.made_at, header.version, account.entries, account.bytes
        ));
        say(match (header.logs, header.artifacts) {
            (true, true) => "Logs and artifacts of runs were in it.",
            (true, false) => "Logs of runs were in it, artifacts were not.",
            (false, true) => "Artifacts of runs were in it, logs were not.",
            (false, false) => "Neither logs nor artifacts of runs were in it.",
        });
        if !done.has_key {
            say(
                "There is no secrets.key in the data folder: stored passwords and secrets cannot be read until the old \
                 one is put there.",
            );
        }
        say(
            "At its first start, runs that were going on are lost, environments are built again from their locks, and all \
             schedules are paused: look around, then resume them.",
        );
        Ok(())
    }
}

/// Beside standard output, which may be the backup itself.
#[expect(clippy::print_stderr, reason = "what a verb has to say")]
fn say(text: &str) {
    eprintln!("{text}");
}
