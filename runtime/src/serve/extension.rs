//! The runtime as a product of the studio: what it plugs in.

use actix_web::web::{self, ServiceConfig};
use loom_protocol::{HealthStatus, PartHealth};
use loom_studio::{Extension, LiveDescription, UiSection};

use super::runtime::Runtime;
use super::{api, described};

impl Extension for Runtime {
    fn name(&self) -> &str {
        "runtime"
    }

    fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(web::Data::new(self.clone()));
        api::configure(config);
    }

    fn openapi(&self) -> Option<utoipa::openapi::OpenApi> {
        Some(api::document())
    }

    fn live(&self) -> LiveDescription {
        described::live()
    }

    fn health(&self) -> Vec<(String, PartHealth)> {
        let trouble = self.open().trouble.clone();
        let status = if trouble.is_some() {
            HealthStatus::Degraded
        } else {
            HealthStatus::Ok
        };
        let journal = PartHealth {
            status,
            message: trouble,
        };
        vec![
            ("journal".to_owned(), journal),
            ("serving".to_owned(), self.lost.health()),
        ]
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
        self.phoenix().close();
    }
}
