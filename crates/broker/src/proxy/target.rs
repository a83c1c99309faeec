//! Which request targets are forwarded: those that are allowed under every reading.
//!
//! Servers disagree on what a path means: whether `%2e` is a dot before or after the path is taken
//! apart, whether `\` is a slash, whether `;x` belongs to a name. A target passes only if it is
//! below an allowed prefix, without a step up, in all of these readings; then it is forwarded as it
//! came, byte for byte. The decision looks at the path alone.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// The longest target that is forwarded, in bytes: Salesforce takes no longer one (fact sheet
/// §5.7).
pub(crate) const LENGTH_MAX: usize = 16_384;

/// How often a path is decoded: more often than any chain of servers does.
const DECODINGS: usize = 4;

/// What stands after `/services` in paths that sign in, or that take a session from elsewhere than
/// a header: SOAP has it in its body.
const SIGN_IN: [&str; 4] = ["oauth2", "soap", "auth", "authcallback"];

/// Says whether `target` may be forwarded where a policy allows `prefixes`. Where people and apps
/// sign in is never allowed.
pub(crate) fn is_allowed(target: &str, prefixes: &[impl AsRef<str>]) -> bool {
    is_well_formed(target) && {
        let readings = readings(path_of(target));
        let is_allowed = |prefix: &str| readings.iter().all(|one| is_below(one, prefix));
        prefixes.iter().any(|prefix| is_allowed(prefix.as_ref()))
            && !readings.iter().any(|one| is_sign_in(one))
    }
}

/// Says whether in some reading of its path a target makes requests of other methods than its own:
/// several in one, or any code.
pub(crate) fn has_requests_within(target: &str) -> bool {
    readings(path_of(target)).iter().any(|reading| {
        let path = folded(reading);
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let is_one = match segment {
                "executeanonymous" => true,
                // Collections and trees keep to the method.
                "composite" => !matches!(segments.peek(), Some(&("sobjects" | "tree"))),
                _ => false,
            };
            if is_one {
                return true;
            }
        }
        false
    })
}

/// Says whether one reading leads to where somebody signs in. Servers merge slashes, so an empty
/// segment hides nothing.
pub(crate) fn is_sign_in(reading: &[u8]) -> bool {
    let path = folded(reading);
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.next() == Some("services")
        && segments.next().is_some_and(|next| SIGN_IN.contains(&next))
}

/// A reading as a server sees it that takes letters for the same in either case and in any width.
fn folded(reading: &[u8]) -> String {
    let text = String::from_utf8_lossy(reading);
    text.nfkc().collect::<String>().to_lowercase()
}

/// The part before the query.
pub(crate) fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// Says whether the target is made of the characters of RFC 3986, whole escapes, and no empty
/// segments.
fn is_well_formed(target: &str) -> bool {
    target.len() <= LENGTH_MAX
        && target.bytes().all(is_legal)
        && has_whole_escapes(target.as_bytes())
        && !path_of(target).contains("//")
}

const fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'/'
                | b'?'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
                | b'['
                | b']'
        )
}

fn has_whole_escapes(target: &[u8]) -> bool {
    let mut escapes = target.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    escapes.all(|(at, _)| escape_at(target, at).is_some())
}

/// The byte that an escape at `at` stands for.
fn escape_at(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()
}

/// The path as it is, decoded up to four times, each with backslashes as slashes and without
/// parameters of segments.
fn readings(path: &str) -> Vec<Cow<'_, [u8]>> {
    let mut readings = vec![Cow::Borrowed(path.as_bytes())];
    for _ in 0..DECODINGS {
        match readings.last().map(|last| decoded(last)) {
            Some(next) if readings.last().is_some_and(|last| **last != *next) => {
                readings.push(Cow::Owned(next));
            }
            _ => break,
        }
    }
    extend(&mut readings, b'\\', |one| {
        one.iter()
            .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
            .collect()
    });
    extend(&mut readings, b';', without_parameters);
    readings
}

/// Adds what `read` makes of each reading that holds `mark`.
fn extend(readings: &mut Vec<Cow<'_, [u8]>>, mark: u8, read: impl Fn(&[u8]) -> Vec<u8>) {
    let more: Vec<_> = readings
        .iter()
        .filter(|one| one.contains(&mark))
        .map(|one| Cow::Owned(read(one)))
        .collect();
    readings.extend(more);
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match escape_at(text, at).filter(|_| *byte == b'%') {
            Some(escaped) => {
                decoded.push(escaped);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

fn without_parameters(path: &[u8]) -> Vec<u8> {
    let mut is_parameter = false;
    let mut kept = path.to_vec();
    kept.retain(|byte| {
        match byte {
            b'/' => is_parameter = false,
            b';' => is_parameter = true,
            _ => {}
        }
        !is_parameter
    });
    kept
}

/// Says whether one reading stays below `prefix`, whatever is taken for a dot or a slash.
fn is_below(reading: &[u8], prefix: &str) -> bool {
    let Ok(text) = std::str::from_utf8(reading) else {
        return false;
    };
    text.starts_with(prefix)
        && !text.bytes().any(|byte| byte.is_ascii_control())
        && !has_steps(text)
        && (text.is_ascii() || !has_steps(&text.nfkc().collect::<String>()))
        && !has_wide_escape(text.as_bytes())
}

fn has_steps(text: &str) -> bool {
    text.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// Says whether there is an escape of the form `%u002e`, which some servers read.
fn has_wide_escape(text: &[u8]) -> bool {
    text.windows(6)
        .any(|six| six.starts_with(b"%u") && six.iter().skip(2).all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: [&str; 1] = ["/services/data/"];

    #[test]
    fn a_target_is_allowed_only_under_every_reading() {
        for (target, expected) in [
            ("/services/data/v62.0/query?q=..%2f..%2fsetup//x", true),
            ("/services/data/v62.0/sobjects/Account/Ext__c/a%2Fb", true),
            (
                "/services/data/v62.0/sobjects/Account/Ext__c/50%25off",
                true,
            ),
            ("/services/data/a;b=..;c/d", true),
            ("/services/data/%252e%252e/setup", false),
            ("/services/data/%25252525252e%252e/x", true),
            ("/services/data/..;x=1/setup", false),
            ("/services/data/%5c..%5csetup", false),
            ("/services/data/%e2%80%a5/setup", false),
            ("/services/data/%ff", false),
            ("/services/data/%u002e%u002e/x", false),
            ("/services/data/%2", false),
            ("/services/data", false),
            ("/Services/data/", false),
            ("http://127.0.0.1:8089/services/data/", false),
        ] {
            assert_eq!(is_allowed(target, &PREFIX), expected, "{target}");
        }
    }

    #[test]
    fn no_prefix_allows_to_sign_in() {
        for (target, expected) in [
            ("/services/oauth2/userinfo", false),
            ("/services/OAUTH2/userinfo", false),
            ("/services/o%2561uth2", false),
            ("/services/soap;x/u", false),
            ("/services/%2Foauth2/userinfo", false),
            ("/services/;x/oauth2/userinfo", false),
            ("/services/%5Coauth2/userinfo", false),
            ("/services/%252F;x%252Foauth2/userinfo", false),
            ("/services/%EF%BC%B3oap/u", false),
            ("/services/oauth2x", true),
            ("/services/apexrest/oauth2", true),
        ] {
            assert_eq!(is_allowed(target, &["/services/"]), expected, "{target}");
        }
    }
}
