//! Work that chance chooses.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use crate::scenarios::{KIND, Scene};
use crate::studio::{measured_closely, record, until};
use crate::system::{ActorSystem, Truth, Wish};

/// `LOOM_TRUTHS_SEED` repeats one, `LOOM_TRUTHS_STEPS` says how long it goes on.
pub fn random_work_is_counted_as_it_was_done<S: ActorSystem>() {
    measured_closely();
    let from_env = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = from_env("LOOM_TRUTHS_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let steps = from_env("LOOM_TRUTHS_STEPS").unwrap_or(2_000);
    let work = std::panic::catch_unwind(|| work::<S>(seed, steps));
    assert!(work.is_ok(), "again with LOOM_TRUTHS_SEED={seed}");
}

fn work<S: ActorSystem>(seed: u64, steps: u64) {
    S::run(async {
        let scene = Scene::new();
        let mut chance = Chance(seed | 1);
        const WORKERS: usize = 6;
        let starts: Vec<_> = (0..WORKERS).map(|n| scene.worker(&format!("w-{n}"))).collect();
        let mut workers: Vec<_> = starts.iter().cloned().map(S::start).collect();
        // By sender and receiver, outside being the last; and lives.
        let mut edges = vec![[0_u64; WORKERS + 1]; WORKERS];
        let mut lives = [0_u64; WORKERS];
        for _ in 0..steps {
            let n = chance.below(WORKERS as u64) as usize;
            let other = chance.below(WORKERS as u64) as usize;
            match chance.below(100) {
                0..40 => {
                    S::tell(&workers[n]).await;
                    edges[n][WORKERS] += 1;
                }
                40..60 => {
                    let ask = chance.below(1_000);
                    assert!(S::ask(&workers[n], ask).await.is_some());
                }
                60..75 => {
                    let ask = chance.below(1_000);
                    assert!(S::later(&workers[n], ask, None).await.is_some());
                }
                75..98 => {
                    let count = chance.below(5);
                    S::wish(&workers[n], Wish::Send(workers[other].clone(), count)).await;
                    // Nothing is to be on its way to a worker that ends.
                    assert!(S::ask(&workers[n], 1).await.is_some());
                    edges[other][n] += count;
                }
                end => {
                    // What it has is handled first: only what is certain is compared.
                    assert!(S::ask(&workers[n], 1).await.is_some());
                    let wish = if end == 98 {
                        Wish::Panic("by chance")
                    } else {
                        Wish::Stop
                    };
                    S::wish(&workers[n], wish).await;
                    let id = &starts[n].id;
                    let ended = || ["failed", "stopped"].contains(&&*crate::status(&scene.registry, id));
                    until("an end", ended).await;
                    workers[n] = S::start(starts[n].clone());
                    lives[n] += 1;
                }
            }
        }
        for worker in &workers {
            assert!(S::ask(worker, 1).await.is_some());
        }
        for (n, start) in starts.iter().enumerate() {
            let (id, truth) = (&start.id, &start.truth);
            let now = record(&scene.registry, id);
            assert_eq!(now.message_count, Some(truth.messages()), "{id}");
            assert_eq!(now.error_count, Some(truth.errors() + truth.panics()), "{id}");
            assert_eq!(now.restart_count, Some(lives[n]), "{id}");
            let of = |message: &str| scene.studio.of_actor(id, message);
            until("its messages", || {
                (of("Tell").handled, of("Ask").handled, of("Later").handled)
                    == (truth.tells(), truth.asks(), truth.laters())
            })
            .await;
            assert_eq!(of("Wish").errors, truth.panics(), "{id}");
            let errors = of("Ask").errors + of("Later").errors;
            assert_eq!(errors, truth.errors(), "{id}");
            for (from, count) in edges[n].iter().enumerate() {
                let from = (from < WORKERS).then(|| starts[from].id.as_str());
                until("an edge", || scene.studio.edge(from, id, "Tell") == *count).await;
            }
        }
        let sum = |count: fn(&Truth) -> u64| starts.iter().map(|start| count(&start.truth)).sum::<u64>();
        let tell = scene.studio.of_type(KIND, "Tell");
        assert_eq!((tell.handled, tell.dead), (sum(Truth::tells), 0));
        scene.bridge.close().await;
    });
}

/// Numbers that look like chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }
}
