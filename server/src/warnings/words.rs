//! Words of a filter with what they mean, which is found out once: whoever asks them often does so under a lock.

use loom_protocol::ActorRecord;
use loom_protocol::filter::Filter;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Words of a filter, as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    text: String,
    /// Nothing when they can't be read.
    filter: Option<Filter>,
}

impl Words {
    /// Whether they hold. Those that can't be read hold of nothing; those that say nothing, of all.
    pub(crate) fn hold_of(&self, record: &ActorRecord) -> bool {
        let filter = self.filter.as_ref();
        filter.is_some_and(|filter| filter.is_empty() || filter.matches(record))
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        let filter = text.parse().ok();
        Self { text, filter }
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Words {}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_as_they_were_and_read_when_they_come_from_a_file() {
        let mail = ActorRecord::new("mail-1", "Mail");
        for (text, holds) in [
            ("type:Mail", true),
            ("type:Order", false),
            ("", true),
            ("type:\"", false),
        ] {
            let made = Words::from(text.to_owned());
            let written = serde_json::to_string(&made).unwrap();
            assert_eq!(written, serde_json::to_string(text).unwrap());
            let read: Words = serde_json::from_str(&written).unwrap();
            assert_eq!(read, made);
            assert_eq!([made.hold_of(&mail), read.hold_of(&mail)], [holds; 2], "{text}");
            assert_eq!(made.filter.is_some(), text.parse::<Filter>().is_ok());
        }
    }
}
