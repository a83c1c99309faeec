//! `[listener]`: where to listen.
//!
//! Owns the words of this table. Whether an address may be listened on is decided once it is known
//! for good: see `exposure`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use accredit::error::Error;

use super::section::Section;
use super::{ConnectionLimits, Forwarded, ListenerConfig, TlsConfig};

/// How many connections there may be at a time where the file says nothing.
pub const MAX_CONNECTIONS: usize = 16_384;

/// The numbers of connections that may be set.
const LIMITS: RangeInclusive<u64> = 1..=1_000_000;

impl ListenerConfig {
    /// How many connections there may be at a time. One peer leaves room for others, unless the
    /// configuration says that all come from one place.
    #[must_use]
    pub fn limits(&self) -> ConnectionLimits {
        let total = self.max_connections.unwrap_or(MAX_CONNECTIONS);
        let half = total.div_ceil(2);
        ConnectionLimits {
            total,
            per_peer: self.max_connections_per_peer.unwrap_or(half).min(total),
        }
    }
}

pub(super) fn read(section: Section<'_>) -> ListenerConfig {
    let config = ListenerConfig {
        address: section
            .optional("address", address)
            .map(|found| found.value),
        hosts: section.list("hosts", host).unwrap_or_default(),
        socket: section.optional("socket", path).map(|found| found.value),
        tls: section.section("tls").and_then(tls),
        forwarded: section
            .optional("forwarded", forwarded)
            .map(|found| found.value),
        max_connections: section.number("max_connections", LIMITS),
        max_connections_per_peer: section.number("max_connections_per_peer", LIMITS),
    };
    section.finish();
    config
}

fn tls(section: Section<'_>) -> Option<TlsConfig> {
    let certificate = section.required("certificate", path);
    let key = section.required("key", path);
    let client_ca = section.optional("client_ca", path);
    let place = section.place(&section.span(), "certificate");
    section.finish();
    Some(TlsConfig {
        certificate: certificate?.value,
        key: key?.value,
        client_ca: client_ca.map(|found| found.value),
        place,
    })
}

fn path(text: &str) -> Result<String, Error> {
    match text.is_empty() || text.contains('\0') || text.len() > 4096 {
        true => Err(Error::setting("expected the path of a file")),
        false => Ok(text.to_owned()),
    }
}

/// Reads an address and a port; `localhost` stands for 127.0.0.1.
///
/// # Errors
/// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if it is none.
pub fn address(text: &str) -> Result<SocketAddr, Error> {
    let numeric = text
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    numeric.as_deref().unwrap_or(text).parse().map_err(|_| {
        Error::setting(format!(
            "{text:?} is no address, expected one like 127.0.0.1:8089"
        ))
    })
}

fn host(text: &str) -> Result<String, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    match !text.is_empty() && text.len() <= 260 && text.bytes().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err(Error::setting(format!(
            "{text:?} cannot stand in Host, expected one like broker.example.com:8443"
        ))),
    }
}

fn forwarded(text: &str) -> Result<Forwarded, Error> {
    match text {
        "accept" => Ok(Forwarded::Accept),
        "refuse" => Ok(Forwarded::Refuse),
        _ => Err(Error::setting(format!(
            "{text:?} is not known, expected \"accept\" or \"refuse\""
        ))),
    }
}
