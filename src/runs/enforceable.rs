//! Limits that this engine, on this machine, cannot hold: pure.
//!
//! A limit is a promise. One that was seen not to be in force, or that lies beyond what the machine has, is refused with
//! the reason when somebody asks for it, and not quietly ignored.

use super::EngineStatus;
use crate::engine::Capabilities;
use crate::model::limits::{Limits, LimitsPatch, OutOfBounds};

/// The first wish that cannot be granted.
pub(super) fn check(wishes: &LimitsPatch, engine: &Capabilities) -> Result<(), OutOfBounds> {
    let refuse = |field, message| Err(OutOfBounds { field, message });
    if let (Some(cpus), Some(there)) = (wishes.cpus, engine.cpus)
        && cpus > f64::from(there)
    {
        let message = format!("cpus must be at most {there}: the engine's machine has no more");
        return refuse("cpus", message);
    }
    if let (Some(bytes), Some(there)) = (wishes.memory_bytes, engine.memory_bytes)
        && bytes > there
    {
        let message = format!("memory_bytes must be at most {there}: the engine's machine has no more");
        return refuse("memory_bytes", message);
    }
    let wished = [
        (
            "memory_bytes",
            wishes.memory_bytes.is_some(),
            ["memory", "memory_swap"],
        ),
        ("cpus", wishes.cpus.is_some(), ["cpus", ""]),
        ("pids", wishes.pids.is_some(), ["pids", ""]),
        ("nofile", wishes.nofile.is_some(), ["nofile", ""]),
        ("fsize_bytes", wishes.fsize_bytes.is_some(), ["fsize", ""]),
        ("tmp_bytes", wishes.tmp_bytes.is_some(), ["tmp", ""]),
    ];
    for (field, _, names) in wished.into_iter().filter(|(_, wished, _)| *wished) {
        if let Some(broken) = engine
            .unenforced
            .iter()
            .find(|broken| names.contains(&broken.limit.as_ref()))
        {
            let message = format!("{field} cannot be enforced on this engine: {}", broken.reason);
            return refuse(field, message);
        }
    }
    Ok(())
}

/// Limits that nobody asked for, cut to what the machine has, as far as that is known.
pub(super) fn within_machine(mut limits: Limits, status: &EngineStatus) -> Limits {
    if let EngineStatus::Ready(ready) = status {
        if let Some(cpus) = ready.capabilities.cpus {
            limits.cpus = limits.cpus.min(f64::from(cpus));
        }
        if let Some(bytes) = ready.capabilities.memory_bytes {
            limits.memory_bytes = limits.memory_bytes.min(bytes);
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Storage, UnenforcedLimit};
    use crate::runs::Ready;

    fn engine() -> Capabilities {
        Capabilities {
            engine_version: "1".into(),
            api_version: "1.45".into(),
            storage: Storage::Subpath,
            cgroup_version: 2,
            cpus: Some(2),
            memory_bytes: Some(4 << 30),
            unenforced: vec![UnenforcedLimit {
                limit: "memory_swap".into(),
                reason: "a test container was found to have no such limit".into(),
            }],
        }
    }

    #[test]
    fn what_cannot_be_held_is_refused_with_the_reason() {
        let wish = |change: fn(&mut LimitsPatch)| {
            let mut wishes = LimitsPatch::default();
            change(&mut wishes);
            check(&wishes, &engine()).map_err(|e| (e.field, e.message))
        };
        assert_eq!(wish(|_| {}), Ok(()));
        assert_eq!(wish(|w| w.cpus = Some(2.0)), Ok(()));
        assert_eq!(wish(|w| w.cpus = Some(2.5)).expect_err("too many").0, "cpus");
        assert!(
            wish(|w| w.memory_bytes = Some(8 << 30))
                .expect_err("too much")
                .1
                .contains("no more")
        );
        let (field, message) = wish(|w| w.memory_bytes = Some(64 << 20)).expect_err("swap is open");
        assert!(
            field == "memory_bytes" && message.contains("no such limit"),
            "{message}"
        );
    }

    #[test]
    fn what_nobody_asked_for_fits_the_machine() {
        let status = EngineStatus::Ready(Ready {
            capabilities: Capabilities {
                cpus: Some(1),
                ..engine()
            },
            image_id: "sha256:1".into(),
        });
        let limits = within_machine(Limits::default_for_builds(), &status);
        assert_eq!((limits.cpus, limits.memory_bytes), (1.0, 2 << 30));
        let unknown = within_machine(Limits::default_for_builds(), &EngineStatus::Connecting);
        assert_eq!(unknown, Limits::default_for_builds());
    }
}
