//! `kill -9` in the middle of a run, on the host; and what the journal tells afterwards.

use rustix::process::Signal;

use crate::harness::{Project, until};

pub(crate) const LONG: &str = "name: long
jobs:
  done:
    runs-on: alpine:latest
    steps:
      - run: echo done-before
  long:
    runs-on: alpine:latest
    needs: done
    steps:
      - run: |
          echo it-runs
          sleep 600
";

#[test]
fn a_killed_run_is_told_as_what_it_was_and_leaves_no_process() {
    let project = Project::with(
        "name: long\njobs:\n  long:\n    steps:\n      - run: |\n          echo $$ > pid\n          echo it-runs\n          sleep 600\n",
    );
    let mut running = project.loom(&["run", "--executor", "host"]).start();
    running.until_stdout("it-runs");
    running.signal(Signal::KILL);
    drop(running);
    let id = project.newest_run();
    let shown = project.loom(&["runs", "show", &id]).run().exits(0);
    assert!(
        !shown.stdout.contains("success"),
        "nobody knows a good end of it\n{shown}"
    );
    // The next start cleans up, whatever it runs itself.
    project.file("other.loom.yml", "jobs:\n  a:\n    steps: [{ run: 'true' }]\n");
    project
        .loom(&["run", "--executor", "host", "other.loom.yml"])
        .run()
        .exits(0);
    let pid = project.read("pid");
    until("no process of the dead run", || {
        (!std::path::Path::new("/proc").join(pid.trim()).exists()).then_some(())
    });
    project.loom(&["runs", "show", &id]).run().exits(0).prints("lost");
}

#[test]
fn the_list_of_runs_is_the_same_after_its_projection_was_deleted() {
    let project = Project::with(
        "name: kept\njobs:\n  a:\n    steps:\n      - run: echo hello\n  b:\n    needs: a\n    steps:\n      - run: exit 3\n",
    );
    project.loom(&["run", "--executor", "host"]).run().exits(1);
    let id = project.newest_run();
    let tell = |project: &Project| {
        let list = project.loom(&["runs", "list"]).run().exits(0).stdout;
        let show = project.loom(&["runs", "show", &id]).run().exits(0).stdout;
        (list, show)
    };
    let before = tell(&project);
    assert!(before.1.contains("failure"), "{}", before.1);
    project.delete_projections();
    assert_eq!(tell(&project), before);
}
