//! How a command reaches its org: a token that was given, or a sign-in that can be repeated.

use std::sync::Arc;

use accredit::audience::InstanceUrl;
use accredit::secret::AccessToken;

use crate::access::Access;
use crate::args::calls::OrgArgs;
use crate::env_vars;
use crate::error::CliError;
use crate::key_reference::is_variable_name;
use crate::output::Output;
use crate::rest::{Failure, Org};
use crate::settings::{Environment, Flag, Picker, lookup, sign_in};
use crate::token_cache::Grant;
use crate::world::World;

/// The org, and whether a new token can be had.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) org: Arc<Org>,
    renewal: Option<Access>,
    /// Whether nobody took the token of the last renewal yet.
    is_unproven: bool,
}

impl Reach {
    /// Takes the token that is given, or signs in.
    pub(crate) fn open(
        args: &OrgArgs,
        timeout: Option<&str>,
        world: &World,
        out: &mut Output,
    ) -> Result<Self, CliError> {
        let environment = world.environment.as_ref();
        if let Some(name) = given_in(args, environment)? {
            return Ok(Self {
                org: Arc::new(given(name, args, environment)?),
                renewal: None,
                is_unproven: false,
            });
        }
        let mut access = Access::of(&args.sign_in, timeout, world)?;
        let grant = access.token(out)?;
        Ok(Self {
            org: org(grant),
            renewal: Some(access),
            is_unproven: false,
        })
    }

    /// Says whether another sign-in is allowed: it is, unless the token of the last one was never
    /// taken.
    pub(crate) const fn can_renew(&self) -> bool {
        self.renewal.is_some() && !self.is_unproven
    }

    /// A request succeeded: when this session ends, there may be another.
    pub(crate) const fn prove(&mut self) {
        self.is_unproven = false;
    }

    /// Asks the org; a session that has ended is renewed.
    pub(crate) fn ask<T>(
        &mut self,
        out: &mut Output,
        ask: impl Fn(&Org) -> Result<T, Failure>,
    ) -> Result<T, CliError> {
        let mut answer = ask(&self.org);
        if matches!(answer, Err(Failure::SessionEnded(_))) && self.can_renew() {
            self.renew(out)?;
            answer = ask(&self.org);
        }
        if answer.is_ok() {
            self.prove();
        }
        answer.map_err(Failure::into_error)
    }

    /// Signs in again.
    pub(crate) fn renew(&mut self, out: &mut Output) -> Result<(), CliError> {
        if let Some(access) = &mut self.renewal {
            self.is_unproven = true;
            out.warn("the session ended; signing in again");
            self.org = org(access.renewed(&self.org.access_token, out)?);
        }
        Ok(())
    }
}

fn org(grant: Grant) -> Arc<Org> {
    Arc::new(Org {
        instance_url: grant.instance_url,
        access_token: grant.access_token,
    })
}

/// The variable that holds the token, if one is to be used.
fn given_in<'a>(
    args: &'a OrgArgs,
    environment: &dyn Environment,
) -> Result<Option<&'a str>, CliError> {
    let asks = sign_in::is_asked_for(&args.sign_in) || environment.names_a_profile();
    if args.access_token_env.is_none() && asks {
        return Ok(None);
    }
    token_variable(args.access_token_env.as_deref(), environment)
}

/// The variable that `--access-token-env` names, or the first of those with a token.
pub(crate) fn token_variable<'a>(
    flag: Option<&'a str>,
    environment: &dyn Environment,
) -> Result<Option<&'a str>, CliError> {
    if let Some(name) = flag {
        return if is_variable_name(name) {
            Ok(Some(name))
        } else {
            Err(CliError::usage(
                "--access-token-env is not followed by the name of a variable (not shown: it may \
                 be the token)",
            )
            .hint("put the token into a variable and give its name"))
        };
    }
    let variable = &env_vars::ACCESS_TOKEN;
    let others = variable.fallbacks.iter().map(|fallback| fallback.name);
    Ok(std::iter::once(variable.name)
        .chain(others)
        .find(|name| lookup(environment, name).is_some()))
}

/// The token in a variable, or what is wrong with it.
pub(crate) fn token_in(name: &str, environment: &dyn Environment) -> Result<AccessToken, String> {
    match lookup(environment, name).map(std::ffi::OsString::into_string) {
        Some(Ok(text)) => AccessToken::new(text.trim().to_owned())
            .map_err(|_| format!("the variable {name} holds no access token")),
        Some(Err(_)) => Err(format!("the variable {name} is not UTF-8 text")),
        None => Err(format!(
            "the variable {name} is not set, expected an access token in it"
        )),
    }
}

fn given(name: &str, args: &OrgArgs, environment: &dyn Environment) -> Result<Org, CliError> {
    let mut picker = Picker::new(environment);
    let token = token_in(name, environment)
        .map_err(|what| picker.problem(what, None))
        .ok();
    let instance_url = picker.required(
        "instance URL",
        Flag::new("--login-url", args.sign_in.login_url.as_deref()),
        &env_vars::INSTANCE_URL,
        InstanceUrl::parse,
    );
    let org = token.zip(instance_url).map(|(access_token, instance)| Org {
        instance_url: instance.value,
        access_token,
    });
    picker.finish(org)
}
