//! 1,000 viewers that each look at a window of 10,000 actors, all of which change every second; 50 of them never read. Prints
//! how long a change takes to reach a viewer, and what memory does meanwhile; nothing here fails.
//!
//! `cargo bench -p loom-studio --bench viewers`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and stops when it can't run"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loom_protocol::{ActorBatch, ActorPatch, ActorRecord, BootId};
use loom_studio::{Studio, StudioOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ACTORS: usize = 10_000;
const VIEWERS: usize = 1_000;
const DEAF: usize = 50;
const SECONDS: u32 = 30;
/// Seconds until all have seen their window.
const WARM: u32 = 5;
/// What every viewer sees: the actor that tells the number of the second.
const MARK: &[u8] = br#""tick":"#;

type Sent = Arc<Mutex<Vec<Instant>>>;

#[actix_web::main]
async fn main() {
    let options = StudioOptions {
        port: 0,
        max_sockets: VIEWERS + 10,
        ..StudioOptions::default()
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let register = (0..ACTORS)
        .map(|id| ActorRecord::new(name(id), "Actor"))
        .collect();
    studio
        .intake
        .batch(ActorBatch {
            register,
            ..ActorBatch::new(BootId("bench".to_owned()), 1)
        })
        .unwrap();
    let sent: Sent = Sent::default();
    let viewers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (addr, late): (SocketAddr, Arc<Mutex<Vec<Duration>>>) = (studio.addr, Arc::default());
    for number in 0..VIEWERS {
        let (sent, late) = (sent.clone(), late.clone());
        viewers.spawn(async move {
            let stream = open(addr, number).await;
            if number < DEAF {
                // Held, and never read.
                std::future::pending::<()>().await;
            }
            look(stream, &sent, &late).await;
        });
    }
    let mut memory = Vec::new();
    for second in 0..SECONDS {
        let began = Instant::now();
        sent.lock().unwrap().push(Instant::now());
        let update = (0..ACTORS).map(|id| changed(id, second)).collect();
        let batch = ActorBatch {
            update,
            ..ActorBatch::new(BootId("bench".to_owned()), u64::from(second) + 2)
        };
        let intake = studio.intake.clone();
        actix_web::web::block(move || intake.batch(batch))
            .await
            .unwrap()
            .unwrap();
        memory.push(resident_mib());
        tokio::time::sleep(Duration::from_secs(1).saturating_sub(began.elapsed())).await;
    }
    let mut late = std::mem::take(&mut *late.lock().unwrap());
    late.sort();
    println!(
        "{VIEWERS} viewers ({DEAF} never read) of {ACTORS} changing actors: {} changes seen of {}",
        late.len(),
        (VIEWERS - DEAF) * (SECONDS - WARM) as usize
    );
    for part in [50, 95, 99, 100] {
        let place = (late.len() * part / 100).min(late.len().saturating_sub(1));
        println!("p{part}: {:?}", late.get(place).copied().unwrap_or_default());
    }
    println!(
        "memory, viewers included: {} MiB after {WARM} s, {} MiB after {SECONDS} s",
        memory[WARM as usize],
        memory[memory.len() - 1]
    );
    viewers.shutdown_background();
    studio.stop().await;
}

fn name(id: usize) -> String {
    format!("actor-{id:05}")
}

fn changed(id: usize, second: u32) -> ActorPatch {
    let mut patch = ActorPatch::new(name(id));
    patch.message_count = Some(u64::from(second) * 100);
    if id == 0 {
        patch.metadata = serde_json::json!({"tick": second}).as_object().cloned();
    }
    patch
}

/// Opens a socket and a window of forty rows, at one of ten places that all have the first actor in them.
async fn open(addr: SocketAddr, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "GET /ws?without=actors HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let count = 40 + number % 10;
    let asked = format!(r#"{{"type":"window","id":"w","sort":"id","from":0,"count":{count}}}"#);
    // A text frame with a mask of zeros.
    let mut frame = vec![0x81, 0x80 | u8::try_from(asked.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(asked.bytes());
    stream.write_all(&frame).await.unwrap();
    stream
}

/// Reads for ever, and writes down how late each second was told of.
async fn look(mut stream: TcpStream, sent: &Sent, late: &Mutex<Vec<Duration>>) {
    let (mut buffer, mut newest) = (vec![0; 64 * 1024], 0);
    let mut rest = 0;
    loop {
        let read = stream.read(&mut buffer[rest..]).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        let now = Instant::now();
        let bytes = &buffer[..rest + read];
        if let Some(second) = last_mark(bytes)
            && second > newest
        {
            newest = second;
            if second >= WARM
                && let Some(at) = sent.lock().unwrap().get(second as usize)
            {
                late.lock().unwrap().push(now.duration_since(*at));
            }
        }
        // A mark may lie across two reads.
        let kept = bytes.len().min(16);
        let from = bytes.len() - kept;
        buffer.copy_within(from..from + kept, 0);
        rest = kept;
    }
}

fn last_mark(bytes: &[u8]) -> Option<u32> {
    let at = bytes.windows(MARK.len()).rposition(|window| window == MARK)?;
    let digits: Vec<u8> = bytes[at + MARK.len()..]
        .iter()
        .copied()
        .take_while(u8::is_ascii_digit)
        .collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// Linux only.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
