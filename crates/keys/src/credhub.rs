//! CredHub, the store of secrets on Cloud Foundry (its API, version 1).
//!
//! Owns the two ways of being let in, by the certificate of the app's instance or by a client of
//! the UAA, and the two questions: a credential by its name, and the credentials behind a
//! reference. What a credential holds is read elsewhere. Invariant: the instance's certificate and
//! key are read anew for each connection, for the platform replaces them while the app runs.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use accredit::error::{Error, ErrorKind};
use accredit::http::{ClientCertificate, HttpClient};
use accredit::secret::Secret;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::answer::{Answer, ask};
use crate::json::Json;
use crate::surroundings::{Roots, Surroundings, Tls, read};
use crate::url::{form, percent_encoded};

/// Where CredHub is on every platform that does not say otherwise.
const DEFAULT_API: &str = "https://credhub.service.cf.internal:8844";

/// Where the platform puts its own certificates, if it does not say.
const SYSTEM_CERTIFICATES: &str = "CF_SYSTEM_CERT_PATH";

/// More certificates than any platform has.
const CERTIFICATES_MAX: usize = 256;

const WHO: &str = "CredHub";

/// A CredHub and how to be let in.
pub(crate) struct Credhub {
    surroundings: Surroundings,
    /// The last token of the UAA.
    token: Mutex<Option<Arc<Secret<String>>>>,
}

/// The client of the UAA that is let in.
struct UaaClient {
    id: String,
    secret: Secret<String>,
}

impl Credhub {
    pub(crate) const fn new(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            token: Mutex::new(None),
        }
    }

    /// The newest version of the credential `name`, as the API gives it; of a certificate in
    /// rotation the active one.
    pub(crate) async fn credential(&self, name: &str) -> Result<Json, Error> {
        let query = percent_encoded(name);
        let path = format!("/api/v1/data?name={query}&current=true");
        let answer = self.ask(Method::GET, &path, Vec::new()).await?;
        if answer.status == StatusCode::NOT_FOUND {
            let words = answer.text("error").unwrap_or("not found").to_owned();
            return Err(answer.refusal(
                WHO,
                Some(&format!(
                    "{words} The credential {name} is not there, or this app may not read it"
                )),
            ));
        }
        let answer = accepted(answer)?;
        let versions = answer.get("data").and_then(Value::as_array);
        let is_transitional = |version: &&Value| version.get("transitional") == Some(&true.into());
        let found = versions.and_then(|versions| {
            versions
                .iter()
                .find(|version| !is_transitional(version))
                .or_else(|| versions.first())
        });
        match found {
            Some(found) => Ok(Json::from(found.clone())),
            None => Err(answer.odd(WHO)),
        }
    }

    /// The credentials that the platform keeps behind `reference`.
    pub(crate) async fn resolve(&self, reference: &str) -> Result<Json, Error> {
        // One reference that fails would fail all, so only this one is asked for.
        let body = json!({"credhub": [{"credentials": {"credhub-ref": reference}}]});
        let body = body.to_string().into_bytes();
        let answer = self.ask(Method::POST, "/api/v1/interpolate", body).await?;
        let answer = accepted(answer)?;
        let credentials = answer
            .json
            .as_ref()
            .and_then(|json| json.value().pointer("/credhub/0/credentials"))
            .filter(|credentials| credentials.get("credhub-ref").is_none());
        match credentials {
            Some(credentials) => Ok(Json::from(credentials.clone())),
            None => Err(answer.odd(WHO)),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, Error> {
        let api = self.api()?;
        let url = format!("{api}{path}");
        let request = |token: Option<&Secret<String>>| {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(&url)
                .header(header::ACCEPT, "application/json");
            if !body.is_empty() {
                request = request.header(header::CONTENT_TYPE, "application/json");
            }
            if let Some(token) = token {
                let value = format!("Bearer {}", token.expose());
                request = request.header(header::AUTHORIZATION, value);
            }
            request
                .body(body.clone())
                .map_err(|_| Error::setting("the address of CredHub is no URL"))
        };
        let Some(uaa) = self.uaa_client()? else {
            let tls = self.instance_tls()?;
            return ask(self.client(tls).as_ref(), request(None)?).await;
        };
        let client = self.client(Tls {
            roots: self.roots()?,
            client_certificate: None,
        });
        let token = self.token(&uaa, &api, client.as_ref()).await?;
        let answer = ask(client.as_ref(), request(Some(&token))?).await?;
        let is_expired = answer.status == StatusCode::UNAUTHORIZED
            && answer.text("error") == Some("access_token_expired");
        if !is_expired {
            return Ok(answer);
        }
        self.forget(&token);
        let token = self.token(&uaa, &api, client.as_ref()).await?;
        ask(client.as_ref(), request(Some(&token))?).await
    }

    fn client(&self, tls: Tls) -> Arc<dyn HttpClient> {
        self.surroundings.network.client(tls)
    }

    /// The base URL, without a slash at its end.
    fn api(&self) -> Result<String, Error> {
        let names = ["CREDHUB_API", "CREDHUB_SERVER"];
        let Some((name, url)) = self.surroundings.first(&names)? else {
            return Ok(DEFAULT_API.to_owned());
        };
        let url = url.trim_end_matches('/');
        let url = url.trim_end_matches("/api/v1");
        let is_https = url.starts_with("https://") && !url.contains(['?', '#', '@', ' ']);
        is_https.then(|| url.to_owned()).ok_or_else(|| {
            Error::setting(format!(
                "the variable {name} is not the address of a CredHub, expected one like \
                 {DEFAULT_API}"
            ))
        })
    }

    fn uaa_client(&self) -> Result<Option<UaaClient>, Error> {
        let id = self.surroundings.text("CREDHUB_CLIENT")?;
        let secret = self.surroundings.text("CREDHUB_SECRET")?;
        match (id, secret) {
            (None, None) => Ok(None),
            (Some(id), Some(secret)) => Ok(Some(UaaClient {
                id,
                secret: Secret::new(secret),
            })),
            (Some(_), None) => Err(Error::setting(
                "CREDHUB_CLIENT is set and CREDHUB_SECRET is not, expected both or neither",
            )),
            (None, Some(_)) => Err(Error::setting(
                "CREDHUB_SECRET is set and CREDHUB_CLIENT is not, expected both or neither",
            )),
        }
    }

    /// The certificate and key of the app's instance. The platform replaces the key first and the
    /// certificate then; who reads in between finds a torn pair, and reads once more.
    fn instance_tls(&self) -> Result<Tls, Error> {
        let client_certificate = match self.instance_certificate() {
            Err(torn) if torn.kind() == ErrorKind::Key => self.instance_certificate()?,
            read => read?,
        };
        Ok(Tls {
            roots: self.roots()?,
            client_certificate: Some(client_certificate),
        })
    }

    fn instance_certificate(&self) -> Result<ClientCertificate, Error> {
        let chain = self.surroundings.file_of("CF_INSTANCE_CERT")?;
        let key = self.surroundings.file_of("CF_INSTANCE_KEY")?;
        match (chain, key) {
            (Some(chain), Some(key)) => ClientCertificate::from_pem(&chain, &Secret::new(key)),
            _ => Err(Error::setting(
                "nothing here lets us into CredHub: looked at CREDHUB_CLIENT with CREDHUB_SECRET, \
                 and at CF_INSTANCE_CERT with CF_INSTANCE_KEY, which Cloud Foundry sets",
            )),
        }
    }

    /// Whom to trust: what the platform or the operator says, and nobody else; without that, the
    /// system's authorities.
    fn roots(&self) -> Result<Roots, Error> {
        let mut pem = Vec::new();
        if let Some(text) = self.surroundings.text("CREDHUB_CA_CERT")? {
            pem.extend(authority(&text)?);
        }
        if let Some(folder) = self.surroundings.text(SYSTEM_CERTIFICATES)? {
            pem.extend(certificates_in(Path::new(&folder))?);
        }
        Ok(if pem.is_empty() {
            Roots::System
        } else {
            Roots::Only(pem)
        })
    }

    async fn token(
        &self,
        uaa: &UaaClient,
        api: &str,
        client: &dyn HttpClient,
    ) -> Result<Arc<Secret<String>>, Error> {
        let known = self.lock().clone();
        if let Some(token) = known {
            return Ok(token);
        }
        let info = Request::get(format!("{api}/info"))
            .body(Vec::new())
            .map_err(|_| Error::setting("the address of CredHub is no URL"))?;
        let info = accepted(ask(client, info).await?)?;
        let url = info
            .json
            .as_ref()
            .and_then(|json| json.value().pointer("/auth-server/url"))
            .and_then(Value::as_str)
            .filter(|url| url.starts_with("https://"))
            .ok_or_else(|| {
                Error::setting(
                    "this CredHub names no UAA: leave CREDHUB_CLIENT and CREDHUB_SECRET out, and \
                     it is asked with CF_INSTANCE_CERT and CF_INSTANCE_KEY",
                )
            })?;
        let request = uaa.request(url)?;
        // The UAA often has a certificate of a public authority.
        let roots = match self.roots()? {
            Roots::Only(pem) => Roots::SystemAnd(pem),
            other => other,
        };
        let client = self.client(Tls {
            roots,
            client_certificate: None,
        });
        let answer = ask(client.as_ref(), request).await?;
        let token = granted(&answer)?;
        *self.lock() = Some(Arc::clone(&token));
        Ok(token)
    }

    fn forget(&self, token: &Arc<Secret<String>>) {
        let mut known = self.lock();
        if known
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, token))
        {
            *known = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Secret<String>>>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UaaClient {
    /// The request for a token (RFC 6749 §4.4), with the client in the body as CredHub's own
    /// program sends it.
    fn request(&self, url: &str) -> Result<Request<Vec<u8>>, Error> {
        let body = form(&[
            ("grant_type", "client_credentials"),
            ("response_type", "token"),
            ("client_id", &self.id),
            ("client_secret", self.secret.expose()),
        ]);
        Request::post(format!("{}/oauth/token", url.trim_end_matches('/')))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
            .map_err(|_| Error::setting("the address of the UAA is no URL"))
    }
}

fn granted(answer: &Answer) -> Result<Arc<Secret<String>>, Error> {
    let token = answer
        .text("access_token")
        .filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    match token {
        Some(token) if answer.status.is_success() => Ok(Arc::new(Secret::new(token.to_owned()))),
        _ if answer.status.is_success() => Err(answer.odd("the UAA")),
        _ => {
            let words = answer
                .text("error_description")
                .or_else(|| answer.text("error"));
            Err(answer.refusal("the UAA", words))
        }
    }
}

/// The answer, if CredHub said yes.
fn accepted(answer: Answer) -> Result<Answer, Error> {
    if answer.status.is_success() {
        return if answer.json.is_some() {
            Ok(answer)
        } else {
            Err(answer.odd(WHO))
        };
    }
    let words = answer
        .text("error_description")
        .or_else(|| answer.text("error"));
    Err(answer.refusal(WHO, words))
}

/// A certificate as text, perhaps with escaped line ends, or the path of a file with it.
fn authority(text: &str) -> Result<Vec<u8>, Error> {
    if text.contains("-----BEGIN") {
        return Ok((text.replace("\\n", "\n") + "\n").into_bytes());
    }
    let mut pem = read(Path::new(text), crate::FILE_LENGTH_MAX).map_err(|error| {
        Error::setting("the file that CREDHUB_CA_CERT names could not be read").with_source(error)
    })?;
    pem.push(b'\n');
    Ok(pem)
}

/// All certificates in the files `*.crt` of a folder.
fn certificates_in(folder: &Path) -> Result<Vec<u8>, Error> {
    let unread = |error: std::io::Error| {
        Error::setting(format!(
            "the certificates in {} (variable {SYSTEM_CERTIFICATES}) could not be read",
            folder.display()
        ))
        .with_source(error)
    };
    let mut pem = Vec::new();
    for entry in std::fs::read_dir(folder)
        .map_err(unread)?
        .take(CERTIFICATES_MAX)
    {
        let path = entry.map_err(unread)?.path();
        if path.extension().is_some_and(|ending| ending == "crt") {
            pem.extend(read(&path, crate::FILE_LENGTH_MAX).map_err(unread)?);
            pem.push(b'\n');
        }
    }
    Ok(pem)
}

impl fmt::Debug for Credhub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credhub").finish_non_exhaustive()
    }
}
