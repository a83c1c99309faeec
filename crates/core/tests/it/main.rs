//! The library from outside: the herd, the network's faults.

// The attribute tells clippy that a test may fail by panicking.
#[cfg(test)]
mod cache;
#[cfg(test)]
mod client;
