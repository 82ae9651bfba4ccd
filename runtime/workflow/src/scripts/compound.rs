//! The compound commands of a shell: what `if`, `for`, `case` and `{` begin must be ended by the word that belongs to it.

use crate::span::Span;

/// Whether a command begins behind a word.
pub(super) fn starts_command(word: &str) -> bool {
    matches!(
        word,
        "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{" | "time" | "coproc"
    )
}

/// Whether a bracket begins something of its own behind a word, also without a space: `if(`, `for((`.
pub(super) fn stands_before_brackets(word: &str) -> bool {
    matches!(word, "for" | "select") || (starts_command(word) && word != "coproc")
}

/// A compound command that has begun.
struct Open {
    /// The word that ends it.
    end: &'static str,
    place: Span,
    /// Whether it is a `for` or `select` whose `do` has not come: `{` may come instead, and `}` ends it then.
    header: bool,
}

/// The compound commands around a place, the outermost first.
#[derive(Default)]
pub(super) struct Compounds {
    open: Vec<Open>,
    /// Whether patterns of a `case` stand here, up to their `)`.
    patterns: bool,
    /// Whether one of them has begun: `esac` is a pattern as well then.
    begun: bool,
    /// Whether the next word is what a `case` is about, or its `in`.
    subject: bool,
}

/// What a word is to the compound commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing.
    Other,
    /// It begins one.
    Begins,
    /// It ends the innermost: another one may end behind it, `fi }`.
    Ends,
    /// It ends none that has begun.
    Stray,
}

/// The word that ends the compound command that another one begins.
fn end_of(begin: &str) -> Option<&'static str> {
    Some(match begin {
        "if" => "fi",
        "for" | "select" | "while" | "until" => "done",
        "case" => "esac",
        "{" => "}",
        _ => return None,
    })
}

impl Compounds {
    /// Takes a word; `command`: whether a command begins with it.
    pub(super) fn word(&mut self, word: &str, command: bool, place: Span) -> Word {
        if self.subject && word == "in" {
            self.subject = false;
            self.patterns = true;
            self.begun = false;
            return Word::Other;
        }
        if self.patterns && (word != "esac" || self.begun) {
            self.begun = true;
            return Word::Other;
        }
        if !command && !self.patterns {
            return Word::Other;
        }
        if let Some(open) = self.open.last_mut().filter(|open| open.header)
            && matches!(word, "do" | "{")
        {
            open.header = false;
            if word == "{" {
                open.end = "}";
                return Word::Begins;
            }
        }
        if let Some(end) = end_of(word) {
            self.open.push(Open {
                end,
                place,
                header: matches!(word, "for" | "select"),
            });
            self.subject = word == "case";
            return Word::Begins;
        }
        if !matches!(word, "fi" | "done" | "esac" | "}") {
            return Word::Other;
        }
        if self.open.last().is_none_or(|open| open.end != word) {
            return Word::Stray;
        }
        self.open.pop();
        self.patterns = false;
        Word::Ends
    }

    /// Whether patterns of a `case` stand here.
    pub(super) fn has_patterns(&self) -> bool {
        self.patterns
    }

    /// Takes the `(` before a pattern.
    pub(super) fn pattern_begins(&mut self) {
        self.begun = true;
    }

    /// Whether the innermost compound command is a `case`.
    fn is_case(&self) -> bool {
        self.open.last().is_some_and(|open| open.end == "esac")
    }

    /// Takes the `)` behind patterns.
    pub(super) fn patterns_end(&mut self) {
        self.patterns = false;
    }

    /// Takes `;;` or one of its kind: patterns follow.
    pub(super) fn branch_ends(&mut self) {
        self.patterns = self.is_case();
        self.begun = false;
    }

    /// The innermost that has not ended.
    pub(super) fn unfinished(&self) -> Option<Span> {
        self.open.last().map(|open| open.place)
    }
}
