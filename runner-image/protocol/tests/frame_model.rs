//! The log's format against its model: a list of records. Whatever happens to the file, a reader gets exactly
//! the records that are whole, in order, and nothing else.

use proptest::collection::vec;
use proptest::prelude::*;
use pytask_protocol::frame::{Decoded, HEADER_LEN, MAGIC, MAX_PAYLOAD, OwnedRecord, Record, Stream, decode};

/// Payloads that matter: short text, arbitrary bytes, pieces that look like the start of a record, the longest.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..200),
        2 => vec(prop_oneof![Just(MAGIC[0]), Just(MAGIC[1]), Just(MAGIC[2]), Just(MAGIC[3]), any::<u8>()], 0..120),
        1 => any::<u8>().prop_map(|byte| vec![byte; MAX_PAYLOAD]),
        1 => vec(any::<u8>(), 0..60).prop_map(|tail| [&MAGIC[..], &tail].concat()),
    ]
}

fn records() -> impl Strategy<Value = Vec<OwnedRecord>> {
    let one = (1_u8..=4, any::<i64>(), any::<u64>(), any::<u64>(), payload());
    vec(one, 1..8).prop_map(|list| {
        list.into_iter()
            .zip(1..)
            .map(|((kind, wall_us, mono_us, dropped, payload), seq)| match kind {
                1 => OwnedRecord {
                    seq,
                    wall_us,
                    mono_us,
                    stream: Stream::Stdout,
                    payload,
                },
                2 => OwnedRecord {
                    seq,
                    wall_us,
                    mono_us,
                    stream: Stream::Stderr,
                    payload,
                },
                3 => OwnedRecord {
                    seq,
                    wall_us,
                    mono_us,
                    stream: Stream::System,
                    payload,
                },
                _ => OwnedRecord {
                    seq,
                    wall_us,
                    mono_us,
                    stream: Stream::Truncated,
                    payload: dropped.to_le_bytes().to_vec(),
                },
            })
            .collect()
    })
}

fn encode(records: &[OwnedRecord]) -> Vec<u8> {
    let mut file = Vec::new();
    for record in records {
        record.as_record().encode_into(&mut file);
    }
    file
}

/// What a reader of a finished file sees: the records, the bytes skipped as damaged, the torn tail's length.
fn read(file: &[u8]) -> (Vec<OwnedRecord>, usize, usize) {
    let (mut found, mut skipped, mut at) = (Vec::new(), 0, 0);
    loop {
        match decode(&file[at..]) {
            Decoded::Record { record, consumed } => {
                assert_eq!(consumed, record.encoded_len());
                found.push(record.to_owned());
                at += consumed;
            }
            Decoded::Damaged { skip } => {
                assert!((1..=file.len() - at).contains(&skip));
                skipped += skip;
                at += skip;
            }
            Decoded::NeedMore => return (found, skipped, file.len() - at),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(records in records()) {
        prop_assert_eq!(read(&encode(&records)), (records, 0, 0));
    }

    #[test]
    fn a_cut_anywhere_leaves_the_whole_records_before_it(records in records(), cut in any::<prop::sample::Index>()) {
        let file = encode(&records);
        let cut = cut.index(file.len() + 1);
        let mut end = 0;
        let whole: Vec<_> = records
            .iter()
            .take_while(|record| { end += record.as_record().encoded_len(); end <= cut })
            .cloned()
            .collect();
        let kept: usize = whole.iter().map(|record| record.as_record().encoded_len()).sum();
        prop_assert_eq!(read(&file[..cut]), (whole, 0, cut - kept));
    }

    #[test]
    fn a_flipped_byte_costs_its_own_record_only(
        records in records(),
        place in any::<prop::sample::Index>(),
        flip in 1_u8..,
    ) {
        let mut file = encode(&records);
        let place = place.index(file.len());
        file[place] ^= flip;
        let mut end = 0;
        let hit = records
            .iter()
            .position(|record| { end += record.as_record().encoded_len(); place < end })
            .expect("the place is in the file");
        let mut rest = records.clone();
        let lost = rest.remove(hit);
        let (found, skipped, torn) = read(&file);
        prop_assert_eq!(found, rest);
        // Nothing but the damaged record was passed over.
        prop_assert_eq!(skipped + torn, lost.as_record().encoded_len());
    }

    #[test]
    fn a_lost_page_costs_only_the_records_it_touches(
        records in records(),
        place in any::<prop::sample::Index>(),
        length in 1_usize..4096,
    ) {
        let mut file = encode(&records);
        let from = place.index(file.len());
        let to = (from + length).min(file.len());
        file[from..to].fill(0);
        let mut end = 0;
        let untouched: Vec<_> = records
            .iter()
            .filter(|record| {
                let start = end;
                end += record.as_record().encoded_len();
                end <= from || start >= to
            })
            .cloned()
            .collect();
        let (found, _, _) = read(&file);
        // A touched record may survive if the zeros were there before; nothing new may appear.
        prop_assert!(found.iter().all(|record| records.contains(record)));
        prop_assert!(untouched.iter().all(|record| found.contains(record)));
    }

    #[test]
    fn any_bytes_are_answered(bytes in vec(prop_oneof![Just(MAGIC[0]), Just(b'P'), Just(b'T'), Just(b'L'), any::<u8>()], 0..400)) {
        let (_, skipped, torn) = read(&bytes);
        prop_assert!(skipped + torn <= bytes.len());
    }

    #[test]
    fn reading_in_pieces_is_reading_at_once(records in records(), piece in 1_usize..5000) {
        let file = encode(&records);
        let (mut buffer, mut found) = (Vec::new(), Vec::new());
        for part in file.chunks(piece) {
            buffer.extend_from_slice(part);
            while let Decoded::Record { record, consumed } = decode(&buffer) {
                found.push(record.to_owned());
                buffer.drain(..consumed);
            }
            prop_assert_eq!(decode(&buffer), Decoded::NeedMore);
        }
        prop_assert_eq!(found, records);
    }
}

#[test]
fn a_record_printed_by_a_script_stays_text() {
    let mut forged = Vec::new();
    Record {
        seq: 99,
        wall_us: 0,
        mono_us: 0,
        stream: Stream::System,
        payload: b"forged",
    }
    .encode_into(&mut forged);
    let mut file = Vec::new();
    Record {
        seq: 1,
        wall_us: 0,
        mono_us: 0,
        stream: Stream::Stdout,
        payload: &forged,
    }
    .encode_into(&mut file);
    let (found, skipped, torn) = read(&file);
    assert_eq!((found.len(), skipped, torn), (1, 0, 0));
    assert_eq!(found[0].payload, forged);
    // Damage to the payload passes over the whole record: what is inside is never taken for a record.
    *file.last_mut().expect("not empty") ^= 1;
    assert_eq!(read(&file), (vec![], file.len(), 0));
    assert!(file.len() > 2 * HEADER_LEN);
}
