//! `push`: a folder becomes a script, or a script becomes what a folder is.
//!
//! A new one is imported whole, all or nothing. One that is there is compared file by file, by content hash, and only what
//! differs is sent; each file is replaced only if it is still what it was compared with, so that nobody's edit is lost. What is
//! sent last is the entry file: a run in between executes the program before.

mod folder;
mod plan;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use reqwest::{Body, Method, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::http::Server;
use super::wire::ScriptSeen;
use super::{Done, Reach, exit, names, print};
use folder::Found;
use plan::{Local, Plan, Remote, Step, plan};

#[derive(Debug, Args)]
pub struct PushArgs {
    /// The folder.
    folder: PathBuf,

    /// Name of the script; default: the folder's.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,

    /// Delete files of the script that the folder does not have. What runs have left in it stays.
    #[arg(long)]
    delete: bool,

    /// Of a new script: what becomes of the schedules in a pytask.json that an export has left in the folder.
    #[arg(long, value_enum, default_value_t = Schedules::Paused)]
    schedules: Schedules,

    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "kebab-case")]
enum Schedules {
    /// They stay behind.
    None,
    /// They come along, switched off.
    Paused,
    /// They come along, switched on or off as they were.
    AsTheyWere,
}

impl Schedules {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Paused => "paused",
            Self::AsTheyWere => "as_they_were",
        }
    }
}

/// What was done, or would be.
#[derive(Debug, Default)]
struct Report {
    script_id: Option<String>,
    name: String,
    created: bool,
    dry_run: bool,
    added: Vec<String>,
    changed: Vec<String>,
    deleted: Vec<String>,
    unchanged: usize,
    /// Files that only the script has, and keeps.
    left: Vec<String>,
    /// Entries of the folder that are none of a script.
    passed_over: Vec<String>,
    schedules: Value,
    revision: Option<i64>,
    notes: Vec<String>,
}

pub async fn run(args: PushArgs) -> Done {
    let found = folder::walk(&args.folder)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => folder::name(&args.folder)?,
    };
    let server = Server::new(&args.reach)?;
    let report = match names::find_script(&server, &name).await? {
        None => import(&server, &args, &name, found).await?,
        Some(script) => update(&server, &args, &script, found).await?,
    };
    if args.reach.json {
        print::json(&report.as_json())?;
    } else {
        print::text(&report.as_text())?;
        for sentence in report.sentences() {
            print::note(&sentence);
        }
    }
    Ok(exit::OK)
}

async fn import(server: &Server, args: &PushArgs, name: &str, found: Found) -> Result<Report, Failure> {
    let mut report = Report {
        name: name.to_owned(),
        created: true,
        dry_run: args.dry_run,
        added: found.files.clone(),
        passed_over: found.passed_over.clone(),
        schedules: json!([]),
        ..Report::default()
    };
    report.added.retain(|path| path != folder::PASSPORT);
    if args.dry_run {
        return Ok(report);
    }
    let archive = folder::zip(&args.folder, &found.files)?;
    let mut url = server.path(&["scripts", "import"]);
    url.query_pairs_mut()
        .append_pair("filename", "push.zip")
        .append_pair("name", name)
        .append_pair("schedules", args.schedules.as_str());
    let request = server
        .request(Method::POST, url)
        .header(header::CONTENT_TYPE, "application/zip")
        .body(archive);
    // As long as it takes to send it.
    let response = server.send(request).await?;
    let bytes = response.bytes().await.map_err(|e| server.no_answer(&e))?;
    let mut imported: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let script: ScriptSeen = server.read(&imported["script"]).await?;
    report.script_id = Some(script.id);
    report.revision = script.revision;
    report.schedules = imported["schedules"].take();
    report.notes = serde_json::from_value(imported["notes"].take()).unwrap_or_default();
    Ok(report)
}

async fn update(
    server: &Server,
    args: &PushArgs,
    script: &ScriptSeen,
    mut found: Found,
) -> Result<Report, Failure> {
    let passport = found.files.iter().position(|path| path == folder::PASSPORT);
    if let Some(place) = passport {
        found.files.remove(place);
        found.passed_over.push(format!(
            "{}: it says what a new script is to be, and this one is there",
            folder::PASSPORT
        ));
    }
    let remote = remote(server, script, &found).await?;
    let mut local = BTreeMap::new();
    for path in &found.files {
        let hash = hash(&args.folder.join(path)).await?;
        local.insert(path.clone(), Local { hash });
    }
    let Plan {
        steps,
        unchanged,
        left,
    } = plan(&local, &remote, &script.entry_point, args.delete);
    let mut report = Report {
        script_id: Some(script.id.clone()),
        name: script.name.clone(),
        dry_run: args.dry_run,
        unchanged,
        left,
        passed_over: found.passed_over,
        schedules: json!([]),
        revision: script.revision,
        ..Report::default()
    };
    let of = steps.len();
    for (done, step) in steps.into_iter().enumerate() {
        if !args.dry_run {
            let saved = perform(server, script, &args.folder, &step).await;
            let saved = saved.map_err(|because| match done {
                0 => because,
                _ => Failure::Partly {
                    done,
                    of,
                    because: Box::new(because),
                },
            })?;
            report.revision = saved["revision"].as_i64().or(report.revision);
        }
        match step {
            Step::Add(path) => report.added.push(path),
            Step::Change(path, _) => report.changed.push(path),
            Step::Delete(path) => report.deleted.push(path),
        }
    }
    for list in [&mut report.added, &mut report.changed, &mut report.deleted] {
        list.sort();
    }
    Ok(report)
}

#[derive(Deserialize)]
struct Listing {
    items: Vec<Listed>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Listed {
    path: String,
    kind: String,
    #[serde(default)]
    tracked: bool,
}

/// What the script's folder has, with hashes where there is something to compare them with.
async fn remote(
    server: &Server,
    script: &ScriptSeen,
    found: &Found,
) -> Result<BTreeMap<String, Remote>, Failure> {
    let listed = server.get(server.path(&["scripts", &script.id, "files"])).await?;
    let listing: Listing = server.read(&listed).await?;
    if listing.truncated {
        return Err(Failure::Usage(format!(
            "the folder of {} has more files than are listed, so it cannot be compared",
            script.name
        )));
    }
    let mut remote = BTreeMap::new();
    for entry in listing.items {
        if entry.kind != "file" || folder::is_passed_over(&entry.path) {
            continue;
        }
        let hash = if found.files.contains(&entry.path) {
            remote_hash(server, script, &entry.path).await?
        } else {
            None
        };
        let tracked = entry.tracked;
        remote.insert(entry.path, Remote { hash, tracked });
    }
    Ok(remote)
}

/// `None` if there is none, because the file is too large for one, or has gone meanwhile.
async fn remote_hash(server: &Server, script: &ScriptSeen, path: &str) -> Result<Option<String>, Failure> {
    let request = server.request(Method::HEAD, file_url(server, script, path));
    match server.send(request).await {
        Ok(response) => Ok(response
            .headers()
            .get(header::ETAG)
            .and_then(|tag| tag.to_str().ok())
            .map(|tag| tag.trim_matches('"').to_owned())),
        // An answer without a body says no more than that.
        Err(Failure::Stranger { .. } | Failure::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

fn file_url(server: &Server, script: &ScriptSeen, path: &str) -> reqwest::Url {
    let mut parts = vec!["scripts", script.id.as_str(), "files"];
    parts.extend(path.split('/'));
    server.path(&parts)
}

async fn perform(server: &Server, script: &ScriptSeen, folder: &Path, step: &Step) -> Result<Value, Failure> {
    let (path, condition) = match step {
        Step::Add(path) => (path, Some((header::IF_NONE_MATCH, "*".to_owned()))),
        Step::Change(path, hash) => {
            let tag = hash.as_ref().map(|hash| format!("\"{hash}\""));
            (path, tag.map(|tag| (header::IF_MATCH, tag)))
        }
        Step::Delete(path) => {
            let request = server.request(Method::DELETE, file_url(server, script, path));
            return server.value(request).await;
        }
    };
    let place = folder.join(path);
    let file = tokio::fs::File::open(&place)
        .await
        .map_err(|e| Failure::file(&place, &e))?;
    let mut request = server
        .request(Method::PUT, file_url(server, script, path))
        .header(header::CONTENT_TYPE, "application/octet-stream");
    if let Some((name, value)) = condition {
        request = request.header(name, value);
    }
    let stream = tokio_util::io::ReaderStream::with_capacity(file, 256 * 1024);
    let response = server.send(request.body(Body::wrap_stream(stream))).await?;
    let bytes = response.bytes().await.map_err(|e| server.no_answer(&e))?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// SHA-256, as the API's entity tags are.
async fn hash(path: &Path) -> Result<String, Failure> {
    let path = path.to_owned();
    let failed = path.clone();
    let hashed = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(&path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok::<_, std::io::Error>(hasher.finalize()),
                count => hasher.update(&buffer[..count]),
            }
        }
    });
    let digest = match hashed.await {
        Ok(digest) => digest.map_err(|e| Failure::file(&failed, &e))?,
        Err(e) => return Err(Failure::file(&failed, &std::io::Error::other(e))),
    };
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Report {
    fn as_json(&self) -> Value {
        json!({
            "script_id": self.script_id,
            "name": self.name,
            "created": self.created,
            "dry_run": self.dry_run,
            "added": self.added,
            "changed": self.changed,
            "deleted": self.deleted,
            "unchanged": self.unchanged,
            "left": self.left,
            "passed_over": self.passed_over,
            "schedules": self.schedules,
            "revision": self.revision,
            "notes": self.notes,
        })
    }

    /// A line per change.
    fn as_text(&self) -> String {
        let marked = [("+", &self.added), ("~", &self.changed), ("-", &self.deleted)];
        marked
            .iter()
            .flat_map(|(mark, paths)| {
                paths
                    .iter()
                    .map(move |path| format!("{mark} {}\n", print::plain(path)))
            })
            .collect()
    }

    fn sentences(&self) -> Vec<String> {
        let mut sentences = self.notes.clone();
        sentences.extend(
            self.schedules
                .as_array()
                .into_iter()
                .flatten()
                .map(schedule_sentence),
        );
        sentences.extend(self.passed_over.iter().map(|why| format!("passed over: {why}")));
        if !self.left.is_empty() {
            let left = self.left.len();
            sentences.push(format!("{left} files only the script has; they stay"));
        }
        let changes = self.added.len() + self.changed.len() + self.deleted.len();
        let name = &self.name;
        sentences.push(match (self.dry_run, self.created, changes) {
            (true, true, _) => format!("{name} would be made, of {changes} files"),
            (true, false, _) => format!("{name}: {changes} files would change"),
            (false, true, _) => format!("{name} is made, of {changes} files"),
            (false, false, 0) => format!("{name} is up to date"),
            (false, false, _) => match self.revision {
                Some(revision) => format!("{name}: {changes} files changed, it is at revision {revision}"),
                None => format!("{name}: {changes} files changed"),
            },
        });
        sentences
    }
}

fn schedule_sentence(schedule: &Value) -> String {
    let text = |name: &str| schedule[name].as_str().unwrap_or_default();
    let when = schedule["when"]["expression"]
        .as_str()
        .or(schedule["when"]["at"].as_str());
    let called = match (text("name"), when) {
        ("", Some(when)) => format!("schedule {when}"),
        (name, Some(when)) => format!("schedule {name} ({when})"),
        (name, None) => format!("schedule {name}"),
    };
    let became = match text("state") {
        "on" => "came along, switched on",
        "paused" => "came along, switched off",
        _ => "was left out",
    };
    match schedule["reason"].as_str() {
        Some(reason) => format!("{called} {became}: {reason}"),
        None => format!("{called} {became}"),
    }
}
