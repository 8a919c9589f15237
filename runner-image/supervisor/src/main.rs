//! PID 1 of every container of ours: starts a run's script, records its log and its exit; or serves the editor's helpers.
//!
//! ```text
//! supervisor run <run-dir>                 one run, from spec.json to exit.json
//! supervisor probe <out-dir> <look-dir>    what this container looks like from inside, as probe.json
//! supervisor tools <tools-dir>             the editor's helpers, one per connection to a socket, until SIGTERM
//! supervisor --version
//! ```
//!
//! Statically linked and alone: it needs nothing of the image it runs in, neither a shell nor /tmp nor
//! /etc/passwd. It knows a run directory and a process; no engine, no network, no controller. All unsafe code
//! of the project is in `sys` and `child`.

mod cgroup;
mod child;
mod durable;
mod ending;
mod intake;
mod log;
mod logfile;
mod mask;
mod output;
mod pace;
mod probe;
mod processes;
mod run;
mod samples;
mod supervise;
mod sys;
mod tail;
mod tmp;
mod tools;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::exit;

use pytask_protocol::exit_code;

fn main() {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
    let code = match args[..] {
        [verb, dir] if verb == "run" => run::run(Path::new(dir)),
        [verb, out, look] if verb == "probe" => probe::probe(Path::new(out), Path::new(look)),
        [verb, dir] if verb == "tools" => tools::serve(Path::new(dir)),
        [verb] if verb == "--version" => {
            let told = writeln!(std::io::stdout(), "supervisor {}", env!("CARGO_PKG_VERSION"));
            if told.is_ok() {
                exit_code::DONE
            } else {
                exit_code::CANNOT_RECORD
            }
        }
        _ => {
            eprintln!(
                "usage: supervisor run <run-dir> | probe <out-dir> <look-dir> | tools <tools-dir> | --version"
            );
            exit_code::USAGE
        }
    };
    exit(code);
}
