//! That no secret passes, whatever it is, whatever is around it, and wherever the stream is cut.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn mask(secrets: &[&str]) -> Mask {
    Mask::for_secrets(secrets.iter().copied())
        .expect("an automaton")
        .expect("something to mask")
}

/// What is stored of a stream that comes in these chunks.
fn stored<'a>(mask: &Mask, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut masker = mask.masker();
    let mut stored = Vec::new();
    for chunk in chunks {
        stored.extend(masker.pass(chunk));
    }
    stored.extend(masker.finish());
    stored
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Cut everywhere at once, and in two at every place.
fn stored_in_every_way(mask: &Mask, stream: &[u8]) -> Vec<u8> {
    let whole = stored(mask, [stream]);
    assert_eq!(stored(mask, stream.chunks(1)), whole, "byte by byte");
    for cut in 0..=stream.len() {
        let (before, after) = stream.split_at(cut);
        assert_eq!(stored(mask, [before, after]), whole, "cut at {cut}");
    }
    whole
}

#[test]
fn secrets_are_replaced_and_the_rest_is_left() {
    let mask = mask(&["hunter2", "correct horse"]);
    let table: [(&str, &str); 8] = [
        ("", ""),
        ("nothing here\n", "nothing here\n"),
        ("a hunter2 b\n", "a *** b\n"),
        ("hunter2hunter2", "***"),
        ("hunter2 hunter2", "*** ***"),
        ("hunthunter2r2", "hunt***r2"),
        ("hunter", "hunter"),
        ("?q=correct+horse&r=correct%20horse", "?q=***&r=***"),
    ];
    for (said, expected) in table {
        let stored = stored_in_every_way(&mask, said.as_bytes());
        assert_eq!(String::from_utf8_lossy(&stored), expected);
    }
    assert_eq!(
        mask.text("cannot start hunter2: no such file"),
        "cannot start ***: no such file"
    );
}

#[test]
fn the_longer_of_two_and_both_of_two_that_overlap() {
    let mask = mask(&["abcdef", "abcdefghij", "hijklmno"]);
    for (said, expected) in [
        ("-abcdefghij-", "-***-"),
        ("-abcdef-", "-***-"),
        ("-abcdefg-", "-***g-"),
        ("-abcdefghijklmno-", "-***-"),
        ("-abcdefhijklmno-", "-***-"),
    ] {
        let stored = stored_in_every_way(&mask, said.as_bytes());
        assert_eq!(String::from_utf8_lossy(&stored), expected);
    }
}

#[test]
fn a_secret_of_lines_is_masked_as_a_whole_and_line_by_line() {
    let mask = mask(&["-----BEGIN-----\nMIIEvQ\nab\n-----END-----\n"]);
    let whole = stored_in_every_way(&mask, b"k=-----BEGIN-----\nMIIEvQ\nab\n-----END-----\n.");
    assert_eq!(whole, b"k=***\n.");
    let lines = stored_in_every_way(&mask, b"1 -----BEGIN-----\n2 MIIEvQ\n3 ab\n");
    assert_eq!(lines, b"1 ***\n2 ***\n3 ab\n");
}

#[test]
fn only_what_may_become_a_secret_is_held_back() {
    let mask = mask(&["hunter2"]);
    let mut masker = mask.masker();
    assert_eq!(masker.pass(b"Name: "), b"Name: ");
    assert_eq!(masker.pass(b"hunt"), b"");
    assert_eq!(masker.pass(b"ing\n"), b"hunting\n");
    assert_eq!(masker.pass(b"hunter"), b"");
    assert_eq!(masker.pass(b"2"), b"***");
    assert_eq!(masker.pass(b"hun"), b"");
    assert_eq!(masker.finish(), b"hun");
    // The next stream begins anew.
    assert_eq!(masker.pass(b"ter2\n"), b"ter2\n");
}

#[test]
fn nothing_to_mask_is_no_mask() {
    for secrets in [&[][..], &["12345"], &["", " \n "]] {
        let mask = Mask::for_secrets(secrets.iter().copied()).expect("no trouble");
        assert!(mask.is_none(), "{secrets:?}");
    }
}

/// Letters that make overlaps likely, and such that every form escapes differently.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{6,9}", "[a-zA-Z0-9+/ '\"\\\\%&<é漢\n]{6,40}"]
        .prop_filter("long enough", |secret| pytask_protocol::is_masked(secret))
}

/// Noise, secrets, and beginnings and ends of them.
fn stream(secrets: Vec<String>) -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    let forms: Vec<Vec<u8>> = forms::of_all(secrets.iter().map(String::as_str))
        .into_iter()
        .collect();
    let form = prop::sample::select(forms);
    let piece = prop_oneof![
        vec(any::<u8>(), 0..6),
        "[ab\n]{0,6}".prop_map(String::into_bytes),
        form.clone(),
        (form, 0.0..1.0, any::<bool>()).prop_map(|(form, part, end)| {
            let at = (form.len() as f64 * part) as usize;
            if end {
                form[at..].to_vec()
            } else {
                form[..at].to_vec()
            }
        }),
    ];
    vec(piece, 0..12).prop_map(move |pieces| (secrets.clone(), pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_form_of_a_secret_is_stored_however_the_stream_is_cut(
        (secrets, said) in vec(secret(), 1..4).prop_flat_map(stream),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mask = mask(&secrets);
        let whole = stored(&mask, [&said[..]]);
        for form in forms::of_all(secrets.iter().copied()) {
            prop_assert!(!contains(&whole, &form), "{:?} is in {:?}", String::from_utf8_lossy(&form), String::from_utf8_lossy(&whole));
        }
        prop_assert_eq!(&stored(&mask, said.chunks(1)), &whole);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(said.len() + 1)).collect();
        cuts.extend([0, said.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| &said[cut[0]..cut[1]]);
        prop_assert_eq!(&stored(&mask, chunks), &whole);
    }

    #[test]
    fn what_has_no_secret_in_it_stays_byte_for_byte(said in vec(any::<u8>(), 0..400), secret in "[A-Z]{12,20}") {
        let mask = mask(&[&secret]);
        prop_assume!(forms::of_all([secret.as_str()]).iter().all(|form| !contains(&said, form)));
        prop_assert_eq!(stored(&mask, said.chunks(7)), said);
    }

    #[test]
    fn never_more_is_held_back_than_a_secret_but_one_byte(
        (secrets, said) in vec(secret(), 1..3).prop_flat_map(stream),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let longest = forms::of_all(secrets.iter().copied()).iter().map(Vec::len).max().unwrap_or(0);
        let mut masker = mask(&secrets).masker();
        for byte in said {
            masker.pass(&[byte]);
            prop_assert!(masker.held.len() < longest, "{} of {longest}", masker.held.len());
        }
    }
}

/// Not a measurement, only that nothing is quadratic: `a` over and over is the worst there is for this secret.
#[test]
fn a_flood_of_almost_secrets_is_masked_in_linear_time() {
    let secret = "a".repeat(2_000);
    let mask = mask(&[&secret]);
    let flood = vec![b'a'; 4_000_000];
    let begun = std::time::Instant::now();
    assert_eq!(stored(&mask, flood.chunks(65_536)), MARK);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
