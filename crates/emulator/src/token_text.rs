//! Random text of the alphabet that Salesforce's tokens and consumer keys use.

use std::io;

use accredit::random::Random;

/// 64 characters: six random bits choose one.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// The random characters of an access token, after org id and exclamation mark (fact sheet §1.6).
pub(crate) const TOKEN_LENGTH: usize = 96;

/// Draws `length` characters.
pub(crate) fn draw(random: &dyn Random, length: usize) -> io::Result<String> {
    let mut bytes = vec![0; length];
    random.fill(&mut bytes)?;
    Ok(bytes
        .iter()
        .map(|byte| {
            let index = usize::from(byte & 0x3f);
            char::from(ALPHABET.get(index).copied().unwrap_or(b'A'))
        })
        .collect())
}
