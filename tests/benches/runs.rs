//! How much a run costs, as ratios against a peer that is measured in the same minute on the same machine: bare seconds
//! say more about the machine than about Loom. `make bench` builds the binary, starts an engine, and runs this.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Anyhow<T> = Result<T, Box<dyn Error>>;

/// Rounds of everything; the median counts.
const ROUNDS: usize = 5;
/// Steps of the long job; the short one has one.
const STEPS: u32 = 101;

fn main() -> Anyhow<()> {
    let loom = PathBuf::from(variable("LOOM_TEST_BIN_DIR")?).join("loom-runtime");
    let host = variable("LOOM_TEST_DOCKER_HOST")?;
    let socket = host
        .strip_prefix("unix://")
        .ok_or("the benches want an engine on a unix socket")?;
    let directory = tempfile::tempdir()?;
    let bench = Bench {
        loom,
        host: host.clone(),
        directory: directory.path().to_owned(),
    };

    let mut report = String::new();
    let shell =
        median(|| times(STEPS - 1, || finish(Command::new("sh").args(["-c", "true"]))))? / (STEPS - 1);
    let one = median(|| bench.run("docker", 1))?;
    let many = median(|| bench.run("docker", STEPS))?;
    let step = many.saturating_sub(one) / (STEPS - 1);
    let exec = bench.docker_exec()?;
    line(
        &mut report,
        "a step `true` in a warm container",
        step,
        "`sh -c true` on this machine",
        shell,
    )?;
    line(&mut report, "the same", step, "`docker exec`", exec)?;

    let raw = median(|| raw_container(Path::new(socket)))?;
    line(
        &mut report,
        "a whole run of one step in Docker",
        one,
        "create, start, wait, remove by the raw API",
        raw,
    )?;

    let one = median(|| bench.run("host", 1))?;
    let many = median(|| bench.run("host", STEPS))?;
    let step = many.saturating_sub(one) / (STEPS - 1);
    line(
        &mut report,
        "a step `true` on the host",
        step,
        "`sh -c true`",
        shell,
    )?;

    let (copied, cp) = bench.copies()?;
    line(
        &mut report,
        "a job's copy of 2,400 files, made and removed",
        copied,
        "`cp -a` and `rm -r`",
        cp,
    )?;

    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}

struct Bench {
    loom: PathBuf,
    host: String,
    directory: PathBuf,
}

impl Bench {
    /// One run of a job with so many steps, process start to exit.
    fn run(&self, executor: &str, steps: u32) -> Anyhow<Duration> {
        let mut workflow = String::from("jobs:\n  only:\n    runs-on: alpine:latest\n    steps:\n");
        for _ in 0..steps {
            workflow.push_str("      - { run: 'true', shell: sh }\n");
        }
        let file = self.directory.join(format!("{executor}-{steps}.loom.yml"));
        std::fs::write(&file, workflow)?;
        let project = self.directory.join("project");
        std::fs::create_dir_all(&project)?;
        times(1, || {
            finish(
                Command::new(&self.loom)
                    .args(["run", "--executor", executor])
                    .arg(&file)
                    .current_dir(&project)
                    .env("LOOM_STATE_DIR", self.directory.join("state"))
                    .env("DOCKER_HOST", &self.host),
            )
        })
    }

    /// What a run takes longer for working in a copy of its project, and what `cp` and `rm` take for the same.
    fn copies(&self) -> Anyhow<(Duration, Duration)> {
        let project = self.directory.join("files");
        for folder in 0..60 {
            let path = project.join(format!("d{}/e{folder}", folder % 7));
            std::fs::create_dir_all(&path)?;
            for file in 0..40 {
                std::fs::write(path.join(format!("f{file}")), vec![b'x'; 300 * file + 7])?;
            }
        }
        let file = self.directory.join("copies.loom.yml");
        std::fs::write(&file, "jobs:\n  only:\n    steps:\n      - run: 'true'\n")?;
        let in_mode = |mode: &str| {
            median(|| {
                times(1, || {
                    finish(
                        Command::new(&self.loom)
                            .args([
                                "run",
                                "--executor",
                                "host",
                                "--workspace-mode",
                                mode,
                                "--workspace",
                            ])
                            .arg(&project)
                            .arg(&file)
                            .current_dir(&project)
                            .env("LOOM_STATE_DIR", self.directory.join("state")),
                    )
                })
            })
        };
        let copied = in_mode("copy")?.saturating_sub(in_mode("bind")?);
        let other = self.directory.join("copy");
        let cp = median(|| {
            times(1, || {
                finish(Command::new("cp").arg("-a").args([&project, &other]))?;
                finish(Command::new("rm").arg("-r").arg(&other))
            })
        })?;
        Ok((copied, cp))
    }

    /// One `docker exec` of `true`, in a container that runs already.
    fn docker_exec(&self) -> Anyhow<Duration> {
        let docker = |arguments: &[&str]| {
            let mut command = Command::new("docker");
            command.args(["-H", &self.host]).args(arguments);
            command
        };
        let name = format!("loom-bench-{}", std::process::id());
        finish(&mut docker(&[
            "run",
            "-d",
            "--name",
            &name,
            "--network",
            "none",
            "alpine:latest",
            "sleep",
            "600",
        ]))?;
        let took = median(|| times(5, || finish(&mut docker(&["exec", &name, "true"]))));
        finish(&mut docker(&["rm", "-f", &name]))?;
        Ok(took? / 5)
    }
}

/// A container that runs `true`, by the engine's API alone.
fn raw_container(socket: &Path) -> Anyhow<Duration> {
    let name = format!("loom-bench-raw-{}", std::process::id());
    let body = r#"{"Image":"alpine:latest","Cmd":["true"],"HostConfig":{"LogConfig":{"Type":"none"}}}"#;
    times(1, || {
        request(socket, "POST", &format!("/containers/create?name={name}"), body)?;
        request(socket, "POST", &format!("/containers/{name}/start"), "")?;
        request(socket, "POST", &format!("/containers/{name}/wait"), "")?;
        request(socket, "DELETE", &format!("/containers/{name}"), "")
    })
}

fn request(socket: &Path, method: &str, path: &str, body: &str) -> Anyhow<()> {
    let mut stream = UnixStream::connect(socket)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 2") {
        Ok(())
    } else {
        Err(format!("{method} {path}: {answer}").into())
    }
}

fn finish(command: &mut Command) -> Anyhow<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

fn times(count: u32, mut what: impl FnMut() -> Anyhow<()>) -> Anyhow<Duration> {
    let started = Instant::now();
    for _ in 0..count {
        what()?;
    }
    Ok(started.elapsed())
}

fn median(mut what: impl FnMut() -> Anyhow<Duration>) -> Anyhow<Duration> {
    // The first one warms up and is not counted.
    what()?;
    let mut taken = (0..ROUNDS).map(|_| what()).collect::<Result<Vec<_>, _>>()?;
    taken.sort();
    taken.get(ROUNDS / 2).copied().ok_or_else(|| "no round".into())
}

fn line(report: &mut String, what: &str, took: Duration, peer: &str, reference: Duration) -> Anyhow<()> {
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
    let ratio = took.as_secs_f64() / reference.as_secs_f64();
    writeln!(
        report,
        "{what}: {ratio:.2} x {peer}   ({:.2} ms, {:.2} ms)",
        milliseconds(took),
        milliseconds(reference)
    )?;
    Ok(())
}

fn variable(name: &str) -> Anyhow<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: run through `make bench`").into())
}
