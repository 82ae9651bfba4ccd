//! Workspaces of several servers: each is one studio, and none of the servers tells in one of what is in another.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use futures_util::future::{join, join_all};
use loom_studio::{Role, RunningStudio};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::apart::{SHARED, Side, batch, found, questions, sides};
use super::world::{Process, Site, server_with, stop, until};
use crate::support::{Answer, LIMIT, SECRET, Tokens, Viewer, name, send, send_post};

async fn servers(site: &impl Site, tokens: &Tokens, count: usize) -> Vec<RunningStudio> {
    let mut studios = Vec::new();
    for _ in 0..count {
        studios.push(server_with(site, tokens.options()).await);
    }
    studios
}

async fn get(addr: SocketAddr, path: &str, bearer: &str) -> Answer {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: {bearer}\r\nConnection: close\r\n\r\n"
    );
    send(addr, &request).await
}

async fn post(addr: SocketAddr, path: &str, body: &Value, bearer: &str) -> Answer {
    send_post(addr, path, &body.to_string(), &[("Authorization", bearer)]).await
}

/// The actors that somebody is shown, with the messages that they handled.
async fn shown(addr: SocketAddr, bearer: &str) -> BTreeMap<String, u64> {
    let answer = get(addr, "/api/actors", bearer).await;
    let actors = (answer.status == 200).then(|| answer.json());
    let actors = actors.as_ref().and_then(Value::as_array).into_iter().flatten();
    actors
        .map(|actor| {
            let count = actor["messageCount"].as_u64().unwrap_or(0);
            (actor["id"].as_str().unwrap().to_owned(), count)
        })
        .collect()
}

/// Waits until all servers show these actors.
async fn show(studios: &[RunningStudio], bearer: &str, actors: &[(&str, u64)]) {
    let wanted: BTreeMap<String, u64> = actors
        .iter()
        .map(|(id, count)| ((*id).to_owned(), *count))
        .collect();
    for studio in studios {
        until("a server shows what was reported to another", || async {
            shown(studio.addr, bearer).await == wanted
        })
        .await;
    }
}

/// What one side sees of itself at a server, without what time alone changes.
async fn picture(studio: &RunningStudio, side: &Side) -> Vec<Value> {
    let mut all = vec![json!(shown(studio.addr, &side.bearer).await)];
    let orders = get(studio.addr, "/api/orders", &side.bearer).await.json();
    all.push(
        orders
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["id"].clone())
            .collect(),
    );
    for path in [
        "/api/journal",
        "/api/warnings/rules",
        "/api/warnings/channels",
        "/api/warnings/silences",
        "/api/ui",
        "/api/session",
    ] {
        all.push(get(studio.addr, path, &side.bearer).await.json());
    }
    all
}

/// A viewer, and all that it was sent.
async fn listen(studio: &RunningStudio, bearer: &str) -> Arc<Mutex<String>> {
    let heard = Arc::<Mutex<String>>::default();
    let mut viewer = match Viewer::connect(studio.addr, "/ws", &[("authorization", bearer)]).await {
        Ok(viewer) => viewer,
        Err(answer) => panic!("{answer:?}"),
    };
    let watch = json!({"type": "watch", "actors": [SHARED, "only-here", "only-there"], "map": true});
    viewer.say(&watch.to_string()).await;
    let window = json!({"type": "window", "id": "w", "list": "actors", "from": 0, "count": 50});
    viewer.say(&window.to_string()).await;
    let hears = heard.clone();
    tokio::spawn(async move {
        while let Some(frame) = viewer.next_text().await {
            hears.lock().unwrap().push_str(&frame);
        }
    });
    heard
}

pub(crate) async fn no_server_tells_of_another_workspace(site: impl Site) {
    let tokens = Tokens::new();
    let sides = sides(&tokens, Role::Admin);
    let studios = servers(&site, &tokens, 3).await;
    let mut heard = Vec::new();
    for studio in &studios {
        for (side, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
            heard.push((side.mark, vec![other.mark], listen(studio, &side.bearer).await));
        }
        let of_main = listen(studio, &format!("Bearer {SECRET}")).await;
        heard.push(("metrics", sides.iter().map(|side| side.mark).collect(), of_main));
    }
    for (studio, side) in studios.iter().zip(&sides) {
        let answer = post(studio.addr, "/api/actor/batch", &batch(side, 1), &side.bearer).await;
        assert_eq!(answer.json()["rejected"], json!([]), "{}", answer.text());
        let path = "/api/actors/same%2Fname/pause";
        let ordered = post(studios[2].addr, path, &json!({"wait": 0}), &side.bearer).await;
        assert_eq!(ordered.status, 202, "{}", ordered.text());
    }
    for side in &sides {
        let reported = batch(side, 1)["register"].clone();
        let reported: Vec<(&str, u64)> = reported
            .as_array()
            .unwrap()
            .iter()
            .map(|actor| (actor["id"].as_str().unwrap(), 3))
            .collect();
        show(&studios, &side.bearer, &reported).await;
    }
    let document = get(studios[0].addr, "/api/openapi.json", &sides[0].bearer)
        .await
        .json();
    // The forms of a question are asked of one server; here each is asked of any.
    let asked: Vec<_> = questions(&document, &sides)
        .into_iter()
        .filter(|(_, path, _)| !path.contains('?') && !path.ends_with("/events"))
        .collect();
    let mut answered = 0;
    for (asking, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
        let before = join_all(studios.iter().map(|studio| picture(studio, other))).await;
        for (number, (method, path, body)) in asked.iter().enumerate() {
            let addr = studios[number % studios.len()].addr;
            let about = format!("{path}?workspace=team-{}", other.mark);
            let (answer, hidden) = if *method == Method::GET {
                join(get(addr, path, &asking.bearer), get(addr, &about, &asking.bearer)).await
            } else {
                let body = body.clone().unwrap_or_default();
                join(
                    post(addr, path, &body, &asking.bearer),
                    post(addr, &about, &body, &asking.bearer),
                )
                .await
            };
            let place = format!("{method} {path} {body:?} as {} at {addr}", asking.mark);
            assert!(!found(&answer.body, other.mark), "{place}: {}", answer.text());
            let headers = answer.headers.iter().map(|(_, value)| value);
            assert!(
                headers.clone().all(|value| !value.contains(other.mark)),
                "{place}"
            );
            let is_public = path.contains("/health") || path.contains("/session");
            let is_told = found(&hidden.body, &format!("T{}", other.mark));
            assert!(
                !is_told && (is_public || hidden.status == 404),
                "{place}: {}",
                hidden.text()
            );
            answered += usize::from(answer.status < 300);
        }
        for (studio, before) in studios.iter().zip(before) {
            assert_eq!(picture(studio, other).await, before, "{} changed it", asking.mark);
        }
    }
    assert!(answered > 100, "so few were answered: {answered}");
    for (own, others, heard) in heard {
        until("a viewer heard of its own", || async {
            heard.lock().unwrap().contains(own)
        })
        .await;
        let heard = heard.lock().unwrap();
        assert!(
            others.iter().all(|other| !heard.contains(other)),
            "{own}: {heard}"
        );
    }
    stop(studios).await;
}

/// The door of a workspace at a server.
fn door(studio: &RunningStudio, of: &str) -> loom_studio::replication::Door {
    studio
        .workspace(&name(of))
        .expect("an open workspace")
        .door
        .clone()
}

pub(crate) async fn a_process_of_one_gets_nothing_of_another(site: impl Site) {
    let tokens = Tokens::new();
    let [a, b] = ["a", "b"].map(|of| tokens.add(of, Role::Operate, &[of]));
    let studios = servers(&site, &tokens, 2).await;
    // The same names, the same start.
    let mut of_a = Process::new("boot", &["x"]);
    let mut of_b = Process::new("boot", &["x"]);
    of_a.work(3);
    of_b.work(8);
    of_a.tell_by(&door(&studios[0], "a")).await;
    of_b.tell_by(&door(&studios[0], "b")).await;
    show(&studios, &a, &[("x", 3)]).await;
    show(&studios, &b, &[("x", 8)]).await;
    show(&studios, &format!("Bearer {SECRET}"), &[]).await;
    let asked = post(studios[1].addr, "/api/actors/x/snapshot", &json!({"wait": 0}), &a).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let mut viewer = Viewer::connect(studios[1].addr, "/ws", &[("authorization", &a)])
        .await
        .unwrap_or_else(|answer| panic!("{answer:?}"));
    viewer.say(r#"{"type":"watch","actors":["x"]}"#).await;
    let (mut orders, mut is_watched) = (BTreeSet::new(), false);
    let began = Instant::now();
    while orders.is_empty() || !is_watched {
        assert!(began.elapsed() < LIMIT, "it gets its own");
        for (process, door) in [(&mut of_b, "b"), (&mut of_a, "a")] {
            let batch = process.next();
            let door_of = self::door(&studios[0], door);
            let outcome = process.send_by(&door_of, batch).await.unwrap();
            let watched = outcome
                .attention
                .is_some_and(|attention| !attention.actors.is_empty());
            if door == "a" {
                // It comes again until it is answered.
                orders.extend(outcome.orders.into_iter().map(|order| order.id.0));
                is_watched |= watched;
            } else {
                assert_eq!(outcome.orders, [], "of another workspace");
                assert!(!watched, "nobody looks there");
            }
        }
    }
    assert_eq!(orders.len(), 1);
    stop(studios).await;
}

pub(crate) async fn each_server_goes_by_its_own_tokens(site: impl Site) {
    let [here, there] = [Tokens::new(), Tokens::new()];
    here.add("ana", Role::Admin, &[]);
    let copy = || {
        std::fs::copy(here.path(), there.path()).unwrap();
    };
    copy();
    let one = server_with(&site, here.options()).await;
    let other = server_with(&site, there.options()).await;
    let bearer = here.add("shop", Role::Operate, &["shop"]);
    let status = async |studio: &RunningStudio| get(studio.addr, "/api/actors", &bearer).await.status;
    until("it opens here", || async { status(&one).await == 200 }).await;
    let mut process = Process::new("one", &["x"]);
    process.tell_by(&door(&one, "shop")).await;
    assert_eq!(status(&other).await, 401, "nobody said so there");
    assert!(other.workspace(&name("shop")).is_none());
    copy();
    until("it opens there, and takes over what is known", || async {
        shown(other.addr, &bearer).await.contains_key("x")
    })
    .await;
    process.work(1);
    process.tell_by(&door(&other, "shop")).await;
    here.file().revoke("shop").unwrap();
    until("it is closed here", || async {
        status(&one).await == 401 && one.workspace(&name("shop")).is_none()
    })
    .await;
    process.work(1);
    process.tell_by(&door(&other, "shop")).await;
    assert_eq!(shown(other.addr, &bearer).await["x"], 2);
    std::fs::copy(there.path(), here.path()).unwrap();
    until("it opens again, and knows what was taken meanwhile", || async {
        shown(one.addr, &bearer).await.get("x") == Some(&2)
    })
    .await;
    process.work(1);
    process.tell_by(&door(&one, "shop")).await;
    let studios = [one, other];
    show(&studios, &bearer, &[("x", 3)]).await;
    show(&studios, &format!("Bearer {SECRET}"), &[]).await;
    stop(studios.into()).await;
}

pub(crate) async fn one_that_comes_later_knows_all_workspaces(site: impl Site) {
    let tokens = Tokens::new();
    let [a, b] = ["a", "b"].map(|of| tokens.add(of, Role::Operate, &[of]));
    let mut studios = servers(&site, &tokens, 2).await;
    let mut of_a = Process::new("one", &["x", "y"]);
    let mut of_b = Process::new("two", &["x"]);
    of_a.work(2);
    of_b.work(5);
    of_a.tell_by(&door(&studios[0], "a")).await;
    of_b.tell_by(&door(&studios[1], "b")).await;
    let first = studios.remove(0);
    first.stop().await;
    studios.extend(servers(&site, &tokens, 1).await);
    show(&studios, &a, &[("x", 2), ("y", 2)]).await;
    show(&studios, &b, &[("x", 5)]).await;
    // What is lost of the log is lost of all workspaces, and of none what a server knows.
    site.lose_all();
    of_a.work(1);
    of_a.tell_by(&door(&studios[1], "a")).await;
    of_b.tell_by(&door(&studios[1], "b")).await;
    show(&studios, &a, &[("x", 3), ("y", 3)]).await;
    show(&studios, &b, &[("x", 5)]).await;
    stop(studios).await;
}

pub(crate) async fn who_signed_in_at_one_server_is_known_at_all(site: impl Site) {
    let tokens = Tokens::new();
    let bearer = tokens.add("shop", Role::View, &["shop"]);
    let token = bearer.strip_prefix("Bearer ").unwrap();
    let mut studios = servers(&site, &tokens, 2).await;
    let mut process = Process::new("one", &["x"]);
    process.tell_by(&door(&studios[0], "shop")).await;
    let host = ("Host", "localhost:9090");
    let body = json!({"token": token}).to_string();
    let answer = send_post(studios[0].addr, "/api/session", &body, &[host]).await;
    let cookie = answer.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let ask = |method: &str, path: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:9090\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        )
    };
    studios.extend(servers(&site, &tokens, 1).await);
    for studio in studios.iter().rev() {
        let answer = send(studio.addr, &ask("GET", "/api/actors")).await;
        assert_eq!(answer.json()[0]["id"], "x", "{}", answer.text());
        let session = send(studio.addr, &ask("GET", "/api/session")).await.json();
        assert_eq!(session["workspace"], "shop", "{session}");
        let hidden = send(studio.addr, &ask("GET", "/api/actors?workspace=main")).await;
        assert_eq!(hidden.problem(), (404, "unknown_workspace".to_owned()));
    }
    let out = send(studios[1].addr, &ask("DELETE", "/api/session")).await;
    assert_eq!(out.status, 204);
    for studio in &studios {
        until("signed out there as well", || async {
            send(studio.addr, &ask("GET", "/api/actors")).await.status == 401
        })
        .await;
    }
    stop(studios).await;
}
