//! Signing what is sent, so that the receiver knows who sent it.

use ring::hmac;

use crate::warnings::channel::Secret;

/// What stands in the header `X-Loom-Signature`: the HMAC-SHA256 of the body.
pub(super) fn signature(secret: &Secret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let tag = hmac::sign(&key, body);
    let letters: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={letters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_rfc_4231_says() {
        let signed = signature(&Secret::new("Jefe"), b"what do ya want for nothing?");
        assert_eq!(
            signed,
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
