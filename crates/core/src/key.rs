//! Keys: the joint that signs ([`Signer`]), and the key that lives in memory ([`PrivateKey`]).
//!
//! Owns what a key must be (RSA, 2048 to 4096 bits, e = 65537, not a ROCA modulus). Reading files
//! and PEM is the business of `accredit-keys`; this takes DER. A key is parsed once and never
//! printed.

use std::fmt;

use aws_lc_rs::{digest, rsa as aws_rsa, signature as aws_signature};
use ring::{rand as ring_rand, rsa as ring_rsa, signature as ring_signature};

use crate::BoxFuture;
use crate::error::Error;
use crate::secret::{Secret, hex};

/// Something that can sign assertions with one key, in this process or elsewhere.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The public half of the key that signs.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 §3.3, RS256).
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>>;
}

/// Which implementation of RSA signs. Both give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Ready at once (ring): for a process that signs a few times and ends. The other engine seeds
    /// a random number generator from CPU jitter, which costs some 30 ms in every new process. ring
    /// does not wipe the key when it is dropped, one more reason to end soon.
    QuickStart,
    /// The highest rate (aws-lc, up to 1.8 times where the CPU has AVX-512 IFMA), and a key that is
    /// wiped when dropped: for a process that stays.
    Throughput,
}

/// An RSA key in memory that can sign. Parsed once; never printed.
pub struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    QuickStart(Box<ring_rsa::KeyPair>),
    Throughput(Box<aws_rsa::KeyPair>),
}

impl PrivateKey {
    /// Reads an unencrypted PKCS#8 document (RFC 5208).
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::error::ErrorKind::Key) if it is no RSA key, is damaged, has fewer
    /// than 2048 or more than 4096 bits, an exponent other than 65537, or a ROCA modulus.
    pub fn from_pkcs8_der(der: &Secret<Vec<u8>>, engine: Engine) -> Result<Self, Error> {
        let pair = match engine {
            Engine::QuickStart => {
                ring_rsa::KeyPair::from_pkcs8(der.expose()).map(Pair::quick_start)
            }
            Engine::Throughput => {
                return Self::checked(
                    aws_rsa::KeyPair::from_pkcs8(der.expose())
                        .map(Pair::throughput)
                        .map_err(|rejected| unusable(&rejected))?,
                );
            }
        };
        Self::checked(pair.map_err(|rejected| unusable(&rejected))?)
    }

    /// Reads a PKCS#1 `RSAPrivateKey` (RFC 8017 §A.1.2).
    ///
    /// # Errors
    /// As [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_pkcs1_der(der: &Secret<Vec<u8>>, engine: Engine) -> Result<Self, Error> {
        let pair = match engine {
            Engine::QuickStart => ring_rsa::KeyPair::from_der(der.expose())
                .map(Pair::quick_start)
                .map_err(|rejected| unusable(&rejected))?,
            Engine::Throughput => aws_rsa::KeyPair::from_der(der.expose())
                .map(Pair::throughput)
                .map_err(|rejected| unusable(&rejected))?,
        };
        Self::checked(pair)
    }

    fn checked(pair: Pair) -> Result<Self, Error> {
        let public = PublicKey::from_pkcs1_der(pair.public_key())?;
        public.check_strength()?;
        if public.exponent != EXPONENT {
            return Err(Error::key("the key has a public exponent other than 65537"));
        }
        Ok(Self { pair, public })
    }

    fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.public.modulus.len()];
        let signed = match &self.pair {
            Pair::QuickStart(pair) => pair
                .sign(
                    &ring_signature::RSA_PKCS1_SHA256,
                    &ring_rand::SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .is_ok(),
            Pair::Throughput(pair) => pair
                .sign(
                    &aws_signature::RSA_PKCS1_SHA256,
                    &aws_lc_rs::rand::SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .is_ok(),
        };
        if signed {
            Ok(signature)
        } else {
            Err(Error::key("the key could not sign"))
        }
    }
}

impl Pair {
    fn quick_start(pair: ring_rsa::KeyPair) -> Self {
        Self::QuickStart(Box::new(pair))
    }

    fn throughput(pair: aws_rsa::KeyPair) -> Self {
        Self::Throughput(Box::new(pair))
    }

    fn public_key(&self) -> &[u8] {
        match self {
            Self::QuickStart(pair) => ring_signature::KeyPair::public_key(pair.as_ref()).as_ref(),
            Self::Throughput(pair) => aws_signature::KeyPair::public_key(pair.as_ref()).as_ref(),
        }
    }
}

fn unusable(rejected: &dyn fmt::Display) -> Error {
    let reason = match rejected.to_string().as_str() {
        // ring says the same of a small exponent.
        "TooSmall" => "it has fewer than 2048 bits, or an exponent below 65537".to_owned(),
        "TooLarge" => "it has more than 4096 bits".to_owned(),
        "WrongAlgorithm" => "it is not an RSA key".to_owned(),
        "PrivateModulusLenNotMultipleOf512Bits" => {
            "its length in bits is not a multiple of 512".to_owned()
        }
        "InvalidEncoding" => "its encoding is damaged".to_owned(),
        "InconsistentComponents" => "its numbers do not belong together".to_owned(),
        other => other.to_owned(),
    };
    Error::key(format!("the private key cannot be used: {reason}"))
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(std::future::ready(self.sign_now(message)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// 65537, big-endian: the one exponent of keys that we sign with.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// An RSA public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl PublicKey {
    /// A key from its numbers, big-endian; zeros in front are dropped.
    #[must_use]
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Self {
        Self {
            modulus: without_zeros(modulus),
            exponent: without_zeros(exponent),
        }
    }

    /// Reads a PKCS#1 `RSAPublicKey` (RFC 8017 §A.1.1).
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::error::ErrorKind::Key) if it is not one.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, Error> {
        let damaged = || Error::key("the public key is not an RSAPublicKey");
        let (sequence, rest) = der_value(der, 0x30).ok_or_else(damaged)?;
        let (modulus, tail) = der_value(sequence, 0x02).ok_or_else(damaged)?;
        let (exponent, end) = der_value(tail, 0x02).ok_or_else(damaged)?;
        if !rest.is_empty() || !end.is_empty() {
            return Err(damaged());
        }
        Ok(Self::new(modulus, exponent))
    }

    /// The length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.modulus.first().map_or(0, |first| {
            self.modulus.len() * 8 - first.leading_zeros() as usize
        })
    }

    /// The modulus, big-endian, without zeros in front.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent, big-endian, without zeros in front.
    #[must_use]
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// The key as a PKCS#1 `RSAPublicKey`.
    #[must_use]
    pub fn to_pkcs1_der(&self) -> Vec<u8> {
        let mut numbers = der_integer(&self.modulus);
        numbers.extend(der_integer(&self.exponent));
        der_wrap(0x30, &numbers)
    }

    /// The key as a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        // SEQUENCE { OID rsaEncryption, NULL } (RFC 3279 §2.3.1).
        const ALGORITHM: [u8; 15] = [
            0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0,
        ];
        let mut bits = vec![0];
        bits.extend(self.to_pkcs1_der());
        let mut fields = ALGORITHM.to_vec();
        fields.extend(der_wrap(0x03, &bits));
        der_wrap(0x30, &fields)
    }

    /// The SHA-256 of the `SubjectPublicKeyInfo` in hex: the same for a key, its request and its
    /// certificate.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(digest::digest(&digest::SHA256, &self.to_spki_der()).as_ref())
    }

    /// Refuses what Salesforce or good practice refuses (RFC 7518 §3.3; CVE-2017-15361).
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::error::ErrorKind::Key) if the modulus has fewer than 2048 or more
    /// than 4096 bits or the shape of a ROCA key, or the exponent is even or below 3.
    pub fn check_strength(&self) -> Result<(), Error> {
        let bits = self.bits();
        if bits < 2048 {
            return Err(Error::key(format!(
                "the key has {bits} bits, expected at least 2048"
            )));
        }
        if bits > 4096 {
            return Err(Error::key(format!(
                "the key has {bits} bits, expected at most 4096"
            )));
        }
        let is_odd = self.exponent.last().is_some_and(|byte| byte % 2 == 1);
        if !is_odd || self.exponent == [1] {
            return Err(Error::key("the key has an even public exponent, or 1"));
        }
        if is_roca(&self.modulus) {
            return Err(Error::key(
                "the key was made by hardware with the ROCA flaw (CVE-2017-15361): anyone can \
                 compute its private half",
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey(RSA-{}, sha256:{})",
            self.bits(),
            self.fingerprint()
        )
    }
}

/// Says whether a modulus has the fingerprint of ROCA: modulo each small prime it is a power of
/// 65537 (Nemec et al., "The Return of Coppersmith's Attack", 2017). A good key passes by chance
/// once in 2^27 or less.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|prime| {
        let rest = modulus
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..*prime).any(|_| {
            let found = power == rest;
            power = power * 65537 % prime;
            found
        })
    })
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    let start = number
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(number.len());
    number.get(start..).unwrap_or_default().to_vec()
}

fn der_integer(number: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(number.len() + 1);
    if number.first().is_none_or(|byte| byte & 0x80 != 0) {
        body.push(0);
    }
    body.extend_from_slice(number);
    der_wrap(0x02, &body)
}

fn der_wrap(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    let digits = without_zeros(&length);
    let mut out = vec![tag];
    match digits.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            // At most eight digits, so the cast keeps the value.
            out.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(body);
    out
}

/// Takes one value with `tag` off the front: its body and what follows it.
fn der_value(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (
            digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit)),
            rest,
        )
    };
    (*found == tag)
        .then(|| rest.split_at_checked(length))
        .flatten()
}
