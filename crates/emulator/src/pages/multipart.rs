//! `multipart/form-data` (RFC 7578), as browsers send a form with a file.
//!
//! Owns no limits: the body was capped and is in memory. What is not exactly of the form that
//! browsers write is refused as a whole.

use pem::{LineEnding, Pem};

use super::input::Pairs;

/// The most parts that are read.
const PARTS_MAX: usize = 64;

/// The boundary, if `content_type` is that of such a form.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = rest.trim().strip_prefix("boundary=")?.trim_matches('"');
    (!value.is_empty() && value.len() <= 70).then_some(value)
}

/// The fields in their order. A file counts as its text.
pub(super) fn read(body: &[u8], boundary: &str) -> Option<Pairs> {
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(delimiter.get(2..)?.as_bytes())?;
    let mut fields = Pairs::new();
    while fields.len() < PARTS_MAX {
        if rest.starts_with(b"--") {
            return Some(fields);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, delimiter.as_bytes())?;
        let (part, after) = rest.split_at_checked(end)?;
        let blank = find(part, b"\r\n\r\n")?;
        let head = std::str::from_utf8(part.get(..blank)?).ok()?;
        fields.push((name(head)?, text(part.get(blank + 4..)?)));
        rest = after.get(delimiter.len()..)?;
    }
    None
}

/// The name of a field. Browsers write a quote in it as `%22`.
fn name(head: &str) -> Option<String> {
    let line = head.split("\r\n").find(|line| {
        line.get(..20)
            .is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    })?;
    let (_, rest) = line.split_once("; name=\"")?;
    let (name, _) = rest.split_once('"')?;
    Some(name.replace("%22", "\""))
}

/// A certificate in binary form (DER, an ASN.1 SEQUENCE) becomes PEM; all else is text.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) if value.starts_with(&[0x30, 0x82]) => {
            let config = pem::EncodeConfig::new().set_line_ending(LineEnding::LF);
            pem::encode_config(&Pem::new("CERTIFICATE", value), config)
        }
        Err(_) => String::from_utf8_lossy(value).into_owned(),
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nCI\r\n\
        --x\r\ncontent-disposition: form-data; name=\"a%22b\"; filename=\"c.crt\"\r\n\
        Content-Type: application/x-x509-ca-cert\r\n\r\none\r\n--\r\ntwo\r\n--x--\r\n";

    #[test]
    fn fields_and_files_are_read() {
        let fields = read(FORM.as_bytes(), "x").unwrap();
        let expected = [("name", "CI"), ("a\"b", "one\r\n--\r\ntwo")];
        assert_eq!(
            fields,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_certificate_in_binary_form_becomes_pem() {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n".to_vec();
        body.extend_from_slice(&[0x30, 0x82, 0x01, 0xff, 0xfe]);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let fields = read(&body, "x").unwrap();
        assert!(
            fields[0]
                .1
                .starts_with("-----BEGIN CERTIFICATE-----\nMIIB//4=")
        );
    }

    #[test]
    fn what_is_cut_off_or_odd_is_refused() {
        for end in [0, 3, 20, 60, FORM.len() - 6] {
            assert_eq!(read(&FORM.as_bytes()[..end], "x"), None, "{end}");
        }
        assert_eq!(read(FORM.as_bytes(), "y"), None);
        assert_eq!(read(b"--x\r\n\r\n\r\n--x--", "x"), None);
    }

    #[test]
    fn the_boundary_is_found() {
        assert_eq!(boundary("multipart/form-data; boundary=ab"), Some("ab"));
        assert_eq!(boundary("Multipart/Form-Data; boundary=\"ab\""), Some("ab"));
        for other in [
            "",
            "text/plain; boundary=x",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }
}
