//! The slow evaluator: it looks at every record for every condition.

use std::cmp::Ordering;
use std::collections::HashMap;

use accredit_soql::ast::{
    Condition, Direction, Expression, FieldPath, FunctionKind, Literal, Name, Nulls, Operator,
    Pattern, PatternPart, Predicate, Query, SelectItem, Selection, Set, Test, TypeCase, TypeOf,
};
use jiff::tz::TimeZone;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use super::value::{self, Part};
use crate::org::schema::{Field, FieldType, Object, Schema, Storage};
use crate::org::tests::NOW;
use crate::org::value::timestamp;
use crate::org::{Org, table};

/// A record: its object and its values.
pub(super) struct Record {
    pub(super) object: String,
    pub(super) values: HashMap<String, Value>,
}

/// All records.
pub(super) struct Oracle<'s> {
    pub(super) schema: &'s Schema,
    pub(super) records: HashMap<String, Vec<Record>>,
    by_id: HashMap<String, (String, usize)>,
    pub(super) zone: TimeZone,
}

/// Aliases, in lower case, with the relationships that they stand for.
type Aliases = HashMap<String, Vec<String>>;

/// What names mean in one query.
pub(super) struct Scope<'q> {
    pub(super) object: &'q Object,
    aliases: Aliases,
}

impl<'s> Oracle<'s> {
    pub(super) fn new(org: &Org, schema: &'s Schema) -> Self {
        let mut oracle = Self {
            schema,
            records: HashMap::new(),
            by_id: HashMap::new(),
            zone: org.time_zone.clone(),
        };
        for object in schema.objects().iter().filter(|o| o.has_table()) {
            let sql = format!("SELECT * FROM {} ORDER BY _row", table::table(object));
            let records = org.store.run(|connection| {
                let mut statement = connection.prepare(&sql)?;
                let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
                let rows = statement.query_map([], |row| {
                    let mut values = HashMap::new();
                    for (at, name) in names.iter().enumerate() {
                        if let Some(field) = object.field(name) {
                            values.insert(name.clone(), stored(row.get_ref(at)?, field));
                        }
                    }
                    Ok(Record {
                        object: object.name.clone(),
                        values,
                    })
                })?;
                rows.collect::<Result<Vec<_>, _>>()
            });
            let records = records.unwrap();
            for (at, record) in records.iter().enumerate() {
                let id = record.values["Id"].as_str().unwrap().to_owned();
                oracle.by_id.insert(id, (object.name.clone(), at));
            }
            oracle.records.insert(object.name.clone(), records);
        }
        oracle
    }

    /// The answer of a query, without attributes.
    pub(super) fn answer(&self, query: &Query) -> Value {
        let object = self
            .schema
            .object(&query.from.source.path.name.text)
            .unwrap();
        let scope = self.scope(query, object);
        let records = self.found(
            &self.records[&object.name].iter().collect::<Vec<_>>(),
            query,
            &scope,
        );
        let Selection::Items(items) = &query.selection else {
            let records = cut(records, query);
            return json!({"totalSize": records.len(), "done": true, "records": []});
        };
        let is_aggregate = |item: &SelectItem| match item {
            SelectItem::Expression { expression, .. } => expression.has_aggregate(),
            _ => false,
        };
        let is_grouped = query.group_by.is_some() || items.iter().any(is_aggregate);
        let rows: Vec<Value> = if is_grouped {
            self.groups(query, items, (&scope, &records))
        } else {
            let records = cut(self.sorted(records, query, &scope), query);
            records
                .iter()
                .map(|record| self.selected(record, items, &scope))
                .collect()
        };
        json!({"totalSize": rows.len(), "done": true, "records": rows})
    }

    fn scope<'q>(&self, query: &Query, object: &'q Object) -> Scope<'q> {
        let mut aliases = Aliases::new();
        if let Some(alias) = &query.from.source.alias {
            aliases.insert(alias.text.to_lowercase(), Vec::new());
        }
        for parent in &query.from.parents {
            let names: Vec<&Name> = parent.path.names().collect();
            let mut path = aliases
                .get(&names[0].text.to_lowercase())
                .cloned()
                .unwrap_or_default();
            path.extend(names[1..].iter().map(|name| name.text.clone()));
            let alias = parent.alias.as_ref().unwrap();
            aliases.insert(alias.text.to_lowercase(), path);
        }
        Scope { object, aliases }
    }

    fn found<'r>(
        &'r self,
        records: &[&'r Record],
        query: &Query,
        scope: &Scope<'_>,
    ) -> Vec<&'r Record> {
        let is_live =
            |record: &&&Record| record.values.get("IsDeleted") != Some(&Value::Bool(true));
        let meets = |record: &&&Record| {
            query.filter.as_ref().is_none_or(|condition| {
                self.holds(condition, &|expression| {
                    self.value(record, expression, scope)
                })
            })
        };
        records
            .iter()
            .filter(is_live)
            .filter(meets)
            .copied()
            .collect()
    }

    fn sorted<'r>(
        &'r self,
        mut records: Vec<&'r Record>,
        query: &Query,
        scope: &Scope<'_>,
    ) -> Vec<&'r Record> {
        records.sort_by(|left, right| {
            query
                .order_by
                .iter()
                .map(|ordering| {
                    let x = self.value(left, &ordering.expression, scope);
                    let y = self.value(right, &ordering.expression, scope);
                    directed((&x.0, &y.0), x.1, (ordering.direction, ordering.nulls))
                })
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        records
    }

    fn selected(&self, record: &Record, items: &[SelectItem], scope: &Scope<'_>) -> Value {
        let mut answer = Map::new();
        for item in items {
            match item {
                SelectItem::Expression {
                    expression: Expression::Field(path),
                    ..
                } => {
                    let names = self.names(path, scope);
                    self.put(&mut answer, Some(record), (scope.object, &names));
                }
                SelectItem::Expression { expression, alias } => {
                    let value = self.value(record, expression, scope).0;
                    let name = alias.as_ref().unwrap().text.clone();
                    answer.insert(name, value);
                }
                SelectItem::Children(query) => {
                    let (name, children) = self.children(record, query, scope);
                    answer.insert(name, children);
                }
                SelectItem::TypeOf(type_of) => {
                    let (name, fields) = self.type_of(record, type_of, scope);
                    answer.insert(name, fields);
                }
                other => panic!("{other:?}"),
            }
        }
        Value::Object(answer)
    }

    /// The relationship of a `TYPEOF`, and the fields of the case that fits.
    fn type_of(&self, record: &Record, type_of: &TypeOf, scope: &Scope<'_>) -> (String, Value) {
        let name = &type_of.relationship.name.text;
        let (reference, otherwise) = self.parent(scope.object, name);
        let key = reference.relationship.clone().unwrap();
        let Some(parent) = self.referred(record, scope.object, reference) else {
            return (key, Value::Null);
        };
        let case = |case: &&TypeCase| case.object.is(&parent.object);
        let (object, fields) = match type_of.cases.iter().find(case) {
            Some(case) => (self.schema.object(&parent.object).unwrap(), &case.fields),
            None => (otherwise, &type_of.otherwise),
        };
        if fields.is_empty() {
            return (key, Value::Null);
        }
        let mut answer = Map::new();
        for path in fields {
            let names: Vec<String> = path.names().map(|name| name.text.clone()).collect();
            self.put(&mut answer, Some(parent), (object, &names));
        }
        (key, Value::Object(answer))
    }

    /// Puts the value at the end of a path into an answer, below the names of the parents.
    fn put(
        &self,
        answer: &mut Map<String, Value>,
        record: Option<&Record>,
        (object, names): (&Object, &[String]),
    ) {
        if let [name] = names {
            let field = object.field(name).unwrap();
            let value = record.map_or(Value::Null, |record| {
                of_record(self, record, (object, field))
            });
            answer.insert(field.name.clone(), value);
            return;
        }
        let (reference, parent) = self.parent(object, &names[0]);
        let key = reference.relationship.clone().unwrap();
        let record = record.and_then(|record| self.referred(record, object, reference));
        match record {
            None => {
                answer.insert(key, Value::Null);
            }
            Some(record) => {
                let below = answer.entry(key).or_insert_with(|| json!({}));
                self.put(
                    below.as_object_mut().unwrap(),
                    Some(record),
                    (parent, &names[1..]),
                );
            }
        }
    }

    /// The reference of that name and the object that its parents are seen as.
    fn parent<'o>(&'o self, object: &'o Object, name: &str) -> (&'o Field, &'o Object) {
        let reference = object.reference(name).unwrap();
        let target = match reference.targets.as_slice() {
            [one] => one.as_str(),
            _ => "Name",
        };
        (reference, self.schema.object(target).unwrap())
    }

    fn referred(&self, record: &Record, object: &Object, reference: &Field) -> Option<&Record> {
        let id = of_record(self, record, (object, reference));
        let (name, at) = self.by_id.get(id.as_str()?)?;
        Some(&self.records[name][*at])
    }

    fn children(&self, record: &Record, query: &Query, scope: &Scope<'_>) -> (String, Value) {
        let name = &query.from.source.path.name;
        let mut all = self.schema.children_of(scope.object);
        let child = all
            .find(|child| child.field.children.as_ref().is_some_and(|c| name.is(c)))
            .unwrap();
        let inner = self.scope(query, child.object);
        let id = &record.values["Id"];
        let below: Vec<&Record> = self.records[&child.object.name]
            .iter()
            .filter(|record| record.values[&child.field.name] == *id)
            .collect();
        let found = cut(
            self.sorted(self.found(&below, query, &inner), query, &inner),
            query,
        );
        let key = child.field.children.clone().unwrap();
        if found.is_empty() {
            return (key, Value::Null);
        }
        let Selection::Items(items) = &query.selection else {
            panic!()
        };
        let records: Vec<Value> = found
            .iter()
            .map(|record| self.selected(record, items, &inner))
            .collect();
        (
            key,
            json!({"totalSize": records.len(), "done": true, "records": records}),
        )
    }

    /// The names of a path from the object itself on.
    fn names(&self, path: &FieldPath, scope: &Scope<'_>) -> Vec<String> {
        let mut names: Vec<String> = path.names().map(|name| name.text.clone()).collect();
        if let Some(alias) = scope.aliases.get(&names[0].to_lowercase()) {
            names.splice(0..1, alias.iter().cloned());
        } else if names.len() > 1
            && names[0].eq_ignore_ascii_case(&scope.object.name)
            && scope.object.reference(&names[0]).is_none()
        {
            names.remove(0);
        }
        names
    }

    /// The value of an expression for a record, and what kind of value.
    pub(super) fn value(
        &self,
        record: &Record,
        expression: &Expression,
        scope: &Scope<'_>,
    ) -> (Value, Storage) {
        match expression {
            Expression::Field(path) => {
                let names = self.names(path, scope);
                let (last, parents) = names.split_last().unwrap();
                let (mut record, mut object) = (Some(record), scope.object);
                for name in parents {
                    let (reference, next) = self.parent(object, name);
                    record = record.and_then(|record| self.referred(record, object, reference));
                    object = next;
                }
                let field = object.field(last).unwrap();
                let value = match record {
                    Some(record) => of_record(self, record, (object, field)),
                    None if field.kind == FieldType::Boolean => Value::Bool(false),
                    None => Value::Null,
                };
                (value, field.kind.storage())
            }
            Expression::Call(call) if call.function.kind() == FunctionKind::Date => {
                let (argument, zone) = match call.argument.as_ref() {
                    Expression::Call(inner) => (inner.argument.as_ref(), self.zone.clone()),
                    other => (other, TimeZone::UTC),
                };
                let value = self.value(record, argument, scope).0;
                let part = value::part(call.function, &value, &zone);
                let storage = match call.function {
                    accredit_soql::ast::Function::DayOnly => Storage::Date,
                    _ => Storage::Integer,
                };
                (part, storage)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Whether a condition holds, given the values of its subjects.
    pub(super) fn holds(
        &self,
        condition: &Condition,
        value: &dyn Fn(&Expression) -> (Value, Storage),
    ) -> bool {
        match condition {
            Condition::And(members) => members.iter().all(|member| self.holds(member, value)),
            Condition::Or(members) => members.iter().any(|member| self.holds(member, value)),
            Condition::Not(inner) => !self.holds(inner, value),
            Condition::Test(test) => self.test(test, value(&test.subject)),
        }
    }

    fn test(&self, test: &Test, (value, storage): (Value, Storage)) -> bool {
        match &test.predicate {
            Predicate::Compare(operator, given) => {
                self.compared((&value, storage), *operator, &given.literal)
            }
            Predicate::Like(pattern) => value.as_str().is_some_and(|text| like(text, pattern)),
            Predicate::In(set) => self.is_in((&value, storage), set),
            Predicate::NotIn(set) => !self.is_in((&value, storage), set),
            Predicate::Includes(sets) => includes(&value, sets),
            Predicate::Excludes(sets) => !includes(&value, sets),
        }
    }

    fn is_in(&self, (value, storage): (&Value, Storage), set: &Set) -> bool {
        match set {
            Set::Values(values) => values
                .iter()
                .any(|given| self.compared((value, storage), Operator::Equal, &given.literal)),
            Set::Query(query) => {
                let object = self
                    .schema
                    .object(&query.from.source.path.name.text)
                    .unwrap();
                let scope = self.scope(query, object);
                let Selection::Items(items) = &query.selection else {
                    panic!()
                };
                let SelectItem::Expression { expression, .. } = &items[0] else {
                    panic!()
                };
                let all: Vec<&Record> = self.records[&object.name].iter().collect();
                let found = self.found(&all, query, &scope);
                !value.is_null()
                    && found
                        .iter()
                        .any(|record| self.value(record, expression, &scope).0 == *value)
            }
        }
    }

    fn compared(
        &self,
        (value, storage): (&Value, Storage),
        operator: Operator,
        given: &Literal,
    ) -> bool {
        let order = match given {
            Literal::DateLiteral(literal) => {
                let today = timestamp(NOW).to_zoned(self.zone.clone()).date();
                value
                    .as_str()
                    .map(|text| value::against(value::day(text, &self.zone), *literal, today))
            }
            Literal::Null if storage == Storage::Boolean => {
                Some(value::order(value, &Value::Bool(false), storage))
            }
            Literal::Null => {
                return value.is_null() == (operator == Operator::Equal);
            }
            Literal::String(text) if text.is_empty() && storage == Storage::Text => {
                return value.is_null() == (operator == Operator::Equal);
            }
            literal if !value.is_null() => Some(value::order(
                value,
                &literal_value(literal, storage),
                storage,
            )),
            _ => None,
        };
        match (operator, order) {
            (Operator::NotEqual, order) => order != Some(Ordering::Equal),
            (_, None) => false,
            (Operator::Equal, Some(order)) => order.is_eq(),
            (Operator::Less, Some(order)) => order.is_lt(),
            (Operator::LessOrEqual, Some(order)) => order.is_le(),
            (Operator::Greater, Some(order)) => order.is_gt(),
            (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
        }
    }
}

/// Whether a value of several has all those of one of the sets.
fn includes(value: &Value, sets: &[accredit_soql::ast::Value]) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let text = text.to_lowercase();
    let held: Vec<&str> = text.split(';').collect();
    sets.iter().any(|set| {
        let Literal::String(wanted) = &set.literal else {
            panic!()
        };
        let wanted = wanted.to_lowercase();
        wanted.split(';').all(|one| held.contains(&one))
    })
}

/// A value of a record that is seen as one of `object`, which may be `Name`.
fn of_record(oracle: &Oracle<'_>, record: &Record, (object, field): (&Object, &Field)) -> Value {
    let own = oracle.schema.object(&record.object).unwrap();
    let name = match (object.name.as_str(), field.name.as_str()) {
        ("Name", "Type") => return Value::String(own.name.clone()),
        ("Name", "Name") if own.field("Name").is_none() => &own.name_field().unwrap().name,
        ("Name", "NameOrAlias") if own.field("Alias").is_some() => "Alias",
        ("Name", "NameOrAlias") => &own.name_field().unwrap().name,
        (_, name) => name,
    };
    match record.values.get(name) {
        Some(value) => value.clone(),
        None if field.kind == FieldType::Boolean => Value::Bool(false),
        None => Value::Null,
    }
}

fn stored(value: ValueRef<'_>, field: &Field) -> Value {
    match value {
        ValueRef::Integer(number) if field.kind == FieldType::Boolean => Value::Bool(number != 0),
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap().into(),
        _ => Value::Null,
    }
}

/// A literal in the form that values are kept in.
fn literal_value(literal: &Literal, storage: Storage) -> Value {
    match literal {
        Literal::Boolean(value) => Value::Bool(*value),
        Literal::Number(number) => number.as_str().parse::<f64>().unwrap().into(),
        Literal::String(text) if storage == Storage::Id && text.len() == 15 => {
            crate::ids::RecordId::parse(text).unwrap().as_str().into()
        }
        Literal::String(text) => text.clone().into(),
        Literal::Date(day) => format!("{:04}-{:02}-{:02}", day.year, day.month, day.day).into(),
        Literal::DateTime(moment) => {
            let (day, time) = (moment.date, moment.time);
            assert_eq!(time.offset_minutes, 0);
            format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000",
                day.year, day.month, day.day, time.hour, time.minute, time.second, time.millisecond
            )
            .into()
        }
        other => panic!("{other:?}"),
    }
}

fn like(text: &str, pattern: &Pattern) -> bool {
    let lower = |letter: char| letter.to_lowercase().next().unwrap();
    let mut parts = Vec::new();
    for part in &pattern.parts {
        match part {
            PatternPart::AnyOne => parts.push(Part::One),
            PatternPart::AnyRun => parts.push(Part::Run),
            PatternPart::Text(text) => parts.extend(text.chars().map(lower).map(Part::Letter)),
        }
    }
    let text: Vec<char> = text.chars().map(lower).collect();
    value::is_like(&text, &parts)
}

/// The order of two values in `ORDER BY`.
pub(super) fn directed(
    (left, right): (&Value, &Value),
    storage: Storage,
    (direction, nulls): (Direction, Option<Nulls>),
) -> Ordering {
    if left.is_null() || right.is_null() {
        let order = right.is_null().cmp(&left.is_null());
        return match nulls {
            Some(Nulls::Last) => order.reverse(),
            _ => order,
        };
    }
    let order = value::order(left, right, storage);
    match direction {
        Direction::Ascending => order,
        Direction::Descending => order.reverse(),
    }
}

/// `LIMIT` and `OFFSET`.
pub(super) fn cut<T>(rows: Vec<T>, query: &Query) -> Vec<T> {
    let offset = query.offset.map_or(0, |offset| offset.rows as usize);
    let limit = query.limit.map_or(usize::MAX, |limit| limit.rows as usize);
    rows.into_iter().skip(offset).take(limit).collect()
}
