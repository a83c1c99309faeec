//! What the targets share that put files into an org.

pub mod bulk;

use std::cell::RefCell;

use accredit_emulator::{App, Emulator, LoadFile, Seed};

/// How often something is loaded into an org before there is a new one.
const LOADS: usize = 100;

thread_local! {
    static APP: RefCell<Option<(App, usize)>> = const { RefCell::new(None) };
}

/// Loads files into an org. What does not fit is refused and changes nothing.
pub fn load(files: &[LoadFile]) {
    let kept = APP.take().filter(|(_, loads)| *loads < LOADS);
    let (app, mut loads) = kept.unwrap_or_else(|| (open(), 0));
    loads += usize::from(app.load(files).is_ok());
    APP.set(Some((app, loads)));
}

/// A file to load.
pub fn file(path: &str, content: &str) -> LoadFile {
    LoadFile {
        path: path.to_owned(),
        content: content.to_owned(),
        object: None,
    }
}

fn open() -> App {
    let builder = Emulator::builder().seed(Seed::Empty);
    builder.open().expect("an org in memory")
}
