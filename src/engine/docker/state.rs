//! The engine's description of a container, as a [`JobState`]. Pure.

use bollard::models::{ContainerInspectResponse, ContainerState};

use super::spec::INSTANCE_LABEL;
use crate::engine::JobState;

pub(super) fn is_ours(found: &ContainerInspectResponse, instance: &str) -> bool {
    let labels = found.config.as_ref().and_then(|config| config.labels.as_ref());
    labels
        .and_then(|labels| labels.get(INSTANCE_LABEL))
        .is_some_and(|label| label == instance)
}

pub(super) fn of(found: &ContainerInspectResponse) -> JobState {
    found.state.as_ref().map_or(JobState::Created, of_state)
}

fn of_state(state: &ContainerState) -> JobState {
    let is = |flag: Option<bool>| flag == Some(true);
    if is(state.running) || is(state.paused) || is(state.restarting) {
        return JobState::Running;
    }
    // Whatever the status says, also of a container that failed to start or is being removed: the zero time
    // proves that it never ran.
    let started = state.started_at.as_deref().unwrap_or_default();
    if started.is_empty() || started.starts_with("0001-01-01") {
        return JobState::Created;
    }
    JobState::Exited {
        code: state.exit_code.unwrap_or_default(),
        oom_killed: is(state.oom_killed),
        error: state.error.clone().filter(|error| !error.is_empty()),
    }
}

/// Neither startable nor gone: what a removal that was cut short leaves behind.
pub(super) fn is_half_removed(found: &ContainerInspectResponse) -> bool {
    use bollard::models::ContainerStateStatusEnum::{DEAD, REMOVING};
    let state = found.state.as_ref();
    state.is_some_and(|state| matches!(state.status, Some(DEAD | REMOVING)) || state.dead == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: serde_json::Value) -> JobState {
        of(&serde_json::from_value(serde_json::json!({ "State": json })).expect("an inspect answer"))
    }

    #[test]
    fn the_engines_words_become_states() {
        let never = "0001-01-01T00:00:00Z";
        let once = "2026-11-23T23:03:01.516186581Z";
        let exited = |code, oom_killed, error: Option<&str>| JobState::Exited {
            code,
            oom_killed,
            error: error.map(str::to_owned),
        };
        let table = [
            (
                serde_json::json!({ "Status": "created", "StartedAt": never }),
                JobState::Created,
            ),
            // A start that failed: the engine notes an exit code although nothing ran.
            (
                serde_json::json!({ "Status": "created", "StartedAt": never, "ExitCode": 127, "Error": "no such file" }),
                JobState::Created,
            ),
            (
                serde_json::json!({ "Status": "removing", "StartedAt": never, "Dead": true }),
                JobState::Created,
            ),
            (
                serde_json::json!({ "Status": "running", "Running": true, "StartedAt": once }),
                JobState::Running,
            ),
            (
                serde_json::json!({ "Status": "paused", "Running": true, "Paused": true, "StartedAt": once }),
                JobState::Running,
            ),
            (
                serde_json::json!({ "Status": "exited", "StartedAt": once, "ExitCode": 0, "Error": "" }),
                exited(0, false, None),
            ),
            // Seen: a child was killed for want of memory and the main process ended well.
            (
                serde_json::json!({ "Status": "exited", "StartedAt": once, "ExitCode": 0, "OOMKilled": true }),
                exited(0, true, None),
            ),
            (
                serde_json::json!({ "Status": "dead", "StartedAt": once, "ExitCode": 137, "Error": "gone" }),
                exited(137, false, Some("gone")),
            ),
        ];
        for (json, expected) in table {
            assert_eq!(state(json.clone()), expected, "{json}");
        }
    }

    #[test]
    fn a_container_without_our_label_is_not_ours() {
        let labelled = |label: serde_json::Value| {
            let json = serde_json::json!({ "Config": { "Labels": label } });
            is_ours(&serde_json::from_value(json).expect("an inspect answer"), "a")
        };
        assert!(labelled(serde_json::json!({ "pytask.instance": "a" })));
        assert!(!labelled(serde_json::json!({ "pytask.instance": "b" })));
        assert!(!labelled(serde_json::json!({})));
        assert!(!labelled(serde_json::json!(null)));
    }
}
