use proptest::prelude::*;

use super::*;

/// Each line that is no comment: its place, and its requirement or else the beginning of what is said.
fn told(text: &str) -> Vec<(usize, usize, String)> {
    let lines = read(text).expect("not too much");
    let told = |reading: &Reading| match reading {
        Reading::Nothing => None,
        Reading::Asked(asked) => Some(asked.text.clone()),
        Reading::Needless(why) => Some(format!("needless: {why}")),
        Reading::Indexes(urls) => Some(format!("indexes: {}", urls.join(" "))),
        Reading::Refused(why) => Some(format!("refused: {why}")),
    };
    lines
        .iter()
        .filter_map(|line| Some((line.first, line.last, told(&line.reading)?)))
        .collect()
}

fn notes(text: &str) -> Vec<String> {
    let lines = read(text).expect("not too much").into_iter();
    lines
        .filter_map(|line| match line.reading {
            Reading::Asked(asked) => asked.note,
            _ => None,
        })
        .collect()
}

#[test]
fn lines_are_joined_and_comments_cut() {
    let text = "\u{feff}# mine\r\n\r\nrequests \\\r\n  [socks] \\\r\n  >=2  # why\r\n\tflask\t# tab\rsix#1\n\
                a==1 \\\n    # via b\nc # \\\nd\ne \\";
    let expected = [
        (3, 5, "requests   [socks]   >=2"),
        (6, 6, "flask"),
        (7, 7, "refused: Column 4: Expected one of"),
        (8, 9, "a==1"),
        // Joined first, then cut: pip does not see d either.
        (10, 11, "c"),
        (12, 12, "e"),
    ];
    let told = told(text);
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, (first, last, text)) in told.iter().zip(expected) {
        assert_eq!((told.0, told.1), (first, last), "{text}");
        assert!(told.2.starts_with(text), "{told:?}");
    }
}

#[test]
fn each_line_is_a_requirement_or_says_why_not() {
    let table = [
        ("docopt == 0.6.1", "docopt == 0.6.1"),
        (
            "requests [security] >= 2.8.1, == 2.8.* ; python_version < \"2.7\"",
            "requests [security] >= 2.8.1, == 2.8.* ; python_version < \"2.7\"",
        ),
        ("PyYAML (>=5)", "PyYAML (>=5)"),
        ("foo==1 --hash=sha256:aa --hash sha256:bb", "foo==1"),
        (
            "urllib3 @ https://example.org/urllib3-1.26.8.zip",
            "urllib3 @ https://example.org/urllib3-1.26.8.zip",
        ),
        (
            "https://example.org/Foo_Bar-1-py3-none-any.whl#sha256=aa ; python_version > '3'",
            "Foo_Bar @ https://example.org/Foo_Bar-1-py3-none-any.whl#sha256=aa ; python_version > '3'",
        ),
        (
            "https://example.org/foo-1.tar.gz",
            "refused: An address without a name",
        ),
        (
            "http://example.org/foo-1-py3-none-any.whl",
            "refused: A package's address must begin with https://.",
        ),
        (
            "git+https://example.org/foo.git@v1#egg=foo",
            "refused: Repositories",
        ),
        ("foo @ git+ssh://git@example.org/foo", "refused: Repositories"),
        ("foo@hg+https://example.org/foo", "refused: Repositories"),
        (
            "certifi @ file:///croot/certifi_1690232220950/work/certifi",
            "refused: It was installed from a folder of the machine that this list is from. Ask for certifi,",
        ),
        (
            "./downloads/numpy-1.9.2-cp34-none-win32.whl",
            "refused: Files and folders",
        ),
        (".", "refused: Files and folders"),
        (r"C:\wheels\six.whl", "refused: Files and folders"),
        ("six-1.16.0-py2.py3-none-any.whl", "refused: Files and folders"),
        ("-e .[dev]", "refused: Files and folders"),
        (
            "--editable=git+https://example.org/x#egg=x",
            "refused: Repositories",
        ),
        (
            "-r base.txt",
            "refused: Other files are not read from here. Import base.txt as well.",
        ),
        (
            "-rbase.txt",
            "refused: Other files are not read from here. Import base.txt",
        ),
        (
            "--requirement https://me:secret@example.org/x",
            "refused: Other files are not read from here. Import that",
        ),
        (
            "-c constraints.txt",
            "refused: Files of constraints are not read. Add the lines of constraints.txt",
        ),
        (
            "-i https://me:secret@example.org/simple",
            "refused: The index is the same",
        ),
        (
            "--extra-index-url https://example.org/simple",
            "indexes: https://example.org/simple",
        ),
        (
            "--pre --extra-index-url=\"https://example.org/simple\"",
            "refused: Pre-releases are taken only",
        ),
        (
            "--prefer-binary --extra-index-url https://a.org/b",
            "indexes: https://a.org/b",
        ),
        (
            "--find-links ./wheels",
            "refused: Packages come from indexes only",
        ),
        ("--no-index", "refused: Packages come from indexes only"),
        (
            "--no-binary docopt,pyyaml",
            "refused: What is built from source is chosen apart from the list: name docopt,pyyaml",
        ),
        ("--no-binary=:all:", "refused: Wheels are taken wherever"),
        ("--no-binary :none:", "needless: "),
        ("--only-binary :all:", "needless: Only wheels"),
        ("--require-hashes", "needless: The lock always"),
        (
            "--trusted-host example.org",
            "refused: Certificates are always checked",
        ),
        ("--use-feature=fast-deps", "needless: "),
        ("--frobnicate=1", "refused: --frobnicate is no option"),
        ("-", "refused: - is no option"),
        (
            "foo==${VERSION}",
            "refused: Variables such as ${VERSION} are not filled in",
        ),
        (
            "x @ https://${TOKEN}@example.org/x.whl",
            "refused: Variables such as ${TOKEN}",
        ),
        ("numpy=1.19=py38h", "refused: Column 6: "),
        (
            "num @ http://example.org/num.whl",
            "refused: Column 5: A package's address must begin with https://.",
        ),
        ("num py", "refused: Column 5: "),
    ];
    for (line, expected) in table {
        let told = told(line);
        assert_eq!(told.len(), 1, "{line}: {told:?}");
        assert!(told[0].2.starts_with(expected), "{line}: {told:?}");
        assert!(!told[0].2.contains("secret"), "{line}: {told:?}");
    }
}

#[test]
fn what_is_left_out_is_told() {
    assert_eq!(
        notes("a==1 --hash=sha256:aa\nb==1 --hash=sha256:aa --hash=sha256:bb --global-option=\"--x\"\nc"),
        [
            "Its hash is left out: the lock has its own.",
            "Its 2 hashes are left out: the lock has its own. Left out: --global-option.",
        ]
    );
    assert_eq!(
        notes("a @ https://example.org/a.zip\nb @ https://example.org/b-1-py3-none-any.whl"),
        ["It is no wheel: name a under “Build from source” as well, which runs its code."]
    );
}

#[test]
fn what_tools_write_is_read() {
    let freeze = "-e git+https://example.org/mine@0abc#egg=mine\n# Editable install with no version control (x==1)\n\
                  certifi==2024.2.2\nFlask==3.0.2\n";
    let compiled = "# This file was autogenerated by uv via the following command:\n\
                    #    uv pip compile requirements.in --generate-hashes\n\
                    --index-url https://example.org/simple\n\n\
                    idna==3.7 \\\n    --hash=sha256:82fee \\\n    --hash=sha256:028ff\n    # via requests\n\
                    requests==2.32.3 ; python_full_version >= '3.8' \\\n    --hash=sha256:70761\n    # via\n    #   -r requirements.in\n    #   flask\n";
    let asked = |text| -> Vec<_> {
        let told = told(text).into_iter();
        told.filter(|told| !told.2.starts_with("refused")).collect()
    };
    assert_eq!(
        asked(freeze),
        [(3, 3, "certifi==2024.2.2".into()), (4, 4, "Flask==3.0.2".into())]
    );
    assert_eq!(
        asked(compiled),
        [
            (5, 7, "idna==3.7".into()),
            (9, 10, "requests==2.32.3 ; python_full_version >= '3.8'".into()),
        ]
    );
}

#[test]
fn is_bounded() {
    assert_eq!(read(&"#".repeat(LARGEST + 1)), Err(TooMuch::Bytes));
    assert_eq!(read(&"x\n".repeat(MOST + 1)), Err(TooMuch::Lines));
    assert!(read(&"# x\n".repeat(MOST + 1)).is_ok());
    let long = "x".repeat(10_000);
    for line in [
        long.clone(),
        format!("-r {long}"),
        format!("--{long}"),
        format!("x==${{{}}}", long.to_uppercase()),
        format!("{long} @ file:///x"),
        format!("x --{long} --{long}1"),
        "${".repeat(LARGEST / 2),
        "-a ".repeat(LARGEST / 3),
        " @ ".repeat(LARGEST / 3),
    ] {
        let (told, notes) = (told(&line), notes(&line));
        let said = told.iter().map(|told| &told.2).chain(&notes);
        assert!(
            said.clone().count() > 0 && said.clone().all(|said| said.len() < 500),
            "{said:?}"
        );
    }
}

/// Lines as people have them, and whatever else there may be.
fn a_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ \t]{0,3}",
        r"# \PC{0,10}",
        "[a-c]{1,3}(==|>=|~=)?[0-9.]{0,4}",
        r"[a-c]==1 \\",
        r" *--hash=sha256:[0-9a-f]{1,4} ?\\?",
        r"-{1,2}[a-z]{1,12}[= ]?\PC{0,10}",
        "[a-c] ?@ ?(git[+]|file:)?(https?://)?[a-z./$\\{\\}#]{0,12}",
        r"[a-c]; ?python_version ?[<>=]{1,2} ?'[0-9.]{0,4}'",
        r"[./~\\:${}@#\[\];' -]{0,12}",
        r"\PC{0,30}",
        r"[\x00-\x20a-c\\]{0,12}",
    ]
}

proptest! {
    #[test]
    fn every_line_that_is_not_blank_has_one_fate(
        lines in prop::collection::vec(a_line(), 0..30), end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
    ) {
        let text = lines.join(end);
        let read = read(&text).expect("not too much");
        let plain = text.replace("\r\n", "\n").replace('\r', "\n");
        let plain = plain.strip_prefix('\u{feff}').unwrap_or(&plain);
        for (number, line) in (1..).zip(plain.split('\n')) {
            let fates = read.iter().filter(|line| (line.first..=line.last).contains(&number)).count();
            prop_assert!(fates == 1 || fates == 0 && line.trim().is_empty(), "line {number} of {text:?}: {fates}");
        }
        for line in &read {
            if let Reading::Asked(asked) = &line.reading {
                // What is taken can be saved.
                let checked = requirements::check(std::slice::from_ref(&asked.text));
                prop_assert_eq!(checked, Ok(vec![asked.text.clone()]));
            }
        }
    }
}
