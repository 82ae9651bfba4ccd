//! What is sent, in the forms that channels take. Pure.

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::rule::Rule;
use super::warning::Warning;
use crate::lints::Severity;

/// Warnings that are named in one message; of more it says how many.
const MOST_NAMED: usize = 20;

/// What a message says of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum What {
    /// They fired.
    Fired,
    /// They are resolved.
    Resolved,
    /// Nothing: somebody tries whether messages arrive.
    Test,
}

/// Something that is to be sent to one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) channel: String,
    pub(crate) what: What,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<NamedRule>,
    pub(crate) warnings: Vec<Warning>,
    /// Warnings that are not named.
    pub(crate) more: usize,
    pub(crate) attempts: u32,
    /// When it is tried next.
    pub(crate) next: Timestamp,
}

/// A rule as receivers are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedRule {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) severity: Severity,
}

impl Message {
    /// Says something of warnings of one rule.
    pub(crate) fn new(
        id: String,
        channel: &str,
        what: What,
        (rule, mut warnings): (&Rule, Vec<Warning>),
        at: Timestamp,
    ) -> Self {
        let more = warnings.len().saturating_sub(MOST_NAMED);
        warnings.truncate(MOST_NAMED);
        Self {
            id,
            channel: channel.to_owned(),
            what,
            at,
            rule: Some(NamedRule {
                id: rule.id.clone(),
                name: rule.name.clone(),
                severity: rule.severity,
            }),
            warnings,
            more,
            attempts: 0,
            next: at,
        }
    }

    /// Says that it is a test.
    pub(crate) fn test(id: String, channel: &str, at: Timestamp) -> Self {
        Self {
            id,
            channel: channel.to_owned(),
            what: What::Test,
            at,
            rule: None,
            warnings: Vec::new(),
            more: 0,
            attempts: 0,
            next: at,
        }
    }

    /// What it is of, in few words.
    pub(crate) fn subject(&self) -> Option<String> {
        let first = self.warnings.first()?;
        let others = self.warnings.len() - 1 + self.more;
        Some(match others {
            0 => first.subject.clone(),
            _ => format!("{} and {others} more", first.subject),
        })
    }

    /// One line about it.
    pub(crate) fn title(&self) -> String {
        let rule = self.rule.as_ref().map_or("", |rule| rule.name.as_str());
        let count = self.warnings.len() + self.more;
        let of = match count {
            0 | 1 => String::new(),
            _ => format!(" ({count})"),
        };
        match self.what {
            What::Fired => format!("Firing: {rule}{of}"),
            What::Resolved => format!("Resolved: {rule}{of}"),
            What::Test => "A test from Loom Studio".to_owned(),
        }
    }

    /// The body of a generic webhook; `docs/warnings.md` describes it.
    pub(crate) fn webhook(&self) -> Value {
        json!({
            "version": 1,
            "id": self.id,
            "what": self.what,
            "at": self.at,
            "title": self.title(),
            "rule": self.rule,
            "warnings": self.warnings,
            "more": self.more,
        })
    }

    /// The body of an incoming webhook of Slack.
    pub(crate) fn slack(&self) -> Value {
        let mark = match (self.what, self.rule.as_ref().map(|rule| rule.severity)) {
            (What::Fired, Some(Severity::Problem)) => ":red_circle: ",
            (What::Fired, _) => ":large_yellow_circle: ",
            (What::Resolved, _) => ":white_check_mark: ",
            (What::Test, _) => "",
        };
        let title = format!("{mark}*{}*", escaped(&self.title()));
        let lines = self
            .lines()
            .into_iter()
            .map(|line| format!("• {}", escaped(&line)));
        let text: Vec<String> = std::iter::once(title).chain(lines).collect();
        json!({"text": text.join("\n")})
    }

    /// The text of a mail.
    #[cfg_attr(not(feature = "email"), expect(dead_code, reason = "no mail is sent"))]
    pub(crate) fn mail(&self) -> String {
        let mut text = format!("{}\n\n", self.title());
        for line in self.lines() {
            text.push_str(&format!("- {line}\n"));
        }
        text.push_str(&format!("\n{}, message {}\n", self.at, self.id));
        text
    }

    fn lines(&self) -> Vec<String> {
        if self.what == What::Test {
            return vec!["Messages of this channel arrive.".to_owned()];
        }
        let mut lines: Vec<String> = self
            .warnings
            .iter()
            .map(|warning| {
                let since = format!("since {}", warning.since);
                match self.what {
                    What::Resolved => format!("well again: {} ({since})", warning.sentence),
                    _ => format!("{} ({since})", warning.sentence),
                }
            })
            .collect();
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        lines
    }
}

/// What Slack would take for its own signs is written so that it is read as text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::rule::defaults;
    use crate::warnings::warning::About;

    #[test]
    fn many_warnings_are_one_message_and_a_name_is_no_command_of_slack() {
        let rule = defaults().remove(1);
        let at = Timestamp::from_millis(1_765_596_838_077);
        let warnings = (0..25).map(|number| {
            let mut warning = Warning::new(&rule, About::Type, &format!("T{number}"), at);
            warning.sentence = "errors of <!channel> & more".to_owned();
            warning
        });
        let message = Message::new("m-1".into(), "c-1", What::Fired, (&rule, warnings.collect()), at);
        assert_eq!(message.subject().as_deref(), Some("T0 and 24 more"));
        assert_eq!(message.title(), "Firing: Errors (25)");
        let body = message.webhook();
        assert_eq!(
            (body["warnings"].as_array().map(Vec::len), &body["more"]),
            (Some(20), &json!(5))
        );
        assert_eq!(
            (&body["what"], &body["rule"]["name"]),
            (&json!("fired"), &json!("Errors"))
        );
        let slack = message.slack()["text"].as_str().unwrap().to_owned();
        assert!(
            slack.contains("&lt;!channel&gt; &amp; more") && slack.ends_with("and 5 more"),
            "{slack}"
        );
        let test = Message::test("m-2".into(), "c-1", at).mail();
        assert!(test.contains("A test") && test.contains("m-2"), "{test}");
    }
}
