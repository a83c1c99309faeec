//! Apps: the clients of OAuth, as Setup defines them.
//!
//! Owns the definition ([`NewApp`], also the form in which it is kept) and its checked form
//! ([`Client`]).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::oauth::ClientId;
use accredit::secret::hex;
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::certificate::{Certificate, Upload};
use super::user::User;

/// What kind of app it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppKind {
    /// A connected app.
    Connected,
    /// An external client app: the only kind that can be made since Spring '26.
    #[default]
    External,
}

/// Who may use an app ("Permitted Users").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermittedUsers {
    /// "Admin approved users are pre-authorized": whoever has a profile or permission set of the
    /// app.
    #[default]
    PreAuthorized,
    /// "All users may self-authorize": whoever approved the app before.
    SelfAuthorize,
}

/// Whether the login IP ranges of users apply ("IP Relaxation").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpRestrictions {
    /// They apply.
    #[default]
    Enforce,
    /// They do not.
    Relax,
}

/// The session level that an app demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionPolicy {
    /// Any session.
    #[default]
    Standard,
    /// A session with a second factor, which the JWT bearer flow cannot give.
    HighAssurance,
}

/// Whether something is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It is.
    #[default]
    On,
    /// It is not.
    Off,
}

/// An app as it is made: every member may be left out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NewApp {
    /// The consumer key; drawn if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The consumer secret; only its SHA-256 is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The SHA-256 of the consumer secret in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_sha256: Option<String>,
    /// The name in metadata, if it comes from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_name: Option<String>,
    /// The label.
    pub name: String,
    /// The kind.
    pub kind: AppKind,
    /// What verifies assertions: one certificate, or two or more while a key is being changed.
    pub certificates: Vec<Upload>,
    /// Scopes of the tokens, such as `api`.
    pub scopes: Vec<String>,
    /// Who may use it.
    pub permitted_users: PermittedUsers,
    /// Profiles whose users are pre-authorized.
    pub profiles: Vec<String>,
    /// Permission sets whose users are pre-authorized.
    pub permission_sets: Vec<String>,
    /// Usernames that approved the app themselves.
    pub approved_users: Vec<String>,
    /// Off: an administrator blocked the app.
    pub enabled: Switch,
    /// Off: the app comes from elsewhere and was never installed here.
    pub installed: Switch,
    /// Whether login IP ranges apply.
    pub ip_restrictions: IpRestrictions,
    /// The session level.
    pub session_policy: SessionPolicy,
    /// Minutes without use after which a session ends.
    pub session_timeout_minutes: u64,
    /// On: may introspect tokens of other apps.
    pub introspect_all_tokens: Switch,
}

impl Default for NewApp {
    fn default() -> Self {
        Self {
            client_id: None,
            client_secret: None,
            client_secret_sha256: None,
            developer_name: None,
            name: "App".to_owned(),
            kind: AppKind::default(),
            certificates: Vec::new(),
            scopes: vec!["api".to_owned(), "web".to_owned()],
            permitted_users: PermittedUsers::default(),
            profiles: vec![super::user::ADMINISTRATOR.to_owned()],
            permission_sets: Vec::new(),
            approved_users: Vec::new(),
            enabled: Switch::On,
            installed: Switch::On,
            ip_restrictions: IpRestrictions::default(),
            session_policy: SessionPolicy::default(),
            session_timeout_minutes: 120,
            introspect_all_tokens: Switch::Off,
        }
    }
}

impl fmt::Debug for NewApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApp")
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An app, checked and ready to judge assertions with.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// The same, for those who keep it.
    pub(crate) key: Arc<str>,
    pub(crate) definition: NewApp,
    pub(crate) certificates: Vec<Certificate>,
}

impl Client {
    /// Checks a definition. The error says what was expected.
    pub(crate) fn new(id: ClientId, mut definition: NewApp) -> Result<Self, String> {
        if let Some(secret) = definition.client_secret.take() {
            definition.client_secret_sha256 = Some(sha256(&secret));
        }
        if let Some(hash) = &definition.client_secret_sha256 {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            if hash.len() != 64 || !hash.bytes().all(is_digit) {
                return Err("clientSecretSha256 must have 64 hex digits in lower case".to_owned());
            }
        }
        definition.client_id = Some(id.as_str().to_owned());
        if !(1..=1_440).contains(&definition.session_timeout_minutes) {
            return Err(format!(
                "sessionTimeoutMinutes is {}, expected 1 to 1440",
                definition.session_timeout_minutes
            ));
        }
        let certificates = definition
            .certificates
            .iter()
            .map(Certificate::read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            key: id.as_str().into(),
            id,
            definition,
            certificates,
        })
    }

    pub(crate) const fn session_timeout(&self) -> Duration {
        Duration::from_secs(self.definition.session_timeout_minutes * 60)
    }

    /// The certificates that may be used at `now`, in words.
    pub(crate) fn tried_at(&self, now: UnixTime) -> String {
        let usable = self.certificates.iter();
        let usable = usable.filter(|certificate| certificate.flaw_at(now).is_none());
        let names: Vec<_> = usable.map(Certificate::short).collect();
        format!("sha256 {}", names.join(", "))
    }

    /// Says whether `secret` is the consumer secret. An app without one accepts none.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        let expected = self.definition.client_secret_sha256.as_deref();
        let found = sha256(secret);
        expected.is_some_and(|expected| found.as_bytes().ct_eq(expected.as_bytes()).into())
    }

    /// Says whether an administrator gave `user` the app.
    pub(crate) fn is_pre_authorized(&self, user: &User) -> bool {
        let app = &self.definition;
        let sets = &user.definition.permission_sets;
        app.profiles.contains(&user.definition.profile)
            || app.permission_sets.iter().any(|set| sets.contains(set))
    }

    /// Says whether `user` approved the app.
    pub(crate) fn is_approved_by(&self, user: &User) -> bool {
        let username = user.username();
        let is_named = |name: &String| name.eq_ignore_ascii_case(username);
        self.definition.approved_users.iter().any(is_named)
            || user
                .definition
                .approved_apps
                .iter()
                .any(|id| id == self.id.as_str())
    }
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}
