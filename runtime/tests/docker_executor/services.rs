//! Services, by name and by port.

use std::sync::Arc;

use loom_runtime::executor::{ContainerSpec, ExitStatus, Fault, RoomSpec};

use super::bench::{BUSYBOX, bench};
use crate::conformance::{Heard, run, script};

pub(crate) fn service(image: &str, command: &str, options: &str) -> ContainerSpec {
    ContainerSpec {
        image: image.into(),
        entrypoint: Some("/bin/sh".into()),
        command: Some(format!("-c \"{command}\"")),
        options: options.into(),
        ..ContainerSpec::default()
    }
}

const WEB: &str = "mkdir -p /www; echo $GREETING >/www/index.html; exec httpd -f -p 80 -h /www";

pub(crate) fn web(greeting: &str) -> ContainerSpec {
    ContainerSpec {
        env: [("GREETING".to_owned(), greeting.to_owned())]
            .into_iter()
            .collect(),
        ports: vec!["80".into()],
        ..service(
            BUSYBOX,
            WEB,
            "--health-cmd 'wget -q -O - http://127.0.0.1/' --health-interval 200ms",
        )
    }
}

#[tokio::test]
async fn services_are_reached_by_name_and_by_port_and_go_with_the_job() {
    let bench = bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let facts = place.facts().clone();
    let service = &facts.services["web"];
    assert_eq!(facts.network.as_deref(), Some(service.network.as_str()));
    let (end, output) = run(&place, script("wget -q -O - http://web/")).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "hello\n"));
    assert_eq!(service.ports["80"], "32768");
    let (_, output) = run(&place, script("wget -q -O - http://localhost:32768/")).await;
    assert_eq!(output.text(), "hello\n");
    assert!((bench.holds)(&job.key).await.len() >= 3);
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn published_ports_are_on_the_localhost_of_each_job() {
    let bench = bench();
    // A port of this machine that is taken, and two jobs that want the same: each has its own.
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let job = |greeting: &str| {
        let mut job = bench.job();
        let published = vec![format!("{port}:80"), "53:53/udp".into()];
        // Not every engine looks whether a service is healthy: the job waits for it.
        let web = ContainerSpec {
            ports: published,
            options: String::new(),
            ..web(greeting)
        };
        job.services.insert("web".into(), web);
        job
    };
    let (one, two) = (job("one"), job("two"));
    let places = tokio::join!(bench.open(&one), bench.open(&two));
    for (place, greeting) in [(&places.0, "one\n"), (&places.1, "two\n")] {
        let facts = place.facts();
        assert_eq!(facts.services["web"].ports["80"], port.to_string());
        let ask = format!(
            "i=0; until wget -q -O - http://localhost:{port}/ 2>/dev/null; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done
             wget -q -O - http://127.0.0.1:{port}/nothing"
        );
        let (_, output) = run(place, script(&ask)).await;
        assert_eq!(
            output.text().lines().next(),
            Some(greeting.trim()),
            "{}",
            output.text()
        );
    }
    places.0.close().await.unwrap();
    places.1.close().await.unwrap();
    bench.nothing_is_left(&one).await;
    bench.nothing_is_left(&two).await;
}

#[tokio::test]
async fn a_written_container_finds_its_services_by_name_and_the_machine_by_port() {
    let bench = bench();
    let mut job = bench.job();
    job.room = RoomSpec::Container(ContainerSpec {
        image: BUSYBOX.into(),
        ..ContainerSpec::default()
    });
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    assert_eq!(fetch_from(&place.facts().services["web"].ports["80"]), "hello\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

/// What a server of this machine has at `/`.
pub(crate) fn fetch_from(port: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_service_that_fails_is_told_at_once_with_its_last_lines() {
    for (command, options, part) in [
        ("echo cannot go on; exit 3", "", "exit code 3"),
        (
            "echo starting; sleep 1000",
            "--health-cmd 'echo sick; false' --health-interval 100ms --health-retries 1",
            "unhealthy",
        ),
        ("true", "--no-such-flag", "`--no-such-flag`"),
    ] {
        let bench = bench();
        let mut job = bench.job();
        job.services
            .insert("db".into(), service(BUSYBOX, command, options));
        let error = bench
            .executor
            .open(job.clone(), Arc::new(Heard::default()))
            .await
            .err()
            .unwrap();
        let said = error.to_string();
        assert_eq!(error.fault(), Fault::Workflow, "{said}");
        assert!(said.contains(part) && said.contains("`db`"), "{said}");
        if part == "exit code 3" {
            assert!(said.contains("cannot go on"), "{said}");
        }
        bench.nothing_is_left(&job).await;
    }
}
