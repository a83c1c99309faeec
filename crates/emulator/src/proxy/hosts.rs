//! Which hosts are Salesforce's, as far as the emulator answers them.

use crate::audience::LOGIN_HOSTS;

/// Where My Domains and their sites are.
pub(crate) const MY_DOMAINS: [&str; 2] = [".my.salesforce.com", ".my.site.com"];

/// The hosts in words.
pub(super) const ANSWERED: &str =
    "login.salesforce.com, test.salesforce.com, *.my.salesforce.com and *.my.site.com";

/// Says whether a host, in lower case and without a port, is answered.
pub(crate) fn is_salesforce(host: &str) -> bool {
    LOGIN_HOSTS.contains(&host) || label(host).is_some()
}

/// What stands before the suffix of a My Domain: `acme`, or `acme--dev.sandbox`.
pub(crate) fn label(host: &str) -> Option<&str> {
    let label = MY_DOMAINS
        .iter()
        .find_map(|suffix| host.strip_suffix(suffix))?;
    let is_label = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    label.split('.').all(is_label).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_salesforce_are_answered() {
        for host in [
            "login.salesforce.com",
            "test.salesforce.com",
            "acme.my.salesforce.com",
            "acme--dev.sandbox.my.salesforce.com",
            "acme.my.site.com",
        ] {
            assert!(is_salesforce(host), "{host}");
        }
        for host in [
            "",
            "salesforce.com",
            "www.salesforce.com",
            "my.salesforce.com",
            ".my.salesforce.com",
            "a..my.salesforce.com",
            "login.salesforce.com.evil.example",
            "evil.example/.my.salesforce.com",
            "xlogin.salesforce.com",
            "127.0.0.1",
            "localhost",
        ] {
            assert!(!is_salesforce(host), "{host}");
        }
    }
}
