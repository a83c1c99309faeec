//! `kill -9` at random points of changes: profiles and kept tokens stay whole.
//!
//! A point is a number of times that a process was looked at and found running, drawn from a seed:
//! no clock has a part in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Child;

use serde_json::Value;

use crate::program::{Program, key};
use crate::server::{self, Server, TOKEN};

/// Kills in each test.
const KILLS: usize = 100;
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Numbers that nobody guesses and everybody can draw again (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// How often a run is found running, and whether it ended by itself; killed after `looks` looks.
fn looked_at(mut child: Child, line: &str, looks: usize) -> (usize, bool) {
    for look in 0..looks {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{line}: {status}");
            return (look, true);
        }
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    (looks, status.signal() != Some(9))
}

/// Kills what `start` starts until enough were killed, and checks `intact` after each. Odd runs may
/// be looked at from a later point on than even ones.
fn killed(start: impl Fn(usize) -> (String, Child), mut intact: impl FnMut(&str, bool)) {
    let (mut dice, mut killed, mut run, mut longest) = (Dice(SEED), 0, 0, [0; 2]);
    while killed < KILLS {
        assert!(run < 10 * KILLS, "{killed} of {run} runs were killed");
        let (line, child) = start(run);
        // Two of eight runs are let through, and tell how long one is now.
        let looks = match run % 8 {
            0 | 1 => usize::MAX,
            _ => dice.below(longest[run % 2]),
        };
        let (looks, has_ended) = looked_at(child, &line, looks);
        if run % 8 < 2 {
            longest[run % 2] = looks;
        }
        killed += usize::from(!has_ended);
        intact(&line, has_ended);
        run += 1;
    }
    eprintln!("{killed} of {run} runs were killed, at up to {longest:?} looks; seed {SEED:#x}");
}

fn read(path: &Path) -> Value {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{}", path.display());
    let text = fs::read(path).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_change_of_a_profile_that_is_killed_leaves_all_others_and_itself_whole_or_not_at_all() {
    let program = Program::with_profile_at("https://acme.my.salesforce.com");
    let path = program.folder().join(".config/accredit/profiles.json");
    let add = |run: usize| {
        let key = key().display().to_string();
        let name = run % 7;
        format!("profile add p{name} --force -i id{run} -o u{run}@example.com -f {key}")
    };
    let mut known = BTreeMap::new();
    let start = |run| (add(run), program.start(&add(run)));
    killed(start, |line, has_ended| {
        let word = |at: usize| line.split(' ').nth(at).unwrap().to_owned();
        let (name, id, username) = (word(2), word(5), word(7));
        let kept = read(&path)["profiles"].as_object().unwrap().clone();
        assert_eq!(kept["default"]["client_id"], "3MVG9.client");
        if has_ended || kept.get(&name).is_some_and(|one| one["client_id"] == *id) {
            known.insert(name, (id, username));
        }
        assert_eq!(kept.len(), known.len() + 1, "{line}: {kept:?}");
        for (name, (id, username)) in &known {
            assert_eq!(kept[name]["client_id"], **id, "{line}");
            assert_eq!(kept[name]["username"], **username, "{line}");
        }
        let list = program.line("profile list");
        assert_eq!(list.succeeds().stdout.lines().count(), kept.len(), "{line}");
    });
    program.line(&add(0)).succeeds();
}

#[test]
fn a_sign_in_that_is_killed_damages_no_kept_token_and_the_next_goes_on() {
    let server = Server::answering(|request| {
        let host = request.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.or_else(|| request.lines().find_map(|line| line.strip_prefix("Host: ")));
        server::token(&format!("http://{}", host.unwrap_or_default()))
    });
    let program = Program::with_profile_at(&server.url);
    let folder = program.folder().join(".cache/accredit/tokens");
    let sign_in = |run: usize| format!("token -q -o u{run}@example.com");
    let start = |run: usize| {
        server.requests_left();
        let child = program.start(&sign_in(run));
        // What is kept is written after the answer: half of the kills fall there.
        if run % 2 == 1 {
            server.request();
        }
        (sign_in(run), child)
    };
    killed(start, |line, has_ended| {
        let entries = fs::read_dir(&folder).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.extension().is_some_and(|kind| kind == "json")) {
            read(&path);
        }
        if !has_ended {
            let run = program.line(line);
            assert_eq!(run.succeeds().stdout, format!("{TOKEN}\n"), "{line}");
        }
    });
    let run = program.line(&sign_in(0));
    assert_eq!(run.succeeds().stdout, format!("{TOKEN}\n"));
}
