//! Keys that load.

use accredit::key::{Engine, Signer as _};
use accredit::secret::hex;
use accredit_keys::{load, private_key};

use crate::data::{bytes, der, has_openssl, openssl, secret, text, word};

const ENGINES: [Engine; 2] = [Engine::QuickStart, Engine::Throughput];

fn fingerprint(file: impl Into<Vec<u8>>, engine: Engine) -> String {
    let key = private_key(&secret(file), "server.key", engine).unwrap();
    key.public_key().fingerprint()
}

#[test]
fn one_key_loads_in_every_form_that_is_read() {
    let pem = text("pkcs8.key");
    let pkcs1 = text("pkcs1.key");
    let certificate = text("server.crt");
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("PKCS#8 PEM", pem.clone().into()),
        ("PKCS#1 PEM", pkcs1.clone().into()),
        ("PKCS#8 DER", der("pkcs8.key")),
        ("PKCS#1 DER", der("pkcs1.key")),
        ("lines of Windows", pem.replace('\n', "\r\n").into()),
        ("byte order mark", format!("\u{feff}{pem}").into()),
        ("one line", pem.replace('\n', " ").into()),
        ("indented", pem.replace('\n', "\n    ").into()),
        ("no last line end", pem.trim_end().into()),
        (
            "text around",
            format!("Bag Attributes\n  a: b\n{pem}\nend").into(),
        ),
        ("certificate behind", format!("{pem}{certificate}").into()),
        ("certificate before", format!("{certificate}{pkcs1}").into()),
        (
            "public key behind",
            format!("{pem}{}", text("spki.pub")).into(),
        ),
    ];
    let expected = fingerprint(bytes("pkcs8.key"), Engine::QuickStart);
    for (form, file) in forms {
        for engine in ENGINES {
            assert_eq!(fingerprint(file.clone(), engine), expected, "{form}");
        }
    }
}

#[test]
fn a_key_of_an_unusual_length_loads_with_every_engine() {
    for engine in ENGINES {
        let key = private_key(&secret(bytes("rsa2056.key")), "server.key", engine).unwrap();
        assert_eq!(key.public_key().bits(), 2056);
    }
}

#[test]
fn the_key_of_the_well_known_openssl_steps_loads() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (encrypted, key) = (at("server.pass.key"), at("server.key"));
    let (request, certificate) = (at("server.csr"), at("server.crt"));
    let passphrase = "pass:SomePassword";
    openssl(&[
        "genrsa", "-des3", "-passout", passphrase, "-out", &encrypted, "2048",
    ]);
    openssl(&[
        "rsa", "-passin", passphrase, "-in", &encrypted, "-out", &key,
    ]);
    openssl(&[
        "req", "-new", "-key", &key, "-subj", "/CN=a", "-out", &request,
    ]);
    openssl(&[
        "x509",
        "-req",
        "-sha256",
        "-days",
        "365",
        "-in",
        &request,
        "-signkey",
        &key,
        "-out",
        &certificate,
    ]);
    let modulus = openssl(&["x509", "-noout", "-modulus", "-in", &certificate]);
    for engine in ENGINES {
        let file = secret(std::fs::read(&key).unwrap());
        let loaded = private_key(&file, &key, engine).unwrap();
        let ours = hex(loaded.public_key().modulus()).to_uppercase();
        assert_eq!(modulus.trim(), format!("Modulus={ours}"));
    }
    let file = secret(std::fs::read(&encrypted).unwrap());
    let refused = private_key(&file, &encrypted, Engine::QuickStart).unwrap_err();
    assert!(refused.to_string().contains("encrypted"), "{refused}");
    let loaded = load(&file, &encrypted, &word("SomePassword"), Engine::QuickStart).unwrap();
    let ours = hex(loaded.key.public_key().modulus()).to_uppercase();
    assert_eq!(modulus.trim(), format!("Modulus={ours}"));
}
