//! Whether files belong together.

use accredit_keys::{Description, Kind, belongs_together, describe};

use crate::data::{bytes, secret};

fn described(name: &str) -> Description {
    describe(&secret(bytes(name)), name).unwrap().remove(0)
}

#[test]
fn all_forms_of_one_key_belong_together() {
    let names = [
        "pkcs8.key",
        "pkcs1.key",
        "spki.pub",
        "pkcs1.pub",
        "server.csr",
        "server.crt",
        "issued.crt",
    ];
    let all = names.map(described);
    let files: Vec<(&str, &Description)> = names.into_iter().zip(&all).collect();
    assert_eq!(belongs_together(&files).unwrap(), []);
}

#[test]
fn the_one_that_differs_is_named_with_both_fingerprints() {
    let (key, request) = (described("pkcs8.key"), described("server.csr"));
    let certificate = described("other-sha1.crt");
    let files = [
        ("server.key", &key),
        ("server.csr", &request),
        ("server.crt", &certificate),
    ];
    let differences = belongs_together(&files).unwrap();
    let [difference] = differences.as_slice() else {
        panic!("{differences:?}");
    };
    assert_eq!(difference.first.origin, "server.key");
    assert_eq!(difference.other.origin, "server.crt");
    assert_eq!(difference.other.kind, Kind::Certificate);
    let said = difference.to_string();
    for description in [&key, &certificate] {
        assert!(
            said.contains(description.fingerprint.as_ref().unwrap()),
            "{said}"
        );
    }
}

#[test]
fn what_cannot_be_compared_is_named() {
    let (certificate, encrypted) = (described("server.crt"), described("encrypted.key"));
    let files = [("server.crt", &certificate), ("server.key", &encrypted)];
    let error = belongs_together(&files).unwrap_err().to_string();
    assert!(
        error.starts_with("server.key: found an encrypted private key"),
        "{error}"
    );
    for files in [&[][..], &files[..1]] {
        let error = belongs_together(files).unwrap_err().to_string();
        assert!(error.contains("at least two"), "{error}");
    }
}
