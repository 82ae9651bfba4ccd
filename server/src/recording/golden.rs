//! Recordings that earlier builds made are opened as they were. A change of what stands in one is seen here before somebody's files
//! can't be read: count up `FORM` in `ingest/keep.rs`, and have `LOOM_UPDATE_GOLDEN=1` make a file of the new form. The keyframes in them are those
//! that servers of several begin with, too.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use loom_protocol::Timestamp;
use serde_json::{Value, json};

use super::equal::{World, limits, seen};
use super::file::{Head, RecordingError, pieces, read};
use super::flight::FlightOptions;
use super::past::{Past, Source};
use crate::ingest::FORM;

const IDS: [&str; 2] = ["shared-0", "of1-5"];
/// Milliseconds before the end of the recording.
const MOMENTS: [i64; 2] = [0, 39_000];

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/recording/golden")
}

/// A recording and what can be seen in it.
fn make() -> (Vec<u8>, Value) {
    let options = FlightOptions {
        bytes: 64 * 1024 * 1024,
        back: 600_000,
        holds: 0,
        is_of_several: false,
    };
    let mut world = World::new(5, options);
    for _ in 0..45 {
        world.second();
    }
    let tape = world.flight.state(&world.intake).tape;
    let head = Head {
        studio: "1".to_owned(),
        stretch: tape.stretch().unwrap(),
        holes: tape.holes(),
        reason: "to be opened by later versions".to_owned(),
        made: world.now(),
        is_of_several: false,
    };
    let file = pieces(&tape, &head).concat();
    let shown = shown(&Bytes::from(file.clone())).unwrap();
    (file, shown)
}

/// What can be seen in a recording.
fn shown(file: &Bytes) -> Result<Value, RecordingError> {
    let (head, tape) = read(file)?;
    let past = Past::new(Source::Opened(tape.into()), limits());
    let moments = MOMENTS.map(|ago| {
        let at = Timestamp::from_millis(head.stretch.to.as_millis() - ago);
        let intake = past.at(at, None).unwrap();
        let [of_actor, of_all] = IDS.map(|id| seen(&intake, id));
        json!([of_actor[0], of_all])
    });
    Ok(json!({"head": head, "moments": moments}))
}

/// The place of something that was there and is not, or is another. What came beside it is no matter.
fn lacks(now: &Value, then: &Value, place: &str) -> Option<String> {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => then.iter().find_map(|(key, then)| {
            let place = format!("{place}/{key}");
            match now.get(key) {
                Some(now) => lacks(now, then, &place),
                None => Some(place),
            }
        }),
        (Value::Array(now), Value::Array(then)) if now.len() == then.len() => {
            let mut pairs = now.iter().zip(then).enumerate();
            pairs.find_map(|(number, (now, then))| lacks(now, then, &format!("{place}/{number}")))
        }
        _ => (now != then).then(|| format!("{place}: {now} is not {then}")),
    }
}

#[test]
fn recordings_of_earlier_builds_show_what_they_showed_or_are_refused_by_their_form() {
    if std::env::var_os("LOOM_UPDATE_GOLDEN").is_some() {
        let (file, shown) = make();
        fs::write(directory().join(format!("form-{FORM}.loomrec")), file).unwrap();
        fs::write(directory().join(format!("form-{FORM}.json")), shown.to_string()).unwrap();
    }
    let mut forms = Vec::new();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "loomrec") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let form: u32 = name.strip_prefix("form-").unwrap().parse().unwrap();
        let file = Bytes::from(fs::read(&path).unwrap());
        match shown(&file) {
            Ok(now) => {
                assert_eq!(form, FORM);
                let then: Value =
                    serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
                assert_eq!(
                    lacks(&now, &then, ""),
                    None,
                    "{name}: the form changed, and its number did not"
                );
            }
            Err(RecordingError::Version { found }) => assert!(found == form && form != FORM, "{name}"),
            Err(error) => panic!("{name}: the form changed, and its number did not: {error}"),
        }
        forms.push(form);
    }
    assert!(
        forms.contains(&FORM),
        "there is no file of form {FORM}; LOOM_UPDATE_GOLDEN=1 makes it"
    );
}

#[test]
fn what_is_another_is_seen_and_what_is_more_is_not_asked() {
    let then = json!({"a": [1, {"b": 2}]});
    assert_eq!(
        lacks(&json!({"a": [1, {"b": 2, "c": 3}], "d": 4}), &then, ""),
        None
    );
    for (now, place) in [
        (json!({"a": [1, {"b": 3}]}), "/a/1/b: 3 is not 2"),
        (json!({"a": [1, {}]}), "/a/1/b"),
        (json!({"a": [1]}), "/a: [1] is not [1,{\"b\":2}]"),
    ] {
        assert_eq!(lacks(&now, &then, "").as_deref(), Some(place));
    }
}
