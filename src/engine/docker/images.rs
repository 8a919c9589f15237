//! Images: found, or pulled.

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;

use super::link::{Line, Link, ORDINARY, PATIENT, status, translate, within};
use crate::engine::{Error, Image};

pub(super) async fn ensure(line: &Line, link: &Link, reference: &str) -> Result<Image, Error> {
    if let Some(image) = find(line, link, reference).await? {
        return Ok(image);
    }
    pull(line, link, reference).await?;
    find(line, link, reference)
        .await?
        .ok_or_else(|| missing(reference, "it was pulled and is still not there"))
}

async fn find(line: &Line, link: &Link, reference: &str) -> Result<Option<Image>, Error> {
    match within(ORDINARY, link.client.inspect_image(reference)).await {
        Ok(found) => {
            let id = found
                .id
                .ok_or_else(|| Error::Refused(format!("image {reference} has no id")))?;
            let env = found.config.and_then(|config| config.env).unwrap_or_default();
            let env = env.iter().filter_map(|variable| variable.split_once('='));
            Ok(Some(Image {
                reference: reference.to_owned(),
                id,
                env: env
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            }))
        }
        Err(error) if status(&error) == Some(404) => Ok(None),
        Err(error) => Err(line.failed(error).await),
    }
}

async fn pull(line: &Line, link: &Link, reference: &str) -> Result<(), Error> {
    tracing::info!(image = reference, "pulling an image");
    let options = CreateImageOptionsBuilder::new()
        .from_image(&with_tag(reference))
        .build();
    // An engine answers once it has heard of the registry, and that may be slow; the stream itself may take
    // as long as it takes.
    let client = link.patient(PATIENT);
    let mut progress = client.create_image(Some(options), None, None);
    while let Some(step) = progress.next().await {
        let Err(error) = step else { continue };
        // Two kinds of failure: of the pull (an answer) and of the connection to the engine.
        return match translate(error) {
            Error::Away(reason) => {
                let _ = line.failed(bollard::errors::Error::RequestTimeoutError).await;
                Err(Error::Away(reason))
            }
            other => Err(missing(reference, &words(other))),
        };
    }
    Ok(())
}

fn words(error: Error) -> String {
    match error {
        Error::Refused(words) => words,
        other => other.to_string(),
    }
}

pub(super) fn missing(reference: &str, words: &str) -> Error {
    Error::Image {
        image: reference.to_owned(),
        reason: format!(
            "{}; build or pull it on the engine's host (`docker pull {reference}`), or choose another runner image",
            words.trim().trim_end_matches('.')
        ),
    }
}

/// Without a tag the engine would pull every tag there is.
fn with_tag(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains([':', '@']) {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_a_tag_means_latest() {
        let table = [
            ("python", "python:latest"),
            ("python:3.13", "python:3.13"),
            ("host:5000/python", "host:5000/python:latest"),
            ("host:5000/python:3", "host:5000/python:3"),
            ("python@sha256:00", "python@sha256:00"),
        ];
        for (reference, expected) in table {
            assert_eq!(with_tag(reference), expected);
        }
    }

    #[test]
    fn a_missing_image_says_what_to_do() {
        let text = missing("own:1", "pull access denied.").to_string();
        assert!(
            text.contains("own:1") && text.contains("denied; build or pull"),
            "{text}"
        );
    }
}
