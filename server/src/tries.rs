//! Counts wrong tokens, by address and however they were shown, so that nobody can try many.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::Timestamp;

use crate::Clock;

/// Wrong tries that an address has before it must wait.
const FREE: u32 = 5;
/// The time after the last wrong try for which it must wait, and after which its tries are forgotten.
const WAIT_MILLIS: u64 = 30_000;
/// An address from which a program showed the token within this time goes on while others there guess.
const TRUST_MILLIS: u64 = 10 * 60 * 1000;
/// Addresses remembered. Beyond, the one whose last try is longest ago is forgotten.
const MAX_ADDRESSES: usize = 4096;

/// Wrong tries by address.
pub(crate) struct Tries {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    wrong: HashMap<IpAddr, Wrong>,
    /// When a program showed the token last.
    right: HashMap<IpAddr, Timestamp>,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Once, to begin a session.
    SignIn,
    /// With every request, as programs do.
    Program,
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
            seen: Mutex::default(),
        }
    }

    /// One try of `peer`: whether `is_right` says yes. While the address must wait it is not even asked, and the seconds
    /// to wait are told; but a program that showed the token lately is not harmed by others who guess. Tries at the same time
    /// are judged one after another.
    pub(crate) fn judge(&self, peer: IpAddr, way: Way, is_right: impl Fn() -> bool) -> Result<bool, u64> {
        let (peer, now) = (network(peer), self.clock.now());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.wrong.get(&peer).copied().filter(|wrong| {
            // An old one is as if it never was.
            now.millis_since(wrong.last) < WAIT_MILLIS
        });
        let is_trusted = way == Way::Program
            && seen
                .right
                .get(&peer)
                .is_some_and(|last| now.millis_since(*last) < TRUST_MILLIS);
        let waits = before.filter(|before| before.count >= FREE);
        if let Some(before) = waits
            && !(is_trusted && is_right())
        {
            let left = WAIT_MILLIS.saturating_sub(now.millis_since(before.last));
            return Err(left.div_ceil(1000).max(1));
        }
        if waits.is_some() || is_right() {
            match way {
                Way::SignIn => drop(seen.wrong.remove(&peer)),
                // Wrong ones go on counting: beside a program that shows the right one every second, somebody may guess.
                Way::Program => {
                    make_room(&mut seen.right, &peer, |last| *last);
                    seen.right.insert(peer, now);
                }
            }
            return Ok(true);
        }
        make_room(&mut seen.wrong, &peer, |wrong| wrong.last);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        seen.wrong.insert(peer, Wrong { count, last: now });
        Ok(false)
    }
}

/// Forgets the address that was seen longest ago, where there is no room for another one.
fn make_room<T>(addresses: &mut HashMap<IpAddr, T>, peer: &IpAddr, last: impl Fn(&T) -> Timestamp) {
    if addresses.len() < MAX_ADDRESSES || addresses.contains_key(peer) {
        return;
    }
    let oldest = addresses.iter().min_by_key(|(_, seen)| last(seen));
    let oldest = oldest.map(|(address, _)| *address);
    oldest.and_then(|address| addresses.remove(&address));
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
            assert_eq!(tries.judge(peer, Way::SignIn, || false), Ok(false));
        }
        assert_eq!(
            tries.judge(peer, Way::SignIn, || true),
            Err(30),
            "not even the right one"
        );
        hands.0.fetch_add(29_500, Ordering::SeqCst);
        assert_eq!(tries.judge(peer, Way::SignIn, || true), Err(1));
        assert_eq!(
            tries.judge(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), Way::SignIn, || true),
            Ok(true)
        );
        hands.0.fetch_add(500, Ordering::SeqCst);
        assert_eq!(tries.judge(peer, Way::SignIn, || true), Ok(true));
    }

    #[test]
    fn neighbours_of_one_network_are_one_and_the_memory_is_bounded() {
        let tries = Tries::new(Arc::new(Hands::default()));
        for host in 0..FREE {
            let peer = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::try_from(host).unwrap());
            assert_eq!(tries.judge(IpAddr::V6(peer), Way::SignIn, || false), Ok(false));
        }
        let neighbour = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 2, 3, 4);
        assert!(tries.judge(IpAddr::V6(neighbour), Way::SignIn, || true).is_err());
        for host in 0..u32::try_from(MAX_ADDRESSES).unwrap() + 10 {
            let peer = IpAddr::V4(Ipv4Addr::from_bits(host));
            assert_eq!(tries.judge(peer, Way::SignIn, || false), Ok(false));
        }
        assert_eq!(tries.seen.lock().unwrap().wrong.len(), MAX_ADDRESSES);
    }

    #[test]
    fn a_program_waits_too_unless_it_showed_the_token_lately() {
        let hands = Hands::default();
        let tries = Tries::new(Arc::new(hands.clone()));
        let (stranger, known) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let judge = |peer: Ipv4Addr, right| tries.judge(IpAddr::V4(peer), Way::Program, || right);
        assert_eq!(judge(known, true), Ok(true));
        for peer in [stranger, known] {
            for _ in 0..FREE {
                assert_eq!(judge(peer, false), Ok(false));
            }
            assert_eq!(judge(peer, false), Err(30));
        }
        assert_eq!(judge(stranger, true), Err(30));
        assert_eq!(judge(known, true), Ok(true));
        assert_eq!(judge(known, false), Err(30), "who guesses there still waits");
        let sign_in = tries.judge(IpAddr::V4(known), Way::SignIn, || true);
        assert_eq!(sign_in, Err(30));
        hands.0.fetch_add(30_000, Ordering::SeqCst);
        assert_eq!(judge(stranger, true), Ok(true));
    }
}
