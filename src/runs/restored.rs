//! Runs in a database that was restored from a backup: none of them goes on, and none is started again.
//!
//! What was running is lost: its container belongs to another instance, or is gone. What waited is cancelled, because
//! whether it is still wanted nobody knows. Environments are not in a backup, so all are marked as absent, and are built
//! again from their locks.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::model::evidence::Evidence;
use crate::model::outcome::{LostCause, Outcome};
use crate::model::run::{Ending, Event, State, Step, step};
use crate::store;

/// Answers how many there were.
pub fn end_all(connection: &Connection, now: Timestamp) -> Result<usize, store::Error> {
    // Nothing is tried again, whatever their schedules say.
    store::runs::never_again(connection)?;
    store::environments::all_absent(connection)?;
    let unfinished = store::runs::unfinished(connection)?;
    for mut run in unfinished.iter().cloned() {
        let event = match run.state {
            State::Queued => Event::Dismissed {
                outcome: Outcome::cancelled("the restore of a backup", None, Evidence::default()),
            },
            _ => Event::Ended {
                ending: Ending::Lost {
                    reason: "it was going on when the backup was made from which this instance was restored"
                        .to_owned(),
                    cause: LostCause::Vanished,
                },
            },
        };
        if let Step::To(next) = step(&run.state, &event) {
            run.state = next;
            run.finished_at.get_or_insert(now);
            store::runs::store_step(connection, &mut run, &event, now)?;
        }
    }
    Ok(unfinished.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::RunState;
    use crate::model::script::tests_support::script;
    use crate::runs::tests_support::run_in;

    #[test]
    fn nothing_goes_on() {
        let db = store::in_memory().expect("opens");
        let script = script("Old");
        store::scripts::insert(&db, &script).expect("stores");
        let now = Timestamp::UNIX_EPOCH;
        let mut ids = Vec::new();
        for events in [&[][..], &[Event::Admitted], &[Event::Admitted, Event::Started]] {
            let mut run = run_in(State::Queued);
            run.script_id = script.id.clone();
            store::runs::insert(&db, &mut run, None).expect("stores");
            for event in events {
                let Step::To(next) = step(&run.state, event) else {
                    panic!("a step")
                };
                run.state = next;
                store::runs::store_step(&db, &mut run, event, now).expect("stores");
            }
            ids.push(run.id);
        }
        assert_eq!(end_all(&db, now).expect("ends"), 3);
        let states: Vec<_> = ids
            .iter()
            .map(|id| {
                let run = store::runs::get(&db, id).expect("reads").expect("there");
                assert_eq!(run.retry, None);
                run.state.name()
            })
            .collect();
        assert_eq!(
            states,
            [RunState::Finished, RunState::Collecting, RunState::Collecting]
        );
        // Twice is once.
        assert_eq!(end_all(&db, now).expect("ends"), 2);
    }
}
