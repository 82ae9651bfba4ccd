//! The header `traceparent`: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`, as
//! <https://www.w3.org/TR/trace-context/> has it.

use super::ids::{SpanId, TraceId};

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// Only what this version knows of.
    pub(super) is_sampled: bool,
}

/// The bytes of version `00`.
const LENGTH: usize = 55;

/// The flag of a trace that is recorded. Others have no meaning in this version and are not passed on.
const SAMPLED: u8 = 1;

impl Parent {
    /// Reads it; `None` where the rules say that it is as good as absent. A later version is read as far as this one goes.
    pub(super) fn read(header: &str) -> Option<Self> {
        // What HTTP allows around a value.
        let header = header.trim_matches([' ', '\t']);
        let (known, more) = header.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let version: u8 = hex(parts.next()?, 2)?.try_into().ok()?;
        let trace = hex(parts.next()?, 32)?;
        let span = hex(parts.next()?, 16)?;
        let flags: u8 = hex(parts.next()?, 2)?.try_into().ok()?;
        let is_whole = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        (is_whole && parts.next().is_none()).then_some(())?;
        Some(Self {
            trace: TraceId::new(trace)?,
            span: SpanId::new(span.try_into().ok()?)?,
            is_sampled: flags & SAMPLED != 0,
        })
    }

    pub(super) fn write(self) -> String {
        let flags = u8::from(self.is_sampled) * SAMPLED;
        format!("00-{}-{}-{flags:02x}", self.trace, self.span)
    }
}

/// So many digits, small letters only.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != digits || !text.bytes().all(is_hex) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn read(version: &str, trace: &str, span: &str, rest: &str) -> Option<Parent> {
        Parent::read(&format!("{version}-{trace}-{span}-{rest}"))
    }

    #[test]
    fn what_is_valid_is_read_and_written_as_it_was() {
        for (flags, is_sampled) in [("00", false), ("01", true)] {
            let header = format!("00-{TRACE}-{SPAN}-{flags}");
            let parent = Parent::read(&header).unwrap();
            assert_eq!(parent.trace.get(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
            assert_eq!(
                (parent.span.get(), parent.is_sampled),
                (0x00f0_67aa_0ba9_02b7, is_sampled)
            );
            assert_eq!(parent.write(), header);
        }
        let spaced = format!(" \t00-{TRACE}-{SPAN}-01 ");
        assert!(Parent::read(&spaced).is_some_and(|parent| parent.is_sampled));
    }

    #[test]
    fn flags_that_this_version_does_not_know_are_not_passed_on() {
        for (flags, passed_on) in [("02", "00"), ("03", "01"), ("ff", "01"), ("fe", "00")] {
            let parent = read("00", TRACE, SPAN, flags).unwrap();
            assert!(parent.write().ends_with(&format!("-{passed_on}")), "{flags}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_this_one_goes() {
        for rest in ["01", "01-", "01-what-the-future-will-be-like", "01-ä"] {
            let parent = read("cc", TRACE, SPAN, rest).unwrap();
            assert_eq!(parent.write(), format!("00-{TRACE}-{SPAN}-01"), "{rest}");
        }
        for rest in ["01.what", "01what", "0", "01ä"] {
            assert_eq!(read("cc", TRACE, SPAN, rest), None, "{rest}");
        }
    }

    #[test]
    fn what_is_invalid_is_as_good_as_absent() {
        let zeros = |digits| "0".repeat(digits);
        for (version, trace, span, rest) in [
            // A version that never will be, and such as are none.
            ("ff", TRACE, SPAN, "01"),
            ("0", TRACE, SPAN, "01"),
            ("000", TRACE, SPAN, "01"),
            ("0g", TRACE, SPAN, "01"),
            // Names of zeros only, of the wrong length, and with other letters.
            ("00", &zeros(32), SPAN, "01"),
            ("00", TRACE, &zeros(16), "01"),
            ("00", &TRACE[1..], SPAN, "01"),
            ("00", &format!("{TRACE}0"), SPAN, "01"),
            ("00", TRACE, &SPAN[1..], "01"),
            ("00", TRACE, &format!("{SPAN}0"), "01"),
            ("00", &TRACE.to_uppercase(), SPAN, "01"),
            ("00", TRACE, &SPAN.to_uppercase(), "01"),
            ("00", &TRACE.replace('4', "."), SPAN, "01"),
            ("00", &TRACE.replace('4', "ä"), SPAN, "01"),
            ("00", TRACE, "+0f067aa0ba902b7", "01"),
            // Flags that are none, and more than this version has.
            ("00", TRACE, SPAN, "1"),
            ("00", TRACE, SPAN, "0x"),
            ("00", TRACE, SPAN, "0A"),
            ("00", TRACE, SPAN, ""),
            ("00", TRACE, SPAN, "011"),
            ("00", TRACE, SPAN, "01-"),
            ("00", TRACE, SPAN, "01-more"),
        ] {
            assert_eq!(
                read(version, trace, span, rest),
                None,
                "{version}-{trace}-{span}-{rest}"
            );
        }
        let valid = format!("00-{TRACE}-{SPAN}-01");
        for header in [
            "",
            "-",
            "00",
            &valid.replace('-', "_"),
            &valid.replace('-', ""),
            &format!("{valid},{valid}"),
        ] {
            assert_eq!(Parent::read(header), None, "{header}");
        }
    }
}
