//! Places that are given out by address: so many in all, and so many to one address, so that nobody takes them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::throttle::{Network, network};

pub(super) struct Shares {
    all: usize,
    /// Nought is no bound.
    each: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// Of those who have some.
    by_address: HashMap<Network, usize>,
}

/// A place, given back when it is dropped.
pub(super) struct Share {
    address: Option<Network>,
    taken: Arc<Mutex<Taken>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    All,
    /// The address has as many as one may have.
    Address,
}

impl Shares {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { all, each, taken: Arc::default() }
    }

    /// A place for an address; what comes from none that is known has only the bound of all.
    pub(super) fn take(&self, address: Option<IpAddr>) -> Result<Share, Full> {
        let address = address.map(network);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.all {
            return Err(Full::All);
        }
        if let Some(address) = address {
            let held = taken.by_address.entry(address).or_default();
            if self.each > 0 && *held >= self.each {
                return Err(Full::Address);
            }
            *held += 1;
        }
        taken.all += 1;
        Ok(Share { address, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let Some(address) = self.address else { return };
        if let Some(held) = taken.by_address.get_mut(&address) {
            *held -= 1;
            if *held == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_so_many_and_all_together_so_many() {
        let shares = Shares::new(4, 2);
        let address = |text: &str| Some(text.parse().expect("an address"));
        let take = |text: &str| shares.take(address(text));
        let (one, two) = (take("192.0.2.1"), take("192.0.2.1"));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(take("192.0.2.1").err(), Some(Full::Address));
        let others = [take("2001:db8::1"), take("2001:db8::2")];
        assert!(others.iter().all(Result::is_ok));
        assert_eq!((take("192.0.2.9").err(), shares.take(None).err()), (Some(Full::All), Some(Full::All)));
        drop(one);
        assert!(shares.take(None).is_ok(), "it is given back, and this one with it");
        assert!(take("192.0.2.1").is_ok());
        drop((two, others));
        assert!(shares.taken.lock().expect("whole").by_address.is_empty(), "nobody is remembered");
    }
}
