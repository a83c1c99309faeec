//! Patterns of paths: `*` stands for anything within a segment, `**` for any number of segments.
//!
//! Owns the comparison, which takes time in proportion to pattern times path and never more.

use serde::{Deserialize, Serialize};

/// The longest pattern, in bytes.
const LENGTH_MAX: usize = 512;

/// A pattern of paths, such as `/services/data/*/query/**`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Pattern(String);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > LENGTH_MAX || !text.starts_with(['/', '*']) {
            return Err(format!(
                "a path pattern begins with / or * and has at most {LENGTH_MAX} bytes, found \
                 {text:?}"
            ));
        }
        Ok(Self(text))
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl Pattern {
    /// Says whether the whole of `path` fits.
    pub(crate) fn fits(&self, path: &str) -> bool {
        let pattern: Vec<&str> = self.0.split('/').collect();
        let path: Vec<&str> = path.split('/').collect();
        greedy(
            &pattern,
            &path,
            |part| *part == "**",
            |part, segment| segment_fits(part, segment),
        )
    }
}

fn segment_fits(pattern: &str, segment: &str) -> bool {
    let (pattern, segment) = (pattern.as_bytes(), segment.as_bytes());
    greedy(pattern, segment, |byte| *byte == b'*', |a, b| a == b)
}

/// Matches with wildcards that stand for any run: on a mismatch, only the last wildcard seen needs
/// to take one more.
fn greedy<P, T>(
    pattern: &[P],
    text: &[T],
    is_wild: impl Fn(&P) -> bool,
    is_equal: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while let Some(item) = text.get(t) {
        match pattern.get(p) {
            Some(part) if is_wild(part) => {
                last = Some((p, t));
                p += 1;
            }
            Some(part) if is_equal(part, item) => {
                p += 1;
                t += 1;
            }
            _ => match last {
                Some((wild, taken)) => {
                    last = Some((wild, taken + 1));
                    p = wild + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(is_wild))
}

/// A path with what differs from record to record replaced: versions, ids, locators.
pub(crate) fn template(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| placeholder(part).unwrap_or(part))
        .collect();
    parts.join("/")
}

fn placeholder(part: &str) -> Option<&'static str> {
    let is_version = part
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor));
    if is_version {
        return Some("{version}");
    }
    let head = part.split('-').next().unwrap_or_default();
    let is_id = matches!(head.len(), 15 | 18)
        && head.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && head.bytes().any(|byte| byte.is_ascii_digit());
    match is_id {
        true if head.len() < part.len() => Some("{locator}"),
        true => Some("{id}"),
        false => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_a_segment_and_double_stars_do_not() {
        let fits = |pattern: &str, path| Pattern::try_from(pattern.to_owned()).unwrap().fits(path);
        for (pattern, path) in [
            ("/services/oauth2/token", "/services/oauth2/token"),
            ("/services/data/*/query", "/services/data/v65.0/query"),
            (
                "/services/data/**",
                "/services/data/v65.0/sobjects/Account/1",
            ),
            ("/services/data/**", "/services/data"),
            ("**/query", "/services/data/v65.0/query"),
            ("/a/**/b/**/c", "/a/x/b/y/b/z/c"),
            ("/v*.0/x*y", "/v65.0/xxyy"),
            ("**", "/"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/services/data/*", "/services/data/v65.0/query"),
            ("/services/data/*/query", "/services/data/v65.0/queryAll"),
            ("/a/**/c", "/a/b"),
            ("/a", "/a/"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
        assert!(Pattern::try_from("services".to_owned()).is_err());
        assert!(Pattern::try_from("/".repeat(513)).is_err());
    }

    #[test]
    fn a_hostile_pattern_is_decided_at_once() {
        let pattern = Pattern::try_from(format!("/{}", "*a".repeat(200))).unwrap();
        assert!(!pattern.fits(&format!("/{}b", "a".repeat(20_000))));
    }

    #[test]
    fn a_template_hides_versions_ids_and_locators() {
        for (path, expected) in [
            (
                "/services/data/v65.0/sobjects/Account/001Ac0000000001IAA",
                "/services/data/{version}/sobjects/Account/{id}",
            ),
            (
                "/services/data/v65.0/query/01gAc0000000001IAA-200",
                "/services/data/{version}/query/{locator}",
            ),
            ("/id/00DAc0000000001MAA/005Ac0000000001IAA", "/id/{id}/{id}"),
            ("/services/oauth2/token", "/services/oauth2/token"),
            (
                "/services/data/v65.0/sobjects/OpportunityLine",
                "/services/data/{version}/sobjects/OpportunityLine",
            ),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
