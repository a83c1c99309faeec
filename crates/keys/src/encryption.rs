//! Encryption under a passphrase, as the `AlgorithmIdentifier` of a file describes it.
//!
//! Owns the schemes: PBES1 and PBES2 (RFC 8018), those of PKCS#12 (RFC 7292 §C), and `DEK-Info`.
//! What is not read is refused by its name. What comes out is checked by whoever knows its form.

use accredit::random::Random;
use accredit::secret::Secret;
use der::asn1::ObjectIdentifier;
use der::oid::db;
use zeroize::Zeroizing;

use crate::cipher::{self, Cipher};
use crate::derivation::{self, Derived, Hash, Pkcs12Salt, Purpose, ScryptCost};
use crate::structure::Node;
use crate::writing::{integer, null, octet_string, oid, sequence};

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");

/// How often a passphrase is hashed where we encrypt: what OWASP asks of PBKDF2 with SHA-256.
const ITERATIONS: u32 = 600_000;

/// What is said of everything that a wrong passphrase does.
pub(crate) const WRONG: &str = "the passphrase is wrong, or the file is damaged";

/// A passphrase in the two forms that files are encrypted with.
pub(crate) struct Passphrase {
    utf8: Zeroizing<Vec<u8>>,
    /// UTF-16 with a zero at its end (RFC 7292 §B.1).
    utf16: Zeroizing<Vec<u8>>,
}

impl Passphrase {
    pub(crate) fn new(text: &str) -> Self {
        let mut utf16 = Zeroizing::new(Vec::with_capacity(text.len() * 2 + 2));
        for unit in text.encode_utf16() {
            utf16.extend_from_slice(&unit.to_be_bytes());
        }
        utf16.extend_from_slice(&[0, 0]);
        Self {
            utf8: Zeroizing::new(text.as_bytes().to_vec()),
            utf16,
        }
    }

    /// No passphrase at all: some programs then leave the zero at the end out as well.
    pub(crate) fn none() -> Self {
        Self {
            utf8: Zeroizing::default(),
            utf16: Zeroizing::default(),
        }
    }

    /// The key of a MAC (RFC 7292 §B.4).
    pub(crate) fn mac_key(&self, salt: &Pkcs12Salt<'_>, length: usize) -> Result<Derived, String> {
        salt.derive(&self.utf16, Purpose::Mac, length)
    }

    /// The key that PBKDF2 with `parameters` gives (RFC 9579 §3).
    pub(crate) fn pbkdf2_key(&self, parameters: &Node<'_>) -> Result<Derived, String> {
        pbkdf2(parameters, &self.utf8, None)
    }
}

/// Decrypts `sealed` as `algorithm` says.
pub(crate) fn decrypt(
    algorithm: &Node<'_>,
    sealed: &[u8],
    passphrase: &Passphrase,
) -> Result<Secret<Vec<u8>>, String> {
    let (oid, parameters) = identifier(algorithm).ok_or("its encryption is not described")?;
    match oid.to_string().as_str() {
        "1.2.840.113549.1.5.13" => pbes2(&parameters, sealed, passphrase),
        "1.2.840.113549.1.5.3" => pbes1(Hash::Md5, &parameters, sealed, passphrase),
        "1.2.840.113549.1.5.10" => pbes1(Hash::Sha1, &parameters, sealed, passphrase),
        "1.2.840.113549.1.12.1.3" => pkcs12(Cipher::TripleDes, &parameters, sealed, passphrase),
        "1.2.840.113549.1.12.1.4" => {
            pkcs12(Cipher::TwoKeyTripleDes, &parameters, sealed, passphrase)
        }
        "1.2.840.113549.1.12.1.5" => pkcs12(Cipher::Rc2(16), &parameters, sealed, passphrase),
        "1.2.840.113549.1.12.1.6" => pkcs12(Cipher::Rc2(5), &parameters, sealed, passphrase),
        _ => Err(not_read(oid)),
    }
}

/// The algorithm and its parameters.
pub(crate) fn identifier<'a>(algorithm: &Node<'a>) -> Option<(ObjectIdentifier, Node<'a>)> {
    match algorithm.fields()?.as_slice() {
        [oid, parameters] => Some((oid.oid()?, *parameters)),
        [oid] => Some((oid.oid()?, *oid)),
        _ => None,
    }
}

fn not_read(algorithm: ObjectIdentifier) -> String {
    let name = db::DB
        .by_oid(&algorithm)
        .map_or_else(|| algorithm.to_string(), str::to_owned);
    format!(
        "it is encrypted with {name}, which is not read: `openssl pkcs8 -topk8 -v2 aes256 -in FILE \
         -out server.key` encrypts it anew"
    )
}

const DAMAGED: &str = "the description of its encryption is damaged";

fn pbes2(
    parameters: &Node<'_>,
    sealed: &[u8],
    passphrase: &Passphrase,
) -> Result<Secret<Vec<u8>>, String> {
    let fields = parameters.fields().ok_or(DAMAGED)?;
    let [derivation, encryption] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    let (oid, iv) = identifier(encryption).ok_or(DAMAGED)?;
    let cipher = match oid.to_string().as_str() {
        "2.16.840.1.101.3.4.1.2" => Cipher::Aes128,
        "2.16.840.1.101.3.4.1.22" => Cipher::Aes192,
        "2.16.840.1.101.3.4.1.42" => Cipher::Aes256,
        "1.2.840.113549.3.7" => Cipher::TripleDes,
        "1.3.14.3.2.7" => Cipher::Des,
        _ => return Err(not_read(oid)),
    };
    let iv = iv.octets().ok_or(DAMAGED)?;
    let (oid, parameters) = identifier(derivation).ok_or(DAMAGED)?;
    let key = match oid {
        PBKDF2 => pbkdf2(&parameters, &passphrase.utf8, Some(cipher.key_length()))?,
        SCRYPT => scrypt(&parameters, &passphrase.utf8, cipher.key_length())?,
        other => return Err(not_read(other)),
    };
    cipher.decrypt(&key, iv, sealed).ok_or_else(wrong)
}

fn wrong() -> String {
    WRONG.to_owned()
}

/// The key of `length` bytes, or of as many as the file states.
fn pbkdf2(
    parameters: &Node<'_>,
    passphrase: &[u8],
    length: Option<usize>,
) -> Result<Derived, String> {
    let fields = parameters.fields().ok_or(DAMAGED)?;
    let [salt, iterations, rest @ ..] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    let salt = salt.octets().ok_or(DAMAGED)?;
    let iterations = iterations.number().ok_or(DAMAGED)?;
    let stated = rest.first().and_then(Node::number);
    let function = rest.last().filter(|last| last.number().is_none());
    let hash = match function {
        None => Hash::Sha1,
        Some(function) => {
            let (oid, _) = identifier(function).ok_or(DAMAGED)?;
            match oid.to_string().as_str() {
                "1.2.840.113549.2.7" => Hash::Sha1,
                "1.2.840.113549.2.9" => Hash::Sha256,
                "1.2.840.113549.2.10" => Hash::Sha384,
                "1.2.840.113549.2.11" => Hash::Sha512,
                _ => return Err(not_read(oid)),
            }
        }
    };
    let length = match (length, stated) {
        (Some(needed), Some(stated)) if needed as u64 != stated => return Err(DAMAGED.to_owned()),
        (Some(needed), _) => needed,
        (None, Some(stated @ 1..=64)) => usize::try_from(stated).map_err(|_| DAMAGED)?,
        (None, _) => return Err(DAMAGED.to_owned()),
    };
    derivation::pbkdf2(hash, passphrase, salt, iterations, length)
}

fn scrypt(parameters: &Node<'_>, passphrase: &[u8], length: usize) -> Result<Derived, String> {
    let fields = parameters.fields().ok_or(DAMAGED)?;
    let [salt, n, r, p, rest @ ..] = fields.as_slice() else {
        return Err(DAMAGED.to_owned());
    };
    let is_fitting = match rest {
        [] => true,
        [stated] => stated.number() == Some(length as u64),
        _ => false,
    };
    if !is_fitting {
        return Err(DAMAGED.to_owned());
    }
    let cost = ScryptCost {
        n: n.number().ok_or(DAMAGED)?,
        r: r.number().ok_or(DAMAGED)?,
        p: p.number().ok_or(DAMAGED)?,
    };
    derivation::scrypt(passphrase, salt.octets().ok_or(DAMAGED)?, cost, length)
}

/// Salt and rounds, as PBES1 and PKCS#12 write them.
fn salt_and_rounds<'a>(parameters: &Node<'a>) -> Option<(&'a [u8], u64)> {
    match parameters.fields()?.as_slice() {
        [salt, rounds] => Some((salt.octets()?, rounds.number()?)),
        _ => None,
    }
}

fn pbes1(
    hash: Hash,
    parameters: &Node<'_>,
    sealed: &[u8],
    passphrase: &Passphrase,
) -> Result<Secret<Vec<u8>>, String> {
    let (salt, iterations) = salt_and_rounds(parameters).ok_or(DAMAGED)?;
    let derived = derivation::pbkdf1(hash, &passphrase.utf8, salt, iterations)?;
    let key = derived.get(..8).ok_or(DAMAGED)?;
    let iv = derived.get(8..16).ok_or(DAMAGED)?;
    Cipher::Des.decrypt(key, iv, sealed).ok_or_else(wrong)
}

fn pkcs12(
    cipher: Cipher,
    parameters: &Node<'_>,
    sealed: &[u8],
    passphrase: &Passphrase,
) -> Result<Secret<Vec<u8>>, String> {
    let (salt, iterations) = salt_and_rounds(parameters).ok_or(DAMAGED)?;
    let salt = Pkcs12Salt {
        hash: Hash::Sha1,
        salt,
        iterations,
    };
    let key = salt.derive(&passphrase.utf16, Purpose::Key, cipher.key_length())?;
    let iv = salt.derive(&passphrase.utf16, Purpose::Iv, cipher.block_length())?;
    cipher.decrypt(&key, &iv, sealed).ok_or_else(wrong)
}

/// What the header `DEK-Info` of an encrypted PEM block says (RFC 1421 §4.6.1.3).
pub(crate) struct DekInfo {
    pub(crate) cipher: String,
    pub(crate) iv: String,
}

impl DekInfo {
    /// Decrypts `sealed`.
    pub(crate) fn decrypt(
        &self,
        sealed: &[u8],
        passphrase: &Passphrase,
    ) -> Result<Secret<Vec<u8>>, String> {
        let cipher = match self.cipher.as_str() {
            "DES-EDE3-CBC" => Cipher::TripleDes,
            "DES-CBC" => Cipher::Des,
            "AES-128-CBC" => Cipher::Aes128,
            "AES-192-CBC" => Cipher::Aes192,
            "AES-256-CBC" => Cipher::Aes256,
            other => {
                return Err(format!(
                    "it is encrypted with {other}, which is not read: `openssl pkcs8 -topk8 -v2 \
                     aes256 -in FILE -out server.key` encrypts it anew"
                ));
            }
        };
        let iv = bytes_of_hex(&self.iv)
            .filter(|iv| iv.len() == cipher.block_length())
            .ok_or("its DEK-Info line is damaged")?;
        // The salt is the front of the initialization vector.
        let salt = iv.get(..8).unwrap_or_default();
        let key = derivation::dek_info(&passphrase.utf8, salt, cipher.key_length());
        cipher.decrypt(&key, &iv, sealed).ok_or_else(wrong)
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 64 {
        return None;
    }
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        .collect()
}

/// Encrypts `plain` under `passphrase`: the algorithm, as an `AlgorithmIdentifier` in DER, and what
/// came out. PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC.
pub(crate) fn encrypt(
    plain: &[u8],
    passphrase: &str,
    random: &dyn Random,
) -> Result<(Vec<u8>, Vec<u8>), String> {
    let no_numbers = |_| "no random numbers could be had";
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    random.fill(&mut salt).map_err(no_numbers)?;
    random.fill(&mut iv).map_err(no_numbers)?;
    let derived = derivation::pbkdf2(
        Hash::Sha256,
        passphrase.as_bytes(),
        &salt,
        u64::from(ITERATIONS),
        32,
    )?;
    let key: &[u8; 32] = derived
        .as_slice()
        .try_into()
        .map_err(|_| "the key could not be derived")?;
    let sealed = cipher::seal(key, iv, plain).ok_or("the key could not be encrypted")?;
    let derivation = sequence(&[
        oid(PBKDF2),
        sequence(&[
            octet_string(&salt),
            integer(&ITERATIONS.to_be_bytes()),
            sequence(&[oid(HMAC_SHA256), null()]),
        ]),
    ]);
    let encryption = sequence(&[oid(AES_256_CBC), octet_string(&iv)]);
    let algorithm = sequence(&[oid(PBES2), sequence(&[derivation, encryption])]);
    Ok((algorithm, sealed))
}
