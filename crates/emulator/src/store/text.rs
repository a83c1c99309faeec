//! How text compares: without regard to case, as Salesforce compares it.
//!
//! Owns the collation `SOQL` and the function `soql_like`. Two texts are equal when they differ in
//! nothing but case. Order looks at letters without their accents first, so that `Émile` stands
//! between `Emil` and `Emma`.

use std::cmp::Ordering;
use std::str::Chars;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

/// Makes collation and function known to `connection`.
pub(super) fn register(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.create_collation("SOQL", compare)?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("soql_like", 2, flags, like)
}

/// The order of two texts.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let bytes = left.bytes().zip(right.bytes());
    for (a, b) in bytes {
        if !(a.is_ascii() && b.is_ascii()) {
            return compare_unicode(left, right);
        }
        let order = a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
        if order != Ordering::Equal {
            // An accent further on cannot change which letter comes first here.
            return order;
        }
    }
    left.len().cmp(&right.len())
}

fn compare_unicode(left: &str, right: &str) -> Ordering {
    let letters = left.chars().map(base).cmp(right.chars().map(base));
    letters.then_with(|| left.chars().map(fold).cmp(right.chars().map(fold)))
}

/// The character in lower case.
fn fold(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    letter.to_lowercase().next().unwrap_or(letter)
}

/// The character in lower case and without its accent.
fn base(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    match fold(letter) {
        'à'..='æ' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ð' | 'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'œ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ß' | 'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

/// A piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// This character, in lower case.
    Letter(char),
    /// Any one character.
    One,
    /// Any run of characters.
    Run,
}

/// `soql_like(text, pattern)`: in the pattern, `\` takes the meaning from what follows.
fn like(context: &Context<'_>) -> Result<Option<bool>, rusqlite::Error> {
    let pattern = context.get_or_create_aux(1, |value| -> Result<Vec<Token>, rusqlite::Error> {
        Ok(tokens(value.as_str()?))
    })?;
    let text = context.get_raw(0);
    Ok(text.as_str_or_null()?.map(|text| matches(text, &pattern)))
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '%' => Token::Run,
            '_' => Token::One,
            '\\' => Token::Letter(letters.next().map_or('\\', fold)),
            _ => Token::Letter(fold(letter)),
        });
    }
    tokens
}

/// Whether `pattern` describes all of `text`. Takes at most length × length steps.
fn matches(text: &str, pattern: &[Token]) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    // Where to go on after the last run: one character further in the text each time.
    let mut retry: Option<(usize, Chars<'_>)> = None;
    loop {
        let here = rest.clone();
        let letter = rest.next();
        match (pattern.get(at), letter) {
            (Some(Token::Run), _) => {
                at += 1;
                retry = Some((at, here.clone()));
                rest = here;
            }
            (Some(Token::One), Some(_)) => at += 1,
            (Some(Token::Letter(wanted)), Some(letter)) if *wanted == fold(letter) => at += 1,
            (None, None) => return true,
            _ => {
                let Some((after, from)) = retry.as_mut() else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                at = *after;
                rest = from.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_accents_matter_last() {
        let mut words = [
            "emma",
            "Émile",
            "Emil",
            "zoe",
            "éMILE",
            "Ångström",
            "apple",
            "",
        ];
        words.sort_by(|a, b| compare(a, b));
        assert_eq!(
            words,
            [
                "",
                "Ångström",
                "apple",
                "Emil",
                "Émile",
                "éMILE",
                "emma",
                "zoe"
            ]
        );
        for (left, right) in [("ÉMILE", "émile"), ("ACME", "acme"), ("ŁÓDŹ", "łódź")] {
            assert_eq!(compare(left, right), Ordering::Equal);
        }
        for (left, right) in [("emile", "émile"), ("a", "ab"), ("é", "éa")] {
            assert_eq!(compare(left, right), Ordering::Less, "{left} {right}");
            assert_eq!(compare(right, left), Ordering::Greater, "{left} {right}");
        }
    }

    #[test]
    fn like_knows_runs_single_characters_and_escapes() {
        for (text, pattern, is_match) in [
            ("Acme", "acme", true),
            ("Acme", "ac%", true),
            ("Acme", "%ME", true),
            ("Acme", "a__e", true),
            ("Acme", "a_e", false),
            ("Acme", "%c%m%", true),
            ("Acme", "", false),
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("100%", "100\\%", true),
            ("1000", "100\\%", false),
            ("a_b", "a\\_b", true),
            ("axb", "a\\_b", false),
            ("a\\b", "a\\\\b", true),
            ("Łódź", "łÓ_", false),
            ("Łódź", "łÓ_Ź", true),
            ("aaaaaaaab", "%a%a%a%c", false),
            ("mississippi", "m%iss%ppi", true),
        ] {
            assert_eq!(
                matches(text, &tokens(pattern)),
                is_match,
                "{text} {pattern}"
            );
        }
    }
}
