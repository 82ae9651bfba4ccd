//! A first program shows in the studio, or says why not. Each case is a process of its own: environment and log are the
//! whole process's.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{Context, DiscoveryService, get_discovery_bridge};

use crate::common::until;

struct Counter;

#[loom_bridge::actor]
impl Actor for Counter {
    type Context = Context<Self>;
}

/// What the README shows, run when a test below starts this program again.
#[actix::test]
async fn the_first_program() {
    if std::env::var_os("LOOM_TEST_NEWCOMER").is_none() {
        return;
    }
    let discovery = DiscoveryService::new();
    get_discovery_bridge().connect(&discovery.registry).unwrap();
    let _counter = Counter.start();
    if std::env::var("LOOM_TEST_NEWCOMER").as_deref() == Ok("until its input ends") {
        tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()))
            .await
            .unwrap()
            .unwrap();
    } else {
        // Long enough for a first try; a studio that is not there is known at once.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    get_discovery_bridge().close().await;
}

fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "newcomer::the_first_program", "--nocapture"])
        .env("LOOM_TEST_NEWCOMER", "1");
    for name in ["STUDIO_ENABLED", "STUDIO_URL", "STUDIO_TOKEN"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command
}

fn first_program(variables: &[(&str, &str)]) -> Output {
    let output = command(variables).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn a_program_without_a_log_says_on_stderr_why_nobody_sees_it() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let table: [(&[(&str, &str)], &str); 5] = [
        (&[], "STUDIO_ENABLED is not set; set STUDIO_ENABLED=true"),
        (&[("STUDIO_ENABLED", "perhaps")], "STUDIO_ENABLED is \"perhaps\""),
        (
            &[("STUDIO_ENABLED", "1"), ("STUDIO_URL", &url)],
            "is it running, and is this its address?",
        ),
        (
            &[("STUDIO_ENABLED", "true"), ("STUDIO_URL", &url)],
            "is it running, and is this its address?",
        ),
        (
            &[("STUDIO_ENABLED", "true"), ("STUDIO_URL", "localhost")],
            "read the studio's address `localhost`",
        ),
    ];
    for (variables, words) in table {
        let output = first_program(variables);
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = said.lines().filter(|line| line.starts_with("loom: ")).collect();
        assert_eq!(lines.len(), 1, "{variables:?}: {said}");
        assert!(lines[0].contains(words), "{variables:?}: {said}");
    }
}

#[test]
fn who_wants_no_studio_hears_nothing() {
    for no in ["false", "0"] {
        let output = first_program(&[("STUDIO_ENABLED", no)]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("loom: "), "{said}");
    }
}

#[actix::test]
async fn a_switch_of_1_delivers_to_the_studio_that_is_named() {
    let (url, requests) = crate::uplink::serve("200 OK", r#"{"accepted":1,"rejected":[]}"#).await;
    let mut program = command(&[("STUDIO_ENABLED", "1"), ("STUDIO_URL", &url)])
        .env("LOOM_TEST_NEWCOMER", "until its input ends")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the studio has the actor", || {
        let requests = requests.lock().unwrap();
        requests
            .iter()
            .any(|(_, body)| body.contains(r#""type":"Counter""#))
    })
    .await;
    drop(program.stdin.take());
    let output = tokio::task::spawn_blocking(move || program.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("loom: "),
        "{output:?}"
    );
}
