//! Search in logs on real files.

use proptest::prelude::*;

use super::*;
use crate::executor::Stream;

fn store() -> (tempfile::TempDir, LogStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = LogStore::new(directory.path().join("logs"));
    (directory, store)
}

fn run(name: &str) -> RunId {
    RunId(name.into())
}

fn write(store: &LogStore, run: &str, job: &str, attempt: u32, lines: &[(&str, &str)]) {
    let key = (RunId(run.into()), JobId(job.into()));
    let log = store.create(&key.0, &key.1, attempt).unwrap();
    for (place, (step, text)) in lines.iter().enumerate() {
        let at = Timestamp::from_millis(i64::try_from(place).unwrap());
        let mut step = log.step(&StepId((*step).into()));
        step.write(Stream::Stdout, at, format!("{text}\n").as_bytes())
            .unwrap();
        step.finish(at).unwrap();
    }
}

fn literal(text: &str) -> Pattern {
    Pattern::new(text, Kind::Literal, Case::Smart).unwrap()
}

/// Turn after turn, with so many hits each.
fn all(mut search: Search, hits: usize) -> Vec<Hit> {
    let mut found = Vec::new();
    loop {
        let turn = search.turn(hits);
        assert!(turn.hits.len() <= hits && turn.unreadable.is_empty(), "{turn:?}");
        found.extend(turn.hits);
        if turn.is_last {
            return found;
        }
    }
}

fn places(hits: &[Hit]) -> Vec<String> {
    let place = |hit: &Hit| {
        let LogKey { job, attempt, .. } = &hit.target.log;
        format!("{}/{job}@{attempt}:{}", hit.target.run, hit.line)
    };
    hits.iter().map(place).collect()
}

#[test]
fn hits_come_with_line_time_step_and_what_stands_around() {
    let (_directory, store) = store();
    let lines = [("0", "fine"), ("1", "an ERROR here"), ("1", "error")];
    write(&store, "r", "build", 1, &lines);
    let scope = Scope::Runs(vec![run("r")]);
    let hits = all(Search::new(store, literal("error"), scope, Only::default()), 10);
    assert_eq!(places(&hits), ["r/build@1:2", "r/build@1:3"]);
    assert_eq!(hits[0].time, Timestamp::from_millis(1));
    assert_eq!(hits[0].step, Some(StepId("1".into())));
    let Excerpt {
        before,
        matched,
        after,
    } = &hits[0].excerpt;
    assert_eq!(
        (before.as_str(), matched.as_str(), after.as_str()),
        ("an ", "ERROR", " here")
    );
}

#[test]
fn runs_are_searched_in_their_order_with_every_job_and_attempt() {
    let (_directory, store) = store();
    for (run, job, attempt) in [
        ("new", "test#1", 1),
        ("new", "deploy/it", 1),
        ("new", "test#1", 2),
        ("old", "a b", 1),
    ] {
        write(&store, run, job, attempt, &[("0", "x"), ("0", "hit")]);
    }
    let scope = || Scope::Runs(vec![run("new"), run("gone"), run("old")]);
    let search = |only| Search::new(store.clone(), literal("hit"), scope(), only);
    assert_eq!(
        places(&all(search(Only::default()), 1)),
        [
            "new/deploy/it@1:2",
            "new/test#1@1:2",
            "new/test#1@2:2",
            "old/a b@1:2"
        ]
    );
    let of_job = Only {
        job: Some("test".into()),
        ..Only::default()
    };
    assert_eq!(
        places(&all(search(of_job), 9)),
        ["new/test#1@1:2", "new/test#1@2:2"]
    );
}

#[test]
fn steps_that_are_not_asked_for_count_neither_as_hits_nor_for_the_bound() {
    let (_directory, store) = store();
    let lines = [("0", "hit"), ("1", "hit"), ("0", "hit"), ("1", "hit")];
    write(&store, "r", "another", 1, &lines);
    write(&store, "r", "j", 1, &lines);
    let only = Only {
        steps: Some(HashMap::from([(
            JobId("j".into()),
            HashSet::from([StepId("1".into())]),
        )])),
        ..Only::default()
    };
    let search = Search::new(store, literal("hit"), Scope::Runs(vec![run("r")]), only);
    assert_eq!(places(&all(search, 1)), ["r/j@1:2", "r/j@1:4"]);
}

#[test]
fn a_search_goes_on_where_another_one_stopped() {
    let (_directory, store) = store();
    for name in ["b", "a"] {
        write(&store, name, "j", 1, &[("0", "hit"), ("0", "-"), ("0", "hit")]);
        write(&store, name, "k", 1, &[("0", "hit")]);
    }
    let scope = || Scope::Runs(vec![run("b"), run("empty"), run("a")]);
    let search = || Search::new(store.clone(), literal("hit"), scope(), Only::default());
    let whole = places(&all(search(), 100));
    assert_eq!(whole.len(), 6);
    let mut found = Vec::new();
    let mut place = None;
    for _ in 0..20 {
        let mut search = search();
        if let Some(place) = &place {
            assert!(search.go_to(place));
        }
        found.extend(search.turn(1).hits);
        place = search.place();
        if place.is_none() {
            break;
        }
    }
    assert_eq!(places(&found), whole);
    let nowhere = Place {
        run: run("nobody"),
        job: None,
        line: 1,
    };
    let mut unmoved = search();
    assert!(!unmoved.go_to(&nowhere));
    assert_eq!(places(&all(unmoved, 100)), whole);
}

#[test]
fn a_line_of_which_the_index_knows_nothing_is_no_hit() {
    let (_directory, store) = store();
    write(&store, "r", "j", 1, &[("0", "hit")]);
    let key = (run("r"), JobId("j".into()));
    let path = store.open(&key.0, &key.1, 1).unwrap().path.clone();
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"hit that is being wri");
    std::fs::write(&path, text).unwrap();
    let search = Search::new(
        store,
        literal("hit"),
        Scope::Runs(vec![run("r")]),
        Only::default(),
    );
    assert_eq!(places(&all(search, 10)), ["r/j@1:1"]);
}

#[test]
fn many_logs_and_much_text_are_several_turns() {
    let (_directory, store) = store();
    for place in 0..TURN_LOGS + 10 {
        write(&store, "r", &format!("j{place}"), 1, &[("0", "-")]);
    }
    let scope = Scope::Runs(vec![run("r")]);
    let mut search = Search::new(store.clone(), literal("x"), scope, Only::default());
    let first = search.turn(10);
    assert!(!first.is_last && search.searched().logs < TURN_LOGS as u64);
    assert!(search.turn(10).is_last);
    assert_eq!(search.searched().logs, TURN_LOGS as u64 + 10);
}

#[test]
fn a_log_that_nobody_can_read_and_one_whose_job_nobody_can_name_are_told() {
    let (_directory, store) = store();
    write(&store, "r", "a", 1, &[("0", "hit")]);
    write(&store, "r", &"n".repeat(300), 1, &[("0", "hit")]);
    let path = store.open(&run("r"), &JobId("a".into()), 1).unwrap().path.clone();
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let mut search = Search::new(
        store,
        literal("hit"),
        Scope::Runs(vec![run("r")]),
        Only::default(),
    );
    let turn = search.turn(10);
    assert_eq!((turn.hits.len(), turn.unreadable.len()), (0, 2), "{turn:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn it_finds_what_a_look_at_each_line_finds_however_it_is_cut(
        lines in proptest::collection::vec("[ab]{0,5}", 1..120),
        bytes in 1u64..60,
        hits in 1usize..5,
    ) {
        let (_directory, store) = store();
        let written: Vec<(&str, &str)> = lines.iter().map(|line| ("0", line.as_str())).collect();
        write(&store, "r", "j", 1, &written);
        let wanted: Vec<u64> = (1..).zip(&lines).filter(|(_, line)| line.contains("ab")).map(|(at, _)| at).collect();
        let mut within = Within::new(store.open(&run("r"), &JobId("j".into()), 1).unwrap(), 1);
        let mut found = Vec::new();
        let mut read = 0;
        loop {
            let before = within.next_line();
            let piece = within
                .piece(&literal("ab"), None, bytes, hits, |hit| found.push(hit.line))
                .unwrap();
            read += piece.bytes;
            prop_assert!(within.next_line() > before);
            if piece.is_last {
                break;
            }
        }
        prop_assert_eq!(found, wanted);
        prop_assert_eq!(read, lines.iter().map(|line| line.len() as u64 + 1).sum::<u64>());
    }
}
