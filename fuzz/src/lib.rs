//! What the targets share that put files into an org.

pub mod bulk;

use std::cell::RefCell;

use accredit_emulator::{App, Emulator, LoadFile, Seed};

thread_local! {
    static APP: RefCell<Option<App>> = const { RefCell::new(None) };
}

/// Loads files into an org that nothing was loaded into: what does not fit is refused and changes
/// nothing, so that the next input may have the same org.
pub fn load(files: &[LoadFile]) {
    let kept = APP.take();
    let app = kept.unwrap_or_else(open);
    if app.load(files).is_err() {
        APP.set(Some(app));
    }
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
