//! Any text is loaded, checked, planned, and expanded for an event, as a workflow of both dialects and as an action, without
//! a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loom_workflow::expression::{Environment, Object, Value};
use loom_workflow::{Dialect, Event, Source, Workflow};

fuzz_target!(|text: &str| {
    for (name, dialect) in [
        (".loom.yml", Dialect::Loom),
        (".github/workflows/fuzz.yml", Dialect::GitHub),
    ] {
        let source = Source::new(name, text);
        let loaded = loom_workflow::load(&source, dialect);
        if let Some(workflow) = &loaded.workflow {
            let _ = loom_workflow::notices(workflow);
            for_an_event(workflow);
        }
    }
    let source = Source::new("action.yml", text);
    let _ = loom_workflow::load_action(&source);
});

fn for_an_event(workflow: &Workflow) {
    let payload = r#"{"action": "opened", "ref": "refs/heads/main", "names": ["a", "b"], "list": [1, [2], {"c": [3]}]}"#;
    let payload = Value::from_json(payload).unwrap_or(Value::Null);
    let event = Event::new("push")
        .with_payload(payload)
        .with_changed_paths(["src/a"]);
    let contexts: Object = [("github", Value::object(event.github()))].into_iter().collect();
    let _ = loom_workflow::plan_for_event(workflow, &event, &contexts);
    let _ = loom_workflow::run_values(workflow, &contexts);
    for job in workflow.jobs.values() {
        let _ = loom_workflow::instance_names(job);
        let (instances, _) = loom_workflow::expand(workflow, job, &contexts);
        for instance in instances.iter().flatten().take(2) {
            let environment = Environment::new(&instance.contexts);
            for step in &job.steps {
                let _ = loom_workflow::step_values(step, &instance.defaults, &environment);
            }
            let _ = loom_workflow::job_outputs(job, &environment);
        }
    }
}
