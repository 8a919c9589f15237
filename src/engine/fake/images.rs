//! The fake's images. At first every name is here, as if pulled long ago; a test takes names away and says what the
//! registry has and what is in an image.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Fake, Gate, State};
use crate::engine::{Error, Image, Images, Interpreter, LabelledImage, Listener, Progress, Recipe};

/// What is here, and what can be had.
#[derive(Default)]
pub(super) struct Shelf {
    /// By name; a name that is not mentioned is here.
    known: BTreeMap<String, Held>,
    builds: u64,
    /// What was built, or carries a label for another reason; by id.
    labelled: BTreeMap<String, Labelled>,
}

struct Labelled {
    instance: String,
    names: Vec<String>,
}

const UNSHARED: u64 = 10 << 20;

#[derive(Clone)]
struct Held {
    here: bool,
    registry: Registry,
    content: u64,
    inside: Interpreter,
}

/// What the registry says about a name.
#[derive(Debug, Clone, Default)]
pub enum Registry {
    #[default]
    Has,
    /// It never heard of it.
    HasNot,
    /// It has it, and takes until the gate is opened.
    HasSlowly(Gate),
}

impl Default for Held {
    fn default() -> Self {
        let version = |text: &str| Some(text.to_owned());
        Self {
            here: true,
            registry: Registry::default(),
            content: 0,
            inside: Interpreter {
                python: version("3.13.5"),
                uv: version("0.13.9"),
            },
        }
    }
}

impl Shelf {
    pub(super) fn find(&self, reference: &str) -> Option<Image> {
        // An id is a reference to its image as well, as long as a name leads to it.
        let Some(unmarked) = reference.strip_prefix(MARK) else {
            let held = self.held(reference);
            return held.here.then(|| image(reference, &held));
        };
        let mut known = self.known.iter();
        let found = match known.find(|(name, held)| id(name, held) == reference) {
            Some((name, held)) => image(name, held),
            None => image(unmarked, &self.held(unmarked)),
        };
        (found.id == reference).then_some(found)
    }

    fn held(&self, name: &str) -> Held {
        self.known.get(name).cloned().unwrap_or_default()
    }

    fn change(&mut self, reference: &str, act: impl FnOnce(&mut Held)) {
        act(self.known.entry(reference.to_owned()).or_default());
    }
}

const MARK: &str = "sha256:";

fn id(name: &str, held: &Held) -> String {
    match held.content {
        0 => format!("{MARK}{name}"),
        content => format!("{MARK}{name}-{content}"),
    }
}

fn image(reference: &str, held: &Held) -> Image {
    Image {
        reference: reference.to_owned(),
        id: id(reference, held),
        env: BTreeMap::new(),
        size: 100 << 20,
    }
}

pub(super) fn missing(reference: &str) -> Error {
    Error::Image {
        image: reference.to_owned(),
        reason: "there is no such image".to_owned(),
    }
}

impl Fake {
    /// Neither here nor to be had.
    pub fn set_image_missing(&self, reference: &str) {
        self.set_registry(reference, Registry::HasNot);
    }

    /// Not here, and in the registry or not.
    pub fn set_registry(&self, reference: &str, registry: Registry) {
        self.change(|state| {
            state.images.change(reference, |held| {
                held.here = false;
                held.registry = registry;
            });
        });
    }

    /// What somebody finds who looks into it.
    pub fn set_image_inside(&self, reference: &str, inside: Interpreter) {
        self.change(|state| state.images.change(reference, |held| held.inside = inside));
    }

    /// Puts an image beside the others that carries the label of this instance.
    pub fn add_labelled_image(&self, id: &str, names: &[&str]) {
        let image = Labelled {
            instance: self.instance.clone(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        };
        self.change(|state| state.images.labelled.insert(id.to_owned(), image));
    }

    /// Ids of all images with a label, whoever's it is.
    pub fn labelled_ids(&self) -> Vec<String> {
        self.state().images.labelled.keys().cloned().collect()
    }

    fn obtain(state: &mut State, reference: &str) -> Image {
        state.images.change(reference, |held| held.here = true);
        image(reference, &state.images.held(reference))
    }
}

#[async_trait]
impl Images for Fake {
    async fn find_image(&self, reference: &str) -> Result<Option<Image>, Error> {
        Ok(self.reachable()?.images.find(reference))
    }

    async fn ensure_image(&self, reference: &str) -> Result<Image, Error> {
        match self.find_image(reference).await? {
            Some(image) => Ok(image),
            None => self.pull_image(reference, &|_| {}).await,
        }
    }

    async fn pull_image(&self, reference: &str, listener: Listener<'_>) -> Result<Image, Error> {
        let registry = self.reachable()?.images.held(reference).registry;
        listener(Progress::Said(format!("Pulling {reference}")));
        match registry {
            Registry::HasNot => return Err(missing(reference)),
            Registry::Has => {}
            Registry::HasSlowly(gate) => {
                listener(Progress::Done { part: 30, whole: 100 });
                gate.opened().await;
            }
        }
        drop(self.reachable()?);
        Ok(self.change(|state| Self::obtain(state, reference)))
    }

    async fn build_image(&self, recipe: &Recipe, listener: Listener<'_>) -> Result<Image, Error> {
        drop(self.reachable()?);
        listener(Progress::Said("Step 1/1 : FROM".to_owned()));
        let base = recipe.args.get("BASE").map_or("", String::as_str);
        self.ensure_image(base).await?;
        Ok(self.change(|state| {
            state.images.builds += 1;
            let content = state.images.builds;
            let python = state.images.held(base).inside.python;
            state.images.change(&recipe.tag, |held| {
                held.content = content;
                held.inside.python = python;
            });
            let built = Self::obtain(state, &recipe.tag);
            for earlier in state.images.labelled.values_mut() {
                earlier.names.retain(|name| *name != recipe.tag);
            }
            let names = vec![recipe.tag.clone()];
            let instance = self.instance.clone();
            let labelled = Labelled { instance, names };
            state.images.labelled.insert(built.id.clone(), labelled);
            built
        }))
    }

    async fn examine_image(&self, reference: &str) -> Result<Interpreter, Error> {
        let state = self.reachable()?;
        match state.images.find(reference) {
            Some(_) => Ok(state.images.held(reference).inside),
            None => Err(missing(reference)),
        }
    }

    async fn labelled_images(&self) -> Result<Vec<LabelledImage>, Error> {
        let state = self.reachable()?;
        let mine = state
            .images
            .labelled
            .iter()
            .filter(|(_, image)| image.instance == self.instance);
        let listed = mine.map(|(id, image)| LabelledImage {
            id: id.clone(),
            names: image.names.clone(),
            unshared: UNSHARED,
            created_at: 0,
        });
        Ok(listed.collect())
    }

    async fn remove_image(&self, reference: &str) -> Result<(), Error> {
        drop(self.reachable()?);
        self.change(|state| {
            if state.images.labelled.remove(reference).is_some() {
                return;
            }
            state.images.change(reference, |held| held.here = false);
            state.images.labelled.retain(|_, image| {
                let named = !image.names.is_empty();
                image.names.retain(|name| name != reference);
                // With its last name it goes.
                !(named && image.names.is_empty())
            });
        });
        Ok(())
    }
}
