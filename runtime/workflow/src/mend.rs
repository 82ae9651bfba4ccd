//! Making the changes that are certain, until there is none left.

use std::collections::HashMap;

use crate::codes::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Position, Source};
use crate::suggestion::{Edit, Suggestion, apply_edits};

/// How often a file is looked at again after changes: one may make room for another.
const ROUNDS: usize = 16;
/// How many changes of a round are tried one by one, where not all of them can be made together.
const TRIED: usize = 64;
/// How often a text is looked at in all, so that a file full of mistakes ends soon.
const LOOKS: usize = 200;
/// How often what changes bring to light is repaired before they are given up.
const DEPTH: usize = 4;

/// What became of a text.
#[derive(Clone, Debug)]
#[must_use]
pub struct Mended {
    /// The text with all changes made; the one that was given where there is none.
    pub source: Source,
    /// What was repaired, in the order in which it was done.
    pub fixed: Vec<Fixed>,
    /// What is found in the text now.
    pub left: Diagnostics,
}

/// A finding that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Its code.
    pub code: Code,
    /// What it said.
    pub message: String,
    /// Where it was when it was repaired.
    pub position: Position,
}

/// Makes the safe changes that `check` offers, each only if its finding goes away by it and no other comes; then again for what
/// it offers of the new text. Bounded: what is left after some rounds stays.
pub fn mend(source: &Source, mut check: impl FnMut(&Source) -> Diagnostics) -> Mended {
    let mut looks = LOOKS;
    let mut now = Mended {
        source: source.clone(),
        fixed: Vec::new(),
        left: check(source),
    };
    let mut check = |source: &Source| {
        looks = looks.checked_sub(1)?;
        Some(check(source))
    };
    for _ in 0..ROUNDS {
        let Some(next) = round(&now, &mut check) else {
            break;
        };
        now = next;
    }
    now
}

/// One round of changes; none where no change can be made.
fn round(now: &Mended, check: &mut impl FnMut(&Source) -> Option<Diagnostics>) -> Option<Mended> {
    let offered = apart(&now.left);
    if offered.is_empty() {
        return None;
    }
    attempt(now, &offered, check).or_else(|| {
        let single = offered.iter().take(TRIED);
        let mut tried = single.filter(|_| offered.len() > 1);
        tried.find_map(|one| attempt(now, &[*one], check))
    })
}

/// The findings with a safe change, none of which lies over another's.
fn apart(found: &Diagnostics) -> Vec<(&Diagnostic, &Suggestion)> {
    let mut chosen: Vec<(&Diagnostic, &Suggestion)> = Vec::new();
    let mut taken: Vec<&Edit> = Vec::new();
    for one in found {
        let Some(suggestion) = one.suggestion.as_ref().filter(|it| it.is_safe()) else {
            continue;
        };
        let touches = |edit: &Edit, other: &Edit| {
            edit.span.start <= other.span.end && other.span.start <= edit.span.end
        };
        let is_free = |edit: &Edit| !taken.iter().any(|other| touches(edit, other));
        if suggestion.edits.iter().all(is_free) {
            taken.extend(&suggestion.edits);
            chosen.push((one, suggestion));
        }
    }
    chosen
}

/// Makes some changes together, if that does what it should. What they bring to light may be repaired at once: a key that was
/// misspelt had a value that nobody looked at.
fn attempt(
    now: &Mended,
    chosen: &[(&Diagnostic, &Suggestion)],
    check: &mut impl FnMut(&Source) -> Option<Diagnostics>,
) -> Option<Mended> {
    let repaired: Vec<&Diagnostic> = chosen.iter().map(|(found, _)| *found).collect();
    let mut next = changed(now, chosen, check)?;
    for _ in 0..DEPTH {
        if is_better(&now.left, &next.left, repaired.iter().copied()) {
            return Some(next);
        }
        let more = apart(&next.left);
        if more.is_empty() {
            return None;
        }
        next = changed(&next, &more, check)?;
    }
    None
}

/// The text with some changes made, whatever comes of it; none where it was looked at too often.
fn changed(
    now: &Mended,
    chosen: &[(&Diagnostic, &Suggestion)],
    check: &mut impl FnMut(&Source) -> Option<Diagnostics>,
) -> Option<Mended> {
    let edits = chosen.iter().flat_map(|(_, suggestion)| &suggestion.edits);
    let text = apply_edits(now.source.text(), edits)?;
    let source = Source::new(now.source.name(), text);
    let left = check(&source)?;
    let mut fixed = now.fixed.clone();
    fixed.extend(chosen.iter().map(|(found, _)| Fixed {
        code: found.code,
        message: found.message.clone(),
        position: now.source.position(found.span().map_or(0, |span| span.start)),
    }));
    Some(Mended { source, fixed, left })
}

/// Whether all that was to be repaired is gone, and nothing has come.
fn is_better<'a>(
    before: &'a Diagnostics,
    after: &'a Diagnostics,
    repaired: impl Iterator<Item = &'a Diagnostic>,
) -> bool {
    let mut left: HashMap<(Code, &str), usize> = HashMap::new();
    for one in before {
        *left.entry((one.code, &one.message)).or_default() += 1;
    }
    for one in repaired {
        if let Some(count) = left.get_mut(&(one.code, one.message.as_str())) {
            *count = count.saturating_sub(1);
        }
    }
    after.omitted() <= before.omitted()
        && after.iter().all(|one| {
            let count = left.get_mut(&(one.code, one.message.as_str()));
            count.is_some_and(|count| {
                let is_known = *count > 0;
                *count = count.saturating_sub(1);
                is_known
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, codes, load};

    fn check(source: &Source) -> Diagnostics {
        load(source, Dialect::GitHub).diagnostics
    }

    #[test]
    fn what_is_certain_is_repaired_whatever_ends_the_lines() {
        let text = "\u{feff}on: push\njobs:\n  a:\n    runs_on: ubuntu-latest\n    timeout-minutes: '5'\n    stepz:\n      - run: make\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let source = Source::new("ci.yml", text.as_str());
            let mended = mend(&source, check);
            let want = text
                .replace("runs_on", "runs-on")
                .replace("'5'", "5")
                .replace("stepz", "steps");
            assert_eq!(mended.source.text(), want);
            assert_eq!((mended.fixed.len(), mended.left.len()), (3, 0));
        }
    }

    #[test]
    fn what_comes_to_light_is_repaired_with_what_hid_it() {
        let text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz:\n      - if: github.ref == 'a' and true\n        rnu: make\n";
        let source = Source::new("ci.yml", text);
        let mended = mend(&source, check);
        let want = text
            .replace("stepz", "steps")
            .replace("and", "&&")
            .replace("rnu", "run");
        assert_eq!(mended.source.text(), want);
        assert!(
            mended.left.is_empty() && mended.fixed.len() == 3,
            "{:?}",
            mended.fixed
        );
    }

    #[test]
    fn a_change_that_brings_another_finding_is_not_made() {
        let text =
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout-minutes: '5'\n    stepz: 1\n";
        let source = Source::new("ci.yml", text);
        let mended = mend(&source, check);
        assert_eq!(mended.source.text(), text.replace("'5'", "5"));
        assert_eq!(mended.fixed.len(), 1);
    }

    #[test]
    fn a_file_full_of_mistakes_ends_soon() {
        let many: String = (0..80)
            .map(|n| format!("  j{n}:\n    runs-on: x\n    stepz: 1\n"))
            .collect();
        let source = Source::new("ci.yml", format!("on: push\njobs:\n{many}"));
        let mut looks = 0;
        let mended = mend(&source, |source| {
            looks += 1;
            check(source)
        });
        assert!(looks <= LOOKS + 1 && mended.fixed.is_empty(), "{looks}");
    }

    #[test]
    fn changes_that_never_end_are_bounded() {
        let source = Source::new("x", "a");
        let mended = mend(&source, |source| {
            let mut found = Diagnostics::new();
            let length = source.text().len();
            found.push(
                Diagnostic::new(codes::IGNORED, format!("{length} letters"))
                    .at(crate::Span::point(length), "")
                    .fix(crate::Span::point(length), "a"),
            );
            found
        });
        assert!(mended.source.text().len() <= ROUNDS + 1);
    }
}
