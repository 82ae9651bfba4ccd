//! How a server does, and which others there are.

use std::sync::PoisonError;

use loom_protocol::{HealthStatus, PartHealth};

use super::applier::Peer;
use super::replica::{GONE_MILLIS, Replica, Standing};
use crate::Clock;

impl Replica {
    /// The starts of the other servers that were heard lately, by how long they are known.
    pub(super) fn others(&self) -> Vec<String> {
        let now = self.clock.now();
        let state = self.state();
        let others = state.peers.iter().filter(|peer| peer.server != self.server);
        let mut others: Vec<&Peer> = others
            .filter(|peer| now.millis_since(peer.at) < GONE_MILLIS)
            .collect();
        others.sort_by(|a, b| (a.since, &a.server).cmp(&(b.since, &b.server)));
        others.into_iter().map(|peer| peer.server.clone()).collect()
    }

    /// The servers that were heard lately.
    pub(crate) fn names(&self) -> Vec<String> {
        let now = self.clock.now();
        let state = self.state();
        let alive = |peer: &&Peer| now.millis_since(peer.at) < GONE_MILLIS;
        let mut names: Vec<String> = state
            .peers
            .iter()
            .filter(alive)
            .map(|peer| peer.name.clone())
            .collect();
        names.sort_unstable();
        names
    }

    /// How it does, for whoever watches over it.
    pub(crate) fn health(&self) -> PartHealth {
        let (now, log, names) = (self.clock.now(), self.log.name(), self.names());
        let state = self.state();
        let message = match (&state.standing, &state.refused) {
            (Standing::Away { since, why }, _) => format!(
                "failed to {why}; what is shown is of {since}, reports and orders are refused until it is back"
            ),
            (_, Some(why)) => {
                format!("failed to {why}; reports and orders are refused until it takes them again")
            }
            (Standing::Starting | Standing::CatchingUp, _) => {
                format!("reads from {log} what the other servers know; reports are refused until then")
            }
            (Standing::Following, _) if !self.clock.goes() => {
                format!("nothing came from {log} lately; what is shown is of {now}")
            }
            (Standing::Following, _) => {
                let (count, all) = (names.len(), names.join(", "));
                return PartHealth {
                    status: HealthStatus::Ok,
                    message: Some(format!(
                        "{count} servers on {log}: {all}; this is {}",
                        self.name()
                    )),
                };
            }
        };
        PartHealth {
            status: HealthStatus::Degraded,
            message: Some(message),
        }
    }

    pub(super) fn name(&self) -> String {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
