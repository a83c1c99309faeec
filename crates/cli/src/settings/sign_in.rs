//! Who signs in where: client id, username, key, login URL, audience.

use std::path::PathBuf;

use accredit::assertion::Subject;
use accredit::audience::LoginUrl;
use accredit::exchange::TokenEndpoint;
use accredit::oauth::ClientId;
use accredit::source::Identity;

use crate::args::SignInArgs;
use crate::env_vars::{self, Holds};
use crate::error::CliError;
use crate::key_reference::KeyReference;
use crate::settings::{Environment, Flag, Found, Origin, Picker, Setting, advice};

/// The login host of all production orgs.
pub(crate) const PRODUCTION: &str = "https://login.salesforce.com";

/// The login host of all sandboxes.
pub(crate) const SANDBOX: &str = "https://test.salesforce.com";

/// A sign-in that can be tried.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) identity: Identity,
    pub(crate) key: Setting<KeyReference>,
    /// Where the passphrase of the key is, if a flag says so.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Where to ask; its origin is that of the login URL.
    pub(crate) endpoint: Setting<TokenEndpoint>,
    origins: Origins,
}

/// Where the other values came from.
#[derive(Debug)]
struct Origins {
    client_id: Origin,
    username: Origin,
    /// `None` if it follows from the login URL.
    audience: Option<Origin>,
}

impl SignIn {
    /// Every value with where it came from, one a line.
    pub(crate) fn described(&self) -> Vec<String> {
        let audience = self.endpoint.value.audience();
        let derived = || format!("rule {}", audience.rule());
        let from = self.origins.audience.as_ref().map(Origin::to_string);
        vec![
            format!(
                "client id {} ({})",
                self.identity.issuer, self.origins.client_id
            ),
            format!(
                "username {} ({})",
                self.identity.subject.as_str(),
                self.origins.username
            ),
            format!("key: {} ({})", self.key.value, self.key.origin),
            format!("login URL {} ({})", self.url(), self.endpoint.origin),
            format!("audience {audience} ({})", from.unwrap_or_else(derived)),
        ]
    }

    /// The login URL.
    pub(crate) fn url(&self) -> &str {
        self.endpoint.value.login_url().as_str()
    }
}

/// Resolves all of it, or tells everything that is wrong.
pub(crate) fn resolve(
    args: &SignInArgs,
    environment: &dyn Environment,
) -> Result<SignIn, CliError> {
    let mut picker = Picker::new(environment);
    if let Some(flag) = args.sf.refused() {
        return Err(CliError::usage(format!(
            "{flag} keeps an org in the Salesforce CLI's list; accredit keeps no such list"
        ))
        .hint(format!(
            "leave {flag} out; `accredit profile add NAME` keeps a sign-in under a name"
        )));
    }
    let flag = Flag::new("--client-id", args.client_id.as_deref());
    let client_id = picker.required("client id", flag, &env_vars::CLIENT_ID, |text| {
        ClientId::new(text)
    });
    let flag = Flag::new("--username", args.username.as_deref());
    let username = picker.required("username", flag, &env_vars::USERNAME, |text| {
        Subject::new(text)
    });
    let key = pick_key(&mut picker, args.key.as_deref());
    let login_url = pick_login_url(&mut picker, args);
    let audience = login_url
        .as_ref()
        .and_then(|login_url| find_audience(&mut picker, args, &login_url.origin));
    let from = audience.as_ref().map(|found| found.origin.clone());
    let endpoint = login_url.and_then(|login_url| pick_endpoint(&mut picker, audience, login_url));
    let values = client_id.zip(username).zip(key).zip(endpoint).map(
        |(((client_id, username), key), endpoint)| SignIn {
            identity: Identity {
                issuer: client_id.value,
                subject: username.value,
            },
            key,
            passphrase_file: args.passphrase_file.clone(),
            endpoint,
            origins: Origins {
                client_id: client_id.origin,
                username: username.origin,
                audience: from,
            },
        },
    );
    picker.finish(values)
}

/// Says whether any flag of the sign-in was given: then no token that lies about is used in its
/// place.
pub(crate) const fn is_asked_for(args: &SignInArgs) -> bool {
    let is_who = args.client_id.is_some() || args.username.is_some() || args.key.is_some();
    let is_where = args.login_url.is_some() || args.sandbox || args.audience.is_some();
    is_who || is_where
}

/// Variables with which a platform tells an app of the services that are bound to it.
const BINDINGS: [&str; 3] = [
    "VCAP_SERVICES_FILE_PATH",
    "SERVICE_BINDING_ROOT",
    "VCAP_SERVICES",
];

/// The key of the one bound service that is a CredHub.
fn bound_key(variable: &'static str) -> Found {
    Found {
        text: "vcap:".to_owned(),
        holds: Holds::Value,
        origin: Origin::Environment(variable),
    }
}

fn pick_key(picker: &mut Picker<'_>, flag: Option<&str>) -> Option<Setting<KeyReference>> {
    let Some(found) = picker.find(Flag::new("--jwt-key-file", flag), &env_vars::KEY) else {
        if let Some(bound) = BINDINGS.into_iter().find(|name| picker.is_set(name)) {
            return picker.read(&bound_key(bound), KeyReference::parse);
        }
        let looked: Vec<&str> = std::iter::once(env_vars::KEY.name)
            .chain(env_vars::KEY.fallbacks.iter().map(|fallback| fallback.name))
            .chain(BINDINGS)
            .collect();
        picker.problem(
            "no private key was given",
            Some(format!(
                "pass --jwt-key-file FILE or set ACCREDIT_KEY; looked at: flag --jwt-key-file, {}",
                looked.join(", ")
            )),
        );
        return None;
    };
    match (found.holds, &found.origin) {
        (Holds::KeyText, Origin::Environment(name)) => Some(Setting {
            value: KeyReference::Variable((*name).to_owned()),
            origin: found.origin.clone(),
        }),
        _ => picker.read(&found, KeyReference::parse),
    }
}

fn pick_login_url(picker: &mut Picker<'_>, args: &SignInArgs) -> Option<Setting<LoginUrl>> {
    if args.sandbox {
        return picker.read(
            &Found {
                text: SANDBOX.to_owned(),
                holds: Holds::Value,
                origin: Origin::Flag("--sandbox"),
            },
            LoginUrl::parse,
        );
    }
    let flag = Flag::new("--login-url", args.login_url.as_deref());
    let found = picker
        .find(flag, &env_vars::LOGIN_URL)
        .unwrap_or_else(|| Found {
            text: PRODUCTION.to_owned(),
            holds: Holds::Value,
            origin: Origin::Default,
        });
    picker.read(&found, LoginUrl::parse)
}

/// What is said of the audience. One that is written down belongs to the login URL beside it, and
/// not to another one.
pub(crate) fn find_audience(
    picker: &mut Picker<'_>,
    args: &SignInArgs,
    login_url: &Origin,
) -> Option<Found> {
    let flag = Flag::new("--audience", args.audience.as_deref());
    let found = picker.find(flag, &env_vars::AUDIENCE)?;
    let is_written_down = matches!(found.origin, Origin::Profile(_) | Origin::File(_));
    if is_written_down && found.origin != *login_url {
        return None;
    }
    Some(found)
}

fn pick_endpoint(
    picker: &mut Picker<'_>,
    audience: Option<Found>,
    login_url: Setting<LoginUrl>,
) -> Option<Setting<TokenEndpoint>> {
    let Setting { value, origin } = login_url;
    let endpoint = match audience {
        Some(found) => picker
            .read(&found, |text| TokenEndpoint::new(value, Some(text)))
            .map(|endpoint| endpoint.value),
        None => TokenEndpoint::new(value, None)
            .map_err(|error| {
                let usual = || "pass --audience URL or set ACCREDIT_AUDIENCE".to_owned();
                picker.problem(
                    error.to_string(),
                    Some(advice(&error).unwrap_or_else(usual)),
                );
            })
            .ok(),
    };
    endpoint.map(|value| Setting { value, origin })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::Variables;

    #[test]
    fn all_mistakes_are_told_at_once() {
        let variables = Variables::of(&[("SF_LOGIN_URL", "http://acme.my.salesforce.com")]);
        let error = resolve(&SignInArgs::default(), &variables).unwrap_err();
        let text = error.to_string();
        for part in ["no client id", "no username", "no private key", "over http"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(error.hints().len(), 4);
        assert!(error.hints()[3].starts_with("ACC-3008: "), "{error:?}");
    }

    #[test]
    fn the_environment_of_the_emulator_is_a_whole_sign_in() {
        let variables = Variables::of(&[
            ("SF_LOGIN_URL", "http://127.0.0.1:8580"),
            ("SF_CLIENT_ID", "id"),
            ("SF_USERNAME", "user@example.com"),
            ("SF_JWT_KEY_FILE", "server.key"),
        ]);
        let sign_in = resolve(&SignInArgs::default(), &variables).unwrap();
        assert_eq!(
            sign_in.endpoint.value.audience().as_str(),
            "http://127.0.0.1:8580"
        );
        assert_eq!(sign_in.key.origin, Origin::Environment("SF_JWT_KEY_FILE"));
    }

    #[test]
    fn a_variable_with_the_text_of_a_key_is_referred_to_by_name() {
        let variables = Variables::of(&[
            ("SFDX_CLIENT_ID", "id"),
            ("SALESFORCE_USERNAME", "user@example.com"),
            ("SFDX_HUB_KEY", "-----BEGIN"),
        ]);
        let sign_in = resolve(&SignInArgs::default(), &variables).unwrap();
        assert_eq!(
            sign_in.key.value,
            KeyReference::Variable("SFDX_HUB_KEY".to_owned())
        );
        assert_eq!(sign_in.endpoint.value.login_url().as_str(), PRODUCTION);
    }
}
