//! The forms a secret takes when programs print it: base64, JSON, URIs, XML, shells, PowerShell, hexadecimal.
//!
//! The runner's eleven encoders are the base; the rest are the spellings of the same encodings that common tools use.

use std::fmt::Write as _;

/// A form that is shorter is not masked by itself: it would hide too much that is no secret. As the runner's rule for
/// the parts that PowerShell prints.
const SHORTEST_PART: usize = 6;
/// Quotes around a value are only taken off when it is longer than this, as in the runner.
const LONGEST_KEPT_QUOTED: usize = 8;

/// All forms of a value beside itself, in no order and with repetitions.
pub(super) fn encodings(value: &str) -> Vec<String> {
    let mut forms = Vec::new();
    base64_forms(value.as_bytes(), &mut forms);
    json_forms(value, &mut forms);
    uri_forms(value, &mut forms);
    xml_forms(value, &mut forms);
    shell_forms(value, &mut forms);
    powershell_forms(value, &mut forms);
    if value.len() > LONGEST_KEPT_QUOTED
        && let Some(bare) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
    {
        forms.push(bare.to_owned());
    }
    if value.len() >= SHORTEST_PART {
        forms.push(
            value
                .bytes()
                .fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        );
        forms.push(
            value
                .bytes()
                .fold(String::new(), |text, byte| text + &format!("{byte:02X}")),
        );
    }
    forms.retain(|form| !form.trim().is_empty());
    forms
}

/// Base64 at each of the three offsets a value can have in a longer text, padded, and without the last characters,
/// which what follows the value would change; in the alphabets of RFC 4648, sections 4 and 5.
fn base64_forms(bytes: &[u8], forms: &mut Vec<String>) {
    for shift in 0..3 {
        let Some(tail) = bytes.get(shift..).filter(|tail| !tail.is_empty()) else {
            continue;
        };
        let whole = base64(tail);
        let stable = tail.len() * 8 / 6;
        let mut add = |text: &str| {
            forms.push(text.to_owned());
            if text.contains(['+', '/']) {
                forms.push(text.replace('+', "-").replace('/', "_"));
            }
        };
        add(&whole);
        if stable >= SHORTEST_PART && stable < whole.len() {
            add(whole.get(..stable).unwrap_or_default());
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |six: u32| char::from(ALPHABET.get((six & 63) as usize).copied().unwrap_or(b'='));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |n: usize| u32::from(group.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            text.push(if n <= group.len() {
                letter(bits >> (18 - 6 * n))
            } else {
                '='
            });
        }
    }
    text
}

fn json_forms(value: &str, forms: &mut Vec<String>) {
    let plain = json(value, |_| false);
    forms.push(plain.replace('/', "\\/"));
    forms.push(plain);
    // Python's default, and Go's.
    forms.push(json(value, |c| !c.is_ascii()));
    forms.push(json(value, |c| {
        matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
    }));
}

/// A JSON string without its quotes, where what `also` names is escaped too.
fn json(value: &str, also: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if c < ' ' || also(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            c => text.push(c),
        }
    }
    text
}

/// Percent encoding as `Uri.EscapeDataString`, `encodeURIComponent`, Python's `quote` and HTML forms write it.
fn uri_forms(value: &str, forms: &mut Vec<String>) {
    for unreserved in ["-_.~", "-_.~/", "-_.!~*'()", "-_.*"] {
        for upper in [true, false] {
            let text = percent(value, unreserved, upper);
            if text.contains("%20") {
                forms.push(text.replace("%20", "+"));
            }
            forms.push(text);
        }
    }
}

fn percent(value: &str, unreserved: &str, upper: bool) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || unreserved.contains(c) && c.is_ascii() {
            text.push(c);
        } else if upper {
            let _ = write!(text, "%{byte:02X}");
        } else {
            let _ = write!(text, "%{byte:02x}");
        }
    }
    text
}

fn xml_forms(value: &str, forms: &mut Vec<String>) {
    let basic = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    for (double, single) in [
        ("&quot;", "&apos;"),
        ("&quot;", "&#39;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&#x27;"),
    ] {
        forms.push(basic.replace('"', double).replace('\'', single));
    }
    forms.push(basic.replace('"', "&quot;"));
    forms.push(basic);
}

/// What shells print when they trace a command or quote a value.
fn shell_forms(value: &str, forms: &mut Vec<String>) {
    forms.push(value.replace('"', "\\\""));
    // Expressions and PowerShell's single quotes.
    forms.push(value.replace('\'', "''"));
    forms.push(value.replace('\'', "'\\''"));
    forms.push(value.replace('\'', "'\"'\"'"));
    forms.push(value.replace('\\', "\\\\"));
    let doubled = |special: &str| {
        let mut text = String::with_capacity(value.len());
        for c in value.chars() {
            if special.contains(c) {
                text.push('\\');
            }
            text.push(c);
        }
        text
    };
    forms.push(doubled("\"\\$`"));
    // `printf %q`.
    forms.push(doubled(" \t!\"#$&'()*,;<>?[\\]^`{|}"));
    forms.push(doubled(" \t!\"#$&'()*;<>?[\\]^`{|}~"));
    // `$'…'`.
    let mut ansi = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => ansi.push_str("\\\\"),
            '\'' => ansi.push_str("\\'"),
            '\n' => ansi.push_str("\\n"),
            '\r' => ansi.push_str("\\r"),
            '\t' => ansi.push_str("\\t"),
            '\u{7}' => ansi.push_str("\\a"),
            '\u{8}' => ansi.push_str("\\b"),
            '\u{b}' => ansi.push_str("\\v"),
            '\u{c}' => ansi.push_str("\\f"),
            '\u{1b}' => ansi.push_str("\\E"),
            c if c.is_ascii_control() => {
                let _ = write!(ansi, "\\{:03o}", u32::from(c));
            }
            c => ansi.push(c),
        }
    }
    forms.push(ansi);
}

/// PowerShell reports a failed command in pieces, cut at `&` or a letter after `&+`, with colours between.
fn powershell_forms(value: &str, forms: &mut Vec<String>) {
    let (before, after) = if let Some(at) = value.find("&+") {
        let (before, rest) = value.split_at(at + 2);
        let mut rest = rest.chars();
        rest.next();
        (before, rest.as_str())
    } else if let Some(at) = value.rfind('&') {
        value.split_at(at + 1)
    } else {
        return;
    };
    for part in [before, after] {
        if part.len() >= SHORTEST_PART {
            forms.push(part.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn each_tool_has_its_spelling() {
        for (value, form) in [
            ("he\"llo w/rld&more", "he\\\"llo w/rld&more"),
            ("he\"llo w/rld&more", "he\\\"llo w\\/rld&more"),
            ("he\"llo w/rld&more", "he\\\"llo w/rld\\u0026more"),
            ("he\"llo w/rld&more", "he%22llo%20w%2Frld%26more"),
            ("he\"llo w/rld&more", "he%22llo%20w%2frld%26more"),
            ("he\"llo w/rld&more", "he%22llo+w%2Frld%26more"),
            ("he\"llo w/rld&more", "he%22llo%20w/rld%26more"),
            ("he\"llo w/rld&more", "he&quot;llo w/rld&amp;more"),
            ("he\"llo w/rld&more", "he\\\"llo\\ w/rld\\&more"),
            ("he\"llo w/rld&more", "he\"llo w/rld&"),
            ("it's 1", "it'\\''s 1"),
            ("it's 1", "it'\"'\"'s 1"),
            ("it's 1", "it''s 1"),
            ("it's 1", "it&apos;s 1"),
            ("it's 1", "it&#39;s 1"),
            ("it's 1", "it\\'s 1"),
            ("it's 1", "it\\'s\\ 1"),
            ("a\nb\u{1}é", "a\\nb\\001é"),
            ("a\nb\u{1}é", "a\\nb\\u0001\\u00e9"),
            ("\"quoted value\"", "quoted value"),
            ("secretpart1&+secretpart2&secretpart3", "secretpart1&+"),
            ("secretpart1&+secretpart2&secretpart3", "ecretpart2&secretpart3"),
            ("secretpart1&secretpart2&secretpart3", "secretpart1&secretpart2&"),
            ("secretpart1&secretpart2&secretpart3", "secretpart3"),
            ("s3cr3t", "733363723374"),
            ("s3cr3?>>", "czNjcjM/Pj4="),
            ("s3cr3?>>", "czNjcjM_Pj4="),
        ] {
            let forms = encodings(value);
            assert!(
                forms.iter().any(|one| one == form),
                "{value:?} as {form:?}: {forms:?}"
            );
        }
    }

    #[test]
    fn short_values_bring_no_short_pieces() {
        for form in encodings("abc") {
            assert!(form.len() >= 3, "{form:?}");
        }
        assert!(!encodings("\"abcdef\"").contains(&"abcdef".to_owned()));
    }
}
