//! `accredit key`: the three files, all or none; what files are; whether they belong together.

use std::os::unix::fs::PermissionsExt as _;

use crate::program::{Program, SmallDisk, files};
use crate::skip::skipped;

const ALL: [&str; 3] = ["server.crt", "server.csr", "server.key"];

#[test]
fn three_files_are_made_and_the_key_is_the_owners_alone() {
    let program = Program::new();
    let run =
        program.line("key new -c home.example.com -o Example -u Unit -i Dallas -s TX -y us -d 730");
    run.succeeds();
    assert_eq!(program.files(), ALL);
    assert_eq!(run.stdout, "server.key\nserver.csr\nserver.crt\n");
    assert!(run.stderr.contains("upload server.crt"), "{run:?}");
    let mode = |name: &str| {
        let path = program.folder().join(name);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("server.key"), 0o600);
    let shown = program.line("key show server.crt --json").json();
    let certificate = &shown["result"][0];
    let subject = certificate["subject"].as_str().unwrap();
    for part in [
        "CN=home.example.com",
        "O=Example",
        "OU=Unit",
        "L=Dallas",
        "ST=TX",
        "C=US",
    ] {
        assert!(subject.contains(part), "{part}: {subject}");
    }
    assert_eq!(certificate["bits"], 2048);
    assert!(
        certificate["validity"]
            .as_str()
            .unwrap()
            .contains("729 days left"),
        "{shown}"
    );
    program
        .line("key check server.key server.crt server.csr")
        .succeeds();
}

#[test]
fn existing_files_are_kept_unless_force_is_given() {
    let program = Program::new();
    program.write("server.csr", b"mine");
    program
        .line("key new")
        .fails(1, "server.csr is there already")
        .hints("--force");
    assert_eq!(program.files(), ["server.csr"]);
    program.line("key new --force -q").succeeds();
    assert_eq!(program.files(), ALL);
    let made = std::fs::read_to_string(program.folder().join("server.csr")).unwrap();
    assert!(made.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
}

#[test]
fn what_cannot_be_made_is_refused_at_once_and_leaves_nothing() {
    let program = Program::new();
    for (flags, part) in [
        ("--bits 1024", "1024"),
        ("--bits many", "is no whole number"),
        ("-d 0", "0 days"),
        ("-y USA", "two letters"),
        ("-n ../evil", "is no name for files"),
        ("-n .hidden", "is no name for files"),
    ] {
        program.line(&format!("key new {flags}")).fails(3, part);
    }
    program
        .line("key new --out-dir nowhere")
        .fails(1, "could not be written")
        .hints("the folder does not exist");
    assert!(program.files().is_empty());
    let run = program.line("key new --bits 1 -y USA -d 0");
    for part in ["(--bits)", "two letters", "(--days)"] {
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    }
    let run = program.line("key new --bits 1 -y USA -d x");
    for part in ["(--bits)", "two letters", "no whole number"] {
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    }
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let program = Program::new();
    let Some(small) = SmallDisk::mount(&program.folder().join("small")) else {
        skipped("no small file system can be mounted here");
        return;
    };
    // The key takes the only page there is; the request finds no room.
    let run = program.line("key new --out-dir small");
    run.fails(1, "could not be written")
        .hints("the disk is full");
    assert!(small.files().is_empty(), "{:?}", small.files());
}

#[test]
fn files_that_do_not_belong_together_are_told_apart() {
    let program = Program::new();
    program.line("key new -n other -q").succeeds();
    let certificate = files().join("server.crt");
    let run = program.run(["key", "check", "other.key", certificate.to_str().unwrap()]);
    run.fails(3, "does not belong to")
        .hints("upload the certificate");
    let key = files().join("server.key");
    let [key, certificate] = [&key, &certificate].map(|path| path.to_str().unwrap());
    program.run(["key", "check", certificate, key]).succeeds();
    for (twice, part) in [
        (key, "both hold a private key"),
        (certificate, "both hold a certificate"),
    ] {
        program.run(["key", "check", twice, twice]).fails(3, part);
    }
    program
        .line("key check other.key nowhere.crt")
        .fails(3, "nowhere.crt could not be read");
}

#[test]
fn show_says_what_a_file_is_without_its_secret() {
    let program = Program::new();
    for (name, kind) in [
        ("server.key", "private key"),
        ("server.csr", "request"),
        ("server.crt", "certificate"),
    ] {
        let path = files().join(name);
        let run = program.run(["key", "show", path.to_str().unwrap()]);
        run.succeeds();
        assert!(run.stdout.lines().next().unwrap().contains(kind), "{run:?}");
        assert!(run.stdout.contains("publicKeySha256"), "{run:?}");
        let secret = std::fs::read_to_string(path).unwrap();
        assert!(
            !run.stdout.contains(secret.lines().nth(3).unwrap()),
            "{run:?}"
        );
    }
    let text = std::fs::read(files().join("server.crt")).unwrap();
    program.line_with_stdin("key show -", &text).succeeds();
    program
        .line("key show nothing")
        .fails(3, "nothing could not be read");
}
