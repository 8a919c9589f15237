//! What is to be done about a script's tools container: pure.

use std::time::Duration;

/// A tools container as it is believed to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    Stopped,
    /// Being made; found by somebody else only if that was cut short.
    Starting,
    Running {
        /// Key of the environment it was given.
        environment: Option<String>,
    },
    /// Why the last start came to nothing.
    Failed(String),
}

/// Everything that a decision depends on.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    pub phase: &'a Phase,
    /// The key of the script's environment; `None`: the script is gone.
    pub wanted: Option<Option<&'a str>>,
    /// Somebody wants to use it now.
    pub asked: bool,
    /// It answers.
    pub alive: bool,
    /// Since it was last used.
    pub idle: Duration,
    pub patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// As it is, it is as it should be.
    Keep,
    Start,
    /// Another in its place.
    Restart,
    Stop(Why),
}

/// Why connections end that nobody has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Idle,
    EnvironmentChanged,
    ScriptGone,
    Died,
    /// Others needed the room.
    Displaced,
    ControllerStops,
}

pub fn decide(seen: &Seen<'_>) -> Act {
    let there = !matches!(seen.phase, Phase::Stopped | Phase::Failed(_));
    let Some(wanted) = seen.wanted else {
        return if there {
            Act::Stop(Why::ScriptGone)
        } else {
            Act::Keep
        };
    };
    let fault = match seen.phase {
        Phase::Stopped | Phase::Failed(_) => {
            return if seen.asked { Act::Start } else { Act::Keep };
        }
        Phase::Starting => Some(Why::Died),
        Phase::Running { environment } if environment.as_deref() != wanted => Some(Why::EnvironmentChanged),
        Phase::Running { .. } if !seen.alive => Some(Why::Died),
        Phase::Running { .. } => None,
    };
    match fault {
        Some(_) if seen.asked => Act::Restart,
        Some(why) => Act::Stop(why),
        None if !seen.asked && seen.idle >= seen.patience => Act::Stop(Why::Idle),
        None => Act::Keep,
    }
}

/// Of those that are there, who makes room for another: `Ok(None)` if nobody has to, an error if everybody is used.
/// `idle` is `None` for those in use.
pub fn make_room<T: Clone>(there: &[(T, Option<Duration>)], most: usize) -> Result<Option<T>, Crowded> {
    if there.len() < most {
        return Ok(None);
    }
    there
        .iter()
        .filter_map(|(who, idle)| idle.map(|idle| (who, idle)))
        .max_by_key(|(_, idle)| *idle)
        .map(|(who, _)| Some(who.clone()))
        .ok_or(Crowded)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowded;

#[cfg(test)]
mod tests {
    use super::*;

    fn running(environment: Option<&str>) -> Phase {
        Phase::Running {
            environment: environment.map(str::to_owned),
        }
    }

    #[test]
    fn a_container_is_there_while_it_is_wanted_and_as_it_is_wanted() {
        const PATIENCE: Duration = Duration::from_secs(300);
        let (with, without) = (Some(Some("e1")), Some(None));
        let failed = Phase::Failed("x".to_owned());
        type Case<'a> = (&'a Phase, Option<Option<&'a str>>, bool, bool, u64, Act);
        let table: &[Case<'_>] = &[
            (&Phase::Stopped, with, false, false, 0, Act::Keep),
            (&Phase::Stopped, with, true, false, 0, Act::Start),
            (&failed, with, true, false, 0, Act::Start),
            (&failed, with, false, false, 900, Act::Keep),
            (&Phase::Starting, with, false, false, 0, Act::Stop(Why::Died)),
            (&Phase::Starting, with, true, true, 0, Act::Restart),
            (&running(Some("e1")), with, true, true, 900, Act::Keep),
            (&running(Some("e1")), with, false, true, 299, Act::Keep),
            (&running(Some("e1")), with, false, true, 300, Act::Stop(Why::Idle)),
            (&running(Some("e1")), with, true, false, 0, Act::Restart),
            (&running(Some("e1")), with, false, false, 0, Act::Stop(Why::Died)),
            (&running(Some("e0")), with, true, true, 0, Act::Restart),
            (
                &running(Some("e0")),
                with,
                false,
                true,
                0,
                Act::Stop(Why::EnvironmentChanged),
            ),
            (
                &running(None),
                with,
                false,
                true,
                0,
                Act::Stop(Why::EnvironmentChanged),
            ),
            (
                &running(Some("e1")),
                without,
                false,
                true,
                0,
                Act::Stop(Why::EnvironmentChanged),
            ),
            (&running(None), without, true, true, 0, Act::Keep),
            (&running(None), None, true, true, 0, Act::Stop(Why::ScriptGone)),
            (&Phase::Stopped, None, true, false, 0, Act::Keep),
        ];
        for (number, (phase, wanted, asked, alive, idle, expected)) in table.iter().enumerate() {
            let seen = Seen {
                phase,
                wanted: *wanted,
                asked: *asked,
                alive: *alive,
                idle: Duration::from_secs(*idle),
                patience: PATIENCE,
            };
            assert_eq!(decide(&seen), *expected, "case {number}");
        }
    }

    #[test]
    fn who_is_idle_longest_makes_room() {
        let idle = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(make_room(&[("a", None)], 2), Ok(None));
        assert_eq!(
            make_room(&[("a", idle(1)), ("b", idle(9)), ("c", None)], 3),
            Ok(Some("b"))
        );
        assert_eq!(make_room(&[("a", None), ("b", None)], 2), Err(Crowded));
    }
}
