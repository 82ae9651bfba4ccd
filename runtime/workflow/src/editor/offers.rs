//! What a file itself, the actions it uses and the workflows it calls offer as values and keys.

use super::completion::{Completion, CompletionKind};
use super::cursor::Cursor;
use super::definition::{local_action, local_workflow};
use super::document::Document;
use crate::actions::{Actions, Interface, Known, newest};
use crate::check::{Calls, hosted, parameters};
use crate::diagnostic::Diagnostics;
use crate::dialect::Dialect;
use crate::model::{ActionText, JobId};
use crate::references::{Callable, References};
use crate::schema::{Place, Root, Way};
use crate::tree::{self, Limits, Node};

/// A value that may stand somewhere.
pub(super) struct Value {
    pub(super) label: String,
    pub(super) kind: CompletionKind,
    pub(super) documentation: Option<String>,
}

impl Value {
    fn new(label: impl Into<String>, kind: CompletionKind) -> Self {
        Self {
            label: label.into(),
            kind,
            documentation: None,
        }
    }
}

const SHELLS: &[&str] = &["bash", "sh", "python", "pwsh"];
const SHELLS_OF_WINDOWS: &[&str] = &["cmd", "powershell"];

impl Document {
    /// The values that may stand at a place beside the words of the language.
    pub(super) fn offered(&self, cursor: &Cursor, place: &Place, references: &dyn References) -> Vec<Value> {
        let path = place.path.as_str();
        let last = path.rsplit('.').next().unwrap_or_default();
        let in_step = path.contains("steps.");
        match last {
            "needs" => {
                let own = cursor.job();
                let others = self.jobs().into_iter().filter(|job| Some(job.as_str()) != own);
                others.map(|job| Value::new(job, CompletionKind::Job)).collect()
            }
            "runs-on" | "labels" => hosted()
                .iter()
                .map(|label| Value::new(*label, CompletionKind::Runner))
                .collect(),
            "shell" => {
                let more = match self.root() {
                    Root::Workflow(Dialect::Loom) => &[][..],
                    Root::Workflow(Dialect::GitHub) | Root::Action(_) => SHELLS_OF_WINDOWS,
                };
                let shells = SHELLS.iter().chain(more);
                shells
                    .map(|shell| Value::new(*shell, CompletionKind::Word))
                    .collect()
            }
            "uses" if in_step => {
                let own = references.callable(Callable::Action).into_iter();
                let known = newest()
                    .into_iter()
                    .map(|(name, version)| format!("{name}@{version}"));
                own.chain(known)
                    .map(|name| Value::new(name, CompletionKind::Action))
                    .collect()
            }
            "uses" => {
                let workflows = references.callable(Callable::Workflow).into_iter();
                workflows
                    .map(|path| Value::new(path, CompletionKind::Workflow))
                    .collect()
            }
            "wait" | "cancel" if in_step => self.background_steps(cursor),
            // Names of jobs, inputs and the like are anybody's.
            _ => Vec::new(),
        }
    }

    /// The ids of the jobs, those that cannot be read at the moment included.
    pub(super) fn jobs(&self) -> Vec<String> {
        let mapping = self.top("jobs").and_then(|entry| entry.value.as_mapping());
        let entries = mapping.into_iter().flat_map(|mapping| &mapping.entries);
        entries.map(|entry| entry.key.text.to_string()).collect()
    }

    fn background_steps(&self, cursor: &Cursor) -> Vec<Value> {
        let job = cursor
            .job()
            .and_then(|job| self.workflow()?.jobs.get(&JobId::new(job)));
        let steps = job.into_iter().flat_map(|job| &job.steps);
        let ids = steps
            .filter(|step| step.background.is_some())
            .filter_map(|step| step.id.as_ref());
        ids.map(|id| Value::new(id.as_str(), CompletionKind::Step))
            .collect()
    }

    /// The inputs that may stand in the `with` that a cursor is in, or the secrets of a call.
    pub(super) fn inputs(&self, cursor: &Cursor, references: &dyn References) -> Vec<Completion> {
        let Some(Way::Key(with)) = cursor.way.last() else {
            return Vec::new();
        };
        let Some(uses) = self.uses_of(cursor, with) else {
            return Vec::new();
        };
        let behind = if cursor.has_colon { "" } else { ": " };
        let completion =
            |name: &str, required: bool, detail: String, documentation: Option<String>| Completion {
                label: name.to_owned(),
                kind: CompletionKind::Input,
                detail,
                documentation,
                insert: format!("{name}{behind}"),
                replaced: cursor.word,
                required,
            };
        let is_new = |name: &str| {
            !cursor
                .present
                .iter()
                .any(|present| present.eq_ignore_ascii_case(name))
        };
        let required = |required: bool| {
            if required {
                "required".to_owned()
            } else {
                String::new()
            }
        };
        match (cursor.way.len(), with.as_str()) {
            (3, "with" | "secrets") => {
                let mut calls = Calls::new(references);
                let Some((inputs, secrets)) = parameters(&mut calls, &uses) else {
                    return Vec::new();
                };
                let all = if with == "with" { inputs } else { secrets };
                let all = all.into_iter().filter(|one| is_new(&one.name));
                all.map(|one| completion(&one.name, one.required, required(one.required), None))
                    .collect()
            }
            (4.., "with") => {
                let Some(interface) = interface(&uses, references) else {
                    return Vec::new();
                };
                let inputs = interface.inputs.iter().flatten();
                let inputs = inputs.filter(|input| input.deprecated.is_none() && is_new(&input.name));
                let described = |name: &str| description(&uses, name, references);
                inputs
                    .map(|input| {
                        completion(
                            &input.name,
                            input.required,
                            required(input.required),
                            described(&input.name),
                        )
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// The `uses` beside the `with` or `secrets` that a cursor is in.
    pub(super) fn uses_of(&self, cursor: &Cursor, with: &str) -> Option<String> {
        if let Some(uses) = &cursor.uses {
            return Some(uses.trim_matches(['"', '\'']).to_owned());
        }
        let line = self.lines.at(cursor.word.start);
        // Brackets are all of the value of the last key before them.
        let column = if cursor.is_flow {
            usize::MAX
        } else {
            cursor.column.max(1)
        };
        let around = self.lines.around(line, column, false);
        let (line, part) = around
            .iter()
            .rev()
            .find(|(_, part)| part.key.as_deref() == Some(with))?;
        let value = self.lines.value_beside(*line, part.column, "uses")?;
        let uses = self.source.slice(value).trim_matches(['"', '\'']);
        (!uses.is_empty()).then(|| uses.to_owned())
    }
}

/// What is known of the action that a `uses` names.
pub(super) fn interface(uses: &str, references: &dyn References) -> Option<std::sync::Arc<Interface>> {
    match Actions::new(references).find(&ActionText::parse(uses)?) {
        Known::Interface(interface) => Some(interface),
        Known::Broken(_) | Known::Missing | Known::Unknown => None,
    }
}

/// What a workflow of the same repository says about one of its `inputs` or `secrets`.
pub(super) fn description_of_call(
    uses: &str,
    key: &str,
    name: &str,
    references: &dyn References,
) -> Option<String> {
    let source = local_workflow(uses, references)?;
    let tree = tree::parse(&source, &Limits::default(), &mut Diagnostics::new())?;
    let declared = get(get(get(&tree, "on")?, "workflow_call")?, key)?;
    text_of(get(get(declared, name)?, "description")?)
}

/// What an action of the same repository says about one of its inputs.
pub(super) fn description(uses: &str, input: &str, references: &dyn References) -> Option<String> {
    let (_, tree) = local_action(uses, references)?;
    let inputs = get(&tree, "inputs")?;
    let entries = &inputs.as_mapping()?.entries;
    let found = entries
        .iter()
        .find(|entry| entry.key.text.eq_ignore_ascii_case(input))?;
    text_of(get(&found.value, "description")?)
}

fn text_of(node: &Node) -> Option<String> {
    let text = node.as_scalar()?.to_text();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The value of a key of a mapping.
pub(super) fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let entries = &node.as_mapping()?.entries;
    entries
        .iter()
        .find(|entry| &*entry.key.text == key)
        .map(|entry| &entry.value)
}
