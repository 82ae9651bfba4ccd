//! Phoenix channels by plain requests, as `phoenix.js` with its LongPoll transport makes them.

use serde_json::{Value, json};

use super::project;
use crate::harness::{Address, Answer, Loom, Studio, binary, until};

const PATH: &str = "/socket/longpoll?vsn=2.0.0";

/// A session, as its client has it.
struct Client<'a> {
    studio: &'a Studio,
    address: String,
    heard: Vec<Value>,
}

impl<'a> Client<'a> {
    fn begin(studio: &'a Studio) -> Self {
        let begun = studio.value(PATH);
        assert_eq!((&begun["status"], &begun["messages"]), (&json!(410), &json!([])));
        let token = begun["token"].as_str().expect("a token");
        Self {
            studio,
            address: format!("{PATH}&token={token}"),
            heard: Vec::new(),
        }
    }

    fn say(&self, frames: &[Value]) -> Answer {
        let lines: Vec<String> = frames.iter().map(Value::to_string).collect();
        self.studio
            .post(&self.address)
            .header("Content-Type", "application/x-ndjson")
            .body(lines.join("\n"))
            .send()
    }

    fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..30 {
            if let Some(frame) = self.heard.iter().find(|frame| wanted(frame)) {
                return frame.clone();
            }
            let answer = self.studio.value(&self.address);
            assert!(
                answer["status"] == 200 || answer["status"] == 204,
                "{what}: {answer}"
            );
            let messages = answer["messages"].as_array().expect("messages");
            let read = |text: &Value| serde_json::from_str(text.as_str().expect("a text")).expect("a frame");
            self.heard.extend(messages.iter().map(read));
        }
        panic!("no {what}: {:?}", self.heard)
    }
}

#[test]
fn topics_are_joined_and_heard_without_a_socket() {
    let studio = Studio::of(project());
    let mut client = Client::begin(&studio);
    let taken = client.say(&[
        json!(["1", "1", "logs:all", "phx_join", {}]),
        json!(["2", "2", "workflow:quick", "phx_join", {}]),
        json!([null, "3", "phoenix", "heartbeat", {}]),
    ]);
    assert_eq!(taken.is(200).value(), json!({"status": 200}));
    for reference in ["1", "2", "3"] {
        client.until("reply", |frame| {
            frame[1] == reference && frame[3] == "phx_reply" && frame[4]["status"] == "ok"
        });
    }
    let run = studio.start_workflow("quick");
    for line in ["first-line", "second-line"] {
        let log = client.until(line, |frame| frame[3] == "new_log" && frame[4]["message"] == line);
        assert_eq!(log[4]["runId"], run);
    }
    client.until("end", |frame| {
        frame[3] == "job_status" && frame[4]["state"] == "success"
    });
    let lines = client
        .heard
        .iter()
        .filter(|frame| frame[4]["message"] == "first-line");
    assert_eq!(lines.count(), 1, "each once");
    let wrong = client.say(&[json!({"no": "frame"})]).is(400).value();
    assert_eq!(wrong["code"], "no_frame");
}

#[test]
fn a_session_that_is_gone_says_so_and_another_begins() {
    let studio = Studio::of(project());
    let client = Client {
        studio: &studio,
        address: format!("{PATH}&token=poll-session-of-yesterday"),
        heard: Vec::new(),
    };
    let said = client.say(&[json!([null, "1", "phoenix", "heartbeat", {}])]);
    assert_eq!(said.is(200).value(), json!({"status": 410}));
    let polled = studio.value(&client.address);
    assert_eq!(polled["status"], 410);
    assert_ne!(polled["token"], "poll-session-of-yesterday");
    let unknown = studio.get("/socket/longpoll?vsn=9.0.0").send().is(400).value();
    assert_eq!(unknown["code"], "unknown_vsn");
}

#[test]
fn frames_and_what_waits_for_a_client_have_bounds() {
    let studio = Studio::of(project());
    let client = Client::begin(&studio);
    let long = json!([null, "x".repeat(70_000), "phoenix", "heartbeat", {}]);
    let refused = client.say(&[long]).is(400).value();
    assert_eq!(refused["code"], "frame_too_large");
    let large = json!([null, "x".repeat(60_000), "phoenix", "heartbeat", {}]);
    let answers: Vec<Value> = (0..30)
        .map(|_| client.say(std::slice::from_ref(&large)).is(200).value()["status"].clone())
        .collect();
    assert_eq!(answers[0], 200);
    assert_eq!(answers[29], 410, "who takes no answers is let go");
}

#[test]
fn a_session_of_who_signed_in_ends_with_signing_out() {
    let studio = Studio::with(project(), |serve| serve.env("STUDIO_TOKEN", "correct horse"));
    let signed_in = studio
        .post("/api/session")
        .json(&json!({"token": "correct horse"}))
        .send()
        .is(204);
    let cookie = signed_in.header("set-cookie").expect("a cookie");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let begun = studio.get(PATH).header("Cookie", &cookie).send().is(200).value();
    let session = begun["token"].as_str().expect("a token");
    let address = format!("{PATH}&token={session}");
    let beat = json!([null, "1", "phoenix", "heartbeat", {}]).to_string();
    studio.post(&address).body(beat.clone()).send().is(200);
    Address::local(studio.port)
        .delete("/api/session")
        .header("Cookie", &cookie)
        .send()
        .is(204);
    studio.post(&address).body(beat).send().is(401);
}

#[test]
fn the_token_is_shown_as_sockets_do_and_a_session_is_of_who_began_it() {
    let project = project();
    let file = project.path().join("tokens.json").to_string_lossy().into_owned();
    let [ann, bob, report] = [("ann", "view"), ("bob", "view"), ("cam", "report")].map(|(name, role)| {
        let add = ["token", "add", name, "--role", role, "--tokens", &file];
        let made = Loom::program(&binary("loom-studio")).args(&add).run().exits(0);
        made.stdout.lines().next().expect("a token").to_owned()
    });
    let studio = Studio::with(project, |serve| serve.env("STUDIO_TOKENS", &file));
    studio.get(PATH).send().is(401);
    studio
        .get(PATH)
        .header("X-Phoenix-AuthToken", "wrong")
        .send()
        .is(401);
    studio
        .get(PATH)
        .header("X-Phoenix-AuthToken", &report)
        .send()
        .is(403);
    // By the header, and by `params`, before which the session stands under the same name later.
    let by_header = studio
        .get(PATH)
        .header("X-Phoenix-AuthToken", &ann)
        .send()
        .is(200)
        .value();
    let session = by_header["token"].as_str().expect("a token").to_owned();
    let with_session = format!("{PATH}&token={session}");
    let beat = json!([null, "1", "phoenix", "heartbeat", {}]).to_string();
    let taken = |path: &str, token: Option<&str>| {
        let mut request = studio.post(path).body(beat.clone());
        if let Some(token) = token {
            request = request.header("X-Phoenix-AuthToken", token);
        }
        request.send()
    };
    assert_eq!(taken(&with_session, Some(&ann)).is(200).value()["status"], 200);
    let in_params = format!("/socket/longpoll?token={ann}&vsn=2.0.0&token={session}");
    assert_eq!(taken(&in_params, None).is(200).value()["status"], 200);
    assert_eq!(
        taken(&with_session, Some(&bob)).is(200).value()["status"],
        410,
        "it is ann's"
    );
    // `phoenix.js` brings frames with nothing but the session.
    assert_eq!(taken(&with_session, None).is(200).value()["status"], 200);
    taken(&format!("{PATH}&token=poll-session-guessed"), None).is(401);
    let of_ann = studio.get(&with_session).send().is(200).value();
    assert_eq!(of_ann["messages"].as_array().expect("messages").len(), 3);
    studio
        .get("/api/actors")
        .header("Cookie", &session)
        .send()
        .is(401);
    studio.get(&format!("/api/actors?token={session}")).send().is(401);
    let revoke = ["token", "revoke", "ann", "--tokens", &file];
    Loom::program(&binary("loom-studio")).args(&revoke).run().exits(0);
    until("the end of what ann may do", || {
        (taken(&with_session, None).status == 401).then_some(())
    });
    taken(&with_session, Some(&report)).is(403);
}
