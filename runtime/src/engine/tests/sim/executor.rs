//! An executor whose places are names, which takes its time and fails as the seed says.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::chance::Chance;
use super::workflow::Act;
use super::world::SimWorld;
use crate::executor::{
    Closed, CommandFiles, Executor, ExecutorError, ExitStatus, FileContent, Notes, Place, PlaceFacts,
    PlaceSpec, Program, ServiceFacts, Signal, StepEnd, StepOutput, StepSpec, Stream, Swept,
};
use crate::id::{JobKey, RunId, StepId};
use crate::world::World;

/// What each step says first, and one that speaks at its end.
const FIRST: &[u8] = b"hello\n";
const SPOKEN: &[u8] = b"::warning file=a.c,line=3::odd\n::group::g\n";

/// A step that was begun.
#[derive(Clone)]
struct Begun {
    text: String,
    /// When, in microseconds.
    at: u64,
    end: Option<StepEnd>,
}

/// Outlives the processes that use it, as an engine does. Clones are the same.
#[derive(Clone)]
pub(super) struct SimExecutor(Arc<Inner>);

struct Inner {
    world: SimWorld,
    seed: u64,
    /// When nothing answers: from, to; in microseconds.
    gone: Option<(u64, u64)>,
    /// Whether openings, closings and services fail now and then.
    frail: bool,
    /// Whether services never fail.
    steady: bool,
    /// Whether steps go on when their process is killed.
    lasts: bool,
    /// The steps that were begun in each place, with what they do and when they began.
    begun: Mutex<BTreeMap<String, BTreeMap<StepId, Begun>>>,
    attached: AtomicU32,
    held: Mutex<BTreeSet<String>>,
    /// What was removed by name: a run that is given up does so while its jobs may still close their places.
    reclaimed: Mutex<BTreeSet<String>>,
    /// What an engine must never be asked.
    wrongs: Mutex<Vec<String>>,
}

fn panics() -> ! {
    // As a panic, without its text on the screen.
    resume_unwind(Box::new("as the simulation wants it"))
}

impl SimExecutor {
    pub(super) fn new(world: SimWorld, seed: u64, chance: &mut Chance) -> Self {
        let from = chance.below(20_000_000);
        let gone = (from, from + chance.below(30_000_000));
        Self(Arc::new(Inner {
            world,
            seed,
            gone: chance.one_in(12).then_some(gone),
            frail: chance.one_in(3),
            steady: false,
            // Apart from the other choices of a seed.
            lasts: Chance::new(seed, "lasts").one_in(2),
            begun: Mutex::default(),
            attached: AtomicU32::new(0),
            held: Mutex::default(),
            reclaimed: Mutex::default(),
            wrongs: Mutex::default(),
        }))
    }

    /// One in which nothing fails, and steps end with their process, or `lasts`.
    pub(super) fn steady(world: SimWorld, seed: u64, lasts: bool) -> Self {
        Self(Arc::new(Inner {
            world,
            seed,
            gone: None,
            frail: false,
            steady: true,
            lasts,
            begun: Mutex::default(),
            attached: AtomicU32::new(0),
            held: Mutex::default(),
            reclaimed: Mutex::default(),
            wrongs: Mutex::default(),
        }))
    }

    /// How often a process went on with a place of another one.
    pub(super) fn attached(&self) -> u32 {
        self.0.attached.load(Ordering::Relaxed)
    }

    /// What it holds.
    pub(super) fn held(&self) -> Vec<String> {
        self.0.held.lock().unwrap().iter().cloned().collect()
    }

    /// What it was asked that makes no sense.
    pub(super) fn wrongs(&self) -> Vec<String> {
        self.0.wrongs.lock().unwrap().clone()
    }

    fn wrong(&self, what: String) {
        self.0.wrongs.lock().unwrap().push(what);
    }

    fn chance(&self, purpose: &str) -> Chance {
        Chance::new(self.0.seed, purpose)
    }

    async fn pass(&self, chance: &mut Chance, most: u64) {
        let micros = match chance.below(20) {
            0 => chance.below(most * 20),
            _ => chance.below(most),
        };
        self.0.world.sleep(Duration::from_micros(micros)).await;
    }

    fn answers(&self) -> Result<(), ExecutorError> {
        let now = self.0.world.micros();
        match self.0.gone {
            Some((from, to)) if (from..to).contains(&now) => Err(ExecutorError::Unreachable {
                endpoint: "unix:///simulated".into(),
                cause: "it does not answer".into(),
                help: "wait".into(),
            }),
            _ => Ok(()),
        }
    }

    fn place(&self, spec: PlaceSpec, services: indexmap::IndexMap<String, ServiceFacts>) -> SimPlace {
        SimPlace {
            executor: self.clone(),
            name: spec.key.resource_name(),
            facts: PlaceFacts {
                workspace: "/workspace".into(),
                temp: "/temp".into(),
                os: "Linux".into(),
                arch: "X64".into(),
                services,
                ..PlaceFacts::default()
            },
            directory: spec.directory,
            steps: Mutex::default(),
        }
    }

    fn at(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0.world.now().as_millis()).unwrap()
    }

    fn remove(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut held = self.0.held.lock().unwrap();
        let removed: Vec<String> = held.iter().filter(|name| wanted(name)).cloned().collect();
        held.retain(|name| !removed.contains(name));
        self.0
            .begun
            .lock()
            .unwrap()
            .retain(|name, _| !removed.contains(name));
        removed
    }
}

#[async_trait]
impl Executor for SimExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn probe(&self) -> Result<(), ExecutorError> {
        self.answers()
    }

    async fn fetch(&self, place: &PlaceSpec, notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        let mut chance = self.chance(&format!("fetch {}", place.key.resource_name()));
        notes.progress("image", 1, Some(2));
        self.pass(&mut chance, 1_000_000).await;
        if place.key.job.top().starts_with("no-image-") {
            return Err(ExecutorError::Image {
                image: "debian".into(),
                cause: "it is not there".into(),
            });
        }
        Ok(())
    }

    async fn open(&self, place: PlaceSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError> {
        self.answers()?;
        let name = place.key.resource_name();
        let mut chance = self.chance(&format!("open {name}"));
        if !self.0.held.lock().unwrap().insert(name.clone()) {
            self.wrong(format!("{name} is opened while it is there"));
        }
        notes.line("made");
        self.pass(&mut chance, 500_000).await;
        let top = place.key.job.top();
        if top.starts_with("panic-") || (self.0.frail && chance.one_in(40)) {
            panics();
        }
        self.answers()?; // what was begun may be left
        if top.starts_with("no-room-") || (self.0.frail && chance.one_in(20)) {
            self.remove(|held| held == name);
            return Err(ExecutorError::Setup {
                what: "start the container".into(),
                cause: "the disk is full".into(),
            });
        }
        let mut services = indexmap::IndexMap::new();
        for service in place.services.keys() {
            self.pass(&mut chance, 2_000_000).await;
            if chance.one_in(4) && !self.0.steady {
                self.remove(|held| held == name);
                return Err(ExecutorError::Workflow {
                    what: format!("start the service `{service}`"),
                    cause: "it is unhealthy".into(),
                });
            }
            services.insert(service.clone(), ServiceFacts::default());
        }
        std::fs::create_dir_all(place.directory.join("temp")).unwrap();
        Ok(Arc::new(self.place(place, services)))
    }

    fn outlives_its_process(&self) -> bool {
        self.0.lasts
    }

    async fn attach(&self, place: PlaceSpec, _: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError> {
        let name = place.key.resource_name();
        let mut chance = self.chance(&format!("attach {name}"));
        self.pass(&mut chance, 200_000).await;
        self.answers()?;
        let is_there = self.0.held.lock().unwrap().contains(&name);
        if !is_there || (self.0.frail && chance.one_in(3)) {
            return Err(lost());
        }
        if self.0.frail && chance.one_in(10) {
            panics();
        }
        self.0.attached.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(self.place(place, indexmap::IndexMap::new())))
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        let name = job.resource_name();
        let mut chance = self.chance(&format!("reclaim {name}"));
        self.pass(&mut chance, 200_000).await;
        self.answers()?;
        self.remove(|held| held == name);
        self.0.reclaimed.lock().unwrap().insert(name);
        Ok(())
    }

    async fn sweep(&self, runs: &[RunId], kept: &BTreeSet<String>) -> Result<Swept, ExecutorError> {
        self.pass(&mut self.chance("sweep"), 200_000).await;
        self.answers()?;
        let of_runs = |held: &str| runs.iter().any(|run| held.starts_with(&JobKey::prefix(run)));
        let removed = self.remove(|held| of_runs(held) && !kept.contains(held));
        Ok(Swept { removed })
    }
}

struct SimPlace {
    executor: SimExecutor,
    name: String,
    facts: PlaceFacts,
    directory: PathBuf,
    steps: Mutex<State>,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// The strongest signal that each step got, and who wants to know.
    signals: BTreeMap<StepId, (u8, Arc<Notify>)>,
}

fn strength(signal: Signal) -> u8 {
    match signal {
        Signal::Interrupt => 1,
        Signal::Terminate => 2,
        Signal::Kill => 3,
    }
}

fn lost() -> ExecutorError {
    ExecutorError::Lost {
        cause: "it is gone".into(),
    }
}

impl SimPlace {
    /// Waits for a signal of this strength, or the place's end.
    async fn signalled(&self, step: &StepId, heeds: u8) -> Result<(), ExecutorError> {
        loop {
            let signals = {
                let mut state = self.steps.lock().unwrap();
                if state.closed {
                    return Err(lost());
                }
                let (strongest, signals) = state.signals.entry(step.clone()).or_default();
                if *strongest >= heeds {
                    return Ok(());
                }
                Arc::clone(signals)
            };
            signals.notified().await;
        }
    }

    /// The same, and the end stays known.
    async fn end_of(
        &self,
        step: &StepId,
        text: &str,
        began: u64,
        output: Box<dyn StepOutput>,
    ) -> Result<StepEnd, ExecutorError> {
        let end = self.play(step, text, began, output).await?;
        let mut begun = self.executor.0.begun.lock().unwrap();
        let known = begun.get_mut(&self.name).and_then(|steps| steps.get_mut(step));
        if let Some(known) = known {
            known.end = Some(end.clone());
        }
        Ok(end)
    }

    /// Does what a step does, from its first word, however long ago it began.
    async fn play(
        &self,
        step: &StepId,
        text: &str,
        began: u64,
        mut output: Box<dyn StepOutput>,
    ) -> Result<StepEnd, ExecutorError> {
        let mut words = text.split_whitespace();
        let act = Act::of(words.next().unwrap_or_default());
        let millis: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let world = &self.executor.0.world;
        let at = self.executor.at();
        output.chunk(Stream::Stdout, at, FIRST);
        let heeds = match act {
            Act::Wait => 1,
            Act::Freeze => u8::MAX,
            _ => 3,
        };
        let hangs = matches!(act, Act::Wait | Act::Deaf | Act::Freeze);
        let time = Duration::from_millis(if hangs { 100_000_000 } else { millis });
        let left = time.saturating_sub(Duration::from_micros(world.micros() - began));
        let signalled = tokio::select! {
            biased;
            got = self.signalled(step, if hangs { heeds } else { 1 }) => { got?; true }
            () = world.sleep(left) => false,
        };
        let took = world.micros() - began;
        if signalled {
            let signal = if heeds == 1 || !hangs { 2 } else { 9 };
            return Ok(Self::ended(ExitStatus::Signal(signal), took, true));
        }
        let mut files = CommandFiles::default();
        match act {
            Act::Lose => return Err(lost()),
            Act::Panic => panics(),
            Act::Speak => {
                output.chunk(Stream::Stdout, at, SPOKEN);
                files.output = FileContent::Bytes(b"o=value\n".to_vec());
                files.env = FileContent::Bytes(b"NAME=value\n".to_vec());
                files.summary = FileContent::Bytes(b"# done\n".to_vec());
            }
            _ => {}
        }
        let code = i32::from(act == Act::Fail);
        Ok(StepEnd {
            files,
            ..Self::ended(ExitStatus::Code(code), took, false)
        })
    }

    fn ended(status: ExitStatus, micros: u64, signalled: bool) -> StepEnd {
        StepEnd {
            status,
            took: Duration::from_micros(micros),
            signalled,
            ..StepEnd::default()
        }
    }
}

#[async_trait]
impl Place for SimPlace {
    fn facts(&self) -> &PlaceFacts {
        &self.facts
    }

    async fn run(&self, step: StepSpec, output: Box<dyn StepOutput>) -> Result<StepEnd, ExecutorError> {
        let text = match &step.program {
            Program::Script { text, .. } => text.clone(),
            _ => String::new(),
        };
        if self.steps.lock().unwrap().closed {
            return Err(lost());
        }
        let began = self.executor.0.world.micros();
        let before = {
            let mut begun = self.executor.0.begun.lock().unwrap();
            let steps = begun.entry(self.name.clone()).or_default();
            let begun = Begun {
                text: text.clone(),
                at: began,
                end: None,
            };
            steps.insert(step.id.clone(), begun)
        };
        if before.is_some() {
            self.executor
                .wrong(format!("{} begins {} twice", self.name, step.id));
        }
        self.end_of(&step.id, &text, began, output).await
    }

    async fn follow(
        &self,
        step: &StepId,
        mut output: Box<dyn StepOutput>,
    ) -> Result<Option<StepEnd>, ExecutorError> {
        let begun = {
            let begun = self.executor.0.begun.lock().unwrap();
            begun.get(&self.name).and_then(|steps| steps.get(step)).cloned()
        };
        match begun {
            None => Ok(None),
            Some(Begun { end: Some(end), .. }) => {
                let at = self.executor.at();
                output.chunk(Stream::Stdout, at, FIRST);
                if end.files.output != FileContent::Empty {
                    output.chunk(Stream::Stdout, at, SPOKEN);
                }
                Ok(Some(end))
            }
            Some(Begun { text, at, end: None }) => self.end_of(step, &text, at, output).await.map(Some),
        }
    }

    async fn signal(&self, step: &StepId, signal: Signal) -> Result<(), ExecutorError> {
        let mut state = self.steps.lock().unwrap();
        if state.closed {
            return Err(lost());
        }
        let (strongest, signals) = state.signals.entry(step.clone()).or_default();
        *strongest = (*strongest).max(strength(signal));
        signals.notify_one();
        Ok(())
    }

    async fn build(&self, _: PathBuf, _: PathBuf, _: Arc<dyn Notes>) -> Result<String, ExecutorError> {
        Ok("built".into())
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        let signals: Vec<Arc<Notify>> = {
            let mut state = self.steps.lock().unwrap();
            if std::mem::replace(&mut state.closed, true) {
                self.executor.wrong(format!("{} is closed twice", self.name));
            }
            state
                .signals
                .values()
                .map(|(_, signals)| Arc::clone(signals))
                .collect()
        };
        signals.iter().for_each(|signals| signals.notify_one());
        let mut chance = self.executor.chance(&format!("close {}", self.name));
        self.executor.pass(&mut chance, 300_000).await;
        if self.executor.0.frail && chance.one_in(40) {
            panics();
        }
        self.executor.answers()?;
        if self.executor.0.frail && chance.one_in(20) {
            return Err(ExecutorError::Cleanup {
                what: self.name.clone(),
                cause: "it is busy".into(),
            });
        }
        let reclaimed = self.executor.0.reclaimed.lock().unwrap().contains(&self.name);
        if self.executor.remove(|held| held == self.name).is_empty() && !reclaimed {
            self.executor
                .wrong(format!("{} is closed and was not there", self.name));
        }
        std::fs::remove_dir_all(&self.directory).ok();
        let leaves = chance.one_in(15);
        Ok(Closed {
            killed: leaves.then(|| "7 sleep".to_owned()).into_iter().collect(),
        })
    }

    async fn keep(&self, _: &[String]) -> Result<Closed, ExecutorError> {
        let signals: Vec<Arc<Notify>> = {
            let mut state = self.steps.lock().unwrap();
            if std::mem::replace(&mut state.closed, true) {
                self.executor
                    .wrong(format!("{} is kept after it was closed", self.name));
            }
            state
                .signals
                .values()
                .map(|(_, signals)| Arc::clone(signals))
                .collect()
        };
        signals.iter().for_each(|signals| signals.notify_one());
        let mut chance = self.executor.chance(&format!("keep {}", self.name));
        self.executor.pass(&mut chance, 300_000).await;
        if self.executor.0.frail && chance.one_in(20) {
            panics();
        }
        self.executor.answers()?;
        if self.executor.0.frail && chance.one_in(10) {
            return Err(lost());
        }
        Ok(Closed::default())
    }
}
