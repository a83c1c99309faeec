//! Loading the key that signs.
//!
//! Owns the refusals: everything that is not one RSA key of a sound make is named, with what was
//! expected and what to do. Keeps nothing of the file but the parsed key.

use accredit::diagnosis::LocalCause;
use accredit::error::Error;
use accredit::key::{Engine, PrivateKey, PublicKey};
use accredit::secret::Secret;
use der::Decode as _;
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;

use crate::algorithm::Algorithm;
use crate::document::{Document, documents};
use crate::kind::Kind;
use crate::opening;
use crate::passphrase::{NoPassphrase, Passphrases};
use crate::repair::Repair;

const EXPECTED: &str = "expected an RSA private key (PKCS#1, PKCS#8, PKCS#12 or JWK)";
const MAKE: &str = "make a new key of 2048 bits and upload its certificate";

/// A key, and what had to be put right to read it.
#[derive(Debug)]
pub struct Loaded {
    /// The key.
    pub key: PrivateKey,
    /// What was wrong with the text it was read from, worth telling its owner.
    pub repairs: Vec<Repair>,
}

/// Reads the one private key in `file`, which is not encrypted, fit to sign with `engine`.
///
/// As [`load`] without a passphrase, and without telling what had to be put right.
///
/// # Errors
/// As [`load`].
pub fn private_key(
    file: &Secret<Vec<u8>>,
    origin: &str,
    engine: Engine,
) -> Result<PrivateKey, Error> {
    load(file, origin, &NoPassphrase, engine).map(|loaded| loaded.key)
}

/// Reads the one private key in `file`, fit to sign with `engine`.
///
/// `origin` says where the bytes came from; it stands at the start of every error. PEM and DER are
/// taken: PKCS#1 and PKCS#8, the latter also encrypted (PBES2, PBES1, the schemes of PKCS#12), PEM
/// with `DEK-Info`, PKCS#12, JSON Web Keys, and JSON with PEM text inside as CredHub gives it.
/// Certificates and public keys beside the key are passed over. `passphrases` is asked once, if the
/// key is encrypted.
///
/// # Errors
/// [`ErrorKind::Key`](accredit::error::ErrorKind::Key), naming what was found, what was expected
/// and the way from one to the other: no private key or more than one, a passphrase that is missing
/// or wrong, a key in a form that is not read, one that is not RSA; fewer than 2048 or more than
/// 4096 bits, an exponent other than 65537, a ROCA modulus; a file that is damaged beyond
/// [`Repair`], empty or larger than [`FILE_LENGTH_MAX`](crate::FILE_LENGTH_MAX), or that asks for
/// more work than a passphrase is worth. No error quotes the file.
pub fn load(
    file: &Secret<Vec<u8>>,
    origin: &str,
    passphrases: &dyn Passphrases,
    engine: Engine,
) -> Result<Loaded, Error> {
    let at_origin = |what: String| Error::key(format!("{origin}: {what}"));
    let (documents, repairs) = documents(file, origin)?;
    let documents = opening::open(documents, origin, passphrases)?;
    let document = only_key(&documents).map_err(at_origin)?;
    let pkcs1 = rsa_numbers(document).map_err(|what| match document.kind {
        Kind::EncryptedPkcs8 | Kind::EncryptedPem | Kind::Pkcs12 => {
            at_origin(what).with_cause(LocalCause::LockedKey)
        }
        _ => at_origin(what),
    })?;
    let public = sound_public_key(pkcs1.expose()).map_err(at_origin)?;
    let key = PrivateKey::from_pkcs1_der(&pkcs1, engine_for(&public, engine))
        .map_err(|refused| at_origin(refused.to_string()))?;
    Ok(Loaded { key, repairs })
}

fn only_key(documents: &[Document]) -> Result<&Document, String> {
    let mut keys = documents
        .iter()
        .filter(|document| document.kind.is_private());
    match (keys.next(), keys.count()) {
        (Some(key), 0) => Ok(key),
        (None, _) => Err(refusal(documents)),
        (Some(_), more) => Err(format!(
            "found {} private keys, expected one: which one signs must be certain, so keep it in a \
             file of its own",
            more + 1
        )),
    }
}

/// What to say when there is no private key: the first thing that is there.
fn refusal(documents: &[Document]) -> String {
    let Some(first) = documents.first() else {
        return format!("found nothing, {EXPECTED}");
    };
    let more = match documents.len() {
        1 => String::new(),
        count => format!(" and {} more without a private key", count - 1),
    };
    format!(
        "found {}{more}, {EXPECTED}: {}",
        first.kind,
        advice(first.kind)
    )
}

/// The PKCS#1 key in `document`. Each format that is to be read gets its arm here.
fn rsa_numbers(document: &Document) -> Result<Secret<Vec<u8>>, String> {
    let der = document.der.expose();
    match (document.kind, document.algorithm) {
        (Kind::Pkcs1PrivateKey, _) => Ok(Secret::new(der.clone())),
        (Kind::Pkcs8PrivateKey, Some(Algorithm::Rsa)) => {
            PrivateKeyInfoRef::try_from(der.as_slice())
                .map(|info| Secret::new(info.private_key.as_bytes().to_vec()))
                .map_err(|_| "the PKCS#8 structure of the key is damaged".to_owned())
        }
        (Kind::Pkcs8PrivateKey, algorithm) => Err(format!(
            "found a private key for {} (PKCS#8), {EXPECTED}: Salesforce takes no other; {MAKE}",
            algorithm.unwrap_or(Algorithm::Other)
        )),
        (kind, _) => Err(format!("found {kind}, {EXPECTED}: {}", advice(kind))),
    }
}

/// The way from what was found to a key that is read.
const fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::EncryptedPkcs8 | Kind::EncryptedPem | Kind::Pkcs12 => {
            "it is encrypted, and no passphrase was given"
        }
        Kind::JavaKeyStore => {
            "`keytool -importkeystore -srckeystore FILE -destkeystore server.p12 -deststoretype \
             pkcs12` converts it"
        }
        Kind::OpensshPrivateKey => {
            "on a copy of the file, `ssh-keygen -p -m PEM -f COPY` converts it in place"
        }
        Kind::PuttyPrivateKey => {
            "`puttygen FILE -O private-openssh -o key`, then `ssh-keygen -p -m \
                                  PKCS8 -f key` convert it"
        }
        Kind::Certificate | Kind::Pkcs7 => {
            "a certificate is uploaded at Salesforce; the key is the other file that was made with \
             it, often server.key"
        }
        Kind::Request => {
            "a request is for a certificate authority; the key is the other file that \
                          was made with it, often server.key"
        }
        Kind::SpkiPublicKey | Kind::Pkcs1PublicKey | Kind::SshPublicKey => {
            "a public key cannot sign; the private one is in the file that it was made from"
        }
        Kind::Sec1PrivateKey | Kind::DsaPrivateKey => MAKE,
        // The rest has no key in it that could be taken out.
        _ => "name the file that holds the key",
    }
}

/// The numbers of a PKCS#1 private key, where they stand.
pub(crate) fn rsa_private_key(pkcs1: &[u8]) -> Result<RsaPrivateKeyRef<'_>, String> {
    RsaPrivateKeyRef::from_der(pkcs1)
        .map_err(|_| "the RSA private key is damaged: it is not an RSAPrivateKey".to_owned())
}

/// The public half of a private key.
pub(crate) fn public_half(key: &RsaPrivateKeyRef<'_>) -> PublicKey {
    PublicKey::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}

/// The public half of a key that passes all checks that need no engine: each in its own words.
fn sound_public_key(pkcs1: &[u8]) -> Result<PublicKey, String> {
    let key = rsa_private_key(pkcs1)?;
    if key.other_prime_infos.is_some() {
        return Err(format!(
            "found an RSA key of more than two primes, expected two: {MAKE}"
        ));
    }
    let public = public_half(&key);
    if public.bits() >= 2048 && public.exponent() != [1, 0, 1] {
        return Err(format!(
            "found an RSA key with {}, expected 65537: {MAKE}",
            exponent_in_words(public.exponent())
        ));
    }
    match public.check_strength() {
        Ok(()) => Ok(public),
        Err(weak) => Err(format!("{weak}; {MAKE}")),
    }
}

/// The quick engine takes multiples of 512 bits only; other lengths are rare, and sign no worse.
fn engine_for(public: &PublicKey, wanted: Engine) -> Engine {
    if public.bits().is_multiple_of(512) {
        wanted
    } else {
        Engine::Throughput
    }
}

fn exponent_in_words(exponent: &[u8]) -> String {
    if exponent.len() > 8 {
        return format!("a public exponent of {} bytes", exponent.len());
    }
    let number = exponent
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("the public exponent {number}")
}
