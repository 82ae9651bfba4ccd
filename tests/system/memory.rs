//! What a run holds in memory does not grow with what it has done.

use crate::harness::Project;

/// Steps of the job, and the one behind which what is held is looked at first.
const STEPS: usize = 200;
const FIRST: usize = 20;

/// Bytes of variables that each of them has.
const VARIABLES: u64 = 12 * 100_000;

/// Says how much memory the program that runs the workflow held at most so far.
const LOOK: &str = r#"
          p=$PPID
          until [ "$(cat /proc/$p/comm)" = loom-runtime ]; do
            p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status)
            [ "$p" -gt 1 ] || exit 9
          done
          sed -n 's/^VmHWM:[^0-9]*/at-most /p' /proc/$p/status
"#;

#[test]
fn many_steps_with_a_large_environment_are_not_held_all_at_once() {
    let fill =
        r#"for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf 'LARGE%s=%0100000d\n' $i 0 >> "$GITHUB_ENV"; done"#;
    let mut workflow =
        format!("jobs:\n  a:\n    defaults: {{ run: {{ shell: sh }} }}\n    steps:\n      - run: {fill}\n");
    for step in 1..STEPS {
        if step == FIRST || step == STEPS - 1 {
            workflow.push_str(&format!("      - run: |{LOOK}"));
        } else {
            workflow.push_str("      - run: test ${#LARGE12} = 100000\n");
        }
    }
    let outcome = Project::with(&workflow)
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0);
    let held: Vec<u64> = outcome
        .stdout
        .lines()
        .filter_map(|line| line.split_once("at-most ")?.1.strip_suffix(" kB")?.parse().ok())
        .collect();
    let [first, last] = held[..] else {
        panic!("two looks are wanted: {outcome}")
    };
    let grown = last.saturating_sub(first) * 1024;
    let all = VARIABLES * (STEPS - FIRST) as u64;
    assert!(
        grown < all / 4,
        "{grown} bytes more after {all} bytes of variables"
    );
}
