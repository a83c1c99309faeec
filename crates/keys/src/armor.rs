//! PEM: taking the blocks out of a text (RFC 7468, and the headers of RFC 1421).
//!
//! Owns labels, line ends and base64. Lenient about white space, as RFC 7468 §3 asks, and about
//! text around the blocks; strict about everything else. What a block holds is not its business.
//! Copies of a body are made into buffers that never grow, and are wiped.

use accredit::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::document::Damage;
use crate::encryption::DekInfo;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One PEM block.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a [u8],
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Plain(Secret<Vec<u8>>),
    /// Encrypted as a whole: `Proc-Type: 4,ENCRYPTED` (RFC 1421 §4.6.1.1).
    Encrypted(DekInfo, Secret<Vec<u8>>),
    /// In an encoding of its own, which is not looked into.
    Foreign,
}

/// Says whether `text` has a line that begins a PEM block.
pub(crate) fn is_pem(text: &[u8]) -> bool {
    find(text, BEGIN).is_some()
}

/// Takes the blocks out of `text`, in their order.
pub(crate) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, Damage> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = cut(rest, BEGIN) {
        let (label, after) = cut(after, DASHES).ok_or(Damage::NoEnd)?;
        if !is_label(label) {
            return Err(Damage::Label);
        }
        let (body, after) = cut(after, END).ok_or(Damage::NoEnd)?;
        if is_pem(body) {
            return Err(Damage::NoEnd);
        }
        let (end, after) = cut(after, DASHES).ok_or(Damage::NoEnd)?;
        if end != label {
            return Err(Damage::OtherEnd);
        }
        let content = content(label, body)?;
        blocks.push(Block { label, content });
        rest = after;
    }
    Ok(blocks)
}

fn is_label(label: &[u8]) -> bool {
    label.len() <= 64
        && label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b" #-.".contains(byte))
}

fn content(label: &[u8], body: &[u8]) -> Result<Content, Damage> {
    if label.starts_with(b"PGP ") || label.starts_with(b"OPENSSH ") {
        return Ok(Content::Foreign);
    }
    if find(body, b"Proc-Type:").is_some() || find(body, b"DEK-Info:").is_some() {
        let (dek_info, digits) = dek_info(body).ok_or(Damage::DekInfo)?;
        return Ok(Content::Encrypted(dek_info, decode(digits)?));
    }
    decode(without_headers(body)).map(Content::Plain)
}

/// What the header `DEK-Info` says, and what follows it. The header is the last one; its line may
/// have lost its end.
fn dek_info(body: &[u8]) -> Option<(DekInfo, &[u8])> {
    let (_, after) = cut(body, b"DEK-Info:")?;
    let after = after.trim_ascii_start();
    let end = after.iter().position(u8::is_ascii_whitespace)?;
    let (value, digits) = after.split_at_checked(end)?;
    let (cipher, iv) = std::str::from_utf8(value).ok()?.split_once(',')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (cipher.len() <= 32 && cipher.bytes().all(is_name)).then(|| {
        let dek_info = DekInfo {
            cipher: cipher.to_owned(),
            iv: iv.to_owned(),
        };
        (dek_info, digits)
    })
}

/// Headers end with an empty line; base64 has no colon.
fn without_headers(body: &[u8]) -> &[u8] {
    if !body.contains(&b':') {
        return body;
    }
    [b"\n\n".as_slice(), b"\r\n\r\n"]
        .into_iter()
        .find_map(|empty| cut(body, empty))
        .map_or(body, |(_, after)| after)
}

/// Decodes base64, white space left out.
pub(crate) fn decode(text: &[u8]) -> Result<Secret<Vec<u8>>, Damage> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut decoded = vec![0; digits.len() / 4 * 3 + 3];
    let length = STANDARD.decode_slice(digits.as_slice(), &mut decoded);
    let length = match length {
        Ok(0) => return Err(Damage::EmptyBlock),
        Ok(length) => length,
        Err(_) => {
            // What was decoded before the fault is part of a key as well.
            drop(Secret::new(decoded));
            return Err(Damage::Base64);
        }
    };
    decoded.truncate(length);
    Ok(Secret::new(decoded))
}

/// What is before and after the first `mark` in `text`.
fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(text, mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// Where `mark` first stands in `text`.
pub(crate) fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
}
