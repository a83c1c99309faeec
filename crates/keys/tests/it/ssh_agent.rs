//! Keys in a real SSH agent.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use tempfile::TempDir;

use crate::data::text;
use crate::skip::skipped;
use crate::world::{fetch, refusal, with};

struct Agent {
    process: Child,
    folder: TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Agent {
    /// Starts an agent; `None` where there is none.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(folder.path().join("socket"))
            .stdout(Stdio::null())
            .spawn();
        let Ok(process) = process else {
            skipped("no ssh-agent");
            return None;
        };
        let agent = Self { process, folder };
        // The agent listens once its socket is there.
        while !agent.socket().exists() {
            std::thread::yield_now();
        }
        Some(agent)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env("SSH_AUTH_SOCK", self.socket())
            .output()
            .unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn add(&self, key: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join(key);
        std::fs::write(&path, text(key)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.run("ssh-add", &["-q", path.to_str().unwrap()]);
    }
}

#[tokio::test]
async fn an_agent_signs_as_rs256_asks_and_its_keys_are_told_apart() {
    let Some(agent) = Agent::start() else {
        return;
    };
    let variables = with(&[("SSH_AUTH_SOCK", agent.socket().to_str().unwrap())]);
    assert!(
        refusal("ssh-agent:", &variables)
            .await
            .contains("it has: none")
    );
    agent.add("ec.key");
    agent.add("pkcs8.key");
    let only = fetch("ssh-agent:", &variables).await.unwrap();
    let message = b"header.payload";
    let signature = only.signer.sign(message).await.unwrap();
    let key = only.signer.public_key();
    let key = RsaPublicKeyComponents {
        n: key.modulus(),
        e: key.exponent(),
    };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
        .unwrap();

    let listed = agent.run("ssh-add", &["-l"]);
    let name = |kind: &str| {
        let line = listed.lines().find(|line| line.ends_with(kind)).unwrap();
        line.split(' ').nth(1).unwrap().to_owned()
    };
    agent.add("other.key");
    let refused = refusal("ssh-agent:", &variables).await;
    assert!(
        refused.contains("more than one RSA key") && refused.contains(&name("(RSA)")),
        "{refused}"
    );
    let named = fetch(&format!("ssh-agent:{}", name("(RSA)")), &variables)
        .await
        .unwrap();
    assert_eq!(named.version, only.version);
    let refused = refusal(&format!("ssh-agent:{}", name("(ECDSA)")), &variables).await;
    assert!(refused.contains("not an RSA key"), "{refused}");
    let unknown = format!("ssh-agent:SHA256:{}", "A".repeat(43));
    assert!(
        refusal(&unknown, &variables)
            .await
            .contains("no such RSA key")
    );

    agent.run("ssh-add", &["-q", "-D"]);
    let gone = named.signer.sign(message).await.unwrap_err().to_string();
    assert!(gone.contains("the SSH agent refused"), "{gone}");
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_told() {
    assert!(
        refusal("ssh-agent:", &with(&[]))
            .await
            .contains("SSH_AUTH_SOCK (not set)")
    );
    let variables = with(&[("SSH_AUTH_SOCK", "/nowhere/socket")]);
    let refused = refusal("ssh-agent:", &variables).await;
    assert!(
        refused.contains("/nowhere/socket (variable SSH_AUTH_SOCK) does not answer"),
        "{refused}"
    );
}
