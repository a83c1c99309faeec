//! Encrypted keys, PKCS#12 and JSON: opened with the right passphrase, refused with a wrong one.

use accredit::error::Error;
use accredit::key::{Engine, Signer as _};
use accredit_keys::{FILE_LENGTH_MAX, Kind, describe_with, load};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::data::{bytes, der, has_openssl, openssl, path, secret, text, word};

const PASSPHRASE: &str = "SomePassword";

fn fingerprint(file: impl Into<Vec<u8>>, passphrase: &str) -> Result<String, Error> {
    load(
        &secret(file),
        "a.key",
        &word(passphrase),
        Engine::QuickStart,
    )
    .map(|loaded| loaded.key.public_key().fingerprint())
}

fn expected() -> String {
    fingerprint(bytes("pkcs8.key"), "").unwrap()
}

#[test]
fn keys_that_were_encrypted_once_open_with_their_passphrase_only() {
    for name in ["encrypted.key", "dek-info.key", "server.p12"] {
        assert_eq!(
            fingerprint(bytes(name), PASSPHRASE).unwrap(),
            expected(),
            "{name}"
        );
        for wrong in ["", "somepassword", "SomePassword "] {
            let refused = fingerprint(bytes(name), wrong).unwrap_err().to_string();
            assert!(refused.starts_with("a.key: "), "{name}: {refused}");
            assert!(refused.contains("passphrase is wrong"), "{name}: {refused}");
        }
    }
}

#[test]
fn every_encryption_that_openssl_writes_is_read() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let key = path("pkcs8.key").display().to_string();
    let word = ["-passout", "pass:Grün & 7"];
    let pkcs8 = [
        "-v2 aes128",
        "-v2 aes192",
        "-v2 aes256",
        "-v2 des3",
        "-v2 aes256 -v2prf hmacWithSHA1",
        "-v2 aes256 -v2prf hmacWithSHA384",
        "-v2 aes128 -v2prf hmacWithSHA512",
        "-v2 aes256 -iter 1",
        "-scrypt",
        "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 3",
        "-v1 PBE-SHA1-3DES",
        "-v1 PBE-SHA1-2DES",
        "-v1 PBE-SHA1-RC2-128 -provider legacy -provider default",
        "-v1 PBE-SHA1-RC2-40 -provider legacy -provider default",
        "-v1 PBE-MD5-DES -provider legacy -provider default",
        "-v1 PBE-SHA1-DES -provider legacy -provider default",
    ];
    for options in pkcs8 {
        for form in ["PEM", "DER"] {
            let out = at("pkcs8");
            let mut line = vec![
                "pkcs8", "-topk8", "-in", &key, "-out", &out, "-outform", form,
            ];
            line.extend(word);
            line.extend(options.split(' '));
            openssl(&line);
            let file = std::fs::read(&out).unwrap();
            assert_eq!(
                fingerprint(file, "Grün & 7").unwrap(),
                expected(),
                "{options} {form}"
            );
        }
    }
    for cipher in ["-des3", "-aes128", "-aes192", "-aes256"] {
        let out = at("traditional");
        let mut line = vec!["rsa", "-traditional", cipher, "-in", &key, "-out", &out];
        line.extend(word);
        openssl(&line);
        let file = std::fs::read(&out).unwrap();
        assert_eq!(
            fingerprint(file.clone(), "Grün & 7").unwrap(),
            expected(),
            "{cipher}"
        );
        let one_line = String::from_utf8(file).unwrap().replace('\n', " ");
        assert_eq!(
            fingerprint(one_line, "Grün & 7").unwrap(),
            expected(),
            "{cipher}"
        );
    }
}

#[test]
fn every_pkcs12_that_openssl_writes_is_read() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("p12").display().to_string();
    let (key, certificate) = (path("pkcs8.key"), path("server.crt"));
    for (options, passphrase) in [
        ("", PASSPHRASE),
        ("-legacy", PASSPHRASE),
        ("-nomac", PASSPHRASE),
        ("", "schlüssel 7"),
        ("-legacy", "schlüssel 7"),
        ("", ""),
        ("-legacy", ""),
        ("-macalg sha512", PASSPHRASE),
        ("-keypbe NONE -certpbe NONE", PASSPHRASE),
        ("-keypbe AES-128-CBC", PASSPHRASE),
        ("-legacy -keypbe PBE-SHA1-RC2-40", PASSPHRASE),
        ("-iter 1 -maciter", PASSPHRASE),
    ] {
        let word = format!("pass:{passphrase}");
        let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
        let mut line = vec![
            "pkcs12",
            "-export",
            "-inkey",
            key,
            "-in",
            certificate,
            "-out",
            &out,
        ];
        line.extend(["-passout", &word]);
        line.extend(options.split_whitespace());
        openssl(&line);
        let file = std::fs::read(&out).unwrap();
        let found = fingerprint(file.clone(), passphrase).unwrap();
        assert_eq!(found, expected(), "{options} {passphrase}");
        let described = describe_with(&secret(file), "a", &crate::data::word(passphrase)).unwrap();
        let kinds: Vec<Kind> = described.iter().map(|found| found.kind).collect();
        assert!(kinds.contains(&Kind::Certificate), "{options}: {kinds:?}");
        assert!(
            described
                .iter()
                .all(|one| one.fingerprint == Some(expected())),
            "{options}"
        );
    }
}

/// A file with a MAC of RFC 9579, put together by hand around the contents that openssl wrote.
#[test]
fn a_pkcs12_with_the_newest_kind_of_mac_is_read() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("p12").display().to_string();
    let (key, certificate) = (path("pkcs8.key"), path("server.crt"));
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    let word = format!("pass:{PASSPHRASE}");
    let line = [
        "pkcs12",
        "-export",
        "-nomac",
        "-inkey",
        key,
        "-in",
        certificate,
        "-out",
        &out,
    ];
    openssl(&[line.as_slice(), &["-passout", &word]].concat());
    let plain = std::fs::read(&out).unwrap();
    // PFX: version, then ContentInfo with the octets that the MAC covers behind its type.
    let content_info = &plain[7..];
    let covered = &content_info[4 + 11 + 4 + 4..];
    let sequence = |parts: &[&[u8]]| wrap(0x30, &parts.concat());
    let mut mac_key = [0; 32];
    let rounds = std::num::NonZeroU32::new(2048).unwrap();
    let prf = aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA512;
    aws_lc_rs::pbkdf2::derive(prf, rounds, &[7; 8], PASSPHRASE.as_bytes(), &mut mac_key);
    let mac_key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &mac_key);
    let tag = aws_lc_rs::hmac::sign(&mac_key, covered);
    let hmac = |oid: &str| sequence(&[&unhex(oid), &[5, 0]]);
    let (sha256, sha512) = (hmac("06082a864886f70d0209"), hmac("06082a864886f70d020b"));
    let parameters = sequence(&[&unhex("0408070707070707070702020800020120"), &sha512]);
    let derivation = sequence(&[&unhex("06092a864886f70d01050c"), &parameters]);
    let pbmac1 = sequence(&[
        &unhex("06092a864886f70d01050e"),
        &sequence(&[&derivation, &sha256]),
    ]);
    let digest = sequence(&[&pbmac1, &wrap(4, tag.as_ref())]);
    let mac = sequence(&[&digest, &wrap(4, b"NOT USED"), &[2, 1, 1]]);
    let whole = sequence(&[&[2, 1, 3], content_info, &mac]);
    assert_eq!(fingerprint(whole.clone(), PASSPHRASE).unwrap(), expected());
    let refused = fingerprint(whole, "wrong").unwrap_err().to_string();
    assert!(refused.contains("passphrase is wrong"), "{refused}");
}

fn wrap(tag: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    let header = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [header, body.to_vec()].concat()
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_by_name() {
    // EncryptedPrivateKeyInfo with PBES2 around a derivation.
    let sequence = |parts: &[Vec<u8>]| wrap(0x30, &parts.concat());
    let info = |oid: &str, parameters: &[&[u8]]| {
        let salt = wrap(0x04, &[0; 8]);
        let numbers = parameters.iter().map(|number| wrap(0x02, number));
        let parameters: Vec<Vec<u8>> = std::iter::once(salt).chain(numbers).collect();
        let derivation = sequence(&[unhex(oid), sequence(&parameters)]);
        let iv = wrap(0x04, &[0; 16]);
        let cipher = sequence(&[unhex("0609608648016503040102"), iv]);
        let pbes2 = sequence(&[derivation, cipher]);
        let algorithm = sequence(&[unhex("06092a864886f70d01050d"), pbes2]);
        sequence(&[algorithm, wrap(0x04, &[0; 64])])
    };
    let iterations = info("06092a864886f70d01050c", &[&[0, 0x80, 0, 0, 0]]);
    let scrypt = info("06092b06010401da47040b", &[&[0, 0x80, 0, 0], &[8], &[1]]);
    for (file, words) in [
        (
            iterations,
            "hashed 2147483648 times, expected 1 to 10000000",
        ),
        (scrypt, "scrypt N=8388608 r=8 p=1"),
    ] {
        let refused = fingerprint(file, PASSPHRASE).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_pkcs12_in_ber_is_read() {
    let der = bytes("server.p12");
    let open_everywhere = to_ber(&der, Lengths::Open);
    assert!(open_everywhere.starts_with(b"\x30\x80\x02\x01\x03\x30\x80"));
    let mut open_inside = to_ber(&der, Lengths::Open)[2..].to_vec();
    open_inside.truncate(open_inside.len() - 2);
    for file in [
        open_everywhere,
        to_ber(&der, Lengths::Long),
        wrap(0x30, &open_inside),
    ] {
        assert_eq!(fingerprint(file.clone(), PASSPHRASE).unwrap(), expected());
        assert!(fingerprint(&file[..file.len() - 3], PASSPHRASE).is_err());
    }
}

#[derive(Clone, Copy)]
enum Lengths {
    /// Left open where values are constructed, and octets in pieces.
    Open,
    /// Four bytes each.
    Long,
}

/// The values in `der` in another of the forms that BER allows.
fn to_ber(der: &[u8], lengths: Lengths) -> Vec<u8> {
    let mut rest = der;
    let mut written = Vec::new();
    while let [tag, length, after @ ..] = rest {
        let (length, after) = match *length {
            0x81 => (usize::from(after[0]), &after[1..]),
            0x82 => (
                usize::from(after[0]) << 8 | usize::from(after[1]),
                &after[2..],
            ),
            short => (usize::from(short), after),
        };
        let (body, after) = after.split_at(length);
        let is_constructed = tag & 0x20 != 0;
        let body = if is_constructed {
            to_ber(body, lengths)
        } else {
            body.to_vec()
        };
        match lengths {
            Lengths::Open if is_constructed => {
                written.extend([&[*tag, 0x80], body.as_slice(), &[0, 0]].concat());
            }
            Lengths::Open if *tag == 4 => {
                let pieces: Vec<u8> = body.chunks(100).flat_map(|piece| wrap(4, piece)).collect();
                written.extend([&[0x24, 0x80], pieces.as_slice(), &[0, 0]].concat());
            }
            Lengths::Open => written.extend(wrap(*tag, &body)),
            Lengths::Long => {
                let length = u32::try_from(body.len()).unwrap().to_be_bytes();
                written.extend([&[*tag, 0x84], length.as_slice(), &body].concat());
            }
        }
        rest = after;
    }
    written
}

#[test]
fn a_locked_file_that_is_damaged_is_refused_and_nothing_panics() {
    for name in ["encrypted.key", "server.p12"] {
        let whole = if name.ends_with("p12") {
            bytes(name)
        } else {
            der(name)
        };
        for at in (0..whole.len()).step_by(37) {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            if let Ok(found) = fingerprint(changed, PASSPHRASE) {
                assert_eq!(found, expected(), "{name} byte {at}");
            }
            assert!(
                fingerprint(&whole[..at], PASSPHRASE).is_err(),
                "{name} cut at {at}"
            );
        }
    }
    let deep = [b"\x30\x80".repeat(30_000), vec![0; 4]].concat();
    assert!(deep.len() < FILE_LENGTH_MAX && fingerprint(deep, "").is_err());
}

#[test]
fn a_json_web_key_is_read_alone_and_in_a_set() {
    let numbers = numbers_of(&der("pkcs1.key"));
    let mut jwk = json!({"kty": "RSA", "kid": "1", "alg": "RS256"});
    for (name, number) in ["n", "e", "d", "p", "q", "dp", "dq", "qi"]
        .iter()
        .zip(&numbers[1..])
    {
        jwk[*name] = URL_SAFE_NO_PAD.encode(number).into();
    }
    let public = json!({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]});
    for file in [
        jwk.clone(),
        json!({"keys": [jwk]}),
        json!({"keys": [public, jwk]}),
    ] {
        assert_eq!(fingerprint(format!("{file:#}"), "").unwrap(), expected());
    }
    let two = json!({"keys": [jwk, jwk]}).to_string();
    assert!(
        fingerprint(two, "")
            .unwrap_err()
            .to_string()
            .contains("2 private keys")
    );
}

#[test]
fn the_objects_of_credhub_are_read() {
    let value = json!({
        "ca": text("server.crt"), "certificate": text("server.crt"), "private_key": text("pkcs1.key"),
    });
    let object = json!({"id": "x", "name": "/demo", "type": "certificate", "value": value});
    let text_of = |value: &Value| Value::String(value.to_string()).to_string();
    for file in [
        object.to_string(),
        format!("{object:#}"),
        value.to_string(),
        json!({"private_key": text("pkcs8.key")}).to_string(),
        json!({"private_key": text("pkcs8.key").replace('\n', "\\n")}).to_string(),
        json!({"type": "value", "value": text("pkcs8.key")}).to_string(),
        text_of(&object),
        json!({"value": value.to_string()}).to_string(),
    ] {
        assert_eq!(fingerprint(file.clone(), "").unwrap(), expected(), "{file}");
    }
    let both = describe_with(&secret(object.to_string()), "a", &word("")).unwrap();
    assert_eq!(both.len(), 2, "the key and its certificate");
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// The numbers of an `RSAPrivateKey`, without signs.
fn numbers_of(pkcs1: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &pkcs1[4..];
    let mut numbers = Vec::new();
    while let [0x02, length, after @ ..] = rest {
        let (length, after) = match *length {
            0x81 => (usize::from(after[0]), &after[1..]),
            0x82 => (
                usize::from(after[0]) << 8 | usize::from(after[1]),
                &after[2..],
            ),
            short => (usize::from(short), after),
        };
        let number = &after[..length];
        numbers.push(number[usize::from(number[0] == 0)..].to_vec());
        rest = &after[length..];
    }
    numbers
}
