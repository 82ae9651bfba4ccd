//! An action of its own: its inputs, its outputs, what a container action runs, whether its hooks run.
//!
//! The rules are those of `ActionRunner`, `ActionManifestManager` and `ContainerActionHandler` in `actions/runner`.

use indexmap::IndexMap;

use super::evaluation::{Evaluation, SizeBudget};
use super::instance::variables;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, JobStatus, equal_names};
use crate::model::action::{Action, ActionKind, Hook};
use crate::shell::split_arguments;

/// Inputs that every container action takes, declared or not.
const CONTAINER_INPUTS: [&str; 2] = ["args", "entryPoint"];

/// The inputs of one call of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActionInputs {
    /// All inputs: those that are declared, under the names as declared, given or with their default, else empty; then
    /// those that are given without being declared, which reach the action all the same.
    pub values: IndexMap<String, String>,
    /// Given and not declared. GitHub warns of them.
    pub unexpected: Vec<String>,
    /// Required, without a default and not given. GitHub does not look at it: the action sees an empty text.
    pub missing: Vec<String>,
    /// Given though deprecated, with what its author says to that. GitHub warns of them.
    pub deprecated: Vec<(String, String)>,
}

/// The inputs of an action, with those that are given ([`Work::Uses`](super::Work::Uses)) found without regard to case.
/// The environment is that of the calling step, whose `github`, `job`, `matrix`, `runner` and `strategy` defaults may
/// look at.
///
/// There are none when a default has no value; the diagnostics, whose places are in the file of the action, say which.
pub fn action_inputs(
    action: &Action,
    given: &IndexMap<String, String>,
    environment: &Environment<'_>,
) -> (Option<ActionInputs>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
    let mut inputs = ActionInputs::default();
    for (declared, input) in &action.inputs {
        let name = declared.to_string();
        // The last one counts, as in a mapping whose keys are compared without regard to case.
        let mut of_this_name = given.iter().rev();
        let value = if let Some((_, value)) = of_this_name.find(|(given, _)| equal_names(given, declared)) {
            if let Some(message) = &input.deprecated {
                inputs.deprecated.push((name.clone(), message.to_string()));
            }
            value.clone()
        } else if let Some(default) = &input.default {
            match evaluation.text(default, declared) {
                Some(value) => value.to_string(),
                None => continue,
            }
        } else {
            if input.required {
                inputs.missing.push(name.clone());
            }
            String::new()
        };
        inputs.values.insert(name, value);
    }
    let is_container = matches!(action.kind, ActionKind::Docker { .. });
    for (name, value) in given {
        if action.inputs.keys().any(|declared| equal_names(declared, name)) {
            continue;
        }
        let known = CONTAINER_INPUTS.iter().any(|known| equal_names(known, name));
        if !(is_container && known) {
            inputs.unexpected.push(name.clone());
        }
        inputs.values.insert(name.clone(), value.clone());
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(inputs), diagnostics)
}

/// The variable in which an action finds an input: `INPUT_`, and the name in capitals with `_` for spaces.
#[must_use]
pub fn input_variable(name: &str) -> String {
    let mut variable = String::from("INPUT_");
    for character in name.chars() {
        let mut upper = character.to_uppercase();
        match (character, upper.next(), upper.next()) {
            (' ', ..) => variable.push('_'),
            // As .NET: a letter whose capital would be two stays.
            (_, Some(upper), None) => variable.push(upper),
            _ => variable.push(character),
        }
    }
    variable
}

/// The outputs of a composite action, once its steps are done: its `outputs.*.value`. The environment has `inputs` and
/// `steps` of the action. Other actions have none here: they write theirs themselves.
///
/// There are none when one has no value, and then the action fails; the diagnostics say why.
pub fn action_outputs(
    action: &Action,
    environment: &Environment<'_>,
) -> (Option<IndexMap<String, String>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
    let mut outputs = IndexMap::with_capacity(action.outputs.len());
    if matches!(action.kind, ActionKind::Composite { .. }) {
        for (name, output) in &action.outputs {
            let text = output
                .value
                .as_ref()
                .and_then(|value| evaluation.text(value, name));
            if let Some(text) = text {
                outputs.insert(name.to_string(), text.to_string());
            }
        }
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(outputs), diagnostics)
}

/// What the container of an action is started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActionArguments {
    /// What runs instead of the entrypoint of the image in the main stage: `entrypoint` of the action, else the input
    /// `entryPoint`. The hooks name programs of their own.
    pub entrypoint: Option<String>,
    /// Its arguments, in every stage: `args` of the action, else the input `args`, split at spaces as
    /// [`split_arguments`] does; empty ones of `args` are kept.
    pub args: Vec<String>,
    /// Variables of the action, which those of the step and the job beat.
    pub env: IndexMap<String, String>,
}

/// What the container of an action is started with. The environment has the `inputs` of the action
/// ([`action_inputs`]). Nothing for an action that is not in a container.
///
/// There is nothing when something has no value; the diagnostics, whose places are in the file of the action, say what.
pub fn action_arguments(
    action: &Action,
    environment: &Environment<'_>,
) -> (Option<ActionArguments>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut found = ActionArguments::default();
    let ActionKind::Docker {
        entrypoint,
        args,
        env,
        ..
    } = &action.kind
    else {
        return (Some(found), diagnostics);
    };
    let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
    let input = |name: &str| -> Option<String> {
        let inputs = environment.contexts().get("inputs")?.as_object()?;
        let text = inputs.get(name)?.to_text().to_string();
        (!text.is_empty()).then_some(text)
    };
    let written = entrypoint.as_ref().map(|entrypoint| entrypoint.to_string());
    found.entrypoint = written
        .filter(|text| !text.is_empty())
        .or_else(|| input("entryPoint"));
    if let Some(args) = args {
        for argument in args {
            found
                .args
                .extend(evaluation.text(argument, "args").map(|text| text.to_string()));
        }
    } else {
        found.args = input("args")
            .map(|text| split_arguments(&text))
            .unwrap_or_default();
    }
    if let Some(env) = env {
        found.env.extend(variables(&mut evaluation, env));
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(found), diagnostics)
}

/// Whether what an action runs before or after the job runs: `pre-if`, `post-if`. Where nothing is written it always
/// does, and unlike the `if` of a step one that asks no status function holds after a failure too.
///
/// There is no answer when it has no value; the diagnostics, whose places are in the file of the action, say why.
pub fn hook_condition(
    hook: &Hook,
    environment: &Environment<'_>,
    status: &dyn JobStatus,
) -> (Option<bool>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let Some(written) = &hook.condition else {
        return (Some(true), diagnostics);
    };
    let (condition, error) = written.parsed();
    let answer = match error {
        Some(error) => Err(error.clone()),
        None => condition.holds_whatever_happened(status, environment),
    };
    match answer {
        Ok(answer) => (Some(answer), diagnostics),
        Err(error) => {
            let mut budget = SizeBudget::default();
            Evaluation::new(*environment, &mut diagnostics, &mut budget).report(error, written.span);
            (None, diagnostics)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Object, Status, Value};
    use crate::{Source, load_action};

    fn action(text: &str) -> Action {
        let loaded = load_action(&Source::new("action.yml", text));
        loaded
            .action
            .unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
    }

    fn contexts(json: &str) -> Object {
        Value::from_json(json).unwrap().as_object().unwrap().clone()
    }

    fn given(pairs: &[(&str, &str)]) -> IndexMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    const INPUTS: &str = "name: A\ndescription: B\ninputs:\n  Who: {required: true}\n  plain: {default: text}\n  computed: {default: \"${{ github.actor }}-${{ runner.os }}\"}\n  number: {default: 5}\n  truth: {default: true}\n  none: {default: }\n  old: {deprecationMessage: use new}\n  bare:\nruns: ";

    fn inputs_of(runs: &str, pairs: &[(&str, &str)]) -> ActionInputs {
        let action = action(&format!("{INPUTS}{runs}\n"));
        let contexts = contexts(r#"{"github": {"actor": "me"}, "runner": {"os": "Linux"}}"#);
        let (found, diagnostics) = action_inputs(&action, &given(pairs), &Environment::new(&contexts));
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        found.unwrap()
    }

    const NODE: &str = "{using: node20, main: m.js}";
    const DOCKER: &str = "{using: docker, image: Dockerfile}";

    #[test]
    fn inputs_are_given_or_have_their_default() {
        let found = inputs_of(NODE, &[("WHO", "you"), ("Plain", "")]);
        let want = given(&[
            ("Who", "you"),
            ("plain", ""),
            ("computed", "me-Linux"),
            ("number", "5"),
            ("truth", "true"),
            ("none", ""),
            ("old", ""),
            ("bare", ""),
        ]);
        assert_eq!(found.values, want);
        assert_eq!(found.values.keys().next().unwrap(), "Who");
        assert!(found.unexpected.is_empty() && found.missing.is_empty() && found.deprecated.is_empty());
    }

    #[test]
    fn inputs_are_variables_of_their_name() {
        for (name, want) in [
            ("my-in", "INPUT_MY-IN"),
            ("two words", "INPUT_TWO_WORDS"),
            ("größe", "INPUT_GRÖßE"),
        ] {
            assert_eq!(input_variable(name), want);
        }
    }

    #[test]
    fn what_does_not_fit_is_named_and_passed_on() {
        let pairs = [("OLD", "x"), ("whom", "y"), ("Args", "z"), ("entrypoint", "e")];
        let found = inputs_of(NODE, &pairs);
        assert_eq!(found.unexpected, ["whom", "Args", "entrypoint"]);
        assert_eq!(found.missing, ["Who"]);
        assert_eq!(found.deprecated, [("old".to_owned(), "use new".to_owned())]);
        assert_eq!(
            (
                &*found.values["old"],
                &*found.values["whom"],
                &*found.values["Who"]
            ),
            ("x", "y", "")
        );
        // A container action takes these two, whatever it declares.
        assert_eq!(inputs_of(DOCKER, &pairs).unexpected, ["whom"]);
    }

    #[test]
    fn a_default_without_a_value_says_why() {
        let action = action(
            "name: A\ndescription: B\ninputs: {a: {default: \"${{ fromJSON('') }}\"}}\nruns: {using: node20, main: m.js}\n",
        );
        let contexts = Object::new();
        let (found, diagnostics) = action_inputs(&action, &IndexMap::new(), &Environment::new(&contexts));
        assert!(found.is_none());
        assert_eq!(diagnostics.as_slice()[0].code, crate::codes::EVALUATION);
        // Given, it is not asked for.
        let (found, _) = action_inputs(&action, &given(&[("A", "x")]), &Environment::new(&contexts));
        assert_eq!(found.unwrap().values["a"], "x");
    }

    #[test]
    fn outputs_of_a_composite_action_are_texts() {
        let text = "name: A\ndescription: B\noutputs:\n  r: {description: d, value: \"<${{ steps.x.outputs.r }}>\"}\n  n: {description: d, value: \"${{ fromJSON('1.50') }}\"}\n  i: {description: d, value: \"${{ inputs.who }}\"}\n  none: {description: d, value: \"${{ steps.none.outputs.z }}\"}\nruns: {using: composite, steps: [{run: x, shell: bash}]}\n";
        let contexts = contexts(r#"{"steps": {"x": {"outputs": {"r": "deep"}}}, "inputs": {"who": "me"}}"#);
        let (found, _) = action_outputs(&action(text), &Environment::new(&contexts));
        assert_eq!(
            found.unwrap(),
            given(&[("r", "<deep>"), ("n", "1.5"), ("i", "me"), ("none", "")])
        );
        let broken = text.replace("inputs.who", "fromJSON('{')");
        let (found, diagnostics) = action_outputs(&action(&broken), &Environment::new(&contexts));
        assert!(found.is_none() && diagnostics.is_blocking());
    }

    #[test]
    fn a_container_gets_arguments_and_variables() {
        let text = |more: &str| {
            format!(
                "name: A\ndescription: B\ninputs: {{who: }}\nruns:\n  using: docker\n  image: Dockerfile\n{more}"
            )
        };
        let contexts =
            contexts(r#"{"inputs": {"who": "a b", "args": "one \"two three\" \\\"", "entryPoint": "/e"}}"#);
        let ask = |more: &str| {
            let (found, diagnostics) = action_arguments(&action(&text(more)), &Environment::new(&contexts));
            assert!(diagnostics.is_empty());
            found.unwrap()
        };
        let found = ask(
            "  args: [\"${{ inputs.who }}\", '', 3]\n  env: {WHO: \"${{ inputs.who }}!\"}\n  entrypoint: /own\n",
        );
        assert_eq!(found.args, ["a b", "", "3"]);
        assert_eq!(found.env, given(&[("WHO", "a b!")]));
        assert_eq!(found.entrypoint.as_deref(), Some("/own"));
        let found = ask("");
        assert_eq!(found.args, ["one", "two three", "\""]);
        assert_eq!(found.entrypoint.as_deref(), Some("/e"));
        // An empty list is a list: the input does not count.
        assert_eq!(ask("  args: []\n").args, Vec::<String>::new());
        let (found, diagnostics) = action_arguments(
            &action(&text("  args: [\"${{ fromJSON('') }}\"]\n")),
            &Environment::new(&contexts),
        );
        assert!(found.is_none() && diagnostics.is_blocking());
    }

    #[test]
    fn hooks_always_run_unless_they_say_when() {
        let contexts = contexts(r#"{"runner": {"os": "Linux"}}"#);
        let environment = Environment::new(&contexts);
        let holds = |written: &str, status: Status| {
            let written = if written.is_empty() {
                String::new()
            } else {
                format!(", post-if: \"{written}\"")
            };
            let action = action(&format!(
                "name: A\ndescription: B\nruns: {{using: node20, main: m.js, post: p.js{written}}}\n"
            ));
            let ActionKind::Node { post, .. } = action.kind else {
                panic!("no script");
            };
            hook_condition(&post, &environment, &status).0
        };
        for (written, success, failure, cancelled) in [
            ("", true, true, true),
            ("always()", true, true, true),
            ("success()", true, false, false),
            ("failure()", false, true, false),
            ("cancelled()", false, false, true),
            ("runner.os == 'Linux'", true, true, true),
            ("runner.os == 'Windows'", false, false, false),
            ("success() && runner.os == 'Linux'", true, false, false),
        ] {
            let answers =
                [Status::Success, Status::Failure, Status::Cancelled].map(|status| holds(written, status));
            assert_eq!(
                answers,
                [Some(success), Some(failure), Some(cancelled)],
                "{written}"
            );
        }
        assert_eq!(holds("fromJSON('')", Status::Success), None);
    }
}
