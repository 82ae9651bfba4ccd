//! Workflows from a seed, with what is known of them without an engine.

use super::chance::Chance;

/// An `if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    Success,
    Failure,
    Always,
    Cancelled,
    NotCancelled,
    Never,
}

impl Condition {
    const JOB: &[Self] = &[
        Self::None,
        Self::None,
        Self::None,
        Self::None,
        Self::Success,
        Self::Failure,
        Self::Always,
        Self::Cancelled,
        Self::NotCancelled,
        Self::Never,
    ];

    fn key(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Success => "if: success(), ",
            Self::Failure => "if: failure(), ",
            Self::Always => "if: always(), ",
            Self::Cancelled => "if: cancelled(), ",
            Self::NotCancelled => "if: '!cancelled()', ",
            Self::Never => "if: github.event_name == 'pull_request', ",
        }
    }
}

/// What a step's script does, in the fake's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Good,
    Fail,
    /// Ends when it is asked to.
    Wait,
    /// Ends when it is killed.
    Deaf,
    /// Never ends while its place is there.
    Freeze,
    /// Its place is lost under it.
    Lose,
    /// The task that watches over it panics.
    Panic,
    /// Sets an output, a variable, and says things of files.
    Speak,
}

impl Act {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fail => "fail",
            Self::Wait => "wait",
            Self::Deaf => "deaf",
            Self::Freeze => "freeze",
            Self::Lose => "lose",
            Self::Panic => "panic",
            Self::Speak => "speak",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        match word {
            "fail" => Self::Fail,
            "wait" => Self::Wait,
            "deaf" => Self::Deaf,
            "freeze" => Self::Freeze,
            "lose" => Self::Lose,
            "panic" => Self::Panic,
            "speak" => Self::Speak,
            _ => Self::Good,
        }
    }
}

/// A step as written; `plain` when it runs in its turn, so that what becomes of it is easily known.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) condition: Condition,
    pub(super) lenient: bool,
    pub(super) act: Act,
}

/// A job as written.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) key: String,
    pub(super) needs: Vec<String>,
    pub(super) condition: Condition,
    pub(super) steps: Vec<Step>,
    /// Whether all its steps run one after the other.
    pub(super) plain: bool,
    pub(super) has_matrix: bool,
    pub(super) attempts: u32,
}

/// A workflow.
#[derive(Clone, Debug)]
pub(super) struct Workflow {
    pub(super) text: String,
    pub(super) jobs: Vec<Job>,
}

fn step(chance: &mut Chance, hangs: bool) -> (Step, String) {
    let act = match chance.below(24) {
        0..4 => Act::Fail,
        4 => Act::Lose,
        5 => Act::Panic,
        6..9 => Act::Speak,
        9..11 if hangs => Act::Wait,
        11 if hangs => Act::Deaf,
        12 if hangs => Act::Freeze,
        _ => Act::Good,
    };
    let condition = chance.of(&[
        Condition::None,
        Condition::None,
        Condition::None,
        Condition::None,
        Condition::Success,
        Condition::Always,
        Condition::Failure,
        Condition::Cancelled,
        Condition::NotCancelled,
        Condition::Never,
    ]);
    let lenient = chance.one_in(5);
    let continues = if lenient { "continue-on-error: true, " } else { "" };
    let timeout = chance.of(&["", "", "", "timeout-minutes: 0.2, ", "timeout-minutes: 0.01, "]);
    let text = format!(
        "{}{continues}{timeout}run: {} {}",
        condition.key(),
        act.word(),
        chance.below(3000)
    );
    (
        Step {
            condition,
            lenient,
            act,
        },
        text,
    )
}

fn steps(chance: &mut Chance, hangs: bool) -> (Vec<Step>, bool, String) {
    let (mut all, mut texts, mut plain) = (Vec::new(), Vec::new(), true);
    let background = chance.one_in(3);
    for index in 0..=chance.below(4) {
        let (one, text) = step(chance, hangs);
        all.push(one);
        match chance.below(4) {
            0 if background => {
                plain = false;
                texts.push(format!("{{id: s{index}, background: true, {text}}}"));
                match chance.below(4) {
                    0 => texts.push(format!("{{wait: s{index}}}")),
                    1 => texts.push(format!("{{cancel: s{index}}}")),
                    2 => texts.push("{wait-all: true}".to_owned()),
                    _ => {}
                }
            }
            1 if background => {
                plain = false;
                texts.push(format!(
                    "{{parallel: [{{{text}}}, {{{}}}]}}",
                    step(chance, hangs).1
                ));
            }
            _ => texts.push(format!("{{id: s{index}, {text}}}")),
        }
    }
    (all, plain, texts.join(", "))
}

fn job(chance: &mut Chance, key: String, before: &[String], hangs: bool) -> (Job, String) {
    let needs: Vec<String> = before
        .iter()
        .filter(|_| chance.one_in(3))
        .map(|name| name.trim_start_matches('&').to_owned())
        .collect();
    let condition = chance.of(Condition::JOB);
    let lenient = chance.one_in(6);
    let matrix = chance.of(&[
        "",
        "",
        "",
        "strategy: {matrix: {v: [1, 2, 3]}}, ",
        "strategy: {fail-fast: false, max-parallel: 1, matrix: {v: [1, 2]}}, ",
        "strategy: {max-parallel: 2, matrix: {v: [1, 2, 3, 4]}}, ",
    ]);
    let (attempts, retry) = chance.of(&[
        (1, ""),
        (1, ""),
        (1, ""),
        (2, "retry: {max-attempts: 2}, "),
        (3, "retry: {max-attempts: 3}, "),
    ]);
    let timeout = if hangs {
        chance.of(&[
            "timeout-minutes: 1, ",
            "timeout-minutes: 0.1, ",
            "timeout-minutes: 3, ",
        ])
    } else {
        chance.of(&["", "", "", "timeout-minutes: 0.05, "])
    };
    let concurrency = chance.of(&[
        "",
        "",
        "",
        "",
        "",
        "concurrency: one, ",
        "concurrency: {group: two, cancel-in-progress: true}, ",
    ]);
    let outputs = chance.of(&["", "", "outputs: {o: '${{ steps.s0.outputs.o }}'}, "]);
    let services = chance.of(&["", "", "", "", "", "services: {db: {image: postgres}}, "]);
    let (steps, plain, text) = steps(chance, hangs);
    let text = format!(
        "  {key}: {{needs: [{}], {}{}{matrix}{retry}{timeout}{concurrency}{services}{outputs}steps: [{text}]}}\n",
        needs.join(", "),
        condition.key(),
        if lenient { "continue-on-error: true, " } else { "" },
    );
    let job = Job {
        key,
        needs,
        condition,
        steps,
        plain,
        has_matrix: !matrix.is_empty(),
        attempts,
    };
    (job, text)
}

impl Workflow {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let hangs = chance.one_in(3);
        let (mut names, mut jobs, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..=chance.below(5) {
            // Names that other names are made from: `a` at its second attempt is not `a-2`.
            let key = match chance.below(30) {
                0 => format!("no-image-{index}"),
                1 => format!("no-room-{index}"),
                2 => format!("panic-{index}"),
                _ => ["a", "a-2", "b", "a-3", "b-2", "c"][usize::try_from(index).unwrap()].to_owned(),
            };
            let (job, text) = job(chance, key.clone(), &names, hangs);
            names.push(key);
            jobs.push(job);
            texts.push(text);
        }
        let concurrency = chance.of(&[
            "",
            "",
            "",
            "",
            "concurrency: all\n",
            "concurrency: {group: all, cancel-in-progress: true}\n",
        ]);
        Self {
            text: format!("{concurrency}jobs:\n{}", texts.concat()),
            jobs,
        }
    }
}
