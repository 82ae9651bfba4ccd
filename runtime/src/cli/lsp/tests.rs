use serde_json::{Value, json};

use super::documents::tests::{BREAKS_CHECKING, BREAKS_READING};
use super::server::Server;
use crate::cli::Exit;

/// An editor that asks one thing after the other.
struct Editor {
    server: Server,
    id: u64,
}

impl Editor {
    fn new(encodings: &[&str]) -> Self {
        let mut editor = Self {
            server: Server::default(),
            id: 0,
        };
        let answer = editor.ask(
            "initialize",
            json!({"capabilities": {"general": {"positionEncodings": encodings}}}),
        );
        assert!(
            answer["result"]["capabilities"]["hoverProvider"]
                .as_bool()
                .unwrap()
        );
        editor.tell("initialized", json!({}));
        editor
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params});
        let answer = self.server.take(message).unwrap();
        assert_eq!(answer["id"], self.id);
        answer
    }

    fn tell(&mut self, method: &str, params: Value) {
        assert_eq!(
            self.server
                .take(json!({"jsonrpc": "2.0", "method": method, "params": params})),
            None
        );
    }

    fn open(&mut self, uri: &str, text: &str) {
        let file = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": file}));
    }

    fn at(&mut self, method: &str, uri: &str, line: u64, character: u64) -> Value {
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
        self.ask(&format!("textDocument/{method}"), place)
    }

    fn change(&mut self, uri: &str, changes: &Value) {
        let params = json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes});
        self.tell("textDocument/didChange", params);
    }

    /// How many findings each file has of which there is something to tell.
    fn published(&mut self) -> Vec<(String, usize)> {
        let count = |notice: &Value| {
            let published = &notice["params"];
            let uri = published["uri"].as_str().unwrap().to_owned();
            (uri, published["diagnostics"].as_array().unwrap().len())
        };
        let mut all: Vec<_> = self.notices().iter().map(count).collect();
        all.sort();
        all
    }

    fn notices(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.server.next_notice()).collect()
    }
}

const URI: &str = "file:///nowhere/.github/workflows/ci.yml";

#[test]
fn of_many_changes_the_last_alone_is_told() {
    let mut editor = Editor::new(&[]);
    editor.open(URI, "on: push\njobs: {}\n");
    for (version, text) in [
        (2, "on: pus\njobs: {}\n"),
        (3, "on: push\njobs:\n  a: {runs-on: x, steps: [{run: x}]}\n"),
    ] {
        let params =
            json!({"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"text": text}]});
        editor.tell("textDocument/didChange", params);
    }
    let notices = editor.notices();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0]["params"]["version"], 3);
    assert_eq!(notices[0]["params"]["diagnostics"], json!([]));
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    assert_eq!(editor.notices()[0]["params"]["diagnostics"], json!([]));
}

#[test]
fn changes_are_counted_in_the_units_that_were_agreed_on() {
    for (encodings, character) in [(&["utf-16"][..], 9), (&["utf-16", "utf-8"], 12)] {
        let mut editor = Editor::new(encodings);
        editor.open(URI, "name: é😀x\non: push\n");
        let place = json!({"line": 0, "character": character});
        let change = json!({"range": {"start": place, "end": {"line": 0, "character": character + 1}}, "text": "y\njobs: 1 # "});
        let params = json!({"textDocument": {"uri": URI, "version": 2}, "contentChanges": [change]});
        editor.tell("textDocument/didChange", params);
        let notices = editor.notices();
        let first = &notices[0]["params"]["diagnostics"][0];
        assert_eq!(
            (&first["code"], &first["range"]["start"]["line"]),
            (&json!("schema/type"), &json!(1))
        );
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let mut editor = Editor {
        server: Server::default(),
        id: 0,
    };
    assert_eq!(
        editor.ask("textDocument/hover", json!({}))["error"]["code"],
        -32002
    );
    let mut editor = Editor::new(&[]);
    editor.open(URI, "on: push\n");
    assert_eq!(editor.ask("workspace/none", json!({}))["error"]["code"], -32601);
    assert_eq!(editor.ask("initialize", json!({}))["error"]["code"], -32600);
    for params in [
        json!(null),
        json!([1]),
        json!({"textDocument": {"uri": URI}}),
        json!({"textDocument": 5, "position": {"line": 1, "character": 0}}),
        json!({"textDocument": {"uri": {}}, "position": {"line": 1, "character": 0}}),
        json!({"textDocument": {"uri": URI}, "position": []}),
        json!({"textDocument": {"uri": URI}, "position": {"line": [], "character": 0}}),
        json!({"textDocument": {"uri": URI}, "position": {"line": -1, "character": 0}}),
    ] {
        let error = editor.ask("textDocument/hover", params)["error"].clone();
        assert_eq!(error["code"], -32602);
        let message = error["message"].as_str().unwrap();
        for word in ["struct", "OfPlace", "Named", "Position", "u32", "sequence", "map"] {
            assert!(!message.contains(word), "{message}");
        }
    }
    assert_eq!(
        editor.at("hover", "file:///other.yml", 0, 0)["error"]["code"],
        -32602
    );
    for message in [json!([]), json!(1), json!({"id": 1}), json!({})] {
        assert_eq!(editor.server.take(message).unwrap()["error"]["code"], -32600);
    }
    assert_eq!(editor.server.take(json!({"id": 1, "result": null})), None);
    editor.tell(
        "textDocument/didChange",
        json!({"textDocument": {"uri": "file:///x"}, "contentChanges": [{"text": ""}]}),
    );
    editor.tell("textDocument/didOpen", json!({"textDocument": 1}));
    editor.tell("$/cancelRequest", json!({"id": 1}));
    for method in ["hover", "completion", "definition"] {
        let answer = editor.at(method, URI, 4_000_000_000, 4_000_000_000);
        assert!(answer.get("error").is_none(), "{answer}");
    }
    let range = json!({"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}});
    let changes = json!({"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"range": range, "text": "jobs: {}\n"}]});
    editor.tell("textDocument/didChange", changes);
    assert_eq!(
        editor.ask(
            "textDocument/documentSymbol",
            json!({"textDocument": {"uri": URI}})
        )["result"],
        json!([])
    );
}

#[test]
fn of_files_of_something_else_nothing_is_said() {
    let mut editor = Editor::new(&[]);
    let uri = "file:///nowhere/compose.yml";
    editor.open(uri, "services: [\n");
    assert_eq!(editor.notices(), [Value::Null; 0]);
    assert_eq!(editor.at("completion", uri, 0, 1)["result"], Value::Null);
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    assert_eq!(editor.notices(), [Value::Null; 0]);
    assert_eq!(editor.at("hover", uri, 0, 1)["error"]["code"], -32602);
}

#[test]
fn the_end_is_asked_for_first() {
    let mut editor = Editor::new(&[]);
    assert_eq!(editor.ask("shutdown", Value::Null)["result"], Value::Null);
    assert_eq!(editor.at("hover", URI, 0, 0)["error"]["code"], -32600);
    editor.tell("exit", Value::Null);
    assert!(editor.server.is_over());
    assert_eq!(editor.server.end(), Exit::Success);
    let mut rude = Editor::new(&[]);
    rude.tell("exit", Value::Null);
    assert_eq!(rude.server.end(), Exit::Failure);
}

#[test]
fn what_is_open_counts_as_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join(".github/workflows")).unwrap();
    std::fs::create_dir_all(root.join("greet")).unwrap();
    std::fs::create_dir(root.join(".git")).unwrap();
    std::fs::write(root.join("greet/action.yml"), "name: x\n").unwrap();
    let uri = |path: &str| format!("file://{}", root.join(path).display());
    let (workflow, action) = (uri(".github/workflows/ci.yml"), uri("greet/action.yml"));
    let mut editor = Editor::new(&[]);
    editor.open(&workflow, "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./greet\n        with:\n          w\n");
    editor.open(
        &action,
        "name: x\ninputs:\n  who: {description: d}\nruns: {using: composite, steps: []}\n",
    );
    let found = editor.at("completion", &workflow, 7, 11);
    assert_eq!(found["result"]["items"][0]["label"], "who");
    let found = editor.at("definition", &workflow, 5, 16);
    assert_eq!(found["result"][0]["uri"], json!(action));
}

#[test]
fn a_change_renews_what_is_wrong_with_those_that_refer_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join(".github/workflows")).unwrap();
    std::fs::create_dir(root.join(".git")).unwrap();
    let good = "on: workflow_call\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: x}]}}\n";
    let bad = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: x}]}}\n";
    let of = |name: &str| root.join(".github/workflows").join(name);
    std::fs::write(of("lib.yml"), good).unwrap();
    let uri = |name: &str| format!("file://{}", of(name).display());
    let (call, lib, other) = (uri("call.yml"), uri("lib.yml"), uri("other.yml"));
    let mut editor = Editor::new(&[]);
    editor.open(
        &call,
        "on: push\njobs: {a: {uses: ./.github/workflows/lib.yml}}\n",
    );
    editor.open(&lib, good);
    editor.open(&other, bad);
    assert_eq!(
        editor.published(),
        [(call.clone(), 0), (lib.clone(), 0), (other.clone(), 0)]
    );
    editor.change(&lib, &json!([{"text": bad}]));
    assert_eq!(editor.published(), [(call.clone(), 1), (lib.clone(), 0)]);
    editor.change(&lib, &json!([{"text": good}]));
    assert_eq!(editor.published(), [(call, 0), (lib, 0)]);
}

#[test]
fn what_becomes_too_long_or_of_something_else_is_shown_no_more() {
    let mut editor = Editor::new(&[]);
    let published = |count| vec![(URI.to_owned(), count)];
    editor.open(URI, "on: push\n");
    assert_eq!(editor.published(), published(1));
    let start = json!({"line": 0, "character": 0});
    let part = json!({"range": {"start": start, "end": start}, "text": "#".repeat(9 * 1024 * 1024)});
    editor.change(URI, &json!([part, part]));
    assert_eq!(editor.published(), published(0));
    assert_eq!(editor.at("hover", URI, 0, 1)["result"], Value::Null);

    // The same address, opened anew: as ours, as something else, as ours.
    let uri = "untitled:1";
    let mut open = |language: &str| {
        let file = json!({"uri": uri, "languageId": language, "version": 1, "text": "on: push\n"});
        editor.tell("textDocument/didOpen", json!({"textDocument": file}));
        let published: Vec<usize> = editor.published().iter().map(|(_, count)| *count).collect();
        (
            published,
            editor.at("documentSymbol", uri, 0, 0)["result"].is_null(),
        )
    };
    for _ in 0..2 {
        assert_eq!(open("github-actions-workflow"), (vec![1], false));
        assert_eq!(open("json"), (vec![0], true));
        assert_eq!(open("json"), (vec![], true));
    }
}

#[test]
fn a_file_that_breaks_the_server_does_not_end_it() {
    let mut editor = Editor::new(&[]);
    let other = "file:///nowhere/.github/workflows/other.yml";
    editor.open(URI, &format!("on: push\n{BREAKS_CHECKING}\n"));
    editor.open(other, "on: push\n");
    let notices = editor.notices();
    assert_eq!(notices.len(), 2);
    let of_broken = notices.iter().find(|notice| notice["params"]["uri"] == URI);
    let message = of_broken.unwrap()["params"]["diagnostics"][0]["message"].as_str();
    assert!(message.unwrap().contains("a bug in Loom"), "{message:?}");
    // What cannot be read is set aside: what stands there is not known any more.
    editor.change(URI, &json!([{"text": BREAKS_READING}]));
    assert!(editor.published().contains(&(URI.to_owned(), 0)));
    assert_eq!(editor.at("hover", URI, 0, 0)["result"], Value::Null);
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    editor.open(URI, "on: push\njobs: {}\n");
    assert!(editor.at("hover", URI, 0, 0)["result"].is_object());
}
