//! PyTask-Manager: keeps, schedules and runs Python scripts, every run in its own hardened container.
//!
//! `docs/ARCHITECTURE.md` is the map. Imports go one way; `tests/architecture.rs` holds it.

pub mod access;
pub mod api;
pub mod app;
pub mod backup;
pub mod broker;
pub mod cleanup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod engine;
pub mod envs;
pub mod events;
pub mod files;
pub mod images;
pub mod keys;
pub mod logs;
pub mod metrics;
pub mod model;
pub mod pattern;
pub mod rate;
pub mod runs;
pub mod scheduler;
pub mod scripts;
pub mod settings;
pub mod stats;
pub mod store;
pub mod tools;
pub mod triggers;
pub mod variables;
pub mod vault;
pub mod webhooks;
