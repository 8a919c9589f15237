//! Values that the tests of this module start from.

use pytask_protocol::{Exit, ExitCause};

use crate::model::run::Run;
pub(super) use crate::model::run::tests_support::run_in;

pub(super) fn exit_facts(run: &Run, code: i32) -> Exit {
    Exit {
        code: Some(code),
        started_at_ms: 1_000,
        finished_at_ms: 2_000,
        oom_kills: Some(0),
        ..Exit::bare(run.id.as_str(), ExitCause::Own)
    }
}
