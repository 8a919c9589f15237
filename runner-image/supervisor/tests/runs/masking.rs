//! Secrets of the spec are in nothing that a run leaves behind.

use std::fs;

use pytask_protocol::frame::MAX_PAYLOAD;

use crate::support::Run;

const SECRET: &str = "hunter2-Ωmega";

fn with_secret(run: &Run, script: &str) -> pytask_protocol::Spec {
    let mut spec = run.shell(script);
    spec.env.insert("TOKEN".to_owned(), SECRET.to_owned());
    spec.secrets.insert("TOKEN".to_owned());
    spec
}

/// Every file of the run directory.
fn left_behind(run: &Run) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(run.dir()).expect("list") {
        all.extend(fs::read(entry.expect("an entry").path()).expect("read"));
        all.push(b'\n');
    }
    all
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn what_a_script_says_is_masked_on_both_streams() {
    let run = Run::new();
    let seen = run.complete(&with_secret(
        &run,
        r#"echo "out $TOKEN."; echo "err $TOKEN" >&2; printf %s "$TOKEN" | base64; printf 'no end %s' "$TOKEN""#,
    ));
    let out = String::from_utf8(seen.stdout()).expect("text");
    assert_eq!(out, "out ***.\n***\nno end ***");
    assert_eq!(seen.stderr(), b"err ***\n");
    assert!(!holds(&left_behind(&run), "hunter2"));
    assert_eq!(seen.exit.stdout_bytes, out.len() as u64, "as it is in the log");
}

#[test]
fn a_secret_over_the_edges_of_reads_at_every_byte() {
    let run = Run::new();
    // Written with pauses, so that each part is read for itself.
    let mut script = String::new();
    for cut in 1..SECRET.len() {
        let (before, after) = SECRET.as_bytes().split_at(cut);
        let octal = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("\\{byte:03o}"))
                .collect::<String>()
        };
        script.push_str(&format!(
            "printf '<{}'; sleep 0.02; printf '{}>\\n'\n",
            octal(before),
            octal(after)
        ));
    }
    let seen = run.complete(&with_secret(&run, &script));
    let out = String::from_utf8(seen.stdout()).expect("text");
    assert_eq!(out, "<***>\n".repeat(SECRET.len() - 1));
    assert!(!holds(&left_behind(&run), "hunter2"));
}

#[test]
fn a_secret_over_the_edges_of_records_at_every_byte() {
    let run = Run::new();
    // Large reads end somewhere in the secret, wherever that is.
    let mut text = Vec::new();
    for shift in 0..=SECRET.len() {
        text.extend(vec![b'.'; MAX_PAYLOAD - shift]);
        text.extend_from_slice(SECRET.as_bytes());
    }
    fs::write(run.script_dir().join("text"), &text).expect("write");
    let seen = run.complete(&with_secret(&run, "cat text"));
    let expected = String::from_utf8(text).expect("text").replace(SECRET, "***");
    assert!(seen.stdout() == expected.as_bytes(), "stdout differs");
}

#[test]
fn what_is_told_of_a_start_that_failed_is_masked() {
    let run = Run::new();
    let mut spec = with_secret(&run, "");
    spec.argv = vec![format!("/no/such/{SECRET}")];
    let seen = run.complete(&spec);
    let error = seen.exit.error.clone().expect("an error");
    assert!(error.contains("/no/such/***"), "{error}");
    assert!(!holds(&left_behind(&run), "hunter2"));
}

#[test]
fn the_kept_end_of_a_long_log_is_masked_too() {
    let run = Run::new();
    let mut spec = with_secret(
        &run,
        r#"i=0; while [ $i -lt 3000 ]; do echo "$i $TOKEN ...................................."; i=$((i+1)); done"#,
    );
    spec.limits.log_bytes = 1_001;
    let seen = run.complete(&spec);
    assert!(seen.exit.dropped_bytes > 0);
    assert!(!holds(&left_behind(&run), "hunter2"));
    assert!(holds(&seen.stdout(), "2999 *** "));
}

#[test]
fn without_secrets_to_mask_nothing_is_touched() {
    let run = Run::new();
    let mut spec = with_secret(&run, r#"echo "$TOKEN""#);
    // It is in the environment, and nobody has said that it is secret.
    spec.secrets.clear();
    assert_eq!(run.complete(&spec).stdout(), format!("{SECRET}\n").into_bytes());
    let run = Run::new();
    let mut spec = with_secret(&run, r#"echo "$TOKEN""#);
    spec.env.insert("TOKEN".to_owned(), "short".to_owned());
    assert_eq!(run.complete(&spec).stdout(), b"short\n", "too short to be masked");
}
