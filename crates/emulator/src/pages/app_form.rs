//! The form that makes an app or changes its policies.

use super::choice::{self, Choice, Setting};
use super::input::Posted;
use crate::directory::{
    AppKind, IpRestrictions, NewApp, PermittedUsers, SessionPolicy, Switch, Upload,
};

pub(super) const KINDS: [Setting<AppKind>; 2] = [
    Setting {
        value: AppKind::External,
        word: "external",
        label: "External client app",
        hint: "The kind that new apps have since Spring '26. Sign in through My Domain.",
    },
    Setting {
        value: AppKind::Connected,
        word: "connected",
        label: "Connected app",
        hint: "The older kind. The shared login hosts work too.",
    },
];

pub(super) const PERMITTED_USERS: [Setting<PermittedUsers>; 2] = [
    Setting {
        value: PermittedUsers::PreAuthorized,
        word: "pre-authorized",
        label: "Admin approved users are pre-authorized",
        hint: "Users with one of the profiles or permission sets below.",
    },
    Setting {
        value: PermittedUsers::SelfAuthorize,
        word: "self-authorize",
        label: "All users may self-authorize",
        hint: "Users who approved the app in a browser before; list them below.",
    },
];

const IP_RELAXATION: [Setting<IpRestrictions>; 2] = [
    Setting {
        value: IpRestrictions::Enforce,
        word: "enforce",
        label: "Enforce IP restrictions",
        hint: "",
    },
    Setting {
        value: IpRestrictions::Relax,
        word: "relax",
        label: "Relax IP restrictions",
        hint: "",
    },
];

const SESSION_LEVELS: [Setting<SessionPolicy>; 2] = [
    Setting {
        value: SessionPolicy::Standard,
        word: "standard",
        label: "Standard",
        hint: "",
    },
    Setting {
        value: SessionPolicy::HighAssurance,
        word: "high-assurance",
        label: "High assurance",
        hint: "Asks for a second factor, which the JWT bearer flow cannot give.",
    },
];

const ENABLED: [Setting<Switch>; 2] = [
    Setting {
        value: Switch::On,
        word: "on",
        label: "Enabled",
        hint: "",
    },
    Setting {
        value: Switch::Off,
        word: "off",
        label: "Blocked",
        hint: "Nobody signs in through it; sessions end.",
    },
];

const INSTALLED: [Setting<Switch>; 2] = [
    Setting {
        value: Switch::On,
        word: "on",
        label: "Installed in this org",
        hint: "",
    },
    Setting {
        value: Switch::Off,
        word: "off",
        label: "Not installed",
        hint: "The app comes from another org.",
    },
];

const SCOPES: [(&str, &str); 5] = [
    ("api", "Manage user data via APIs (api)"),
    ("web", "Manage user data via Web browsers (web)"),
    ("full", "Full access (full)"),
    (
        "refresh_token",
        "Perform requests at any time (refresh_token)",
    ),
    ("openid", "Access unique user identifiers (openid)"),
];

/// What the fields of the form show.
pub(super) struct Policies {
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) kinds: Vec<Choice>,
    pub(super) scopes: Vec<Choice>,
    pub(super) permitted_users: Vec<Choice>,
    pub(super) profiles: Vec<Choice>,
    pub(super) permission_sets: String,
    pub(super) approved_users: String,
    pub(super) ip_relaxation: Vec<Choice>,
    pub(super) session_levels: Vec<Choice>,
    pub(super) enabled: Vec<Choice>,
    pub(super) installed: Vec<Choice>,
    pub(super) timeout: String,
    pub(super) certificate: String,
}

impl Policies {
    /// The fields of an app in an org with these profiles.
    pub(super) fn of(app: &NewApp, profiles: &[String]) -> Self {
        let known: Vec<_> = profiles
            .iter()
            .map(|name| (name.as_str(), name.as_str()))
            .collect();
        Self {
            name: app.name.clone(),
            client_id: app.client_id.clone().unwrap_or_default(),
            kinds: choice::all(&KINDS, &app.kind),
            scopes: choice::names(&SCOPES, &app.scopes),
            permitted_users: choice::all(&PERMITTED_USERS, &app.permitted_users),
            profiles: choice::names(&known, &app.profiles),
            permission_sets: app.permission_sets.join("\n"),
            approved_users: app.approved_users.join("\n"),
            ip_relaxation: choice::all(&IP_RELAXATION, &app.ip_restrictions),
            session_levels: choice::all(&SESSION_LEVELS, &app.session_policy),
            enabled: choice::all(&ENABLED, &app.enabled),
            installed: choice::all(&INSTALLED, &app.installed),
            timeout: app.session_timeout_minutes.to_string(),
            certificate: String::new(),
        }
    }
}

/// Lays the fields of a form over an app. What the form does not have stays; so does a timeout that
/// is no number, which the message says.
pub(super) fn lay_over(app: &mut NewApp, posted: &Posted) -> Result<(), String> {
    posted.value("name").clone_into(&mut app.name);
    app.kind = choice::read(&KINDS, posted.value("kind")).unwrap_or(app.kind);
    app.scopes = posted.all("scope");
    let permitted = choice::read(&PERMITTED_USERS, posted.value("permitted_users"));
    app.permitted_users = permitted.unwrap_or(app.permitted_users);
    app.profiles = posted.all("profile");
    app.permission_sets = posted.lines("permission_sets");
    app.approved_users = posted.lines("approved_users");
    let ip = choice::read(&IP_RELAXATION, posted.value("ip_relaxation"));
    app.ip_restrictions = ip.unwrap_or(app.ip_restrictions);
    let level = choice::read(&SESSION_LEVELS, posted.value("session_level"));
    app.session_policy = level.unwrap_or(app.session_policy);
    app.enabled = choice::read(&ENABLED, posted.value("enabled")).unwrap_or(app.enabled);
    app.installed = choice::read(&INSTALLED, posted.value("installed")).unwrap_or(app.installed);
    if app.name.is_empty() {
        return Err("Give the app a name.".to_owned());
    }
    if app.name.chars().count() > 80 {
        return Err("The name of an app may have 80 characters.".to_owned());
    }
    let minutes = posted.value("timeout");
    app.session_timeout_minutes = minutes
        .parse()
        .ok()
        .filter(|minutes| (1..=1_440).contains(minutes))
        .ok_or_else(|| {
            format!("The session timeout is {minutes:?}: expected 1 to 1440 minutes.")
        })?;
    Ok(())
}

/// The certificate of a form: a file, or pasted text. `None` if there is neither.
pub(super) fn certificate(posted: &Posted) -> Result<Option<Upload>, String> {
    let file = posted.value("certificate_file");
    let text = match file {
        "" => posted.value("certificate"),
        file => file,
    };
    if is_private_key(text) {
        return Err(
            "That is the private key. Keep it to yourself, and give me the certificate that \
             belongs to it: the file that begins with -----BEGIN CERTIFICATE-----."
                .to_owned(),
        );
    }
    let is_certificate = text.contains("-----BEGIN CERTIFICATE-----") || text.starts_with('{');
    if !text.is_empty() && !is_certificate {
        return Err(
            "That is no certificate. Choose the .crt file that belongs to your key, or paste the \
             text that begins with -----BEGIN CERTIFICATE-----."
                .to_owned(),
        );
    }
    let upload = Upload::Text(text.replace("\r\n", "\n"));
    Ok((!text.is_empty()).then_some(upload))
}

/// What a form may show again of a certificate that was pasted.
pub(super) fn shown_again(posted: &Posted) -> String {
    let pasted = posted.value("certificate");
    if is_private_key(pasted) {
        return String::new();
    }
    pasted.to_owned()
}

fn is_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY")
}
