//! Keys, requests and certificates from outside, in one binary.

// `cfg(test)` tells the lints that helpers in these files are tests as well.
#[cfg(test)]
mod data;
#[cfg(test)]
mod describing;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod making;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod packing;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod repairs;
#[cfg(test)]
mod skip;
#[cfg(test)]
mod weak_keys;
