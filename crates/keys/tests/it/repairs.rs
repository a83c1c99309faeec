//! Damages that are put right, and told.

use accredit::key::{Engine, Signer as _};
use accredit_keys::{Loaded, NoPassphrase, Repair, load};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::data::{body, bytes, der, secret, text};

fn loaded(file: impl Into<Vec<u8>>) -> Loaded {
    load(&secret(file), "a.key", &NoPassphrase, Engine::QuickStart).unwrap()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(unit)
        .collect()
}

#[test]
fn what_travel_does_to_a_key_is_undone_and_told() {
    let pem = text("pkcs8.key");
    let escaped = pem.replace('\n', "\\n");
    let rows: Vec<(&str, Vec<u8>, &[Repair])> = vec![
        ("nothing", pem.clone().into(), &[]),
        ("DER", der("pkcs8.key"), &[]),
        (
            "byte order mark",
            format!("\u{feff}{pem}").into(),
            &[Repair::ByteOrderMark],
        ),
        ("UTF-16", utf16(&pem, u16::to_le_bytes), &[Repair::Utf16]),
        (
            "UTF-16 of others",
            utf16(&pem, u16::to_be_bytes),
            &[Repair::Utf16],
        ),
        (
            "Windows",
            pem.replace('\n', "\r\n").into(),
            &[Repair::WindowsLines],
        ),
        (
            "one line",
            pem.replace('\n', " ").into(),
            &[Repair::OneLine],
        ),
        (
            "no spaces at all",
            pem.replace('\n', "").into(),
            &[Repair::OneLine],
        ),
        ("escaped", escaped.clone().into(), &[Repair::EscapedLines]),
        (
            "quoted",
            format!("\"{escaped}\"").into(),
            &[Repair::EscapedLines],
        ),
        (
            "escaped twice",
            pem.replace('\n', "\\\\n").into(),
            &[Repair::EscapedLines],
        ),
        (
            "escaped Windows",
            pem.replace('\n', "\\r\\n").into(),
            &[Repair::EscapedLines],
        ),
        (
            "base64 of PEM",
            STANDARD.encode(&pem).into(),
            &[Repair::Base64],
        ),
        (
            "base64 alone",
            body("pkcs8.key").into(),
            &[Repair::NoLabels],
        ),
        (
            "much at once",
            format!("\u{feff}{}", pem.replace('\n', "\\n\r\n")).into(),
            &[
                Repair::ByteOrderMark,
                Repair::EscapedLines,
                Repair::WindowsLines,
            ],
        ),
    ];
    check(rows);
}

fn check(rows: Vec<(&str, Vec<u8>, &[Repair])>) {
    let expected = loaded(bytes("pkcs1.key")).key.public_key().fingerprint();
    for (name, file, repairs) in rows {
        let found = loaded(file);
        assert_eq!(found.repairs, repairs, "{name}");
        assert_eq!(found.key.public_key().fingerprint(), expected, "{name}");
    }
}

#[test]
fn every_repair_is_told_in_words_of_its_own() {
    let all = [
        Repair::Utf16,
        Repair::ByteOrderMark,
        Repair::WindowsLines,
        Repair::EscapedLines,
        Repair::OneLine,
        Repair::Base64,
        Repair::NoLabels,
    ];
    let mut words: Vec<String> = all.iter().map(ToString::to_string).collect();
    words.sort();
    words.dedup();
    assert_eq!(words.len(), all.len());
}
