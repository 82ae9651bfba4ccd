//! Names beneath an open directory: whatever is put in the directory's place meanwhile, they lead nowhere else.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::check;

/// A directory that is open.
#[derive(Debug)]
pub(crate) struct Beneath(File);

/// What there is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) is_file: bool,
    pub(crate) is_directory: bool,
    /// In bytes.
    pub(crate) length: u64,
}

impl Beneath {
    /// Opens a directory; one that is a link is refused.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
            .open(path)
            .map(Self)
    }

    /// Makes a file that was not there, its owner's alone, to be written.
    pub(crate) fn create_new(&self, name: &str) -> io::Result<File> {
        self.open_with(name, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL)
    }

    /// Opens what is there for reading, without following a link or waiting for a pipe's other end.
    pub(crate) fn read(&self, name: &str) -> io::Result<File> {
        self.open_with(name, libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK)
    }

    fn open_with(&self, name: &str, flags: libc::c_int) -> io::Result<File> {
        let name = CString::new(name)?;
        let mode: libc::c_uint = 0o600;
        // SAFETY: the descriptor is open while `self` lives, and the name ends with a zero; what comes of it is nobody
        // else's.
        unsafe {
            let fd = libc::openat(self.0.as_raw_fd(), name.as_ptr(), flags | libc::O_CLOEXEC, mode);
            check(fd)?;
            Ok(File::from(OwnedFd::from_raw_fd(fd)))
        }
    }

    /// What there is, without following a link.
    pub(crate) fn look(&self, name: &str) -> io::Result<Found> {
        let name = CString::new(name)?;
        let mut found = MaybeUninit::<libc::stat>::zeroed();
        // SAFETY: as above; the place is valid for writing, and a zeroed one is a valid answer.
        let found = unsafe {
            check(libc::fstatat(
                self.0.as_raw_fd(),
                name.as_ptr(),
                found.as_mut_ptr(),
                libc::AT_SYMLINK_NOFOLLOW,
            ))?;
            found.assume_init()
        };
        let kind = found.st_mode & libc::S_IFMT;
        Ok(Found {
            is_file: kind == libc::S_IFREG,
            is_directory: kind == libc::S_IFDIR,
            length: u64::try_from(found.st_size).unwrap_or(0),
        })
    }

    /// Removes anything but a directory.
    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        let name = CString::new(name)?;
        // SAFETY: as above.
        unsafe { check(libc::unlinkat(self.0.as_raw_fd(), name.as_ptr(), 0)) }
    }

    /// A path to a name, for what takes paths only. Where there is no `/proc`, one through the directory's own path.
    pub(crate) fn path_of(&self, directory: &Path, name: &str) -> PathBuf {
        if cfg!(target_os = "linux") {
            PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd())).join(name)
        } else {
            directory.join(name)
        }
    }
}
