//! The broker on real sockets: callers on one side, a scripted Salesforce on the other.

// `cfg(test)` tells the lints that what stands in these files may fail by panicking.
#[cfg(test)]
mod flights;
#[cfg(test)]
mod grid;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod listener;
#[cfg(test)]
mod org;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod redis;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod salesforce;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod store_tls;
#[cfg(test)]
mod uses;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod world;
