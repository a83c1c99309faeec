//! Whom a connection over TLS trusts.
//!
//! Owns the two sources of certificate authorities, the system's trust store and a text of the
//! caller's, and the refusal of a set that is empty.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_native_certs::{CertificateResult, load_native_certs};
use ureq::tls::Certificate;

use crate::diagnosis::LocalCause;
use crate::error::Error;

/// Whether the certificate authorities of the system are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SystemRoots {
    /// They are.
    #[default]
    Trusted,
    /// They are not: only [`ClientSettings::extra_roots`](super::ClientSettings::extra_roots) are.
    LeftOut,
}

/// The authorities of the system, if they count, and those in `extra`, in PEM.
pub(super) fn load(system: SystemRoots, extra: &[u8]) -> Result<Vec<Certificate<'static>>, Error> {
    let mut system = match system {
        SystemRoots::Trusted => load_native_certs(),
        SystemRoots::LeftOut => CertificateResult::default(),
    };
    let mut roots = std::mem::take(&mut system.certs);
    let from_system = roots.len();
    for root in CertificateDer::pem_slice_iter(extra) {
        roots.push(root.map_err(|_| {
            Error::setting("the file of extra certificates holds a damaged PEM block")
        })?);
    }
    if !extra.is_empty() && roots.len() == from_system {
        return Err(Error::setting(
            "the file of extra certificates holds none, expected blocks of -----BEGIN \
             CERTIFICATE-----",
        ));
    }
    if roots.is_empty() {
        let error = Error::transport(
            "no certificate authority is trusted: the system's trust store is empty or cannot be \
             read, and no file of certificates was given",
        )
        .with_cause(LocalCause::NoTrustStore);
        return Err(match system.errors.pop() {
            Some(source) => error.with_source(source),
            None => error,
        });
    }
    Ok(roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned())
        .collect())
}
