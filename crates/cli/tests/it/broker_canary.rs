//! No secret of the broker stands in anything that it writes: logs, audit log, pages, numbers,
//! errors, or the store that it shares.

use std::fs::File;

use serde_json::Value;

use crate::canary::{Secret, check_all, key_secrets};
use crate::fleet::Redis;
use crate::program::{Program, key};
use crate::serve::{REQUIRED, Served, get, org};

const PASSPHRASE: &str = "open-sesame-4711";
const STORE_KEY: &str = "c3RvcmUta2V5LXN0b3JlLWtleS1zdG9yZS1rZXktMDE=";

/// A broker with a caller, a store, a plain key and an encrypted one; and the key of the caller.
fn configure(emulator: &Served, program: &Program) -> String {
    let folder = program.folder();
    std::fs::copy(key(), folder.join("plain.key")).unwrap();
    program.write("word", PASSPHRASE.as_bytes());
    program
        .line("key new --encrypt --passphrase-file word -q")
        .succeeds();
    program
        .line("emulator app add Sealed --client-id sealed --cert server.crt")
        .succeeds();
    let made = program.line("serve key new");
    let (caller, hash) = made.succeeds().stdout.trim().split_once('\n').unwrap();
    program.write("store.key", STORE_KEY.as_bytes());
    let url = format!("redis+unix://{}", folder.join("redis.sock").display());
    program.write("store.url", url.as_bytes());
    let connection = |name: &str, client_id: &str, key: &str| {
        format!(
            "[connections.{name}]\nclient_id = \"{client_id}\"\nusername = \"integration@accredit.example\"\nlogin_url = \"{}\"\nkey = \"{key}\"\n",
            emulator.url
        )
    };
    let text = [
        connection("default", "3MVG9.client", "plain.key"),
        connection("sealed", "sealed", "server.key"),
        connection("refused", "nobody", "plain.key"),
        "[store]\nurl = \"store.url\"\nkey = \"store.key\"\n".to_owned(),
        format!(
            "[callers.app]\nkey_hash = \"{hash}\"\nconnections = \"*\"\nuses = [\"token\", \"proxy\"]\n"
        ),
    ];
    program.write("broker.toml", text.concat().as_bytes());
    caller.to_owned()
}

/// Everything that the broker answers, but the token itself to whoever may have it.
fn answers(url: &str, caller: &str) -> String {
    let bearer = format!("Bearer {caller}");
    let ours: &[_] = &[REQUIRED, ("Authorization", &*bearer)];
    let page: &[_] = &[("Accept", "text/html"), ("Authorization", &*bearer)];
    let wrong: &[_] = &[REQUIRED, ("Authorization", "Bearer wrong")];
    let query = "services/data/v65.0/query?q=SELECT+Id+FROM+Account+LIMIT+1";
    let asked = [
        ("/v1/connections/refused/token".to_owned(), ours),
        ("/v1/connections/none/token".to_owned(), ours),
        ("/v1/connections/default/token".to_owned(), wrong),
        (format!("/v1/connections/default/proxy/{query}"), ours),
        (format!("/v1/connections/sealed/proxy/{query}"), ours),
        (format!("/v1/connections/refused/proxy/{query}"), ours),
        (format!("/v1/connections/default/token?key={caller}"), ours),
        ("/".to_owned(), &[]),
        ("/".to_owned(), ours),
        ("/".to_owned(), page),
        ("/metrics".to_owned(), &[]),
        ("/openapi.json".to_owned(), &[]),
        ("/readyz".to_owned(), &[]),
        ("/none".to_owned(), ours),
    ];
    asked
        .iter()
        .map(|(path, headers)| {
            let (status, diagnosis, body) = get(&format!("{url}{path}"), headers);
            format!("{path} {status} {diagnosis} {body}\n").replace(&format!("key={caller}"), "")
        })
        .collect()
}

/// Everything that lies in the store, as values and as the file that it saves.
fn dump(redis: &Redis, program: &Program) -> String {
    redis.run(&["CONFIG", "SET", "rdbcompression", "no"]);
    let file = program.folder().join("dump.rdb");
    redis.run(&["--rdb", file.to_str().unwrap()]);
    let saved = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
    assert!(saved.starts_with("REDIS"), "{saved}");
    let keys = redis.run(&["KEYS", "*"]);
    assert!(keys.matches(":token").count() == 2, "{keys}");
    let values: String = keys
        .lines()
        .map(|key| format!("{key} {}\n", redis.run(&["DUMP", key])))
        .collect();
    saved + &values
}

#[test]
fn a_broker_writes_no_secret_anywhere() {
    let (emulator, program) = org();
    let program = program
        .with("ACCREDIT_LOG", "trace")
        .with("ACCREDIT_PASSPHRASE", PASSPHRASE);
    let caller = configure(&emulator, &program);
    let redis = Redis::start(&program);
    let log = File::create(program.folder().join("log")).unwrap();
    let line = "serve --config broker.toml --listen 127.0.0.1:0";
    let broker = Served::start_with(&program, line, log);
    let bearer = format!("Bearer {caller}");
    let mut secrets = key_secrets();
    secrets.push(Secret::new("the passphrase", PASSPHRASE.as_bytes()));
    secrets.push(Secret::new("the key of the store", STORE_KEY.as_bytes()));
    secrets.push(Secret::new("the key of the caller", caller.as_bytes()));
    for name in ["default", "sealed"] {
        let path = format!("{}/v1/connections/{name}/token", broker.url);
        let (status, _, body) = get(&path, &[REQUIRED, ("Authorization", &*bearer)]);
        assert_eq!(status, 200, "{body}");
        let reply: Value = serde_json::from_str(&body).unwrap();
        let token = reply["access_token"].as_str().unwrap();
        secrets.push(Secret::new("the access token", token.as_bytes()));
    }
    check_all(&secrets, "an answer", &answers(&broker.url, &caller));
    if let Some(redis) = redis {
        check_all(&secrets, "the store", &dump(&redis, &program));
    }
    assert_eq!(broker.stop().code, 0);
    for (name, part) in [("log", "got a token"), ("audit", "\"sealed\"")] {
        let text = std::fs::read_to_string(program.folder().join(name)).unwrap();
        assert!(text.contains(part), "{name} says nothing: {text}");
        check_all(&secrets, name, &text);
    }
}
