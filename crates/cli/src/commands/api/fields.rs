//! `-f` and `-F`: members of a body, as texts or typed, and as deep as `a[b][]` says.

use std::io::{self, Read as _};
use std::path::Path;

use serde_json::{Map, Number, Value};

use crate::error::CliError;
use crate::files;
use crate::rest::escape;

/// The longest file that is read for a member, in bytes: base64 of the largest that REST takes.
const FILE_LENGTH_MAX: u64 = 50 * 1024 * 1024;

/// How deep a key may go.
const DEPTH_MAX: usize = 16;

/// One member: its key as it was typed, and its value.
#[derive(Debug)]
pub(super) struct Field {
    key: String,
    value: Value,
}

/// Reads all of them, texts first.
pub(super) fn read(raw: &[String], typed: &[String]) -> Result<Vec<Field>, CliError> {
    let texts = raw.iter().map(|word| {
        let (key, text) = split(word, "-f")?;
        Ok(Field {
            key: key.to_owned(),
            value: text.into(),
        })
    });
    let typed = typed.iter().map(|word| {
        let (key, text) = split(word, "-F")?;
        Ok(Field {
            key: key.to_owned(),
            value: value_of(text)?,
        })
    });
    texts.chain(typed).collect()
}

fn split<'a>(word: &'a str, flag: &str) -> Result<(&'a str, &'a str), CliError> {
    word.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| {
            CliError::usage(format!(
                "{flag} is followed by a word without a key, expected KEY=VALUE"
            ))
        })
}

fn value_of(text: &str) -> Result<Value, CliError> {
    if let Some(name) = text.strip_prefix('@') {
        return file(name).map(Value::from);
    }
    let number = text.parse::<i64>().ok().map(Number::from);
    let is_plain = |number: &Number| number.to_string() == text;
    Ok(match text {
        "true" => true.into(),
        "false" => false.into(),
        "null" => Value::Null,
        _ => match number.filter(is_plain) {
            Some(number) => number.into(),
            None => text.into(),
        },
    })
}

fn file(name: &str) -> Result<String, CliError> {
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(FILE_LENGTH_MAX)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else {
        files::read(Path::new(name), FILE_LENGTH_MAX)
    };
    let unreadable = || CliError::usage(format!("the file {name} of -F could not be read"));
    let bytes = bytes.map_err(|error| unreadable().with_source(error))?;
    String::from_utf8(bytes).map_err(|_| {
        CliError::usage(format!("the file {name} of -F is no UTF-8 text"))
            .hint("--input sends a file of any kind as it is")
    })
}

/// The body that the fields make.
pub(super) fn body(fields: &[Field]) -> Result<Value, CliError> {
    let mut body = Value::Object(Map::new());
    for Field { key, value } in fields {
        let steps = steps(key)?;
        put(&mut body, &steps, value.clone()).map_err(|()| {
            CliError::usage(format!(
                "the key {key} goes through a member that is there already"
            ))
        })?;
    }
    Ok(body)
}

/// The parameters that the fields make, for a URL.
pub(super) fn parameters(fields: &[Field]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|Field { key, value }| {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            format!("{}={}", escape(key), escape(&text))
        })
        .collect();
    pairs.join("&")
}

/// `a[b][]` as `a`, `b` and the empty text.
fn steps(key: &str) -> Result<Vec<&str>, CliError> {
    let wrong = || CliError::usage(format!("the key {key} is not like a, a[b] or a[]"));
    let (first, mut rest) = key.split_at(key.find('[').unwrap_or(key.len()));
    let mut steps = vec![first];
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[').ok_or_else(wrong)?;
        let (step, after) = inner.split_once(']').ok_or_else(wrong)?;
        steps.push(step);
        rest = after;
    }
    if first.is_empty() || steps.len() > DEPTH_MAX {
        return Err(wrong());
    }
    Ok(steps)
}

fn put(at: &mut Value, steps: &[&str], value: Value) -> Result<(), ()> {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return Ok(());
    };
    if step.is_empty() {
        if at.is_null() {
            *at = Value::Array(Vec::new());
        }
        let items = at.as_array_mut().ok_or(())?;
        let mut item = Value::Null;
        put(&mut item, rest, value)?;
        items.push(item);
        return Ok(());
    }
    if at.is_null() {
        *at = Value::Object(Map::new());
    }
    let members = at.as_object_mut().ok_or(())?;
    let slot = members.entry((*step).to_owned()).or_insert(Value::Null);
    put(slot, rest, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(raw: &[&str], typed: &[&str]) -> Result<String, CliError> {
        let owned = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        body(&read(&owned(raw), &owned(typed))?).map(|value| value.to_string())
    }

    #[test]
    fn members_are_texts_or_typed_and_as_deep_as_their_key() {
        assert_eq!(
            made(
                &["Name=Acme", "a[b]=1", "a[c][]=x", "a[c][]=y"],
                &["n=7", "t=true", "z=null", "s=007", "f=1.5"]
            )
            .unwrap(),
            r#"{"Name":"Acme","a":{"b":"1","c":["x","y"]},"n":7,"t":true,"z":null,"s":"007","f":"1.5"}"#
        );
    }

    #[test]
    fn a_key_that_makes_no_sense_is_refused() {
        for (raw, part) in [
            ("Name", "without a key"),
            ("=x", "without a key"),
            ("a[b=x", "is not like"),
            ("[b]=x", "is not like"),
            ("a[b]c=x", "is not like"),
        ] {
            let error = made(&[raw], &[]).unwrap_err();
            assert!(error.to_string().contains(part), "{raw}: {error}");
        }
        let error = made(&["a=x", "a[b]=y"], &[]).unwrap_err();
        assert!(error.to_string().contains("there already"), "{error}");
        let error = made(&[], &["a=@/no/such/file"]).unwrap_err();
        assert!(error.to_string().contains("/no/such/file"), "{error}");
    }
}
