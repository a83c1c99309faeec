//! What an app is to be, checked before anything is written.
//!
//! Owns the rules that Setup and the Metadata API have for names, addresses and policies. All
//! mistakes in the words are told at once; the certificate is looked at after them.

use accredit_keys::Validity;

use super::scope::{self, Scope};
use crate::args::app::{IpRelaxation, ManifestArgs};
use crate::args::emulator::PermittedUsers;
use crate::certificate::CertificateFile;
use crate::error::CliError;
use crate::output::Output;
use crate::settings::Picker;
use crate::world::World;

/// The longest label, and the longest name that Salesforce gives a part, in characters.
const NAME_LENGTH_MAX: usize = 80;

/// What the names of the parts of an external client app have at most behind the app's own.
const LONGEST_ENDING: &str = "OAuthSettings_defaultPolicy";

/// The longest callback URL, in characters.
const URL_LENGTH_MAX: usize = 2000;

/// The longest name of a profile, in characters.
const PROFILE_LENGTH_MAX: usize = 255;

/// Which kind of app is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    External,
    Connected,
}

/// Who may use the app without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Users {
    /// Those who approve it themselves.
    SelfAuthorized,
    /// Those who have one of these.
    PreAuthorized {
        permission_sets: Vec<String>,
        profiles: Vec<String>,
    },
}

/// An app as it is to be registered.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) contact_email: String,
    /// PEM, without blanks around it.
    pub(super) certificate: String,
    pub(super) callback_url: String,
    pub(super) client_id: Option<String>,
    pub(super) scopes: Vec<Scope>,
    pub(super) users: Users,
    pub(super) ip_relaxation: IpRelaxation,
}

impl Registration {
    /// Reads and checks the words of a command line.
    pub(super) fn of(
        args: &ManifestArgs,
        world: &World,
        out: &mut Output,
    ) -> Result<Self, CliError> {
        let kind = if args.connected_app {
            Kind::Connected
        } else {
            Kind::External
        };
        let mut picker = Picker::new(world.environment.as_ref());
        let mut check = |result: Result<(), (String, String)>| {
            if let Err((what, hint)) = result {
                picker.problem(what, Some(hint));
            }
        };
        let label = args.label.clone().unwrap_or_else(|| spoken(&args.name));
        check(name(&args.name, kind));
        check(text("--label", &label, NAME_LENGTH_MAX));
        check(email(&args.contact_email));
        check(callback(&args.callback_url));
        check(args.client_id.as_deref().map_or(Ok(()), client_id));
        check(policy(args, kind));
        let scopes = scope::read(&args.scope, &mut picker);
        picker.finish(Some(()))?;
        let certificate = CertificateFile::read(&args.cert)?;
        let now = world.clock.now();
        certificate.check_registrable(now)?;
        if let Some((Validity::NotYet(_), _)) = certificate.validity(now) {
            out.warn("the certificate is not valid yet: nobody signs in with it before it is");
        }
        scope::surprises(&scopes)
            .into_iter()
            .for_each(|text| out.warn(text));
        Ok(Self {
            kind,
            name: args.name.clone(),
            label,
            contact_email: args.contact_email.clone(),
            certificate: certificate.text.trim().to_owned(),
            callback_url: args.callback_url.clone(),
            client_id: args.client_id.clone(),
            scopes,
            users: users(args),
            ip_relaxation: args.ip_relaxation,
        })
    }
}

/// What is wrong, and what helps.
type Checked = Result<(), (String, String)>;

fn wrong(what: String, hint: &str) -> Checked {
    Err((what, hint.to_owned()))
}

/// The name as people write it.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// A developer name: what stands in paths and references.
fn name(name: &str, kind: Kind) -> Checked {
    let length_max = match kind {
        Kind::Connected => NAME_LENGTH_MAX,
        Kind::External => NAME_LENGTH_MAX - LONGEST_ENDING.len(),
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_good = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(is_word)
        && !name.ends_with('_')
        && !name.contains("__");
    if is_good && name.len() <= length_max {
        return Ok(());
    }
    wrong(
        format!("{name:?} is no name of an app, expected one such as Nightly_Sync"),
        &format!(
            "a name has letters, digits and single underscores, begins with a letter, ends with \
             no underscore and has at most {length_max} characters; --label takes any text"
        ),
    )
}

fn text(flag: &str, text: &str, length_max: usize) -> Checked {
    let is_good = !text.trim().is_empty()
        && !text.chars().any(char::is_control)
        && text.chars().count() <= length_max;
    if is_good {
        return Ok(());
    }
    wrong(
        format!("{text:?} cannot stand in an app (flag {flag})"),
        &format!("{flag} takes one line of at most {length_max} characters"),
    )
}

fn email(address: &str) -> Checked {
    let has_parts = address.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && !host.contains('@')
            && host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
    });
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c);
    if has_parts && address.chars().all(is_plain) && address.len() <= NAME_LENGTH_MAX {
        return Ok(());
    }
    wrong(
        format!("{address:?} is no e-mail address (flag --contact-email)"),
        "Salesforce writes to this address when the app needs attention",
    )
}

fn callback(url: &str) -> Checked {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    let is_local = matches!(host, "localhost" | "127.0.0.1");
    let is_safe = !scheme.eq_ignore_ascii_case("http") || is_local;
    let is_text = url.bytes().all(|byte| byte.is_ascii_graphic());
    if is_scheme && !rest.is_empty() && is_safe && is_text && url.len() <= URL_LENGTH_MAX {
        return Ok(());
    }
    wrong(
        format!("{url:?} is no callback URL that an app may have (flag --callback-url)"),
        "a callback URL begins with https://, or with http://localhost; this sign-in uses none",
    )
}

fn client_id(key: &str) -> Checked {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"._+/=-".contains(&byte);
    if (8..=256).contains(&key.len()) && key.bytes().all(is_good) {
        return Ok(());
    }
    wrong(
        "the consumer key that was chosen is none, expected 8 to 256 letters and digits (flag \
         --client-id)"
            .to_owned(),
        "without --client-id Salesforce chooses one; only a new app can be given one",
    )
}

fn policy(args: &ManifestArgs, kind: Kind) -> Checked {
    let named = || args.permission_set.iter().chain(&args.user_profile);
    let is_open = args.users == PermittedUsers::SelfAuthorize;
    if is_open && named().next().is_some() {
        return wrong(
            "permission sets and profiles need pre-authorized users (flag --users)".to_owned(),
            "leave --users out, or leave --permission-set and --user-profile out",
        );
    }
    if !is_open && named().next().is_none() {
        return wrong(
            "nobody could use the app: no permission set and no profile was given".to_owned(),
            "pass --permission-set NAME (better) or --user-profile NAME of the user to act for",
        );
    }
    for (flag, name) in args
        .permission_set
        .iter()
        .map(|name| ("--permission-set", name))
        .chain(
            args.user_profile
                .iter()
                .map(|name| ("--user-profile", name)),
        )
    {
        text(flag, name, PROFILE_LENGTH_MAX)?;
        // One element of an external client app holds all names, with commas between them.
        if kind == Kind::External && name.contains(',') {
            return wrong(
                format!("{name:?} has a comma, which separates names (flag {flag})"),
                "repeat the flag for each name",
            );
        }
    }
    Ok(())
}

fn users(args: &ManifestArgs) -> Users {
    match args.users {
        PermittedUsers::SelfAuthorize => Users::SelfAuthorized,
        PermittedUsers::PreAuthorized => Users::PreAuthorized {
            permission_sets: args.permission_set.clone(),
            profiles: args.user_profile.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_developer_name_may_be() {
        let long = "a".repeat(54);
        for good in ["A", "Nightly_Sync", "a1", &long[..53]] {
            assert_eq!(name(good, Kind::External), Ok(()), "{good}");
        }
        for bad in [
            "", "1a", "_a", "a_", "a__b", "a b", "a-b", "ä", "a/b", &long,
        ] {
            assert!(name(bad, Kind::External).is_err(), "{bad}");
        }
        assert_eq!(name(&long, Kind::Connected), Ok(()));
        assert!(name(&"a".repeat(81), Kind::Connected).is_err());
    }

    #[test]
    fn an_address_has_two_parts_and_no_blank() {
        for good in ["a@b.c", "first.last+x@mail.example.com"] {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.c",
            "a@b",
            "a@b..c",
            "a@b@c.d",
            "a b@c.d",
            "A <a@b.c>",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_callback_is_safe_or_stays_on_the_machine() {
        for good in [
            "https://example.com/x",
            "http://localhost:1717/OauthRedirect",
            "http://127.0.0.1/",
            "myapp://done",
        ] {
            assert_eq!(callback(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "x",
            "http://example.com",
            "https://",
            "https://a b",
            "://x",
        ] {
            assert!(callback(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_consumer_key_has_eight_to_256_characters() {
        for good in ["abcdefgh", "3MVG9.key_A", &"x".repeat(256)] {
            assert_eq!(client_id(good), Ok(()), "{good}");
        }
        for bad in ["", "abcdefg", "has blank", "<script>", &"x".repeat(257)] {
            assert!(client_id(bad).is_err(), "{bad}");
        }
    }
}
