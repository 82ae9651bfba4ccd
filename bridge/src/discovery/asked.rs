//! Whether the environment asks for a studio, and why the process-wide bridge shows nothing.

/// The variable that asks.
const VARIABLE: &str = "STUDIO_ENABLED";

/// What `STUDIO_ENABLED` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A studio is wanted.
    Yes,
    /// None is wanted, said so.
    No,
    /// Nobody said anything.
    NotSaid,
    /// Neither yes nor no; the word.
    Unclear(String),
}

impl Asked {
    pub(super) fn by_env() -> Self {
        Self::by(std::env::var(VARIABLE).ok().as_deref())
    }

    /// The words that people write for a switch, in any case.
    pub(super) fn by(value: Option<&str>) -> Self {
        let word = value.unwrap_or_default().trim();
        match word.to_ascii_lowercase().as_str() {
            "" => Self::NotSaid,
            "true" | "1" | "yes" | "on" => Self::Yes,
            "false" | "0" | "no" | "off" => Self::No,
            _ => Self::Unclear(word.to_owned()),
        }
    }

    /// Why a bridge that goes by the environment has no studio, and what to do; `None` where none was wanted.
    pub(super) fn why_no_studio(&self, has_uplink: bool) -> Option<String> {
        let why = match self {
            Self::No => return None,
            Self::NotSaid => format!(
                "{VARIABLE} is not set; set {VARIABLE}=true, and STUDIO_URL where the studio is not at http://localhost:9090, \
                 or {VARIABLE}=false to run without one and without this line"
            ),
            Self::Unclear(word) => {
                let word: String = word.chars().take(40).collect();
                format!("{VARIABLE} is {word:?}, which is neither true nor false; set {VARIABLE}=true")
            }
            Self::Yes if !has_uplink => {
                "loom-bridge was built without its feature `uplink`, which delivers over HTTP; leave \
                 `default-features = false` out of its line in Cargo.toml, or add features = [\"uplink\"]"
                    .to_owned()
            }
            // Its own error says why there is no uplink.
            Self::Yes => return None,
        };
        Some(format!(
            "the actors of this process are shown in no studio: {why}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_for_a_switch_are_understood() {
        let table = [
            (Some("true"), Asked::Yes),
            (Some(" TRUE "), Asked::Yes),
            (Some("1"), Asked::Yes),
            (Some("on"), Asked::Yes),
            (Some("Yes"), Asked::Yes),
            (Some("false"), Asked::No),
            (Some("0"), Asked::No),
            (Some("off"), Asked::No),
            (Some(""), Asked::NotSaid),
            (None, Asked::NotSaid),
            (Some("maybe"), Asked::Unclear("maybe".into())),
        ];
        for (value, asked) in table {
            assert_eq!(Asked::by(value), asked, "{value:?}");
        }
    }

    #[test]
    fn every_way_to_show_nothing_says_what_to_do_but_the_one_that_was_chosen() {
        let why = |value, has_uplink| Asked::by(value).why_no_studio(has_uplink);
        assert!(why(None, true).is_some_and(|text| text.contains("STUDIO_ENABLED=true")));
        assert!(
            why(Some("ja"), true)
                .is_some_and(|text| text.contains("\"ja\"") && text.contains("STUDIO_ENABLED=true"))
        );
        assert!(why(Some("1"), false).is_some_and(|text| text.contains("features = [\"uplink\"]")));
        assert_eq!(why(Some("1"), true), None);
        assert_eq!(why(Some("false"), true), None);
        assert_eq!(why(Some("false"), false), None);
    }
}
