//! `GET /api/ui`: what the page has to show, the studio's own and what is plugged in.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Services;
use crate::extension::UiSection;

/// The sections of the page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ui {
    /// In the order in which they are shown.
    sections: Vec<UiSection>,
}

/// The sections that this server's page has.
#[utoipa::path(get, path = "/api/ui", tag = "studio", responses((status = 200, body = Ui)))]
pub(super) async fn sections(services: web::Data<Services>) -> web::Json<Ui> {
    web::Json(Ui {
        sections: services.sections(),
    })
}
