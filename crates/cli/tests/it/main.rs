//! The program as its users meet it: real binary, clean environment, servers on loopback only.

mod canary;
mod emulator;
mod inspect;
mod key;
mod network;
mod program;
mod query;
mod quickstart;
mod server;
mod tidy;
mod tls;
mod token;
mod usage;
