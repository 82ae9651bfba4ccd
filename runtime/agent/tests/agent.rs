//! The agent as a process, spoken to over its socket as a runtime does.
#![cfg(test)]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use loom_agent::files::Kind;
use loom_agent::layout;
use loom_agent::spool::{self, Exit, FilePart, Record, Status, Stream};
use loom_agent::wire::{
    Command, Frames, Hello, NONCE_LENGTH, PROTOCOL, Refusal, Report, ShellChoice, StartStep, StepProgram,
    StepSignal,
};

const NONCE: [u8; NONCE_LENGTH] = [7; NONCE_LENGTH];
const PATIENCE: Duration = Duration::from_secs(20);

struct Job {
    directory: tempfile::TempDir,
    workspace: tempfile::TempDir,
    agent: Child,
}

impl Job {
    fn new(more: &[&str]) -> Self {
        Self::with(Stdio::null(), more)
    }

    fn with(stdin: Stdio, more: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let workspace = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(layout::NONCE), NONCE).unwrap();
        for inner in [layout::SPOOL, layout::SCRIPTS] {
            fs::create_dir(directory.path().join(inner)).unwrap();
        }
        let agent = Process::new(env!("CARGO_BIN_EXE_loom-agent"))
            .args(["serve", "--dir"])
            .arg(directory.path())
            .arg("--workspace")
            .arg(workspace.path())
            .args(more)
            .env("INHERITED", "yes")
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let job = Self {
            directory,
            workspace,
            agent,
        };
        until("the socket is there", || job.path(layout::SOCKET).exists());
        job
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn connect(&self) -> Client {
        let path = self.path(layout::SOCKET);
        Client::over(UnixStream::connect(&path).unwrap())
    }

    fn client(&self, epoch: u64) -> Client {
        let mut client = self.connect();
        client.hello(epoch);
        assert!(matches!(client.report(), Report::Welcome { .. }));
        client
    }

    fn make_spool(&self, step: u32) {
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(layout::SPOOL).join(layout::spool_name(step)))
            .unwrap();
    }

    fn read_spool(&self, step: u32) -> Spooled {
        let bytes = fs::read(self.path(layout::SPOOL).join(layout::spool_name(step))).unwrap();
        let mut spooled = Spooled::default();
        let mut rest = bytes.as_slice();
        while let Some((record, length)) = spool::decode(rest).unwrap() {
            rest = &rest[length..];
            match record {
                Record::Output {
                    stream: Stream::Stdout,
                    bytes,
                    ..
                } => spooled.out.extend_from_slice(bytes),
                Record::Output {
                    stream: Stream::Stderr,
                    bytes,
                    ..
                } => spooled.err.extend_from_slice(bytes),
                Record::Begin(name) => spooled.name = Some(name),
                Record::Note(note) => spooled.notes.push(note),
                Record::File(kind, part) => {
                    let text = match part {
                        FilePart::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                        other => format!("{other:?}"),
                    };
                    spooled.files.push((kind, text));
                }
                Record::Exit(exit) => spooled.exit = Some(exit),
            }
        }
        assert!(rest.is_empty(), "half a record at the end");
        spooled
    }

    fn run(&self, client: &mut Client, start: StartStep) -> Spooled {
        let step = start.step;
        self.make_spool(step);
        client.send(&Command::Start(start));
        client.until_exited(step);
        self.read_spool(step)
    }

    fn ended(&mut self) -> i32 {
        let mut code = None;
        until("the agent ends", || {
            code = self.agent.try_wait().unwrap();
            code.is_some()
        });
        code.unwrap().code().unwrap()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

#[derive(Debug, Default)]
struct Spooled {
    name: Option<String>,
    out: Vec<u8>,
    err: Vec<u8>,
    notes: Vec<String>,
    files: Vec<(Kind, String)>,
    exit: Option<Exit>,
}

impl Spooled {
    fn status(&self) -> &Status {
        &self.exit.as_ref().unwrap().status
    }

    fn out(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }
}

struct Client {
    stream: UnixStream,
    frames: Frames,
}

impl Client {
    fn over(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            frames: Frames::default(),
        }
    }

    fn send(&mut self, command: &Command) {
        let mut bytes = Vec::new();
        command.encode(&mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    fn hello(&mut self, epoch: u64) {
        self.send(&Command::Hello(Hello {
            protocol: PROTOCOL,
            epoch,
            nonce: NONCE,
        }));
    }

    fn try_report(&mut self) -> Option<Report> {
        loop {
            if let Some(frame) = self.frames.next_frame().unwrap() {
                return Some(Report::decode(frame).unwrap());
            }
            let mut buffer = [0; 4096];
            let length = self.stream.read(&mut buffer).unwrap();
            if length == 0 {
                return None;
            }
            self.frames.push(&buffer[..length]);
        }
    }

    fn report(&mut self) -> Report {
        self.try_report().expect("the agent hung up")
    }

    fn until_exited(&mut self, wanted: u32) {
        loop {
            if let Report::Exited { step, trouble, .. } = self.report() {
                assert_eq!((step, trouble), (wanted, None));
                return;
            }
        }
    }

    fn close(&mut self) -> (Vec<String>, Vec<String>) {
        self.send(&Command::Close { give: false });
        loop {
            if let Report::Closed { killed, troubles, .. } = self.report() {
                return (killed.into_iter().map(|left| left.name).collect(), troubles);
            }
        }
    }
}

fn sh(step: u32, script: &str) -> StartStep {
    StartStep {
        step,
        name: format!("step {step}"),
        program: StepProgram::Script {
            text: script.to_owned(),
            shells: vec![shell("sh")],
        },
        env: Vec::new(),
        path: Vec::new(),
        directory: None,
        user: None,
    }
}

fn use_shells(start: &mut StartStep, choice: Vec<ShellChoice>) {
    if let StepProgram::Script { shells, .. } = &mut start.program {
        *shells = choice;
    }
}

fn shell(program: &str) -> ShellChoice {
    ShellChoice {
        program: program.to_owned(),
        arguments: vec!["-e".into(), "{0}".into()],
        extension: ".sh".into(),
    }
}

/// Waits for a condition of another process.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// Whether a process lives: neither gone nor a zombie.
fn alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| !rest.starts_with('Z'))
    })
}

#[test]
fn a_step_says_how_it_ended_and_what_it_wrote_where() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    fs::create_dir(job.workspace.path().join("sub")).unwrap();
    let mut start = sh(0, "echo out $INHERITED $OWN; echo err >&2; pwd; exit 7");
    start.env = vec![("OWN".into(), "env".into())];
    start.directory = Some("sub".into());
    let spooled = job.run(&mut client, start);
    let inside = job.workspace.path().join("sub");
    assert_eq!(spooled.out(), format!("out yes env\n{}\n", inside.display()));
    assert_eq!(spooled.name.as_deref(), Some("step 0"));
    assert_eq!(spooled.err, b"err\n");
    assert_eq!(spooled.status(), &Status::Code(7));
    assert!(spooled.exit.unwrap().usage.unwrap().max_resident > 100_000);
    // The end is told first, for others wait for it.
    let scripts = || fs::read_dir(job.path(layout::SCRIPTS)).unwrap().count();
    until("scripts may hold secrets and go with their step", || {
        scripts() == 0
    });
}

#[test]
fn a_signal_ends_a_running_step_and_is_its_status() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    for (step, signal, number) in [
        (0, StepSignal::Interrupt, 2),
        (1, StepSignal::Terminate, 15),
        (2, StepSignal::Kill, 9),
    ] {
        job.make_spool(step);
        client.send(&Command::Start(sh(step, "echo ready; exec sleep 1000")));
        assert!(matches!(client.report(), Report::Grew { .. }));
        client.send(&Command::Signal { step, signal });
        client.until_exited(step);
        assert_eq!(job.read_spool(step).status(), &Status::Signal(number));
    }
}

#[test]
fn a_signal_that_crosses_the_end_of_a_step_loses_nothing_and_blames_nobody() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    job.make_spool(0);
    client.send(&Command::Start(sh(
        0,
        "echo $$ >pid; until [ -e go ]; do :; done; echo last; exit 3",
    )));
    let here = job.workspace.path();
    let mut pid = String::new();
    until("the step runs", || {
        pid = fs::read_to_string(here.join("pid"))
            .unwrap_or_default()
            .trim()
            .to_owned();
        !pid.is_empty()
    });
    // The agent finds all at once: what was said last, the end, and the signal.
    let agent = job.agent.id().to_string();
    let tell = |signal: &str| {
        let told = Process::new("kill").args([signal, &agent]).status();
        assert!(told.unwrap().success());
    };
    tell("-STOP");
    let state = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
    };
    until("the agent stands still", || state(&agent) == Some('T'));
    fs::write(here.join("go"), "").unwrap();
    until("the step has ended", || !alive(&pid));
    client.send(&Command::Signal {
        step: 0,
        signal: StepSignal::Interrupt,
    });
    tell("-CONT");
    client.until_exited(0);
    let spooled = job.read_spool(0);
    assert_eq!((spooled.out(), spooled.status()), ("last\n", &Status::Code(3)));
    assert!(spooled.notes.is_empty(), "{:?}", spooled.notes);
}

#[test]
fn what_cannot_start_says_why() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    let mut missing = sh(0, "true");
    use_shells(&mut missing, vec![shell("no-such-bash"), shell("no-such-sh")]);
    let mut elsewhere = sh(1, "true");
    elsewhere.directory = Some("not/here".into());
    let mut nobody = sh(2, "true");
    nobody.user = Some("nobody-of-that-name".into());
    let mut ending = sh(3, "true");
    let odd = ShellChoice {
        extension: "/../x".into(),
        ..shell("sh")
    };
    use_shells(&mut ending, vec![odd]);
    for (start, parts) in [
        (missing, vec!["`no-such-bash`, `no-such-sh`", "PATH is "]),
        (elsewhere, vec!["not/here", "No such file"]),
        (nobody, vec!["no user `nobody-of-that-name`"]),
        (ending, vec!["`/../x`"]),
    ] {
        let spooled = job.run(&mut client, start);
        let Status::NotStarted(why) = spooled.status() else {
            panic!("{spooled:?}")
        };
        for part in parts {
            assert!(why.contains(part), "{why}");
        }
    }
}

#[test]
fn the_first_shell_that_is_there_runs_the_script_and_an_empty_path_still_finds_one() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    let mut start = sh(0, "echo $0");
    use_shells(&mut start, vec![shell("no-such-bash"), shell("sh")]);
    start.env = vec![("PATH".into(), String::new())];
    let spooled = job.run(&mut client, start);
    assert_eq!(
        spooled.out(),
        format!("{}\n", job.path(layout::SCRIPTS).join("0.sh").display())
    );
}

#[test]
fn a_background_process_is_waited_for_briefly_then_cut_off_then_killed_and_named() {
    let mut job = Job::new(&["--drain-ms", "50"]);
    let mut client = job.client(1);
    let spooled = job.run(&mut client, sh(0, "sleep 1000 & echo $!"));
    assert_eq!(spooled.status(), &Status::Code(0));
    assert!(
        spooled.notes.len() == 1 && spooled.notes[0].contains("kept its output open"),
        "{:?}",
        spooled.notes
    );
    let pid = spooled.out().trim().to_owned();
    assert!(alive(&pid), "it may run on until the job ends");
    // One that has left the step's session and lost its parent is found all the same.
    let spooled = job.run(
        &mut client,
        sh(
            1,
            "setsid sh -c 'sleep 1000 & echo $!' >lost 2>/dev/null; cat lost",
        ),
    );
    let lost = spooled.out().trim().to_owned();
    // Between fork and exec it still has its shell's name.
    let is_sleep =
        |pid: &str| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
    until("both are what they will be", || is_sleep(&pid) && is_sleep(&lost));
    let (killed, troubles) = client.close();
    assert_eq!(
        (killed, troubles),
        (vec!["sleep".to_owned(), "sleep".to_owned()], Vec::new())
    );
    assert!(!alive(&pid) && !alive(&lost));
    assert_eq!(job.ended(), 0);
}

#[test]
fn what_ignores_sigterm_is_killed_and_a_running_step_is_not_left_over() {
    let mut job = Job::new(&["--drain-ms", "50", "--kill-grace-ms", "100"]);
    let mut client = job.client(1);
    let stubborn = "trap '' TERM; echo ready; while :; do sleep 1000; done";
    job.run(
        &mut client,
        sh(
            0,
            &format!("sh -c \"{stubborn}\" >stubborn & until test -s stubborn; do :; done"),
        ),
    );
    job.make_spool(1);
    client.send(&Command::Start(sh(1, "echo ready; exec sleep 1000")));
    assert!(matches!(client.report(), Report::Grew { step: 1, .. }));
    let (killed, _) = client.close();
    assert!(killed.contains(&"sh".to_owned()), "{killed:?}");
    assert_eq!(job.read_spool(1).status(), &Status::Signal(15));
    assert_eq!(job.ended(), 0);
}

#[test]
fn a_step_goes_on_without_its_runtime_and_a_newer_one_finds_all_of_it() {
    let job = Job::new(&[]);
    let mut first = job.client(1);
    job.make_spool(0);
    let script = "echo before; until test -e go; do :; done; echo after";
    first.send(&Command::Start(sh(0, script)));
    assert!(matches!(first.report(), Report::Grew { .. }));
    drop(first);
    fs::write(job.workspace.path().join("go"), "").unwrap();
    let mut second = job.connect();
    second.hello(2);
    let Report::Welcome { running, .. } = second.report() else {
        panic!("no welcome")
    };
    if running == [0] {
        second.until_exited(0);
    }
    until("the exit is on record", || job.read_spool(0).exit.is_some());
    assert_eq!(job.read_spool(0).out(), "before\nafter\n");
}

#[test]
fn what_a_client_asked_for_before_its_end_has_begun_when_a_newer_one_is_welcome() {
    let job = Job::new(&[]);
    let mut first = job.client(1);
    job.make_spool(0);
    let agent = job.agent.id().to_string();
    let tell = |signal: &str| {
        let told = Process::new("kill").args([signal, &agent]).status();
        assert!(told.unwrap().success());
    };
    tell("-STOP");
    first.send(&Command::Start(sh(0, "until test -e go; do :; done; echo done")));
    drop(first);
    let mut second = job.connect();
    second.hello(2);
    tell("-CONT");
    let Report::Welcome { running, .. } = second.report() else {
        panic!("no welcome")
    };
    assert_eq!(running, [0]);
    fs::write(job.workspace.path().join("go"), "").unwrap();
    second.until_exited(0);
    assert_eq!(job.read_spool(0).out(), "done\n");
}

#[test]
fn a_newer_epoch_evicts_and_everything_else_is_refused_with_a_reason() {
    let job = Job::new(&[]);
    let mut old = job.client(5);
    for epoch in [4, 5] {
        let mut late = job.connect();
        late.hello(epoch);
        assert_eq!(late.report(), Report::Refused(Refusal::Epoch(5)));
        assert_eq!(late.try_report(), None);
    }
    let mut wrong = job.connect();
    wrong.send(&Command::Hello(Hello {
        protocol: PROTOCOL,
        epoch: 9,
        nonce: [0; NONCE_LENGTH],
    }));
    assert_eq!(wrong.report(), Report::Refused(Refusal::Nonce));
    let mut other = job.connect();
    other.send(&Command::Hello(Hello {
        protocol: 99,
        epoch: 9,
        nonce: NONCE,
    }));
    assert_eq!(other.report(), Report::Refused(Refusal::Protocol(PROTOCOL)));
    let mut rude = job.connect();
    rude.send(&Command::Close { give: false });
    assert!(matches!(rude.report(), Report::Refused(Refusal::Malformed(_))));
    let mut noise = job.connect();
    noise.stream.write_all(&[0xff; 64]).unwrap();
    assert!(matches!(noise.report(), Report::Refused(Refusal::Malformed(_))));

    let mut new = job.client(6);
    assert_eq!(old.report(), Report::Refused(Refusal::Evicted(6)));
    assert_eq!(old.try_report(), None);
    let spooled = job.run(&mut new, sh(0, "echo still here"));
    assert_eq!(spooled.out(), "still here\n");
}

#[test]
fn a_client_that_never_reads_slows_nothing() {
    let job = Job::new(&[]);
    let mut deaf = job.client(1);
    job.make_spool(0);
    deaf.send(&Command::Start(sh(
        0,
        "head -c 30000000 /dev/zero; echo done >&2",
    )));
    until("the exit is on record", || {
        let spool = job.path(layout::SPOOL).join(layout::spool_name(0));
        // The whole file is read only once it is long enough to be complete.
        fs::metadata(spool).unwrap().len() > 30_000_000 && job.read_spool(0).exit.is_some()
    });
    let spooled = job.read_spool(0);
    assert_eq!(
        (spooled.out.len(), spooled.err.as_slice()),
        (30_000_000, b"done\n".as_slice())
    );
}

#[test]
fn a_planted_spool_is_refused() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    let outside = job.path("outside");
    fs::write(&outside, "").unwrap();
    std::os::unix::fs::symlink(&outside, job.path(layout::SPOOL).join(layout::spool_name(0))).unwrap();
    client.send(&Command::Start(sh(0, "echo leaked")));
    let Report::Exited {
        trouble: Some(trouble),
        ..
    } = client.report()
    else {
        panic!("no trouble")
    };
    assert!(trouble.contains("0.spool"), "{trouble}");
    assert_eq!(fs::read(&outside).unwrap(), b"");
    // One that was used before, too: its records would be taken for this step's.
    job.make_spool(1);
    File::options()
        .write(true)
        .open(job.path(layout::SPOOL).join("1.spool"))
        .unwrap()
        .write_all(b"x")
        .unwrap();
    client.send(&Command::Start(sh(1, "true")));
    assert!(matches!(
        client.report(),
        Report::Exited {
            step: 1,
            trouble: Some(_),
            ..
        }
    ));
}

#[test]
fn output_that_cannot_be_kept_ends_the_step_and_is_said() {
    // A file size limit stands for a full disk.
    let job = Job::new(&[]);
    let pid = job.agent.id().to_string();
    let limited = Process::new("prlimit")
        .args(["--fsize=100000", "--pid", &pid])
        .status()
        .unwrap();
    assert!(limited.success());
    let mut client = job.client(1);
    job.make_spool(0);
    client.send(&Command::Start(sh(0, "cat /dev/zero")));
    let trouble = loop {
        if let Report::Exited { trouble, .. } = client.report() {
            break trouble.unwrap();
        }
    };
    assert!(trouble.contains("cannot be written to its spool"), "{trouble}");
}

#[test]
fn the_agent_is_there_until_its_last_word_was_heard() {
    let mut job = Job::new(&[]);
    let mut client = job.client(1);
    assert_eq!(client.close(), (Vec::new(), Vec::new()));
    // Somebody who passes it on from the same container would end with the agent.
    let patience = Some(Duration::from_millis(500));
    client.stream.set_read_timeout(patience).unwrap();
    assert!(client.stream.read(&mut [0]).is_err(), "it hung up first");
    drop(client);
    assert_eq!(job.ended(), 0);
}

#[test]
fn an_orphaned_agent_ends_everything() {
    let mut job = Job::new(&["--orphan-grace", "1"]);
    let mut client = job.client(1);
    job.make_spool(0);
    client.send(&Command::Start(sh(0, "echo $$; exec sleep 1000")));
    assert!(matches!(client.report(), Report::Grew { .. }));
    let pid = job.read_spool(0).out().trim().to_owned();
    drop(client);
    assert_eq!(job.ended(), 143);
    assert!(!alive(&pid));
    assert!(matches!(job.read_spool(0).status(), Status::Lost(_)));
}

#[test]
fn without_a_grace_an_agent_ends_with_its_client() {
    let (own, of_agent) = UnixStream::pair().unwrap();
    let stdin = Stdio::from(OwnedFd::from(of_agent));
    let mut job = Job::with(stdin, &["--orphan-grace", "0", "--client"]);
    let mut client = Client::over(own);
    assert!(matches!(client.report(), Report::Welcome { .. }));
    job.make_spool(0);
    client.send(&Command::Start(sh(0, "echo $$; exec sleep 1000")));
    assert!(matches!(client.report(), Report::Grew { .. }));
    let pid = job.read_spool(0).out().trim().to_owned();
    drop(client);
    assert_eq!(job.ended(), 143);
    assert!(!alive(&pid));
}

#[test]
fn sigterm_to_the_agent_ends_everything() {
    let mut job = Job::new(&[]);
    let mut client = job.client(1);
    job.make_spool(0);
    client.send(&Command::Start(sh(0, "echo $$; exec sleep 1000")));
    assert!(matches!(client.report(), Report::Grew { .. }));
    let pid = job.read_spool(0).out().trim().to_owned();
    assert!(
        Process::new("kill")
            .arg(job.agent.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(job.ended(), 143);
    assert!(!alive(&pid));
}

#[test]
fn an_agent_that_cannot_start_leaves_its_reason_in_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let output = Process::new(env!("CARGO_BIN_EXE_loom-agent"))
        .args(["serve", "--workspace", "/", "--dir"])
        .arg(directory.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let trouble = fs::read_to_string(directory.path().join(layout::TROUBLE)).unwrap();
    assert!(trouble.contains("nonce"), "{trouble}");
    assert!(String::from_utf8(output.stderr).unwrap().contains(&trouble));
}

#[test]
fn a_job_directory_with_a_very_long_path_works() {
    let top = tempfile::tempdir().unwrap();
    let deep = top.path().join("d".repeat(100)).join("e".repeat(100));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join(layout::NONCE), NONCE).unwrap();
    let mut agent = Process::new(env!("CARGO_BIN_EXE_loom-agent"))
        .args(["serve", "--workspace", "/", "--dir"])
        .arg(&deep)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the socket is there", || deep.join(layout::SOCKET).exists());
    let mode = fs::metadata(deep.join(layout::SOCKET)).map(|found| found.permissions().mode());
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(mode.unwrap() & 0o777, 0o666);
}

#[test]
fn a_port_of_localhost_leads_to_a_service() {
    use std::net::{Shutdown, TcpListener, TcpStream};

    let job = Job::new(&[]);
    let mut client = job.client(1);
    // One that only takes what comes until all of it is there, and then says it backwards.
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let std::net::SocketAddr::V4(to) = service.local_addr().unwrap() else {
        panic!("not an address of IPv4");
    };
    let serving = std::thread::spawn(move || {
        for stream in service.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut text = Vec::new();
            stream.read_to_end(&mut text).unwrap();
            text.reverse();
            stream.write_all(&text).unwrap();
        }
    });
    // Nobody else may take the port between its choice and its use: another one is chosen when that happens.
    let port = loop {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        client.send(&Command::Forward { port, to });
        match client.report() {
            Report::Forwarding {
                port: answered,
                trouble: None,
            } if answered == port => break port,
            Report::Forwarding { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    for length in [5, 3_000_000] {
        let text: Vec<u8> = (0..length)
            .map(|n: u32| n.to_le_bytes()[n as usize % 3])
            .collect();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&text).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).unwrap();
        back.reverse();
        assert!(back == text, "{length} bytes came back as {}", back.len());
    }
    serving.join().unwrap();
    // The service is gone: who comes is hung up on, and the agent goes on.
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    let spooled = job.run(&mut client, sh(0, "echo on"));
    assert_eq!(spooled.out, b"on\n");
}

#[test]
fn a_port_that_is_taken_is_told() {
    let job = Job::new(&[]);
    let mut client = job.client(1);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let to = "127.0.0.1:1".parse().unwrap();
    client.send(&Command::Forward { port, to });
    let Report::Forwarding {
        trouble: Some(trouble),
        ..
    } = client.report()
    else {
        panic!("the port was not taken");
    };
    assert!(trouble.contains(&format!("localhost:{port}")), "{trouble}");
}
