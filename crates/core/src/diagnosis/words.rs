//! Other words for what the catalogue knows: of documents, of the browser, of login history, and of
//! other programs when the network fails them.

use super::{Diagnosis, LocalCause};

/// Words that documents give for a refusal whose recorded words are others (fact sheet §1.4, §2.2).
struct OtherWords {
    error: &'static str,
    description: &'static str,
    code: &'static str,
}

const fn other(error: &'static str, description: &'static str, code: &'static str) -> OtherWords {
    OtherWords {
        error,
        description,
        code,
    }
}

static OTHER_WORDS: [OtherWords; 26] = [
    other(
        "rate_limit_exceeded",
        "number of logins exceeded",
        "ACC-1043",
    ),
    other("LOGIN_RATE_EXCEEDED", "", "ACC-1043"),
    other("inactive_user", "user is inactive", "ACC-1040"),
    other("", "audience validation failed", "ACC-1010"),
    other("", "org is locked, closed, or suspended", "ACC-1047"),
    other("OAUTH_APP_ACCESS_DENIED", "", "ACC-1031"),
    other("AppAccessDenied", "", "ACC-1031"),
    other("OAUTH_EC_APP_NOT_FOUND", "", "ACC-1021"),
    other("OAUTH_APPROVAL_ERROR_GENERIC", "", "ACC-1022"),
    other("AppBlocked", "", "ACC-1024"),
    other("ClientUnapproved", "", "ACC-1030"),
    other("CodeExpired", "", "ACC-1011"),
    other("InvalidClientCredentials", "", "ACC-1023"),
    other("InvalidCode", "invalid authorization code", "ACC-1004"),
    other("InvalidScope", "", "ACC-1046"),
    other("InvalidSignature", "", "ACC-1003"),
    other("InvalidUserCredentials", "", "ACC-1048"),
    other("NoAccess", "", "ACC-1044"),
    other("OauthError", "", "ACC-1050"),
    other("UnknownError", "", "ACC-1050"),
    other("LOGIN_OAUTH_INVALID_DS", "", "ACC-1045"),
    other("RESTAPINOTENABLED", "", "ACC-2005"),
    other("", "api is disabled for this user", "ACC-2006"),
    other("", "invalid session id", "ACC-2001"),
    other("InvalidSessionId", "", "ACC-2001"),
    other("", "INVALID_HEADER_TYPE", "ACC-2004"),
];

/// The entry that other words lead to.
pub(super) fn alias(error: &str, said: &str) -> Option<&'static Diagnosis> {
    let is = |given: &str, known: &str| !known.is_empty() && given.eq_ignore_ascii_case(known);
    OTHER_WORDS
        .iter()
        .find(|other| is(error, other.error) || is(said, other.description))
        .and_then(|other| Diagnosis::with_code(other.code))
}

/// Every pair of other words with the code that it leads to.
pub(super) fn aliases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    OTHER_WORDS
        .iter()
        .map(|other| (other.error, other.description, other.code))
}

/// What the programs of others print when the network fails them, in lower case.
pub(super) static PHRASES: [(&str, LocalCause); 41] = [
    ("enotfound", LocalCause::NameUnknown),
    ("eai_again", LocalCause::NameUnknown),
    ("name or service not known", LocalCause::NameUnknown),
    ("could not resolve host", LocalCause::NameUnknown),
    ("could not be resolved", LocalCause::NameUnknown),
    ("unknownhostexception", LocalCause::NameUnknown),
    ("nodename nor servname", LocalCause::NameUnknown),
    ("econnrefused", LocalCause::ConnectionRefused),
    ("connection refused", LocalCause::ConnectionRefused),
    ("refused the connection", LocalCause::ConnectionRefused),
    ("etimedout", LocalCause::TimedOut),
    ("timed out", LocalCause::TimedOut),
    ("connecttimeout", LocalCause::TimedOut),
    ("did not answer", LocalCause::TimedOut),
    ("could not be reached within", LocalCause::TimedOut),
    ("self signed certificate", LocalCause::UnknownIssuer),
    ("self-signed certificate", LocalCause::UnknownIssuer),
    ("unable to get local issuer", LocalCause::UnknownIssuer),
    ("unable_to_verify_leaf_signature", LocalCause::UnknownIssuer),
    ("unable_to_get_issuer_cert", LocalCause::UnknownIssuer),
    ("certificate_verify_failed", LocalCause::UnknownIssuer),
    ("pkix path building failed", LocalCause::UnknownIssuer),
    ("signed by unknown authority", LocalCause::UnknownIssuer),
    ("unknownissuer", LocalCause::UnknownIssuer),
    ("err_tls_cert_altname_invalid", LocalCause::WrongCertificate),
    ("hostname mismatch", LocalCause::WrongCertificate),
    ("does not match certificate", LocalCause::WrongCertificate),
    ("notvalidforname", LocalCause::WrongCertificate),
    ("cert_has_expired", LocalCause::WrongCertificate),
    ("certificate has expired", LocalCause::WrongCertificate),
    ("handshake failure", LocalCause::Tls),
    ("wrong version number", LocalCause::Tls),
    ("no tls connection", LocalCause::Tls),
    ("proxy authentication required", LocalCause::Proxy),
    ("tunnel connection failed", LocalCause::Proxy),
    ("the proxy did not connect", LocalCause::Proxy),
    ("econnreset", LocalCause::BrokenOff),
    ("socket hang up", LocalCause::BrokenOff),
    ("connection reset", LocalCause::BrokenOff),
    ("mid-reply", LocalCause::BrokenOff),
    ("html page", LocalCause::Page),
];
