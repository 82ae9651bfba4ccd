//! What the engine does not do yet is named before anything starts.

use insta::assert_snapshot;

use super::{plan_found, planned};
use crate::Dialect::{GitHub, Loom};

#[test]
fn everything_that_has_no_effect_yet_is_named() {
    assert_snapshot!(plan_found(include_str!("../testdata/everything.yml"), GitHub));
    assert_snapshot!(plan_found(include_str!("../testdata/loom-keys.yml"), Loom));
}

#[test]
fn expressions_are_named_wherever_they_would_be_evaluated() {
    let text = "name: plain\nenv: {A: '${{ 1 }}'}\ndefaults: {run: {shell: \"${{ 'sh' }}\"}}\njobs:\n  a:\n    defaults: {run: {working-directory: '${{ 2 }}'}}\n    name: Job ${{ 3 }}\n    runs-on: ${{ 4 }}\n    timeout-minutes: ${{ 5 }}\n    env: {B: 'x${{ 6 }}y${{ 7 }}', C: \"$\\x7b{ 8 }}\"}\n    steps:\n      - name: ${{ 9 }}\n        run: |\n          echo ${{ 10 }}\n          echo ${{ 11 }}\n        shell: ${{ 12 }}\n        env: ${{ 13 }}\n        timeout-minutes: ${{ 14 }}\n";
    assert_snapshot!(plan_found(text, Loom));
}

#[test]
fn keys_that_ask_for_nothing_are_fine() {
    let text = "on: [push]\njobs:\n  a:\n    continue-on-error: false\n    steps: [{run: x, continue-on-error: false, background: false, tty: false}]\n";
    assert_eq!(planned(text).jobs.len(), 1);
}

#[test]
fn a_variable_whose_name_is_computed_is_named() {
    let text = "env: {'A-${{ github.ref }}': x}\njobs: {a: {steps: [{run: x}]}}\n";
    assert!(plan_found(text, Loom).contains("the name of this variable"));
}
