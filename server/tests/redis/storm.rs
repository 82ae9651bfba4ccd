//! Three real servers behind nginx without sticky sessions, on a real Redis: processes report to any of them, viewers look over them,
//! and servers are killed and stalled, the Redis is killed, emptied and started again, at moments that a seed decides.
//!
//! Nothing false may be seen meanwhile, and once things are quiet every picture is the truth. `LOOM_STORM_SEEDS=7` or `1..100` says
//! which; `LOOM_STORM_PROCESSES`, `LOOM_STORM_ACTORS` (of each) and `LOOM_STORM_VIEWERS` how many.

#![expect(
    clippy::print_stdout,
    reason = "says which seed it is and what happens, for whoever looks into one"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_codec::Framed;
use actix_http::ws::{Codec, Frame as WsFrame};
use futures_util::StreamExt;
use loom_protocol::{ActorBatch, BatchOutcome, Frame};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::front::Front;
use crate::several::world::{Process, Site, until};

/// A request that takes longer counts as lost.
const ANSWER: Duration = Duration::from_secs(12);
/// Once nobody disturbs them any more, all pictures are the truth within this time.
const QUIET: Duration = Duration::from_secs(120);

/// What is true: each actor's messages, as its process counts them.
type Truth = Arc<Mutex<BTreeMap<String, u64>>>;

fn number(name: &str, otherwise: usize) -> usize {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().expect("a number"))
}

fn seeds() -> Vec<u64> {
    let text = std::env::var("LOOM_STORM_SEEDS").unwrap_or("1".into());
    match text.split_once("..") {
        Some((first, last)) => (first.parse().unwrap()..=last.parse().unwrap()).collect(),
        None => vec![text.parse().unwrap()],
    }
}

/// Numbers that look like chance and come again with the seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// One request; nothing where no whole answer comes.
async fn ask(
    addr: SocketAddr,
    method: &str,
    path: &str,
    more: &str,
    body: &str,
) -> Option<(u16, String, String)> {
    let asking = async {
        let mut stream = TcpStream::connect(addr).await.ok()?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{more}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        });
        if length.is_some_and(|length: usize| length != body.len()) {
            return None;
        }
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { whole(body)? } else { body.to_owned() };
        Some((status, head.to_owned(), body))
    };
    timeout(ANSWER, asking).await.ok().flatten()
}

/// A body that came in chunks; nothing where the last one is missing.
fn whole(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, rest) = chunks.split_once("\r\n")?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..size)?);
        chunks = rest.get(size..)?.strip_prefix("\r\n")?;
    }
}

/// A process as the bridge is one: what it sent goes again until it is answered, by whichever server.
async fn report(
    addr: SocketAddr,
    mut process: Process,
    truth: Truth,
    works: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
) {
    let mut waiting: Option<ActorBatch> = None;
    while !ends.load(Ordering::SeqCst) {
        if works.load(Ordering::SeqCst) {
            process.work(1);
            truth.lock().unwrap().extend(process.actors.clone());
        }
        let batch = waiting.take().unwrap_or_else(|| process.next());
        let body = serde_json::to_string(&batch).unwrap();
        match ask(addr, "POST", "/api/actor/batch", "", &body).await {
            Some((200, _, body)) => {
                let outcome: BatchOutcome = serde_json::from_str(&body).unwrap();
                process.hear(&outcome);
            }
            // Its number was used, by a batch that nobody said was taken.
            Some((409, ..)) => process.ask_again(),
            Some((400, _, body)) => panic!("refused: {body}"),
            _ => waiting = Some(batch),
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// What a viewer holds, as the page does.
#[derive(Default)]
struct Picture {
    counts: BTreeMap<String, u64>,
    position: String,
    cursor: Option<(String, u64)>,
    fetches: usize,
    connections: usize,
    wrong: Option<String>,
}

impl Picture {
    /// Nothing more may be shown of an actor than it ever did, nor an actor that never was.
    fn look_at(&mut self, truth: &Truth, id: &str, count: u64) {
        let most = truth.lock().unwrap().get(id).copied();
        if most.is_none_or(|most| count > most) {
            self.wrong = Some(format!("{id} is shown with {count} messages, and has {most:?}"));
        }
    }
}

async fn fetch(addr: SocketAddr, picture: &Arc<Mutex<Picture>>, truth: &Truth, all: usize) -> bool {
    let position = picture.lock().unwrap().position.clone();
    let header = if position.is_empty() {
        String::new()
    } else {
        format!("Loom-Position: {position}\r\n")
    };
    let Some((200, head, body)) = ask(addr, "GET", "/api/actors", &header, "").await else {
        return false;
    };
    let actors: Vec<Value> = serde_json::from_str(&body).unwrap();
    let mut picture = picture.lock().unwrap();
    let before = std::mem::take(&mut picture.counts);
    for actor in &actors {
        let (id, count) = (
            actor["id"].as_str().unwrap(),
            actor["messageCount"].as_u64().unwrap_or(0),
        );
        picture.look_at(truth, id, count);
        if actor["status"] == "stale" {
            picture.wrong = Some(format!("{id} is shown as silent, and its process never was"));
        }
        if actor["rates"]["messages"].as_f64().is_some_and(|rate| rate < 0.0) {
            picture.wrong = Some(format!("{id} has a rate below zero"));
        }
        picture.counts.insert(id.to_owned(), count);
    }
    if before.len() == all && actors.len() < all {
        picture.wrong = Some(format!(
            "{} of {all} actors are shown, after all were",
            actors.len()
        ));
    }
    let seen = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("loom-position: ")
            .map(str::to_owned)
    });
    if let Some(seen) = seen {
        picture.position = seen;
    }
    picture.fetches += 1;
    true
}

/// A viewer: a socket by nginx, everything fetched by nginx when it is told to, and again after the socket is lost.
async fn look(
    addr: SocketAddr,
    picture: Arc<Mutex<Picture>>,
    truth: Truth,
    all: usize,
    ends: Arc<AtomicBool>,
) {
    while !ends.load(Ordering::SeqCst) {
        let cursor = picture.lock().unwrap().cursor.clone();
        let path = cursor.map_or_else(
            || "/ws".to_owned(),
            |(epoch, seq)| format!("/ws?epoch={epoch}&seq={seq}"),
        );
        let Some(mut socket) = connect(addr, &path).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        picture.lock().unwrap().connections += 1;
        // A server that stands still says nothing; metrics come every two seconds.
        while let Ok(Some(Ok(frame))) = timeout(Duration::from_secs(6), socket.next()).await {
            let WsFrame::Text(bytes) = frame else { continue };
            let frame: Frame = serde_json::from_slice(&bytes).unwrap();
            let is_told = {
                let mut picture = picture.lock().unwrap();
                let known = picture.cursor.take();
                picture.cursor = Some((frame.epoch.0.clone(), frame.seq.0));
                match frame.kind.as_str() {
                    "hello" | "resync" => {
                        if let Some(position) = frame.data["position"].as_str()
                            && later(position, &picture.position)
                        {
                            picture.position = position.to_owned();
                        }
                        frame.kind == "resync" || known.is_none_or(|(epoch, _)| epoch != frame.epoch.0)
                    }
                    "actor:update" => {
                        let id = frame.data["id"].as_str().unwrap().to_owned();
                        let count = frame.data["messageCount"].as_u64().unwrap_or(0);
                        picture.look_at(&truth, &id, count);
                        picture.counts.insert(id, count);
                        false
                    }
                    "actor:removed" => {
                        let id = frame.data["id"].as_str().unwrap();
                        picture.counts.remove(id);
                        picture.wrong = Some(format!("{id} is gone, and never went"));
                        false
                    }
                    _ => false,
                }
            };
            if is_told {
                while !fetch(addr, &picture, &truth, all).await && !ends.load(Ordering::SeqCst) {
                    sleep(Duration::from_millis(100)).await;
                }
            }
            if ends.load(Ordering::SeqCst) {
                return;
            }
        }
    }
}

fn later(one: &str, other: &str) -> bool {
    let parsed = |text: &str| {
        let (millis, number) = text.split_once('-')?;
        Some((millis.parse::<u64>().ok()?, number.parse::<u64>().ok()?))
    };
    parsed(one) > parsed(other)
}

async fn connect(addr: SocketAddr, path: &str) -> Option<Framed<TcpStream, Codec>> {
    let connecting = async {
        let mut stream = TcpStream::connect(addr).await.ok()?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let is_open = head.starts_with(b"HTTP/1.1 101");
        is_open.then(|| Framed::new(stream, Codec::new().client_mode().max_size(1 << 24)))
    };
    timeout(ANSWER, connecting).await.ok().flatten()
}

/// Disturbs them, as the seed says.
async fn disturb(front: &mut Front, chance: &mut Chance) {
    let server = usize::try_from(chance.below(3)).unwrap();
    let pause = Duration::from_millis(200 + chance.below(4_000));
    match chance.below(7) {
        0 => {
            println!("  server {server} is killed, and back after {pause:?}");
            front.kill(server);
            sleep(pause).await;
            front.run(server);
        }
        1 | 2 => {
            println!("  server {server} stands still for {:?}", pause * 2);
            front.signal(server, "-STOP");
            sleep(pause * 2).await;
            front.signal(server, "-CONT");
        }
        3 => {
            println!("  the Redis is killed, and back after {:?}", pause * 2);
            front.engine.set_away(true);
            sleep(pause * 2).await;
            front.engine.set_away(false);
        }
        4 => {
            println!("  the Redis is emptied");
            front.engine.lose_all();
        }
        5 => {
            println!("  a replica that lost the newest {pause:?} takes the place of the Redis");
            front.engine.mark();
            sleep(pause).await;
            front.engine.return_to_mark();
        }
        _ => {
            println!("  the Redis is killed and comes back empty, while server {server} stands still");
            front.signal(server, "-STOP");
            front.engine.set_away(true);
            sleep(pause).await;
            front.engine.set_away(false);
            front.engine.lose_all();
            front.signal(server, "-CONT");
        }
    }
    sleep(Duration::from_millis(500 + chance.below(1_500))).await;
}

/// Whether all servers and viewers show the truth; else what is not so.
async fn differences(
    front: &Front,
    pictures: &[Arc<Mutex<Picture>>],
    truth: &BTreeMap<String, u64>,
) -> Option<String> {
    for addr in front.servers() {
        let Some((200, _, body)) = ask(addr, "GET", "/api/actors", "", "").await else {
            return Some(format!("{addr} does not answer"));
        };
        let actors: Vec<Value> = serde_json::from_str(&body).unwrap();
        let shown: BTreeMap<String, u64> = actors
            .iter()
            .map(|actor| {
                (
                    actor["id"].as_str().unwrap().to_owned(),
                    actor["messageCount"].as_u64().unwrap_or(0),
                )
            })
            .collect();
        if shown != *truth {
            return Some(format!("{addr} shows {}", first_difference(&shown, truth)));
        }
    }
    for (number, picture) in pictures.iter().enumerate() {
        let picture = picture.lock().unwrap();
        if picture.counts != *truth {
            return Some(format!(
                "viewer {number} shows {}",
                first_difference(&picture.counts, truth)
            ));
        }
    }
    None
}

fn first_difference(shown: &BTreeMap<String, u64>, truth: &BTreeMap<String, u64>) -> String {
    let other = truth.iter().find(|(id, count)| shown.get(*id) != Some(count));
    let (of, all) = (shown.len(), truth.len());
    format!(
        "{of} of {all} actors, and of {other:?} {:?}",
        other.and_then(|(id, _)| shown.get(id))
    )
}

async fn storm(seed: u64) {
    let (processes, actors, viewers) = (
        number("LOOM_STORM_PROCESSES", 5),
        number("LOOM_STORM_ACTORS", 40),
        number("LOOM_STORM_VIEWERS", 9),
    );
    println!("seed {seed}: {processes} processes with {actors} actors, {viewers} viewers");
    let mut front = Front::start();
    // So that viewers are spread over all of them.
    for addr in front.servers() {
        until("a server follows the log", || async {
            let health = ask(addr, "GET", "/api/health", "", "").await;
            health.is_some_and(|(_, _, body)| body.contains("3 servers"))
        })
        .await;
    }
    let truth = Truth::default();
    let (works, reports_end, viewers_end) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut tasks = Vec::new();
    for process in 0..processes {
        let ids: Vec<String> = (0..actors).map(|actor| format!("p{process}-a{actor}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let process = Process::new(&format!("boot-{process}"), &ids);
        truth.lock().unwrap().extend(process.actors.clone());
        let (truth, works, ends) = (truth.clone(), works.clone(), reports_end.clone());
        tasks.push(tokio::spawn(report(front.addr, process, truth, works, ends)));
    }
    let all = processes * actors;
    let pictures: Vec<Arc<Mutex<Picture>>> = (0..viewers).map(|_| Arc::default()).collect();
    for picture in &pictures {
        let (picture, truth, ends) = (picture.clone(), truth.clone(), viewers_end.clone());
        tasks.push(tokio::spawn(look(front.addr, picture, truth, all, ends)));
    }
    until("all viewers see all actors", || async {
        pictures
            .iter()
            .all(|picture| picture.lock().unwrap().counts.len() == all)
    })
    .await;
    let mut chance = Chance(seed);
    for _ in 0..number("LOOM_STORM_BLOWS", 6) {
        disturb(&mut front, &mut chance).await;
    }
    works.store(false, Ordering::SeqCst);
    let began = Instant::now();
    loop {
        let wrong = pictures
            .iter()
            .find_map(|picture| picture.lock().unwrap().wrong.clone());
        assert_eq!(wrong, None, "seed {seed}");
        let is = truth.lock().unwrap().clone();
        match differences(&front, &pictures, &is).await {
            None => break,
            Some(difference) => assert!(began.elapsed() < QUIET, "seed {seed}: {difference}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
    let (fetches, connections) = pictures.iter().fold((0, 0), |(fetches, connections), picture| {
        let picture = picture.lock().unwrap();
        (fetches + picture.fetches, connections + picture.connections)
    });
    let seconds = began.elapsed().as_secs_f32();
    println!("  all is true {seconds:.1} s later; {connections} connections, {fetches} fetches");
    reports_end.store(true, Ordering::SeqCst);
    viewers_end.store(true, Ordering::SeqCst);
    for task in tasks {
        task.abort();
    }
}

#[actix_web::test]
async fn whatever_happens_to_servers_and_redis_nothing_false_is_seen() {
    for seed in seeds() {
        storm(seed).await;
    }
}
