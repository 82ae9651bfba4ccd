//! Counts wrong tokens, by address and however they were shown, so that nobody can try many.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::Timestamp;

use crate::Clock;

/// Wrong tries that an address has before it must wait.
const FREE: usize = 5;
/// Wrong tries beyond those that are judged beside a program that showed the token lately. Then that waits as well: whoever
/// comes by the same proxy has the same address, and each answer tells whether a guess was right.
const BESIDE: usize = 50;
/// The time after the last wrong try for which it must wait, and after which its tries are forgotten.
const WAIT_MILLIS: u64 = 30_000;
/// An address from which a program showed the token within this time goes on while others there guess.
const TRUST_MILLIS: u64 = 10 * 60 * 1000;
/// Addresses remembered. Beyond, the one whose last try is longest ago is forgotten.
const MAX_ADDRESSES: usize = 4096;

/// Wrong tries by address.
pub(crate) struct Tries {
    clock: Arc<dyn Clock>,
    /// Stands for what was shown, which is kept nowhere.
    hasher: RandomState,
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
    count: usize,
    /// The last of those that it had before it must wait.
    last: Timestamp,
    /// The last few that were shown, hashed: the same one again is no guess.
    said: [Option<u64>; FREE],
}

impl Wrong {
    fn note(&mut self, said: u64) {
        if let Some(oldest) = self.said.get_mut(self.count % FREE) {
            *oldest = Some(said);
        }
        self.count = self.count.saturating_add(1);
    }
}

impl Tries {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            hasher: RandomState::new(),
            seen: Mutex::default(),
        }
    }

    /// What was wrong may be right by now: it is asked again. Tries go on counting.
    pub(crate) fn forget_what_was_said(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for wrong in seen.wrong.values_mut() {
            wrong.said = [None; FREE];
        }
    }

    /// One try of `peer`, which shows `said`: whether `is_right` says yes. While the address must wait it is not even asked,
    /// and the seconds to wait are told; but a program that showed the token lately is not harmed by others who guess a few
    /// dozen times. What was wrong a moment ago is wrong again and counts once: a program that goes on with an old token has
    /// nobody wait. Tries at the same time are judged one after another.
    pub(crate) fn judge(
        &self,
        peer: IpAddr,
        way: Way,
        said: &str,
        is_right: impl Fn() -> bool,
    ) -> Result<bool, u64> {
        let (peer, now) = (network(peer), self.clock.now());
        let said = self.hasher.hash_one(said);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.wrong.get(&peer).copied().filter(|wrong| {
            // An old one is as if it never was.
            now.millis_since(wrong.last) < WAIT_MILLIS
        });
        if before.is_some_and(|before| before.said.contains(&Some(said))) {
            return Ok(false);
        }
        let is_trusted = way == Way::Program
            && seen
                .right
                .get(&peer)
                .is_some_and(|last| now.millis_since(*last) < TRUST_MILLIS);
        let waits = before.filter(|before| before.count >= FREE);
        if let Some(mut before) = waits {
            let is_judged = is_trusted && before.count < FREE + BESIDE;
            if !(is_judged && is_right()) {
                if is_judged {
                    before.note(said);
                    seen.wrong.insert(peer, before);
                    drop(seen);
                    tell(peer, way);
                }
                let left = WAIT_MILLIS.saturating_sub(now.millis_since(before.last));
                return Err(left.div_ceil(1000).max(1));
            }
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
        let mut wrong = before.unwrap_or(Wrong {
            count: 0,
            last: now,
            said: [None; FREE],
        });
        wrong.last = now;
        wrong.note(said);
        seen.wrong.insert(peer, wrong);
        drop(seen);
        tell(peer, way);
        Ok(false)
    }
}

/// Tells whoever looks after the studio, once for each; never what was shown.
fn tell(peer: IpAddr, way: Way) {
    tracing::warn!(%peer, ?way, "a wrong token was shown");
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

    fn at(host: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, host))
    }

    /// Tries that find `said` right when it is `right`.
    fn judge(tries: &Tries, peer: IpAddr, way: Way, said: &str) -> Result<bool, u64> {
        tries.judge(peer, way, said, || said == "right")
    }

    fn guess(tries: &Tries, peer: IpAddr, way: Way, count: usize) {
        for number in 0..count {
            let said = format!("guess {number}");
            assert_eq!(judge(tries, peer, way, &said), Ok(false), "{said}");
        }
    }

    #[test]
    fn after_some_wrong_tries_an_address_waits_and_no_other_does() {
        let hands = Hands::default();
        let tries = Tries::new(Arc::new(hands.clone()));
        let sign_in = |peer| judge(&tries, peer, Way::SignIn, "right");
        guess(&tries, at(1), Way::SignIn, FREE);
        assert_eq!(sign_in(at(1)), Err(30), "not even the right one");
        hands.0.fetch_add(29_500, Ordering::SeqCst);
        assert_eq!(sign_in(at(1)), Err(1));
        assert_eq!(sign_in(at(2)), Ok(true));
        hands.0.fetch_add(500, Ordering::SeqCst);
        assert_eq!(sign_in(at(1)), Ok(true));
    }

    #[test]
    fn neighbours_of_one_network_are_one_and_the_memory_is_bounded() {
        let tries = Tries::new(Arc::new(Hands::default()));
        for host in 0..u16::try_from(FREE).unwrap() {
            let peer = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host));
            assert_eq!(
                judge(&tries, peer, Way::SignIn, &format!("guess {host}")),
                Ok(false)
            );
        }
        let neighbour = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 2, 3, 4));
        assert!(judge(&tries, neighbour, Way::SignIn, "right").is_err());
        for host in 0..u32::try_from(MAX_ADDRESSES).unwrap() + 10 {
            let peer = IpAddr::V4(Ipv4Addr::from_bits(host));
            assert_eq!(judge(&tries, peer, Way::SignIn, "guess"), Ok(false));
        }
        assert_eq!(tries.seen.lock().unwrap().wrong.len(), MAX_ADDRESSES);
    }

    #[test]
    fn a_program_waits_too_unless_it_showed_the_token_lately() {
        let hands = Hands::default();
        let tries = Tries::new(Arc::new(hands.clone()));
        let (stranger, known) = (at(1), at(2));
        let program = |peer, said: &str| judge(&tries, peer, Way::Program, said);
        assert_eq!(program(known, "right"), Ok(true));
        for peer in [stranger, known] {
            guess(&tries, peer, Way::Program, FREE);
            assert_eq!(program(peer, "one more"), Err(30));
        }
        assert_eq!(program(stranger, "right"), Err(30));
        assert_eq!(program(known, "right"), Ok(true));
        assert_eq!(
            program(known, "another"),
            Err(30),
            "who guesses there still waits"
        );
        let sign_in = judge(&tries, known, Way::SignIn, "right");
        assert_eq!(sign_in, Err(30));
        hands.0.fetch_add(30_000, Ordering::SeqCst);
        assert_eq!(program(stranger, "right"), Ok(true));
    }

    #[test]
    fn a_token_that_was_shown_too_early_is_asked_for_again_once_there_are_others() {
        let tries = Tries::new(Arc::new(Hands::default()));
        let shown = |is_right| tries.judge(at(1), Way::Program, "new", || is_right);
        assert_eq!(shown(false), Ok(false));
        assert_eq!(shown(true), Ok(false), "known to be wrong");
        tries.forget_what_was_said();
        assert_eq!(shown(true), Ok(true));
    }

    #[test]
    fn one_old_token_shown_again_and_again_has_nobody_wait() {
        let tries = Tries::new(Arc::new(Hands::default()));
        for _ in 0..100 {
            assert_eq!(judge(&tries, at(1), Way::Program, "old"), Ok(false));
        }
        assert_eq!(judge(&tries, at(1), Way::Program, "right"), Ok(true));
        assert_eq!(judge(&tries, at(1), Way::SignIn, "right"), Ok(true));
    }

    #[test]
    fn there_is_an_end_to_guesses_beside_a_program_that_shows_the_token() {
        let hands = Hands::default();
        let tries = Tries::new(Arc::new(hands.clone()));
        let program = |said: &str| judge(&tries, at(1), Way::Program, said);
        assert_eq!(program("right"), Ok(true));
        guess(&tries, at(1), Way::Program, FREE);
        for number in 0..BESIDE {
            assert_eq!(program("right"), Ok(true), "{number}");
            assert_eq!(program(&format!("beside {number}")), Err(30));
            assert_eq!(
                program(&format!("beside {number}")),
                Ok(false),
                "known to be wrong"
            );
        }
        assert_eq!(program("right"), Err(30), "nobody learns what is right any more");
        hands.0.fetch_add(30_000, Ordering::SeqCst);
        assert_eq!(program("right"), Ok(true));
    }
}
