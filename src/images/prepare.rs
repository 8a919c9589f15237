//! The work on images: made usable, looked at, removed. Every step may be repeated; what is away is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use super::progress::{Phase, Work};
use super::{Context, Effort, LOOK_AGAIN, LOOK_EVERY, tag};
use crate::engine::{Error, Image, Interpreter, Recipe};
use crate::events::News;
use crate::model::image::{ImageOrigin, ImageState, RunnerImage};
use crate::store;

/// The one recipe there is.
pub const DOCKERFILE: &str = include_str!("../../runner-image/Dockerfile");
/// Of what a failed build said last.
const LAST_LINES: usize = 5;

/// What came of it, and it stays so.
struct Usable {
    reference: String,
    origin: ImageOrigin,
    base_pulled: bool,
    image: Image,
    inside: Interpreter,
}

/// Does it, however often the engine goes away meanwhile.
pub(super) async fn carry_out(cx: &Context, image: &RunnerImage, effort: Effort, work: &Work) {
    loop {
        let done = match effort {
            Effort::Remove => remove(cx, image, work).await,
            Effort::Complete | Effort::Renew => match make(cx, image, effort, work).await {
                Err(Error::Away(why)) => Err(Error::Away(why)),
                made => record(cx, image, made, work).await,
            },
        };
        match done {
            Ok(()) => return,
            Err(Error::Away(why)) => {
                tracing::info!(image = image.name, why, "an image waits for the engine");
                work.enter(Phase::Waiting);
            }
            Err(e) => {
                tracing::warn!(image = image.name, error = %e, "what became of an image is not recorded yet")
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn make(cx: &Context, wanted: &RunnerImage, effort: Effort, work: &Work) -> Result<Usable, Error> {
    let engine = &cx.parts.engine;
    let listener = |progress| work.hear(progress);
    let here = engine.find_image(&wanted.base).await?;
    let was_here = here.is_some();
    let base = match (here, effort) {
        (Some(image), Effort::Complete) => image,
        _ => {
            work.enter(Phase::Pulling);
            engine.pull_image(&wanted.base, &listener).await?
        }
    };
    work.enter(Phase::Examining);
    let inside = engine.examine_image(&wanted.base).await?;
    if inside.python.is_none() {
        return Err(refused(
            &wanted.base,
            "it has no `python3` that an ordinary user can run",
        ));
    }
    let base_pulled = wanted.base_pulled || !was_here;
    if inside.uv.is_some() && wanted.system_packages.is_empty() {
        return Ok(Usable {
            reference: wanted.base.clone(),
            origin: if base_pulled {
                ImageOrigin::Pulled
            } else {
                ImageOrigin::Found
            },
            base_pulled,
            image: base,
            inside,
        });
    }
    work.enter(Phase::Building);
    let recipe = recipe(cx, wanted);
    let image = engine.build_image(&recipe, &listener).await?;
    let id = image.id.clone();
    let noted = cx.parts.store.write(move |tx| store::images::add_built(tx, &id));
    noted.await.map_err(|e: store::Error| unrecorded(&e))?;
    work.enter(Phase::Examining);
    let inside = engine.examine_image(&recipe.tag).await?;
    if inside.python.is_none() || inside.uv.is_none() {
        return Err(refused(
            &recipe.tag,
            "it was built, and its `python3` or `uv` does not run",
        ));
    }
    Ok(Usable {
        reference: recipe.tag,
        origin: ImageOrigin::Built,
        base_pulled,
        image,
        inside,
    })
}

fn recipe(cx: &Context, wanted: &RunnerImage) -> Recipe {
    let mut args = BTreeMap::from([
        ("BASE".to_owned(), wanted.base.clone()),
        ("SYSTEM_PACKAGES".to_owned(), wanted.system_packages.join(" ")),
    ]);
    if let Some(url) = &cx.parts.index_url {
        args.insert("INDEX_URL".to_owned(), url.clone());
    }
    if let Some(pem) = &cx.parts.extra_ca {
        args.insert(
            "EXTRA_CA_PEM".to_owned(),
            String::from_utf8_lossy(pem).into_owned(),
        );
    }
    Recipe {
        tag: tag(&cx.parts.instance, &wanted.name),
        dockerfile: DOCKERFILE,
        args,
    }
}

fn refused(image: &str, reason: &str) -> Error {
    Error::Image {
        image: image.to_owned(),
        reason: reason.to_owned(),
    }
}

async fn record(
    cx: &Context,
    image: &RunnerImage,
    made: Result<Usable, Error>,
    work: &Work,
) -> Result<(), Error> {
    let mut row = image.clone();
    match made {
        Ok(usable) => {
            row.state = ImageState::Ready;
            row.message = None;
            row.reference = Some(usable.reference);
            row.origin = Some(usable.origin);
            row.base_pulled = usable.base_pulled;
            if row.digest.as_deref() != Some(&usable.image.id) {
                row.prepared_at = Some(cx.parts.clock.now());
            }
            hold(&mut row, &usable.image, &usable.inside);
        }
        Err(e) => {
            let usable = image.digest.is_some();
            row.state = if usable {
                ImageState::Ready
            } else {
                ImageState::Failed
            };
            let why = match e {
                Error::Image { reason, .. } => reason,
                other => other.to_string(),
            };
            row.message = Some(match usable {
                true => format!("It could not be renewed and is still the one of before: {why}"),
                false => with_last_lines(why, work),
            });
        }
    }
    tracing::info!(image = row.name, state = ?row.state, message = row.message, "an image was worked on");
    put(cx, row).await
}

fn with_last_lines(why: String, work: &Work) -> String {
    let said = work.last_lines(LAST_LINES);
    match said.is_empty() {
        true => why,
        false => format!("{why}\n{}", said.join("\n")),
    }
}

fn hold(row: &mut RunnerImage, image: &Image, inside: &Interpreter) {
    row.digest = Some(image.id.clone());
    row.size_bytes = Some(image.size);
    row.python.clone_from(&inside.python);
    row.uv.clone_from(&inside.uv);
}

/// Stores it, and tells the scripts whose image it is: their environment may be another's now. A database that cannot
/// take it is tried again, like an engine that is away.
async fn put(cx: &Context, row: RunnerImage) -> Result<(), Error> {
    let stored = cx.parts.store.write(move |tx| {
        store::images::update(tx, &row)?;
        store::images::user_ids(tx, &row.name)
    });
    for script in stored.await.map_err(|e| unrecorded(&e))? {
        cx.parts.events.publish(News::Script(script));
    }
    Ok(())
}

fn unrecorded(error: &store::Error) -> Error {
    Error::Refused(error.to_string())
}

async fn remove(cx: &Context, image: &RunnerImage, work: &Work) -> Result<(), Error> {
    work.enter(Phase::Removing);
    let others = cx.parts.store.read(store::images::list).await;
    let others = others.map_err(|e| unrecorded(&e))?;
    let needed = |reference: &str| {
        others
            .iter()
            .filter(|other| other.name != image.name)
            .any(|other| other.base == reference || other.reference.as_deref() == Some(reference))
    };
    let built = (image.origin == Some(ImageOrigin::Built)).then(|| tag(&cx.parts.instance, &image.name));
    let base = image.base_pulled.then(|| image.base.clone());
    for reference in built
        .into_iter()
        .chain(base)
        .filter(|reference| !needed(reference))
    {
        match cx.parts.engine.remove_image(&reference).await {
            // A container still needs it; it is no longer offered, and that is what was asked for.
            Err(Error::Refused(why)) => {
                tracing::warn!(image = reference, why, "an image stays at the engine");
            }
            other => other?,
        }
    }
    let name = image.name.clone();
    let removed = cx.parts.store.write(move |tx| store::images::remove(tx, &name));
    removed.await.map_err(|e| unrecorded(&e))
}

/// Looks at what is usable, now and then and whenever the engine came or went.
pub(super) async fn keep(cx: Arc<Context>) {
    let mut news = cx.parts.events.subscribe();
    loop {
        let pause = match look_at_all(&cx).await {
            Ok(()) => LOOK_EVERY,
            Err(Error::Away(_)) => LOOK_AGAIN,
            Err(e) => {
                tracing::warn!(error = %e, "the images could not be looked at");
                LOOK_EVERY
            }
        };
        let system = async {
            loop {
                match news.recv().await {
                    Ok(News::System) | Err(RecvError::Lagged(_)) => return,
                    Ok(_) => {}
                    Err(RecvError::Closed) => return std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = system => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn look_at_all(cx: &Context) -> Result<(), Error> {
    let images = cx.parts.store.read(store::images::list).await;
    for image in images.map_err(|e| unrecorded(&e))? {
        if !cx.is_busy(&image.name)
            && matches!(image.state, ImageState::Ready | ImageState::Missing)
            && let Some(seen) = look(cx, &image).await?
        {
            put(cx, seen).await?;
            cx.parts.events.publish(News::Images);
        }
    }
    Ok(())
}

/// The image as it is now, if that is something new.
async fn look(cx: &Context, image: &RunnerImage) -> Result<Option<RunnerImage>, Error> {
    let mut row = image.clone();
    match cx.parts.engine.find_image(image.to_start()).await? {
        None => {
            row.state = ImageState::Missing;
            row.message = Some("The engine does not have it any more; renew it".to_owned());
        }
        Some(found) if row.digest.as_deref() == Some(&found.id) => {
            if row.state == ImageState::Missing {
                (row.state, row.message) = (ImageState::Ready, None);
            }
        }
        // Somebody pulled or built another one under its name.
        Some(found) => {
            let inside = cx.parts.engine.examine_image(image.to_start()).await?;
            row.state = ImageState::Ready;
            row.message = None;
            row.prepared_at = Some(cx.parts.clock.now());
            hold(&mut row, &found, &inside);
        }
    }
    Ok((row != *image).then_some(row))
}
