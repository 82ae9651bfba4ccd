//! Workspaces: which one a request is about, which there are, and where they keep things.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::http::Method;
use loom_protocol::Timestamp;
use loom_studio::{
    Extension, Role, Services, StartError, Studio, StudioOptions, TokenFileError, TokenWorkspaces,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Answer, LIMIT, SECRET, Tokens, Viewer, call, name, services};

/// Asks with a token, and about a workspace where one is given.
pub(crate) async fn ask(
    services: &Services,
    bearer: &str,
    about: Option<&str>,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let mut headers = vec![("authorization", bearer)];
    headers.extend(about.map(|about| ("loom-workspace", about)));
    call(services, method, path, body, &headers).await
}

/// The ids of the actors that somebody sees.
async fn seen(services: &Services, bearer: &str, about: Option<&str>, path: &str) -> Vec<String> {
    let list = ask(services, bearer, about, Method::GET, path, None).await;
    assert_eq!(list.status, 200, "{}", list.text());
    let list = list.json();
    let ids = list.as_array().unwrap().iter();
    ids.map(|actor| actor["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn report(services: &Services, bearer: &str, about: Option<&str>, id: &str) {
    let body = json!({"id": id, "type": "T"});
    let answer = ask(
        services,
        bearer,
        about,
        Method::POST,
        "/api/actor/register",
        Some(&body),
    )
    .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[actix_web::test]
async fn a_request_is_about_the_workspace_it_names_or_the_first_of_its_token() {
    let tokens = Tokens::new();
    let both = tokens.add("both", Role::Admin, &["b", "a"]);
    let one = tokens.add("one", Role::Operate, &["a"]);
    let plain = tokens.add("plain", Role::Operate, &[]);
    let all = format!("Bearer {SECRET}");
    let (services, _) = services(tokens.options());
    report(&services, &plain, None, "in-main").await;
    report(&services, &one, None, "in-a").await;
    report(&services, &both, None, "in-b").await;
    for (bearer, about, ids) in [
        (&plain, None, "in-main"),
        (&plain, Some("main"), "in-main"),
        (&one, None, "in-a"),
        (&both, None, "in-b"),
        (&both, Some("a"), "in-a"),
        (&all, None, "in-main"),
        (&all, Some("b"), "in-b"),
    ] {
        assert_eq!(
            seen(&services, bearer, about, "/api/actors").await,
            [ids],
            "{about:?}"
        );
        if let Some(about) = about {
            let path = format!("/api/actors?limit=5&workspace={about}");
            assert_eq!(
                seen(&services, bearer, None, &path).await,
                [ids],
                "in the address"
            );
        }
    }
    report(&services, &both, Some("a"), "in-a-too").await;
    let path = "/api/actors?workspace=a&limit=1";
    let page = ask(&services, &both, None, Method::GET, path, None).await;
    let link = page.header("link").unwrap().to_owned();
    let next = link.split(['<', '>']).nth(1).unwrap();
    assert_eq!(
        seen(&services, &both, None, &format!("/api/actors{next}")).await,
        ["in-a-too"],
        "{link}"
    );
}

#[actix_web::test]
async fn one_that_somebody_may_not_see_is_one_that_does_not_exist() {
    let tokens = Tokens::new();
    let a = tokens.add("a", Role::Admin, &["a"]);
    tokens.add("hidden", Role::Admin, &["b"]);
    let (services, _) = services(tokens.options());
    let named = ["b", "main", "c", "", "../a", "A", "a,a", "a b", &"x".repeat(500)];
    for path in [
        "/api/actors",
        "/api/v1/actors",
        "/metrics",
        "/api/openapi.json",
        "/api/nothing",
        "/ws",
    ] {
        let mut answers = Vec::new();
        for about in named {
            answers.push(ask(&services, &a, Some(about), Method::GET, path, None).await);
            let separator = if path.contains('?') { '&' } else { '?' };
            let about = about.replace(' ', "%20");
            let path = format!("{path}{separator}workspace={about}");
            answers.push(ask(&services, &a, None, Method::GET, &path, None).await);
        }
        let twice = format!("{path}?workspace=a&workspace=a");
        answers.push(ask(&services, &a, None, Method::GET, &twice, None).await);
        let first = answers.first().unwrap();
        assert_eq!(first.problem(), (404, "unknown_workspace".into()), "{path}");
        for answer in &answers {
            assert_eq!(answer.whole(), first.whole(), "{path}");
        }
    }
    let body = json!({"id": "x", "type": "T"});
    for about in ["b", "c"] {
        let path = "/api/actor/register";
        let answer = ask(&services, &a, Some(about), Method::POST, path, Some(&body)).await;
        assert_eq!(answer.problem(), (404, "unknown_workspace".into()));
    }
    assert!(services.workspace(&name("b")).unwrap().directory.is_empty());
}

#[actix_web::test]
async fn the_session_tells_whoever_has_several_which_they_are() {
    let tokens = Tokens::new();
    let both = tokens.add("both", Role::View, &["b", "a"]);
    let plain = tokens.add("plain", Role::View, &["main"]);
    let (guarded, _) = services(tokens.options());
    let session = async |bearer: &str, about| {
        let answer = ask(&guarded, bearer, about, Method::GET, "/api/session", None).await;
        let json = answer.json();
        (json["workspace"].clone(), json["workspaces"].clone())
    };
    let own = json!(["b", "a"]);
    assert_eq!(session(&both, None).await, (json!("b"), own.clone()));
    assert_eq!(session(&both, Some("a")).await, (json!("a"), own.clone()));
    for hidden in ["main", "c"] {
        assert_eq!(session(&both, Some(hidden)).await, (Value::Null, own.clone()));
    }
    assert_eq!(session(&plain, None).await, (Value::Null, Value::Null));
    let all = format!("Bearer {SECRET}");
    assert_eq!(
        session(&all, None).await,
        (json!("main"), json!(["main", "a", "b"]))
    );
    let (open, _) = services(StudioOptions::default());
    let answer = call(&open, Method::GET, "/api/session", None, &[]).await;
    assert!(!answer.text().contains("workspace"), "{}", answer.text());
}

#[actix_web::test]
async fn without_tokens_there_is_main_alone() {
    let (services, _) = services(StudioOptions::default());
    for (about, status) in [("main", 200), ("a", 404)] {
        let headers = [("loom-workspace", about)];
        let answer = call(&services, Method::GET, "/api/actors", None, &headers).await;
        assert_eq!(answer.status, status, "{about}");
    }
}

#[test]
fn a_file_without_workspaces_is_read_and_written_as_ever() {
    let tokens = Tokens::new();
    tokens.add("ana", Role::View, &[]);
    let written: Value = serde_json::from_str(&fs::read_to_string(tokens.path()).unwrap()).unwrap();
    let fields: Vec<&String> = written["tokens"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["created", "name", "role", "sha256"]);
    tokens.add("bob", Role::View, &["team-a", "team-b", "team-a"]);
    let read = tokens.file().read().unwrap();
    let of = |index: usize| -> Vec<String> {
        let token: &loom_studio::NamedToken = &read[index];
        token.workspaces.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        (of(0), of(1)),
        (vec!["main".into()], vec!["team-a".into(), "team-b".into()])
    );
    let text = fs::read_to_string(tokens.path()).unwrap();
    for wrong in ["[]", "[\"Team\"]", "[\"..\"]", "\"team-a\""] {
        let start = text.find("\"workspaces\": ").unwrap() + "\"workspaces\": ".len();
        let end = start + text[start..].find(']').unwrap() + 1;
        let broken = format!("{}{wrong}{}", &text[..start], &text[end..]);
        fs::write(tokens.path(), broken).unwrap();
        let error = tokens.file().read().unwrap_err();
        assert!(
            matches!(error, TokenFileError::Malformed { .. }),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn there_is_an_end_to_workspaces() {
    let tokens = Tokens::new();
    for number in 1..32 {
        tokens.add(&format!("n{number}"), Role::View, &[&format!("w{number}")]);
    }
    let add = |workspace: &str| {
        let workspaces = TokenWorkspaces::new([name(workspace)]);
        tokens
            .file()
            .add_to("more", Role::View, workspaces, Timestamp::from_millis(0))
    };
    let error = add("w32").unwrap_err();
    assert!(
        matches!(error, TokenFileError::TooManyWorkspaces { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("33") && error.to_string().contains("32"),
        "{error}"
    );
    add("w1").unwrap();
}

#[actix_web::test]
async fn workspaces_come_and_go_with_their_tokens_and_their_files_stay() {
    let tokens = Tokens::new();
    let state = tempfile::tempdir().unwrap();
    let a = tokens.add("a", Role::Admin, &["a"]);
    let mut options = tokens.options();
    options.state = Some(state.path().to_owned());
    options.recorder.save_in = Some(state.path().join("recordings"));
    let (services, _) = services(options);
    report(&services, &a, None, "x").await;
    let b = tokens.add("b", Role::Admin, &["b"]);
    services.reload();
    report(&services, &b, None, "y").await;
    assert_eq!(seen(&services, &b, None, "/api/actors").await, ["y"]);
    let history = |of: &str| -> PathBuf { state.path().join(of).join("history.lock") };
    for of in ["", "workspaces/a", "workspaces/b"] {
        assert!(history(of).exists(), "{of}");
    }
    let held = services.workspace(&name("b")).unwrap();
    tokens.file().revoke("b").unwrap();
    services.reload();
    assert!(services.workspace(&name("b")).is_none());
    assert!(history("workspaces/b").exists());
    assert!(
        held.hub.subscribe(None, || true).is_over(),
        "nobody listens there any more"
    );
    let all = format!("Bearer {SECRET}");
    let gone = ask(&services, &all, Some("b"), Method::GET, "/api/actors", None).await;
    assert_eq!(gone.problem(), (404, "unknown_workspace".into()));
    assert_eq!(
        seen(&services, &a, None, "/api/actors").await,
        ["x"],
        "others stay"
    );
}

#[actix_web::test]
async fn recordings_are_saved_where_their_workspace_is() {
    let tokens = Tokens::new();
    tokens.add("a", Role::Operate, &["a"]);
    let (state, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let in_state = state.path().join("recordings");
    for (directory, saved) in [
        (in_state.as_path(), state.path().join("workspaces/a/recordings")),
        (elsewhere.path(), elsewhere.path().join("workspaces/a")),
    ] {
        let mut options = tokens.options();
        options.state = Some(state.path().to_owned());
        options.recorder.save_in = Some(directory.to_owned());
        let studio = Studio::builder(options).start().await.unwrap();
        let about = [("authorization", format!("Bearer {SECRET}"))];
        let headers = [("authorization", about[0].1.as_str()), ("loom-workspace", "a")];
        let mut status = 404;
        // The recorder takes its first keyframe in a thread of its own.
        while status == 404 {
            let path = "/api/recording/saved";
            status = crate::support::send_post(studio.addr, path, "", &headers)
                .await
                .status;
        }
        assert_eq!(status, 201);
        assert_eq!(recordings(&saved).len(), 1, "{}", saved.display());
        assert_eq!(recordings(directory).len(), 0, "main has none");
        studio.stop().await;
    }
}

fn recordings(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = files.map(|file| file.path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "loomrec"))
        .collect()
}

#[actix_web::test]
async fn a_socket_ends_with_its_workspace_and_with_its_tokens_part_in_it() {
    let tokens = Tokens::new();
    let both = tokens.add("both", Role::View, &["a", "b"]);
    tokens.add("keeps-a", Role::View, &["a"]);
    let studio = Studio::builder(tokens.options()).start().await.unwrap();
    let all = format!("Bearer {SECRET}");
    let open = async |bearer: &str, about: &str| {
        let path = format!("/ws?workspace={about}");
        match Viewer::connect(studio.addr, &path, &[("authorization", bearer)]).await {
            Ok(viewer) => viewer,
            Err(answer) => panic!("{answer:?}"),
        }
    };
    let mut of_b = open(&all, "b").await;
    let mut of_a = open(&both, "a").await;
    // The token loses one, which is the other's last.
    let text = fs::read_to_string(tokens.path()).unwrap();
    let start = text.find("\"a\",").unwrap();
    let end = text.find("\"b\"").unwrap() + 3;
    fs::write(
        tokens.path(),
        format!("{}\"main\"{}", &text[..start], &text[end..]),
    )
    .unwrap();
    assert!(of_b.closing().await.is_some(), "it is told");
    while of_a.next_text().await.is_some() {}
    for _ in 0..LIMIT.as_millis() / 20 {
        if studio.workspace(&name("b")).is_none() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(studio.workspace(&name("b")).is_none() && studio.workspace(&name("a")).is_some());
    studio.stop().await;
}

#[actix_web::test]
async fn a_recording_is_of_one_workspace_and_is_shown_as_main() {
    let tokens = Tokens::new();
    let a = tokens.add("a", Role::Operate, &["a"]);
    let folder = tempfile::tempdir().unwrap();
    let mut options = tokens.options();
    options.recorder.save_in = Some(folder.path().to_owned());
    let studio = Studio::builder(options).start().await.unwrap();
    let headers = [("authorization", a.as_str())];
    let body = json!({"id": "in-a", "type": "T"}).to_string();
    let path = "/api/actor/register";
    let reported = crate::support::send_post(studio.addr, path, &body, &headers).await;
    assert_eq!(reported.status, 201);
    let mut saved = 404;
    // The recorder takes its first keyframe in a thread of its own.
    while saved == 404 {
        let path = "/api/recording/saved";
        saved = crate::support::send_post(studio.addr, path, "", &headers)
            .await
            .status;
    }
    assert_eq!(saved, 201);
    studio.stop().await;
    let file = recordings(&folder.path().join("workspaces/a")).remove(0);
    let opened = Studio::open(&file, StudioOptions::default()).unwrap();
    let opened = opened.services().unwrap();
    let list = call(&opened, Method::GET, "/api/actors", None, &[]).await.json();
    assert_eq!(list[0]["id"], "in-a", "{list}");
    for about in ["a", "b"] {
        let headers = [("loom-workspace", about)];
        let answer = call(&opened, Method::GET, "/api/actors", None, &headers).await;
        assert_eq!(answer.problem(), (404, "unknown_workspace".into()));
    }
    let error = Studio::open(&file, tokens.options())
        .unwrap()
        .services()
        .err()
        .unwrap();
    assert!(matches!(
        &error,
        StartError::Tokens(TokenFileError::MainAlone { .. })
    ));
    let text = error.to_string();
    assert!(text.contains("workspace `a`") && text.contains("help:"), "{text}");
}

/// A product with a route and a page.
struct Tea;

impl Extension for Tea {
    fn name(&self) -> &str {
        "tea"
    }

    fn configure(&self, config: &mut actix_web::web::ServiceConfig) {
        use actix_web::web;
        async fn tea() -> &'static str {
            "tea"
        }
        config.service(web::resource("/api/tea/{cup}").route(web::route().to(tea)));
    }

    fn sections(&self) -> Vec<loom_studio::UiSection> {
        vec![loom_studio::UiSection {
            id: "tea".into(),
            title: "Tea".into(),
            path: "/tea".into(),
        }]
    }
}

#[actix_web::test]
async fn what_is_plugged_in_is_of_main() {
    let tokens = Tokens::new();
    let a = tokens.add("a", Role::Admin, &["a"]);
    let services = Studio::builder(tokens.options())
        .extension(std::sync::Arc::new(Tea))
        .services()
        .unwrap();
    let all = format!("Bearer {SECRET}");
    let poured = ask(&services, &all, None, Method::GET, "/api/tea/1", None).await;
    assert_eq!(poured.text(), "tea");
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let mut answers = Vec::new();
        for path in ["/api/tea/1", "/api/te%61/1", "/api/not/1"] {
            let answer = ask(&services, &a, None, method.clone(), path, None).await;
            let (status, headers, text) = answer.whole();
            answers.push((status, headers, text.replace(path, "")));
        }
        assert_eq!(answers[0].0, 404);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    let sections = ask(&services, &a, None, Method::GET, "/api/ui", None).await;
    assert!(!sections.text().contains("Tea"));
    let sections = ask(&services, &all, None, Method::GET, "/api/ui", None).await;
    assert!(sections.text().contains("Tea"));
}

#[actix_web::test]
async fn the_health_counts_nobody_where_there_are_several() {
    let tokens = Tokens::new();
    let a = tokens.add("a", Role::Admin, &["a"]);
    let (services, _) = services(tokens.options());
    let before = call(&services, Method::GET, "/api/health", None, &[])
        .await
        .json();
    report(&services, &a, None, "x").await;
    let after = call(&services, Method::GET, "/api/health", None, &[])
        .await
        .json();
    assert_eq!(before["parts"], after["parts"]);
    let parts = after["parts"].as_object().unwrap();
    assert!(
        parts.len() >= 3 && parts.values().all(|part| part.get("message").is_none()),
        "{after}"
    );
}
