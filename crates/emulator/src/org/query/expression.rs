//! Fields and functions as SQL.
//!
//! Owns what a function may be applied to and the type of what it gives. Aggregates are the
//! business of `group`.

use accredit_soql::ErrorCode;
use accredit_soql::ast::{
    Call, Distance, DistanceUnit, Expression, FieldPath, Function, FunctionKind, Location, Number,
    Span,
};

use super::compound;
use super::joins::{Column, ROOT};
use super::resolve::Resolver;
use crate::org::schema::{Field, FieldType, Flag, Storage};

type Error = accredit_soql::Error;

/// Kilometers in a mile.
const MILE: &str = "1.609344";

/// A value of a row or a group, as SQL.
#[derive(Clone, Debug)]
pub(super) struct Typed<'s> {
    pub(super) sql: String,
    pub(super) kind: FieldType,
    /// The name of its field, in canonical case.
    pub(super) name: String,
    /// The object that the field is of.
    pub(super) object: &'s str,
    /// The field that the value is, or is a form of.
    pub(super) field: Option<&'s Field>,
    /// Whether it is the field itself.
    pub(super) is_plain: bool,
    /// Whether a field of the object that is asked for, not of a parent.
    pub(super) is_own: bool,
    pub(super) span: Span,
}

impl Typed<'_> {
    pub(super) fn storage(&self) -> Storage {
        self.kind.storage()
    }

    /// Whether a field with this attribute, or no field.
    pub(super) fn may(&self, flag: Flag) -> bool {
        !self.is_plain || self.field.is_none_or(|field| field.is(flag))
    }

    /// What follows the value where it is compared with others.
    pub(super) fn collation(&self) -> &'static str {
        let is_exact = self
            .field
            .is_some_and(|field| field.is(Flag::CaseSensitive));
        if self.storage() == Storage::Text && !is_exact {
            return " COLLATE SOQL";
        }
        ""
    }
}

impl<'s> Resolver<'s, '_> {
    /// A value of a row.
    pub(super) fn value(&mut self, expression: &Expression) -> Result<Typed<'s>, Error> {
        match expression {
            Expression::Field(path) => self.field_value(path),
            Expression::Distance(distance) => self.distance(distance),
            Expression::Call(call) => match call.function.kind() {
                FunctionKind::Date => self.date_part(call),
                FunctionKind::Conversion => {
                    let inner = self.value(&call.argument)?;
                    self.converted(call, inner)
                }
                FunctionKind::Aggregate | FunctionKind::Grouping => {
                    let name = call.function.as_str();
                    let detail = format!("{name} is not allowed here: there are no groups");
                    let code = ErrorCode::MalformedQuery;
                    Err(self.refusals.at(call.span, code, detail))
                }
            },
        }
    }

    fn field_value(&mut self, path: &FieldPath) -> Result<Typed<'s>, Error> {
        let column = self.field(path)?.column;
        let mut sql = "NULL".to_owned();
        if column.field.is_stored() {
            sql = self.joins.sql(column);
        }
        if column.field.kind.storage() == Storage::Boolean && column.node != ROOT {
            // The booleans of a parent that is missing are false.
            sql = format!("COALESCE({sql}, 0)");
        }
        Ok(Typed {
            sql,
            kind: column.field.kind,
            name: column.field.name.clone(),
            object: &self.joins.object(column.node).name,
            field: Some(column.field),
            is_plain: true,
            is_own: column.node == ROOT,
            span: path.span(),
        })
    }

    /// `CALENDAR_YEAR(CloseDate)`, `HOUR_IN_DAY(convertTimezone(CreatedDate))`
    fn date_part(&mut self, call: &Call) -> Result<Typed<'s>, Error> {
        let function = call.function;
        let (argument, zone) = match call.argument.as_ref() {
            Expression::Call(inner) if inner.function == Function::ConvertTimezone => {
                let zone = self.environment.calendar.time_zone.iana_name();
                (inner.argument.as_ref(), Some(zone.unwrap_or("UTC")))
            }
            other => (other, None),
        };
        let inner = self.value(argument)?;
        let needs_time = matches!(function, Function::HourInDay | Function::DayOnly);
        let fits = match inner.storage() {
            Storage::Datetime => true,
            Storage::Date => !needs_time && zone.is_none(),
            _ => false,
        };
        if !fits {
            return Err(self.unfit(&inner, call));
        }
        self.check_filterable(&inner)?;
        let kind = match function {
            Function::DayOnly => FieldType::Date,
            _ => FieldType::Int,
        };
        let (part, zone) = (function.as_str(), literal(zone.unwrap_or("UTC")));
        let start = self.environment.calendar.fiscal_start;
        let sql = format!("soql_date('{part}', {}, {zone}, {start})", inner.sql);
        Ok(Typed {
            sql,
            kind,
            is_plain: false,
            span: call.span,
            ..inner
        })
    }

    fn unfit(&self, inner: &Typed<'_>, call: &Call) -> Error {
        let function = call.function.as_str();
        let detail = format!("field {} does not support function {function}", inner.name);
        self.refusals
            .at(inner.span, ErrorCode::InvalidField, detail)
    }

    /// Applies `toLabel`, `FORMAT` or `convertCurrency`.
    pub(super) fn converted(&self, call: &Call, inner: Typed<'s>) -> Result<Typed<'s>, Error> {
        let shown = match call.function {
            // An org with one currency converts every amount to itself.
            Function::ConvertCurrency => {
                (inner.kind == FieldType::Currency).then(|| (inner.sql.clone(), inner.kind))
            }
            Function::ToLabel => label(&inner).map(|sql| (sql, inner.kind)),
            Function::Format => self.form(&inner).map(|form| {
                let sql = format!("soql_format({}, {})", inner.sql, literal(&form));
                (sql, FieldType::String)
            }),
            _ => None,
        };
        let (sql, kind) = shown.ok_or_else(|| self.unfit(&inner, call))?;
        Ok(Typed {
            sql,
            kind,
            is_plain: false,
            span: call.span,
            ..inner
        })
    }

    /// The form in which a value is shown; nothing where there is none but its own.
    fn form(&self, value: &Typed<'_>) -> Option<String> {
        let scale = value.field.map_or(0, |field| field.scale);
        let zone = self.environment.calendar.time_zone.iana_name();
        match value.kind {
            FieldType::Int => Some("number:0".to_owned()),
            FieldType::Double => Some(format!("number:{scale}")),
            FieldType::Currency => Some(format!("currency:{scale}")),
            FieldType::Percent => Some(format!("percent:{scale}")),
            FieldType::Date => Some("date".to_owned()),
            FieldType::Datetime => Some(format!("datetime:{}", zone.unwrap_or("UTC"))),
            FieldType::Time => Some("time".to_owned()),
            _ => None,
        }
    }

    /// `DISTANCE(…)`
    fn distance(&mut self, distance: &Distance) -> Result<Typed<'s>, Error> {
        let from = self.location(&distance.from)?;
        let to = self.location(&distance.to)?;
        let kilometers = format!("soql_distance({from}, {to})");
        Ok(Typed {
            sql: match distance.unit {
                DistanceUnit::Kilometers => kilometers,
                DistanceUnit::Miles => format!("({kilometers} / {MILE})"),
            },
            kind: FieldType::Double,
            name: "DISTANCE".to_owned(),
            object: "",
            field: None,
            is_plain: false,
            is_own: true,
            span: distance.span,
        })
    }

    /// Latitude and longitude, as two arguments.
    fn location(&mut self, location: &Location) -> Result<String, Error> {
        match location {
            Location::Point {
                latitude,
                longitude,
                span,
            } => {
                let north = self.degrees((latitude, 90.0), *span)?;
                let east = self.degrees((longitude, 180.0), *span)?;
                Ok(format!("{north:?}, {east:?}"))
            }
            Location::Field(path) => {
                let Column { node, field } = self.field(path)?.column;
                let parts = compound::coordinates(self.joins.object(node), field);
                let [north, east] = parts.ok_or_else(|| {
                    let detail = format!("field {} does not support function DISTANCE", field.name);
                    self.refusals
                        .at(path.span(), ErrorCode::InvalidField, detail)
                })?;
                let sql = |field| self.joins.sql(Column { node, field });
                Ok(format!("{}, {}", sql(north), sql(east)))
            }
        }
    }

    fn degrees(&self, (number, max): (&Number, f64), span: Span) -> Result<f64, Error> {
        let degrees = number.to_f64();
        if degrees.abs() <= max {
            return Ok(degrees);
        }
        let detail = "Latitude must be between -90 and 90, longitude between -180 and 180";
        Err(self.refusals.at(span, ErrorCode::MalformedQuery, detail))
    }

    /// Refuses fields that conditions may not look at.
    pub(super) fn check_filterable(&self, value: &Typed<'_>) -> Result<(), Error> {
        let is_stored = value.field.is_none_or(Field::is_stored);
        if value.field.is_none_or(|field| field.is(Flag::Filterable)) && is_stored {
            return Ok(());
        }
        let detail = format!("field '{}' can not be filtered in a query call", value.name);
        Err(self
            .refusals
            .at(value.span, ErrorCode::InvalidField, detail))
    }
}

/// The label of a picklist's value as SQL; nothing for fields without labels.
fn label(value: &Typed<'_>) -> Option<String> {
    let field = value.field?;
    let is_name = field.is(Flag::NameField) && value.object == "RecordType";
    match field.kind {
        FieldType::Picklist | FieldType::Multipicklist | FieldType::Combobox => {}
        _ if is_name => return Some(value.sql.clone()),
        _ => return None,
    }
    let labels: serde_json::Map<_, _> = field
        .choices
        .iter()
        .filter(|choice| choice.label != choice.value)
        .map(|choice| (choice.value.clone(), choice.label.clone().into()))
        .collect();
    if labels.is_empty() {
        return Some(value.sql.clone());
    }
    let labels = literal(&serde_json::Value::Object(labels).to_string());
    // What a function gives has no collation of its own.
    Some(format!(
        "(soql_label({}, {labels}) COLLATE SOQL)",
        value.sql
    ))
}

/// Text that comes from the org's settings as SQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
