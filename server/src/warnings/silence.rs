//! A silence: nothing is sent of some warnings for a while. They are shown all the same.

use loom_protocol::{ActorRecord, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::warning::{About, Warning};
use super::words::Words;

/// A silence as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SilenceAsked {
    /// Only warnings of this rule.
    pub(crate) rule: Option<String>,
    /// Only those for which all of these words hold: `type:` and `id:` are of what a warning is about; what is no actor has its name
    /// as its id.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) filter: String,
    /// When it ends, 90 days from now at most.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) until: Timestamp,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) reason: String,
}

/// A silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Silence {
    /// Its name for programs.
    pub(crate) id: String,
    /// Only warnings of this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// Only those for which all of these words hold.
    // They were checked when it was made; where a file has others, they keep nothing quiet.
    #[schema(value_type = String)]
    pub(crate) filter: Words,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) until: Timestamp,
    /// Why.
    pub(crate) reason: String,
    /// Who wanted it.
    pub(crate) by: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created: Timestamp,
}

impl SilenceAsked {
    /// The silence of this id.
    pub(crate) fn named(self, id: String, by: &str, now: Timestamp) -> Silence {
        Silence {
            id,
            rule: self.rule,
            filter: self.filter.into(),
            until: self.until,
            reason: self.reason,
            by: by.to_owned(),
            created: now,
        }
    }
}

impl Silence {
    /// Whether it is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now
    }

    /// Whether it holds for a warning.
    pub(crate) fn covers(&self, warning: &Warning, now: Timestamp) -> bool {
        let is_of_rule = self.rule.as_ref().is_none_or(|rule| *rule == warning.rule);
        !self.is_over(now) && is_of_rule && self.filter.hold_of(&record(warning))
    }
}

/// What a warning is about, as an actor that filters can be asked of.
fn record(warning: &Warning) -> ActorRecord {
    match warning.about {
        About::Type => ActorRecord::new("", warning.subject.as_str()),
        _ => ActorRecord::new(warning.subject.as_str(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::rule::defaults;

    #[test]
    fn it_holds_for_its_rule_and_its_filter_until_it_is_over() {
        let rules = defaults();
        let at = Timestamp::from_millis;
        let warning = |rule: usize, about, subject| Warning::new(&rules[rule], about, subject, at(0));
        let (order, mail) = (
            warning(1, About::Type, "Order"),
            warning(0, About::Actor, "mail-1"),
        );
        let covered = |rule: Option<&str>, filter: &str, now| {
            let asked = SilenceAsked {
                rule: rule.map(str::to_owned),
                filter: filter.to_owned(),
                until: at(100),
                reason: String::new(),
            };
            let silence = asked.named("s-1".into(), "ana", at(0));
            [&order, &mail].map(|warning| silence.covers(warning, at(now)))
        };
        assert_eq!(covered(None, "", 99), [true, true]);
        assert_eq!(covered(None, "", 100), [false, false]);
        assert_eq!(covered(Some("r-errors"), "", 1), [true, false]);
        assert_eq!(covered(None, "type:Ord*", 1), [true, false]);
        assert_eq!(covered(None, "id:mail-1", 1), [false, true]);
        assert_eq!(covered(Some("r-errors"), "id:mail-1", 1), [false, false]);
    }
}
