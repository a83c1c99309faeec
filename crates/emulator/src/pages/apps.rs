//! External client apps and connected apps.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::app_form::{self, KINDS, PERMITTED_USERS, Policies};
use super::choice;
use super::frame::{self, Failed, Frame, Section, sentence};
use super::input::{Posted, Visitor};
use super::moment::Moment;
use super::users::profiles;
use crate::app::App;
use crate::directory::{Client, DirectoryError, NewApp, Switch};
use crate::form;
use crate::grant::Lookup as _;

struct Row {
    name: String,
    id: String,
    kind: &'static str,
    permitted_users: &'static str,
    certificates: usize,
    is_usable: bool,
    is_enabled: bool,
}

#[derive(Template)]
#[template(path = "apps.html")]
struct List {
    frame: Frame,
    apps: Vec<Row>,
}

#[derive(Template)]
#[template(path = "app_new.html")]
struct New {
    frame: Frame,
    policies: Policies,
    problem: String,
}

/// A certificate of an app.
struct Proof {
    fingerprint: String,
    bits: usize,
    kid: String,
    from: Moment,
    until: Moment,
    /// Why it cannot be used now; empty if it can.
    flaw: &'static str,
}

#[derive(Template)]
#[template(path = "app.html")]
struct Show {
    frame: Frame,
    id: String,
    kind: &'static str,
    has_secret: bool,
    certificates: Vec<Proof>,
    policies: Policies,
    /// What is wrong with the policies sent.
    problem: String,
    /// What is wrong with the certificate sent.
    certificate_problem: String,
}

#[derive(Template)]
#[template(path = "app_delete.html")]
struct AskToRemove {
    frame: Frame,
    id: String,
    name: String,
    sessions: usize,
}

pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Response {
    let now = app.now();
    let row = |client: &Arc<Client>| Row {
        name: client.definition.name.clone(),
        id: client.id.as_str().to_owned(),
        kind: choice::label(&KINDS, &client.definition.kind),
        permitted_users: choice::label(&PERMITTED_USERS, &client.definition.permitted_users),
        certificates: client.certificates.len(),
        is_usable: client
            .certificates
            .iter()
            .any(|one| one.flaw_at(now).is_none()),
        is_enabled: client.definition.enabled == Switch::On,
    };
    let mut apps: Vec<_> = app.directory().apps().iter().map(row).collect();
    apps.sort_by_cached_key(|row| row.name.to_lowercase());
    let title = "External client apps and connected apps";
    frame::show(&List {
        frame: Frame::new(&app, &visitor, Section::Apps, title),
        apps,
    })
}

pub(super) async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, Failed> {
    let wanted = visitor.asked("client_id");
    let definition = NewApp {
        name: String::new(),
        client_id: (!wanted.is_empty()).then(|| wanted.to_owned()),
        ..NewApp::default()
    };
    Ok(frame::show(&New {
        frame: Frame::new(&app, &visitor, Section::Apps, "New app"),
        policies: Policies::of(&definition, &profiles(&app)?),
        problem: String::new(),
    }))
}

/// Makes an app.
pub(super) async fn add(
    State(app): State<App>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let mut definition = NewApp::default();
    let laid = app_form::lay_over(&mut definition, &posted);
    let wanted = posted.value("client_id");
    definition.client_id = (!wanted.is_empty()).then(|| wanted.to_owned());
    let made = laid
        .and_then(|()| app_form::certificate(&posted))
        .map(|upload| {
            let mut definition = definition.clone();
            definition.certificates.extend(upload);
            app.add_app(definition)
        });
    let problem = match made {
        Ok(Ok(id)) => return Ok(frame::done(&address(id.as_str()), "app-created")),
        Ok(Err(DirectoryError::Unfit(reason))) => sentence(&reason),
        Ok(Err(error)) => return Err(error.into()),
        Err(reason) => reason,
    };
    let mut policies = Policies::of(&definition, &profiles(&app)?);
    policies.certificate = app_form::shown_again(&posted);
    Ok(frame::show_again(&New {
        frame: Frame::new(&app, &visitor, Section::Apps, "New app"),
        policies,
        problem,
    }))
}

pub(super) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    visitor: Visitor,
) -> Result<Response, Failed> {
    let client = find(&app, &id)?;
    let page = page(&app, &visitor, &client)?;
    Ok(frame::show(&page))
}

/// Changes the policies of an app.
pub(super) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let client = find(&app, &id)?;
    let mut definition = client.definition.clone();
    if let Err(problem) = app_form::lay_over(&mut definition, &posted) {
        let mut page = page(&app, &visitor, &client)?;
        page.policies = Policies::of(&definition, &profiles(&app)?);
        posted
            .value("timeout")
            .clone_into(&mut page.policies.timeout);
        page.problem = problem;
        return Ok(frame::show_again(&page));
    }
    app.directory().change_app(&id, definition)?;
    Ok(frame::done(&address(&id), "app-saved"))
}

pub(super) async fn add_certificate(
    State(app): State<App>,
    Path(id): Path<String>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let client = find(&app, &id)?;
    let added = match app_form::certificate(&posted) {
        Ok(Some(upload)) => {
            let mut definition = client.definition.clone();
            definition.certificates.push(upload);
            app.directory().change_app(&id, definition)
        }
        Ok(None) => Err(DirectoryError::Unfit(
            "choose a certificate file, or paste its text".to_owned(),
        )),
        Err(reason) => Err(DirectoryError::Unfit(reason)),
    };
    match added {
        Ok(_) => Ok(frame::done(&address(&id), "certificate-added")),
        Err(DirectoryError::Unfit(reason)) => {
            let mut page = page(&app, &visitor, &client)?;
            page.policies.certificate = app_form::shown_again(&posted);
            page.certificate_problem = sentence(&reason);
            Ok(frame::show_again(&page))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn remove_certificate(
    State(app): State<App>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Failed> {
    let client = find(&app, &id)?;
    let fingerprint = posted.value("fingerprint");
    let mut definition = client.definition.clone();
    // Uploads and certificates stand in the same order.
    let kept = definition
        .certificates
        .into_iter()
        .zip(&client.certificates)
        .filter(|(_, certificate)| certificate.fingerprint != fingerprint);
    definition.certificates = kept.map(|(upload, _)| upload).collect();
    if definition.certificates.len() == client.certificates.len() {
        return Err(Failed::missing("certificate"));
    }
    app.directory().change_app(&id, definition)?;
    Ok(frame::done(&address(&id), "certificate-removed"))
}

pub(super) async fn ask_to_remove(
    State(app): State<App>,
    Path(id): Path<String>,
    visitor: Visitor,
) -> Result<Response, Failed> {
    let client = find(&app, &id)?;
    let sessions = super::sessions::alive(&app);
    let is_its = |session: &&Arc<_>| super::sessions::is_of(session, &id);
    let title = format!("Delete {}?", client.definition.name);
    Ok(frame::show(&AskToRemove {
        frame: Frame::new(&app, &visitor, Section::Apps, title),
        name: client.definition.name.clone(),
        sessions: sessions.iter().filter(is_its).count(),
        id,
    }))
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    _posted: Posted,
) -> Result<Response, Failed> {
    if !app.directory().remove_app(&id)? {
        return Err(Failed::missing("app"));
    }
    Ok(Redirect::to("/setup/apps?done=app-deleted").into_response())
}

/// The page of an app.
pub(super) fn address(id: &str) -> String {
    format!("/setup/apps/{}", form::segment(id))
}

fn find(app: &App, id: &str) -> Result<Arc<Client>, Failed> {
    let client = app.directory().client(id);
    client.ok_or_else(|| Failed::missing("app"))
}

fn page(app: &App, visitor: &Visitor, client: &Client) -> Result<Show, Failed> {
    let now = app.now();
    let certificates = client.certificates.iter().map(|certificate| {
        let (from, until) = certificate.validity();
        Proof {
            fingerprint: certificate.fingerprint.clone(),
            bits: certificate.key.public().bits(),
            kid: certificate.key.id().unwrap_or_default().to_owned(),
            flaw: match () {
                () if now < from => "not valid yet",
                () if now > until => "expired",
                () => "",
            },
            from: Moment::of(from),
            until: Moment::of(until),
        }
    });
    Ok(Show {
        frame: Frame::new(app, visitor, Section::Apps, client.definition.name.clone()),
        id: client.id.as_str().to_owned(),
        kind: choice::label(&KINDS, &client.definition.kind),
        has_secret: client.definition.client_secret_sha256.is_some(),
        certificates: certificates.collect(),
        policies: Policies::of(&client.definition, &profiles(app)?),
        problem: String::new(),
        certificate_problem: String::new(),
    })
}
