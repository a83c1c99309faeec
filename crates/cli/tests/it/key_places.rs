//! Keys that are elsewhere: `token` works, and where the key stays away, no piece of it is in the
//! memory of the process.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

use crate::program::{BINARY, Program, files};
use crate::server::read_request;
use crate::skip::skipped;

/// A program in a folder with the three files, which finds itself and its peers.
fn program() -> Program {
    let own = std::path::Path::new(BINARY)
        .parent()
        .unwrap()
        .display()
        .to_string();
    let program = Program::new().with("PATH", &format!("{own}:/usr/local/bin:/usr/bin:/bin"));
    for name in ["server.key", "server.crt"] {
        std::fs::copy(files().join(name), program.folder().join(name)).unwrap();
    }
    program
}

/// Signs in at an emulator with the key at `reference`.
#[track_caller]
fn signs_in(program: &Program, reference: &str) {
    // The command finds the reference in its environment.
    let run = program.line(&format!(
        "emulator run --cert server.crt -f {reference} -- accredit token -q"
    ));
    assert!(
        run.succeeds().stdout.starts_with("00D"),
        "{reference}: {run:?}"
    );
}

fn key_text(program: &Program) -> String {
    std::fs::read_to_string(program.folder().join("server.key")).unwrap()
}

#[test]
fn a_bound_service_signs_in_named_or_found() {
    let program = program();
    let services = serde_json::json!({"credhub": [{"name": "demo", "label": "credhub",
        "credentials": {"demo-certificate": {"value": {"private_key": key_text(&program)}}}}]});
    let program = program.with("VCAP_SERVICES", &services.to_string());
    signs_in(&program, "vcap:demo/demo-certificate");
    signs_in(&program, "vcap:");
    let none = program.line("token -i a -o b@example.com -r http://127.0.0.1:1 -f vcap:other");
    none.fails(3, "VCAP_SERVICES (demo)").hints("docs/keys.md");
    let found = program.line("token -i a -o b@example.com -r http://127.0.0.1:1");
    found.fails(6, "127.0.0.1:1 refused the connection");
    let shown = program.line("key show vcap: --json").json();
    assert_eq!(shown["result"][0]["bits"], 2048, "{shown}");
}

/// A process that ends with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// An agent that holds the key, and the path of its socket.
fn agent(program: &Program) -> Option<(Ending, PathBuf)> {
    let socket = program.folder().join("agent");
    let agent = Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn();
    let Ok(agent) = agent else {
        skipped("no ssh-agent");
        return None;
    };
    while !socket.exists() {
        std::thread::yield_now();
    }
    let added = Command::new("ssh-add")
        .args(["-q", "server.key"])
        .current_dir(program.folder())
        .env("SSH_AUTH_SOCK", &socket)
        .status();
    assert!(added.unwrap().success());
    Some((Ending(agent), socket))
}

#[test]
fn an_ssh_agent_signs_in_and_the_key_is_nowhere_in_memory() {
    let program = program();
    let Some((_agent, socket)) = agent(&program) else {
        return;
    };
    let program = program.with("SSH_AUTH_SOCK", socket.to_str().unwrap());
    signs_in(&program, "ssh-agent:");
    check_memory(&program, "ssh-agent:");
    let shown = program.line("key show ssh-agent:");
    assert!(
        shown
            .succeeds()
            .stdout
            .contains("a private key that stays where it is"),
        "{shown:?}"
    );
    program.line("key check ssh-agent: server.crt").succeeds();
}

#[test]
fn a_token_of_pkcs11_signs_in_and_the_key_is_nowhere_in_memory() {
    let program = program();
    let module = "/usr/lib/softhsm/libsofthsm2.so";
    if !std::path::Path::new(module).exists() {
        skipped("no SoftHSM");
        return;
    }
    let tokens = program.folder().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let configuration = format!("directories.tokendir = {}\n", tokens.display());
    let configuration = program.write("softhsm2.conf", configuration.as_bytes());
    program.write("pin", b"1234\n");
    let util = |arguments: &str| {
        let done = Command::new("softhsm2-util")
            .args(arguments.split(' '))
            .current_dir(program.folder())
            .env("SOFTHSM2_CONF", &configuration)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    util("--init-token --free --label accredit --pin 1234 --so-pin 5678");
    util("--import server.key --token accredit --label salesforce --id a1 --pin 1234");
    let configuration = configuration.display().to_string();
    let program = program
        .with("SOFTHSM2_CONF", &configuration)
        .with("PKCS11_MODULE_PATH", module);
    let uri = "pkcs11:token=accredit;object=salesforce;type=private?pin-source=file:pin";
    signs_in(&program, uri);
    check_memory(&program, uri);
    signs_in(
        &program,
        &format!("pkcs11:id=%A1?pin-value=1234&module-path={module}"),
    );
    let program = program.with("ACCREDIT_PASSPHRASE", "1234");
    signs_in(&program, "pkcs11:object=salesforce");
    for (uri, words) in [
        (
            "pkcs11:object=other?pin-value=1234",
            "has no such private RSA key",
        ),
        (
            "pkcs11:token=other",
            "0 tokens are meant, expected one; the module has: accredit",
        ),
        (
            "pkcs11:object=salesforce?pin-value=s3cret",
            "does not take the PIN",
        ),
        (
            "pkcs11:color=red",
            "the attribute color, which is not known",
        ),
        (
            "pkcs11:?module-path=/nowhere.so",
            "/nowhere.so could not be loaded",
        ),
    ] {
        let run = program.line(&format!("key show {uri}"));
        run.fails(3, words);
        assert!(!run.stderr.contains("s3cret"), "{run:?}");
    }
}

/// Vault's transit engine with the key of the folder, for as many requests as come.
fn vault(program: &Program) -> String {
    let lines = key_text(program);
    let lines: String = lines
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(lines).unwrap()).unwrap();
    // SubjectPublicKeyInfo of a key of 2048 bits, up to its numbers.
    let mut public = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00".to_vec();
    public.extend(pair.public().as_ref());
    let public = STANDARD.encode(public);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
    let key = serde_json::json!({"data": {"type": "rsa-2048", "latest_version": 1,
        "keys": {"1": {"public_key": pem}}}});
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = read_request(&stream).unwrap();
            assert!(
                asked.to_lowercase().contains("x-vault-token: hvs.demo"),
                "{asked}"
            );
            let body = if asked.starts_with("GET /v1/transit/keys/salesforce ") {
                key.to_string()
            } else {
                assert!(
                    asked.starts_with("POST /v1/transit/sign/salesforce/sha2-256 "),
                    "{asked}"
                );
                let (_, body) = asked.split_once("\r\n\r\n").unwrap();
                let body: serde_json::Value = serde_json::from_str(body).unwrap();
                let message = STANDARD.decode(body["input"].as_str().unwrap()).unwrap();
                let mut signature = vec![0; 256];
                let random = ring::rand::SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature)
                    .unwrap();
                let signature = format!("vault:v1:{}", STANDARD.encode(signature));
                serde_json::json!({"data": {"signature": signature}}).to_string()
            };
            stream.write_all(&crate::server::json(200, &body)).unwrap();
        }
    });
    url
}

#[test]
fn vault_signs_in_and_the_key_is_nowhere_in_memory() {
    let program = program();
    let url = vault(&program);
    let program = program
        .with("VAULT_ADDR", &url)
        .with("VAULT_TOKEN", "hvs.demo");
    signs_in(&program, "vault-transit:salesforce");
    check_memory(&program, "vault-transit:salesforce");
    program
        .line("key check vault-transit:salesforce server.crt")
        .succeeds();
}

/// Lets the program sign with the key at `reference`, stops it while it waits for its answer, and
/// looks through its memory for the primes of the key and the lines of its text.
fn check_memory(program: &Program, reference: &str) {
    let text = key_text(program);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(lines.concat()).unwrap();
    let modulus = find(&der, &[0x02, 0x82, 0x01, 0x01, 0x00]).unwrap() + 5;
    let prime = modulus + find(&der[modulus..], &[0x02, 0x81, 0x81, 0x00]).unwrap() + 4;
    let modulus = &der[modulus..modulus + 256];
    let prime: Vec<u8> = der[prime..prime + 128].to_vec();
    let backwards: Vec<u8> = prime.iter().rev().copied().collect();
    let secrets = [
        &prime[..64],
        &backwards[..64],
        lines[10].as_bytes(),
        lines[14].as_bytes(),
    ];
    let Some(memory) = memory_while_waiting(program, reference) else {
        skipped("the memory of a process cannot be read here");
        return;
    };
    assert!(
        find(&memory, modulus).is_some(),
        "the public half is there: the search works"
    );
    for (at, secret) in secrets.iter().enumerate() {
        assert!(
            find(&memory, secret).is_none(),
            "{reference}: piece {at} of the key is in memory"
        );
    }
    let memory = memory_while_waiting(program, "server.key").unwrap();
    let is_found = secrets.iter().any(|secret| find(&memory, secret).is_some());
    assert!(is_found, "a key in memory is found: the search works");
}

fn find(whole: &[u8], part: &[u8]) -> Option<usize> {
    whole.windows(part.len()).position(|window| window == part)
}

/// All memory of a program that has sent its assertion and waits.
fn memory_while_waiting(program: &Program, reference: &str) -> Option<Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let line = format!("token -q -i a -o b@example.com -r {url} -f {reference}");
    let child = Ending(program.start(&line));
    let (stream, _) = listener.accept().unwrap();
    read_request(&stream).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", child.0.id())).ok()?;
    let file = std::fs::File::open(format!("/proc/{}/mem", child.0.id())).ok()?;
    let mut memory = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, _) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        let end = u64::from_str_radix(end, 16).ok()?;
        let mut part = vec![0; usize::try_from(end - start).ok()?];
        // Some pages are there in name only.
        if file.read_exact_at(&mut part, start).is_ok() {
            memory.extend(part);
        }
    }
    (!memory.is_empty()).then_some(memory)
}
