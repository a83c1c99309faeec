//! One question to the login host without any credential: is it there, who does it say it is, and
//! what time does it have?

use accredit::audience::LoginUrl;
use accredit::diagnosis::LocalCause;
use accredit::error::{ClockOffset, Error};
use accredit::exchange::clock_offset;
use http::Request;

use super::report::Finding;
use crate::error::CliError;
use crate::settings::network::{Traffic, client};
use crate::world::World;

/// What every authorization server of Salesforce shows to anybody.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// What the question brought.
#[derive(Debug)]
pub(super) struct Probe {
    /// Our clock against the server's.
    pub(super) offset: Option<ClockOffset>,
    /// Why there was no TLS.
    pub(super) tls: Option<Error>,
}

impl Probe {
    /// Asks. A failure of TLS means that the network is fine.
    pub(super) fn of(
        login_url: &LoginUrl,
        timeout: Option<&str>,
        world: &World,
    ) -> (Finding, Option<Self>) {
        let environment = world.environment.as_ref();
        let host = login_url.authority();
        let request = match Request::get(format!("{}{DISCOVERY}", login_url.origin())).body(vec![])
        {
            Ok(request) => request,
            Err(error) => {
                let error = CliError::other("the request makes no URL").with_source(error);
                return (Finding::fail(&error), None);
            }
        };
        let client = match client(environment, timeout, Traffic::Tokens, login_url.as_str()) {
            Ok(client) => client,
            Err(error) => return (Finding::fail(&error), None),
        };
        match client.send_blocking(request) {
            Ok(reply) => {
                let probe = Self {
                    offset: clock_offset(&reply, world.clock.now()),
                    tls: None,
                };
                let status = reply.status().as_u16();
                (
                    Finding::ok(format!("{host} answered {status}")),
                    Some(probe),
                )
            }
            Err(error) if is_of_tls(&error) => {
                let probe = Self {
                    offset: None,
                    tls: Some(error),
                };
                (Finding::ok(format!("{host} is there")), Some(probe))
            }
            Err(error) => (Finding::fail(&error.into()), None),
        }
    }
}

fn is_of_tls(error: &Error) -> bool {
    matches!(
        error.cause(),
        Some(
            LocalCause::UnknownIssuer
                | LocalCause::WrongCertificate
                | LocalCause::Tls
                | LocalCause::NoTrustStore
        )
    )
}
