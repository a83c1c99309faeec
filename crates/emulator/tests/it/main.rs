//! The authorization server from outside: its router in process, and once over a socket.

#[cfg(test)]
mod database;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod introspect;
#[cfg(test)]
mod ladder;
#[cfg(test)]
mod management;
#[cfg(test)]
mod orgs;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod pages_access;
#[cfg(test)]
mod pages_org;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod skip;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod token;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod whole;
