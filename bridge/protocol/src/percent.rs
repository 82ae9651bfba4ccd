//! Percent encoding (RFC 3986) of texts that stand in an address.

/// A text as it may stand in a query, or as one part of a path.
pub fn encoded(text: &str) -> String {
    encoded_but(text, b"-._~")
}

/// A path as it may stand in an address: its slashes stay.
pub fn encoded_path(path: &str) -> String {
    encoded_but(path, b"-._~/")
}

fn encoded_but(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_an_address_is_encoded() {
        assert_eq!(encoded("a-Z_0.~"), "a-Z_0.~");
        assert_eq!(
            encoded("a b/c?d&e=f#g%h+ä"),
            "a%20b%2Fc%3Fd%26e%3Df%23g%25h%2B%C3%A4"
        );
        assert_eq!(encoded_path("/a b/ü:c"), "/a%20b/%C3%BC%3Ac");
    }
}
