//! What the controller and the supervisor say to each other through a run directory.
//!
//! One definition for writer and reader. A run directory holds, in the order in which they appear:
//!
//! | file        | writer     | what it is                                                                  |
//! |-------------|------------|-----------------------------------------------------------------------------|
//! | `spec.json` | controller | [`Spec`], by atomic rename; the supervisor removes it once it has read it    |
//! | `started`   | supervisor | created exclusively before user code starts: user code starts at most once  |
//! | `log`       | supervisor | framed records ([`frame`]), append-only                                     |
//! | `exit.json` | supervisor | [`Exit`], by temporary file, fsync and rename: the run's facts               |
//!
//! This crate knows no container engine, no database and no verdicts: it carries facts.

mod exit;
pub mod frame;
mod spec;

pub use exit::{Exit, ExitCause};
pub use spec::{Spec, SpecLimits};

/// Version of the run directory's format. The supervisor is mounted from the controller's own volume, so
/// both sides always agree; the number guards what an older controller left behind.
pub const VERSION: u32 = 1;

pub const SPEC_FILE: &str = "spec.json";
pub const STARTED_FILE: &str = "started";
pub const LOG_FILE: &str = "log";
pub const EXIT_FILE: &str = "exit.json";
