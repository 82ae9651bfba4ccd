//! The steps of a log: its index has room for a number, so that each step gets one when it first writes. Which number is
//! which step stands in `<job>.steps`, a JSON string a line, the first for number 0; it is written before the number is used.
//! A log without that file was written when steps were numbers.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::store::private_file;
use crate::id::StepId;

/// The numbers that steps have, as they are given out.
#[derive(Debug, Default)]
pub(super) struct Ordinals {
    known: HashMap<StepId, u32>,
    /// What the file lacks.
    pending: Vec<u8>,
}

impl Ordinals {
    /// The step's number, a new one when it has none.
    pub(super) fn of(&mut self, step: &StepId) -> u32 {
        if let Some(ordinal) = self.known.get(step) {
            return *ordinal;
        }
        let ordinal = u32::try_from(self.known.len()).unwrap_or(u32::MAX - 1);
        self.known.insert(step.clone(), ordinal);
        self.pending
            .extend_from_slice(serde_json::json!(step).to_string().as_bytes());
        self.pending.push(b'\n');
        ordinal
    }

    /// The number of a step that has one.
    pub(super) fn get(&self, step: &StepId) -> Option<u32> {
        self.known.get(step).copied()
    }

    pub(super) fn take_pending(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }
}

/// The file while it is written. It is made when there is something to write.
#[derive(Debug)]
pub(super) struct StepsFile {
    path: PathBuf,
    file: Option<File>,
    end: u64,
    /// What could not be written yet.
    owed: Vec<u8>,
}

impl StepsFile {
    /// Removes what an earlier log of that name left.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self {
            path,
            file: None,
            end: 0,
            owed: Vec::new(),
        })
    }

    /// The file as another process left it, and the numbers in it. What is no whole line is written over.
    pub(super) fn reopen(path: PathBuf) -> io::Result<(Self, Ordinals)> {
        let mut steps = Self {
            path,
            file: None,
            end: 0,
            owed: Vec::new(),
        };
        let mut ordinals = Ordinals::default();
        let text = match std::fs::read_to_string(&steps.path) {
            // Nobody has written to the log yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((steps, ordinals)),
            read => read?,
        };
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let step: StepId = serde_json::from_str(line).map_err(io::Error::other)?;
            ordinals.of(&step);
            steps.end += line.len() as u64;
        }
        drop(ordinals.take_pending());
        steps.file = Some(std::fs::OpenOptions::new().write(true).open(&steps.path)?);
        Ok((steps, ordinals))
    }

    /// Writes at the end. What cannot be written is written with the next ones: numbers never shift.
    pub(super) fn write(&mut self, more: &[u8]) -> io::Result<()> {
        self.owed.extend_from_slice(more);
        if self.owed.is_empty() {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => private_file(&self.path)?,
        };
        let written = file.write_all_at(&self.owed, self.end);
        self.file = Some(file);
        written?;
        self.end += self.owed.len() as u64;
        self.owed.clear();
        Ok(())
    }
}

/// The file as a reader has it.
#[derive(Debug)]
pub(super) struct StepNames {
    path: PathBuf,
    names: Vec<StepId>,
}

impl StepNames {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            names: Vec::new(),
        }
    }

    /// The step with this number.
    pub(super) fn get(&mut self, ordinal: u32) -> StepId {
        let place = usize::try_from(ordinal).unwrap_or(usize::MAX);
        if self.names.len() <= place {
            self.read();
        }
        let known = self.names.get(place).cloned();
        known.unwrap_or_else(|| StepId(ordinal.to_string()))
    }

    /// Reads the whole lines that there are; without a file there are none.
    fn read(&mut self) {
        let Ok(text) = std::fs::read_to_string(&self.path) else {
            return;
        };
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let step = |(ordinal, line): (usize, &str)| {
            serde_json::from_str(line).unwrap_or_else(|_| StepId(ordinal.to_string()))
        };
        self.names = whole.enumerate().map(step).collect();
    }
}
