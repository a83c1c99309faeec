//! A certificate for each host that a client asks for (SNI, RFC 6066 §3).
//!
//! Owns the cache: certificates are signed when they are first asked for, and at most
//! [`LEAVES_MAX`] are remembered. All share one key, which lives as long as the process.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accredit::clock::Clock;
use aws_lc_rs::digest;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};

use super::authority::{Authority, AuthorityError, set_validity};

/// The most certificates that are remembered; when there are more, all are forgotten.
const LEAVES_MAX: usize = 256;

/// How long a certificate is valid: less than the 398 days that browsers accept at most.
const VALIDITY: Duration = Duration::from_secs(390 * 24 * 60 * 60);

/// Signs certificates as they are asked for.
pub(super) struct Leaves {
    authority: Arc<Authority>,
    clock: Arc<dyn Clock>,
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    /// For clients that name no host, because they know an address only.
    nameless: Arc<CertifiedKey>,
    named: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Leaves {
    pub(super) fn new(
        authority: Arc<Authority>,
        address: IpAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let signing = any_supported_type(&der)
            .map_err(|error| AuthorityError::new(format!("the key cannot be used: {error}")))?;
        let mut addresses = vec![
            Ipv4Addr::LOCALHOST.into(),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ];
        if !address.is_unspecified() && !addresses.contains(&address) {
            addresses.push(address);
        }
        let mut names = vec![SanType::DnsName("localhost".try_into()?)];
        names.extend(addresses.into_iter().map(SanType::IpAddress));
        let nameless = sign(&authority, (&key, &signing), names, clock.as_ref())?;
        Ok(Self {
            authority,
            clock,
            key,
            signing,
            nameless,
            named: Mutex::default(),
        })
    }

    fn find(&self, host: &str) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = named.get(host) {
            return Ok(Arc::clone(found));
        }
        let names = vec![SanType::DnsName(host.try_into()?)];
        let pair = (&self.key, &self.signing);
        let made = sign(&self.authority, pair, names, self.clock.as_ref())?;
        if named.len() >= LEAVES_MAX {
            named.clear();
        }
        named.insert(host.to_owned(), Arc::clone(&made));
        Ok(made)
    }
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(host) = hello.server_name() else {
            return Some(Arc::clone(&self.nameless));
        };
        let found = self.find(&host.to_ascii_lowercase());
        found
            .inspect_err(|error| tracing::warn!(%error, host, "no certificate for a host"))
            .ok()
    }
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaves")
    }
}

fn sign(
    authority: &Authority,
    (key, signing): (&KeyPair, &Arc<dyn SigningKey>),
    names: Vec<SanType>,
    clock: &dyn Clock,
) -> Result<Arc<CertifiedKey>, AuthorityError> {
    let mut params = CertificateParams::default();
    params.serial_number = Some(serial(key, &names));
    params.subject_alt_names = names;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "accredit emulator");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, clock.now(), VALIDITY);
    let made = params.signed_by(key, authority.issuer())?;
    let chain = vec![made.der().clone(), authority.der().clone()];
    Ok(Arc::new(CertifiedKey::new(chain, Arc::clone(signing))))
}

/// A number of its own for each key and name: clients refuse two certificates with the same one.
fn serial(key: &KeyPair, names: &[SanType]) -> SerialNumber {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(key.public_key_raw());
    context.update(format!("{names:?}").as_bytes());
    let digest = context.finish();
    let bytes = digest.as_ref().get(..16).unwrap_or_default();
    SerialNumber::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use accredit::clock::{ManualClock, UnixTime};
    use x509_cert::Certificate as X509;
    use x509_cert::der::Decode as _;

    use super::*;

    fn leaves() -> Leaves {
        let now = UnixTime::from_secs(1_795_219_200);
        let authority = Arc::new(Authority::generate(now).unwrap());
        let address = Ipv4Addr::new(192, 0, 2, 7).into();
        Leaves::new(authority, address, Arc::new(ManualClock::new(now))).unwrap()
    }

    #[test]
    fn each_host_has_one_certificate_with_a_number_of_its_own() {
        let leaves = leaves();
        let serial = |host: &str| {
            let found = leaves.find(host).unwrap();
            let x509 = X509::from_der(&found.cert[0]).unwrap();
            x509.tbs_certificate().serial_number().clone()
        };
        assert_eq!(serial("a.example"), serial("a.example"));
        assert_ne!(serial("a.example"), serial("b.example"));
    }

    #[test]
    fn the_cache_is_bounded() {
        let leaves = leaves();
        for number in 0..=LEAVES_MAX {
            leaves.find(&format!("h{number}.example")).unwrap();
        }
        assert!(leaves.named.lock().unwrap().len() <= LEAVES_MAX);
    }
}
