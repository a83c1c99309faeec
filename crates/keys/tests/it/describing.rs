//! What files are said to be.

use accredit::clock::UnixTime;
use accredit_keys::{Algorithm, Description, Issuer, Kind, Strength, Validity, describe};

use crate::data::{bytes, der, has_openssl, openssl, path, secret, text};

fn described(file: impl Into<Vec<u8>>) -> Description {
    let mut all = describe(&secret(file), "a file").unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn every_kind_is_told_with_its_algorithm_and_bits() {
    let rsa = Some(Algorithm::Rsa);
    let rows = [
        ("pkcs1.key", Kind::Pkcs1PrivateKey, rsa, Some(2048)),
        ("pkcs8.key", Kind::Pkcs8PrivateKey, rsa, Some(2048)),
        ("rsa1024.key", Kind::Pkcs8PrivateKey, rsa, Some(1024)),
        ("e3.key", Kind::Pkcs8PrivateKey, rsa, Some(2048)),
        (
            "pss.key",
            Kind::Pkcs8PrivateKey,
            Some(Algorithm::RsaPss),
            None,
        ),
        (
            "ec-pkcs8.key",
            Kind::Pkcs8PrivateKey,
            Some(Algorithm::Ec(256)),
            None,
        ),
        (
            "ed25519.key",
            Kind::Pkcs8PrivateKey,
            Some(Algorithm::Ed25519),
            None,
        ),
        ("encrypted.key", Kind::EncryptedPkcs8, None, None),
        ("dek-info.key", Kind::EncryptedPem, None, None),
        ("openssh.key", Kind::OpensshPrivateKey, None, None),
        ("spki.pub", Kind::SpkiPublicKey, rsa, Some(2048)),
        ("pkcs1.pub", Kind::Pkcs1PublicKey, rsa, Some(2048)),
        ("server.csr", Kind::Request, rsa, Some(2048)),
        ("server.crt", Kind::Certificate, rsa, Some(2048)),
        (
            "ec.crt",
            Kind::Certificate,
            Some(Algorithm::Ec(256)),
            Some(256),
        ),
        ("server.p12", Kind::Pkcs12, None, None),
        ("server.p7b", Kind::Pkcs7, None, None),
    ];
    for (name, kind, algorithm, bits) in rows {
        let pem = described(bytes(name));
        assert_eq!(
            (pem.kind, pem.algorithm, pem.bits),
            (kind, algorithm, bits),
            "{name}"
        );
        assert_eq!(pem.public_key.is_some(), algorithm == rsa, "{name}");
    }
}

#[test]
fn pem_and_der_are_described_alike() {
    for name in [
        "pkcs1.key",
        "pkcs8.key",
        "spki.pub",
        "pkcs1.pub",
        "server.csr",
        "server.crt",
    ] {
        let (pem, der) = (described(bytes(name)), described(der(name)));
        assert_eq!(format!("{pem:?}"), format!("{der:?}"), "{name}");
    }
}

#[test]
fn every_document_of_a_file_is_described_in_its_order() {
    let file = text("ec.key") + &text("server.crt") + &text("pkcs1.key");
    let kinds: Vec<Kind> = describe(&secret(file), "chain.pem")
        .unwrap()
        .iter()
        .map(|description| description.kind)
        .collect();
    let expected = [
        Kind::Parameters,
        Kind::Sec1PrivateKey,
        Kind::Certificate,
        Kind::Pkcs1PrivateKey,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_certificate_tells_its_issuer_and_signature() {
    let certificate = |name| described(bytes(name)).certificate.unwrap();
    assert_eq!(certificate("server.crt").issued_by, Issuer::Itself);
    assert_eq!(certificate("issued.crt").issued_by, Issuer::Other);
    assert_eq!(certificate("issued.crt").issuer, "CN=other.example.com");
    assert_eq!(certificate("ec.crt").issued_by, Issuer::ItselfUnverified);
    let sha1 = certificate("other-sha1.crt");
    assert_eq!(sha1.issued_by, Issuer::Itself);
    assert_eq!(sha1.signature.strength(), Strength::Weak);
    assert_eq!(sha1.signature.to_string(), "sha1WithRSAEncryption");
    assert_eq!(
        certificate("server.crt").signature.strength(),
        Strength::Sound
    );
    assert_eq!(
        certificate("server.crt").pem_length,
        bytes("server.crt").len()
    );
    assert_eq!(
        certificate("server.crt").der_length,
        der("server.crt").len()
    );
}

#[test]
fn a_certificate_whose_signature_was_changed_is_not_its_own() {
    let mut changed = der("server.crt");
    *changed.last_mut().unwrap() ^= 1;
    let certificate = described(changed).certificate.unwrap();
    assert_eq!(certificate.issued_by, Issuer::ItselfFalsely);
}

#[test]
fn fingerprints_are_those_of_openssl() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, command) in [
        ("server.crt", "x509"),
        ("ec.crt", "x509"),
        ("server.csr", "req"),
    ] {
        let (file, spki) = (path(name), folder.path().join("spki"));
        let (file, spki) = (file.to_str().unwrap(), spki.to_str().unwrap());
        let public = openssl(&[command, "-in", file, "-noout", "-pubkey"]);
        std::fs::write(spki, public).unwrap();
        let der = format!("{spki}.der");
        openssl(&[
            "pkey", "-pubin", "-in", spki, "-outform", "DER", "-out", &der,
        ]);
        let digest = openssl(&["dgst", "-sha256", "-r", &der]);
        let ours = described(bytes(name)).fingerprint.unwrap();
        assert_eq!(digest.split(' ').next(), Some(ours.as_str()), "{name}");
    }
}

#[test]
fn validity_counts_both_ends() {
    let certificate = described(bytes("server.crt")).certificate.unwrap();
    let (from, until) = (
        certificate.not_before.as_secs(),
        certificate.not_after.as_secs(),
    );
    let at = |seconds| certificate.validity_at(UnixTime::from_secs(seconds));
    let span = std::time::Duration::from_secs;
    assert_eq!(at(from - 5), Validity::NotYet(span(5)));
    assert_eq!(at(from), Validity::Valid(span(until - from)));
    assert_eq!(at(until), Validity::Valid(span(0)));
    assert_eq!(at(until + 1), Validity::Expired(span(1)));
    assert_eq!(at(from).days_left(), 36500);
    assert_eq!(at(until + 1).days_left(), 0);
}

#[test]
fn a_description_holds_no_secret() {
    let shown = format!("{:?}", described(bytes("pkcs1.key")));
    assert!(
        shown.contains("Pkcs1PrivateKey") && shown.len() < 600,
        "{shown}"
    );
}
