//! Whose turn it is: pure. From everything that is unfinished, what to do with each queued run.
//!
//! Runs that somebody waits for go before those of schedules, until these have waited long enough themselves. Among
//! equals, scripts take turns: the one with the fewest active runs first, then the longest waiting. A cap delays and
//! never drops. A run that waits is told why.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::model::ids::{RunId, ScriptId};
use crate::model::outcome::{OVERLAPPED, Outcome};
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
    /// Why there is too little space to start anything.
    pub no_room: Option<String>,
    /// Most runs active at once.
    pub cap: usize,
    pub now: Timestamp,
}

/// A scheduled run that has waited so long is as urgent as one that somebody waits for: those cannot keep it out for
/// ever.
const PATIENCE: SignedDuration = SignedDuration::from_secs(300);

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

/// Runs of one script and kind, which concern each other.
type Lane<'a> = (&'a ScriptId, RunKind);

/// One decision for each queued run, in the order in which they are to be carried out.
pub fn admit(situation: &Situation<'_>) -> Vec<(RunId, Decision)> {
    let mut active: HashMap<Lane<'_>, Vec<&Run>> = HashMap::new();
    let mut queued: HashMap<Lane<'_>, Vec<&Run>> = HashMap::new();
    let mut decisions = Vec::new();
    for run in situation.unfinished {
        // Until its time has come it is in nobody's way.
        if let Some(until) = run
            .not_before
            .filter(|until| !run.is_active() && *until > situation.now)
        {
            let message = format!("It is tried again at {}", until.strftime("%H:%M:%S UTC"));
            decisions.push((run.id.clone(), Decision::Wait(wait(WaitKind::Retry, message))));
            continue;
        }
        let lanes = if run.is_active() { &mut active } else { &mut queued };
        lanes.entry(lane(run)).or_default().push(run);
    }
    let mut taken = active.values().map(Vec::len).sum();
    let rank = |run: &Run, active: &HashMap<Lane<'_>, Vec<&Run>>| Rank {
        can_wait: can_wait(run, situation.now),
        share: active.get(&lane(run)).map_or(0, Vec::len),
        number: run.number,
    };
    // Only the first of each lane competes. Numbers make ranks unique.
    let mut next: BTreeMap<Rank, VecDeque<&Run>> = BTreeMap::new();
    for runs in queued.values() {
        let mut line = runs.clone();
        line.sort_by_key(|run| (can_wait(run, situation.now), run.number));
        next.insert(rank(line[0], &active), line.into());
    }
    while let Some((_, mut line)) = next.pop_first() {
        let Some(run) = line.pop_front() else { continue };
        let all = &queued[&lane(run)];
        let earlier = &all[..all.partition_point(|other| other.number < run.number)];
        let others = active.entry(lane(run)).or_default();
        let decision = judge(run, others, earlier, situation, taken);
        if decision == Decision::Admit {
            others.push(run);
            taken += 1;
        }
        decisions.push((run.id.clone(), decision));
        if let Some(first) = line.front() {
            next.insert(rank(first, &active), line);
        }
    }
    decisions
}

fn lane(run: &Run) -> Lane<'_> {
    (&run.script_id, run.kind)
}

/// Who goes first: the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    can_wait: bool,
    /// Active runs of the same script.
    share: usize,
    number: i64,
}

fn can_wait(run: &Run, now: Timestamp) -> bool {
    !run.trigger.is_attended() && now.duration_since(run.queued_at) < PATIENCE
}

/// `others` are active runs of the same script and kind, `earlier` those that were queued before it.
fn judge(run: &Run, others: &[&Run], earlier: &[&Run], situation: &Situation<'_>, taken: usize) -> Decision {
    let overlap = match run.kind {
        RunKind::Script => run.overlap,
        RunKind::Build | RunKind::Compile => Overlap::Queue,
    };
    // To skip or to replace, a run that waits counts like one that runs.
    let mut in_the_way = others.iter().chain(earlier).peekable();
    if overlap == Overlap::Skip
        && let Some(first) = in_the_way.peek()
    {
        let reason = format!("run {} {OVERLAPPED}", first.number);
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
    if let Some(message) = &situation.no_room {
        return Decision::Wait(wait(WaitKind::DiskFull, message.clone()));
    }
    // Only now that nothing else holds it up is anything stopped for it.
    match overlap {
        Overlap::Replace if in_the_way.peek().is_some() => {
            let first = in_the_way.peek().map_or(0, |run| run.number);
            let message = format!("Run {first} is being stopped for it");
            let stop = in_the_way.map(|run| run.id.clone()).collect();
            return Decision::Replace(stop, wait(WaitKind::Overlap, message));
        }
        Overlap::Queue if !others.is_empty() => {
            let message = format!("Run {} of this script has to finish first", others[0].number);
            return Decision::Wait(wait(WaitKind::Overlap, message));
        }
        Overlap::Allow
            if run
                .parallel_limit
                .is_some_and(|most| others.len() >= most as usize) =>
        {
            let message = format!(
                "{} of at most {} runs of this script are active",
                others.len(),
                run.parallel_limit.unwrap_or_default()
            );
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
    use crate::model::ids::ScheduleId;
    use crate::model::run::{State, Trigger};
    use crate::runs::tests_support::run_in;

    struct Queue {
        runs: Vec<Run>,
        readiness: HashMap<RunId, Readiness>,
        engine_ready: bool,
        no_room: Option<String>,
        cap: usize,
        now: Timestamp,
    }

    impl Queue {
        fn new(cap: usize) -> Self {
            Self {
                runs: vec![],
                readiness: HashMap::new(),
                engine_ready: true,
                no_room: None,
                cap,
                now: Timestamp::UNIX_EPOCH,
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
                no_room: self.no_room.clone(),
                cap: self.cap,
                now: self.now,
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
                WaitKind::DiskFull => "disk",
                WaitKind::Retry => "retry",
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
    fn who_waits_for_a_run_goes_before_a_schedule_until_that_has_waited_long() {
        let mut queue = Queue::new(1);
        let scheduled = queue.add(&ScriptId::generate(), State::Queued, Overlap::Queue);
        queue.runs[0].trigger = Trigger::Schedule {
            schedule_id: ScheduleId::generate(),
            version: 1,
            attempt: 1,
            slot: Timestamp::UNIX_EPOCH,
        };
        let manual = queue.add(&ScriptId::generate(), State::Queued, Overlap::Queue);
        let first = |queue: &Queue| queue.decide().remove(0);
        assert_eq!(first(&queue), (manual, Decision::Admit));
        queue.now = Timestamp::UNIX_EPOCH + PATIENCE;
        assert_eq!(first(&queue), (scheduled, Decision::Admit));
    }

    #[test]
    fn a_retry_is_in_nobodys_way_until_its_time_has_come() {
        let script = ScriptId::generate();
        let mut queue = Queue::new(8);
        let retry = queue.add(&script, State::Queued, Overlap::Skip);
        queue.runs[0].not_before = Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60));
        let other = queue.add(&script, State::Queued, Overlap::Skip);
        let words: HashMap<RunId, &str> = queue
            .decide()
            .iter()
            .map(|(id, decision)| (id.clone(), word(decision)))
            .collect();
        assert_eq!(words, [(retry.clone(), "retry"), (other, "admit")].into());
        queue.now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60);
        assert_eq!(queue.decide()[0], (retry, Decision::Admit));
    }

    /// What a round costs grows with the queue and not with its square.
    #[test]
    fn a_long_queue_is_fair_to_all_of_it() {
        let scripts: Vec<ScriptId> = (0..100).map(|_| ScriptId::generate()).collect();
        let mut queue = Queue::new(150);
        for _ in 0..100 {
            for script in &scripts {
                queue.add(script, State::Queued, Overlap::Allow);
            }
        }
        let decisions = queue.decide();
        assert_eq!(decisions.len(), 10_000);
        let admitted: Vec<_> = decisions.iter().filter(|(_, d)| *d == Decision::Admit).collect();
        // One of each script, then a second of the first fifty.
        let expected: Vec<_> = queue.runs[..150].iter().map(|run| &run.id).collect();
        assert_eq!(admitted.iter().map(|(id, _)| id).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn runs_side_by_side_have_a_bound_if_the_script_has_one() {
        let script = ScriptId::generate();
        for (limit, expected) in [(None, "admit"), (Some(3), "admit"), (Some(2), "overlap")] {
            let mut queue = Queue::new(8);
            queue.add(&script, State::Running, Overlap::Allow);
            queue.add(&script, State::Starting, Overlap::Allow);
            queue.add(&script, State::Queued, Overlap::Allow);
            queue.runs[2].parallel_limit = limit;
            assert_eq!(word(&queue.decide()[0].1), expected, "{limit:?}");
        }
    }

    #[test]
    fn a_full_disk_delays_scripts_and_builds_and_stops_nothing() {
        let script = ScriptId::generate();
        let mut queue = Queue::new(4);
        queue.add(&script, State::Running, Overlap::Queue);
        queue.add(&script, State::Queued, Overlap::Replace);
        queue.add(&script, State::Queued, Overlap::Queue);
        queue.runs[2].kind = RunKind::Build;
        queue.no_room = Some("100 MiB are free".into());
        let words: Vec<_> = queue
            .decide()
            .iter()
            .map(|(_, decision)| word(decision))
            .collect();
        assert_eq!(words, ["disk", "disk"]);
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
