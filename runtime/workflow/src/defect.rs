//! Files that have no text to read, and what there is to show of them.

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// It was not read.
    TooLarge {
        /// Its length in bytes, where that is known.
        length: Option<u64>,
    },
    /// A byte that no UTF-8 text has there. What is shown has a sign in its place.
    Byte {
        /// Where it stands in what is shown.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// It is UTF-16; what is shown is its text.
    Utf16,
}

impl Defect {
    /// The text of a file, or what there is to show of one that has a defect.
    pub(crate) fn text_of(bytes: Vec<u8>) -> (String, Option<Self>) {
        if let Some(text) = utf16(&bytes) {
            return (text, Some(Self::Utf16));
        }
        match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let bytes = error.as_bytes();
                // All before it is text, so its place is the same in what is shown.
                let byte = bytes.get(at).copied().unwrap_or_default();
                let shown = String::from_utf8_lossy(bytes).into_owned();
                (shown, Some(Self::Byte { at, byte }))
            }
        }
    }
}

/// The text of bytes that begin with a byte order mark of UTF-16.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (big, rest) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (false, rest),
        [0xFE, 0xFF, rest @ ..] => (true, rest),
        _ => return None,
    };
    let unit = |pair: &[u8; 2]| {
        if big {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        }
    };
    let (pairs, _) = rest.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(unit).collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Position, Source, load, load_action};

    /// Code, place, message, label and help of the only finding.
    fn finding(source: &Source) -> (&'static str, Position, String) {
        let found = load(source, Dialect::GitHub).diagnostics;
        assert_eq!(load_action(source).diagnostics, found);
        let [one] = found.as_slice() else {
            panic!("{found:?}")
        };
        let place = source.position(one.span().unwrap().start);
        let help = one.help.clone().unwrap_or_default();
        let text = format!("{} | {} | {help}", one.message, one.labels[0].text);
        (one.code.as_str(), place, text)
    }

    #[test]
    fn a_byte_that_is_no_text_has_its_place() {
        let source = Source::from_bytes("w.yml", b"on: push\nname: \xC3\xA9\xE9x\n".to_vec());
        let (code, place, text) = finding(&source);
        assert_eq!((code, place.line, place.column), ("yaml/encoding", 2, 8));
        assert_eq!(
            text,
            "the file is not UTF-8 text | the byte 0xE9 is no part of a character here | save the file as UTF-8; is it a workflow?"
        );
        assert_eq!(source.line(2), Some("name: é\u{fffd}x"));
    }

    #[test]
    fn utf_16_is_named_and_shown() {
        let little: Vec<u8> = "\u{feff}on: é"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = "\u{feff}on: é"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for bytes in [little, big] {
            let source = Source::from_bytes("w.yml", bytes);
            let (code, place, text) = finding(&source);
            assert_eq!((code, place.line, place.column), ("yaml/encoding", 1, 1));
            assert_eq!(
                text,
                "the file is UTF-16, not UTF-8 | begins with the byte order mark of UTF-16 | save the file as UTF-8"
            );
            assert_eq!(source.text(), "on: é");
        }
    }

    #[test]
    fn a_file_that_was_not_read_is_too_large() {
        for (length, want) in [
            (Some(9_000_000), "9000000 bytes"),
            (None, "more than 4194304 bytes"),
        ] {
            let (code, _, text) = finding(&Source::too_large("w.yml", length));
            assert_eq!(code, "yaml/too-large");
            assert!(text.contains(want), "{text}");
        }
    }

    #[test]
    fn utf_8_with_its_mark_is_text() {
        let source = Source::from_bytes("w.yml", "\u{feff}a: é".as_bytes().to_vec());
        assert_eq!((source.text(), source.defect()), ("\u{feff}a: é", None));
    }
}
