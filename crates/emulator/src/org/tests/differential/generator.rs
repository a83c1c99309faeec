//! Queries made at random from the schema and from what the records hold. All of them are right.

use std::collections::HashMap;

use serde_json::Value;

use super::oracle::Oracle;
use crate::org::schema::{Field, FieldType, Flag, Object, Schema, Storage};
use crate::org::tests::generated::Numbers;

/// The objects that are asked for.
const OBJECTS: [&str; 8] = [
    "Account",
    "Contact",
    "Opportunity",
    "Lead",
    "Case",
    "Task",
    "User",
    "OpportunityContactRole",
];

/// The field that holds several values; the sample has none, so that one is loaded.
pub(super) const MULTIPICKLIST: &str = "Colors__c";

const NOT_INSIDE: [&str; 3] = ["Task", "Event", "Note"];

pub(super) struct Generator<'s> {
    schema: &'s Schema,
    numbers: Numbers,
    /// What the records hold, by object and field.
    held: HashMap<(String, String), Vec<Value>>,
}

/// A path with the field that it leads to.
#[derive(Clone)]
struct Path<'s> {
    text: String,
    object: &'s Object,
    field: &'s Field,
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

impl<'s> Generator<'s> {
    pub(super) fn new(schema: &'s Schema, oracle: &Oracle<'s>, seed: u64) -> Self {
        let mut held: HashMap<(String, String), Vec<Value>> = HashMap::new();
        for (object, records) in &oracle.records {
            for record in records {
                for (field, value) in record.values.iter().filter(|(_, value)| !value.is_null()) {
                    let key = (object.clone(), field.clone());
                    held.entry(key).or_default().push(value.clone());
                }
            }
        }
        // Maps have no order of their own; the same seed is to give the same queries.
        for values in held.values_mut() {
            values.sort_by_key(Value::to_string);
        }
        Self {
            schema,
            numbers: Numbers(seed),
            held,
        }
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.numbers.below(chances) == 0
    }

    /// A query.
    pub(super) fn query(&mut self) -> String {
        let name = *self.numbers.pick(&OBJECTS);
        let object = self.schema.object(name).unwrap();
        match self.numbers.below(10) {
            0 => {
                let filter = self.filter(object);
                format!("SELECT COUNT() FROM {name}{filter}{}", self.limit(5))
            }
            1..=3 => self.grouped(object),
            _ => self.plain(object),
        }
    }

    fn plain(&mut self, object: &'s Object) -> String {
        let alias = if self.one_in(4) { " r" } else { "" };
        let mut list = self.list(object, alias.trim_start());
        if self.one_in(4)
            && let Some(children) = self.children(object, 2)
        {
            list.push(children);
        }
        if self.one_in(3)
            && let Some((relationship, type_of)) = self.type_of(object)
        {
            // What TYPEOF is about may not be listed beside it.
            let prefixes = [format!("{relationship}."), format!("r.{relationship}.")];
            list.retain(|item| !prefixes.iter().any(|prefix| item.starts_with(prefix)));
            list.push(type_of);
        }
        if object.field(MULTIPICKLIST).is_some() && self.one_in(4) {
            list.push(MULTIPICKLIST.to_owned());
        }
        let filter = self.filter(object);
        let order = self.order(object);
        let limit = self.limit(3);
        let list = list.join(", ");
        format!(
            "SELECT {list} FROM {}{alias}{filter}{order}{limit}",
            object.name
        )
    }

    /// Different paths after `SELECT`.
    fn list(&mut self, object: &'s Object, alias: &str) -> Vec<String> {
        let mut list: Vec<String> = Vec::new();
        for _ in 0..=self.numbers.below(4) {
            let path = self.path(object, |_| true);
            if !list.iter().any(|known| known.ends_with(&path.text)) {
                list.push(path.text);
            }
        }
        if !alias.is_empty() {
            list[0] = format!("{alias}.{}", list[0]);
        }
        list
    }

    /// `TYPEOF What WHEN Account THEN Phone ELSE Name END`, with the name of the relationship.
    fn type_of(&mut self, object: &'s Object) -> Option<(String, String)> {
        let references: Vec<&Field> = object
            .fields
            .iter()
            .filter(|field| field.relationship.is_some() && field.targets.len() > 1)
            .collect();
        if references.is_empty() {
            return None;
        }
        let reference = *self.numbers.pick(&references);
        let known = |target: &&String| OBJECTS.contains(&target.as_str());
        let targets: Vec<&String> = reference.targets.iter().filter(known).collect();
        if targets.is_empty() {
            return None;
        }
        let relationship = reference.relationship.clone()?;
        let mut text = format!("TYPEOF {relationship}");
        let first = self.numbers.below(targets.len());
        for at in 0..=self.numbers.below(2).min(targets.len() - 1) {
            let target = targets[(first + at) % targets.len()];
            let list = self.list(self.schema.object(target)?, "").join(", ");
            text.push_str(&format!(" WHEN {target} THEN {list}"));
        }
        if self.one_in(2) {
            let fields = ["Name", "Type, Name", "Id, Email", "Phone, LastName"];
            text.push_str(&format!(" ELSE {}", self.numbers.pick(&fields)));
        }
        Some((relationship, text + " END"))
    }

    /// A sub-query, with others inside up to so many levels.
    fn children(&mut self, object: &'s Object, levels: usize) -> Option<String> {
        let children: Vec<_> = self
            .schema
            .children_of(object)
            .filter(|child| child.field.children.is_some())
            .filter(|child| OBJECTS.contains(&child.object.name.as_str()))
            .collect();
        if children.is_empty() {
            return None;
        }
        let child = *self.numbers.pick(&children);
        let mut list = self.list(child.object, "");
        if levels > 1
            && self.one_in(2)
            && let Some(inner) = self.children(child.object, levels - 1)
        {
            list.push(inner);
        }
        let list = list.join(", ");
        let filter = if self.one_in(2) {
            format!(" WHERE {}", self.condition(child.object, 1))
        } else {
            String::new()
        };
        let order = self.order(child.object);
        let limit = if self.one_in(3) { " LIMIT 2" } else { "" };
        let name = child.field.children.as_ref().unwrap();
        Some(format!("(SELECT {list} FROM {name}{filter}{order}{limit})"))
    }

    fn grouped(&mut self, object: &'s Object) -> String {
        let mut keys: Vec<(String, Option<Path<'s>>)> = Vec::new();
        for _ in 0..self.numbers.below(4) {
            let key = if self.one_in(4) {
                (self.date_part(object), None)
            } else {
                let path = self.path(object, |field| field.is(Flag::Groupable));
                (path.text.clone(), Some(path))
            };
            if !keys.iter().any(|known| known.0 == key.0) {
                keys.push(key);
            }
        }
        let kind = *self.numbers.pick(&["", "", "ROLLUP", "CUBE"]);
        let aggregates: Vec<String> = (0..=self.numbers.below(3))
            .map(|_| self.aggregate(object, &keys))
            .collect();
        let mut list: Vec<String> = Vec::new();
        for (at, (key, _)) in keys.iter().enumerate() {
            if !self.one_in(4) {
                list.push(format!("{key} k{at}"));
            }
        }
        list.extend(aggregates.clone());
        let groupings = self.groupings(&keys, kind);
        list.extend(groupings.clone());
        let filter = self.filter(object);
        let head = format!("SELECT {} FROM {}{filter}", list.join(", "), object.name);
        if keys.is_empty() {
            return head;
        }
        let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
        let names = names.join(", ");
        let by = match kind {
            "" => names,
            _ => format!("{kind}({names})"),
        };
        let having = match groupings.first() {
            Some(grouping) if self.one_in(3) => format!(" HAVING {grouping} = 1"),
            _ => self.having(&keys, &aggregates),
        };
        let mut order = String::new();
        if self.one_in(2) {
            let is_sortable =
                |path: &Option<Path<'_>>| path.as_ref().is_none_or(|p| p.field.is(Flag::Sortable));
            let keys = keys.iter().filter(|(_, path)| is_sortable(path));
            let all = keys.map(|(key, _)| key).chain(&aggregates);
            let all: Vec<&String> = all.chain(&groupings).collect();
            let chosen = *self.numbers.pick(&all);
            let ways = ["", " DESC", " NULLS LAST", " DESC NULLS LAST"];
            order = format!(" ORDER BY {chosen}{}", self.numbers.pick(&ways));
        }
        format!("{head} GROUP BY {by}{having}{order}{}", self.limit(3))
    }

    /// `GROUPING(Industry)` of some of the keys, where there are subtotals.
    fn groupings(&mut self, keys: &[(String, Option<Path<'s>>)], kind: &str) -> Vec<String> {
        if kind.is_empty() {
            return Vec::new();
        }
        let fields = keys.iter().filter(|(_, path)| path.is_some());
        let mut all: Vec<String> = fields.map(|(key, _)| format!("GROUPING({key})")).collect();
        all.retain(|_| self.one_in(2));
        all
    }

    fn aggregate(&mut self, object: &'s Object, keys: &[(String, Option<Path<'s>>)]) -> String {
        loop {
            let path = self.path(object, |field| field.is(Flag::Aggregatable));
            if keys.iter().any(|(key, _)| *key == path.text) {
                continue;
            }
            let functions: &[&str] = match path.field.kind.storage() {
                Storage::Integer | Storage::Real => {
                    &["SUM", "AVG", "MIN", "MAX", "COUNT", "COUNT_DISTINCT"]
                }
                _ => &["MIN", "MAX", "COUNT", "COUNT_DISTINCT"],
            };
            return format!("{}({})", self.numbers.pick(functions), path.text);
        }
    }

    fn having(&mut self, keys: &[(String, Option<Path<'s>>)], aggregates: &[String]) -> String {
        let counts: Vec<&String> = aggregates
            .iter()
            .filter(|text| text.starts_with("COUNT"))
            .collect();
        match (self.numbers.below(4), counts.first(), &keys[0].1) {
            (0, Some(count), _) => {
                let operator = *self.numbers.pick(&[">", "<=", "!=", "="]);
                format!(" HAVING {count} {operator} {}", self.numbers.below(4))
            }
            (1, _, Some(path)) if path.field.is(Flag::Filterable) => {
                let path = path.clone();
                format!(" HAVING {}", self.test(&path))
            }
            _ => String::new(),
        }
    }

    fn filter(&mut self, object: &'s Object) -> String {
        if self.one_in(5) {
            return String::new();
        }
        let mut filter = self.condition(object, 2);
        if self.one_in(5)
            && let Some(join) = self.semi_join(object)
        {
            filter = format!("({filter}) AND {join}");
        }
        format!(" WHERE {filter}")
    }

    fn condition(&mut self, object: &'s Object, depth: usize) -> String {
        if depth > 0 && self.one_in(2) {
            let word = *self.numbers.pick(&["AND", "OR"]);
            let (left, right) = (
                self.condition(object, depth - 1),
                self.condition(object, depth - 1),
            );
            return format!("({left}) {word} ({right})");
        }
        if depth > 0 && self.one_in(6) {
            return format!("NOT ({})", self.condition(object, depth - 1));
        }
        if object.field(MULTIPICKLIST).is_some() && self.one_in(6) {
            return self.multipicklist();
        }
        if self.one_in(8) {
            let part = self.date_part(object);
            let operator = *self.numbers.pick(&["=", "!=", "<", ">="]);
            if part.starts_with("DAY_ONLY") {
                return format!("{part} {operator} {}", self.date_literal());
            }
            return format!("{part} {operator} {}", self.numbers.below(13));
        }
        let path = self.path(object, |field| field.is(Flag::Filterable));
        self.test(&path)
    }

    fn multipicklist(&mut self) -> String {
        const SETS: [&str; 6] = [
            "Red",
            "red;Blue",
            "BLUE",
            "Green;Red",
            "Purple",
            "Blue;Green",
        ];
        let (one, other) = (*self.numbers.pick(&SETS), *self.numbers.pick(&SETS));
        match self.numbers.below(6) {
            0 => format!("{MULTIPICKLIST} = '{one}'"),
            1 => format!("{MULTIPICKLIST} != null"),
            2 => format!("{MULTIPICKLIST} EXCLUDES ('{one}')"),
            3 => format!("{MULTIPICKLIST} EXCLUDES ('{one}', '{other}')"),
            4 => format!("{MULTIPICKLIST} INCLUDES ('{one}')"),
            _ => format!("{MULTIPICKLIST} INCLUDES ('{one}', '{other}')"),
        }
    }

    fn test(&mut self, path: &Path<'s>) -> String {
        let text = &path.text;
        let storage = path.field.kind.storage();
        if storage == Storage::Boolean {
            let literal = *self.numbers.pick(&["TRUE", "FALSE", "null"]);
            return format!("{text} {} {literal}", self.numbers.pick(&["=", "!="]));
        }
        let (one, other) = (self.literal(path), self.literal(path));
        match self.numbers.below(7) {
            0 => format!("{text} {} null", self.numbers.pick(&["=", "!="])),
            1 => format!("{text} IN ({one}, {other})"),
            2 => format!("{text} NOT IN ({one}, {other}, null)"),
            3 if storage == Storage::Text => format!("{text} LIKE {}", self.pattern(path)),
            _ => {
                let operator = *self.numbers.pick(&["=", "!=", "<", "<=", ">", ">="]);
                let is_null = ["''", "null"].contains(&one.as_str());
                let operator = if is_null { "=" } else { operator };
                format!("{text} {operator} {one}")
            }
        }
    }

    /// A value that the field holds, or nearly.
    fn literal(&mut self, path: &Path<'s>) -> String {
        let storage = path.field.kind.storage();
        let is_date = matches!(storage, Storage::Date | Storage::Datetime);
        if is_date && self.one_in(2) {
            return self.date_literal();
        }
        let Some(value) = self.held(path) else {
            return match storage {
                Storage::Text => "'x'".to_owned(),
                Storage::Id => "'001Ac0000000002'".to_owned(),
                Storage::Integer | Storage::Real => "7".to_owned(),
                Storage::Date => "2026-02-28".to_owned(),
                Storage::Datetime => "2026-02-28T23:59:59Z".to_owned(),
                _ => "null".to_owned(),
            };
        };
        match (&value, storage) {
            (Value::String(text), Storage::Text) if self.one_in(3) => quoted(&text.to_uppercase()),
            (Value::String(text), Storage::Text | Storage::Id) => quoted(text),
            (Value::String(text), _) => text.replace("+0000", "Z"),
            (other, _) => other.to_string(),
        }
    }

    fn held(&mut self, path: &Path<'s>) -> Option<Value> {
        let object = match path.object.name.as_str() {
            "Name" => "User",
            name => name,
        };
        let key = (object.to_owned(), path.field.name.clone());
        let values = self.held.get(&key)?;
        Some(self.numbers.pick(values).clone())
    }

    fn pattern(&mut self, path: &Path<'s>) -> String {
        let Some(Value::String(text)) = self.held(path) else {
            return "'%'".to_owned();
        };
        let letters: Vec<char> = text.chars().collect();
        let from = self.numbers.below(letters.len());
        let to = from + self.numbers.below(letters.len() - from + 1);
        let mut pattern = String::new();
        for letter in &letters[from..to] {
            match letter {
                '_' | '%' => pattern.extend(['\\', *letter]),
                _ if self.one_in(6) => pattern.push('_'),
                '\\' | '\'' => pattern.extend(['\\', *letter]),
                _ => pattern.push(*letter),
            }
        }
        match self.numbers.below(4) {
            0 => format!("'{pattern}%'"),
            1 => format!("'%{pattern}'"),
            2 => format!("'{pattern}'"),
            _ => format!("'%{pattern}%'"),
        }
    }

    fn date_literal(&mut self) -> String {
        let unit = *self.numbers.pick(&["WEEK", "MONTH", "QUARTER", "YEAR"]);
        let fiscal = *self.numbers.pick(&["FISCAL_QUARTER", "FISCAL_YEAR"]);
        let n = self.numbers.below(9) + 1;
        match self.numbers.below(10) {
            9 => {
                let far = self.numbers.pick(&["99999999", "777777", "4294967295"]);
                let edge = self.numbers.pick(&["LAST_N_", "NEXT_N_"]);
                format!("{edge}{unit}S:{far}")
            }
            0 => (*self.numbers.pick(&["TODAY", "YESTERDAY", "TOMORROW"])).to_owned(),
            1 => format!("LAST_{unit}"),
            2 => format!("THIS_{unit}"),
            3 => format!("NEXT_{fiscal}"),
            4 => format!("LAST_N_DAYS:{}", n * 20),
            5 => format!("NEXT_N_DAYS:{}", n * 20),
            6 => format!("LAST_N_{unit}S:{n}"),
            7 => format!("NEXT_N_{fiscal}S:{n}"),
            _ => format!("N_{unit}S_AGO:{n}"),
        }
    }

    fn date_part(&mut self, object: &'s Object) -> String {
        const PARTS: [&str; 13] = [
            "CALENDAR_YEAR",
            "CALENDAR_QUARTER",
            "CALENDAR_MONTH",
            "FISCAL_YEAR",
            "FISCAL_QUARTER",
            "FISCAL_MONTH",
            "DAY_IN_MONTH",
            "DAY_IN_WEEK",
            "DAY_IN_YEAR",
            "WEEK_IN_MONTH",
            "WEEK_IN_YEAR",
            "HOUR_IN_DAY",
            "DAY_ONLY",
        ];
        let path = self.path(object, |field| {
            let kind = field.kind;
            kind == FieldType::Datetime || kind == FieldType::Date && field.is(Flag::Filterable)
        });
        let is_moment = path.field.kind == FieldType::Datetime;
        let parts = if is_moment { &PARTS[..] } else { &PARTS[..11] };
        let part = *self.numbers.pick(parts);
        match is_moment && self.one_in(2) {
            true => format!("{part}(convertTimezone({}))", path.text),
            false => format!("{part}({})", path.text),
        }
    }

    fn semi_join(&mut self, object: &'s Object) -> Option<String> {
        let word = if self.one_in(2) { "NOT IN" } else { "IN" };
        if self.one_in(2) {
            let references: Vec<&Field> = object
                .fields
                .iter()
                .filter(|field| matches!(field.targets.as_slice(), [one] if *one != object.name))
                .filter(|field| OBJECTS.contains(&field.targets[0].as_str()))
                .filter(|field| !NOT_INSIDE.contains(&field.targets[0].as_str()))
                .collect();
            if references.is_empty() {
                return None;
            }
            let reference = *self.numbers.pick(&references);
            let target = self.schema.object(&reference.targets[0])?;
            let condition = self.condition(target, 1);
            let (name, target) = (&reference.name, &target.name);
            return Some(format!(
                "{name} {word} (SELECT Id FROM {target} WHERE {condition})"
            ));
        }
        let children: Vec<_> = self
            .schema
            .children_of(object)
            .filter(|child| OBJECTS.contains(&child.object.name.as_str()))
            .filter(|child| child.object.name != object.name)
            .filter(|child| !NOT_INSIDE.contains(&child.object.name.as_str()))
            .collect();
        if children.is_empty() {
            return None;
        }
        let child = *self.numbers.pick(&children);
        let condition = self.condition(child.object, 1);
        let (field, name) = (&child.field.name, &child.object.name);
        Some(format!(
            "Id {word} (SELECT {field} FROM {name} WHERE {condition})"
        ))
    }

    fn order(&mut self, object: &'s Object) -> String {
        if self.one_in(2) {
            return String::new();
        }
        let mut terms = Vec::new();
        for _ in 0..=self.numbers.below(2) {
            let path = self.path(object, |field| field.is(Flag::Sortable));
            let ways = ["", " ASC", " DESC", " NULLS LAST", " DESC NULLS LAST"];
            terms.push(format!("{}{}", path.text, self.numbers.pick(&ways)));
        }
        format!(" ORDER BY {}", terms.join(", "))
    }

    fn limit(&mut self, chances: usize) -> String {
        if !self.one_in(chances) {
            return String::new();
        }
        let limit = format!(" LIMIT {}", self.numbers.below(30));
        match self.one_in(2) {
            true => format!("{limit} OFFSET {}", self.numbers.below(20)),
            false => limit,
        }
    }

    /// A path to a field of this sort, more often to one that holds something.
    fn path(&mut self, object: &'s Object, fits: impl Fn(&Field) -> bool) -> Path<'s> {
        loop {
            let mut path = Path {
                text: String::new(),
                object,
                field: &object.fields[0],
            };
            for _ in 0..self.numbers.below(5).saturating_sub(2) {
                self.step(&mut path);
            }
            let fits = |field: &&Field| {
                let is_simple = !matches!(field.kind.storage(), Storage::Compound | Storage::Time);
                is_simple && field.kind != FieldType::Multipicklist && fits(field)
            };
            let all: Vec<&Field> = path.object.fields.iter().filter(fits).collect();
            let held = |field: &&&Field| {
                let key = (path.object.name.clone(), field.name.clone());
                self.held.contains_key(&key)
            };
            let full: Vec<&Field> = all.iter().filter(held).copied().collect();
            let fields = if self.numbers.below(6) == 0 {
                all
            } else {
                full
            };
            if fields.is_empty() {
                continue;
            }
            path.field = *self.numbers.pick(&fields);
            path.text.push_str(&path.field.name);
            return path;
        }
    }

    /// Goes up one relationship.
    fn step(&mut self, path: &mut Path<'s>) {
        let references: Vec<&Field> = path
            .object
            .fields
            .iter()
            .filter(|field| field.relationship.is_some() && !field.targets.is_empty())
            .collect();
        if references.is_empty() {
            return;
        }
        let reference = *self.numbers.pick(&references);
        let target = match reference.targets.as_slice() {
            [one] => one.as_str(),
            _ => "Name",
        };
        let next = self.schema.object(target);
        if let Some(next) = next.filter(|next| next.has_table() || target == "Name") {
            let relationship = reference.relationship.as_ref().unwrap();
            path.text.push_str(relationship);
            path.text.push('.');
            path.object = next;
        }
    }
}
