//! The library from outside: published answers, the herd, the network's faults.

// The attribute tells clippy that a test may fail by panicking.
#[cfg(test)]
mod cache;
#[cfg(test)]
mod client;
#[cfg(test)]
mod diagnosis_pages;
#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod skip;
#[cfg(test)]
mod tls;
