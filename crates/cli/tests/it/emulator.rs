//! `accredit emulator`: the contract that other programs rely on.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Child;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};

use crate::program::{Program, Run, files};
use crate::server::{Server, answer, json};
use crate::skip::skipped;

/// A running `emulator start`.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(program: &Program, flags: &str) -> Self {
        Self::start_at(program, flags, "http://")
    }

    fn start_at(program: &Program, flags: &str, scheme: &str) -> Self {
        let mut child = program.start(&format!("emulator start --listen 127.0.0.1:0 {flags}"));
        let url = first_line(&mut child);
        assert!(url.starts_with(&format!("{scheme}127.0.0.1:")), "{url}");
        Self { child, url }
    }

    /// Stops it as a service manager does.
    pub(crate) fn stop(mut self) -> Run {
        signal(&self.child, Signal::TERM);
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        Run {
            code: self.child.wait().unwrap().code().unwrap(),
            stdout: String::new(),
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

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.as_mut().unwrap());
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn start_says_where_and_stops_when_told() {
    let program = Program::new();
    let served = Served::start(&program, "--ready-file ready");
    // The file is written after the line; the first answer is given after both.
    program
        .run(["emulator", "user", "list", "--emulator", &served.url])
        .succeeds();
    let url = served.url.clone();
    let run = served.stop();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains(&format!("ready at {url}")), "{run:?}");
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn a_ready_file_holds_the_url_once_connections_are_accepted() {
    let program = Program::new();
    let mut child = program.start("emulator start --listen 127.0.0.1:0 --ready-file ready");
    let url = first_line(&mut child);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let written = std::fs::read_to_string(program.folder().join("ready")).unwrap();
    assert_eq!(written, format!("{url}\n"));
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let run = Program::new().run(["emulator", "start", "--listen", &address]);
    run.fails(1, &format!("another program listens on {address}"))
        .hints("--listen 127.0.0.1:0");
    let run = Program::new()
        .with("ACCREDIT_LISTEN", "here")
        .line("emulator start");
    run.fails(3, "\"here\" is no address")
        .fails(3, "(variable ACCREDIT_LISTEN)");
}

#[test]
fn an_emulator_that_does_not_run_is_told_with_the_way_to_start_one() {
    let url = crate::server::closed_url();
    let program = Program::new().with("ACCREDIT_EMULATOR", &url);
    program
        .line("emulator app list")
        .fails(6, "refused the connection")
        .hints("`accredit emulator start` starts one");
    program
        .line("emulator app add x --cert nowhere.crt")
        .fails(3, "nowhere.crt could not be read");
}

/// A program that manages `served`, with an app called `mine` registered.
fn manager(served: &Served) -> Program {
    let program = Program::new().with("ACCREDIT_EMULATOR", &served.url);
    let certificate = files().join("server.crt");
    let certificate = certificate.to_str().unwrap();
    let add = [
        "emulator",
        "app",
        "add",
        "Mine",
        "--client-id",
        "mine",
        "--cert",
        certificate,
    ];
    assert_eq!(program.run(add).succeeds().stdout, "mine\n");
    program
}

#[test]
fn apps_and_users_are_made_listed_and_removed() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let program = manager(&served);
    let listed = program.line("emulator app list").stdout;
    assert_eq!(listed, "mine\texternal\tMine\n");
    program.line("emulator user add a@example.com").succeeds();
    let users = program.line("emulator user list --json").json();
    let is_ours = |user: &serde_json::Value| user["username"] == "a@example.com";
    assert!(
        users["result"].as_array().unwrap().iter().any(is_ours),
        "{users}"
    );
    program
        .line("emulator user add nobody")
        .fails(3, "the form of an e-mail address");
    program
        .run(["emulator", "app", "add", "", "--cert", "nowhere.crt"])
        .fails(3, "name of the app is empty");
    let set = "emulator user set";
    program
        .line(&format!("{set} a@example.com"))
        .fails(2, "nothing to change");
    program
        .line(&format!("{set} b@example.com --state active"))
        .fails(4, "no such user");
    program.line("emulator app remove mine").succeeds();
    program
        .line("emulator app remove mine")
        .fails(4, "no such app");
    program.line("emulator reset").succeeds();
    served.stop();
}

#[test]
fn the_state_of_app_and_user_decides_who_gets_a_token() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let program = manager(&served);
    program.line("emulator user add a@example.com").succeeds();
    let key = files().join("server.key");
    let sign_in = [
        "token",
        "--no-cache",
        "-i",
        "mine",
        "-o",
        "a@example.com",
        "-f",
        key.to_str().unwrap(),
        "-r",
        &served.url,
    ];
    let token = |code: i32, part: &str| {
        let run = program.run(sign_in);
        assert_eq!(run.code, code, "{run:?}");
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    };
    token(0, "Status: 200");
    for (state, code) in [
        ("inactive", "ACC-1040"),
        ("frozen", "ACC-1040"),
        ("locked", "ACC-1041"),
        ("ip-restricted", "ACC-1042"),
    ] {
        program
            .run(["emulator", "user", "set", "a@example.com", "--state", state])
            .succeeds();
        token(4, code);
    }
    program
        .line("emulator user remove a@example.com")
        .succeeds();
    token(4, "ACC-1030");
    program.line("emulator app remove mine").succeeds();
    token(4, "ACC-1020");
    served.stop();
}

#[test]
fn an_org_in_a_file_is_kept() {
    let program = Program::new();
    let certificate = files().join("server.crt");
    let served = Served::start(&program, "--db org.db");
    program
        .run(["emulator", "app", "add", "Mine", "--emulator", &served.url])
        .fails(2, "--cert");
    program
        .run([
            "emulator",
            "app",
            "add",
            "Mine",
            "--cert",
            certificate.to_str().unwrap(),
            "--client-id",
            "mine",
            "--emulator",
            &served.url,
        ])
        .succeeds();
    served.stop();
    let served = Served::start(&program, "--db org.db");
    let listed = program.run(["emulator", "app", "list", "--emulator", &served.url]);
    assert_eq!(listed.stdout, "mine\texternal\tMine\n");
    served.stop();
}

#[test]
fn run_gives_the_command_its_settings_and_takes_its_exit_code() {
    let program = Program::new()
        .with("SF_AUDIENCE_URL", "https://elsewhere.example")
        .with("NO_PROXY", "a.example");
    let script = r#"env | grep -E '^(SF_|ACCREDIT_|NO_PROXY|HTTPS_PROXY|https_proxy|NODE|JAVA|[A-Z_]*(CA_BUNDLE|CERT_FILE|CAINFO))' | LC_ALL=C sort; test -f "$SF_JWT_KEY_FILE" || exit 9; exit 42"#;
    let run = program.run(["emulator", "run", "--", "sh", "-c", script]);
    assert_eq!(run.code, 42, "{run:?}");
    let names: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "ACCREDIT_CLIENT_ID",
            "ACCREDIT_EMULATOR",
            "ACCREDIT_INSTANCE_URL",
            "ACCREDIT_KEY",
            "ACCREDIT_LOGIN_URL",
            "ACCREDIT_USERNAME",
            "AWS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "GIT_SSL_CAINFO",
            "HTTPS_PROXY",
            "JAVA_TOOL_OPTIONS",
            "NODE_EXTRA_CA_CERTS",
            "NODE_USE_ENV_PROXY",
            "NO_PROXY",
            "REQUESTS_CA_BUNDLE",
            "SF_CLIENT_ID",
            "SF_INSTANCE_URL",
            "SF_JWT_KEY_FILE",
            "SF_LOGIN_URL",
            "SF_USERNAME",
            "SSL_CERT_FILE",
            "https_proxy",
        ]
    );
    assert!(
        run.stdout
            .contains("NO_PROXY=a.example,localhost,127.0.0.1\n"),
        "{run:?}"
    );
    assert!(program.files().is_empty(), "{:?}", program.files());
    let run = program.run(["emulator", "run", "--", "sh", "-c", "kill -KILL $$"]);
    assert_eq!(run.code, 137, "{run:?}");
    program
        .run(["emulator", "run", "--", "/nowhere/program"])
        .fails(1, "/nowhere/program could not be started");
}

#[test]
fn run_lets_the_program_itself_sign_in() {
    let accredit = crate::program::BINARY;
    for flags in [
        vec![],
        vec!["--mode", "strict"],
        vec!["--seed", "empty"],
        vec!["--username", "someone@example.com"],
        vec!["--username", "Integration@accredit.example"],
    ] {
        let program = Program::new();
        let words = ["emulator", "run", "-q"].into_iter().chain(flags.clone());
        let run = program.run(words.chain(["--", accredit, "token", "-q"]));
        assert_eq!(run.code, 0, "{flags:?}: {run:?}");
        assert!(run.stdout.starts_with("00D"), "{run:?}");
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn run_takes_a_certificate_and_the_key_beside_it() {
    let program = Program::new();
    let certificate = files().join("server.crt");
    let certificate = certificate.to_str().unwrap();
    let print = ["--", "sh", "-c", "echo $SF_JWT_KEY_FILE $SF_CLIENT_ID"];
    let words = [
        "emulator",
        "run",
        "--cert",
        certificate,
        "--client-id",
        "mine",
    ];
    let run = program.run(words.iter().chain(&print));
    let key = files().join("server.key");
    assert_eq!(run.succeeds().stdout, format!("{} mine\n", key.display()));
    program.line("key new -n other -q").succeeds();
    let words = ["emulator", "run", "--cert", certificate, "-f", "other.key"];
    program
        .run(words.iter().chain(&print))
        .fails(3, "does not belong to")
        .hints("-f KEY names the key");
}

#[test]
fn run_leads_past_no_exception_for_salesforce() {
    let program = Program::new().with("NO_PROXY", "*, .salesforce.com,com,db.example");
    let run = program.run(["emulator", "run", "--", "sh", "-c", "echo $NO_PROXY"]);
    assert_eq!(run.succeeds().stdout, "db.example,localhost,127.0.0.1\n");
}

#[test]
fn run_hands_signals_on_and_cleans_up() {
    let program = Program::new();
    let mut child = program
        .command()
        .args(["emulator", "run", "-q", "--", "sh", "-c"])
        // It ends with its parent, should the signal never come.
        .arg("trap 'exit 9' TERM; echo ready; while kill -0 $PPID 2>/dev/null; do :; done")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(first_line(&mut child), "ready");
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn run_leaves_no_app_in_an_org_that_is_kept() {
    let program = Program::new();
    for _ in 0..2 {
        program
            .line("emulator run -q --db org.db -i mine -- true")
            .succeeds();
    }
    let served = Served::start(&program, "--db org.db");
    let listed = program.run(["emulator", "app", "list", "--emulator", &served.url]);
    assert_eq!(listed.succeeds().stdout, "");
    served.stop();
}

#[test]
fn what_is_no_certificate_is_not_sent_and_der_is() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let program = Program::new().with("ACCREDIT_EMULATOR", &served.url);
    let (key, certificate) = (files().join("server.key"), files().join("server.crt"));
    let mut both = std::fs::read(&certificate).unwrap();
    both.extend(std::fs::read(&key).unwrap());
    program.write("both.pem", &both);
    for (path, part) in [
        (key.to_str().unwrap(), "expected a certificate"),
        ("both.pem", "expected a certificate"),
        ("/dev/zero", "more than 65536 bytes"),
    ] {
        program
            .run(["emulator", "app", "add", "Mine", "--cert", path])
            .fails(3, part);
    }
    let pem = std::fs::read_to_string(&certificate).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    program.write("server.der", &STANDARD.decode(body).unwrap());
    program
        .line("emulator app add Mine --cert server.der")
        .succeeds();
    served.stop();
}

#[test]
fn a_long_list_is_read_and_an_answer_is_no_reason_to_start_an_emulator() {
    let user = r#"{"id":"005","state":"active","profile":"P","username":"a@example.com"}"#;
    let list = format!("[{}]", vec![user; 2000].join(","));
    let server = Server::giving([json(200, &list), answer(404, "text/html", "<html>")]);
    let program = Program::new().with("ACCREDIT_EMULATOR", &server.url);
    let listed = program.line("emulator user list");
    assert_eq!(listed.succeeds().stdout.lines().count(), 2000);
    let run = program.line("emulator user list");
    run.fails(4, "expected an emulator");
    assert!(!run.stderr.contains("emulator start"), "{run:?}");
}

#[test]
fn run_that_is_ended_before_its_command_starts_leaves_nothing() {
    for (end, code) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        if end == Signal::HUP && is_hang_up_ignored() {
            skipped("the tests run under nohup");
            continue;
        }
        let program = Program::new();
        let pipe = program.folder().join("pipe.crt");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let mut child = program
            .command()
            .args(["emulator", "run", "--cert", "pipe.crt", "-f"])
            .arg(files().join("server.key"))
            .args(["--", "true"])
            .spawn()
            .unwrap();
        // It reads the certificate, so its folder is there; no certificate comes.
        let writer = std::fs::File::options().write(true).open(&pipe).unwrap();
        assert_eq!(program.files().len(), 2, "{:?}", program.files());
        signal(&child, end);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        drop(writer);
        assert_eq!(program.files(), ["pipe.crt"]);
    }
}

/// Whether the program is started with SIGHUP ignored, as nohup does. It stays ignored then.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|mask| {
        !u64::from_str_radix(mask.trim(), 16)
            .unwrap()
            .is_multiple_of(2)
    })
}

#[test]
fn a_ready_file_of_another_time_goes_and_a_pipe_stays() {
    let program = Program::new();
    program.write("ready", b"http://127.0.0.1:1\n");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    program
        .line(&format!(
            "emulator start --listen {address} --ready-file ready"
        ))
        .fails(1, "another program listens");
    assert!(program.files().is_empty(), "{:?}", program.files());
    let pipe = program.folder().join("ready");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let served = Served::start(&program, "--ready-file ready");
    let told = std::fs::read_to_string(&pipe).unwrap();
    assert_eq!(told, format!("{}\n", served.url));
    served.stop();
    assert_eq!(program.files(), ["ready"]);
}

#[test]
fn an_org_is_loaded_kept_and_put_back() {
    let program = Program::new();
    let served = Served::start(&program, "--seed empty");
    let program = manager(&served);
    let object = "<CustomObject><label>Trip</label></CustomObject>";
    let folder = program.folder().join("project/objects/Trip__c");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::create_dir_all(program.folder().join("project/lwc")).unwrap();
    std::fs::write(folder.join("Trip__c.object-meta.xml"), object).unwrap();
    program.write("project/lwc/mock.json", b"no JSON");
    program.write("project/Trip__c.csv", b"Id,Name\n7,One\n");
    let loaded = program.line("emulator load project --ids ids.json");
    let summary = "1\tTrip__c\n1 object with 0 custom fields, 1 record, 0 apps\n";
    assert_eq!(loaded.succeeds().stdout, summary);
    assert!(
        loaded.stderr.contains("Loading 2 files"),
        "{}",
        loaded.stderr
    );
    let ids = std::fs::read_to_string(program.folder().join("ids.json")).unwrap();
    assert!(ids.contains("\"7\": \"a00"), "{ids}");

    program.line("emulator snapshot before").succeeds();
    assert_eq!(program.line("emulator snapshot").stdout, "before\n");
    program.write("more.csv", b"Name\nTwo\n");
    program
        .line("emulator load more.csv")
        .fails(4, "more.csv: expected a file named after its object");
    program
        .line("emulator load more.csv --sobject Trip__c")
        .succeeds();
    program.write("Trip__c.csv", b"Name,Bogus__c\nThree,x\n");
    program
        .line("emulator load Trip__c.csv")
        .fails(4, "Trip__c.csv:2: Trip__c has no field Bogus__c");
    program.line("emulator restore before").succeeds();
    program
        .line("emulator restore after")
        .fails(4, "there is no snapshot \"after\"");
    program.line("emulator snapshot before --remove").succeeds();
    program.line("emulator reset --unload").succeeds();
    program
        .line("emulator load project/Trip__c.csv")
        .fails(4, "expected a file named after its object");
    served.stop();
}

/// Runs the program itself against an org of its own.
fn query(words: &[&str]) -> Run {
    let program = Program::new();
    let run = [
        "emulator",
        "run",
        "-q",
        "--",
        crate::program::BINARY,
        "query",
    ];
    program.run(run.iter().chain(words))
}

#[test]
fn queries_read_the_sample_to_its_last_record() {
    let count = query(&["SELECT COUNT() FROM Contact", "--json", "-q"]).json();
    let total_size = count["result"]["totalSize"].as_u64().unwrap();
    assert!(total_size >= 100, "{count}");
    let soql = "SELECT Id, Name, Account.Name FROM Contact ORDER BY Name";
    let csv = query(&[soql, "--format", "csv", "-q"]);
    let lines: Vec<&str> = csv.succeeds().stdout.lines().collect();
    assert_eq!(lines.first(), Some(&"Id,Name,Account.Name"));
    assert_eq!(lines.len() as u64, total_size + 1);
    let empty = query(&[
        "SELECT Id FROM Contact WHERE Name = 'x'",
        "--format",
        "csv",
        "-q",
    ]);
    assert_eq!(empty.succeeds().stdout, "Id\n");
}

#[test]
fn a_mistake_in_soql_is_shown_at_its_place() {
    let run = query(&["SELECT Id, Nam FROM Account", "-q"]);
    run.fails(4, "refused: INVALID_FIELD: ");
    let lines: Vec<&str> = run.stderr.lines().collect();
    let caret = lines.iter().position(|line| line.trim() == "^").unwrap();
    assert_eq!(lines[caret], "           ^", "{run:?}");
    assert_eq!(lines[caret - 1], "SELECT Id, Nam FROM Account");
}

#[test]
fn run_leads_salesforces_own_hosts_to_the_org_and_refuses_others() {
    let accredit = crate::program::BINARY;
    for (login_url, domain) in [
        ("https://login.salesforce.com", "acme.my.salesforce.com"),
        (
            "https://test.salesforce.com",
            "acme--sandbox.sandbox.my.salesforce.com",
        ),
        ("https://acme.my.salesforce.com", "acme.my.salesforce.com"),
    ] {
        let run = [
            "emulator",
            "run",
            "-q",
            "--my-domain",
            "acme.my.salesforce.com",
            "--",
            accredit,
        ];
        let query = [
            "query",
            "-q",
            "-r",
            login_url,
            "SELECT COUNT() FROM Account",
        ];
        let run = Program::new().run(run.iter().chain(&query));
        assert_eq!(run.code, 0, "{login_url}: {run:?}");
        assert!(run.stdout.contains("50"), "{domain}: {run:?}");
    }
    let run = [
        "emulator",
        "run",
        "-q",
        "--",
        accredit,
        "token",
        "-r",
        "https://acme.example",
        "--audience",
        "https://acme.example",
    ];
    let run = Program::new().run(run);
    run.fails(6, "the proxy did not connect to acme.example");
}

#[test]
fn start_speaks_tls_with_an_authority_that_is_made_once() {
    let program = Program::new();
    let start = "emulator start --listen 127.0.0.1:0 --state-dir state --tls -q";
    let mut certificates = Vec::new();
    for _ in 0..2 {
        let mut child = program.start(start);
        let url = first_line(&mut child);
        assert!(url.starts_with("https://127.0.0.1:"), "{url}");
        let ca = program.folder().join("state/emulator-ca.crt");
        certificates.push(std::fs::read_to_string(&ca).unwrap());
        let listed = ["emulator", "user", "list", "--emulator", &url];
        program.run(listed).fails(6, "certificate");
        Program::new()
            .with("SSL_CERT_FILE", ca.to_str().unwrap())
            .run(listed)
            .succeeds();
        signal(&child, Signal::TERM);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(certificates[0], certificates[1]);
    use std::os::unix::fs::PermissionsExt as _;
    let key = program.folder().join("state/emulator-ca.key");
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(&key, "damaged").unwrap();
    program
        .line("emulator start --listen 127.0.0.1:0 --state-dir state --tls")
        .fails(3, "the authority's key is damaged")
        .hints("remove the emulator-ca files");
}

#[test]
fn env_prints_what_leads_programs_to_a_running_emulator() {
    let program = Program::new();
    let served = Served::start_at(
        &program,
        "--proxy 127.0.0.1:0 --state-dir state",
        "https://",
    );
    let url = served.url.replace("https://", "http://");
    let program = Program::new().with("ACCREDIT_EMULATOR", &url);
    let certificate = files().join("server.crt");
    let add = [
        "emulator",
        "app",
        "add",
        "Mine",
        "-i",
        "mine",
        "--kind",
        "connected",
        "--cert",
    ];
    program
        .run(add.iter().copied().chain([certificate.to_str().unwrap()]))
        .succeeds();
    let key = files().join("server.key");
    let run = program.run(["emulator", "env", "-f", key.to_str().unwrap()]);
    let script = format!(
        "{}\n{} query -q -r https://login.salesforce.com 'SELECT COUNT() FROM Account'",
        run.succeeds().stdout,
        crate::program::BINARY
    );
    let answer = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let answer = Run::from(answer);
    assert!(answer.succeeds().stdout.contains("50"), "{answer:?}");
    served.stop();
}

#[test]
fn orgs_are_added_listed_and_removed() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let program = Program::new().with("ACCREDIT_EMULATOR", &served.url);
    let added = program
        .line("emulator org add acme --sandbox --seed empty")
        .succeeds()
        .stdout
        .clone();
    assert_eq!(added, "acme\t/orgs/acme\tacme.sandbox.my.salesforce.com\n");
    let listed = program.line("emulator org list").stdout;
    assert_eq!(
        listed,
        format!("default\t/orgs/default\taccredit.my.salesforce.com\n{added}")
    );
    program.line("emulator org remove acme").succeeds();
    program
        .line("emulator org remove acme")
        .fails(4, "no such org");
    program.line("emulator org add A").fails(4, "is no name");
    served.stop();
}

#[test]
fn a_management_key_is_asked_of_everybody_and_sent_when_it_is_set() {
    let program = Program::new().with("ACCREDIT_MANAGEMENT_KEY", "k3y-of-this-tests");
    program.write("key", b"k3y-of-this-tests\n");
    program.write("empty", b" \n");
    program
        .line("emulator start --listen 127.0.0.1:0 --management-key-file empty")
        .fails(3, "empty holds no management key");
    program.write("short", b"k3y-of-15-chars\n");
    program
        .line("emulator start --listen 127.0.0.1:0 --management-key-file short")
        .fails(3, "expected at least 16 characters");
    let served = Served::start(&program, "--management-key-file key");
    for line in ["user list", "app list", "reset"] {
        let line = format!("emulator {line} --emulator {}", served.url);
        program.line(&line).succeeds();
        Program::new().line(&line).fails(4, "management key");
        let wrong = Program::new().with("ACCREDIT_MANAGEMENT_KEY", "k3y-of-this-tests-");
        let run = wrong.line(&line);
        run.fails(4, "management key");
        assert!(!run.stderr.contains("k3y"), "{run:?}");
    }
    assert_eq!(served.stop().code, 0);
}

#[test]
fn faults_strike_and_the_journal_counts_them() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let manager = manager(&served);
    let add = "emulator fault add error --status 503 --path /services/data/ --nth 2";
    assert_eq!(manager.line(add).succeeds().stdout, "1\n");
    let ask = ["query", "-q", "--no-cache", "SELECT COUNT() FROM Account"];
    let key = files().join("server.key");
    let program = Program::new()
        .with("ACCREDIT_LOGIN_URL", &served.url)
        .with("ACCREDIT_CLIENT_ID", "mine")
        .with("ACCREDIT_USERNAME", "integration@accredit.example")
        .with("ACCREDIT_KEY", key.to_str().unwrap());
    program.run(ask).succeeds();
    assert_ne!(program.run(ask).code, 0);
    let listed = manager.line("emulator fault list").stdout;
    assert!(
        listed.starts_with("1\terror\t* /services/data/\tstruck 1 of "),
        "{listed}"
    );
    let count = manager.line("emulator journal count --status 5xx --path /services/**");
    assert_ne!(count.succeeds().stdout, "0\n");
    let wait = "emulator journal wait-for --path /services/oauth2/token --count 2";
    assert_eq!(manager.line(wait).succeeds().stdout, "2\n");
    manager
        .line("emulator journal wait-for --path /never --patience 0")
        .fails(4, "expected 1 requests within 0 s, found 0");
    let listed = manager.line("emulator journal list --path **/token").stdout;
    assert!(
        listed.contains("\t200\tPOST /services/oauth2/token\tintegration@"),
        "{listed}"
    );
    manager.line("emulator fault remove 1").succeeds();
    manager
        .line("emulator fault remove 1")
        .fails(4, "no such fault");
    manager
        .line("emulator fault add error")
        .fails(4, "missing field `status`");
    manager.line("emulator journal clear").succeeds();
    assert_eq!(manager.line("emulator journal count").stdout, "0\n");
    served.stop();
}

/// The shell lets the file grow no further, and the program see that as an error.
#[test]
fn a_disk_that_is_full_is_said_and_the_file_can_be_used_once_it_is_not() {
    let program = Program::new();
    program.write("org.db", b"");
    let mut shell = std::process::Command::new("/bin/sh");
    let script =
        r#"trap "" XFSZ; ulimit -f 64; exec "$0" emulator start --listen 127.0.0.1:0 --db org.db"#;
    let run: Run = shell
        .args(["-c", script, crate::program::BINARY])
        .env_clear()
        .current_dir(program.folder())
        .output()
        .unwrap()
        .into();
    run.fails(1, "org.db could not be written")
        .fails(1, "is the disk full");
    let served = Served::start(&program, "--db org.db");
    program
        .run(["emulator", "user", "list", "--emulator", &served.url])
        .succeeds();
    let second = program.line("emulator start --listen 127.0.0.1:0 --db org.db");
    second.fails(1, "org.db is in use by another process");
    served.stop();
    program.write("notes.db", b"these are notes and no database");
    program
        .line("emulator start --listen 127.0.0.1:0 --db notes.db")
        .fails(
            1,
            "notes.db is damaged or no database, and was left as it is",
        );
    let kept = std::fs::read(program.folder().join("notes.db")).unwrap();
    assert_eq!(kept, b"these are notes and no database");
}

#[test]
fn a_pin_in_a_key_reference_is_not_printed() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let program = program.with("ACCREDIT_EMULATOR", &served.url);
    let env = |reference: &str| program.run(["emulator", "env", "-f", reference]);
    let run = env("pkcs11:token=t;object=k?module-path=/m.so&pin-value=8351");
    run.fails(3, "holds a PIN").hints("pin-source");
    assert!(!run.stderr.contains("8351"), "{run:?}");
    let run = env("pkcs11:token=t;object=k?module-path=/m.so&pin-source=/pin");
    assert!(run.succeeds().stdout.contains("pin-source=/pin"), "{run:?}");
    served.stop();
}
