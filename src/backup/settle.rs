//! What an instance has to know of being a restored one, and its first start: nothing that was going on goes on.
//!
//! The time between the backup and now is nobody's: what was due in it is not made up for, and schedules rest until
//! somebody has looked, because the instance that the backup is of may still be alive and run the same scripts.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contents::Header;
use super::error::Result;
use crate::clock::Clock;
use crate::model::image::{ImageOrigin, ImageState};
use crate::runs;
use crate::store::{self, Store, copies};

/// What this instance was restored from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RestoredFrom)]
pub struct Restored {
    /// When the backup was made.
    pub made_at: Timestamp,
    pub restored_at: Timestamp,
    /// Of PyTask-Manager, which made it.
    pub version: String,
    /// Whether logs of runs were in it.
    pub logs: bool,
    pub artifacts: bool,
}

impl Restored {
    pub fn new(header: &Header, restored_at: Timestamp) -> Self {
        Self {
            made_at: header.made_at,
            restored_at,
            version: header.version.clone(),
            logs: header.logs,
            artifacts: header.artifacts,
        }
    }
}

pub fn restored(connection: &Connection) -> std::result::Result<Option<Restored>, store::Error> {
    let text = copies::restored(connection)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// At every start, before anything is begun: settles a restored instance that has not been started yet.
pub async fn settle(store: &Store, clock: &Clock) -> Result<()> {
    let now = clock.now();
    let settled = store
        .write(move |tx| {
            if !copies::is_unsettled(tx)? {
                return Ok(None);
            }
            let ended = runs::restored::end_all(tx, now)?;
            rest_schedules(tx, now)?;
            prepare_images(tx)?;
            copies::settled(tx)?;
            Ok::<_, store::Error>(Some(ended))
        })
        .await?;
    if let Some(runs) = settled {
        tracing::warn!(
            runs,
            "first start after a restore: unfinished runs are lost, and schedules are paused"
        );
    }
    Ok(())
}

fn rest_schedules(connection: &Connection, now: Timestamp) -> std::result::Result<(), store::Error> {
    let mut settings = store::settings::get(connection)?;
    settings.schedules_paused = true;
    store::settings::set(connection, &settings, now)?;
    for script in store::scripts::all(connection)? {
        store::schedules::begin_anew(connection, &script.id, now)?;
    }
    Ok(())
}

/// Images are not in a backup: what somebody added is got or built again.
fn prepare_images(connection: &Connection) -> std::result::Result<(), store::Error> {
    for image in store::images::list(connection)? {
        let is_ours = matches!(image.origin, Some(ImageOrigin::Pulled | ImageOrigin::Built));
        if is_ours && image.state == ImageState::Ready {
            store::images::set_state(connection, &image.name, ImageState::Preparing)?;
        }
    }
    Ok(())
}
