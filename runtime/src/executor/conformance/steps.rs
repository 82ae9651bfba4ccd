//! What steps find, and what comes of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loom_runtime::executor::{ExitStatus, Program, Shell, Signal, StepOutput, Stream};

use super::bench::{Bench, PATIENCE, begin, bytes, finish, run, script, shell, start};

pub(crate) async fn streams_come_apart_with_the_exit_code(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (end, output) = run(
        &place,
        script("echo out; echo err >&2; printf 'no newline'; exit 42"),
    )
    .await;
    assert_eq!(end.status, ExitStatus::Code(42));
    assert_eq!(
        (output.text(), output.err.as_slice()),
        ("out\nno newline", b"err\n".as_slice())
    );
    assert!(end.took > Duration::ZERO && end.took < PATIENCE);
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

pub(crate) async fn a_missing_shell_is_named(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let mut step = script("true");
    step.program = Program::Script {
        text: "true".into(),
        shells: vec![shell("no-such-a"), shell("no-such-b")],
    };
    let (end, _) = run(&place, step).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(
        why.contains("`no-such-a`") && why.contains("`no-such-b`"),
        "{why}"
    );
    place.close().await.unwrap();
}

pub(crate) async fn the_first_shell_that_is_there_is_used(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let mut step = script("true");
    let loud = Shell {
        arguments: vec!["-ex".into(), "{0}".into()],
        ..shell("sh")
    };
    step.program = Program::Script {
        text: "true\n".into(),
        shells: vec![shell("no-such-a"), loud],
    };
    let (end, output) = run(&place, step).await;
    assert_eq!(
        (end.status, output.err.as_slice()),
        (ExitStatus::Code(0), b"+ true\n".as_slice())
    );
    place.close().await.unwrap();
}

pub(crate) async fn steps_run_in_the_workspace_or_where_they_say(bench: Bench) {
    let job = bench.job();
    std::fs::create_dir(job.workspace.join("sub dir")).unwrap();
    std::fs::write(job.workspace.join("of-the-project"), "text").unwrap();
    let place = bench.open(&job).await;
    let (_, output) = run(&place, script("cat of-the-project; echo made >by-a-step")).await;
    assert_eq!(output.text(), "text");
    assert_eq!(
        std::fs::read_to_string(job.workspace.join("by-a-step")).unwrap(),
        "made\n"
    );
    let mut below = script("cat ../by-a-step");
    below.working_directory = Some("sub dir".into());
    let (_, output) = run(&place, below).await;
    assert_eq!(output.text(), "made\n");
    let mut nowhere = script("true");
    nowhere.working_directory = Some("no-such-directory".into());
    let (end, _) = run(&place, nowhere).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(why.contains("no-such-directory"), "{why}");
    place.close().await.unwrap();
}

pub(crate) async fn a_step_has_its_own_environment_and_an_empty_stdin(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let mut step = script("printf '%s|' \"$PLAIN\" \"$LINES_OF\" \"$ODD\" \"${HOME:-none}\"; cat");
    step.env = BTreeMap::from([
        ("PLAIN".into(), "value".into()),
        ("LINES_OF".into(), "one\ntwo".into()),
        ("ODD".into(), "a=b 'c' \"d\" $e ä".into()),
    ]);
    let (_, output) = run(&place, step).await;
    let parts: Vec<&str> = output.text().split('|').collect();
    assert_eq!(parts[..3], ["value", "one\ntwo", "a=b 'c' \"d\" $e ä"]);
    assert!(parts[3].starts_with('/'), "{parts:?}");
    let (_, output) = run(&place, script("echo ${PLAIN:-gone}")).await;
    assert_eq!(output.text(), "gone\n", "a step's environment is its own");
    // A step that breaks its PATH still gets a shell, as with the standard's default path.
    let mut bare = script("echo run");
    bare.env = BTreeMap::from([("PATH".into(), String::new())]);
    let (end, output) = run(&place, bare).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "run\n"));
    place.close().await.unwrap();
}

pub(crate) async fn no_byte_is_lost(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (_, output) = run(&place, script("head -c 1000000 /dev/zero | tr '\\0' x; echo")).await;
    assert!(output.out.len() == 1_000_001 && output.out[..1_000_000].iter().all(|byte| *byte == b'x'));
    let (_, output) = run(&place, script("seq 100000; seq 100000 >&2")).await;
    let expected: String = (1..=100_000).map(|n| format!("{n}\n")).collect();
    assert!(output.out == expected.as_bytes(), "stdout differs");
    assert!(output.err == expected.as_bytes(), "stderr differs");
    let (_, output) = run(&place, script("printf '\\000\\001\\377\\376\\r\\n\\033[0m\\303'")).await;
    assert_eq!(output.out, b"\0\x01\xff\xfe\r\n\x1b[0m\xc3");
    place.close().await.unwrap();
}

pub(crate) async fn several_steps_run_at_once(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let wait = |mine: &str, other: &str| {
        script(&format!(
            "echo {mine}; touch {mine}; until test -e {other}; do sleep 0.01; done; echo {mine} {other} >>\"$GITHUB_OUTPUT\""
        ))
    };
    let (one, two) = (begin(&place, wait("a", "b")), begin(&place, wait("b", "a")));
    for (running, said, wrote) in [(one, "a\n", "a b\n"), (two, "b\n", "b a\n")] {
        let (end, output) = finish(running).await;
        let end = end.unwrap();
        assert_eq!((end.status, output.text()), (ExitStatus::Code(0), said));
        assert_eq!(end.files.output, bytes(wrote));
    }
    // A signal reaches its own step.
    let (one, two) = (
        start(&place, script("echo ready; exec sleep 1000")).await,
        start(
            &place,
            script("echo ready; until test -e go; do sleep 0.01; done"),
        )
        .await,
    );
    place.signal(&one.id, Signal::Kill).await.unwrap();
    let status = finish(one).await.0.unwrap().status;
    assert!(
        matches!(status, ExitStatus::Signal(9) | ExitStatus::Code(137)),
        "{status:?}"
    );
    run(&place, script("touch go")).await;
    assert_eq!(finish(two).await.0.unwrap().status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

/// An output that is not done with what it was handed before it is let go.
struct Held {
    reached: tokio::sync::mpsc::UnboundedSender<()>,
    let_go: std::sync::mpsc::Receiver<()>,
    went_on: Arc<AtomicBool>,
}

impl StepOutput for Held {
    fn chunk(&mut self, _: Stream, _: jiff::Timestamp, _: &[u8]) {
        let _ = self.reached.send(());
        let in_time = self.let_go.recv_timeout(PATIENCE).is_ok();
        self.went_on.store(in_time, Ordering::Release);
    }
}

/// As many outputs wait as there are threads that nothing may hold up. Were they theirs, nobody would let the outputs go.
pub(crate) async fn an_output_that_is_slow_holds_up_nothing_else(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (reached, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (mut steps, mut doors, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..tokio::runtime::Handle::current().metrics().num_workers() {
        let (door, let_go) = std::sync::mpsc::channel();
        let (place, reached, went_on) = (place.clone(), reached.clone(), Arc::new(AtomicBool::new(false)));
        outcomes.push(went_on.clone());
        doors.push(door);
        let output = Held {
            reached,
            let_go,
            went_on,
        };
        steps.push(tokio::spawn(async move {
            place.run(script("echo word"), Box::new(output)).await
        }));
    }
    let opening = tokio::spawn(async move {
        for _ in &doors {
            told.recv().await;
        }
        for door in doors {
            let _ = door.send(());
        }
    });
    for step in steps {
        assert_eq!(step.await.unwrap().unwrap().status, ExitStatus::Code(0));
    }
    opening.await.unwrap();
    let all = outcomes.iter().all(|went_on| went_on.load(Ordering::Acquire));
    assert!(all, "outputs kept the threads on which all else waits");
    place.close().await.unwrap();
}

pub(crate) async fn programs_run_without_a_shell_and_folders_go_before_the_path(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    run(
        &place,
        script("mkdir bin; printf '#!/bin/sh\\necho mine \"$@\"\\n' >bin/tool; chmod +x bin/tool"),
    )
    .await;
    let mut step = script("");
    step.program = Program::Exec {
        programs: vec!["no-such-node".into(), "tool".into()],
        arguments: vec!["a b".into(), "$HOME".into()],
    };
    step.path = vec![format!("{}/bin", place.facts().workspace)];
    let (end, output) = run(&place, step.clone()).await;
    assert_eq!(
        (end.status, output.text()),
        (ExitStatus::Code(0), "mine a b $HOME\n")
    );
    // Also before a PATH that the step itself sets.
    let mut set = script("tool; echo $PATH");
    set.path.clone_from(&step.path);
    set.env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
    let (_, output) = run(&place, set).await;
    assert_eq!(
        output.text(),
        format!("mine\n{}/bin:/usr/bin:/bin\n", place.facts().workspace)
    );
    step.path.clear();
    let (end, _) = run(&place, step).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(why.contains("`no-such-node`, `tool`"), "{why}");
    place.close().await.unwrap();
}

pub(crate) async fn facts_are_where_steps_find_things(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    let facts = place.facts().clone();
    assert!(!facts.os.is_empty() && !facts.arch.is_empty());
    std::fs::write(job.directory.join("actions/of-the-caller"), "seen").unwrap();
    let text = format!(
        "cd {}; pwd >/dev/null; echo x >{}/made; echo y >{}/tool; cat {}/of-the-caller",
        facts.workspace, facts.temp, facts.tools, facts.actions
    );
    let (end, output) = run(&place, script(&text)).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "seen"));
    assert!(job.directory.join("temp/made").exists() && job.directory.join("tools/tool").exists());
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn a_script_can_be_read_by_whomever_its_shell_becomes(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (_, output) = run(
        &place,
        script("for f in \"$0\" \"${0%/*}\"; do ls -ld \"$f\" | cut -c1-10; done"),
    )
    .await;
    assert_eq!(output.text(), "-r-xr-xr-x\ndrwx--x--x\n");
    place.close().await.unwrap();
}
