//! The file that an org is kept in: what it may be, and who may have it.

use std::fs;
use std::path::Path;

use accredit_emulator::org::{Org, Seed};
use accredit_emulator::store::Place;
use accredit_emulator::{Emulator, LoadFile, StartError};

use crate::support::NOW;

fn open(path: &Path) -> Result<Org, String> {
    let now = accredit::clock::UnixTime::from_secs(NOW);
    let org = Org::open(&Place::File(path.to_owned()), Seed::Sample, now);
    org.map_err(|error| error.to_string())
}

#[test]
fn what_is_no_database_of_an_emulator_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("org.db");
    drop(open(&path).unwrap());
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    // The middle of the file: pages of tables and indexes.
    torn[whole.len() / 2..whole.len() / 2 + 40_000].fill(0xAA);
    let foreign = folder.path().join("foreign.db");
    let other = rusqlite::Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    for (contents, problem) in [
        (
            b"not a database at all, but notes".to_vec(),
            "is damaged or no database",
        ),
        (
            whole[..whole.len() / 2].to_vec(),
            "is damaged or no database",
        ),
        (torn, "is damaged or no database"),
        (
            fs::read(&foreign).unwrap(),
            "is a database, but not one of an emulator",
        ),
    ] {
        fs::write(&path, &contents).unwrap();
        let error = open(&path).unwrap_err();
        assert!(error.contains(problem), "{error}");
        assert!(error.starts_with(path.to_str().unwrap()), "{error}");
        assert_eq!(fs::read(&path).unwrap(), contents);
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "nothing is written beside it");
    }
}

#[test]
fn a_file_belongs_to_one_org_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("org.db");
    let first = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(
        error.ends_with("stop it, or choose another file"),
        "{error}"
    );
    let builder = Emulator::builder().place(Place::File(path.clone()));
    assert!(matches!(builder.open(), Err(StartError::Store(_))));
    drop(first);
    open(&path).unwrap();
}

#[test]
fn what_was_loaded_and_its_snapshots_are_there_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("org.db");
    let start = || {
        Emulator::builder()
            .place(Place::File(path.clone()))
            .open()
            .unwrap()
    };
    let file = |path: &str, content: &str| LoadFile {
        path: path.to_owned(),
        content: content.to_owned(),
        object: None,
    };
    let object = "<CustomObject><label>Trip</label></CustomObject>";
    let files = [
        file("Trip__c.object", object),
        file("Trip__c.csv", "Name\nOne\n"),
    ];
    let app = start();
    assert_eq!(app.load(&files).unwrap().records["Trip__c"], 1);
    drop(app);
    let app = start();
    let again = app
        .load(&[file("Trip__c.csv", "Id,Name\n1,Two\n")])
        .unwrap();
    // The object is known, and its ids are counted on.
    assert_eq!(again.ids["Trip__c"]["1"], "a00Ac0000000002IAA");
    drop(app);
    let images = folder.path().join("org.db.snapshots");
    let names: Vec<_> = fs::read_dir(images)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["0.loaded.db"]);
}
