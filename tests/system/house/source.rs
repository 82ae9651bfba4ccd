//! What is absent where, over the Rust sources.

use super::tree::{File, none, sources};

/// A word that is at home in some places only.
struct Home {
    rule: &'static str,
    words: &'static [&'static str],
    /// Where the rule holds: all sources whose path starts so.
    within: &'static str,
    /// Where the words may stand nevertheless.
    at_home: fn(&str) -> bool,
}

const HOMES: &[Home] = &[
    Home {
        rule: "bollard appears only under executor/docker",
        words: &["bollard"],
        within: "",
        at_home: |path| path.starts_with("runtime/src/executor/docker"),
    },
    Home {
        rule: "redis stays where the servers' log is",
        words: &["redis::"],
        within: "",
        at_home: |path| path.starts_with("server/src/replication/"),
    },
    Home {
        rule: "ripgrep's engine stays where logs are searched",
        words: &["grep_searcher", "grep_regex", "grep_matcher"],
        within: "",
        at_home: |path| path.starts_with("runtime/src/logs/search/"),
    },
    Home {
        rule: "SQL stays in journals and stores",
        words: &["rusqlite", "rusqlite_migration"],
        within: "",
        at_home: |path| {
            path.starts_with("runtime/src/journal/")
                || path.starts_with("server/history/src/disk/")
                || path
                    .split('/')
                    .any(|p| p.starts_with("store") || p.starts_with("queue"))
        },
    },
    Home {
        rule: "command lines, colours and prints stay in the CLI",
        words: &[
            "clap",
            "anstream",
            "indicatif",
            "annotate_snippets",
            "println!",
            "print!",
            "eprintln!",
            "eprint!",
            "ExitCode",
        ],
        within: "",
        at_home: is_program,
    },
    Home {
        rule: "who writes to stdout or stderr waits for whoever reads it: that happens in few places, on threads that may",
        words: &[
            "io::stdout",
            "io::stderr",
            "anstream::stdout",
            "anstream::stderr",
            "println!",
            "print!",
            "eprintln!",
            "eprint!",
        ],
        within: "runtime/src/cli/",
        at_home: |path| {
            path.starts_with("runtime/src/cli/output/")
                || matches!(
                    path,
                    "runtime/src/cli/talk.rs"
                        | "runtime/src/cli/data.rs"
                        | "runtime/src/cli/lsp/wire.rs"
                        | "runtime/src/cli/pause/relay.rs"
                        | "runtime/src/cli/pause/shell.rs"
                )
        },
    },
    Home {
        rule: "the runtime knows the studio only where it composes `serve`",
        words: &["loom_studio"],
        within: "runtime/",
        at_home: |path| path.starts_with("runtime/src/serve/"),
    },
    Home {
        rule: "the bridge knows no web server",
        words: &["actix_web", "actix_http"],
        within: "bridge/",
        at_home: |_| false,
    },
    Home {
        rule: "what is of one workspace comes with the request (`Here`), so that no handler can take another's",
        words: &[
            "Data<Directory>",
            "Data<Intake>",
            "Data<Door>",
            "Data<Hub>",
            "Data<Sockets>",
            "Data<Services>",
            "Data<Workspace>",
            "Data<Windows>",
            "Data<Recordings>",
            "Data<Receiver>",
        ],
        within: "",
        at_home: |_| false,
    },
    Home {
        rule: "the studio knows no workflow, job or step",
        words: &[
            "WorkflowName",
            "JobId",
            "JobKey",
            "StepSpec",
            "RunId",
            "workflow",
            "Workflow",
        ],
        within: "server/src/",
        at_home: |_| false,
    },
    Home {
        rule: "the language does no IO, no async, and knows no clock",
        words: &[
            "std::fs",
            "std::net",
            "std::io",
            "std::env",
            "std::process",
            "std::thread",
            "SystemTime",
            "Instant",
            "tokio",
            "actix",
            "async",
        ],
        within: "runtime/workflow/src/",
        at_home: |_| false,
    },
    Home {
        rule: "the tree of a file is read to make the model of it and to edit it; rules and plans ask the model, but for the \
               rule about how lists are written",
        words: &[
            "tree::Mapping",
            "tree::Entry",
            "Kind::Mapping",
            "Kind::Sequence",
            "Kind::Invalid",
        ],
        within: "runtime/workflow/src/",
        at_home: |path| {
            ["tree/", "lower/", "editor/", "check/empty.rs"]
                .iter()
                .any(|home| {
                    path.strip_prefix("runtime/workflow/src/")
                        .is_some_and(|path| path.starts_with(home))
                })
        },
    },
    Home {
        rule: "what is wrong is told by a type, never by the words of a message: a `Reason` whose text is its `Display`; \
               what engines, systems and people say has no type",
        words: &[
            "message.contains",
            "message.starts_with",
            "message.ends_with",
            "message.strip_prefix",
            "message.split",
            "message ==",
            "reason.contains",
            "reason.starts_with",
            "cause.contains",
            "cause.starts_with",
            "what.contains",
            "what.starts_with",
            "to_string().contains",
            "to_string().starts_with",
            "to_string().ends_with",
        ],
        within: "runtime/",
        at_home: |path| {
            path.starts_with("runtime/src/executor/docker/")
                // Claims of tests.
                || path.starts_with("runtime/src/journal/suite/")
                // What the message of a commit asks for.
                || path == "runtime/workflow/src/plan/trigger.rs"
        },
    },
    Home {
        rule: "decisions are pure: no actix, Docker, file or clock in the fold",
        words: &[
            "actix",
            "bollard",
            "tokio",
            "std::fs",
            "SystemTime",
            "Instant",
            "now()",
        ],
        within: "runtime/src/state/",
        at_home: |_| false,
    },
    Home {
        rule: "the engine takes time, timers and chance from its world alone, hands work to other threads by one way, and \
               never depends on the order of a hash map: the same seed gives the same history",
        words: &[
            "tokio::time",
            "actix_rt::time",
            "std::thread",
            "Instant",
            "SystemTime",
            "SystemWorld",
            "Timestamp::now",
            "Zoned",
            "Uuid",
            "uuid",
            "rand",
            "RandomState",
            "HashMap",
            "HashSet",
            "run_later",
            "run_interval",
            "notify_later",
            "spawn_blocking",
            "tokio::spawn",
            "spawn_local",
        ],
        within: "runtime/src/engine/",
        // The way to other threads itself, and where an engine is opened in the machine's own world.
        at_home: |path| matches!(path, "runtime/src/engine/io.rs" | "runtime/src/engine/mod.rs"),
    },
    Home {
        rule: "unsafe code is in the agent's sys",
        words: &["unsafe"],
        within: "",
        at_home: |path| path == "runtime/agent/src/sys.rs" || path.starts_with("runtime/agent/src/sys/"),
    },
    Home {
        rule: "lints are expected with a reason, never allowed away (code that a macro writes cannot know)",
        words: &["#[allow", "#![allow"],
        within: "",
        at_home: |path| path.starts_with("bridge/macros/"),
    },
];

/// Programs talk: the runtime's `cli`, and the short `main.rs` of what is a program as a whole, with the studio's `token_command.rs`; `agent.rs` is what a
/// program is that was started to be a job's agent.
fn is_program(path: &str) -> bool {
    path.starts_with("runtime/src/cli/")
        || path == "runtime/src/agent.rs"
        || path.starts_with("examples/")
        || path.ends_with("/src/main.rs")
        || path == "server/src/token_command.rs"
        || path.ends_with("/build.rs")
}

/// Whether the word stands in the line on its own, not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line[..at].chars().next_back();
        let after = line[at + found.len()..].chars().next();
        let runs_on_before = word.starts_with(of_name) && before.is_some_and(of_name);
        let runs_on_after = word.ends_with(of_name) && after.is_some_and(of_name);
        !runs_on_before && !runs_on_after
    })
}

/// The line without the text of its string literals: an error may speak of what the code must not touch.
fn without_strings(line: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut escaped = false;
    for c in line.chars() {
        match (inside, c) {
            (true, '\\') if !escaped => escaped = true,
            (_, '"') if !escaped => {
                inside = !inside;
                out.push(c);
            }
            _ => {
                escaped = false;
                if !inside {
                    out.push(c);
                }
            }
        }
    }
    out
}

fn offences(home: &Home, file: &File) -> Vec<String> {
    if !file.path.starts_with(home.within) || (home.at_home)(&file.path) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, line) in file.code() {
        let line = without_strings(line);
        for word in home.words {
            if has_word(&line, word) {
                found.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    found
}

#[test]
fn words_stay_at_home() {
    let files: Vec<File> = sources().collect();
    let mut report = Vec::new();
    for home in HOMES {
        let found: Vec<String> = files.iter().flat_map(|file| offences(home, file)).collect();
        if !found.is_empty() {
            report.push(format!("{}:\n    {}", home.rule, found.join("\n    ")));
        }
    }
    none("house rules", &report);
}

#[test]
fn the_rules_find_what_they_look_for() {
    let file = |text: &str| File {
        path: "bridge/src/x.rs".into(),
        text: text.into(),
    };
    let found = |text: &str| HOMES.iter().flat_map(|home| offences(home, &file(text))).count();
    assert_eq!(found("use actix_web::App;"), 1);
    assert_eq!(found("unsafe { x() }"), 1);
    assert_eq!(found("    println!(\"bollard\");"), 1);
    let engine = File {
        path: "runtime/src/engine/x.rs".into(),
        text: "let n = std::time::Instant::now();\ntokio::select! { biased; }\nlet now = world.now();".into(),
    };
    let clocks = HOMES.iter().flat_map(|home| offences(home, &engine)).count();
    assert_eq!(clocks, 1);
    let by_words = File {
        path: "runtime/workflow/src/x.rs".into(),
        text: "if error.message.starts_with(\"Unknown\") { a() } else if commit_message.contains(x) {}"
            .into(),
    };
    let by_words = HOMES.iter().flat_map(|home| offences(home, &by_words)).count();
    assert_eq!(by_words, 1);
    assert_eq!(
        found("// use actix_web::App;\nlet my_actix_web = \"unsafe\"; // unsafe"),
        0
    );
    assert_eq!(
        found("fn f() {}\n#[cfg(test)]\nmod tests {\n    use bollard::X;\n}"),
        0
    );
}

/// Longer than 500 lines, each with its reason.
const LONG: &[(&str, &str)] = &[];

#[test]
fn no_source_is_longer_than_500_lines() {
    let limit = |path: &str| if path.ends_with(".rs") { 500 } else { 300 };
    let offences: Vec<String> = super::tree::files()
        .into_iter()
        .filter(|f| [".rs", ".ts", ".tsx"].iter().any(|end| f.path.ends_with(end)))
        .filter(|f| !f.is_test() && !f.path.ends_with("schema.d.ts") && !f.path.contains(".gen."))
        .filter(|f| !LONG.iter().any(|(path, _)| *path == f.path))
        .filter_map(|f| {
            let last = f.code().last().map_or(0, |(number, _)| *number);
            (last > limit(&f.path)).then(|| format!("{}: {last} lines", f.path))
        })
        .collect();
    none("too long: split it by idea", &offences);
}

#[test]
fn every_module_says_what_it_is() {
    let offences: Vec<String> = sources()
        .filter(|f| !f.text.starts_with("//!"))
        .map(|f| f.path)
        .collect();
    none("does not start with `//!`", &offences);
}
