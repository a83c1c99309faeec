//! The checks one by one: what each looks at, and when it is content.

use std::path::Path;

use accredit::audience::{Audience, HostClass, LoginUrl};
use accredit::clock::UnixTime;
use accredit::diagnosis::{CertificateFact, LocalCause, Pairing};
use accredit::http::UreqClient;
use accredit::key::PublicKey;
use accredit::source::{Expiry, Token};
use serde_json::Value;

use super::probe::Probe;
use super::report::Finding;
use crate::api_version;
use crate::args::doctor::DoctorArgs;
use crate::certificate::CertificateFile;
use crate::error::{CliError, describe_offset};
use crate::rest::{Failure, Org};
use crate::session::Session;
use crate::settings::sign_in::{self, SignIn};
use crate::world::World;

/// A certificate that ends sooner than this is to be replaced now, in days.
const DAYS_LEFT_MIN: u64 = 30;

/// Fewer requests left than this part of all are worth a word.
const REQUESTS_LEFT_PART: u64 = 10;

pub(super) fn settings(args: &DoctorArgs, world: &World) -> (Finding, Option<SignIn>) {
    match sign_in::resolve(&args.sign_in, world.environment.as_ref()) {
        Ok(sign_in) => {
            let mut lines = sign_in.described().into_iter();
            let first = lines.next().unwrap_or_default();
            (lines.fold(Finding::ok(first), Finding::and), Some(sign_in))
        }
        Err(error) => (Finding::fail(&error), None),
    }
}

pub(super) fn key(session: &Session, warnings: &[String]) -> Finding {
    let key = session.public_key();
    let found = format!(
        "RSA, {} bits, public key sha256:{}",
        key.bits(),
        key.fingerprint()
    );
    match warnings.first() {
        None => Finding::ok(found),
        Some(warning) => Finding::warn(found, warning.as_str()),
    }
}

/// Compares the certificate with the key and the calendar.
pub(super) fn certificate(
    path: &Path,
    key: &PublicKey,
    now: UnixTime,
) -> (Finding, Option<CertificateFact>) {
    let file = match CertificateFile::read(path) {
        Ok(file) => file,
        Err(error) => return (Finding::fail(&error), None),
    };
    let Some((validity, dates)) = file.validity(now) else {
        let error = CliError::settings("the file holds no certificate with dates");
        return (Finding::fail(&error), None);
    };
    let pairing = match file.public_key() {
        Ok(found) if found.fingerprint() == key.fingerprint() => Pairing::SameKey,
        Ok(_) => Pairing::AnotherKey,
        Err(error) => return (Finding::fail(&error), None),
    };
    let fact = CertificateFact::of(pairing, dates.0, dates.1, now);
    let cause = match fact {
        CertificateFact::OfAnotherKey => Some(LocalCause::WrongPair),
        CertificateFact::Expired | CertificateFact::NotYetValid => {
            Some(LocalCause::CertificateDates)
        }
        CertificateFact::Fits | CertificateFact::Unknown => None,
    };
    let days = validity.days_left();
    let finding = match cause.and_then(LocalCause::diagnosis) {
        Some(entry) => Finding::fail(&CliError::settings(entry.cause).diagnosed(entry)),
        None if days < DAYS_LEFT_MIN => Finding::warn(
            format!("belongs to the key and ends in {days} days"),
            "make a new key and certificate (accredit key new) and upload the certificate",
        ),
        None => Finding::ok(format!("belongs to the key, {days} days left")),
    };
    (finding, Some(fact))
}

pub(super) fn host(login_url: &LoginUrl) -> (Finding, Option<()>) {
    let class = login_url.class();
    let found = format!("{} is {}", login_url.authority(), class.as_str());
    let finding = match class {
        HostClass::Login | HostClass::Test | HostClass::Instance => Finding::warn(
            found,
            "use the My Domain URL (Setup > My Domain): external client apps are found there alone",
        ),
        _ => Finding::ok(found),
    };
    (finding, Some(()))
}

pub(super) fn tls(probe: Option<&Probe>, login_url: &LoginUrl) -> (Finding, Option<()>) {
    let finding = match probe {
        _ if login_url.as_str().starts_with("http:") => {
            Finding::skip("plain http, on this machine")
        }
        None => Finding::skip("the host was not reached"),
        Some(Probe {
            tls: Some(error), ..
        }) => Finding::fail(&CliError::from(error.clone())),
        Some(_) => Finding::ok("the certificate of the host is trusted here"),
    };
    (finding, Some(()))
}

pub(super) fn clock(probe: Option<&Probe>) -> (Finding, Option<()>) {
    let finding = match probe.and_then(|probe| probe.offset) {
        None => Finding::skip("the host did not tell the time"),
        Some(offset) if offset.is_significant() => Finding::warn(
            describe_offset(offset),
            "ACC-3001: set the clock by NTP; accredit signs on the server's time until then",
        ),
        Some(_) => Finding::ok("the same as the server's, within 30 s"),
    };
    (finding, Some(()))
}

pub(super) fn audience(audience: &Audience) -> (Finding, Option<()>) {
    let rule = audience.rule();
    let finding = Finding::ok(format!("{audience}, by the rule {rule}")).and(rule.as_str());
    (finding, Some(()))
}

pub(super) fn token(token: &Token) -> Finding {
    let expiry = match token.expiry {
        Expiry::Known(at) => (at, "says the server"),
        Expiry::Assumed(at) => (at, "assumed: the session time-out of the org decides"),
    };
    let minutes = expiry.0.since(token.issued_at).as_secs() / 60;
    Finding::ok(format!("granted, for {}", token.instance_url.as_str()))
        .and(format!("good for {minutes} minutes ({})", expiry.1))
}

pub(super) fn scopes(token: Option<&Token>) -> (Finding, Option<()>) {
    let finding = match token.map(|token| token.scope.as_deref()) {
        None => Finding::skip("there is no token"),
        Some(None) => Finding::skip("the answer names none"),
        Some(Some(scopes)) if scopes.split(' ').any(|one| matches!(one, "api" | "full")) => {
            Finding::ok(scopes)
        }
        Some(Some(scopes)) => Finding::warn(
            format!("{scopes}: neither api nor full, so the REST API refuses the token"),
            "ACC-2002: Setup > the app > Selected OAuth Scopes: add \"Manage user data via APIs \
             (api)\"",
        ),
    };
    (finding, Some(()))
}

pub(super) fn api(org: &Org, client: &UreqClient) -> (Finding, Option<String>) {
    match api_version::newest(org, client) {
        Ok(version) => (
            Finding::ok(format!("the newest version is {version}")),
            Some(version),
        ),
        Err(error) => (Finding::fail(&error), None),
    }
}

pub(super) fn limits(
    org: &Org,
    client: &UreqClient,
    version: Option<&str>,
) -> (Finding, Option<()>) {
    let Some(version) = version else {
        return (Finding::skip("no version of the API is known"), None);
    };
    let path = format!("/services/data/v{version}/limits");
    let finding = match org.get(client, &path).map_err(Failure::into_error) {
        Ok(body) => requests_left(&body),
        Err(error) => Finding::fail(&error),
    };
    (finding, Some(()))
}

fn requests_left(body: &[u8]) -> Finding {
    let limits: Value = serde_json::from_slice(body).unwrap_or_default();
    let number = |name: &str| {
        limits
            .pointer(&format!("/DailyApiRequests/{name}"))?
            .as_u64()
    };
    let (Some(max), Some(left)) = (number("Max"), number("Remaining")) else {
        return Finding::skip("the org does not tell DailyApiRequests");
    };
    let found = format!("{left} of {max} API requests of a day are left");
    if left < max / REQUESTS_LEFT_PART {
        Finding::warn(
            found,
            "ACC-2007: look at Setup > Company Information > API Requests, Last 24 Hours",
        )
    } else {
        Finding::ok(found)
    }
}
