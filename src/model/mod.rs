//! The product's words as pure values: what is stored, decided about and shown. Imports nothing of ours but the
//! run directory's protocol.

pub mod environment;
pub mod ids;
pub mod limits;
pub mod outcome;
pub mod run;
pub mod script;
