//! What the files of an app may hold (fact sheet §3.2 and §3.3).
//!
//! Owns the names of elements and the words in them. Whether they go together is not its business.

/// What stands in an element.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    Text,
    /// true or false.
    Flag,
    Number,
    /// A scope.
    Scope,
    /// Scopes with commas between them.
    Scopes,
    /// A word of the enumeration of this name.
    Word(&'static str, &'static [&'static str]),
    /// Elements.
    Elements(&'static [(&'static str, Self)]),
}

use Holds::{Elements, Flag, Number, Scope, Scopes, Text, Word};

/// A type of metadata.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) folder: &'static str,
    pub(super) ending: &'static str,
    pub(super) elements: &'static [(&'static str, Holds)],
    /// What a file must have; after a slash what an element must have.
    pub(super) required: &'static [&'static str],
}

impl Shape {
    /// The one of a file in an archive, and the name of the component in it.
    pub(super) fn of(path: &str) -> Option<(&'static Self, &str)> {
        let (folder, file) = path.rsplit_once('/')?;
        let (name, ending) = file.rsplit_once('.')?;
        let is = |shape: &&Self| shape.folder == folder && shape.ending == ending;
        Some((SHAPES.iter().find(is)?, name))
    }
}

const OAUTH_CONFIG: &[(&str, Holds)] = &[
    ("assetTokenConfig", Text),
    ("callbackUrl", Text),
    ("certificate", Text),
    ("consumerKey", Text),
    ("consumerSecret", Text),
    ("idTokenConfig", Text),
    ("isAdminApproved", Flag),
    ("isClientCredentialEnabled", Flag),
    ("isCodeCredentialEnabled", Flag),
    ("isCodeCredentialPostOnly", Flag),
    ("isConsumerSecretOptional", Flag),
    ("isIntrospectAllTokens", Flag),
    ("isNamedUserJwtEnabled", Flag),
    ("isPkceRequired", Flag),
    ("isRefreshTokenRotationEnabled", Flag),
    ("isSecretRequiredForRefreshToken", Flag),
    ("isSecretRequiredForTokenExchange", Flag),
    ("isTokenExchangeEnabled", Flag),
    ("oauthClientCredentialUser", Text),
    ("scopes", Scope),
    ("singleLogoutUrl", Text),
];

const CONNECTED_APP: &[(&str, Holds)] = &[
    ("attributes", Text),
    ("canvas", Text),
    ("canvasConfig", Text),
    ("contactEmail", Text),
    ("contactPhone", Text),
    ("description", Text),
    ("iconUrl", Text),
    ("infoUrl", Text),
    (
        "ipRanges",
        Elements(&[("description", Text), ("end", Text), ("start", Text)]),
    ),
    ("label", Text),
    ("logoUrl", Text),
    ("mobileAppConfig", Text),
    ("mobileStartUrl", Text),
    ("oauthConfig", Elements(OAUTH_CONFIG)),
    (
        "oauthPolicy",
        Elements(&[
            (
                "ipRelaxation",
                Word(
                    "ConnectedAppOauthIpRelaxation",
                    &[
                        "ENFORCE",
                        "BYPASS",
                        "BYPASS_2FACTOR",
                        "ENFORCE_RELAXREFRESH",
                    ],
                ),
            ),
            ("isTokenExchangeFlowEnabled", Flag),
            ("refreshTokenPolicy", Text),
            ("singleLogoutUrl", Text),
        ]),
    ),
    ("permissionSetName", Text),
    ("plugin", Text),
    ("pluginExecutionUser", Text),
    ("profileName", Text),
    ("samlConfig", Text),
    (
        "sessionPolicy",
        Elements(&[
            (
                "policyAction",
                Word("PolicyAction", &["Block", "RaiseSessionLevel"]),
            ),
            ("sessionLevel", LEVEL),
            ("sessionTimeout", Number),
        ]),
    ),
    ("startUrl", Text),
];

const LEVEL: Holds = Word(
    "SessionSecurityLevel",
    &["LOW", "STANDARD", "HIGH_ASSURANCE"],
);

const EXTERNAL_APP: &[(&str, Holds)] = &[
    ("contactEmail", Text),
    ("contactPhone", Text),
    ("description", Text),
    (
        "distributionState",
        Word(
            "ExternalClientAppDistState",
            &["Local", "Packaged", "Managed", "AutoInstalled"],
        ),
    ),
    ("iconUrl", Text),
    ("infoUrl", Text),
    ("isProtected", Flag),
    ("label", Text),
    ("logoUrl", Text),
    ("managedType", Text),
    ("orgScopedExternalApp", Text),
];

const GLOBAL_OAUTH: &[(&str, Holds)] = &[
    ("callbackUrl", Text),
    ("certificate", Text),
    ("consumerKey", Text),
    ("consumerSecret", Text),
    ("externalClientApplication", Text),
    ("idTokenConfig", Text),
    ("isClientCredentialsFlowEnabled", Flag),
    ("isCodeCredFlowEnabled", Flag),
    ("isCodeCredPostOnly", Flag),
    ("isConsumerSecretOptional", Flag),
    ("isDeviceFlowEnabled", Flag),
    ("isEnforceRefreshTokenTTL", Flag),
    ("isIntrospectAllTokens", Flag),
    ("isNamedUserJwtEnabled", Flag),
    ("isPkceRequired", Flag),
    ("isRefreshTokenRotationEnabled", Flag),
    ("isSecretRequiredForRefreshToken", Flag),
    ("isSecretRequiredForTokenExchange", Flag),
    ("isTokenExchangeEnabled", Flag),
    ("label", Text),
    ("shouldRotateConsumerKey", Flag),
    ("shouldRotateConsumerSecret", Flag),
];

const OAUTH_SETTINGS: &[(&str, Holds)] = &[
    ("assetTokenAudiences", Text),
    ("assetTokenIncludeAttributes", Flag),
    ("assetTokenIncludeCustomPerms", Flag),
    ("assetTokenSigningCertificate", Text),
    ("assetTokenValidity", Number),
    ("clientAssertionCertificate", Text),
    ("commaSeparatedCustomScopes", Text),
    ("commaSeparatedOauthScopes", Scopes),
    ("customAttributes", Text),
    ("externalClientApplication", Text),
    ("isFirstPartyAppEnabled", Flag),
    ("label", Text),
    ("oauthLink", Text),
    ("singleLogoutUrl", Text),
    (
        "trustedIpRanges",
        Elements(&[
            ("description", Text),
            ("endIpAddress", Text),
            ("startIpAddress", Text),
        ]),
    ),
];

const OAUTH_POLICIES: &[(&str, Holds)] = &[
    ("apexHandler", Text),
    ("clientCredentialsFlowUser", Text),
    ("commaSeparatedCustomScopes", Text),
    ("commaSeparatedPermissionSet", Text),
    ("commaSeparatedProfile", Text),
    ("customAttributes", Text),
    ("executeHandlerAs", Text),
    ("externalClientApplication", Text),
    ("guestJwtSessionTimeoutType", Text),
    ("guestJwtTimeout", Text),
    (
        "ipRelaxationPolicyType",
        Word(
            "IpRelaxationPolicyType",
            &[
                "Enforce",
                "Bypass",
                "Bypass_2factor",
                "Enforce_RelaxRefresh",
            ],
        ),
    ),
    ("isClientCredentialsFlowEnabled", Flag),
    ("isGuestCodeCredFlowEnabled", Flag),
    ("isNamedUserJwtEnabled", Flag),
    ("isTokenExchangeFlowEnabled", Flag),
    ("label", Text),
    ("namedUserJwtSessionTimeoutType", Text),
    ("namedUserJwtTimeout", Text),
    (
        "permittedUsersPolicyType",
        Word(
            "PermittedUsersPolicyType",
            &["AllSelfAuthorized", "AdminApprovedPreAuthorized"],
        ),
    ),
    (
        "policyAction",
        Word("PolicyAction", &["Block", "RaiseSessionLevel", "StepUpMFA"]),
    ),
    (
        "refreshTokenPolicyType",
        Word(
            "RefreshTokenPolicyType",
            &["Infinite", "Zero", "SpecificLifetime", "SpecificInactivity"],
        ),
    ),
    ("refreshTokenValidityPeriod", Number),
    (
        "refreshTokenValidityUnit",
        Word("RefreshTokenValidityUnit", &["Days", "Hours", "Months"]),
    ),
    ("requiredSessionLevel", LEVEL),
    ("sessionTimeoutInMinutes", Number),
    ("singleLogoutUrl", Text),
    ("startUrl", Text),
];

const APP_POLICIES: &[(&str, Holds)] = &[
    ("externalClientApplication", Text),
    ("isCanvasPluginEnabled", Flag),
    ("isEnabled", Flag),
    ("isMobilePluginEnabled", Flag),
    ("isNotificationPluginEnabled", Flag),
    ("isOauthPluginEnabled", Flag),
    ("isPushPluginEnabled", Flag),
    ("isSamlPluginEnabled", Flag),
    ("label", Text),
    (
        "startPage",
        Word("StartPage", &["None", "Custom", "OAuth", "SAML"]),
    ),
    ("startUrl", Text),
];

const SHAPES: [Shape; 6] = [
    Shape {
        name: "ConnectedApp",
        folder: "connectedApps",
        ending: "connectedApp",
        elements: CONNECTED_APP,
        required: &["contactEmail", "label", "oauthConfig/callbackUrl"],
    },
    Shape {
        name: "ExternalClientApplication",
        folder: "externalClientApps",
        ending: "eca",
        elements: EXTERNAL_APP,
        required: &["contactEmail", "label"],
    },
    Shape {
        name: "ExtlClntAppGlobalOauthSettings",
        folder: "extlClntAppGlobalOauthSets",
        ending: "ecaGlblOauth",
        elements: GLOBAL_OAUTH,
        required: &["callbackUrl", "externalClientApplication"],
    },
    Shape {
        name: "ExtlClntAppOauthSettings",
        folder: "extlClntAppOauthSettings",
        ending: "ecaOauth",
        elements: OAUTH_SETTINGS,
        required: &["externalClientApplication"],
    },
    Shape {
        name: "ExtlClntAppOauthConfigurablePolicies",
        folder: "extlClntAppOauthPolicies",
        ending: "ecaOauthPlcy",
        elements: OAUTH_POLICIES,
        required: &["externalClientApplication"],
    },
    Shape {
        name: "ExtlClntAppConfigurablePolicies",
        folder: "extlClntAppPolicies",
        ending: "ecaPlcy",
        elements: APP_POLICIES,
        required: &["externalClientApplication"],
    },
];
