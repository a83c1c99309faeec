//! Keys in tokens: hardware security modules and smart cards, through PKCS#11.
//!
//! Owns the way from a URI to one key of one token, and the session that signs with it. The module
//! of the token's maker is loaded into this process: only one that the operator names. Invariant: a
//! module is initialized once, however many keys come from it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::{PublicKey, Signer};
use accredit::secret::Secret;
use aws_lc_rs::digest;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use crate::pkcs11_uri::Pkcs11Uri;
use crate::remote::{on_a_thread, verified};
use crate::surroundings::{Surroundings, read};

const MODULE: &str = "PKCS11_MODULE_PATH";

/// The longest file with a PIN, in bytes.
const PIN_LENGTH_MAX: usize = 256;

/// `DigestInfo` of SHA-256 (RFC 8017 §9.2) up to the hash: for tokens that hash nothing.
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// Modules by their paths: the standard lets none be initialized twice.
static MODULES: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// A key of a token.
struct TokenKey {
    way: Arc<Way>,
    session: Arc<Mutex<Opened>>,
    public: PublicKey,
}

/// How the key is reached, again if need be.
struct Way {
    uri: Pkcs11Uri,
    module: PathBuf,
    pin: Option<AuthPin>,
}

struct Opened {
    session: Session,
    key: ObjectHandle,
}

/// Logs in to the token and finds the key.
pub(crate) async fn open(
    uri: &Pkcs11Uri,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Signer>, Error> {
    let way = Arc::new(Way {
        uri: uri.clone(),
        module: module(uri, surroundings)?,
        pin: pin(uri, surroundings)?,
    });
    on_a_thread(move || {
        let opened = way.open()?;
        let public = opened.public_key(&way.uri)?;
        public
            .check_strength()
            .map_err(|weak| Error::key(format!("{}: {weak}", way.uri)))?;
        let key: Arc<dyn Signer> = Arc::new(TokenKey {
            way,
            session: Arc::new(Mutex::new(opened)),
            public,
        });
        Ok(key)
    })
    .await
}

fn module(uri: &Pkcs11Uri, surroundings: &Surroundings) -> Result<PathBuf, Error> {
    match (&uri.module, surroundings.text(MODULE)?) {
        (Some(path), _) => Ok(path.clone()),
        (None, Some(path)) => Ok(path.into()),
        (None, None) => Err(Error::setting(format!(
            "no PKCS#11 module is named; looked at: module-path of {uri} (not there), {MODULE} \
             (not set); it is the library of the token's maker, such as \
             /usr/lib/softhsm/libsofthsm2.so"
        ))),
    }
}

fn pin(uri: &Pkcs11Uri, surroundings: &Surroundings) -> Result<Option<AuthPin>, Error> {
    if let Some(pin) = &uri.pin {
        return Ok(Some(auth_pin(pin.expose())));
    }
    if let Some(path) = &uri.pin_source {
        let unread = || {
            Error::setting(format!(
                "the file {} with the PIN could not be read",
                path.display()
            ))
        };
        let bytes = read(path, PIN_LENGTH_MAX)
            .map(Secret::new)
            .map_err(|error| unread().with_source(error))?;
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| unread())?;
        return Ok(Some(auth_pin(text.trim_end())));
    }
    let typed = surroundings
        .passphrases
        .passphrase(&format!("the PIN of {uri}"))?;
    Ok(typed.map(|pin| auth_pin(pin.expose())))
}

fn auth_pin(pin: &str) -> AuthPin {
    AuthPin::new(pin.to_owned().into_boxed_str())
}

impl Way {
    fn open(&self) -> Result<Opened, Error> {
        let uri = &self.uri;
        let failed = |what: &str, error: Pkcs11Error| {
            Error::key(format!("{uri}: {what}")).with_source(error)
        };
        let context = context(&self.module)?;
        let slot = self.slot(&context)?;
        let session = context
            .open_ro_session(slot)
            .map_err(|error| failed("the token opens no session", error))?;
        if let Some(pin) = &self.pin {
            match session.login(UserType::User, Some(pin)) {
                Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                Err(error) => return Err(failed("the token does not take the PIN", error)),
            }
        }
        let mut wanted = vec![
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
        ];
        wanted.extend(
            uri.object
                .iter()
                .map(|label| Attribute::Label(label.clone().into_bytes())),
        );
        wanted.extend(uri.id.iter().map(|id| Attribute::Id(id.clone())));
        let keys = session
            .find_objects(&wanted)
            .map_err(|error| failed("the token lists no keys", error))?;
        match keys.as_slice() {
            [key] => Ok(Opened { session, key: *key }),
            [] if self.pin.is_none() => Err(Error::key(format!(
                "{uri}: the token shows no such RSA key without its PIN: name a file with it by \
                 pin-source, or pass it as a passphrase"
            ))),
            [] => Err(Error::key(format!(
                "{uri}: the token has no such private RSA key"
            ))),
            more => Err(Error::key(format!(
                "{uri}: the token has {} such private RSA keys; name one by object or id",
                more.len()
            ))),
        }
    }

    /// The one token that the URI describes.
    fn slot(&self, context: &Pkcs11) -> Result<Slot, Error> {
        let uri = &self.uri;
        let failed = |error: Pkcs11Error| {
            Error::key(format!("{uri}: the module lists no tokens")).with_source(error)
        };
        let (mut found, mut labels) = (Vec::new(), Vec::new());
        for slot in context.get_slots_with_initialized_token().map_err(failed)? {
            let token = context.get_token_info(slot).map_err(failed)?;
            let is = |wanted: &Option<String>, is: &str| {
                wanted
                    .as_deref()
                    .is_none_or(|wanted| wanted == is.trim_end())
            };
            labels.push(token.label().trim_end().to_owned());
            let is_meant = is(&uri.token, token.label())
                && is(&uri.serial, token.serial_number())
                && is(&uri.manufacturer, token.manufacturer_id())
                && is(&uri.model, token.model())
                && uri.slot.is_none_or(|wanted| wanted == slot.id());
            if is_meant {
                found.push(slot);
            }
        }
        match found.as_slice() {
            [slot] => Ok(*slot),
            other => Err(Error::key(format!(
                "{uri}: {} tokens are meant, expected one; the module has: {}",
                other.len(),
                labels.join(", ")
            ))),
        }
    }
}

/// The module at `path`, loaded and initialized.
fn context(path: &Path) -> Result<Pkcs11, Error> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = modules.get(path) {
        return Ok(known.clone());
    }
    let failed = |error: Pkcs11Error| {
        Error::setting(format!(
            "the PKCS#11 module {} could not be loaded",
            path.display()
        ))
        .with_source(error)
    };
    let context = Pkcs11::new(path).map_err(failed)?;
    context
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .map_err(failed)?;
    modules.insert(path.to_owned(), context.clone());
    Ok(context)
}

impl Opened {
    fn public_key(&self, uri: &Pkcs11Uri) -> Result<PublicKey, Error> {
        let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
        let found = self
            .session
            .get_attributes(self.key, &wanted)
            .map_err(|error| {
                Error::key(format!("{uri}: the key does not show its public half"))
                    .with_source(error)
            })?;
        let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
        for attribute in found {
            match attribute {
                Attribute::Modulus(bytes) => modulus = bytes,
                Attribute::PublicExponent(bytes) => exponent = bytes,
                _ => {}
            }
        }
        Ok(PublicKey::new(&modulus, &exponent))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Pkcs11Error> {
        match self
            .session
            .sign(&Mechanism::Sha256RsaPkcs, self.key, message)
        {
            Err(Pkcs11Error::Pkcs11(RvError::MechanismInvalid, _)) => {
                let hash = digest::digest(&digest::SHA256, message);
                let info = [&DIGEST_INFO, hash.as_ref()].concat();
                self.session.sign(&Mechanism::RsaPkcs, self.key, &info)
            }
            signed => signed,
        }
    }
}

impl TokenKey {
    async fn ask_for_signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let (way, session) = (Arc::clone(&self.way), Arc::clone(&self.session));
        let owned = message.to_vec();
        let signature = on_a_thread(move || {
            let mut opened = session.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(signature) = opened.sign(&owned) {
                return Ok(signature);
            }
            // Sessions end when a token is taken out or a module starts anew.
            *opened = way.open()?;
            opened.sign(&owned).map_err(|error| {
                Error::key(format!("{}: the token does not sign", way.uri)).with_source(error)
            })
        })
        .await?;
        verified(&self.public, message, signature, "the token")
    }
}

impl Signer for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(self.ask_for_signature(message))
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("uri", &self.way.uri)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
