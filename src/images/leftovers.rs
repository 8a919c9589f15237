//! Images that were built here and that nothing uses any more: what a renewal leaves without a name, and what an image
//! that was taken off the list has left behind.
//!
//! An image is ours if it carries this instance's label *and* was noted when it was built, or still has one of our names:
//! what somebody else builds on an image of ours carries the label, too. One that has any name besides is somebody's.

use std::collections::HashSet;

use super::{Images, tag};
use crate::engine::{Error as EngineError, LabelledImage};
use crate::model::image::RunnerImage;
use crate::store;

/// An image with this instance's label, and how it stands to what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    pub id: String,
    pub names: Vec<String>,
    /// What removing it frees at least, on the engine's disk.
    pub bytes: u64,
    /// Nobody here has built it, or somebody has given it a name.
    pub foreign: bool,
}

/// What has come of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    Gone,
    NotThere,
    /// Why not.
    Left(String),
}

impl Images {
    /// Images with this instance's label that no entry of the list stands for. `Err`: why the engine does not say.
    pub async fn unused(&self) -> Result<Result<Vec<Unused>, String>, store::Error> {
        // In this order: what is built meanwhile is known by the rows that are read afterwards.
        let labelled = match self.0.parts.engine.labelled_images().await {
            Ok(labelled) => labelled,
            Err(e) => return Ok(Err(e.to_string())),
        };
        let (rows, built) = self
            .0
            .parts
            .store
            .read(|c| Ok::<_, store::Error>((store::images::list(c)?, store::images::built(c)?)))
            .await?;
        Ok(Ok(unused(labelled, &rows, &built, &self.0.parts.instance)))
    }

    /// Removes it if it is unused still.
    pub async fn remove_unused(&self, id: &str) -> Result<Removal, store::Error> {
        let listed = match self.unused().await? {
            Ok(listed) => listed,
            Err(why) => return Ok(Removal::Left(why)),
        };
        let Some(image) = listed.into_iter().find(|image| image.id == id) else {
            let there = self.0.parts.engine.find_image(id).await;
            return Ok(match there {
                Ok(None) => Removal::NotThere,
                Ok(Some(_)) => Removal::Left("it is used since".to_owned()),
                Err(e) => Removal::Left(e.to_string()),
            });
        };
        if image.foreign {
            return Ok(Removal::Left("somebody has given it a name since".to_owned()));
        }
        let references = if image.names.is_empty() {
            vec![image.id.clone()]
        } else {
            image.names
        };
        for reference in references {
            match self.0.parts.engine.remove_image(&reference).await {
                Ok(()) => {}
                Err(EngineError::Refused(_)) => {
                    return Ok(Removal::Left("a container needs it".to_owned()));
                }
                Err(e) => return Ok(Removal::Left(e.to_string())),
            }
        }
        let id = image.id;
        let forgotten = self
            .0
            .parts
            .store
            .write(move |tx| store::images::forget_built(tx, &id));
        forgotten.await?;
        Ok(Removal::Gone)
    }
}

/// Pure.
fn unused(
    labelled: Vec<LabelledImage>,
    rows: &[RunnerImage],
    built: &HashSet<String>,
    instance: &str,
) -> Vec<Unused> {
    let ours = format!("pytask-runner-{instance}:");
    let needed_names: HashSet<String> = rows
        .iter()
        .flat_map(|row| {
            let named = [
                Some(tag(instance, &row.name)),
                row.reference.clone(),
                Some(row.base.clone()),
            ];
            named.into_iter().flatten()
        })
        .collect();
    let needed_ids: HashSet<&str> = rows.iter().filter_map(|row| row.digest.as_deref()).collect();
    labelled
        .into_iter()
        .filter(|image| !needed_ids.contains(image.id.as_str()))
        .filter(|image| !image.names.iter().any(|name| needed_names.contains(name)))
        .map(|image| {
            let known = built.contains(&image.id) || !image.names.is_empty();
            let foreign = !known || image.names.iter().any(|name| !name.starts_with(&ours));
            Unused {
                id: image.id,
                names: image.names,
                bytes: image.unshared,
                foreign,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn only_what_was_built_here_and_nobody_uses_goes() {
        let image = |id: &str, names: &[&str]| LabelledImage {
            id: id.to_owned(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            unshared: 5,
            created_at: 0,
        };
        let mut row = RunnerImage::new("Py".into(), "base:1".into(), Timestamp::UNIX_EPOCH);
        row.digest = Some("in-use".to_owned());
        let own = tag("i", "Py");
        let labelled = vec![
            image("in-use", &[]),
            image("being-built", &[&own]),
            image("left", &[]),
            image("left-named", &["pytask-runner-i:old-1234"]),
            image("tagged", &["mine:1", "pytask-runner-i:old-1234"]),
            image("built-on-ours", &[]),
            image("others", &["pytask-runner-ii:x"]),
        ];
        let built = ["in-use", "left", "tagged"].map(str::to_owned).into();
        let found = unused(labelled, &[row], &built, "i");
        let of = |foreign: bool| -> Vec<&str> {
            let some = found.iter().filter(|image| image.foreign == foreign);
            some.map(|image| image.id.as_str()).collect()
        };
        assert_eq!(of(false), ["left", "left-named"]);
        assert_eq!(of(true), ["tagged", "built-on-ours", "others"]);
    }
}
