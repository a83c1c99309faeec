//! The metadata files of an app.
//!
//! Owns their folders, endings and elements, in the order in which the Metadata API lists them.
//! Flows that are not this sign-in are off, and what guards them is on.

use super::registration::{Kind, Registration, Users};
use super::xml::Document;
use crate::args::app::{IpRelaxation, Layout};

/// A type of metadata that an app is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) folder: &'static str,
    pub(super) ending: &'static str,
}

const CONNECTED_APP: Type = Type {
    name: "ConnectedApp",
    folder: "connectedApps",
    ending: "connectedApp",
};
const EXTERNAL_APP: Type = Type {
    name: "ExternalClientApplication",
    folder: "externalClientApps",
    ending: "eca",
};
const GLOBAL_OAUTH: Type = Type {
    name: "ExtlClntAppGlobalOauthSettings",
    folder: "extlClntAppGlobalOauthSets",
    ending: "ecaGlblOauth",
};
const OAUTH_SETTINGS: Type = Type {
    name: "ExtlClntAppOauthSettings",
    folder: "extlClntAppOauthSettings",
    ending: "ecaOauth",
};
const OAUTH_POLICIES: Type = Type {
    name: "ExtlClntAppOauthConfigurablePolicies",
    folder: "extlClntAppOauthPolicies",
    ending: "ecaOauthPlcy",
};
const APP_POLICIES: Type = Type {
    name: "ExtlClntAppConfigurablePolicies",
    folder: "extlClntAppPolicies",
    ending: "ecaPlcy",
};

/// All of them.
const TYPES: [&Type; 6] = [
    &CONNECTED_APP,
    &EXTERNAL_APP,
    &GLOBAL_OAUTH,
    &OAUTH_SETTINGS,
    &OAUTH_POLICIES,
    &APP_POLICIES,
];

/// What source format adds to the name of a file.
const SOURCE_ENDING: &str = "-meta.xml";

/// A file of an app, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) of: &'static Type,
    pub(super) name: String,
    pub(super) content: String,
}

impl Component {
    /// The component in a file of this name, in either layout.
    pub(super) fn in_file(file_name: &str, content: String) -> Option<Self> {
        let plain = file_name.strip_suffix(SOURCE_ENDING).unwrap_or(file_name);
        let (name, ending) = plain.rsplit_once('.')?;
        let of = TYPES.into_iter().find(|known| known.ending == ending)?;
        Some(Self {
            of,
            name: name.to_owned(),
            content,
        })
    }

    /// The consumer key in it, if one was chosen.
    pub(super) fn consumer_key(&self) -> Option<String> {
        let (_, rest) = self.content.split_once("<consumerKey>")?;
        let (key, _) = rest.split_once("</consumerKey>")?;
        let key = key.trim();
        let is_key = key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._+/=-".contains(&byte));
        (is_key && !key.is_empty()).then(|| key.to_owned())
    }

    pub(super) fn is_connected(&self) -> bool {
        *self.of == CONNECTED_APP
    }

    /// The path from the folder of the layout.
    pub(super) fn path(&self, layout: Layout) -> String {
        let end = match layout {
            Layout::Source => SOURCE_ENDING,
            Layout::Mdapi => "",
        };
        format!("{}/{}.{}{end}", self.of.folder, self.name, self.of.ending)
    }
}

/// `package.xml` for these components.
pub(super) fn package(components: &[Component], version: &str) -> String {
    let mut package = Document::new("Package");
    for known in TYPES {
        let names: Vec<String> = components
            .iter()
            .filter(|component| component.of == known)
            .map(|component| component.name.clone())
            .collect();
        if names.is_empty() {
            continue;
        }
        package.nest("types", |types| {
            types.put_all("members", &names);
            types.put("name", known.name);
        });
    }
    package.put("version", version);
    package.finish()
}

/// The files that register the app.
pub(super) fn components(app: &Registration) -> Vec<Component> {
    let component = |of, ending: &str, document: Document| Component {
        of,
        name: format!("{}{ending}", app.name),
        content: document.finish(),
    };
    match app.kind {
        Kind::Connected => vec![component(&CONNECTED_APP, "", connected(app))],
        Kind::External => vec![
            component(&EXTERNAL_APP, "", external(app)),
            component(&GLOBAL_OAUTH, "GlblOAuth", global(app)),
            component(&OAUTH_SETTINGS, "OAuthSettings", settings(app)),
            component(
                &OAUTH_POLICIES,
                "OAuthSettings_defaultPolicy",
                oauth_policy(app),
            ),
            component(&APP_POLICIES, "_defaultPolicy", app_policy(app)),
        ],
    }
}

fn connected(app: &Registration) -> Document {
    let mut root = Document::new(CONNECTED_APP.name);
    root.put("contactEmail", &app.contact_email);
    root.put("label", &app.label);
    root.nest("oauthConfig", |oauth| {
        oauth.put("callbackUrl", &app.callback_url);
        oauth.put("certificate", &app.certificate);
        if let Some(key) = &app.client_id {
            oauth.put("consumerKey", key);
        }
        let is_approved = matches!(app.users, Users::PreAuthorized { .. });
        oauth.put("isAdminApproved", &is_approved.to_string());
        oauth.put("isConsumerSecretOptional", "false");
        oauth.put("isIntrospectAllTokens", "false");
        oauth.put("isSecretRequiredForRefreshToken", "true");
        for scope in &app.scopes {
            oauth.put("scopes", scope.metadata);
        }
    });
    root.nest("oauthPolicy", |policy| {
        let relaxation = match app.ip_relaxation {
            IpRelaxation::Enforce => "ENFORCE",
            IpRelaxation::Bypass => "BYPASS",
            IpRelaxation::BypassTwoFactor => "BYPASS_2FACTOR",
            IpRelaxation::EnforceRelaxRefresh => "ENFORCE_RELAXREFRESH",
        };
        policy.put("ipRelaxation", relaxation);
        policy.put("refreshTokenPolicy", "specific_lifetime:4:HOURS");
    });
    if let Users::PreAuthorized {
        permission_sets,
        profiles,
    } = &app.users
    {
        root.put_all("permissionSetName", permission_sets);
        root.put_all("profileName", profiles);
    }
    root
}

fn external(app: &Registration) -> Document {
    let mut root = Document::new(EXTERNAL_APP.name);
    root.put("contactEmail", &app.contact_email);
    root.put("distributionState", "Local");
    root.put("isProtected", "false");
    root.put("label", &app.label);
    root
}

fn global(app: &Registration) -> Document {
    let mut root = Document::new(GLOBAL_OAUTH.name);
    root.put("callbackUrl", &app.callback_url);
    root.put("certificate", &app.certificate);
    if let Some(key) = &app.client_id {
        root.put("consumerKey", key);
    }
    root.put("externalClientApplication", &app.name);
    for (name, value) in [
        ("isClientCredentialsFlowEnabled", "false"),
        ("isCodeCredFlowEnabled", "false"),
        ("isCodeCredPostOnly", "false"),
        ("isConsumerSecretOptional", "false"),
        ("isDeviceFlowEnabled", "false"),
        ("isIntrospectAllTokens", "false"),
        ("isNamedUserJwtEnabled", "false"),
        ("isPkceRequired", "true"),
        ("isRefreshTokenRotationEnabled", "false"),
        ("isSecretRequiredForRefreshToken", "true"),
        ("isSecretRequiredForTokenExchange", "true"),
        ("isTokenExchangeEnabled", "false"),
    ] {
        root.put(name, value);
    }
    root.put("label", &app.label);
    root.put("shouldRotateConsumerKey", "false");
    root.put("shouldRotateConsumerSecret", "false");
    root
}

fn settings(app: &Registration) -> Document {
    let mut root = Document::new(OAUTH_SETTINGS.name);
    let scopes: Vec<&str> = app.scopes.iter().map(|scope| scope.metadata).collect();
    root.put("commaSeparatedOauthScopes", &scopes.join(", "));
    root.put("externalClientApplication", &app.name);
    root.put("label", &app.label);
    root
}

fn oauth_policy(app: &Registration) -> Document {
    let mut root = Document::new(OAUTH_POLICIES.name);
    let mut permitted = "AllSelfAuthorized";
    if let Users::PreAuthorized {
        permission_sets,
        profiles,
    } = &app.users
    {
        permitted = "AdminApprovedPreAuthorized";
        for (name, all) in [
            ("commaSeparatedPermissionSet", permission_sets),
            ("commaSeparatedProfile", profiles),
        ] {
            if !all.is_empty() {
                root.put(name, &all.join(", "));
            }
        }
    }
    root.put("externalClientApplication", &app.name);
    let relaxation = match app.ip_relaxation {
        IpRelaxation::Enforce => "Enforce",
        IpRelaxation::Bypass => "Bypass",
        IpRelaxation::BypassTwoFactor => "Bypass_2factor",
        IpRelaxation::EnforceRelaxRefresh => "Enforce_RelaxRefresh",
    };
    root.put("ipRelaxationPolicyType", relaxation);
    root.put("isClientCredentialsFlowEnabled", "false");
    root.put("isGuestCodeCredFlowEnabled", "false");
    root.put("isTokenExchangeFlowEnabled", "false");
    root.put("label", &app.label);
    root.put("permittedUsersPolicyType", permitted);
    root.put("refreshTokenPolicyType", "SpecificLifetime");
    root.put("refreshTokenValidityPeriod", "4");
    root.put("refreshTokenValidityUnit", "Hours");
    root.put("requiredSessionLevel", "STANDARD");
    root
}

fn app_policy(app: &Registration) -> Document {
    let mut root = Document::new(APP_POLICIES.name);
    root.put("externalClientApplication", &app.name);
    root.put("isEnabled", "true");
    root.put("isOauthPluginEnabled", "true");
    root.put("label", &app.label);
    root
}
