//! Backups: everything there is to keep in one file, made while everything goes on, and back from it.
//!
//! [`Backups`] is the face: it makes one at a time, when somebody asks or when it is due, reads it back, says how far it is, and
//! removes those that have had their time. The order is what makes one consistent: first a copy of the database, which
//! says what there is, then the files that it names, which nobody removes meanwhile ([`make`]). A backup is staged out
//! of sight and has its name once it is whole and on disk. [`restore`] is the way back, onto an empty data folder;
//! what is restored becomes another instance, which [`settle`]s at its first start what was going on in the old one.
//!
//! The files in `backups/` are the truth about which backups there are. Knows no HTTP and no engine.

pub mod contents;
mod error;
mod job;
mod make;
mod plan;
mod read;
pub mod restore;
mod seal;
pub mod settle;
#[cfg(test)]
mod tests;
mod write;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::clock::Clock;
use crate::events::{Events, News};
use crate::files::{self, DataDir, Expected, Folder, Incoming, OpenFile, Owner, RelPath, layout, on_disk};
use crate::model::backup::Backup as BackupSettings;
use crate::scripts::Scripts;
use crate::settings::Keeper;
use crate::store::backups::{self as rows, Check};
use crate::store::{self, Store, copies};

pub use contents::{Account, Cause, Wish};
pub use error::{Error, Refused, Result};
pub use job::{Ended, JobKind, JobView, Phase};
pub use settle::Restored;

use contents::Header;
use job::{Job, on_a_quiet_thread};
use plan::Decision;

/// A schedule is looked at so often; how far a job is is told so often.
const LOOK_EVERY: Duration = Duration::from_secs(20);
const TELL_EVERY: Duration = Duration::from_secs(1);
/// The free space is looked at after so many bytes.
const LOOK_AT_DISK: u64 = 32 * 1024 * 1024;

/// What it works with.
pub struct Parts {
    pub store: Store,
    pub data: DataDir,
    pub clock: Clock,
    pub events: Events,
    pub settings: Keeper,
    pub scripts: Scripts,
    pub instance: String,
    /// What this instance was restored from, if it was.
    pub restored: Option<Restored>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Backups(Arc<Context>);

struct Context {
    parts: Parts,
    job: Mutex<Option<job::Shared>>,
}

/// A file in the folder of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Backup)]
pub struct Listed {
    pub name: String,
    pub kind: Kind,
    pub size_bytes: u64,
    pub made_at: Timestamp,
    /// Why it was made; of backups.
    pub cause: Option<Cause>,
    /// Of PyTask-Manager when it was made, if its header can be read.
    pub version: Option<String>,
    pub logs: bool,
    pub artifacts: bool,
    /// When it was last read back.
    pub checked_at: Option<Timestamp>,
    /// What was found to be wrong with it.
    pub problem: Option<String>,
    /// What it comes to, once it was read back.
    pub account: Option<Account>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupKind)]
pub enum Kind {
    Backup,
    /// The database alone, as it was before an upgrade changed its schema.
    SchemaCopy,
}

/// Parts of runs that a backup may be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftBehind {
    Log,
    Artifacts,
}

/// What there is to see.
#[derive(Debug, Clone)]
pub struct Overview {
    pub items: Vec<Listed>,
    pub job: Option<JobView>,
    pub last: Option<Ended>,
    pub next_at: Option<Timestamp>,
    pub restored: Option<Restored>,
    /// Something is stored sealed, so that a restored instance needs the key.
    pub sealed: bool,
}

impl Backups {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Context {
            parts,
            job: Mutex::default(),
        }))
    }

    /// What can be set and cannot be meant.
    pub fn check_settings(&self, wishes: &crate::model::backup::BackupPatch) -> Result<()> {
        let (mut meant, built_in) = (
            self.0.parts.settings.in_force().backup,
            BackupSettings::built_in(),
        );
        if let Some(expression) = &wishes.expression {
            meant.expression = expression.clone().unwrap_or(built_in.expression);
        }
        if let Some(zone) = &wishes.timezone {
            meant.timezone = zone.clone().unwrap_or(built_in.timezone);
        }
        plan::timetable(&meant)?;
        Ok(())
    }

    /// What is not there of a run, because the backup was made without.
    pub fn left_behind(&self, queued_at: Timestamp) -> Vec<LeftBehind> {
        let older = |restored: &&Restored| queued_at <= restored.made_at;
        let Some(restored) = self.0.parts.restored.as_ref().filter(older) else {
            return Vec::new();
        };
        let absent = [
            (LeftBehind::Log, restored.logs),
            (LeftBehind::Artifacts, restored.artifacts),
        ];
        absent
            .into_iter()
            .filter_map(|(what, there)| (!there).then_some(what))
            .collect()
    }

    pub async fn overview(&self) -> Result<Overview> {
        let data = self.0.parts.data.clone();
        let there = on_disk(move || list(&data)).await?;
        let (checks, last, cursor, sealed) = self
            .0
            .parts
            .store
            .read(|c| {
                Ok::<_, store::Error>((
                    rows::checks(c)?,
                    store::meta::value(c, rows::LAST)?,
                    store::meta::value(c, rows::CURSOR)?,
                    !store::sealed::all(c)?.is_empty(),
                ))
            })
            .await?;
        let mut items = there;
        for item in &mut items {
            let known = checks
                .get(&item.name)
                .filter(|check| check.size_bytes == item.size_bytes);
            let Some(check) = known else { continue };
            item.checked_at = Some(check.checked_at);
            item.problem = check.problem.clone();
            item.account = check
                .account
                .as_deref()
                .and_then(|json| serde_json::from_str(json).ok());
        }
        let settings = self.0.parts.settings.in_force().backup;
        let now = self.0.parts.clock.now();
        let next_at = match plan::decide(&settings, cursor.as_ref(), now) {
            Ok(Decision::Wait(at)) => Some(at),
            Ok(Decision::Begin(_)) => plan::timetable(&settings)
                .ok()
                .and_then(|timetable| timetable.next(now))
                .map(|fire| fire.at),
            Ok(Decision::Due(_)) => Some(now),
            Ok(Decision::Never) | Err(_) => None,
        };
        Ok(Overview {
            items,
            job: self.job().map(|job| job.view()),
            last,
            next_at,
            restored: self.0.parts.restored.clone(),
            sealed,
        })
    }

    /// Begins to make one. Refused if one is under way, or if it would take room that runs need.
    pub async fn make(&self, wish: Wish, cause: Cause) -> Result<JobView> {
        let guard = self.begin(
            JobKind::Make,
            contents::file_name(self.0.parts.clock.now(), cause),
            cause,
        )?;
        let view = guard.job.view();
        self.check_room(wish).await?;
        let this = self.clone();
        tokio::spawn(async move {
            // The outcome is stored and told.
            let _ = this.made(guard, wish).await;
        });
        Ok(view)
    }

    /// Makes one, and answers when it is done.
    async fn make_now(&self, wish: Wish, cause: Cause) -> Result<()> {
        let guard = self.begin(
            JobKind::Make,
            contents::file_name(self.0.parts.clock.now(), cause),
            cause,
        )?;
        match self.check_room(wish).await {
            Ok(()) => self.made(guard, wish).await,
            Err(e) => {
                self.ended(&guard.job, Some(&e)).await;
                Err(e)
            }
        }
    }

    async fn made(&self, guard: Guard, wish: Wish) -> Result<()> {
        let name = guard.job.name.clone();
        let done = self.write_and_verify(&guard, wish).await;
        match &done {
            Ok(()) => tracing::info!(backup = name, "made a backup"),
            Err(Error::Cancelled) => tracing::info!(backup = name, "a backup was cancelled"),
            Err(e) => tracing::error!(backup = name, error = %e, "a backup could not be made"),
        }
        self.ended(&guard.job, done.as_ref().err()).await;
        drop(guard);
        done
    }

    async fn ended(&self, job: &Job, error: Option<&Error>) {
        let ended = Ended {
            name: job.name.clone(),
            cause: job.cause,
            at: self.0.parts.clock.now(),
            problem: error.map(ToString::to_string),
        };
        let store = &self.0.parts.store;
        let stored = store
            .write(move |tx| store::meta::set_value(tx, rows::LAST, &ended))
            .await;
        if let Err(e) = stored {
            tracing::warn!(error = %e, "how a backup ended could not be recorded");
        }
        self.tell();
    }

    async fn write_and_verify(&self, guard: &Guard, wish: Wish) -> Result<()> {
        let parts = &self.0.parts;
        let floor = parts.settings.in_force().min_free_bytes;
        let data = parts.data.clone();
        let incoming = on_disk(move || data.folder(layout::BACKUPS, Owner::Controller)?.incoming()).await?;
        let into = Staged {
            incoming,
            data: parts.data.clone(),
            floor,
            unseen: 0,
        };
        let staged = self.write(guard, wish, into).await?;
        let (data, name) = (parts.data.clone(), guard.job.name.clone());
        on_disk(move || {
            let folder = data.folder(layout::BACKUPS, Owner::Controller)?;
            staged
                .incoming
                .publish(&folder, &RelPath::parse(&name)?, Expected::Absent)
        })
        .await?;
        // Only what was read back is a backup, and what was given up is none.
        if let Err(e) = self.read_back(&guard.job).await {
            self.discard(&guard.job.name).await?;
            return Err(e);
        }
        self.remove_superfluous().await
    }

    /// Copies the database, then writes everything into `into`.
    async fn write<W: Write + Send + 'static>(&self, guard: &Guard, wish: Wish, into: W) -> Result<W> {
        let parts = &self.0.parts;
        // Until everything is in it nobody removes what the copy of the database names.
        let _held = parts.scripts.hold().await;
        let copy = Copy::at(&parts.data);
        parts.store.copy_to(copy.0.clone()).await?;
        let header = Header {
            product: contents::PRODUCT.to_owned(),
            format: contents::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            schema: store::schema(),
            instance: parts.instance.clone(),
            made_at: parts.clock.now(),
            cause: guard.job.cause,
            logs: wish.logs,
            artifacts: wish.artifacts,
        };
        let (data, job) = (parts.data.clone(), Arc::clone(&guard.job));
        let written = on_a_quiet_thread(move || {
            let written = archive(&data, &copy, &header, into, Some(&job));
            drop(copy);
            written
        });
        written.await.map_err(|e| Error::io("a backup", e))?
    }

    /// Makes one for whoever takes it; `done` is called at the end, with what it was written into or the reason why not.
    pub fn send<W, F>(&self, wish: Wish, into: W, done: F) -> Result<String>
    where
        W: Write + Send + 'static,
        F: FnOnce(Result<W>) + Send + 'static,
    {
        let name = contents::file_name(self.0.parts.clock.now(), Cause::Manual);
        let guard = self.begin(JobKind::Send, name.clone(), Cause::Manual)?;
        let this = self.clone();
        tokio::spawn(async move {
            let written = this.write(&guard, wish, into).await;
            drop(guard);
            // It may have to wait for whoever takes it.
            tokio::task::spawn_blocking(move || done(written));
        });
        Ok(name)
    }

    /// Begins to read one back.
    pub async fn verify(&self, name: &str) -> Result<JobView> {
        let (_, cause) = contents::read_name(name).ok_or(Error::NotFound)?;
        self.open(name).await?;
        let guard = self.begin(JobKind::Verify, name.to_owned(), cause)?;
        let view = guard.job.view();
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(e) = this.read_back(&guard.job).await {
                tracing::warn!(backup = guard.job.name, error = %e, "a backup is not as it should be");
            }
            drop(guard);
        });
        Ok(view)
    }

    /// Reads it, and remembers what was found.
    async fn read_back(&self, job: &job::Shared) -> Result<()> {
        let parts = &self.0.parts;
        let open = self.open(&job.name).await?;
        let size_bytes = open.size;
        job.enter(Phase::Verifying, size_bytes);
        self.tell();
        let (data, ticking) = (parts.data.clone(), Arc::clone(job));
        let found = on_a_quiet_thread(move || {
            let mut index = files::scratch_file(&data)?;
            let mut tick = |bytes| ticking.tick(bytes);
            read::read(open.file, &mut index, &mut read::Nobody, &mut tick)
        });
        let found = found.await.map_err(|e| Error::io("a backup", e))?;
        let (problem, account) = match &found {
            Ok(found) => (None, serde_json::to_string(&found.account).ok()),
            Err(Error::Refused(refused)) => (Some(refused.to_string()), None),
            // Nothing was found out.
            Err(_) => return found.map(drop),
        };
        let check = Check {
            size_bytes,
            checked_at: parts.clock.now(),
            problem,
            account,
        };
        let name = job.name.clone();
        parts
            .store
            .write(move |tx| rows::set_check(tx, &name, &check))
            .await
            .map_err(Error::Store)?;
        found.map(drop)
    }

    /// What is under way is given up; whether there was anything.
    pub fn cancel(&self) -> bool {
        match self.job() {
            Some(job) => {
                job.cancel();
                true
            }
            None => false,
        }
    }

    /// For a download.
    pub async fn open(&self, name: &str) -> Result<OpenFile> {
        let path = checked(name)?;
        let data = self.0.parts.data.clone();
        let opened = on_disk(move || data.folder(layout::BACKUPS, Owner::Controller)?.open_file(&path)).await;
        opened.map_err(absent)
    }

    pub async fn remove(&self, name: &str) -> Result<()> {
        checked(name)?;
        if self.job().is_some_and(|job| job.name == name) {
            return Err(Error::Busy);
        }
        self.discard(name).await?;
        self.tell();
        Ok(())
    }

    async fn discard(&self, name: &str) -> Result<()> {
        let (data, path) = (self.0.parts.data.clone(), checked(name)?);
        let removed = on_disk(move || data.folder(layout::BACKUPS, Owner::Controller)?.remove(&path)).await;
        removed.map_err(absent)?;
        let name = name.to_owned();
        let store = &self.0.parts.store;
        store
            .write(move |tx| rows::forget(tx, &name))
            .await
            .map_err(Error::Store)
    }

    async fn remove_superfluous(&self) -> Result<()> {
        let keep = self.0.parts.settings.in_force().backup.keep;
        let there = self.overview().await?.items;
        let known: Vec<_> = there
            .iter()
            .map(|item| plan::Known {
                name: &item.name,
                damaged: item.problem.is_some(),
            })
            .collect();
        for name in plan::superfluous(&known, keep) {
            match self.discard(name).await {
                Ok(()) => tracing::info!(backup = name, "removed an old backup"),
                Err(e) => tracing::warn!(backup = name, error = %e, "an old backup stays"),
            }
        }
        Ok(())
    }

    async fn check_room(&self, wish: Wish) -> Result<()> {
        let parts = &self.0.parts;
        let floor = parts.settings.in_force().min_free_bytes;
        let data = parts.data.clone();
        let needed = parts.store.read(move |c| {
            let source = make::Source {
                data: &data,
                copy: c,
                wish,
            };
            let needed = make::estimate(&source)?;
            // The copy of the database, beside what comes of it.
            let database = data.folder("db", Owner::Controller)?;
            let database =
                database.open_file(&RelPath::parse("pytask.sqlite").map_err(files::Error::from)?)?;
            Ok::<_, Error>((needed.saturating_add(database.size), data.space()?.free_bytes))
        });
        let (needed, free) = needed.await?;
        if needed.saturating_add(floor) > free {
            return Err(Error::NoRoom { needed, free, floor });
        }
        Ok(())
    }

    fn begin(&self, kind: JobKind, name: String, cause: Cause) -> Result<Guard> {
        let job = Arc::new(Job::new(kind, name, cause, self.0.parts.clock.now()));
        {
            let mut slot = self.0.job.lock().unwrap_or_else(PoisonError::into_inner);
            if slot.is_some() {
                return Err(Error::Busy);
            }
            *slot = Some(Arc::clone(&job));
        }
        let (over, mut seen) = watch::channel(());
        let this = self.clone();
        this.tell();
        // How far it is, for whoever looks.
        tokio::spawn(async move {
            while tokio::time::timeout(TELL_EVERY, seen.changed()).await.is_err() {
                this.tell();
            }
        });
        Ok(Guard {
            backups: self.clone(),
            job,
            _over: over,
        })
    }

    fn job(&self) -> Option<job::Shared> {
        self.0.job.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self) {
        self.0.parts.events.publish(News::Backups);
    }

    /// For as long as the application runs: makes one whenever it is due, and once for whatever was missed before.
    pub async fn keep_schedule(self) {
        let mut settings = self.0.parts.settings.subscribe();
        loop {
            let in_force = settings.borrow_and_update().backup.clone();
            if let Err(e) = self.look(&in_force).await {
                tracing::warn!(error = %e, "the backup that is due is not made for now");
            }
            let changed = async {
                while settings.changed().await.is_ok() {
                    if settings.borrow().backup != in_force {
                        return;
                    }
                }
                std::future::pending().await
            };
            let _ = tokio::time::timeout(LOOK_EVERY, changed).await;
        }
    }

    async fn look(&self, settings: &BackupSettings) -> Result<()> {
        let parts = &self.0.parts;
        let cursor = parts.store.read(|c| store::meta::value(c, rows::CURSOR)).await?;
        let (cursor, due) = match plan::decide(settings, cursor.as_ref(), parts.clock.now())? {
            Decision::Begin(cursor) => (cursor, false),
            // It is tried again once the other is done.
            Decision::Due(_) if self.job().is_some() => return Ok(()),
            Decision::Due(cursor) => (cursor, true),
            Decision::Wait(_) | Decision::Never => return Ok(()),
        };
        parts
            .store
            .write(move |tx| store::meta::set_value(tx, rows::CURSOR, &cursor))
            .await
            .map_err(Error::Store)?;
        if due {
            let wish = Wish {
                logs: settings.logs,
                artifacts: settings.artifacts,
            };
            self.make_now(wish, Cause::Schedule).await?;
        }
        Ok(())
    }
}

/// The path of a file that may be in the folder of backups.
fn checked(name: &str) -> Result<RelPath> {
    let known = contents::read_name(name).is_some() || copies::of_schema(name).is_some();
    let path = RelPath::parse(name).ok().filter(|_| known);
    path.ok_or(Error::NotFound)
}

fn absent(error: files::Error) -> Error {
    match error.kind() {
        files::ErrorKind::NotFound => Error::NotFound,
        _ => error.into(),
    }
}

/// What is in the folder of backups, newest first.
fn list(data: &DataDir) -> Result<Vec<Listed>> {
    let folder = data.folder(layout::BACKUPS, Owner::Controller)?;
    let listing = folder.list(&files::ListLimits {
        entries: 10_000,
        depth: 1,
    })?;
    let mut items = Vec::new();
    for entry in listing.entries {
        let Ok(path) = checked(&entry.path) else { continue };
        let plain = Listed {
            name: entry.path.clone(),
            kind: Kind::SchemaCopy,
            size_bytes: entry.size,
            made_at: Timestamp::from_millisecond(entry.modified_at_ms).unwrap_or_default(),
            cause: None,
            version: None,
            logs: false,
            artifacts: false,
            checked_at: None,
            problem: None,
            account: None,
        };
        let Some((made_at, cause)) = contents::read_name(&entry.path) else {
            items.push(plain);
            continue;
        };
        let header = header_of(&folder, &path);
        items.push(Listed {
            kind: Kind::Backup,
            made_at,
            cause: Some(cause),
            version: header.as_ref().ok().map(|header| header.version.clone()),
            logs: header.as_ref().is_ok_and(|header| header.logs),
            artifacts: header.as_ref().is_ok_and(|header| header.artifacts),
            problem: header.err().map(|e| e.to_string()),
            ..plain
        });
    }
    items.sort_by(|a, b| (b.made_at, &b.name).cmp(&(a.made_at, &a.name)));
    Ok(items)
}

fn header_of(folder: &Folder, path: &RelPath) -> Result<Header> {
    read::header(&mut folder.open_file(path)?.file)
}

/// A copy of the database, gone when it is let go.
struct Copy(PathBuf);

impl Copy {
    fn at(data: &DataDir) -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("backup-{}-{number}.sqlite", std::process::id());
        Self(data.path().join("staging").join(name))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // Best effort: the staging folder is emptied at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Everything into one archive. Answers what it was written into.
fn archive<W: Write>(data: &DataDir, copy: &Copy, header: &Header, into: W, job: Option<&Job>) -> Result<W> {
    let connection = copies::open(&copy.0)?;
    let source = make::Source {
        data,
        copy: &connection,
        wish: Wish {
            logs: header.logs,
            artifacts: header.artifacts,
        },
    };
    if let Some(job) = job {
        job.enter(Phase::Writing, make::estimate(&source)?);
    }
    let mut tick = |bytes| job.map_or(Ok(()), |job| job.tick(bytes));
    let failed = |e| Error::io("a backup", e);
    let index = files::scratch_file(data)?;
    let mut writer = write::Writer::begin(into, index, header, &mut tick).map_err(failed)?;
    make::write_all(&mut writer, &source, database_of(&copy.0)?)?;
    let (into, account) = writer.finish().map_err(failed)?;
    tracing::debug!(entries = account.entries, bytes = account.bytes, "wrote a backup");
    Ok(into)
}

fn database_of(path: &Path) -> Result<OpenFile> {
    let failed = |e| Error::io("the copy of the database", e);
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    let modified = meta.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    Ok(OpenFile {
        size: meta.len(),
        modified_at_ms: modified.unwrap_or_default().as_millisecond(),
        file,
    })
}

/// Makes a backup of a data folder that nobody uses. Answers what it was written into.
pub fn of_folder<W: Write>(data_dir: &Path, wish: Wish, clock: &Clock, into: W) -> Result<W> {
    let data = DataDir::open(data_dir)?;
    let database = data.path().join(layout::DATABASE);
    if !database.exists() {
        return Err(Error::Target(format!(
            "{} holds no instance of PyTask-Manager",
            data.path().display()
        )));
    }
    let Some(_lock) = data.try_lock()? else {
        return Err(Error::Target(format!("{} is in use", data.path().display())));
    };
    let copy = Copy::at(&data);
    copies::copy(&database, &copy.0)?;
    let (schema, instance) = {
        let connection = copies::open(&copy.0)?;
        let instance = store::meta::get(&connection, "instance")?;
        (copies::schema_of(&connection)?, instance.unwrap_or_default())
    };
    if schema != store::schema() {
        return Err(Error::Target(format!(
            "its database has schema {schema}, and this version makes backups of {}: use the version that it was last \
             started with",
            store::schema()
        )));
    }
    let header = Header {
        product: contents::PRODUCT.to_owned(),
        format: contents::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        instance,
        made_at: clock.now(),
        cause: Cause::Manual,
        logs: wish.logs,
        artifacts: wish.artifacts,
    };
    archive(&data, &copy, &header, into, None)
}

/// Reads a backup to its end. `index` is an empty file.
pub fn verify_file(file: File, index: &mut File) -> Result<Account> {
    read::read(file, index, &mut read::Nobody, &mut |_| Ok(())).map(|found| found.account)
}

/// Bytes on their way to the folder of backups, as long as there is more room than runs need.
struct Staged {
    incoming: Incoming,
    data: DataDir,
    floor: u64,
    /// Since the free space was looked at.
    unseen: u64,
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unseen += bytes.len() as u64;
        if self.unseen >= LOOK_AT_DISK {
            self.unseen = 0;
            if self.data.space().map_err(error::as_io)?.free_bytes < self.floor {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        self.incoming.write(bytes).map_err(error::as_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The one job there is, for as long as it goes on.
struct Guard {
    backups: Backups,
    job: job::Shared,
    _over: watch::Sender<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        *self.backups.0.job.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.backups.tell();
    }
}
