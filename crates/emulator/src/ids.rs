//! Record ids (fact sheet §5.8): 15 case-sensitive characters, or 18 with a checksum.
//!
//! Owns their form and how the emulator counts them, so that the same actions give the same ids.

use std::fmt;

use aws_lc_rs::digest;

/// An 18-character record id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(String);

/// The digits that ids count in.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What the checksum is written in.
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The characters between key prefix and counter: the "pod" of this emulator.
const POD: &str = "Ac0";

/// How many ids there are for one key prefix.
const NUMBERS: u64 = 62u64.pow(9);

impl RecordId {
    /// Reads a 15- or 18-character id; the checksum of a long one must be right.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let short = text.get(..15).filter(|_| is_plain)?;
        let full = format!("{short}{}", checksum(short));
        match text.len() {
            15 => Some(Self(full)),
            18 => (full == text).then_some(Self(full)),
            _ => None,
        }
    }

    /// The id that `counter` gives for objects with this key prefix.
    #[must_use]
    pub fn numbered(key_prefix: &str, counter: u64) -> Self {
        let mut digits = [b'0'; 9];
        let mut rest = counter;
        for digit in digits.iter_mut().rev() {
            let index = usize::try_from(rest % 62).unwrap_or_default();
            *digit = DIGITS.get(index).copied().unwrap_or(b'0');
            rest /= 62;
        }
        let short = format!("{key_prefix}{POD}{}", String::from_utf8_lossy(&digits));
        Self(format!("{short}{}", checksum(&short)))
    }

    /// The id of the org with this name: the same name has the same id, and it is not a small
    /// number's.
    #[must_use]
    pub(crate) fn of_org(name: &str) -> Self {
        let found = digest::digest(&digest::SHA256, name.as_bytes());
        let number = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let drawn = found.as_ref().iter().take(8).fold(0, number);
        Self::numbered("00D", NUMBERS / 62 + drawn % (NUMBERS - NUMBERS / 62))
    }

    /// All 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 15 characters.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..15).unwrap_or_default()
    }

    /// The number that [`numbered`](Self::numbered) made it from.
    #[must_use]
    pub fn counter(&self) -> u64 {
        let digits = self.short().bytes().skip(6);
        digits.fold(0, |number, byte| {
            let digit = DIGITS.iter().position(|digit| *digit == byte);
            number * 62 + u64::try_from(digit.unwrap_or_default()).unwrap_or_default()
        })
    }

    /// The three characters that name the object.
    #[must_use]
    pub fn key_prefix(&self) -> &str {
        self.0.get(..3).unwrap_or_default()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One letter for each group of five: bit k is set where character k is upper case.
fn checksum(short: &str) -> String {
    short
        .as_bytes()
        .chunks(5)
        .map(|group| {
            let bits = group.iter().enumerate().fold(0usize, |bits, (k, byte)| {
                bits | usize::from(byte.is_ascii_uppercase()) << k
            });
            char::from(CHECKSUM.get(bits).copied().unwrap_or(b'A'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_recorded_ids_is_reproduced() {
        for id in [
            "001P000001vkheIIAQ",
            "0058F000003AEvIQAW",
            "005P000000AyPpYIAV",
        ] {
            let short = id.get(..15).unwrap();
            assert_eq!(RecordId::parse(short).unwrap().as_str(), id);
            assert_eq!(RecordId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "001",
            "001P000001vkheIIAR",
            "001P000001vkhe!",
            "001P000001vkheII",
        ] {
            assert_eq!(RecordId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbered_ids_are_valid_and_differ() {
        let first = RecordId::numbered("001", 1);
        assert_eq!(first.as_str(), "001Ac0000000001IAA");
        assert_eq!(RecordId::parse(first.as_str()), Some(first.clone()));
        assert_ne!(first, RecordId::numbered("001", 2));
        for counter in [0, 1, 61, 62, 1_000_000] {
            assert_eq!(RecordId::numbered("001", counter).counter(), counter);
        }
    }

    #[test]
    fn an_org_has_the_id_of_its_name() {
        let (acme, other) = (RecordId::of_org("acme"), RecordId::of_org("acme2"));
        assert_eq!(acme, RecordId::of_org("acme"));
        assert_ne!(acme, other);
        for id in [acme, other] {
            assert!(id.counter() >= NUMBERS / 62, "{id}");
            assert_eq!(RecordId::parse(id.as_str()), Some(id));
        }
    }
}
