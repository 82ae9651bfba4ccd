//! Sending: the only part of warnings that speaks to others. What it says of an attempt has nothing secret in it.

#[cfg(feature = "email")]
mod email;
mod sign;
mod webhook;

use std::time::Duration;

use self::webhook::Http;
use super::channel::{Channel, Secret, Target};
use super::message::Message;
use super::outbox::Sent;

/// The time that a receiver has for all of it.
const WITHIN: Duration = Duration::from_secs(10);
/// Letters of what is said of an attempt.
const LONGEST_DETAIL: usize = 300;

/// Sends messages. One is shared by all channels.
#[derive(Default)]
pub(crate) struct Sender {
    http: Http,
}

impl Sender {
    /// Tries once.
    pub(crate) async fn send(&self, channel: &Channel, message: &Message) -> Sent {
        let sent = match &channel.target {
            Target::Webhook { url, secret } => {
                let body = message.webhook();
                self.http.post(url, secret.as_ref(), &body, &message.id).await
            }
            Target::Slack { url } => self.http.post(url, None, &message.slack(), &message.id).await,
            #[cfg(feature = "email")]
            Target::Email(mail) => email::send(mail, message).await,
            #[cfg(not(feature = "email"))]
            Target::Email(_) => Sent::Refused(
                "this program was built without mail; build it with the feature `email` of loom-studio"
                    .to_owned(),
            ),
        };
        let clean = |text: String| without(&channel.target, &text);
        match sent {
            Sent::Delivered(detail) => Sent::Delivered(clean(detail)),
            Sent::Failed(detail) => Sent::Failed(clean(detail)),
            Sent::Refused(detail) => Sent::Refused(clean(detail)),
        }
    }
}

/// A text without the secrets of a channel, whoever put them there, and not too long.
fn without(target: &Target, text: &str) -> String {
    let secrets: Vec<&Secret> = match target {
        Target::Webhook { url, secret } => std::iter::once(url).chain(secret.as_ref()).collect(),
        Target::Slack { url } => vec![url],
        Target::Email(mail) => mail.password.iter().collect(),
    };
    let mut text = text.to_owned();
    for secret in secrets
        .iter()
        .map(|secret| secret.reveal())
        .filter(|secret| !secret.is_empty())
    {
        text = text.replace(secret, "…");
    }
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LONGEST_DETAIL)
        .collect()
}
