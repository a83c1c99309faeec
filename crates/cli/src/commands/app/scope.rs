//! The scopes of an app: as metadata name them, as Setup does, and as tokens carry them.
//!
//! Owns which of them the JWT bearer flow needs.

use crate::settings::Picker;

/// A scope that an app may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// The word in metadata.
    pub(super) metadata: &'static str,
    /// The word in tokens.
    pub(super) token: &'static str,
}

/// Every scope, in the spelling that metadata are retrieved in; then the synonyms.
const SCOPES: [(&str, &str); 36] = [
    ("Api", "api"),
    ("Web", "web"),
    ("Full", "full"),
    ("RefreshToken", "refresh_token"),
    ("Basic", "id"),
    ("OpenID", "openid"),
    ("Chatter", "chatter_api"),
    ("CustomApplications", "visualforce"),
    ("CustomPermissions", "custom_permissions"),
    ("Wave", "wave_api"),
    ("Eclair", "eclair_api"),
    ("Pardot", "pardot_api"),
    ("Lightning", "lightning"),
    ("Content", "content"),
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
    ("SFAP", "sfap_api"),
    ("Interaction", "interaction_api"),
    ("EinsteinGPT", "einstein_gpt_api"),
    ("MCP", "mcp_api"),
    ("SCRT", "scrt_api"),
    ("OfflineAccess", "offline_access"),
    ("Address", "address"),
    ("Email", "email"),
    ("Phone", "phone"),
    ("Profile", "profile"),
    ("SFApiPlatform", "sfap_api"),
];

const API: &str = "Api";
const REFRESH_TOKEN: &str = "RefreshToken";

/// Words that are another name of a scope.
fn canonical(metadata: &'static str) -> &'static str {
    match metadata {
        "OfflineAccess" => REFRESH_TOKEN,
        "Address" | "Email" | "Phone" | "Profile" => "Basic",
        "SFApiPlatform" => "SFAP",
        other => other,
    }
}

impl Scope {
    fn named(word: &str) -> Option<Self> {
        let (metadata, _) = SCOPES
            .iter()
            .find(|(metadata, token)| metadata.eq_ignore_ascii_case(word) || *token == word)?;
        let (metadata, token) = SCOPES
            .iter()
            .find(|(known, _)| *known == canonical(metadata))?;
        Some(Self { metadata, token })
    }
}

/// Reads the scopes of a command line; without any, those that the flow needs.
pub(super) fn read(words: &[String], picker: &mut Picker<'_>) -> Vec<Scope> {
    let defaults = [API.to_owned(), REFRESH_TOKEN.to_owned()];
    let words = if words.is_empty() { &defaults } else { words };
    let mut scopes: Vec<Scope> = Vec::new();
    for word in words {
        match Scope::named(word) {
            Some(scope) if scopes.contains(&scope) => {}
            Some(scope) => scopes.push(scope),
            None => picker.problem(
                format!("{word:?} is no scope of an app (flag --scope)"),
                Some(format!("scopes are {}", names())),
            ),
        }
    }
    let is_alone = |scope: &Scope| scope.metadata == REFRESH_TOKEN;
    if !scopes.is_empty() && scopes.iter().all(is_alone) {
        picker.problem(
            "RefreshToken alone is not enough: the flow needs one scope besides it (flag --scope)",
            Some("--scope Api lets the tokens call the API".to_owned()),
        );
    }
    scopes
}

fn names() -> String {
    let names = SCOPES.iter().map(|(metadata, _)| *metadata);
    let own: Vec<&str> = names.filter(|name| canonical(name) == *name).collect();
    own.join(", ")
}

/// What would surprise those who use the tokens.
pub(super) fn surprises(scopes: &[Scope]) -> Vec<String> {
    let has = |names: &[&str]| scopes.iter().any(|scope| names.contains(&scope.metadata));
    let mut found = Vec::new();
    if !has(&[API, "Full"]) {
        let text = "without the scope Api its tokens call no API: `accredit query` will be refused";
        found.push(text.to_owned());
    }
    if !has(&[REFRESH_TOKEN]) {
        let text = "without the scope RefreshToken some orgs refuse the flow, with \"require a \
                    refresh_token scope\"";
        found.push(text.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_known_by_each_of_its_names() {
        for (word, metadata, token) in [
            ("Api", "Api", "api"),
            ("api", "Api", "api"),
            ("offline_access", "RefreshToken", "refresh_token"),
            ("OfflineAccess", "RefreshToken", "refresh_token"),
            ("profile", "Basic", "id"),
            ("SFApiPlatform", "SFAP", "sfap_api"),
        ] {
            assert_eq!(
                Scope::named(word),
                Some(Scope { metadata, token }),
                "{word}"
            );
        }
        assert_eq!(Scope::named("everything"), None);
    }

    #[test]
    fn every_synonym_leads_to_a_scope() {
        for (metadata, token) in SCOPES {
            assert!(Scope::named(metadata).is_some(), "{metadata}");
            assert!(Scope::named(token).is_some(), "{token}");
        }
    }
}
