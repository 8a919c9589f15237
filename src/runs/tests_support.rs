//! Values that the tests of this module start from.

use jiff::Timestamp;
use pytask_protocol::{Exit, ExitCause};

use crate::model::ids::{RunId, ScriptId};
use crate::model::limits::Limits;
use crate::model::run::{Facts, Launch, Overlap, Run, RunKind, State, Trigger};

pub(super) fn run_in(state: State) -> Run {
    Run {
        id: RunId::generate(),
        number: 1,
        script_id: ScriptId::generate(),
        kind: RunKind::Script,
        state,
        version: 0,
        trigger: Trigger::Manual,
        overlap: Overlap::Queue,
        queued_at: Timestamp::UNIX_EPOCH,
        started_at: None,
        finished_at: None,
        args: vec![],
        env: Default::default(),
        limits: Limits::default_for_scripts(),
        image: "pytask-runner:3.13".to_owned(),
        requirements: vec![],
        build_run_id: None,
        launch: Launch::default(),
        facts: Facts::default(),
    }
}

pub(super) fn exit_facts(run: &Run, code: i32) -> Exit {
    Exit {
        version: pytask_protocol::VERSION,
        run_id: run.id.to_string(),
        cause: ExitCause::Own,
        code: Some(code),
        signal: None,
        error: None,
        started_at_ms: 1_000,
        finished_at_ms: 2_000,
        oom_kills: Some(0),
        peak_memory_bytes: None,
        cpu_ms: None,
        stdout_bytes: 0,
        stderr_bytes: 0,
        dropped_bytes: 0,
        last_seq: 0,
        log_error: None,
    }
}
