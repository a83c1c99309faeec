//! Names and patterns of names in policies: `*` stands for any characters.
//!
//! Owns the matching, in time that the length of both bounds.

use std::fmt;

use accredit::error::Error;

/// A name, or a pattern with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](accredit::error::ErrorKind::Setting) if it is empty, longer than 320
    /// bytes, or holds a blank or a control character.
    pub fn new(text: &str) -> Result<Self, Error> {
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        match text.is_empty() || text.len() > 320 || text.contains(is_odd) {
            true => Err(Error::setting(
                "expected a name or a pattern such as *@example.com, without blanks",
            )),
            false => Ok(Self(text.to_owned())),
        }
    }

    /// The pattern that everything matches.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Says whether `name` matches, letter by letter.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_nothing_else_does() {
        for (pattern, name, expected) in [
            ("default", "default", true),
            ("default", "default2", false),
            ("*", "", true),
            ("*@example.com", "a@example.com", true),
            ("*@example.com", "a@example.com.attacker.example", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("int-*", "int-", true),
            ("a.c", "abc", false),
        ] {
            let found = Pattern::new(pattern).unwrap().matches(name);
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }
}
