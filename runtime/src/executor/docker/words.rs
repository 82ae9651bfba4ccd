//! How values are written on Docker's command line: words, durations, sizes.

/// Cuts a command line into words as a shell does: blanks, both kinds of quotes, backslashes. No variable is looked up.
pub(super) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' => {
                let word = word.get_or_insert_with(String::new);
                loop {
                    match characters.next() {
                        None => return Err(format!("a quote ({character}) is not closed")),
                        Some(end) if end == character => break,
                        Some('\\') if character == '"' => match characters.next() {
                            Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                            Some(other) => word.extend(['\\', other]),
                            None => return Err("a backslash at the end".to_owned()),
                        },
                        Some(inner) => word.push(inner),
                    }
                }
            }
            '\\' => match characters.next() {
                Some(escaped) => word.get_or_insert_with(String::new).push(escaped),
                None => return Err("a backslash at the end".to_owned()),
            },
            blank if blank.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_with(String::new).push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A duration as Go writes it (`1m30s`, `500ms`, `1.5h`), in nanoseconds.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(end)?;
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let factor = match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    whole(total).filter(|_| !text.is_empty())
}

/// A size as Docker writes it (`512m`, `2g`, `64kb`, `1048576`), in bytes.
pub(super) fn bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let factor = match unit.trim() {
        "" | "b" => 1.0,
        "k" | "kb" | "kib" => 1024.0,
        "m" | "mb" | "mib" => 1024.0 * 1024.0,
        "g" | "gb" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tb" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    whole(number.parse::<f64>().ok()? * factor)
}

/// A number of processors (`1.5`) in billionths.
pub(super) fn processors(text: &str) -> Option<i64> {
    whole(text.parse::<f64>().ok()? * 1e9)
}

fn whole(number: f64) -> Option<i64> {
    let fits = (0.0..9e18).contains(&number);
    #[expect(clippy::cast_possible_truncation, reason = "it was looked whether it fits")]
    fits.then_some(number.round() as i64)
}

/// Whether a switch's value means yes.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_as_a_shell_cuts_them() {
        for (line, expected) in [
            ("", vec![]),
            ("  a  b\n c ", vec!["a", "b", "c"]),
            (
                r#"--health-cmd "pg_isready -U \"x\"" -e 'A=b c'"#,
                vec!["--health-cmd", "pg_isready -U \"x\"", "-e", "A=b c"],
            ),
            (r"a\ b''c", vec!["a bc"]),
            ("''", vec![""]),
            (r#""\d""#, vec![r"\d"]),
        ] {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
        assert!(split("'a").is_err() && split("a\\").is_err());
    }

    #[test]
    fn values_are_read_as_docker_reads_them() {
        assert_eq!(nanoseconds("1m30s"), Some(90_000_000_000));
        assert_eq!(nanoseconds("500ms"), Some(500_000_000));
        assert_eq!(
            (nanoseconds("5"), nanoseconds(""), nanoseconds("s")),
            (None, None, None)
        );
        assert_eq!(
            (bytes("512m"), bytes("2gb"), bytes("7")),
            (Some(536_870_912), Some(2_147_483_648), Some(7))
        );
        assert_eq!((bytes("x"), bytes("1q")), (None, None));
        assert_eq!(processors("1.5"), Some(1_500_000_000));
    }
}
