//! A terminal that a test looks at and types into.

use std::fs::File;
use std::io::{Read, Write};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Both ends of it.
pub(crate) struct Terminal {
    screen: File,
    /// Where programs find it.
    path: String,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("ours");
        unlockpt(&terminal).expect("ours");
        let name = ptsname(&terminal, Vec::new()).expect("a name");
        Self {
            screen: File::from(terminal),
            path: name.to_str().expect("a path").to_owned(),
        }
    }

    /// The end that a program has, as its stdin for example.
    pub(crate) fn other_end(&self) -> File {
        File::options()
            .read(true)
            .write(true)
            .open(&self.path)
            .expect("a terminal")
    }

    /// Waits until this was printed since the last time that it was waited for something.
    pub(crate) fn until_said(&mut self, text: &str) {
        let mut said = String::new();
        let mut piece = [0; 4096];
        while !said.contains(text) {
            let length = self.screen.read(&mut piece).unwrap_or(0);
            assert!(length > 0, "no `{text}` in\n{said}");
            said.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
    }

    /// Types.
    pub(crate) fn types(&mut self, keys: &[u8]) {
        self.screen.write_all(keys).expect("typed");
    }
}
