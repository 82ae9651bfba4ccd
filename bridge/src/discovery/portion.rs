//! Taking as much as there is room for.

use std::collections::HashMap;

use loom_protocol::ActorId;

/// Takes from the front what there is room for; at least one where there is any room, however much it weighs.
pub(super) fn take_some<T>(from: &mut Vec<T>, room: &mut usize, weight: impl Fn(&T) -> usize) -> Vec<T> {
    let fits = from.iter().take_while(|entry| {
        let fits = *room > 0;
        *room = room.saturating_sub(weight(entry).max(1));
        fits
    });
    let count = fits.count();
    from.drain(..count).collect()
}

/// The same of a map: which ones does not matter.
pub(super) fn take<T>(from: &mut HashMap<ActorId, T>, room: &mut usize) -> Vec<T> {
    if from.len() <= *room {
        *room -= from.len();
        return from.drain().map(|(_, entry)| entry).collect();
    }
    let ids: Vec<_> = from.keys().take(*room).cloned().collect();
    *room = 0;
    ids.iter().filter_map(|id| from.remove(id)).collect()
}
