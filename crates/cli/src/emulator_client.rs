//! The management API of a running emulator, from outside.
//!
//! Owns which emulator is meant, and what its refusals come to.

use accredit::audience::InstanceUrl;
use accredit::error::ErrorKind;
use accredit::http::UreqClient;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::Value;

use crate::args::emulator::TargetArgs;
use crate::env_vars;
use crate::error::{CliError, Kind};
use crate::settings::network::{Traffic, client};
use crate::settings::{Environment, Flag, Picker};

/// Where an emulator listens unless told otherwise.
pub(crate) const DEFAULT_ADDRESS: &str = "127.0.0.1:8580";

/// A running emulator.
#[derive(Debug)]
pub(crate) struct EmulatorClient {
    url: InstanceUrl,
    client: UreqClient,
}

impl EmulatorClient {
    /// The emulator that flag or environment names.
    pub(crate) fn new(
        target: &TargetArgs,
        timeout: Option<&str>,
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        Self::named(target, (timeout, Traffic::Management), environment)
    }

    /// The same, for requests that take longer.
    pub(crate) fn patient(
        target: &TargetArgs,
        timeout: Option<&str>,
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        Self::named(target, (timeout, Traffic::Records), environment)
    }

    fn named(
        target: &TargetArgs,
        (timeout, traffic): (Option<&str>, Traffic),
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        let mut picker = Picker::new(environment);
        let flag = Flag::new("--emulator", target.emulator.as_deref());
        let url = match picker.find(flag, &env_vars::EMULATOR) {
            Some(found) => picker
                .read(&found, InstanceUrl::parse)
                .map(|setting| setting.value),
            None => InstanceUrl::parse(&format!("http://{DEFAULT_ADDRESS}")).ok(),
        };
        let url = picker.finish(url)?;
        let client = client(environment, timeout, traffic, url.as_str())?;
        Ok(Self { url, client })
    }

    /// The emulator at `url`.
    pub(crate) fn at(
        url: &str,
        timeout: Option<&str>,
        environment: &dyn Environment,
    ) -> Result<Self, CliError> {
        Ok(Self {
            url: InstanceUrl::parse(url)?,
            client: client(environment, timeout, Traffic::Management, url)?,
        })
    }

    /// Gets `path`, below `/_emulator`.
    pub(crate) fn get(&self, path: &str) -> Result<Value, CliError> {
        self.send(Method::GET, path, None)
    }

    /// Sends `body` to `path`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.send(Method::POST, path, Some(body))
    }

    /// Makes what is at `path`.
    pub(crate) fn put(&self, path: &str) -> Result<Value, CliError> {
        self.send(Method::PUT, path, None)
    }

    /// Changes what is at `path`.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.send(Method::PATCH, path, Some(body))
    }

    /// Removes what is at `path`.
    pub(crate) fn delete(&self, path: &str) -> Result<(), CliError> {
        self.send(Method::DELETE, path, None).map(drop)
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CliError> {
        let body = body.map(|body| body.to_string().into_bytes());
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/_emulator{path}", self.url.as_str()))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body.unwrap_or_default())
            .map_err(|error| CliError::usage("this makes no URL").with_source(error))?;
        let reply = self.client.send_blocking(request).map_err(|error| {
            let is_silent = error.kind() == ErrorKind::Transport;
            let told = CliError::from(error).hint(format!(
                "asked {}; --emulator URL names another",
                self.url.as_str()
            ));
            if is_silent {
                told.hint("`accredit emulator start` starts one")
            } else {
                told
            }
        })?;
        let status = reply.status();
        if status.is_success() {
            return Ok(serde_json::from_slice(reply.body()).unwrap_or_default());
        }
        Err(refused(status.as_u16(), reply.body(), self.url.as_str()))
    }
}

fn refused(status: u16, body: &[u8], url: &str) -> CliError {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => CliError::new(
            Kind::Refused,
            format!("the emulator refused: {}", refusal.message),
        ),
        Err(_) => CliError::new(
            Kind::Refused,
            format!("{url} answered {status}, expected an emulator"),
        )
        .hint("check --emulator or ACCREDIT_EMULATOR"),
    }
}

/// One word of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
