//! Nothing that can be written panics or runs away: random text, and valid files with random damage.

use proptest::prelude::*;

use crate::cron::Cron;
use crate::expression::{Environment, Object, Status, Value};
use crate::glob::{Pattern, Subject};
use crate::model::action::{Action, ActionKind};
use crate::{
    Diagnostics, Dialect, Event, ImageTable, Source, StepDefaults, Work, Workflow, action_arguments,
    action_inputs, action_outputs, expand, hook_condition, image_of, instance_names, job_outputs, load,
    load_action, notices, plan_for_event, run_values, shell_of, step_condition, step_values,
};

const SAMPLES: [&str; 7] = [
    include_str!("../testdata/matrix.yml"),
    include_str!("../testdata/everything.yml"),
    include_str!("../testdata/diamond.loom.yml"),
    include_str!("../testdata/mistakes.loom.yml"),
    include_str!("../testdata/loom-keys.yml"),
    include_str!("../testdata/events.yml"),
    include_str!("../testdata/action-mistakes.yml"),
];

/// Pieces that mean something to one of the stages.
const PIECES: [&str; 24] = [
    "\n",
    "  ",
    "- ",
    ": ",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!int ",
    "[",
    "]",
    "{",
    "}",
    "${{ x",
    "}}",
    "\u{feff}",
    "---\n",
    "é😀",
    "\t",
    "jobs:\n",
    "needs: [build, deploy]\n",
];

pub(super) fn runs(text: &str) {
    let source = Source::new("random.yml", text);
    for dialect in [Dialect::Loom, Dialect::GitHub] {
        let loaded = load(&source, dialect);
        assert_eq!(loaded.workflow.is_none(), loaded.diagnostics.is_blocking());
        let mut all = loaded.diagnostics.clone();
        if let Some(workflow) = &loaded.workflow {
            all.extend(planned_for_an_event(workflow));
            let notices = notices(workflow);
            assert!(!notices.is_blocking());
            all.extend(notices);
        }
        let action = load_action(&source);
        assert_eq!(action.action.is_none(), action.diagnostics.is_blocking());
        all.extend(action.diagnostics);
        if let Some(action) = &action.action {
            all.extend(called(action));
        }
        for found in &all {
            assert!(!found.message.contains(char::is_control), "{:?}", found.message);
            for label in &found.labels {
                assert!(!label.text.contains(char::is_control), "{:?}", label.text);
                assert!(
                    text.get(label.span.range()).is_some(),
                    "{label:?} is not in the text"
                );
                let place = source.position(label.span.start);
                assert!(place.line >= 1 && place.column >= 1);
            }
        }
    }
}

/// Everything that a plan can be asked, with contexts that hold something.
fn planned_for_an_event(workflow: &Workflow) -> Diagnostics {
    let payload = r#"{"action": "opened", "ref": "refs/heads/main", "names": ["one", "two"], "list": [1, [2], {"a": [3, 4]}]}"#;
    let event = Event::new("push")
        .with_payload(Value::from_json(payload).unwrap())
        .with_changed_paths(["src/a", ""]);
    let contexts: Object = [("github", Value::object(event.github()))].into_iter().collect();
    let mut all = plan_for_event(workflow, &event, &contexts).diagnostics;
    let (values, diagnostics) = run_values(workflow, &contexts);
    assert_eq!(values.is_none(), diagnostics.is_blocking());
    all.extend(diagnostics);
    for job in workflow.jobs.values() {
        let (instances, diagnostics) = expand(workflow, job, &contexts);
        assert_eq!(instances.is_none(), diagnostics.is_blocking());
        if let (Some(names), Some(instances)) = (instance_names(job), &instances) {
            assert!(names.iter().eq(instances.iter().map(|instance| &instance.name)));
        }
        all.extend(diagnostics);
        for instance in instances.iter().flatten().take(2) {
            let environment = Environment::new(&instance.contexts);
            let (image, diagnostics) = image_of(job, instance, &ImageTable::new(), workflow.dialect);
            assert_eq!(image.is_none(), diagnostics.is_blocking());
            all.extend(diagnostics);
            for step in &job.steps {
                let (values, diagnostics) = step_values(step, &instance.defaults, &environment);
                assert_eq!(values.is_none(), diagnostics.is_blocking());
                all.extend(diagnostics);
                if let Some(Work::Run { shell, .. }) = values.map(|values| values.work) {
                    let (shell, diagnostics) = shell_of(step, shell.as_deref());
                    assert_eq!(shell.is_none(), diagnostics.is_blocking());
                    all.extend(diagnostics);
                }
                all.extend(step_condition(step, &environment, &Status::Failure).1);
            }
            all.extend(job_outputs(job, &environment).1);
        }
    }
    all
}

/// Everything that an action can be asked.
fn called(action: &Action) -> Diagnostics {
    let given = [
        ("Name".to_owned(), "x".to_owned()),
        ("args".to_owned(), "a \"b".to_owned()),
    ];
    let contexts = Object::new();
    let environment = Environment::new(&contexts);
    let (inputs, mut all) = action_inputs(action, &given.into_iter().collect(), &environment);
    assert_eq!(inputs.is_none(), all.is_blocking());
    let inputs: Object = inputs
        .into_iter()
        .flat_map(|inputs| inputs.values)
        .map(|(name, value)| (name, Value::string(value)))
        .collect();
    let contexts: Object = [("inputs", Value::object(inputs))].into_iter().collect();
    let environment = Environment::new(&contexts);
    all.extend(action_outputs(action, &environment).1);
    all.extend(action_arguments(action, &environment).1);
    match &action.kind {
        ActionKind::Node { pre, post, .. } | ActionKind::Docker { pre, post, .. } => {
            for hook in [pre, post] {
                all.extend(hook_condition(hook, &environment, &Status::Failure).1);
            }
        }
        ActionKind::Composite { steps } => {
            for step in steps.iter().filter_map(|step| step.step.as_ref()) {
                all.extend(step_values(step, &StepDefaults::default(), &environment).1);
            }
        }
    }
    all
}

/// One change: at a place (as a share of the text), remove some characters and put a piece in.
fn damage() -> impl Strategy<Value = (f64, usize, usize)> {
    (0.0..1.0, 0_usize..12, 0..PIECES.len() + 1)
}

fn damaged(sample: &str, changes: &[(f64, usize, usize)]) -> String {
    let mut text: Vec<char> = sample.chars().collect();
    for (place, removed, piece) in changes {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a short length"
        )]
        let at = (place * text.len() as f64) as usize;
        let end = (at + removed).min(text.len());
        text.splice(at..end, PIECES.get(*piece).copied().unwrap_or_default().chars());
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_ends_in_a_verdict(text in any::<String>()) {
        runs(&text);
    }

    #[test]
    fn any_mix_of_meaningful_pieces_ends_in_a_verdict(pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        runs(&pieces.iter().map(|piece| PIECES[*piece]).collect::<String>());
    }

    #[test]
    fn any_damage_to_a_valid_file_ends_in_a_verdict(
        sample in 0..SAMPLES.len(),
        changes in prop::collection::vec(damage(), 1..6),
    ) {
        runs(&damaged(SAMPLES[sample], &changes));
    }

    #[test]
    fn any_pattern_has_a_verdict_within_itself(text in "[a-c/*?+!\\\\\\[\\]é-]{0,12}|\\PC*", other in "[a-cé/]{0,8}") {
        for subject in [Subject::Ref, Subject::Path, Subject::Text] {
            match Pattern::parse(&text, subject) {
                Ok(pattern) => {
                    let _matched = pattern.matches(&other);
                }
                Err(errors) => {
                    for error in errors {
                        prop_assert!(text.get(error.span.range()).is_some(), "{error:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn plain_text_matches_itself_only(text in "[a-z/]{1,8}", other in "[a-z/]{1,8}") {
        let pattern = Pattern::parse(&text, Subject::Text).unwrap();
        prop_assert!(pattern.matches(&text));
        prop_assert_eq!(pattern.matches(&other), text == other);
    }

    #[test]
    fn any_schedule_has_a_verdict(text in "[0-9*/,a-z -]{0,24}|\\PC*") {
        if let Ok(cron) = Cron::parse(&text) {
            prop_assert!(cron.shortest_interval() > 0);
        }
    }
}
