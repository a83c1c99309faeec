//! Forms as a token endpoint gets them (`application/x-www-form-urlencoded`).
//!
//! Owns their syntax. Values may be secrets: they are wiped, and never shown.

use std::fmt;

use accredit::secret::Secret;

use crate::failure::Failure;

/// The most parameters of a form.
const PARAMETERS_MAX: usize = 50;

/// Names and values in the order of the form.
pub(crate) struct Form(Vec<(String, Secret<String>)>);

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let wrong = || Failure::bad_request("the body is no form");
        let text = std::str::from_utf8(body).map_err(|_| wrong())?;
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = unescape(name).ok_or_else(wrong)?;
            let value = unescape(value).ok_or_else(wrong)?;
            pairs.push((name, Secret::new(value)));
        }
        match pairs.len() <= PARAMETERS_MAX {
            true => Ok(Self(pairs)),
            false => Err(wrong()),
        }
    }

    /// The value of a parameter. One that stands twice is an error (RFC 6749 §3.2); an empty one
    /// counts as left out.
    pub(crate) fn only(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self.0.iter().filter(|(one, _)| one == name);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(Failure::bad_request(format!("{name} stands twice"))),
            (Some((_, value)), None) => Ok(Some(value.expose().as_str()).filter(|v| !v.is_empty())),
            (None, _) => Ok(None),
        }
    }
}

/// Takes escapes out of a text; `+` is a blank.
fn unescape(text: &str) -> Option<String> {
    decode(&text.replace('+', " "))
}

/// Takes percent escapes out of a text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_a_parameter_that_stands_twice_is_not() {
        let form = Form::parse(b"a=1+2%2B&b=&c=x&c=y").unwrap();
        assert_eq!(form.only("a").unwrap(), Some("1 2+"));
        assert_eq!(form.only("b").unwrap(), None);
        assert!(form.only("c").is_err());
        assert!(Form::parse(b"a=%2").is_err() && Form::parse(b"a=\xff").is_err());
        assert!(!format!("{form:?}").contains("1 2"));
    }
}
