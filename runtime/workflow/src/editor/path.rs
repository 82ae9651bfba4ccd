//! The name that an expression ends with while somebody writes it, and what leads to it.

/// `needs.build.` of `a == needs.build.out`: the names before the last dot, and the last one as far as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail<'t> {
    pub(super) path: Vec<&'t str>,
    pub(super) word: &'t str,
}

/// What a text ends with; none within a text in quotes.
pub(super) fn tail(text: &str) -> Option<Tail<'_>> {
    if text.matches('\'').count() % 2 == 1 {
        return None;
    }
    let mut end = text.len() - name_at_end(text).len();
    let word = text.get(end..)?;
    let mut path = Vec::new();
    while let Some(before) = text.get(..end)?.strip_suffix('.') {
        let name = match before.strip_suffix("']") {
            Some(quoted) => {
                let name = quoted.get(quoted.rfind("['")? + 2..)?;
                end = before.len() - name.len() - 4;
                path.push(name);
                // What is indexed comes before, without a dot.
                let of = name_at_end(text.get(..end)?);
                if !of.is_empty() {
                    path.push(of);
                    end -= of.len();
                }
                continue;
            }
            None => name_at_end(before),
        };
        if name.is_empty() {
            return None;
        }
        path.push(name);
        end = before.len() - name.len();
    }
    path.reverse();
    Some(Tail { path, word })
}

/// The name that a text begins with.
pub(super) fn name_at_start(text: &str) -> &str {
    let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn name_at_end(text: &str) -> &str {
    let start = text.rfind(|c| !is_of_name(c)).map_or(0, |at| {
        at + text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(1, char::len_utf8)
    });
    text.get(start..).unwrap_or_default()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_last_is_found() {
        for (text, path, word) in [
            ("", &[][..], ""),
            (" git", &[], "git"),
            (" needs.", &["needs"], ""),
            ("a == needs.build.out", &["needs", "build"], "out"),
            ("contains(steps.x.outputs.y, git", &[], "git"),
            ("github['event'].in", &["github", "event"], "in"),
            ("'é' == env.", &["env"], ""),
            ("é", &[], ""),
        ] {
            let path = path.to_vec();
            assert_eq!(tail(text), Some(Tail { path, word }), "{text}");
        }
        for text in ["'git", "a == 'x", "f(). x.", "..", "a..b"] {
            assert!(tail(text).is_none_or(|tail| tail.path.len() < 2), "{text}");
        }
    }
}
