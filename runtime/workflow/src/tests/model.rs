//! What the model keeps of a file beside its values: what is missing, which keys stand where, what is read once.

use std::sync::Arc;

use super::{found, shown, workflow};
use crate::Dialect::GitHub;
use crate::expression::{Object, Value};
use crate::model::{ByName, Env, Free, FreeMapping, FreeValue, Literal, Scalar};
use crate::{Source, Workflow, expand};

/// A job with a matrix whose one list is `a`.
fn with_list(list: &str) -> String {
    format!(
        "on: push\njobs:\n  j:\n    strategy:\n      matrix:\n        a: {list}\n    runs-on: x\n    steps: [{{run: x}}]\n"
    )
}

fn listed(workflow: &Workflow) -> &[Free] {
    let (_, matrix) = workflow.jobs[0].written_matrix().unwrap();
    match &matrix.value.vectors["a"].value.value {
        Literal::Value(items) => items,
        Literal::Expression(_) | Literal::Computed(_) => panic!("not written out"),
    }
}

fn mapping(value: &Free) -> &Arc<FreeMapping> {
    match &value.value {
        FreeValue::Mapping(mapping) => mapping,
        _ => panic!("no mapping"),
    }
}

#[test]
fn what_aliases_repeat_is_shared() {
    let workflow = workflow(&with_list("[&v {k: '${{ github.ref }}'}, *v, *v, [*v]]"), GitHub);
    let items = listed(&workflow);
    let again = items[3].as_list().unwrap();
    assert!(Arc::ptr_eq(mapping(&items[1]), mapping(&items[2])));
    assert!(Arc::ptr_eq(mapping(&items[1]), mapping(&again[0])));
    assert_eq!(items[0].span, items[1].span);
    assert_eq!((items[0].alias.is_none(), items[1].alias.is_some()), (true, true));
}

/// The tree keeps a word once, however often and in whatever style it is written.
#[test]
fn aliases_of_the_same_word_keep_their_types() {
    let workflow = workflow(&with_list("[&a true, &b 'true', *a, *b]"), GitHub);
    let described: Vec<&str> = listed(&workflow).iter().map(Free::describe).collect();
    assert_eq!(described, ["a boolean", "text", "a boolean", "text"]);
}

#[test]
fn values_of_any_shape_keep_their_types_and_their_mistakes_their_place() {
    let text = with_list("[~, true, 1.50, \"q\", 'x ${{ fromJSON(''{'') }}']");
    let workflow = workflow(&text, GitHub);
    let items = listed(&workflow);
    let shown_as: Vec<&str> = items.iter().map(Free::describe).collect();
    assert_eq!(shown_as, ["nothing", "a boolean", "a number", "text", "text"]);
    let texts: Vec<Arc<str>> = items
        .iter()
        .filter_map(|item| item.as_scalar().map(Scalar::to_text))
        .collect();
    assert_eq!(
        texts.iter().map(|text| &**text).take(4).collect::<Vec<_>>(),
        ["", "true", "1.5", "q"]
    );
    let plain: Vec<bool> = items.iter().map(Free::is_plain).collect();
    assert_eq!(plain, [true, true, true, true, false]);

    let (instances, mistakes) = expand(&workflow, &workflow.jobs[0], &Object::new());
    assert!(instances.is_none());
    let mistakes = shown(&Source::new("w.yml", text), &mistakes);
    assert!(mistakes.contains(r#"6:36 "${{ fromJSON"#), "{mistakes}");
}

#[test]
fn names_with_expressions_keep_them_read() {
    let text = "on: push\njobs:\n  j:\n    strategy: {matrix: {a: [1, 2]}}\n    runs-on: x\n    env: {'A${{ matrix.a }}': x, B: y}\n    steps: [{run: x}]\n";
    let workflow = workflow(text, GitHub);
    let Some(Env::Variables(variables)) = workflow.jobs[0].env.as_deref() else {
        panic!("no variables");
    };
    let computed: Vec<bool> = variables.values().map(|named| named.computed.is_some()).collect();
    assert_eq!(computed, [true, false]);
    assert!(!variables.has_known_names() && !variables.incomplete);
    let (instances, _) = expand(&workflow, &workflow.jobs[0], &Object::new());
    let names: Vec<Vec<String>> = instances
        .unwrap()
        .into_iter()
        .map(|instance| instance.env.into_keys().collect())
        .collect();
    assert_eq!(names, [["A1", "B"], ["A2", "B"]]);
    assert_eq!(Value::Null.to_text(), Arc::from(""));
}

#[test]
fn a_level_says_which_keys_it_has_and_where() {
    let text =
        "on: push\ncache-mode: read\njobs:\n  j:\n    runs-on: x\n    snapshot: y\n    steps: [{run: x}]\n";
    let workflow = workflow(text, GitHub);
    let place =
        |keys: &crate::model::Keys, key: &str| keys.place(key).and_then(|place| text.get(place.range()));
    assert_eq!(place(&workflow.keys, "cache-mode"), Some("cache-mode"));
    assert_eq!(place(&workflow.jobs[0].keys, "snapshot"), Some("snapshot"));
    assert!(!workflow.jobs[0].keys.contains("needs"));
}

#[test]
fn what_stands_under_free_names_says_whether_something_is_missing() {
    let mut names: ByName<u8> = ByName::default();
    names.add(&Arc::from("a"), || 1);
    names.add(&Arc::from("a"), || 2);
    assert_eq!((names["a"], names.len(), names.has_known_names()), (1, 1, true));
    names.add(&Arc::from("${{ x }}"), || 3);
    assert!(!names.has_known_names());
    assert!(ByName::<u8>::unreadable().incomplete);
}

/// A mistake is reported once: what it takes away is not missed elsewhere.
#[test]
fn nothing_is_missed_that_a_mistake_took_away() {
    let job =
        |keys: &str| format!("on: push\njobs:\n  one:\n    runs-on: x\n{keys}    steps: [{{run: x}}]\n");
    let reader =
        "  two:\n    needs: one\n    runs-on: x\n    steps: [{run: 'echo ${{ needs.one.outputs.b }}'}]\n";
    let outputs = |written: &str| found(&format!("{}{reader}", job(written)), GitHub);
    assert!(outputs("    outputs: {a: x}\n").contains("has no output `b`"));
    assert_eq!(
        outputs("    outputs: {a: x, b: [y]}\n").matches("error[").count(),
        1
    );

    let services = |written: &str| {
        let text = job(written).replace("run: x", "run: 'echo ${{ job.services.b.id }}'");
        found(&text, GitHub).matches("error[").count()
    };
    assert_eq!(services("    services: {b: {image: y}}\n"), 0);
    assert_eq!(services("    services: {b: [y]}\n"), 1);

    let steps = found(
        "on: push\njobs:\n  one:\n    runs-on: x\n    steps:\n      - [id]\n      - run: echo ${{ steps.id.outputs.x }}\n",
        GitHub,
    );
    assert_eq!(steps.matches("error[").count(), 1, "{steps}");
}
