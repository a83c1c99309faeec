//! No secret is written where nobody asked for it: with every event logged, neither stderr nor a
//! file holds a token, an assertion, a key or a password, in any of the forms in which they travel.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::program::{BINARY, Program, Run, files, key};
use crate::server::{self, Server, TOKEN};

/// A secret in all its forms.
pub(crate) struct Secret {
    name: &'static str,
    forms: Vec<String>,
}

impl Secret {
    pub(crate) fn new(name: &'static str, bytes: &[u8]) -> Self {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let escaped: String = bytes
            .iter()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                    char::from(*byte).into()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        let mut forms = vec![hex.to_uppercase(), hex, escaped];
        forms.extend(std::str::from_utf8(bytes).map(str::to_owned));
        // Within a longer text the same bytes have one of three spellings.
        for skipped in 0..3 {
            let whole = &bytes[skipped..];
            let whole = &whole[..whole.len() / 3 * 3];
            forms.push(STANDARD.encode(whole));
            forms.push(URL_SAFE_NO_PAD.encode(whole));
        }
        Self { name, forms }
    }

    fn check(&self, place: &str, text: &str) {
        for form in &self.forms {
            assert!(form.len() >= 8, "{} is too short to be told", self.name);
            assert!(
                !text.contains(form),
                "{} stands in {place}:\n{text}",
                self.name
            );
        }
    }
}

/// What only the owner of the key knows: lines of its text, and the bytes that they stand for.
pub(crate) fn key_secrets() -> Vec<Secret> {
    let text = std::fs::read_to_string(key()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(lines.concat()).unwrap();
    // The first third is the public half.
    let private = &lines[lines.len() / 2..lines.len() - 1];
    let mut secrets: Vec<Secret> = private
        .iter()
        .map(|line| Secret::new("a line of the private key", line.as_bytes()))
        .collect();
    secrets.extend(
        der[der.len() / 2..]
            .chunks_exact(32)
            .map(|bytes| Secret::new("the private key", bytes)),
    );
    secrets
}

pub(crate) fn check_all(secrets: &[Secret], place: &str, text: &str) {
    for secret in secrets {
        secret.check(place, text);
    }
}

fn check_files(secrets: &[Secret], folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            check_all(secrets, &path.display().to_string(), &text);
        }
    }
}

/// The assertion of the last request, whole and its signature alone.
fn assertion_secrets(server: &Server) -> Vec<Secret> {
    let request = server.request();
    let (_, assertion) = request.split_once("&assertion=").unwrap();
    let (_, signature) = assertion.rsplit_once('.').unwrap();
    vec![
        Secret::new("the assertion", assertion.as_bytes()),
        Secret::new("the signature", signature.as_bytes()),
        Secret::new("the signature", &URL_SAFE_NO_PAD.decode(signature).unwrap()),
    ]
}

fn secrets() -> Vec<Secret> {
    let mut secrets = key_secrets();
    secrets.push(Secret::new("the access token", TOKEN.as_bytes()));
    secrets
}

fn logs_everything(run: &Run) {
    assert!(run.stderr.contains("DEBUG"), "nothing was logged: {run:?}");
}

#[test]
fn a_sign_in_shows_its_token_on_stdout_alone() {
    let mut secrets = secrets();
    let server = Server::start(|url| vec![server::token(url)]);
    let program = Program::signing_in_at(&server.url);
    let run = program.line("token --log trace");
    logs_everything(run.succeeds());
    secrets.extend(assertion_secrets(&server));
    check_all(&secrets, "stderr", &run.stderr);
    check_files(&secrets, program.folder());
}

#[test]
fn a_report_shows_no_secret_at_all() {
    let mut secrets = secrets();
    let server = Server::start(|url| vec![server::token(url)]);
    let run = Program::signing_in_at(&server.url).line("token --show-assertion --log trace");
    secrets.extend(assertion_secrets(&server));
    check_all(&secrets, "the report", &run.stdout);
    check_all(&secrets, "stderr", &run.stderr);
}

#[test]
fn failures_show_no_secret() {
    let broken = server::token_body("http://x").replace("\"scope\"", "scope");
    for answer in [
        server::refusal("invalid_grant", "invalid assertion"),
        server::json(200, &broken),
        server::json(200, &server::token_body("https://evil.example")),
        server::answer(500, "text/html", "<html>"),
        Vec::new(),
    ] {
        for flags in ["", "--json", "--show-assertion"] {
            let mut secrets = secrets();
            let server = Server::giving([answer.clone()]);
            let run =
                Program::signing_in_at(&server.url).line(&format!("token --log trace {flags}"));
            assert_ne!(run.code, 0);
            secrets.extend(assertion_secrets(&server));
            check_all(&secrets, "stdout", &run.stdout);
            check_all(&secrets, "stderr", &run.stderr);
        }
    }
}

#[test]
fn a_query_shows_no_token() {
    let mut secrets = secrets();
    let page = r#"{"totalSize":1,"done":true,"records":[{"attributes":{},"Id":"1"}]}"#;
    let server = Server::start(|url| vec![server::token(url), server::json(200, page)]);
    let program = Program::signing_in_at(&server.url).with("ACCREDIT_API_VERSION", "65");
    let run = program.run([
        "query",
        "SELECT Id FROM Account",
        "--log",
        "trace",
        "--output",
        "out",
    ]);
    logs_everything(run.succeeds());
    secrets.extend(assertion_secrets(&server));
    check_all(&secrets, "stdout", &run.stdout);
    check_all(&secrets, "stderr", &run.stderr);
    check_files(&secrets, program.folder());
}

#[test]
fn the_emulator_shows_no_secret() {
    let program = Program::new();
    let certificate = files().join("server.crt");
    let script = format!("{BINARY} token --log trace && {BINARY} emulator app list --log trace");
    let run = program.run([
        "emulator",
        "run",
        "--log",
        "trace",
        "--db",
        "org.db",
        "--cert",
        certificate.to_str().unwrap(),
        "--",
        "sh",
        "-c",
        &script,
    ]);
    logs_everything(run.succeeds());
    let token = run.stdout.lines().next().unwrap();
    let mut secrets = key_secrets();
    secrets.push(Secret::new("the access token", token.as_bytes()));
    check_all(&secrets, "stderr", &run.stderr);
    check_files(&secrets, program.folder());
}

#[test]
fn keys_are_made_checked_and_shown_without_being_shown() {
    let (secrets, program) = (key_secrets(), Program::new());
    let (key, certificate) = (key(), files().join("server.crt"));
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    for words in [
        vec!["key", "show", key],
        vec!["key", "check", key, certificate],
        vec!["inspect", TOKEN],
        vec!["token", "-f", certificate, "-i", key, "-o", "a"],
    ] {
        let run = program.run(words.iter().chain(&["--log", "trace"]));
        check_all(&secrets, "stdout", &run.stdout);
        check_all(&secrets, "stderr", &run.stderr);
        Secret::new("the access token", TOKEN.as_bytes()).check("stdout", &run.stdout);
    }
    let run = program.line("quickstart --log trace");
    assert!(!run.stdout.contains("!"), "{}", run.stdout);
}

#[test]
fn a_secret_in_place_of_its_name_is_not_shown() {
    let secrets = secrets();
    let text = std::fs::read_to_string(key()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
    let whole = lines.concat();
    let certificate = files().join("server.crt");
    let certificate = certificate.to_str().unwrap();
    let named = |reference: &str| format!("env:{reference}");
    for reference in [&*text, &whole, TOKEN, &named(&whole), &named(TOKEN)] {
        let program = Program::signing_in_at("https://acme.my.salesforce.com");
        let by_variable = program.with("ACCREDIT_KEY", reference);
        for words in [
            vec!["token"],
            vec!["token", "-f", reference],
            vec!["key", "show", reference],
            vec!["key", "check", certificate, reference],
            vec!["inspect", "e30.e30.", "--cert", reference],
            vec!["emulator", "app", "add", "x", "--cert", reference],
            vec![
                "emulator",
                "run",
                "--cert",
                certificate,
                "-f",
                reference,
                "--",
                "true",
            ],
            vec![
                "query",
                "SELECT Id FROM Account",
                "--access-token-env",
                reference,
            ],
        ] {
            for more in [["--log", "trace"], ["--json", "-q"]] {
                let run = by_variable.run(words.iter().chain(&more));
                assert!([2, 3].contains(&run.code), "{run:?}");
                check_all(&secrets, "stdout", &run.stdout);
                check_all(&secrets, "stderr", &run.stderr);
                for line in &lines[..3] {
                    assert!(
                        !run.stderr.contains(line) && !run.stdout.contains(line),
                        "{run:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    let proxy = server::closed_url().replace("http://", "http://user:hunter2hunter2@");
    let program =
        Program::signing_in_at("https://acme.my.salesforce.com").with("HTTPS_PROXY", &proxy);
    let run = program.line("token --log trace");
    assert_eq!(run.code, 6, "{run:?}");
    Secret::new("the password", b"hunter2hunter2").check("stderr", &run.stderr);
    let program = Program::signing_in_at("https://acme.my.salesforce.com")
        .with("HTTPS_PROXY", "socks9://user:hunter2hunter2@host");
    let run = program.line("token --log trace");
    run.fails(3, "the proxy is not a URL");
    Secret::new("the password", b"hunter2hunter2").check("stderr", &run.stderr);
}
