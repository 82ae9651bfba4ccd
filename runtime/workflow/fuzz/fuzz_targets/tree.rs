//! Any text is read into a tree without a panic, and every place that is named lies in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loom_workflow::tree::{Kind, Limits, Node, parse};
use loom_workflow::{Diagnostics, Source};

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.yml", text);
    let mut diagnostics = Diagnostics::new();
    let root = parse(&source, &Limits::default(), &mut diagnostics);
    if let Some(root) = &root {
        inside(root, text.len());
    }
    for finding in diagnostics.iter() {
        for label in &finding.labels {
            assert!(label.span.start <= label.span.end && label.span.end <= text.len());
        }
    }
});

fn inside(node: &Node, end: usize) {
    assert!(node.span.start <= node.span.end && node.span.end <= end);
    match &node.kind {
        Kind::Sequence(items) => items.iter().for_each(|item| inside(item, end)),
        Kind::Mapping(mapping) => mapping.entries.iter().for_each(|entry| {
            assert!(entry.key.span.start <= entry.key.span.end && entry.key.span.end <= end);
            inside(&entry.value, end);
        }),
        Kind::Scalar(_) | Kind::Invalid => {}
    }
}
