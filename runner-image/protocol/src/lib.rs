//! What the controller and the supervisor say to each other through a run directory.
//!
//! One definition for writer and reader. A run directory holds, in the order in which they appear:
//!
//! | file        | writer     | what it is                                                                  |
//! |-------------|------------|-----------------------------------------------------------------------------|
//! | `spec.json` | controller | [`Spec`], by atomic rename; the supervisor removes it once it has read it    |
//! | `started`   | supervisor | created exclusively before user code starts: user code starts at most once; |
//! |             |            | its content, if it could be written, is a [`StartMark`]                     |
//! | `log`       | supervisor | framed records ([`frame`]), append-only                                     |
//! | `log.index` | supervisor | where lines of a long log begin ([`lines`]), a [`lines::Mark`] after the other |
//! | `samples`   | supervisor | what the container used, a [`Sample`] after the other                       |
//! | `exit.json` | supervisor | [`Exit`], by temporary file, fsync and rename: the run's facts               |
//!
//! `supervisor probe` writes [`Probe`] as `probe.json` instead: what a container looks like from inside.
//!
//! `supervisor tools` listens on a socket instead, for the editor's helpers: [`tools`].
//!
//! This crate knows no container engine, no database and no verdicts: it carries facts.

mod exit;
pub mod frame;
pub mod lines;
mod probe;
mod sample;
mod spec;
mod start;
pub mod tools;

pub use exit::{Exit, ExitCause};
pub use probe::Probe;
pub use sample::Sample;
pub use spec::{SHORTEST_MASKED, Spec, SpecLimits, is_masked};
pub use start::StartMark;

/// Version of the run directory's format. The supervisor is mounted from the controller's own volume, so
/// both sides always agree; the number guards what an older controller left behind.
pub const VERSION: u32 = 1;

pub const SPEC_FILE: &str = "spec.json";
pub const STARTED_FILE: &str = "started";
pub const LOG_FILE: &str = "log";
pub const INDEX_FILE: &str = "log.index";
pub const SAMPLES_FILE: &str = "samples";
pub const EXIT_FILE: &str = "exit.json";
pub const PROBE_FILE: &str = "probe.json";

/// No spec is larger; a larger file is refused unread.
pub const MAX_SPEC_BYTES: u64 = 4 * 1024 * 1024;

/// How the supervisor itself exits. The script's own code or signal stands in [`Exit`], never here.
pub mod exit_code {
    /// The facts are in `exit.json`; or it was asked to stop before a spec came, and nothing was started.
    pub const DONE: i32 = 0;
    /// Wrong use of the command line.
    pub const USAGE: i32 = 64;
    /// The run directory or the facts could not be written; the reason is on stderr.
    pub const CANNOT_RECORD: i32 = 74;
    /// `spec.json` is not a spec (too large, not a regular file, unknown fields, other version). Nothing was started.
    pub const SPEC_REFUSED: i32 = 96;
    /// `started` is already there: user code was started before, and is not started again.
    pub const ALREADY_STARTED: i32 = 97;
}
