//! Tokens kept on disk, so that a loop of calls is one login.
//!
//! Owns a folder that only its owner can read, a file for each sign-in, and a lock beside it: of
//! many processes that need a token at once, one signs in and the others take what it got. A file
//! is replaced whole, under the lock, by a login that succeeded; a failed one changes nothing. What
//! goes wrong here is no failure of a command: it signs in by itself then.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use accredit::audience::{HostClass, InstanceUrl, LoginUrl};
use accredit::clock::UnixTime;
use accredit::secret::{AccessToken, Secret, fingerprint};
use accredit::source::{Expiry, Token};
use rustix::process::getuid;
use serde::{Deserialize, Serialize};

use crate::env_vars;
use crate::files;
use crate::key_reference::KeyReference;
use crate::own_files::{self, Lock};
use crate::settings::sign_in::SignIn;
use crate::settings::{Environment, Origin, lookup};

/// The form of the files. One of another form is not read.
const VERSION: u32 = 1;

/// How long a token is used whose end nobody told: well below any session time-out.
const ASSUMED_LIFE: Duration = Duration::from_secs(15 * 60);

/// The same for an org on this machine, which may be another one in a minute.
const ASSUMED_LIFE_HERE: Duration = Duration::from_secs(60);

/// A token is no longer handed out this long before its end.
const MARGIN: Duration = Duration::from_secs(60);

/// The longest file, in bytes.
const FILE_LENGTH_MAX: u64 = 256 * 1024;

/// Files of sign-ins that nobody makes any more go after this time.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(86_400);

/// A token and all that came with it.
pub(crate) struct Grant {
    pub(crate) access_token: AccessToken,
    pub(crate) instance_url: InstanceUrl,
    /// The whole reply of the token endpoint.
    pub(crate) reply: Secret<Vec<u8>>,
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("access_token", &self.access_token)
            .finish_non_exhaustive()
    }
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    identity: String,
    issued_at: u64,
    usable_until: u64,
    instance_url: String,
    reply: String,
}

/// The place of one sign-in's token.
#[derive(Debug)]
pub(crate) struct TokenCache {
    folder: PathBuf,
    name: String,
    identity: String,
    login_url: LoginUrl,
}

/// What tells a key from another without reading it: of a file also its node, size and time. `None`
/// for keys that come as text, which may be another at each call.
fn key_mark(key: &KeyReference) -> Option<String> {
    match key {
        KeyReference::Stdin | KeyReference::Variable(_) => None,
        KeyReference::Elsewhere(_) => Some(key.to_string()),
        KeyReference::File(path) => {
            let found = fs::metadata(path).ok()?;
            let (node, size, at) = (found.ino(), found.size(), found.mtime_nsec());
            let path = std::path::absolute(path).ok()?;
            let seconds = found.mtime();
            Some(format!("{} {node} {size} {seconds}.{at}", path.display()))
        }
    }
}

impl TokenCache {
    /// The place for this sign-in; `None` if there is no folder that is ours alone, or if the org
    /// is on this machine and no profile's: such an org is made, changed and gone within seconds.
    pub(crate) fn of(sign_in: &SignIn, environment: &dyn Environment) -> Option<Self> {
        let endpoint = &sign_in.endpoint;
        let is_here = endpoint.value.login_url().class() == HostClass::Loopback;
        if is_here && !matches!(endpoint.origin, Origin::Profile(_)) {
            return None;
        }
        let key = key_mark(&sign_in.key.value)?;
        let folder = folder(environment)?;
        if let Err(error) = prepare(&folder) {
            tracing::debug!(%error, "tokens are not kept");
            return None;
        }
        let endpoint = &sign_in.endpoint.value;
        let identity = [
            endpoint.login_url().as_str(),
            endpoint.audience().as_str(),
            sign_in.identity.issuer.as_str(),
            sign_in.identity.subject.as_str(),
            &key,
        ]
        .join("\n");
        Some(Self {
            name: fingerprint(identity.as_bytes()),
            folder,
            identity,
            login_url: endpoint.login_url().clone(),
        })
    }

    /// The token that is kept, if it may be used now.
    pub(crate) fn read(&self, now: UnixTime) -> Option<Grant> {
        let path = self.path("json");
        let found = fs::symlink_metadata(&path).ok()?;
        let is_ours = found.is_file() && found.uid() == getuid().as_raw();
        if !is_ours || found.mode() & 0o077 != 0 {
            return None;
        }
        let bytes = Secret::new(files::read(&path, FILE_LENGTH_MAX).ok()?);
        let kept: Kept = serde_json::from_slice(bytes.expose()).ok()?;
        let is_fit = kept.version == VERSION
            && kept.identity == self.identity
            && kept.issued_at <= now.as_secs()
            && now.as_secs() < kept.usable_until;
        if !is_fit {
            return None;
        }
        let reply = Secret::new(kept.reply.into_bytes());
        let access_token = accredit::oauth::TokenResponse::parse(reply.expose())
            .ok()?
            .access_token;
        Some(Grant {
            access_token,
            instance_url: InstanceUrl::accept(&kept.instance_url, &self.login_url, &[]).ok()?,
            reply,
        })
    }

    /// Waits for its turn to sign in. `None` if it does not come: then nothing is kept.
    pub(crate) fn lock(&self) -> Option<Lock> {
        own_files::lock(&self.path("lock")).ok()
    }

    /// Keeps a token. The lock makes this process the only one that writes.
    pub(crate) fn write(&self, lock: &Lock, token: &Token, reply: &[u8]) {
        let life = match self.login_url.class() {
            HostClass::Loopback => ASSUMED_LIFE_HERE,
            _ => ASSUMED_LIFE,
        };
        let usable_until = match token.expiry {
            Expiry::Known(at) => at.saturating_sub(MARGIN),
            Expiry::Assumed(at) => at.min(token.issued_at.saturating_add(life)),
        };
        let Ok(reply) = std::str::from_utf8(reply) else {
            return;
        };
        let kept = Kept {
            version: VERSION,
            identity: self.identity.clone(),
            issued_at: token.issued_at.as_secs(),
            usable_until: usable_until.as_secs(),
            instance_url: token.instance_url.as_str().to_owned(),
            reply: reply.to_owned(),
        };
        if let Err(error) = self.replace(lock, &kept) {
            tracing::debug!(%error, "the token could not be kept");
        }
        self.forget_others(token.issued_at);
    }

    fn replace(&self, lock: &Lock, kept: &Kept) -> io::Result<()> {
        let text = Secret::new(serde_json::to_vec(kept).map_err(io::Error::other)?);
        own_files::replace(lock, &self.path("json"), text.expose())
    }

    /// Removes the files of sign-ins that are no longer made.
    fn forget_others(&self, now: UnixTime) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let oldest = now.saturating_sub(FORGOTTEN_AFTER).as_secs();
        for entry in entries.flatten() {
            let is_old = entry.metadata().is_ok_and(|found| {
                found.is_file() && u64::try_from(found.mtime()).unwrap_or(0) < oldest
            });
            let path = entry.path();
            // A lock stays: whoever waits for it holds the same file as whoever comes later.
            let is_token = path.extension().is_some_and(|ending| ending == "json");
            if is_old && is_token {
                let _gone = fs::remove_file(path);
            }
        }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }
}

/// Forgets a token that was revoked, whoever signed in for it.
pub(crate) fn forget(token: &AccessToken, environment: &dyn Environment) {
    let entries = folder(environment).and_then(|folder| fs::read_dir(folder).ok());
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        let is_it = path.extension().is_some_and(|ending| ending == "json")
            && token_of(&path).is_some_and(|kept| kept.is_same(token));
        if is_it {
            // It ends by itself if it cannot be removed.
            let _gone = fs::remove_file(&path);
        }
    }
}

fn token_of(path: &Path) -> Option<AccessToken> {
    let bytes = Secret::new(files::read(path, FILE_LENGTH_MAX).ok()?);
    let kept: Kept = serde_json::from_slice(bytes.expose()).ok()?;
    let reply = Secret::new(kept.reply.into_bytes());
    let reply = accredit::oauth::TokenResponse::parse(reply.expose()).ok()?;
    Some(reply.access_token)
}

/// Where tokens are kept: the runtime folder goes with the user's session, the cache folder stays.
fn folder(environment: &dyn Environment) -> Option<PathBuf> {
    let place = |name: &str| {
        lookup(environment, name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(own) = lookup(environment, env_vars::CACHE_DIR.name) {
        return Some(PathBuf::from(own));
    }
    place("XDG_RUNTIME_DIR")
        .or_else(|| place("XDG_CACHE_HOME"))
        .or_else(|| place("HOME").map(|home| home.join(".cache")))
        .map(|base| base.join("accredit").join("tokens"))
}

/// Makes the folder, and refuses one that others can write to or read.
fn prepare(folder: &Path) -> io::Result<()> {
    own_files::make_folder(folder)?;
    let found = fs::symlink_metadata(folder)?;
    let is_ours = found.is_dir() && found.uid() == getuid().as_raw();
    if is_ours && found.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "{} is not a folder of ours alone (0700)",
            folder.display()
        )))
    }
}
