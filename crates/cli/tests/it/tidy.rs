//! Keeps the whole workspace in shape: sizes, directions, secrets, words. A violation names its
//! place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod source;

use source::{Source, words};

/// Lines of a function, from its name to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines of a source file up to its tests.
const FILE_LINES_MAX: usize = 400;

/// Lines of a test module at the end of a source file.
const TEST_MODULE_LINES_MAX: usize = 150;
/// Columns of a line of code.
const LINE_COLUMNS_MAX: usize = 100;
/// Packages that a build without further features needs on this kind of machine, its tests and
/// tools included. Raise it in a commit of its own, with the reason.
const PACKAGES_MAX: usize = 270;

/// Whom a crate of ours may depend on; the binary may depend on all.
const DIRECTIONS: [(&str, &[&str]); 6] = [
    ("core", &[]),
    ("soql", &[]),
    ("keys", &["accredit"]),
    ("broker", &["accredit"]),
    ("emulator", &["accredit", "accredit-soql"]),
    (
        "cli",
        &[
            "accredit",
            "accredit-broker",
            "accredit-emulator",
            "accredit-keys",
            "accredit-soql",
        ],
    ),
];

/// What the emulator may know of the library: the words of the wire, not the parts that sign and
/// ask, because it verifies by other means.
const EMULATOR_MAY_USE: [&str; 9] = [
    "BoxFuture",
    "clock",
    "diagnosis",
    "error",
    "key",
    "oauth",
    "random",
    "secret",
    "self",
];

/// Types that hold a secret by value. Each writes its `Debug` by hand.
const SECRET_TYPES: [&str; 5] = [
    "Secret",
    "AccessToken",
    "PrivateKey",
    "Assertion",
    "ProxyUrl",
];

/// Names of fields that hold a secret, whatever their type is called.
const SECRET_FIELDS: [&str; 9] = [
    "access_token",
    "assertion",
    "passphrase",
    "password",
    "pem",
    "pkcs8",
    "private_key",
    "refresh_token",
    "secret",
];

/// Types that show what they hold when printed for debugging.
const PLAIN_TYPES: [&str; 6] = ["String", "Vec<u8>", "&str", "Box<str>", "Cow<", "[u8]"];

/// Words that say nothing in the name of a type.
const EMPTY_WORDS: [&str; 6] = ["Helper", "Util", "Utils", "Manager", "Common", "Impl"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in ["crates", "fuzz"] {
        collect(&root().join(folder), &mut paths);
    }
    assert!(paths.len() > 50, "found only {} sources", paths.len());
    paths
        .iter()
        .map(|path| Source::read(path, &root()))
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
}

#[track_caller]
fn none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn functions_files_and_lines_are_short() {
    let mut violations = Vec::new();
    for source in sources() {
        let name = &source.name;
        for (function, line, length) in source.functions() {
            if length > FUNCTION_LINES_MAX {
                violations.push(format!("{name}:{line}: fn {function} has {length} lines"));
            }
        }
        let (code, tests) = source.lengths();
        if code > FILE_LINES_MAX && !source.is_test() {
            violations.push(format!("{name}: {code} lines without tests"));
        }
        if tests > TEST_MODULE_LINES_MAX {
            violations.push(format!("{name}: a test module of {tests} lines"));
        }
        // Data in a test is easier to read on one line, whatever its length.
        for (at, (line, blanked)) in source.text.lines().zip(source.code.lines()).enumerate() {
            let is_in_tests = source.is_test() || at >= code;
            let is_data = line.contains('"') || blanked.trim().is_empty();
            if line.chars().count() > LINE_COLUMNS_MAX && !(is_in_tests && is_data) {
                violations.push(format!("{name}:{}: longer than 100 columns", at + 1));
            }
        }
    }
    none(&violations);
}

#[test]
fn crates_depend_in_one_direction_only() {
    let directions: BTreeMap<_, _> = DIRECTIONS.into_iter().collect();
    let mut violations = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(allowed) = directions.get(name.as_str()) else {
            violations.push(format!("crates/{name}: no direction is fixed for it"));
            continue;
        };
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let (_, after) = manifest.split_once("[dependencies]").unwrap();
        let section = after.split("\n[").next().unwrap();
        for line in section.lines() {
            let package = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if package.starts_with("accredit") && !allowed.contains(&package) {
                violations.push(format!("crates/{name} depends on {package}"));
            }
        }
    }
    none(&violations);
}

#[test]
fn the_emulator_verifies_by_its_own_means() {
    let mut violations = Vec::new();
    for source in sources() {
        if !source.name.starts_with("crates/emulator/src/") {
            continue;
        }
        for (line, module) in source.uses_of("accredit::") {
            if !EMULATOR_MAY_USE.contains(&module.as_str()) {
                violations.push(format!("{}:{line}: uses accredit::{module}", source.name));
            }
        }
    }
    none(&violations);
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let mut violations = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let roots = ["src/lib.rs", "src/main.rs"].map(|name| folder.join(name));
        for path in roots.iter().filter(|path| path.exists()) {
            let text = std::fs::read_to_string(path).unwrap();
            if !text.starts_with("#![forbid(unsafe_code)]") {
                violations.push(format!("{}: unsafe code is not forbidden", path.display()));
            }
        }
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if !manifest.contains("[lints]\nworkspace = true") {
            violations.push(format!("{}: the lints are not ours", folder.display()));
        }
    }
    none(&violations);
}

/// The rule: the types that hold secrets ([`SECRET_TYPES`]) write their `Debug` by hand, so that
/// who holds one of them may derive it; and no type that derives `Debug` has a field with the name
/// of a secret ([`SECRET_FIELDS`]) whose type would print it ([`PLAIN_TYPES`]).
#[test]
fn no_secret_can_be_printed_for_debugging() {
    let (mut violations, mut by_hand) = (Vec::new(), BTreeSet::new());
    for source in sources() {
        for kind in SECRET_TYPES {
            let is_by_hand = words(&source.code)
                .windows(4)
                .any(|four| four == ["fmt::Debug", "for", kind, "{"])
                || source.code.contains(&format!("fmt::Debug for {kind}<"));
            if is_by_hand {
                by_hand.insert(kind);
            }
        }
        for item in source.types_that_derive("Debug") {
            let place = format!("{}:{}: {}", source.name, item.line, item.name);
            if SECRET_TYPES.contains(&item.name.as_str()) {
                violations.push(format!("{place} derives Debug and holds a secret"));
            }
            for (field, kind) in &item.fields {
                let is_plain = PLAIN_TYPES.iter().any(|plain| kind.contains(plain));
                let is_wrapped = SECRET_TYPES.iter().any(|secret| kind.contains(secret));
                if SECRET_FIELDS.contains(&field.as_str()) && is_plain && !is_wrapped {
                    violations.push(format!("{place} derives Debug and shows {field}: {kind}"));
                }
            }
        }
    }
    for kind in SECRET_TYPES {
        if !by_hand.contains(kind) {
            violations.push(format!("{kind}: its Debug is not written by hand"));
        }
    }
    none(&violations);
}

#[test]
fn types_have_names_that_say_something_and_nothing_is_left_for_later() {
    // Written apart, so that this file does not find itself.
    let later = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let mut violations = Vec::new();
    for source in sources() {
        for (line, name) in source.type_names() {
            if let Some(word) = EMPTY_WORDS.iter().find(|word| has_word(&name, word)) {
                violations.push(format!("{}:{line}: {name} says {word}", source.name));
            }
        }
        for (at, line) in source.text.lines().enumerate() {
            if let Some(word) = later.iter().find(|word| line.contains(**word)) {
                violations.push(format!("{}:{}: {word}", source.name, at + 1));
            }
        }
        if !source
            .text
            .lines()
            .take(3)
            .any(|line| line.starts_with("//!"))
            && !source.is_test()
        {
            violations.push(format!("{}: does not say what it owns", source.name));
        }
    }
    none(&violations);
}

/// Says whether a name in camel case has `word` as one of its words.
fn has_word(name: &str, word: &str) -> bool {
    name.match_indices(word).any(|(at, _)| {
        let after = name[at + word.len()..].chars().next();
        after.is_none_or(|c| !c.is_ascii_lowercase())
    })
}

#[test]
fn no_test_file_is_forgotten() {
    let mut violations = Vec::new();
    for source in sources() {
        let Some((folder, file)) = source.name.rsplit_once('/') else {
            continue;
        };
        let is_module_of_a_test = folder.ends_with("/tests/it") && file != "main.rs";
        if !is_module_of_a_test {
            continue;
        }
        let main = std::fs::read_to_string(root().join(folder).join("main.rs")).unwrap();
        let module = file.trim_end_matches(".rs");
        let is_declared = main
            .lines()
            .any(|line| line.trim() == format!("mod {module};"));
        if !is_declared {
            violations.push(format!("{}: main.rs does not name it", source.name));
        }
    }
    none(&violations);
}

#[test]
fn a_build_needs_no_more_packages_than_its_budget() {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let words = ["metadata", "--offline", "--locked", "--format-version=1"];
    let run = std::process::Command::new(env!("CARGO"))
        .args(words)
        .args(["--filter-platform", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let metadata: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let packages = metadata["resolve"]["nodes"].as_array().unwrap().len();
    assert!(packages > 100, "{packages}");
    assert!(
        packages <= PACKAGES_MAX,
        "{packages} packages, expected at most {PACKAGES_MAX}"
    );
}
