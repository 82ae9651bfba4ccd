//! Reading one actor of 100,000 over HTTP, beside a bare actix handler that answers the same bytes: what our guard, routes and
//! directory cost. Prints requests a second and the ratio; nothing here fails.
//!
//! `cargo bench -p loom-studio --bench rest`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and stops when it can't run"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use loom_protocol::{ActorBatch, ActorRecord, BootId};
use loom_studio::{Studio, StudioOptions};

const ACTORS: usize = 100_000;
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1000);

#[actix_web::main]
async fn main() {
    let options = StudioOptions {
        port: 0,
        workers: Some(1),
        ..StudioOptions::default()
    };
    let studio = Studio::builder(options).start().await.unwrap();
    for (seq, ids) in (0..ACTORS).collect::<Vec<_>>().chunks(5_000).enumerate() {
        let batch = ActorBatch {
            register: ids.iter().map(|id| record(*id)).collect(),
            ..ActorBatch::new(BootId("bench".to_owned()), seq as u64 + 1)
        };
        studio.directory.apply(batch).unwrap();
    }
    for path in ["/api/actors/counter-77777", "/api/actors?limit=20", "/api/health"] {
        let addr = studio.addr;
        // Beside this thread: the servers' own futures run on it.
        let body = actix_web::rt::task::spawn_blocking(move || ask(addr, path))
            .await
            .unwrap();
        let peer = bare(body);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            // In turns, so that what else the machine does meets both.
            ours.push(load(studio.addr, path).await);
            theirs.push(load(peer, "/").await);
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "{path}: {ours:.0} requests/s, bare handler {theirs:.0}, ratio {:.2}",
            ours / theirs
        );
    }
    studio.stop().await;
}

/// A server on one thread that answers these bytes and does nothing else.
fn bare(body: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let body = web::Bytes::from(body);
    let server = HttpServer::new(move || {
        let body = body.clone();
        let answer = move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(body) }
        };
        App::new().route("/", web::get().to(answer))
    });
    let server = server.workers(1).disable_signals().listen(listener).unwrap();
    actix_web::rt::spawn(server.run());
    addr
}

fn record(id: usize) -> ActorRecord {
    let mut record = ActorRecord::new(format!("counter-{id}"), format!("CounterActor{}", id % 10));
    record.status = Some("active".into());
    record.worker_id = Some(format!("worker-{}", id % 16));
    record.message_count = Some(id as u64);
    record.uptime = Some(1);
    record
}

/// Requests a second that the server answers to all connections together.
async fn load(addr: SocketAddr, path: &str) -> f64 {
    let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (over, count, request) = (over.clone(), count.clone(), request(addr, path, "keep-alive"));
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(addr).unwrap();
                stream.set_nodelay(true).unwrap();
                let mut rest = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    stream.write_all(request.as_bytes()).unwrap();
                    read_answer(&mut stream, &mut rest);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    actix_web::rt::time::sleep(ROUND).await;
    over.store(true, Ordering::Relaxed);
    actix_web::rt::task::spawn_blocking(move || {
        for client in clients {
            client.join().unwrap();
        }
    })
    .await
    .unwrap();
    count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// The body of one answer.
fn ask(addr: SocketAddr, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(request(addr, path, "close").as_bytes()).unwrap();
    read_answer(&mut stream, &mut Vec::new())
}

fn request(addr: SocketAddr, path: &str, connection: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: {connection}\r\n\r\n")
}

/// Reads one answer with a length; `rest` keeps what came of the next.
fn read_answer(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Vec<u8> {
    let mut buffer = [0; 64 * 1024];
    loop {
        if let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&rest[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.unwrap().parse().unwrap();
            let whole = end + 4 + length;
            if rest.len() >= whole {
                let body = rest[end + 4..whole].to_vec();
                rest.drain(..whole);
                return body;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server hung up");
        rest.extend_from_slice(&buffer[..read]);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
