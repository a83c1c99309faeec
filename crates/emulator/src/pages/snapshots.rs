//! Snapshots of the org: taken, put back, thrown away; and the way back to the beginning.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::frame::{self, Failed, Frame, Section, sentence};
use super::input::{Posted, Visitor};
use crate::app::App;
use crate::directory::DirectoryError;
use crate::store::ImageError;

#[derive(Template)]
#[template(path = "snapshots.html")]
struct Page {
    frame: Frame,
    names: Vec<String>,
    name: String,
    problem: String,
}

/// Why a form did not do its work.
enum Trouble {
    /// What was typed in is unfit; the text says why.
    Unfit(String),
    Other(Failed),
}

impl From<ImageError> for Trouble {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Name(_) | ImageError::Full => Self::Unfit(error.to_string()),
            ImageError::Unknown(_) => Self::Other(Failed::missing("snapshot")),
            ImageError::Folder(_) | ImageError::Sqlite(_) => Self::Other(Failed::by(&error)),
        }
    }
}

impl From<DirectoryError> for Trouble {
    fn from(error: DirectoryError) -> Self {
        Self::Other(error.into())
    }
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failed> {
    Ok(frame::show(&page(&app, &visitor)?))
}

pub(super) async fn change(
    State(app): State<App>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let (name, worker) = (posted.value("name").to_owned(), app.clone());
    let work = tokio::task::spawn_blocking(move || act(&worker, &posted));
    let done = work.await.map_err(|error| Failed::by(&error))?;
    match done {
        Ok(word) => Ok(frame::done("/setup/snapshots", word)),
        Err(Trouble::Unfit(reason)) => {
            let page = Page {
                name,
                problem: sentence(&reason),
                ..page(&app, &visitor)?
            };
            Ok(frame::show_again(&page))
        }
        Err(Trouble::Other(failed)) => Err(failed),
    }
}

/// Does what a button says, and gives the word of the notice.
fn act(app: &App, posted: &Posted) -> Result<&'static str, Trouble> {
    let name = posted.value("name");
    match posted.value("action") {
        "take" => {
            app.directory().flush();
            app.org().save_snapshot(name)?;
            Ok("snapshot-taken")
        }
        "restore" => {
            if !app.org().snapshots()?.iter().any(|known| known == name) {
                return Err(ImageError::Unknown(name.to_owned()).into());
            }
            app.restore(name)?;
            Ok("snapshot-restored")
        }
        "delete" => match app.org().remove_snapshot(name)? {
            true => Ok("snapshot-deleted"),
            false => Err(ImageError::Unknown(name.to_owned()).into()),
        },
        "reset" => {
            app.reset()?;
            Ok("org-reset")
        }
        "unload" => {
            app.unload()?;
            Ok("org-reset")
        }
        _ => Err(Trouble::Other(Failed::new(
            StatusCode::BAD_REQUEST,
            "Nothing was asked for",
            "Choose one of the buttons of the page.",
        ))),
    }
}

fn page(app: &App, visitor: &Visitor) -> Result<Page, Failed> {
    Ok(Page {
        frame: Frame::new(app, visitor, Section::Snapshots, "Snapshots"),
        names: app.org().snapshots().map_err(|error| Failed::by(&error))?,
        name: String::new(),
        problem: String::new(),
    })
}
