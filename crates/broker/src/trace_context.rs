//! Where a request stands in the trace of its caller: `traceparent` (W3C Trace Context §3.2).
//!
//! Owns what such a header must look like. Invariant: nothing that a caller made up gets out of
//! here, only digits in their places.

use http::HeaderMap;

/// The length of a version, two ids and the flags with the dashes between them, in bytes.
const LENGTH: usize = 55;

/// The digits of the version, the trace, the span and the flags.
const DIGITS: [usize; 4] = [2, 32, 16, 2];

/// The `traceparent` of a request if it is one: what a later version puts after it is cut off. Two
/// of them are none, and a wrong one is none (§3.2.2).
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all("traceparent").iter();
    let text = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let is_as_long_as_it_may = rest.is_empty() || !known.starts_with("00") && rest.starts_with('-');
    let parts: Vec<&str> = known.split('-').collect();
    let is_whole = parts.len() == DIGITS.len()
        && parts.iter().zip(DIGITS).all(|(part, digits)| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            part.len() == digits && part.bytes().all(is_digit)
        });
    let has_ids = parts
        .iter()
        .skip(1)
        .take(2)
        .all(|id| id.bytes().any(|byte| byte != b'0'));
    (is_as_long_as_it_may && is_whole && has_ids && !known.starts_with("ff")).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", value.parse().unwrap());
        }
        traceparent(&headers).map(str::to_owned)
    }

    #[test]
    fn a_place_in_a_trace_is_taken_as_it_came() {
        assert_eq!(read(&[GOOD]).as_deref(), Some(GOOD));
        let later = GOOD.replacen("00", "cc", 1);
        assert_eq!(read(&[&format!("{later}-what-ever")]), Some(later));
    }

    #[test]
    fn what_is_no_place_in_a_trace_is_none() {
        let wrong = [
            String::new(),
            GOOD.to_uppercase(),
            GOOD.replacen("00", "ff", 1),
            format!("{GOOD}-more"),
            GOOD.replacen("00", "cc", 1) + "more",
            GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            GOOD.replace('-', "0"),
            GOOD.replace("4bf", "4bg"),
            GOOD[..54].to_owned(),
        ];
        for text in wrong {
            assert_eq!(read(&[&text]), None, "{text}");
        }
        assert_eq!(read(&[GOOD, GOOD]), None);
        assert_eq!(read(&[]), None);
    }
}
