//! Subscriptions while others write, come and go on other threads.

use super::*;

#[test]
fn changes_from_other_threads_are_not_lost() {
    const THREADS: u64 = 4;
    const MESSAGES: u64 = 20_000;
    let mut scene = Scene::new();
    let cells: Vec<_> = (0..THREADS).map(|n| scene.actor(&format!("a{n}"))).collect();
    let mut reported = std::collections::HashMap::new();
    std::thread::scope(|scope| {
        for cell in &cells {
            scope.spawn(|| (0..MESSAGES).for_each(|_| handle_one(cell)));
        }
        for _ in 0..200 {
            note(&mut reported, scene.changes.poll());
        }
    });
    for _ in 0..3 {
        note(&mut reported, scene.changes.poll());
    }
    assert_eq!(reported.len(), usize::try_from(THREADS).unwrap());
    assert!(reported.values().all(|count| *count == MESSAGES), "{reported:?}");
}

/// Whoever takes a bit the moment it is free must not be made deaf by the one who had it: what is wanted under it is cleared
/// before.
#[test]
fn a_bit_is_free_only_when_nothing_is_remembered_under_it() {
    let scene = Scene::new();
    let cells: Vec<_> = (0..20_000).map(|n| scene.actor(&format!("a{n}"))).collect();
    let subscriptions = &scene.registry.inner.subscriptions;
    for round in 0..10 {
        let mut leaving = scene.registry.subscribe().unwrap();
        leaving.poll();
        let bit = leaving.bit();
        std::thread::scope(|scope| {
            scope.spawn(|| drop(leaving));
            while !subscriptions.is_free(bit) {
                std::hint::spin_loop();
            }
            let late = cells.iter().filter(|cell| cell.marks.is_wanted_by(bit)).count();
            assert_eq!(late, 0, "round {round}: marks that are still to be cleared");
        });
    }
}

#[test]
fn subscribers_that_come_while_others_leave_hear_everything() {
    let scene = Scene::new();
    let cells: Vec<_> = (0..200).map(|n| scene.actor(&format!("a{n}"))).collect();
    let registry = &scene.registry;
    std::thread::scope(|scope| {
        let listening = scope.spawn(|| {
            for round in 0..200 {
                let mut changes = registry.subscribe().unwrap();
                for _ in 0..3 {
                    changes.poll();
                }
                cells.iter().for_each(handle_one);
                let reported: std::collections::HashSet<_> =
                    changes.poll().changed.into_iter().map(|patch| patch.id).collect();
                assert_eq!(reported.len(), cells.len(), "deaf in round {round}");
            }
        });
        while !listening.is_finished() {
            assert!(
                registry
                    .subscribe()
                    .is_ok_and(|mut changes| !changes.poll().is_empty())
            );
        }
    });
}

fn note(reported: &mut std::collections::HashMap<String, u64>, delta: Delta) {
    let new = delta
        .new
        .into_iter()
        .map(|record| (record.id, record.message_count));
    let changed = delta
        .changed
        .into_iter()
        .map(|patch| (patch.id, patch.message_count));
    for (id, count) in new.chain(changed) {
        let count = count.unwrap();
        let last = reported.insert(id.0, count).unwrap_or(0);
        assert!(count >= last, "counters only grow: {last} then {count}");
    }
}
