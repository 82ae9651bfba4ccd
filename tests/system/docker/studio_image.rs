//! The recipe for a studio in a container, as it stands in `examples/deploy`.

use std::path::Path;

use crate::guide::root;
use crate::harness::{Engine, Loom, Outcome, binary, until};

const IMAGE: &str = "loom-test/studio-image:latest";
const NAME: &str = "loom-test-studio-image";

fn docker(engine: &Engine, arguments: &[&str]) -> Outcome {
    Loom::program(Path::new("docker"))
        .args(arguments)
        .env("DOCKER_HOST", &engine.host)
        .env("DOCKER_BUILDKIT", "0")
        .run()
}

/// Takes away what the recipe made, also where the test fails.
struct Made<'a>(&'a Engine);

impl Drop for Made<'_> {
    fn drop(&mut self) {
        docker(self.0, &["rm", "--force", NAME]);
        docker(self.0, &["rmi", "--force", IMAGE]);
    }
}

#[test]
fn the_recipe_makes_an_image_that_wants_a_token_answers_and_stops_in_order() {
    let engine = Engine::mine();
    let context = tempfile::tempdir().expect("a directory");
    std::fs::copy(binary("loom-studio"), context.path().join("loom-studio")).expect("the binary");
    let _made = Made(&engine);
    let recipe = root().join("examples/deploy/Dockerfile");
    let (recipe, context) = (recipe.display().to_string(), context.path().display().to_string());
    // The image that stands for Debian's here has the libraries that any Debian has.
    let base = ["build", "--build-arg", "BASE=loom-test/node:latest"];
    docker(
        &engine,
        &[&base[..], &["-t", IMAGE, "-f", &recipe, &context]].concat(),
    )
    .exits(0);

    let open = docker(&engine, &["run", "--rm", IMAGE]);
    open.exits(2).says("STUDIO_TOKEN");

    let start = ["run", "--detach", "--name", NAME, "--env", "STUDIO_TOKEN=secret"];
    docker(&engine, &[&start[..], &[IMAGE]].concat()).exits(0);
    let ask = "fetch('http://localhost:9090/api/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))";
    until("the studio answers in its container", || {
        let asked = docker(&engine, &["exec", NAME, "node", "-e", ask]);
        (asked.status.code() == Some(0)).then_some(())
    });
    docker(&engine, &["stop", NAME]).exits(0);
    let state = [
        "inspect",
        "--format",
        "{{.State.ExitCode}} {{.Config.User}}",
        NAME,
    ];
    docker(&engine, &state).exits(0).prints("0 65534:65534");
}
