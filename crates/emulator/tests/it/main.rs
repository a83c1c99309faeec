//! The authorization server from outside: its router in process, and once over a socket.

mod discovery;
mod introspect;
mod ladder;
mod management;
mod server;
mod sessions;
mod strict;
mod support;
mod token;
mod vectors;
