//! What a step's command files say: `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_STATE`, `GITHUB_PATH`,
//! `GITHUB_STEP_SUMMARY`. Reads bytes; where they come from is not decided here.
//!
//! The files of a step that failed count too. `GITHUB_…` and `RUNNER_…` names are taken as any other: they have no
//! effect, because the values of the `github` and `runner` contexts go over them when a step starts.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use super::interpreter::is_blocked;
use super::masks::Masks;

/// A summary of more bytes is dropped, as on GitHub.
pub const SUMMARY_LIMIT: u64 = 1024 * 1024;
/// Other command files may have so many bytes. GitHub has no limit; a file of this size is a mistake.
pub const FILE_LIMIT: u64 = 64 * 1024 * 1024;

/// The bytes of a step's command files; empty for a file that is not there or not asked for.
#[derive(Clone, Copy, Default)]
pub struct StepFiles<'a> {
    /// `GITHUB_ENV`.
    pub env: &'a [u8],
    /// `GITHUB_OUTPUT`.
    pub output: &'a [u8],
    /// `GITHUB_STATE`.
    pub state: &'a [u8],
    /// `GITHUB_PATH`.
    pub path: &'a [u8],
    /// `GITHUB_STEP_SUMMARY`, or its beginning when it is over [`SUMMARY_LIMIT`].
    pub summary: &'a [u8],
    /// The size in bytes of the summary's file.
    pub summary_size: u64,
}

/// A command file cannot be read to its end. The step fails by it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// A line is neither `name=value` nor `name<<delimiter`.
    #[error("line {line} is neither NAME=VALUE nor NAME<<DELIMITER: `{text}`")]
    Format {
        /// Its number, from 1.
        line: usize,
        /// The line, shortened. May hold a secret: to be masked.
        text: String,
    },
    /// `name<<delimiter` without a name or a delimiter.
    #[error("line {line} needs a name before `<<` and a delimiter after it: `{text}`")]
    Heredoc {
        /// Its number, from 1.
        line: usize,
        /// The line, shortened.
        text: String,
    },
    /// The line that ends a value is not there.
    #[error("the value that starts after line {line} has no end: no later line is exactly `{delimiter}`")]
    Delimiter {
        /// The number of the line that names the delimiter.
        line: usize,
        /// The delimiter, shortened.
        delimiter: String,
    },
    /// An output has no name.
    #[error("an output has no name: write NAME=VALUE")]
    EmptyName,
    /// The file has more than [`FILE_LIMIT`] bytes.
    #[error(
        "the file has {size} bytes, the limit is {FILE_LIMIT}: write less, or hand over a file as an artifact"
    )]
    TooBig {
        /// Its size in bytes.
        size: u64,
    },
}

/// The pairs of a file, in order; of a name that comes twice the last counts. Those before a mistake count too.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Names and values.
    pub pairs: Vec<(String, String)>,
    /// Why it was not read further.
    pub error: Option<FileError>,
}

impl Pairs {
    /// The pairs of a file without a mistake.
    ///
    /// # Errors
    /// The mistake.
    pub fn into_result(self) -> Result<Vec<(String, String)>, FileError> {
        match self.error {
            None => Ok(self.pairs),
            Some(error) => Err(error),
        }
    }
}

/// What `GITHUB_ENV` says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The variables for later steps.
    pub pairs: Vec<(String, String)>,
    /// Names that may not be set this way (`NODE_OPTIONS`): an error line each, the step does not fail.
    pub refused: Vec<String>,
    /// Why it was not read further.
    pub error: Option<FileError>,
}

/// What `GITHUB_STEP_SUMMARY` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Summary {
    /// Nothing was written.
    Empty,
    /// Markdown, masked.
    Text(String),
    /// More than [`SUMMARY_LIMIT`]: dropped with an error line, the step does not fail.
    TooBig {
        /// Its size in bytes.
        size: u64,
    },
}

impl Summary {
    /// The error line for one that is dropped.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::TooBig { size } => Some(format!(
                "the summary is dropped: GITHUB_STEP_SUMMARY takes {} kB, the step wrote {} kB",
                SUMMARY_LIMIT / 1024,
                size / 1024
            )),
            _ => None,
        }
    }
}

/// Reads `NAME=VALUE` lines and `NAME<<DELIMITER` blocks. Only `\n` ends a line, a `\r` before it belongs to the value;
/// whichever of `=` and `<<` comes first decides; the delimiter is compared byte by byte.
pub fn key_values(bytes: &[u8]) -> Pairs {
    let mut read = Pairs::default();
    let size = bytes.len() as u64;
    if size > FILE_LIMIT {
        read.error = Some(FileError::TooBig { size });
        return read;
    }
    let text = decode(bytes);
    let mut lines = text.split_inclusive('\n').enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.strip_suffix('\n').unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let equals = line.find('=').unwrap_or(usize::MAX);
        match line.split_once("<<") {
            Some((name, delimiter)) if name.len() < equals => {
                if name.is_empty() || delimiter.is_empty() {
                    read.error = Some(FileError::Heredoc {
                        line: at + 1,
                        text: shorten(line),
                    });
                    return read;
                }
                let Some(value) = block(&mut lines, delimiter) else {
                    read.error = Some(FileError::Delimiter {
                        line: at + 1,
                        delimiter: shorten(delimiter),
                    });
                    return read;
                };
                read.pairs.push((name.to_owned(), value));
            }
            _ => {
                let Some((name, value)) = line.split_once('=') else {
                    read.error = Some(FileError::Format {
                        line: at + 1,
                        text: shorten(line),
                    });
                    return read;
                };
                read.pairs.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    read
}

/// The lines up to the delimiter, without the last line end.
fn block<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, delimiter: &str) -> Option<String> {
    let mut value = String::new();
    for (_, line) in lines {
        if line.strip_suffix('\n').unwrap_or(line) == delimiter {
            value.pop();
            return Some(value);
        }
        value.push_str(line);
    }
    None
}

/// What `GITHUB_OUTPUT` says: as [`key_values`], and every output has a name. Names differ only by more than case.
pub fn outputs(bytes: &[u8]) -> Pairs {
    let mut read = key_values(bytes);
    if let Some(at) = read.pairs.iter().position(|(name, _)| name.is_empty()) {
        read.pairs.truncate(at);
        read.error = Some(FileError::EmptyName);
    }
    read
}

/// What `GITHUB_STATE` says: as [`key_values`].
pub fn state(bytes: &[u8]) -> Pairs {
    key_values(bytes)
}

/// What `GITHUB_ENV` says: as [`key_values`], without the names that are refused.
pub fn environment(bytes: &[u8]) -> Environment {
    let Pairs { pairs, error } = key_values(bytes);
    let (refused, pairs): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| is_blocked(name));
    Environment {
        pairs,
        refused: refused.into_iter().map(|(name, _)| name).collect(),
        error,
    }
}

/// What `GITHUB_PATH` says, one directory a line, in the order of the file: a later one goes before an earlier one in
/// `PATH`, and one that comes again counts where it came last. Here `\n`, `\r\n` and `\r` end a line.
///
/// # Errors
/// When the file is too big.
pub fn paths(bytes: &[u8]) -> Result<Vec<String>, FileError> {
    let size = bytes.len() as u64;
    if size > FILE_LIMIT {
        return Err(FileError::TooBig { size });
    }
    let text = decode(bytes);
    let mut seen = std::collections::HashSet::new();
    let mut paths: Vec<String> = text
        .split(['\n', '\r'])
        // A path ends at a zero byte, which no process could be given.
        .filter_map(|line| line.split('\0').next())
        .rev()
        .filter(|line| !line.is_empty() && seen.insert(*line))
        .map(str::to_owned)
        .collect();
    paths.reverse();
    Ok(paths)
}

/// What `GITHUB_STEP_SUMMARY` says. `size` is that of the file, of which `bytes` may be the beginning when it is over
/// the limit.
pub fn summary(size: u64, bytes: &[u8], masks: &Masks) -> Summary {
    let size = size.max(bytes.len() as u64);
    if size == 0 {
        Summary::Empty
    } else if size > SUMMARY_LIMIT {
        Summary::TooBig { size }
    } else {
        Summary::Text(masks.mask(&decode(bytes)).into_owned())
    }
}

/// Shows no values: they may be secrets.
impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.pairs.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Pairs({names:?}, error: {})", self.error.is_some())
    }
}

/// Shows no values: they may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.pairs.iter().map(|(name, _)| name.as_str()).collect();
        write!(
            f,
            "Environment({names:?}, refused: {:?}, error: {})",
            self.refused,
            self.error.is_some()
        )
    }
}

/// The text of a file: by its byte order mark UTF-8 or UTF-16, else UTF-8; what is none is replaced.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest
            .chunks(2)
            .map(|pair| {
                unit([
                    pair.first().copied().unwrap_or(0),
                    pair.get(1).copied().unwrap_or(0),
                ])
            })
            .collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        rest => String::from_utf8_lossy(rest),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(200) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(String, String)> {
        key_values(text.as_bytes()).into_result().unwrap()
    }

    fn pairs(text: &str) -> String {
        read(text)
            .iter()
            .map(|(name, value)| format!("{name}:{value};"))
            .collect()
    }

    #[test]
    fn pairs_are_read_as_the_runner_reads_them() {
        for (text, expected) in [
            ("", ""),
            ("\n\n", ""),
            ("a=1", "a:1;"),
            ("a=1\n", "a:1;"),
            ("x=1\ny=two words ", "x:1;y:two words ;"),
            ("x=1\r\ny=2\n", "x:1\r;y:2;"),
            ("a=b=c", "a:b=c;"),
            ("a=", "a:;"),
            (" a = 1 ", " a : 1 ;"),
            ("c=d<<e", "c:d<<e;"),
            ("=v", ":v;"),
            ("a<<E\n\nx\n\nE\n", "a:\nx\n;"),
            ("b<<b=c\nv\nb=c", "b:v;"),
            ("e<<E\nE\n", "e:;"),
            ("e<<E\n\nE\n", "e:;"),
            ("f<<E\nlast\nE", "f:last;"),
            ("f<<E\nE \n E\nEE\nE\ng=1", "f:E \n E\nEE;g:1;"),
            ("f<<E\r\nx\r\nE\r\n", "f:x\r;"),
            ("f<< E\nx\n E\n", "f:x;"),
            ("f<<<<\nx\n<<\n", "f:x;"),
            ("\u{feff}a=1", "a:1;"),
            ("a\r=1", "a\r:1;"),
        ] {
            assert_eq!(pairs(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_first_mistake_ends_it_and_what_came_before_counts() {
        let expect = |text: &str, shown: &str| {
            let read = key_values(format!("ok=1\n{text}").as_bytes());
            assert_eq!(read.pairs, [("ok".to_owned(), "1".to_owned())]);
            assert_eq!(read.error.unwrap().to_string(), shown);
        };
        expect(
            "nothing",
            "line 2 is neither NAME=VALUE nor NAME<<DELIMITER: `nothing`",
        );
        expect("\r\n", "line 2 is neither NAME=VALUE nor NAME<<DELIMITER: `\r`");
        expect(
            "<<E\nE\n",
            "line 2 needs a name before `<<` and a delimiter after it: `<<E`",
        );
        expect(
            "a<<\nE\n",
            "line 2 needs a name before `<<` and a delimiter after it: `a<<`",
        );
        for text in [
            "a<<E",
            "a<<E\n",
            "a<<E\nx",
            "a<<E\nx\n",
            "a<<E\nx\nE ",
            "a<<E\nE\r\n",
        ] {
            expect(
                text,
                "the value that starts after line 2 has no end: no later line is exactly `E`",
            );
        }
    }

    #[test]
    fn other_encodings_are_told_by_their_mark() {
        let little: Vec<u8> = std::iter::once(0xfeff)
            .chain("a=é\n".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(key_values(&little).pairs, [("a".to_owned(), "é".to_owned())]);
        assert_eq!(
            key_values(b"a=\xff").pairs,
            [("a".to_owned(), "\u{fffd}".to_owned())]
        );
    }

    #[test]
    fn outputs_need_names() {
        let read = outputs(b"a=1\n=2\nb=3");
        assert_eq!(read.pairs.len(), 1);
        assert_eq!(read.error, Some(FileError::EmptyName));
        assert_eq!(state(b"=2").error, None);
    }

    #[test]
    fn node_options_are_refused_in_any_case() {
        let read = environment(b"NODE_OPTIONS=x\nOTHER=1\nnode_options=y\nGITHUB_SHA=z\n");
        assert_eq!(read.refused, ["NODE_OPTIONS", "node_options"]);
        assert_eq!(read.pairs.len(), 2);
        assert_eq!(read.error, None);
    }

    #[test]
    fn paths_count_where_they_came_last() {
        for (text, expected) in [
            ("/one\n/two\n", "/one /two"),
            ("/one\r\n/two\r/three", "/one /two /three"),
            ("/one\n\n/two\n/one\n", "/two /one"),
            ("\u{feff}/one", "/one"),
            ("/one\0/two\n\0\n/three", "/one /three"),
            ("", ""),
        ] {
            assert_eq!(paths(text.as_bytes()).unwrap().join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn summaries_are_masked_and_dropped_over_the_limit() {
        let masks = Masks::new();
        masks.add("hunter42");
        assert_eq!(summary(0, b"", &masks), Summary::Empty);
        assert_eq!(
            summary(11, b"# hunter42\n", &masks),
            Summary::Text("# ***\n".into())
        );
        let most = vec![b'x'; 1024 * 1024];
        assert!(matches!(summary(1024 * 1024, &most, &masks), Summary::Text(_)));
        let over = summary(1_100_000, &most, &masks);
        assert_eq!(
            over.complaint().unwrap(),
            "the summary is dropped: GITHUB_STEP_SUMMARY takes 1024 kB, the step wrote 1074 kB"
        );
    }

    proptest! {
        #[test]
        fn what_toolkits_write_comes_back(
            written in proptest::collection::vec(("[a-z]{1,5}", "[ab=<\r\n]{0,20}"), 0..6),
        ) {
            let mut text = String::new();
            for (name, value) in &written {
                text.push_str(&format!("{name}<<ghadelimiter_1\n{value}\nghadelimiter_1\n"));
            }
            prop_assert_eq!(read(&text), written);
        }

        #[test]
        fn no_file_panics(bytes in proptest::collection::vec(prop_oneof![
            Just(b'<'), Just(b'='), Just(b'\n'), Just(b'\r'), Just(b'E'), any::<u8>()
        ], 0..60)) {
            let _ = (key_values(&bytes), paths(&bytes), environment(&bytes));
        }
    }
}
