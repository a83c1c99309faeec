//! The objects of the org.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::frame::{self, Failed, Frame, Section};
use super::input::Visitor;
use super::records;
use crate::app::App;
use crate::org::schema::Flag;

struct Row {
    name: String,
    label: String,
    address: String,
    key_prefix: String,
    fields: usize,
    custom_fields: usize,
    /// Nothing for objects that hold no records.
    records: Option<i64>,
}

#[derive(Template)]
#[template(path = "objects.html")]
struct List {
    frame: Frame,
    objects: Vec<Row>,
    wanted: String,
    problem: String,
}

/// Lists the objects, or goes to the record that `id` names.
pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Response, Failed> {
    let schema = app.org().schema();
    let wanted = visitor.asked("id").to_owned();
    let found = records::link(&schema, &wanted);
    if !found.is_empty() {
        return Ok(Redirect::to(&found).into_response());
    }
    let mut objects = Vec::with_capacity(schema.objects().len());
    for object in schema.objects() {
        let is_custom = |field: &&crate::org::schema::Field| field.is(Flag::Custom);
        let records = match object.key_prefix {
            Some(_) => Some(
                app.org()
                    .count(object)
                    .map_err(|error| Failed::by(&error))?,
            ),
            None => None,
        };
        objects.push(Row {
            name: object.name.clone(),
            label: object.label.clone(),
            address: records::address(&object.name),
            key_prefix: object.key_prefix.clone().unwrap_or_default(),
            fields: object.fields.len(),
            custom_fields: object.fields.iter().filter(is_custom).count(),
            records,
        });
    }
    let problem = if wanted.is_empty() {
        String::new()
    } else {
        "That is no id of a record: it has 15 or 18 letters and digits, and begins with a key \
         prefix of the list below."
            .to_owned()
    };
    Ok(frame::show(&List {
        frame: Frame::new(&app, &visitor, Section::Objects, "Objects and data"),
        objects,
        wanted,
        problem,
    }))
}
