//! A terminal that a test looks at and types into.

use std::fs::File;
use std::io::{Read, Write};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Both ends of it.
pub(crate) struct Terminal {
    screen: File,
    /// Where programs find it.
    path: String,
    /// What was printed and not waited for yet.
    said: String,
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
            said: String::new(),
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

    /// Waits until this was printed behind what was waited for before.
    pub(crate) fn until_said(&mut self, text: &str) {
        let mut piece = [0; 4096];
        loop {
            if let Some(at) = self.said.find(text) {
                self.said.drain(..at + text.len());
                return;
            }
            let length = self.screen.read(&mut piece).unwrap_or(0);
            assert!(length > 0, "no `{text}` in\n{}", self.said);
            self.said.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
    }

    /// Types.
    pub(crate) fn types(&mut self, keys: &[u8]) {
        self.screen.write_all(keys).expect("typed");
    }
}
