//! A log for tests, written as the supervisor writes it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use pytask_protocol::LOG_FILE;

use super::{Item, LogFile, Record, Stream};

pub(super) struct Log {
    temp: tempfile::TempDir,
    file: File,
    seq: u64,
}

impl Log {
    pub(super) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let file = Self::open(temp.path());
        Self { temp, file, seq: 0 }
    }

    pub(super) fn open(dir: &Path) -> File {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join(LOG_FILE))
            .unwrap()
    }

    pub(super) fn dir(&self) -> &Path {
        self.temp.path()
    }

    pub(super) fn encode_into(seq: u64, stream: Stream, payload: &[u8], out: &mut Vec<u8>) {
        let wall_us = 1_700_000_000_000_000 + seq as i64;
        Record {
            seq,
            wall_us,
            mono_us: seq,
            stream,
            payload,
        }
        .encode_into(out);
    }

    pub(super) fn encode(seq: u64, stream: Stream, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Self::encode_into(seq, stream, payload, &mut bytes);
        bytes
    }

    pub(super) fn write(&mut self, stream: Stream, payload: &[u8]) {
        self.seq += 1;
        let bytes = Self::encode(self.seq, stream, payload);
        self.append(&bytes);
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.dir().join(LOG_FILE)).unwrap()
    }

    pub(super) fn replace(&mut self, bytes: &[u8]) {
        std::fs::write(self.dir().join(LOG_FILE), bytes).unwrap();
    }
}

/// Sequence numbers and payloads, and how many bytes are damaged.
pub(super) fn read_all(dir: &Path) -> (Vec<(u64, Vec<u8>)>, u64) {
    let mut records = LogFile::open(dir).unwrap().records_from(0);
    let (mut read, mut damaged) = (Vec::new(), 0);
    while let Some(item) = records.next().unwrap() {
        match item {
            Item::Record { record, .. } => read.push((record.seq, record.payload.to_vec())),
            Item::Damaged { bytes, .. } => damaged += bytes,
        }
    }
    (read, damaged)
}
