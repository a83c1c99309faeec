//! A real Redis, where there is one, and servers that are none.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// A Redis of one's own on a Unix socket.
pub(crate) struct Redis {
    child: Child,
    socket: PathBuf,
}

impl Redis {
    /// `None`, with a word about it, where there is no program for it.
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
        let socket = folder.join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--dir"])
            .arg(folder)
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: redis-server: {error}");
                return None;
            }
        };
        while UnixStream::connect(&socket).await.is_err() {
            tokio::task::yield_now().await;
        }
        Some(Self { child, socket })
    }

    /// Stops it in mid-step, or lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Runs a command and gives its answer as it stands on the wire.
    pub(crate) async fn run(&self, words: &[&str]) -> String {
        self.run_all(&[words, &["QUIT"]]).await
    }

    /// The same for who knows the password.
    pub(crate) async fn run_as(&self, password: &str, words: &[&str]) -> String {
        self.run_all(&[&["AUTH", password], words, &["QUIT"]]).await
    }

    async fn run_all(&self, commands: &[&[&str]]) -> String {
        let mut stream = UnixStream::connect(&self.socket).await.unwrap();
        let mut text = String::new();
        for words in commands {
            text.push_str(&format!("*{}\r\n", words.len()));
            for word in *words {
                text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
            }
        }
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Lets `span` pass for everything that ends some day: a Redis knows no other clock than its
    /// own.
    pub(crate) async fn age(&self, span: Duration) {
        let script = "for _, key in ipairs(redis.call('KEYS', '*')) do \
             local left = redis.call('PTTL', key) \
             if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end end return 'aged'";
        let answer = self
            .run(&["EVAL", script, "0", &span.as_millis().to_string()])
            .await;
        assert!(answer.contains("aged"), "{answer}");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// How a server is no Redis, or none that is of use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fake {
    /// Nothing listens.
    Gone,
    /// It accepts and is silent.
    Hung,
    /// It accepts and ends.
    HangsUp,
    /// It answers every command with the same bytes.
    Says(&'static str),
}

pub(crate) const FAKES: [Fake; 8] = [
    Fake::Gone,
    Fake::Hung,
    Fake::HangsUp,
    Fake::Says("-READONLY You can't write against a read only replica.\r\n"),
    Fake::Says("-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
    Fake::Says("-LOADING Redis is loading the dataset in memory\r\n"),
    Fake::Says("$9\r\nnonsense!\r\n"),
    Fake::Says("\u{1f}\u{8b}<html>\r\n\r\n"),
];

impl Fake {
    /// Takes the place of a Redis at `socket` for as long as the answer is kept.
    pub(crate) fn start(self, socket: &Path) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        if !matches!(self, Self::Gone) {
            let listener = UnixListener::bind(socket).unwrap();
            tasks.spawn(self.serve(listener));
        }
        tasks
    }

    async fn serve(self, listener: UnixListener) {
        let mut conversations = JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            conversations.spawn(async move {
                let mut chunk = vec![0; 16 * 1024];
                while let Ok(length @ 1..) = stream.read(&mut chunk).await {
                    let text = match self {
                        Self::Says(text) => text,
                        Self::HangsUp => return,
                        Self::Hung | Self::Gone => continue,
                    };
                    let text = text.repeat(commands(&chunk[..length]));
                    // Whoever asked may have given up.
                    let _given_up = stream.write_all(text.as_bytes()).await;
                }
            });
        }
    }
}

/// How many commands begin in these bytes.
fn commands(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter(|line| line.starts_with('*')).count()
}

/// The table of a configuration that names the Redis at `socket`; its secrets lie in `folder`.
pub(crate) fn section(folder: &Path, socket: &Path) -> String {
    let key = folder.join("store.key");
    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let url = folder.join(format!("{}.url", socket.file_name().unwrap().display()));
    std::fs::write(&url, format!("redis+unix://{}", socket.display())).unwrap();
    format!(
        "[store]\nurl = \"{}\"\nkey = \"{}\"\n",
        url.display(),
        key.display()
    )
}
