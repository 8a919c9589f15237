//! Files on the data volume, above all the folders that scripts own.
//!
//! A script may plant anything in its folder while we look at it: links to `/etc/passwd`, FIFOs, sparse
//! terabytes, a million entries. So every access goes through [`Folder`], which holds an open directory and
//! never resolves a path outside it:
//!
//! - `openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)`, decided by the kernel in one step,
//!   so there is no check to race with. (cap-std resolves safely too, but follows links that stay inside.)
//! - what was opened is looked at with `fstat`: a regular file with one link, of bounded size;
//! - new contents are staged where no script can see them and appear by `rename`;
//! - owners and modes are set by descriptor, on what we created ourselves, never recursively.
//!
//! [`DataDir`] knows where things are, [`Revisions`] keeps what a script's files once were, [`Reserve`] keeps room for
//! us. Everything here is synchronous (async code calls it through [`on_disk`]) and knows no script, no run and no database. Two saves of one
//! script must be serialised by the caller.

pub mod archives;
mod confined;
mod discard;
mod error;
mod folder;
mod forget;
mod hash;
#[cfg(test)]
mod hostile;
mod incoming;
pub mod layout;
mod link;
mod listing;
mod manifest;
mod nursery;
mod path;
mod reserve;
mod revisions;
mod space;
mod sweep;
mod usage;
mod watch;
mod weight;

pub use confined::Owner;
pub use discard::Discarded;
pub use error::{Error, ErrorKind, Result};
pub use folder::{Contents, Expected, Folder, OpenFile};
pub use forget::Forgotten;
pub use hash::ContentHash;
pub use incoming::Incoming;
pub use layout::{DataDir, DataLock};
pub use listing::{Entry, EntryKind, ListLimits, Listing};
pub use manifest::{Difference, MAX_FILES, Manifest, TrackedFile};
pub use nursery::{Nursery, scratch_file};
pub use path::{PathError, RelPath};
pub use reserve::Reserve;
pub use revisions::{Change, ChangeKind, Revisions};
pub use space::Space;
pub use usage::{Enough, LEAST_ENTRY, Usage};
pub use watch::{Watch, Watcher};
pub use weight::{Shared, Standing, Weight};

/// The largest file that is edited, saved and kept in revisions. Larger ones can be streamed
/// ([`Folder::open_file`]), not read at once.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// The largest file that is taken. It is streamed to the disk, and is in no revision.
pub const MAX_UPLOAD_BYTES: u64 = 1024 * 1024 * 1024;

/// Runs file work on the threads for it, so that it holds up nobody else.
pub async fn on_disk<T, E>(
    work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(e) => match e.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Cancelled: the runtime is shutting down, and whoever waits goes with it.
            Err(_) => std::future::pending().await,
        },
    }
}
