//! What stops an integration at the REST API and the identity service (fact sheet §4, §5.7).

use super::{Area, Diagnosis, Retry};

const REST: Diagnosis = Diagnosis {
    area: Area::Rest,
    ..super::BLANK
};

/// The entries.
pub(super) static ENTRIES: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-2001",
        error: "INVALID_SESSION_ID",
        description: "session expired or invalid",
        cause: "the session has ended: timed out, logged out, revoked, or the token belongs to \
                another instance",
        setting: "Setup > Session Settings, and the session policy of the app; the instance URL",
        fix: "sign in again for a new token, and send it to the instance_url that came with it",
        retry: Retry::WithNewToken,
        ..REST
    },
    Diagnosis {
        code: "ACC-2002",
        error: "INVALID_SESSION_ID",
        description: "not valid for use with the rest api",
        cause: "the token is good and may not use the REST API: the app lacks the scope api, or a \
                session policy asks for high assurance",
        setting: "Setup > the app > Selected OAuth Scopes, and Setup > Session Settings > Session \
                  Security Levels",
        fix: "add \"Manage user data via APIs (api)\" to the app, lower its session policy to \
              standard, then sign in again; a new token alone does not help",
        ..REST
    },
    Diagnosis {
        code: "ACC-2003",
        error: "INVALID_SESSION_ID",
        description: "connected app is not attached to agent",
        cause: "the API asked for belongs to an Agentforce agent, and the app is not attached to \
                it",
        setting: "Setup > Agentforce Agents > the agent > Connections",
        fix: "attach the app to the agent; a new token alone does not help",
        ..REST
    },
    Diagnosis {
        code: "ACC-2004",
        error: "INVALID_AUTH_HEADER",
        cause: "the header Authorization is empty or of an unknown kind",
        setting: "the program that sends the request",
        fix: "send Authorization: Bearer TOKEN with the token in it",
        ..REST
    },
    Diagnosis {
        code: "ACC-2005",
        error: "API_DISABLED_FOR_ORG",
        cause: "the org's edition has no API, or the API is not switched on for it",
        setting: "Setup > Company Information > Organization Edition",
        fix: "use Enterprise, Performance, Unlimited or Developer Edition, or ask Salesforce to \
              enable the API",
        ..REST
    },
    Diagnosis {
        code: "ACC-2006",
        error: "API_CURRENTLY_DISABLED",
        cause: "the user may not use the API",
        setting: "Setup > Profiles or Permission Sets > the user's > System Permissions > API \
                  Enabled",
        fix: "give the user API Enabled; with API Access Control, allow the app too",
        ..REST
    },
    Diagnosis {
        code: "ACC-2007",
        error: "REQUEST_LIMIT_EXCEEDED",
        cause: "the org has used up the API requests of its last 24 hours",
        setting: "Setup > Company Information > API Requests, Last 24 Hours; Setup > API Usage",
        fix: "wait, find out which app asks most, use Bulk API for large amounts, or buy more \
              requests",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2008",
        error: "REQUEST_LIMIT_EXCEEDED",
        description: "concurrent",
        cause: "too many long requests run at the same time",
        setting: "the queries and Apex that take more than 20 seconds",
        fix: "send fewer requests at once and try again in a while; make the slow query selective",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2009",
        error: "NOT_FOUND",
        cause: "there is no such resource: the path, the API version, the object or the record \
                does not exist for this user",
        setting: "the path, --api-version, and the instance URL",
        fix: "check the spelling of the path; `accredit api /services/data` lists the versions of \
              the org",
        ..REST
    },
    Diagnosis {
        code: "ACC-2010",
        error: "NOT_FOUND",
        description: "external id field does not exist",
        cause: "the field in the path is no external id, or the record id in it is malformed",
        setting: "Setup > Object Manager > the object > the field > External ID",
        fix: "name a field that is marked External ID, or correct the record id",
        ..REST
    },
    Diagnosis {
        code: "ACC-2011",
        error: "METHOD_NOT_ALLOWED",
        cause: "the resource does not take this HTTP method; the message lists those it takes",
        setting: "the request (-X)",
        fix: "use one of the methods in the message",
        ..REST
    },
    Diagnosis {
        code: "ACC-2012",
        error: "URI_TOO_LONG",
        description: "uri too long",
        cause: "the URL is longer than 16,384 bytes",
        setting: "the length of the SOQL",
        fix: "shorten the field list or the IN list, or use Bulk API, which takes the query in the \
              body",
        ..REST
    },
    Diagnosis {
        code: "ACC-2013",
        error: "SERVER_UNAVAILABLE",
        cause: "the org cannot answer just now",
        setting: "https://status.salesforce.com, and the instance of the org",
        fix: "try again in a while",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2014",
        error: "UNKNOWN_EXCEPTION",
        cause: "Salesforce failed inside; the message has an ErrorId",
        setting: "the ErrorId in the message",
        fix: "try again once; if it stays, give the ErrorId to Salesforce support",
        retry: Retry::Later,
        ..REST
    },
    Diagnosis {
        code: "ACC-2015",
        error: "UNSUPPORTED_MEDIA_TYPE",
        cause: "the body is of a kind that the resource does not take",
        setting: "the header Content-Type",
        fix: "send Content-Type: application/json, or text/csv for Bulk API",
        ..REST
    },
    Diagnosis {
        code: "ACC-2016",
        error: "UNSUPPORTED_API_VERSION",
        cause: "the API version is retired or does not exist yet",
        setting: "--api-version",
        fix: "leave --api-version out to use the newest that the org lists",
        ..REST
    },
    Diagnosis {
        code: "ACC-2017",
        error: "INSUFFICIENT_ACCESS_OR_READONLY",
        cause: "the user may not do this with this record",
        setting: "sharing of the object, and the user's profile and permission sets",
        fix: "share the record with the user, or give the permission on the object",
        ..REST
    },
    Diagnosis {
        code: "ACC-2018",
        error: "INSUFFICIENT_ACCESS",
        cause: "the user may not do this",
        setting: "the user's profile and permission sets",
        fix: "give the permission that the message names",
        ..REST
    },
    Diagnosis {
        code: "ACC-2019",
        error: "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        cause: "the user's password has expired",
        setting: "Setup > Users > the user > Reset Password; permission Password Never Expires",
        fix: "set a new password, or give an integration user Password Never Expires",
        ..REST
    },
    Diagnosis {
        code: "ACC-2030",
        description: "bad_oauth_token",
        cause: "the identity service does not take the token: it ended, was revoked, or is of \
                another org",
        setting: "the token and the host",
        fix: "sign in again for a new token",
        retry: Retry::WithNewToken,
        ..REST
    },
    Diagnosis {
        code: "ACC-2031",
        description: "missing_oauth_token",
        cause: "the request to the identity service has no token",
        setting: "the program that sends the request",
        fix: "send Authorization: Bearer TOKEN",
        ..REST
    },
    Diagnosis {
        code: "ACC-2032",
        description: "wrong_org",
        cause: "the token is of another org than the one in the identity URL",
        setting: "the identity URL (id in the token reply)",
        fix: "use the identity URL that came with the token",
        ..REST
    },
    Diagnosis {
        code: "ACC-2033",
        description: "https_required",
        cause: "the request to the identity service came over http",
        setting: "the URL",
        fix: "use https",
        ..REST
    },
    Diagnosis {
        code: "ACC-2034",
        description: "invalid_scope",
        cause: "the token lacks the scope that this service asks for",
        setting: "Setup > the app > Selected OAuth Scopes",
        fix: "add the scope to the app (id, web, openid or api), then sign in again",
        ..REST
    },
    Diagnosis {
        code: "ACC-2035",
        description: "bad_id",
        cause: "the org or the user in the identity URL does not exist",
        setting: "the identity URL (id in the token reply)",
        fix: "use the identity URL that came with the token",
        ..REST
    },
    Diagnosis {
        code: "ACC-2036",
        description: "no_site_endpoint",
        cause: "the Experience Cloud site of the identity URL does not exist any more",
        setting: "Setup > Digital Experiences > All Sites",
        fix: "use the login URL of a site that is active",
        ..REST
    },
];
