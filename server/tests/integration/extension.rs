//! What plugs into the studio stands behind the same guard and speaks the same way.

use std::sync::{Arc, OnceLock};

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use loom_protocol::{HealthStatus, PartHealth};
use loom_studio::{ApiError, ApiResult, Extension, Studio, StudioHandle, StudioOptions, UiSection};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::support::{TestClock, Viewer, call, get, options};

/// A product with one route that answers, one that fails, and one that takes a body.
#[derive(Default)]
struct Tea {
    studio: Arc<OnceLock<StudioHandle>>,
}

#[derive(OpenApi)]
#[openapi(paths(status))]
struct TeaApi;

/// Whether there is tea.
#[utoipa::path(get, path = "/api/tea", responses((status = 200)))]
async fn status() -> web::Json<Value> {
    web::Json(json!({"tea":true}))
}

async fn coffee() -> ApiResult<web::Json<Value>> {
    Err(ApiError::conflict("only_tea", "there is no coffee; ask for tea"))
}

async fn pour(cup: web::Json<Value>, tea: web::Data<Arc<OnceLock<StudioHandle>>>) -> web::Json<Value> {
    let cup = cup.into_inner();
    tea.get()
        .unwrap()
        .hub
        .publish("tea:poured", Some("tea/cup"), &cup);
    web::Json(cup)
}

async fn drink(leaves: web::Bytes) -> String {
    format!("{} bytes", leaves.len())
}

async fn spill() -> Result<String, actix_web::Error> {
    Err(actix_web::error::ErrorImATeapot("in plain text"))
}

impl Extension for Tea {
    fn name(&self) -> &str {
        "tea"
    }

    fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(web::Data::new(self.studio.clone()))
            .service(web::resource("/api/tea").route(web::get().to(status)))
            .service(web::resource("/api/coffee").route(web::get().to(coffee)))
            .service(web::resource("/api/tea/drink").route(web::post().to(drink)))
            .service(web::resource("/api/tea/spill").route(web::get().to(spill)))
            .service(web::resource("/api/tea/pour").route(web::post().to(pour)));
    }

    fn openapi(&self) -> Option<utoipa::openapi::OpenApi> {
        Some(TeaApi::openapi())
    }

    fn health(&self) -> Vec<(String, PartHealth)> {
        let message = Some("the kettle is cold".to_owned());
        let status = HealthStatus::Degraded;
        vec![("kettle".to_owned(), PartHealth { status, message })]
    }

    fn sections(&self) -> Vec<UiSection> {
        let (id, title, path) = ("tea".into(), "Tea".into(), "/tea".into());
        vec![UiSection { id, title, path }]
    }

    fn attach(&self, studio: &StudioHandle) {
        assert!(self.studio.set(studio.clone()).is_ok(), "attached once");
    }
}

fn services() -> loom_studio::Services {
    Studio::builder(StudioOptions::default())
        .clock(Arc::new(TestClock::new()))
        .extension(Arc::new(Tea::default()))
        .services()
        .unwrap()
}

#[actix_web::test]
async fn its_routes_are_served_beside_the_studios() {
    let services = services();
    assert_eq!(get(&services, "/api/tea").await.json(), json!({"tea":true}));
    assert_eq!(
        get(&services, "/api/coffee").await.problem(),
        (409, "only_tea".into())
    );
    assert_eq!(get(&services, "/api/actors").await.json(), json!([]));
    assert_eq!(
        get(&services, "/api/nothing").await.problem(),
        (404, "no_such_path".into())
    );
    let delete = call(&services, Method::DELETE, "/api/tea", None, &[]).await;
    assert_eq!(delete.problem(), (405, "method_not_allowed".into()));
}

#[actix_web::test]
async fn its_routes_are_guarded() {
    let services = services();
    let foreign = [("origin", "https://evil.example")];
    let answer = call(
        &services,
        Method::POST,
        "/api/tea/pour",
        Some(&json!({})),
        &foreign,
    )
    .await;
    assert_eq!(answer.problem(), (403, "foreign_origin".into()));
    let foreign = [("host", "evil.example")];
    let answer = call(&services, Method::GET, "/api/tea", None, &foreign).await;
    assert_eq!(answer.problem(), (403, "foreign_host".into()));
    let headers = [("content-type", "application/json")];
    let answer = call(&services, Method::POST, "/api/tea/pour", None, &headers).await;
    assert_eq!(answer.problem(), (400, "invalid_json".into()));
}

#[actix_web::test]
async fn its_errors_are_problems_even_where_it_did_not_say_so() {
    let services = services();
    let much = json!("x".repeat(300_000));
    let answer = call(&services, Method::POST, "/api/tea/drink", Some(&much), &[]).await;
    assert_eq!(answer.problem(), (413, "body_too_large".into()));
    let answer = get(&services, "/api/tea/spill").await;
    assert_eq!(answer.problem(), (418, "refused_by_server".into()));
}

#[actix_web::test]
async fn its_health_pages_and_description_are_the_studios() {
    let services = services();
    let health = get(&services, "/api/health").await.json();
    assert_eq!(health["status"], "degraded");
    assert_eq!(
        health["parts"]["kettle"],
        json!({"status":"degraded","message":"the kettle is cold"})
    );
    assert_eq!(
        get(&services, "/api/ui").await.json(),
        json!({"sections":[{"id":"actors","title":"Actors","path":"/actors"},{"id":"tea","title":"Tea","path":"/tea"}]})
    );
    let document = get(&services, "/api/openapi.json").await.json();
    assert!(document["paths"]["/api/tea"]["get"].is_object());
    assert!(document["paths"]["/api/actors"]["get"].is_object());
}

#[actix_web::test]
async fn its_frames_reach_the_viewers() {
    let studio = Studio::builder(options())
        .extension(Arc::new(Tea::default()))
        .start()
        .await
        .unwrap();
    let mut viewer = Viewer::open(&studio).await;
    viewer.next_of("hello").await;
    let answer = crate::support::send_post(studio.addr, "/api/tea/pour", r#"{"cup":1}"#, &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(viewer.next_of("tea:poured").await.data, json!({"cup":1}));
    studio.stop().await;
}
