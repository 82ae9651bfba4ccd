//! Arithmetic in a script, which is passed over: its `<<` and brackets mean something else.

use super::{Reader, Stop, Until};

impl Reader<'_> {
    /// `(` behind `$`, `<` or `>`; `sure` as for [`Self::arithmetic`]. Of what begins like arithmetic and is none, the
    /// shell reads no more than quotes and brackets before it runs.
    pub(super) fn substitution(&mut self, depth: usize, sure: bool) -> Result<(), Stop> {
        let unread = self.rest().starts_with("((");
        if unread && self.arithmetic(sure) {
            return Ok(());
        }
        let before = self.computed;
        self.computed |= unread;
        let opening = self.at;
        self.at += 1;
        match self.commands(Until::Bracket, depth + 1) {
            // Where it ends the shell alone knows; arithmetic itself that is not closed is a mistake.
            Err(Stop::NotClosed(place)) if unread && (!sure || place.start > opening + 1) => {
                return Err(Stop::TooDeep);
            }
            end => end?,
        }
        self.computed = before;
        Ok(())
    }

    /// Passes over `((…))`, when it is that and no subshell in a subshell; `sure` where it nearly always is.
    pub(super) fn arithmetic(&mut self, sure: bool) -> bool {
        let mut open = 0_usize;
        let rest = self.rest();
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'(' => open += 1,
                b')' if open == 2 => {
                    if rest.as_bytes().get(at + 1) != Some(&b')') {
                        return false;
                    }
                    self.at += at + 2;
                    return true;
                }
                b')' => open = open.saturating_sub(1),
                b'"' | b'\'' | b'`' if !sure => return false,
                _ => {}
            }
        }
        false
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

    /// Passes over `[…]` behind a name and before `=`, in which `<<` is a shift; over nothing where it is not that. In a
    /// `list` a bracket that nothing opened there ends the list.
    pub(super) fn subscript(&mut self, list: bool) -> bool {
        let (mut open, mut round) = (0_usize, 0_usize);
        let mut quote = None;
        for (at, next) in self.rest().char_indices() {
            match (quote, next) {
                (_, '\n') => return false,
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
                    let assigns = after.starts_with('=') || after.starts_with("+=");
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
