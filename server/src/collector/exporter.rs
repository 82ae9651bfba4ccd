//! Sends what the totals have come to, again and again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_history::{Key, Step};
use loom_protocol::{HealthStatus, PartHealth};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::Totals;
use super::client::Http;
use super::json;
use super::options::CollectorOptions;
use crate::Intake;
use crate::memory::SecondTaker;
use crate::workspaces::WorkspaceName;

/// How often it is said that somebody wants times to be measured.
const LOOK: Duration = Duration::from_secs(1);

/// The metrics of a workspace, for a collector.
pub(crate) struct Exporter {
    to: CollectorOptions,
    resource: Value,
    totals: Mutex<Totals>,
    http: Http,
    /// Why the last request came to nothing.
    trouble: Mutex<Option<String>>,
}

impl Exporter {
    pub(crate) fn new(to: CollectorOptions, workspace: &WorkspaceName) -> Self {
        Self {
            resource: json::resource(workspace.as_str(), &Uuid::new_v4().to_string()),
            to,
            totals: Mutex::default(),
            http: Http::default(),
            trouble: Mutex::default(),
        }
    }

    /// Sends for as long as it is polled.
    pub(crate) async fn run(&self, intake: Arc<Intake>) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sent = Instant::now();
        loop {
            ticks.tick().await;
            // Times are measured only while somebody wants to know them.
            intake.lookers().looked_at_traffic(intake.now());
            if sent.elapsed() >= self.to.every {
                sent = Instant::now();
                self.send().await;
            }
        }
    }

    /// Sends once, where there is something to tell.
    pub(crate) async fn send(&self) {
        let Some(request) = self.request() else {
            return;
        };
        let sent = self.http.post(&self.to, request).await;
        let mut trouble = lock(&self.trouble);
        match (&*trouble, &sent) {
            (None, Err(why)) => tracing::warn!(
                collector = %self.to.url, %why,
                "metrics do not reach the collector; is it running, and is this its address? what it misses is in what is sent later"
            ),
            (Some(_), Ok(())) => {
                tracing::info!(collector = %self.to.url, "metrics reach the collector again")
            }
            _ => {}
        }
        *trouble = sent.err();
    }

    fn request(&self) -> Option<Vec<u8>> {
        let totals = lock(&self.totals);
        let is_empty = totals.second == i64::MIN;
        (!is_empty).then(|| json::request(&self.resource, &totals).to_string().into_bytes())
    }

    /// How it does, for everybody: without an address.
    pub(crate) fn health(&self) -> PartHealth {
        let every = self.to.every.as_secs();
        let trouble = lock(&self.trouble);
        let (status, message) = match &*trouble {
            None => (HealthStatus::Ok, format!("metrics are sent every {every} s")),
            Some(why) => (
                HealthStatus::Degraded,
                format!(
                    "metrics do not reach the collector: {why}; it is tried again every {every} s, and what it misses is in what is \
                     sent later"
                ),
            ),
        };
        PartHealth {
            status,
            message: Some(message),
        }
    }
}

impl SecondTaker for Exporter {
    fn take(&self, second: i64, measured: &[(Key, Step)]) {
        lock(&self.totals).add(second, measured);
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
