//! Counts wrong tries to sign in, by address, so that nobody can try many tokens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::Timestamp;

use crate::Clock;

/// Wrong tries that an address has before it must wait.
const FREE: u32 = 5;
/// The time after the last wrong try for which it must wait, and after which its tries are forgotten.
const WAIT_MILLIS: u64 = 30_000;
/// Addresses remembered. Beyond, the one whose last try is longest ago is forgotten.
const MAX_ADDRESSES: usize = 4096;

/// Wrong tries by address.
pub(crate) struct Tries {
    clock: Arc<dyn Clock>,
    wrong: Mutex<HashMap<IpAddr, Wrong>>,
}

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    last: Timestamp,
}

impl Tries {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            wrong: Mutex::default(),
        }
    }

    /// One try of `peer`: whether `is_right` says yes. While the address must wait it is not even asked, and the seconds
    /// to wait are told. Tries at the same time are judged one after another.
    pub(crate) fn judge(&self, peer: IpAddr, is_right: impl FnOnce() -> bool) -> Result<bool, u64> {
        let (peer, now) = (network(peer), self.clock.now());
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let before = wrong.get(&peer).copied().filter(|wrong| {
            // An old one is as if it never was.
            now.millis_since(wrong.last) < WAIT_MILLIS
        });
        if let Some(before) = before
            && before.count >= FREE
        {
            let left = WAIT_MILLIS.saturating_sub(now.millis_since(before.last));
            return Err(left.div_ceil(1000).max(1));
        }
        if is_right() {
            wrong.remove(&peer);
            return Ok(true);
        }
        if wrong.len() >= MAX_ADDRESSES && !wrong.contains_key(&peer) {
            let oldest = wrong.iter().min_by_key(|(_, wrong)| wrong.last);
            let oldest = oldest.map(|(peer, _)| *peer);
            oldest.and_then(|peer| wrong.remove(&peer));
        }
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        wrong.insert(peer, Wrong { count, last: now });
        Ok(false)
    }
}

/// Whoever has one IPv6 address has the 2^64 beside it.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Clone, Default)]
    struct Hands(Arc<AtomicI64>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn after_some_wrong_tries_an_address_waits_and_no_other_does() {
        let hands = Hands::default();
        let tries = Tries::new(Arc::new(hands.clone()));
        let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        for _ in 0..FREE {
            assert_eq!(tries.judge(peer, || false), Ok(false));
        }
        assert_eq!(tries.judge(peer, || true), Err(30), "not even the right one");
        hands.0.fetch_add(29_500, Ordering::SeqCst);
        assert_eq!(tries.judge(peer, || true), Err(1));
        assert_eq!(
            tries.judge(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), || true),
            Ok(true)
        );
        hands.0.fetch_add(500, Ordering::SeqCst);
        assert_eq!(tries.judge(peer, || true), Ok(true));
    }

    #[test]
    fn neighbours_of_one_network_are_one_and_the_memory_is_bounded() {
        let tries = Tries::new(Arc::new(Hands::default()));
        for host in 0..FREE {
            let peer = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::try_from(host).unwrap());
            assert_eq!(tries.judge(IpAddr::V6(peer), || false), Ok(false));
        }
        let neighbour = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 2, 3, 4);
        assert!(tries.judge(IpAddr::V6(neighbour), || true).is_err());
        for host in 0..u32::try_from(MAX_ADDRESSES).unwrap() + 10 {
            let peer = IpAddr::V4(Ipv4Addr::from_bits(host));
            assert_eq!(tries.judge(peer, || false), Ok(false));
        }
        assert_eq!(tries.wrong.lock().unwrap().len(), MAX_ADDRESSES);
    }
}
