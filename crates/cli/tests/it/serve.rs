//! `accredit serve`: the broker as a process, with a local org behind it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Program, Run, files, key};

/// A process that says its URL in the first line of stdout, and ends with the test.
pub(crate) struct Served {
    pub(crate) child: Child,
    lines: Option<BufReader<ChildStdout>>,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(program: &Program, line: &str) -> Self {
        Self::of(program.start(line))
    }

    pub(crate) fn of(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        lines.read_line(&mut url).unwrap();
        assert!(url.starts_with("http"), "{url} {}", said(&mut child));
        let url = url.trim_end().to_owned();
        Self {
            child,
            lines: Some(lines),
            url,
        }
    }

    /// The same with stderr in `log`, and the audit log read as it comes, so that no pipe is full.
    pub(crate) fn start_with(program: &Program, line: &str, log: File) -> Self {
        let mut child = program
            .command()
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        lines.read_line(&mut url).unwrap();
        assert!(url.starts_with("http"), "{url}");
        let url = url.trim_end().to_owned();
        let (audit, mut rest) = (program.folder().join("audit"), lines);
        std::thread::spawn(move || {
            let mut file = File::options()
                .append(true)
                .create(true)
                .open(audit)
                .unwrap();
            // Until the broker ends.
            let _ended = std::io::copy(&mut rest, &mut file);
        });
        Self {
            child,
            lines: None,
            url,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Ends it as a service manager does; gives what it wrote since its URL.
    pub(crate) fn stop(mut self) -> Run {
        self.signal(Signal::TERM);
        let (mut stdout, stderr) = (String::new(), said(&mut self.child));
        if let Some(lines) = &mut self.lines {
            lines.read_to_string(&mut stdout).unwrap();
        }
        let code = self.child.wait().unwrap().code().unwrap();
        Run {
            code,
            stdout,
            stderr,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Only if the test failed before it was stopped.
        let _ended = self.child.kill();
    }
}

fn said(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_string(&mut text).unwrap();
    }
    text
}

/// A local org that knows the key, and a program with the settings of a sign-in there.
pub(crate) fn org() -> (Served, Program) {
    let emulator = Served::start(&Program::new(), "emulator start --listen 127.0.0.1:0");
    let program = Program::signing_in_at(&emulator.url)
        .with("ACCREDIT_USERNAME", "integration@accredit.example")
        .with("ACCREDIT_EMULATOR", &emulator.url);
    let certificate = files().join("server.crt");
    let add = [
        "emulator",
        "app",
        "add",
        "Mine",
        "--client-id",
        "3MVG9.client",
        "--cert",
    ];
    let add = add.into_iter().chain([certificate.to_str().unwrap()]);
    program.run(add).succeeds();
    (emulator, program)
}

/// Status, `Accredit-Diagnosis` and body of an answer.
pub(crate) fn get(url: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    #[expect(clippy::disallowed_methods, reason = "a client for a test")]
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build();
    let mut request = config.new_agent().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut reply = request.call().unwrap();
    let diagnosis = reply.headers().get("accredit-diagnosis");
    let diagnosis = diagnosis
        .map_or("", |value| value.to_str().unwrap())
        .to_owned();
    let body = reply.body_mut().read_to_string().unwrap();
    (reply.status().as_u16(), diagnosis, body)
}

/// What every request to a broker on this machine carries.
pub(crate) const REQUIRED: (&str, &str) = ("Accredit-Request", "true");

#[test]
fn the_report_of_a_real_sign_in_holds_an_assertion_that_the_certificate_verifies() {
    let (emulator, program) = org();
    let broker = Served::start(&program, "serve --listen 127.0.0.1:0 --reveal");
    let (status, _, body) = get(&broker.url, &[REQUIRED]);
    assert_eq!(status, 200, "{body}");
    let report: Value = serde_json::from_str(&body).unwrap();
    let text = |name: &str| report[name].as_str().unwrap();
    let whole = format!("{}.{}", text("claim"), text("signed_claim"));
    assert_eq!(text("target_payload"), whole);
    let certificate = files().join("server.crt");
    let verify = ["inspect", &whole, "--cert", certificate.to_str().unwrap()];
    program.run(verify).succeeds();
    let token = report["response_text"]["access_token"].as_str().unwrap();
    let (_, _, again) = get(&format!("{}/index", broker.url), &[REQUIRED]);
    assert!(again.contains(token), "two reports, one sign-in");
    let (_, _, masked) = get(&broker.url, &[]);
    assert!(!masked.contains(token), "{masked}");
    let path =
        "/v1/connections/default/proxy/services/data/v65.0/query?q=SELECT+Id+FROM+Account+LIMIT+1";
    let (status, _, body) = get(&format!("{}{path}", broker.url), &[REQUIRED]);
    assert_eq!(
        (status, body.contains("\"totalSize\":1")),
        (200, true),
        "{body}"
    );
    let run = broker.stop();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout
            .contains(r#""way":"proxy","method":"GET","path":"/services/data/v65.0/query""#),
        "{run:?}"
    );
    assert!(!format!("{run:?}").contains(token), "{run:?}");
    drop(emulator);
}

#[test]
fn a_refusal_is_reported_with_the_setting_to_change_and_a_stranger_sees_no_secret() {
    let (emulator, program) = org();
    let refused = Served::start(
        &program.with("ACCREDIT_CLIENT_ID", "other"),
        "serve --listen 127.0.0.1:0",
    );
    let (status, diagnosis, body) = get(&refused.url, &[]);
    assert_eq!(status, 502, "{body}");
    assert!(diagnosis.starts_with("ACC-"), "{diagnosis}");
    assert!(body.contains(r#""signed_claim":"***""#), "{body}");
    assert_eq!(refused.stop().code, 0);
    drop(emulator);
}

#[test]
fn a_configuration_is_checked_whole() {
    let program = Program::new();
    std::fs::copy(key(), program.folder().join("server.key")).unwrap();
    program.write(
        "broker.toml",
        b"[connections.default]\nclient_id = \"a b\"\nusername = \"u@example.com\"\nkey = \"server.key\"\nlogin = 1\n",
    );
    let run = program.line("serve --config broker.toml --check");
    run.fails(
        3,
        "broker.toml:2: connections.default.client_id: the client id holds a blank",
    )
    .hints("broker.toml:5: connections.default.login: is not known here");
    let good = "[connections.default]\nclient_id = \"a\"\nusername = \"u@example.com\"\nkey = \"server.key\"\n";
    program.write("broker.toml", good.as_bytes());
    program
        .line("serve --config broker.toml --check")
        .succeeds();
    let exposed = "serve --config broker.toml --check --listen 0.0.0.0:0";
    program.line(exposed).fails(3, "no caller is configured");
    program.write(
        "broker.toml",
        good.replace("server.key", "other.key").as_bytes(),
    );
    program.line("serve --config broker.toml --check").fails(
        3,
        "broker.toml:4: connections.default.key: the key file other.key could not be read",
    );
}

#[test]
fn a_bad_new_configuration_never_replaces_a_good_old_one() {
    let (emulator, program) = org();
    let connection = format!(
        "[connections.default]\nclient_id = \"3MVG9.client\"\nusername = \"integration@accredit.example\"\nlogin_url = \"{}\"\nkey = \"server.key\"\n",
        emulator.url
    );
    std::fs::copy(key(), program.folder().join("server.key")).unwrap();
    let made = program.line("serve key new");
    let (key, hash) = made.succeeds().stdout.trim().split_once('\n').unwrap();
    program.write("broker.toml", connection.as_bytes());
    let program = program.with("ACCREDIT_LOG", "info");
    let mut broker = Served::start(&program, "serve --config broker.toml --listen 127.0.0.1:0");
    let token = format!("{}/v1/connections/default/token", broker.url);
    let (status, _, first) = get(&token, &[REQUIRED]);
    assert_eq!(status, 200, "{first}");
    let mut log = BufReader::new(broker.child.stderr.take().unwrap());
    let mut wait_for = |part: &str| {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "no {part}");
        }
    };
    program.write("broker.toml", b"[connections");
    broker.signal(Signal::HUP);
    wait_for("the configuration stays as it was");
    assert_eq!(get(&token, &[REQUIRED]).0, 200);
    let caller =
        format!("[callers.a]\nkey_hash = \"{hash}\"\nconnections = \"*\"\nuses = \"token\"\n");
    program.write("broker.toml", format!("{connection}{caller}").as_bytes());
    broker.signal(Signal::HUP);
    wait_for("the configuration was read again");
    assert_eq!(get(&token, &[REQUIRED]).0, 401);
    let bearer = format!("Bearer {key}");
    let (status, _, second) = get(&token, &[REQUIRED, ("Authorization", &bearer)]);
    let access = |text: &str| serde_json::from_str::<Value>(text).unwrap()["access_token"].clone();
    assert_eq!((status, access(&second)), (200, access(&first)));
    drop(emulator);
}

#[test]
fn a_unix_socket_stands_only_where_nobody_else_may_write() {
    let program = Program::signing_in_at("http://127.0.0.1:1");
    let folder = program.folder().join("open");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    std::fs::copy(key(), program.folder().join("server.key")).unwrap();
    program.write(
        "broker.toml",
        b"[listener]\naddress = \"127.0.0.1:0\"\nsocket = \"open/broker.sock\"\n[connections.default]\nclient_id = \"a\"\nusername = \"u@example.com\"\nkey = \"server.key\"\n",
    );
    let run = program.line("serve --config broker.toml");
    run.fails(3, "others may write into open");
}

#[test]
fn a_variable_overrides_the_file_and_one_that_means_nothing_is_refused() {
    let program = Program::new();
    std::fs::copy(key(), program.folder().join("server.key")).unwrap();
    let text = "[connections.default]\nclient_id = \"a\"\nusername = \"u@example.com\"\nkey = \"other.key\"\n";
    program.write("broker.toml", text.as_bytes());
    let check = "serve --config broker.toml --check";
    let program = program.with("ACCREDIT_SERVE__CONNECTIONS__DEFAULT__KEY", "server.key");
    program.line(check).succeeds();
    let program = program.with("ACCREDIT_SERVE__LISTENER__FORWARDED", "maybe");
    program.line(check).fails(
        3,
        "broker.toml:1: listener.forwarded (ACCREDIT_SERVE__LISTENER__FORWARDED): \"maybe\"",
    );
    let program = program.with("ACCREDIT_SERVE__LISTENER__FORWARDED", "accept");
    let program = program.with("ACCREDIT_SERVE__LISTNER__ADDRESS", "127.0.0.1:0");
    program.line(check).fails(
        3,
        "ACCREDIT_SERVE__LISTNER__ADDRESS: overrides nothing; known are ACCREDIT_SERVE__",
    );
    let bare = Program::signing_in_at("http://127.0.0.1:1")
        .with("ACCREDIT_SERVE__LISTENER__ADDRESS", "nowhere");
    bare.line("serve --check").fails(
        3,
        "listener.address (ACCREDIT_SERVE__LISTENER__ADDRESS): \"nowhere\"",
    );
}
