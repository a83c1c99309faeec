//! `@{ref.records[0].Id}`: what an earlier answer said.

use serde_json::Value;

/// The answers so far, by reference id.
pub(super) type Answers = Vec<(String, Value)>;

/// Puts answers in the place of references to them, in every text of `value`.
///
/// # Errors
/// What a reference says that leads nowhere.
pub(super) fn resolve(value: &Value, answers: &Answers) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match whole(text) {
            Some(path) => find(path, answers)?.clone(),
            None => Value::String(resolve_text(text, answers)?),
        },
        Value::Array(values) => {
            let values = values.iter().map(|value| resolve(value, answers));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let value = resolve(value, answers)?;
                Ok((name.clone(), value))
            });
            Value::Object(members.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// The same in one text.
pub(super) fn resolve_text(text: &str, answers: &Answers) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let Some((path, after)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        match find(path, answers)? {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The path of a text that is nothing but a reference.
fn whole(text: &str) -> Option<&str> {
    let path = text.strip_prefix("@{")?.strip_suffix('}')?;
    (!path.contains(['{', '}'])).then_some(path)
}

fn find<'a>(path: &str, answers: &'a Answers) -> Result<&'a Value, String> {
    let missing = || format!("Invalid reference specified. No value for {path} found.");
    let (id, rest) = path
        .split_at_checked(path.find(['.', '[']).unwrap_or(path.len()))
        .ok_or_else(missing)?;
    let answer = answers.iter().find(|(known, _)| known == id);
    let mut value = &answer.ok_or_else(missing)?.1;
    for step in rest.split(['.', '[']).filter(|step| !step.is_empty()) {
        let next = match step.strip_suffix(']') {
            Some(index) => index.parse::<usize>().ok().and_then(|at| value.get(at)),
            None => value.get(step),
        };
        value = next.ok_or_else(missing)?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed_into_answers() {
        let answers = vec![(
            "ref".to_owned(),
            json!({"id": "001", "records": [{"Id": "7", "Count": 3}]}),
        )];
        for (given, expected) in [
            (json!("@{ref.id}"), json!("001")),
            (json!("@{ref.records[0].Count}"), json!(3)),
            (
                json!("/x/@{ref.id}/@{ref.records[0].Id}?"),
                json!("/x/001/7?"),
            ),
            (json!({"a": ["@{ref.id}", 1]}), json!({"a": ["001", 1]})),
            (json!("@{ref.id"), json!("@{ref.id")),
            (json!("plain"), json!("plain")),
        ] {
            assert_eq!(resolve(&given, &answers), Ok(expected), "{given}");
        }
        for wrong in ["@{Ref.id}", "@{ref.ID}", "@{ref.records[1].Id}", "@{}"] {
            assert!(resolve(&json!(wrong), &answers).is_err(), "{wrong}");
        }
    }
}
