//! From the bytes of a file to the documents in it.
//!
//! Owns the question "what is this?" and the ways in which a file can be damaged. What can be put
//! right is in `repair`, what is locked in `opening`. Decides nothing about use. Invariant: no
//! damage quotes the file, and every document is wiped when dropped.

use std::fmt;

use accredit::error::Error;
use accredit::secret::Secret;

use crate::algorithm::Algorithm;
use crate::armor::{self, Block, Content, find, is_pem};
use crate::ber;
use crate::encryption::DekInfo;
use crate::kind::Kind;
use crate::repair::{Repair, repaired};
use crate::structure;

/// The largest file that is looked into, in bytes. A key of 4096 bits with its chain has below 16
/// KiB.
pub const FILE_LENGTH_MAX: usize = 64 * 1024;

/// One key, certificate or other thing. `der` is empty for kinds that are only recognized, and the
/// text of those that are JSON.
pub(crate) struct Document {
    pub(crate) kind: Kind,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) der: Secret<Vec<u8>>,
    /// How `der` is encrypted, for the kind that says it beside.
    pub(crate) dek_info: Option<DekInfo>,
}

/// Why a file could not be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Empty,
    TooLong(usize),
    Utf16,
    Label,
    NoEnd,
    OtherEnd,
    EmptyBlock,
    DekInfo,
    Base64,
    Der,
    DerInPem,
    Mislabeled(Kind),
    Nothing,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TooLong(length) => {
                return write!(
                    f,
                    "the file has {length} bytes, expected at most {FILE_LENGTH_MAX}: it is no key"
                );
            }
            Self::Mislabeled(kind) => {
                return write!(
                    f,
                    "the label of a PEM block does not fit what is in it, which is {kind}"
                );
            }
            Self::Empty => "the file is empty",
            Self::Utf16 => "the file says to be UTF-16 text and is not; it may be cut off",
            Self::Label => "a PEM block is damaged: its BEGIN line is missing or not complete",
            Self::NoEnd => {
                "a PEM block is damaged: its END line is missing; the file may be cut off"
            }
            Self::OtherEnd => "a PEM block is damaged: its BEGIN and END lines do not fit together",
            Self::EmptyBlock => "a PEM block is empty",
            Self::DekInfo => {
                "a PEM block is damaged: it says to be encrypted, but its DEK-Info line is missing \
                 or not complete"
            }
            Self::Base64 => "a PEM block is damaged: it is not base64; the file may be cut off",
            Self::Der => "the file is damaged: its DER value does not end where the file ends",
            Self::DerInPem => {
                "a PEM block is damaged: its base64 does not hold one whole DER value"
            }
            Self::Nothing => "found neither PEM nor DER, nor any other form of a key",
        };
        f.write_str(text)
    }
}

/// Takes apart what was read from `origin`. At least one document.
pub(crate) fn documents(
    file: &Secret<Vec<u8>>,
    origin: &str,
) -> Result<(Vec<Document>, Vec<Repair>), Error> {
    take_apart(file.expose()).map_err(|damage| Error::key(format!("{origin}: {damage}")))
}

pub(crate) fn take_apart(bytes: &[u8]) -> Result<(Vec<Document>, Vec<Repair>), Damage> {
    if bytes.len() > FILE_LENGTH_MAX {
        return Err(Damage::TooLong(bytes.len()));
    }
    if is_binary(bytes) {
        return binary(bytes).map(|document| (vec![document], Vec::new()));
    }
    let (text, mut repairs) = repaired(bytes).ok_or(Damage::Utf16)?;
    let text = text.expose().trim_ascii();
    if text.is_empty() {
        return Err(Damage::Empty);
    }
    if let Some(kind) = kind_of_text(text) {
        let document = Document::new(kind, Secret::new(text.to_vec()));
        return Ok((vec![document], repairs));
    }
    if is_pem(text) {
        let documents = armor::blocks(text)?
            .into_iter()
            .map(Document::from_block)
            .collect::<Result<_, _>>()?;
        return Ok((documents, repairs));
    }
    if find(text, b"BEGIN ")
        .or_else(|| find(text, b"-----END "))
        .is_some()
    {
        return Err(Damage::Label);
    }
    let decoded = armor::decode(text).map_err(|_| Damage::Nothing)?;
    let (repair, documents) = base64(decoded.expose())?;
    repairs.push(repair);
    Ok((documents, repairs))
}

/// The documents in a file that was base64 and nothing else.
fn base64(decoded: &[u8]) -> Result<(Repair, Vec<Document>), Damage> {
    if is_pem(decoded) {
        let (text, _) = repaired(decoded).ok_or(Damage::Utf16)?;
        let documents = armor::blocks(text.expose())?
            .into_iter()
            .map(Document::from_block)
            .collect::<Result<_, _>>()?;
        return Ok((Repair::Base64, documents));
    }
    if !is_binary(decoded) {
        return Err(Damage::Nothing);
    }
    let document = binary(decoded)?;
    let repair = match document.kind {
        Kind::Pkcs12 | Kind::JavaKeyStore => Repair::Base64,
        _ => Repair::NoLabels,
    };
    Ok((repair, vec![document]))
}

/// DER starts with a SEQUENCE and the length of its length; in text that would be a `0` and a byte
/// that is no ASCII. Values below 128 bytes (Ed25519 keys) have no such byte, so their length must
/// fit.
fn is_binary(bytes: &[u8]) -> bool {
    const JAVA: [[u8; 4]; 2] = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];
    match bytes {
        [0x30, 0x80..=0x84, ..] => true,
        [0x30, length, rest @ ..] => usize::from(*length) == rest.len(),
        _ => JAVA.iter().any(|java| bytes.starts_with(java)),
    }
}

fn binary(bytes: &[u8]) -> Result<Document, Damage> {
    if bytes.first() != Some(&0x30) {
        return Ok(Document::recognized(Kind::JavaKeyStore));
    }
    if let Some(kind) = structure::kind(bytes) {
        return Ok(Document::new(kind, Secret::new(bytes.to_vec())));
    }
    // PKCS#12 is often written in BER; nothing else is.
    let der = ber::to_der(bytes).map(Secret::new).ok_or(Damage::Der)?;
    match structure::kind(der.expose()) {
        Some(Kind::Pkcs12) => Ok(Document::new(Kind::Pkcs12, der)),
        _ => Err(Damage::Der),
    }
}

/// Texts that are not PEM, or not only. JSON comes first, for PEM may stand in it.
fn kind_of_text(text: &[u8]) -> Option<Kind> {
    const SSH: [&[u8]; 4] = [
        b"ssh-",
        b"ecdsa-sha2-",
        b"sk-ssh-",
        b"---- BEGIN SSH2 PUBLIC",
    ];
    if text.starts_with(b"\"{") && find(text, b"BEGIN ").is_some() {
        return Some(Kind::JsonWithPem);
    }
    if matches!(text, [b'{' | b'[', ..]) {
        return Some(if find(text, b"\"kty\"").is_some() {
            Kind::Jwk
        } else if is_pem(text) {
            Kind::JsonWithPem
        } else {
            Kind::Json
        });
    }
    if text.starts_with(b"PuTTY-User-Key-File-") {
        return Some(Kind::PuttyPrivateKey);
    }
    SSH.iter()
        .any(|start| text.starts_with(start))
        .then_some(Kind::SshPublicKey)
}

impl Document {
    pub(crate) fn new(kind: Kind, der: Secret<Vec<u8>>) -> Self {
        Self {
            kind,
            algorithm: structure::algorithm(kind, der.expose()),
            der,
            dek_info: None,
        }
    }

    fn recognized(kind: Kind) -> Self {
        Self::new(kind, Secret::new(Vec::new()))
    }

    fn from_block(block: Block<'_>) -> Result<Self, Damage> {
        let expected = kind_of_label(block.label);
        let der = match block.content {
            Content::Encrypted(dek_info, der) => {
                return Ok(Self {
                    dek_info: Some(dek_info),
                    ..Self::new(Kind::EncryptedPem, der)
                });
            }
            Content::Foreign => return Ok(Self::recognized(expected)),
            Content::Plain(der) => der,
        };
        if matches!(expected, Kind::Parameters | Kind::Unknown) {
            return Ok(Self::recognized(expected));
        }
        let kind = structure::kind(der.expose()).ok_or(Damage::DerInPem)?;
        if kind == expected {
            Ok(Self::new(kind, der))
        } else {
            Err(Damage::Mislabeled(kind))
        }
    }
}

fn kind_of_label(label: &[u8]) -> Kind {
    match label {
        b"RSA PRIVATE KEY" => Kind::Pkcs1PrivateKey,
        b"PRIVATE KEY" => Kind::Pkcs8PrivateKey,
        b"EC PRIVATE KEY" => Kind::Sec1PrivateKey,
        b"DSA PRIVATE KEY" => Kind::DsaPrivateKey,
        b"ENCRYPTED PRIVATE KEY" => Kind::EncryptedPkcs8,
        b"OPENSSH PRIVATE KEY" => Kind::OpensshPrivateKey,
        b"PUBLIC KEY" => Kind::SpkiPublicKey,
        b"RSA PUBLIC KEY" => Kind::Pkcs1PublicKey,
        b"CERTIFICATE" | b"X509 CERTIFICATE" => Kind::Certificate,
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => Kind::Request,
        b"PKCS7" | b"PKCS #7 SIGNED DATA" | b"CMS" => Kind::Pkcs7,
        b"EC PARAMETERS" | b"DSA PARAMETERS" | b"DH PARAMETERS" => Kind::Parameters,
        pgp if pgp.starts_with(b"PGP ") => Kind::Pgp,
        _ => Kind::Unknown,
    }
}
