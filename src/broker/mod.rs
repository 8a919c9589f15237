//! Keeps the engine's socket away from the process that speaks HTTP.
//!
//! Two halves of one binary on either end of a Unix socket. The *client* is an [`Engine`](crate::engine::Engine) like any
//! other; the *server* holds the real one. Between them go typed calls only ([`wire`]): what is launched is an [`Order`], a
//! handful of ids and bounded limits, from which the server makes the job by itself, so that whoever takes over the
//! process with the web server can ask for a run and for nothing else.
//!
//! Invariants: an order that is not one of ours in every field is refused before the engine hears of it; the server serves
//! one instance for ever, the first that it met; it removes no image but those that it built or fetched.
//!
//! Knows neither the database nor what runs are for.

mod client;
mod ledger;
mod order;
mod server;
mod wire;

pub use client::Client;
pub use order::{Order, Refusal};
pub use server::{Config, Server};
