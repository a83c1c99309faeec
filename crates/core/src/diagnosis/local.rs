//! Causes on this side of the wire: clock, pair, hosts, network, TLS, proxy.

use super::{Area, Diagnosis, Retry};

const LOCAL: Diagnosis = Diagnosis {
    area: Area::Here,
    ..super::BLANK
};

/// The entries.
pub(super) static ENTRIES: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-3001",
        cause: "the clock of this machine differs from the server's by 30 seconds or more",
        setting: "the clock of this machine (timedatectl, chrony, NTP)",
        fix: "set the clock by NTP",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3002",
        cause: "key and certificate do not belong together",
        setting: "the private key (-f) and the certificate (--cert)",
        fix: "find the pair that belongs together (accredit key check KEY CERT)",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3003",
        cause: "the certificate has expired, or is not valid yet",
        setting: "the certificate (accredit key show CERT)",
        fix: "make a new one (accredit key new) and upload it to the app",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3004",
        cause: "login URL and audience belong to different environments: one to production, the \
                other to a sandbox or scratch org",
        setting: "the login URL (-r) and the audience (--audience, SF_AUDIENCE_URL)",
        fix: "use hosts of one environment, or leave --audience out",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3005",
        cause: "the audience cannot be derived from the login URL",
        setting: "the login URL (-r) and the audience (--audience)",
        fix: "use the My Domain URL, or pass --audience https://login.salesforce.com for \
              production and https://test.salesforce.com for a sandbox",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3006",
        cause: "the login URL names a host that has no token endpoint: the user interface, a Setup \
                page, Visualforce or a content host",
        setting: "the login URL (-r): Setup > My Domain shows the right one",
        fix: "use the My Domain URL, such as https://acme.my.salesforce.com",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3007",
        cause: "the host is not known to be Salesforce's, and would get what is good for \
                Salesforce",
        setting: "the login URL (-r)",
        fix: "check the spelling of the host; a custom domain takes its own URL as --audience",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3008",
        cause: "the URL is plain http, and the assertion or token would cross the network \
                unprotected",
        setting: "the login URL (-r) or the instance URL",
        fix: "use https",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3010",
        cause: "the name of the host could not be resolved",
        setting: "the login URL (-r), and DNS on this machine",
        fix: "check the spelling of the host; behind a proxy set HTTPS_PROXY",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3011",
        cause: "the connection was refused: nothing listens at that host and port",
        setting: "the login URL (-r); a firewall",
        fix: "check host and port; is the emulator running? Behind a proxy set HTTPS_PROXY",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3012",
        cause: "no answer came in time",
        setting: "the network, a firewall, HTTPS_PROXY, --timeout",
        fix: "behind a proxy set HTTPS_PROXY; let the firewall pass https to the host; raise \
              --timeout for a slow network",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3013",
        cause: "the certificate of the host is signed by nobody this machine trusts: a proxy or a \
                virus scanner in between that opens TLS, or an emulator",
        setting: "the trust store of this machine; SSL_CERT_FILE",
        fix: "ask for the certificate authority of your network and name it with SSL_CERT_FILE; \
              for the emulator use its ca.crt",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3014",
        cause: "the certificate of the host is not for this name, or not valid at this time",
        setting: "the login URL (-r), and the clock of this machine",
        fix: "check the spelling of the host and the clock; old *.force.com and instance hosts \
              have no certificate for My Domain names",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3015",
        cause: "no TLS connection came about",
        setting: "a proxy or firewall that breaks TLS",
        fix: "let the proxy pass https to the host unopened; TLS 1.2 or later is needed",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3016",
        cause: "the proxy did not connect",
        setting: "HTTPS_PROXY and NO_PROXY",
        fix: "check name, port, user and password of the proxy, and let it pass the host on port \
              443",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3017",
        cause: "the connection broke off in mid-reply",
        setting: "the network, or a proxy in between",
        fix: "try again",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3018",
        cause: "no certificate authority is trusted: the trust store is empty",
        setting: "the package ca-certificates; SSL_CERT_FILE",
        fix: "install ca-certificates, or name a file of certificates with SSL_CERT_FILE",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3020",
        cause: "the host answered with a redirect, which is not followed because the request holds \
                a credential",
        setting: "the login URL (-r)",
        fix: "use the host that the redirect names if it is your My Domain",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3021",
        cause: "the host answered with a page for people in place of JSON: maintenance, a proxy's \
                log-in page, or no Salesforce host",
        setting: "the login URL (-r) or the instance URL; a proxy in between",
        fix: "use the My Domain URL; look at https://status.salesforce.com",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3022",
        cause: "a reply sends the token to a host that is not known to be Salesforce's",
        setting: "the login URL (-r)",
        fix: "check the spelling of the login host",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3030",
        cause: "no login was tried: the login budget or the back-off forbids one now",
        setting: "the programs that sign in as this user",
        fix: "wait as long as the message says; reuse tokens instead of signing in for each call",
        retry: Retry::Later,
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3031",
        cause: "the private key cannot be used",
        setting: "the private key (-f)",
        fix: "use an RSA private key of 2048 bits or more (accredit key show KEY tells what a file \
              is)",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3032",
        cause: "the private key is encrypted, and its passphrase is missing or wrong",
        setting: "the passphrase of the key (--passphrase-file, ACCREDIT_PASSPHRASE)",
        fix: "give the passphrase that the key was encrypted with; a terminal asks for it",
        ..LOCAL
    },
    Diagnosis {
        code: "ACC-3033",
        cause: "the place that holds the private key does not give it, or does not sign with it",
        setting: "the reference to the key (-f) and what its place needs (docs/keys.md)",
        fix: "check the name after the scheme and the rights of whoever asks; accredit key show \
              REFERENCE tries it alone",
        ..LOCAL
    },
];
