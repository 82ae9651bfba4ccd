//! One pattern of `hashFiles`, as `@actions/glob` reads it: `*`, `?` and `[…]` within a name, `**` for any folders, `!` in
//! front to exclude, `\` before a character that stands for itself. A pattern without `/` in front begins in the workspace.

use std::path::{Path, PathBuf};

/// What a pattern takes of what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// Folders only: it ends in `/`.
    Folder,
    /// Anything.
    Any,
}

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) excludes: bool,
    target: Target,
    /// Whether it stands for what is below another one, and so never for that itself.
    is_below: bool,
    /// From the root of the file system on.
    segments: Vec<Segment>,
}

/// What stands between two `/`.
#[derive(Clone, Debug, PartialEq)]
enum Segment {
    /// `**`
    Folders,
    Name(Vec<Part>),
}

/// A part of a name.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Character(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `[…]`, `[!…]`
    Set {
        excludes: bool,
        ranges: Vec<(char, char)>,
    },
}

/// The names in a path.
pub(super) fn segments(path: &Path) -> Vec<String> {
    path.to_string_lossy()
        .split('/')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str, workspace: &Path, home: Option<&Path>) -> Result<Self, String> {
        let mut rest = text;
        let mut excludes = false;
        while let Some(behind) = rest.strip_prefix('!') {
            excludes = !excludes;
            rest = behind.trim();
        }
        if rest.is_empty() {
            return Err(format!("the pattern `{text}` is empty"));
        }
        let (base, rest) = match rest.split_once('/').unwrap_or((rest, "")) {
            ("", _) => (None, rest),
            (".", behind) => (Some(workspace), behind),
            ("~", behind) => (home, behind),
            _ => (Some(workspace), rest),
        };
        let own: Vec<&str> = rest.split('/').filter(|name| !name.is_empty()).collect();
        if own.iter().any(|name| matches!(*name, "." | "..")) {
            return Err(format!(
                "`.` and `..` cannot stand within the pattern `{text}`: begin it in the workspace"
            ));
        }
        let base = base.map(segments).unwrap_or_default();
        let literal = |name: &String| Segment::Name(name.chars().map(Part::Character).collect());
        Ok(Self {
            excludes,
            target: if rest.ends_with('/') {
                Target::Folder
            } else {
                Target::Any
            },
            is_below: false,
            segments: base
                .iter()
                .map(literal)
                .chain(own.into_iter().map(Segment::read))
                .collect(),
        })
    }

    /// The pattern for all that is below what this one matches, unless it matches that by itself.
    pub(super) fn below(&self) -> Option<Self> {
        if self.target == Target::Any && self.segments.last() == Some(&Segment::Folders) {
            return None;
        }
        let mut below = self.clone();
        below.target = Target::Any;
        below.is_below = true;
        below.segments.push(Segment::Folders);
        Some(below)
    }

    /// The path that it names before anything is left open.
    pub(super) fn start(&self) -> PathBuf {
        let names = self.segments.iter().map_while(Segment::literal);
        names.fold(PathBuf::from("/"), |path, name| path.join(name))
    }

    /// Whether a path is meant.
    pub(super) fn matches(&self, path: &[String]) -> Option<Target> {
        let fits = match self.segments.split_last() {
            // What is below something is not that itself.
            Some((Segment::Folders, before)) if self.is_below => {
                path.split_last().is_some_and(|(_, above)| {
                    (0..=above.len()).any(|end| fits(before, above.get(..end).unwrap_or_default()))
                })
            }
            _ => fits(&self.segments, path),
        };
        fits.then_some(self.target)
    }

    /// Whether something below a path may be meant.
    pub(super) fn begins(&self, path: &[String]) -> bool {
        for (at, name) in path.iter().enumerate() {
            match self.segments.get(at) {
                Some(Segment::Folders) => return true,
                Some(Segment::Name(parts)) if name_fits(parts, name) => {}
                _ => return false,
            }
        }
        true
    }
}

impl Segment {
    fn read(text: &str) -> Self {
        if text == "**" {
            return Self::Folders;
        }
        let characters: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(character) = characters.get(at) {
            at += 1;
            let part = match character {
                '\\' => match characters.get(at) {
                    Some(next) => {
                        at += 1;
                        Part::Character(*next)
                    }
                    None => Part::Character('\\'),
                },
                '*' => Part::Many,
                '?' => Part::One,
                '[' => match set(characters.get(at..).unwrap_or_default()) {
                    Some((set, length)) => {
                        at += length;
                        set
                    }
                    None => Part::Character('['),
                },
                other => Part::Character(*other),
            };
            // Several in a row mean no more than one, and take longer to try.
            if part != Part::Many || parts.last() != Some(&Part::Many) {
                parts.push(part);
            }
        }
        Self::Name(parts)
    }

    /// The one name it can be.
    fn literal(&self) -> Option<String> {
        let Self::Name(parts) = self else { return None };
        let one = |part: &Part| match part {
            Part::Character(character) => Some(*character),
            Part::Set {
                excludes: false,
                ranges,
            } => match ranges.as_slice() {
                [(from, to)] if from == to => Some(*from),
                _ => None,
            },
            _ => None,
        };
        parts.iter().map(one).collect()
    }
}

/// The set that begins behind a `[`, and its length up to behind the `]`; `None` when it is not closed.
fn set(characters: &[char]) -> Option<(Part, usize)> {
    let excludes = matches!(characters.first(), Some('!' | '^'));
    let mut at = usize::from(excludes);
    let mut members: Vec<(char, bool)> = Vec::new();
    loop {
        let character = *characters.get(at)?;
        at += 1;
        match character {
            // The first one is a member.
            ']' if !members.is_empty() || excludes => break,
            '\\' => {
                members.push((*characters.get(at)?, true));
                at += 1;
            }
            other => members.push((other, false)),
        }
    }
    let mut ranges = Vec::new();
    let mut rest = members.as_slice();
    while let Some(((from, _), behind)) = rest.split_first() {
        match behind {
            [('-', false), (to, _), more @ ..] => {
                ranges.push((*from, *to));
                rest = more;
            }
            _ => {
                ranges.push((*from, *from));
                rest = behind;
            }
        }
    }
    Some((Part::Set { excludes, ranges }, at))
}

/// Whether segments are a path, by what they can be up to each of its names: time is bounded by their product.
fn fits(pattern: &[Segment], path: &[String]) -> bool {
    // Whether the segments so far are the first names, for each number of names.
    let mut reached = vec![false; path.len() + 1];
    if let Some(none) = reached.first_mut() {
        *none = true;
    }
    for segment in pattern {
        let before = reached.clone();
        let mut any = false;
        for (count, now) in reached.iter_mut().enumerate() {
            let at = |count: usize| before.get(count).copied().unwrap_or_default();
            *now = match segment {
                Segment::Folders => {
                    any |= at(count);
                    any
                }
                Segment::Name(parts) => count.checked_sub(1).is_some_and(|last| {
                    at(last) && path.get(last).is_some_and(|name| name_fits(parts, name))
                }),
            };
        }
    }
    reached.last().copied().unwrap_or_default()
}

/// Whether parts are a name. A `*` takes as little as it can; only the last one is ever tried again.
fn name_fits(parts: &[Part], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut part, mut at) = (0, 0);
    // Behind the last `*`, and where it began to take.
    let mut again: Option<(usize, usize)> = None;
    loop {
        let fits = match (parts.get(part), name.get(at)) {
            (None, None) => return true,
            (Some(Part::Many), _) => {
                again = Some((part + 1, at));
                part += 1;
                continue;
            }
            (Some(one), Some(character)) => one.is(*character),
            _ => false,
        };
        if fits {
            part += 1;
            at += 1;
        } else if let Some((behind, taken)) = again.filter(|(_, taken)| *taken < name.len()) {
            again = Some((behind, taken + 1));
            part = behind;
            at = taken + 1;
        } else {
            return false;
        }
    }
}

impl Part {
    fn is(&self, character: char) -> bool {
        match self {
            Self::Character(one) => *one == character,
            Self::One | Self::Many => true,
            Self::Set { excludes, ranges } => {
                let within = ranges.iter().any(|(from, to)| (*from..=*to).contains(&character));
                within != *excludes
            }
        }
    }
}
