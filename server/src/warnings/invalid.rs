//! What may be asked for, and what is said when it is not that.

use loom_protocol::Timestamp;
use loom_protocol::filter::Filter;

use super::channel::Channel;
use super::rule::{Condition, RuleAsked, Side};
use super::silence::SilenceAsked;
use crate::lints;
use crate::memory::HistoryMetric;

/// Letters of a name.
const LONGEST_NAME: usize = 100;
/// Letters of a filter.
const LONGEST_FILTER: usize = 2_000;
/// Seconds that a rule may want something to hold.
const LONGEST_FOR: u32 = 86_400;
/// Milliseconds that a silence may last.
const LONGEST_SILENCE: i64 = 90 * 86_400_000;
/// Channels, and codes of lints, of a rule.
const MOST_NAMED: usize = 50;

/// Something that is asked for and can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {why}")]
pub(crate) struct Invalid {
    /// Where in what is asked for.
    pub(crate) field: &'static str,
    /// Why not, and what can be.
    pub(crate) why: String,
}

pub(crate) fn invalid(field: &'static str, why: impl Into<String>) -> Invalid {
    let why = why.into();
    Invalid { field, why }
}

/// A name that people give.
pub(crate) fn check_name(name: &str) -> Result<(), Invalid> {
    if name.trim().is_empty() {
        return Err(invalid("name", "it must have 1 to 100 letters"));
    }
    one_line("name", name, LONGEST_NAME)
}

/// A text of one line.
pub(crate) fn one_line(field: &'static str, text: &str, most: usize) -> Result<(), Invalid> {
    if text.chars().count() > most {
        return Err(invalid(field, format!("it has more than {most} letters")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(field, "it must be one line, without control characters"));
    }
    Ok(())
}

/// A filter that can be read.
pub(crate) fn filter(field: &'static str, text: &str) -> Result<Filter, Invalid> {
    if text.len() > LONGEST_FILTER {
        return Err(invalid(
            field,
            format!("it has more than {LONGEST_FILTER} letters"),
        ));
    }
    text.parse().map_err(|error| invalid(field, format!("{error}")))
}

impl RuleAsked {
    /// Whether it can be a rule, beside these channels.
    pub(crate) fn check(&self, channels: &[Channel]) -> Result<(), Invalid> {
        check_name(&self.name)?;
        if self.seconds > LONGEST_FOR {
            let why = format!(
                "it is {} seconds; it must be from 0 to {LONGEST_FOR}",
                self.seconds
            );
            return Err(invalid("for", why));
        }
        if self.channels.len() > MOST_NAMED {
            return Err(invalid("channels", format!("there are more than {MOST_NAMED}")));
        }
        let unknown = |id: &&String| !channels.iter().any(|channel| channel.id == **id);
        if let Some(id) = self.channels.iter().find(unknown) {
            let id: String = id.chars().take(LONGEST_NAME).collect();
            let why = format!("there is no channel `{id}`; GET /api/warnings/channels lists them");
            return Err(invalid("channels", why));
        }
        self.when.check()
    }
}

impl Condition {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Metric {
                metric,
                by,
                filter: text,
                is,
                threshold,
                clear,
                ..
            } => {
                filter("when.filter", text)?;
                let known = HistoryMetric::of(*by);
                if !known.contains(metric) {
                    let names: Vec<_> = known.iter().map(|metric| metric.name()).collect();
                    let why = format!(
                        "there is no `{}` of these; there are {}",
                        metric.name(),
                        names.join(", ")
                    );
                    return Err(invalid("when.metric", why));
                }
                let clear = clear.unwrap_or(*threshold);
                if !(threshold.is_finite() && clear.is_finite()) {
                    return Err(invalid("when.threshold", "it must be a number"));
                }
                match is {
                    Side::Above if clear > *threshold => Err(invalid(
                        "when.clear",
                        "it must not be above the threshold, for what is above that is not well",
                    )),
                    Side::Below if clear < *threshold => Err(invalid(
                        "when.clear",
                        "it must not be below the threshold, for what is below that is not well",
                    )),
                    _ => Ok(()),
                }
            }
            Self::Lint { codes, filter: text } => {
                filter("when.filter", text)?;
                if codes.len() > MOST_NAMED {
                    return Err(invalid("when.codes", format!("there are more than {MOST_NAMED}")));
                }
                match codes.iter().find(|code| !lints::codes().contains(&code.as_str())) {
                    Some(_) => {
                        let why = format!("one of them is no lint; there are {}", lints::codes().join(", "));
                        Err(invalid("when.codes", why))
                    }
                    None => Ok(()),
                }
            }
            Self::Work {
                work,
                subject,
                factor,
                ..
            } => {
                one_line("when.work", work, LONGEST_NAME)?;
                one_line("when.subject", subject, 200)?;
                match factor {
                    Some(factor) if !(1.0..=1_000.0).contains(factor) => {
                        Err(invalid("when.factor", "it must be from 1 to 1000"))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl SilenceAsked {
    /// Whether it can be a silence, beside these rules.
    pub(crate) fn check(&self, now: Timestamp, has_rule: impl Fn(&str) -> bool) -> Result<(), Invalid> {
        if let Some(rule) = self.rule.as_deref().filter(|rule| !has_rule(rule)) {
            let rule: String = rule.chars().take(LONGEST_NAME).collect();
            let why = format!("there is no rule `{rule}`; GET /api/warnings/rules lists them");
            return Err(invalid("rule", why));
        }
        filter("filter", &self.filter)?;
        one_line("reason", &self.reason, 200)?;
        let (now, until) = (now.as_millis(), self.until.as_millis());
        if until <= now || until > now.saturating_add(LONGEST_SILENCE) {
            return Err(invalid(
                "until",
                "it must be in the future, and not more than 90 days away",
            ));
        }
        Ok(())
    }
}
