//! URLs as settings and replies give them, in one spelling.
//!
//! Owns their syntax: scheme, host, port and path, and nothing else. What a host is, is decided in
//! `audience`.

use http::Uri;

use crate::error::Error;
use crate::oauth::TOKEN_PATH;

/// The longest URL that is accepted, in bytes.
const URL_LENGTH_MAX: usize = 2048;

/// An absolute URL with nothing but scheme, host, port and path, in one spelling.
pub(crate) struct BaseUrl {
    pub(crate) text: String,
    pub(crate) origin_length: usize,
    pub(crate) host: String,
    pub(crate) is_https: bool,
}

impl BaseUrl {
    pub(crate) fn parse(given: &str, what: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::setting(format!("{what} {why}"));
        if given.is_empty() {
            return Err(wrong(
                "is empty, expected one like https://acme.my.salesforce.com",
            ));
        }
        if given.len() > URL_LENGTH_MAX {
            return Err(wrong("has more than 2048 bytes"));
        }
        if given.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(wrong("holds a blank or a line break"));
        }
        if given.contains(['?', '#', '@', '\\']) {
            return Err(wrong("holds more than scheme, host and path"));
        }
        let full = if given.contains("://") {
            given.to_owned()
        } else {
            format!("https://{given}")
        };
        let uri: Uri = full.parse().map_err(|_| wrong("is not a URL"))?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("is neither https nor http")),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let (host, port) = split_authority(authority)
            .ok_or_else(|| wrong("has no host and port that are well-formed"))?;
        let default_port = if is_https { 443 } else { 80 };
        let port = port
            .filter(|port| *port != default_port)
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let origin = format!("{}://{host}{port}", if is_https { "https" } else { "http" });

        let path = uri.path().trim_end_matches('/');
        let path = path
            .strip_suffix(TOKEN_PATH)
            .unwrap_or(path)
            .trim_end_matches('/');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
        if !path.bytes().all(is_plain) {
            return Err(wrong("has a path with characters that no login host has"));
        }
        Ok(Self {
            text: format!("{origin}{path}"),
            origin_length: origin.len(),
            host,
            is_https,
        })
    }
}

/// Host in lower case, and port: names of letters, digits, hyphens and underscores, or addresses.
pub(crate) fn split_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(end)?;
    let port = match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        None if rest.is_empty() => None,
        _ => return None,
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = bare.map_or_else(
        || host.split('.').all(is_label),
        |address| address.parse::<std::net::Ipv6Addr>().is_ok(),
    );
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

fn is_label(label: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.bytes().all(is_fit)
}

/// Says whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    host == "localhost"
        || host.ends_with(".localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
