//! Starts a step's program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Identity, prepare};

/// Variables of a process by their names, which mostly are said elsewhere.
pub(crate) type Variables<'a> = BTreeMap<Cow<'a, OsStr>, Cow<'a, OsStr>>;

/// A program that is to run in a session of its own, with nothing to read, and dies with this process.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// An absolute path.
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// All of its variables.
    pub(crate) env: Variables<'a>,
    pub(crate) directory: PathBuf,
    /// Who it runs as, when that is another user than this process is.
    pub(crate) identity: Option<Identity>,
}

/// A process that was started.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) pid: i32,
    /// Its streams, to be read.
    pub(crate) stdout: File,
    pub(crate) stderr: File,
}

impl Start<'_> {
    /// Starts it. This process must have one thread, and reaps what has ended itself.
    ///
    /// # Errors
    /// What the system says, of the working directory as well as of the program.
    pub(crate) fn spawn(&self) -> io::Result<Started> {
        #[cfg(target_os = "linux")]
        if self.identity.is_none() {
            return sharing::spawn(self);
        }
        self.spawn_by_fork()
    }

    /// By a copy of this process, in which the user can be changed.
    fn spawn_by_fork(&self) -> io::Result<Started> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.env)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        prepare(&mut command, self.identity.clone());
        let mut child = command.spawn()?;
        let piped = |stream: Option<OwnedFd>| {
            stream
                .map(File::from)
                .ok_or_else(|| io::Error::other("a stream of the process is missing"))
        };
        Ok(Started {
            pid: i32::try_from(child.id()).map_err(io::Error::other)?,
            stdout: piped(child.stdout.take().map(OwnedFd::from))?,
            stderr: piped(child.stderr.take().map(OwnedFd::from))?,
        })
    }

    /// The largest of the variables, and how many bytes its value has.
    pub(crate) fn largest_variable(&self) -> Option<(&Path, usize)> {
        let sizes = self
            .env
            .iter()
            .map(|(name, value)| (Path::new(name), value.len()));
        sizes.max_by_key(|(_, size)| *size)
    }
}

/// Without a copy of this process, as `posix_spawn` does it: memory is shared until the program runs. A fork copies page
/// tables, and both sides then copy each page that they write to.
#[cfg(target_os = "linux")]
mod sharing {
    use std::ffi::{CString, OsStr};
    use std::fs::File;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
    use std::os::unix::ffi::OsStrExt as _;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::Ordering;

    use libc::{c_char, c_int, c_void};

    use super::{Start, Started, Variables};
    use crate::sys::{CAUGHT, be_first_to_go};

    /// Room for what the new process does before it is the program: a few system calls.
    const STACK: usize = 64 * 1024;

    /// What the new process needs; it allocates nothing.
    struct Plan<'a> {
        program: *const c_char,
        arguments: &'a [*const c_char],
        /// The same for a shell that is to run a program which the kernel does not know how to run, as execvp(3) does.
        as_script: &'a [*const c_char],
        env: &'a [*const c_char],
        directory: *const c_char,
        streams: [RawFd; 3],
        mask: libc::sigset_t,
        /// What went wrong, if anything did.
        errno: c_int,
    }

    pub(super) fn spawn(start: &Start<'_>) -> io::Result<Started> {
        let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
        let program = text(start.program.as_os_str())?;
        let directory = text(start.directory.as_os_str())?;
        let arguments = start.arguments.iter().map(|argument| text(argument.as_ref()));
        let arguments: Vec<CString> = arguments.collect::<io::Result<_>>()?;
        let (env, starts) = one_behind_the_other(&start.env)?;
        let env = starts
            .into_iter()
            .map(|start| env.get(start..).map_or(ptr::null(), <[u8]>::as_ptr));
        let env: Vec<*const c_char> = env.map(<*const u8>::cast).chain([ptr::null()]).collect();
        let (stdout, of_stdout) = io::pipe()?;
        let (stderr, of_stderr) = io::pipe()?;
        let list = |before: &[*const c_char], texts: &[CString]| -> Vec<*const c_char> {
            let texts = texts.iter().map(|text| text.as_ptr());
            before.iter().copied().chain(texts).chain([ptr::null()]).collect()
        };
        let mut plan = Plan {
            program: program.as_ptr(),
            arguments: &list(&[program.as_ptr()], &arguments),
            as_script: &list(&[c"/bin/sh".as_ptr(), program.as_ptr()], &arguments),
            env: &env,
            directory: directory.as_ptr(),
            streams: [nothing()?, of_stdout.as_raw_fd(), of_stderr.as_raw_fd()],
            // SAFETY: a zeroed set is a valid one.
            mask: unsafe { MaybeUninit::zeroed().assume_init() },
            errno: 0,
        };
        let mut stack: Vec<MaybeUninit<u8>> = Vec::with_capacity(STACK);
        // SAFETY: the new process uses the stack given, which is aligned and as large as is said, and the plan, both of
        // which live until it has become the program or has ended: this thread, the only one, waits for that. Meanwhile
        // no signal is delivered, and the new process has no handler once signals may come again.
        let (pid, error) = unsafe {
            let mut all: libc::sigset_t = MaybeUninit::zeroed().assume_init();
            libc::sigfillset(&raw mut all);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const all, &raw mut plan.mask);
            let top = stack.as_mut_ptr().add(STACK);
            let top = top.sub(top.addr() % 16).cast::<c_void>();
            let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
            let pid = libc::clone(become_program, top, flags, (&raw mut plan).cast());
            let error = io::Error::last_os_error();
            libc::sigprocmask(libc::SIG_SETMASK, &raw const plan.mask, ptr::null_mut());
            (pid, error)
        };
        if pid < 0 {
            return Err(error);
        }
        // The other process has written to it.
        // SAFETY: the place is a local variable.
        let errno = unsafe { ptr::read_volatile(&raw const plan.errno) };
        if errno != 0 {
            // SAFETY: no memory is involved; it has ended, and is to be nobody's riddle.
            unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
            return Err(io::Error::from_raw_os_error(errno));
        }
        Ok(Started {
            pid,
            stdout: File::from(OwnedFd::from(stdout)),
            stderr: File::from(OwnedFd::from(stderr)),
        })
    }

    /// `NAME=VALUE` of all variables, each ended by a zero, and where each begins: a step has many.
    fn one_behind_the_other(variables: &Variables<'_>) -> io::Result<(Vec<u8>, Vec<usize>)> {
        let length = variables
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum();
        let (mut all, mut starts) = (Vec::with_capacity(length), Vec::with_capacity(variables.len()));
        for (name, value) in variables {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            if name.contains(&0) || value.contains(&0) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a variable has a zero byte in it",
                ));
            }
            starts.push(all.len());
            all.extend_from_slice(name);
            all.push(b'=');
            all.extend_from_slice(value);
            all.push(0);
        }
        Ok((all, starts))
    }

    /// Something that has an end at once when it is read.
    fn nothing() -> io::Result<RawFd> {
        static NOTHING: OnceLock<File> = OnceLock::new();
        if let Some(open) = NOTHING.get() {
            return Ok(open.as_raw_fd());
        }
        let opened = File::open("/dev/null")?;
        Ok(NOTHING.get_or_init(|| opened).as_raw_fd())
    }

    /// The new process: only system calls, on memory that its parent has made ready.
    extern "C" fn become_program(plan: *mut c_void) -> c_int {
        let plan = plan.cast::<Plan<'_>>();
        // SAFETY: the parent waits, and its plan lives until this process is the program or has ended; nobody else touches it.
        unsafe {
            let errno = attempt(&*plan);
            ptr::write_volatile(&raw mut (*plan).errno, errno);
            libc::_exit(127)
        }
    }

    /// Returns only when it fails: why.
    ///
    /// # Safety
    /// Only in a new process whose parent waits.
    unsafe fn attempt(plan: &Plan<'_>) -> c_int {
        // SAFETY: every pointer of the plan is to a text or list that ends with a zero and lives longer than this process
        // shares its parent's memory.
        unsafe {
            // Handlers are of this memory, and are not to run here. Rust's programs ignore SIGPIPE, others do not.
            let caught = CAUGHT.load(Ordering::Relaxed);
            let handled = (1..64).filter(|signal| caught & (1 << signal) != 0);
            for signal in handled.chain([libc::SIGPIPE]) {
                libc::signal(signal, libc::SIG_DFL);
            }
            for (place, fd) in (0..).zip(plan.streams) {
                if libc::dup2(fd, place) < 0 {
                    return errno();
                }
            }
            if libc::chdir(plan.directory) < 0 || libc::setsid() < 0 {
                return errno();
            }
            be_first_to_go();
            // A step must not outlive an agent that was killed.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const plan.mask, ptr::null_mut());
            libc::execve(plan.program, plan.arguments.as_ptr(), plan.env.as_ptr());
            if errno() == libc::ENOEXEC {
                libc::execve(c"/bin/sh".as_ptr(), plan.as_script.as_ptr(), plan.env.as_ptr());
                return libc::ENOEXEC;
            }
            errno()
        }
    }

    fn errno() -> c_int {
        // SAFETY: always valid for the calling thread.
        unsafe { *libc::__errno_location() }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn start(program: &Path, arguments: &[&str], directory: &Path) -> Start<'static> {
        Start {
            program: program.to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            env: BTreeMap::from([(
                Cow::Borrowed("GREETING".as_ref()),
                Cow::Borrowed("hello".as_ref()),
            )]),
            directory: directory.to_owned(),
            identity: None,
        }
    }

    fn heard(started: Started) -> (String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        let (mut stdout, mut stderr) = (started.stdout, started.stderr);
        stdout.read_to_string(&mut out).unwrap();
        stderr.read_to_string(&mut err).unwrap();
        (out, err)
    }

    /// Both ways, as the one is in force where the other cannot be.
    fn both(start: &Start<'_>) -> [io::Result<Started>; 2] {
        [start.spawn(), start.spawn_by_fork()]
    }

    #[test]
    fn a_program_has_its_own_session_streams_variables_and_directory() {
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path().canonicalize().unwrap();
        // The last is done by the shell's own process: a shell holds signals back while it starts another.
        let script = "cat; env | grep -v -e ^_= -e ^SHLVL= -e ^OLDPWD=; pwd; echo loud >&2; \
                      cut -d ' ' -f 1,6 /proc/$$/stat; cat /proc/$$/oom_score_adj; \
                      exec grep -e ^SigBlk -e ^SigIgn /proc/self/status";
        let start = start(Path::new("/bin/sh"), &["-c", script], &top);
        for started in both(&start) {
            let started = started.unwrap();
            let pid = started.pid;
            let (out, err) = heard(started);
            assert_eq!(err, "loud\n");
            let signals = |name: &str| {
                let line = out.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                u64::from_str_radix(line.trim(), 16).unwrap()
            };
            assert_eq!(signals("SigBlk:"), 0, "nothing is held back");
            assert_eq!(
                signals("SigIgn:") & (1 << (libc::SIGPIPE - 1)),
                0,
                "a pipe's end is heard of"
            );
            let expected = format!("GREETING=hello\nPWD={0}\n{0}\n{pid} {pid}\n500\n", top.display());
            assert!(out.starts_with(&expected), "{out}\n{expected}");
        }
    }

    #[test]
    fn what_cannot_start_says_why_and_is_nobodys_child() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("file");
        std::fs::write(&file, "echo never").unwrap();
        let here = temporary.path();
        let large = "x".repeat(200_000);
        for (program, arguments, directory, error) in [
            (
                here.join("absent"),
                vec![],
                here.to_owned(),
                io::ErrorKind::NotFound,
            ),
            (
                file.clone(),
                vec![],
                here.to_owned(),
                io::ErrorKind::PermissionDenied,
            ),
            (
                "/bin/sh".into(),
                vec![],
                here.join("absent"),
                io::ErrorKind::NotFound,
            ),
            (
                "/bin/sh".into(),
                vec![],
                file.clone(),
                io::ErrorKind::NotADirectory,
            ),
            (
                "/bin/sh".into(),
                vec![large.as_str()],
                here.to_owned(),
                io::ErrorKind::ArgumentListTooLong,
            ),
            (
                "/bin/sh".into(),
                vec!["a\0b"],
                here.to_owned(),
                io::ErrorKind::InvalidInput,
            ),
        ] {
            for outcome in both(&start(&program, &arguments, &directory)) {
                assert_eq!(
                    outcome.map(drop).unwrap_err().kind(),
                    error,
                    "{}",
                    program.display()
                );
            }
        }
    }

    #[test]
    fn a_script_without_a_first_line_is_a_shells() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("script");
        std::fs::write(&file, "echo \"$0 $1 $GREETING\"").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        for started in both(&start(&file, &["one"], temporary.path())) {
            let (out, _) = heard(started.unwrap());
            assert_eq!(out, format!("{} one hello\n", file.display()));
        }
    }
}
