//! A Rust file as far as `tidy` understands it: words and braces, with texts and comments blanked
//! out.

use std::path::Path;

/// One file.
pub(crate) struct Source {
    /// The path from the root of the workspace, with slashes.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The text with the insides of literals and comments blank, in the same lines.
    pub(crate) code: String,
}

/// A struct or an enum.
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) fields: Vec<(String, String)>,
}

impl Source {
    pub(crate) fn read(path: &Path, root: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.strip_prefix(root).unwrap();
        Self {
            name: name.to_str().unwrap().replace('\\', "/"),
            code: blank(&text),
            text,
        }
    }

    /// Says whether the whole file is a test.
    pub(crate) fn is_test(&self) -> bool {
        ["/tests/", "/benches/", "/examples/"]
            .iter()
            .any(|folder| self.name.contains(folder))
            || self.name.ends_with("/tests.rs")
    }

    /// The lines before the test module at the end, and those of it.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        let lines: Vec<&str> = self.text.lines().collect();
        let start = lines
            .windows(2)
            .position(|two| two[0] == "#[cfg(test)]" && two[1].ends_with("mod tests {"));
        start.map_or((lines.len(), 0), |start| (start, lines.len() - start))
    }

    /// The functions: name, line, length.
    pub(crate) fn functions(&self) -> Vec<(String, usize, usize)> {
        let lines: Vec<&str> = self.code.lines().collect();
        let mut found = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let Some((before, after)) = line.split_once("fn ") else {
                continue;
            };
            let is_item = before
                .split_whitespace()
                .all(|word| word.starts_with("pub") || ["const", "async"].contains(&word));
            let name: String = after
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if is_item && !name.is_empty() {
                found.push((name, at + 1, length(&lines[at..])));
            }
        }
        found
    }

    /// The names of structs, enums and traits.
    pub(crate) fn type_names(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (at, line) in self.code.lines().enumerate() {
            let words = words(line);
            for two in words.windows(2) {
                if ["struct", "enum", "trait"].contains(&two[0]) {
                    let name: String = two[1].chars().take_while(|c| c.is_alphanumeric()).collect();
                    found.push((at + 1, name));
                }
            }
        }
        found
    }

    /// The structs and enums with `#[derive(.., what, ..)]` and their named fields.
    pub(crate) fn types_that_derive(&self, what: &str) -> Vec<Item> {
        let mut found = Vec::new();
        for (start, _) in self.code.match_indices("#[derive(") {
            let rest = &self.code[start..];
            let Some((derives, after)) = rest.split_once(")]") else {
                continue;
            };
            let derives = derives.trim_start_matches("#[derive(");
            if !derives.split(',').any(|derived| derived.trim() == what) {
                continue;
            }
            let head = after.split(['{', ';', '(']).next().unwrap_or_default();
            let words = words(head);
            let Some(at) = words
                .iter()
                .position(|word| ["struct", "enum"].contains(word))
            else {
                continue;
            };
            found.push(Item {
                name: words[at + 1].split('<').next().unwrap().to_owned(),
                line: self.code[..start].lines().count() + 1,
                fields: fields(after),
            });
        }
        found
    }

    /// What follows `path` wherever it is used: each name of `use path{a, b}` or `path::a`.
    pub(crate) fn uses_of(&self, path: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (start, _) in self.code.match_indices(path) {
            let before = self.code[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let line = self.code[..start].lines().count();
            let after = &self.code[start + path.len()..];
            let group = after
                .strip_prefix('{')
                .and_then(|rest| rest.split_once("};"));
            let names: Vec<&str> = match group {
                Some((names, _)) => top_level(names),
                None => vec![after],
            };
            for name in names {
                let name: String = name
                    .trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if !name.is_empty() {
                    found.push((line, name));
                }
            }
        }
        found
    }
}

/// The parts between commas that are not inside braces.
fn top_level(names: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in names.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&names[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&names[start..]);
    parts
}

/// The words of a line, with braces as words of their own.
pub(crate) fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Lines from the first of `lines` to the brace that closes what it opens; 1 without one.
fn length(lines: &[&str]) -> usize {
    let mut depth = 0_i32;
    for (at, line) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                ';' if depth == 0 => return at + 1,
                _ => {}
            }
        }
    }
    lines.len()
}

/// The named fields between the first braces of `text`: `name: Type,` on lines of their own.
fn fields(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let end = length(&lines);
    lines[..end.min(lines.len())]
        .iter()
        .filter_map(|line| {
            let line = line.trim().trim_start_matches("pub(crate) ");
            let (name, kind) = line.trim_start_matches("pub ").split_once(": ")?;
            let is_name = name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_numeric());
            is_name.then(|| (name.to_owned(), kind.trim_end_matches(',').to_owned()))
        })
        .collect()
}

/// Blanks the insides of comments, texts and characters.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
            continue;
        }
        for c in &chars[at..end] {
            code.push(if *c == '\n' { '\n' } else { ' ' });
        }
        at = end;
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `at` if none begins there.
fn literal_end(chars: &[char], at: usize) -> usize {
    let follows = |text: &str| {
        text.chars()
            .enumerate()
            .all(|(n, c)| chars.get(at + n) == Some(&c))
    };
    let find = |from: usize, text: &str| {
        let text: Vec<char> = text.chars().collect();
        (from..chars.len())
            .find(|start| chars[*start..].starts_with(&text))
            .map_or(chars.len(), |start| start + text.len())
    };
    let is_in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if follows("//") {
        return find(at, "\n") - 1;
    }
    if follows("/*") {
        return find(at, "*/");
    }
    if !is_in_word && (follows("r\"") || follows("r#") || follows("br\"") || follows("br#")) {
        let start = at + 1 + usize::from(chars[at] == 'b');
        let marks = chars[start..].iter().take_while(|c| **c == '#').count();
        if chars.get(start + marks) == Some(&'"') {
            return find(start + marks + 1, &format!("\"{}", "#".repeat(marks)));
        }
    }
    match chars[at] {
        '"' => quoted(chars, at, '"'),
        // A lifetime has no second quote one or a few characters on.
        '\'' if chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'') => {
            quoted(chars, at, '\'')
        }
        _ => at,
    }
}

fn quoted(chars: &[char], at: usize, mark: char) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != mark {
        end += 1 + usize::from(chars[end] == '\\');
    }
    (end + 1).min(chars.len())
}

#[test]
fn literals_and_comments_are_blanked_in_their_lines() {
    let source = "fn a<'x>() { '{'; \"}\\\"\"; r#\"}\"#; // }\n b'\\''; /* { */ }\n";
    let code = blank(source);
    assert_eq!(code.lines().count(), 2);
    let braces: String = code.chars().filter(|c| "{}".contains(*c)).collect();
    assert_eq!(braces, "{}");
}

#[test]
fn fields_and_uses_are_found() {
    let source = Source {
        name: String::new(),
        text: String::new(),
        code: "use accredit::{clock::{Clock, UnixTime}, http};\n#[derive(Clone, Debug)]\n\
               pub struct A<'a> {\n    pub pem: &'a str,\n    x: u8,\n}\n"
            .to_owned(),
    };
    let modules: Vec<String> = source
        .uses_of("accredit::")
        .into_iter()
        .map(|(_, module)| module)
        .collect();
    assert_eq!(modules, ["clock", "http"]);
    let item = &source.types_that_derive("Debug")[0];
    assert_eq!((item.name.as_str(), item.line), ("A", 2));
    assert_eq!(item.fields[0], ("pem".to_owned(), "&'a str".to_owned()));
    assert_eq!(item.fields.len(), 2);
}
