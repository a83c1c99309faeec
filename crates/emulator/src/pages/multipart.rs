//! Forms with a file, as browsers send them: each field as a text.

use pem::{LineEnding, Pem};

use super::input::Pairs;
use crate::multipart;

pub(super) use crate::multipart::boundary;

/// The fields in their order. A file counts as its text.
pub(super) fn read(body: &[u8], boundary: &str) -> Option<Pairs> {
    let parts = multipart::parts(body, boundary)?;
    let fields = parts.iter();
    fields
        .map(|part| Some((part.name()?, text(part.body))))
        .collect()
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
}
