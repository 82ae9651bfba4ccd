//! The runtime as a product of the studio: what it plugs in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::{self, ServiceConfig};
use loom_protocol::{HealthStatus, PartHealth};
use loom_studio::{Extension, UiSection};

use super::catalog::Catalog;
use super::phoenix::Phoenix;
use super::starter::Starter;
use super::{api, phoenix};
use crate::engine::Engine;
use crate::id::RunId;
use crate::state::Run;

/// What the runtime's routes and actors share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Runtime {
    pub(super) engine: Engine,
    pub(super) catalog: Arc<Catalog>,
    pub(super) starter: Arc<Starter>,
    open: Arc<Mutex<OpenRuns>>,
    phoenix: Arc<Phoenix>,
    started: std::time::Instant,
}

/// The runs that have not ended, of every process on the state directory, as the feed last saw them.
#[derive(Default)]
pub(super) struct OpenRuns {
    pub(super) runs: BTreeMap<RunId, Run>,
    /// Why the history cannot be read at the moment.
    pub(super) trouble: Option<String>,
}

impl Runtime {
    pub(super) fn new(engine: Engine, catalog: Arc<Catalog>, starter: Arc<Starter>) -> Self {
        Self {
            engine,
            catalog,
            starter,
            open: Arc::default(),
            phoenix: Arc::default(),
            started: std::time::Instant::now(),
        }
    }

    pub(super) fn open(&self) -> MutexGuard<'_, OpenRuns> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since this process began to serve.
    pub(super) fn uptime(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn phoenix(&self) -> Arc<Phoenix> {
        Arc::clone(&self.phoenix)
    }
}

impl Extension for Runtime {
    fn name(&self) -> &str {
        "runtime"
    }

    fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(web::Data::new(self.clone()));
        api::configure(config);
        phoenix::configure(config);
    }

    fn health(&self) -> Vec<(String, PartHealth)> {
        let trouble = self.open().trouble.clone();
        let status = if trouble.is_some() {
            HealthStatus::Degraded
        } else {
            HealthStatus::Ok
        };
        vec![(
            "journal".to_owned(),
            PartHealth {
                status,
                message: trouble,
            },
        )]
    }

    fn sections(&self) -> Vec<UiSection> {
        [("workflows", "Workflows"), ("runs", "Runs"), ("logs", "Logs")]
            .map(|(id, title)| UiSection {
                id: id.to_owned(),
                title: title.to_owned(),
                path: format!("/{id}"),
            })
            .to_vec()
    }

    fn stopping(&self) {
        self.phoenix.close();
    }
}
