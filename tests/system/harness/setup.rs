//! What `make test` hands to the tests, by the environment.
//!
//! | variable | is |
//! | --- | --- |
//! | `LOOM_TEST_BIN_DIR` | the directory of the binaries that were just built; examples in `examples/` |
//! | `LOOM_TEST_DOCKER_HOST` | the engine of the Docker tests, as in `DOCKER_HOST` |
//! | `LOOM_TEST_APART_DOCKER_HOST` | an engine that does not see the folder for temporary files; without one its tests are passed over |
//! | `LOOM_TEST_REGISTRY` | `host:port` of a registry that serves `loom-test/pulled:latest` and `loom-test/fat:latest`; at the next port it wants a login |
//! | `LOOM_TEST_NGINX` | an nginx that nobody runs yet |
//! | `LOOM_TEST_USER` | where the tests run as root: an ordinary user who is in the group `docker` |

use std::path::PathBuf;

/// The value, or an end with a sentence.
pub(crate) fn required(name: &str) -> String {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => value,
        _ => panic!(
            "{name} is not set: these tests run through `make test`, which builds and starts what they need"
        ),
    }
}

/// A binary under test; `examples/NAME` for an example.
pub(crate) fn binary(name: &str) -> PathBuf {
    let path = PathBuf::from(required("LOOM_TEST_BIN_DIR")).join(name);
    assert!(
        path.is_file(),
        "{} is not there: run through `make test`, which builds it",
        path.display()
    );
    path
}

/// The registry on loopback, `host:port`.
pub(crate) fn registry() -> String {
    required("LOOM_TEST_REGISTRY")
}

/// The same registry behind a login: `ann`, `open-sesame`.
pub(crate) fn locked_registry() -> String {
    let open = registry();
    let (host, port) = open.rsplit_once(':').expect("host:port");
    let port: u16 = port.parse().expect("a port");
    format!("{host}:{}", port + 1)
}

/// The ordinary user to become; none when the tests run as one already.
pub(crate) fn user() -> Option<String> {
    rustix::process::getuid()
        .is_root()
        .then(|| required("LOOM_TEST_USER"))
}
