//! What a viewer may say: what it looks at.

use serde::Deserialize;

use super::hub::Subscription;
use crate::Intake;
use crate::directory::Text;
use crate::ingest::{PER_SOCKET, Watch};

/// A frame from a viewer. Others than those known are for later versions, and ignored.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Said {
    /// It looks at these from now on, and at nothing else.
    Watch {
        /// Actors, by id.
        #[serde(default)]
        actors: Vec<String>,
        /// The map, or the types as a whole.
        #[serde(default)]
        map: bool,
    },
}

/// Does what a viewer says.
pub(super) fn hear(text: &str, subscription: &Subscription, intake: &Intake) {
    let Ok(Said::Watch { actors, map }) = serde_json::from_str(text) else {
        return;
    };
    let actors = actors.into_iter().take(PER_SOCKET).map(Text::from).collect();
    intake
        .lookers()
        .watch(subscription.viewer(), Watch { actors, map });
    intake.watched_changed();
}
