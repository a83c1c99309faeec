//! One sign-in from settings to token, told step by step.
//!
//! Owns the words of progress, the second try on the server's clock, and what is added to a refusal
//! so that it can be acted on: host, audience, user and key.

use std::sync::Arc;

use accredit::BoxFuture;
use accredit::clock::Clock;
use accredit::diagnosis::{AudienceFact, CertificateFact, Facts};
use accredit::error::{Error, ErrorKind};
use accredit::http::{HttpClient, UreqClient};
use accredit::key::{Engine, PublicKey, Signer};
use accredit::oauth::ErrorResponse;
use accredit::source::{Exchange, JwtBearer, Outside};
use accredit_keys::Held;

use http::{Request, Response};

use crate::error::{CliError, describe_offset};
use crate::key_reference::KeyReference;
use crate::output::Output;
use crate::passphrase::{self, PassphraseSource};
use crate::settings::Setting;
use crate::settings::sign_in::SignIn;
use crate::wait::wait_for;
use crate::world::World;

/// Sends on the thread that waits. A thread of its own for the one request of a process costs as
/// much as the request.
#[derive(Debug)]
struct OnThisThread(UreqClient);

impl HttpClient for OnThisThread {
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, Error>> {
        let client = self.0.clone();
        Box::pin(async move { client.send_blocking(request) })
    }
}

/// A sign-in that can be made, again and again.
#[derive(Debug)]
pub(crate) struct Session {
    source: JwtBearer,
    host: String,
    asked: String,
    facts: Facts,
    key: String,
    public_key: PublicKey,
}

impl Session {
    /// Reads the key; asks nobody yet.
    pub(crate) fn open(
        sign_in: SignIn,
        world: &World,
        client: UreqClient,
        out: &mut Output,
    ) -> Result<Self, CliError> {
        out.step("Loading private key...");
        let passphrases = Arc::new(PassphraseSource::new(sign_in.passphrase_file, world));
        let held = sign_in.key.value.open(world, passphrases.clone())?;
        let signer = ready(held, passphrases.as_ref(), out)?;
        // Only now it is known to be one.
        warn_of_readers(&sign_in.key.value, out);
        let Setting {
            value: endpoint,
            origin,
        } = sign_in.endpoint;
        let login_url = endpoint.login_url();
        let asked = format!(
            "asked {} ({origin}) with audience {} for {}",
            login_url.as_str(),
            endpoint.audience(),
            sign_in.identity.subject.as_str()
        );
        let audience = if endpoint.audience().as_str() == login_url.as_str() {
            AudienceFact::SameHost
        } else {
            AudienceFact::Elsewhere
        };
        let facts = Facts {
            audience,
            ..Facts::of_host(login_url)
        };
        let host = login_url.authority().to_owned();
        let public_key = signer.public_key().clone();
        let fingerprint = public_key.fingerprint();
        let outside = Outside {
            http: Arc::new(OnThisThread(client)),
            clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
            random: Arc::clone(&world.random),
        };
        Ok(Self {
            source: JwtBearer::new(sign_in.identity, signer, endpoint, outside),
            host,
            asked,
            facts,
            key: format!(
                "signed with {} ({}), public key sha256:{fingerprint}",
                sign_in.key.value, sign_in.key.origin
            ),
            public_key,
        })
    }

    /// The public half of the key that signs.
    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Takes in what is known of the certificate: it tells refusals apart.
    pub(crate) const fn know_certificate(&mut self, fact: CertificateFact) {
        self.facts.certificate = fact;
    }

    /// Signs in. A refusal that only our clock explains is tried once more, on the server's clock.
    pub(crate) fn exchange(&self, out: &mut Output) -> Result<Exchange, CliError> {
        let exchange = self.try_once(out)?;
        let Some(offset) = exchange.outcome.as_ref().err().and_then(worth_another_try) else {
            return Ok(exchange);
        };
        out.warn(format!("{offset}; trying once more with the server's time"));
        self.try_once(out)
    }

    fn try_once(&self, out: &Output) -> Result<Exchange, CliError> {
        out.step("Generating signed JWT assertion...");
        let assertion = wait_for(self.source.assertion())?;
        out.step(&format!("Making OAuth request to {}...", self.host));
        let exchange =
            wait_for(self.source.trade(assertion)).map_err(|error| self.explain(&error))?;
        out.step(&format!("Status: {}", exchange.status.as_u16()));
        Ok(exchange)
    }

    /// The error with what was asked: most refusals are a matter of the wrong one of these.
    pub(crate) fn explain(&self, error: &Error) -> CliError {
        let kind = error.kind();
        let is_signature = error
            .refusal()
            .is_some_and(|refusal| refusal.description() == "invalid assertion");
        let told = CliError::of(error, &self.facts);
        match kind {
            ErrorKind::Refused if is_signature => {
                told.hint(self.asked.as_str()).hint(self.key.as_str())
            }
            ErrorKind::Refused | ErrorKind::Response => told.hint(self.asked.as_str()),
            ErrorKind::Transport => told.hint(format!(
                "check the login URL, the network, and HTTPS_PROXY; {}",
                self.asked
            )),
            _ => told,
        }
    }
}

/// Makes the key ready to sign, and tells what had to be put right.
fn ready(
    held: Held,
    passphrases: &PassphraseSource,
    out: &mut Output,
) -> Result<Arc<dyn Signer>, CliError> {
    let text = match held {
        Held::Elsewhere(signer) => return Ok(signer),
        Held::Text(text) => text,
    };
    let loaded = accredit_keys::load(&text.text, &text.origin, passphrases, Engine::QuickStart)
        .map_err(passphrase::explain)?;
    for note in text.notes {
        out.warn(note);
    }
    for repair in loaded.repairs {
        out.warn(format!("{}: {repair}", text.origin));
    }
    Ok(Arc::new(loaded.key))
}

/// The difference of clocks, if it is the reason of the refusal.
fn worth_another_try(error: &Error) -> Option<String> {
    let is_expired = error
        .refusal()
        .is_some_and(ErrorResponse::is_expired_assertion);
    error
        .clock_offset()
        .filter(|offset| is_expired && error.is_transient() && offset.is_significant())
        .map(describe_offset)
}

/// A private key that other users of the machine can read is theirs too.
fn warn_of_readers(reference: &KeyReference, out: &mut Output) {
    if let KeyReference::File(path) = reference {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
        if mode & 0o077 != 0 {
            out.warn(format!(
                "{reference} can be read by others (mode {:o}): chmod 600 {}",
                mode & 0o777,
                path.display()
            ));
        }
    }
}
