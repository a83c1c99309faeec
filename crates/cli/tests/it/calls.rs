//! `whoami`, `revoke`, `exec`, and secrets on a terminal.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{BINARY, Program, Run};
use crate::server::{self, Server, TOKEN, answer, json};
use crate::skip::skipped;

fn granting() -> Server {
    Server::start(|url| vec![server::token(url)])
}

/// Runs a line for a local org, with its settings in the environment.
fn on_a_local_org(program: &Program, line: &str) -> Run {
    let words = ["emulator", "run", "-q", "--", BINARY];
    program.run(words.into_iter().chain(line.split_whitespace()))
}

#[test]
fn whoami_shows_the_user_of_the_token() {
    let run = on_a_local_org(&Program::new(), "whoami -q");
    run.succeeds();
    let first = run.stdout.lines().next().unwrap();
    assert!(first.starts_with("username      "), "{run:?}");
    assert!(first.contains('@'), "{run:?}");
    assert!(run.stdout.contains("organization  00D"), "{run:?}");
    let run = on_a_local_org(&Program::new(), "whoami --json");
    assert!(
        run.json()["result"]["user_id"]
            .as_str()
            .unwrap()
            .starts_with("005")
    );
}

#[test]
fn whoami_lets_no_org_steer_the_terminal() {
    let identity = r#"{"preferred_username":"a\u001b[2Jb\nuser id       005"}"#;
    let server = Server::giving([json(200, identity)]);
    let run = Program::new()
        .with("SF_ACCESS_TOKEN", TOKEN)
        .with("SF_INSTANCE_URL", &server.url)
        .line("whoami");
    let first = run.succeeds().stdout.lines().next().unwrap();
    assert_eq!(first, "username      a?[2Jb?user id       005");
}

#[test]
fn a_token_that_has_ended_is_told() {
    let server = Server::giving([answer(403, "text/plain", "Bad_OAuth_Token")]);
    let run = Program::new()
        .with("SF_ACCESS_TOKEN", TOKEN)
        .with("SF_INSTANCE_URL", &server.url)
        .line("whoami");
    run.fails(4, "answered 403").hints("ACC-2030");
}

#[test]
fn revoke_ends_the_session() {
    let server = Server::giving([answer(200, "text/plain", "")]);
    let program = Program::new().with("ACCREDIT_INSTANCE_URL", &server.url);
    let run = program.line_with_stdin("revoke --stdin", format!("{TOKEN}\n").as_bytes());
    assert!(
        run.succeeds()
            .stdout
            .starts_with("The token is revoked at http://127.0.0.1")
    );
    let request = server.request();
    assert!(
        request.starts_with("POST /services/oauth2/revoke HTTP"),
        "{request}"
    );
    assert!(
        request.ends_with(&format!("token={}", TOKEN.replace('!', "%21"))),
        "{request}"
    );
    assert!(!run.stdout.contains("AQ4A"));
}

#[test]
fn a_revocation_that_fails_says_why() {
    let body = r#"{"error":"invalid_token","error_description":"token is not active"}"#;
    let server = Server::giving([json(400, body)]);
    let program = Program::new().with("SF_INSTANCE_URL", &server.url);
    let run = program.line_with_stdin("revoke --stdin", TOKEN.as_bytes());
    run.fails(4, "invalid_token").hints("ACC-1057");
    program
        .line("revoke")
        .fails(3, "ACCREDIT_ACCESS_TOKEN is not set");
    program
        .line_with_stdin("revoke --stdin", b" ")
        .fails(3, "no access token");
    Program::new()
        .with("SF_ACCESS_TOKEN", TOKEN)
        .line("revoke")
        .fails(3, "no instance URL");
}

#[test]
fn exec_hands_the_token_to_the_command_and_takes_its_exit_code() {
    let server = granting();
    let script = "echo $SF_ACCESS_TOKEN $SF_INSTANCE_URL; exit 7";
    let run = Program::signing_in_at(&server.url).run(["exec", "-q", "--", "sh", "-c", script]);
    assert_eq!(run.code, 7);
    assert_eq!(run.stdout, format!("{TOKEN} {}\n", server.url));
}

#[test]
fn exec_masks_the_token_in_both_streams_on_request() {
    let server = granting();
    let script = "printf 'a %s b' $SF_ACCESS_TOKEN; echo $SF_ACCESS_TOKEN >&2";
    let run =
        Program::signing_in_at(&server.url).run(["exec", "-q", "--mask", "--", "sh", "-c", script]);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("a *** b", "***\n")
    );
}

#[test]
fn exec_ends_on_a_signal_while_others_hold_the_masked_streams() {
    let server = granting();
    let program = Program::signing_in_at(&server.url);
    // The command is gone at once; what it started holds the pipes and ignores the signal.
    let script = "sh -c 'trap \"\" TERM; echo $$ > pid; echo started; exec sleep 60' &";
    let mut child = program
        .command()
        .args(["exec", "-q", "--mask", "--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "started\n");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    // The first signals may still find the command itself.
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        kill_process(pid, Signal::TERM).unwrap();
        std::thread::yield_now();
    };
    let sleeper = std::fs::read_to_string(program.folder().join("pid")).unwrap();
    let sleeper = Pid::from_raw(sleeper.trim().parse().unwrap()).unwrap();
    // It is still there: nobody waited for its end.
    kill_process(sleeper, Signal::KILL).unwrap();
    assert_eq!(status.code(), Some(143));
}

#[test]
fn exec_says_what_cannot_be_run() {
    let server = granting();
    let program = Program::signing_in_at(&server.url);
    program
        .line("exec -q -- /no/such/program")
        .fails(1, "could not be started");
    program.line("exec").fails(2, "<CMD>");
}

#[test]
fn github_actions_is_told_to_mask_the_token_before_it_is_printed() {
    let server = granting();
    let run = Program::signing_in_at(&server.url)
        .with("GITHUB_ACTIONS", "true")
        .line("token -q");
    assert_eq!(run.stdout, format!("{TOKEN}\n"));
    assert_eq!(run.stderr, format!("::add-mask::{TOKEN}\n"));
}

#[test]
fn a_terminal_sees_the_token_only_when_it_is_asked_for() {
    let server = Server::start(|url| vec![server::token(url)]);
    let program = Program::signing_in_at(&server.url);
    let on_terminal = |line: &str| {
        let environment = program.command();
        let mut command = Command::new("script");
        command
            .args(["-qec", &format!("{BINARY} {line}"), "/dev/null"])
            .current_dir(program.folder())
            .env_clear();
        for (name, value) in environment.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.output().ok().map(Run::from)
    };
    let Some(run) = on_terminal("token -q") else {
        skipped("the program script is not here");
        return;
    };
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stdout.contains("stdout is a terminal"), "{run:?}");
    assert!(!run.stdout.contains(TOKEN), "{run:?}");
    let run = on_terminal("token -q --reveal").unwrap();
    assert!(run.stdout.contains(TOKEN), "{run:?}");
}
