//! The graph: its questions by table, its order by property.

use std::collections::HashSet;

use proptest::prelude::*;

use crate::{Dag, JobId};

fn dag(jobs: &[(&str, &[&str])]) -> Dag {
    Dag::build(
        jobs.iter()
            .map(|(id, needs)| (JobId::from(*id), needs.iter().map(|need| JobId::from(*need)))),
    )
}

fn words(ids: &[&JobId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn cycles(dag: &Dag) -> Vec<String> {
    dag.cycles()
        .iter()
        .map(|cycle| {
            cycle
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[test]
fn a_diamond_answers_every_question() {
    let dag = dag(&[
        ("deploy", &["test", "lint"]),
        ("lint", &["build"]),
        ("test", &["build"]),
        ("build", &[]),
    ]);
    let done = |ids: &[&str]| ids.iter().map(|id| JobId::from(*id)).collect::<HashSet<_>>();
    assert_eq!(words(&dag.ready(&done(&[]))), ["build"]);
    assert_eq!(words(&dag.ready(&done(&["build"]))), ["lint", "test"]);
    assert_eq!(words(&dag.ready(&done(&["build", "test"]))), ["lint"]);
    assert_eq!(words(&dag.ready(&done(&["build", "test", "lint"]))), ["deploy"]);
    assert_eq!(
        words(&dag.ready(&done(&["build", "test", "lint", "deploy"]))),
        Vec::<String>::new()
    );
    assert_eq!(
        words(&dag.execution_order().unwrap()),
        ["build", "lint", "test", "deploy"]
    );
    assert!(!dag.has_cycles());
    assert_eq!(words(&dag.dependencies(&"deploy".into())), ["lint", "test"]);
    assert_eq!(words(&dag.dependents(&"build".into())), ["lint", "test"]);
    assert_eq!(words(&dag.dependents(&"nope".into())), Vec::<String>::new());
    let mut with: Vec<_> = dag
        .with_dependencies(&["Lint".into()])
        .iter()
        .map(ToString::to_string)
        .collect();
    with.sort();
    assert_eq!(with, ["build", "lint"]);
}

#[test]
fn cycles_start_at_the_job_first_in_the_file() {
    for (jobs, want) in [
        (&[("a", &[] as &[&str])] as &[(&str, &[&str])], &[] as &[&str]),
        (&[("a", &["a"])], &["a"]),
        (&[("a", &["b"]), ("b", &["a"])], &["a b"]),
        (
            &[("x", &["a"]), ("b", &["c"]), ("a", &["b"]), ("c", &["a"])],
            &["b c a"],
        ),
        (
            &[("c", &["d"]), ("a", &["b"]), ("b", &["a"]), ("d", &["c"])],
            &["c d", "a b"],
        ),
        (&[("a", &["b", "c"]), ("b", &["c"]), ("c", &["a"])], &["a c"]),
        (&[("a", &["unknown"])], &[]),
    ] {
        let dag = dag(jobs);
        assert_eq!(cycles(&dag), want, "{jobs:?}");
        assert_eq!(dag.has_cycles(), !want.is_empty(), "{jobs:?}");
        assert_eq!(dag.execution_order().is_err(), !want.is_empty(), "{jobs:?}");
    }
    let error = dag(&[("a", &["b"]), ("b", &["a"])])
        .execution_order()
        .unwrap_err();
    assert_eq!(error.to_string(), "jobs need each other in a circle: a -> b -> a");
}

#[test]
fn ten_thousand_jobs_wide_and_deep_are_ordered() {
    let count = 10_000;
    let id = |n: usize| JobId::new(format!("j{n}"));
    let chain = Dag::build((0..count).map(|n| (id(n), n.checked_sub(1).map(id))));
    let fan = Dag::build((0..count).map(|n| {
        (
            id(n),
            if n == count - 1 {
                (0..n).map(id).collect()
            } else {
                vec![]
            },
        )
    }));
    for dag in [&chain, &fan] {
        assert_eq!(dag.execution_order().unwrap().len(), count);
        assert!(dag.cycles().is_empty() && !dag.has_cycles());
        let mut progress = dag.progress();
        let mut todo = progress.ready();
        let mut finished = 0;
        while let Some(job) = todo.pop() {
            finished += 1;
            todo.extend(progress.complete(job));
        }
        assert!(progress.is_complete());
        assert_eq!(finished, count);
    }
    let ring = Dag::build((0..count).map(|n| (id(n), Some(id((n + 1) % count)))));
    assert_eq!(ring.cycles()[0].len(), count);
}

/// Needs by number; `allowed` says how far a job may reach.
fn graphs(forward_only: bool) -> impl Strategy<Value = Vec<Vec<usize>>> {
    (1_usize..25).prop_flat_map(move |count| {
        (0..count)
            .map(|n| {
                let reach = if forward_only { n } else { count };
                prop::collection::vec(0..reach.max(1), 0..if reach == 0 { 1 } else { 4 })
            })
            .collect::<Vec<_>>()
    })
}

fn built(needs: &[Vec<usize>]) -> Dag {
    let id = |n: usize| JobId::new(format!("j{n}"));
    Dag::build(
        needs
            .iter()
            .enumerate()
            .map(|(n, needs)| (id(n), needs.iter().map(|n| id(*n)).collect::<Vec<_>>())),
    )
}

proptest! {
    #[test]
    fn in_the_order_every_job_comes_after_its_needs(needs in graphs(true)) {
        let dag = built(&needs);
        let order = dag.execution_order().unwrap();
        prop_assert_eq!(order.len(), needs.len());
        let mut done = HashSet::new();
        for job in &order {
            prop_assert!(dag.ready(&done).contains(job));
            done.insert((*job).clone());
        }
    }

    #[test]
    fn every_cycle_is_real_and_found_when_there_is_one(needs in graphs(false)) {
        let dag = built(&needs);
        let cycles = dag.cycles();
        prop_assert_eq!(cycles.is_empty(), dag.execution_order().is_ok());
        prop_assert_eq!(cycles.is_empty(), !dag.has_cycles());
        let place = |id: &JobId| id.as_str()[1..].parse::<usize>().unwrap();
        for cycle in &cycles {
            for (from, to) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
                prop_assert!(needs[place(from)].contains(&place(to)), "{:?}", cycle);
            }
            prop_assert_eq!(cycle.iter().map(place).min(), cycle.first().map(place));
        }
    }
}
