//! How a scalar of a file is written.

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// `text`
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|`, line breaks kept
    Literal,
    /// `>`, lines folded
    Folded,
}

impl Style {
    /// Where the text begins in what is written: that of a block on the line after its `|` or `>`.
    pub(crate) fn text_start(self, written: &str) -> usize {
        match self {
            Self::Literal | Self::Folded => written.find('\n').map_or(written.len(), |at| at + 1),
            Self::Plain | Self::SingleQuoted | Self::DoubleQuoted => 0,
        }
    }
}
