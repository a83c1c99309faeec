//! The origin that a client asked for: the org answers with URLs that lead back there.
//!
//! Owns the reading of the `Host` header. Only what can be a host gets into a URL.

use std::ops::Range;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::uri::Scheme;
use http::{StatusCode, header};

use crate::audience::LOGIN_HOSTS;

/// Scheme and host of a request, such as `http://localhost:8080`, and the path below which its org
/// is, such as `/orgs/acme`, if the path chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    text: String,
    host: Range<usize>,
}

/// An extension of requests: what stood before the path and chose the org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(pub(crate) String);

/// The `Host` header is missing or no host.
#[derive(Debug)]
pub(crate) struct NoHost;

impl Origin {
    /// Joins a scheme and what the `Host` header said.
    pub(crate) fn new(scheme: &Scheme, host: &str) -> Option<Self> {
        let host_at = scheme.as_str().len() + 3;
        is_host(host).then(|| Self {
            text: format!("{scheme}://{}", host.to_ascii_lowercase()),
            host: host_at..host_at + host.len(),
        })
    }

    /// The same, below a path.
    fn below(mut self, prefix: &Prefix) -> Self {
        self.text.push_str(&prefix.0);
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        self.text.get(self.host.clone()).unwrap_or_default()
    }

    /// Scheme and host alone, as browsers write an `Origin` (RFC 6454 §6.2).
    pub(crate) fn without_path(&self) -> &str {
        self.text.get(..self.host.end).unwrap_or_default()
    }

    /// The path below which the org is; empty if the host chose it.
    pub(crate) fn path(&self) -> &str {
        self.text.get(self.host.end..).unwrap_or_default()
    }

    /// Says whether this is `login` or `test.salesforce.com`, which belong to no org.
    pub(crate) fn is_shared(&self) -> bool {
        LOGIN_HOSTS.contains(&self.authority())
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = NoHost;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, NoHost> {
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(only), None) => only.to_str().map_err(|_| NoHost)?,
            (None, None) => parts.uri.authority().map_or("", |found| found.as_str()),
            _ => return Err(NoHost),
        };
        // Whoever ends TLS in front of the router says so in the extensions.
        let scheme = parts.extensions.get::<Scheme>().unwrap_or(&Scheme::HTTP);
        let origin = Self::new(scheme, host).ok_or(NoHost)?;
        Ok(match parts.extensions.get::<Prefix>() {
            Some(prefix) => origin.below(prefix),
            None => origin,
        })
    }
}

impl IntoResponse for NoHost {
    fn into_response(self) -> Response {
        let text = "the Host header must be one host name or address, and a port if need be\n";
        (StatusCode::BAD_REQUEST, text).into_response()
    }
}

/// Says whether a text is a host name or address, with or without a port (RFC 3986 §3.2.2).
fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, rest)) if is_ipv6(address) => ("v6", rest),
            _ => return false,
        },
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let is_name_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_port = |digits: &str| {
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u16>().is_ok_and(|port| port > 0)
    };
    !name.is_empty()
        && text.len() <= 255
        && name.bytes().all(is_name_byte)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<std::net::Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_become_part_of_a_url() {
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "[::1]",
            "acme--dev.sandbox.my.salesforce.com",
            "my_service:80",
        ] {
            assert!(Origin::new(&Scheme::HTTP, host).is_some(), "{host}");
        }
        for host in [
            "", ":80", "a b", "a/b", "a@b", "a:0", "a:65536", "a:+80", "a:80:80", "[::1", "[x]",
            "[::1]x", "a\"b", "a?b", "a#b", "a,b",
        ] {
            assert!(Origin::new(&Scheme::HTTP, host).is_none(), "{host}");
        }
    }
}
