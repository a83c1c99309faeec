//! The causes on this side of the wire, as names that the rest of the library can give.

use super::Diagnosis;

/// Why something failed before a server had its say, or without one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalCause {
    /// Our clock is off.
    Clock,
    /// Key and certificate do not belong together.
    WrongPair,
    /// The certificate is out of its time.
    CertificateDates,
    /// Host and audience are of different environments.
    MixedEnvironments,
    /// No audience can be derived.
    NoAudience,
    /// The host has no token endpoint.
    NoTokenEndpoint,
    /// The host is not known to be Salesforce's.
    StrangeHost,
    /// http to another machine.
    PlainHttp,
    /// The name does not resolve.
    NameUnknown,
    /// Nothing listens.
    ConnectionRefused,
    /// No answer in time.
    TimedOut,
    /// The server's certificate is signed by a stranger.
    UnknownIssuer,
    /// The server's certificate is for another name or another time.
    WrongCertificate,
    /// TLS failed in another way.
    Tls,
    /// The proxy did not connect.
    Proxy,
    /// The connection broke off.
    BrokenOff,
    /// No certificate authority is trusted.
    NoTrustStore,
    /// A redirect.
    Redirect,
    /// A page for people.
    Page,
    /// The instance is not trusted.
    StrangeInstance,
    /// The refresh policy withheld the login.
    Withheld,
    /// The key cannot be used.
    Key,
    /// The key is encrypted, and its passphrase is missing or wrong.
    LockedKey,
    /// The place that holds the key does not give it, or does not sign with it.
    KeyPlace,
}

impl LocalCause {
    /// Every cause.
    pub const ALL: [Self; 24] = [
        Self::Clock,
        Self::WrongPair,
        Self::CertificateDates,
        Self::MixedEnvironments,
        Self::NoAudience,
        Self::NoTokenEndpoint,
        Self::StrangeHost,
        Self::PlainHttp,
        Self::NameUnknown,
        Self::ConnectionRefused,
        Self::TimedOut,
        Self::UnknownIssuer,
        Self::WrongCertificate,
        Self::Tls,
        Self::Proxy,
        Self::BrokenOff,
        Self::NoTrustStore,
        Self::Redirect,
        Self::Page,
        Self::StrangeInstance,
        Self::Withheld,
        Self::Key,
        Self::LockedKey,
        Self::KeyPlace,
    ];

    /// The code of the entry.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Clock => "ACC-3001",
            Self::WrongPair => "ACC-3002",
            Self::CertificateDates => "ACC-3003",
            Self::MixedEnvironments => "ACC-3004",
            Self::NoAudience => "ACC-3005",
            Self::NoTokenEndpoint => "ACC-3006",
            Self::StrangeHost => "ACC-3007",
            Self::PlainHttp => "ACC-3008",
            Self::NameUnknown => "ACC-3010",
            Self::ConnectionRefused => "ACC-3011",
            Self::TimedOut => "ACC-3012",
            Self::UnknownIssuer => "ACC-3013",
            Self::WrongCertificate => "ACC-3014",
            Self::Tls => "ACC-3015",
            Self::Proxy => "ACC-3016",
            Self::BrokenOff => "ACC-3017",
            Self::NoTrustStore => "ACC-3018",
            Self::Redirect => "ACC-3020",
            Self::Page => "ACC-3021",
            Self::StrangeInstance => "ACC-3022",
            Self::Withheld => "ACC-3030",
            Self::Key => "ACC-3031",
            Self::LockedKey => "ACC-3032",
            Self::KeyPlace => "ACC-3033",
        }
    }

    /// The entry.
    #[must_use]
    pub fn diagnosis(self) -> Option<&'static Diagnosis> {
        Diagnosis::with_code(self.code())
    }
}
