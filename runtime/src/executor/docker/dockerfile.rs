//! What is changed in a Dockerfile before it is built: its stages carry the job's labels from their first layer on. The
//! engine would give them to the finished image alone, and what a build that breaks off leaves, layer by layer, would be
//! nobody's. That layers are then of no use to another job's build costs little: an image is removed with its job.

use std::collections::BTreeMap;

/// The text with a line of labels behind each `FROM`, if it has one and the labels can be written.
pub(super) fn with_labels(text: &str, labels: &BTreeMap<String, String>) -> Option<String> {
    let escape = escape_of(text);
    let line = label_line(labels, escape)?;
    let mut made = String::with_capacity(text.len() + 2 * line.len());
    let mut lines = text.split_inclusive('\n').peekable();
    let mut any = false;
    while let Some(first) = lines.next() {
        made.push_str(first);
        if is_comment_or_empty(first) {
            continue;
        }
        let mut whole = first.to_owned();
        let mut goes_on = is_continued(first, escape);
        while goes_on {
            let Some(next) = lines.next() else { break };
            made.push_str(next);
            // These do not end what goes on over several lines.
            if !is_comment_or_empty(next) {
                whole.push_str(next);
                goes_on = is_continued(next, escape);
            }
        }
        match instruction(&whole).as_str() {
            "from" => {
                if !made.ends_with('\n') {
                    made.push('\n');
                }
                made.push_str(&line);
                any = true;
            }
            "run" | "copy" | "add" => {
                for end in here_documents(&whole) {
                    for next in lines.by_ref() {
                        made.push_str(next);
                        if end.is(next) {
                            break;
                        }
                    }
                }
            }
            _ => {}
        }
    }
    any.then_some(made)
}

/// The character that escapes: one of the first comments may say so.
fn escape_of(text: &str) -> char {
    let directives = text.trim_start_matches('\u{feff}').lines().map_while(|line| {
        let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim()))
    });
    for (name, value) in directives {
        if name == "escape" {
            return value.chars().next().unwrap_or('\\');
        }
    }
    '\\'
}

fn is_comment_or_empty(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with('#')
}

fn is_continued(line: &str, escape: char) -> bool {
    line.trim_end().ends_with(escape)
}

fn instruction(line: &str) -> String {
    let line = line.trim_start_matches('\u{feff}');
    let word = line.split_whitespace().next().unwrap_or_default();
    word.to_ascii_lowercase()
}

/// Where a here-document ends.
struct End {
    word: String,
    /// Whether tabs may stand before it.
    tabs: bool,
}

impl End {
    fn is(&self, line: &str) -> bool {
        let line = line.trim_end_matches(['\n', '\r']);
        let line = if self.tabs {
            line.trim_start_matches('\t')
        } else {
            line
        };
        line == self.word
    }
}

fn here_documents(line: &str) -> Vec<End> {
    line.split_whitespace()
        .filter_map(|word| {
            let word = word.trim_start_matches(|char: char| char.is_ascii_digit());
            let rest = word.strip_prefix("<<")?;
            let tabs = rest.starts_with('-');
            let word = rest.trim_start_matches('-').trim_matches(['"', '\'']);
            let is_name = |word: &str| word.chars().all(|char| char.is_alphanumeric() || char == '_');
            (!word.is_empty() && is_name(word)).then(|| End {
                word: word.to_owned(),
                tabs,
            })
        })
        .collect()
}

fn label_line(labels: &BTreeMap<String, String>, escape: char) -> Option<String> {
    let mut line = "LABEL".to_owned();
    for (name, value) in labels {
        if value.chars().any(char::is_control) {
            return None;
        }
        line.push_str(&format!(" {name}=\""));
        for char in value.chars() {
            if ['"', '$', escape].contains(&char) {
                line.push(escape);
            }
            line.push(char);
        }
        line.push('"');
    }
    line.push('\n');
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> Option<String> {
        with_labels(text, &BTreeMap::from([("a".to_owned(), "1".to_owned())]))
    }

    #[test]
    fn each_stage_is_labelled_behind_its_from() {
        let l = "LABEL a=\"1\"\n";
        for (text, expected) in [
            ("FROM a", Some(format!("FROM a\n{l}"))),
            (
                "\u{feff}from a\r\nRUN b\r\n",
                Some(format!("\u{feff}from a\r\n{l}RUN b\r\n")),
            ),
            (
                "ARG v=1\n# FROM none\nFROM --platform=x \\\n  # of\n\n  a:$v AS b\nRUN c\nFROM b\n",
                Some(format!(
                    "ARG v=1\n# FROM none\nFROM --platform=x \\\n  # of\n\n  a:$v AS b\n{l}RUN c\nFROM b\n{l}"
                )),
            ),
            // What begins with the word inside of something else is no stage.
            (
                "FROM a\nRUN python -c '\\\nfrom x import y' \\\n&& \\\nfrom\nRUN b\n",
                Some(format!(
                    "FROM a\n{l}RUN python -c '\\\nfrom x import y' \\\n&& \\\nfrom\nRUN b\n"
                )),
            ),
            (
                "FROM a\nRUN python3 <<-\"EOF\" && cat <<B\nfrom x import y\n\tEOF\nfrom B\nB\nFROM b\n",
                Some(format!(
                    "FROM a\n{l}RUN python3 <<-\"EOF\" && cat <<B\nfrom x import y\n\tEOF\nfrom B\nB\nFROM b\n{l}"
                )),
            ),
            (
                "# escape=`\nFROM a\nRUN dir c:\\\nFROM b\n",
                Some(format!("# escape=`\nFROM a\n{l}RUN dir c:\\\nFROM b\n{l}")),
            ),
            ("RUN a\n", None),
            ("", None),
            ("FROMAGE a\n", None),
        ] {
            assert_eq!(marked(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_value_is_written_so_that_it_is_read_as_it_is() {
        let line =
            |value: &str, escape| label_line(&BTreeMap::from([("a".to_owned(), value.to_owned())]), escape);
        for (value, escape, expected) in [
            ("/b c/$d", '\\', Some("LABEL a=\"/b c/\\$d\"\n")),
            ("q\"\\", '\\', Some("LABEL a=\"q\\\"\\\\\"\n")),
            ("q\"\\`", '`', Some("LABEL a=\"q`\"\\``\"\n")),
            ("two\nlines", '\\', None),
        ] {
            assert_eq!(line(value, escape).as_deref(), expected, "{value:?}");
        }
    }
}
