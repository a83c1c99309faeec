//! Where a key is, beyond files, standard input and variables: the grammar of references.
//!
//! Owns the schemes and what may follow them. Reaches nothing: see `source`. A reference holds no
//! secret; what looks like one is refused without being shown.

use std::fmt;

use accredit::error::Error;

use crate::pkcs11_uri::Pkcs11Uri;

/// The longest reference, in bytes.
const LENGTH_MAX: usize = 1100;

/// A place that a key, or somebody who signs with it, can be had from.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `vcap:INSTANCE/CREDENTIAL`: a service bound to an app on Cloud Foundry.
    Vcap {
        /// The name of the instance or of the binding; `None` for the one with the label `credhub`.
        instance: Option<String>,
        /// The way to the credential; empty for the only one that holds a key.
        credential: Vec<String>,
    },
    /// `credhub:/NAME`: a credential of CredHub.
    Credhub(String),
    /// `vault:MOUNT/PATH#FIELD`: a field of a secret in Vault's key-value store, version 2.
    Vault {
        /// Where the store is mounted.
        mount: String,
        /// The secret.
        path: String,
        /// The field that holds the key.
        field: String,
    },
    /// `vault-transit:[MOUNT/]KEY`: Vault signs.
    VaultTransit {
        /// Where the engine is mounted.
        mount: String,
        /// The name of the key.
        key: String,
    },
    /// `ssh-agent:[FINGERPRINT]`: an SSH agent signs; `None` for its only RSA key.
    SshAgent(Option<String>),
    /// `pkcs11:…` (RFC 7512): a token signs.
    Pkcs11(Box<Pkcs11Uri>),
    /// `awskms:KEY_ID`: the key management service of AWS signs.
    AwsKms(String),
}

/// The schemes, for messages.
pub const SCHEMES: [&str; 7] = [
    "vcap:INSTANCE/CREDENTIAL",
    "credhub:/NAME",
    "vault:MOUNT/PATH#FIELD",
    "vault-transit:KEY",
    "ssh-agent:FINGERPRINT",
    "pkcs11:URI",
    "awskms:KEY_ID",
];

impl Place {
    /// Reads a reference; `None` if it has none of these schemes.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if what follows the scheme is
    /// not what belongs there. It is not quoted: it may be a secret.
    pub fn parse(text: &str) -> Option<Result<Self, Error>> {
        let (scheme, rest) = text.split_once(':')?;
        let read: fn(&str) -> Option<Self> = match scheme {
            "vcap" => vcap,
            "credhub" => credhub,
            "vault" => vault,
            "vault-transit" => vault_transit,
            "ssh-agent" => ssh_agent,
            "pkcs11" => {
                return Some(Pkcs11Uri::parse(rest).map(|uri| Self::Pkcs11(Box::new(uri))));
            }
            "awskms" => aws_kms,
            _ => return None,
        };
        let is_short = text.len() <= LENGTH_MAX && !text.bytes().any(|byte| byte < 0x20);
        let place = is_short.then(|| read(rest)).flatten();
        Some(place.ok_or_else(|| wrong(scheme)))
    }
}

fn wrong(scheme: &str) -> Error {
    let form = SCHEMES
        .iter()
        .find(|form| form.split(':').next() == Some(scheme))
        .unwrap_or(&"a reference");
    Error::setting(format!(
        "{scheme}: is not followed by what belongs there (not shown), expected {form}"
    ))
}

fn vcap(rest: &str) -> Option<Place> {
    let mut parts = rest.split('/');
    let instance = parts.next().filter(|name| !name.is_empty());
    let credential: Vec<String> = parts.map(str::to_owned).collect();
    let is_whole = credential.iter().all(|part| !part.is_empty());
    is_whole.then(|| Place::Vcap {
        instance: instance.map(str::to_owned),
        credential,
    })
}

/// The names that CredHub takes (its own rule, and its own limit of 1,024).
fn credhub(rest: &str) -> Option<Place> {
    let name = rest.strip_prefix('/').unwrap_or(rest);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/.:,()[]+".contains(&byte);
    let is_right = !name.is_empty()
        && name.len() < 1024
        && name.bytes().all(is_name)
        && !name.starts_with('/')
        && !name.ends_with('/')
        && !name.contains("//");
    is_right.then(|| Place::Credhub(format!("/{name}")))
}

/// A name in a path of Vault: nothing that would change the path.
fn is_segment(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:+".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain) && name != "." && name != ".."
}

fn vault(rest: &str) -> Option<Place> {
    let (secret, field) = rest.split_once('#')?;
    let (mount, path) = secret.split_once('/')?;
    let is_right = is_segment(mount) && path.split('/').all(is_segment) && !field.is_empty();
    is_right.then(|| Place::Vault {
        mount: mount.to_owned(),
        path: path.to_owned(),
        field: field.to_owned(),
    })
}

fn vault_transit(rest: &str) -> Option<Place> {
    let (mount, key) = rest.rsplit_once('/').unwrap_or(("transit", rest));
    let is_right = mount.split('/').all(is_segment) && is_segment(key);
    is_right.then(|| Place::VaultTransit {
        mount: mount.to_owned(),
        key: key.to_owned(),
    })
}

/// `SHA256:` and 43 digits of base64, as `ssh-add -l` prints it, or nothing.
fn ssh_agent(rest: &str) -> Option<Place> {
    if rest.is_empty() {
        return Some(Place::SshAgent(None));
    }
    let digits = rest.strip_prefix("SHA256:")?.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    (digits.len() == 43 && digits.bytes().all(is_digit))
        .then(|| Place::SshAgent(Some(format!("SHA256:{digits}"))))
}

/// A key id, an alias or an ARN.
fn aws_kms(rest: &str) -> Option<Place> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:".contains(&byte);
    (!rest.is_empty() && rest.bytes().all(is_plain)).then(|| Place::AwsKms(rest.to_owned()))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vcap {
                instance,
                credential,
            } => {
                write!(f, "vcap:{}", instance.as_deref().unwrap_or_default())?;
                credential.iter().try_for_each(|part| write!(f, "/{part}"))
            }
            Self::Credhub(name) => write!(f, "credhub:{name}"),
            Self::Vault { mount, path, field } => write!(f, "vault:{mount}/{path}#{field}"),
            Self::VaultTransit { mount, key } => write!(f, "vault-transit:{mount}/{key}"),
            Self::SshAgent(fingerprint) => {
                write!(
                    f,
                    "ssh-agent:{}",
                    fingerprint.as_deref().unwrap_or_default()
                )
            }
            Self::Pkcs11(uri) => write!(f, "{uri}"),
            Self::AwsKms(key) => write!(f, "awskms:{key}"),
        }
    }
}
