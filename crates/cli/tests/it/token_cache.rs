//! Tokens kept on disk: one login for many processes, and nothing that a failure could break.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Child;

use crate::program::{Program, Run};
use crate::server::{self, Server, TOKEN, json, refusal};

const ENDED: &str =
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;

/// A server that grants a token once and then goes.
fn granting() -> Server {
    Server::start(|url| vec![server::token(url)])
}

fn kept(program: &Program, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(program.folder().join(".cache/accredit/tokens")) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect()
}

#[test]
fn the_second_call_takes_the_token_of_the_first_and_needs_no_key() {
    let server = granting();
    let program = Program::with_profile_at(&server.url);
    program.line("token -q").succeeds();
    let run = program.line("token");
    assert_eq!(run.succeeds().stdout, format!("{TOKEN}\n"));
    assert!(
        run.stderr.contains("Using the token of an earlier sign-in"),
        "{run:?}"
    );
    let run = program.line("token --json");
    assert_eq!(run.json()["result"]["token_type"], "Bearer");
    assert_eq!(server.requests_left(), 1);
    let [file] = &*kept(&program, "json") else {
        panic!("one file was expected");
    };
    assert_eq!(
        fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let folder = fs::metadata(file.parent().unwrap()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

#[test]
fn fifty_processes_at_once_make_one_login() {
    let server = granting();
    let program = Program::with_profile_at(&server.url);
    let children: Vec<Child> = (0..50).map(|_| program.start("token -q")).collect();
    for child in children {
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.succeeds().stdout, format!("{TOKEN}\n"));
    }
    assert_eq!(server.requests_left(), 1);
}

#[test]
fn no_cache_asks_anew_and_keeps_nothing() {
    let server = Server::start(|url| vec![server::token(url), server::token(url)]);
    let program = Program::with_profile_at(&server.url);
    program.line("token -q --no-cache").succeeds();
    program.line("token -q --no-cache").succeeds();
    assert_eq!(server.requests_left(), 2);
    assert!(kept(&program, "json").is_empty());
}

#[test]
fn an_org_on_this_machine_that_no_profile_names_is_asked_each_time() {
    let server = Server::start(|url| vec![server::token(url), server::token(url)]);
    let program = Program::signing_in_at(&server.url);
    program.line("token -q").succeeds();
    program.line("token -q").succeeds();
    assert_eq!(server.requests_left(), 2);
    assert!(kept(&program, "json").is_empty());
}

#[test]
fn another_user_or_host_or_key_gets_no_token_of_this_one() {
    let server = Server::start(|url| (0..3).map(|_| server::token(url)).collect());
    let program = Program::with_profile_at(&server.url);
    program.line("token -q").succeeds();
    program.line("token -q -o other@example.com").succeeds();
    program.line("token -q -i 3MVG9.other").succeeds();
    assert_eq!(server.requests_left(), 3);
    assert_eq!(kept(&program, "json").len(), 3);
}

#[test]
fn a_key_in_place_of_another_gets_no_token_of_that_one() {
    let server = Server::start(|url| vec![server::token(url), server::token(url)]);
    let program = Program::new();
    let key = fs::read(crate::program::files().join("server.key")).unwrap();
    program.write("own.key", &key);
    let who = "-i 3MVG9.client -o user@example.com -f own.key";
    program
        .line(&format!("profile add default {who} -r {}", server.url))
        .succeeds();
    program.line("token -q").succeeds();
    program.write("own.key", &[key.as_slice(), b"\n"].concat());
    program.line("token -q").succeeds();
    assert_eq!(server.requests_left(), 2);
}

#[test]
fn a_sign_in_that_is_asked_for_uses_no_token_that_lies_about() {
    let program = Program::new()
        .with("ACCREDIT_ACCESS_TOKEN", TOKEN)
        .with("ACCREDIT_INSTANCE_URL", "http://127.0.0.1:1");
    for flags in [
        "--sandbox",
        "-r http://127.0.0.1:1",
        "--audience https://test.salesforce.com",
    ] {
        let run = program.line(&format!("query -q {flags} x"));
        run.fails(3, "no client id");
    }
}

#[test]
fn a_token_that_is_revoked_is_forgotten() {
    let server = Server::start(|url| vec![server::token(url), json(200, "")]);
    let program = Program::with_profile_at(&server.url);
    program.line("token -q").succeeds();
    assert_eq!(kept(&program, "json").len(), 1);
    let program = program.with("ACCREDIT_ACCESS_TOKEN", TOKEN);
    program
        .line(&format!("revoke -r {}", server.url))
        .succeeds();
    assert!(kept(&program, "json").is_empty());
}

#[test]
fn a_login_that_fails_destroys_no_token() {
    let server = Server::start(|url| {
        vec![
            server::token(url),
            json(401, ENDED),
            refusal("invalid_grant", "inactive user"),
        ]
    });
    let program = Program::with_profile_at(&server.url);
    program.line("token -q").succeeds();
    program
        .line("api -q /services/data/v65.0/limits")
        .fails(4, "inactive user");
    assert_eq!(
        program.line("token -q").succeeds().stdout,
        format!("{TOKEN}\n")
    );
}

#[test]
fn a_session_that_has_ended_is_replaced_for_everybody() {
    let other = TOKEN.replace("AQ4A", "BQ4B");
    let server = Server::start(|url| {
        let renewed = json(200, &server::token_body(url).replace(TOKEN, &other));
        vec![
            server::token(url),
            json(401, ENDED),
            renewed,
            json(200, "{}"),
        ]
    });
    let program = Program::with_profile_at(&server.url);
    program.line("token -q").succeeds();
    program
        .line("api -q /services/data/v65.0/limits")
        .succeeds();
    assert_eq!(
        program.line("token -q").succeeds().stdout,
        format!("{other}\n")
    );
}

#[test]
fn a_file_that_is_damaged_or_open_to_others_is_not_used() {
    for damage in ["", "{", "open", "null"] {
        let server = Server::start(|url| vec![server::token(url), server::token(url)]);
        let program = Program::with_profile_at(&server.url);
        program.line("token -q").succeeds();
        let file = kept(&program, "json").remove(0);
        if damage == "open" {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        } else {
            fs::write(&file, damage).unwrap();
        }
        assert_eq!(
            program.line("token -q").succeeds().stdout,
            format!("{TOKEN}\n")
        );
        assert_eq!(server.requests_left(), 2, "{damage:?}");
    }
}

#[test]
fn a_folder_that_is_not_ours_alone_or_cannot_be_made_keeps_no_token() {
    let server = Server::start(|url| vec![server::token(url), server::token(url)]);
    let program = Program::with_profile_at(&server.url);
    let open = program.folder().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    let file = program.write("file", b"");
    for place in [open.clone(), file.join("below")] {
        let mut command = program.command();
        let run = command
            .env("ACCREDIT_CACHE_DIR", &place)
            .args(["token", "-q"])
            .output();
        assert_eq!(
            Run::from(run.unwrap()).succeeds().stdout,
            format!("{TOKEN}\n")
        );
    }
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
}

#[test]
fn a_process_that_is_killed_leaves_nothing_in_the_way() {
    for _ in 0..5 {
        let server = Server::start(|url| vec![Vec::new(), server::token(url)]);
        let program = Program::with_profile_at(&server.url);
        let mut child = program.start("token -q");
        server.request();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            program.line("token -q").succeeds().stdout,
            format!("{TOKEN}\n")
        );
    }
}
