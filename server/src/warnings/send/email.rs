//! Handing mail to a server by SMTP.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor};
use tokio::time::timeout;

use super::WITHIN;
use crate::chain::chain;
use crate::warnings::channel::{Mail, MailSecurity};
use crate::warnings::message::Message;
use crate::warnings::outbox::Sent;

/// Sends one mail to all who get it.
pub(super) async fn send(mail: &Mail, message: &Message) -> Sent {
    let letter = match letter(mail, message) {
        Ok(letter) => letter,
        Err(why) => return Sent::Refused(why),
    };
    let answered = timeout(WITHIN, async {
        let transport = transport(mail).await?;
        transport.send(letter).await.map_err(|error| said(&error))
    });
    match answered.await {
        Ok(Ok(answer)) => Sent::Delivered(format!("SMTP {}", answer.code())),
        Ok(Err(sent)) => sent,
        Err(_) => Sent::Failed(format!(
            "the mail server took longer than {} seconds",
            WITHIN.as_secs()
        )),
    }
}

fn letter(mail: &Mail, message: &Message) -> Result<Letter, String> {
    let mailbox = |text: &str| {
        let address = text.parse();
        let address = address.map_err(|_| format!("`{text}` is no address that mail can go to"))?;
        Ok::<Mailbox, String>(Mailbox::new(None, address))
    };
    let host = mail.from.split_once('@').map_or("localhost", |(_, host)| host);
    let mut builder: MessageBuilder = Letter::builder()
        .from(mailbox(&mail.from)?)
        .subject(format!("[Loom] {}", message.title()))
        .message_id(Some(format!("<{}@{host}>", message.id)))
        .header(ContentType::TEXT_PLAIN);
    for to in &mail.to {
        builder = builder.to(mailbox(to)?);
    }
    builder.body(message.mail()).map_err(|error| chain(&error))
}

async fn transport(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, Sent> {
    let tls = match mail.security {
        MailSecurity::Plain => Tls::None,
        MailSecurity::Starttls => Tls::Required(trusted(mail).await?),
        MailSecurity::Tls => Tls::Wrapper(trusted(mail).await?),
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port)
        .tls(tls)
        .timeout(Some(WITHIN));
    Ok(match (&mail.user, &mail.password) {
        (Some(user), Some(password)) => {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            builder.credentials(credentials).build()
        }
        _ => builder.build(),
    })
}

/// Whom the system trusts, which is read from the disk.
async fn trusted(mail: &Mail) -> Result<TlsParameters, Sent> {
    let host = mail.host.clone();
    let made = tokio::task::spawn_blocking(move || TlsParameters::new(host)).await;
    match made {
        Ok(Ok(parameters)) => Ok(parameters),
        Ok(Err(error)) => Err(Sent::Failed(chain(&error))),
        Err(panic) => Err(Sent::Failed(chain(&panic))),
    }
}

/// What is said of an error: of what a server answers no more than its code, for it may repeat what it was sent.
fn said(error: &Error) -> Sent {
    match error.status() {
        Some(code) if error.is_permanent() => {
            let code = code.to_string();
            let why = match code.as_str() {
                "535" | "534" | "538" => ": signing in was refused",
                _ => "",
            };
            Sent::Refused(format!("SMTP {code}{why}"))
        }
        Some(code) => Sent::Failed(format!("SMTP {code}")),
        // What answered is no mail server, and what it said may be anybody's.
        None if error.is_response() => {
            Sent::Failed("what answered does not speak SMTP; look at the channel's host and port".to_owned())
        }
        None => Sent::Failed(chain(error)),
    }
}
