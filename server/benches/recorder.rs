//! What the flight recorder costs, and how long a recording takes to be opened. Prints; nothing here fails.
//!
//! - Two studios take the same batches over HTTP in turns, one with the recorder and one without: changes a second, and the ratio.
//! - Ten minutes at 2,000 changes a second are recorded by a clock that is set, downloaded, and opened.
//!
//! `cargo bench -p loom-studio --bench recorder`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and stops when it can't run"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use loom_bridge::ActorRegistry;
use loom_protocol::{
    ActorBatch, ActorPatch, ActorRecord, BootId, Histogram, MessageTotals, Timestamp, TypeTotals, Work,
};
use loom_studio::{Clock, RecorderOptions, RunningStudio, Studio, StudioOptions};

const ACTORS: usize = 10_000;
const TYPES: usize = 20;
const CHANGES: usize = 2_000;
const ROUNDS: usize = 15;
const BATCHES: u64 = 150;

/// A clock that is set.
#[derive(Clone)]
struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[actix_web::main]
async fn main() {
    cost().await;
    opening().await;
}

async fn start(bytes: usize, clock: Option<SetClock>) -> RunningStudio {
    let options = StudioOptions {
        port: 0,
        workers: Some(1),
        recorder: RecorderOptions {
            bytes,
            ..RecorderOptions::default()
        },
        ..StudioOptions::default()
    };
    let mut studio = Studio::builder(options).registry(ActorRegistry::new());
    if let Some(clock) = clock {
        studio = studio.clock(Arc::new(clock));
    }
    studio.start().await.unwrap()
}

async fn cost() {
    let (with, without) = (start(64 << 20, None).await, start(0, None).await);
    let mut rates = [Vec::new(), Vec::new()];
    let mut seq = 0;
    for round in 0..ROUNDS {
        // In turns and in both orders, so that what else the machine does meets both.
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let addr = [with.addr, without.addr][which];
            let from = seq;
            let rate = actix_web::rt::task::spawn_blocking(move || load(addr, from))
                .await
                .unwrap();
            rates[which].push(rate);
        }
        seq += BATCHES;
    }
    let mut ratios: Vec<f64> = rates[0]
        .iter()
        .zip(&rates[1])
        .map(|(with, without)| with / without)
        .collect();
    let [with_rate, without_rate] = rates.map(median);
    ratios.sort_by(f64::total_cmp);
    println!(
        "changes a second over HTTP: {with_rate:.0} recorded, {without_rate:.0} not; ratio of the medians {:.3}, of the rounds {:.3} \
         (from {:.3} to {:.3})",
        with_rate / without_rate,
        median(ratios.clone()),
        ratios[0],
        ratios[ratios.len() - 1]
    );
    with.stop().await;
    without.stop().await;
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Sends batches one after the other, as fast as they are taken.
fn load(addr: SocketAddr, from: u64) -> f64 {
    let bodies: Vec<Vec<u8>> = (from..from + BATCHES).map(|seq| body(seq, seq + 1)).collect();
    let mut stream = TcpStream::connect(addr).unwrap();
    let start = Instant::now();
    for body in &bodies {
        post(&mut stream, body);
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let changes = (BATCHES as usize * CHANGES) as f64;
    changes / start.elapsed().as_secs_f64()
}

async fn opening() {
    let hands = SetClock(Arc::new(AtomicI64::new(1_765_596_838_077)));
    let studio = start(512 << 20, Some(hands.clone())).await;
    let (addr, intake) = (studio.addr, studio.intake.clone());
    let folder = std::env::temp_dir().join(format!("loom-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("ten-minutes.loomrec");
    let file = path.clone();
    let bytes = actix_web::rt::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        for second in 0..660 {
            hands.0.fetch_add(1_000, Ordering::SeqCst);
            post(&mut stream, &body(second, second + 1));
            intake.sweep();
            // So that the recorder has its turn once a second of that clock.
            std::thread::sleep(Duration::from_millis(if second % 30 == 29 { 300 } else { 0 }));
        }
        let recording = get(addr, "/api/recording/file");
        std::fs::write(&file, &recording).unwrap();
        recording.len()
    })
    .await
    .unwrap();
    studio.stop().await;
    let start = Instant::now();
    let options = StudioOptions {
        port: 0,
        ..StudioOptions::default()
    };
    let opened = Studio::open(&path, options)
        .unwrap()
        .registry(ActorRegistry::new());
    let opened = opened.start().await.unwrap();
    let listening = start.elapsed();
    let addr = opened.addr;
    let shown = actix_web::rt::task::spawn_blocking(move || get(addr, "/api/actors?limit=100").len())
        .await
        .unwrap();
    println!(
        "a recording of ten minutes at {CHANGES} changes a second: {} KiB; opened in {listening:?}, its first page ({shown} bytes) \
         after {:?}",
        bytes / 1024,
        start.elapsed()
    );
    for ago in [30, 59, 90, 300, 599] {
        let start = Instant::now();
        let path = format!(
            "/api/actors?limit=100&at={}",
            1_765_596_838_077_i64 + (660 - ago) * 1_000
        );
        let shown = actix_web::rt::task::spawn_blocking(move || get(addr, &path).len())
            .await
            .unwrap();
        println!(
            "as it was {ago} s before its end: {:?} ({shown} bytes)",
            start.elapsed()
        );
    }
    opened.stop().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

fn body(seq: u64, number: u64) -> Vec<u8> {
    let mut batch = ActorBatch::new(BootId("bench".to_owned()), number);
    if seq == 0 {
        batch.register = (0..ACTORS).map(record).collect();
    }
    let first = usize::try_from(seq).unwrap() * CHANGES;
    batch.update = (first..first + CHANGES)
        .map(|id| changed(id % ACTORS, number))
        .collect();
    batch.types = (0..TYPES).map(|kind| totals(kind, number)).collect();
    serde_json::to_vec(&batch).unwrap()
}

fn record(id: usize) -> ActorRecord {
    let mut record = ActorRecord::new(format!("counter-{id}"), format!("CounterActor{}", id % TYPES));
    record.status = Some("active".into());
    record.worker_id = Some(format!("arbiter-{}", id % 16));
    record.node = Some("node-1".to_owned());
    record.message_count = Some(0);
    record.uptime = Some(1);
    record
}

fn changed(id: usize, number: u64) -> ActorPatch {
    let mut patch = ActorPatch::new(format!("counter-{id}"));
    let count = number * 40 + id as u64 % 7;
    patch.message_count = Some(count);
    patch.queue_depth = Some(id as u64 % 5);
    patch.work = Some(Work {
        handled: count,
        handle_us: count * 31,
        queued: count,
        wait_us: count * 17,
        busy_us: count * 40,
        turns: 0,
    });
    patch
}

fn totals(kind: usize, number: u64) -> TypeTotals {
    let mut wait = Histogram::default();
    for place in 0..20_u64 {
        wait.record((place + 1) * 40_000);
    }
    wait.buckets.iter_mut().for_each(|bucket| *bucket *= number);
    let message = |name: &str| MessageTotals {
        kind: name.to_owned(),
        handled: number * 4_000,
        wait: Some(wait.clone()),
        handle: Some(wait.clone()),
        ..MessageTotals::default()
    };
    TypeTotals {
        kind: format!("CounterActor{kind}"),
        messages: vec![message("Add"), message("Read"), message("Reset")],
    }
}

fn post(stream: &mut TcpStream, body: &[u8]) {
    let head = format!(
        "POST /api/actor/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        answer.extend(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(head.starts_with("HTTP/1.1 200"), "{text}");
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if length.is_some_and(|length: usize| body.len() >= length) {
            return;
        }
    }
}

fn get(addr: SocketAddr, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).unwrap();
    let head = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let place = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200"),
        "{path}"
    );
    answer.split_off(place + 4)
}
