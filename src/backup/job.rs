//! What is going on with backups: one thing at a time, how far it is, and that somebody wants it to stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::contents::Cause;
use super::error::Stopped;

/// A tenth of what others get (setpriority(2)); the priority at the disk follows from it (ioprio_set(2)). No lower: on a
/// machine that is always busy the lowest of all would never end, and removals wait for it.
const QUIET_PRIORITY: i32 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupJobKind)]
pub enum JobKind {
    /// A backup is made and kept in the folder of backups.
    Make,
    /// One is made for whoever takes it, and not kept.
    Send,
    /// One is read back.
    Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupPhase)]
#[repr(u8)]
pub enum Phase {
    /// The database is copied.
    Database,
    /// Everything goes into the archive.
    Writing,
    /// What was written is read back.
    Verifying,
}

/// As it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BackupJob)]
pub struct JobView {
    pub kind: JobKind,
    /// Of the backup.
    pub name: String,
    pub cause: Cause,
    pub started_at: Timestamp,
    pub phase: Phase,
    pub done_bytes: u64,
    /// About; 0 while it is not known.
    pub total_bytes: u64,
}

/// How the last one ended that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LastBackup)]
pub struct Ended {
    pub name: String,
    pub cause: Cause,
    pub at: Timestamp,
    /// Why there is none of it; `null` if there is.
    pub problem: Option<String>,
}

#[derive(Debug)]
pub struct Job {
    kind: JobKind,
    pub name: String,
    pub cause: Cause,
    started_at: Timestamp,
    phase: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Job {
    pub fn new(kind: JobKind, name: String, cause: Cause, started_at: Timestamp) -> Self {
        Self {
            kind,
            name,
            cause,
            started_at,
            phase: AtomicU8::new(match kind {
                JobKind::Make | JobKind::Send => Phase::Database as u8,
                JobKind::Verify => Phase::Verifying as u8,
            }),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
        }
    }

    pub fn view(&self) -> JobView {
        let phase = match self.phase.load(Ordering::Relaxed) {
            phase if phase == Phase::Database as u8 => Phase::Database,
            phase if phase == Phase::Writing as u8 => Phase::Writing,
            _ => Phase::Verifying,
        };
        JobView {
            kind: self.kind,
            name: self.name.clone(),
            cause: self.cause,
            started_at: self.started_at,
            phase,
            done_bytes: self.done.load(Ordering::Relaxed),
            total_bytes: self.total.load(Ordering::Relaxed),
        }
    }

    pub fn enter(&self, phase: Phase, total: u64) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Counts bytes that have gone by; an error once it is to stop.
    pub fn tick(&self, bytes: u64) -> io::Result<()> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped.into());
        }
        Ok(())
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Does work that can wait: at a low priority, on a thread of its own, whose priority could not be raised again.
pub async fn on_a_quiet_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().name("backup".to_owned());
    thread.spawn(move || {
        if let Err(e) = rustix::process::setpriority_process(None, QUIET_PRIORITY) {
            tracing::debug!(error = %e, "a backup is made at the usual priority");
        }
        let _ = tell.send(work());
    })?;
    told.await.map_err(|_| io::Error::other("it died"))
}

/// Cheap to clone.
pub type Shared = Arc<Job>;
