//! What belongs together is seen together.

use std::sync::{Arc, mpsc};

use super::{Place, Store};

fn store() -> Arc<Store> {
    let store = Store::open(&Place::Memory).unwrap();
    let sql = "CREATE TABLE numbers (n INTEGER)";
    store.run(|c| c.execute_batch(sql)).unwrap();
    Arc::new(store)
}

fn add(store: &Store, n: i64) -> Result<(), rusqlite::Error> {
    let sql = "INSERT INTO numbers VALUES (?)";
    store.run(|c| c.execute(sql, [n]).map(|_| ()))
}

fn count(store: &Store) -> i64 {
    let sql = "SELECT COUNT(*) FROM numbers";
    store
        .run(|c| c.query_row(sql, [], |row| row.get(0)))
        .unwrap()
}

#[test]
fn an_error_undoes_all_work_that_belongs_together() {
    let store = store();
    let outcome: Result<(), rusqlite::Error> = store.together(|| {
        add(&store, 1)?;
        store.together(|| add(&store, 2))?;
        Err(rusqlite::Error::InvalidQuery)
    });
    assert!(outcome.is_err());
    assert_eq!(count(&store), 0);
    store.together(|| add(&store, 3)).unwrap();
    assert_eq!(count(&store), 1);
}

#[test]
fn nobody_comes_in_between() {
    let store = store();
    let (asked, waiting) = mpsc::channel();
    let other = Arc::clone(&store);
    let outcome: Result<_, rusqlite::Error> = store.together(|| {
        add(&store, 1)?;
        let thread = std::thread::spawn(move || {
            asked.send(()).unwrap();
            add(&other, 2).unwrap();
        });
        waiting.recv().unwrap();
        assert_eq!(count(&store), 1);
        Ok(thread)
    });
    outcome.unwrap().join().unwrap();
    assert_eq!(count(&store), 2);
}

#[test]
fn a_panic_gives_the_connection_back() {
    let store = store();
    let shared = Arc::clone(&store);
    let thread = std::thread::spawn(move || {
        let _outcome: Result<(), rusqlite::Error> = shared.together(|| {
            add(&shared, 1)?;
            panic!("in the middle of it");
        });
    });
    assert!(thread.join().is_err());
    assert_eq!(count(&store), 0);
}
