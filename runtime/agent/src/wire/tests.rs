use super::*;

fn commands() -> Vec<Command> {
    vec![
        Command::Hello(Hello {
            protocol: PROTOCOL,
            epoch: 7,
            nonce: [9; NONCE_LENGTH],
        }),
        Command::Start(StartStep {
            step: 3,
            name: "2@2".into(),
            program: StepProgram::Script {
                text: "echo ä\n".into(),
                shells: vec![ShellChoice {
                    program: "bash".into(),
                    arguments: vec!["-e".into(), "{0}".into()],
                    extension: ".sh".into(),
                }],
            },
            env: vec![("A".into(), "b=c".into()), ("EMPTY".into(), String::new())],
            path: vec!["/opt/tool/bin".into()],
            directory: Some("sub".into()),
            user: None,
        }),
        Command::Start(StartStep {
            step: 4,
            name: "3".into(),
            program: StepProgram::Exec {
                programs: vec!["node".into(), "nodejs".into()],
                arguments: vec!["index.js".into()],
            },
            env: Vec::new(),
            path: Vec::new(),
            directory: None,
            user: Some("ann".into()),
        }),
        Command::Signal {
            step: 3,
            signal: StepSignal::Terminate,
        },
        Command::Forward {
            port: 5432,
            to: "10.1.2.3:80".parse().unwrap(),
        },
        Command::Close { give: true },
    ]
}

fn reports() -> Vec<Report> {
    vec![
        Report::Welcome {
            pid: 1,
            running: vec![0, 4],
        },
        Report::Refused(Refusal::Protocol(2)),
        Report::Refused(Refusal::Nonce),
        Report::Refused(Refusal::Epoch(8)),
        Report::Refused(Refusal::Evicted(u64::MAX)),
        Report::Refused(Refusal::Malformed("why".into())),
        Report::Grew {
            step: 1,
            length: 1 << 40,
        },
        Report::Exited {
            step: 1,
            length: 0,
            trouble: Some("disk full".into()),
        },
        Report::Spooled {
            step: 1,
            bytes: vec![0, 255, 7],
        },
        Report::Alive,
        Report::Forwarding {
            port: 5432,
            trouble: Some("it is taken".into()),
        },
        Report::Closing,
        Report::Closed {
            killed: vec![LeftOver {
                pid: 12,
                name: "sleep".into(),
            }],
            given: 2,
            troubles: vec!["x".into()],
        },
    ]
}

/// A small generator of numbers that look random: the tests must be the same every time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, at_most: u64) -> Vec<u8> {
        let length = self.next() % at_most;
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

#[test]
fn every_frame_comes_back_as_it_was_sent() {
    let mut bytes = Vec::new();
    for command in commands() {
        command.encode(&mut bytes).unwrap();
    }
    let mut frames = Frames::default();
    let mut seen = Vec::new();
    // One byte at a time: no frame may depend on how the socket cut it.
    for byte in bytes {
        frames.push(&[byte]);
        while let Some(frame) = frames.next_frame().unwrap() {
            seen.push(Command::decode(frame).unwrap());
        }
    }
    assert_eq!(seen, commands());

    let mut bytes = Vec::new();
    for report in reports() {
        report.encode(&mut bytes).unwrap();
    }
    let mut frames = Frames::default();
    frames.push(&bytes);
    for report in reports() {
        assert_eq!(
            Report::decode(frames.next_frame().unwrap().unwrap()).unwrap(),
            report
        );
    }
    assert_eq!(frames.next_frame().unwrap(), None);
}

#[test]
fn a_cut_or_longer_frame_is_refused() {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for command in commands() {
        let mut bytes = Vec::new();
        command.encode(&mut bytes).unwrap();
        all.push(bytes[4..].to_vec());
    }
    for body in &all {
        for end in 0..body.len() {
            assert!(Command::decode(&body[..end]).is_err(), "cut at {end} of {body:?}");
        }
        let mut longer = body.clone();
        longer.push(0);
        assert!(Command::decode(&longer).is_err());
    }
}

#[test]
fn random_bytes_never_panic_and_never_allocate_without_bound() {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let bytes = noise.bytes(200);
        let _ = Command::decode(&bytes);
        let _ = Report::decode(&bytes);
        let mut frames = Frames::default();
        frames.push(&bytes);
        while let Ok(Some(frame)) = frames.next_frame() {
            let _ = Command::decode(frame);
        }
    }
}

#[test]
fn a_valid_frame_with_flipped_bytes_never_panics() {
    let mut noise = Noise(42);
    let mut start = Vec::new();
    commands()[1].encode(&mut start).unwrap();
    for _ in 0..20_000 {
        let mut bytes = start[4..].to_vec();
        let at = usize::try_from(noise.next()).unwrap() % bytes.len();
        bytes[at] = noise.next().to_le_bytes()[0];
        let _ = Command::decode(&bytes);
    }
}

#[test]
fn an_announced_frame_above_the_limit_is_refused_before_it_comes() {
    let mut frames = Frames::with_limit(100);
    frames.push(&101_u32.to_le_bytes());
    assert!(frames.next_frame().is_err());
    let mut frames = Frames::default();
    frames.push(&u32::MAX.to_le_bytes());
    assert!(frames.next_frame().is_err());
}

#[test]
fn a_frame_that_is_too_large_is_not_written() {
    let mut out = vec![1, 2, 3];
    let report = Report::Exited {
        step: 0,
        length: 0,
        trouble: Some("x".repeat(MAX_FRAME)),
    };
    assert!(report.encode(&mut out).is_err());
    assert_eq!(out, [1, 2, 3]);
}

#[test]
fn a_hello_of_another_version_is_understood_as_such() {
    let hello = Command::decode(&[1, 99, 0, b'w', b'h', b'o']).unwrap();
    assert!(matches!(hello, Command::Hello(Hello { protocol: 99, .. })));
}
