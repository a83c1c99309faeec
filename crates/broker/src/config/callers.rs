//! `[callers.NAME]`: who may ask, and for what.
//!
//! Owns the words of these tables. Whatever a policy leaves out is the least that is of use.

use accredit::error::Error;
use http::Method;

use super::section::Section;
use super::{CallerConfig, ConnectionConfig, DEFAULT_PATH, Policy, Use, connections};
use crate::caller::LOCAL;
use crate::caller_key::KeyHash;
use crate::pattern::Pattern;
use crate::proxy::{METHODS, target};

/// The most callers of one broker.
const CALLERS_MAX: usize = 1_000;

pub(super) fn read(section: &Section<'_>, connections: &[ConnectionConfig]) -> Vec<CallerConfig> {
    let mut callers: Vec<CallerConfig> = Vec::new();
    for (name, below) in section.sections() {
        connections::check_name(section, &name);
        let span = below.span();
        let caller = one(name.value, below, connections);
        if caller.name == LOCAL {
            let what = "is the name of whoever is on this machine where no caller is configured: \
                        choose another";
            section.mistake(&span, &caller.name, what);
        }
        let mut twins = callers.iter();
        let twin = twins.find_map(|other| Some((other, shared(other, &caller)?)));
        if let Some((twin, setting)) = twin {
            let (name, twin) = (&caller.name, &twin.name);
            let what =
                format!("{twin} is told by one of its {setting} too: only one caller may be");
            section.mistake(&span, name, what);
        }
        callers.push(caller);
    }
    if callers.len() > CALLERS_MAX {
        let what = format!("expected at most {CALLERS_MAX} callers");
        section.mistake(&section.span(), "NAME", what);
    }
    callers
}

/// The setting by which two callers are told that have something in common there.
fn shared(a: &CallerConfig, b: &CallerConfig) -> Option<&'static str> {
    fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
        a.iter().any(|one| b.contains(one))
    }
    let settings = [
        ("key_hash", meet(&a.keys, &b.keys)),
        ("unix_users", meet(&a.unix_users, &b.unix_users)),
        (
            "certificate_subjects",
            meet(&a.certificate_subjects, &b.certificate_subjects),
        ),
        (
            "certificate_names",
            meet(&a.certificate_names, &b.certificate_names),
        ),
        ("cf_apps", meet(&a.cf_apps, &b.cf_apps)),
    ];
    let mut settings = settings.into_iter();
    settings
        .find(|(_, is_shared)| *is_shared)
        .map(|(name, _)| name)
}

fn one(name: String, section: Section<'_>, known: &[ConnectionConfig]) -> CallerConfig {
    let keys = section.list("key_hash", KeyHash::parse);
    let unix_users = section.numbers("unix_users");
    let subjects = section.list("certificate_subjects", own);
    let names = section.list("certificate_names", certificate_name);
    let cf_apps = section.list("cf_apps", own);
    let certificates = [&subjects, &names, &cf_apps];
    let has_certificate = certificates.iter().any(|list| list.is_some());
    if keys.is_none() && unix_users.is_none() && !has_certificate {
        let what = "is missing, and nothing else tells this caller: `accredit serve key new` \
                    makes a key and its hash; or unix_users, certificate_subjects, \
                    certificate_names, cf_apps";
        section.mistake(&section.span(), "key_hash", what);
    }
    let connections = section.list("connections", Pattern::new);
    match &connections {
        Some(named) => check_connections(&section, named, known),
        None => {
            let what = "is missing: name the connections that this caller may use, or \"*\"";
            section.mistake(&section.span(), "connections", what);
        }
    }
    let policy = Policy {
        connections: connections.unwrap_or_default(),
        subjects: section.list("usernames", Pattern::new).unwrap_or_default(),
        uses: section
            .list("uses", way)
            .unwrap_or_else(|| vec![Use::Proxy]),
        methods: section
            .list("methods", method)
            .unwrap_or_else(|| METHODS.to_vec()),
        paths: section
            .list("paths", prefix)
            .unwrap_or_else(|| vec![DEFAULT_PATH.to_owned()]),
    };
    section.finish();
    CallerConfig {
        name,
        keys: keys.unwrap_or_default(),
        unix_users: unix_users.unwrap_or_default(),
        certificate_subjects: subjects.unwrap_or_default(),
        certificate_names: names.unwrap_or_default(),
        cf_apps: cf_apps.unwrap_or_default(),
        policy,
    }
}

/// A policy for a connection that is not there was meant for another.
fn check_connections(section: &Section<'_>, named: &[Pattern], known: &[ConnectionConfig]) {
    let is_known = |pattern: &&Pattern| known.iter().any(|one| pattern.matches(&one.name));
    for pattern in named.iter().filter(|pattern| !is_known(pattern)) {
        let what = format!("no connection is called {pattern}");
        section.mistake(&section.span(), "connections", what);
    }
}

fn own(text: &str) -> Result<String, Error> {
    match text.trim().is_empty() || text.len() > 1024 {
        true => Err(Error::setting("expected a name")),
        false => Ok(text.to_owned()),
    }
}

fn certificate_name(text: &str) -> Result<String, Error> {
    let kinds = ["DNS:", "URI:", "email:"];
    match kinds
        .iter()
        .any(|kind| text.len() > kind.len() && text.starts_with(kind))
    {
        true => own(text),
        false => Err(Error::setting(format!(
            "{text:?} does not say what kind of name it is, expected DNS:, URI: or email: before it"
        ))),
    }
}

fn way(text: &str) -> Result<Use, Error> {
    match text {
        "token" => Ok(Use::Token),
        "proxy" => Ok(Use::Proxy),
        _ => Err(Error::setting(format!(
            "{text:?} is not known, expected \"token\" or \"proxy\""
        ))),
    }
}

fn method(text: &str) -> Result<Method, Error> {
    let found = METHODS.iter().find(|method| method.as_str() == text);
    found.cloned().ok_or_else(|| {
        Error::setting(format!(
            "{text:?} is never forwarded, expected GET, HEAD, POST, PUT, PATCH or DELETE"
        ))
    })
}

fn prefix(text: &str) -> Result<String, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    let is_below = text.starts_with("/services/") && text.ends_with('/');
    let is_sign_in = target::is_sign_in(text.as_bytes());
    let has_dots = text.split('/').any(|part| matches!(part, "." | ".."));
    match is_below && !is_sign_in && !has_dots && !text.contains("//") && text.bytes().all(is_plain)
    {
        true => Ok(text.to_owned()),
        false => Err(Error::setting(format!(
            "{text:?} cannot be allowed, expected a path like /services/data/ that ends with a \
             slash (sign-in paths are never forwarded)"
        ))),
    }
}
