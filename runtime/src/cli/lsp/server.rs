//! What each message brings: state and answers, without input and output.

use std::panic::{AssertUnwindSafe, catch_unwind};

use loom_workflow::editor::Encoding;
use loom_workflow::{Diagnostic, Span};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answers::View;
use super::documents::{Documents, Open, whole};
use super::protocol::{
    Changed, Initialize, OfFile, OfPlace, OfRange, OfReferences, Opened, Position, Refusal, answer,
};
use crate::cli::Exit;

/// What is asked of files.
const QUESTIONS: &[&str] = &[
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/references",
    "textDocument/documentSymbol",
    "textDocument/codeAction",
];

/// What is said where the server panicked.
const BROKEN: &str = "Loom itself broke; this is a bug in Loom";

/// A session with one editor.
#[derive(Default)]
pub(super) struct Server {
    stage: Stage,
    encoding: Encoding,
    documents: Documents,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    Running,
    /// `shutdown` was asked for.
    Ending,
    /// `exit`, in order or not.
    Over {
        in_order: bool,
    },
}

impl Server {
    /// Takes a message; gives the answer, when it is a request.
    pub(super) fn take(&mut self, message: Value) -> Option<Value> {
        let Value::Object(mut message) = message else {
            let refusal = Refusal::new(Refusal::REQUEST, "a message is one object");
            return Some(answer(&Value::Null, Err(refusal)));
        };
        let id = message.remove("id");
        let parameters = message.remove("params").unwrap_or(Value::Null);
        match (message.get("method").and_then(Value::as_str), id) {
            (Some(method), Some(id)) => {
                let method = method.to_owned();
                let outcome = self.request(&method, parameters);
                Some(answer(&id, outcome))
            }
            (Some(method), None) => {
                let method = method.to_owned();
                let uri = parameters.pointer("/textDocument/uri").and_then(Value::as_str);
                let uri = uri.map(str::to_owned);
                let done = guarded(|| self.notice(&method, parameters));
                if let (None, Some(uri)) = (done, uri) {
                    // What the editor has there is not known any more.
                    self.documents.set_aside(&uri);
                }
                None
            }
            // The answer to a question; none was asked.
            (None, Some(_)) if message.contains_key("result") || message.contains_key("error") => None,
            (None, id) => {
                let refusal = Refusal::new(Refusal::REQUEST, "the message has no `method`");
                Some(answer(&id.unwrap_or(Value::Null), Err(refusal)))
            }
        }
    }

    /// What the editor is to be told, once nothing else waits.
    pub(super) fn next_notice(&mut self) -> Option<Value> {
        if self.stage != Stage::Running {
            return None;
        }
        if let Some(uri) = self.documents.next_gone() {
            return Some(published(&uri, None, &[]));
        }
        while let Some(uri) = self.documents.next_unpublished() {
            match guarded(|| self.findings(&uri)) {
                Some(Some(notice)) => return Some(notice),
                Some(None) => {}
                None => return Some(published(&uri, None, &[broken()])),
            }
        }
        None
    }

    /// What is wrong with an open file.
    fn findings(&mut self, uri: &str) -> Option<Value> {
        let found = self.documents.found(uri)?;
        let open = self.documents.get(uri)?;
        let view = self.view(uri, open);
        let all: Vec<Value> = found.iter().map(|one| view.diagnostic(one)).collect();
        Some(published(uri, open.version, &all))
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    /// How it ended: an editor asks to shut down before it goes.
    pub(super) fn end(&self) -> Exit {
        match self.stage {
            Stage::Over { in_order: true } | Stage::Ending => Exit::Success,
            Stage::Over { in_order: false } | Stage::New | Stage::Running => Exit::Failure,
        }
    }

    fn request(&mut self, method: &str, parameters: Value) -> Result<Value, Refusal> {
        match (self.stage, method) {
            (Stage::New, "initialize") => self.initialize(parameters),
            (Stage::New, _) => Err(Refusal::new(Refusal::NOT_BEGUN, "`initialize` comes first")),
            (Stage::Ending | Stage::Over { .. }, _) => Err(Refusal::new(
                Refusal::REQUEST,
                "after `shutdown` comes `exit` alone",
            )),
            (Stage::Running, "initialize") => Err(Refusal::new(Refusal::REQUEST, "`initialize` comes once")),
            (Stage::Running, "shutdown") => {
                self.stage = Stage::Ending;
                Ok(Value::Null)
            }
            (Stage::Running, _) => guarded(|| self.question(method, parameters))
                .unwrap_or_else(|| Err(Refusal::new(Refusal::BROKEN, BROKEN))),
        }
    }

    fn initialize(&mut self, parameters: Value) -> Result<Value, Refusal> {
        let asked: Initialize = read(parameters)?;
        let encodings = asked
            .capabilities
            .general
            .and_then(|general| general.position_encodings);
        let (encoding, name) = if encodings.is_some_and(|all| all.iter().any(|one| one == "utf-8")) {
            (Encoding::Utf8, "utf-8")
        } else {
            (Encoding::Utf16, "utf-16")
        };
        self.encoding = encoding;
        self.stage = Stage::Running;
        Ok(json!({
            "capabilities": {
                "positionEncoding": name,
                "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
                "completionProvider": {"triggerCharacters": [".", " ", "[", "{", "-", "/"]},
                "hoverProvider": true,
                "definitionProvider": true,
                "referencesProvider": true,
                "documentSymbolProvider": true,
                "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            },
            "serverInfo": {"name": "loom-runtime", "version": env!("CARGO_PKG_VERSION")},
        }))
    }

    fn question(&mut self, method: &str, parameters: Value) -> Result<Value, Refusal> {
        let uri = parameters.pointer("/textDocument/uri").and_then(Value::as_str);
        if uri.is_some_and(|uri| self.documents.is_foreign(uri)) && QUESTIONS.contains(&method) {
            return Ok(Value::Null);
        }
        match method {
            "textDocument/hover" => {
                let asked: OfPlace = read(parameters)?;
                let (view, open, at) = self.place(&asked.text_document.uri, asked.position)?;
                let hover = open.document.hover(at, &self.documents.beside(open));
                Ok(hover.map_or(Value::Null, |hover| view.hover(&hover)))
            }
            "textDocument/completion" => {
                let asked: OfPlace = read(parameters)?;
                let (view, open, at) = self.place(&asked.text_document.uri, asked.position)?;
                let found = open.document.completions(at, &self.documents.beside(open));
                let items: Vec<Value> = found.iter().map(|one| view.completion(one)).collect();
                Ok(json!({"isIncomplete": false, "items": items}))
            }
            "textDocument/definition" => {
                let asked: OfPlace = read(parameters)?;
                let (view, open, at) = self.place(&asked.text_document.uri, asked.position)?;
                let found = open.document.definition(at, &self.documents.beside(open));
                Ok(found.iter().filter_map(|one| view.declaration(one)).collect())
            }
            "textDocument/references" => {
                let asked: OfReferences = read(parameters)?;
                let (view, open, at) = self.place(&asked.text_document.uri, asked.position)?;
                let found = open.document.references(at, asked.context.include_declaration);
                let places = found.into_iter();
                Ok(places
                    .map(|span| json!({"uri": view.uri, "range": view.range(span)}))
                    .collect())
            }
            "textDocument/documentSymbol" => {
                let asked: OfFile = read(parameters)?;
                let open = self.open(&asked.text_document.uri)?;
                let view = self.view(&asked.text_document.uri, open);
                Ok(open
                    .document
                    .outline()
                    .iter()
                    .map(|entry| view.symbol(entry))
                    .collect())
            }
            "textDocument/codeAction" => self.actions(&read(parameters)?),
            _ => Err(Refusal::new(
                Refusal::METHOD,
                format!("`{method}` is not known here"),
            )),
        }
    }

    fn actions(&mut self, asked: &OfRange) -> Result<Value, Refusal> {
        let is_wanted = |kinds: &Vec<String>| kinds.iter().any(|kind| kind.is_empty() || kind == "quickfix");
        if !asked.context.only.as_ref().is_none_or(is_wanted) {
            return Ok(json!([]));
        }
        let uri = &asked.text_document.uri;
        let found = self.documents.found(uri).unwrap_or_default();
        let open = self.open(uri)?;
        let view = self.view(uri, open);
        let offset = |position: Position| self.encoding.offset(view.source, position.into());
        let part = Span::new(offset(asked.range.start), offset(asked.range.end));
        let fixes = open.document.fixes(&found, part);
        let all = fixes.iter().map(|fix| {
            let is_about = |one: &&Diagnostic| one.code == fix.code && one.span() == Some(fix.span);
            let about: Vec<&Diagnostic> = found.iter().filter(is_about).collect();
            view.fix(fix, &about)
        });
        Ok(all.collect())
    }

    fn notice(&mut self, method: &str, parameters: Value) {
        if method == "exit" {
            self.stage = Stage::Over {
                in_order: self.stage == Stage::Ending,
            };
            return;
        }
        if self.stage != Stage::Running {
            return;
        }
        // A notice has no answer: one that cannot be read is told to whoever reads the log.
        let done = match method {
            "textDocument/didOpen" => read(parameters).map(|asked: Opened| {
                let file = asked.text_document;
                let uri = file.uri.clone();
                if !self.documents.open(file) {
                    tracing::warn!(uri, "too many files are open, this one is left alone");
                }
            }),
            "textDocument/didChange" => read(parameters).map(|asked: Changed| {
                let file = asked.text_document;
                self.documents
                    .change(&file.uri, file.version, asked.content_changes, self.encoding);
            }),
            "textDocument/didSave" => {
                self.documents.look_again();
                Ok(())
            }
            "textDocument/didClose" => read(parameters).map(|asked: OfFile| {
                self.documents.close(&asked.text_document.uri);
            }),
            _ => Ok(()),
        };
        if let Err(refusal) = done {
            tracing::warn!(
                method,
                problem = refusal.message,
                "a notice of the editor cannot be read"
            );
        }
    }

    fn open(&self, uri: &str) -> Result<&Open, Refusal> {
        self.documents.get(uri).ok_or_else(|| {
            let message = format!("`{uri}` is not open: `textDocument/didOpen` comes first");
            Refusal::new(Refusal::PARAMETERS, message)
        })
    }

    fn view<'v>(&self, uri: &'v str, open: &'v Open) -> View<'v> {
        View {
            uri,
            source: open.document.source(),
            encoding: self.encoding,
        }
    }

    /// A place of an open file, as a byte.
    fn place<'v>(&'v self, uri: &'v str, position: Position) -> Result<(View<'v>, &'v Open, usize), Refusal> {
        let open = self.open(uri)?;
        let view = self.view(uri, open);
        let at = self.encoding.offset(view.source, position.into());
        Ok((view, open, at.min(whole(view.source).end)))
    }
}

fn read<T: DeserializeOwned>(parameters: Value) -> Result<T, Refusal> {
    serde_json::from_value(parameters).map_err(|error| {
        Refusal::new(
            Refusal::PARAMETERS,
            format!("the parameters cannot be read: {}", plain(&error.to_string())),
        )
    })
}

/// What is wrong with parameters, in the words of JSON rather than of Rust.
fn plain(problem: &str) -> String {
    const WORDS: [(&str, &str); 8] = [
        ("type: map", "type: object"),
        ("type: sequence", "type: list"),
        ("type: unit value", "type: null"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected i64", "expected a whole number"),
        ("expected a boolean", "expected true or false"),
    ];
    WORDS.iter().fold(problem.to_owned(), |text, (word, plain)| {
        text.replace(word, plain)
    })
}

/// What `work` gives; none where it panicked: an editor is not to lose its server by one question or one file.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What is said of a file that could not be checked.
fn broken() -> Value {
    let start = json!({"line": 0, "character": 0});
    json!({
        "range": {"start": start, "end": start},
        "severity": 1,
        "source": "loom",
        "message": format!("this file could not be checked: {BROKEN}"),
    })
}

fn published(uri: &str, version: Option<i64>, diagnostics: &[Value]) -> Value {
    let mut parameters = json!({"uri": uri, "diagnostics": diagnostics});
    if let (Some(version), Some(fields)) = (version, parameters.as_object_mut()) {
        fields.insert("version".to_owned(), json!(version));
    }
    json!({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": parameters})
}
