//! Roles: every route with every role, and the ways around them.

use actix_web::http::Method;
use loom_protocol::Timestamp;
use loom_studio::{Caller, Extension, Known, Role, Studio, StudioOptions, Token, TokenFile, studio_routes};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Answer, Viewer, call, options};

const SECRET: &str = "correct-horse-battery";

/// What each route of the studio needs; nothing where it is open to everybody. A new route has to be put here.
const NEEDED: &[(&str, &str, Option<Role>)] = &[
    ("GET", "/actors", Some(Role::View)),
    ("GET", "/actors/type/{type}", Some(Role::View)),
    ("GET", "/actors/{id}", Some(Role::View)),
    ("POST", "/actor/register", Some(Role::Report)),
    ("POST", "/actor/update", Some(Role::Report)),
    ("POST", "/actor/unregister", Some(Role::Report)),
    ("POST", "/actor/batch", Some(Role::Report)),
    ("POST", "/actor/poll", Some(Role::Report)),
    ("GET", "/metrics", Some(Role::View)),
    ("GET", "/health", None),
    ("GET", "/session", None),
    ("POST", "/session", None),
    ("DELETE", "/session", None),
    ("GET", "/ui", Some(Role::View)),
    ("GET", "/openapi.json", Some(Role::View)),
    ("GET", "/asyncapi.json", Some(Role::View)),
    ("GET", "/ws", Some(Role::View)),
    ("POST", "/actors/{id}/message", Some(Role::Operate)),
    ("POST", "/actors/{id}/snapshot", Some(Role::Operate)),
    ("POST", "/actors/{id}/pause", Some(Role::Operate)),
    ("POST", "/actors/{id}/resume", Some(Role::Operate)),
    ("POST", "/actors/{id}/step", Some(Role::Operate)),
    ("POST", "/actors/{id}/stop", Some(Role::Operate)),
    ("POST", "/actors/{id}/kill", Some(Role::Operate)),
    ("POST", "/actors/{id}/restart", Some(Role::Operate)),
    ("POST", "/actors/{id}/config", Some(Role::Admin)),
    ("GET", "/orders", Some(Role::View)),
    ("GET", "/journal", Some(Role::View)),
    ("GET", "/journal/{id}", Some(Role::View)),
    ("GET", "/events", Some(Role::View)),
    ("GET", "/actors/{id}/messages", Some(Role::View)),
    ("GET", "/actors/{id}/history", Some(Role::View)),
    ("GET", "/types", Some(Role::View)),
    ("GET", "/traffic", Some(Role::View)),
    ("GET", "/history", Some(Role::View)),
    ("POST", "/rates", Some(Role::View)),
    ("POST", "/tree", Some(Role::View)),
    ("GET", "/map", Some(Role::View)),
    ("GET", "/lints", Some(Role::View)),
    ("POST", "/v1/traces", Some(Role::Report)),
    ("GET", "/recording", Some(Role::View)),
    ("GET", "/recording/file", Some(Role::View)),
    ("POST", "/recording/saved", Some(Role::Operate)),
    ("GET", "/recording/saved/{name}", Some(Role::View)),
];

/// A token of each role, in a file.
pub(crate) struct Tokens {
    folder: TempDir,
    pub(crate) bearers: Vec<(Role, String)>,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::new(&folder.path().join("tokens.json"));
        let bearers = Role::ALL.map(|role| {
            let name = format!("a-{role}");
            let token = file.add(&name, role, Timestamp::from_millis(0)).unwrap();
            (role, format!("Bearer {token}"))
        });
        Self {
            folder,
            bearers: bearers.into(),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("tokens.json")
    }

    pub(crate) fn file(&self) -> TokenFile {
        TokenFile::new(&self.path())
    }

    pub(crate) fn options(&self) -> StudioOptions {
        StudioOptions {
            tokens: Some(self.path()),
            ..options()
        }
    }

    pub(crate) fn bearer(&self, role: Role) -> &str {
        let found = self.bearers.iter().find(|(other, _)| *other == role);
        &found.unwrap().1
    }
}

fn needed(method: &Method, pattern: &str) -> Option<Role> {
    let path = pattern
        .strip_prefix("/api/v1")
        .or_else(|| pattern.strip_prefix("/api"));
    let path = path.unwrap_or(pattern);
    let method = if *method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let row = NEEDED.iter().find(|(of, at, _)| *of == method && *at == path);
    row.unwrap_or_else(|| panic!("{method} {pattern} is in no row of the table: who may call it?"))
        .2
}

fn is_refused(answer: &Answer) -> bool {
    // A HEAD has no body that says why.
    answer.status == 403
}

#[actix_web::test]
async fn every_route_is_for_its_role_and_those_that_include_it() {
    let tokens = Tokens::new();
    let services = Studio::builder(tokens.options()).services().unwrap();
    for route in studio_routes() {
        for method in route.methods() {
            let needed = needed(method, route.path());
            let path = route.path().replace(['{', '}'], "");
            for (role, bearer) in &tokens.bearers {
                let headers = [("authorization", bearer.as_str())];
                let answer = call(&services, method.clone(), &path, None, &headers).await;
                let allowed = needed.is_none_or(|needed| role.includes(needed));
                assert_eq!(
                    is_refused(&answer),
                    !allowed,
                    "{method} {path} as {role}: {answer:?}"
                );
                if !allowed && *method != Method::HEAD {
                    assert_eq!(answer.problem(), (403, "role_too_low".into()));
                    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
                    assert!(
                        detail.contains(&format!("`{}`", needed.unwrap())),
                        "names what it needs: {detail}"
                    );
                }
            }
            let nobody = call(&services, method.clone(), &path, None, &[]).await;
            assert_eq!(
                nobody.status == 401,
                needed.is_some(),
                "{method} {path} as nobody: {nobody:?}"
            );
        }
    }
}

#[test]
fn the_description_says_the_role_that_each_operation_needs() {
    let document = serde_json::to_value(loom_studio::openapi_document([])).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let needed = needed(&method, path).map(Role::as_str);
            assert_eq!(operation["x-role"].as_str(), needed, "{method} {path}");
        }
    }
}

#[test]
fn the_roles_include_each_other_as_they_say() {
    let includes = |role: Role| {
        Role::ALL
            .into_iter()
            .filter(|needed| role.includes(*needed))
            .collect::<Vec<_>>()
    };
    assert_eq!(includes(Role::Report), [Role::Report]);
    assert_eq!(includes(Role::View), [Role::View]);
    assert_eq!(includes(Role::Operate), [Role::Report, Role::View, Role::Operate]);
    assert_eq!(includes(Role::Admin), Role::ALL);
}

/// A product that knows nothing of roles, but for one path.
struct Plain;

impl Extension for Plain {
    fn name(&self) -> &str {
        "plain"
    }

    fn configure(&self, config: &mut actix_web::web::ServiceConfig) {
        use actix_web::web;
        async fn who(caller: Caller) -> String {
            caller.name().to_owned()
        }
        config
            .service(
                web::resource("/api/plain")
                    .route(web::get().to(who))
                    .route(web::post().to(who))
                    .route(web::delete().to(who)),
            )
            .service(web::resource("/api/actor/batch/more").route(web::post().to(who)));
        Known::at("/api/plain/{id}/settings")
            .needs(Role::Admin)
            .post(who)
            .register(config);
    }
}

#[actix_web::test]
async fn what_is_plugged_in_is_for_operators_unless_it_reads_or_wants_more() {
    let tokens = Tokens::new();
    let services = Studio::builder(tokens.options())
        .extension(std::sync::Arc::new(Plain))
        .services()
        .unwrap();
    for (method, path, needed) in [
        (Method::GET, "/api/plain", Role::View),
        (Method::POST, "/api/plain", Role::Operate),
        (Method::DELETE, "/api/plain", Role::Operate),
        (Method::PUT, "/api/plain", Role::Operate),
        // Below a path for reporters is none.
        (Method::POST, "/api/actor/batch/more", Role::Operate),
        (Method::POST, "/api/plain/x/settings", Role::Admin),
        // The router takes these for the same path.
        (Method::POST, "/api/plain/x/%73ettings", Role::Admin),
        (Method::POST, "/%61pi/plain", Role::Operate),
    ] {
        for (role, bearer) in &tokens.bearers {
            let headers = [("authorization", bearer.as_str())];
            let answer = call(&services, method.clone(), path, None, &headers).await;
            assert_eq!(
                is_refused(&answer),
                !role.includes(needed),
                "{method} {path} as {role}: {answer:?}"
            );
            if answer.status == 200 {
                assert_eq!(answer.text(), format!("a-{role}"));
            }
        }
    }
}

#[actix_web::test]
async fn everybody_learns_who_it_is_and_no_token_is_told() {
    let tokens = Tokens::new();
    let guarded = StudioOptions {
        token: Token::new(SECRET),
        ..tokens.options()
    };
    let services = Studio::builder(guarded).services().unwrap();
    for (role, bearer) in &tokens.bearers {
        let state = call(
            &services,
            Method::GET,
            "/api/session",
            None,
            &[("authorization", bearer)],
        )
        .await;
        let expected =
            json!({"required": true, "signedIn": true, "name": format!("a-{role}"), "role": role.as_str()});
        assert_eq!(state.json(), expected);
    }
    let main = format!("Bearer {SECRET}");
    let state = call(
        &services,
        Method::GET,
        "/api/session",
        None,
        &[("authorization", &main)],
    )
    .await;
    assert_eq!(
        state.json(),
        json!({"required": true, "signedIn": true, "name": "token", "role": "admin"})
    );
    let nobody = call(&services, Method::GET, "/api/session", None, &[]).await;
    assert_eq!(nobody.json(), json!({"required": true, "signedIn": false}));
    let open = Studio::builder(options()).services().unwrap();
    let local = call(&open, Method::GET, "/api/session", None, &[]).await;
    assert_eq!(
        local.json(),
        json!({"required": false, "signedIn": true, "name": "local", "role": "admin"})
    );
}

#[actix_web::test]
async fn a_session_has_the_role_of_the_token_it_began_with() {
    let tokens = Tokens::new();
    let services = Studio::builder(tokens.options()).services().unwrap();
    for (role, bearer) in &tokens.bearers {
        let body = json!({"token": bearer.trim_start_matches("Bearer ")});
        let answer = call(&services, Method::POST, "/api/session", Some(&body), &[]).await;
        if *role == Role::Report {
            assert_eq!(
                answer.problem(),
                (403, "role_too_low".into()),
                "there is nothing to see for it"
            );
            continue;
        }
        let cookie = answer
            .header("set-cookie")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let headers = [("cookie", cookie.as_str())];
        let state = call(&services, Method::GET, "/api/session", None, &headers).await;
        assert_eq!(
            (&state.json()["name"], &state.json()["role"]),
            (&json!(format!("a-{role}")), &json!(role.as_str()))
        );
        let body = json!({"id": "x", "type": "T"});
        let post = call(
            &services,
            Method::POST,
            "/api/actor/register",
            Some(&body),
            &headers,
        )
        .await;
        assert_eq!(post.status == 403, *role == Role::View, "{post:?}");
    }
}

#[actix_web::test]
async fn a_socket_is_not_for_reporters_however_they_show_the_token() {
    let tokens = Tokens::new();
    let studio = Studio::builder(tokens.options()).start().await.unwrap();
    let reporter = tokens.bearer(Role::Report);
    let in_address = format!("/ws?token={}", reporter.trim_start_matches("Bearer "));
    for (path, headers) in [
        ("/ws", vec![("Authorization", reporter)]),
        (in_address.as_str(), vec![]),
    ] {
        let Err(answer) = Viewer::connect(studio.addr, path, &headers).await else {
            panic!("a socket for a reporter");
        };
        assert_eq!(answer.problem(), (403, "role_too_low".into()));
    }
    let viewer = tokens.bearer(Role::View);
    assert!(
        Viewer::connect(studio.addr, "/ws", &[("Authorization", viewer)])
            .await
            .is_ok()
    );
    studio.stop().await;
}
