//! How programs get to an emulator: the variables that they find, and whom they trust.
//!
//! Owns the certificate authority on disk, made once with a key that only its owner may read, and
//! the file of certificates for programs. Nothing of it is installed anywhere.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use accredit_emulator::{Authority, AuthorityError, Emulator};

use crate::commands::emulator::java;
use crate::env_vars;
use crate::error::CliError;
use crate::files::{self, Access, Existing, FileSet};
use crate::key_reference::KeyReference;
use crate::settings::{Environment, Flag, Picker, lookup};
use crate::world::World;

/// A variable of the environment and its value.
pub(crate) type Variable = (&'static str, OsString);

/// The longest file of an authority, in bytes.
const AUTHORITY_LENGTH_MAX: u64 = 16 * 1024;

const CERTIFICATE: &str = "emulator-ca.crt";
const KEY: &str = "emulator-ca.key";
const BUNDLE: &str = "emulator-ca-bundle.pem";

/// The variables that name a file of certificates to trust, by who reads them.
const BUNDLE_READERS: [&str; 6] = [
    // OpenSSL, Python, Ruby, Go, curl, and this program.
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
];

/// Where the authority is kept; the folder is made if need be.
pub(super) fn state_folder(flag: Option<&str>, world: &World) -> Result<PathBuf, CliError> {
    let environment = world.environment.as_ref();
    let mut picker = Picker::new(environment);
    let found = picker.find(Flag::new("--state-dir", flag), &env_vars::STATE_DIR);
    let folder = picker
        .finish(Some(found))?
        .map(|found| PathBuf::from(found.text))
        .or_else(|| lookup(environment, "XDG_STATE_HOME").map(|base| below(base, &["accredit"])))
        .or_else(|| {
            lookup(environment, "HOME").map(|home| below(home, &[".local", "state", "accredit"]))
        })
        .ok_or_else(|| {
            CliError::settings("there is no folder for the certificate authority")
                .hint("--state-dir DIR names one")
        })?;
    fs::create_dir_all(&folder).map_err(|error| files::unwritable(&folder, error))?;
    Ok(folder)
}

fn below(base: OsString, names: &[&str]) -> PathBuf {
    let mut path = PathBuf::from(base);
    path.extend(names);
    path
}

/// Reads the authority in `folder`, or makes it.
pub(super) fn authority(folder: &Path, world: &World) -> Result<Authority, CliError> {
    let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
    let now = world.clock.now();
    if !certificate.exists() && !key.exists() {
        let made = Authority::generate(now)?;
        let mut set = FileSet::new(Existing::Keep);
        let pem = made.certificate_pem().as_bytes();
        set.stage(key, made.key_pem().expose().as_bytes(), Access::Owner)?;
        set.stage(certificate, pem, Access::Everybody)?;
        set.publish()?;
        return Ok(made);
    }
    let text = |path: &Path| {
        let bytes = files::read(path, AUTHORITY_LENGTH_MAX).map_err(|error| {
            CliError::settings(format!("{} could not be read", path.display()))
                .hint("remove the emulator-ca files there to have a new authority made")
                .with_source(error)
        })?;
        Ok::<_, CliError>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let key = accredit::secret::Secret::new(text(&key)?);
    Authority::from_pem(&text(&certificate)?, key.expose(), now).map_err(|error| {
        CliError::settings(format!("{error} (in {})", folder.display()))
            .hint("remove the emulator-ca files there to have a new authority made")
    })
}

/// Writes the certificates of the system and that of the emulator into one file, so that other
/// hosts keep their trust, and beside it the same for Java.
pub(super) fn write_bundle(emulator: &Emulator, folder: &Path) -> Result<PathBuf, CliError> {
    let own = emulator.certificate_pem().unwrap_or_default();
    let mut certificates: Vec<Vec<u8>> = Vec::new();
    certificates.extend(pem::parse(own).ok().map(pem::Pem::into_contents));
    let known = rustls_native_certs::load_native_certs().certs;
    certificates.extend(known.iter().map(|certificate| certificate.to_vec()));
    let text: String = certificates
        .iter()
        .map(|der| pem::encode(&pem::Pem::new("CERTIFICATE", der.as_slice())) + "\n")
        .collect();
    let path = std::path::absolute(folder.join(BUNDLE))
        .map_err(|error| CliError::other("there is no current folder").with_source(error))?;
    files::write(&path, text.as_bytes(), Access::Everybody)?;
    let store = java::trust_store(&certificates);
    files::write(&path.with_extension("jks"), &store, Access::Everybody)?;
    Ok(path)
}

/// What leads a program to `emulator`. `bundle` is the file of certificates, if TLS is spoken.
pub(super) fn variables(
    emulator: &Emulator,
    bundle: Option<&Path>,
    world: &World,
) -> Vec<Variable> {
    let url = emulator.url();
    let mut variables: Vec<Variable> = [
        "SF_LOGIN_URL",
        "SF_INSTANCE_URL",
        env_vars::LOGIN_URL.name,
        env_vars::INSTANCE_URL.name,
        env_vars::EMULATOR.name,
    ]
    .map(|name| (name, url.clone().into()))
    .into();
    if let Some(proxy) = emulator.proxy_url() {
        let names = ["HTTPS_PROXY", "https_proxy"];
        variables.extend(names.map(|name| (name, proxy.clone().into())));
        // Node asks a proxy only when it is told to.
        variables.push(("NODE_USE_ENV_PROXY", "1".into()));
        if let Some(bundle) = bundle {
            let before = lookup(world.environment.as_ref(), java::VARIABLE);
            let store = bundle.with_extension("jks");
            variables.push((java::VARIABLE, java::options(before, &proxy, &store)));
        }
    }
    for name in ["NO_PROXY", "no_proxy"] {
        variables.push((name, without_proxy(world.environment.as_ref(), name)));
    }
    if let Some(bundle) = bundle {
        variables.extend(BUNDLE_READERS.map(|name| (name, bundle.as_os_str().to_owned())));
    }
    variables
}

/// Who signs in, and for whom.
pub(super) fn identity(client_id: &str, username: &str) -> Vec<Variable> {
    vec![
        ("SF_CLIENT_ID", client_id.into()),
        ("SF_USERNAME", username.into()),
        (env_vars::CLIENT_ID.name, client_id.into()),
        (env_vars::USERNAME.name, username.into()),
    ]
}

/// Where the key is. A place that only we know is told in our own variable alone.
pub(super) fn key(reference: &KeyReference) -> Result<Vec<Variable>, CliError> {
    let KeyReference::File(path) = reference else {
        return Ok(vec![(env_vars::KEY.name, reference.as_text().into())]);
    };
    let path = std::path::absolute(path)
        .map_err(|error| CliError::other("there is no current folder").with_source(error))?;
    let names = ["SF_JWT_KEY_FILE", env_vars::KEY.name];
    Ok(names.map(|name| (name, path.clone().into())).into())
}

/// The hosts that are reached without a proxy: those of before and this machine, but none of
/// Salesforce's, which only the proxy of the local org answers.
fn without_proxy(environment: &dyn Environment, name: &str) -> OsString {
    let before = lookup(environment, name).unwrap_or_default();
    let before = before.to_string_lossy();
    let mut hosts: Vec<&str> = before.split(',').map(str::trim).collect();
    hosts.retain(|host| !host.is_empty() && !takes_in_salesforce(host));
    hosts.extend(["localhost", "127.0.0.1"]);
    hosts.join(",").into()
}

/// Whether an entry of `NO_PROXY` names one of Salesforce's hosts or a domain around them.
fn takes_in_salesforce(entry: &str) -> bool {
    let domain = entry.trim_start_matches('*').trim_start_matches('.');
    let domain = domain.to_ascii_lowercase();
    ["salesforce.com", "site.com", "force.com"]
        .into_iter()
        .any(|own| own.ends_with(&domain) || domain.ends_with(own))
}

impl From<AuthorityError> for CliError {
    fn from(error: AuthorityError) -> Self {
        Self::other(error.to_string())
    }
}
