//! Bytes that are made piece by piece, as they are wanted: for a response body, as they are or as gzip.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::{self, Stream as AsyncStream};

use super::{Error, Result};

/// Something that answers bytes in pieces of bounded length.
pub trait Pieces: Send + 'static {
    /// The next bytes, never none of them; `None` at the end. Reads files.
    fn next_piece(&mut self) -> Result<Option<Vec<u8>>>;
}

/// For a response body: nothing is made before the client takes it.
pub fn stream(pieces: impl Pieces) -> impl AsyncStream<Item = Result<Bytes>> + Send + 'static {
    stream::try_unfold(pieces, |mut pieces| async {
        let read = tokio::task::spawn_blocking(move || pieces.next_piece().map(|piece| (piece, pieces)));
        let (piece, pieces) = read.await.map_err(std::io::Error::other)??;
        Ok::<_, Error>(piece.map(|piece| (Bytes::from(piece), pieces)))
    })
}

/// The same bytes as gzip (RFC 1952).
pub struct Gzip<P> {
    plain: P,
    /// Until the end has been written.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<P: Pieces> Gzip<P> {
    pub fn of(plain: P) -> Self {
        // At the speed of a fast network. A better level takes three to seven times as long for a seventh less.
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        Self {
            plain,
            encoder: Some(encoder),
        }
    }
}

impl<P: Pieces> Pieces for Gzip<P> {
    fn next_piece(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(None);
        };
        while encoder.get_ref().is_empty() {
            match self.plain.next_piece()? {
                Some(piece) => encoder.write_all(&piece)?,
                None => return Ok(Some(encoder.finish()?)),
            }
        }
        let made = std::mem::take(encoder.get_mut());
        self.encoder = Some(encoder);
        Ok(Some(made))
    }
}

/// Of what is there already.
pub struct Whole(pub Vec<u8>);

impl Pieces for Whole {
    fn next_piece(&mut self) -> Result<Option<Vec<u8>>> {
        let bytes = std::mem::take(&mut self.0);
        Ok((!bytes.is_empty()).then_some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    struct Some3(Vec<Vec<u8>>);

    impl Pieces for Some3 {
        fn next_piece(&mut self) -> Result<Option<Vec<u8>>> {
            Ok(self.0.pop())
        }
    }

    #[test]
    fn gzip_gives_the_bytes_back_in_pieces() {
        let noise: Vec<u8> = (0..200_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        for plain in [
            vec![],
            vec![b"short".to_vec()],
            vec![noise.clone(), vec![b'x'; 300_000], noise],
        ] {
            let mut gzip = Gzip::of(Some3(plain.clone()));
            let mut packed = Vec::new();
            while let Some(piece) = gzip.next_piece().unwrap() {
                assert!(!piece.is_empty() && piece.len() < 400_000);
                packed.extend(piece);
            }
            assert!(gzip.next_piece().unwrap().is_none());
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&packed[..])
                .read_to_end(&mut unpacked)
                .unwrap();
            let all: Vec<u8> = plain.into_iter().rev().flatten().collect();
            assert!(unpacked == all);
        }
    }
}
