//! `examples/clients` at a studio that refuses and goes away: no answer is lost, and orders are heard of at once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::clients::{node, python};

/// Nothing here takes longer unless it is broken.
const LONG: Duration = Duration::from_secs(30);

/// A request that waits for its answer.
struct Asked {
    path: String,
    body: Value,
    stream: TcpStream,
}

impl Asked {
    fn answer(mut self, status: u16, body: &Value) {
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        // Whoever asked may have given up.
        let _gone = self.stream.write_all(format!("{head}{body}").as_bytes());
    }
}

/// Batches and polls, each as they come, answered by the test.
struct Fake {
    url: String,
    batches: Receiver<Asked>,
    polls: Receiver<Asked>,
}

impl Fake {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (batch, batches) = channel();
        let (poll, polls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let to: [Sender<Asked>; 2] = [batch.clone(), poll.clone()];
                std::thread::spawn(move || read(stream, &to));
            }
        });
        Self { url, batches, polls }
    }

    #[track_caller]
    fn batch(&self) -> Asked {
        self.batches.recv_timeout(LONG).expect("a batch")
    }

    #[track_caller]
    fn poll(&self) -> Asked {
        self.polls.recv_timeout(LONG).expect("a poll")
    }

    /// The first batch that says what may be ordered of the actor: before that nobody would order it. Those before it are taken.
    #[track_caller]
    fn ready(&self) -> Asked {
        loop {
            let asked = self.batch();
            let actors = ["register", "update"]
                .iter()
                .flat_map(|key| asked.body[key].as_array());
            let mut forms = actors.flatten().map(|actor| &actor["controls"]["messages"]);
            if forms.any(|forms| forms.as_array().is_some_and(|forms| forms.len() == 2)) {
                return asked;
            }
            asked.answer(200, &taken());
        }
    }

    /// The next batch that answers orders; those before it are taken.
    #[track_caller]
    fn answers(&self) -> (Asked, Value) {
        loop {
            let asked = self.batch();
            let answers = asked.body["answers"].clone();
            if answers.as_array().is_some_and(|answers| !answers.is_empty()) {
                return (asked, answers);
            }
            asked.answer(200, &taken());
        }
    }
}

fn read(mut stream: TcpStream, [batch, poll]: &[Sender<Asked>; 2]) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
    let (head, body) = loop {
        let Ok(count @ 1..) = stream.read(&mut chunk) else {
            return;
        };
        bytes.extend(chunk.iter().take(count));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        // Either says how long it is, or comes in chunks of one line each.
        let is_whole = match head.to_lowercase().split_once("content-length: ") {
            Some((_, rest)) => rest.lines().next().and_then(|n| n.parse().ok()) == Some(body.len()),
            None => body.ends_with("0\r\n\r\n"),
        };
        if is_whole {
            break (head.to_owned(), body.to_owned());
        }
    };
    let json = body
        .lines()
        .find(|line| line.starts_with('{'))
        .unwrap_or_default();
    let asked = Asked {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        body: serde_json::from_str(json).unwrap_or_default(),
        stream,
    };
    let to = if asked.path == "/api/actor/poll" {
        poll
    } else {
        batch
    };
    // A test that has seen enough takes no more.
    let _over = to.send(asked);
}

fn taken() -> Value {
    json!({"accepted": 0, "rejected": []})
}

fn ordering(orders: &Value) -> Value {
    json!({"accepted": 0, "rejected": [], "orders": orders})
}

fn order(id: &str, message: &str) -> Value {
    json!({"id": id, "actor": "a", "order": "message", "message": message, "body": null, "by": "ana"})
}

/// A program that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

type Start = fn(&str, &str) -> Child;

/// Each client with an actor that answers, and beats each so many seconds.
fn both(seconds: f64) -> [(&'static str, Start, String); 2] {
    let of_python = format!(
        "import threading\nfrom loom_client import Studio\nstudio = Studio(app='t', period={seconds})\n\
         actor = studio.actor('a', 'A')\nactor.message('Add', lambda body: {{'total': 3}})\n\
         actor.message('Much', lambda body: 'x' * 70000)\nthreading.Event().wait()\n"
    );
    let of_node = format!(
        "import {{ pathToFileURL }} from 'node:url';\nconst {{ Studio }} = await import(pathToFileURL(process.env.CLIENT));\n\
         const studio = new Studio({{ app: 't', period: {} }});\nconst actor = studio.actor('a', 'A');\n\
         actor.message('Add', () => ({{ total: 3 }}));\nactor.message('Much', () => 'x'.repeat(70000));\n\
         setTimeout(() => {{}}, 3600000);\n",
        seconds * 1_000.0
    );
    [("Python", python, of_python), ("Node.js", node, of_node)]
}

#[test]
fn an_answer_is_not_lost_with_a_batch_that_is_refused_or_not_taken() {
    for (name, start, program) in both(0.05) {
        let studio = Fake::open();
        let _running = Running(start(&studio.url, &program));
        studio
            .ready()
            .answer(200, &ordering(&json!([order("o1", "Add")])));
        let whole = json!([{"id": "o1", "outcome": "done", "value": {"total": 3}}]);
        let (asked, answers) = studio.answers();
        assert_eq!(answers, whole, "{name}");
        let seq = asked.body["seq"].clone();
        // A studio that is away for a moment gets the same batch.
        asked.answer(503, &json!({}));
        let (asked, answers) = studio.answers();
        assert_eq!((&asked.body["seq"], &answers), (&seq, &whole), "{name}");
        // One that answers what is no outcome has not taken it.
        asked.answer(200, &json!({"hello": "I am no studio"}));
        let (asked, answers) = studio.answers();
        assert_eq!((&asked.body["seq"], &answers), (&seq, &whole), "{name}");
        // A batch that is refused for good is another one next time, with the same answer.
        asked.answer(400, &json!({"detail": "no"}));
        let (asked, answers) = studio.answers();
        assert_ne!(asked.body["seq"], seq, "{name}");
        assert_eq!(
            (&asked.body["complete"], &answers),
            (&json!(true), &whole),
            "{name}"
        );
        // The value may be what it is refused for.
        asked.answer(400, &json!({"detail": "no"}));
        let (asked, answers) = studio.answers();
        let bare = json!([{"id": "o1", "outcome": "done", "problem": "the studio refused its value"}]);
        assert_eq!(answers, bare, "{name}");
        asked.answer(200, &taken());
        let next = studio.batch();
        assert_eq!(
            next.body["answers"],
            json!([]),
            "{name}: once it is taken it is over"
        );
        next.answer(200, &ordering(&json!([order("o2", "Much")])));
        let (_, answers) = studio.answers();
        assert_eq!(answers[0]["outcome"], "failed", "{name}");
        let problem = answers[0]["problem"].as_str().unwrap_or_default();
        assert!(problem.contains("70002 bytes"), "{name}: {problem}");
    }
}

#[test]
fn an_order_is_heard_of_at_once_though_the_next_beat_is_an_hour_away() {
    for (name, start, program) in both(3_600.0) {
        let studio = Fake::open();
        let _running = Running(start(&studio.url, &program));
        let first = studio.batch();
        let boot = first.body["boot"].clone();
        // A studio that does not know the boot yet is asked again.
        let poll = studio.poll();
        assert_eq!(
            (&poll.body["boot"], &poll.body["seen"]),
            (&boot, &Value::Null),
            "{name}"
        );
        poll.answer(404, &json!({"code": "unknown_boot"}));
        first.answer(200, &taken());
        studio
            .poll()
            .answer(200, &json!({"changed": false, "seen": "1-1"}));
        let held = studio.poll();
        assert_eq!(held.body["seen"], "1-1", "{name}");
        held.answer(200, &json!({"changed": true, "seen": "1-2"}));
        studio
            .batch()
            .answer(200, &ordering(&json!([order("o1", "Add")])));
        let (asked, answers) = studio.answers();
        assert_eq!(answers[0]["value"], json!({"total": 3}), "{name}");
        assert_eq!(studio.poll().body["seen"], "1-2", "{name}");
        asked.answer(200, &taken());
    }
}

#[test]
fn a_node_program_that_is_done_ends_though_a_poll_is_open() {
    let studio = Fake::open();
    let program = "import { pathToFileURL } from 'node:url';\nconst { Studio } = await import(pathToFileURL(process.env.CLIENT));\n\
                   new Studio({ app: 't' }).actor('a', 'A');\nawait new Promise((done) => setTimeout(done, 200));\n";
    let child = node(&studio.url, program);
    studio.batch().answer(200, &taken());
    let _held = studio.poll();
    let ended = child.wait_with_output().expect("it ends");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn what_is_no_json_is_left_out_and_reports_go_on() {
    for (name, start, program) in both(0.05) {
        // Something that contains itself, and then something that only has to be written otherwise.
        let strange = match name {
            "Python" => {
                "ring = []\nring.append(ring)\nactor.note('ring', ring=ring)\nfrom datetime import datetime\n\
                 actor.set(metadata={'at': datetime(2026, 1, 2)})\n"
            }
            _ => {
                "const ring = [];\nring.push(ring);\nactor.note('ring', { data: ring });\nactor.set({ metadata: { at: 9007199254740993n } });\n"
            }
        };
        let mark = if name == "Python" {
            "threading.Event"
        } else {
            "setTimeout"
        };
        let (before, rest) = program.split_once(mark).expect("where it waits");
        let studio = Fake::open();
        let _running = Running(start(&studio.url, &format!("{before}{strange}{mark}{rest}")));
        let next = loop {
            let batch = studio.batch();
            let actor = batch.body["register"][0].clone();
            batch.answer(200, &taken());
            if actor["metadata"]["at"].is_string() {
                break actor;
            }
        };
        assert_eq!(next["id"], "a", "{name}");
    }
}
