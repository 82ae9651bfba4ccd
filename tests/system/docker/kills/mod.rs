//! Runs that are killed in the middle, in every way and at every moment: each ends, with a sensible exit code, and the next
//! start leaves nothing of Loom's in the engine, among the processes and in the state directory.
//!
//! A seed decides the moment and the way. `LOOM_TEST_SEEDS=A..B` tries others than the twenty of `make test`; `make kills`
//! does.

mod deed;
mod left;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::harness::{Engine, Ills, OwnEngine, Project, Proxy, Running, registry};
use deed::{Deed, Moment};
use left::Holder;

/// How long a run may take to end after what was done to it, an engine that falls silent included.
const BOUND: Duration = Duration::from_secs(60);

/// Runs at once on the engine that lives.
const AT_ONCE: usize = 4;

/// Everything that a run may hold: a container job on a network with a service, a named volume, an action with a post
/// step, an image of its own.
fn workflow(image: &str, volume: &str) -> String {
    format!(
        "name: kills
on: push
jobs:
  work:
    runs-on: ubuntu-latest
    container:
      image: {image}
      volumes: ['{volume}:/data']
    services:
      db:
        image: loom-test/busybox
        command: sleep 100000
        volumes: ['{volume}:/data']
    steps:
      - uses: ./act
      - uses: ./built
      - run: |
          echo in-$((40+2))-step
          {wait}
",
        wait = wait("go-step")
    )
}

/// A loop of the shell's that ends once there is a file of this name in the workspace, or after a time that no test waits.
fn wait(file: &str) -> String {
    format!("i=0; while [ ! -e {file} ] && [ $i -lt 1200 ]; do sleep 0.1; i=$((i+1)); done")
}

fn project(image: &str, seed: u64) -> Project {
    let project = Project::new();
    let volume = format!("loom-kills-{}-{seed}", std::process::id());
    project.file(".github/workflows/kills.yml", &workflow(image, &volume));
    project.file(
        "act/action.yml",
        "name: act\nruns:\n  using: node20\n  main: main.js\n  post: post.js\n",
    );
    project.file("act/main.js", "console.log(`in-${40 + 2}-main`);\n");
    project.file(
        "act/post.js",
        "console.log(`in-${40 + 2}-post`);
const there = () => require('fs').existsSync('go-post');
let tries = 0;
const timer = setInterval(() => { if (there() || ++tries > 1200) clearInterval(timer); }, 100);
",
    );
    project.file(
        "built/action.yml",
        "name: built\nruns:\n  using: docker\n  image: Dockerfile\n",
    );
    project.file(
        "built/Dockerfile",
        &format!("FROM loom-test/busybox\nRUN echo {volume} >/made\nCOPY entry.sh /entry.sh\nENTRYPOINT [\"/bin/sh\", \"/entry.sh\"]\n"),
    );
    let entry = format!("echo in-$((40+2))-action\n{}\n", wait("go-action"));
    project.file("built/entry.sh", &entry);
    project.file(
        "next.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    project
}

/// What a seed stands for.
struct Plan {
    seed: u64,
    deed: Deed,
    moment: Moment,
    /// A little later than the moment.
    delay: Duration,
}

impl Plan {
    fn of(seed: u64) -> Self {
        let chance = mixed(seed);
        // Each way at each moment comes up before one is repeated, far ones after each other.
        let (deeds, moments) = (Deed::ALL.len(), Moment::ALL.len());
        let pair = usize::try_from(seed * 37).expect("small") % (deeds * moments);
        let (deed, moment) = (Deed::ALL[pair % deeds], Moment::ALL[pair / deeds]);
        Self {
            seed,
            deed,
            moment,
            delay: Duration::from_millis(chance % 200),
        }
    }
}

/// `SplitMix64`.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn plans(of_the_engine: bool) -> Vec<Plan> {
    let seeds = std::env::var("LOOM_TEST_SEEDS").unwrap_or_else(|_| "1..20".to_owned());
    let (from, to) = seeds.split_once("..").unwrap_or((&seeds, &seeds));
    let number = |text: &str| {
        text.trim()
            .parse::<u64>()
            .expect("LOOM_TEST_SEEDS is A..B, or one number")
    };
    (number(from)..=number(to))
        .map(Plan::of)
        .filter(|plan| plan.deed.is_of_the_engine() == of_the_engine)
        .collect()
}

fn start(project: &Project, host: &str, pull: &str) -> Running {
    let file = ".github/workflows/kills.yml";
    let run = ["run", "--executor", "docker", "--pull", pull, file];
    project.loom(&run).env("DOCKER_HOST", host).start()
}

/// Tries one seed; `own` is the engine when it is the test's own.
fn attempt(plan: &Plan, host: &str, own: Option<&OwnEngine>) {
    let slow = Ills {
        bytes_per_second: Some(400_000),
        ..Ills::default()
    };
    let proxy = (plan.moment == Moment::Pull).then(|| Proxy::before(&registry(), slow));
    let pulled = proxy
        .as_ref()
        .map(|proxy| format!("{}/loom-test/fat:latest", proxy.address()));
    let image = pulled.clone().unwrap_or_else(|| "loom-test/node".to_owned());
    let pull = if pulled.is_some() { "missing" } else { "never" };
    let project = project(&image, plan.seed);
    let holder = Holder::new(&project, host);
    let mut running = start(&project, host, pull);
    plan.moment.wait(&mut running, &project, &holder);
    std::thread::park_timeout(plan.delay);
    let done = Instant::now();
    plan.deed.carry_out(&running, &holder, own);
    // Whoever still runs and is not frozen comes to its end.
    for file in ["go-step", "go-action", "go-post"] {
        project.file(file, "");
    }
    if mixed(plan.seed).is_multiple_of(2) || plan.deed.wants_insisting(plan.moment) {
        plan.deed.insist(&running);
    }
    let said = format!(
        "seed {}: {:?} at {:?} + {:?}",
        plan.seed, plan.deed, plan.moment, plan.delay
    );
    let outcome = running.end();
    assert!(
        done.elapsed() < BOUND,
        "{said}: took {:?}\n{outcome}",
        done.elapsed()
    );
    let code = outcome.status.code();
    assert!(
        plan.deed.may_end_with(code, plan.moment),
        "{said}: exit code {code:?}\n{outcome}"
    );
    plan.deed.undo(own);
    let next = project
        .loom(&["run", "--executor", "docker", "--pull", "never", "next.loom.yml"])
        .env("DOCKER_HOST", host)
        .run();
    assert_eq!(
        next.status.code(),
        Some(0),
        "{said}: the next start\n{outcome}\n{next}"
    );
    holder.holds_nothing(&format!("{said}\n{outcome}\n{next}"));
    if let Some(image) = pulled {
        holder.forget_image(&image);
    }
    println!("{said}: exit code {code:?} after {:?}", done.elapsed());
}

/// An engine that starts writes the machine's packet rules anew, and for a moment another cannot make networks: one of the
/// two tests at a time.
static RULES: Mutex<()> = Mutex::new(());

#[test]
fn of_the_process_and_the_container() {
    let _alone = RULES.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = Engine::mine();
    let plans = Mutex::new(plans(false).into_iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(plan) = plans.lock().expect("no thread panics with it").next() else {
                        return;
                    };
                    let tried = std::panic::catch_unwind(|| attempt(&plan, &engine.host, None));
                    if tried.is_err() {
                        failures.lock().expect("no thread panics with it").push(plan.seed);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panics with it");
    assert!(failures.is_empty(), "failed (see above): seeds {failures:?}");
    engine.holds_nothing_new();
}

#[test]
fn of_the_engine() {
    let _alone = RULES.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = OwnEngine::start();
    for plan in plans(true) {
        attempt(&plan, &engine.host(), Some(&engine));
    }
}
