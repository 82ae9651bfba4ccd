//! How much a file may ask for.

/// Bounds that end hostile or mistaken files as a diagnostic, in bounded time and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes. A file above is refused unread.
    pub bytes: usize,
    /// Most values in the file, each use of an alias counted as if it were written out.
    pub nodes: usize,
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
            depth: 100,
        }
    }
}
