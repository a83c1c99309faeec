//! How the network is used: time-outs, proxy, extra certificates.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accredit::http::{ClientSettings, ProxyUrl, UreqClient};
use accredit::secret::Secret;
use accredit_broker::proxy::{HttpProxy, UpstreamSettings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::env_vars;
use crate::error::CliError;
use crate::files;
use crate::settings::{Environment, Flag, Picker, lookup, seconds};

/// The longest file of extra certificates, in bytes: more than any system's trust store.
const ROOTS_LENGTH_MAX: u64 = 4 * 1024 * 1024;

/// The longest page of a query result, in bytes: 2,000 records of 32 KiB.
const PAGE_LENGTH_MAX: u64 = 64 * 1024 * 1024;

/// What a client is for: it decides how long a request may take and how much may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Token requests: short questions, short answers.
    Tokens,
    /// The management of an emulator: lists may be long.
    Management,
    /// Pages of records.
    Records,
    /// Bodies of any length, as they come.
    Streams,
}

/// A client as flags and environment want it, for requests to `url`. A file of certificates is read
/// for https only: it may take longer than the whole exchange.
pub(crate) fn client(
    environment: &dyn Environment,
    timeout: Option<&str>,
    traffic: Traffic,
    url: &str,
) -> Result<UreqClient, CliError> {
    client_settings(environment, timeout, traffic, url).map(UreqClient::new)
}

/// How such a client behaves.
pub(crate) fn client_settings(
    environment: &dyn Environment,
    timeout: Option<&str>,
    traffic: Traffic,
    url: &str,
) -> Result<ClientSettings, CliError> {
    let mut settings = ClientSettings::default();
    match traffic {
        Traffic::Records => settings.total_timeout = Duration::from_secs(120),
        Traffic::Streams => settings.total_timeout = Duration::from_secs(3600),
        Traffic::Tokens | Traffic::Management => {}
    }
    if traffic != Traffic::Tokens {
        settings.body_max = PAGE_LENGTH_MAX;
    }
    let mut picker = Picker::new(environment);
    let flag = Flag::new("--timeout", timeout);
    if let Some(total) = picker.optional(flag, &env_vars::TIMEOUT, seconds) {
        settings.total_timeout = total.value;
        settings.connect_timeout = settings.connect_timeout.min(total.value);
    }
    let no_proxy = lookup(environment, env_vars::NO_PROXY.name)
        .or_else(|| lookup(environment, "no_proxy"))
        .unwrap_or_default();
    let no_proxy = no_proxy.to_string_lossy();
    let is_secure = url.starts_with("https:");
    // Without TLS only this machine is asked, and that without a proxy.
    if is_secure && no_proxy.trim() != "*" {
        let proxy = picker.optional(Flag::new("", None), &env_vars::HTTPS_PROXY, |text| {
            ProxyUrl::parse(text, &no_proxy)
        });
        settings.proxy = proxy.map(|proxy| proxy.value);
    }
    if is_secure {
        match extra_roots(environment) {
            Ok(roots) => settings.extra_roots = roots,
            Err(what) => picker.problem(what, None),
        }
    }
    picker.finish(Some(settings))
}

/// How forwarded requests reach Salesforce, as the environment wants it.
pub(crate) fn upstream(environment: &dyn Environment) -> Result<UpstreamSettings, CliError> {
    let mut picker = Picker::new(environment);
    let direct = lookup(environment, env_vars::NO_PROXY.name)
        .or_else(|| lookup(environment, "no_proxy"))
        .unwrap_or_default();
    let direct = direct.to_string_lossy();
    let flag = Flag::new("", None);
    let proxy = picker.optional(flag, &env_vars::HTTPS_PROXY, |text| {
        ProxyUrl::parse(text, "").map(|_| http_proxy(text, &direct))
    });
    let extra_roots = extra_roots(environment).unwrap_or_else(|what| {
        picker.problem(what, None);
        Vec::new()
    });
    picker.finish(Some(UpstreamSettings {
        proxy: proxy.map(|proxy| proxy.value),
        extra_roots,
        ..UpstreamSettings::default()
    }))
}

/// A proxy from a URL that [`ProxyUrl`] has found to be one.
fn http_proxy(url: &str, direct: &str) -> HttpProxy {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let authority = rest.split('/').next().unwrap_or(rest);
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(80)),
        None => (place, 80),
    };
    let list = direct.split(',').map(str::trim);
    HttpProxy {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        authorization: user.map(|user| {
            let encoded = STANDARD.encode(user);
            Arc::new(Secret::new(format!("Basic {encoded}")))
        }),
        direct: list
            .filter(|host| !host.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

fn extra_roots(environment: &dyn Environment) -> Result<Vec<u8>, String> {
    let Some(path) = lookup(environment, env_vars::SSL_CERT_FILE.name) else {
        return Ok(Vec::new());
    };
    files::read(Path::new(&path), ROOTS_LENGTH_MAX).map_err(|error| {
        format!(
            "the file of extra certificates {} could not be read (variable SSL_CERT_FILE): {error}",
            Path::new(&path).display()
        )
    })
}
