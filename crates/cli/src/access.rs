//! A token for a sign-in: the one that is kept, or a new one.
//!
//! Owns the order: what is kept and good is used and nobody is asked; else one process signs in
//! while the others wait for what it gets. The key is read only if somebody signs in.

use accredit::secret::AccessToken;
use accredit::source::Exchange;

use crate::args::SignInArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::session::Session;
use crate::settings::network::{Traffic, client};
use crate::settings::sign_in::{self, SignIn};
use crate::token_cache::{Grant, TokenCache};
use crate::world::World;

/// A sign-in and where its token is kept.
#[derive(Debug)]
pub(crate) struct Access {
    sign_in: Option<SignIn>,
    session: Option<Session>,
    cache: Option<TokenCache>,
    timeout: Option<String>,
    world: World,
}

impl Access {
    /// Resolves the settings; reads no key and asks nobody yet.
    pub(crate) fn of(
        args: &SignInArgs,
        timeout: Option<&str>,
        world: &World,
    ) -> Result<Self, CliError> {
        let environment = world.environment.as_ref();
        let sign_in = sign_in::resolve(args, environment)?;
        let cache = if args.no_cache {
            None
        } else {
            TokenCache::of(&sign_in, environment)
        };
        Ok(Self {
            sign_in: Some(sign_in),
            session: None,
            cache,
            timeout: timeout.map(str::to_owned),
            world: world.clone(),
        })
    }

    /// A token that may be used now.
    pub(crate) fn token(&mut self, out: &mut Output) -> Result<Grant, CliError> {
        self.token_but(None, out)
    }

    /// A token in place of one whose session has ended.
    pub(crate) fn renewed(
        &mut self,
        ended: &AccessToken,
        out: &mut Output,
    ) -> Result<Grant, CliError> {
        self.token_but(Some(ended), out)
    }

    fn token_but(
        &mut self,
        ended: Option<&AccessToken>,
        out: &mut Output,
    ) -> Result<Grant, CliError> {
        if let Some(kept) = self.kept(ended) {
            out.step("Using the token of an earlier sign-in (--no-cache asks for a new one)...");
            return Ok(kept);
        }
        let lock = self.cache.as_ref().and_then(TokenCache::lock);
        // Somebody else may have signed in while this process waited.
        if let Some(kept) = lock.as_ref().and_then(|_| self.kept(ended)) {
            return Ok(kept);
        }
        let session = self.session(out)?;
        let Exchange { outcome, body, .. } = session.exchange(out)?;
        let token = outcome.map_err(|error| session.explain(&error))?;
        if let (Some(cache), Some(lock)) = (&self.cache, &lock) {
            cache.write(lock, &token, body.expose());
        }
        Ok(Grant {
            access_token: token.access_token,
            instance_url: token.instance_url,
            reply: body,
        })
    }

    fn kept(&self, ended: Option<&AccessToken>) -> Option<Grant> {
        let kept = self.cache.as_ref()?.read(self.world.clock.now())?;
        let has_ended = ended.is_some_and(|ended| ended.is_same(&kept.access_token));
        if has_ended { None } else { Some(kept) }
    }

    fn session(&mut self, out: &mut Output) -> Result<&Session, CliError> {
        if let Some(sign_in) = self.sign_in.take() {
            let environment = self.world.environment.as_ref();
            let timeout = self.timeout.as_deref();
            let client = client(environment, timeout, Traffic::Tokens, sign_in.url())?;
            self.session = Some(Session::open(sign_in, &self.world, client, out)?);
        }
        self.session
            .as_ref()
            .ok_or_else(|| CliError::other("the key could not be opened a first time"))
    }
}
