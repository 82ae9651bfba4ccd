//! Needs: unknown, of itself, in circles.

use insta::assert_snapshot;

use super::{found, load_text};
use crate::Dialect::Loom;

fn jobs(needs: &[(&str, &str)]) -> String {
    let job = |(id, needs): &(&str, &str)| format!("  {id}:\n    needs: {needs}\n    steps: [{{run: x}}]\n");
    format!("jobs:\n{}", needs.iter().map(job).collect::<String>())
}

#[test]
fn unknown_needs_are_guessed_at() {
    assert_snapshot!(found(
        &jobs(&[
            ("build", "[]"),
            ("test", "[biuld, BUILD]"),
            ("zzz", "quite-another")
        ]),
        Loom
    ));
    assert_snapshot!(found(
        "jobs:\n  a:\n    name: Build all\n    steps: [{run: x}]\n  b:\n    needs: Build all\n    steps: [{run: x}]\n",
        Loom
    ));
    assert_snapshot!(found(&jobs(&[("only", "other-one")]), Loom));
}

#[test]
fn a_job_cannot_need_itself() {
    assert_snapshot!(found(&jobs(&[("a", "[A, b]"), ("b", "[]")]), Loom));
}

#[test]
fn circles_show_their_path_and_every_need_of_it() {
    assert_snapshot!(found(
        &jobs(&[
            ("start", "c"),
            ("a", "[b]"),
            ("b", "[start, a]"),
            ("c", "[d, b]"),
            ("d", "start")
        ]),
        Loom
    ));
}

#[test]
fn two_circles_are_two_findings() {
    assert_snapshot!(found(
        &jobs(&[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]),
        Loom
    ));
}

#[test]
fn a_circle_of_thousands_is_one_short_finding() {
    let count = 5_000;
    let text: String = (0..count)
        .map(|n| format!("  j{n}: {{needs: j{}, steps: [{{run: x}}]}}\n", (n + 1) % count))
        .collect();
    let (_, loaded) = load_text(&format!("jobs:\n{text}"), Loom);
    assert_eq!(loaded.diagnostics.len(), 1);
    let found = &loaded.diagnostics.as_slice()[0];
    assert_eq!(
        found.message,
        "jobs need each other in a circle: `j0 -> j1 -> j2 -> j3 -> j4 -> j5 -> j6 -> j7 -> j8 -> j9 -> j10 -> j11 -> … (4988 more) -> j0`"
    );
    assert_eq!(found.labels.len(), 17);
}

#[test]
fn of_ten_thousand_unknown_needs_a_bounded_number_is_shown() {
    let text: String = (0..10_000)
        .map(|n| format!("  job-{n}: {{needs: jbo-{n}, steps: [{{run: x}}]}}\n"))
        .collect();
    let (_, loaded) = load_text(&format!("jobs:\n{text}"), Loom);
    assert_eq!(
        (loaded.diagnostics.len(), loaded.diagnostics.omitted()),
        (1_000, 9_000)
    );
    assert!(loaded.workflow.is_none());
}
