//! `accredit revoke`: ends the session of an access token (fact sheet §4.4, RFC 7009).

use std::io::{self, Read as _};

use accredit::audience::InstanceUrl;
use accredit::oauth::ErrorResponse;
use accredit::secret::AccessToken;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use serde_json::json;

use crate::args::calls::RevokeArgs;
use crate::env_vars;
use crate::error::{CliError, Kind};
use crate::output::Output;
use crate::reach::{token_in, token_variable};
use crate::rest::escape;
use crate::settings::network::{Traffic, client};
use crate::settings::{Environment, Flag, Picker};
use crate::token_cache;
use crate::world::World;

/// Where tokens are revoked.
const REVOKE: &str = "/services/oauth2/revoke";

/// The longest token that is read, in bytes.
const TOKEN_LENGTH_MAX: u64 = 64 * 1024;

/// Revokes the token.
pub(crate) fn run(
    args: &RevokeArgs,
    timeout: Option<&str>,
    world: &World,
    out: &Output,
) -> Result<(), CliError> {
    let environment = world.environment.as_ref();
    let token = token(args, environment)?;
    let mut picker = Picker::new(environment);
    let instance = picker.required(
        "instance URL",
        Flag::new("--instance-url", args.instance_url.as_deref()),
        &env_vars::INSTANCE_URL,
        InstanceUrl::parse,
    );
    let instance = picker.finish(instance)?.value;
    let client = client(environment, timeout, Traffic::Tokens, instance.as_str())?;
    let body = format!("token={}", escape(token.expose()));
    let request = Request::post(format!("{}{REVOKE}", instance.as_str()))
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        )
        .body(body.into_bytes())
        .map_err(|error| CliError::other("the request makes no URL").with_source(error))?;
    let reply = client.send_blocking(request)?;
    if reply.status() == StatusCode::OK {
        token_cache::forget(&token, environment);
        let human = format!("The token is revoked at {}\n", instance.as_str());
        return out.result(
            &human,
            &json!({"revoked": true, "instanceUrl": instance.as_str()}),
        );
    }
    Err(match ErrorResponse::parse(reply.body()) {
        Some(refusal) => accredit::error::Error::refused(reply.status().as_u16(), refusal).into(),
        None => CliError::new(
            if reply.status().is_server_error() {
                Kind::Unreachable
            } else {
                Kind::Refused
            },
            format!(
                "{} answered {} to the revocation",
                instance.as_str(),
                reply.status().as_u16()
            ),
        ),
    })
}

fn token(args: &RevokeArgs, environment: &dyn Environment) -> Result<AccessToken, CliError> {
    if args.stdin {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(TOKEN_LENGTH_MAX)
            .read_to_string(&mut text)
            .map_err(|error| CliError::other("stdin could not be read").with_source(error))?;
        return AccessToken::new(text.trim().to_owned())
            .map_err(|_| CliError::settings("stdin holds no access token"));
    }
    let name = token_variable(args.access_token_env.as_deref(), environment)?;
    let name = name.unwrap_or(env_vars::ACCESS_TOKEN.name);
    token_in(name, environment).map_err(|what| {
        CliError::settings(what).hint("put the token into the variable, or pass --stdin")
    })
}
