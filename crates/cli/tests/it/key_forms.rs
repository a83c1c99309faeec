//! Keys in every form: made, shown, checked and signed with; passphrases from files and variables.

use std::process::{Command, Stdio};

use crate::program::{BINARY, Program, Run};
use crate::skip::skipped;

const PASSPHRASE: &str = "Some pass phrase";

fn program() -> Program {
    let program = Program::new();
    program.write("word", format!("{PASSPHRASE}\n").as_bytes());
    program.write("wrong", b"another one\n");
    program
}

#[test]
fn every_form_of_a_new_key_belongs_to_its_certificate() {
    let program = program();
    for (options, key) in [
        ("--encrypt --passphrase-file word", "a.key"),
        ("--format pkcs12 --passphrase-file word", "a.p12"),
        ("--format jwk", "a.jwk"),
        ("--format credhub", "a.json"),
    ] {
        let made = program.line(&format!("key new -n a --force {options}"));
        made.succeeds();
        assert!(made.stdout.starts_with(&format!("{key}\n")), "{made:?}");
        let text = std::fs::read(program.folder().join(key)).unwrap();
        assert!(
            !String::from_utf8_lossy(&text).contains("BEGIN PRIVATE KEY"),
            "{key}"
        );
        let shown = program
            .line(&format!("key show {key} --passphrase-file word --json"))
            .json();
        assert_eq!(shown["result"][0]["bits"], 2048, "{shown}");
        if !key.ends_with("p12") && !key.ends_with("json") {
            program
                .line(&format!("key check {key} a.crt --passphrase-file word"))
                .succeeds();
        }
    }
}

#[test]
fn an_encrypted_key_is_shown_without_its_passphrase_as_what_it_is() {
    let program = program();
    program
        .line("key new --encrypt --passphrase-file word")
        .succeeds();
    let shown = program.line("key show server.key");
    assert!(
        shown
            .succeeds()
            .stdout
            .contains("an encrypted private key (PKCS#8)"),
        "{shown:?}"
    );
    program
        .line("key show server.key --passphrase-file wrong")
        .fails(
            3,
            "the key file server.key: the passphrase is wrong, or the file is damaged",
        );
    program
        .line("key check server.key server.crt")
        .fails(3, "cannot be seen");
}

#[test]
fn an_encrypted_key_signs_in_with_its_passphrase_only() {
    let program = program();
    program
        .line("key new --encrypt --passphrase-file word")
        .succeeds();
    let run = "emulator run --cert server.crt -- accredit token -q -f server.key";
    let path = std::path::Path::new(BINARY).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", path.display());
    let program = program.with("PATH", &path);
    let run = |more: &str| program.line(&format!("{run} {more}"));
    let token = run("--passphrase-file word");
    assert!(token.succeeds().stdout.starts_with("00D"), "{token:?}");
    run("--passphrase-file wrong").fails(3, "the passphrase is wrong");
    run("")
        .fails(3, "it is encrypted, and no passphrase was given")
        .hints("ACCREDIT_PASSPHRASE");
    run("--passphrase-file none").fails(3, "the passphrase file none could not be read");
    let program = program.with("ACCREDIT_PASSPHRASE", PASSPHRASE);
    let token = program.line("emulator run --cert server.crt -- accredit token -q -f server.key");
    assert!(token.succeeds().stdout.starts_with("00D"), "{token:?}");
}

#[test]
fn a_new_key_is_not_made_without_a_passphrase_that_is_worth_it() {
    let program = program();
    program.write("short", b"short");
    program.write("two", b"one line\nand another\n");
    for (options, part) in [
        ("--encrypt", "no passphrase was given"),
        ("--format pkcs12", "no passphrase was given"),
        (
            "--encrypt --passphrase-file short",
            "5 characters, expected at least 6",
        ),
        ("--encrypt --passphrase-file two", "has not one line"),
    ] {
        program.line(&format!("key new {options}")).fails(3, part);
    }
    program
        .line("key new --format jwk --encrypt")
        .fails(2, "never encrypted")
        .hints("--format");
    assert_eq!(program.files(), ["short", "two", "word", "wrong"]);
}

#[test]
fn what_was_put_right_in_a_key_is_told() {
    let program = program();
    program.line("key new").succeeds();
    let key = std::fs::read_to_string(program.folder().join("server.key")).unwrap();
    program.write(
        "damaged.key",
        format!("\u{feff}{}", key.replace('\n', "\\n")).as_bytes(),
    );
    let run = program.line(
        "token --reveal -i a -o b@example.com -r http://127.0.0.1:1 -f damaged.key --timeout 2",
    );
    for part in [
        "byte order mark",
        "a backslash and an n stood where its lines should end",
    ] {
        let told = "warning: the key file damaged.key: ";
        let line = run.stderr.lines().find(|line| line.contains(part));
        assert!(
            line.is_some_and(|line| line.starts_with(told)),
            "{part}: {run:?}"
        );
    }
}

#[test]
fn no_passphrase_pin_or_token_is_told() {
    let program = program();
    program
        .line("key new --encrypt --passphrase-file word")
        .succeeds();
    let address = "http://127.0.0.1:1";
    let program = program
        .with("ACCREDIT_PASSPHRASE", "s3cret passphrase")
        .with("VAULT_ADDR", address)
        .with("VAULT_TOKEN", "hvs.s3cret")
        .with("CREDHUB_API", "https://127.0.0.1:1")
        .with("CREDHUB_CLIENT", "client")
        .with("CREDHUB_SECRET", "s3cret")
        .with("AWS_ENDPOINT_URL", address)
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_ACCESS_KEY_ID", "AKID")
        .with("AWS_SECRET_ACCESS_KEY", "s3cret");
    for reference in [
        "server.key",
        "vault:a/b#c",
        "vault-transit:a",
        "credhub:/a",
        "awskms:a",
        "pkcs11:object=a?pin-value=s3cret&module-path=/nowhere.so",
        "pkcs11:object=a?pin-value=s3cret&pin-value=s3cret",
    ] {
        for form in ["", "--json"] {
            let run = program.line(&format!(
                "token --reveal -i a -o b@example.com -f {reference} -vv {form}"
            ));
            assert_ne!(run.code, 0, "{reference}");
            let told = format!("{}{}", run.stdout, run.stderr);
            assert!(!told.contains("s3cret"), "{reference}: {told}");
        }
    }
}

#[test]
fn a_terminal_has_its_echo_again_after_a_prompt_that_was_ended() {
    let program = Program::new();
    program.write("word", b"open sesame\n");
    program
        .line("key new --encrypt --passphrase-file word")
        .succeeds();
    // Looks at the terminal until the prompt is there, ends it, and looks again.
    let script = format!(
        "stty echo; {BINARY} token --reveal -i a -o b -f server.key -r http://127.0.0.1:1 & pid=$!; n=0; \
         until stty -a | grep -q -- '-echo ' || [ $n -gt 3000 ]; do n=$((n+1)); done; \
         stty -a | grep -o -- '-echo '; kill -TERM $pid; wait $pid; echo code $?; \
         stty -a | grep -o -- ' echo '"
    );
    program.write("ended.sh", script.as_bytes());
    let clean = program.command();
    let mut command = Command::new("script");
    command
        .args(["-qec", "sh ended.sh", "/dev/null"])
        .current_dir(program.folder())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (name, value) in clean.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let Ok(mut child) = command.spawn() else {
        skipped("the program script is not here");
        return;
    };
    // Held open: its end would be typed as the end of the passphrase.
    let stdin = child.stdin.take();
    let run = Run::from(child.wait_with_output().unwrap());
    drop(stdin);
    let lines: Vec<&str> = run.stdout.lines().map(str::trim).collect();
    // The first one stands behind the prompt.
    assert!(lines.iter().any(|line| line.ends_with("-echo")), "{run:?}");
    assert!(lines.contains(&"code 143"), "{run:?}");
    assert!(lines.contains(&"echo"), "{run:?}");
}
