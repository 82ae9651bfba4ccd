//! What servers on one log must show.

use loom_history::{By, History, HistoryOptions, Key, Slot, Step};
use loom_protocol::{ActorEvent, ActorId, ActorPatch, ActorRecord, Edge, EventKind};
use loom_studio::replication::{Away, Base, NotTaken};
use loom_studio::{Clock as _, RunningStudio, Studio, StudioOptions, SystemClock, Token};
use serde_json::{Value, json};

use super::world::{
    Process, Site, all_of, counts, get, health, is_fine, same, server, server_with, servers, stop, until,
};
use crate::support::{Viewer, options, send, send_post};

pub(crate) async fn what_comes_in_at_any_server_is_the_same_at_all(site: impl Site) {
    let studios = servers(&site, 3).await;
    let mut one = Process::new("one", &["a", "b"]);
    let mut two = Process::new("two", &["a", "c"]);
    for turn in 0..30 {
        one.work(1);
        two.work(2);
        one.tell(&studios[turn % 3]).await;
        two.tell(&studios[(turn + 1) % 3]).await;
        let id = format!("alone-{}", turn % 4);
        let door = &studios[(turn + 2) % 3].door;
        match turn % 3 {
            0 => drop(door.register(ActorRecord::new(id, "Alone")).await.unwrap()),
            1 => {
                let mut patch = ActorPatch::new(id);
                patch.message_count = Some(turn as u64);
                let _may_be_unknown = door.update(patch).await;
            }
            _ => drop(door.unregister(ActorId(id)).await.unwrap()),
        }
    }
    let shown = counts(&same(&studios).await);
    assert_eq!(
        (shown["a"], shown["b"], shown["a@two"], shown["c"]),
        (30, 30, 60, 60)
    );
    // Each is told of all.
    until("all know of each other", || async {
        let message = health(&studios[0]).await["message"].to_string();
        message.starts_with("\"3 servers on ")
    })
    .await;
    stop(studios).await;
}

pub(crate) async fn one_that_comes_later_knows_what_the_others_know(site: impl Site) {
    let mut studios = servers(&site, 1).await;
    let mut process = Process::new("one", &["a", "b"]);
    process.work(5);
    process.tell(&studios[0]).await;
    studios[0]
        .door
        .register(ActorRecord::new("alone", "Alone"))
        .await
        .unwrap();
    studios.push(server(&site).await);
    assert_eq!(counts(&same(&studios).await).len(), 3);
    // Of what was before the log it is left to those who know.
    site.keep_newest(1);
    studios.push(server(&site).await);
    process.work(1);
    process.tell(&studios[2]).await;
    let all = same(&studios[..2]).await;
    assert_eq!(counts(&all)["a"], 6);
    assert_eq!(counts(&all).len(), 3);
    stop(studios).await;
    // And one that comes when nobody is there any more.
    let last = server(&site).await;
    assert_eq!(counts(&all_of(&last).await)["b"], 6);
    last.stop().await;
}

pub(crate) async fn a_batch_that_is_sent_again_elsewhere_counts_once(site: impl Site) {
    let studios = servers(&site, 2).await;
    let mut process = Process::new("one", &["a"]);
    process.tell(&studios[0]).await;
    process.work(3);
    let batch = process.next();
    let first = process.send(&studios[0], batch.clone()).await.unwrap();
    let again = studios[1].door.batch(batch.clone()).await.unwrap();
    assert_eq!((first.accepted, first.rejected), (again.accepted, again.rejected));
    let mut other = batch;
    other.update.clear();
    let used = studios[1].door.batch(other).await;
    assert!(matches!(used, Err(NotTaken::Refused(_))), "{used:?}");
    assert_eq!(counts(&same(&studios).await)["a"], 3);
    stop(studios).await;
}

pub(crate) async fn while_the_log_is_away_nothing_is_taken_and_nothing_is_lost(site: impl Site) {
    let studios = servers(&site, 2).await;
    let mut process = Process::new("one", &["a"]);
    process.work(1);
    process.tell(&studios[0]).await;
    let before = same(&studios).await;
    site.set_away(true);
    for studio in &studios {
        until("it says that something is missing", || async {
            !is_fine(studio).await
        })
        .await;
        let message = health(studio).await["message"].to_string();
        assert!(message.contains("reports and orders are refused"), "{message}");
        assert_eq!(all_of(studio).await, before, "what is known is shown");
        let refused = studio.door.register(ActorRecord::new("new", "T")).await;
        assert!(
            matches!(refused, Err(NotTaken::Away(Away::Log(_)))),
            "{refused:?}"
        );
        let body = json!({"id": "new", "type": "T"}).to_string();
        let answer = send_post(studio.addr, "/api/actor/register", &body, &[]).await;
        assert_eq!(answer.problem(), (503, "not_taken".to_owned()));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    process.work(1);
    assert!(process.report(&studios[1]).await.is_err());
    site.set_away(false);
    for studio in &studios {
        until("it is fine again", || async { is_fine(studio).await }).await;
    }
    process.tell(&studios[1]).await;
    let after = same(&studios).await;
    assert_eq!(
        counts(&after).into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), 2)]
    );
    stop(studios).await;
}

pub(crate) async fn an_emptied_log_loses_nothing_that_a_server_knows(site: impl Site) {
    let studios = servers(&site, 3).await;
    let mut process = Process::new("one", &["a", "b"]);
    process.work(1);
    process.tell(&studios[0]).await;
    studios[1]
        .door
        .register(ActorRecord::new("alone", "Alone"))
        .await
        .unwrap();
    let before = same(&studios).await;
    assert_eq!(counts(&before).len(), 3);
    for round in 2..5 {
        site.lose_all();
        process.work(1);
        process.tell(&studios[round % 3]).await;
        let after = counts(&same(&studios).await);
        assert_eq!(after.len(), 3, "{after:?}");
        assert_eq!((after["a"], after["b"]), (round as u64, round as u64));
    }
    let new = server(&site).await;
    assert_eq!(counts(&all_of(&new).await).len(), 3);
    new.stop().await;
    stop(studios).await;
}

pub(crate) async fn what_is_looked_at_at_one_server_is_asked_for_at_any(site: impl Site) {
    let studios = servers(&site, 2).await;
    let mut process = Process::new("one", &["a", "b"]);
    process.tell(&studios[0]).await;
    let mut viewer = Viewer::open(&studios[0]).await;
    viewer.say(r#"{"type":"watch","actors":["b"]}"#).await;
    for studio in &studios {
        let mut looked_at = Vec::new();
        while looked_at != [ActorId("b".into())] {
            let outcome = process.report(studio).await.unwrap();
            looked_at = outcome.attention.unwrap().actors;
            tokio::task::yield_now().await;
        }
    }
    stop(studios).await;
}

pub(crate) async fn nobody_sees_at_one_server_less_than_at_another_before(site: impl Site) {
    let studios = servers(&site, 2).await;
    let mut process = Process::new("one", &["a"]);
    process.tell(&studios[0]).await;
    for turn in 1..50 {
        process.work(1);
        process.tell(&studios[turn % 2]).await;
        let [one, other] = [&studios[turn % 2], &studios[(turn + 1) % 2]];
        let ask = |addr, more: &str| {
            format!("GET /api/actors/a HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{more}\r\n")
        };
        let answer = send(one.addr, &ask(one.addr, "")).await;
        let position = answer.header("loom-position").unwrap().to_owned();
        let header = format!("Loom-Position: {position}\r\n");
        let elsewhere = send(other.addr, &ask(other.addr, &header)).await;
        assert_eq!(elsewhere.json()["messageCount"], turn);
    }
    let mut viewer = Viewer::open(&studios[0]).await;
    let hello = viewer.next_of("hello").await;
    assert!(hello.data["position"].is_string(), "{hello:?}");
    assert_eq!(get(studios[1].addr, "/api/actors/a").await["messageCount"], 49);
    stop(studios).await;
}

pub(crate) async fn what_cannot_be_read_is_not_replaced(site: impl Site) {
    let log = site.log();
    log.append(vec!["of a later version".into()]).await.unwrap();
    let base = Base {
        id: "later".into(),
        after: log.head().await.unwrap(),
        body: "of a later version".into(),
    };
    assert!(log.set_base(base.clone(), None, None).await.unwrap());
    let studio = Studio::builder(options()).log(site.log()).start().await.unwrap();
    until("it says what is wrong", || async {
        health(&studio).await["message"]
            .to_string()
            .contains("can't be read")
    })
    .await;
    let ask = format!(
        "GET /api/actors HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        studio.addr
    );
    assert_eq!(
        send(studio.addr, &ask).await.problem(),
        (503, "not_taken".to_owned()),
        "it knows nothing"
    );
    assert_eq!(log.base().await.unwrap(), Some(base));
    studio.stop().await;
}

pub(crate) async fn who_signed_in_at_one_server_is_known_at_all(site: impl Site) {
    let with_token = || StudioOptions {
        token: Token::new("open-sesame"),
        ..options()
    };
    let studios = [
        server_with(&site, with_token()).await,
        server_with(&site, with_token()).await,
    ];
    // As a browser does by a proxy: one name for all of them.
    let host = ("Host", "localhost:9090");
    let body = json!({"token": "open-sesame"}).to_string();
    let answer = send_post(studios[0].addr, "/api/session", &body, &[host]).await;
    let cookie = answer.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let ask = |method: &str, path: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:9090\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        )
    };
    for studio in studios.iter().rev() {
        assert_eq!(send(studio.addr, &ask("GET", "/api/actors")).await.status, 200);
    }
    let late = server_with(&site, with_token()).await;
    assert_eq!(
        send(late.addr, &ask("GET", "/api/actors")).await.status,
        200,
        "also at one that came later"
    );
    assert_eq!(
        send(studios[1].addr, &ask("DELETE", "/api/session")).await.status,
        204
    );
    for studio in studios.iter().chain([&late]) {
        until("signed out there as well", || async {
            send(studio.addr, &ask("GET", "/api/actors")).await.status == 401
        })
        .await;
    }
    late.stop().await;
    stop(studios.into()).await;
}

/// What is known beside actors and orders, in pieces.
async fn rest_of(studio: &RunningStudio, at: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/api/journal/a?",
        "/api/journal?",
        "/api/types?",
        "/api/map?",
        "/api/actors/a/history?",
    ] {
        all.push(get(studio.addr, &format!("{path}{at}")).await);
    }
    all
}

pub(crate) async fn one_that_comes_later_knows_journals_and_traffic(site: impl Site) {
    let mut studios = servers(&site, 1).await;
    let mut process = Process::new("one", &["a", "b"]);
    for turn in 1..5 {
        process.work(turn);
        let mut batch = process.next();
        batch.events.push(ActorEvent {
            actor: ActorId("a".into()),
            time: None,
            kind: EventKind::Note,
            message: format!("the {turn}. time"),
            correlation_id: None,
            data: None,
        });
        batch.edges.push(Edge {
            from: Some(ActorId("a".into())),
            from_boot: None,
            to: ActorId("b".into()),
            message: "Add".into(),
            count: turn,
        });
        process.send(&studios[0], batch).await.unwrap();
    }
    // Of what was before the log it is left to those who know.
    site.keep_newest(1);
    studios.push(server(&site).await);
    process.tell(&studios[1]).await;
    let recording = get(studios[1].addr, "/api/recording").await;
    assert_eq!(recording["recording"], true);
    let at = format!("at={}", recording["stretch"]["to"].as_str().unwrap());
    until("all recordings have come so far", || async {
        let recording = get(studios[0].addr, "/api/recording").await;
        recording["stretch"]["to"].as_str() >= at.strip_prefix("at=")
    })
    .await;
    let [one, other] = [rest_of(&studios[0], &at).await, rest_of(&studios[1], &at).await];
    assert_eq!(one, other);
    let notes = one[0].to_string();
    assert!(
        notes.contains("the 1. time") && notes.contains("the 4. time"),
        "{notes}"
    );
    assert!(one[3].to_string().contains("\"Add\""), "{}", one[3]);
    stop(studios).await;
}

/// What a server remembers of a stretch of time, in milliseconds.
async fn remembered(studio: &RunningStudio, from: i64, to: i64) -> Value {
    let path = format!("/api/history?by=type&metric=rate&from={from}&to={to}");
    get(studio.addr, &path).await["series"].clone()
}

pub(crate) async fn one_that_comes_later_tells_what_was_before_it_came(site: impl Site) {
    let directory = tempfile::tempdir().unwrap();
    let an_hour_ago = SystemClock.now().as_millis() / 1_000 - 3_600;
    {
        let history = History::open(HistoryOptions {
            directory: Some(directory.path().to_owned()),
            ..HistoryOptions::default()
        });
        for second in an_hour_ago..an_hour_ago + 120 {
            let mut step = Step::default();
            step.slots[0] = Slot::once(3_000);
            history.push(second, &[(Key::new(By::Type, "Old"), step)]);
        }
        history.close();
    }
    let with_state = StudioOptions {
        state: Some(directory.path().to_owned()),
        ..options()
    };
    let one = server_with(&site, with_state).await;
    let mut process = Process::new("one", &["a"]);
    process.tell(&one).await;
    let began = get(one.addr, "/api/recording").await["stretch"]["from"].clone();
    let (from, to) = (an_hour_ago * 1_000 - 60_000, an_hour_ago * 1_000 + 300_000);
    let told = remembered(&one, from, to).await;
    assert_eq!(told[0]["name"], "Old", "{told}");
    let other = server(&site).await;
    until("the other one tells the same", || async {
        remembered(&other, from, to).await == told
    })
    .await;
    until("and shows the same time", || async {
        get(other.addr, "/api/recording").await["stretch"]["from"] == began
    })
    .await;
    // A third one asks one of them, also when the first is gone.
    one.stop().await;
    let third = server(&site).await;
    until("so does one that comes then", || async {
        remembered(&third, from, to).await == told
    })
    .await;
    stop(vec![other, third]).await;
}

pub(crate) async fn a_replica_that_lost_the_newest_loses_nothing_that_a_server_knows(site: impl Site) {
    let studios = servers(&site, 3).await;
    let mut process = Process::new("one", &["a"]);
    process.work(1);
    process.tell(&studios[0]).await;
    for round in 2..4 {
        site.mark();
        process.work(1);
        process.tell(&studios[1]).await;
        // By single calls, which nobody would tell again.
        let id = format!("alone-{round}");
        studios[2]
            .door
            .register(ActorRecord::new(id, "Alone"))
            .await
            .unwrap();
        let before = counts(&same(&studios).await);
        site.return_to_mark();
        // The process tells what it knows only once it is asked, and until then nothing is less than it was.
        process.tell(&studios[0]).await;
        let after = counts(&same(&studios).await);
        assert_eq!(before, after, "{round}");
        assert_eq!(after["a"], round);
    }
    let new = server(&site).await;
    assert_eq!(counts(&all_of(&new).await).len(), 3);
    new.stop().await;
    stop(studios).await;
}
