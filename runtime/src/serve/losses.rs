//! The actor that hears which of the serving actors stay dead, so that the health tells of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix::{Actor, Handler};
use loom_bridge::{Context, KeeperNews};
use loom_protocol::{HealthStatus, PartHealth};

/// Serving actors that panicked more often than their keepers allow, each with what its last panic said.
#[derive(Clone, Default)]
pub(super) struct Lost(Arc<Mutex<BTreeMap<String, String>>>);

impl Lost {
    /// The health of what serves.
    pub(super) fn health(&self) -> PartHealth {
        let lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.is_empty() {
            return PartHealth {
                status: HealthStatus::Ok,
                message: None,
            };
        }
        let names: Vec<String> = lost.iter().map(|(id, panic)| format!("{id} ({panic})")).collect();
        PartHealth {
            status: HealthStatus::Degraded,
            message: Some(format!(
                "panicked too often and stay dead, so what they do is not done any more; start the server again: {}",
                names.join(", ")
            )),
        }
    }
}

/// Hears what becomes of the serving actors.
pub(super) struct Losses(pub(super) Lost);

impl Actor for Losses {
    type Context = Context<Self>;
}

impl Handler<KeeperNews> for Losses {
    type Result = ();

    fn handle(&mut self, news: KeeperNews, _: &mut Self::Context) {
        if let KeeperNews::GaveUp { id, panic } = news {
            let mut lost = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            lost.insert(id.0, panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use loom_bridge::{ActorRegistry, ActorSpec, Keeper, RestartPolicy, spawn};

    use super::*;

    struct Doomed;

    impl Actor for Doomed {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Self::Context) {
            panic!("doomed on purpose");
        }
    }

    #[actix::test]
    async fn the_health_tells_of_who_stays_dead() {
        let (lost, registry) = (Lost::default(), ActorRegistry::new());
        assert_eq!(lost.health().status, HealthStatus::Ok);
        let losses = spawn(ActorSpec::new("Losses").registry(&registry), {
            let lost = lost.clone();
            move |_| Losses(lost)
        });
        let policy = RestartPolicy {
            budget: 0,
            ..RestartPolicy::default()
        };
        let spec = ActorSpec::new("Doomed").id("history-feed").registry(&registry);
        let _keeper = Keeper::new(spec, policy, |_| Doomed)
            .tell(losses.recipient())
            .start();
        let start = Instant::now();
        while lost.health().status == HealthStatus::Ok {
            assert!(start.elapsed() < Duration::from_secs(10), "it is told in time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let message = lost.health().message.unwrap();
        assert!(
            message.contains("history-feed") && message.contains("doomed on purpose"),
            "{message}"
        );
    }
}
