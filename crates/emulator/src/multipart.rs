//! `multipart/form-data` (RFC 7578), as browsers and API clients send it.
//!
//! Owns no limits: the body was capped and is in memory. What is not exactly of the form that they
//! write is refused as a whole.

/// The most parts that are read.
const PARTS_MAX: usize = 64;

/// A field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    head: &'a str,
    pub(crate) body: &'a [u8],
}

/// The boundary, if `content_type` is that of such a form.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameter(rest, "boundary")?;
    (!value.is_empty() && value.len() <= 70).then_some(value)
}

/// The fields in their order.
pub(crate) fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(delimiter.get(2..)?.as_bytes())?;
    let mut found = Vec::new();
    while found.len() < PARTS_MAX {
        if rest.starts_with(b"--") {
            return Some(found);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, delimiter.as_bytes())?;
        let (part, after) = rest.split_at_checked(end)?;
        let blank = find(part, b"\r\n\r\n")?;
        found.push(Part {
            head: std::str::from_utf8(part.get(..blank)?).ok()?,
            body: part.get(blank + 4..)?,
        });
        rest = after.get(delimiter.len()..)?;
    }
    None
}

impl Part<'_> {
    /// The name of the field. Browsers write a quote in it as `%22`.
    pub(crate) fn name(&self) -> Option<String> {
        let disposition = self.header("content-disposition")?;
        let (kind, rest) = disposition.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return None;
        }
        Some(parameter(rest, "name")?.replace("%22", "\""))
    }

    /// What a header of the part says.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The value of the parameter called `name` (RFC 2045, section 5.1), without its quotes. What is
/// escaped in them stays so: neither boundaries nor the names that are looked for need it.
fn parameter<'a>(mut rest: &'a str, name: &str) -> Option<&'a str> {
    loop {
        let (own, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quote_end(quoted)?;
                (quoted.get(..end)?, quoted.get(end + 1..)?)
            }
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after.get(..end)?.trim_end(), after.get(end..)?)
            }
        };
        if own.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = left.trim_start().strip_prefix(';')?;
    }
}

/// Where a quoted text ends: at the first quote that is not escaped.
fn quote_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_found() {
        assert_eq!(boundary("multipart/form-data; boundary=ab"), Some("ab"));
        assert_eq!(boundary("Multipart/Form-Data; boundary=\"ab\""), Some("ab"));
        let kind = "multipart/form-data; charset=utf-8; Boundary=\"a;b\"; x=y";
        assert_eq!(boundary(kind), Some("a;b"));
        assert_eq!(
            boundary("multipart/form-data;boundary=ab;charset=utf-8"),
            Some("ab")
        );
        for other in [
            "",
            "multipart/form-data; charset=\"boundary=x\"",
            "text/plain; boundary=x",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }

    #[test]
    fn the_name_may_stand_anywhere_and_without_quotes() {
        let name = |disposition: &'static str| {
            let head = format!("Content-Disposition: {disposition}");
            Part {
                head: &head,
                body: b"",
            }
            .name()
        };
        for (disposition, expected) in [
            ("form-data; name=json", "json"),
            ("form-data;name=\"a;b\"", "a;b"),
            ("form-data; filename=\"x; name=y\"; NAME=\"json\"", "json"),
            ("form-data; filename=\"a\\\"; name=no\"; name=yes", "yes"),
            ("form-data; filename=\"C:\\\\\"; name=\"a%22b\"", "a\"b"),
        ] {
            assert_eq!(
                name(disposition).as_deref(),
                Some(expected),
                "{disposition}"
            );
        }
        for other in [
            "attachment; name=json",
            "form-data",
            "form-data; name=\"open",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[test]
    fn a_part_may_hold_any_bytes() {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
            content-type: application/zip\r\n\r\n"
            .to_vec();
        body.extend_from_slice(&[0, 255, b'\r', b'\n', 7]);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let parts = parts(&body, "x").unwrap();
        assert_eq!(parts[0].name().as_deref(), Some("file"));
        assert_eq!(parts[0].header("Content-Type"), Some("application/zip"));
        assert_eq!(parts[0].body, [0, 255, b'\r', b'\n', 7]);
    }
}
