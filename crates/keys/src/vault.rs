//! HashiCorp Vault: keys in its key-value store, and its transit engine that signs.
//!
//! Owns how Vault is found and asked: `VAULT_ADDR`, `VAULT_TOKEN` or the file that `vault login`
//! writes, `VAULT_NAMESPACE`, `VAULT_CACERT`. It logs in nowhere: the token is the caller's.

use std::fmt;
use std::path::Path as FilePath;

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::{PublicKey, Signer};
use accredit::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::answer::{Answer, ask};
use crate::describe;
use crate::remote::verified;
use crate::source::KeyText;
use crate::surroundings::{Roots, Surroundings, Tls, read as read_file};
use crate::url::is_safe;

const WHO: &str = "Vault";

/// Where Vault listens if nothing is said: what its own program assumes.
const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8200";

/// A field of a secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    pub(crate) mount: &'a str,
    pub(crate) path: &'a str,
    pub(crate) field: &'a str,
}

/// Reads the newest version of a secret (KV version 2).
pub(crate) async fn read(secret: Path<'_>, surroundings: &Surroundings) -> Result<KeyText, Error> {
    let Path { mount, path, field } = secret;
    let origin = format!("the field {field} of {mount}/{path} in Vault");
    let answer = call(
        surroundings,
        Method::GET,
        &format!("{mount}/data/{path}"),
        None,
    )
    .await?;
    let data = answer.get("data");
    if answer.status == StatusCode::NOT_FOUND {
        // A secret that was deleted still has its metadata.
        let words = match data.and_then(|data| data.get("metadata")) {
            Some(_) => "the newest version of the secret was deleted",
            None => "there is no such secret, or the store is not of version 2",
        };
        return Err(Error::key(format!("{origin}: {words}")).with_status(404));
    }
    let answer = accepted(answer)?;
    let fields = answer
        .get("data")
        .and_then(|data| data.get("data"))
        .and_then(Value::as_object)
        .ok_or_else(|| answer.odd(WHO))?;
    let text = match fields.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(object)) => Value::Object(object.clone()).to_string(),
        Some(_) => {
            return Err(Error::key(format!(
                "{origin} is neither a text nor an object"
            )));
        }
        None => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            return Err(Error::key(format!(
                "{origin} is not there; the secret has: {}",
                names.join(", ")
            )));
        }
    };
    Ok(KeyText {
        text: Secret::new(text.into_bytes()),
        origin,
        notes: Vec::new(),
    })
}

/// Asks Vault for `path` below `/v1/`.
async fn call(
    surroundings: &Surroundings,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Answer, Error> {
    let address = address(surroundings)?;
    let token = token(surroundings)?;
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{address}/v1/{path}"))
        .header("X-Vault-Token", token.expose().as_str())
        .header("X-Vault-Request", "true");
    if let Some(namespace) = surroundings.text("VAULT_NAMESPACE")? {
        request = request.header("X-Vault-Namespace", namespace);
    }
    let body = body.map(|body| body.to_string().into_bytes());
    let request = request
        .body(body.unwrap_or_default())
        .map_err(|_| Error::setting("the address, token or namespace of Vault is damaged"))?;
    let roots = match surroundings.file_of("VAULT_CACERT")? {
        Some(pem) => Roots::Only(pem),
        None => Roots::System,
    };
    let client = surroundings.network.client(Tls {
        roots,
        client_certificate: None,
    });
    ask(client.as_ref(), request).await
}

fn address(surroundings: &Surroundings) -> Result<String, Error> {
    let Some(address) = surroundings.text("VAULT_ADDR")? else {
        return Ok(DEFAULT_ADDRESS.to_owned());
    };
    let address = address.trim_end_matches('/');
    if is_safe(address) {
        Ok(address.to_owned())
    } else {
        Err(Error::setting(
            "VAULT_ADDR is not the address of a Vault, expected an https URL: a token and a key \
             are not sent in the clear",
        ))
    }
}

fn token(surroundings: &Surroundings) -> Result<Secret<String>, Error> {
    if let Some(token) = surroundings.text("VAULT_TOKEN")? {
        return Ok(Secret::new(token));
    }
    let home = surroundings.text("HOME")?;
    let path = home.map(|home| FilePath::new(&home).join(".vault-token"));
    let found = path.as_deref().filter(|path| path.exists());
    let Some(path) = found else {
        return Err(Error::setting(
            "no token for Vault; looked at: VAULT_TOKEN (not set), ~/.vault-token (not there); \
             `vault login` writes the file",
        ));
    };
    let unread = || Error::setting(format!("{} could not be read", path.display()));
    let bytes = read_file(path, crate::FILE_LENGTH_MAX)
        .map(Secret::new)
        .map_err(|error| unread().with_source(error))?;
    std::str::from_utf8(bytes.expose())
        .map(|text| Secret::new(text.trim().to_owned()))
        .map_err(|_| unread())
}

fn accepted(answer: Answer) -> Result<Answer, Error> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let words = answer
        .get("errors")
        .and_then(|errors| errors.get(0))
        .and_then(Value::as_str);
    Err(answer.refusal(WHO, words))
}

/// A key of the transit engine.
pub(crate) struct Transit {
    path: String,
    version: u64,
    public: PublicKey,
    surroundings: Surroundings,
}

impl Transit {
    /// Asks for the public half of the newest version.
    pub(crate) async fn open(
        mount: &str,
        key: &str,
        surroundings: &Surroundings,
    ) -> Result<Self, Error> {
        let origin = format!("the key {mount}/{key} in Vault");
        let answer = call(
            surroundings,
            Method::GET,
            &format!("{mount}/keys/{key}"),
            None,
        )
        .await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(Error::key(format!("{origin} is not there")).with_status(404));
        }
        let answer = accepted(answer)?;
        let data = answer.get("data");
        let get = |name: &str| data.and_then(|data| data.get(name));
        let kind = get("type").and_then(Value::as_str).unwrap_or_default();
        if !kind.starts_with("rsa-") {
            return Err(Error::key(format!(
                "{origin} is not an RSA key, expected rsa-2048, rsa-3072 or rsa-4096"
            )));
        }
        let version = get("latest_version").and_then(Value::as_u64);
        let version = version.ok_or_else(|| answer.odd(WHO))?;
        let pem = get("keys")
            .and_then(|keys| keys.get(version.to_string()))
            .and_then(|key| key.get("public_key"))
            .and_then(Value::as_str)
            .ok_or_else(|| answer.odd(WHO))?;
        let public = describe(&Secret::new(pem.as_bytes().to_vec()), &origin)?
            .into_iter()
            .find_map(|found| found.public_key)
            .ok_or_else(|| answer.odd(WHO))?;
        public
            .check_strength()
            .map_err(|weak| Error::key(format!("{origin}: {weak}")))?;
        Ok(Self {
            path: format!("{mount}/sign/{key}/sha2-256"),
            version,
            public,
            surroundings: surroundings.clone(),
        })
    }

    async fn ask_for_signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let body = json!({
            "input": STANDARD.encode(message),
            "key_version": self.version,
            "signature_algorithm": "pkcs1v15",
        });
        let answer = call(&self.surroundings, Method::POST, &self.path, Some(body)).await?;
        let answer = accepted(answer)?;
        // vault:v1:BASE64
        let signature = answer
            .get("data")
            .and_then(|data| data.get("signature"))
            .and_then(Value::as_str)
            .and_then(|text| text.rsplit_once(':'))
            .and_then(|(_, digits)| STANDARD.decode(digits).ok())
            .ok_or_else(|| answer.odd(WHO))?;
        verified(&self.public, message, signature, WHO)
    }
}

impl Signer for Transit {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(self.ask_for_signature(message))
    }
}

impl fmt::Debug for Transit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transit")
            .field("path", &self.path)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
