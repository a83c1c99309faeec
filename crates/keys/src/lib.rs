#![forbid(unsafe_code)]
//! Makes, reads and tells apart the three files of a sign-in to Salesforce: the RSA private key
//! that signs, the certificate that Salesforce checks against, and the certificate request.
//!
//! Which part do you need?
//!
//! | You have | You want | Take |
//! |---|---|---|
//! | nothing | `server.key`, `server.csr`, `server.crt` | [`Recipe::make`] |
//! | the bytes of a file | a key that signs | [`private_key`] |
//! | the bytes of a file | to know what it is | [`describe`] |
//! | several files | to know whether they belong together | [`belongs_together`] |
//! | a certificate | to know whether it is valid today | [`Certificate::validity_at`] |
//!
//! ```
//! use accredit::clock::UnixTime;
//! use accredit::key::{Engine, Signer as _};
//! use accredit::{random::SystemRandom, secret::Secret};
//! use accredit_keys::{Fields, Recipe, Subject, private_key};
//!
//! let subject = Subject::new(Fields {
//!     common_name: Some("server.example.com".to_owned()),
//!     ..Fields::default()
//! })?;
//! let now = UnixTime::from_secs(1_800_000_000);
//! let made = Recipe::new(subject).make(now, &SystemRandom)?;
//!
//! let file = Secret::new(made.private_key.expose().clone().into_bytes());
//! let key = private_key(&file, "server.key", Engine::QuickStart)?;
//! assert_eq!(key.public_key().bits(), 2048);
//! # Ok::<(), accredit::error::Error>(())
//! ```
//!
//! Nothing here opens a file, reads a clock or asks for a passphrase: bytes, times and random
//! numbers are arguments. Whatever is read is limited to [`FILE_LENGTH_MAX`] bytes; whatever holds
//! a private key is wiped when dropped; no error quotes a file.

mod algorithm;
mod armor;
mod ber;
mod certificate;
mod cipher;
mod derivation;
mod description;
mod document;
mod encryption;
mod json;
mod jwk;
mod kind;
mod loading;
mod matching;
mod opening;
mod packing;
mod passphrase;
mod pkcs12;
mod recipe;
mod repair;
mod structure;
mod subject;
mod writing;

pub use algorithm::{Algorithm, SignatureAlgorithm, Strength};
pub use certificate::{Certificate, Issuer, Validity};
pub use description::{Description, describe, describe_with};
pub use document::FILE_LENGTH_MAX;
pub use kind::Kind;
pub use loading::{Loaded, load, private_key};
pub use matching::{Compared, Difference, belongs_together};
pub use passphrase::{NoPassphrase, Passphrases};
pub use recipe::{CERTIFICATE_LENGTH_MAX, KeyLength, NewKey, Recipe};
pub use repair::Repair;
pub use subject::{Fields, Subject};
