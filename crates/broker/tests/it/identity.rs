//! Callers that the connection itself tells: users of this machine, holders of certificates.

use std::sync::Arc;

use accredit_broker::Reveal;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use crate::world::{CONNECTIONS, Reply, World};

const REQUEST: &str = "GET /v1/connections/default/token HTTP/1.1\r\nHost: localhost:PORT\r\nAccredit-Request: true\r\nConnection: close\r\n\r\n";

async fn converse(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), port: u16) -> Reply {
    let request = REQUEST.replace("PORT", &port.to_string());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _closed = stream.read_to_end(&mut answer).await;
    Reply::parse(&answer)
}

#[tokio::test]
async fn a_user_of_this_machine_is_known_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broker.sock");
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.path()).unwrap());
    for (uid, expected) in [(own, 200), (own + 1, 401)] {
        let _gone = std::fs::remove_file(&path);
        let text = format!(
            "{CONNECTIONS}[listener]\nsocket = \"{}\"\n[callers.a]\nunix_users = [{uid}]\nconnections = \"default\"\nuses = \"token\"\n",
            path.display()
        );
        let world = World::start(&text, Reveal::Never).await;
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let reply = converse(&mut stream, 1).await;
        assert_eq!(reply.status, expected, "{reply:?}");
        assert_eq!(world.get("/v1/connections/default/token").await.status, 401);
    }
}

#[tokio::test]
async fn a_certificate_is_known_by_subject_name_and_app() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issue = |name: &str, unit: &str| {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, unit);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &ca).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let (certificate, key) = issue("localhost", "x");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let listener = format!(
        "[listener.tls]\ncertificate = \"{}\"\nkey = \"{}\"\nclient_ca = \"{}\"\n",
        file("server.crt", &certificate),
        file("server.key", &key),
        file("ca.crt", &ca.pem())
    );
    for (rule, expected) in [
        ("certificate_names = \"DNS:billing\"", 200),
        ("certificate_subjects = \"OU=app:guid-1,CN=billing\"", 200),
        ("cf_apps = \"guid-1\"", 200),
        ("cf_apps = \"guid-2\"", 401),
    ] {
        let caller = format!("[callers.a]\n{rule}\nconnections = \"default\"\nuses = \"token\"\n");
        let world = World::start(&format!("{CONNECTIONS}{listener}{caller}"), Reveal::Never).await;
        for (shown, expected) in [(true, expected), (false, 401)] {
            let mut roots = rustls::RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap())
                .unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots);
            let config = if shown {
                let (certificate, key) = issue("billing", "app:guid-1");
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            } else {
                config.with_no_client_auth()
            };
            let stream = TcpStream::connect(world.address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let connector = TlsConnector::from(Arc::new(config));
            let mut stream = connector.connect(name, stream).await.unwrap();
            let reply = converse(&mut stream, world.address.port()).await;
            assert_eq!(reply.status, expected, "{rule} {shown} {reply:?}");
        }
    }
}
