//! The model: a store, a controller with a memory that can be lost, and a clock that anybody may set.
//!
//! What must hold: every due instant of every version has exactly one decision or is counted in exactly one sum (S1,
//! S2); missed fires are made up for as the terms say (S5); runs overlap as the terms say, under a cap that delays and
//! never drops (S6); and whatever was submitted comes to an end.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::Act;
use crate::model::ids::{RunId, ScheduleId};
use crate::model::run::tests_support::run_in;
use crate::model::run::{Overlap, Run, State, Trigger};
use crate::model::schedule::tests_support::schedule;
use crate::model::schedule::{Missed, Schedule, Terms};
use crate::runs::admission::{self, Situation, admit};
use crate::scheduler::jitter::jitter;
use crate::scheduler::plan::{
    Change, Decision, Entry, LISTED, MADE_UP, Script, SkipReason, Step, Summary, Verdict, plan, settle,
};
use crate::scheduler::timetable::Timetable;

/// Runs active at once.
const CAP: usize = 3;

pub(super) struct World {
    now: Timestamp,
    /// The store's rows of schedules, each of a script of its own.
    desks: Vec<Desk>,
    /// Runs that have not finished, in their order.
    runs: Vec<Run>,
    submitted: i64,
    /// What the controller has in mind, with the moment at which it thought of it.
    memory: VecDeque<(Timestamp, Step)>,
    wake: Option<Timestamp>,
    /// The store's index of fires, which nothing may be in twice.
    fires: HashSet<(ScheduleId, i64, Timestamp)>,
}

struct Desk {
    schedule: Schedule,
    timetable: Timetable,
    script: Script,
    /// Of this version: where its cursor began, and what was decided since.
    began: Timestamp,
    decided: BTreeSet<Timestamp>,
    sums: Vec<Summary>,
}

impl World {
    pub(super) fn new(now: Timestamp, terms: Vec<Terms>) -> Self {
        let desk = |terms: Terms| Desk {
            timetable: Timetable::of(&terms.when).expect("usable"),
            schedule: Schedule {
                terms: terms.clone(),
                ..schedule(terms.when, now)
            },
            script: Script::Active,
            began: now,
            decided: BTreeSet::new(),
            sums: Vec::new(),
        };
        Self {
            now,
            desks: terms.into_iter().map(desk).collect(),
            runs: Vec::new(),
            submitted: 0,
            memory: VecDeque::new(),
            wake: None,
            fires: HashSet::new(),
        }
    }

    pub(super) fn happen(&mut self, act: Act) {
        match act {
            Act::Pass(by) | Act::Jump(by) => self.now += by,
            Act::Sleep => self.now = self.wake.map_or(self.now, |wake| wake.max(self.now)),
            Act::Plan => {
                let entries: Vec<Entry<'_>> = self.desks.iter().map(Desk::entry).collect();
                let plan = plan(self.now, &entries);
                self.wake = plan.wake;
                self.memory = plan.steps.into_iter().map(|step| (self.now, step)).collect();
            }
            Act::CarryOut => {
                if let Some((thought, step)) = self.memory.pop_front() {
                    self.carry_out(thought, step);
                }
            }
            Act::LoseTheAnswer => {
                if let Some((thought, step)) = self.memory.front().cloned() {
                    self.carry_out(thought, step);
                }
            }
            Act::Crash => self.memory.clear(),
            Act::Edit(which, terms) => {
                self.settle(which);
                self.desks[which].begin(self.now, |schedule| schedule.changed(*terms, self.now));
            }
            Act::PauseOrResume(which) => {
                self.settle(which);
                let desk = &mut self.desks[which];
                desk.script = match desk.script {
                    Script::Active => Script::Paused,
                    Script::Paused => Script::Active,
                };
            }
            Act::Admit => self.admit(),
            Act::Finish(which) => {
                let active = self.runs.iter().filter(|run| run.is_active());
                if let Some(id) = active.map(|run| run.id.clone()).nth(which) {
                    self.runs.retain(|run| run.id != id);
                }
            }
        }
    }

    /// All that is due is decided on, and every run comes to its end.
    pub(super) fn close(mut self) {
        for which in 0..self.desks.len() {
            self.settle(which);
        }
        while !self.runs.is_empty() {
            let before = self.runs.len();
            self.admit();
            self.runs.retain(|run| !run.is_active());
            assert!(self.runs.len() < before, "runs wait for nothing");
        }
    }

    fn settle(&mut self, which: usize) {
        if let Some(step) = settle(self.now, &self.desks[which].entry()) {
            self.carry_out(self.now, step);
        }
        self.desks[which].check(self.now);
    }

    /// The transaction: all or nothing, and nothing if something else came first.
    fn carry_out(&mut self, thought: Timestamp, step: Step) {
        let Some(desk) = self
            .desks
            .iter_mut()
            .find(|desk| desk.entry().seen() == step.seen)
        else {
            return;
        };
        match step.change {
            Change::BeginAnew { to } => {
                assert!(desk.schedule.cursor.duration_since(to) > SignedDuration::from_mins(5));
                desk.begin(to, |schedule| Schedule {
                    version: schedule.version + 1,
                    cursor: to,
                    ..schedule.clone()
                });
            }
            Change::Cover {
                until,
                summary,
                decisions,
            } => {
                assert!(
                    until > desk.schedule.cursor && until <= thought,
                    "the cursor went back or ahead"
                );
                assert!(decisions.len() <= LISTED && (summary.is_none() || decisions.len() == LISTED));
                desk.check_missed(thought, &decisions);
                for decision in &decisions {
                    let name = (desk.schedule.id.clone(), desk.schedule.version, decision.fire.at);
                    assert!(self.fires.insert(name), "decided on twice: {decision:?}");
                    desk.decided.insert(decision.fire.at);
                    if decision.verdict == Verdict::Submit {
                        self.submitted += 1;
                        self.runs
                            .push(desk.run(decision.fire.at, self.submitted, self.now));
                    }
                }
                desk.sums.extend(summary);
                desk.schedule.cursor = until;
            }
        }
    }

    fn admit(&mut self) {
        let situation = Situation {
            unfinished: &self.runs,
            readiness: &HashMap::new(),
            engine_ready: true,
            no_room: None,
            cap: CAP,
            now: self.now,
        };
        let decisions = admit(&situation);
        let ids = self.runs.iter().map(|run| run.id.clone());
        let places: HashMap<RunId, usize> = ids.zip(0..).collect();
        let mut gone = HashSet::new();
        for (id, decision) in decisions {
            let at = places[&id];
            let run = &self.runs[at];
            let others = |other: &&Run| {
                other.script_id == run.script_id && other.id != id && !gone.contains(&other.id)
            };
            let mut others = self.runs.iter().filter(others);
            match decision {
                admission::Decision::Admit => {
                    let alone = !others.any(Run::is_active);
                    assert!(alone || run.overlap == Overlap::Allow, "two runs side by side");
                    self.runs[at].state = State::Running;
                }
                admission::Decision::Dismiss(outcome) => {
                    assert_eq!((run.overlap, outcome.kind()), (Overlap::Skip, "skipped"));
                    assert!(others.next().is_some(), "skipped for nothing");
                    gone.insert(id);
                }
                admission::Decision::Replace(stopped, _) => {
                    assert_eq!(run.overlap, Overlap::Replace);
                    gone.extend(stopped);
                }
                admission::Decision::Wait(_) => {}
                admission::Decision::Build(_) => panic!("nothing has to be built"),
            }
        }
        self.runs.retain(|run| !gone.contains(&run.id));
        assert!(self.runs.iter().filter(|run| run.is_active()).count() <= CAP);
    }
}

impl Desk {
    fn entry(&self) -> Entry<'_> {
        Entry {
            schedule: &self.schedule,
            timetable: &self.timetable,
            script: self.script,
        }
    }

    /// The next version, once this one has proved to be complete.
    fn begin(&mut self, now: Timestamp, next: impl FnOnce(&Schedule) -> Schedule) {
        self.check(now);
        self.schedule = next(&self.schedule);
        self.timetable = Timetable::of(&self.schedule.terms.when).expect("usable");
        self.began = self.schedule.cursor;
        self.decided.clear();
        self.sums.clear();
    }

    fn run(&self, slot: Timestamp, number: i64, now: Timestamp) -> Run {
        Run {
            number,
            script_id: self.schedule.script_id.clone(),
            trigger: Trigger::Schedule {
                schedule_id: self.schedule.id.to_string(),
                slot,
            },
            overlap: self.schedule.terms.overlap.unwrap_or_default(),
            queued_at: now,
            ..run_in(State::Queued)
        }
    }

    /// Each fire of this version up to its cursor has one decision, or is counted once, and none is left before `now`.
    fn check(&self, now: Timestamp) {
        if !self.schedule.terms.enabled {
            assert!(self.decided.is_empty() && self.sums.is_empty(), "it was off");
            return;
        }
        let left = self.timetable.next(self.schedule.cursor);
        assert!(left.is_none_or(|left| left.at > now), "{left:?} was left behind");
        let fires = self
            .timetable
            .fires(self.began, self.schedule.cursor, usize::MAX)
            .list;
        let mut counts = vec![0; self.sums.len()];
        let mut decided = self.decided.iter();
        for fire in fires {
            let within = |sum: &Summary| sum.after < fire.at && fire.at <= sum.until;
            match self.sums.iter().position(within) {
                Some(sum) => counts[sum] += 1,
                None => assert_eq!(decided.next(), Some(&fire.at), "a fire without a decision"),
            }
        }
        assert_eq!(decided.next(), None, "a decision without a fire");
        assert!(
            counts.iter().eq(self.sums.iter().map(|sum| &sum.count)),
            "counted wrongly"
        );
    }

    /// The policy for missed fires, said the other way round: what must be, and what must not.
    fn check_missed(&self, now: Timestamp, decisions: &[Decision]) {
        let terms = &self.schedule.terms;
        let late =
            |decision: &&Decision| now - jitter(&self.schedule, &self.timetable) > decision.fire.at + MINUTE;
        let expired = |decision: &Decision| decision.lateness > terms.start_deadline();
        let ran = |decision: &&Decision| decision.verdict == Verdict::Submit;
        assert!(
            decisions.windows(2).all(|pair| pair[0].fire.at < pair[1].fire.at),
            "out of order"
        );
        if self.script == Script::Paused {
            let paused = |decision: &Decision| decision.verdict == Verdict::Skip(SkipReason::Paused);
            assert!(decisions.iter().all(paused));
            return;
        }
        let (missed, in_time): (Vec<_>, Vec<_>) = decisions.iter().partition(late);
        assert!(in_time.iter().all(ran), "in time and skipped");
        let made_up: Vec<_> = missed.iter().copied().filter(ran).collect();
        assert!(
            !made_up.iter().any(|decision| expired(decision)),
            "made up for after its deadline"
        );
        let possible = missed.iter().filter(|decision| !expired(decision)).count();
        let expected = match terms.missed {
            Missed::None => 0,
            Missed::Latest => usize::from(in_time.is_empty() && possible > 0),
            Missed::All => possible.min(MADE_UP.saturating_sub(in_time.len())),
        };
        assert_eq!(made_up.len(), expected, "{:?}", terms.missed);
        let latest = missed.iter().rev().take(expected).rev();
        assert!(
            latest.eq(made_up.iter()),
            "others than the latest were made up for"
        );
    }
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
