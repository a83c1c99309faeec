//! What may not be seen in public: who signs in where, and with which file.
//!
//! Owns the masks. They keep what helps to help: the kind of host, the first letters.

use std::path::Path;

/// Texts and what stands in their place, the longest first.
#[derive(Debug, Default)]
pub(super) struct Redactor(Vec<(String, String)>);

/// Hosts that are everybody's.
const PUBLIC_HOSTS: [&str; 2] = ["login.salesforce.com", "test.salesforce.com"];

/// How much of a client id is shown: it is the same for all.
const CLIENT_ID_SHOWN: usize = 5;

impl Redactor {
    fn hide(&mut self, text: &str, mask: String) {
        if text.is_empty() || self.0.iter().any(|(known, _)| known == text) {
            return;
        }
        self.0.push((text.to_owned(), mask));
        self.0
            .sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    pub(super) fn hide_client_id(&mut self, text: &str) {
        let shown: String = text.chars().take(CLIENT_ID_SHOWN).collect();
        self.hide(text, format!("{shown}***"));
    }

    pub(super) fn hide_username(&mut self, text: &str) {
        let mask = match text.split_once('@') {
            Some((name, domain)) => format!("{}@{}", begun(name), begun(domain)),
            None => begun(text),
        };
        self.hide(text, mask);
    }

    /// Hides the name of an org in a URL; the rest of the host tells its kind.
    pub(super) fn hide_host(&mut self, url: &str) {
        let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = bare.split(['/', ':', '?', '#']).next().unwrap_or_default();
        let Some((label, rest)) = host.split_once('.') else {
            return;
        };
        let is_public = PUBLIC_HOSTS.contains(&host)
            || host
                .split('.')
                .all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if !is_public {
            self.hide(host, format!("{}.{rest}", begun(label)));
        }
    }

    /// Hides an id of an org or a user.
    pub(super) fn hide_id(&mut self, id: &str) {
        let prefix: String = id.chars().take(3).collect();
        self.hide(id, format!("{prefix}***"));
    }

    /// Hides the folder of a file, which often has the name of its owner.
    pub(super) fn hide_folder(&mut self, file: &str) {
        let folder = Path::new(file).parent().and_then(Path::to_str);
        if let Some(folder) = folder.filter(|folder| folder.len() > 1) {
            self.hide(folder, "***".to_owned());
        }
    }

    /// The text with all of it hidden.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for (hidden, mask) in &self.0 {
            shown = shown.replace(hidden, mask);
        }
        shown
    }
}

/// The first letter of a text.
fn begun(text: &str) -> String {
    let first: String = text.chars().take(1).collect();
    format!("{first}***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_who_it_is_is_hidden_and_the_kind_of_host_is_not() {
        let mut redactor = Redactor::default();
        redactor.hide_client_id("3MVG9abcdef");
        redactor.hide_username("jane@acme.example");
        redactor.hide_host("https://acme--uat.sandbox.my.salesforce.com/x");
        redactor.hide_host("https://login.salesforce.com");
        redactor.hide_host("http://127.0.0.1:8580");
        redactor.hide_folder("/home/jane/keys/server.key");
        redactor.hide_id("00D2E000000ncKPUAY");
        for (text, shown) in [
            ("3MVG9abcdef of jane@acme.example", "3MVG9*** of j***@a***"),
            (
                "https://acme--uat.sandbox.my.salesforce.com",
                "https://a***.sandbox.my.salesforce.com",
            ),
            (
                "https://login.salesforce.com",
                "https://login.salesforce.com",
            ),
            ("http://127.0.0.1:8580", "http://127.0.0.1:8580"),
            (
                "the key file /home/jane/keys/server.key",
                "the key file ***/server.key",
            ),
            ("id/00D2E000000ncKPUAY", "id/00D***"),
        ] {
            assert_eq!(redactor.apply(text), shown);
        }
    }
}
