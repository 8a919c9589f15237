//! The body of a file that is sent: held in memory as far as it can be in a revision, otherwise streamed to the disk.

use axum::body::Body;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::Api;
use super::error::ApiError;
use crate::files::{self, Incoming, RelPath, on_disk};
use crate::model::evidence::bytes as in_words;
use crate::model::ids::ScriptId;

pub enum Received {
    /// At most 16 MiB.
    Small(Bytes),
    /// On the disk, without a name so far.
    Large(Incoming),
}

/// Reads all of it, or refuses it; of what is refused nothing stays.
pub async fn receive(api: &Api, id: &ScriptId, path: &RelPath, body: Body) -> Result<Received, ApiError> {
    let mut pieces = body.into_data_stream();
    let mut held = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(broken)?;
        held.extend_from_slice(&piece);
        if held.len() as u64 > files::MAX_FILE_BYTES {
            return large(api, id, path, held.freeze(), pieces).await;
        }
    }
    // A script that is not there is told so by the save.
    Ok(Received::Small(held.freeze()))
}

async fn large(
    api: &Api,
    id: &ScriptId,
    path: &RelPath,
    begun: Bytes,
    mut pieces: axum::body::BodyDataStream,
) -> Result<Received, ApiError> {
    let (mut incoming, room) = api.scripts.begin_upload(id).await?;
    let mut sent = 0;
    let mut next = Some(Ok(begun));
    while let Some(piece) = next {
        let piece = piece.map_err(broken)?;
        sent += piece.len() as u64;
        if sent > room {
            read_on(sent, &mut pieces).await;
            return Err(too_large(path, room));
        }
        incoming = on_disk(move || incoming.write(&piece).map(|()| incoming)).await?;
        next = pieces.next().await;
    }
    Ok(Received::Large(incoming))
}

/// Who is still sending does not hear an answer. Within bounds: of what nobody could take, not all is read.
async fn read_on(mut sent: u64, pieces: &mut axum::body::BodyDataStream) {
    while sent <= files::MAX_UPLOAD_BYTES
        && let Some(Ok(piece)) = pieces.next().await
    {
        sent += piece.len() as u64;
    }
}

fn too_large(path: &RelPath, room: u64) -> ApiError {
    let why = if room < files::MAX_UPLOAD_BYTES {
        "so much is left of the script's limit on its folder"
    } else {
        "larger files are not taken"
    };
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "file_too_large",
        format!(
            "{path} is larger than {}: {why}. Nothing of it was kept.",
            in_words(room)
        ),
    )
}

fn broken(error: axum::Error) -> ApiError {
    ApiError::bad_request(
        "body_broken_off",
        format!("The file did not arrive whole: {error}"),
    )
}
