//! What the bridge changes of what an editor says to a language server, and nothing else. Pure.
//!
//! An editor in a browser knows no folder: where the script is and how the server is to be set up is filled into its
//! `initialize`. What it says about models that are in its memory only (`inmemory:`, such as a side of the diff editor) is
//! nothing a server could look up; it is dropped, and answered with nothing where an answer is owed.

use serde_json::{Value, json};

use super::container::SCRIPT;

/// What becomes of one message.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// On to the server; `true` for the one that it must answer before anything else.
    Pass {
        message: String,
        opens: bool,
    },
    Drop,
    /// Back to the editor instead.
    Answer(String),
}

/// Who speaks about a model that is nowhere but in the editor.
const IN_MEMORY: &str = "inmemory:";

/// `initialization` is for the server's `initializationOptions`.
pub fn outgoing(message: String, initialization: &Value) -> Outgoing {
    // Most messages are neither; texts of whole files need not be taken apart for that.
    let may_be = |word: &str| memchr::memmem::find(message.as_bytes(), word.as_bytes()).is_some();
    if !may_be("\"initialize\"") && !may_be(IN_MEMORY) {
        return Outgoing::Pass {
            message,
            opens: false,
        };
    }
    let Ok(mut parsed) = serde_json::from_str::<Value>(&message) else {
        // The server's to refuse.
        return Outgoing::Pass {
            message,
            opens: false,
        };
    };
    let method = parsed.get("method").and_then(Value::as_str);
    if method == Some("initialize") {
        settle(&mut parsed, initialization);
        return Outgoing::Pass {
            message: parsed.to_string(),
            opens: true,
        };
    }
    if !parsed.get("params").is_some_and(names_memory) {
        return Outgoing::Pass {
            message,
            opens: false,
        };
    }
    match (method, parsed.get("id")) {
        (Some(_), Some(id)) => {
            Outgoing::Answer(json!({ "jsonrpc": "2.0", "id": id, "result": null }).to_string())
        }
        _ => Outgoing::Drop,
    }
}

fn settle(initialize: &mut Value, initialization: &Value) {
    let Some(message) = initialize.as_object_mut() else {
        return;
    };
    let params = message.entry("params").or_insert_with(|| json!({}));
    if !params.is_object() {
        *params = json!({});
    }
    let root = format!("file://{SCRIPT}");
    params["workspaceFolders"] = json!([{ "uri": root, "name": "script" }]);
    params["rootUri"] = json!(root);
    params["rootPath"] = json!(SCRIPT);
    // The process that would be watched is in another container.
    params["processId"] = Value::Null;
    params["initializationOptions"] = initialization.clone();
}

/// Whether an address in it is one of the editor's memory. Texts may say what they like.
fn names_memory(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| match value {
            Value::String(text) => {
                matches!(name.as_str(), "uri" | "targetUri" | "oldUri" | "newUri")
                    && text.starts_with(IN_MEMORY)
            }
            other => names_memory(other),
        }),
        Value::Array(items) => items.iter().any(names_memory),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ask(message: &Value) -> Outgoing {
        outgoing(message.to_string(), &json!({ "a": 1 }))
    }

    #[test]
    fn an_initialize_is_told_where_it_is() {
        for params in [
            json!({ "processId": 7, "rootUri": null, "capabilities": { "x": true }, "workspaceFolders": null }),
            json!({ "capabilities": { "x": true } }),
        ] {
            let message = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
            let Outgoing::Pass { message, opens: true } = ask(&message) else {
                panic!("it goes on");
            };
            let told: Value = serde_json::from_str(&message).expect("JSON");
            assert_eq!(
                told["params"],
                json!({
                    "processId": null, "rootUri": "file:///script", "rootPath": "/script",
                    "workspaceFolders": [{ "uri": "file:///script", "name": "script" }],
                    "capabilities": { "x": true }, "initializationOptions": { "a": 1 },
                })
            );
        }
        let odd = json!({ "method": "initialize", "params": [1] });
        assert!(matches!(ask(&odd), Outgoing::Pass { opens: true, .. }));
    }

    #[test]
    fn models_in_memory_are_nobodys_business() {
        let about = |uri: &str| json!({ "textDocument": { "uri": uri, "text": "inmemory: is a word" } });
        let notice =
            |uri| json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": about(uri) });
        assert_eq!(ask(&notice("inmemory://model/1")), Outgoing::Drop);
        let on_disk = notice("file:///script/main.py");
        assert_eq!(
            ask(&on_disk),
            Outgoing::Pass {
                message: on_disk.to_string(),
                opens: false
            }
        );
        let request = json!({ "jsonrpc": "2.0", "id": "x", "method": "textDocument/hover", "params": about("inmemory://1") });
        assert_eq!(
            ask(&request),
            Outgoing::Answer(r#"{"id":"x","jsonrpc":"2.0","result":null}"#.to_owned())
        );
        let nested = json!({ "method": "workspace/x", "params": { "changes": [{ "uri": "inmemory:/a" }] } });
        assert_eq!(ask(&nested), Outgoing::Drop);
    }

    proptest! {
        #[test]
        fn everything_else_passes_to_the_byte(message in any::<String>()) {
            let message = message.replace("initialize", "").replace("inmemory:", "");
            prop_assert_eq!(
                outgoing(message.clone(), &Value::Null),
                Outgoing::Pass { message, opens: false }
            );
        }

        #[test]
        fn whatever_is_said_about_memory_never_panics(before in any::<String>(), after in any::<String>()) {
            let _ = outgoing(format!("{before}\"initialize\"inmemory:{after}"), &Value::Null);
        }
    }
}
