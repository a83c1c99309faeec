//! What is known on this side of the wire, and which entries it speaks for.
//!
//! Owns the facts as plain values and the order of certainty between them. It measures nothing.

use crate::audience::{HostClass, LoginUrl};
use crate::clock::UnixTime;
use crate::error::ClockOffset;

/// What is known locally when a server says no. Nothing is known by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// What the server's `Date` said of our clock.
    pub clock_offset: Option<ClockOffset>,
    /// What kind of host was asked.
    pub host: Option<HostClass>,
    /// Whether the assertion named that host.
    pub audience: AudienceFact,
    /// What is known of the certificate.
    pub certificate: CertificateFact,
    /// What kind of app it is.
    pub app: Option<AppKind>,
}

/// Whether the assertion named the host that it was sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AudienceFact {
    /// Nothing is known.
    #[default]
    Unknown,
    /// It did.
    SameHost,
    /// It named another one.
    Elsewhere,
}

/// What is known of the certificate at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertificateFact {
    /// None was given.
    #[default]
    Unknown,
    /// It belongs to the key and is valid now.
    Fits,
    /// It belongs to another key.
    OfAnotherKey,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
}

/// Whose key a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// The key that signs.
    SameKey,
    /// Another one.
    AnotherKey,
}

impl CertificateFact {
    /// Weighs a certificate at `now`: that it belongs to another key counts before its dates.
    #[must_use]
    pub fn of(pairing: Pairing, not_before: UnixTime, not_after: UnixTime, now: UnixTime) -> Self {
        match pairing {
            Pairing::AnotherKey => Self::OfAnotherKey,
            Pairing::SameKey if now > not_after => Self::Expired,
            Pairing::SameKey if now < not_before => Self::NotYetValid,
            Pairing::SameKey => Self::Fits,
        }
    }
}

/// The two kinds of app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// A connected app.
    Connected,
    /// An external client app.
    External,
}

/// Which facts choose an entry among those with the same words; the more certain first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Key and certificate do not belong together.
    WrongPair,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// Our clock is 30 s or more behind the server's.
    ClockBehind,
    /// Our clock is 30 s or more ahead of the server's.
    ClockAhead,
    /// The assertion named another host than the one that got it.
    AudienceElsewhere,
    /// login.salesforce.com or test.salesforce.com was asked.
    SharedHost,
    /// A sandbox or a scratch org was asked.
    TestOrg,
    /// The app is known to be an external client app.
    ExternalApp,
    /// No fact speaks for another entry.
    Usual,
    /// Only the server knows; the emulator names the code by itself.
    ServerTells,
}

impl When {
    /// The condition in words, as the end of a sentence that begins with "chosen".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongPair => "when the certificate at hand is of another key",
            Self::CertificateExpired => "when the certificate at hand has expired",
            Self::CertificateNotYetValid => "when the certificate at hand is not valid yet",
            Self::ClockBehind => "when the clock of this machine is behind the server's",
            Self::ClockAhead => "when the clock of this machine is ahead of the server's",
            Self::AudienceElsewhere => "when the assertion named another host than it was sent to",
            Self::SharedHost => "when login.salesforce.com or test.salesforce.com was asked",
            Self::TestOrg => "when a sandbox or a scratch org was asked",
            Self::ExternalApp => "when the app is an external client app",
            Self::Usual => "when nothing speaks for another cause",
            Self::ServerTells => "by the server alone: the emulator names the code",
        }
    }
}

impl Facts {
    /// The facts of a host, as far as its name tells them.
    #[must_use]
    pub fn of_host(login_url: &LoginUrl) -> Self {
        Self {
            host: Some(login_url.class()),
            ..Self::default()
        }
    }

    /// Says whether the facts allow an entry with this condition.
    pub(super) fn choose(&self, when: When) -> bool {
        let offset = self.clock_offset.filter(|offset| offset.is_significant());
        match when {
            When::WrongPair => self.certificate == CertificateFact::OfAnotherKey,
            When::CertificateExpired => self.certificate == CertificateFact::Expired,
            When::CertificateNotYetValid => self.certificate == CertificateFact::NotYetValid,
            When::ClockBehind => matches!(offset, Some(ClockOffset::Behind(_))),
            When::ClockAhead => matches!(offset, Some(ClockOffset::Ahead(_))),
            When::AudienceElsewhere => self.audience == AudienceFact::Elsewhere,
            When::SharedHost => matches!(self.host, Some(HostClass::Login | HostClass::Test)),
            When::TestOrg => matches!(self.host, Some(HostClass::Sandbox | HostClass::Scratch)),
            When::ExternalApp => self.app == Some(AppKind::External),
            When::Usual => true,
            When::ServerTells => false,
        }
    }
}
