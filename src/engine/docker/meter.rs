//! What an engine says while it pulls or builds, made into how far it is. Pure; the engine's words are not trusted.

use std::collections::HashMap;

use bollard::models::CreateImageInfo;

use crate::engine::{Listener, Progress};

/// Above any real image; layers beyond are not counted.
const MOST_LAYERS: usize = 1_000;
/// Of one line.
const MOST_CHARS: usize = 2_000;

/// Sums up what is told of each layer.
#[derive(Default)]
pub(super) struct PullMeter {
    layers: HashMap<String, Layer>,
}

#[derive(Default, Clone, Copy)]
struct Layer {
    got: u64,
    size: u64,
}

impl PullMeter {
    pub(super) fn hear(&mut self, step: &CreateImageInfo, listener: Listener<'_>) {
        let status = step.status.as_deref().unwrap_or("");
        let detail = step.progress_detail.as_ref();
        let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        let size = detail.and_then(|detail| bytes(detail.total));
        let Some(id) = step.id.as_deref().filter(|_| is_about_a_layer(status)) else {
            if !status.is_empty() {
                listener(Progress::Said(line(status)));
            }
            return;
        };
        if self.layers.len() >= MOST_LAYERS && !self.layers.contains_key(id) {
            return;
        }
        let layer = self.layers.entry(id.to_owned()).or_default();
        match status {
            "Downloading" => {
                layer.size = size.unwrap_or(layer.size);
                layer.got = detail
                    .and_then(|detail| bytes(detail.current))
                    .unwrap_or(layer.got)
                    .min(layer.size);
            }
            "Download complete" | "Pull complete" => layer.got = layer.size,
            _ => return,
        }
        let (part, whole) = self.layers.values().fold((0, 0), |(part, whole), layer| {
            (part + layer.got, whole + layer.size)
        });
        if whole > 0 {
            listener(Progress::Done { part, whole });
        }
    }
}

/// Layers are told of one by one and often; what is left are sentences for people.
fn is_about_a_layer(status: &str) -> bool {
    [
        "Already exists",
        "Pulling fs layer",
        "Waiting",
        "Downloading",
        "Verifying Checksum",
        "Download complete",
        "Extracting",
        "Pull complete",
    ]
    .contains(&status)
}

/// Takes the builder's output apart into lines, and its steps ("Step 3/14 : RUN …") for progress.
#[derive(Default)]
pub(super) struct BuildMeter {
    unfinished: String,
}

impl BuildMeter {
    pub(super) fn hear(&mut self, text: &str, listener: Listener<'_>) {
        self.unfinished.push_str(text);
        while let Some(end) = self.unfinished.find('\n') {
            let whole: String = self.unfinished.drain(..=end).collect();
            let said = line(&whole);
            if let Some((part, whole)) = step_of(&said) {
                listener(Progress::Done { part, whole });
            }
            if !said.is_empty() {
                listener(Progress::Said(said));
            }
        }
        // A step that never ends its line.
        if self.unfinished.len() > MOST_CHARS * 4 {
            self.unfinished.clear();
        }
    }
}

fn step_of(line: &str) -> Option<(u64, u64)> {
    let (numbers, _) = line.strip_prefix("Step ")?.split_once(" :")?;
    let (part, whole) = numbers.split_once('/')?;
    let (part, whole): (u64, u64) = (part.parse().ok()?, whole.parse().ok()?);
    // The step begins when it is told.
    (1..=whole).contains(&part).then(|| (part - 1, whole))
}

fn line(text: &str) -> String {
    text.trim_end().chars().take(MOST_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;
    use std::sync::Mutex;

    fn heard(act: impl FnOnce(Listener<'_>)) -> Vec<Progress> {
        let told = Mutex::new(Vec::new());
        act(&|progress| told.lock().expect("not poisoned").push(progress));
        told.into_inner().expect("not poisoned")
    }

    fn layer(id: &str, status: &str, bytes: Option<(i64, i64)>) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: bytes.map(|(current, total)| ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn layers_are_summed_up() {
        let told = heard(|listener| {
            let mut meter = PullMeter::default();
            for step in [
                layer("3.12", "Pulling from library/python", None),
                layer("a", "Pulling fs layer", None),
                layer("a", "Downloading", Some((10, 100))),
                layer("b", "Downloading", Some((50, 50))),
                layer("a", "Download complete", None),
                layer("a", "Extracting", Some((10, 100))),
                layer("b", "Downloading", Some((-1, -1))),
            ] {
                meter.hear(&step, listener);
            }
        });
        let done = |part, whole| Progress::Done { part, whole };
        assert_eq!(
            told,
            [
                Progress::Said("Pulling from library/python".to_owned()),
                done(10, 100),
                done(60, 150),
                done(150, 150),
                done(150, 150),
            ]
        );
    }

    #[test]
    fn a_build_is_lines_and_steps() {
        let told = heard(|listener| {
            let mut meter = BuildMeter::default();
            for text in [
                "Step 1/4 : FR",
                "OM x\n ---> 12\n",
                "\n",
                "Step 9/4 : no\n",
                "half",
            ] {
                meter.hear(text, listener);
            }
        });
        let said = |words: &str| Progress::Said(words.to_owned());
        assert_eq!(
            told,
            [
                Progress::Done { part: 0, whole: 4 },
                said("Step 1/4 : FROM x"),
                said(" ---> 12"),
                said("Step 9/4 : no"),
            ]
        );
    }
}
