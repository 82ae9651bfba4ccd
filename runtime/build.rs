//! Builds the agent as a static Linux program and leaves it in `OUT_DIR/loom-agent`, to be embedded.
//!
//! A container's image may hold nothing at all, so the agent must need nothing: a musl target when one is installed, else
//! the gnu target with the C library linked in. `LOOM_AGENT_BIN` names a ready-made one instead.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn embed() -> Result<(), String> {
    for input in [
        "agent/src",
        "agent/Cargo.toml",
        "../Cargo.toml",
        "../Cargo.lock",
        "build.rs",
    ] {
        tell(&format!("rerun-if-changed={input}"))?;
    }
    tell("rerun-if-env-changed=LOOM_AGENT_BIN")?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    let built = match env::var_os("LOOM_AGENT_BIN") {
        Some(ready) => Some(PathBuf::from(ready)),
        None if variable("CARGO_CFG_TARGET_OS")? == "linux" => Some(build(&out.join("agent"))?),
        None => None,
    };
    let embedded = out.join("loom-agent");
    match built {
        Some(built) => {
            // Only one that somebody else built: watching our own output would build again at every call.
            if env::var_os("LOOM_AGENT_BIN").is_some() {
                tell(&format!("rerun-if-changed={}", built.display()))?;
            }
            fs::copy(&built, &embedded)
                .map(drop)
                .map_err(|error| format!("copy the agent from {}: {error}", built.display()))
        }
        None => {
            tell(
                "warning=no agent for Linux containers can be built on this system: steps in Docker will run by \
                 `docker exec`, which is slower. Set LOOM_AGENT_BIN to a static Linux build of loom-agent to embed it.",
            )?;
            fs::write(&embedded, []).map_err(|error| format!("write {}: {error}", embedded.display()))
        }
    }
}

/// Builds the agent for the first target that works; the last failure is what the user sees.
fn build(target_directory: &Path) -> Result<PathBuf, String> {
    let architecture = variable("CARGO_CFG_TARGET_ARCH")?;
    let musl = format!("{architecture}-unknown-linux-musl");
    let gnu = format!("{architecture}-unknown-linux-gnu");
    if is_installed(&musl)
        && let Ok(built) = build_for(&musl, target_directory)
    {
        return Ok(built);
    }
    build_for(&gnu, target_directory).map_err(|failure| {
        format!(
            "the agent that runs the steps of containers could not be built as a static program for {gnu}.\n\
             It needs a C compiler and the static C library (Debian: `apt-get install gcc libc6-dev`), or a musl target \
             (`rustup target add {musl}`), or LOOM_AGENT_BIN with the path of a ready static loom-agent.\n\
             {failure}"
        )
    })
}

fn build_for(target: &str, target_directory: &Path) -> Result<PathBuf, String> {
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("..");
    let flags = format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        target.to_uppercase().replace('-', "_")
    );
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(workspace)
        .args([
            "build",
            "--package",
            "loom-agent",
            "--bin",
            "loom-agent",
            "--profile",
            "agent",
        ])
        .args(["--target", target, "--locked", "--offline", "--target-dir"])
        .arg(target_directory);
    // What the outer cargo says to its own compiler would reach the inner one and win over our flags: the result would
    // be a dynamic program, quietly.
    for (name, _) in env::vars_os() {
        if is_outer(&name) {
            cargo.env_remove(&name);
        }
    }
    cargo.env(flags, "-C target-feature=+crt-static -C relocation-model=static");
    let output = cargo.output().map_err(|error| format!("start cargo: {error}"))?;
    if output.status.success() {
        Ok(target_directory.join(target).join("agent").join("loom-agent"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn is_outer(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    // Where the toolchain lives and which linker a cross build takes stay as they are.
    let kept = name == "CARGO_HOME" || (name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER"));
    let cargos = name.starts_with("CARGO_") && !kept;
    let compilers = [
        "RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOC",
        "RUSTDOCFLAGS",
    ];
    cargos || compilers.contains(&name.as_ref()) || name == "MAKEFLAGS" || name == "TARGET"
}

fn is_installed(target: &str) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let found = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .output();
    found.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("cargo did not set {name}"))
}

fn tell(directive: &str) -> Result<(), String> {
    writeln!(stdout(), "cargo:{directive}").map_err(|error| format!("talk to cargo: {error}"))
}
