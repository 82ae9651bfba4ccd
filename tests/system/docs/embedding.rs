//! `docs/embedding.md`: the first program, in a project of its own beside Loom, and what the compiler says to those who
//! forgot something.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{example, page};
use crate::guide::root;
use crate::harness::{Project, Studio, required, until};

/// A project as the page says, with this program; its dependencies are those of Loom's lock.
fn newcomer(program: &str) -> Project {
    let project = Project::new();
    let bridge = root().join("bridge");
    let dependencies =
        example(&page("embedding.md"), "toml").replace("../loom/bridge", &bridge.to_string_lossy());
    // The last lines have it built with what `make test` built.
    let manifest = format!(
        "[package]\nname = \"newcomer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{dependencies}\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n"
    );
    project.file("Cargo.toml", &manifest);
    project.file("src/main.rs", program);
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock");
    project.file("Cargo.lock", &lock);
    project
}

fn target() -> PathBuf {
    let binaries = PathBuf::from(required("LOOM_TEST_BIN_DIR"));
    binaries.parent().expect("a target directory").to_owned()
}

fn cargo(project: &Project, verb: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([verb, "--offline", "--color=never"])
        .current_dir(project.path())
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null());
    cargo
}

#[test]
fn the_first_program_is_built_as_the_page_says_and_seen() {
    let project = newcomer(&example(&page("embedding.md"), "rust"));
    let built = cargo(&project, "build").output().expect("cargo starts");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let studio = Studio::of(Project::new());
    let mut program = Command::new(target().join("debug/newcomer"))
        .env("STUDIO_ENABLED", "1")
        .env("STUDIO_URL", studio.url())
        .env_remove("STUDIO_TOKEN")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    until("the counter counts in the studio", || {
        let counters = studio.value("/api/actors/type/Counter");
        let counter = counters.as_array()?.first()?.clone();
        (counter["messageCount"].as_u64()? > 0 && counter["work"]["turns"].as_u64()? > 0).then_some(())
    });
    program.kill().expect("it runs");
    let said = program.wait_with_output().expect("it ends").stderr;
    assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn who_forgot_something_is_told_by_the_compiler_what() {
    let project = newcomer("fn main() {}\n");
    for (name, program, hints) in [
        (
            "attribute",
            "use actix::prelude::*; use loom_bridge::Context; struct A;
             impl Actor for A { type Context = Context<Self>; }
             impl actix::Supervised for A {}
             fn main() { A.start(); actix::Supervisor::start(|_| A); }",
            [
                "HINT: `#[loom_bridge::actor]` on `impl Actor` gives `start`",
                "Loom's `Supervisor`",
            ],
        ),
        (
            "context",
            "use actix::prelude::*; struct A;
             #[loom_bridge::actor] impl Actor for A { type Context = Context<Self>; }
             fn main() {}",
            [
                "is not a context that Loom sees",
                "write `use loom_bridge::Context;`",
            ],
        ),
        (
            "arbiter",
            "use actix::prelude::*; use loom_bridge::SyncContext; struct A;
             #[loom_bridge::actor] impl Actor for A { type Context = SyncContext<Self>; }
             fn main() { SyncArbiter::start(1, || A); }",
            [
                "HINT: `use loom_bridge::{SyncArbiter, SyncContext}`",
                "both of Loom",
            ],
        ),
        (
            "sync-context",
            "use actix::prelude::*; struct A;
             #[loom_bridge::actor] impl Actor for A { type Context = SyncContext<Self>; }
             fn main() {}",
            [
                "is not a context that Loom sees",
                "`use loom_bridge::{SyncArbiter, SyncContext};`",
            ],
        ),
    ] {
        project.file(&format!("src/bin/{name}.rs"), program);
        let checked = cargo(&project, "check")
            .args(["--bin", name])
            .output()
            .expect("cargo starts");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(!checked.status.success(), "{name} was taken");
        for hint in hints {
            assert!(said.contains(hint), "{name} lacks {hint:?}:\n{said}");
        }
    }
}
