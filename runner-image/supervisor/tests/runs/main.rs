//! The supervisor as an ordinary process (not PID 1, no container): whole runs over a run directory, seen as
//! the controller sees them. What only holds in a container is checked by the real-engine suite.

mod bytes;
mod ends;
mod limits;
mod masking;
mod samples;
mod starts;
mod support;
mod tools;
