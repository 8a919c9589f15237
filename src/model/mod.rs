//! The product's words as pure values: what is stored, decided about and shown. Imports nothing of ours but the
//! run directory's protocol.

pub mod access;
pub mod arguments;
pub mod backup;
pub mod build;
pub mod changes;
pub mod cleanup;
pub mod environment;
pub mod evidence;
pub mod history;
pub mod ids;
pub mod image;
pub mod indexes;
pub mod limits;
pub mod notifications;
pub mod outcome;
pub mod packages;
pub mod patch;
pub mod retention;
pub mod retry;
pub mod revision;
pub mod run;
pub mod schedule;
pub mod script;
pub mod secret;
pub mod settings;
pub mod settings_change;
pub mod tag;
pub mod token;
pub mod traceback;
pub mod trigger;
pub mod variable;
pub mod verdict;
pub mod webhook;
pub mod zone;
