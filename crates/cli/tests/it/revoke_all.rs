//! The end of every token at once.

use serde_json::Value;

use crate::fleet::Redis;
use crate::program::key;
use crate::serve::{REQUIRED, Served, get, org};

/// A configuration for the org at `url`, and what `more` adds to it.
fn configuration(url: &str, more: &str) -> String {
    format!(
        "{more}\n[connections.default]\nclient_id = \"3MVG9.client\"\nusername = \"integration@accredit.example\"\nlogin_url = \"{url}\"\nkey = \"{}\"\n",
        key().display()
    )
}

fn token(broker: &Served) -> String {
    let url = format!("{}/v1/connections/default/token", broker.url);
    let (status, _, body) = get(&url, &[REQUIRED]);
    assert_eq!(status, 200, "{body}");
    let document: Value = serde_json::from_str(&body).unwrap();
    document["access_token"].as_str().unwrap().to_owned()
}

/// Says whether the org takes a token.
fn is_good(emulator: &Served, token: &str) -> bool {
    let url = format!("{}/services/data/v65.0/limits", emulator.url);
    let bearer = format!("Bearer {token}");
    match get(&url, &[("Authorization", &bearer)]).0 {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

const SERVE: &str = "serve --config broker.toml --listen 127.0.0.1:0 -q";
const REVOKE: &str = "serve revoke-all --config broker.toml";

#[test]
fn what_lies_in_the_store_is_revoked_and_replicas_let_go_of_it() {
    let (emulator, program) = org();
    let Some(_redis) = Redis::start(&program) else {
        return;
    };
    let socket = program.folder().join("redis.sock");
    let store = format!(
        "[store]\nurl = \"redis+unix://{}\"\nkey = \"store.key\"\n",
        socket.display()
    );
    program.write("store.key", b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    program.write(
        "broker.toml",
        configuration(&emulator.url, &store).as_bytes(),
    );
    let replicas = [
        Served::start(&program, SERVE),
        Served::start(&program, SERVE),
    ];
    let first = token(&replicas[0]);
    assert_eq!(token(&replicas[1]), first);
    assert!(is_good(&emulator, &first));
    let run = program.line(REVOKE);
    assert_eq!(run.succeeds().stdout, "1 token(s) revoked\n", "{run:?}");
    assert!(!is_good(&emulator, &first));
    for replica in &replicas {
        // They ask the store every two seconds.
        let next = (0..20_000)
            .map(|_| token(replica))
            .find(|next| *next != first);
        let next = next.unwrap();
        assert!(is_good(&emulator, &next));
    }
    let last = token(&replicas[0]);
    program.write("store.key", b"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=");
    program.line(REVOKE).fails(7, "could not be opened");
    assert!(is_good(&emulator, &last));
    program.write("store.key", b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let run = program.line(REVOKE);
    assert_eq!(run.succeeds().stdout, "1 token(s) revoked\n", "{run:?}");
    assert!(!is_good(&emulator, &last));
}

#[test]
fn without_a_store_it_is_refused_by_name_and_an_end_revokes() {
    let (emulator, program) = org();
    program.write("broker.toml", configuration(&emulator.url, "").as_bytes());
    program.line(REVOKE).fails(3, "revoke_on_exit = true");
    let leaving = Served::start(&program, SERVE);
    let left = token(&leaving);
    assert_eq!(leaving.stop().code, 0);
    assert!(is_good(&emulator, &left));
    let text = configuration(&emulator.url, "revoke_on_exit = true");
    program.write("broker.toml", text.as_bytes());
    let revoking = Served::start(&program, SERVE);
    let revoked = token(&revoking);
    assert_eq!(revoking.stop().code, 0);
    assert!(!is_good(&emulator, &revoked));
    let both = format!("{text}[store]\nurl = \"redis://127.0.0.1:1\"\nkey = \"env:KEY\"\n");
    program.write("broker.toml", both.as_bytes());
    program
        .line("serve --config broker.toml --check")
        .fails(3, "revoke_on_exit: is for a broker without [store]");
}
