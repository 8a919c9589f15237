use proptest::prelude::*;

use super::super::read;
use super::*;

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

fn imported(file: &str, list: &[&str], others: Others, packages: &Packages) -> Import {
    let lines = read(file).expect("not too much");
    import(&lines, &owned(list), others, packages).expect("not too much")
}

fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Comment => "comment",
        Fate::Added { .. } => "added",
        Fate::AlreadyThere { .. } => "there",
        Fate::Replaces { .. } => "replaces",
        Fate::Merged { .. } => "merged",
        Fate::Ignored { .. } => "ignored",
        Fate::NotTaken { .. } => "not taken",
    }
}

#[test]
fn a_file_comes_into_a_list() {
    use Others::{Keep, Remove};
    struct Case<'a> {
        file: &'a str,
        list: &'a [&'a str],
        others: Others,
        fates: &'a [&'a str],
        after: &'a [&'a str],
        removed: &'a [&'a str],
    }
    let table = [
        Case {
            file: "# mine\nflask\nrequests==2.32",
            list: &["# kept", "Requests>=2", "rich"],
            others: Keep,
            fates: &["comment", "added", "replaces"],
            after: &["# kept", "requests==2.32", "rich", "flask"],
            removed: &[],
        },
        Case {
            file: "flask\nrequests==2.32",
            list: &["# not kept", "Requests>=2", "rich", "half a req"],
            others: Remove,
            fates: &["added", "replaces"],
            after: &["flask", "requests==2.32"],
            removed: &["rich", "half a req"],
        },
        // It means the same, so it stays as somebody wrote it.
        Case {
            file: "flask >= 2.0 , < 4 ; python_version>'3'",
            list: &["Flask<4,>=2.0; python_version > \"3\""],
            others: Keep,
            fates: &["there"],
            after: &["Flask<4,>=2.0; python_version > \"3\""],
            removed: &[],
        },
        Case {
            file: "six\nSix\nsix>1\nsix==1; python_version < '3'",
            list: &[],
            others: Keep,
            fates: &["added", "merged", "not taken", "not taken"],
            after: &["six"],
            removed: &[],
        },
        // Markers tell them apart; the list said only one of the two.
        Case {
            file: "six<1; python_version < '3.9'\nrich\nsix>1; python_version >= '3.9'",
            list: &["a", "six<1; python_version < '3.9'", "b"],
            others: Keep,
            fates: &["replaces", "added", "replaces"],
            after: &[
                "a",
                "six<1; python_version < '3.9'",
                "six>1; python_version >= '3.9'",
                "b",
                "rich",
            ],
            removed: &[],
        },
        Case {
            file: "six",
            list: &[
                "six<1; python_version < '3.9'",
                "a",
                "six>1; python_version >= '3.9'",
            ],
            others: Keep,
            fates: &["replaces"],
            after: &["six", "a"],
            removed: &[],
        },
        Case {
            file: "evil\n--extra-index-url https://pkgs.example.org/simple\n--extra-index-url https://other.org/\n-r x",
            list: &["a"],
            others: Keep,
            fates: &["not taken", "ignored", "not taken", "not taken"],
            after: &["a"],
            removed: &[],
        },
    ];
    let packages = Packages {
        deny: owned(&["evil"]),
        extra_index_urls: owned(&["https://pkgs.example.org/simple/"]),
        ..Packages::built_in()
    };
    for Case {
        file,
        list,
        others,
        fates,
        after,
        removed,
    } in table
    {
        let got = imported(file, list, others, &packages);
        let words: Vec<_> = got.fates.iter().map(word).collect();
        assert_eq!(words, fates, "{file}");
        assert_eq!(
            (got.requirements, got.removed),
            (owned(after), owned(removed)),
            "{file}"
        );
    }
}

#[test]
fn what_stays_out_points_at_the_reason() {
    let packages = Packages {
        deny: owned(&["evil"]),
        ..Packages::built_in()
    };
    let got = imported("\nsix\nevil\nsix==1\nsix", &["rich>=1"], Others::Keep, &packages);
    let why = |fate: &Fate| match fate {
        Fate::Merged { why } | Fate::NotTaken { why } => why.clone(),
        other => word(other).to_owned(),
    };
    let told: Vec<_> = got.fates.iter().map(why).collect();
    assert_eq!(
        told,
        [
            "added",
            "evil is on the list of denied packages; Settings, Packages, says what may be installed.",
            "Line 2 asks for six in another way. Make one line of the two.",
            "Line 2 says the same.",
        ]
    );
    let replaced = imported("rich", &["rich>=1", "rich<2"], Others::Keep, &packages).fates;
    let expected = Fate::Replaces {
        replaced: owned(&["rich>=1", "rich<2"]),
        note: None,
    };
    assert_eq!(replaced, [expected]);
}

#[test]
fn a_script_cannot_get_too_many() {
    let file: String = (0..requirements::MOST).map(|n| format!("p{n}\n")).collect();
    let lines = read(&file).expect("not too much");
    let list = owned(&["one-more"]);
    let packages = Packages::built_in();
    let many = requirements::MOST + 1;
    assert_eq!(
        import(&lines, &list, Others::Keep, &packages),
        Err(TooMuch::Requirements(many))
    );
    assert!(import(&lines, &list, Others::Remove, &packages).is_ok());
}

proptest! {
    /// Importing once more changes nothing, and the result can be saved if the list could.
    #[test]
    fn an_import_is_settled(
        file in prop::collection::vec("[a-e](==[12]| ; python_version [<>] '3')?", 0..12),
        list in prop::collection::btree_map("[a-g]", "(==[12])?", 0..8),
        remove in any::<bool>(),
    ) {
        let list: Vec<String> = list.iter().map(|(name, version)| format!("{name}{version}")).collect();
        let others = if remove { Others::Remove } else { Others::Keep };
        let (lines, packages) = (read(&file.join("\n")).expect("small"), Packages::built_in());
        let once = import(&lines, &list, others, &packages).expect("small");
        prop_assert_eq!(once.fates.len(), lines.len());
        prop_assert_eq!(requirements::check(&once.requirements), Ok(once.requirements.clone()));
        let again = import(&lines, &once.requirements, others, &packages).expect("small");
        prop_assert_eq!(&again.requirements, &once.requirements);
        prop_assert!(again.removed.is_empty());
        let news = again.fates.iter().map(word).find(|word| ["added", "replaces"].contains(word));
        prop_assert_eq!(news, None);
    }
}
