//! PKCS#12 (RFC 7292): keys and certificates under one passphrase.
//!
//! Owns the envelope: its integrity first, then its bags. Old and new encryption are for
//! `encryption`. Invariant: nothing is decrypted whose MAC does not verify, if it has one.

use accredit::random::Random;
use accredit::secret::Secret;
use aws_lc_rs::{constant_time, digest, hmac};
use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use crate::ber;
use crate::derivation::{Hash, Pkcs12Salt};
use crate::encryption::{self, Passphrase, WRONG};
use crate::structure::{self, Node};
use crate::writing::{explicit, integer, null, octet_string, oid, sequence, wrap};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const NESTED_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Bags in bags are read this deep.
const DEPTH_MAX: usize = 4;

const DAMAGED: &str = "the PKCS#12 file is damaged";

/// What a bag holds, in DER.
pub(crate) enum Bag {
    /// A `PrivateKeyInfo`.
    Key(Secret<Vec<u8>>),
    /// An X.509 certificate.
    Certificate(Vec<u8>),
}

/// Opens `file`, which may be BER, with `passphrase`.
pub(crate) fn open(file: &[u8], passphrase: &Passphrase) -> Result<Vec<Bag>, String> {
    let der = Zeroizing::new(ber::to_der(file).ok_or(DAMAGED)?);
    let fields = structure::fields(&der).ok_or(DAMAGED)?;
    let [_version, safe, mac @ ..] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    let safe = content(safe)?;
    if let Some(mac) = mac.first() {
        verify(mac, safe, passphrase)?;
    }
    let safe = Zeroizing::new(ber::to_der(safe).ok_or(DAMAGED)?);
    let mut bags = Vec::new();
    for part in structure::fields(&safe).ok_or(DAMAGED)? {
        open_part(&part, passphrase, &mut bags)?;
    }
    Ok(bags)
}

/// The octets of a `ContentInfo` of the type `data`.
fn content<'a>(info: &Node<'a>) -> Result<&'a [u8], String> {
    let fields = info.fields().ok_or(DAMAGED)?;
    let [kind, content] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    if kind.oid() != Some(DATA) {
        return Err(
            "the PKCS#12 file is signed with a public key, which is not read: export it \
                    anew with a passphrase"
                .to_owned(),
        );
    }
    let octets = content.explicit(0).and_then(|inner| inner.octets());
    octets.ok_or_else(|| DAMAGED.to_owned())
}

fn open_part(part: &Node<'_>, passphrase: &Passphrase, bags: &mut Vec<Bag>) -> Result<(), String> {
    let fields = part.fields().ok_or(DAMAGED)?;
    let [kind, inner] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    match kind.oid() {
        Some(DATA) => open_bags(content(part)?, passphrase, DEPTH_MAX, bags),
        Some(ENCRYPTED_DATA) => {
            let fields = inner.explicit(0).and_then(|data| data.fields());
            let [_version, info, ..] = fields.as_deref().ok_or(DAMAGED)? else {
                return Err(DAMAGED.to_owned());
            };
            let fields = info.fields().ok_or(DAMAGED)?;
            let [_kind, algorithm, sealed] = fields.as_slice() else {
                return Err(DAMAGED.to_owned());
            };
            let sealed = pieces(sealed).ok_or(DAMAGED)?;
            let opened = encryption::decrypt(algorithm, &sealed, passphrase)?;
            open_bags(opened.expose(), passphrase, DEPTH_MAX, bags)
        }
        _ => Err(
            "a part of the PKCS#12 file is encrypted for a public key, which is not read: \
                  export it anew with a passphrase"
                .to_owned(),
        ),
    }
}

/// The octets behind an implicit tag, in one piece or in several.
fn pieces(node: &Node<'_>) -> Option<Vec<u8>> {
    if !node.tag.is_constructed() {
        return Some(node.body.to_vec());
    }
    let sequence = wrap(0x30, node.body);
    let pieces = structure::fields(&sequence)?;
    let pieces: Option<Vec<&[u8]>> = pieces.iter().map(Node::octets).collect();
    Some(pieces?.concat())
}

fn open_bags(
    safe: &[u8],
    passphrase: &Passphrase,
    depth: usize,
    bags: &mut Vec<Bag>,
) -> Result<(), String> {
    let safe = Zeroizing::new(ber::to_der(safe).ok_or(WRONG)?);
    for bag in structure::fields(&safe).ok_or(WRONG)? {
        let fields = bag.fields().ok_or(DAMAGED)?;
        let [kind, inner, ..] = fields.as_slice() else {
            return Err(DAMAGED.to_owned());
        };
        let inner = inner.explicit(0).ok_or(DAMAGED)?;
        match kind.oid() {
            Some(KEY_BAG) => bags.push(Bag::Key(Secret::new(inner.whole.to_vec()))),
            Some(SHROUDED_KEY_BAG) => bags.push(Bag::Key(unshroud(&inner, passphrase)?)),
            Some(CERTIFICATE_BAG) => bags.extend(certificate(&inner)),
            Some(NESTED_BAG) if depth > 0 => {
                open_bags(inner.whole, passphrase, depth - 1, bags)?;
            }
            // Revoked certificates and secrets of other kinds are of no use here.
            _ => {}
        }
    }
    Ok(())
}

/// Opens an `EncryptedPrivateKeyInfo`.
pub(crate) fn unshroud(
    info: &Node<'_>,
    passphrase: &Passphrase,
) -> Result<Secret<Vec<u8>>, String> {
    let fields = info.fields();
    let Some([algorithm, sealed]) = fields.as_deref() else {
        return Err("the encrypted key is damaged".to_owned());
    };
    let sealed = sealed.octets().ok_or("the encrypted key is damaged")?;
    let opened = encryption::decrypt(algorithm, sealed, passphrase)?;
    // Wrong passphrases give a right padding by chance; what they give is no key.
    match structure::fields(opened.expose()) {
        Some(_) => Ok(opened),
        None => Err(WRONG.to_owned()),
    }
}

fn certificate(bag: &Node<'_>) -> Option<Bag> {
    match bag.fields()?.as_slice() {
        [kind, content] if kind.oid() == Some(X509) => {
            let der = content.explicit(0)?.octets()?;
            Some(Bag::Certificate(der.to_vec()))
        }
        _ => None,
    }
}

/// Checks the MAC of `safe` (RFC 7292 §B.4; RFC 9579).
fn verify(mac: &Node<'_>, safe: &[u8], passphrase: &Passphrase) -> Result<(), String> {
    let fields = mac.fields().ok_or(DAMAGED)?;
    let [info, salt, rounds @ ..] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    let info = info.fields().ok_or(DAMAGED)?;
    let [algorithm, expected] = info.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    let expected = expected.octets().ok_or(DAMAGED)?;
    let (kind, parameters) = encryption::identifier(algorithm).ok_or(DAMAGED)?;
    let (algorithm, key) = if kind == PBMAC1 {
        let fields = parameters.fields().ok_or(DAMAGED)?;
        let [derivation, scheme] = fields.as_slice() else {
            return Err(DAMAGED.to_owned());
        };
        let (_, derivation) = encryption::identifier(derivation).ok_or(DAMAGED)?;
        let (scheme, _) = encryption::identifier(scheme).ok_or(DAMAGED)?;
        let (algorithm, _) = hmac_of(scheme).ok_or_else(|| unknown_mac(scheme))?;
        (algorithm, passphrase.pbkdf2_key(&derivation)?)
    } else {
        let (algorithm, hash) = hmac_of(kind).ok_or_else(|| unknown_mac(kind))?;
        let iterations = rounds.first().map_or(Some(1), Node::number);
        let salt = Pkcs12Salt {
            hash,
            salt: salt.octets().ok_or(DAMAGED)?,
            iterations: iterations.ok_or(DAMAGED)?,
        };
        let length = algorithm.digest_algorithm().output_len();
        (algorithm, passphrase.mac_key(&salt, length)?)
    };
    let found = hmac::sign(&hmac::Key::new(algorithm, &key), safe);
    constant_time::verify_slices_are_equal(found.as_ref(), expected).map_err(|_| WRONG.to_owned())
}

/// The HMAC over a hash, which is named as a hash or as an HMAC.
fn hmac_of(kind: ObjectIdentifier) -> Option<(hmac::Algorithm, Hash)> {
    match kind.to_string().as_str() {
        "1.3.14.3.2.26" | "1.2.840.113549.2.7" => {
            Some((hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, Hash::Sha1))
        }
        "2.16.840.1.101.3.4.2.1" | "1.2.840.113549.2.9" => Some((hmac::HMAC_SHA256, Hash::Sha256)),
        "2.16.840.1.101.3.4.2.2" | "1.2.840.113549.2.10" => Some((hmac::HMAC_SHA384, Hash::Sha384)),
        "2.16.840.1.101.3.4.2.3" | "1.2.840.113549.2.11" => Some((hmac::HMAC_SHA512, Hash::Sha512)),
        _ => None,
    }
}

fn unknown_mac(kind: ObjectIdentifier) -> String {
    format!("the PKCS#12 file is protected by a MAC of the kind {kind}, which is not read")
}

/// Writes a file with one key and its certificate, both in DER. Everything is new: PBES2 with
/// AES-256, a MAC with SHA-256.
pub(crate) fn write(
    key: &Secret<Vec<u8>>,
    certificate: &[u8],
    passphrase: &str,
    random: &dyn Random,
) -> Result<Vec<u8>, String> {
    // Java pairs a key with its certificate by this attribute.
    let id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
    let attributes = wrap(
        0x31,
        &sequence(&[oid(LOCAL_KEY_ID), wrap(0x31, &octet_string(id.as_ref()))]),
    );
    let (algorithm, sealed) = encryption::encrypt(key.expose(), passphrase, random)?;
    let shrouded = sequence(&[algorithm, octet_string(&sealed)]);
    let keys = sequence(&[sequence(&[
        oid(SHROUDED_KEY_BAG),
        explicit(0, &shrouded),
        attributes.clone(),
    ])]);
    let x509 = sequence(&[oid(X509), explicit(0, &octet_string(certificate))]);
    let certificates = sequence(&[sequence(&[
        oid(CERTIFICATE_BAG),
        explicit(0, &x509),
        attributes,
    ])]);
    let safe = sequence(&[data(&keys), data(&certificates)]);
    let mac = mac(&safe, passphrase, random)?;
    Ok(sequence(&[integer(&[3]), data(&safe), mac]))
}

/// A `ContentInfo` of the type `data`.
fn data(content: &[u8]) -> Vec<u8> {
    sequence(&[oid(DATA), explicit(0, &octet_string(content))])
}

fn mac(safe: &[u8], passphrase: &str, random: &dyn Random) -> Result<Vec<u8>, String> {
    // The MAC guards what is encrypted already; it must not be the easier way to the passphrase.
    const ITERATIONS: u32 = 600_000;
    let mut salt = [0; 16];
    random
        .fill(&mut salt)
        .map_err(|_| "no random numbers could be had")?;
    let derivation = Pkcs12Salt {
        hash: Hash::Sha256,
        salt: &salt,
        iterations: u64::from(ITERATIONS),
    };
    let key = Passphrase::new(passphrase).mac_key(&derivation, 32)?;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), safe);
    let digest = sequence(&[sequence(&[oid(SHA256), null()]), octet_string(tag.as_ref())]);
    Ok(sequence(&[
        digest,
        octet_string(&salt),
        integer(&ITERATIONS.to_be_bytes()),
    ]))
}
