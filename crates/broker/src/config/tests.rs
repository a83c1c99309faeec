use accredit::error::Error;

use super::*;

const HASH: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn check_key(reference: &str) -> Result<(), Error> {
    match reference.starts_with("vault:") {
        true => Err(Error::setting("keys from vault: are not built")),
        false => Ok(()),
    }
}

fn read(text: &str) -> Result<Config, Mistakes> {
    parse(text, "broker.toml", &check_key)
}

pub(super) const WHOLE: &str = r#"
[listener]
address = "localhost:8089"
hosts = ["broker.example.com"]
forwarded = "accept"

[connections.default]
client_id = "3MVG9"
username = "integration@example.com"
login_url = "https://acme.my.salesforce.com"
key = "server.key"
token_lifetime = 900

[connections.people]
client_id = "3MVG9"
usernames = ["*@example.com"]
key = "server.key"

[callers.billing]
key_hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
connections = "default"
uses = ["token", "proxy"]
methods = ["GET"]
paths = ["/services/data/", "/services/apexrest/"]
"#;

#[test]
fn a_whole_file_is_read() {
    let config = read(WHOLE).unwrap();
    assert_eq!(
        config.listener.address.unwrap().to_string(),
        "127.0.0.1:8089"
    );
    assert_eq!(config.listener.forwarded, Some(Forwarded::Accept));
    let default = config
        .connections
        .iter()
        .find(|one| one.name == "default")
        .unwrap();
    assert_eq!(default.key.place, "broker.toml:11: connections.default.key");
    assert_eq!(default.token_lifetime.as_secs(), 900);
    let billing = &config.callers[0];
    assert_eq!(billing.policy.methods, [http::Method::GET]);
    assert_eq!(billing.policy.uses, [Use::Token, Use::Proxy]);
    assert_eq!(billing.keys[0].to_string(), HASH);
}

#[test]
fn a_caller_gets_no_token_unless_the_file_says_so() {
    let text = format!(
        "{WHOLE}\n[callers.other]\nkey_hash = \"sha256:{}\"\nconnections = \"*\"\n",
        "1".repeat(64)
    );
    let config = read(&text).unwrap();
    let other = config
        .callers
        .iter()
        .find(|one| one.name == "other")
        .unwrap();
    assert_eq!(other.policy.uses, [Use::Proxy]);
    assert_eq!(other.policy.paths, ["/services/data/"]);
}

#[test]
fn every_mistake_is_told_at_once_with_file_line_and_key() {
    let text = r#"
[listener]
address = "nowhere"
adress = "127.0.0.1:1"
[connections.default]
client_id = "3 MVG9"
login_url = "http://acme.my.salesforce.com"
key = "vault:x"
token_lifetime = 5
[connections."a b"]
username = 7
key = "server.key"
[callers.billing]
key_hash = "acck_secret"
connections = ["production"]
methods = ["TRACE"]
paths = ["/services/oauth2/"]
[calers]
"#;
    let told = read(text).unwrap_err().to_string();
    let expected = [
        "broker.toml:3: listener.address: \"nowhere\" is no address",
        "broker.toml:4: listener.adress: is not known here; known are address, hosts, socket, tls, forwarded",
        "broker.toml:5: connections.default.username: is missing",
        "broker.toml:6: connections.default.client_id: the client id holds a blank",
        "broker.toml:7: connections.default.login_url: the login URL sends the assertion",
        "broker.toml:8: connections.default.key: keys from vault: are not built",
        "broker.toml:9: connections.default.token_lifetime: expected a whole number of seconds",
        "broker.toml:10: connections.a b: is no name",
        "broker.toml:10: connections.a b.client_id: is missing",
        "broker.toml:11: connections.a b.username: expected a text, found: integer",
        "broker.toml:14: callers.billing.key_hash: expected sha256:",
        "broker.toml:16: callers.billing.methods: \"TRACE\" is never forwarded",
        "broker.toml:17: callers.billing.paths: \"/services/oauth2/\" cannot be allowed",
        "broker.toml:18: calers: is not known here",
    ];
    for line in expected {
        assert!(
            told.lines().any(|found| found.starts_with(line)),
            "{line}\n{told}"
        );
    }
    assert!(!told.contains("acck_secret"), "{told}");
}

#[test]
fn every_error_of_the_syntax_is_told_with_its_line() {
    let told = read("[listener\naddress = \n").unwrap_err().to_string();
    assert!(told.starts_with("broker.toml:1: "), "{told}");
}

#[test]
fn a_policy_for_a_connection_that_is_not_there_is_a_mistake() {
    let text = WHOLE.replace("connections = \"default\"", "connections = [\"defautl\"]");
    let told = read(&text).unwrap_err().to_string();
    assert!(told.contains("no connection is called defautl"), "{told}");
}

#[test]
fn two_callers_that_are_told_by_the_same_are_a_mistake() {
    for (rule, what) in [
        (format!("key_hash = \"{HASH}\""), "key_hash"),
        ("unix_users = [7, 8]".to_owned(), "unix_users"),
        (
            "certificate_subjects = \"CN=a\"".to_owned(),
            "certificate_subjects",
        ),
        (
            "certificate_names = \"DNS:a\"".to_owned(),
            "certificate_names",
        ),
        ("cf_apps = [\"x\", \"a\"]".to_owned(), "cf_apps"),
    ] {
        let caller = |name: &str| format!("[callers.{name}]\n{rule}\nconnections = \"*\"\n");
        let before = WHOLE.split("[callers.").next().unwrap();
        assert!(read(&format!("{before}{}", caller("a"))).is_ok(), "{rule}");
        let text = format!("{before}{}{}", caller("a"), caller("b"));
        let told = read(&text).unwrap_err().to_string();
        assert!(
            told.contains(&format!("callers.b: a is told by one of its {what} too")),
            "{told}"
        );
    }
}

#[test]
fn no_caller_takes_the_name_of_whoever_is_on_this_machine() {
    let text = WHOLE.replace("[callers.billing", "[callers.local");
    let told = read(&text).unwrap_err().to_string();
    assert!(told.contains("callers.local: is the name of"), "{told}");
}
