//! The other end of a connection: what the connection itself says of it.
//!
//! Owns addresses, users of this machine, and certificates that were checked in the handshake.
//! Whoever it is has proven it before the first byte of a request.

use std::net::IpAddr;
use std::sync::Arc;

use x509_cert::Certificate;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Decode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The organizational unit (2.5.4.11).
const UNIT: &str = "2.5.4.11";

/// What begins the unit that names the app of a Cloud Foundry instance.
const CF_APP: &str = "app:";

/// Who is at the other end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// The address, over TCP.
    pub(crate) ip: Option<IpAddr>,
    /// The user, over a Unix socket.
    pub(crate) uid: Option<u32>,
    /// The certificate, if one was shown.
    pub(crate) certificate: Option<Arc<Shown>>,
}

/// What a checked certificate says of its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The subject (RFC 4514).
    pub(crate) subject: String,
    /// Other names, each with its kind: `DNS:`, `URI:`, `email:`.
    pub(crate) names: Vec<String>,
    /// Ids of Cloud Foundry apps: units that begin with `app:`.
    pub(crate) apps: Vec<String>,
}

impl Shown {
    /// Reads a certificate in DER; what cannot be read names nobody.
    pub(crate) fn read(der: &[u8]) -> Self {
        let Ok(certificate) = Certificate::from_der(der) else {
            return Self::default();
        };
        let tbs = certificate.tbs_certificate();
        let found = tbs.get_extension::<SubjectAltName>().ok().flatten();
        let names = found.map(|(_, names)| names.0).unwrap_or_default();
        let units = tbs.subject().iter().filter_map(|attribute| {
            let is_unit = attribute.oid.to_string() == UNIT;
            let value = &attribute.value;
            let text = match value.tag() {
                Tag::Utf8String => Utf8StringRef::try_from(value).ok()?.as_str().to_owned(),
                Tag::PrintableString => PrintableStringRef::try_from(value)
                    .ok()?
                    .as_str()
                    .to_owned(),
                _ => return None,
            };
            is_unit.then_some(text)
        });
        Self {
            subject: tbs.subject().to_string(),
            names: names.iter().filter_map(name_of).collect(),
            apps: units
                .filter_map(|unit| unit.strip_prefix(CF_APP).map(str::to_owned))
                .collect(),
        }
    }
}

fn name_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(format!("DNS:{}", name.as_str())),
        GeneralName::UniformResourceIdentifier(name) => Some(format!("URI:{}", name.as_str())),
        GeneralName::Rfc822Name(name) => Some(format!("email:{}", name.as_str())),
        _ => None,
    }
}
