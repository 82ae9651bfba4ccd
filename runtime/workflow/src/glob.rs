//! Filter patterns: what `branches`, `tags`, `paths` and their like match.
//!
//! The rules are those of GitHub's "filter pattern cheat sheet": `*` is anything but `/`, `**` anything, `?` makes the
//! character before it optional, `+` repeats it, `[]` is one of some characters, `!` in front takes back what earlier
//! patterns matched, and a backslash takes the meaning from the next character. Beyond the sheet, `\d`, `\w` and `\s` are
//! classes of characters as in regular expressions, and `\D`, `\W`, `\S` all others: patterns become such expressions.

use crate::span::Span;

/// What a pattern is about: each has rules of its own beside the common ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Names of branches and tags, which git restricts.
    Ref,
    /// Paths from the root of the repository.
    Path,
    /// Anything else, such as versions.
    Text,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// Where in the pattern, in bytes.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub help: Option<&'static str>,
    /// Whether GitHub reads no file with it; otherwise it is one that matches nothing.
    pub malformed: bool,
    /// Whether it is no pattern as it stands; otherwise it is one that nothing has.
    pub ill_formed: bool,
}

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    negative: bool,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    what: Class,
    least: Least,
    /// Whether it may come more than once.
    many: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Least {
    Zero,
    One,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    Character(char),
    /// Any character but `/`.
    InName,
    Any,
    /// One of these ranges.
    Set(Vec<(char, char)>),
    /// None of these.
    Not(Vec<(char, char)>),
    /// `**/`: no folder, or any number of them.
    Folders,
}

impl Pattern {
    /// Reads a pattern. With errors there is none.
    ///
    /// # Errors
    /// Everything that is wrong with it, in order.
    pub fn parse(text: &str, subject: Subject) -> Result<Self, Vec<PatternError>> {
        let mut reader = Reader {
            text,
            subject,
            errors: Vec::new(),
            parts: Vec::new(),
        };
        let negative = reader.read();
        reader.check_whole();
        if reader.errors.is_empty() {
            Ok(Self {
                negative,
                parts: reader.parts,
            })
        } else {
            reader.errors.sort_by_key(|error| error.span);
            Err(reader.errors)
        }
    }

    /// Whether it takes back what earlier patterns matched.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether it matches the whole text; a `!` in front does not matter here. The time is bounded by the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        // The places in the pattern at which the rest of the text may have to match.
        let mut at = vec![false; self.parts.len() + 1];
        if let Some(start) = at.first_mut() {
            *start = true;
        }
        self.skip_optional(&mut at);
        for (character, boundary) in text.chars().map(|character| (character, character == '/')) {
            let mut next = vec![false; at.len()];
            for (index, part) in self.parts.iter().enumerate() {
                if !at.get(index).copied().unwrap_or_default() {
                    continue;
                }
                if part.what == Class::Folders {
                    mark(&mut next, index);
                    // Stays inside a folder's name until its slash.
                    if boundary {
                        mark(&mut next, index + 1);
                    }
                } else if part.what.has(character) {
                    mark(&mut next, index + 1);
                    if part.many {
                        mark(&mut next, index);
                    }
                }
            }
            // Within `**/`, what follows begins after a slash only.
            self.skip_after(&mut next, boundary);
            at = next;
        }
        self.skip_at_end(&mut at);
        at.last().copied().unwrap_or_default()
    }

    /// Goes on over parts that may be absent, before any text.
    fn skip_optional(&self, at: &mut [bool]) {
        for (index, part) in self.parts.iter().enumerate() {
            if part.least == Least::Zero && at.get(index).copied().unwrap_or_default() {
                mark(at, index + 1);
            }
        }
    }

    fn skip_after(&self, at: &mut [bool], boundary: bool) {
        for (index, part) in self.parts.iter().enumerate() {
            let here = at.get(index).copied().unwrap_or_default();
            if here && part.least == Least::Zero && (part.what != Class::Folders || boundary) {
                mark(at, index + 1);
            }
        }
    }

    fn skip_at_end(&self, at: &mut [bool]) {
        self.skip_after(at, false);
    }
}

fn mark(at: &mut [bool], index: usize) {
    if let Some(place) = at.get_mut(index) {
        *place = true;
    }
}

impl Class {
    fn has(&self, character: char) -> bool {
        match self {
            Self::Character(own) => *own == character,
            Self::InName => character != '/',
            Self::Any | Self::Folders => true,
            Self::Set(ranges) => within(ranges, character),
            Self::Not(ranges) => !within(ranges, character),
        }
    }
}

fn within(ranges: &[(char, char)], character: char) -> bool {
    let mut ranges = ranges.iter();
    ranges.any(|(first, last)| (*first..=*last).contains(&character))
}

/// What a letter behind a backslash stands for, where it is a class, and whether all but that.
fn class(letter: char) -> Option<(&'static [(char, char)], bool)> {
    let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        's' => &[(' ', ' '), ('\t', '\r')],
        _ => return None,
    };
    Some((ranges, letter.is_ascii_uppercase()))
}

/// All characters but those of some ranges, which are in order and apart.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut others = Vec::with_capacity(sorted.len() + 1);
    let mut next = '\0';
    for (first, last) in sorted {
        if let Some(before) = (next..first).next_back() {
            others.push((next, before));
        }
        next = (last..=char::MAX).nth(1).unwrap_or(char::MAX);
    }
    others.push((next, char::MAX));
    others
}

struct Reader<'a> {
    text: &'a str,
    subject: Subject,
    errors: Vec<PatternError>,
    parts: Vec<Part>,
}

impl Reader<'_> {
    /// Reads all of it; gives whether it is negative.
    fn read(&mut self) -> bool {
        let mut at = 0;
        let negative = self.text.starts_with('!');
        if negative {
            at = 1;
            if self.text.len() == 1 {
                self.ill_formed(0, 1, "`!` needs a pattern behind it");
            }
        }
        // Whether something stands before that `?` and `+` can be about.
        let mut repeatable = false;
        while let Some(character) = self.rest(at).chars().next() {
            let length = character.len_utf8();
            match character {
                '*' if self.rest(at).starts_with("**") => {
                    let folder = self.rest(at).starts_with("**/")
                        && (at == usize::from(negative) || self.before(at) == Some('/'));
                    if folder {
                        self.push(Class::Folders, Least::Zero, true);
                        at += 3;
                    } else {
                        self.push(Class::Any, Least::Zero, true);
                        at += 2;
                    }
                    repeatable = false;
                    continue;
                }
                '*' => {
                    self.push(Class::InName, Least::Zero, true);
                    repeatable = false;
                }
                '?' | '+' => {
                    if repeatable {
                        self.repeat(character);
                    } else {
                        let message = format!("nothing stands before `{character}`");
                        // GitHub starts workflows with `?.*.x`, and none with `c++` or `v*?`: a `?` in front is passed over there,
                        // every other is a mistake of its reader.
                        if character == '+' || at > usize::from(negative) {
                            self.malformed(at, 1, message);
                        } else {
                            self.ill_formed(at, 1, message);
                        }
                    }
                    repeatable = false;
                }
                '[' => {
                    at += self.set(at);
                    repeatable = true;
                    continue;
                }
                '\\' => {
                    at += self.escaped(at);
                    repeatable = true;
                    continue;
                }
                _ => {
                    self.check_character(at, character);
                    self.push(Class::Character(character), Least::One, false);
                    repeatable = true;
                }
            }
            at += length;
        }
        negative
    }

    fn repeat(&mut self, by: char) {
        if let Some(last) = self.parts.last_mut() {
            if by == '?' {
                last.least = Least::Zero;
            } else {
                last.many = true;
            }
        }
    }

    /// Reads `[a-z0-9]` and gives its length.
    fn set(&mut self, start: usize) -> usize {
        let inside = self.rest(start + 1);
        let Some(length) = inside.find(']') else {
            self.malformed(start, 1, "`[` has no `]`");
            return self.rest(start).len();
        };
        let characters: Vec<(usize, char)> =
            inside.get(..length).unwrap_or_default().char_indices().collect();
        if characters.is_empty() {
            self.malformed(start, 2, "nothing stands between `[` and `]`");
        }
        let mut ranges = Vec::new();
        let mut index = 0;
        self.check_set(start + 1, &characters);
        while let Some((at, first)) = characters.get(index).copied() {
            let next = characters.get(index + 1).map(|(_, next)| *next);
            if first == '\\'
                && let Some(next) = next
            {
                match class(next) {
                    Some((own, false)) => ranges.extend(own),
                    Some((own, true)) => ranges.extend(complement(own)),
                    None => ranges.push((next, next)),
                }
                index += 2;
                continue;
            }
            match (characters.get(index + 1), characters.get(index + 2).copied()) {
                (Some((_, '-')), Some((end, last))) => {
                    if first > last {
                        let message = format!("the range `{first}-{last}` ends before it begins");
                        self.malformed(start + 1 + at, end + last.len_utf8() - at, message);
                    }
                    ranges.push((first, last));
                    index += 3;
                }
                _ => {
                    ranges.push((first, first));
                    index += 1;
                }
            }
        }
        self.push(Class::Set(ranges), Least::One, false);
        length + 2
    }

    /// Reports the first character in brackets that GitHub reads no file with: one of words is taken there, and what ranges
    /// and escapes are written with.
    fn check_set(&mut self, start: usize, characters: &[(usize, char)]) {
        let mut escaped = false;
        let strange = characters.iter().find(|(_, character)| {
            let taken = escaped || character.is_alphanumeric() || matches!(character, '_' | '-' | '^' | '\\');
            escaped = *character == '\\' && !escaped;
            !taken
        });
        if let Some((at, character)) = strange {
            let shown = crate::words::visible(&character.to_string());
            self.malformed(
                start + at,
                character.len_utf8(),
                format!("`{shown}` cannot stand between `[` and `]`"),
            );
            self.help(
                "letters, digits and ranges of them stand there; repeat the rest outside of the brackets",
            );
        }
    }

    /// Reads a backslash with what follows it, and gives the length of both.
    fn escaped(&mut self, at: usize) -> usize {
        let next = self.rest(at + 1).chars().next();
        match next {
            Some(next) => {
                if let Some((ranges, others)) = class(next) {
                    let ranges = ranges.to_vec();
                    let class = if others {
                        Class::Not(ranges)
                    } else {
                        Class::Set(ranges)
                    };
                    self.push(class, Least::One, false);
                    return 1 + next.len_utf8();
                }
                if self.subject == Subject::Ref && next.is_alphanumeric() {
                    self.error(
                        at,
                        1 + next.len_utf8(),
                        format!(
                            "`\\{next}` has no meaning: a backslash stands before special characters, `d`, `w` and `s`"
                        ),
                    );
                    self.help("write the character without a backslash: a `.` means itself");
                }
                self.push(Class::Character(next), Least::One, false);
                1 + next.len_utf8()
            }
            None => {
                self.ill_formed(at, 1, "a backslash needs a character behind it");
                1
            }
        }
    }

    fn check_character(&mut self, at: usize, character: char) {
        let forbidden = matches!(character, ' ' | '~' | '^' | ':') || character.is_control();
        if self.subject == Subject::Ref && forbidden {
            let shown = crate::words::visible(&character.to_string());
            self.error(
                at,
                character.len_utf8(),
                format!("`{shown}` cannot be part of the name of a branch or tag"),
            );
        }
    }

    fn check_whole(&mut self) {
        let bare = self.text.strip_prefix('!').unwrap_or(self.text);
        let start = self.text.len() - bare.len();
        match self.subject {
            Subject::Ref => {
                if bare.starts_with('/') {
                    self.error(start, 1, "names of branches and tags do not begin with `/`");
                }
                if bare.len() > 1 && (bare.ends_with('/') || bare.ends_with('.')) {
                    self.error(
                        self.text.len() - 1,
                        1,
                        "names of branches and tags do not end with `/` or `.`",
                    );
                }
            }
            Subject::Path => {
                if bare.trim() != bare {
                    self.error(
                        start,
                        bare.len(),
                        "spaces around a path are part of it, so nothing matches",
                    );
                    self.help("remove the spaces and line breaks around it");
                }
                let first = bare.split('/').next().unwrap_or_default();
                if matches!(first, "." | "..") {
                    self.error(
                        start,
                        first.len(),
                        format!("paths begin at the root of the repository, so nothing matches `{first}`"),
                    );
                    self.help("write the path without it, e.g. `src/**`");
                }
            }
            Subject::Text => {}
        }
    }

    fn push(&mut self, what: Class, least: Least, many: bool) {
        self.parts.push(Part { what, least, many });
    }

    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    fn before(&self, at: usize) -> Option<char> {
        self.text.get(..at)?.chars().next_back()
    }

    fn error(&mut self, at: usize, length: usize, message: impl Into<String>) {
        self.errors.push(PatternError {
            span: Span::new(at, at + length),
            message: message.into(),
            help: None,
            malformed: false,
            ill_formed: false,
        });
    }

    fn ill_formed(&mut self, at: usize, length: usize, message: impl Into<String>) {
        self.error(at, length, message);
        if let Some(error) = self.errors.last_mut() {
            error.ill_formed = true;
        }
    }

    fn malformed(&mut self, at: usize, length: usize, message: impl Into<String>) {
        self.error(at, length, message);
        if let Some(error) = self.errors.last_mut() {
            error.malformed = true;
        }
    }

    /// Says what to write instead of the latest mistake.
    fn help(&mut self, help: &'static str) {
        if let Some(error) = self.errors.last_mut() {
            error.help = Some(help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern, Subject::Path).unwrap().matches(text)
    }

    #[test]
    fn patterns_match_as_on_the_cheat_sheet() {
        for (pattern, yes, no) in [
            (
                "feature/*",
                &["feature/a", "feature/"][..],
                &["feature/a/b", "feature"][..],
            ),
            ("feature/**", &["feature/a", "feature/a/b"], &["features"]),
            ("main", &["main"], &["main2", "amain", ""]),
            ("*", &["main", ""], &["all/the"]),
            ("**", &["all/the/branches", ""], &[]),
            ("*feature", &["a-feature", "feature"], &["feature-a", "x/feature"]),
            ("v2*", &["v2", "v2.0"], &["v1"]),
            (
                "v[12].[0-9]+.[0-9]+",
                &["v1.10.1", "v2.0.0"],
                &["v3.0.0", "v1..0"],
            ),
            ("*.jsx?", &["page.js", "page.jsx"], &["page.jsxx", "x/page.js"]),
            ("**.js", &["index.js", "src/js/app.js"], &["x.jsx"]),
            ("docs/*", &["docs/README.md"], &["docs/mona/x.md"]),
            (
                "docs/**/*.md",
                &["docs/README.md", "docs/a/b/x.md"],
                &["docs/x.txt", "docsx.md"],
            ),
            (
                "**/docs/**",
                &["docs/hello.md", "dir/docs/file.txt"],
                &["dir/mydocs/x", "docs"],
            ),
            (
                "**/README.md",
                &["README.md", "js/README.md"],
                &["xREADME.md", "js/xREADME.md"],
            ),
            (
                "**/*-post.md",
                &["my-post.md", "path/their-post.md"],
                &["post.md"],
            ),
            ("**/a/**/b", &["a/b", "x/a/y/b"], &["xa/b", "a/xb"]),
            ("a\\*", &["a*"], &["ab"]),
            ("é?x", &["éx", "x"], &["ééx"]),
            ("\\d.\\d.\\d", &["2.9.0"], &["2.10.0", "a.b.c", "2x9x0"]),
            ("v\\d+\\.[\\d_]?", &["v12.3", "v1._", "v1."], &["v.1", "v1.x"]),
            ("lib-\\w+-[0-9]+.*", &["lib-a_b-1.x"], &["lib--1.x", "lib-ä-1.x"]),
            (
                "a\\s\\S\\D\\W",
                &["a xy-", "a\tx/."],
                &["a xy_", "a x1-", "axxy-"],
            ),
            ("[\\D]+x[^\\W]?", &["abx", "x/x^"], &["1x", "axa"]),
        ] {
            for text in yes {
                assert!(matches(pattern, text), "{pattern} should match {text}");
            }
            for text in no {
                assert!(!matches(pattern, text), "{pattern} should not match {text}");
            }
        }
        assert!(Pattern::parse("!x", Subject::Ref).unwrap().is_negative());
    }

    #[test]
    fn long_patterns_do_not_explode() {
        let pattern = "a?".repeat(200) + &"*a".repeat(100);
        assert!(!matches(&pattern, &"b".repeat(2_000)));
    }

    #[test]
    fn mistakes_have_their_places() {
        use Subject::{Path, Ref, Text};
        for (pattern, subject, want) in [
            (
                "^foo-",
                Ref,
                "0-1 `^` cannot be part of the name of a branch or tag",
            ),
            ("v*+", Ref, "2-3 nothing stands before `+`"),
            ("?x", Path, "0-1 nothing stands before `?`"),
            ("v[9-1]", Ref, "2-5 the range `9-1` ends before it begins"),
            ("v[0-", Text, "1-2 `[` has no `]`"),
            ("[]", Path, "0-2 nothing stands between `[` and `]`"),
            ("!", Path, "0-1 `!` needs a pattern behind it"),
            (
                "./foo/bar.txt",
                Path,
                "0-1 paths begin at the root of the repository, so nothing matches `.`",
            ),
            (
                "!../x",
                Path,
                "1-3 paths begin at the root of the repository, so nothing matches `..`",
            ),
            (
                " a",
                Path,
                "0-2 spaces around a path are part of it, so nothing matches",
            ),
            (
                "a b",
                Ref,
                "1-2 ` ` cannot be part of the name of a branch or tag",
            ),
            (
                "\\q",
                Ref,
                "0-2 `\\q` has no meaning: a backslash stands before special characters, `d`, `w` and `s`",
            ),
            ("x\\", Path, "1-2 a backslash needs a character behind it"),
            ("/x", Ref, "0-1 names of branches and tags do not begin with `/`"),
            (
                "x/",
                Ref,
                "1-2 names of branches and tags do not end with `/` or `.`",
            ),
        ] {
            let errors = Pattern::parse(pattern, subject).unwrap_err();
            let shown: Vec<String> = errors
                .iter()
                .map(|error| format!("{}-{} {error}", error.span.start, error.span.end))
                .collect();
            assert_eq!(shown, [want], "{pattern}");
        }
        for (pattern, malformed) in [
            ("lib/c++/**", true),
            ("**.c++", true),
            ("?.*.x", false),
            ("v[9-1]", true),
            ("a[", true),
            ("a[]", true),
            ("[0-9]+.[0-9.]+", true),
            ("a[b c]", true),
            ("!", false),
            ("!?", false),
            ("a*?", true),
            ("a+?", true),
            ("**?", true),
            ("a?+", true),
            ("./a", false),
            (" a", false),
        ] {
            let errors = Pattern::parse(pattern, Path).unwrap_err();
            assert_eq!(errors[0].malformed, malformed, "{pattern}");
        }
        for (pattern, subject) in [
            ("v\\.[0-9]", Ref),
            ("foo\\bar", Path),
            ("/path/to", Path),
            ("**", Ref),
            ("v[0-9]+.[0-9]+", Ref),
            ("release/**-alpha", Ref),
            (".github/**", Path),
            ("!sub-project/**", Path),
            ("feature/[a-z]?", Ref),
            ("feature/[a-z_-]+[\\.\\d]", Ref),
        ] {
            assert!(Pattern::parse(pattern, subject).is_ok(), "{pattern}");
        }
    }
}
