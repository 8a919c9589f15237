//! Every way in which a run, its container and its controller can get on with each other, walked through.
//!
//! A small model of the world around [`decide`]: a controller that looks, decides and acts in single steps and may be
//! killed between any two of them; an engine whose answers get lost and that finishes what a dead controller had asked
//! of it; a supervisor as it is; and somebody who kills and removes containers. All reachable states are visited, so
//! what is asserted holds for every interleaving in the model, not for those that chance would try.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::recovery::{Act, Directory, ExitFile, Seen, decide};
use super::tests_support::{exit_facts, run_in};
use crate::engine::JobState;
use crate::model::evidence::Evidence;
use crate::model::outcome::Outcome;
use crate::model::run::{Event, Run, State, Step, StopReason, step};
use crate::model::verdict::verdict;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Absent,
    Created,
    /// Its supervisor has not claimed the run yet.
    Waiting,
    /// User code runs.
    Claimed,
    Exited,
}

#[derive(Debug, Clone, PartialEq)]
enum Controller {
    /// Just come up, or between two turns.
    Idle,
    SawJob(Option<JobState>),
    Saw(Seen),
    /// The spec is written; the engine is asked to create, then to start.
    WroteSpec,
    Created,
}

#[derive(Debug, Clone)]
struct World {
    state: State,
    prepared: bool,
    controller: Controller,
    container: Container,
    /// A start that a dead controller had asked for and the engine has yet to carry out.
    start_under_way: bool,
    spec: bool,
    started: bool,
    exit: Option<i32>,
    starts: u32,
}

impl World {
    fn new() -> Self {
        Self {
            state: State::Starting,
            prepared: false,
            controller: Controller::Idle,
            container: Container::Absent,
            start_under_way: false,
            spec: false,
            started: false,
            exit: None,
            starts: 0,
        }
    }

    fn run(&self, template: &Run) -> Run {
        let mut run = template.clone();
        run.state = self.state.clone();
        run.launch.image_digest = self.prepared.then(|| "sha256:1".to_owned());
        run
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut world = self.clone();
        change(&mut world);
        world
    }

    /// Every world that the next single step of anybody can lead to.
    fn next(&self, template: &Run) -> Vec<Self> {
        let mut next = self.others();
        if self.controller != Controller::Idle {
            next.push(self.with(|w| {
                // What was asked of the engine is out of the dead controller's hands.
                w.start_under_way |= w.controller == Controller::Created && w.container == Container::Created;
                w.controller = Controller::Idle;
            }));
        }
        next.extend(self.controllers_turn(template));
        next
    }

    /// The supervisor, the engine, somebody with `docker rm`, a user who cancels.
    fn others(&self) -> Vec<Self> {
        let mut next = Vec::new();
        match self.container {
            Container::Waiting if self.started => next.push(self.with(|w| w.container = Container::Exited)),
            Container::Waiting if self.spec => next.push(self.with(|w| {
                (w.spec, w.started, w.container) = (false, true, Container::Claimed);
                w.starts += 1;
            })),
            Container::Claimed => {
                for code in [0, 1] {
                    next.push(self.with(|w| (w.exit, w.container) = (Some(code), Container::Exited)));
                }
            }
            _ => {}
        }
        if matches!(self.container, Container::Waiting | Container::Claimed) {
            next.push(self.with(|w| w.container = Container::Exited));
        }
        if self.container != Container::Absent {
            next.push(self.with(|w| (w.container, w.start_under_way) = (Container::Absent, false)));
        }
        if self.start_under_way {
            next.push(self.with(|w| {
                w.start_under_way = false;
                if w.container == Container::Created {
                    w.container = Container::Waiting;
                }
            }));
        }
        let why = StopReason::Cancelled {
            by: "user".into(),
            replaced_by: None,
        };
        if let Step::To(state) = step(&self.state, &Event::StopRequested { why }) {
            next.push(self.with(|w| w.state = state));
        }
        next
    }

    fn controllers_turn(&self, template: &Run) -> Vec<Self> {
        match &self.controller {
            Controller::Idle => {
                let job = match self.container {
                    Container::Absent => JobState::Absent,
                    Container::Created => JobState::Created,
                    Container::Waiting | Container::Claimed => JobState::Running,
                    Container::Exited => JobState::Exited {
                        code: 0,
                        oom_killed: false,
                        error: None,
                    },
                };
                [None, Some(job)]
                    .map(|job| self.with(|w| w.controller = Controller::SawJob(job)))
                    .into()
            }
            Controller::SawJob(job) => {
                let exit = self.exit.map(|code| exit_facts(template, code).into());
                let seen = Seen {
                    job: job.clone(),
                    directory: Directory {
                        started: self.started || exit.is_some(),
                        mark: None,
                        exit: exit.map_or(ExitFile::Absent, ExitFile::Facts),
                    },
                    // Long enough for every patience, not for the run-time limit.
                    going_for: Duration::from_secs(60),
                };
                vec![self.with(|w| w.controller = Controller::Saw(seen))]
            }
            Controller::Saw(seen) => vec![self.act(decide(&self.run(template), seen))],
            // A container of that name is adopted, whatever it does.
            Controller::WroteSpec => vec![self.with(|w| {
                w.controller = Controller::Created;
                if w.container == Container::Absent {
                    w.container = Container::Created;
                }
            })],
            Controller::Created => vec![self.with(|w| {
                w.controller = Controller::Idle;
                if w.container == Container::Created {
                    w.container = Container::Waiting;
                }
            })],
        }
    }

    fn act(&self, act: Act) -> Self {
        let record = |world: &mut Self, event: &Event| match step(&world.state, event) {
            Step::To(state) => world.state = state,
            Step::Same => {}
            Step::Impossible => panic!("{event:?} in {:?}", world.state),
        };
        self.with(|w| {
            w.controller = Controller::Idle;
            match act {
                Act::Leave | Act::Watch => {}
                Act::Prepare => w.prepared = true,
                Act::Launch => (w.spec, w.controller) = (true, Controller::WroteSpec),
                Act::Record(event) => record(w, &event),
                Act::Stop => {
                    if matches!(w.container, Container::Waiting | Container::Claimed) {
                        w.container = Container::Exited;
                    }
                }
                Act::Collect => {
                    let State::Collecting { ending, stop } = &w.state else {
                        panic!("collects {:?}", w.state)
                    };
                    let limits = crate::model::limits::Limits::default_for_scripts();
                    let outcome = verdict(ending, stop.as_ref(), &limits, Evidence::default());
                    record(w, &Event::Concluded { outcome });
                }
                Act::Release => (w.container, w.spec) = (Container::Absent, false),
            }
        })
    }
}

#[test]
fn no_interleaving_starts_twice_loses_the_end_or_invents_a_success() {
    let template = run_in(State::Starting);
    let key = |world: &World| format!("{world:?}");
    let mut known = HashSet::new();
    let mut before: HashMap<String, Vec<String>> = HashMap::new();
    let mut finished = Vec::new();
    let mut ahead = VecDeque::from([World::new()]);
    known.insert(key(&ahead[0]));
    while let Some(world) = ahead.pop_front() {
        assert!(world.starts <= 1, "user code was started twice: {world:?}");
        if let State::Finished { outcome } = &world.state {
            finished.push(key(&world));
            if matches!(outcome, Outcome::Succeeded { .. }) {
                assert_eq!(world.exit, Some(0), "a success without its fact: {world:?}");
            }
        }
        for next in world.next(&template) {
            before.entry(key(&next)).or_default().push(key(&world));
            if known.insert(key(&next)) {
                ahead.push_back(next);
            }
        }
    }
    assert!(
        known.len() > 1_000,
        "the model is smaller than it was: {}",
        known.len()
    );

    // Backwards from all ends: what is not met could never finish.
    let mut can_end: HashSet<String> = finished.iter().cloned().collect();
    let mut ahead = finished;
    while let Some(key) = ahead.pop() {
        for earlier in before.get(&key).into_iter().flatten() {
            if can_end.insert(earlier.clone()) {
                ahead.push(earlier.clone());
            }
        }
    }
    let stuck: Vec<_> = known.difference(&can_end).take(3).collect();
    assert!(stuck.is_empty(), "no way on from {stuck:#?}");
}
