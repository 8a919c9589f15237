//! All trials, by the fault they bring about.

mod bombs;
mod confined;
mod controller_killed;
mod disk_full;
mod engine_killed;
mod engine_lost;
mod flooded;
mod read_badly;
mod written_exactly;

use std::pin::Pin;

/// A trial's body, on a runtime of its own.
pub(crate) type Act = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

fn trial<F: Future<Output = ()> + 'static>(name: &'static str, act: fn() -> F) -> (&'static str, Act) {
    (name, Box::new(move || Box::pin(act())))
}

pub(crate) fn all() -> Vec<(&'static str, Act)> {
    vec![
        trial(
            "controller_killed::at_random_moments",
            controller_killed::at_random_moments,
        ),
        trial(
            "controller_killed::at_every_commit",
            controller_killed::at_every_commit,
        ),
        trial(
            "controller_killed::at_every_call",
            controller_killed::at_every_call,
        ),
        trial(
            "engine_killed::without_live_restore",
            engine_killed::without_live_restore,
        ),
        trial(
            "engine_killed::with_live_restore",
            engine_killed::with_live_restore,
        ),
        trial("disk_full::everywhere", disk_full::everywhere),
        trial("bombs::all_at_once", bombs::all_at_once),
        trial("flooded::with_lines", flooded::with_lines),
        trial("flooded::without_a_newline", flooded::without_a_newline),
        trial("read_badly::by_many", read_badly::by_many),
        trial("written_exactly::in_every_case", written_exactly::in_every_case),
        trial("written_exactly::in_one_line", written_exactly::in_one_line),
        trial("confined::from_inside", confined::from_inside),
        trial("confined::to_the_template", confined::to_the_template),
        trial("engine_lost::for_good", engine_lost::for_good),
    ]
}
