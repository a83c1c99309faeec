//! Opening what is locked: encrypted keys, PKCS#12 files, and documents inside others.
//!
//! Owns the order: a passphrase is asked for once, and only if something needs it. What nobody
//! knows the passphrase of stays as it is, for others to refuse or describe.

use accredit::diagnosis::LocalCause;
use accredit::error::Error;
use accredit::secret::Secret;

use crate::document::Document;
use crate::encryption::{Passphrase, WRONG};
use crate::kind::Kind;
use crate::passphrase::Passphrases;
use crate::pkcs12::{self, Bag};
use crate::{json, structure};

/// Opens what can be opened in `documents`, which come from `origin`.
pub(crate) fn open(
    documents: Vec<Document>,
    origin: &str,
    passphrases: &dyn Passphrases,
) -> Result<Vec<Document>, Error> {
    let at_origin = |what: String| {
        let error = Error::key(format!("{origin}: {what}"));
        if what == WRONG {
            error.with_cause(LocalCause::LockedKey)
        } else {
            error
        }
    };
    let is_locked = documents.iter().any(|document| {
        matches!(
            document.kind,
            Kind::EncryptedPkcs8 | Kind::EncryptedPem | Kind::Pkcs12
        )
    });
    let passphrase = match is_locked {
        true => passphrases.passphrase(origin)?,
        false => None,
    };
    let passphrase = passphrase.map(|text| Passphrase::new(text.expose()));
    let mut opened = Vec::new();
    for document in documents {
        opened.extend(open_one(document, passphrase.as_ref()).map_err(at_origin)?);
    }
    Ok(opened)
}

fn open_one(document: Document, passphrase: Option<&Passphrase>) -> Result<Vec<Document>, String> {
    let der = document.der.expose();
    let opened = match (document.kind, passphrase) {
        (Kind::Jwk | Kind::JsonWithPem, _) => return json::documents(der),
        (Kind::Pkcs12, Some(passphrase)) => return pkcs12::open(der, passphrase).and_then(in_bags),
        // Many such files have no passphrase, in one of two ways.
        (Kind::Pkcs12, None) => {
            return [Passphrase::new(""), Passphrase::none()]
                .iter()
                .find_map(|nothing| pkcs12::open(der, nothing).ok())
                .map_or_else(|| Ok(vec![document]), in_bags);
        }
        (Kind::EncryptedPkcs8, Some(passphrase)) => {
            let info = structure::value(der).ok_or("the encrypted key is damaged")?;
            pkcs12::unshroud(&info, passphrase)?
        }
        (Kind::EncryptedPem, Some(passphrase)) => match &document.dek_info {
            Some(dek_info) => dek_info.decrypt(der, passphrase)?,
            None => return Ok(vec![document]),
        },
        _ => return Ok(vec![document]),
    };
    let kind = structure::kind(opened.expose()).ok_or(WRONG)?;
    Ok(vec![Document::new(kind, opened)])
}

fn in_bags(bags: Vec<Bag>) -> Result<Vec<Document>, String> {
    if bags.is_empty() {
        return Err("the PKCS#12 file holds neither a key nor a certificate".to_owned());
    }
    bags.into_iter()
        .map(|bag| {
            let der = match bag {
                Bag::Key(der) => der,
                Bag::Certificate(der) => Secret::new(der),
            };
            let kind = structure::kind(der.expose()).ok_or("a bag of the PKCS#12 is damaged")?;
            Ok(Document::new(kind, der))
        })
        .collect()
}
