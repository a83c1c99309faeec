//! Every refusal of the token endpoint, as the program meets it: the diagnosis and the exit code.
//! `docs/refusals.md` is the table of what was found.
//!
//! `UPDATE=1 cargo test -p accredit-cli --test it refusals` rewrites it.

use accredit::diagnosis::{Area, Diagnosis, When, catalogue, search};

use crate::program::Program;
use crate::server::{Server, json, refusal};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/refusals.md");

const HEAD: &str = "# Refusals of the token endpoint\n\n\
    What `accredit token` makes of each: the diagnosis that it names and the exit code. Where other \
    causes come in the same words, the page of the diagnosis lists them.\n\n\
    | `error` | `error_description` | Diagnosis | Exit code |\n|---|---|---|---|\n";

/// Signs in at a server that refuses in these words, and gives the exit code.
fn met(entry: &Diagnosis) -> i32 {
    let answer = match entry.description {
        "" => json(400, &format!(r#"{{"error":"{}"}}"#, entry.error)),
        description => refusal(entry.error, description),
    };
    let server = Server::giving([answer]);
    let run = Program::signing_in_at(&server.url).line("token -q");
    run.fails(run.code, entry.error)
        .hints(&format!("{}: {}", entry.code, entry.cause))
        .hints(&format!("look at {}", entry.setting))
        .hints(entry.fix);
    run.code
}

#[test]
fn each_is_diagnosed_explained_and_has_its_exit_code() {
    let mut page = HEAD.to_owned();
    let usual = catalogue().filter(|entry| {
        let is_said = entry.area == Area::TokenEndpoint && !entry.error.is_empty();
        is_said && entry.when == When::Usual
    });
    for entry in usual {
        let code = met(entry);
        let expected = if entry.code == "ACC-1043" { 5 } else { 4 };
        assert_eq!(code, expected, "{}", entry.code);
        let explained = search(&entry.words());
        assert!(explained.contains(&entry), "{}: {explained:?}", entry.code);
        let Diagnosis {
            error,
            description,
            code: name,
            ..
        } = entry;
        page.push_str(&format!(
            "| `{error}` | {description} | [{name}](diagnosis/{name}.md) | {code} |\n"
        ));
    }
    #[expect(clippy::disallowed_methods, reason = "asks to rewrite the page")]
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        found == page,
        "{PAGE} is out of date; run this test with UPDATE=1 to rewrite it"
    );
}
