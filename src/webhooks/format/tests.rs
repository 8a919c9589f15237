use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::model::webhook::Occasion;
use crate::model::webhook::Occasion::{Failed, Finished, Late, Recovered, Skipped, Test};
use crate::model::webhook::tests_support::terms;

const ALL: [Occasion; 6] = [Finished, Failed, Recovered, Skipped, Late, Test];
const BUILT_IN: [Format; 5] = [
    Format::Generic,
    Format::Slack,
    Format::Discord,
    Format::Ntfy,
    Format::Teams,
];

fn sample(event: Occasion) -> Report {
    Report::sample(
        event,
        None,
        Timestamp::from_second(1_790_000_000).expect("in range"),
    )
}

fn rendered(format: Format, report: &Report) -> Rendered {
    let mut terms = terms(&[Failed]);
    terms.format = format;
    let material = Material {
        report,
        public_url: Some("https://pytask.example"),
    };
    render(&terms, &material).expect("the built-in formats always render")
}

fn json(rendered: &Rendered) -> Value {
    assert_eq!(rendered.content_type, "application/json");
    serde_json::from_str(&rendered.body).expect("JSON")
}

#[test]
fn the_shapes_are_these() {
    let report = sample(Failed);
    let generic = json(&rendered(Format::Generic, &report));
    assert_eq!(generic["type"], "run.failed");
    assert_eq!(generic["timestamp"], generic["data"]["at"]);
    assert_eq!(
        generic["data"]["title"],
        "Nightly report failed (failure 3 in a row)"
    );
    assert_eq!(generic["data"]["run"]["exit_code"], 1);
    let link = "https://pytask.example/runs/01900000000070008000000000000002";
    assert_eq!(generic["data"]["link"], link);

    let slack = json(&rendered(Format::Slack, &report));
    let first = slack["blocks"][0]["text"]["text"].as_str().expect("text");
    assert!(
        first.contains(&format!("<{link}|Nightly report failed")),
        "{first}"
    );
    assert!(
        slack["blocks"][1]["text"]["text"]
            .as_str()
            .is_some_and(|said| said.starts_with("```Traceback"))
    );

    let discord = json(&rendered(Format::Discord, &report));
    assert_eq!(discord["embeds"][0]["url"], link);
    assert_eq!(discord["allowed_mentions"]["parse"], serde_json::json!([]));

    let teams = json(&rendered(Format::Teams, &report));
    let card = &teams["attachments"][0];
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(card["content"]["actions"][0]["url"], link);

    let ntfy = rendered(Format::Ntfy, &report);
    let header = |name: &str| {
        let found = ntfy.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(ntfy.content_type, "text/plain; charset=utf-8");
    assert_eq!(
        header("title"),
        Some("Nightly report failed (failure 3 in a row)")
    );
    assert_eq!((header("priority"), header("click")), (Some("4"), Some(link)));
    assert!(ntfy.body.contains("no rows for yesterday") && ntfy.body.contains("Run: #4711"));
}

#[test]
fn each_event_has_its_headline() {
    let title = |event| words::title(&sample(event));
    assert_eq!(title(Finished), "Nightly report succeeded");
    assert_eq!(title(Recovered), "Nightly report recovered");
    assert_eq!(title(Skipped), "Nightly report was skipped");
    assert_eq!(title(Late), "Nightly report started 1 min 35 s late");
    assert_eq!(title(Test), "Test message from PyTask-Manager: Nightly report");
    let sentence = |event| words::sentence(&sample(event));
    assert!(sentence(Recovered).starts_with("Succeeded. It had failed 3 times since "));
    assert!(sentence(Late).starts_with("It was due at "));
    let mut report = sample(Finished);
    for (outcome, said) in [
        ("cancelled", "was cancelled"),
        ("timed_out", "timed out"),
        ("out_of_memory", "ran out of memory"),
        ("lost", "was lost"),
        ("engine_error", "could not be started"),
    ] {
        report.run.as_mut().expect("a run").outcome = Some(outcome.to_owned());
        assert_eq!(words::title(&report), format!("Nightly report {said}"));
    }
}

/// What a name and a script's last words can do to a message: nothing.
#[test]
fn foreign_text_stays_text() {
    let mut report = sample(Failed);
    let nasty = "<!channel> <https://evil|x> @everyone **b** [l](http://e) ``` \"q\" \\ =?UTF-8?Q?x?= \u{7}\r\nX-Evil: 1 ü";
    report.script.name = nasty.to_owned();
    let run = report.run.as_mut().expect("a run");
    run.message = nasty.to_owned();
    run.last_lines = vec![nasty.to_owned()];
    let slack = json(&rendered(Format::Slack, &report)).to_string();
    assert!(
        !slack.contains("<!channel>") && !slack.contains("<https://evil"),
        "{slack}"
    );
    assert_eq!(slack.matches("```").count(), 2, "{slack}");
    let discord = json(&rendered(Format::Discord, &report));
    let description = discord["embeds"][0]["description"].as_str().expect("text");
    assert!(
        description.contains("\\*\\*b\\*\\*") && description.matches("```").count() == 2,
        "{description}"
    );
    let teams = json(&rendered(Format::Teams, &report)).to_string();
    assert!(!teams.contains("[l](http"), "{teams}");
    let ntfy = rendered(Format::Ntfy, &report);
    for (name, value) in &ntfy.headers {
        assert!(
            value.bytes().all(|b| (0x20..0x7f).contains(&b)),
            "{name}: {value:?}"
        );
        assert!(reqwest::header::HeaderValue::from_str(value).is_ok());
    }
    assert!(ntfy.headers[0].1.starts_with("=?UTF-8?B?"));
}

#[test]
fn no_message_is_larger_than_its_receiver_takes() {
    let mut report = sample(Failed);
    report.script.name = "&".repeat(100);
    let run = report.run.as_mut().expect("a run");
    run.message = "<ü".repeat(250);
    run.last_lines = vec!["&<*`".repeat(75); 10];
    for format in BUILT_IN {
        let rendered = rendered(format, &report);
        assert!(
            rendered.body.len() < 28 * 1024,
            "{format:?}: {}",
            rendered.body.len()
        );
        if format != Format::Ntfy {
            json(&rendered);
        } else {
            assert!(rendered.body.len() <= 4_096);
        }
    }
    let slack = json(&rendered(Format::Slack, &report));
    for block in slack["blocks"].as_array().expect("blocks") {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        assert!(text.chars().count() <= 3_000);
    }
}

#[test]
fn every_event_renders_in_every_format_with_and_without_a_link() {
    for event in ALL {
        for format in BUILT_IN {
            let report = sample(event);
            assert!(!rendered(format, &report).body.is_empty(), "{event:?} {format:?}");
            let mut terms = terms(&[Failed]);
            terms.format = format;
            let bare = render(
                &terms,
                &Material {
                    report: &report,
                    public_url: None,
                },
            );
            assert!(!bare.expect("renders").body.contains("pytask.example"));
        }
    }
    assert!(
        !rendered(Format::Generic, &sample(Test)).body.contains("/runs/"),
        "a sample has no page"
    );
}

fn own(text: &str, content_type: &str) -> Result<String, template::Error> {
    let report = sample(Failed);
    let material = Material {
        report: &report,
        public_url: None,
    };
    template::render(text, Some(content_type), &material).map(|rendered| rendered.body)
}

#[test]
fn templates_say_what_they_are_to_say() {
    for (text, expected) in [
        ("{{ title }}", "Nightly report failed (failure 3 in a row)"),
        ("{{ run.number }} {{ event|upper }}", "4711 FAILED"),
        ("{% if link %}{{ link }}{% else %}none{% endif %}", "none"),
        ("{%- if failures > 2 -%} often {%- endif -%}", "often"),
        (
            "{% for line in run.last_lines %}{{ loop.index }}:{{ line|truncate(5) }} {% endfor %}",
            "1:Trace… 2:  Fil… 3:Value… ",
        ),
        (
            "{{ run.last_lines|last|replace(\"rows\", \"lines\") }}",
            "ValueError: no lines for yesterday",
        ),
        ("{{ script.tags|join(\", \") }}", "reports"),
        ("{{ nothing|default(\"-\") }}", "-"),
        ("{{ script is defined }} {{ nothing is defined }}", "True False"),
        ("a { b } {# {{ no }} {% no %} #}c", "a { b } c"),
        ("{{ \"%} }} {% set x = 1 %} *\" }}", "%} }} {% set x = 1 %} *"),
        ("{{ run.exit_code + 1 }}", "2"),
        ("{{ \"\\ü\" }}", "\\ü"),
        (
            "{{ {\"a\": {\"b\": title}}|tojson|length > 9 }} * {% if [title][0] %}*{% endif %}",
            "True * *",
        ),
    ] {
        assert_eq!(own(text, "text/plain").as_deref(), Ok(expected), "{text}");
    }
    let body = own(
        "{\"text\": {{ title|tojson }}, \"n\": {{ run.number }}}",
        "application/json",
    )
    .expect("renders");
    assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON")["n"], 4711);
    let refused = own("{\"text\": {{ title }}}", "application/json").expect_err("no JSON");
    assert!(refused.message.contains("tojson"), "{refused}");
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_line() {
    for (text, line, said) in [
        ("\n{{ nothing }}", Some(2), "not there"),
        ("\n\n{{ run.nothing.at_all }}", Some(3), "not there"),
        ("\n{{ nothing|tojson }}", Some(2), "not there"),
        ("\n{{ nothing|upper }}", Some(2), ""),
        ("{{ title", Some(1), "}}"),
        ("{% if title %}", Some(1), ""),
        ("\n{% endif %}", Some(2), ""),
        ("{{ title|nothing }}", Some(1), "filter"),
        ("{{ nothing() }}", Some(1), "function"),
        ("{{ title.upper() }}", Some(1), "method"),
        ("{# open", Some(1), "comment"),
        ("{{ \"open }}", Some(1), "}}"),
        ("{{ \"\\", Some(1), "}}"),
    ] {
        let refused = own(text, "text/plain").expect_err(text);
        assert_eq!(refused.line, line, "{text}: {refused}");
        assert!(refused.message.contains(said), "{text}: {refused}");
    }
}

/// Whatever is written, it ends at once and stays small.
#[test]
fn a_template_can_neither_run_for_ever_nor_grow_without_bound() {
    let lines = |body: &str| format!("{{% for a in run.last_lines %}}{body}{{% endfor %}}");
    let deep = (0..40).fold("{{ a }}".to_owned(), |body, _| lines(&body));
    let doubling: String = (0..60).map(|_| "{% set x = x ~ x %}").collect();
    let squaring = format!(
        "{{{{ \"aaaaaaaaaa\"{} }}}}",
        "|replace(\"a\", \"aaaaaaaaaa\")".repeat(40)
    );
    let quoting = format!("{{{{ '\"'{} }}}}", "|tojson".repeat(200));
    let joined = format!(
        "{{{{ [title, title]|join(\"{}\")|replace(\"\", title)|replace(\"\", title) }}}}",
        "x".repeat(4_000)
    );
    let output = lines(&lines(&lines(&lines(&lines(&"x".repeat(7_000))))));
    let brackets = format!("{{{{ {}1{} }}}}", "(".repeat(3_000), ")".repeat(3_000));
    let ifs = "{% if title %}".repeat(500);
    let table = [
        deep.as_str(),
        &doubling,
        &squaring,
        &quoting,
        &joined,
        &output,
        &brackets,
        &ifs,
        "{{ \"x\" * 10000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ [1] * 1000000000 }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ range(1000000000)|join }}",
        "{% set x = 1 %}",
        "{%- set x = 1 -%}",
        "{%set x%}{{ title }}{%endset%}",
        "{% with x = title %}{{ x }}{% endwith %}",
        "{% for a in [title ~ title] %}{{ a }}{% endfor %}",
        "{% for a in run.last_lines recursive %}{{ loop(run.last_lines) }}{% endfor %}",
        "{% for a in run.last_lines if loop %}{% endfor %}",
        "{% for a, b in run %}{% endfor %}",
        "{% filter upper %}x{% endfilter %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include \"/etc/passwd\" %}",
        "{% import \"x\" as y %}",
        "{% extends \"x\" %}",
        "{% block b %}{% endblock %}",
        "{% raw %}{% set x = 1 %}{% endraw %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% do title %}",
        "{%",
        "{% %}",
        "{{ {\"a\": {\"b\": \"x\"}} * 1000000 }}",
        "{% if {\"a\": 5 %} and title * 2 %}{% endif %}",
        "{{ [1, {{2}}] * 3 }}",
        "{{ ) }} * {{ ( }}",
        "{{ self }}",
        "{{ namespace() }}",
        "{{ debug() }}",
        "{{ title|pprint }}",
        "{{ title|format(1) }}",
        "{{ title|indent(100000000) }}",
        "{{ title|tojson(indent=100000000) }}",
    ];
    for text in table {
        let begun = Instant::now();
        let refused = own(text, "text/plain");
        let shown = &text[..text.len().min(80)];
        assert!(refused.is_err(), "{shown}: {:?}", refused.map(|body| body.len()));
        assert!(begun.elapsed() < Duration::from_secs(5), "{shown}");
    }
}
