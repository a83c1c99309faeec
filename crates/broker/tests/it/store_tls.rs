//! A store that is reached over TLS: a real Redis with a certificate, where there is one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use accredit::clock::SystemClock;
use accredit_broker::Reveal;
use accredit_broker::shared::RedisStore;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpStream;

use crate::world::{CONNECTIONS, World};

/// A Redis that speaks nothing but TLS, with the folder of its files.
struct Redis {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Redis {
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        write_certificates(folder.path());
        // The port is free now; nothing else here takes one by number.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("redis-server")
            .args([
                "--port",
                "0",
                "--tls-port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
            ])
            .args([
                "--tls-cert-file",
                "redis.crt",
                "--tls-key-file",
                "redis.key",
            ])
            .args(["--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "no"])
            .args(["--requirepass", "canary-word", "--save", "", "--dir"])
            .arg(folder.path())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                skipped(&format!("redis-server: {error}"));
                return None;
            }
        };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = child.try_wait().unwrap() {
                skipped(&format!("redis-server cannot do TLS: {status}"));
                return None;
            }
            tokio::task::yield_now().await;
        }
        Some(Self {
            child,
            folder,
            port,
        })
    }

    /// A configuration with this store: its scheme, its password, its authority.
    fn text(&self, scheme: &str, word: &str, ca: Option<&str>) -> String {
        let url = format!("{scheme}://:{word}@localhost:{}", self.port);
        let ca = ca.map_or_else(String::new, |name| {
            format!("ca = \"{}\"\n", self.folder.path().join(name).display())
        });
        format!(
            "{CONNECTIONS}[store]\nurl = \"{}\"\nkey = \"{}\"\n{ca}",
            self.write("store.url", &url).display(),
            self.write("store.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
                .display(),
        )
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// The runner keeps what a passing test prints, but not what is written to stderr itself.
fn skipped(why: &str) {
    let _gone = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("skipped: {why}\n").as_bytes(),
    );
}

/// An authority with a certificate for the store, and another authority.
fn write_certificates(folder: &Path) {
    let authority = || {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let ca = authority();
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = names.signed_by(&key, &ca).unwrap();
    for (name, text) in [
        ("ca.crt", ca.pem()),
        ("other.crt", authority().pem()),
        ("redis.crt", certificate.pem()),
        ("redis.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// How many logins two replicas make for a token each.
async fn logins(text: &str) -> usize {
    let mut logins = 0;
    for _ in 0..2 {
        let world = World::at(text, Reveal::Never, Arc::new(SystemClock)).await;
        let reply = world.get("/v1/connections/default/token").await;
        assert_eq!(
            reply.status, 200,
            "no fault of a store fails a request: {reply:?}"
        );
        logins += world.salesforce.asked();
    }
    logins
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_a_store_over_tls_if_its_certificate_is_right_and_only_then() {
    let Some(redis) = Redis::start().await else {
        return;
    };
    let ca = Some("ca.crt");
    assert_eq!(
        logins(&redis.text("rediss", "canary-word", Some("other.crt"))).await,
        2
    );
    assert_eq!(
        logins(&redis.text("rediss", "canary-word", None)).await,
        2,
        "unknown here"
    );
    assert_eq!(logins(&redis.text("rediss", "wrong-word", ca)).await, 2);
    assert_eq!(
        logins(&redis.text("redis", "canary-word", None)).await,
        2,
        "without TLS"
    );
    assert_eq!(logins(&redis.text("rediss", "canary-word", ca)).await, 1);
}

#[test]
fn a_store_whose_certificate_is_not_checked_is_refused() {
    let error = RedisStore::new("rediss://:canary@localhost/#insecure", None).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("#insecure") && !text.contains("canary"),
        "{text}"
    );
    let error = RedisStore::new("rediss://localhost", Some(b"no PEM")).unwrap_err();
    assert!(error.to_string().contains("no certificates"), "{error}");
    assert!(RedisStore::new("rediss://localhost", None).is_ok());
}
