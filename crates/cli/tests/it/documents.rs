//! The commands that README.md and docs/ show are those that the transcripts run.
//!
//! Owns what of a command stands for something else, and the list of those that cannot run here.

use std::fs;
use std::path::PathBuf;

use crate::transcripts::all;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a reader puts in place of an example, and what the transcripts put there.
const VALUES: [(&str, &str); 5] = [
    ("https://example.my.salesforce.com", "$ORG"),
    ("http://127.0.0.1:8580", "$ORG"),
    ("CONSUMER_KEY", "nightly"),
    ("--permission-set NAME", "--permission-set Nightly_Access"),
    ("-- pytest", "-- sh test.sh"),
];

/// Commands that no transcript runs, and why.
const NOT_RUN: [(&str, &str); 8] = [
    ("accredit token -f credhub:/demo/certificate", CREDHUB),
    (
        "accredit token -f vault:secret/salesforce/prod#private_key",
        VAULT,
    ),
    ("accredit token -f vault-transit:salesforce", VAULT),
    (
        "accredit token -f ssh-agent:",
        "needs an SSH agent; key_places.rs runs one",
    ),
    (
        "accredit token -f \"pkcs11:token=accredit;object=salesforce?module-path=/usr/lib/softhsm/\
         libsofthsm2.so&pin-source=file:pin\"",
        "needs SoftHSM; key_places.rs sets a token up",
    ),
    (
        "accredit token -f awskms:alias/salesforce",
        "needs AWS KMS; key_places.rs has a stand-in",
    ),
    (
        "accredit emulator start --tls --proxy 127.0.0.1:8581",
        "takes fixed ports; emulator.rs starts it at free ones",
    ),
    (
        "accredit emulator start --proxy 127.0.0.1:8581 --ready-file ready &",
        "takes fixed ports; emulator.rs starts it at free ones",
    ),
];
const CREDHUB: &str = "needs CredHub; key_places.rs has a stand-in";
const VAULT: &str = "needs Vault; key_places.rs has a stand-in";

/// README.md and the pages of docs/.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(format!("{ROOT}/docs")).unwrap();
    let mut pages: Vec<PathBuf> = docs
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect();
    pages.push(format!("{ROOT}/README.md").into());
    pages
}

/// The lines of fenced blocks that begin with `accredit`, whole where they are continued.
fn commands(text: &str) -> Vec<String> {
    let (mut found, mut is_fenced, mut begun) = (Vec::new(), false, String::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        if !is_fenced {
            continue;
        }
        if let Some(line) = line.strip_suffix('\\') {
            begun.push_str(line);
            continue;
        }
        let whole = std::mem::take(&mut begun) + line;
        let command = whole.strip_prefix("$ ").unwrap_or(&whole);
        if command.starts_with("accredit ") {
            found.push(command.to_owned());
        }
    }
    found
}

/// Says whether `line` runs `command` with nothing more than where its output goes.
fn runs(line: &str, command: &str) -> bool {
    let rest = line.strip_prefix(command).unwrap_or("more");
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with(['|', '>', '&'])
}

#[test]
fn every_command_that_is_shown_is_run() {
    let transcripts = all();
    let lines: Vec<String> = transcripts
        .iter()
        .flat_map(|(_, page)| &page.steps)
        .flat_map(|step| {
            step.command()
                .split(['\n', ';'])
                .map(str::trim)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let (mut told, mut count) = (Vec::new(), 0);
    for page in pages() {
        for shown in commands(&fs::read_to_string(&page).unwrap()) {
            count += 1;
            let fill =
                |command: String, (example, value): &(&str, &str)| command.replace(example, value);
            let command = VALUES.iter().fold(shown.clone(), fill);
            let is_known = NOT_RUN.iter().any(|(other, _)| *other == shown);
            if !is_known && !lines.iter().any(|line| runs(line, &command)) {
                told.push(format!("{}: {command}", page.display()));
            }
        }
    }
    assert!(count > 50, "only {count} commands were found");
    assert!(told.is_empty(), "no transcript runs:\n{}", told.join("\n"));
}

#[test]
fn what_cannot_run_is_shown_somewhere() {
    let texts: Vec<String> = pages()
        .iter()
        .map(|page| fs::read_to_string(page).unwrap())
        .collect();
    let shown: Vec<String> = texts.iter().flat_map(|text| commands(text)).collect();
    for (command, why) in NOT_RUN {
        assert!(shown.iter().any(|one| one == command), "{command} ({why})");
    }
}

#[test]
fn a_command_of_a_page_is_found_and_one_like_it_is_not() {
    let text = "accredit no\n```\naccredit one \\\n  --two\n$ accredit three\nother\n```\n";
    assert_eq!(commands(text), ["accredit one --two", "accredit three"]);
    assert!(runs("accredit three | head", "accredit three"));
    assert!(!runs("accredit three --four", "accredit three"));
}
