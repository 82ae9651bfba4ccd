//! Disks that are full outside of the job: the state directory's, with journal, logs and spools on it. On this machine here, in
//! containers in `docker/full.rs`. Each ends as lost or with an error that says so, leaves nothing, and the next start that
//! finds room works. Only root can make such disks.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::harness::{Loom, Outcome, Project, until};

/// Far above what giving up takes.
const BOUND: Duration = Duration::from_secs(60);

/// A disk of a few megabytes, at the place of a folder. Gone when dropped.
pub(crate) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// In memory, for the state directory of a project; none where only root can make one.
    pub(crate) fn of_state(project: &Project, megabytes: u32) -> Option<Self> {
        let at = project.state();
        std::fs::create_dir_all(&at).expect("a directory");
        Self::mounted(
            &[
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m,mode=755"),
                "tmpfs",
            ],
            at,
        )
    }

    /// Of a file with an ext4 in it, as an engine wants one.
    pub(crate) fn of_file(at: PathBuf, megabytes: u32) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return Self::mounted(&[], at);
        }
        let file = at.with_extension("disk");
        std::fs::create_dir_all(&at).expect("a directory");
        let image = std::fs::File::create(&file).expect("a file");
        image.set_len(u64::from(megabytes) << 20).expect("a length");
        // No block is kept for root: for the engine it is to be as full as for anybody.
        run("mkfs.ext4", &["-q", "-m", "0", &file.display().to_string()]);
        Self::mounted(&["-o", "loop", &file.display().to_string()], at)
    }

    fn mounted(what: &[&str], at: PathBuf) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("passed over: only root can make a disk");
            return None;
        }
        let place = at.display().to_string();
        run("mount", &[what, &[place.as_str()]].concat());
        Some(Self { at })
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }

    /// Leaves no byte of it.
    pub(crate) fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).expect("a file");
        for piece in [1 << 20, 4096, 1] {
            let zeros = vec![0_u8; piece];
            while file.write_all(&zeros).is_ok() {}
        }
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("it was there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
        let _ = std::fs::remove_file(self.at.with_extension("disk"));
    }
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).output();
    let done = done.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {arguments:?}: {said}");
}

/// How a test runs Loom: on this machine, or in containers.
pub(crate) type Starter<'a> = &'a dyn Fn(&Project, &[&str]) -> Loom;

const FLOOD: &str = "jobs:
  a:
    runs-on: alpine:latest
    steps:
      - run: |
          line=x
          while [ ${#line} -lt 1000 ]; do line=$line$line; done
          i=0
          while [ $i -lt 60000 ]; do echo $line; i=$((i+1)); done
      - run: echo never-$((6*7))
  b:
    runs-on: alpine:latest
    needs: a
    steps: [{ run: 'true' }]
";

const LONG: &str = "jobs:
  a:
    runs-on: alpine:latest
    steps:
      - run: |
          echo in-$((40+2))
          until [ -e go ]; do sleep 0.05; done
      - run: echo one
      - run: echo two
";

const NEXT: &str = "jobs:
  a:
    runs-on: alpine:latest
    steps: [{ run: 'echo next-$((6*7))' }]
";

#[track_caller]
fn no_directory_is_left(project: &Project, outcome: &Outcome) {
    let jobs = project.state().join("jobs");
    let left: Vec<_> = std::fs::read_dir(&jobs)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert!(left.is_empty(), "{left:?} is left\n{outcome}");
}

#[track_caller]
fn the_next_start_works(project: &Project, start: Starter<'_>) {
    project.file("next.loom.yml", NEXT);
    let next = start(project, &["next.loom.yml"])
        .run()
        .exits(0)
        .prints("next-42");
    no_directory_is_left(project, &next);
}

/// A step prints more than the disk can hold.
pub(crate) fn by_what_a_step_says(start: Starter<'_>) {
    let project = Project::with(FLOOD);
    let Some(_disk) = Disk::of_state(&project, 12) else {
        return;
    };
    let outcome = start(&project, &[]).run().exits(3).never_says("never-42");
    assert!(outcome.took < BOUND, "{outcome}");
    let both = format!("{}{}", outcome.stdout, outcome.stderr).to_lowercase();
    assert!(
        both.contains("no space left") || both.contains("disk is full"),
        "{outcome}"
    );
    no_directory_is_left(&project, &outcome);
    the_next_start_works(&project, start);
}

/// Somebody else fills the disk while a step runs.
pub(crate) fn by_somebody_else(start: Starter<'_>) {
    let project = Project::with(LONG);
    let Some(disk) = Disk::of_state(&project, 12) else {
        return;
    };
    let mut running = start(&project, &[]).start();
    running.until_stdout("in-42");
    disk.fill();
    project.file("go", "");
    let outcome = running.end().exits(3);
    assert!(outcome.took < BOUND, "{outcome}");
    assert!(outcome.stderr.contains("disk is full"), "{outcome}");
    // As long as it is full, nothing begins, and that is said.
    project.file("next.loom.yml", NEXT);
    let outcome = start(&project, &["next.loom.yml"])
        .run()
        .exits(3)
        .never_says("next-42");
    assert!(outcome.stderr.contains("disk is full"), "{outcome}");
    disk.make_room();
    the_next_start_works(&project, start);
    let list = project.loom(&["runs", "list"]).run().exits(0);
    assert!(list.stdout.contains("lost"), "{list}");
}

/// The disk is full before there is anything, and has no room for the journal.
pub(crate) fn from_the_beginning(start: Starter<'_>) {
    let project = Project::with(NEXT);
    let Some(disk) = Disk::of_state(&project, 12) else {
        return;
    };
    disk.fill();
    let outcome = start(&project, &[]).run().exits(3).never_says("next-42");
    assert!(outcome.took < BOUND, "{outcome}");
    let said = outcome.stderr.to_lowercase();
    assert!(
        said.contains("disk is full") || said.contains("no space left"),
        "{outcome}"
    );
    disk.make_room();
    the_next_start_works(&project, start);
}

/// Waits until what a run left is gone.
#[track_caller]
fn until_gone(path: &Path) {
    until("the end of the process", || (!path.exists()).then_some(()));
}

fn on_this_machine(project: &Project, arguments: &[&str]) -> Loom {
    project.loom(&["run", "--executor", "host"]).args(arguments)
}

#[test]
fn the_disk_is_filled_by_what_a_step_says() {
    by_what_a_step_says(&on_this_machine);
}

#[test]
fn the_disk_is_filled_by_somebody_else() {
    by_somebody_else(&on_this_machine);
}

#[test]
fn the_disk_is_full_from_the_beginning() {
    from_the_beginning(&on_this_machine);
}

#[test]
fn what_ran_when_the_disk_was_full_has_ended() {
    let project = Project::with(
        "jobs:\n  a:\n    steps:\n      - run: |\n          echo $$ > pid\n          echo in-$((40+2))\n          until [ -e go ]; do sleep 0.05; done\n      - run: |\n          echo $$ > pid\n          sleep 600\n",
    );
    let Some(disk) = Disk::of_state(&project, 12) else {
        return;
    };
    let mut running = on_this_machine(&project, &[]).start();
    running.until_stdout("in-42");
    disk.fill();
    project.file("go", "");
    let outcome = running.end().exits(3);
    assert!(outcome.took < BOUND, "{outcome}");
    until_gone(&Path::new("/proc").join(project.read("pid").trim()));
}
