//! Apps out of ConnectedApp files, and out of the five files of an external client app.
//!
//! Owns what their elements come to (fact sheet §3.2 and §3.3). Whether the app is fit is decided
//! where apps are registered.

use std::collections::BTreeMap;

use super::LoadFile;
use super::error::{LoadError, Trouble};
use super::kind::{self, Kind};
use super::xml::{self, Element};
use crate::directory::{
    AppKind, Directory, IpRestrictions, NewApp, PermittedUsers, SessionPolicy, Switch, Upload,
};

/// An app, and a file that it comes from.
#[derive(Debug)]
pub(crate) struct LoadedApp {
    pub(crate) path: String,
    pub(crate) definition: NewApp,
}

/// Every scope, as metadata call it and as tokens do.
pub(crate) const SCOPES: [(&str, &str); 36] = [
    ("Api", "api"),
    ("Web", "web"),
    ("Full", "full"),
    ("OpenID", "openid"),
    ("Lightning", "lightning"),
    ("Content", "content"),
    ("RefreshToken", "refresh_token"),
    ("OfflineAccess", "refresh_token"),
    ("Basic", "id"),
    ("Address", "id"),
    ("Email", "id"),
    ("Phone", "id"),
    ("Profile", "id"),
    ("Chatter", "chatter_api"),
    ("CustomApplications", "visualforce"),
    ("CustomPermissions", "custom_permissions"),
    ("Wave", "wave_api"),
    ("Eclair", "eclair_api"),
    ("Pardot", "pardot_api"),
    ("CDP", "cdp_api"),
    ("CDPIngest", "cdp_ingest_api"),
    ("CDPProfile", "cdp_profile_api"),
    ("CDPQuery", "cdp_query_api"),
    ("CDPSegment", "cdp_segment_api"),
    ("CDPIdentityResolution", "cdp_identityresolution_api"),
    ("CDPCalculatedInsight", "cdp_calculated_insight_api"),
    ("Chatbot", "chatbot_api"),
    ("ForgotPassword", "forgot_password"),
    ("UserRegistration", "user_registration_api"),
    ("PwdlessLogin", "pwdless_login_api"),
    ("Interaction", "interaction_api"),
    ("MCP", "mcp_api"),
    ("SCRT", "scrt_api"),
    ("SFAP", "sfap_api"),
    ("SFApiPlatform", "sfap_api"),
    ("EinsteinGPT", "einstein_gpt_api"),
];

fn kind_of(file: &LoadFile) -> Option<Kind> {
    Kind::of(&file.path).filter(|kind| {
        matches!(
            kind,
            Kind::ConnectedApp
                | Kind::ExternalApp
                | Kind::GlobalOauth
                | Kind::OauthSettings
                | Kind::OauthPolicies
                | Kind::AppPolicies
        )
    })
}

/// The files that are not about apps.
pub(crate) fn others(files: &[LoadFile]) -> Vec<LoadFile> {
    let others = files.iter().filter(|file| kind_of(file).is_none());
    others.cloned().collect()
}

/// The apps of all files. A file of an app that is there changes what it speaks of and leaves the
/// rest.
pub(crate) fn read(files: &[LoadFile], known: &Directory) -> Result<Vec<LoadedApp>, LoadError> {
    let mut apps = Vec::new();
    let mut external: BTreeMap<String, LoadedApp> = BTreeMap::new();
    for file in files {
        let Some(kind) = kind_of(file) else {
            continue;
        };
        let taken = match kind {
            Kind::ConnectedApp => connected(file, known).map(|app| apps.push(app)),
            _ => take(kind, file, (&mut external, known)),
        };
        taken.map_err(|trouble| trouble.at(&file.path))?;
    }
    apps.extend(external.into_values());
    Ok(apps)
}

/// An app that nobody may use yet.
fn bare(kind: AppKind, name: String) -> NewApp {
    NewApp {
        name,
        kind,
        scopes: Vec::new(),
        profiles: Vec::new(),
        permitted_users: PermittedUsers::SelfAuthorize,
        ..NewApp::default()
    }
}

/// The app that is there under this name, with the certificate and the consumer key that it has.
fn known_as(known: &Directory, kind: AppKind, name: &str) -> Option<NewApp> {
    let client = known.developed_as(kind, name)?;
    Some(client.definition.clone())
}

fn connected(file: &LoadFile, known: &Directory) -> Result<LoadedApp, Trouble> {
    let document = xml::parse(&file.content)?;
    let root = Element::root(&document, &["ConnectedApp"])?;
    let mut app = bare(AppKind::Connected, root.needed("label")?);
    let texts = |name: &str| root.all(name).map(Element::own_text).collect();
    app.profiles = texts("profileName");
    app.permission_sets = texts("permissionSetName");
    if let Some(oauth) = root.child("oauthConfig") {
        credentials(&mut app, oauth)?;
        app.scopes = oauth
            .all("scopes")
            .map(|own| scope(&own.own_text()))
            .collect();
        if oauth.is("isAdminApproved")? {
            app.permitted_users = PermittedUsers::PreAuthorized;
        }
    }
    let developer_name = kind::stem(&file.path).to_owned();
    if app.client_id.is_none() {
        let before = known_as(known, AppKind::Connected, &developer_name);
        app.client_id = before.and_then(|before| before.client_id);
    }
    app.developer_name = Some(developer_name);
    if let Some(policy) = root.child("oauthPolicy") {
        app.ip_restrictions = ip_restrictions(policy.text("ipRelaxation").as_deref());
    }
    if let Some(policy) = root.child("sessionPolicy") {
        app.session_policy = session_policy(policy.text("sessionLevel").as_deref());
        if let Some(minutes) = policy.number("sessionTimeout")? {
            app.session_timeout_minutes = minutes.into();
        }
    }
    Ok(LoadedApp {
        path: file.path.clone(),
        definition: app,
    })
}

/// Takes in one of the five files.
fn take(
    kind: Kind,
    file: &LoadFile,
    (apps, known): (&mut BTreeMap<String, LoadedApp>, &Directory),
) -> Result<(), Trouble> {
    let document = xml::parse(&file.content)?;
    let root = Element::root(
        &document,
        &[
            "ExternalClientApplication",
            "ExtlClntAppGlobalOauthSettings",
            "ExtlClntAppOauthSettings",
            "ExtlClntAppOauthConfigurablePolicies",
            "ExtlClntAppConfigurablePolicies",
        ],
    )?;
    let name = match kind {
        Kind::ExternalApp => kind::stem(&file.path).to_owned(),
        _ => root.needed("externalClientApplication")?,
    };
    let app = apps.entry(name.clone()).or_insert_with(|| LoadedApp {
        path: file.path.clone(),
        definition: known_as(known, AppKind::External, &name).unwrap_or_else(|| NewApp {
            developer_name: Some(name.clone()),
            ..bare(AppKind::External, name)
        }),
    });
    let app = &mut app.definition;
    match kind {
        Kind::ExternalApp => app.name = root.text("label").unwrap_or_default(),
        Kind::GlobalOauth => credentials(app, root)?,
        Kind::OauthSettings => {
            let scopes = split(root, "commaSeparatedOauthScopes");
            app.scopes = scopes.map(|own| scope(&own)).collect();
        }
        Kind::OauthPolicies => oauth_policies(app, root)?,
        _ => {
            let both = [
                switch(root, "isEnabled")?,
                switch(root, "isOauthPluginEnabled")?,
            ];
            // The app is on if both are; what a file does not speak of stays as it is.
            let is_off = both.contains(&Some(Switch::Off));
            if is_off || both.contains(&Some(Switch::On)) {
                app.enabled = if is_off { Switch::Off } else { Switch::On };
            }
        }
    }
    Ok(())
}

fn oauth_policies(app: &mut NewApp, root: Element<'_>) -> Result<(), Trouble> {
    app.profiles = split(root, "commaSeparatedProfile").collect();
    app.permission_sets = split(root, "commaSeparatedPermissionSet").collect();
    app.ip_restrictions = ip_restrictions(root.text("ipRelaxationPolicyType").as_deref());
    app.session_policy = session_policy(root.text("requiredSessionLevel").as_deref());
    if let Some(minutes) = root.number("sessionTimeoutInMinutes")? {
        app.session_timeout_minutes = minutes.into();
    }
    app.permitted_users = match root.text("permittedUsersPolicyType").as_deref() {
        Some("AdminApprovedPreAuthorized") => PermittedUsers::PreAuthorized,
        None | Some("AllSelfAuthorized") => PermittedUsers::SelfAuthorize,
        Some(other) => {
            let problem = format!(
                "expected AdminApprovedPreAuthorized or AllSelfAuthorized in \
                 <permittedUsersPolicyType>, found {other:?}"
            );
            return Err(Trouble::new(root.line(), problem));
        }
    };
    Ok(())
}

/// Consumer key, secret and certificate.
fn credentials(app: &mut NewApp, element: Element<'_>) -> Result<(), Trouble> {
    if let Some(key) = element.text("consumerKey") {
        app.client_id = Some(key);
    }
    if let Some(secret) = element.text("consumerSecret") {
        app.client_secret = Some(secret);
    }
    if let Some(text) = element.text("certificate") {
        app.certificates = vec![Upload::Text(pem(&text))];
    }
    if let Some(switch) = switch(element, "isIntrospectAllTokens")? {
        app.introspect_all_tokens = switch;
    }
    Ok(())
}

/// What the element called `name` says, if it is there.
fn switch(holder: Element<'_>, name: &str) -> Result<Option<Switch>, Trouble> {
    if holder.child(name).is_none() {
        return Ok(None);
    }
    let is_on = holder.is(name)?;
    Ok(Some(if is_on { Switch::On } else { Switch::Off }))
}

/// Files hold the whole PEM, or only what is between its first and last line.
fn pem(text: &str) -> String {
    if text.contains("-----BEGIN") {
        return text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    }
    let body: String = text.split_whitespace().collect();
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

fn split(element: Element<'_>, name: &str) -> impl Iterator<Item = String> {
    let text = element.text(name).unwrap_or_default();
    let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
    words.into_iter().filter(|word| !word.is_empty())
}

fn scope(name: &str) -> String {
    let found = SCOPES.iter().find(|(known, _)| *known == name);
    found.map_or_else(
        || name.to_ascii_lowercase(),
        |(_, scope)| (*scope).to_owned(),
    )
}

fn ip_restrictions(word: Option<&str>) -> IpRestrictions {
    match word.unwrap_or_default().to_ascii_uppercase().as_str() {
        "BYPASS" | "BYPASS_2FACTOR" => IpRestrictions::Relax,
        _ => IpRestrictions::Enforce,
    }
}

fn session_policy(level: Option<&str>) -> SessionPolicy {
    match level {
        Some("HIGH_ASSURANCE") => SessionPolicy::HighAssurance,
        _ => SessionPolicy::Standard,
    }
}
