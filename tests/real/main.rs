//! Everything that only a real Docker Engine can prove, as one binary.
//!
//! Fails, never skips, where an engine, the runner image or the supervisor's binary (`PYTASK_SUPERVISOR`) is missing.

mod engine_contract;
