#![forbid(unsafe_code)]
//! Makes, reads and tells apart the three files of a sign-in to Salesforce: the RSA private key
//! that signs, the certificate that Salesforce checks against, and the certificate request.
//!
//! Which part do you need?
//!
//! | You have | You want | Take |
//! |---|---|---|
//! | nothing | `server.key`, `server.csr`, `server.crt` | [`Recipe::make`] |
//! | the bytes of a file | a key that signs | [`load`], or [`private_key`] if it is not encrypted |
//! | a reference such as `credhub:/name` | a key that signs | [`Place`], [`KeySource::fetch`] |
//! | the same in a process that stays | the key of today | [`Rotation`] |
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
//! Nothing here reads a clock or the environment, or asks a person: what is needed of the outside
//! comes in as [`Surroundings`], [`Passphrases`], times and random numbers. Files are opened only
//! where a [`Place`] says so. Whatever is read is limited; whatever holds a private key is wiped
//! when dropped; no error quotes a file or an answer.

mod algorithm;
mod answer;
mod armor;
mod ber;
mod certificate;
mod cipher;
mod credhub;
mod derivation;
mod description;
mod document;
mod encryption;
mod json;
mod jwk;
mod kind;
#[cfg(feature = "awskms")]
mod kms;
mod loading;
mod matching;
mod opening;
mod packing;
mod passphrase;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod pkcs11_uri;
mod pkcs12;
mod place;
mod recipe;
mod remote;
mod repair;
#[cfg(feature = "awskms")]
mod sigv4;
mod source;
mod ssh_agent;
mod structure;
mod subject;
mod surroundings;
mod url;
mod vault;
mod vcap;
mod writing;

pub use algorithm::{Algorithm, SignatureAlgorithm, Strength};
pub use certificate::{Certificate, Issuer, Validity};
pub use description::{Description, describe, describe_with};
pub use document::FILE_LENGTH_MAX;
pub use kind::Kind;
pub use loading::{Loaded, load, private_key};
pub use matching::{Compared, Difference, belongs_together};
pub use passphrase::{NoPassphrase, Passphrases};
pub use pkcs11_uri::Pkcs11Uri;
pub use place::{Place, SCHEMES};
pub use recipe::{CERTIFICATE_LENGTH_MAX, KeyLength, NewKey, Recipe};
pub use repair::Repair;
pub use source::{Fetched, Held, KeySource, KeyText, Rotation};
pub use subject::{Fields, Subject};
pub use surroundings::{Environment, Network, Roots, Surroundings, Tls, UreqNetwork};
