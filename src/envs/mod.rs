//! Environments: what a script asks for, how it is built, and how what is built stands to what is asked.
//!
//! Everything here is pure; `runs` executes the build like any other run and stores its result. uv is the judge
//! of requirements and locks; this module only catches early what can be pointed at while the user types.

pub mod build;
pub mod imports;
pub mod index;
pub mod inline;
pub mod lock;
pub mod lookalike;
pub mod manifest;
pub mod policy;
pub mod requirements;
pub mod requirements_file;
pub mod status;
