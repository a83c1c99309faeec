//! Taking off what a passphrase put on: block ciphers in CBC mode with PKCS#7 padding.
//!
//! Owns the ciphers of key files, new and old. Where their keys come from is for `derivation`.
//! Nothing is authenticated here: whoever calls checks what comes out. What comes out is wiped.

use accredit::secret::Secret;
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit as _, KeyInit as _, KeyIvInit as _};
use des::{Des, TdesEde3};
use rc2::Rc2;
use zeroize::{Zeroize as _, Zeroizing};

/// A block cipher in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    /// Three keys of 64 bits.
    TripleDes,
    /// The same with the first key used twice.
    TwoKeyTripleDes,
    Des,
    /// RC2 (RFC 2268) with a key of this many bytes.
    Rc2(usize),
}

impl Cipher {
    /// The length of the key in bytes.
    pub(crate) const fn key_length(self) -> usize {
        match self {
            Self::Aes128 | Self::TwoKeyTripleDes => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Des => 8,
            Self::Rc2(length) => length,
        }
    }

    /// The length of a block, and so of the initialization vector, in bytes.
    pub(crate) const fn block_length(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            _ => 8,
        }
    }

    /// Decrypts `sealed` and takes the padding off; `None` if lengths or padding are wrong, as they
    /// mostly are with a wrong key.
    pub(crate) fn decrypt(self, key: &[u8], iv: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        let is_whole = !sealed.is_empty() && sealed.len().is_multiple_of(self.block_length());
        if !is_whole || iv.len() != self.block_length() || key.len() != self.key_length() {
            return None;
        }
        match self {
            Self::Aes128 => aes_decrypt(&AES_128, key, iv, sealed),
            Self::Aes192 => aes_decrypt(&AES_192, key, iv, sealed),
            Self::Aes256 => aes_decrypt(&AES_256, key, iv, sealed),
            Self::TripleDes => unpad(
                Decryptor::<TdesEde3>::new_from_slices(key, iv).ok()?,
                sealed,
            ),
            Self::TwoKeyTripleDes => {
                let three = Zeroizing::new([key, key.get(..8)?].concat());
                unpad(
                    Decryptor::<TdesEde3>::new_from_slices(&three, iv).ok()?,
                    sealed,
                )
            }
            Self::Des => unpad(Decryptor::<Des>::new_from_slices(key, iv).ok()?, sealed),
            Self::Rc2(_) => {
                let cipher = Rc2::new_from_slice(key).ok()?;
                unpad(Decryptor::inner_iv_slice_init(cipher, iv).ok()?, sealed)
            }
        }
    }
}

fn unpad(cipher: impl BlockModeDecrypt, sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    let mut opened = sealed.to_vec();
    match cipher.decrypt_padded::<Pkcs7>(&mut opened).map(<[u8]>::len) {
        Ok(length) => {
            opened.truncate(length);
            Some(Secret::new(opened))
        }
        Err(_) => {
            opened.zeroize();
            None
        }
    }
}

fn aes_decrypt(
    algorithm: &'static Algorithm,
    key: &[u8],
    iv: &[u8],
    sealed: &[u8],
) -> Option<Secret<Vec<u8>>> {
    let key = UnboundCipherKey::new(algorithm, key).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
    let iv: [u8; 16] = iv.try_into().ok()?;
    let context = DecryptionContext::Iv128(FixedLength::from(&iv));
    let mut opened = sealed.to_vec();
    match key.decrypt(&mut opened, context).map(|plain| plain.len()) {
        Ok(length) => {
            opened.truncate(length);
            Some(Secret::new(opened))
        }
        Err(_) => {
            opened.zeroize();
            None
        }
    }
}

/// Encrypts `plain` with AES-256-CBC, padded; `None` if the library refuses.
pub(crate) fn seal(key: &[u8; 32], iv: [u8; 16], plain: &[u8]) -> Option<Vec<u8>> {
    let key = UnboundCipherKey::new(&AES_256, key).ok()?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).ok()?;
    // Room for the padding, so that no copy of the plain text is left behind.
    let mut sealed = Vec::with_capacity(plain.len() + 16);
    sealed.extend_from_slice(plain);
    let context = EncryptionContext::Iv128(FixedLength::from(&iv));
    key.less_safe_encrypt(&mut sealed, context).ok()?;
    Some(sealed)
}
