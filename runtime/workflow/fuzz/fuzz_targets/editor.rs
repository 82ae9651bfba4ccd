//! Every question of an editor is answered without a panic, at any byte of any text, and names places that lie in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loom_workflow::editor::{Document, FileKind};
use loom_workflow::{Dialect, NoReferences, Source, Span};

fuzz_target!(|input: (u16, &str)| {
    let (at, text) = input;
    let at = usize::from(at);
    for kind in [
        FileKind::Workflow(Dialect::Loom),
        FileKind::Workflow(Dialect::GitHub),
        FileKind::Action,
    ] {
        let document = Document::read(Source::new("fuzz.yml", text), kind);
        let inside = |span: Span| {
            assert!(
                span.start <= span.end && text.get(span.range()).is_some(),
                "{span:?}"
            )
        };
        for one in document.completions(at, &NoReferences) {
            inside(one.replaced);
        }
        if let Some(hover) = document.hover(at, &NoReferences) {
            inside(hover.span);
        }
        document.references(at, true).into_iter().for_each(inside);
        document.outline().iter().for_each(|one| inside(one.span));
        let found = document.diagnostics(&NoReferences);
        for fix in document.fixes(&found, Span::new(0, text.len())) {
            fix.edits.into_iter().for_each(|(span, _)| inside(span));
        }
        let _ = document.definition(at, &NoReferences);
    }
});
