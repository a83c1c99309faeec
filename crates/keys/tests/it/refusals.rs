//! Files that hold no key that may sign: each is refused by name.

use accredit::error::ErrorKind;
use accredit::key::Engine;
use accredit_keys::{FILE_LENGTH_MAX, private_key};

use crate::data::{bytes, der, secret, text};

/// One refused file: its name, its bytes, and words that the error must have.
type Row = (&'static str, Vec<u8>, &'static [&'static str]);

fn check(rows: Vec<Row>) {
    for (name, file, words) in rows {
        for engine in [Engine::QuickStart, Engine::Throughput] {
            let error = private_key(&secret(file.clone()), "env:KEY", engine).unwrap_err();
            let message = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Key, "{name}");
            assert!(message.starts_with("env:KEY: "), "{name}: {message}");
            for word in words {
                assert!(message.contains(word), "{name}: no {word:?} in {message:?}");
            }
            assert_no_quote(name, &file, &format!("{message}{error:?}"));
        }
    }
}

/// No error may repeat a piece of the file's base64.
fn assert_no_quote(name: &str, file: &[u8], message: &str) {
    for line in String::from_utf8_lossy(file).lines() {
        let line = line.trim();
        if line.len() >= 16 && line.is_ascii() && !line.contains(' ') {
            assert!(!message.contains(&line[..16]), "{name}: {message}");
        }
    }
}

#[test]
fn what_is_no_private_key_is_named() {
    check(vec![
        (
            "certificate",
            bytes("server.crt"),
            &["a certificate,", "expected"],
        ),
        (
            "certificate DER",
            der("server.crt"),
            &["a certificate,", "server.key"],
        ),
        ("EC certificate", bytes("ec.crt"), &["a certificate,"]),
        (
            "request",
            bytes("server.csr"),
            &["a certificate request,", "expected"],
        ),
        (
            "request DER",
            der("server.csr"),
            &["a certificate request,"],
        ),
        (
            "public key",
            bytes("spki.pub"),
            &["a public key", "cannot sign"],
        ),
        (
            "public key DER",
            der("spki.pub"),
            &["a public key", "cannot sign"],
        ),
        (
            "PKCS#1 public key",
            bytes("pkcs1.pub"),
            &["an RSA public key (PKCS#1)"],
        ),
        (
            "SSH public key",
            b"ssh-rsa AAAAB3Nza a@b".to_vec(),
            &["an SSH public key"],
        ),
        ("PKCS#7", bytes("server.p7b"), &["a PKCS#7 envelope"]),
        ("JSON", b"{\"a\": 1}".to_vec(), &["a JSON document,"]),
        (
            "two certificates",
            [bytes("server.crt"), bytes("other-sha1.crt")].concat(),
            &["a certificate and 1 more without a private key"],
        ),
    ]);
}

#[test]
fn a_private_key_that_cannot_sign_for_salesforce_is_named() {
    let two = [bytes("pkcs8.key"), bytes("other.key")].concat();
    let same = [bytes("pkcs8.key"), bytes("pkcs1.key")].concat();
    let mixed = [bytes("pkcs8.key"), bytes("encrypted.key")].concat();
    check(vec![
        (
            "EC",
            bytes("ec.key"),
            &["an EC private key", "expected", "RSA"],
        ),
        (
            "EC PKCS#8",
            bytes("ec-pkcs8.key"),
            &["private key for EC P-256", "RSA"],
        ),
        (
            "Ed25519",
            bytes("ed25519.key"),
            &["private key for Ed25519", "RSA"],
        ),
        (
            "Ed25519 DER",
            der("ed25519.key"),
            &["private key for Ed25519"],
        ),
        ("PSS", bytes("pss.key"), &["private key for RSA-PSS"]),
        ("1024 bits", bytes("rsa1024.key"), &["1024 bits", "2048"]),
        ("1024 bits DER", der("rsa1024.key"), &["1024 bits", "2048"]),
        (
            "exponent 3",
            bytes("e3.key"),
            &["public exponent 3,", "65537"],
        ),
        ("two keys", two, &["2 private keys", "expected one"]),
        ("a key twice", same, &["2 private keys"]),
        ("a key and an encrypted one", mixed, &["2 private keys"]),
    ]);
}

#[test]
fn an_encrypted_key_is_named_where_nobody_knows_its_passphrase() {
    check(vec![
        (
            "PKCS#8",
            bytes("encrypted.key"),
            &["encrypted", "no passphrase"],
        ),
        (
            "PKCS#8 DER",
            der("encrypted.key"),
            &["encrypted", "no passphrase"],
        ),
        (
            "DEK-Info",
            bytes("dek-info.key"),
            &["DEK-Info", "no passphrase"],
        ),
        (
            "PKCS#12",
            bytes("server.p12"),
            &["PKCS#12", "no passphrase"],
        ),
    ]);
}

#[test]
fn a_format_that_is_not_read_is_named_with_the_command_that_converts_it() {
    check(vec![
        (
            "OpenSSH",
            bytes("openssh.key"),
            &["OpenSSH", "ssh-keygen -p -m PEM"],
        ),
        (
            "PuTTY",
            b"PuTTY-User-Key-File-3: ssh-rsa".to_vec(),
            &["PuTTY", "puttygen"],
        ),
        (
            "key store",
            b"\xfe\xed\xfe\xed\0\0\0\x02\0".to_vec(),
            &["Java key store", "keytool"],
        ),
    ]);
}

#[test]
fn json_without_a_whole_key_is_named() {
    let jwk = |members: &str| format!("{{{members}}}").into_bytes();
    let nested = r#"{"value":{"value":{"value":{"value":{"private_key":"-----BEGIN A"}}}}}"#;
    check(vec![
        (
            "numbers missing",
            jwk(r#""kty":"RSA","n":"AQAB","d":"AQ""#),
            &["no e, p, q, dp, dq, qi"],
        ),
        (
            "public",
            jwk(r#""kty":"RSA","n":"AQAB","e":"AQAB""#),
            &["an RSA public key", "cannot sign"],
        ),
        ("curve", jwk(r#""kty":"EC","d":"AQ""#), &["(EC)", "RSA"]),
        (
            "symmetric",
            jwk(r#""kty":"oct","k":"AQ""#),
            &["(oct)", "RSA"],
        ),
        ("unknown", jwk(r#""kty":"x""#), &["no known kty"]),
        (
            "not base64url",
            jwk(r#""kty":"RSA","n":"*","e":"AQAB""#),
            &["its n is not base64url"],
        ),
        (
            "cut off",
            br#"{"kty":"RSA","n":"AQ"#.to_vec(),
            &["damaged", "cut off"],
        ),
        ("deep", nested.as_bytes().to_vec(), &["too deep"]),
        (
            "no key",
            br#"{"a":"-----BEGIN CERTIFICATE-----"}"#.to_vec(),
            &["without a key"],
        ),
    ]);
}

#[test]
fn a_damaged_file_is_named() {
    let pem = text("pkcs8.key");
    let rsa = "RSA PRIVATE KEY";
    check(vec![
        ("empty", vec![], &["the file is empty"]),
        ("white space", b" \r\n\t\n".to_vec(), &["the file is empty"]),
        (
            "too long",
            vec![b'a'; FILE_LENGTH_MAX + 1],
            &["65537 bytes", "at most 65536"],
        ),
        ("garbage", b"not a key".to_vec(), &["neither PEM nor DER"]),
        ("binary garbage", vec![0xff; 64], &["neither PEM nor DER"]),
        ("UTF-16", b"\xff\xfe-".to_vec(), &["UTF-16"]),
        (
            "label",
            pem.replace("PRIVATE KEY", rsa).into(),
            &["label", "PKCS#8"],
        ),
        (
            "DER cut off",
            der("pkcs8.key")[..900].into(),
            &["DER value does not end"],
        ),
        (
            "DER and more",
            [der("pkcs8.key"), vec![10]].concat(),
            &["DER value does not end"],
        ),
    ]);
}

#[test]
fn a_damaged_pem_block_is_named() {
    let pem = text("pkcs8.key");
    let lines: Vec<&str> = pem.lines().collect();
    check(vec![
        (
            "no END",
            lines[..lines.len() - 1].join("\n").into(),
            &["END line is missing"],
        ),
        ("cut off", pem[..900].into(), &["END line is missing"]),
        (
            "no BEGIN",
            lines[1..].join("\n").into(),
            &["BEGIN line is missing"],
        ),
        (
            "half a BEGIN",
            pem[1..].into(),
            &["BEGIN line is missing or not complete"],
        ),
        (
            "a key cut off before a key",
            format!("{}{pem}", &pem[..900]).into(),
            &["END line"],
        ),
        (
            "other END",
            pem.replacen("END", "END RSA", 1).into(),
            &["do not fit together"],
        ),
        (
            "a line lost",
            [&lines[..5], &lines[6..]].concat().join("\n").into(),
            &["DER value"],
        ),
        (
            "a digit lost",
            pem.replacen("MII", "MI", 1).into(),
            &["not base64"],
        ),
        (
            "a strange digit",
            pem.replacen("MII", "M*I", 1).into(),
            &["not base64"],
        ),
        (
            "empty block",
            format!("{}\n{}", lines[0], lines[lines.len() - 1]).into(),
            &["empty"],
        ),
    ]);
}

#[test]
fn numbers_that_do_not_belong_together_are_refused() {
    let mut key = der("pkcs1.key");
    let last = key.len() - 1;
    key[last] ^= 1;
    check(vec![("coefficient", key, &["cannot be used"])]);
}
