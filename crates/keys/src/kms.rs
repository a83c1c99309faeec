//! The key management service of AWS (its JSON protocol, 1.1).
//!
//! Owns the two questions, a public key and a signature, and the credentials from the environment
//! that they are signed with (Signature Version 4, in `sigv4`). Other sources of credentials are
//! for the tools that set these variables.

use std::fmt;
use std::sync::Arc;

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::{PublicKey, Signer};
use accredit::secret::Secret;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};

use crate::answer::{Answer, ask};
use crate::describe;
use crate::remote::verified;
use crate::sigv4::{self, Credentials};
use crate::surroundings::{Surroundings, Tls};
use crate::url::is_safe;

const WHO: &str = "AWS KMS";

/// The longest message that the service hashes itself, in bytes.
const MESSAGE_LENGTH_MAX: usize = 4096;

const ALGORITHM: &str = "RSASSA_PKCS1_V1_5_SHA_256";

/// A key of the service.
struct KmsKey {
    id: String,
    public: PublicKey,
    surroundings: Surroundings,
}

/// Asks for the public half of the key `id`.
pub(crate) async fn open(id: &str, surroundings: &Surroundings) -> Result<Arc<dyn Signer>, Error> {
    let origin = format!("the key awskms:{id}");
    let answer = call(surroundings, id, "GetPublicKey", &json!({"KeyId": id})).await?;
    let algorithms = answer.get("SigningAlgorithms").and_then(Value::as_array);
    if !algorithms.is_some_and(|all| all.iter().any(|one| one == ALGORITHM)) {
        return Err(Error::key(format!(
            "{origin} does not sign with {ALGORITHM}, expected an RSA key for signing"
        )));
    }
    let der = bytes(&answer, "PublicKey").ok_or_else(|| answer.odd(WHO))?;
    let public = describe(&Secret::new(der), &origin)?
        .into_iter()
        .find_map(|found| found.public_key)
        .ok_or_else(|| answer.odd(WHO))?;
    public
        .check_strength()
        .map_err(|weak| Error::key(format!("{origin}: {weak}")))?;
    Ok(Arc::new(KmsKey {
        id: id.to_owned(),
        public,
        surroundings: surroundings.clone(),
    }))
}

fn bytes(answer: &Answer, name: &str) -> Option<Vec<u8>> {
    STANDARD.decode(answer.text(name)?).ok()
}

async fn call(
    surroundings: &Surroundings,
    id: &str,
    action: &str,
    body: &Value,
) -> Result<Answer, Error> {
    let region = region(id, surroundings)?;
    let credentials = credentials(surroundings)?;
    let names = ["AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"];
    let url = match surroundings.first(&names)? {
        Some((_, url)) => format!("{}/", url.trim_end_matches('/')),
        None => format!("https://{}/", host(&region)),
    };
    if !is_safe(&url) {
        return Err(Error::setting(
            "the endpoint of AWS KMS is no https URL, expected one: see AWS_ENDPOINT_URL_KMS and \
             AWS_ENDPOINT_URL",
        ));
    }
    let request = Request::post(&url)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("TrentService.{action}"))
        .body(body.to_string().into_bytes())
        .map_err(|_| Error::setting("the address of AWS KMS is no URL"))?;
    let scope = sigv4::Scope {
        region: &region,
        service: "kms",
        now: surroundings.clock.now(),
    };
    let request = sigv4::sign(request, &credentials, scope)?;
    let client = surroundings.network.client(Tls::default());
    let answer = ask(client.as_ref(), request).await?;
    if answer.status.is_success() && answer.json.is_some() {
        return Ok(answer);
    }
    if answer.status.is_success() {
        return Err(answer.odd(WHO));
    }
    // The name of the error may have a name space in front.
    let kind = answer
        .text("__type")
        .map(|kind| kind.rsplit('#').next().unwrap_or(kind));
    let words = answer.text("message").or_else(|| answer.text("Message"));
    let words = match (kind, words) {
        (Some(kind), Some(words)) => Some(format!("{kind}: {words}")),
        (kind, words) => kind.or(words).map(str::to_owned),
    };
    Err(answer.refusal(WHO, words.as_deref()))
}

/// The host of the service in a region: those in China have a domain of their own.
fn host(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("kms.{region}.amazonaws.com{china}")
}

/// The region of an ARN, or that of the environment.
fn region(id: &str, surroundings: &Surroundings) -> Result<String, Error> {
    let of_arn = id
        .strip_prefix("arn:")
        .and_then(|rest| rest.split(':').nth(2))
        .map(str::to_owned);
    let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let region = match of_arn {
        Some(region) => Some(region),
        None => surroundings.first(&names)?.map(|(_, region)| region),
    };
    region
        .filter(|name| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !name.is_empty() && name.bytes().all(is_plain)
        })
        .ok_or_else(|| {
            Error::setting(
                "no region for AWS KMS; looked at: the key, if it is an ARN, AWS_REGION, \
                 AWS_DEFAULT_REGION",
            )
        })
}

fn credentials(surroundings: &Surroundings) -> Result<Credentials, Error> {
    let id = surroundings.text("AWS_ACCESS_KEY_ID")?;
    let secret = surroundings.text("AWS_SECRET_ACCESS_KEY")?.map(Secret::new);
    let session = surroundings.text("AWS_SESSION_TOKEN")?.map(Secret::new);
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Credentials {
            id,
            secret,
            session,
        }),
        (id, secret) => {
            let state = |is_set: bool| if is_set { "set" } else { "not set" };
            Err(Error::setting(format!(
                "no credentials for AWS; looked at: AWS_ACCESS_KEY_ID ({}), AWS_SECRET_ACCESS_KEY \
                 ({}); `aws configure export-credentials --format env` gives them for a profile",
                state(id.is_some()),
                state(secret.is_some())
            )))
        }
    }
}

impl KmsKey {
    async fn ask_for_signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let hash = digest::digest(&digest::SHA256, message);
        let (kind, message_or_hash) = if message.len() <= MESSAGE_LENGTH_MAX {
            ("RAW", message)
        } else {
            ("DIGEST", hash.as_ref())
        };
        let body = json!({
            "KeyId": self.id,
            "Message": STANDARD.encode(message_or_hash),
            "MessageType": kind,
            "SigningAlgorithm": ALGORITHM,
        });
        let answer = call(&self.surroundings, &self.id, "Sign", &body).await?;
        let signature = bytes(&answer, "Signature").ok_or_else(|| answer.odd(WHO))?;
        verified(&self.public, message, signature, WHO)
    }
}

impl Signer for KmsKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(self.ask_for_signature(message))
    }
}

impl fmt::Debug for KmsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsKey")
            .field("id", &self.id)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_region_in_china_has_its_own_domain() {
        for (region, expected) in [
            ("eu-central-1", "kms.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "kms.us-gov-west-1.amazonaws.com"),
            ("cn-northwest-1", "kms.cn-northwest-1.amazonaws.com.cn"),
        ] {
            assert_eq!(host(region), expected);
        }
    }
}
