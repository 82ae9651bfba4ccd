//! A studio that speaks TLS, and the programs that talk to it.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use super::project;
use crate::harness::{Project, Running, until};

/// A project with a certificate for `localhost` in it, served over TLS.
struct Served {
    running: Running,
    port: String,
    project: Project,
    certificate: PathBuf,
}

fn served() -> Served {
    let project = project();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    project.file("cert.pem", &made.cert.pem());
    project.file("key.pem", &made.signing_key.serialize_pem());
    let certificate = project.path().join("cert.pem");
    let mut running = project
        .loom(&["serve", "--executor", "host"])
        .env("LOOM_PORT", "0")
        .env("LOOM_TLS_CERT", &certificate)
        .env("LOOM_TLS_KEY", project.path().join("key.pem"))
        .start();
    running.until_stderr("; Ctrl-C stops it");
    let said = running.so_far();
    let port: String = said
        .split_once("https://localhost:")
        .unwrap_or_else(|| panic!("no https: {said}"))
        .1
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    Served {
        running,
        port,
        project,
        certificate,
    }
}

impl Served {
    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn stop(self) {
        self.running.signal(Signal::INT);
        self.running.end().exits(0);
    }
}

#[test]
fn a_run_and_the_command_line_speak_https_to_it() {
    let served = served();
    let url = served.url();
    let elsewhere = Project::with(
        "name: far\non: push\njobs:\n  long:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo it-runs; sleep 600\n",
    );
    let mut run = elsewhere
        .loom(&["run", "--executor", "host", "--studio", &url])
        .env("SSL_CERT_FILE", &served.certificate)
        .start();
    run.until_stdout("it-runs");
    let shown = until("the run's actors are in the studio", || {
        let list = elsewhere
            .loom(&["actors", "--studio", &url])
            .env("SSL_CERT_FILE", &served.certificate)
            .run()
            .exits(0);
        list.stdout.contains("JobActor").then_some(list.stdout)
    });
    assert!(shown.contains("RunActor"), "{shown}");
    run.signal(Signal::INT);
    run.end();
    served.stop();
}

#[test]
fn a_run_beside_it_finds_it_and_needs_to_trust_nothing() {
    let served = served();
    let mut run = served
        .project
        .loom(&["run", "--executor", "host", ".github/workflows/endless.yml"])
        .start();
    run.until_stdout("it-runs");
    until("the run's actors are in the studio", || {
        let list = served
            .project
            .loom(&["actors", "--studio", &served.url()])
            .env("SSL_CERT_FILE", &served.certificate)
            .run();
        list.stdout.contains("JobActor").then_some(())
    });
    run.signal(Signal::INT);
    run.end().never_says("certificate");
    served.stop();
}

#[test]
fn who_does_not_trust_the_certificate_says_so() {
    let served = served();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    served.project.file("other.pem", &other.cert.pem());
    served
        .project
        .loom(&["actors", "--studio", &served.url()])
        .env("SSL_CERT_FILE", served.project.path().join("other.pem"))
        .run()
        .exits(3)
        .says("cannot be reached")
        .says("certificate");
    fs::write(served.project.path().join("none.pem"), "").expect("a file");
    served
        .project
        .loom(&["actors", "--studio", &served.url()])
        .env("SSL_CERT_FILE", served.project.path().join("none.pem"))
        .env("SSL_CERT_DIR", "/nowhere")
        .run()
        .exits(3)
        .says("no certificate authority is trusted here")
        .says("SSL_CERT_FILE");
    served.stop();
}

#[test]
fn half_of_a_certificate_is_a_mistake() {
    let project = project();
    project.file("cert.pem", "nothing");
    let serve = || {
        project
            .loom(&["serve", "--executor", "host"])
            .env("LOOM_PORT", "0")
    };
    serve()
        .env("LOOM_TLS_CERT", project.path().join("cert.pem"))
        .run()
        .exits(2)
        .says("without its key")
        .says("LOOM_TLS_KEY");
    serve()
        .env("LOOM_TLS_KEY", project.path().join("cert.pem"))
        .run()
        .exits(2)
        .says("LOOM_TLS_CERT");
    project.file(
        "loom.toml",
        "[server]\ntls-cert = \"cert.pem\"\ntls-key = \"cert.pem\"\n",
    );
    serve().run().exits(2).says("no certificate in cert.pem");
}
