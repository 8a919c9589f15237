//! Images: found, pulled, built, looked into, removed.
//!
//! A build's recipe is a Dockerfile alone, so its context is one file in memory; it runs in the engine's own builder,
//! with what an ordinary container may do and no folder of this machine.

use std::collections::HashMap;

use async_trait::async_trait;
use bollard::models::ImageSummary;
use bollard::query_parameters::{
    BuildImageOptionsBuilder, CreateImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder,
};
use futures_util::StreamExt;

use super::canary::Plan;
use super::link::{Line, Link, ORDINARY, PATIENT, status, translate, within};
use super::meter::{BuildMeter, PullMeter};
use super::{Docker, spec};
use crate::engine::{Error, Image, Images, Interpreter, LabelledImage, Listener, Recipe};

/// Its name in the build's context.
const DOCKERFILE: &str = "Dockerfile";

#[async_trait]
impl Images for Docker {
    async fn find_image(&self, reference: &str) -> Result<Option<Image>, Error> {
        let link = self.line.link().await?;
        find(&self.line, &link, reference).await
    }

    async fn ensure_image(&self, reference: &str) -> Result<Image, Error> {
        let link = self.line.link().await?;
        ensure(&self.line, &link, reference).await
    }

    async fn pull_image(&self, reference: &str, listener: Listener<'_>) -> Result<Image, Error> {
        let link = self.line.link().await?;
        pull(&self.line, &link, reference, listener).await
    }

    async fn build_image(&self, recipe: &Recipe, listener: Listener<'_>) -> Result<Image, Error> {
        let link = self.line.link().await?;
        let context = context(recipe).map_err(|e| Error::Refused(e.to_string()))?;
        let labels = HashMap::from([(spec::INSTANCE_LABEL, self.config.instance.as_str())]);
        let args: HashMap<&str, &str> = recipe
            .args
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let options = BuildImageOptionsBuilder::new()
            .dockerfile(DOCKERFILE)
            .t(&recipe.tag)
            .buildargs(&args)
            .labels(&labels)
            .rm(true)
            .forcerm(true)
            .build();
        let client = link.patient(PATIENT);
        let mut steps = client.build_image(options, None, Some(bollard::body_full(context.into())));
        let mut meter = BuildMeter::default();
        while let Some(step) = steps.next().await {
            match step {
                Ok(step) => {
                    if let Some(error) = step.error_detail.and_then(|detail| detail.message) {
                        return Err(not_built(recipe, &error));
                    }
                    meter.hear(step.stream.as_deref().unwrap_or(""), listener);
                }
                Err(error) => {
                    return Err(match translate(error) {
                        Error::Refused(words) => not_built(recipe, &words),
                        away => away,
                    });
                }
            }
        }
        find(&self.line, &link, &recipe.tag)
            .await?
            .ok_or_else(|| not_built(recipe, "it was built and is still not there"))
    }

    async fn examine_image(&self, reference: &str) -> Result<Interpreter, Error> {
        let (report, ..) = self.examine(reference, &Plan::new()).await?;
        Ok(Interpreter {
            python: report.python,
            uv: report.uv,
        })
    }

    async fn labelled_images(&self) -> Result<Vec<LabelledImage>, Error> {
        let link = self.line.link().await?;
        let ours = format!("{}={}", spec::INSTANCE_LABEL, self.config.instance);
        let filters = HashMap::from([("label".to_owned(), vec![ours])]);
        let options = ListImagesOptionsBuilder::new()
            .filters(&filters)
            .shared_size(true)
            .build();
        match within(ORDINARY, link.client.list_images(Some(options))).await {
            Ok(found) => Ok(found.into_iter().map(labelled).collect()),
            Err(error) => Err(self.line.failed(error).await),
        }
    }

    async fn remove_image(&self, reference: &str) -> Result<(), Error> {
        let link = self.line.link().await?;
        let options = RemoveImageOptionsBuilder::new().force(false).build();
        match within(ORDINARY, link.client.remove_image(reference, Some(options), None)).await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(self.line.failed(error).await),
        }
    }
}

fn labelled(found: ImageSummary) -> LabelledImage {
    let named = |name: &String| !name.contains("<none>");
    // Negative where the engine has not worked it out: nothing is promised then.
    let shared = if found.shared_size < 0 {
        found.size
    } else {
        found.shared_size
    };
    LabelledImage {
        id: found.id,
        names: found.repo_tags.into_iter().filter(named).collect(),
        unshared: u64::try_from(found.size.saturating_sub(shared)).unwrap_or_default(),
        created_at: found.created,
    }
}

pub(super) async fn ensure(line: &Line, link: &Link, reference: &str) -> Result<Image, Error> {
    if let Some(image) = find(line, link, reference).await? {
        return Ok(image);
    }
    tracing::info!(image = reference, "pulling an image");
    pull(line, link, reference, &|_| {}).await
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
                size: found
                    .size
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or_default(),
            }))
        }
        Err(error) if status(&error) == Some(404) => Ok(None),
        Err(error) => Err(line.failed(error).await),
    }
}

async fn pull(line: &Line, link: &Link, reference: &str, listener: Listener<'_>) -> Result<Image, Error> {
    let options = CreateImageOptionsBuilder::new()
        .from_image(&with_tag(reference))
        .build();
    // An engine answers once it has heard of the registry, and that may be slow; the stream itself may take
    // as long as it takes.
    let client = link.patient(PATIENT);
    let mut progress = client.create_image(Some(options), None, None);
    let mut meter = PullMeter::default();
    while let Some(step) = progress.next().await {
        match step {
            Ok(step) => meter.hear(&step, listener),
            // Two kinds of failure: of the pull (an answer) and of the connection to the engine.
            Err(error) => {
                return match translate(error) {
                    Error::Away(reason) => {
                        let _ = line.failed(bollard::errors::Error::RequestTimeoutError).await;
                        Err(Error::Away(reason))
                    }
                    other => Err(missing(reference, &words(other))),
                };
            }
        }
    }
    find(line, link, reference)
        .await?
        .ok_or_else(|| missing(reference, "it was pulled and is still not there"))
}

/// What the builder is sent: the Dockerfile alone.
fn context(recipe: &Recipe) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(recipe.dockerfile.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, DOCKERFILE, recipe.dockerfile.as_bytes())?;
    archive.into_inner()
}

fn words(error: Error) -> String {
    match error {
        Error::Refused(words) => words,
        other => other.to_string(),
    }
}

fn not_built(recipe: &Recipe, words: &str) -> Error {
    Error::Image {
        image: recipe.tag.clone(),
        reason: words.trim().trim_end_matches('.').to_owned(),
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

    #[test]
    fn the_context_is_the_dockerfile() {
        let recipe = Recipe {
            tag: "own:1".to_owned(),
            dockerfile: "FROM scratch\n",
            args: [].into(),
        };
        let context = context(&recipe).expect("an archive");
        let mut archive = tar::Archive::new(&context[..]);
        let names: Vec<_> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .path()
                    .expect("a path")
                    .display()
                    .to_string()
            })
            .collect();
        assert_eq!(names, [DOCKERFILE]);
    }
}
