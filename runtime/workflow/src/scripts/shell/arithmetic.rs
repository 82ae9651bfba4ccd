//! Arithmetic in a script, which is passed over: its `<<` and brackets mean something else.

use super::{DEEPEST, Inside, Reader, Stop, Until};

impl Reader<'_> {
    /// `(` behind `$`, `<` or `>`; `sure` as for [`Self::arithmetic`]. Of what begins like arithmetic and is none, the
    /// shell reads no more than quotes and brackets before it runs.
    pub(super) fn substitution(&mut self, depth: usize, sure: bool) -> Result<(), Stop> {
        let outer = std::mem::replace(&mut self.inside, Inside::Substitution);
        let end = self.substituted(depth, sure);
        self.inside = outer;
        end
    }

    fn substituted(&mut self, depth: usize, sure: bool) -> Result<(), Stop> {
        let unread = self.rest().starts_with("((");
        if unread && self.arithmetic(sure)? {
            return Ok(());
        }
        let before = self.computed;
        self.computed |= unread;
        let opening = self.at;
        let closed = unread
            .then(|| paired(self.rest(), sure).outer)
            .flatten()
            .map(|length| opening + length);
        self.at += 1;
        match self.commands(Until::Bracket, depth + 1) {
            Ok(()) if closed.is_none_or(|end| end == self.at) => {}
            Err(Stop::NotClosed(place))
                if closed.is_none() && (!unread || sure && place.start <= opening + 1) =>
            {
                return Err(Stop::NotClosed(place));
            }
            Err(Stop::NotOpen(place)) if !unread => return Err(Stop::NotOpen(place)),
            // Its commands would end elsewhere than its brackets: where, the shell alone knows.
            _ => return Err(Stop::Unclear),
        }
        self.computed = before;
        Ok(())
    }

    /// Whether the outer bracket of the `((` that stands at a place may have an end.
    pub(super) fn may_end(&self, opening: usize) -> bool {
        let pairs = paired(self.script.get(opening..).unwrap_or_default(), false);
        pairs.outer.is_some() || pairs.unclear_end
    }

    /// Passes over `((…))`, when it is that and no subshell in a subshell; `sure` where it nearly always is: behind `$`,
    /// where `sh` counts brackets in quotes as well.
    pub(super) fn arithmetic(&mut self, sure: bool) -> Result<bool, Stop> {
        let rest = self.rest();
        let pairs = paired(rest, sure);
        if pairs.unclear || (sure && pairs.whole != counted(rest)) {
            return Err(Stop::Unclear);
        }
        self.at += pairs.whole.unwrap_or_default();
        Ok(pairs.whole.is_some())
    }

    /// Passes over `[…]` of the old arithmetic, `$[1+2]`, when it ends in this line.
    pub(super) fn old_arithmetic(&mut self) -> bool {
        let mut open = 0_usize;
        for (at, byte) in self.rest().bytes().enumerate() {
            match byte {
                b'[' => open += 1,
                b']' if open == 1 => {
                    self.at += at + 1;
                    return true;
                }
                b']' => open = open.saturating_sub(1),
                b'\n' | b'"' | b'\'' | b'`' => return false,
                _ => {}
            }
        }
        false
    }

    /// Passes over `[…]` behind a name and before `=`, in which `<<` is a shift; over nothing where it is not that. Where a
    /// `command` may begin bash passes over the brackets whatever is in them and follows them: they could be an assignment.
    /// In a `list` a bracket that nothing opened there ends the list.
    pub(super) fn subscript(&mut self, list: bool, command: bool) -> bool {
        let (mut open, mut round) = (0_usize, 0_usize);
        let mut quote = None;
        for (at, next) in self.rest().char_indices() {
            match (quote, next) {
                (_, '\n') if !command => return false,
                (Some(opened), _) if next == opened => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(next),
                (None, '\\' | '`') => return false,
                (None, '(') => round += 1,
                (None, ')') if round == 0 && list => return false,
                (None, ')') => round = round.saturating_sub(1),
                (None, '[') => open += 1,
                (None, ']') if open == 1 => {
                    let after = self.rest().get(at + 1..).unwrap_or_default();
                    let assigns = command || after.starts_with('=') || after.starts_with("+=");
                    self.at += if assigns { at + 1 } else { 0 };
                    return assigns;
                }
                (None, ']') => open -= 1,
                _ => {}
            }
        }
        false
    }
}

/// Where the brackets `((` end that a text begins with.
#[derive(Default)]
struct Pairs {
    /// The length up to the end of both, when their ends stand together: it is arithmetic.
    whole: Option<usize>,
    /// The length up to the end of the outer one.
    outer: Option<usize>,
    /// Whether something stands inside in which shells see different brackets and quotes.
    unclear: bool,
    /// As `unclear`, up to the end of the outer one.
    unclear_end: bool,
}

/// Looks for the ends as bash does, which passes over quotes; `sure` as for [`Reader::arithmetic`].
fn paired(text: &str, sure: bool) -> Pairs {
    let mut pairs = Pairs::default();
    // What is open: a bracket or quote; `$` for `$(`, `a` for one of `$((`, `e` for `$'`.
    let mut open: Vec<u8> = Vec::new();
    // Whether the inner one has ended.
    let mut split = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(next) = bytes.get(at).copied() {
        if open.len() > 2 * DEEPEST {
            pairs.unclear = true;
            pairs.unclear_end = true;
            break;
        }
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 1).copied();
        let rest = bytes.get(at..).unwrap_or_default();
        let commands = open.iter().rev().find(|open| matches!(open, b'$' | b'a')) == Some(&b'$');
        let quoted = open.contains(&b'"');
        let mut doubtful = false;
        match (open.last(), next) {
            (Some(b'\'' | b'e'), b'\'')
            | (Some(b'"'), b'"')
            | (Some(b'`'), b'`')
            | (Some(b'{'), b'}')
            | (Some(b'['), b']') => drop(open.pop()),
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (Some(b'e' | b'`'), _) => {}
            (_, b'`') => open.push(next),
            (_, b'$') if after == Some(b'(') => {
                open.push(if rest.starts_with(b"$((") { b'a' } else { b'$' });
                at += 1;
            }
            (_, b'$') if after == Some(b'[') => {
                open.push(b'[');
                at += 1;
            }
            // In arithmetic itself bash takes no notice of it.
            (_, b'$') if after == Some(b'{') && (commands || quoted) => {
                open.push(b'{');
                at += 1;
            }
            (_, b'"') => open.push(next),
            (Some(b'"'), _) => {}
            // A quote to some, a letter to others.
            (Some(b'{'), b'\'') if quoted => doubtful = true,
            (_, b'\'') => open.push(if before == Some(&b'$') { b'e' } else { next }),
            (Some(b'['), b'[') => open.push(next),
            (Some(b'{' | b'['), _) => {}
            // A comment to commands, not to arithmetic.
            (_, b'#') if (commands || !sure) && before.is_none_or(|it| b" \t\n;&|(".contains(it)) => {
                let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
                doubtful = line.iter().any(|byte| b"()'\"`".contains(byte));
            }
            // Patterns have brackets that open nothing, and here-documents any.
            (_, b'c' | b'<') if commands => {
                doubtful = rest.starts_with(b"case") || rest.starts_with(b"<<");
            }
            (_, b'(') => open.push(next),
            (_, b')') => {
                open.pop();
                if open.len() == 1 && !std::mem::replace(&mut split, true) && after == Some(b')') {
                    pairs.whole = Some(at + 2);
                }
                if open.is_empty() {
                    pairs.outer = Some(at + 1);
                    return pairs;
                }
            }
            _ => {}
        }
        pairs.unclear |= doubtful && !split;
        pairs.unclear_end |= doubtful;
        at += 1;
    }
    pairs
}

/// The length of `((…))` as `sh` counts it, to which quotes in arithmetic mean nothing.
fn counted(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => open += 1,
            b')' if open == 2 => {
                let both = text.as_bytes().get(at + 1) == Some(&b')');
                return both.then_some(at + 2);
            }
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}
