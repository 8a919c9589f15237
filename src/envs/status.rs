//! How a script's environment stands to what the script asks for: pure.

use crate::model::environment::EnvironmentState;
use crate::model::ids::RunId;
use crate::model::outcome::Outcome;
use crate::model::run::{Run, State};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub state: EnvironmentState,
    /// The build that is under way, or the one that failed.
    pub build: Option<RunId>,
    pub message: Option<String>,
}

/// What counts of an environment.
#[derive(Debug, Clone, Copy)]
pub struct Built<'a> {
    pub requirements: &'a [String],
    pub image_digest: &'a str,
    pub damage: Option<&'a str>,
}

/// `live` is the environment the script's runs use, `newest_build` the latest run of kind build, `image` the content id
/// of the image that a build would use now, if it is known.
pub fn status(
    requirements: &[String],
    live: Option<Built<'_>>,
    newest_build: Option<&Run>,
    image: Option<&str>,
) -> Status {
    let plain = |state| Status {
        state,
        build: None,
        message: None,
    };
    if let Some(build) = newest_build
        && !build.is_finished()
    {
        return Status {
            state: EnvironmentState::Building,
            build: Some(build.id.clone()),
            message: None,
        };
    }
    if requirements.is_empty() {
        return plain(EnvironmentState::NotNeeded);
    }
    if let Some(damage) = live.and_then(|live| live.damage) {
        return Status {
            state: EnvironmentState::Broken,
            build: None,
            message: Some(format!("{damage}; rebuild the environment")),
        };
    }
    let asked = live.filter(|live| live.requirements == requirements);
    if asked.is_some_and(|live| of_image(Some(live.image_digest), image)) {
        return plain(EnvironmentState::InStep);
    }
    // A failure counts only against what is asked for now.
    if let Some(build) = newest_build
        && build.requirements == requirements
        && of_image(build.launch.image_digest.as_deref(), image)
        && let State::Finished { outcome } = &build.state
        && !outcome.is_success()
    {
        return Status {
            state: EnvironmentState::Failed,
            build: Some(build.id.clone()),
            message: Some(reason(outcome)),
        };
    }
    Status {
        message: asked.map(|_| "It was built for another image than the script has now".to_owned()),
        ..plain(if live.is_some() {
            EnvironmentState::NeedsInstall
        } else {
            EnvironmentState::Missing
        })
    }
}

/// What is not known does not count as another one.
fn of_image(made_for: Option<&str>, image: Option<&str>) -> bool {
    image.is_none_or(|image| made_for.is_none_or(|made_for| made_for == image))
}

/// Why a build failed, in uv's words where there are any.
pub fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { evidence, .. }
            if evidence.stderr_tail.iter().any(|line| !line.trim().is_empty()) =>
        {
            evidence.stderr_tail.join("\n").trim().to_owned()
        }
        outcome => outcome.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_in_step_with_list_and_image() {
        type Case<'a> = (&'a [String], Option<Built<'a>>, Option<&'a str>, EnvironmentState);
        let asked = vec!["requests".to_owned()];
        let live = Built {
            requirements: &asked,
            image_digest: "sha256:1",
            damage: None,
        };
        let damaged = Built {
            damage: Some("six.py is missing"),
            ..live
        };
        let other = vec!["numpy".to_owned()];
        let table: &[Case<'_>] = &[
            (&[], None, None, EnvironmentState::NotNeeded),
            (&[], Some(live), None, EnvironmentState::NotNeeded),
            (&[], Some(damaged), None, EnvironmentState::NotNeeded),
            (&asked, Some(damaged), None, EnvironmentState::Broken),
            (&other, Some(damaged), None, EnvironmentState::Broken),
            (&asked, None, None, EnvironmentState::Missing),
            (&asked, Some(live), None, EnvironmentState::InStep),
            (&asked, Some(live), Some("sha256:1"), EnvironmentState::InStep),
            (
                &asked,
                Some(live),
                Some("sha256:2"),
                EnvironmentState::NeedsInstall,
            ),
            (
                &other,
                Some(live),
                Some("sha256:1"),
                EnvironmentState::NeedsInstall,
            ),
        ];
        for (requirements, live, image, expected) in table {
            assert_eq!(
                status(requirements, *live, None, *image).state,
                *expected,
                "{requirements:?} {image:?}"
            );
        }
    }
}
