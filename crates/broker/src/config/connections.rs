//! `[connections.NAME]`: who can be signed in as.
//!
//! Owns the words of these tables and what makes one whole.

use std::time::Duration;

use accredit::assertion::Subject;
use accredit::audience::{InstanceHost, LoginUrl};
use accredit::error::Error;
use accredit::exchange::TokenEndpoint;
use accredit::oauth::ClientId;
use accredit::source::TOKEN_LIFETIME;

use super::section::{Found, Section};
use super::{ConnectionConfig, KeyPlace};
use crate::pattern::Pattern;

/// The login host of all production orgs.
const PRODUCTION: &str = "https://login.salesforce.com";

/// The most connections of one broker.
const CONNECTIONS_MAX: usize = 1_000;

pub(super) fn read(
    section: &Section<'_>,
    check_key: &dyn Fn(&str) -> Result<(), Error>,
) -> Vec<ConnectionConfig> {
    let sections = section.sections();
    if sections.is_empty() || sections.len() > CONNECTIONS_MAX {
        let what = format!("expected 1 to {CONNECTIONS_MAX} connections");
        section.mistake(&section.span(), "NAME", what);
    }
    sections
        .into_iter()
        .filter_map(|(name, below)| {
            check_name(section, &name);
            one(name.value, below, check_key)
        })
        .collect()
}

/// A name stands in addresses, log lines and metrics.
pub(super) fn check_name(section: &Section<'_>, name: &Found<String>) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.value.is_empty() || name.value.len() > 64 || !name.value.bytes().all(is_plain) {
        let what = "is no name, expected up to 64 letters, digits, - and _";
        section.mistake(&name.span, &name.value, what);
    }
}

fn one(
    name: String,
    section: Section<'_>,
    check_key: &dyn Fn(&str) -> Result<(), Error>,
) -> Option<ConnectionConfig> {
    let issuer = section.required("client_id", |text| ClientId::new(text));
    let subject = section.optional("username", |text| Subject::new(text));
    let subjects = section.list("usernames", Pattern::new).unwrap_or_default();
    if !section.has("username") && !section.has("usernames") {
        let what = "is missing: name a user, or patterns of users in usernames";
        section.mistake(&section.span(), "username", what);
    }
    let endpoint = endpoint(&section);
    let instance_hosts = section.list("instance_hosts", InstanceHost::parse);
    let key = section.required("key", |text| check_key(text).map(|()| text.to_owned()));
    let key = key.map(|key| KeyPlace {
        place: section.place(&key.span, "key"),
        reference: key.value,
    });
    let token_lifetime = section.seconds("token_lifetime", 60..=30 * 86_400);
    section.finish();
    Some(ConnectionConfig {
        name,
        issuer: issuer?.value,
        endpoint: endpoint?.with_instance_hosts(instance_hosts.unwrap_or_default()),
        subject: subject.map(|found| found.value),
        subjects,
        key: key?,
        token_lifetime: token_lifetime
            .unwrap_or(TOKEN_LIFETIME)
            .max(Duration::from_secs(60)),
    })
}

fn endpoint(section: &Section<'_>) -> Option<TokenEndpoint> {
    let given = section.optional("login_url", LoginUrl::parse);
    let audience = section.text("audience");
    let (login_url, span) = match given {
        Some(found) => (found.value, found.span),
        None if section.has("login_url") => return None,
        None => (LoginUrl::parse(PRODUCTION).ok()?, section.span()),
    };
    let (text, span, key) = match audience {
        Some(found) => (Some(found.value), found.span, "audience"),
        None => (None, span, "login_url"),
    };
    TokenEndpoint::new(login_url, text)
        .map_err(|error| section.mistake(&span, key, error.to_string()))
        .ok()
}
