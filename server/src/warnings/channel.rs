//! Channels: where warnings are sent. What is secret of them is a type of its own, and no answer has it.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::invalid::{Invalid, check_name, invalid, one_line};
use super::outbox::Delivery;

/// Receivers of a mail.
const MOST_RECEIVERS: usize = 20;

/// A secret. Never printed; kept in the file of settings alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

/// A channel as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChannelAsked {
    /// What it is called, of 1 to 100 letters.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) name: String,
    /// Whether anything is sent there.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) enabled: bool,
    /// Where it leads.
    pub(crate) target: TargetAsked,
}

/// Where a channel leads, as it is asked for. Secrets are taken and never told: one that is absent stays as it was, an empty one is
/// taken away.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum TargetAsked {
    /// An address that is posted JSON.
    Webhook {
        /// The address, `http` or `https`. May be absent where it stays as it was.
        #[schema(value_type = Option<String>, max_length = 2000)]
        url: Option<Secret>,
        /// What bodies are signed with.
        #[schema(value_type = Option<String>, max_length = 500)]
        secret: Option<Secret>,
    },
    /// An incoming webhook of Slack, or of whoever takes its form.
    Slack {
        /// The address, whose path is a secret. May be absent where it stays as it was.
        #[schema(value_type = Option<String>, max_length = 2000)]
        url: Option<Secret>,
    },
    /// Mail, handed to a server by SMTP.
    Email {
        /// The server.
        #[schema(max_length = 255)]
        host: String,
        /// Its port; 587 with `starttls`, 465 with `tls`, 25 with `plain` when absent.
        port: Option<u16>,
        /// How it is spoken to.
        #[serde(default)]
        #[schema(default = "starttls")]
        security: MailSecurity,
        /// The name to sign in with; without one nobody signs in.
        #[schema(max_length = 255)]
        user: Option<String>,
        /// The password to sign in with.
        #[schema(value_type = Option<String>, max_length = 500)]
        password: Option<Secret>,
        /// Whom mails come from.
        #[schema(max_length = 255)]
        from: String,
        /// Who gets them.
        #[schema(min_items = 1, max_items = 20)]
        to: Vec<String>,
    },
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MailSecurity {
    /// Plain at first, and encrypted before anything is said; refused where the server can't.
    #[default]
    Starttls,
    /// Encrypted from the beginning.
    Tls,
    /// Not encrypted; to this machine alone.
    Plain,
}

/// A channel as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) target: Target,
}

/// Where a channel leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Target {
    Webhook {
        url: Secret,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<Secret>,
    },
    Slack {
        url: Secret,
    },
    Email(Mail),
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mail {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: MailSecurity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Secret>,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
}

/// A channel as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownChannel {
    /// Its name for programs.
    pub(crate) id: String,
    /// What it is called.
    pub(crate) name: String,
    /// Whether anything is sent there.
    pub(crate) enabled: bool,
    /// Where it leads, without what is secret.
    pub(crate) target: ShownTarget,
    /// The last attempt to send something there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Delivery>,
}

/// Where a channel leads, without what is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum ShownTarget {
    /// An address that is posted JSON.
    #[serde(rename_all = "camelCase")]
    Webhook {
        /// The address, without what stands behind `?`.
        address: String,
        /// Whether bodies are signed.
        has_secret: bool,
    },
    /// An incoming webhook of Slack, or of whoever takes its form.
    Slack {
        /// The address, without its path.
        address: String,
    },
    /// Mail.
    #[serde(rename_all = "camelCase")]
    Email {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// How it is spoken to.
        security: MailSecurity,
        /// The name to sign in with.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Whether there is a password.
        has_password: bool,
        /// Whom mails come from.
        from: String,
        /// Who gets them.
        to: Vec<String>,
    },
}

impl Secret {
    #[cfg(test)]
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What it is. For whoever sends it where it belongs.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl ChannelAsked {
    /// The channel of this id; what is absent and secret is as it was in `before`.
    ///
    /// # Errors
    /// What can't be.
    pub(crate) fn named(self, id: String, before: Option<&Channel>) -> Result<Channel, Invalid> {
        check_name(&self.name)?;
        let before = before.map(|channel| &channel.target);
        let target = self.target.target(before)?;
        Ok(Channel {
            id,
            name: self.name,
            enabled: self.enabled,
            target,
        })
    }
}

impl TargetAsked {
    fn target(self, before: Option<&Target>) -> Result<Target, Invalid> {
        Ok(match (self, before) {
            (Self::Webhook { url, secret }, before) => {
                let (old_url, old_secret) = match before {
                    Some(Target::Webhook { url, secret }) => (Some(url), secret.clone()),
                    _ => (None, None),
                };
                let secret = kept(secret, old_secret);
                if let Some(secret) = &secret {
                    one_line("target.secret", secret.reveal(), 500)?;
                }
                Target::Webhook {
                    url: address(url, old_url)?,
                    secret,
                }
            }
            (Self::Slack { url }, before) => {
                let old = match before {
                    Some(Target::Slack { url }) => Some(url),
                    _ => None,
                };
                Target::Slack {
                    url: address(url, old)?,
                }
            }
            (
                Self::Email {
                    host,
                    port,
                    security,
                    user,
                    password,
                    from,
                    to,
                },
                before,
            ) => {
                let old = match before {
                    // A password is for the server that it was given for.
                    Some(Target::Email(mail)) if mail.host == host => mail.password.clone(),
                    _ => None,
                };
                let user = user.filter(|user| !user.is_empty());
                let mail = Mail {
                    port: port.unwrap_or(security.port()),
                    password: kept(password, old).filter(|_| user.is_some()),
                    host,
                    security,
                    user,
                    from,
                    to,
                };
                mail.check()?;
                Target::Email(mail)
            }
        })
    }
}

impl MailSecurity {
    fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::Plain => 25,
        }
    }
}

impl Mail {
    fn check(&self) -> Result<(), Invalid> {
        one_line("target.host", &self.host, 255)?;
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
        if self.host.is_empty() || !self.host.chars().all(is_host) {
            return Err(invalid(
                "target.host",
                "it must be the name or the address of a mail server",
            ));
        }
        let address = self.host.parse::<IpAddr>();
        let is_here = self.host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        if self.security == MailSecurity::Plain && !is_here {
            return Err(invalid(
                "target.security",
                "mail goes unencrypted to this machine alone; take `starttls` or `tls`",
            ));
        }
        if self.port == 0 {
            return Err(invalid("target.port", "it must be from 1 to 65535"));
        }
        if self.user.is_some() != self.password.is_some() {
            return Err(invalid(
                "target.password",
                "to sign in there must be both a user and a password",
            ));
        }
        one_line("target.user", self.user.as_deref().unwrap_or_default(), 255)?;
        let password = self.password.as_ref().map_or("", Secret::reveal);
        one_line("target.password", password, 500)?;
        if self.to.is_empty() || self.to.len() > MOST_RECEIVERS {
            return Err(invalid("target.to", "there must be from 1 to 20 receivers"));
        }
        let senders = [("target.from", &self.from)].into_iter();
        for (field, mailbox) in senders.chain(self.to.iter().map(|to| ("target.to", to))) {
            one_line(field, mailbox, 255)?;
            if !is_mailbox(mailbox) {
                return Err(invalid(field, "it must be an address as `ana@example.org`"));
            }
        }
        Ok(())
    }
}

impl Channel {
    /// As it is shown, with the last attempt to send something there.
    pub(crate) fn shown(&self, last: Option<Delivery>) -> ShownChannel {
        let target = match &self.target {
            Target::Webhook { url, secret } => ShownTarget::Webhook {
                address: without_query(url),
                has_secret: secret.is_some(),
            },
            Target::Slack { url } => ShownTarget::Slack {
                address: without_path(url),
            },
            Target::Email(mail) => ShownTarget::Email {
                host: mail.host.clone(),
                port: mail.port,
                security: mail.security,
                user: mail.user.clone(),
                has_password: mail.password.is_some(),
                from: mail.from.clone(),
                to: mail.to.clone(),
            },
        };
        ShownChannel {
            id: self.id.clone(),
            name: self.name.clone(),
            enabled: self.enabled,
            target,
            last,
        }
    }
}

/// A secret that is given, or the one there was.
fn kept(given: Option<Secret>, before: Option<Secret>) -> Option<Secret> {
    match given {
        Some(secret) => Some(secret).filter(|secret| !secret.reveal().is_empty()),
        None => before,
    }
}

/// An address that may be posted to.
fn address(given: Option<Secret>, before: Option<&Secret>) -> Result<Secret, Invalid> {
    const FIELD: &str = "target.url";
    let Some(url) = given.or_else(|| before.cloned()) else {
        return Err(invalid(FIELD, "it is missing"));
    };
    one_line(FIELD, url.reveal(), 2_000)?;
    let uri: Uri = url
        .reveal()
        .parse()
        .map_err(|_| invalid(FIELD, "it must be an address as `https://example.org/path`"))?;
    let authority = uri.authority().map(|authority| authority.as_str());
    match (uri.scheme_str(), authority) {
        (Some("http" | "https"), Some(authority)) if authority.contains('@') => Err(invalid(
            FIELD,
            "no user and password may be in it; what is secret can stand behind `?`, or sign the bodies",
        )),
        (Some("http" | "https"), Some(_)) => Ok(url),
        _ => Err(invalid(FIELD, "it must begin with http:// or https://")),
    }
}

fn without_query(url: &Secret) -> String {
    let (address, query) = url.reveal().split_once('?').unwrap_or((url.reveal(), ""));
    let mark = if query.is_empty() { "" } else { "?…" };
    format!("{address}{mark}")
}

fn without_path(url: &Secret) -> String {
    let uri: Option<Uri> = url.reveal().parse().ok();
    let place = uri
        .as_ref()
        .and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
    place.map_or_else(
        || "…".to_owned(),
        |(scheme, authority)| format!("{scheme}://{authority}/…"),
    )
}

fn is_mailbox(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty()
            && !host.is_empty()
            && !host.contains('@')
            && text
                .chars()
                .all(|letter| letter.is_ascii_graphic() && !"<>,;:()[]\\\"".contains(letter))
    })
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(target: Value) -> ChannelAsked {
        serde_json::from_value(json!({"name": "On call", "target": target})).unwrap()
    }

    fn channel(target: Value, before: Option<&Channel>) -> Result<Channel, Invalid> {
        asked(target).named("c-1".to_owned(), before)
    }

    #[test]
    fn secrets_stay_until_they_are_changed_and_are_never_shown_or_printed() {
        let first = json!({"kind": "webhook", "url": "https://a.example/x?key=QUERY", "secret": "SIGN"});
        let made = channel(first, None).unwrap();
        let same = channel(json!({"kind": "webhook"}), Some(&made)).unwrap();
        assert_eq!(same, made);
        let unsigned = channel(json!({"kind": "webhook", "secret": ""}), Some(&made)).unwrap();
        assert!(matches!(&unsigned.target, Target::Webhook { secret: None, .. }));
        let slack = channel(
            json!({"kind": "slack", "url": "https://hooks.example/PATH"}),
            None,
        )
        .unwrap();
        let mail = json!({"kind": "email", "host": "mail.example", "user": "u", "password": "WORD",
            "from": "a@b.example", "to": ["c@d.example"]});
        let mail = channel(mail, None).unwrap();
        for channel in [&made, &slack, &mail] {
            let shown = serde_json::to_string(&channel.shown(None)).unwrap();
            let printed = format!("{channel:?}{:?}", channel.shown(None));
            for secret in ["QUERY", "SIGN", "PATH", "WORD"] {
                assert!(
                    !shown.contains(secret) && !printed.contains(secret),
                    "{secret}: {shown} {printed}"
                );
            }
        }
        let elsewhere = json!({"kind": "email", "host": "evil.example", "user": "u", "from": "a@b.example", "to": ["c@d.example"]});
        assert!(
            channel(elsewhere, Some(&mail)).is_err(),
            "a password goes to no other server"
        );
    }

    #[test]
    fn what_can_be_no_channel_is_refused_with_its_field() {
        let mail = |name: &str, value: Value| {
            let mut mail = json!({"kind": "email", "host": "mail.example", "from": "a@b.example", "to": ["c@d.example"]});
            mail[name] = value;
            mail
        };
        for (target, field) in [
            (json!({"kind": "webhook"}), "target.url"),
            (json!({"kind": "webhook", "url": "ftp://a.example"}), "target.url"),
            (json!({"kind": "webhook", "url": "/local"}), "target.url"),
            (
                json!({"kind": "webhook", "url": "https://u:p@a.example"}),
                "target.url",
            ),
            (
                json!({"kind": "slack", "url": "file:///etc/passwd"}),
                "target.url",
            ),
            (mail("host", json!("")), "target.host"),
            (mail("host", json!("a b")), "target.host"),
            (mail("security", json!("plain")), "target.security"),
            (mail("user", json!("u")), "target.password"),
            (
                mail("from", json!("a@b.example\r\nBcc: x@y.example")),
                "target.from",
            ),
            (mail("to", json!([])), "target.to"),
            (mail("to", json!(["<a@b.example>"])), "target.to"),
            (mail("port", json!(0)), "target.port"),
        ] {
            let refused = channel(target.clone(), None).unwrap_err();
            assert_eq!(refused.field, field, "{target}");
        }
    }
}
