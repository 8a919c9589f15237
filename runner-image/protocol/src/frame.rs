//! Framed log records. (Format described here by its owner.)
