//! How much a file may ask for.

/// Bounds that end hostile or mistaken files as a diagnostic, in bounded time and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes. A file above is refused unread.
    pub bytes: usize,
    /// Most values in the file, each use of an alias counted as if it were written out.
    pub nodes: usize,
    /// Most text in all values together, in bytes, each use of an alias counted as if it were written out.
    pub text: usize,
    /// Deepest nesting of lists and mappings, aliases included. Nothing that walks a tree can overflow its stack.
    pub depth: usize,
}

impl Default for Limits {
    /// 4 MiB hold ten thousand jobs of several steps, a hundred times the largest real workflow known to us; GitHub
    /// itself stops at 512 kB of file. 100 levels are ten times what a workflow can use.
    fn default() -> Self {
        Self {
            bytes: 4 * 1024 * 1024,
            nodes: 500_000,
            text: 32 * 1024 * 1024,
            depth: 100,
        }
    }
}

/// What a value costs when it is written out once more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) nodes: usize,
    pub(super) text: usize,
}

impl Cost {
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            nodes: 1,
            text: text.len(),
        }
    }

    pub(super) fn of_collection() -> Self {
        Self { nodes: 1, text: 0 }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.text = self.text.saturating_add(other.text);
    }

    pub(super) fn exceeds(self, limits: &Limits) -> bool {
        self.nodes > limits.nodes || self.text > limits.text
    }
}
