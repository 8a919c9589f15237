//! The whole application over HTTP and WebSocket, on the fake engine: what a client sees, what a restart keeps.

mod artifacts;
mod bad_input;
mod credentials;
mod disk;
mod environments;
mod guard;
mod harness;
mod history;
mod images;
mod imports;
mod inline;
mod live;
mod log_lines;
mod log_search;
mod logs;
mod lookalikes;
mod openapi;
mod outcomes;
mod packages;
mod restarts;
mod retention;
mod reuse;
mod runs;
mod schedules;
mod scripts;
mod settings;
