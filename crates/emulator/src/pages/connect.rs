//! Lines to copy for each client, with the values of this org.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{self, Frame, Section};
use super::input::Visitor;
use crate::app::App;
use crate::grant::Lookup as _;
use crate::origin::Origin;

/// The most apps and users that can be chosen here.
const LISTED_MAX: usize = 200;

/// What stands for a consumer key before there is an app.
const NO_APP: &str = "CONSUMER_KEY";

struct Named {
    value: String,
    label: String,
    is_chosen: bool,
}

struct Client {
    name: &'static str,
    about: &'static str,
    lines: String,
}

#[derive(Template)]
#[template(path = "connect.html")]
struct Page {
    frame: Frame,
    apps: Vec<Named>,
    users: Vec<Named>,
    clients: Vec<Client>,
}

pub(super) async fn show(State(app): State<App>, origin: Origin, visitor: Visitor) -> Response {
    let directory = app.directory();
    let apps = directory.apps();
    let users = directory.users();
    let chosen = directory.client(visitor.asked("app"));
    let chosen = chosen.or_else(|| apps.first().cloned());
    let client_id = chosen.as_ref().map_or(NO_APP, |client| client.id.as_str());
    let user = directory.user(visitor.asked("user"));
    let user = user.or_else(|| users.first().cloned());
    let username = user.as_ref().map_or("", |user| user.username());
    let named_apps = apps.iter().take(LISTED_MAX).map(|client| Named {
        value: client.id.as_str().to_owned(),
        label: client.definition.name.clone(),
        is_chosen: client.id.as_str() == client_id,
    });
    let named_users = users.iter().take(LISTED_MAX).map(|user| Named {
        value: user.username().to_owned(),
        label: user.username().to_owned(),
        is_chosen: user.username() == username,
    });
    frame::show(&Page {
        frame: Frame::new(&app, &visitor, Section::Connect, "Connect a client"),
        apps: named_apps.collect(),
        users: named_users.collect(),
        clients: clients(&Values {
            url: origin.as_str(),
            my_domain: app.my_domain(),
            client_id,
            username,
        }),
    })
}

/// What the lines are filled with.
struct Values<'a> {
    url: &'a str,
    my_domain: &'a str,
    client_id: &'a str,
    username: &'a str,
}

fn clients(values: &Values<'_>) -> Vec<Client> {
    vec![
        Client {
            name: "accredit",
            about: "A token on stdout, or a query.",
            lines: accredit(values),
        },
        Client {
            name: "curl",
            about: "With a token of accredit.",
            lines: curl(values),
        },
        Client {
            name: "Salesforce CLI (sf)",
            about: "The org is kept under the alias local.",
            lines: sf(values),
        },
        Client {
            name: "simple-salesforce",
            about: "It asks https://DOMAIN.salesforce.com and nothing else: start the emulator \
                    with --proxy ADDRESS, and run this with the lines of accredit emulator env.",
            lines: simple_salesforce(values),
        },
        Client {
            name: "jsforce",
            about: "It signs no assertions itself; jsonwebtoken does.",
            lines: jsforce(values),
        },
    ]
}

fn accredit(values: &Values<'_>) -> String {
    let (id, user, url) = shell_words(values);
    let words = format!("-i {id} \\\n  -o {user} -f server.key -r {url}");
    format!(
        "accredit token \\\n  {words}\n\n\
         accredit query 'SELECT Id, Name FROM Account LIMIT 5' \\\n  {words}"
    )
}

fn curl(values: &Values<'_>) -> String {
    let (id, user, url) = shell_words(values);
    format!(
        "TOKEN=$(accredit token -q \\\n  -i {id} \\\n  -o {user} -f server.key -r {url})\n\
         curl -s {url}/services/data/v68.0/query \\\n  -G --data-urlencode 'q=SELECT Id, Name FROM \
         Account LIMIT 5' \\\n  -H \"Authorization: Bearer $TOKEN\""
    )
}

fn sf(values: &Values<'_>) -> String {
    let (id, user, url) = shell_words(values);
    format!(
        "sf org login jwt \\\n  --client-id {id} \\\n  \
         --username {user} --jwt-key-file server.key \\\n  --instance-url {url} --alias local\n\
         sf data query --target-org local --query 'SELECT Id, Name FROM Account LIMIT 5'"
    )
}

fn simple_salesforce(values: &Values<'_>) -> String {
    let domain = values.my_domain.trim_end_matches(".salesforce.com");
    format!(
        "from simple_salesforce import Salesforce\n\nsf = Salesforce(\n    username={},\n    \
         consumer_key={},\n    privatekey_file=\"server.key\",\n    domain={},\n)\n\
         for record in sf.query_all_iter(\"SELECT Id, Name FROM Account LIMIT 5\"):\n    \
         print(record[\"Name\"])",
        literal(values.username),
        literal(values.client_id),
        literal(domain),
    )
}

fn jsforce(values: &Values<'_>) -> String {
    format!(
        "import fs from 'node:fs';\nimport jsforce from 'jsforce';\n\
         import jwt from 'jsonwebtoken';\n\n\
         const url = {url};\nconst assertion = jwt.sign({{}}, fs.readFileSync('server.key'), {{\n  \
         algorithm: 'RS256', expiresIn: '3m', audience: url,\n  issuer: {id},\n  subject: {user},\n\
         }});\n\
         const conn = new jsforce.Connection({{ loginUrl: url, instanceUrl: url }});\n\
         await conn.authorize({{\n  grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',\n  \
         assertion,\n}});\n\
         console.log(await conn.query('SELECT Id, Name FROM Account LIMIT 5'));",
        url = literal(values.url),
        id = literal(values.client_id),
        user = literal(values.username),
    )
}

fn shell_words(values: &Values<'_>) -> (String, String, String) {
    (
        shell(values.client_id),
        shell(values.username),
        shell(values.url),
    )
}

/// A word that a POSIX shell takes as it is: quoted, if anything in it could mean something.
fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A text in double quotes, as Python and JavaScript both read it.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_gets_out_of_its_quotes() {
        assert_eq!(shell("a.b@c.example"), "a.b@c.example");
        assert_eq!(shell("x';rm -rf ~;'"), r"'x'\'';rm -rf ~;'\'''");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("$(id)"), "'$(id)'");
        assert_eq!(literal("a\"b\\\n"), r#""a\"b\\\n""#);
    }
}
