//! The pages of `docs/diagnosis` are the catalogue, page by page.
//!
//! `UPDATE=1 cargo test -p accredit --test it diagnosis_pages` rewrites them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use accredit::diagnosis::{Area, Diagnosis, When, catalogue};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnosis");

/// A page is a screen: this many lines at most.
const PAGE_LINES_MAX: usize = 50;

fn pages() -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> = catalogue()
        .map(|entry| (format!("{}.md", entry.code), page(entry)))
        .collect();
    pages.insert("README.md".to_owned(), index());
    pages
}

fn index() -> String {
    let mut text = String::from(
        "# What a failure means\n\n\
         Each cause has a code that keeps its meaning, and a page here. `accredit explain CODE` \
         shows the same; `accredit explain` takes a pasted message, JSON body or log line, too.\n",
    );
    for area in [Area::TokenEndpoint, Area::Rest, Area::Here] {
        write!(
            text,
            "\n## Said by {}\n\n| Code | On the wire | Cause |\n|---|---|---|\n",
            area.as_str()
        )
        .unwrap();
        for entry in catalogue().filter(|entry| entry.area == area) {
            let code = entry.code;
            let (words, cause) = (code_of(&entry.words()), entry.cause);
            writeln!(text, "| [{code}]({code}.md) | {words} | {cause} |").unwrap();
        }
    }
    text
}

fn code_of(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("`{words}`")
    }
}

fn page(entry: &Diagnosis) -> String {
    let mut text = format!(
        "# {}\n\n{}.\n\n**Look at:** {}.\n\n**Do:** {}.\n\n**Can trying again help?** {}.\n\n",
        entry.code,
        sentence(entry.cause),
        entry.setting,
        entry.fix,
        sentence(entry.retry.as_str()),
    );
    match &*code_of(&entry.words()) {
        "" => writeln!(text, "Found out by {}.", entry.area.as_str()).unwrap(),
        words => writeln!(text, "Said by {} as {words}.", entry.area.as_str()).unwrap(),
    }
    let siblings: Vec<_> = entry.siblings().collect();
    if !siblings.is_empty() {
        write!(
            text,
            "\nOther causes come in the same words. This one is chosen {}.\n\n\
             | Code | Chosen | Cause |\n|---|---|---|\n",
            entry.when.as_str()
        )
        .unwrap();
        for other in siblings {
            let (code, when, cause) = (other.code, other.when.as_str(), other.cause);
            writeln!(text, "| [{code}]({code}.md) | {when} | {cause} |").unwrap();
        }
    }
    text.push_str("\n[All codes](README.md)\n");
    text
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn found() -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(FOLDER) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn the_documentation_has_a_page_for_each_code() {
    let expected = pages();
    #[expect(clippy::disallowed_methods, reason = "asks to rewrite the pages")]
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(FOLDER).unwrap();
        for name in found().keys().filter(|name| !expected.contains_key(*name)) {
            std::fs::remove_file(Path::new(FOLDER).join(name)).unwrap();
        }
        for (name, text) in &expected {
            std::fs::write(Path::new(FOLDER).join(name), text).unwrap();
        }
    }
    let found = found();
    let differs = |name: &&String| found.get(*name) != expected.get(*name);
    let stale: Vec<&String> = expected
        .keys()
        .chain(found.keys())
        .filter(differs)
        .collect();
    assert!(
        stale.is_empty(),
        "{stale:?} are out of date; run this test with UPDATE=1 to rewrite them"
    );
}

#[test]
fn a_page_fits_on_a_screen() {
    for (name, text) in pages() {
        let lines = text.lines().count();
        assert!(
            name == "README.md" || lines <= PAGE_LINES_MAX,
            "{name}: {lines} lines"
        );
    }
}

#[test]
fn words_that_several_causes_share_have_exactly_one_usual_cause() {
    for entry in catalogue().filter(|entry| !entry.words().is_empty()) {
        let usual = std::iter::once(entry)
            .chain(entry.siblings())
            .filter(|entry| entry.when == When::Usual);
        assert_eq!(usual.count(), 1, "{}", entry.words());
    }
}
