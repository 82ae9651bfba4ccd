//! `lsp`: one editor's whole conversation with the real binary, frame by frame.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

use serde_json::{Value, json};

use crate::harness::{LIMIT, Project, binary};

/// A session with a server.
struct Session {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Notices that came while an answer was waited for.
    notices: Vec<Value>,
    id: u64,
}

impl Session {
    fn start(project: &Project) -> Self {
        let mut child = Command::new(binary("loom-runtime"))
            .arg("lsp")
            .current_dir(project.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("stdout"));
        let (sender, messages) = sync_channel(64);
        std::thread::spawn(move || {
            while let Some(message) = frame(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            messages,
            notices: Vec::new(),
            id: 0,
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("stdin is open");
        input
            .write_all(bytes)
            .and_then(|()| input.flush())
            .expect("the server reads");
    }

    fn say(&mut self, message: &Value) {
        let body = message.to_string();
        self.send(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.say(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// The next message; never waits longer than the limit of all tests.
    fn next(&mut self) -> Value {
        self.messages
            .recv_timeout(LIMIT)
            .expect("an answer of the server")
    }

    /// Asks, and gives the whole answer.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id {
                return message;
            }
            self.notices.push(message);
        }
    }

    fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// What is wrong with a version of a file.
    fn findings(&mut self, uri: &str, version: i64) -> Vec<Value> {
        loop {
            let fits = |message: &Value| {
                let said = &message["params"];
                message["method"] == "textDocument/publishDiagnostics"
                    && said["uri"] == uri
                    && said["version"] == version
            };
            if let Some(at) = self.notices.iter().position(fits) {
                let notice = self.notices.remove(at);
                return notice["params"]["diagnostics"]
                    .as_array()
                    .expect("a list")
                    .clone();
            }
            let next = self.next();
            self.notices.push(next);
        }
    }

    /// The answer to what belongs to no request.
    fn complaint(&mut self) -> Value {
        loop {
            let next = self.next();
            if next.get("error").is_some() {
                assert_eq!(next["id"], Value::Null);
                return next["error"]["code"].clone();
            }
            self.notices.push(next);
        }
    }

    fn begin(&mut self, encodings: &[&str]) -> Value {
        let general = json!({"positionEncodings": encodings});
        let answer = self.result(
            "initialize",
            json!({"processId": null, "rootUri": null, "capabilities": {"general": general}}),
        );
        self.tell("initialized", json!({}));
        answer["capabilities"].clone()
    }

    fn end(mut self) -> ExitStatus {
        self.input = None;
        self.child.wait().expect("the server ends")
    }
}

fn frame(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            line => length = line.strip_prefix("Content-Length: ")?.parse().ok()?,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A file that an editor changes.
struct File {
    uri: String,
    text: String,
    version: i64,
}

impl File {
    fn open(session: &mut Session, project: &Project, path: &str) -> Self {
        let file = Self {
            uri: uri(project, path),
            text: project.read(path),
            version: 1,
        };
        let opened = json!({"uri": file.uri, "languageId": "yaml", "version": 1, "text": file.text});
        session.tell("textDocument/didOpen", json!({"textDocument": opened}));
        file
    }

    /// Line and character, in UTF-16, of a byte.
    fn place(&self, at: usize) -> Value {
        let before = &self.text[..at];
        let line = before.matches('\n').count();
        let character = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .encode_utf16()
            .count();
        json!({"line": line, "character": character})
    }

    /// Behind some text of it.
    fn behind(&self, text: &str) -> usize {
        self.text
            .find(text)
            .unwrap_or_else(|| panic!("no {text} in {}", self.text))
            + text.len()
    }

    /// Types in front of a byte; gives where the cursor is then.
    fn kind_in(&mut self, session: &mut Session, at: usize, typed: &str) -> usize {
        let place = self.place(at);
        self.version += 1;
        self.text.insert_str(at, typed);
        let change = json!({"range": {"start": place, "end": place}, "text": typed});
        let file = json!({"uri": self.uri, "version": self.version});
        session.tell(
            "textDocument/didChange",
            json!({"textDocument": file, "contentChanges": [change]}),
        );
        at + typed.len()
    }

    fn ask(&self, session: &mut Session, method: &str, at: usize) -> Value {
        let params = json!({
            "textDocument": {"uri": self.uri}, "position": self.place(at), "context": {"includeDeclaration": true}
        });
        session.result(&format!("textDocument/{method}"), params)
    }

    fn labels(&self, session: &mut Session, at: usize) -> Vec<String> {
        let found = self.ask(session, "completion", at);
        let items = found["items"].as_array().expect("items").iter();
        items
            .map(|item| item["label"].as_str().expect("a label").to_owned())
            .collect()
    }
}

fn uri(project: &Project, path: &str) -> String {
    format!("file://{}", project.path().join(path).display())
}

const WORKFLOW: &str = "on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      image: ${{ steps.x.outputs.y }}
    steps:
      - id: x
        run: echo '😀😀' ${{ github.sha }}
  deploy:
    needs: build
    runs-on: ubuntu-latest
    stepz:
      - uses: actions/checkout@v6
      - uses: ./greet
        with:
          who: ${{ needs.build.outputs.image }}
";
const ACTION: &str = "name: greet
description: greets
inputs:
  who:
    description: Whom to greet.
runs:
  using: composite
  steps:
    - run: echo hello
      shell: bash
";

fn project() -> Project {
    let project = Project::new();
    project
        .file(".git/config", "")
        .file(".github/workflows/ci.yml", WORKFLOW)
        .file("greet/action.yml", ACTION);
    project
}

#[test]
fn an_editor_is_served_from_the_first_word_to_the_last() {
    let project = project();
    let mut session = Session::start(&project);
    assert_eq!(session.begin(&["utf-16"])["positionEncoding"], "utf-16");
    let mut file = File::open(&mut session, &project, ".github/workflows/ci.yml");

    // What is wrong, and its mending.
    let found = session.findings(&file.uri, 1);
    let unknown = found
        .iter()
        .find(|one| one["code"] == "schema/unknown-key")
        .expect("the unknown key");
    assert_eq!(unknown["range"]["start"], json!({"line": 12, "character": 4}));
    let params =
        json!({"textDocument": {"uri": file.uri}, "range": unknown["range"], "context": {"diagnostics": []}});
    let actions = session.result("textDocument/codeAction", params);
    let action = actions
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["isPreferred"] == true)
        .expect("a fix");
    let edit = &action["edit"]["changes"][&file.uri][0];
    assert_eq!(
        (&edit["newText"], &edit["range"]),
        (&json!("steps"), &unknown["range"])
    );
    file.version += 1;
    file.text = file.text.replace("stepz", "steps");
    let change = json!([{"range": edit["range"], "text": "steps"}]);
    let versioned = json!({"uri": file.uri, "version": file.version});
    session.tell(
        "textDocument/didChange",
        json!({"textDocument": versioned, "contentChanges": change}),
    );
    assert_eq!(session.findings(&file.uri, 2), [Value::Null; 0]);

    // What things mean: behind characters of two units.
    let hover = file.ask(&mut session, "hover", file.behind("github.s"));
    assert!(
        hover["contents"]["value"]
            .as_str()
            .expect("words")
            .contains("commit"),
        "{hover}"
    );
    assert_eq!(hover["range"]["start"], json!({"line": 8, "character": 36}));

    // Where things are.
    let found = file.ask(&mut session, "definition", file.behind("needs: bu"));
    assert_eq!(found[0]["range"]["start"], json!({"line": 2, "character": 2}));
    let found = file.ask(&mut session, "definition", file.behind("./gr"));
    assert_eq!(found[0]["uri"], uri(&project, "greet/action.yml"));
    let found = file.ask(&mut session, "definition", file.behind("          wh"));
    assert_eq!(found[0]["range"]["start"], json!({"line": 3, "character": 2}));
    let found = file.ask(&mut session, "references", file.behind("  bui"));
    assert_eq!(found.as_array().map(Vec::len), Some(3));
    let symbols = session.result(
        "textDocument/documentSymbol",
        json!({"textDocument": {"uri": file.uri}}),
    );
    assert_eq!(
        (&symbols[1]["name"], &symbols[1]["children"][1]["name"]),
        (&json!("deploy"), &json!("./greet"))
    );

    // In the middle of a word, where the file is no YAML.
    let at = file.behind("needs: build\n");
    let cursor = file.kind_in(&mut session, at, "    tim");
    file.kind_in(&mut session, cursor, "\n");
    let labels = file.labels(&mut session, cursor);
    assert!(
        labels.contains(&"timeout-minutes".to_owned()) && !labels.contains(&"needs".to_owned()),
        "{labels:?}"
    );
    let codes: Vec<Value> = session
        .findings(&file.uri, 4)
        .into_iter()
        .map(|one| one["code"].clone())
        .collect();
    assert_eq!(codes, ["yaml/syntax"]);
    let cursor = file.kind_in(&mut session, cursor, "eout-minutes: ${{ needs.build.");
    assert_eq!(file.labels(&mut session, cursor), ["outputs", "result"]);

    // The other file is open and another than on disk.
    let mut action = File::open(&mut session, &project, "greet/action.yml");
    let end = action.behind("Whom to greet.\n");
    action.kind_in(
        &mut session,
        end,
        "  tone: {description: 'How, é.', default: kind}\n",
    );
    let at = file.behind("outputs.image }}\n");
    let cursor = file.kind_in(&mut session, at, "          to");
    assert_eq!(file.labels(&mut session, cursor), ["tone"]);

    session.tell(
        "textDocument/didClose",
        json!({"textDocument": {"uri": file.uri}}),
    );
    let params = json!({"textDocument": {"uri": file.uri}, "position": {"line": 0, "character": 0}});
    assert_eq!(session.ask("textDocument/hover", params)["error"]["code"], -32602);
    session.result("shutdown", Value::Null);
    session.tell("exit", Value::Null);
    assert_eq!(session.end().code(), Some(0));
}

#[test]
fn what_is_no_message_is_answered_and_the_next_one_served() {
    let project = project();
    let mut session = Session::start(&project);
    session.send(b"GET / HTTP\r\n\r\n");
    assert_eq!(session.complaint(), -32600);
    session.send(b"Content-Length: 9\r\n\r\n{\"jsonrpc");
    assert_eq!(session.complaint(), -32700);
    let long = 100 * 1024 * 1024;
    session.send(format!("Content-Length: {long}\r\n\r\n").as_bytes());
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..100 {
        session.send(&piece);
    }
    assert_eq!(session.complaint(), -32600);
    assert_eq!(
        session.ask("textDocument/hover", json!({}))["error"]["code"],
        -32002
    );
    assert_eq!(session.begin(&["utf-16", "utf-8"])["positionEncoding"], "utf-8");
    assert_eq!(session.ask("no/such", json!({}))["error"]["code"], -32601);
    // An editor that dies says nothing.
    assert_eq!(session.end().code(), Some(1));
}
