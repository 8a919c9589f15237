//! Values that the tests of this module start from.

use pytask_protocol::{Exit, ExitCause};

use crate::model::run::Run;
pub(super) use crate::model::run::tests_support::run_in;

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
        killed_after_grace: false,
        pids_refused: None,
        cpu_throttled_ms: None,
        peak_pids: None,
        tmp_peak_bytes: None,
    }
}
