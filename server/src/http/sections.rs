//! `GET /api/ui`: what the page has to show, the studio's own and what is plugged in.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extension::UiSection;
use crate::workspaces::Here;

/// The sections of the page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ui {
    /// In the order in which they are shown.
    sections: Vec<UiSection>,
}

/// The sections that this server's page has.
#[utoipa::path(get, path = "/api/ui", tag = "studio", responses((status = 200, body = Ui)))]
pub(super) async fn sections(workspace: Here) -> web::Json<Ui> {
    web::Json(Ui {
        sections: workspace.sections(),
    })
}
