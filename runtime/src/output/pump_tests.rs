use std::sync::Mutex;

use proptest::prelude::*;

use super::*;

#[derive(Default)]
struct Kept {
    lines: Mutex<Vec<(Source, Kind, String)>>,
    fails: Mutex<Option<usize>>,
    flush_fails: bool,
}

impl LineSink for Kept {
    fn line(&self, line: &Line<'_>) -> io::Result<()> {
        let mut lines = self.lines.lock().unwrap();
        if self.fails.lock().unwrap().is_some_and(|from| lines.len() >= from) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"));
        }
        assert!(!line.text.contains(['\n', '\r']), "{line:?}");
        lines.push((line.source, line.kind, line.text.to_owned()));
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        match self.flush_fails {
            true => Err(io::Error::other("no space left at the flush")),
            false => Ok(()),
        }
    }
}

struct Matchers(&'static str);

impl MatcherFiles for Matchers {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match path {
            "/w/m.json" | "/abs/m.json" => Ok(self.0.as_bytes().to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

const MATCHER: &str = r#"{"problemMatcher": [{"owner": "o", "pattern": [{
    "regexp": "^(.+):(\\d+): (.*)$", "file": 1, "line": 2, "message": 3}]}]}"#;

fn options(sink: &Arc<Kept>) -> PumpOptions {
    PumpOptions {
        masks: Masks::new(),
        sink: Arc::clone(sink) as Arc<dyn LineSink>,
        allowed: Allowed::default(),
        debug: false,
        matchers: MatcherSet::new(),
        matcher_files: Arc::new(Matchers(MATCHER)),
        workspace: "/w".to_owned(),
    }
}

fn at() -> Timestamp {
    Timestamp::from_millis(1)
}

/// What a step with these pieces on stdout brings.
fn run(options: PumpOptions, pieces: &[&[u8]]) -> StepEffects {
    let mut pump = Pump::new(options);
    for piece in pieces {
        pump.chunk(Stream::Stdout, at(), piece);
    }
    pump.finish(at())
}

fn shown(sink: &Kept) -> Vec<String> {
    let lines = sink.lines.lock().unwrap();
    lines
        .iter()
        .map(|(_, kind, text)| format!("{}{text}", kind.marker()))
        .collect()
}

fn said(text: &str) -> (Vec<String>, StepEffects) {
    let sink = Arc::new(Kept::default());
    let effects = run(options(&sink), &[text.as_bytes()]);
    (shown(&sink), effects)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn commands_have_their_effects_and_show_what_the_runner_shows() {
    let (lines, effects) = said(
        "hello\n::debug::hidden\n::group::build it\nin\n::endgroup::\n::warning file=a.c,line=3::w%0Amore\n\
         ::set-output name=a::1\n::set-output name=A::2\n::save-state name=s::x\n::unknown::u\nlast",
    );
    let deprecated = |command: &str, file: &str| {
        format!("##[warning]`{command}` is deprecated: write `name=value` to the file that {file} names")
    };
    assert_eq!(
        lines,
        [
            "hello",
            "##[group]build it",
            "in",
            "##[endgroup]",
            "##[warning]w",
            "more",
            &deprecated("set-output", "GITHUB_OUTPUT"),
            &deprecated("save-state", "GITHUB_STATE"),
            "::unknown::u",
            "last",
        ]
    );
    assert_eq!(effects.outputs, [pair("A", "2")]);
    assert_eq!(effects.state, [pair("s", "x")]);
    assert_eq!(effects.counted.warnings, 3);
    let first = &effects.annotations[0];
    assert_eq!(
        (first.file.as_deref(), first.line, first.message.as_str()),
        (Some("a.c"), Some(3), "w\nmore")
    );
    assert_eq!(
        (effects.failed_by, effects.lines, effects.lost_lines),
        (None, 10, 0)
    );
}

#[test]
fn debug_shows_debug_lines_and_echoes_commands() {
    let sink = Arc::new(Kept::default());
    let options = PumpOptions {
        debug: true,
        ..options(&sink)
    };
    run(options, &[b"::debug::seen\n::group::g\n::add-mask::hunter42\n"]);
    assert_eq!(
        shown(&sink),
        ["##[debug]seen", "::group::g", "##[group]g", "::add-mask::***"]
    );
}

#[test]
fn a_lone_carriage_return_ends_a_line_and_commands_after_it_count() {
    let (lines, effects) = said("10%\r::set-output name=c::1\r\n");
    assert_eq!(lines[0], "10%");
    assert_eq!(effects.outputs, [pair("c", "1")]);
}

#[test]
fn masks_added_by_a_line_hold_from_the_next_one_on_both_streams() {
    let sink = Arc::new(Kept::default());
    let options = options(&sink);
    let masks = options.masks.clone();
    let mut pump = Pump::new(options);
    pump.chunk(
        Stream::Stdout,
        at(),
        b"::add-mask::hunter4242%0Abravo4242\nsee hunter4242 twice hunter4242\n",
    );
    pump.chunk(
        Stream::Stderr,
        at(),
        b"err bravo4242\n::error title=T bravo4242,file=hunter4242::e hunter4242\n",
    );
    pump.chunk(Stream::Stdout, at(), b"::group::g bravo4242\nhead hun");
    pump.chunk(Stream::Stderr, at(), b"between\n");
    pump.chunk(Stream::Stdout, at(), b"ter4242 tail\nnonl hunter4242");
    pump.note(at(), "Loom says hunter4242\nand ::set-output name=x::1");
    let effects = pump.finish(at());
    assert_eq!(
        shown(&sink),
        [
            "see *** twice ***",
            "err ***",
            "##[error]e ***",
            "##[group]g ***",
            "between",
            "head *** tail",
            "Loom says ***",
            "and ::set-output name=x::1",
            "nonl ***",
        ]
    );
    let annotation = &effects.annotations[0];
    assert_eq!(annotation.title.as_deref(), Some("T ***"));
    assert_eq!(annotation.file.as_deref(), Some("***"));
    assert!(effects.outputs.is_empty());
    assert!(masks.reveals("bravo4242"));
    assert_eq!(sink.lines.lock().unwrap()[6].0, Source::Loom);
}

#[test]
fn disabled_commands_fail_the_step_with_a_line_that_says_why() {
    let (lines, effects) = said("::set-env name=EVIL::1\n::add-path::/evil\nafter\n");
    assert!(
        lines[0].starts_with("##[error]`set-env` is disabled"),
        "{lines:?}"
    );
    assert!(effects.failed_by.unwrap().contains("`set-env` is disabled"));
    assert!(effects.env.is_empty() && effects.path.is_empty());
    assert_eq!(lines[2], "after");
}

#[test]
fn allowed_commands_set_variables_and_paths_where_they_came_last() {
    let sink = Arc::new(Kept::default());
    let mut options = options(&sink);
    options.allowed.unsecure_commands = true;
    let effects = run(
        options,
        &[b"::set-env name=A::1\n::set-env name=a::2\n::set-env name=A::3\n::add-path::/x\n::add-path::/y\n::add-path::/x\n"],
    );
    assert_eq!(effects.env, [pair("a", "2"), pair("A", "3")]);
    assert_eq!(effects.path, ["/y", "/x"]);
    assert_eq!(format!("{effects:?}").find("/x"), None);
}

#[test]
fn stopped_commands_are_text() {
    let (lines, effects) =
        said("::stop-commands::tok42en\n::set-output name=x::no\n::tok42en::\n::set-output name=y::yes\n");
    assert_eq!(
        lines[..3],
        ["::stop-commands::***", "::set-output name=x::no", "::***::"]
    );
    assert_eq!(effects.outputs, [pair("y", "yes")]);
}

#[test]
fn ten_annotations_of_a_level_are_kept_and_the_rest_counted() {
    let text: String = (0..25)
        .map(|n| format!("::error::e{n}\n::notice::n{n}\n"))
        .collect();
    let (lines, effects) = said(&text);
    assert_eq!(lines.len(), 50);
    assert_eq!(effects.annotations.len(), 20);
    assert_eq!(
        (effects.dropped(Level::Error), effects.dropped(Level::Warning)),
        (15, 0)
    );
}

#[test]
fn matchers_that_a_step_adds_count_for_the_steps_after_it() {
    let sink = Arc::new(Kept::default());
    let options = options(&sink);
    options.masks.add("hunter42");
    let first = run(
        options.clone(),
        &[b"a.c:1: no\n::add-matcher::m.json\na.c:2: bad hunter42\nplain\n"],
    );
    assert_eq!(shown(&sink), ["a.c:1: no", "##[error]a.c:2: bad ***", "plain"]);
    assert_eq!(first.annotations[0].message, "bad ***");
    let second = run(
        options.clone(),
        &[b"b.c:3: bad\n::remove-matcher owner=O::\nb.c:4: fine\n"],
    );
    assert_eq!(second.annotations.len(), 1);
    let third = run(options, &[b"::add-matcher::missing.json\n"]);
    assert!(
        third
            .failed_by
            .unwrap()
            .starts_with("cannot read the problem matchers in missing.json")
    );
}

#[test]
fn lost_lines_are_counted_with_the_first_cause() {
    let sink = Arc::new(Kept::default());
    *sink.fails.lock().unwrap() = Some(2);
    let effects = run(options(&sink), &[b"1\n2\n3\n4\n", b"::warning::5\n"]);
    assert_eq!((effects.lines, effects.lost_lines), (5, 3));
    assert_eq!(effects.lost_by.unwrap().kind(), io::ErrorKind::StorageFull);

    let sink = Arc::new(Kept {
        flush_fails: true,
        ..Kept::default()
    });
    let effects = run(options(&sink), &[b"1\n2\n", b"3\n", b""]);
    assert_eq!(effects.lost_lines, 3);
}

#[test]
fn long_lines_are_whole_and_masked() {
    let sink = Arc::new(Kept::default());
    let options = options(&sink);
    options.masks.add("s3cr3t-V4lue-xyz");
    let mut text = Vec::new();
    for length in [4090, 65_530, 131_066, 262_138, 524_280] {
        text.extend(std::iter::repeat_n(b'.', length));
        text.extend_from_slice(b"s3cr3t-V4lue-xyz\n");
    }
    let pieces: Vec<&[u8]> = text.chunks(8192).collect();
    run(options, &pieces);
    let lines = shown(&sink);
    assert_eq!(lines.len(), 5);
    assert!(
        lines.iter().all(|line| line.ends_with(".***")),
        "no secret is cut in two"
    );
    assert_eq!(lines[4].len(), 524_283);
}

#[test]
fn a_line_over_the_cap_is_cut_says_so_and_shows_no_half_secret() {
    const CAP: usize = 1000;
    let sink = Arc::new(Kept::default());
    let options = options(&sink);
    options.masks.add("s3cr3t-é-Value");
    let run = |line: &[u8]| {
        let mut pump = Pump::with_cap(options.clone(), CAP);
        pump.chunk(Stream::Stderr, at(), line);
        pump.finish(at())
    };
    for kept in [3, 8, 14] {
        let mut line = vec![b'.'; CAP - kept];
        line.extend_from_slice("s3cr3t-é-Value and more\n".as_bytes());
        run(&line);
    }
    let lines = shown(&sink);
    for (at, more) in [(0, 21), (2, 17), (4, 10)] {
        assert!(lines[at].ends_with(".***"), "{}", lines[at]);
        assert_eq!(
            lines[at + 1],
            format!("the line above is cut: it had {more} bytes more than the 1000 that are kept of a line")
        );
    }
    let mut command = b"::add-mask::".to_vec();
    command.resize(CAP + 1, b'm');
    sink.lines.lock().unwrap().clear();
    let effects = run(&command);
    assert!(effects.failed_by.unwrap().contains("more than the 1000 bytes"));
    assert!(shown(&sink).iter().all(|line| !line.contains("mmm")));
}

#[test]
fn command_files_count_after_commands_and_their_mistakes_fail_the_step() {
    let sink = Arc::new(Kept::default());
    let options = options(&sink);
    options.masks.add("hunter42");
    let mut pump = Pump::new(options.clone());
    pump.chunk(Stream::Stdout, at(), b"::set-output name=a::1\n");
    pump.files(
        at(),
        &StepFiles {
            env: b"NODE_OPTIONS=x\nOTHER=1\n",
            output: b"A=2\nb<<E\nhunter42\n",
            state: b"s=1",
            path: b"/one\n/two\n",
            summary: b"# hunter42\n",
            summary_size: 11,
        },
    );
    let effects = pump.finish(at());
    assert_eq!(effects.outputs, [pair("A", "2")]);
    assert_eq!(effects.env, [pair("OTHER", "1")]);
    assert_eq!(effects.state, [pair("s", "1")]);
    assert_eq!(effects.path, ["/one", "/two"]);
    assert_eq!(effects.summary.as_deref(), Some("# ***\n"));
    assert_eq!(
        effects.failed_by.as_deref(),
        Some(
            "the file of GITHUB_OUTPUT is not taken to its end: the value that starts after line 2 has no end: no later \
             line is exactly `E`"
        )
    );
    assert_eq!(effects.counted.errors, 2);

    let mut pump = Pump::new(options);
    pump.files(
        at(),
        &StepFiles {
            summary_size: 1_100_000,
            ..StepFiles::default()
        },
    );
    let effects = pump.finish(at());
    assert_eq!(
        (effects.summary, effects.failed_by, effects.counted.errors),
        (None, None, 1)
    );
    assert!(
        shown(&sink)
            .last()
            .unwrap()
            .starts_with("##[error]the summary is dropped")
    );
}

#[test]
fn broken_utf8_is_replaced() {
    let sink = Arc::new(Kept::default());
    run(options(&sink), &[b"a\xff\xfeb\0c\n"]);
    assert_eq!(shown(&sink), ["a\u{fffd}\u{fffd}b\0c"]);
}

proptest! {
    #[test]
    fn however_the_bytes_come_lines_and_effects_are_the_same(
        text in "(a|SECRET|\n|\r\n|\r|::set-output name=x::|::warning::|::add-mask::SECRET|é| ){0,20}",
        cuts in proptest::collection::vec(0usize..9, 0..40),
    ) {
        let whole = Arc::new(Kept::default());
        let one = run(options(&whole), &[text.as_bytes()]);
        let pieces = Arc::new(Kept::default());
        let mut rest = text.as_bytes();
        let mut list = Vec::new();
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            list.push(head);
            rest = tail;
        }
        list.push(rest);
        let other = run(options(&pieces), &list);
        prop_assert_eq!(shown(&whole), shown(&pieces));
        prop_assert_eq!(one.outputs, other.outputs);
        prop_assert_eq!(one.annotations, other.annotations);
    }

    #[test]
    fn a_secret_known_before_is_never_shown(
        before in "[a-z: \n]{0,12}", after in "[a-z: \n]{0,12}", cut in 0usize..40,
    ) {
        let sink = Arc::new(Kept::default());
        let options = options(&sink);
        options.masks.add("S3CRET/val\"ue");
        let text = format!("{before}S3CRET/val\"ue{after}S3CRET%2Fval%22ue{before}");
        let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
        let effects = run(options, &[head, tail]);
        let everything = format!("{:?}{:?}", shown(&sink), effects.annotations);
        prop_assert!(!everything.contains("S3CRET"), "{}", everything);
    }
}
