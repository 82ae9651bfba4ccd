//! Any text is loaded, checked and planned as a workflow of both dialects and as an action, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loom_workflow::{Dialect, PlanOptions, Source};

fuzz_target!(|text: &str| {
    for (name, dialect) in [
        (".loom.yml", Dialect::Loom),
        (".github/workflows/fuzz.yml", Dialect::GitHub),
    ] {
        let source = Source::new(name, text);
        let loaded = loom_workflow::load(&source, dialect);
        if let Some(workflow) = &loaded.workflow {
            let _ = loom_workflow::plan(workflow, &PlanOptions::default());
        }
    }
    let source = Source::new("action.yml", text);
    let _ = loom_workflow::load_action(&source);
});
