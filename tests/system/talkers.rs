//! Jobs that print much at the same time: every line of each is shown and kept, in its order. On this machine here, in
//! containers in `docker/same_result.rs`.

use crate::harness::{Loom, Project};

const JOBS: usize = 8;
const LINES: usize = 100_000;

pub(crate) fn lose_no_line(start: &dyn Fn(&Project, &[&str]) -> Loom) {
    let mut workflow = "jobs:\n".to_owned();
    for job in 0..JOBS {
        workflow.push_str(&format!(
            "  t{job}:\n    runs-on: alpine:latest\n    steps: [{{ run: seq {LINES} }}]\n"
        ));
    }
    let project = Project::with(&workflow);
    let jobs = JOBS.to_string();
    let arguments = ["--parallel", &jobs, "--format", "plain"];
    let outcome = start(&project, &arguments).run();
    assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
    for job in 0..JOBS {
        let name = format!("t{job}");
        let bar = format!("{name} | ");
        let shown = outcome.stdout.lines().filter_map(|line| line.strip_prefix(&bar));
        are_all(shown, &format!("shown of {name}"));
        let kept = project.loom(&["runs", "logs", "--job", &name]).run().exits(0);
        let numbers = kept.stdout.lines().filter(|line| line.parse::<usize>().is_ok());
        are_all(numbers, &format!("kept of {name}"));
    }
}

#[track_caller]
fn are_all<'a>(lines: impl Iterator<Item = &'a str>, what: &str) {
    let mut count = 0;
    for line in lines {
        count += 1;
        assert_eq!(line, count.to_string(), "{what}");
    }
    assert_eq!(count, LINES, "{what}");
}

#[test]
fn eight_jobs_that_talk_lose_no_line() {
    lose_no_line(&|project, arguments| project.loom(&["run", "--executor", "host"]).args(arguments));
}
