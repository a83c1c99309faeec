//! Metadata files as trees of elements.
//!
//! Owns what an XML file may be: no document type, so no entities of its own, and neither too many
//! nor too deeply nested elements.

use roxmltree::{Document, Node, ParsingOptions};

use super::error::Trouble;

/// The most elements and texts of a file.
const NODES_MAX: u32 = 1_000_000;

/// How deeply elements may be nested.
const DEPTH_MAX: usize = 64;

/// An element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a>(Node<'a, 'a>);

#[cfg(test)]
thread_local! {
    static LINES_ASKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How often this thread asked for a line: each time the file is counted through from its start.
#[cfg(test)]
pub(crate) fn lines_asked() -> usize {
    LINES_ASKED.get()
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Trouble> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    check_depth(text)?;
    Document::parse_with_options(text.trim_start_matches('\u{feff}'), options).map_err(|error| {
        let line = usize::try_from(error.pos().row).unwrap_or_default();
        let problem = match error {
            roxmltree::Error::DtdDetected => "expected metadata without a document type".to_owned(),
            roxmltree::Error::NodesLimitReached => {
                format!("expected at most {NODES_MAX} elements and texts")
            }
            other => format!("expected XML: {other}"),
        };
        Trouble::new(line, problem)
    })
}

/// Refuses what is nested too deeply before anything is made of it.
fn check_depth(text: &str) -> Result<(), Trouble> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let skipped = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")]
            .iter()
            .find(|(start, _)| rest.starts_with(start))
            .map_or(">", |(_, end)| end);
        let end = match skipped {
            ">" => tag_end(rest),
            other => rest.find(other),
        };
        let Some(end) = end else {
            break;
        };
        let tag = rest.get(..end).unwrap_or_default();
        if skipped == ">" {
            match tag.as_bytes() {
                [b'/', ..] => depth = depth.saturating_sub(1),
                [.., b'/'] | [b'!', ..] => {}
                _ => depth += 1,
            }
        }
        if depth > DEPTH_MAX {
            let offset = text.len() - rest.len();
            let problem = format!("expected elements nested at most {DEPTH_MAX} deep");
            return Err(Trouble::new(super::error::line_at(text, offset), problem));
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(())
}

/// Where a tag ends: at the first `>` that stands in no value.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    rest.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        byte == b'>' && quote.is_none()
    })
}

impl<'a> Element<'a> {
    /// The outermost element, which must be one of `names`.
    pub(crate) fn root(document: &'a Document<'a>, names: &[&str]) -> Result<Self, Trouble> {
        let root = Self(document.root_element());
        if names.contains(&root.0.tag_name().name()) {
            return Ok(root);
        }
        let found = root.0.tag_name().name();
        let problem = format!("expected <{}>, found <{found}>", names.join("> or <"));
        Err(Trouble::new(root.line(), problem))
    }

    /// The line that it begins in.
    pub(crate) fn line(self) -> usize {
        #[cfg(test)]
        LINES_ASKED.set(LINES_ASKED.get() + 1);
        let position = self.0.document().text_pos_at(self.0.range().start);
        usize::try_from(position.row).unwrap_or_default()
    }

    /// Its name.
    pub(crate) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    /// The elements in it.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        self.0.children().filter(Node::is_element).map(Self)
    }

    /// The elements in it that are called `name`.
    pub(crate) fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.0
            .children()
            .filter(move |node| node.is_element() && node.tag_name().name() == name)
            .map(Self)
    }

    /// The first element in it that is called `name`.
    pub(crate) fn child(self, name: &str) -> Option<Self> {
        self.all(name).next()
    }

    /// Its own text without the blanks around it.
    pub(crate) fn own_text(self) -> String {
        let texts = self.0.children().filter(Node::is_text);
        let text: String = texts.filter_map(|node| node.text()).collect();
        text.trim().to_owned()
    }

    /// Whether the attribute `xsi:nil` says that there is no value.
    pub(crate) fn is_nil(self) -> bool {
        self.0
            .attributes()
            .any(|attribute| attribute.name() == "nil" && attribute.value() == "true")
    }

    /// The text of the element called `name`; nothing if it is absent or empty.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        let text = self.child(name)?.own_text();
        (!text.is_empty()).then_some(text)
    }

    /// The same where it must be there.
    pub(crate) fn needed(self, name: &str) -> Result<String, Trouble> {
        self.text(name).ok_or_else(|| {
            let own = self.0.tag_name().name();
            Trouble::new(self.line(), format!("expected <{name}> in <{own}>"))
        })
    }

    /// Whether the element called `name` says `true`.
    pub(crate) fn is(self, name: &str) -> Result<bool, Trouble> {
        let Some(child) = self.child(name) else {
            return Ok(false);
        };
        match child.own_text().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            other => {
                let problem = format!("expected true or false in <{name}>, found {other:?}");
                Err(Trouble::new(child.line(), problem))
            }
        }
    }

    /// The number in the element called `name`.
    pub(crate) fn number(self, name: &str) -> Result<Option<u32>, Trouble> {
        let Some(child) = self.child(name) else {
            return Ok(None);
        };
        let text = child.own_text();
        text.parse().map(Some).map_err(|_| {
            let problem = format!("expected a whole number in <{name}>, found {text:?}");
            Trouble::new(child.line(), problem)
        })
    }
}
