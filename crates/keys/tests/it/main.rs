//! Keys, requests and certificates from outside, in one binary.

// `cfg(test)` tells the lints that helpers in these files are tests as well.
#[cfg(test)]
mod credhub;
#[cfg(test)]
mod data;
#[cfg(test)]
mod describing;
#[cfg(test)]
mod fake_credhub;
#[cfg(test)]
mod kms;
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
mod server;
#[cfg(test)]
mod skip;
#[cfg(test)]
mod ssh_agent;
#[cfg(test)]
mod vault;
#[cfg(test)]
mod vcap;
#[cfg(test)]
mod weak_keys;
#[cfg(test)]
mod world;
