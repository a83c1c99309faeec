//! Refusals of the user, of the org, and of flows other than this one (fact sheet §2.1, §2.2).

use super::{Area, Diagnosis, Retry};

const TOKEN: Diagnosis = Diagnosis {
    area: Area::TokenEndpoint,
    ..super::BLANK
};

/// The entries.
pub(super) static ENTRIES: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-1040",
        error: "invalid_grant",
        description: "inactive user",
        cause: "the user is deactivated or frozen",
        setting: "Setup > Users > the user > Active, and the button Unfreeze",
        fix: "activate or unfreeze the user",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1041",
        error: "invalid_grant",
        description: "user is locked",
        cause: "the user is locked out after wrong passwords",
        setting: "Setup > Users > the user > Unlock",
        fix: "unlock the user, or wait until the lock-out ends",
        retry: Retry::Later,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1042",
        error: "invalid_grant",
        description: "ip restricted",
        cause: "this address is outside the login IP ranges of the user's profile or the org",
        setting: "Setup > Profiles > Login IP Ranges; Setup > the app > IP Relaxation",
        fix: "add the address to the range, or relax IP restrictions for the app",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1043",
        error: "invalid_grant",
        description: "login rate exceeded",
        cause: "the user logged in more than 3,600 times within an hour",
        setting: "the programs that log in as this user: Setup > Login History",
        fix: "reuse tokens instead of logging in for each call, and wait until the last hour is \
              below the limit",
        retry: Retry::Later,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1044",
        error: "invalid_grant",
        description: "authentication failure",
        cause: "the org let the user not log in, without saying why",
        setting: "Setup > Login History of the user; the permission API Enabled",
        fix: "read the user's Login History for the reason",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1045",
        error: "invalid_grant",
        description: "activation secret invalid",
        cause: "the org asks for a device activation that this flow cannot give",
        setting: "Setup > Login History of the user; login IP ranges and session policies",
        fix: "trust this address in the user's profile, and lower the app's session policy to \
              standard",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1046",
        error: "invalid_scope",
        description: "",
        cause: "a scope was asked for that the app does not have",
        setting: "Setup > the app > Selected OAuth Scopes",
        fix: "leave scope out of the request; the app's scopes apply",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1047",
        error: "inactive_org",
        description: "",
        cause: "the org is locked, closed or suspended",
        setting: "Setup > Company Information",
        fix: "ask Salesforce, or use another org",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1048",
        error: "invalid_grant",
        description: "invalid user credentials",
        cause: "username, password or security token is wrong; the JWT bearer flow sends none of \
                the two",
        setting: "the request: another flow than JWT bearer was used",
        fix: "use the JWT bearer flow, or correct the password and the security token",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1049",
        error: "invalid_grant",
        description: "ip restricted or invalid login hours",
        cause: "this address is outside the login IP ranges, or it is outside the login hours of \
                the user's profile",
        setting: "Setup > Profiles > the profile > Login IP Ranges and Login Hours; Setup > the \
                  app > IP Relaxation",
        fix: "add the address and the hours to the profile, or relax IP restrictions for the app",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1050",
        error: "unknown_error",
        description: "retry your request",
        cause: "Salesforce could not answer just now, or the login host is not the org's",
        setting: "the login URL (-r)",
        fix: "try again in a moment; if it stays, use the My Domain URL",
        retry: Retry::Later,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1051",
        error: "invalid_grant",
        description: "no client credentials user enabled",
        cause: "the client credentials flow was used, and the app names no user to run as",
        setting: "Setup > the app > Client Credentials Flow > Run As",
        fix: "use the JWT bearer flow, or name the user",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1052",
        error: "invalid_grant",
        description: "expired access/refresh token",
        cause: "a refresh token was used that is no longer valid",
        setting: "Setup > the app > Refresh Token Policy",
        fix: "use the JWT bearer flow: it needs no refresh token",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1053",
        description: "we are down for maintenance",
        cause: "the org is under maintenance",
        setting: "https://status.salesforce.com, and the instance of the org",
        fix: "wait until the maintenance ends and try again",
        retry: Retry::Later,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1054",
        error: "invalid_request",
        description: "refresh_token scope",
        cause: "users may authorize the app by themselves, and the app lacks the scope \
                refresh_token, without which no approval is kept",
        setting: "Setup > the app > Selected OAuth Scopes; Permitted Users",
        fix: "add \"Perform requests at any time (refresh_token, offline_access)\", or set \
              Permitted Users to \"Admin approved users are pre-authorized\"",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1055",
        error: "invalid_request",
        description: "https required",
        cause: "the request was sent over http",
        setting: "the login URL (-r)",
        fix: "use https",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1056",
        error: "invalid_request",
        description: "must use HTTP",
        cause: "the request used the wrong HTTP method: tokens are asked for with POST",
        setting: "the program that sends the request, or a proxy that turned POST into GET",
        fix: "send a POST with a form in the body",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1057",
        error: "invalid_token",
        cause: "the token is not known: it ended, was revoked, or belongs to another org",
        setting: "the token and the host that it was shown to",
        fix: "sign in again, and show the token to the host that gave it",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1058",
        error: "unsupported_token_type",
        cause: "the token is of a kind that this endpoint does not take",
        setting: "the request to /services/oauth2/revoke or introspect",
        fix: "send an access token or a refresh token of this org",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1060",
        error: "unsupported_response_type",
        cause: "response_type is none that the app allows; it belongs to the browser flows",
        setting: "the request to /services/oauth2/authorize",
        fix: "use response_type=code, or the JWT bearer flow, which has no such parameter",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1061",
        error: "access_denied",
        cause: "a person clicked Deny in the browser, or the org's policy did",
        setting: "Setup > the app > OAuth Policies",
        fix: "approve the access, or use the JWT bearer flow with a pre-authorized user",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1062",
        error: "redirect_uri_missing",
        cause: "a browser flow was started without redirect_uri",
        setting: "the request to /services/oauth2/authorize",
        fix: "send the callback URL of the app; the JWT bearer flow needs none",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1063",
        error: "redirect_uri_mismatch",
        cause: "redirect_uri is not one of the app's callback URLs, letter by letter",
        setting: "Setup > the app > Callback URL",
        fix: "make both the same; the JWT bearer flow needs none",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1064",
        error: "immediate_unsuccessful",
        cause: "a browser flow was to go on without asking, and the user is not signed in or has \
                not approved",
        setting: "the request to /services/oauth2/authorize",
        fix: "leave immediate out, or use the JWT bearer flow",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1065",
        error: "wrong_version",
        cause: "the app asks for a version of the protocol that the server does not speak",
        setting: "the program that signs in",
        fix: "update the program",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1066",
        error: "invalid_request",
        description: "out-of-band not supported",
        cause: "the callback URL urn:ietf:wg:oauth:2.0:oob is no longer accepted",
        setting: "Setup > the app > Callback URL",
        fix: "use another callback URL, or the JWT bearer flow, which needs none",
        ..TOKEN
    },
];
