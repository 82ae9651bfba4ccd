//! `loom-runtime serve`: the studio with the runtime in it, over the wire.

mod actors;
mod asked;
mod begin;
mod guests;
mod lists;
mod live;
mod long_poll;
mod orders;
mod resume;
mod schedules;
mod stop;
mod strangers;
mod texts;
mod tls;
mod warnings;
mod workflows;

/// Two jobs that end at once, and one that goes on until it is stopped.
const PROJECT: &str = "name: quick
jobs:
  first:
    steps:
      - run: echo first-line
  second:
    needs: first
    steps:
      - run: echo second-line
";

const ENDLESS: &str = "name: endless
on: push
jobs:
  long:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo it-runs
          sleep 600
";

/// A project with both.
pub(crate) fn project() -> crate::harness::Project {
    let project = crate::harness::Project::with(PROJECT);
    project.file(".github/workflows/endless.yml", ENDLESS);
    project
}
