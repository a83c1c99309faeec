//! Refusals of the app or of the user's right to it (fact sheet §2.1, §3.1).

use super::{Area, Diagnosis, When};

const TOKEN: Diagnosis = Diagnosis {
    area: Area::TokenEndpoint,
    ..super::BLANK
};

/// The entries.
pub(super) static ENTRIES: &[Diagnosis] = &[
    Diagnosis {
        code: "ACC-1020",
        error: "invalid_client_id",
        description: "client identifier invalid",
        cause: "iss is no consumer key that this host knows",
        setting: "Setup > the app > Manage Consumer Details > Consumer Key, and the login URL (-r)",
        fix: "copy the consumer key again; a new app takes up to ten minutes to be known; try the \
              My Domain URL",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1021",
        error: "app_not_found",
        description: "External client app is not installed in this org",
        cause: "the org behind this host has no such external client app, or the app was asked for \
                through login or test.salesforce.com",
        setting: "the login URL (-r): the My Domain of the org that owns the app",
        fix: "use the My Domain URL as login URL and audience, or create the app in that org",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1022",
        error: "invalid_client",
        description: "app must be installed into org",
        cause: "the connected app is not installed in the org, and its use is restricted",
        setting: "Setup > Connected Apps OAuth Usage",
        fix: "an administrator installs the app there, or gives the user Approve Uninstalled \
              Connected Apps",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1023",
        error: "invalid_client",
        description: "invalid client credentials",
        cause: "a client_secret or a client_id was sent that does not belong to iss",
        setting: "the request: this flow needs neither client_id nor client_secret",
        fix: "leave them out",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1024",
        error: "invalid_client_id",
        description: "client identifier invalid",
        cause: "an administrator blocked or disabled the app",
        setting: "Setup > Connected Apps OAuth Usage, or External Client App Manager > the app",
        fix: "unblock or enable the app",
        when: When::ServerTells,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1025",
        error: "app_not_found",
        description: "External client app is not installed in this org",
        cause: "an external client app is not found through login.salesforce.com or \
                test.salesforce.com since Spring '26",
        setting: "the login URL (-r): Setup > My Domain shows the right one",
        fix: "use the My Domain URL, such as https://acme.my.salesforce.com, as login URL and as \
              audience",
        when: When::SharedHost,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1026",
        error: "app_not_found",
        description: "External client app is not installed in this org",
        cause: "the sandbox has no such external client app: a sandbox that was made or refreshed \
                after the app has a copy with another consumer key, or none",
        setting: "in the sandbox: Setup > External Client App Manager > the app > Consumer Key",
        fix: "open Setup in the sandbox, create or install the app there, and take the consumer \
              key that it shows",
        when: When::TestOrg,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1027",
        error: "invalid_client_id",
        description: "client identifier invalid",
        cause: "the shared login host knows no app with this consumer key, and some apps are known \
                at their My Domain alone",
        setting: "the login URL (-r), and Setup > the app > Manage Consumer Details > Consumer Key",
        fix: "use the My Domain URL of the org that owns the app, and copy the consumer key again; \
              a new app takes up to ten minutes to be known",
        when: When::SharedHost,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1028",
        error: "invalid_client_id",
        description: "client identifier invalid",
        cause: "the sandbox or scratch org knows no app with this consumer key: keys change when a \
                sandbox is refreshed",
        setting: "in that org: Setup > the app > Manage Consumer Details > Consumer Key",
        fix: "copy the consumer key from the sandbox itself, or create the app there; a new app \
              takes up to ten minutes to be known",
        when: When::TestOrg,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1029",
        error: "invalid_client_credentials",
        cause: "the credentials of the app are wrong",
        setting: "the request: the JWT bearer flow needs neither client_id nor client_secret",
        fix: "leave them out",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1030",
        error: "invalid_grant",
        description: "user hasn't approved this consumer",
        cause: "the user never approved the app, or the username is not known to the org behind \
                this host",
        setting: "Setup > the app > OAuth Policies > Permitted Users; the username (-o)",
        fix: "set Permitted Users to \"Admin approved users are pre-authorized\" and add the \
              user's profile or permission set; check the username and the login URL",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1031",
        error: "invalid_app_access",
        description: "user is not admin approved to access this app",
        cause: "only approved users may use the app, and no profile or permission set of this \
                user is on its list",
        setting: "Setup > the app > Manage > Profiles / Permission Sets",
        fix: "add the user's profile, or a permission set that the user has, to the app",
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1032",
        error: "invalid_grant",
        description: "user hasn't approved this consumer",
        cause: "the shared login host found no approved user of this name: production users are at \
                login.salesforce.com, those of sandboxes and scratch orgs at test.salesforce.com, \
                and GovCloud users at their My Domain alone",
        setting: "the login URL (-r), the username (-o), and Setup > the app > OAuth Policies > \
                  Permitted Users",
        fix: "use the My Domain URL of the org; then set Permitted Users to \"Admin approved users \
              are pre-authorized\" and add the user's profile or permission set",
        when: When::SharedHost,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1033",
        error: "invalid_grant",
        description: "user hasn't approved this consumer",
        cause: "the user of the sandbox or scratch org is not approved, or not known yet: sandbox \
                usernames end in .SANDBOXNAME, and a new user takes two to ten minutes",
        setting: "the username (-o), and in that org Setup > the app > OAuth Policies > Permitted \
                  Users",
        fix: "check the username in the sandbox, set Permitted Users to \"Admin approved users are \
              pre-authorized\", add the profile or permission set, and wait ten minutes after \
              creating org, user or app",
        when: When::TestOrg,
        ..TOKEN
    },
    Diagnosis {
        code: "ACC-1034",
        error: "invalid_grant",
        description: "user hasn't approved this consumer",
        cause: "no policy of the external client app approves this user",
        setting: "Setup > External Client App Manager > the app > Policies > OAuth Policies > \
                  Permitted Users",
        fix: "choose \"Admin approved users are pre-authorized\" and select the user's profile or \
              permission set under App Policies",
        when: When::ExternalApp,
        ..TOKEN
    },
];
