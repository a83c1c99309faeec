//! Telling DER values apart by their outline.
//!
//! Owns the walk over the top of a DER value: which fields it has, and which format has such
//! fields. Does not look into keys or certificates. Invariant: what is walked ends where the input
//! ends.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

use crate::algorithm::Algorithm;
use crate::kind::Kind;

/// More fields than any format here has, and more certificates than a chain: the end of the walk.
const FIELDS_MAX: usize = 32;

/// One field of a constructed value: its tag, its body, and all of it.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) tag: Tag,
    pub(crate) body: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Node<'a> {
    /// The fields of the SEQUENCE that this is.
    pub(crate) fn fields(&self) -> Option<Vec<Self>> {
        (self.tag == Tag::Sequence)
            .then(|| walk(self.body))
            .flatten()
    }

    /// The body of the OCTET STRING that this is.
    pub(crate) fn octets(&self) -> Option<&'a [u8]> {
        (self.tag == Tag::OctetString).then_some(self.body)
    }

    /// The object identifier that this is.
    pub(crate) fn oid(&self) -> Option<ObjectIdentifier> {
        (self.tag == Tag::ObjectIdentifier)
            .then(|| ObjectIdentifier::from_bytes(self.body).ok())
            .flatten()
    }

    /// The INTEGER that this is, if it is not negative and has 64 bits.
    pub(crate) fn number(&self) -> Option<u64> {
        let bytes = match self.body {
            [0, rest @ ..] => rest,
            [first, ..] if first & 0x80 == 0 => self.body,
            _ => return None,
        };
        (self.tag == Tag::Integer && bytes.len() <= 8).then(|| {
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte))
        })
    }

    /// What the context-specific tag with `number` holds: one value.
    pub(crate) fn explicit(&self, number: u8) -> Option<Self> {
        match self.tag {
            Tag::ContextSpecific {
                constructed: true,
                number: found,
            } if found.value() == u32::from(number) => match walk(self.body)?.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The one value that `der` is; `None` if it is damaged or more than one.
pub(crate) fn value(der: &[u8]) -> Option<Node<'_>> {
    match walk(der)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// The fields of the SEQUENCE that `der` is; `None` if it is damaged or something else.
pub(crate) fn fields(der: &[u8]) -> Option<Vec<Node<'_>>> {
    value(der)?.fields()
}

fn walk(body: &[u8]) -> Option<Vec<Node<'_>>> {
    let mut reader = SliceReader::new(body).ok()?;
    let mut nodes = Vec::new();
    while !reader.is_finished() {
        if nodes.len() == FIELDS_MAX {
            return None;
        }
        let whole = reader.tlv_bytes().ok()?;
        let value = AnyRef::from_der(whole).ok()?;
        nodes.push(Node {
            tag: value.tag(),
            body: value.value(),
            whole,
        });
    }
    Some(nodes)
}

/// The format whose outline `der` has; `None` if it is damaged.
pub(crate) fn kind(der: &[u8]) -> Option<Kind> {
    const VERSION_OF_PKCS12: &[u8] = &[3];
    let fields = fields(der)?;
    let tags: Vec<Tag> = fields.iter().map(|field| field.tag).collect();
    let kind = match tags.as_slice() {
        [Tag::Integer, Tag::Integer] => Kind::Pkcs1PublicKey,
        [Tag::Integer, Tag::Sequence, ..] if body(&fields, 0) == Some(VERSION_OF_PKCS12) => {
            Kind::Pkcs12
        }
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Kind::Pkcs8PrivateKey,
        [Tag::Integer, Tag::OctetString, ..] => Kind::Sec1PrivateKey,
        [Tag::Sequence, Tag::BitString] => Kind::SpkiPublicKey,
        [Tag::Sequence, Tag::OctetString] => Kind::EncryptedPkcs8,
        [Tag::Sequence, Tag::Sequence, Tag::BitString] => signed(&fields)?,
        [Tag::ObjectIdentifier, ..] => Kind::Pkcs7,
        integers if integers.iter().all(|tag| *tag == Tag::Integer) => match integers.len() {
            9 => Kind::Pkcs1PrivateKey,
            6 => Kind::DsaPrivateKey,
            _ => Kind::Unknown,
        },
        // RSA with more than two primes (RFC 8017 §A.1.2).
        [first @ .., Tag::Sequence] if first.len() == 9 => Kind::Pkcs1PrivateKey,
        _ => Kind::Unknown,
    };
    Some(kind)
}

fn body<'a>(fields: &[Node<'a>], at: usize) -> Option<&'a [u8]> {
    fields.get(at).map(|field| field.body)
}

/// A request starts with its version and its subject; what else is signed is a certificate, or a
/// list of revoked ones, which has no key in it.
fn signed(fields: &[Node<'_>]) -> Option<Kind> {
    let inner = walk(body(fields, 0)?)?;
    let tags: Vec<Tag> = inner.iter().map(|field| field.tag).collect();
    let kind = match tags.as_slice() {
        [Tag::Integer, Tag::Sequence, Tag::Sequence] => Kind::Request,
        [
            Tag::Integer,
            Tag::Sequence,
            Tag::Sequence,
            Tag::ContextSpecific { .. },
        ] => Kind::Request,
        [_, .., Tag::Sequence] | [_, .., Tag::ContextSpecific { .. }] if inner.len() >= 6 => {
            Kind::Certificate
        }
        _ => Kind::Unknown,
    };
    Some(kind)
}

/// The algorithm of the key in `der`, for the kinds that name one.
pub(crate) fn algorithm(kind: Kind, der: &[u8]) -> Option<Algorithm> {
    let identifier_at = match kind {
        Kind::Pkcs1PrivateKey | Kind::Pkcs1PublicKey => return Some(Algorithm::Rsa),
        Kind::DsaPrivateKey => return Some(Algorithm::Dsa),
        Kind::Sec1PrivateKey => return Some(Algorithm::Ec(0)),
        Kind::Pkcs8PrivateKey => 1,
        Kind::SpkiPublicKey => 0,
        _ => return None,
    };
    let fields = fields(der)?;
    Some(Algorithm::from_der(fields.get(identifier_at)?.whole))
}
