//! What is seen live at any of several servers is what is seen of that moment later, at that server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use loom_protocol::Timestamp;
use serde_json::Value;

use super::applier::Applier;
use super::clock::StudioClock;
use super::entry::{Entry, Event, pack};
use super::log::{Position, Record};
use crate::Intake;
use crate::directory::Directory;
use crate::ingest::{Ingest, Recorder};
use crate::recording::equal::{Hands, World, limits, seen};
use crate::recording::{Flight, FlightOptions, Past, Source, Unseen};

/// What came in, as it goes into the log.
#[derive(Default)]
struct Came(Mutex<Vec<(Timestamp, Event)>>);

impl Recorder for Came {
    fn record(&self, at: Timestamp, ingest: &Ingest) {
        self.0.lock().unwrap().push((at, Event::Report(ingest.clone())));
    }

    fn swept(&self, at: Timestamp) {
        self.0.lock().unwrap().push((at, Event::Swept));
    }
}

const OPTIONS: FlightOptions = FlightOptions {
    bytes: 64 * 1024 * 1024,
    back: 600_000,
    holds: 0,
    is_of_several: true,
};

struct Server {
    clock: Arc<StudioClock>,
    intake: Arc<Intake>,
    flight: Arc<Flight>,
    applier: Applier,
    place: Option<Position>,
}

impl Server {
    fn new(hands: &Hands) -> Self {
        let clock = Arc::new(StudioClock::new(Arc::new(hands.clone())));
        let flight = Flight::new(OPTIONS);
        let directory = Arc::new(Directory::new(limits(), clock.clone()));
        let intake = Arc::new(Intake::recorded(directory, vec![flight.clone()]));
        Self {
            applier: Applier::new(intake.clone(), None),
            clock,
            intake,
            flight,
            place: None,
        }
    }

    fn apply(&mut self, records: &[Record]) {
        for record in records {
            self.applier.apply(record);
            self.place = Some(record.position);
            self.clock.heard(record.position.moment());
        }
        self.flight.turn(&self.intake);
    }

    fn begin_with(&mut self, other: &Self) {
        let body = other.applier.picture(other.place).unwrap();
        let place = self.place.map(Some);
        assert!(self.applier.restore(&body, place).unwrap());
        self.place = other.place;
        self.clock.heard(other.place.unwrap().moment());
        assert_eq!(self.look(), other.look());
    }

    fn look(&self) -> Value {
        seen(&self.intake, "of1-5")
    }

    fn past(&self) -> Past {
        Past::new(Source::Running(self.flight.clone()), limits())
    }

    fn at(&self, past: &Past, at: Timestamp) -> Result<Value, Unseen> {
        past.at(at, Some(&self.intake))
            .map(|intake| seen(&intake, "of1-5"))
    }
}

/// The log goes on.
struct Log {
    came: Arc<Came>,
    last: Option<Position>,
}

impl Log {
    fn next(&mut self) -> Vec<Record> {
        let came = std::mem::take(&mut *self.came.0.lock().unwrap()).into_iter();
        let record = |(at, event): (Timestamp, Event)| {
            let millis = u64::try_from(at.as_millis()).unwrap();
            let number = self
                .last
                .filter(|last| last.millis == millis)
                .map_or(0, |last| last.number + 1);
            let position = Position { millis, number };
            let before = self.last.replace(position);
            let entry = Entry {
                server: "one".to_owned(),
                number: 1,
                event,
            };
            let body = pack(&entry).unwrap();
            Record {
                position,
                before,
                body,
            }
        };
        came.map(record).collect()
    }
}

/// What is seen, in pieces that a person can read where they differ.
fn parts(seen: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let parts = seen.as_array().unwrap().iter();
    parts.flat_map(|part| part.as_object().unwrap())
}

#[test]
fn a_moment_is_seen_later_as_any_server_showed_it_then() {
    let mut log = Log {
        came: Arc::default(),
        last: None,
    };
    let mut world = World::told_to(11, OPTIONS, vec![log.came.clone()]);
    let mut servers = vec![Server::new(&world.hands), Server::new(&world.hands)];
    let mut then: Vec<(usize, Timestamp, Value)> = Vec::new();
    let (mut joined, mut stalled, mut back, mut away) = (None, None, None, None);
    for second in 0..240 {
        world.second();
        let records = log.next();
        for (number, server) in servers.iter_mut().enumerate() {
            // The second one stands still for a while, and what it missed is not in the log any more.
            if number != 1 || !(90..115).contains(&second) {
                server.apply(&records);
            }
        }
        match second {
            50 => {
                let mut third = Server::new(&world.hands);
                third.begin_with(&servers[0]);
                servers.push(third);
                joined = Some(world.now());
            }
            90 => stalled = Some(world.now()),
            114 => {
                let (first, others) = servers.split_at_mut(1);
                others[0].begin_with(&first[0]);
                back = log.last.map(Position::moment);
            }
            160 => {
                // The log is away: time stands still.
                world.pass(25_000);
                away = Some(world.now());
                for (number, server) in servers.iter().enumerate() {
                    then.push((number, world.now(), server.look()));
                }
                world.pass(20_000);
            }
            _ => {}
        }
        if world.dice.below(3) == 0 {
            let number = usize::try_from(world.dice.below(servers.len() as u64)).unwrap();
            let id = world.id(number);
            let looking = &servers[number].intake;
            looking.lookers().looked_at_rates([id.as_str()], looking.now());
            looking.watched_changed();
        }
        if second > 5 && second % 3 == 0 && !(88..115).contains(&second) {
            for (number, server) in servers.iter().enumerate() {
                then.push((number, world.now(), server.look()));
            }
            world.pass(1);
        }
    }
    world.second();
    let records = log.next();
    servers.iter_mut().for_each(|server| server.apply(&records));
    let pasts: Vec<Past> = servers.iter().map(Server::past).collect();
    let mut compared = BTreeSet::new();
    for (number, at, as_then) in then {
        let now = servers[number].at(&pasts[number], at).unwrap();
        for (now, then) in parts(&now).zip(parts(&as_then)) {
            assert_eq!(now, then, "server {number} at {at}");
        }
        compared.insert((number, at));
    }
    assert!(compared.len() > 150, "{}", compared.len());
    assert!(
        compared.contains(&(2, away.unwrap())),
        "also while the log was away"
    );
    // Nothing is made up of what a server was not there for.
    let before = Timestamp::from_millis(joined.unwrap().as_millis() - 1_500);
    assert!(matches!(
        servers[2].at(&pasts[2], before),
        Err(Unseen::Outside(_))
    ));
    let missed = Timestamp::from_millis(stalled.unwrap().as_millis() + 9_000);
    let Err(Unseen::Lost(hole)) = servers[1].at(&pasts[1], missed) else {
        panic!("it did not hear of that");
    };
    assert_eq!((hole.to, hole.lost), (back.unwrap(), 0));
    let told = servers[0].at(&pasts[0], missed).unwrap();
    let told_before = servers[0].at(&pasts[0], before).unwrap();
    // Until somebody who was tells what it recorded.
    for server in &servers[1..] {
        let tape = servers[0].flight.state(&servers[0].intake).tape;
        server.flight.put_before(tape);
    }
    assert_eq!(servers[1].at(&pasts[1], missed).unwrap(), told);
    assert_eq!(servers[2].at(&pasts[2], before).unwrap(), told_before);
    let tapes = servers
        .iter()
        .map(|server| server.flight.state(&server.intake).tape);
    for tape in tapes {
        assert_eq!(tape.holes(), []);
        assert!(tape.bytes() > 0);
    }
}
