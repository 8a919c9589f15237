use super::*;
use crate::model::schedule::tests_support::schedule;

struct Desk {
    schedule: Schedule,
    timetable: Timetable,
    script: Script,
}

impl Desk {
    fn cron(expression: &str, cursor: &str) -> Self {
        Self::with(
            When::Cron {
                expression: expression.to_owned(),
                zone: "UTC".to_owned(),
            },
            cursor,
        )
    }

    fn with(when: When, cursor: &str) -> Self {
        let timetable = Timetable::of(&when).expect("usable");
        Self {
            schedule: schedule(when, at(cursor)),
            timetable,
            script: Script::Active,
        }
    }

    fn missed(mut self, missed: Missed) -> Self {
        self.schedule.terms.missed = missed;
        self
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            schedule: &self.schedule,
            timetable: &self.timetable,
            script: self.script,
        }
    }

    fn plan(&self, now: &str) -> Plan {
        plan(at(now), &[self.entry()])
    }

    fn change(&self, now: &str) -> Option<Change> {
        self.plan(now).steps.pop().map(|step| step.change)
    }

    fn decided(&self, now: &str) -> (Option<Summary>, Vec<Decision>) {
        match self.change(now) {
            Some(Change::Cover {
                summary,
                decisions,
                until,
            }) => {
                assert!(decisions.iter().all(|decision| decision.fire.at <= until));
                (summary, decisions)
            }
            other => panic!("{other:?}"),
        }
    }

    /// "12:00 run, 12:10 coalesced".
    fn told(&self, now: &str) -> String {
        let (summary, decisions) = self.decided(now);
        assert_eq!(summary, None);
        told(&decisions)
    }
}

fn told(decisions: &[Decision]) -> String {
    let told = decisions.iter().map(|decision| {
        let at = decision.fire.at.strftime("%H:%M");
        match decision.verdict {
            Verdict::Submit => format!("{at} run"),
            Verdict::Skip(reason) => {
                let reason = serde_json::to_value(reason).expect("serializes");
                format!("{at} {}", reason.as_str().expect("a word"))
            }
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

fn at(text: &str) -> Timestamp {
    let full = match text.matches(':').count() {
        _ if text.contains('T') => text.to_owned(),
        1 => format!("2026-05-01T{text}:00Z"),
        _ => format!("2026-05-01T{text}Z"),
    };
    full.parse().expect(text)
}

#[test]
fn what_is_due_is_submitted_once_and_the_cursor_moves_over_it() {
    let desk = Desk::cron("*/10 * * * *", "11:55");
    assert_eq!(desk.plan("11:59:59").steps, []);
    assert_eq!(desk.plan("11:59:59").wake, Some(at("12:00")));
    let plan = desk.plan("12:00:00.250");
    assert_eq!(plan.wake, Some(at("12:10")));
    let [step] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!((step.seen.version, step.seen.cursor), (1, at("11:55")));
    let Change::Cover {
        until,
        summary,
        decisions,
    } = &step.change
    else {
        panic!("{step:?}")
    };
    assert_eq!((*until, summary), (at("12:00:00.250"), &None));
    assert_eq!(decisions[0].lateness, SignedDuration::from_millis(250));
    assert_eq!(told(decisions), "12:00 run");
    assert_eq!(Desk::cron("*/10 * * * *", "12:00:00.250").plan("12:09").steps, []);
}

#[test]
fn missed_fires_are_made_up_for_as_the_schedule_says() {
    let table = [
        // A minute late is normal.
        (Missed::None, "12:01", "11:50 not_made_up, 12:00 run"),
        (Missed::None, "12:01:01", "11:50 not_made_up, 12:00 not_made_up"),
        (Missed::Latest, "12:01", "11:50 coalesced, 12:00 run"),
        (Missed::Latest, "12:09", "11:50 coalesced, 12:00 run"),
        (
            Missed::Latest,
            "12:10:30",
            "11:50 coalesced, 12:00 coalesced, 12:10 run",
        ),
        (Missed::All, "12:10:30", "11:50 run, 12:00 run, 12:10 run"),
        // Its deadline is an hour.
        (
            Missed::All,
            "12:55",
            "11:50 missed_deadline, 12:00 run, 12:10 run, 12:20 run, 12:30 run, 12:40 run, 12:50 run",
        ),
        (
            Missed::Latest,
            "12:55",
            "11:50 missed_deadline, 12:00 coalesced, 12:10 coalesced, 12:20 coalesced, 12:30 coalesced, \
             12:40 coalesced, 12:50 run",
        ),
    ];
    for (missed, now, expected) in table {
        let desk = Desk::cron("*/10 * * * *", "11:45").missed(missed);
        assert_eq!(desk.told(now), expected, "{missed:?} at {now}");
    }
    let daily = Desk::cron("@daily", "2026-04-30T12:00:00Z");
    assert_eq!(daily.told("00:59"), "00:00 run");
    assert_eq!(daily.told("01:00:01"), "00:00 missed_deadline");
}

#[test]
fn no_more_than_the_latest_hundred_are_made_up_for_in_order() {
    let desk = Desk::cron("*/20 * * * * *", "11:00").missed(Missed::All);
    let (summary, decisions) = desk.decided("11:50:10");
    assert_eq!((summary, decisions.len()), (None, 150));
    let submitted: Vec<usize> = (0..150)
        .filter(|&i| decisions[i].verdict == Verdict::Submit)
        .collect();
    assert_eq!(submitted, (50..150).collect::<Vec<_>>());
    assert_eq!(decisions[49].verdict, Verdict::Skip(SkipReason::TooMany));
    assert!(decisions.windows(2).all(|pair| pair[0].fire.at < pair[1].fire.at));
}

#[test]
fn beyond_a_thousand_there_is_a_sum() {
    let desk = Desk::cron("* * * * *", "2026-04-28T12:00:00Z");
    let (summary, decisions) = desk.decided("12:00:30");
    let expected = Summary {
        after: at("2026-04-28T12:00:00Z"),
        until: at("2026-04-30T19:20:00Z"),
        count: 3 * 1_440 - 1_000,
        reason: SkipReason::MissedDeadline,
    };
    assert_eq!((summary, decisions.len()), (Some(expected), LISTED));
    assert_eq!(decisions[0].fire.at, at("2026-04-30T19:21:00Z"));
    assert_eq!(told(&decisions[998..]), "11:59 coalesced, 12:00 run");
    // Not one more than can be listed: no sum.
    let desk = Desk::cron("* * * * *", "2026-04-30T19:20:00Z");
    assert_eq!(desk.decided("12:00:30").0, None);
}

#[test]
fn a_jump_of_years_is_dealt_with_at_once() {
    let desk = Desk::cron("* * * * * *", "2026-05-01T00:00:00Z").missed(Missed::All);
    let (summary, decisions) = desk.decided("2036-05-01T00:00:00Z");
    let seconds = at("2036-05-01T00:00:00Z").duration_since(at("00:00")).as_secs() as u64;
    assert_eq!(summary.map(|summary| summary.count), Some(seconds - 1_000));
    let submitted = decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Submit);
    assert_eq!(submitted.count(), MADE_UP);
}

#[test]
fn a_clock_that_goes_back_repeats_nothing_unless_it_went_far() {
    let table = [
        ("* * * * *", "11:56", None),
        ("* * * * *", "11:54:59", Some("11:54:59")),
        ("0 * * * *", "11:05", None),
        ("0 * * * *", "10:30", Some("10:30")),
        ("@daily", "2026-04-30T13:00:00Z", None),
        ("@daily", "2026-04-30T11:00:00Z", Some("2026-04-30T11:00:00Z")),
    ];
    for (expression, now, expected) in table {
        let desk = Desk::cron(expression, "12:00");
        let to = match desk.change(now) {
            None => None,
            Some(Change::BeginAnew { to }) => Some(to),
            other => panic!("{other:?}"),
        };
        assert_eq!(to, expected.map(at), "{expression} at {now}");
        let next = desk
            .timetable
            .next(if to.is_some() { at(now) } else { at("12:00") });
        assert_eq!(desk.plan(now).wake, next.map(|fire| fire.at));
    }
}

#[test]
fn a_paused_script_is_due_and_skipped_and_a_schedule_that_is_off_is_not_due() {
    let mut desk = Desk::cron("*/10 * * * *", "11:55").missed(Missed::All);
    desk.script = Script::Paused;
    assert_eq!(desk.told("12:10"), "12:00 paused, 12:10 paused");
    desk.schedule.terms.enabled = false;
    assert_eq!(desk.plan("12:10"), Plan::default());
    assert_eq!(settle(at("12:10"), &desk.entry()), None);
}

#[test]
fn once_is_submitted_once_or_missed_once() {
    let once = || Desk::with(When::Once { at: at("12:00:00.5") }, "11:00");
    assert_eq!(once().plan("11:30").wake, Some(at("12:00:00.5")));
    assert_eq!(once().told("12:00:01"), "12:00 run");
    assert_eq!(once().plan("12:00:01").wake, None);
    assert_eq!(once().told("12:50"), "12:00 run");
    assert_eq!(once().told("13:50"), "12:00 missed_deadline");
    assert_eq!(once().missed(Missed::None).told("12:50"), "12:00 not_made_up");
    // However far back the clock goes: what is done is done.
    let done = Desk::with(When::Once { at: at("12:00") }, "12:00:01");
    assert!(done.schedule.is_done());
    assert_eq!(done.plan("01:00"), Plan::default());
}

#[test]
fn jitter_delays_and_counts_for_nothing_else() {
    let mut desk = Desk::cron("0 * * * *", "11:30");
    desk.schedule.terms.jitter_seconds = 3_000;
    let jitter = jitter(&desk.schedule, &desk.timetable);
    let due = at("12:00") + jitter;
    assert_eq!(desk.plan("11:45").wake, Some(due));
    let just_before = plan(due - SignedDuration::from_millis(1), &[desk.entry()]);
    assert_eq!((just_before.steps, just_before.wake), (vec![], Some(due)));
    let step = plan(due, &[desk.entry()]).steps.remove(0);
    let Change::Cover { until, decisions, .. } = step.change else {
        panic!("not covered")
    };
    assert_eq!(until, at("12:00"));
    assert_eq!(
        (told(&decisions).as_str(), decisions[0].lateness),
        ("12:00 run", SignedDuration::ZERO)
    );
    // Before a change nothing is left waiting.
    let settled = settle(at("12:00:01"), &desk.entry()).expect("due");
    let Change::Cover { until, decisions, .. } = settled.change else {
        panic!("not covered")
    };
    assert_eq!(until, at("12:00:01"));
    assert_eq!(
        (told(&decisions).as_str(), decisions[0].lateness),
        ("12:00 run", SignedDuration::ZERO)
    );
}

#[test]
fn the_plan_wakes_for_whatever_is_due_first() {
    let desks = [
        Desk::cron("0 * * * *", "11:30"),
        Desk::cron("*/10 * * * *", "11:30"),
        Desk::with(When::Once { at: at("12:05") }, "11:30"),
    ];
    let entries: Vec<Entry<'_>> = desks.iter().map(Desk::entry).collect();
    assert_eq!(plan(at("11:35"), &entries).wake, Some(at("11:40")));
    let plan = plan(at("12:00"), &entries);
    assert_eq!(plan.wake, Some(at("12:05")));
    let stepped: Vec<&ScheduleId> = plan.steps.iter().map(|step| &step.seen.schedule).collect();
    assert_eq!(stepped, [&desks[0].schedule.id, &desks[1].schedule.id]);
}
