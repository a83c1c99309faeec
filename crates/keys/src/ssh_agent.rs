//! SSH agents that sign (draft-ietf-sshm-ssh-agent).
//!
//! Owns the two questions: which keys are there, and a signature by one of them with SHA-256
//! (`rsa-sha2-256`, RFC 8332), which is that of RS256. Each question has a connection of its own.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use accredit::BoxFuture;
use accredit::error::Error;
use accredit::key::{PublicKey, Signer};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::remote::{on_a_thread, verified};
use crate::surroundings::Surroundings;

const VARIABLE: &str = "SSH_AUTH_SOCK";
const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const RSA_SHA2_256: u32 = 2;

/// The longest answer, in bytes: the limit of OpenSSH.
const ANSWER_LENGTH_MAX: usize = 256 * 1024;

/// How long a person may take to confirm a signature.
const PATIENCE: Duration = Duration::from_secs(60);

/// A key of an agent.
struct AgentKey {
    socket: String,
    blob: Vec<u8>,
    public: PublicKey,
}

/// Finds the key with this fingerprint; without one, the only RSA key.
pub(crate) async fn open(
    fingerprint: Option<String>,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Signer>, Error> {
    let socket = surroundings.text(VARIABLE)?.ok_or_else(|| {
        Error::setting(
            "no SSH agent; looked at: SSH_AUTH_SOCK (not set); `eval $(ssh-agent)` starts one and \
             `ssh-add server.key` gives it a key",
        )
    })?;
    on_a_thread(move || {
        let answer = call(&socket, REQUEST_IDENTITIES, &[])?;
        let keys = identities(&answer).ok_or_else(damaged)?;
        let (blob, public) = choose(keys, fingerprint.as_deref())?;
        let key: Arc<dyn Signer> = Arc::new(AgentKey {
            socket,
            blob,
            public,
        });
        Ok(key)
    })
    .await
}

fn damaged() -> Error {
    Error::response("the SSH agent gave a damaged answer")
}

/// The keys in an answer as the agent names them. RSA keys come with their numbers.
fn identities(answer: &[u8]) -> Option<Vec<(Vec<u8>, Option<PublicKey>)>> {
    let (kind, mut rest) = answer.split_first()?;
    if *kind != IDENTITIES_ANSWER {
        return None;
    }
    let count = number(&mut rest)?;
    let mut keys = Vec::new();
    for _ in 0..count {
        let blob = string(&mut rest)?;
        string(&mut rest)?;
        keys.push((blob.to_vec(), rsa(blob)));
    }
    Some(keys)
}

/// The numbers of a key of the kind `ssh-rsa` (RFC 4253 §6.6).
fn rsa(mut blob: &[u8]) -> Option<PublicKey> {
    let kind = string(&mut blob)?;
    let exponent = string(&mut blob)?;
    let modulus = string(&mut blob)?;
    (kind == b"ssh-rsa" && blob.is_empty()).then(|| PublicKey::new(modulus, exponent))
}

fn choose(
    keys: Vec<(Vec<u8>, Option<PublicKey>)>,
    wanted: Option<&str>,
) -> Result<(Vec<u8>, PublicKey), Error> {
    let names: Vec<String> = keys.iter().map(|(blob, _)| fingerprint_of(blob)).collect();
    let all = || match names.as_slice() {
        [] => "none; `ssh-add server.key` adds one".to_owned(),
        some => some.join(", "),
    };
    let is_rsa = |key: &Option<PublicKey>| key.is_some();
    let mut found: Vec<(Vec<u8>, Option<PublicKey>)> = keys
        .into_iter()
        .filter(|(blob, key)| match wanted {
            Some(wanted) => fingerprint_of(blob) == wanted,
            None => is_rsa(key),
        })
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some((blob, Some(public))), true) => {
            public
                .check_strength()
                .map_err(|weak| Error::key(format!("the key of the SSH agent: {weak}")))?;
            Ok((blob, public))
        }
        (Some((_, None)), true) => Err(Error::key(
            "the key of the SSH agent is not an RSA key, expected RSA: Salesforce takes no other",
        )),
        (Some(_), false) => Err(Error::key(format!(
            "the SSH agent has more than one RSA key; name one, as in ssh-agent:SHA256:…; it has: \
             {}",
            all()
        ))),
        (None, _) => Err(Error::key(format!(
            "the SSH agent has no such RSA key; it has: {}",
            all()
        ))),
    }
}

/// The name that `ssh-add -l` prints.
fn fingerprint_of(blob: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, blob);
    format!("SHA256:{}", STANDARD_NO_PAD.encode(hash))
}

impl AgentKey {
    async fn ask_for_signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut body = Vec::with_capacity(self.blob.len() + message.len() + 12);
        put(&mut body, &self.blob);
        put(&mut body, message);
        body.extend_from_slice(&RSA_SHA2_256.to_be_bytes());
        let socket = self.socket.clone();
        let answer = on_a_thread(move || call(&socket, SIGN_REQUEST, &body)).await?;
        let signature = signature(&answer).ok_or_else(damaged)?;
        // Zeros in front are left out by some agents.
        let length = self.public.modulus().len();
        let mut whole = vec![0; length.saturating_sub(signature.len())];
        whole.extend_from_slice(signature);
        verified(&self.public, message, whole, "the SSH agent")
    }
}

fn signature(answer: &[u8]) -> Option<&[u8]> {
    let (kind, mut rest) = answer.split_first()?;
    let mut blob = string(&mut rest)?;
    let algorithm = string(&mut blob)?;
    let signature = string(&mut blob)?;
    (*kind == SIGN_RESPONSE && algorithm == b"rsa-sha2-256").then_some(signature)
}

impl Signer for AgentKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(self.ask_for_signature(message))
    }
}

impl fmt::Debug for AgentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Asks one question.
fn call(socket: &str, kind: u8, body: &[u8]) -> Result<Vec<u8>, Error> {
    let answer = exchange(socket, kind, body).map_err(|error| {
        let what = format!("the SSH agent at {socket} (variable {VARIABLE}) does not answer");
        Error::transport(what).with_source(error)
    })?;
    match answer.as_slice() {
        [] => Err(damaged()),
        [FAILURE] => Err(Error::key(
            "the SSH agent refused: it is locked, the key is gone, or its owner said no",
        )),
        _ => Ok(answer),
    }
}

fn exchange(socket: &str, kind: u8, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::with_capacity(body.len() + 5);
    let length = u32::try_from(body.len() + 1).map_err(io::Error::other)?;
    request.extend_from_slice(&length.to_be_bytes());
    request.push(kind);
    request.extend_from_slice(body);
    stream.write_all(&request)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
    if length > ANSWER_LENGTH_MAX {
        return Err(io::Error::other("its answer is too long"));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// Takes a number off the front (RFC 4251 §5).
fn number(rest: &mut &[u8]) -> Option<u32> {
    let (digits, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_be_bytes(*digits))
}

/// Takes a text off the front (RFC 4251 §5).
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text)
}

fn put(body: &mut Vec<u8>, text: &[u8]) {
    // No text here is longer than an assertion or a key.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(text);
}
