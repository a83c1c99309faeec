//! From the text of the file to the configuration.
//!
//! Owns the outermost level. Invariant: a configuration with a mistake never comes out.

use accredit::error::Error;
use toml::Spanned;
use toml::de::DeTable;

use super::overrides::Overrides;
use super::reader::{Mistakes, Reader};
use super::section::Section;
use super::{Config, OnExit, StoreConfig, callers, connections, listener, store};

/// The longest file that is read, in bytes.
pub const LENGTH_MAX: usize = 1024 * 1024;

/// Reads the text of the file called `name`. `check_key` says whether a key reference is written as
/// it should be; the key itself is not read here.
///
/// # Errors
/// Every mistake, in the order of the lines.
pub fn parse(
    text: &str,
    name: &str,
    check_key: &dyn Fn(&str) -> Result<(), Error>,
) -> Result<Config, Mistakes> {
    parse_with(text, name, check_key, &Overrides::default())
}

/// Reads what there is to say without a file: where to listen, and what replicas share.
///
/// # Errors
/// Every override that is wrong, or that means a setting of a file.
pub fn without_file(overrides: &Overrides) -> Result<Config, Mistakes> {
    let reader = Reader::new("no file", "", overrides);
    let table = Spanned::new(0..0, DeTable::default());
    let root = Section::new(&reader, &table);
    let store = root.section("store").and_then(store::read);
    let config = Config {
        listener: root
            .section("listener")
            .map(listener::read)
            .unwrap_or_default(),
        on_exit: on_exit(&root, store.as_ref()),
        store,
        ..Config::default()
    };
    root.finish();
    reader.finish(&[])?;
    Ok(config)
}

/// Reads the text as [`parse`] does; what `overrides` say counts more than what stands in it.
///
/// # Errors
/// As [`parse`], and every override that is wrong or means nothing.
pub fn parse_with(
    text: &str,
    name: &str,
    check_key: &dyn Fn(&str) -> Result<(), Error>,
    overrides: &Overrides,
) -> Result<Config, Mistakes> {
    let reader = Reader::new(name, text, overrides);
    let (table, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let span = error.span().unwrap_or_default();
        reader.mistake(&span, "", first_line(error.message()));
    }
    if !syntax.is_empty() {
        // What could not be read would only be missed again.
        reader.finish_early()?;
        return Ok(Config::default());
    }
    let root = Section::new(&reader, &table);
    let listener = root.section("listener").map(listener::read);
    let connections = match root.section("connections") {
        Some(section) => connections::read(&section, check_key),
        None if root.has("connections") => Vec::new(),
        None => {
            root.mistake(&root.span(), "connections", "is missing: name at least one");
            Vec::new()
        }
    };
    let callers = root
        .section("callers")
        .map(|section| callers::read(&section, &connections));
    let store = root.section("store").and_then(store::read);
    let config = Config {
        on_exit: on_exit(&root, store.as_ref()),
        store,
        listener: listener.unwrap_or_default(),
        callers: callers.unwrap_or_default(),
        connections,
    };
    root.finish();
    let names = config.connections.iter().map(|one| one.name.clone());
    reader.finish(&names.collect::<Vec<_>>())?;
    Ok(config)
}

/// What `revoke_on_exit` comes to. Replicas with a store share their tokens: the end of one is not
/// the end of those.
fn on_exit(root: &Section<'_>, store: Option<&StoreConfig>) -> OnExit {
    match root.flag("revoke_on_exit") {
        Some(span) if store.is_some() => {
            let what = "is for a broker without [store]: `accredit serve revoke-all` revokes what \
                        lies in a store";
            root.mistake(&span, "revoke_on_exit", what);
            OnExit::Revoke
        }
        Some(_) => OnExit::Revoke,
        None => OnExit::Leave,
    }
}

fn first_line(message: &str) -> String {
    message
        .lines()
        .next()
        .unwrap_or("it is not TOML")
        .to_owned()
}
