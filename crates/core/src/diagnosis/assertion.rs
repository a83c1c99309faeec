//! Refusals of the assertion itself: form, signature, audience, time (fact sheet §2.1).

use super::{Area, Diagnosis, When};

const TOKEN: Diagnosis = Diagnosis {
    area: Area::TokenEndpoint,
    ..super::BLANK
};

/// The entries.
pub(super) static ENTRIES: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-1001",
        error: "unsupported_grant_type",
        description: "grant type not supported",
        cause: "grant_type was missing, misspelt, or the body was not form-encoded",
        setting: "the request: Content-Type application/x-www-form-urlencoded, grant_type \
                  urn:ietf:params:oauth:grant-type:jwt-bearer",
        fix: "send the parameters as a form in the body, to the login host and not to a Lightning \
              host",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1002",
        error: "invalid_request",
        description: "",
        cause: "a parameter of the token request was missing, repeated or malformed",
        setting: "the request: grant_type and assertion, each once",
        fix: "send each parameter exactly once in a form body",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1003",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the signature does not verify with a certificate of the app",
        setting: "Setup > App Manager / External Client App Manager > the app > Use digital \
                  signatures",
        fix: "compare the key and the uploaded certificate (accredit key check KEY CERT), then \
              upload the certificate that belongs to the key",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1004",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the assertion is not a well-formed signed JWT in compact form",
        setting: "the program that builds the assertion",
        fix: "send three base64url parts without padding, joined by dots, with JSON objects inside",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1005",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the header names an algorithm or an extension that is not accepted",
        setting: "the header of the assertion: {\"alg\":\"RS256\"}",
        fix: "sign with RS256 and an RSA key, without crit, zip or another typ",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1006",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "a claim is missing, repeated or of the wrong type",
        setting: "the claims iss, sub, aud and exp",
        fix: "send iss, sub and aud as texts and exp as a number of seconds",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1007",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the app has no certificate that can verify an assertion now: none, expired, or \
                too weak",
        setting: "Setup > the app > Use digital signatures (connected app) or Enable JWT Bearer \
                  Flow (external client app)",
        fix: "upload an RSA certificate of at least 2048 bits that is valid today (accredit key \
              new)",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1008",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "this assertion was used before: its jti was seen already",
        setting: "the claim jti",
        fix: "sign a fresh assertion with a fresh jti for each request",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1009",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the assertion is not valid yet, or was issued in the future or too long ago",
        setting: "the claims nbf and iat, and the clock of this machine",
        fix: "set the clock by NTP and leave nbf out",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1010",
        error: "invalid_grant",
        description: "audience is invalid",
        cause: "aud does not name the host that got the assertion",
        setting: "the login URL (-r) and the audience (--audience); Setup > My Domain shows the \
                  right host",
        fix: "use the My Domain URL for both; login.salesforce.com is for production, \
              test.salesforce.com for sandboxes",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1011",
        error: "invalid_grant",
        description: "expired authorization code",
        cause: "the assertion had expired when it arrived: exp is in the past",
        setting: "the clock of this machine, and the time zone of the program that computes exp",
        fix: "set the clock by NTP; exp is seconds since 1970 in UTC, about three minutes ahead",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1012",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the assertion is valid for longer than the server allows",
        setting: "the claim exp",
        fix: "let the assertion live three minutes; exp is in seconds, not milliseconds",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1013",
        error: "invalid_grant",
        description: "audience is invalid",
        cause: "the assertion was sent to one host and names another one in aud",
        setting: "the login URL (-r) and the audience (--audience, SF_AUDIENCE_URL)",
        fix: "leave --audience out, so that it is derived from the login URL; set it only for \
              GovCloud and for custom domains",
        when: When::AudienceElsewhere,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1014",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the external client app verifies no assertion of this key: the JWT bearer flow is \
                off, or another certificate is on it",
        setting: "Setup > External Client App Manager > the app > Settings > OAuth Settings > \
                  Enable JWT Bearer Flow",
        fix: "enable OAuth first, for the switch appears only then; check Enable JWT Bearer Flow \
              and upload the certificate that belongs to the key",
        when: When::ExternalApp,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1015",
        error: "invalid_grant",
        description: "expired authorization code",
        cause: "the clock of this machine is behind the server's, so the assertion had expired \
                when it arrived",
        setting: "the clock of this machine (timedatectl, chrony, NTP)",
        fix: "set the clock by NTP; until then accredit signs on the server's time by itself",
        when: When::ClockBehind,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1016",
        error: "invalid_grant",
        description: "expired authorization code",
        cause: "the clock of this machine is ahead of the server's, and exp is in the past all the \
                same: the program computes exp in local time, or sends an old assertion",
        setting: "the program that computes exp",
        fix: "exp is seconds since 1970 in UTC, about three minutes ahead; sign a fresh assertion \
              for each request, and set the clock by NTP",
        when: When::ClockAhead,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1017",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the key that signed and the certificate at hand do not belong together",
        setting: "the private key (-f) and the certificate (--cert)",
        fix: "find the pair that belongs together (accredit key check KEY CERT), and upload its \
              certificate to the app",
        when: When::WrongPair,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1018",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the certificate has expired",
        setting: "Setup > the app > Use digital signatures (connected app) or Enable JWT Bearer \
                  Flow (external client app)",
        fix: "make a new key and certificate (accredit key new), upload the certificate, then \
              switch to the new key",
        when: When::CertificateExpired,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1019",
        error: "invalid_grant",
        description: "invalid assertion",
        cause: "the certificate is not valid yet",
        setting: "the validity of the certificate, and the clock of the machine that made it",
        fix: "wait until it is valid, or make a new certificate on a machine whose clock is right",
        when: When::CertificateNotYetValid,
        ..TOKEN
    },
];
