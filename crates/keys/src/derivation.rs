//! From a passphrase to the key of a cipher.
//!
//! Owns the derivations of key files: PBKDF1 and PBKDF2 (RFC 8018), scrypt (RFC 7914), that of
//! PKCS#12 (RFC 7292 §B.2) and that of `DEK-Info`. Invariant: none does more work than
//! [`ITERATIONS_MAX`] and [`SCRYPT_MEMORY_MAX`] allow, whatever a file asks for.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, pbkdf2};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// The most rounds of a derivation that are done: a few seconds of work.
pub(crate) const ITERATIONS_MAX: u64 = 10_000_000;

/// The most memory that scrypt may need, in bytes.
pub(crate) const SCRYPT_MEMORY_MAX: u64 = 256 * 1024 * 1024;

/// The most work of scrypt: its memory times its parallelism, in bytes.
const SCRYPT_WORK_MAX: u64 = 1024 * 1024 * 1024;

/// Bytes that are wiped.
pub(crate) type Derived = Zeroizing<Vec<u8>>;

/// A hash that key files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The algorithm, if the library has it.
    const fn algorithm(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::Md5 => None,
            Self::Sha1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha256 => Some(&digest::SHA256),
            Self::Sha384 => Some(&digest::SHA384),
            Self::Sha512 => Some(&digest::SHA512),
        }
    }

    /// The hash of `parts`, one after the other.
    fn of(self, parts: &[&[u8]]) -> Derived {
        let Some(algorithm) = self.algorithm() else {
            let mut context = Md5::new();
            for part in parts {
                context.update(part);
            }
            return Zeroizing::new(context.finalize().to_vec());
        };
        let mut context = digest::Context::new(algorithm);
        for part in parts {
            context.update(part);
        }
        Zeroizing::new(context.finish().as_ref().to_vec())
    }

    /// Hashes `hash`, the result, and so on, in its place.
    fn repeat(self, hash: &mut Derived, times: u32) {
        for _ in 0..times {
            match self.algorithm() {
                Some(algorithm) => {
                    let next = digest::digest(algorithm, hash);
                    hash.copy_from_slice(next.as_ref());
                }
                None => {
                    let next = Md5::digest(hash.as_slice());
                    hash.copy_from_slice(&next);
                }
            }
        }
    }

    /// The length of a block of the hash in bytes.
    const fn block_length(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }
}

/// Refuses more rounds than are done, and none.
fn rounds(asked: u64) -> Result<NonZeroU32, String> {
    u32::try_from(asked)
        .ok()
        .filter(|_| asked <= ITERATIONS_MAX)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| {
            format!(
                "its passphrase is to be hashed {asked} times, expected 1 to {ITERATIONS_MAX}: \
                 encrypt the key anew with fewer"
            )
        })
}

/// PBKDF2 (RFC 8018 §5.2): `length` bytes.
pub(crate) fn pbkdf2(
    hash: Hash,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
    length: usize,
) -> Result<Derived, String> {
    let algorithm = match hash {
        Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Hash::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        Hash::Md5 => return Err("its passphrase is hashed with MD5, which is not read".to_owned()),
    };
    let iterations = rounds(iterations)?;
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(algorithm, iterations, salt, passphrase, &mut key);
    Ok(key)
}

/// The cost of scrypt as a file states it (RFC 7914 §7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScryptCost {
    pub(crate) n: u64,
    pub(crate) r: u64,
    pub(crate) p: u64,
}

/// scrypt (RFC 7914): `length` bytes.
pub(crate) fn scrypt(
    passphrase: &[u8],
    salt: &[u8],
    cost: ScryptCost,
    length: usize,
) -> Result<Derived, String> {
    let ScryptCost { n, r, p } = cost;
    let memory = n.saturating_mul(r).saturating_mul(128);
    if memory > SCRYPT_MEMORY_MAX || memory.saturating_mul(p) > SCRYPT_WORK_MAX {
        return Err(format!(
            "its passphrase is to be hashed with scrypt N={n} r={r} p={p}, which needs more than \
             {} MiB of memory or too long: encrypt the key anew with less",
            SCRYPT_MEMORY_MAX >> 20
        ));
    }
    let wrong =
        || format!("its passphrase is hashed with scrypt N={n} r={r} p={p}, which is wrong");
    if !n.is_power_of_two() || n < 2 {
        return Err(wrong());
    }
    let log_n = u8::try_from(n.ilog2()).map_err(|_| wrong())?;
    let (r, p) = u32::try_from(r)
        .ok()
        .zip(u32::try_from(p).ok())
        .ok_or_else(wrong)?;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| wrong())?;
    let mut key = Zeroizing::new(vec![0; length]);
    scrypt::scrypt(passphrase, salt, &params, &mut key).map_err(|_| wrong())?;
    Ok(key)
}

/// PBKDF1 (RFC 8018 §5.1): as many bytes as the hash has.
pub(crate) fn pbkdf1(
    hash: Hash,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
) -> Result<Derived, String> {
    let mut key = hash.of(&[passphrase, salt]);
    hash.repeat(&mut key, rounds(iterations)?.get() - 1);
    Ok(key)
}

/// What OpenSSL derives for `DEK-Info` (`EVP_BytesToKey` with MD5 and one round).
pub(crate) fn dek_info(passphrase: &[u8], salt: &[u8], length: usize) -> Derived {
    let mut key: Derived = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut last: Derived = Zeroizing::default();
    while key.len() < length {
        last = Hash::Md5.of(&[&last, passphrase, salt]);
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    key
}

/// What a derivation of PKCS#12 is for (RFC 7292 §B.3).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// Everything that the derivation of PKCS#12 starts from.
#[derive(Clone, Copy)]
pub(crate) struct Pkcs12Salt<'a> {
    pub(crate) hash: Hash,
    pub(crate) salt: &'a [u8],
    pub(crate) iterations: u64,
}

impl Pkcs12Salt<'_> {
    /// The derivation of PKCS#12 (RFC 7292 §B.2) from a passphrase in UTF-16: `length` bytes.
    pub(crate) fn derive(
        &self,
        passphrase: &[u8],
        purpose: Purpose,
        length: usize,
    ) -> Result<Derived, String> {
        let iterations = rounds(self.iterations)?;
        let block = self.hash.block_length();
        let diversifier = vec![purpose as u8; block];
        let mut input: Derived = Zeroizing::new(filled(self.salt, block));
        input.extend_from_slice(&Zeroizing::new(filled(passphrase, block)));
        let mut key: Derived = Zeroizing::new(Vec::with_capacity(length + 64));
        loop {
            let mut part = self.hash.of(&[&diversifier, &input]);
            self.hash.repeat(&mut part, iterations.get() - 1);
            key.extend_from_slice(&part);
            if key.len() >= length {
                key.truncate(length);
                return Ok(key);
            }
            let addend = filled(part.get(..part.len().min(block)).unwrap_or_default(), block);
            for piece in input.chunks_mut(block) {
                add_one_and(piece, addend.get(..block).unwrap_or_default());
            }
        }
    }
}

/// Copies of `bytes` up to the next whole number of blocks; nothing if there are none.
fn filled(bytes: &[u8], block: usize) -> Vec<u8> {
    let length = bytes.len().div_ceil(block) * block;
    bytes.iter().copied().cycle().take(length).collect()
}

/// `number = number + addend + 1`, big-endian, what does not fit dropped.
fn add_one_and(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (digit, other) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*other) + carry;
        let [high, low] = sum.to_be_bytes();
        *digit = low;
        carry = u16::from(high);
    }
}
