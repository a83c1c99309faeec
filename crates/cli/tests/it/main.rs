//! The program as its users meet it: real binary, clean environment, servers on loopback only.

// `cfg(test)` tells the lints that what stands in these files may fail by panicking.
#[cfg(test)]
mod api;
#[cfg(test)]
mod app;
#[cfg(test)]
mod app_lost;
#[cfg(test)]
mod broker;
#[cfg(test)]
mod broker_canary;
#[cfg(test)]
mod broker_cases;
#[cfg(test)]
mod broker_floods;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod emulator;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod import;
#[cfg(test)]
mod import_breaks;
#[cfg(test)]
mod inspect;
#[cfg(test)]
mod key;
#[cfg(test)]
mod key_forms;
#[cfg(test)]
mod key_places;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod load;
#[cfg(test)]
mod network;
#[cfg(test)]
mod otlp;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod program;
#[cfg(test)]
mod query;
#[cfg(test)]
mod query_bulk;
#[cfg(test)]
mod query_bulk_breaks;
#[cfg(test)]
mod query_parquet;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod revoke_all;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod serve_life;
#[cfg(test)]
mod serve_sockets;
#[cfg(test)]
mod server;
#[cfg(test)]
mod skip;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod token;
#[cfg(test)]
mod token_cache;
#[cfg(test)]
mod transcripts;
#[cfg(test)]
mod usage;
