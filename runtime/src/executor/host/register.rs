//! Which job has its directory where: a file a job, so that another process can clean up after this one.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// The directory of entries: the file's name is the job's resource name, its content what the job has where.
#[derive(Clone, Debug)]
pub(super) struct Register {
    directory: PathBuf,
}

/// What is written down of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The job's directory.
    pub(super) directory: PathBuf,
    /// Where its scripts lie.
    pub(super) scripts: PathBuf,
    /// Whether it has something in a container engine.
    pub(super) engine: bool,
    /// What marks its agent, which may have had other jobs before.
    pub(super) agent: String,
}

impl Register {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Four fields, each ended by a zero byte, which no path has: directory, scripts, `engine` or nothing, the agent's mark.
    pub(super) fn note(&self, name: &str, entry: &Entry) -> io::Result<()> {
        let engine: &[u8] = if entry.engine { b"engine" } else { b"" };
        let fields = [
            entry.directory.as_os_str().as_bytes(),
            entry.scripts.as_os_str().as_bytes(),
            engine,
            entry.agent.as_bytes(),
        ];
        let content: Vec<u8> = fields
            .into_iter()
            .flat_map(|field| field.iter().copied().chain([0]))
            .collect();
        // By rename: an entry that is there is complete.
        let draft = self.directory.join(format!(".{name}"));
        match fs::write(&draft, &content) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.directory)?;
                fs::write(&draft, &content)?;
            }
            written => written?,
        }
        fs::rename(draft, self.directory.join(name))
    }

    /// What is written down of a job. A relative or empty path, or one that ends with a slash, is no entry of ours, and
    /// something would be removed by it.
    pub(super) fn entry(&self, name: &str) -> Option<Entry> {
        let bytes = fs::read(self.directory.join(name)).ok()?;
        let mut fields = bytes.split(|byte| *byte == 0);
        let mut path = || {
            let field = fields.next()?;
            let path = PathBuf::from(OsString::from_vec(field.to_vec()));
            Some(path).filter(|path| path.is_absolute() && !field.ends_with(b"/"))
        };
        let (directory, scripts) = (path()?, path()?);
        let engine = fields.next() == Some(b"engine".as_slice());
        let agent = fields.next().map(String::from_utf8_lossy);
        Some(Entry {
            directory,
            scripts,
            engine,
            // Before agents had more than one job, theirs was their mark.
            agent: agent
                .filter(|mark| !mark.is_empty())
                .map_or_else(|| name.to_owned(), Into::into),
        })
    }

    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_found_again_and_nothing_else() {
        let temporary = tempfile::tempdir().unwrap();
        let register = Register::new(temporary.path().join("agents"));
        let entry = Entry {
            directory: "/state/jobs/a b".into(),
            scripts: "/tmp/loom-x".into(),
            engine: true,
            agent: "loom-agent-1".into(),
        };
        register.note("loom-r-a-1", &entry).unwrap();
        assert_eq!(register.entry("loom-r-a-1"), Some(entry));
        assert_eq!(register.names(), ["loom-r-a-1"]);
        fs::write(temporary.path().join("agents/older"), "/a\0/b\0\0").unwrap();
        let older = register.entry("older").unwrap();
        assert_eq!((older.agent.as_str(), older.engine), ("older", false));
        register.forget("older").unwrap();
        for odd in ["relative\0/b\0", "/state/jobs/\0/b\0", "/\0/b\0", "\0\0", "/a"] {
            fs::write(temporary.path().join("agents/odd"), odd).unwrap();
            assert_eq!(register.entry("odd"), None, "{odd:?}");
        }
        register.forget("loom-r-a-1").unwrap();
        register.forget("loom-r-a-1").unwrap();
        assert_eq!(register.entry("loom-r-a-1"), None);
    }
}
