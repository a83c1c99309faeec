//! A CredHub for tests, over TLS with client certificates: its API, version 1, as server 2.15
//! answers, with the UAA beside it. To run programs of others against it:
//! `cargo test -p accredit-keys --test it -- --ignored --nocapture fake_credhub` and see what it
//! prints.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::data::text;
use crate::server::{Asked, Reply, serve};
use crate::world::Variables;

pub(crate) const APP: &str = "app:11111111-1111-4111-8111-111111111111";

/// Something in the way of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Status(u16, &'static str, &'static str),
    Nothing,
}

#[derive(Default)]
pub(crate) struct State {
    /// Versions by name, newest first.
    pub(crate) credentials: HashMap<String, Vec<Value>>,
    pub(crate) asked: Vec<String>,
    pub(crate) fault: Option<Fault>,
    /// Tokens that the UAA gave.
    pub(crate) tokens: usize,
    /// The token that is good; others have expired.
    pub(crate) good: usize,
}

pub(crate) struct FakeCredhub {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) url: String,
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl FakeCredhub {
    pub(crate) fn start() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let authority = Issuer::new(params, key);
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .unwrap();
        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![server.der().clone()],
                PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (of_handler, port) = (Arc::clone(&state), Arc::new(Mutex::new(0)));
        let of_info = Arc::clone(&port);
        let handler = move |asked: Asked| {
            let port = *of_info.lock().unwrap();
            reply(&mut of_handler.lock().unwrap(), &asked, port)
        };
        *port.lock().unwrap() = serve(Some(Arc::new(config)), Arc::new(handler));
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("system")).unwrap();
        std::fs::write(folder.path().join("system/trusted-ca-1.crt"), root.pem()).unwrap();
        std::fs::write(folder.path().join("system/README"), "no certificate").unwrap();
        let url = format!("https://localhost:{}", port.lock().unwrap());
        let fake = Self {
            state,
            url,
            folder,
            authority,
        };
        fake.issue("instance", APP);
        fake
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes NAME.crt, leaf and authority, and NAME.key, PKCS#1, as the platform does.
    pub(crate) fn issue(&self, name: &str, unit: &str) {
        let key = KeyPair::from_pem(&text("pkcs8.key")).unwrap();
        std::fs::write(self.path(&format!("{name}.key")), text("pkcs1.key")).unwrap();
        self.issue_for(name, unit, &key);
    }

    fn issue_for(&self, name: &str, unit: &str, key: &KeyPair) {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "instance");
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, unit);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(key, &self.authority).unwrap().pem();
        let root = std::fs::read_to_string(self.path("system/trusted-ca-1.crt")).unwrap();
        std::fs::write(self.path(&format!("{name}.crt")), leaf + &root).unwrap();
    }

    /// A certificate NAME.crt whose key is not in NAME.key.
    pub(crate) fn issue_torn(&self, name: &str) {
        self.issue_for(name, APP, &KeyPair::from_pem(&text("other.key")).unwrap());
        std::fs::write(self.path(&format!("{name}.key")), text("pkcs1.key")).unwrap();
    }

    /// The variables of an app on the platform.
    pub(crate) fn variables(&self) -> Arc<Variables> {
        crate::world::with(&[
            ("CREDHUB_API", &self.url),
            ("CF_INSTANCE_CERT", &self.at("instance.crt")),
            ("CF_INSTANCE_KEY", &self.at("instance.key")),
            ("CF_SYSTEM_CERT_PATH", &self.at("system")),
        ])
    }

    pub(crate) fn put(&self, name: &str, versions: Vec<Value>) {
        self.state
            .lock()
            .unwrap()
            .credentials
            .insert(name.to_owned(), versions);
    }

    pub(crate) fn fail(&self, fault: Option<Fault>) {
        self.state.lock().unwrap().fault = fault;
    }
}

/// A certificate credential as CredHub gives it.
pub(crate) fn certificate(key: &str, transitional: Option<bool>) -> Value {
    json!({
        "type": "certificate", "version_created_at": "2026-01-01T00:00:00Z", "id": "x",
        "name": "/demo/certificate", "metadata": null, "expiry_date": "2028-01-01T00:00:00Z",
        "self_signed": true, "transitional": transitional,
        "value": {"ca": text("server.crt"), "certificate": text("server.crt"), "private_key": text(key)},
    })
}

fn said(status: u16, body: &Value) -> Reply {
    Some((status, "application/json", body.to_string()))
}

fn reply(state: &mut State, asked: &Asked, port: u16) -> Reply {
    state.asked.push(asked.line.clone());
    if asked.line == "GET /info" {
        let url = format!("https://localhost:{port}/uaa");
        return said(
            200,
            &json!({"auth-server": {"url": url}, "app": {"name": "CredHub"}}),
        );
    }
    if asked.line == "POST /uaa/oauth/token" {
        return token(state, asked);
    }
    match state.fault.clone() {
        Some(Fault::Nothing) => return None,
        Some(Fault::Status(status, kind, body)) => return Some((status, kind, body.to_owned())),
        None => {}
    }
    if let Some(refused) = refused(state, asked) {
        return refused;
    }
    if let Some(query) = asked.line.strip_prefix("GET /api/v1/data?") {
        let name = query
            .split('&')
            .find_map(|field| field.strip_prefix("name="));
        let name = name.unwrap_or_default().replace("%2F", "/");
        return match state.credentials.get(&name) {
            Some(versions) => said(200, &json!({"data": versions})),
            None => missing(),
        };
    }
    if asked.line == "GET /version" {
        return said(200, &json!({"version": "2.15.20"}));
    }
    if asked.line != "POST /api/v1/interpolate" {
        return missing();
    }
    let mut services: Value = serde_json::from_slice(&asked.body).unwrap();
    for service in services.as_object_mut().unwrap().values_mut() {
        for binding in service.as_array_mut().unwrap() {
            let reference = binding["credentials"]["credhub-ref"].as_str().unwrap();
            let name = reference.trim_start_matches("((").trim_end_matches("))");
            let Some(found) = state.credentials.get(name) else {
                return missing();
            };
            if found[0]["type"] != "json" {
                return said(
                    400,
                    &json!({"error": "The credential is not the expected type."}),
                );
            }
            binding["credentials"] = found[0]["value"].clone();
        }
    }
    said(200, &services)
}

fn missing() -> Reply {
    said(
        404,
        &json!({"error": "The request could not be completed because the credential does not exist or you do not have sufficient authorization."}),
    )
}

fn token(state: &mut State, asked: &Asked) -> Reply {
    let body = String::from_utf8(asked.body.clone()).unwrap();
    // Programs send the fields in an order of their own.
    let mut fields: Vec<&str> = body.split('&').collect();
    fields.sort_unstable();
    let right = [
        "client_id=demo",
        "client_secret=p%26ss",
        "grant_type=client_credentials",
        "response_type=token",
    ];
    if fields != right {
        let words = "Bad credentials";
        let body = json!({"error": "unauthorized", "error_description": words});
        return said(401, &body);
    }
    state.tokens += 1;
    let token = format!("token-{}", state.tokens);
    said(
        200,
        &json!({"access_token": token, "token_type": "bearer", "expires_in": 10}),
    )
}

/// Who is not let in.
fn refused(state: &State, asked: &Asked) -> Option<Reply> {
    if let Some(bearer) = asked.header("authorization") {
        let is_good = bearer == format!("Bearer token-{}", state.good.max(1));
        let words = "Access token expired";
        let body = json!({"error": "access_token_expired", "error_description": words});
        return (!is_good).then(|| said(401, &body));
    }
    let Some(certificate) = &asked.certificate else {
        let words = "Full authentication is required to access this resource";
        let body = json!({"error": "access_denied", "error_description": words});
        return Some(said(401, &body));
    };
    let is_app = certificate.windows(4).any(|four| four == b"app:");
    let body = json!({"error": "The provided authentication mechanism does not provide a valid identity. Please contact your system administrator."});
    (!is_app).then(|| said(401, &body))
}

#[test]
#[ignore = "serves until its input ends"]
fn for_programs_of_others() {
    let fake = FakeCredhub::start();
    fake.put(
        "/demo/certificate",
        vec![certificate("pkcs1.key", Some(false))],
    );
    let value = json!({"demo-certificate": certificate("pkcs1.key", None)});
    fake.put(
        "/demo/credentials",
        vec![
            json!({"type": "json", "id": "y", "name": "/demo/credentials",
        "version_created_at": "2026-01-01T00:00:00Z", "value": value}),
        ],
    );
    let authority = fake.path("system/trusted-ca-1.crt");
    println!(
        "export CREDHUB_SERVER={} CREDHUB_CA_CERT={}",
        fake.url,
        authority.display()
    );
    println!("export CREDHUB_CLIENT=demo CREDHUB_SECRET='p&ss'   # or, without these two:");
    let (certificate, key) = (fake.path("instance.crt"), fake.path("instance.key"));
    println!(
        "export CF_INSTANCE_CERT={} CF_INSTANCE_KEY={}",
        certificate.display(),
        key.display()
    );
    println!(
        "export CF_SYSTEM_CERT_PATH={}",
        fake.path("system").display()
    );
    println!("# credentials: /demo/certificate, and /demo/credentials for references");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
