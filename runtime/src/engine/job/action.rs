//! The process of an action: what JavaScript and container actions run before the job, in their turn, and at its end.

use indexmap::IndexMap;
use loom_workflow::expression::{Environment, Files};
use loom_workflow::model::action::ActionKind;

use super::call::Call;
use super::contexts::{View, end_at_nul};
use super::grounds::Grounds;
use super::task::{Build, Task};
use crate::actions;
use crate::event::Reason;
use crate::executor::{Program, RoomSpec, StepSpec};
use crate::id::StepId;
use crate::plan::first_mistake;

/// Which part of an action runs.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Pre,
    Main,
    /// The file, or the program of its container.
    Post(&'a str),
}

/// What the process of an action is made with.
pub(super) struct Values<'a> {
    pub(super) id: &'a StepId,
    pub(super) view: &'a View,
    pub(super) state: &'a IndexMap<String, String>,
    pub(super) files: &'a dyn Files,
}

/// The process of an action.
///
/// # Errors
/// When it has no such part, or something of it has no value.
pub(super) fn process(
    call: &Call,
    part: Part<'_>,
    values: &Values<'_>,
    grounds: &Grounds,
) -> Result<Task, Reason> {
    let mut env = values.view.environment();
    env.extend(call.input_variables());
    for (name, value) in values.state {
        env.insert(format!("STATE_{name}"), value.clone());
    }
    env.insert("GITHUB_ACTION_PATH".to_owned(), call.path.clone());
    let absent = || Reason::new("action", format!("`{}` has nothing to run here", call.reference));
    let spec = |program: Program, mut env| {
        end_at_nul(&mut env);
        Box::new(StepSpec {
            id: values.id.clone(),
            program,
            env,
            path: values.view.path.clone(),
            working_directory: None,
        })
    };
    match &call.action().kind {
        ActionKind::Node { using, main, pre, .. } => {
            let file = match part {
                Part::Main => Some(&*main.value),
                Part::Pre => pre.run.as_ref().map(|run| &*run.value),
                Part::Post(file) => Some(file),
            };
            let script = format!(
                "{}/{}",
                call.path,
                file.ok_or_else(absent)?.trim_start_matches("./")
            );
            let program = Program::Exec {
                programs: grounds.node.clone(),
                arguments: vec![script],
            };
            let room = match &grounds.plan.room {
                RoomSpec::Host => actions::Room::Host,
                RoomSpec::Image(image) => actions::Room::Label {
                    label: grounds.plan.instance.labels.first().map_or("", |label| &**label),
                    image,
                },
                RoomSpec::Container(container) => actions::Room::Container {
                    image: &container.image,
                },
            };
            let configured = grounds.node.get(1).map(String::as_str);
            let missing = actions::node_missing(&call.reference, using, room, configured);
            Ok(Task::Node(spec(program, env), missing))
        }
        ActionKind::Docker { image, pre, .. } => {
            let environment = Environment::new(&values.view.contexts).with_files(values.files);
            let (found, mistakes) = loom_workflow::action_arguments(call.action(), &environment);
            let found = found.ok_or_else(|| {
                Reason::new("evaluation", first_mistake(&mistakes, &call.definition.source))
            })?;
            for (name, value) in found.env {
                env.entry(name).or_insert(value);
            }
            let entrypoint = match part {
                Part::Main => found.entrypoint,
                Part::Pre => Some(
                    pre.run
                        .as_ref()
                        .map(|run| run.value.to_string())
                        .ok_or_else(absent)?,
                ),
                Part::Post(program) => Some(program.to_owned()),
            };
            let (image, build) = match image.value.strip_prefix("docker://") {
                Some(image) => (image.to_owned(), None),
                None => {
                    let once = call.repository.is_some();
                    (
                        String::new(),
                        Some(Build::of(&call.directory, &image.value, once)),
                    )
                }
            };
            let program = Program::Container {
                image,
                pull: build.is_none(),
                entrypoint,
                arguments: found.args,
            };
            Ok(Task::Container(spec(program, env), build))
        }
        ActionKind::Composite { .. } => Err(absent()),
    }
}

/// A step that uses an image itself: `docker://image`, with `entrypoint` and `args` of its `with`.
pub(super) fn image(image: &str, inputs: &IndexMap<String, String>, values: &Values<'_>) -> Task {
    let mut env = values.view.environment();
    for (name, value) in inputs {
        env.insert(
            format!("INPUT_{}", name.replace(' ', "_").to_uppercase()),
            value.clone(),
        );
    }
    end_at_nul(&mut env);
    let input = |wanted: &str| {
        let mut found = inputs
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found
            .next_back()
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    };
    let spec = StepSpec {
        id: values.id.clone(),
        program: Program::Container {
            image: image.to_owned(),
            pull: true,
            entrypoint: input("entrypoint"),
            arguments: input("args")
                .map(|args| loom_workflow::split_arguments(&args))
                .unwrap_or_default(),
        },
        env,
        path: values.view.path.clone(),
        working_directory: None,
    };
    Task::Container(Box::new(spec), None)
}
