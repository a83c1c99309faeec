//! Keys, requests and certificates that are made.

use accredit::clock::UnixTime;
use accredit::error::ErrorKind;
use accredit::key::{Engine, Signer as _};
use accredit::random::SeededRandom;
use accredit::secret::hex;
use accredit_keys::{
    Algorithm, CERTIFICATE_LENGTH_MAX, Fields, Issuer, KeyLength, Kind, NewKey, Recipe, Strength,
    Subject, Validity, belongs_together, describe, private_key,
};

use crate::data::{has_openssl, openssl, secret};

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);
const DAY: u64 = 24 * 60 * 60;

fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn fields() -> Fields {
    Fields {
        common_name: some("home.example.com"),
        organization: some("Exämple"),
        organization_unit: some("Integration, South"),
        locality: some("Dallas"),
        state: some("TX"),
        country: some("us"),
    }
}

fn recipe() -> Recipe {
    Recipe::new(Subject::new(fields()).unwrap())
}

fn make(recipe: &Recipe) -> NewKey {
    recipe.make(NOW, &SeededRandom::new(7)).unwrap()
}

#[test]
fn what_is_made_can_be_read_again_and_belongs_together() {
    for length in [KeyLength::Rsa2048, KeyLength::Rsa3072] {
        let made = make(&recipe().with_length(length));
        let key = secret(made.private_key.expose().as_str());
        let loaded = private_key(&key, "server.key", Engine::QuickStart).unwrap();
        assert_eq!(loaded.public_key().bits(), length.bits() as usize);
        let files = [
            ("server.key", key),
            ("server.csr", secret(made.request)),
            ("server.crt", secret(made.certificate)),
        ];
        let described =
            files.map(|(origin, file)| (origin, describe(&file, origin).unwrap().remove(0)));
        let kinds = described
            .each_ref()
            .map(|(_, description)| description.kind);
        assert_eq!(
            kinds,
            [Kind::Pkcs8PrivateKey, Kind::Request, Kind::Certificate]
        );
        let compared = described
            .each_ref()
            .map(|(origin, description)| (*origin, description));
        assert_eq!(belongs_together(&compared).unwrap(), []);
    }
}

#[test]
fn the_certificate_says_what_was_asked() {
    let made = make(&recipe().with_days(730).unwrap());
    let described = describe(&secret(made.certificate.as_str()), "server.crt")
        .unwrap()
        .remove(0);
    let certificate = described.certificate.unwrap();
    assert_eq!(described.algorithm, Some(Algorithm::Rsa));
    assert_eq!(
        described.subject.as_deref(),
        Some("L=Dallas,O=Exämple,ST=TX,C=US,OU=Integration\\, South,CN=home.example.com")
    );
    assert_eq!(Some(&certificate.issuer), described.subject.as_ref());
    assert_eq!(certificate.issued_by, Issuer::Itself);
    assert_eq!(certificate.signature.to_string(), "sha256WithRSAEncryption");
    assert_eq!(certificate.signature.strength(), Strength::Sound);
    assert_eq!(certificate.not_before.as_secs(), NOW.as_secs() - 300);
    assert_eq!(certificate.not_after.as_secs(), NOW.as_secs() + 730 * DAY);
    assert_eq!(certificate.validity_at(NOW).days_left(), 730);
    assert!(matches!(certificate.validity_at(NOW), Validity::Valid(_)));
    assert_eq!(certificate.pem_length, made.certificate.len());
    assert!(certificate.is_small_enough());
    assert_eq!(certificate.serial.len(), 40);
}

#[test]
fn two_certificates_have_two_serial_numbers() {
    let serial = |seed| {
        let made = recipe().make(NOW, &SeededRandom::new(seed)).unwrap();
        let mut described = describe(&secret(made.certificate), "server.crt").unwrap();
        described.remove(0).certificate.unwrap().serial
    };
    assert_ne!(serial(1), serial(2));
}

#[test]
fn openssl_agrees_with_what_is_made() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for length in [KeyLength::Rsa2048, KeyLength::Rsa4096] {
        let made = make(&recipe().with_length(length));
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file.display().to_string()
        };
        let key = write("server.key", made.private_key.expose());
        let request = write("server.csr", &made.request);
        let certificate = write("server.crt", &made.certificate);

        let loaded = secret(made.private_key.expose().as_str());
        let loaded = private_key(&loaded, "server.key", Engine::Throughput).unwrap();
        let modulus = format!(
            "Modulus={}\n",
            hex(loaded.public_key().modulus()).to_uppercase()
        );
        assert_eq!(
            openssl(&["rsa", "-noout", "-modulus", "-in", &key]),
            modulus
        );
        assert_eq!(
            openssl(&["req", "-noout", "-modulus", "-in", &request]),
            modulus
        );
        assert_eq!(
            openssl(&["x509", "-noout", "-modulus", "-in", &certificate]),
            modulus
        );

        assert!(openssl(&["rsa", "-check", "-noout", "-in", &key]).contains("key ok"));
        assert!(openssl(&["req", "-verify", "-noout", "-in", &request]).contains("OK"));
        let at = NOW.as_secs().to_string();
        let verified = openssl(&[
            "verify",
            "-check_ss_sig",
            "-x509_strict",
            "-attime",
            &at,
            "-CAfile",
            &certificate,
            &certificate,
        ]);
        assert!(verified.ends_with("server.crt: OK\n"), "{verified}");
        assert_says_as_openssl(&made, &certificate, &request);
    }
}

fn assert_says_as_openssl(made: &NewKey, certificate: &str, request: &str) {
    let described = describe(&secret(made.certificate.as_str()), "server.crt")
        .unwrap()
        .remove(0);
    let facts = described.certificate.unwrap();
    let serial = openssl(&["x509", "-noout", "-serial", "-in", certificate]);
    assert_eq!(serial, format!("serial={}\n", facts.serial));
    let fingerprint = openssl(&[
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        certificate,
    ]);
    assert!(
        fingerprint
            .replace(':', "")
            .to_lowercase()
            .contains(&facts.fingerprint)
    );
    let name = ["-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"];
    let subject = openssl(&[&["x509", "-in", certificate], name.as_slice()].concat());
    assert_eq!(subject, format!("subject={}\n", described.subject.unwrap()));
    assert_eq!(
        openssl(&[&["req", "-in", request], name.as_slice()].concat()),
        subject
    );
    let printed = openssl(&["x509", "-noout", "-text", "-in", certificate]);
    assert!(printed.contains("Version: 3"), "{printed}");
    assert!(printed.contains("CA:FALSE"), "{printed}");
    assert_eq!(printed.matches(": critical").count(), 1, "{printed}");
}

#[test]
fn a_subject_out_of_bounds_is_refused_by_the_name_of_the_field() {
    type Change = fn(&mut Fields);
    let rows: [(&str, Change); 13] = [
        ("common name has 65", |fields| {
            fields.common_name = some(&"ä".repeat(65))
        }),
        ("organization has 65", |fields| {
            fields.organization = some(&"a".repeat(65))
        }),
        ("organization unit has 65", |fields| {
            fields.organization_unit = some(&"a".repeat(65))
        }),
        ("locality has 129", |fields| {
            fields.locality = some(&"a".repeat(129))
        }),
        ("state has 129", |fields| {
            fields.state = some(&"a".repeat(129))
        }),
        ("country is not a code", |fields| {
            fields.country = some("USA")
        }),
        ("country is not a code", |fields| fields.country = some("U")),
        ("country is not a code", |fields| {
            fields.country = some("ÄÖ")
        }),
        ("country is not a code", |fields| fields.country = some("")),
        ("common name is empty", |fields| {
            fields.common_name = some(" ")
        }),
        ("organization holds a control", |fields| {
            fields.organization = some("a\nb")
        }),
        ("state holds a control", |fields| {
            fields.state = some("a\u{1b}[2J")
        }),
        ("the subject is empty", |fields| *fields = Fields::default()),
    ];
    for (words, change) in rows {
        let mut changed = fields();
        change(&mut changed);
        let error = Subject::new(changed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setting);
        assert!(error.to_string().contains(words), "no {words:?} in {error}");
    }
}

#[test]
fn all_mistakes_of_a_subject_are_told_at_once() {
    let error = Subject::new(Fields {
        common_name: some(""),
        country: some("Texas"),
        ..fields()
    });
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("common name") && message.contains("country"),
        "{message}"
    );
}

#[test]
fn fields_at_their_bounds_are_taken() {
    let subject = Subject::new(Fields {
        common_name: some(&"a".repeat(64)),
        organization: some(&"b".repeat(64)),
        organization_unit: some(&"c".repeat(64)),
        locality: some(&"d".repeat(128)),
        state: some(&"e".repeat(128)),
        country: some("DE"),
    });
    let made = make(&Recipe::new(subject.unwrap()));
    assert!(made.certificate.len() <= CERTIFICATE_LENGTH_MAX);
}

#[test]
fn a_certificate_too_large_for_salesforce_is_refused() {
    let subject = Subject::new(Fields {
        common_name: some(&"\u{1d11e}".repeat(64)),
        organization: some(&"\u{1d11e}".repeat(64)),
        organization_unit: some(&"\u{1d11e}".repeat(64)),
        locality: some(&"\u{1d11e}".repeat(128)),
        state: some(&"\u{1d11e}".repeat(128)),
        country: None,
    });
    let recipe = Recipe::new(subject.unwrap());
    let error = recipe.make(NOW, &SeededRandom::new(7)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Setting);
    assert!(error.to_string().contains("at most 4096"), "{error}");
}

#[test]
fn a_length_or_duration_out_of_bounds_is_refused_by_name() {
    for days in [0, 3651, u32::MAX] {
        let error = recipe().with_days(days).unwrap_err().to_string();
        assert!(
            error.contains("duration") && error.contains("1 to 3650"),
            "{error}"
        );
    }
    for bits in [0, 1024, 2047, 8192] {
        let error = KeyLength::try_from(bits).unwrap_err().to_string();
        assert!(error.contains("2048, 3072 or 4096"), "{error}");
    }
    let late = UnixTime::from_secs(253_402_300_799);
    let error = recipe().make(late, &SeededRandom::new(7)).unwrap_err();
    assert!(error.to_string().contains("9999"), "{error}");
}

#[test]
fn debug_does_not_show_the_private_key() {
    let shown = format!("{:?}", make(&recipe()));
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
}
