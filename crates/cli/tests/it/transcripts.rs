//! Transcripts: what is typed and what comes of it, one file of `tests/transcripts` for each
//! behavior.
//!
//! `# org` at the top starts a local org at `$ORG`, with the app `nightly` for `server.key`, and
//! `# clock 7200` sets its clock ahead; `# key` gives the files of `accredit key new` alone. `$ ` stands before a command and `> ` before its
//! further lines, `! ` before what goes to stderr, `? ` before an exit code that is not 0, `# `
//! before a comment, and `\` before a line of stdout that begins like one of these. `[...]` is any
//! text within a line, `...` any lines. `$FOLDER`, `$ORG` and `$PORT` are what they are in the run.
//!
//! `UPDATE=1 cargo test -p accredit-cli --test it transcripts` runs each twice and rewrites it: what
//! differs between the runs becomes `[...]`, and placeholders that still fit stay.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::emulator::Served;
use crate::program::{BINARY, Program, Run, files};

mod page;
mod rewrite;

pub(crate) use page::{Page, Step};

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");

/// All transcripts: the path and what it says.
pub(crate) fn all() -> Vec<(PathBuf, Page)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let page = Page::parse(&fs::read_to_string(&path).unwrap());
        (path, page)
    };
    paths.into_iter().map(read).collect()
}

/// Where the commands of one file run.
struct Place {
    program: Program,
    org: Option<Served>,
}

impl Place {
    /// With what the marks at the top of `page` ask for, and the key pair of `keys`.
    fn of(page: &Page, keys: &Path) -> Self {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin().display());
        let program = Program::new().with("PATH", &path).with("LC_ALL", "C");
        let org = page.has_mark("org");
        if org || page.has_mark("key") {
            for name in ["server.key", "server.crt", "server.csr"] {
                fs::copy(keys.join(name), program.folder().join(name)).unwrap();
            }
        }
        if !org {
            return Self { program, org: None };
        }
        let served = Served::start(&program, "");
        let program = program
            .with("ORG", &served.url)
            .with("ACCREDIT_EMULATOR", &served.url);
        program
            .line("emulator app add Nightly --cert server.crt --client-id nightly")
            .succeeds();
        let user = "emulator user add integration@example.com --profile";
        program
            .run(user.split(' ').chain(["System Administrator"]))
            .succeeds();
        for ahead in page
            .head
            .iter()
            .filter_map(|line| line.strip_prefix("clock "))
        {
            let body = format!(r#"{{"advance":{ahead}}}"#);
            let clock = format!("{}/_emulator/clock", served.url);
            ureq::put(clock).send(body).unwrap();
        }
        Self {
            program,
            org: Some(served),
        }
    }

    /// Runs a command, and puts names in place of what no two runs share.
    fn run(&self, command: &str) -> Run {
        let mut shell = self.program.shell();
        let script = format!("umask 022\n{command}");
        let run: Run = shell.args(["-c", &script]).output().unwrap().into();
        Run {
            code: run.code,
            stdout: self.named(&run.stdout),
            stderr: self.named(&run.stderr),
        }
    }

    fn named(&self, text: &str) -> String {
        let folder = self.program.folder().to_str().unwrap();
        let text = text.replace(folder, "$FOLDER");
        let Some(org) = &self.org else {
            return text;
        };
        let (_, port) = org.url.rsplit_once(':').unwrap();
        text.replace(&org.url, "$ORG")
            .replace(&format!(":{port}"), ":$PORT")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(org) = self.org.take() {
            org.stop();
        }
    }
}

/// A folder with the program alone, to put on the path.
fn bin() -> &'static Path {
    static BIN: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BIN.get_or_init(|| {
        let folder = tempfile::TempDir::new().unwrap().keep();
        symlink(BINARY, folder.join("accredit")).unwrap();
        folder
    })
}

/// Says what is not as it was written down, with the line; nothing if all is.
fn differences(path: &Path, page: &Page) -> String {
    let place = Place::of(page, files());
    let mut told = String::new();
    for step in &page.steps {
        let run = place.run(&step.command());
        if let Some(difference) = step.differs(&run) {
            let name = path.file_name().unwrap().to_string_lossy();
            told.push_str(&format!("{name}:{}: {difference}\n", step.line));
        }
    }
    told
}

/// The page with what comes of its commands today.
fn rewritten(page: &Page) -> Page {
    let keys = Program::new();
    keys.line("key new -q").succeeds();
    let places = [Place::of(page, files()), Place::of(page, keys.folder())];
    let steps = page.steps.iter().map(|step| {
        let [first, second] = [&places[0], &places[1]].map(|place| place.run(&step.command()));
        step.rewritten(&first, &second)
    });
    Page {
        head: page.head.clone(),
        steps: steps.collect(),
    }
}

/// Does `work` with each of `items`, several at a time, and gives what it said.
fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> String + Sync) -> String {
    let (next, told) = (AtomicUsize::new(0), Mutex::new(String::new()));
    let workers = thread::available_parallelism().map_or(2, |count| count.get().min(8));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let said = work(item);
                    told.lock().unwrap().push_str(&said);
                }
            });
        }
    });
    told.into_inner().unwrap()
}

#[test]
fn everything_goes_as_it_is_written_down() {
    let pages = all();
    assert!(!pages.is_empty(), "no transcripts in {FOLDER}");
    #[expect(clippy::disallowed_methods, reason = "asks to rewrite the transcripts")]
    let update = std::env::var_os("UPDATE");
    // A value other than 1 is a part of the name of those that are to be rewritten.
    let wanted = |path: &Path| {
        let part = update.as_ref().map(|part| part.to_string_lossy());
        part.is_some_and(|part| part == "1" || path.to_string_lossy().contains(&*part))
    };
    let told = each(&pages, |(path, page)| {
        if !wanted(path) {
            return differences(path, page);
        }
        fs::write(path, rewritten(page).to_string()).unwrap();
        String::new()
    });
    assert!(
        told.is_empty(),
        "- is written down, + is what came; UPDATE=1 rewrites\n\n{told}"
    );
}

#[test]
fn a_transcript_says_on_top_what_it_shows() {
    for (path, page) in all() {
        let says = page.head.first().is_some_and(|line| line.len() > 20);
        assert!(says, "{}: its first line is no sentence", path.display());
    }
}

/// The commands that a line runs, each as the name of its manual page.
fn commands_of(step: &Step, pages: &BTreeSet<String>) -> Vec<String> {
    let command = step.command();
    let parts = command.split("accredit ").skip(1);
    let mut found: Vec<String> = parts
        .map(|part| {
            let mut name = "accredit".to_owned();
            for word in part.split_whitespace() {
                let longer = format!("{name}-{word}");
                if !pages.contains(&longer) {
                    break;
                }
                name = longer;
            }
            name
        })
        .collect();
    if command == "accredit" {
        found.push(command);
    }
    found
}

#[test]
fn every_command_has_a_transcript() {
    let program = Program::new();
    let folder = program.folder().join("man");
    fs::create_dir(&folder).unwrap();
    program.line("man --out-dir man -q").succeeds();
    let names = fs::read_dir(folder).unwrap();
    let pages: BTreeSet<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".1").to_owned())
        .collect();
    assert!(pages.len() > 40, "{pages:?}");
    let shown: BTreeSet<String> = all()
        .iter()
        .flat_map(|(_, page)| &page.steps)
        .flat_map(|step| commands_of(step, &pages))
        .collect();
    let missing: Vec<&String> = pages.difference(&shown).collect();
    assert!(missing.is_empty(), "no transcript runs {missing:?}");
}

#[test]
fn what_is_not_as_written_down_is_told_with_file_and_line() {
    let text =
        "# Shows that a difference is seen.\n\n$ echo one; echo two >&2; exit 3\none\n! too\n";
    let told = differences(Path::new("x/sample.txt"), &Page::parse(text));
    assert_eq!(
        told,
        "sample.txt:3: $ echo one; echo two >&2; exit 3\n  \
         exit code\n    - 0\n    + 3\n  stderr\n    - too\n    + two\n\n"
    );
}
