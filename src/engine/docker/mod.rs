//! The engine on Docker.
