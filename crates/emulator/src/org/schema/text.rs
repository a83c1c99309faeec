//! The form that schema files are written in.
//!
//! One file is one object. A line is a list of words: bare, in double quotes, `key=value`, or
//! `key=[a; b => Label]`. The first lines say what the object is; after them each line is a field,
//! its type, its label where it is not the name with spaces, and how it deviates from what follows
//! from its type. Owns reading it; a mistake names its line.

use std::collections::HashMap;
use std::fmt;

use super::field::{Choice, Field, FieldType, Flag, Shape};
use super::{Object, Scope};

/// What is wrong with a schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaError {
    line: usize,
    problem: String,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for SchemaError {}

/// The picklists that several fields share, by name.
pub(crate) type Picklists = HashMap<String, Vec<Choice>>;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Bare(String),
    Quoted(String),
    Pair(String, String),
}

/// Reads the file of shared picklists.
pub(crate) fn picklists(text: &str) -> Picklists {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, values)| (name.to_owned(), choices(values)))
        .collect()
}

/// The texts of the objects in a file that holds several, with a line of hyphens between two.
pub(crate) fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.split("---\n")
}

/// Reads the file of one object.
pub(crate) fn object(text: &str, shared: &Picklists) -> Result<Object, SchemaError> {
    let mut object = Object::default();
    for (index, line) in text.lines().enumerate() {
        read_line(&mut object, &words(line), shared).map_err(|problem| SchemaError {
            line: index + 1,
            problem,
        })?;
    }
    object.index();
    Ok(object)
}

/// Takes in one line.
fn read_line(object: &mut Object, words: &[Word], shared: &Picklists) -> Result<(), String> {
    match words {
        [] => Ok(()),
        [Word::Bare(first), rest @ ..] if first == "object" => read_object(object, rest),
        [Word::Bare(first), rest @ ..] if first == "can" => {
            object.abilities.extend(rest.iter().filter_map(bare));
            Ok(())
        }
        [Word::Bare(first), rest @ ..] if first == "urls" => {
            object.urls.extend(rest.iter().filter_map(bare));
            Ok(())
        }
        [Word::Bare(first), rest @ ..] if first == "scopes" => {
            object.scopes.extend(rest.iter().filter_map(scope));
            Ok(())
        }
        [Word::Bare(name), Word::Bare(kind), rest @ ..] => {
            let field = read_field(object, (name, kind), rest, shared)?;
            object.fields.push(field);
            Ok(())
        }
        _ => Err("expected a field with its type".to_owned()),
    }
}

fn bare(word: &Word) -> Option<String> {
    match word {
        Word::Bare(text) => Some(text.clone()),
        _ => None,
    }
}

fn scope(word: &Word) -> Option<Scope> {
    match word {
        Word::Pair(name, label) => Some(Scope {
            name: name.clone(),
            label: label.clone(),
        }),
        _ => None,
    }
}

/// `object Account 001 "Account" "Accounts"`
fn read_object(object: &mut Object, words: &[Word]) -> Result<(), String> {
    let [
        Word::Bare(name),
        Word::Bare(prefix),
        Word::Quoted(label),
        Word::Quoted(plural),
    ] = words
    else {
        return Err("expected name, key prefix, label and plural".to_owned());
    };
    name.clone_into(&mut object.name);
    label.clone_into(&mut object.label);
    plural.clone_into(&mut object.plural);
    object.key_prefix = (prefix != "-").then(|| prefix.clone());
    Ok(())
}

/// `BillingStreet textarea(255) compoundFieldName=BillingAddress`
fn read_field(
    object: &Object,
    (name, kind): (&str, &str),
    words: &[Word],
    shared: &Picklists,
) -> Result<Field, String> {
    let (kind, parameters) = kind.split_once('(').unwrap_or((kind, ""));
    let field_type =
        FieldType::named(kind).ok_or_else(|| format!("no type of fields is called {kind}"))?;
    let mut shape = shape(field_type, parameters.trim_end_matches(')'));
    let mut label = default_label(object, name);
    for word in words {
        match word {
            Word::Quoted(text) => text.clone_into(&mut label),
            Word::Bare(text) if text == "required" => shape.nillable = Some(false),
            Word::Bare(text) if text == "nillable" => shape.nillable = Some(true),
            Word::Bare(text) if text == "readonly" => shape.is_readonly = true,
            _ => {}
        }
    }
    let mut field = Field::new(name, label, field_type, shape);
    for word in words {
        match word {
            Word::Bare(text) => deviate(&mut field, text)?,
            Word::Pair(key, value) => assign(&mut field, (key, value), shared)?,
            Word::Quoted(_) => {}
        }
    }
    Ok(field)
}

/// What stands in parentheses after the type.
fn shape(kind: FieldType, parameters: &str) -> Shape {
    let mut shape = Shape {
        length: match kind {
            FieldType::Phone => 40,
            FieldType::Url => 255,
            FieldType::Email => 80,
            _ => 0,
        },
        ..Shape::default()
    };
    let parts = parameters.split(',').filter(|part| !part.is_empty());
    if kind == FieldType::Reference {
        shape.targets = parts.map(str::to_owned).collect();
        return shape;
    }
    shape.numbers = parts.filter_map(|part| part.parse().ok()).collect();
    match (kind, shape.numbers.first()) {
        (FieldType::Int, None) => shape.numbers.push(8),
        (FieldType::Int | FieldType::Double | FieldType::Currency | FieldType::Percent, _) => {}
        (_, Some(length)) => shape.length = *length,
        (_, None) => {}
    }
    shape
}

/// A flag that is set, or, after a hyphen, not set.
fn deviate(field: &mut Field, word: &str) -> Result<(), String> {
    if matches!(word, "required" | "nillable" | "readonly") {
        return Ok(());
    }
    let (name, is_set) = match word {
        "cascade" => ("cascadeDelete", true),
        "restrict" => ("restrictedDelete", true),
        _ => word
            .strip_prefix('-')
            .map_or((word, true), |name| (name, false)),
    };
    let flag = Flag::named(name).ok_or_else(|| format!("no attribute is called {name}"))?;
    field.flags.put(flag, is_set);
    Ok(())
}

/// An attribute with a value; an empty one means none.
fn assign(field: &mut Field, (key, value): (&str, &str), shared: &Picklists) -> Result<(), String> {
    let text = (!value.is_empty()).then(|| value.to_owned());
    match key {
        "relationshipName" => field.relationship = text,
        "children" => field.children = text,
        "compoundFieldName" => field.compound = text,
        "defaultValue" => field.default_value = text,
        "extraTypeInfo" => field.extra_type = text,
        "byteLength" => {
            field.byte_length = value
                .parse()
                .map_err(|_| format!("{value} is no number of bytes"))?;
        }
        "values" => field.choices = values(value, shared)?,
        _ => return Err(format!("no attribute is called {key}")),
    }
    Ok(())
}

fn values(text: &str, shared: &Picklists) -> Result<Vec<Choice>, String> {
    let Some(name) = text.strip_prefix('@') else {
        return Ok(choices(text));
    };
    shared
        .get(name)
        .cloned()
        .ok_or_else(|| format!("no shared picklist is called {name}"))
}

/// `[*New; Working; OutOfOffice => Out of Office]`
fn choices(text: &str) -> Vec<Choice> {
    text.trim_matches(['[', ']'])
        .split("; ")
        .map(|choice| {
            let (is_default, choice) = choice
                .strip_prefix('*')
                .map_or((false, choice), |rest| (true, rest));
            let (value, label) = choice.split_once(" => ").unwrap_or((choice, choice));
            Choice {
                value: value.to_owned(),
                label: label.to_owned(),
                is_default,
            }
        })
        .collect()
}

/// The label that a field has when its file gives none: `Last Viewed Date`, `Owner ID`.
fn default_label(object: &Object, name: &str) -> String {
    match name {
        "Id" => return format!("{} ID", object.label),
        "IsDeleted" => return "Deleted".to_owned(),
        _ => {}
    }
    let letters: Vec<char> = name.chars().collect();
    let mut label = String::with_capacity(name.len() + 8);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let ends_word = before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let ends_acronym = before.is_some_and(char::is_ascii_uppercase)
            && after.is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (ends_word || ends_acronym) {
            label.push(' ');
        }
        label.push(*letter);
    }
    match label.strip_suffix(" Id") {
        Some(stem) => format!("{stem} ID"),
        None => label,
    }
}

/// Splits a line at its blanks, outside quotes and brackets.
fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let end = word_end(rest);
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        words.push(word_of(word));
        rest = after.trim_start();
    }
    words
}

/// Where the first word of `text` ends.
fn word_end(text: &str) -> usize {
    let mut is_quoted = false;
    let mut is_listed = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !is_listed => is_quoted = !is_quoted,
            '[' if !is_quoted => is_listed = true,
            ']' if !is_quoted => is_listed = false,
            ' ' if !is_quoted && !is_listed => return at,
            _ => {}
        }
    }
    text.len()
}

fn word_of(text: &str) -> Word {
    if text.starts_with('"') {
        return Word::Quoted(text.trim_matches('"').to_owned());
    }
    match text.split_once('=') {
        Some((key, value)) => Word::Pair(key.to_owned(), value.trim_matches('"').to_owned()),
        None => Word::Bare(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_names_its_line_and_the_word() {
        let head = "object Thing a00 \"Thing\" \"Things\"\n\n";
        for (line, problem) in [
            ("Id idd", "no type of fields is called idd"),
            ("Id id sortabel", "no attribute is called sortabel"),
            ("Id id byteLength=x", "x is no number of bytes"),
            (
                "Type picklist(40) values=@Bogus",
                "no shared picklist is called Bogus",
            ),
            ("Id", "expected a field with its type"),
        ] {
            let error = object(&format!("{head}{line}"), &Picklists::new()).unwrap_err();
            assert_eq!(error.to_string(), format!("line 3: {problem}"));
        }
    }

    #[test]
    fn labels_follow_from_names() {
        let object = Object {
            label: "Thing".to_owned(),
            ..Object::default()
        };
        for (name, label) in [
            ("Id", "Thing ID"),
            ("LastCUUpdateDate", "Last CU Update Date"),
            ("OwnerId", "Owner ID"),
            ("IsRecurrence2Exception", "Is Recurrence2 Exception"),
        ] {
            assert_eq!(default_label(&object, name), label);
        }
    }
}
