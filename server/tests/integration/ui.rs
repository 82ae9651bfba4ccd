//! The embedded page: what is cached, what falls back, what is allowed.

use actix_web::http::Method;
use loom_studio::StudioOptions;

use crate::support::{call, get, services};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

#[actix_web::test]
async fn the_entry_is_asked_for_anew_and_answered_with_304() {
    let (services, _) = services(StudioOptions::default());
    let page = get(&services, "/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe-eval"), "{policy}");
    if !loom_studio::ui::is_real() {
        assert!(page.text().contains("make ui"), "{}", page.text());
    }
    let etag = page.header("etag").unwrap();
    let again = call(&services, Method::GET, "/", None, &[("if-none-match", etag)]).await;
    assert_eq!((again.status, again.text().as_str()), (304, ""));
}

#[actix_web::test]
async fn addresses_within_the_page_answer_the_page_to_browsers_only() {
    let (services, _) = services(StudioOptions::default());
    let entry = get(&services, "/").await.text();
    let deep = call(&services, Method::GET, "/actors/counter-1", None, &[HTML]).await;
    assert_eq!((deep.status, deep.text()), (200, entry));
    assert_eq!(
        get(&services, "/actors/counter-1").await.problem(),
        (404, "no_such_path".into())
    );
    for path in ["/assets/index-old.js", "/api/nothing", "/socket/nothing"] {
        let answer = call(&services, Method::GET, path, None, &[HTML]).await;
        assert_eq!(answer.problem(), (404, "no_such_path".into()), "{path}");
    }
}

#[actix_web::test]
async fn behind_a_path_the_entry_says_where_it_is_and_takes_no_foreign_base() {
    let (services, _) = services(StudioOptions::default());
    if !loom_studio::ui::is_real() {
        return;
    }
    let at = async |prefix: &'static str| {
        let headers = [HTML, ("x-forwarded-prefix", prefix)];
        call(&services, Method::GET, "/runs/1", None, &headers).await
    };
    for (prefix, base) in [("/loom", "/loom/"), ("/a/b/", "/a/b/"), ("/", "/"), ("", "/")] {
        let page = at(prefix).await;
        assert_eq!(page.status, 200);
        let text = page.text();
        assert!(
            text.contains(&format!("<base href=\"{base}\"")),
            "{prefix}: {text}"
        );
        assert!(
            !text.contains("src=\"/") && !text.contains("href=\"/assets"),
            "{text}"
        );
    }
    for foreign in [
        "//evil.example",
        "https://evil.example",
        "/x\"><script>",
        "/a//b",
        "loom",
        "/%22",
    ] {
        let text = at(foreign).await.text();
        assert!(text.contains("<base href=\"/\""), "{foreign}: {text}");
    }
}

#[actix_web::test]
async fn files_with_a_hash_in_their_name_are_kept_for_ever() {
    let (services, _) = services(StudioOptions::default());
    let page = get(&services, "/").await.text();
    let scripts: Vec<&str> = page
        .split('"')
        .filter(|text| text.starts_with("/assets/") || text.starts_with("./assets/"))
        .collect();
    assert_eq!(
        scripts.is_empty(),
        !loom_studio::ui::is_real(),
        "the real page has assets: {page}"
    );
    for script in scripts {
        let answer = get(&services, script.trim_start_matches('.')).await;
        assert_eq!(answer.status, 200, "{script}");
        assert!(
            answer.header("cache-control").unwrap().contains("immutable"),
            "{script}"
        );
    }
}
