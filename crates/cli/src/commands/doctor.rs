//! `accredit doctor`: every check of a sign-in in order, each with its fix.
//!
//! Owns the order, and the rule that a check whose ground is missing is skipped and said so. At
//! most two logins: one, and a second if our clock explains why the first was refused. What is
//! shown is safe to be shown in public.

use accredit::diagnosis::CertificateFact;
use accredit::source::Token;

use crate::args::SignInArgs;
use crate::args::doctor::DoctorArgs;
use crate::env_vars;
use crate::error::CliError;
use crate::output::{Form, Output, Verbosity};
use crate::rest::Org;
use crate::session::Session;
use crate::settings::network::{Traffic, client};
use crate::settings::sign_in::SignIn;
use crate::settings::{Flag, Picker};
use crate::world::World;

mod checks;
mod probe;
mod redactor;
mod report;

use probe::Probe;
use redactor::Redactor;
use report::{Finding, Report};

/// Makes the checks and prints the list.
pub(crate) fn run(
    args: &DoctorArgs,
    timeout: Option<&str>,
    world: &World,
    out: &Output,
) -> Result<u8, CliError> {
    let mut doctor = Doctor::new(args, timeout, world);
    doctor.examine();
    let exit_code = doctor.report.exit_code();
    let lines = doctor.report.lines(&doctor.redactor);
    let document = doctor.report.document(&doctor.redactor);
    out.result_with_status(exit_code, &lines, &document)
}

/// The checks on their way.
struct Doctor<'a> {
    args: &'a DoctorArgs,
    timeout: Option<&'a str>,
    world: &'a World,
    report: Report,
    redactor: Redactor,
    /// Takes up what the steps would say to a person.
    silent: Output,
}

impl<'a> Doctor<'a> {
    fn new(args: &'a DoctorArgs, timeout: Option<&'a str>, world: &'a World) -> Self {
        let environment = world.environment.as_ref();
        Self {
            args,
            timeout,
            world,
            report: Report::default(),
            redactor: hiding(&args.sign_in, world),
            silent: Output::new(Form::Json, Verbosity::Quiet, environment),
        }
    }

    /// Makes a check and notes what it found and how long it took.
    fn check<T>(
        &mut self,
        name: &'static str,
        look: impl FnOnce(&mut Self) -> (Finding, Option<T>),
    ) -> Option<T> {
        let before = self.world.clock.now();
        let (finding, value) = look(self);
        let took = self.world.clock.now().since(before);
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.report.add(name, finding, milliseconds);
        value
    }

    fn examine(&mut self) {
        let Some(sign_in) = self.check("settings", |this| checks::settings(this.args, this.world))
        else {
            for name in [
                "key",
                "certificate",
                "host",
                "network",
                "tls",
                "clock",
                "audience",
                "token",
                "scopes",
                "api",
                "limits",
            ] {
                self.report
                    .add(name, Finding::skip("the settings are not whole"), 0);
            }
            return;
        };
        let endpoint = sign_in.endpoint.value.clone();
        let mut session = self.check("key", |this| this.key(sign_in));
        let fact = self.check("certificate", |this| this.certificate(session.as_ref()));
        if let (Some(session), Some(fact)) = (session.as_mut(), fact) {
            session.know_certificate(fact);
        }
        self.check("host", |_| checks::host(endpoint.login_url()));
        let probe = self.check("network", |this| {
            Probe::of(endpoint.login_url(), this.timeout, this.world)
        });
        self.check("tls", |_| checks::tls(probe.as_ref(), endpoint.login_url()));
        self.check("clock", |_| checks::clock(probe.as_ref()));
        self.check("audience", |_| checks::audience(endpoint.audience()));
        let token = self.check("token", |this| this.token(session.as_ref()));
        self.check("scopes", |_| checks::scopes(token.as_ref()));
        self.use_token(token);
    }

    fn key(&mut self, sign_in: SignIn) -> (Finding, Option<Session>) {
        let environment = self.world.environment.as_ref();
        let opened = client(environment, self.timeout, Traffic::Tokens, sign_in.url())
            .and_then(|client| Session::open(sign_in, self.world, client, &mut self.silent));
        match opened {
            Ok(session) => (checks::key(&session, self.silent.warnings()), Some(session)),
            Err(error) => (Finding::fail(&error), None),
        }
    }

    fn certificate(&self, session: Option<&Session>) -> (Finding, Option<CertificateFact>) {
        match (&self.args.cert, session) {
            (None, _) => (Finding::skip("--cert FILE checks one"), None),
            (Some(_), None) => (Finding::skip("there is no key to compare it with"), None),
            (Some(path), Some(session)) => {
                checks::certificate(path, session.public_key(), self.world.clock.now())
            }
        }
    }

    fn token(&mut self, session: Option<&Session>) -> (Finding, Option<Token>) {
        let Some(session) = session else {
            return (Finding::skip("there is no key to sign with"), None);
        };
        let answer = session
            .exchange(&mut self.silent)
            .and_then(|exchange| exchange.outcome.map_err(|error| session.explain(&error)));
        match answer {
            Ok(token) => {
                self.redactor.hide_host(token.instance_url.as_str());
                for id in token.id.iter().flat_map(|id| id.rsplit('/').take(2)) {
                    self.redactor.hide_id(id);
                }
                (checks::token(&token), Some(token))
            }
            Err(error) => (Finding::fail(&error), None),
        }
    }

    /// The checks that need a token.
    fn use_token(&mut self, token: Option<Token>) {
        let Some(token) = token else {
            for name in ["api", "limits"] {
                self.report.add(name, Finding::skip("there is no token"), 0);
            }
            return;
        };
        let org = Org {
            instance_url: token.instance_url,
            access_token: token.access_token,
        };
        let environment = self.world.environment.as_ref();
        let url = org.instance_url.as_str();
        let client = match client(environment, self.timeout, Traffic::Records, url) {
            Ok(client) => client,
            Err(error) => {
                self.report.add("api", Finding::fail(&error), 0);
                self.report
                    .add("limits", Finding::skip("the API was not reached"), 0);
                return;
            }
        };
        let version = self.check("api", |_| checks::api(&org, &client));
        self.check("limits", |_| {
            checks::limits(&org, &client, version.as_deref())
        });
    }
}

/// Hides what flags and variables say of who signs in where, whether it can be used or not.
fn hiding(args: &SignInArgs, world: &World) -> Redactor {
    let mut redactor = Redactor::default();
    let mut picker = Picker::new(world.environment.as_ref());
    let mut raw = |flag: &Option<String>, variable| {
        picker
            .find(Flag::new("", flag.as_deref()), variable)
            .map(|found| found.text)
            .unwrap_or_default()
    };
    redactor.hide_client_id(&raw(&args.client_id, &env_vars::CLIENT_ID));
    redactor.hide_username(&raw(&args.username, &env_vars::USERNAME));
    redactor.hide_host(&raw(&args.login_url, &env_vars::LOGIN_URL));
    redactor.hide_host(&raw(&args.audience, &env_vars::AUDIENCE));
    redactor.hide_folder(&raw(&args.key, &env_vars::KEY));
    if let Some(path) = args.passphrase_file.as_ref().and_then(|path| path.to_str()) {
        redactor.hide_folder(path);
    }
    redactor
}
