//! Settings: how assertions are judged, what kind of org this is, its limits; and the orgs beside
//! it.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::choice::{self, Choice, Setting};
use super::frame::{self, Failed, Frame, Section, sentence};
use super::input::{Posted, Visitor};
use crate::app::{App, Settings};
use crate::audience::Environment;
use crate::directory::Switch;
use crate::front::{Entry, Front, NewOrg};
use crate::mode::Mode;
use crate::org::Seed;
use crate::origin::Origin;

pub(super) const MODES: [Setting<Mode>; 2] = [
    Setting {
        value: Mode::Salesforce,
        word: "salesforce",
        label: "As lenient as Salesforce",
        hint: "What shipped clients need is forgiven, and each leniency is named.",
    },
    Setting {
        value: Mode::Strict,
        word: "strict",
        label: "Strict, by RFC 7523 and RFC 8725",
        hint: "A life of three minutes at most, one audience, and each jti once.",
    },
];

pub(super) const ENVIRONMENTS: [Setting<Environment>; 2] = [
    Setting {
        value: Environment::Production,
        word: "production",
        label: "Production",
        hint: "Known to login.salesforce.com.",
    },
    Setting {
        value: Environment::Sandbox,
        word: "sandbox",
        label: "Sandbox",
        hint: "Known to test.salesforce.com.",
    },
];

const SPRING_26: [Setting<Switch>; 2] = [
    Setting {
        value: Switch::On,
        word: "on",
        label: "Through My Domain only",
        hint: "As since Spring '26: the shared login hosts do not find them.",
    },
    Setting {
        value: Switch::Off,
        word: "off",
        label: "Through the shared login hosts too",
        hint: "As before.",
    },
];

const SEEDS: [Setting<Seed>; 2] = [
    Setting {
        value: Seed::Sample,
        word: "sample",
        label: "Sample records",
        hint: "",
    },
    Setting {
        value: Seed::Empty,
        word: "empty",
        label: "No records",
        hint: "",
    },
];

/// An org of this process.
struct Row {
    name: String,
    address: String,
    id: String,
    my_domain: String,
    is_here: bool,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    org_id: String,
    modes: Vec<Choice>,
    environments: Vec<Choice>,
    spring_26: Vec<Choice>,
    login_limit: String,
    request_limit: String,
    orgs: Vec<Row>,
    new_org: String,
    new_environments: Vec<Choice>,
    seeds: Vec<Choice>,
    problem: String,
    org_problem: String,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(front): Extension<Front>,
    origin: Origin,
    visitor: Visitor,
) -> Response {
    frame::show(&page(&app, &visitor, (&front, &origin)))
}

/// Changes the settings of this org.
pub(super) async fn change(
    State(app): State<App>,
    Extension(front): Extension<Front>,
    origin: Origin,
    (visitor, posted): (Visitor, Posted),
) -> Response {
    let (login, requests) = (posted.value("login_limit"), posted.value("request_limit"));
    let now = app.settings();
    let (Ok(login_limit), Ok(request_limit)) = (login.parse(), requests.parse()) else {
        let page = Page {
            login_limit: login.to_owned(),
            request_limit: requests.to_owned(),
            problem: "A limit is a whole number.".to_owned(),
            ..page(&app, &visitor, (&front, &origin))
        };
        return frame::show_again(&page);
    };
    app.change_settings(Settings {
        mode: choice::read(&MODES, posted.value("mode")).unwrap_or(now.mode),
        environment: choice::read(&ENVIRONMENTS, posted.value("environment"))
            .unwrap_or(now.environment),
        spring26: choice::read(&SPRING_26, posted.value("spring26")).unwrap_or(now.spring26),
        login_limit,
        request_limit,
        ..now
    });
    frame::done("/setup/settings", "settings-saved")
}

/// Makes an org beside this one, or removes one.
pub(super) async fn change_orgs(
    State(app): State<App>,
    Extension(front): Extension<Front>,
    origin: Origin,
    (visitor, posted): (Visitor, Posted),
) -> Result<Response, Failed> {
    let name = posted.value("name").to_owned();
    if posted.value("action") == "remove" {
        return match front.remove(&name) {
            true => Ok(frame::done("/setup/settings", "org-removed")),
            false => Err(Failed::missing("org")),
        };
    }
    let org = NewOrg {
        environment: choice::read(&ENVIRONMENTS, posted.value("environment")).unwrap_or_default(),
        seed: choice::read(&SEEDS, posted.value("seed")).unwrap_or_default(),
        ..NewOrg::named(&name)
    };
    let maker = front.clone();
    let made = tokio::task::spawn_blocking(move || maker.add(org)).await;
    match made.map_err(|error| Failed::by(&error))? {
        Ok(_) => Ok(frame::done("/setup/settings", "org-created")),
        Err(refused) => {
            let page = Page {
                new_org: name,
                org_problem: sentence(&refused.to_string()),
                ..page(&app, &visitor, (&front, &origin))
            };
            Ok(frame::show_again(&page))
        }
    }
}

fn page(app: &App, visitor: &Visitor, (front, origin): (&Front, &Origin)) -> Page {
    let now = app.settings();
    let first = front.first().name;
    let row = |entry: Entry| Row {
        address: address(origin, &entry.name),
        id: entry.app.org().id().as_str().to_owned(),
        my_domain: entry.app.my_domain().to_owned(),
        is_here: entry.app.org().id() == app.org().id(),
        is_first: entry.name == first,
        name: entry.name.to_string(),
    };
    Page {
        frame: Frame::new(app, visitor, Section::Settings, "Settings"),
        org_id: app.org().id().as_str().to_owned(),
        modes: choice::all(&MODES, &now.mode),
        environments: choice::all(&ENVIRONMENTS, &now.environment),
        spring_26: choice::all(&SPRING_26, &now.spring26),
        login_limit: now.login_limit.to_string(),
        request_limit: now.request_limit.to_string(),
        orgs: front.all().into_iter().map(row).collect(),
        new_org: String::new(),
        new_environments: choice::all(&ENVIRONMENTS, &Environment::default()),
        seeds: choice::all(&SEEDS, &Seed::default()),
        problem: String::new(),
        org_problem: String::new(),
    }
}

/// The pages of an org of this process. A host that names an org is left for the one that does not.
fn address(origin: &Origin, name: &str) -> String {
    let here = origin.without_path();
    let base = match here.split_once("://").zip(here.find(".localhost")) {
        Some(((scheme, _), at)) => {
            format!("{scheme}://{}", here.get(at + 1..).unwrap_or_default())
        }
        None => String::new(),
    };
    format!("{base}/orgs/{name}/setup")
}
