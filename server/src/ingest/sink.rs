//! The way in as the studio of a discovery bridge in the same process.

use std::future::ready;

use loom_bridge::StudioSink;
use loom_bridge::discovery::{Delivery, Notify, SinkError};
use loom_protocol::{ActorBatch, BootId};

use super::Intake;
use crate::directory::Refusal;

/// What this studio is called in a bridge's log.
const NAME: &str = "in this process";

impl StudioSink for Intake {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        let outcome = self.batch(batch).map_err(|refusal| {
            let (studio, detail) = (NAME.to_owned(), refusal.to_string());
            match refusal {
                // Room may come back; anything else is wrong for ever. The statuses are those of the same over HTTP.
                Refusal::TooManyBoots { .. } | Refusal::Full { .. } => SinkError::Troubled {
                    studio,
                    status: 503,
                    detail,
                },
                Refusal::UsedNumber { .. } => SinkError::Refused {
                    studio,
                    status: 409,
                    detail,
                },
                _ => SinkError::Refused {
                    studio,
                    status: 400,
                    detail,
                },
            }
        });
        Box::pin(ready(outcome))
    }

    fn notify_of_orders(&self, boot: &BootId, notify: Notify) {
        self.directory().orders().listen(boot, notify);
    }

    fn name(&self) -> String {
        NAME.to_owned()
    }
}
