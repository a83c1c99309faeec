//! YAML as far as mappings need it: maps, lists and plain values, each with its line.
//!
//! Owns what a file may be: no references to other parts of itself, which could make a small file a
//! large one, and neither too large nor too deep.

use saphyr_parser::{Event, Parser};

use super::super::error::Trouble;

/// The most bytes of a file.
const LENGTH_MAX: usize = 1 << 20;

/// How deeply maps and lists may be nested.
const DEPTH_MAX: usize = 16;

/// A part of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Scalar(String),
    List(Vec<(usize, Self)>),
    /// Keys in the order of the file, each with its line.
    Map(Vec<(String, usize, Self)>),
}

impl Node {
    /// The value of `key` in a map.
    pub(super) fn at(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members
                .iter()
                .find(|(name, _, _)| name == key)
                .map(|(_, _, node)| node),
            _ => None,
        }
    }

    /// The text of a plain value.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

/// A map or list that is not finished, with the line it began in.
struct Open {
    line: usize,
    node: Node,
    key: Option<(String, usize)>,
}

/// Reads a file; an empty one is an empty map.
pub(super) fn read(text: &str) -> Result<Node, Trouble> {
    if text.len() > LENGTH_MAX {
        let problem = format!("expected at most {LENGTH_MAX} bytes of YAML");
        return Err(Trouble::new(1, problem));
    }
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let problem = format!("expected YAML: {}", error.info());
            Trouble::new(error.marker().line(), problem)
        })?;
        let line = span.start.line();
        let done = match event {
            Event::Alias(_) => {
                return Err(Trouble::new(line, "expected YAML without aliases (*name)"));
            }
            Event::MappingStart(..) => {
                begin(&mut open, line, Node::Map(Vec::new()))?;
                continue;
            }
            Event::SequenceStart(..) => {
                begin(&mut open, line, Node::List(Vec::new()))?;
                continue;
            }
            Event::Scalar(text, ..) => (line, Node::Scalar(text.into_owned())),
            Event::MappingEnd | Event::SequenceEnd => match open.pop() {
                Some(ended) => (ended.line, ended.node),
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            Some(outer) => put(outer, done)?,
            None => return Ok(done.1),
        }
    }
    Ok(Node::Map(Vec::new()))
}

fn begin(open: &mut Vec<Open>, line: usize, node: Node) -> Result<(), Trouble> {
    if open.len() >= DEPTH_MAX {
        let problem = format!("expected maps and lists nested at most {DEPTH_MAX} deep");
        return Err(Trouble::new(line, problem));
    }
    open.push(Open {
        line,
        node,
        key: None,
    });
    Ok(())
}

fn put(outer: &mut Open, (line, node): (usize, Node)) -> Result<(), Trouble> {
    match (&mut outer.node, outer.key.take()) {
        (Node::List(items), _) => items.push((line, node)),
        (Node::Map(members), Some((key, line))) => members.push((key, line, node)),
        (_, _) => match node {
            Node::Scalar(key) => outer.key = Some((key, line)),
            _ => return Err(Trouble::new(line, "expected a plain key")),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_and_values_are_read_with_their_lines() {
        let node = read("A:\n  b: 1\n  c: [x, 'y: z']\nD: {}\n").unwrap();
        let Node::Map(members) = &node else { panic!() };
        assert_eq!((members[0].0.as_str(), members[0].1), ("A", 1));
        assert_eq!((members[1].0.as_str(), members[1].1), ("D", 4));
        let list = node.at("A").unwrap().at("c").unwrap();
        let texts = ["x", "y: z"].map(|text| (3, Node::Scalar(text.to_owned())));
        assert_eq!(*list, Node::List(texts.to_vec()));
    }

    #[test]
    fn what_grows_is_refused() {
        let deep = "[".repeat(100_000);
        for (text, problem) in [
            ("a: &x [1]\nb: *x", "expected YAML without aliases (*name)"),
            (
                "[[[[[[[[[[[[[[[[[",
                "expected maps and lists nested at most 16 deep",
            ),
            (deep.as_str(), "expected YAML: recursion limit exceeded"),
        ] {
            assert_eq!(read(text).unwrap_err().problem, problem);
        }
        assert!(
            read("a: [1")
                .unwrap_err()
                .problem
                .starts_with("expected YAML: ")
        );
    }
}
