//! How many may be connected at a time, in all and from one place.
//!
//! Owns the count. A seat is given back when it is dropped, however its connection ended.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::ConnectionLimits;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// An address; of IPv6 the network, because whoever has one address there has all of them.
    Address(IpAddr),
    /// A user of this machine.
    User(u32),
}

impl Origin {
    pub(super) fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self::Address(match address {
            IpAddr::V6(address) if !address.is_loopback() => {
                let network = u128::from(address) >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address => address,
        })
    }
}

/// Everybody who is connected.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_origin: HashMap<Origin, usize>,
}

/// The place of one connection.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    origin: Origin,
}

impl Seats {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat, if there is one within `limits`.
    pub(super) fn take(&self, origin: Origin, limits: ConnectionLimits) -> Option<Seat> {
        let mut taken = self.lock();
        let from_there = taken.by_origin.get(&origin).copied().unwrap_or_default();
        if taken.total >= limits.total || from_there >= limits.per_peer {
            return None;
        }
        taken.total += 1;
        taken.by_origin.insert(origin, from_there + 1);
        Some(Seat {
            seats: self.clone(),
            origin,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.total = taken.total.saturating_sub(1);
        if let Some(count) = taken.by_origin.get_mut(&self.origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_origin.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Origin {
        Origin::of(address.parse().unwrap())
    }

    #[test]
    fn seats_end_in_all_and_for_each_place_and_come_back() {
        let seats = Seats::default();
        let limits = ConnectionLimits {
            total: 3,
            per_peer: 2,
        };
        let first = seats.take(from("192.0.2.1"), limits).unwrap();
        let _second = seats.take(from("::ffff:192.0.2.1"), limits).unwrap();
        assert!(seats.take(from("192.0.2.1"), limits).is_none());
        let _third = seats.take(Origin::User(7), limits).unwrap();
        assert!(seats.take(from("192.0.2.2"), limits).is_none());
        drop(first);
        assert!(seats.take(from("192.0.2.2"), limits).is_some());
        assert!(seats.take(from("192.0.2.1"), limits).is_some());
        assert_eq!(seats.lock().by_origin.len(), 2);
    }

    #[test]
    fn all_addresses_of_one_network_are_one_place() {
        assert_eq!(from("2001:db8::1"), from("2001:db8::ffff:1"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_ne!(from("192.0.2.1"), from("192.0.2.2"));
        assert_ne!(from("::1"), from("::2"));
    }
}
