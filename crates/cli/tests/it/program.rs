//! Runs the binary with nothing of the environment that the tests run in.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_accredit");

/// One folder, one environment, any number of runs.
pub(crate) struct Program {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            variables: Vec::new(),
        }
    }

    /// With the settings of a sign-in at `login_url`.
    pub(crate) fn signing_in_at(login_url: &str) -> Self {
        Self::new()
            .with("ACCREDIT_CLIENT_ID", "3MVG9.client")
            .with("ACCREDIT_USERNAME", "user@example.com")
            .with("ACCREDIT_KEY", key().to_str().unwrap())
            .with("ACCREDIT_LOGIN_URL", login_url)
    }

    /// With a profile of such settings.
    pub(crate) fn with_profile_at(login_url: &str) -> Self {
        let program = Self::new();
        let key = key();
        let who = "-i 3MVG9.client -o user@example.com";
        let add = format!(
            "profile add default {who} -f {} -r {login_url}",
            key.display()
        );
        program.line(&add).succeeds();
        program
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self) -> Command {
        self.command_of(BINARY)
    }

    /// A shell in the same environment.
    pub(crate) fn shell(&self) -> Command {
        self.command_of("/bin/sh")
    }

    fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.folder())
            .env("TMPDIR", self.folder())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Run {
        self.command().args(words).output().unwrap().into()
    }

    /// The words of `line`, separated by blanks.
    pub(crate) fn line(&self, line: &str) -> Run {
        self.run(line.split_whitespace())
    }

    /// Starts the words of `line` with both streams open.
    pub(crate) fn start(&self, line: &str) -> Child {
        self.command()
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn line_with_stdin(&self, line: &str, stdin: &[u8]) -> Run {
        let mut child = self
            .command()
            .args(line.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses early need not read all of it.
        let _refused = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap().into()
    }

    /// The names in the folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        names(self.folder())
    }

    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let signal = output.status.signal().map(|signal| 128 + signal);
        Self {
            code: output.status.code().or(signal).unwrap(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// Checks a failure: its exit code, one `error:` line with `part`, nothing on stdout, no panic.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, part: &str) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let errors: Vec<&str> = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{self:?}");
        assert!(self.stderr.contains(part), "no {part:?} in {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn hints(&self, part: &str) -> &Self {
        let hint = self
            .stderr
            .lines()
            .any(|line| line.starts_with("hint: ") && line.contains(part));
        assert!(hint, "no hint with {part:?} in {self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A key with request and certificate, made once for all tests by the program itself.
pub(crate) fn files() -> &'static Path {
    static FILES: OnceLock<PathBuf> = OnceLock::new();
    FILES.get_or_init(|| {
        let program = Program::new();
        program.line("key new -q").succeeds();
        let Program { folder, .. } = program;
        folder.keep()
    })
}

pub(crate) fn key() -> PathBuf {
    files().join("server.key")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file system with room for 4 KiB. Mounting one takes rights that not everybody has.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4k", "none"])
            .arg(folder)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder.to_owned()))
    }

    pub(crate) fn files(&self) -> Vec<String> {
        names(&self.0)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A test that failed has more to say than this.
        let _unmounted = Command::new("umount").arg(&self.0).status();
    }
}
