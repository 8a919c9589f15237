//! Whose turn it is: pure. From everything that is unfinished, what to do with each queued run.
//!
//! Runs of different scripts are taken in turn: the script with the fewest active runs first, then the longest
//! waiting. A global cap delays and never drops. A run that waits is told why.

use std::collections::HashMap;

use crate::model::ids::{RunId, ScriptId};
use crate::model::outcome::Outcome;
use crate::model::run::{Overlap, Run, RunKind, WaitKind, WaitReason};

/// How the environment of a queued run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// There, or not needed.
    Ready,
    /// None was ever built: one has to be, first.
    NeedsBuild,
    /// Its first build is under way.
    Building,
    /// Its first build has failed since this run was queued.
    Failed { build: RunId, message: String },
}

pub struct Situation<'a> {
    /// Everything that has not finished, oldest first.
    pub unfinished: &'a [Run],
    /// Of queued script runs; absent means ready.
    pub readiness: &'a HashMap<RunId, Readiness>,
    pub engine_ready: bool,
    /// Most runs active at once.
    pub cap: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    Admit,
    Wait(WaitReason),
    /// Build the environment; the run waits for it.
    Build(WaitReason),
    /// Stop these first; the run waits for them.
    Replace(Vec<RunId>, WaitReason),
    Dismiss(Outcome),
}

/// One decision for each queued run, in the order in which they are to be carried out.
pub fn admit(situation: &Situation<'_>) -> Vec<(RunId, Decision)> {
    let mut active: HashMap<(&ScriptId, RunKind), Vec<&Run>> = HashMap::new();
    let mut taken = 0;
    for run in situation.unfinished.iter().filter(|run| run.is_active()) {
        active.entry((&run.script_id, run.kind)).or_default().push(run);
        taken += 1;
    }
    let mut queued: Vec<&Run> = situation
        .unfinished
        .iter()
        .filter(|run| !run.is_active())
        .collect();
    let mut decisions = Vec::with_capacity(queued.len());
    // Each pass takes the run whose script has least; counts grow as runs are admitted.
    while !queued.is_empty() {
        let share = |run: &Run| active.get(&(&run.script_id, run.kind)).map_or(0, Vec::len);
        let next = (0..queued.len())
            .min_by_key(|&i| (share(queued[i]), queued[i].number))
            .unwrap_or(0);
        let run = queued.remove(next);
        let others = active.entry((&run.script_id, run.kind)).or_default();
        let decision = judge(run, others, situation, taken);
        if decision == Decision::Admit {
            others.push(run);
            taken += 1;
        }
        decisions.push((run.id.clone(), decision));
    }
    decisions
}

/// `others` are active runs of the same script and kind.
fn judge(run: &Run, others: &[&Run], situation: &Situation<'_>, taken: usize) -> Decision {
    let overlap = if run.kind == RunKind::Build {
        Overlap::Queue
    } else {
        run.overlap
    };
    let earlier = situation.unfinished.iter().filter(|other| {
        !other.is_active()
            && other.number < run.number
            && (&other.script_id, other.kind) == (&run.script_id, run.kind)
    });
    // To skip or to replace, a run that waits counts like one that runs.
    let in_the_way: Vec<&Run> = others.iter().copied().chain(earlier).collect();
    if overlap == Overlap::Skip
        && let Some(first) = in_the_way.first()
    {
        let reason = format!("run {} of this script was not finished", first.number);
        return Decision::Dismiss(Outcome::Skipped {
            message: format!("Skipped: {reason}"),
            reason,
        });
    }
    if run.kind == RunKind::Script {
        let building = || wait(WaitKind::Environment, "Its environment is being built".to_owned());
        match situation.readiness.get(&run.id) {
            None | Some(Readiness::Ready) => {}
            Some(Readiness::NeedsBuild) => return Decision::Build(building()),
            Some(Readiness::Building) => return Decision::Wait(building()),
            Some(Readiness::Failed { build, message }) => {
                return Decision::Dismiss(Outcome::EnvironmentFailed {
                    message: format!("Its environment could not be built: {message}"),
                    build_run_id: Some(build.to_string()),
                });
            }
        }
    }
    if !situation.engine_ready {
        let message = "The container engine is not ready; the run starts when it is".to_owned();
        return Decision::Wait(wait(WaitKind::EngineAway, message));
    }
    // Only now that nothing else holds it up is anything stopped for it.
    match overlap {
        Overlap::Replace if !in_the_way.is_empty() => {
            let message = format!("Run {} is being stopped for it", in_the_way[0].number);
            let stop = in_the_way.iter().map(|run| run.id.clone()).collect();
            return Decision::Replace(stop, wait(WaitKind::Overlap, message));
        }
        Overlap::Queue if !others.is_empty() => {
            let message = format!("Run {} of this script has to finish first", others[0].number);
            return Decision::Wait(wait(WaitKind::Overlap, message));
        }
        Overlap::Queue | Overlap::Replace | Overlap::Skip | Overlap::Allow => {}
    }
    if taken >= situation.cap {
        let message = format!("{taken} of at most {} runs are active", situation.cap);
        return Decision::Wait(wait(WaitKind::GlobalCap, message));
    }
    Decision::Admit
}

fn wait(kind: WaitKind, message: String) -> WaitReason {
    WaitReason { kind, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::State;
    use crate::runs::tests_support::run_in;

    struct Queue {
        runs: Vec<Run>,
        readiness: HashMap<RunId, Readiness>,
        engine_ready: bool,
        cap: usize,
    }

    impl Queue {
        fn new(cap: usize) -> Self {
            Self {
                runs: vec![],
                readiness: HashMap::new(),
                engine_ready: true,
                cap,
            }
        }

        fn add(&mut self, script: &ScriptId, state: State, overlap: Overlap) -> RunId {
            let mut run = run_in(state);
            run.script_id = script.clone();
            run.overlap = overlap;
            run.number = self.runs.len() as i64 + 1;
            self.runs.push(run);
            self.runs[self.runs.len() - 1].id.clone()
        }

        fn decide(&self) -> Vec<(RunId, Decision)> {
            admit(&Situation {
                unfinished: &self.runs,
                readiness: &self.readiness,
                engine_ready: self.engine_ready,
                cap: self.cap,
            })
        }
    }

    fn word(decision: &Decision) -> &'static str {
        match decision {
            Decision::Admit => "admit",
            Decision::Wait(reason) => match reason.kind {
                WaitKind::EngineAway => "engine",
                WaitKind::GlobalCap => "cap",
                WaitKind::Overlap => "overlap",
                WaitKind::Environment => "environment",
                WaitKind::Admission => "admission",
            },
            Decision::Build(_) => "build",
            Decision::Replace(..) => "replace",
            Decision::Dismiss(outcome) => outcome.kind(),
        }
    }

    #[test]
    fn each_policy_meets_a_run_that_is_still_going() {
        let table = [
            (Overlap::Allow, "admit"),
            (Overlap::Queue, "overlap"),
            (Overlap::Skip, "skipped"),
            (Overlap::Replace, "replace"),
        ];
        for (overlap, expected) in table {
            let script = ScriptId::generate();
            let mut queue = Queue::new(8);
            let going = queue.add(&script, State::Running, Overlap::Queue);
            queue.add(&script, State::Queued, overlap);
            let decision = queue.decide().remove(0).1;
            assert_eq!(word(&decision), expected);
            if let Decision::Replace(stop, _) = decision {
                assert_eq!(stop, [going]);
            }
        }
    }

    #[test]
    fn a_run_that_waits_is_skipped_and_replaced_like_one_that_runs() {
        for (overlap, expected) in [(Overlap::Skip, "skipped"), (Overlap::Replace, "replace")] {
            let script = ScriptId::generate();
            let mut queue = Queue::new(0);
            let first = queue.add(&script, State::Queued, Overlap::Queue);
            let second = queue.add(&script, State::Queued, overlap);
            let decisions: HashMap<RunId, Decision> = queue.decide().into_iter().collect();
            assert_eq!(word(&decisions[&first]), "cap");
            assert_eq!(word(&decisions[&second]), expected);
        }
    }

    #[test]
    fn nothing_is_stopped_for_a_run_that_could_not_start() {
        let script = ScriptId::generate();
        let mut queue = Queue::new(4);
        queue.add(&script, State::Running, Overlap::Queue);
        let run = queue.add(&script, State::Queued, Overlap::Replace);
        queue.engine_ready = false;
        assert_eq!(word(&queue.decide()[0].1), "engine");
        queue.engine_ready = true;
        queue.readiness.insert(run, Readiness::Building);
        assert_eq!(word(&queue.decide()[0].1), "environment");
    }

    #[test]
    fn scripts_take_turns_under_the_cap() {
        let (busy, idle) = (ScriptId::generate(), ScriptId::generate());
        let mut queue = Queue::new(2);
        let first = queue.add(&busy, State::Queued, Overlap::Allow);
        queue.add(&busy, State::Queued, Overlap::Allow);
        queue.add(&busy, State::Queued, Overlap::Allow);
        let late = queue.add(&idle, State::Queued, Overlap::Allow);
        let admitted: Vec<RunId> = queue
            .decide()
            .into_iter()
            .filter(|(_, d)| *d == Decision::Admit)
            .map(|(id, _)| id)
            .collect();
        assert_eq!(admitted, [first, late]);
        assert_eq!(queue.decide().iter().filter(|(_, d)| word(d) == "cap").count(), 2);
    }

    #[test]
    fn an_engine_that_is_away_delays_and_drops_nothing() {
        let mut queue = Queue::new(2);
        queue.engine_ready = false;
        queue.add(&ScriptId::generate(), State::Queued, Overlap::Queue);
        assert_eq!(word(&queue.decide()[0].1), "engine");
    }

    #[test]
    fn a_first_environment_is_waited_for() {
        let build = RunId::generate();
        let table = [
            (Readiness::Ready, "admit"),
            (Readiness::NeedsBuild, "build"),
            (Readiness::Building, "environment"),
            (
                Readiness::Failed {
                    build,
                    message: "no such package".into(),
                },
                "environment_failed",
            ),
        ];
        for (readiness, expected) in table {
            let script = ScriptId::generate();
            let mut queue = Queue::new(2);
            let run = queue.add(&script, State::Queued, Overlap::Queue);
            queue.readiness.insert(run, readiness);
            assert_eq!(word(&queue.decide()[0].1), expected);
        }
    }

    #[test]
    fn builds_and_runs_of_one_script_do_not_block_each_other() {
        let script = ScriptId::generate();
        let mut queue = Queue::new(4);
        queue.add(&script, State::Running, Overlap::Queue);
        queue.add(&script, State::Queued, Overlap::Queue);
        queue.runs[1].kind = RunKind::Build;
        assert_eq!(word(&queue.decide()[0].1), "admit");
    }
}
