//! The unit for systemd, as it stands in `examples/deploy`.

use std::collections::BTreeMap;

use rustix::process::Signal;

use super::super::guide::root;
use crate::harness::{Loom, binary};

/// The lines of a section, the last of those that may stand once.
fn unit() -> Vec<(String, String)> {
    let path = root().join("examples/deploy/loom-studio.service");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn what_the_unit_starts_runs_in_its_environment_and_ends_in_order_by_its_signal() {
    let unit = unit();
    let all = |wanted: &str| -> Vec<&str> {
        unit.iter()
            .filter(|(key, _)| key == wanted)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    assert_eq!(all("ExecStart"), ["/usr/local/bin/loom-studio"]);
    let environment: BTreeMap<_, _> = all("Environment")
        .into_iter()
        .map(|pair| pair.split_once('=').expect("NAME=VALUE"))
        .collect();
    let studio = Loom::program(&binary("loom-studio")).env("LOOM_PORT", "0");
    let mut studio = environment
        .iter()
        .fold(studio, |studio, (name, value)| studio.env(name, value))
        .start();
    studio.until_stderr("Loom Studio is at http://localhost:");
    assert_eq!(all("KillSignal"), ["SIGTERM"]);
    studio.signal(Signal::TERM);
    studio.end().exits(0);
    // What would end the same way again is not started again.
    assert_eq!(all("RestartPreventExitStatus"), ["2"]);
    Loom::program(&binary("loom-studio"))
        .env("LOOM_BIND", "0.0.0.0")
        .run()
        .exits(2);
}
