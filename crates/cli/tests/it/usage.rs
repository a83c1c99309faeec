//! The command line itself: mistakes, settings, help, completions.

use crate::program::{Program, key};

#[test]
fn mistakes_of_usage_have_our_form_and_exit_code_2() {
    let program = Program::new();
    for line in [
        "",
        "tokens",
        "token --colour",
        "token --format xml",
        "token --sandbox -r https://acme.my.salesforce.com",
        "token --show-assertion --format json",
        "key",
        "emulator run",
        "query",
        "token --log =",
        "token --log bogus",
        "token --log accredit=loud",
    ] {
        let run = program.line(line);
        assert!(run.stdout.is_empty(), "{line}: {run:?}");
        run.fails(2, "error: ");
        assert!(run.stderr.contains("\nhint: "), "{line}: {run:?}");
    }
}

#[test]
fn a_command_that_was_left_out_brings_the_help_on_stderr() {
    let program = Program::new();
    for (line, part) in [
        ("", "quickstart"),
        ("-q", "quickstart"),
        ("key", "Usage: accredit key "),
        ("emulator app", "Usage: accredit emulator app "),
    ] {
        let run = program.line(line);
        run.fails(2, "no command was given");
        assert!(run.stderr.contains(part), "{run:?}");
        let run = program.line(&format!("{line} --json"));
        assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{line}");
        assert_eq!(run.json()["message"], "no command was given");
    }
}

#[test]
fn mistakes_of_usage_are_json_when_json_is_asked_for() {
    let run = Program::new().line("token --colour --json");
    assert_eq!((run.code, run.stderr.as_str()), (2, ""));
    let report = run.json();
    assert_eq!(report["name"], "UsageError");
    assert_eq!(report["exitCode"], 2);
    assert_eq!(report["message"], "unexpected argument '--colour' found");
}

#[test]
fn settings_are_checked_together() {
    let run = Program::new()
        .with("SF_CLIENT_ID", "3MVG9 x")
        .with("ACCREDIT_LOGIN_URL", "https://acme.lightning.force.com")
        .line("token");
    run.fails(3, "a blank at position 5")
        .hints("pass --username or set ACCREDIT_USERNAME");
    for part in [
        "(variable SF_CLIENT_ID)",
        "Lightning host",
        "no username",
        "no private key",
    ] {
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    }
}

#[test]
fn settings_that_cannot_be_right_are_refused_before_anybody_is_asked() {
    for (flags, part) in [
        (["-i", "a b"], "a blank at position 1"),
        (["-i", "ab\n"], "a line break at position 2"),
        (["-i", ""], "the client id is empty"),
        (["-o", "a b@example.com"], "the username holds a blank"),
        (["-r", "http://acme.my.salesforce.com"], "over http"),
        (["-r", "https://login.example.com"], "no host of Salesforce"),
        (["-r", "ftp://x"], "neither https nor http"),
        (
            ["-r", "https://acme.my.salesforce.com/?a"],
            "more than scheme, host and path",
        ),
        (
            ["--audience", "https://test.salesforce.com"],
            "expected both of one environment",
        ),
        (["--timeout", "soon"], "is no time-out"),
        (
            ["-f", "/nowhere/server.key"],
            "/nowhere/server.key could not be read",
        ),
        (
            ["-f", "vault:secret/x#key"],
            "no token for Vault; looked at: VAULT_TOKEN (not set)",
        ),
        (
            ["-f", "env:NO_SUCH_KEY"],
            "the variable NO_SUCH_KEY is not set",
        ),
    ] {
        let program = Program::signing_in_at("https://acme.my.salesforce.com");
        let run = program.run(["token"].into_iter().chain(flags));
        run.fails(3, part);
    }
}

#[test]
fn a_key_comes_from_stdin_or_a_variable_too() {
    // The key is read before anybody is asked, so a refused connection shows that it was good.
    let text = std::fs::read_to_string(key()).unwrap();
    let program = Program::signing_in_at(&crate::server::closed_url()).with("PEM", &text);
    program
        .line("token -f env:PEM")
        .fails(6, "refused the connection");
    program
        .line_with_stdin("token -f -", text.as_bytes())
        .fails(6, "refused the connection");
    let program = Program::new().with("SFDX_HUB_KEY", &text);
    let url = crate::server::closed_url();
    program
        .run(["token", "-i", "a", "-o", "b", "-r", &url])
        .fails(6, "refused the connection");
}

#[test]
fn wrong_kinds_of_key_are_refused_by_name() {
    let files = crate::program::files();
    let program = Program::signing_in_at("https://acme.my.salesforce.com");
    program.write("empty.key", b" \n");
    program.write("garbage.key", b"not a key");
    program.write("large.key", &vec![b'x'; 70_000]);
    for (path, part) in [
        ("empty.key", "is empty"),
        ("garbage.key", "garbage.key"),
        ("large.key", "more than 65536 bytes"),
        (".", "could not be read"),
        (files.join("server.crt").to_str().unwrap(), "certificate"),
        (files.join("server.csr").to_str().unwrap(), "request"),
    ] {
        program.run(["token", "-f", path]).fails(3, part);
    }
}

#[test]
fn a_key_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::signing_in_at(&crate::server::closed_url());
    let path = program.write("open.key", &std::fs::read(key()).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = program.line("token -f open.key");
    assert!(
        run.stderr
            .contains("warning: the key file open.key can be read by others"),
        "{run:?}"
    );
}

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let run = Program::new().line("--help");
    run.succeeds();
    for part in ["quickstart", "emulator", "Exit codes:", "130  interrupted"] {
        assert!(run.stdout.contains(part), "{part}: {run:?}");
    }
    let version = Program::new().line("--version");
    assert_eq!(
        version.stdout,
        format!("accredit {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_are_there_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = Program::new().run(["completions", shell]);
        run.succeeds();
        assert!(run.stdout.contains("quickstart"), "{shell}");
    }
}

#[test]
fn what_is_not_shown_is_not_completed_either() {
    let script = Program::new().line("completions bash").stdout;
    for flag in ["--client-id", "--jwt-key-file", "--timeout"] {
        assert!(script.contains(flag), "{flag}");
    }
    for flag in ["--alias", "--set-default", "--no-prompt", "--clientid"] {
        assert!(!script.contains(flag), "{flag}");
    }
}

#[test]
fn a_timeout_is_refused_where_there_is_nothing_to_wait_for() {
    let program = Program::new();
    for line in ["key new", "inspect x", "completions bash", "emulator start"] {
        program
            .line(&format!("{line} --timeout 5"))
            .fails(2, "asks nobody over the network");
        let help = program.line(&format!("{line} --help")).stdout;
        assert!(!help.contains("--timeout"), "{line}: {help}");
    }
    let help = program.line("token --help").stdout;
    assert!(help.contains("--timeout"), "{help}");
}

#[test]
fn the_help_of_a_command_has_the_exit_codes_on_one_line() {
    let program = Program::new();
    for line in ["token", "key new", "emulator fault add", "query"] {
        for flag in ["-h", "--help"] {
            let help = program.line(&format!("{line} {flag}")).stdout;
            assert!(help.contains("Exit codes: 0 ok, "), "{line} {flag}: {help}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let program = Program::new();
    let mut child = program
        .command()
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = crate::program::Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
}

#[test]
fn a_full_disk_behind_stdout_is_told() {
    use std::process::Stdio;
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        crate::skip::skipped("there is no /dev/full here");
        return;
    };
    let program = Program::new();
    let output = program
        .command()
        .args(["completions", "bash"])
        .stdout(Stdio::from(full))
        .output()
        .unwrap();
    crate::program::Run::from(output).fails(1, "could not be written to stdout");
}

#[test]
fn each_command_has_a_manual_page() {
    let program = Program::new();
    let run = program.line("man");
    assert!(run.succeeds().stdout.contains(".TH accredit 1"), "{run:?}");
    let run = program.line("man key new");
    assert!(
        run.succeeds().stdout.contains(".TH accredit-key-new 1"),
        "{run:?}"
    );
    program
        .line("man key old")
        .fails(2, "no command \"old\" below");
    std::fs::create_dir(program.folder().join("man1")).unwrap();
    let run = program.line("man --out-dir man1");
    assert!(
        run.succeeds()
            .stdout
            .contains("man1/accredit-emulator-start.1"),
        "{run:?}"
    );
    let page = std::fs::read_to_string(program.folder().join("man1/accredit-doctor.1")).unwrap();
    assert!(page.contains("Check a sign"), "{page}");
    program
        .line("man --out-dir nowhere")
        .fails(1, "could not be written");
}
