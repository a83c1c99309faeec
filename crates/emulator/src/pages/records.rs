//! The data browser: the records of an object page by page, and one record with all its fields.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::frame::{self, Failed, Frame, Section};
use super::grid::{self, Cell};
use super::input::Visitor;
use super::pager::{self, Pager};
use crate::app::App;
use crate::form;
use crate::ids::RecordId;
use crate::org::browse::{Direction, Window};
use crate::org::schema::{Field, FieldType, Flag, Object, Schema, Storage};
use crate::org::value::Value;

/// How many records a page has.
const PAGE: usize = 50;

/// How many columns a table has, Id and name among them.
const COLUMNS: usize = 8;

/// The version of the API in which a record is read.
const VERSION: u16 = 68;

/// Fields that say little about a record: its own page shows them.
const DULL: [&str; 8] = [
    "Id",
    "IsDeleted",
    "MasterRecordId",
    "SystemModstamp",
    "LastModifiedById",
    "LastModifiedDate",
    "LastViewedDate",
    "LastReferencedDate",
];

struct Column {
    name: String,
    label: String,
    /// Sorts by this column, or turns the order round.
    address: String,
    /// The value of `aria-sort`; empty for other columns.
    sorted: &'static str,
}

#[derive(Template)]
#[template(path = "records.html")]
struct List {
    frame: Frame,
    object: String,
    plural: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// The condition, if only some records are shown.
    only: String,
    all: String,
    console: String,
    pager: Pager,
}

/// A field of a record.
struct Line {
    label: String,
    name: String,
    kind: &'static str,
    value: Cell,
}

/// Records that refer to a record.
struct Related {
    title: String,
    count: usize,
    address: String,
}

#[derive(Template)]
#[template(path = "record.html")]
struct Show {
    frame: Frame,
    object: String,
    plural: String,
    list: String,
    id: String,
    lines: Vec<Line>,
    related: Vec<Related>,
}

/// What the address asks for.
struct Wish<'a> {
    sort: Option<(&'a Field, Direction)>,
    only: Option<(&'a Field, &'a str)>,
}

impl<'a> Wish<'a> {
    fn read(object: &'a Object, visitor: &'a Visitor) -> Self {
        let field = |name: &str| {
            object
                .field(visitor.asked(name))
                .filter(|one| one.is_stored())
        };
        let direction = match visitor.asked("order") {
            "desc" => Direction::Descending,
            _ => Direction::Ascending,
        };
        Self {
            sort: field("sort").map(|field| (field, direction)),
            only: field("field").map(|field| (field, visitor.asked("is"))),
        }
    }

    /// The address of a page in another order, or from another place.
    fn address(&self, path: &str, sort: Option<(&Field, Direction)>, from: &str) -> String {
        let order = match sort {
            Some((_, Direction::Descending)) => "desc",
            _ => "",
        };
        pager::address(
            path,
            &[
                ("field", self.only.map_or("", |(field, _)| &field.name)),
                ("is", self.only.map_or("", |(_, value)| value)),
                ("sort", sort.map_or("", |(field, _)| &field.name)),
                ("order", order),
                ("from", from),
            ],
        )
    }

    fn column(&self, path: &str, field: &Field) -> Column {
        let now = self.sort.filter(|(sorted, _)| sorted.name == field.name);
        let (sorted, next) = match now {
            Some((_, Direction::Ascending)) => ("ascending", Direction::Descending),
            Some((_, Direction::Descending)) => ("descending", Direction::Ascending),
            None => ("", Direction::Ascending),
        };
        Column {
            name: field.name.clone(),
            label: field.label.clone(),
            address: self.address(path, Some((field, next)), ""),
            sorted,
        }
    }
}

pub(super) async fn list(
    State(app): State<App>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, Failed> {
    let schema = app.org().schema();
    let object = find(&schema, &name)?;
    let path = address(&object.name);
    let wish = Wish::read(object, &visitor);
    let fields = columns(object);
    let total = app
        .org()
        .count_where(object, wish.only)
        .map_err(|error| Failed::by(&error))?;
    let offset = pager::offset(visitor.asked("from"), PAGE, total);
    let window = Window {
        sort: wish.sort,
        only: wish.only,
        offset,
        count: PAGE,
    };
    let rows = app
        .org()
        .browse(object, &fields, window)
        .map_err(|error| Failed::by(&error))?;
    let row = |values: Vec<Value>| {
        let cells = values.iter().zip(&fields);
        cells
            .map(|(value, field)| kept(&schema, field, value))
            .collect()
    };
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    let soql = format!("SELECT {} FROM {} LIMIT 200", names.join(", "), object.name);
    Ok(frame::show(&List {
        frame: Frame::new(&app, &visitor, Section::Objects, object.plural.clone()),
        columns: fields
            .iter()
            .map(|field| wish.column(&path, field))
            .collect(),
        rows: rows.into_iter().map(row).collect(),
        only: wish.only.map_or_else(String::new, |(field, value)| {
            format!("{} = {value}", field.name)
        }),
        console: pager::address("/setup/soql", &[("q", &soql)]),
        pager: Pager::new((offset, PAGE), total, |from| {
            wish.address(&path, wish.sort, &from.to_string())
        }),
        object: object.name.clone(),
        plural: object.plural.clone(),
        all: path,
    }))
}

pub(super) async fn show(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Failed> {
    let schema = app.org().schema();
    let object = find(&schema, &name)?;
    let id = RecordId::parse(&id)
        .filter(|id| object.key_prefix.as_deref() == Some(id.key_prefix()))
        .ok_or_else(|| Failed::missing("record"))?;
    let fields: Vec<_> = object.fields.iter().collect();
    let body = app.org().record((object, &id), &fields, VERSION);
    let body = body.map_err(|error| Failed::by(&error))?;
    let body = body.ok_or_else(|| Failed::missing("record"))?;
    let record: serde_json::Value =
        serde_json::from_slice(&body).map_err(|error| Failed::by(&error))?;
    let line = |field: &Field| Line {
        label: field.label.clone(),
        name: field.name.clone(),
        kind: field.kind.as_str(),
        value: record
            .get(&field.name)
            .map_or_else(Cell::default, |value| grid::cell(&schema, value)),
    };
    let title = object
        .name_field()
        .and_then(|field| record.get(&field.name)?.as_str());
    let title = title.map_or_else(|| format!("{} {id}", object.label), grid::shorten);
    Ok(frame::show(&Show {
        frame: Frame::new(&app, &visitor, Section::Objects, title),
        lines: object.fields.iter().map(line).collect(),
        related: related(&app, &schema, (object, id.as_str()))?,
        object: object.label.clone(),
        plural: object.plural.clone(),
        list: address(&object.name),
        id: id.to_string(),
    }))
}

/// The page with the records of an object.
pub(super) fn address(object: &str) -> String {
    format!("/setup/objects/{}", form::segment(object))
}

/// The page of the record that a text names; empty if it names none.
pub(super) fn link(schema: &Schema, text: &str) -> String {
    let Some(id) = RecordId::parse(text) else {
        return String::new();
    };
    let is_its = |object: &&Object| object.key_prefix.as_deref() == Some(id.key_prefix());
    let object = schema.objects().iter().find(is_its);
    object.map_or_else(String::new, |object| {
        format!("{}/{id}", address(&object.name))
    })
}

fn find<'s>(schema: &'s Schema, name: &str) -> Result<&'s Object, Failed> {
    schema
        .object(name)
        .filter(|object| object.has_table())
        .ok_or_else(|| Failed::missing("object with records"))
}

/// Id, name, custom fields, and then what fits.
fn columns(object: &Object) -> Vec<&Field> {
    let is_shown = |field: &&Field| {
        let is_part = field.compound.is_some() && !field.is(Flag::NameField);
        field.is_stored()
            && !field.is_long_text()
            && field.kind != FieldType::Base64
            && !is_part
            && !DULL.contains(&field.name.as_str())
    };
    let rank = |field: &&Field| match field {
        field if field.is(Flag::NameField) => 0,
        field if field.is(Flag::Custom) => 1,
        field if field.kind != FieldType::Reference => 2,
        _ => 3,
    };
    let mut fields: Vec<_> = object.fields.iter().filter(is_shown).collect();
    fields.sort_by_key(rank);
    object
        .field("Id")
        .into_iter()
        .chain(fields)
        .take(COLUMNS)
        .collect()
}

/// A value as it is kept, as a cell.
fn kept(schema: &Schema, field: &Field, value: &Value) -> Cell {
    let storage = field.kind.storage();
    let text = match value {
        Value::Null => String::new(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) if storage == Storage::Boolean => (*number != 0).to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    };
    Cell {
        link: match storage {
            Storage::Id => link(schema, &text),
            _ => String::new(),
        },
        text: grid::shorten(&text),
        is_number: matches!(storage, Storage::Integer | Storage::Real),
        children: Vec::new(),
    }
}

/// The lists of records that refer to a record.
fn related(
    app: &App,
    schema: &Schema,
    (object, id): (&Object, &str),
) -> Result<Vec<Related>, Failed> {
    let mut all = Vec::new();
    for child in schema.children_of(object) {
        if !child.object.has_table() || child.field.children.is_none() {
            continue;
        }
        let count = app.org().count_where(child.object, Some((child.field, id)));
        let count = count.map_err(|error| Failed::by(&error))?;
        if count == 0 {
            continue;
        }
        all.push(Related {
            title: format!("{} ({})", child.object.plural, child.field.name),
            count,
            address: pager::address(
                &address(&child.object.name),
                &[("field", &child.field.name), ("is", id)],
            ),
        });
    }
    Ok(all)
}
