//! `accredit quickstart`: the first thing that anybody runs.

use crate::program::Program;

#[test]
fn every_step_is_shown_and_nothing_is_left() {
    let program = Program::new();
    let run = program.line("quickstart");
    run.succeeds();
    for part in [
        "1. A local org",
        "accredit emulator start",
        "accredit key new",
        "accredit emulator app add",
        "{\"alg\":\"RS256\"}",
        "accredit token",
        "accredit query",
        "| Name ",
        "are gone now",
        "Now on a real org:",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let rows = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("| "))
        .count();
    assert_eq!(rows, 6, "{}", run.stdout);
    assert_eq!(run.stderr, "");
    assert!(program.files().is_empty(), "{:?}", program.files());
}

#[test]
fn the_files_are_kept_if_wanted_and_nothing_is_overwritten() {
    let program = Program::new();
    program.line("quickstart --keep made").succeeds();
    program
        .line("key check made/server.key made/server.crt made/server.csr")
        .succeeds();
    program
        .line("quickstart --keep made")
        .fails(1, "made/server.key is there already")
        .hints("another folder");
}

#[test]
fn json_tells_the_same() {
    let report = Program::new().line("quickstart --json").json();
    assert_eq!(report["status"], 0);
    assert_eq!(report["result"]["steps"].as_array().unwrap().len(), 6);
    let records = report["result"]["records"].as_array().unwrap();
    assert_eq!(records.len(), 5);
    assert!(records[0]["Name"].is_string(), "{report}");
}
