//! Engines that are not there, or go away.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use loom_runtime::executor::docker::{DockerExecutor, DockerOptions};
use loom_runtime::executor::{Executor as _, ExecutorError};

use super::bench::{bench, docker, engine_address, temporary};
use crate::conformance::{finish, script, start};

#[tokio::test]
async fn an_engine_that_is_not_there_is_explained() {
    let temporary = temporary();
    let missing = format!("unix://{}/docker.sock", temporary.path().display());
    let deaf = temporary.path().join("deaf.sock");
    drop(std::os::unix::net::UnixListener::bind(&deaf).unwrap());
    for (host, cause_part, help_part) in [
        (missing, "no socket", "is Docker installed"),
        (
            format!("unix://{}", deaf.display()),
            "refused",
            "start the engine",
        ),
        ("ssh://rack".to_owned(), "unix://", "DOCKER_HOST"),
    ] {
        let mut options = DockerOptions::new("conformance".into(), temporary.path().join("cache"));
        options.host = Some(host.clone());
        let ExecutorError::Unreachable {
            endpoint,
            cause,
            help,
        } = DockerExecutor::new(options).probe().await.unwrap_err()
        else {
            panic!("{host}")
        };
        assert_eq!(endpoint, host);
        assert!(
            cause.contains(cause_part) && help.contains(help_part),
            "{host}: {cause} / {help}"
        );
    }
}

/// A socket that leads to the test's engine until it is cut.
fn door(at: &Path) -> Arc<std::sync::atomic::AtomicBool> {
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::atomic::AtomicBool;
    let open = Arc::new(AtomicBool::new(true));
    let (listener, flag) = (UnixListener::bind(at).unwrap(), open.clone());
    let engine = engine_address().trim_start_matches("unix://").to_owned();
    std::thread::spawn(move || {
        for inner in listener.incoming() {
            let Ok(inner) = inner else { return };
            if !flag.load(Ordering::Relaxed) {
                continue;
            }
            let outer = UnixStream::connect(&engine).unwrap();
            for (from, to) in [(&inner, &outer), (&outer, &inner)] {
                let (mut from, mut to, flag) =
                    (from.try_clone().unwrap(), to.try_clone().unwrap(), flag.clone());
                from.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                std::thread::spawn(move || {
                    let mut buffer = [0; 65_536];
                    while flag.load(Ordering::Relaxed) {
                        match std::io::Read::read(&mut from, &mut buffer) {
                            Ok(0) => break,
                            Ok(length) => std::io::Write::write_all(&mut to, &buffer[..length]).unwrap(),
                            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                            Err(_) => break,
                        }
                    }
                    let _ = from.shutdown(std::net::Shutdown::Both);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    open
}

#[tokio::test]
async fn an_engine_that_goes_away_loses_the_step_and_says_what_may_be_left() {
    let mut bench = bench();
    let socket = bench.temporary.path().join("door.sock");
    let open = door(&socket);
    let mut options = DockerOptions::new("conformance".into(), bench.temporary.path().join("cache"));
    options.host = Some(format!("unix://{}", socket.display()));
    options.patience = Duration::from_secs(1);
    let real = std::mem::replace(&mut bench.executor, Arc::new(DockerExecutor::new(options)));
    let job = bench.job();
    let place = bench.open(&job).await;
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    open.store(false, Ordering::Relaxed);
    docker()
        .stop_container(&job.key.resource_name(), None)
        .await
        .unwrap();
    let error = finish(running).await.0.unwrap_err();
    assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
    assert!(!error.to_string().contains("legacy"), "{error}");
    let left = place.close().await.unwrap_err();
    assert!(
        left.may_leave() && left.to_string().contains(&job.key.resource_name()),
        "{left}"
    );
    assert!(!left.to_string().contains("legacy"), "{left}");
    real.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}
