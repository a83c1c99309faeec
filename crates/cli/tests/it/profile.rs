//! Profiles and the file of settings: what wins over what, and nothing that a failure could break.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::program::{Program, Run, key};
use crate::server::{self, Server, TOKEN};

fn path(program: &Program) -> PathBuf {
    program.folder().join(".config/accredit/profiles.json")
}

fn add(program: &Program, name: &str, url: &str) -> Run {
    let key = key();
    program.run([
        "profile",
        "add",
        name,
        "-i",
        "3MVG9.client",
        "-o",
        "user@example.com",
        "-f",
        key.to_str().unwrap(),
        "-r",
        url,
    ])
}

#[test]
fn a_profile_is_a_whole_sign_in_under_a_name() {
    let server = Server::start(|url| vec![server::token(url)]);
    let program = Program::new();
    let run = add(&program, "uat", &server.url);
    assert!(
        run.succeeds()
            .stdout
            .starts_with("Kept the profile uat in "),
        "{run:?}"
    );
    let run = program.line("token -q --profile uat");
    assert_eq!(run.succeeds().stdout, format!("{TOKEN}\n"));
    let run = program.line("profile list");
    assert_eq!(
        run.stdout,
        format!("uat\tuser@example.com\t{}\n", server.url)
    );
    let shown = program.line("profile show uat --json").json();
    assert_eq!(shown["result"]["client_id"], "3MVG9.client");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path(&program)), 0o600);
    assert_eq!(mode(program.folder().join(".config/accredit")), 0o700);
    program.line("profile remove uat").succeeds();
    assert_eq!(program.line("profile list").stdout, "");
}

#[test]
fn fifty_tokens_of_one_profile_at_once_are_one_login() {
    let server = Server::start(|url| vec![server::token(url)]);
    let program = Program::new();
    add(&program, "default", &server.url).succeeds();
    let children: Vec<_> = (0..50).map(|_| program.start("token -q")).collect();
    for child in children {
        Run::from(child.wait_with_output().unwrap()).succeeds();
    }
    assert_eq!(server.requests_left(), 1);
}

#[test]
fn a_flag_wins_over_a_variable_that_over_the_profile_and_that_over_the_file() {
    let program = Program::new().with("ACCREDIT_USERNAME", "variable@example.com");
    add(&program, "default", "https://acme.my.salesforce.com").succeeds();
    program.write(
        ".config/accredit/settings.json",
        br#"{"version":1,"username":"file@example.com","api_version":"64.0"}"#,
    );
    let run = program.line("config show --origins -i 3MVG9.flag");
    let lines: Vec<&str> = run.succeeds().stdout.lines().collect();
    assert_eq!(lines[0], "client_id      3MVG9.flag (flag --client-id)");
    assert_eq!(
        lines[1],
        "username       variable@example.com (variable ACCREDIT_USERNAME)"
    );
    assert!(
        lines[2].ends_with("server.key (profile default)"),
        "{run:?}"
    );
    assert_eq!(
        lines[3],
        "login_url      https://acme.my.salesforce.com (profile default)"
    );
    assert_eq!(lines[4], "audience       -");
    assert!(
        lines[5].starts_with("api_version    64.0 (file "),
        "{run:?}"
    );
    let run = program.line("config show --json");
    assert_eq!(
        run.json()["result"]["timeout"]["value"],
        serde_json::Value::Null
    );
}

#[test]
fn config_show_shows_no_secret_and_knows_the_default() {
    let program = Program::new()
        .with("SFDX_HUB_KEY", "-----BEGIN PRIVATE KEY-----\nMIIsecret")
        .with("SF_ACCESS_TOKEN", TOKEN)
        .with("HTTPS_PROXY", "http://jane:hunter2@proxy.example:3128");
    let run = program.line("config show --origins");
    for secret in ["MIIsecret", TOKEN, "hunter2"] {
        assert!(!run.succeeds().stdout.contains(secret), "{run:?}");
    }
    assert!(run.stdout.contains("(variable SFDX_HUB_KEY)"), "{run:?}");
    assert!(
        run.stdout
            .contains("https://login.salesforce.com (default)"),
        "{run:?}"
    );
}

#[test]
fn the_names_of_other_programs_are_imported() {
    let key = key();
    for variables in [
        vec![
            ("SF_CLIENT_ID", "id"),
            ("SF_USERNAME", "a@b.example"),
            ("SF_JWT_KEY_FILE", key.to_str().unwrap()),
            ("SF_ORG_INSTANCE_URL", "https://acme.my.salesforce.com"),
        ],
        vec![
            ("SALESFORCE_CLIENT_ID", "id"),
            ("SALESFORCE_USERNAME", "a@b.example"),
            ("SALESFORCE_PRIVATE_KEY", "text"),
            ("SALESFORCE_LOGIN_URL", "https://acme.my.salesforce.com"),
        ],
        vec![
            ("SFDX_CLIENT_ID", "id"),
            ("SF_USERNAME", "a@b.example"),
            ("SFDX_HUB_KEY", "text"),
        ],
    ] {
        let program = variables
            .iter()
            .fold(Program::new(), |program, (name, value)| {
                program.with(name, value)
            });
        program.line("profile import ci").succeeds();
        let shown = program.line("profile show ci --json").json();
        assert_eq!(shown["result"]["client_id"], "id");
        let kept = fs::read_to_string(path(&program)).unwrap();
        assert!(!kept.contains("\"text\""), "{kept}");
        let name = variables[2].0;
        let is_text = name != "SF_JWT_KEY_FILE";
        let key = shown["result"]["key"].as_str().unwrap();
        assert_eq!(key == format!("env:{name}"), is_text, "{key}");
    }
    Program::new()
        .line("profile import ci")
        .fails(3, "no client id");
}

#[test]
fn what_can_be_no_sign_in_is_not_kept_and_the_old_one_stays() {
    let program = Program::new();
    add(&program, "uat", "https://acme.my.salesforce.com").succeeds();
    let before = fs::read_to_string(path(&program)).unwrap();
    for (line, code, part) in [
        ("profile add uat -i x -o y@z.example -f k", 1, "already"),
        ("profile add new -i x", 3, "no username"),
        (
            "profile add new --force -i x -o y@z -f k -r http://acme.my.salesforce.com",
            3,
            "over http",
        ),
        (
            "profile add new -i x -o y@z -f k -r acme.my.salesforce.com --audience https://test.salesforce.com",
            3,
            "one environment",
        ),
        ("profile add new -i x -o y@z -f -", 2, "from stdin"),
        (
            "profile add new -i x -o y@z -f k --api-version soon",
            3,
            "no API version",
        ),
        (
            "profile add a/b -i x -o y@z -f k",
            2,
            "the name of a profile",
        ),
        (
            "profile add --force uat -i x -o y@z -f k -a alias",
            2,
            "--alias",
        ),
        (
            "profile remove other",
            3,
            "there is no profile \"other\"; there are uat",
        ),
        ("profile show other", 3, "there are uat"),
        ("token --profile other", 3, "there is no profile \"other\""),
    ] {
        program.line(line).fails(code, part);
        assert_eq!(
            fs::read_to_string(path(&program)).unwrap(),
            before,
            "{line}"
        );
    }
    assert_eq!(
        fs::read_dir(path(&program).parent().unwrap())
            .unwrap()
            .count(),
        2
    );
}

#[test]
fn a_file_that_is_damaged_is_named_and_never_overwritten() {
    for (text, part) in [
        ("{", "is damaged at line 1"),
        (
            r#"{"version":2,"profiles":{}}"#,
            "has version 2, expected 1",
        ),
        (r#"{"version":1,"profiles":{"a":{"key":7}}}"#, "is damaged"),
        (
            r#"{"version":1,"profiles":{"a":{"password":"x"}}}"#,
            "has a member \"password\"",
        ),
    ] {
        let program = Program::new();
        fs::create_dir_all(path(&program).parent().unwrap()).unwrap();
        fs::write(path(&program), text).unwrap();
        program.line("profile list").fails(3, part);
        add(&program, "new", "https://acme.my.salesforce.com").fails(3, part);
        program.line("token").fails(3, part);
        assert_eq!(fs::read_to_string(path(&program)).unwrap(), text);
        program.line("explain ACC-1010").succeeds();
    }
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let program = Program::new();
    let key = key();
    let children: Vec<_> = (0..10)
        .map(|number| {
            program.start(&format!(
                "profile add p{number} -i x -o y@z.example -f {}",
                key.display()
            ))
        })
        .collect();
    for child in children {
        Run::from(child.wait_with_output().unwrap()).succeeds();
    }
    assert_eq!(program.line("profile list").stdout.lines().count(), 10);
}

#[test]
fn an_audience_that_is_written_down_belongs_to_the_login_url_beside_it() {
    let program = Program::new();
    let key = key();
    let words = "profile add default -i x -o y@z.example -r acme.my.salesforce.com \
                 --audience login.salesforce.com -f";
    program
        .run(words.split_whitespace().chain([key.to_str().unwrap()]))
        .succeeds();
    let shown = |line: &str| {
        let run = program.line(line);
        run.json()["result"]["audience"]["value"].clone()
    };
    assert_eq!(shown("config show --json"), "login.salesforce.com");
    let other = "config show --json -r acme--uat.sandbox.my.salesforce.com";
    assert_eq!(shown(other), serde_json::Value::Null);
    let url = server::closed_url();
    let run = program.run(["token", "-r", &url]);
    run.fails(6, "refused the connection")
        .hints(&format!("with audience {url}"));
}

#[test]
fn a_pin_is_not_kept() {
    let program = Program::new();
    let key = "pkcs11:token=t;object=k?pin-value=98765";
    let words = [
        "profile",
        "add",
        "p",
        "-i",
        "id",
        "-o",
        "u@example.com",
        "-f",
        key,
    ];
    let run = program.run(words);
    run.fails(2, "keeps no PIN").hints("pin-source");
    assert!(!run.stderr.contains("98765"), "{run:?}");
}

#[test]
fn a_profile_that_a_flag_names_goes_before_the_variables_of_other_programs() {
    let url = "https://b.my.salesforce.com";
    let program = Program::new().with("SF_INSTANCE_URL", "https://a.my.salesforce.com");
    let add = format!("profile add b -i id -o u@example.com -f b.key -r {url}");
    program.line(&add).succeeds();
    let run = program.line("--profile b config show");
    assert!(run.succeeds().stdout.contains(url), "{run:?}");
}
